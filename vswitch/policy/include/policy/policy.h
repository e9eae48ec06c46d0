/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy snapshot: all tables of one configuration, immutable once built, and the walk of the slow path over it.
 *
 *     pol_build(cfg, old)  -> snapshot, off the workers; published by one pointer, freed after a grace period
 *     pol_walk(pol, &w)    -> every stage in order; the first that objects ends it with its drop reason
 *
 * A stage is one file and one table of functions (stage.h): vnic, vpc, antispoof, group (security groups, both
 * directions), nat (of the destination before the route, of the source behind it), route (with mapping). Stages know the walk and their own table, never one another.
 *
 * Epochs: a stage gives each scope (a vNIC, or a VPC) a digest of what its table holds for it. A scope whose digest
 * differs from the old snapshot's gets this snapshot's generation as its epoch; a session remembers the generation it
 * was compiled under, and is walked again only when one of its own scopes moved since: pol_moved().
 *
 * DPDK: EAL must be initialised (huge pages are not needed); routes are in its RIBs, security groups in its ACLs.
 *
 * Threads: build and free on the control thread; walk and look-ups on any number of workers at once.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "hsring/abi.h"
#include "hsring/key.h"

enum pol_stage { POL_VNIC, POL_VPC, POL_ANTISPOOF, POL_GROUP, POL_NAT, POL_ROUTE, POL_STAGES };

/* A port as the datapath sees it; two cache lines, the first for every packet. */
struct pol_port {
    _Alignas(HSR_CACHE_LINE) uint64_t mac48; /* as hsr_load48() reads it */
    uint32_t context;                        /* vNIC: tenant context; uplink: 0 */
    uint16_t index;
    uint16_t mtu; /* largest IP packet; 0: not known */
    uint8_t role; /* enum cfg_role */
    bool valid;
    bool anti_spoof;
    bool pick_up;
    bool merge;         /* vNIC: packets of a TCP flow may leave by it as one (GRO) */
    uint32_t subnet;    /* index into pol_subnets, CFG_NONE on uplinks */
    uint32_t group_set; /* security groups: index of its classifier pair */
    uint16_t partner;   /* uplink: the host's port on it, or HSR_NO_PORT; host: its uplink */
    uint16_t ordinal;   /* of the uplink, from 0 */
    uint32_t host_rate; /* host: packets a second */
    const struct cfg_link *link; /* uplink: CFG_FAMILIES of them, for pol_link(); else NULL */
    uint32_t addrs;
    const struct cfg_addr *addr;
    char name[CFG_NAME];
};

/* Where a VPC address is. */
struct pol_endpoint {
    struct cfg_addr addr;
    uint32_t context;
    uint64_t mac48;
    uint16_t port;        /* local vNIC, or HSR_NO_PORT */
    struct cfg_addr vtep; /* remote; local: family 0 */
    uint32_t subnet;      /* of the address, CFG_NONE outside all subnets */
    uint16_t mtu; /* remote: of the path there, bytes of an IP packet; 0: not limited here */
};

struct pol_subnet {
    uint32_t context;
    uint64_t gateway_mac48;
    struct cfg_prefix prefix4, prefix6;
    struct cfg_addr gateway4, gateway6;
};

struct pol;

/*
 * Build from a checked configuration; `old` (or NULL) gives the epochs to go on from. NULL with errno: EINVAL for a
 * configuration that cfg_parse() would not have given, ENOMEM when the heap or EAL's memory is used up.
 */
struct pol *pol_build(const struct cfg *cfg, const struct pol *old);
void pol_free(struct pol *pol);

/*
 * The MTU of a port's device, for a port whose configuration names none: known when the port is open, and to be said
 * before the snapshot is published.
 */
void pol_set_mtu(struct pol *pol, uint16_t index, uint16_t mtu);
/* May packets of a TCP flow leave as one by this port? No but by vNICs. Likewise. */
void pol_set_merge(struct pol *pol, uint16_t index, bool merge);

/* 1, 2, 3 ...: changes with every snapshot. */
uint32_t pol_generation(const struct pol *pol);

/* How much of what a snapshot holds. */
enum pol_size {
    POL_SIZE_SUBNETS,
    POL_SIZE_ENDPOINTS, /* addresses of vNICs and mappings */
    POL_SIZE_VTEPS,
    POL_SIZE_NEIGHBORS, /* static ones */
    POL_SIZE_ROUTES,    /* those of subnets too */
    POL_SIZE_RULE_SETS, /* different combinations of security groups in one VPC */
    POL_SIZE_RULES,     /* of all rule sets */
    POL_SIZE_PUBLIC,    /* public addresses */
    POL_SIZE_FORWARDS,
    POL_SIZES
};
void pol_sizes(const struct pol *pol, uint32_t size[POL_SIZES]);
const char *pol_size_name(enum pol_size size); /* "endpoints" */

/* Port by index; never NULL: an invalid one has `valid` false. */
const struct pol_port *pol_port(const struct pol *pol, uint16_t index);

/* Is this one of the addresses configured for the port? */
bool pol_port_has(const struct pol_port *port, const struct cfg_addr *addr);

/* The same, or the IPv6 link-local address that a host makes from the port's MAC (RFC 4291, appendix A). */
bool pol_port_owns(const struct pol_port *port, const struct cfg_addr *addr);

/* The uplinks in the order of the configuration; and the first one, or NULL. */
uint32_t pol_uplinks(const struct pol *pol, const struct pol_port *uplink[CFG_UPLINKS]);
const struct pol_port *pol_uplink(const struct pol *pol);

/* The link of an uplink in one family (4, 6), without an address if it does not speak that, or is none. */
const struct cfg_link *pol_link(const struct pol_port *uplink, uint8_t family);

/*
 * Our end of all tunnels over this family (4, 6), whatever uplink they leave by; family 0: the uplink's own address. And do
 * they have a UDP checksum outside?
 */
const struct cfg_addr *pol_own_vtep(const struct pol *pol, uint8_t family);
bool pol_udp_checksum(const struct pol *pol, uint8_t family);

/* VNI of a context, 0 when it is nobody's. */
uint32_t pol_vni(const struct pol *pol, uint32_t context);

/* How packets of a context travel between hosts; never NULL: nobody's is plain VXLAN. */
const struct cfg_tunnel *pol_tunnel(const struct pol *pol, uint32_t context);

const struct pol_endpoint *pol_endpoint(const struct pol *pol, uint32_t context,
                                        const struct cfg_addr *addr);

/* Subnet by index, or the one of a context that holds an address (CFG_NONE: none). */
const struct pol_subnet *pol_subnet(const struct pol *pol, uint32_t index);
uint32_t pol_subnet_of(const struct pol *pol, uint32_t context, const struct cfg_addr *addr);

/* Is this address the gateway of a subnet of the context? Its index, or CFG_NONE. */
uint32_t pol_gateway(const struct pol *pol, uint32_t context, const struct cfg_addr *addr);

/* Is this outer source a known VTEP? An IPv4 one, in host order; one of either family. */
bool pol_is_vtep4(const struct pol *pol, uint32_t addr4);
bool pol_is_vtep(const struct pol *pol, const struct cfg_addr *addr);

/* An address no host sends from: unspecified, loopback, a group's or everybody's. */
bool pol_never_a_source(const struct cfg_addr *addr);

/* Static underlay neighbour, 0: none. */
uint64_t pol_static_neighbor(const struct pol *pol, const struct cfg_addr *addr);

/* Is this public address ours: an EIP, of a snat pool, or with a forwarded port? */
bool pol_is_public(const struct pol *pol, const struct cfg_addr *addr);

/* Is this port of a public address a guest's own: of its EIP, or forwarded? */
bool pol_is_forwarded(const struct pol *pol, const struct cfg_addr *addr, uint8_t proto,
                      uint16_t l4_port);

/* The guest that a public address and port lead to; NULL: none, or that of whoever has a port of a pool. */
const struct pol_endpoint *pol_public_endpoint(const struct pol *pol, const struct cfg_addr *addr,
                                               uint8_t proto, uint16_t l4_port);

/* Does the VPC send this address out of the uplink, without a tunnel? */
bool pol_leaves(const struct pol *pol, uint32_t context, const struct cfg_addr *addr);

/* Public addresses that guests share. Lives as long as the snapshot. */
struct pol_snat {
    uint32_t id; /* stays the pool's while it is configured, and is no other's */
    uint16_t port_lo, port_hi;
    uint32_t addrs;
    struct cfg_addr addr[CFG_SNAT_ADDRS];
};
#define POL_SNAT_IDS (2 * CFG_SNATS)

/* What is seen of a session behind the translation: in the initiator's packets as they arrive. */
struct pol_ends {
    struct cfg_addr src, dst;
    uint16_t sport, dport;
};

/* A walk: what the packet is, and what the stages found. */
struct pol_walk {
    /* the packet, from the initiator's side; host order */
    uint16_t ingress;
    bool from_tunnel; /* decapsulated on an uplink */
    bool external;    /* came by an uplink without a tunnel, to a public address; context 0 */
    bool
        again; /* re-evaluation of a live session: MACs and outer header are not known, and not checked */
    uint32_t context;
    struct cfg_addr outer_src; /* from_tunnel */
    uint64_t src_mac48, dst_mac48;
    struct cfg_addr src, dst;
    uint8_t proto;
    uint16_t sport, dport;
    struct pol_ends bound; /* with `again`: how the session is translated; family 0: not */
    /* what was found */
    const struct pol_port *from; /* vNIC it came from, NULL from the network */
    const struct pol_port *to;   /* local vNIC it goes to, or NULL */
    const struct pol_endpoint
        *source;         /* of the source address, NULL when nobody's (a route's far side) */
    uint32_t to_context; /* VPC of the receiver: another one when a public address led there */
    bool leaves;         /* to outside; with a `vtep` in a tunnel to a gateway host */
    bool translated;     /* `seen` differs from the packet, or will when a port has been chosen */
    struct pol_ends seen;
    const struct pol_snat *snat; /* the source port is to be chosen, of this pool: seen.src is the
                                    address to begin with, seen.sport not yet */
    uint32_t vni;
    struct cfg_addr vtep;                  /* remote: where to; family 0: local */
    uint64_t out_src_mac48, out_dst_mac48; /* the inner frame's MACs when it leaves */
    bool
        routed; /* passes our gateway: TTL goes down, MACs change. From a tunnel with `again`: not known, false */
    bool
        back_routed; /* so do the replies. They need not agree: a peer has routed what comes out of a tunnel */
    struct cfg_addr back_vtep; /* where replies go: source's VTEP, family 0: local */
    uint16_t mtu, back_mtu; /* largest IP packet by routes and mappings, each way; 0: not limited */
    bool mss_clamp;         /* SYNs shall offer no more than the path takes */
    uint64_t back_src_mac48,
        back_dst_mac48; /* MACs of reply frames when they leave to the initiator */
    /*
     * With `again`, MACs are what the tables say. Only the first packet from the far side of a route could tell where
     * its replies go: from a tunnel with `again`, back_vtep and back_dst_mac48 are then none, to be kept from before.
     */
    /* the verdict */
    enum hsr_drop drop;
    enum pol_stage stage; /* where the walk ended */
    char why
        [192]; /* for people: the rules and the route that decided; only filled when explain is set */
    bool explain;
};

/* All stages in order; w->drop is the verdict. */
void pol_walk(const struct pol *pol, struct pol_walk *w);

/* The same for people: what each stage said, as it is asked. `why` is what decided there, "" where nothing had to be. */
struct pol_step {
    const char *stage; /* "route" */
    const char *why;   /* until the call returns */
    enum hsr_drop drop;
};
typedef void (*pol_each)(void *arg, const struct pol_step *step);
void pol_walk_each(const struct pol *pol, struct pol_walk *w, pol_each each, void *arg);

/*
 * Stages (bits 1 << enum pol_stage) that say something new since generation `since` about any of: the port the session
 * came from, the port it goes to (HSR_NO_PORT: none here), its VPC. 0: a session compiled under `since` still holds.
 * Exact for as long as generations do not wrap.
 */
uint32_t pol_moved(const struct pol *pol, uint16_t origin, uint16_t target, uint32_t context,
                   uint32_t since);

#endif

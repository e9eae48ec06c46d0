/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The desired state: what a configuration document says, checked and resolved.
 *
 *     YAML text --cfg_yaml_load--> JSON document --cfg_parse--> struct cfg (immutable) --> policy snapshot, ports
 *
 * The document is the truth that is shown, stored and edited; struct cfg is what the rest of the program reads. Names
 * are resolved to indices into the arrays below. One schema (schema.h) drives validation, the reference page and
 * completion. Errors name the place in the document (a JSON pointer, and the line when it came from a file).
 *
 * Ownership: cfg_parse() returns an object that cfg_free() frees; nothing in it points into the document.
 * Threads: control thread only.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "hsring/abi.h"
#include "session/timeouts.h"

#define CFG_VERSION     1
#define CFG_NAME        32 /* bytes of a name with its NUL: letters, digits, '-', '_', '.' */
#define CFG_PORT_ADDRS  16 /* addresses of a vNIC */
#define CFG_PORT_GROUPS 8  /* security groups of a vNIC */
#define CFG_CONTEXTS \
    8192 /* contexts 1..: two sets of the most VPCs, those that go and those that come */
#define CFG_NONE UINT32_MAX /* no such object */
#define CFG_GENEVE_OPTIONS \
    56 /* bytes of a VPC's: with Ethernet, IPv6, UDP and Geneve they fit a template, and a slot's headroom */
#define CFG_SNAT_ADDRS 16 /* public addresses of a source translation */
#define CFG_SNAT_NETS  16 /* subnets it may be limited to */
#define CFG_SNATS      1024

struct cfg_addr {
    uint8_t family;    /* 4 or 6, 0: none */
    uint8_t bytes[16]; /* network order, IPv4 in the first four */
};

struct cfg_prefix {
    struct cfg_addr addr; /* host bits are zero */
    uint8_t len;
};

/* Index of the family of an address, where there is one of each. */
enum { CFG_IPV4, CFG_IPV6, CFG_FAMILIES };
static inline unsigned cfg_family(const struct cfg_addr *a)
{
    return a->family == 6 ? CFG_IPV6 : CFG_IPV4;
}

#define CFG_UPLINKS     8 /* uplinks of a card */
#define CFG_GATEWAYS    4 /* next hops of an uplink, of one family */
#define CFG_LOCAL_VTEPS ((CFG_UPLINKS + 1) * CFG_FAMILIES)

/* The link of an uplink, in one family. */
struct cfg_link {
    struct cfg_prefix
        net; /* our address on it, which is a local VTEP, with all its bits; family 0: none */
    struct cfg_addr
        gateway[CFG_GATEWAYS]; /* next hops for what is off-link, which share the flows */
    uint32_t gateways;
};

enum cfg_role { CFG_VNIC, CFG_UPLINK, CFG_HOST };

struct cfg_port {
    char name[CFG_NAME];
    uint16_t index; /* 0..HSR_MAX_PORTS - 1, kept from the old state while the port lives */
    enum cfg_role role;
    enum hsr_port_kind kind;
    char device[128];
    char netns[64];
    char args[152];
    uint16_t mtu; /* 0: device's own */
    uint8_t queues;
    bool offload;
    uint8_t share;      /* weight among ports that compete for the NIC's memory */
    uint16_t min_slots; /* packets it may have in flight whatever the others do */
    uint32_t bad_limit; /* bad packets a second that are looked at, 0: all */
    uint8_t mac
        [6]; /* vNIC: the guest's; uplink: ours, all zero: cfg_uplink_mac(); host: the interface's */
    /* vNIC */
    uint32_t subnet;
    struct cfg_addr addr[CFG_PORT_ADDRS];
    uint32_t addrs;
    uint32_t group[CFG_PORT_GROUPS];
    uint32_t groups;
    bool anti_spoof;          /* default true */
    bool pick_up;             /* midstream policy: default false (strict) */
    uint32_t quota;           /* sessions it may open, 0: the default */
    uint32_t rx_pps, rx_kbps; /* from the network, 0: no limit */
    /* host */
    uint32_t uplink; /* whose traffic of the host it carries */
    uint32_t rate;   /* packets a second, both ways, of each worker */
    /* uplink */
    struct cfg_link link[CFG_FAMILIES]; /* at least one has an address */
};

enum cfg_encap { CFG_VXLAN, CFG_GENEVE };

/* How packets of a VPC travel between hosts. */
struct cfg_tunnel {
    uint8_t encap;                       /* enum cfg_encap */
    uint8_t options_len;                 /* Geneve: bytes of `options`, a multiple of four */
    uint8_t options[CFG_GENEVE_OPTIONS]; /* as in the packet (RFC 8926, 3.5) */
};

struct cfg_vpc {
    char name[CFG_NAME];
    uint32_t vni;
    struct cfg_tunnel tunnel;
    bool mss_clamp;
    uint32_t context; /* from 1, kept from the old state while the VPC lives */
};

struct cfg_subnet {
    char name[CFG_NAME];
    uint32_t vpc;
    struct cfg_prefix prefix4, prefix6; /* family 0: none; at least one */
    struct cfg_addr gateway4, gateway6;
    uint8_t gateway_mac[6];
};

/* A VPC address that lives on another host. */
struct cfg_mapping {
    uint32_t vpc;
    struct cfg_addr addr;
    uint8_t mac[6];
    struct cfg_addr vtep;
    uint16_t mtu; /* of the path there, 0: no limit of its own */
};

enum cfg_route_kind {
    CFG_ROUTE_LOCAL,
    CFG_ROUTE_VTEP,
    CFG_ROUTE_GATEWAY,
    CFG_ROUTE_BLACKHOLE,
    CFG_ROUTE_EXTERNAL, /* out of the uplink without a tunnel, under a public address */
};

struct cfg_route {
    uint32_t vpc;
    struct cfg_prefix prefix;
    enum cfg_route_kind kind;
    struct cfg_addr vtep; /* VTEP: where to */
    uint8_t mac[6];       /* VTEP: inner destination MAC there */
    bool reply_source;    /* replies to its far side go where the first packet came from */
    struct cfg_addr via;  /* GATEWAY: an address of the same VPC (vNIC or mapping) */
    uint16_t mtu;         /* largest IP packet, 0: no limit of its own */
};

/* A public address that is one guest's address, both ways. */
struct cfg_eip {
    char name[CFG_NAME];
    struct cfg_addr addr;
    uint32_t port; /* the vNIC */
    struct cfg_addr inside;
};

/* Public addresses that guests of a VPC share for what they begin. */
struct cfg_snat {
    char name[CFG_NAME];
    uint32_t id; /* below 2 * CFG_SNATS, kept from the old state while it lives */
    uint32_t vpc;
    uint32_t subnet[CFG_SNAT_NETS]; /* none: what is in no subnet that has one of its own */
    uint32_t subnets;
    struct cfg_addr addr[CFG_SNAT_ADDRS]; /* of either family */
    uint32_t addrs;
    uint16_t port_lo, port_hi;
    uint32_t rx_pps, rx_kbps; /* from outside, in all, 0: no limit */
};

/* A port of a public address that is one guest's. */
struct cfg_forward {
    char name[CFG_NAME];
    struct cfg_addr addr;
    uint8_t proto; /* TCP or UDP */
    uint16_t l4_port;
    uint32_t port; /* the vNIC */
    struct cfg_addr inside;
    uint16_t inside_port;
};

enum cfg_remote { CFG_ANY, CFG_PREFIX, CFG_GROUP };

struct cfg_rule {
    bool ingress; /* towards the vNIC; else from it */
    bool allow;
    uint16_t priority; /* 1..1000, the smaller decides; deny before allow at equal priority */
    uint8_t proto;     /* 0: any */
    uint16_t port_lo, port_hi; /* destination ports, TCP/UDP/SCTP; 0..65535: any */
    enum cfg_remote remote;
    struct cfg_prefix prefix; /* PREFIX; ANY is both families */
    uint32_t group;           /* GROUP: members of that group in the same VPC */
};

struct cfg_group {
    char name[CFG_NAME];
    struct cfg_rule *rule; /* in document order */
    uint32_t rules;
};

struct cfg_neighbor {
    struct cfg_addr addr;
    uint8_t mac[6];
};

struct cfg_options {
    uint32_t workers;     /* 1 */
    uint32_t workers_max; /* 0: not said */
    uint32_t sessions;    /* a worker, 262,144 */
    uint32_t quota;       /* sessions a vNIC, 0: none */
    uint32_t vector;      /* largest vector, 16 */
    bool fast_path;       /* true; false: every packet walks the slow path (for tests) */
    bool gro;             /* true; vNICs that take TCP segmentation get merged packets */
    struct ses_timeouts timeouts;
};

/* Workers that there may be while the program runs, if it begins with these options. */
static inline uint32_t cfg_workers_max(const struct cfg_options *o)
{
    return o->workers_max != 0 ? o->workers_max : o->workers;
}

struct cfg {
    struct cfg_options options;
    struct cfg_port *port;
    uint32_t ports;
    struct cfg_vpc *vpc;
    uint32_t vpcs;
    struct cfg_subnet *subnet;
    uint32_t subnets;
    struct cfg_mapping *mapping;
    uint32_t mappings;
    struct cfg_route *route;
    uint32_t routes;
    struct cfg_group *group; /* group 0 is always "default", of the document or built in */
    uint32_t groups;
    struct cfg_neighbor *neighbor;
    uint32_t neighbors;
    struct cfg_eip *eip;
    uint32_t eips;
    struct cfg_snat *snat;
    uint32_t snats;
    struct cfg_forward *forward;
    uint32_t forwards;
    /* our end of all tunnels of a family, family 0: each uplink's own address */
    struct cfg_addr own_vtep[CFG_FAMILIES];
    bool udp_checksum[CFG_FAMILIES]; /* have tunnel packets that we send over it one outside? */
    struct cfg_addr *vtep; /* remote VTEPs known: of mappings and routes, without repetition */
    uint32_t vteps;
};

struct cfg_error {
    char path[160]; /* JSON pointer: "/ports/2/mac" */
    int line;       /* 0: unknown */
    char text[256]; /* what is wrong and what would be right */
};

/*
 * Check a document and resolve it. `old` (or NULL) is the state it will replace: ports and VPCs of the same name keep
 * their index and context, and new ones avoid those of the ones that go, as long as others are free. 0 and *out, or -EINVAL with the first error, or -ENOMEM.
 */
int cfg_parse(const json_t *document, const struct cfg *old, struct cfg **out,
              struct cfg_error *error);
void cfg_free(struct cfg *c);

/*
 * YAML (or JSON, its subset) text to a document. Anchors, tags and duplicate keys are refused; depth at most 16, size
 * at most 16 MiB, at most 2^20 values. Plain scalars are read by the core schema of YAML 1.2 (10.3.2). The lines of all values are kept in *lines for cfg_line(). 0 or -EINVAL with error->line.
 */
struct cfg_lines;
int cfg_yaml_load(const char *text, size_t size, json_t **document, struct cfg_lines **lines,
                  struct cfg_error *error);
/* Line of a JSON pointer, or of its nearest parent that has one; 0: unknown. */
int cfg_line(const struct cfg_lines *lines, const char *path);
void cfg_lines_free(struct cfg_lines *lines);

/*
 * The same from a file ("-": standard input). 0, -EINVAL as above, or what the system said (-E2BIG: over 16 MiB), with
 * the file and the reason in error->text.
 */
int cfg_file_load(const char *path, json_t **document, struct cfg_lines **lines,
                  struct cfg_error *error);

/* An error as people want it, "FILE:LINE: /path: text"; the line is looked up when the error has none. */
void cfg_error_print(FILE *to, const char *program, const char *path, const struct cfg_lines *lines,
                     const struct cfg_error *error);

/* Document to YAML that loads back to the same document; malloc'ed, or NULL. Keys in schema order. */
char *cfg_yaml_dump(const json_t *document);

/*
 * What changes from one document to the other: an array of {"op": "add|remove|change", "kind": "port", "name": ...,
 * "from": ..., "to": ...}; objects are matched by their key fields.
 */
json_t *cfg_diff(const json_t *from, const json_t *to);

/*
 * Edit a copy of a document: add one object to a list ("ports", "mappings", ...), or remove the one whose key fields
 * equal those of `object`. New document, or NULL with the error.
 */
json_t *cfg_add(const json_t *document, const char *list, const json_t *object,
                struct cfg_error *error);
json_t *cfg_remove(const json_t *document, const char *list, const json_t *object,
                   struct cfg_error *error);

/* Text of an address ("none" without a family), prefix or MAC in the caller's buffer, which is returned; and back. */
const char *cfg_addr_text(const struct cfg_addr *a, char buf[48]);
const char *cfg_mac_text(const uint8_t mac[6], char buf[18]);
bool cfg_addr_parse(const char *text, struct cfg_addr *a);
bool cfg_mac_parse(const char *text, uint8_t mac[6]);
/* "10.1.0.0/16": the address with all its bits, and the length. */
bool cfg_prefix_parse(const char *text, struct cfg_prefix *p);
const char *cfg_prefix_text(const struct cfg_prefix *p, char buf[52]);
/* Number of a protocol by name, 0 for "any", -1: unknown; and its name, or the number in `buf` where it has none. */
int cfg_proto(const char *name);
const char *cfg_proto_text(uint8_t number, char buf[8]);
bool cfg_addr_equal(const struct cfg_addr *a, const struct cfg_addr *b);
/* MAC address of an uplink: as configured, or locally administered with four bytes of its address. */
void cfg_uplink_mac(const struct cfg_port *uplink, uint8_t mac[6]);
/* Is the address of the prefix's family and inside it? */
bool cfg_prefix_contains(const struct cfg_prefix *p, const struct cfg_addr *a);

#endif

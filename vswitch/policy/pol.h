/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The snapshot from inside: what the files of this room share. Everything here is written by pol_build() and only
 * read afterwards, so that workers need no lock.
 */
#ifndef POL_H
#define POL_H

#include "hsring/bytes.h"
#include "policy/policy.h"
#include "policy/stage.h"

/* What a vNIC or a VPC depends on: digest of each stage's table for it, and the generation that last changed it. */
struct pol_scope {
    uint64_t digest[POL_STAGES];
    uint32_t moved[POL_STAGES];
};

/* A VPC, by context. vni 0: nobody's. */
struct pol_vpc {
    struct cfg_tunnel tunnel;
    bool mss_clamp;
    uint32_t vni;
    uint32_t first; /* its subnets are subnet_order[first .. first + subnets) */
    uint32_t subnets;
};

struct pol_neighbor {
    struct cfg_addr addr;
    uint64_t mac48;
};

struct pol {
    uint32_t generation;
    uint32_t serial; /* of this process: part of every name given to EAL, where names are global */
    struct pol_port *port; /* HSR_MAX_PORTS */
    struct cfg_addr *addr; /* the addresses of all ports */
    const struct pol_port *uplink[CFG_UPLINKS];
    uint32_t uplinks;
    struct cfg_addr own_vtep[CFG_FAMILIES];
    bool udp_checksum[CFG_FAMILIES];
    struct pol_vpc *vpc; /* by context */
    uint32_t contexts;   /* highest one ever used + 1 */
    struct pol_subnet *subnet;
    uint32_t subnets;
    uint32_t *subnet_order; /* subnet indices, those of one VPC together */
    struct pol_endpoint *endpoint;
    uint32_t endpoints;
    uint32_t *slot; /* open addressing: index into endpoint + 1, 0: empty */
    uint32_t slot_mask;
    uint32_t *vtep4; /* IPv4, sorted */
    uint32_t vteps4;
    struct cfg_addr *vtep6; /* IPv6, sorted */
    uint32_t vteps6;
    struct pol_neighbor *neighbor; /* sorted */
    uint32_t neighbors;
    struct cfg_link link[CFG_UPLINKS][CFG_FAMILIES]; /* by ordinal */
    struct pol_scope *port_scope;                    /* HSR_MAX_PORTS */
    struct pol_scope *vpc_scope;                     /* contexts */
    void *table[POL_STAGES];
};

/* Parts of pol_build(), in this order; 0 or a negative errno. What they allocate, pol_free() frees. */
int pol_subnets_build(struct pol *pol, const struct cfg *cfg);
int pol_ports_build(struct pol *pol, const struct cfg *cfg);
int pol_underlay_build(struct pol *pol, const struct cfg *cfg);
int pol_endpoints_build(struct pol *pol, const struct cfg *cfg);

/* The stages in the order of the walk; NULL ends. */
extern const struct pol_stage_ops *const pol_stages[];

/* IPv6 fe80::/10 (RFC 4291, 2.5.6). */
bool pol_is_link_local(const struct cfg_addr *addr);

/* Add to w->why, after a semicolon; what does not fit is cut off. */
__attribute__((format(printf, 2, 3))) void pol_say(struct pol_walk *w, const char *format, ...);

/* calloc() that gives a pointer for zero objects too, so that NULL always means no memory. */
void *pol_array(size_t n, size_t size);

/* One step of a digest: a bijection of `v` for each `h` (the finisher of splitmix64). */
static inline uint64_t pol_mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) + UINT64_C(0x9E3779B97F4A7C15);
    h = (h ^ h >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    h = (h ^ h >> 27) * UINT64_C(0x94D049BB133111EB);
    return h ^ h >> 31;
}

static inline uint64_t pol_mix_addr(uint64_t h, const struct cfg_addr *a)
{
    h = pol_mix(h, a->family);
    if (a->family == 4)
        return pol_mix(h, hsr_load32(a->bytes));
    return a->family == 6 ? pol_mix(pol_mix(h, hsr_load64(a->bytes)), hsr_load64(a->bytes + 8)) : h;
}

static inline uint64_t pol_mix_prefix(uint64_t h, const struct cfg_prefix *p)
{
    return pol_mix(pol_mix_addr(h, &p->addr), p->len);
}

#endif

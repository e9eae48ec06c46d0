/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way to another host: which uplink, which next hop on it, and the outer header.
 *
 * Next hops to the VTEP on all uplinks that have a link share the flows by rendezvous hashing (Thaler and Ravishankar,
 * 1998): each scores for a flow, the highest takes it. When one goes, its flows alone move, and they move back when it
 * returns.
 */
#include <string.h>

#include "hsring/csum.h"
#include "hsring/wire.h"
#include "internal.h"

#define HOPS    64
#define IP4_DST 16
#define IP6_DST 24

/* VXLAN (RFC 7348) or Geneve (RFC 8926) behind the UDP header at `udp`; bytes of it. */
static uint32_t tunnel_header(uint8_t *udp, const struct cfg_tunnel *tunnel, uint32_t vni)
{
    uint8_t *h = udp + HSR_UDP_HDR;

    hsr_store32(h + 4, vni << 8);
    if (tunnel->encap == CFG_VXLAN) {
        hsr_store16(udp + 2, HSR_PORT_VXLAN);
        h[0] = 0x08;
        return 8;
    }
    hsr_store16(udp + 2, HSR_PORT_GENEVE);
    h[0] = tunnel->options_len / 4;
    for (uint32_t at = 0; at < tunnel->options_len; at += 4u + (tunnel->options[at + 3] & 31u) * 4)
        h[1] |= tunnel->options[at + 2] & 0x80 ? 0x40 : 0; /* a critical one is there */
    hsr_store16(h + 2, 0x6558);
    memcpy(h + 8, tunnel->options, tunnel->options_len);
    return 8u + tunnel->options_len;
}

/* IPv4 behind Ethernet; bytes of it. */
static uint32_t ip4_header(uint8_t *ip, const struct cfg_addr *source, const struct cfg_addr *vtep)
{
    ip[0] = 0x45;
    hsr_store16(ip + 6, 0x4000); /* DF: the path MTU is ours to know (RFC 7348, 4.3) */
    ip[8] = HOPS;
    ip[9] = HSR_PROTO_UDP;
    memcpy(ip + 12, source->bytes, 4);
    memcpy(ip + IP4_DST, vtep->bytes, 4);
    hsr_store16(ip + 10, (uint16_t)~hsr_csum_fold(hsr_csum_add(0, ip, HSR_IP4_HDR)));
    return HSR_IP4_HDR;
}

static uint32_t ip6_header(uint8_t *ip, const struct cfg_addr *source, const struct cfg_addr *vtep)
{
    ip[0] = 0x60;
    ip[6] = HSR_PROTO_UDP;
    ip[7] = HOPS;
    memcpy(ip + 8, source->bytes, 16);
    memcpy(ip + IP6_DST, vtep->bytes, 16);
    return HSR_IP6_HDR;
}

/* Ethernet and IP; bytes of it. */
static uint32_t outer_ip(uint8_t *o, const struct dp_next *next, const struct cfg_addr *source,
                         const struct cfg_addr *vtep)
{
    bool six = vtep->family == 6;

    hsr_store48(o, next->mac);
    hsr_store48(o + 6, next->uplink->mac48);
    hsr_store16(o + 12, six ? 0x86DD : 0x0800);
    return HSR_ETH_HDR + (six ? ip6_header : ip4_header)(o + HSR_ETH_HDR, source, vtep);
}

struct cfg_addr dp_outer_vtep(const uint8_t *template)
{
    const uint8_t *ip = template + HSR_ETH_HDR;
    bool six = ip[0] >> 4 == 6;

    return dp_addr(ip + (six ? IP6_DST : IP4_DST), six);
}

_Static_assert(HSR_ETH_HDR + HSR_IP6_HDR + HSR_UDP_HDR + 8 + CFG_GENEVE_OPTIONS <= ACT_RECORD_BYTES,
               "the longest outer header fits a template");
_Static_assert(ACT_RECORD_BYTES <= HSR_SLOT_HEADROOM, "and a template a slot's headroom");

static uint64_t score(uint64_t flow, const struct pol_port *uplink, const struct cfg_addr *hop)
{
    uint64_t h =
        (flow ^ (uplink->index + UINT64_C(0x9E3779B97F4A7C15))) * UINT64_C(0x94D049BB133111EB);

    h = (h ^ h >> 29 ^ hsr_load64(hop->bytes)) * UINT64_C(0xBF58476D1CE4E5B9);
    h = (h ^ h >> 32 ^ hsr_load64(hop->bytes + 8)) * UINT64_C(0x94D049BB133111EB);
    return h ^ h >> 29;
}

/* Does the next hop answer, as far as we know? */
static bool is_alive(const struct dp_worker *w, const struct pol_port *uplink,
                     const struct cfg_addr *hop)
{
    struct dp_hop key = {.addr = *hop, .port = uplink->index};

    return dp_neighbor_find(&w->shared->neighbors, &key).state != DP_NEIGHBOR_FAILED ||
           pol_static_neighbor(w->policy, hop) != 0;
}

/* What takes a flow: an uplink and a next hop on it. */
struct choice {
    const struct pol_port *uplink; /* NULL: nothing leads there yet */
    struct cfg_addr hop;
    uint64_t points;
    bool alive;
};

/* One more candidate: rather one that answers, and of those the one with the most points. */
static void consider(const struct dp_worker *w, struct choice *best, const struct pol_port *uplink,
                     const struct cfg_addr *hop, uint64_t flow)
{
    uint64_t points = score(flow, uplink, hop);
    bool alive = is_alive(w, uplink, hop);

    if (best->uplink != NULL && (alive == best->alive ? points <= best->points : best->alive))
        return;
    *best = (struct choice){.uplink = uplink, .hop = *hop, .points = points, .alive = alive};
}

/* The address itself where it is on the link, else the gateways. */
static void consider_link(const struct dp_worker *w, struct choice *best,
                          const struct pol_port *uplink, const struct cfg_addr *to, uint64_t flow)
{
    const struct cfg_link *link = pol_link(uplink, to->family);

    if (cfg_prefix_contains(&link->net, to)) {
        consider(w, best, uplink, to, flow);
        return;
    }
    for (uint32_t i = 0; i < link->gateways; i++)
        consider(w, best, uplink, &link->gateway[i], flow);
}

/* By ARP or neighbour discovery; false: its uplink is gone, or has no address of that family to ask from. */
static bool ask(struct dp_worker *w, const struct dp_hop *hop, uint64_t mac)
{
    const struct pol_port *uplink = pol_port(w->policy, hop->port);

    if (pol_link(uplink, hop->addr.family)->net.addr.family == 0)
        return false;
    if (hop->addr.family == 4)
        dp_arp_request(w, uplink, hsr_load32(hop->addr.bytes), mac);
    else
        dp_nd_solicit(w, uplink, &hop->addr, mac);
    return true;
}

enum hsr_drop dp_resolve(struct dp_worker *w, const struct pol_port *uplink,
                         const struct cfg_addr *addr, uint64_t *mac)
{
    *mac = pol_static_neighbor(w->policy, addr);
    if (*mac != 0)
        return HSR_DROP_NONE;
    w->hop = (struct dp_hop){.addr = *addr, .port = uplink->index};
    struct dp_known known = dp_neighbor_find(&w->shared->neighbors, &w->hop);

    *mac = known.mac48;
    if (known.state == DP_NEIGHBOR_FAILED)
        return HSR_DROP_NEIGH_TIMEOUT;
    if (known.mac48 != 0 && !dp_parked_for(w, &w->hop))
        return HSR_DROP_NONE;
    if (known.state != DP_NEIGHBOR_FREE)
        return HSR_DROP_NEIGH_PENDING;
    switch (dp_neighbor_ask(&w->shared->neighbors, &w->hop, w->asker, w->now)) {
    case DP_ASKED_QUOTA:
        return HSR_DROP_NEIGH_QUOTA;
    case DP_ASKED_ASK:
        ask(w, &w->hop, 0);
        break;
    case DP_ASKED:
        break;
    }
    return HSR_DROP_NEIGH_PENDING;
}

/* Once a turn is over, a sixteenth of the table for each AGE_NS that has passed. */
#define AGE_NS    UINT64_C(10000000)
#define AGE_STEPS 16u

void dp_neighbors_age(struct dp_worker *w)
{
    struct dp_neighbors *n = &w->shared->neighbors;
    uint64_t steps = (w->now - w->neighbors_aged) / AGE_NS;

    if (steps == 0)
        return;
    w->neighbors_aged = w->now;
    for (uint64_t i = (steps < AGE_STEPS ? steps : AGE_STEPS) * (DP_NEIGHBORS / AGE_STEPS);
         i > 0 && dp_room(w); i--) {
        uint32_t at = w->neighbors_at++ % DP_NEIGHBORS;
        struct dp_hop hop;
        uint64_t mac;

        if (!dp_neighbor_due(n, at, w->now, &hop, &mac))
            continue;
        if (!ask(w, &hop, mac))
            dp_neighbor_forget(n, at);
    }
}

enum hsr_drop dp_next(struct dp_worker *w, const struct cfg_addr *to, uint64_t flow,
                      struct dp_next *next)
{
    struct choice best = {.uplink = NULL};

    for (uint32_t i = 0; i < w->uplinks.n; i++)
        consider_link(w, &best, w->uplinks.port[i], to, flow);
    next->uplink = best.uplink;
    return next->uplink != NULL ? dp_resolve(w, next->uplink, &best.hop, &next->mac)
                                : HSR_DROP_NO_UPLINK;
}

enum hsr_drop dp_outer(struct dp_worker *w, const struct cfg_addr *vtep, uint32_t context,
                       uint64_t flow, struct dp_outer *outer)
{
    const struct cfg_addr *source = pol_own_vtep(w->policy, vtep->family);
    struct dp_next next;
    enum hsr_drop drop = dp_next(w, vtep, flow, &next);

    if (drop != HSR_DROP_NONE)
        return drop;
    if (source->family == 0)
        source = &pol_link(next.uplink, vtep->family)->net.addr;
    memset(&outer->template, 0, sizeof outer->template);
    uint32_t udp = outer_ip(outer->template.bytes, &next, source, vtep);
    uint32_t tunnel = tunnel_header(outer->template.bytes + udp, pol_tunnel(w->policy, context),
                                    pol_vni(w->policy, context));

    outer->len = (uint16_t)(udp + HSR_UDP_HDR + tunnel);
    outer->port = next.uplink->index;
    outer->offload = HSR_TXO_ENCAP;
    if (pol_udp_checksum(w->policy, vtep->family))
        outer->offload |= HSR_TXO_OUTER_L4_CSUM;
    return HSR_DROP_NONE;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9E3779B97F4A7C15);
    return h ^ h >> 32;
}

static uint64_t mix_addr(uint64_t h, const struct cfg_addr *a)
{
    return mix(mix(mix(h, a->family), hsr_load64(a->bytes)), hsr_load64(a->bytes + 8));
}

/* What of an uplink goes into templates, or decides whether it leads somewhere. */
static uint64_t digest_of(const struct pol_port *p, uint64_t h)
{
    h = mix(mix(h, p->index), p->mac48);
    for (unsigned f = 0; f < CFG_FAMILIES; f++) {
        const struct cfg_link *link = &p->link[f];

        h = mix(mix_addr(h, &link->net.addr), link->net.len);
        for (uint32_t i = 0; i < link->gateways; i++)
            h = mix_addr(h, &link->gateway[i]);
    }
    return h;
}

/* The same of all tunnels. */
static uint64_t digest_of_all(const struct pol *policy)
{
    uint64_t h = 0;

    for (uint8_t family = 4; family <= 6; family += 2)
        h = mix(mix_addr(h, pol_own_vtep(policy, family)), pol_udp_checksum(policy, family));
    return h;
}

void dp_uplinks_look(struct dp_worker *w)
{
    struct dp_uplinks *u = &w->uplinks;
    const struct pol_port *all[CFG_UPLINKS];
    uint32_t n = pol_uplinks(w->policy, all);
    uint64_t digest = digest_of_all(w->policy);

    u->policy = w->policy;
    u->n = 0;
    u->single = true;
    for (uint32_t i = 0; i < n; i++) {
        if (!hsr_view_port_up(w->view, all[i]->index))
            continue;
        u->port[u->n++] = all[i];
        u->single = u->n == 1 && all[i]->link[0].gateways <= 1 && all[i]->link[1].gateways <= 1;
        digest = digest_of(all[i], digest);
    }
    u->changes += digest != u->digest;
    u->digest = digest;
}

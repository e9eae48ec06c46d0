/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way to another host: which uplink, which next hop on it, and the outer header.
 *
 * Uplinks that have a link and lead to the VTEP share the flows by rendezvous hashing (Thaler and Ravishankar, 1998): each
 * scores for a flow, the highest takes it. When one goes, its flows alone move, and they move back when it returns.
 */
#include <string.h>

#include "hsring/csum.h"
#include "hsring/wire.h"
#include "internal.h"

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

/* Ethernet, IPv4 and UDP; bytes of it. */
static uint32_t outer_ip4(uint8_t *o, const struct pol_port *uplink, uint64_t mac, uint32_t source,
                          uint32_t vtep)
{
    hsr_store48(o, mac);
    hsr_store48(o + 6, uplink->mac48);
    hsr_store16(o + 12, 0x0800);
    o[14] = 0x45;
    hsr_store16(o + 20, 0x4000); /* DF: the path MTU is ours to know (RFC 7348, 4.3) */
    o[22] = 64;
    o[23] = HSR_PROTO_UDP;
    hsr_store32(o + 26, source);
    hsr_store32(o + DP_OUTER_DST, vtep);
    hsr_store16(o + 24, (uint16_t)~hsr_csum_fold(hsr_csum_add(0, o + 14, HSR_IP4_HDR)));
    return HSR_ETH_HDR + HSR_IP4_HDR;
}

_Static_assert(HSR_ETH_HDR + HSR_IP6_HDR + HSR_UDP_HDR + 8 + CFG_GENEVE_OPTIONS <= ACT_RECORD_BYTES,
               "the longest outer header fits a template");
_Static_assert(ACT_RECORD_BYTES <= HSR_SLOT_HEADROOM, "and a template a slot's headroom");

static uint64_t score(uint64_t flow, const struct pol_port *uplink)
{
    uint64_t h =
        (flow ^ (uplink->index + UINT64_C(0x9E3779B97F4A7C15))) * UINT64_C(0x94D049BB133111EB);

    return (h ^ h >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
}

static struct cfg_addr addr4(uint32_t addr)
{
    struct cfg_addr a = {.family = 4};

    hsr_store32(a.bytes, addr);
    return a;
}

static uint64_t static_neighbor(const struct dp_worker *w, const struct cfg_addr *addr)
{
    return addr->family == 4 ? pol_static_neighbor(w->policy, hsr_load32(addr->bytes))
                             : pol_static_neighbor6(w->policy, addr);
}

/* Next hop to an address by this uplink; a family 0: it does not lead there. */
static struct cfg_addr next_hop(const struct dp_worker *w, const struct pol_port *uplink,
                                const struct cfg_addr *to)
{
    const struct pol_link6 *six = pol_link6(w->policy, uplink);
    uint32_t to4 = hsr_load32(to->bytes);

    if (to->family == 6)
        return cfg_prefix_contains(&six->link, to) ? *to : six->gateway;
    if (((to4 ^ uplink->underlay4) & uplink->underlay_mask) == 0)
        return *to;
    return uplink->gateway4 != 0 ? addr4(uplink->gateway4) : (struct cfg_addr){0};
}

/* Does the next hop answer, as far as we know? */
static bool is_alive(const struct dp_worker *w, const struct pol_port *uplink,
                     const struct cfg_addr *hop)
{
    struct dp_hop key = {.addr = *hop, .port = uplink->index};

    return dp_neighbor_find(&w->shared->neighbors, &key).state != DP_NEIGHBOR_FAILED ||
           static_neighbor(w, hop) != 0;
}

/* The uplink of a flow and its next hop, rather one that answers; NULL: none leads there. */
static const struct pol_port *choose(const struct dp_worker *w, const struct cfg_addr *to,
                                     uint64_t flow, struct cfg_addr *hop)
{
    const struct pol_port *best = NULL;
    uint64_t most = 0;
    bool alive = false;

    for (uint32_t i = 0; i < w->uplinks.n; i++) {
        const struct pol_port *uplink = w->uplinks.port[i];
        struct cfg_addr next = next_hop(w, uplink, to);
        uint64_t points = score(flow, uplink);
        bool answers = next.family != 0 && (w->uplinks.n == 1 || is_alive(w, uplink, &next));

        if (next.family == 0 || (best != NULL && (answers == alive ? points <= most : alive)))
            continue;
        best = uplink;
        most = points;
        alive = answers;
        *hop = next;
    }
    return best;
}

/* By ARP or neighbour discovery; false: its uplink is gone, or has no address of that family to ask from. */
static bool ask(struct dp_worker *w, const struct dp_hop *hop, uint64_t mac)
{
    const struct pol_port *uplink = pol_port(w->policy, hop->port);

    if (!uplink->valid || uplink->role != CFG_UPLINK)
        return false;
    if (hop->addr.family == 4)
        dp_arp_request(w, uplink, hsr_load32(hop->addr.bytes), mac);
    else if (pol_link6(w->policy, uplink)->link.addr.family == 6)
        dp_nd_solicit(w, uplink, &hop->addr, mac);
    else
        return false;
    return true;
}

enum hsr_drop dp_resolve(struct dp_worker *w, const struct pol_port *uplink,
                         const struct cfg_addr *addr, uint64_t *mac)
{
    *mac = static_neighbor(w, addr);
    if (*mac != 0)
        return HSR_DROP_NONE;
    w->hop = (struct dp_hop){.addr = *addr, .port = uplink->index};
    struct dp_known known = dp_neighbor_find(&w->shared->neighbors, &w->hop);

    *mac = known.mac48;
    if (known.state == DP_NEIGHBOR_FAILED)
        return HSR_DROP_NEIGH_TIMEOUT;
    if (known.mac48 != 0 && !dp_parked_for(w, &w->hop))
        return HSR_DROP_NONE;
    if (known.state == DP_NEIGHBOR_FREE && dp_neighbor_ask(&w->shared->neighbors, &w->hop, w->now))
        ask(w, &w->hop, 0);
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
    struct cfg_addr hop;

    next->uplink = choose(w, to, flow, &hop);
    return next->uplink != NULL ? dp_resolve(w, next->uplink, &hop, &next->mac)
                                : HSR_DROP_NO_UPLINK;
}

enum hsr_drop dp_outer(struct dp_worker *w, uint32_t vtep, uint32_t context, uint64_t flow,
                       struct dp_outer *outer)
{
    struct dp_next next;
    struct cfg_addr to = addr4(vtep);
    enum hsr_drop drop = dp_next(w, &to, flow, &next);

    if (drop != HSR_DROP_NONE)
        return drop;
    memset(&outer->template, 0, sizeof outer->template);
    uint32_t own = pol_own_vtep(w->policy);
    uint32_t udp = outer_ip4(outer->template.bytes, next.uplink, next.mac,
                             own != 0 ? own : next.uplink->underlay4, vtep);
    uint32_t tunnel = tunnel_header(outer->template.bytes + udp, pol_tunnel(w->policy, context),
                                    pol_vni(w->policy, context));

    outer->len = (uint16_t)(udp + HSR_UDP_HDR + tunnel);
    outer->port = next.uplink->index;
    return HSR_DROP_NONE;
}

/* What of an uplink goes into templates, or decides whether it leads somewhere. */
static uint64_t digest_of(const struct pol_port *p, uint64_t h)
{
    const uint64_t word[] = {p->index, p->mac48, (uint64_t)p->underlay4 << 32 | p->underlay_mask,
                             p->gateway4};

    for (unsigned i = 0; i < sizeof word / sizeof word[0]; i++) {
        h = (h ^ word[i]) * UINT64_C(0x9E3779B97F4A7C15);
        h ^= h >> 32;
    }
    return h;
}

void dp_uplinks_look(struct dp_worker *w)
{
    struct dp_uplinks *u = &w->uplinks;
    const struct pol_port *all[CFG_UPLINKS];
    uint32_t n = pol_uplinks(w->policy, all);
    uint64_t digest = pol_own_vtep(w->policy);

    u->policy = w->policy;
    u->n = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (!hsr_view_port_up(w->view, all[i]->index))
            continue;
        u->port[u->n++] = all[i];
        digest = digest_of(all[i], digest);
    }
    u->changes += digest != u->digest;
    u->digest = digest;
}

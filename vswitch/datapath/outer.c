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

/* Next hop to the VTEP on this uplink, 0: it does not lead there. */
static uint32_t next_hop(const struct pol_port *uplink, uint32_t vtep)
{
    bool on_link = ((vtep ^ uplink->underlay4) & uplink->underlay_mask) == 0;

    return on_link ? vtep : uplink->gateway4;
}

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

/* Does the next hop answer, as far as we know? */
static bool is_alive(const struct dp_worker *w, const struct pol_port *uplink, uint32_t hop)
{
    struct dp_hop key = {.addr = addr4(hop), .port = uplink->index};

    return dp_neighbor_find(&w->shared->neighbors, &key).state != DP_NEIGHBOR_FAILED ||
           pol_static_neighbor(w->policy, hop) != 0;
}

/* The uplink of a flow and its next hop, rather one that answers; NULL: none leads there. */
static const struct pol_port *choose(const struct dp_worker *w, uint32_t vtep, uint64_t flow,
                                     uint32_t *hop)
{
    const struct pol_port *best = NULL;
    uint64_t most = 0;
    bool alive = false;

    for (uint32_t i = 0; i < w->uplinks.n; i++) {
        const struct pol_port *uplink = w->uplinks.port[i];
        uint32_t next = next_hop(uplink, vtep);
        uint64_t points = score(flow, uplink);
        bool answers = next != 0 && (w->uplinks.n == 1 || is_alive(w, uplink, next));

        if (next == 0 || (best != NULL && (answers == alive ? points <= most : alive)))
            continue;
        best = uplink;
        most = points;
        alive = answers;
        *hop = next;
    }
    return best;
}

enum hsr_drop dp_resolve(struct dp_worker *w, const struct pol_port *uplink,
                         const struct cfg_addr *addr, uint64_t *mac)
{
    *mac = pol_static_neighbor(w->policy, hsr_load32(addr->bytes));
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
        dp_arp_request(w, uplink, hsr_load32(addr->bytes), 0);
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
        const struct pol_port *uplink = pol_port(w->policy, hop.port);

        if (uplink->valid && uplink->role == CFG_UPLINK)
            dp_arp_request(w, uplink, hsr_load32(hop.addr.bytes), mac);
        else
            dp_neighbor_forget(n, at);
    }
}

enum hsr_drop dp_next(struct dp_worker *w, uint32_t to, uint64_t flow, struct dp_next *next)
{
    uint32_t hop = 0;

    next->uplink = choose(w, to, flow, &hop);
    if (next->uplink == NULL)
        return HSR_DROP_NO_UPLINK;
    struct cfg_addr addr = addr4(hop);

    return dp_resolve(w, next->uplink, &addr, &next->mac);
}

/* The same for IPv6, whose neighbours are those of the configuration. */
static const struct pol_port *choose6(const struct dp_worker *w, const struct cfg_addr *to,
                                      uint64_t flow, const struct cfg_addr **hop)
{
    const struct pol_port *best = NULL;
    uint64_t most = 0;

    for (uint32_t i = 0; i < w->uplinks.n; i++) {
        const struct pol_port *uplink = w->uplinks.port[i];
        const struct pol_link6 *link = pol_link6(w->policy, uplink);
        bool on_link = cfg_prefix_contains(&link->link, to);
        uint64_t points = score(flow, uplink);

        if (link->link.addr.family == 0 || (!on_link && link->gateway.family == 0) ||
            (best != NULL && points <= most))
            continue;
        best = uplink;
        most = points;
        *hop = on_link ? to : &link->gateway;
    }
    return best;
}

enum hsr_drop dp_next6(struct dp_worker *w, const struct cfg_addr *to, uint64_t flow,
                       struct dp_next *next)
{
    const struct cfg_addr *hop;

    next->uplink = choose6(w, to, flow, &hop);
    if (next->uplink == NULL)
        return HSR_DROP_NO_UPLINK;
    next->mac = pol_static_neighbor6(w->policy, hop);
    return next->mac != 0 ? HSR_DROP_NONE : HSR_DROP_NEIGH_TIMEOUT;
}

enum hsr_drop dp_outer(struct dp_worker *w, uint32_t vtep, uint32_t context, uint64_t flow,
                       struct dp_outer *outer)
{
    struct dp_next next;
    enum hsr_drop drop = dp_next(w, vtep, flow, &next);

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

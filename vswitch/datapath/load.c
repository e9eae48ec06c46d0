/* SPDX-License-Identifier: Apache-2.0 */
/* From a ring entry to a packet the firmware may believe. */
#include <string.h>

#include "hsring/check.h"
#include "hsring/wire.h"
#include "internal.h"

#define WITH_IP                                                                                \
    (1u << HSR_CLASS_TCP | 1u << HSR_CLASS_UDP | 1u << HSR_CLASS_ICMP | 1u << HSR_CLASS_SCTP | \
     1u << HSR_CLASS_IP_OTHER | 1u << HSR_CLASS_DHCP | 1u << HSR_CLASS_ICMP_ERROR |            \
     1u << HSR_CLASS_ND | 1u << HSR_CLASS_FRAG)

/*
 * Do the headers of its class fit between the offsets? What acts on a packet writes to them without looking again.
 * Behind a tunnel there is more to read in line 1.
 */
static bool headers_fit(const struct hsr_rx_meta *m)
{
    uint32_t ip = m->flags & HSR_RXF_IPV6 || m->class == HSR_CLASS_ND ? HSR_IP6_HDR : HSR_IP4_HDR;

    if (m->reason != HSR_DROP_NONE)
        return true; /* is dropped as it is */
    if (m->l3_off < m->l2_off + (uint32_t)HSR_ETH_HDR ||
        (m->flags & HSR_RXF_DECAP && !(m->flags & HSR_RXF_LINE1)))
        return false;
    return !(WITH_IP >> m->class & 1) || m->l4_off >= m->l3_off + ip;
}

/*
 * The same, and all of hsr_rx_check(), for most packets: IPv4, good, whole, of no tunnel. False: ask both of them.
 */
static inline bool is_usual(const struct hsr_rx_meta *m, uint32_t space)
{
    return hsr_rx_is_short(m) && hsr_rx_check_short(m, space) && m->l3_off >= HSR_ETH_HDR &&
           m->l4_off >= m->l3_off + HSR_IP4_HDR;
}

/* The ledger needs a port that exists; the rest of this metadata is used no more. */
static DP_APART void disbelieve(struct hsr_rx_meta *m)
{
    m->ingress &= HSR_MAX_PORTS - 1;
    m->vec_len = 1;
    m->reason = HSR_DROP_META_BAD;
    m->payload = 0;
}

/* Where the packet stands, from its metadata. */
static inline void begin(struct act_packet *p)
{
    p->frame_off = HSR_SLOT_FRAME;
    p->egress = HSR_NO_PORT;
    p->mtu = 0;
    p->encap = 0;
    p->fragment = false;
    p->drop = HSR_DROP_NONE;
    p->hops = 0;
    p->under = 0;
    p->moved = 0;
    p->usual = ACT_UNUSUAL;
    p->payload_len = 0;
    p->frame_len = p->meta.frame_len;
    p->l2 = p->meta.l2_off;
    p->l3 = p->meta.l3_off;
    p->l4 = p->meta.l4_off;
}

void dp_begin(struct act_packet *p)
{
    begin(p);
}

/* As is_usual(), of what came from a host of ours through a tunnel over IPv4. Both lines of the metadata are there. */
static inline bool is_usual_inside(const struct dp_worker *w, const struct hsr_rx_meta *m,
                                   uint32_t space)
{
    return hsr_rx_is_inside(m) && hsr_rx_check_inside(m, space) &&
           m->l3_off >= m->l2_off + (uint32_t)HSR_ETH_HDR && m->l4_off >= m->l3_off + HSR_IP4_HDR &&
           w->policy != NULL && pol_is_vtep4(w->policy, m->outer_src4);
}

/* Line 0 is there: the rest of what is not as usual. */
static DP_APART void load_more(const struct dp_worker *w, struct act_packet *p, uint32_t space)
{
    if (p->meta.flags & (HSR_RXF_LINE1 | HSR_RXF_IPV6))
        memcpy((uint8_t *)&p->meta + HSR_CACHE_LINE, p->slot + HSR_CACHE_LINE, HSR_CACHE_LINE);
    __asm__ volatile("" ::: "memory"); /* from here on the copy is all there is */
    if (is_usual_inside(w, &p->meta, space)) {
        p->usual = ACT_USUAL_INSIDE;
        return;
    }
    if (!hsr_rx_check_any(&p->meta, space) || !headers_fit(&p->meta))
        disbelieve(&p->meta);
    begin(p);
    if (p->meta.payload != 0)
        p->payload_len = p->meta.frame_len - p->meta.payload_off;
}

/* Inlined where packets come in bursts, in whatever other places it is called. */
static inline __attribute__((always_inline)) bool load(const struct dp_worker *w, uint32_t entry,
                                                       struct act_packet *p)
{
    const struct hsr_slot_class *single = &w->view->classes[0];
    uint32_t slot = hsr_entry_slot(entry), space = HSR_SLOT_SIZE - HSR_SLOT_META;

    /* Most are of single slots, whose number is the entry. */
    if (__builtin_expect(entry - single->first >= single->count, 0)) {
        space = slot < w->view->slots ? hsr_slot_space(w->view, slot) : 0;
        if (space == 0 || hsr_entry_kind(entry) != HSR_KIND_PACKET)
            return false;
    }
    p->slot = hsr_slot(w->view, slot);
    p->entry = entry;
    memcpy(&p->meta, p->slot, HSR_CACHE_LINE);
    __asm__ volatile("" ::: "memory");
    p->usual = is_usual(&p->meta, space) ? ACT_USUAL : ACT_UNUSUAL;
    if (__builtin_expect(p->usual == ACT_UNUSUAL, false))
        load_more(w, p, space);
    return true;
}

_Static_assert(DP_BURST <= 64, "a bit for each packet");

/*
 * Frames and sessions of a burst, in a loop of their own: a prefetch whose page is not in the TLB holds up what comes behind it
 * until the walk is done, and walks that lie close together are done at the same time.
 */
static inline void prefetch(const struct dp_worker *w, const struct act_packet *from,
                            const struct act_packet *end)
{
    uint64_t unknown = 0; /* a bit for each packet of no known flow id */

    for (const struct act_packet *p = from; p < end; p++) {
        __builtin_prefetch(p->slot + HSR_SLOT_FRAME);
        if (p->meta.vec_len == 0) /* its vector's first one has asked for the session */
            continue;
        if (__builtin_expect(!ses_prefetch(w->sessions, p->meta.hash, p->meta.flow_id, dp_swap(p)),
                             0))
            unknown |= UINT64_C(1) << (p - from);
    }
    for (; unknown != 0; unknown &= unknown - 1) {
        const struct act_packet *of = &from[__builtin_ctzll(unknown)];

        ses_prefetch_more(w->sessions, of->meta.hash, dp_swap(of));
    }
}

uint32_t dp_load_burst(struct dp_worker *w, uint32_t n)
{
    uint32_t entry[DP_BURST];
    uint32_t got = hsr_ring_pop(&w->rx, entry, DP_BURST - n);
    struct act_packet *p = w->packet + n;

    if (dp_slots_held(w))
        got = dp_not_held(w, entry, got);
    for (uint32_t i = 0; i < got; i++) /* a hint: whatever the entry names */
        __builtin_prefetch(hsr_slot(w->view, hsr_entry_slot(entry[i])));
    for (uint32_t i = 0; i < got; i++) {
        if (!load(w, entry[i], p)) {
            w->counters.bad_entry++;
            continue;
        }
        w->ledger[p->meta.ingress].rx++;
        p++;
    }
    prefetch(w, w->packet + n, p);
    return (uint32_t)(p - w->packet);
}

DP_APART bool dp_load_again(struct dp_worker *w, uint32_t entry, uint16_t ingress,
                            struct act_packet *p)
{
    if (!load(w, entry, p)) /* it did when it came: the entry is the firmware's own copy */
        return false;
    dp_settle(p);
    if (p->meta.ingress != ingress) { /* somebody has written to the slot meanwhile */
        p->meta.ingress = ingress;
        p->meta.reason = HSR_DROP_META_BAD;
    }
    return true;
}

void dp_key(const struct act_packet *p, struct hsr_key *key)
{
    key->ipv6 = p->meta.flags & HSR_RXF_IPV6;
    if (key->ipv6) {
        memcpy(key->w, p->meta.key6, sizeof p->meta.key6);
        key->w[4] = p->meta.key_ports;
    } else {
        key->w[0] = p->meta.key_addrs;
        key->w[1] = p->meta.key_ports;
    }
}

struct cfg_addr dp_tunnel_source(const struct act_packet *p)
{
    struct cfg_addr source = {0};
    const uint8_t *ip;

    if (!dp_from_tunnel(p))
        return source;
    if (!(p->meta.flags1 & HSR_RX1F_OUTER_IPV6)) {
        source.family = 4;
        hsr_store32(source.bytes, p->meta.outer_src4);
    } else if ((ip = act_outer_ip(p, HSR_IP6_HDR)) != NULL) {
        source = dp_addr(ip + 8, true);
    }
    return source;
}

bool dp_from_vtep6(const struct dp_worker *w, const struct act_packet *p)
{
    struct cfg_addr source = dp_tunnel_source(p);

    return pol_is_vtep(w->policy, &source);
}

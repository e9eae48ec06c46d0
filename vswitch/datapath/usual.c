/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Match, state, actions and tx metadata of usual packets, in one straight line.
 *
 * Usual: whole, IPv4 (through a tunnel too, if that is over IPv4), UDP or TCP without SYN, FIN or RST, of a session that its flow
 * id names, which is as it was when its programs were made. Everything that could be different is asked before anything is
 * changed, and then the packet is left to match.c, which is slower and finds out the same: that a packet comes out with the same
 * bytes either way, tests make sure of.
 */
#include <string.h>

#include "action/plain.h"
#include "hsring/origin.h"
#include "internal.h"

#define TCP_UNUSUAL 0x07u /* FIN, SYN, RST */

/* What the packets of a vector have in common. */
struct shared {
    struct session *session;
    const struct act_plan *plan;
    struct ses_dir *way;
    unsigned dir;
    uint64_t mac; /* that they must come from, as the frame's bytes stand; 0: any */
};

/* Is it of the same flow as the first one? */
static inline bool follows(const struct hsr_rx_meta *m, const struct hsr_rx_meta *first)
{
    return m->key_addrs == first->key_addrs && m->key_ports == first->key_ports &&
           hsr_rx_origin(m) == hsr_rx_origin(first);
}

#define MAC_BYTES UINT64_C(0xFFFFFFFFFFFF)

static inline uint64_t source_mac(const uint8_t *frame)
{
    uint64_t word;

    memcpy(&word, frame + 6, sizeof word); /* and what is behind it: there is an IP header */
    return word & MAC_BYTES;
}

/* The session that its flow id names and what is done to the packet there, if it may use that as it is. */
static inline bool find(struct dp_worker *w, const struct act_packet *p, bool inside,
                        struct shared *f)
{
    const struct hsr_rx_meta *m = &p->meta;
    const struct pol_port *from = pol_port(w->policy, m->ingress);
    struct session *s =
        ses_usual(w->sessions, m->flow_id, dp_swap(p), m->key_addrs, m->key_ports, &f->dir);

    if (s == NULL || s->policy != w->policy_stamp || s->state == SES_CLOSING ||
        !dp_right_port(w, s, f->dir, p))
        return false;
    f->session = s;
    f->way = &s->dir[f->dir];
    f->plan = act_plan(&w->actions, f->way->program);
    f->mac = dp_from_uplink(p) || !from->anti_spoof ? 0 : __builtin_bswap64(from->mac48) >> 16;
    if (m->vec_len > 1 && m->class == HSR_CLASS_TCP && pol_port(w->policy, f->plan->port)->merge)
        return false; /* several may leave as one */
    return (f->plan->flags & (ACT_PLAN_WHOLE | ACT_PLAN_DECAP)) ==
           (inside ? ACT_PLAN_WHOLE | ACT_PLAN_DECAP : ACT_PLAN_WHOLE);
}

/* TCP's part of goes_on(). */
static DP_APART bool tcp_goes_on(struct dp_worker *w, struct session *s, unsigned dir,
                                 struct act_packet *p)
{
    enum hsr_drop drop;

    dp_settle(p);
    return dp_describe(p, &w->seen) &&
           ses_track(w->sessions, s, dir, &w->seen, w->now, &drop) == SES_CONTINUES;
}

/* Is all of what is rewritten of its L4 header there? */
static inline bool is_calm(const struct hsr_rx_meta *m)
{
    if (m->class == HSR_CLASS_UDP)
        return m->l4_off + (uint32_t)HSR_UDP_HDR <= m->payload_off;
    return m->class == HSR_CLASS_TCP && m->l4_off + (uint32_t)HSR_TCP_HDR <= m->payload_off &&
           (m->tcp_flags & TCP_UNUSUAL) == 0;
}

/* State and deadline go on: UDP's once a vector. False: nothing has changed. */
static inline bool goes_on(struct dp_worker *w, const struct shared *f, struct act_packet *p,
                           bool first)
{
    if (p->meta.class == HSR_CLASS_UDP)
        return !first || ses_keep_udp(w->sessions, f->session, f->dir);
    return tcp_goes_on(w, f->session, f->dir, p);
}

_Static_assert(HSR_TXA_TRANSMIT == 0 && HSR_PAYLOAD_RELEASE == 0 && HSR_FIT_NONE == 0 &&
                   HSR_GSO_NONE == 0 && offsetof(struct hsr_tx_meta, frame_off) == 4 &&
                   offsetof(struct hsr_tx_meta, frame_len) == 8 &&
                   offsetof(struct hsr_tx_meta, offload) == 18 &&
                   offsetof(struct hsr_tx_meta, l3_off) == 20 &&
                   offsetof(struct hsr_tx_meta, outer_l3_off) == 24 &&
                   offsetof(struct hsr_tx_meta, owner) == 56,
               "the words below");

/* TRANSMIT, word by word: the slot is the NIC's as well, and nothing is read back. */
static inline void transmit(struct dp_worker *w, const struct act_plan *plan,
                            const struct act_packet *p, const uint8_t *frame, uint32_t l2)
{
    const struct hsr_rx_meta *m = &p->meta;
    uint32_t more = plan->outer_len - l2; /* or less */
    uint64_t *word = (uint64_t *)(void *)p->slot;

    word[0] = plan->port | (uint64_t)(uint32_t)(frame - p->slot) << 32;
    word[1] = m->frame_len + more;
    word[2] = (uint64_t)plan->offload << 16 | (uint64_t)(m->l3_off + more) << 32 |
              (uint64_t)(m->l4_off + more) << 48;
    word[3] = plan->outer_len != 0 ? ENCAP_L3 | (uint64_t)ENCAP_L4 << 16 : 0;
    word[4] = word[5] = word[6] = 0;
    word[7] = m->owner | (uint64_t)m->rx_seq << 32;
    w->out[w->outs++] = p->entry;
}

/*
 * Packets from `packet` on that are of one vector and as usual leave; the first one that does not. Twice in the program: `inside`
 * and what follows from it is known in either.
 */
static inline __attribute__((always_inline)) struct act_packet *leave(struct dp_worker *w,
                                                                      const struct shared *f,
                                                                      struct act_packet *packet,
                                                                      const struct act_packet *end,
                                                                      bool inside)
{
    const struct act_plan *plan = f->plan;
    const uint32_t mtu = f->session->mtu[f->dir];
    struct act_packet *p = packet;
    uint64_t bytes = 0;

    do {
        const struct hsr_rx_meta *m = &p->meta;
        const uint32_t l2 = inside ? m->l2_off : 0;
        uint8_t *frame = p->slot + HSR_SLOT_FRAME;

        if (m->frame_len - m->l3_off > mtu || !act_plan_may(plan, frame + m->l3_off) ||
            (f->mac != 0 && source_mac(frame) != f->mac) || !is_calm(m) ||
            !goes_on(w, f, p, p == packet))
            break;
        bytes += m->frame_len;
        transmit(w, plan, p, act_plan_run(plan, &w->actions, f->way->param, frame, m, l2), l2);
        p++;
    } while (p < end && p->usual && p->meta.vec_len == 0 && follows(&p->meta, &packet->meta));
    if (p > packet) {
        uint64_t n = (uint64_t)(p - packet);

        f->way->packets += n;
        f->way->bytes += bytes;
        w->ledger[packet->meta.ingress].tx += n;
        w->counters.vectors++;
        w->counters.hits_flow_id++;
    }
    return p;
}

static inline __attribute__((always_inline)) struct act_packet *leave_all(
    struct dp_worker *w, struct act_packet *packet, const struct act_packet *end, bool inside)
{
    const uint8_t kind = inside ? ACT_USUAL_INSIDE : ACT_USUAL;
    struct shared f;

    while (packet < end && packet->usual == kind && find(w, packet, inside, &f)) {
        struct act_packet *next = leave(w, &f, packet, end, inside);

        if (next == packet)
            break;
        packet = next;
    }
    return packet;
}

static DP_APART struct act_packet *leave_inside(struct dp_worker *w, struct act_packet *packet,
                                                const struct act_packet *end)
{
    return leave_all(w, packet, end, true);
}

struct act_packet *dp_usual(struct dp_worker *w, struct act_packet *packet,
                            const struct act_packet *end)
{
    for (;;) {
        const uint8_t kind = packet->usual;

        packet =
            kind == ACT_USUAL ? leave_all(w, packet, end, false) : leave_inside(w, packet, end);
        if (packet == end || packet->usual == kind || packet->usual == ACT_UNUSUAL)
            return packet;
    }
}

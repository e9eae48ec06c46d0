/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Match once a vector, act on the whole vector.
 *
 * A vector comes as one flow, but that is the hardware's word: packets that differ from the first in key, direction or
 * port are matched on their own. State and counters are kept per packet; actions run over what is left.
 */
#include <string.h>

#include "hsring/wire.h"
#include "internal.h"

/* Is the flow index to be told of the group's key? */
static inline bool fit_due(struct dp_worker *w, const struct dp_group *g)
{
    if (__builtin_expect(g->session->state == SES_CLOSING, false) &&
        ses_is_over(g->session, g->dir))
        return dp_fit_over(w, g->session, g->dir, &w->fit);
    return !g->indexed && dp_fit_wanted(w, g->v.packet, g->session, g->dir, &w->fit);
}

/* All packets of the group leave. */
static void act(struct dp_worker *w, struct dp_group *g)
{
    struct dp_fit *with = NULL;

    if (g->v.packet == g->v.end)
        return;
    if (g->session != NULL) {
        g->v.dir = &g->session->dir[g->dir];
        if (fit_due(w, g))
            with = &w->fit;
        act_run(&g->v, act_program(&w->actions, g->v.dir->program));
    }
    if (g->v.end - g->v.packet > 1 && dp_may_merge(w, g->v.packet)) {
        dp_send_merged(w, g->v.packet, g->v.end, with);
        return;
    }
    for (struct act_packet *p = g->v.packet; p < g->v.end; p++) {
        dp_send_fit(w, p, with);
        if (p->drop == HSR_DROP_NONE)
            with = NULL;
    }
}

/* What the protocol's state machine must know. The parser has checked that the header is there. */
static void describe(const struct act_packet *p, struct ses_packet *sp)
{
    const uint8_t *l4 = act_frame(p) + p->l4;

    memset(sp, 0, sizeof *sp);
    sp->proto = hsr_key_proto(p->meta.key_ports);
    sp->wscale = SES_WSCALE_NONE;
    sp->icmp_type = p->meta.tcp_flags; /* of ICMP without an identifier too */
    if (p->meta.class == HSR_CLASS_TCP) {
        sp->tcp_flags = p->meta.tcp_flags;
        sp->seq = hsr_load32(l4 + 4);
        sp->ack = hsr_load32(l4 + 8);
        sp->window = hsr_load16(l4 + 14);
        sp->payload = p->meta.frame_len - p->meta.payload_off;
    }
}

#define TCP_SYN    0x02u
#define TCP_HEADER 20u

/* The window shift a SYN offers (RFC 7323), SES_WSCALE_NONE for none. */
static uint8_t window_scale(const struct act_packet *p)
{
    struct hsr_cursor c = {.at = act_frame(p) + p->l4 + TCP_HEADER,
                           .left = (uint32_t)(p->meta.payload_off - p->meta.l4_off) - TCP_HEADER};
    const uint8_t *at;

    while ((at = hsr_pull(&c, 1)) != NULL) {
        uint8_t kind = *at, len;

        if (kind == 0)
            break;
        if (kind == 1)
            continue;
        if ((at = hsr_pull(&c, 1)) == NULL || (len = *at) < 2 ||
            (at = hsr_pull(&c, len - 2u)) == NULL)
            break;
        if (kind == 3 && len == 3)
            return *at;
    }
    return SES_WSCALE_NONE;
}

bool dp_describe(const struct act_packet *p, struct ses_packet *sp)
{
    uint32_t l4_len = (uint32_t)(p->meta.payload_off - p->meta.l4_off);

    if (p->meta.class == HSR_CLASS_TCP && l4_len < TCP_HEADER)
        return false;
    if (p->meta.class == HSR_CLASS_ICMP && l4_len < 8)
        return false;
    describe(p, sp);
    if (sp->tcp_flags & TCP_SYN)
        sp->wscale = window_scale(p);
    return true;
}

/* The session of a packet and its direction: by flow id, or by key. */
static void find(struct dp_worker *w, struct dp_group *g, const struct act_packet *p,
                 const struct hsr_key *key)
{
    uint64_t id = p->meta.flow_id;

    if (id != 0) {
        g->session = ses_by_flow(w->sessions, id);
        g->dir = ses_flow_dir(id, dp_swap(p));
        g->indexed =
            g->session != NULL && ses_matches(w->sessions, g->session, g->dir, dp_swap(p), key);
        if (g->indexed) {
            w->counters.hits_flow_id++;
            return;
        }
    }
    g->indexed = false;
    g->session = ses_find(w->sessions, hsr_hash_key(&w->hash, key), key, dp_swap(p), &g->dir);
    w->counters.hits_table += g->session != NULL;
}

/* A guest may not send under another's MAC, on a session it owns either. */
static inline bool right_mac(const struct dp_worker *w, const struct act_packet *p)
{
    const struct pol_port *port = pol_port(w->policy, p->meta.ingress);

    return dp_from_uplink(p) || !port->anti_spoof || hsr_load48(act_frame(p) + 6) == port->mac48;
}

/* Nor may a host that is no VTEP of ours send into a session because it knows the addresses. */
static inline bool right_vtep(const struct dp_worker *w, const struct act_packet *p)
{
    return !dp_from_tunnel(p) || dp_from_vtep(w, p);
}

static inline void count(struct session *s, unsigned dir, const struct act_packet *p)
{
    struct ses_dir *d = &s->dir[dir];

    d->packets++;
    d->bytes += p->frame_len;
}

/*
 * An IP packet larger than the path takes: HSR_DROP_NONE if the Post-Processor makes it fit. Before all actions, so that
 * the sender is quoted what it sent.
 */
static inline enum hsr_drop fit_path(const struct session *s, unsigned dir, struct act_packet *p)
{
    uint16_t mtu = s->mtu[dir];

    return p->frame_len - p->l3 > mtu ? dp_over_mtu(p, mtu) : HSR_DROP_NONE;
}

/*
 * NONE: packets may use the session. Sessions of a worker that matches nothing by itself (fast path off): only those that
 * every look makes anew.
 */
static inline enum hsr_drop use(struct dp_worker *w, struct session *s, unsigned dir,
                                const struct act_packet *p)
{
    if (!dp_right_port(w, s, dir, p) || !right_vtep(w, p))
        return HSR_DROP_NO_SESSION;
    if (s->policy == w->policy_stamp && w->fast_path)
        return HSR_DROP_NONE;
    return dp_revalidate(w, s);
}

/* A session without a way to its destination for now: it is not the packets' fault, and it stays. */
static DP_APART void no_way(struct dp_worker *w, struct act_packet *packet, struct act_packet *end,
                            enum hsr_drop drop)
{
    for (struct act_packet *p = packet; p < end; p++)
        dp_refuse(w, p, drop);
}

static DP_APART bool same_source(const struct act_packet *a, const struct act_packet *b)
{
    struct cfg_addr x = dp_tunnel_source(a), y = dp_tunnel_source(b);

    return cfg_addr_equal(&x, &y);
}

/* From the same host, in the same network. */
static inline bool same_tunnel(const struct act_packet *a, const struct act_packet *b)
{
    return a->meta.vni_tunnel == b->meta.vni_tunnel && a->meta.outer_src4 == b->meta.outer_src4 &&
           (!((a->meta.flags1 | b->meta.flags1) & HSR_RX1F_OUTER_IPV6) || same_source(a, b));
}

static bool same_flow(const struct act_packet *a, const struct act_packet *b)
{
    return a->meta.key_ports == b->meta.key_ports && a->meta.key_addrs == b->meta.key_addrs &&
           a->meta.ingress == b->meta.ingress && a->meta.class == b->meta.class &&
           ((a->meta.flags ^ b->meta.flags) &
            (HSR_RXF_SWAP | HSR_RXF_IPV6 | HSR_RXF_UPLINK | HSR_RXF_DECAP)) == 0 &&
           (!(a->meta.flags & HSR_RXF_IPV6) ||
            memcmp(a->meta.key6, b->meta.key6, sizeof a->meta.key6) == 0) &&
           (!(a->meta.flags & HSR_RXF_DECAP) || same_tunnel(a, b));
}

/* What the state machine must know of it, in memory of the worker's; NULL: its header is not there. */
static const struct ses_packet *seen(struct dp_worker *w, const struct act_packet *p)
{
    return dp_describe(p, &w->seen) ? &w->seen : NULL;
}

/*
 * One packet of the flow: into the group, to leave with it or (with a reason against it) to be dropped with it. False: it
 * needs a new session.
 */
static bool one(struct dp_worker *w, struct dp_group *g, struct act_packet *p)
{
    static const struct ses_packet udp = {.proto = HSR_PROTO_UDP, .wscale = SES_WSCALE_NONE};
    const struct ses_packet *sp = &udp; /* of which there is nothing else to know */
    enum hsr_drop drop = HSR_DROP_NONE;

    if (p->meta.class != HSR_CLASS_UDP && (sp = seen(w, p)) == NULL) {
        drop = HSR_DROP_META_BAD;
    } else if (!right_mac(w, p)) { /* of each packet: a vector is one flow, not one sender */
        drop = HSR_DROP_SPOOF_MAC;
    } else {
        if (g->session == NULL ||
            ses_track(w->sessions, g->session, g->dir, sp, w->now, &drop) == SES_REOPENS)
            return false;
        if (drop == HSR_DROP_NONE) {
            count(g->session, g->dir, p);
            drop = fit_path(g->session, g->dir, p);
        }
    }
    p->drop = (uint8_t)drop;
    return true;
}

/* The first packet of a session, in place of one that is at its end if there is one. */
static DP_APART void first(struct dp_worker *w, struct dp_group *g, struct act_packet *p,
                           const struct hsr_key *key)
{
    if (g->session != NULL)
        ses_remove(w->sessions, g->session, SES_WHY_CLOSED);
    else if (dp_hand_hinted(w, p)) {
        g->v.packet = p + 1;
        return;
    }
    g->session = dp_first(w, p, key);
    g->dir = dp_swap(p);
    g->indexed = false;
    g->v.packet = g->session != NULL ? p : p + 1;
    if (g->session != NULL) {
        count(g->session, g->dir, p);
        p->drop = (uint8_t)fit_path(g->session, g->dir, p);
    }
}

static void flow(struct dp_worker *w, struct act_packet *packet, struct act_packet *end)
{
    struct act_packet *p = packet;
    struct dp_group *g = &w->group;
    struct hsr_key *key = &w->key;
    enum hsr_drop drop;

    g->v.packet = packet;
    g->v.store = &w->actions;
    dp_key(packet, key);
    find(w, g, packet, key);
    if (g->session != NULL && (drop = use(w, g->session, g->dir, packet)) != HSR_DROP_NONE) {
        if (dp_for_now(drop)) {
            no_way(w, packet, end, drop);
            return;
        }
        g->session = NULL;
    }
    for (;;) {
        while (p < end && one(w, g, p))
            p++;
        g->v.end = p;
        act(w, g);
        if (p == end)
            break;
        first(w, g, p++, key);
    }
}

/* What is no flow; a datagram, if it is its first fragment and goes as the packet of a flow now. */
static DP_APART struct frag_datagram *single(struct dp_worker *w, struct act_packet *p)
{
    bool asked = p->meta.class == HSR_CLASS_ARP || p->meta.class == HSR_CLASS_ND ||
                 p->meta.class == HSR_CLASS_ICMP_ERROR;

    dp_note_slow(w, p);
    if (dp_from_host(w, p) || (!asked && dp_to_host(w, p)))
        return NULL;
    switch (p->meta.class) {
    case HSR_CLASS_ARP:
        dp_arp(w, p);
        break;
    case HSR_CLASS_ND:
        dp_nd(w, p);
        break;
    case HSR_CLASS_ICMP_ERROR:
        dp_icmp_error(w, p);
        break;
    case HSR_CLASS_FRAG:
        return dp_fragment(w, p);
    case HSR_CLASS_MULTICAST:
    case HSR_CLASS_DHCP: /* broadcast: a DISCOVER is nobody's here */
        dp_drop(w, p, HSR_DROP_BUM);
        break;
    case HSR_CLASS_NON_IP:
        dp_drop(w, p, HSR_DROP_ETHERTYPE);
        break;
    default:
        dp_drop(w, p, HSR_DROP_META_BAD);
    }
    return NULL;
}

#define FLOWS                                                                                  \
    (1u << HSR_CLASS_TCP | 1u << HSR_CLASS_UDP | 1u << HSR_CLASS_ICMP | 1u << HSR_CLASS_SCTP | \
     1u << HSR_CLASS_IP_OTHER)

_Static_assert(HSR_CLASS_NON_IP < 32, "a bit for each class, and the last one is the largest");

static bool is_flow(const struct act_packet *p)
{
    if (FLOWS >> p->meta.class & 1)
        return true;
    return p->meta.class == HSR_CLASS_DHCP && !(p->meta.flags & HSR_RXF_L2_MCAST);
}

/* Behind the last packet in a row that is of the same flow as the first. */
static struct act_packet *flow_end(const struct act_packet *packet, struct act_packet *p,
                                   const struct act_packet *end)
{
    while (p < end && p->meta.reason == HSR_DROP_NONE && same_flow(packet, p))
        p++;
    return p;
}

static DP_APART void vector(struct dp_worker *w, struct act_packet *packet, struct act_packet *end)
{
    w->counters.vectors++;
    for (struct act_packet *p = packet; p < end; p++)
        dp_settle(p);
    while (packet < end) {
        struct act_packet *next = packet + 1;
        struct frag_datagram *d = NULL;

        if (packet->meta.reason != HSR_DROP_NONE) {
            dp_drop(w, packet, (enum hsr_drop)packet->meta.reason);
        } else if (w->policy == NULL) {
            dp_drop(w, packet, HSR_DROP_NOT_CONFIGURED);
        } else if (is_flow(packet) || (d = single(w, packet)) != NULL) {
            if (d == NULL)
                next = flow_end(packet, next, end);
            flow(w, packet, next);
            if (d != NULL)
                dp_fragment_judged(w, d, packet);
        }
        packet = next;
    }
}

/* Behind the packets that the first one's metadata ties together: a hint, cut to what is there. */
static struct act_packet *vector_end(struct act_packet *p, struct act_packet *end)
{
    uint32_t n = p->meta.vec_len;

    if (n <= 1)
        return p + 1;
    return n < (uint32_t)(end - p) ? p + n : end;
}

void dp_vectors(struct dp_worker *w, struct act_packet *packet, struct act_packet *end)
{
    bool usual = w->fast_path && w->policy != NULL;

    while (packet < end) {
        if (usual && packet->usual && (packet = dp_usual(w, packet, end)) == end)
            break;
        struct act_packet *next = vector_end(packet, end);

        vector(w, packet, next);
        packet = next;
    }
}

/* For others, so that what is inlined above stays so. */
bool dp_is_flow(const struct act_packet *p)
{
    return is_flow(p);
}

bool dp_usable(struct dp_worker *w, struct session *s, unsigned dir, const struct act_packet *p)
{
    return use(w, s, dir, p) == HSR_DROP_NONE;
}

enum hsr_drop dp_wrong_sender(const struct dp_worker *w, const struct act_packet *p)
{
    if (!right_mac(w, p))
        return HSR_DROP_SPOOF_MAC;
    return right_vtep(w, p) ? HSR_DROP_NONE : HSR_DROP_UNKNOWN_VTEP;
}

enum hsr_drop dp_pass(struct session *s, unsigned dir, struct act_packet *p)
{
    count(s, dir, p);
    return fit_path(s, dir, p);
}

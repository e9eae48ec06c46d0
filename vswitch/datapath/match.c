/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Match once a vector, act on the whole vector.
 *
 * A vector comes as one flow, but that is the hardware's word: packets that differ from the first in key, direction or
 * port are matched on their own. State and counters are kept per packet; actions run over what is left.
 */
#include <string.h>

#include "internal.h"

/* Packets of one session and direction that wait for their actions. */
struct group {
    struct act_vector v;
    struct session *session;
    unsigned dir;
};

static unsigned direction(const struct act_packet *p)
{
    return p->meta.flags & HSR_RXF_SWAP ? 1 : 0;
}

/* A session whose entry was replaced asks for it again once in this many packets: with more flows than entries, a
 * table where each packet evicts another flow's entry would answer nobody. */
#define REINSERT 64u

/* Tell the flow index of a session it does not know; never over another flow that lives. */
static bool wants_fit(struct dp_worker *w, const struct act_packet *p, struct session *s,
                      uint64_t packets, struct dp_fit *fit)
{
    uint64_t id = ses_flow_id(w->sessions, s);

    if (p->meta.flow_id == id)
        return false;
    if (p->meta.flow_id != 0) {
        struct session *other = ses_by_flow(w->sessions, p->meta.flow_id);

        w->counters.stale_flow_id++;
        if (other != NULL && other != s)
            return false;
    }
    if ((s->flags & SES_F_FIT) && packets % REINSERT != 0)
        return false;
    *fit = (struct dp_fit){
        .op = HSR_FIT_INSERT, .hash = p->meta.hash, .flow_id = id, .named = p->meta.flow_id};
    w->counters.fit_inserts++;
    s->flags |= SES_F_FIT;
    return true;
}

static void act(struct dp_worker *w, struct group *g)
{
    struct dp_fit fit;
    bool with_fit;

    if (g->v.n == 0)
        return;
    struct ses_dir *d = &g->session->dir[g->dir];

    d->packets += g->v.n;
    for (uint32_t i = 0; i < g->v.n; i++)
        d->bytes += g->v.packet[i]->frame_len;
    with_fit = wants_fit(w, g->v.packet[0], g->session, d->packets, &fit);
    act_run(&g->v, d->action);
    for (uint32_t i = 0; i < g->v.n; i++)
        dp_send_fit(w, g->v.packet[i], with_fit && i == 0 ? &fit : NULL);
    g->v.n = 0;
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

/* The session of a packet, by flow id or by key. */
static struct session *find(struct dp_worker *w, const struct act_packet *p,
                            const struct hsr_key *key)
{
    struct session *s = NULL;

    if (p->meta.flow_id != 0) {
        s = ses_by_flow(w->sessions, p->meta.flow_id);
        if (s != NULL && ses_matches(s, key)) {
            w->counters.hits_flow_id++;
            return s;
        }
    }
    s = ses_find(w->sessions, hsr_hash_key(&w->hash, key), key);
    if (s != NULL)
        w->counters.hits_table++;
    return s;
}

/* Did the packet come in where this direction of the session comes from? */
static bool right_port(const struct session *s, const struct act_packet *p)
{
    return p->meta.ingress == (direction(p) == ses_initiator(s) ? s->origin : s->target);
}

/* A guest may not send under another's MAC, on a session it owns either. */
static bool right_mac(const struct dp_worker *w, const struct act_packet *p)
{
    const struct pol_port *port = pol_port(w->policy, p->meta.ingress);

    return dp_from_uplink(p) || !port->anti_spoof || hsr_load48(act_frame(p) + 6) == port->mac48;
}

/* Nor may a host that is no VTEP of ours send into a session because it knows the addresses. */
static bool right_vtep(const struct dp_worker *w, const struct act_packet *p)
{
    return !dp_from_tunnel(p) || pol_is_vtep(w->policy, p->meta.outer_src4);
}

/* Sessions of a worker that matches nothing by itself (fast path off): only those that every look makes anew. */
static bool usable(struct dp_worker *w, struct session *s, const struct act_packet *p)
{
    if (!right_port(s, p) || !right_vtep(w, p))
        return false;
    return (s->policy == w->policy_stamp && w->fast_path) || dp_revalidate(w, s);
}

static bool same_flow(const struct act_packet *a, const struct act_packet *b)
{
    return a->meta.key_ports == b->meta.key_ports && a->meta.key_addrs == b->meta.key_addrs &&
           a->meta.ingress == b->meta.ingress && a->meta.class == b->meta.class &&
           ((a->meta.flags ^ b->meta.flags) &
            (HSR_RXF_SWAP | HSR_RXF_IPV6 | HSR_RXF_UPLINK | HSR_RXF_DECAP)) == 0 &&
           (!(a->meta.flags & HSR_RXF_IPV6) ||
            memcmp(a->meta.key6, b->meta.key6, sizeof a->meta.key6) == 0) &&
           (!(a->meta.flags & HSR_RXF_DECAP) ||
            (a->meta.outer_src4 == b->meta.outer_src4 && a->meta.vni_tunnel == b->meta.vni_tunnel));
}

/* One packet of a flow: into the group of its session, or dealt with. */
static void one(struct dp_worker *w, struct group *g, struct act_packet *p,
                const struct hsr_key *key)
{
    struct ses_packet sp;
    enum hsr_drop drop = HSR_DROP_NONE;

    if (!dp_describe(p, &sp)) {
        dp_drop(w, p, HSR_DROP_META_BAD);
        return;
    }
    if (!right_mac(w, p)) { /* of each packet: a vector is one flow, not one sender */
        dp_drop(w, p, HSR_DROP_SPOOF_MAC);
        return;
    }
    if (g->session != NULL) {
        switch (ses_track(w->sessions, g->session, g->dir, &sp, w->now, &drop)) {
        case SES_CONTINUES:
            g->v.packet[g->v.n++] = p;
            return;
        case SES_REFUSED:
            dp_drop(w, p, drop);
            return;
        case SES_REOPENS:
            act(w, g);
            ses_remove(w->sessions, g->session, SES_WHY_CLOSED);
            g->session = NULL;
        }
    }
    g->session = dp_first(w, p, key);
    if (g->session != NULL) {
        g->dir = direction(p);
        g->v.packet[g->v.n++] = p;
    }
}

static void flow(struct dp_worker *w, struct act_packet *packet, uint32_t n)
{
    struct group g; /* not initialised as a whole: the list of packets is long, and mostly unused */
    struct hsr_key key;

    g.v.templates = &w->templates;
    g.v.n = 0;
    g.dir = direction(packet);

    dp_key(packet, &key);
    g.session = find(w, packet, &key);
    if (g.session != NULL && !usable(w, g.session, packet))
        g.session = NULL;
    for (uint32_t i = 0; i < n; i++)
        one(w, &g, &packet[i], &key);
    if (g.session != NULL)
        act(w, &g);
}

/* What is no flow. */
static void single(struct dp_worker *w, struct act_packet *p)
{
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
        dp_drop(w, p, HSR_DROP_FRAGMENT);
        break;
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
}

static bool is_flow(const struct act_packet *p)
{
    switch (p->meta.class) {
    case HSR_CLASS_TCP:
    case HSR_CLASS_UDP:
    case HSR_CLASS_ICMP:
    case HSR_CLASS_SCTP:
    case HSR_CLASS_IP_OTHER:
        return true;
    case HSR_CLASS_DHCP:
        return !(p->meta.flags & HSR_RXF_L2_MCAST);
    default:
        return false;
    }
}

void dp_vector(struct dp_worker *w, struct act_packet *packet, uint32_t n)
{
    w->counters.vectors++;
    while (n > 0) {
        uint32_t same = 1;

        if (packet->meta.reason != HSR_DROP_NONE) {
            dp_drop(w, packet, (enum hsr_drop)packet->meta.reason);
        } else if (w->policy == NULL) {
            dp_drop(w, packet, HSR_DROP_NOT_CONFIGURED);
        } else if (is_flow(packet)) {
            while (same < n && packet[same].meta.reason == HSR_DROP_NONE &&
                   same_flow(packet, &packet[same]))
                same++;
            flow(w, packet, same);
        } else {
            single(w, packet);
        }
        packet += same;
        n -= same;
    }
}

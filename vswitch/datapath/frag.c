/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fragments. The first one of a datagram is turned into the packet its L4 header says it is, and goes the way of all
 * packets; the others go by its session, each through the whole program, with the reason it was dropped for if it was.
 */
#include "frag.h"

#include <string.h>

#include "hsring/wire.h"
#include "words.h"

#define EXT_FRAGMENT 44 /* RFC 8200, 4.5 */
#define EXT_AH       51
#define EXT_MAX      8 /* more the parser lets nobody pass */
#define MORE         1u
#define TCP_FIN      0x01u
#define TCP_SYN      0x02u

/* Entries that what was held may take of a burst's: the burst's own packets still have theirs then. */
#define RELEASE DP_BURST

/* --- what the headers say ----------------------------------------------------------------------------------------- */

/* Behind the fragment header, the header's offset field in `field`; 0: there is none. */
static uint32_t behind_fragment_header(const uint8_t *ip, uint32_t len, uint16_t *field)
{
    uint32_t at = HSR_IP6_HDR;
    uint8_t type = ip[6];

    for (unsigned i = 0; i < EXT_MAX && at + 8 <= len; i++) {
        if (type == EXT_FRAGMENT) {
            *field = hsr_load16(ip + at + 2);
            return at + 8;
        }
        uint32_t size = type == EXT_AH ? (ip[at + 1] + 2u) * 4 : (ip[at + 1] + 1u) * 8;

        type = ip[at];
        at += size;
    }
    return 0;
}

/* Which part of its datagram a fragment is; false when it is none, whatever the metadata say. */
static bool span_of(const struct act_packet *p, struct frag_span *span)
{
    const uint8_t *ip = act_frame(p) + p->l3;
    uint32_t len = p->frame_len - p->l3, data;
    uint16_t field = 0;

    if (p->meta.flags & HSR_RXF_IPV6) {
        data = behind_fragment_header(ip, len, &field);
        span->at = field & ~7u;
        span->last = !(field & MORE);
    } else {
        data = (ip[0] & 15u) * 4;
        field = hsr_load16(ip + 6);
        span->at = (field & 0x1FFFu) * FRAG_UNIT;
        span->last = !(field & 0x2000);
    }
    span->end = span->at + len - data;
    return data != 0 && data < len && span->end <= FRAG_UNITS * FRAG_UNIT;
}

void dp_frag_key(const struct act_packet *p, struct frag_key *key)
{
    bool line1 = p->meta.flags & HSR_RXF_LINE1;
    struct cfg_addr source = dp_tunnel_source(p);
    struct dp_words from = dp_words_of(&source);

    memset(key, 0, sizeof *key);
    if (p->meta.flags & HSR_RXF_IPV6)
        memcpy(key->addrs, p->meta.key6, sizeof key->addrs);
    else
        key->addrs[0] = p->meta.key_addrs;
    key->ports = p->meta.key_ports;
    key->id = line1 ? p->meta.frag_id : 0;
    key->from[0] = from.high;
    key->from[1] = from.low;
    key->ingress = p->meta.ingress;
    key->way = p->meta.flags & (HSR_RXF_SWAP | HSR_RXF_IPV6 | HSR_RXF_UPLINK | HSR_RXF_DECAP);
    key->handed = p->hops == 0 ? 0 : p->under + 1u;
}

/* --- the first one ------------------------------------------------------------------------------------------------ */

enum {
    ICMP4_FIRST_ERROR = 3,
    ICMP4_LAST_ERROR = 5,
    ICMP4_EXCEEDED = 11,
    ICMP4_PARAMETER = 12,
    ICMP6_QUERY = 128,
    ICMP6_ECHO_REPLY = 129,
    ICMP6_MLD = 130,
    ICMP6_ND_LAST = 137,
    ICMP4_ECHO = 8,
};

/* Echo is as long as you like; nothing else is, and errors and neighbour discovery must not be (RFC 6980). */
static enum hsr_drop classify_icmp(struct act_packet *p, uint8_t type)
{
    bool echo;

    if (p->meta.flags & HSR_RXF_IPV6) {
        if (type < ICMP6_QUERY)
            return HSR_DROP_ICMP_INNER;
        if (type >= ICMP6_MLD && type <= ICMP6_ND_LAST)
            return HSR_DROP_ND_BAD;
        echo = type <= ICMP6_ECHO_REPLY;
    } else {
        if ((type >= ICMP4_FIRST_ERROR && type <= ICMP4_LAST_ERROR) || type == ICMP4_EXCEEDED ||
            type == ICMP4_PARAMETER)
            return HSR_DROP_ICMP_INNER;
        echo = type == 0 || type == ICMP4_ECHO;
    }
    p->meta.tcp_flags = type;
    p->meta.class = echo ? HSR_CLASS_ICMP : HSR_CLASS_IP_OTHER;
    return HSR_DROP_NONE;
}

/* Key, hash and swap bit as they are with these ports. */
static void rekey(struct dp_worker *w, struct act_packet *p, uint16_t sport, uint16_t dport)
{
    const uint8_t *ip = act_frame(p) + p->l3;
    uint8_t proto = hsr_key_proto(p->meta.key_ports);
    uint32_t context = hsr_key_context(p->meta.key_ports);
    struct hsr_key key;
    bool swap =
        p->meta.flags & HSR_RXF_IPV6
            ? hsr_key6(&key, ip + 8, ip + 24, sport, dport, proto, context, dp_from_uplink(p))
            : hsr_key4(&key, hsr_load32(ip + 12), hsr_load32(ip + 16), sport, dport, proto, context,
                       dp_from_uplink(p));

    p->meta.flags = (uint8_t)((p->meta.flags & ~HSR_RXF_SWAP) | (swap ? HSR_RXF_SWAP : 0));
    p->meta.key_ports = hsr_key_tail(&key);
    if (key.ipv6)
        memcpy(p->meta.key6, key.w, sizeof p->meta.key6);
    else
        p->meta.key_addrs = key.w[0];
    p->meta.hash = hsr_hash_key(&w->hash, &key);
    p->meta.flow_id = 0; /* that of the fragments' key, which is no flow's */
}

/* From a first fragment to the packet it would be if there were no others. Its checksum is of all of them: not ours. */
static enum hsr_drop become_first(struct dp_worker *w, struct act_packet *p)
{
    const uint8_t *l4 = act_frame(p) + p->l4;
    uint32_t left = p->frame_len - p->l4, header = 0;
    uint8_t proto = hsr_key_proto(p->meta.key_ports);
    uint16_t sport = 0, dport = 0;
    enum hsr_drop drop = HSR_DROP_NONE;

    if (left < HSR_UDP_HDR)
        return HSR_DROP_FRAG_BAD;
    p->meta.class = HSR_CLASS_IP_OTHER;
    if (proto == HSR_PROTO_TCP || proto == HSR_PROTO_UDP || proto == HSR_PROTO_SCTP) {
        sport = hsr_load16(l4);
        dport = hsr_load16(l4 + 2);
        header = HSR_UDP_HDR;
    }
    if (proto == HSR_PROTO_TCP) {
        p->meta.class = HSR_CLASS_TCP;
        header = left < HSR_TCP_HDR ? 0 : (uint32_t)(l4[12] >> 4) * 4;
        drop = header < HSR_TCP_HDR || header > left ? HSR_DROP_TCP_HDR : HSR_DROP_NONE;
        p->meta.tcp_flags = l4[13];
    } else if (proto == HSR_PROTO_UDP) {
        p->meta.class = HSR_CLASS_UDP;
    } else if (proto == HSR_PROTO_SCTP) {
        p->meta.class = HSR_CLASS_SCTP;
    } else if (proto == HSR_PROTO_ICMP || proto == HSR_PROTO_ICMP6) {
        drop = classify_icmp(p, l4[0]);
        header = HSR_UDP_HDR; /* as long as ICMP's */
        if (p->meta.class == HSR_CLASS_ICMP)
            sport = dport = hsr_load16(l4 + 4);
    }
    if (drop != HSR_DROP_NONE)
        return drop;
    p->meta.payload_off = (uint16_t)(p->meta.l4_off + header);
    rekey(w, p, sport, dport);
    return HSR_DROP_NONE;
}

/* Sequence number behind the segment's last byte is this and where that byte is in the datagram. */
static uint32_t sequence(const struct act_packet *p)
{
    uint32_t header = (uint32_t)(p->meta.payload_off - p->meta.l4_off);
    bool fin = p->meta.tcp_flags & TCP_FIN, syn = p->meta.tcp_flags & TCP_SYN;

    return hsr_load32(act_frame(p) + p->l4 + 4) - header + fin + syn;
}

static void condemn(struct frag_datagram *d, enum hsr_drop drop)
{
    d->state = FRAG_DROPPED;
    d->drop = (uint8_t)drop;
}

/* The first one has been handed over, or the other worker took no more. */
static void moved(struct frag_datagram *d, const struct act_packet *p)
{
    if (p->moved == 0) {
        condemn(d, (enum hsr_drop)p->drop);
        return;
    }
    d->state = FRAG_MOVED;
    d->home = (uint8_t)(p->moved - 1);
}

/* True: it goes as the packet of a flow. */
static bool judge(struct dp_worker *w, struct frag_datagram *d, struct act_packet *p)
{
    enum hsr_drop drop = become_first(w, p);

    if (drop != HSR_DROP_NONE) {
        condemn(d, drop);
        dp_drop(w, p, drop);
        return false;
    }
    if (p->meta.class == HSR_CLASS_TCP)
        d->seq = sequence(p);
    if (dp_icmp_echo(w, p)) {
        d->state = FRAG_ECHOED;
        return false;
    }
    /* To where the other packets of its flow come. That one may know still better. */
    if (p->hops == 0 && dp_hand_home(w, p, dp_home(w, p->meta.hash))) {
        moved(d, p);
        return false;
    }
    return true;
}

/* --- the others --------------------------------------------------------------------------------------------------- */

/* The way of the first one. */
static void follow(struct dp_worker *w, const struct frag_datagram *d, struct act_packet *p)
{
    struct session *s = ses_by_flow(w->sessions, d->flow_id);
    struct frag_span span;

    if (s == NULL || !dp_usable(w, s, d->dir, p) || !span_of(p, &span)) {
        dp_drop(w, p, HSR_DROP_NO_SESSION);
        return;
    }
    if (s->proto == HSR_PROTO_TCP)
        ses_tcp_longer(s, d->dir, d->seq + span.end);
    struct act_vector v = {.packet = p, .end = p + 1, .store = &w->actions, .dir = &s->dir[d->dir]};

    p->meta.hash = d->hash; /* the same way through the underlay too */
    p->drop = (uint8_t)dp_pass(s, d->dir, p);
    act_run(&v, act_program(&w->actions, v.dir->program));
    dp_send(w, p);
}

static void treat(struct dp_worker *w, const struct frag_datagram *d, struct act_packet *p)
{
    if (d->state == FRAG_PASSED)
        follow(w, d, p);
    else if (d->state == FRAG_ECHOED)
        dp_icmp_echo_rest(w, p);
    else if (d->state == FRAG_MOVED)
        dp_hand_over(w, p, d->home);
    else
        dp_drop(w, p, (enum hsr_drop)d->drop);
}

static void ready(struct dp_worker *w, struct frag_datagram *d)
{
    if (d->ready || STAILQ_EMPTY(&d->held))
        return;
    d->ready = true;
    STAILQ_INSERT_TAIL(&w->frags->ready, d, leaves);
}

/* Is there nothing more to be known about it? One that was condemned is, or its rest would begin another. */
static bool is_over(const struct frag_datagram *d)
{
    return !d->ready &&
           (d->expired || (d->state != FRAG_DROPPED && STAILQ_EMPTY(&d->held) && frag_complete(d)));
}

static void hold(struct dp_worker *w, struct frag_datagram *d, struct act_packet *p)
{
    if (!dp_slot_hold(w, p->entry)) {
        dp_came_twice(w, p);
        return;
    }
    if (frag_hold(w->frags, d, p, w->view)) {
        w->ledger[p->meta.ingress].held++;
        return;
    }
    dp_slot_let_go(w, p->entry);
    if (d->state == FRAG_WAITING)
        condemn(d, HSR_DROP_FRAG_QUOTA);
    dp_drop(w, p, HSR_DROP_FRAG_QUOTA);
}

/* --- in ----------------------------------------------------------------------------------------------------------- */

/*
 * At whose expense: the guest's that sends, or of what the network sends the one's that it is for. A public address may be
 * several guests', told apart by ports: those share what the uplink has, with what is for us.
 */
static uint16_t charged(struct dp_worker *w, const struct act_packet *p)
{
    const uint8_t *ip = act_frame(p) + p->l3;
    bool ipv6 = p->meta.flags & HSR_RXF_IPV6;
    struct cfg_addr dst = {.family = ipv6 ? 6 : 4};
    const struct pol_endpoint *e;

    if (!dp_from_uplink(p))
        return p->meta.ingress;
    memcpy(dst.bytes, ip + (ipv6 ? 24 : 16), ipv6 ? 16 : 4);
    e = dp_from_tunnel(p) ? pol_endpoint(w->policy, hsr_key_context(p->meta.key_ports), &dst)
                          : pol_public_endpoint(w->policy, &dst, 0, 0);
    return e != NULL && e->port < HSR_MAX_PORTS ? e->port : p->meta.ingress;
}

static enum hsr_drop refused(struct dp_worker *w, const struct act_packet *p,
                             struct frag_span *span)
{
    if (!pol_port(w->policy, p->meta.ingress)->valid)
        return HSR_DROP_NOT_CONFIGURED;
    enum hsr_drop drop = dp_wrong_sender(w, p);

    if (drop == HSR_DROP_NONE && !span_of(p, span))
        drop = HSR_DROP_META_BAD;
    return drop;
}

/* One more fragment of the datagram, which it fits. True: it goes as the packet of a flow. */
static bool arrived(struct dp_worker *w, struct frag_datagram *d, struct act_packet *p,
                    const struct frag_span *span)
{
    if (d->state == FRAG_WAITING && span->at == 0)
        return judge(w, d, p);
    if (d->state == FRAG_WAITING || !STAILQ_EMPTY(&d->held))
        hold(w, d, p); /* behind those that are */
    else
        treat(w, d, p);
    return false;
}

/* Its state may have changed. */
static void settle(struct dp_worker *w, struct frag_datagram *d)
{
    if (d->state != FRAG_WAITING)
        ready(w, d);
    if (is_over(d))
        frag_forget(w->frags, d);
}

void dp_fragment_judged(struct dp_worker *w, struct frag_datagram *d, const struct act_packet *p)
{
    struct hsr_key key;
    unsigned dir;

    if (p->moved != 0) {
        moved(d, p);
        settle(w, d);
        return;
    }
    dp_key(p, &key);
    struct session *s = ses_find(w->sessions, p->meta.hash, &key, dp_swap(p), &dir);

    if (p->drop != HSR_DROP_NONE || s == NULL) {
        condemn(d, p->drop != HSR_DROP_NONE ? (enum hsr_drop)p->drop : HSR_DROP_FRAGMENT);
    } else {
        d->state = FRAG_PASSED;
        d->flow_id = ses_flow_id(w->sessions, s, false);
        d->dir = (uint8_t)dir;
        d->hash = p->meta.hash;
    }
    settle(w, d);
}

static struct frag_datagram *begin(struct dp_worker *w, const struct frag_key *key,
                                   const struct act_packet *p)
{
    struct frag_datagram *d = frag_new(w->frags, key, p->meta.hash, charged(w, p), w->now);

    if (d != NULL)
        d->under = (uint8_t)dp_under(w, p);
    return d;
}

struct frag_datagram *dp_fragment(struct dp_worker *w, struct act_packet *p)
{
    struct frag_datagram *d;
    struct frag_span span;
    struct frag_key key;
    enum hsr_drop drop = refused(w, p, &span);

    /* Dealt with, in this burst, when its entry came first. */
    if (dp_slot_held(w, p->entry) || !dp_as_it_came(p)) {
        dp_came_twice(w, p);
        return NULL;
    }
    if (drop != HSR_DROP_NONE) {
        dp_drop(w, p, drop);
        return NULL;
    }
    p->meta.verdicts &= 3; /* of the whole datagram's L4 checksum nobody knows */
    dp_frag_key(p, &key);
    d = frag_find(w->frags, &key, p->meta.hash);
    if (d == NULL)
        d = begin(w, &key, p);
    if (d == NULL) {
        dp_drop(w, p, HSR_DROP_FRAG_QUOTA);
        return NULL;
    }
    drop = d->state == FRAG_DROPPED ? (enum hsr_drop)d->drop : frag_note(d, &span);
    if (drop == HSR_DROP_FRAG_OVERLAP)
        condemn(d, drop);
    if (drop != HSR_DROP_NONE)
        dp_drop(w, p, drop);
    else if (arrived(w, d, p, &span))
        return d;
    settle(w, d);
    return NULL;
}

/* --- later -------------------------------------------------------------------------------------------------------- */

void dp_frag_release(struct dp_worker *w)
{
    struct dp_frags *f = w->frags;
    struct frag_datagram *d;
    struct act_packet p;

    while ((d = STAILQ_FIRST(&f->ready)) != NULL) {
        while (w->outs < RELEASE && w->outs < w->tx_room && frag_take(f, d, &p)) {
            w->ledger[p.meta.ingress].held--;
            dp_slot_let_go(w, p.entry);
            if (dp_as_it_came(&p))
                treat(w, d, &p);
            else
                dp_drop(w, &p, HSR_DROP_META_BAD);
        }
        if (!STAILQ_EMPTY(&d->held))
            return; /* the next turn goes on */
        STAILQ_REMOVE_HEAD(&f->ready, leaves);
        d->ready = false;
        if (is_over(d))
            frag_forget(f, d);
    }
}

void dp_frag_expire(struct dp_worker *w)
{
    struct dp_frags *f = w->frags;
    struct frag_datagram *d, *next;

    for (d = TAILQ_FIRST(&f->ages); d != NULL && w->now - d->born >= FRAG_NS; d = next) {
        next = TAILQ_NEXT(d, age);
        d->expired = true;
        if (d->state == FRAG_WAITING)
            condemn(d, HSR_DROP_FRAGMENT);
        ready(w, d);
        if (is_over(d))
            frag_forget(f, d);
    }
}

bool dp_frag_waits(const struct dp_worker *w)
{
    return !STAILQ_EMPTY(&w->frags->ready);
}

uint32_t dp_held(const struct dp_worker *w)
{
    uint32_t parked, high;

    dp_park_level(w, &parked, &high);
    return w->frags->holds + parked + dp_kept_count(w);
}

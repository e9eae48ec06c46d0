/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP as a firewall between two hosts sees it: RFC 9293 states per end point, a window check after van Rooij, and
 * RFC 5961 against blind attacks. Sequence numbers are compared modulo 2^32.
 *
 * Three things may become of a packet: it moves the connection and refreshes the idle time; it passes and changes
 * nothing, because it is for the end points to answer it (a challenge ACK, a RST that does not fit exactly) and what
 * they answer will tell us; or it is refused, because no end point would take it.
 */
#include "proto.h"

enum { FIN = 0x01, SYN = 0x02, RST = 0x04, ACK = 0x10 };

#define WSCALE_MAX 14 /* RFC 7323, section 2.3 */

static bool before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static uint32_t later(uint32_t a, uint32_t b)
{
    return before(a, b) ? b : a;
}

void ses_tcp_longer(struct session *s, unsigned dir, uint32_t end)
{
    s->tcp[dir].seq_end = later(s->tcp[dir].seq_end, end);
}

static bool is_dead(const struct session *s)
{
    return s->tcp[0].state == SES_TCP_RESET || s->tcp[1].state == SES_TCP_RESET;
}

static bool is_time_wait(const struct session *s)
{
    return s->tcp[0].state == SES_TCP_FIN_ACKED && s->tcp[1].state == SES_TCP_FIN_ACKED;
}

/* Has this end sent a FIN? */
static bool has_fin(const struct ses_tcp *e)
{
    return e->state == SES_TCP_FIN || e->state == SES_TCP_FIN_ACKED;
}

bool ses_is_over(const struct session *s, unsigned dir)
{
    if (is_dead(s) || is_time_wait(s))
        return true;
    return s->flags & SES_F_KEY2 && has_fin(&s->tcp[dir]) &&
           s->tcp[!dir].state == SES_TCP_FIN_ACKED;
}

/* Has this end's SYN been acknowledged? */
static bool is_synchronised(const struct ses_tcp *e)
{
    return e->state >= SES_TCP_ESTABLISHED;
}

/*
 * Shift of the windows this end offers behind its SYN. It counts only if both SYNs offered one (RFC 7323, section 2.2);
 * for a connection picked up we did not see them and assume the largest.
 */
static unsigned shift_of(const struct session *s, unsigned dir)
{
    if (s->flags & SES_F_PICKED_UP)
        return WSCALE_MAX;
    if (s->tcp[0].wscale == SES_WSCALE_NONE || s->tcp[1].wscale == SES_WSCALE_NONE)
        return 0;
    return s->tcp[dir].wscale;
}

/* Largest window this end offered, bytes; at least one, for window probes. */
static uint32_t largest_window(const struct session *s, unsigned dir)
{
    uint32_t win = (uint32_t)s->tcp[dir].max_win << shift_of(s, dir);

    return win ? win : 1;
}

static uint32_t segment_end(const struct ses_packet *p)
{
    return p->seq + p->payload + ((p->tcp_flags & SYN) != 0) + ((p->tcp_flags & FIN) != 0);
}

static uint32_t tcp_idle(const struct session *s, const struct ses_timeouts *t)
{
    const struct ses_tcp *a = &s->tcp[0], *b = &s->tcp[1];

    if (is_dead(s))
        return t->tcp_reset;
    if (is_time_wait(s))
        return t->tcp_time_wait;
    if (has_fin(a) && has_fin(b))
        return t->tcp_closing;
    if (!is_synchronised(a) || !is_synchronised(b))
        return t->tcp_embryonic;
    return has_fin(a) || has_fin(b) ? t->tcp_half_closed : t->tcp_established;
}

/* The session's state from its ends'. */
static void tcp_settle(struct session *s)
{
    const struct ses_tcp *a = &s->tcp[0], *b = &s->tcp[1];

    if (is_dead(s) || (has_fin(a) && has_fin(b)))
        s->state = SES_CLOSING;
    else if (is_synchronised(a) && is_synchronised(b))
        s->state = SES_ESTABLISHED;
}

static enum ses_outcome moved(struct session *s, const struct ses_timeouts *t, uint32_t *idle)
{
    tcp_settle(s);
    *idle = tcp_idle(s, t);
    return SES_CONTINUES;
}

static enum ses_outcome refused(enum hsr_drop *drop, enum hsr_drop why)
{
    *drop = why;
    return SES_REFUSED;
}

/* ---- opening ---- */

static enum hsr_drop tcp_opens(const struct ses_packet *p, enum ses_midstream policy)
{
    switch (p->tcp_flags & (SYN | ACK | RST | FIN)) {
    case SYN: /* with ECE and CWR too (RFC 3168), and data (RFC 7413) */
        return HSR_DROP_NONE;
    case ACK:
    case ACK | FIN:
        return policy == SES_PICK_UP ? HSR_DROP_NONE : HSR_DROP_NO_SESSION;
    case SYN | ACK: /* an answer to something we have not seen */
    case RST:
    case RST | ACK:
        return HSR_DROP_NO_SESSION;
    default:
        return HSR_DROP_TCP_STATE;
    }
}

/* An end's SYN: its first sequence number, window and shift. seq_lo is the number of the SYN itself. */
static void take_syn(struct ses_tcp *e, const struct ses_packet *p)
{
    e->seq_lo = p->seq;
    e->seq_end = segment_end(p);
    e->seq_hi = e->seq_end;
    e->max_win = p->window;
    e->wscale = p->wscale == SES_WSCALE_NONE || p->wscale <= WSCALE_MAX ? p->wscale : WSCALE_MAX;
    e->state = SES_TCP_SYN;
}

static void tcp_begin(struct session *s, unsigned dir, const struct ses_packet *p)
{
    struct ses_tcp *me = &s->tcp[dir], *peer = &s->tcp[!dir];

    *peer = (struct ses_tcp){.wscale = SES_WSCALE_NONE, .state = SES_TCP_NONE};
    if (p->tcp_flags & SYN) {
        take_syn(me, p);
        return;
    }
    s->flags |= SES_F_PICKED_UP;
    *me = (struct ses_tcp){
        .seq_lo = p->seq,
        .seq_end = segment_end(p),
        .seq_hi = segment_end(p) + ((uint32_t)UINT16_MAX << WSCALE_MAX),
        .max_win = p->window,
        .wscale = SES_WSCALE_NONE,
        .state = p->tcp_flags & FIN ? SES_TCP_FIN : SES_TCP_ESTABLISHED,
    };
    peer->seq_lo = p->ack;
    peer->seq_end = p->ack;
    peer->seq_hi = p->ack + largest_window(s, dir);
}

/* ---- handshake ---- */

/* Windows in SYNs are not scaled (RFC 7323, section 2.2): make them comparable with those to come, rounding up. */
static void rescale(struct session *s)
{
    for (unsigned i = 0; i < 2; i++) {
        unsigned shift = shift_of(s, i);

        s->tcp[i].max_win = (uint16_t)((s->tcp[i].max_win + (1u << shift) - 1) >> shift);
    }
}

/* Both SYNs are here: what each end may send follows from the other's window, which in a SYN is unscaled. */
static void both_syns(struct session *s)
{
    for (unsigned i = 0; i < 2; i++) {
        uint32_t win = s->tcp[!i].max_win;

        s->tcp[i].seq_hi = s->tcp[i].seq_end + (win ? win : 1);
    }
    rescale(s);
}

/* The peer's SYN (and data with it) is acknowledged up to `ack`. */
static bool take_syn_ack(struct ses_tcp *peer, uint32_t ack)
{
    if (!before(peer->seq_lo, ack) || before(peer->seq_end, ack))
        return false;
    peer->seq_lo = ack;
    peer->state = SES_TCP_ESTABLISHED;
    return true;
}

/*
 * SYN or SYN+ACK before both ends are synchronised: three-way handshake, simultaneous open (RFC 9293, section 3.5),
 * retransmissions. The initiator may begin anew with another number as long as nobody answered.
 */
static enum ses_outcome on_opening_syn(struct session *s, unsigned dir, const struct ses_packet *p,
                                       const struct ses_timeouts *t, uint32_t *idle,
                                       enum hsr_drop *drop)
{
    struct ses_tcp *me = &s->tcp[dir], *peer = &s->tcp[!dir];
    bool ack = (p->tcp_flags & ACK) != 0;

    if (s->flags & SES_F_PICKED_UP) /* nobody has answered what we took for a connection */
        return ack ? SES_CONTINUES : SES_REOPENS;
    if (me->state == SES_TCP_NONE) {
        if (ack && !take_syn_ack(peer, p->ack))
            return refused(drop, HSR_DROP_TCP_WINDOW);
        take_syn(me, p);
        both_syns(s);
        return moved(s, t, idle);
    }
    if (peer->state == SES_TCP_NONE) {
        if (ack) /* acknowledges what was never sent */
            return refused(drop, HSR_DROP_TCP_STATE);
        take_syn(me, p);
        return moved(s, t, idle);
    }
    if (segment_end(p) != me->seq_end) /* not the SYN we know: RFC 5961, section 4 */
        return SES_CONTINUES;
    if (ack && peer->state == SES_TCP_SYN && !take_syn_ack(peer, p->ack))
        return refused(drop, HSR_DROP_TCP_WINDOW);
    return moved(s, t, idle);
}

/*
 * SYN in any other state. Alive: the end point answers with a challenge ACK whatever the number (RFC 5961, section 4.2;
 * RFC 9293, section 3.10.7.4), and if the sender has really begun anew, it resets the connection by an exact RST,
 * which we see. Dead: a new connection. TIME_WAIT: a new connection if its number is larger than all the old one used
 * (RFC 9293, section 3.6.1; RFC 6191), else the end point answers with an ACK.
 */
static enum ses_outcome on_syn(struct session *s, unsigned dir, const struct ses_packet *p)
{
    if (p->tcp_flags & ACK)
        return SES_CONTINUES;
    if (is_dead(s))
        return SES_REOPENS;
    if (is_time_wait(s) && before(s->tcp[dir].seq_end, p->seq + 1))
        return SES_REOPENS;
    return SES_CONTINUES;
}

/* ---- reset ---- */

/* Is this RST exactly what its receiver expects next, as far as we can tell? */
static bool rst_is_exact(const struct session *s, unsigned dir, const struct ses_packet *p)
{
    const struct ses_tcp *me = &s->tcp[dir];

    /* The next byte after all it sent, or (answering a packet) the acknowledgement of its receiver. */
    return p->seq == me->seq_end || p->seq == me->seq_lo;
}

/*
 * RFC 5961, section 3.2: exactly the expected number resets; elsewhere in the window the end point answers with a
 * challenge ACK, so the RST passes and changes nothing; outside it is refused.
 */
static enum ses_outcome on_rst(struct session *s, unsigned dir, const struct ses_packet *p,
                               const struct ses_timeouts *t, uint32_t *idle, enum hsr_drop *drop)
{
    struct ses_tcp *me = &s->tcp[dir], *peer = &s->tcp[!dir];
    bool picked_up = (s->flags & SES_F_PICKED_UP) != 0;

    if (me->state == SES_TCP_NONE && !picked_up) {
        /* The connection is refused: valid if it acknowledges the SYN (RFC 9293, section 3.10.7.3). */
        if (!(p->tcp_flags & ACK) || !before(peer->seq_lo, p->ack) || before(peer->seq_end, p->ack))
            return refused(drop, HSR_DROP_TCP_WINDOW);
        if (is_dead(s))
            return SES_CONTINUES;
        /* It is the initiator's end that is over: the other one has sent no SYN, and so nothing else can be under way. */
        peer->state = SES_TCP_RESET;
        return moved(s, t, idle);
    }
    /* An end may lose its TIME_WAIT by a RST, and should not (RFC 1337); dead is dead. */
    if (rst_is_exact(s, dir, p)) {
        if (is_time_wait(s) || is_dead(s))
            return SES_CONTINUES;
        me->state = SES_TCP_RESET;
        return moved(s, t, idle);
    }
    /*
     * Its peer answered the SYN with an ACK of an older connection, and it kills that one: the number is the older
     * one's (RFC 9293, section 3.5.1), and only the end points know it.
     */
    if (peer->state == SES_TCP_NONE && !picked_up)
        return SES_CONTINUES;
    if (before(p->seq, me->seq_lo) || !before(p->seq, me->seq_hi))
        return refused(drop, HSR_DROP_TCP_WINDOW);
    return SES_CONTINUES;
}

/* ---- data and acknowledgements ---- */

/*
 * Could the receiver take this segment? Data: not beyond what it offered, and not so old that it lies a whole window
 * below what was sent. Acknowledgement: nothing that was not sent, and not older than the window (RFC 5961, section 5).
 */
static bool in_window(const struct session *s, unsigned dir, const struct ses_packet *p)
{
    const struct ses_tcp *me = &s->tcp[dir], *peer = &s->tcp[!dir];
    uint32_t end = segment_end(p);
    /* Picked up: the peer may have sent more than we saw. */
    uint32_t sent = s->flags & SES_F_PICKED_UP ? peer->seq_hi : peer->seq_end;

    return !before(me->seq_hi, end) && !before(end, me->seq_end - largest_window(s, !dir)) &&
           !before(sent, p->ack) && !before(p->ack, peer->seq_lo - largest_window(s, dir));
}

/* Take in what an accepted segment says of its sender and of what the peer may do. */
static void take_segment(struct session *s, unsigned dir, const struct ses_packet *p)
{
    struct ses_tcp *me = &s->tcp[dir], *peer = &s->tcp[!dir];
    uint32_t win = (uint32_t)p->window << shift_of(s, dir);
    uint32_t end = segment_end(p);

    /* A FIN below bytes already sent is none of a sane sender's: it ends nothing. */
    if ((p->tcp_flags & FIN) && !has_fin(me) && !before(end, me->seq_end))
        me->state = SES_TCP_FIN;
    me->seq_end = later(me->seq_end, end);
    if (me->max_win < p->window)
        me->max_win = p->window;

    if (peer->state == SES_TCP_SYN && before(peer->seq_lo, p->ack))
        peer->state = SES_TCP_ESTABLISHED;
    peer->seq_lo = later(peer->seq_lo, p->ack);
    peer->seq_end = later(peer->seq_end, p->ack); /* moves when picked up only */
    peer->seq_hi = later(peer->seq_hi, p->ack + (win ? win : 1));
    if (peer->state == SES_TCP_FIN && p->ack == peer->seq_end)
        peer->state = SES_TCP_FIN_ACKED;
}

static enum ses_outcome on_segment(struct session *s, unsigned dir, const struct ses_packet *p,
                                   const struct ses_timeouts *t, uint32_t *idle,
                                   enum hsr_drop *drop)
{
    struct ses_tcp *me = &s->tcp[dir], *peer = &s->tcp[!dir];

    if (!(p->tcp_flags & ACK)) /* RFC 9293, section 3.10.7.4: no ACK, no segment */
        return refused(drop, HSR_DROP_TCP_STATE);
    if (me->state == SES_TCP_NONE && !(s->flags & SES_F_PICKED_UP)) {
        /* A bare ACK is a half-open host's answer to the SYN (RFC 9293, section 3.5.1). */
        return p->payload || (p->tcp_flags & FIN) ? refused(drop, HSR_DROP_TCP_STATE)
                                                  : SES_CONTINUES;
    }
    if (peer->state == SES_TCP_NONE && !(s->flags & SES_F_PICKED_UP)) /* nothing to acknowledge */
        return refused(drop, HSR_DROP_TCP_STATE);
    if (!in_window(s, dir, p))
        return refused(drop, HSR_DROP_TCP_WINDOW);
    if (has_fin(me) && before(me->seq_end, segment_end(p))) /* bytes behind its FIN */
        return refused(drop, HSR_DROP_TCP_STATE);
    if (is_dead(s)) /* still under way; the reset time-out runs on */
        return SES_CONTINUES;
    if (me->state == SES_TCP_NONE)
        me->state = SES_TCP_ESTABLISHED;
    take_segment(s, dir, p);
    return moved(s, t, idle);
}

static enum ses_outcome tcp_update(struct session *s, unsigned dir, const struct ses_packet *p,
                                   const struct ses_timeouts *t, uint32_t *idle,
                                   enum hsr_drop *drop)
{
    if (p->tcp_flags & RST)
        return p->tcp_flags & SYN ? refused(drop, HSR_DROP_TCP_STATE)
                                  : on_rst(s, dir, p, t, idle, drop);
    if (!(p->tcp_flags & SYN))
        return on_segment(s, dir, p, t, idle, drop);
    if (p->tcp_flags & FIN)
        return refused(drop, HSR_DROP_TCP_STATE);
    if (is_synchronised(&s->tcp[0]) && is_synchronised(&s->tcp[1]))
        return on_syn(s, dir, p);
    if (is_dead(s))
        return on_syn(s, dir, p);
    return on_opening_syn(s, dir, p, t, idle, drop);
}

/* From the initiator's point of view. */
static const char *tcp_state_name(const struct session *s)
{
    const struct ses_tcp *me = &s->tcp[ses_initiator(s)], *peer = &s->tcp[!ses_initiator(s)];

    if (is_dead(s))
        return "reset";
    if (is_time_wait(s))
        return "time_wait";
    if (has_fin(me) && has_fin(peer))
        return "closing";
    if (has_fin(me))
        return "fin_wait";
    if (has_fin(peer))
        return "close_wait";
    if (peer->state == SES_TCP_NONE)
        return s->flags & SES_F_PICKED_UP ? "picked_up" : "syn_sent";
    if (is_synchronised(me) && is_synchronised(peer))
        return "established";
    return "syn_received";
}

static bool tcp_valid(const struct session *s)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct ses_tcp *e = &s->tcp[i];

        if (e->state > SES_TCP_RESET || (e->wscale > WSCALE_MAX && e->wscale != SES_WSCALE_NONE))
            return false;
    }
    return true;
}

const struct ses_proto proto_tcp = {
    .name = "tcp",
    .opens = tcp_opens,
    .begin = tcp_begin,
    .update = tcp_update,
    .idle = tcp_idle,
    .state_name = tcp_state_name,
    .valid = tcp_valid,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle.h"

enum { FIN = 0x01, SYN = 0x02, RST = 0x04, ACK = 0x10 };

static bool is_tcp(const struct oracle *o)
{
    return o->proto == HSR_PROTO_TCP;
}

static bool is_icmp(const struct oracle *o)
{
    return o->proto == HSR_PROTO_ICMP || o->proto == HSR_PROTO_ICMP6;
}

static bool is_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static uint32_t end_of(const struct ses_packet *p)
{
    return p->seq + p->payload + !!(p->tcp_flags & SYN) + !!(p->tcp_flags & FIN);
}

void oracle_begin(struct oracle *o, const struct ses_packet *p)
{
    o->there = true;
    o->proto = p->proto;
    o->n = 0;
    o->picked_up = is_tcp(o) && !(p->tcp_flags & SYN);
    oracle_note(o, false, p);
}

void oracle_note(struct oracle *o, bool answer, const struct ses_packet *p)
{
    if (o->n < ORACLE_PACKETS)
        o->packet[o->n++] = (struct oracle_packet){answer, *p};
}

/* Has this end sent a packet with these flags, and none of those? */
static bool has_sent(const struct oracle *o, bool answer, unsigned flags, unsigned none)
{
    for (unsigned i = 0; i < o->n; i++) {
        if (o->packet[i].answer == answer && (o->packet[i].p.tcp_flags & flags) == flags &&
            !(o->packet[i].p.tcp_flags & none))
            return true;
    }
    return false;
}

/* Is there an acknowledgement of what this end's SYN (and data with it) took? */
static bool syn_was_acknowledged(const struct oracle *o, bool answer)
{
    for (unsigned i = 0; i < o->n; i++) {
        const struct ses_packet *syn = &o->packet[i].p;

        if (o->packet[i].answer != answer || !(syn->tcp_flags & SYN))
            continue;
        for (unsigned k = i + 1; k < o->n; k++) {
            const struct ses_packet *p = &o->packet[k].p;

            if (o->packet[k].answer != answer && p->tcp_flags & ACK && is_before(syn->seq, p->ack))
                return true;
        }
    }
    return false;
}

static bool answered(const struct oracle *o)
{
    for (unsigned i = 0; i < o->n; i++)
        if (o->packet[i].answer)
            return true;
    return false;
}

/* An end that closes before its SYN is acknowledged (RFC 9293, 3.10.4) counts as one that was. */
static bool is_open(const struct oracle *o, bool answer)
{
    return has_sent(o, answer, SYN, RST) &&
           (syn_was_acknowledged(o, answer) || has_sent(o, answer, FIN, 0));
}

bool oracle_may_be(const struct oracle *o, uint8_t state)
{
    switch (state) {
    case SES_EMBRYONIC:
        return true;
    case SES_ESTABLISHED:
        if (!is_tcp(o) || o->picked_up)
            return answered(o);
        return is_open(o, false) && is_open(o, true);
    case SES_CLOSING:
        return is_tcp(o) && (has_sent(o, false, RST, 0) || has_sent(o, true, RST, 0) ||
                             (has_sent(o, false, FIN, 0) && has_sent(o, true, FIN, 0)));
    default:
        return false;
    }
}

/*
 * A reset hits exactly: it is where its sender's last byte ended, or where its receiver acknowledged up to; or it refuses a
 * connection and acknowledges its SYN (RFC 5961, section 3; RFC 9293, section 3.10.7.3).
 */
bool oracle_may_reset(const struct oracle *o, bool answer, const struct ses_packet *p)
{
    if (!(p->tcp_flags & RST))
        return false;
    if (o->picked_up || !has_sent(o, answer, SYN, RST))
        return o->picked_up || p->tcp_flags & ACK;
    for (unsigned i = 0; i < o->n; i++) {
        const struct ses_packet *seen = &o->packet[i].p;

        if (o->packet[i].answer == answer && (p->seq == end_of(seen) || p->seq == seen->seq))
            return true;
        if (o->packet[i].answer != answer && seen->tcp_flags & ACK && p->seq == seen->ack)
            return true;
    }
    return false;
}

bool oracle_may_reopen(const struct oracle *o)
{
    return is_tcp(o) && (o->picked_up || oracle_may_be(o, SES_CLOSING));
}

/* The kind of request, of which a reply is 0, 14, 16, 18 or 129. */
static bool was_asked(const struct oracle *o, uint8_t reply)
{
    for (unsigned i = 0; i < o->n; i++) {
        uint8_t type = o->packet[i].p.icmp_type;

        if (!o->packet[i].answer && (type == 8 ? reply == 0 : type + 1 == reply))
            return true;
    }
    return false;
}

/* Does it fit this window behind any SYN of its sender's? Of several the end points know which one counts. */
static bool fits_behind_a_syn(const struct oracle *o, bool answer, const struct ses_packet *p,
                              uint32_t window)
{
    for (unsigned i = 0; i < o->n; i++) {
        const struct ses_packet *syn = &o->packet[i].p;

        if (o->packet[i].answer == answer && syn->tcp_flags & SYN &&
            !is_before(end_of(syn) + window, end_of(p)))
            return true;
    }
    return false;
}

/* The largest shift of this end's SYNs. None may still be one that was assumed. */
static unsigned largest_shift(const struct oracle *o, bool answer)
{
    unsigned largest = 0;

    for (unsigned i = 0; i < o->n; i++) {
        unsigned shift = o->packet[i].p.wscale > 14 ? 14 : o->packet[i].p.wscale;

        if (o->packet[i].answer == answer && o->packet[i].p.tcp_flags & SYN && shift > largest)
            largest = shift;
    }
    return largest;
}

/*
 * Is there nothing that the other end has ever offered this segment would fit? An offer begins at the acknowledgement, that of a
 * first SYN behind the other's SYN. Its shift is that of the SYN, and taken for a SYN's own window as well.
 */
static bool is_beyond_all_windows(const struct oracle *o, bool answer, const struct ses_packet *p)
{
    unsigned shift = largest_shift(o, !answer);

    for (unsigned i = 0; i < o->n; i++) {
        const struct ses_packet *seen = &o->packet[i].p;
        uint32_t window = (uint32_t)seen->window << shift;

        if (o->packet[i].answer == answer)
            continue;
        window = window ? window : 1;
        if (seen->tcp_flags & ACK ? !is_before(seen->ack + window, end_of(p))
                                  : fits_behind_a_syn(o, answer, p, window))
            return false;
    }
    return true;
}

bool oracle_may_pass(const struct oracle *o, bool answer, const struct ses_packet *p)
{
    if (is_icmp(o))
        return !answer || was_asked(o, p->icmp_type);
    if (!is_tcp(o))
        return true;
    if ((p->tcp_flags & (SYN | RST)) == (SYN | RST) || (p->tcp_flags & (SYN | FIN)) == (SYN | FIN))
        return false;
    if (p->tcp_flags & (SYN | RST))
        return true;
    if (!(p->tcp_flags & ACK))
        return false;
    /* Data of an end that has seen no SYN of the other one's, or sent none. */
    if (!o->picked_up && p->payload > 0 &&
        (!has_sent(o, false, SYN, 0) || !has_sent(o, true, SYN, 0)))
        return false;
    /* Before both have sent a SYN, and behind a reset, what passes is for its receiver to refuse. */
    return o->picked_up || !has_sent(o, false, SYN, RST) || !has_sent(o, true, SYN, RST) ||
           has_sent(o, false, RST, 0) || has_sent(o, true, RST, 0) ||
           !is_beyond_all_windows(o, answer, p);
}

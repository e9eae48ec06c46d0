/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ICMP and ICMPv6 queries. The initiator asks, the responder replies to what was asked, by kind; nothing else passes.
 * Errors never come here: they belong to the session of the packet they quote.
 */
#include "proto.h"

/* A request and its reply: RFC 792, RFC 950 (mask), RFC 4443 (ICMPv6 echo). */
static const struct {
    uint8_t proto, request, reply;
} kinds[] = {
    {HSR_PROTO_ICMP, 8, 0},   {HSR_PROTO_ICMP, 13, 14},    {HSR_PROTO_ICMP, 15, 16},
    {HSR_PROTO_ICMP, 17, 18}, {HSR_PROTO_ICMP6, 128, 129},
};

#define KINDS (sizeof kinds / sizeof kinds[0])

/* Bit of the kind whose request (`reply` false) or reply this is, or 0. */
static uint8_t kind_of(const struct ses_packet *p, bool reply)
{
    for (unsigned i = 0; i < KINDS; i++) {
        if (kinds[i].proto == p->proto &&
            p->icmp_type == (reply ? kinds[i].reply : kinds[i].request))
            return (uint8_t)(1u << i);
    }
    return 0;
}

static enum hsr_drop icmp_opens(const struct ses_packet *p, enum ses_midstream policy)
{
    (void)policy; /* a reply without a request tells nothing worth picking up */
    return kind_of(p, false) ? HSR_DROP_NONE : HSR_DROP_ICMP_STATE;
}

static void icmp_begin(struct session *s, unsigned dir, const struct ses_packet *p)
{
    (void)dir;
    s->icmp_asked = kind_of(p, false);
}

static uint32_t icmp_idle(const struct session *s, const struct ses_timeouts *t)
{
    (void)s;
    return t->icmp;
}

static enum ses_outcome icmp_update(struct session *s, unsigned dir, const struct ses_packet *p,
                                    const struct ses_timeouts *t, uint32_t *idle,
                                    enum hsr_drop *drop)
{
    bool reply = dir != ses_initiator(s);
    uint8_t kind = kind_of(p, reply);

    if (kind == 0 || (reply && !(s->icmp_asked & kind))) {
        *drop = HSR_DROP_ICMP_STATE;
        return SES_REFUSED;
    }
    if (reply)
        s->state = SES_ESTABLISHED;
    else
        s->icmp_asked |= kind;
    *idle = t->icmp;
    return SES_CONTINUES;
}

static const char *icmp_state_name(const struct session *s)
{
    return s->state == SES_EMBRYONIC ? "asked" : "answered";
}

const struct ses_proto proto_icmp = {
    .name = "icmp",
    .opens = icmp_opens,
    .begin = icmp_begin,
    .update = icmp_update,
    .idle = icmp_idle,
    .state_name = icmp_state_name,
};

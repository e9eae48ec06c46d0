/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"
#include "proto.h"

const struct ses_proto *ses_proto(uint8_t proto)
{
    static const struct ses_proto *const protos[UINT8_MAX + 1] = {
        [HSR_PROTO_TCP] = &proto_tcp,   [HSR_PROTO_UDP] = &proto_udp,
        [HSR_PROTO_ICMP] = &proto_icmp, [HSR_PROTO_ICMP6] = &proto_icmp,
        [HSR_PROTO_SCTP] = &proto_sctp,
    };

    return protos[proto] ? protos[proto] : &proto_other;
}

static const struct ses_proto *proto_of(const struct session *s)
{
    return ses_proto(s->proto);
}

const char *ses_state_name(const struct session *s)
{
    return proto_of(s)->state_name(s);
}

enum hsr_drop ses_opens(const struct ses_packet *p, enum ses_midstream policy)
{
    return ses_proto(p->proto)->opens(p, policy);
}

void ses_begin(struct ses_table *t, struct session *s, const struct ses_packet *p, uint64_t now)
{
    const struct ses_proto *proto = proto_of(s);

    proto->begin(s, ses_initiator(s), p);
    ses_arm(t, s, now, proto->idle(s, &t->timeouts) * NS_PER_S);
    ses_seal(t, s);
}

void ses_burst(struct ses_table *t, uint64_t now)
{
    t->udp_single = wheel_deadline(t, now, t->timeouts.udp_single * NS_PER_S);
    t->udp_stream = wheel_deadline(t, now, t->timeouts.udp_stream * NS_PER_S);
}

bool ses_keep_udp(const struct ses_table *t, struct session *s, unsigned dir)
{
    uint32_t deadline = s->state == SES_EMBRYONIC ? t->udp_single : t->udp_stream;

    if ((s->state != SES_ESTABLISHED && dir != ses_initiator(s)) || s->deadline == 0 ||
        (int32_t)(deadline - s->deadline) < 0)
        return false;
    if (s->deadline != deadline) /* once a tick: else the line stays clean */
        s->deadline = deadline;
    return true;
}

enum ses_outcome ses_track(struct ses_table *t, struct session *s, unsigned dir,
                           const struct ses_packet *p, uint64_t now, enum hsr_drop *drop)
{
    uint8_t before = s->state;
    enum ses_outcome outcome;

    t->idle = 0;
    t->drop = HSR_DROP_NONE;
    outcome = proto_of(s)->update(s, dir, p, &t->timeouts, &t->idle, &t->drop);
    *drop = t->drop;
    if (t->idle)
        ses_arm(t, s, now, t->idle * NS_PER_S);
    if (s->state != before)
        evict_moved(t, s, before);
    return outcome;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* UDP: short-lived until the responder has answered, so that a flood in one direction ages fast and goes first. */
#include "proto.h"

static uint32_t udp_idle(const struct session *s, const struct ses_timeouts *t)
{
    return s->state == SES_EMBRYONIC ? t->udp_single : t->udp_stream;
}

static enum ses_outcome udp_update(struct session *s, unsigned dir, const struct ses_packet *p,
                                   const struct ses_timeouts *t, uint32_t *idle,
                                   enum hsr_drop *drop)
{
    (void)p;
    (void)drop;
    if (dir != ses_initiator(s))
        s->state = SES_ESTABLISHED;
    *idle = udp_idle(s, t);
    return SES_CONTINUES;
}

const struct ses_proto proto_udp = {
    .name = "udp",
    .opens = two_way_opens,
    .begin = two_way_begin,
    .update = udp_update,
    .idle = udp_idle,
    .state_name = two_way_state_name,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* SCTP and whatever else runs over IP: known by its tuple, with no state but whether the responder has answered. */
#include "proto.h"

enum hsr_drop two_way_opens(const struct ses_packet *p, enum ses_midstream policy)
{
    (void)p;
    (void)policy;
    return HSR_DROP_NONE;
}

void two_way_begin(struct session *s, unsigned dir, const struct ses_packet *p)
{
    (void)s;
    (void)dir;
    (void)p;
}

const char *two_way_state_name(const struct session *s)
{
    return s->state == SES_EMBRYONIC ? "single" : "stream";
}

static uint32_t other_idle(const struct session *s, const struct ses_timeouts *t)
{
    (void)s;
    return t->other;
}

static enum ses_outcome other_update(struct session *s, unsigned dir, const struct ses_packet *p,
                                     const struct ses_timeouts *t, uint32_t *idle,
                                     enum hsr_drop *drop)
{
    (void)p;
    (void)drop;
    if (dir != ses_initiator(s))
        s->state = SES_ESTABLISHED;
    *idle = t->other;
    return SES_CONTINUES;
}

const struct ses_proto proto_sctp = {
    .name = "sctp",
    .opens = two_way_opens,
    .begin = two_way_begin,
    .update = other_update,
    .idle = other_idle,
    .state_name = two_way_state_name,
};

const struct ses_proto proto_other = {
    .name = "other",
    .opens = two_way_opens,
    .begin = two_way_begin,
    .update = other_update,
    .idle = other_idle,
    .state_name = two_way_state_name,
};

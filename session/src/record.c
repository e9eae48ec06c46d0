/* SPDX-License-Identifier: Apache-2.0 */
#include "session/record.h"

#include <string.h>

#include "internal.h"
#include "proto.h"

/* Address of the low (`high` false) or high end point. */
static void put_address(uint8_t *to, const struct hsr_key *key, bool high)
{
    if (key->ipv6) {
        hsr_store64(to, key->w[high ? 2 : 0]);
        hsr_store64(to + 8, key->w[high ? 3 : 1]);
    } else {
        hsr_store32(to, (uint32_t)(key->w[0] >> (high ? 0 : 32)));
    }
}

/* Packets with this key that come from its low (`high` false) or high end point. */
static void put_tuple(struct ses_record_tuple *to, const struct hsr_key *key, bool high)
{
    uint64_t tail = hsr_key_tail(key);

    put_address(to->src, key, high);
    put_address(to->dst, key, !high);
    to->sport = hsr_key_port(tail, high);
    to->dport = hsr_key_port(tail, !high);
    to->context = hsr_key_context(tail);
}

static void put_tuples(struct ses_record *r, const struct ses_table *t, const struct session *s)
{
    bool second = s->flags & SES_F_KEY2, swapped = s->flags & SES_F_SWAPPED;
    struct hsr_key key;

    ses_key(t, s, false, &key);
    put_tuple(&r->tuple[0], &key, swapped);
    if (second)
        ses_key(t, s, true, &key);
    put_tuple(&r->tuple[1], &key, second ? (s->flags & SES_F_SWAPPED2) != 0 : !swapped);
}

/* The session's deadline in ns; 0 when no timer runs. */
static uint64_t deadline_ns(const struct session *s, uint64_t now)
{
    uint64_t tick = now >> TICK_SHIFT;
    int32_t wait = (int32_t)(s->deadline - (uint32_t)tick);

    return s->deadline ? (tick + (uint64_t)(int64_t)wait) << TICK_SHIFT : 0;
}

void ses_export(const struct ses_table *t, const struct session *s, uint64_t now,
                struct ses_record *r)
{
    unsigned from = ses_initiator(s);

    memset(r, 0, sizeof *r);
    r->version = SES_RECORD_VERSION;
    r->size = sizeof *r;
    r->family = s->flags & SES_F_IPV6 ? 6 : 4;
    r->proto = s->proto;
    r->state = s->state;
    r->flags = s->flags;
    put_tuples(r, t, s);
    r->origin = s->origin;
    r->target = s->target;
    r->policy = s->policy;
    r->flow_id = ses_flow_id(t, s, false);
    r->created = s->created;
    r->deadline = deadline_ns(s, now);
    for (unsigned i = 0; i < 2; i++) {
        r->packets[i] = s->dir[from ^ i].packets;
        r->bytes[i] = s->dir[from ^ i].bytes;
        if (r->proto == HSR_PROTO_TCP)
            r->tcp[i] = s->tcp[from ^ i];
    }
}

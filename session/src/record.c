/* SPDX-License-Identifier: Apache-2.0 */
#include "session/record.h"

#include <string.h>

#include "internal.h"
#include "proto.h"

/* Address of the low (`high` false) or high end point. */
static void put_address(uint8_t *to, const struct session *s, bool high)
{
    if (s->flags & SES_F_IPV6) {
        hsr_store64(to, s->key6[high ? 2 : 0]);
        hsr_store64(to + 8, s->key6[high ? 3 : 1]);
    } else {
        hsr_store32(to, (uint32_t)(s->key_addrs >> (high ? 0 : 32)));
    }
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
    r->proto = hsr_key_proto(s->key_ports);
    r->state = s->state;
    r->flags = s->flags;
    put_address(r->src, s, from);
    put_address(r->dst, s, !from);
    r->sport = hsr_key_port(s->key_ports, from);
    r->dport = hsr_key_port(s->key_ports, !from);
    r->context = hsr_key_context(s->key_ports);
    r->origin = s->origin;
    r->target = s->target;
    r->policy = s->policy;
    r->flow_id = ses_flow_id(t, s);
    r->created = s->created;
    r->deadline = deadline_ns(s, now);
    for (unsigned i = 0; i < 2; i++) {
        r->packets[i] = s->dir[from ^ i].packets;
        r->bytes[i] = s->dir[from ^ i].bytes;
        if (r->proto == HSR_PROTO_TCP)
            r->tcp[i] = s->tcp[from ^ i];
    }
}

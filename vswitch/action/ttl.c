/* SPDX-License-Identifier: Apache-2.0 */
/* One hop: TTL or hop limit down by one, IPv4 checksum along with it (RFC 1624). */
#include <stdio.h>

#include "actions.h"
#include "hsring/csum.h"

static void hop(struct act_packet *p)
{
    uint8_t *ip = act_frame(p) + p->l3;
    uint8_t *ttl = p->meta.flags & HSR_RXF_IPV6 ? ip + 7 : ip + 8;

    if (*ttl <= 1) {
        p->drop = HSR_DROP_TTL;
        return;
    }
    *ttl = (uint8_t)(*ttl - 1);
    if (!(p->meta.flags & HSR_RXF_IPV6))
        hsr_store16(ip + 10, hsr_csum_update(hsr_load16(ip + 10), 0x0100, 0));
}

static void run(struct act_vector *v, const struct act_action *a)
{
    (void)a;
    for (struct act_packet *p = v->packet, *end = v->end; p < end; p++)
        if (p->drop == HSR_DROP_NONE)
            hop(p);
}

static void describe(const struct act_action *a, const struct act_store *s,
                     const struct ses_dir *dir, char *text, uint32_t size)
{
    (void)a;
    (void)s;
    (void)dir;
    snprintf(text, size, "ttl -1");
}

const struct act_ops act_ttl = {.name = "ttl", .run = run, .describe = describe};

/* SPDX-License-Identifier: Apache-2.0 */
/* Leave the tunnel: the frame begins at the inner Ethernet header. Congestion marks move inwards (RFC 6040, 4.2). */
#include <stdio.h>

#include "actions.h"
#include "hsring/csum.h"

#define ECN_MASK 3u
#define ECN_CE   3u

/* Set CE in the inner header, or say that it may not be. */
static enum hsr_drop carry_ce(struct act_packet *p)
{
    uint8_t *ip = act_frame(p) + p->l3;

    if (p->meta.flags & HSR_RXF_IPV6) {
        if ((ip[1] >> 4 & ECN_MASK) == 0)
            return HSR_DROP_ECN;
        ip[1] = (uint8_t)(ip[1] | ECN_CE << 4);
        return HSR_DROP_NONE;
    }
    uint16_t before = hsr_load16(ip);

    if ((before & ECN_MASK) == 0)
        return HSR_DROP_ECN;
    hsr_store16(ip, (uint16_t)(before | ECN_CE));
    hsr_store16(ip + 10, hsr_csum_update(hsr_load16(ip + 10), before, before | ECN_CE));
    return HSR_DROP_NONE;
}

static void run(struct act_vector *v, const struct ses_action *a)
{
    (void)a;
    for (uint32_t i = 0; i < v->n; i++) {
        struct act_packet *p = v->packet[i];

        if ((p->meta.flags & HSR_RXF_LINE1) && (p->meta.flags1 & HSR_RX1F_OUTER_CE))
            p->drop = (uint8_t)carry_ce(p);
        p->frame_off += p->l2;
        p->frame_len -= p->l2;
        p->l3 = (uint16_t)(p->l3 - p->l2);
        p->l4 = (uint16_t)(p->l4 - p->l2);
        p->l2 = 0;
    }
}

static void describe(const struct ses_action *a, const struct act_templates *t, char *text,
                     uint32_t size)
{
    (void)a;
    (void)t;
    snprintf(text, size, "decap");
}

const struct act_ops act_decap = {"decap", run, describe};

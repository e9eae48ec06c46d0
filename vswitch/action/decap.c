/* SPDX-License-Identifier: Apache-2.0 */
/* Leave the tunnel: the frame begins at the inner Ethernet header. Congestion marks move inwards (RFC 6040, 4.2). */
#include <stdio.h>

#include "actions.h"
#include "hsring/csum.h"

enum { ECN_MASK = 3, NOT_ECT = 0, ECT1 = 1, ECT0 = 2, CE = 3 };

/* The field of a packet that left the tunnel; HSR_DROP_ECN where CE may not be put (RFC 6040, figure 4). */
static enum hsr_drop combine(unsigned outer, unsigned inner, unsigned *result)
{
    *result = inner;
    if (outer == CE && inner == NOT_ECT)
        return HSR_DROP_ECN;
    if (outer == CE || (outer == ECT1 && inner == ECT0))
        *result = outer;
    return HSR_DROP_NONE;
}

/* Behind the first Ethernet header, and its tags if there are any. */
const uint8_t *act_outer_ip(const struct act_packet *p, uint32_t len)
{
    struct hsr_cursor c = {.at = p->slot + HSR_SLOT_FRAME, .left = p->meta.l2_off};
    const uint8_t *type;

    if (hsr_pull(&c, 12) == NULL || (type = hsr_pull(&c, 2)) == NULL)
        return NULL;
    while (hsr_load16(type) == 0x8100 || hsr_load16(type) == 0x88A8)
        if (hsr_pull(&c, 2) == NULL || (type = hsr_pull(&c, 2)) == NULL)
            return NULL;
    return hsr_peek(&c, len);
}

static unsigned outer_ecn(const struct act_packet *p)
{
    const uint8_t *ip = act_outer_ip(p, 2);

    if (ip == NULL)
        return NOT_ECT;
    return (ip[0] >> 4 == 6 ? ip[1] >> 4 : ip[1]) & ECN_MASK;
}

static enum hsr_drop carry_ecn(struct act_packet *p)
{
    bool ipv6 = p->meta.flags & HSR_RXF_IPV6;
    uint8_t *ip = act_frame(p) + p->l3;
    uint16_t before = hsr_load16(ip), after;
    unsigned shift = ipv6 ? 4 : 0, inner = before >> shift & ECN_MASK, result;
    enum hsr_drop drop = combine(outer_ecn(p), inner, &result);

    if (drop != HSR_DROP_NONE || result == inner)
        return drop;
    after = (uint16_t)((before & ~((unsigned)ECN_MASK << shift)) | result << shift);
    hsr_store16(ip, after);
    if (!ipv6)
        hsr_store16(ip + 10, hsr_csum_update(hsr_load16(ip + 10), before, after));
    return HSR_DROP_NONE;
}

/* Most packets carry no mark, and what is no IP has nowhere to put one. */
static bool marked(const struct act_packet *p)
{
    return (p->meta.flags & HSR_RXF_LINE1) && p->meta.class != HSR_CLASS_ARP &&
           (p->meta.flags1 & (HSR_RX1F_OUTER_CE | HSR_RX1F_OUTER_ECT));
}

static void run(struct act_vector *v, const struct act_action *a)
{
    (void)a;
    for (struct act_packet *p = v->packet, *end = v->end; p < end; p++) {
        if (p->drop != HSR_DROP_NONE)
            continue;
        if (marked(p))
            p->drop = (uint8_t)carry_ecn(p);
        p->frame_off += p->l2;
        p->frame_len -= p->l2;
        p->l3 = (uint16_t)(p->l3 - p->l2);
        p->l4 = (uint16_t)(p->l4 - p->l2);
        p->l2 = 0;
    }
}

static void describe(const struct act_action *a, const struct act_store *s,
                     const struct ses_dir *dir, char *text, uint32_t size)
{
    (void)a;
    (void)s;
    (void)dir;
    snprintf(text, size, "decap");
}

const struct act_ops act_decap = {.name = "decap", .run = run, .describe = describe};

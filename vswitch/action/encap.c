/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enter a tunnel: VXLAN over IPv4 (RFC 7348). The template is the whole outer header with lengths, identification and
 * source port zero and the header checksum of exactly that; per packet only those change.
 *
 * The source port carries the flow's entropy. The inner ECN field is copied outwards (RFC 6040, normal mode).
 */
#include <stdio.h>
#include <string.h>

#include "actions.h"
#include "hsring/csum.h"

#define OUTER_L3  14
#define OUTER_L4  34
#define OUTER_LEN 50
#define MAX_IP    65535u

static uint8_t inner_ecn(const struct act_packet *p)
{
    if (p->meta.class == HSR_CLASS_ARP)
        return 0; /* what is no IP has no such field */
    const uint8_t *ip = act_frame(p) + p->l3;

    return p->meta.flags & HSR_RXF_IPV6 ? ip[1] >> 4 & 3 : ip[1] & 3;
}

static void push(struct act_packet *p, const uint8_t *outer)
{
    uint8_t ecn = inner_ecn(p);

    p->frame_off -= OUTER_LEN;
    p->frame_len += OUTER_LEN;
    uint8_t *frame = act_frame(p);
    uint8_t *ip = frame + OUTER_L3, *udp = frame + OUTER_L4;
    uint32_t ip_len = p->frame_len - OUTER_L3;

    if (ip_len > MAX_IP)
        ip_len =
            MAX_IP; /* only a GSO frame is this long: the Post-Processor writes each segment's own length */
    memcpy(frame, outer, OUTER_LEN);
    ip[1] = (uint8_t)(ip[1] | ecn);
    hsr_store16(ip + 2, (uint16_t)ip_len);
    hsr_store16(ip + 10, hsr_csum_update(hsr_load16(ip + 10), 0, (uint64_t)ip_len + ecn));
    hsr_store16(udp, (uint16_t)(0xC000 | (p->meta.hash >> HSR_HASH_TAG_SHIFT & 0x3FFF)));
    hsr_store16(udp + 4, (uint16_t)(ip_len - 20));
    p->l3 = (uint16_t)(p->l3 + OUTER_LEN);
    p->l4 = (uint16_t)(p->l4 + OUTER_LEN);
    p->l2 = (uint16_t)(p->l2 + OUTER_LEN);
    p->outer_l3 = OUTER_L3;
    p->outer_l4 = OUTER_L4;
    p->encap = true;
}

static void run(struct act_vector *v, const struct act_action *a)
{
    const uint8_t *outer = act_template(v->store, a->arg32);

    for (struct act_packet *p = v->packet, *end = v->end; p < end; p++)
        if (p->drop == HSR_DROP_NONE)
            push(p, outer);
}

static void describe(const struct act_action *a, const struct act_store *s,
                     const struct ses_dir *dir, char *text, uint32_t size)
{
    const uint8_t *o = act_template(s, a->arg32);

    (void)dir;
    snprintf(text, size, "encap vxlan vni %u to %u.%u.%u.%u", hsr_load32(o + 46) >> 8, o[30], o[31],
             o[32], o[33]);
}

const struct act_ops act_encap = {
    .name = "encap", .run = run, .describe = describe, .holds_template = true};

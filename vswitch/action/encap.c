/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enter a tunnel: VXLAN (RFC 7348) or Geneve (RFC 8926) over IPv4. The template is the whole outer header with lengths,
 * identification and source port zero and the header checksum of exactly that; per packet only those change.
 *
 * The source port carries the flow's entropy. The inner ECN field is copied outwards (RFC 6040, normal mode).
 */
#include <stdio.h>
#include <string.h>

#include "actions.h"
#include "hsring/csum.h"
#include "hsring/wire.h"

#define OUTER_L3 14
#define OUTER_L4 34
#define TUNNEL   (OUTER_L4 + HSR_UDP_HDR)
#define MAX_IP   65535u

static uint8_t inner_ecn(const struct act_packet *p)
{
    if (p->meta.class == HSR_CLASS_ARP)
        return 0; /* what is no IP has no such field */
    const uint8_t *ip = act_frame(p) + p->l3;

    return p->meta.flags & HSR_RXF_IPV6 ? ip[1] >> 4 & 3 : ip[1] & 3;
}

static void push(struct act_packet *p, const uint8_t *outer, uint16_t len)
{
    uint8_t ecn = inner_ecn(p);

    p->frame_off -= len;
    p->frame_len += len;
    uint8_t *frame = act_frame(p);
    uint8_t *ip = frame + OUTER_L3, *udp = frame + OUTER_L4;
    uint32_t ip_len = p->frame_len - OUTER_L3;

    if (ip_len > MAX_IP)
        ip_len =
            MAX_IP; /* only a GSO frame is this long: the Post-Processor writes each segment's own length */
    memcpy(frame, outer, len);
    ip[1] = (uint8_t)(ip[1] | ecn);
    hsr_store16(ip + 2, (uint16_t)ip_len);
    hsr_store16(ip + 10, hsr_csum_update(hsr_load16(ip + 10), 0, (uint64_t)ip_len + ecn));
    hsr_store16(udp, (uint16_t)(0xC000 | (p->meta.hash >> HSR_HASH_TAG_SHIFT & 0x3FFF)));
    hsr_store16(udp + 4, (uint16_t)(ip_len - 20));
    p->l3 = (uint16_t)(p->l3 + len);
    p->l4 = (uint16_t)(p->l4 + len);
    p->l2 = (uint16_t)(p->l2 + len);
    p->outer_l3 = OUTER_L3;
    p->outer_l4 = OUTER_L4;
    p->encap = true;
}

static void run(struct act_vector *v, const struct act_action *a)
{
    const uint8_t *outer = act_template(v->store, a->arg32);

    for (struct act_packet *p = v->packet, *end = v->end; p < end; p++)
        if (p->drop == HSR_DROP_NONE)
            push(p, outer, a->arg16);
}

static void describe(const struct act_action *a, const struct act_store *s,
                     const struct ses_dir *dir, char *text, uint32_t size)
{
    const uint8_t *o = act_template(s, a->arg32);
    bool geneve = hsr_load16(o + OUTER_L4 + 2) == HSR_PORT_GENEVE;
    uint32_t options = a->arg16 - (TUNNEL + 8u);
    int n = snprintf(text, size, "encap %s vni %u to %u.%u.%u.%u", geneve ? "geneve" : "vxlan",
                     hsr_load32(o + TUNNEL + 4) >> 8, o[30], o[31], o[32], o[33]);

    (void)dir;
    if (options > 0 && n > 0 && (uint32_t)n < size)
        snprintf(text + n, size - (uint32_t)n, ", %u bytes of options", options);
}

const struct act_ops act_encap = {
    .name = "encap", .run = run, .describe = describe, .holds_template = true};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enter a tunnel: VXLAN (RFC 7348) or Geneve (RFC 8926) over IPv4 or IPv6. The template is the whole outer header with
 * lengths, identification, flow label, source port and UDP checksum zero and the header checksum of exactly that; per packet
 * only those change.
 *
 * The source port carries the flow's entropy, over IPv6 the flow label too (RFC 6438). The inner ECN field is copied outwards
 * (RFC 6040, normal mode). A UDP checksum is the Post-Processor's.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "action/encap4.h"
#include "actions.h"
#include "hsring/wire.h"

#define OUTER_L46 (ENCAP_L3 + HSR_IP6_HDR)
#define LABEL     0xFFFFFu /* bits of a flow label */

static inline uint8_t inner_ecn(const struct act_packet *p)
{
    if (p->meta.class == HSR_CLASS_ARP)
        return 0; /* what is no IP has no such field */
    const uint8_t *ip = act_frame(p) + p->l3;

    return p->meta.flags & HSR_RXF_IPV6 ? ip[1] >> 4 & 3 : ip[1] & 3;
}

/* Make room for the template; the frame from its first byte on. */
static inline uint8_t *push(struct act_packet *p, const struct act_action *a, uint16_t l4)
{
    uint16_t len = a->arg16;

    p->frame_off -= len;
    p->frame_len += len;
    p->l3 = (uint16_t)(p->l3 + len);
    p->l4 = (uint16_t)(p->l4 + len);
    p->l2 = (uint16_t)(p->l2 + len);
    p->outer_l3 = ENCAP_L3;
    p->outer_l4 = l4;
    p->encap = a->arg8;
    return act_frame(p);
}

static inline void push4(struct act_packet *p, const uint8_t *outer, const struct act_action *a)
{
    uint8_t ecn = inner_ecn(p), *frame = push(p, a, ENCAP_L4);

    encap4(frame, outer, a->arg16, p->frame_len, ecn, p->meta.hash);
}

static inline void push6(struct act_packet *p, const uint8_t *outer, const struct act_action *a)
{
    uint32_t ecn = inner_ecn(p), label = p->meta.hash >> HSR_HASH_TAG_SHIFT & LABEL;
    uint8_t *frame = memcpy(push(p, a, OUTER_L46), outer, a->arg16);
    uint8_t *ip = frame + ENCAP_L3, *udp = frame + OUTER_L46;
    uint16_t len = (uint16_t)encap_length(p->frame_len - OUTER_L46);

    hsr_store32(ip, hsr_load32(ip) | ecn << 20 | label);
    hsr_store16(ip + 4, len);
    hsr_store16(udp, encap_entropy(p->meta.hash));
    hsr_store16(udp + 4, len);
}

/* Apart, so that the registers it needs are not saved for IPv4. */
static __attribute__((noinline)) void run6(struct act_vector *v, const struct act_action *a,
                                           const uint8_t *outer)
{
    for (struct act_packet *p = v->packet, *end = v->end; p < end; p++)
        if (p->drop == HSR_DROP_NONE)
            push6(p, outer, a);
}

static void run(struct act_vector *v, const struct act_action *a)
{
    const uint8_t *outer = act_template(v->store, a->arg32);

    if (outer[ENCAP_L3] >> 4 == 6) {
        run6(v, a, outer);
        return;
    }
    for (struct act_packet *p = v->packet, *end = v->end; p < end; p++)
        if (p->drop == HSR_DROP_NONE)
            push4(p, outer, a);
}

static void describe(const struct act_action *a, const struct act_store *s,
                     const struct ses_dir *dir, char *text, uint32_t size)
{
    const uint8_t *o = act_template(s, a->arg32);
    bool six = o[ENCAP_L3] >> 4 == 6;
    const uint8_t *udp = o + (six ? OUTER_L46 : ENCAP_L4);
    bool geneve = hsr_load16(udp + 2) == HSR_PORT_GENEVE;
    uint32_t options = a->arg16 - (uint32_t)(udp - o) - HSR_UDP_HDR - 8u;
    char to[INET6_ADDRSTRLEN];
    int n;

    (void)dir;
    inet_ntop(six ? AF_INET6 : AF_INET, udp - (six ? 16 : 4), to, sizeof to);
    n = snprintf(text, size, "encap %s vni %u to %s", geneve ? "geneve" : "vxlan",
                 hsr_load32(udp + HSR_UDP_HDR + 4) >> 8, to);
    if (options > 0 && n > 0 && (uint32_t)n < size)
        snprintf(text + n, size - (uint32_t)n, ", %u bytes of options", options);
}

const struct act_ops act_encap = {
    .name = "encap", .run = run, .describe = describe, .holds_template = true};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translate addresses and ports (RFC 3022, RFC 4787, RFC 5508 for ICMP). What is written is in the program (arg8: enum
 * act_nat), whereto in the session's direction (struct act_nat_param), IPv6 addresses in a template that sessions share.
 */
#include "nat.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "action/nat_plain.h"
#include "actions.h"
#include "hsring/key.h"
#include "hsring/wire.h"

_Static_assert(sizeof(struct act_nat_param) <= SES_PARAM_BYTES, "fits a direction");

static struct nat_ends ends_of(const struct act_action *a, const struct act_store *s,
                               const struct act_nat_param *param)
{
    bool ipv6 = a->arg8 & ACT_NAT_IPV6;
    const uint8_t *six = ipv6 ? act_template(s, a->arg32) : NULL;

    return (struct nat_ends){
        .src = !(a->arg8 & ACT_NAT_SRC) ? NULL
               : ipv6                   ? six
                                        : param->src,
        .dst = !(a->arg8 & ACT_NAT_DST) ? NULL
               : ipv6                   ? six + 16
                                        : param->dst,
        .sport = param->sport,
        .dport = param->dport,
        .new_sport = a->arg8 & ACT_NAT_SPORT,
        .new_dport = a->arg8 & ACT_NAT_DPORT,
    };
}

static bool is_fragment(const struct act_packet *p)
{
    return p->meta.class == HSR_CLASS_FRAG;
}

/* Bytes of the L4 header; a fragment behind the first one has none. */
static uint32_t l4_bytes(const struct act_packet *p)
{
    if (!is_fragment(p))
        return (uint32_t)(p->meta.payload_off - p->meta.l4_off);
    if (!(p->meta.flags & HSR_RXF_LINE1) || !(p->meta.flags1 & HSR_RX1F_FRAG_FIRST))
        return 0;
    return p->frame_len - p->l4;
}

static bool translate(struct act_packet *p, const struct act_action *a, const struct act_store *s,
                      const struct act_nat_param *param)
{
    struct nat_ends ends = ends_of(a, s, param);
    uint8_t *frame = act_frame(p);
    bool ipv6 = p->meta.flags & HSR_RXF_IPV6;
    struct nat_headers h = {
        .ip = frame + p->l3,
        .l4 = frame + p->l4,
        .l4_len = l4_bytes(p),
        .proto = hsr_key_proto(p->meta.key_ports),
        .ipv6 = ipv6,
        .partial =
            (p->meta.flags & HSR_RXF_LINE1) && (p->meta.verdicts >> 2 & 3) == HSR_VERDICT_PARTIAL,
        .has_port = true,
    };

    if (p->meta.class == HSR_CLASS_ICMP_ERROR)
        return nat_rewrite_error(h.ip, h.l4, p->frame_len - p->l4, ipv6, &ends);
    return nat_rewrite(&h, &ends);
}

/* Nothing about it needs a second look: IPv4, no fragment, no error, a checksum of its own, the L4 header there. */
static bool is_plain(const struct act_packet *p)
{
    uint32_t need = p->meta.class == HSR_CLASS_UDP ? HSR_UDP_HDR : HSR_TCP_CSUM + 2;

    return !(p->meta.flags & (HSR_RXF_LINE1 | HSR_RXF_IPV6)) &&
           (p->meta.class == HSR_CLASS_UDP || p->meta.class == HSR_CLASS_TCP) &&
           p->meta.l4_off + need <= p->meta.payload_off;
}

static void rewrite_plain(struct act_packet *p, const uint8_t *param)
{
    uint8_t *frame = act_frame(p);

    nat_write_plain(param, frame + p->l3, frame + p->l4, p->meta.class == HSR_CLASS_UDP, 0);
}

static void run(struct act_vector *v, const struct act_action *a)
{
    bool ipv6 = a->arg8 & ACT_NAT_IPV6;
    struct act_nat_param param;

    memcpy(&param, v->dir->param, sizeof param);
    for (struct act_packet *p = v->packet, *end = v->end; p < end; p++) {
        if (p->drop != HSR_DROP_NONE)
            continue;
        if (!ipv6 && is_plain(p))
            rewrite_plain(p, v->dir->param);
        else if (!translate(p, a, v->store, &param))
            p->drop = HSR_DROP_META_BAD;
    }
}

/* "src 203.0.113.1:4000" */
static void describe_end(const char *what, const uint8_t *addr, bool ipv6, const uint16_t *port,
                         char *text, uint32_t size)
{
    char a[INET6_ADDRSTRLEN] = "";
    uint32_t used;

    if (addr != NULL)
        inet_ntop(ipv6 ? AF_INET6 : AF_INET, addr, a, sizeof a);
    used = (uint32_t)strlen(text);
    if (addr != NULL || port != NULL)
        snprintf(text + used, size - used, " %s %s", what, a);
    used = (uint32_t)strlen(text);
    if (port != NULL)
        snprintf(text + used, size - used, "%sport %u", addr != NULL ? " " : "", *port);
}

static void describe(const struct act_action *a, const struct act_store *s,
                     const struct ses_dir *dir, char *text, uint32_t size)
{
    struct act_nat_param param;
    bool ipv6 = a->arg8 & ACT_NAT_IPV6;

    memcpy(&param, dir->param, sizeof param);
    struct nat_ends ends = ends_of(a, s, &param);

    snprintf(text, size, "nat");
    describe_end("src", ends.src, ipv6, ends.new_sport ? &ends.sport : NULL, text, size);
    describe_end("dst", ends.dst, ipv6, ends.new_dport ? &ends.dport : NULL, text, size);
}

const struct act_ops act_nat = {
    .name = "nat",
    .run = run,
    .describe = describe,
    .holds_template = true,
    .template_may_be_none = true,
};

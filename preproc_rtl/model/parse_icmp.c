/* SPDX-License-Identifier: Apache-2.0 */
#include "hsring/csum.h"
#include "parse_scan.h"

#define ICMP_HDR 8

enum { ND_FIRST = 133, ND_LAST = 137 };

/* Classes of the types in the IANA registry that we know; all else is IP_OTHER: it has no
 * identifier to key by. */
static enum hsr_class class4(uint8_t type)
{
    switch (type) {
    case 0: /* echo, timestamp, information, address mask, extended echo */
    case 8:
    case 13:
    case 14:
    case 15:
    case 16:
    case 17:
    case 18:
    case 42:
    case 43:
        return HSR_CLASS_ICMP;
    case 3: /* unreachable, quench, redirect, time exceeded, parameter problem */
    case 4:
    case 5:
    case 11:
    case 12:
        return HSR_CLASS_ICMP_ERROR;
    default:
        return HSR_CLASS_IP_OTHER;
    }
}

static enum hsr_class class6(uint8_t type)
{
    if (type < 128) /* RFC 4443, section 2.1 */
        return HSR_CLASS_ICMP_ERROR;
    if (type >= ND_FIRST && type <= ND_LAST)
        return HSR_CLASS_ND;
    switch (type) {
    case 128:
    case 129:
    case 160:
    case 161:
        return HSR_CLASS_ICMP;
    case 130: /* MLD, MLDv2 */
    case 131:
    case 132:
    case 143:
        return HSR_CLASS_MULTICAST;
    default:
        return HSR_CLASS_IP_OTHER;
    }
}

/* RFC 4861, sections 4 and 6.1, 7.1, 8.1: fixed part by type, then options that never have length
 * 0. */
static enum hsr_drop nd(const struct pp_scan *s, uint8_t type, struct hsr_cursor c)
{
    static const uint8_t fixed[ND_LAST - ND_FIRST + 1] = {8, 16, 24, 24, 40};
    const uint8_t *opt;

    if (s->hop_limit != 255 || !hsr_pull(&c, fixed[type - ND_FIRST]))
        return HSR_DROP_ND_BAD;
    while (c.left > 0) {
        opt = hsr_peek(&c, 2);
        if (!opt)
            return HSR_DROP_ND_BAD;
        uint32_t size = opt[1] * 8u;
        if (size == 0 || !hsr_pull(&c, size))
            return HSR_DROP_ND_BAD;
    }
    return HSR_DROP_NONE;
}

enum hsr_drop pp_scan_icmp(struct pp_scan *s)
{
    struct hsr_cursor whole = s->c;
    const uint8_t *p = hsr_pull(&s->c, ICMP_HDR);
    uint64_t sum = 0;

    if (!p)
        return HSR_DROP_ICMP_HDR;
    uint8_t type = p[0];
    enum hsr_class class = s->family == 4 ? class4(type) : class6(type);
    s->m.tcp_flags = type;
    s->m.payload_off = (uint16_t)pp_scan_offset(s);
    pp_scan_class(s, class);
    if (class == HSR_CLASS_ICMP)
        s->sport = s->dport = hsr_load16(p + 4);
    if (s->family == 6)
        sum = hsr_pseudo6(s->addr, s->addr + 16, s->proto, whole.left);
    bool valid = (s->vnet.flags & VIRTIO_NET_HDR_F_DATA_VALID) && !s->inner;
    if (s->family == 6 && s->routed && !valid)
        return class == HSR_CLASS_ND ? nd(s, type, whole) : HSR_DROP_NONE;
    if (!valid && !hsr_csum_is_right(hsr_csum_add(sum, p, whole.left))) {
        pp_scan_verdict(s, PP_VERDICT_L4, HSR_VERDICT_BAD);
        return HSR_DROP_ICMP_CSUM;
    }
    pp_scan_verdict(s, PP_VERDICT_L4, HSR_VERDICT_GOOD);
    return class == HSR_CLASS_ND ? nd(s, type, whole) : HSR_DROP_NONE;
}

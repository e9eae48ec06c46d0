/* SPDX-License-Identifier: Apache-2.0 */
#include "parse_scan.h"

#define ETHER_ADDRS 12
#define ETHER_HDR   14
#define ARP_SIZE    28
#define MAX_TAGS    2

enum { TYPE_ARP = 0x0806 };

/* RFC 826 for Ethernet and IPv4 only. */
static enum hsr_drop arp(struct pp_scan *s)
{
    static const uint8_t head[6] = {0, 1, 0x08, 0x00, 6, 4};
    const uint8_t *p = hsr_peek(&s->c, ARP_SIZE);

    if (!p || memcmp(p, head, sizeof head) != 0 || (p[8] & 1))
        return HSR_DROP_ARP_BAD;
    pp_scan_trim(s, ARP_SIZE);
    hsr_pull(&s->c, ARP_SIZE);
    pp_scan_mark_l4(s);
    pp_scan_class(s, HSR_CLASS_ARP);
    return HSR_DROP_NONE;
}

enum hsr_drop pp_scan_l2(struct pp_scan *s)
{
    const uint8_t *p;
    uint16_t type;

    pp_scan_mark_l2(s);
    p = hsr_pull(&s->c, ETHER_HDR);
    if (!p)
        return HSR_DROP_PKT_TOO_SMALL;
    if (p[0] & 1)
        s->m.flags |= HSR_RXF_L2_MCAST;
    type = hsr_load16(p + ETHER_ADDRS);
    for (unsigned tags = 0; pp_is_tag(type); tags++) {
        if (tags == MAX_TAGS)
            return HSR_DROP_VLAN_DEPTH;
        p = hsr_pull(&s->c, PP_TAG);
        if (!p)
            return HSR_DROP_PKT_TOO_SMALL;
        /* The underlay's tag is the one that steers; an inner one shows in l3_off - l2_off. */
        if (tags == 0 && !s->inner) {
            s->m.vlan_tci = hsr_load16(p);
            s->m.flags1 |= HSR_RX1F_VLAN;
        }
        type = hsr_load16(p + 2);
    }
    pp_scan_mark_l3(s);
    switch (type) {
    case PP_TYPE_IP4:
        return pp_scan_ip4(s);
    case PP_TYPE_IP6:
        return pp_scan_ip6(s);
    case TYPE_ARP:
        return arp(s);
    default:
        pp_scan_class(s, HSR_CLASS_NON_IP);
        return HSR_DROP_NONE;
    }
}

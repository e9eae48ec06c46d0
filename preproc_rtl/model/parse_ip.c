/* SPDX-License-Identifier: Apache-2.0 */
#include "hsring/csum.h"
#include "parse_scan.h"

#define MAX_EXT  8
#define IP_LIMIT 65535

enum { EXT_HOP_BY_HOP = 0, EXT_ROUTING = 43, EXT_FRAGMENT = 44, EXT_AH = 51, EXT_DEST = 60 };

/* RFC 791, section 3.1; a source route means that the pseudo header holds another destination. */
static enum hsr_drop ip4_options(struct pp_scan *s, const uint8_t *p, uint32_t n)
{
    struct hsr_cursor c = {p, n};
    const uint8_t *opt;

    s->m.flags |= HSR_RXF_OPTIONS;
    while ((opt = hsr_pull(&c, 1)) && *opt != 0) {
        uint8_t type = *opt;
        const uint8_t *len;

        if (type == 1)
            continue;
        len = hsr_pull(&c, 1);
        if (!len)
            return HSR_DROP_IP_OPT;
        uint32_t size = *len;
        if (size < 2 || !hsr_pull(&c, size - 2))
            return HSR_DROP_IP_OPT;
        if (type == 131 || type == 137)
            s->routed = true;
    }
    return HSR_DROP_NONE;
}

/* Bytes of L4 that a first fragment must show: without them no filter could judge it (RFC 1858,
 * 3128, 7112). */
static uint32_t l4_minimum(uint8_t proto)
{
    switch (proto) {
    case HSR_PROTO_TCP:
        return 20;
    case HSR_PROTO_SCTP:
        return 12;
    case HSR_PROTO_UDP:
    case HSR_PROTO_ICMP:
    case HSR_PROTO_ICMP6:
        return 8;
    default:
        return 0;
    }
}

/*
 * What both families share. `before` are the bytes that the reassembled packet has in front of the
 * fragments' data.
 */
static enum hsr_drop fragment(struct pp_scan *s, uint32_t offset, bool more, uint32_t before)
{
    uint32_t n = s->c.left;

    if (n == 0 || (more && n % 8 != 0) || before + offset + n > IP_LIMIT)
        return HSR_DROP_FRAG_BAD;
    if (offset == 0 ? n < l4_minimum(s->proto) : s->proto == HSR_PROTO_TCP && offset < 16)
        return HSR_DROP_FRAG_BAD;
    s->m.flags1 = (uint8_t)(s->m.flags1 | (offset == 0 ? HSR_RX1F_FRAG_FIRST : 0) |
                            (more ? HSR_RX1F_FRAG_MORE : 0));
    s->fragment = true;
    /* Later fragments show no port, so none of a VTEP's UDP can be told from tunnel traffic. */
    if (s->in->uplink && !s->inner && s->proto == HSR_PROTO_UDP &&
        pp_tables_is_local(s->tables, s->addr + (s->family == 4 ? 4 : 16), s->family))
        return HSR_DROP_OUTER_FRAG;
    pp_scan_class(s, pp_scan_is_group(s) ? HSR_CLASS_MULTICAST : HSR_CLASS_FRAG);
    return HSR_DROP_NONE;
}

enum hsr_drop pp_scan_ip4(struct pp_scan *s)
{
    const uint8_t *p = hsr_peek(&s->c, HSR_IP4_HDR);
    enum hsr_drop reason;

    if (!p || p[0] >> 4 != 4)
        return HSR_DROP_IP_HDR;
    uint32_t header = (p[0] & 15u) * 4;
    uint32_t total = hsr_load16(p + 2);
    uint16_t frag = hsr_load16(p + 6);
    if (header < HSR_IP4_HDR || total < header || total > s->c.left)
        return HSR_DROP_IP_HDR;
    pp_scan_trim(s, total);
    hsr_pull(&s->c, header);
    pp_scan_mark_l4(s);
    if (!hsr_csum_is_right(hsr_csum_add(0, p, header))) {
        pp_scan_verdict(s, PP_VERDICT_L3, HSR_VERDICT_BAD);
        return HSR_DROP_IP_CSUM;
    }
    pp_scan_verdict(s, PP_VERDICT_L3, HSR_VERDICT_GOOD);
    if (header > HSR_IP4_HDR) {
        reason = ip4_options(s, p + HSR_IP4_HDR, header - HSR_IP4_HDR);
        if (reason)
            return reason;
    }
    s->tos = p[1];
    memcpy(s->addr, p + 12, 8);
    s->family = 4;
    s->proto = p[9];
    s->hop_limit = p[8];
    if (frag & 0x3FFF) {
        s->m.frag_id = hsr_load16(p + 4);
        return fragment(s, (frag & 0x1FFFu) * 8, frag & 0x2000, header);
    }
    return pp_scan_l4(s);
}

uint32_t pp_ext_length(uint8_t type, const uint8_t *p)
{
    switch (type) {
    case EXT_HOP_BY_HOP:
    case EXT_ROUTING:
    case EXT_DEST:
        return (p[1] + 1u) * 8;
    case EXT_FRAGMENT:
        return 8;
    case EXT_AH:
        return (p[1] + 2u) * 4;
    default:
        return 0;
    }
}

static bool is_ext(uint8_t type)
{
    return type == EXT_HOP_BY_HOP || type == EXT_ROUTING || type == EXT_DEST ||
           type == EXT_FRAGMENT || type == EXT_AH;
}

/* The fragment header just taken off the cursor, and what follows it; an atomic one (RFC 6946) is
 * no fragment. */
static enum hsr_drop ip6_fragment(struct pp_scan *s, const uint8_t *p, uint32_t before, bool *first)
{
    uint16_t word = hsr_load16(p + 2);
    enum hsr_drop reason;

    *first = false;
    if (!(word & 0xFFF9))
        return HSR_DROP_NONE;
    s->m.frag_id = hsr_load32(p + 4);
    s->proto = p[0];
    reason = fragment(s, word & 0xFFF8u, word & 1, before);
    *first = word < 8;
    return reason;
}

/* RFC 8200, section 4: the chain from `next` on, up to the L4 header or the end of a fragment's
 * headers. */
static enum hsr_drop ip6_chain(struct pp_scan *s, uint8_t next)
{
    bool first = false, fragmented = false;
    uint32_t start = pp_scan_offset(s);

    for (unsigned count = 0; is_ext(next); count++) {
        const uint8_t *p = hsr_peek(&s->c, 2);
        bool in_place = next != EXT_HOP_BY_HOP || count == 0;

        s->m.flags |= HSR_RXF_OPTIONS;
        if (!p || count == MAX_EXT || !in_place)
            return HSR_DROP_IP6_EXT;
        p = hsr_pull(&s->c, pp_ext_length(next, p));
        if (!p)
            return HSR_DROP_IP6_EXT;
        pp_scan_mark_l4(s);
        if (next == EXT_ROUTING && p[3] != 0)
            s->routed = true;
        if (next == EXT_FRAGMENT) {
            if (fragmented)
                return HSR_DROP_IP6_EXT;
            fragmented = true;
            enum hsr_drop reason = ip6_fragment(s, p, pp_scan_offset(s) - start - 8, &first);
            if (reason || (s->fragment && !first))
                return reason;
        }
        next = p[0];
    }
    if (!s->fragment)
        s->proto = next;
    else if (s->c.left < l4_minimum(next))
        return HSR_DROP_FRAG_BAD;
    return HSR_DROP_NONE;
}

enum hsr_drop pp_scan_ip6(struct pp_scan *s)
{
    const uint8_t *p = hsr_pull(&s->c, HSR_IP6_HDR);
    enum hsr_drop reason;

    if (!p || p[0] >> 4 != 6)
        return HSR_DROP_IP6_HDR;
    uint32_t length = hsr_load16(p + 4);
    if (length + HSR_IP6_HDR > IP_LIMIT)
        return HSR_DROP_PKT_TOO_BIG;
    if (length > s->c.left)
        return HSR_DROP_IP6_HDR;
    pp_scan_trim(s, length);
    pp_scan_mark_l4(s);
    s->tos = (uint8_t)(hsr_load16(p) >> 4);
    memcpy(s->addr, p + 8, 32);
    s->family = 6;
    s->hop_limit = p[7];
    s->proto = p[6];
    reason = ip6_chain(s, s->proto);
    if (reason || s->fragment)
        return reason;
    return pp_scan_l4(s);
}

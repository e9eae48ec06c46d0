/* SPDX-License-Identifier: Apache-2.0 */
#include "hsring/csum.h"
#include "parse_scan.h"
#include "preproc/usual.h"

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16, TCP_ALL = 63 };

static uint64_t pseudo(const struct pp_scan *s, uint32_t n)
{
    return s->family == 4 ? hsr_pseudo4(s->addr, s->addr + 4, s->proto, n)
                          : hsr_pseudo6(s->addr, s->addr + 16, s->proto, n);
}

static bool sum_is_right(const struct pp_scan *s, const uint8_t *p, uint32_t n)
{
    static const uint8_t zero[4];
    uint32_t crc;

    if (s->proto != HSR_PROTO_SCTP)
        return hsr_csum_is_right(hsr_csum_add(pseudo(s, n), p, n));
    crc = hsr_crc32c(~0u, p, 8);
    crc = hsr_crc32c(crc, zero, sizeof zero);
    crc = ~hsr_crc32c(crc, p + HSR_SCTP_HDR, n - HSR_SCTP_HDR);
    return hsr_load32(p + 8) ==
           __builtin_bswap32(crc); /* RFC 9260, appendix A: least significant byte first */
}

/*
 * The verdict on the `n` bytes of a segment at `p`, whose checksum field lies at `field`: what the
 * sender said of it, if that is about this header, else by computing. `wrong` is the reason for a
 * wrong sum.
 */
static enum hsr_drop judge(struct pp_scan *s, const uint8_t *p, uint32_t n, uint16_t field,
                           enum hsr_drop wrong)
{
    uint32_t offset = (uint32_t)(p - s->frame);
    bool asked = s->vnet.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
    enum hsr_verdict verdict;

    if (asked && s->vnet.csum_start == offset) {
        if (s->vnet.csum_offset != field)
            return HSR_DROP_GSO_BAD;
        s->partial = true;
        verdict = HSR_VERDICT_PARTIAL;
    } else if ((s->vnet.flags & VIRTIO_NET_HDR_F_DATA_VALID) && !s->inner) {
        verdict =
            HSR_VERDICT_GOOD; /* it speaks of the outermost checksum only (virtio 1.1, 5.1.6.4) */
    } else if (s->routed || (asked && s->tunnel != HSR_TUNNEL_NONE && !s->inner)) {
        /* An outer sum comes right only when the inner one it covers is completed. */
        verdict = HSR_VERDICT_UNCHECKED;
    } else {
        verdict = sum_is_right(s, p, n) ? HSR_VERDICT_GOOD : HSR_VERDICT_BAD;
    }
    pp_scan_verdict(s, PP_VERDICT_L4, verdict);
    return verdict == HSR_VERDICT_BAD ? wrong : HSR_DROP_NONE;
}

/* RFC 9293, section 3.1: kinds 0 and 1 are a byte, all others have a length that counts kind and
 * length. */
bool pp_tcp_options_fit(const uint8_t *p, uint32_t n)
{
    struct hsr_cursor c = {p, n};
    const uint8_t *opt;

    while ((opt = hsr_pull(&c, 1)) && *opt != 0) {
        if (*opt == 1)
            continue;
        const uint8_t *len = hsr_pull(&c, 1);
        if (!len)
            return false;
        uint32_t size = *len;
        if (size < 2 || !hsr_pull(&c, size - 2))
            return false;
    }
    return true;
}

bool pp_tcp_flags_sane(uint8_t flags)
{
    flags &= TCP_ALL;
    if (flags & TCP_SYN)
        return !(flags & (TCP_FIN | TCP_RST));
    return flags != 0 && (!(flags & TCP_FIN) || (flags & TCP_ACK));
}

static enum hsr_drop tcp(struct pp_scan *s)
{
    uint32_t n = s->c.left;
    const uint8_t *p = hsr_peek(&s->c, HSR_TCP_HDR);

    if (!p)
        return HSR_DROP_TCP_HDR;
    uint32_t header = (p[12] >> 4) * 4u;
    if (header < HSR_TCP_HDR || !hsr_pull(&s->c, header))
        return HSR_DROP_TCP_HDR;
    if (header > HSR_TCP_HDR && !pp_tcp_options_fit(p + HSR_TCP_HDR, header - HSR_TCP_HDR))
        return HSR_DROP_TCP_HDR;
    s->sport = hsr_load16(p);
    s->dport = hsr_load16(p + 2);
    s->m.tcp_flags = p[13];
    s->m.payload_off = (uint16_t)pp_scan_offset(s);
    pp_scan_class(s, HSR_CLASS_TCP);
    if (!pp_tcp_flags_sane(s->m.tcp_flags))
        return HSR_DROP_TCP_FLAGS;
    return judge(s, p, n, 16, HSR_DROP_TCP_CSUM);
}

static enum hsr_tunnel tunnel_of(const struct pp_scan *s)
{
    if (!s->in->uplink || s->inner || (s->dport != HSR_PORT_VXLAN && s->dport != HSR_PORT_GENEVE))
        return HSR_TUNNEL_NONE;
    if (!pp_tables_is_local(s->tables, s->addr + (s->family == 4 ? 4 : 16), s->family))
        return HSR_TUNNEL_NONE;
    return s->dport == HSR_PORT_VXLAN ? HSR_TUNNEL_VXLAN : HSR_TUNNEL_GENEVE;
}

/* By destination: that is the port on which clients and servers listen, whatever the sender's is.
 */
static bool is_dhcp(const struct pp_scan *s)
{
    return s->family == 4 ? s->dport == 67 || s->dport == 68 : s->dport == 546 || s->dport == 547;
}

static enum hsr_drop udp(struct pp_scan *s)
{
    const uint8_t *p = hsr_pull(&s->c, HSR_UDP_HDR);

    if (!p)
        return HSR_DROP_UDP_LEN;
    uint32_t n = hsr_load16(p + 4);
    if (n < HSR_UDP_HDR || n - HSR_UDP_HDR > s->c.left)
        return HSR_DROP_UDP_LEN;
    s->c.left = n - HSR_UDP_HDR;
    s->sport = hsr_load16(p);
    s->dport = hsr_load16(p + 2);
    s->m.payload_off = (uint16_t)pp_scan_offset(s);
    s->tunnel = (uint8_t)tunnel_of(s);
    pp_scan_class(s, is_dhcp(s) ? HSR_CLASS_DHCP : HSR_CLASS_UDP);
    bool ours = s->vnet.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM &&
                s->vnet.csum_start == (uint32_t)(p - s->frame);
    if (hsr_load16(p + 6) == 0 && !ours) /* over IPv6 a tunnel's alone (RFC 8200, 8.1; RFC 6936) */
        return s->family == 4 || s->tunnel ? HSR_DROP_NONE : HSR_DROP_UDP_CSUM;
    return judge(s, p, n, 6, s->tunnel ? HSR_DROP_OUTER_CSUM : HSR_DROP_UDP_CSUM);
}

static enum hsr_drop sctp(struct pp_scan *s)
{
    uint32_t n = s->c.left;
    const uint8_t *p = hsr_pull(&s->c, HSR_SCTP_HDR);

    if (!p)
        return HSR_DROP_SCTP_HDR;
    s->sport = hsr_load16(p);
    s->dport = hsr_load16(p + 2);
    s->m.payload_off = (uint16_t)pp_scan_offset(s);
    pp_scan_class(s, HSR_CLASS_SCTP);
    return judge(s, p, n, 8, HSR_DROP_SCTP_CSUM);
}

static enum hsr_drop by_protocol(struct pp_scan *s)
{
    switch (s->proto) {
    case HSR_PROTO_TCP:
        return tcp(s);
    case HSR_PROTO_UDP:
        return udp(s);
    case HSR_PROTO_SCTP:
        return sctp(s);
    case HSR_PROTO_ICMP:
    case HSR_PROTO_ICMP6:
        if ((s->proto == HSR_PROTO_ICMP6) == (s->family == 6))
            return pp_scan_icmp(s);
        break;
    case HSR_PROTO_IGMP:
        pp_scan_class(s, HSR_CLASS_MULTICAST);
        return HSR_DROP_NONE;
    default:
        break;
    }
    pp_scan_class(s, HSR_CLASS_IP_OTHER);
    return HSR_DROP_NONE;
}

enum hsr_drop pp_scan_l4(struct pp_scan *s)
{
    enum hsr_drop reason = by_protocol(s);

    if (!reason && s->m.class != HSR_CLASS_ND && s->m.class != HSR_CLASS_DHCP &&
        pp_scan_is_group(s))
        pp_scan_class(s, HSR_CLASS_MULTICAST);
    return reason;
}

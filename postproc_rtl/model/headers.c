/* SPDX-License-Identifier: Apache-2.0 */
#include "postproc/headers.h"

#include "hsring/csum.h"
#include "hsring/wire.h"
#include "postproc/csum.h"

enum { EXT_HOP_BY_HOP = 0, EXT_DESTINATION = 60 };

/*
 * From the fixed IPv6 header to `proto` at `l4`: only extension headers that a piece may repeat unchanged and that leave
 * the pseudo header alone, so neither routing nor fragment headers (RFC 8200, section 4).
 */
static bool ipv6_chain(const struct po_layout *at, const uint8_t *head, uint8_t proto)
{
    uint32_t off = at->l3 + HSR_IP6_HDR;
    uint8_t next = head[at->l3 + 6];

    while (off < at->l4) {
        if ((next != EXT_HOP_BY_HOP && next != EXT_DESTINATION) || at->l4 - off < 8)
            return false;
        next = head[off];
        off += (head[off + 1] + 1u) * 8;
    }
    return off == at->l4 && next == proto;
}

/* Is there IP and UDP at the outer offsets, in front of the inner packet? The offsets lie inside the copy. */
static bool outer_ok(struct po_layout *at, const uint8_t *head, uint32_t copied)
{
    const uint8_t *ip = head + at->outer_l3;

    if (at->outer_l3 < HSR_ETH_HDR || at->outer_l4 < at->outer_l3 + HSR_IP4_HDR ||
        at->l3 < at->outer_l4 + HSR_UDP_HDR)
        return false;
    at->outer_ipv6 = ip[0] >> 4 == 6;
    if (at->outer_ipv6)
        return at->outer_l4 == at->outer_l3 + HSR_IP6_HDR && ip[6] == HSR_PROTO_UDP;
    return at->outer_l4 == at->outer_l3 + po_ip4_header(head, copied, at->outer_l3) &&
           ip[9] == HSR_PROTO_UDP && !(hsr_load16(ip + 6) & (PO_IP4_MORE | PO_IP4_OFFSET));
}

bool po_layout_of(struct po_layout *at, const struct hsr_tx_meta *meta, const uint8_t *head,
                  uint32_t copied)
{
    *at = (struct po_layout){
        .outer_l3 = meta->l3_off,
        .l3 = meta->l3_off,
        .l4 = meta->l4_off,
        .ipv6 = meta->offload & HSR_TXO_IPV6,
        .encap = meta->offload & HSR_TXO_ENCAP,
        .outer_csum = meta->offload & HSR_TXO_OUTER_L4_CSUM,
    };
    if (at->l3 < HSR_ETH_HDR || at->l4 < at->l3 + HSR_IP4_HDR || at->l4 > copied)
        return false;
    if (at->encap) {
        at->outer_l3 = meta->outer_l3_off;
        at->outer_l4 = meta->outer_l4_off;
        if (!outer_ok(at, head, copied))
            return false;
    }
    if (at->ipv6)
        return at->l4 >= at->l3 + HSR_IP6_HDR && head[at->l3] >> 4 == 6;
    return at->l4 == at->l3 + po_ip4_header(head, copied, at->l3);
}

uint32_t po_packet_end(const struct po_layout *at, const uint8_t *head, uint8_t proto)
{
    const uint8_t *ip = head + at->l3;

    if (at->ipv6)
        return ipv6_chain(at, head, proto) ? at->l3 + HSR_IP6_HDR + hsr_load16(ip + 4) : 0;
    if (ip[9] != proto || hsr_load16(ip + 6) & (PO_IP4_MORE | PO_IP4_OFFSET))
        return 0;
    return at->l3 + hsr_load16(ip + 2);
}

void po_ip_header(uint8_t *ip, bool ipv6, uint32_t len, uint32_t index)
{
    if (ipv6) {
        hsr_store16(ip + 4, (uint16_t)(len - HSR_IP6_HDR));
        return;
    }
    hsr_store16(ip + 2, (uint16_t)len);
    hsr_store16(ip + 4, (uint16_t)(hsr_load16(ip + 4) + index));
    po_csum_ip4(ip, (ip[0] & 15u) * 4);
}

void po_outer_headers(const struct po_layout *at, uint8_t *out, uint32_t head_len, uint32_t len,
                      uint16_t sum, uint32_t index)
{
    uint8_t *udp = out + at->outer_l4;
    uint32_t covered = head_len - at->outer_l4;
    uint64_t total;
    uint16_t folded;

    if (!at->encap)
        return;
    po_ip_header(out + at->outer_l3, at->outer_ipv6, head_len - at->outer_l3 + len, index);
    hsr_store16(udp + 4, (uint16_t)(covered + len));
    if (!at->outer_csum)
        return;
    hsr_store16(udp + HSR_UDP_CSUM, 0);
    total = po_pseudo(out + at->outer_l3, HSR_PROTO_UDP) + covered + len;
    total = hsr_csum_add(total, udp, covered) + (covered & 1 ? po_sum_swap(sum) : sum);
    folded = hsr_csum_fold(total);
    hsr_store16(udp + HSR_UDP_CSUM, folded == 0xFFFF ? folded : (uint16_t)~folded);
}

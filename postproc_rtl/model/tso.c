/* SPDX-License-Identifier: Apache-2.0 */
#include "postproc/tso.h"

#include <string.h>

#include "hsring/csum.h"
#include "hsring/wire.h"
#include "postproc/csum.h"

enum { EXT_HOP_BY_HOP = 0, EXT_DESTINATION = 60 };
enum { TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_PSH = 0x08, TCP_CWR = 0x80 };
enum { IP4_FRAGMENT = 0x3FFF /* more fragments, fragment offset */ };
enum { IP_MAX = 65535 };

/*
 * From the fixed IPv6 header to TCP at `l4`: only extension headers that a segment may repeat unchanged and that leave
 * the pseudo header alone, so neither routing nor fragment headers (RFC 8200, section 4).
 */
static bool ipv6_chain(const uint8_t *head, uint32_t l3, uint32_t l4)
{
    uint32_t at = l3 + HSR_IP6_HDR;
    uint8_t next = head[l3 + 6];

    while (at < l4) {
        if ((next != EXT_HOP_BY_HOP && next != EXT_DESTINATION) || l4 - at < 8)
            return false;
        next = head[at];
        at += (head[at + 1] + 1u) * 8;
    }
    return at == l4 && next == HSR_PROTO_TCP;
}

/* Offset of the end of the IP packet, 0 when it is not TCP at l4. l4 lies inside the copy. */
static uint32_t inner_ip(const struct po_tso *plan, uint32_t copied)
{
    const uint8_t *ip = plan->head + plan->l3;

    if (plan->ipv6) {
        if (plan->l4 < plan->l3 + HSR_IP6_HDR || ip[0] >> 4 != 6 ||
            !ipv6_chain(plan->head, plan->l3, plan->l4))
            return 0;
        return plan->l3 + HSR_IP6_HDR + hsr_load16(ip + 4);
    }
    if (plan->l4 != plan->l3 + po_ip4_header(plan->head, copied, plan->l3) ||
        ip[9] != HSR_PROTO_TCP || hsr_load16(ip + 6) & IP4_FRAGMENT)
        return 0;
    return plan->l3 + hsr_load16(ip + 2);
}

/* Is there IP and UDP at the outer offsets, in front of the inner packet? The offsets lie inside the copy. */
static bool outer_ok(struct po_tso *plan, uint32_t copied)
{
    const uint8_t *ip = plan->head + plan->outer_l3;

    if (plan->outer_l3 < HSR_ETH_HDR || plan->outer_l4 < plan->outer_l3 + HSR_IP4_HDR ||
        plan->l3 < plan->outer_l4 + HSR_UDP_HDR)
        return false;
    plan->outer_ipv6 = ip[0] >> 4 == 6;
    if (plan->outer_ipv6)
        return plan->outer_l4 == plan->outer_l3 + HSR_IP6_HDR && ip[6] == HSR_PROTO_UDP;
    return plan->outer_l4 == plan->outer_l3 + po_ip4_header(plan->head, copied, plan->outer_l3) &&
           ip[9] == HSR_PROTO_UDP && !(hsr_load16(ip + 6) & IP4_FRAGMENT);
}

/* Does the request make sense by itself? */
static bool request_ok(const struct hsr_tx_meta *meta)
{
    uint8_t type = (uint8_t)(meta->gso_type & ~HSR_GSO_ECN);

    if (meta->gso_size == 0 || meta->offload & (HSR_TXO_L4_UDP | HSR_TXO_L4_SCTP))
        return false;
    return type == (meta->offload & HSR_TXO_IPV6 ? HSR_GSO_TCP6 : HSR_GSO_TCP4);
}

enum hsr_drop po_tso_plan(struct po_tso *plan, const struct hsr_tx_meta *meta, const uint8_t *head,
                          uint32_t head_len, uint32_t frame_len)
{
    enum hsr_drop past = head_len < frame_len ? HSR_DROP_TX_META_BAD : HSR_DROP_TSO_BAD;
    const uint8_t *tcp;
    uint32_t end;

    *plan = (struct po_tso){
        .head = head,
        .outer_l3 = meta->l3_off,
        .l3 = meta->l3_off,
        .l4 = meta->l4_off,
        .ipv6 = meta->offload & HSR_TXO_IPV6,
        .encap = meta->offload & HSR_TXO_ENCAP,
        .outer_csum = meta->offload & HSR_TXO_OUTER_L4_CSUM,
        .ecn = meta->gso_type & HSR_GSO_ECN,
    };
    if (!request_ok(meta) || meta->l3_off < HSR_ETH_HDR ||
        meta->l4_off < meta->l3_off + HSR_IP4_HDR)
        return HSR_DROP_TSO_BAD;
    if (plan->l4 + HSR_TCP_HDR > head_len)
        return past;
    if (plan->encap) {
        plan->outer_l3 = meta->outer_l3_off;
        plan->outer_l4 = meta->outer_l4_off;
        if (!outer_ok(plan, head_len))
            return HSR_DROP_TSO_BAD;
    }
    tcp = head + plan->l4;
    plan->head_len = plan->l4 + (tcp[12] >> 4) * 4u;
    end = inner_ip(plan, head_len);
    if (tcp[12] >> 4 < 5 || end < plan->head_len || end > frame_len ||
        tcp[13] & (TCP_SYN | TCP_RST))
        return HSR_DROP_TSO_BAD;
    if (plan->head_len > head_len)
        return past;
    plan->payload = end - plan->head_len;
    return HSR_DROP_NONE;
}

bool po_tso_limit(struct po_tso *plan, uint32_t gso_size, uint32_t mtu)
{
    uint32_t headers = po_tso_packet(plan, 0);
    uint32_t room;

    if (mtu > IP_MAX)
        mtu = IP_MAX;
    if (mtu <= headers)
        return false;
    room = mtu - headers;
    plan->mss = gso_size < room ? gso_size : room;
    plan->segments = plan->payload == 0 ? 1 : (plan->payload + plan->mss - 1) / plan->mss;
    return true;
}

/* Length, identification and header checksum of an IP packet of `len` bytes, `index` segments behind the first. */
static void ip_header(uint8_t *ip, bool ipv6, uint32_t len, uint32_t index)
{
    if (ipv6) {
        hsr_store16(ip + 4, (uint16_t)(len - HSR_IP6_HDR));
        return;
    }
    hsr_store16(ip + 2, (uint16_t)len);
    hsr_store16(ip + 4, (uint16_t)(hsr_load16(ip + 4) + index));
    po_csum_ip4(ip, (ip[0] & 15u) * 4);
}

static void tcp_header(const struct po_tso *plan, uint8_t *out, uint32_t index, uint32_t len,
                       uint16_t payload_sum)
{
    uint8_t *tcp = out + plan->l4;
    uint32_t header = plan->head_len - plan->l4;
    uint64_t sum = po_pseudo(out + plan->l3, HSR_PROTO_TCP) + header + len + payload_sum;

    hsr_store32(tcp + 4, hsr_load32(tcp + 4) + index * plan->mss);
    if (index + 1 < plan->segments)
        tcp[13] = (uint8_t)(tcp[13] & ~(TCP_FIN | TCP_PSH));
    if (index > 0 && plan->ecn)
        tcp[13] = (uint8_t)(tcp[13] & ~TCP_CWR);
    hsr_store16(tcp + HSR_TCP_CSUM, 0);
    hsr_store16(tcp + HSR_TCP_CSUM, (uint16_t)~hsr_csum_fold(hsr_csum_add(sum, tcp, header)));
}

/* Outer IP and UDP, over the finished inner headers. */
static void outer_headers(const struct po_tso *plan, uint8_t *out, uint32_t index, uint32_t len,
                          uint16_t payload_sum)
{
    uint8_t *udp = out + plan->outer_l4;
    uint32_t covered = plan->head_len - plan->outer_l4;
    uint64_t sum;
    uint16_t folded;

    ip_header(out + plan->outer_l3, plan->outer_ipv6, po_tso_packet(plan, len), index);
    hsr_store16(udp + 4, (uint16_t)(covered + len));
    if (!plan->outer_csum)
        return;
    hsr_store16(udp + HSR_UDP_CSUM, 0);
    sum = po_pseudo(out + plan->outer_l3, HSR_PROTO_UDP) + covered + len;
    sum = hsr_csum_add(sum, udp, covered) + (covered & 1 ? po_sum_swap(payload_sum) : payload_sum);
    folded = hsr_csum_fold(sum);
    hsr_store16(udp + HSR_UDP_CSUM, folded == 0xFFFF ? folded : (uint16_t)~folded);
}

uint32_t po_tso_segment(const struct po_tso *plan, uint32_t index, const uint8_t *frame,
                        uint8_t *out, uint32_t *len)
{
    uint32_t before = index * plan->mss;
    uint32_t left = plan->payload - before;
    uint32_t at = plan->head_len + before;
    uint16_t payload_sum;

    *len = left < plan->mss ? left : plan->mss;
    payload_sum = hsr_csum_fold(hsr_csum_add(0, frame + at, *len));
    memcpy(out, plan->head, plan->head_len);
    ip_header(out + plan->l3, plan->ipv6, plan->head_len - plan->l3 + *len, index);
    tcp_header(plan, out, index, *len, payload_sum);
    if (plan->encap)
        outer_headers(plan, out, index, *len, payload_sum);
    return at;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "postproc/csum.h"

#include <stdbool.h>

#include "hsring/csum.h"
#include "hsring/wire.h"

/* Is [off, off + len) inside the copy? */
static bool copied(const struct po_view *view, uint32_t off, uint32_t len)
{
    return off <= view->head_len && len <= view->head_len - off;
}

void po_csum_ip4(uint8_t *ip, uint32_t len)
{
    hsr_store16(ip + 10, 0);
    hsr_store16(ip + 10, (uint16_t)~hsr_csum_fold(hsr_csum_add(0, ip, len)));
}

uint32_t po_ip4_header(const uint8_t *head, uint32_t head_len, uint32_t l3)
{
    uint32_t len;

    if (l3 > head_len || head_len - l3 < HSR_IP4_HDR || head[l3] >> 4 != 4)
        return 0;
    len = (head[l3] & 15u) * 4;
    return len < HSR_IP4_HDR || len > head_len - l3 ? 0 : len;
}

uint64_t po_pseudo(const uint8_t *ip, uint8_t proto)
{
    return ip[0] >> 4 == 4 ? hsr_pseudo4(ip + 12, ip + 16, proto, 0)
                           : hsr_pseudo6(ip + 8, ip + 24, proto, 0);
}

/* One's-complement sum of the bytes [from, to) of the view. */
static uint16_t sum_range(const struct po_view *view, uint32_t from, uint32_t to)
{
    uint32_t split = to < view->head_len ? to : view->head_len;
    uint64_t sum = hsr_csum_add(0, view->head + from, split - from);
    uint16_t rest = po_source_sum(view->frame, split, to - split);

    return hsr_csum_fold(sum + ((split - from) & 1 ? po_sum_swap(rest) : rest));
}

static uint32_t crc_range(const struct po_view *view, uint32_t from, uint32_t to)
{
    uint32_t split = to < view->head_len ? to : view->head_len;
    uint32_t crc = hsr_crc32c(~UINT32_C(0), view->head + from, split - from);

    return ~po_source_crc(view->frame, crc, split, to - split);
}

/*
 * End of the IP packet at `l3` as its own length says, 0 when the header at `l3` is not of the version asked for,
 * when its L4 header cannot begin at `l4`, or when it ends past the frame.
 */
static uint32_t packet_end(const struct po_view *view, bool ipv6, uint32_t l3, uint32_t l4)
{
    uint32_t end;

    if (ipv6) {
        if (!copied(view, l3, HSR_IP6_HDR) || view->head[l3] >> 4 != 6 || l4 < l3 + HSR_IP6_HDR)
            return 0;
        end = l3 + HSR_IP6_HDR + hsr_load16(view->head + l3 + 4);
    } else {
        uint32_t len = po_ip4_header(view->head, view->head_len, l3);

        if (len == 0 || l4 != l3 + len)
            return 0;
        end = l3 + hsr_load16(view->head + l3 + 2);
    }
    return end > view->frame->len ? 0 : end;
}

static bool inner_l4(const struct hsr_tx_meta *meta, const struct po_view *view)
{
    bool sctp = meta->offload & HSR_TXO_L4_SCTP;
    bool udp = meta->offload & HSR_TXO_L4_UDP;
    uint32_t field = sctp ? HSR_SCTP_CSUM : udp ? HSR_UDP_CSUM : HSR_TCP_CSUM;
    uint32_t width = sctp ? 4 : 2;
    uint32_t l4 = meta->l4_off;
    uint32_t end = packet_end(view, meta->offload & HSR_TXO_IPV6, meta->l3_off, l4);
    uint8_t *at;

    if (!copied(view, l4, field + width) || end < l4 + field + width)
        return false;
    at = view->head + l4 + field;
    if (sctp) {
        hsr_store32(at, 0);
        /* RFC 9260, appendix A: the CRC goes out least significant byte first. */
        hsr_store32(at, __builtin_bswap32(crc_range(view, l4, end)));
    } else {
        uint16_t sum = (uint16_t)~sum_range(view, l4, end);

        hsr_store16(at, udp && sum == 0 ? 0xFFFF : sum);
    }
    return true;
}

static bool outer_l4(const struct hsr_tx_meta *meta, const struct po_view *view)
{
    uint32_t l3 = meta->outer_l3_off, l4 = meta->outer_l4_off;
    uint32_t end, len;
    uint8_t *udp;
    uint16_t sum;

    if (!copied(view, l3, HSR_IP4_HDR) || !copied(view, l4, HSR_UDP_HDR))
        return false;
    end = packet_end(view, view->head[l3] >> 4 == 6, l3, l4);
    udp = view->head + l4;
    len = hsr_load16(udp + 4);
    if (len < HSR_UDP_HDR || end < l4 || len > end - l4)
        return false;
    hsr_store16(udp + HSR_UDP_CSUM, 0);
    sum = hsr_csum_fold(po_pseudo(view->head + l3, HSR_PROTO_UDP) + len +
                        sum_range(view, l4, l4 + len));
    hsr_store16(udp + HSR_UDP_CSUM, sum == 0xFFFF ? sum : (uint16_t)~sum);
    return true;
}

static bool header_csum(const struct po_view *view, uint32_t l3)
{
    uint32_t len = po_ip4_header(view->head, view->head_len, l3);

    if (len == 0)
        return false;
    po_csum_ip4(view->head + l3, len);
    return true;
}

/* Behind an Ethernet header, and inside the outer UDP datagram when there is one. */
static bool offsets_ok(const struct hsr_tx_meta *meta, uint16_t offload)
{
    if (!(offload & HSR_TXO_ENCAP))
        return meta->l3_off >= HSR_ETH_HDR &&
               !(offload & (HSR_TXO_OUTER_L3_CSUM | HSR_TXO_OUTER_L4_CSUM));
    return meta->outer_l3_off >= HSR_ETH_HDR && meta->outer_l4_off > meta->outer_l3_off &&
           (!(offload & (HSR_TXO_L3_CSUM | HSR_TXO_L4_PARTIAL)) ||
            meta->l3_off >= meta->outer_l4_off + HSR_UDP_HDR);
}

enum hsr_drop po_csum(const struct hsr_tx_meta *meta, uint16_t offload, const struct po_view *view)
{
    if (!offsets_ok(meta, offload))
        return HSR_DROP_TX_META_BAD;
    if (offload & HSR_TXO_L3_CSUM && !header_csum(view, meta->l3_off))
        return HSR_DROP_TX_META_BAD;
    if (offload & HSR_TXO_L4_PARTIAL && !inner_l4(meta, view))
        return HSR_DROP_TX_META_BAD;
    if (offload & HSR_TXO_OUTER_L3_CSUM && !header_csum(view, meta->outer_l3_off))
        return HSR_DROP_TX_META_BAD;
    if (offload & HSR_TXO_OUTER_L4_CSUM && !outer_l4(meta, view))
        return HSR_DROP_TX_META_BAD;
    return HSR_DROP_NONE;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "postproc/gso.h"

#include <string.h>

#include "hsring/csum.h"
#include "hsring/wire.h"
#include "postproc/csum.h"

enum { TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_PSH = 0x08, TCP_CWR = 0x80 };
enum { IP_MAX = 65535 };

/* Does the request make sense by itself? */
static bool request_ok(const struct hsr_tx_meta *meta)
{
    uint8_t type = (uint8_t)(meta->gso_type & ~HSR_GSO_ECN);
    unsigned l4 = meta->offload & (HSR_TXO_L4_UDP | HSR_TXO_L4_SCTP);

    if (meta->gso_size == 0)
        return false;
    if (type == HSR_GSO_USO)
        return l4 == HSR_TXO_L4_UDP && meta->gso_type == HSR_GSO_USO;
    return l4 == 0 && type == (meta->offload & HSR_TXO_IPV6 ? HSR_GSO_TCP6 : HSR_GSO_TCP4);
}

/* Bytes of the L4 header at `l4`, 0 when it is none that can be repeated in segments. */
static uint32_t l4_header(const struct po_gso *plan, const uint8_t *l4)
{
    if (plan->udp)
        return HSR_UDP_HDR;
    return l4[12] >> 4 < 5 || l4[13] & (TCP_SYN | TCP_RST) ? 0 : (l4[12] >> 4) * 4u;
}

enum hsr_drop po_gso_plan(struct po_gso *plan, const struct hsr_tx_meta *meta, const uint8_t *head,
                          uint32_t head_len, uint32_t frame_len)
{
    enum hsr_drop past = head_len < frame_len ? HSR_DROP_TX_META_BAD : HSR_DROP_TSO_BAD;
    uint32_t l4_len, end;

    *plan = (struct po_gso){
        .head = head, .udp = meta->gso_type == HSR_GSO_USO, .ecn = meta->gso_type & HSR_GSO_ECN};
    if (!request_ok(meta) || meta->l3_off < HSR_ETH_HDR)
        return HSR_DROP_TSO_BAD;
    if (meta->l4_off + (plan->udp ? (uint32_t)HSR_UDP_HDR : HSR_TCP_HDR) > head_len)
        return past;
    if (!po_layout_of(&plan->at, meta, head, head_len))
        return HSR_DROP_TSO_BAD;
    l4_len = l4_header(plan, head + plan->at.l4);
    plan->head_len = plan->at.l4 + l4_len;
    end = po_packet_end(&plan->at, head, plan->udp ? HSR_PROTO_UDP : HSR_PROTO_TCP);
    if (l4_len == 0 || end < plan->head_len || end > frame_len)
        return HSR_DROP_TSO_BAD;
    if (plan->head_len > head_len)
        return past;
    plan->payload = end - plan->head_len;
    return HSR_DROP_NONE;
}

bool po_gso_limit(struct po_gso *plan, uint32_t gso_size, uint32_t mtu)
{
    uint32_t headers = po_gso_packet(plan, 0);
    uint32_t room;

    if (mtu > IP_MAX || plan->udp)
        mtu = IP_MAX;
    if (mtu <= headers)
        return false;
    room = mtu - headers;
    plan->mss = gso_size < room ? gso_size : room;
    plan->segments = plan->payload == 0 ? 1 : (plan->payload + plan->mss - 1) / plan->mss;
    return true;
}

static void tcp_fields(const struct po_gso *plan, uint8_t *tcp, uint32_t index)
{
    hsr_store32(tcp + 4, hsr_load32(tcp + 4) + index * plan->mss);
    if (index + 1 < plan->segments)
        tcp[13] = (uint8_t)(tcp[13] & ~(TCP_FIN | TCP_PSH));
    if (index > 0 && plan->ecn)
        tcp[13] = (uint8_t)(tcp[13] & ~TCP_CWR);
}

static void l4_fields(const struct po_gso *plan, uint8_t *out, uint32_t index, uint32_t len,
                      uint16_t payload_sum)
{
    uint8_t *l4 = out + plan->at.l4;
    uint32_t header = plan->head_len - plan->at.l4;
    uint8_t proto = plan->udp ? HSR_PROTO_UDP : HSR_PROTO_TCP;
    uint64_t sum = po_pseudo(out + plan->at.l3, proto) + header + len + payload_sum;
    uint8_t *field = l4 + (plan->udp ? HSR_UDP_CSUM : HSR_TCP_CSUM);
    uint16_t csum;

    if (plan->udp)
        hsr_store16(l4 + 4, (uint16_t)(header + len));
    else
        tcp_fields(plan, l4, index);
    hsr_store16(field, 0);
    csum = (uint16_t)~hsr_csum_fold(hsr_csum_add(sum, l4, header));
    hsr_store16(field, plan->udp && csum == 0 ? 0xFFFF : csum);
}

uint32_t po_gso_segment(const struct po_gso *plan, uint32_t index, uint32_t outer_index,
                        const struct po_source *frame, uint8_t *out, uint32_t *len)
{
    const struct po_layout *at = &plan->at;
    uint32_t before = index * plan->mss;
    uint32_t left = plan->payload - before;
    uint32_t from = plan->head_len + before;
    uint16_t payload_sum;

    *len = left < plan->mss ? left : plan->mss;
    payload_sum = po_source_sum(frame, from, *len);
    memcpy(out, plan->head, plan->head_len);
    po_ip_header(out + at->l3, at->ipv6, plan->head_len - at->l3 + *len, index);
    l4_fields(plan, out, index, *len, payload_sum);
    po_outer_headers(at, out, plan->head_len, *len, payload_sum, outer_index);
    return from;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "hsring/csum.h"
#include "parse_scan.h"
#include "preproc/usual.h"

/* virtio 1.2, section 5.1.6; younger than some kernel headers. */
#define VNET_GSO_UDP_L4 5

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "metadata is little-endian");
_Static_assert(offsetof(struct hsr_rx_meta, rx_seq) - offsetof(struct hsr_rx_meta, key_addrs) == 36,
               "the parser's part of line 0 is contiguous");

/* Does the segmentation asked for go with the packet found? `type` without ECN; gives the type of
 * our metadata. */
static enum hsr_gso gso_of(const struct pp_scan *s, uint8_t type)
{
    switch (type) {
    case VIRTIO_NET_HDR_GSO_TCPV4:
        return s->proto == HSR_PROTO_TCP && s->family == 4 ? HSR_GSO_TCP4 : HSR_GSO_NONE;
    case VIRTIO_NET_HDR_GSO_TCPV6:
        return s->proto == HSR_PROTO_TCP && s->family == 6 ? HSR_GSO_TCP6 : HSR_GSO_NONE;
    case VIRTIO_NET_HDR_GSO_UDP:
        return s->proto == HSR_PROTO_UDP ? HSR_GSO_UFO : HSR_GSO_NONE;
    case VNET_GSO_UDP_L4:
        return s->proto == HSR_PROTO_UDP ? HSR_GSO_USO : HSR_GSO_NONE;
    default:
        return HSR_GSO_NONE;
    }
}

/* No stack segments finer (Linux: 48 bytes with options, tcp_min_snd_mss); a guest that asks for less would have one
 * frame become tens of thousands. */
#define MIN_GSO 32u

/* What the sender asked for, against what was found: a request must be about the keyed L4 header,
 * or it lies. */
static enum hsr_drop offloads(struct pp_scan *s)
{
    uint8_t ecn = s->vnet.gso_type & VIRTIO_NET_HDR_GSO_ECN;
    uint8_t type = (uint8_t)(s->vnet.gso_type & ~VIRTIO_NET_HDR_GSO_ECN);
    bool keyed = (s->m.verdicts >> PP_VERDICT_L4 & 3) == HSR_VERDICT_PARTIAL;

    if ((s->vnet.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) && !s->partial)
        return HSR_DROP_GSO_BAD;
    if (keyed) {
        s->m.csum_start = s->vnet.csum_start;
        s->m.csum_offset = s->vnet.csum_offset;
    }
    if (s->vnet.gso_type == VIRTIO_NET_HDR_GSO_NONE)
        return HSR_DROP_NONE;
    enum hsr_gso gso = gso_of(s, type);
    if (!keyed || gso == HSR_GSO_NONE || s->vnet.gso_size < MIN_GSO ||
        (ecn && gso != HSR_GSO_TCP4 && gso != HSR_GSO_TCP6))
        return HSR_DROP_GSO_BAD;
    s->m.gso_size = s->vnet.gso_size;
    s->m.gso_type = (uint8_t)(gso | (ecn ? HSR_GSO_ECN : 0));
    return HSR_DROP_NONE;
}

static bool make_key(const struct pp_scan *s, struct hsr_key *key)
{
    const uint8_t *a = s->addr;
    bool swap = s->in->uplink;

    memset(key, 0, sizeof *key);
    if (s->family == 6)
        return hsr_key6(key, a, a + 16, s->sport, s->dport, s->proto, s->context, swap);
    if (s->family == 4)
        return hsr_key4(key, hsr_load32(a), hsr_load32(a + 4), s->sport, s->dport, s->proto,
                        s->context, swap);
    return hsr_key4(key, 0, 0, 0, 0, 0, s->context, swap);
}

static bool line1_is_zero(const struct hsr_rx_meta *m)
{
    return (m->vni_tunnel | m->outer_src4 | m->csum_start | m->csum_offset | m->gso_size |
            m->gso_type | m->flags1 | m->frag_id | m->vlan_tci) == 0;
}

static void write_out(struct pp_scan *s, struct hsr_rx_meta *meta, const struct hsr_key *key)
{
    const size_t line0 = offsetof(struct hsr_rx_meta, key_addrs);
    const size_t line1 = offsetof(struct hsr_rx_meta, key6);
    const size_t clock = offsetof(struct hsr_rx_meta, timestamp);

    s->m.key_ports = hsr_key_tail(key);
    if (key->ipv6) {
        memcpy(s->m.key6, key->w, sizeof s->m.key6);
        s->m.flags |= HSR_RXF_IPV6 | HSR_RXF_LINE1;
    } else {
        s->m.key_addrs = key->w[0];
        if (!line1_is_zero(&s->m))
            s->m.flags |= HSR_RXF_LINE1;
    }
    memcpy((uint8_t *)meta + line0, (const uint8_t *)&s->m + line0, 36);
    if (!(s->m.flags & HSR_RXF_LINE1))
        return;
    memcpy((uint8_t *)meta + line1, (const uint8_t *)&s->m + line1, clock - line1);
    meta->vlan_tci = s->m.vlan_tci;
    meta->partial_sum = 0;
}

/* Apart: what it needs on the stack, plain packets need not pay for. */
__attribute__((noinline)) void pp_parse_staged(const uint8_t *frame, uint32_t len,
                                               const struct pp_ingress *in,
                                               const struct pp_tables *tables,
                                               const struct virtio_net_hdr *vnet,
                                               struct hsr_rx_meta *meta, struct pp_flow *flow)
{
    struct pp_scan s = {
        .m = {.frame_len = len, .ingress = in->port, .flags = in->uplink ? HSR_RXF_UPLINK : 0},
        .c = {frame, len},
        .frame = frame,
        .in = in,
        .tables = tables,
        .context = in->context,
    };
    enum hsr_drop reason = HSR_DROP_PKT_TOO_BIG;

    if (vnet)
        s.vnet = *vnet;
    if (len <= HSR_MAX_FRAME)
        reason = pp_scan_l2(&s);
    if (!reason && s.tunnel != HSR_TUNNEL_NONE) {
        reason = pp_scan_tunnel(&s);
        if (!reason)
            reason = pp_scan_l2(&s);
    }
    if (!reason)
        reason = offloads(&s);
    if (reason)
        s.m.class = HSR_CLASS_BAD;
    s.m.reason = (uint8_t)reason;
    if (make_key(&s, &flow->key))
        s.m.flags |= HSR_RXF_SWAP;
    if (s.m.flags1 & HSR_RX1F_OUTER_IPV6)
        memcpy(flow->outer6, s.outer6, sizeof flow->outer6);
    write_out(&s, meta, &flow->key);
}

_Static_assert(PP_USUAL_GOOD ==
                   (HSR_VERDICT_GOOD << PP_VERDICT_L3 | HSR_VERDICT_GOOD << PP_VERDICT_L4),
               "both are good");

void pp_parse(const uint8_t *frame, uint32_t len, const struct pp_ingress *in,
              const struct pp_tables *tables, const struct virtio_net_hdr *vnet,
              struct hsr_rx_meta *meta, struct pp_flow *flow)
{
    bool asked = vnet && (vnet->flags | vnet->gso_type);

    if (asked || !pp_parse_straight(frame, len, in, tables, meta)) {
        pp_parse_staged(frame, len, in, tables, vnet, meta, flow);
        return;
    }
    flow->key.ipv6 = false;
    flow->key.w[0] = meta->key_addrs;
    flow->key.w[1] = meta->key_ports;
}

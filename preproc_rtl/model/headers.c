/* SPDX-License-Identifier: Apache-2.0 */
#include "preproc/headers.h"

#include <string.h>

#include "hsring/key.h"
#include "parse_scan.h"

/* Part of a frame that has been parsed. Offsets are looked at once and only ever compared, so bytes that change meanwhile
 * may make the wrong lane, and no access elsewhere. */
struct view {
    const uint8_t *frame;
    uint32_t end;
};

/* The header of this type at `at` into its lane, if all of it is there. */
static bool put(struct pp_headers *h, const struct view *v, int layer, uint8_t type, uint32_t at)
{
    uint32_t n = hsr_rule_item_bytes(type);

    if (n == 0 || at + n > v->end)
        return false;
    memset(h->lane[layer], 0, sizeof h->lane[layer]);
    memcpy(h->lane[layer], v->frame + at, n);
    h->type[layer] = type;
    h->at[layer] = (uint16_t)at;
    return true;
}

/* Ethernet at `l2` and its tags; where what they carry begins, and its EtherType. */
static uint32_t put_l2(struct pp_headers *h, const struct view *v, int base, uint32_t l2,
                       uint16_t *type)
{
    uint32_t at = l2 + HSR_ETH_HDR;

    *type = 0;
    if (!put(h, v, base + HSR_LAYER_ETH, HSR_RULE_ITEM_ETH, l2))
        return at;
    *type = hsr_load16(v->frame + at - 2);
    for (int tag = HSR_LAYER_VLAN; tag <= HSR_LAYER_VLAN2 && pp_is_tag(*type); tag++) {
        if (!put(h, v, base + tag, HSR_RULE_ITEM_VLAN, at))
            return at;
        at += PP_TAG;
        *type = hsr_load16(v->frame + at - 2);
    }
    return at;
}

static uint8_t ip_item(uint16_t ethertype)
{
    return ethertype == PP_TYPE_IP4   ? HSR_RULE_ITEM_IPV4
           : ethertype == PP_TYPE_IP6 ? HSR_RULE_ITEM_IPV6
                                      : 0;
}

static uint8_t l4_item(uint8_t proto)
{
    switch (proto) {
    case HSR_PROTO_TCP:
        return HSR_RULE_ITEM_TCP;
    case HSR_PROTO_UDP:
        return HSR_RULE_ITEM_UDP;
    case HSR_PROTO_SCTP:
        return HSR_RULE_ITEM_SCTP;
    case HSR_PROTO_ICMP:
        return HSR_RULE_ITEM_ICMP;
    case HSR_PROTO_ICMP6:
        return HSR_RULE_ITEM_ICMP6;
    default:
        return 0;
    }
}

/* The packet that the metadata is about. */
static void put_keyed(struct pp_headers *h, const struct hsr_rx_meta *meta, const uint8_t *frame,
                      uint32_t len, int base)
{
    uint32_t l4 = meta->l4_off, end = meta->payload_off;
    uint8_t proto = hsr_key_proto(meta->key_ports);
    struct view v = {frame, end < len ? end : len};
    uint16_t type;
    uint32_t l3 = put_l2(h, &v, base, meta->l2_off, &type);

    if (v.end > l4)
        v.end = l4;
    if (!put(h, &v, base + HSR_LAYER_IP, ip_item(type), l3))
        return;
    v.end = end < len ? end : len;
    put(h, &v, base + HSR_LAYER_L4, l4_item(proto), l4);
}

/* End of the IP headers at `l3`, 0 when there is none before the end of the view. */
static uint32_t behind_ip(const struct view *v, uint32_t l3, uint8_t item)
{
    uint8_t next;

    if (item == HSR_RULE_ITEM_IPV4)
        return l3 + (v->frame[l3] & 15u) * 4;
    next = v->frame[l3 + 6];
    l3 += HSR_IP6_HDR;
    while (next != HSR_PROTO_UDP) {
        uint32_t n = l3 + 2 <= v->end ? pp_ext_length(next, v->frame + l3) : 0;

        if (n == 0)
            return 0;
        next = v->frame[l3];
        l3 += n;
    }
    return l3;
}

/* What is around the packet that the metadata is about: the parser has been there, and told of its end only. */
static void put_outer(struct pp_headers *h, const struct hsr_rx_meta *meta, const uint8_t *frame,
                      uint32_t len)
{
    uint8_t tunnel =
        (meta->vni_tunnel & 0xFF) == HSR_TUNNEL_VXLAN ? HSR_RULE_ITEM_VXLAN : HSR_RULE_ITEM_GENEVE;
    struct view v = {frame, meta->l2_off};
    uint16_t type;
    uint32_t at;

    if (v.end > len)
        v.end = len;
    at = put_l2(h, &v, 0, 0, &type);
    if (!put(h, &v, HSR_LAYER_IP, ip_item(type), at))
        return;
    at = behind_ip(&v, at, h->type[HSR_LAYER_IP]);
    if (at != 0 && put(h, &v, HSR_LAYER_L4, HSR_RULE_ITEM_UDP, at))
        put(h, &v, HSR_LAYER_TUNNEL, tunnel, at + HSR_UDP_HDR);
}

void pp_headers_take(struct pp_headers *h, const struct hsr_rx_meta *meta, const uint8_t *frame,
                     uint32_t len)
{
    bool inside = meta->flags & HSR_RXF_DECAP;

    memset(h->type, 0, sizeof h->type);
    if (inside)
        put_outer(h, meta, frame, len);
    put_keyed(h, meta, frame, len, inside ? HSR_LAYER_INNER_ETH : 0);
}

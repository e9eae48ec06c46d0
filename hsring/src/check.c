/* SPDX-License-Identifier: Apache-2.0 */
#include "hsring/check.h"
#include "hsring/owner.h"
#include "hsring/wire.h"

/*
 * Bits that mean nothing are refused, so that they can come to mean something.
 */
enum {
    RXF_KNOWN = HSR_RXF_SWAP | HSR_RXF_IPV6 | HSR_RXF_UPLINK | HSR_RXF_DECAP | HSR_RXF_OPTIONS |
                HSR_RXF_LINE1 | HSR_RXF_L2_MCAST,
    TXO_OFFERED = HSR_TXO_L3_CSUM | HSR_TXO_L4_PARTIAL | HSR_TXO_L4_UDP | HSR_TXO_ENCAP |
                  HSR_TXO_OUTER_L3_CSUM | HSR_TXO_OUTER_L4_CSUM | HSR_TXO_L4_SCTP | HSR_TXO_IPV6 |
                  HSR_TXO_FRAGMENT | HSR_TXO_MORE,
};

/* Known type, ECN with TCP only, and a size with every type but NONE. */
static bool gso_ok(uint8_t gso_type, uint16_t gso_size)
{
    unsigned type = gso_type & ~(unsigned)HSR_GSO_ECN;
    bool ecn = gso_type & HSR_GSO_ECN;

    if (type > HSR_GSO_USO || (type == HSR_GSO_NONE) != (gso_size == 0))
        return false;
    return !ecn || type == HSR_GSO_TCP4 || type == HSR_GSO_TCP6;
}

static unsigned verdict(uint8_t verdicts, unsigned which)
{
    return verdicts >> (2 * which) & 3;
}

static bool return_known(uint16_t reason)
{
    return reason >= HSR_RETURN_NEIGHBOR && reason <= HSR_RETURN_L7;
}

/* Bits of flags1 against what else must then be so. */
static bool rx_flags1_ok(const struct hsr_rx_meta *meta)
{
    if (meta->flags1 & HSR_RX1F_OUTER_IPV6 &&
        (!(meta->flags & HSR_RXF_DECAP) || meta->outer_src4 != 0))
        return false;
    if (meta->flags1 & HSR_RX1F_PARTIAL_SUM && meta->payload == 0)
        return false;
    return !(meta->flags1 & HSR_RX1F_RETURNED) ||
           (meta->payload == 0 && return_known(meta->partial_sum));
}

static bool rx_line1_ok(const struct hsr_rx_meta *meta)
{
    if ((meta->vni_tunnel & 0xFF) > HSR_TUNNEL_GENEVE || !rx_flags1_ok(meta))
        return false;
    if (verdict(meta->verdicts, 1) == HSR_VERDICT_PARTIAL &&
        (uint32_t)meta->csum_start + meta->csum_offset + 2 > meta->frame_len)
        return false;
    return gso_ok(meta->gso_type, meta->gso_size);
}

/* Do the bytes of the frame that the slot must hold fit in it? Of a sliced one the headers, in front of something. */
static bool rx_slot_ok(const struct hsr_rx_meta *meta, uint32_t space)
{
    uint32_t held = meta->frame_len;

    if (meta->payload != 0) {
        held = meta->payload_off;
        if (held > HSR_SLICE_MAX || held >= meta->frame_len || meta->frame_len > HSR_MAX_FRAME ||
            !hsr_class_is_sliced(meta->class))
            return false;
    }
    return (uint64_t)held + (HSR_SLOT_FRAME - HSR_SLOT_META) <= space;
}

bool hsr_rx_check_any(const struct hsr_rx_meta *meta, uint32_t space)
{
    if (meta->class > HSR_CLASS_NON_IP || meta->flags & ~RXF_KNOWN ||
        meta->reason >= HSR_DROP_COUNT)
        return false;
    /* An IPv4 header has no pseudo-header sum that a sender could leave there. */
    if (verdict(meta->verdicts, 0) == HSR_VERDICT_PARTIAL ||
        verdict(meta->verdicts, 2) == HSR_VERDICT_PARTIAL)
        return false;
    if (meta->l2_off != 0 && !(meta->flags & HSR_RXF_DECAP))
        return false;
    if (meta->l2_off > meta->l3_off || meta->l3_off > meta->l4_off ||
        meta->l4_off > meta->payload_off || meta->payload_off > meta->frame_len)
        return false;
    if (meta->vec_len > HSR_MAX_VECTOR || meta->ingress >= HSR_MAX_PORTS ||
        !rx_slot_ok(meta, space))
        return false;
    return !(meta->flags & (HSR_RXF_LINE1 | HSR_RXF_IPV6)) || rx_line1_ok(meta);
}

/* Every header that the Post-Processor is asked to write to lies inside the frame. */
static bool tx_offsets_ok(const struct hsr_tx_meta *meta)
{
    unsigned offload = meta->offload;
    uint32_t l4_need = offload & HSR_TXO_L4_SCTP  ? HSR_SCTP_HDR
                       : offload & HSR_TXO_L4_UDP ? HSR_UDP_HDR
                                                  : HSR_TCP_CSUM + 2;

    if (meta->l3_off > meta->l4_off || meta->l4_off > meta->frame_len)
        return false;
    if ((offload & ~(unsigned)HSR_TXO_IPV6) == 0) /* nothing to write: most packets */
        return true;
    if (offload & (HSR_TXO_L3_CSUM | HSR_TXO_FRAGMENT) &&
        meta->l3_off + (uint32_t)HSR_IP4_HDR > meta->frame_len)
        return false;
    if (offload & HSR_TXO_L4_PARTIAL && meta->l4_off + l4_need > meta->frame_len)
        return false;
    if (!(offload & HSR_TXO_ENCAP))
        return !(offload & (HSR_TXO_OUTER_L3_CSUM | HSR_TXO_OUTER_L4_CSUM));
    if (meta->outer_l3_off > meta->outer_l4_off || meta->outer_l4_off > meta->l3_off)
        return false;
    if (offload & HSR_TXO_OUTER_L3_CSUM &&
        meta->outer_l3_off + (uint32_t)HSR_IP4_HDR > meta->frame_len)
        return false;
    return !(offload & HSR_TXO_OUTER_L4_CSUM) ||
           meta->outer_l4_off + (uint32_t)HSR_UDP_HDR <= meta->frame_len;
}

static bool tx_frame_ok(const struct hsr_tx_meta *meta, uint32_t space)
{
    unsigned both = HSR_TXO_L4_UDP | HSR_TXO_L4_SCTP;

    if (meta->frame_off < HSR_SLOT_META ||
        (uint64_t)(meta->frame_off - HSR_SLOT_META) + meta->frame_len > space)
        return false;
    if (meta->offload & ~TXO_OFFERED || (meta->offload & both) == both ||
        (meta->offload & HSR_TXO_FRAGMENT && meta->offload & HSR_TXO_IPV6))
        return false;
    return gso_ok(meta->gso_type, meta->gso_size) && tx_offsets_ok(meta);
}

/* Whether the handle names anything is for the payload memory to say. */
static bool tx_payload_ok(const struct hsr_tx_meta *meta)
{
    return meta->payload_op <= HSR_PAYLOAD_KEEP;
}

static bool tx_ctrl_ok(const struct hsr_tx_meta *meta)
{
    return meta->action == HSR_CTRL_FIT ||
           (meta->action == HSR_CTRL_RELEASE && meta->payload != 0) ||
           (meta->action == HSR_CTRL_FENCE && hsr_owner_group(meta->owner) < HSR_MAX_GROUPS);
}

/* Bytes to be appended, none of them perhaps, for a payload may follow; its headers are nobody's any more. */
static bool tx_merge_ok(const struct hsr_tx_meta *meta, uint32_t space)
{
    return meta->frame_off >= HSR_SLOT_META &&
           (uint64_t)(meta->frame_off - HSR_SLOT_META) + meta->frame_len <= space &&
           (meta->offload & ~(unsigned)HSR_TXO_MORE) == 0;
}

bool hsr_tx_check_any(const struct hsr_tx_meta *meta, uint32_t space, uint32_t kind)
{
    if (kind > HSR_KIND_ORIGINATE || meta->fit_op > HSR_FIT_UPDATE || !tx_payload_ok(meta))
        return false;
    if (kind == HSR_KIND_CTRL)
        return tx_ctrl_ok(meta);
    switch (meta->action) {
    case HSR_TXA_TRANSMIT:
        return meta->egress_port < HSR_MAX_PORTS && meta->frame_len >= HSR_ETH_HDR &&
               tx_frame_ok(meta, space);
    case HSR_TXA_DROP:
        return meta->drop_reason != HSR_DROP_NONE && meta->drop_reason < HSR_DROP_COUNT;
    case HSR_TXA_CONSUME:
        return true;
    case HSR_TXA_RETURN:
        /* What the firmware made itself was never received and cannot be delivered again. */
        return kind == HSR_KIND_PACKET && return_known(meta->drop_reason) &&
               !(meta->offload & HSR_TXO_MORE) && tx_frame_ok(meta, space);
    case HSR_TXA_MERGE:
        return kind == HSR_KIND_PACKET && tx_merge_ok(meta, space);
    default:
        return false;
    }
}

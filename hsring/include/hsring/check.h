/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks that both sides make of what they read from a slot. Neither side trusts the other: the NIC copies the
 * tx metadata and checks the copy, the firmware copies what it needs of the rx metadata and checks that.
 * Pure functions, safe in any thread, no access beyond the copies.
 */
#ifndef HSRING_CHECK_H
#define HSRING_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "hsring/abi.h"
#include "hsring/wire.h"

/* Classes of which the NIC may keep a payload. */
static inline bool hsr_class_is_sliced(uint8_t class)
{
    const uint32_t sliced = 1u << HSR_CLASS_TCP | 1u << HSR_CLASS_UDP | 1u << HSR_CLASS_ICMP |
                            1u << HSR_CLASS_SCTP | 1u << HSR_CLASS_IP_OTHER;

    return class < 32 && (sliced >> class & 1) != 0;
}

/*
 * Is rx metadata of a run with `space` bytes behind HSR_SLOT_META inside its contract? Known class, flags, verdict
 * and reason; offsets ascending and inside frame_len; frame_len inside the space behind SLOT_FRAME; vec_len at most
 * HSR_MAX_VECTOR; ingress below HSR_MAX_PORTS. With a payload handle: a class that is sliced, payload_off at most
 * HSR_SLICE_MAX and inside the space, and frame_len, which goes on behind it, at most HSR_MAX_FRAME. Offsets of headers the
 * parser did not reach repeat the last one it did. Line 1 is looked at only when RXF_LINE1 or RXF_IPV6 says so:
 * OUTER_IPV6 with DECAP and without outer_src4, PARTIAL_SUM with a payload, RETURNED with its reason and without one.
 */
static inline bool hsr_rx_check(const struct hsr_rx_meta *meta, uint32_t space);
bool hsr_rx_check_any(const struct hsr_rx_meta *meta, uint32_t space);

/* Good, whole, of no tunnel, and line 0 says all there is to say? Then fewer questions lead to the same answer. */
static inline bool hsr_rx_is_short(const struct hsr_rx_meta *meta)
{
    const unsigned more = HSR_RXF_IPV6 | HSR_RXF_DECAP | HSR_RXF_LINE1 | 0x80u;

    return ((meta->flags & more) | meta->l2_off | meta->reason | meta->payload) == 0;
}

/* hsr_rx_check() of those. */
static inline bool hsr_rx_check_short(const struct hsr_rx_meta *meta, uint32_t space)
{
    return meta->class <= HSR_CLASS_NON_IP && meta->l3_off <= meta->l4_off &&
           meta->l4_off <= meta->payload_off && meta->payload_off <= meta->frame_len &&
           (uint64_t)meta->frame_len + HSR_SLOT_HEADROOM <= space &&
           (meta->verdicts & meta->verdicts >> 1 & 0x11) == 0 && /* PARTIAL of an IPv4 header */
           meta->vec_len <= HSR_MAX_VECTOR && meta->ingress < HSR_MAX_PORTS;
}

/*
 * Good, whole, IPv4, out of a tunnel over IPv4, without congestion mark, tag, fragment or anything left to us? Line 1 is looked at
 * only if line 0 says that it is there.
 */
static inline bool hsr_rx_is_inside(const struct hsr_rx_meta *meta)
{
    const unsigned how = HSR_RXF_IPV6 | HSR_RXF_DECAP | HSR_RXF_LINE1 | 0x80u;
    uint64_t more; /* csum_start to flags1 */

    if ((meta->flags & how) != (HSR_RXF_DECAP | HSR_RXF_LINE1) ||
        (meta->reason | meta->payload) != 0 || (meta->verdicts >> 2 & 3) == HSR_VERDICT_PARTIAL)
        return false;
    memcpy(&more, &meta->csum_start, sizeof more);
    return (more | meta->frag_id) == 0;
}

/* hsr_rx_check() of those. */
static inline bool hsr_rx_check_inside(const struct hsr_rx_meta *meta, uint32_t space)
{
    return hsr_rx_check_short(meta, space) && meta->l2_off <= meta->l3_off &&
           (meta->vni_tunnel & 0xFF) <= HSR_TUNNEL_GENEVE;
}

_Static_assert(offsetof(struct hsr_rx_meta, flags1) == offsetof(struct hsr_rx_meta, csum_start) + 7,
               "one word");

static inline bool hsr_rx_check(const struct hsr_rx_meta *meta, uint32_t space)
{
    if (hsr_rx_is_short(meta))
        return hsr_rx_check_short(meta, space);
    return hsr_rx_is_inside(meta) ? hsr_rx_check_inside(meta, space)
                                  : hsr_rx_check_any(meta, space);
}

/*
 * Is tx metadata inside its contract? Known kind, action, fit and payload operation (what a handle names is for the payload
 * memory to say); drop reason known with DROP; egress port below HSR_MAX_PORTS and at least an Ethernet header with
 * TRANSMIT; RETURN and MERGE of received packets only, RETURN with its reason and without MORE. With TRANSMIT and RETURN:
 * offload bits known, FRAGMENT with IPv4 only; frame_off at least SLOT_META and the frame inside the space; offsets
 * ascending, and every header to be written to inside the frame; gso_size 0 iff gso type NONE. With MERGE: the bytes
 * inside the space, and no offload but MORE. Of a CTRL entry the action (FIT; RELEASE with a handle; FENCE with a group
 * there is) and the flow-index operation are looked at. `kind` is the ring entry's.
 */
static inline bool hsr_tx_check(const struct hsr_tx_meta *meta, uint32_t space, uint32_t kind);
bool hsr_tx_check_any(const struct hsr_tx_meta *meta, uint32_t space, uint32_t kind);

/* A received packet to be sent without segmentation, checksum or flow-index operation, alone? */
static inline bool hsr_tx_is_short(const struct hsr_tx_meta *meta, uint32_t kind)
{
    unsigned work = meta->offload & ~(unsigned)(HSR_TXO_IPV6 | HSR_TXO_ENCAP);
    uint32_t gso_fit; /* gso_size, gso_type, fit_op */

    memcpy(&gso_fit, &meta->gso_size, sizeof gso_fit);
    return (kind | meta->action | work | meta->payload_op | gso_fit) == 0;
}

/* hsr_tx_check() of those. */
static inline bool hsr_tx_check_short(const struct hsr_tx_meta *meta, uint32_t space)
{
    return meta->egress_port < HSR_MAX_PORTS && meta->frame_len >= HSR_ETH_HDR &&
           meta->frame_off >= HSR_SLOT_META &&
           (uint64_t)(meta->frame_off - HSR_SLOT_META) + meta->frame_len <= space &&
           meta->l3_off <= meta->l4_off && meta->l4_off <= meta->frame_len &&
           (!(meta->offload & HSR_TXO_ENCAP) ||
            (meta->outer_l3_off <= meta->outer_l4_off && meta->outer_l4_off <= meta->l3_off));
}

static inline bool hsr_tx_check(const struct hsr_tx_meta *meta, uint32_t space, uint32_t kind)
{
    return hsr_tx_is_short(meta, kind) ? hsr_tx_check_short(meta, space)
                                       : hsr_tx_check_any(meta, space, kind);
}

_Static_assert(HSR_KIND_PACKET == 0 && HSR_TXA_TRANSMIT == 0 && HSR_PAYLOAD_RELEASE == 0 &&
                   HSR_GSO_NONE == 0 && HSR_FIT_NONE == 0,
               "what is usual is 0");
_Static_assert(offsetof(struct hsr_tx_meta, gso_type) ==
                       offsetof(struct hsr_tx_meta, gso_size) + 2 &&
                   offsetof(struct hsr_tx_meta, fit_op) ==
                       offsetof(struct hsr_tx_meta, gso_size) + 3,
               "one word");

/* Name ("sg_ingress"), stage ("fw") and text of a drop reason; "unknown" outside the list. */
const char *hsr_drop_name(unsigned reason);
const char *hsr_drop_stage(unsigned reason);
const char *hsr_drop_text(unsigned reason);

#endif

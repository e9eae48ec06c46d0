/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Post-Processor model: turns one (tx metadata, frame) into the frames that leave the egress port.
 *
 *     po_csum     checksums, inner and outer (L3, L4 partial, outer UDP)
 *     po_tso      TCP segmentation over IPv4 and IPv6, plain and inside VXLAN (Triton, section 8.1: deferred to here)
 *     po_process  chooses: whole with a virtio header for a port that takes it, completed, or segmented
 *
 * Headers (at most PO_MAX_HEADERS bytes) are copied to private memory before they are read, and only the copy is
 * believed and sent: the firmware may scribble over a slot at any time. Payload is passed on by reference.
 * No allocation: the caller gives a struct po_work. One thread a work area.
 */
#ifndef POSTPROC_POST_H
#define POSTPROC_POST_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stdint.h>

#include "hsring/abi.h"

#define PO_MAX_HEADERS \
    256 /* outer + inner headers that segmentation and checksums look at, bytes */
#define PO_MAX_SEGMENTS 64 /* segments made per call of the sink */

/* What the egress port takes. */
struct po_port {
    bool csum;    /* partial checksums, with a virtio header */
    bool tso;     /* TCP GSO frames, IPv4 and IPv6, with a virtio header */
    uint32_t mtu; /* largest IP packet, bytes (the VLAN and Ethernet headers come on top) */
};

/* One frame to send: two pieces that belong together. Valid until the sink returns. */
struct po_frame {
    const uint8_t *head;
    uint32_t head_len;
    const uint8_t *body;
    uint32_t body_len;
    struct virtio_net_hdr vnet; /* all zero: a plain, complete frame */
};

/* Takes `n` frames; how many were accepted. The rest are dropped by the caller of po_process. */
typedef uint32_t (*po_sink)(void *arg, const struct po_frame *frames, uint32_t n);

struct po_work {
    uint8_t head[PO_MAX_SEGMENTS][PO_MAX_HEADERS];
    struct po_frame frame[PO_MAX_SEGMENTS];
};

struct po_result {
    enum hsr_drop drop; /* HSR_DROP_NONE, or why nothing was (or: not all segments were) sent */
    uint32_t made;      /* frames made of the packet: 1, or the segments; 0 when dropped before */
    uint32_t sent;      /* of them accepted by the sink */
    uint64_t bytes;     /* of those sent */
};

/* Offloads that are checksums to be written. */
enum {
    PO_CSUM_WORK =
        HSR_TXO_L3_CSUM | HSR_TXO_L4_PARTIAL | HSR_TXO_OUTER_L3_CSUM | HSR_TXO_OUTER_L4_CSUM,
};

/* Largest IP packet that may leave, bytes. */
static inline uint32_t po_packet_limit(const struct hsr_tx_meta *meta, const struct po_port *port)
{
    return meta->mtu != 0 && meta->mtu < port->mtu ? meta->mtu : port->mtu;
}

/* Does the outermost IP packet fit? An unknown offset is that of an untagged Ethernet frame. */
static inline bool po_fits(const struct hsr_tx_meta *meta, uint32_t limit)
{
    uint32_t l3 = meta->offload & HSR_TXO_ENCAP ? meta->outer_l3_off : meta->l3_off;

    return meta->frame_len <= (uint64_t)limit + (l3 == 0 ? 14 : l3);
}

/* Does the frame leave as it stands, without work on its headers? po_process() then gives the sink just that. */
static inline bool po_is_plain(const struct hsr_tx_meta *meta, const struct po_port *port)
{
    return meta->gso_type == HSR_GSO_NONE && !(meta->offload & PO_CSUM_WORK) &&
           po_fits(meta, po_packet_limit(meta, port));
}

/*
 * Process one TRANSMIT or ORIGINATE packet whose metadata passed hsr_tx_check(). `frame` is its first byte
 * (slot + meta.frame_off), meta.frame_len bytes long; it is never written. No IP packet that leaves is larger than
 * port.mtu, or than meta.mtu when that is not 0.
 *
 * A GSO frame for a port with `tso` leaves whole when it is not encapsulated and the segments it asks for (headers and
 * gso_size) are within that limit. Else it is cut: segments carry min(gso_size, limit - headers) bytes; IPv4
 * identification, inner and outer, counts up per segment; FIN and PSH stand on the last; CWR on the first with the ECN
 * bit (RFC 3168), without it on all; every segment's checksums are complete, but for an outer UDP checksum that
 * OUTER_L4_CSUM does not ask for. After a refusal by the sink no further segments are made.
 *
 * Drops: TX_TOO_BIG (frame over the limit, no GSO), TSO_BAD (headers not as the metadata says, or of no room for
 * payload), TX_META_BAD (the same without GSO; headers past PO_MAX_HEADERS for an operation that needs them),
 * PORT_TX_FULL (the sink took fewer than it was given; made - sent were lost).
 */
struct po_result po_process(struct po_work *work, const struct hsr_tx_meta *meta,
                            const uint8_t *frame, const struct po_port *port, po_sink sink,
                            void *arg);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Post-Processor model: turns one (tx metadata, frame) into the frames that leave the egress port.
 *
 *     po_csum     checksums, inner and outer (L3, L4 partial, outer UDP)
 *     po_gso      segmentation of TCP and UDP over IPv4 and IPv6, plain and in a tunnel (Triton, section 8.1: deferred to here)
 *     po_frag     fragmentation: UFO, and IPv4 packets over the path's MTU
 *     po_pieces   the iterator over both
 *     po_process  chooses: whole with a virtio header for a port that takes it, completed, or in pieces
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
#include <string.h>

#include "hsring/abi.h"
#include "postproc/pieces.h"

#define PO_MAX_SEGMENTS 64 /* pieces made per call of the sink */

/* virtio 1.2, section 5.1.6; younger than some kernel headers. */
#define PO_VNET_GSO_UDP_L4 5

/* What the egress port takes. */
struct po_port {
    bool csum;    /* partial checksums, with a virtio header */
    bool tso;     /* TCP GSO frames, IPv4 and IPv6, with a virtio header */
    bool uso;     /* UDP GSO frames, likewise: datagrams of gso_size */
    bool ufo;     /* UDP GSO frames, likewise: one datagram to be fragmented */
    uint32_t mtu; /* largest IP packet, bytes (the VLAN and Ethernet headers come on top) */
};

/* One frame to send: head, body and tails belong together. Valid until the sink returns. */
struct po_frame {
    const uint8_t *head;
    uint32_t head_len;
    uint32_t body_len;
    const uint8_t *body;
    const struct po_span *tail; /* what does not lie behind the body in memory */
    uint32_t tails;
    uint32_t tail_len;          /* of all tails together */
    struct virtio_net_hdr vnet; /* all zero: a plain, complete frame */
};

static inline uint32_t po_frame_len(const struct po_frame *f)
{
    return f->head_len + f->body_len + f->tail_len;
}

/* The frame's bytes, all po_frame_len() of them, in a row. */
static inline void po_frame_copy(const struct po_frame *f, uint8_t *to)
{
    if (f->head_len > 0)
        memcpy(to, f->head, f->head_len);
    to += f->head_len;
    if (f->body_len > 0)
        memcpy(to, f->body, f->body_len);
    to += f->body_len;
    for (uint32_t i = 0; i < f->tails; i++) {
        memcpy(to, f->tail[i].at, f->tail[i].len);
        to += f->tail[i].len;
    }
}

/* Takes `n` frames; how many were accepted. The rest are dropped by the caller of po_process. */
typedef uint32_t (*po_sink)(void *arg, const struct po_frame *frames, uint32_t n);

struct po_work {
    uint8_t head[PO_MAX_SEGMENTS][PO_MAX_HEADERS];
    struct po_frame frame[PO_MAX_SEGMENTS];
    struct po_span tail[PO_MAX_SEGMENTS + PO_MAX_SPANS];
    uint32_t ident; /* of the last IPv6 packet that was cut into fragments */
};

struct po_result {
    enum hsr_drop drop; /* HSR_DROP_NONE, or why nothing was (or: not all pieces were) sent */
    uint32_t made;      /* frames made of the packet: 1, or the pieces; 0 when dropped before */
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
static inline bool po_fits(const struct hsr_tx_meta *meta, uint32_t frame_len, uint32_t limit)
{
    uint32_t l3 = meta->offload & HSR_TXO_ENCAP ? meta->outer_l3_off : meta->l3_off;

    return frame_len <= (uint64_t)limit + (l3 == 0 ? 14 : l3);
}

/* Does the frame leave as it stands, without work on its headers? po_process() then gives the sink just that. */
static inline bool po_is_plain(const struct hsr_tx_meta *meta, uint32_t frame_len,
                               const struct po_port *port)
{
    return meta->gso_type == HSR_GSO_NONE && !(meta->offload & PO_CSUM_WORK) &&
           po_fits(meta, frame_len, po_packet_limit(meta, port));
}

/*
 * Process one TRANSMIT or ORIGINATE packet whose metadata passed hsr_tx_check(). `frame` is its bytes: first those in the
 * slot (from slot + meta.frame_off), then its payload's; they are never written. No IP packet that leaves is larger than
 * port.mtu, or than meta.mtu when that is not 0.
 *
 * A GSO frame for a port that takes its kind leaves whole when it is not encapsulated and the pieces it asks for are
 * within that limit. Else it is cut. TCP: segments carry min(gso_size, limit - headers) bytes; FIN and PSH stand on the
 * last; CWR on the first with the ECN bit (RFC 3168), without it on all. USO: datagrams of gso_size. UFO: fragments of
 * min(gso_size, what fits), whatever the DF bit says. Segments: IPv4 identification, inner and outer, counts up;
 * every segment's checksums are complete, but for an outer UDP checksum that OUTER_L4_CSUM does not ask for. Fragments:
 * one inner identification; the L4 checksum is that of the whole packet; in a tunnel the fragments are inside.
 * A packet or USO datagram over the limit is fragmented with FRAGMENT, if it is IPv4 without DF. After a refusal by the
 * sink no further pieces are made.
 *
 * Drops: TX_TOO_BIG (over the limit and not to be cut, or no room for 8 bytes of data), TSO_BAD (headers not as the
 * metadata says, or of no room for payload), TX_META_BAD (the same without GSO; headers past PO_MAX_HEADERS for an
 * operation that needs them), PORT_TX_FULL (the sink took fewer than it was given; made - sent were lost).
 */
struct po_result po_process(struct po_work *work, const struct hsr_tx_meta *meta,
                            const struct po_source *frame, const struct po_port *port, po_sink sink,
                            void *arg);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a packet leaves in: the one iterator behind TSO, USO, UFO and fragmentation.
 *
 *     drop = po_pieces_open(&it, &meta, &frame, limit, ident)
 *     while (po_pieces_next(&it, head, tail, &piece)) ...
 *
 * Segments first (TCP, or UDP datagrams of gso_size); a datagram that is larger than the limit goes on as fragments, as
 * does a UFO packet and one with FRAGMENT. The iterator has a private copy of all headers; payload stays where it lies.
 * No allocation, one thread an iterator.
 */
#ifndef POSTPROC_PIECES_H
#define POSTPROC_PIECES_H

#include <string.h>

#include "postproc/frag.h"
#include "postproc/gso.h"

#define PO_MAX_HEADERS \
    256 /* outer + inner headers that segmentation and checksums look at, bytes */

struct po_pieces {
    const struct po_source *frame;
    struct po_gso gso;
    struct po_frag frag;
    uint32_t segment; /* the next one */
    uint32_t made;    /* pieces so far: what the tunnel's identification counts */
    uint32_t limit;   /* largest IP packet, bytes */
    uint8_t head[PO_MAX_HEADERS];
    uint8_t cut[PO_MAX_HEADERS]; /* of the packet that is being cut into fragments */
};

/* A piece: its headers, and where its payload lies. */
struct po_piece {
    uint32_t head_len;
    struct po_range payload;
};

/*
 * The first bytes of the frame to `head` (PO_MAX_HEADERS bytes): the one fetch of headers. How many: headers do not reach
 * into the payload that was cut off them.
 */
static inline uint32_t po_copy_headers(const struct po_source *frame, uint8_t *head)
{
    uint32_t len = frame->span[0].len < PO_MAX_HEADERS ? frame->span[0].len : PO_MAX_HEADERS;

    if (len > 0)
        memcpy(head, frame->span[0].at, len);
    return len;
}

/*
 * Check the packet and what is asked of it. `ident`: of the fragments, should they be IPv6. `frame` must outlive the
 * iterator. HSR_DROP_NONE, or the reason, as po_process() says.
 */
enum hsr_drop po_pieces_open(struct po_pieces *it, const struct hsr_tx_meta *meta,
                             const struct po_source *frame, uint32_t limit, uint32_t ident);

/* The next piece, its headers in `head` (PO_MAX_HEADERS bytes), further spans in `tail`; false: that was all. */
bool po_pieces_next(struct po_pieces *it, uint8_t *head, struct po_span *tail,
                    struct po_piece *piece);

#endif

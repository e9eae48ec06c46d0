/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fragmentation stage of the Post-Processor: one IP packet into fragments, IPv4 (RFC 791) and IPv6 (RFC 8200, section
 * 4.5), plain and inside a UDP tunnel, where each fragment gets the tunnel's headers.
 *
 *     po_frag_plan(&plan, &at, head, head_len, from, len, most, mtu)   what there is to cut
 *     po_frag_next(&plan, &frame, out, index)                            the next fragment, while po_frag_more()
 *
 * The packet is `head_len` bytes of finished headers, checksums included, and `len` bytes of the frame at `from`. The
 * headers reach at least to the end of what every fragment repeats; what lies behind that is data like the rest.
 * Pure functions of their arguments, safe in any thread.
 */
#ifndef POSTPROC_FRAG_H
#define POSTPROC_FRAG_H

#include "postproc/headers.h"
#include "postproc/source.h"

#define PO_FRAG_HEADER 8 /* IPv6 fragment header, bytes: room that `out` needs beyond head_len */

struct po_frag {
    struct po_layout at;
    const uint8_t *head;
    uint32_t head_len;
    uint32_t from;   /* data behind the headers, in the frame */
    uint32_t data;   /* bytes to distribute, those in `head` first */
    uint32_t prefix; /* bytes of `head` that each fragment repeats */
    uint32_t next;   /* IPv6: offset of the field that gets to say "fragment header" */
    uint32_t unit;   /* data of a fragment but the last, a multiple of 8 */
    uint32_t done;   /* data in the fragments made so far */
    uint16_t flags;  /* IPv4: flags and offset of the packet itself, which may be a fragment */
    uint32_t ident;  /* IPv6: identification */
};

/* Where the payload of a fragment is, and how much header it has. */
struct po_frag_piece {
    uint32_t head_len;
    uint32_t from;
    uint32_t len;
};

/*
 * Fragments of at most `most` bytes of data (0: as many as fit) in IP packets of at most `mtu`. False when not even 8
 * bytes fit, or when the data ends past the largest offset there is.
 */
bool po_frag_plan(struct po_frag *plan, const struct po_layout *at, const uint8_t *head,
                  uint32_t head_len, uint32_t from, uint32_t len, uint32_t most, uint32_t mtu);

static inline bool po_frag_more(const struct po_frag *plan)
{
    return plan->done < plan->data;
}

/* The next fragment: its headers to `out`, `index` counts the tunnel's identification up. Only while there are more. */
struct po_frag_piece po_frag_next(struct po_frag *plan, const struct po_source *frame, uint8_t *out,
                                  uint32_t index);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segmentation stage of the Post-Processor: TCP (TSO) and UDP datagrams (USO) over IPv4 and IPv6, plain and inside a UDP
 * tunnel.
 *
 *     po_gso_plan(&plan, &meta, head, head_len, frame_len)   checks the copied headers against the metadata
 *     po_gso_limit(&plan, gso_size, mtu)                     payload of a segment, number of segments
 *     po_gso_segment(&plan, i, n, &source, out, &len)        headers of segment i; where its payload is
 *
 * Only the copy of the headers is read; payload is summed and passed on by reference. The plan refers to `head`, which
 * must outlive it. Pure functions of their arguments, safe in any thread.
 */
#ifndef POSTPROC_GSO_H
#define POSTPROC_GSO_H

#include "postproc/headers.h"
#include "postproc/source.h"

struct po_gso {
    const uint8_t *head; /* headers of the frame as it came */
    uint32_t head_len;   /* all headers: payload begins here, bytes */
    uint32_t payload;    /* bytes of L4 payload in the frame */
    struct po_layout at;
    uint32_t mss;      /* payload bytes of a segment; the last one may have fewer */
    uint32_t segments; /* at least 1 */
    bool udp;
    bool ecn; /* CWR stands on the first segment only */
};

/*
 * Check the headers in `head` (the first `head_len` bytes of a frame of `frame_len`) and fill the plan but for mss and
 * segments. HSR_DROP_NONE; TSO_BAD: the headers are not what the metadata says, or the packet is none that can be
 * cut; TX_META_BAD: they are longer than the copy though the frame is not.
 */
enum hsr_drop po_gso_plan(struct po_gso *plan, const struct hsr_tx_meta *meta, const uint8_t *head,
                          uint32_t head_len, uint32_t frame_len);

/* Largest IP packet, in bytes, that segments of `gso_size` payload bytes make, the tunnel's headers included. */
static inline uint32_t po_gso_packet(const struct po_gso *plan, uint32_t gso_size)
{
    return plan->head_len - plan->at.outer_l3 + gso_size;
}

/*
 * Choose the segment's payload. TCP: at most `gso_size` bytes in an IP packet of at most `mtu`; false when nothing fits.
 * UDP: `gso_size`, since the datagrams are the sender's.
 */
bool po_gso_limit(struct po_gso *plan, uint32_t gso_size, uint32_t mtu);

/*
 * Write the plan->head_len header bytes of segment `index` to `out`, complete with lengths, identifications, sequence
 * number, flags and checksums; the tunnel's identification is `outer_index` behind the frame's. Its payload is the *len bytes of the frame at the offset returned.
 */
uint32_t po_gso_segment(const struct po_gso *plan, uint32_t index, uint32_t outer_index,
                        const struct po_source *frame, uint8_t *out, uint32_t *len);

#endif

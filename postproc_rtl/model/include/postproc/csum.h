/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checksum stage of the Post-Processor: completes the checksums of one whole frame in the copy of its headers.
 *
 * The frame is seen as a struct po_view: its first bytes are the private copy, the rest is read by reference and only
 * summed. The frame itself is never written. Lengths are taken from the copy and checked against the frame before any
 * byte behind them is read. Pure functions of their arguments, safe in any thread.
 */
#ifndef POSTPROC_CSUM_H
#define POSTPROC_CSUM_H

#include <stdint.h>

#include "hsring/abi.h"
#include "postproc/source.h"

/* A frame, the first `head_len` (at most frame->len) bytes of it in `head`. */
struct po_view {
    uint8_t *head;
    uint32_t head_len;
    const struct po_source *frame;
};

/*
 * Do what `offload` asks, meta->offload or less of it: inner L3, inner L4, outer L3, outer L4, in this order because the
 * last covers all others. HSR_DROP_NONE, or TX_META_BAD: an offset that leaves the copy, a length that leaves the frame, or a header of
 * another version or size than the metadata says. After an error the copy is worthless.
 */
enum hsr_drop po_csum(const struct hsr_tx_meta *meta, uint16_t offload, const struct po_view *view);

/*
 * Write the checksum of the IPv4 header of `len` bytes at `ip` (RFC 791). The caller checked the length.
 */
void po_csum_ip4(uint8_t *ip, uint32_t len);

/*
 * Length of the IPv4 header at `l3`, read from the copy of `head_len` bytes; 0 when it is not IPv4, when its IHL is
 * below five, or when it leaves the copy.
 */
uint32_t po_ip4_header(const uint8_t *head, uint32_t head_len, uint32_t l3);

/*
 * Pseudo-header sum, without a length, of the IP packet whose fixed header (20 or 40 bytes) is at `ip`.
 */
uint64_t po_pseudo(const uint8_t *ip, uint8_t proto);

/* One's-complement sum of a range that begins at an odd distance, as it counts in the range it belongs to. */
static inline uint16_t po_sum_swap(uint16_t sum)
{
    return __builtin_bswap16(sum);
}

#endif

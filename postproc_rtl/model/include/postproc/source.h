/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of one packet where they lie: the frame in its slot, then the cells of its payload, as spans in order.
 *
 * Nothing here copies payload: ranges are summed in place or handed on by reference. Pure functions of their arguments,
 * safe in any thread.
 */
#ifndef POSTPROC_SOURCE_H
#define POSTPROC_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#define PO_MAX_SPANS 80 /* of one source */

struct po_span {
    const uint8_t *at;
    uint32_t len;
};

struct po_source {
    const struct po_span *span;
    uint32_t spans;
    uint32_t len; /* of all spans together */
    /* With `summed`: the one's-complement sum of the bytes from sum_from to the end, which need not be read for it. */
    uint32_t sum_from;
    uint16_t sum;
    bool summed;
};

/* A part of a source: a first piece, and what follows behind it. */
struct po_range {
    const uint8_t *body;
    uint32_t body_len;
    uint32_t tails;
    uint32_t tail_len; /* of all tails together */
    const struct po_span *tail;
};

/* One's-complement sum of the `len` bytes at `from` (not inverted; an odd last byte counts as a high one). */
uint16_t po_source_sum(const struct po_source *s, uint32_t from, uint32_t len);

/* CRC32c continued over the `len` bytes at `from`. */
uint32_t po_source_crc(const struct po_source *s, uint32_t crc, uint32_t from, uint32_t len);

/* Copy the `len` bytes at `from`. */
void po_source_copy(const struct po_source *s, uint32_t from, uint32_t len, uint8_t *to);

/*
 * The `len` bytes at `from` by reference. Spans behind the first go to `tail`, which has room for PO_MAX_SPANS.
 */
struct po_range po_source_range(const struct po_source *s, uint32_t from, uint32_t len,
                                struct po_span *tail);

#endif

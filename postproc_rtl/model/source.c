/* SPDX-License-Identifier: Apache-2.0 */
#include "postproc/source.h"

#include <string.h>

#include "hsring/csum.h"
#include "postproc/csum.h"

/* Walks over a range of a source, a contiguous piece at a time. */
struct walk {
    const struct po_span *span;
    uint32_t skip; /* bytes of *span in front of the next piece */
    uint32_t left;
};

static struct walk walk(const struct po_source *s, uint32_t from, uint32_t len)
{
    const struct po_span *span = s->span;

    while (len > 0 && from >= span->len) {
        from -= span->len;
        span++;
    }
    return (struct walk){.span = span, .skip = from, .left = len};
}

static bool next_piece(struct walk *w, struct po_span *piece)
{
    while (w->left > 0 && w->span->len == w->skip) { /* empty, or used up */
        w->span++;
        w->skip = 0;
    }
    if (w->left == 0)
        return false;
    piece->at = w->span->at + w->skip;
    piece->len = w->span->len - w->skip;
    if (piece->len > w->left)
        piece->len = w->left;
    w->skip += piece->len;
    w->left -= piece->len;
    return true;
}

static uint16_t add_up(const struct po_source *s, uint32_t from, uint32_t len)
{
    struct walk w = walk(s, from, len);
    struct po_span piece;
    uint64_t sum = 0;
    uint32_t done = 0;

    while (next_piece(&w, &piece)) {
        uint16_t part = hsr_csum_fold(hsr_csum_add(0, piece.at, piece.len));

        sum += done & 1 ? po_sum_swap(part) : part;
        done += piece.len;
    }
    return hsr_csum_fold(sum);
}

uint16_t po_source_sum(const struct po_source *s, uint32_t from, uint32_t len)
{
    uint32_t before = s->sum_from - from;
    uint16_t rest;

    if (!s->summed || from > s->sum_from || from + len != s->len)
        return add_up(s, from, len);
    rest = before & 1 ? po_sum_swap(s->sum) : s->sum;
    return hsr_csum_fold((uint64_t)add_up(s, from, before) + rest);
}

uint32_t po_source_crc(const struct po_source *s, uint32_t crc, uint32_t from, uint32_t len)
{
    struct walk w = walk(s, from, len);
    struct po_span piece;

    while (next_piece(&w, &piece))
        crc = hsr_crc32c(crc, piece.at, piece.len);
    return crc;
}

void po_source_copy(const struct po_source *s, uint32_t from, uint32_t len, uint8_t *to)
{
    struct walk w = walk(s, from, len);
    struct po_span piece;

    while (next_piece(&w, &piece)) {
        memcpy(to, piece.at, piece.len);
        to += piece.len;
    }
}

struct po_range po_source_range(const struct po_source *s, uint32_t from, uint32_t len,
                                struct po_span *tail)
{
    struct walk w = walk(s, from, len);
    struct po_range range = {.tail = tail};
    struct po_span piece;

    if (next_piece(&w, &piece)) {
        range.body = piece.at;
        range.body_len = piece.len;
    }
    while (next_piece(&w, &tail[range.tails])) {
        range.tail_len += tail[range.tails].len;
        range.tails++;
    }
    return range;
}

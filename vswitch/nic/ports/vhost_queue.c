/* SPDX-License-Identifier: Apache-2.0 */
/* What split and packed virtqueues have in common: chains, and copying from and to them. */
#include "ports/vhost_queue.h"

#include <string.h>

/* Is all of it in guest memory, over the borders of regions? */
static bool covered(const struct vh_mem *mem, uint64_t gpa, uint32_t len)
{
    while (len > 0) {
        uint64_t part = len;

        if (vh_at(mem, gpa, &part) == NULL)
            return false;
        gpa += part;
        len -= (uint32_t)part;
    }
    return true;
}

/* Translated before anything is copied: what leads out of guest memory costs no more than the look. */
void vh_add_piece(const struct vh_mem *mem, struct vh_chain *c, uint64_t gpa, uint32_t len,
                  bool fits_direction)
{
    uint64_t part = len;
    uint8_t *at;

    if (c->bad)
        return;
    if (!fits_direction || c->pieces == VH_PIECES) {
        c->bad = true;
        return;
    }
    at = len > 0 ? vh_at(mem, gpa, &part) : NULL;
    if (at == NULL || part < len) {
        at = NULL;
        c->bad = !covered(mem, gpa, len);
        if (c->bad)
            return;
    }
    c->piece[c->pieces++] = (struct vh_piece){.gpa = gpa, .at = at, .len = len};
    c->bytes += len;
}

/* From guest memory, across the borders of its regions. */
static bool read_at(const struct vh_mem *mem, uint64_t gpa, void *to, uint32_t len)
{
    uint8_t *at = to;

    while (len > 0) {
        uint64_t part = len;
        const uint8_t *from = vh_at(mem, gpa, &part);

        if (from == NULL)
            return false;
        memcpy(at, from, part);
        at += part;
        gpa += part;
        len -= (uint32_t)part;
    }
    return true;
}

static bool write_at(const struct vh_mem *mem, uint64_t gpa, const void *from, uint32_t len)
{
    const uint8_t *at = from;

    while (len > 0) {
        uint64_t part = len;
        uint8_t *to = vh_at(mem, gpa, &part);

        if (to == NULL)
            return false;
        memcpy(to, at, part);
        at += part;
        gpa += part;
        len -= (uint32_t)part;
    }
    return true;
}

bool vh_table_entry(const struct vh_mem *mem, uint64_t table, uint32_t i, void *entry)
{
    bool there = read_at(mem, table + (uint64_t)i * sizeof(struct vring_desc), entry,
                         sizeof(struct vring_desc));

    __asm__ volatile("" ::: "memory"); /* from here on the copy is all there is */
    return there;
}

/* What of the current piece is left, at most `len`; 0: the chain ends here. */
static uint32_t piece_left(const struct vh_chain *c, struct vh_cursor *at, uint32_t len)
{
    while (at->piece < c->pieces && at->off == c->piece[at->piece].len) {
        at->piece++;
        at->off = 0;
    }
    if (at->piece == c->pieces)
        return 0;
    uint32_t left = c->piece[at->piece].len - at->off;

    return left < len ? left : len;
}

bool vh_read(const struct vh_mem *mem, const struct vh_chain *c, struct vh_cursor *at, void *to,
             uint32_t len)
{
    uint8_t *next = to;

    while (len > 0) {
        uint32_t part = piece_left(c, at, len);

        if (part == 0)
            return false;
        const struct vh_piece *p = &c->piece[at->piece];

        if (p->at != NULL)
            memcpy(next, p->at + at->off, part);
        else if (!read_at(mem, p->gpa + at->off, next, part))
            return false;
        at->off += part;
        next += part;
        len -= part;
    }
    return true;
}

bool vh_write(const struct vh_mem *mem, const struct vh_chain *c, struct vh_cursor *at,
              const void *from, uint32_t len)
{
    const uint8_t *next = from;

    while (len > 0) {
        uint32_t part = piece_left(c, at, len);

        if (part == 0)
            return false;
        const struct vh_piece *p = &c->piece[at->piece];

        if (p->at != NULL)
            memcpy(p->at + at->off, next, part);
        else if (!write_at(mem, p->gpa + at->off, next, part))
            return false;
        at->off += part;
        next += part;
        len -= part;
    }
    return true;
}

int vh_take(struct vh_queue *q, const struct vh_mem *mem, bool writable, struct vh_chain *c)
{
    uint64_t before = c->bytes;
    int rc;

    if (!q->on || q->stop != VH_RUNS || c->heads == VH_HEADS)
        return q->stop != VH_RUNS ? -1 : 0;
    if (c->heads == 0) {
        c->next = q->next;
        c->next_wrap = q->next_wrap;
    }
    rc = q->packed ? vh_packed_take(q, mem, writable, c) : vh_split_take(q, mem, writable, c);
    if (rc > 0) {
        uint64_t room = c->bytes - before;

        c->head[c->heads++].room = room < UINT32_MAX ? (uint32_t)room : UINT32_MAX;
    }
    return rc;
}

void vh_untake(struct vh_queue *q, const struct vh_chain *c)
{
    if (c->heads == 0)
        return;
    q->next = c->next;
    q->next_wrap = c->next_wrap;
}

void vh_done(struct vh_queue *q, const struct vh_chain *c, uint32_t bytes)
{
    uint32_t part[VH_HEADS];

    q->bad += c->bad;
    q->news |= c->heads > 0;
    for (uint32_t i = 0; i < c->heads; i++) {
        part[i] = bytes < c->head[i].room ? bytes : c->head[i].room;
        bytes -= part[i];
    }
    if (q->packed)
        vh_packed_done(q, c, part);
    else
        vh_split_done(q, c, part);
}

void vh_publish(struct vh_queue *q)
{
    if (!q->packed)
        vh_split_publish(q);
}

bool vh_wants_call(struct vh_queue *q)
{
    bool owed = q->owed;

    if (!q->news)
        return false;
    q->news = q->owed = false;
    /* What was published must be seen before we look at what the guest wants. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return (q->packed ? vh_packed_wants_call(q) : vh_split_wants_call(q)) || owed;
}

bool vh_waits(const struct vh_queue *q)
{
    if (!q->on || q->stop != VH_RUNS)
        return false;
    return q->packed ? vh_packed_waits(q) : vh_split_waits(q);
}

static void set_kicks(struct vh_queue *q, bool on)
{
    q->kicks = on;
    if (q->packed)
        vh_packed_kicks(q, on);
    else
        vh_split_kicks(q, on);
}

void vh_quiet(struct vh_queue *q)
{
    set_kicks(q, false);
}

bool vh_kicks(struct vh_queue *q, bool on)
{
    if (q->kicks != on || (on && q->events))
        set_kicks(q, on);
    if (!on)
        return false;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return vh_waits(q);
}

/* Do these bytes lie in one region, and at a multiple of `align`? */
static bool inside(const struct vh_mem *mem, const void *at, uint64_t len, uintptr_t align)
{
    uintptr_t from = (uintptr_t)at;

    if (at == NULL || from % align != 0)
        return false;
    for (uint32_t i = 0; i < mem->regions; i++) {
        uint64_t off = from - (uintptr_t)mem->region[i].at;

        if (off < mem->region[i].size && len <= mem->region[i].size - off)
            return true;
    }
    return false;
}

bool vh_queue_fits(const struct vh_queue *q, const struct vh_mem *mem)
{
    uint64_t n = q->size;

    if (n == 0 || n > 32768)
        return false;
    if (q->packed) {
        return inside(mem, q->packed_desc, n * sizeof *q->packed_desc, 16) &&
               inside(mem, q->driver_event, sizeof *q->driver_event, 4) &&
               inside(mem, q->device_event, sizeof *q->device_event, 4);
    }
    /* Behind either ring stands an index for events. */
    return (n & (n - 1)) == 0 && inside(mem, q->desc, n * sizeof *q->desc, 16) &&
           inside(mem, q->avail, sizeof *q->avail + (n + 1) * sizeof q->avail->ring[0], 2) &&
           inside(mem, q->used, sizeof *q->used + n * sizeof q->used->ring[0] + sizeof(uint16_t),
                  4);
}

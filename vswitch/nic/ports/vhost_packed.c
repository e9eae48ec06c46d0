/* SPDX-License-Identifier: Apache-2.0 */
/* Packed virtqueues (virtio 1.2, section 2.8). */
#include <string.h>

#include "ports/vhost_queue.h"

#define AVAIL (1u << VRING_PACKED_DESC_F_AVAIL)
#define USED  (1u << VRING_PACKED_DESC_F_USED)
#define LAP   (1u << VRING_PACKED_EVENT_F_WRAP_CTR)

static void advance(const struct vh_queue *q, uint16_t *at, bool *wrap, uint16_t by)
{
    uint32_t to = (uint32_t)*at + by;

    if (to >= q->size) {
        to -= q->size;
        *wrap = !*wrap;
    }
    *at = (uint16_t)to;
}

static bool available(uint16_t flags, bool wrap)
{
    return !(flags & AVAIL) == !wrap && !(flags & USED) == wrap;
}

static uint16_t flags_at(const struct vh_queue *q, uint16_t at)
{
    return __atomic_load_n(&q->packed_desc[at].flags, __ATOMIC_ACQUIRE);
}

/* A table lies in a row; only whether an entry is to be written counts of its flags. */
static void add_table(const struct vh_queue *q, const struct vh_mem *mem,
                      const struct vring_packed_desc *d, bool writable, struct vh_chain *c)
{
    uint32_t n = d->len / (uint32_t)sizeof *d;
    struct vring_packed_desc entry;

    if (!q->tables || d->flags & VRING_DESC_F_NEXT || n == 0 || d->len % sizeof *d != 0)
        c->bad = true;
    for (uint32_t i = 0; i < n && !c->bad; i++) {
        if (!vh_table_entry(mem, d->addr, i, &entry) || entry.flags & VRING_DESC_F_INDIRECT)
            c->bad = true;
        else
            vh_add_piece(mem, c, entry.addr, entry.len,
                         !(entry.flags & VRING_DESC_F_WRITE) == !writable);
    }
}

int vh_packed_take(struct vh_queue *q, const struct vh_mem *mem, bool writable, struct vh_chain *c)
{
    struct vh_head *head = &c->head[c->heads];
    struct vring_packed_desc d;
    uint16_t at = q->next;
    bool wrap = q->next_wrap;

    if (!available(flags_at(q, at), wrap))
        return 0;
    head->slots = 0;
    do {
        if (head->slots == q->size || head->slots == VH_PIECES) {
            q->stop = VH_STOP_CHAIN;
            return -1;
        }
        memcpy(&d, &q->packed_desc[at], sizeof d);
        __asm__ volatile("" ::: "memory"); /* from here on the copy is all there is */
        head->slots++;
        advance(q, &at, &wrap, 1);
        if (!(d.flags & VRING_DESC_F_INDIRECT))
            vh_add_piece(mem, c, d.addr, d.len, !(d.flags & VRING_DESC_F_WRITE) == !writable);
        else if (head->slots == 1)
            add_table(q, mem, &d, writable, c);
        else
            c->bad = true;
    } while (d.flags & VRING_DESC_F_NEXT);
    head->id = d.id;
    q->next = at;
    q->next_wrap = wrap;
    return 1;
}

/*
 * The flags of a chain's further descriptors tell the guest nothing, and get the lap of the first: so the ring shows where we are to
 * whoever comes after us (vh_packed_find()).
 */
static void give(struct vh_queue *q, const struct vh_head *head, uint16_t at, bool wrap,
                 uint32_t bytes)
{
    struct vring_packed_desc *first = &q->packed_desc[at];
    uint16_t flags = (uint16_t)((wrap ? AVAIL | USED : 0) | (bytes > 0 ? VRING_DESC_F_WRITE : 0));
    uint16_t to = at;
    bool lap = wrap;

    for (uint16_t i = 1; i < head->slots; i++) {
        advance(q, &to, &lap, 1);
        __atomic_store_n(&q->packed_desc[to].flags, (uint16_t)(lap ? AVAIL | USED : 0),
                         __ATOMIC_RELAXED);
    }
    first->id = head->id;
    first->len = bytes;
    __atomic_store_n(&first->flags, flags, __ATOMIC_RELEASE);
}

/* The first chain of a frame last: the guest reads in order, and sees none before that. */
void vh_packed_done(struct vh_queue *q, const struct vh_chain *c, const uint32_t *bytes)
{
    uint16_t at[VH_HEADS];
    bool wrap[VH_HEADS];

    for (uint32_t i = 0; i < c->heads; i++) {
        at[i] = q->done;
        wrap[i] = q->done_wrap;
        advance(q, &q->done, &q->done_wrap, c->head[i].slots);
    }
    for (uint32_t i = c->heads; i-- > 0;)
        give(q, &c->head[i], at[i], wrap[i], bytes[i]);
}

bool vh_packed_find(struct vh_queue *q)
{
    bool first = flags_at(q, 0) & USED, before = first;
    uint16_t flips = 0, at = 0;

    for (uint16_t i = 1; i < q->size; i++) {
        bool used = flags_at(q, i) & USED;

        if (used != before) {
            flips++;
            at = i;
        }
        before = used;
    }
    if (flips > 1)
        return false;
    q->next = q->done = q->told = at;
    q->next_wrap = q->done_wrap = at > 0 ? first : !first;
    return true;
}

bool vh_packed_wants_call(struct vh_queue *q)
{
    uint16_t flags = __atomic_load_n(&q->driver_event->flags, __ATOMIC_ACQUIRE);
    uint16_t told = q->told, at;

    q->told = q->done;
    if (flags != VRING_PACKED_EVENT_FLAG_DESC || !q->events)
        return flags != VRING_PACKED_EVENT_FLAG_DISABLE;
    at = __atomic_load_n(&q->driver_event->off_wrap, __ATOMIC_RELAXED);
    if (q->done <= told)
        told = (uint16_t)(told - q->size);
    if (!(at & LAP) == q->done_wrap)
        return vring_need_event((uint16_t)((at & ~LAP) - q->size), q->done, told);
    return vring_need_event(at & (uint16_t)~LAP, q->done, told);
}

void vh_packed_kicks(struct vh_queue *q, bool on)
{
    uint16_t flags = VRING_PACKED_EVENT_FLAG_DISABLE;

    if (on && q->events) {
        uint16_t at = (uint16_t)(q->next | (q->next_wrap ? LAP : 0));

        __atomic_store_n(&q->device_event->off_wrap, at, __ATOMIC_RELAXED);
        flags = VRING_PACKED_EVENT_FLAG_DESC;
    } else if (on) {
        flags = VRING_PACKED_EVENT_FLAG_ENABLE;
    }
    __atomic_store_n(&q->device_event->flags, flags, __ATOMIC_RELEASE);
}

bool vh_packed_waits(const struct vh_queue *q)
{
    return available(flags_at(q, q->next), q->next_wrap);
}

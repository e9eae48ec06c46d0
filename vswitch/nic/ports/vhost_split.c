/* SPDX-License-Identifier: Apache-2.0 */
/* Split virtqueues (virtio 1.2, section 2.7). */
#include <string.h>

#include "ports/vhost_queue.h"

static uint16_t mask(const struct vh_queue *q)
{
    return (uint16_t)(q->size - 1);
}

/* The index behind the used ring, as no member of its. */
typedef uint16_t alias16 __attribute__((may_alias));

/* The guest's words: read once each. */
static uint16_t avail_index(const struct vh_queue *q)
{
    return __atomic_load_n(&q->avail->idx, __ATOMIC_ACQUIRE);
}

/* Of the ring's own table. */
static void ring_entry(const struct vh_queue *q, uint32_t i, struct vring_desc *entry)
{
    memcpy(entry, &q->desc[i], sizeof *entry);
    __asm__ volatile("" ::: "memory"); /* from here on the copy is all there is */
}

/* What a walk through a chain stands on: the ring's table, or one that a descriptor names. */
struct walk {
    bool table;
    uint64_t at;
    uint32_t entries;
};

/* May the descriptor name a table? Then the walk goes on there. */
static bool enter_table(const struct vh_queue *q, struct walk *w, const struct vring_desc *d)
{
    if (w->table || !q->tables || d->flags & VRING_DESC_F_NEXT || d->len == 0 ||
        d->len % sizeof *d != 0)
        return false;
    *w = (struct walk){.table = true, .at = d->addr, .entries = d->len / (uint32_t)sizeof *d};
    return true;
}

static void walk(const struct vh_queue *q, const struct vh_mem *mem, uint32_t index, bool writable,
                 struct vh_chain *c)
{
    struct walk w = {.entries = q->size};
    struct vring_desc d;

    /* Each step but the one into a table adds a piece, and these are bounded: a loop ends. */
    while (!c->bad) {
        if (index >= w.entries || (w.table && !vh_table_entry(mem, w.at, index, &d))) {
            c->bad = true;
            return;
        }
        if (!w.table)
            ring_entry(q, index, &d);
        if (d.flags & VRING_DESC_F_INDIRECT) {
            c->bad = !enter_table(q, &w, &d);
            index = 0;
            continue;
        }
        vh_add_piece(mem, c, d.addr, d.len, !(d.flags & VRING_DESC_F_WRITE) == !writable);
        if (!(d.flags & VRING_DESC_F_NEXT))
            return;
        index = d.next;
    }
}

int vh_split_take(struct vh_queue *q, const struct vh_mem *mem, bool writable, struct vh_chain *c)
{
    uint16_t waiting = (uint16_t)(avail_index(q) - q->next);
    uint16_t head;

    if (waiting == 0)
        return 0;
    head = __atomic_load_n(&q->avail->ring[q->next & mask(q)], __ATOMIC_RELAXED);
    if (waiting > q->size || head >= q->size) {
        q->stop = waiting > q->size ? VH_STOP_INDEX : VH_STOP_HEAD;
        return -1;
    }
    q->next++;
    c->head[c->heads].id = head;
    c->head[c->heads].slots = 1;
    walk(q, mem, head, writable, c);
    return 1;
}

void vh_split_done(struct vh_queue *q, const struct vh_chain *c, const uint32_t *bytes)
{
    for (uint32_t i = 0; i < c->heads; i++) {
        struct vring_used_elem *used = &q->used->ring[q->done & mask(q)];

        used->id = c->head[i].id;
        used->len = bytes[i];
        q->done++;
    }
}

void vh_split_publish(struct vh_queue *q)
{
    __atomic_store_n(&q->used->idx, q->done, __ATOMIC_RELEASE);
}

bool vh_split_wants_call(struct vh_queue *q)
{
    uint16_t told = q->told;

    q->told = q->done;
    if (!q->events)
        return !(__atomic_load_n(&q->avail->flags, __ATOMIC_RELAXED) & VRING_AVAIL_F_NO_INTERRUPT);
    return vring_need_event(__atomic_load_n(&q->avail->ring[q->size], __ATOMIC_RELAXED), q->done,
                            told);
}

void vh_split_kicks(struct vh_queue *q, bool on)
{
    if (!q->events)
        __atomic_store_n(&q->used->flags, on ? 0 : VRING_USED_F_NO_NOTIFY, __ATOMIC_RELAXED);
    else if (on) /* without a new one no kick comes for long */
        __atomic_store_n((alias16 *)(void *)&q->used->ring[q->size], q->next, __ATOMIC_RELAXED);
}

bool vh_split_waits(const struct vh_queue *q)
{
    return avail_index(q) != q->next;
}

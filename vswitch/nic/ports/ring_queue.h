/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A queue of frames between two threads of one process: records of varying length, one behind the other in a byte
 * ring, each contiguous. One producer, one consumer; free-running indices.
 */
#ifndef PORTS_RING_QUEUE_H
#define PORTS_RING_QUEUE_H

#include <linux/virtio_net.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Head of a record; the frame follows. */
struct ring_record {
    uint32_t len; /* of the frame; RING_SKIP: the rest of the ring, to its end, is empty */
    struct virtio_net_hdr vnet;
};

#define RING_SKIP UINT32_MAX

struct ring_queue {
    uint8_t *data;
    uint64_t size; /* bytes, a power of two, or 0 */
    _Alignas(64) _Atomic uint64_t prod;
    _Alignas(64) _Atomic uint64_t cons;
};

/* Bytes a record of `len` takes: records begin aligned. */
static inline uint64_t ring_record_size(uint32_t len)
{
    return (sizeof(struct ring_record) + (uint64_t)len + 15) & ~(uint64_t)15;
}

/* Producer: room for a frame of `len`, or NULL. The caller fills in record and frame, then calls ring_commit(). */
static inline struct ring_record *ring_reserve(struct ring_queue *q, uint32_t len)
{
    uint64_t need = ring_record_size(len);
    uint64_t prod = atomic_load_explicit(&q->prod, memory_order_relaxed);
    uint64_t used = prod - atomic_load_explicit(&q->cons, memory_order_acquire);
    uint64_t to_end;

    if (!q->size)
        return NULL;
    to_end = q->size - (prod & (q->size - 1));
    if (to_end < need) {
        /* Even when the record does not fit at the front now, the rest of this lap is used up. */
        if (q->size - used < to_end)
            return NULL;
        ((struct ring_record *)(q->data + (prod & (q->size - 1))))->len = RING_SKIP;
        prod += to_end;
        used += to_end;
        atomic_store_explicit(&q->prod, prod, memory_order_release);
    }
    if (q->size - used < need)
        return NULL;
    return (struct ring_record *)(q->data + (prod & (q->size - 1)));
}

static inline void ring_commit(struct ring_queue *q, uint32_t len)
{
    uint64_t prod = atomic_load_explicit(&q->prod, memory_order_relaxed);

    atomic_store_explicit(&q->prod, prod + ring_record_size(len), memory_order_release);
}

/* Consumer: the oldest record, or NULL. It stays until ring_release(). */
static inline const struct ring_record *ring_peek(struct ring_queue *q)
{
    for (;;) {
        uint64_t cons = atomic_load_explicit(&q->cons, memory_order_relaxed);
        uint64_t at;
        const struct ring_record *record;

        if (cons == atomic_load_explicit(&q->prod, memory_order_acquire))
            return NULL;
        at = cons & (q->size - 1);
        record = (const struct ring_record *)(q->data + at);
        if (record->len != RING_SKIP)
            return record;
        atomic_store_explicit(&q->cons, cons + q->size - at, memory_order_release);
    }
}

static inline void ring_release(struct ring_queue *q, const struct ring_record *record)
{
    uint64_t cons = atomic_load_explicit(&q->cons, memory_order_relaxed);

    atomic_store_explicit(&q->cons, cons + ring_record_size(record->len), memory_order_release);
}

#endif

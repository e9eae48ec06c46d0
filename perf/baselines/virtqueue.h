/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver of the software baseline: one split virtqueue (virtio 1.2, section 2.7) in memory, both of its sides.
 *
 * The vSwitch's side is sw_take() and sw_give(), and costs what a vhost driver costs: available entry, descriptor,
 * header, copy of the frame, used entry. The guest's side costs nothing: an endless queue has every buffer available
 * again at once. A NIC's queue (`dma`) takes and gives buffers by address, since the card copies by itself.
 *
 * Ownership: memory of the queue is the caller's. Threads: one.
 */
#ifndef BASELINES_VIRTQUEUE_H
#define BASELINES_VIRTQUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define SW_HEADER 12 /* struct virtio_net_hdr_v1, in front of each frame */

struct sw_desc {
    uint8_t *addr;
    uint32_t len; /* with the header */
    uint16_t flags, next;
};

struct sw_used {
    uint32_t id, len;
};

struct sw_queue {
    struct sw_desc *desc; /* `entries` of each */
    uint32_t *avail;
    struct sw_used *used;
    uint8_t *memory; /* of the guest's buffers, for whoever frees them */
    uint32_t entries;
    uint32_t at; /* next available entry */
    uint64_t
        ready; /* buffers that the guest has made available and nobody took; endless: UINT64_MAX */
    uint64_t done; /* used entries written */
    bool dma;
};

static inline uint32_t sw_next(struct sw_queue *q)
{
    uint32_t id = q->avail[q->at];

    q->at = q->at + 1 == q->entries ? 0 : q->at + 1;
    return id;
}

static inline void sw_finish(struct sw_queue *q, uint32_t id, uint32_t len)
{
    /* Endless queues: the used ring is as long as a real one, and stays in the cache as that does. */
    q->used[q->done & 255] = (struct sw_used){.id = id, .len = len};
    q->done++;
}

/* The next frame of the guest, copied to `to`; its length, 0 when none waits or it does not fit `room`. */
static inline uint32_t sw_take(struct sw_queue *q, uint8_t *to, uint32_t room)
{
    if (q->ready == 0)
        return 0;
    q->ready -= q->ready != UINT64_MAX;
    uint32_t id = sw_next(q);
    const struct sw_desc *d = &q->desc[id];
    uint32_t len = d->len - SW_HEADER;

    if (len > room)
        len = 0;
    memcpy(to, d->addr + SW_HEADER, len);
    sw_finish(q, id, 0);
    return len;
}

/* A frame to the guest, or to the card; false when it has no buffer for it. */
static inline bool sw_give(struct sw_queue *q, const uint8_t *frame, uint32_t len)
{
    if (q->ready == 0)
        return false;
    q->ready -= q->ready != UINT64_MAX;
    uint32_t id = sw_next(q);
    struct sw_desc *d = &q->desc[id];

    if (q->dma) {
        d->addr = (uint8_t *)(uintptr_t)frame;
        d->len = len;
    } else {
        memset(d->addr, 0, SW_HEADER);
        memcpy(d->addr + SW_HEADER, frame, len);
    }
    sw_finish(q, id, len + SW_HEADER);
    return true;
}

#endif

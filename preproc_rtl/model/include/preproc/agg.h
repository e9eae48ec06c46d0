/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pp_agg: flow aggregation (Triton, sections 5.1 and 8.1). 1,024 hash queues in front of the rx rings; a turn takes at
 * most 16 packets that form one vector from the head of one queue.
 *
 * A vector is one full key, direction, ingress port, class and target ring, and of tunnelled packets one tunnel, network and
 * outer source: compared on enqueue with the queue's last packet. Best effort: queues are served in the order in which they became busy, nothing ever waits for more
 * packets, and the order inside a queue, so inside a flow, is kept. Packets with a reason and packets without a flow
 * (ARP, non-IP, fragments of different id may share) never share a vector.
 *
 * Packets are described in memory of the aggregator's own: what decides about vectors, rings and groups is read from there
 * alone, whatever has become of the slot meanwhile. Items are used again last in, first out, so those of a burst stay warm.
 * One thread. The item pool is fixed; pp_agg_next() says when it is full.
 */
#ifndef PREPROC_AGG_H
#define PREPROC_AGG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hsring/abi.h"
#include "hsring/hash.h"
#include "hsring/origin.h"

#define PP_AGG_QUEUES (1u << HSR_HASH_QUEUE_BITS)

/* One packet on its way to a ring. */
struct pp_agg_item {
    struct hsr_rx_meta
        meta; /* what will stand in the slot; line 1 only with RXF_LINE1 or RXF_IPV6, but for its clock */
    uint64_t outer6[2];  /* outer source of what came by IPv6 (struct pp_flow) */
    uint32_t slot;       /* its run */
    uint16_t ring;       /* worker */
    uint16_t self, next; /* private: places in the pool */
    bool joins;          /* private: same vector as the one before it */
};

struct pp_agg {
    struct pp_agg_item *item;
    struct pp_agg_item **free;
    uint32_t capacity, free_count;
    struct pp_agg_queue {
        uint16_t head, tail, length;
    } queue[PP_AGG_QUEUES];
    uint16_t busy[PP_AGG_QUEUES]; /* ring of queue numbers, first come first served */
    uint32_t busy_head, busy_count;
    uint32_t max_vector;
    uint64_t vectors[HSR_MAX_VECTOR + 1]; /* histogram of vector lengths */
};

/* `capacity` at most 65,535 packets; `max_vector` 1..16. 0, -EINVAL or -ENOMEM. */
int pp_agg_open(struct pp_agg *agg, uint32_t capacity, uint32_t max_vector);
void pp_agg_close(struct pp_agg *agg);

/* Packets inside. */
static inline uint32_t pp_agg_held(const struct pp_agg *agg)
{
    return agg->capacity - agg->free_count;
}

/* The item that is enqueued next: for the caller to describe its packet in. NULL: the pool is full. */
static inline struct pp_agg_item *pp_agg_next(const struct pp_agg *agg)
{
    return agg->free_count > 0 ? agg->free[agg->free_count - 1] : NULL;
}

/* The item behind `ahead` others, of those that are free: what would be enqueued next after them. */
static inline struct pp_agg_item *pp_agg_ahead(const struct pp_agg *agg, uint32_t ahead)
{
    return agg->free[agg->free_count - 1 - ahead];
}

/* Make an item that pp_agg_ahead() gave out the next one, whatever became of those before it. */
static inline void pp_agg_choose(struct pp_agg *agg, struct pp_agg_item *item)
{
    struct pp_agg_item **top = &agg->free[agg->free_count - 1], **at = top;

    while (*at != item)
        at--;
    *at = *top;
    *top = item;
}

/* May `b` follow `a`, which is the last of its queue, in a vector? */
bool pp_agg_joins(const struct pp_agg_item *a, const struct pp_agg_item *b);

/* The same of most packets, TCP and UDP over IPv4 of no tunnel; false: ask pp_agg_joins(). */
static inline bool pp_agg_follows(const struct pp_agg_item *a, const struct pp_agg_item *b)
{
    const struct hsr_rx_meta *x = &a->meta, *y = &b->meta;

    return ((x->key_addrs ^ y->key_addrs) | (x->key_ports ^ y->key_ports) |
            (hsr_rx_origin(x) ^ hsr_rx_origin(y)) | (x->reason | y->reason) |
            (y->flags & (HSR_RXF_DECAP | HSR_RXF_IPV6)) | (a->ring ^ b->ring)) == 0 &&
           y->class <= HSR_CLASS_UDP && y->class >= HSR_CLASS_TCP;
}

static inline void pp_agg_list(struct pp_agg *agg, uint32_t queue)
{
    agg->busy[(agg->busy_head + agg->busy_count++) % PP_AGG_QUEUES] = (uint16_t)queue;
}

/* Enqueue the next item, with its metadata complete. */
static inline void pp_agg_put(struct pp_agg *agg, struct pp_agg_item *item, uint32_t slot,
                              uint16_t ring)
{
    uint32_t number = hsr_hash_queue(item->meta.hash);
    struct pp_agg_queue *q = &agg->queue[number];

    item->slot = slot;
    item->ring = ring;
    agg->free_count--;
    if (q->length++ == 0) {
        item->joins = false;
        q->head = item->self;
        pp_agg_list(agg, number);
    } else {
        struct pp_agg_item *last = &agg->item[q->tail];

        item->joins = pp_agg_follows(last, item) || pp_agg_joins(last, item);
        last->next = item->self;
    }
    q->tail = item->self;
}

/* Take the next vector: 0 when empty, else its length. The items are the caller's until it describes the next packet. */
uint32_t pp_agg_take(struct pp_agg *agg, struct pp_agg_item *out[HSR_MAX_VECTOR]);

#endif

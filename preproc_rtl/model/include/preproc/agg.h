/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pp_agg: flow aggregation (Triton, sections 5.1 and 8.1). 1,024 hash queues in front of the rx rings; a turn takes at
 * most 16 packets that form one vector from the head of one queue.
 *
 * A vector is one full key, direction, ingress port, class and target ring, and of tunnelled packets one tunnel, network and
 * outer source: compared on enqueue with the queue's last packet. Best effort: queues are served in the order in which they became busy, nothing ever waits for more
 * packets, and the order inside a queue, so inside a flow, is kept. Packets with a reason and packets without a flow
 * (ARP, non-IP, fragments of different id may share) never share a vector.
 * One thread. The item pool is fixed; pp_agg_put() says when it is full.
 */
#ifndef PREPROC_AGG_H
#define PREPROC_AGG_H

#include <stdbool.h>
#include <stdint.h>

#include "hsring/abi.h"
#include "preproc/flow.h"

#define PP_AGG_QUEUES (1u << HSR_HASH_QUEUE_BITS)

/* One packet on its way to a ring. */
struct pp_agg_item {
    uint32_t slot;            /* its run */
    uint16_t ring;            /* worker */
    uint16_t next;            /* private */
    bool joins;               /* private: same vector as the one before it */
    struct hsr_rx_meta *meta; /* line 0 and 1, in the slot */
};

struct pp_agg {
    struct pp_agg_item *item;
    struct pp_flow *flow; /* of each item, apart: only the next packet of its queue compares it */
    uint16_t *free;
    uint32_t capacity, free_count;
    struct pp_agg_queue {
        uint16_t head, tail, length;
        bool listed;
    } queue[PP_AGG_QUEUES];
    uint16_t busy[PP_AGG_QUEUES]; /* ring of queue numbers, first come first served */
    uint32_t busy_head, busy_count;
    uint32_t max_vector;
    uint32_t held;                        /* packets inside */
    uint64_t vectors[HSR_MAX_VECTOR + 1]; /* histogram of vector lengths */
};

/* `capacity` at most 65,535 packets; `max_vector` 1..16. 0, -EINVAL or -ENOMEM. */
int pp_agg_open(struct pp_agg *agg, uint32_t capacity, uint32_t max_vector);
void pp_agg_close(struct pp_agg *agg);

/* Enqueue; false when the pool is full. `meta` must stay valid until taken. */
bool pp_agg_put(struct pp_agg *agg, uint32_t slot, uint16_t ring, struct hsr_rx_meta *meta,
                const struct pp_flow *flow);

/*
 * Take the next vector: 0 when empty, else its length; items are copied to `out`, vec_len is written into their
 * metadata (length in the first, 0 in the others).
 */
uint32_t pp_agg_take(struct pp_agg *agg, struct pp_agg_item out[HSR_MAX_VECTOR]);

#endif

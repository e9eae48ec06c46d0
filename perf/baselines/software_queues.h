/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endless queues of the software baseline: a guest that always has the next frame, and one that always has room.
 *
 * Ownership: the queue's memory is its own until sw_endless_free(), which takes what was never filled, too.
 */
#ifndef BASELINES_SOFTWARE_QUEUES_H
#define BASELINES_SOFTWARE_QUEUES_H

#include "nic/ports/ring.h"
#include "virtqueue.h"

/* The guest's buffers hold copies of all frames in their order, again and again. False: out of memory. */
bool sw_endless_source(struct sw_queue *q, const struct nic_ring_frame *frames, uint32_t n);
/* `dma`: of a card, that copies by itself. */
bool sw_endless_sink(struct sw_queue *q, bool dma);
void sw_endless_free(struct sw_queue *q);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long packets take in a worker, by the NIC's clock.
 *
 *     control thread:  dp_latency_open(&l, clock) ; dp_run(w, ..dp_worker_time(w, l)..) ; hist_read(dp_latency_hist(l, stage), ..)
 *                      dp_run(w, ..dp_worker_time(w, NULL)..) ; dp_latency_close(l)
 *
 * What is told once a vector is so by its first packet, the oldest; what a burst takes, all its packets take, as they leave
 * together. A packet that is handed over to another worker counts at both, with what it took until then: until each had it, and
 * each one's burst. Any thread may read the histograms; what else is in it is the worker's.
 */
#ifndef DATAPATH_LATENCY_H
#define DATAPATH_LATENCY_H

#include "histogram/histogram.h"

struct dp_worker;
struct dp_latency;

enum dp_latency_stage {
    DP_LATENCY_TO_WORKER, /* reception until the worker has taken it from the rx ring: of each vector's oldest packet */
    DP_LATENCY_FAST, /* taken until its burst is on the tx ring: packets of bursts that were all sessions known */
    DP_LATENCY_SLOW,    /* the same of bursts in which a packet took the slow path */
    DP_LATENCY_TX_RING, /* on the tx ring until the worker sees that the NIC has taken it: one burst at a time, while it is awake */
    DP_LATENCY_STAGES
};

/* `clock` is NIC time to the ns, NULL: the region's `now`. 0 or -ENOMEM. */
int dp_latency_open(struct dp_latency **out, uint64_t (*clock)(void));
void dp_latency_close(struct dp_latency *l);
const struct hist *dp_latency_hist(const struct dp_latency *l, enum dp_latency_stage stage);

/* Measure with this one from the next burst on; NULL: not at all. On the worker's thread; it stays the caller's. */
void dp_worker_time(struct dp_worker *w, struct dp_latency *l);

#endif

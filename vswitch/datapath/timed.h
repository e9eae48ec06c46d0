/* SPDX-License-Identifier: Apache-2.0 */
/* Places of a worker's turn at which times are taken, while anybody measures them (latency.c). Not for others. */
#ifndef DATAPATH_TIMED_H
#define DATAPATH_TIMED_H

#include "internal.h"

/* `n` packets were loaded, have left, and the worker goes to sleep. */
DP_APART void dp_latency_taken(struct dp_worker *w, uint32_t n);
DP_APART void dp_latency_sent(struct dp_worker *w, uint32_t n);
DP_APART void dp_latency_asleep(struct dp_worker *w);

static inline bool dp_timed(const struct dp_worker *w)
{
    return __builtin_expect(w->latency != NULL, false);
}

#endif

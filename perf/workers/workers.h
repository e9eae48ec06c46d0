/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avs-bench-workers: the firmware of several workers, and what one takes from the other.
 *
 * The rings are filled by the NIC, so many packets for all workers together; then the workers empty theirs, which alone is
 * measured; then the NIC sends what they left. In one round each worker works alone, in the next all at once, and so on in turn,
 * so that whatever else the machine does meets both alike.
 */
#ifndef PERF_WORKERS_PHASES_H
#define PERF_WORKERS_PHASES_H

#include "bench.h"

struct phases_options {
    struct bench_options bench; /* the path; `workers` of it, the first one on `cpu` */
    uint32_t batch;             /* packets a worker and round */
};

enum { PHASES_ALONE, PHASES_TOGETHER, PHASES_WAYS };

struct phases_result {
    double cycles[PHASES_WAYS][HSR_MAX_WORKERS]; /* a packet, by worker: the median of the rounds */
    uint32_t rounds;                             /* of each way */
    uint64_t packets;                            /* measured */
    uint64_t drops;                              /* of all there were */
};

/* 0, or an exit code with a line on stderr. */
int phases_run(const struct phases_options *o, struct phases_result *result);

#endif

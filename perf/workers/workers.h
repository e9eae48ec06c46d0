/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avs-bench-workers: the firmware of several workers, and what one takes from the other.
 *
 * The rings are filled by the NIC, so many packets for all workers together; then the workers empty theirs, which alone is
 * measured; then the NIC sends what they left. In one round each worker works alone, in the next all at once, and so on in turn,
 * so that whatever else the machine does meets both alike.
 */
#ifndef PERF_WORKERS_WORKERS_H
#define PERF_WORKERS_WORKERS_H

#include "bench.h"

struct workers_options {
    struct bench_options bench; /* the path; `workers` of it, the first one on `cpu` */
    uint32_t batch;             /* packets a worker and round */
};

enum { WORKERS_ALONE, WORKERS_TOGETHER, WORKERS_WAYS };

struct workers_result {
    /* A packet, by worker: the median of the rounds. */
    double cycles[WORKERS_WAYS][HSR_MAX_WORKERS];
    uint32_t rounds;  /* of each way */
    uint64_t packets; /* measured */
    uint64_t drops;   /* of all there were */
};

/* 0, or an exit code with a line on stderr. */
int workers_run(const struct workers_options *o, struct workers_result *result);

#endif

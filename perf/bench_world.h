/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every benchmark of the path stands in: NIC and firmware as avsd has them with an embedded NIC, under a configuration
 * that avsd's parser reads; and the clocks that measure it.
 */
#ifndef PERF_BENCH_WORLD_H
#define PERF_BENCH_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "firmware/firmware.h"
#include "nic/nic.h"

struct bench_world {
    const char *text;         /* the configuration, YAML */
    int cpu;                  /* to run on; -1: any */
    const char *flow_entries; /* of the flow index, NULL: as many as a chip has */
    bool flow_index, slice;
    struct nic *nic; /* NULL before it is open, as `fw` */
    struct fw *fw;
};

/* The rings that the configuration names are there. 0, or an exit code with a line on stderr. */
int bench_world_open(struct bench_world *w);
void bench_world_close(struct bench_world *w);

/* NULL with a line on stderr. */
struct cfg *bench_configuration(const char *text);

/* The calling thread, to this CPU; -1: any. */
void bench_pin(int cpu);

uint64_t bench_clock_ns(void);
uint64_t bench_cpu_ns(void); /* of this thread */
/* Time the hypervisor took from all CPUs, in ms. */
uint64_t bench_steal_ms(void);
/* The CPU's cycle or time-stamp counter, and its rate in Hz. */
uint64_t bench_cycles(void);
double bench_cycle_rate(void);

#endif

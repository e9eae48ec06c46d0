/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avs-bench-sessions: what happens to sessions besides packets that find them. Each case is a file; NIC time is virtual,
 * so that what ages does so in the same place of every run, on any machine.
 */
#ifndef PERF_SESSIONS_SESSIONS_H
#define PERF_SESSIONS_SESSIONS_H

#include <stdbool.h>
#include <stdint.h>

struct sessions_options {
    const char *what; /* the case */
    const char *capture;
    uint32_t sessions;    /* refresh, capacity */
    uint32_t connections; /* in the list; 0: as many as it takes */
    uint32_t open;        /* connections at a time */
    uint32_t rate;        /* connections a second of NIC time */
    uint32_t time_wait;   /* seconds */
    uint32_t vector;      /* connections: the largest */
    uint64_t count;       /* connections to run, 0: by time */
    double seconds;
    int cpu; /* -1: any */
    bool flow_index;
};

/* Exit codes. */
int conn_run(const struct sessions_options *o);
int refresh_run(const struct sessions_options *o);
int capacity_run(const struct sessions_options *o);

#endif

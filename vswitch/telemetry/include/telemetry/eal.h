/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The counters as commands of DPDK's telemetry socket (usertools/dpdk-telemetry.py, or any client of it):
 * /avs/stats  /avs/port,NAME  /avs/drops[,NAME]  /avs/sessions  /avs/workers[,NUMBER]  /avs/gauges
 *
 * The socket is there when EAL was started with telemetry (nic/eal.h). DPDK answers in threads of its own, one a client;
 * they ask the thread of `base` for a snapshot and wait for it, a few seconds at most. DPDK knows neither an argument for
 * its callbacks nor how to take a command back: there is one of these a process, and after tm_eal_close() the commands
 * fail.
 */
#ifndef TELEMETRY_EAL_H
#define TELEMETRY_EAL_H

#include <event2/event.h>

#include "telemetry/metrics.h"

/* 0 or a negative errno; -EEXIST when it is open. Thread of `base`. `source` is copied. */
int tm_eal_open(struct event_base *base, const struct tm_source *source);
void tm_eal_close(void);

#endif

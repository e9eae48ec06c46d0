/* SPDX-License-Identifier: Apache-2.0 */
/* Many UDP flows from one vNIC to addresses behind a route to another host: what the cases with millions of sessions run on. */
#ifndef PERF_SESSIONS_FLOWS_H
#define PERF_SESSIONS_FLOWS_H

#include "bench_world.h"
#include "nic/ports/ring.h"
#include "sessions.h"

struct flows {
    struct bench_world world;
    struct nic_ring *in, *out;
    struct dp_worker *worker;
    uint64_t now; /* NIC time, ns */
};

/* The configuration with the route to this host, VXLAN; for so many sessions. NULL: out of memory. */
char *flows_text(uint32_t sessions, const char *vtep);
/* The hosts there are. */
#define FLOWS_VTEP_BEFORE "192.0.2.2"
#define FLOWS_VTEP_AFTER  "192.0.2.3"

/* 0, or an exit code with a line on stderr; flows_close() in any case. */
int flows_open(struct flows *f, const struct sessions_options *o);
void flows_close(struct flows *f);

/* The port sends packets of these flows, `n` of them, each once in random order: once, or again and again. `part`: which address they
 * go to, so that flows of two parts differ. False with a line on stderr: out of memory. */
bool flows_load(struct flows *f, uint8_t part, uint32_t n, bool again);

/* One turn of avsd. */
void flows_turn(struct flows *f);
/* Until so many packets more have left. */
void flows_send(struct flows *f, uint64_t packets);
uint64_t flows_sent(const struct flows *f);

#endif

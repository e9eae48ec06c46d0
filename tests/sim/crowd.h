/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overload: one guest that takes all it can get, and others that go on as before, on a virtual clock and a worker that can do a
 * limited number of packets a second, of which a first packet costs several.
 *
 * The quiet ones, of another VPC, have connections since before the flood, on which data goes both ways, and begin new ones all
 * the time. What each sent and what arrived of it is counted, frame by frame.
 */
#ifndef SIM_CROWD_H
#define SIM_CROWD_H

#include <stdio.h>

#include "bench_fw.h"

#define CROWD_QUIET 4
#define CROWD_OLD   6     /* connections of each that are there before the flood */
#define CROWD_CONNS 4096  /* of all, in time */
#define CROWD_FRAME 60000 /* numbered ones */

#define CROWD_LOUD_OPEN /* the loud one's own group, as it is at first */ \
    "  - name: loud\n"                                                    \
    "    rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]\n"

struct crowd;

struct crowd_scenario {
    const char *name;
    const char *options; /* of the document's `options` */
    uint32_t rate;       /* units a second that the worker can do */
    bool slice;
    void (*open)(struct crowd *c);  /* before the flood; NULL: nothing */
    void (*flood)(struct crowd *c); /* once a tick */
    /* Has the flood done what it is for? An empty text, or why this proves nothing. */
    const char *(*felt)(struct crowd *c);
};

struct crowd_conn {
    uint16_t guest, port;
    uint32_t seq[2], ack[2]; /* by direction: behind what was sent, behind what arrived */
    uint8_t phase;           /* 0: SYN on its way ... 3: established */
    bool old;
};

struct crowd {
    const struct crowd_scenario *scenario;
    struct bench b;
    int64_t budget; /* units x 10^9 */
    uint64_t ticks;
    uint32_t conns, frames;
    struct crowd_conn conn[CROWD_CONNS];
    struct {
        uint16_t conn;
        uint8_t way; /* from the guest 0, to it 1 */
        bool arrived;
        uint32_t seq; /* behind it */
    } frame[CROWD_FRAME];
    uint64_t sent, arrived;         /* of the quiet */
    uint64_t old_sent, old_arrived; /* on their old connections */
    uint64_t loud, waited;          /* frames of the loud one; those that stayed in its guest */
    uint64_t n;                     /* for the flood's use */
    uint16_t tuple[8192][2];        /* likewise */
    uint32_t tuples;
};

/* A frame into this port, unless its ring is full. */
void crowd_push(struct crowd *c, const char *port, const struct fr *frame);
/* The document, with these lines behind it; apply it. */
void crowd_apply(struct crowd *c, const char *groups, const char *more);

/* 0, or 1 with lines on stderr. */
int crowd_run(const struct crowd_scenario *s);

/* floods.c: NULL, there is none of that name. */
const struct crowd_scenario *crowd_scenario(const char *name);
void crowd_list(FILE *f);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A capture from the side of who asks for it: memory, the request that brings it, and records in the order of their time until
 * there are enough, the time is over, or a signal or the other side ends it. What becomes of records is the caller's.
 */
#ifndef CTL_CAPTURING_H
#define CTL_CAPTURING_H

#include "ctl.h"
#include "reader.h"

#define CAPTURING_NO_PORT 0xFFFFu

struct capturing {
    struct ctl *ctl;
    long count;        /* packets wanted, 0: any number */
    long seconds;      /* 0: any time */
    long buffer;       /* MiB */
    const char *began; /* said on standard error when it runs, or NULL */
    /* False: nobody takes any more, errno says why. */
    bool (*take)(void *arg, const struct rd_record *record);
    /* Behind each round, 0 or a negative errno; and behind the last one. */
    int (*flush)(void *arg);
    void (*end)(void *arg, uint64_t missed, uint64_t over_rate);
    void *arg;
    /* what it says of itself */
    json_t *names;  /* the answer to capture.start: "ports", "vpcs"; the caller gives it back */
    int64_t offset; /* from NIC time to the time of day */
    uint64_t packets, records;
    bool counted; /* all that are wanted are there: nothing new */
};

/* From the request to the end; takes over `params`. An exit code. */
int capturing_run(struct capturing *c, json_t *params);

/* Name of a port or VPC ("ports", "vpcs") by its number; "". */
const char *capturing_name(const struct capturing *c, const char *table, uint32_t index);

int64_t capturing_clock(clockid_t id);

#endif

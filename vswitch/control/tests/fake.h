/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A backend that only keeps the document, with 250 sessions and counters that grow by each look. A port whose device
 * is "absent" cannot be applied, and nothing can while `refuse` is set. The ports "busy" and "idle" take rules; their meters
 * are what they are set to.
 */
#ifndef CONTROL_FAKE_H
#define CONTROL_FAKE_H

#include "control/backend.h"

#define FAKE_SESSIONS 250
#define FAKE_WORKERS  4

struct fake {
    json_t *document;
    struct cfg *config;
    unsigned applied;
    bool refuse;
    int64_t unsettled; /* 100 less with each look */
    json_int_t tick;
    int fd; /* offered and not yet used, -1: none */
    char fd_port[CFG_NAME];
    int used_fd;    /* taken by an apply(), -1: none */
    int captures;   /* that run */
    int capture_id; /* the last one's */
    bool latency;   /* is measured */
    int latency_resets;
    bool gone[FAKE_SESSIONS];
    json_t *rules;
    uint32_t next_rule;
    struct fake_meter {
        enum hsr_meter_unit unit;
        uint64_t rate;
        uint32_t burst;
    } meter[HSR_MAX_METERS];
    struct ctl_backend backend;
};

void fake_init(struct fake *f);
void fake_rules_init(struct fake *f); /* called by fake_init() */
void fake_fini(struct fake *f);

#endif

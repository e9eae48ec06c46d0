/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What would become of a packet: twins of the workers get it, in memory of their own, and the workers never know.
 *
 *     twin = dp_explain(&of, &question, &answer, each, arg)
 *     ... answer.frame[] lie in the twin ...
 *     dp_twin_close(twin)
 *
 * A twin runs the code that workers run, all of it. It is under the same policy, knows the same neighbours, path MTUs, links,
 * quotas and homes, and has copies of those sessions and fragments that the packet may meet: the sessions under its key, and
 * under each key that a session would get by it. Which those are turns out as it runs: it runs anew with what was found, until
 * it meets nothing that is not there. Nothing of the workers is written: they copy out what is asked of them, between two bursts.
 *
 * What a twin does not know: packets that are on their way (parked, held, in queues), full pools of actions, flow ids (hints).
 *
 * Threads: the control thread, as dp_run().
 */
#ifndef DATAPATH_TWIN_H
#define DATAPATH_TWIN_H

#include "datapath/worker.h"

/* The workers. */
struct dp_twin_of {
    const struct hsr_view *view;
    const struct dp_shared *shared;
    struct dp_worker *const *worker;
    uint32_t workers;
    struct ses_timeouts timeouts;
};

/* A packet as the Pre-Processor hands it over. */
struct dp_question {
    const struct hsr_rx_meta *meta;
    const uint8_t *frame; /* all of it: a packet is whole here */
    uint32_t len;
    uint32_t ring;
    bool anew; /* as if there were no sessions */
};

enum dp_end { DP_SENT, DP_DROPPED, DP_CONSUMED, DP_WAITS };

#define DP_EXPLAIN_FRAMES 8

struct dp_explained {
    enum dp_end end;
    enum hsr_drop
        drop; /* DP_DROPPED: why; DP_WAITS: HSR_DROP_NEIGH_PENDING, or none: for the first of its fragments */
    struct dp_hop hop; /* DP_WAITS for this one */
    uint32_t worker;   /* that dealt with it */
    uint64_t flow_id;  /* of the session that it found, 0: none */
    bool opens;        /* it opened one */
    uint16_t mtu;      /* it is larger than its path, which takes so much; 0: it is not */
    uint32_t frames;   /* handed to the Post-Processor */
    struct dp_left {
        struct hsr_tx_meta meta;
        const uint8_t *bytes;
        bool made; /* by the firmware: not the packet itself */
    } frame[DP_EXPLAIN_FRAMES];
};

struct dp_twin;

/* Each step is told as it is known, in order. NULL with errno: ENOMEM, or E2BIG (it meets more sessions than are looked up). */
struct dp_twin *dp_explain(const struct dp_twin_of *of, const struct dp_question *q,
                           struct dp_explained *answer, pol_each each, void *arg);
void dp_twin_close(struct dp_twin *t);

#endif

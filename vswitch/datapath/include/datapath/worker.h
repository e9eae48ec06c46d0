/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker of the firmware: takes vectors from its rx ring, matches once a vector, acts on the whole vector, posts.
 *
 *     dp_worker_open(&w, config)
 *     loop: if (!dp_poll(w)) dp_wait(w, timeout)
 *     dp_worker_close(w)
 *
 * A worker owns its rings, sessions, actions and scratch memory. In dp_poll() it never blocks, allocates, locks,
 * logs or makes a system call (but to ring a sleeping NIC's bell). The policy snapshot and the neighbour table are
 * shared, read-only to workers or written by single atomic words; the snapshot pointer is read once a burst and the
 * worker reports a quiescent state after each, so that the control thread may free the old one (rte_rcu_qsbr).
 *
 * The firmware trusts neither the ring nor the metadata: entries, offsets and flow ids are checked (hsring/check.h).
 * Its only clock is the region's `now`.
 */
#ifndef DATAPATH_WORKER_H
#define DATAPATH_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "action/store.h"
#include "capture/tap.h"
#include "datapath/neighbor.h"
#include "datapath/pmtu.h"
#include "hsring/region.h"
#include "policy/policy.h"
#include "session/adopt.h"
#include "session/table.h"

#define DP_NO_HOME 0xFEu /* none of the homes (moving.h) */

struct rte_rcu_qsbr;
struct dp_worker;

/* What workers share. The control thread owns it and writes `policy`. */
struct dp_shared {
    const struct pol
        *_Atomic policy; /* NULL before the first configuration: nothing is forwarded */
    struct dp_neighbors neighbors;
    struct dp_pmtus pmtus;
    struct dp_handover *handover; /* between workers; dp_shared_open() */
    struct dp_holding *holding;   /* slots in which packets wait; likewise */
    struct rte_rcu_qsbr *qsbr;    /* NULL: one thread does everything */
};

/* For at most so many workers of this view, before they are opened; those are closed before it. All of them run. 0, -ENOMEM or -EINVAL. */
int dp_shared_open(struct dp_shared *shared, uint32_t workers, const struct hsr_view *view);
void dp_shared_close(struct dp_shared *shared);

struct dp_worker_config {
    const struct hsr_view *view;
    struct dp_shared *shared;
    uint32_t id;
    uint32_t sessions;
    uint32_t quota;
    struct ses_timeouts timeouts;
    const struct ses_memory
        *memory;    /* of what outlives the process (session/memory.h); NULL: private */
    bool fast_path; /* false: every packet walks the slow path */
    int rx_doorbell;
    int tx_doorbell;
};

/* Packets of one port in this worker's hands; a stage of the conservation equation. */
struct dp_ledger {
    uint64_t rx, originated, tx, consumed, drops;
    uint64_t handed_in, handed_out; /* from other workers, to them */
    uint64_t
        held; /* now: fragments that wait for the first of their datagram, packets for a next hop */
};

struct dp_counters {
    uint64_t bursts, vectors, packets;
    uint64_t hits_flow_id, hits_table, slow; /* vectors by how they were matched */
    uint64_t stale_flow_id;                  /* flow ids that named no session, or another flow's */
    uint64_t revalidated;
    uint64_t bad_entry;
    uint64_t fit_inserts, fit_deletes;
    uint64_t handed_in, handed_out; /* packets from other workers, and to them */
    uint64_t icmp_errors,
        icmp_limited;     /* ICMP errors we sent, and those a vNIC's allowance forbade */
    uint64_t busy_cycles; /* of the time-stamp counter (rte_rdtsc), in turns that found packets */
};

/* A snat pool, by its id (struct pol_snat): sessions that have a port of it, ports looked at, and sessions that got none. */
struct dp_nat {
    uint64_t bindings, tries, failures;
};

/* How full something of a worker's is. */
struct dp_level {
    const char *name;
    uint64_t used, high, capacity; /* `high`: the most ever in use */
};
#define DP_LEVELS 11

/* NULL with errno: ENOMEM, EINVAL. */
struct dp_worker *dp_worker_open(const struct dp_worker_config *config);
void dp_worker_close(struct dp_worker *w);

/* One burst; 0: there was nothing to do, and nothing is left to be done. */
uint32_t dp_poll(struct dp_worker *w);

/* Nothing to do: wait for the doorbell or a call, at most `timeout_us`. */
void dp_wait(struct dp_worker *w, uint32_t timeout_us);

/* Wake a worker out of dp_wait(), from any thread. */
void dp_wake(struct dp_worker *w);

/*
 * Run `run(w, arg)` on the worker's thread between two bursts and wait for it; in the caller's own when the worker is
 * not threaded. From the control thread only, one at a time. Keep it short: packets wait meanwhile.
 */
void dp_run(struct dp_worker *w, void (*run)(struct dp_worker *w, void *arg), void *arg);
void dp_threaded(struct dp_worker *w, bool on);

/*
 * Take over the sessions that a former process left in the worker's memory (session/adopt.h). On the worker's thread, once,
 * before it has seen a packet and when it has its first policy: each adopted session is looked at under that with its
 * next packet, or by the sweep. `port` and `context`: which indices mean what they meant; `count` is added to.
 */
struct dp_adopt {
    bool (*port)(const void *arg, uint16_t port);
    bool (*context)(const void *arg, uint32_t context);
    const void *arg;
};
void dp_adopt(struct dp_worker *w, const struct dp_adopt *known, uint64_t count[SES_ADOPTIONS]);

/*
 * Captures of the worker's packets at its points (capture/area.h: ring.rx to ring.tx, and drops); on the worker's thread. `show`
 * stays the caller's and as it is until it is replaced; NULL: none. `clock` is NIC time to the ns, NULL: the region's `now`.
 */
struct dp_show {
    struct cap_taps taps;
    uint64_t (*clock)(void);
};
void dp_worker_show(struct dp_worker *w, const struct dp_show *show);

/* For functions run by dp_run(). */
struct ses_table *dp_sessions(struct dp_worker *w);
const struct act_store *dp_actions(const struct dp_worker *w);
uint64_t dp_now(const struct dp_worker *w);

/* Id of a session as the NIC gets it, which also says its home (moving.h). */
uint64_t dp_flow_id(const struct dp_worker *w, const struct session *s, bool second);

/* Counters; on the worker's thread (dp_run) or when it stands still. */
const struct dp_ledger *dp_ledger(const struct dp_worker *w); /* HSR_MAX_PORTS of them */
const struct dp_counters *dp_counters(const struct dp_worker *w);
const struct dp_nat *dp_nat(const struct dp_worker *w); /* POL_SNAT_IDS of them */

/* Sessions that may still have to be looked at since the policy has changed; likewise. */
uint32_t dp_unswept(const struct dp_worker *w);

/*
 * Its tables, pools and quotas; likewise. Of the rings the one that nobody else measures; the others' present lengths are
 * beside it, their most ever is the NIC's to tell (HSR_GAUGE_RX_RING_HIGH, TX).
 */
void dp_levels(const struct dp_worker *w, struct dp_level level[DP_LEVELS]);
void dp_rings(struct dp_worker *w, uint32_t *rx_waiting, uint32_t *tx_waiting);

/* Packets in the worker's hands between bursts, of all ports, and places kept for some that are on their way back; likewise. */
uint32_t dp_held(const struct dp_worker *w);

/* Is one of its rings corrupt? */
bool dp_corrupt(const struct dp_worker *w);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers that come and go under traffic.
 *
 * The RETA's entries are dealt into homes: entry i is of home i % dp_homes(). All packets that a session's answers are steered by
 * have one home, which is the session's, and all entries of a home lead to one worker. So what moves is always a home, with everything
 * that belongs to it; where two keys of a session must come to one worker, they have one home.
 *
 * A home moves in steps that the control thread leads through (firmware/workers.c):
 *
 *     1. the new worker keeps packets of that home in their slots, and the
 *        old one stays its worker whatever step 2 says:                      dp_hold(), dp_leave()
 *     2. the NIC steers to it; so do all workers, and each has ended the burst in which it may have seen the old one
 *     3. the old worker has dealt with what was on its way to it, and the
 *        others with what it has handed to them meanwhile:                   dp_look(), dp_reached()
 *     4. sessions, fragments and what waits for a neighbour go over:         dp_send_off(), dp_take_in()
 *     5. the NIC has taken what the old worker has sent:                     dp_sent()
 *     6. the new worker goes on with what it has kept, then with the rest:   dp_release()
 *
 * In between all others' packets flow. Order inside of a flow is kept, since nothing of it is with two workers at a time; nothing is
 * dropped, since there is room for all that may come. Functions with a worker are for dp_run(), on that worker's thread; a parcel is
 * the control thread's, which hands it from one to the other.
 */
#ifndef DATAPATH_MOVING_H
#define DATAPATH_MOVING_H

#include "datapath/worker.h"
#include "hsring/hash.h"

/* Homes there are: fixed by the number of workers that there may be. */
uint32_t dp_homes(const struct dp_shared *shared);

/* The worker of a home, as workers see it. Written by the control thread. */
uint32_t dp_home_at(const struct dp_shared *shared, uint32_t home);
void dp_home_set(struct dp_shared *shared, uint32_t home, uint32_t worker);

/* All homes to the first `running` workers, before there is traffic. */
void dp_share_out(struct dp_shared *shared, uint32_t running);

/* The first so many workers may have homes; the others are not handed anything. Is this one of them? */
void dp_running_set(struct dp_shared *shared, uint32_t workers);
bool dp_running(const struct dp_worker *w);
uint32_t dp_running_count(const struct dp_shared *shared);

/* The RETA that the NIC has to have. */
void dp_reta(const struct dp_shared *shared, uint8_t ring[1u << HSR_HASH_RETA_BITS]);

/* It is this home's worker until its things are sent off; DP_NO_HOME: of none. */
void dp_leave(struct dp_worker *w, uint32_t home);

/* Keep packets of this home. It is one home at a time. */
void dp_hold(struct dp_worker *w, uint32_t home);
/* No longer: what was kept comes before all else. And has it come? */
void dp_release(struct dp_worker *w);
bool dp_released(const struct dp_worker *w);

/* Up to where packets have been sent to this worker, by the NIC and by each worker, and by this one to the NIC. */
struct dp_position {
    uint32_t rx, tx;
    uint32_t from[HSR_MAX_WORKERS];
};
void dp_look(struct dp_worker *w, struct dp_position *at);
/* Has it dealt with all of them? `rx`: those of the NIC too. */
bool dp_reached(const struct dp_worker *w, const struct dp_position *at, bool rx);
/* Has the NIC taken what it had sent? */
bool dp_sent(struct dp_worker *w, const struct dp_position *at);

/* Things of some homes on their way from one worker to another; as many at a time as it holds. */
struct dp_parcel;
struct dp_parcel *dp_parcel_open(void); /* NULL: out of memory */
void dp_parcel_close(struct dp_parcel *parcel);
/* From here on: what belongs to these homes, a bit each. */
void dp_parcel_begin(struct dp_parcel *parcel, uint32_t homes);
void dp_send_off(struct dp_worker *w, struct dp_parcel *parcel);
void dp_take_in(struct dp_worker *w, struct dp_parcel *parcel);
/* Has all been sent off? And sessions for which there was no room. */
bool dp_parcel_done(const struct dp_parcel *parcel);
uint64_t dp_parcel_lost(const struct dp_parcel *parcel);

/* Has the worker nothing any more: no packet, session, fragment, slot that is out? */
bool dp_empty(struct dp_worker *w);

#endif

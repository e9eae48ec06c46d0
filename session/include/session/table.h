/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sessions of one worker: flow cache array, hash table, timer wheel, quotas, per-port lists.
 *
 *     s = ses_by_flow(t, flow_id);            a hint from hardware; NULL when stale: compare the key all the same
 *     s = ses_find(t, hash, key);             the hash table
 *     s = ses_create(t, hash, key, ...);      may evict; NULL and a reason when it cannot
 *     ses_expire(t, now, budget);             ageing: call often with a small budget
 *
 * Ids index an array, so a packet with a flow id touches the session's own lines and no table. Records hold indices,
 * never pointers. Nothing here allocates after ses_table_open(), takes a lock or reads a clock: `now` is NIC time in
 * ns, given by the caller. One thread a table.
 *
 * Before a session disappears (expiry, eviction, removal) `gone` is called, while it is still readable: that is where
 * the datapath releases what its actions refer to and tells the flow index. It may read and write the session, and
 * must not call anything here that creates, removes or arms one.
 */
#ifndef SESSION_TABLE_H
#define SESSION_TABLE_H

#include "session/session.h"
#include "session/timeouts.h"

struct ses_table;

enum ses_why {
    SES_WHY_EXPIRED,
    SES_WHY_CLOSED,
    SES_WHY_EVICTED,
    SES_WHY_PORT,
    SES_WHY_FLUSH,
    SES_WHY_POLICY
};

typedef void (*ses_gone)(void *arg, struct session *s, uint64_t flow_id, enum ses_why why);

struct ses_table_config {
    uint32_t capacity; /* sessions, at most 2^HSR_FLOW_INDEX_BITS */
    uint32_t quota;    /* sessions one origin port may have, see ses_quota(); 0: no limit */
    uint8_t instance;  /* 1..255 */
    uint8_t worker;
    struct ses_timeouts timeouts;
    ses_gone gone;
    void *arg;
};

struct ses_table_stats {
    uint32_t used, high_water, embryonic;
    /* created = used + expired + closed + evicted + removed */
    uint64_t created, expired, closed, evicted, removed;
    uint64_t refused_full, refused_quota, refused_collision, stale_ids;
};

/* NULL with errno: EINVAL, ENOMEM. Memory is reserved at once and touched as it is used. */
struct ses_table *ses_table_open(const struct ses_table_config *config);
void ses_table_close(struct ses_table *t);

/* Session of a flow id, or NULL if the id is another instance's or worker's, out of range, or of an old generation. */
struct session *ses_by_flow(struct ses_table *t, uint64_t flow_id);

/* Session with this key, or NULL. `hash` is the key's. */
struct session *ses_find(struct ses_table *t, uint64_t hash, const struct hsr_key *key);

/* Touch what ses_find()/ses_by_flow() will read. */
void ses_prefetch(const struct ses_table *t, uint64_t hash, uint64_t flow_id);

/*
 * Later, when what ses_prefetch() asked for has come: the session's line of direction `dir` and, without a flow id, the
 * session that the hash table suggests. A wrong hash or id costs time, nothing else.
 */
void ses_prefetch_more(const struct ses_table *t, uint64_t hash, uint64_t flow_id, unsigned dir);

/* Does the session have this key (and so the packet belong to it)? */
bool ses_matches(const struct session *s, const struct hsr_key *key);

/*
 * New session in SES_EMBRYONIC, zeroed but for key, lists, generation and creation time; no timer runs before
 * ses_begin() or ses_arm(). The caller has looked: the key is not in the table. `origin` may be HSR_NO_PORT, which has
 * no quota and no list. NULL: *drop is HSR_DROP_SESSION_QUOTA or HSR_DROP_SESSION_FULL (nothing free and nothing
 * embryonic or closing to evict, an established session is never evicted; or more than 40 sessions share one hash
 * bucket, which a secret hash makes improbable).
 */
struct session *ses_create(struct ses_table *t, uint64_t hash, const struct hsr_key *key,
                           uint16_t origin, uint64_t now, enum hsr_drop *drop);

/* Set the responder's port and enter the session in its list. */
void ses_set_target(struct ses_table *t, struct session *s, uint16_t port);

/*
 * Expire at `now` + `ns`, rounded up to a tick of 134 ms (2^27 ns). Moving the deadline to a later time costs one
 * store. `now` never runs backwards here: an earlier one counts as the latest one seen.
 */
void ses_arm(struct ses_table *t, struct session *s, uint64_t now, uint64_t ns);

void ses_remove(struct ses_table *t, struct session *s, enum ses_why why);

/* Flow id with no HSR_FLOW_* flags. */
uint64_t ses_flow_id(const struct ses_table *t, const struct session *s);

/* The hash it was created with: what the flow index knows it by. */
uint64_t ses_hash(const struct ses_table *t, const struct session *s);

/*
 * Age: look at no more than `budget` sessions; how many went (SES_WHY_CLOSED if closing, else SES_WHY_EXPIRED). Work
 * left over is done by the next call. Clock jumps of up to four years are understood.
 */
uint32_t ses_expire(struct ses_table *t, uint64_t now, uint32_t budget);

/* Remove up to `budget` sessions whose origin or target is this port; how many are left to remove. */
uint32_t ses_remove_port(struct ses_table *t, uint16_t port, uint32_t budget);

/* Give one origin port a quota of its own; 0: no limit (uplinks). Sessions above it stay. */
void ses_quota(struct ses_table *t, uint16_t port, uint32_t sessions);

/*
 * May one more session be opened to this port, of those that count against its quota (SES_F_CHARGED)? They are counted
 * apart from those it opens itself, against the same number. For sessions whose origin has no quota; false is counted.
 */
bool ses_admits(struct ses_table *t, uint16_t port);

/* Sessions a port originated (quota use). */
uint32_t ses_port_count(const struct ses_table *t, uint16_t port);

const struct ses_table_stats *ses_stats(const struct ses_table *t);

/*
 * Walk: the next session in use at index *cursor or behind it, *cursor moved past it; NULL at the end. Sessions may
 * come and go between two calls.
 */
struct session *ses_walk(struct ses_table *t, uint32_t *cursor);

#endif

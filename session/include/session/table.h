/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sessions of one worker: flow cache array, hash table, timer wheel, quotas, per-port lists.
 *
 *     dir = ses_flow_dir(flow_id, swap);            what a flow id says, a hint from hardware:
 *     s = ses_by_flow(t, flow_id);                  NULL when stale, else to be held against the packet:
 *     ses_matches(t, s, dir, swap, key)
 *     s = ses_find(t, hash, key, swap, &dir);       the hash table
 *     s = ses_create(t, hash, key, swap, ...);      may evict; NULL and a reason when it cannot
 *     ses_add_key(t, s, hash, key, swap);           if the responder's packets have another key
 *     ses_begin(t, s, packet, now);                 from here on it lives (track.h)
 *     ses_expire(t, now, budget);                   ageing: call often with a small budget
 *
 * A packet is its key, the key's hash, and its swap bit: whether its source is the key's high end point. Ids index an
 * array, so a packet with a flow id touches the session's own lines and no table. Records hold indices, never
 * pointers. Nothing here allocates after ses_table_open(), takes a lock or reads a clock: `now` is NIC time in ns,
 * given by the caller. One thread a table.
 *
 * Before a session disappears (expiry, eviction, removal) `gone` is called, while it is still readable: that is where
 * the datapath releases what its programs refer to and tells the flow index. It may read and write the session, and
 * must not call anything here that creates, removes or arms one.
 */
#ifndef SESSION_TABLE_H
#define SESSION_TABLE_H

#include "hsring/flow_id.h"
#include "hsring/key.h"
#include "session/memory.h"
#include "session/session.h"
#include "session/timeouts.h"

struct ses_table;

#define SES_KEY6_BYTES 32 /* a record of "keys6" */

/* Why a session ended. */
enum ses_why {
    SES_WHY_EXPIRED,
    SES_WHY_CLOSED,
    SES_WHY_EVICTED,
    SES_WHY_PORT,
    SES_WHY_FLUSH,
    SES_WHY_POLICY,
    SES_WHYS
};

typedef void (*ses_gone)(void *arg, struct session *s, enum ses_why why);

struct ses_table_config {
    uint32_t capacity; /* sessions, at most 2^HSR_FLOW_INDEX_BITS */
    uint32_t quota;    /* sessions one origin port may have, see ses_quota() */
    uint8_t instance;  /* 1..255 */
    uint8_t worker;
    struct ses_timeouts timeouts;
    const struct ses_memory *memory; /* of the records, "sessions" and "keys6"; NULL: private */
    ses_gone gone;
    void *arg;
};

struct ses_table_stats {
    uint32_t used, high_water, embryonic;
    uint64_t created; /* = used + all that ended */
    uint64_t ended[SES_WHYS];
    uint64_t refused_full, refused_quota, refused_collision, stale_ids;
};

/*
 * NULL with errno: EINVAL, ENOMEM. Memory is reserved at once and touched as it is used.
 *
 * The table begins empty, whatever stands in the provider's memory. Only generations go on from what they were, so that
 * flow ids of a former process stay stale.
 */
struct ses_table *ses_table_open(const struct ses_table_config *config);
void ses_table_close(struct ses_table *t);

/* Session of a flow id, or NULL if the id is another instance's or worker's, out of range, or of an old generation. */
struct session *ses_by_flow(struct ses_table *t, uint64_t flow_id);

/* Direction of the packets that a flow id was given for. */
static inline unsigned ses_flow_dir(uint64_t flow_id, bool swap)
{
    if (flow_id & HSR_FLOW_KEY2)
        return flow_id & HSR_FLOW_DIR ? 1 : 0;
    return swap ? 1 : 0;
}

/*
 * Most packets in one straight line: the IPv4 session that a flow id names, and the direction, if the packet belongs there; what
 * ses_by_flow() and ses_matches() would find, but nothing is counted. NULL: ask those.
 */
struct session *ses_usual(const struct ses_table *t, uint64_t flow_id, bool swap, uint64_t addrs,
                          uint64_t ports, unsigned *dir);

/* Does a packet belong to direction `dir` of the session? */
bool ses_matches(const struct ses_table *t, const struct session *s, unsigned dir, bool swap,
                 const struct hsr_key *key);

/* The session that a packet belongs to and its direction, or NULL. `hash` is the key's. */
struct session *ses_find(const struct ses_table *t, uint64_t hash, const struct hsr_key *key,
                         bool swap, unsigned *dir);

/*
 * Touch what ses_by_flow() and ses_matches(), or ses_find(), will read. False: the session is not known yet, and
 * ses_prefetch_more() has something to do when what this one asked for has come. A wrong hash or id costs time, nothing
 * else.
 */
bool ses_prefetch(const struct ses_table *t, uint64_t hash, uint64_t flow_id, bool swap);
/* Without a flow id: the lines of the session that the hash table suggests. */
void ses_prefetch_more(const struct ses_table *t, uint64_t hash, bool swap);

/*
 * New session in SES_EMBRYONIC, zeroed but for key, lists, generation and creation time; no timer runs before
 * ses_begin() or ses_arm(), and no seal is on it. `swap` is the first packet's: it makes the initiator.
 *
 * The caller has looked: no session has the packet, and if no secondary key is to follow, none the packets of the other
 * orientation either. `origin` may be HSR_NO_PORT, which has no quota and no list. NULL: *drop is
 * HSR_DROP_SESSION_QUOTA or HSR_DROP_SESSION_FULL (nothing free and nothing embryonic or closing to evict, an
 * established session is never evicted; or more than 40 keys share one hash bucket, which a secret hash makes
 * improbable).
 */
struct session *ses_create(struct ses_table *t, uint64_t hash, const struct hsr_key *key, bool swap,
                           uint16_t origin, uint64_t now, enum hsr_drop *drop);

/*
 * Give a new session its secondary key, of the primary's family: the responder's packets come under this one, with this
 * swap bit, and the primary key no longer holds for them. Once a session, before ses_begin(). False: these packets are
 * some session's already (this one's too, if nothing is translated), or too many keys share the bucket; nothing changed.
 */
bool ses_add_key(struct ses_table *t, struct session *s, uint64_t hash, const struct hsr_key *key,
                 bool swap);

/* The primary or, if it has one, the secondary key; see struct hsr_key. */
void ses_key(const struct ses_table *t, const struct session *s, bool second, struct hsr_key *key);

/* The hash it was given with: what the flow index knows that key by. */
uint64_t ses_hash(const struct ses_table *t, const struct session *s, bool second);

/* Flow id for packets of that key, with HSR_FLOW_KEY2 and HSR_FLOW_DIR as they have to be and no other flag. */
uint64_t ses_flow_id(const struct ses_table *t, const struct session *s, bool second);

/* Set the responder's port and enter the session in its list. */
void ses_set_target(struct ses_table *t, struct session *s, uint16_t port);

/*
 * The seal tells a later process that the record is whole, and is a check value over what does not change with packets:
 * index, generation, keys, origin, target, programs and their arguments, creation. ses_begin() sets it last of all,
 * ses_remove() takes it off first of all. Whoever changes any of that in between takes the seal off before the first
 * store and sets it again behind the last one. A process that finds records of a former one takes none without a seal
 * that fits, and removes those it does not take.
 */
void ses_seal(const struct ses_table *t, struct session *s);
void ses_unseal(struct session *s);
/* Is there a seal, and does it fit? */
bool ses_sealed(const struct ses_table *t, const struct session *s);

/*
 * Expire at `now` + `ns`, rounded up to a tick of 134 ms (2^27 ns). Moving the deadline to a later time costs one
 * store. `now` never runs backwards here: an earlier one counts as the latest one seen.
 */
void ses_arm(struct ses_table *t, struct session *s, uint64_t now, uint64_t ns);

/* Both keys go. */
void ses_remove(struct ses_table *t, struct session *s, enum ses_why why);

/*
 * Age: look at no more than `budget` sessions; how many went (SES_WHY_CLOSED if closing, else SES_WHY_EXPIRED). Work
 * left over is done by the next call. Clock jumps of up to four years are understood.
 */
uint32_t ses_expire(struct ses_table *t, uint64_t now, uint32_t budget);
/* Has it left work over? */
bool ses_due(const struct ses_table *t, uint64_t now);

/* Remove up to `budget` sessions whose origin or target is this port; how many are left to remove. */
uint32_t ses_remove_port(struct ses_table *t, uint16_t port, uint32_t budget);

/*
 * How many sessions an origin port may open, and as many that count against it may be opened to it. Sessions above it stay.
 *
 * 0: its share, which is for both together as many as are free: one port alone gets half of the table, two get a third each
 * (dynamic thresholds: Choudhury and Hahne, "Dynamic queue length thresholds in a shared memory ATM switch", 1996). At its share the
 * oldest embryonic or closing session makes room: that of the port with most of them if it has more sessions than this one, else one
 * of its own, but none that it opened for one that is opened to it.
 *
 * SES_QUOTA_NONE: no limit, for an uplink, which is everybody's. What comes from there counts where it goes, ses_make_way().
 */
#define SES_QUOTA_NONE UINT32_MAX
void ses_quota(struct ses_table *t, uint16_t port, uint32_t sessions);

/*
 * May one more session be opened to this port, of those that count against its quota (SES_F_CHARGED)? For sessions whose
 * origin has no limit, before ses_create(); evicts one if that is what it takes. False is counted.
 */
bool ses_make_way(struct ses_table *t, uint16_t port);

/* Sessions a port originated (quota use). */
uint32_t ses_port_count(const struct ses_table *t, uint16_t port);

/* Sessions to a port that count against its quota besides those. */
uint32_t ses_port_charged(const struct ses_table *t, uint16_t port);

const struct ses_table_stats *ses_stats(const struct ses_table *t);

uint32_t ses_capacity(const struct ses_table *t);

/* "expired", "closed", "evicted", "port", "flush", "policy" */
const char *ses_why_name(enum ses_why why);

/* Overflow buckets of the hash table: in use, the most ever, there are. They fill up before collisions are refused. */
struct ses_overflow {
    uint32_t used, high, capacity;
};
struct ses_overflow ses_overflow(const struct ses_table *t);

/*
 * Walk: the next session in use at index *cursor or behind it, *cursor moved past it; NULL at the end. Sessions may
 * come and go between two calls.
 */
struct session *ses_walk(struct ses_table *t, uint32_t *cursor);

/*
 * The same in steps of one place: sessions are at indices below ses_extent(), and ses_at() is NULL where none is. For those
 * who may look at so many places and no more.
 */
uint32_t ses_extent(const struct ses_table *t);
struct session *ses_at(struct ses_table *t, uint32_t index);

#endif

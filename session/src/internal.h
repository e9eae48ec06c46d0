/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this room know of the table. `links` is what a session needs besides its four lines; it is
 * touched when a session comes, goes, changes its state or its timer fires, never by an ordinary packet. Everything
 * here but the records (`sessions`, `keys6`) can be made again from those.
 */
#ifndef SESSION_INTERNAL_H
#define SESSION_INTERNAL_H

#include <stddef.h>

#include "session/table.h"

#define NS_PER_S UINT64_C(1000000000)

enum { LIST_ORIGIN, LIST_TARGET, LISTS };

struct links {
    _Alignas(HSR_CACHE_LINE) uint64_t hash[2];   /* of the primary and the secondary key */
    uint32_t queue_next, queue_prev;             /* evict.c */
    uint32_t wheel_next, wheel_prev;             /* wheel.c; a free session: the next free one */
    uint32_t list_next[LISTS], list_prev[LISTS]; /* lists.c */
    uint32_t wheel_at;                           /* tick at which the wheel looks at it */
    struct place {
        uint16_t account, list;
    } place; /* evict.c */
};
_Static_assert(sizeof(struct links) == HSR_CACHE_LINE, "links are one line");

/*
 * hash.c. An entry stands for one key of one session: index + 1, and for a secondary key which direction it is of. 0 is
 * none.
 */
#define ENTRY_KEY2  0x80000000u
#define ENTRY_DIR   0x40000000u /* with ENTRY_KEY2: direction 1 */
#define ENTRY_INDEX (ENTRY_DIR - 1)

_Static_assert(1u << HSR_FLOW_INDEX_BITS < ENTRY_INDEX, "an index + 1 leaves the bits alone");

#define BUCKET_ENTRIES 10

/* One cache line; `next` holds overflow bucket + 1, so that zeroed memory is empty. */
struct bucket {
    _Alignas(HSR_CACHE_LINE) uint16_t tag[BUCKET_ENTRIES];
    uint32_t entry[BUCKET_ENTRIES];
    uint32_t next;
};
_Static_assert(sizeof(struct bucket) == HSR_CACHE_LINE, "a bucket is one line");

struct hash_table {
    struct bucket *buckets; /* `mask` + 1 home buckets, then `spare` overflow buckets */
    size_t size;            /* bytes mapped */
    uint32_t mask;
    uint32_t spare;       /* overflow buckets in all */
    uint32_t spare_free;  /* free list of overflow buckets, + 1 */
    uint32_t spare_used;  /* of them ever used */
    uint32_t spare_count; /* in use */
};

/* wheel.c */
#define WHEEL_LEVELS 3
#define WHEEL_BITS   8
#define WHEEL_SLOTS  (1u << WHEEL_BITS)
/* 134 ms: time-outs are seconds, and 2^32 ticks are 18 years. */
#define TICK_SHIFT 27

struct wheel {
    uint32_t cur;   /* next tick to be processed */
    uint32_t count; /* entries */
    uint32_t head[WHEEL_LEVELS][WHEEL_SLOTS];
    uint64_t busy[WHEEL_LEVELS][WHEEL_SLOTS / 64]; /* slots that are not empty */
};

/* evict.c */
enum { KIND_EMBRYONIC, KIND_CLOSING, KINDS };

struct queue {
    uint32_t head, tail, count;
};

#define NOBODYS 0 /* an account; port + 1: that port's */

struct waiting {
    struct queue queue[HSR_MAX_PORTS + 1][LISTS]; /* by account, and who opened them */
    uint32_t on[HSR_MAX_PORTS + 1];               /* in both queues of an account */
    uint32_t count;                               /* in all */
    uint16_t top;                                 /* no account from here on ever had any */
};

/* lists.c */
struct port_list {
    uint32_t head, count;
};

struct key6 {
    uint64_t w[4]; /* as in struct session */
};
_Static_assert(sizeof(struct key6) == SES_KEY6_BYTES, "a record");

struct ses_table {
    struct session *sessions; /* record of each index */
    struct links *links;
    struct hash_table hash;
    uint64_t id_base; /* flow id of generation 0 and index 0: instance and worker */
    uint32_t capacity;
    uint32_t free;      /* LIFO: the warmest memory is used next */
    uint32_t fresh;     /* sessions from here on were never used and are not mapped yet */
    struct key6 *keys6; /* record of each index: IPv6 addresses of its secondary key */
    uint64_t now;       /* latest NIC time seen, ns */
    uint32_t
        idle; /* what the last packet's protocol has said; not on the stack, where it would be guarded */
    enum hsr_drop drop;
    uint32_t udp_single,
        udp_stream; /* deadlines of UDP sessions that a packet of this burst keeps */
    struct ses_timeouts timeouts;
    struct ses_table_stats stats;
    ses_gone gone;
    void *arg;
    const struct ses_memory *memory;
    size_t sessions_size, keys6_size, links_size; /* bytes mapped */
    struct waiting waiting[KINDS];
    struct wheel wheel;
    struct port_list ports[LISTS][HSR_MAX_PORTS];
    uint32_t quota[HSR_MAX_PORTS];
    uint32_t charged[HSR_MAX_PORTS]; /* sessions to the port that count against its quota */
};

/* Sessions on a port's account. */
static inline uint32_t lists_held(const struct ses_table *t, uint16_t port)
{
    return t->ports[LIST_ORIGIN][port].count + t->charged[port];
}

static inline uint32_t index_of(const struct ses_table *t, const struct session *s)
{
    return (uint32_t)(s - t->sessions);
}

static inline uint32_t entry_of(uint32_t index)
{
    return index + 1;
}

static inline uint32_t entry_of_second(uint32_t index, unsigned dir)
{
    return (index + 1) | ENTRY_KEY2 | (dir ? ENTRY_DIR : 0);
}

static inline uint32_t entry_index(uint32_t entry)
{
    return (entry & ENTRY_INDEX) - 1;
}

/* Direction of a packet found by this entry. */
static inline unsigned entry_dir(uint32_t entry, bool swap)
{
    if (entry & ENTRY_KEY2)
        return entry & ENTRY_DIR ? 1 : 0;
    return swap ? 1 : 0;
}

/* An unused index, evicting if there is none; SES_NONE when nothing may go. And back again (table.c). */
uint32_t index_get(struct ses_table *t);
void index_put(struct ses_table *t, uint32_t index);

/* Out of everything that the table keeps, its record is free; nobody is told, nothing is counted but that it is not there. */
void ses_leave(struct ses_table *t, struct session *s);

/* An index below `fresh` is free, whatever stands there (table.c). */
void index_discard(struct ses_table *t, uint32_t index);

/* Zeroed; for `sessions` with two keys each. -1 with errno. */
int hash_open(struct hash_table *h, uint32_t sessions);
void hash_close(struct hash_table *h);
/* False: the chain is as long as it may get, or there is no overflow bucket left. */
bool hash_insert(struct hash_table *h, uint64_t hash, uint32_t entry);
void hash_remove(struct hash_table *h, uint64_t hash, uint32_t entry);
void hash_prefetch(const struct hash_table *h, uint64_t hash);
/* The first entry of the home bucket with the hash's tag, unchecked; 0. */
uint32_t hash_suggest(const struct hash_table *h, uint64_t hash);

void wheel_open(struct wheel *w);
void wheel_remove(struct ses_table *t, uint32_t index);
/* The tick that is `now` + `ns`, as a session's deadline says it. */
uint32_t wheel_deadline(struct ses_table *t, uint64_t now, uint64_t ns);

/* The session's state was `before` (SES_FREE: it is new) and is now another (SES_FREE: it goes). */
void evict_moved(struct ses_table *t, const struct session *s, uint8_t before);
/* The session has another target. */
void evict_retarget(struct ses_table *t, const struct session *s);
/* Index of the session that has to make room, SES_NONE when nothing may go: in a full table; and for one more of a port. */
uint32_t evict_choose(const struct ses_table *t);
uint32_t evict_choose_for(const struct ses_table *t, unsigned list, uint16_t port);

void lists_open(struct ses_table *t, uint32_t quota);
/* May the port have one more session in this list (LIST_TARGET: one that is charged)? lists_make_way() evicts what that takes. */
bool lists_admits(const struct ses_table *t, unsigned list, uint16_t port);
bool lists_make_way(struct ses_table *t, unsigned list, uint16_t port);
void lists_add(struct ses_table *t, struct session *s, unsigned list, uint16_t port);
void lists_remove(struct ses_table *t, struct session *s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this room know of the table. `links` is what a session needs besides its four lines; it is
 * touched when a session comes, goes, changes its state or its timer fires, never by an ordinary packet.
 */
#ifndef SESSION_INTERNAL_H
#define SESSION_INTERNAL_H

#include <stddef.h>

#include "session/table.h"

struct links {
    uint64_t hash;
    uint32_t queue_next, queue_prev; /* evict.c */
    uint32_t wheel_next, wheel_prev; /* wheel.c; a free session: the next free one */
};

/* hash.c */
#define BUCKET_ENTRIES 10

/* One cache line; `index` holds session index + 1 and `next` overflow bucket + 1, so that zeroed memory is empty. */
struct bucket {
    _Alignas(HSR_CACHE_LINE) uint16_t tag[BUCKET_ENTRIES];
    uint32_t index[BUCKET_ENTRIES];
    uint32_t next;
};
_Static_assert(sizeof(struct bucket) == HSR_CACHE_LINE, "a bucket is one line");

struct hash_table {
    struct bucket *buckets; /* `mask` + 1 home buckets, then `spare` overflow buckets */
    size_t size;            /* bytes mapped */
    uint32_t mask;
    uint32_t spare;      /* overflow buckets in all */
    uint32_t spare_free; /* free list of overflow buckets, + 1 */
    uint32_t spare_used; /* of them ever used */
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
enum { QUEUE_EMBRYONIC, QUEUE_CLOSING, QUEUES };

struct queue {
    uint32_t head, tail, count;
};

/* lists.c */
enum { LIST_ORIGIN, LIST_TARGET, LISTS };

struct port_list {
    uint32_t head, count;
};

struct ses_table {
    struct session *sessions;
    struct links *links;
    struct hash_table hash;
    uint32_t capacity;
    uint32_t free;  /* LIFO: the warmest memory is used next */
    uint32_t fresh; /* sessions from here on were never used and are not mapped yet */
    uint8_t instance, worker;
    uint64_t now; /* latest NIC time seen, ns */
    struct ses_timeouts timeouts;
    struct ses_table_stats stats;
    ses_gone gone;
    void *arg;
    size_t sessions_size, links_size; /* bytes mapped */
    struct queue queue[QUEUES];
    struct wheel wheel;
    struct port_list ports[LISTS][HSR_MAX_PORTS];
    uint32_t quota[HSR_MAX_PORTS];
    uint32_t charged[HSR_MAX_PORTS]; /* sessions to the port that count against its quota */
};

static inline uint32_t index_of(const struct ses_table *t, const struct session *s)
{
    return (uint32_t)(s - t->sessions);
}

/* Zeroed memory on a cache line, touched only as it is used; NULL with errno. */
void *memory_get(size_t size);
void memory_put(void *p, size_t size);

/* Zeroed; -1 with errno. */
int hash_open(struct hash_table *h, uint32_t capacity);
void hash_close(struct hash_table *h);
struct session *hash_find(const struct ses_table *t, uint64_t hash, const struct hsr_key *key);
/* False: the chain is as long as it may get, or there is no overflow bucket left. */
bool hash_insert(struct hash_table *h, uint64_t hash, uint32_t index);
void hash_remove(struct hash_table *h, uint64_t hash, uint32_t index);
void hash_prefetch(const struct hash_table *h, uint64_t hash);
/* Index of the first session of the home bucket with the hash's tag, unchecked; SES_NONE. */
uint32_t hash_suggest(const struct hash_table *h, uint64_t hash);

void wheel_open(struct wheel *w);
void wheel_remove(struct ses_table *t, uint32_t index);

void evict_open(struct ses_table *t);
/* The session's state was `before` (SES_FREE: it is new) and is now another (SES_FREE: it goes). */
void evict_moved(struct ses_table *t, const struct session *s, uint8_t before);
/* Make room for one; false when nothing may go. */
bool evict_one(struct ses_table *t);

void lists_open(struct ses_table *t, uint32_t quota);
bool lists_within_quota(const struct ses_table *t, uint16_t port);
void lists_add(struct ses_table *t, struct session *s, unsigned list, uint16_t port);
void lists_remove(struct ses_table *t, struct session *s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of 128 bytes that sessions share by index, counted by reference: rewrite templates and programs (store.h). Equal
 * ones are one.
 *
 * A pool belongs to one worker: no locks, and a record lives as long as somebody refers to it, whatever becomes of the
 * configuration it was made from. The records alone may lie in memory that outlives the process; reference counts,
 * chains and free list are private, since whoever refers to a record can be counted again. Nothing allocates after
 * act_pool_open(), and what is not used is never touched.
 */
#ifndef ACTION_POOL_H
#define ACTION_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "hsring/abi.h"
#include "session/memory.h"

#define ACT_RECORD_BYTES 128
#define ACT_RECORD_WORDS (ACT_RECORD_BYTES / 8)
#define ACT_ACTIONS      15 /* and the end */
#define ACT_NONE         0  /* record 0 is all zero, and nobody's: an empty program */

/* One operation; `op` is an enum act_op (action.h) and says what the arguments mean. */
struct act_action {
    uint8_t op;
    uint8_t arg8;
    uint16_t arg16;
    uint32_t arg32;
};

/* What is done to packets of one direction, up to ACT_END (0); the last one is always that. */
struct act_program {
    struct act_action action[ACT_ACTIONS + 1];
};

union act_record {
    _Alignas(HSR_CACHE_LINE) uint64_t word[ACT_RECORD_WORDS];
    uint8_t bytes[ACT_RECORD_BYTES]; /* a template; unused ones are zero */
    struct act_program program;
};

_Static_assert(sizeof(struct act_action) == 8, "an action is one word");
_Static_assert(sizeof(union act_record) == ACT_RECORD_BYTES, "a record is two cache lines");

struct act_pool {
    union act_record *record;
    struct act_link {
        uint32_t refs;
        uint32_t next; /* in its chain, or in the free list */
        uint32_t hash;
        uint32_t words; /* up to the last one that is not zero */
    } * link;
    uint32_t *bucket; /* first of each chain */
    uint32_t mask;    /* buckets - 1 */
    uint32_t free;
    uint32_t fresh; /* records from here on were never used */
    uint32_t used;
    uint32_t capacity;
    uint64_t seed;
    const struct ses_memory *memory;
};

/*
 * Room for `capacity` records. `seed`: secret, so that nobody can choose bytes that share a chain. `memory`: of the
 * records, under `name`; NULL: private. 0 or -ENOMEM.
 */
int act_pool_open(struct act_pool *p, const char *name, uint32_t capacity, uint64_t seed,
                  const struct ses_memory *memory);
void act_pool_close(struct act_pool *p);

/*
 * Index of the shared record that has the first `words` words of this one and zeroes behind them, one reference more;
 * ACT_NONE: full.
 */
uint32_t act_pool_get(struct act_pool *p, const union act_record *record, uint32_t words);

/* One reference more to what has one. */
static inline void act_pool_share(struct act_pool *p, uint32_t index)
{
    if (index != ACT_NONE)
        p->link[index].refs++;
}

/*
 * One reference less; ACT_NONE and what has none are left alone. True: that was the last one. Its bytes stand until the
 * next act_pool_get().
 */
bool act_pool_put(struct act_pool *p, uint32_t index);

/*
 * For a pool just opened on the records of a former process: one reference more to the record that stands at this index,
 * known to be one; false: there is no such index. When all have been referred to, act_pool_adopted() makes the others
 * free. Nothing else is to be called in between.
 */
bool act_pool_adopt(struct act_pool *p, uint32_t index);
void act_pool_adopted(struct act_pool *p);

/* Most records ever in use at once: free ones are used before fresh ones. And what there is room for. */
static inline uint32_t act_pool_high(const struct act_pool *p)
{
    return p->fresh - 1;
}
static inline uint32_t act_pool_room(const struct act_pool *p)
{
    return p->capacity - 1;
}

/* References to a record. */
static inline uint32_t act_pool_refs(const struct act_pool *p, uint32_t index)
{
    return p->link[index].refs;
}

#endif

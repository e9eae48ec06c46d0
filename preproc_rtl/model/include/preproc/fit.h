/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pp_fit: the flow-index table, hash -> flow id and nothing else (Triton, section 4.2).
 *
 * A bucket is one cache line: four banks of (32-bit tag, flow id). The hardware places entries: an equal tag, else
 * the first empty bank, else a deterministic victim (bank = low bits of the tag). INSERT replaces an equal tag whatever
 * flow it stood for: which flows live only the firmware knows, and it does not insert over a live one whose flow id it
 * was shown. DELETE and UPDATE apply only if the stored flow id is the one named. The table may be stale, full or wrong
 * at any time; nobody may rely on it.
 * One thread. pp_fit_open() allocates, pp_fit_close() frees.
 */
#ifndef PREPROC_FIT_H
#define PREPROC_FIT_H

#include <stdint.h>

#include "hsring/abi.h"
#include "hsring/hash.h"

#define PP_FIT_BANKS 4
#define PP_FIT_BUCKET_BITS \
    22 /* at most: a chip has HSR_HASH_BUCKET_BITS of them, external memory more */

struct pp_fit_bucket {
    _Alignas(HSR_CACHE_LINE) uint32_t tag[PP_FIT_BANKS];
    uint64_t flow_id[PP_FIT_BANKS]; /* 0: empty */
    uint64_t pad[2];
};

struct pp_fit {
    struct pp_fit_bucket *bucket;
    uint32_t mask; /* buckets - 1 */
    uint32_t used; /* entries */
    uint32_t high; /* most of them ever */
    struct pp_fit_stats {
        uint64_t hits, misses, inserts, replaced, deletes, updates, refused;
    } stats;
};

/*
 * `buckets`: a power of two up to 2^PP_FIT_BUCKET_BITS; beyond HSR_HASH_BUCKET_BITS the bucket's number shares bits of the hash with
 * the tag, of which enough are left. 0, -EINVAL or -ENOMEM.
 */
int pp_fit_open(struct pp_fit *fit, uint32_t buckets);
void pp_fit_close(struct pp_fit *fit);

/* Forget everything (a firmware went away). */
void pp_fit_clear(struct pp_fit *fit);

/* Entries there are. */
static inline uint32_t pp_fit_capacity(const struct pp_fit *fit)
{
    return (fit->mask + 1) * PP_FIT_BANKS;
}

static inline struct pp_fit_bucket *pp_fit_bucket(const struct pp_fit *fit, uint64_t hash)
{
    return &fit->bucket[hsr_hash_bucket(hash, fit->mask)];
}

/* Bank that holds this tag, or PP_FIT_BANKS. */
static inline unsigned pp_fit_bank(const struct pp_fit_bucket *b, uint32_t tag)
{
    unsigned i;

    for (i = 0; i < PP_FIT_BANKS; i++)
        if (b->flow_id[i] != 0 && b->tag[i] == tag)
            break;
    return i;
}

static inline void pp_fit_prefetch(const struct pp_fit *fit, uint64_t hash)
{
    __builtin_prefetch(pp_fit_bucket(fit, hash));
}

/* The flow id stored for this hash, 0 for a miss. */
static inline uint64_t pp_fit_lookup(struct pp_fit *fit, uint64_t hash)
{
    const struct pp_fit_bucket *b = pp_fit_bucket(fit, hash);
    unsigned bank = pp_fit_bank(b, hsr_hash_tag(hash));

    if (bank == PP_FIT_BANKS) {
        fit->stats.misses++;
        return 0;
    }
    fit->stats.hits++;
    return b->flow_id[bank];
}

/* Apply the operation of a tx metadata (fit_op, hash, flow_id, fit_named); counted, never fails. */
void pp_fit_apply(struct pp_fit *fit, const struct hsr_tx_meta *op);

#endif

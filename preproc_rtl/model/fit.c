/* SPDX-License-Identifier: Apache-2.0 */
#include "preproc/fit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct pp_fit_bucket) == HSR_CACHE_LINE, "a bucket is one cache line");

static struct pp_fit_bucket *bucket_of(const struct pp_fit *fit, uint64_t hash)
{
    return &fit->bucket[hsr_hash_bucket(hash) & fit->mask];
}

/* Bank that holds this tag, or PP_FIT_BANKS. */
static unsigned bank_of(const struct pp_fit_bucket *b, uint32_t tag)
{
    unsigned i;

    for (i = 0; i < PP_FIT_BANKS; i++) {
        if (b->flow_id[i] != 0 && b->tag[i] == tag)
            break;
    }
    return i;
}

int pp_fit_open(struct pp_fit *fit, uint32_t buckets)
{
    memset(fit, 0, sizeof *fit);
    if (buckets == 0 || (buckets & (buckets - 1)) || buckets > 1u << HSR_HASH_BUCKET_BITS)
        return -EINVAL;
    fit->bucket = aligned_alloc(HSR_CACHE_LINE, buckets * sizeof *fit->bucket);
    if (!fit->bucket)
        return -ENOMEM;
    fit->mask = buckets - 1;
    pp_fit_clear(fit);
    return 0;
}

void pp_fit_close(struct pp_fit *fit)
{
    free(fit->bucket);
    fit->bucket = NULL;
}

void pp_fit_clear(struct pp_fit *fit)
{
    memset(fit->bucket, 0, (fit->mask + 1) * sizeof *fit->bucket);
    fit->used = 0;
}

void pp_fit_prefetch(const struct pp_fit *fit, uint64_t hash)
{
    __builtin_prefetch(bucket_of(fit, hash));
}

uint64_t pp_fit_lookup(struct pp_fit *fit, uint64_t hash)
{
    const struct pp_fit_bucket *b = bucket_of(fit, hash);
    unsigned bank = bank_of(b, hsr_hash_tag(hash));

    if (bank == PP_FIT_BANKS) {
        fit->stats.misses++;
        return 0;
    }
    fit->stats.hits++;
    return b->flow_id[bank];
}

static void insert(struct pp_fit *fit, struct pp_fit_bucket *b, uint32_t tag, uint64_t flow_id)
{
    unsigned bank = bank_of(b, tag);

    if (bank == PP_FIT_BANKS) {
        for (bank = 0; bank < PP_FIT_BANKS && b->flow_id[bank] != 0;)
            bank++;
    }
    if (bank == PP_FIT_BANKS)
        bank = tag % PP_FIT_BANKS;
    if (b->flow_id[bank] != 0)
        fit->stats.replaced++;
    else if (++fit->used > fit->high)
        fit->high = fit->used;
    b->tag[bank] = tag;
    b->flow_id[bank] = flow_id;
    fit->stats.inserts++;
}

void pp_fit_apply(struct pp_fit *fit, const struct hsr_tx_meta *op)
{
    struct pp_fit_bucket *b = bucket_of(fit, op->hash);
    uint32_t tag = hsr_hash_tag(op->hash);
    unsigned bank = bank_of(b, tag);
    bool named = bank < PP_FIT_BANKS && b->flow_id[bank] == op->fit_named;

    if (op->fit_op == HSR_FIT_NONE)
        return;
    if (op->fit_op == HSR_FIT_INSERT && op->flow_id != 0) {
        insert(fit, b, tag, op->flow_id);
    } else if (op->fit_op == HSR_FIT_DELETE && named) {
        b->flow_id[bank] = 0;
        fit->used--;
        fit->stats.deletes++;
    } else if (op->fit_op == HSR_FIT_UPDATE && named && op->flow_id != 0) {
        b->flow_id[bank] = op->flow_id;
        fit->stats.updates++;
    } else {
        fit->stats.refused++;
    }
}

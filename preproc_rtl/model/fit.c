/* SPDX-License-Identifier: Apache-2.0 */
#include "preproc/fit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE (2u << 20) /* bytes of a huge page */

_Static_assert(sizeof(struct pp_fit_bucket) == HSR_CACHE_LINE, "a bucket is one cache line");

int pp_fit_open(struct pp_fit *fit, uint32_t buckets)
{
    memset(fit, 0, sizeof *fit);
    if (buckets == 0 || (buckets & (buckets - 1)) || buckets > 1u << PP_FIT_BUCKET_BITS)
        return -EINVAL;
    size_t size = buckets * sizeof *fit->bucket;

    fit->bucket = aligned_alloc(size < HUGE ? HSR_CACHE_LINE : HUGE, size);
    if (!fit->bucket)
        return -ENOMEM;
    if (size >= HUGE) /* a packet a bucket: small pages would be a walk each */
        (void)madvise(fit->bucket, size, MADV_HUGEPAGE);
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

static void insert(struct pp_fit *fit, struct pp_fit_bucket *b, uint32_t tag, uint64_t flow_id)
{
    unsigned bank = pp_fit_bank(b, tag);

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
    struct pp_fit_bucket *b = pp_fit_bucket(fit, op->hash);
    uint32_t tag = hsr_hash_tag(op->hash);
    unsigned bank = pp_fit_bank(b, tag);
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

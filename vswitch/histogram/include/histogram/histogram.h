/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Histograms of times: log-linear buckets, 16 to a power of two, so that what is read is at most 1/16 above what was
 * recorded, from 0 to UINT32_MAX (as ns: 4.29 s). Larger values count as that.
 *
 *     the one writer:      hist_record(&h, ns, packets)
 *     any other thread:    hist_read(&h, &now) ; hist_subtract(&now, &then) ; hist_percentile(&now, 99)
 *
 * Each bucket is a word of its own that only grows, read and written whole: a reader beside the writer may miss the last
 * few values, and sees no others. Nothing is reset under the writer: a reader subtracts what it read before.
 */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#define HIST_SUB_BITS 4
#define HIST_SUBS     (1u << HIST_SUB_BITS)                         /* buckets to a power of two */
#define HIST_BUCKETS  ((32u - HIST_SUB_BITS + 1u) << HIST_SUB_BITS) /* 464 */

/* Zeroed memory is an empty one. */
struct hist {
    _Atomic uint64_t sum; /* of all values */
    _Atomic uint64_t max; /* the largest value, exactly */
    _Atomic uint64_t bucket[HIST_BUCKETS];
};

/* What was read of one, or of several. Zeroed it is empty. */
struct hist_counts {
    uint64_t sum, max;
    uint64_t bucket[HIST_BUCKETS];
};

/* The bucket of a value. */
static inline uint32_t hist_bucket(uint32_t value)
{
    uint32_t power;

    if (value < HIST_SUBS)
        return value;
    power = 31u - (uint32_t)__builtin_clz(value) - HIST_SUB_BITS;
    return (power << HIST_SUB_BITS) + (value >> power);
}

/* By the one writer. */
static inline void hist_grow(_Atomic uint64_t *word, uint64_t by)
{
    atomic_store_explicit(word, atomic_load_explicit(word, memory_order_relaxed) + by,
                          memory_order_relaxed);
}

/* `n` values: `value` each; 0: nothing is recorded. The one writer's. */
static inline void hist_record(struct hist *h, uint64_t value, uint64_t n)
{
    uint32_t v = value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;

    if (n == 0)
        return;
    hist_grow(&h->bucket[hist_bucket(v)], n);
    hist_grow(&h->sum, v * n);
    if (v > atomic_load_explicit(&h->max, memory_order_relaxed))
        atomic_store_explicit(&h->max, v, memory_order_relaxed);
}

/* What has been recorded so far, added to `counts`. Any thread's. */
void hist_read(const struct hist *h, struct hist_counts *counts);

/* Add what was read of another one. */
void hist_merge(struct hist_counts *counts, const struct hist_counts *other);

/*
 * Take away what was read of the same one before. The largest value is known exactly if it came since, else to a bucket;
 * 0 when nothing has. What has become less (a NIC is believed no further) counts as nothing.
 */
void hist_subtract(struct hist_counts *counts, const struct hist_counts *before);

/* Values recorded. */
uint64_t hist_count(const struct hist_counts *counts);

/* Least and largest value of a bucket below HIST_BUCKETS. */
uint32_t hist_least(uint32_t bucket);
uint32_t hist_most(uint32_t bucket);

/*
 * A value that `percent` (0 to 100) of all are not above: the upper end of the bucket that holds the one of that rank, at
 * most the largest value. 0 of an empty one.
 */
uint64_t hist_percentile(const struct hist_counts *counts, double percent);

#endif

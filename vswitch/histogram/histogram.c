/* SPDX-License-Identifier: Apache-2.0 */
#include "histogram/histogram.h"

void hist_read(const struct hist *h, struct hist_counts *counts)
{
    uint64_t max;

    for (uint32_t b = 0; b < HIST_BUCKETS; b++)
        counts->bucket[b] += atomic_load_explicit(&h->bucket[b], memory_order_relaxed);
    counts->sum += atomic_load_explicit(&h->sum, memory_order_relaxed);
    max = atomic_load_explicit(&h->max, memory_order_relaxed);
    if (max > counts->max)
        counts->max = max;
}

void hist_merge(struct hist_counts *counts, const struct hist_counts *other)
{
    for (uint32_t b = 0; b < HIST_BUCKETS; b++)
        counts->bucket[b] += other->bucket[b];
    counts->sum += other->sum;
    if (other->max > counts->max)
        counts->max = other->max;
}

/* Upper end of the last bucket that holds something. */
static uint64_t highest(const struct hist_counts *counts)
{
    for (uint32_t b = HIST_BUCKETS; b > 0; b--)
        if (counts->bucket[b - 1] > 0)
            return hist_most(b - 1);
    return 0;
}

/* Of words that only grow; who says otherwise is not followed below zero. */
static uint64_t less(uint64_t now, uint64_t before)
{
    return now > before ? now - before : 0;
}

void hist_subtract(struct hist_counts *counts, const struct hist_counts *before)
{
    uint64_t end;

    for (uint32_t b = 0; b < HIST_BUCKETS; b++)
        counts->bucket[b] = less(counts->bucket[b], before->bucket[b]);
    counts->sum = less(counts->sum, before->sum);
    end = highest(counts);
    if (end < counts->max)
        counts->max = end;
}

uint64_t hist_count(const struct hist_counts *counts)
{
    uint64_t n = 0;

    for (uint32_t b = 0; b < HIST_BUCKETS; b++)
        n += counts->bucket[b];
    return n;
}

uint32_t hist_least(uint32_t bucket)
{
    uint32_t power = bucket >> HIST_SUB_BITS;

    if (power == 0)
        return bucket;
    return ((bucket & (HIST_SUBS - 1)) + HIST_SUBS) << (power - 1);
}

uint32_t hist_most(uint32_t bucket)
{
    return bucket + 1 < HIST_BUCKETS ? hist_least(bucket + 1) - 1 : UINT32_MAX;
}

uint64_t hist_percentile(const struct hist_counts *counts, double percent)
{
    double place = (double)hist_count(counts) * percent / 100;
    uint64_t rank = (uint64_t)place, below = 0;

    if (rank == 0 || (double)rank < place)
        rank++;
    for (uint32_t b = 0; b < HIST_BUCKETS; b++) {
        below += counts->bucket[b];
        if (counts->bucket[b] > 0 && below >= rank) {
            uint64_t end = hist_most(b);

            return end < counts->max ? end : counts->max;
        }
    }
    return counts->max;
}

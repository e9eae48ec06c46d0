/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hash to session and direction. A bucket is one cache line of ten (16-bit tag, entry) pairs. In a full table four or
 * fewer are used on average if sessions have one key each, so that one bucket in 350 overflows (Poisson), and a lookup
 * costs that line and the session's; if all have two, eight or fewer, and less than one bucket in five does. A chain is
 * at most four lines: colliding hashes make lookups slower up to there, and creation fails behind it.
 *
 * Bits of the hash: the bucket comes from bits 18 up, the tag from 48 up; queue and RETA, which are alike for all
 * sessions of one worker's ring, have no part in it.
 */
#include <string.h>

#include "internal.h"

#define CHAIN_MAX    4
#define BUCKET_SHIFT HSR_HASH_BUCKET_SHIFT
#define TAG_SHIFT    48
#define BUCKET_LOAD  4 /* sessions a home bucket, when the table is full */

_Static_assert(BUCKET_SHIFT >= HSR_HASH_RETA_SHIFT + HSR_HASH_RETA_BITS &&
                   BUCKET_SHIFT >= HSR_HASH_QUEUE_SHIFT + HSR_HASH_QUEUE_BITS,
               "buckets do not depend on what steers");
_Static_assert(BUCKET_SHIFT + HSR_FLOW_INDEX_BITS <= TAG_SHIFT, "tag and bucket are disjoint");

static uint16_t tag_of(uint64_t hash)
{
    return (uint16_t)(hash >> TAG_SHIFT);
}

static struct bucket *home_of(const struct hash_table *h, uint64_t hash)
{
    return &h->buckets[(uint32_t)(hash >> BUCKET_SHIFT) & h->mask];
}

static struct bucket *next_of(const struct hash_table *h, const struct bucket *b)
{
    return b->next ? &h->buckets[h->mask + b->next] : NULL;
}

int hash_open(struct hash_table *h, uint32_t sessions)
{
    uint32_t homes = 1;

    while ((uint64_t)homes * BUCKET_LOAD < sessions)
        homes *= 2;
    memset(h, 0, sizeof *h);
    h->mask = homes - 1;
    h->spare = homes / 4 + 16; /* 18 % of the homes overflow at eight keys each */
    h->size = sizeof *h->buckets * ((size_t)homes + h->spare);
    h->buckets = ses_memory_get(NULL, "hash", h->size);
    return h->buckets ? 0 : -1;
}

void hash_close(struct hash_table *h)
{
    ses_memory_put(NULL, h->buckets, h->size);
}

/* One bit for each entry of this tag; without branches, so that a miss costs nothing but the line. */
static uint32_t candidates(const struct bucket *b, uint16_t tag)
{
    uint32_t bits = 0;

    for (unsigned i = 0; i < BUCKET_ENTRIES; i++)
        bits |= (uint32_t)(b->tag[i] == tag && b->entry[i] != 0) << i;
    return bits;
}

struct session *ses_find(const struct ses_table *t, uint64_t hash, const struct hsr_key *key,
                         bool swap, unsigned *dir)
{
    uint16_t tag = tag_of(hash);

    for (const struct bucket *b = home_of(&t->hash, hash); b; b = next_of(&t->hash, b)) {
        for (uint32_t bits = candidates(b, tag); bits; bits &= bits - 1) {
            uint32_t entry = b->entry[__builtin_ctz(bits)];
            struct session *s = &t->sessions[entry_index(entry)];

            *dir = entry_dir(entry, swap);
            if (ses_matches(t, s, *dir, swap, key))
                return s;
        }
    }
    return NULL;
}

/* A zeroed overflow bucket, as its number + 1; 0 when there is none. */
static uint32_t spare_get(struct hash_table *h)
{
    uint32_t got = h->spare_free;

    if (got) {
        struct bucket *b = &h->buckets[h->mask + got];

        h->spare_free = b->next;
        b->next = 0;
    } else if (h->spare_used < h->spare) {
        got = ++h->spare_used;
    }
    h->spare_count += got != 0;
    return got;
}

/* Takes an empty one out of its chain. */
static void spare_put(struct hash_table *h, struct bucket *before, struct bucket *b)
{
    uint32_t number = before->next;

    before->next = b->next;
    b->next = h->spare_free;
    h->spare_free = number;
    h->spare_count--;
}

bool hash_insert(struct hash_table *h, uint64_t hash, uint32_t entry)
{
    struct bucket *b = home_of(h, hash);

    for (unsigned n = 0; n < CHAIN_MAX; n++) {
        for (unsigned i = 0; i < BUCKET_ENTRIES; i++) {
            if (b->entry[i] == 0) {
                b->tag[i] = tag_of(hash);
                b->entry[i] = entry;
                return true;
            }
        }
        if (b->next == 0 && (n == CHAIN_MAX - 1 || (b->next = spare_get(h)) == 0))
            return false;
        b = next_of(h, b);
    }
    return false;
}

static bool bucket_empty(const struct bucket *b)
{
    for (unsigned i = 0; i < BUCKET_ENTRIES; i++) {
        if (b->entry[i] != 0)
            return false;
    }
    return true;
}

void hash_remove(struct hash_table *h, uint64_t hash, uint32_t entry)
{
    struct bucket *before = NULL;

    for (struct bucket *b = home_of(h, hash); b; before = b, b = next_of(h, b)) {
        for (unsigned i = 0; i < BUCKET_ENTRIES; i++) {
            if (b->entry[i] != entry)
                continue;
            b->entry[i] = 0;
            if (before && bucket_empty(b))
                spare_put(h, before, b);
            return;
        }
    }
}

void hash_prefetch(const struct hash_table *h, uint64_t hash)
{
    __builtin_prefetch(home_of(h, hash));
}

uint32_t hash_suggest(const struct hash_table *h, uint64_t hash)
{
    const struct bucket *b = home_of(h, hash);
    uint32_t bits = candidates(b, tag_of(hash));

    return bits ? b->entry[__builtin_ctz(bits)] : 0;
}

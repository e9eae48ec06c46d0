/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one hash of the project: a 64-bit Toeplitz over the key words with a secret random key.
 *
 * Queue, RETA, bucket and tag are disjoint slices of it (HSR_HASH_*), so that flows that collide in one do not
 * collide in the others; several CRCs with different seeds would (they are affine images of one another).
 * Bit t of the hash is bit t, counted from the most significant, of the classic Toeplitz output: the upper 32 output
 * bits are rte_softrss() over the key's 32-bit words (most significant first), the lower 32 the same with the secret
 * advanced by four bytes.
 *
 * Usage: hsr_hash_init() once, then hsr_hash_key() from any thread. The variant (carry-less multiply or portable) is
 * chosen at run time in hsr_hash_init().
 */
#ifndef HSRING_HASH_H
#define HSRING_HASH_H

#include <stdint.h>

#include "hsring/abi.h"
#include "hsring/key.h"

#define HSR_HASH_SECRET 48 /* bytes: 320 key bits + 64, as whole words */

struct hsr_hash {
    uint64_t reversed[HSR_HASH_SECRET /
                      8]; /* the secret's words, bit-reversed: the form the multiply wants */
    uint64_t (*words)(const struct hsr_hash *hash, const uint64_t *w, unsigned n);
};

/* Set up from HSR_HASH_SECRET random bytes, with the fastest variant this CPU has. */
void hsr_hash_init(struct hsr_hash *hash, const uint8_t secret[HSR_HASH_SECRET]);

static inline uint64_t hsr_hash_key(const struct hsr_hash *hash, const struct hsr_key *key)
{
    return hash->words(hash, key->w, key->ipv6 ? HSR_KEY6_WORDS : HSR_KEY4_WORDS);
}

static inline uint32_t hsr_hash_queue(uint64_t hash)
{
    return (uint32_t)(hash >> HSR_HASH_QUEUE_SHIFT) & ((1u << HSR_HASH_QUEUE_BITS) - 1);
}

static inline uint32_t hsr_hash_reta(uint64_t hash)
{
    return (uint32_t)(hash >> HSR_HASH_RETA_SHIFT) & ((1u << HSR_HASH_RETA_BITS) - 1);
}

/* `mask`: buckets - 1. Of more than 2^HSR_HASH_BUCKET_BITS the number takes bits that are the tag's as well. */
static inline uint32_t hsr_hash_bucket(uint64_t hash, uint32_t mask)
{
    return (uint32_t)(hash >> HSR_HASH_BUCKET_SHIFT) & mask;
}

static inline uint32_t hsr_hash_tag(uint64_t hash)
{
    return (uint32_t)(hash >> HSR_HASH_TAG_SHIFT);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "hash_variants.h"

/* Bits 63..126 of (low | high << 64) times w: one shifted copy of the secret for each bit set. */
static uint64_t product(uint64_t low, uint64_t high, uint64_t w)
{
    uint64_t sum = 0;

    while (w != 0) {
        unsigned bit = (unsigned)__builtin_ctzll(w);
        unsigned down = 63 - bit;

        /* high << 1 << bit is high << (64 - down), and right for down 0 too. */
        sum ^= low >> down ^ high << 1 << bit;
        w &= w - 1;
    }
    return sum;
}

uint64_t hsr_hash_words_portable(const struct hsr_hash *hash, const uint64_t *w, unsigned n)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < n; i++)
        sum ^= product(hash->reversed[i], hash->reversed[i + 1], w[i]);
    return sum;
}

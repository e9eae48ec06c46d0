/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>

#include "hash_variants.h"

/* The shift is linear, so that it is done once, after the sum over all words. */
static inline __attribute__((always_inline, target("pclmul,sse4.1"))) uint64_t sum(
    const struct hsr_hash *hash, const uint64_t *w, unsigned n)
{
    __m128i low = _mm_setzero_si128();
    __m128i high = _mm_setzero_si128();

    for (unsigned i = 0; i < n; i++) {
        __m128i secret = _mm_loadu_si128((const __m128i *)(const void *)&hash->reversed[i]);
        __m128i word = _mm_cvtsi64_si128((long long)w[i]);

        low = _mm_xor_si128(low, _mm_clmulepi64_si128(secret, word, 0x00));
        high = _mm_xor_si128(high, _mm_clmulepi64_si128(secret, word, 0x01));
    }
    uint64_t low0 = (uint64_t)_mm_cvtsi128_si64(low);
    uint64_t low1 = (uint64_t)_mm_extract_epi64(low, 1);
    uint64_t high0 = (uint64_t)_mm_cvtsi128_si64(high);
    return low1 << 1 ^ low0 >> 63 ^ high0 << 1;
}

/* Most keys are of two words, and those are added without a loop. */
__attribute__((target("pclmul,sse4.1"))) uint64_t hsr_hash_words_clmul(const struct hsr_hash *hash,
                                                                       const uint64_t *w,
                                                                       unsigned n)
{
    return n == HSR_KEY4_WORDS ? sum(hash, w, HSR_KEY4_WORDS) : sum(hash, w, n);
}

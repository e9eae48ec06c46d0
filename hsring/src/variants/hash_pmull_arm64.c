/* SPDX-License-Identifier: Apache-2.0 */
#include <arm_neon.h>

#include "hash_variants.h"

/* The shift is linear, so that it is done once, after the sum over all words. */
__attribute__((target("+crypto"))) uint64_t hsr_hash_words_pmull(const struct hsr_hash *hash,
                                                                 const uint64_t *w, unsigned n)
{
    uint64x2_t low = vdupq_n_u64(0);
    uint64x2_t high = vdupq_n_u64(0);

    for (unsigned i = 0; i < n; i++) {
        poly64_t word = (poly64_t)w[i];

        low = veorq_u64(low, vreinterpretq_u64_p128(vmull_p64((poly64_t)hash->reversed[i], word)));
        high = veorq_u64(high,
                         vreinterpretq_u64_p128(vmull_p64((poly64_t)hash->reversed[i + 1], word)));
    }
    return vgetq_lane_u64(low, 1) << 1 ^ vgetq_lane_u64(low, 0) >> 63 ^
           vgetq_lane_u64(high, 0) << 1;
}

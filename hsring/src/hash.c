/* SPDX-License-Identifier: Apache-2.0 */
#include "hsring/hash.h"

#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include "hsring/bytes.h"
#include "variants/hash_variants.h"

static uint64_t bit_reverse(uint64_t v)
{
    v = (v & UINT64_C(0x5555555555555555)) << 1 | (v >> 1 & UINT64_C(0x5555555555555555));
    v = (v & UINT64_C(0x3333333333333333)) << 2 | (v >> 2 & UINT64_C(0x3333333333333333));
    v = (v & UINT64_C(0x0F0F0F0F0F0F0F0F)) << 4 | (v >> 4 & UINT64_C(0x0F0F0F0F0F0F0F0F));
    return __builtin_bswap64(v);
}

void hsr_hash_init(struct hsr_hash *hash, const uint8_t secret[HSR_HASH_SECRET])
{
    for (unsigned i = 0; i < HSR_HASH_SECRET / 8; i++)
        hash->reversed[i] = bit_reverse(hsr_load64(secret + 8 * i));
    hash->words = hsr_hash_words_portable;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1"))
        hash->words = hsr_hash_words_clmul;
#elif defined(__aarch64__)
    if (getauxval(AT_HWCAP) & HWCAP_PMULL)
        hash->words = hsr_hash_words_pmull;
#endif
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The variants of the Toeplitz hash and of CRC32c, for their dispatchers and the test that holds them equal.
 * The fast ones may be called only on a CPU that has the instructions; their dispatchers ask.
 *
 * The secret, bit-reversed word by word, is one long polynomial R with secret bit j at x^j. Key bit m (from the most
 * significant) sits at x^(63-m) of its word, so that the product with the two secret words at the key word has
 * secret bit m + t at x^(63+t): bits 63..126 of the carry-less product are the word's part of the hash.
 */
#ifndef HSRING_HASH_VARIANTS_H
#define HSRING_HASH_VARIANTS_H

#include <stdint.h>

#include "hsring/hash.h"

uint64_t hsr_hash_words_portable(const struct hsr_hash *hash, const uint64_t *w, unsigned n);
uint32_t hsr_crc32c_portable(uint32_t crc, const void *data, uint32_t len);

#if defined(__x86_64__)
uint64_t hsr_hash_words_clmul(const struct hsr_hash *hash, const uint64_t *w, unsigned n);
uint32_t hsr_crc32c_sse42(uint32_t crc, const void *data, uint32_t len);
#elif defined(__aarch64__)
uint64_t hsr_hash_words_pmull(const struct hsr_hash *hash, const uint64_t *w, unsigned n);
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Internet checksum (RFC 1071) and its incremental update (RFC 1624), CRC32c for SCTP (RFC 9260).
 *
 * Sums are kept unfolded in 64 bits, as sums of big-endian 16-bit words; hsr_csum_fold() makes the 16-bit
 * one's-complement sum of it (not inverted). A field is right when the sum over its whole range folds to 0xFFFF.
 * Pure functions, safe in any thread.
 */
#ifndef HSRING_CSUM_H
#define HSRING_CSUM_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "hsring/bytes.h"

/*
 * The one's-complement sum does not care for byte order (RFC 1071, section 2, B): words are added as the CPU reads them, 64 bits at a
 * time with the carry added back in. Whether such a sum is right can be asked of it as it is; to be a checksum its bytes are swapped.
 */
static inline __attribute__((always_inline)) uint64_t hsr_sum(uint64_t sum, uint64_t word)
{
    sum += word;
    return sum + (sum < word);
}

static inline __attribute__((always_inline)) uint64_t hsr_sum_word(const uint8_t *p)
{
    uint64_t w;

    memcpy(&w, p, sizeof w);
    return w;
}

/* Of `n` bytes, at least 8: the last ones as the end of the word that ends with them, without those before. */
static inline __attribute__((always_inline)) uint64_t hsr_sum_bytes(uint64_t sum, const uint8_t *p,
                                                                    uint32_t n)
{
    const uint8_t *last = p + n - 8;

    for (; n >= 32; n -= 32, p += 32) {
        sum = hsr_sum(hsr_sum(hsr_sum(hsr_sum(sum, hsr_sum_word(p)), hsr_sum_word(p + 8)),
                              hsr_sum_word(p + 16)),
                      hsr_sum_word(p + 24));
    }
    for (; n >= 8; n -= 8, p += 8)
        sum = hsr_sum(sum, hsr_sum_word(p));
    if (n == 0)
        return sum;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return hsr_sum(sum, hsr_sum_word(last) >> (64 - 8 * n));
#else
    return hsr_sum(sum, hsr_sum_word(last) << (64 - 8 * n));
#endif
}

/* Sum of `len` bytes, an odd last byte padded with zero, added to `sum`. */
uint64_t hsr_csum_add(uint64_t sum, const void *data, uint32_t len);

/* CRC32c of `len` bytes continued from `crc`; start with ~0, invert at the end (RFC 9260, appendix A). */
uint32_t hsr_crc32c(uint32_t crc, const void *data, uint32_t len);

/* Fold to 16 bits, not inverted. */
static inline uint16_t hsr_csum_fold(uint64_t sum)
{
    /* Half and half, each in the other's place: the lower sum's carry ends in the upper one. */
    sum += sum << 32 | sum >> 32;
    uint32_t half = (uint32_t)(sum >> 32);

    half += half << 16 | half >> 16;
    return (uint16_t)(half >> 16);
}

/* Does it fold to 0xFFFF? Folding keeps the remainder by 0xFFFF, and makes 0 of 0 alone. */
static inline bool hsr_csum_is_right(uint64_t sum)
{
    return sum % 0xFFFF == 0 && sum != 0;
}

/* Pseudo-header sums; `src`, `dst` in network order as they stand in the packet, `len` of the L4 segment. */
static inline uint64_t hsr_pseudo4(const uint8_t *src, const uint8_t *dst, uint8_t proto,
                                   uint32_t len)
{
    return (uint64_t)hsr_load32(src) + hsr_load32(dst) + proto + len;
}

static inline uint64_t hsr_pseudo6(const uint8_t *src, const uint8_t *dst, uint8_t proto,
                                   uint32_t len)
{
    return hsr_csum_add(hsr_csum_add((uint64_t)proto + len, src, 16), dst, 16);
}

/*
 * The checksum field `old` after `removed` left and `added` joined the sum, both plain sums of 16-bit words
 * (RFC 1624, equation 3).
 */
static inline uint16_t hsr_csum_update(uint16_t old, uint64_t removed, uint64_t added)
{
    uint64_t sum = (uint16_t)~old;

    sum += (uint16_t)~hsr_csum_fold(removed);
    sum += added;
    return (uint16_t)~hsr_csum_fold(sum);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "hsring/csum.h"

#include <string.h>

/*
 * The one's-complement sum does not care for byte order (RFC 1071, section 2, B): the words are added as the CPU
 * reads them, 64 bits at a time with the carry added back in, and only the folded sum is swapped.
 */
static inline uint64_t add(uint64_t sum, uint64_t word)
{
    sum += word;
    return sum + (sum < word);
}

static inline uint64_t word(const uint8_t *p)
{
    uint64_t w;

    memcpy(&w, p, sizeof w);
    return w;
}

/* The last bytes by their powers of two: a copy of unknown length would be a call. */
static uint64_t short_tail(const uint8_t *p, uint32_t len)
{
    uint64_t sum = 0;

    if (len & 4) {
        uint32_t w;

        memcpy(&w, p, sizeof w);
        sum = w;
        p += 4;
    }
    if (len & 2) {
        uint16_t w;

        memcpy(&w, p, sizeof w);
        sum += w;
        p += 2;
    }
    if (len & 1) { /* padded with zero (RFC 1071) */
        uint16_t w = 0;

        memcpy(&w, p, 1);
        sum += w;
    }
    return sum;
}

/* Fewer than 8 bytes, but behind others: the word that ends with them, without those. */
static inline uint64_t tail(const uint8_t *p, uint32_t len)
{
    uint64_t w = word(p + len - sizeof w);

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return w >> (64 - 8 * len);
#else
    return w << (64 - 8 * len);
#endif
}

uint64_t hsr_csum_add(uint64_t sum, const void *data, uint32_t len)
{
    const uint8_t *p = data;
    bool whole = len >= 8;
    uint64_t total = 0;

    for (; len >= 32; len -= 32, p += 32)
        total = add(add(add(add(total, word(p)), word(p + 8)), word(p + 16)), word(p + 24));
    for (; len >= 8; len -= 8, p += 8)
        total = add(total, word(p));
    if (len > 0)
        total = add(total, whole ? tail(p, len) : short_tail(p, len));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    total = __builtin_bswap64(
        total); /* of each word; in which order the words stand makes no difference */
#endif
    return sum + (total & 0xFFFFFFFFu) + (total >> 32); /* with room for more */
}

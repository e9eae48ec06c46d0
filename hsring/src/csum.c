/* SPDX-License-Identifier: Apache-2.0 */
#include "hsring/csum.h"

#include <string.h>

/*
 * The one's-complement sum does not care for byte order (RFC 1071, section 2, B): the words are added as the CPU
 * reads them, and only the folded sum is swapped. 32-bit halves into 64-bit sums cannot overflow below 2^34 bytes.
 */
uint64_t hsr_csum_add(uint64_t sum, const void *data, uint32_t len)
{
    const uint8_t *p = data;
    uint64_t even = 0;
    uint64_t odd = 0;

    for (; len >= 16; len -= 16, p += 16) {
        uint64_t w[2];

        memcpy(w, p, sizeof w);
        even += (w[0] & 0xFFFFFFFFu) + (w[1] & 0xFFFFFFFFu);
        odd += (w[0] >> 32) + (w[1] >> 32);
    }
    /* The tail in its powers of two: a copy of unknown length would be a call. All but the last byte are at even
     * offsets, and padding that one with zero leaves the sum as it is. */
    if (len & 8) {
        uint64_t w;

        memcpy(&w, p, sizeof w);
        even += w & 0xFFFFFFFFu;
        odd += w >> 32;
        p += 8;
    }
    if (len & 4) {
        uint32_t w;

        memcpy(&w, p, sizeof w);
        even += w;
        p += 4;
    }
    if (len & 2) {
        uint16_t w;

        memcpy(&w, p, sizeof w);
        even += w;
        p += 2;
    }
    if (len & 1) {
        uint16_t w = 0;

        memcpy(&w, p, 1);
        even += w;
    }

    uint64_t folded = (even & 0xFFFFFFFFu) + (even >> 32) + (odd & 0xFFFFFFFFu) + (odd >> 32);
    uint16_t native = hsr_csum_fold(folded);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    native = __builtin_bswap16(native);
#endif
    return sum + native;
}

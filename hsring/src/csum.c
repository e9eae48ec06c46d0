/* SPDX-License-Identifier: Apache-2.0 */
#include "hsring/csum.h"

#include <string.h>

/* Fewer than 8 bytes, by their powers of two: a copy of unknown length would be a call. */
static uint64_t short_sum(const uint8_t *p, uint32_t len)
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

uint64_t hsr_csum_add(uint64_t sum, const void *data, uint32_t len)
{
    uint64_t total = len >= 8 ? hsr_sum_bytes(0, data, len) : short_sum(data, len);

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    total = __builtin_bswap64(
        total); /* of each word; in which order the words stand makes no difference */
#endif
    return sum + (total & 0xFFFFFFFFu) + (total >> 32); /* with room for more */
}

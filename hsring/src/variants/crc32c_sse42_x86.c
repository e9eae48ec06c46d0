/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>
#include <string.h>

#include "hash_variants.h"

__attribute__((target("sse4.2"))) uint32_t hsr_crc32c_sse42(uint32_t crc, const void *data,
                                                            uint32_t len)
{
    const uint8_t *p = data;
    uint64_t wide = crc;

    for (; len >= 8; len -= 8, p += 8) {
        uint64_t w;

        memcpy(&w, p, sizeof w);
        wide = _mm_crc32_u64(wide, w);
    }
    crc = (uint32_t)wide;
    for (; len > 0; len--, p++)
        crc = _mm_crc32_u8(crc, *p);
    return crc;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "hash_variants.h"

/* clang-format off */
/* The table is linear: an entry is the XOR of those of its bits (polynomial 0x82F63B78, reflected). */
#define ENTRY(i) \
    (((i) & 1 ? 0xF26B8303u : 0u) ^ \
     ((i) & 2 ? 0xE13B70F7u : 0u) ^ \
     ((i) & 4 ? 0xC79A971Fu : 0u) ^ \
     ((i) & 8 ? 0x8AD958CFu : 0u) ^ \
     ((i) & 16 ? 0x105EC76Fu : 0u) ^ \
     ((i) & 32 ? 0x20BD8EDEu : 0u) ^ \
     ((i) & 64 ? 0x417B1DBCu : 0u) ^ \
     ((i) & 128 ? 0x82F63B78u : 0u))
#define ENTRY4(i) ENTRY(i), ENTRY((i) + 1), ENTRY((i) + 2), ENTRY((i) + 3)
#define ENTRY16(i) ENTRY4(i), ENTRY4((i) + 4), ENTRY4((i) + 8), ENTRY4((i) + 12)
#define ENTRY64(i) ENTRY16(i), ENTRY16((i) + 16), ENTRY16((i) + 32), ENTRY16((i) + 48)
/* clang-format on */

static const uint32_t table[256] = {ENTRY64(0), ENTRY64(64), ENTRY64(128), ENTRY64(192)};

uint32_t hsr_crc32c_portable(uint32_t crc, const void *data, uint32_t len)
{
    const uint8_t *p = data;

    for (uint32_t i = 0; i < len; i++)
        crc = crc >> 8 ^ table[(crc ^ p[i]) & 0xFF];
    return crc;
}

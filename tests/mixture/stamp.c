/* SPDX-License-Identifier: Apache-2.0 */
/* Stamps: tenant (8 bits), stream (23), direction (1), place (32), as eight bytes in network order. */
#include <endian.h>
#include <string.h>

#include "mixture.h"

uint64_t mix_stamp(uint8_t tenant, uint32_t id, unsigned dir, uint32_t seq)
{
    return (uint64_t)tenant << 56 | (uint64_t)(id << 1 | dir) << 32 | seq;
}

void mix_fill(uint8_t *p, uint32_t len, uint64_t stamp)
{
    uint64_t bytes = htobe64(stamp);
    uint32_t i;

    for (i = 0; i + 8 <= len; i += 8)
        memcpy(p + i, &bytes, 8);
    memcpy(p + i, &bytes, len - i);
}

void mix_fill_tcp(uint8_t *p, uint32_t len, uint8_t tenant, uint32_t id, unsigned dir, uint32_t seq)
{
    while (len > 0) {
        uint64_t bytes = htobe64(mix_stamp(tenant, id, dir, seq / 8));
        uint32_t skip = seq % 8, n = 8 - skip < len ? 8 - skip : len;

        memcpy(p, (const uint8_t *)&bytes + skip, n);
        p += n;
        len -= n;
        seq += n;
    }
}

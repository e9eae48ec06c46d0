/* SPDX-License-Identifier: Apache-2.0 */
#include "draw.h"

uint64_t draw_next(struct draw *d)
{
    uint64_t z = d->state += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

uint32_t draw_below(struct draw *d, uint32_t n)
{
    return (uint32_t)((draw_next(d) >> 32) * n >> 32);
}

uint32_t draw_from(struct draw *d, uint32_t lo, uint32_t hi)
{
    return lo + draw_below(d, hi - lo + 1);
}

bool draw_chance(struct draw *d, uint32_t percent)
{
    return draw_below(d, 100) < percent;
}

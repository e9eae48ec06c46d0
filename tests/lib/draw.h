/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers from a seed: the same seed, the same numbers, on every machine (SplitMix64). */
#ifndef TEST_DRAW_H
#define TEST_DRAW_H

#include <stdbool.h>
#include <stdint.h>

struct draw {
    uint64_t state;
};

uint64_t draw_next(struct draw *d);
uint32_t draw_below(struct draw *d, uint32_t n);              /* 0 .. n - 1 */
uint32_t draw_from(struct draw *d, uint32_t lo, uint32_t hi); /* both included */
bool draw_chance(struct draw *d, uint32_t percent);

#endif

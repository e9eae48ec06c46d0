/* SPDX-License-Identifier: Apache-2.0 */
/* When frames arrive. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "latency.h"
#include "number.h"

#define WIRE_PS 6720 /* 84 bytes at 100 Gb/s: a frame of 60, its FCS, preamble and gap */

static const char *const name[] = {"poisson", "constant", "bursts"};

const char *lat_pattern_name(enum lat_pattern pattern)
{
    return name[pattern];
}

bool lat_arrivals_read(struct lat_arrivals *a, const char *text)
{
    double n;

    if (strcmp(text, "poisson") == 0) {
        a->pattern = LAT_POISSON;
    } else if (strcmp(text, "constant") == 0) {
        a->pattern = LAT_CONSTANT;
    } else if (strncmp(text, "bursts:", 7) == 0) {
        if (!bench_number(text + 7, 2, 1000, &n))
            return false;
        a->pattern = LAT_BURSTS;
        a->burst = (uint32_t)n;
    } else {
        return false;
    }
    return true;
}

/* Exponential, mean 1. */
static double gap(uint64_t *state)
{
    return -log1p(-(double)(lat_random(state) >> 11) * 0x1p-53);
}

static void constant(double every, uint32_t n, uint64_t *due)
{
    for (uint32_t i = 0; i < n; i++)
        due[i] = (uint64_t)llround(every * (i + 1.0));
}

static void random_bursts(double every, uint32_t burst, uint32_t n, uint64_t seed, uint64_t *due)
{
    uint64_t state = seed, first = 0, last = 0;
    double at = 0;

    for (uint32_t i = 0; i < n; i++) {
        if (i % burst == 0) {
            at += every * burst * gap(&state);
            first = (uint64_t)llround(at);
            first = burst > 1 && i > 0 && first < last + WIRE_PS ? last + WIRE_PS : first;
        }
        last = due[i] = first + (uint64_t)(i % burst) * WIRE_PS;
    }
}

void lat_arrive(const struct lat_arrivals *a, double rate, uint32_t n, uint64_t seed, uint64_t *due)
{
    double every = (double)LAT_PS_PER_S / rate;

    if (a->pattern == LAT_CONSTANT)
        constant(every, n, due);
    else
        random_bursts(every, a->pattern == LAT_BURSTS ? a->burst : 1, n, seed, due);
}

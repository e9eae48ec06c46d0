/* SPDX-License-Identifier: Apache-2.0 */
#include "number.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

bool bench_number(const char *text, double lo, double hi, double *value)
{
    char *end;

    *value = strtod(text, &end);
    if (end != text && *end == '\0' && *value >= lo && *value <= hi)
        return true;
    fprintf(stderr, "%s: '%s' is not a number from %g to %g\n", program_invocation_short_name, text,
            lo, hi);
    return false;
}

bool bench_whole(const char *text, double lo, double hi, uint32_t *value)
{
    double n;
    bool good = bench_number(text, lo, hi, &n);

    *value = good ? (uint32_t)n : 0;
    return good;
}

bool bench_count(const char *text, uint64_t *value)
{
    double n;
    bool good = bench_number(text, 1, 1e15, &n);

    *value = good ? (uint64_t)n : 0;
    return good;
}

bool bench_cpu(const char *text, int *value)
{
    uint32_t n;
    bool good = bench_whole(text, 0, 1023, &n);

    *value = (int)n;
    return good;
}

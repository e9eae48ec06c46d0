/* SPDX-License-Identifier: Apache-2.0 */
/* Measured values in order. */
#ifndef PERF_ORDER_H
#define PERF_ORDER_H

#include <stdint.h>

/* For qsort(): the least first. */
int bench_by_u32(const void *a, const void *b);
int bench_by_u64(const void *a, const void *b);

/* The middle one of `n`, of an even number the later of two; 0 of none. They are sorted afterwards. */
double bench_median(double *values, uint32_t n);

#endif

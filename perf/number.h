/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of the benchmarks' options. */
#ifndef PERF_NUMBER_H
#define PERF_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* A number from `lo` to `hi`. False, as all of them: a line on stderr says what is wanted. */
bool bench_number(const char *text, double lo, double hi, double *value);
/* What is behind the point is cut off. */
bool bench_whole(const char *text, double lo, double hi, uint32_t *value);
/* Of packets, say: from one on. */
bool bench_count(const char *text, uint64_t *value);
bool bench_cpu(const char *text, int *value);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of the benchmarks' options. */
#ifndef PERF_NUMBER_H
#define PERF_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* From `lo` to `hi`; false: a line on stderr says what is wanted. The others: of whole numbers, cut; how many packets or so, from one
 * on; a CPU. */
bool bench_number(const char *text, double lo, double hi, double *value);
bool bench_whole(const char *text, double lo, double hi, uint32_t *value);
bool bench_count(const char *text, uint64_t *value);
bool bench_cpu(const char *text, int *value);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of the benchmarks' options. */
#ifndef PERF_NUMBER_H
#define PERF_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* From `lo` to `hi`; false: a line on stderr says what is wanted. The second one: of whole numbers, cut. */
bool bench_number(const char *text, double lo, double hi, double *value);
bool bench_whole(const char *text, double lo, double hi, uint32_t *value);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NIC and workers of a bench on threads of their own, as avsd has them, so that what the control thread waits for is reported.
 *
 *     bench_open(&b, &(struct bench_config){.start = bench_threads_start}, ..)
 *     bench_threads_stop()           the workers first, then the NIC, which sends what they left; b.now is where its clock stood
 *
 * One bench of a process at a time; the NIC's clock goes on by a millisecond with each of its turns.
 */
#ifndef BENCH_THREADS_H
#define BENCH_THREADS_H

#include "bench_fw.h"

#define BENCH_THREADS 2 /* workers, of those the bench has */

void bench_threads_start(struct bench *b);
void bench_threads_stop(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_threads.h"

#include <pthread.h>

#define STEP_NS 1000000u

static struct bench *running;
static pthread_t nic, worker[BENCH_THREADS];
static _Atomic bool stop_workers, stop_nic;

static void *nic_thread(void *arg)
{
    uint64_t now = BENCH_START;

    (void)arg;
    while (!stop_nic) {
        now += STEP_NS;
        if (nic_poll(running->nic, now) == 0)
            nic_wait(running->nic, 50);
    }
    running->now = now;
    return NULL;
}

static void *worker_thread(void *arg)
{
    struct dp_worker *w = arg;

    while (!stop_workers)
        if (dp_poll(w) == 0)
            dp_wait(w, 100);
    return NULL;
}

static void threaded(bool on)
{
    nic_threaded(running->nic, on);
    for (uint32_t w = 0; w < BENCH_THREADS; w++)
        dp_threaded(fw_worker(running->fw, w), on);
}

void bench_threads_start(struct bench *b)
{
    running = b;
    stop_workers = stop_nic = false;
    threaded(true);
    pthread_create(&nic, NULL, nic_thread, NULL);
    for (uint32_t w = 0; w < BENCH_THREADS; w++)
        pthread_create(&worker[w], NULL, worker_thread, fw_worker(b->fw, w));
}

void bench_threads_stop(void)
{
    stop_workers = true;
    for (uint32_t w = 0; w < BENCH_THREADS; w++)
        pthread_join(worker[w], NULL);
    stop_nic = true;
    pthread_join(nic, NULL);
    threaded(false);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who polls what. One worker and an embedded NIC share a thread, which is the path of the single-core figures; where there
 * may be more workers the embedded NIC has a thread of its own; an attached NIC is somebody else's. Workers that packets do not
 * go to have a thread as well, which sleeps.
 *
 * An idle thread spins for a while (hsring/idle.h), then waits for a doorbell, a port or a call; the time-out only bounds how
 * late timers run.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "avsd.h"
#include "datapath/moving.h"
#include "hsring/idle.h"

#define WAIT_US 10000u
#define REST_US 900000u /* of a worker that nothing goes to; a call wakes it */

uint64_t avsd_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static bool stopped(const struct avsd *d)
{
    return atomic_load_explicit(&d->stop, memory_order_relaxed);
}

/* What a thread that handles packets may ask of the kernel. One that could not be limited must not go on. */
static void limit(const struct avsd *d, enum rights_list list)
{
    char why[RIGHTS_WHY];

    if (rights_filter(&d->rights, list, why) < 0) {
        fprintf(stderr, "avsd: %s\n", why);
        abort();
    }
}

static void *run_both(void *arg)
{
    struct avsd *d = arg;
    struct dp_worker *w = fw_worker(d->fw, 0);
    struct hsr_idle idle = {0};

    limit(d, RIGHTS_NIC);
    while (!stopped(d)) {
        uint64_t now = avsd_clock();
        uint32_t work = nic_poll(d->nic, now);

        work += dp_poll(w);
        if (!hsr_idle_spin(&idle, now, work > 0)) {
            nic_wait(d->nic, WAIT_US);
            dp_wait(w, 0); /* hear a call that rang meanwhile */
        }
    }
    return NULL;
}

static void *run_nic(void *arg)
{
    struct avsd *d = arg;
    struct hsr_idle idle = {0};

    limit(d, RIGHTS_NIC);
    while (!stopped(d)) {
        uint64_t now = avsd_clock();

        if (!hsr_idle_spin(&idle, now, nic_poll(d->nic, now) > 0))
            nic_wait(d->nic, WAIT_US);
    }
    return NULL;
}

static void *run_worker(void *arg)
{
    struct dp_worker *w = ((void **)arg)[0];
    struct avsd *d = ((void **)arg)[1];
    struct hsr_idle idle = {0};

    limit(d, RIGHTS_WORKER);
    while (!stopped(d)) {
        uint64_t now = avsd_clock();

        if (!hsr_idle_spin(&idle, now, dp_poll(w) > 0))
            dp_wait(w, dp_running(w) ? WAIT_US : REST_US);
    }
    return NULL;
}

static int spawn(struct avsd *d, void *(*run)(void *arg), void *arg)
{
    int rc = pthread_create(&d->thread[d->threads], NULL, run, arg);

    if (rc != 0)
        return -rc;
    if (d->threads < d->options->cpus) {
        cpu_set_t set;

        CPU_ZERO(&set);
        CPU_SET((unsigned)d->options->cpu[d->threads], &set);
        pthread_setaffinity_np(d->thread[d->threads], sizeof set, &set);
    }
    d->threads++;
    return 0;
}

int avsd_threads_start(struct avsd *d)
{
    static void *pair[HSR_MAX_WORKERS][2];
    uint32_t workers = fw_workers(d->fw);
    int rc = 0;

    atomic_store(&d->stop, false);
    if (d->nic != NULL)
        nic_threaded(d->nic, true);
    for (uint32_t w = 0; w < workers; w++)
        dp_threaded(fw_worker(d->fw, w), true);
    if (d->nic != NULL && workers == 1) {
        rc = nic_watch(d->nic, nic_rx_doorbell(d->nic, 0));
        return rc < 0 ? rc : spawn(d, run_both, d);
    }
    for (uint32_t w = 0; rc == 0 && w < workers; w++) {
        pair[w][0] = fw_worker(d->fw, w);
        pair[w][1] = d;
        rc = spawn(d, run_worker, pair[w]);
    }
    return rc == 0 && d->nic != NULL ? spawn(d, run_nic, d) : rc;
}

void avsd_threads_stop(struct avsd *d)
{
    atomic_store(&d->stop, true);
    for (unsigned i = 0; i < d->threads; i++)
        pthread_join(d->thread[i], NULL);
    d->threads = 0;
    for (uint32_t w = 0; d->fw != NULL && w < fw_workers(d->fw); w++)
        dp_threaded(fw_worker(d->fw, w), false);
    if (d->nic != NULL)
        nic_threaded(d->nic, false);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many workers packets go to, changed under traffic: home by home (datapath/moving.h), as few of them as it takes to have them
 * spread evenly. Workers that have none any more stay, asleep, with nothing in their hands.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "datapath/moving.h"
#include "internal.h"

#define PATIENCE_NS \
    UINT64_C(       \
        2000000000) /* for a worker that does not get on: then order is given up, not packets */
#define EMPTY_NS \
    UINT64_C(1000000000) /* for a worker to put down what it has; it goes on behind that */
#define TURNS 10000u     /* of workers without threads, instead of both */

/* ---- on the workers' threads ---- */

struct at_worker {
    uint32_t home;
    struct dp_position position;
    bool rx, yes;
    struct dp_parcel *parcel;
};

static void hold(struct dp_worker *w, void *arg)
{
    dp_hold(w, ((const struct at_worker *)arg)->home);
}

static void leave(struct dp_worker *w, void *arg)
{
    dp_leave(w, ((const struct at_worker *)arg)->home);
}

static void stay(struct dp_worker *w, void *arg)
{
    (void)arg;
    dp_leave(w, DP_NO_HOME);
}

static void release(struct dp_worker *w, void *arg)
{
    (void)arg;
    dp_release(w);
}

static void released(struct dp_worker *w, void *arg)
{
    ((struct at_worker *)arg)->yes = dp_released(w);
}

static void look(struct dp_worker *w, void *arg)
{
    dp_look(w, &((struct at_worker *)arg)->position);
}

static void reached(struct dp_worker *w, void *arg)
{
    struct at_worker *a = arg;

    a->yes = dp_reached(w, &a->position, a->rx);
}

static void sent(struct dp_worker *w, void *arg)
{
    struct at_worker *a = arg;

    a->yes = dp_sent(w, &a->position);
}

static void send_off(struct dp_worker *w, void *arg)
{
    dp_send_off(w, ((struct at_worker *)arg)->parcel);
}

static void take_in(struct dp_worker *w, void *arg)
{
    dp_take_in(w, ((struct at_worker *)arg)->parcel);
}

static void empty(struct dp_worker *w, void *arg)
{
    ((struct at_worker *)arg)->yes = dp_empty(w);
}

/* ---- waiting ---- */

static uint64_t clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Of all those that nobody else polls now. */
static void take_turn(struct fw *fw)
{
    if (fw->nic_ops->poll != NULL)
        fw->nic_ops->poll(fw->nic, hsr_view_now(fw->view));
    for (uint32_t w = 0; w < fw->workers; w++)
        dp_poll(fw->worker[w]);
}

/* Until the worker says yes, or for so long. Who waits must not take the processor from those it waits for. */
static void wait_until(struct fw *fw, uint32_t worker, void (*ask)(struct dp_worker *w, void *arg),
                       struct at_worker *a, uint64_t ns)
{
    const struct timespec pause = {.tv_nsec = 20000};
    uint64_t end = fw->threaded ? clock_ns() + ns : 0;

    for (uint32_t turn = 0; fw->threaded ? clock_ns() < end : turn < TURNS; turn++) {
        dp_run(fw->worker[worker], ask, a);
        if (a->yes)
            return;
        if (fw->threaded)
            nanosleep(&pause, NULL);
        else
            take_turn(fw);
    }
}

/* What was under way to this worker until now. `rx`: from the NIC, too. */
static void wait_for_position(struct fw *fw, uint32_t worker, bool rx)
{
    struct at_worker a = {.rx = rx};

    dp_run(fw->worker[worker], look, &a);
    wait_until(fw, worker, reached, &a, PATIENCE_NS);
}

/* What this worker has sent until now is behind the NIC's ring. */
static void wait_for_nic(struct fw *fw, uint32_t worker)
{
    struct at_worker a = {.rx = false};

    dp_run(fw->worker[worker], look, &a);
    wait_until(fw, worker, sent, &a, PATIENCE_NS);
}

/* ---- one home ---- */

static void transfer(struct fw *fw, uint32_t from, uint32_t to, uint32_t homes)
{
    struct at_worker a = {.parcel = fw->parcel};

    dp_parcel_begin(fw->parcel, homes);
    do {
        dp_run(fw->worker[from], send_off, &a);
        dp_run(fw->worker[to], take_in, &a);
    } while (!dp_parcel_done(fw->parcel));
}

static int tell_nic(struct fw *fw)
{
    uint8_t ring[1u << HSR_HASH_RETA_BITS];

    dp_reta(&fw->shared, ring);
    return fw->nic_ops->reta_set(fw->nic, ring);
}

static int tell_nic_of(struct fw *fw, uint32_t home, uint32_t to)
{
    uint8_t ring[1u << HSR_HASH_RETA_BITS];

    dp_reta(&fw->shared, ring);
    for (uint32_t i = home; i < sizeof ring; i += dp_homes(&fw->shared))
        ring[i] = (uint8_t)to;
    return fw->nic_ops->reta_set(fw->nic, ring);
}

/* The steps are those of datapath/moving.h. */
static int move(struct fw *fw, uint32_t home, uint32_t to)
{
    struct at_worker a = {.home = home};
    uint32_t from = dp_home_at(&fw->shared, home);
    int rc;

    dp_run(fw->worker[to], hold, &a);
    dp_run(fw->worker[from], leave, &a);
    rc = tell_nic_of(fw, home, to);
    if (rc == 0) {
        dp_home_set(&fw->shared, home, to);
        fw_wait_for_workers(fw);
        wait_for_position(fw, from, true);
        for (uint32_t w = 0; w < fw->workers; w++)
            if (w != from)
                wait_for_position(fw, w, false);
        transfer(fw, from, to, 1u << home);
        wait_for_nic(fw, from);
    }
    dp_run(fw->worker[from], stay, &a);
    dp_run(fw->worker[to], release, &a);
    wait_until(fw, to, released, &a, PATIENCE_NS);
    return rc;
}

/* ---- all of them ---- */

static void count_homes(const struct fw *fw, uint32_t count[HSR_MAX_WORKERS])
{
    memset(count, 0, HSR_MAX_WORKERS * sizeof count[0]);
    for (uint32_t home = 0; home < dp_homes(&fw->shared); home++)
        count[dp_home_at(&fw->shared, home)]++;
}

/* The last home of a worker. */
static uint32_t last_home(const struct fw *fw, uint32_t worker)
{
    uint32_t home = dp_homes(&fw->shared) - 1;

    while (home > 0 && dp_home_at(&fw->shared, home) != worker)
        home--;
    return home;
}

/* The next home to move so that `n` workers have about as many each: from who has to stop, then from who has most. */
static bool next_move(const struct fw *fw, uint32_t n, uint32_t *home, uint32_t *to)
{
    uint32_t count[HSR_MAX_WORKERS], from = 0, least = 0;

    count_homes(fw, count);
    for (uint32_t w = 0; w < n; w++) {
        from = count[w] > count[from] ? w : from;
        least = count[w] < count[least] ? w : least;
    }
    if (count[from] - count[least] < 2)
        from = UINT32_MAX;
    for (uint32_t w = n; w < fw->workers; w++)
        if (count[w] > 0)
            from = w;
    if (from == UINT32_MAX)
        return false;
    *home = last_home(fw, from);
    *to = least;
    return true;
}

/* What is not at its home, and what takes some time: it goes on when nobody waits any more. */
static void retire(struct fw *fw, uint32_t worker)
{
    struct at_worker a = {.home = 0};

    dp_run(fw->worker[worker], empty, &a);
    if (a.yes)
        return;
    for (uint32_t to = 0; to < fw->running; to++)
        transfer(fw, worker, to, fw_homes_of(fw, to));
    wait_until(fw, worker, empty, &a, EMPTY_NS);
}

uint32_t fw_homes_of(const struct fw *fw, uint32_t worker)
{
    uint32_t homes = 0;

    for (uint32_t home = 0; home < dp_homes(&fw->shared); home++)
        if (dp_home_at(&fw->shared, home) == worker)
            homes |= 1u << home;
    return homes;
}

void fw_bring_home(struct fw *fw)
{
    for (uint32_t from = 0; from < fw->workers; from++) {
        for (uint32_t to = 0; to < fw->running; to++) {
            if (from != to)
                transfer(fw, from, to, fw_homes_of(fw, to));
        }
    }
}

static int begin(struct fw *fw, uint32_t workers)
{
    dp_share_out(&fw->shared, workers);
    fw->running = workers;
    return fw->workers > 1 ? tell_nic(fw) : 0;
}

int fw_set_workers(struct fw *fw, uint32_t workers, struct cfg_error *error)
{
    uint32_t before = fw->running, home, to;
    int rc = 0;

    if (!fw->started) {
        rc = begin(fw, workers);
    } else if (workers != before) {
        fw->running = workers > before ? workers : before;
        dp_running_set(&fw->shared, fw->running);
        while (rc == 0 && next_move(fw, workers, &home, &to))
            rc = move(fw, home, to);
        if (rc == 0) {
            fw->running = workers;
            dp_running_set(&fw->shared, workers);
        }
        for (uint32_t w = workers; rc == 0 && w < before; w++)
            retire(fw, w);
    }
    if (rc < 0) {
        snprintf(error->path, sizeof error->path, "/options/workers");
        snprintf(error->text, sizeof error->text, "the NIC does not steer to them: %s",
                 strerror(-rc));
    }
    fw->options.workers = fw->running;
    return rc;
}

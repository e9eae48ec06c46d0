/* SPDX-License-Identifier: Apache-2.0 */
#include "workers.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_world.h"
#include "order.h"

#define ROUNDS 100000u /* most that are kept of each way */
#define SOME   64u     /* rounds between two looks at the clock */

struct workers {
    const struct workers_options *o;
    struct bench b;
    uint32_t n;
    double *cycles[WORKERS_WAYS][HSR_MAX_WORKERS]; /* of each round */
    uint32_t rounds;
    struct hand {
        _Alignas(HSR_CACHE_LINE) struct workers *all;
        struct dp_worker *worker;
        pthread_t thread;
        int cpu;
        bool started;
        double *into; /* where its next round is noted */
        /* Rounds it has been asked for; UINT32_MAX: no more. */
        _Alignas(HSR_CACHE_LINE) _Atomic uint32_t go;
        _Alignas(HSR_CACHE_LINE) _Atomic uint32_t done;
    } hand[HSR_MAX_WORKERS];
    _Alignas(HSR_CACHE_LINE) _Atomic uint32_t here; /* of those that begin at once */
    uint32_t crew;                                  /* how many they are */
};

static inline void rest(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    atomic_signal_fence(memory_order_seq_cst);
#endif
}

/* A worker's ring, until it is empty: cycles a packet. */
static double empty_ring(struct dp_worker *w)
{
    uint64_t packets = dp_counters(w)->packets, begin = bench_cycles(), end = begin;

    while (dp_poll(w) > 0)
        end = bench_cycles();
    packets = dp_counters(w)->packets - packets;
    return packets > 0 ? (double)(end - begin) / (double)packets : 0;
}

/* When the whole crew is here. */
static void one_round(struct hand *h)
{
    struct workers *all = h->all;

    atomic_fetch_add(&all->here, 1);
    while (atomic_load_explicit(&all->here, memory_order_acquire) < all->crew)
        rest();
    *h->into = empty_ring(h->worker);
}

static void *hand_thread(void *arg)
{
    struct hand *h = arg;
    uint32_t seen = 0, go;

    bench_pin(h->cpu);
    for (;;) {
        while ((go = atomic_load_explicit(&h->go, memory_order_acquire)) == seen)
            rest();
        if (go == UINT32_MAX)
            return NULL;
        seen = go;
        one_round(h);
        atomic_store_explicit(&h->done, seen, memory_order_release);
    }
}

static void ask(struct hand *h)
{
    atomic_store_explicit(&h->go, atomic_load(&h->go) + 1, memory_order_release);
}

static void wait_for(struct hand *h)
{
    while (atomic_load_explicit(&h->done, memory_order_acquire) != atomic_load(&h->go))
        rest();
}

/* Those from `first` on, `n` of them, at once; the first worker is this thread's own. */
static void work(struct workers *all, uint32_t first, uint32_t n)
{
    all->crew = n;
    atomic_store(&all->here, 0);
    for (uint32_t i = first; i < first + n; i++)
        if (i != 0)
            ask(&all->hand[i]);
    if (first == 0)
        one_round(&all->hand[0]);
    for (uint32_t i = first; i < first + n; i++)
        if (i != 0)
            wait_for(&all->hand[i]);
}

static void nic_turns(struct workers *all)
{
    while (nic_poll(all->b.nic, bench_clock_ns()) > 0)
        continue;
}

static void fill(struct workers *all)
{
    struct nic_ring *source = all->b.source;

    nic_ring_grant(source, nic_ring_taken(source) + (uint64_t)all->o->batch * all->n);
    nic_turns(all);
}

static uint64_t handled(struct workers *all)
{
    uint64_t n = 0;

    for (uint32_t w = 0; w < all->n; w++)
        n += dp_counters(all->hand[w].worker)->packets;
    return n;
}

static void round_of(struct workers *all, unsigned way, double *const into[])
{
    for (uint32_t w = 0; w < all->n; w++)
        all->hand[w].into = into[w];
    fill(all);
    if (way == WORKERS_TOGETHER) {
        work(all, 0, all->n);
    } else {
        for (uint32_t w = 0; w < all->n; w++)
            work(all, w, 1);
    }
    nic_turns(all);
}

/* Workers in turn on this thread: as far as nothing is timed. */
static void for_packets(struct workers *all, uint64_t packets)
{
    uint64_t end = handled(all) + packets;

    while (handled(all) < end) {
        fill(all);
        for (uint32_t w = 0; w < all->n; w++)
            empty_ring(all->hand[w].worker);
        nic_turns(all);
    }
}

/* Every session opens, the caches get warm. */
static void settle(struct workers *all)
{
    for_packets(all, 4 * (uint64_t)all->o->bench.flows * all->o->bench.train);
}

static void for_seconds(struct workers *all, double seconds)
{
    uint64_t end = bench_clock_ns() + (uint64_t)(seconds * 1e9);
    double *into[HSR_MAX_WORKERS];

    do {
        for (unsigned i = 0; i < SOME && all->rounds < ROUNDS; i++, all->rounds++) {
            for (unsigned way = 0; way < WORKERS_WAYS; way++) {
                for (uint32_t w = 0; w < all->n; w++)
                    into[w] = &all->cycles[way][w][all->rounds];
                round_of(all, way, into);
            }
        }
    } while (all->rounds < ROUNDS && bench_clock_ns() < end);
}

static bool start_hands(struct workers *all)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    int first = all->o->bench.cpu;
    bool good = true;

    for (uint32_t w = 0; w < all->n; w++) {
        struct hand *h = &all->hand[w];

        h->all = all;
        h->worker = fw_worker(all->b.fw, w);
        h->cpu = first < 0 ? -1 : (int)((first + (long)w) % cpus);
        h->started = good && w != 0 && pthread_create(&h->thread, NULL, hand_thread, h) == 0;
        good = w == 0 || h->started;
        for (unsigned way = 0; way < WORKERS_WAYS; way++) {
            all->cycles[way][w] = malloc(ROUNDS * sizeof(double));
            good &= all->cycles[way][w] != NULL;
        }
    }
    if (!good)
        fputs("avs-bench-workers: out of memory or threads\n", stderr);
    return good;
}

static void stop_hands(struct workers *all)
{
    for (uint32_t w = 0; w < all->n; w++) {
        atomic_store(&all->hand[w].go, UINT32_MAX);
        if (all->hand[w].started)
            pthread_join(all->hand[w].thread, NULL);
        for (unsigned way = 0; way < WORKERS_WAYS; way++)
            free(all->cycles[way][w]);
    }
}

static void measure(struct workers *all, struct workers_result *result)
{
    settle(all);
    uint64_t before = handled(all);

    if (all->o->bench.count > 0)
        for_packets(all, all->o->bench.count);
    else
        for_seconds(all, all->o->bench.seconds);
    fw_sync(all->b.fw);
    *result = (struct workers_result){.rounds = all->rounds,
                                      .packets = handled(all) - before,
                                      .drops = fw_balance_total(all->b.fw).drops};
    for (unsigned way = 0; way < WORKERS_WAYS; way++)
        for (uint32_t w = 0; w < all->n; w++)
            result->cycles[way][w] = bench_median(all->cycles[way][w], all->rounds);
}

int workers_run(const struct workers_options *o, struct workers_result *result)
{
    static struct workers all;
    int rc;

    all.o = o;
    all.b.options = &o->bench;
    all.n = o->bench.workers;
    rc = bench_open(&all.b);
    if (rc == 0) {
        rc = start_hands(&all) ? 0 : 1;
        if (rc == 0)
            measure(&all, result);
        stop_hands(&all);
    }
    bench_close(&all.b);
    return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "phases.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_world.h"

#define ROUNDS 100000u /* most that are kept of each way */
#define SOME   64u     /* rounds between two looks at the clock */

struct phases {
    const struct phases_options *o;
    struct bench b;
    uint32_t workers;
    double *cycles[PHASES_WAYS][HSR_MAX_WORKERS]; /* of each round */
    uint32_t rounds;
    uint64_t packets;
    struct hand {
        _Alignas(HSR_CACHE_LINE) struct phases *phases;
        struct dp_worker *worker;
        pthread_t thread;
        int cpu;
        bool started;
        double *into; /* where its next round is noted */
        _Alignas(HSR_CACHE_LINE) _Atomic uint32_t
            go; /* rounds it has been asked for; UINT32_MAX: no more */
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
    struct phases *p = h->phases;

    atomic_fetch_add(&p->here, 1);
    while (atomic_load_explicit(&p->here, memory_order_acquire) < p->crew)
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
static void work(struct phases *p, uint32_t first, uint32_t n)
{
    p->crew = n;
    atomic_store(&p->here, 0);
    for (uint32_t i = first; i < first + n; i++)
        if (i != 0)
            ask(&p->hand[i]);
    if (first == 0)
        one_round(&p->hand[0]);
    for (uint32_t i = first; i < first + n; i++)
        if (i != 0)
            wait_for(&p->hand[i]);
}

static void nic_turns(struct phases *p)
{
    while (nic_poll(p->b.nic, bench_clock_ns()) > 0)
        continue;
}

static void fill(struct phases *p)
{
    struct nic_ring *source = p->b.source;

    nic_ring_grant(source, nic_ring_taken(source) + (uint64_t)p->o->batch * p->workers);
    nic_turns(p);
}

static uint64_t handled(struct phases *p)
{
    uint64_t n = 0;

    for (uint32_t w = 0; w < p->workers; w++)
        n += dp_counters(p->hand[w].worker)->packets;
    return n;
}

static void round_of(struct phases *p, unsigned way, double *const into[])
{
    for (uint32_t w = 0; w < p->workers; w++)
        p->hand[w].into = into[w];
    fill(p);
    if (way == PHASES_TOGETHER) {
        work(p, 0, p->workers);
    } else {
        for (uint32_t w = 0; w < p->workers; w++)
            work(p, w, 1);
    }
    nic_turns(p);
}

/* Workers in turn on this thread: as far as nothing is timed. */
static void for_packets(struct phases *p, uint64_t packets)
{
    uint64_t end = handled(p) + packets;

    while (handled(p) < end) {
        fill(p);
        for (uint32_t w = 0; w < p->workers; w++)
            empty_ring(p->hand[w].worker);
        nic_turns(p);
    }
}

/* Every session opens, the caches get warm. */
static void settle(struct phases *p)
{
    for_packets(p, 4 * (uint64_t)p->o->bench.flows * p->o->bench.train);
}

static void for_seconds(struct phases *p, double seconds)
{
    uint64_t end = bench_clock_ns() + (uint64_t)(seconds * 1e9);
    double *into[HSR_MAX_WORKERS];

    do {
        for (unsigned i = 0; i < SOME && p->rounds < ROUNDS; i++, p->rounds++) {
            for (unsigned way = 0; way < PHASES_WAYS; way++) {
                for (uint32_t w = 0; w < p->workers; w++)
                    into[w] = &p->cycles[way][w][p->rounds];
                round_of(p, way, into);
            }
        }
    } while (p->rounds < ROUNDS && bench_clock_ns() < end);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, uint32_t n)
{
    qsort(values, n, sizeof *values, compare);
    return n > 0 ? values[n / 2] : 0;
}

static bool start_hands(struct phases *p)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    int first = p->o->bench.cpu;
    bool good = true;

    for (uint32_t w = 0; w < p->workers; w++) {
        struct hand *h = &p->hand[w];

        h->phases = p;
        h->worker = fw_worker(p->b.fw, w);
        h->cpu = first < 0 ? -1 : (int)((first + (long)w) % cpus);
        h->started = good && w != 0 && pthread_create(&h->thread, NULL, hand_thread, h) == 0;
        good = w == 0 || h->started;
        for (unsigned way = 0; way < PHASES_WAYS; way++) {
            p->cycles[way][w] = malloc(ROUNDS * sizeof(double));
            good &= p->cycles[way][w] != NULL;
        }
    }
    if (!good)
        fputs("avs-bench-workers: out of memory or threads\n", stderr);
    return good;
}

static void stop_hands(struct phases *p)
{
    for (uint32_t w = 0; w < p->workers; w++) {
        atomic_store(&p->hand[w].go, UINT32_MAX);
        if (p->hand[w].started)
            pthread_join(p->hand[w].thread, NULL);
        for (unsigned way = 0; way < PHASES_WAYS; way++)
            free(p->cycles[way][w]);
    }
}

static void measure(struct phases *p, struct phases_result *result)
{
    settle(p);
    uint64_t before = handled(p);

    if (p->o->bench.count > 0)
        for_packets(p, p->o->bench.count);
    else
        for_seconds(p, p->o->bench.seconds);
    fw_sync(p->b.fw);
    *result = (struct phases_result){.rounds = p->rounds,
                                     .packets = handled(p) - before,
                                     .drops = fw_balance_total(p->b.fw).drops};
    for (unsigned way = 0; way < PHASES_WAYS; way++)
        for (uint32_t w = 0; w < p->workers; w++)
            result->cycles[way][w] = median(p->cycles[way][w], p->rounds);
}

int phases_run(const struct phases_options *o, struct phases_result *result)
{
    static struct phases p;
    int rc;

    p.o = o;
    p.b.options = &o->bench;
    p.workers = o->bench.workers;
    rc = bench_open(&p.b);
    if (rc == 0) {
        rc = start_hands(&p) ? 0 : 1;
        if (rc == 0)
            measure(&p, result);
        stop_hands(&p);
    }
    bench_close(&p.b);
    return rc;
}

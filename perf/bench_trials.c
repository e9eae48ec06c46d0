/* SPDX-License-Identifier: Apache-2.0 */
/* Trials at a given rate (RFC 2544): the search for NDR and PDR asks for them, one a line of stdin: packets a second, seconds. */
#include <stdio.h>
#include <time.h>

#include "bench.h"
#include "bench_world.h"

#define AWAY_NS UINT64_C(20000) /* between two turns: whether we had the core is looked up */

/*
 * The generator is a schedule: so many frames are due by now. They wait in a queue as long as a NIC's; those that come due when it
 * is full are lost, as they would be on the wire. It lives on the time that this thread runs: while the core is with
 * somebody else, generator and path both stand still, so that the search finds what the path can do, not how busy the machine is.
 */
struct pace {
    double per_ns;
    uint64_t start, now;    /* of the clock */
    uint64_t cpu;           /* time this thread had at `start` */
    uint64_t away;          /* since `start` */
    uint64_t offered, lost; /* frames */
    uint32_t queue;
};

struct trial {
    double rate, seconds;
    struct pace pace;
    uint64_t base;     /* frames the NIC had taken before it */
    uint64_t received; /* by the sink */
};

static uint64_t read_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

/* What came due until `now`, of which `taken` are gone from the queue. */
static void advance(struct pace *p, uint64_t now, uint64_t taken)
{
    uint64_t due, waiting;

    if (now - p->now > AWAY_NS)
        p->away = now - p->start - (read_ns(CLOCK_THREAD_CPUTIME_ID) - p->cpu);
    p->now = now;
    due = (uint64_t)((double)(now - p->start - p->away) * p->per_ns);
    if (due >
        p->offered) /* else: short absences came to light, it stands still until they are made up for */
        p->offered = due;
    waiting = p->offered - p->lost - taken;
    if (waiting > p->queue)
        p->lost += waiting - p->queue;
}

static void poll_once(struct bench *b, uint64_t now)
{
    nic_poll(b->nic, now);
    dp_poll(fw_worker(b->fw, 0));
}

/* What waits goes on its way; a millisecond is longer than any vector waits. */
static void drain(struct bench *b, uint64_t granted)
{
    uint64_t end = 0, now;

    do {
        now = read_ns(CLOCK_MONOTONIC);
        poll_once(b, now);
        if (end == 0 && nic_ring_taken(b->source) == granted)
            end = now + 1000000;
    } while (end == 0 || now < end);
}

static void run(struct bench *b, struct trial *t)
{
    struct pace *p = &t->pace;
    uint64_t sent = nic_ring_sent(b->sink).frames, length = (uint64_t)(t->seconds * 1e9);

    t->base = nic_ring_taken(b->source);
    p->per_ns = t->rate / 1e9;
    p->queue = b->options->queue;
    p->cpu = read_ns(CLOCK_THREAD_CPUTIME_ID);
    p->start = p->now = read_ns(CLOCK_MONOTONIC);
    do {
        uint64_t now = read_ns(CLOCK_MONOTONIC);

        advance(p, now, nic_ring_taken(b->source) - t->base);
        nic_ring_grant(b->source, t->base + p->offered - p->lost);
        poll_once(b, now);
    } while (p->now - p->start - p->away < length);
    drain(b, t->base + p->offered - p->lost);
    t->received = nic_ring_sent(b->sink).frames - sent;
}

static void print(const struct trial *t, uint64_t steal)
{
    const struct pace *p = &t->pace;

    printf("{\"rate\": %.0f, \"seconds\": %.4f, \"offered\": %llu, \"received\": %llu, "
           "\"queue_full\": %llu, \"away_ms\": %.2f, "
           "\"steal_ms\": %llu}\n",
           t->rate, t->seconds, (unsigned long long)p->offered, (unsigned long long)t->received,
           (unsigned long long)p->lost, (double)p->away / 1e6, (unsigned long long)steal);
    fflush(stdout);
}

int bench_trials(struct bench *b)
{
    struct trial t = {.rate = 0};

    bench_settle(b);
    nic_ring_grant(b->source, nic_ring_taken(b->source));
    drain(b, nic_ring_taken(b->source));
    while (scanf("%lf %lf", &t.rate, &t.seconds) == 2) {
        uint64_t steal = bench_steal_ms();

        if (!(t.rate >= 1 && t.rate <= 1e9 && t.seconds >= 0.001 && t.seconds <= 3600)) {
            fputs("avs-bench: a trial is 1..1e9 packets a second for 0.001..3600 s\n", stderr);
            return 1;
        }
        t.pace = (struct pace){.now = 0};
        run(b, &t);
        print(&t, bench_steal_ms() - steal);
    }
    return 0;
}

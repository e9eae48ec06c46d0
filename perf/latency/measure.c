/* SPDX-License-Identifier: Apache-2.0 */
/* What each step takes, by the time-stamp counter, with every number of packets it may handle. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_world.h"
#include "latency.h"
#include "nic_internal.h"
#include "order.h"

#define TURNS        2000 /* for each number of packets */
#define READS        1001 /* of the counter itself */
#define PUBLICATIONS 101

_Static_assert(LAT_NIC_BURST == NIC_RX_BURST, "a turn of a port");

/* Cycles of one step with one number of packets. */
struct seen {
    uint32_t n, room;
    uint32_t *cycles;
};

struct measuring {
    struct lat_path *path;
    uint64_t reading; /* cycles that reading the counter takes */
    double ps_per_cycle;
    struct seen clock, publish, post[LAT_NIC_BURST + 1], pre[LAT_NIC_BURST + 1],
        ring[LAT_NIC_BURST + 1], firmware[LAT_FW_BURST + 1];
};

static void note(struct measuring *m, struct seen *s, uint64_t cycles)
{
    if (s->n == s->room) {
        s->room = s->room ? 2 * s->room : 1024;
        s->cycles = realloc(s->cycles, s->room * sizeof *s->cycles);
        if (s->cycles == NULL)
            abort();
    }
    s->cycles[s->n++] = (uint32_t)(cycles > m->reading ? cycles - m->reading : 0);
}

/* The middle of each LAT_DRAWS-th of what was seen: the slowest half of the last one, where interruptions are, is in none. */
static void sum_up(struct measuring *m, struct seen *s, struct lat_cost *to)
{
    if (s->n == 0) {
        fputs("avs-bench-latency: every turn was interrupted; try another --cpu\n", stderr);
        exit(1);
    }
    qsort(s->cycles, s->n, sizeof *s->cycles, bench_by_u32);
    to->draws = LAT_DRAWS;
    for (uint32_t i = 0; i < LAT_DRAWS; i++) {
        uint32_t at = (uint32_t)(((uint64_t)2 * i + 1) * s->n / (2 * LAT_DRAWS));
        double ps = (double)s->cycles[at] * m->ps_per_cycle;

        to->ps[i] = ps >= 1 ? (uint64_t)ps : 1;
    }
    free(s->cycles);
}

static uint64_t reading(void)
{
    static uint32_t took[READS];

    for (unsigned i = 0; i < READS; i++) {
        uint64_t at = bench_cycles();

        took[i] = (uint32_t)(bench_cycles() - at);
    }
    qsort(took, READS, sizeof took[0], bench_by_u32);
    return took[READS / 2];
}

static void grant(struct lat_path *p, uint32_t n)
{
    nic_ring_grant(p->bench.source, nic_ring_taken(p->bench.source) + n);
}

/* A turn of avsd in its steps; `n` packets come in, those of the turn before leave. */
static void turn(struct measuring *m, uint32_t n, uint32_t before)
{
    struct lat_path *p = m->path;
    uint64_t t[BENCH_STAGES + 1], begin, now;

    grant(p, n);
    begin = bench_cycles();
    now = bench_clock_ns();
    bench_steps(&p->bench, p->worker, now, t);
    if (t[BENCH_STAGES] - begin > BENCH_INTERRUPTED)
        return;
    note(m, &m->clock, t[0] - begin);
    note(m, &m->post[before], t[BENCH_POST + 1] - t[BENCH_POST]);
    note(m, &m->pre[n], t[BENCH_PRE + 1] - t[BENCH_PRE]);
    note(m, &m->ring[n], t[BENCH_RING + 1] - t[BENCH_RING]);
    note(m, &m->firmware[n], t[BENCH_FW + 1] - t[BENCH_FW]);
}

/* The firmware with more packets than a turn of the port brings: as beside a NIC of its own. */
static void deep_turn(struct measuring *m, uint32_t n)
{
    struct lat_path *p = m->path;
    struct nic *nic = p->bench.nic;
    uint64_t now = bench_clock_ns(), t;

    nic_tx_burst(nic, 0);
    for (uint32_t left = n; left > 0; left -= left < LAT_NIC_BURST ? left : LAT_NIC_BURST) {
        grant(p, left < LAT_NIC_BURST ? left : LAT_NIC_BURST);
        nic_rx_ports(nic, now);
        nic_rx_vectors(nic);
    }
    t = bench_cycles();
    dp_poll(p->worker);
    t = bench_cycles() - t;
    if (t < BENCH_INTERRUPTED)
        note(m, &m->firmware[n], t);
}

/* What a turn takes longer when counters are published in it. */
static void publication(struct measuring *m, uint64_t now)
{
    struct nic *nic = m->path->bench.nic;
    uint64_t t[3];

    nic_poll(nic, now);
    t[0] = bench_cycles();
    nic_poll(nic, now + 1);
    t[1] = bench_cycles();
    nic_poll(nic, now + LAT_PUBLISHED_NS);
    t[2] = bench_cycles();
    note(m, &m->publish, t[2] - t[1] > t[1] - t[0] ? t[2] - t[1] - (t[1] - t[0]) : 0);
}

void lat_stop(struct lat_path *p)
{
    nic_ring_grant(p->bench.source, nic_ring_taken(p->bench.source));
    for (unsigned i = 0; i < 4; i++) {
        nic_poll(p->bench.nic, bench_clock_ns());
        dp_poll(p->worker);
    }
}

/* Mean of many full turns, as the table's: nothing is read in between. */
static double full_turn(struct measuring *m)
{
    struct lat_path *p = m->path;
    struct seen whole = {.n = 0};
    struct lat_cost cost;

    for (uint32_t i = 0; i < TURNS; i++) {
        uint64_t t = bench_cycles();

        grant(p, LAT_NIC_BURST);
        nic_poll(p->bench.nic, bench_clock_ns());
        dp_poll(p->worker);
        note(m, &whole, bench_cycles() - t);
    }
    sum_up(m, &whole, &cost);
    return lat_cost_mean(&cost) / (double)LAT_PS_PER_NS;
}

double lat_costs_measure(struct lat_costs *c, struct lat_path *p)
{
    static struct measuring m;
    uint64_t state = 1;
    uint32_t before = 0;
    double whole;

    memset(&m, 0, sizeof m);
    m.path = p;
    m.reading = reading();
    m.ps_per_cycle = (double)LAT_PS_PER_S / bench_cycle_rate();
    for (uint32_t i = 0; i < TURNS * (LAT_NIC_BURST + 1); i++) {
        uint32_t n = (uint32_t)(lat_random(&state) % (LAT_NIC_BURST + 1));

        turn(&m, n, before);
        before = n;
    }
    for (uint32_t i = 0; i < TURNS * (LAT_FW_BURST - LAT_NIC_BURST); i++)
        deep_turn(&m, LAT_NIC_BURST + 1 + (uint32_t)(lat_random(&state) % LAT_NIC_BURST));
    lat_stop(p);
    whole = full_turn(&m);
    lat_stop(p);
    for (uint32_t i = 0; i < PUBLICATIONS; i++)
        publication(&m, bench_clock_ns() + i * 2 * LAT_PUBLISHED_NS);
    sum_up(&m, &m.clock, &c->clock);
    sum_up(&m, &m.publish, &c->publish);
    for (uint32_t n = 0; n <= LAT_NIC_BURST; n++) {
        sum_up(&m, &m.post[n], &c->post[n]);
        sum_up(&m, &m.pre[n], &c->pre[n]);
        sum_up(&m, &m.ring[n], &c->ring[n]);
    }
    for (uint32_t n = 0; n <= LAT_FW_BURST; n++)
        sum_up(&m, &m.firmware[n], &c->firmware[n]);
    p->base_ns = bench_clock_ns() + (PUBLICATIONS + 1) * 2 * LAT_PUBLISHED_NS;
    return whole;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The same load on the real clock: shown beside, and judged by nobody, since whoever else wants the core is in it. */
#include "bench_world.h"
#include "latency.h"
#include "nic_internal.h"

struct live {
    struct lat_path *path;
    const struct lat_options *o;
    struct lat_result *r;
    double ps_per_cycle;
    uint64_t start;       /* cycles */
    uint64_t taken, sent; /* by NIC and sink, before the first one */
};

static uint64_t now_ps(const struct live *l)
{
    return (uint64_t)((double)(bench_cycles() - l->start) * l->ps_per_cycle);
}

static uint64_t taken(const struct live *l)
{
    return nic_ring_taken(l->path->bench.source) - l->taken;
}

static uint64_t sent(const struct live *l)
{
    return nic_ring_sent(l->path->bench.sink).frames - l->sent;
}

/* avsd's turn, with the counter read where frames have left. */
static void turn(struct live *l)
{
    struct nic *nic = l->path->bench.nic;
    struct lat_result *r = l->r;
    uint64_t when, had, now;

    (void)bench_clock_ns(); /* avsd reads it; NIC time goes on from where the virtual one ended */
    now = l->path->base_ns + now_ps(l) / LAT_PS_PER_NS;
    hsr_view_set_now(&nic->region.view, now);
    nic_tx_burst(nic, 0);
    when = now_ps(l);
    lat_deliver(r, sent(l), when);
    had = taken(l);
    lat_admit(r, had, l->o->bench.queue, when);
    nic_ring_grant(l->path->bench.source, l->taken + r->arrived - r->lost);
    nic_rx_ports(nic, now);
    nic_rx_vectors(nic);
    dp_poll(l->path->worker);
    r->turns++;
    r->busy_turns += taken(l) != had;
}

void lat_live(struct lat_path *p, const struct lat_options *o, struct lat_result *result)
{
    struct live l = {.path = p, .o = o, .r = result};
    uint64_t steal = bench_steal_ms(), cpu, wall;

    l.taken = nic_ring_taken(p->bench.source);
    l.sent = nic_ring_sent(p->bench.sink).frames;
    nic_ring_grant(p->bench.source, l.taken);
    l.ps_per_cycle = (double)LAT_PS_PER_S / bench_cycle_rate();
    cpu = bench_cpu_ns();
    wall = bench_clock_ns();
    l.start = bench_cycles();
    while (lat_under_way(result))
        turn(&l);
    result->ps = now_ps(&l);
    wall = bench_clock_ns() - wall;
    cpu = bench_cpu_ns() - cpu;
    result->away_ms = wall > cpu ? (wall - cpu) / 1000000 : 0;
    result->steal_ms = bench_steal_ms() - steal;
    result->right = lat_accounted(result, taken(&l), sent(&l));
    p->base_ns += result->ps / LAT_PS_PER_NS + 1;
}

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
    uint64_t start; /* cycles */
    uint64_t looked, taken, sent;
};

static uint64_t now_ps(const struct live *l)
{
    return (uint64_t)((double)(bench_cycles() - l->start) * l->ps_per_cycle);
}

/* Frames that are due by now wait for the NIC, or are lost. */
static void admit(struct live *l, uint64_t when)
{
    struct lat_result *r = l->r;
    uint64_t taken = nic_ring_taken(l->path->bench.source) - l->taken;

    for (; l->looked < r->offered && r->sample[l->looked] <= when; l->looked++) {
        uint64_t accepted = l->looked - r->lost;

        if (accepted - taken >= l->o->bench.queue)
            r->lost++;
        else
            r->sample[accepted] = r->sample[l->looked];
    }
    if (l->looked - r->lost - taken > r->longest)
        r->longest = l->looked - r->lost - taken;
    nic_ring_grant(l->path->bench.source, l->taken + l->looked - r->lost);
}

/* avsd's turn, with the counter read where frames have left. */
static void turn(struct live *l)
{
    struct nic *nic = l->path->bench.nic;
    struct lat_result *r = l->r;
    uint64_t when, got, now;

    (void)bench_clock_ns(); /* avsd reads it; NIC time goes on from where the virtual one ended */
    now = l->path->base_ns + now_ps(l) / LAT_PS_PER_NS;
    hsr_view_set_now(&nic->region.view, now);
    nic_tx_burst(nic, 0);
    when = now_ps(l);
    got = nic_ring_sent(l->path->bench.sink).frames - l->sent;
    for (; r->delivered < got; r->delivered++)
        r->sample[r->delivered] = when - r->sample[r->delivered];
    admit(l, when);
    got = nic_ring_taken(l->path->bench.source);
    nic_rx_ports(nic, now);
    nic_rx_vectors(nic);
    dp_poll(l->path->worker);
    r->turns++;
    r->busy_turns += nic_ring_taken(l->path->bench.source) != got;
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
    while (result->delivered + result->lost < result->offered)
        turn(&l);
    result->ps = now_ps(&l);
    wall = bench_clock_ns() - wall;
    cpu = bench_cpu_ns() - cpu;
    result->away_ms = wall > cpu ? (wall - cpu) / 1000000 : 0;
    result->steal_ms = bench_steal_ms() - steal;
    result->right = true;
    p->base_ns += result->ps / LAT_PS_PER_NS + 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "bench_world.h"
#include "latency.h"
#include "number.h"
#include "order.h"

static const char usage[] =
    "usage: avs-bench-latency [options]\n"
    "\n"
    "How long a frame is in the datapath at a share of what that can do. The whole path runs\n"
    "as in avs-bench, on a virtual clock: first it is measured what each step takes with 0,\n"
    "1, 2.. packets; then frames arrive at a rate, and each step takes what it took before.\n"
    "Latency is from a frame's arrival until it is given to its port. Two ways: NIC model and\n"
    "firmware on one core, as avsd runs them; and the NIC as hardware that takes nothing of\n"
    "the core and a fixed time of its own.\n"
    "\n"
    "      --case NAME       overlay (default), or another one that avs-bench has\n"
    "      --flows N         1..4000000 (default 1000), in random order\n"
    "      --load LIST       percent of the capacity, 0.1..1000 each (default 10,50,90)\n"
    "      --frames N        of each load, 1..20000000 (default 1000000)\n"
    "      --arrivals WHAT   poisson (default), constant, or bursts:N (N frames at the pace of a\n"
    "                        100 Gb/s wire)\n"
    "      --queue N         frames that wait for the NIC, 64..1000000 (default 4096); more are\n"
    "                        lost\n"
    "      --pipeline IN,OUT ns of a NIC that is hardware, before the rx ring and behind the tx\n"
    "                        ring. Default 594,1494: 128 for each processor (32 cycles of 250\n"
    "                        MHz), 16 a DMA (the paper), 450 for a write across PCIe, 450 for\n"
    "                        the doorbell and 900 for the card's read (Neugebauer, SIGCOMM 2018)\n"
    "      --seed N          of arrivals and costs, from 1 (the default) on\n"
    "      --costs FILE      a table instead of measuring: the same outcome on every machine\n"
    "      --save-costs FILE write the table\n"
    "      --live            the same loads on the real clock beside it\n"
    "      --cpu N           pin to this CPU\n"
    "      --json            one line of JSON instead of tables\n"
    "  -h, --help\n"
    "\n"
    "exit codes: 0 measured, 1 failed, or packets were lost in the path, 2 usage\n"
    "\n"
    "example: avs-bench-latency --case forward --load 10,50,90,99 --cpu 1 --live\n";

enum {
    OPT_CASE = 256,
    OPT_FLOWS,
    OPT_LOAD,
    OPT_FRAMES,
    OPT_ARRIVALS,
    OPT_QUEUE,
    OPT_PIPELINE,
    OPT_SEED,
    OPT_COSTS,
    OPT_SAVE,
    OPT_LIVE,
    OPT_CPU,
    OPT_JSON
};

static const struct option options[] = {
    {"case", required_argument, NULL, OPT_CASE},
    {"flows", required_argument, NULL, OPT_FLOWS},
    {"load", required_argument, NULL, OPT_LOAD},
    {"frames", required_argument, NULL, OPT_FRAMES},
    {"arrivals", required_argument, NULL, OPT_ARRIVALS},
    {"queue", required_argument, NULL, OPT_QUEUE},
    {"pipeline", required_argument, NULL, OPT_PIPELINE},
    {"seed", required_argument, NULL, OPT_SEED},
    {"costs", required_argument, NULL, OPT_COSTS},
    {"save-costs", required_argument, NULL, OPT_SAVE},
    {"live", no_argument, NULL, OPT_LIVE},
    {"cpu", required_argument, NULL, OPT_CPU},
    {"json", no_argument, NULL, OPT_JSON},
    {"help", no_argument, NULL, 'h'},
    {0},
};

/* Numbers with commas between them; how many, 0: not such. */
static uint32_t numbers(const char *text, double lo, double hi, double *to, uint32_t most)
{
    char copy[128], *rest = copy, *word;
    uint32_t n = 0;

    if (strlen(text) >= sizeof copy)
        return 0;
    memcpy(copy, text, strlen(text) + 1);
    while ((word = strsep(&rest, ",")) != NULL) {
        if (n == most || !bench_number(word, lo, hi, &to[n]))
            return 0;
        n++;
    }
    return n;
}

static bool take_loads(struct lat_options *o, const char *value)
{
    o->loads = numbers(value, 0.1, 1000, o->load, LAT_LOADS);
    for (uint32_t i = 0; i < o->loads; i++)
        o->load[i] /= 100;
    return o->loads > 0;
}

static bool take_pipeline(struct lat_options *o, const char *value)
{
    double ns[2];

    if (numbers(value, 0, 1e6, ns, 2) != 2)
        return false;
    o->pipeline.in_ps = (uint64_t)(ns[0] * (double)LAT_PS_PER_NS);
    o->pipeline.out_ps = (uint64_t)(ns[1] * (double)LAT_PS_PER_NS);
    return true;
}

static bool take(void *to, int option, const char *value)
{
    struct lat_options *o = to;

    switch (option) {
    case OPT_CASE:
        o->bench.what = bench_case(value);
        return o->bench.what != NULL;
    case OPT_FLOWS:
        return bench_whole(value, 1, 4000000, &o->bench.flows);
    case OPT_LOAD:
        return take_loads(o, value);
    case OPT_FRAMES:
        return bench_whole(value, 1, LAT_FRAMES_MOST, &o->frames);
    case OPT_ARRIVALS:
        return lat_arrivals_read(&o->arrivals, value);
    case OPT_QUEUE:
        return bench_whole(value, 64, LAT_QUEUE_MOST, &o->bench.queue);
    case OPT_PIPELINE:
        return take_pipeline(o, value);
    case OPT_SEED:
        return bench_count(value, &o->seed);
    case OPT_COSTS:
        o->costs = value;
        return true;
    case OPT_SAVE:
        o->save = value;
        return true;
    case OPT_LIVE:
        o->live = true;
        return true;
    case OPT_CPU:
        return bench_cpu(value, &o->bench.cpu);
    case OPT_JSON:
        o->json = true;
        return true;
    default:
        return false;
    }
}

typedef void way(struct lat_path *p, const struct lat_costs *c, const struct lat_options *o,
                 struct lat_result *result);

static void live(struct lat_path *p, const struct lat_costs *c, const struct lat_options *o,
                 struct lat_result *result)
{
    (void)c;
    lat_live(p, o, result);
}

static bool run(way *one, struct lat_path *p, const struct lat_report *r, uint32_t i,
                double capacity, struct lat_result *result)
{
    const struct lat_options *o = r->o;

    result->load = o->load[i];
    result->rate = capacity * o->load[i];
    result->offered = o->frames;
    result->sample = calloc(o->frames, sizeof *result->sample);
    if (result->sample == NULL) {
        fputs("avs-bench-latency: out of memory; fewer --frames take less\n", stderr);
        return false;
    }
    lat_arrive(&o->arrivals, result->rate, o->frames, o->seed, result->sample);
    one(p, r->costs, o, result);
    qsort(result->sample, result->delivered, sizeof *result->sample, bench_by_u64);
    return true;
}

static bool run_all(struct lat_path *p, struct lat_report *r)
{
    bool good = true;

    for (uint32_t i = 0; good && i < r->o->loads; i++) {
        good = run(lat_embedded, p, r, i, r->capacity[0], &r->embedded[i]) &&
               run(lat_hardware, p, r, i, r->capacity[1], &r->hardware[i]) &&
               (!r->o->live || run(live, p, r, i, r->capacity[0], &r->live[i]));
    }
    return good;
}

static void forget(struct lat_report *r)
{
    for (uint32_t i = 0; i < r->o->loads; i++) {
        free(r->embedded[i].sample);
        free(r->hardware[i].sample);
        free(r->live[i].sample);
    }
}

static bool costs_of(struct lat_path *p, const struct lat_options *o, struct lat_costs *c,
                     struct lat_report *r)
{
    if (o->costs == NULL)
        r->turn_ns = lat_costs_measure(c, p);
    else if (!lat_costs_load(c, o->costs))
        return false;
    return o->save == NULL || lat_costs_save(c, o->save);
}

static uint64_t drops(const struct lat_path *p)
{
    fw_sync(p->bench.fw);
    return fw_balance_total(p->bench.fw).drops;
}

static int measure(struct lat_path *p, const struct lat_options *o)
{
    static struct lat_costs costs;
    struct lat_report r = {.o = o, .costs = &costs};

    bench_settle(&p->bench);
    p->worker = fw_worker(p->bench.fw, 0);
    lat_stop(p);
    p->base_ns = bench_clock_ns();
    if (!costs_of(p, o, &costs, &r))
        return 1;
    r.capacity[0] = lat_capacity(&costs, false);
    r.capacity[1] = lat_capacity(&costs, true);
    r.drops = drops(p);
    if (!run_all(p, &r)) {
        forget(&r);
        return 1;
    }
    r.drops = drops(p) - r.drops;
    lat_print(&r);
    forget(&r);
    return lat_is_right(&r) ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct bench_arguments arguments = {usage, options, take};
    struct lat_options o = {
        .bench = bench_defaults("overlay"),
        .pipeline = {.in_ps = 594 * LAT_PS_PER_NS, .out_ps = 1494 * LAT_PS_PER_NS},
        .load = {0.1, 0.5, 0.9},
        .loads = 3,
        .frames = 1000000,
        .seed = 1};
    struct lat_path p = {.bench = {.options = &o.bench}};
    int rc = bench_arguments(&arguments, argc, argv, &o);

    if (rc != BENCH_GO_ON)
        return rc;
    o.bench.count = 1; /* no warm-up by the clock */
    rc = bench_open(&p.bench);
    if (rc == 0)
        rc = measure(&p, &o);
    bench_close(&p.bench);
    return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdio.h>

#include "arguments.h"
#include "bench_world.h"
#include "number.h"
#include "workers.h"

static const char usage[] =
    "usage: avs-bench-workers [options]\n"
    "\n"
    "The firmware of several workers, each on a thread and a CPU of its own: what a packet\n"
    "takes of one that works alone, and of all at once. Their rings are filled and emptied by\n"
    "the NIC meanwhile, which is not measured.\n"
    "\n"
    "      --case NAME      as avs-bench has them (default forward)\n"
    "      --flows N        1..4000000 (default 1000)\n"
    "      --workers N      1..8 (default 2)\n"
    "      --batch N        packets a worker finds in its ring, 64..1024 (default 512)\n"
    "      --seconds S      measured time, the NIC's included (default 2)\n"
    "      --count N        measure N packets instead, the workers in turn on one thread, without\n"
    "                       a clock (for callgrind)\n"
    "      --cpu N          the first worker's CPU; the others have the next ones\n"
    "  -h, --help\n"
    "\n"
    "exit codes: 0 measured, 1 failed, or packets were lost, 2 usage\n"
    "\n"
    "example: avs-bench-workers --case overlay --workers 2 --cpu 0\n";

enum { OPT_CASE = 256, OPT_FLOWS, OPT_WORKERS, OPT_BATCH, OPT_SECONDS, OPT_COUNT, OPT_CPU };

static const struct option options[] = {
    {"case", required_argument, NULL, OPT_CASE},
    {"flows", required_argument, NULL, OPT_FLOWS},
    {"workers", required_argument, NULL, OPT_WORKERS},
    {"batch", required_argument, NULL, OPT_BATCH},
    {"seconds", required_argument, NULL, OPT_SECONDS},
    {"count", required_argument, NULL, OPT_COUNT},
    {"cpu", required_argument, NULL, OPT_CPU},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static bool take(void *to, int option, const char *value)
{
    struct workers_options *o = to;

    switch (option) {
    case OPT_CASE:
        o->bench.what = bench_case(value);
        return o->bench.what != NULL;
    case OPT_FLOWS:
        return bench_whole(value, 1, 4000000, &o->bench.flows);
    case OPT_WORKERS:
        return bench_whole(value, 1, 8, &o->bench.workers);
    case OPT_BATCH:
        return bench_whole(value, 64, 1024, &o->batch);
    case OPT_SECONDS:
        return bench_number(value, 0.01, 3600, &o->bench.seconds);
    case OPT_COUNT:
        return bench_count(value, &o->bench.count);
    case OPT_CPU:
        return bench_cpu(value, &o->bench.cpu);
    default:
        return false;
    }
}

/* By worker; and the sum of their rates. */
static json_t *way(const struct workers_options *o, const double *cycles, double hz, double *pps)
{
    json_t *list = json_array();

    *pps = 0;
    for (uint32_t w = 0; w < o->bench.workers; w++) {
        json_array_append_new(list, json_real(cycles[w]));
        *pps += cycles[w] > 0 ? hz / cycles[w] : 0;
    }
    return list;
}

static int report(const struct workers_options *o, const struct workers_result *r)
{
    bool ok = r->packets > 0 && r->drops == 0 && (r->rounds > 0 || o->bench.count > 0);
    double hz = bench_cycle_rate(), alone, together;
    json_t *out = json_object();

    json_object_set_new(out, "case", json_string(o->bench.what->name));
    json_object_set_new(out, "flows", json_integer(o->bench.flows));
    json_object_set_new(out, "workers", json_integer(o->bench.workers));
    json_object_set_new(out, "batch", json_integer(o->batch));
    json_object_set_new(out, "rounds", json_integer(r->rounds));
    json_object_set_new(out, "packets", json_integer((json_int_t)r->packets));
    json_object_set_new(out, "cycle_hz", json_real(hz));
    json_object_set_new(out, "cycles_alone", way(o, r->cycles[WORKERS_ALONE], hz, &alone));
    json_object_set_new(out, "cycles_together", way(o, r->cycles[WORKERS_TOGETHER], hz, &together));
    ok = ok && (r->rounds == 0 || (alone > 0 && together > 0));
    if (r->rounds > 0 && alone > 0) {
        json_object_set_new(out, "pps_alone", json_real(alone / o->bench.workers));
        json_object_set_new(out, "pps", json_real(together));
        json_object_set_new(out, "scale", json_real(together / (alone / o->bench.workers)));
    }
    json_object_set_new(out, "drops", json_integer((json_int_t)r->drops));
    json_object_set_new(out, "ok", json_boolean(ok));
    json_dumpf(out, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(8));
    putchar('\n');
    json_decref(out);
    return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct bench_arguments arguments = {usage, options, take};
    struct workers_options o = {.bench = bench_defaults("forward"), .batch = 512};
    struct workers_result result;
    int rc;

    o.bench.workers = 2;
    rc = bench_arguments(&arguments, argc, argv, &o);
    if (rc != BENCH_GO_ON)
        return rc;
    rc = workers_run(&o, &result);
    return rc == 0 ? report(&o, &result) : rc;
}

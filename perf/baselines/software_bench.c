/* SPDX-License-Identifier: Apache-2.0 */
/* avs-software: packets a second of the software baseline on one core, with the frames of avs-bench. */
#include <jansson.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>

#include "arguments.h"
#include "bench.h"
#include "bench_net.h"
#include "nic/eal.h"
#include "number.h"
#include "order.h"
#include "software_avs.h"
#include "software_queues.h"

#define TURN   256 /* batches between two looks at the clock */
#define STAGED 20000

static const char usage[] =
    "usage: avs-software [options]\n"
    "\n"
    "The paper's baseline of a vSwitch in software alone, on one core, with the frames of "
    "avs-bench.\n"
    "\n"
    "      --case NAME    forward (default) or vxlan\n"
    "      --flows N      default 1000\n"
    "      --size N       bytes of a frame, 60..1514 (default 60)\n"
    "      --batch N      packets taken at once, 1..64 (default 32)\n"
    "      --seconds S    measured time (default 2)\n"
    "      --count N      measure N packets instead, without a clock (for callgrind)\n"
    "      --new          no flow is known: sessions are emptied before each round of the flows\n"
    "      --cpu N        pin to this CPU\n"
    "      --stages       also cycles a packet of each stage, measured afterwards\n"
    "  -h, --help\n"
    "\n"
    "exit codes: 0 measured, 1 failed, or packets were lost, 2 usage\n";

static const char common[] = "version: 1\n" BENCH_NET BENCH_GROUP("udp", "5000-5999") "ports:\n";

struct options {
    const struct bench_case *what;
    uint32_t flows, size, batch;
    uint64_t count;
    double seconds;
    int cpu;
    bool stages, anew;
};

struct run {
    const struct options *o;
    struct sw_avs *avs;
    struct sw_port *in, *out;
    struct nic_ring_frame *frames;
    double seconds, cpu_seconds;
    uint64_t packets;
    double *staged[SW_STAGES]; /* cycles a packet, of each batch */
};

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int open_run(struct run *r)
{
    const struct options *o = r->o;
    char why[NIC_WHY] = "", *yaml = NULL;
    size_t size;
    FILE *f = open_memstream(&yaml, &size);
    struct sw_config config = {.batch = o->batch, .sessions = o->flows + o->flows / 4 + 1024};

    if (f == NULL || fprintf(f, "%s%s", common, o->what->ports) < 0 || fclose(f) != 0)
        return 1;
    config.yaml = yaml;
    if (nic_eal_init(NIC_EAL_PLAIN, why) == 0)
        r->avs = sw_open(&config);
    else
        fprintf(stderr, "avs-software: %s\n", why);
    free(yaml);
    r->frames = bench_frames(o->what, o->flows, 1,
                             &(struct bench_sizes){.n = 1, .frame = {(uint16_t)o->size}});
    if (r->avs == NULL || r->frames == NULL)
        return 1;
    r->in = sw_port(r->avs, "in");
    r->out = sw_port(r->avs, "out");
    return sw_endless_source(&r->in->from, r->frames, o->flows) &&
                   sw_endless_sink(&r->out->to, strcmp(o->what->name, "vxlan") == 0)
               ? 0
               : 1;
}

static void close_run(struct run *r)
{
    if (r->avs != NULL && r->in != NULL) {
        sw_endless_free(&r->in->from);
        sw_endless_free(&r->out->to);
    }
    for (unsigned s = 0; s < SW_STAGES; s++)
        free(r->staged[s]);
    bench_frames_free(r->frames);
    sw_close(r->avs);
}

static void forget(struct run *r)
{
    struct ses_table *t = sw_sessions(r->avs);
    uint32_t cursor = 0;

    for (struct session *s; (s = ses_walk(t, &cursor)) != NULL;)
        ses_remove(t, s, SES_WHY_FLUSH);
}

static uint64_t for_packets(struct run *r, uint64_t packets)
{
    uint64_t done = 0, round = 0;

    while (done < packets) {
        uint32_t n = sw_poll(r->avs, r->in, clock_ns(CLOCK_MONOTONIC));

        done += n;
        round += n;
        if (r->o->anew && round >= r->o->flows) {
            forget(r);
            round = 0;
        }
    }
    return done;
}

static void measure(struct run *r)
{
    const struct options *o = r->o;
    uint64_t end, cpu, ns;

    for_packets(r, 4 * (uint64_t)o->flows);
    cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    ns = clock_ns(CLOCK_MONOTONIC);
    end = ns + (uint64_t)(o->seconds * 1e9);
    if (o->count != 0) {
        r->packets = for_packets(r, o->count);
    } else {
        do
            r->packets += for_packets(r, (uint64_t)TURN * o->batch);
        while (clock_ns(CLOCK_MONOTONIC) < end);
    }
    r->seconds = (double)(clock_ns(CLOCK_MONOTONIC) - ns) / 1e9;
    r->cpu_seconds = (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu) / 1e9;
}

/* Afterwards, batch by batch: a median, since whoever else uses the core falls into some batches. */
static bool measure_stages(struct run *r)
{
    for (unsigned s = 0; s < SW_STAGES; s++)
        if ((r->staged[s] = calloc(STAGED, sizeof(double))) == NULL)
            return false;
    for (unsigned i = 0; i < STAGED; i++) {
        uint64_t cycles[SW_STAGES] = {0};
        uint32_t n = sw_poll_staged(r->avs, r->in, clock_ns(CLOCK_MONOTONIC), cycles);

        for (unsigned s = 0; s < SW_STAGES; s++)
            r->staged[s][i] = (double)cycles[s] / n;
    }
    return true;
}

static void set_count(json_t *o, const char *key, uint64_t value)
{
    json_object_set_new(o, key, json_integer((json_int_t)value));
}

static int report(const struct run *r)
{
    const struct options *o = r->o;
    struct sw_counters c = sw_counters(r->avs);
    double hz = (double)rte_get_tsc_hz();
    bool ok = r->packets > 0 && c.drops == 0 && c.tx == c.packets;
    json_t *j = json_object();

    json_object_set_new(j, "case", json_string(o->what->name));
    set_count(j, "flows", o->flows);
    set_count(j, "size", o->size);
    set_count(j, "batch", o->batch);
    json_object_set_new(j, "new", json_boolean(o->anew));
    set_count(j, "packets", r->packets);
    json_object_set_new(j, "seconds", json_real(r->seconds));
    json_object_set_new(j, "cpu_seconds", json_real(r->cpu_seconds));
    json_object_set_new(j, "pps_core", json_real((double)r->packets / r->cpu_seconds));
    json_object_set_new(j, "cycle_hz", json_real(hz));
    json_object_set_new(j, "cycles_per_packet",
                        json_real(hz * r->cpu_seconds / (double)r->packets));
    if (o->stages) {
        json_t *stages = json_object();

        for (unsigned s = 0; s < SW_STAGES; s++)
            json_object_set_new(stages, sw_stage_name(s),
                                json_real(bench_median(r->staged[s], STAGED)));
        json_object_set_new(j, "stage_cycles_per_packet", stages);
    }
    set_count(j, "hits", c.hits);
    set_count(j, "slow", c.slow);
    set_count(j, "drops", c.drops);
    json_object_set_new(j, "ok", json_boolean(ok));
    json_dumpf(j, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(8));
    putchar('\n');
    json_decref(j);
    return ok ? 0 : 1;
}

enum {
    OPT_CASE = 256,
    OPT_FLOWS,
    OPT_SIZE,
    OPT_BATCH,
    OPT_SECONDS,
    OPT_COUNT,
    OPT_NEW,
    OPT_CPU,
    OPT_STAGES
};

static const struct option options[] = {
    {"case", required_argument, NULL, OPT_CASE},
    {"flows", required_argument, NULL, OPT_FLOWS},
    {"size", required_argument, NULL, OPT_SIZE},
    {"batch", required_argument, NULL, OPT_BATCH},
    {"seconds", required_argument, NULL, OPT_SECONDS},
    {"count", required_argument, NULL, OPT_COUNT},
    {"new", no_argument, NULL, OPT_NEW},
    {"cpu", required_argument, NULL, OPT_CPU},
    {"stages", no_argument, NULL, OPT_STAGES},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static bool take(void *to, int option, const char *value)
{
    struct options *o = to;

    switch (option) {
    case OPT_CASE:
        o->what = bench_case(value);
        return o->what != NULL;
    case OPT_FLOWS:
        return bench_whole(value, 1, 4000000, &o->flows);
    case OPT_SIZE:
        return bench_whole(value, BENCH_FRAME_MIN, 1514, &o->size);
    case OPT_BATCH:
        return bench_whole(value, 1, SW_BATCH_MAX, &o->batch);
    case OPT_SECONDS:
        return bench_number(value, 0.01, 3600, &o->seconds);
    case OPT_COUNT:
        return bench_count(value, &o->count);
    case OPT_CPU:
        return bench_cpu(value, &o->cpu);
    case OPT_NEW:
        o->anew = true;
        return true;
    case OPT_STAGES:
        o->stages = true;
        return true;
    default:
        return false;
    }
}

static void pin(int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET((unsigned)cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) < 0)
        fprintf(stderr, "avs-software: cannot pin to CPU %d: running unpinned\n", cpu);
}

int main(int argc, char **argv)
{
    static const struct bench_arguments arguments = {usage, options, take};
    struct options o = {.what = bench_case("forward"),
                        .flows = 1000,
                        .size = BENCH_FRAME_MIN,
                        .batch = 32,
                        .seconds = 2,
                        .cpu = -1};
    struct run r = {.o = &o};
    int rc = bench_arguments(&arguments, argc, argv, &o);

    if (rc != BENCH_GO_ON)
        return rc;
    if (o.cpu >= 0)
        pin(o.cpu);
    rc = open_run(&r);
    if (rc == 0) {
        measure(&r);
        rc = o.stages && !measure_stages(&r) ? 1 : report(&r);
    }
    close_run(&r);
    return rc;
}

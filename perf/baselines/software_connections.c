/* SPDX-License-Identifier: Apache-2.0 */
/* avs-software-connections: connections a second of the software baseline, with the frames of avs-bench-sessions. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>

#include "bench_net.h"
#include "nic/eal.h"
#include "sessions/connections.h"
#include "software_avs.h"
#include "software_queues.h"

#define SECOND UINT64_C(1000000000)
#define BATCH  32
#define OPEN   1000u /* connections at a time */

static const char usage[] = "usage: avs-software-connections [--case "
                            "connections|connections-vxlan] [--count N] [--rate N]\n"
                            "\n"
                            "TCP connections of six packets through a vSwitch in software alone: "
                            "cost of each of --count (default\n"
                            "1000000), once as many sessions go as come. --rate (default 500000) a "
                            "second of virtual time decides how many\n"
                            "wait for their time-out.\n"
                            "\n"
                            "exit codes: 0 measured, 1 failed, or packets were lost, 2 usage\n";

static const char common[] =
    "version: 1\n"
    "options: {timeouts: {tcp_time_wait: 1}}\n" BENCH_NET BENCH_GROUP("tcp", "1-49151") "ports:\n";

struct run {
    struct sw_avs *avs;
    struct sw_port *port[CONN_SIDES];
    struct conn_list list;
    uint64_t frames; /* of each side */
    uint32_t rate;
};

/* Those that are open, and those of a time-out, which ends up to two ticks later. */
static uint32_t population(const struct run *r)
{
    return OPEN + r->rate + r->rate / 3;
}

static bool load(struct run *r, const struct conn_case *what)
{
    uint32_t n = population(r) + population(r) / 4;
    static const char *const name[CONN_SIDES] = {"client", "server"};

    if (!conn_list_make(&r->list, what, n, OPEN))
        return false;
    for (unsigned side = 0; side < CONN_SIDES; side++) {
        r->port[side] = sw_port(r->avs, name[side]);
        if (!sw_endless_source(&r->port[side]->from, r->list.frame[side], n * CONN_FRAMES) ||
            !sw_endless_sink(&r->port[side]->to, what->ends[side].tunnel))
            return false;
        free(r->list.frame[side]);
        r->list.frame[side] = NULL;
    }
    return true;
}

static bool open_run(struct run *r, const struct conn_case *what)
{
    char why[NIC_WHY] = "", *yaml = NULL;
    struct sw_config config = {.batch = BATCH, .sessions = population(r) + population(r) / 4};

    if (asprintf(&yaml, "%s%s", common, what->ports) < 0)
        return false;
    config.yaml = yaml;
    if (nic_eal_init(NIC_EAL_PLAIN, why) == 0)
        r->avs = sw_open(&config);
    free(yaml);
    return r->avs != NULL && load(r, what);
}

static void close_run(struct run *r)
{
    for (unsigned side = 0; r->avs != NULL && side < CONN_SIDES; side++) {
        if (r->port[side] == NULL)
            continue;
        sw_endless_free(&r->port[side]->from);
        sw_endless_free(&r->port[side]->to);
    }
    conn_list_free(&r->list);
    sw_close(r->avs);
}

/* Both sides in step, at a time that goes with the connections. */
static void for_connections(struct run *r, uint64_t n)
{
    uint64_t end = r->frames + n * CONN_FRAMES;

    for (; r->frames < end; r->frames += BATCH) {
        uint64_t now = SECOND + r->frames * SECOND / (CONN_FRAMES * (uint64_t)r->rate);

        for (unsigned side = 0; side < CONN_SIDES; side++)
            sw_poll(r->avs, r->port[side], now);
    }
}

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int measure(struct run *r, const char *name, uint64_t count)
{
    struct sw_counters before, after;
    uint64_t ended, frames;
    double cpu;

    /* The list begins in the middle of connections that never began; then until as many go as come. */
    for_connections(r, population(r));
    before = sw_counters(r->avs);
    frames = r->frames;
    ended = ses_stats(sw_sessions(r->avs))->ended[SES_WHY_CLOSED];
    cpu = cpu_seconds();
    for_connections(r, count);
    cpu = cpu_seconds() - cpu;
    after = sw_counters(r->avs);
    ended = ses_stats(sw_sessions(r->avs))->ended[SES_WHY_CLOSED] - ended;
    bool ok = after.drops == before.drops && after.slow - before.slow >= count - BATCH;
    double n = (double)(r->frames - frames) / CONN_FRAMES;

    printf("{\"case\": \"%s\", \"connections\": %.0f, \"closed\": %llu, \"cpu_seconds\": %.6f, "
           "\"cps_core\": %.0f, "
           "\"cycles_per_connection\": %.1f, \"drops\": %llu, \"ok\": %s}\n",
           name, n, (unsigned long long)ended, cpu, n / cpu, cpu * (double)rte_get_tsc_hz() / n,
           (unsigned long long)(after.drops - before.drops), ok ? "true" : "false");
    return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"case", required_argument, NULL, 'c'},
                                            {"count", required_argument, NULL, 'n'},
                                            {"rate", required_argument, NULL, 'r'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    const char *name = "connections";
    uint64_t count = 1000000;
    struct run r = {.rate = 500000};
    int option, rc = 1;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'c') {
            name = optarg;
        } else if (option == 'n') {
            count = strtoull(optarg, NULL, 10);
        } else if (option == 'r') {
            r.rate = (uint32_t)strtoul(optarg, NULL, 10);
        } else {
            fputs(usage, option == 'h' ? stdout : stderr);
            return option == 'h' ? 0 : 2;
        }
    }
    const struct conn_case *what = conn_case(name);

    if (what == NULL || count == 0 || r.rate < 1000 || optind != argc) {
        fputs(usage, stderr);
        return 2;
    }
    if (open_run(&r, what))
        rc = measure(&r, name, count);
    close_run(&r);
    return rc;
}

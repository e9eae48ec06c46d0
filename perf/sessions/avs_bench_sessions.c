/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "hsring/abi.h"
#include "number.h"
#include "sessions.h"

static const char usage[] =
    "usage: avs-bench-sessions [options]\n"
    "\n"
    "What sessions cost, on one core: NIC model and firmware on one thread, as avsd runs them,\n"
    "between frames in memory and ports that count.\n"
    "\n"
    "      --case NAME       connections: TCP connections of six packets between two vNICs, each\n"
    "                        with its session's begin, end and removal (default);\n"
    "                        connections-vxlan: the server on another host;\n"
    "                        connections-snat: outside, by a shared address;\n"
    "                        connections-overlay: the same by the VPC's tunnel to a gateway\n"
    "                        host. refresh: UDP packets of --sessions flows in random order to\n"
    "                        another host, whose route changes: packets over time.\n"
    "                        capacity: --sessions are opened: memory of each\n"
    "      --seconds S       measured CPU time (default 2)\n"
    "      --count N         measure N connections instead, without a clock (for callgrind)\n"
    "      --rate N          connections a second of NIC time (default 500000): how many wait to\n"
    "                        be removed\n"
    "      --time-wait S     for so long a closed connection's session stays (default 1)\n"
    "      --vector N        connections: largest vector, 1..16 (default 16)\n"
    "      --open N          connections at a time, from 160 (default 1000)\n"
    "      --sessions N      refresh, capacity: so many (default 2000000)\n"
    "      --connections N   in the list; default: none comes again before its session is gone\n"
    "      --cpu N           pin to this CPU\n"
    "      --no-flow-index   packets arrive without flow ids\n"
    "      --capture FILE    write the frames as a capture, both directions in order, and stop\n"
    "  -h, --help\n"
    "\n"
    "exit codes: 0 measured, 1 failed, or packets or connections were lost, 2 usage\n"
    "\n"
    "example: avs-bench-sessions --case connections-vxlan --cpu 1\n";

enum {
    OPT_CASE = 256,
    OPT_SECONDS,
    OPT_COUNT,
    OPT_RATE,
    OPT_TIME_WAIT,
    OPT_VECTOR,
    OPT_OPEN,
    OPT_CONNECTIONS,
    OPT_SESSIONS,
    OPT_CPU,
    OPT_NO_FIT,
    OPT_CAPTURE
};

static const struct option options[] = {
    {"case", required_argument, NULL, OPT_CASE},
    {"seconds", required_argument, NULL, OPT_SECONDS},
    {"count", required_argument, NULL, OPT_COUNT},
    {"rate", required_argument, NULL, OPT_RATE},
    {"time-wait", required_argument, NULL, OPT_TIME_WAIT},
    {"vector", required_argument, NULL, OPT_VECTOR},
    {"open", required_argument, NULL, OPT_OPEN},
    {"sessions", required_argument, NULL, OPT_SESSIONS},
    {"connections", required_argument, NULL, OPT_CONNECTIONS},
    {"cpu", required_argument, NULL, OPT_CPU},
    {"no-flow-index", no_argument, NULL, OPT_NO_FIT},
    {"capture", required_argument, NULL, OPT_CAPTURE},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static bool take(void *to, int option, const char *value)
{
    struct sessions_options *o = to;

    switch (option) {
    case OPT_CASE:
        o->what = value;
        return true;
    case OPT_SECONDS:
        return bench_number(value, 0.01, 3600, &o->seconds);
    case OPT_COUNT:
        return bench_count(value, &o->count);
    case OPT_RATE:
        return bench_whole(value, 1000, 10000000, &o->rate);
    case OPT_TIME_WAIT:
        return bench_whole(value, 1, 60, &o->time_wait);
    case OPT_VECTOR:
        return bench_whole(value, 1, HSR_MAX_VECTOR, &o->vector);
    case OPT_OPEN:
        return bench_whole(value, 160, 1000000, &o->open);
    case OPT_SESSIONS:
        return bench_whole(value, 1000, 32000000, &o->sessions);
    case OPT_CONNECTIONS:
        return bench_whole(value, 1000, 32000000, &o->connections);
    case OPT_CPU:
        return bench_cpu(value, &o->cpu);
    case OPT_NO_FIT:
        o->flow_index = false;
        return true;
    case OPT_CAPTURE:
        o->capture = value;
        return true;
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    static const struct bench_arguments arguments = {usage, options, take};
    struct sessions_options o = {.what = "connections",
                                 .open = 1000,
                                 .rate = 500000,
                                 .time_wait = 1,
                                 .vector = HSR_MAX_VECTOR,
                                 .sessions = 2000000,
                                 .seconds = 2,
                                 .cpu = -1,
                                 .flow_index = true};
    int rc = bench_arguments(&arguments, argc, argv, &o);

    if (rc != BENCH_GO_ON)
        return rc;
    if (strncmp(o.what, "connections", strlen("connections")) == 0)
        return conn_run(&o);
    if (strcmp(o.what, "refresh") == 0)
        return refresh_run(&o);
    if (strcmp(o.what, "capacity") == 0)
        return capacity_run(&o);
    return bench_wrong("no such case");
}

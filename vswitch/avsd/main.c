/* SPDX-License-Identifier: Apache-2.0 */
/* avsd: the firmware, with a NIC embedded or attached. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "avsd.h"
#include "log/log.h"
#include "rights/filter.h"

static const char usage[] =
    "usage: avsd [options]\n"
    "\n"
    "The vSwitch. Manage it with avs-ctl.\n"
    "\n"
    "  -c, --config FILE    configuration to start with (YAML); else the state saved last, else an "
    "empty one\n"
    "      --nic WHICH      embedded (default), or the attach socket of an avs-nic\n"
    "  -s, --socket PATH    control socket (default /run/avs/avsd.sock)\n"
    "      --state FILE     where each committed configuration is saved (default: not saved)\n"
    "      --metrics WHERE  serve Prometheus' text at http://WHERE/metrics: PORT (of 127.0.0.1), "
    "ADDRESS:PORT or a\n"
    "                       socket's path (default: nowhere)\n"
    "      --telemetry      DPDK's telemetry socket, with our commands /avs/...\n"
    "      --slice WHAT     of an embedded NIC: on, off (default): payloads stay there while the "
    "firmware has the\n"
    "                       headers; on:US: and are given up after US microseconds (default "
    "50000)\n"
    "      --flow-index N   of an embedded NIC: entries of the flow index, a power of two, "
    "1024..16777216\n"
    "                       (default 65536: what a chip holds)\n"
    "      --cpu LIST       CPUs of the worker threads, in order: 2,3 (default: not pinned)\n"
    "      --user NAME      whom root becomes after start (default avs, if there is one; root: no "
    "change)\n"
    "      --seccomp WHAT   on (default), off, or log: system calls that are not on the list end "
    "the "
    "process, or are\n"
    "                       only logged by the kernel\n"
    "      --log-json       log as JSON lines\n"
    "      --version\n"
    "  -h, --help\n"
    "\n"
    "exit codes: 0 stopped by SIGTERM or SIGINT, 1 failed, 2 usage, 3 configuration refused\n"
    "\n"
    "examples:\n"
    "  avsd -c /etc/avs/avsd.yaml\n"
    "  avs-nic & avsd --nic=/run/avs/nic.sock -c /etc/avs/avsd.yaml\n";

static bool parse_cpus(struct avsd_options *o, const char *list)
{
    while (*list != '\0' && o->cpus < HSR_MAX_WORKERS) {
        char *end;
        long cpu = strtol(list, &end, 10);

        if (end == list || cpu < 0 || cpu > 1023 || (*end != ',' && *end != '\0'))
            break;
        o->cpu[o->cpus++] = (int)cpu;
        list = *end == ',' ? end + 1 : end;
    }
    if (*list != '\0' || o->cpus == 0)
        fprintf(stderr, "avsd: --cpu wants numbers separated by commas, at most %d\n",
                HSR_MAX_WORKERS);
    return *list == '\0' && o->cpus > 0;
}

static bool parse(int argc, char **argv, struct avsd_options *o)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"nic", required_argument, NULL, 'n'},
                                            {"socket", required_argument, NULL, 's'},
                                            {"state", required_argument, NULL, 'S'},
                                            {"metrics", required_argument, NULL, 'm'},
                                            {"telemetry", no_argument, NULL, 't'},
                                            {"slice", required_argument, NULL, 'l'},
                                            {"cpu", required_argument, NULL, 'C'},
                                            {"flow-index", required_argument, NULL, 'i'},
                                            {"log-json", no_argument, NULL, 'j'},
                                            {"version", no_argument, NULL, 'V'},
                                            {"user", required_argument, NULL, 'u'},
                                            {"seccomp", required_argument, NULL, 'F'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option;

    while ((option = getopt_long(argc, argv, "c:s:h", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            o->config = optarg;
            break;
        case 'n':
            o->nic = strcmp(optarg, "embedded") == 0 ? NULL : optarg;
            break;
        case 's':
            o->socket = optarg;
            break;
        case 'S':
            o->state = optarg;
            break;
        case 'm':
            o->metrics = optarg;
            break;
        case 't':
            o->telemetry = true;
            break;
        case 'l':
            o->slice = optarg;
            break;
        case 'i':
            o->flow_index = optarg;
            break;
        case 'C':
            if (!parse_cpus(o, optarg))
                return false;
            break;
        case 'u':
            o->user = optarg;
            break;
        case 'F':
            if (!rights_filter_option("avsd", optarg))
                return false;
            break;
        case 'j':
            avs_log_json(true);
            break;
        case 'V':
            printf("avsd %s, ABI %d.%d\n", AVS_VERSION, HSR_ABI_MAJOR, HSR_ABI_MINOR);
            exit(0);
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default:
            return false;
        }
    }
    return optind == argc;
}

/* What is the NIC's alone is right, or not there. */
static bool nic_ok(const struct avsd_options *o)
{
    struct nic_config config;

    if (o->nic != NULL && (o->slice != NULL || o->flow_index != NULL)) {
        fprintf(stderr, "avsd: %s is for the embedded NIC: give it to avs-nic\n",
                o->slice != NULL ? "--slice" : "--flow-index");
    } else if (o->slice != NULL && !nic_config_slice(&config, o->slice)) {
        fprintf(stderr, "avsd: --slice wants on, on:MICROSECONDS or off, not '%s'\n", o->slice);
    } else if (o->flow_index != NULL && !nic_config_flow_index(&config, o->flow_index)) {
        fprintf(stderr, "avsd: --flow-index wants a power of two, %u..%u, not '%s'\n",
                NIC_FLOW_INDEX_MIN, NIC_FLOW_INDEX_MAX, o->flow_index);
    } else {
        return true;
    }
    return false;
}

int main(int argc, char **argv)
{
    struct avsd_options o = {.socket = "/run/avs/avsd.sock"};

    if (!parse(argc, argv, &o)) {
        fputs("try avsd --help\n", stderr);
        return AVSD_USAGE;
    }
    if (!nic_ok(&o))
        return AVSD_USAGE;
    return avsd_main(&o);
}

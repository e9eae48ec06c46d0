/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nic/eal.h"
#include "replay.h"

static const char usage[] =
    "usage: avs-replay -c CONFIG -p PORT=IN.pcap [-p ...] -o DIR [options]\n"
    "\n"
    "Run captures through the NIC model and the firmware on a virtual clock; what each port sends "
    "goes to\n"
    "DIR/PORT.pcap. Needs no privilege, huge page or device. The same input gives the same "
    "output.\n"
    "\n"
    "  -c, --config FILE     configuration (YAML); its ports become captures\n"
    "  -p, --port PORT=FILE  frames this port receives\n"
    "  -o, --out DIR         where the captures of sent frames go (must exist)\n"
    "      --engine model    NIC engine; this build has the C model\n"
    "      --vector N        largest vector, 1..16 (default: as configured)\n"
    "      --workers N       workers (default: as configured)\n"
    "      --quantum NS      frames within NS of one another arrive in one burst (default 0: equal "
    "times only)\n"
    "      --slice WHAT      on, off (default): payloads stay in the NIC while the firmware has "
    "the "
    "headers; on:US:\n"
    "                        and are given up after US microseconds (default 100)\n"
    "      --worker-rate N   packets a second that each worker can do (default: as many as there "
    "are)\n"
    "      --patience NS     frames that were not fetched for NS are lost where they wait, and "
    "counted as missed\n"
    "      --rule RULE       a rule on the packets of a port, \"[@NS ]PORT ingress pattern ...\", "
    "as for "
    "avs-ctl flow create;\n"
    "                        with @NS it comes so long after the first frame; up to 64 times\n"
    "      --apply FILE      another configuration, \"[@NS ]FILE\", so long after the first "
    "frame;\n"
    "                        up to 64 times\n"
    "      --set-workers N   \"[@NS ]N\": so many workers from then on; up to 64 times\n"
    "      --meter METER     a meter for them, \"ID pps|bps RATE burst BURST\"\n"
    "      --slow            every packet walks the slow path\n"
    "      --no-flow-index   packets arrive without flow ids\n"
    "      --no-ageing       do not let the sessions expire at the end\n"
    "      --json            the report as JSON\n"
    "  -h, --help\n"
    "\n"
    "exit codes: 0 all accounted for, 1 conservation broken or something leaked, 2 usage, 3 "
    "configuration,\n"
    "            4 capture malformed or output not writable\n"
    "\n"
    "example: avs-replay -c docs/examples/two-tenants.yaml -p red-web=in.pcap -o /tmp/out\n";

enum {
    OPT_ENGINE = 256,
    OPT_VECTOR,
    OPT_WORKERS,
    OPT_QUANTUM,
    OPT_SLICE,
    OPT_WORKER_RATE,
    OPT_PATIENCE,
    OPT_RULE,
    OPT_APPLY,
    OPT_SET_WORKERS,
    OPT_METER,
    OPT_SLOW,
    OPT_NO_FIT,
    OPT_NO_AGEING,
    OPT_JSON
};

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"port", required_argument, NULL, 'p'},
    {"out", required_argument, NULL, 'o'},
    {"engine", required_argument, NULL, OPT_ENGINE},
    {"vector", required_argument, NULL, OPT_VECTOR},
    {"workers", required_argument, NULL, OPT_WORKERS},
    {"quantum", required_argument, NULL, OPT_QUANTUM},
    {"slice", required_argument, NULL, OPT_SLICE},
    {"worker-rate", required_argument, NULL, OPT_WORKER_RATE},
    {"patience", required_argument, NULL, OPT_PATIENCE},
    {"rule", required_argument, NULL, OPT_RULE},
    {"apply", required_argument, NULL, OPT_APPLY},
    {"set-workers", required_argument, NULL, OPT_SET_WORKERS},
    {"meter", required_argument, NULL, OPT_METER},
    {"slow", no_argument, NULL, OPT_SLOW},
    {"no-flow-index", no_argument, NULL, OPT_NO_FIT},
    {"no-ageing", no_argument, NULL, OPT_NO_AGEING},
    {"json", no_argument, NULL, OPT_JSON},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static bool number(const char *text, uint64_t lo, uint64_t hi, uint64_t *value)
{
    char *end;

    *value = strtoull(text, &end, 10);
    if (*text >= '0' && *text <= '9' && *end == '\0' && *value >= lo && *value <= hi)
        return true;
    fprintf(stderr, "avs-replay: '%s' is not a number from %llu to %llu\n", text,
            (unsigned long long)lo, (unsigned long long)hi);
    return false;
}

static bool add_input(struct replay_options *o, char *text)
{
    char *equals = strchr(text, '=');

    if (equals == NULL || o->inputs == REPLAY_INPUTS) {
        fprintf(stderr, "avs-replay: -p wants PORT=FILE, at most %d times, not '%s'\n",
                REPLAY_INPUTS, text);
        return false;
    }
    *equals = '\0';
    o->port[o->inputs] = text;
    o->file[o->inputs++] = equals + 1;
    return true;
}

static bool add_timed(struct replay_timed *list, const char *wants, const char *text)
{
    bool good = replay_timed_add(list, text);

    if (!good)
        fprintf(stderr, "avs-replay: %s, at most %d times, not '%s'\n", wants, REPLAY_TIMED, text);
    return good;
}

static bool take(struct replay_options *o, int option, char *value)
{
    uint64_t n = 0;
    bool good = true;

    switch (option) {
    case 'c':
        o->config = value;
        break;
    case 'o':
        o->out = value;
        break;
    case 'p':
        return add_input(o, value);
    case OPT_ENGINE:
        good = strcmp(value, "model") == 0;
        if (!good)
            fprintf(stderr, "avs-replay: engine '%s' is not in this build; there is: model\n",
                    value);
        break;
    case OPT_VECTOR:
        good = number(value, 1, HSR_MAX_VECTOR, &n);
        o->vector = (unsigned)n;
        break;
    case OPT_WORKERS:
        good = number(value, 1, HSR_MAX_WORKERS, &n);
        o->workers = (unsigned)n;
        break;
    case OPT_SLICE:
        good = nic_config_slice(&(struct nic_config){.slice = false}, value);
        if (!good)
            fprintf(stderr, "avs-replay: --slice wants on, on:MICROSECONDS or off, not '%s'\n",
                    value);
        o->slice = value;
        break;
    case OPT_QUANTUM:
        good = number(value, 0, 1000000000, &o->quantum_ns);
        break;
    case OPT_WORKER_RATE:
        good = number(value, 1, 100000000, &o->worker_rate);
        break;
    case OPT_PATIENCE:
        good = number(value, 1, 10000000000, &o->patience_ns);
        break;
    case OPT_RULE:
        return add_timed(&o->rules, "--rule wants \"[@NS ]PORT RULE\"", value);
    case OPT_APPLY:
        return add_timed(&o->applies, "--apply wants \"[@NS ]FILE\"", value);
    case OPT_SET_WORKERS:
        return add_timed(&o->sets, "--set-workers wants \"[@NS ]N\"", value) &&
               (replay_workers_ok(&o->sets) ||
                !fprintf(stderr, "avs-replay: not a number of workers: '%s'\n", value));
    case OPT_METER:
        good = o->meters < REPLAY_METERS;
        if (good)
            o->meter[o->meters++] = value;
        break;
    case OPT_SLOW:
        o->slow = true;
        break;
    case OPT_NO_FIT:
        o->no_flow_index = true;
        break;
    case OPT_NO_AGEING:
        o->no_ageing = true;
        break;
    case OPT_JSON:
        o->json = true;
        break;
    default:
        good = false;
    }
    return good;
}

int main(int argc, char **argv)
{
    struct replay_options o = {0};
    struct replay r = {.options = &o};
    struct cfg *cfg;
    char why[NIC_WHY];
    int option, rc;

    while ((option = getopt_long(argc, argv, "c:p:o:h", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return REPLAY_OK;
        }
        if (!take(&o, option, optarg)) {
            fputs("try avs-replay --help\n", stderr);
            return REPLAY_USAGE;
        }
    }
    if (o.config == NULL || o.out == NULL || optind != argc) {
        fputs("avs-replay: -c CONFIG and -o DIR are needed, and nothing else; try avs-replay "
              "--help\n",
              stderr);
        return REPLAY_USAGE;
    }
    if (nic_eal_init(NIC_EAL_PLAIN, why) < 0) {
        fprintf(stderr, "avs-replay: %s\n", why);
        return REPLAY_BROKEN;
    }
    r.workers = o.workers;
    rc = replay_load(&r, o.config, NULL, &cfg);
    if (rc == REPLAY_OK)
        rc = replay_run(&r, cfg);
    if (rc == REPLAY_OK)
        rc = replay_report(&r);
    replay_close(&r);
    return rc;
}

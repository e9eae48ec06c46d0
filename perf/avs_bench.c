/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "bench.h"
#include "number.h"

static const char usage[] =
    "usage: avs-bench [options]\n"
    "\n"
    "Packets per second of the whole path on one core: NIC model and firmware on one thread,\n"
    "as avsd runs them, between a source and a sink in memory. UDP, each flow once in random\n"
    "order, again and again.\n"
    "\n"
    "      --case NAME       forward (vNIC to vNIC, default), forward6 (over IPv6),\n"
    "                        vxlan (vNIC to another host's), vxlan-in (from there to a vNIC),\n"
    "                        snat (vNIC to outside by a shared address), overlay (the same inside "
    "VXLAN)\n"
    "                        or eip (outside to a vNIC's own address)\n"
    "      --flows N         1..4000000 (default 1000)\n"
    "      --train N         packets that a flow sends in a row, 1..64 (default 1)\n"
    "      --seconds S       measured time (default 2)\n"
    "      --warmup S        before that, once every session is open (default 0.5)\n"
    "      --count N         measure N packets instead, without a clock (for callgrind)\n"
    "      --cpu N           pin to this CPU\n"
    "      --size N          bytes of a frame without its FCS, 60..9018 (default 60); imix: seven\n"
    "                        of 64, four of 594, one of 1,518 with FCS, flow by flow; or an IMIX\n"
    "                        genome (RFC 6985): a 64, b 128, c 256, d 512, e 1,024, f 1,280,\n"
    "                        g 1,518, h 2,112, i 9,000, and A 594\n"
    "      --segments N      frames of N such packets as one, which are cut when they leave\n"
    "                        (USO), 1..44 (default: they come as they leave)\n"
    "      --slice WHAT      payloads stay in the NIC: on or off (default)\n"
    "      --vector N        largest vector, 1..16 (default 16)\n"
    "      --stages          also cycles a packet of each stage, measured afterwards\n"
    "      --flow-index N    entries of the NIC's flow index (default 65536)\n"
    "      --no-flow-index   packets arrive without flow ids\n"
    "      --idle-ports N    so many vNICs more, which never send, 0..1000 (default 0)\n"
    "      --slow            every packet walks the policy\n"
    "      --trials          at the rates that stdin asks for, a line \"PPS SECONDS\" each:\n"
    "                        frames that are not taken in time are lost (for NDR and PDR)\n"
    "      --queue N         frames that wait for the NIC in a trial, 64..1000000 (default 4096)\n"
    "      --generator       source and sink alone, nothing between them\n"
    "      --observe WAY     look on while it is measured: latency, capture-none, capture-some,\n"
    "                        trace, scrape\n"
    "      --capture FILE    write the frames as a capture and stop\n"
    "  -h, --help\n"
    "\n"
    "exit codes: 0 measured, 1 failed, or packets were lost, 2 usage\n"
    "\n"
    "example: avs-bench --case vxlan --flows 100000 --cpu 1 --stages\n";

enum {
    OPT_CASE = 256,
    OPT_FLOWS,
    OPT_TRAIN,
    OPT_SECONDS,
    OPT_WARMUP,
    OPT_COUNT,
    OPT_CPU,
    OPT_VECTOR,
    OPT_SIZE,
    OPT_SEGMENTS,
    OPT_SLICE,
    OPT_STAGES,
    OPT_NO_FIT,
    OPT_FIT,
    OPT_SLOW,
    OPT_CAPTURE,
    OPT_OBSERVE,
    OPT_IDLE,
    OPT_TRIALS,
    OPT_GENERATOR,
    OPT_QUEUE
};

static const struct option options[] = {
    {"case", required_argument, NULL, OPT_CASE},
    {"flows", required_argument, NULL, OPT_FLOWS},
    {"train", required_argument, NULL, OPT_TRAIN},
    {"seconds", required_argument, NULL, OPT_SECONDS},
    {"warmup", required_argument, NULL, OPT_WARMUP},
    {"count", required_argument, NULL, OPT_COUNT},
    {"cpu", required_argument, NULL, OPT_CPU},
    {"vector", required_argument, NULL, OPT_VECTOR},
    {"size", required_argument, NULL, OPT_SIZE},
    {"segments", required_argument, NULL, OPT_SEGMENTS},
    {"slice", required_argument, NULL, OPT_SLICE},
    {"stages", no_argument, NULL, OPT_STAGES},
    {"no-flow-index", no_argument, NULL, OPT_NO_FIT},
    {"flow-index", required_argument, NULL, OPT_FIT},
    {"slow", no_argument, NULL, OPT_SLOW},
    {"capture", required_argument, NULL, OPT_CAPTURE},
    {"observe", required_argument, NULL, OPT_OBSERVE},
    {"idle-ports", required_argument, NULL, OPT_IDLE},
    {"trials", no_argument, NULL, OPT_TRIALS},
    {"generator", no_argument, NULL, OPT_GENERATOR},
    {"queue", required_argument, NULL, OPT_QUEUE},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static bool take(void *to, int option, const char *value)
{
    struct bench_options *o = to;
    bool good = true;

    switch (option) {
    case OPT_CASE:
        o->what = bench_case(value);
        good = o->what != NULL;
        break;
    case OPT_FLOWS:
        good = bench_whole(value, 1, 4000000, &o->flows);
        break;
    case OPT_TRAIN:
        good = bench_whole(value, 1, 64, &o->train);
        break;
    case OPT_SECONDS:
        good = bench_number(value, 0.01, 3600, &o->seconds);
        break;
    case OPT_WARMUP:
        good = bench_number(value, 0, 3600, &o->warmup);
        break;
    case OPT_COUNT:
        good = bench_count(value, &o->count);
        break;
    case OPT_CPU:
        good = bench_cpu(value, &o->cpu);
        break;
    case OPT_VECTOR:
        good = bench_whole(value, 1, HSR_MAX_VECTOR, &o->vector);
        break;
    case OPT_SIZE:
        good = bench_sizes(value, &o->sizes);
        break;
    case OPT_SEGMENTS:
        good = bench_whole(value, 1, 44, &o->sizes.segments);
        break;
    case OPT_SLICE:
        o->slice = strcmp(value, "on") == 0;
        good = o->slice || strcmp(value, "off") == 0;
        if (!good)
            fprintf(stderr, "avs-bench: --slice wants on or off, not '%s'\n", value);
        break;
    case OPT_IDLE:
        good = bench_whole(value, 0, 1000, &o->idle);
        break;
    case OPT_QUEUE:
        good = bench_whole(value, 64, 1000000, &o->queue);
        break;
    case OPT_TRIALS:
        o->trials = true;
        break;
    case OPT_GENERATOR:
        o->generator = true;
        break;
    case OPT_STAGES:
        o->stages = true;
        break;
    case OPT_FIT:
        o->flow_entries = value;
        good = nic_config_flow_index(&(struct nic_config){.shared = false}, value);
        if (!good)
            fprintf(stderr, "avs-bench: --flow-index wants a power of two, %u..%u, not '%s'\n",
                    NIC_FLOW_INDEX_MIN, NIC_FLOW_INDEX_MAX, value);
        break;
    case OPT_NO_FIT:
        o->flow_index = false;
        break;
    case OPT_SLOW:
        o->fast_path = false;
        break;
    case OPT_CAPTURE:
        o->capture = value;
        break;
    case OPT_OBSERVE:
        o->observe = value;
        good = bench_observe_known(value);
        if (!good)
            fprintf(stderr, "avs-bench: there is no way '%s' to look on\n", value);
        break;
    default:
        good = false;
    }
    return good;
}

static int write_capture(const struct bench_options *o)
{
    struct nic_ring_frame *frames = bench_frames(o->what, o->flows, o->train, &o->sizes);
    bool good = frames != NULL && bench_capture(o->capture, frames, o->flows * o->train);

    bench_frames_free(frames);
    return good ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct bench_arguments arguments = {usage, options, take};
    struct bench_options o = bench_defaults("forward");
    struct bench b = {.options = &o};
    int rc = bench_arguments(&arguments, argc, argv, &o);

    if (rc != BENCH_GO_ON)
        return rc;
    if (!bench_sizes_fit(&o.sizes))
        return 2;
    if (o.sizes.segments != 0 && (o.what->vxlan || o.what->ipv6)) {
        fprintf(stderr, "avs-bench: --segments wants frames over IPv4 that come in no tunnel\n");
        return 2;
    }
    if (o.capture != NULL)
        return write_capture(&o);
    if (o.generator)
        return bench_generator(&o);
    rc = bench_open(&b);
    if (rc == 0 && o.trials) {
        rc = bench_trials(&b);
    } else if (rc == 0) {
        rc = bench_run(&b);
        rc = rc == 0 ? bench_report(&b) : rc;
    }
    bench_close(&b);
    return rc;
}

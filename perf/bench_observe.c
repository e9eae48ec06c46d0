/* SPDX-License-Identifier: Apache-2.0 */
/* What it costs to look on: one way of it at a time, over the same path. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "capture/area.h"

#define AREA \
    (8u << 20) /* bytes for captures; nobody reads them, what finds no room is only counted */
#define SOME       1000u  /* packets a second of a capture that matches */
#define TRACE      10000u /* and of a trace, with so many bytes of each: avs-ctl's own */
#define TRACE_SNAP 192u

/* A capture of all points as `way` says; true when the way is one. */
static bool capture_of(const char *way, struct ctl_capture *want)
{
    *want = (struct ctl_capture){
        .filter = "", .points = (1u << CAP_POINTS) - 1, .snap = CAP_SNAP_MAX, .rate = SOME};
    if (strcmp(way, "capture-none") == 0) {
        want->filter = "host 192.0.2.77";
        return true;
    }
    if (strcmp(way, "capture-some") == 0) {
        want->filter = "udp";
        return true;
    }
    if (strcmp(way, "trace") == 0) {
        want->rate = TRACE;
        want->snap = TRACE_SNAP;
        return true;
    }
    return false;
}

static int start_capture(struct bench *b, const struct ctl_capture *want)
{
    char why[CAP_WHY] = "";
    struct cap_area area;
    uint32_t id;
    bool nic = false;
    int rc = cap_area_create(&area, CAP_RINGS, AREA);

    if (rc == 0) {
        rc = fw_capture_start(b->fw, want, area.memfd, &id, &nic, why);
        cap_area_close(&area); /* theirs until they are closed */
    }
    if (rc < 0 || !nic) {
        fprintf(stderr, "%s: no capture: %s\n", program_invocation_short_name,
                rc < 0 ? why : "the NIC takes no part");
        return 1;
    }
    return 0;
}

bool bench_observe_known(const char *way)
{
    struct ctl_capture want;

    return strcmp(way, "latency") == 0 || strcmp(way, "scrape") == 0 || capture_of(way, &want);
}

int bench_observe(struct bench *b)
{
    const char *way = b->options->observe;
    struct ctl_capture want;

    if (way == NULL || strcmp(way, "scrape") == 0) /* by who counts packets */
        return 0;
    if (capture_of(way, &want))
        return start_capture(b, &want);
    return fw_latency_set(b->fw, true) < 0;
}

void bench_scrape(struct bench *b)
{
    if (b->options->observe != NULL && strcmp(b->options->observe, "scrape") == 0)
        json_decref(fw_snapshot(b->fw));
}

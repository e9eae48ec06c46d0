/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A route changes under all sessions while packets of all of them come, each as often as any other: packets over CPU time.
 * What is lost is said as time: so many seconds of the throughput from before.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "flows.h"
#include "order.h"

#define BIN_NS   UINT64_C(10000000)
#define BINS     1000u
#define BEFORE   50u  /* bins until the route changes */
#define AFTER    100u /* and for which it must have been as before, at the end */
#define BIN_TURN 8    /* turns between two looks at the clock */

struct refresh {
    struct flows flows;
    const struct sessions_options *o;
    uint32_t packets[BINS]; /* sent in each bin */
    uint32_t bins;
    uint64_t apply_ns; /* of the control thread, which is another core's in avsd */
    uint64_t settled;  /* bin in which all sessions followed */
};

static void one_bin(struct refresh *r)
{
    uint64_t sent = flows_sent(&r->flows), end = bench_cpu_ns() + BIN_NS;

    do {
        for (unsigned i = 0; i < BIN_TURN; i++)
            flows_turn(&r->flows);
    } while (bench_cpu_ns() < end);
    r->packets[r->bins++] = (uint32_t)(flows_sent(&r->flows) - sent);
}

static bool change(struct refresh *r)
{
    char *text = flows_text(r->o->sessions, FLOWS_VTEP_AFTER);
    struct cfg *cfg = text != NULL ? bench_configuration(text) : NULL;
    struct cfg_error error = {.line = 0};
    uint64_t begin = bench_cpu_ns();
    bool good = cfg != NULL && fw_apply(r->flows.world.fw, cfg, &error) == 0;

    r->apply_ns = bench_cpu_ns() - begin;
    if (cfg != NULL && !good)
        fprintf(stderr, "avs-bench-sessions: %s: %s\n", error.path, error.text);
    free(text);
    return good;
}

/* Packets of a bin before the change. */
static double usual(const struct refresh *r)
{
    const unsigned middle = BEFORE / 2;
    uint32_t sorted[BEFORE];

    for (unsigned i = 0; i < BEFORE; i++)
        sorted[i] = r->packets[i];
    qsort(sorted, BEFORE, sizeof *sorted, bench_by_u32);
    return sorted[middle];
}

static json_t *series(const struct refresh *r)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < r->bins; i++)
        json_array_append_new(list, json_pack("[f, f]", ((double)i - BEFORE) * BIN_NS / 1e9,
                                              r->packets[i] * (1e9 / BIN_NS)));
    return list;
}

static int report(const struct refresh *r, uint64_t revalidated)
{
    double base = usual(r), lost = 0, least = base;
    uint64_t drops = fw_balance_total(r->flows.world.fw).drops;
    bool ok = drops == 0 && revalidated >= r->o->sessions && r->settled != 0;

    for (uint32_t i = BEFORE; i < r->bins; i++) {
        lost += (1 - r->packets[i] / base) * BIN_NS / 1e9;
        least = r->packets[i] < least ? r->packets[i] : least;
    }
    json_t *o = json_pack(
        "{s:s, s:i, s:f, s:f, s:f, s:f, s:f, s:I, s:i, s:o, s:b}", "case", "refresh", "sessions",
        (int)r->o->sessions, "pps_core", base * 1e9 / BIN_NS, "lost_seconds", lost, "deepest",
        1 - least / base, "settled_seconds", (double)(r->settled - BEFORE) * BIN_NS / 1e9,
        "apply_ms", (double)r->apply_ns / 1e6, "revalidated", (json_int_t)revalidated, "drops",
        (int)drops, "series", series(r), "ok", ok);

    json_dumpf(o, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(8));
    putchar('\n');
    json_decref(o);
    return ok ? 0 : 1;
}

static int measure(struct refresh *r)
{
    uint64_t before;

    if (!flows_load(&r->flows, 1, r->o->sessions, true))
        return 1;
    flows_send(&r->flows, 2 * (uint64_t)r->o->sessions);
    before = dp_counters(r->flows.worker)->revalidated;
    while (r->bins < BEFORE)
        one_bin(r);
    if (!change(r))
        return 1;
    while (r->bins < BINS && (r->settled == 0 || r->bins < r->settled + AFTER)) {
        one_bin(r);
        if (r->settled == 0 && fw_unsettled(r->flows.world.fw) == 0)
            r->settled = r->bins;
    }
    fw_sync(r->flows.world.fw);
    return report(r, dp_counters(r->flows.worker)->revalidated - before);
}

int refresh_run(const struct sessions_options *o)
{
    static struct refresh r;
    int rc;

    r.o = o;
    rc = flows_open(&r.flows, o);
    if (rc == 0)
        rc = measure(&r);
    flows_close(&r.flows);
    return rc;
}

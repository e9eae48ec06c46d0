/* SPDX-License-Identifier: Apache-2.0 */
/* The result as JSON or as a table. */
#include <math.h>
#include <stdio.h>

#include "latency.h"

static const struct {
    const char *name;
    double share;
} quantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}, {"max", 1}};

#define QUANTILES (sizeof quantiles / sizeof quantiles[0])

/* The least time that so large a share of the frames did not exceed, ns; they are sorted. */
static double quantile(const struct lat_result *r, double share)
{
    uint64_t at = (uint64_t)ceil(share * (double)r->delivered);

    return r->delivered == 0 ? 0 : (double)r->sample[at > 0 ? at - 1 : 0] / (double)LAT_PS_PER_NS;
}

static double mean(const struct lat_result *r)
{
    double sum = 0;

    for (uint64_t i = 0; i < r->delivered; i++)
        sum += (double)r->sample[i];
    return sum / (double)LAT_PS_PER_NS / (double)(r->delivered ? r->delivered : 1);
}

static double burst(const struct lat_result *r)
{
    return (double)r->delivered / (double)(r->busy_turns ? r->busy_turns : 1);
}

bool lat_is_right(const struct lat_report *r)
{
    bool right = r->drops == 0;

    for (uint32_t i = 0; i < r->o->loads; i++)
        right = right && r->embedded[i].right && r->hardware[i].right &&
                (!r->o->live || r->live[i].right);
    return right;
}

static void set_real(json_t *o, const char *key, double value)
{
    json_object_set_new(o, key, json_real(value));
}

static void set_count(json_t *o, const char *key, uint64_t value)
{
    json_object_set_new(o, key, json_integer((json_int_t)value));
}

static json_t *load_json(const struct lat_result *r, bool live)
{
    json_t *o = json_object();

    set_real(o, "load", r->load);
    set_real(o, "pps", r->rate);
    set_count(o, "offered", r->offered);
    set_count(o, "delivered", r->delivered);
    set_count(o, "lost", r->lost);
    for (unsigned i = 0; i < QUANTILES; i++) {
        char key[16];

        snprintf(key, sizeof key, "%s_ns", quantiles[i].name);
        set_real(o, key, quantile(r, quantiles[i].share));
    }
    set_real(o, "mean_ns", mean(r));
    set_real(o, "mean_burst", burst(r));
    set_count(o, "turns", r->turns);
    set_count(o, "longest_queue", r->longest);
    set_real(o, "seconds", (double)r->ps / (double)LAT_PS_PER_S);
    if (live) {
        set_count(o, "steal_ms", r->steal_ms);
        set_count(o, "away_ms", r->away_ms);
    }
    return o;
}

static json_t *loads_json(const struct lat_report *r, const struct lat_result *result, bool live)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < r->o->loads; i++)
        json_array_append_new(list, load_json(&result[i], live));
    return list;
}

static json_t *way_json(double capacity, json_t *loads)
{
    json_t *o = json_object();

    set_real(o, "capacity_pps", capacity);
    json_object_set_new(o, "loads", loads);
    return o;
}

static void print_json(const struct lat_report *r)
{
    json_t *o = json_object(), *hardware;

    json_object_set_new(o, "case", json_string(r->o->bench.what->name));
    set_count(o, "flows", r->o->bench.flows);
    json_object_set_new(o, "arrivals", json_string(lat_pattern_name(r->o->arrivals.pattern)));
    set_count(o, "seed", r->o->seed);
    json_object_set_new(o, "costs", json_string(r->o->costs ? "loaded" : "measured"));
    set_real(o, "full_turn_ns", LAT_NIC_BURST * 1e9 / r->capacity[0]);
    if (r->turn_ns > 0)
        set_real(o, "full_turn_measured_ns", r->turn_ns);
    json_object_set_new(o, "embedded", way_json(r->capacity[0], loads_json(r, r->embedded, false)));
    hardware = way_json(r->capacity[1], loads_json(r, r->hardware, false));
    set_real(hardware, "pipeline_in_ns", (double)r->o->pipeline.in_ps / (double)LAT_PS_PER_NS);
    set_real(hardware, "pipeline_out_ns", (double)r->o->pipeline.out_ps / (double)LAT_PS_PER_NS);
    json_object_set_new(o, "hardware", hardware);
    if (r->o->live)
        json_object_set_new(o, "live", way_json(r->capacity[0], loads_json(r, r->live, true)));
    set_count(o, "drops", r->drops);
    json_object_set_new(o, "ok", json_boolean(lat_is_right(r)));
    json_dumpf(o, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(o);
}

static void print_loads(const struct lat_report *r, const struct lat_result *result, bool live)
{
    printf(
        "  load %%      Mpps    burst       p50       p90       p99     p99.9       max  lost%s\n",
        live ? "  steal ms  away ms" : "");
    for (uint32_t i = 0; i < r->o->loads; i++) {
        const struct lat_result *one = &result[i];

        printf("  %6.1f  %8.3f  %7.2f", 100 * one->load, one->rate / 1e6, burst(one));
        for (unsigned k = 0; k < QUANTILES; k++)
            printf("  %8.3f", quantile(one, quantiles[k].share) / 1e3);
        printf("  %llu", (unsigned long long)one->lost);
        if (live)
            printf("  %llu  %llu", (unsigned long long)one->steal_ms,
                   (unsigned long long)one->away_ms);
        putchar('\n');
    }
}

static void print_text(const struct lat_report *r)
{
    const struct lat_options *o = r->o;

    printf("%s, %u flows, %s arrivals, latency in us\n", o->bench.what->name, o->bench.flows,
           lat_pattern_name(o->arrivals.pattern));
    printf("virtual clock, NIC model and firmware on one core; full at %.2f Mpps\n",
           r->capacity[0] / 1e6);
    print_loads(r, r->embedded, false);
    printf(
        "virtual clock, the NIC is hardware that takes %.0f ns before the ring and %.0f ns behind "
        "it; a core is full at %.2f Mpps\n",
        (double)o->pipeline.in_ps / (double)LAT_PS_PER_NS,
        (double)o->pipeline.out_ps / (double)LAT_PS_PER_NS, r->capacity[1] / 1e6);
    print_loads(r, r->hardware, false);
    if (o->live) {
        puts("real clock, NIC model and firmware on one core, with whoever else used it");
        print_loads(r, r->live, true);
    }
    if (r->turn_ns > 0)
        printf("a full turn takes %.0f ns by the table, %.0f ns measured as a whole\n",
               LAT_NIC_BURST * 1e9 / r->capacity[0], r->turn_ns);
    if (!lat_is_right(r))
        puts("NOT RIGHT: frames were lost or counted twice in the path");
}

void lat_print(const struct lat_report *r)
{
    if (r->o->json)
        print_json(r);
    else
        print_text(r);
}

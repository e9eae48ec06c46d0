/* SPDX-License-Identifier: Apache-2.0 */
/* The result as JSON. */
#include <stdio.h>

#include "bench.h"
#include "bench_world.h"

static const char *const stage_name[BENCH_STAGES] = {"post", "pre", "ring", "firmware"};

static void set_count(json_t *o, const char *key, uint64_t value)
{
    json_object_set_new(o, key, json_integer((json_int_t)value));
}

static json_t *matches(const struct bench *b)
{
    json_t *o = json_object();

    set_count(o, "vectors", b->counters.vectors);
    set_count(o, "by_flow_id", b->counters.hits_flow_id);
    set_count(o, "by_table", b->counters.hits_table);
    set_count(o, "slow", b->counters.slow);
    set_count(o, "flow_index_inserts", b->counters.fit_inserts);
    set_count(o, "flow_index_hits", b->gauges[HSR_GAUGE_FIT_HITS]);
    set_count(o, "flow_index_misses", b->gauges[HSR_GAUGE_FIT_MISSES]);
    return o;
}

static json_t *vector_lengths(const struct bench *b)
{
    json_t *list = json_array();

    for (unsigned n = 0; n < HSR_MAX_VECTOR; n++)
        json_array_append_new(list, json_integer((json_int_t)b->gauges[HSR_GAUGE_VECTORS_1 + n]));
    return list;
}

static json_t *stages(const struct bench *b)
{
    json_t *o = json_object();

    for (unsigned s = 0; s < BENCH_STAGES; s++) {
        json_object_set_new(o, stage_name[s],
                            json_real((double)b->stage_cycles[s] /
                                      (double)(b->stage_packets ? b->stage_packets : 1)));
    }
    return o;
}

static double mean_size(const struct bench_options *o)
{
    double bytes = 0;

    for (uint32_t i = 0; i < o->flows; i++)
        bytes += o->sizes.frame[i % o->sizes.n];
    return bytes / o->flows;
}

int bench_report(struct bench *b)
{
    bool ok = b->packets > 0 && b->drops == 0;
    double hz = bench_cycle_rate();
    double bytes = mean_size(b->options);
    json_t *o = json_object();

    json_object_set_new(o, "case", json_string(b->options->what->name));
    set_count(o, "flows", b->options->flows);
    json_object_set_new(o, "size", json_real(bytes));
    set_count(o, "train", b->options->train);
    set_count(o, "segments", b->options->sizes.segments);
    set_count(o, "vector", b->options->vector);
    json_object_set_new(o, "slice", json_boolean(b->options->slice));
    set_count(o, "packets", b->packets);
    json_object_set_new(o, "seconds", json_real(b->seconds));
    json_object_set_new(o, "cpu_seconds", json_real(b->cpu_seconds));
    json_object_set_new(o, "pps", json_real((double)b->packets / b->seconds));
    json_object_set_new(o, "pps_core", json_real((double)b->packets / b->cpu_seconds));
    json_object_set_new(o, "gbps_core",
                        json_real((double)b->packets / b->cpu_seconds * bytes * 8 / 1e9));
    json_object_set_new(o, "cycle_hz", json_real(hz));
    json_object_set_new(o, "cycles_per_packet",
                        json_real(hz * b->cpu_seconds / (double)(b->packets ? b->packets : 1)));
    if (b->options->stages)
        json_object_set_new(o, "stage_cycles_per_packet", stages(b));
    json_object_set_new(o, "match", matches(b));
    set_count(o, "sliced", b->gauges[HSR_GAUGE_SLICED]);
    set_count(o, "bytes_to_fw", b->gauges[HSR_GAUGE_BYTES_TO_FW]);
    set_count(o, "bytes_from_fw", b->gauges[HSR_GAUGE_BYTES_FROM_FW]);
    json_object_set_new(o, "vector_lengths", vector_lengths(b));
    set_count(o, "drops", b->drops);
    set_count(o, "steal_ms", b->steal_ms);
    json_object_set_new(o, "ok", json_boolean(ok));
    json_dumpf(o, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(8));
    putchar('\n');
    json_decref(o);
    return ok ? 0 : 1;
}

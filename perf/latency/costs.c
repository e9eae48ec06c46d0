/* SPDX-License-Identifier: Apache-2.0 */
/* The table of costs: as a file, drawn from, summed up. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "latency.h"

#define MOST_NS 1e9 /* that a step may take */

/* The rows of a table, each with its name. */
struct part {
    const char *name;
    size_t offset;
    uint32_t rows;
};

static const struct part parts[] = {
    {"clock", offsetof(struct lat_costs, clock), 1},
    {"publish", offsetof(struct lat_costs, publish), 1},
    {"post", offsetof(struct lat_costs, post), LAT_NIC_BURST + 1},
    {"pre", offsetof(struct lat_costs, pre), LAT_NIC_BURST + 1},
    {"ring", offsetof(struct lat_costs, ring), LAT_NIC_BURST + 1},
    {"firmware", offsetof(struct lat_costs, firmware), LAT_FW_BURST + 1},
};

#define PARTS (sizeof parts / sizeof parts[0])

static const struct lat_cost *rows_of(const struct lat_costs *c, const struct part *part)
{
    return (const struct lat_cost *)(const void *)((const char *)c + part->offset);
}

uint64_t lat_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15); /* SplitMix64 */

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

uint64_t lat_cost_draw(const struct lat_cost *c, uint64_t *state)
{
    return c->ps[lat_random(state) % c->draws];
}

double lat_cost_mean(const struct lat_cost *c)
{
    double sum = 0;

    for (uint32_t i = 0; i < c->draws; i++)
        sum += (double)c->ps[i];
    return sum / c->draws;
}

double lat_capacity(const struct lat_costs *c, bool hardware)
{
    double turn = lat_cost_mean(&c->clock);
    uint32_t n = hardware ? LAT_FW_BURST : LAT_NIC_BURST;

    turn += lat_cost_mean(&c->firmware[n]);
    if (!hardware) {
        turn += lat_cost_mean(&c->post[n]) + lat_cost_mean(&c->pre[n]) + lat_cost_mean(&c->ring[n]);
    }
    return n * (double)LAT_PS_PER_S / turn;
}

static json_t *row_json(const struct lat_cost *row)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < row->draws; i++)
        json_array_append_new(list, json_real((double)row->ps[i] / (double)LAT_PS_PER_NS));
    return list;
}

bool lat_costs_save(const struct lat_costs *c, const char *path)
{
    json_t *o = json_object();
    bool good;

    for (unsigned i = 0; i < PARTS; i++) {
        json_t *list = json_array();

        for (uint32_t n = 0; n < parts[i].rows; n++)
            json_array_append_new(list, row_json(&rows_of(c, &parts[i])[n]));
        json_object_set_new(o, parts[i].name, list);
    }
    good =
        json_dump_file(o, path, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(8)) == 0;
    json_decref(o);
    if (!good)
        fprintf(stderr, "avs-bench-latency: cannot write %s\n", path);
    return good;
}

static bool row_read(struct lat_cost *row, const json_t *list)
{
    size_t n = json_array_size(list);

    if (n < 1 || n > LAT_DRAWS)
        return false;
    row->draws = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        double ns = json_number_value(json_array_get(list, i));

        if (!json_is_number(json_array_get(list, i)) || !(ns >= 0 && ns <= MOST_NS))
            return false;
        row->ps[i] = (uint64_t)llround(ns * (double)LAT_PS_PER_NS);
    }
    return true;
}

static bool part_read(struct lat_costs *c, const struct part *part, const json_t *table)
{
    struct lat_cost *row = (struct lat_cost *)(void *)((char *)c + part->offset);
    const json_t *list = json_object_get(table, part->name);

    for (uint32_t n = 0; n < part->rows; n++) {
        if (json_array_size(list) != part->rows || !row_read(&row[n], json_array_get(list, n))) {
            fprintf(stderr,
                    "avs-bench-latency: a table of costs has %u rows '%s', for 0, 1, 2.. packets, "
                    "each a list of 1..%u times in ns of at most 1e9\n",
                    part->rows, part->name, LAT_DRAWS);
            return false;
        }
    }
    return true;
}

bool lat_costs_load(struct lat_costs *c, const char *path)
{
    json_error_t error;
    json_t *table = json_load_file(path, 0, &error);
    bool good = table != NULL;

    if (!good)
        fprintf(stderr, "avs-bench-latency: %s: line %d: %s\n", path, error.line, error.text);
    for (unsigned i = 0; good && i < PARTS; i++)
        good = part_read(c, &parts[i], table);
    if (good && (c->clock.ps[0] == 0 || lat_cost_mean(&c->clock) <= 0)) {
        fprintf(stderr,
                "avs-bench-latency: %s: a turn that takes no time at all never ends; 'clock' must "
                "be more than 0\n",
                path);
        good = false;
    }
    json_decref(table);
    return good;
}

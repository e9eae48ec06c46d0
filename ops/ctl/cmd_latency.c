/* SPDX-License-Identifier: Apache-2.0 */
/* How long packets take, by stage. */
#include <stdio.h>
#include <string.h>

#include "ctl.h"

/* The picture: five columns a decade from 100 ns on, as its heading says. */
#define SCALE   "|.1us|1us |10us|.1ms|1ms |10ms|.1s "
#define COLUMNS ((int)sizeof(SCALE) - 1)
#define STEP    1.58489319 /* 10^(1/5): of a column */

static const struct {
    const char *stage, *what;
} stages[] = {
    {"to_ring", "reception > rx ring"}, {"to_worker", "reception > worker"},
    {"fast", "worker, sessions known"}, {"slow", "worker, slow path"},
    {"tx_ring", "tx ring > NIC"},       {"with_worker", "rx ring > NIC again"},
    {"whole", "reception > port"},
};

static const char *what_of(const char *stage)
{
    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
        if (strcmp(stages[i].stage, stage) == 0) {
            return stages[i].what;
        }
    }
    return "";
}

static json_t *microseconds(json_int_t ns)
{
    return json_sprintf("%.1f", (double)ns / 1000);
}

static int column_of(json_int_t ns)
{
    double end = 100 * STEP;
    int column = 0;

    while (column + 1 < COLUMNS && (double)ns >= end) {
        end *= STEP;
        column++;
    }
    return column;
}

/* From the median on to the largest: # to p90, = to p99, - to p99.9, and dots. */
static json_t *picture(const json_t *stage)
{
    static const struct {
        const char *from, *to;
        char mark;
    } part[] = {{"p999_ns", "max_ns", '.'},
                {"p99_ns", "p999_ns", '-'},
                {"p90_ns", "p99_ns", '='},
                {"p50_ns", "p90_ns", '#'}};
    char text[COLUMNS + 1];

    memset(text, ' ', COLUMNS);
    text[COLUMNS] = 0;
    for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
        for (int c = column_of(member(stage, part[i].from));
             c <= column_of(member(stage, part[i].to)); c++) {
            text[c] = part[i].mark;
        }
    }
    return json_string(text);
}

static json_t *row_of(const json_t *stage)
{
    static const struct {
        const char *column, *name;
    } time[] = {{"p50", "p50_ns"},
                {"p90", "p90_ns"},
                {"p99", "p99_ns"},
                {"p99.9", "p999_ns"},
                {"max us", "max_ns"}};
    json_t *row = json_object();

    json_object_set(row, "stage", json_object_get(stage, "stage"));
    json_object_set_new(row, "what", json_string(what_of(text_of(stage, "stage"))));
    json_object_set(row, "packets", json_object_get(stage, "count"));
    if (member(stage, "count") == 0) {
        return row;
    }
    for (size_t i = 0; i < sizeof(time) / sizeof(time[0]); i++) {
        json_object_set_new(row, time[i].column, microseconds(member(stage, time[i].name)));
    }
    json_object_set_new(row, SCALE, picture(stage));
    return row;
}

static void print_stages(const json_t *stages_list)
{
    static const char *const columns[] = {"stage", "what",  "packets", "p50", "p90",
                                          "p99",   "p99.9", "max us",  SCALE, NULL};
    json_t *rows = json_array();
    const json_t *stage;
    size_t i;

    json_array_foreach (stages_list, i, stage) {
        json_array_append_new(rows, row_of(stage));
    }
    print_table(rows, columns);
    json_decref(rows);
}

static void print_latency(const struct ctl *ctl, const json_t *result)
{
    const json_t *workers = json_object_get(result, "workers"), *worker;
    size_t i;

    if (json_array_size(workers) == 0) {
        puts("nothing has been measured: avs-ctl latency on");
        return;
    }
    print_stages(json_object_get(result, "stages"));
    if (option_value(ctl, "workers")) {
        json_array_foreach (workers, i, worker) {
            printf("\nworker %lld\n", (long long)member(worker, "worker"));
            print_stages(json_object_get(worker, "stages"));
        }
    }
    if (!json_is_true(json_object_get(result, "on"))) {
        puts("\noff: nothing is measured now");
    }
    if (!json_is_true(json_object_get(result, "nic"))) {
        puts("\nthe NIC does not measure: its stages are missing");
    }
}

static int latency_round(struct ctl *ctl, json_t **memory)
{
    (void)memory;
    return ask(ctl, "latency.get", NULL, print_latency);
}

int cmd_latency(struct ctl *ctl)
{
    const char *word = ctl->words > 0 ? ctl->word[0] : "show";

    if (strcmp(word, "show") == 0) {
        return watch(ctl, latency_round);
    }
    if (strcmp(word, "on") == 0 || strcmp(word, "off") == 0) {
        return ask(ctl, "latency.set", json_pack("{s:b}", "on", strcmp(word, "on") == 0), NULL);
    }
    if (strcmp(word, "reset") == 0) {
        return ask(ctl, "latency.reset", NULL, NULL);
    }
    return fail(ctl, EXIT_USAGE, "EINVAL", "avs-ctl latency [show|on|off|reset]",
                "'%s' is none of show, on, off, reset", word);
}

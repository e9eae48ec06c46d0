/* SPDX-License-Identifier: Apache-2.0 */
/* How many workers packets go to, and what each of them does. */
#include <stdio.h>
#include <stdlib.h>

#include "ctl.h"

#define RETA_ENTRIES 256

/* Of this option as text: a number and nothing else. */
static bool read_number(const char *text, long *number)
{
    char *end;

    *number = strtol(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end;
}

int cmd_workers_set(struct ctl *ctl)
{
    int code = EXIT_FAILED;
    bool dry_run = option_value(ctl, "dry-run") != NULL;
    long number;

    if (!read_number(ctl->word[0], &number)) {
        return fail(ctl, EXIT_USAGE, "EINVAL", "avs-ctl workers set 2", "'%s' is no number",
                    ctl->word[0]);
    }
    json_t *result =
        request(ctl, "workers.set",
                json_pack("{s:I, s:b}", "workers", (json_int_t)number, "dry_run", dry_run), &code);
    if (!result) {
        return code;
    }
    print_changes(ctl, result, dry_run);
    json_decref(result);
    return EXIT_OK;
}

/* A row of `workers list`: what is of all that `stats` has of a worker. */
static json_t *brief(const json_t *worker)
{
    static const char *const members[] = {"worker", "state", "sessions", "packets",
                                          "cycles_per_packet"};
    json_int_t entries = member(worker, "reta_entries");
    json_t *row = json_object();

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        json_object_set(row, members[i], json_object_get(worker, members[i]));
        if (i == 1) {
            json_object_set_new(row, "reta",
                                json_sprintf("%lld (%lld%%)", (long long)entries,
                                             (long long)(entries * 100 / RETA_ENTRIES)));
        }
    }
    json_object_set_new(row, "busy",
                        json_sprintf("%lld%%", 100 - (long long)member(worker, "idle_percent")));
    return row;
}

int cmd_workers_list(struct ctl *ctl)
{
    int code = EXIT_FAILED;
    json_t *workers = rows_of(ctl, "stats.get", NULL, "workers", &code), *worker;
    json_t *rows = json_array();
    size_t i;

    if (!workers) {
        json_decref(rows);
        return code;
    }
    if (ctl->json) {
        json_decref(rows);
        return show_table(ctl, workers, NULL);
    }
    json_array_foreach (workers, i, worker) {
        json_array_append_new(rows, brief(worker));
    }
    json_decref(workers);
    return show_table(ctl, rows, NULL);
}

/* Its rows of the tables, without the column that says so. */
static json_t *tables_of(const json_t *stats, json_int_t worker)
{
    json_t *rows = json_array(), *table;
    size_t i;

    json_array_foreach (json_object_get(stats, "tables"), i, table) {
        if (json_object_get(table, "worker") && member(table, "worker") == worker) {
            json_t *row = json_copy(table);

            json_object_del(row, "worker");
            json_array_append_new(rows, row);
        }
    }
    return rows;
}

int cmd_workers_show(struct ctl *ctl)
{
    int code = EXIT_FAILED;
    long number;

    if (!read_number(ctl->word[0], &number)) {
        return fail(ctl, EXIT_USAGE, "EINVAL", "avs-ctl workers show 0", "'%s' is no number",
                    ctl->word[0]);
    }
    json_t *stats = request(ctl, "stats.get", NULL, &code), *worker, *found = NULL;
    size_t i;

    if (!stats) {
        return code;
    }
    json_array_foreach (json_object_get(stats, "workers"), i, worker) {
        if (member(worker, "worker") == number) {
            found = worker;
        }
    }
    if (!found) {
        json_decref(stats);
        return fail(ctl, EXIT_NOT_FOUND, "ENOENT", "avs-ctl workers list shows what there is",
                    "no worker %ld", number);
    }
    json_object_set_new(found, "tables", tables_of(stats, number));
    json_incref(found);
    json_decref(stats);
    return show_record(ctl, found);
}

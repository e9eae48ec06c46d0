/* SPDX-License-Identifier: Apache-2.0 */
/* Who is busy, and what is nearly full: ports, workers, sessions and tables, on one screen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

#define FULLEST 5 /* tables shown */

/* The round before, and the seconds since; in the first round NULL and 0: all counts since the start. */
struct past {
    const json_t *stats;
    double seconds;
};

/* --- rows in the order of a number that is not shown -------------------------------------------------------------- */

#define RANK "rank"

static int compare(const void *a, const void *b)
{
    const json_t *const *x = a, *const *y = b;
    json_int_t p = member(*x, RANK), q = member(*y, RANK);

    if (p != q) {
        return p < q ? 1 : -1;
    }
    const char *m = json_string_value(json_object_get(*x, "port"));
    const char *n = json_string_value(json_object_get(*y, "port"));
    return strcmp(m ? m : "", n ? n : "");
}

/* The first `most` rows. */
static void print_ranked(const json_t *rows, size_t most)
{
    size_t n = json_array_size(rows);
    json_t **row = calloc(n + 1, sizeof(json_t *)), *sorted = json_array();

    for (size_t i = 0; row && i < n; i++) {
        row[i] = json_array_get(rows, i);
    }
    if (row) {
        qsort(row, n, sizeof(json_t *), compare);
    }
    for (size_t i = 0; row && i < n && i < most; i++) {
        json_object_del(row[i], RANK);
        json_array_append(sorted, row[i]);
    }
    print_table(sorted, NULL);
    json_decref(sorted);
    free(row);
}

/* --- cells ---------------------------------------------------------------------------------------------------------- */

/* Numbers as people read them: 12.3k, 4.5M. */
static json_t *short_number(json_int_t value)
{
    static const char unit[] = {' ', 'k', 'M', 'G', 'T', 'P'};
    double v = (double)value;
    size_t u = 0;
    char text[32];

    while (v >= 9999.5 && u + 1 < sizeof(unit)) {
        v /= 1000;
        u++;
    }
    snprintf(text, sizeof(text), u ? "%.1f%c" : "%.0f", v, unit[u]);
    return json_string(text);
}

/* A count, or from the second round on its rate, under its name. */
static json_int_t put_rate(json_t *row, const char *name, json_int_t count, json_int_t a_second,
                           const struct past *past)
{
    bool rates = past->seconds > 0;
    char column[48];

    snprintf(column, sizeof(column), "%s%s", name, rates ? "/s" : "");
    json_object_set_new(row, column, short_number(rates ? a_second : count));
    return rates ? a_second : count;
}

static json_int_t put_member(json_t *row, const json_t *from, const json_t *before,
                             const char *name, const struct past *past)
{
    return put_rate(row, name, member(from, name), rate(from, before, name, past->seconds), past);
}

/* What a member grew by since the round before. */
static double grown(const json_t *now, const json_t *before, const char *name)
{
    double since = (double)(member(now, name) - member(before, name));

    return since > 0 ? since : 0;
}

static void put_ratio(json_t *row, const char *name, double over, double under, const char *format)
{
    char text[32] = "";

    if (under > 0) {
        snprintf(text, sizeof(text), format, over / under);
    }
    json_object_set_new(row, name, json_string(text));
}

/* --- tables --------------------------------------------------------------------------------------------------------- */

static void print_ports(const json_t *stats, const struct past *past)
{
    static const char *const key[] = {"name", NULL};
    static const char *const names[] = {"rx_packets", "rx_bytes", "tx_packets", "tx_bytes",
                                        "drops"};
    json_t *rows = json_array(), *port;
    size_t i;

    json_array_foreach (json_object_get(stats, "ports"), i, port) {
        const json_t *before = row_like(json_object_get(past->stats, "ports"), port, key);
        json_t *row = json_object();
        json_int_t bytes = 0;

        json_object_set(row, "port", json_object_get(port, "name"));
        for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
            json_int_t value = put_member(row, port, before, names[n], past);

            bytes += strstr(names[n], "bytes") ? value : 0;
        }
        if (json_object_get(port, "sessions")) {
            json_object_set_new(row, "sessions", short_number(member(port, "sessions")));
        }
        json_object_set_new(row, RANK, json_integer(bytes));
        json_array_append_new(rows, row);
    }
    print_ranked(rows, json_array_size(rows));
    json_decref(rows);
}

static void print_workers(const json_t *stats, const struct past *past)
{
    static const char *const key[] = {"worker", NULL};
    json_t *rows = json_array(), *worker;
    size_t i;

    json_array_foreach (json_object_get(stats, "workers"), i, worker) {
        const json_t *before = row_like(json_object_get(past->stats, "workers"), worker, key);
        double packets = grown(worker, before, "packets"),
               vectors = grown(worker, before, "vectors");
        json_t *row = json_object();

        json_object_set(row, "worker", json_object_get(worker, "worker"));
        put_member(row, worker, before, "packets", past);
        put_ratio(row, "per_vector", packets, vectors, "%.1f");
        put_ratio(row, "by_flow_id", 100 * grown(worker, before, "hits_flow_id"), vectors,
                  "%.0f%%");
        put_ratio(row, "cycles_per_packet", grown(worker, before, "busy_cycles"), packets, "%.0f");
        if (past->seconds > 0) {
            put_ratio(row, "busy", 100 * grown(worker, before, "busy_ns"), past->seconds * 1e9,
                      "%.1f%%");
        } else {
            put_ratio(row, "busy", 100 - (double)member(worker, "idle_percent"), 1, "%.0f%%");
        }
        json_array_append_new(rows, row);
    }
    print_table(rows, NULL);
    json_decref(rows);
}

/* Of all members whose name begins so. */
static json_int_t sum(const json_t *object, const char *beginning)
{
    json_t *copy = json_deep_copy(object), *value;
    const char *name;
    json_int_t total = 0;

    json_object_foreach (copy, name, value) {
        total += strncmp(name, beginning, strlen(beginning)) == 0 ? json_integer_value(value) : 0;
    }
    json_decref(copy);
    return total;
}

static void print_sessions(const json_t *stats, const struct past *past)
{
    static const struct {
        const char *name, *beginning;
    } column[] = {{"created", "created"}, {"ended", "ended_"}, {"refused", "refused_"}};
    const json_t *now = json_object_get(stats, "sessions");
    const json_t *before = json_object_get(past->stats, "sessions");
    json_t *row = json_object(), *rows = json_array();

    json_object_set(row, "sessions", json_object_get(now, "used"));
    json_object_set(row, "capacity", json_object_get(now, "capacity"));
    for (size_t i = 0; i < sizeof(column) / sizeof(column[0]); i++) {
        json_int_t count = sum(now, column[i].beginning), since = sum(before, column[i].beginning);
        double a_second =
            past->seconds > 0 && count > since ? (double)(count - since) / past->seconds : 0;

        put_rate(row, column[i].name, count, (json_int_t)a_second, past);
    }
    json_array_append_new(rows, row);
    print_table(rows, NULL);
    json_decref(rows);
}

/* Those with the least room left. */
static void print_fullest(const json_t *stats)
{
    json_t *rows = json_array(), *table;
    size_t i;

    json_array_foreach (json_object_get(stats, "tables"), i, table) {
        json_int_t used = member(table, "used"), capacity = member(table, "capacity");
        json_t *row = capacity > 0 ? json_copy(table) : NULL;

        if (row) {
            put_ratio(row, "full", 100 * (double)used, (double)capacity, "%.1f%%");
            json_object_set_new(row, RANK,
                                json_integer((json_int_t)(1e6 * (double)used / (double)capacity)));
            json_array_append_new(rows, row);
        }
    }
    print_ranked(rows, FULLEST);
    json_decref(rows);
}

static int top_round(struct ctl *ctl, json_t **memory)
{
    int code = EXIT_OK;
    json_t *stats = request(ctl, "stats.get", NULL, &code), *before;

    if (!stats) {
        return code;
    }
    if (ctl->json) {
        print_json(ctl, stats);
        json_decref(stats);
        return EXIT_OK;
    }
    struct past past = {.seconds = remember(memory, json_incref(stats), &before)};
    past.stats = past.seconds > 0 ? before : NULL;
    print_ports(stats, &past);
    putchar('\n');
    print_workers(stats, &past);
    putchar('\n');
    print_sessions(stats, &past);
    putchar('\n');
    print_fullest(stats);
    json_decref(before);
    json_decref(stats);
    return EXIT_OK;
}

int cmd_top(struct ctl *ctl)
{
    const struct option_spec *o = find_option(ctl->command->options, "watch", 5, 0);
    const char **value = &ctl->option[o - ctl->command->options];

    if (!*value && isatty(STDOUT_FILENO)) {
        *value = "";
    }
    return watch(ctl, top_round);
}

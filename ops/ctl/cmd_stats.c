/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What the last round saw, and when; replaced by this round's. Takes over `seen`. Seconds between, 0: first round. */
static double remember(json_t **memory, json_t *seen, json_t **before)
{
    double now = now_s(), then = json_real_value(json_object_get(*memory, "time"));

    *before = json_incref(json_object_get(*memory, "seen"));
    json_decref(*memory);
    *memory = json_pack("{s:f, s:o}", "time", now, "seen", seen);
    return *before && now > then ? now - then : 0;
}

/* The row of `rows` whose text members `keys` are those of `row`. */
static const json_t *same_row(const json_t *rows, const json_t *row, const char *const *keys)
{
    const json_t *other;
    size_t i;

    json_array_foreach (rows, i, other) {
        bool same = true;

        for (const char *const *k = keys; *k; k++) {
            same = same && json_equal(json_object_get(other, *k), json_object_get(row, *k));
        }
        if (same) {
            return other;
        }
    }
    return NULL;
}

static json_int_t member(const json_t *row, const char *name)
{
    return json_integer_value(json_object_get(row, name));
}

/* A second; a counter that went back started anew. */
static json_int_t rate(const json_t *row, const json_t *before, const char *name, double seconds)
{
    json_int_t now = member(row, name), then = member(before, name);

    return now >= then && seconds > 0 ? (json_int_t)((double)(now - then) / seconds) : 0;
}

static int drops_round(struct ctl *ctl, json_t **memory)
{
    static const char *const keys[] = {"port", "reason", "stage", NULL};
    int code = EXIT_OK;
    json_t *result = request(ctl, "drops.get", NULL, &code), *before, *row;
    size_t i;

    if (!result) {
        return code;
    }
    json_t *rows = json_object_get(result, "drops");
    if (ctl->json) {
        print_json(ctl, rows);
        json_decref(result);
        return EXIT_OK;
    }
    double seconds = remember(memory, json_deep_copy(rows), &before);
    json_array_foreach (rows, i, row) {
        if (seconds > 0) {
            const json_t *old = same_row(before, row, keys);

            json_object_set_new(row, "packets_per_s",
                                json_integer(rate(row, old, "packets", seconds)));
        }
    }
    if (json_array_size(rows) == 0) {
        puts("no drops");
    }
    print_table(rows, NULL);
    json_decref(before);
    json_decref(result);
    return EXIT_OK;
}

static void print_sections(const json_t *result)
{
    json_t *copy = json_deep_copy(result), *value;
    const char *key, *gap = "";

    json_object_foreach (copy, key, value) {
        fputs(gap, stdout);
        print_safe(key);
        if (json_is_array(value)) {
            puts("");
            print_table(value, NULL);
        } else if (json_is_object(value)) {
            puts("");
            print_record(value, 2);
        } else {
            char *text = cell_text(value);

            printf(": %s\n", text ? text : "");
            free(text);
        }
        gap = "\n";
    }
    json_decref(copy);
}

static int stats_round(struct ctl *ctl, json_t **memory)
{
    int code = EXIT_OK;
    json_t *result = request(ctl, "stats.get", NULL, &code);

    (void)memory;
    if (!result) {
        return code;
    }
    if (ctl->json) {
        print_json(ctl, result);
    } else {
        print_sections(result);
    }
    json_decref(result);
    return EXIT_OK;
}

static int busier(const void *a, const void *b)
{
    const json_t *const *x = a, *const *y = b;
    json_int_t p = member(*x, "load"), q = member(*y, "load");

    if (p != q) {
        return p < q ? 1 : -1;
    }
    const char *m = json_string_value(json_object_get(*x, "port"));
    const char *n = json_string_value(json_object_get(*y, "port"));
    return strcmp(m ? m : "", n ? n : "");
}

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

static json_t *top_row(const json_t *port, const json_t *before, double seconds)
{
    static const char *const names[] = {"rx_packets", "rx_bytes", "tx_packets", "tx_bytes",
                                        "drops"};
    json_t *row = json_object();
    json_int_t load = 0;

    json_object_set(row, "port", json_object_get(port, "name"));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char column[32];
        json_int_t value =
            seconds > 0 ? rate(port, before, names[i], seconds) : member(port, names[i]);

        snprintf(column, sizeof(column), "%s%s", names[i], seconds > 0 ? "/s" : "");
        json_object_set_new(row, column, short_number(value));
        load += i == 1 || i == 3 ? value : 0;
    }
    if (json_object_get(port, "sessions")) {
        json_object_set_new(row, "sessions", short_number(member(port, "sessions")));
    }
    json_object_set_new(row, "load", json_integer(load));
    return row;
}

static void print_top(const json_t *ports, const json_t *before, double seconds)
{
    static const char *const key[] = {"name", NULL};
    size_t n = json_array_size(ports);
    json_t **row = calloc(n + 1, sizeof(json_t *)), *rows = json_array();

    for (size_t i = 0; row && i < n; i++) {
        const json_t *port = json_array_get(ports, i);

        row[i] = top_row(port, same_row(before, port, key), seconds);
    }
    if (row) {
        qsort(row, n, sizeof(json_t *), busier);
    }
    for (size_t i = 0; row && i < n; i++) {
        json_object_del(row[i], "load");
        json_array_append_new(rows, row[i]);
    }
    print_table(rows, NULL);
    json_decref(rows);
    free(row);
}

static int top_round(struct ctl *ctl, json_t **memory)
{
    int code = EXIT_OK;
    json_t *result = request(ctl, "stats.get", NULL, &code), *before;

    if (!result) {
        return code;
    }
    if (ctl->json) {
        print_json(ctl, result);
        json_decref(result);
        return EXIT_OK;
    }
    const json_t *ports = json_object_get(result, "ports");
    double seconds = remember(memory, json_deep_copy(ports), &before);
    print_top(ports, before, seconds);
    if (json_is_object(json_object_get(result, "sessions"))) {
        puts("\nsessions");
        print_record(json_object_get(result, "sessions"), 2);
    }
    json_decref(before);
    json_decref(result);
    return EXIT_OK;
}

int cmd_drops(struct ctl *ctl)
{
    return watch(ctl, drops_round);
}

int cmd_stats(struct ctl *ctl)
{
    return watch(ctl, stats_round);
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

/* SPDX-License-Identifier: Apache-2.0 */
/* The text format: prometheus.io/docs/instrumenting/exposition_formats. */
#include <inttypes.h>
#include <string.h>

#include "hsring/gauge.h"
#include "table.h"
#include "telemetry/metrics.h"

#define DEPTH_TEXT 32 /* characters of one member's name in a path */

/* The value at a path of members separated by dots; "" is the object itself. */
static const json_t *at(const json_t *object, const char *path)
{
    char member[DEPTH_TEXT];

    while (object != NULL && *path != '\0') {
        size_t length = strcspn(path, ".");

        if (length >= sizeof member)
            return NULL;
        memcpy(member, path, length);
        member[length] = '\0';
        object = json_object_get(object, member);
        path += length + (path[length] == '.');
    }
    return object;
}

/* In the value of a label these three have another look. */
static void put_escaped(FILE *to, const char *text)
{
    for (;;) {
        size_t plain = strcspn(text, "\\\"\n");

        fwrite(text, 1, plain, to);
        text += plain;
        if (*text == '\0')
            return;
        fprintf(to, "\\%c", *text == '\n' ? 'n' : *text);
        text++;
    }
}

static void put_label(FILE *to, const char **between, const char *label, const json_t *value)
{
    if (value == NULL || json_is_null(value))
        return;
    fprintf(to, "%s%s=\"", *between, label);
    if (json_is_string(value))
        put_escaped(to, json_string_value(value));
    else
        fprintf(to, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    putc('"', to);
    *between = ",";
}

static void put_labels(FILE *to, const struct tm_metric *m, const json_t *object)
{
    const char *between = "{";

    for (unsigned i = 0; i < TM_LABELS && m->scope->label[i].label != NULL; i++)
        put_label(to, &between, m->scope->label[i].label, at(object, m->scope->label[i].member));
    if (m->label != NULL) {
        fprintf(to, "%s%s", between, m->label);
        between = ",";
    }
    fputs(*between == ',' ? "} " : " ", to);
}

/* Whole seconds and their nanoseconds: no digit is lost, whatever the uptime. JSON has it as signed. */
static void put_seconds(FILE *to, json_int_t value)
{
    uint64_t ns = (uint64_t)value;

    fprintf(to, "%" PRIu64 ".%09" PRIu64 "\n", ns / 1000000000, ns % 1000000000);
}

static void put_value(FILE *to, enum tm_type type, const json_t *value)
{
    if (json_is_boolean(value))
        fputs(json_is_true(value) ? "1\n" : "0\n", to);
    else if (type == TM_SECONDS || type == TM_COUNTER_SECONDS)
        put_seconds(to, json_integer_value(value));
    else
        fprintf(to, "%" JSON_INTEGER_FORMAT "\n", json_integer_value(value));
}

static void put_sample(FILE *to, const struct tm_metric *m, const json_t *object)
{
    const json_t *value = m->path != NULL ? at(object, m->path) : json_true();

    if (value == NULL || json_is_null(value))
        return;
    fputs(m->name, to);
    put_labels(to, m, object);
    put_value(to, m->type, value);
}

static void put_row(FILE *to, const struct tm_metric *m, const json_t *snapshot)
{
    const json_t *where = at(snapshot, m->scope->path), *object;
    size_t i;

    if (json_is_object(where))
        put_sample(to, m, where);
    json_array_foreach (where, i, object)
        put_sample(to, m, object);
}

static void put_head(FILE *to, const char *name, const char *type, const char *help)
{
    fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Vectors by length: each bucket counts its own length and all below. */
static void put_vectors(FILE *to, const json_t *nic)
{
    json_int_t count = 0, packets = 0;

    put_head(to, TM_VECTORS, "histogram", TM_VECTORS_HELP);
    for (int n = 1; n <= HSR_MAX_VECTOR; n++) {
        json_int_t vectors = json_integer_value(
            json_object_get(nic, hsr_gauge_name(HSR_GAUGE_VECTORS_1 + (unsigned)n - 1)));

        count += vectors;
        packets += vectors * n;
        fprintf(to, TM_VECTORS "_bucket{le=\"%d\"} %" JSON_INTEGER_FORMAT "\n", n, count);
    }
    fprintf(to,
            TM_VECTORS "_bucket{le=\"+Inf\"} %" JSON_INTEGER_FORMAT "\n" TM_VECTORS
                       "_sum %" JSON_INTEGER_FORMAT "\n" TM_VECTORS "_count %" JSON_INTEGER_FORMAT
                       "\n",
            count, packets, count);
}

/* Of one stage: `below` has bounds in ns, and what took less. */
static void put_stage(FILE *to, const json_t *row)
{
    const char *stage = json_string_value(json_object_get(row, "stage"));
    const char *by = json_string_value(json_object_get(row, "by"));
    json_int_t count = json_integer_value(json_object_get(row, "count"));
    const json_t *below;
    size_t i;

    json_array_foreach (json_object_get(row, "below"), i, below) {
        json_int_t bound = json_integer_value(json_array_get(below, 0));

        fprintf(to,
                TM_LATENCY "_bucket{stage=\"%s\",by=\"%s\",le=\"%d.%09d\"} %" JSON_INTEGER_FORMAT
                           "\n",
                stage, by, (int)(bound / 1000000000), (int)(bound % 1000000000),
                json_integer_value(json_array_get(below, 1)));
    }
    fprintf(to, TM_LATENCY "_bucket{stage=\"%s\",by=\"%s\",le=\"+Inf\"} %" JSON_INTEGER_FORMAT "\n",
            stage, by, count);
    fprintf(to, TM_LATENCY "_sum{stage=\"%s\",by=\"%s\"} ", stage, by);
    put_seconds(to, json_integer_value(json_object_get(row, "sum_ns")));
    fprintf(to, TM_LATENCY "_count{stage=\"%s\",by=\"%s\"} %" JSON_INTEGER_FORMAT "\n", stage, by,
            count);
}

/* `rows` NULL: nothing was measured yet, and the family has no samples. */
static void put_latency(FILE *to, const json_t *rows)
{
    const json_t *row;
    size_t i;

    put_head(to, TM_LATENCY, "histogram", TM_LATENCY_HELP);
    json_array_foreach (rows, i, row)
        put_stage(to, row);
}

static void put_nic(FILE *to, const json_t *nic)
{
    char name[64];

    for (unsigned g = 0; g < HSR_GAUGE_COUNT; g++) {
        const json_t *value = json_object_get(nic, hsr_gauge_name(g));

        if (tm_in_histogram(g) || value == NULL)
            continue;
        tm_gauge_name(g, name, sizeof name);
        put_head(to, name, tm_gauge_type(g), hsr_gauge_text(g));
        fprintf(to, "%s %" JSON_INTEGER_FORMAT "\n", name, json_integer_value(value));
    }
    put_vectors(to, nic);
}

void tm_render(FILE *to, const json_t *snapshot)
{
    const json_t *nic = at(snapshot, "stats.nic"), *latency = at(snapshot, "latency");
    const char *family = "";

    for (const struct tm_metric *m = tm_metrics; m->name != NULL; m++) {
        if (strcmp(family, m->name) != 0)
            put_head(to, m->name, tm_type_name(m->type), m->help);
        family = m->name;
        put_row(to, m, snapshot);
    }
    put_latency(to, latency);
    if (nic != NULL)
        put_nic(to, nic);
}

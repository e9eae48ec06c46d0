/* SPDX-License-Identifier: Apache-2.0 */
/* The reference page, from the table that the output is made from. */
#include <string.h>

#include "hsring/gauge.h"
#include "table.h"
#include "telemetry/metrics.h"

static const char head[] =
    "<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
    "<!-- Printed by metrics-doc; edit vswitch/telemetry/table.c. -->\n"
    "# Metrics\n"
    "\n"
    "What `avsd --metrics` serves at `/metrics`, for Prometheus and whatever else reads its text "
    "format (0.0.4). A scrape sees\n"
    "one moment. The last column says where the number stands: `stats` is what `avs-ctl --json "
    "stats` prints, `drops` and\n"
    "`version` likewise; `drop_totals` sums up `drops`. Counters begin with the daemon, those of "
    "ports and of the NIC with the NIC.\n"
    "\n"
    "[prometheus.yml](../examples/prometheus.yml) scrapes, "
    "[prometheus-rules.yml](../examples/prometheus-rules.yml) warns.\n";

static void labels(FILE *to, const struct tm_metric *m)
{
    const char *between = "";

    for (unsigned i = 0; i < TM_LABELS && m->scope->label[i].label != NULL; i++) {
        fprintf(to, "%s`%s`", between, m->scope->label[i].label);
        between = ", ";
    }
    if (m->label != NULL) {
        for (const char *p = m->label; *p != '\0'; p += strcspn(p, ",")) {
            p += *p == ',';
            fprintf(to, "%s`%.*s`", between, (int)strcspn(p, "="), p);
            between = ", ";
        }
    }
}

/* "stats.ports[].rx_packets" */
static void source(FILE *to, const struct tm_metric *m)
{
    bool list = m->scope->what[0] != '\0';

    if (m->path == NULL)
        return;
    fprintf(to, "`%s%s%s`", m->scope->path, list ? "[]." : m->scope->path[0] ? "." : "", m->path);
}

/* A family is one line: its rows differ in a label and in where the number stands. */
static void family(FILE *to, const struct tm_metric *m)
{
    bool single = m[1].name == NULL || strcmp(m[1].name, m->name) != 0;

    fprintf(to, "| `%s` | %s | ", m->name, tm_type_name(m->type));
    labels(to, m);
    fprintf(to, " | %s | ", m->help);
    source(to, m);
    fputs(single ? " |\n" : ", ... |\n", to);
}

static void gauges(FILE *to)
{
    char name[64];

    fputs("\n## What the NIC measures\n"
          "\n"
          "The [gauges](gauges.md), by their names; those of vectors by length are one histogram.\n"
          "\n"
          "| metric | type | unit | meaning |\n|---|---|---|---|\n",
          to);
    for (unsigned g = 0; g < HSR_GAUGE_COUNT; g++) {
        if (tm_in_histogram(g))
            continue;
        tm_gauge_name(g, name, sizeof name);
        fprintf(to, "| `%s` | %s | %s | %s |\n", name, tm_gauge_type(g), hsr_gauge_unit(g),
                hsr_gauge_text(g));
    }
    fputs("| `" TM_VECTORS "` | histogram | packets | " TM_VECTORS_HELP " |\n", to);
}

void tm_page(FILE *to)
{
    const char *before = "";

    fputs(head, to);
    fputs("\n| metric | type | labels | meaning | number |\n|---|---|---|---|---|\n", to);
    for (const struct tm_metric *m = tm_metrics; m->name != NULL; m++) {
        if (strcmp(before, m->name) != 0)
            family(to, m);
        before = m->name;
    }
    fputs("| `" TM_LATENCY "` | histogram | `stage`, `by` | " TM_LATENCY_HELP " | |\n", to);
    gauges(to);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The counters as metrics: Prometheus' text format 0.0.4, with names, types and labels that OpenMetrics takes as well.
 *
 * One table (table.c) says what there is; the output (render.c) and the reference page (page.c) are made from it. Numbers
 * come from one snapshot, the same JSON that `avs-ctl stats` and `avs-ctl drops` show, so that they cannot differ:
 *
 *     {"version": {...}, "stats": {...}, "drops": [...], "drop_totals": [...]}
 *
 * Any thread; nothing is kept.
 */
#ifndef TELEMETRY_METRICS_H
#define TELEMETRY_METRICS_H

#include <jansson.h>
#include <stdio.h>

#define TM_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Where numbers come from: a new reference, NULL when there is no memory. */
struct tm_source {
    json_t *(*snapshot)(void *arg);
    void *arg;
};

/* All metrics of a snapshot. What the snapshot does not have is left out. */
void tm_render(FILE *to, const json_t *snapshot);

/* docs/reference/metrics.md */
void tm_page(FILE *to);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share; not for others. */
#ifndef TELEMETRY_TABLE_H
#define TELEMETRY_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#define TM_LABELS 4

/* Objects of the snapshot that have a metric each. */
struct tm_scope {
    const char *what; /* for people: "port" */
    const char *
        path; /* the object, or a list of them; members separated by dots, "" is the snapshot itself */
    struct {
        const char *label, *member;
    } label[TM_LABELS]; /* taken from the object; one that it does not have is left out */
};

enum tm_type {
    TM_COUNTER,
    TM_GAUGE,
    TM_SECONDS /* a gauge: ns in the snapshot */,
    TM_COUNTER_SECONDS
};

/* Rows of the same name stand together: a family, and the first one's type and text are the family's. */
struct tm_metric {
    const char *name;
    enum tm_type type;
    const struct tm_scope *scope;
    const char *
        path; /* of the number, in the scope's object; NULL: it is 1, and only the labels say something */
    const char *label; /* one more label, as it is written, or NULL */
    const char *help;
};

extern const struct tm_metric tm_metrics[]; /* ends with name NULL */

/* "counter", "gauge" */
const char *tm_type_name(enum tm_type type);

/* What the NIC measures: "avs_nic_" and the gauge's name, "_total" if it counts. */
void tm_gauge_name(unsigned gauge, char *name, size_t size);
const char *tm_gauge_type(unsigned gauge);

/* The gauges of vectors by length are one histogram instead. */
#define TM_VECTORS      "avs_nic_vector_packets"
#define TM_VECTORS_HELP "packets in a vector"
bool tm_in_histogram(unsigned gauge);

/* How long packets take, once that was measured. */
#define TM_LATENCY "avs_latency_seconds"
#define TM_LATENCY_HELP \
    "How long packets take, by stage (avs-ctl latency); not there before it was measured"

#endif

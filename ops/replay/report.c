/* SPDX-License-Identifier: Apache-2.0 */
/* What happened, for people or as JSON. */
#include <inttypes.h>
#include <stdio.h>

#include "replay.h"

/* Rules as `avs-ctl flow list` shows them, with what those that count have counted. */
static json_t *rules(struct replay *r)
{
    struct ctl_rule_error error;
    json_t *rows = NULL, *row, *counted;
    size_t i;

    fw_rule_list(r->fw, NULL, &rows, &error);
    json_array_foreach (rows, i, row) {
        const char *port = json_string_value(json_object_get(row, "port"));
        json_int_t id = json_integer_value(json_object_get(row, "rule"));

        if (fw_rule_query(r->fw, port, (uint32_t)id, &counted, &error) == 0) {
            json_object_update(row, counted);
            json_decref(counted);
        }
    }
    return rows;
}

static json_int_t get(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

static void add_missed(struct replay *r, json_t *stats)
{
    json_t *port;
    size_t i;

    json_array_foreach (json_object_get(stats, "ports"), i, port)
        json_object_set_new(
            port, "missed",
            json_integer((json_int_t)replay_missed(r, (uint16_t)get(port, "index"))));
}

static json_t *build(struct replay *r, bool ok)
{
    json_t *o = fw_stats(r->fw), *leaks = json_object();

    add_missed(r, o);

    json_object_set_new(leaks, "sessions", json_integer(r->leaked_sessions));
    json_object_set_new(leaks, "slots", json_integer(r->leaked_slots));
    json_object_set_new(leaks, "credit", json_integer(r->leaked_credit));
    json_object_set_new(leaks, "cells", json_integer(r->leaked_cells));
    json_object_set_new(leaks, "programs", json_integer(r->leaked_programs));
    json_object_set_new(leaks, "templates", json_integer(r->leaked_templates));
    json_object_set_new(o, "drops", fw_drops(r->fw));
    json_object_set_new(o, "rules", rules(r));
    json_object_set_new(o, "leaks", leaks);
    json_object_set_new(o, "sessions_high_water", json_integer(r->sessions_high));
    json_object_set_new(o, "ok", json_boolean(ok));
    return o;
}

static void print_ports(const json_t *report)
{
    const json_t *port;
    size_t i;

    printf("%-16s %10s %12s %10s %12s %10s %10s\n", "port", "rx", "rx bytes", "tx", "tx bytes",
           "drops", "missed");
    json_array_foreach (json_object_get(report, "ports"), i, port)
        printf("%-16s %10lld %12lld %10lld %12lld %10lld %10lld\n",
               json_string_value(json_object_get(port, "name")), get(port, "rx_packets"),
               get(port, "rx_bytes"), get(port, "tx_packets"), get(port, "tx_bytes"),
               get(port, "drops"), get(port, "missed"));
}

static void print_stage(const char *port, const char *name, const json_t *stage)
{
    printf("%-16s %-5s %10lld %10lld %8lld %8lld %10lld %10lld %8lld %8lld %10lld\n", port, name,
           get(stage, "rx"), get(stage, "originated"), get(stage, "copies"),
           get(stage, "segments_added"), get(stage, "tx"), get(stage, "consumed"),
           get(stage, "merged"), get(stage, "returned"), get(stage, "drops"));
}

static void print_stages(const json_t *report)
{
    static const char *const names[] = {"pre", "fw", "post"};
    const json_t *port;
    size_t i;

    printf("\n%-16s %-5s %10s %10s %8s %8s %10s %10s %8s %8s %10s\n", "from port", "stage", "rx",
           "originated", "copies", "segments", "tx", "consumed", "merged", "returned", "drops");
    json_array_foreach (json_object_get(report, "ports"), i, port) {
        const json_t *stages = json_object_get(port, "stages");

        for (unsigned n = 0; n < 3; n++)
            print_stage(json_string_value(json_object_get(port, "name")), names[n],
                        json_object_get(stages, names[n]));
    }
    putchar('\n');
}

static void print_drops(const json_t *report)
{
    const json_t *row;
    size_t i;

    json_array_foreach (json_object_get(report, "drops"), i, row)
        printf("drop  %-16s %-4s %-16s %10lld  %s\n",
               json_string_value(json_object_get(row, "port")),
               json_string_value(json_object_get(row, "stage")),
               json_string_value(json_object_get(row, "reason")), get(row, "packets"),
               json_string_value(json_object_get(row, "text")));
}

static void print_rules(const json_t *report)
{
    const json_t *row, *hits;
    size_t i;

    json_array_foreach (json_object_get(report, "rules"), i, row) {
        printf("rule  %-16s %s", json_string_value(json_object_get(row, "port")),
               json_string_value(json_object_get(row, "text")));
        hits = json_object_get(row, "hits");
        if (hits != NULL)
            printf(": %lld packets, %lld bytes", (long long)json_integer_value(hits),
                   get(row, "bytes"));
        putchar('\n');
    }
}

static void print_balance(const struct fw_balance *b)
{
    printf("conservation  rx %" PRIu64 " + originated %" PRIu64 " + copies %" PRIu64
           " + segments %" PRIu64 " = tx %" PRIu64 " + consumed %" PRIu64 " + merged %" PRIu64
           " + drops %" PRIu64 " + in flight %" PRId64 ": %s\n",
           b->rx, b->originated, b->copies, b->segments, b->tx, b->consumed, b->merged, b->drops,
           b->in_flight, b->settled ? "holds" : "BROKEN");
}

static bool ports_ok(struct replay *r)
{
    for (uint16_t p = 0; p < HSR_MAX_PORTS; p++) {
        struct fw_balance b = fw_balance(r->fw, p);

        if (!b.settled)
            return false;
    }
    return true;
}

int replay_report(struct replay *r)
{
    json_t *report;
    struct fw_balance total;

    fw_sync(r->fw);
    total = fw_balance_total(r->fw);
    bool ok = total.settled && ports_ok(r) && !r->corrupt && r->leaked_sessions == 0 &&
              r->leaked_slots == 0 && r->leaked_credit == 0 && r->leaked_cells == 0 &&
              r->leaked_programs == 0 && r->leaked_templates == 0;

    report = build(r, ok);
    if (r->options->json) {
        json_dumpf(report, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
        putchar('\n');
    } else {
        print_ports(report);
        print_stages(report);
        print_drops(report);
        print_rules(report);
        print_balance(&total);
        printf("sessions  high water %u\nleaks  sessions %u, slots %u, credit %u, cells %u, "
               "programs %u, "
               "templates %u\n",
               r->sessions_high, r->leaked_sessions, r->leaked_slots, r->leaked_credit,
               r->leaked_cells, r->leaked_programs, r->leaked_templates);
    }
    json_decref(report);
    return ok ? REPLAY_OK : REPLAY_BROKEN;
}

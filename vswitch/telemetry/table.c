/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metrics. A new counter is a line here once it stands in what `avs-ctl stats` shows; then the page:
 * build/release/bin/metrics-doc > docs/reference/metrics.md
 *
 * Names: avs_, what has it, what is counted, the unit, _total for counters; packets are no base unit and are named where
 * nothing else says what is counted. Ports and workers are labels, so that sums are one expression.
 */
#include "table.h"

#include <stdio.h>
#include <string.h>

#include "hsring/gauge.h"

static const struct tm_scope build = {
    "", "version", {{"version", "version"}, {"abi", "abi"}, {"dpdk", "dpdk"}, {"nic", "nic"}}};
static const struct tm_scope one = {"", "", {{NULL, NULL}}};
static const struct tm_scope port = {"port", "stats.ports", {{"port", "name"}}};
static const struct tm_scope port_facts = {
    "port", "stats.ports", {{"port", "name"}, {"index", "index"}, {"role", "role"}}};
static const struct tm_scope port_drop = {
    "port and reason", "drops", {{"port", "port"}, {"reason", "reason"}, {"stage", "stage"}}};
static const struct tm_scope drop = {
    "reason", "drop_totals", {{"reason", "reason"}, {"stage", "stage"}}};
static const struct tm_scope worker = {"worker", "stats.workers", {{"worker", "worker"}}};
static const struct tm_scope snat = {"snat pool", "stats.snat", {{"pool", "name"}}};
static const struct tm_scope table = {
    "table", "stats.tables", {{"table", "table"}, {"worker", "worker"}}};

/* One term of the conservation equation of a port's packets in a stage. */
#define TERM(stage, side, term)                                                               \
    {                                                                                         \
        "avs_port_stage_packets_total", TM_COUNTER, &port, "stages." #stage "." #term,        \
            "stage=\"" #stage "\",side=\"" #side "\",term=\"" #term "\"",                     \
            "Packets of the port by stage and term of the conservation equation: side in is " \
            "side out and what the stage holds"                                               \
    }
#define TOTAL(side, term)                                                                      \
    {                                                                                          \
        "avs_conservation_packets_total", TM_COUNTER, &one, "stats.conservation." #term,       \
            "side=\"" #side "\",term=\"" #term "\"",                                           \
            "Packets of all ports there ever were by term of the conservation equation: side " \
            "in is side out and avs_conservation_in_flight_packets"                            \
    }
#define ENDED(why)                                                                          \
    {                                                                                       \
        "avs_sessions_ended_total", TM_COUNTER, &one, "stats.sessions.ended_" #why,         \
            "why=\"" #why "\"",                                                             \
            "Sessions that ended: they expired, were closed by their ends, evicted from a " \
            "full table, or went with their port, by a flush or by a change of policy"      \
    }
#define REFUSED(why)                                                                            \
    {                                                                                           \
        "avs_sessions_refused_total", TM_COUNTER, &one, "stats.sessions.refused_" #why,         \
            "why=\"" #why "\"",                                                                 \
            "Sessions not created: the table or the port's quota is full, or too many share a " \
            "hash"                                                                              \
    }
#define NOT_ADOPTED(why)                                                                         \
    {                                                                                            \
        "avs_sessions_not_adopted_total", TM_COUNTER, &one, "stats.sessions.not_adopted_" #why,  \
            "why=\"" #why "\"",                                                                  \
            "Sessions of the daemon before that were not taken over: their record was not whole" \
            " or makes no sense, their port or network is gone, two claim the same packets, or " \
            "there was no room"                                                                  \
    }
#define MATCH(how, member)                                                            \
    {                                                                                 \
        "avs_worker_matches_total", TM_COUNTER, &worker, #member, "how=\"" #how "\"", \
            "Vectors by how their session was found"                                  \
    }

const struct tm_metric tm_metrics[] = {
    {"avs_build_info", TM_GAUGE, &build, NULL, NULL, "Versions of the running daemon; always 1"},
    {"avs_uptime_seconds", TM_SECONDS, &one, "version.uptime_ns", NULL, "Since the daemon started"},

    {"avs_port_info", TM_GAUGE, &port_facts, NULL, NULL, "What a port is; always 1"},
    {"avs_port_rx_packets_total", TM_COUNTER, &port, "rx_packets", NULL, "Packets received"},
    {"avs_port_rx_bytes_total", TM_COUNTER, &port, "rx_bytes", NULL, "Bytes received"},
    {"avs_port_tx_packets_total", TM_COUNTER, &port, "tx_packets", NULL, "Packets sent"},
    {"avs_port_tx_bytes_total", TM_COUNTER, &port, "tx_bytes", NULL, "Bytes sent"},
    {"avs_port_drops_total", TM_COUNTER, &port_drop, "packets", NULL,
     "Packets received at the port and dropped, by reason; a reason that never occurred there is "
     "left out"},
    {"avs_port_slots_used", TM_GAUGE, &port, "slots_used", NULL,
     "Slots that hold packets of the port"},
    {"avs_port_slots_high_water", TM_GAUGE, &port, "slots_high", NULL,
     "Most slots that ever held packets of the port"},
    {"avs_port_credit_packets", TM_GAUGE, &port, "credit", NULL,
     "Packets of the port that a worker may have now: its minimum and its share of what is free"},
    {"avs_port_rx_held_total", TM_COUNTER, &port, "rx_held", NULL,
     "Turns in which the port was not fetched, or less: its credit was used up"},
    {"avs_port_net_drops_total", TM_COUNTER, &port, "net_drops", NULL,
     "Packets to the vNIC from the network that were over its rate or share; in the drops of the "
     "uplink"},
    {"avs_port_cells_used", TM_GAUGE, &port, "cells_used", NULL,
     "Cells of payload memory with payloads from the vNIC, or to it from the network"},
    {"avs_port_cells_high_water", TM_GAUGE, &port, "cells_high", NULL, "Most of them ever"},
    {"avs_port_not_sliced_total", TM_COUNTER, &port, "not_sliced", NULL,
     "Packets from the vNIC, or to it from the network, that went whole: its share of the cells, "
     "or "
     "all of them, were used up"},
    {"avs_port_queue_stops_total", TM_COUNTER, &port, "queue_stops", NULL,
     "Queues of the vNIC's guest that were stopped: a ring that is wrong, or memory that went "
     "away"},
    {"avs_port_sessions", TM_GAUGE, &port, "sessions", NULL, "Sessions that the port opened"},
    {"avs_port_sessions_charged", TM_GAUGE, &port, "sessions_charged", NULL,
     "Sessions that the network opened to the port"},
    {"avs_port_session_quota_used", TM_GAUGE, &port, "session_quota_used", NULL,
     "The larger of the two on the worker that has most: what the quota binds"},
    {"avs_port_session_quota", TM_GAUGE, &port, "session_quota", NULL,
     "Sessions of either kind that each worker lets the port have; left out where there is no "
     "limit"},
    {"avs_drops_total", TM_COUNTER, &drop, "packets", NULL,
     "Packets dropped, all ports there ever were, by reason; every reason is there from the start"},

    TERM(pre, in, rx),
    TERM(pre, in, returned),
    TERM(pre, out, tx),
    TERM(pre, out, drops),
    TERM(fw, in, rx),
    TERM(fw, in, originated),
    TERM(fw, out, tx),
    TERM(fw, out, consumed),
    TERM(fw, out, drops),
    TERM(post, in, rx),
    TERM(post, in, originated),
    TERM(post, in, copies),
    TERM(post, in, segments_added),
    TERM(post, out, tx),
    TERM(post, out, consumed),
    TERM(post, out, merged),
    TERM(post, out, returned),
    TERM(post, out, drops),
    {"avs_port_held_packets", TM_GAUGE, &port, "stages.pre.held", NULL,
     "Packets of the port that wait in the Pre-Processor"},
    {"avs_port_held_in_firmware_packets", TM_GAUGE, &port, "stages.fw.held", NULL,
     "Packets of the port that wait in the firmware"},
    {"avs_port_in_flight_packets", TM_GAUGE, &port, "conservation.in_flight", NULL,
     "Packets of the port between its reception and its end"},
    {"avs_port_conservation_ok", TM_GAUGE, &port, "conservation.ok", NULL,
     "Is every packet of the port accounted for? 0 is a bug of ours"},
    TOTAL(in, rx),
    TOTAL(in, originated),
    TOTAL(in, copies),
    TOTAL(in, segments_added),
    TOTAL(out, tx),
    TOTAL(out, consumed),
    TOTAL(out, merged),
    TOTAL(out, drops),
    {"avs_conservation_in_flight_packets", TM_GAUGE, &one, "stats.conservation.in_flight", NULL,
     "Packets between their reception and their end"},
    {"avs_conservation_ok", TM_GAUGE, &one, "stats.conservation.ok", NULL,
     "Is every packet accounted for? 0 is a bug of ours"},

    {"avs_sessions_used", TM_GAUGE, &one, "stats.sessions.used", NULL, "Sessions there are"},
    {"avs_sessions_high_water", TM_GAUGE, &one, "stats.sessions.high_water", NULL,
     "Most sessions there ever were, summed over the workers' own"},
    {"avs_sessions_capacity", TM_GAUGE, &one, "stats.sessions.capacity", NULL,
     "Sessions there is room for"},
    {"avs_sessions_embryonic", TM_GAUGE, &one, "stats.sessions.embryonic", NULL,
     "Sessions whose other end has not answered yet"},
    {"avs_sessions_created_total", TM_COUNTER, &one, "stats.sessions.created", NULL,
     "Sessions created"},
    {"avs_sessions_adopted_total", TM_COUNTER, &one, "stats.sessions.adopted", NULL,
     "Sessions taken over from the daemon before, which was killed or stopped"},
    NOT_ADOPTED(torn),
    NOT_ADOPTED(bad),
    NOT_ADOPTED(port),
    NOT_ADOPTED(context),
    NOT_ADOPTED(twice),
    NOT_ADOPTED(program),
    NOT_ADOPTED(full),
    ENDED(expired),
    ENDED(closed),
    ENDED(evicted),
    ENDED(port),
    ENDED(flush),
    ENDED(policy),
    REFUSED(full),
    REFUSED(quota),
    REFUSED(collision),

    {"avs_worker_reta_entries", TM_GAUGE, &worker, "reta_entries", NULL,
     "Entries of the RETA, of 256, that lead to the worker; 0: it is not running"},
    {"avs_worker_sessions", TM_GAUGE, &worker, "sessions", NULL, "Sessions that the worker has"},
    {"avs_worker_packets_total", TM_COUNTER, &worker, "packets", NULL, "Packets taken"},
    {"avs_worker_vectors_total", TM_COUNTER, &worker, "vectors", NULL,
     "Vectors taken: packets of one flow that are handled as one"},
    {"avs_worker_bursts_total", TM_COUNTER, &worker, "bursts", NULL,
     "Turns that found packets; those that found none are not counted"},
    MATCH(flow_id, hits_flow_id),
    MATCH(table, hits_table),
    MATCH(slow_path, slow),
    {"avs_worker_stale_flow_ids_total", TM_COUNTER, &worker, "stale_flow_id", NULL,
     "Flow ids of the NIC that named no session, or another flow's"},
    {"avs_worker_revalidations_total", TM_COUNTER, &worker, "revalidated", NULL,
     "Sessions decided anew after a change of policy or of a neighbour"},
    {"avs_worker_bad_entries_total", TM_COUNTER, &worker, "bad_entry", NULL,
     "Ring entries that named nothing of ours, or a packet that waits already"},
    {"avs_worker_handed_in_total", TM_COUNTER, &worker, "handed_in", NULL,
     "Packets that came to another worker and have their session at this one"},
    {"avs_worker_handed_out_total", TM_COUNTER, &worker, "handed_out", NULL,
     "Packets that came to this worker and were handed over to another one"},
    {"avs_worker_flow_index_inserts_total", TM_COUNTER, &worker, "fit_inserts", NULL,
     "Entries that the worker asked the NIC's flow index to hold"},
    {"avs_worker_flow_index_deletes_total", TM_COUNTER, &worker, "fit_deletes", NULL,
     "Entries that the worker asked the NIC's flow index to forget"},
    {"avs_worker_icmp_errors_total", TM_COUNTER, &worker, "icmp_errors", NULL,
     "ICMP errors that the worker sent to the senders of packets that could not go on"},
    {"avs_worker_icmp_limited_total", TM_COUNTER, &worker, "icmp_limited", NULL,
     "ICMP errors that were not sent, because the vNIC's allowance was used up"},
    {"avs_worker_busy_cycles_total", TM_COUNTER, &worker, "busy_cycles", NULL,
     "Cycles of the time-stamp counter in turns that found packets: by packets it is the cost of "
     "one"},
    {"avs_worker_busy_seconds_total", TM_COUNTER_SECONDS, &worker, "busy_ns", NULL,
     "The same as time: its rate is the worker's load, the rest is idle or, in one thread with the "
     "NIC, the NIC's"},
    {"avs_worker_ring_corrupt", TM_GAUGE, &worker, "corrupt_ring", NULL,
     "Has the NIC written an impossible index into one of the worker's rings? Nothing moves there "
     "any more"},

    {"avs_table_used", TM_GAUGE, &table, "used", NULL, "Places in use"},
    {"avs_table_high_water", TM_GAUGE, &table, "high_water", NULL, "Most places ever in use"},
    {"avs_table_capacity", TM_GAUGE, &table, "capacity", NULL, "Places there are"},

    {"avs_snat_sessions", TM_GAUGE, &snat, "bindings", NULL,
     "Sessions that have a port of the pool"},
    {"avs_snat_tries_total", TM_COUNTER, &snat, "tries", NULL,
     "Ports of the pool that were looked at: by sessions it is how hard one is to find"},
    {"avs_snat_failures_total", TM_COUNTER, &snat, "failures", NULL,
     "Sessions that got no port of the pool; their packets are dropped as nat_ports"},

    {"avs_neighbor_changes_total", TM_COUNTER, &one, "stats.neighbors.changes", NULL,
     "Underlay neighbours whose MAC address became known or another one"},
    {"avs_neighbor_refused_total", TM_COUNTER, &one, "stats.neighbors.refused_full", NULL,
     "Underlay neighbours not learned because there was no place"},
    {.name = NULL},
};

const char *tm_type_name(enum tm_type type)
{
    return type == TM_COUNTER || type == TM_COUNTER_SECONDS ? "counter" : "gauge";
}

static bool counts(unsigned gauge)
{
    return strcmp(hsr_gauge_kind(gauge), "counter") == 0;
}

void tm_gauge_name(unsigned gauge, char *name, size_t size)
{
    snprintf(name, size, "avs_nic_%s%s", hsr_gauge_name(gauge), counts(gauge) ? "_total" : "");
}

const char *tm_gauge_type(unsigned gauge)
{
    return tm_type_name(counts(gauge) ? TM_COUNTER : TM_GAUGE);
}

bool tm_in_histogram(unsigned gauge)
{
    return gauge >= HSR_GAUGE_VECTORS_1 && gauge <= HSR_GAUGE_VECTORS_16;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Counters as JSON: 64-bit numbers, names with their units. */
#include <stdio.h>
#include <string.h>

#include <rte_cycles.h>

#include "datapath/moving.h"
#include "hsring/check.h"
#include "hsring/gauge.h"
#include "internal.h"

static json_t *balance_json(const struct fw_balance *b)
{
    json_t *o = json_object();

    json_object_set_new(o, "ok", json_boolean(b->ok));
    fw_put(o, "rx", b->rx);
    fw_put(o, "originated", b->originated);
    fw_put(o, "copies", b->copies);
    fw_put(o, "segments_added", b->segments);
    fw_put(o, "tx", b->tx);
    fw_put(o, "consumed", b->consumed);
    fw_put(o, "merged", b->merged);
    fw_put(o, "drops", b->drops);
    fw_put(o, "in_flight", (uint64_t)b->in_flight);
    json_object_set_new(o, "settled", json_boolean(b->settled));
    fw_put(o, "pre_difference", (uint64_t)b->pre);
    fw_put(o, "fw_difference", (uint64_t)b->fw);
    fw_put(o, "fw_held", (uint64_t)b->held);
    fw_put(o, "post_difference", (uint64_t)b->post);
    fw_put(o, "returned_difference", (uint64_t)b->returned);
    fw_put(o, "to_fw", (uint64_t)b->to_fw);
    fw_put(o, "to_post", (uint64_t)b->to_post);
    return o;
}

/* What each stage counted for the packets of a port: one row of the conservation equation each. */
static json_t *stages_json(struct fw *fw, uint16_t port)
{
    const struct hsr_port_stats *s = &fw->nic_stats[port];
    json_t *o = json_object(), *pre = json_object(), *fw_row = json_object(), *post = json_object();
    struct dp_ledger sum = {0};

    for (uint32_t w = 0; w < fw->workers; w++) {
        const struct dp_ledger *l = &fw->worker_stats[w].ledger[port];

        sum.rx += l->rx;
        sum.originated += l->originated;
        sum.tx += l->tx;
        sum.consumed += l->consumed;
        sum.drops += l->drops;
        sum.held += l->held;
    }
    fw_put(pre, "rx", s->pre_rx);
    fw_put(pre, "returned", s->pre_returned);
    fw_put(pre, "tx", s->pre_ring);
    fw_put(pre, "drops", s->pre_drops);
    fw_put(pre, "held", s->pre_held);
    fw_put(fw_row, "rx", sum.rx);
    fw_put(fw_row, "originated", sum.originated);
    fw_put(fw_row, "tx", sum.tx);
    fw_put(fw_row, "consumed", sum.consumed);
    fw_put(fw_row, "drops", sum.drops);
    fw_put(fw_row, "held", sum.held);
    fw_put(post, "rx", s->post_ring);
    fw_put(post, "originated", s->post_originated);
    fw_put(post, "copies", s->post_copies);
    fw_put(post, "segments_added", s->post_segments);
    fw_put(post, "tx", s->post_tx);
    fw_put(post, "consumed", s->post_consumed);
    fw_put(post, "merged", s->post_merged);
    fw_put(post, "returned", s->post_returned);
    fw_put(post, "drops", s->post_drops);
    json_object_set_new(o, "pre", pre);
    json_object_set_new(o, "fw", fw_row);
    json_object_set_new(o, "post", post);
    return o;
}

/* The quota holds for each worker's table: it is the fullest one that it binds first. */
static void put_sessions(const struct fw *fw, const struct cfg_port *p, json_t *o)
{
    uint32_t opened = 0, charged = 0, fullest = 0, quota = fw_quota(fw->cfg, p);

    for (uint32_t w = 0; w < fw->workers; w++) {
        uint32_t from = fw->worker_stats[w].opened[p->index];
        uint32_t to = fw->worker_stats[w].charged[p->index];

        opened += from;
        charged += to;
        fullest = from > fullest ? from : fullest;
        fullest = to > fullest ? to : fullest;
    }
    fw_put(o, "sessions", opened);
    fw_put(o, "sessions_charged", charged);
    if (quota != 0) {
        fw_put(o, "session_quota_used", fullest);
        fw_put(o, "session_quota", quota);
    }
}

static json_t *port_json(struct fw *fw, const struct cfg_port *p)
{
    static const char *const role_name[] = {"vnic", "uplink", "host"};
    const struct hsr_port_stats *s = &fw->nic_stats[p->index];
    struct fw_balance b = fw_balance(fw, p->index);
    json_t *o = json_object();

    json_object_set_new(o, "name", json_string(p->name));
    fw_put(o, "index", p->index);
    json_object_set_new(o, "role", json_string(role_name[p->role]));
    json_object_set_new(o, "link",
                        json_string(hsr_view_port_up(fw->view, p->index) ? "up" : "down"));
    fw_put(o, "rx_packets", s->rx_packets);
    fw_put(o, "rx_bytes", s->rx_bytes);
    fw_put(o, "tx_packets", s->tx_packets);
    fw_put(o, "tx_bytes", s->tx_bytes);
    fw_put(o, "drops", s->pre_drops + s->post_drops);
    fw_put(o, "slots_used", s->slots_used);
    fw_put(o, "slots_high", s->slots_high);
    fw_put(o, "credit", s->credit);
    fw_put(o, "rx_held", s->rx_held);
    if (p->role == CFG_VNIC) {
        fw_put(o, "net_drops", s->net_drops);
        fw_put(o, "cells_used", s->cells_used);
        fw_put(o, "cells_high", s->cells_high);
        fw_put(o, "not_sliced", s->not_sliced);
        fw_put(o, "queue_stops", s->queue_stops);
    }
    put_sessions(fw, p, o);
    json_object_set_new(o, "stages", stages_json(fw, p->index));
    json_object_set_new(o, "conservation", balance_json(&b));
    return o;
}

/* Time of the worker's turns that found packets, of all its time. */
static void put_time(const struct fw *fw, const struct dp_counters *c, json_t *o)
{
    uint64_t all = rte_rdtsc() - fw->opened_at, idle = all - c->busy_cycles;

    fw_put(o, "busy_cycles", c->busy_cycles);
    fw_put(o, "busy_ns", (uint64_t)((double)c->busy_cycles * 1e9 / (double)rte_get_tsc_hz()));
    fw_put(o, "cycles_per_packet", c->packets > 0 ? c->busy_cycles / c->packets : 0);
    fw_put(o, "idle_percent", all > 0 ? idle * 100 / all : 100);
}

/* Packets go to the first ones; those that had some may still have something in their hands. */
static const char *worker_state(const struct fw *fw, uint32_t id)
{
    if (id < fw->running)
        return "running";
    return fw->worker_stats[id].empty ? "stopped" : "draining";
}

/* Of 1 << HSR_HASH_RETA_BITS. */
static uint32_t reta_entries(const struct fw *fw, uint32_t id)
{
    uint32_t homes = (uint32_t)__builtin_popcount(fw_homes_of(fw, id));

    return homes * ((1u << HSR_HASH_RETA_BITS) / dp_homes(&fw->shared));
}

static json_t *worker_json(struct fw *fw, uint32_t id)
{
    const struct dp_counters *c = &fw->worker_stats[id].counters;
    json_t *o = json_object();

    fw_put(o, "worker", id);
    json_object_set_new(o, "state", json_string(worker_state(fw, id)));
    fw_put(o, "reta_entries", reta_entries(fw, id));
    fw_put(o, "sessions", fw->worker_stats[id].sessions.used);
    fw_put(o, "packets", c->packets);
    fw_put(o, "bursts", c->bursts);
    fw_put(o, "vectors", c->vectors);
    fw_put(o, "hits_flow_id", c->hits_flow_id);
    fw_put(o, "hits_table", c->hits_table);
    fw_put(o, "slow", c->slow);
    fw_put(o, "stale_flow_id", c->stale_flow_id);
    fw_put(o, "revalidated", c->revalidated);
    fw_put(o, "bad_entry", c->bad_entry);
    fw_put(o, "handed_in", c->handed_in);
    fw_put(o, "handed_out", c->handed_out);
    fw_put(o, "fit_inserts", c->fit_inserts);
    fw_put(o, "fit_deletes", c->fit_deletes);
    fw_put(o, "icmp_errors", c->icmp_errors);
    fw_put(o, "icmp_limited", c->icmp_limited);
    if (fw->threaded) /* else the clock is a virtual one */
        put_time(fw, c, o);
    json_object_set_new(o, "corrupt_ring", json_boolean(fw->worker_stats[id].corrupt));
    return o;
}

/* What became of the sessions of a former process, by reason where they were not taken. */
static void put_adoption(const struct fw *fw, json_t *o)
{
    char name[32];

    fw_put(o, "adopted", fw->adoption.count[SES_ADOPTED]);
    for (unsigned what = SES_ADOPTED + 1; what < SES_ADOPTIONS; what++) {
        snprintf(name, sizeof name, "not_adopted_%s", ses_adoption_name((enum ses_adoption)what));
        fw_put(o, name, fw->adoption.count[what]);
    }
}

static json_t *sessions_json(struct fw *fw)
{
    struct ses_table_stats sum = {0};
    json_t *o = json_object();
    char name[24];

    for (uint32_t w = 0; w < fw->workers; w++) {
        const struct ses_table_stats *s = &fw->worker_stats[w].sessions;

        sum.used += s->used;
        sum.high_water += s->high_water;
        sum.embryonic += s->embryonic;
        sum.created += s->created;
        for (unsigned why = 0; why < SES_WHYS; why++)
            sum.ended[why] += s->ended[why];
        sum.refused_full += s->refused_full;
        sum.refused_quota += s->refused_quota;
        sum.refused_collision += s->refused_collision;
    }
    fw_put(o, "used", sum.used);
    fw_put(o, "capacity", (uint64_t)fw->options.sessions * fw->workers);
    fw_put(o, "high_water", sum.high_water);
    fw_put(o, "embryonic", sum.embryonic);
    fw_put(o, "created", sum.created);
    for (unsigned why = 0; why < SES_WHYS; why++) {
        snprintf(name, sizeof name, "ended_%s", ses_why_name(why));
        fw_put(o, name, sum.ended[why]);
    }
    fw_put(o, "refused_full", sum.refused_full);
    fw_put(o, "refused_quota", sum.refused_quota);
    fw_put(o, "refused_collision", sum.refused_collision);
    put_adoption(fw, o);
    return o;
}

static json_t *neighbors_json(struct fw *fw)
{
    struct dp_neighbors *n = &fw->shared.neighbors;
    json_t *o = json_object();

    fw_put(o, "changes", atomic_load_explicit(&n->changes, memory_order_relaxed));
    fw_put(o, "refused_full", atomic_load_explicit(&n->full, memory_order_relaxed));
    return o;
}

/* Sessions that have a port of the pool, ports looked at for them, and sessions that got none. */
static json_t *snat_json(const struct fw *fw, const struct cfg_snat *pool)
{
    struct dp_nat sum = {0};
    json_t *o = json_object();

    for (uint32_t w = 0; w < fw->workers; w++) {
        const struct dp_nat *n = &fw->worker_stats[w].nat[pool->id];

        sum.bindings += n->bindings;
        sum.tries += n->tries;
        sum.failures += n->failures;
    }
    json_object_set_new(o, "name", json_string(pool->name));
    fw_put(o, "bindings", sum.bindings);
    fw_put(o, "tries", sum.tries);
    fw_put(o, "failures", sum.failures);
    return o;
}

static json_t *nic_json(const struct fw *fw)
{
    json_t *o = json_object();

    for (unsigned g = 0; g < HSR_GAUGE_COUNT; g++)
        fw_put(o, hsr_gauge_name(g), fw->nic_gauges[g]);
    return o;
}

static json_t *stats_json(struct fw *fw)
{
    json_t *o = json_object(), *ports = json_array(), *workers = json_array(), *snat = json_array();
    struct fw_balance total = fw_balance_total(fw);

    for (uint32_t i = 0; fw->cfg != NULL && i < fw->cfg->ports; i++)
        json_array_append_new(ports, port_json(fw, &fw->cfg->port[i]));
    for (uint32_t i = 0; fw->cfg != NULL && i < fw->cfg->snats; i++)
        json_array_append_new(snat, snat_json(fw, &fw->cfg->snat[i]));
    for (uint32_t w = 0; w < fw->workers; w++)
        json_array_append_new(workers, worker_json(fw, w));
    json_object_set_new(o, "ports", ports);
    json_object_set_new(o, "snat", snat);
    json_object_set_new(o, "workers", workers);
    json_object_set_new(o, "sessions", sessions_json(fw));
    json_object_set_new(o, "tables", fw_tables(fw));
    json_object_set_new(o, "neighbors", neighbors_json(fw));
    json_object_set_new(o, "nic", nic_json(fw));
    json_object_set_new(o, "conservation", balance_json(&total));
    return o;
}

/* Rows of a port that left the configuration keep its index for a name. */
static json_t *drop_json(struct fw *fw, uint16_t port, unsigned reason, uint64_t packets)
{
    json_t *o = json_object();
    const char *name = fw_port_name(fw, port);

    json_object_set_new(o, "port", name[0] != '\0' ? json_string(name) : json_sprintf("#%u", port));
    json_object_set_new(o, "reason", json_string(hsr_drop_name(reason)));
    json_object_set_new(o, "stage", json_string(hsr_drop_stage(reason)));
    json_object_set_new(o, "text", json_string(hsr_drop_text(reason)));
    fw_put(o, "packets", packets);
    return o;
}

static json_t *drops_json(struct fw *fw)
{
    json_t *rows = json_array();

    for (uint16_t port = 0; port < HSR_MAX_PORTS; port++) {
        for (unsigned r = 1; r < HSR_DROP_COUNT; r++) {
            uint64_t n = fw->nic_stats[port].drops[r];

            if (n > 0)
                json_array_append_new(rows, drop_json(fw, port, r, n));
        }
    }
    return rows;
}

static json_t *drop_totals_json(const struct fw *fw)
{
    json_t *rows = json_array();

    for (unsigned r = 1; r < HSR_DROP_COUNT; r++) {
        json_t *o = json_object();
        uint64_t packets = 0;

        for (uint32_t port = 0; port < HSR_MAX_PORTS; port++)
            packets += fw->nic_stats[port].drops[r];
        json_object_set_new(o, "reason", json_string(hsr_drop_name(r)));
        json_object_set_new(o, "stage", json_string(hsr_drop_stage(r)));
        fw_put(o, "packets", packets);
        json_array_append_new(rows, o);
    }
    return rows;
}

json_t *fw_stats(struct fw *fw)
{
    fw_sync(fw);
    return stats_json(fw);
}

json_t *fw_drops(struct fw *fw)
{
    fw_sync(fw);
    return drops_json(fw);
}

json_t *fw_snapshot(struct fw *fw)
{
    json_t *o = json_object();

    fw_sync(fw);
    json_object_set_new(o, "stats", stats_json(fw));
    json_object_set_new(o, "drops", drops_json(fw));
    json_object_set_new(o, "drop_totals", drop_totals_json(fw));
    json_object_set_new(o, "latency", fw_latency_metrics(fw));
    return o;
}

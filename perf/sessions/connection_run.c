/* SPDX-License-Identifier: Apache-2.0 */
/* Connections a second: opened, closed, aged and removed, in a table that neither grows nor shrinks. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_net.h"
#include "bench_world.h"
#include "connections.h"
#include "hsring/check.h"
#include "sessions.h"

#define NS_PER_S UINT64_C(1000000000)
#define AHEAD    32u /* frames one side may be received before the other: a burst of the NIC's */
#define TURN     64  /* polls between two looks at the clock */

static const char common[] =
    "version: 1\n"
    "options: {workers: 1, sessions: %u, quota: %u, vector: %u, timeouts: {tcp_time_wait: "
    "%u}}\n" BENCH_NET BENCH_GROUP("tcp", "1-49151") "ports:\n%s";

struct run {
    const struct sessions_options *o;
    struct bench_world world;
    struct nic_ring *ring[CONN_SIDES];
    struct dp_worker *worker;
};

/* What is counted, at one moment. */
struct counts {
    uint64_t cpu_ns, ns, steal_ms;
    uint64_t connections; /* whose frames have all been received */
    uint64_t sent;        /* frames, by both ports */
    uint64_t drops, reason[HSR_DROP_COUNT];
    struct ses_table_stats table;
    struct dp_counters worker;
};

/* Sessions there are once as many go as come: those that are open, and those that wait for their time-out, a tick or two
 * (session/table.h) longer than it says. */
static uint32_t population(const struct sessions_options *o)
{
    return o->open + (uint32_t)((o->time_wait + 0.3) * o->rate);
}

static uint32_t list_length(const struct sessions_options *o)
{
    return o->connections != 0 ? o->connections : population(o) + population(o) / 4;
}

static char *document_text(const struct sessions_options *o, const struct conn_case *what)
{
    uint32_t sessions = population(o) + population(o) / 4 + 1024;
    char *text;

    return asprintf(&text, common, sessions, sessions, o->vector, o->time_wait, what->ports) < 0
               ? NULL
               : text;
}

static bool load_rings(struct run *r, const struct conn_case *what)
{
    static const char *const name[CONN_SIDES] = {"client", "server"};
    struct conn_list list;
    bool good = conn_list_make(&list, what, list_length(r->o), r->o->open);

    for (unsigned side = 0; good && side < CONN_SIDES; side++) {
        r->ring[side] = nic_ring_new(name[side], 0);
        good = r->ring[side] != NULL && nic_ring_load(r->ring[side], list.frame[side],
                                                      list.connections * CONN_FRAMES, true) == 0;
        free(list.frame[side]);
        list.frame[side] = NULL;
    }
    conn_list_free(&list);
    if (!good)
        fputs("avs-bench-sessions: out of memory\n", stderr);
    return good;
}

static uint64_t received(const struct run *r)
{
    uint64_t client = nic_ring_taken(r->ring[CONN_CLIENT]);
    uint64_t server = nic_ring_taken(r->ring[CONN_SERVER]);

    return client < server ? client : server;
}

/* One turn of avsd, at a NIC time that goes with the connections; neither side goes ahead of the other. */
static void turn(struct run *r)
{
    uint64_t frames = received(r);

    for (unsigned side = 0; side < CONN_SIDES; side++)
        nic_ring_grant(r->ring[side], frames + AHEAD);
    nic_poll(r->world.nic, NS_PER_S + frames * NS_PER_S / (CONN_FRAMES * (uint64_t)r->o->rate));
    dp_poll(r->worker);
}

static void for_connections(struct run *r, uint64_t connections)
{
    uint64_t end = received(r) + connections * CONN_FRAMES;

    while (received(r) < end)
        turn(r);
}

static void for_seconds(struct run *r, double seconds)
{
    uint64_t end = bench_cpu_ns() + (uint64_t)(seconds * 1e9);

    do {
        for (unsigned i = 0; i < TURN; i++)
            turn(r);
    } while (bench_cpu_ns() < end);
}

static void look_at_drops(const struct run *r, struct counts *c)
{
    const struct hsr_port_stats *stats = nic_region(r->world.nic)->view.stats;

    memset(c->reason, 0, sizeof c->reason);
    for (unsigned port = 0; port < HSR_MAX_PORTS; port++)
        for (unsigned reason = 0; reason < HSR_DROP_COUNT; reason++)
            c->reason[reason] += stats[port].drops[reason];
    c->drops = fw_balance_total(r->world.fw).drops;
}

static void look(struct run *r, struct counts *c)
{
    fw_sync(r->world.fw);
    look_at_drops(r, c);
    c->connections = received(r) / CONN_FRAMES;
    c->sent = nic_ring_sent(r->ring[0]).frames + nic_ring_sent(r->ring[1]).frames;
    c->table = *ses_stats(dp_sessions(r->worker));
    c->worker = *dp_counters(r->worker);
    c->steal_ms = bench_steal_ms();
    c->ns = bench_clock_ns();
    c->cpu_ns = bench_cpu_ns();
}

static void set(json_t *o, const char *key, uint64_t value)
{
    json_object_set_new(o, key, json_integer((json_int_t)value));
}

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

/* Every connection had a session of its own, which has gone by its time-out; and each packet arrived. */
static bool is_right(const struct run *r, const struct counts *a, const struct counts *b)
{
    uint64_t n = b->connections - a->connections, slack = 1000 + r->o->open;

    return n > 0 && a->drops == b->drops &&
           distance(b->table.created - a->table.created, n) <= slack &&
           distance(b->sent - a->sent, n * CONN_FRAMES * CONN_SIDES) <= slack;
}

static json_t *sessions_json(const struct counts *a, const struct counts *b)
{
    json_t *o = json_object();

    set(o, "created", b->table.created - a->table.created);
    set(o, "closed", b->table.ended[SES_WHY_CLOSED] - a->table.ended[SES_WHY_CLOSED]);
    set(o, "evicted", b->table.ended[SES_WHY_EVICTED] - a->table.ended[SES_WHY_EVICTED]);
    set(o, "used", b->table.used);
    set(o, "by_flow_id", b->worker.hits_flow_id - a->worker.hits_flow_id);
    set(o, "by_table", b->worker.hits_table - a->worker.hits_table);
    set(o, "slow", b->worker.slow - a->worker.slow);
    return o;
}

static json_t *drops_json(const struct counts *a, const struct counts *b)
{
    json_t *o = json_object();

    for (unsigned reason = 0; reason < HSR_DROP_COUNT; reason++)
        if (b->reason[reason] != a->reason[reason])
            set(o, hsr_drop_name(reason), b->reason[reason] - a->reason[reason]);
    return o;
}

static int report(const struct run *r, const struct counts *a, const struct counts *b)
{
    bool ok = is_right(r, a, b);
    double cpu = (double)(b->cpu_ns - a->cpu_ns) / 1e9, wall = (double)(b->ns - a->ns) / 1e9;
    double n = (double)(b->connections - a->connections), hz = bench_cycle_rate();
    json_t *o = json_object();

    json_object_set_new(o, "case", json_string(r->o->what));
    set(o, "open", r->o->open);
    set(o, "vector", r->o->vector);
    set(o, "connections", b->connections - a->connections);
    json_object_set_new(o, "seconds", json_real(wall));
    json_object_set_new(o, "cpu_seconds", json_real(cpu));
    json_object_set_new(o, "cps", json_real(n / wall));
    json_object_set_new(o, "cps_core", json_real(n / cpu));
    json_object_set_new(o, "cycles_per_connection", json_real(hz * cpu / n));
    json_object_set_new(o, "sessions", sessions_json(a, b));
    set(o, "drops", b->drops - a->drops);
    json_object_set_new(o, "drop_reasons", drops_json(a, b));
    set(o, "steal_ms", b->steal_ms - a->steal_ms);
    json_object_set_new(o, "ok", json_boolean(ok));
    json_dumpf(o, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(8));
    putchar('\n');
    json_decref(o);
    return ok ? 0 : 1;
}

static int measure(struct run *r)
{
    struct counts before, after;

    /* Until as many sessions go as come: longer than any stays. */
    for_connections(r, list_length(r->o));
    look(r, &before);
    if (r->o->count > 0)
        for_connections(r, r->o->count);
    else
        for_seconds(r, r->o->seconds);
    look(r, &after);
    return report(r, &before, &after);
}

static int write_capture(const struct sessions_options *o, const struct conn_case *what)
{
    struct conn_list list;
    bool good = conn_list_make(&list, what, list_length(o), o->open) &&
                conn_list_capture(&list, o->capture);

    conn_list_free(&list);
    return good ? 0 : 1;
}

int conn_run(const struct sessions_options *o)
{
    const struct conn_case *what = conn_case(o->what);
    struct run r = {.o = o};
    int rc = 1;

    if (what == NULL) {
        fprintf(stderr, "avs-bench-sessions: no case '%s'; try avs-bench-sessions --help\n",
                o->what);
        return 2;
    }
    if (o->capture != NULL)
        return write_capture(o, what);
    char *text = document_text(o, what);

    r.world = (struct bench_world){.text = text, .cpu = o->cpu, .flow_index = o->flow_index};
    if (text != NULL && load_rings(&r, what) && (rc = bench_world_open(&r.world)) == 0) {
        r.worker = fw_worker(r.world.fw, 0);
        rc = measure(&r);
    }
    bench_world_close(&r.world);
    for (unsigned side = 0; side < CONN_SIDES; side++)
        if (r.ring[side] != NULL)
            nic_ring_free(r.ring[side]);
    free(text);
    return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "fake.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const json_t *document(void *arg)
{
    return ((struct fake *)arg)->document;
}

static const struct cfg *config(void *arg)
{
    return ((struct fake *)arg)->config;
}

static int apply(void *arg, const json_t *doc, struct cfg *c, struct cfg_error *error)
{
    struct fake *f = arg;

    if (f->refuse) {
        snprintf(error->text, sizeof(error->text), "all devices are absent");
        return -ENODEV;
    }
    for (uint32_t i = 0; i < c->ports; i++) {
        if (strcmp(c->port[i].device, "absent") == 0) {
            snprintf(error->path, sizeof(error->path), "/ports/%u/device", i);
            snprintf(error->text, sizeof(error->text), "there is no device absent");
            return -ENODEV;
        }
        if (f->fd >= 0 && strcmp(c->port[i].name, f->fd_port) == 0) {
            f->used_fd = f->fd;
            f->fd = -1;
        }
    }
    json_decref(f->document);
    f->document = json_deep_copy(doc);
    cfg_free(f->config);
    f->config = c;
    f->applied++;
    f->unsettled = FAKE_SESSIONS;
    return 0;
}

static int check(void *arg, const struct cfg *c, struct cfg_error *error)
{
    (void)arg;
    if (c->options.workers <= FAKE_WORKERS) {
        return 0;
    }
    snprintf(error->path, sizeof(error->path), "/options/workers");
    snprintf(error->text, sizeof(error->text), "at most %d", FAKE_WORKERS);
    return -EINVAL;
}

static uint32_t workers_max(void *arg)
{
    (void)arg;
    return FAKE_WORKERS;
}

static json_t *neighbors(void *arg)
{
    (void)arg;
    return json_pack("[{s:s, s:s, s:n, s:s}, {s:s, s:n, s:s, s:s}]", "address", "192.0.2.2", "mac",
                     "02:aa:00:00:00:02", "uplink", "state", "static", "address", "192.0.2.3",
                     "mac", "uplink", "up", "state", "incomplete");
}

static json_t *stats(void *arg)
{
    struct fake *f = arg;
    json_int_t t = ++f->tick;

    return json_pack(
        "{s:[{s:s, s:I, s:I, s:I, s:I, s:i, s:i}, {s:s, s:I, s:I, s:I, s:I, s:i, s:i, s:{s:b}}],"
        " s:[{s:i, s:s, s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:i}], s:{s:i, s:i, s:I},"
        " s:[{s:s, s:i, s:i}, {s:s, s:i, s:i, s:i, s:i}, {s:s, s:i}], s:{s:b},"
        " s:[{s:s, s:i, s:i, s:i}]}",
        "ports", "name", "idle", "rx_packets", t, "rx_bytes", t * 60, "tx_packets", t, "tx_bytes",
        t * 60, "drops", 0, "sessions", 1, "name", "busy", "rx_packets", t * 1000, "rx_bytes",
        t * 1500000, "tx_packets", t * 1000, "tx_bytes", t * 1500000, "drops", 7, "sessions", 9,
        "conservation", "ok", 1, "workers", "worker", 0, "state", "running", "reta_entries", 256,
        "sessions", 9, "packets", t * 2002, "vectors", t * 1001, "hits_flow_id", t * 1001,
        "busy_cycles", t * 2002 * 500, "busy_ns", t, "idle_percent", 75, "sessions", "used",
        FAKE_SESSIONS, "capacity", 131072, "created", t * 3, "tables", "table", "empty", "used", 0,
        "capacity", 7, "table", "slots", "worker", 0, "used", 9, "high_water", 10, "capacity", 10,
        "table", "routes", "used", 4, "conservation", "holds", 1, "snat", "name", "out", "bindings",
        3, "tries", 5, "failures", 1);
}

static json_t *drops(void *arg)
{
    struct fake *f = arg;

    return json_pack("[{s:s, s:s, s:s, s:I}]", "port", "busy", "reason", "pkt_too_small", "stage",
                     "pre", "packets", ++f->tick * 3);
}

static bool matches(int i, const struct ctl_session_filter *f)
{
    return (!f->proto || f->proto == (i % 2 ? IPPROTO_UDP : IPPROTO_TCP)) &&
           (!f->port[0] || strcmp(f->port, i % 2 ? "idle" : "busy") == 0) &&
           (!f->vpc[0] || strcmp(f->vpc, "blue") == 0) &&
           (!f->state[0] || strcmp(f->state, "established") == 0) &&
           (!f->l4_port || f->l4_port == 1000 + i) &&
           (!f->addr.family || (f->addr.family == 4 && f->addr.bytes[3] == i));
}

static json_t *describe(int i)
{
    char id[24], from[32];

    snprintf(id, sizeof(id), "0x%x", 0x10000 + i);
    snprintf(from, sizeof(from), "10.0.0.%d:%d", i, 1000 + i);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "flow_id", id, "vpc", "blue", "proto",
                     i % 2 ? "udp" : "tcp", "from", from, "to", "10.0.1.1:80", "packets",
                     (json_int_t)i * 10);
}

static json_t *sessions(void *arg, const struct ctl_session_filter *filter, const char *cursor,
                        uint32_t limit)
{
    struct fake *f = arg;
    json_t *list = json_array();
    char *end, next[16];
    int i = cursor ? (int)strtol(cursor, &end, 10) : 0;

    if (cursor && (*end || i < 0 || i > FAKE_SESSIONS)) {
        json_decref(list);
        return NULL;
    }
    for (; i < FAKE_SESSIONS && json_array_size(list) < limit; i++) {
        if (!f->gone[i] && matches(i, filter)) {
            json_array_append_new(list, describe(i));
        }
    }
    snprintf(next, sizeof(next), "%d", i);
    return json_pack("{s:o, s:o}", "sessions", list, "cursor",
                     i < FAKE_SESSIONS ? json_string(next) : json_null());
}

static json_t *session(void *arg, uint64_t id)
{
    struct fake *f = arg;
    uint64_t i = id - 0x10000;

    if (i >= FAKE_SESSIONS || f->gone[i]) {
        return NULL;
    }
    json_t *s = describe((int)i);
    json_object_set_new(s, "actions", json_pack("[s, s]", "rewrite", "deliver busy"));
    return s;
}

static int64_t flush(void *arg, const struct ctl_session_filter *filter)
{
    struct fake *f = arg;
    int64_t n = 0;

    for (int i = 0; i < FAKE_SESSIONS; i++) {
        if (!f->gone[i] && matches(i, filter)) {
            f->gone[i] = true;
            n++;
        }
    }
    return n;
}

static int64_t unsettled(void *arg)
{
    struct fake *f = arg;
    int64_t left = f->unsettled;

    f->unsettled -= left < 100 ? left : 100;
    return left;
}

static json_t *version(void *arg)
{
    (void)arg;
    return json_pack("{s:s, s:s, s:s, s:i}", "program", "ctl-fake", "version", "0", "abi", "0.1",
                     "uptime_ns", 1);
}

static int offer_fd(void *arg, const char *port, int fd)
{
    struct fake *f = arg;

    if (f->fd >= 0) {
        close(f->fd);
    }
    f->fd = fd;
    snprintf(f->fd_port, sizeof(f->fd_port), "%s", port);
    return 0;
}

/* Memory that nothing is written to. */
static int capture_start(void *arg, const struct ctl_capture *want, int fd, json_t **result,
                         struct cfg_error *error)
{
    struct fake *f = arg;

    (void)fd;
    if (strcmp(want->filter, "nonsense") == 0) {
        snprintf(error->text, sizeof(error->text), "syntax error");
        return -EINVAL;
    }
    f->captures++;
    *result = json_pack("{s:i, s:i, s:i, s:{}, s:{}}", "id", ++f->capture_id, "workers", 1,
                        "now_ns", 1, "ports", "vpcs");
    return 0;
}

static void capture_stop(void *arg, uint32_t id)
{
    (void)id;
    ((struct fake *)arg)->captures--;
}

static int explain(void *arg, const struct ctl_explain *want, json_t **result,
                   struct ctl_rule_error *error)
{
    (void)arg;
    if (want->packet && strcmp(want->packet, "nonsense") == 0) {
        snprintf(error->text, sizeof(error->text), "'nonsense' is no protocol");
        error->at = 0;
        return -EINVAL;
    }
    *result = json_pack("{s:s, s:s*}", "outcome", want->anew ? "dropped" : "delivered", "port",
                        want->port);
    return 0;
}

static json_t *latency(void *arg)
{
    const struct fake *f = arg;

    return json_pack("{s:b, s:b, s:[{s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:i}], s:[{s:i, s:[]}]}",
                     "on", f->latency, "nic", false, "stages", "stage", "fast", "by", "worker",
                     "count", f->latency_resets ? 0 : 7, "p50_ns", 1000, "p90_ns", 2000, "p99_ns",
                     12345, "p999_ns", 12345, "max_ns", 1000000, "workers", "worker", 0, "stages");
}

static int latency_set(void *arg, bool on)
{
    ((struct fake *)arg)->latency = on;
    return 0;
}

static void latency_reset(void *arg)
{
    ((struct fake *)arg)->latency_resets++;
}

void fake_init(struct fake *f)
{
    *f = (struct fake){
        .fd = -1,
        .used_fd = -1,
        .backend =
            {
                .arg = f,
                .document = document,
                .config = config,
                .apply = apply,
                .check = check,
                .workers_max = workers_max,
                .stats = stats,
                .drops = drops,
                .sessions = sessions,
                .session = session,
                .flush = flush,
                .unsettled = unsettled,
                .version = version,
                .offer_fd = offer_fd,
                .neighbor_list = neighbors,
                .capture_start = capture_start,
                .capture_stop = capture_stop,
                .latency = latency,
                .latency_set = latency_set,
                .latency_reset = latency_reset,
                .explain = explain,
            },
    };
    fake_rules_init(f);
}

void fake_fini(struct fake *f)
{
    json_decref(f->rules);
    json_decref(f->document);
    cfg_free(f->config);
    if (f->fd >= 0) {
        close(f->fd);
    }
    if (f->used_fd >= 0) {
        close(f->used_fd);
    }
}

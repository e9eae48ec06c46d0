/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket's view of the firmware. */
#include <rte_version.h>
#include <unistd.h>

#include "avsd.h"

static const json_t *document(void *arg)
{
    return ((struct avsd *)arg)->document;
}

/* The state before the first one is that of the process before, as far as it is known: indices stay what they were. */
static const struct cfg *config(void *arg)
{
    const struct avsd *d = arg;
    const struct cfg *running = fw_cfg(d->fw);

    return running != NULL ? running : d->former;
}

static int apply(void *arg, const json_t *new_document, struct cfg *cfg, struct cfg_error *error)
{
    struct avsd *d = arg;
    json_t *copy = json_deep_copy(new_document);
    int rc = fw_apply(d->fw, cfg, error);

    if (rc < 0) {
        json_decref(copy);
        return rc;
    }
    json_decref(d->document);
    d->document = copy;
    return 0;
}

static int check(void *arg, const struct cfg *cfg, struct cfg_error *error)
{
    return fw_check(((struct avsd *)arg)->fw, cfg, error);
}

static uint32_t workers_max(void *arg)
{
    return fw_workers(((struct avsd *)arg)->fw);
}

static json_t *stats(void *arg)
{
    return fw_stats(((struct avsd *)arg)->fw);
}

static json_t *drops(void *arg)
{
    return fw_drops(((struct avsd *)arg)->fw);
}

static json_t *sessions(void *arg, const struct ctl_session_filter *filter, const char *cursor,
                        uint32_t limit)
{
    return fw_session_list(((struct avsd *)arg)->fw, filter, cursor, limit);
}

static json_t *session(void *arg, uint64_t flow_id)
{
    return fw_session_show(((struct avsd *)arg)->fw, flow_id);
}

static int64_t flush(void *arg, const struct ctl_session_filter *filter)
{
    return fw_session_flush(((struct avsd *)arg)->fw, filter);
}

static int64_t unsettled(void *arg)
{
    return fw_unsettled(((struct avsd *)arg)->fw);
}

static const char *nic_state(const struct avsd *d)
{
    if (d->nic != NULL)
        return "embedded";
    return d->link.lost ? "gone" : "attached";
}

static json_t *version(void *arg)
{
    const struct avsd *d = arg;

    return json_pack("{s:s, s:s, s:o, s:s, s:s, s:I, s:I}", "program", "avsd", "version",
                     AVS_VERSION, "abi", json_sprintf("%d.%d", HSR_ABI_MAJOR, HSR_ABI_MINOR),
                     "dpdk", rte_version(), "nic", nic_state(d), "pid", (json_int_t)getpid(),
                     "uptime_ns", (json_int_t)(avsd_clock() - d->started));
}

json_t *avsd_snapshot(void *arg)
{
    json_t *o = fw_snapshot(((struct avsd *)arg)->fw);

    json_object_set_new(o, "version", version(arg));
    return o;
}

static int offer_fd(void *arg, const char *port, int fd)
{
    return fw_offer_fd(((struct avsd *)arg)->fw, port, fd);
}

static int rule_create(void *arg, const char *port, const char *text, bool validate,
                       json_t **result, struct ctl_rule_error *error)
{
    return fw_rule_create(((struct avsd *)arg)->fw, port, text, validate, result, error);
}

static int rule_destroy(void *arg, const char *port, uint32_t id, struct ctl_rule_error *error)
{
    return fw_rule_destroy(((struct avsd *)arg)->fw, port, id, error);
}

static int rule_query(void *arg, const char *port, uint32_t id, json_t **result,
                      struct ctl_rule_error *error)
{
    return fw_rule_query(((struct avsd *)arg)->fw, port, id, result, error);
}

static int rule_flush(void *arg, const char *port, json_t **result, struct ctl_rule_error *error)
{
    return fw_rule_flush(((struct avsd *)arg)->fw, port, result, error);
}

static int rule_list(void *arg, const char *port, json_t **result, struct ctl_rule_error *error)
{
    return fw_rule_list(((struct avsd *)arg)->fw, port, result, error);
}

static int meter_set(void *arg, uint16_t id, enum hsr_meter_unit unit, uint64_t rate,
                     uint32_t burst, struct ctl_rule_error *error)
{
    return fw_meter_set(((struct avsd *)arg)->fw, id, unit, rate, burst, error);
}

static json_t *meter_list(void *arg)
{
    return fw_meter_list(((struct avsd *)arg)->fw);
}

static json_t *neighbor_list(void *arg)
{
    return fw_neighbor_list(((struct avsd *)arg)->fw);
}

static int explain(void *arg, const struct ctl_explain *want, json_t **result,
                   struct ctl_rule_error *error)
{
    return fw_explain(((struct avsd *)arg)->fw, want, result, error);
}

static json_t *latency(void *arg)
{
    return fw_latency(((struct avsd *)arg)->fw);
}

static int latency_set(void *arg, bool on)
{
    return fw_latency_set(((struct avsd *)arg)->fw, on);
}

static void latency_reset(void *arg)
{
    fw_latency_reset(((struct avsd *)arg)->fw);
}

/* Names behind the numbers that records have. */
static json_t *port_names(const struct cfg *cfg)
{
    json_t *names = json_object();
    char key[16];

    for (uint32_t i = 0; cfg != NULL && i < cfg->ports; i++) {
        snprintf(key, sizeof key, "%u", cfg->port[i].index);
        json_object_set_new(names, key, json_string(cfg->port[i].name));
    }
    return names;
}

static json_t *vpc_names(const struct cfg *cfg)
{
    json_t *names = json_object();
    char key[16];

    for (uint32_t i = 0; cfg != NULL && i < cfg->vpcs; i++) {
        snprintf(key, sizeof key, "%u", cfg->vpc[i].context);
        json_object_set_new(names, key, json_string(cfg->vpc[i].name));
    }
    return names;
}

static int capture_start(void *arg, const struct ctl_capture *want, int fd, json_t **result,
                         struct cfg_error *error)
{
    struct avsd *d = arg;
    char why[CAP_WHY] = "";
    uint32_t id;
    bool nic;
    int rc = fw_capture_start(d->fw, want, fd, &id, &nic, why);

    if (rc < 0) {
        snprintf(error->text, sizeof error->text, "%s", why);
        return rc;
    }
    *result =
        json_pack("{s:I, s:b, s:I, s:I, s:o, s:o}", "id", (json_int_t)id, "nic", nic, "workers",
                  (json_int_t)fw_workers(d->fw), "now_ns", (json_int_t)fw_capture_now(d->fw),
                  "ports", port_names(fw_cfg(d->fw)), "vpcs", vpc_names(fw_cfg(d->fw)));
    return 0;
}

static void capture_stop(void *arg, uint32_t id)
{
    fw_capture_stop(((struct avsd *)arg)->fw, id);
}

void avsd_backend(struct avsd *d, struct ctl_backend *backend)
{
    *backend = (struct ctl_backend){.arg = d,
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
                                    .rule_create = rule_create,
                                    .rule_destroy = rule_destroy,
                                    .rule_query = rule_query,
                                    .rule_flush = rule_flush,
                                    .rule_list = rule_list,
                                    .meter_set = meter_set,
                                    .meter_list = meter_list,
                                    .neighbor_list = neighbor_list,
                                    .latency = latency,
                                    .latency_set = latency_set,
                                    .latency_reset = latency_reset,
                                    .explain = explain,
                                    .capture_start = capture_start,
                                    .capture_stop = capture_stop};
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Rules to the hardware, and the meters they name. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "log/log.h"
#include "server_internal.h"

AVS_LOG_MODULE(log_module, "control")

/* What the backend said of a rule, as the answer to the request. */
static int rule_failed(struct ctl_call *call, int rc)
{
    const struct ctl_rule_error *e = &call->rule_error;

    if (e->at >= 0) {
        call->hint = "docs/reference/rules.md shows the syntax";
        return ctl_fail(call, rc, "%s: %s, at character %lld of the rule", e->type, e->text,
                        (long long)e->at + 1);
    }
    return ctl_fail(call, rc, "%s%s%s", e->type ? e->type : "", e->type ? ": " : "", e->text);
}

/* A port by name or number: its text, or NULL after an error. */
static const char *read_port(struct ctl_call *call, char number[24])
{
    const json_t *port = json_object_get(call->params, "port");

    if (json_is_string(port) && *json_string_value(port)) {
        return json_string_value(port);
    }
    if (json_is_integer(port)) {
        snprintf(number, 24, "%lld", (long long)json_integer_value(port));
        return number;
    }
    ctl_fail(call, -EINVAL, "parameter port must be a port's name or index");
    return NULL;
}

static int read_id(struct ctl_call *call, const char *name, int64_t high, int64_t *id)
{
    *id = -1;
    if (ctl_param_int(call, name, 0, high, id)) {
        return -EINVAL;
    }
    return *id >= 0 ? 0 : ctl_fail(call, -EINVAL, "parameter %s is needed", name);
}

static int create(struct ctl_call *call, bool validate)
{
    const struct ctl_backend *b = call->server->backend;
    const char *rule = ctl_param_text(call, "rule");
    char number[24];
    const char *port = read_port(call, number);

    if (!port) {
        return -EINVAL;
    }
    if (!rule) {
        return ctl_fail(call, -EINVAL, "parameter rule must be the text of a rule");
    }
    int rc = b->rule_create(b->arg, port, rule, validate, &call->result, &call->rule_error);
    if (rc) {
        return rule_failed(call, rc);
    }
    if (!validate) {
        AVS_LOG(log_module, AVS_LOG_INFO, "rule created", avs_log_u64("uid", call->uid),
                avs_log_str("port", port),
                avs_log_i64("rule", json_integer_value(json_object_get(call->result, "rule"))),
                avs_log_str("home", json_string_value(json_object_get(call->result, "home"))),
                avs_log_str("text", json_string_value(json_object_get(call->result, "text"))));
    }
    return 0;
}

int ctl_method_flow_validate(struct ctl_call *call)
{
    return create(call, true);
}

int ctl_method_flow_create(struct ctl_call *call)
{
    return create(call, false);
}

int ctl_method_flow_destroy(struct ctl_call *call)
{
    const struct ctl_backend *b = call->server->backend;
    char number[24];
    const char *port = read_port(call, number);
    int64_t id;

    if (!port || read_id(call, "rule", UINT32_MAX, &id)) {
        return -EINVAL;
    }
    int rc = b->rule_destroy(b->arg, port, (uint32_t)id, &call->rule_error);
    if (rc) {
        return rule_failed(call, rc);
    }
    AVS_LOG(log_module, AVS_LOG_INFO, "rule destroyed", avs_log_u64("uid", call->uid),
            avs_log_str("port", port), avs_log_i64("rule", id));
    return 0;
}

int ctl_method_flow_query(struct ctl_call *call)
{
    const struct ctl_backend *b = call->server->backend;
    const char *action = ctl_param_text(call, "action");
    char number[24];
    const char *port = read_port(call, number);
    int64_t id;

    if (!port || read_id(call, "rule", UINT32_MAX, &id)) {
        return -EINVAL;
    }
    if (action && strcmp(action, "count") != 0) {
        return ctl_fail(call, -EINVAL, "only the action count can be queried, not '%.40s'", action);
    }
    int rc = b->rule_query(b->arg, port, (uint32_t)id, &call->result, &call->rule_error);
    return rc ? rule_failed(call, rc) : 0;
}

int ctl_method_flow_list(struct ctl_call *call)
{
    const struct ctl_backend *b = call->server->backend;
    char number[24];
    const char *port = NULL;
    json_t *rules = NULL;

    if (json_object_get(call->params, "port")) {
        port = read_port(call, number);
        if (!port) {
            return -EINVAL;
        }
    }
    int rc = b->rule_list(b->arg, port, &rules, &call->rule_error);
    if (rc) {
        return rule_failed(call, rc);
    }
    call->result = json_pack("{s:o}", "rules", rules);
    return call->result ? 0 : -ENOMEM;
}

int ctl_method_flow_flush(struct ctl_call *call)
{
    const struct ctl_backend *b = call->server->backend;
    char number[24];
    const char *port = read_port(call, number);

    if (!port) {
        return -EINVAL;
    }
    int rc = b->rule_flush(b->arg, port, &call->result, &call->rule_error);
    AVS_LOG(log_module, AVS_LOG_INFO, "rules flushed", avs_log_u64("uid", call->uid),
            avs_log_str("port", port), avs_log_i64("error", rc));
    return rc ? rule_failed(call, rc) : 0;
}

static int set_meter(struct ctl_call *call, int64_t id, enum hsr_meter_unit unit, int64_t rate,
                     int64_t burst)
{
    const struct ctl_backend *b = call->server->backend;
    int rc = b->meter_set(b->arg, (uint16_t)id, unit, (uint64_t)rate, (uint32_t)burst,
                          &call->rule_error);

    if (rc) {
        return rule_failed(call, rc);
    }
    AVS_LOG(log_module, AVS_LOG_INFO, unit == HSR_METER_NONE ? "meter deleted" : "meter set",
            avs_log_u64("uid", call->uid), avs_log_i64("meter", id),
            avs_log_str("unit", unit == HSR_METER_BITS ? "bps" : "pps"), avs_log_i64("rate", rate),
            avs_log_i64("burst", burst));
    return 0;
}

int ctl_method_meter_create(struct ctl_call *call)
{
    const char *unit = ctl_param_text(call, "unit");
    int64_t id, rate = 0, burst = 0;

    if (read_id(call, "id", HSR_MAX_METERS - 1, &id) ||
        ctl_param_int(call, "rate", 1, INT64_MAX, &rate) ||
        ctl_param_int(call, "burst", 1, UINT32_MAX, &burst)) {
        return -EINVAL;
    }
    if (!unit || (strcmp(unit, "pps") != 0 && strcmp(unit, "bps") != 0)) {
        return ctl_fail(call, -EINVAL,
                        "parameter unit must be pps (rate and burst in packets) or bps (rate in "
                        "bits a second, burst in bytes)");
    }
    if (rate == 0 || burst == 0) {
        return ctl_fail(call, -EINVAL, "parameters rate and burst are needed");
    }
    return set_meter(call, id, *unit == 'p' ? HSR_METER_PACKETS : HSR_METER_BITS, rate, burst);
}

int ctl_method_meter_delete(struct ctl_call *call)
{
    int64_t id;

    if (read_id(call, "id", HSR_MAX_METERS - 1, &id)) {
        return -EINVAL;
    }
    return set_meter(call, id, HSR_METER_NONE, 0, 0);
}

int ctl_method_meter_list(struct ctl_call *call)
{
    const struct ctl_backend *b = call->server->backend;
    json_t *meters = b->meter_list(b->arg);

    call->result = meters ? json_pack("{s:o}", "meters", meters) : NULL;
    return call->result ? 0 : -ENOMEM;
}

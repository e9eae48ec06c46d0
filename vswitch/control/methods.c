/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "log/log.h"
#include "server_internal.h"

static int stats_get(struct ctl_call *call)
{
    const struct ctl_backend *b = call->server->backend;

    call->result = b->stats(b->arg);
    return call->result ? 0 : -ENOMEM;
}

static int drops_get(struct ctl_call *call)
{
    const struct ctl_backend *b = call->server->backend;
    json_t *drops = b->drops(b->arg);

    call->result = drops ? json_pack("{s:o}", "drops", drops) : NULL;
    return call->result ? 0 : -ENOMEM;
}

static void add_module(void *arg, const char *module, enum avs_log_level level)
{
    json_object_set_new(arg, module, json_string(avs_log_level_name(level)));
}

static int log_get(struct ctl_call *call)
{
    json_t *modules = json_object();

    avs_log_each(add_module, modules);
    call->result = json_pack("{s:o}", "modules", modules);
    return call->result ? 0 : -ENOMEM;
}

static int log_set(struct ctl_call *call)
{
    const char *module = ctl_param_text(call, "module");
    const char *text = ctl_param_text(call, "level");
    enum avs_log_level level;

    if (!module || !text) {
        return ctl_fail(call, -EINVAL, "parameters module and level are needed");
    }
    if (!avs_log_level_parse(text, &level)) {
        call->hint = "levels are error, warn, info, debug";
        return ctl_fail(call, -EINVAL, "no level '%.40s'", text);
    }
    if (avs_log_set(module, level) != 0) {
        call->hint = "log.get names the modules; * is all of them";
        return ctl_fail(call, -ENOENT, "no module '%.40s'", module);
    }
    return log_get(call);
}

static int port_fd(struct ctl_call *call)
{
    const struct ctl_backend *b = call->server->backend;
    const char *port = ctl_param_text(call, "port");

    if (!port || strlen(port) >= CFG_NAME) {
        return ctl_fail(call, -EINVAL, "parameter port must be a name of at most %d characters",
                        CFG_NAME - 1);
    }
    if (*call->passed_fd < 0) {
        call->hint = "send it as SCM_RIGHTS with the request's first byte";
        return ctl_fail(call, -EBADF, "no descriptor came with the request");
    }
    int fd = *call->passed_fd;
    *call->passed_fd = -1;
    return b->offer_fd(b->arg, port, fd);
}

static int neighbor_list(struct ctl_call *call)
{
    const struct ctl_backend *b = call->server->backend;
    json_t *rows = b->neighbor_list(b->arg);

    call->result = rows ? json_pack("{s:o}", "neighbors", rows) : NULL;
    return call->result ? 0 : -ENOMEM;
}

static int version_get(struct ctl_call *call);

static const struct ctl_method methods[] = {
    {"config.apply", CTL_OPERATOR, "document dry_run if_revision confirm_s",
     ctl_method_config_apply, true},
    {"config.get", CTL_OPERATOR, "", ctl_method_config_get, false},
    {"config.confirm", CTL_ADMIN, "", ctl_method_config_confirm, true},
    {"config.revert", CTL_ADMIN, "", ctl_method_config_revert, true},
    {"config.trial", CTL_OPERATOR, "", ctl_method_config_trial, false},
    {"config.settled", CTL_OPERATOR, "", ctl_method_config_settled, false},
    {"workers.set", CTL_ADMIN, "workers dry_run", ctl_method_workers_set, true},
    {"object.add", CTL_ADMIN, "list object", ctl_method_object_add, true},
    {"object.remove", CTL_ADMIN, "list object", ctl_method_object_remove, true},
    {"object.list", CTL_OPERATOR, "list", ctl_method_object_list, false},
    {"schema.get", CTL_OPERATOR, "", ctl_method_schema_get, false},
    {"session.list", CTL_OPERATOR, "filter cursor limit", ctl_method_session_list, false},
    {"session.show", CTL_OPERATOR, "flow_id", ctl_method_session_show, false},
    {"session.flush", CTL_OPERATOR, "filter", ctl_method_session_flush, true},
    {"flow.validate", CTL_OPERATOR, "port rule", ctl_method_flow_validate, false},
    {"flow.create", CTL_ADMIN, "port rule", ctl_method_flow_create, true},
    {"flow.destroy", CTL_ADMIN, "port rule", ctl_method_flow_destroy, true},
    {"flow.query", CTL_OPERATOR, "port rule action", ctl_method_flow_query, false},
    {"flow.list", CTL_OPERATOR, "port", ctl_method_flow_list, false},
    {"flow.flush", CTL_ADMIN, "port", ctl_method_flow_flush, true},
    {"meter.create", CTL_ADMIN, "id unit rate burst", ctl_method_meter_create, true},
    {"meter.delete", CTL_ADMIN, "id", ctl_method_meter_delete, true},
    {"meter.list", CTL_OPERATOR, "", ctl_method_meter_list, false},
    {"capture.start", CTL_ADMIN, "filter vpc port points snap rate drop_only",
     ctl_method_capture_start, true},
    {"explain", CTL_OPERATOR, "port packet frame anew bytes", ctl_method_explain, false},
    {"latency.get", CTL_OPERATOR, "", ctl_method_latency_get, false},
    {"latency.set", CTL_ADMIN, "on", ctl_method_latency_set, true},
    {"latency.reset", CTL_ADMIN, "", ctl_method_latency_reset, true},
    {"neighbor.list", CTL_OPERATOR, "", neighbor_list, false},
    {"drops.get", CTL_OPERATOR, "", drops_get, false},
    {"stats.get", CTL_OPERATOR, "", stats_get, false},
    {"log.set", CTL_ADMIN, "module level", log_set, true},
    {"log.get", CTL_OPERATOR, "", log_get, false},
    {"version.get", CTL_OPERATOR, "", version_get, false},
    {"port.fd", CTL_ADMIN, "port", port_fd, true},
};

static int version_get(struct ctl_call *call)
{
    const struct ctl_backend *b = call->server->backend;
    json_t *names = json_array();

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        json_array_append_new(names, json_string(methods[i].name));
    }
    call->result = b->version(b->arg);
    if (!call->result) {
        json_decref(names);
        return -ENOMEM;
    }
    return json_object_set_new(call->result, "methods", names) ? -ENOMEM : 0;
}

const struct ctl_method *ctl_method_find(const char *name)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(methods[i].name, name) == 0) {
            return &methods[i];
        }
    }
    return NULL;
}

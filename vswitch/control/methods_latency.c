/* SPDX-License-Identifier: Apache-2.0 */
/* How long packets take. */
#include <errno.h>
#include <string.h>

#include "log/log.h"
#include "server_internal.h"

AVS_LOG_MODULE(log_module, "control")

int ctl_method_latency_get(struct ctl_call *call)
{
    const struct ctl_backend *b = call->server->backend;

    call->result = b->latency(b->arg);
    return call->result ? 0 : -ENOMEM;
}

int ctl_method_latency_set(struct ctl_call *call)
{
    const struct ctl_backend *b = call->server->backend;
    bool on = false;

    if (!json_object_get(call->params, "on")) {
        return ctl_fail(call, -EINVAL, "parameter on is needed");
    }
    if (ctl_param_bool(call, "on", &on)) {
        return -EINVAL;
    }
    int rc = b->latency_set(b->arg, on);
    if (rc) {
        return ctl_fail(call, rc,
                        on ? "latency cannot be measured: %s"
                           : "workers measure no more, the NIC may: %s; try again",
                        strerror(-rc));
    }
    AVS_LOG(log_module, AVS_LOG_INFO, on ? "latency is measured" : "latency is not measured",
            avs_log_u64("uid", call->uid));
    call->result = json_pack("{s:b}", "on", on);
    return call->result ? 0 : -ENOMEM;
}

int ctl_method_latency_reset(struct ctl_call *call)
{
    const struct ctl_backend *b = call->server->backend;

    b->latency_reset(b->arg);
    call->result = json_object();
    return call->result ? 0 : -ENOMEM;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Captures: they belong to the connection that starts them, and end with it. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "capture/area.h"
#include "log/log.h"
#include "server_internal.h"

AVS_LOG_MODULE(log_module, "control")

#define ALL_POINTS ((1u << CAP_POINTS) - 1)

static int read_name(struct ctl_call *call, const char *param, char name[CFG_NAME])
{
    const char *text = ctl_param_text(call, param);

    if (!text) {
        return 0;
    }
    if (strlen(text) >= CFG_NAME) {
        return ctl_fail(call, -EINVAL, "parameter %s must be a name of at most %d characters",
                        param, CFG_NAME - 1);
    }
    memcpy(name, text, strlen(text) + 1);
    return 0;
}

static int read_points(struct ctl_call *call, uint32_t *points)
{
    const json_t *list = json_object_get(call->params, "points"), *item;
    size_t i;

    *points = list ? 0 : ALL_POINTS;
    json_array_foreach (list, i, item) {
        const char *name = json_is_string(item) ? json_string_value(item) : "";
        unsigned p = 0;

        while (p < CAP_POINTS && strcmp(cap_point_name[p], name) != 0) {
            p++;
        }
        if (p == CAP_POINTS) {
            call->hint = "nic.rx pre.out ring.rx fast slow ring.tx post.in nic.tx drop";
            return ctl_fail(call, -EINVAL, "there is no point '%.40s'", name);
        }
        *points |= 1u << p;
    }
    return *points ? 0 : ctl_fail(call, -EINVAL, "parameter points must name at least one point");
}

static int read_numbers(struct ctl_call *call, struct ctl_capture *want)
{
    int64_t snap = CAP_SNAP_MAX, rate = 0;

    if (ctl_param_int(call, "snap", 1, CAP_SNAP_MAX, &snap) ||
        ctl_param_int(call, "rate", 0, 1000000000, &rate) ||
        ctl_param_bool(call, "drop_only", &want->drop_only)) {
        return -EINVAL;
    }
    want->snap = (uint32_t)snap;
    want->rate = (uint32_t)rate;
    return 0;
}

int ctl_method_capture_start(struct ctl_call *call)
{
    const struct ctl_backend *b = call->server->backend;
    struct ctl_capture want = {.filter = ctl_param_text(call, "filter")};

    if (!want.filter) {
        want.filter = "";
    }
    if (read_name(call, "vpc", want.vpc) || read_name(call, "port", want.port) ||
        read_points(call, &want.points) || read_numbers(call, &want)) {
        return -EINVAL;
    }
    if (*call->capture >= 0) {
        return ctl_fail(call, -EBUSY, "this connection has a capture already");
    }
    if (*call->passed_fd < 0) {
        call->hint = "send it as SCM_RIGHTS with the request's first byte; avs-ctl does";
        return ctl_fail(call, -EBADF, "no memory to capture into came with the request");
    }
    int fd = *call->passed_fd;
    *call->passed_fd = -1;
    int rc = b->capture_start(b->arg, &want, fd, &call->result, &call->error);
    close(fd);
    if (rc) {
        return rc;
    }
    *call->capture = (int)json_integer_value(json_object_get(call->result, "id"));
    AVS_LOG(log_module, AVS_LOG_INFO, "capture started", avs_log_u64("uid", call->uid),
            avs_log_str("filter", want.filter), avs_log_str("vpc", want.vpc),
            avs_log_str("port", want.port));
    return 0;
}

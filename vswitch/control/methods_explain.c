/* SPDX-License-Identifier: Apache-2.0 */
/* What would become of a packet. */
#include <errno.h>
#include <string.h>

#include "server_internal.h"

int ctl_method_explain(struct ctl_call *call)
{
    const struct ctl_backend *b = call->server->backend;
    const struct ctl_rule_error *e = &call->rule_error;
    struct ctl_explain want = {.port = ctl_param_text(call, "port"),
                               .packet = ctl_param_text(call, "packet"),
                               .frame = ctl_param_text(call, "frame")};

    if (ctl_param_bool(call, "anew", &want.anew) || ctl_param_bool(call, "bytes", &want.bytes)) {
        return -EINVAL;
    }
    if (!want.packet == !want.frame) {
        call->hint = "a packet is a line like 'tcp 10.0.0.1:1234 > 10.0.1.2:80 syn', a frame is "
                     "hexadecimal";
        return ctl_fail(call, -EINVAL, "one of the parameters packet and frame is needed");
    }
    int rc = b->explain(b->arg, &want, &call->result, &call->rule_error);
    if (rc && e->at >= 0) {
        call->hint = "avs-ctl help explain shows how a packet is described";
        return ctl_fail(call, rc, "%s, at character %lld of the %s", e->text, (long long)e->at + 1,
                        want.packet ? "packet" : "frame");
    }
    return rc ? ctl_fail(call, rc, "%s", e->text) : 0;
}

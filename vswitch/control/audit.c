/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who changed what, into the log: one line, module=audit, for each request that changes the state, done or refused.
 *
 * Done ones are all logged, up to a thousand a second, which nobody types; of others there may be ten, and the next line says how many were
 * left out. Texts come from strangers: the log escapes them.
 */
#include <stdlib.h>
#include <string.h>

#include "log/log.h"
#include "server_internal.h"

AVS_LOG_MODULE(log_audit, "audit")

#define EVERY 1000 /* lines a second */
#define TEXT  600  /* bytes of what was asked for, and of what came of it */

static bool is_audited(const struct ctl_call *call, const struct ctl_method *method)
{
    return method->audited && !json_is_true(json_object_get(call->params, "dry_run"));
}

/* At most TEXT bytes, cut between characters; "" for NULL. */
static void text_of(const json_t *value, char text[TEXT])
{
    char *all =
        value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII) : NULL;

    text[0] = 0;
    if (all) {
        strncat(text, all, TEXT - 1);
    }
    free(all);
}

/* All parameters but a whole document: what it changes is said instead. */
static void params_of(const struct ctl_call *call, char text[TEXT])
{
    json_t *params = json_copy((json_t *)(uintptr_t)call->params);

    json_object_del(params, "document");
    text_of(json_object_size(params) ? params : NULL, text);
    json_decref(params);
}

bool ctl_audit(const struct ctl_call *call, const struct ctl_method *method, int error)
{
    char params[TEXT], changes[TEXT];

    if (!is_audited(call, method)) {
        return false;
    }
    params_of(call, params);
    text_of(json_object_get(call->result, "changes"), changes);
    if (error) {
        AVS_LOG(log_audit, AVS_LOG_INFO, "refused", avs_log_str("method", method->name),
                avs_log_u64("uid", call->uid), avs_log_i64("pid", call->pid),
                avs_log_str("role", call->role == CTL_ADMIN ? "admin" : "operator"),
                avs_log_str("params", params), avs_log_str("why", call->error.text),
                avs_log_u64("applied", call->applied));
    } else {
        AVS_LOG_UP_TO(log_audit, AVS_LOG_INFO, EVERY, "changed",
                      avs_log_str("method", method->name), avs_log_u64("uid", call->uid),
                      avs_log_i64("pid", call->pid),
                      avs_log_str("role", call->role == CTL_ADMIN ? "admin" : "operator"),
                      avs_log_str("params", params), avs_log_str("changes", changes),
                      avs_log_u64("revision", call->server->revision));
    }
    return true;
}

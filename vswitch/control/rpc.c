/* SPDX-License-Identifier: Apache-2.0 */
/* JSON-RPC 2.0 (jsonrpc.org/specification): one line in, one line out. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log/log.h"
#include "server_internal.h"

AVS_LOG_MODULE(log_module, "control")

#define RPC_PARSE      (-32700)
#define RPC_REQUEST    (-32600)
#define RPC_METHOD     (-32601)
#define RPC_PARAMS     (-32602)
#define RPC_FAILED     (-32000)
#define RPC_PERMISSION (-32001)

int ctl_fail(struct ctl_call *call, int error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(call->error.text, sizeof(call->error.text), format, args);
    va_end(args);
    return error;
}

const char *ctl_param_text(const struct ctl_call *call, const char *name)
{
    return json_string_value(json_object_get(call->params, name));
}

int ctl_param_int(struct ctl_call *call, const char *name, int64_t low, int64_t high,
                  int64_t *value)
{
    const json_t *v = json_object_get(call->params, name);

    if (!v) {
        return 0;
    }
    if (!json_is_integer(v) || json_integer_value(v) < low || json_integer_value(v) > high) {
        return ctl_fail(call, -EINVAL, "parameter %s must be an integer from %lld to %lld", name,
                        (long long)low, (long long)high);
    }
    *value = json_integer_value(v);
    return 0;
}

int ctl_param_bool(struct ctl_call *call, const char *name, bool *value)
{
    const json_t *v = json_object_get(call->params, name);

    if (!v) {
        return 0;
    }
    if (!json_is_boolean(v)) {
        return ctl_fail(call, -EINVAL, "parameter %s must be true or false", name);
    }
    *value = json_is_true(v);
    return 0;
}

/* The parser calls itself for each bracket: count them first. */
static bool too_deep(const char *text, size_t length, unsigned limit)
{
    unsigned depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < length; i++) {
        char c = text[i];

        if (quoted) {
            if (c == '\\') {
                i++;
            } else if (c == '"') {
                quoted = false;
            }
        } else if (c == '"') {
            quoted = true;
        } else if (c == '[' || c == '{') {
            if (++depth > limit) {
                return true;
            }
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return false;
}

/* Takes over `reply`. */
static char *line_of(json_t *reply, size_t *size)
{
    char *text = reply ? json_dumps(reply, JSON_COMPACT) : NULL;

    json_decref(reply);
    if (!text) {
        return NULL;
    }
    *size = strlen(text);
    char *line = realloc(text, *size + 2);
    if (!line) {
        free(text);
        return NULL;
    }
    line[(*size)++] = '\n';
    line[*size] = 0;
    return line;
}

json_t *ctl_text_or_null(const char *text)
{
    json_t *v = text && *text ? json_string(text) : NULL;

    return v ? v : json_null();
}

/* Borrows `id` (NULL: null). */
static json_t *error_reply(json_t *id, int code, int error, const struct ctl_call *call,
                           const char *message)
{
    const char *name = strerrorname_np(error < 0 ? -error : error);
    /* A name from the request need not be text that we may echo. */
    json_t *said = json_string(message);

    if (!said) {
        said = json_string("error");
    }
    json_t *data =
        json_pack("{s:s, s:o, s:o, s:o}", "code", name ? name : "EIO", "path",
                  ctl_text_or_null(call ? call->error.path : NULL), "line",
                  call && call->error.line ? json_integer(call->error.line) : json_null(), "hint",
                  ctl_text_or_null(call ? call->hint : NULL));
    if (data && call && call->applied) {
        json_object_set_new(data, "applied", json_true());
    }
    if (data && call && call->rule_error.type) {
        json_object_set_new(data, "type", json_string(call->rule_error.type));
    }
    if (data && call && call->rule_error.type && call->rule_error.at >= 0) {
        json_object_set_new(data, "position", json_integer(call->rule_error.at));
    }
    return json_pack("{s:s, s:O, s:{s:i, s:o, s:o*}}", "jsonrpc", "2.0", "id",
                     id ? id : json_null(), "error", "code", code, "message", said, "data", data);
}

char *ctl_rpc_error(int code, int error, const char *message, size_t *size)
{
    return line_of(error_reply(NULL, code, error, NULL, message), size);
}

static int code_of(int error)
{
    switch (error) {
    case -EINVAL:
        return RPC_PARAMS;
    case -EPERM:
    case -EACCES:
        return RPC_PERMISSION;
    default:
        return RPC_FAILED;
    }
}

/* The method of a well-formed request. New reference. */
static json_t *run(struct ctl_call *call, json_t *id, const char *name)
{
    const struct ctl_method *method = ctl_method_find(name);

    if (!method) {
        call->hint = "version.get names the methods";
        ctl_fail(call, -ENOSYS, "no method '%.100s'", name);
        return error_reply(id, RPC_METHOD, ENOSYS, call, call->error.text);
    }
    int error = -EACCES;
    if (call->role >= method->role) {
        error = method->run(call);
    } else {
        call->hint = "root and the daemon's own user may";
        ctl_fail(call, error, "%s changes the daemon's state: you may only look", name);
    }
    if (error && !call->error.text[0]) {
        ctl_fail(call, error, "%s", strerror(-error));
    }
    bool audited = ctl_audit(call, method, error);
    if (error && !audited) {
        AVS_LOG(log_module, AVS_LOG_INFO, "request failed", avs_log_str("method", name),
                avs_log_u64("uid", call->uid), avs_log_str("why", call->error.text));
    }
    if (error) {
        json_decref(call->result);
        return error_reply(id, code_of(error), error, call, call->error.text);
    }
    return json_pack("{s:s, s:O, s:o}", "jsonrpc", "2.0", "id", id ? id : json_null(), "result",
                     call->result ? call->result : json_object());
}

static json_t *answer(struct ctl_call *call, json_t *request)
{
    json_t *id = json_object_get(request, "id");
    const json_t *method = json_object_get(request, "method");
    const json_t *params = json_object_get(request, "params");
    const char *version = json_string_value(json_object_get(request, "jsonrpc"));

    if (json_is_array(request)) {
        return error_reply(NULL, RPC_REQUEST, EINVAL, NULL,
                           "batches are not taken: send one request a line");
    }
    if (id && !json_is_string(id) && !json_is_integer(id) && !json_is_null(id)) {
        return error_reply(NULL, RPC_REQUEST, EINVAL, NULL, "id must be text, an integer or null");
    }
    if (!version || strcmp(version, "2.0") != 0 || !json_is_string(method)) {
        return error_reply(id, RPC_REQUEST, EINVAL, NULL,
                           "a request has \"jsonrpc\": \"2.0\" and a \"method\"");
    }
    if (params && !json_is_object(params)) {
        return error_reply(id, RPC_PARAMS, EINVAL, NULL, "params must be an object");
    }
    call->params = params;
    json_t *reply = run(call, id, json_string_value(method));
    if (!id) {
        /* A notification: done, never answered. */
        json_decref(reply);
        return NULL;
    }
    return reply;
}

char *ctl_rpc(struct ctl_server *server, const struct ctl_peer *peer, const char *line,
              size_t length, size_t *size)
{
    struct ctl_call call = {.server = server,
                            .role = peer->role,
                            .uid = peer->uid,
                            .pid = peer->pid,
                            .passed_fd = peer->passed_fd,
                            .capture = peer->capture,
                            .rule_error = {.at = -1}};
    json_error_t error;

    if (length > 0 && line[length - 1] == '\r') {
        length--;
    }
    if (length == 0) {
        return NULL;
    }
    if (too_deep(line, length, server->limits.depth)) {
        return ctl_rpc_error(RPC_PARSE, E2BIG, "the request is nested too deeply", size);
    }
    json_t *request = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
    if (!request) {
        ctl_fail(&call, -EINVAL, "not JSON, at byte %d: %s", error.position, error.text);
        return ctl_rpc_error(RPC_PARSE, EINVAL, call.error.text, size);
    }
    char *text = line_of(answer(&call, request), size);
    json_decref(request);
    return text;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log/log.h"
#include "server_internal.h"

AVS_LOG_MODULE(log_module, "control")

#define PAGE_DEFAULT 100
#define PAGE_MAX     10000

static int copy_text(struct ctl_call *call, const char *name, const json_t *value, char *to,
                     size_t size)
{
    const char *text = json_string_value(value);

    if (!text || !*text || strlen(text) >= size) {
        return ctl_fail(call, -EINVAL, "filter %s must be text of 1 to %zu characters", name,
                        size - 1);
    }
    memcpy(to, text, strlen(text) + 1);
    return 0;
}

static int read_protocol(struct ctl_call *call, const json_t *value, uint8_t *to)
{
    const char *text = json_string_value(value);

    if (json_is_integer(value) && json_integer_value(value) > 0 &&
        json_integer_value(value) < 256) {
        *to = (uint8_t)json_integer_value(value);
        return 0;
    }
    if (text && cfg_proto(text) > 0) {
        *to = (uint8_t)cfg_proto(text);
        return 0;
    }
    return ctl_fail(call, -EINVAL,
                    "filter proto must be tcp, udp, icmp, icmpv6, sctp or a number from 1 to 255");
}

static int read_one(struct ctl_call *call, const char *key, const json_t *value,
                    struct ctl_session_filter *filter)
{
    if (strcmp(key, "vpc") == 0) {
        return copy_text(call, key, value, filter->vpc, sizeof(filter->vpc));
    }
    if (strcmp(key, "port") == 0) {
        return copy_text(call, key, value, filter->port, sizeof(filter->port));
    }
    if (strcmp(key, "state") == 0) {
        return copy_text(call, key, value, filter->state, sizeof(filter->state));
    }
    if (strcmp(key, "proto") == 0) {
        return read_protocol(call, value, &filter->proto);
    }
    if (strcmp(key, "addr") == 0) {
        const char *text = json_string_value(value);

        return text && cfg_addr_parse(text, &filter->addr)
                   ? 0
                   : ctl_fail(call, -EINVAL, "filter addr must be an IPv4 or IPv6 address");
    }
    if (strcmp(key, "l4port") == 0) {
        json_int_t number = json_integer_value(value);

        if (number < 1 || number > 65535) {
            return ctl_fail(call, -EINVAL, "filter l4port must be an integer from 1 to 65535");
        }
        filter->l4_port = (uint16_t)number;
        return 0;
    }
    call->hint = "filters are vpc, port, proto, addr, l4port, state";
    return ctl_fail(call, -EINVAL, "no filter '%.40s'", key);
}

static int read_filter(struct ctl_call *call, struct ctl_session_filter *filter)
{
    json_t *object = json_object_get(call->params, "filter"), *value;
    const char *key;

    memset(filter, 0, sizeof(*filter));
    if (object && !json_is_object(object)) {
        return ctl_fail(call, -EINVAL, "parameter filter must be an object");
    }
    json_object_foreach (object, key, value) {
        int error = read_one(call, key, value, filter);

        if (error) {
            return error;
        }
    }
    return 0;
}

int ctl_method_session_list(struct ctl_call *call)
{
    const struct ctl_backend *b = call->server->backend;
    struct ctl_session_filter filter;
    const json_t *cursor = json_object_get(call->params, "cursor");
    int64_t limit = PAGE_DEFAULT;
    int error = read_filter(call, &filter);

    if (!error) {
        error = ctl_param_int(call, "limit", 1, PAGE_MAX, &limit);
    }
    if (error) {
        return error;
    }
    if (cursor && !json_is_string(cursor) && !json_is_null(cursor)) {
        return ctl_fail(call, -EINVAL, "parameter cursor must be one that session.list gave");
    }
    call->result = b->sessions(b->arg, &filter, json_string_value(cursor), (uint32_t)limit);
    return call->result ? 0 : ctl_fail(call, -EINVAL, "no such cursor");
}

/* A flow id is 64 bits: text where JSON's integers end. As session.list writes it (16 digits), 0x..., or decimal. */
static bool read_flow_id(const json_t *value, uint64_t *id)
{
    const char *text = json_string_value(value);
    char *end;

    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        *id = (uint64_t)json_integer_value(value);
        return true;
    }
    if (!text || !isxdigit((unsigned char)*text)) {
        return false;
    }
    bool hex = strlen(text) == 16 || (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'));
    errno = 0;
    *id = strtoull(text, &end, hex ? 16 : 10);
    return errno == 0 && *end == 0;
}

int ctl_method_session_show(struct ctl_call *call)
{
    const struct ctl_backend *b = call->server->backend;
    uint64_t id;

    if (!read_flow_id(json_object_get(call->params, "flow_id"), &id)) {
        return ctl_fail(call, -EINVAL, "parameter flow_id must be a flow id, as 0x... or a number");
    }
    call->result = b->session(b->arg, id);
    return call->result ? 0 : ctl_fail(call, -ENOENT, "no session 0x%llx", (unsigned long long)id);
}

int ctl_method_session_flush(struct ctl_call *call)
{
    const struct ctl_backend *b = call->server->backend;
    struct ctl_session_filter filter;
    int error = read_filter(call, &filter);

    if (error) {
        return error;
    }
    int64_t removed = b->flush(b->arg, &filter);
    if (removed < 0) {
        return (int)removed;
    }
    AVS_LOG(log_module, AVS_LOG_INFO, "sessions flushed", avs_log_u64("uid", call->uid),
            avs_log_i64("removed", removed));
    call->result = json_pack("{s:I}", "removed", (json_int_t)removed);
    return call->result ? 0 : -ENOMEM;
}

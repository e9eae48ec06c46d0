/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes that undo themselves: config.apply with confirm_s runs its document on trial. The document that ran before
 * comes back unless config.confirm arrives in time; only then is the new one stored, so that a restart meanwhile begins
 * with what was confirmed last. Another trial restarts the clock and keeps the document to return to (RFC 6241, 8.4.1);
 * a change without confirm_s is refused meanwhile, since its client may not know that it would stand on sand.
 *
 * A return that fails (a device that is gone) is tried again: RETRY_NS.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "log/log.h"
#include "server_internal.h"

AVS_LOG_MODULE(log_module, "control")

#define RETRY_NS UINT64_C(5000000000)

uint64_t ctl_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static uint64_t left_ns(const struct ctl_server *server)
{
    uint64_t now = server->clock();

    return server->trial.deadline > now ? server->trial.deadline - now : 0;
}

/* Whole seconds, rounded up: 0 is over. */
static uint64_t left_s(const struct ctl_server *server)
{
    return (left_ns(server) + UINT64_C(999999999)) / UINT64_C(1000000000);
}

static void wait_until(struct ctl_server *server, uint64_t deadline)
{
    server->trial.deadline = deadline;
    uint64_t left = left_ns(server);
    struct timeval tv = {.tv_sec = (time_t)(left / UINT64_C(1000000000)),
                         .tv_usec = (suseconds_t)(left % UINT64_C(1000000000) / 1000)};

    event_add(server->trial.timer, &tv);
}

static void end_trial(struct ctl_server *server)
{
    event_del(server->trial.timer);
    json_decref(server->trial.confirmed);
    server->trial.confirmed = NULL;
}

static int revert(struct ctl_server *server, struct cfg_error *error)
{
    const struct ctl_backend *b = server->backend;
    struct ctl_trial *trial = &server->trial;
    struct cfg *config = NULL;
    int result = cfg_parse(trial->confirmed, b->config(b->arg), &config, error);

    if (!result) {
        result = b->apply(b->arg, trial->confirmed, config, error);
        if (result) {
            cfg_free(config);
        }
    }
    if (result) {
        if (!error->text[0]) {
            snprintf(error->text, sizeof(error->text), "%s", strerror(-result));
        }
        snprintf(trial->failure, sizeof(trial->failure), "%s", error->text);
        return result;
    }
    server->revision++;
    end_trial(server);
    return 0;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct ctl_server *server = arg;
    struct cfg_error error = {.line = 0};

    (void)fd;
    (void)what;
    if (left_ns(server) > 0) {
        wait_until(server, server->trial.deadline);
    } else if (revert(server, &error) == 0) {
        AVS_LOG(log_module, AVS_LOG_WARN, "configuration reverted: not confirmed in time",
                avs_log_u64("revision", server->revision));
    } else {
        AVS_LOG(log_module, AVS_LOG_ERROR, "configuration not reverted, will be tried again",
                avs_log_str("why", error.text));
        wait_until(server, server->clock() + RETRY_NS);
    }
}

int ctl_trial_open(struct ctl_server *server)
{
    server->trial.timer = evtimer_new(server->base, on_timer, server);
    return server->trial.timer ? 0 : -ENOMEM;
}

void ctl_trial_close(struct ctl_server *server)
{
    if (server->trial.confirmed) {
        AVS_LOG(log_module, AVS_LOG_WARN, "the configuration was never confirmed",
                avs_log_u64("revision", server->revision));
        end_trial(server);
    }
    if (server->trial.timer) {
        event_free(server->trial.timer);
    }
}

void ctl_trial_begin(struct ctl_server *server, json_t *before, uint64_t seconds)
{
    struct ctl_trial *trial = &server->trial;

    if (!trial->confirmed) {
        trial->confirmed = json_incref(before);
    }
    trial->failure[0] = 0;
    wait_until(server, server->clock() + seconds * UINT64_C(1000000000));
}

int ctl_trial_refuse(const struct ctl_server *server, struct cfg_error *error)
{
    if (!server->trial.confirmed) {
        return 0;
    }
    snprintf(error->text, sizeof(error->text),
             "revision %llu waits to be confirmed and reverts in %llu s: no other change meanwhile",
             (unsigned long long)server->revision, (unsigned long long)left_s(server));
    return -EBUSY;
}

static int no_trial(struct ctl_call *call)
{
    call->hint = "config.apply with confirm_s begins a trial";
    return ctl_fail(call, -ENOENT, "no change waits to be confirmed");
}

static int say_revision(struct ctl_call *call)
{
    call->result = json_pack("{s:I}", "revision", (json_int_t)call->server->revision);
    return call->result ? 0 : -ENOMEM;
}

int ctl_method_config_confirm(struct ctl_call *call)
{
    struct ctl_server *server = call->server;
    const char *path = server->state_path;

    if (!server->trial.confirmed) {
        return no_trial(call);
    }
    json_t *document = ctl_document(server);
    int result = path ? ctl_store_prepare(path, document) : 0;

    json_decref(document);
    if (!result && path) {
        result = ctl_store_finish(path);
    }
    if (result) {
        return ctl_fail(call, result, "still on trial: cannot store to %.120s: %s", path,
                        strerror(-result));
    }
    end_trial(server);
    AVS_LOG(log_module, AVS_LOG_INFO, "configuration confirmed",
            avs_log_u64("revision", server->revision), avs_log_u64("uid", call->uid));
    return say_revision(call);
}

int ctl_method_config_revert(struct ctl_call *call)
{
    struct ctl_server *server = call->server;

    if (!server->trial.confirmed) {
        return no_trial(call);
    }
    int result = revert(server, &call->error);

    if (result) {
        return result;
    }
    AVS_LOG(log_module, AVS_LOG_INFO, "configuration reverted: asked to",
            avs_log_u64("revision", server->revision), avs_log_u64("uid", call->uid));
    return say_revision(call);
}

int ctl_method_config_trial(struct ctl_call *call)
{
    const struct ctl_trial *trial = &call->server->trial;
    bool on = trial->confirmed != NULL;

    call->result = json_pack("{s:b, s:I, s:o, s:o}", "unconfirmed", on, "revision",
                             (json_int_t)call->server->revision, "reverts_in_s",
                             on ? json_integer((json_int_t)left_s(call->server)) : json_null(),
                             "failure", ctl_text_or_null(on ? trial->failure : NULL));
    return call->result ? 0 : -ENOMEM;
}

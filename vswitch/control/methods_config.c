/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/schema.h"
#include "log/log.h"
#include "server_internal.h"

AVS_LOG_MODULE(log_module, "control")

json_t *ctl_document(const struct ctl_server *server)
{
    const json_t *document = server->backend->document(server->backend->arg);

    /* The cast only counts the reference. */
    return document ? json_incref((json_t *)(uintptr_t)document)
                    : json_pack("{s:i}", "version", CFG_VERSION);
}

/* Make a checked document the running and, but for a trial, the stored one; takes over `config`. */
static int commit(struct ctl_server *server, const json_t *document, struct cfg *config,
                  struct ctl_change *change, struct cfg_error *error)
{
    const char *path = change->confirm_s ? NULL : server->state_path;
    int result = path ? ctl_store_prepare(path, document) : 0;

    if (result) {
        cfg_free(config);
        snprintf(error->text, sizeof(error->text), "nothing changed: cannot store to %.120s: %s",
                 path, strerror(-result));
        return result;
    }
    result = server->backend->apply(server->backend->arg, document, config, error);
    if (result) {
        cfg_free(config);
        if (path) {
            ctl_store_abort(path);
        }
        return result;
    }
    server->revision++;
    result = path ? ctl_store_finish(path) : 0;
    if (result) {
        change->applied = true;
        snprintf(error->text, sizeof(error->text),
                 "applied and running, but not stored to %.120s: %s", path, strerror(-result));
    }
    return result;
}

int ctl_commit(struct ctl_server *server, const json_t *document, struct ctl_change *change,
               struct cfg_error *error)
{
    struct cfg *config = NULL;

    memset(error, 0, sizeof(*error));
    if (change->if_revision >= 0 && (uint64_t)change->if_revision != server->revision) {
        snprintf(error->text, sizeof(error->text),
                 "the configuration has changed: revision %llu, not %lld",
                 (unsigned long long)server->revision, (long long)change->if_revision);
        return -ESTALE;
    }
    int result = change->dry_run || change->confirm_s ? 0 : ctl_trial_refuse(server, error);
    if (result) {
        return result;
    }
    result = cfg_parse(document, server->backend->config(server->backend->arg), &config, error);
    if (result) {
        return result;
    }
    if (change->dry_run) {
        result = server->backend->check(server->backend->arg, config, error);
        if (result) {
            cfg_free(config);
            return result;
        }
    }
    json_t *old = ctl_document(server);
    change->changes = old ? cfg_diff(old, document) : NULL;
    if (!change->changes || change->dry_run) {
        cfg_free(config);
        json_decref(old);
        return change->changes ? 0 : -ENOMEM;
    }
    result = commit(server, document, config, change, error);
    if (result == 0 && change->confirm_s) {
        ctl_trial_begin(server, old, (uint64_t)change->confirm_s);
    }
    json_decref(old);
    return result;
}

int ctl_apply(struct ctl_server *server, const json_t *document, struct cfg_error *error)
{
    struct ctl_change change = {.if_revision = -1};
    int result = ctl_commit(server, document, &change, error);

    if (result && !error->text[0]) {
        snprintf(error->text, sizeof(error->text), "%s", strerror(-result));
    }
    json_decref(change.changes);
    return result;
}

/* Commit on behalf of a request; its result is what changed. */
static int commit_call(struct ctl_call *call, const json_t *document, struct ctl_change *change)
{
    int result = ctl_commit(call->server, document, change, &call->error);

    call->applied = change->applied;
    if (result == -ESTALE) {
        call->hint = "get it again and repeat the change";
    } else if (result == -EBUSY && call->server->trial.confirmed) {
        call->hint = "confirm it or revert it first, or apply on trial as well";
    }
    if (!change->dry_run && (result == 0 || change->applied)) {
        AVS_LOG(log_module, AVS_LOG_INFO,
                change->confirm_s ? "configuration on trial" : "configuration committed",
                avs_log_u64("revision", call->server->revision), avs_log_u64("uid", call->uid),
                avs_log_u64("changes", json_array_size(change->changes)),
                avs_log_i64("confirm_s", change->confirm_s));
    }
    if (result) {
        json_decref(change->changes);
        return result;
    }
    call->result = json_pack("{s:o, s:I}", "changes", change->changes, "revision",
                             (json_int_t)call->server->revision);
    return call->result ? 0 : -ENOMEM;
}

int ctl_method_config_apply(struct ctl_call *call)
{
    struct ctl_change change = {.if_revision = -1};
    const json_t *document = json_object_get(call->params, "document");

    if (!json_is_object(document)) {
        return ctl_fail(call, -EINVAL, "parameter document must be an object");
    }
    if (ctl_param_bool(call, "dry_run", &change.dry_run) ||
        ctl_param_int(call, "if_revision", 0, INT64_MAX, &change.if_revision) ||
        ctl_param_int(call, "confirm_s", 1, CTL_CONFIRM_MAX_S, &change.confirm_s)) {
        return -EINVAL;
    }
    if (!change.dry_run && call->role < CTL_ADMIN) {
        call->hint = "with dry_run you may";
        return ctl_fail(call, -EACCES, "config.apply changes the daemon's state");
    }
    return commit_call(call, document, &change);
}

/* As a document: `workers` of its options, and of a document that does not say it the most there may be, for the next start. */
static json_t *with_workers(const json_t *old, json_int_t workers, uint32_t most)
{
    json_t *document = json_deep_copy(old);
    json_t *options = json_object_get(document, "options");

    if (!options) {
        options = json_object();
        json_object_set_new(document, "options", options);
    }
    if (!json_object_get(options, "workers_max")) {
        json_object_set_new(options, "workers_max", json_integer(most));
    }
    return json_object_set_new(options, "workers", json_integer(workers)) ? NULL : document;
}

int ctl_method_workers_set(struct ctl_call *call)
{
    const struct ctl_backend *b = call->server->backend;
    struct ctl_change change = {.if_revision = -1};
    int64_t workers = -1;

    if (ctl_param_int(call, "workers", 1, HSR_MAX_WORKERS, &workers) ||
        ctl_param_bool(call, "dry_run", &change.dry_run)) {
        return -EINVAL;
    }
    if (workers < 0) {
        return ctl_fail(call, -EINVAL, "parameter workers is needed");
    }
    json_t *old = ctl_document(call->server);
    json_t *document = old ? with_workers(old, workers, b->workers_max(b->arg)) : NULL;
    int result = document ? commit_call(call, document, &change) : -ENOMEM;

    json_decref(document);
    json_decref(old);
    return result;
}

int ctl_method_config_get(struct ctl_call *call)
{
    call->result = json_pack("{s:o, s:I}", "document", ctl_document(call->server), "revision",
                             (json_int_t)call->server->revision);
    return call->result ? 0 : -ENOMEM;
}

int ctl_method_config_settled(struct ctl_call *call)
{
    const struct ctl_backend *b = call->server->backend;

    call->result = json_pack("{s:I, s:I}", "sessions_left", (json_int_t)b->unsettled(b->arg),
                             "revision", (json_int_t)call->server->revision);
    return call->result ? 0 : -ENOMEM;
}

/* Where the list named in the request stands. */
struct place {
    const struct cfg_table *table;
    const char *outer; /* object of the document that holds the list, NULL: the document itself */
};

static bool find_in(const struct cfg_table *in, const char *list, struct place *place)
{
    for (const struct cfg_field *f = in->field; f->name; f++) {
        if (f->type == CFG_T_OBJECTS &&
            (strcmp(f->name, list) == 0 || strcmp(f->sub->singular, list) == 0)) {
            place->table = f->sub;
            return place->table != NULL;
        }
    }
    return false;
}

static int find_place(struct ctl_call *call, struct place *place)
{
    const char *list = ctl_param_text(call, "list");

    memset(place, 0, sizeof(*place));
    if (!list) {
        ctl_fail(call, -EINVAL, "parameter list must be the name of a list");
        return -EINVAL;
    }
    if (find_in(&cfg_schema, list, place)) {
        return 0;
    }
    for (const struct cfg_field *f = cfg_schema.field; f->name; f++) {
        if (f->type == CFG_T_OBJECT && find_in(f->sub, list, place)) {
            place->outer = f->name;
            return 0;
        }
    }
    call->hint = "schema.get names the lists";
    ctl_fail(call, -EINVAL, "no list '%.60s'", list);
    return -EINVAL;
}

static json_t *list_at(const json_t *document, const struct place *place)
{
    if (place->outer) {
        document = json_object_get(document, place->outer);
    }
    return json_object_get(document, place->table->name);
}

/* Is there an object with the key fields of `object`? */
static bool exists(const json_t *document, const struct place *place, const json_t *object)
{
    const json_t *item;
    size_t i;

    json_array_foreach (list_at(document, place), i, item) {
        bool same = true;

        for (const struct cfg_field *f = place->table->field; f->name && same; f++) {
            const json_t *a = json_object_get(item, f->name);
            const json_t *b = json_object_get(object, f->name);

            same = !f->key || (!a && !b) || json_equal(a, b);
        }
        if (same) {
            return true;
        }
    }
    return false;
}

typedef json_t *(*edit_fn)(const json_t *document, const char *list, const json_t *object,
                           struct cfg_error *error);

static int edit(struct ctl_call *call, edit_fn f, bool add)
{
    const json_t *object = json_object_get(call->params, "object");
    struct ctl_change change = {.if_revision = -1};
    struct place place;

    if (find_place(call, &place)) {
        return -EINVAL;
    }
    if (!json_is_object(object)) {
        return ctl_fail(call, -EINVAL, "parameter object must be an object");
    }
    json_t *old = ctl_document(call->server);
    json_t *document = old ? f(old, place.table->name, object, &call->error) : NULL;
    bool found = old && exists(old, &place, object);
    json_decref(old);
    if (!document) {
        /* The library says what is wrong in words; which kind of wrong it is, we find out here. */
        return found == add ? (add ? -EEXIST : -ENOENT) : -EINVAL;
    }
    int result = commit_call(call, document, &change);
    json_decref(document);
    return result;
}

int ctl_method_object_add(struct ctl_call *call)
{
    return edit(call, cfg_add, true);
}

int ctl_method_object_remove(struct ctl_call *call)
{
    return edit(call, cfg_remove, false);
}

int ctl_method_object_list(struct ctl_call *call)
{
    struct place place;

    if (find_place(call, &place)) {
        return -EINVAL;
    }
    json_t *document = ctl_document(call->server);
    json_t *list = list_at(document, &place);
    call->result = json_pack("{s:o, s:I}", "objects", list ? json_incref(list) : json_array(),
                             "revision", (json_int_t)call->server->revision);
    json_decref(document);
    return call->result ? 0 : -ENOMEM;
}

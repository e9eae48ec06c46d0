/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/config.h"
#include "ctl.h"

#define WAIT_S 30

static void print_value(const json_t *value)
{
    char *text = cell_text(value);

    fputs(text && *text ? text : "(none)", stdout);
    free(text);
}

static void print_fields(const json_t *object)
{
    json_t *value, *copy = json_deep_copy(object);
    const char *key;

    json_object_foreach (copy, key, value) {
        if (strcmp(key, "name") != 0) {
            printf(" %s=", key);
            print_value(value);
        }
    }
    json_decref(copy);
}

static bool holds(const json_t *list, const json_t *item)
{
    const json_t *other;
    size_t i;

    json_array_foreach (list, i, other) {
        if (json_equal(other, item)) {
            return true;
        }
    }
    return false;
}

/* A list of objects, such as rules: its items that the other one does not hold, a line each. */
static void print_items(char sign, const json_t *list, const json_t *other)
{
    const json_t *item;
    size_t i;

    json_array_foreach (list, i, item) {
        if (!holds(other, item)) {
            printf("\n    %c", sign);
            print_fields(item);
        }
    }
}

static void print_difference(const json_t *from, const json_t *to)
{
    json_t *keys = json_object(), *value;
    const char *key;

    if (!json_is_object(from) || !json_is_object(to)) {
        putchar('=');
        print_value(from);
        fputs("->", stdout);
        print_value(to);
        json_decref(keys);
        return;
    }
    json_object_update(keys, (json_t *)(uintptr_t)from);
    json_object_update(keys, (json_t *)(uintptr_t)to);
    json_object_foreach (keys, key, value) {
        const json_t *a = json_object_get(from, key), *b = json_object_get(to, key);

        if (a && b && json_equal(a, b)) {
            continue;
        }
        printf(" %s", key);
        if (json_is_object(json_array_get(a, 0)) || json_is_object(json_array_get(b, 0))) {
            print_items('-', a, b);
            print_items('+', b, a);
        } else {
            putchar('=');
            print_value(a);
            fputs("->", stdout);
            print_value(b);
        }
    }
    json_decref(keys);
}

void print_changes(const struct ctl *ctl, const json_t *result, bool dry_run)
{
    const json_t *changes = json_object_get(result, "changes"), *change;
    size_t i;

    if (ctl->json) {
        print_json(ctl, result);
        return;
    }
    json_array_foreach (changes, i, change) {
        const char *op = json_string_value(json_object_get(change, "op"));
        const json_t *from = json_object_get(change, "from"), *to = json_object_get(change, "to");
        const char *kind = json_string_value(json_object_get(change, "kind"));
        const char *name = json_string_value(json_object_get(change, "name"));

        fputs(op && *op == 'a' ? "+ " : op && *op == 'r' ? "- " : "~ ", stdout);
        print_safe(kind ? kind : "");
        putchar(' ');
        print_safe(name ? name : "");
        if (op && *op == 'c') {
            print_difference(from, to);
        } else if (json_is_object(to)) {
            print_fields(to);
        } else if (to && !from) {
            putchar('=');
            print_value(to);
        }
        putchar('\n');
    }
    if (json_array_size(changes) == 0) {
        puts("nothing changes");
    } else if (dry_run) {
        puts("dry run: nothing was changed");
    }
}

struct apply_options {
    bool dry_run;
    long revision; /* -1: any */
    long confirm;  /* seconds, 0: no trial */
    long wait;     /* seconds, 0: do not */
};

static bool read_apply_options(struct ctl *ctl, struct apply_options *o)
{
    o->dry_run = option_value(ctl, "dry-run") != NULL;
    return option_number(ctl, "if-revision", 0, INT32_MAX, -1, &o->revision) &&
           option_seconds(ctl, "confirm", 0, &o->confirm) &&
           option_seconds(ctl, "wait", WAIT_S, &o->wait);
}

/* Until no session is left that may have to be looked at; EXIT_TIMEOUT when there are some after so many seconds. */
static int wait_for_sessions(struct ctl *ctl, long seconds, json_int_t *left)
{
    const struct timespec pause = {.tv_nsec = 50000000};

    for (long looks = seconds * (1000000000 / pause.tv_nsec);; looks--) {
        int code = EXIT_FAILED;
        json_t *result = request(ctl, "config.settled", NULL, &code);

        if (!result) {
            return code;
        }
        *left = json_integer_value(json_object_get(result, "sessions_left"));
        json_decref(result);
        if (*left == 0 || looks <= 0) {
            break;
        }
        nanosleep(&pause, NULL);
    }
    if (!ctl->json && *left > 0) {
        printf("up to %lld sessions are still to be looked at\n", (long long)*left);
    } else if (!ctl->json) {
        puts("all sessions follow it");
    }
    return *left > 0 ? EXIT_TIMEOUT : EXIT_OK;
}

static int send_document(struct ctl *ctl, json_t *document, const struct apply_options *o)
{
    json_t *params = json_pack("{s:O, s:b}", "document", document, "dry_run", o->dry_run);
    int code = EXIT_FAILED;

    if (o->revision >= 0) {
        json_object_set_new(params, "if_revision", json_integer(o->revision));
    }
    if (o->confirm > 0) {
        json_object_set_new(params, "confirm_s", json_integer(o->confirm));
    }
    json_t *result = request(ctl, "config.apply", params, &code);
    if (!result) {
        return code;
    }
    bool applied = !o->dry_run;
    json_int_t left = 0;

    if (!ctl->json) {
        print_changes(ctl, result, o->dry_run);
    }
    if (o->confirm > 0 && applied && !ctl->json) {
        printf("on trial: reverts in %ld s without avs-ctl confirm\n", o->confirm);
    }
    code = o->wait > 0 && applied ? wait_for_sessions(ctl, o->wait, &left) : EXIT_OK;
    if (ctl->json && (code == EXIT_OK || code == EXIT_TIMEOUT)) {
        if (o->wait > 0 && applied) {
            json_object_set_new(result, "sessions_left", json_integer(left));
        }
        print_json(ctl, result);
    }
    json_decref(result);
    return code;
}

int cmd_apply(struct ctl *ctl)
{
    const char *name = option_value(ctl, "file");
    json_t *document = NULL;
    struct cfg_lines *lines = NULL;
    struct cfg_error error = {.line = 0};
    struct apply_options options;
    int code;

    if (!name) {
        return fail(ctl, EXIT_USAGE, "EINVAL", "avs-ctl apply -f FILE", "-f FILE is needed");
    }
    if (!read_apply_options(ctl, &options)) {
        return EXIT_USAGE;
    }
    ctl->file = strcmp(name, "-") == 0 ? "stdin" : name;
    int rc = cfg_file_load(name, &document, &lines, &error);
    if (rc != 0 && rc != -EINVAL) {
        return fail(ctl, EXIT_FAILED, strerrorname_np(-rc), NULL, "%s", error.text);
    }
    if (rc != 0) {
        json_t *e = json_pack("{s:s, s:{s:s, s:s, s:i}}", "message", error.text, "data", "code",
                              "EINVAL", "path", error.path, "line", error.line);

        code = e ? fail_reply(ctl, e)
                 : fail(ctl, EXIT_FAILED, "EINVAL", NULL, "%s: not UTF-8 text", ctl->file);
        json_decref(e);
    } else {
        ctl->lines = lines;
        code = send_document(ctl, document, &options);
        ctl->lines = NULL;
        cfg_lines_free(lines);
        json_decref(document);
    }
    return code;
}

static int show_trial(struct ctl *ctl)
{
    int code = EXIT_FAILED;
    json_t *result = request(ctl, "config.trial", NULL, &code);

    if (!result) {
        return code;
    }
    if (ctl->json) {
        print_json(ctl, result);
    } else if (!json_is_true(json_object_get(result, "unconfirmed"))) {
        puts("nothing waits to be confirmed");
    } else {
        print_record(result, 0);
    }
    json_decref(result);
    return EXIT_OK;
}

int cmd_confirm(struct ctl *ctl)
{
    bool revert = option_value(ctl, "revert") != NULL;
    int code = EXIT_FAILED;

    if (option_value(ctl, "status")) {
        return revert ? fail(ctl, EXIT_USAGE, "EINVAL", NULL, "--status or --revert, not both")
                      : show_trial(ctl);
    }
    json_t *result = request(ctl, revert ? "config.revert" : "config.confirm", NULL, &code);
    if (!result) {
        return code;
    }
    if (ctl->json) {
        print_json(ctl, result);
    } else {
        puts(revert ? "reverted" : "confirmed");
    }
    json_decref(result);
    return EXIT_OK;
}

int cmd_get(struct ctl *ctl)
{
    const char *format = option_value(ctl, "output");
    int code = EXIT_OK;

    if (format && strcmp(format, "yaml") != 0 && strcmp(format, "json") != 0) {
        return fail(ctl, EXIT_USAGE, "EINVAL", "yaml or json", "no format '%s'", format);
    }
    bool as_json = ctl->json || (format && strcmp(format, "json") == 0);
    json_t *result = request(ctl, "config.get", NULL, &code);
    if (!result) {
        return code;
    }
    if (ctl->json) {
        print_json(ctl, result);
    } else if (as_json) {
        json_dumpf(json_object_get(result, "document"), stdout, JSON_INDENT(2));
        putchar('\n');
    } else {
        char *text = cfg_yaml_dump(json_object_get(result, "document"));

        fputs(text ? text : "", stdout);
        code = text ? EXIT_OK : fail(ctl, EXIT_FAILED, "ENOMEM", NULL, "out of memory");
        free(text);
    }
    json_decref(result);
    return code;
}

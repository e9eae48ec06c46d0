/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of the document: list, show, add, del; and the rules inside of security groups. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

static const struct cfg_table *table_of(const struct ctl *ctl)
{
    return cfg_schema_find(ctl->command->list);
}

static bool matches(const json_t *object, const json_t *wanted)
{
    json_t *copy = json_deep_copy(wanted), *value;
    const char *key;
    bool same = true;

    json_object_foreach (copy, key, value) {
        char *a = cell_text(value), *b = cell_text(json_object_get(object, key));

        same = same && a && b && strcmp(a, b) == 0;
        free(a);
        free(b);
    }
    json_decref(copy);
    return same;
}

/* Objects of the list that have the values given as words; NULL with *code. */
static json_t *find(struct ctl *ctl, int *code)
{
    json_t *wanted = fields_object(ctl, table_of(ctl), 0, code);
    json_t *result =
        wanted ? request(ctl, "object.list", json_pack("{s:s}", "list", ctl->command->list), code)
               : NULL;
    json_t *found = result ? json_array() : NULL, *object;
    size_t i;

    json_array_foreach (json_object_get(result, "objects"), i, object) {
        if (matches(object, wanted)) {
            json_array_append(found, object);
        }
    }
    json_decref(result);
    json_decref(wanted);
    return found;
}

static const char *const snat_use[] = {"bindings", "tries", "failures"};
#define SNAT_USE (sizeof(snat_use) / sizeof(snat_use[0]))
static const char *const port_state[] = {"link", "queue_stops"};
#define PORT_STATE (sizeof(port_state) / sizeof(port_state[0]))

/* What is not in the document: how much of each pool is in use, how a port is. */
static int add_state(struct ctl *ctl, json_t *objects, const char *const *name, size_t names)
{
    int code = EXIT_OK;
    json_t *stats = request(ctl, "stats.get", NULL, &code), *object, *row;
    size_t i, j;

    json_array_foreach (objects, i, object) {
        json_array_foreach (json_object_get(stats, ctl->command->list), j, row) {
            if (!json_equal(json_object_get(row, "name"), json_object_get(object, "name"))) {
                continue;
            }
            for (size_t k = 0; k < names; k++) {
                json_object_set(object, name[k], json_object_get(row, name[k]));
            }
        }
    }
    json_decref(stats);
    return stats ? EXIT_OK : code;
}

int cmd_list(struct ctl *ctl)
{
    const char *columns[33 + SNAT_USE];
    size_t n = 0, i;
    int code;
    json_t *objects = find(ctl, &code), *object;
    bool snat = strcmp(ctl->command->list, "snat") == 0;

    if (!objects) {
        return code;
    }
    if (snat && (code = add_state(ctl, objects, snat_use, SNAT_USE)) != EXIT_OK) {
        json_decref(objects);
        return code;
    }
    if (ctl->json) {
        print_json(ctl, objects);
        json_decref(objects);
        return EXIT_OK;
    }
    /* In the schema's order; a column that is empty in all rows only takes room. */
    for (const struct cfg_field *f = table_of(ctl)->field; f->name && n < 32; f++) {
        bool used = f->key;

        json_array_foreach (objects, i, object) {
            used = used || json_object_get(object, f->name);
        }
        if (used) {
            columns[n++] = f->name;
        }
    }
    for (size_t k = 0; snat && k < SNAT_USE; k++) {
        columns[n++] = snat_use[k];
    }
    columns[n] = NULL;
    print_table(objects, columns);
    json_decref(objects);
    return EXIT_OK;
}

static int not_found(struct ctl *ctl)
{
    char hint[80];

    snprintf(hint, sizeof(hint), "avs-ctl %s list shows what there is", ctl->command->object);
    return fail(ctl, EXIT_NOT_FOUND, "ENOENT", hint, "no %s %s", table_of(ctl)->singular,
                ctl->word[0]);
}

int cmd_show(struct ctl *ctl)
{
    int code;
    json_t *objects = find(ctl, &code), *object;
    size_t i;

    if (!objects) {
        return code;
    }
    if (json_array_size(objects) == 0) {
        code = not_found(ctl);
    } else if (strcmp(ctl->command->list, "ports") == 0 &&
               (code = add_state(ctl, objects, port_state, PORT_STATE)) != EXIT_OK) {
        json_decref(objects);
        return code;
    }
    json_array_foreach (objects, i, object) {
        if (ctl->json) {
            print_json(ctl, object);
            continue;
        }
        if (i > 0) {
            putchar('\n');
        }
        print_record(object, 0);
    }
    json_decref(objects);
    return code;
}

static int edit(struct ctl *ctl, const char *method, json_t *object)
{
    int code = EXIT_FAILED;
    json_t *result = request(
        ctl, method, json_pack("{s:s, s:o}", "list", ctl->command->list, "object", object), &code);

    if (!result) {
        return code;
    }
    print_changes(ctl, result, false);
    json_decref(result);
    return EXIT_OK;
}

/* The descriptor travels before the port that uses it. */
static int offer(struct ctl *ctl, const json_t *port)
{
    const char *text = ctl->command->options[0].name ? option_value(ctl, "fd") : NULL;
    const char *name = json_string_value(json_object_get(port, "name"));
    long fd;
    int code = EXIT_OK;

    if (!text) {
        return EXIT_OK;
    }
    if (!option_number(ctl, "fd", 0, INT32_MAX, -1, &fd)) {
        return EXIT_USAGE;
    }
    if (fcntl((int)fd, F_GETFD) < 0) {
        return fail(ctl, EXIT_USAGE, "EBADF", NULL, "descriptor %ld is not open", fd);
    }
    ctl->passed_fd = (int)fd;
    json_t *result = request(ctl, "port.fd", json_pack("{s:s}", "port", name ? name : ""), &code);
    json_decref(result);
    return code;
}

int cmd_add(struct ctl *ctl)
{
    int code;
    json_t *object = fields_object(ctl, table_of(ctl), 0, &code);

    if (!object) {
        return code;
    }
    code = offer(ctl, object);
    if (code) {
        json_decref(object);
        return code;
    }
    return edit(ctl, "object.add", object);
}

int cmd_del(struct ctl *ctl)
{
    int code;
    json_t *object = fields_object(ctl, table_of(ctl), 0, &code);

    return object ? edit(ctl, "object.remove", object) : code;
}

/* The rules of a group in a document: a new array where it has none. NULL: no such group. */
static json_t *rules_of(const json_t *document, const char *group)
{
    json_t *item;
    size_t i;

    json_array_foreach (json_object_get(document, "security_groups"), i, item) {
        const char *name = json_string_value(json_object_get(item, "name"));

        if (name && strcmp(name, group) == 0) {
            if (!json_object_get(item, "rules")) {
                json_object_set_new(item, "rules", json_array());
            }
            return json_object_get(item, "rules");
        }
    }
    return NULL;
}

static size_t remove_rules(json_t *rules, const json_t *wanted)
{
    size_t removed = 0;

    for (size_t i = json_array_size(rules); i-- > 0;) {
        if (matches(json_array_get(rules, i), wanted)) {
            json_array_remove(rules, i);
            removed++;
        }
    }
    return removed;
}

/* Rules have no name of their own: the document is read, changed and applied if nobody else changed it. */
static int edit_rules(struct ctl *ctl, bool add)
{
    int code;
    json_t *rule = fields_object(ctl, cfg_schema_find("rules"), 1, &code);
    json_t *state = rule ? request(ctl, "config.get", NULL, &code) : NULL;

    if (!state) {
        json_decref(rule);
        return code;
    }
    json_t *rules = rules_of(json_object_get(state, "document"), ctl->word[0]);
    if (!rules) {
        code = fail(ctl, EXIT_NOT_FOUND, "ENOENT", "avs-ctl sg list shows what there is",
                    "no security group %s", ctl->word[0]);
    } else if (add) {
        json_array_append(rules, rule);
    } else if (remove_rules(rules, rule) == 0) {
        code = fail(ctl, EXIT_NOT_FOUND, "ENOENT", "avs-ctl sg show GROUP shows its rules",
                    "no such rule in %s", ctl->word[0]);
    }
    if (!code) {
        json_t *result =
            request(ctl, "config.apply",
                    json_pack("{s:O, s:O}", "document", json_object_get(state, "document"),
                              "if_revision", json_object_get(state, "revision")),
                    &code);
        if (result) {
            print_changes(ctl, result, false);
        }
        json_decref(result);
    }
    json_decref(state);
    json_decref(rule);
    return code;
}

int cmd_rule_add(struct ctl *ctl)
{
    return edit_rules(ctl, true);
}

int cmd_rule_del(struct ctl *ctl)
{
    return edit_rules(ctl, false);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

static int set_level(struct ctl *ctl, const char *word)
{
    size_t length = strcspn(word, "=");
    int code = EXIT_FAILED;

    if (!word[length] || length == 0) {
        return fail(ctl, EXIT_USAGE, "EINVAL", "avs-ctl log level control=debug",
                    "'%s' is not of the form MODULE=LEVEL", word);
    }
    json_t *result = request(
        ctl, "log.set",
        json_pack("{s:s%, s:s}", "module", word, length, "level", word + length + 1), &code);
    json_decref(result);
    return result ? EXIT_OK : code;
}

int cmd_log(struct ctl *ctl)
{
    int code = EXIT_OK;

    for (int i = 0; i < ctl->words && code == EXIT_OK; i++) {
        code = set_level(ctl, ctl->word[i]);
    }
    json_t *result = code == EXIT_OK ? request(ctl, "log.get", NULL, &code) : NULL;
    if (!result) {
        return code;
    }
    if (ctl->json) {
        print_json(ctl, json_object_get(result, "modules"));
    } else {
        print_record(json_object_get(result, "modules"), 0);
    }
    json_decref(result);
    return EXIT_OK;
}

int cmd_version(struct ctl *ctl)
{
    int code = EXIT_OK;

    if (!ctl->json) {
        puts("avs-ctl: " AVS_VERSION);
    }
    json_t *result = request(ctl, "version.get", NULL, &code);
    if (!result) {
        return code;
    }
    json_object_del(result, "methods");
    if (ctl->json) {
        json_object_set_new(result, "avs_ctl", json_string(AVS_VERSION));
        print_json(ctl, result);
    } else {
        print_record(result, 0);
    }
    json_decref(result);
    return EXIT_OK;
}

static json_t *field_row(const struct cfg_field *f)
{
    static const char *const kind[] = {
        [CFG_T_NAME] = "name",
        [CFG_T_STRING] = "text",
        [CFG_T_BOOL] = "true|false",
        [CFG_T_INT] = "number",
        [CFG_T_ENUM] = "",
        [CFG_T_MAC] = "MAC address",
        [CFG_T_ADDRESS] = "address",
        [CFG_T_INTERFACE] = "address/length",
        [CFG_T_PREFIX] = "prefix",
        [CFG_T_PORTS] = "80 or 80-90",
        [CFG_T_PROTOCOL] = "protocol",
        [CFG_T_REMOTE] = "any, prefix, group:NAME",
        [CFG_T_REF] = "name",
        [CFG_T_ADDRESSES] = "addresses",
        [CFG_T_REFS] = "names",
        [CFG_T_OBJECT] = "object",
        [CFG_T_OBJECTS] = "list",
    };
    char value[120];

    if (f->type == CFG_T_INT) {
        snprintf(value, sizeof(value), "%lld..%lld", (long long)f->lo, (long long)f->hi);
    } else if (f->type == CFG_T_ENUM) {
        snprintf(value, sizeof(value), "%s", f->choices);
    } else if (f->type == CFG_T_REF || f->type == CFG_T_REFS) {
        snprintf(value, sizeof(value), "%s of %s", kind[f->type], f->choices);
    } else {
        snprintf(value, sizeof(value), "%s", kind[f->type]);
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "key", f->name, "value", value, "default",
                     f->required   ? "required"
                     : f->fallback ? f->fallback
                                   : "",
                     "only_with", f->only ? f->only : "", "meaning", f->doc);
}

static void print_schema(const struct ctl *ctl, const struct cfg_table *table)
{
    json_t *rows = json_array();

    for (const struct cfg_field *f = table->field; f->name; f++) {
        json_array_append_new(rows, field_row(f));
    }
    if (ctl->json) {
        print_json(ctl, rows);
    } else {
        printf("%s: %s\n\n", table->name, table->doc);
        print_table(rows, NULL);
    }
    json_decref(rows);
}

int cmd_schema(struct ctl *ctl)
{
    const struct cfg_table *table = &cfg_schema;

    if (option_value(ctl, "markdown")) {
        return cfg_schema_page(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
    }
    if (ctl->words > 0) {
        const char *name = ctl->word[0];

        /* The word that names the list in our other commands will do, too. */
        for (const struct command *c = commands; c->object; c++) {
            if (c->list && strcmp(c->object, name) == 0) {
                name = c->list;
            }
        }
        table = cfg_schema_find(name);
    }
    if (!table) {
        return fail(ctl, EXIT_NOT_FOUND, "ENOENT", "avs-ctl schema shows the lists", "no list '%s'",
                    ctl->word[0]);
    }
    print_schema(ctl, table);
    return EXIT_OK;
}

int cmd_help(struct ctl *ctl)
{
    struct ctl about = {.json = ctl->json};

    if (option_value(ctl, "markdown")) {
        print_markdown();
        return EXIT_OK;
    }
    if (ctl->words == 0) {
        return print_overview();
    }
    for (int i = 0; i < ctl->words; i++) {
        if (about.command) {
            return fail(ctl, EXIT_USAGE, "EINVAL", NULL, "unexpected word '%s'", ctl->word[i]);
        }
        int code = resolve_word(&about, ctl->word[i]);
        if (code) {
            return code;
        }
    }
    return print_help(&about);
}

int cmd_neighbor_list(struct ctl *ctl)
{
    static const char *const columns[] = {"address", "mac", "uplink", "state", NULL};
    int code = EXIT_FAILED;
    json_t *rows = rows_of(ctl, "neighbor.list", NULL, "neighbors", &code);

    return rows ? show_table(ctl, rows, columns) : code;
}

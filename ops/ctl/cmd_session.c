/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

#define PAGE 1000

/* Filter words to the form of session.list; NULL after a message. */
static json_t *read_filter(struct ctl *ctl)
{
    static const char *const names[] = {"vpc", "port", "proto", "addr", "l4port", "state", NULL};
    json_t *filter = json_object();

    for (int i = 0; i < ctl->words; i++) {
        const char *word = ctl->word[i], *const *name = names;
        size_t length = strcspn(word, "=");
        char key[16], hint[60] = "filters: vpc= port= proto= addr= l4port= state=", *end;

        while (*name && (strlen(*name) != length || strncmp(*name, word, length) != 0)) {
            name++;
        }
        if (!*name || !word[length] || !word[length + 1]) {
            snprintf(key, sizeof(key), "%.*s", (int)(length < 15 ? length : 15), word);
            const char *near = *name ? NULL : nearest(key, names);
            if (near) {
                snprintf(hint, sizeof(hint), "did you mean '%s='?", near);
            }
            fail(ctl, EXIT_USAGE, "EINVAL", hint, "'%s' is no filter", word);
            json_decref(filter);
            return NULL;
        }
        long number = strtol(word + length + 1, &end, 10);
        json_object_set_new(filter, *name,
                            *end ? json_string(word + length + 1) : json_integer(number));
        /* These are names, even if they look like numbers. */
        if (strcmp(*name, "proto") != 0 && strcmp(*name, "l4port") != 0) {
            json_object_set_new(filter, *name, json_string(word + length + 1));
        }
    }
    return filter;
}

/* Pages are printed as they come with --json; a table needs all rows for its widths. */
static int list_pages(struct ctl *ctl, const json_t *filter, long limit, json_t *rows)
{
    json_t *cursor = json_null();
    int code = EXIT_OK;
    long seen = 0;

    while (limit == 0 || seen < limit) {
        long page = limit == 0 || limit - seen > PAGE ? PAGE : limit - seen;
        json_t *result = request(ctl, "session.list",
                                 json_pack("{s:O, s:o, s:I}", "filter", filter, "cursor", cursor,
                                           "limit", (json_int_t)page),
                                 &code);
        const json_t *session;
        size_t i;

        cursor = json_null();
        if (!result) {
            return code;
        }
        json_array_foreach (json_object_get(result, "sessions"), i, session) {
            if (ctl->json) {
                print_json(ctl, session);
            } else {
                json_array_append(rows, (json_t *)(uintptr_t)session);
            }
            seen++;
        }
        bool last = !json_is_string(json_object_get(result, "cursor"));
        if (!last) {
            cursor = json_incref(json_object_get(result, "cursor"));
        }
        json_decref(result);
        if (last) {
            return EXIT_OK;
        }
    }
    json_decref(cursor);
    if (!ctl->json) {
        fprintf(stderr, "avs-ctl: there are more; --limit N or --all shows them\n");
    }
    return EXIT_OK;
}

int cmd_session_list(struct ctl *ctl)
{
    long limit;

    if (!option_number(ctl, "limit", 1, 1000000000, 100, &limit)) {
        return EXIT_USAGE;
    }
    if (option_value(ctl, "all")) {
        limit = 0;
    }
    json_t *filter = read_filter(ctl), *rows = json_array();
    int code = filter ? list_pages(ctl, filter, limit, rows) : EXIT_USAGE;
    if (code == EXIT_OK && !ctl->json) {
        print_table(rows, NULL);
    }
    json_decref(rows);
    json_decref(filter);
    return code;
}

int cmd_session_show(struct ctl *ctl)
{
    int code = EXIT_FAILED;
    json_t *result =
        request(ctl, "session.show", json_pack("{s:s}", "flow_id", ctl->word[0]), &code);

    return result ? show_record(ctl, result) : code;
}

int cmd_session_flush(struct ctl *ctl)
{
    int code = EXIT_FAILED;

    if (ctl->words == 0 && !option_value(ctl, "yes")) {
        return fail(ctl, EXIT_USAGE, "EINVAL", "give a filter, or --yes if you mean it",
                    "this would remove all sessions");
    }
    json_t *filter = read_filter(ctl);
    if (!filter) {
        return EXIT_USAGE;
    }
    json_t *result = request(ctl, "session.flush", json_pack("{s:o}", "filter", filter), &code);
    return result ? show_count(ctl, result, "removed", "sessions removed") : code;
}

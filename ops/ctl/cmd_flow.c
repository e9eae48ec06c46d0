/* SPDX-License-Identifier: Apache-2.0 */
/* Rules in testpmd's words, and meters. The daemon reads the rule; what it says of it is shown as it is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

/* Words from the first on, one blank between them: malloc'ed. */
char *join_words(const struct ctl *ctl, int first)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    if (!f) {
        return NULL;
    }
    for (int i = first; i < ctl->words; i++) {
        fprintf(f, "%s%s", i > first ? " " : "", ctl->word[i]);
    }
    return fclose(f) == 0 ? text : NULL;
}

/* A number among the words; false after a message. */
static bool number(struct ctl *ctl, const char *what, const char *text, long long high,
                   json_int_t *value)
{
    char *end;

    errno = 0;
    *value = strtoll(text, &end, 10);
    if (*text >= '0' && *text <= '9' && *end == 0 && errno == 0 && *value <= high) {
        return true;
    }
    fail(ctl, EXIT_USAGE, "EINVAL", NULL, "'%s' is no %s: a number from 0 to %lld", text, what,
         high);
    return false;
}

/* The rule behind the port's name, to be created or only looked at. */
static int send_rule(struct ctl *ctl, const char *method)
{
    char *rule = join_words(ctl, 1);
    int code = EXIT_FAILED;
    json_t *result =
        request(ctl, method,
                json_pack("{s:s, s:s}", "port", ctl->word[0], "rule", rule ? rule : ""), &code);
    const json_t *id = json_object_get(result, "rule");
    const char *home = json_string_value(json_object_get(result, "home"));

    free(rule);
    if (!result) {
        return code;
    }
    if (ctl->json) {
        print_json(ctl, result);
    } else {
        if (id) {
            printf("Flow rule #%lld created (", (long long)json_integer_value(id));
        } else {
            fputs("Flow rule validated (", stdout);
        }
        print_safe(home ? home : "");
        puts(")");
    }
    json_decref(result);
    return EXIT_OK;
}

int cmd_flow_validate(struct ctl *ctl)
{
    return send_rule(ctl, "flow.validate");
}

int cmd_flow_create(struct ctl *ctl)
{
    return send_rule(ctl, "flow.create");
}

int cmd_flow_query(struct ctl *ctl)
{
    json_int_t id;
    int code = EXIT_FAILED;

    if (!number(ctl, "rule", ctl->word[1], UINT32_MAX, &id)) {
        return EXIT_USAGE;
    }
    json_t *result = request(ctl, "flow.query",
                             json_pack("{s:s, s:I, s:s}", "port", ctl->word[0], "rule", id,
                                       "action", ctl->words > 2 ? ctl->word[2] : "count"),
                             &code);
    return result ? show_record(ctl, result) : code;
}

/* `rule N` once more from word `i` on; false after a message. */
static bool rule_word(struct ctl *ctl, int i, json_int_t *id)
{
    if (strcmp(ctl->word[i], "rule") != 0 || i + 1 == ctl->words) {
        fail(ctl, EXIT_USAGE, "EINVAL", "avs-ctl flow destroy PORT rule N [rule N...]",
             "'%s' is not followed as it should be", ctl->word[i]);
        return false;
    }
    return number(ctl, "rule", ctl->word[i + 1], UINT32_MAX, id);
}

int cmd_flow_destroy(struct ctl *ctl)
{
    json_int_t id;
    json_t *destroyed = json_array();
    int code = EXIT_OK;

    /* All of the line is read before anything is changed. */
    for (int i = 1; i < ctl->words; i += 2) {
        if (!rule_word(ctl, i, &id)) {
            json_decref(destroyed);
            return EXIT_USAGE;
        }
    }
    for (int i = 1; i < ctl->words && !code; i += 2) {
        rule_word(ctl, i, &id);
        json_t *result = request(ctl, "flow.destroy",
                                 json_pack("{s:s, s:I}", "port", ctl->word[0], "rule", id), &code);
        if (!result) {
            break;
        }
        json_decref(result);
        json_array_append_new(destroyed, json_integer(id));
        if (!ctl->json) {
            printf("Flow rule #%lld destroyed\n", (long long)id);
        }
    }
    json_t *result = json_pack("{s:o}", "destroyed", destroyed);
    if (ctl->json && !code) {
        print_json(ctl, result);
    }
    json_decref(result);
    return code;
}

int cmd_flow_list(struct ctl *ctl)
{
    static const char *const columns[] = {"port", "rule", "group", "priority",
                                          "home", "text", NULL};
    int code = EXIT_FAILED;
    json_t *params = ctl->words > 0 ? json_pack("{s:s}", "port", ctl->word[0]) : NULL;
    json_t *rows = rows_of(ctl, "flow.list", params, "rules", &code);

    return rows ? show_table(ctl, rows, columns) : code;
}

int cmd_flow_flush(struct ctl *ctl)
{
    int code = EXIT_FAILED;
    json_t *result = request(ctl, "flow.flush", json_pack("{s:s}", "port", ctl->word[0]), &code);

    return result ? show_count(ctl, result, "removed", "flow rules removed") : code;
}

int cmd_meter_create(struct ctl *ctl)
{
    json_int_t id, rate, burst;

    if ((strcmp(ctl->word[1], "pps") != 0 && strcmp(ctl->word[1], "bps") != 0) ||
        strcmp(ctl->word[3], "burst") != 0) {
        return fail(ctl, EXIT_USAGE, "EINVAL", "avs-ctl meter create ID pps|bps RATE burst BURST",
                    "a meter has a rate in pps or bps, and a burst");
    }
    if (!number(ctl, "meter", ctl->word[0], UINT32_MAX, &id) ||
        !number(ctl, "rate", ctl->word[2], INT64_MAX, &rate) ||
        !number(ctl, "burst", ctl->word[4], UINT32_MAX, &burst)) {
        return EXIT_USAGE;
    }
    return ask(ctl, "meter.create",
               json_pack("{s:I, s:s, s:I, s:I}", "id", id, "unit", ctl->word[1], "rate", rate,
                         "burst", burst),
               NULL);
}

int cmd_meter_delete(struct ctl *ctl)
{
    json_int_t id;

    if (!number(ctl, "meter", ctl->word[0], UINT32_MAX, &id)) {
        return EXIT_USAGE;
    }
    return ask(ctl, "meter.delete", json_pack("{s:I}", "id", id), NULL);
}

int cmd_meter_list(struct ctl *ctl)
{
    static const char *const columns[] = {"id", "unit", "rate", "burst", NULL};
    int code = EXIT_FAILED;
    json_t *rows = rows_of(ctl, "meter.list", NULL, "meters", &code);

    return rows ? show_table(ctl, rows, columns) : code;
}

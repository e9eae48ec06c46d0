/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `avs-ctl __complete WORD... CURRENT` prints what CURRENT may become, one a line. Names come from the daemon, within
 * a tenth of a second or not at all: who presses Tab will not wait.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "rule/text.h"

static const char *current; /* what candidates must begin with */

static void offer(const char *before, const char *text, const char *after)
{
    char candidate[300];

    snprintf(candidate, sizeof(candidate), "%s%s%s", before, text, after);
    if (strncmp(candidate, current, strlen(current)) == 0) {
        puts(candidate);
    }
}

static void offer_choices(const char *before, const char *choices)
{
    char one[64];

    while (*choices) {
        size_t length = strcspn(choices, "|");

        snprintf(one, sizeof(one), "%.*s", (int)length, choices);
        offer(before, one, "");
        choices += length + (choices[length] == '|');
    }
}

static void offer_names(struct ctl *ctl, const char *before, const char *list)
{
    int code;
    json_t *result = request(ctl, "object.list", json_pack("{s:s}", "list", list), &code);
    const json_t *object;
    size_t i;

    json_array_foreach (json_object_get(result, "objects"), i, object) {
        const char *name = json_string_value(json_object_get(object, "name"));

        if (name) {
            offer(before, name, "");
        }
    }
    json_decref(result);
}

static void offer_options(const struct option_spec *o)
{
    for (; o && o->name; o++) {
        offer("--", o->name, "");
    }
}

/* "key=" of the table, or what may come after it. */
static void offer_fields(struct ctl *ctl, const struct cfg_table *table)
{
    for (const struct cfg_field *f = table ? table->field : NULL; f && f->name; f++) {
        size_t length = strlen(f->name);
        char before[80];

        snprintf(before, sizeof(before), "%s=", f->name);
        if (strncmp(current, before, length + 1) != 0) {
            offer("", before, "");
        } else if (f->type == CFG_T_ENUM) {
            offer_choices(before, f->choices);
        } else if (f->type == CFG_T_BOOL) {
            offer_choices(before, "true|false");
        } else if (f->type == CFG_T_REF || f->type == CFG_T_REFS) {
            offer_names(ctl, before, f->choices);
        }
    }
}

static void offer_filters(struct ctl *ctl)
{
    static const char *const names[] = {"vpc=", "port=", "proto=", "addr=", "l4port=", "state="};

    if (strncmp(current, "vpc=", 4) == 0) {
        offer_names(ctl, "vpc=", "vpcs");
    } else if (strncmp(current, "port=", 5) == 0) {
        offer_names(ctl, "port=", "ports");
    } else if (strncmp(current, "proto=", 6) == 0) {
        offer_choices("proto=", "tcp|udp|icmp|icmpv6|sctp");
    } else {
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            offer("", names[i], "");
        }
    }
}

static void offer_log(struct ctl *ctl)
{
    int code;
    json_t *result, *value;
    const char *key, *equals = strchr(current, '=');
    char before[80];

    if (equals) {
        snprintf(before, sizeof(before), "%.*s", (int)(equals + 1 - current), current);
        offer_choices(before, "error|warn|info|debug");
        return;
    }
    result = request(ctl, "log.get", NULL, &code);
    json_object_foreach (json_object_get(result, "modules"), key, value) {
        offer("", key, "=");
    }
    json_decref(result);
}

static void offer_list(const char *const *words)
{
    for (; *words; words++) {
        offer("", *words, "");
    }
}

/* What may come next in a rule, of which the words so far stand behind the port's name. */
static void offer_rule(struct ctl *ctl)
{
    const char *words[RULE_WORDS];
    char *text = join_words(ctl, 1);
    enum rule_place place = text ? rule_next(text, words) : RULE_PLACE_END;

    free(text);
    if (place == RULE_PLACE_WORD) {
        offer_list(words);
    } else if (place == RULE_PLACE_PORT) {
        offer_names(ctl, "", "ports");
    }
}

static void offer_rule_ids(struct ctl *ctl)
{
    int code;
    json_t *result = request(ctl, "flow.list", json_pack("{s:s}", "port", ctl->word[0]), &code);
    const json_t *rule;
    size_t i;
    char text[24];

    json_array_foreach (json_object_get(result, "rules"), i, rule) {
        snprintf(text, sizeof(text), "%lld",
                 (long long)json_integer_value(json_object_get(rule, "rule")));
        offer("", text, "");
    }
    json_decref(result);
}

static void offer_meter(const struct ctl *ctl)
{
    static const char *const units[] = {"pps", "bps", NULL}, *const burst[] = {"burst", NULL};

    if (ctl->command->most > 1 && ctl->words == 1) {
        offer_list(units);
    } else if (ctl->words == 3) {
        offer_list(burst);
    }
}

/* Words of the commands on rules: the first is a port. */
static void offer_flow(struct ctl *ctl)
{
    static const char *const rule[] = {"rule", NULL}, *const count[] = {"count", NULL};
    enum word_kind kind = ctl->command->kind;

    if (ctl->words == 0) {
        offer_names(ctl, "", "ports");
    } else if (kind == WORD_RULE) {
        offer_rule(ctl);
    } else if (kind == WORD_RULE_IDS && ctl->words % 2 == 1) {
        offer_list(rule);
    } else if (kind == WORD_RULE_IDS || (kind == WORD_RULE_ID && ctl->words == 1)) {
        offer_rule_ids(ctl);
    } else if (kind == WORD_RULE_ID && ctl->words == 2) {
        offer_list(count);
    }
}

static void offer_words(struct ctl *ctl)
{
    const struct command *c = ctl->command;
    const struct cfg_table *table = c && c->list ? cfg_schema_find(c->list) : NULL;
    const char *names[MAX_WORDS];
    struct ctl root = {.levels = 0};

    switch (c ? c->kind : WORD_COMMAND) {
    case WORD_NONE:
        break;
    case WORD_FIELDS:
        offer_fields(ctl, table);
        break;
    case WORD_NAME:
        if (table && cfg_schema_field(table, "name")) {
            offer_names(ctl, "", c->list);
        } else {
            offer_fields(ctl, table);
        }
        break;
    case WORD_GROUP:
        if (ctl->words == 0) {
            offer_names(ctl, "", c->list);
        } else {
            offer_fields(ctl, cfg_schema_find("rules"));
        }
        break;
    case WORD_FILTER:
        offer_filters(ctl);
        break;
    case WORD_LOG:
        offer_log(ctl);
        break;
    case WORD_PORT:
    case WORD_RULE:
    case WORD_RULE_ID:
    case WORD_RULE_IDS:
        offer_flow(ctl);
        break;
    case WORD_METER:
        offer_meter(ctl);
        break;
    case WORD_LATENCY:
        offer_choices("", "show|on|off|reset");
        break;
    case WORD_COMMAND:
        next_words(c ? &root : ctl, names);
        for (size_t i = 0; names[i]; i++) {
            offer("", names[i], "");
        }
        break;
    }
}

/* The option that the current word is the value of, or NULL. */
static const struct option_spec *open_option(const struct ctl *ctl, const char *last)
{
    bool is_long = last[0] == '-' && last[1] == '-';
    const struct option_spec *own = ctl->command ? ctl->command->options : NULL, *o;

    if (last[0] != '-' || !last[1] || (!is_long && last[2])) {
        return NULL;
    }
    const char *name = last + (is_long ? 2 : 1);
    o = find_option(own, name, strlen(name), is_long ? 0 : *name);
    if (!o) {
        o = find_option(global_options, name, strlen(name), is_long ? 0 : *name);
    }
    return o && o->metavar && o->metavar[0] != '[' ? o : NULL;
}

int complete(struct ctl *ctl, int argc, char **argv)
{
    const struct option_spec *open = NULL;

    ctl->quiet = true;
    ctl->timeout_ms = 100;
    current = argc > 0 ? argv[argc - 1] : "";
    for (int i = 0; i + 1 < argc; i++) {
        if (open) {
            if (strcmp(open->name, "socket") == 0) {
                ctl->socket = argv[i];
            }
            open = NULL;
        } else if (argv[i][0] == '-') {
            open = open_option(ctl, argv[i]);
        } else if (ctl->command && ctl->words < MAX_WORDS) {
            ctl->word[ctl->words++] = argv[i];
        } else if (ctl->command) {
            return EXIT_OK;
        } else if (resolve_word(ctl, argv[i])) {
            return EXIT_OK;
        }
    }
    if (open) {
        offer_choices("", open->choices ? open->choices : "");
    } else if (current[0] == '-') {
        offer_options(ctl->command ? ctl->command->options : NULL);
        offer_options(global_options);
    } else {
        offer_words(ctl);
    }
    return EXIT_OK;
}

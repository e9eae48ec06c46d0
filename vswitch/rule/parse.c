/* SPDX-License-Identifier: Apache-2.0 */
#include "parse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool rule_refuse(struct parse *p, uint32_t at, enum hsr_rule_error type, const char *format, ...)
{
    va_list args;

    p->error->type = type;
    p->error->at = at;
    va_start(args, format);
    vsnprintf(p->error->text, sizeof p->error->text, format, args);
    va_end(args);
    return false;
}

static uint32_t add_items(const char *words[RULE_WORDS], const struct parse *p)
{
    uint32_t n = 0;
    uint8_t before = p->rule->items > 0 ? p->rule->item[p->rule->items - 1].type : 0;

    for (uint8_t type = 1; hsr_rule_item_name(type) != NULL; type++)
        if (hsr_rule_layer(type, before, p->layer) >= 0)
            words[n++] = hsr_rule_item_name(type);
    return n;
}

static enum rule_place expected(const struct parse *p, const char *words[RULE_WORDS])
{
    static const char *const attributes[] = {"ingress", "priority", "group", "pattern", NULL};
    const struct hsr_rule_field *field;
    uint32_t n = 0, fields;

    switch (p->state) {
    case AT_ATTRIBUTE:
        for (; attributes[n] != NULL; n++)
            words[n] = attributes[n];
        break;
    case AT_ITEM:
        n = add_items(words, p);
        words[n++] = "end";
        break;
    case AT_FIELD:
        field = hsr_rule_fields_of(p->rule->item[p->rule->items - 1].type, &fields);
        for (; n < fields; n++)
            words[n] = field[n].name;
        words[n++] = "/";
        break;
    case AT_OPERATOR:
        for (; n < OPS; n++)
            words[n] = rule_ops[n];
        break;
    case AT_ACTIONS:
        words[n++] = "actions";
        break;
    case AT_ACTION:
        for (; rule_actions[n].name != NULL; n++)
            words[n] = rule_actions[n].name;
        words[n++] = "end";
        break;
    case AT_KEY:
        words[n++] = p->action->key;
        break;
    case AT_ACTION_END:
        words[n++] = "/";
        break;
    case AT_ARGUMENT:
        return p->action->act == HSR_RULE_ACT_MIRROR ? RULE_PLACE_PORT : RULE_PLACE_VALUE;
    case AT_DONE:
        return RULE_PLACE_END;
    default:
        return RULE_PLACE_VALUE;
    }
    words[n] = NULL;
    return RULE_PLACE_WORD;
}

bool rule_unexpected(struct parse *p, enum hsr_rule_error type)
{
    const char *words[RULE_WORDS];
    char list[140] = "";
    size_t used = 0;

    if (expected(p, words) != RULE_PLACE_WORD)
        return refuse(p, type, "a value is missing here");
    for (uint32_t i = 0; words[i] != NULL && used < sizeof list; i++) {
        int n = snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", words[i]);

        used += n > 0 ? (size_t)n : 0;
    }
    if (p->word[0] == '\0')
        return refuse(p, type, "the rule ends where one of these is missing: %s", list);
    return refuse(p, type, "'%.40s' is none of: %s", p->word, list);
}

/* What rte_flow has, and we have not. */
static bool other_direction(struct parse *p)
{
    return strcmp(p->word, "egress") == 0
               ? refuse(p, HSR_RULE_ERROR_ATTR_EGRESS,
                        "rules are for packets that come in: ingress")
               : refuse(p, HSR_RULE_ERROR_ATTR_TRANSFER,
                        "rules are for packets that come in by their port: ingress");
}

static bool attribute(struct parse *p)
{
    if (strcmp(p->word, "egress") == 0 || strcmp(p->word, "transfer") == 0)
        return other_direction(p);
    if (strcmp(p->word, "pattern") == 0 && !p->ingress)
        return refuse(p, HSR_RULE_ERROR_ATTR_INGRESS, "a direction is missing: ingress");
    if (strcmp(p->word, "ingress") == 0)
        p->ingress = true;
    else if (strcmp(p->word, "group") == 0)
        p->state = AT_GROUP;
    else if (strcmp(p->word, "priority") == 0)
        p->state = AT_PRIORITY;
    else if (strcmp(p->word, "pattern") == 0)
        p->state = AT_ITEM;
    else
        return rule_unexpected(p, HSR_RULE_ERROR_ATTR);
    return true;
}

static bool group(struct parse *p)
{
    uint64_t n;

    if (!rule_number_parse(p->word, UINT32_MAX, &n) || n != 0)
        return refuse(p, HSR_RULE_ERROR_ATTR_GROUP, "there is group 0 alone");
    p->state = AT_ATTRIBUTE;
    return true;
}

static bool priority(struct parse *p)
{
    uint64_t n;

    if (!rule_number_parse(p->word, UINT32_MAX, &n)) {
        return refuse(p, HSR_RULE_ERROR_ATTR_PRIORITY,
                      "'%.40s' is no priority: a number from 0 to 4294967295, the smaller is first",
                      p->word);
    }
    p->rule->priority = (uint32_t)n;
    p->state = AT_ATTRIBUTE;
    return true;
}

static bool too_much(struct parse *p)
{
    return refuse(p, HSR_RULE_ERROR_UNSPECIFIED, "'%.40s' stands behind the end of the rule",
                  p->word);
}

static const struct step {
    bool (*take)(struct parse *p);
    enum hsr_rule_error missing; /* when the text ends here */
} steps[] = {
    [AT_ATTRIBUTE] = {attribute, HSR_RULE_ERROR_ATTR},
    [AT_GROUP] = {group, HSR_RULE_ERROR_ATTR_GROUP},
    [AT_PRIORITY] = {priority, HSR_RULE_ERROR_ATTR_PRIORITY},
    [AT_ITEM] = {rule_take_item, HSR_RULE_ERROR_ITEM_NUM},
    [AT_FIELD] = {rule_take_field, HSR_RULE_ERROR_ITEM_NUM},
    [AT_OPERATOR] = {rule_take_operator, HSR_RULE_ERROR_ITEM_SPEC},
    [AT_VALUE] = {rule_take_value, HSR_RULE_ERROR_ITEM_SPEC},
    [AT_ACTIONS] = {rule_take_actions, HSR_RULE_ERROR_ACTION_NUM},
    [AT_ACTION] = {rule_take_action, HSR_RULE_ERROR_ACTION_NUM},
    [AT_KEY] = {rule_take_key, HSR_RULE_ERROR_ACTION_CONF},
    [AT_ARGUMENT] = {rule_take_argument, HSR_RULE_ERROR_ACTION_CONF},
    [AT_ACTION_END] = {rule_take_action_end, HSR_RULE_ERROR_ACTION_NUM},
    [AT_DONE] = {too_much, HSR_RULE_ERROR_NONE},
};

/*
 * The next word; false at the end, with an empty one. One that is too long is cut and means nothing then, nor does one with
 * bytes that no word of ours has: they may be shown to people, so they are not kept.
 */
static bool next_word(struct parse *p)
{
    size_t n, kept;

    p->at += strspn(p->at, " \t\r\n");
    n = strcspn(p->at, " \t\r\n");
    kept = n < WORD ? n : WORD - 1;
    for (size_t i = 0; i < kept; i++)
        p->word[i] = (char)(p->at[i] > 0x20 && p->at[i] < 0x7F ? p->at[i] : '?');
    if (kept < n)
        p->word[kept - 1] = '?';
    p->word[kept] = '\0';
    p->word_at = (uint32_t)(p->at - p->start);
    p->at += n;
    return n > 0;
}

static bool run(struct parse *p, const char *text)
{
    p->at = p->start = text;
    p->layer = -1;
    *p->error = (struct rule_error){.type = HSR_RULE_ERROR_NONE};
    while (next_word(p))
        if (!steps[p->state].take(p))
            return false;
    return true;
}

int rule_parse(const char *text, uint16_t port, const struct rule_names *names,
               struct hsr_rule *rule, struct rule_error *error)
{
    struct parse p = {.names = names, .rule = rule, .error = error};
    uint32_t which;

    memset(rule, 0, sizeof *rule);
    rule->port = port;
    if (!run(&p, text))
        return -EINVAL;
    if (p.state != AT_DONE) {
        rule_unexpected(&p, steps[p.state].missing);
        return -EINVAL;
    }
    error->type = hsr_rule_check(rule, &which);
    if (error->type == HSR_RULE_ERROR_NONE)
        return 0;
    rule_refuse(&p, which < rule->items ? p.item_at[which] : 0, error->type, "not a rule we have");
    return -EINVAL;
}

enum rule_place rule_next(const char *text, const char *words[RULE_WORDS])
{
    struct hsr_rule rule = {.port = 0};
    struct rule_error error;
    struct parse p = {.rule = &rule, .error = &error};

    return run(&p, text) ? expected(&p, words) : RULE_PLACE_END;
}

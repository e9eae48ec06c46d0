/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parser: a state machine over words. A state says which words may come, so that completion and messages know as
 * much as the parser.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

#define WORD 64 /* bytes of the longest word with its NUL */

enum state {
    AT_ATTRIBUTE,
    AT_GROUP,
    AT_PRIORITY,
    AT_ITEM,
    AT_FIELD,
    AT_OPERATOR,
    AT_VALUE,
    AT_ACTIONS,
    AT_ACTION,
    AT_KEY,
    AT_ARGUMENT,
    AT_ACTION_END,
    AT_DONE,
};

enum operator{ OP_IS, OP_SPEC, OP_LAST, OP_MASK, OP_PREFIX, OPERATORS };

static const char *const operators[OPERATORS + 1] = {"is", "spec", "last", "mask", "prefix"};

struct parse {
    const char *at; /* rest of the text */
    const char *start;
    char word[WORD];
    uint32_t word_at;
    enum state state;
    const struct rule_names *names; /* NULL: completion, names stand for anything */
    struct hsr_rule *rule;
    struct rule_error *error;
    bool ingress;
    /* the item being read */
    uint32_t item_at[HSR_RULE_ITEMS];
    int layer;
    uint32_t specs, lasts, masks; /* fields that were given one, by their place among the item's */
    const struct hsr_rule_field *field;
    enum operator op;
    const struct rule_action *action; /* the action being read */
};

static bool refuse_at(struct parse *p, uint32_t at, enum hsr_rule_error type, const char *format,
                      ...) __attribute__((format(printf, 4, 5)));

static bool refuse_at(struct parse *p, uint32_t at, enum hsr_rule_error type, const char *format,
                      ...)
{
    va_list args;

    p->error->type = type;
    p->error->at = at;
    va_start(args, format);
    vsnprintf(p->error->text, sizeof p->error->text, format, args);
    va_end(args);
    return false;
}

/* At the word that was just read, or at the item that it ends. */
#define refuse(p, type, ...) refuse_at(p, (p)->word_at, type, __VA_ARGS__)
#define refuse_item(p, type, ...) \
    refuse_at(p, (p)->item_at[(p)->rule->items - 1], type, __VA_ARGS__)

static struct hsr_rule_item *item_of(struct parse *p)
{
    return &p->rule->item[p->rule->items - 1];
}

/* --- which words may come --------------------------------------------------------------------------------------- */

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
        for (; n < OPERATORS; n++)
            words[n] = operators[n];
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

/* The word is none of those that may come. */
static bool unexpected(struct parse *p, enum hsr_rule_error type)
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

/* --- attributes ------------------------------------------------------------------------------------------------- */

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
        return unexpected(p, HSR_RULE_ERROR_ATTR);
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

/* --- pattern ---------------------------------------------------------------------------------------------------- */

static bool item(struct parse *p)
{
    struct hsr_rule *rule = p->rule;
    uint8_t type = hsr_rule_item_type(p->word);
    uint8_t before = rule->items > 0 ? rule->item[rule->items - 1].type : 0;
    int layer = hsr_rule_layer(type, before, p->layer);

    if (strcmp(p->word, "end") == 0) {
        p->state = AT_ACTIONS;
        return true;
    }
    if (type != 0 && layer < 0)
        return refuse(p, HSR_RULE_ERROR_ITEM, "%s cannot stand directly behind %s", p->word,
                      hsr_rule_item_name(before));
    if (type == 0)
        return unexpected(p, HSR_RULE_ERROR_ITEM);
    p->item_at[rule->items] = p->word_at;
    rule->item[rule->items++].type = type; /* no order of items is longer than the array */
    p->layer = layer;
    p->specs = p->lasts = p->masks = 0;
    p->state = AT_FIELD;
    return true;
}

/* Fields with a value and no mask are compared whole; a mask or an end without a value says nothing. */
static bool finish_field(struct parse *p, const struct hsr_rule_field *field, uint32_t bit)
{
    struct hsr_rule_item *it = item_of(p);
    uint8_t ones[HSR_RULE_VALUE];

    if (p->specs & bit) {
        rule_prefix_mask(field, field->bits, ones);
        if (!(p->masks & bit))
            hsr_rule_put(field, it->mask, ones);
        return true;
    }
    if (p->masks & bit)
        return refuse_item(p, HSR_RULE_ERROR_ITEM_MASK, "%s has a mask and no value: is or spec",
                           field->name);
    return !(p->lasts & bit) ||
           refuse_item(p, HSR_RULE_ERROR_ITEM_LAST, "%s has an end and no beginning: is or spec",
                       field->name);
}

/* What is kept is what is compared: bits under the mask, and no range of one value. */
static bool finish_item(struct parse *p)
{
    struct hsr_rule_item *it = item_of(p);
    uint32_t n;
    const struct hsr_rule_field *field = hsr_rule_fields_of(it->type, &n);

    for (uint32_t i = 0; i < n; i++)
        if (!finish_field(p, &field[i], 1u << i))
            return false;
    for (unsigned i = 0; i < HSR_RULE_HEADER; i++) {
        it->spec[i] &= it->mask[i];
        it->last[i] &= it->mask[i];
    }
    for (uint32_t i = 0; i < n; i++) {
        uint8_t spec[HSR_RULE_VALUE], last[HSR_RULE_VALUE], zero[HSR_RULE_VALUE] = {0};

        hsr_rule_get(&field[i], it->spec, spec);
        hsr_rule_get(&field[i], it->last, last);
        if (!hsr_rule_is_range(it, &field[i]))
            continue;
        if (memcmp(last, spec, sizeof last) < 0)
            return refuse_item(p, HSR_RULE_ERROR_ITEM_LAST, "the range of %s ends before it begins",
                               field[i].name);
        if (memcmp(last, spec, sizeof last) == 0)
            hsr_rule_put(&field[i], it->last, zero);
    }
    p->state = AT_ITEM;
    return true;
}

static bool field_name(struct parse *p)
{
    uint32_t n;
    const struct hsr_rule_field *field = hsr_rule_fields_of(item_of(p)->type, &n);

    if (strcmp(p->word, "/") == 0)
        return finish_item(p);
    while (n > 0 && strcmp(field->name, p->word) != 0)
        field++, n--;
    if (n == 0)
        return unexpected(p, HSR_RULE_ERROR_ITEM_SPEC);
    p->field = field;
    p->state = AT_OPERATOR;
    return true;
}

static bool field_operator(struct parse *p)
{
    for (unsigned op = 0; op < OPERATORS; op++) {
        if (strcmp(p->word, operators[op]) != 0)
            continue;
        if (op == OP_LAST && p->field->whole)
            return refuse(p, HSR_RULE_ERROR_ITEM_LAST, "there are no ranges of %s: take its parts",
                          p->field->name);
        p->op = (enum operator)op;
        p->state = AT_VALUE;
        return true;
    }
    return unexpected(p, HSR_RULE_ERROR_ITEM_SPEC);
}

static enum hsr_rule_error value_error(enum operator op)
{
    return op == OP_LAST                      ? HSR_RULE_ERROR_ITEM_LAST
           : op == OP_MASK || op == OP_PREFIX ? HSR_RULE_ERROR_ITEM_MASK
                                              : HSR_RULE_ERROR_ITEM_SPEC;
}

/* The word as a value of the field; `last 0` of any field says that there is no range. */
static bool read_value(struct parse *p, uint8_t value[HSR_RULE_VALUE])
{
    const struct hsr_rule_field *f = p->field;
    uint64_t n;

    if (p->op == OP_PREFIX) {
        if (!rule_number_parse(p->word, f->bits, &n))
            return refuse(p, HSR_RULE_ERROR_ITEM_MASK, "'%.40s' is no prefix length of 0 to %u",
                          p->word, f->bits);
        rule_prefix_mask(f, (unsigned)n, value);
        return true;
    }
    if (rule_value_parse(f, p->word, value) || (p->op == OP_LAST && strcmp(p->word, "0") == 0))
        return true;
    return f->form == HSR_FORM_NUMBER || f->form == HSR_FORM_HEX
               ? refuse(p, value_error(p->op), "'%.40s' is no number of %u bits", p->word, f->bits)
               : refuse(p, value_error(p->op), "'%.40s' is not %s", p->word, rule_value_kind(f));
}

static bool field_value(struct parse *p)
{
    struct hsr_rule_item *it = item_of(p);
    uint8_t value[HSR_RULE_VALUE], ones[HSR_RULE_VALUE];
    uint32_t n;
    uint32_t bit = 1u << (p->field - hsr_rule_fields_of(it->type, &n));

    if (!read_value(p, value))
        return false;
    rule_prefix_mask(p->field, p->field->bits, ones);
    if (p->op == OP_IS || p->op == OP_SPEC) {
        hsr_rule_put(p->field, it->spec, value);
        p->specs |= bit;
    } else if (p->op == OP_LAST) {
        hsr_rule_put(p->field, it->last, value);
        p->lasts |= bit;
    }
    if (p->op == OP_MASK || p->op == OP_PREFIX || p->op == OP_IS) {
        hsr_rule_put(p->field, it->mask, p->op == OP_IS ? ones : value);
        p->masks |= bit;
    }
    p->state = AT_FIELD;
    return true;
}

/* --- actions ---------------------------------------------------------------------------------------------------- */

static bool actions(struct parse *p)
{
    if (strcmp(p->word, "actions") != 0)
        return unexpected(p, HSR_RULE_ERROR_ACTION);
    p->state = AT_ACTION;
    return true;
}

static bool contradicts(unsigned acts)
{
    return acts & HSR_RULE_ACT_DROP && acts & (HSR_RULE_ACT_MARK | HSR_RULE_ACT_PASSTHRU);
}

static bool action(struct parse *p)
{
    const struct rule_action *a = rule_actions;

    if (strcmp(p->word, "end") == 0) {
        if (p->rule->actions == 0)
            return refuse(p, HSR_RULE_ERROR_ACTION_NUM, "a rule without an action does nothing");
        p->state = AT_DONE;
        return true;
    }
    while (a->name != NULL && strcmp(a->name, p->word) != 0)
        a++;
    if (a->name == NULL)
        return unexpected(p, HSR_RULE_ERROR_ACTION);
    if (p->rule->actions & a->act)
        return refuse(p, HSR_RULE_ERROR_ACTION, "%s is there already", p->word);
    if (contradicts(p->rule->actions | a->act))
        return refuse(p, HSR_RULE_ERROR_ACTION, "drop goes with neither mark nor passthru");
    p->rule->actions = (uint8_t)(p->rule->actions | a->act);
    p->action = a;
    p->state = a->key != NULL ? AT_KEY : AT_ACTION_END;
    return true;
}

static bool action_key(struct parse *p)
{
    if (strcmp(p->word, p->action->key) != 0)
        return unexpected(p, HSR_RULE_ERROR_ACTION_CONF);
    p->state = AT_ARGUMENT;
    return true;
}

static bool mark(struct parse *p)
{
    uint64_t n;

    if (!rule_number_parse(p->word, UINT32_MAX, &n))
        return refuse(p, HSR_RULE_ERROR_ACTION_CONF, "'%.40s' is no number of 32 bits", p->word);
    p->rule->mark = (uint32_t)n;
    p->rule->flow_id = p->names != NULL ? p->names->flow_id(p->names->arg, p->rule->mark) : 1;
    if (p->rule->flow_id == 0)
        return refuse(p, HSR_RULE_ERROR_ACTION_CONF,
                      "no session has mark %s (session show tells it)", p->word);
    return true;
}

static bool meter(struct parse *p)
{
    uint64_t n;

    if (!rule_number_parse(p->word, HSR_MAX_METERS - 1, &n))
        return refuse(p, HSR_RULE_ERROR_ACTION_CONF, "'%.40s' is no meter: 0 to %d", p->word,
                      HSR_MAX_METERS - 1);
    p->rule->meter = (uint32_t)n;
    return true;
}

static bool mirror(struct parse *p)
{
    int index = p->names != NULL ? p->names->port(p->names->arg, p->word) : p->rule->port + 1;

    if (index < 0)
        return refuse(p, HSR_RULE_ERROR_ACTION_CONF, "no port '%.40s'", p->word);
    if (index == p->rule->port)
        return refuse(p, HSR_RULE_ERROR_ACTION_CONF,
                      "a port's packets cannot be mirrored to itself");
    p->rule->mirror = (uint16_t)index;
    return true;
}

static bool argument(struct parse *p)
{
    bool good = p->action->act == HSR_RULE_ACT_MARK    ? mark(p)
                : p->action->act == HSR_RULE_ACT_METER ? meter(p)
                                                       : mirror(p);

    p->state = AT_ACTION_END;
    return good;
}

static bool action_end(struct parse *p)
{
    if (strcmp(p->word, "/") != 0)
        return unexpected(p, HSR_RULE_ERROR_ACTION);
    p->state = AT_ACTION;
    return true;
}

static bool too_much(struct parse *p)
{
    return refuse(p, HSR_RULE_ERROR_UNSPECIFIED, "'%.40s' stands behind the end of the rule",
                  p->word);
}

/* --- all of it -------------------------------------------------------------------------------------------------- */

static const struct step {
    bool (*take)(struct parse *p);
    enum hsr_rule_error missing; /* when the text ends here */
} steps[] = {
    [AT_ATTRIBUTE] = {attribute, HSR_RULE_ERROR_ATTR},
    [AT_GROUP] = {group, HSR_RULE_ERROR_ATTR_GROUP},
    [AT_PRIORITY] = {priority, HSR_RULE_ERROR_ATTR_PRIORITY},
    [AT_ITEM] = {item, HSR_RULE_ERROR_ITEM_NUM},
    [AT_FIELD] = {field_name, HSR_RULE_ERROR_ITEM_NUM},
    [AT_OPERATOR] = {field_operator, HSR_RULE_ERROR_ITEM_SPEC},
    [AT_VALUE] = {field_value, HSR_RULE_ERROR_ITEM_SPEC},
    [AT_ACTIONS] = {actions, HSR_RULE_ERROR_ACTION_NUM},
    [AT_ACTION] = {action, HSR_RULE_ERROR_ACTION_NUM},
    [AT_KEY] = {action_key, HSR_RULE_ERROR_ACTION_CONF},
    [AT_ARGUMENT] = {argument, HSR_RULE_ERROR_ACTION_CONF},
    [AT_ACTION_END] = {action_end, HSR_RULE_ERROR_ACTION_NUM},
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
        unexpected(&p, steps[p.state].missing);
        return -EINVAL;
    }
    error->type = hsr_rule_check(rule, &which);
    if (error->type == HSR_RULE_ERROR_NONE)
        return 0;
    refuse_at(&p, which < rule->items ? p.item_at[which] : 0, error->type, "not a rule we have");
    return -EINVAL;
}

enum rule_place rule_next(const char *text, const char *words[RULE_WORDS])
{
    struct hsr_rule rule = {.port = 0};
    struct rule_error error;
    struct parse p = {.rule = &rule, .error = &error};

    return run(&p, text) ? expected(&p, words) : RULE_PLACE_END;
}

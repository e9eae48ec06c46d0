/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "parse.h"

const char *const rule_ops[OPS] = {"is", "spec", "last", "mask", "prefix"};

static struct hsr_rule_item *item_of(struct parse *p)
{
    return &p->rule->item[p->rule->items - 1];
}

bool rule_take_item(struct parse *p)
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
        return rule_unexpected(p, HSR_RULE_ERROR_ITEM);
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

bool rule_take_field(struct parse *p)
{
    uint32_t n;
    const struct hsr_rule_field *field = hsr_rule_fields_of(item_of(p)->type, &n);

    if (strcmp(p->word, "/") == 0)
        return finish_item(p);
    while (n > 0 && strcmp(field->name, p->word) != 0)
        field++, n--;
    if (n == 0)
        return rule_unexpected(p, HSR_RULE_ERROR_ITEM_SPEC);
    p->field = field;
    p->state = AT_OPERATOR;
    return true;
}

bool rule_take_operator(struct parse *p)
{
    for (unsigned op = 0; op < OPS; op++) {
        if (strcmp(p->word, rule_ops[op]) != 0)
            continue;
        if (op == OP_LAST && p->field->whole)
            return refuse(p, HSR_RULE_ERROR_ITEM_LAST, "there are no ranges of %s: take its parts",
                          p->field->name);
        p->op = (enum op)op;
        p->state = AT_VALUE;
        return true;
    }
    return rule_unexpected(p, HSR_RULE_ERROR_ITEM_SPEC);
}

static enum hsr_rule_error value_error(enum op op)
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

bool rule_take_value(struct parse *p)
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

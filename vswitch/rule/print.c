/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static bool is_zero(const uint8_t value[HSR_RULE_VALUE])
{
    static const uint8_t zero[HSR_RULE_VALUE];

    return memcmp(value, zero, sizeof zero) == 0;
}

static void print_word(FILE *f, const struct hsr_rule_field *field, const char *op,
                       const uint8_t value[HSR_RULE_VALUE])
{
    char text[RULE_VALUE_TEXT];

    rule_value_text(field, value, text);
    fprintf(f, " %s %s %s", field->name, op, text);
}

static void print_field(FILE *f, const struct hsr_rule_item *item,
                        const struct hsr_rule_field *field)
{
    uint8_t spec[HSR_RULE_VALUE], last[HSR_RULE_VALUE], mask[HSR_RULE_VALUE];
    int prefix;

    hsr_rule_get(field, item->mask, mask);
    if (field->whole || is_zero(mask))
        return;
    hsr_rule_get(field, item->spec, spec);
    hsr_rule_get(field, item->last, last);
    prefix = rule_prefix_length(field, mask);
    if (prefix == field->bits) {
        print_word(f, field, "is", spec);
    } else {
        print_word(f, field, "spec", spec);
        if (prefix > 0)
            fprintf(f, " %s prefix %d", field->name, prefix);
        else
            print_word(f, field, "mask", mask);
    }
    if (!is_zero(last))
        print_word(f, field, "last", last);
}

static void print_item(FILE *f, const struct hsr_rule_item *item)
{
    uint32_t n;
    const struct hsr_rule_field *field = hsr_rule_fields_of(item->type, &n);

    fprintf(f, " %s", hsr_rule_item_name(item->type));
    for (uint32_t i = 0; i < n; i++)
        print_field(f, item, &field[i]);
    fputs(" /", f);
}

static void print_action(FILE *f, const struct hsr_rule *rule, const struct rule_action *a,
                         const struct rule_names *names)
{
    fprintf(f, " %s", a->name);
    if (a->key != NULL)
        fprintf(f, " %s ", a->key);
    if (a->act == HSR_RULE_ACT_MARK)
        fprintf(f, "%" PRIu32, rule->mark);
    else if (a->act == HSR_RULE_ACT_METER)
        fprintf(f, "%" PRIu32, rule->meter);
    else if (a->act == HSR_RULE_ACT_MIRROR)
        fputs(names->port_name(names->arg, rule->mirror), f);
    fputs(" /", f);
}

char *rule_text(const struct hsr_rule *rule, const struct rule_names *names)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    if (f == NULL)
        return NULL;
    fputs("ingress", f);
    if (rule->priority != 0)
        fprintf(f, " priority %" PRIu32, rule->priority);
    fputs(" pattern", f);
    for (uint32_t i = 0; i < rule->items; i++)
        print_item(f, &rule->item[i]);
    fputs(" end actions", f);
    for (const struct rule_action *a = rule_actions; a->name != NULL; a++)
        if (rule->actions & a->act)
            print_action(f, rule, a, names);
    fputs(" end", f);
    if (fclose(f) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

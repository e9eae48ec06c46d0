/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parser's parts: parse.c runs it and reads attributes, parse_pattern.c items and fields, parse_actions.c actions.
 * A state machine over words: a state says which words may come, so that completion and messages know as much as the
 * parser. Each step takes p->word; false after rule_refuse().
 */
#ifndef RULE_PARSE_H
#define RULE_PARSE_H

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

enum op { OP_IS, OP_SPEC, OP_LAST, OP_MASK, OP_PREFIX, OPS };

extern const char *const rule_ops[OPS]; /* "is" */

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
    enum op op;
    const struct rule_action *action; /* the action being read */
};

/* Note the error; false. */
bool rule_refuse(struct parse *p, uint32_t at, enum hsr_rule_error type, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* At the word that was just read, or at the item that it ends. */
#define refuse(p, type, ...) rule_refuse(p, (p)->word_at, type, __VA_ARGS__)
#define refuse_item(p, type, ...) \
    rule_refuse(p, (p)->item_at[(p)->rule->items - 1], type, __VA_ARGS__)

/* The word is none of those that may come. */
bool rule_unexpected(struct parse *p, enum hsr_rule_error type);

bool rule_take_item(struct parse *p);
bool rule_take_field(struct parse *p);
bool rule_take_operator(struct parse *p);
bool rule_take_value(struct parse *p);
bool rule_take_actions(struct parse *p);
bool rule_take_action(struct parse *p);
bool rule_take_key(struct parse *p);
bool rule_take_argument(struct parse *p);
bool rule_take_action_end(struct parse *p);

#endif

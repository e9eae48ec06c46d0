/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the rule library share; not for others. */
#ifndef RULE_INTERNAL_H
#define RULE_INTERNAL_H

#include "rule/text.h"

#define RULE_VALUE_TEXT 48 /* bytes of a value's text with its NUL */

/* Text to the value of a field (big-endian, right-aligned); false when it is none or too large. */
bool rule_value_parse(const struct hsr_rule_field *field, const char *text,
                      uint8_t value[HSR_RULE_VALUE]);

/* Decimal or 0x hexadecimal, at most `max`. */
bool rule_number_parse(const char *text, uint64_t max, uint64_t *number);

void rule_value_text(const struct hsr_rule_field *field, const uint8_t value[HSR_RULE_VALUE],
                     char text[RULE_VALUE_TEXT]);

/* What such a value looks like: "an IPv4 address". */
const char *rule_value_kind(const struct hsr_rule_field *field);

/* The value whose first `n` bits of the field are ones; and how many they are, -1 when that is not all. */
void rule_prefix_mask(const struct hsr_rule_field *field, unsigned n,
                      uint8_t value[HSR_RULE_VALUE]);
int rule_prefix_length(const struct hsr_rule_field *field, const uint8_t value[HSR_RULE_VALUE]);

/* Actions by name; ends with name NULL. */
struct rule_action {
    const char *name;
    const char *key; /* word before its value, NULL: it has none */
    enum hsr_rule_act act;
};
extern const struct rule_action rule_actions[];

#endif

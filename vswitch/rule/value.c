/* SPDX-License-Identifier: Apache-2.0 */
/* Values of fields, to and from text. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "internal.h"

const struct rule_action rule_actions[] = {
    {"drop", NULL, HSR_RULE_ACT_DROP},
    {"mark", "id", HSR_RULE_ACT_MARK},
    {"count", NULL, HSR_RULE_ACT_COUNT},
    {"meter", "mtr_id", HSR_RULE_ACT_METER},
    {"mirror", "port", HSR_RULE_ACT_MIRROR},
    {"passthru", NULL, HSR_RULE_ACT_PASSTHRU},
    {.name = NULL},
};

bool rule_number_parse(const char *text, uint64_t max, uint64_t *number)
{
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const char *digits = hex ? text + 2 : text;
    char *end;

    if (digits[strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789")] != '\0' ||
        *digits == '\0')
        return false;
    errno = 0;
    *number = strtoull(digits, &end, hex ? 16 : 10);
    return errno == 0 && *number <= max;
}

static uint64_t field_max(const struct hsr_rule_field *field)
{
    return (UINT64_C(1) << field->bits) - 1;
}

bool rule_value_parse(const struct hsr_rule_field *field, const char *text,
                      uint8_t value[HSR_RULE_VALUE])
{
    struct cfg_addr addr;
    uint64_t number;

    memset(value, 0, HSR_RULE_VALUE);
    switch (field->form) {
    case HSR_FORM_MAC:
        return cfg_mac_parse(text, value + HSR_RULE_VALUE - 6);
    case HSR_FORM_IP4:
        if (!cfg_addr_parse(text, &addr) || addr.family != 4)
            return false;
        memcpy(value + HSR_RULE_VALUE - 4, addr.bytes, 4);
        return true;
    case HSR_FORM_IP6:
        if (!cfg_addr_parse(text, &addr) || addr.family != 6)
            return false;
        memcpy(value, addr.bytes, 16);
        return true;
    default:
        if (!rule_number_parse(text, field_max(field), &number))
            return false;
        for (unsigned i = 0; i < 8; i++)
            value[HSR_RULE_VALUE - 1 - i] = (uint8_t)(number >> 8 * i);
        return true;
    }
}

void rule_value_text(const struct hsr_rule_field *field, const uint8_t value[HSR_RULE_VALUE],
                     char text[RULE_VALUE_TEXT])
{
    struct cfg_addr addr = {.family = field->form == HSR_FORM_IP4 ? 4 : 6};
    uint64_t number = 0;

    switch (field->form) {
    case HSR_FORM_MAC:
        cfg_mac_text(value + HSR_RULE_VALUE - 6, text);
        return;
    case HSR_FORM_IP4:
    case HSR_FORM_IP6:
        memcpy(addr.bytes, value + HSR_RULE_VALUE - field->bits / 8, field->bits / 8);
        cfg_addr_text(&addr, text);
        return;
    default:
        for (unsigned i = 8; i < HSR_RULE_VALUE; i++)
            number = number << 8 | value[i];
        if (field->form == HSR_FORM_HEX)
            snprintf(text, RULE_VALUE_TEXT, "0x%0*" PRIx64, field->bits / 4, number);
        else
            snprintf(text, RULE_VALUE_TEXT, "%" PRIu64, number);
    }
}

const char *rule_value_kind(const struct hsr_rule_field *field)
{
    switch (field->form) {
    case HSR_FORM_MAC:
        return "a MAC address";
    case HSR_FORM_IP4:
        return "an IPv4 address";
    case HSR_FORM_IP6:
        return "an IPv6 address";
    default:
        return "a number";
    }
}

void rule_prefix_mask(const struct hsr_rule_field *field, unsigned n, uint8_t value[HSR_RULE_VALUE])
{
    unsigned first = HSR_RULE_VALUE * 8u - field->bits;

    memset(value, 0, HSR_RULE_VALUE);
    for (unsigned i = first; i < first + n; i++)
        value[i / 8] = (uint8_t)(value[i / 8] | 0x80u >> i % 8);
}

int rule_prefix_length(const struct hsr_rule_field *field, const uint8_t value[HSR_RULE_VALUE])
{
    unsigned first = HSR_RULE_VALUE * 8u - field->bits, n = 0;
    uint8_t same[HSR_RULE_VALUE];

    while (n < field->bits && value[(first + n) / 8] & 0x80u >> (first + n) % 8)
        n++;
    rule_prefix_mask(field, n, same);
    return memcmp(same, value, sizeof same) == 0 ? (int)n : -1;
}

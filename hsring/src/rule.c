/* SPDX-License-Identifier: Apache-2.0 */
#include "hsring/rule.h"

#include <string.h>

enum {
    ACTIONS_KNOWN = HSR_RULE_ACT_DROP | HSR_RULE_ACT_MARK | HSR_RULE_ACT_COUNT |
                    HSR_RULE_ACT_METER | HSR_RULE_ACT_MIRROR | HSR_RULE_ACT_PASSTHRU,
    ITEM_TYPES = HSR_RULE_ITEM_GENEVE + 1,
};

const struct hsr_rule_field hsr_rule_fields[] = {
    {HSR_RULE_ITEM_ETH, "dst", 0, 48, HSR_FORM_MAC, false},
    {HSR_RULE_ITEM_ETH, "src", 48, 48, HSR_FORM_MAC, false},
    {HSR_RULE_ITEM_ETH, "type", 96, 16, HSR_FORM_HEX, false},
    {HSR_RULE_ITEM_VLAN, "tci", 0, 16, HSR_FORM_HEX, true},
    {HSR_RULE_ITEM_VLAN, "pcp", 0, 3, HSR_FORM_NUMBER, false},
    {HSR_RULE_ITEM_VLAN, "dei", 3, 1, HSR_FORM_NUMBER, false},
    {HSR_RULE_ITEM_VLAN, "vid", 4, 12, HSR_FORM_NUMBER, false},
    {HSR_RULE_ITEM_VLAN, "inner_type", 16, 16, HSR_FORM_HEX, false},
    {HSR_RULE_ITEM_IPV4, "tos", 8, 8, HSR_FORM_HEX, false},
    {HSR_RULE_ITEM_IPV4, "ttl", 64, 8, HSR_FORM_NUMBER, false},
    {HSR_RULE_ITEM_IPV4, "proto", 72, 8, HSR_FORM_NUMBER, false},
    {HSR_RULE_ITEM_IPV4, "src", 96, 32, HSR_FORM_IP4, false},
    {HSR_RULE_ITEM_IPV4, "dst", 128, 32, HSR_FORM_IP4, false},
    {HSR_RULE_ITEM_IPV6, "tc", 4, 8, HSR_FORM_HEX, false},
    {HSR_RULE_ITEM_IPV6, "proto", 48, 8, HSR_FORM_NUMBER, false},
    {HSR_RULE_ITEM_IPV6, "hop", 56, 8, HSR_FORM_NUMBER, false},
    {HSR_RULE_ITEM_IPV6, "src", 64, 128, HSR_FORM_IP6, false},
    {HSR_RULE_ITEM_IPV6, "dst", 192, 128, HSR_FORM_IP6, false},
    {HSR_RULE_ITEM_TCP, "src", 0, 16, HSR_FORM_NUMBER, false},
    {HSR_RULE_ITEM_TCP, "dst", 16, 16, HSR_FORM_NUMBER, false},
    {HSR_RULE_ITEM_TCP, "flags", 104, 8, HSR_FORM_HEX, false},
    {HSR_RULE_ITEM_UDP, "src", 0, 16, HSR_FORM_NUMBER, false},
    {HSR_RULE_ITEM_UDP, "dst", 16, 16, HSR_FORM_NUMBER, false},
    {HSR_RULE_ITEM_SCTP, "src", 0, 16, HSR_FORM_NUMBER, false},
    {HSR_RULE_ITEM_SCTP, "dst", 16, 16, HSR_FORM_NUMBER, false},
    {HSR_RULE_ITEM_ICMP, "type", 0, 8, HSR_FORM_NUMBER, false},
    {HSR_RULE_ITEM_ICMP, "code", 8, 8, HSR_FORM_NUMBER, false},
    {HSR_RULE_ITEM_ICMP6, "type", 0, 8, HSR_FORM_NUMBER, false},
    {HSR_RULE_ITEM_ICMP6, "code", 8, 8, HSR_FORM_NUMBER, false},
    {HSR_RULE_ITEM_VXLAN, "vni", 32, 24, HSR_FORM_NUMBER, false},
    {HSR_RULE_ITEM_GENEVE, "vni", 32, 24, HSR_FORM_NUMBER, false},
    {.name = NULL},
};

/* By type: name, bytes of the header, and the layer where it stands outside of a tunnel. */
static const struct item_kind {
    const char *name;
    uint8_t bytes;
    enum hsr_rule_layer layer;
} kinds[ITEM_TYPES] = {
    [HSR_RULE_ITEM_ETH] = {"eth", 14, HSR_LAYER_ETH},
    [HSR_RULE_ITEM_VLAN] = {"vlan", 4, HSR_LAYER_VLAN},
    [HSR_RULE_ITEM_IPV4] = {"ipv4", 20, HSR_LAYER_IP},
    [HSR_RULE_ITEM_IPV6] = {"ipv6", 40, HSR_LAYER_IP},
    [HSR_RULE_ITEM_TCP] = {"tcp", 20, HSR_LAYER_L4},
    [HSR_RULE_ITEM_UDP] = {"udp", 8, HSR_LAYER_L4},
    [HSR_RULE_ITEM_SCTP] = {"sctp", 12, HSR_LAYER_L4},
    [HSR_RULE_ITEM_ICMP] = {"icmp", 8, HSR_LAYER_L4},
    [HSR_RULE_ITEM_ICMP6] = {"icmp6", 4, HSR_LAYER_L4},
    [HSR_RULE_ITEM_VXLAN] = {"vxlan", 8, HSR_LAYER_TUNNEL},
    [HSR_RULE_ITEM_GENEVE] = {"geneve", 8, HSR_LAYER_TUNNEL},
};

static bool known(uint8_t item)
{
    return item < ITEM_TYPES && kinds[item].name != NULL;
}

const char *hsr_rule_item_name(uint8_t item)
{
    return known(item) ? kinds[item].name : NULL;
}

uint8_t hsr_rule_item_type(const char *name)
{
    for (unsigned item = 0; item < ITEM_TYPES; item++)
        if (kinds[item].name != NULL && strcmp(kinds[item].name, name) == 0)
            return (uint8_t)item;
    return 0;
}

uint32_t hsr_rule_item_bytes(uint8_t item)
{
    return known(item) ? kinds[item].bytes : 0;
}

const char *hsr_rule_error_name(unsigned error)
{
    static const char *const names[] = {
        "NONE",         "UNSPECIFIED", "HANDLE",        "ATTR_GROUP", "ATTR_PRIORITY",
        "ATTR_INGRESS", "ATTR_EGRESS", "ATTR_TRANSFER", "ATTR",       "ITEM_NUM",
        "ITEM_SPEC",    "ITEM_LAST",   "ITEM_MASK",     "ITEM",       "ACTION_NUM",
        "ACTION_CONF",  "ACTION",      "STATE",
    };

    return names[error < sizeof names / sizeof names[0] ? error : HSR_RULE_ERROR_UNSPECIFIED];
}

const struct hsr_rule_field *hsr_rule_fields_of(uint8_t item, uint32_t *n)
{
    const struct hsr_rule_field *first = hsr_rule_fields;

    *n = 0;
    while (first->name != NULL && first->item != item)
        first++;
    while (first[*n].name != NULL && first[*n].item == item)
        (*n)++;
    return *n > 0 ? first : NULL;
}

static bool bit_at(const uint8_t *bytes, unsigned bit)
{
    return bytes[bit / 8] >> (7 - bit % 8) & 1;
}

static void set_bit(uint8_t *bytes, unsigned bit, bool value)
{
    uint8_t mask = (uint8_t)(0x80u >> bit % 8);

    bytes[bit / 8] = (uint8_t)(value ? bytes[bit / 8] | mask : bytes[bit / 8] & ~mask);
}

void hsr_rule_get(const struct hsr_rule_field *field, const uint8_t header[HSR_RULE_HEADER],
                  uint8_t value[HSR_RULE_VALUE])
{
    unsigned first = HSR_RULE_VALUE * 8u - field->bits;

    memset(value, 0, HSR_RULE_VALUE);
    for (unsigned i = 0; i < field->bits; i++)
        set_bit(value, first + i, bit_at(header, field->at + i));
}

void hsr_rule_put(const struct hsr_rule_field *field, uint8_t header[HSR_RULE_HEADER],
                  const uint8_t value[HSR_RULE_VALUE])
{
    unsigned first = HSR_RULE_VALUE * 8u - field->bits;

    for (unsigned i = 0; i < field->bits; i++)
        set_bit(header, field->at + i, bit_at(value, first + i));
}

static bool is_l4_of(uint8_t item, uint8_t ip)
{
    return ip == HSR_RULE_ITEM_IPV4 ? item != HSR_RULE_ITEM_ICMP6 : item != HSR_RULE_ITEM_ICMP;
}

int hsr_rule_layer(uint8_t item, uint8_t before, int layer)
{
    int inner = layer > HSR_LAYER_TUNNEL ? HSR_LAYER_INNER_ETH : 0;

    if (!known(item))
        return -1;
    if (before == 0)
        return (int)kinds[item].layer;
    switch (kinds[item].layer) {
    case HSR_LAYER_ETH:
        return layer == HSR_LAYER_TUNNEL ? HSR_LAYER_INNER_ETH : -1;
    case HSR_LAYER_VLAN:
        return layer - inner < HSR_LAYER_VLAN2 ? layer + 1 : -1;
    case HSR_LAYER_IP:
        return layer - inner < HSR_LAYER_IP ? inner + HSR_LAYER_IP : -1;
    case HSR_LAYER_L4:
        return layer - inner == HSR_LAYER_IP && is_l4_of(item, before) ? layer + 1 : -1;
    default:
        return layer == HSR_LAYER_L4 && before == HSR_RULE_ITEM_UDP ? HSR_LAYER_TUNNEL : -1;
    }
}

static void masked(const struct hsr_rule_item *item, const struct hsr_rule_field *field,
                   const uint8_t bytes[HSR_RULE_HEADER], uint8_t value[HSR_RULE_VALUE])
{
    uint8_t mask[HSR_RULE_VALUE];

    hsr_rule_get(field, bytes, value);
    hsr_rule_get(field, item->mask, mask);
    for (unsigned i = 0; i < HSR_RULE_VALUE; i++)
        value[i] &= mask[i];
}

bool hsr_rule_is_range(const struct hsr_rule_item *item, const struct hsr_rule_field *field)
{
    static const uint8_t zero[HSR_RULE_VALUE];
    uint8_t last[HSR_RULE_VALUE];

    if (field->whole)
        return false;
    masked(item, field, item->last, last);
    return memcmp(last, zero, sizeof last) != 0;
}

static bool range_ok(const struct hsr_rule_item *item, const struct hsr_rule_field *field)
{
    uint8_t spec[HSR_RULE_VALUE], last[HSR_RULE_VALUE];

    if (!hsr_rule_is_range(item, field))
        return true;
    masked(item, field, item->spec, spec);
    masked(item, field, item->last, last);
    return memcmp(spec, last, sizeof spec) <= 0;
}

/* No bit outside of those that the fields of the type name. */
static bool within(const uint8_t bytes[HSR_RULE_HEADER], const uint8_t allowed[HSR_RULE_HEADER])
{
    for (unsigned i = 0; i < HSR_RULE_HEADER; i++)
        if (bytes[i] & ~allowed[i])
            return false;
    return true;
}

static enum hsr_rule_error check_item(const struct hsr_rule_item *item)
{
    uint8_t allowed[HSR_RULE_HEADER] = {0}, ones[HSR_RULE_VALUE];
    uint32_t n;
    const struct hsr_rule_field *field = hsr_rule_fields_of(item->type, &n);

    memset(ones, 0xFF, sizeof ones);
    for (uint32_t i = 0; i < n; i++)
        hsr_rule_put(&field[i], allowed, ones);
    if (!within(item->spec, allowed))
        return HSR_RULE_ERROR_ITEM_SPEC;
    if (!within(item->last, allowed))
        return HSR_RULE_ERROR_ITEM_LAST;
    if (!within(item->mask, allowed))
        return HSR_RULE_ERROR_ITEM_MASK;
    for (uint32_t i = 0; i < n; i++)
        if (!range_ok(item, &field[i]))
            return HSR_RULE_ERROR_ITEM_LAST;
    return HSR_RULE_ERROR_NONE;
}

static enum hsr_rule_error check_pattern(const struct hsr_rule *rule, uint32_t *which)
{
    uint8_t before = 0;
    int layer = -1;

    if (rule->items > HSR_RULE_ITEMS)
        return HSR_RULE_ERROR_ITEM_NUM;
    for (*which = 0; *which < rule->items; (*which)++) {
        const struct hsr_rule_item *item = &rule->item[*which];
        enum hsr_rule_error error;

        layer = hsr_rule_layer(item->type, before, layer);
        if (layer < 0)
            return HSR_RULE_ERROR_ITEM;
        error = check_item(item);
        if (error != HSR_RULE_ERROR_NONE)
            return error;
        before = item->type;
    }
    return HSR_RULE_ERROR_NONE;
}

static enum hsr_rule_error check_actions(const struct hsr_rule *rule)
{
    unsigned acts = rule->actions;

    if (acts == 0)
        return HSR_RULE_ERROR_ACTION_NUM;
    if (acts & ~(unsigned)ACTIONS_KNOWN ||
        (acts & HSR_RULE_ACT_DROP && acts & (HSR_RULE_ACT_MARK | HSR_RULE_ACT_PASSTHRU)))
        return HSR_RULE_ERROR_ACTION;
    if ((acts & HSR_RULE_ACT_MARK && rule->flow_id == 0) ||
        (acts & HSR_RULE_ACT_METER && rule->meter >= HSR_MAX_METERS) ||
        (acts & HSR_RULE_ACT_MIRROR &&
         (rule->mirror >= HSR_MAX_PORTS || rule->mirror == rule->port)))
        return HSR_RULE_ERROR_ACTION_CONF;
    return HSR_RULE_ERROR_NONE;
}

enum hsr_rule_error hsr_rule_check(const struct hsr_rule *rule, uint32_t *which)
{
    enum hsr_rule_error error;

    *which = 0;
    if (rule->port >= HSR_MAX_PORTS)
        return HSR_RULE_ERROR_UNSPECIFIED;
    error = check_pattern(rule, which);
    return error != HSR_RULE_ERROR_NONE ? error : check_actions(rule);
}

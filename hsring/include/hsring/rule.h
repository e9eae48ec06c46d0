/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules (struct hsr_rule): what the fields of an item are, which items may follow which, and the check that both sides
 * make. The vocabulary is DPDK's rte_flow; the numbers of enum hsr_rule_error are those of enum rte_flow_error_type.
 *
 * One table of fields serves the text of a rule, its check and the hardware's comparison. Pure functions, any thread.
 */
#ifndef HSRING_RULE_H
#define HSRING_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "hsring/abi.h"

/* How people write a field's value. */
enum hsr_rule_form { HSR_FORM_NUMBER, HSR_FORM_HEX, HSR_FORM_MAC, HSR_FORM_IP4, HSR_FORM_IP6 };

struct hsr_rule_field {
    uint8_t item;     /* enum hsr_rule_item_type */
    const char *name; /* as in testpmd's syntax: "src" */
    uint16_t at;      /* first bit, from the header's start, most significant first */
    uint16_t bits;    /* at most HSR_RULE_VALUE * 8 */
    enum hsr_rule_form form;
    bool whole; /* names bits that other fields name in parts: no range of it */
};

#define HSR_RULE_VALUE \
    16 /* bytes of a field's value: big-endian, the field's bits are the last ones */

/* Fields of one item type stand together; ends with name NULL. */
extern const struct hsr_rule_field hsr_rule_fields[];

/* First field of a type, and how many it has; NULL and 0 for a type unknown. */
const struct hsr_rule_field *hsr_rule_fields_of(uint8_t item, uint32_t *n);

/* A field out of header bytes, or into them; other bits stay. */
void hsr_rule_get(const struct hsr_rule_field *field, const uint8_t header[HSR_RULE_HEADER],
                  uint8_t value[HSR_RULE_VALUE]);
void hsr_rule_put(const struct hsr_rule_field *field, uint8_t header[HSR_RULE_HEADER],
                  const uint8_t value[HSR_RULE_VALUE]);

/* "ipv4", NULL for a type unknown; and back, 0 for a name unknown. */
const char *hsr_rule_item_name(uint8_t item);
uint8_t hsr_rule_item_type(const char *name);

/* Bytes of the header an item matches, 0 for a type unknown. */
uint32_t hsr_rule_item_bytes(uint8_t item);

/* "ITEM_SPEC"; "UNSPECIFIED" outside of the list. */
const char *hsr_rule_error_name(unsigned error);

/* Headers of a packet that a pattern can speak of, outermost first. */
enum hsr_rule_layer {
    HSR_LAYER_ETH,
    HSR_LAYER_VLAN,
    HSR_LAYER_VLAN2,
    HSR_LAYER_IP,
    HSR_LAYER_L4,
    HSR_LAYER_TUNNEL,
    HSR_LAYER_INNER_ETH, /* the same once more, from here on */
    HSR_LAYER_INNER_VLAN,
    HSR_LAYER_INNER_VLAN2,
    HSR_LAYER_INNER_IP,
    HSR_LAYER_INNER_L4,
    HSR_RULE_LAYERS,
};

/*
 * Layer of an item behind the item `before`, which is at `layer`; `before` 0: it is the first. A pattern may begin at any
 * layer and leaves none out after that, but for tags; what runs inside of a tunnel begins with Ethernet. -1: it may not
 * stand here.
 */
int hsr_rule_layer(uint8_t item, uint8_t before, int layer);

/* Is this field of the item a range: does `last` say something? */
bool hsr_rule_is_range(const struct hsr_rule_item *item, const struct hsr_rule_field *field);

/*
 * Is the rule inside its contract? Items known, in order, with bits of known fields only, ranges that do not end before
 * they begin; port below HSR_MAX_PORTS; at least one action, DROP without MARK and PASSTHRU; with MARK a flow id, with
 * METER an id below HSR_MAX_METERS, with MIRROR a port that is another one. HSR_RULE_ERROR_NONE, or what is wrong, with
 * the item's index in *which for errors of an item.
 */
enum hsr_rule_error hsr_rule_check(const struct hsr_rule *rule, uint32_t *which);

#endif

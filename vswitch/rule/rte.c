/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/rte.h"

#include <stdio.h>
#include <string.h>

/* The bytes of an item are a header as it stands in a packet, on both sides; so are the numbers of errors. */
#define SAME_BYTE(type, field, at) \
    _Static_assert(offsetof(struct rte_flow_item_##type, field) == (at), #type "." #field)
SAME_BYTE(eth, type, 12);
SAME_BYTE(vlan, inner_type, 2);
SAME_BYTE(ipv4, hdr.dst_addr, 16);
SAME_BYTE(ipv6, hdr.dst_addr, 24);
SAME_BYTE(tcp, hdr.tcp_flags, 13);
SAME_BYTE(udp, hdr.dst_port, 2);
SAME_BYTE(sctp, hdr.dst_port, 2);
SAME_BYTE(icmp, hdr.icmp_code, 1);
SAME_BYTE(icmp6, code, 1);
SAME_BYTE(vxlan, vni, 4);
SAME_BYTE(geneve, vni, 4);
_Static_assert((int)HSR_RULE_ERROR_HANDLE == RTE_FLOW_ERROR_TYPE_HANDLE, "first");
_Static_assert((int)HSR_RULE_ERROR_ATTR_EGRESS == RTE_FLOW_ERROR_TYPE_ATTR_EGRESS, "attributes");
_Static_assert((int)HSR_RULE_ERROR_ITEM_MASK == RTE_FLOW_ERROR_TYPE_ITEM_MASK, "items");
_Static_assert((int)HSR_RULE_ERROR_ACTION_CONF == RTE_FLOW_ERROR_TYPE_ACTION_CONF, "actions");
_Static_assert((int)HSR_RULE_ERROR_STATE == RTE_FLOW_ERROR_TYPE_STATE, "last");

static enum rte_flow_item_type item_type(uint8_t type)
{
    switch (type) {
    case HSR_RULE_ITEM_ETH:
        return RTE_FLOW_ITEM_TYPE_ETH;
    case HSR_RULE_ITEM_VLAN:
        return RTE_FLOW_ITEM_TYPE_VLAN;
    case HSR_RULE_ITEM_IPV4:
        return RTE_FLOW_ITEM_TYPE_IPV4;
    case HSR_RULE_ITEM_IPV6:
        return RTE_FLOW_ITEM_TYPE_IPV6;
    case HSR_RULE_ITEM_TCP:
        return RTE_FLOW_ITEM_TYPE_TCP;
    case HSR_RULE_ITEM_UDP:
        return RTE_FLOW_ITEM_TYPE_UDP;
    case HSR_RULE_ITEM_SCTP:
        return RTE_FLOW_ITEM_TYPE_SCTP;
    case HSR_RULE_ITEM_ICMP:
        return RTE_FLOW_ITEM_TYPE_ICMP;
    case HSR_RULE_ITEM_ICMP6:
        return RTE_FLOW_ITEM_TYPE_ICMP6;
    case HSR_RULE_ITEM_VXLAN:
        return RTE_FLOW_ITEM_TYPE_VXLAN;
    default:
        return RTE_FLOW_ITEM_TYPE_GENEVE;
    }
}

static bool is_zero(const uint8_t header[HSR_RULE_HEADER])
{
    static const uint8_t zero[HSR_RULE_HEADER];

    return memcmp(header, zero, sizeof zero) == 0;
}

/* An item without a mask is of any value: no structure at all, so that a device's default mask is not asked. */
static void make_item(struct rule_rte *out, unsigned i, const struct hsr_rule_item *item)
{
    struct rte_flow_item *to = &out->item[i];

    to->type = item_type(item->type);
    if (is_zero(item->mask))
        return;
    memcpy(out->spec[i].bytes, item->spec, HSR_RULE_HEADER);
    memcpy(out->mask[i].bytes, item->mask, HSR_RULE_HEADER);
    to->spec = &out->spec[i];
    to->mask = &out->mask[i];
    if (is_zero(item->last))
        return;
    memcpy(out->last[i].bytes, item->last, HSR_RULE_HEADER);
    to->last = &out->last[i];
}

static void add_action(struct rule_rte *out, unsigned *n, enum rte_flow_action_type type,
                       const void *conf)
{
    out->action[(*n)++] = (struct rte_flow_action){.type = type, .conf = conf};
}

static void make_actions(struct rule_rte *out, const struct hsr_rule *rule, int mirror)
{
    unsigned n = 0;

    if (rule->actions & HSR_RULE_ACT_COUNT)
        add_action(out, &n, RTE_FLOW_ACTION_TYPE_COUNT, &out->count);
    if (rule->actions & HSR_RULE_ACT_MIRROR) {
        out->copy_to.port_id = (uint16_t)mirror;
        out->copy[0] = (struct rte_flow_action){.type = RTE_FLOW_ACTION_TYPE_REPRESENTED_PORT,
                                                .conf = &out->copy_to};
        out->copy[1].type = RTE_FLOW_ACTION_TYPE_END;
        out->sample = (struct rte_flow_action_sample){.ratio = 1, .actions = out->copy};
        add_action(out, &n, RTE_FLOW_ACTION_TYPE_SAMPLE, &out->sample);
    }
    if (rule->actions & HSR_RULE_ACT_MARK) {
        out->mark.id = rule->mark;
        add_action(out, &n, RTE_FLOW_ACTION_TYPE_MARK, &out->mark);
    }
    if (rule->actions & HSR_RULE_ACT_PASSTHRU)
        add_action(out, &n, RTE_FLOW_ACTION_TYPE_PASSTHRU, NULL);
    if (rule->actions & HSR_RULE_ACT_DROP)
        add_action(out, &n, RTE_FLOW_ACTION_TYPE_DROP, NULL);
    add_action(out, &n, RTE_FLOW_ACTION_TYPE_END, NULL);
}

bool rule_rte_make(struct rule_rte *out, const struct hsr_rule *rule, int mirror)
{
    if (rule->actions & HSR_RULE_ACT_METER ||
        (rule->actions & HSR_RULE_ACT_MIRROR && (mirror < 0 || mirror > UINT16_MAX)))
        return false;
    memset(out, 0, sizeof *out);
    out->attr.priority = rule->priority;
    out->attr.ingress = 1;
    for (unsigned i = 0; i < rule->items; i++)
        make_item(out, i, &rule->item[i]);
    out->item[rule->items].type = RTE_FLOW_ITEM_TYPE_END;
    make_actions(out, rule, mirror);
    return true;
}

/* Which of `count` elements of `size` bytes at `array` contains `p`; -1: none. */
static int element(const void *p, const void *array, size_t count, size_t size)
{
    uintptr_t at = (uintptr_t)p, from = (uintptr_t)array;

    return at >= from && at < from + count * size ? (int)((at - from) / size) : -1;
}

#define ELEMENT(p, array) element(p, array, sizeof(array) / sizeof(array)[0], sizeof(array)[0])

static int cause_item(const struct rule_rte *r, const void *cause)
{
    const int found[] = {ELEMENT(cause, r->item), ELEMENT(cause, r->spec), ELEMENT(cause, r->last),
                         ELEMENT(cause, r->mask)};

    for (unsigned i = 0; i < sizeof found / sizeof found[0]; i++)
        if (found[i] >= 0)
            return found[i];
    return -1;
}

static const char *cause_action(const struct rule_rte *r, const void *cause)
{
    int i = ELEMENT(cause, r->action);

    switch (i >= 0 ? (int)r->action[i].type : -1) {
    case RTE_FLOW_ACTION_TYPE_COUNT:
        return "count";
    case RTE_FLOW_ACTION_TYPE_SAMPLE:
        return "mirror";
    case RTE_FLOW_ACTION_TYPE_MARK:
        return "mark";
    case RTE_FLOW_ACTION_TYPE_PASSTHRU:
        return "passthru";
    case RTE_FLOW_ACTION_TYPE_DROP:
        return "drop";
    default:
        return NULL;
    }
}

static const char *item_name(const struct rule_rte *r, int i)
{
    for (uint8_t type = 1; hsr_rule_item_name(type) != NULL; type++)
        if (item_type(type) == r->item[i].type)
            return hsr_rule_item_name(type);
    return "end";
}

void rule_rte_explain(const struct rule_rte *r, const struct rte_flow_error *error, int rc,
                      char *text, size_t size)
{
    const char *message = error->message != NULL ? error->message : strerror(-rc);
    int item = r != NULL ? cause_item(r, error->cause) : -1;
    const char *action = r != NULL ? cause_action(r, error->cause) : NULL;

    char about[40] = "";

    if (item >= 0)
        snprintf(about, sizeof about, " of item %d, %s", item + 1, item_name(r, item));
    else if (action != NULL)
        snprintf(about, sizeof about, " of action %s", action);
    snprintf(text, size, "the device says%s: %s", about, message);
}

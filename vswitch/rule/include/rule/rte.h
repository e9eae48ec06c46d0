/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules as DPDK has them: one hsr_rule as rte_flow's attributes, pattern and actions, for a device that keeps rules.
 *
 * Everything the arrays point to is in the structure itself, so it must stay where it is while rte_flow reads it. Threads:
 * any, no state.
 */
#ifndef RULE_RTE_H
#define RULE_RTE_H

#include <rte_flow.h>
#include <stdbool.h>
#include <stddef.h>

#include "hsring/rule.h"

#define RULE_RTE_ACTIONS 8

union rule_rte_header {
    uint8_t bytes[HSR_RULE_HEADER];
    struct rte_flow_item_eth eth;
    struct rte_flow_item_vlan vlan;
    struct rte_flow_item_ipv4 ipv4;
    struct rte_flow_item_ipv6 ipv6;
    struct rte_flow_item_tcp tcp;
    struct rte_flow_item_udp udp;
    struct rte_flow_item_sctp sctp;
    struct rte_flow_item_icmp icmp;
    struct rte_flow_item_icmp6 icmp6;
    struct rte_flow_item_vxlan vxlan;
    struct rte_flow_item_geneve geneve;
};

struct rule_rte {
    struct rte_flow_attr attr;
    struct rte_flow_item item[HSR_RULE_ITEMS + 1];
    struct rte_flow_action action[RULE_RTE_ACTIONS];
    union rule_rte_header spec[HSR_RULE_ITEMS], last[HSR_RULE_ITEMS], mask[HSR_RULE_ITEMS];
    struct rte_flow_action_mark mark;
    struct rte_flow_action_count count;
    struct rte_flow_action_sample sample;
    struct rte_flow_action copy[2];
    struct rte_flow_action_ethdev copy_to;
};

/*
 * Convert a checked rule. `mirror` is DPDK's number of the port it mirrors to, negative when that is no DPDK port. False
 * when a device could not know what is meant: meters are the NIC's own, and so are ports that are not DPDK's.
 */
bool rule_rte_make(struct rule_rte *out, const struct hsr_rule *rule, int mirror);

/* What rte_flow said, in words: its message, and which item or action of `r` (or NULL) it is about. `rc`: a negative errno. */
void rule_rte_explain(const struct rule_rte *r, const struct rte_flow_error *error, int rc,
                      char *text, size_t size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A rule as rte_flow gets it: every structure, field by field, and what its errors are about. */
#include "rules.h"

#include <errno.h>
#include <rte_byteorder.h>

#include "rule/rte.h"

static struct rule_rte r;

static bool make(const char *text, int mirror)
{
    struct hsr_rule rule;
    struct rule_error error;

    if (rule_parse(text, 3, &test_names, &rule, &error) != 0)
        fail_msg("%s: %s", text, error.text);
    memset(&r, 0xA5, sizeof r);
    return rule_rte_make(&r, &rule, mirror);
}

static void items(void **state)
{
    (void)state;
    assert_true(make(
        "ingress priority 9 pattern eth src is 02:00:00:00:00:01 / vlan vid is 5 / ipv4 / udp "
        "dst is 53 dst last 60 / vxlan vni is 77 / eth / ipv6 dst is 2001:db8::9 hop is 3 / tcp "
        "flags spec 2 flags mask 0x12 / end actions drop / end",
        -1));
    static const enum rte_flow_item_type types[] = {
        RTE_FLOW_ITEM_TYPE_ETH,  RTE_FLOW_ITEM_TYPE_VLAN,  RTE_FLOW_ITEM_TYPE_IPV4,
        RTE_FLOW_ITEM_TYPE_UDP,  RTE_FLOW_ITEM_TYPE_VXLAN, RTE_FLOW_ITEM_TYPE_ETH,
        RTE_FLOW_ITEM_TYPE_IPV6, RTE_FLOW_ITEM_TYPE_TCP,   RTE_FLOW_ITEM_TYPE_END};
    const struct rte_flow_item_eth *eth = r.item[0].spec, *eth_mask = r.item[0].mask;
    const struct rte_flow_item_vlan *vlan = r.item[1].spec, *vlan_mask = r.item[1].mask;
    const struct rte_flow_item_udp *udp = r.item[3].spec, *last = r.item[3].last;
    const struct rte_flow_item_vxlan *vxlan = r.item[4].spec;
    const struct rte_flow_item_ipv6 *ipv6 = r.item[6].spec;
    const struct rte_flow_item_tcp *tcp = r.item[7].spec, *tcp_mask = r.item[7].mask;

    assert_int_equal(r.attr.priority, 9);
    assert_int_equal(r.attr.group, 0);
    assert_true(r.attr.ingress && !r.attr.egress && !r.attr.transfer);
    for (unsigned i = 0; i < sizeof types / sizeof types[0]; i++)
        assert_int_equal(r.item[i].type, types[i]);
    assert_int_equal(eth->src.addr_bytes[5], 1);
    assert_int_equal(eth_mask->src.addr_bytes[0], 0xFF);
    assert_int_equal(eth_mask->dst.addr_bytes[0], 0);
    assert_int_equal(eth_mask->has_vlan, 0);
    assert_int_equal(vlan->tci, rte_cpu_to_be_16(5));
    assert_int_equal(vlan_mask->tci, rte_cpu_to_be_16(0x0FFF));
    assert_null(r.item[2].spec);
    assert_null(r.item[2].mask);
    assert_int_equal(udp->hdr.dst_port, rte_cpu_to_be_16(53));
    assert_int_equal(last->hdr.dst_port, rte_cpu_to_be_16(60));
    assert_int_equal(last->hdr.src_port, 0);
    assert_null(r.item[4].last);
    assert_int_equal(vxlan->vni[2], 77);
    assert_int_equal(ipv6->hdr.dst_addr[15], 9);
    assert_int_equal(ipv6->hdr.hop_limits, 3);
    assert_int_equal(tcp->hdr.tcp_flags, 2);
    assert_int_equal(tcp_mask->hdr.tcp_flags, 0x12);

    assert_true(make("ingress pattern sctp dst is 9 / end actions drop / end", -1));
    assert_int_equal(r.item[0].type, RTE_FLOW_ITEM_TYPE_SCTP);
    assert_true(make("ingress pattern icmp code is 9 / end actions drop / end", -1));
    assert_int_equal(((const struct rte_flow_item_icmp *)r.item[0].spec)->hdr.icmp_code, 9);
    assert_true(make("ingress pattern icmp6 code is 9 / end actions drop / end", -1));
    assert_int_equal(((const struct rte_flow_item_icmp6 *)r.item[0].spec)->code, 9);
    assert_true(make("ingress pattern geneve vni is 9 / end actions drop / end", -1));
    assert_int_equal(((const struct rte_flow_item_geneve *)r.item[0].mask)->vni[0], 0xFF);
}

static void actions(void **state)
{
    const struct rte_flow_action_sample *sample;

    (void)state;
    assert_true(make(
        "ingress pattern end actions passthru / mirror port p1 / mark id 70 / count / end", 12));
    assert_int_equal(r.item[0].type, RTE_FLOW_ITEM_TYPE_END);
    assert_int_equal(r.action[0].type, RTE_FLOW_ACTION_TYPE_COUNT);
    assert_non_null(r.action[0].conf);
    assert_int_equal(r.action[1].type, RTE_FLOW_ACTION_TYPE_SAMPLE);
    sample = r.action[1].conf;
    assert_int_equal(sample->ratio, 1);
    assert_int_equal(sample->actions[0].type, RTE_FLOW_ACTION_TYPE_REPRESENTED_PORT);
    assert_int_equal(((const struct rte_flow_action_ethdev *)sample->actions[0].conf)->port_id, 12);
    assert_int_equal(sample->actions[1].type, RTE_FLOW_ACTION_TYPE_END);
    assert_int_equal(r.action[2].type, RTE_FLOW_ACTION_TYPE_MARK);
    assert_int_equal(((const struct rte_flow_action_mark *)r.action[2].conf)->id, 70);
    assert_int_equal(r.action[3].type, RTE_FLOW_ACTION_TYPE_PASSTHRU);
    assert_int_equal(r.action[4].type, RTE_FLOW_ACTION_TYPE_END);
    assert_true(make("ingress pattern end actions drop / end", -1));
    assert_int_equal(r.action[0].type, RTE_FLOW_ACTION_TYPE_DROP);
    assert_int_equal(r.action[1].type, RTE_FLOW_ACTION_TYPE_END);
    /* What no device can know of. */
    assert_false(make("ingress pattern end actions meter mtr_id 1 / end", -1));
    assert_false(make("ingress pattern end actions mirror port p1 / end", -1));
}

static void says(const void *cause, const char *message, const char *want)
{
    struct rte_flow_error error = {.cause = cause, .message = message};
    char text[100];

    rule_rte_explain(&r, &error, -ENOMEM, text, sizeof text);
    assert_string_equal(text, want);
}

static void errors(void **state)
{
    (void)state;
    assert_true(make(
        "ingress pattern eth / ipv4 src is 10.0.0.1 / end actions mark id 1 / count / end", -1));
    says(&r.item[1], "no", "the device says of item 2, ipv4: no");
    says(r.item[1].mask, "no", "the device says of item 2, ipv4: no");
    says((const uint8_t *)r.item[1].spec + 12, NULL,
         "the device says of item 2, ipv4: Cannot allocate memory");
    says(&r.item[2], "too short", "the device says of item 3, end: too short");
    says(&r.action[1], "full", "the device says of action mark: full");
    says(&r.attr, "busy", "the device says: busy");
    says(NULL, NULL, "the device says: Cannot allocate memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items),
        cmocka_unit_test(actions),
        cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The table of rules: their order, what each action does, limits, and what goes with a port. */
#include "rule_bench.h"

static void act(uint32_t id, uint32_t priority, unsigned actions, uint16_t mirror)
{
    pattern("udp");
    rule.priority = priority;
    rule.actions = (uint8_t)actions;
    rule.mirror = mirror;
    rule.flow_id = 100 + id;
    rule.meter = 0;
    add(id);
}

static void by_priority_then_age(void **state)
{
    (void)state;
    pk_plain(&k, 4, 17);
    act(0, 5, HSR_RULE_ACT_MARK, 0);
    act(1, 5, HSR_RULE_ACT_MARK, 0);
    judge_at(&pk_vnic, 0);
    assert_int_equal(verdict.flow_id, 100); /* the older one */
    act(2, 4, HSR_RULE_ACT_MARK, 0);
    judge_at(&pk_vnic, 0);
    assert_int_equal(verdict.flow_id, 102); /* the smaller number first */
    act(3, 3, HSR_RULE_ACT_PASSTHRU | HSR_RULE_ACT_MIRROR, 8);
    act(4, 2, HSR_RULE_ACT_PASSTHRU | HSR_RULE_ACT_MARK | HSR_RULE_ACT_MIRROR, 9);
    judge_at(&pk_vnic, 0);
    assert_int_equal(verdict.flow_id, 102); /* the last one that was looked at */
    assert_int_equal(verdict.copies, 2);
    assert_int_equal(verdict.copy_to[0], 9);
    assert_int_equal(verdict.copy_to[1], 8);
    assert_int_equal(pp_rules_del(table, PORT, 2), 0);
    assert_int_equal(pp_rules_del(table, PORT, 2), -ENOENT);
    judge_at(&pk_vnic, 0);
    assert_int_equal(verdict.flow_id, 100);
    /* A new one in the place of one that went is the youngest all the same. */
    act(5, 5, HSR_RULE_ACT_DROP, 0);
    assert_int_equal(judge_at(&pk_vnic, 0), HSR_DROP_NONE);
    assert_int_equal(verdict.flow_id, 100);
}

static void rules_of_other_ports_do_not_count(void **state)
{
    (void)state;
    pk_plain(&k, 4, 17);
    pattern("udp");
    rule.port = PORT + 1;
    add(0);
    rule.port = PORT - 1;
    add(0);
    assert_false(pp_rules_on(table, PORT));
    assert_true(pp_rules_on(table, PORT + 1));
    pattern("udp");
    add(0);
    assert_true(pp_rules_on(table, PORT));
    assert_int_equal(judge_at(&pk_vnic, 0), HSR_DROP_RULE);
    assert_int_equal(pp_rules_flush(table, PORT), 1);
    assert_int_equal(pp_rules_flush(table, PORT), 0);
    assert_int_equal(judge_at(&pk_vnic, 0), HSR_DROP_NONE);
    assert_true(pp_rules_on(table, PORT - 1));
    assert_true(pp_rules_on(table, PORT + 1));
}

static void counters(void **state)
{
    uint64_t packets, bytes;

    (void)state;
    pk_plain(&k, 4, 17);
    act(0, 0, HSR_RULE_ACT_COUNT | HSR_RULE_ACT_PASSTHRU, 0);
    act(1, 1, HSR_RULE_ACT_COUNT | HSR_RULE_ACT_DROP, 0);
    act(2, 2, HSR_RULE_ACT_COUNT, 0);
    act(3, 3, HSR_RULE_ACT_MIRROR, 1);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(judge_at(&pk_vnic, 0), HSR_DROP_RULE);
    for (uint32_t id = 0; id < 3; id++) {
        assert_int_equal(pp_rules_query(table, PORT, id, &packets, &bytes), 0);
        assert_int_equal(packets, id < 2 ? 3 : 0);
        assert_int_equal(bytes, id < 2 ? 3 * k.n : 0);
    }
    assert_int_equal(pp_rules_query(table, PORT, 3, &packets, &bytes), -ENOTSUP);
    assert_int_equal(pp_rules_query(table, PORT, 4, &packets, &bytes), -ENOENT);
    assert_int_equal(pp_rules_query(table, PORT + 1, 0, &packets, &bytes), -ENOENT);
}

static void meters(void **state)
{
    uint64_t packets, bytes;

    (void)state;
    pk_plain(&k, 4, 17);
    pattern("udp");
    rule.actions = HSR_RULE_ACT_METER | HSR_RULE_ACT_COUNT | HSR_RULE_ACT_MIRROR;
    rule.meter = 7;
    rule.mirror = 1;
    assert_int_equal(pp_rules_add(table, &rule, 0), -ENOENT); /* no such meter */
    assert_int_equal(pp_rules_meter(table, 7, HSR_METER_NONE, 0, 0), -ENOENT);
    assert_int_equal(pp_rules_meter(table, HSR_MAX_METERS, HSR_METER_PACKETS, 1, 1), -EINVAL);
    assert_int_equal(pp_rules_meter(table, 7, HSR_METER_PACKETS, 10, 2), 0);
    add(0);
    assert_int_equal(judge_at(&pk_vnic, 0), HSR_DROP_NONE);
    assert_int_equal(verdict.copies, 1);
    assert_int_equal(judge_at(&pk_vnic, 0), HSR_DROP_NONE);
    assert_int_equal(judge_at(&pk_vnic, 0), HSR_DROP_METER);
    assert_int_equal(verdict.copies, 0); /* counted, and nothing else */
    assert_int_equal(judge_at(&pk_vnic, 100000000), HSR_DROP_NONE);
    assert_int_equal(pp_rules_query(table, PORT, 0, &packets, &bytes), 0);
    assert_int_equal(packets, 4);
    assert_int_equal(pp_rules_meter(table, 7, HSR_METER_NONE, 0, 0), -EBUSY);
    /* Changed in place it is full again. */
    assert_int_equal(pp_rules_meter(table, 7, HSR_METER_PACKETS, 10, 1), 0);
    assert_int_equal(judge_at(&pk_vnic, 100000000), HSR_DROP_NONE);
    assert_int_equal(judge_at(&pk_vnic, 100000000), HSR_DROP_METER);
    assert_int_equal(pp_rules_del(table, PORT, 0), 0);
    assert_int_equal(pp_rules_meter(table, 7, HSR_METER_NONE, 0, 0), 0);
}

static void bad_packets_get_no_flow(void **state)
{
    (void)state;
    pk_plain(&k, 4, 17);
    act(0, 0, HSR_RULE_ACT_MARK, 0);
    judge_at(&pk_vnic, 0);
    assert_int_equal(verdict.flow_id, 100);
    k.p[45] ^= 1;
    pattern("");
    assert_int_equal(pk_reason(&k, &pk_vnic), HSR_DROP_UDP_CSUM);
    judge_at(&pk_vnic, 0);
    assert_int_equal(verdict.flow_id, 0);
}

static void limits(void **state)
{
    (void)state;
    for (uint32_t id = 0; id < HSR_MAX_RULES; id++) {
        pattern("eth ipv4 udp");
        rule.port = (uint16_t)(id % 7 * 100);
        rule.priority = id * 37 % 64;
        assert_int_equal(pp_rules_check(table, &rule, id), 0);
        add(id);
        assert_int_equal(pp_rules_check(table, &rule, id), -EEXIST);
    }
    assert_int_equal(pp_rules_check(table, &rule, 999), -ENOSPC);
    assert_int_equal(pp_rules_add(table, &rule, 999), -ENOSPC);
    for (uint32_t id = 0; id < HSR_MAX_RULES; id += 2)
        assert_int_equal(pp_rules_del(table, (uint16_t)(id % 7 * 100), id), 0);
    assert_int_equal(pp_rules_add(table, &rule, 999), 0);
    pp_rules_clear(table);

    pattern("eth vlan vlan ipv6 udp geneve eth vlan vlan ipv6 tcp");
    for (unsigned i = 0; i < rule.items; i++) {
        uint32_t n;
        const struct hsr_rule_field *f = hsr_rule_fields_of(rule.item[i].type, &n);

        for (uint32_t j = 0; j < n; j++)
            if (!f[j].whole && f[j].bits > 1 && f[j].bits < 64)
                with(i, f[j].name, 1, 2, UINT64_MAX);
    }
    assert_int_equal(pp_rules_add(table, &rule, 0), -E2BIG);
    assert_false(pp_rules_on(table, PORT));
}

/* What leaves by a port must not leave by the one that gets its number next. */
static void a_port_takes_its_mirrors_along(void **state)
{
    (void)state;
    pk_plain(&k, 4, 17);
    act(0, 0, HSR_RULE_ACT_MIRROR, 9);
    act(1, 0, HSR_RULE_ACT_MARK, 9); /* names no port: no mirror */
    pattern("udp");
    rule.port = 9;
    add(0);
    pp_rules_forget_port(table, 9);
    assert_false(pp_rules_on(table, 9));
    judge_at(&pk_vnic, 0);
    assert_int_equal(verdict.copies, 0);
    assert_int_equal(verdict.flow_id, 101);
    pp_rules_forget_port(table, PORT);
    assert_false(pp_rules_on(table, PORT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TABLE(by_priority_then_age),
        WITH_TABLE(rules_of_other_ports_do_not_count),
        WITH_TABLE(counters),
        WITH_TABLE(meters),
        WITH_TABLE(bad_packets_get_no_flow),
        WITH_TABLE(limits),
        WITH_TABLE(a_port_takes_its_mirrors_along),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What moves, and above all what does not, when one thing in the configuration changes. */
#include "make.h"

#include <stdlib.h>
#include <string.h>

#define BIT(stage) (1u << (stage))

/*
 * Two VPCs, the first with a way out. Ports 1 and 2 have group 0, port 3 group 1, port 4 of the other VPC groups 0 and 2. Group 1 takes from
 * members of group 2, of which its VPC has none at first.
 */
static struct cfg *base(void)
{
    struct cfg *c = make_cfg();

    make_vpc(c, 100, 1);
    make_vpc(c, 200, 2);
    make_subnet(c, 0, "10.0.0.0/24", NULL, "10.0.0.254", 0xF1);
    make_subnet(c, 1, "10.0.0.0/24", NULL, "10.0.0.254", 0xF2);
    make_uplink(c, 0, "192.0.2.1");
    make_vnic(c, 1, 0, 1, "10.0.0.1", NULL);
    make_vnic(c, 2, 0, 2, "10.0.0.2", NULL);
    make_vnic(c, 3, 0, 3, "10.0.0.3", NULL);
    make_vnic(c, 4, 1, 4, "10.0.0.4", NULL);
    make_group(c);
    make_group(c);
    make_group(c);
    make_rule(c, 0, false, true, 100, 0, 0, 65535, "any");
    make_rule(c, 1, false, true, 100, 6, 80, 80, "10.0.0.0/8");
    make_rule(c, 1, true, true, 100, 6, 80, 80, "@2");
    make_join(&c->port[1], 0);
    make_join(&c->port[2], 0);
    make_join(&c->port[3], 1);
    make_join(&c->port[4], 0);
    make_join(&c->port[4], 2);
    make_mapping(c, 0, "10.0.0.9", 9, "192.0.2.9");
    make_route(c, 0, "172.16.0.0/12", CFG_ROUTE_BLACKHOLE, NULL, 0);
    make_route(c, 0, "198.51.100.0/24", CFG_ROUTE_EXTERNAL, NULL, 0);
    make_eip(c, 1, "203.0.113.1", "10.0.0.1");
    make_snat(c, 0, "203.0.113.2", 1024, 2000);
    make_forward(c, 4, "203.0.113.2", 6, 80, "10.0.0.4", 80);
    return c;
}

/* Stages that moved for a port alone, or a VPC alone. */
static uint32_t port_moved(const struct pol *pol, uint16_t port, uint32_t since)
{
    return pol_moved(pol, port, HSR_NO_PORT, 0, since);
}

static uint32_t vpc_moved(const struct pol *pol, uint32_t context, uint32_t since)
{
    return pol_moved(pol, HSR_NO_PORT, HSR_NO_PORT, context, since);
}

/* One change of base(), and the stages that are to move: ports 1 to 4, contexts 1 and 2. */
struct change {
    const char *what;
    void (*make)(struct cfg *c);
    uint32_t port[4], vpc[2];
};

static void nothing(struct cfg *c)
{
    (void)c;
}

static void rule_of_group_1(struct cfg *c)
{
    c->group[1].rule[0].port_hi = 81;
}

static void rule_of_group_0(struct cfg *c)
{
    make_rule(c, 0, true, true, 5, 17, 53, 53, "any");
}

static void verdict_of_group_0(struct cfg *c)
{
    c->group[0].rule[0].allow = false;
}

static void member_of_group_2(struct cfg *c)
{
    make_join(&c->port[2], 2); /* the rules of port 2 stay as they are: group 2 has none */
}

static void address_of_port_2(struct cfg *c)
{
    c->port[2].addr[0] = make_addr("10.0.0.22");
}

static void mapping_added(struct cfg *c)
{
    make_mapping(c, 0, "10.0.0.10", 10, "192.0.2.9");
}

static void mapping_moved(struct cfg *c)
{
    c->mapping[0].vtep = make_addr("192.0.2.10");
}

static void route_changed(struct cfg *c)
{
    c->route[0].prefix = make_prefix("172.16.0.0/13");
}

static void route_mtu(struct cfg *c)
{
    c->route[0].mtu = 1400;
}

static void mapping_mtu(struct cfg *c)
{
    c->mapping[0].mtu = 1400;
}

static void gateway_mac(struct cfg *c)
{
    c->subnet[1].gateway_mac[5] = 0xF9;
}

static void vni_changed(struct cfg *c)
{
    c->vpc[1].vni = 201;
}

static void guard_off(struct cfg *c)
{
    c->port[1].anti_spoof = false;
}

static void mtu_changed(struct cfg *c)
{
    c->port[1].mtu = 8500;
}

static void quota_and_queues(struct cfg *c)
{
    c->port[1].quota = 7;
    c->port[1].queues = 4;
    c->port[1].pick_up = true;
}

static void order_changed(struct cfg *c)
{
    struct cfg_port first = c->port[1];

    c->port[1] = c->port[3];
    c->port[3] = first;
    make_mapping(c, 0, "10.0.0.9", 9, "192.0.2.9"); /* said twice */
}

static void port_removed(struct cfg *c)
{
    c->port[3] = c->port[--c->ports];
    c->forward[0].port = 3;
}

static void eip_added(struct cfg *c)
{
    make_eip(c, 2, "203.0.113.9", "10.0.0.2");
}

static void eip_changed(struct cfg *c)
{
    c->eip[0].addr = make_addr("203.0.113.11");
}

static void pool_changed(struct cfg *c)
{
    c->snat[0].port_hi = 2001;
}

static void forward_changed(struct cfg *c)
{
    c->forward[0].inside_port = 81;
}

static const struct change changes[] = {
    {"nothing", nothing, {0}, {0}},
    {"rule of group 1", rule_of_group_1, {0, 0, BIT(POL_GROUP), 0}, {0}},
    {"rule of group 0", rule_of_group_0, {BIT(POL_GROUP), BIT(POL_GROUP), 0, BIT(POL_GROUP)}, {0}},
    {"verdict", verdict_of_group_0, {BIT(POL_GROUP), BIT(POL_GROUP), 0, BIT(POL_GROUP)}, {0}},
    {"new member of a group referred to", member_of_group_2, {0, 0, BIT(POL_GROUP), 0}, {0}},
    {"address", address_of_port_2, {0, BIT(POL_ANTISPOOF), 0, 0}, {BIT(POL_ROUTE), 0}},
    {"mapping added", mapping_added, {0}, {BIT(POL_ROUTE), 0}},
    {"mapping moved", mapping_moved, {0}, {BIT(POL_ROUTE), 0}},
    {"route", route_changed, {0}, {BIT(POL_ROUTE), 0}},
    {"MTU of a route", route_mtu, {0}, {BIT(POL_ROUTE), 0}},
    {"MTU of a mapping", mapping_mtu, {0}, {BIT(POL_ROUTE), 0}},
    {"gateway MAC", gateway_mac, {0}, {0, BIT(POL_ROUTE)}},
    {"VNI", vni_changed, {0}, {0, BIT(POL_VPC)}},
    {"anti-spoofing", guard_off, {BIT(POL_ANTISPOOF), 0, 0, 0}, {0}},
    {"MTU", mtu_changed, {BIT(POL_VNIC), 0, 0, 0}, {0}},
    {"what only new sessions see", quota_and_queues, {0}, {0}},
    {"another public address: all who go out", eip_added, {0}, {BIT(POL_NAT), 0}},
    {"EIP", eip_changed, {0}, {BIT(POL_NAT), 0}},
    {"pool", pool_changed, {0}, {BIT(POL_NAT), 0}},
    {"forward", forward_changed, {0}, {0, BIT(POL_NAT)}},
    {"order", order_changed, {0}, {0}},
    {"port removed",
     port_removed,
     {0, 0, BIT(POL_VNIC) | BIT(POL_ANTISPOOF) | BIT(POL_GROUP), 0},
     {BIT(POL_ROUTE), 0}},
};

static void check_change(const struct change *change)
{
    struct cfg *before = base(), *after = base();

    change->make(after);

    struct pol *old = pol_build(before, NULL), *pol = pol_build(after, old);

    assert_true(old && pol);
    assert_int_equal(pol_generation(pol), 2);
    for (uint16_t i = 0; i < 4; i++) {
        if (port_moved(pol, (uint16_t)(i + 1), 1) != change->port[i])
            print_error("%s: port %d\n", change->what, i + 1);
        assert_int_equal(port_moved(pol, (uint16_t)(i + 1), 1), change->port[i]);
    }
    for (uint32_t i = 0; i < 2; i++) {
        if (vpc_moved(pol, i + 1, 1) != change->vpc[i])
            print_error("%s: context %u\n", change->what, i + 1);
        assert_int_equal(vpc_moved(pol, i + 1, 1), change->vpc[i]);
    }
    /* A session compiled now holds, and the uplink has nothing to do with it. */
    assert_int_equal(pol_moved(pol, 1, 2, 1, 2), 0);
    assert_int_equal(port_moved(pol, 0, 1), 0);
    pol_free(old);
    pol_free(pol);
    cfg_free(before);
    cfg_free(after);
}

static void only_what_is_touched_moves(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        check_change(&changes[i]);
}

static void scopes_are_folded(void **state)
{
    struct cfg *before = base(), *after = base();

    (void)state;
    rule_of_group_1(after);

    struct pol *old = pol_build(before, NULL), *pol = pol_build(after, old);

    assert_true(old && pol);
    /* Port 3 as either side of the session. */
    assert_int_equal(pol_moved(pol, 1, 3, 1, 1), BIT(POL_GROUP));
    assert_int_equal(pol_moved(pol, 3, 1, 1, 1), BIT(POL_GROUP));
    assert_int_equal(pol_moved(pol, 1, 2, 1, 1), 0);
    pol_free(old);
    pol_free(pol);
    cfg_free(before);
    cfg_free(after);
}

/* A VPC that goes and comes back under its old context: sessions of before must not hold, nor in between. */
static void gone_and_back_has_moved(void **state)
{
    struct cfg *with = base(), *without = base();

    (void)state;
    without->vpcs = without->subnets = 1;
    without->ports = 4; /* without port 4 */
    without->forwards = 0;

    struct pol *first = pol_build(with, NULL), *second = pol_build(without, first),
               *third = pol_build(with, second);

    assert_true(first && second && third);
    assert_true(vpc_moved(second, 2, 1) & BIT(POL_VPC));
    assert_true(vpc_moved(third, 2, 1) & BIT(POL_VPC));
    assert_true(vpc_moved(third, 2, 2) & BIT(POL_VPC));
    assert_true(port_moved(third, 4, 2) & BIT(POL_VNIC));
    assert_int_equal(vpc_moved(third, 1, 1), 0);
    /* A context nobody ever had. */
    assert_int_equal(vpc_moved(third, 77, 2), BIT(POL_STAGES) - 1);
    pol_free(first);
    pol_free(second);
    pol_free(third);
    cfg_free(with);
    cfg_free(without);
}

/* More generations than fit a byte: the decision does not come round. */
static void three_hundred_generations(void **state)
{
    struct cfg *even = base(), *odd = base();

    (void)state;
    rule_of_group_1(odd);

    struct pol *pol = pol_build(even, NULL);

    for (unsigned i = 1; i <= 256; i++) {
        struct pol *next = pol_build(i % 2 ? odd : even, pol);

        assert_non_null(next);
        pol_free(pol);
        pol = next;
    }
    assert_int_equal(pol_generation(pol), 257);
    assert_int_equal(port_moved(pol, 3, 1), BIT(POL_GROUP));
    assert_int_equal(port_moved(pol, 3, 256), BIT(POL_GROUP));
    assert_int_equal(port_moved(pol, 3, 257), 0);
    assert_int_equal(port_moved(pol, 1, 1), 0);
    pol_free(pol);
    cfg_free(even);
    cfg_free(odd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_touched_moves),
        cmocka_unit_test(scopes_are_folded),
        cmocka_unit_test(gone_and_back_has_moved),
        cmocka_unit_test(three_hundred_generations),
    };

    return cmocka_run_group_tests(tests, make_eal, make_eal_end);
}

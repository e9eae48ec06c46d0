/* SPDX-License-Identifier: Apache-2.0 */
/* Security groups: which rule decides, and who is meant by a group. */
#include "world.h"

/* A world whose group 0 is as a test likes; ports 1 to 5 have it, port 2 also has group 1. */
static struct cfg *grouped_cfg(void)
{
    struct cfg *c = world_cfg();

    make_group(c);
    make_group(c);
    for (uint32_t i = 0; i < c->ports; i++)
        if (c->port[i].role == CFG_VNIC)
            make_join(&c->port[i], 0);
    make_join(&c->port[2], 1);
    return c;
}

static enum hsr_drop verdict(const struct pol *pol, uint16_t from, const char *src, const char *dst,
                             uint8_t dst_mac, uint8_t proto, uint16_t dport)
{
    struct pol_walk w = {.ingress = from,
                         .context = pol_port(pol, from)->context,
                         .src_mac48 = pol_port(pol, from)->mac48,
                         .dst_mac48 = make_mac(dst_mac),
                         .src = make_addr(src),
                         .dst = make_addr(dst),
                         .proto = proto,
                         .sport = 1000,
                         .dport = dport};

    pol_walk(pol, &w);
    return w.drop;
}

#define V12(proto, port) verdict(pol, 1, "10.0.0.1", "10.0.0.2", 2, (proto), (port))
#define V21(proto, port) verdict(pol, 2, "10.0.0.2", "10.0.0.1", 1, (proto), (port))

static void group_priorities(void **state)
{
    struct cfg *c = grouped_cfg();

    (void)state;
    make_rule(c, 0, false, true, 100, TCP, 80, 90, "10.0.0.0/24");
    make_rule(c, 0, false, false, 50, TCP, 85, 85, "any");
    make_rule(c, 0, false, false, 100, TCP, 86, 86, "any");     /* equal: deny first */
    make_rule(c, 0, false, false, 101, TCP, 80, 90, "any");     /* after the allow */
    make_rule(c, 0, false, true, 10, ICMP, 0, 65535, "any");    /* no ports to compare */
    make_rule(c, 0, false, true, 10, ANY_PROTO, 53, 53, "any"); /* protocols with ports only */
    make_rule(c, 0, true, true, 1, ANY_PROTO, 0, 65535, "any");
    make_rule(c, 1, false, true, 40, TCP, 85, 85, "10.0.0.1/32"); /* port 2 only */

    struct pol *pol = pol_build(c, NULL);

    assert_non_null(pol);
    assert_int_equal(V12(TCP, 79), HSR_DROP_SG_EGRESS);
    assert_int_equal(V12(TCP, 80), HSR_DROP_NONE);
    assert_int_equal(V12(TCP, 90), HSR_DROP_NONE);
    assert_int_equal(V12(TCP, 91), HSR_DROP_SG_EGRESS);
    assert_int_equal(V12(TCP, 85), HSR_DROP_SG_EGRESS);
    assert_int_equal(V12(TCP, 86), HSR_DROP_SG_EGRESS);
    assert_int_equal(V12(UDP, 80), HSR_DROP_SG_EGRESS);
    assert_int_equal(V12(ICMP, 85), HSR_DROP_NONE);
    assert_int_equal(V12(UDP, 53), HSR_DROP_NONE);
    assert_int_equal(V12(47, 53), HSR_DROP_SG_EGRESS);
    assert_int_equal(V21(TCP, 85), HSR_DROP_NONE); /* group 1 decides before group 0 */
    assert_int_equal(V21(TCP, 86), HSR_DROP_SG_EGRESS);
    /* What the rules refuse is said before where it would have gone. */
    assert_int_equal(verdict(pol, 1, "10.0.0.1", "8.8.8.8", 0xF1, TCP, 80), HSR_DROP_SG_EGRESS);
    pol_free(pol);
    cfg_free(c);
}

static void group_references(void **state)
{
    struct cfg *c = grouped_cfg();

    (void)state;
    make_rule(c, 0, false, true, 1, ANY_PROTO, 0, 65535, "any");
    make_rule(c, 0, true, true, 1, TCP, 80, 80, "@1"); /* from port 2 only */

    struct pol *pol = pol_build(c, NULL);

    assert_non_null(pol);
    assert_int_equal(V21(TCP, 80), HSR_DROP_NONE);
    assert_int_equal(V21(TCP, 81), HSR_DROP_SG_INGRESS);
    assert_int_equal(V12(TCP, 80), HSR_DROP_SG_INGRESS);
    /* Tenant 2 has no member of group 1, and its own 10.0.0.2 would be nobody's. */
    assert_int_equal(verdict(pol, 5, "10.0.0.5", "10.0.0.1", 4, TCP, 80), HSR_DROP_SG_INGRESS);
    pol_free(pol);
    cfg_free(c);
}

static void no_group_no_traffic(void **state)
{
    struct cfg *c = world_cfg();
    struct pol *pol = pol_build(c, NULL);

    (void)state;
    assert_non_null(pol);
    assert_int_equal(V12(TCP, 80), HSR_DROP_SG_EGRESS);
    pol_free(pol);
    cfg_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(group_priorities),
        cmocka_unit_test(group_references),
        cmocka_unit_test(no_group_no_traffic),
    };

    return cmocka_run_group_tests(tests, make_eal, make_eal_end);
}

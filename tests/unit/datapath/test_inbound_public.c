/* SPDX-License-Identifier: Apache-2.0 */
/* Floods from outside at public addresses: bounded by whose they are, before the firmware sees them. */
#include "inbound.h"
#include "nat_world.h"

#define RING 512

static struct bench b;

#define WORLD(eip, pool)                                                        \
    NAT_HEAD "eips:\n  - {name: a, address: 203.0.113.5, vnic: " eip "}\n"      \
             "  - {name: r, address: 192.0.2.200, vnic: r, inside: 10.1.0.5}\n" \
             "  - {name: six, address: '2001:db8:203::5', vnic: b}\n"           \
             "snat: [{name: out, vpc: blue, addresses: [203.0.113.100]" pool "}]\n" NAT_FORWARDS

static int setup(void **state)
{
    (void)state;
    bench_open(&b, &(struct bench_config){.ring_entries = RING}, WORLD("a", ""));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_close(&b);
    return 0;
}

static void from_outside(unsigned n, const char *dst, uint16_t dport)
{
    bool six = strchr(dst, ':') != NULL;
    struct fr_flow f = {.smac = MAC_GW,
                        .dmac = MAC_UP,
                        .src = six ? "2001:db8:1::9" : "198.51.100.9",
                        .dst = dst,
                        .dport = dport};

    for (unsigned i = 0; i < n; i++) {
        f.sport = (uint16_t)(1000 + i % 20);
        fr_udp(&out, &f, 20);
        bench_push(&b, "up", &out);
    }
}

static uint64_t gauge(enum hsr_gauge which)
{
    uint64_t all[HSR_GAUGE_COUNT];

    nic_gauges(b.nic, all);
    return all[which];
}

/* The firmware is behind: whose address is flooded has its share, and what is for the others' passes by. */
static void flood_at(const char *dst, uint16_t dport)
{
    from_outside(2000, dst, dport);
    nic_alone(&b);
    assert_in_range(bench_drops(&b, "up", HSR_DROP_PRE_SHARE), 2000 - RING * 3 / 4,
                    2000 - RING / 4);
    from_outside(20, "192.0.2.200", 9);
    nic_alone(&b);
    assert_int_equal(net_drops(&b, "r"), 0);
}

static void at_an_eip(void **state)
{
    (void)state;
    flood_at("203.0.113.5", 9);
    assert_int_equal(net_drops(&b, "a"), bench_drops(&b, "up", HSR_DROP_PRE_SHARE));
    from_outside(20, "203.0.113.100", 53);
    nic_alone(&b);
    assert_int_equal(net_drops(&b, "b"), 0);
    assert_int_equal(arrive(&b, "r"), 20);
    assert_int_equal(arrive(&b, "b"), 20);
    assert_int_equal(arrive(&b, "a"), 2000 - net_drops(&b, "a"));
}

static void at_an_eip_over_ipv6(void **state)
{
    (void)state;
    flood_at("2001:db8:203::5", 9);
    assert_int_equal(net_drops(&b, "b"), bench_drops(&b, "up", HSR_DROP_PRE_SHARE));
    assert_int_equal(arrive(&b, "r"), 20);
    assert_int_equal(arrive(&b, "b"), 2000 - net_drops(&b, "b"));
}

static void at_a_forwarded_port(void **state)
{
    (void)state;
    flood_at("203.0.113.100", 53);
    assert_int_equal(net_drops(&b, "b"), bench_drops(&b, "up", HSR_DROP_PRE_SHARE));
    assert_int_equal(gauge(HSR_GAUGE_POOL_DROPS), 0);
    assert_int_equal(arrive(&b, "r"), 20);
    assert_int_equal(arrive(&b, "b"), 2000 - net_drops(&b, "b"));
}

/* Where nothing is forwarded the pool pays, and a port of its address that is somebody's is not concerned. */
static void at_a_pool(void **state)
{
    uint64_t dropped;

    (void)state;
    flood_at("203.0.113.100", 9);
    dropped = gauge(HSR_GAUGE_POOL_DROPS);
    assert_int_equal(dropped, bench_drops(&b, "up", HSR_DROP_PRE_SHARE));
    from_outside(20, "203.0.113.100", 53);
    nic_alone(&b);
    assert_int_equal(net_drops(&b, "b"), 0);
    assert_int_equal(arrive(&b, "r"), 20);
    assert_int_equal(arrive(&b, "b"), 20);
    assert_int_equal(bench_drops(&b, "up", HSR_DROP_NAT_NONE), 2000 - dropped);
}

/* A rate of the pool's own; given, changed and taken away while it runs. */
static void rate(void **state)
{
    (void)state;
    assert_int_equal(bench_apply(&b, WORLD("a", ", rx_limit: {pps: 1000}"), NULL), 0);
    from_outside(100, "203.0.113.100", 9);
    bench_run(&b);
    assert_int_equal(gauge(HSR_GAUGE_POOL_DROPS), 36); /* a burst of 64 */
    assert_int_equal(bench_drops(&b, "up", HSR_DROP_PRE_LIMIT), 36);
    from_outside(100, "203.0.113.5", 9);
    assert_int_equal(arrive(&b, "a"), 100);
    assert_int_equal(bench_apply(&b, WORLD("a", ""), NULL), 0);
    from_outside(100, "203.0.113.100", 9);
    bench_run(&b);
    assert_int_equal(gauge(HSR_GAUGE_POOL_DROPS), 36);
}

/* An EIP goes to another guest, and away: the NIC knows, and has no entry too many. */
static void changes(void **state)
{
    (void)state;
    assert_int_equal(gauge(HSR_GAUGE_PUBLICS_USED), 6);
    assert_int_equal(bench_apply(&b, WORLD("b", ""), NULL), 0);
    assert_int_equal(gauge(HSR_GAUGE_PUBLICS_USED), 6);
    flood_at("203.0.113.5", 9);
    assert_int_equal(net_drops(&b, "a"), 0);
    assert_true(net_drops(&b, "b") > 1000);
    assert_int_equal(arrive(&b, "b"), 2000 - net_drops(&b, "b"));
    assert_int_equal(arrive(&b, "r"), 20);
    assert_int_equal(bench_apply(&b, NAT_HEAD, NULL), 0);
    assert_int_equal(gauge(HSR_GAUGE_PUBLICS_USED), 0);
    from_outside(10, "203.0.113.5", 9);
    bench_run(&b);
    assert_int_equal(bench_drops(&b, "up", HSR_DROP_NOT_FOR_US), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(at_an_eip, setup, teardown),
        cmocka_unit_test_setup_teardown(at_an_eip_over_ipv6, setup, teardown),
        cmocka_unit_test_setup_teardown(at_a_forwarded_port, setup, teardown),
        cmocka_unit_test_setup_teardown(at_a_pool, setup, teardown),
        cmocka_unit_test_setup_teardown(rate, setup, teardown),
        cmocka_unit_test_setup_teardown(changes, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

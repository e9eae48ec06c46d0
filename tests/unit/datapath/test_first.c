/* SPDX-License-Identifier: Apache-2.0 */
/* First packets: who gets through and how it looks then, and each reason against. */
#include "topology.h"

static void bridged_in_the_subnet(void **state)
{
    fr_udp(&out, &a_to_b, 100);
    bench_passes(*state, "a", &out, "b", &in);
    expect_like(&in, &out, MAC_B, MAC_A, 0);
    struct fr_flow back = fr_back(&a_to_b);

    fr_udp(&out, &back, 3);
    bench_passes(*state, "b", &out, "a", &in);
    expect_like(&in, &out, MAC_A, MAC_B, 0);
    assert_int_equal(bench_sessions(*state), 1);
}

static void routed_between_subnets(void **state)
{
    struct fr_flow back = {.smac = MAC_C,
                           .dmac = GW2,
                           .src = "10.2.0.5",
                           .dst = "10.1.0.5",
                           .sport = 80,
                           .dport = 1000};

    fr_udp(&out, &a_to_c, 100);
    bench_passes(*state, "a", &out, "c", &in);
    expect_like(&in, &out, MAC_C, GW2, 1);
    fr_udp(&out, &back, 100);
    bench_passes(*state, "c", &out, "a", &in);
    expect_like(&in, &out, MAC_A, GW, 1);
}

static void ipv6_both_ways(void **state)
{
    struct fr_flow f = {
        .smac = MAC_A, .dmac = GW, .src = "fd00:1::5", .dst = "fd00:2::5", .sport = 7, .dport = 8};

    fr_udp(&out, &f, 10);
    bench_passes(*state, "a", &out, "c", &in);
    expect_like(&in, &out, MAC_C, GW2, 1);
    f = fr_back(&f);
    f.smac = MAC_C;
    f.dmac = GW2;
    fr_udp(&out, &f, 10);
    bench_passes(*state, "c", &out, "a", &in);
    expect_like(&in, &out, MAC_A, GW, 1);
    f = (struct fr_flow){.smac = MAC_A,
                         .dmac = MAC_9,
                         .src = "fd00:1::5",
                         .dst = "fd00:1::9",
                         .sport = 7,
                         .dport = 8};
    fr_udp(&out, &f, 10);
    bench_passes(*state, "a", &out, "up", &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    expect_like(&in, &out, MAC_9, MAC_A, 0);
}

static void through_the_tunnel_and_back(void **state)
{
    struct fr_flow back = fr_back(&a_to_9);

    fr_udp(&out, &a_to_9, 100);
    bench_passes(*state, "a", &out, "up", &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    expect_like(&in, &out, MAC_9, MAC_A, 0);
    fr_udp(&out, &back, 20);
    more = out;
    from_host2(&out, 100);
    bench_passes(*state, "up", &out, "a", &in);
    expect_like(&in, &more, MAC_A, MAC_9, 0);
    assert_int_equal(bench_sessions(*state), 1);
}

static void opened_from_the_network(void **state)
{
    struct fr_flow f = fr_back(&a_to_9);

    fr_tcp(&out, &f, FR_SYN, 1, 0, 0);
    more = out;
    from_host2(&out, 100);
    bench_passes(*state, "up", &out, "a", &in);
    expect_like(&in, &more, MAC_A, MAC_9, 0);
    fr_tcp(&out, &a_to_9, FR_SYN | FR_ACK, 1, 2, 0);
    struct fr_flow reply = a_to_9;

    fr_tcp(&out, &reply, FR_SYN | FR_ACK, 1, 2, 0);
    bench_passes(*state, "a", &out, "up", &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    expect_like(&in, &out, MAC_9, MAC_A, 0);
}

/* A peer that leaves routing to us addresses our gateway. */
static void routed_from_the_network(void **state)
{
    struct fr_flow f = {
        .smac = MAC_29, .dmac = GW, .src = "10.2.0.9", .dst = "10.1.0.5", .sport = 5, .dport = 6};

    fr_udp(&out, &f, 10);
    more = out;
    from_host2(&out, 100);
    bench_passes(*state, "up", &out, "a", &in);
    expect_like(&in, &more, MAC_A, GW, 1);
    f = fr_back(&f);
    f.smac = MAC_A;
    f.dmac = GW;
    fr_udp(&out, &f, 10);
    bench_passes(*state, "a", &out, "up", &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    expect_like(&in, &out, MAC_29, GW2, 1);
}

/* The far side of a route has no end point of its own: replies go where the first packet came from. */
static void replies_to_where_it_came_from(void **state)
{
    struct fr_flow f = {.smac = 0x020000000055,
                        .dmac = GW,
                        .src = "10.5.1.1",
                        .dst = "10.1.0.5",
                        .sport = 5,
                        .dport = 6};

    fr_udp(&out, &f, 10);
    from_host2(&out, 100);
    bench_passes(*state, "up", &out, "a", &in);
    f = fr_back(&f);
    f.smac = MAC_A;
    f.dmac = GW;
    fr_udp(&out, &f, 10);
    bench_passes(*state, "a", &out, "up", &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    expect_like(&in, &out, 0x020000000055, GW, 1);
}

static void two_tenants_with_the_same_addresses(void **state)
{
    fr_udp(&out, &a_to_9, 30);
    bench_passes(*state, "a", &out, "up", &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    bench_passes(*state, "r", &out, "up", &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 200);
    assert_int_equal(bench_sessions(*state), 2);
    struct fr_flow back = fr_back(&a_to_9);

    fr_udp(&out, &back, 30);
    more = out;
    from_host2(&more, 200);
    bench_passes(*state, "up", &more, "r", &in);
    more = out;
    from_host2(&more, 100);
    bench_passes(*state, "up", &more, "a", &in);
    /* red has no 10.1.0.6. */
    fr_udp(&out, &a_to_b, 30);
    bench_refused(*state, "r", &out, HSR_DROP_NO_MAPPING);
}

static void by_a_gateway_guest(void **state)
{
    struct fr_flow f = {
        .smac = MAC_A, .dmac = GW, .src = "10.1.0.5", .dst = "10.9.1.1", .sport = 5, .dport = 6};

    fr_udp(&out, &f, 10);
    bench_passes(*state, "a", &out, "v", &in);
    expect_like(&in, &out, MAC_V, GW, 1);
    f = fr_back(&f);
    f.smac = MAC_V;
    f.dmac = GW;
    fr_udp(&out, &f, 10);
    bench_passes(*state, "v", &out, "a", &in);
    expect_like(&in, &out, MAC_A, GW, 1);
}

/* Faults 14, 22, 23, 25: what a guest may not send, a reason each. */
static void refusals_of_a_guest(void **state)
{
    static const struct {
        struct fr_flow f;
        enum hsr_drop drop;
    } row[] = {
        {{.smac = MAC_B, .dmac = MAC_B, .src = "10.1.0.5", .dst = "10.1.0.6"}, HSR_DROP_SPOOF_MAC},
        {{.smac = MAC_A, .dmac = MAC_B, .src = "10.1.0.7", .dst = "10.1.0.6"}, HSR_DROP_SPOOF_IP},
        {{.smac = MAC_A, .dmac = MAC_B, .src = "127.0.0.1", .dst = "10.1.0.6"}, HSR_DROP_SPOOF_IP},
        {{.smac = MAC_A, .dmac = MAC_B, .src = "fd00:1::7", .dst = "fd00:1::6"}, HSR_DROP_SPOOF_IP},
        {{.smac = MAC_A,
          .dmac = MAC_B,
          .src = "10.1.0.5",
          .dst = "10.1.0.6",
          .sport = 67,
          .dport = 68},
         HSR_DROP_SPOOF_DHCP},
        {{.smac = MAC_A, .dmac = MAC_9, .src = "10.1.0.5", .dst = "10.1.0.6"},
         HSR_DROP_UNKNOWN_MAC},
        {{.smac = MAC_A, .dmac = GW, .src = "10.1.0.5", .dst = "10.77.0.1"}, HSR_DROP_NO_ROUTE},
        {{.smac = MAC_A, .dmac = GW, .src = "10.1.0.5", .dst = "10.3.0.1"}, HSR_DROP_BLACKHOLE},
        {{.smac = MAC_A, .dmac = GW, .src = "10.1.0.5", .dst = "10.1.0.77"}, HSR_DROP_NO_MAPPING},
        {{.smac = MAC_A, .dmac = MAC_A, .src = "10.1.0.5", .dst = "10.1.0.5"}, HSR_DROP_LOOP},
        {{.smac = MAC_A, .dmac = 0x01005E010101, .src = "10.1.0.5", .dst = "224.1.1.1"},
         HSR_DROP_BUM},
        {{.smac = MAC_A,
          .dmac = 0xFFFFFFFFFFFF,
          .src = "10.1.0.5",
          .dst = "255.255.255.255",
          .sport = 68,
          .dport = 67},
         HSR_DROP_BUM},
    };

    for (unsigned i = 0; i < sizeof row / sizeof row[0]; i++) {
        fr_udp(&out, &row[i].f, 10);
        bench_refused(*state, "a", &out, row[i].drop);
    }
    fr_ether(&out, MAC_B, MAC_A, 0x88CC, 50);
    bench_refused(*state, "a", &out, HSR_DROP_ETHERTYPE);
    fr_ether(&out, MAC_B, MAC_A, 0x8847, 50); /* MPLS */
    bench_refused(*state, "a", &out, HSR_DROP_ETHERTYPE);
    fr_tcp(&out, &a_to_b, FR_ACK, 5, 5, 10);
    bench_refused(*state, "a", &out, HSR_DROP_NO_SESSION);
    fr_echo(&out, &a_to_b, 0, 3);
    bench_refused(*state, "a", &out, HSR_DROP_ICMP_STATE);
    fr_udp(&out, &a_to_b, 40);
    fr_put16(out.b + FR_L3 + 26, 0x1234);
    bench_refused(*state, "a", &out, HSR_DROP_UDP_CSUM);
}

/* Faults 18, 20, 21: what may not come out of a tunnel, a reason each. */
static void refusals_of_the_network(void **state)
{
    static const struct {
        struct fr_flow f;
        uint32_t vni;
        enum hsr_drop drop;
    } row[] = {
        {{.smac = MAC_9, .dmac = MAC_A, .src = "10.1.0.9", .dst = "10.1.0.5"},
         999,
         HSR_DROP_UNKNOWN_VNI},
        {{.smac = MAC_B, .dmac = MAC_A, .src = "10.1.0.6", .dst = "10.1.0.5"}, 100, HSR_DROP_LOOP},
        {{.smac = MAC_9, .dmac = MAC_29, .src = "10.1.0.9", .dst = "10.2.0.9"}, 100, HSR_DROP_LOOP},
        {{.smac = MAC_9, .dmac = MAC_B, .src = "10.1.0.9", .dst = "10.1.0.5"},
         100,
         HSR_DROP_UNKNOWN_MAC},
        {{.smac = MAC_9, .dmac = MAC_A, .src = "10.1.0.9", .dst = "10.77.0.5"},
         100,
         HSR_DROP_NO_MAPPING},
    };

    for (unsigned i = 0; i < sizeof row / sizeof row[0]; i++) {
        fr_udp(&out, &row[i].f, 10);
        from_host2(&out, row[i].vni);
        bench_refused(*state, "up", &out, row[i].drop);
    }
    struct fr_flow f = fr_back(&a_to_9), outer = h2_to_1;

    outer.src = "192.0.2.66";
    fr_udp(&out, &f, 10);
    fr_vxlan(&out, &outer, 100);
    bench_refused(*state, "up", &out, HSR_DROP_UNKNOWN_VTEP);
    fr_udp(&out, &h2_to_1, 10);
    bench_refused(*state, "up", &out, HSR_DROP_NOT_FOR_US);
    f = (struct fr_flow){.smac = MAC_9,
                         .dmac = MAC_A,
                         .src = "10.1.0.9",
                         .dst = "10.1.0.5",
                         .tos = 0,
                         .sport = 1,
                         .dport = 2};
    outer = h2_to_1;
    outer.tos = 3;
    fr_udp(&out, &f, 10);
    fr_vxlan(&out, &outer, 100);
    bench_refused(*state, "up", &out, HSR_DROP_ECN);
}

static void far_flow(struct fr *o, uint16_t sport, uint32_t len)
{
    struct fr_flow f = {.smac = MAC_A,
                        .dmac = GW,
                        .src = "10.1.0.5",
                        .dst = "10.4.0.1",
                        .sport = sport,
                        .dport = 6};

    fr_udp(o, &f, len);
}

static void expect_request(struct bench *b)
{
    assert_true(bench_pop(b, "up", &in));
    fr_arp(&more, 1, MAC_UP, "192.0.2.1", 0, "192.0.2.3");
    assert_int_equal(in.len, more.len);
    assert_memory_equal(in.b, more.b, in.len);
}

static void answers(struct bench *b)
{
    fr_arp(&more, 2, MAC_H3, "192.0.2.3", MAC_UP, "192.0.2.1");
    bench_push(b, "up", &more);
}

/* The first packet to a host asks for its MAC, once a second. Packets wait, and leave in their order before new ones. */
static void waits_for_a_neighbour(void **state)
{
    struct bench *b = *state;

    for (unsigned i = 0; i < 6; i++) {
        far_flow(&out, (uint16_t)(5 + i % 2), 10 + i);
        bench_push(b, "a", &out);
    }
    bench_run(b);
    assert_int_equal(bench_held(b), 6);
    expect_request(b);
    bench_quiet(b);
    bench_sleep(b, 1200000000);
    expect_request(b); /* asked again */
    bench_quiet(b);
    answers(b);
    far_flow(&out, 5, 16);
    bench_push(b, "a", &out);
    bench_run(b);
    unsigned next[2] = {10, 11};

    for (unsigned i = 0; i < 7; i++) {
        assert_true(bench_pop(b, "up", &in));
        expect_tunnel(&in, "192.0.2.3", MAC_H3, 100);
        unsigned flow = fr_get16(in.b + 34) - 5u;

        assert_true(flow < 2);
        assert_int_equal(in.len - 42, next[flow]);
        next[flow] += 2;
    }
    assert_int_equal(bench_held(b), 0);
    assert_int_equal(bench_drops(b, "a", HSR_DROP_NONE), 0);
}

/* What was sliced waits whole: the NIC gives it once more, and nothing of it lies in the NIC meanwhile. */
static void waits_whole(void **state)
{
    static struct bench sliced;
    struct bench *b = &sliced;

    (void)state;
    bench_open(b, &(struct bench_config){.slice = true}, TOP_ALL);
    for (unsigned i = 0; i < 4; i++) {
        far_flow(&out, 5, 1000 + i);
        bench_push(b, "a", &out);
    }
    bench_run(b);
    assert_int_equal(bench_held(b), 4);
    expect_request(b);
    bench_sleep(b, 900000000); /* longer than a payload is kept */
    answers(b);
    bench_run(b);
    for (unsigned i = 0; i < 4; i++) {
        far_flow(&out, 5, 1000 + i);
        assert_true(bench_pop(b, "up", &in));
        expect_tunnel(&in, "192.0.2.3", MAC_H3, 100);
        expect_like(&in, &out, 0x020000000044, GW, 1);
    }
    assert_int_equal(bench_drops(b, "a", HSR_DROP_NONE), 0);
    bench_close(b);
}

/* Who does not answer is given up: what waits for it is dropped then, and what comes later at once. */
static void waits_in_vain(void **state)
{
    struct bench *b = *state;

    far_flow(&out, 5, 10);
    bench_push(b, "a", &out);
    bench_run(b);
    expect_request(b);
    bench_sleep(b, 5000000000);
    assert_int_equal(bench_held(b), 0);
    assert_int_equal(bench_drops(b, "a", HSR_DROP_NEIGH_TIMEOUT), 1);
    while (bench_pop(b, "up", &in))
        continue;
    bench_refused(b, "a", &out, HSR_DROP_NEIGH_TIMEOUT);
    answers(b);
    bench_run(b);
    bench_passes(b, "a", &out, "up", &in);
}

/* So many wait for one neighbour; another port's quota is its own, and nobody else is held up. */
static void waits_within_bounds(void **state)
{
    struct bench *b = *state;

    for (unsigned i = 0; i < 200; i++) {
        far_flow(&out, (uint16_t)(1000 + i), 10);
        bench_push(b, "a", &out);
        bench_run(b);
    }
    uint64_t waiting = bench_held(b);

    assert_true(waiting > 0 && waiting < 200);
    assert_int_equal(bench_drops(b, "a", HSR_DROP_NEIGH_PENDING), 200 - waiting);
    expect_request(b);
    fr_udp(&out, &a_to_b, 10);
    bench_passes(b, "a", &out, "b", &in);
    answers(b);
    bench_run(b);
    for (unsigned i = 0; i < waiting; i++) {
        assert_true(bench_pop(b, "up", &in));
        expect_tunnel(&in, "192.0.2.3", MAC_H3, 100);
        assert_int_equal(fr_get16(in.b + 34), 1000 + i);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, top_open, top_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bridged_in_the_subnet),
        TEST(routed_between_subnets),
        TEST(ipv6_both_ways),
        TEST(through_the_tunnel_and_back),
        TEST(opened_from_the_network),
        TEST(routed_from_the_network),
        TEST(replies_to_where_it_came_from),
        TEST(two_tenants_with_the_same_addresses),
        TEST(by_a_gateway_guest),
        TEST(refusals_of_a_guest),
        TEST(refusals_of_the_network),
        TEST(waits_for_a_neighbour),
        cmocka_unit_test(waits_whole),
        TEST(waits_in_vain),
        TEST(waits_within_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

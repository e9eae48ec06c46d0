/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Floods that nobody can be told to hold back: from the network, and of bad packets. Each is bounded where it would take from
 * others, is counted where it is dropped, and what it took comes back.
 */
#include "inbound.h"
#include "nic_internal.h"

#define RING 512

#define NET(a)      \
    TOP_OPTIONS("") \
    TOP_NET TOP_GROUPS TOP_CLOSED TOP_UP TOP_A(a) TOP_B("") TOP_C("open") TOP_V TOP_R

static struct bench b;

static int setup(void **state)
{
    (void)state;
    bench_open(&b, &(struct bench_config){.ring_entries = RING}, NET(", rx_limit: {pps: 1000}"));
    return 0;
}

static int setup_sliced(void **state)
{
    (void)state;
    bench_open(&b, &(struct bench_config){.ring_entries = RING, .slice = true}, NET(""));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_close(&b);
    return 0;
}

/* From host 192.0.2.2, for one of our guests, or somebody else's address. */
static void from_network_of(unsigned n, uint64_t mac, const char *dst, uint32_t vni, uint32_t len)
{
    struct fr_flow f = {.smac = MAC_9, .dmac = mac, .src = "10.1.0.9", .dst = dst, .dport = 9};

    for (unsigned i = 0; i < n; i++) {
        f.sport = (uint16_t)(1000 + i % 20);
        fr_udp(&out, &f, len);
        from_host2(&out, vni);
        bench_push(&b, "up", &out);
    }
}

static void from_network(unsigned n, uint64_t mac, const char *dst, uint32_t vni)
{
    from_network_of(n, mac, dst, vni, 20);
}

/* Fault 44: The firmware is behind, and b is flooded: its share is what it gets; v's and the host's own packets go through. */
static void share_of_one(void **state)
{
    uint64_t dropped;
    unsigned passed;

    (void)state;
    from_network(2000, MAC_B, "10.1.0.6", 100);
    nic_alone(&b);
    dropped = bench_drops(&b, "up", HSR_DROP_PRE_SHARE);
    assert_in_range(dropped, 2000 - RING * 3 / 4, 2000 - RING / 4);
    assert_int_equal(net_drops(&b, "b"), dropped);
    assert_int_equal(bench_drops(&b, "up", HSR_DROP_NONE), dropped);
    from_network(30, MAC_V, "10.1.0.10", 100);
    nic_alone(&b);
    assert_int_equal(net_drops(&b, "v"), 0);
    passed = arrive(&b, "b");
    assert_int_equal(passed, 2000 - dropped);
    assert_int_equal(arrive(&b, "v"), 30);
    /* It is over as soon as the firmware has caught up. */
    from_network(30, MAC_B, "10.1.0.6", 100);
    assert_int_equal(arrive(&b, "b"), 30);
    assert_int_equal(net_drops(&b, "b"), dropped);
}

/* What is for nobody has one share among all. */
static void share_of_nobody(void **state)
{
    uint64_t dropped;

    (void)state;
    from_network(1000, 0x0200000000EE, "10.1.0.66", 100);
    from_network(1000, MAC_B, "10.1.0.6", 999);
    nic_alone(&b);
    dropped = bench_drops(&b, "up", HSR_DROP_PRE_SHARE);
    assert_true(dropped > 1000);
    from_network(30, MAC_B, "10.1.0.6", 100);
    nic_alone(&b);
    assert_int_equal(bench_drops(&b, "up", HSR_DROP_PRE_SHARE), dropped);
    assert_int_equal(net_drops(&b, "b"), 0);
    assert_int_equal(arrive(&b, "b"), 30);
}

/* Faults 44, 48: The rate of a port, its own: and not when another guest sends to it, who can be held back. */
static void rate(void **state)
{
    struct fr_flow f = fr_back(&a_to_b);

    (void)state;
    from_network(100, MAC_A, "10.1.0.5", 100); /* a burst of 64 */
    from_network(100, MAC_B, "10.1.0.6", 100);
    assert_int_equal(arrive(&b, "a"), 64);
    assert_int_equal(arrive(&b, "b"), 100);
    assert_int_equal(bench_drops(&b, "up", HSR_DROP_PRE_LIMIT), 36);
    assert_int_equal(net_drops(&b, "a"), 36);
    for (unsigned i = 0; i < 100; i++) {
        fr_udp(&out, &f, 20);
        bench_push(&b, "b", &out);
    }
    assert_int_equal(arrive(&b, "a"), 100);
    b.now += 20000000; /* 20 packets */
    from_network(100, MAC_A, "10.1.0.5", 100);
    assert_int_equal(arrive(&b, "a"), 20);
    /* Changed while it is there; the sessions live on. */
    uint32_t sessions = bench_sessions(&b);

    assert_int_equal(bench_apply(&b, NET(""), NULL), 0);
    from_network(100, MAC_A, "10.1.0.5", 100);
    assert_int_equal(arrive(&b, "a"), 100);
    assert_int_equal(bench_sessions(&b), sessions);
    assert_int_equal(bench_drops(&b, "up", HSR_DROP_PRE_LIMIT), 36 + 80);
}

/* The same MAC address in another VPC is another guest, with limits of its own. */
static void another_tenant(void **state)
{
    (void)state;
    from_network(100, MAC_A, "10.1.0.5", 200);
    assert_int_equal(arrive(&b, "r"), 100);
    assert_int_equal(net_drops(&b, "a"), 0);
}

/* Bad packets: software sees as many as the meter lets pass, and knows how many it did not see. */
static void bad_packets(void **state)
{
    struct fr_flow f = a_to_b;

    (void)state;
    fr_udp(&out, &f, 20);
    out.b[FR_L3 + 10] ^= 0xFF; /* the header's checksum */
    for (unsigned i = 0; i < 1000; i++)
        bench_push(&b, "a", &out);
    bench_run(&b);
    assert_int_equal(bench_drops(&b, "a", HSR_DROP_IP_CSUM),
                     500); /* 10,000 a second: a burst of 500 */
    assert_int_equal(bench_drops(&b, "a", HSR_DROP_BAD_LIMIT), 500);
    b.now += 1000000;
    for (unsigned i = 0; i < 20; i++)
        bench_push(&b, "a", &out);
    bench_run(&b);
    assert_int_equal(bench_drops(&b, "a", HSR_DROP_IP_CSUM), 510);
    fr_udp(&out, &f, 20);
    bench_push(&b, "a", &out);
    assert_int_equal(arrive(&b, "b"), 1);
}

static const struct hsr_port_stats *stats(const char *port)
{
    nic_sync(b.nic);
    return &nic_region(b.nic)->view.stats[bench_index(&b, port)];
}

/* What software wants again and whole, because the way back is not known yet, has passed the meter, and does so once. */
static void returned(void **state)
{
    const struct fr_flow outer = {
        .smac = MAC_H3, .dmac = MAC_UP, .src = "192.0.2.3", .dst = "192.0.2.1", .sport = 50000};
    struct fr_flow f = {
        .smac = 0x020000000044, .dmac = MAC_A, .src = "10.4.0.7", .dst = "10.1.0.5"};

    (void)state;
    assert_int_equal(bench_apply(&b, NET(", rx_limit: {pps: 1000}"), NULL), 0);
    for (unsigned i = 0; i < 40; i++) { /* of a burst of 64 */
        f.sport = (uint16_t)(1000 + i);
        fr_udp(&out, &f, 1000);
        fr_vxlan(&out, &outer, 100);
        bench_push(&b, "up", &out);
    }
    bench_run(&b);
    assert_int_equal(stats("up")->pre_returned, 40);
    assert_int_equal(bench_held(&b), 40);
    assert_int_equal(b.nic->slots.in_flight[bench_index(&b, "a")], 40);
    fr_arp(&more, 2, MAC_H3, "192.0.2.3", MAC_UP, "192.0.2.1");
    bench_push(&b, "up", &more);
    assert_int_equal(arrive(&b, "a"), 40);
    assert_int_equal(bench_drops(&b, "up", HSR_DROP_NONE), 0);
    while (bench_pop(&b, "up", &in))
        continue;
}

/* Payload memory is charged to whom a packet is for, not to the uplink that is everybody's. */
static void payloads(void **state)
{
    static const struct {
        const char *port, *dst;
        uint64_t mac;
        unsigned n;
    } to[] = {{"b", "10.1.0.6", MAC_B, 20}, {"v", "10.1.0.10", MAC_V, 30}};

    (void)state;
    for (unsigned i = 0; i < 2; i++)
        from_network_of(to[i].n, to[i].mac, to[i].dst, 100, 1000);
    from_network_of(10, 0x0200000000EE, "10.1.0.66", 100, 1000);
    nic_alone(&b);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(stats(to[i].port)->cells_used, to[i].n);
    assert_int_equal(stats("up")->cells_used, 0);
    assert_int_equal(nic_cells_out(b.nic), 20 + 30 + 10);
    assert_int_equal(arrive(&b, "b"), 20);
    assert_int_equal(arrive(&b, "v"), 30);
    assert_int_equal(nic_cells_out(b.nic), 0);
    assert_int_equal(stats("v")->cells_used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(share_of_one, setup, teardown),
        cmocka_unit_test_setup_teardown(share_of_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(rate, setup, teardown),
        cmocka_unit_test_setup_teardown(another_tenant, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_packets, setup, teardown),
        cmocka_unit_test_setup_teardown(returned, setup_sliced, teardown),
        cmocka_unit_test_setup_teardown(payloads, setup_sliced, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

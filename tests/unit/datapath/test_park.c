/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets that wait for a next hop while payloads stay in the NIC: large ones are fetched back whole first, small ones are
 * not, and each flow leaves in the order in which it came.
 */
#include "internal.h"
#include "nic_internal.h"
#include "topology.h"

#define SMALL 20
#define LARGE 1000

static struct bench b;

static void open_world(const char *options)
{
    char yaml[8192];

    snprintf(yaml, sizeof yaml,
             "version: 1\noptions: {sessions: 1024%s}\n"
             "underlay: {neighbors: [{address: 192.0.2.2, mac: 02:aa:00:00:00:02}]}\n"
             "%s",
             options, TOP_NET TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("") TOP_B("") TOP_C("open") TOP_V);
    bench_open(&b, &(struct bench_config){.slice = true}, yaml);
}

static int setup(void **state)
{
    (void)state;
    open_world("");
    return 0;
}

static int setup_two(void **state)
{
    (void)state;
    open_world(", workers: 2");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_close(&b);
    return 0;
}

/* Number `n` of a flow of a's to a guest behind 192.0.2.3, whose MAC address nobody knows yet. */
static void send(uint16_t flow, uint16_t n, uint32_t len)
{
    const struct fr_flow f = {
        .smac = MAC_A, .dmac = GW, .src = "10.1.0.5", .dst = "10.4.0.1", .sport = flow, .dport = 6};
    uint8_t data[LARGE] = {(uint8_t)(n >> 8), (uint8_t)n};

    fr_udp_with(&out, &f, data, len);
    bench_push(&b, "a", &out);
}

static void answer(void)
{
    fr_arp(&more, 2, MAC_H3, "192.0.2.3", MAC_UP, "192.0.2.1");
    bench_push(&b, "up", &more);
}

/* Each worker has one turn; the NIC none. */
static void workers_alone(void)
{
    for (uint32_t w = 0; w < fw_workers(b.fw); w++)
        dp_poll(fw_worker(b.fw, w));
}

/* What has left towards 192.0.2.3: numbers of each flow go up from 0. How many. */
static unsigned left_in_order(unsigned flows)
{
    unsigned next[64] = {0}, n = 0;

    bench_run(&b);
    while (bench_pop(&b, "up", &in)) {
        if (fr_get16(in.b + 12) == 0x0806)
            continue;
        expect_tunnel(&in, "192.0.2.3", MAC_H3, 100);
        unsigned flow = fr_get16(in.b + FR_L3 + 20) - 1000u;

        assert_true(flow < flows);
        assert_int_equal(fr_get16(in.b + FR_L3 + 28), next[flow]);
        next[flow]++;
        n++;
    }
    return n;
}

static void all_came(unsigned n, unsigned flows)
{
    assert_int_equal(left_in_order(flows), n);
    assert_int_equal(bench_drops(&b, "a", HSR_DROP_NONE), 0);
    assert_int_equal(bench_held(&b), 0);
}

/* Large and small ones in turn, all before the answer. */
static void in_turn(void **state)
{
    (void)state;
    for (uint16_t n = 0; n < 12; n++)
        for (uint16_t flow = 0; flow < 3; flow++)
            send((uint16_t)(1000 + flow), n, (n + flow) % 2 ? SMALL : LARGE);
    bench_run(&b);
    assert_int_equal(bench_held(&b), 36);
    answer();
    all_came(36, 3);
}

/* The answer comes while a large one is on its way back, and small ones behind it are in the same burst as the answer. */
static void answered_meanwhile(void **state)
{
    (void)state;
    send(1000, 0, LARGE);
    nic_poll(b.nic, b.now);
    workers_alone(); /* RETURNed: it is in the tx ring */
    answer();
    send(1000, 1, SMALL);
    send(1000, 2, LARGE);
    send(1000, 3, SMALL);
    all_came(4, 1);
}

/* Known, and a large one still on its way: whatever comes of its flow waits, other flows do not. */
static void known_by_now(void **state)
{
    (void)state;
    send(1000, 0, LARGE);
    nic_poll(b.nic, b.now);
    workers_alone();
    /* The NIC does not come to it for some turns: the firmware hears of the answer from elsewhere. */
    struct dp_hop hop = {.addr = {.family = 4, .bytes = {192, 0, 2, 3}},
                         .port = bench_index(&b, "up")};

    dp_neighbor_learn(&fw_worker(b.fw, 0)->shared->neighbors, &hop, MAC_H3, b.now);
    workers_alone();
    send(1000, 1, SMALL);
    send(1001, 0, SMALL);
    nic_poll(b.nic, b.now);
    workers_alone();
    all_came(3, 2);
}

/* All of a stream that goes on: at the end nothing waits, and not each packet has gone to the NIC and back. */
static void stream(void **state)
{
    uint64_t returned;

    (void)state;
    for (uint16_t n = 0; n < 400; n++) {
        send(1000, n, n % 3 ? LARGE : SMALL);
        nic_poll(b.nic, b.now);
        if (n % 2)
            workers_alone();
        if (n == 20)
            answer();
    }
    all_came(400, 1);
    nic_sync(b.nic);
    returned = nic_region(b.nic)->view.stats[bench_index(&b, "a")].pre_returned;
    assert_in_range(returned, 5, 60);
}

/* One that is RETURNed and lost holds its flow up for some time, and not for ever. */
static void lost_on_its_way(void **state)
{
    uint32_t *free_items = &b.nic->pre.agg.free_count, kept;

    (void)state;
    send(1000, 9, LARGE);
    nic_poll(b.nic, b.now);
    workers_alone();
    kept = *free_items;
    *free_items = 0;
    nic_poll(b.nic, b.now);
    *free_items = kept;
    assert_int_equal(bench_drops(&b, "a", HSR_DROP_RX_RING_FULL), 1);
    send(1000, 0, SMALL);
    bench_run(&b);
    answer();
    assert_int_equal(left_in_order(1), 0);
    assert_int_equal(bench_held(&b), 2); /* the place, and who waits behind it */
    bench_sleep(&b, 60000000);
    assert_int_equal(left_in_order(1), 1);
    assert_int_equal(bench_held(&b), 0);
}

/* Places count as packets do: one port has so many, and what is beyond is not fetched back to be dropped. */
static void bounds(void **state)
{
    uint64_t returned;

    (void)state;
    for (uint16_t n = 0; n < 100; n++)
        send(1000, n, LARGE);
    bench_run(&b);
    assert_int_equal(bench_held(&b), DP_PARK_PORT);
    assert_int_equal(bench_drops(&b, "a", HSR_DROP_NEIGH_PENDING), 100 - DP_PARK_PORT);
    nic_sync(b.nic);
    returned = nic_region(b.nic)->view.stats[bench_index(&b, "a")].pre_returned;
    assert_int_equal(returned, DP_PARK_PORT);
    answer();
    assert_int_equal(left_in_order(1), DP_PARK_PORT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(in_turn, setup, teardown),
        cmocka_unit_test_setup_teardown(in_turn, setup_two, teardown),
        cmocka_unit_test_setup_teardown(answered_meanwhile, setup, teardown),
        cmocka_unit_test_setup_teardown(known_by_now, setup, teardown),
        cmocka_unit_test_setup_teardown(stream, setup, teardown),
        cmocka_unit_test_setup_teardown(stream, setup_two, teardown),
        cmocka_unit_test_setup_teardown(lost_on_its_way, setup, teardown),
        cmocka_unit_test_setup_teardown(bounds, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

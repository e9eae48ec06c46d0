/* SPDX-License-Identifier: Apache-2.0 */
/* Well-formed packets of hosts that mean harm: on the underlay, behind other VTEPs, and guests. */
#include "internal.h"
#include "topology.h"

static int setup(void **state)
{
    static struct bench b;

    bench_open(&b, &(struct bench_config){0}, TOP_ALL);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bench_close(*state);
    return 0;
}

static struct dp_neighbors *neighbors(struct bench *b)
{
    return &fw_worker(b->fw, 0)->shared->neighbors;
}

static void arp_from(struct bench *b, uint16_t op, uint64_t mac, const char *ip)
{
    fr_arp(&out, op, mac, ip, op == 2 ? MAC_UP : 0, "192.0.2.1");
    bench_push(b, "up", &out);
    bench_run(b);
    while (bench_pop(b, "up", &in))
        continue;
}

static uint32_t known(struct bench *b)
{
    uint32_t n = 0;

    for (unsigned i = 0; i < DP_NEIGHBORS; i++)
        n += neighbors(b)->entry[i].addr != 0;
    return n;
}

/* A table of those who asked for us would be full before those we need are in it. */
static void made_up_neighbours_fill_nothing(void **state)
{
    struct bench *b = *state;
    char ip[16];

    for (unsigned i = 2; i < 254; i++) {
        snprintf(ip, sizeof ip, "192.0.2.%u", i);
        arp_from(b, 1, 0x020000001000 + i, ip);
        snprintf(ip, sizeof ip, "203.0.113.%u", i);
        arp_from(b, 1, 0x020000001000 + i, ip);
    }
    assert_int_equal(known(b), 0);
    assert_int_equal(neighbors(b)->changes, 0);
}

static void a_known_neighbour_is_not_taken_over_at_will(void **state)
{
    struct fr_flow f = {
        .smac = MAC_A, .dmac = GW, .src = "10.1.0.5", .dst = "10.4.0.1", .sport = 5, .dport = 6};
    struct bench *b = *state;

    fr_udp(&more, &f, 10);
    bench_push(b, "a", &more);
    bench_run(b);
    assert_true(bench_pop(b, "up", &in)); /* who has 192.0.2.3? */
    arp_from(b, 2, MAC_H3, "192.0.2.3");
    for (unsigned i = 0; i < 100; i++)
        arp_from(b, 1 + i % 2, 0x020000006666 + i, "192.0.2.3");
    assert_int_equal(neighbors(b)->changes, 1);
    /* Nor emptied, nor made a group or ourselves, later on either. */
    bench_sleep(b, 2000000000);
    arp_from(b, 2, 0, "192.0.2.3");
    arp_from(b, 2, 0xFFFFFFFFFFFF, "192.0.2.3");
    arp_from(b, 2, MAC_UP, "192.0.2.3");
    assert_int_equal(neighbors(b)->changes, 1);
    bench_passes(b, "a", &more, "up", &in);
    expect_tunnel(&in, "192.0.2.3", MAC_H3, 100);
    /* A host that has really moved is found again. */
    arp_from(b, 1, 0x020000006666, "192.0.2.3");
    bench_passes(b, "a", &more, "up", &in);
    expect_tunnel(&in, "192.0.2.3", 0x020000006666, 100);
}

/* An announcement of our own address, and answers that would go to everybody. */
static void arp_reflects_nothing(void **state)
{
    struct bench *b = *state;

    fr_arp(&out, 1, MAC_H2, "192.0.2.1", 0, "192.0.2.1");
    bench_push(b, "up", &out);
    bench_run(b);
    bench_quiet(b);
    fr_arp(&out, 1, MAC_H2, "192.0.2.2", 0, "192.0.2.1");
    fr_mac(out.b + 22, UINT64_C(0xFFFFFFFFFFFF));
    bench_refused(b, "up", &out, HSR_DROP_ARP_BAD);
    fr_mac(out.b + 22, 0);
    bench_refused(b, "up", &out, HSR_DROP_ARP_BAD);
    fr_arp(&out, 1, MAC_V, "10.1.0.10", 0, "10.1.0.254");
    fr_mac(out.b + 22, 0);
    bench_refused(b, "v", &out, HSR_DROP_ARP_BAD);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(made_up_neighbours_fill_nothing),
        TEST(a_known_neighbour_is_not_taken_over_at_will),
        TEST(arp_reflects_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

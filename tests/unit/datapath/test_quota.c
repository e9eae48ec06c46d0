/* SPDX-License-Identifier: Apache-2.0 */
/* What one guest may take of that which all share: next hops that are asked for, packets that wait for them, ports of a pool. */
#include "internal.h"
#include "nat_world.h"

static struct bench b;

static int setup(void **state)
{
    (void)state;
    bench_open(&b, &(struct bench_config){0}, NAT_ALL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_close(&b);
    return 0;
}

/* From a guest with a public address to one on the link, 192.0.2.`last`. */
static void to_the_link(const char *port, uint8_t last)
{
    bool red = port[0] == 'r';
    struct fr_flow f = {.smac = MAC_A,
                        .dmac = red ? UINT64_C(0x02005E000101) : GW,
                        .src = "10.1.0.5",
                        .sport = 7,
                        .dport = 8};
    char dst[16];

    snprintf(dst, sizeof dst, "192.0.2.%u", last);
    f.dst = dst;
    fr_udp(&out, &f, 20);
    bench_push(&b, port, &out);
}

/* Requests that left; the last one is for 192.0.2.`last`. */
static unsigned asked(uint8_t *last)
{
    unsigned n = 0;

    while (bench_pop(&b, "up", &in)) {
        if (fr_get16(in.b + 12) != 0x0806)
            continue;
        *last = in.b[14 + 27];
        n++;
    }
    return n;
}

/* Fault 44: A guest that walks through the link has so many questions open, and another one asks what it wants. */
static void walks_through_the_link(void **state)
{
    uint8_t last;

    (void)state;
    for (unsigned i = 0; i < 150; i++)
        to_the_link("a", (uint8_t)(20 + i));
    bench_run(&b);
    assert_int_equal(asked(&last), DP_NEIGHBOR_OPEN);
    assert_int_equal(bench_drops(&b, "a", HSR_DROP_NEIGH_QUOTA), 150 - DP_NEIGHBOR_OPEN);
    to_the_link("a", 20); /* has been asked for */
    to_the_link("r", 240);
    bench_run(&b);
    assert_int_equal(asked(&last), 1);
    assert_int_equal(last, 240);
    assert_int_equal(bench_drops(&b, "a", HSR_DROP_NEIGH_QUOTA), 150 - DP_NEIGHBOR_OPEN);
    assert_int_equal(bench_drops(&b, "r", HSR_DROP_NONE), 0);
    /* One that answers, or does not for long enough, makes room. */
    fr_arp(&out, 2, 0x02AA00000020, "192.0.2.20", MAC_UP, "192.0.2.1");
    bench_push(&b, "up", &out);
    bench_run(&b);
    to_the_link("a", 210);
    bench_run(&b);
    to_the_link("a", 211);
    bench_run(&b);
    assert_int_equal(asked(&last), 1);
    assert_int_equal(last, 210);
    assert_int_equal(bench_drops(&b, "a", HSR_DROP_NEIGH_QUOTA), 151 - DP_NEIGHBOR_OPEN);
    bench_sleep(&b, 4500000000);
    while (bench_pop(&b, "up", &in))
        continue;
    to_the_link("a", 212);
    bench_run(&b);
    assert_true(asked(&last) >= 1);
    assert_int_equal(bench_drops(&b, "a", HSR_DROP_NEIGH_QUOTA), 151 - DP_NEIGHBOR_OPEN);
    bench_age(&b);
    while (bench_pop(&b, "up", &in))
        continue;
}

/* From outside, by answers that would go to sources on the link: at the expense of whom they ask. */
static void asked_from_outside(void **state)
{
    uint8_t last = 0;
    char src[16];

    (void)state;
    for (unsigned i = 0; i < 150; i++) {
        struct fr_flow f = {.smac = MAC_N, .dmac = MAC_UP, .dst = "203.0.113.5", .dport = 9};

        snprintf(src, sizeof src, "192.0.2.%u", 20 + i);
        f.src = src;
        fr_udp(&out, &f, 20);
        bench_push(&b, "up", &out);
    }
    bench_run(&b);
    assert_int_equal(asked(&last), DP_NEIGHBOR_OPEN);
    assert_int_equal(bench_drops(&b, "up", HSR_DROP_NEIGH_QUOTA), 150 - DP_NEIGHBOR_OPEN);
    to_the_link("r", 240);
    bench_run(&b);
    assert_int_equal(asked(&last), 1);
    assert_int_equal(last, 240);
    bench_age(&b);
    while (bench_pop(&b, "up", &in))
        continue;
}

/* A flow of b's out of the pool: does it get a port? */
static bool gets_a_port(uint16_t sport)
{
    struct way w = b_out;
    bool left;

    w.is.sport = sport;
    build(&out, &w.is, UDP);
    bench_push(&b, "b", &out);
    bench_run(&b);
    left = bench_pop(&b, "up", &in);
    return left;
}

static uint64_t tries(void)
{
    return dp_nat(fw_worker(b.fw, 0))->tries;
}

static void one_session_less(void)
{
    ses_remove_port(dp_sessions(fw_worker(b.fw, 0)), bench_index(&b, "b"), 1);
}

/* All ports of a pool are taken towards a destination: what comes on costs no search, until a port is free, or some time. */
static void pool_is_empty(void **state)
{
    uint64_t before;

    (void)state;
    for (uint16_t i = 0; i < 64; i++)
        assert_true(gets_a_port((uint16_t)(3000 + i)));
    assert_false(gets_a_port(4000));
    before = tries();
    for (uint16_t i = 0; i < 100; i++)
        assert_false(gets_a_port((uint16_t)(4001 + i)));
    assert_int_equal(tries(), before);
    assert_int_equal(dp_nat(fw_worker(b.fw, 0))->failures, 101);
    assert_int_equal(bench_drops(&b, "b", HSR_DROP_NAT_PORTS), 101);
    one_session_less();
    assert_true(gets_a_port(5000));
    assert_false(gets_a_port(5001));
    before = tries();
    assert_false(gets_a_port(5002));
    assert_int_equal(tries(), before);
    b.now += 200000000;
    assert_false(gets_a_port(5003));
    assert_int_equal(tries(), before + 64);
}

/* A search that gives up may be wrong: one that found nothing is not believed, several are, and for a moment. */
static void pool_is_nearly_empty(void **state)
{
    uint64_t before, searched;
    uint16_t sport = 3000;
    unsigned got = 0;

    (void)state;
    apply(&b, NAT_HEAD NAT_EIPS NAT_POOL("20000-20199"));
    for (; got < 200; b.now += 2000000)
        got += gets_a_port(sport++);
    before = tries();
    for (unsigned i = 0; i < 1000; i++)
        assert_false(gets_a_port((uint16_t)(sport + i)));
    searched = tries() - before;
    assert_true(searched >= 64 && searched <= 5 * 64);
    one_session_less();
    for (sport = 20000; !gets_a_port(sport); b.now += 2000000)
        assert_true(++sport < 20400); /* one of three tries finds it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(walks_through_the_link, setup, teardown),
        cmocka_unit_test_setup_teardown(asked_from_outside, setup, teardown),
        cmocka_unit_test_setup_teardown(pool_is_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(pool_is_nearly_empty, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

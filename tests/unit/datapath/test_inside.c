/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of known sessions out of a tunnel: most go a short way through parser and datapath, those with anything unusual about the
 * outside a long one, and what the guest gets is the same. Whom the tunnel must come from holds for each of them.
 */
#include "topology.h"

#define OUTER_UDP 34
#define INNER     50

/* The outside of a packet from host 2, from what all take the short way for to what nobody does. */
enum outside { PLAIN, WITH_SUM, ECN_MARKED, PADDED, TAGGED, OUTSIDES };

/* RFC 768 over the whole of it. */
static void add_sum(struct fr *f)
{
    uint8_t *udp = f->b + OUTER_UDP;
    uint32_t len = f->len - OUTER_UDP;
    uint64_t sum = fr_sum(fr_sum(17 + len, f->b + 26, 8), udp, len);

    fr_put16(udp + 6, (uint16_t)~fr_fold(sum));
}

static void from_outside(struct fr *f, enum outside how)
{
    struct fr_flow outer = h2_to_1;

    outer.tos = how == ECN_MARKED ? 2 : 0;
    fr_vxlan(f, &outer, 100);
    switch (how) {
    case WITH_SUM:
        add_sum(f);
        break;
    case PADDED:
        memset(f->b + f->len, 0xEE, 7);
        f->len += 7;
        break;
    case TAGGED:
        memmove(f->b + 16, f->b + 12, f->len - 12);
        fr_put32(f->b + 12, UINT32_C(0x81000007));
        f->len += 4;
        break;
    default:
        break;
    }
}

static void udp_either_way(void **state)
{
    struct bench *b = *state;
    struct fr_flow back = fr_back(&a_to_9);

    fr_udp(&out, &a_to_9, 30);
    bench_passes(b, "a", &out, "up", &in);
    for (unsigned how = 0; how < 3 * OUTSIDES; how++) {
        fr_udp(&more, &back, how % 4 == 0 ? 0 : 20 + how); /* short ones have padding inside */
        out = more;
        from_outside(&out, (enum outside)(how % OUTSIDES));
        struct dp_counters before = bench_counters(b);

        bench_passes(b, "up", &out, "a", &in);
        expect_like(&in, &more, MAC_A, MAC_9, 0);
        assert_int_equal(bench_counters(b).slow, before.slow);
        assert_int_equal(bench_counters(b).hits_flow_id + bench_counters(b).hits_table,
                         before.hits_flow_id + before.hits_table + 1);
    }
    assert_int_equal(bench_sessions(b), 1);
}

static void tcp_either_way(void **state)
{
    struct bench *b = *state;
    struct fr_flow back = fr_back(&a_to_9);
    uint32_t next = 1;

    fr_tcp(&out, &a_to_9, FR_SYN, 0, 0, 0);
    bench_passes(b, "a", &out, "up", &in);
    fr_tcp(&out, &back, FR_SYN | FR_ACK, 0, 1, 0);
    from_outside(&out, PLAIN);
    bench_passes(b, "up", &out, "a", &in);
    fr_tcp(&out, &a_to_9, FR_ACK, 1, 1, 0);
    bench_passes(b, "a", &out, "up", &in);
    for (unsigned how = 0; how < 3 * OUTSIDES; how++) {
        uint32_t bytes = 10 * (how % 3);

        fr_tcp(&more, &back, FR_ACK | FR_PSH, next, 1, bytes);
        next += bytes;
        out = more;
        from_outside(&out, (enum outside)(how % OUTSIDES));
        bench_passes(b, "up", &out, "a", &in);
        expect_like(&in, &more, MAC_A, MAC_9, 0);
    }
    fr_tcp(&out, &back, FR_ACK, next + 1000000000, 1, 10); /* out of the window the short way too */
    from_outside(&out, PLAIN);
    bench_refused(b, "up", &out, HSR_DROP_TCP_WINDOW);
}

/* Dropped for this reason, and the sender is told. */
static void sent_back(struct bench *b, enum hsr_drop why)
{
    from_outside(&out, PLAIN);
    bench_push(b, "up", &out);
    bench_run(b);
    assert_int_equal(bench_drops(b, "up", why), 1);
    assert_true(bench_pop(b, "up", &in));
    bench_quiet(b);
}

/* Host 2 leaves it to us to route: a hop less each time, until there is none left; what is too large for the guest is not sent. */
static void routed_to_the_guest(void **state)
{
    struct bench *b = *state;
    struct fr_flow through = {.smac = MAC_29,
                              .dmac = GW2,
                              .src = "10.2.0.9",
                              .dst = "10.1.0.5",
                              .sport = 1000,
                              .dport = 80};

    for (unsigned how = 0; how < 3 * OUTSIDES; how++) {
        fr_udp(&more, &through, 20 + how);
        out = more;
        from_outside(&out, (enum outside)(how % OUTSIDES));
        bench_passes(b, "up", &out, "a", &in);
        expect_like(&in, &more, MAC_A, GW, 1);
    }
    assert_int_equal(bench_sessions(b), 1);
    through.ttl = 1;
    fr_udp(&out, &through, 20);
    sent_back(b, HSR_DROP_TTL);
    through.ttl = 0;
    fr_udp(&out, &through, 1500 - 28 + 1);
    sent_back(b, HSR_DROP_PMTU);
}

/* In the middle of a vector: one from nobody we know is dropped, one of the other network is its guest's, and the rest passes. */
static void of_another_host(void **state)
{
    struct bench *b = *state;
    struct fr_flow back = fr_back(&a_to_9), stranger = h2_to_1;
    uint64_t drops = bench_drops(b, "up", HSR_DROP_NONE);

    stranger.src = "192.0.2.77";
    fr_udp(&out, &a_to_9, 30);
    bench_passes(b, "a", &out, "up", &in);
    for (unsigned i = 0; i < 5; i++) {
        fr_udp(&out, &back, 40 + i);
        fr_vxlan(&out, i == 2 ? &stranger : &h2_to_1, i == 3 ? 200 : 100);
        bench_push(b, "up", &out);
    }
    bench_run(b);
    for (unsigned i = 0; i < 5; i++) {
        if (i == 2)
            continue;
        assert_true(bench_pop(b, i == 3 ? "r" : "a", &in));
        fr_udp(&more, &back, 40 + i);
        expect_like(&in, &more, MAC_A, MAC_9, 0);
    }
    assert_int_equal(bench_drops(b, "up", HSR_DROP_NONE), drops + 1);
    bench_quiet(b);
}

/* Nor one of a host that has gone from the configuration, whose sessions have all gone elsewhere. */
static void no_longer_ours(void **state)
{
    static char text[8192];
    struct bench *b = *state;
    struct fr_flow back = fr_back(&a_to_9);
    struct cfg_error error = {0};
    char *at;

    fr_udp(&out, &a_to_9, 30);
    bench_passes(b, "a", &out, "up", &in);
    fr_udp(&more, &back, 30);
    from_host2(&more, 100);
    bench_passes(b, "up", &more, "a", &in);
    snprintf(text, sizeof text, "%s", TOP_ALL);
    while ((at = strstr(text, "vtep: 192.0.2.2")) != NULL)
        at[strlen("vtep: 192.0.2.")] = '4';
    assert_int_equal(bench_apply(b, text, &error), 0);
    bench_push(b, "up", &more);
    bench_run(b);
    while (bench_pop(b, "up", &in)) /* where is 192.0.2.4? */
        assert_int_equal(fr_get16(in.b + 12), 0x0806);
    bench_quiet(b);
    assert_int_equal(bench_drops(b, "up", HSR_DROP_NONE), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, top_open, top_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(udp_either_way),  TEST(tcp_either_way), TEST(routed_to_the_guest),
        TEST(of_another_host), TEST(no_longer_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

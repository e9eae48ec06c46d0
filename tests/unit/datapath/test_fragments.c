/* SPDX-License-Identifier: Apache-2.0 */
/* Fragments of guests and of the network: in any order, judged by the first, bounded, and never put together. */
#include "topology.h"

#define ID   0x1234
#define SIZE 1400 /* bytes of data in a fragment */

static const struct fr_flow six_to_c = {
    .smac = MAC_A, .dmac = GW, .src = "fd00:1::5", .dst = "fd00:2::5", .sport = 7, .dport = 8};

static struct fr whole, part, got;

/* Fragment `i` of `whole`, as every sender cuts it. */
static void cut(struct fr *o, uint32_t id, uint32_t i)
{
    uint32_t data = whole.len - FR_L3 - (fr_get16(whole.b + 12) == 0x86DD ? 40 : 20);

    fr_fragment(o, &whole, id, i * SIZE, SIZE, (i + 1) * SIZE < data);
}

static void push(struct bench *b, const char *port, uint32_t id, uint32_t i)
{
    cut(&part, id, i);
    bench_push(b, port, &part);
    bench_run(b);
}

/* Fragment `i` leaves next, by `port` to c behind the gateway. */
static void expect_c(struct bench *b, uint32_t id, uint32_t i)
{
    assert_true(bench_pop(b, "c", &got));
    cut(&part, id, i);
    expect_like(&got, &part, MAC_C, GW2, 1);
}

static void in_order(void **state)
{
    struct bench *b = *state;
    const struct fr_flow *flow[] = {&a_to_c, &six_to_c};

    for (unsigned f = 0; f < 2; f++) {
        fr_udp(&whole, flow[f], 5000);
        for (uint32_t i = 0; i < 4; i++) {
            push(b, "a", ID, i);
            expect_c(b, ID, i);
        }
    }
    assert_int_equal(bench_counters(b).slow, 2);
    assert_int_equal(bench_sessions(b), 2);
    bench_quiet(b);
}

/* The first one comes last, or in the middle; the others follow it as they came. */
static void out_of_order(void **state)
{
    static const uint32_t order[][4] = {{3, 2, 1, 0}, {1, 0, 3, 2}, {2, 3, 0, 1}};
    struct bench *b = *state;
    uint32_t id = ID;

    for (unsigned o = 0; o < 3; o++, id++) {
        uint32_t first = 0;

        fr_udp(&whole, &a_to_c, 5000);
        while (order[o][first] != 0)
            push(b, "a", id, order[o][first++]);
        assert_int_equal(bench_held(b), first);
        bench_quiet(b);
        push(b, "a", id, 0);
        assert_int_equal(bench_held(b), 0);
        expect_c(b, id, 0);
        for (uint32_t i = 0; i < first; i++)
            expect_c(b, id, order[o][i]);
        for (uint32_t i = first + 1; i < 4; i++) {
            push(b, "a", id, order[o][i]);
            expect_c(b, id, order[o][i]);
        }
    }
    bench_quiet(b);
}

/* As long as a datagram can be: what is held leaves over several turns, and those of the same burst stay behind it. */
static void longest_backwards(void **state)
{
    struct bench *b = *state;
    const uint32_t n = 46;

    fr_udp(&whole, &a_to_c, 46 * SIZE - 8);
    for (uint32_t i = n; i-- > 1;) {
        cut(&part, ID, i);
        bench_push(b, "a", &part);
    }
    bench_run(b);
    assert_int_equal(bench_held(b), n - 1);
    push(b, "a", ID, 0);
    expect_c(b, ID, 0);
    for (uint32_t i = n; i-- > 1;)
        expect_c(b, ID, i);
    assert_int_equal(bench_held(b), 0);
    bench_quiet(b);
}

static void through_the_tunnel(void **state)
{
    struct bench *b = *state;
    struct fr_flow back = fr_back(&a_to_9);
    uint16_t entropy;

    fr_udp(&whole, &a_to_9, 3000);
    push(b, "a", ID, 1);
    push(b, "a", ID, 0);
    push(b, "a", ID, 2);
    assert_true(bench_pop(b, "up", &got));
    entropy = fr_get16(got.b + 34);
    expect_tunnel(&got, "192.0.2.2", MAC_H2, 100);
    cut(&part, ID, 0);
    expect_like(&got, &part, MAC_9, MAC_A, 0);
    for (uint32_t i = 1; i < 3; i++) {
        assert_true(bench_pop(b, "up", &got));
        assert_int_equal(fr_get16(got.b + 34), entropy); /* one way through the underlay */
        expect_tunnel(&got, "192.0.2.2", MAC_H2, 100);
        cut(&part, ID, i);
        expect_like(&got, &part, MAC_9, MAC_A, 0);
    }
    fr_udp(&whole, &back, 3000);
    for (uint32_t i = 3; i-- > 0;) {
        cut(&out, ID, i);
        from_host2(&out, 100);
        bench_push(b, "up", &out);
        bench_run(b);
    }
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(bench_pop(b, "a", &got));
        cut(&part, ID, i == 0 ? 0 : 3 - i);
        expect_like(&got, &part, MAC_A, MAC_9, 0);
    }
    assert_int_equal(bench_sessions(b), 1); /* the answer is the session's too */
    bench_quiet(b);
}

/* The first one does not wait for its next hop, for the others would pass it by: the datagram is lost, and for that reason. */
static void no_next_hop_yet(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = a_to_c;

    f.dst = "10.4.0.1"; /* behind 192.0.2.3 */
    fr_udp(&whole, &f, 5000);
    push(b, "a", ID, 2);
    push(b, "a", ID, 0);
    assert_int_equal(bench_held(b), 0);
    push(b, "a", ID, 1);
    push(b, "a", ID, 3);
    assert_int_equal(bench_drops(b, "a", HSR_DROP_NEIGH_PENDING), 4);
    assert_true(bench_pop(b, "up", &got)); /* the question */
    fr_arp(&out, 2, MAC_H3, "192.0.2.3", MAC_UP, "192.0.2.1");
    bench_push(b, "up", &out);
    bench_run(b);
    bench_quiet(b);
    for (uint32_t i = 0; i < 4; i++) {
        push(b, "a", ID + 1, i);
        assert_true(bench_pop(b, "up", &got));
        expect_tunnel(&got, "192.0.2.3", MAC_H3, 100);
    }
}

/* Security groups see every fragment, whichever comes first. */
static void refused_by_the_group(void **state)
{
    struct bench *b = *state;
    struct cfg_error e;

    assert_int_equal(bench_apply(b,
                                 TOP_OPTIONS("") TOP_NET TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("")
                                     TOP_B("") TOP_C("closed") TOP_V TOP_R,
                                 &e),
                     0);
    fr_udp(&whole, &a_to_c, 5000);
    push(b, "a", ID, 2);
    push(b, "a", ID, 0);
    push(b, "a", ID, 1);
    push(b, "a", ID, 3);
    assert_int_equal(bench_drops(b, "a", HSR_DROP_SG_INGRESS), 4);
    assert_int_equal(bench_sessions(b), 0);
    bench_quiet(b);
}

static void no_session_no_more(void **state)
{
    struct bench *b = *state;
    struct ctl_session_filter all = {.proto = 0};

    fr_udp(&whole, &a_to_c, 5000);
    push(b, "a", ID, 0);
    expect_c(b, ID, 0);
    assert_int_equal(fw_session_flush(b->fw, &all), 1);
    push(b, "a", ID, 1);
    assert_int_equal(bench_drops(b, "a", HSR_DROP_NO_SESSION), 1);
    bench_quiet(b);
}

/* Fault 10: fragments that overlap. */
static void overlaps(void **state)
{
    static const struct {
        uint32_t at, len;
        bool more;
    } row[] = {
        {1392, 1400, true},  /* the end of the first, the beginning of the third */
        {2792, 16, true},    /* eight bytes of either */
        {0, 2800, true},     /* the first and more */
        {16000, 800, false}, /* behind the end */
        {1400, 1400, false}, /* another end, before what has come */
    };
    struct bench *b = *state;
    uint64_t drops = 0;

    for (unsigned i = 0; i < sizeof row / sizeof row[0]; i++) {
        uint32_t id = ID + i;

        fr_udp(&whole, &a_to_c, 20000);
        push(b, "a", id, 0);
        expect_c(b, id, 0);
        push(b, "a", id, 2);
        expect_c(b, id, 2);
        fr_fragment(&part, &whole, id, 5600, 800, false); /* its end */
        bench_push(b, "a", &part);
        bench_run(b);
        assert_true(bench_pop(b, "c", &got));
        fr_fragment(&part, &whole, id, row[i].at, row[i].len, row[i].more);
        bench_push(b, "a", &part);
        bench_run(b);
        push(b, "a", id, 1); /* the missing one, too late */
        drops += 2;
        assert_int_equal(bench_drops(b, "a", HSR_DROP_FRAG_OVERLAP), drops);
    }
    bench_quiet(b);
}

/* Fault 10: What is held goes with the datagram; one that was condemned stays so until its time is up. */
static void overlap_among_the_held(void **state)
{
    struct bench *b = *state;

    fr_udp(&whole, &a_to_c, 5000);
    push(b, "a", ID, 2);
    push(b, "a", ID, 3);
    fr_fragment(&part, &whole, ID, 2 * SIZE - 8, SIZE, true);
    bench_push(b, "a", &part);
    bench_run(b);
    assert_int_equal(bench_held(b), 0);
    assert_int_equal(bench_drops(b, "a", HSR_DROP_FRAG_OVERLAP), 3);
    for (uint32_t i = 0; i < 4; i++)
        push(b, "a", ID, i);
    assert_int_equal(bench_drops(b, "a", HSR_DROP_FRAG_OVERLAP), 7);
    bench_sleep(b, 2000000000);
    for (uint32_t i = 0; i < 4; i++) {
        push(b, "a", ID, i);
        expect_c(b, ID, i);
    }
    bench_quiet(b);
}

/* Fault 10: fragments that come twice. */
static void duplicates(void **state)
{
    struct bench *b = *state;

    fr_udp(&whole, &a_to_c, 5000);
    push(b, "a", ID, 1);
    push(b, "a", ID, 1);
    push(b, "a", ID, 0);
    push(b, "a", ID, 0);
    fr_fragment(&part, &whole, ID, 8, 2 * SIZE - 8, true); /* wholly within what has come */
    bench_push(b, "a", &part);
    bench_run(b);
    assert_int_equal(bench_drops(b, "a", HSR_DROP_FRAG_DUP), 3);
    push(b, "a", ID, 2);
    push(b, "a", ID, 3);
    expect_c(b, ID, 0);
    for (uint32_t i = 1; i < 4; i++)
        expect_c(b, ID, i);
    /* It was complete: the same identification is another datagram. */
    push(b, "a", ID, 0);
    expect_c(b, ID, 0);
    bench_quiet(b);
}

/* Fault 10: a first fragment that never comes. */
static void first_never_comes(void **state)
{
    struct bench *b = *state;

    fr_udp(&whole, &a_to_c, 5000);
    push(b, "a", ID, 1);
    push(b, "a", ID, 2);
    bench_sleep(b, 900000000);
    assert_int_equal(bench_held(b), 2);
    bench_sleep(b, 200000000);
    assert_int_equal(bench_held(b), 0);
    assert_int_equal(bench_drops(b, "a", HSR_DROP_FRAGMENT), 2);
    push(b, "a", ID, 0); /* and so is nobody's first any more */
    expect_c(b, ID, 0);
    push(b, "a", ID, 1);
    expect_c(b, ID, 1);
    bench_quiet(b);
}

/* Fault 10: One guest's share; another's datagrams pass meanwhile. */
static void quota_of_slots(void **state)
{
    struct bench *b = *state;
    uint64_t refused;

    fr_udp(&whole, &a_to_c, 5000);
    for (uint32_t i = 0; i < 100; i++) {
        push(b, "a", ID + i, 1);
        push(b, "a", ID + i, 2);
    }
    refused = bench_drops(b, "a", HSR_DROP_FRAG_QUOTA);
    assert_int_equal(bench_held(b), 128);
    assert_int_equal(refused, 200 - 128);
    push(b, "a", ID + 99, 0); /* its others are gone: so is it */
    assert_int_equal(bench_drops(b, "a", HSR_DROP_FRAG_QUOTA), refused + 1);
    push(b, "a", ID, 0);
    expect_c(b, ID, 0);
    expect_c(b, ID, 1);
    expect_c(b, ID, 2);
    fr_udp(&whole,
           &(struct fr_flow){.smac = MAC_B, .dmac = GW, .src = "10.1.0.6", .dst = "10.2.0.5"},
           5000);
    push(b, "b", ID + 9, 1);
    push(b, "b", ID + 9, 0);
    expect_c(b, ID + 9, 0);
    expect_c(b, ID + 9, 1);
    bench_quiet(b);
}

/* Fault 10: a flood of datagrams that are never whole. */
static void quota_of_datagrams(void **state)
{
    struct bench *b = *state;

    fr_udp(&whole, &a_to_c, 5000);
    for (uint32_t i = 0; i < 130; i++)
        push(b, "a", ID + i, 0);
    assert_int_equal(bench_drops(b, "a", HSR_DROP_FRAG_QUOTA), 2);
    for (uint32_t i = 0; i < 128; i++)
        expect_c(b, ID + i, 0);
    bench_sleep(b, 2000000000);
    push(b, "a", ID, 0);
    expect_c(b, ID, 0);
    bench_quiet(b);
}

/* From the network at the expense of whom it is for: the fragments to c find room. */
static void quota_of_the_receiver(void **state)
{
    struct bench *b = *state;
    struct fr_flow to_a = fr_back(&a_to_9), to_c = {.smac = MAC_29,
                                                    .dmac = MAC_C,
                                                    .src = "10.2.0.9",
                                                    .dst = "10.2.0.5",
                                                    .sport = 1};

    for (uint32_t i = 0; i < 140; i++) {
        fr_udp(&whole, &to_a, 5000);
        cut(&out, ID + i, 1);
        from_host2(&out, 100);
        bench_push(b, "up", &out);
        bench_run(b);
    }
    assert_int_equal(bench_drops(b, "up", HSR_DROP_FRAG_QUOTA), 12);
    fr_udp(&whole, &to_c, 2000);
    for (uint32_t i = 2; i-- > 0;) {
        cut(&out, ID, i);
        from_host2(&out, 100);
        bench_push(b, "up", &out);
        bench_run(b);
    }
    for (uint32_t i = 0; i < 2; i++) {
        assert_true(bench_pop(b, "c", &got));
        cut(&part, ID, i);
        expect_like(&got, &part, MAC_C, MAC_29, 0);
    }
    bench_quiet(b);
}

/* Fault 10: Two tenants with the same addresses, two senders that claim the same: never one datagram. */
static void never_mixed(void **state)
{
    struct bench *b = *state;
    struct fr_flow lie = a_to_c;

    fr_udp(&whole, &a_to_c, 5000);
    push(b, "a", ID, 1);
    push(b, "r", ID, 0); /* red has no 10.2.0.5: refused, and that is not blue's business */
    assert_int_equal(bench_held(b), 1);
    lie.smac = MAC_B;
    fr_udp(&whole, &lie, 5000);
    push(b, "b", ID, 0);
    assert_int_equal(bench_drops(b, "b", HSR_DROP_SPOOF_IP), 1);
    push(b, "b", ID, 2);
    assert_int_equal(bench_drops(b, "b", HSR_DROP_SPOOF_IP), 2);
    lie.smac = MAC_A;
    fr_udp(&whole, &lie, 5000);
    push(b, "b", ID, 3);
    assert_int_equal(bench_drops(b, "b", HSR_DROP_SPOOF_MAC), 1);
    fr_udp(&whole, &a_to_c, 5000);
    push(b, "a", ID, 0);
    expect_c(b, ID, 0);
    expect_c(b, ID, 1);
    bench_quiet(b);
}

static void echo(void **state)
{
    struct bench *b = *state;
    static uint8_t body[4000];
    struct fr_flow gw = {.smac = MAC_A, .dmac = GW, .src = "10.1.0.5", .dst = "10.1.0.254"};
    struct fr_flow back = fr_back(&gw);
    static struct fr answer;

    /* Through: a session, as of an unfragmented one. */
    body[1] = 7;
    for (unsigned i = 4; i < sizeof body; i++)
        body[i] = (uint8_t)i;
    fr_icmp(&whole, &a_to_c, 8, 0, body, sizeof body);
    for (uint32_t i = 3; i-- > 0;)
        push(b, "a", ID, i);
    expect_c(b, ID, 0);
    expect_c(b, ID, 2);
    expect_c(b, ID, 1);
    assert_int_equal(bench_sessions(b), 1);
    /* To the gateway: answered piece by piece. */
    fr_icmp(&answer, &back, 0, 0, body, sizeof body);
    fr_icmp(&whole, &gw, 8, 0, body, sizeof body);
    for (uint32_t i = 3; i-- > 0;)
        push(b, "a", ID, i);
    whole = answer;
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(bench_pop(b, "a", &got));
        cut(&part, ID, i == 0 ? 0 : 3 - i);
        expect_like(&got, &part, MAC_A, GW, 0);
    }
    assert_int_equal(bench_sessions(b), 1);
    bench_quiet(b);
}

/* Nothing but echo comes in pieces (RFC 6980; errors are cut to fit). */
static void no_such_icmp(void **state)
{
    struct bench *b = *state;
    static uint8_t body[2000];

    fr_icmp(&whole, &a_to_c, 3, 4, body, sizeof body);
    cut(&part, ID, 0);
    bench_refused(b, "a", &part, HSR_DROP_ICMP_INNER);
    fr_icmp(&whole, &six_to_c, 1, 4, body, sizeof body);
    cut(&part, ID, 0);
    bench_refused(b, "a", &part, HSR_DROP_ICMP_INNER);
    fr_icmp(&whole, &six_to_c, 136, 0, body, sizeof body);
    cut(&part, ID + 1, 0);
    bench_refused(b, "a", &part, HSR_DROP_ND_BAD);
    cut(&part, ID + 1, 1);
    bench_refused(b, "a", &part, HSR_DROP_ND_BAD);
}

/* The segment counts as a whole: what answers all of it is in the window. */
static void tcp(void **state)
{
    struct bench *b = *state;
    struct fr_flow back = {.smac = MAC_C,
                           .dmac = GW2,
                           .src = "10.2.0.5",
                           .dst = "10.1.0.5",
                           .sport = 80,
                           .dport = 1000};

    fr_tcp(&out, &a_to_c, FR_SYN, 0, 0, 0);
    bench_passes(b, "a", &out, "c", &in);
    fr_tcp(&out, &back, FR_SYN | FR_ACK, 0, 1, 0);
    bench_passes(b, "c", &out, "a", &in);
    fr_tcp(&whole, &a_to_c, FR_ACK | FR_FIN, 1, 1, 4000);
    push(b, "a", ID, 2);
    push(b, "a", ID, 0);
    push(b, "a", ID, 1);
    expect_c(b, ID, 0);
    expect_c(b, ID, 2);
    expect_c(b, ID, 1);
    fr_tcp(&out, &back, FR_ACK, 1, 4002, 0);
    bench_passes(b, "c", &out, "a", &in);
    fr_tcp(&out, &back, FR_ACK, 1, 4003, 0); /* never sent */
    bench_refused(b, "c", &out, HSR_DROP_TCP_WINDOW);
}

/* SCTP has ports, others none. */
static void other_protocols(void **state)
{
    struct bench *b = *state;
    static uint8_t body[3000] = {0x12, 0x34, 0x56, 0x78};
    static const uint8_t proto[] = {132, 47};

    for (unsigned i = 0; i < 2; i++) {
        fr_ip(&whole, &a_to_c, proto[i], body, sizeof body);
        push(b, "a", ID, 1);
        push(b, "a", ID, 0);
        expect_c(b, ID, 0);
        expect_c(b, ID, 1);
        push(b, "a", ID, 2);
        expect_c(b, ID, 2);
    }
    assert_int_equal(bench_sessions(b), 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, top_open, top_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(in_order),
        TEST(out_of_order),
        TEST(longest_backwards),
        TEST(through_the_tunnel),
        TEST(no_next_hop_yet),
        TEST(refused_by_the_group),
        TEST(no_session_no_more),
        TEST(overlaps),
        TEST(overlap_among_the_held),
        TEST(duplicates),
        TEST(first_never_comes),
        TEST(quota_of_slots),
        TEST(quota_of_datagrams),
        TEST(quota_of_the_receiver),
        TEST(never_mixed),
        TEST(echo),
        TEST(no_such_icmp),
        TEST(tcp),
        TEST(other_protocols),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

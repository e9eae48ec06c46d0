/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tunnels over IPv6: every byte of the outer header, checksums as configured, next hops found by neighbour discovery, who is
 * believed and answered.
 */
#include "underlay6_world.h"

static int setup(void **state)
{
    static struct bench b;

    bench_open(&b, &(struct bench_config){0}, UNDER6);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bench_close(*state);
    return 0;
}

static void there_and_back(void **state)
{
    struct fr_flow six = {.smac = MAC_A, .dmac = MAC_9, .src = "fd00:1::5", .dst = "fd00:1::9"};
    const struct fr_flow *const flow[] = {&a_to_9, &six};

    for (unsigned i = 0; i < 2; i++) {
        struct fr_flow back = fr_back(flow[i]);

        /* Even and odd lengths: the checksum is over all of it. */
        for (uint32_t len = 99; len <= 100; len++) {
            fr_udp(&out, flow[i], len);
            bench_passes(*state, "a", &out, "up", &in);
            expect6(&in, H2, MAC_H2, true);
            expect_like(&in, &out, MAC_9, MAC_A, 0);
        }
        fr_udp(&more, &back, 20);
        out = more;
        from_host2_six(&out);
        bench_passes(*state, "up", &out, "a", &in);
        expect_like(&in, &more, MAC_A, MAC_9, 0);
    }
    assert_int_equal(bench_sessions(*state), 2);
}

/* Fault 20: RFC 6935: a tunnel's packet may come without a checksum; one that is there must be right. */
static void received_checksums(void **state)
{
    struct fr_flow back = fr_back(&a_to_9);

    fr_udp(&more, &back, 20);
    out = more;
    from_host2_six(&out);
    fr_put16(out.b + FR_L3 + 46, 0);
    bench_passes(*state, "up", &out, "a", &in);
    expect_like(&in, &more, MAC_A, MAC_9, 0);
    fr_put16(out.b + FR_L3 + 46, 0x1234);
    bench_refused(*state, "up", &out, HSR_DROP_OUTER_CSUM);
}

/* A host for each family on the same link. */
static void both_families(void **state)
{
    struct fr_flow f = {.smac = MAC_A, .dmac = MAC_29, .src = "10.1.0.5", .dst = "10.1.0.29"};
    struct fr_flow back = fr_back(&f);

    fr_udp(&out, &f, 30);
    bench_passes(*state, "a", &out, "up", &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    expect_like(&in, &out, MAC_29, MAC_A, 0);
    fr_udp(&out, &back, 30);
    from_host2(&out, 100);
    bench_passes(*state, "up", &out, "a", &in);
    fr_udp(&out, &a_to_9, 30);
    bench_passes(*state, "a", &out, "up", &in);
    expect6(&in, H2, MAC_H2, true);
    assert_int_equal(bench_sessions(*state), 2);
}

/* Sessions that live follow the option. */
static void checksum_option(void **state)
{
    struct fr_flow four = {.smac = MAC_A, .dmac = MAC_29, .src = "10.1.0.5", .dst = "10.1.0.29"};
    struct cfg_error error;
    static const char *const text[] = {
        NET6("  udp_checksum: never\n", UPLINK, ""),
        NET6("  udp_checksum: always\n", UPLINK, ""),
        UNDER6,
    };

    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(bench_apply(*state, text[i], &error), 0);
        fr_udp(&out, &a_to_9, 101);
        bench_passes(*state, "a", &out, "up", &in);
        expect6(&in, H2, MAC_H2, i != 0);
        fr_udp(&out, &four, 101);
        bench_passes(*state, "a", &out, "up", &in);
        assert_int_equal(fr_get16(in.b + FR_L3 + 26) != 0, i == 1);
        expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    }
    assert_int_equal(bench_sessions(*state), 2);
}

static void geneve(void **state)
{
    static const uint8_t option[8] = {0x01, 0x02, 3, 1, 1, 2, 3, 4};
    struct fr_flow back = fr_back(&a_to_9);
    struct cfg_error error;

    assert_int_equal(bench_apply(*state,
                                 NET6("", UPLINK,
                                      ", encap: geneve, geneve_options: [{class: 258, type: 3, "
                                      "data: '01020304'}]"),
                                 &error),
                     0);
    fr_udp(&out, &a_to_9, 30);
    bench_passes(*state, "a", &out, "up", &in);
    more = out;
    fr_geneve(&more, &(struct fr_flow){MAC_UP, MAC_H2, US, H2, fr_get16(in.b + 54), 0, 0, 0}, 100,
              option, sizeof option);
    fr_put32(more.b + FR_L3, fr_get32(in.b + FR_L3)); /* the flow label is the flow's */
    assert_int_equal(in.len, more.len);
    assert_memory_equal(in.b, more.b, in.len);
    fr_udp(&more, &back, 30);
    out = more;
    fr_geneve(&out, &h2_to_us, 100, option, sizeof option);
    bench_passes(*state, "up", &out, "a", &in);
    expect_like(&in, &more, MAC_A, MAC_9, 0);
}

/* RFC 6438: routers spread flows by label and port; a flow keeps its own. */
static void entropy(void **state)
{
    uint32_t different = 0, last = 0;

    for (uint16_t i = 0; i < 32; i++) {
        struct fr_flow f = a_to_9;
        uint32_t first = 0;

        f.sport = (uint16_t)(3000 + i);
        for (unsigned n = 0; n < 2; n++) {
            fr_udp(&out, &f, 10 + n);
            bench_passes(*state, "a", &out, "up", &in);
            uint32_t label = fr_get32(in.b + FR_L3) & 0xFFFFF;

            expect6(&in, H2, MAC_H2, true);
            assert_true(n == 0 || label == first);
            first = label;
        }
        different += first != last;
        last = first;
    }
    assert_true(different > 30);
}

/* Marks go out and in (RFC 6040), where IPv6 has them. */
static void congestion_marks(void **state)
{
    struct fr_flow f = a_to_9, back = fr_back(&a_to_9), outer = h2_to_us;

    for (uint8_t ecn = 0; ecn < 4; ecn++) {
        f.tos = ecn;
        fr_udp(&out, &f, 10);
        bench_passes(*state, "a", &out, "up", &in);
        assert_int_equal(fr_get32(in.b + FR_L3) >> 20, 0x600 | ecn);
        expect6(&in, H2, MAC_H2, true);
    }
    back.tos = 2;
    outer.tos = 3;
    fr_udp(&out, &back, 10);
    fr_vxlan(&out, &outer, 100);
    bench_passes(*state, "up", &out, "a", &in);
    assert_int_equal(in.b[FR_L3 + 1], 3);
    back.tos = 0;
    fr_udp(&out, &back, 10);
    fr_vxlan(&out, &outer, 100);
    bench_refused(*state, "up", &out, HSR_DROP_ECN);
}

/* A GSO frame is cut inside the tunnel, and each segment has checksums of its own. */
static void gso_is_cut(void **state)
{
    struct fr_flow back = fr_back(&a_to_9);
    uint32_t next = 1, segments = 0;

    fr_tcp(&out, &a_to_9, FR_SYN, 0, 0, 0);
    bench_passes(*state, "a", &out, "up", &in);
    fr_tcp(&out, &back, FR_SYN | FR_ACK, 0, 1, 0);
    from_host2_six(&out);
    bench_passes(*state, "up", &out, "a", &in);
    fr_tcp(&out, &a_to_9, FR_ACK | FR_PSH, 1, 1, 60000);
    fr_partial(&out, 8000);
    bench_push(*state, "a", &out);
    bench_run(*state);
    while (bench_pop(*state, "up", &in)) {
        assert_true(in.len - FR_L3 <= MTU);
        expect6(&in, H2, MAC_H2, true);
        assert_int_equal(fr_get32(in.b + 38), next);
        assert_memory_equal(in.b + 54, out.b + 54 + next - 1, in.len - 54);
        next += in.len - 54;
        segments++;
    }
    assert_int_equal(next, 60001);
    assert_int_equal(segments, (60000 + PATH - 41) / (PATH - 40));
}

/* Neither VTEPs nor guests are believed to be somebody else, in one burst with those who are. */
static void who_sent_it(void **state)
{
    struct bench *b = *state;
    struct fr_flow back = fr_back(&a_to_9), stranger = h2_to_us;

    stranger.src = "2001:db8::66";
    fr_udp(&out, &back, 10);
    more = out;
    from_host2_six(&out);
    fr_vxlan(&more, &stranger, 100);
    bench_refused(b, "up", &more, HSR_DROP_UNKNOWN_VTEP);
    for (unsigned i = 0; i < 3; i++) {
        bench_push(b, "up", &out);
        bench_push(b, "up", &more);
    }
    bench_run(b);
    for (unsigned i = 0; i < 3; i++)
        assert_true(bench_pop(b, "a", &in));
    bench_quiet(b);
    assert_int_equal(bench_drops(b, "up", HSR_DROP_UNKNOWN_VTEP), 4);
    /* The tail of a VTEP's address as an IPv4 address, or the other way round, is nobody. */
    stranger = h2_to_1;
    stranger.src = "0.0.0.2";
    fr_udp(&out, &back, 10);
    fr_vxlan(&out, &stranger, 100);
    bench_refused(b, "up", &out, HSR_DROP_UNKNOWN_VTEP);
    stranger = h2_to_us;
    stranger.src = "c000:202::";
    fr_udp(&out, &back, 10);
    fr_vxlan(&out, &stranger, 100);
    bench_refused(b, "up", &out, HSR_DROP_UNKNOWN_VTEP);
    /* Fragments of the tunnel's own are not taken. */
    fr_udp(&more, &back, 100);
    from_host2_six(&more);
    fr_fragment(&out, &more, 7, 0, 64, true);
    bench_refused(b, "up", &out, HSR_DROP_OUTER_FRAG);
}

/* Fragments inside, of two hosts that use the same identification. */
static void fragments_inside(void **state)
{
    struct bench *b = *state;
    struct fr_flow back = fr_back(&a_to_9), other = h2_to_us;
    static struct fr whole;

    other.src = H3;
    fr_udp(&whole, &back, 200);
    for (unsigned round = 0; round < 2; round++) {
        fr_fragment(&out, &whole, 9, 104, 104, false); /* the last one first: it waits */
        fr_vxlan(&out, round ? &other : &h2_to_us, 100);
        bench_push(b, "up", &out);
    }
    bench_run(b);
    bench_quiet(b);
    assert_int_equal(bench_held(b), 2);
    fr_fragment(&out, &whole, 9, 0, 104, true);
    from_host2_six(&out);
    bench_push(b, "up", &out);
    bench_run(b);
    assert_true(bench_pop(b, "a", &in));
    assert_true(bench_pop(b, "a", &in));
    bench_quiet(b);
    assert_int_equal(bench_held(b), 1); /* the other host's */
    bench_sleep(b, UINT64_C(1500000000));
    assert_int_equal(bench_drops(b, "up", HSR_DROP_FRAGMENT), 1);
}

/* What hosts ask through the tunnel is answered through it. */
static void answers_in_the_tunnel(void **state)
{
    struct fr_flow asks = {.smac = MAC_9, .dmac = MAC_A, .src = "fd00:1::9", .dst = "fd00:1::5"};

    fr_arp(&out, 1, MAC_9, "10.1.0.9", 0, "10.1.0.5");
    from_host2_six(&out);
    bench_passes(*state, "up", &out, "up", &in);
    in.len -= FR_INNER6;
    memmove(in.b, in.b + FR_INNER6, in.len);
    fr_arp(&more, 2, MAC_A, "10.1.0.5", MAC_9, "10.1.0.9");
    assert_int_equal(in.len, more.len);
    assert_memory_equal(in.b, more.b, in.len);
    fr_solicit(&out, &asks, "fd00:1::5");
    from_host2_six(&out);
    bench_passes(*state, "up", &out, "up", &in);
    expect6(&in, H2, MAC_H2, true);
    assert_int_equal(in.b[FR_L3 + 40], 136);
}

/* The link finds us as it finds any host: neighbour discovery and echo, for our address and our end of the tunnels. */
static void answers_on_the_link(void **state)
{
    struct fr_flow ping = {.smac = MAC_H2, .dmac = MAC_UP, .src = H2, .dst = US};
    static const char *const address[] = {US, "2001:db8:ffff::1"};
    struct cfg_error error;

    fr_echo(&out, &ping, 128, 5);
    bench_passes(*state, "up", &out, "up", &in);
    assert_true(fr_sums_right(in.b, in.len));
    is_address(in.b + FR_L3 + 8, US);
    is_address(in.b + FR_L3 + 24, H2);
    assert_int_equal(in.b[FR_L3 + 40], 129);
    ping.dst = address[1];
    fr_echo(&out, &ping, 128, 5);
    bench_refused(*state, "up", &out, HSR_DROP_NOT_FOR_US);
    ping.src = ping.dst = US;
    fr_echo(&out, &ping, 128, 5);
    bench_refused(*state, "up", &out, HSR_DROP_NOT_FOR_US);
    ping.src = H2;
    assert_int_equal(bench_apply(*state, NET6("  vtep6: '2001:db8:ffff::1'\n", UPLINK, ""), &error),
                     0);
    for (unsigned i = 0; i < 2; i++) {
        ping.dst = address[i];
        fr_echo(&out, &ping, 128, 5);
        bench_passes(*state, "up", &out, "up", &in);
        fr_solicit(&out, &ping, address[i]);
        bench_passes(*state, "up", &out, "up", &in);
        assert_true(fr_sums_right(in.b, in.len));
        assert_int_equal(fr_get_mac(in.b), MAC_H2);
        assert_int_equal(in.b[FR_L3 + 40], 136);
        is_address(in.b + FR_L3 + 48, address[i]);
        assert_int_equal(fr_get_mac(in.b + FR_L3 + 66), MAC_UP);
    }
}

static void to_19(struct fr *o, unsigned i)
{
    struct fr_flow f = {.smac = MAC_A,
                        .dmac = MAC_19,
                        .src = "10.1.0.5",
                        .dst = "10.1.0.19",
                        .sport = (uint16_t)(9 + i % 2)};

    fr_udp(o, &f, 10 + i);
}

/* Six packets to host 3, which is asked for. */
static void six_wait(struct bench *b)
{
    struct fr_flow question = {MAC_UP, 0x3333FF000003, US, "ff02::1:ff00:3", 0, 0, 0, 0};

    for (unsigned i = 0; i < 6; i++) {
        to_19(&out, i);
        bench_push(b, "a", &out);
        bench_run(b);
    }
    assert_int_equal(bench_held(b), 6);
    assert_true(bench_pop(b, "up", &in));
    fr_solicit(&more, &question, H3);
    assert_int_equal(in.len, more.len);
    assert_memory_equal(in.b, more.b, in.len);
    bench_quiet(b);
}

/* A VTEP on the link is asked for; packets wait for it, and leave in their order before what comes then. */
static void waits_for_the_host(void **state)
{
    struct bench *b = *state;
    struct fr_flow answer = {MAC_H3, MAC_UP, H3, US, 0, 0, 0, 0};
    unsigned next[2] = {10, 11};

    six_wait(b);
    fr_advertise(&more, &answer, H3, MAC_H3, 0x60);
    bench_push(b, "up", &more);
    to_19(&out, 6);
    bench_push(b, "a", &out);
    bench_run(b);
    for (unsigned i = 0; i < 7; i++) {
        assert_true(bench_pop(b, "up", &in));
        expect6(&in, H3, MAC_H3, true);
        unsigned flow = fr_get16(in.b + 34) - 9u;

        assert_true(flow < 2);
        assert_int_equal(in.len - 42, next[flow]);
        next[flow] += 2;
    }
    assert_int_equal(bench_held(b), 0);
}

/* Not for ever: it is asked three times, and then packets are dropped at once. */
static void waits_in_vain(void **state)
{
    struct bench *b = *state;
    unsigned asked = 0;

    six_wait(b);
    bench_sleep(b, UINT64_C(4500000000));
    assert_int_equal(bench_held(b), 0);
    assert_int_equal(bench_drops(b, "a", HSR_DROP_NEIGH_TIMEOUT), 6);
    while (bench_pop(b, "up", &in))
        asked++;
    assert_int_equal(asked, 2);
    to_19(&out, 0);
    bench_refused(b, "a", &out, HSR_DROP_NEIGH_TIMEOUT);
}

/* Off the link by the router, whose address is of the link alone; without one there is no way. */
static void by_the_router(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = {.smac = MAC_A, .dmac = MAC_39, .src = "10.1.0.5", .dst = "10.1.0.39"};
    struct fr_flow question = {MAC_UP, 0x3333FF0000FE, US, "ff02::1:ff00:fe", 0, 0, 0, 0};
    struct fr_flow answer = {MAC_GW, MAC_UP, "fe80::fe", US, 0, 0, 0, 0};
    struct cfg_error error;

    fr_udp(&out, &f, 10);
    bench_passes(b, "a", &out, "up", &in);
    fr_solicit(&more, &question, "fe80::fe");
    assert_int_equal(in.len, more.len);
    assert_memory_equal(in.b, more.b, in.len);
    fr_advertise(&more, &answer, "fe80::fe", MAC_GW, 0xE0);
    bench_passes(b, "up", &more, "up", &in);
    expect6(&in, FAR, MAC_GW, true);
    assert_int_equal(bench_apply(b, NET6("", "", ""), &error), 0);
    bench_refused(b, "a", &out, HSR_DROP_NO_UPLINK);
    assert_int_equal(bench_apply(b, UNDER6, &error), 0);
    bench_passes(b, "a", &out, "up", &in);
    expect6(&in, FAR, MAC_GW, true);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(there_and_back),
        TEST(received_checksums),
        TEST(both_families),
        TEST(checksum_option),
        TEST(geneve),
        TEST(entropy),
        TEST(congestion_marks),
        TEST(gso_is_cut),
        TEST(who_sent_it),
        TEST(fragments_inside),
        TEST(answers_in_the_tunnel),
        TEST(answers_on_the_link),
        TEST(waits_for_the_host),
        TEST(waits_in_vain),
        TEST(by_the_router),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

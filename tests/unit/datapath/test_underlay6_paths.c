/* SPDX-License-Identifier: Apache-2.0 */
/* Paths over an IPv6 underlay: what its routers say of their MTU, where replies go, sessions that outlive the process. */
#include "underlay6_world.h"

static const struct fr_flow b_to_9 = {
    .smac = MAC_B, .dmac = MAC_9, .src = "10.1.0.6", .dst = "10.1.0.9", .sport = 80, .dport = 1000};

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

/* --- path MTU ------------------------------------------------------------------------------------------------------ */

static const struct fr_flow router = {
    .smac = MAC_GW, .dmac = MAC_UP, .src = "2001:db8::fe", .dst = US};

/* RFC 4443, 3.2: a router about this tunnel packet, with the MTU of its next link; `quote` bytes of it. */
static void too_big(struct fr *o, const struct fr *tunnel, uint32_t mtu, uint32_t quote)
{
    uint8_t *ip = o->b + FR_L3, *icmp = ip + 40;

    fr_error(o, &router, 2, 0, tunnel, quote);
    fr_put32(icmp + 4, mtu);
    fr_put16(icmp + 2, 0);
    uint64_t sum = fr_sum(0, ip + 8, 32) + 58 + (o->len - FR_L3 - 40);

    fr_put16(icmp + 2, (uint16_t)~fr_fold(fr_sum(sum, icmp, o->len - FR_L3 - 40)));
}

/* What b sends to 10.1.0.9 as it leaves the uplink. */
static void tunnel_packet(struct bench *b, uint32_t inner, struct fr *o)
{
    fr_udp(&out, &b_to_9, inner - 28);
    bench_passes(b, "b", &out, "up", o);
}

/* One IP packet of that many bytes passes, and of one more b is told so by its gateway. */
static void expect_path(struct bench *b, uint32_t inner)
{
    uint64_t before = bench_drops(b, "b", HSR_DROP_PMTU);

    tunnel_packet(b, inner, &in);
    assert_int_equal(in.len, inner + FR_L3 + FR_INNER6);
    expect6(&in, H2, MAC_H2, true);
    fr_udp(&out, &b_to_9, inner - 27);
    bench_passes(b, "b", &out, "b", &in);
    assert_int_equal(bench_drops(b, "b", HSR_DROP_PMTU), before + 1);
    assert_true(fr_sums_right(in.b, in.len));
    assert_int_equal(fr_get32(in.b + FR_L3 + 12), fr_addr4("10.1.0.254"));
    assert_int_equal(fr_get16(in.b + FR_L3 + 20), 0x0304);
    assert_int_equal(fr_get16(in.b + FR_L3 + 26), inner);
}

static void consumed(struct bench *b, const struct fr *f)
{
    uint16_t up = bench_index(b, "up");

    fw_sync(b->fw);
    uint64_t before = fw_balance(b->fw, up).consumed;

    bench_push(b, "up", f);
    bench_run(b);
    fw_sync(b->fw);
    assert_int_equal(fw_balance(b->fw, up).consumed, before + 1);
    bench_quiet(b);
}

static void learned_from_a_router(void **state)
{
    struct bench *b = *state;
    struct fr_flow four = {.smac = MAC_B, .dmac = MAC_29, .src = "10.1.0.6", .dst = "10.1.0.29"};
    static struct fr tunnel;

    expect_path(b, PATH);
    tunnel_packet(b, PATH, &tunnel);
    too_big(&more, &tunnel, 1500, 1232);
    consumed(b, &more);
    expect_path(b, 1500 - 70);
    too_big(&more, &tunnel, 1550, 1232); /* not less: no news */
    consumed(b, &more);
    expect_path(b, 1500 - 70);
    too_big(&more, &tunnel, 68,
            48); /* as short a quote as says whose it is; no link of IPv6 is so small */
    consumed(b, &more);
    expect_path(b, DP_PMTU_LO6 - 70);
    /* The same host's other address has a path of its own. */
    fr_udp(&out, &four, MTU - FR_INNER - 28);
    bench_passes(b, "b", &out, "up", &in);
    b->now += DP_PMTU_NS;
    bench_sleep(b, 2000000);
    expect_path(b, PATH);
}

/* Only what quotes a packet that we may have sent. */
static void not_learned(void **state)
{
    static struct fr tunnel, wrong;
    struct bench *b = *state;
    static const struct {
        uint32_t at, value;
    } row[] = {{FR_L3 + 20, 9},          /* from another */
               {FR_L3 + 36, 9},          /* to one that is no VTEP */
               {FR_L3 + 40, 0x100012B5}, /* from no port of ours */
               {FR_L3 + 40, 0xC0000035}, /* DNS */
               {FR_L3 + 4, 0x05DC0640}}; /* TCP */

    tunnel_packet(b, PATH, &tunnel);
    for (unsigned i = 0; i < sizeof row / sizeof row[0]; i++) {
        wrong = tunnel;
        fr_put32(wrong.b + row[i].at, row[i].value);
        too_big(&more, &wrong, 1400, 1232);
        bench_refused(b, "up", &more, HSR_DROP_ICMP_INNER);
    }
    fr_error(&more, &router, 1, 0, &tunnel, 100); /* another type */
    bench_refused(b, "up", &more, HSR_DROP_ICMP_INNER);
    too_big(&more, &tunnel, 1400, 47); /* too short */
    bench_refused(b, "up", &more, HSR_DROP_ICMP_INNER);
    too_big(&more, &tunnel, 1400, 1232);
    more.b[FR_L3 + 42] ^= 1; /* the error's own checksum */
    bench_refused(b, "up", &more, HSR_DROP_ICMP_CSUM);
    wrong = tunnel;
    fr_put16(wrong.b + FR_L3 + 4, 1400 - 40); /* would have fitted */
    too_big(&more, &wrong, 1400, 1232);
    consumed(b, &more);
    expect_path(b, PATH);
}

/* --- sessions that live -------------------------------------------------------------------------------------------- */

/* The next hop of replies is the host that the first packet came from, also for who looks at the session again. */
static void replies_to_the_source(void **state)
{
    struct bench *b = *state;
    struct fr_flow far = {.smac = 0x020000000077,
                          .dmac = GW,
                          .src = "10.5.1.1",
                          .dst = "10.1.0.5",
                          .sport = 5,
                          .dport = 6};
    struct fr_flow back = fr_back(&far);
    static const char *const text[] = {UNDER6, NET6("  udp_checksum: never\n", UPLINK, "")};
    struct cfg_error error;

    back.smac = MAC_A;
    back.dmac = GW;
    fr_udp(&out, &far, 10);
    from_host2_six(&out);
    bench_passes(b, "up", &out, "a", &in);
    for (unsigned i = 0; i < 3; i++) {
        fr_udp(&out, &back, 10);
        bench_passes(b, "a", &out, "up", &in);
        expect6(&in, H2, MAC_H2, i != 1);
        expect_like(&in, &out, 0x020000000077, GW, 1);
        assert_int_equal(bench_apply(b, text[i % 2 == 0], &error), 0);
    }
    assert_int_equal(bench_sessions(b), 1);
}

/* Sessions outlive the process with their way. */
static void adopted(void **state)
{
    static struct bench b;
    struct fr_flow back = fr_back(&a_to_9);

    (void)state;
    bench_open(&b, &(struct bench_config){.arena = true}, UNDER6);
    fr_tcp(&out, &a_to_9, FR_SYN, 0, 0, 0);
    bench_passes(&b, "a", &out, "up", &in);
    fr_tcp(&out, &back, FR_SYN | FR_ACK, 0, 1, 0);
    from_host2_six(&out);
    bench_passes(&b, "up", &out, "a", &in);
    fr_tcp(&out, &a_to_9, FR_ACK, 1, 1, 30);
    bench_passes(&b, "a", &out, "up", &in);
    bench_restart(&b, UNDER6);
    fr_tcp(&out, &a_to_9, FR_ACK, 31, 1, 30);
    bench_passes(&b, "a", &out, "up", &in);
    expect6(&in, H2, MAC_H2, true);
    fr_tcp(&more, &back, FR_ACK, 1, 61, 30);
    out = more;
    from_host2_six(&out);
    bench_passes(&b, "up", &out, "a", &in);
    expect_like(&in, &more, MAC_A, MAC_9, 0);
    assert_int_equal(bench_sessions(&b), 1);
    bench_close(&b);
}

/* An uplink that has no IPv4 at all. */
static void ipv6_alone(void **state)
{
    static struct bench b;
    struct fr_flow back = fr_back(&a_to_9), outer = h2_to_us;

    (void)state;
    bench_open(&b, &(struct bench_config){0},
               "version: 1\noptions: {sessions: 1024}\n"
               "underlay: {neighbors: [{address: '2001:db8::2', mac: 02:aa:00:00:00:02}]}\n"
               "vpcs: [{name: blue, vni: 100}]\n"
               "subnets: [{name: front, vpc: blue, prefix4: 10.1.0.0/24, prefix6: 'fd00:1::/64'}]\n"
               "mappings: [{vpc: blue, address: 10.1.0.9, mac: 02:00:00:00:00:09, vtep: "
               "'2001:db8::2'}]\n" TOP_GROUPS "ports:\n"
               "  - {name: up, role: uplink, type: ring, device: up, mtu: 1600, offload: false,\n"
               "     address6: '2001:db8::aa:bbcc/64'}\n" TOP_A(""));
    fr_udp(&out, &a_to_9, 30);
    bench_passes(&b, "a", &out, "up", &in);
    assert_int_equal(fr_get_mac(in.b + 6), 0x02A500AABBCC);
    is_address(in.b + FR_L3 + 8, "2001:db8::aa:bbcc");
    outer.dmac = 0x02A500AABBCC;
    outer.dst = "2001:db8::aa:bbcc";
    fr_udp(&out, &back, 30);
    fr_vxlan(&out, &outer, 100);
    bench_passes(&b, "up", &out, "a", &in);
    /* IPv4 of the link is nobody's business, whoever asks. */
    fr_arp(&out, 1, MAC_H2, "192.0.2.2", 0, "0.0.0.0");
    bench_push(&b, "up", &out);
    bench_run(&b);
    bench_quiet(&b);
    fr_echo(&out, &(struct fr_flow){MAC_H2, 0x02A500AABBCC, "192.0.2.2", "0.0.0.1", 0, 0, 0, 0}, 8,
            5);
    bench_refused(&b, "up", &out, HSR_DROP_NOT_FOR_US);
    bench_close(&b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(learned_from_a_router),  TEST(not_learned),
        TEST(replies_to_the_source),  cmocka_unit_test(adopted),
        cmocka_unit_test(ipv6_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

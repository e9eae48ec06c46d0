/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets larger than their path, and those whose hops ran out: who is told, what is quoted, how often.
 *
 * a 1,500 bytes, b 9,000, c 1,500 (its device's), up 1,600: through the tunnel 1,550.
 */
#include "topology.h"

#define B_MTU    9000
#define TUNNEL   1550
#define BIG      3000 /* bytes of payload */
#define ALLOWED  50
#define EVERY_NS 10000000u

#define LIMITED                                                                                \
    TOP_OPTIONS("")                                                                            \
    TOP_NET "  - {vpc: blue, prefix: 10.6.0.0/16, type: vtep, vtep: 192.0.2.2, mac: "          \
            "02:00:00:00:00:66,"                                                               \
            " mtu: 1000}\n"                                                                    \
            "  - {vpc: blue, prefix: 'fd00:6::/64', type: vtep, vtep: 192.0.2.2, mac: "        \
            "02:00:00:00:00:66, mtu: 1300}\n" TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("") TOP_B("") \
                TOP_C("open") TOP_V

static const struct fr_flow b_to_a = {
    .smac = MAC_B, .dmac = MAC_A, .src = "10.1.0.6", .dst = "10.1.0.5", .sport = 80, .dport = 1000};
static const struct fr_flow b_to_a6 = {.smac = MAC_B,
                                       .dmac = MAC_A,
                                       .src = "fd00:1::6",
                                       .dst = "fd00:1::5",
                                       .sport = 80,
                                       .dport = 1000};
static const struct fr_flow b_to_9 = {
    .smac = MAC_B, .dmac = MAC_9, .src = "10.1.0.6", .dst = "10.1.0.9", .sport = 80, .dport = 1000};

static int setup(void **state)
{
    static struct bench b;

    bench_open(&b, &(struct bench_config){0}, LIMITED);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bench_close(*state);
    return 0;
}

/* `got` is the ICMP error of this type from a gateway about `sent`: field by field, and the longest quote there may be. */
static void expect_error(const struct fr *got, const struct fr *sent, uint64_t gateway_mac,
                         const char *gateway, uint8_t type, uint8_t code, uint32_t rest)
{
    bool ipv6 = fr_get16(sent->b + 12) == 0x86DD;
    uint32_t l4 = ipv6 ? 40 : 20, most = ipv6 ? 1280 : 576;
    uint32_t quote = sent->len - FR_L3 < most - l4 - 8 ? sent->len - FR_L3 : most - l4 - 8;
    struct fr_flow f = {.smac = gateway_mac,
                        .dmac = fr_get_mac(sent->b + 6),
                        .src = gateway,
                        .dst = ipv6 ? "::1" : "127.0.0.1"};
    static struct fr want;

    fr_error(&want, &f, type, code, sent, quote);
    assert_int_equal(got->len, want.len);
    assert_true(fr_sums_right(got->b, got->len));
    assert_memory_equal(got->b, want.b, 14);
    assert_int_equal(got->b[FR_L3] >> 4, ipv6 ? 6 : 4);
    if (ipv6) {
        assert_memory_equal(got->b + FR_L3, want.b + FR_L3, 24);
        assert_memory_equal(got->b + FR_L3 + 24, sent->b + FR_L3 + 8, 16);
    } else {
        assert_int_equal(got->b[FR_L3 + 1], 0xC0 | (sent->b[FR_L3 + 1] & 0x1E));
        assert_int_equal(fr_get16(got->b + FR_L3 + 2), got->len - FR_L3);
        assert_int_equal(got->b[FR_L3 + 8], 64);
        assert_memory_equal(got->b + FR_L3 + 12, want.b + FR_L3 + 12, 4);
        assert_memory_equal(got->b + FR_L3 + 16, sent->b + FR_L3 + 12, 4);
    }
    assert_int_equal(got->b[FR_L3 + l4], type);
    assert_int_equal(got->b[FR_L3 + l4 + 1], code);
    assert_int_equal(fr_get32(got->b + FR_L3 + l4 + 4), rest);
    assert_memory_equal(got->b + FR_L3 + l4 + 8, sent->b + FR_L3, quote);
}

/* The frame is dropped for this reason and its sender told; what it was told. */
static void told(struct bench *b, const char *port, const struct fr *f, enum hsr_drop why,
                 struct fr *error)
{
    uint64_t before = bench_drops(b, port, why), all = bench_drops(b, port, HSR_DROP_NONE);

    bench_passes(b, port, f, port, error);
    assert_int_equal(bench_drops(b, port, why), before + 1);
    assert_int_equal(bench_drops(b, port, HSR_DROP_NONE), all + 1);
}

/* Fault 2: a packet above the path's MTU: its sender is told, by family. */
static void between_guests(void **state)
{
    fr_udp(&out, &b_to_a, 1472);
    bench_passes(*state, "b", &out, "a", &in); /* just fits */
    fr_udp(&out, &b_to_a, 1473);
    told(*state, "b", &out, HSR_DROP_PMTU, &in);
    expect_error(&in, &out, GW, "10.1.0.254", 3, 4, 1500);
    fr_udp(&out, &b_to_a6, 1453);
    told(*state, "b", &out, HSR_DROP_PMTU, &in);
    expect_error(&in, &out, GW, "fd00:1::fe", 2, 0, 1500);
    /* A first packet, and a TCP segment that is no GSO frame. */
    fr_tcp(&out, &b_to_a, FR_SYN, 1, 0, BIG);
    out.b[FR_L3 + 1] = 0x2E; /* TOS: its low bits are kept */
    fr_put16(out.b + FR_L3 + 10, 0);
    fr_put16(out.b + FR_L3 + 10, (uint16_t)~fr_fold(fr_sum(0, out.b + FR_L3, 20)));
    told(*state, "b", &out, HSR_DROP_PMTU, &in);
    expect_error(&in, &out, GW, "10.1.0.254", 3, 4, 1500);
    assert_int_equal(bench_counters(*state).icmp_errors, 3);
}

static void into_the_tunnel(void **state)
{
    struct fr_flow six = {.smac = MAC_B, .dmac = GW, .src = "fd00:1::6", .dst = "fd00:6::1"};
    struct fr_flow four = {.smac = MAC_B, .dmac = GW, .src = "10.1.0.6", .dst = "10.6.0.1"};

    fr_udp(&out, &b_to_9, TUNNEL - 28);
    bench_passes(*state, "b", &out, "up", &in);
    assert_int_equal(in.len, 14 + 1600);
    fr_udp(&out, &b_to_9, TUNNEL - 27);
    told(*state, "b", &out, HSR_DROP_PMTU, &in);
    expect_error(&in, &out, GW, "10.1.0.254", 3, 4, TUNNEL);
    /* A route's own MTU. */
    fr_udp(&out, &four, 1000 - 27);
    told(*state, "b", &out, HSR_DROP_PMTU, &in);
    expect_error(&in, &out, GW, "10.1.0.254", 3, 4, 1000);
    fr_udp(&out, &six, 1300 - 47);
    told(*state, "b", &out, HSR_DROP_PMTU, &in);
    expect_error(&in, &out, GW, "fd00:1::fe", 2, 0, 1300);
    fr_udp(&out, &six, 1300 - 48);
    bench_passes(*state, "b", &out, "up", &in);
}

static void out_of_the_tunnel(void **state)
{
    struct fr_flow near = fr_back(&a_to_9);
    struct fr_flow far = {.smac = MAC_29, .dmac = GW, .src = "10.2.0.9", .dst = "10.1.0.5"};
    struct fr_flow beyond = {.smac = 0x66, .dmac = MAC_A, .src = "10.6.0.9", .dst = "10.1.0.5"};
    static struct fr sent;

    near.tos = 1; /* congestion marks of the question are none of the answer's */
    fr_udp(&sent, &near, 1473);
    out = sent;
    from_host2(&out, 100);
    told(*state, "up", &out, HSR_DROP_PMTU, &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    expect_error(&in, &sent, GW, "10.1.0.254", 3, 4, 1500);
    fr_udp(&sent, &far, 1473);
    out = sent;
    from_host2(&out, 100);
    told(*state, "up", &out, HSR_DROP_PMTU, &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    expect_error(&in, &sent, GW2, "10.2.0.254", 3, 4, 1500);
    /* From behind a route: in no subnet, so the receiver's gateway speaks. */
    fr_udp(&sent, &beyond, 1473);
    out = sent;
    from_host2(&out, 100);
    told(*state, "up", &out, HSR_DROP_PMTU, &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    expect_error(&in, &sent, GW, "10.1.0.254", 3, 4, 1500);
}

/* Fault 6: hops run out: dropped where they are counted, told. */
static void hops_ran_out(void **state)
{
    struct fr_flow f = a_to_c;
    struct fr_flow six = {
        .smac = MAC_A, .dmac = GW, .src = "fd00:1::5", .dst = "fd00:2::5", .ttl = 1};
    struct fr_flow far = {
        .smac = MAC_9, .dmac = GW, .src = "10.1.0.9", .dst = "10.1.0.5", .ttl = 1};
    static struct fr sent;

    f.ttl = 1;
    fr_udp(&out, &f, 40);
    told(*state, "a", &out, HSR_DROP_TTL, &in);
    expect_error(&in, &out, GW, "10.1.0.254", 11, 0, 0);
    fr_udp(&out, &six, 2000);
    told(*state, "a", &out, HSR_DROP_PMTU, &in); /* of two reasons the first */
    fr_udp(&out, &six, 1400);
    told(*state, "a", &out, HSR_DROP_TTL, &in);
    expect_error(&in, &out, GW, "fd00:1::fe", 3, 0, 0);
    /* Decapsulated before its hops are looked at. */
    fr_udp(&sent, &far, 40);
    out = sent;
    from_host2(&out, 100);
    told(*state, "up", &out, HSR_DROP_TTL, &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    expect_error(&in, &sent, GW, "10.1.0.254", 11, 0, 0);
}

static void nobody_is_told(void **state)
{
    struct fr_flow error = {
        .smac = MAC_C, .dmac = GW2, .src = "10.2.0.5", .dst = "10.1.0.5", .ttl = 1};
    struct fr_flow group = b_to_a;
    static struct fr quoted;

    /* Of an error. */
    fr_udp(&quoted, &a_to_c, 40);
    bench_passes(*state, "a", &quoted, "c", &quoted);
    fr_error(&out, &error, 3, 3, &quoted, 28);
    bench_refused(*state, "c", &out, HSR_DROP_TTL);
    /* To a group of stations, whatever the IP address says. */
    group.dmac = UINT64_C(0x01005E010006);
    fr_udp(&out, &group, BIG);
    bench_refused(*state, "b", &out, HSR_DROP_UNKNOWN_MAC);
    fr_udp(&out, &b_to_a, 40);
    bench_passes(*state, "b", &out, "a", &in);
    fr_udp(&out, &group, BIG);
    bench_refused(*state, "b", &out, HSR_DROP_PMTU);
    assert_int_equal(bench_counters(*state).icmp_errors, 0);
}

/* Faults 2, 6: who is told, is told at a bounded rate. */
static void not_too_often(void **state)
{
    struct bench *b = *state;
    struct fr_flow v = {
        .smac = MAC_V, .dmac = MAC_B, .src = "10.1.0.10", .dst = "10.1.0.6", .ttl = 1};

    fr_udp(&out, &b_to_a, 1473);
    for (unsigned i = 0; i < ALLOWED; i++)
        told(b, "b", &out, HSR_DROP_PMTU, &in);
    bench_refused(b, "b", &out, HSR_DROP_PMTU);
    assert_int_equal(bench_counters(b).icmp_limited, 1);
    /* Another's allowance is its own. */
    v.dst = "10.2.0.5";
    v.dmac = GW;
    fr_udp(&out, &v, 40);
    told(b, "v", &out, HSR_DROP_TTL, &in);
    bench_sleep(b, EVERY_NS);
    fr_udp(&out, &b_to_a, 1473);
    told(b, "b", &out, HSR_DROP_PMTU, &in);
    /* From the network: at the expense of whom it is for. */
    struct fr_flow near = fr_back(&a_to_9);

    fr_udp(&out, &near, 1473);
    from_host2(&out, 100);
    for (unsigned i = 0; i < ALLOWED; i++)
        told(b, "up", &out, HSR_DROP_PMTU, &in);
    bench_refused(b, "up", &out, HSR_DROP_PMTU);
    near.src = "10.2.0.9";
    near.smac = MAC_29;
    near.dst = "10.2.0.5";
    near.dmac = MAC_C;
    fr_udp(&out, &near, 1473);
    from_host2(&out, 100);
    told(b, "up", &out, HSR_DROP_PMTU, &in);
}

/* To quote a sliced packet it has to be fetched whole: the NIC's work for that is within the same allowance. */
static void fetched_within_the_allowance(void **state)
{
    static struct bench sliced;
    struct bench *b = &sliced;
    uint32_t errors = 0;

    (void)state;
    bench_open(b, &(struct bench_config){.slice = true}, TOP_ALL);
    fr_udp(&out, &b_to_a, 40);
    bench_passes(b, "b", &out, "a", &in);
    fr_udp(&out, &b_to_a, 1473);
    for (unsigned i = 0; i < 2 * ALLOWED; i++)
        bench_push(b, "b", &out);
    bench_run(b);
    while (bench_pop(b, "b", &in))
        errors++;
    assert_int_equal(errors, ALLOWED);
    assert_int_equal(bench_drops(b, "b", HSR_DROP_PMTU), 2 * ALLOWED);
    assert_int_equal(nic_region(b->nic)->view.stats[bench_index(b, "b")].post_returned, ALLOWED);
    assert_int_equal(bench_counters(b).icmp_limited, ALLOWED);
    bench_close(b);
}

/* A limit that comes or goes is that of sessions that live as well. */
static void changes(void **state)
{
    struct bench *b = *state;
    struct fr_flow four = {.smac = MAC_B, .dmac = GW, .src = "10.1.0.6", .dst = "10.6.0.1"};
    struct cfg_error error;

    fr_udp(&out, &four, 1000 - 28);
    bench_passes(b, "b", &out, "up", &in);
    fr_udp(&out, &four, 1200);
    told(b, "b", &out, HSR_DROP_PMTU, &in);
    assert_int_equal(bench_apply(b,
                                 TOP_OPTIONS("") TOP_NET
                                 "  - {vpc: blue, prefix: 10.6.0.0/16, type: vtep, vtep: 192.0.2.2,"
                                 " mac: 02:00:00:00:00:66}\n" TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("")
                                     TOP_B("") TOP_C("open") TOP_V,
                                 &error),
                     0);
    bench_passes(b, "b", &out, "up", &in);
    assert_int_equal(bench_sessions(b), 1);
}

/* TCP frames that are to be cut anyway are cut smaller, and nobody needs to know. */
static void segments_of_the_path(void **state)
{
    struct fr_flow four = {
        .smac = MAC_B, .dmac = GW, .src = "10.1.0.6", .dst = "10.6.0.1", .sport = 5, .dport = 6};

    fr_tcp(&out, &four, FR_SYN, 1, 0, 0);
    bench_passes(*state, "b", &out, "up", &in);
    four = fr_back(&four);
    four.dmac = MAC_B;
    four.smac = GW;
    fr_tcp(&more, &four, FR_SYN | FR_ACK, 1, 2, 0);
    from_host2(&more, 100);
    bench_passes(*state, "up", &more, "b", &in);
    four = (struct fr_flow){
        .smac = MAC_B, .dmac = GW, .src = "10.1.0.6", .dst = "10.6.0.1", .sport = 5, .dport = 6};
    fr_tcp(&out, &four, FR_ACK, 2, 2, 8000);
    fr_partial(&out, 4000);
    bench_push(*state, "b", &out);
    bench_run(*state);
    for (uint32_t left = 8000; left > 0;) {
        assert_true(bench_pop(*state, "up", &in));
        expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
        assert_true(fr_sums_right(in.b, in.len));
        uint32_t payload = in.len - 54;

        assert_int_equal(payload, left < 960 ? left : 960);
        left -= payload;
    }
    bench_quiet(*state);
    assert_int_equal(bench_counters(*state).icmp_errors, 0);
}

/* IPv4 without DF: fragments that fit, of which the receiver makes the packet again. */
static void clear_df(struct fr *f)
{
    uint8_t *ip = f->b + FR_L3;

    fr_put16(ip + 4, 0x1234);
    fr_put16(ip + 6, 0);
    fr_put16(ip + 10, 0);
    fr_put16(ip + 10, (uint16_t)~fr_fold(fr_sum(0, ip, 20)));
}

static void reassembled(struct bench *b, const char *port, bool tunnel, uint32_t mtu,
                        const struct fr *sent, unsigned fragments)
{
    uint32_t done = 0, total = sent->len - FR_L3 - 20;

    for (unsigned i = 0; i < fragments; i++) {
        assert_true(bench_pop(b, port, &in));
        if (tunnel)
            expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
        const uint8_t *ip = in.b + FR_L3;
        uint32_t len = in.len - FR_L3 - 20;

        assert_true(in.len - FR_L3 <= mtu);
        assert_int_equal(fr_fold(fr_sum(0, ip, 20)), 0xFFFF);
        assert_int_equal(fr_get16(ip + 2), len + 20);
        assert_int_equal(fr_get16(ip + 4), 0x1234);
        assert_int_equal((fr_get16(ip + 6) & 0x1FFF) * 8u, done);
        assert_int_equal(fr_get16(ip + 6) & 0x2000, done + len < total ? 0x2000 : 0);
        assert_memory_equal(ip + 20, sent->b + FR_L3 + 20 + done, len);
        done += len;
    }
    assert_int_equal(done, total);
    bench_quiet(b);
}

static void fragments(void **state)
{
    struct fr_flow four = {.smac = MAC_B, .dmac = GW, .src = "10.1.0.6", .dst = "10.6.0.1"};

    fr_udp(&out, &b_to_a, BIG);
    clear_df(&out);
    bench_push(*state, "b", &out);
    bench_run(*state);
    reassembled(*state, "a", false, 1500, &out, 3);
    fr_udp(&out, &b_to_9, BIG);
    clear_df(&out);
    bench_push(*state, "b", &out);
    bench_run(*state);
    reassembled(*state, "up", true, TUNNEL, &out, 2);
    fr_udp(&out, &four, BIG);
    clear_df(&out);
    bench_push(*state, "b", &out);
    bench_run(*state);
    reassembled(*state, "up", true, 1000, &out, 4);
    assert_int_equal(bench_counters(*state).icmp_errors, 0);
    assert_int_equal(bench_drops(*state, "b", HSR_DROP_NONE), 0);
}

/* --- told by the underlay ------------------------------------------------------------------------------------------ */

static const struct fr_flow router = {
    .smac = MAC_H2, .dmac = MAC_UP, .src = "192.0.2.254", .dst = "192.0.2.1"};

/* An error of a router about this tunnel packet, with the MTU of its next link. */
static void needs_fragment(struct fr *o, const struct fr *tunnel, uint16_t mtu)
{
    uint8_t *icmp = o->b + FR_L3 + 20;

    fr_error(o, &router, 3, 4, tunnel, 28);
    fr_put16(icmp + 6, mtu);
    fr_put16(icmp + 2, 0);
    fr_put16(icmp + 2, (uint16_t)~fr_fold(fr_sum(0, icmp, o->len - FR_L3 - 20)));
}

/* What b sends to 10.1.0.9 as it leaves the uplink: the largest that fits. */
static void tunnel_packet(struct bench *b, uint32_t inner, struct fr *o)
{
    fr_udp(&out, &b_to_9, inner - 28);
    bench_passes(b, "b", &out, "up", o);
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

static void expect_path(struct bench *b, uint16_t inner)
{
    tunnel_packet(b, inner, &in);
    fr_udp(&out, &b_to_9, inner - 27u);
    told(b, "b", &out, HSR_DROP_PMTU, &in);
    expect_error(&in, &out, GW, "10.1.0.254", 3, 4, inner);
}

static void learned_from_a_router(void **state)
{
    static struct fr tunnel;
    struct bench *b = *state;

    tunnel_packet(b, TUNNEL, &tunnel);
    needs_fragment(&more, &tunnel, 1400);
    consumed(b, &more);
    expect_path(b, 1350);
    needs_fragment(&more, &tunnel, 1450); /* not less: no news */
    consumed(b, &more);
    expect_path(b, 1350);
    needs_fragment(&more, &tunnel, 0); /* 1,600 did not fit, so 1,492, which is not less */
    consumed(b, &more);
    expect_path(b, 1350);
    needs_fragment(&more, &tunnel, 68);
    consumed(b, &more);
    expect_path(b, DP_PMTU_LO4 - 50);
    b->now += DP_PMTU_NS;
    bench_sleep(b, 2000000);
    expect_path(b, TUNNEL);
    needs_fragment(&more, &tunnel, 0);
    consumed(b, &more);
    expect_path(b, 1492 - 50);
}

/* Fault 16: Only what quotes a packet that we may have sent. */
static void not_learned(void **state)
{
    static struct fr tunnel, wrong;
    struct bench *b = *state;
    static const struct {
        uint32_t at, value;
    } row[] = {{FR_L3 + 12, 0xC0000209}, /* from another */
               {FR_L3 + 16, 0xC0000209}, /* to one that is no VTEP */
               {FR_L3 + 20, 0x100012B5}, /* from no port of ours */
               {FR_L3 + 20, 0xC0000035}, /* DNS */
               {FR_L3 + 4, 0x00000000}}; /* one that may be fragmented */

    tunnel_packet(b, TUNNEL, &tunnel);
    for (unsigned i = 0; i < sizeof row / sizeof row[0]; i++) {
        wrong = tunnel;
        fr_put32(wrong.b + row[i].at, row[i].value);
        needs_fragment(&more, &wrong, 1400);
        bench_refused(b, "up", &more, HSR_DROP_ICMP_INNER);
    }
    fr_error(&more, &router, 3, 3, &tunnel, 28); /* another code */
    bench_refused(b, "up", &more, HSR_DROP_ICMP_INNER);
    fr_error(&more, &router, 3, 4, &tunnel, 23); /* too short */
    bench_refused(b, "up", &more, HSR_DROP_ICMP_INNER);
    wrong = tunnel;
    fr_put16(wrong.b + FR_L3 + 2, 1400); /* would have fitted */
    needs_fragment(&more, &wrong, 1400);
    consumed(b, &more);
    expect_path(b, TUNNEL);
}

/* Our end of the tunnels may be another address than the uplink's. */
static void learned_for_our_vtep(void **state)
{
    static struct bench b;
    static struct fr tunnel;

    (void)state;
    bench_open(&b, &(struct bench_config){0},
               "version: 1\noptions: {sessions: 1024}\n"
               "underlay: {vtep: 192.0.2.99, neighbors: [{address: 192.0.2.2, mac: "
               "02:aa:00:00:00:02}]}\n" TOP_NET TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("") TOP_B("")
                   TOP_C("open") TOP_V);
    tunnel_packet(&b, TUNNEL, &tunnel);
    assert_int_equal(fr_get32(tunnel.b + FR_L3 + 12), fr_addr4("192.0.2.99"));
    needs_fragment(&more, &tunnel, 1400); /* to the uplink's own address: not who sent that */
    bench_refused(&b, "up", &more, HSR_DROP_ICMP_INNER);
    fr_put32(more.b + FR_L3 + 16, fr_addr4("192.0.2.99"));
    fr_put16(more.b + FR_L3 + 10, 0);
    fr_put16(more.b + FR_L3 + 10, (uint16_t)~fr_fold(fr_sum(0, more.b + FR_L3, 20)));
    consumed(&b, &more);
    tunnel_packet(&b, 1350, &in);
    fr_udp(&out, &b_to_9, 1351 - 28);
    told(&b, "b", &out, HSR_DROP_PMTU, &in);
    bench_close(&b);
}

/* Hosts by number, of either family. */
static struct cfg_addr host(uint32_t n, bool six)
{
    struct cfg_addr a = {.family = six ? 6 : 4, .bytes = {0x20, 1}};

    fr_put32(a.bytes + (six ? 12 : 0), n);
    return a;
}

static uint16_t found(const struct dp_pmtus *t, uint32_t n, bool six)
{
    struct cfg_addr a = host(n, six);

    return dp_pmtu_find(t, &a);
}

static void learn(struct dp_pmtus *t, uint32_t n, bool six, uint16_t mtu, uint64_t now)
{
    struct cfg_addr a = host(n, six);

    dp_pmtu_learn(t, &a, mtu, now);
}

static void table_of_paths(void **state)
{
    (void)state;
    for (int six = 0; six < 2; six++) {
        static struct dp_pmtus t;

        memset(&t, 0, sizeof t);
        assert_int_equal(found(&t, 1, six), 0);
        for (uint32_t i = 1; i <= DP_PMTUS; i++)
            learn(&t, i, six, (uint16_t)(2000 + i), i);
        assert_int_equal(t.used, DP_PMTUS);
        learn(&t, DP_PMTUS + 1, six, 1400, 5);
        assert_int_equal(t.full, 1);
        assert_int_equal(found(&t, DP_PMTUS + 1, six), 0);
        assert_int_equal(found(&t, 7, six), 2007);
        assert_int_equal(found(&t, 7, !six), 0);
        learn(&t, 7, six, 1500, 600); /* lower: stays longer */
        assert_int_equal(t.changes, DP_PMTUS + 1);
        dp_pmtu_age(&t, DP_PMTU_NS);
        assert_int_equal(t.used, DP_PMTUS);
        dp_pmtu_age(&t, DP_PMTU_NS + 10);
        assert_int_equal(t.used, DP_PMTUS - 9); /* 1 to 10 but 7 */
        assert_int_equal(found(&t, 7, six), 1500);
        assert_int_equal(found(&t, 8, six), 0);
        learn(&t, DP_PMTUS + 1, six, 100, 20); /* none is that small */
        assert_int_equal(found(&t, DP_PMTUS + 1, six), six ? 1280 : 576);
        dp_pmtu_age(&t, 2 * DP_PMTU_NS);
        assert_int_equal(t.used, 0);
        assert_int_equal(t.high, DP_PMTUS);
        assert_int_equal(t.next, 0);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(between_guests),
        TEST(into_the_tunnel),
        TEST(out_of_the_tunnel),
        TEST(hops_ran_out),
        TEST(nobody_is_told),
        TEST(not_too_often),
        cmocka_unit_test(fetched_within_the_allowance),
        TEST(changes),
        TEST(segments_of_the_path),
        TEST(fragments),
        TEST(learned_from_a_router),
        TEST(not_learned),
        cmocka_unit_test(learned_for_our_vtep),
        cmocka_unit_test(table_of_paths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

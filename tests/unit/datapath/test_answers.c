/* SPDX-License-Identifier: Apache-2.0 */
/* What the firmware answers itself: ARP, neighbour discovery, echo; and ICMP errors, which follow their session. */
#include "topology.h"

/* A frame that is used up without an answer. */
static void silent(struct bench *b, const char *port, const struct fr *f)
{
    uint16_t index = bench_index(b, port);

    fw_sync(b->fw);
    uint64_t before = fw_balance(b->fw, index).consumed;

    bench_push(b, port, f);
    bench_run(b);
    fw_sync(b->fw);
    assert_int_equal(fw_balance(b->fw, index).consumed, before + 1);
    bench_quiet(b);
}

static void arp_of_a_guest(void **state)
{
    static const struct {
        const char *target;
        uint64_t mac;
    } row[] = {{"10.1.0.254", GW}, {"10.1.0.6", MAC_B}, {"10.1.0.9", MAC_9}};

    for (unsigned i = 0; i < 3; i++) {
        fr_arp(&out, 1, MAC_A, "10.1.0.5", 0, row[i].target);
        bench_passes(*state, "a", &out, "a", &in);
        fr_arp(&more, 2, row[i].mac, row[i].target, MAC_A, "10.1.0.5");
        assert_int_equal(in.len, more.len);
        assert_memory_equal(in.b, more.b, more.len);
    }
    fr_arp(&out, 1, MAC_A, "10.1.0.5", 0, "10.1.0.77");
    bench_refused(*state, "a", &out, HSR_DROP_ARP_UNKNOWN);
    fr_arp(&out, 1, MAC_B, "10.1.0.5", 0, "10.1.0.6");
    bench_refused(*state, "a", &out, HSR_DROP_SPOOF_ARP);
    fr_arp(&out, 1, MAC_A, "10.1.0.6", 0, "10.1.0.254");
    bench_refused(*state, "a", &out, HSR_DROP_SPOOF_ARP);
    fr_arp(&out, 1, MAC_A, "10.1.0.5", 0, "10.1.0.5"); /* announcement */
    silent(*state, "a", &out);
    fr_arp(&out, 1, MAC_A, "0.0.0.0", 0, "10.1.0.5"); /* probe of its own address */
    silent(*state, "a", &out);
    fr_arp(&out, 1, MAC_A, "0.0.0.0", 0, "10.1.0.6"); /* probe of another's */
    bench_passes(*state, "a", &out, "a", &in);
    fr_arp(&out, 2, MAC_A, "10.1.0.5", MAC_B, "10.1.0.6");
    silent(*state, "a", &out);
}

static void arp_through_the_tunnel(void **state)
{
    static const uint8_t outer_tos[] = {0, 1, 2, 3};
    struct fr_flow outer = h2_to_1;

    for (unsigned i = 0; i < sizeof outer_tos; i++) {
        outer.tos = outer_tos[i];
        fr_arp(&out, 1, MAC_9, "10.1.0.9", 0, "10.1.0.5");
        fr_vxlan(&out, &outer, 100);
        bench_passes(*state, "up", &out, "up", &in);
        assert_int_equal(in.b[FR_L3 + 1], 0);
        expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
        fr_arp(&more, 2, MAC_A, "10.1.0.5", MAC_9, "10.1.0.9");
        assert_int_equal(in.len, more.len);
        assert_memory_equal(in.b, more.b, more.len);
    }
    /* Not for what lives over there, or nowhere. */
    fr_arp(&out, 1, MAC_9, "10.1.0.9", 0, "10.2.0.9");
    from_host2(&out, 100);
    bench_refused(*state, "up", &out, HSR_DROP_ARP_UNKNOWN);
    fr_arp(&out, 1, MAC_9, "10.1.0.9", 0, "10.1.0.5");
    from_host2(&out, 999);
    bench_refused(*state, "up", &out, HSR_DROP_UNKNOWN_VNI);
    outer.src = "192.0.2.66";
    fr_arp(&out, 1, MAC_9, "10.1.0.9", 0, "10.1.0.5");
    fr_vxlan(&out, &outer, 100);
    bench_refused(*state, "up", &out, HSR_DROP_UNKNOWN_VTEP);
    fr_arp(&out, 2, MAC_9, "10.1.0.9", MAC_A, "10.1.0.5");
    from_host2(&out, 100);
    silent(*state, "up", &out);
}

static void arp_of_the_underlay(void **state)
{
    fr_arp(&out, 1, MAC_H2, "192.0.2.2", 0, "192.0.2.1");
    bench_passes(*state, "up", &out, "up", &in);
    fr_arp(&more, 2, MAC_UP, "192.0.2.1", MAC_H2, "192.0.2.2");
    assert_memory_equal(in.b, more.b, more.len);
    fr_arp(&out, 1, MAC_H2, "192.0.2.2", 0, "192.0.2.9");
    silent(*state, "up", &out);
}

static void solicitations(void **state)
{
    struct fr_flow f = {
        .smac = MAC_A, .dmac = 0x3333FF000006, .src = "fd00:1::5", .dst = "ff02::1:ff00:6"};
    struct fr_flow n = {
        .smac = MAC_9, .dmac = 0x3333FF000005, .src = "fd00:1::9", .dst = "ff02::1:ff00:5"};
    static const struct {
        const char *target;
        uint64_t mac;
        uint8_t flags;
    } row[] = {{"fd00:1::6", MAC_B, 0x60}, {"fd00:1::fe", GW, 0xE0}, {"fd00:1::9", MAC_9, 0x60}};

    for (unsigned i = 0; i < 3; i++) {
        fr_solicit(&out, &f, row[i].target);
        bench_passes(*state, "a", &out, "a", &in);
        assert_int_equal(in.len, 14 + 40 + 32);
        assert_true(fr_sums_right(in.b, in.len));
        assert_int_equal(fr_get_mac(in.b), MAC_A);
        assert_int_equal(fr_get_mac(in.b + 6), row[i].mac);
        assert_int_equal(in.b[54], 136);
        assert_int_equal(in.b[58], row[i].flags);
        assert_int_equal(fr_get_mac(in.b + 80), row[i].mac);
        assert_memory_equal(in.b + 22, in.b + 62, 16); /* source is the target */
        assert_memory_equal(in.b + 38, out.b + 22, 16);
        assert_int_equal(in.b[21], 255);
    }
    fr_solicit(&out, &f, "fd00:1::77");
    bench_refused(*state, "a", &out, HSR_DROP_ARP_UNKNOWN);
    fr_solicit(&out, &f, "fd00:1::5");
    silent(*state, "a", &out);
    f.smac = MAC_B;
    fr_solicit(&out, &f, "fd00:1::6");
    bench_refused(*state, "a", &out, HSR_DROP_SPOOF_ND);
    f = (struct fr_flow){
        .smac = MAC_A, .dmac = 0x333300000001, .src = "fd00:1::5", .dst = "ff02::1", .ttl = 255};
    fr_icmp(&out, &f, 134, 0, (uint8_t[12]){0}, 12);
    bench_refused(*state, "a", &out, HSR_DROP_SPOOF_ND);
    fr_icmp(&out, &f, 133, 0, (uint8_t[4]){0}, 4);
    bench_refused(*state, "a", &out, HSR_DROP_BUM);
    /* Through the tunnel. */
    fr_solicit(&out, &n, "fd00:1::5");
    from_host2(&out, 100);
    bench_passes(*state, "up", &out, "up", &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    assert_int_equal(in.b[54], 136);
    assert_int_equal(fr_get_mac(in.b + 80), MAC_A);
    fr_solicit(&out, &n, "fd00:1::5");
    bench_refused(*state, "up", &out, HSR_DROP_NOT_FOR_US);
    fr_icmp(&out, &f, 134, 0, (uint8_t[12]){0}, 12);
    from_host2(&out, 100);
    bench_refused(*state, "up", &out, HSR_DROP_BUM);
    fr_solicit(&out, &n, "fd00:1::5");
    from_host2(&out, 999);
    bench_refused(*state, "up", &out, HSR_DROP_UNKNOWN_VNI);
}

static void echo_to_us(void **state)
{
    struct fr_flow f[] = {
        {.smac = MAC_A, .dmac = GW, .src = "10.1.0.5", .dst = "10.1.0.254", .ttl = 3},
        {.smac = MAC_A, .dmac = GW, .src = "fd00:1::5", .dst = "fd00:1::fe", .ttl = 3},
    };
    struct fr_flow host = {
        .smac = MAC_H2, .dmac = MAC_UP, .src = "192.0.2.2", .dst = "192.0.2.1", .ttl = 3};

    for (unsigned i = 0; i < 2; i++) {
        struct fr_flow back = fr_back(&f[i]);

        back.ttl = 64;
        fr_echo(&out, &f[i], i ? 128 : 8, 77);
        bench_passes(*state, "a", &out, "a", &in);
        fr_echo(&more, &back, i ? 129 : 0, 77);
        assert_int_equal(in.len, more.len);
        assert_memory_equal(in.b, more.b, more.len);
    }
    fr_echo(&out, &host, 8, 77);
    bench_passes(*state, "up", &out, "up", &in);
    host = fr_back(&host);
    host.ttl = 64;
    fr_echo(&more, &host, 0, 77);
    assert_memory_equal(in.b, more.b, more.len);
    f[0].src = "10.1.0.7";
    fr_echo(&out, &f[0], 8, 77);
    bench_refused(*state, "a", &out, HSR_DROP_SPOOF_IP);
    assert_int_equal(bench_sessions(*state), 0);
}

static void echo_between_guests(void **state)
{
    struct fr_flow back = fr_back(&a_to_b);

    fr_echo(&out, &a_to_b, 8, 77);
    bench_passes(*state, "a", &out, "b", &in);
    fr_echo(&out, &back, 0, 77);
    bench_passes(*state, "b", &out, "a", &in);
    fr_echo(&out, &back, 14, 77);
    bench_refused(*state, "b", &out, HSR_DROP_ICMP_STATE);
}

static void error_follows_its_session(void **state)
{
    struct fr_flow back = {.smac = MAC_C, .dmac = GW2, .src = "10.2.0.5", .dst = "10.1.0.5"};
    static struct fr quoted;

    fr_udp(&quoted, &a_to_c, 40);
    bench_passes(*state, "a", &quoted, "c", &quoted);
    fr_error(&out, &back, 3, 3, &quoted, 28);
    bench_passes(*state, "c", &out, "a", &in);
    expect_like(&in, &out, MAC_A, GW, 1);
    /* Under an address that is not the guest's; from the wrong side; about nothing; quoting too little. */
    back.src = "10.2.0.99";
    fr_error(&out, &back, 3, 3, &quoted, 28);
    bench_refused(*state, "c", &out, HSR_DROP_SPOOF_IP);
    fr_error(&out, &a_to_b, 3, 3, &quoted, 28);
    bench_refused(*state, "a", &out, HSR_DROP_ICMP_INNER);
    back.src = "10.2.0.5";
    fr_put16(quoted.b + FR_L3 + 20, 7777);
    fr_error(&out, &back, 3, 3, &quoted, 28);
    bench_refused(*state, "c", &out, HSR_DROP_ICMP_INNER);
    fr_error(&out, &back, 3, 3, &quoted, 24);
    bench_refused(*state, "c", &out, HSR_DROP_ICMP_INNER);
    back.smac = MAC_B;
    fr_error(&out, &back, 3, 3, &quoted, 28);
    bench_refused(*state, "c", &out, HSR_DROP_SPOOF_MAC);
}

static void error_out_of_the_tunnel(void **state)
{
    struct fr_flow back = fr_back(&a_to_9), outer = h2_to_1;
    static struct fr quoted;

    fr_udp(&quoted, &a_to_9, 40);
    bench_passes(*state, "a", &quoted, "up", &in);
    fr_error(&out, &back, 3, 3, &quoted, 100);
    more = out;
    from_host2(&out, 100);
    bench_passes(*state, "up", &out, "a", &in);
    expect_like(&in, &more, MAC_A, MAC_9, 0);
    outer.src = "192.0.2.66";
    fr_vxlan(&more, &outer, 100);
    bench_refused(*state, "up", &more, HSR_DROP_UNKNOWN_VTEP);
}

static void error_of_ipv6(void **state)
{
    struct fr_flow f = {
        .smac = MAC_A, .dmac = GW, .src = "fd00:1::5", .dst = "fd00:2::5", .sport = 7, .dport = 8};
    struct fr_flow back = {.smac = MAC_C, .dmac = GW2, .src = "fd00:2::5", .dst = "fd00:1::5"};
    static struct fr quoted;

    fr_udp(&quoted, &f, 40);
    bench_passes(*state, "a", &quoted, "c", &quoted);
    fr_error(&out, &back, 1, 4, &quoted, 88);
    bench_passes(*state, "c", &out, "a", &in);
    expect_like(&in, &out, MAC_A, GW, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, top_open, top_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(arp_of_a_guest),
        TEST(arp_through_the_tunnel),
        TEST(arp_of_the_underlay),
        TEST(solicitations),
        TEST(echo_to_us),
        TEST(echo_between_guests),
        TEST(error_follows_its_session),
        TEST(error_out_of_the_tunnel),
        TEST(error_of_ipv6),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Well-formed packets of hosts that mean harm: on the underlay, behind other VTEPs, and guests. */
#include "internal.h"
#include "topology.h"

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
        n += neighbors(b)->entry[i].state != DP_NEIGHBOR_FREE;
    return n;
}

/* Fault 17: A table of those who asked for us would be full before those we need are in it. */
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

/* Fault 17: a neighbour's address that somebody else claims. */
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

/* An echo reply goes to whom the request names as its sender: not to everybody, nobody, or ourselves. */
static void echo_reflects_nothing(void **state)
{
    static const char *const source[] = {"192.0.2.255",     "192.0.2.0", "192.0.2.1", "0.0.0.0",
                                         "255.255.255.255", "127.0.0.1", "224.0.0.1"};
    struct fr_flow f = {.smac = MAC_H2, .dmac = MAC_UP, .dst = "192.0.2.1"};

    for (unsigned i = 0; i < sizeof source / sizeof source[0]; i++) {
        f.src = source[i];
        fr_echo(&out, &f, 8, 77);
        bench_refused(*state, "up", &out, HSR_DROP_NOT_FOR_US);
    }
    f.src = "192.0.2.2";
    f.smac = 0xFFFFFFFFFFFF;
    fr_echo(&out, &f, 8, 77);
    bench_refused(*state, "up", &out, HSR_DROP_NOT_FOR_US);
    f.smac = MAC_H2;
    f.dmac = 0xFFFFFFFFFFFF;
    fr_echo(&out, &f, 8, 77);
    bench_refused(*state, "up", &out, HSR_DROP_NOT_FOR_US);
    /* A guest that may have any address still has no group's. */
    f = (struct fr_flow){.smac = MAC_V, .dmac = GW, .src = "224.0.0.9", .dst = "10.1.0.254"};
    fr_echo(&out, &f, 8, 77);
    bench_refused(*state, "v", &out, HSR_DROP_SPOOF_IP);
}

static void solicitation_of_no_host(void **state)
{
    struct fr_flow f = {
        .smac = MAC_V, .dmac = 0x3333FF000006, .src = "ff02::1", .dst = "ff02::1:ff00:6"};

    fr_solicit(&out, &f, "fd00:1::6");
    bench_refused(*state, "v", &out, HSR_DROP_ND_BAD);
    f.src = "::1";
    fr_solicit(&out, &f, "fd00:1::6");
    bench_refused(*state, "v", &out, HSR_DROP_ND_BAD);
    f.src = "fd00:1::10";
    f.smac = 0x333300000001;
    fr_solicit(&out, &f, "fd00:1::6");
    bench_refused(*state, "v", &out, HSR_DROP_ND_BAD);
}

/* Fault 16: An error is for the sender of what it quotes. To another it would be a way around the security groups. */
static void error_to_another(void **state)
{
    struct fr_flow back = {.smac = MAC_C, .dmac = GW2, .src = "10.2.0.5", .dst = "10.1.0.6"};
    static struct fr quoted;

    fr_udp(&quoted, &a_to_c, 40);
    bench_passes(*state, "a", &quoted, "c", &quoted);
    fr_error(&out, &back, 3, 3, &quoted, 28);
    bench_refused(*state, "c", &out, HSR_DROP_ICMP_INNER);
    /* A redirect is a router's to send, and the only router is here; quench is of the past (RFC 6633). */
    back.dst = "10.1.0.5";
    fr_error(&out, &back, 5, 1, &quoted, 28);
    bench_refused(*state, "c", &out, HSR_DROP_ICMP_STATE);
    fr_error(&out, &back, 4, 0, &quoted, 28);
    bench_refused(*state, "c", &out, HSR_DROP_ICMP_STATE);
}

/* Identifier 0 has the key of ICMP that has no identifier; what nobody asked for is no reply all the same. */
static void odd_icmp_is_no_echo_reply(void **state)
{
    struct fr_flow back = fr_back(&a_to_b);

    fr_echo(&out, &a_to_b, 8, 0);
    bench_passes(*state, "a", &out, "b", &in);
    fr_icmp(&out, &back, 40, 0, (uint8_t[8]){0}, 8);
    bench_refused(*state, "b", &out, HSR_DROP_ICMP_STATE);
    fr_echo(&out, &back, 0, 0);
    bench_passes(*state, "b", &out, "a", &in);
}

/* Fault 16: an error from another host than it claims. */
static void error_under_a_false_name(void **state)
{
    struct fr_flow back = fr_back(&a_to_9);
    static struct fr quoted;

    fr_udp(&quoted, &a_to_9, 40);
    bench_passes(*state, "a", &quoted, "up", &in);
    back.src = "10.1.0.6"; /* lives here */
    fr_error(&out, &back, 3, 3, &quoted, 100);
    from_host2(&out, 100);
    bench_refused(*state, "up", &out, HSR_DROP_LOOP);
    back.src = "127.0.0.1";
    fr_error(&out, &back, 3, 3, &quoted, 100);
    from_host2(&out, 100);
    bench_refused(*state, "up", &out, HSR_DROP_SPOOF_IP);
    /* The other tenant has the same addresses, and nothing of this session. */
    back.src = "10.1.0.9";
    fr_error(&out, &back, 3, 3, &quoted, 100);
    from_host2(&out, 200);
    bench_refused(*state, "up", &out, HSR_DROP_ICMP_INNER);
}

/* MACs are the sender's to choose: they use up its sessions, not what all tenants need to have any. */
static void made_up_macs_use_up_no_templates(void **state)
{
    enum { SESSIONS = 40000 };
    static struct bench b;
    struct fr_flow f = {.dmac = MAC_A, .src = "10.5.1.1", .dst = "10.1.0.5", .sport = 5};
    struct fr_flow other = {.smac = MAC_A, .dmac = MAC_9, .src = "10.1.0.5", .dst = "10.1.0.9"};

    (void)state;
    bench_open(
        &b, &(struct bench_config){0},
        "version: 1\n"
        "options: {sessions: 65536, quota: 65536}\n"
        "underlay: {neighbors: [{address: 192.0.2.2, mac: 02:aa:00:00:00:02}]}\n" TOP_NET TOP_GROUPS
            TOP_UP TOP_A("") TOP_V TOP_R);
    for (unsigned i = 0; i < SESSIONS; i++) {
        f.smac = UINT64_C(0x020100000000) + i;
        f.dport = (uint16_t)(1000 + i);
        fr_udp(&out, &f, 10);
        from_host2(&out, 100);
        bench_push(&b, "up", &out);
        if (i % 32 == 31 || i + 1 == SESSIONS) {
            bench_run(&b);
            while (bench_pop(&b, "a", &in))
                continue;
        }
    }
    assert_int_equal(bench_drops(&b, "up", HSR_DROP_NONE), 0);
    assert_int_equal(bench_sessions(&b), SESSIONS);
    fr_udp(&out, &other, 10);
    bench_passes(&b, "r", &out, "up", &in);
    bench_close(&b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, top_open, top_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(made_up_neighbours_fill_nothing),
        TEST(a_known_neighbour_is_not_taken_over_at_will),
        TEST(arp_reflects_nothing),
        TEST(echo_reflects_nothing),
        TEST(solicitation_of_no_host),
        TEST(error_to_another),
        TEST(odd_icmp_is_no_echo_reply),
        TEST(error_under_a_false_name),
        cmocka_unit_test(made_up_macs_use_up_no_templates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

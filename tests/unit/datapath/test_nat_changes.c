/* SPDX-License-Identifier: Apache-2.0 */
/* Public addresses under changes: of policy, of the network outside, of the firmware itself. */
#include <stdio.h>

#include "internal.h"
#include "nat_world.h"

static int setup(void **state)
{
    static struct bench b;

    bench_open(&b, &(struct bench_config){0}, NAT_ALL);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bench_close(*state);
    return 0;
}

/* Without a tunnel, but not to a public address: as before. */
static void no_public_addresses(void **state)
{
    struct fr_flow f = a_out.is;

    apply(*state, NAT_HEAD);
    refused(*state, "up", &a_in.is, UDP, HSR_DROP_NOT_FOR_US);
    refused(*state, "a", &f, UDP, HSR_DROP_NAT_NONE);
    apply(*state, TOP_ALL);
    refused(*state, "a", &f, UDP, HSR_DROP_NO_ROUTE);
}

/* What a VPC has in its own networks, it does not look for outside. */
static void address_inside_is_before_the_public_one(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = {MAC_B, GW, "10.1.0.6", "203.0.113.5", 20001, 80, 0, 0};

    apply(
        b, TOP_OPTIONS("") TOP_NET
        "  - {vpc: blue, prefix: 203.0.113.0/24, type: blackhole}\n"
        "  - {vpc: blue, prefix: 0.0.0.0/0, type: external}\n" TOP_GROUPS TOP_UP TOP_A("") TOP_B("")
            TOP_V NAT_POOL("20000-20063") "eips: [{name: a, address: 203.0.113.5, vnic: a}]\n");
    refused(b, "b", &f, UDP, HSR_DROP_BLACKHOLE);
}

/* The underlay asks for public addresses; who says that it has one of them is not believed. */
static void asked_for(void **state)
{
    struct bench *b = *state;

    fr_arp(&out, 1, MAC_N, "192.0.2.7", 0, "192.0.2.200");
    bench_passes(b, "up", &out, "up", &in);
    fr_arp(&want, 2, MAC_UP, "192.0.2.200", MAC_N, "192.0.2.7");
    assert_memory_equal(in.b, want.b, want.len);
    fr_arp(&out, 1, MAC_N, "192.0.2.7", 0, "192.0.2.201");
    bench_push(b, "up", &out);
    fr_arp(&out, 1, MAC_N, "192.0.2.200", 0, "192.0.2.200");
    bench_push(b, "up", &out);
    bench_run(b);
    bench_quiet(b);
}

/* A next hop that is not known yet is asked for; the packet waits for it. */
static void next_hop_unknown(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = a_out.is;

    f.dst = "192.0.2.8";
    fr_udp(&out, &f, 10);
    bench_push(b, "a", &out);
    bench_run(b);
    assert_int_equal(bench_held(b), 1);
    assert_true(bench_pop(b, "up", &in));
    fr_arp(&want, 1, MAC_UP, "192.0.2.1", 0, "192.0.2.8");
    assert_memory_equal(in.b, want.b, want.len);
    fr_arp(&out, 2, UINT64_C(0x02AA00000008), "192.0.2.8", MAC_UP, "192.0.2.1");
    bench_push(b, "up", &out);
    bench_run(b);
    assert_true(bench_pop(b, "up", &in)); /* the one that waited */
    assert_int_equal(fr_get_mac(in.b), UINT64_C(0x02AA00000008));
    fr_udp(&out, &f, 10);
    bench_passes(b, "a", &out, "up", &in);
    assert_int_equal(fr_get_mac(in.b), UINT64_C(0x02AA00000008));
}

/*
 * A guest that asks for one host of the link after the other has them all asked for. That costs it its own packets: sessions
 * that found their way before do not look for it again, however many do not answer or do for the first time.
 */
static void scan_of_the_link(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = a_out.is;
    static const char *const hosts[] = {"192.0.2.51", "192.0.2.52", "192.0.2.53", "192.0.2.54"};

    passes(b, &b_out, UDP);
    for (unsigned i = 0; i < 4; i++) {
        f.dst = hosts[i];
        fr_udp(&out, &f, 10);
        bench_push(b, "a", &out);
        bench_run(b);
    }
    fr_arp(&out, 2, MAC_N + 0x51, hosts[0], MAC_UP, "192.0.2.1");
    bench_push(b, "up", &out);
    bench_sleep(b, UINT64_C(5000000000));
    assert_int_equal(bench_drops(b, "a", HSR_DROP_NEIGH_TIMEOUT), 3);
    while (bench_pop(b, "up", &in))
        continue;
    passes(b, &b_out, UDP);
    passes(b, &b_in, UDP);
    assert_int_equal(bench_counters(b).revalidated, 0);
}

/* What stays as it was keeps its sessions; what does not, loses them, whether they speak or not. */
static void changes(void **state)
{
    struct bench *b = *state;
    struct way moved = a_in;

    passes(b, &a_out, UDP);
    passes(b, &b_out, UDP);
    passes(b, &to_web, SYN);
    /* Another EIP, another forward, other rules: all bindings stay. */
    apply(b, NAT_HEAD NAT_EIPS
          "  - {name: v, address: 203.0.113.99, vnic: v}\n" NAT_POOL("20000-20063") NAT_FORWARDS);
    passes(b, &a_in, UDP);
    passes(b, &b_in, UDP);
    passes(b, &from_web, SYN_ACK);
    assert_int_equal(bench_sessions(b), 3);
    /* The pool has other ports: its session goes without a packet. */
    apply(b, NAT_HEAD NAT_EIPS NAT_POOL("30000-30063") NAT_FORWARDS);
    bench_run(b);
    assert_int_equal(bench_sessions(b), 2);
    assert_int_equal(dp_nat(fw_worker(b->fw, 0))[0].bindings, 0);
    refused(b, "up", &b_in.is, UDP, HSR_DROP_NAT_NONE);
    struct way again = b_out;
    uint16_t port = leaves(b, &again, UDP);

    assert_in_range(port, 30000, 30063);
    /* The EIP is another guest's. */
    apply(b, NAT_HEAD "eips: [{name: a, address: 203.0.113.5, vnic: b}]\n"
                      "forwards: [{name: web, address: 203.0.113.100, protocol: tcp, port: 80, "
                      "vnic: c}]\n");
    moved.to = "b";
    moved.becomes.dmac = MAC_B;
    moved.becomes.dst = "10.1.0.6";
    passes(b, &moved, UDP);
    passes(b, &to_web, TCP);
    refused(b, "a", &a_out.is, UDP, HSR_DROP_NAT_NONE);
    /* Nothing of it is left. */
    apply(b, NAT_HEAD);
    bench_run(b);
    assert_int_equal(bench_sessions(b), 0);
}

/* The pool's name is another, address and ports are the same: the sessions stay, and are counted there. */
static void renamed_pool(void **state)
{
    struct bench *b = *state;

    passes(b, &b_out, UDP);
    assert_int_equal(dp_nat(fw_worker(b->fw, 0))[0].bindings, 1);
    apply(b, NAT_HEAD "snat: [{name: other, vpc: blue, subnets: [front], addresses: "
                      "[203.0.113.99, 203.0.113.100], ports: 20000-20063}]\n");
    passes(b, &b_in, UDP);
    assert_int_equal(bench_sessions(b), 1);
    assert_int_equal(dp_nat(fw_worker(b->fw, 0))[0].bindings, 0);
    assert_int_equal(dp_nat(fw_worker(b->fw, 0))[1].bindings, 1);
    struct fr_flow f = {MAC_C, GW2, "10.2.0.5", "198.51.100.9", 1, 80, 0, 0};

    refused(b, "c", &f, SYN, HSR_DROP_NAT_NONE); /* its subnet has no pool any more */
}

/* A flow outside becomes one to a public address of ours, and the other way round. */
static void an_address_becomes_public(void **state)
{
    struct bench *b = *state;
    struct way w = b_out;

    w.is.dst = w.becomes.dst = "203.0.113.77";
    passes(b, &w, UDP);
    apply(b, NAT_ALL "  - {name: x, address: 203.0.113.77, protocol: udp, port: 80, vnic: a}\n");
    w.to = "a";
    w.becomes = (struct fr_flow){GW, MAC_A, "203.0.113.100", "10.1.0.5", 20005, 80, 0, 0};
    passes(b, &w, UDP);
    assert_int_equal(bench_sessions(b), 1);
}

/* Everything by the slow path gives the same. */
static void without_fast_path(void **state)
{
    struct bench *b = *state;

    for (unsigned i = 0; i < 3; i++) {
        passes(b, &a_out, UDP);
        passes(b, &b_out, UDP);
        passes(b, &a_in, UDP);
        passes(b, &b_in, UDP);
    }
    assert_int_equal(bench_sessions(b), 2);
}

static int setup_slow(void **state)
{
    static struct bench b;

    bench_open(&b, &(struct bench_config){.no_flow_index = true},
               NAT_OPTIONS(", fast_path: false") NAT_WORLD NAT_EIPS NAT_POOL("20000-20063"));
    *state = &b;
    return 0;
}

/* A SYN that offers segments of 8,960 bytes. */
static void syn(struct fr *o, const struct fr_flow *f)
{
    static const uint8_t mss[4] = {2, 4, 0x23, 0x00};
    uint8_t *tcp = o->b + FR_L3 + 20;

    fr_tcp_with(o, f, FR_SYN, 1, 0, mss, sizeof mss);
    tcp[12] = 6 << 4;
    fr_put16(tcp + 16, 0);
    fr_put16(tcp + 16, (uint16_t)~fr_fold(fr_sum(fr_sum(6 + 24, o->b + 26, 8), tcp, 24)));
    assert_true(fr_sums_right(o->b, o->len));
}

/* It is clamped where the VPC says so, to what the uplink takes, whoever begins. */
static void mss_clamped(void **state)
{
    static const struct way *const ways[] = {&a_in, &a_out, &b_out};
    struct bench *b = *state;
    const char *all = NAT_ALL, *vni = strstr(all, "vni: 100");
    char yaml[8192];

    snprintf(yaml, sizeof yaml, "%.*s, mss_clamp: true%s", (int)(vni + 8 - all), all, vni + 8);
    apply(b, yaml);
    for (unsigned i = 0; i < 3; i++) {
        syn(&out, &ways[i]->is);
        bench_passes(b, ways[i]->from, &out, ways[i]->to, &in);
        assert_true(fr_sums_right(in.b, in.len));
        /* a takes 1,500 bytes, b 9,000 and the uplink 1,600 */
        assert_int_equal(fr_get16(in.b + 56), (i < 2 ? 1500 : 1600) - 40);
        assert_int_equal(fw_session_flush(b->fw, &(struct ctl_session_filter){.proto = 0}), 1);
    }
}

/* The firmware is killed: what was translated goes on, and is counted as before. */
static void restarted(void **state)
{
    struct bench *b = *state;
    uint16_t port;
    struct way w = b_out, back;

    w.is.sport = 99;
    port = leaves(b, &w, SYN);
    back = ports(&b_in, 80, port, 80, 99);
    passes(b, &back, SYN_ACK);
    passes(b, &a_in, SYN);
    passes(b, &a_out, SYN_ACK);
    bench_restart(b, NAT_ALL);
    assert_int_equal(bench_sessions(b), 2);
    assert_int_equal(dp_nat(fw_worker(b->fw, 0))[0].bindings, 1);
    assert_int_equal(leaves(b, &w, TCP), port);
    passes(b, &back, TCP);
    passes(b, &a_in, TCP);
    assert_int_equal(bench_counters(b).slow, 0);
    bench_restart(b, NAT_HEAD NAT_EIPS); /* the pool is gone */
    passes(b, &a_in, TCP);
    bench_run(b);
    assert_int_equal(bench_sessions(b), 1);
    assert_int_equal(dp_nat(fw_worker(b->fw, 0))[0].bindings, 0);
}

static int setup_arena(void **state)
{
    static struct bench b;

    bench_open(&b, &(struct bench_config){.arena = true}, NAT_ALL);
    *state = &b;
    return 0;
}

#define NAT_SIX                                                                             \
    NAT_HEAD                                                                                \
    "eips:\n"                                                                               \
    "  - {name: a, address: '2001:db8::5', vnic: a}\n"                                      \
    "  - {name: b, address: '2001:db8::6', vnic: b}\n"                                      \
    "snat: [{name: six, vpc: blue, subnets: [back], addresses: ['2001:db8::100'], ports: "  \
    "20000-20063}]\n"                                                                       \
    "forwards: [{name: web, address: '2001:db8::100', protocol: tcp, port: 8080, vnic: c, " \
    "inside_port: 80}]\n"

/* Out, in, of a pool, by a forwarded port, hairpin: as over IPv4. */
static void ipv6(void **state)
{
    static const struct way ways[] = {
        {"a",
         "up",
         {MAC_A, GW, "fd00:1::5", "2001:db8:1::9", 7, 80, 0, 0},
         {MAC_UP, MAC_GW, "2001:db8::5", "2001:db8:1::9", 7, 80, 0, 0}},
        {"up",
         "a",
         {MAC_GW, MAC_UP, "2001:db8:1::9", "2001:db8::5", 80, 7, 0, 0},
         {GW, MAC_A, "2001:db8:1::9", "fd00:1::5", 80, 7, 0, 0}},
        {"a",
         "up",
         {MAC_A, GW, "fd00:1::5", "fd00:99::7", 7, 80, 0, 0},
         {MAC_UP, MAC_N, "2001:db8::5", "fd00:99::7", 7, 80, 0, 0}},
        {"c",
         "up",
         {MAC_C, GW2, "fd00:2::5", "2001:db8:1::9", 20001, 80, 0, 0},
         {MAC_UP, MAC_GW, "2001:db8::100", "2001:db8:1::9", 20001, 80, 0, 0}},
        {"up",
         "c",
         {MAC_GW, MAC_UP, "2001:db8:1::9", "2001:db8::100", 80, 20001, 0, 0},
         {GW2, MAC_C, "2001:db8:1::9", "fd00:2::5", 80, 20001, 0, 0}},
        {"a",
         "b",
         {MAC_A, GW, "fd00:1::5", "2001:db8::6", 9, 10, 0, 0},
         {GW, MAC_B, "2001:db8::5", "fd00:1::6", 9, 10, 0, 0}},
        {"b",
         "a",
         {MAC_B, GW, "fd00:1::6", "2001:db8::5", 10, 9, 0, 0},
         {GW, MAC_A, "2001:db8::6", "fd00:1::5", 10, 9, 0, 0}},
    };
    static const struct way web = {
        "up",
        "c",
        {MAC_GW, MAC_UP, "2001:db8:1::9", "2001:db8::100", 4, 8080, 0, 0},
        {GW2, MAC_C, "2001:db8:1::9", "fd00:2::5", 4, 80, 0, 0}};
    struct bench *b = *state;
    struct fr_flow f = ways[1].is;

    apply(b, NAT_SIX);
    for (unsigned i = 0; i < sizeof ways / sizeof ways[0]; i++) /* c may send TCP alone */
        passes(b, &ways[i], i == 3 ? SYN : i == 4 ? SYN_ACK : UDP);
    passes(b, &web, SYN);
    assert_int_equal(bench_sessions(b), 5);
    f.dst = "2001:db8::7";
    refused(b, "up", &f, UDP, HSR_DROP_NOT_FOR_US);
    f.dst = "2001:db8::5";
    f.src = "fd00:1::6"; /* of the guest's own network */
    refused(b, "up", &f, UDP, HSR_DROP_SPOOF_IP);
    /* An uplink without IPv6. */
    apply(b, TOP_OPTIONS("") TOP_NET
          "  - {vpc: blue, prefix: '::/0', type: external}\n" TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("")
              TOP_B("") TOP_C("open") TOP_V "eips: [{name: a, address: '2001:db8::5', vnic: a}]\n");
    refused(b, "a", &ways[0].is, UDP, HSR_DROP_NO_UPLINK);
}

/* ICMPv6 errors from outside and from inside: both headers. */
static void ipv6_errors(void **state)
{
    static struct fr quoted;
    struct bench *b = *state;
    const struct fr_flow is = {MAC_A, GW, "fd00:1::5", "2001:db8:1::9", 7, 80, 0, 0};
    const struct fr_flow seen = {MAC_UP, MAC_GW, "2001:db8::5", "2001:db8:1::9", 7, 80, 63, 0};
    struct fr_flow sent = is,
                   outside = {MAC_GW, MAC_UP, "2001:db8:1::1", "2001:db8::5", 0, 0, 0, 0};
    struct fr_flow inside = {GW, MAC_A, "2001:db8:1::1", "fd00:1::5", 0, 0, 63, 0};

    apply(b, NAT_SIX);
    build(&out, &is, UDP);
    bench_passes(b, "a", &out, "up", &in);
    build(&quoted, &seen, UDP);
    assert_memory_equal(in.b, quoted.b, quoted.len);
    fr_error(&out, &outside, 1, 4, &quoted, 120);
    bench_passes(b, "up", &out, "a", &in);
    sent.ttl = 63;
    build(&quoted, &sent, UDP);
    fr_error(&want, &inside, 1, 4, &quoted, 120);
    assert_int_equal(in.len, want.len);
    assert_memory_equal(in.b, want.b, want.len);
}

/* Out of hops or too big, from outside: told by the uplink, quoting the public address. */
static void ipv6_told(void **state)
{
    static struct fr big;
    struct bench *b = *state;
    struct fr_flow f = {MAC_GW, MAC_UP, "2001:db8:1::9", "2001:db8::5", 80, 7, 1, 0};
    const struct fr_flow told = {MAC_UP, MAC_GW, "fd00:99::1", "2001:db8:1::9", 0, 0, 0, 0};

    apply(b, NAT_SIX);
    fr_udp(&out, &f, 10);
    bench_passes(b, "up", &out, "up", &in);
    fr_error(&want, &told, 3, 0, &out, 1280);
    assert_int_equal(in.len, want.len);
    assert_memory_equal(in.b, want.b, want.len);
    assert_int_equal(bench_drops(b, "up", HSR_DROP_TTL), 1);
    f.ttl = 0;
    fr_udp(&big, &f, 1480);
    bench_passes(b, "up", &big, "up", &in);
    assert_int_equal(bench_drops(b, "up", HSR_DROP_PMTU), 1);
    assert_int_equal(in.len, FR_L3 + 1280); /* RFC 4443, 2.4 c */
    assert_true(fr_sums_right(in.b, in.len));
    assert_int_equal(fr_get16(in.b + 54), 0x0200);
    assert_int_equal(fr_get32(in.b + 58), 1500);
    assert_memory_equal(in.b, want.b, 18);
    assert_memory_equal(in.b + 20, want.b + 20, 34);
    assert_memory_equal(in.b + 62, big.b + FR_L3, 1280 - 48);
    /* Not about an error. */
    f.ttl = 1;
    fr_error(&out, &f, 1, 4, &big, 100);
    bench_push(b, "up", &out);
    bench_run(b);
    bench_quiet(b);
}

/* The link asks for public addresses and for the uplink's own. */
static void ipv6_asked_for(void **state)
{
    static const char *const targets[] = {"2001:db8::5", "2001:db8::100", "fd00:99::1"};
    struct fr_flow f = {MAC_N, UINT64_C(0x3333FF000005), "fd00:99::7", "ff02::1:ff00:5", 0, 0, 255,
                        0};
    struct bench *b = *state;

    apply(b, NAT_SIX);
    for (unsigned i = 0; i < 3; i++) {
        fr_solicit(&out, &f, targets[i]);
        bench_passes(b, "up", &out, "up", &in);
        assert_true(fr_sums_right(in.b, in.len));
        assert_int_equal(fr_get_mac(in.b), MAC_N);
        assert_int_equal(in.b[54], 136);
        assert_int_equal(fr_get_mac(in.b + 80), MAC_UP);
    }
    fr_solicit(&out, &f, "2001:db8::99");
    bench_push(b, "up", &out);
    bench_run(b);
    bench_quiet(b);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(no_public_addresses),
        TEST(address_inside_is_before_the_public_one),
        TEST(asked_for),
        TEST(next_hop_unknown),
        TEST(scan_of_the_link),
        TEST(changes),
        TEST(renamed_pool),
        TEST(an_address_becomes_public),
        TEST(mss_clamped),
        TEST(ipv6),
        TEST(ipv6_errors),
        TEST(ipv6_told),
        TEST(ipv6_asked_for),
        cmocka_unit_test_setup_teardown(without_fast_path, setup_slow, teardown),
        cmocka_unit_test_setup_teardown(restarted, setup_arena, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* IPv6 next hops behind the uplink: asked for by neighbour discovery, believed when they answer, waited for, given up. */
#include "datapath/neighbor.h"
#include "nat_world.h"

#define UNKNOWN                                                                          \
    NAT_OPTIONS("")                                                                      \
    "underlay: {neighbors: [{address: 'fd00:99::7', mac: 02:aa:00:00:00:07}]}\n" NAT_NET \
    "eips: [{name: a, address: '2001:db8::5', vnic: a}]\n"
#define HOST "  - {name: host0, role: host, type: ring, device: host0, uplink: up, rate: 1000}\n"

#define SOLICITED 0x40
#define OVERRIDE  0x20
#define ANSWER    (0x80 | SOLICITED | OVERRIDE)
#define MAC_OTHER UINT64_C(0x02AA000000FD)
#define SECOND    UINT64_C(1000000000)

static const struct fr_flow from_gw = {MAC_GW, MAC_UP, "fd00:99::fe", "fd00:99::1", 0, 0, 0, 0};

static int setup(void **state)
{
    static struct bench b;

    bench_open(&b, &(struct bench_config){0}, UNKNOWN);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bench_close(*state);
    return 0;
}

static void send(struct bench *b, uint16_t sport, const char *dst, uint32_t len)
{
    struct fr_flow f = {MAC_A, GW, "fd00:1::5", dst, sport, 80, 0, 0};

    fr_udp(&out, &f, len);
    bench_push(b, "a", &out);
    bench_run(b);
}

/* The next frame is to the outer world, at this MAC. */
static void leaves_to(struct bench *b, uint64_t mac)
{
    assert_true(bench_pop(b, "up", &in));
    assert_int_equal(fr_get_mac(in.b), mac);
    assert_int_equal(fr_get_mac(in.b + 6), MAC_UP);
    assert_int_equal(in.b[20], 17);
    assert_true(fr_sums_right(in.b, in.len));
    bench_quiet(b);
}

/* RFC 4861, 4.3, byte for byte: to the solicited-node group, or to who is there already. */
static void expect_question(struct bench *b, const char *target, uint64_t dmac, const char *dst)
{
    struct fr_flow f = {MAC_UP, dmac, "fd00:99::1", dst, 0, 0, 0, 0};

    assert_true(bench_pop(b, "up", &in));
    fr_solicit(&want, &f, target);
    assert_int_equal(in.len, want.len);
    assert_memory_equal(in.b, want.b, in.len);
    assert_true(fr_sums_right(in.b, in.len));
}

static void asked_all(struct bench *b)
{
    expect_question(b, "fd00:99::fe", 0x3333FF0000FE, "ff02::1:ff00:fe");
}

static void asked_it(struct bench *b)
{
    expect_question(b, "fd00:99::fe", MAC_GW, "fd00:99::fe");
}

/* The gateway says, or somebody for it. */
static void says(struct bench *b, uint64_t mac, uint8_t flags)
{
    fr_advertise(&more, &from_gw, "fd00:99::fe", mac, flags);
    bench_push(b, "up", &more);
    bench_run(b);
}

/* It is known, and one session leads there. */
static void known(struct bench *b)
{
    send(b, 5, "2001:db8:1::9", 10);
    asked_all(b);
    says(b, MAC_GW, ANSWER);
    leaves_to(b, MAC_GW);
}

/* The first packet asks, once a second. Packets wait, and leave in their order before new ones. */
static void waits(void **state)
{
    struct bench *b = *state;

    for (unsigned i = 0; i < 6; i++)
        send(b, (uint16_t)(5 + i % 2), "2001:db8:1::9", 10 + i);
    assert_int_equal(bench_held(b), 6);
    asked_all(b);
    bench_quiet(b);
    bench_sleep(b, 1200000000);
    asked_all(b);
    bench_quiet(b);
    fr_advertise(&more, &from_gw, "fd00:99::fe", MAC_GW, ANSWER);
    bench_push(b, "up", &more);
    send(b, 5, "2001:db8:1::9", 16);
    unsigned next[2] = {10, 11};

    for (unsigned i = 0; i < 7; i++) {
        assert_true(bench_pop(b, "up", &in));
        assert_int_equal(fr_get_mac(in.b), MAC_GW);
        unsigned flow = fr_get16(in.b + 54) - 5u;

        assert_true(flow < 2);
        assert_int_equal(in.len - 62, next[flow]);
        next[flow] += 2;
    }
    assert_int_equal(bench_held(b), 0);
    assert_int_equal(bench_drops(b, "a", HSR_DROP_NONE), 0);
    bench_quiet(b);
}

/* Given up after three questions; found again when it answers one of those that are asked now and then. */
static void waits_in_vain(void **state)
{
    struct bench *b = *state;

    send(b, 5, "2001:db8:1::9", 10);
    bench_sleep(b, 5 * SECOND);
    assert_int_equal(bench_held(b), 0);
    assert_int_equal(bench_drops(b, "a", HSR_DROP_NEIGH_TIMEOUT), 1);
    for (unsigned i = 0; i < 3; i++)
        asked_all(b);
    bench_quiet(b);
    bench_refused(b, "a", &out, HSR_DROP_NEIGH_TIMEOUT);
    bench_sleep(b, 5 * SECOND);
    asked_all(b);
    says(b, MAC_GW, ANSWER);
    send(b, 5, "2001:db8:1::9", 10);
    leaves_to(b, MAC_GW);
}

/* On the link the destination is its own next hop; static neighbours are not asked for. */
static void on_the_link(void **state)
{
    struct bench *b = *state;
    struct fr_flow eight = {MAC_OTHER, MAC_UP, "fd00:99::8", "fd00:99::1", 0, 0, 0, 0};

    send(b, 5, "fd00:99::7", 10);
    leaves_to(b, MAC_N);
    send(b, 5, "fd00:99::8", 10);
    expect_question(b, "fd00:99::8", 0x3333FF000008, "ff02::1:ff00:8");
    fr_advertise(&more, &eight, "fd00:99::8", MAC_OTHER, ANSWER);
    bench_push(b, "up", &more);
    bench_run(b);
    leaves_to(b, MAC_OTHER);
}

/* What does not answer our question does not resolve it. */
static void no_answer(void **state)
{
    struct bench *b = *state;
    struct fr_flow all = from_gw;

    says(b, MAC_OTHER, ANSWER); /* nobody has asked */
    send(b, 5, "2001:db8:1::9", 10);
    asked_all(b);
    says(b, MAC_OTHER, OVERRIDE);              /* unsolicited */
    says(b, 0, ANSWER);                        /* no address in it */
    says(b, UINT64_C(0x010000000001), ANSWER); /* a group's */
    says(b, MAC_UP, ANSWER);                   /* ours */
    all.dmac = UINT64_C(0x333300000001);
    all.dst = "ff02::1"; /* an answer comes to us alone */
    fr_advertise(&more, &all, "fd00:99::fe", MAC_OTHER, ANSWER);
    bench_push(b, "up", &more);
    fr_advertise(&more, &from_gw, "fd00:99::fd", MAC_OTHER, ANSWER); /* somebody else's */
    bench_push(b, "up", &more);
    fr_advertise(&more, &from_gw, "fd00:99::fe", MAC_OTHER, ANSWER);
    more.b[56] ^= 1; /* checksum */
    bench_push(b, "up", &more);
    bench_run(b);
    bench_quiet(b);
    assert_int_equal(bench_held(b), 1);
    all = from_gw;
    all.ttl = 254; /* from behind a router */
    fr_advertise(&more, &all, "fd00:99::fe", MAC_OTHER, ANSWER);
    bench_refused(b, "up", &more, HSR_DROP_ND_BAD);
    assert_int_equal(bench_held(b), 1);
    says(b, MAC_GW, SOLICITED); /* the first answer need not override anything */
    leaves_to(b, MAC_GW);
}

/* Fault 17: Who claims the address of a known neighbour makes us ask that one, and gets nothing. */
static void claimed_by_another(void **state)
{
    static const uint8_t claims[] = {ANSWER, OVERRIDE, SOLICITED, 0};
    struct bench *b = *state;

    known(b);
    for (unsigned i = 0; i < sizeof claims; i++) {
        bench_sleep(b, 2 * SECOND);
        says(b, MAC_OTHER, claims[i]);
        send(b, 5, "2001:db8:1::9", 10);
        leaves_to(b, MAC_GW);
        bench_sleep(b, SECOND / 2);
        asked_it(b);
        bench_quiet(b);
        says(b, MAC_GW, ANSWER);
    }
    says(b, MAC_GW, OVERRIDE); /* nothing new: nobody is asked */
    bench_sleep(b, SECOND);
    bench_quiet(b);
}

/* Not heard of for long: asked at its own address, which need not tell it again. A new one it has to tell, and override. */
static void refreshed(void **state)
{
    struct bench *b = *state;

    known(b);
    bench_sleep(b, DP_NEIGHBOR_REACHABLE_NS + SECOND / 2);
    asked_it(b);
    says(b, 0, SOLICITED);
    bench_sleep(b, DP_NEIGHBOR_REACHABLE_NS - SECOND);
    bench_quiet(b);
    bench_sleep(b, SECOND * 3 / 2);
    asked_it(b);
    says(b, MAC_OTHER, SOLICITED);
    send(b, 5, "2001:db8:1::9", 10);
    leaves_to(b, MAC_GW);
    says(b, MAC_OTHER, ANSWER);
    send(b, 5, "2001:db8:1::9", 10);
    leaves_to(b, MAC_OTHER);
}

/* An uplink that has lost its IPv6 address asks for nobody. */
static void uplink_without_ipv6(void **state)
{
    struct bench *b = *state;

    send(b, 5, "2001:db8:1::9", 10);
    asked_all(b);
    apply(b, TOP_OPTIONS("") TOP_NET
          "  - {vpc: blue, prefix: '::/0', type: external}\n" TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("")
              TOP_B("") TOP_C("open") TOP_V "eips: [{name: a, address: '2001:db8::5', vnic: a}]\n");
    bench_run(b);
    assert_int_equal(bench_drops(b, "a", HSR_DROP_NO_UPLINK), 1);
    bench_sleep(b, 10 * SECOND);
    bench_quiet(b);
}

/* The host's kernel hears answers too, for it may have asked; questions for addresses that are ours it does not answer. */
static void beside_the_host(void **state)
{
    struct bench *b = *state;
    struct fr_flow ask = {MAC_N, UINT64_C(0x3333FF000005), "fd00:99::7", "ff02::1:ff00:5", 0, 0, 0,
                          0};

    apply(b, NAT_OPTIONS("") NAT_NET HOST "eips: [{name: a, address: '2001:db8::5', vnic: a}]\n");
    send(b, 5, "2001:db8:1::9", 10);
    asked_all(b);
    says(b, MAC_GW, ANSWER);
    assert_true(bench_pop(b, "host0", &in));
    assert_memory_equal(in.b, more.b, more.len);
    leaves_to(b, MAC_GW);
    fr_solicit(&out, &ask, "2001:db8::5");
    bench_passes(b, "up", &out, "up", &in);
    assert_int_equal(in.b[54], 136);
    fr_solicit(&out, &ask, "fd00:99::33");
    bench_passes(b, "up", &out, "host0", &in);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(waits),
        TEST(waits_in_vain),
        TEST(on_the_link),
        TEST(no_answer),
        TEST(claimed_by_another),
        TEST(refreshed),
        TEST(uplink_without_ipv6),
        TEST(beside_the_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two uplinks: flows are spread over them and over the next hops of each, move when one goes, and move back; where replies go.
 * All of it over IPv4 and over IPv6.
 */
#include "datapath/neighbor.h"
#include "topology.h"

static bool six; /* the underlay of the test at hand */

/* What is written in IPv4 below, as it is over IPv6: longer texts before their parts. */
static const char *const as_six[][2] = {
    {"address: 192.0.2.1/24", "address6: '2001:db8:2::1/64'"},
    {"address: 192.0.3.1/24", "address6: '2001:db8:3::1/64'"},
    {"gateway: 192.0.2.254", "gateway6: '2001:db8:2::fe'"},
    {"gateway: 192.0.3.254", "gateway6: '2001:db8:3::fe'"},
    {"gateways: [192.0.2.253]", "gateways6: ['2001:db8:2::fd']"},
    {"192.0.2.253", "'2001:db8:2::fd'"},
    {"192.0.2.254", "'2001:db8:2::fe'"},
    {"192.0.3.254", "'2001:db8:3::fe'"},
    {"  vtep: 10.255.0.1", "  vtep6: '2001:db8:ff::1'"},
    {"10.255.0.1", "'2001:db8:ff::1'"},
    {"10.255.0.2", "'2001:db8:ff::2'"},
    {"10.255.0.3", "'2001:db8:ff::3'"},
};
#define AS_SIX (sizeof as_six / sizeof as_six[0])

/* The document for the test's underlay. */
static const char *document(const char *four)
{
    static char text[2][4096];
    static unsigned turn;
    char *to = text[turn++ % 2], *const begin = to;

    while (*four != '\0') {
        unsigned i = 0;

        while (i < AS_SIX && (!six || strncmp(four, as_six[i][0], strlen(as_six[i][0])) != 0))
            i++;
        if (i < AS_SIX) {
            to = stpcpy(to, as_six[i][1]);
            four += strlen(as_six[i][0]);
        } else {
            *to++ = *four++;
        }
        assert_true(to < begin + sizeof text[0] - 64);
    }
    *to = '\0';
    return begin;
}

/* An address for it. */
static const char *host(const char *four)
{
    static char text[8][48];
    static unsigned turn;
    const char *from = document(four);
    int quote = *from == '\'';
    char *to = text[turn++ % 8];

    snprintf(to, sizeof text[0], "%.*s", (int)strlen(from) - 2 * quote, from + quote);
    return to;
}

static bool is_host(const uint8_t *at, const char *four)
{
    struct cfg_addr want;

    assert_true(cfg_addr_parse(host(four), &want));
    return memcmp(at, want.bytes, six ? 16 : 4) == 0;
}

#define GATE2   UINT64_C(0x02AA000000F2) /* the router on up */
#define GATE2B  UINT64_C(0x02AA000000FB) /* another one there, to be found */
#define GATE3   UINT64_C(0x02AA000000F3) /* the router on up2 */
#define MAC_UP3 UINT64_C(0x02AA00000011)
#define FLOWS   64u

#define UPLINKS(more) UPLINKS_AND(more, "")
#define UPLINKS_AND(more, gateways)                                                             \
    "version: 1\n"                                                                              \
    "options: {sessions: 1024, timeouts: {tcp_established: 60}}\n"                              \
    "underlay:\n"                                                                               \
    "  vtep: 10.255.0.1\n"                                                                      \
    "  neighbors:\n"                                                                            \
    "    - {address: 192.0.2.254, mac: 02:aa:00:00:00:f2}\n"                                    \
    "    - {address: 192.0.3.254, mac: 02:aa:00:00:00:f3}\n"                                    \
    "vpcs: [{name: blue, vni: 100}]\n"                                                          \
    "subnets: [{name: front, vpc: blue, prefix4: 10.1.0.0/24, gateway4: 10.1.0.254,\n"          \
    "           gateway_mac: 02:00:5e:00:01:fe}]\n"                                             \
    "mappings:\n"                                                                               \
    "  - {vpc: blue, address: 10.1.0.9, mac: 02:00:00:00:00:09, vtep: 10.255.0.2}\n"            \
    "  - {vpc: blue, address: 10.1.0.19, mac: 02:00:00:00:00:19, vtep: 10.255.0.3}\n"           \
    "routes:\n"                                                                                 \
    "  - {vpc: blue, prefix: 10.5.0.0/16, type: vtep, vtep: 10.255.0.2, mac: "                  \
    "02:00:00:00:00:55" more "}\n" TOP_GROUPS "ports:\n"                                        \
    "  - {name: up, role: uplink, type: ring, device: up, mac: 02:aa:00:00:00:01, mtu: 1600,\n" \
    "     offload: false, address: 192.0.2.1/24, gateway: 192.0.2.254" gateways "}\n" TOP_A_FRONT
#define TOP_A_FRONT                                                                             \
    "  - {name: a, role: vnic, type: ring, device: a, mac: 02:00:00:00:00:01, subnet: front,\n" \
    "     addresses: [10.1.0.5], security_groups: [open]}\n"
#define UP2                                                                                       \
    "  - {name: up2, role: uplink, type: ring, device: up2, mac: 02:aa:00:00:00:11, mtu: 1600,\n" \
    "     offload: false, address: 192.0.3.1/24, gateway: 192.0.3.254}\n"
#define ROUTE_EXTRA "  - {vpc: blue, prefix: 10.1.0.9/32, type: local, reply: source}\n"

static int setup(void **state)
{
    static struct bench b;

    bench_open(&b, &(struct bench_config){0}, document(UPLINKS("") UP2));
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bench_close(*state);
    return 0;
}

static void set_link(struct bench *b, const char *port, bool up)
{
    hsr_view_set_port_up(&nic_region(b->nic)->view, bench_index(b, port), up);
}

static uint32_t inner(void)
{
    return six ? FR_INNER6 : FR_INNER;
}

/* The frame in `in` is that one, from our end of the tunnels to host 2. */
static void is_in_tunnel(const struct fr *f)
{
    assert_true(is_host(in.b + FR_L3 + (six ? 8 : 12), "10.255.0.1"));
    assert_true(is_host(in.b + FR_L3 + (six ? 24 : 16), "10.255.0.2"));
    assert_memory_equal(in.b + inner(), f->b, f->len);
}

/* Push at a; by which uplink it leaves, 0 or 1; the frame in `in`, checked. */
static unsigned leaves(struct bench *b, const struct fr *f)
{
    unsigned by;

    bench_push(b, "a", f);
    bench_run(b);
    by = bench_pop(b, "up", &in) ? 0 : 1;
    if (by == 1)
        assert_true(bench_pop(b, "up2", &in));
    bench_quiet(b);
    assert_true(fr_sums_right(in.b, in.len));
    assert_int_equal(fr_get_mac(in.b), by ? GATE3 : GATE2);
    assert_int_equal(fr_get_mac(in.b + 6), by ? MAC_UP3 : MAC_UP);
    is_in_tunnel(f);
    return by;
}

static void flow(struct fr *o, unsigned i)
{
    struct fr_flow f = a_to_9;

    f.sport = (uint16_t)(2000 + i);
    fr_udp(o, &f, 20);
}

/* A packet of host `vtep` to a, in by the uplink `by`. */
static void arrives(struct bench *b, const struct fr_flow *f, const char *vtep, unsigned by)
{
    struct fr_flow outer = {.smac = by ? GATE3 : GATE2,
                            .dmac = by ? MAC_UP3 : MAC_UP,
                            .src = host(vtep),
                            .dst = host("10.255.0.1"),
                            .sport = 50000};

    fr_udp(&more, f, 20);
    out = more;
    fr_vxlan(&out, &outer, 100);
    bench_passes(b, by ? "up2" : "up", &out, "a", &in);
}

static void spread_and_moved(void **state)
{
    struct bench *b = *state;
    unsigned before[FLOWS], count[2] = {0};

    for (unsigned i = 0; i < FLOWS; i++) {
        flow(&out, i);
        before[i] = leaves(b, &out);
        count[before[i]]++;
        assert_int_equal(leaves(b, &out), before[i]);
    }
    assert_true(count[0] > FLOWS / 4 && count[1] > FLOWS / 4);
    for (unsigned down = 0; down < 2; down++) {
        set_link(b, down ? "up2" : "up", false);
        for (unsigned i = 0; i < FLOWS; i++) {
            flow(&out, i);
            assert_int_equal(leaves(b, &out), !down);
        }
        set_link(b, down ? "up2" : "up", true);
        for (unsigned i = 0; i < FLOWS; i++) {
            flow(&out, i);
            assert_int_equal(leaves(b, &out), before[i]);
        }
    }
    assert_int_equal(bench_sessions(b), FLOWS);
    assert_int_equal(ses_stats(dp_sessions(fw_worker(b->fw, 0)))->created, FLOWS);
}

/* Replies come by the uplink that the underlay chooses: they belong to the session all the same. */
static void replies_by_either(void **state)
{
    struct fr_flow back = fr_back(&a_to_9);

    for (unsigned by = 0; by < 2; by++) {
        fr_udp(&out, &a_to_9, 20);
        leaves(*state, &out);
        arrives(*state, &back, "10.255.0.2", by);
        arrives(*state, &back, "10.255.0.2", !by);
    }
    assert_int_equal(bench_sessions(*state), 1);
}

/* An established connection outlives a time without any uplink, strict as its vNIC is. */
static void none_left(void **state)
{
    struct bench *b = *state;
    struct fr_flow back = fr_back(&a_to_9), outer = h2_to_1;

    outer.src = host("10.255.0.2");
    outer.dst = host("10.255.0.1");
    fr_tcp(&out, &a_to_9, FR_SYN, 0, 0, 0);
    leaves(b, &out);
    fr_tcp(&out, &back, FR_SYN | FR_ACK, 0, 1, 0);
    fr_vxlan(&out, &outer, 100);
    bench_passes(b, "up", &out, "a", &in);
    fr_tcp(&more, &a_to_9, FR_ACK, 1, 1, 30);
    leaves(b, &more);
    set_link(b, "up", false);
    set_link(b, "up2", false);
    bench_refused(b, "a", &more, HSR_DROP_NO_UPLINK);
    flow(&out, 7);
    bench_refused(b, "a", &out, HSR_DROP_NO_UPLINK);
    set_link(b, "up2", true);
    assert_int_equal(leaves(b, &more), 1);
    assert_int_equal(bench_sessions(b), 1);
    set_link(b, "up", true);
}

/* An uplink that the configuration takes away takes no session of a guest with it. */
static void uplink_removed(void **state)
{
    struct bench *b = *state;
    struct cfg_error error = {0};

    for (unsigned i = 0; i < FLOWS; i++) {
        flow(&out, i);
        leaves(b, &out);
    }
    assert_int_equal(bench_apply(b, document(UPLINKS("")), &error), 0);
    for (unsigned i = 0; i < FLOWS; i++) {
        flow(&out, i);
        assert_int_equal(leaves(b, &out), 0);
    }
}

/* The router on up2 asks who has this address. */
static void asks(struct fr *o, const char *target)
{
    struct fr_flow f = {
        .smac = GATE3, .dmac = 0x3333FF000001, .src = host("192.0.3.254"), .dst = "ff02::1:ff00:1"};

    if (six)
        fr_solicit(o, &f, host(target));
    else
        fr_arp(o, 1, GATE3, "192.0.3.254", 0, target);
}

/* The address of our end of the tunnels is answered for on each uplink. */
static void own_vtep(void **state)
{
    struct fr_flow ping = {
        .smac = GATE3, .dmac = MAC_UP3, .src = host("192.0.3.254"), .dst = host("10.255.0.1")};
    struct fr_flow tells = fr_back(&ping);

    asks(&out, "10.255.0.1");
    bench_passes(*state, "up2", &out, "up2", &in);
    if (six)
        fr_advertise(&more, &tells, tells.src, MAC_UP3, 0xE0);
    else
        fr_arp(&more, 2, MAC_UP3, "10.255.0.1", GATE3, "192.0.3.254");
    assert_int_equal(in.len, more.len);
    assert_memory_equal(in.b, more.b, in.len);
    fr_echo(&out, &ping, six ? 128 : 8, 5);
    bench_passes(*state, "up2", &out, "up2", &in);
    asks(&out, "10.255.0.2");
    bench_push(*state, "up2", &out);
    bench_run(*state);
    bench_quiet(*state);
}

/* a's reply to `f` goes to this host. */
static void reply_goes(struct bench *b, const struct fr_flow *f, uint64_t dmac, uint64_t inner_mac,
                       const char *vtep)
{
    struct fr_flow back = fr_back(f);

    back.smac = MAC_A;
    back.dmac = dmac;
    fr_udp(&out, &back, 20);
    bench_push(b, "a", &out);
    bench_run(b);
    assert_true(bench_pop(b, "up", &in) || bench_pop(b, "up2", &in));
    assert_int_equal(fr_get_mac(in.b + inner()), inner_mac);
    assert_true(is_host(in.b + FR_L3 + (six ? 24 : 16), vtep));
}

/* By default as the table says, whoever sent the first packet; with `reply: source` to whoever did. */
static void reply_hop(void **state)
{
    struct bench *b = *state;
    struct cfg_error error = {0};
    struct fr_flow far = {.smac = 0x020000000077,
                          .dmac = GW,
                          .src = "10.5.1.1",
                          .dst = "10.1.0.5",
                          .sport = 5,
                          .dport = 6};
    struct fr_flow known = {
        .smac = MAC_9, .dmac = MAC_A, .src = "10.1.0.9", .dst = "10.1.0.5", .sport = 5, .dport = 6};

    arrives(b, &far, "10.255.0.3", 0);
    reply_goes(b, &far, GW, 0x020000000055, "10.255.0.2");
    arrives(b, &known, "10.255.0.3", 0);
    reply_goes(b, &known, MAC_9, MAC_9, "10.255.0.2");
    assert_int_equal(bench_apply(b,
                                 document(UPLINKS(", reply: source}\n" ROUTE_EXTRA
                                                  "  - {vpc: blue, prefix: 10.6.0.0/16, type: "
                                                  "blackhole") UP2),
                                 &error),
                     0);
    far.sport = known.sport = 7;
    arrives(b, &far, "10.255.0.3", 0);
    reply_goes(b, &far, GW, 0x020000000077, "10.255.0.3");
    arrives(b, &known, "10.255.0.3", 1);
    reply_goes(b, &known, MAC_9, MAC_9, "10.255.0.3");
    /* It stays so when the session is looked at again. */
    set_link(b, "up", false);
    reply_goes(b, &far, GW, 0x020000000077, "10.255.0.3");
    reply_goes(b, &known, MAC_9, MAC_9, "10.255.0.3");
    set_link(b, "up", true);
}

/* The second router of up's link says where it is. */
static void router_answers(struct bench *b)
{
    struct fr_flow f = {
        .smac = GATE2B, .dmac = MAC_UP, .src = host("192.0.2.253"), .dst = host("192.0.2.1")};

    if (six) {
        f.dst = "2001:db8:2::1";
        fr_advertise(&more, &f, f.src, GATE2B, 0xE0);
    } else {
        fr_arp(&more, 2, GATE2B, "192.0.2.253", MAC_UP, "192.0.2.1");
    }
    bench_push(b, "up", &more);
    bench_run(b);
}

/* Takes questions from up's ring; how many. */
static unsigned questions(struct bench *b)
{
    unsigned n = 0;

    for (; bench_pop(b, "up", &in); n++)
        assert_int_equal(fr_get16(in.b + 12), six ? 0x86DD : 0x0806);
    return n;
}

/* The router of up that a's flow number `i` goes by. */
static uint64_t router_of(struct bench *b, unsigned i)
{
    flow(&out, i);
    bench_passes(b, "a", &out, "up", &in);
    is_in_tunnel(&out);
    return fr_get_mac(in.b);
}

/* Two routers on one link share its flows; when one is silent the other one has all, until it speaks again. */
static void next_hops(void **state)
{
    struct bench *b = *state;
    struct cfg_error error = {0};
    unsigned by_second = 0, waiting = 0;
    uint64_t before[FLOWS];

    assert_int_equal(bench_apply(b, document(UPLINKS_AND("", ", gateways: [192.0.2.253]")), &error),
                     0);
    for (unsigned i = 0; i < FLOWS; i++) {
        flow(&out, i);
        bench_push(b, "a", &out);
        bench_run(b);
        before[i] = 0;
        if (bench_pop(b, "up", &in) && fr_get_mac(in.b) == GATE2)
            before[i] = GATE2;
        else
            waiting++;
    }
    assert_int_equal(bench_held(b), waiting);
    router_answers(b);
    for (; bench_pop(b, "up", &in); by_second++)
        assert_int_equal(fr_get_mac(in.b), GATE2B);
    assert_int_equal(by_second, waiting);
    assert_true(by_second > FLOWS / 4 && by_second < FLOWS * 3 / 4);
    for (unsigned i = 0; i < FLOWS; i++) {
        uint64_t router = router_of(b, i);

        assert_int_equal(router, before[i] != 0 ? before[i] : GATE2B);
        before[i] = router;
    }
    bench_sleep(b, DP_NEIGHBOR_REACHABLE_NS + 4 * DP_NEIGHBOR_ASK_NS);
    assert_int_equal(questions(b), DP_NEIGHBOR_TRIES);
    for (unsigned i = 0; i < FLOWS; i++)
        assert_int_equal(router_of(b, i), GATE2);
    bench_sleep(b, DP_NEIGHBOR_RETRY_NS);
    assert_int_equal(questions(b), 1);
    router_answers(b);
    for (unsigned i = 0; i < FLOWS; i++)
        assert_int_equal(router_of(b, i), before[i]);
    /* One that the configuration takes away has none any more. */
    assert_int_equal(bench_apply(b, document(UPLINKS("")), &error), 0);
    for (unsigned i = 0; i < FLOWS; i++)
        assert_int_equal(router_of(b, i), GATE2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(spread_and_moved), TEST(replies_by_either), TEST(none_left), TEST(uplink_removed),
        TEST(own_vtep),         TEST(reply_hop),         TEST(next_hops),
    };
    int failed = cmocka_run_group_tests_name("IPv4", tests, NULL, NULL);

    six = true;
    return failed + cmocka_run_group_tests_name("IPv6", tests, NULL, NULL);
}

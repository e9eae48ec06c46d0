/* SPDX-License-Identifier: Apache-2.0 */
/* Two uplinks: flows are spread over them, move when a link goes, and move back; where replies go. */
#include "topology.h"

#define GATE2   UINT64_C(0x02AA000000F2) /* the router on up */
#define GATE3   UINT64_C(0x02AA000000F3) /* the router on up2 */
#define MAC_UP3 UINT64_C(0x02AA00000011)
#define FLOWS   64u

#define UPLINKS(more)                                                                           \
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
    "     offload: false, address: 192.0.2.1/24, gateway: 192.0.2.254}\n" TOP_A_FRONT
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

    bench_open(&b, &(struct bench_config){0}, UPLINKS("") UP2);
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
    assert_int_equal(fr_get32(in.b + 26), fr_addr4("10.255.0.1"));
    assert_int_equal(fr_get32(in.b + 30), fr_addr4("10.255.0.2"));
    assert_memory_equal(in.b + FR_INNER, f->b, f->len);
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
                            .src = vtep,
                            .dst = "10.255.0.1",
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

    outer.src = "10.255.0.2";
    outer.dst = "10.255.0.1";
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
    assert_int_equal(bench_apply(b, UPLINKS(""), &error), 0);
    for (unsigned i = 0; i < FLOWS; i++) {
        flow(&out, i);
        assert_int_equal(leaves(b, &out), 0);
    }
}

/* The address of our end of the tunnels is answered for on each uplink. */
static void own_vtep(void **state)
{
    struct fr_flow ping = {
        .smac = GATE3, .dmac = MAC_UP3, .src = "192.0.3.254", .dst = "10.255.0.1"};

    fr_arp(&out, 1, GATE3, "192.0.3.254", 0, "10.255.0.1");
    bench_passes(*state, "up2", &out, "up2", &in);
    fr_arp(&more, 2, MAC_UP3, "10.255.0.1", GATE3, "192.0.3.254");
    assert_int_equal(in.len, more.len);
    assert_memory_equal(in.b, more.b, in.len);
    fr_echo(&out, &ping, 8, 5);
    bench_passes(*state, "up2", &out, "up2", &in);
    fr_arp(&out, 1, GATE3, "192.0.3.254", 0, "10.255.0.2");
    bench_push(*state, "up2", &out);
    bench_run(*state);
    bench_quiet(*state);
}

/* Which host a's reply to `f` goes to. */
static uint32_t reply_goes(struct bench *b, const struct fr_flow *f, uint64_t dmac, uint64_t inner)
{
    struct fr_flow back = fr_back(f);

    back.smac = MAC_A;
    back.dmac = dmac;
    fr_udp(&out, &back, 20);
    bench_push(b, "a", &out);
    bench_run(b);
    assert_true(bench_pop(b, "up", &in) || bench_pop(b, "up2", &in));
    assert_int_equal(fr_get_mac(in.b + FR_INNER), inner);
    return fr_get32(in.b + 30);
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
    assert_int_equal(reply_goes(b, &far, GW, 0x020000000055), fr_addr4("10.255.0.2"));
    arrives(b, &known, "10.255.0.3", 0);
    assert_int_equal(reply_goes(b, &known, MAC_9, MAC_9), fr_addr4("10.255.0.2"));
    assert_int_equal(bench_apply(b,
                                 UPLINKS(", reply: source}\n" ROUTE_EXTRA "  - {vpc: blue, prefix: "
                                         "10.6.0.0/16, type: blackhole") UP2,
                                 &error),
                     0);
    far.sport = known.sport = 7;
    arrives(b, &far, "10.255.0.3", 0);
    assert_int_equal(reply_goes(b, &far, GW, 0x020000000077), fr_addr4("10.255.0.3"));
    arrives(b, &known, "10.255.0.3", 1);
    assert_int_equal(reply_goes(b, &known, MAC_9, MAC_9), fr_addr4("10.255.0.3"));
    /* It stays so when the session is looked at again. */
    set_link(b, "up", false);
    assert_int_equal(reply_goes(b, &far, GW, 0x020000000077), fr_addr4("10.255.0.3"));
    assert_int_equal(reply_goes(b, &known, MAC_9, MAC_9), fr_addr4("10.255.0.3"));
    set_link(b, "up", true);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(spread_and_moved), TEST(replies_by_either), TEST(none_left),
        TEST(uplink_removed),   TEST(own_vtep),          TEST(reply_hop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

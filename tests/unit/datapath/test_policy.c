/* SPDX-License-Identifier: Apache-2.0 */
/* What a change of policy, ports or neighbours does to sessions that live. */
#include "internal.h"
#include "topology.h"

#define CLOSED      \
    TOP_OPTIONS("") \
    TOP_NET TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("") TOP_B("") TOP_C("closed") TOP_V TOP_R
#define WITHOUT_C \
    TOP_OPTIONS("") TOP_NET TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("") TOP_B("") TOP_V TOP_R

static void apply(struct bench *b, const char *yaml)
{
    struct cfg_error e = {.line = 0};

    if (bench_apply(b, yaml, &e) != 0)
        fail_msg("%s: %s", e.path, e.text);
}

/* A host of the underlay that was asked for, and that we hear of for the first time or under a new MAC. */
static void new_neighbour(struct bench *b, const char *addr, uint64_t mac)
{
    struct dp_worker *w = fw_worker(b->fw, 0);
    struct dp_hop hop = {.addr.family = 4, .port = bench_index(b, "up")};

    bench_sleep(b, DP_NEIGHBOR_HOLD_NS);
    hsr_store32(hop.addr.bytes, fr_addr4(addr));
    dp_neighbor_ask(&w->shared->neighbors, &hop, 0, w->now);
    fr_arp(&out, 1, mac, addr, 0, "192.0.2.1");
    bench_passes(b, "up", &out, "up", &in);
    fr_arp(&more, 2, MAC_UP, "192.0.2.1", mac, addr);
    assert_int_equal(in.len, more.len);
    assert_memory_equal(in.b, more.b, in.len);
}

static uint64_t created(struct bench *b)
{
    return ses_stats(dp_sessions(fw_worker(b->fw, 0)))->created;
}

static void denied_goes_allowed_stays(void **state)
{
    struct bench *b = *state;

    fr_udp(&out, &a_to_b, 10);
    bench_passes(b, "a", &out, "b", &in);
    fr_udp(&out, &a_to_c, 10);
    bench_passes(b, "a", &out, "c", &in);
    fr_tcp(&out, &a_to_c, FR_SYN, 1, 0, 0);
    bench_passes(b, "a", &out, "c", &in);
    apply(b, CLOSED);
    bench_passes(b, "a", &out, "c", &in);
    fr_udp(&out, &a_to_c, 10);
    bench_refused(b, "a", &out, HSR_DROP_SG_INGRESS);
    fr_udp(&out, &a_to_b, 10);
    bench_passes(b, "a", &out, "b", &in);
    assert_int_equal(created(b), 3);
    assert_int_equal(bench_sessions(b), 2);
    /* a to b lies outside what changed: it was not walked again. */
    assert_int_equal(bench_counters(b).revalidated, 2);
    struct fr_flow c_out = {.smac = MAC_C, .dmac = GW2, .src = "10.2.0.5", .dst = "10.1.0.5"};

    fr_udp(&out, &c_out, 10);
    bench_refused(b, "c", &out, HSR_DROP_SG_EGRESS);
}

/* An epoch is not a byte: the 256th change after a session was made is a change too. */
static void the_256th_change_counts(void **state)
{
    struct bench *b = *state;

    fr_udp(&out, &a_to_c, 10);
    bench_passes(b, "a", &out, "c", &in);
    for (unsigned i = 0; i < 255; i++)
        apply(b, TOP_ALL);
    bench_passes(b, "a", &out, "c", &in);
    assert_int_equal(bench_counters(b).revalidated, 0);
    apply(b, CLOSED);
    bench_refused(b, "a", &out, HSR_DROP_SG_INGRESS);
}

static void the_256th_neighbour_counts(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = {
        .smac = MAC_A, .dmac = GW, .src = "10.1.0.5", .dst = "10.4.0.1", .sport = 5, .dport = 6};

    new_neighbour(b, "192.0.2.3", MAC_H3);
    fr_udp(&more, &f, 10);
    bench_passes(b, "a", &more, "up", &in);
    atomic_fetch_add(&fw_worker(b->fw, 0)->shared->neighbors.moves, 255);
    new_neighbour(b, "192.0.2.3", 0x02CC00000003);
    fr_udp(&more, &f, 10);
    bench_passes(b, "a", &more, "up", &in);
    assert_int_equal(fr_get_mac(in.b), 0x02CC00000003);
}

static void neighbour_moves(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = {
        .smac = MAC_A, .dmac = GW, .src = "10.1.0.5", .dst = "10.4.0.1", .sport = 5, .dport = 6};

    new_neighbour(b, "192.0.2.3", MAC_H3);
    fr_udp(&more, &f, 10);
    bench_passes(b, "a", &more, "up", &in);
    assert_int_equal(fr_get_mac(in.b), MAC_H3);
    new_neighbour(b, "192.0.2.3", 0x02CC00000003);
    fr_udp(&more, &f, 10);
    bench_passes(b, "a", &more, "up", &in);
    assert_int_equal(fr_get_mac(in.b), 0x02CC00000003);
    assert_int_equal(created(b), 1);
}

/* What only the first packet could tell survives: the MAC of a guest that may have any ... */
/*
 * No room for the program of one direction, while the other's stays as it is: the session cannot go on, and what its
 * neighbours share with it stays theirs.
 */
static void no_room_for_a_program(void **state)
{
    struct bench *b = *state;
    struct act_pool *programs = &fw_worker(b->fw, 0)->actions.programs;
    struct fr_flow f = {
        .smac = MAC_A, .dmac = GW, .src = "10.1.0.5", .dst = "10.4.0.1", .sport = 5, .dport = 6};
    struct fr_flow g = f, back, outer = h2_to_1;
    uint32_t capacity = programs->capacity;

    if (b->explains) /* how full the store of programs is, is not asked */
        skip();
    g.sport = 7;
    new_neighbour(b, "192.0.2.3", MAC_H3);
    fr_udp(&more, &f, 10);
    bench_passes(b, "a", &more, "up", &in);
    fr_udp(&more, &g, 10);
    bench_passes(b, "a", &more, "up", &in);
    assert_int_equal(programs->used, 2);
    new_neighbour(b, "192.0.2.3", 0x02CC00000003);
    programs->capacity = programs->fresh;
    fr_udp(&more, &f, 10);
    bench_refused(b, "a", &more, HSR_DROP_SESSION_FULL);
    assert_int_equal(bench_sessions(b), 1);
    programs->capacity = capacity;
    fr_udp(&more, &g, 10);
    bench_passes(b, "a", &more, "up", &in);
    assert_int_equal(fr_get_mac(in.b), 0x02CC00000003);
    back = fr_back(&g);
    back.smac = 0x020000000044;
    back.dmac = MAC_A;
    outer.src = "192.0.2.3";
    fr_udp(&more, &back, 10);
    fr_vxlan(&more, &outer, 100);
    bench_passes(b, "up", &more, "a", &in);
    assert_int_equal(programs->used, 2);
}

static void mac_of_a_free_guest_is_kept(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = {.smac = 0x020000000099,
                        .dmac = MAC_A,
                        .src = "10.1.0.99",
                        .dst = "10.1.0.5",
                        .sport = 5,
                        .dport = 6};
    struct fr_flow back = fr_back(&f);

    /* Addressed to v, for 10.1.0.99 is nobody's; the session knows the way all the same. */
    fr_udp(&out, &f, 10);
    bench_passes(b, "v", &out, "a", &in);
    fr_udp(&more, &back, 10);
    bench_passes(b, "a", &more, "v", &in);
    expect_like(&in, &more, 0x020000000099, MAC_A, 0);
    new_neighbour(b, "192.0.2.77", 0x02BB00000001);
    fr_udp(&more, &back, 10);
    bench_passes(b, "a", &more, "v", &in);
    expect_like(&in, &more, 0x020000000099, MAC_A, 0);
    assert_int_equal(created(b), 1);
}

/* ... the MAC of what comes bridged out of a tunnel ... */
static void mac_out_of_a_tunnel_is_kept(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = fr_back(&a_to_9);

    for (unsigned i = 0; i < 2; i++) {
        fr_udp(&out, &f, 10);
        more = out;
        from_host2(&out, 100);
        bench_passes(b, "up", &out, "a", &in);
        expect_like(&in, &more, MAC_A, MAC_9, 0);
        new_neighbour(b, "192.0.2.77", 0x02BB00000001 + i);
    }
    assert_int_equal(created(b), 1);
}

/* ... that it was routed here, and where it came from when its source is nobody's. */
static void routed_out_of_a_tunnel_stays_routed(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = {.smac = 0x020000000055,
                        .dmac = GW,
                        .src = "10.5.1.1",
                        .dst = "10.1.0.5",
                        .sport = 5,
                        .dport = 6};
    struct fr_flow back = {
        .smac = MAC_A, .dmac = GW, .src = "10.1.0.5", .dst = "10.5.1.1", .sport = 6, .dport = 5};

    for (unsigned i = 0; i < 2; i++) {
        fr_udp(&out, &f, 10);
        more = out;
        from_host2(&out, 100);
        bench_passes(b, "up", &out, "a", &in);
        expect_like(&in, &more, MAC_A, GW, 1);
        fr_udp(&out, &back, 10);
        bench_passes(b, "a", &out, "up", &in);
        expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
        expect_like(&in, &out, 0x020000000055, GW, 1);
        new_neighbour(b, "192.0.2.77", 0x02BB00000001 + i);
    }
    assert_int_equal(created(b), 1);
}

static void port_goes_with_its_sessions(void **state)
{
    struct bench *b = *state;

    for (unsigned i = 0; i < 600; i++) {
        struct fr_flow f = a_to_c;

        f.sport = (uint16_t)(1000 + i);
        fr_udp(&out, &f, 10);
        bench_push(b, "a", &out);
    }
    bench_run(b);
    for (unsigned i = 0; i < 600; i++)
        assert_true(bench_pop(b, "c", &in));
    fr_udp(&out, &a_to_b, 10);
    bench_passes(b, "a", &out, "b", &in);
    apply(b, WITHOUT_C);
    assert_int_equal(bench_sessions(b), 1);
    fr_udp(&out, &a_to_c, 10);
    bench_refused(b, "a", &out, HSR_DROP_NO_MAPPING);
    /* It comes back. */
    apply(b, TOP_ALL);
    bench_passes(b, "a", &out, "c", &in);
}

/* Fault 47: Packets of and for a port that goes while they are on their way are all accounted for. */
static void port_goes_under_traffic(void **state)
{
    struct bench *b = *state;
    struct fr_flow back = {.smac = MAC_C,
                           .dmac = GW2,
                           .src = "10.2.0.5",
                           .dst = "10.1.0.5",
                           .sport = 80,
                           .dport = 1000};

    fr_udp(&out, &a_to_c, 10);
    bench_passes(b, "a", &out, "c", &in);
    /* Fetched, and not seen by the firmware. */
    bench_push(b, "a", &out);
    fr_udp(&out, &back, 10);
    bench_push(b, "c", &out);
    nic_poll(b->nic, b->now);
    apply(b, WITHOUT_C);
    bench_run(b);
    apply(b, TOP_ALL);
    fr_udp(&out, &a_to_c, 10);
    bench_passes(b, "a", &out, "c", &in);
    /* Sent on by the firmware, and not seen by the NIC. */
    bench_push(b, "a", &out);
    fr_udp(&out, &back, 10);
    bench_push(b, "c", &out);
    nic_poll(b->nic, b->now);
    dp_poll(fw_worker(b->fw, 0));
    apply(b, WITHOUT_C);
    bench_run(b);
    assert_int_equal(bench_drops(b, "a", HSR_DROP_PORT_GONE), 1);
    assert_true(bench_pop(b, "a", &in));
}

/* Fault 8: A session of one protocol lets no packet of another pass, protocol 0 and UDP to the same port least of all. */
static void protocols_are_told_apart(void **state)
{
    static const uint8_t ports[8] = {1000 >> 8, 1000 & 255, 0, 80, 0, 8};
    struct bench *b = *state;

    assert_int_equal(bench_apply(b,
                                 TOP_OPTIONS("") TOP_NET TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("")
                                     TOP_B("") TOP_C("closed") TOP_V TOP_R,
                                 NULL),
                     0);
    for (unsigned round = 0; round < 2; round++) { /* without the session, and with it */
        fr_ip(&out, &a_to_c, 0, ports, sizeof ports);
        bench_refused(b, "a", &out, HSR_DROP_SG_INGRESS);
        fr_ip(&out, &a_to_c, 47, ports, sizeof ports);
        bench_refused(b, "a", &out, HSR_DROP_SG_INGRESS);
        fr_udp(&out, &a_to_c, 0);
        bench_refused(b, "a", &out, HSR_DROP_SG_INGRESS);
        fr_tcp(&out, &a_to_c, FR_SYN, 1, 0, 0);
        bench_passes(b, "a", &out, "c", &in);
    }
}

static void bad_changes_change_nothing(void **state)
{
    struct bench *b = *state;
    struct cfg_error e = {.line = 0};
    struct nic_ring *taken = nic_ring_new("taken", 1 << 18);

    assert_non_null(taken);
    assert_int_equal(
        bench_apply(b, TOP_OPTIONS(", quota: 7") TOP_NET TOP_GROUPS TOP_UP TOP_A("") TOP_V, &e),
        -EINVAL);
    assert_string_equal(e.path, "/options");
    /* A port that cannot be opened, behind ones that could and one whose device changes. */
    assert_true(bench_apply(b,
                            TOP_OPTIONS("") TOP_NET TOP_GROUPS TOP_UP TOP_A(", offload: false")
                                TOP_B("") TOP_V
                            "  - {name: x, role: vnic, type: ring, device: nowhere, "
                            "mac: 02:00:00:00:00:77, subnet: front, addresses: "
                            "[10.1.0.77], security_groups: [open]}\n",
                            &e) < 0);
    assert_string_equal(e.path, "/ports/4");
    fr_udp(&out, &a_to_c, 10);
    bench_passes(b, "a", &out, "c", &in);
    assert_int_equal(nic_ring_free(taken), 0);
}

/* A VPC's network number changes: the old one is nobody's any more. */
static void vni_moves(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = fr_back(&a_to_9);
    char *yaml = strdup(TOP_ALL), *vni = strstr(yaml, "vni: 100");

    fr_udp(&more, &a_to_9, 10);
    bench_passes(b, "a", &more, "up", &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    vni[5] = '3'; /* vni: 300 */
    apply(b, yaml);
    free(yaml);
    bench_passes(b, "a", &more, "up", &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 300);
    fr_udp(&out, &f, 10);
    from_host2(&out, 100);
    bench_refused(b, "up", &out, HSR_DROP_UNKNOWN_VNI);
    fr_udp(&out, &f, 10);
    from_host2(&out, 300);
    bench_passes(b, "up", &out, "a", &in);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, top_open, top_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(denied_goes_allowed_stays),
        TEST(the_256th_change_counts),
        TEST(the_256th_neighbour_counts),
        TEST(no_room_for_a_program),
        TEST(neighbour_moves),
        TEST(mac_of_a_free_guest_is_kept),
        TEST(mac_out_of_a_tunnel_is_kept),
        TEST(routed_out_of_a_tunnel_stays_routed),
        TEST(port_goes_with_its_sessions),
        TEST(port_goes_under_traffic),
        TEST(bad_changes_change_nothing),
        TEST(protocols_are_told_apart),
        TEST(vni_moves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions under traffic: who may use one, how one ends and begins anew, limits, the flow index. */
#include "topology.h"

/* Two-way UDP, so that the session is established and in the flow index. */
static void talk(struct bench *b, const struct fr_flow *f, const char *from, const char *to)
{
    struct fr_flow back = fr_back(f);

    fr_udp(&out, f, 10);
    bench_passes(b, from, &out, to, &in);
    fr_udp(&out, &back, 10);
    bench_passes(b, to, &out, from, &in);
}

static void matched_by_flow_id(void **state)
{
    struct dp_counters c;

    talk(*state, &a_to_b, "a", "b");
    fr_udp(&out, &a_to_b, 10);
    bench_passes(*state, "a", &out, "b", &in);
    c = bench_counters(*state);
    assert_int_equal(c.slow, 1);
    assert_int_equal(c.hits_flow_id, 2);
    assert_int_equal(c.fit_inserts, 1);
    assert_int_equal(c.stale_flow_id, 0);
}

/* Fault 22: another's MAC address on a session that lives. */
static void foreign_mac_on_a_session(void **state)
{
    struct fr_flow spoofed = a_to_b;

    talk(*state, &a_to_b, "a", "b");
    spoofed.smac = MAC_C;
    fr_udp(&out, &spoofed, 10);
    bench_refused(*state, "a", &out, HSR_DROP_SPOOF_MAC);
    fr_udp(&out, &a_to_b, 10);
    bench_passes(*state, "a", &out, "b", &in);
    assert_int_equal(bench_sessions(*state), 1);
}

/* Faults 22, 31: The same, hidden in a vector whose first packet is honest. */
static void foreign_mac_behind_an_honest_packet(void **state)
{
    struct bench *b = *state;
    struct fr_flow spoofed = a_to_b;

    talk(b, &a_to_b, "a", "b");
    spoofed.smac = MAC_C;
    for (unsigned i = 0; i < 4; i++) {
        fr_udp(&out, i == 2 ? &spoofed : &a_to_b, 10 + i);
        bench_push(b, "a", &out);
    }
    bench_run(b);
    assert_int_equal(bench_drops(b, "a", HSR_DROP_SPOOF_MAC), 1);
    for (unsigned i = 0; i < 4; i++) {
        if (i == 2)
            continue;
        assert_true(bench_pop(b, "b", &in));
        assert_int_equal(in.len, 42 + 10 + i);
    }
    assert_int_equal(bench_sessions(b), 1);
}

static void wrong_port_on_a_session(void **state)
{
    struct fr_flow f = fr_back(&a_to_9);

    talk(*state, &a_to_b, "a", "b");
    fr_udp(&out, &a_to_b, 10);
    bench_refused(*state, "b", &out, HSR_DROP_SPOOF_MAC);
    /* v may send under any address, and so takes the flow over; b's answers go where the last first packet came from */
    bench_passes(*state, "v", &out, "b", &in);
    assert_int_equal(bench_sessions(*state), 1);
    /* A local address from the tunnel is a loop, session or not. */
    f.src = "10.1.0.6";
    f.smac = MAC_B;
    f.sport = 80;
    f.dport = 1000;
    fr_udp(&out, &f, 10);
    from_host2(&out, 100);
    bench_refused(*state, "up", &out, HSR_DROP_LOOP);
}

/* An unknown host cannot send into a session by knowing its addresses. */
static void unknown_host_on_a_session(void **state)
{
    struct fr_flow outer = h2_to_1, back = fr_back(&a_to_9);

    fr_udp(&out, &a_to_9, 10);
    bench_passes(*state, "a", &out, "up", &in);
    outer.src = "192.0.2.66";
    fr_udp(&out, &back, 10);
    fr_vxlan(&out, &outer, 100);
    bench_refused(*state, "up", &out, HSR_DROP_UNKNOWN_VTEP);
}

static void handshake(struct bench *b, const struct fr_flow *f, const char *from, const char *to)
{
    struct fr_flow back = fr_back(f);

    fr_tcp(&out, f, FR_SYN, 100, 0, 0);
    bench_passes(b, from, &out, to, &in);
    fr_tcp(&out, &back, FR_SYN | FR_ACK, 500, 101, 0);
    bench_passes(b, to, &out, from, &in);
    fr_tcp(&out, f, FR_ACK, 101, 501, 0);
    bench_passes(b, from, &out, to, &in);
}

/* Fault 13: a tuple that is used again. */
static void tcp_from_syn_to_reuse(void **state)
{
    struct bench *b = *state;
    struct fr_flow back = fr_back(&a_to_b);

    handshake(b, &a_to_b, "a", "b");
    fr_tcp(&out, &a_to_b, FR_ACK | FR_PSH, 101, 501, 500);
    bench_passes(b, "a", &out, "b", &in);
    expect_like(&in, &out, MAC_B, MAC_A, 0);
    fr_tcp(&out, &a_to_b, FR_ACK, 0x40000000, 501, 10);
    bench_refused(b, "a", &out, HSR_DROP_TCP_WINDOW);
    fr_tcp(&out, &a_to_b, FR_FIN | FR_ACK, 601, 501, 0);
    bench_passes(b, "a", &out, "b", &in);
    fr_tcp(&out, &back, FR_FIN | FR_ACK, 501, 602, 0);
    bench_passes(b, "b", &out, "a", &in);
    fr_tcp(&out, &a_to_b, FR_ACK, 602, 502, 0);
    bench_passes(b, "a", &out, "b", &in);
    assert_int_equal(bench_sessions(b), 1);
    /* TIME_WAIT: a new connection on the same tuple, its SYN and what is right behind it in one vector. */
    fr_tcp(&out, &a_to_b, FR_SYN, 90000, 0, 0);
    bench_push(b, "a", &out);
    bench_push(b, "a", &out);
    bench_run(b);
    assert_true(bench_pop(b, "b", &in));
    assert_true(bench_pop(b, "b", &in));
    assert_int_equal(bench_sessions(b), 1);
    assert_int_equal(bench_counters(b).slow, 2);
    /* The flow index was told of the new session by the packet that opened it. */
    uint64_t hits = bench_counters(b).hits_flow_id;

    bench_passes(b, "a", &out, "b", &in);
    assert_int_equal(bench_counters(b).hits_flow_id, hits + 1);
}

/* Fault 31: A late packet of the old connection before the SYN, and the SYN, in one vector. */
static void reuse_in_the_middle_of_a_vector(void **state)
{
    struct bench *b = *state;
    struct fr_flow back = fr_back(&a_to_b);

    handshake(b, &a_to_b, "a", "b");
    fr_tcp(&out, &a_to_b, FR_FIN | FR_ACK, 101, 501, 0);
    bench_passes(b, "a", &out, "b", &in);
    fr_tcp(&out, &back, FR_FIN | FR_ACK, 501, 102, 0);
    bench_passes(b, "b", &out, "a", &in);
    fr_tcp(&out, &a_to_b, FR_ACK, 102, 502, 0);
    bench_push(b, "a", &out);
    fr_tcp(&out, &a_to_b, FR_SYN, 90000, 0, 0);
    bench_push(b, "a", &out);
    bench_run(b);
    assert_true(bench_pop(b, "b", &in));
    assert_int_equal(in.b[FR_L3 + 33], FR_ACK);
    assert_true(bench_pop(b, "b", &in));
    assert_int_equal(in.b[FR_L3 + 33], FR_SYN);
    assert_int_equal(bench_sessions(b), 1);
    assert_int_equal(bench_counters(b).slow, 2);
}

/* What the flow index holds of connections that are over is room that those under way do not have. */
static void forgotten_when_it_is_over(void **state)
{
    struct bench *b = *state;
    struct fr_flow back = fr_back(&a_to_b);
    uint64_t gauge[HSR_GAUGE_COUNT];

    handshake(b, &a_to_b, "a", "b");
    fr_tcp(&out, &a_to_b, FR_FIN | FR_ACK, 101, 501, 0);
    bench_passes(b, "a", &out, "b", &in);
    fr_tcp(&out, &back, FR_FIN | FR_ACK, 501, 102, 0);
    bench_passes(b, "b", &out, "a", &in);
    nic_gauges(b->nic, gauge);
    assert_int_equal(gauge[HSR_GAUGE_FIT_USED], 1);
    fr_tcp(&out, &a_to_b, FR_ACK, 102, 502, 0);
    bench_passes(b, "a", &out, "b", &in);
    bench_run(b);
    nic_gauges(b->nic, gauge);
    assert_int_equal(gauge[HSR_GAUGE_FIT_USED], 0);
    assert_int_equal(bench_counters(b).fit_deletes, 1);
    /* What comes again finds its session, and does not ask for an entry. */
    bench_passes(b, "a", &out, "b", &in);
    bench_run(b);
    nic_gauges(b->nic, gauge);
    assert_int_equal(gauge[HSR_GAUGE_FIT_USED], 0);
    assert_int_equal(bench_sessions(b), 1);
    assert_int_equal(bench_counters(b).stale_flow_id, 0);
}

/* Fault 14: packets in the middle of a connection, where that is allowed. */
static void picked_up_midstream(void **state)
{
    struct fr_flow f = {.smac = MAC_V,
                        .dmac = MAC_A,
                        .src = "10.1.0.10",
                        .dst = "10.1.0.5",
                        .sport = 5,
                        .dport = 6};

    fr_tcp(&out, &f, FR_ACK, 5, 5, 10);
    bench_passes(*state, "v", &out, "a", &in);
}

static void flushed(void **state)
{
    struct bench *b = *state;
    struct ctl_session_filter all = {.proto = 0};
    uint64_t gauge[HSR_GAUGE_COUNT];

    talk(b, &a_to_b, "a", "b");
    fr_udp(&out, &a_to_c, 10);
    bench_passes(b, "a", &out, "c", &in);
    nic_gauges(b->nic, gauge);
    assert_int_equal(gauge[HSR_GAUGE_FIT_USED], 2);
    assert_int_equal(fw_session_flush(b->fw, &all), 2);
    assert_int_equal(bench_sessions(b), 0);
    assert_int_equal(bench_actions(b), 0);
    bench_run(b);
    assert_int_equal(bench_counters(b).fit_deletes, 2);
    nic_gauges(b->nic, gauge);
    assert_int_equal(gauge[HSR_GAUGE_FIT_USED], 0);
    fr_udp(&out, &a_to_b, 10);
    bench_passes(b, "a", &out, "b", &in);
    assert_int_equal(bench_counters(b).stale_flow_id, 0);
}

static void listed_and_shown(void **state)
{
    struct bench *b = *state;
    struct ctl_session_filter all = {.proto = 0}, udp = {.proto = 17, .port = "up"};
    json_t *rows, *row, *shown;

    talk(b, &a_to_b, "a", "b");
    fr_udp(&out, &a_to_9, 10);
    bench_passes(b, "a", &out, "up", &in);
    rows = fw_session_list(b->fw, &all, NULL, 1);
    assert_int_equal(json_array_size(json_object_get(rows, "sessions")), 1);
    json_t *cursor = json_object_get(rows, "cursor");

    assert_true(json_is_string(cursor));
    shown = fw_session_list(b->fw, &all, json_string_value(cursor), 10);
    assert_int_equal(json_array_size(json_object_get(shown, "sessions")), 1);
    assert_true(json_is_null(json_object_get(shown, "cursor")));
    json_decref(shown);
    json_decref(rows);
    rows = fw_session_list(b->fw, &udp, NULL, 10);
    assert_int_equal(json_array_size(json_object_get(rows, "sessions")), 1);
    row = json_array_get(json_object_get(rows, "sessions"), 0);
    assert_string_equal(json_string_value(json_object_get(row, "src")), "10.1.0.5");
    assert_string_equal(json_string_value(json_object_get(row, "dst")), "10.1.0.9");
    assert_int_equal(json_integer_value(json_object_get(row, "packets")), 1);
    shown = fw_session_show(b->fw,
                            strtoull(json_string_value(json_object_get(row, "flow_id")), NULL, 16));
    assert_non_null(shown);
    json_t *actions = json_object_get(shown, "actions");

    assert_string_equal(json_string_value(json_array_get(actions, 0)),
                        "eth dst 02:00:00:00:00:09 src 02:00:00:00:00:01");
    assert_string_equal(json_string_value(json_array_get(actions, 1)),
                        "encap vxlan vni 100 to 192.0.2.2");
    assert_string_equal(json_string_value(json_array_get(actions, 2)), "output port 0");
    actions = json_object_get(shown, "reply_actions");
    assert_string_equal(json_string_value(json_array_get(actions, 0)), "decap");
    json_decref(shown);
    json_decref(rows);
    assert_null(fw_session_show(b->fw, 12345));
    rows = fw_session_list(b->fw, &all, "nonsense", 10);
    assert_int_equal(json_array_size(json_object_get(rows, "sessions")), 0);
    json_decref(rows);
}

/* A flow the table of the NIC has forgotten, or never heard of, is found by its key. */
static void without_flow_index(void **state)
{
    static struct bench b;

    (void)state;
    bench_open(&b, &(struct bench_config){.no_flow_index = true}, TOP_ALL);
    talk(&b, &a_to_b, "a", "b");
    fr_udp(&out, &a_to_b, 10);
    bench_passes(&b, "a", &out, "b", &in);
    assert_int_equal(bench_counters(&b).hits_flow_id, 0);
    assert_int_equal(bench_counters(&b).hits_table, 2);
    bench_close(&b);
}

static uint64_t flows(struct bench *b, const struct fr_flow *like, const char *from, uint32_t n)
{
    struct fr_flow f = *like;

    for (uint32_t i = 0; i < n; i++) {
        f.sport = (uint16_t)(2000 + i);
        fr_udp(&out, &f, 10);
        bench_push(b, from, &out);
        bench_run(b);
    }
    return bench_drops(b, from, HSR_DROP_SESSION_QUOTA);
}

static void drain(struct bench *b, const char *port)
{
    while (bench_pop(b, port, &in))
        continue;
}

/* Fault 41: a guest above its quota of sessions. */
static void quotas(void **state)
{
    static struct bench b;
    struct fr_flow f = fr_back(&a_to_9);

    (void)state;
    bench_open(&b, &(struct bench_config){0},
               TOP_OPTIONS(", quota: 8") TOP_NET TOP_GROUPS TOP_UP TOP_A(", quota: 3") TOP_B("")
                   TOP_V);
    assert_int_equal(flows(&b, &a_to_b, "a", 5), 2);
    drain(&b, "b");
    f = fr_back(&a_to_b);
    f.dport = 99;
    assert_int_equal(flows(&b, &f, "b", 10), 2);
    drain(&b, "a");
    /* What the network opens to a vNIC has the same quota, apart: else one vNIC's friends could fill the table. */
    f = fr_back(&a_to_9);
    for (uint32_t i = 0; i < 20; i++) {
        f.dport = (uint16_t)(2000 + i);
        fr_udp(&out, &f, 10);
        from_host2(&out, 100);
        bench_push(&b, "up", &out);
        bench_run(&b);
    }
    assert_int_equal(bench_drops(&b, "up", HSR_DROP_SESSION_QUOTA), 17);
    drain(&b, "a");
    /* Others are not concerned, and what is there goes on. */
    f.dst = "10.1.0.6";
    f.dmac = MAC_B;
    fr_udp(&out, &f, 10);
    from_host2(&out, 100);
    bench_passes(&b, "up", &out, "b", &in);
    f = fr_back(&a_to_9);
    f.dport = 2000;
    fr_udp(&out, &f, 10);
    from_host2(&out, 100);
    bench_passes(&b, "up", &out, "a", &in);
    /* Another quota in a running system. */
    assert_int_equal(bench_apply(&b,
                                 TOP_OPTIONS(", quota: 8")
                                     TOP_NET TOP_GROUPS TOP_UP TOP_A(", quota: 6") TOP_B("") TOP_V,
                                 NULL),
                     0);
    f = a_to_b;
    f.dport = 81;
    assert_int_equal(flows(&b, &f, "a", 5), 4);
    drain(&b, "b");
    bench_age(&b);
    f = fr_back(&a_to_9);
    f.dport = 2019;
    fr_udp(&out, &f, 10);
    from_host2(&out, 100);
    bench_passes(&b, "up", &out, "a", &in);
    bench_close(&b);
}

/* One guest may have the whole table. */
static void without_shares(struct bench *b)
{
    assert_int_equal(bench_apply(b,
                                 TOP_OPTIONS("") TOP_NET TOP_GROUPS TOP_UP TOP_A(", quota: 2048")
                                     TOP_B("") TOP_V,
                                 NULL),
                     0);
}

/* Fault 42: no session left to give. */
static void table_full(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = a_to_b;

    without_shares(b);
    for (uint32_t i = 0; i < 1024; i++) {
        f.sport = (uint16_t)(2000 + i);
        talk(b, &f, "a", "b");
    }
    fr_udp(&out, &a_to_b, 10);
    bench_refused(b, "a", &out, HSR_DROP_SESSION_FULL);
    fr_udp(&out, &f, 10);
    bench_passes(b, "a", &out, "b", &in);
}

/* Faults 41, 42: All that is not established gives way. */
static void embryonic_give_way(void **state)
{
    struct bench *b = *state;

    without_shares(b);
    flows(b, &a_to_b, "a", 1100);
    assert_int_equal(bench_drops(b, "a", HSR_DROP_NONE), 0);
    assert_int_equal(bench_sessions(b), 1024);
    drain(b, "b");
}

static void slow_path_only(void **state)
{
    static struct bench b;

    (void)state;
    bench_open(&b, &(struct bench_config){0},
               TOP_OPTIONS(", fast_path: false") TOP_NET TOP_GROUPS TOP_UP TOP_A("") TOP_B("")
                   TOP_V);
    handshake(&b, &a_to_b, "a", "b");
    fr_tcp(&out, &a_to_b, FR_ACK, 0x40000000, 501, 10);
    bench_refused(&b, "a", &out, HSR_DROP_TCP_WINDOW);
    talk(&b, &a_to_b, "a", "b");
    assert_int_equal(bench_sessions(&b), 2);
    bench_close(&b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, top_open, top_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(matched_by_flow_id),
        TEST(foreign_mac_on_a_session),
        TEST(foreign_mac_behind_an_honest_packet),
        TEST(wrong_port_on_a_session),
        TEST(unknown_host_on_a_session),
        TEST(tcp_from_syn_to_reuse),
        TEST(reuse_in_the_middle_of_a_vector),
        TEST(forgotten_when_it_is_over),
        TEST(picked_up_midstream),
        TEST(flushed),
        TEST(listed_and_shown),
        cmocka_unit_test(without_flow_index),
        cmocka_unit_test(quotas),
        TEST(table_full),
        TEST(embryonic_give_way),
        cmocka_unit_test(slow_path_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

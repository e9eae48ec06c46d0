/* SPDX-License-Identifier: Apache-2.0 */
/* Rules to the hardware, from their text to what becomes of packets: drop, meter, mirror, mark, and when rules go. */
#include "topology.h"

static struct bench b;
static struct ctl_rule_error error;

static int setup(void **state)
{
    (void)state;
    bench_open(&b, &(struct bench_config){0}, TOP_ALL);
    return 0;
}

static int setup_without_index(void **state)
{
    (void)state;
    bench_open(&b, &(struct bench_config){.no_flow_index = true}, TOP_ALL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_close(&b);
    return 0;
}

/* A rule comes to be in the table; its number. */
static uint32_t create(const char *port, const char *text)
{
    json_t *result;
    uint32_t id;

    if (fw_rule_create(b.fw, port, text, false, &result, &error) < 0)
        fail_msg("%s: %s: %s", text, error.type, error.text);
    id = (uint32_t)json_integer_value(json_object_get(result, "rule"));
    assert_string_equal(json_string_value(json_object_get(result, "home")), "table");
    json_decref(result);
    return id;
}

static void refused(int rc, const char *type, const char *port, const char *text)
{
    json_t *result = NULL;

    memset(&error, 0, sizeof error);
    assert_int_equal(fw_rule_create(b.fw, port, text, false, &result, &error), rc);
    assert_null(result);
    assert_string_equal(error.type, type);
    assert_int_not_equal(error.text[0], '\0');
}

static uint64_t hits(const char *port, uint32_t id)
{
    json_t *result;
    uint64_t n;

    assert_int_equal(fw_rule_query(b.fw, port, id, &result, &error), 0);
    n = (uint64_t)json_integer_value(json_object_get(result, "hits"));
    json_decref(result);
    return n;
}

static uint32_t rules(const char *port)
{
    json_t *rows;
    uint32_t n;

    assert_int_equal(fw_rule_list(b.fw, port, &rows, &error), 0);
    n = (uint32_t)json_array_size(rows);
    json_decref(rows);
    return n;
}

/* What the statistics say of the NIC's table of rules. */
static void filled(json_int_t used, json_int_t high)
{
    json_t *stats = fw_stats(b.fw), *table;
    size_t i, found = 0;

    json_array_foreach (json_object_get(stats, "tables"), i, table) {
        if (strcmp(json_string_value(json_object_get(table, "table")), "nic_rules") != 0)
            continue;
        assert_int_equal(json_integer_value(json_object_get(table, "used")), used);
        assert_int_equal(json_integer_value(json_object_get(table, "high_water")), high);
        assert_int_equal(json_integer_value(json_object_get(table, "capacity")), HSR_MAX_RULES);
        found++;
    }
    assert_int_equal(found, 1);
    json_decref(stats);
}

static uint64_t copies(const char *port)
{
    fw_sync(b.fw);
    return fw_balance(b.fw, bench_index(&b, port)).copies;
}

/* The next frame that leaves by `port` is what was sent. */
static void copied(const char *port, const struct fr *sent)
{
    if (!bench_pop(&b, port, &in))
        fail_msg("no copy left by %s", port);
    assert_int_equal(in.len, sent->len);
    assert_memory_equal(in.b, sent->b, sent->len);
}

static void drop(void **state)
{
    struct fr_flow other = a_to_b;

    (void)state;
    other.dport = 81;
    uint32_t id =
        create("a", "ingress pattern eth / ipv4 dst is 10.1.0.6 / udp dst is 80 / end actions "
                    "count / drop / end");
    fr_udp(&out, &a_to_b, 20);
    bench_refused(&b, "a", &out, HSR_DROP_RULE);
    bench_refused(&b, "a", &out, HSR_DROP_RULE);
    assert_int_equal(hits("a", id), 2);
    assert_int_equal(bench_sessions(&b), 0);
    fr_udp(&out, &other, 20);
    bench_passes(&b, "a", &out, "b", &in);
    assert_int_equal(fw_rule_destroy(b.fw, "a", id, &error), 0);
    fr_udp(&out, &a_to_b, 20);
    bench_passes(&b, "a", &out, "b", &in);
}

static void meter(void **state)
{
    (void)state;
    assert_int_equal(fw_meter_set(b.fw, 4, HSR_METER_PACKETS, 10, 2, &error), 0);
    uint32_t id = create("a", "ingress pattern udp / end actions meter mtr_id 4 / count / end");
    fr_udp(&out, &a_to_b, 20);
    bench_passes(&b, "a", &out, "b", &in);
    bench_passes(&b, "a", &out, "b", &in);
    bench_refused(&b, "a", &out, HSR_DROP_METER);
    b.now += 99999999;
    bench_refused(&b, "a", &out, HSR_DROP_METER);
    b.now += 1;
    bench_passes(&b, "a", &out, "b", &in);
    assert_int_equal(hits("a", id), 5);
    assert_int_equal(fw_meter_set(b.fw, 4, HSR_METER_NONE, 0, 0, &error), -EBUSY);
    assert_int_equal(fw_meter_set(b.fw, 5, HSR_METER_NONE, 0, 0, &error), -ENOENT);
    assert_int_equal(fw_meter_set(b.fw, 5, HSR_METER_BITS, 0, 1, &error), -EINVAL);
    json_t *meters = fw_meter_list(b.fw);
    assert_int_equal(json_array_size(meters), 1);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(meters, 0), "rate")), 10);
    json_decref(meters);
    assert_int_equal(fw_rule_destroy(b.fw, "a", id, &error), 0);
    assert_int_equal(fw_meter_set(b.fw, 4, HSR_METER_NONE, 0, 0, &error), 0);
}

static void mirror_of_what_comes_as_it_came(void **state)
{
    (void)state;
    create("a", "ingress pattern end actions mirror port v / end");
    fr_udp(&out, &a_to_b, 20);
    bench_passes(&b, "a", &out, "b", &in);
    copied("v", &out);
    fr_arp(&out, 1, MAC_A, "10.1.0.5", 0, "10.1.0.254");
    bench_passes(&b, "a", &out, "a", &in); /* the gateway's answer */
    copied("v", &out);
    /* Also what nobody may send, padding, and what is too broken to be understood. */
    fr_udp(&out, &a_to_b, 20);
    out.b[FR_L3 + 20 + 8] ^= 1;
    bench_push(&b, "a", &out);
    fr_udp(&more, &a_to_b, 1);
    memset(more.b + more.len, 0xEE, 64 - more.len);
    more.len = 64;
    bench_push(&b, "a", &more);
    bench_run(&b);
    copied("v", &out);
    copied("v", &more);
    assert_true(bench_pop(&b, "b", &in));
    assert_int_equal(bench_drops(&b, "a", HSR_DROP_UDP_CSUM), 1);
    assert_int_equal(copies("a"), 4);
    assert_int_equal(copies("v"), 0);
    bench_quiet(&b);
}

static void mirror_and_drop(void **state)
{
    (void)state;
    create("a", "ingress pattern udp / end actions mirror port v / drop / end");
    for (unsigned i = 0; i < 40; i++) {
        fr_udp(&out, &a_to_b, 20 + i);
        bench_push(&b, "a", &out);
    }
    bench_run(&b);
    for (unsigned i = 0; i < 40; i++) {
        fr_udp(&out, &a_to_b, 20 + i);
        copied("v", &out);
    }
    assert_int_equal(bench_drops(&b, "a", HSR_DROP_RULE), 40);
    bench_quiet(&b);
}

/* The sender left its checksum, or all of segmentation, to the NIC: so does the copy, as far as its port goes along. */
static void mirror_of_what_is_left_to_the_nic(void **state)
{
    uint32_t got = 0;

    (void)state;
    create("a", "ingress priority 1 pattern tcp / end actions mirror port v / passthru / end");
    create("a", "ingress priority 2 pattern tcp / end actions mirror port up / drop / end");
    fr_tcp(&out, &a_to_b, FR_ACK | FR_PSH, 1, 1, 6000);
    more = out;
    fr_partial(&out, 1400);
    bench_push(&b, "a", &out);
    bench_run(&b);
    assert_true(bench_pop(&b, "v", &in));
    assert_int_equal(in.len, out.len);
    assert_int_equal(in.vnet.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
    assert_int_equal(in.vnet.gso_size, 1400);
    while (bench_pop(&b, "up", &in)) {
        assert_int_equal(in.vnet.flags, 0);
        assert_true(fr_sums_right(in.b, in.len));
        assert_memory_equal(in.b + 54, more.b + 54 + got, in.len - 54);
        got += in.len - 54;
    }
    assert_int_equal(got, 6000);
    fr_tcp(&out, &a_to_b, FR_ACK, 1, 1, 500);
    more = out;
    fr_partial(&out, 0);
    bench_push(&b, "a", &out);
    bench_run(&b);
    assert_true(bench_pop(&b, "v", &in));
    assert_int_equal(in.vnet.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
    copied("up", &more); /* complete */
    assert_int_equal(copies("a"), 4);
    assert_int_equal(bench_drops(&b, "a", HSR_DROP_RULE), 2);
    bench_quiet(&b);
}

static void mirror_of_a_tunnel(void **state)
{
    struct fr_flow back = fr_back(&a_to_9);

    (void)state;
    create("up",
           "ingress pattern eth / ipv4 / udp / vxlan vni is 100 / eth / ipv4 dst is 10.1.0.5 / end "
           "actions mirror port v / count / end");
    fr_udp(&out, &back, 60);
    from_host2(&out, 200);
    bench_passes(&b, "up", &out, "r", &in); /* the other tenant's: not looked at */
    fr_udp(&out, &back, 60);
    from_host2(&out, 100);
    bench_passes(&b, "up", &out, "a", &in);
    copied("v", &out);
    assert_int_equal(copies("up"), 1);
    bench_quiet(&b);
}

/* Fault 54: A copy that cannot leave is a drop of the port it came in by; the packet itself goes its way. */
static void copies_that_do_not_leave(void **state)
{
    (void)state;
    create("b", "ingress pattern end actions mirror port v / end");
    struct fr_flow back = fr_back(&a_to_b);

    fr_udp(&out, &a_to_b, 20);
    bench_passes(&b, "a", &out, "b", &in);
    fr_udp(&out, &back, 4000);             /* v has an MTU of 1500 */
    bench_passes(&b, "b", &out, "b", &in); /* a has, too, and b is told */
    assert_int_equal(bench_drops(&b, "b", HSR_DROP_TX_TOO_BIG), 1);
    assert_int_equal(bench_drops(&b, "b", HSR_DROP_PMTU), 1);
    assert_int_equal(copies("b"), 1);
    bench_quiet(&b);
}

static void rules_of_a_port_that_goes(void **state)
{
    (void)state;
    create("a", "ingress pattern udp / end actions mirror port r / end");
    create("a", "ingress pattern udp / end actions passthru / end");
    create("r", "ingress pattern end actions drop / end");
    assert_int_equal(rules(NULL), 3);
    filled(3, 3);
    assert_int_equal(bench_apply(&b,
                                 TOP_OPTIONS("") TOP_NET TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("")
                                     TOP_B("") TOP_C("open") TOP_V,
                                 NULL),
                     0);
    /* r is gone, and with it its rule and the one that copies to it: whoever gets its number gets no copies. */
    assert_int_equal(rules(NULL), 1);
    filled(1, 3);
    fr_udp(&out, &a_to_b, 20);
    bench_passes(&b, "a", &out, "b", &in);
    assert_int_equal(bench_apply(&b, TOP_ALL, NULL), 0);
    bench_passes(&b, "a", &out, "b", &in);
    bench_quiet(&b);
    assert_int_equal(copies("a"), 0);
    assert_int_equal(rules("a"), 1);
    assert_int_equal(rules("r"), 0);
}

static void rules_go_with_the_firmware(void **state)
{
    (void)state;
    create("a", "ingress pattern udp / end actions drop / end");
    assert_int_equal(fw_meter_set(b.fw, 4, HSR_METER_PACKETS, 10, 2, &error), 0);
    fr_udp(&out, &a_to_b, 20);
    bench_refused(&b, "a", &out, HSR_DROP_RULE);
    assert_int_equal(nic_reset(b.nic, 2), 0);
    struct hsr_rule_state said;
    assert_int_equal(nic_rule_query(b.nic, bench_index(&b, "a"), 0, &said), -ENOENT);
    assert_int_equal(said.error, HSR_RULE_ERROR_HANDLE);
    assert_int_equal(nic_meter_set(b.nic, 4, HSR_METER_NONE, 0, 0), -ENOENT);
}

/* The mark of the session with this tuple, as `session show` gives it. */
static uint32_t mark_of(uint16_t sport, uint64_t *flow_id)
{
    struct ctl_session_filter filter = {.l4_port = sport};
    json_t *list = fw_session_list(b.fw, &filter, NULL, 2), *shown;
    const json_t *sessions = json_object_get(list, "sessions");
    uint32_t mark;

    assert_int_equal(json_array_size(sessions), 1);
    *flow_id = strtoull(json_string_value(json_object_get(json_array_get(sessions, 0), "flow_id")),
                        NULL, 16);
    json_decref(list);
    shown = fw_session_show(b.fw, *flow_id);
    mark = (uint32_t)json_integer_value(json_object_get(shown, "mark"));
    json_decref(shown);
    return mark;
}

static void mark(void **state)
{
    struct fr_flow other = a_to_b;
    struct dp_counters before, after;
    uint64_t flow_id, id;
    char text[120];

    (void)state;
    other.sport = 1001;
    refused(-EINVAL, "ACTION_CONF", "a", "ingress pattern udp / end actions mark id 0 / end");
    assert_non_null(strstr(error.text, "no session has mark 0"));
    fr_udp(&out, &a_to_b, 20);
    bench_passes(&b, "a", &out, "b", &in);
    fr_udp(&more, &other, 20);
    bench_passes(&b, "a", &more, "b", &in);
    mark_of(1001, &id);
    snprintf(text, sizeof text, "ingress pattern udp src is 1000 / end actions mark id %u / end",
             mark_of(1000, &flow_id));
    assert_int_not_equal(flow_id, id);
    create("a", text);
    before = bench_counters(&b);
    for (unsigned i = 0; i < 3; i++)
        bench_passes(&b, "a", &out, "b", &in); /* found by its flow id, though the index is off */
    after = bench_counters(&b);
    assert_int_equal(after.hits_flow_id - before.hits_flow_id, 3);
    bench_passes(&b, "a", &more, "b", &in);
    assert_int_equal(bench_counters(&b).hits_flow_id, after.hits_flow_id);

    /* A pin on the wrong session, and one on a session that is gone: a wrong hint, found out by the key. */
    struct fr_flow back = fr_back(&a_to_b);
    snprintf(text, sizeof text,
             "ingress priority 0 pattern udp src is 80 / end actions mark id %u / end",
             mark_of(1001, &id));
    create("b", text);
    fr_udp(&in, &back, 20);
    more = in;
    bench_passes(&b, "b", &more, "a", &in);
    expect_like(&in, &more, MAC_A, MAC_B, 0);
    struct ctl_session_filter all = {.proto = 0};
    assert_int_equal(fw_session_flush(b.fw, &all), 2);
    bench_passes(&b, "a", &out, "b", &in);
    expect_like(&in, &out, MAC_B, MAC_A, 0);
    assert_int_equal(bench_counters(&b).hits_flow_id, after.hits_flow_id);
    refused(-EINVAL, "ACTION_CONF", "a",
            "ingress pattern end actions mark id 33554432 / end"); /* worker 1 */
    refused(-EINVAL, "ACTION_CONF", "a", "ingress pattern end actions mark id 4294967295 / end");
}

static void lists_and_numbers(void **state)
{
    static const char *const want[] = {
        "ingress priority 1 pattern udp / end actions drop / end",
        "ingress priority 5 pattern eth / end actions count / end",
        "ingress priority 5 pattern tcp / end actions count / mirror port b / end"};
    char index[8];
    json_t *rows, *result;

    (void)state;
    assert_int_equal(create("a", want[1]), 0);
    assert_int_equal(create("b", "ingress pattern end actions passthru / end"), 0);
    assert_int_equal(create("a", want[2]), 1);
    snprintf(index, sizeof index, "%u", bench_index(&b, "a"));
    assert_int_equal(create(index, want[0]), 2); /* a port by its number */
    assert_int_equal(fw_rule_list(b.fw, "a", &rows, &error), 0);
    assert_int_equal(json_array_size(rows), 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(json_string_value(json_object_get(json_array_get(rows, i), "text")),
                            want[i]);
    json_decref(rows);
    assert_int_equal(rules(NULL), 4);
    /* Validated it is nowhere. */
    assert_int_equal(fw_rule_create(b.fw, "a", want[0], true, &result, &error), 0);
    assert_null(json_object_get(result, "rule"));
    json_decref(result);
    assert_int_equal(rules("a"), 3);
    assert_int_equal(fw_rule_flush(b.fw, "a", &result, &error), 0);
    assert_int_equal(json_integer_value(json_object_get(result, "removed")), 3);
    json_decref(result);
    assert_int_equal(rules(NULL), 1);
    assert_int_equal(create("a", want[0]), 0);
    assert_int_equal(fw_rule_query(b.fw, "a", 0, &result, &error),
                     -ENOTSUP); /* it does not count */
    assert_string_equal(error.type, "ACTION");
    assert_int_equal(fw_rule_query(b.fw, "a", 1, &result, &error), -ENOENT);
    assert_int_equal(fw_rule_destroy(b.fw, "a", 1, &error), -ENOENT);
    assert_string_equal(error.type, "HANDLE");
    assert_int_equal(fw_rule_flush(b.fw, "nobody", &result, &error), -ENOENT);
    assert_int_equal(fw_rule_list(b.fw, "nobody", &rows, &error), -ENOENT);
    refused(-ENOENT, "UNSPECIFIED", "nobody", want[0]);
    refused(-ENOENT, "UNSPECIFIED", "1023", want[0]);
    refused(-ENOENT, "ACTION_CONF", "a", "ingress pattern end actions meter mtr_id 7 / end");
}

static void the_table_is_full(void **state)
{
    char text[80];

    (void)state;
    for (unsigned i = 0; i < HSR_MAX_RULES; i++) {
        snprintf(text, sizeof text, "ingress pattern udp src is %u / end actions drop / end",
                 2000 + i);
        create(i % 2 ? "a" : "b", text);
    }
    refused(-ENOSPC, "UNSPECIFIED", "a", text);
    fr_udp(&out, &a_to_b, 20); /* matches none of them */
    bench_passes(&b, "a", &out, "b", &in);
    refused(-ENOSPC, "UNSPECIFIED", "c", "ingress pattern end actions drop / end");
    for (unsigned i = 0; i < HSR_MAX_RULES; i += 2)
        assert_int_equal(fw_rule_destroy(b.fw, "b", i / 2, &error), 0);
    create("c", text);
}

/* What a firmware sends that does not keep to the contract. */
static void hostile_rules(void **state)
{
    uint16_t port = bench_index(&b, "a"), other = bench_index(&b, "b");
    struct hsr_rule good = {.port = port, .actions = HSR_RULE_ACT_COUNT};
    struct hsr_rule_state said;
    struct hsr_rule bad = good;

    (void)state;
    assert_int_equal(nic_rule_create(b.nic, &good, 7, false, &said), 0);
    assert_int_equal(said.home, HSR_RULE_HOME_TABLE);
    assert_int_equal(nic_rule_create(b.nic, &good, 7, false, &said), -EEXIST);
    assert_int_equal(nic_rule_create(b.nic, &good, 7, true, &said), -EEXIST);
    bad.items = 255;
    assert_int_equal(nic_rule_create(b.nic, &bad, 1, false, &said), -EINVAL);
    assert_int_equal(said.error, HSR_RULE_ERROR_ITEM_NUM);
    bad = good;
    bad.port = HSR_MAX_PORTS;
    assert_int_equal(nic_rule_create(b.nic, &bad, 1, false, &said), -EINVAL);
    bad.port = HSR_MAX_PORTS - 1;
    assert_int_equal(nic_rule_create(b.nic, &bad, 1, false, &said), -ENODEV);
    bad = good;
    bad.actions = HSR_RULE_ACT_MIRROR;
    bad.mirror = HSR_MAX_PORTS - 1;
    assert_int_equal(nic_rule_create(b.nic, &bad, 1, false, &said), -ENODEV);
    assert_int_equal(said.error, HSR_RULE_ERROR_ACTION_CONF);
    bad.actions = HSR_RULE_ACT_METER;
    bad.meter = UINT32_MAX;
    assert_int_equal(nic_rule_create(b.nic, &bad, 1, false, &said), -EINVAL);
    bad.meter = 0;
    assert_int_equal(nic_rule_create(b.nic, &bad, 1, false, &said), -ENOENT);
    assert_int_equal(nic_rule_destroy(b.nic, HSR_MAX_PORTS, 7, &said), -ENOENT);
    assert_int_equal(nic_rule_destroy(b.nic, UINT16_MAX, 7, &said), -ENOENT);
    assert_int_equal(nic_rule_destroy(b.nic, other, 7, &said), -ENOENT);
    assert_int_equal(nic_rule_query(b.nic, HSR_MAX_PORTS, 7, &said), -ENOENT);
    assert_int_equal(nic_rule_flush(b.nic, HSR_MAX_PORTS, &said), -ENODEV);
    assert_int_equal(nic_rule_flush(b.nic, HSR_MAX_PORTS - 1, &said), 0);
    assert_int_equal(nic_meter_set(b.nic, HSR_MAX_METERS, HSR_METER_PACKETS, 1, 1), -EINVAL);
    assert_int_equal(nic_meter_set(b.nic, 1, (enum hsr_meter_unit)77, 1, 1), -EINVAL);
    assert_int_equal(nic_rule_destroy(b.nic, port, 7, &said), 0);
}

#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BENCH(drop),
        ON_BENCH(meter),
        ON_BENCH(mirror_of_what_comes_as_it_came),
        ON_BENCH(mirror_and_drop),
        ON_BENCH(mirror_of_what_is_left_to_the_nic),
        ON_BENCH(mirror_of_a_tunnel),
        ON_BENCH(copies_that_do_not_leave),
        ON_BENCH(rules_of_a_port_that_goes),
        ON_BENCH(rules_go_with_the_firmware),
        cmocka_unit_test_setup_teardown(mark, setup_without_index, teardown),
        ON_BENCH(lists_and_numbers),
        ON_BENCH(the_table_is_full),
        ON_BENCH(hostile_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker says of how full it is, and what the firmware makes of it for people. */
#include "internal.h"
#include "topology.h"

static struct dp_worker *worker(struct bench *b)
{
    return fw_worker(b->fw, 0);
}

static struct dp_level level(struct bench *b, const char *name)
{
    struct dp_level all[DP_LEVELS];

    dp_levels(worker(b), all);
    for (unsigned i = 0; i < DP_LEVELS; i++)
        if (strcmp(all[i].name, name) == 0)
            return all[i];
    fail_msg("no level %s", name);
    return all[0];
}

static void assert_level(struct bench *b, const char *name, uint64_t used, uint64_t high)
{
    struct dp_level l = level(b, name);

    if (l.used != used || l.high != high || l.capacity < high)
        fail_msg("%s: %u used, %u at most, %u there are", name, (unsigned)l.used, (unsigned)l.high,
                 (unsigned)l.capacity);
}

static void open_sessions(struct bench *b, unsigned n)
{
    struct fr_flow f = a_to_b;

    for (unsigned i = 0; i < n; i++) {
        f.sport = (uint16_t)(2000 + i);
        fr_udp(&out, &f, 10);
        bench_passes(b, "a", &out, "b", &in);
    }
}

/* Sessions come and go; their programs are shared; the most ever stays. */
static void sessions(void **state)
{
    struct bench *b = *state;
    const struct ctl_session_filter all = {.proto = 0};

    assert_level(b, "sessions", 0, 0);
    open_sessions(b, 10);
    assert_level(b, "sessions", 10, 10);
    assert_int_equal(level(b, "sessions").capacity, 1024);
    assert_level(b, "programs", 2, 2);
    assert_level(b, "templates", 2, 2);
    assert_level(b, "session_overflow", 0, 0);
    assert_int_equal(fw_session_flush(b->fw, &all), 10);
    assert_level(b, "sessions", 0, 10);
    assert_level(b, "programs", 0, 2);
    assert_level(b, "templates", 0, 2);
    bench_run(b);
}

/* Each flush of a session that the flow index knows takes a slot of the quota, until the NIC gives it back. */
static void quota_of_slots(void **state)
{
    struct bench *b = *state;
    const struct ctl_session_filter all = {.proto = 0};

    open_sessions(b, 10);
    bench_run(b);
    uint64_t high = level(b, "fw_slots").high;

    assert_int_equal(fw_session_flush(b->fw, &all), 10);
    assert_level(b, "fw_slots", 10, high > 10 ? high : 10);
    assert_int_equal(level(b, "fw_slots").capacity, nic_region(b->nic)->view.fw_slots);
    nic_poll(b->nic, b->now);
    dp_poll(worker(b));
    assert_int_equal(level(b, "fw_slots").used, 0);
    assert_true(level(b, "completion_ring").high >= 10);
    assert_int_equal(level(b, "completion_ring").used, 0);
    assert_int_equal(level(b, "completion_ring").capacity, nic_region(b->nic)->view.ring_entries);
}

static void rings(void **state)
{
    struct bench *b = *state;
    uint32_t rx, tx;

    open_sessions(b, 1);
    fr_udp(&out, &a_to_b, 10);
    for (unsigned i = 0; i < 3; i++)
        bench_push(b, "a", &out);
    nic_poll(b->nic, b->now);
    dp_rings(worker(b), &rx, &tx);
    assert_int_equal(rx, 3);
    assert_int_equal(tx, 0);
    dp_poll(worker(b));
    dp_rings(worker(b), &rx, &tx);
    assert_int_equal(rx, 0);
    assert_int_equal(tx, 3);
    bench_run(b);
    for (unsigned i = 0; i < 3; i++)
        assert_true(bench_pop(b, "b", &in));
}

/* Only turns that find packets cost cycles. */
static void cycles(void **state)
{
    struct bench *b = *state;

    for (unsigned i = 0; i < 100; i++)
        dp_poll(worker(b));
    assert_int_equal(dp_counters(worker(b))->busy_cycles, 0);
    open_sessions(b, 1);
    uint64_t busy = dp_counters(worker(b))->busy_cycles;

    assert_true(busy > 0);
    for (unsigned i = 0; i < 100; i++)
        dp_poll(worker(b));
    assert_int_equal(dp_counters(worker(b))->busy_cycles, busy);
}

static json_t *row(const json_t *rows, const char *key, const char *name)
{
    json_t *o;
    size_t i;

    json_array_foreach (rows, i, o)
        if (strcmp(json_string_value(json_object_get(o, key)), name) == 0)
            return o;
    fail_msg("no row %s", name);
    return NULL;
}

static json_int_t number(const json_t *rows, const char *key, const char *name, const char *member)
{
    const json_t *value = json_object_get(row(rows, key, name), member);

    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static void as_json(void **state)
{
    struct bench *b = *state;
    uint32_t size[POL_SIZES];

    open_sessions(b, 10);
    json_t *stats = fw_stats(b->fw);
    const json_t *tables = json_object_get(stats, "tables"),
                 *ports = json_object_get(stats, "ports");

    assert_int_equal(number(tables, "table", "sessions", "used"), 10);
    assert_int_equal(number(tables, "table", "sessions", "worker"), 0);
    assert_int_equal(number(tables, "table", "sessions", "capacity"), 1024);
    assert_int_equal(number(tables, "table", "rx_ring", "used"), 0);
    assert_int_equal(number(tables, "table", "rx_ring", "high_water"), 1);
    assert_int_equal(number(tables, "table", "nic_fit", "used"), 10);
    assert_true(number(tables, "table", "nic_fit", "capacity") > 10);
    assert_true(number(tables, "table", "nic_slots_single", "high_water") >= 1);
    assert_true(number(tables, "table", "eal_memory_bytes", "capacity") > 0);
    assert_int_equal(number(tables, "table", "neighbors", "capacity"), DP_NEIGHBORS);
    pol_sizes(worker(b)->policy, size);
    for (unsigned i = 0; i < POL_SIZES; i++)
        assert_int_equal(number(tables, "table", pol_size_name(i), "used"), size[i]);
    assert_int_equal(number(ports, "name", "a", "sessions"), 10);
    assert_int_equal(number(ports, "name", "b", "sessions"), 0);
    assert_null(json_object_get(row(ports, "name", "a"), "session_quota"));
    /* On a virtual clock time says nothing. */
    assert_null(json_object_get(json_array_get(json_object_get(stats, "workers"), 0), "busy_ns"));
    json_decref(stats);
}

/* What the network opens to a vNIC counts beside what that one opens itself; the larger one is what binds. */
static void quotas(void **state)
{
    static struct bench b;
    struct fr_flow f = fr_back(&a_to_9);

    (void)state;
    bench_open(&b, &(struct bench_config){0},
               TOP_OPTIONS("") TOP_NET TOP_GROUPS TOP_UP TOP_A(", quota: 7") TOP_B("") TOP_V);
    open_sessions(&b, 2);
    for (unsigned i = 0; i < 3; i++) {
        f.sport = (uint16_t)(3000 + i);
        fr_udp(&out, &f, 10);
        from_host2(&out, 100);
        bench_passes(&b, "up", &out, "a", &in);
    }
    json_t *stats = fw_stats(b.fw);
    const json_t *ports = json_object_get(stats, "ports");

    assert_int_equal(number(ports, "name", "a", "sessions"), 2);
    assert_int_equal(number(ports, "name", "a", "sessions_charged"), 3);
    assert_int_equal(number(ports, "name", "a", "session_quota_used"), 3);
    assert_int_equal(number(ports, "name", "a", "session_quota"), 7);
    assert_int_equal(number(ports, "name", "up", "sessions"), 3);
    assert_null(json_object_get(row(ports, "name", "up"), "session_quota"));
    json_decref(stats);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, top_open, top_close)
        T(sessions),
        T(quota_of_slots),
        T(rings),
        T(cycles),
        T(as_json),
#undef T
        cmocka_unit_test(quotas),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

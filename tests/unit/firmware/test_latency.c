/* SPDX-License-Identifier: Apache-2.0 */
/* How long packets take, on a clock that the test moves: each figure is known. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench_fw.h"
#include "nic_internal.h"

#define NET                                                                                  \
    "version: 1\n"                                                                           \
    "vpcs: [{name: blue, vni: 100}]\n"                                                       \
    "subnets: [{name: front, vpc: blue, prefix4: 10.1.0.0/24}]\n"                            \
    "security_groups:\n"                                                                     \
    "  - name: open\n"                                                                       \
    "    rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]\n" \
    "ports:\n"                                                                               \
    "  - {name: a, role: vnic, type: ring, device: a, mac: 02:00:00:00:00:01,\n"             \
    "     subnet: front, addresses: [10.1.0.5], security_groups: [open], mtu: 9000}\n"       \
    "  - {name: b, role: vnic, type: ring, device: b, mac: 02:00:00:00:00:02,\n"             \
    "     subnet: front, addresses: [10.1.0.6], security_groups: [open]}\n"

static struct bench b;
static struct fr out, in;
static const struct fr_flow flow = {.smac = 0x020000000001,
                                    .dmac = 0x020000000002,
                                    .src = "10.1.0.5",
                                    .dst = "10.1.0.6",
                                    .sport = 1000,
                                    .dport = 2000};

static int setup(void **state)
{
    (void)state;
    bench_open(&b, &(struct bench_config){0}, NET);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_close(&b);
    return 0;
}

struct figures {
    json_int_t count, p50, max;
};

static struct figures of_stage(const char *stage)
{
    json_t *all = fw_latency(b.fw), *row;
    struct figures f = {-1, -1, -1};
    size_t i;

    json_array_foreach (json_object_get(all, "stages"), i, row) {
        if (strcmp(json_string_value(json_object_get(row, "stage")), stage) == 0) {
            f = (struct figures){json_integer_value(json_object_get(row, "count")),
                                 json_integer_value(json_object_get(row, "p50_ns")),
                                 json_integer_value(json_object_get(row, "max_ns"))};
        }
    }
    json_decref(all);
    return f;
}

/* `count` packets, the slowest exactly `ns`. */
static void assert_stage(const char *stage, json_int_t count, json_int_t ns)
{
    struct figures f = of_stage(stage);

    if (f.count != count || f.max != ns)
        fail_msg("%s: %d packets, at most %d ns", stage, (int)f.count, (int)f.max);
}

static void assert_nothing(void)
{
    static const char *const stages[] = {"to_ring", "to_worker", "fast",       "slow",
                                         "tx_ring", "whole",     "with_worker"};

    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++)
        assert_stage(stages[i], 0, 0);
}

/* From `a` to `b`: `ring` ns on the rx ring, then `back` ns on the tx ring. */
static void send(unsigned n, uint64_t ring, uint64_t back)
{
    for (unsigned i = 0; i < n; i++)
        bench_push(&b, "a", &out);
    nic_poll(b.nic, b.now);
    b.now += ring;
    nic_poll(b.nic, b.now);
    dp_poll(fw_worker(b.fw, 0));
    b.now += back;
    bench_run(&b);
    while (bench_pop(&b, "b", &in))
        continue;
}

/* A session that is there, before anybody measures. */
static void warm_up(void)
{
    fr_udp(&out, &flow, 64);
    send(1, 0, 0);
}

static void each_stage(void **state)
{
    (void)state;
    warm_up();
    assert_nothing();
    assert_int_equal(fw_latency_set(b.fw, true), 0);
    send(1, 5000, 3000);
    assert_stage("to_ring", 1, 0);
    assert_stage("to_worker", 1, 5000);
    assert_stage("fast", 1, 0);
    assert_stage("slow", 0, 0);
    assert_stage("tx_ring", 1, 3000);
    assert_stage("with_worker", 1, 8000);
    assert_stage("whole", 1, 8000);
    send(3, 2000, 0);
    assert_stage("to_worker", 4, 5000);
    assert_stage("whole", 4, 8000);
    struct figures whole = of_stage("whole");

    assert_in_range(whole.p50, 2000, 2000 + 2000 / HIST_SUBS);
}

static json_int_t below_bound(const json_t *pair, json_int_t bound)
{
    assert_int_equal(json_integer_value(json_array_get(pair, 0)), bound);
    return json_integer_value(json_array_get(pair, 1));
}

/* The same for metrics, which no reset takes back: packets below 1,024 ns, four times that, and so on. */
static void as_metrics(void **state)
{
    json_int_t below[3] = {-1, -1, -1}, count = 0, sum = 0;
    json_t *rows, *row;
    size_t i;

    (void)state;
    assert_null(fw_latency_metrics(b.fw));
    warm_up();
    assert_int_equal(fw_latency_set(b.fw, true), 0);
    send(1, 5000, 3000);
    send(3, 2000, 0);
    fw_latency_reset(b.fw);
    rows = fw_latency_metrics(b.fw);
    json_array_foreach (rows, i, row) {
        const json_t *list = json_object_get(row, "below");

        assert_int_equal(json_array_size(list), 11);
        if (strcmp(json_string_value(json_object_get(row, "stage")), "whole") != 0)
            continue;
        for (unsigned k = 0; k < 3; k++)
            below[k] = below_bound(json_array_get(list, k), 1024 << 2 * k);
        count = json_integer_value(json_object_get(row, "count"));
        sum = json_integer_value(json_object_get(row, "sum_ns"));
    }
    json_decref(rows);
    assert_int_equal(below[0], 0);
    assert_int_equal(below[1], 3);
    assert_int_equal(below[2], 4);
    assert_int_equal(count, 4);
    assert_int_equal(sum, 8000 + 3 * 2000);
}

static void off_and_on(void **state)
{
    (void)state;
    warm_up();
    assert_int_equal(fw_latency_set(b.fw, true), 0);
    /* Received, and on a ring, while it was measured; the rest of its way is not. */
    bench_push(&b, "a", &out);
    nic_poll(b.nic, b.now);
    assert_int_equal(fw_latency_set(b.fw, false), 0);
    send(2, 5000, 0);
    assert_stage("to_ring", 1, 0);
    assert_stage("to_worker", 0, 0);
    assert_stage("whole", 0, 0);
    /* And the other way round. */
    bench_push(&b, "a", &out);
    nic_poll(b.nic, b.now);
    assert_int_equal(fw_latency_set(b.fw, true), 0);
    b.now += 7000;
    bench_run(&b);
    assert_true(bench_pop(&b, "b", &in));
    assert_stage("whole", 0, 0);
    assert_stage("with_worker", 0, 0);
    assert_stage("to_worker", 1, 7000); /* the stamp is the metadata's */
    send(1, 1000, 0);
    assert_stage("whole", 1, 1000);
}

static void begin_anew(void **state)
{
    (void)state;
    warm_up();
    fw_latency_reset(b.fw);
    assert_int_equal(fw_latency_set(b.fw, true), 0);
    send(2, 100000, 0);
    fw_latency_reset(b.fw);
    assert_nothing();
    send(1, 5000, 0);
    struct figures whole = of_stage("whole");

    assert_int_equal(whole.count, 1);
    assert_in_range(whole.max, 5000, 5000 + 5000 / HIST_SUBS);
    /* Another firmware begins with nothing, and so does the NIC for it. */
    bench_restart(&b, NET);
    assert_nothing();
    warm_up();
    assert_nothing();
    assert_int_equal(fw_latency_set(b.fw, true), 0);
    send(1, 3000, 0);
    assert_stage("whole", 1, 3000);
}

/* A first packet, and packets that end here or that nobody received. */
static void not_whole(void **state)
{
    struct fr_flow spoofed = flow;

    (void)state;
    assert_int_equal(fw_latency_set(b.fw, true), 0);
    fr_udp(&out, &flow, 64);
    send(1, 0, 0);
    assert_stage("slow", 1, 0);
    assert_stage("fast", 0, 0);
    assert_stage("whole", 1, 0);
    spoofed.src = "10.1.0.9";
    fr_udp(&out, &spoofed, 64);
    bench_push(&b, "a", &out);
    bench_run(&b);
    assert_stage("with_worker", 2, 0);
    assert_stage("whole", 1, 0);
}

/* A stamp has 32 bits: what is older than half of them is so, and not of the future. */
static void long_wait(void **state)
{
    (void)state;
    warm_up();
    assert_int_equal(fw_latency_set(b.fw, true), 0);
    send(1, 3000000000, 0);
    assert_stage("to_worker", 1, 3000000000);
    assert_stage("whole", 1, 3000000000);
}

/* A chain that goes on behind the burst, which the NIC takes together with it. */
static void chain_behind_a_burst(void **state)
{
    enum { PACKETS = NIC_TX_BURST + 8 };
    const struct hsr_view *view = &nic_region(b.nic)->view;
    struct hsr_ring tx;

    (void)state;
    warm_up();
    assert_int_equal(fw_latency_set(b.fw, true), 0);
    for (unsigned i = 0; i < PACKETS; i++)
        bench_push(&b, "a", &out);
    for (unsigned i = 0; i < PACKETS / NIC_RX_BURST + 1; i++)
        nic_poll(b.nic, b.now);
    while (dp_poll(fw_worker(b.fw, 0)) > 0)
        continue;
    hsr_view_ring(view, 0, HSR_RING_TX, &tx, -1);
    uint32_t first = atomic_load(tx.shared.cons), last = first + NIC_TX_BURST - 1;

    assert_int_equal(atomic_load(tx.shared.prod) - first, PACKETS);
    struct hsr_tx_meta *m =
        (void *)hsr_slot(view, hsr_entry_slot(tx.shared.entries[last & tx.mask]));

    m->offload |= HSR_TXO_MORE; /* what comes next does not belong to it */
    b.now += 5000;
    bench_run(&b);
    assert_stage("with_worker", PACKETS, 5000);
    assert_stage("whole", PACKETS - 1, 5000);
    assert_int_equal(bench_drops(&b, "a", HSR_DROP_TX_META_BAD), 1);
    while (bench_pop(&b, "b", &in))
        continue;
}

/* Cut into fragments: each frame that leaves is as old as what it was made of. In a larger run of slots, too. */
static void pieces(void **state)
{
    uint8_t *ip = out.b + FR_L3;

    (void)state;
    warm_up();
    assert_int_equal(fw_latency_set(b.fw, true), 0);
    fr_udp(&out, &flow, 4000);
    fr_put16(ip + 6, 0); /* no DF */
    fr_put16(ip + 10, 0);
    fr_put16(ip + 10, (uint16_t)~fr_fold(fr_sum(0, ip, 20)));
    send(1, 5000, 0);
    struct figures whole = of_stage("whole");

    assert_int_equal(whole.count, 3);
    assert_int_equal(whole.max, 5000);
    assert_stage("with_worker", 1, 5000);
}

/* The firmware writes what it likes over the metadata it was given and gives back: the NIC's figures are its own. */
static void hostile_metadata(void **state)
{
    const struct hsr_view *view = &nic_region(b.nic)->view;
    struct hsr_ring tx;
    uint32_t entry[2];

    (void)state;
    warm_up();
    assert_int_equal(fw_latency_set(b.fw, true), 0);
    bench_push(&b, "a", &out);
    nic_poll(b.nic, b.now);
    for (uint32_t slot = 0; slot < view->classes[0].count; slot++) {
        struct hsr_rx_meta *m = (void *)hsr_slot(view, view->classes[0].first + slot);

        m->timestamp = 0x5A5A5A5A;
        m->packet_id = 0x5A5A5A5A;
    }
    b.now += 5000;
    nic_poll(b.nic, b.now);
    dp_poll(fw_worker(b.fw, 0));
    /* The same entry twice, and one that is none. */
    hsr_view_ring(view, 0, HSR_RING_TX, &tx, -1);
    entry[0] = tx.shared.entries[atomic_load(tx.shared.cons) & tx.mask];
    entry[1] = 0x00FFFFFF;
    tx.own = atomic_load(tx.shared.prod);
    tx.peer = atomic_load(tx.shared.cons);
    assert_true(hsr_ring_push(&tx, entry, 2));
    nic_poll(b.nic, b.now);
    assert_true(bench_pop(&b, "b", &in));
    assert_stage("with_worker", 1, 5000);
    assert_stage("whole", 1, 5000);
    b.config.may_be_broken = true;
}

static int refuses(void *nic, bool on)
{
    (void)nic;
    return on ? -ENOMEM : 0;
}

static int knows_nothing(void *nic, bool on)
{
    (void)nic;
    (void)on;
    return -EOPNOTSUPP;
}

/* A NIC that does not measure leaves the workers' stages; one that fails, nothing. */
static void other_nics(void **state)
{
    static struct fw_nic_ops ops;

    (void)state;
    ops = fw_nic_embedded;
    bench_close(&b);
    ops.latency_set = knows_nothing;
    bench_open(&b, &(struct bench_config){.nic_ops = &ops}, NET);
    warm_up();
    assert_int_equal(fw_latency_set(b.fw, true), 0);
    send(1, 5000, 0);
    assert_stage("to_worker", 1, 5000);
    assert_stage("whole", -1, -1);
    bench_close(&b);
    ops.latency_set = refuses;
    bench_open(&b, &(struct bench_config){.nic_ops = &ops}, NET);
    assert_int_equal(fw_latency_set(b.fw, true), -ENOMEM);
    assert_false(fw_latency_on(b.fw));
}

/* A NIC that answers what and when it likes. */
static struct {
    int set_rc, get_rc;
    unsigned gets;
    bool measures; /* whatever it answered */
} moody;

static int moody_set(void *nic, bool on)
{
    moody.measures = on;
    nic_latency_set(nic, on);
    return moody.set_rc;
}

static int moody_get(void *nic, uint32_t worker, uint32_t stage, struct hist_counts *counts)
{
    moody.gets++;
    return moody.get_rc < 0 ? moody.get_rc : nic_latency_get(nic, worker, stage, counts);
}

static void open_moody(void)
{
    static struct fw_nic_ops ops;

    memset(&moody, 0, sizeof moody);
    ops = fw_nic_embedded;
    ops.latency_set = moody_set;
    ops.latency_get = moody_get;
    bench_close(&b);
    bench_open(&b, &(struct bench_config){.nic_ops = &ops}, NET);
    warm_up();
}

static json_int_t metric_of_whole(void)
{
    json_t *rows = fw_latency_metrics(b.fw), *row;
    json_int_t count = -1;
    size_t i;

    json_array_foreach (rows, i, row)
        if (strcmp(json_string_value(json_object_get(row, "stage")), "whole") == 0)
            count = json_integer_value(json_object_get(row, "count"));
    json_decref(rows);
    return count;
}

/* It is asked once, not for each histogram, and what it said before stays: no counter falls. */
static void falls_silent(void **state)
{
    (void)state;
    open_moody();
    assert_int_equal(fw_latency_set(b.fw, true), 0);
    send(2, 5000, 0);
    assert_int_equal(metric_of_whole(), 2);
    moody.get_rc = -ETIMEDOUT;
    send(1, 5000, 0);
    moody.gets = 0;
    assert_int_equal(metric_of_whole(), 2);
    assert_int_equal(moody.gets, 1);
    assert_stage("whole", 2, 5000);
    assert_stage("fast", 3, 0); /* the worker's go on */
    fw_latency_reset(b.fw);
    assert_int_equal(metric_of_whole(), 2);
    moody.get_rc = 0;
    assert_int_equal(metric_of_whole(), 3);
}

/* What it ended with is read once more, and then it is left alone. */
static void not_asked_while_off(void **state)
{
    (void)state;
    open_moody();
    assert_int_equal(fw_latency_set(b.fw, true), 0);
    send(2, 5000, 0);
    assert_int_equal(fw_latency_set(b.fw, false), 0);
    moody.gets = 0;
    assert_int_equal(metric_of_whole(), 2);
    assert_stage("whole", 2, 5000);
    fw_latency_reset(b.fw);
    assert_nothing();
    assert_int_equal(moody.gets, 0);
}

/* It does what it is told, and nobody hears so in time: off is off all the same, and said again. */
static void answers_late(void **state)
{
    (void)state;
    open_moody();
    moody.set_rc = -ETIMEDOUT;
    assert_int_equal(fw_latency_set(b.fw, true), -ETIMEDOUT);
    assert_false(fw_latency_on(b.fw));
    assert_true(moody.measures);
    moody.set_rc = 0;
    assert_int_equal(fw_latency_set(b.fw, false), 0);
    assert_false(moody.measures);
    assert_int_equal(fw_latency_set(b.fw, true), 0);
    moody.set_rc = -ETIMEDOUT;
    assert_int_equal(fw_latency_set(b.fw, false), -ETIMEDOUT);
    assert_false(fw_latency_on(b.fw));
    send(1, 5000, 0);
    assert_stage("to_worker", 0, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_stage),       TEST(as_metrics), TEST(off_and_on),   TEST(begin_anew),
        TEST(not_whole),        TEST(long_wait),  TEST(pieces),       TEST(chain_behind_a_burst),
        TEST(hostile_metadata), TEST(other_nics), TEST(falls_silent), TEST(not_asked_while_off),
        TEST(answers_late),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the NIC says of itself in the region, read as the firmware reads it: through a view of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench_fw.h"
#include "hsring/gauge.h"
#include "preproc/fit.h"

#define NET                                                                                  \
    "version: 1\n"                                                                           \
    "vpcs: [{name: blue, vni: 100}]\n"                                                       \
    "subnets: [{name: front, vpc: blue, prefix4: 10.1.0.0/24}]\n"                            \
    "security_groups:\n"                                                                     \
    "  - name: open\n"                                                                       \
    "    rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]\n" \
    "ports:\n"
#define A                                                                                   \
    "  - {name: a, role: vnic, type: ring, device: a, mac: 02:00:00:00:00:01, mtu: 9000,\n" \
    "     subnet: front, addresses: [10.1.0.5], security_groups: [open]}\n"
#define B                                                                                   \
    "  - {name: b, role: vnic, type: ring, device: b, mac: 02:00:00:00:00:02, mtu: 9000,\n" \
    "     subnet: front, addresses: [10.1.0.6], security_groups: [open]}\n"

static struct bench b;
static struct fr out, in;
static struct hsr_view view; /* the firmware's */

static int setup(void **state)
{
    const struct hsr_region *region;

    (void)state;
    bench_open(&b, &(struct bench_config){0}, NET A B);
    region = nic_region(b.nic);
    return hsr_view_open(&view, region->map, region->map_size);
}

static int teardown(void **state)
{
    (void)state;
    bench_close(&b);
    return 0;
}

/* A port is up from when it is there until it goes; each is a change that the epoch counts. */
static void links(void **state)
{
    uint16_t first = bench_index(&b, "a"), second = bench_index(&b, "b");

    (void)state;
    assert_int_not_equal(first, second);
    assert_true(hsr_view_port_up(&view, first));
    assert_true(hsr_view_port_up(&view, second));
    assert_int_equal(hsr_view_link_epoch(&view), 2);
    assert_int_equal(bench_apply(&b, NET A, NULL), 0);
    assert_true(hsr_view_port_up(&view, first));
    assert_false(hsr_view_port_up(&view, second));
    assert_int_equal(hsr_view_link_epoch(&view), 3);
    assert_int_equal(bench_apply(&b, NET A B, NULL), 0);
    assert_true(hsr_view_port_up(&view, bench_index(&b, "b")));
    assert_int_equal(hsr_view_link_epoch(&view), 4);
    for (uint16_t port = 0; port < HSR_MAX_PORTS; port++)
        assert_int_equal(hsr_view_port_up(&view, port),
                         port == first || port == bench_index(&b, "b"));
    /* The ports outlive their firmware. */
    assert_int_equal(nic_reset(b.nic, 2), 0);
    assert_true(hsr_view_port_up(&view, first));
    assert_int_equal(hsr_view_link_epoch(&view), 4);
}

/* Frames of `a` to `b`, of this length, which wait for the firmware. */
static void wait_in_ring(unsigned n, uint32_t payload)
{
    static const struct fr_flow flow = {.smac = 0x020000000001,
                                        .dmac = 0x020000000002,
                                        .src = "10.1.0.5",
                                        .dst = "10.1.0.6",
                                        .sport = 1000,
                                        .dport = 2000};

    fr_udp(&out, &flow, payload);
    for (unsigned i = 0; i < n; i++)
        bench_push(&b, "a", &out);
    nic_poll(b.nic, b.now);
}

static void leave_by_b(unsigned n)
{
    bench_run(&b);
    for (unsigned i = 0; i < n; i++)
        assert_true(bench_pop(&b, "b", &in));
}

/* What the packets of a port occupy, as long as they do. */
static void slots_of_a_port(void **state)
{
    const struct hsr_port_stats *from = &view.stats[bench_index(&b, "a")];
    const struct hsr_port_stats *to = &view.stats[bench_index(&b, "b")];

    (void)state;
    wait_in_ring(3, 100);
    wait_in_ring(1, 5000); /* a run for jumbo frames */
    nic_sync(b.nic);
    assert_int_equal(from->slots_used, 3 + HSR_RUN_JUMBO);
    assert_int_equal(to->slots_used, 0);
    leave_by_b(4);
    nic_sync(b.nic);
    assert_int_equal(from->slots_used, 0);
    assert_int_equal(from->slots_high, 3 + HSR_RUN_JUMBO);
    assert_int_equal(to->slots_high, 0);
}

static uint64_t gauge(enum hsr_gauge which)
{
    return hsr_view_gauge(&view, which);
}

static void bytes_are(uint64_t to, uint64_t from)
{
    assert_int_equal(gauge(HSR_GAUGE_BYTES_TO_FW), to);
    assert_int_equal(gauge(HSR_GAUGE_BYTES_FROM_FW), from);
}

/* A vector of five waits for the firmware, passes, and opens a session, whose next packet is found by the flow index. */
static void gauges(void **state)
{
    uint64_t to, from;

    (void)state;
    nic_sync(b.nic);
    for (unsigned g = 0; g < HSR_GAUGE_COUNT; g++)
        if (strstr(hsr_gauge_name(g), "capacity") == NULL)
            assert_int_equal(gauge((enum hsr_gauge)g), 0);
    assert_int_equal(gauge(HSR_GAUGE_FIT_CAPACITY), PP_FIT_BANKS << HSR_HASH_BUCKET_BITS);
    assert_int_equal(gauge(HSR_GAUGE_SLOTS_SINGLE_CAPACITY), view.classes[0].count);
    assert_int_equal(gauge(HSR_GAUGE_SLOTS_JUMBO_CAPACITY), view.classes[1].count);
    assert_int_equal(gauge(HSR_GAUGE_SLOTS_GSO_CAPACITY), view.classes[2].count);

    wait_in_ring(5, 100);
    nic_sync(b.nic);
    to = 5 * (HSR_SLOT_META + out.len);
    bytes_are(to, 0);
    assert_int_equal(gauge(HSR_GAUGE_VECTORS_5), 1);
    assert_int_equal(gauge(HSR_GAUGE_FIT_MISSES), 5);
    assert_int_equal(gauge(HSR_GAUGE_RX_RING_HIGH), 5);
    assert_int_equal(gauge(HSR_GAUGE_SLOTS_SINGLE_USED), 5);
    leave_by_b(5);
    nic_sync(b.nic);
    from = 5 * (sizeof(struct hsr_tx_meta) + out.len);
    bytes_are(to, from);
    assert_int_equal(gauge(HSR_GAUGE_TX_RING_HIGH), 5);
    assert_int_equal(gauge(HSR_GAUGE_FIT_USED), 1);
    assert_int_equal(gauge(HSR_GAUGE_FIT_INSERTS), 1);
    assert_int_equal(gauge(HSR_GAUGE_SLOTS_SINGLE_USED), 0);

    wait_in_ring(1, 5000);
    nic_sync(b.nic);
    bytes_are(to + HSR_SLOT_META + out.len, from);
    assert_int_equal(gauge(HSR_GAUGE_FIT_HITS), 1);
    assert_int_equal(gauge(HSR_GAUGE_VECTORS_1), 1);
    assert_int_equal(gauge(HSR_GAUGE_SLOTS_JUMBO_USED), 1);
    leave_by_b(1);
    bench_age(&b); /* the session goes, and its entry with it */
    nic_sync(b.nic);
    assert_int_equal(gauge(HSR_GAUGE_FIT_USED), 0);
    assert_int_equal(gauge(HSR_GAUGE_FIT_DELETES), 1);
    assert_int_equal(gauge(HSR_GAUGE_FIT_HIGH), 1);
    assert_int_equal(gauge(HSR_GAUGE_SLOTS_SINGLE_HIGH), 5);
    assert_int_equal(gauge(HSR_GAUGE_SLOTS_JUMBO_HIGH), 1);
    assert_int_equal(gauge(HSR_GAUGE_SLOTS_JUMBO_USED), 0);
    assert_int_equal(gauge(HSR_GAUGE_RX_RING_HIGH), 5);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(links), TEST(slots_of_a_port), TEST(gauges)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

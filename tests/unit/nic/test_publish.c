/* SPDX-License-Identifier: Apache-2.0 */
/* What the NIC says of itself in the region, read as the firmware reads it: through a view of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench_fw.h"

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

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(links), TEST(slots_of_a_port)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

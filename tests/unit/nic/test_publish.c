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
#define A                                                                                       \
    "  - {name: a, role: vnic, type: ring, device: a, mac: 02:00:00:00:00:01, subnet: front,\n" \
    "     addresses: [10.1.0.5], security_groups: [open]}\n"
#define B                                                                                       \
    "  - {name: b, role: vnic, type: ring, device: b, mac: 02:00:00:00:00:02, subnet: front,\n" \
    "     addresses: [10.1.0.6], security_groups: [open]}\n"

static struct bench b;
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(links)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

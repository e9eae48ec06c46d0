/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that a port brings and the NIC cannot take: longer than any frame may be, or with no slot free. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sys/mman.h>

#include "nic/eal.h"
#include "nic/nic.h"
#include "seen.h"

static struct nic *nic;

/* A NIC with few slots and one port of this kind that is fetched. */
static const struct hsr_port_stats *fetch(enum hsr_port_kind kind, const char *device)
{
    struct nic_port_config port = {.index = 1, .kind = kind, .context = 1, .mtu = 1500};
    const struct hsr_port_stats *stats;
    struct nic_config config;
    char why[NIC_WHY] = "";

    nic_config_repeatable(&config, 1);
    config.geometry.runs[0] = 8;
    config.geometry.runs[1] = config.geometry.runs[2] = 2;
    config.geometry.ring_entries = 256;
    assert_int_equal(nic_open(&nic, &config, why), 0);
    snprintf(port.name, sizeof port.name, "p");
    snprintf(port.device, sizeof port.device, "%s", device);
    if (nic_port_add(nic, &port, -1, why) < 0)
        fail_msg("%s", why);
    nic_start(nic);
    for (unsigned i = 0; i < 4; i++)
        nic_poll(nic, 1000000000 + i);
    nic_sync(nic);
    stats = &nic_region(nic)->view.stats[1];
    assert_int_equal(stats->pre_rx, stats->pre_ring + stats->pre_drops + stats->pre_held);
    return stats;
}

static void done(void)
{
    seen_note(nic_region(nic)->view.stats);
    nic_close(nic);
}

/* Faults 2, 26: a frame longer than 65,600 bytes is counted, and the next one comes. */
static void too_long(void **state)
{
    static const uint32_t head[6] = {0xA1B2C3D4, 2 | 4 << 16, 0, 0, 262144, 1};
    const uint32_t lengths[] = {HSR_MAX_FRAME + 1, 60};
    static uint8_t bytes[HSR_MAX_FRAME + 1];
    int fd = memfd_create("capture", MFD_CLOEXEC);
    const struct hsr_port_stats *stats;
    char name[32];

    (void)state;
    assert_int_equal(write(fd, head, sizeof head), sizeof head);
    for (unsigned i = 0; i < 2; i++) {
        const uint32_t record[4] = {1, i, lengths[i], lengths[i]};

        assert_int_equal(write(fd, record, sizeof record), sizeof record);
        assert_int_equal(write(fd, bytes, lengths[i]), lengths[i]);
    }
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    stats = fetch(HSR_PORT_KIND_PCAP, name);
    assert_int_equal(stats->drops[HSR_DROP_PKT_TOO_BIG], 1);
    assert_int_equal(stats->pre_rx, 2);
    done();
    close(fd);
}

/* Fault 45: a device that cannot wait brings more than there are slots: the rest is counted, and what was taken stays whole. */
static void no_slot(void **state)
{
    const struct hsr_port_stats *stats = fetch(HSR_PORT_KIND_PCI, "net_null0,size=64");

    (void)state;
    assert_true(stats->drops[HSR_DROP_NO_SLOT] > 0);
    assert_int_equal(stats->drops[HSR_DROP_NO_SLOT], stats->pre_drops);
    assert_true(stats->pre_rx > stats->pre_drops);
    done();
}

/* A port whose guest's descriptors are outside of the contract. */
static uint32_t lies(struct nic_port *port, struct nic_slots *slots, struct nic_rx *out,
                     uint32_t max, uint32_t *no_slot, uint32_t *too_big)
{
    (void)slots, (void)out, (void)max, (void)no_slot, (void)too_big;
    port->rx_bad += 3;
    return 0;
}

/* Fault 37: what a guest sends so is counted as that. */
static void bad_descriptors(void **state)
{
    const struct hsr_port_stats *stats = fetch(HSR_PORT_KIND_PCI, "net_null1,size=64");
    struct nic_port *port = nic_port(nic, 1);
    struct nic_port_ops twisted = *port->ops;
    uint64_t before = stats->pre_rx;

    (void)state;
    twisted.rx = lies;
    port->ops = &twisted;
    while (stats->drops[HSR_DROP_GUEST_DESC] == 0) {
        nic_poll(nic, 2000000000);
        nic_sync(nic);
    }
    assert_int_equal(stats->drops[HSR_DROP_GUEST_DESC] % 3, 0);
    assert_int_equal(stats->pre_rx - before, stats->drops[HSR_DROP_GUEST_DESC]);
    assert_int_equal(stats->pre_rx, stats->pre_ring + stats->pre_drops + stats->pre_held);
    done();
}

static int setup(void **state)
{
    char why[NIC_WHY];

    (void)state;
    return nic_eal_init(NIC_EAL_PLAIN, why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_long),
        cmocka_unit_test(no_slot),
        cmocka_unit_test(bad_descriptors),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}

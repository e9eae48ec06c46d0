/* SPDX-License-Identifier: Apache-2.0 */
/* DPDK's virtual devices stand for all others: the driver sees no difference. */
#include "support.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nic/eal.h"
#include "nic/ports/pcap.h"

static void null_device(void **state)
{
    struct nic_port port = port_of(HSR_PORT_KIND_PCI, "net_null0,size=64", "");
    struct nic_port again = port_of(HSR_PORT_KIND_PCI, "net_null0", "");
    struct nic_rx rx[8];
    struct pool pool;

    (void)state;
    pool_open(&pool, 8, 1, 1);
    /* Twice: nothing of a closed device may be in the way of its successor. */
    for (int i = 0; i < 2; i++) {
        port_open(&port);
        assert_false(port.egress.csum || port.egress.tso);
        assert_int_equal(port.egress.mtu, 1500);
        port_open_fails(&again, -1, -EBUSY, "twice");
        assert_int_equal(port_rx(&port, &pool, rx, 8), 8);
        for (int f = 0; f < 8; f++) {
            assert_int_equal(rx[f].len, 64);
            assert_true(nic_slots_put(&pool.slots, rx[f].slot));
        }
        assert_true(port_send(&port, "0123456789abcdef", 16));
        port.ops->close(&port);
    }
    pool_close(&pool);
}

static void frames_without_slot_are_counted(void **state)
{
    struct nic_port port = port_of(HSR_PORT_KIND_PCI, "net_null0,size=64", "");
    uint32_t no_slot = 0;
    uint32_t too_big = 0;
    struct nic_rx rx[8];
    struct pool pool;

    (void)state;
    pool_open(&pool, 2, 0, 0);
    port_open(&port);
    assert_int_equal(port.ops->rx(&port, &pool.slots, rx, 8, &no_slot, &too_big), 2);
    assert_int_equal(no_slot, 6);
    assert_int_equal(too_big, 0);
    for (int f = 0; f < 2; f++)
        assert_true(nic_slots_put(&pool.slots, rx[f].slot));
    port.ops->close(&port);
    pool_close(&pool);
}

static void through_captures(void **state)
{
    static uint8_t frame[9000];
    const uint32_t lengths[] = {60, 1514, 9000}; /* the last takes several segments */
    char dir[] = "/tmp/nic_pci_XXXXXX";
    char in[64], out[64], text[160];
    struct nic_rx rx[4];
    struct nic_port port;
    struct pool pool;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(in, sizeof in, "%s/in", dir);
    snprintf(out, sizeof out, "%s/out", dir);
    pool_open(&pool, 4, 2, 1);
    for (uint32_t i = 0; i < sizeof frame; i++)
        frame[i] = (uint8_t)(i * 3 + i / 256);

    snprintf(text, sizeof text, "out=%s", in);
    port = port_of(HSR_PORT_KIND_PCAP, "", text);
    port_open(&port);
    for (int i = 0; i < 3; i++)
        assert_true(port_send(&port, frame, lengths[i]));
    port.ops->close(&port);

    snprintf(text, sizeof text, "net_pcap0,rx_pcap=%s,tx_pcap=%s", in, out);
    port = port_of(HSR_PORT_KIND_PCI, text, "");
    port_open(&port);
    assert_int_equal(port_rx(&port, &pool, rx, 4), 3);
    for (int i = 0; i < 3; i++) {
        const uint8_t *data = nic_slot_frame(&pool.slots, rx[i].slot);
        struct po_span tail[PARTS];
        struct po_frame f = frame_in_parts(data, rx[i].len, tail);

        assert_int_equal(rx[i].len, lengths[i]);
        assert_memory_equal(data, frame, lengths[i]);
        assert_int_equal(port.ops->tx(&port, &f, 1), 1);
        assert_true(nic_slots_put(&pool.slots, rx[i].slot));
    }
    port.ops->close(&port);

    port = port_of(HSR_PORT_KIND_PCAP, out, "");
    port_open(&port);
    assert_int_equal(port_rx(&port, &pool, rx, 4), 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rx[i].len, lengths[i]);
        assert_memory_equal(nic_slot_frame(&pool.slots, rx[i].slot), frame, lengths[i]);
        assert_true(nic_slots_put(&pool.slots, rx[i].slot));
    }
    assert_null(nic_pcap_error(&port));
    port.ops->close(&port);
    unlink(in);
    unlink(out);
    assert_int_equal(rmdir(dir), 0);
    pool_close(&pool);
}

static void refusals(void **state)
{
    struct nic_port port = port_of(HSR_PORT_KIND_PCI, "no_such_driver0", "");
    char why[NIC_WHY] = "";

    (void)state;
    assert_true(port.ops->open(&port, -1, why) < 0);
    assert_non_null(strstr(why, "no_such_driver0"));
    port = port_of(HSR_PORT_KIND_PCI, "net_null1", "");
    port_open_fails(&port, 0, -EINVAL, "takes no descriptor");
    port.config.queues = 17;
    port_open_fails(&port, -1, -EINVAL, "17 queues");
}

static void environment_keeps_our_affinity(void **state)
{
    cpu_set_t before, after;
    char why[NIC_WHY] = "";

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    assert_int_equal(nic_eal_init(NIC_EAL_PLAIN, why), 0);
    assert_int_equal(nic_eal_init(NIC_EAL_PLAIN, why), 0);
    assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
    assert_true(CPU_EQUAL(&before, &after));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(environment_keeps_our_affinity),
        cmocka_unit_test(null_device),
        cmocka_unit_test(frames_without_slot_are_counted),
        cmocka_unit_test(through_captures),
        cmocka_unit_test(refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

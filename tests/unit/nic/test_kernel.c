/* SPDX-License-Identifier: Apache-2.0 */
/* Two containers behind veth pairs, whose other ends are ports. */
#include "net_support.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

/* A namespace with eth0, whose peer is the port's. */
static void open_container(struct nic_port *port, const char *name, const char *address)
{
    char device[16];

    snprintf(device, sizeof device, "p%s", name);
    net_run("ip netns add %s", name);
    net_run("ip link add %s type veth peer name eth0 netns %s", device, name);
    net_run("ip -n %s addr add %s dev eth0", name, address);
    net_run("ip -n %s link set eth0 up", name);
    *port = port_of(HSR_PORT_KIND_KERNEL, device, "");
    port->config.offload = true;
    port_open(port);
    assert_int_equal(port->egress.mtu, 1500);
    assert_true(port->egress.csum && port->egress.tso);
}

static void close_container(struct nic_port *port, const char *name)
{
    port->ops->close(port);
    net_run("ip link del p%s && ip netns del %s", name, name);
}

static bool readable(const struct nic_port *port)
{
    struct pollfd p = {.fd = port->ops->rx_fd(port), .events = POLLIN};

    return poll(&p, 1, 0) == 1;
}

/* The peer of a veth pair may get its frames a moment later, on another CPU. */
static void wait_readable(const struct nic_port *port)
{
    struct pollfd p = {.fd = port->ops->rx_fd(port), .events = POLLIN};

    assert_int_equal(poll(&p, 1, -1), 1);
}

/* A pair whose link is up: until the kernel has noticed that, it drops what is sent, silently. */
static void make_pair(unsigned mtu)
{
    net_run("ip link add v0 mtu %u type veth peer name v1 mtu %u", mtu, mtu);
    net_run("ip link set v0 up && ip link set v1 up");
    net_run("until ip link show v0 | grep -q 'state UP'; do sleep 0.02; done");
    net_run("until ip link show v1 | grep -q 'state UP'; do sleep 0.02; done");
}

static void segmentation_is_kept(void **state)
{
    struct net_traffic traffic = {0};
    struct nic_port a, b;
    struct pool pool;

    (void)state;
    pool_open(&pool, 64, 8, 20);
    open_container(&a, "a", "10.9.0.1/24");
    open_container(&b, "b", "10.9.0.2/24");
    net_tcp(&a, &b, &pool, "a", "b", "10.9.0.2", &traffic);
    assert_true(traffic.gso > 0);
    assert_true(traffic.needs_csum >= traffic.gso);
    assert_int_equal(traffic.bad, 0);
    assert_int_equal(a.tx_errors + b.tx_errors + a.rx_errors + b.rx_errors, 0);
    /* A frame the device cannot take is refused alone. */
    static const uint8_t giant[4000];
    static const uint8_t small[60];
    struct po_frame frames[3] = {{.head = small, .head_len = sizeof small},
                                 {.head = giant, .head_len = sizeof giant},
                                 {.head = small, .head_len = sizeof small}};
    assert_int_equal(a.ops->tx(&a, frames, 3), 3);
    assert_int_equal(a.tx_errors, 1);
    assert_int_equal(a.refused[1], HSR_DROP_PORT_TX_FULL);
    close_container(&a, "a");
    close_container(&b, "b");
    pool_close(&pool);
}

/* Which tag stands in front depends on who put it there; we see the frame as it was on the wire. */
static void vlan_tag_is_put_back(void **state)
{
    static const uint8_t tagged[64] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0,
                                       0,    0,    0,    0x01, 0x81, 0x00, 0x60, 0x64,
                                       0x88, 0xb5, 'd',  'a',  't',  'a'};
    struct nic_port near = port_of(HSR_PORT_KIND_KERNEL, "v0", "");
    struct nic_port far = port_of(HSR_PORT_KIND_KERNEL, "v1", "");
    struct nic_rx rx[4];
    struct pool pool;

    (void)state;
    pool_open(&pool, 32, 2, 20);
    make_pair(1500);
    port_open(&near);
    port_open(&far);
    assert_true(port_send(&near, tagged, sizeof tagged));
    wait_readable(&far);
    assert_int_equal(port_rx(&near, &pool, rx, 4), 0);
    assert_int_equal(port_rx(&far, &pool, rx, 4), 1);
    assert_int_equal(rx[0].len, sizeof tagged);
    assert_memory_equal(nic_slot_frame(&pool.slots, rx[0].slot), tagged, sizeof tagged);
    assert_true(nic_slots_put(&pool.slots, rx[0].slot));
    near.ops->close(&near);
    far.ops->close(&far);
    net_run("ip link del v0");
    pool_close(&pool);
}

/* What the machine's own stack sends by our interface is not ours to forward. */
static void outgoing_frames_are_not_read(void **state)
{
    struct nic_port near = port_of(HSR_PORT_KIND_KERNEL, "v0", "");
    struct nic_port far = port_of(HSR_PORT_KIND_KERNEL, "v1", "");
    struct nic_rx rx[4];
    struct pool pool;

    (void)state;
    pool_open(&pool, 32, 2, 20);
    make_pair(1500);
    port_open(&near);
    port_open(&far);
    net_run("ip addr add 10.9.0.1/24 dev v0");
    net_run("ping -c 1 -W 0.1 10.9.0.99 > /dev/null; true");
    wait_readable(&far);
    assert_int_equal(port_rx(&far, &pool, rx, 1), 1);
    assert_int_equal(rx[0].len, 42);
    assert_true(nic_slots_put(&pool.slots, rx[0].slot));
    assert_int_equal(port_rx(&near, &pool, rx, 1), 0);
    near.ops->close(&near);
    far.ops->close(&far);
    net_run("ip link del v0");
    pool_close(&pool);
}

static void burst_of_all_lengths(void **state)
{
    struct nic_port near = port_of(HSR_PORT_KIND_KERNEL, "v0", "");
    struct nic_port far = port_of(HSR_PORT_KIND_KERNEL, "v1", "");
    static uint8_t data[40][9014];
    struct po_frame frame[40];
    struct nic_rx rx[40];
    uint32_t got = 0;
    struct pool pool;

    (void)state;
    pool_open(&pool, 64, 4, 40);
    make_pair(9000);
    port_open(&near);
    port_open(&far);
    assert_int_equal(near.egress.mtu, 9000);
    for (uint32_t i = 0; i < 40; i++) {
        /* Round the boundary between a single slot and a run, and beyond. */
        uint32_t len = i < 20 ? 1780 + i : 60 + i * 223;

        memset(data[i], (int)i, sizeof data[i]);
        memcpy(data[i], "\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\x01\x88\xb5", 14);
        data[i][len - 1] = 0xee;
        frame[i] = (struct po_frame){
            .head = data[i], .head_len = 14, .body = data[i] + 14, .body_len = len - 14};
    }
    assert_int_equal(near.ops->tx(&near, frame, 40), 40);
    while (got < 40) {
        wait_readable(&far);
        got += port_rx(&far, &pool, rx + got, 40 - got);
    }
    for (uint32_t i = 0; i < 40; i++) {
        assert_int_equal(rx[i].len, 14 + frame[i].body_len);
        assert_memory_equal(nic_slot_frame(&pool.slots, rx[i].slot), data[i], rx[i].len);
        assert_true(nic_slots_put(&pool.slots, rx[i].slot));
    }
    near.ops->close(&near);
    far.ops->close(&far);
    net_run("ip link del v0");
    pool_close(&pool);
}

static void down_up_removed(void **state)
{
    struct nic_port port = port_of(HSR_PORT_KIND_KERNEL, "v0", "");
    static const uint8_t frame[60];
    struct nic_rx rx[4];
    struct pool pool;

    (void)state;
    pool_open(&pool, 32, 2, 20);
    net_run("ip link add v0 type veth peer name v1 && ip link set v1 up");
    port_open(&port);
    assert_true(port_send(&port, frame, sizeof frame));
    net_run("ip link set v0 down");
    assert_int_equal(port_rx(&port, &pool, rx, 4), 0);
    assert_false(port_send(&port, frame, sizeof frame));
    assert_false(readable(&port));
    net_run("ip link set v0 up");
    assert_true(port_send(&port, frame, sizeof frame));
    net_run("ip link del v0");
    assert_int_equal(port_rx(&port, &pool, rx, 4), 0);
    assert_false(port_send(&port, frame, sizeof frame));
    assert_false(readable(&port));
    assert_int_equal(port.rx_errors + port.tx_errors, 0);
    port.ops->close(&port);
    pool_close(&pool);
}

static void refusals(void **state)
{
    struct nic_port port = port_of(HSR_PORT_KIND_KERNEL, "nothere", "");

    (void)state;
    port_open_fails(&port, -1, -ENODEV, "nothere: cannot find the interface");
    port_open_fails(&port, 0, -EINVAL, "takes no descriptor");
    port = port_of(HSR_PORT_KIND_KERNEL, "", "");
    port_open_fails(&port, -1, -EINVAL, "no interface name");
    net_run("ip tuntap add dev ip0 mode tun");
    port = port_of(HSR_PORT_KIND_KERNEL, "ip0", "");
    port_open_fails(&port, -1, -EINVAL, "no Ethernet interface");
    net_run("ip link del ip0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outgoing_frames_are_not_read),
        cmocka_unit_test(segmentation_is_kept),
        cmocka_unit_test(vlan_tag_is_put_back),
        cmocka_unit_test(burst_of_all_lengths),
        cmocka_unit_test(down_up_removed),
        cmocka_unit_test(refusals),
    };

    net_enter();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

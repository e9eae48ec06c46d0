/* SPDX-License-Identifier: Apache-2.0 */
#include "net_support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static bool readable(const struct nic_port *port)
{
    struct pollfd p = {.fd = port->ops->rx_fd(port), .events = POLLIN};

    return poll(&p, 1, 0) == 1;
}

/* A neighbour that is not there makes the kernel ask for it, so that a frame comes. */
static void provoke_arp(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    inet_pton(AF_INET, "10.9.0.99", &to.sin_addr);
    assert_int_equal(sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof to), 1);
    close(fd);
}

static void interface_comes_and_goes(void **state)
{
    struct nic_port port = port_of(HSR_PORT_KIND_TAP, "t0", "mac=02:00:00:00:00:17");
    struct nic_rx rx[4];
    struct pool pool;

    (void)state;
    pool_open(&pool, 8, 2, 2);
    port.config.mtu = 1400;
    port_open(&port);
    assert_int_equal(port.egress.mtu, 1400);
    assert_false(port.egress.csum || port.egress.tso);
    net_run("ip addr add 10.9.0.1/24 dev t0");
    net_run("ip link show t0 | grep -q 02:00:00:00:00:17");
    net_run("ip link show t0 | grep -q 'mtu 1400'");
    assert_false(readable(&port));
    assert_int_equal(port_rx(&port, &pool, rx, 4), 0);
    provoke_arp();
    assert_true(readable(&port));
    assert_int_equal(port_rx(&port, &pool, rx, 4), 1);
    assert_int_equal(rx[0].len, 42);
    assert_memory_equal(nic_slot_frame(&pool.slots, rx[0].slot) + 6, "\x02\0\0\0\0\x17\x08\x06", 8);
    assert_int_equal(rx[0].slot, pool.region.view.classes[0].first);
    assert_true(nic_slots_put(&pool.slots, rx[0].slot));
    assert_false(readable(&port));
    port.ops->close(&port);
    net_run("! ip link show t0 2> /dev/null");
    pool_close(&pool);
}

/* UDP whose checksum field holds the pseudo-header sum only: right once the receiver trusts NEEDS_CSUM. */
static void partial_checksum_is_accepted(void **state)
{
    static const uint8_t frame[] = {
        0x02, 0,  0,    0,    0,    0x17, 0x02, 0,  0,    0,    0,   0x99, 0x08, 0x00, 0x45, 0,
        0,    32, 0,    0,    0,    0,    64,   17, 0x66, 0x58, 10,  9,    0,    0x63, 10,   9,
        0,    1,  0x03, 0xe8, 0x13, 0x88, 0,    12, 0x14, 0x93, 'p', 'i',  'n',  'g',
    };
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(5000)};
    struct nic_port port = port_of(HSR_PORT_KIND_TAP, "t0", "mac=02:00:00:00:00:17");
    struct po_frame f = {.head = frame, .head_len = 34, .body = frame + 34, .body_len = 12};
    int fd;
    char data[8];

    (void)state;
    port.config.offload = true;
    port_open(&port);
    net_run("ip addr add 10.9.0.1/24 dev t0");
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    /* Without the flag the kernel finds the checksum wrong. */
    assert_int_equal(port.ops->tx(&port, &f, 1), 1);
    assert_int_equal(recv(fd, data, sizeof data, 0), -1);
    f.vnet.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
    f.vnet.csum_start = 34;
    f.vnet.csum_offset = 6;
    assert_int_equal(port.ops->tx(&port, &f, 1), 1);
    assert_int_equal(recv(fd, data, sizeof data, 0), 4);
    assert_memory_equal(data, "ping", 4);
    /* A header that does not fit its frame is refused by the kernel, and the frames behind it still go. */
    struct po_frame three[3] = {f, f, f};
    three[1].vnet.csum_start = 5000;
    assert_int_equal(port.ops->tx(&port, three, 3), 3);
    assert_int_equal(port.tx_errors, 1);
    assert_int_equal(port.refused[1], HSR_DROP_PORT_TX_FULL);
    assert_int_equal(recv(fd, data, sizeof data, 0), 4);
    assert_int_equal(recv(fd, data, sizeof data, 0), 4);
    assert_int_equal(recv(fd, data, sizeof data, 0), -1);
    close(fd);
    port.ops->close(&port);
}

static void open_guest(struct nic_port *port, const char *netns, const char *address,
                       uint8_t queues, bool offload)
{
    *port = port_of(HSR_PORT_KIND_TAP, "eth0", "");
    snprintf(port->config.netns, sizeof port->config.netns, "%s", netns);
    port->config.queues = queues;
    port->config.offload = offload;
    port_open(port);
    net_run("ip -n %s addr add %s dev eth0", netns, address);
}

static void guests_talk_tcp(bool offload, uint8_t queues, struct net_traffic *traffic)
{
    struct nic_port a, b;
    struct pool pool;

    pool_open(&pool, 64, 8, 8);
    net_run("ip netns add a && ip netns add b");
    open_guest(&a, "a", "10.9.0.1/24", queues, offload);
    open_guest(&b, "b", "10.9.0.2/24", queues, offload);
    net_tcp(&a, &b, &pool, "a", "b", "10.9.0.2", traffic);
    assert_int_equal(a.tx_errors + b.tx_errors + a.rx_errors + b.rx_errors, 0);
    a.ops->close(&a);
    b.ops->close(&b);
    net_run("ip netns del a && ip netns del b");
    pool_close(&pool);
}

static void segmentation_is_left_to_us(void **state)
{
    struct net_traffic traffic = {0};

    (void)state;
    guests_talk_tcp(true, 1, &traffic);
    assert_true(traffic.gso > 0);
    assert_true(traffic.needs_csum >= traffic.gso);
    assert_int_equal(traffic.bad, 0);
}

/* Datagrams that a guest hands down in one buffer (UDP_SEGMENT), as QUIC does, cross whole, and come out as they were. */
static void datagrams_stay_together(void **state)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(5002)};
    static uint8_t data[10500], got[2000];
    struct net_traffic traffic = {0};
    int client, server, size = 1000;
    struct nic_port a, b;
    struct pool pool;
    uint32_t n = 0;

    (void)state;
    pool_open(&pool, 64, 8, 8);
    net_run("ip netns add a && ip netns add b");
    open_guest(&a, "a", "10.9.0.1/24", 1, true);
    open_guest(&b, "b", "10.9.0.2/24", 1, true);
    client = net_socket("a", AF_INET, SOCK_DGRAM, 0);
    server = net_socket("b", AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    inet_pton(AF_INET, "10.9.0.2", &to.sin_addr);
    assert_int_equal(bind(server, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(setsockopt(client, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size), 0);
    for (uint32_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i / 1000);
    assert_int_equal(sendto(client, data, sizeof data, 0, (struct sockaddr *)&to, sizeof to),
                     sizeof data);
    while (n < 11) {
        ssize_t len = recv(server, got, sizeof got, 0);

        if (len < 0 && !net_carry(&a, &b, &pool, &traffic))
            net_carry(&b, &a, &pool, &traffic);
        if (len < 0)
            continue;
        assert_int_equal(len, n < 10 ? 1000 : 500);
        assert_int_equal(got[0], n);
        assert_int_equal(got[len - 1], n);
        n++;
    }
    /* Linux before 6.2 cuts them itself. */
    assert_int_equal(traffic.gso, a.egress.uso && b.egress.uso ? 1 : 0);
    assert_int_equal(traffic.bad + traffic.not_taken, 0);
    close(client);
    close(server);
    a.ops->close(&a);
    b.ops->close(&b);
    net_run("ip netns del a && ip netns del b");
    pool_close(&pool);
}

static void without_offload_frames_are_complete(void **state)
{
    struct net_traffic traffic = {0};

    (void)state;
    guests_talk_tcp(false, 1, &traffic);
    assert_true(traffic.frames > 700);
    assert_int_equal(traffic.gso + traffic.needs_csum, 0);
}

static void several_queues(void **state)
{
    struct net_traffic traffic = {0};

    (void)state;
    guests_talk_tcp(true, 4, &traffic);
    assert_int_equal(traffic.bad, 0);
}

static void frames_wait_without_slots(void **state)
{
    struct nic_port port = port_of(HSR_PORT_KIND_TAP, "t0", "");
    struct nic_rx rx[4];
    struct pool pool;
    uint32_t held;

    (void)state;
    pool_open(&pool, 1, 0, 1);
    port.config.offload = true;
    port_open(&port);
    net_run("ip addr add 10.9.0.1/24 dev t0");
    provoke_arp();
    held = nic_slots_get(&pool.slots, 2);
    assert_int_equal(port_rx(&port, &pool, rx, 4), 0);
    assert_true(nic_slots_put(&pool.slots, held));
    assert_int_equal(port_rx(&port, &pool, rx, 4), 1);
    assert_true(nic_slots_put(&pool.slots, rx[0].slot));
    port.ops->close(&port);
    pool_close(&pool);
}

/* A guest that raises the MTU behind our back: its frames are counted, not cut short. */
static void frames_past_the_mtu_are_counted(void **state)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
    struct nic_port port = port_of(HSR_PORT_KIND_TAP, "t0", "");
    static const uint8_t data[3000];
    uint32_t no_slot = 0;
    uint32_t too_big = 0;
    struct nic_rx rx[4];
    struct pool pool;
    int fd;

    (void)state;
    pool_open(&pool, 8, 2, 2);
    port_open(&port);
    net_run("ip link set t0 mtu 9000 && ip addr add 10.9.0.1/24 dev t0");
    net_run("ip neigh add 10.9.0.99 lladdr 02:00:00:00:00:99 dev t0");
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    inet_pton(AF_INET, "10.9.0.99", &to.sin_addr);
    assert_int_equal(sendto(fd, data, 3000, 0, (struct sockaddr *)&to, sizeof to), 3000);
    assert_int_equal(sendto(fd, data, 100, 0, (struct sockaddr *)&to, sizeof to), 100);
    assert_int_equal(port.ops->rx(&port, &pool.slots, rx, 4, &no_slot, &too_big), 1);
    assert_int_equal(rx[0].len, 142);
    assert_int_equal(too_big, 1);
    assert_int_equal(no_slot, 0);
    assert_true(nic_slots_put(&pool.slots, rx[0].slot));
    close(fd);
    port.ops->close(&port);
    pool_close(&pool);
}

static void removed_while_open(void **state)
{
    struct nic_port port = port_of(HSR_PORT_KIND_TAP, "t0", "");
    struct nic_rx rx[4];
    static const uint8_t frame[60];
    struct pool pool;

    (void)state;
    pool_open(&pool, 8, 2, 2);
    port.config.queues = 2;
    port_open(&port);
    net_run("ip link set t0 down");
    assert_false(port_send(&port, frame, sizeof frame));
    net_run("ip link set t0 up");
    assert_true(port_send(&port, frame, sizeof frame));
    net_run("ip link del t0");
    assert_int_equal(port_rx(&port, &pool, rx, 4), 0);
    assert_false(port_send(&port, frame, sizeof frame));
    /* Nothing that would wake a sleeper again and again. */
    assert_false(readable(&port));
    assert_int_equal(port_rx(&port, &pool, rx, 4), 0);
    assert_int_equal(port.rx_errors + port.tx_errors, 0);
    port.ops->close(&port);
    pool_close(&pool);
}

static int raw_tap(const char *name, int flags)
{
    struct ifreq ifr = {.ifr_flags = (short)flags};
    int fd = open("/dev/net/tun", O_RDWR);

    snprintf(ifr.ifr_name, sizeof ifr.ifr_name, "%s", name);
    assert_int_equal(ioctl(fd, TUNSETIFF, &ifr), 0);
    return fd;
}

static void passed_descriptor(void **state)
{
    struct nic_port port = port_of(HSR_PORT_KIND_TAP, "", "");
    struct nic_rx rx[4];
    struct epoll_event event = {.events = EPOLLIN};
    char why[NIC_WHY] = "";
    struct pool pool;
    int fd, other;

    (void)state;
    pool_open(&pool, 8, 2, 2);
    fd = raw_tap("g0", IFF_TAP | IFF_NO_PI);
    port_open_fails(&port, fd, -EINVAL, "IFF_VNET_HDR is missing");
    assert_int_equal(close(fd), 0); /* still ours */
    fd = raw_tap("g0", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR);
    port_open_fails(&port, fd, -EINVAL, "IFF_TAP is missing");
    close(fd);
    fd = open("/dev/null", O_RDWR);
    port_open_fails(&port, fd, -EINVAL, "no tap interface");
    close(fd);

    int waits = epoll_create1(0);

    fd = raw_tap("g0", IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
    other = dup(fd);
    net_run("ip link set g0 up mtu 1300 && ip addr add 10.9.0.1/24 dev g0");
    /* Wherever the interface lives, it is found. */
    net_run("ip netns add a && ip link set g0 netns a && ip -n a link set g0 up");
    net_run("ip -n a addr add 10.9.0.1/24 dev g0");
    port.config.offload = true;
    assert_int_equal(port.ops->open(&port, fd, why), 0);
    assert_string_equal(port.config.device, "g0");
    assert_int_equal(port.egress.mtu, 1300);
    assert_true(port.egress.tso);
    assert_int_equal(epoll_ctl(waits, EPOLL_CTL_ADD, port.ops->rx_fd(&port), &event), 0);
    port.ops->watched(&port, waits);
    net_run("ip netns exec a ping -c 1 -W 0.1 10.9.0.99 > /dev/null; true");
    assert_true(port_rx(&port, &pool, rx, 1) == 1);
    assert_true(nic_slots_put(&pool.slots, rx[0].slot));
    assert_int_equal(epoll_wait(waits, &event, 1, 0), 1);
    net_run("ip -n a link del g0");
    assert_int_equal(epoll_wait(waits, &event, 1, 0), 1);
    assert_int_equal(port_rx(&port, &pool, rx, 4), 0);
    /* The duplicate that somebody kept wakes nobody. */
    assert_int_equal(epoll_wait(waits, &event, 1, 0), 0);
    assert_int_equal(port.ops->rx_fd(&port), -1);
    port.ops->close(&port);
    close(other);
    close(waits);
    net_run("ip netns del a");
    pool_close(&pool);
}

static void refusals(void **state)
{
    static const struct {
        const char *device, *netns, *args, *text;
        int rc;
        uint8_t queues;
    } table[] = {
        {"sixteen-letters-", "", "", "no interface name", -EINVAL, 1},
        {"a/b", "", "", "no interface name", -EINVAL, 1},
        {"lo", "", "", "create the interface", -EINVAL, 1},
        {"t0", "no-such", "", "ip netns add no-such", -ENOENT, 1},
        {"t0", "../netns", "", "no name of a network namespace", -EINVAL, 1},
        {"t0", "", "mac=02:00", "not of the form", -EINVAL, 1},
        {"t0", "", "mac=01:00:00:00:00:01", "set the MAC", -EADDRNOTAVAIL, 1},
        {"t0", "", "", "at most 16 queues", -EINVAL, 17},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        struct nic_port port = port_of(HSR_PORT_KIND_TAP, table[i].device, table[i].args);

        snprintf(port.config.netns, sizeof port.config.netns, "%s", table[i].netns);
        port.config.queues = table[i].queues;
        port_open_fails(&port, -1, table[i].rc, table[i].text);
    }
    net_run("! ip link show t0 2> /dev/null");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interface_comes_and_goes),
        cmocka_unit_test(partial_checksum_is_accepted),
        cmocka_unit_test(segmentation_is_left_to_us),
        cmocka_unit_test(datagrams_stay_together),
        cmocka_unit_test(without_offload_frames_are_complete),
        cmocka_unit_test(several_queues),
        cmocka_unit_test(frames_wait_without_slots),
        cmocka_unit_test(frames_past_the_mtu_are_counted),
        cmocka_unit_test(removed_while_open),
        cmocka_unit_test(passed_descriptor),
        cmocka_unit_test(refusals),
    };

    net_enter();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "net_support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ports/netns.h"

enum { TCP_PORT = 5001, TCP_BYTES = 1 << 20 };

void net_enter(void)
{
    if (access("/dev/net/tun", R_OK | W_OK) || unshare(CLONE_NEWNET | CLONE_NEWNS)) {
        printf("skipped: needs /dev/net/tun and the right to make namespaces: %s\n",
               strerror(errno));
        exit(77);
    }
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount("run", "/run", "tmpfs", 0, NULL))
        exit(1);
    /* No router solicitations or MLD reports among the frames that tests count. */
    if (system("echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6") ||
        system("ip link set lo up"))
        exit(1);
}

void net_command(const char *command)
{
    if (system(command))
        fail_msg("failed: %s", command);
}

struct socket_job {
    int domain, type, protocol;
};

static int open_socket(void *arg)
{
    const struct socket_job *job = arg;

    return socket(job->domain, job->type, job->protocol);
}

int net_socket(const char *netns, int domain, int type, int protocol)
{
    struct socket_job job = {domain, type, protocol};
    char why[NIC_WHY] = "";
    int fd = nic_netns_run(netns, open_socket, &job, why);

    if (fd < 0)
        fail_msg("socket: %d, %s", fd, why);
    return fd;
}

static void look_at(const struct nic_rx *rx, struct net_traffic *traffic)
{
    const struct virtio_net_hdr *vnet = &rx->vnet;

    traffic->frames++;
    if (vnet->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
        traffic->needs_csum++;
        if (vnet->csum_start + vnet->csum_offset + 2u > rx->len)
            traffic->bad++;
    }
    if (rx->len > 1514) {
        traffic->gso++;
        if ((vnet->gso_type != VIRTIO_NET_HDR_GSO_TCPV4 && vnet->gso_type != PO_VNET_GSO_UDP_L4) ||
            !vnet->gso_size || vnet->hdr_len > rx->len ||
            !(vnet->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
            traffic->bad++;
    }
}

uint32_t net_carry(struct nic_port *from, struct nic_port *to, struct pool *pool,
                   struct net_traffic *traffic)
{
    struct nic_rx rx[32];
    uint32_t got = port_rx(from, pool, rx, 32);

    for (uint32_t i = 0; i < got; i++) {
        const uint8_t *frame = nic_slot_frame(&pool->slots, rx[i].slot);
        struct po_span tail[PARTS];
        struct po_frame f = frame_in_parts(frame, rx[i].len, tail);

        f.vnet = rx[i].vnet;

        look_at(&rx[i], traffic);
        if (to->ops->tx(to, &f, 1) != 1)
            traffic->not_taken++;
        assert_true(nic_slots_put(&pool->slots, rx[i].slot));
    }
    return got;
}

static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 31 + i / 256);
}

static void send_some(int fd, size_t *sent)
{
    static uint8_t data[1 << 16];
    size_t n = TCP_BYTES - *sent < sizeof data ? TCP_BYTES - *sent : sizeof data;
    ssize_t rc;

    if (!n)
        return;
    for (size_t i = 0; i < n; i++)
        data[i] = byte_at(*sent + i);
    rc = send(fd, data, n, MSG_NOSIGNAL);
    if (rc > 0)
        *sent += (size_t)rc;
    else
        assert_true(errno == EAGAIN || errno == ENOTCONN || errno == EINPROGRESS);
}

static void receive_some(int fd, size_t *received)
{
    static uint8_t data[1 << 16];
    ssize_t n = recv(fd, data, sizeof data, 0);

    if (n < 0)
        assert_int_equal(errno, EAGAIN);
    for (ssize_t i = 0; i < n; i++)
        assert_int_equal(data[i], byte_at(*received + (size_t)i));
    *received += n > 0 ? (size_t)n : 0;
}

void net_tcp(struct nic_port *port_a, struct nic_port *port_b, struct pool *pool, const char *a,
             const char *b, const char *address, struct net_traffic *traffic)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(TCP_PORT)};
    int client = net_socket(a, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int listener = net_socket(b, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int server = -1;
    size_t sent = 0, received = 0;

    assert_int_equal(inet_pton(AF_INET, address, &to.sin_addr), 1);
    assert_int_equal(bind(listener, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(connect(client, (struct sockaddr *)&to, sizeof to), -1);
    assert_int_equal(errno, EINPROGRESS);
    /* Ends by its own progress; a connection that stalls for good runs into the test's time-out. */
    while (received < TCP_BYTES) {
        if (!net_carry(port_a, port_b, pool, traffic) && !net_carry(port_b, port_a, pool, traffic))
            sched_yield();
        if (server < 0)
            server = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        send_some(client, &sent);
        if (server >= 0)
            receive_some(server, &received);
    }
    close(client);
    close(listener);
    close(server);
}

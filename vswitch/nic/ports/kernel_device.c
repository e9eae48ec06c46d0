/* SPDX-License-Identifier: Apache-2.0 */
/* Opening packet sockets on interfaces that there are: what takes rights. */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "ports/device.h"
#include "ports/netdev.h"
#include "ports/netns.h"

/* For the burst that arrives while the poll thread serves other ports; the kernel charges about 100 KB a GSO frame. */
enum { KERNEL_SOCKET_BUFFER = 16 << 20 };

struct kernel_job {
    const struct nic_port_config *config;
    struct nic_device *device;
    char *why;
};

static int fail(const struct nic_port_config *config, const char *doing, char why[NIC_WHY])
{
    int rc = -errno;

    snprintf(why, NIC_WHY, "interface %s: cannot %s: %s%s", config->device, doing, strerror(-rc),
             rc == -EPERM ? " (CAP_NET_RAW is needed)" : "");
    return rc;
}

/* Large buffers; past the system's limit when we are allowed to, and what we get is no error. */
static void set_buffers(int fd)
{
    int size = KERNEL_SOCKET_BUFFER;

    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size))
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size))
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

static int set_options(const struct nic_port_config *config, int fd, char why[NIC_WHY])
{
    static const struct {
        int option;
        const char *what;
    } options[] = {
        {PACKET_VNET_HDR, "ask for virtio headers"},
        {PACKET_AUXDATA, "ask for VLAN tags"},
        {PACKET_IGNORE_OUTGOING, "leave out what we send ourselves"},
    };
    int on = 1;

    for (unsigned i = 0; i < sizeof options / sizeof *options; i++)
        if (setsockopt(fd, SOL_PACKET, options[i].option, &on, sizeof on))
            return fail(config, options[i].what, why);
    return 0;
}

static int kernel_bind(const struct nic_port_config *config, int fd, int index, char why[NIC_WHY])
{
    struct packet_mreq promiscuous = {.mr_ifindex = index, .mr_type = PACKET_MR_PROMISC};
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET,
        .sll_protocol = __builtin_bswap16(ETH_P_ALL),
        .sll_ifindex = index,
    };

    if (bind(fd, (struct sockaddr *)&address, sizeof address))
        return fail(config, "bind to it", why);
    if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous))
        return fail(config, "make it promiscuous", why);
    return 0;
}

static int kernel_setup(void *arg)
{
    struct kernel_job *job = arg;
    const struct nic_port_config *config = job->config;
    struct nic_device *device = job->device;
    const char *name = device->name;
    int index = 0;
    int rc = nic_netdev_name(device->name, config->device, job->why);

    if (!rc)
        rc = nic_netdev_index(name, &index, job->why);
    if (!rc)
        rc = nic_netdev_is_ethernet(name, job->why);
    if (!rc && config->mtu)
        rc = nic_netdev_set_mtu(name, config->mtu, job->why);
    if (!rc)
        rc = nic_netdev_mtu(name, &device->mtu, job->why);
    if (!rc)
        rc = nic_netdev_set_up(name, job->why);
    if (rc)
        return rc;
    /* Protocol 0 receives nothing until bind() says from where. */
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return fail(config, "open a packet socket", job->why);
    device->fd[device->fds++] = fd;
    set_buffers(fd);
    rc = set_options(config, fd, job->why);
    return rc ? rc : kernel_bind(config, fd, index, job->why);
}

int nic_kernel_device(const struct nic_port_config *config, struct nic_device *device,
                      char why[NIC_WHY])
{
    struct kernel_job job = {.config = config, .device = device, .why = why};

    return nic_netns_run(config->netns, kernel_setup, &job, why);
}

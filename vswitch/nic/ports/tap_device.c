/* SPDX-License-Identifier: Apache-2.0 */
/* Making taps, and settling those that were passed in: what takes rights. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ports/device.h"
#include "ports/netdev.h"
#include "ports/netns.h"
#include "ports/vnet_io.h"

/* UDP segmentation, Linux 6.2; younger than some kernel headers. The kernel offers it with both bits alone. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

/* What is carried into the network namespace. */
struct tap_job {
    const struct nic_port_config *config;
    struct nic_device *device;
    char *why;
};

static int fail(const struct nic_port_config *config, const char *doing, char why[NIC_WHY])
{
    int rc = -errno;

    snprintf(why, NIC_WHY, "tap %s: cannot %s: %s%s", config->device, doing, strerror(-rc),
             rc == -EPERM ? " (CAP_NET_ADMIN is needed)" : "");
    return rc;
}

static int tap_set_offload(struct tap_job *job, int fd)
{
    const unsigned long tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
    const unsigned long udp = TUN_F_USO4 | TUN_F_USO6;
    const struct nic_port_config *config = job->config;
    int size = NIC_VNET_HDR;

    if (ioctl(fd, TUNSETVNETHDRSZ, &size))
        return fail(config, "set the size of the virtio header", job->why);
    job->device->uso = config->offload && ioctl(fd, TUNSETOFFLOAD, tcp | udp) == 0;
    if (!job->device->uso && ioctl(fd, TUNSETOFFLOAD, config->offload ? tcp : 0))
        return fail(config, "set offloads", job->why);
    return 0;
}

/* Open one queue of the interface; the first call creates it and learns its name. */
static int tap_add_queue(struct tap_job *job, short flags)
{
    struct nic_device *device = job->device;
    struct ifreq ifr = {.ifr_flags = flags};
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return fail(job->config, "open /dev/net/tun", job->why);
    device->fd[device->fds++] = fd;
    memcpy(ifr.ifr_name, device->name, IFNAMSIZ);
    if (ioctl(fd, TUNSETIFF, &ifr))
        return fail(job->config, "create the interface (does another of that name exist?)",
                    job->why);
    memcpy(device->name, ifr.ifr_name, IFNAMSIZ);
    device->name[IFNAMSIZ - 1] = '\0';
    return tap_set_offload(job, fd);
}

/* MTU and address as configured; the MTU there is. */
static int tap_settings(struct tap_job *job)
{
    const struct nic_port_config *config = job->config;
    struct nic_device *device = job->device;
    char mac[32];
    int rc = 0;
    int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (control < 0)
        return fail(config, "open a socket to watch its link", job->why);
    device->fd[device->fds++] = control;
    if (config->mtu)
        rc = nic_netdev_set_mtu(device->name, config->mtu, job->why);
    if (!rc && nic_port_arg(config->args, "mac", mac, sizeof mac))
        rc = nic_netdev_set_mac(device->name, mac, job->why);
    return rc ? rc : nic_netdev_mtu(device->name, &device->mtu, job->why);
}

static int tap_create(void *arg)
{
    struct tap_job *job = arg;
    const struct nic_port_config *config = job->config;
    uint32_t queues = config->queues ? config->queues : 1;
    short flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    int rc =
        nic_netdev_name(job->device->name, *config->device ? config->device : "tap%d", job->why);

    if (queues > NIC_DEVICE_QUEUES) {
        snprintf(job->why, NIC_WHY, "tap %s: at most %d queues", config->device, NIC_DEVICE_QUEUES);
        return -EINVAL;
    }
    if (queues > 1)
        flags = (short)(flags | IFF_MULTI_QUEUE);
    while (!rc && job->device->fds < queues)
        rc = tap_add_queue(job, flags);
    if (!rc)
        rc = tap_settings(job);
    if (!rc)
        rc = nic_netdev_set_up(job->device->name, job->why);
    return rc;
}

static int tap_adopted_settings(void *arg)
{
    return tap_settings(arg);
}

/* A look at what a descriptor is. Its interface may live in any namespace: the kernel knows which. */
static int tap_adopt(struct tap_job *job, int fd)
{
    struct ifreq ifr = {0};
    int flags = fcntl(fd, F_GETFL);
    int netns, rc;

    if (ioctl(fd, TUNGETIFF, &ifr)) {
        snprintf(job->why, NIC_WHY, "the descriptor is no tap interface: %s", strerror(errno));
        return -EINVAL;
    }
    if (!(ifr.ifr_flags & IFF_TAP) || !(ifr.ifr_flags & IFF_NO_PI) ||
        !(ifr.ifr_flags & IFF_VNET_HDR)) {
        snprintf(
            job->why, NIC_WHY,
            "%.15s: open it with IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, of which %s%s%sis missing",
            ifr.ifr_name, ifr.ifr_flags & IFF_TAP ? "" : "IFF_TAP ",
            ifr.ifr_flags & IFF_NO_PI ? "" : "IFF_NO_PI ",
            ifr.ifr_flags & IFF_VNET_HDR ? "" : "IFF_VNET_HDR ");
        return -EINVAL;
    }
    snprintf(job->device->name, IFNAMSIZ, "%.15s", ifr.ifr_name);
    rc = tap_set_offload(job, fd);
    if (rc)
        return rc;
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK))
        return fail(job->config, "make the descriptor non-blocking", job->why);
    netns = ioctl(fd, TUNGETDEVNETNS);
    if (netns < 0)
        return nic_netns_run(job->config->netns, tap_adopted_settings, job, job->why);
    rc = nic_netns_run_fd(netns, tap_adopted_settings, job, job->why);
    close(netns);
    return rc;
}

int nic_tap_device(const struct nic_port_config *config, int fd, struct nic_device *device,
                   char why[NIC_WHY])
{
    struct tap_job job = {.config = config, .device = device, .why = why};

    return fd >= 0 ? tap_adopt(&job, fd) : nic_netns_run(config->netns, tap_create, &job, why);
}

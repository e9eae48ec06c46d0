/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tap interface made by the port, or a descriptor of one passed in.
 *
 * `device` is the interface name (a pattern such as tap%d lets the kernel number it, empty is that pattern). It is
 * created inside `netns`, set up, and disappears with the port. Arguments: mac=02:00:00:00:00:01 sets the address of
 * the side that the guest sees. A passed descriptor keeps its name and link state; it must have been opened with
 * IFF_TAP | IFF_NO_PI | IFF_VNET_HDR.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ports/drivers.h"
#include "ports/netdev.h"
#include "ports/netns.h"
#include "ports/vnet_io.h"

enum { TAP_MAX_QUEUES = 16 };

struct tap {
    int fd[TAP_MAX_QUEUES]; /* -1: the interface is gone */
    uint32_t queues;
    int epoll;   /* watches all queues, and drops those of an interface that is gone */
    int control; /* a socket of its namespace, to ask for its link */
    enum nic_back back;
    char name[IFNAMSIZ];
};

/* What open() carries into the network namespace. */
struct tap_job {
    struct nic_port *port;
    struct tap *tap;
    char *why;
};

static int fail(const struct nic_port *port, const char *doing, char why[NIC_WHY])
{
    int rc = -errno;

    snprintf(why, NIC_WHY, "tap %s: cannot %s: %s%s", port->config.device, doing, strerror(-rc),
             rc == -EPERM ? " (CAP_NET_ADMIN is needed)" : "");
    return rc;
}

static int tap_set_offload(const struct nic_port *port, int fd, char why[NIC_WHY])
{
    unsigned long offload =
        port->config.offload ? TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN : 0;
    int size = NIC_VNET_HDR;

    if (ioctl(fd, TUNSETVNETHDRSZ, &size))
        return fail(port, "set the size of the virtio header", why);
    if (ioctl(fd, TUNSETOFFLOAD, offload))
        return fail(port, "set offloads", why);
    return 0;
}

/* Open one queue of the interface; the first call creates it and learns its name. */
static int tap_add_queue(struct tap_job *job, short flags)
{
    struct nic_port *port = job->port;
    struct tap *tap = job->tap;
    struct ifreq ifr = {.ifr_flags = flags};
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return fail(port, "open /dev/net/tun", job->why);
    tap->fd[tap->queues++] = fd;
    memcpy(ifr.ifr_name, tap->name, IFNAMSIZ);
    if (ioctl(fd, TUNSETIFF, &ifr))
        return fail(port, "create the interface (does another of that name exist?)", job->why);
    memcpy(tap->name, ifr.ifr_name, IFNAMSIZ);
    tap->name[IFNAMSIZ - 1] = '\0';
    return tap_set_offload(port, fd, job->why);
}

/* MTU and address as configured; the MTU there is. */
static int tap_settings(struct tap_job *job)
{
    struct nic_port *port = job->port;
    const char *name = job->tap->name;
    char mac[32];
    int rc = 0;

    job->tap->control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (job->tap->control < 0)
        return fail(port, "open a socket to watch its link", job->why);
    if (port->config.mtu)
        rc = nic_netdev_set_mtu(name, port->config.mtu, job->why);
    if (!rc && nic_port_arg(port->config.args, "mac", mac, sizeof mac))
        rc = nic_netdev_set_mac(name, mac, job->why);
    return rc ? rc : nic_netdev_mtu(name, &port->egress.mtu, job->why);
}

static int tap_create(void *arg)
{
    struct tap_job *job = arg;
    struct nic_port_config *config = &job->port->config;
    uint32_t queues = config->queues ? config->queues : 1;
    short flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    int rc = nic_netdev_name(job->tap->name, *config->device ? config->device : "tap%d", job->why);

    if (queues > TAP_MAX_QUEUES) {
        snprintf(job->why, NIC_WHY, "tap %s: at most %d queues", config->device, TAP_MAX_QUEUES);
        return -EINVAL;
    }
    if (queues > 1)
        flags = (short)(flags | IFF_MULTI_QUEUE);
    while (!rc && job->tap->queues < queues)
        rc = tap_add_queue(job, flags);
    if (!rc)
        rc = tap_settings(job);
    if (!rc)
        rc = nic_netdev_set_up(job->tap->name, job->why);
    return rc;
}

static int tap_adopted_settings(void *arg)
{
    return tap_settings(arg);
}

/* Take over a descriptor after a look at what it is. Its interface may live in any namespace: the kernel knows which. */
static int tap_adopt(struct tap_job *job, int fd)
{
    struct nic_port *port = job->port;
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
    snprintf(job->tap->name, IFNAMSIZ, "%.15s", ifr.ifr_name);
    rc = tap_set_offload(port, fd, job->why);
    if (rc)
        return rc;
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK))
        return fail(port, "make the descriptor non-blocking", job->why);
    netns = ioctl(fd, TUNGETDEVNETNS);
    if (netns < 0)
        return nic_netns_run(port->config.netns, tap_adopted_settings, job, job->why);
    rc = nic_netns_run_fd(netns, tap_adopted_settings, job, job->why);
    close(netns);
    return rc;
}

static int tap_watch(const struct nic_port *port, struct tap *tap, char why[NIC_WHY])
{
    tap->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (tap->epoll < 0)
        return fail(port, "watch the descriptor", why);
    for (uint32_t i = 0; i < tap->queues; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};

        if (epoll_ctl(tap->epoll, EPOLL_CTL_ADD, tap->fd[i], &event))
            return fail(port, "watch the descriptor", why);
    }
    return 0;
}

static void tap_free(struct tap *tap)
{
    for (uint32_t i = 0; i < tap->queues; i++)
        if (tap->fd[i] >= 0)
            close(tap->fd[i]);
    if (tap->epoll >= 0)
        close(tap->epoll);
    if (tap->control >= 0)
        close(tap->control);
    free(tap);
}

/* Which runs a frame read from here may need: a kernel that may not leave segmentation to us keeps to the MTU. */
static enum nic_back tap_back(const struct nic_port *port)
{
    const uint32_t link = 14 + 2 * NIC_VLAN_TAG;

    if (port->config.offload)
        return NIC_BACK_GSO;
    if (port->egress.mtu + link < HSR_SLOT_SIZE - HSR_SLOT_FRAME - NIC_VLAN_TAG)
        return NIC_BACK_NONE;
    return port->egress.mtu + link < HSR_RUN_JUMBO * HSR_SLOT_SIZE - HSR_SLOT_FRAME - NIC_VLAN_TAG
               ? NIC_BACK_JUMBO
               : NIC_BACK_GSO;
}

static int tap_open(struct nic_port *port, int fd, char why[NIC_WHY])
{
    struct tap *tap = calloc(1, sizeof *tap);
    struct tap_job job = {.port = port, .tap = tap, .why = why};
    int rc;

    if (!tap) {
        snprintf(why, NIC_WHY, "out of memory");
        return -ENOMEM;
    }
    tap->epoll = tap->control = -1;
    rc = fd >= 0 ? tap_adopt(&job, fd) : nic_netns_run(port->config.netns, tap_create, &job, why);
    if (!rc && fd >= 0)
        tap->fd[tap->queues++] = fd;
    if (!rc)
        rc = tap_watch(port, tap, why);
    if (rc) {
        /* A descriptor passed in stays the caller's on failure. */
        if (fd >= 0)
            tap->queues = 0;
        tap_free(tap);
        return rc;
    }
    snprintf(port->config.device, sizeof port->config.device, "%s", tap->name);
    port->egress.csum = port->config.offload;
    port->egress.tso = port->config.offload;
    port->egress.ufo = port->config.offload;
    tap->back = tap_back(port);
    port->priv = tap;
    return 0;
}

static void tap_close(struct nic_port *port)
{
    tap_free(port->priv);
    port->priv = NULL;
}

/*
 * The interface was removed: its descriptors would wake a sleeper for ever. Closing is not enough, as whoever passed a
 * descriptor may have kept a duplicate.
 */
static void tap_gone(struct tap *tap, uint32_t queue)
{
    (void)epoll_ctl(tap->epoll, EPOLL_CTL_DEL, tap->fd[queue], NULL);
    close(tap->fd[queue]);
    tap->fd[queue] = -1;
}

/* Read what waits on one queue. */
static uint32_t tap_rx_queue(struct nic_port *port, uint32_t queue, struct nic_slots *slots,
                             struct nic_landing *l, struct nic_rx *out, uint32_t max,
                             uint32_t *too_big)
{
    struct tap *tap = port->priv;
    uint32_t got = 0;

    if (tap->fd[queue] < 0)
        return 0;
    for (uint32_t reads = 0; reads < max; reads++) {
        ssize_t bytes;

        if (!nic_landing_prepare(l, slots, tap->back))
            break;
        bytes = readv(tap->fd[queue], l->iov, (int)l->iovs);

        if (bytes >= 0) {
            if (nic_landing_take(l, slots, (size_t)bytes, &out[got]))
                got++;
            else
                (*too_big)++;
            continue;
        }
        if (errno == EBADFD)
            tap_gone(tap, queue);
        else if (errno != EAGAIN && errno != EINTR)
            port->rx_errors++;
        break;
    }
    return got;
}

static uint32_t tap_rx(struct nic_port *port, struct nic_slots *slots, struct nic_rx *out,
                       uint32_t max, uint32_t *no_slot, uint32_t *too_big)
{
    struct epoll_event busy[TAP_MAX_QUEUES] = {{.data.u32 = 0}};
    struct tap *tap = port->priv;
    struct nic_landing landing;
    uint32_t got = 0;
    int n = 1;

    (void)no_slot;
    /* Idle queues are not asked. The kernel names the busy ones in turns, and first those that were not named last. */
    if (tap->queues > 1)
        n = epoll_wait(tap->epoll, busy, TAP_MAX_QUEUES, 0);
    nic_landing_init(&landing);
    for (int i = 0; i < n && got < max; i++)
        got += tap_rx_queue(port, busy[i].data.u32, slots, &landing, out + got, max - got, too_big);
    nic_landing_release(&landing, slots);
    return got;
}

/* Everything leaves by queue 0: the one poll thread gains nothing from more, and flows keep their order. */
static uint32_t tap_tx(struct nic_port *port, const struct po_frame *frames, uint32_t n)
{
    struct tap *tap = port->priv;

    for (uint32_t i = 0; i < n; i++) {
        struct iovec iov[NIC_VNET_IOV];
        unsigned iovs = nic_vnet_iov(&frames[i], iov);

        if (tap->fd[0] < 0)
            return i;
        if (writev(tap->fd[0], iov, (int)iovs) >= 0)
            continue;
        if (errno == EBADFD)
            tap_gone(tap, 0);
        /* EIO: the link is down. */
        if (errno == EBADFD || errno == EAGAIN || errno == EINTR || errno == ENOBUFS ||
            errno == ENOMEM || errno == EIO)
            return i;
        port->tx_errors++;
    }
    return n;
}

static int tap_rx_fd(const struct nic_port *port)
{
    const struct tap *tap = port->priv;

    return tap->epoll;
}

static bool tap_link(const struct nic_port *port)
{
    const struct tap *tap = port->priv;

    return tap->fd[0] >= 0 && nic_netdev_link(tap->control, tap->name);
}

const struct nic_port_ops nic_tap_ops = {
    .name = "tap",
    .open = tap_open,
    .close = tap_close,
    .rx = tap_rx,
    .tx = tap_tx,
    .rx_fd = tap_rx_fd,
    .link = tap_link,
};

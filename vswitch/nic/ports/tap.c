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
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ports/device.h"
#include "ports/drivers.h"
#include "ports/netdev.h"
#include "ports/vnet_io.h"

enum { TAP_MAX_QUEUES = NIC_DEVICE_QUEUES };

struct tap {
    int fd[TAP_MAX_QUEUES]; /* -1: the interface is gone */
    uint32_t queues;
    int epoll; /* of several: the kernel names the busy ones. -1: there is one, which is waited for itself */
    int watcher; /* epoll of whoever waits for that, -1: nobody */
    int control; /* a socket of its namespace, to ask for its link */
    enum nic_back back;
    char name[IFNAMSIZ];
};

static int cannot_watch(const struct nic_port *port, char why[NIC_WHY])
{
    int rc = -errno;

    snprintf(why, NIC_WHY, "tap %s: cannot watch the descriptor: %s", port->config.device,
             strerror(-rc));
    return rc;
}

static int tap_watch(const struct nic_port *port, struct tap *tap, char why[NIC_WHY])
{
    if (tap->queues == 1)
        return 0;
    tap->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (tap->epoll < 0)
        return cannot_watch(port, why);
    for (uint32_t i = 0; i < tap->queues; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};

        if (epoll_ctl(tap->epoll, EPOLL_CTL_ADD, tap->fd[i], &event))
            return cannot_watch(port, why);
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

/* The descriptors are the tap's from here on: of a device that was opened the queues, and last the socket. */
static void take_over(struct tap *tap, const struct nic_device *device, int fd)
{
    uint32_t queues = device->fds - 1;

    memcpy(tap->fd, device->fd, queues * sizeof *tap->fd);
    tap->queues = queues;
    tap->control = device->fd[queues];
    if (fd >= 0)
        tap->fd[tap->queues++] = fd;
    memcpy(tap->name, device->name, sizeof tap->name);
}

static int tap_open(struct nic_port *port, int fd, char why[NIC_WHY])
{
    struct tap *tap = calloc(1, sizeof *tap);
    struct nic_device device;
    int rc;

    if (!tap) {
        snprintf(why, NIC_WHY, "out of memory");
        return -ENOMEM;
    }
    tap->epoll = tap->watcher = tap->control = -1;
    rc = nic_device_open(&port->config, fd, &device, why);
    if (!rc) {
        take_over(tap, &device, fd);
        port->egress.mtu = device.mtu;
        rc = tap_watch(port, tap, why);
    }
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
    port->egress.uso = device.uso;
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
    (void)epoll_ctl(tap->queues > 1 ? tap->epoll : tap->watcher, EPOLL_CTL_DEL, tap->fd[queue],
                    NULL);
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
        nic_port_refuse(port, i, HSR_DROP_PORT_TX_FULL);
    }
    return n;
}

static int tap_rx_fd(const struct nic_port *port)
{
    const struct tap *tap = port->priv;

    return tap->queues > 1 ? tap->epoll : tap->fd[0];
}

static void tap_watched(struct nic_port *port, int epoll)
{
    struct tap *tap = port->priv;

    tap->watcher = epoll;
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
    .watched = tap_watched,
    .link = tap_link,
};

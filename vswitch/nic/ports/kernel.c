/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An existing kernel interface, by a packet socket: the uplink of a machine, or one end of a veth pair whose other end
 * a container has. `device` is the interface name, in `netns`. No arguments.
 *
 * Frames carry a virtio header both ways, so that checksums and segmentation stay undone between two interfaces of one
 * machine. The kernel's own stack sees what arrives as well: give the interface no address.
 */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hsring/bytes.h"
#include "ports/device.h"
#include "ports/drivers.h"
#include "ports/netdev.h"
#include "ports/vnet_io.h"

enum { MAC_ADDRESSES = 12 };

struct kernel_control {
    _Alignas(struct cmsghdr) uint8_t data[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
};

struct kernel {
    int fd;
    struct nic_landing landing[NIC_VNET_BATCH];
    struct kernel_control control[NIC_VNET_BATCH];
    struct mmsghdr msg[NIC_VNET_BATCH];
    struct iovec tx_iov[NIC_VNET_BATCH][NIC_VNET_IOV];
};

static int kernel_open(struct nic_port *port, int fd, char why[NIC_WHY])
{
    struct nic_device device;
    struct kernel *kernel;
    int rc = nic_port_refuse_fd(port, fd, why);

    if (rc)
        return rc;
    kernel = calloc(1, sizeof *kernel);
    if (!kernel) {
        snprintf(why, NIC_WHY, "out of memory");
        return -ENOMEM;
    }
    rc = nic_device_open(&port->config, -1, &device, why);
    if (rc) {
        free(kernel);
        return rc;
    }
    kernel->fd = device.fd[0];
    port->egress.mtu = device.mtu;
    port->egress.csum = port->config.offload;
    port->egress.tso = port->config.offload;
    port->egress.ufo = port->config.offload;
    port->priv = kernel;
    return 0;
}

static void kernel_close(struct nic_port *port)
{
    struct kernel *kernel = port->priv;

    close(kernel->fd);
    free(kernel);
    port->priv = NULL;
}

/* Put back the VLAN tag that the kernel took out of the frame; there is room for it (nic_landing_prepare()). */
static void put_tag(const struct nic_slots *slots, struct nic_rx *rx,
                    const struct tpacket_auxdata *aux)
{
    uint8_t *frame = nic_slot_frame(slots, rx->slot);

    if (rx->len < MAC_ADDRESSES)
        return;
    memmove(frame + MAC_ADDRESSES + NIC_VLAN_TAG, frame + MAC_ADDRESSES, rx->len - MAC_ADDRESSES);
    hsr_store16(frame + MAC_ADDRESSES,
                aux->tp_status & TP_STATUS_VLAN_TPID_VALID ? aux->tp_vlan_tpid : ETH_P_8021Q);
    hsr_store16(frame + MAC_ADDRESSES + 2, aux->tp_vlan_tci);
    rx->len += NIC_VLAN_TAG;
    if (rx->vnet.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
        rx->vnet.csum_start = (uint16_t)(rx->vnet.csum_start + NIC_VLAN_TAG);
    if (rx->vnet.hdr_len)
        rx->vnet.hdr_len = (uint16_t)(rx->vnet.hdr_len + NIC_VLAN_TAG);
}

static void restore_tag(const struct nic_slots *slots, struct nic_rx *rx, struct msghdr *msg)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        struct tpacket_auxdata aux;

        if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA ||
            c->cmsg_len < CMSG_LEN(sizeof aux))
            continue;
        memcpy(&aux, CMSG_DATA(c), sizeof aux);
        if (aux.tp_status & TP_STATUS_VLAN_VALID)
            put_tag(slots, rx, &aux);
    }
}

/* As many messages as there are runs for. */
static uint32_t kernel_prepare(struct kernel *kernel, struct nic_slots *slots, uint32_t max)
{
    uint32_t n = 0;

    while (n < max && n < NIC_VNET_BATCH) {
        struct nic_landing *l = &kernel->landing[n];

        nic_landing_init(l);
        /* Whatever our own settings, the peer of a veth pair may send us GSO frames. */
        if (!nic_landing_prepare(l, slots, NIC_BACK_GSO)) {
            nic_landing_release(l, slots);
            break;
        }
        kernel->msg[n].msg_hdr = (struct msghdr){
            .msg_iov = l->iov,
            .msg_iovlen = l->iovs,
            .msg_control = kernel->control[n].data,
            .msg_controllen = sizeof kernel->control[n].data,
        };
        n++;
    }
    return n;
}

static uint32_t kernel_rx_batch(struct nic_port *port, struct nic_slots *slots, struct nic_rx *out,
                                uint32_t max, uint32_t *too_big, bool *more)
{
    struct kernel *kernel = port->priv;
    uint32_t n = kernel_prepare(kernel, slots, max);
    uint32_t got = 0;
    int messages = n ? recvmmsg(kernel->fd, kernel->msg, n, MSG_DONTWAIT, NULL) : 0;

    /* ENETDOWN: the interface is down or gone; the socket then stays silent. Others cost one frame. */
    if (messages < 0 && errno != EAGAIN && errno != EINTR && errno != ENETDOWN)
        port->rx_errors++;
    for (int i = 0; i < messages; i++) {
        struct msghdr *msg = &kernel->msg[i].msg_hdr;

        if (msg->msg_flags & MSG_TRUNC ||
            !nic_landing_take(&kernel->landing[i], slots, kernel->msg[i].msg_len, &out[got])) {
            (*too_big)++;
            continue;
        }
        restore_tag(slots, &out[got++], msg);
    }
    for (uint32_t i = 0; i < n; i++)
        nic_landing_release(&kernel->landing[i], slots);
    *more = messages == NIC_VNET_BATCH;
    return got;
}

static uint32_t kernel_rx(struct nic_port *port, struct nic_slots *slots, struct nic_rx *out,
                          uint32_t max, uint32_t *no_slot, uint32_t *too_big)
{
    uint32_t got = 0;
    bool more = true;

    (void)no_slot;
    while (more && got < max)
        got += kernel_rx_batch(port, slots, out + got, max - got, too_big, &more);
    return got;
}

/* Send up to a batch of those from `first` on; how many frames are settled: sent, or refused for good. */
static uint32_t kernel_tx_batch(struct nic_port *port, const struct po_frame *frames,
                                uint32_t first, uint32_t n)
{
    struct kernel *kernel = port->priv;
    int sent;

    for (uint32_t i = 0; i < n; i++) {
        kernel->msg[i].msg_hdr = (struct msghdr){
            .msg_iov = kernel->tx_iov[i],
            .msg_iovlen = nic_vnet_iov(&frames[first + i], kernel->tx_iov[i]),
        };
    }
    sent = sendmmsg(kernel->fd, kernel->msg, n, MSG_DONTWAIT);
    if (sent > 0)
        return (uint32_t)sent;
    if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS || errno == ENOMEM ||
        errno == ENETDOWN || errno == ENXIO)
        return 0;
    nic_port_refuse(port, first, HSR_DROP_PORT_TX_FULL);
    return 1;
}

static uint32_t kernel_tx(struct nic_port *port, const struct po_frame *frames, uint32_t n)
{
    uint32_t taken = 0;

    while (taken < n) {
        uint32_t batch = n - taken < NIC_VNET_BATCH ? n - taken : NIC_VNET_BATCH;
        uint32_t settled = kernel_tx_batch(port, frames, taken, batch);

        if (!settled)
            break;
        taken += settled;
    }
    return taken;
}

static int kernel_rx_fd(const struct nic_port *port)
{
    const struct kernel *kernel = port->priv;

    return kernel->fd;
}

static bool kernel_link(const struct nic_port *port)
{
    const struct kernel *kernel = port->priv;

    return nic_netdev_link(kernel->fd, port->config.device);
}

const struct nic_port_ops nic_kernel_ops = {
    .name = "kernel",
    .open = kernel_open,
    .close = kernel_close,
    .rx = kernel_rx,
    .tx = kernel_tx,
    .rx_fd = kernel_rx_fd,
    .link = kernel_link,
};

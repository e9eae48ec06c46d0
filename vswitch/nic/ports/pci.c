/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any DPDK device. `device` is what DPDK calls devargs: a PCI address ("0000:03:00.0") or a virtual device with its
 * arguments ("net_pcap0,rx_pcap=FILE"). Frames are copied between mbufs and slots; checksums and segmentation are the
 * Post-Processor's, so that every device sends the same bytes.
 */
#include <errno.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nic/eal.h"
#include "ports/drivers.h"
#include "ports/pci.h"

enum { PCI_BURST = 32, PCI_MAX_QUEUES = 16, PCI_LINK_HEADER = 14 + 2 * 4 };

static int fail(const struct nic_port *port, const char *doing, int rc, char why[NIC_WHY])
{
    snprintf(why, NIC_WHY, "device %.80s: cannot %s: %s", port->config.device, doing,
             rte_strerror(-rc));
    return rc;
}

/* Name of the port that a device makes: what stands before its arguments. */
static void device_name(const char *devargs, char name[RTE_ETH_NAME_MAX_LEN])
{
    size_t len = strcspn(devargs, ",");

    if (len >= RTE_ETH_NAME_MAX_LEN)
        len = RTE_ETH_NAME_MAX_LEN - 1;
    memcpy(name, devargs, len);
    name[len] = '\0';
}

static int pci_probe(struct nic_port *port, struct pci *pci, const char *devargs, char why[NIC_WHY])
{
    char name[RTE_ETH_NAME_MAX_LEN];
    struct rte_eth_dev_info info;
    int rc;

    device_name(devargs, name);
    if (!rte_eth_dev_get_port_by_name(name, &pci->id))
        return fail(port, "open it twice", -EBUSY, why);
    rc = rte_dev_probe(devargs);
    if (rc)
        return fail(port, "find a driver for it (on PCI: is it bound to vfio-pci?)", rc, why);
    rc = rte_eth_dev_get_port_by_name(name, &pci->id);
    if (!rc)
        rc = rte_eth_dev_info_get(pci->id, &info);
    if (rc)
        return fail(port, "find its Ethernet port", rc, why);
    pci->device = info.device;
    pci->queues = port->config.queues ? port->config.queues : 1;
    if (pci->queues > info.max_rx_queues || pci->queues > PCI_MAX_QUEUES) {
        snprintf(why, NIC_WHY, "device %.80s: %u queues asked for, it has %u", port->config.device,
                 pci->queues, info.max_rx_queues);
        return -EINVAL;
    }
    return 0;
}

/* A virtual device may have no MTU to set; then the one asked for is what we keep to. */
static int pci_mtu(struct nic_port *port, const struct pci *pci, char why[NIC_WHY])
{
    uint16_t mtu = NIC_PORT_DEFAULT_MTU;
    int rc = 0;

    if (port->config.mtu)
        rc = rte_eth_dev_set_mtu(pci->id, port->config.mtu);
    if (rc && rc != -ENOTSUP)
        return fail(port, "set the MTU", rc, why);
    if (port->config.mtu)
        mtu = port->config.mtu;
    else
        (void)rte_eth_dev_get_mtu(pci->id, &mtu);
    port->egress.mtu = mtu;
    return 0;
}

static int pci_queues(struct nic_port *port, struct pci *pci, char why[NIC_WHY])
{
    const unsigned socket = (unsigned)SOCKET_ID_ANY;
    struct rte_eth_conf conf = {0};
    uint16_t descriptors[2] = {512, 512};
    int rc = rte_eth_dev_configure(pci->id, pci->queues, 1, &conf);

    if (rc)
        return fail(port, "configure it", rc, why);
    rc = pci_mtu(port, pci, why);
    if (rc)
        return rc;
    rc = rte_eth_dev_adjust_nb_rx_tx_desc(pci->id, &descriptors[0], &descriptors[1]);
    for (uint16_t q = 0; !rc && q < pci->queues; q++)
        rc = rte_eth_rx_queue_setup(pci->id, q, descriptors[0], socket, NULL, pci->pool);
    if (!rc)
        rc = rte_eth_tx_queue_setup(pci->id, 0, descriptors[1], socket, NULL);
    return rc ? fail(port, "set up its queues", rc, why) : 0;
}

/* One mbuf for a frame of the MTU; descriptors of all queues filled, and as many again in our hands. */
static int pci_pool(struct nic_port *port, struct pci *pci, char why[NIC_WHY])
{
    uint32_t room = (port->config.mtu ? port->config.mtu : NIC_PORT_DEFAULT_MTU) + PCI_LINK_HEADER;
    char name[RTE_MEMPOOL_NAMESIZE];

    if (room < 2048)
        room = 2048;
    if (room > UINT16_MAX - RTE_PKTMBUF_HEADROOM)
        room = UINT16_MAX - RTE_PKTMBUF_HEADROOM;
    snprintf(name, sizeof name, "nic_pci_%u", pci->id);
    pci->pool = rte_pktmbuf_pool_create(name, (unsigned)(pci->queues + 1) * 1024 - 1, 0, 0,
                                        (uint16_t)(room + RTE_PKTMBUF_HEADROOM), SOCKET_ID_ANY);
    return pci->pool ? 0 : fail(port, "get memory for its frames", -rte_errno, why);
}

static int pci_start(struct nic_port *port, struct pci *pci, char why[NIC_WHY])
{
    int rc = pci_pool(port, pci, why);

    if (!rc)
        rc = pci_queues(port, pci, why);
    if (rc)
        return rc;
    rc = rte_eth_dev_start(pci->id);
    if (rc)
        return fail(port, "start it", rc, why);
    pci->started = true;
    rc = rte_eth_promiscuous_enable(pci->id);
    return rc && rc != -ENOTSUP ? fail(port, "make it promiscuous", rc, why) : 0;
}

void nic_pci_close(struct nic_port *port)
{
    struct pci *pci = port->priv;

    if (pci->started)
        (void)rte_eth_dev_stop(pci->id);
    if (pci->device) {
        (void)rte_eth_dev_close(pci->id);
        (void)rte_dev_remove(pci->device);
    }
    rte_mempool_free(pci->pool);
    free(pci);
    port->priv = NULL;
}

int nic_pci_open(struct nic_port *port, const char *devargs, int fd, char why[NIC_WHY])
{
    struct pci *pci;
    int rc = nic_port_refuse_fd(port, fd, why);

    if (!rc)
        rc = nic_eal_init(NIC_EAL_HUGE, why);
    if (rc)
        return rc;
    pci = calloc(1, sizeof *pci);
    if (!pci) {
        snprintf(why, NIC_WHY, "out of memory");
        return -ENOMEM;
    }
    port->priv = pci;
    port->egress.csum = false;
    port->egress.tso = false;
    rc = pci_probe(port, pci, devargs, why);
    if (!rc)
        rc = pci_start(port, pci, why);
    if (rc)
        nic_pci_close(port);
    return rc;
}

static int pci_open(struct nic_port *port, int fd, char why[NIC_WHY])
{
    return nic_pci_open(port, port->config.device, fd, why);
}

/* Copy a chain of segments to a slot; false when there is none. */
static bool land(struct nic_slots *slots, const struct rte_mbuf *m, struct nic_rx *out)
{
    uint32_t slot = nic_slots_get_for(slots, m->pkt_len);
    uint32_t at = 0;

    if (slot == UINT32_MAX)
        return false;
    for (const struct rte_mbuf *s = m; s && at + s->data_len <= m->pkt_len; s = s->next) {
        memcpy(nic_slot_frame(slots, slot) + at, rte_pktmbuf_mtod(s, const uint8_t *), s->data_len);
        at += s->data_len;
    }
    *out = (struct nic_rx){.slot = slot, .len = at};
    if (m->ol_flags & RTE_MBUF_F_RX_FDIR_ID) {
        out->marked = true;
        out->mark = m->hash.fdir.hi;
    }
    return true;
}

static uint32_t pci_rx_queue(const struct pci *pci, struct nic_slots *slots, struct nic_rx *out,
                             uint32_t max, uint32_t *no_slot, uint32_t *too_big)
{
    struct rte_mbuf *m[PCI_BURST];
    uint16_t n =
        rte_eth_rx_burst(pci->id, pci->next, m, (uint16_t)(max < PCI_BURST ? max : PCI_BURST));
    uint32_t got = 0;

    for (uint16_t i = 0; i < n; i++) {
        if (m[i]->pkt_len > HSR_MAX_FRAME)
            (*too_big)++;
        else if (land(slots, m[i], &out[got]))
            got++;
        else
            (*no_slot)++;
    }
    rte_pktmbuf_free_bulk(m, n);
    return got;
}

uint32_t nic_pci_rx(struct nic_port *port, struct nic_slots *slots, struct nic_rx *out,
                    uint32_t max, uint32_t *no_slot, uint32_t *too_big)
{
    struct pci *pci = port->priv;
    uint32_t got = 0;

    for (uint16_t i = 0; i < pci->queues && got < max; i++) {
        got += pci_rx_queue(pci, slots, out + got, max - got, no_slot, too_big);
        pci->next = (uint16_t)((pci->next + 1) % pci->queues);
    }
    return got;
}

/* Append bytes to the chain that ends with *last, in further segments when it is full; false without mbufs. */
static bool append(struct rte_mempool *pool, struct rte_mbuf *head, struct rte_mbuf **last,
                   const uint8_t *data, uint32_t len)
{
    while (len) {
        uint16_t room = rte_pktmbuf_tailroom(*last);
        uint16_t part = len < room ? (uint16_t)len : room;

        if (!part) {
            struct rte_mbuf *next = rte_pktmbuf_alloc(pool);

            if (!next)
                return false;
            (*last)->next = next;
            *last = next;
            head->nb_segs++;
            continue;
        }
        memcpy(rte_pktmbuf_mtod_offset(*last, uint8_t *, (*last)->data_len), data, part);
        (*last)->data_len = (uint16_t)((*last)->data_len + part);
        head->pkt_len += part;
        data += part;
        len -= part;
    }
    return true;
}

static struct rte_mbuf *build(struct rte_mempool *pool, const struct po_frame *frame)
{
    struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
    struct rte_mbuf *last = m;

    if (!m)
        return NULL;
    bool built = append(pool, m, &last, frame->head, frame->head_len) &&
                 append(pool, m, &last, frame->body, frame->body_len);

    for (uint32_t i = 0; built && i < frame->tails; i++)
        built = append(pool, m, &last, frame->tail[i].at, frame->tail[i].len);
    if (built)
        return m;
    rte_pktmbuf_free(m);
    return NULL;
}

uint32_t nic_pci_tx(struct nic_port *port, const struct po_frame *frames, uint32_t n)
{
    const struct pci *pci = port->priv;
    uint32_t taken = 0;

    while (taken < n) {
        struct rte_mbuf *m[PCI_BURST];
        uint16_t built = 0;
        uint16_t sent = 0;

        while (built < PCI_BURST && taken + built < n &&
               (m[built] = build(pci->pool, &frames[taken + built])))
            built++;
        if (built)
            sent = rte_eth_tx_burst(pci->id, 0, m, built);
        if (sent < built)
            rte_pktmbuf_free_bulk(m + sent, built - sent);
        taken += sent;
        if (!sent || sent < built)
            break;
    }
    return taken;
}

int nic_pci_rx_fd(const struct nic_port *port)
{
    (void)port;
    return -1;
}

bool nic_pci_link(const struct nic_port *port)
{
    const struct pci *pci = port->priv;
    struct rte_eth_link link = {.link_status = RTE_ETH_LINK_UP};

    return rte_eth_link_get_nowait(pci->id, &link) < 0 || link.link_status == RTE_ETH_LINK_UP;
}

const struct nic_port_ops nic_pci_ops = {
    .name = "pci",
    .open = pci_open,
    .close = nic_pci_close,
    .rx = nic_pci_rx,
    .tx = nic_pci_tx,
    .rx_fd = nic_pci_rx_fd,
    .link = nic_pci_link,
    .rule_create = nic_pci_rule_create,
    .rule_destroy = nic_pci_rule_destroy,
    .rule_query = nic_pci_rule_query,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* Receives nothing, sends to nowhere: the far end of benchmarks, and a vNIC that is not there yet. */
#include "ports/drivers.h"

static int null_open(struct nic_port *port, int fd, char why[NIC_WHY])
{
    port->egress.csum = port->config.offload;
    port->egress.tso = port->config.offload;
    port->egress.ufo = port->config.offload;
    port->egress.uso = port->config.offload;
    port->egress.mtu = nic_port_mtu(port);
    return nic_port_refuse_fd(port, fd, why);
}

static void null_close(struct nic_port *port)
{
    (void)port;
}

static uint32_t null_rx(struct nic_port *port, struct nic_slots *slots, struct nic_rx *out,
                        uint32_t max, uint32_t *no_slot, uint32_t *too_big)
{
    (void)port, (void)slots, (void)out, (void)max, (void)no_slot, (void)too_big;
    return 0;
}

static uint32_t null_tx(struct nic_port *port, const struct po_frame *frames, uint32_t n)
{
    (void)port, (void)frames;
    return n;
}

static int null_rx_fd(const struct nic_port *port)
{
    (void)port;
    return -1;
}

const struct nic_port_ops nic_null_ops = {
    .name = "null",
    .open = null_open,
    .close = null_close,
    .rx = null_rx,
    .tx = null_tx,
    .rx_fd = null_rx_fd,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shared-memory interface (memif), for containers and DPDK programs: DPDK's device of that kind, under a name of ours. `device` is the
 * path of the socket. Arguments: role=client (default) or role=server; rsize=10 (the ring's size as a power of two).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ports/drivers.h"
#include "ports/pci.h"
#include "ports/socket_path.h"

static int memif_open(struct nic_port *port, int fd, char why[NIC_WHY])
{
    char role[16] = "client", rsize[4] = "10", devargs[256];

    (void)nic_port_arg(port->config.args, "role", role, sizeof role);
    (void)nic_port_arg(port->config.args, "rsize", rsize, sizeof rsize);
    if (strcmp(role, "client") != 0 && strcmp(role, "server") != 0) {
        snprintf(why, NIC_WHY, "memif %.90s: role is client or server, not '%s'",
                 port->config.device, role);
        return -EINVAL;
    }
    if (strchr(port->config.device, ',') != NULL) {
        snprintf(why, NIC_WHY, "memif %.90s: a socket's path has no comma", port->config.device);
        return -EINVAL;
    }
    int rc = nic_socket_path(port->config.device, strcmp(role, "server") == 0, why);

    if (rc < 0)
        return rc;
    snprintf(devargs, sizeof devargs, "net_memif%u,socket=%s,socket-abstract=no,role=%s,rsize=%s",
             port->config.index, port->config.device, role, rsize);
    return nic_pci_open(port, devargs, fd, why);
}

const struct nic_port_ops nic_memif_ops = {
    .name = "memif",
    .open = memif_open,
    .close = nic_pci_close,
    .rx = nic_pci_rx,
    .tx = nic_pci_tx,
    .rx_fd = nic_pci_rx_fd,
    .link = nic_pci_link,
};

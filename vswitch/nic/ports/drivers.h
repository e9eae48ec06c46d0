/* SPDX-License-Identifier: Apache-2.0 */
/* What the drivers of the port kinds share with port.c, and nobody else needs. */
#ifndef PORTS_DRIVERS_H
#define PORTS_DRIVERS_H

#include "nic/port.h"

extern const struct nic_port_ops nic_tap_ops;
extern const struct nic_port_ops nic_kernel_ops;
extern const struct nic_port_ops nic_pcap_ops;
extern const struct nic_port_ops nic_null_ops;
extern const struct nic_port_ops nic_ring_ops;
extern const struct nic_port_ops nic_pci_ops;
extern const struct nic_port_ops nic_vhost_ops;
extern const struct nic_port_ops nic_memif_ops;

#define NIC_PORT_DEFAULT_MTU 1500 /* of devices that have none of their own (RFC 894) */

/* For kinds that take no descriptor: 0 when none came, else -EINVAL and `why`. */
int nic_port_refuse_fd(const struct nic_port *port, int fd, char why[NIC_WHY]);

/* The configured MTU, or the default one. */
uint32_t nic_port_mtu(const struct nic_port *port);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the DPDK port share; not for others. */
#ifndef PORTS_PCI_H
#define PORTS_PCI_H

#include <rte_dev.h>
#include <rte_mempool.h>

#include "nic/port.h"

struct pci {
    uint16_t id; /* DPDK's port number */
    uint16_t queues;
    uint16_t next;
    bool started;
    struct rte_device *device;
    struct rte_mempool *pool;
};

/* nic_port_ops of any DPDK device, by what DPDK calls it (pci.c). */
int nic_pci_open(struct nic_port *port, const char *devargs, int fd, char why[NIC_WHY]);
void nic_pci_close(struct nic_port *port);
uint32_t nic_pci_rx(struct nic_port *port, struct nic_slots *slots, struct nic_rx *out,
                    uint32_t max, uint32_t *no_slot, uint32_t *too_big);
uint32_t nic_pci_tx(struct nic_port *port, const struct po_frame *frames, uint32_t n);
int nic_pci_rx_fd(const struct nic_port *port);
bool nic_pci_link(const struct nic_port *port);

/* nic_port_ops.rule_* by rte_flow (pci_flow.c). */
int nic_pci_rule_create(struct nic_port *port, const struct hsr_rule *rule,
                        const struct nic_port *mirror, bool validate, void **handle,
                        struct hsr_rule_state *state);
int nic_pci_rule_destroy(struct nic_port *port, void *handle, struct hsr_rule_state *state);
int nic_pci_rule_query(struct nic_port *port, void *handle, struct hsr_rule_state *state);

#endif

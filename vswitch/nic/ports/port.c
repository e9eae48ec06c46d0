/* SPDX-License-Identifier: Apache-2.0 */
#include "nic/port.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ports/drivers.h"

enum { DRIVERS = HSR_PORT_KIND_MEMIF + 1 };

static const struct nic_port_ops *const drivers[DRIVERS] = {
    [HSR_PORT_KIND_TAP] = &nic_tap_ops,          [HSR_PORT_KIND_KERNEL] = &nic_kernel_ops,
    [HSR_PORT_KIND_PCAP] = &nic_pcap_ops,        [HSR_PORT_KIND_NULL] = &nic_null_ops,
    [HSR_PORT_KIND_RING] = &nic_ring_ops,        [HSR_PORT_KIND_PCI] = &nic_pci_ops,
    [HSR_PORT_KIND_VHOST_USER] = &nic_vhost_ops, [HSR_PORT_KIND_MEMIF] = &nic_memif_ops,
};

const struct nic_port_ops *nic_port_ops(enum hsr_port_kind kind)
{
    return (unsigned)kind < DRIVERS ? drivers[kind] : NULL;
}

enum hsr_port_kind nic_port_kind(const char *name)
{
    for (unsigned kind = 1; kind < DRIVERS; kind++)
        if (strcmp(drivers[kind]->name, name) == 0)
            return (enum hsr_port_kind)kind;
    return (enum hsr_port_kind)0;
}

bool nic_port_arg(const char *args, const char *key, char *value, uint32_t size)
{
    size_t key_len = strlen(key);

    while (*args) {
        size_t len = strcspn(args, ",");

        if (len > key_len && args[key_len] == '=' && !strncmp(args, key, key_len)) {
            size_t value_len = len - key_len - 1;

            if (value_len >= size)
                return false;
            memcpy(value, args + key_len + 1, value_len);
            value[value_len] = '\0';
            return true;
        }
        args += len;
        args += *args == ',';
    }
    return false;
}

int nic_port_refuse_fd(const struct nic_port *port, int fd, char why[NIC_WHY])
{
    if (fd < 0)
        return 0;
    snprintf(why, NIC_WHY, "port kind %s takes no descriptor: give a device name", port->ops->name);
    return -EINVAL;
}

uint32_t nic_port_mtu(const struct nic_port *port)
{
    return port->config.mtu ? port->config.mtu : NIC_PORT_DEFAULT_MTU;
}

bool nic_port_same(const struct nic_port_config *a, const struct nic_port_config *b)
{
    return a->kind == b->kind && a->uplink == b->uplink && a->context == b->context &&
           a->mtu == b->mtu && a->queues == b->queues && a->offload == b->offload &&
           strcmp(a->name, b->name) == 0 && strcmp(a->device, b->device) == 0 &&
           strcmp(a->netns, b->netns) == 0 && strcmp(a->args, b->args) == 0;
}

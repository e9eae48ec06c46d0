/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links of the ports, into the head of the region. Asking is a system call for most kinds: uplinks, on which fail-over
 * depends, are asked each time, of the others a few in turn.
 */
#include "nic_internal.h"

#define OTHERS 8u /* a turn */

bool nic_has_link(const struct nic_port *port)
{
    return port->ops->link == NULL || port->ops->link(port);
}

static void look(struct nic *nic, const struct nic_port *port)
{
    if (port->ops->link != NULL)
        hsr_view_set_port_up(&nic->region.view, port->config.index, port->ops->link(port));
}

void nic_links(struct nic *nic)
{
    for (uint32_t i = 0; i < nic->actives; i++) {
        const struct nic_port *port = &nic->port[nic->active[i]]->port;

        if (port->config.uplink)
            look(nic, port);
    }
    for (uint32_t i = 0; i < OTHERS && i < nic->actives; i++) {
        nic->link_turn = (nic->link_turn + 1) % nic->actives;
        look(nic, &nic->port[nic->active[nic->link_turn]]->port);
    }
}

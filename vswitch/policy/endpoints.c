/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the addresses of a VPC are: (context, address) -> vNIC here or VTEP there. Open addressing with linear
 * probing at a load of at most one half, written once: a look-up is a hash and mostly one line.
 */
#include <errno.h>

#include "pol.h"

static uint32_t hash_of(uint32_t context, const struct cfg_addr *addr)
{
    return (uint32_t)pol_mix_addr(context, addr);
}

/* Slot of the address: its own, or the empty one where it would go. */
static uint32_t *slot_of(const struct pol *pol, uint32_t context, const struct cfg_addr *addr)
{
    uint32_t i = hash_of(context, addr) & pol->slot_mask;

    while (pol->slot[i]) {
        const struct pol_endpoint *e = &pol->endpoint[pol->slot[i] - 1];

        if (e->context == context && cfg_addr_equal(&e->addr, addr))
            break;
        i = (i + 1) & pol->slot_mask;
    }
    return &pol->slot[i];
}

/* The first one counts: a vNIC here is before a mapping to elsewhere. */
static void endpoint_add(struct pol *pol, struct pol_endpoint e)
{
    uint32_t *slot = slot_of(pol, e.context, &e.addr);

    if (*slot || !e.addr.family)
        return;
    e.subnet = pol_subnet_of(pol, e.context, &e.addr);
    pol->endpoint[pol->endpoints++] = e;
    *slot = pol->endpoints;
}

static void endpoints_add_ports(struct pol *pol, const struct cfg *cfg)
{
    for (uint32_t i = 0; i < cfg->ports; i++) {
        const struct pol_port *port = &pol->port[cfg->port[i].index];

        for (uint32_t a = 0; port->role == CFG_VNIC && a < port->addrs; a++) {
            endpoint_add(pol, (struct pol_endpoint){.addr = port->addr[a],
                                                    .context = port->context,
                                                    .mac48 = port->mac48,
                                                    .port = port->index});
        }
    }
}

int pol_endpoints_build(struct pol *pol, const struct cfg *cfg)
{
    size_t n = cfg->mappings, slots = 8;

    for (uint32_t i = 0; i < cfg->ports; i++)
        n += cfg->port[i].addrs;
    if (n >= UINT32_MAX / 4)
        return -EINVAL;
    while (slots < 2 * n)
        slots *= 2;
    pol->endpoint = pol_array(n, sizeof *pol->endpoint);
    pol->slot = pol_array(slots, sizeof *pol->slot);
    if (!pol->endpoint || !pol->slot)
        return -ENOMEM;
    pol->slot_mask = (uint32_t)slots - 1;
    endpoints_add_ports(pol, cfg);
    for (uint32_t i = 0; i < cfg->mappings; i++) {
        const struct cfg_mapping *m = &cfg->mapping[i];

        if (m->vpc >= cfg->vpcs || m->vtep.family == 0)
            return -EINVAL;
        endpoint_add(pol, (struct pol_endpoint){.addr = m->addr,
                                                .context = cfg->vpc[m->vpc].context,
                                                .mac48 = hsr_load48(m->mac),
                                                .port = HSR_NO_PORT,
                                                .vtep = m->vtep,
                                                .mtu = m->mtu});
    }
    return 0;
}

const struct pol_endpoint *pol_endpoint(const struct pol *pol, uint32_t context,
                                        const struct cfg_addr *addr)
{
    uint32_t slot = *slot_of(pol, context, addr);

    return slot ? &pol->endpoint[slot - 1] : NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage vnic: where the packet came in. A vNIC sends plain frames, an uplink what was in a tunnel or is addressed to a
 * public address.
 */
#include "pol.h"

static enum hsr_drop vnic_walk(const struct pol *pol, const void *table, struct pol_walk *w)
{
    const struct pol_port *port = pol_port(pol, w->ingress);

    (void)table;
    if (!port->valid || (port->role == CFG_UPLINK) != (w->from_tunnel || w->external))
        return HSR_DROP_NOT_CONFIGURED;
    if (w->external && !w->again && w->dst_mac48 != port->mac48)
        return HSR_DROP_NOT_FOR_US;
    w->from = port->role == CFG_UPLINK ? NULL : port;
    return HSR_DROP_NONE;
}

static uint64_t link_digest(uint64_t h, const struct cfg_link *link)
{
    h = pol_mix_prefix(h, &link->net);
    for (uint32_t i = 0; i < link->gateways; i++)
        h = pol_mix_addr(h, &link->gateway[i]);
    return h;
}

static uint64_t vnic_digest(const struct pol *pol, const void *table, const struct pol_port *port)
{
    (void)pol;
    (void)table;
    uint64_t h = pol_mix(port->role, port->mac48);

    h = pol_mix(pol_mix(h, port->context), port->mtu);
    return link_digest(link_digest(h, pol_link(port, 4)), pol_link(port, 6));
}

const struct pol_stage_ops pol_stage_vnic = {
    .name = "vnic",
    .stage = POL_VNIC,
    .walk = vnic_walk,
    .digest_port = vnic_digest,
};

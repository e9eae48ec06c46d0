/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage antispoof: is the sender who it says it is? Its table is the vNIC's own MAC and addresses (ports.c), and for
 * packets from the network the end points: where those move, the route stage's epoch of the VPC moves.
 */
#include <netinet/in.h>

#include "pol.h"

enum { DHCP_SERVER = 67, DHCP_CLIENT = 68, DHCP6_CLIENT = 546, DHCP6_SERVER = 547 };

/* RFC 1122, 3.2.1.3, and RFC 4291, 2.5.2, 2.5.3 and 2.7. */
bool pol_never_a_source(const struct cfg_addr *a)
{
    static const uint8_t zeros[15];

    if (a->family == 4) {
        uint8_t net = a->bytes[0];

        return net == 0 || net == 127 || (net >= 224 && net < 240) ||
               hsr_load32(a->bytes) == UINT32_MAX;
    }
    if (a->family != 6)
        return true;
    return a->bytes[0] == 0xFF || (!memcmp(a->bytes, zeros, 15) && a->bytes[15] <= 1);
}

static bool is_dhcp_server(const struct pol_walk *w)
{
    if (w->proto != IPPROTO_UDP)
        return false;
    return w->src.family == 4 ? w->sport == DHCP_SERVER && w->dport == DHCP_CLIENT
                              : w->sport == DHCP6_SERVER && w->dport == DHCP6_CLIENT;
}

static enum hsr_drop antispoof_walk(const struct pol *pol, const void *table, struct pol_walk *w)
{
    (void)table;
    if (pol_never_a_source(&w->src))
        return HSR_DROP_SPOOF_IP;
    if (w->external) /* nobody else sends under our public addresses */
        return pol_is_public(pol, &w->src) ? HSR_DROP_LOOP : HSR_DROP_NONE;
    if (!w->from)
        return w->source && w->source->port != HSR_NO_PORT ? HSR_DROP_LOOP : HSR_DROP_NONE;
    if (!w->from->anti_spoof)
        return HSR_DROP_NONE;
    if (!w->again && w->src_mac48 != w->from->mac48)
        return HSR_DROP_SPOOF_MAC;
    if (is_dhcp_server(w))
        return HSR_DROP_SPOOF_DHCP;
    return pol_port_owns(w->from, &w->src) ? HSR_DROP_NONE : HSR_DROP_SPOOF_IP;
}

static uint64_t antispoof_digest(const struct pol *pol, const void *table,
                                 const struct pol_port *port)
{
    (void)pol, (void)table;
    uint64_t h = pol_mix(port->anti_spoof, port->mac48);

    for (uint32_t i = 0; i < port->addrs; i++)
        h = pol_mix_addr(h, &port->addr[i]);
    return h;
}

const struct pol_stage_ops pol_stage_antispoof = {
    .name = "antispoof",
    .stage = POL_ANTISPOOF,
    .walk = antispoof_walk,
    .digest_port = antispoof_digest,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* Ports as the datapath sees them, and the underlay behind the uplinks. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "pol.h"

_Static_assert(sizeof(struct pol_port) == 2 * HSR_CACHE_LINE, "a port is two cache lines");

static int vnic_fill(const struct pol *pol, const struct cfg_port *from, struct pol_port *to)
{
    if (from->subnet >= pol->subnets)
        return -EINVAL;
    to->subnet = from->subnet;
    to->context = pol->subnet[from->subnet].context;
    to->anti_spoof = from->anti_spoof;
    to->pick_up = from->pick_up;
    return 0;
}

static int uplink_fill(struct pol *pol, const struct cfg_port *from, struct pol_port *to)
{
    uint8_t mac[6];

    if (pol->uplinks == CFG_UPLINKS)
        return -EINVAL;
    cfg_uplink_mac(from, mac);
    to->mac48 = hsr_load48(mac);
    to->subnet = CFG_NONE;
    to->ordinal = (uint16_t)pol->uplinks;
    memcpy(pol->link[pol->uplinks], from->link, sizeof from->link);
    to->link = pol->link[pol->uplinks];
    pol->uplink[pol->uplinks++] = to;
    return 0;
}

static int port_fill(struct pol *pol, const struct cfg_port *from, struct cfg_addr *addr)
{
    if (from->index >= HSR_MAX_PORTS || pol->port[from->index].valid ||
        from->addrs > CFG_PORT_ADDRS || from->groups > CFG_PORT_GROUPS)
        return -EINVAL;

    struct pol_port *to = &pol->port[from->index];

    to->mac48 = hsr_load48(from->mac);
    to->mtu = from->mtu;
    to->role = (uint8_t)from->role;
    to->valid = true;
    to->group_set = CFG_NONE;
    memcpy(to->name, from->name, sizeof to->name);
    to->name[sizeof to->name - 1] = 0;
    memcpy(addr, from->addr, from->addrs * sizeof *addr);
    to->addr = addr;
    to->addrs = from->addrs;
    to->partner = HSR_NO_PORT;
    if (from->role == CFG_VNIC)
        return vnic_fill(pol, from, to);
    if (from->role == CFG_HOST) {
        to->subnet = CFG_NONE;
        to->host_rate = from->rate;
        return 0;
    }
    return uplink_fill(pol, from, to);
}

/* Host ports and their uplinks know each other. */
static int hosts_join(struct pol *pol, const struct cfg *cfg)
{
    for (uint32_t i = 0; i < cfg->ports; i++) {
        const struct cfg_port *from = &cfg->port[i];

        if (from->role != CFG_HOST)
            continue;
        if (from->uplink >= cfg->ports || cfg->port[from->uplink].role != CFG_UPLINK)
            return -EINVAL;

        struct pol_port *host = &pol->port[from->index];
        struct pol_port *uplink = &pol->port[cfg->port[from->uplink].index];

        host->partner = uplink->index;
        host->ordinal = uplink->ordinal;
        uplink->partner = host->index;
    }
    return 0;
}

int pol_ports_build(struct pol *pol, const struct cfg *cfg)
{
    size_t addrs = 0;
    int rc = 0;

    for (uint32_t i = 0; i < cfg->ports; i++)
        addrs += cfg->port[i].addrs;
    pol->addr = pol_array(addrs, sizeof *pol->addr);
    pol->port = aligned_alloc(HSR_CACHE_LINE, HSR_MAX_PORTS * sizeof *pol->port);
    if (!pol->addr || !pol->port)
        return -ENOMEM;
    memset(pol->port, 0, HSR_MAX_PORTS * sizeof *pol->port);
    for (uint32_t i = 0; i < HSR_MAX_PORTS; i++)
        pol->port[i].index = (uint16_t)i;

    struct cfg_addr *next = pol->addr;

    for (uint32_t i = 0; i < cfg->ports && !rc; i++) {
        rc = port_fill(pol, &cfg->port[i], next);
        next += cfg->port[i].addrs;
    }
    return rc ? rc : hosts_join(pol, cfg);
}

void pol_set_mtu(struct pol *pol, uint16_t index, uint16_t mtu)
{
    if (index < HSR_MAX_PORTS && pol->port[index].valid && pol->port[index].mtu == 0)
        pol->port[index].mtu = mtu;
}

void pol_set_merge(struct pol *pol, uint16_t index, bool merge)
{
    if (index < HSR_MAX_PORTS && pol->port[index].valid)
        pol->port[index].merge = merge && pol->port[index].role == CFG_VNIC;
}

const struct pol_port *pol_port(const struct pol *pol, uint16_t index)
{
    static const struct pol_port nobody = {.index = HSR_NO_PORT, .subnet = CFG_NONE};

    return index < HSR_MAX_PORTS ? &pol->port[index] : &nobody;
}

bool pol_port_has(const struct pol_port *port, const struct cfg_addr *addr)
{
    for (uint32_t i = 0; i < port->addrs; i++)
        if (cfg_addr_equal(&port->addr[i], addr))
            return true;
    return false;
}

static bool is_link_local_of(const struct cfg_addr *a, uint64_t mac48)
{
    uint64_t id = (mac48 >> 24 << 40 | UINT64_C(0xFFFE000000) | (mac48 & 0xFFFFFF)) ^
                  UINT64_C(0x0200000000000000);

    return a->family == 6 && hsr_load64(a->bytes) == UINT64_C(0xFE80000000000000) &&
           hsr_load64(a->bytes + 8) == id;
}

bool pol_port_owns(const struct pol_port *port, const struct cfg_addr *addr)
{
    return pol_port_has(port, addr) || is_link_local_of(addr, port->mac48);
}

const struct pol_port *pol_uplink(const struct pol *pol)
{
    return pol->uplink[0];
}

uint32_t pol_uplinks(const struct pol *pol, const struct pol_port *uplink[CFG_UPLINKS])
{
    for (uint32_t i = 0; i < pol->uplinks; i++)
        uplink[i] = pol->uplink[i];
    return pol->uplinks;
}

const struct cfg_link *pol_link(const struct pol_port *uplink, uint8_t family)
{
    static const struct cfg_link none;

    return uplink->link ? &uplink->link[family == 6 ? CFG_IPV6 : CFG_IPV4] : &none;
}

const struct cfg_addr *pol_own_vtep(const struct pol *pol, uint8_t family)
{
    return &pol->own_vtep[family == 6 ? CFG_IPV6 : CFG_IPV4];
}

bool pol_udp_checksum(const struct pol *pol, uint8_t family)
{
    return pol->udp_checksum[family == 6 ? CFG_IPV6 : CFG_IPV4];
}

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* Of addresses, and of what begins with one. */
static int compare_addr(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct cfg_addr));
}

_Static_assert(offsetof(struct pol_neighbor, addr) == 0, "compare_addr()");

static int vteps_build(struct pol *pol, const struct cfg *cfg)
{
    pol->vtep4 = pol_array(cfg->vteps, sizeof *pol->vtep4);
    pol->vtep6 = pol_array(cfg->vteps, sizeof *pol->vtep6);
    if (!pol->vtep4 || !pol->vtep6)
        return -ENOMEM;
    for (uint32_t i = 0; i < cfg->vteps; i++) {
        if (cfg->vtep[i].family == 4)
            pol->vtep4[pol->vteps4++] = hsr_load32(cfg->vtep[i].bytes);
        else
            pol->vtep6[pol->vteps6++] = cfg->vtep[i];
    }
    qsort(pol->vtep4, pol->vteps4, sizeof *pol->vtep4, compare_u32);
    qsort(pol->vtep6, pol->vteps6, sizeof *pol->vtep6, compare_addr);
    return 0;
}

int pol_underlay_build(struct pol *pol, const struct cfg *cfg)
{
    memcpy(pol->own_vtep, cfg->own_vtep, sizeof pol->own_vtep);
    memcpy(pol->udp_checksum, cfg->udp_checksum, sizeof pol->udp_checksum);
    pol->neighbor = pol_array(cfg->neighbors, sizeof *pol->neighbor);
    if (!pol->neighbor)
        return -ENOMEM;
    for (uint32_t i = 0; i < cfg->neighbors; i++)
        pol->neighbor[pol->neighbors++] = (struct pol_neighbor){
            .addr = cfg->neighbor[i].addr, .mac48 = hsr_load48(cfg->neighbor[i].mac)};
    qsort(pol->neighbor, pol->neighbors, sizeof *pol->neighbor, compare_addr);
    return vteps_build(pol, cfg);
}

/* Asked of each packet out of a tunnel: halved without a branch, and without a call for each step. */
bool pol_is_vtep4(const struct pol *pol, uint32_t addr4)
{
    const uint32_t *at = pol->vtep4;
    uint32_t n = pol->vteps4;

    if (n == 0)
        return false;
    for (uint32_t half; n > 1; n -= half) {
        half = n / 2;
        at += at[half - 1] < addr4 ? half : 0;
    }
    return *at == addr4;
}

bool pol_is_vtep(const struct pol *pol, const struct cfg_addr *addr)
{
    if (addr->family == 4)
        return pol_is_vtep4(pol, hsr_load32(addr->bytes));
    return bsearch(addr, pol->vtep6, pol->vteps6, sizeof *pol->vtep6, compare_addr) != NULL;
}

uint64_t pol_static_neighbor(const struct pol *pol, const struct cfg_addr *addr)
{
    const struct pol_neighbor *n =
        bsearch(addr, pol->neighbor, pol->neighbors, sizeof *pol->neighbor, compare_addr);

    return n ? n->mac48 : 0;
}

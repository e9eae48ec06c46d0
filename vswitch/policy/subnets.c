/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subnets of the VPCs. Indices are those of the configuration; the ones of a VPC are found together through
 * subnet_order and scanned, because a VPC has few.
 */
#include <errno.h>

#include "pol.h"

bool pol_is_link_local(const struct cfg_addr *addr)
{
    return addr->family == 6 && addr->bytes[0] == 0xFE && (addr->bytes[1] & 0xC0) == 0x80;
}

int pol_subnets_build(struct pol *pol, const struct cfg *cfg)
{
    pol->subnets = cfg->subnets;
    pol->subnet = pol_array(cfg->subnets, sizeof *pol->subnet);
    pol->subnet_order = pol_array(cfg->subnets, sizeof *pol->subnet_order);
    if (!pol->subnet || !pol->subnet_order)
        return -ENOMEM;
    for (uint32_t i = 0; i < cfg->subnets; i++) {
        const struct cfg_subnet *from = &cfg->subnet[i];

        if (from->vpc >= cfg->vpcs)
            return -EINVAL;
        pol->subnet[i] = (struct pol_subnet){
            .context = cfg->vpc[from->vpc].context,
            .gateway_mac48 = hsr_load48(from->gateway_mac),
            .prefix4 = from->prefix4,
            .prefix6 = from->prefix6,
            .gateway4 = from->gateway4,
            .gateway6 = from->gateway6,
        };
        pol->vpc[pol->subnet[i].context].subnets++;
    }

    uint32_t first = 0;

    for (uint32_t c = 0; c < pol->contexts; c++) {
        pol->vpc[c].first = first;
        first += pol->vpc[c].subnets;
        pol->vpc[c].subnets = 0;
    }
    for (uint32_t i = 0; i < cfg->subnets; i++) {
        struct pol_vpc *vpc = &pol->vpc[pol->subnet[i].context];

        pol->subnet_order[vpc->first + vpc->subnets++] = i;
    }
    return 0;
}

const struct pol_subnet *pol_subnet(const struct pol *pol, uint32_t index)
{
    return index < pol->subnets ? &pol->subnet[index] : NULL;
}

uint32_t pol_subnet_of(const struct pol *pol, uint32_t context, const struct cfg_addr *addr)
{
    uint32_t found = CFG_NONE;
    int longest = -1;

    if (context >= pol->contexts)
        return CFG_NONE;
    for (uint32_t i = 0; i < pol->vpc[context].subnets; i++) {
        uint32_t index = pol->subnet_order[pol->vpc[context].first + i];
        const struct pol_subnet *s = &pol->subnet[index];
        const struct cfg_prefix *p = addr->family == 4 ? &s->prefix4 : &s->prefix6;

        if (p->len > longest && cfg_prefix_contains(p, addr)) {
            found = index;
            longest = p->len;
        }
    }
    return found;
}

uint32_t pol_gateway(const struct pol *pol, uint32_t context, const struct cfg_addr *addr)
{
    if (context >= pol->contexts || !addr->family)
        return CFG_NONE;
    for (uint32_t i = 0; i < pol->vpc[context].subnets; i++) {
        uint32_t index = pol->subnet_order[pol->vpc[context].first + i];
        const struct pol_subnet *s = &pol->subnet[index];

        if (cfg_addr_equal(addr->family == 4 ? &s->gateway4 : &s->gateway6, addr))
            return index;
    }
    return CFG_NONE;
}

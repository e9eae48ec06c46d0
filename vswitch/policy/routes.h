/* SPDX-License-Identifier: Apache-2.0 */
/* The route stage's table: the routes and subnets of each VPC as longest-prefix matches. Its walk is stage_route.c. */
#ifndef POL_ROUTES_H
#define POL_ROUTES_H

#include "pol.h"

struct route {
    struct cfg_prefix prefix;
    enum cfg_route_kind kind;
    bool implicit; /* a subnet of the VPC */
    uint16_t mtu;  /* largest IP packet, 0: not limited */
    uint32_t context;
    struct cfg_addr vtep;
    uint64_t mac48;
    bool reply_source; /* replies go where the first packet came from */
    struct cfg_addr via;
};

struct route_table;

int pol_routes_build(struct pol *pol, const struct cfg *cfg, const void *old, void **table);
void pol_routes_free(void *table);
void pol_routes_sizes(const void *table, uint32_t size[POL_SIZES]);
uint64_t pol_routes_digest(const struct pol *pol, const void *table, uint32_t context);

/* The route that decides for an address of a VPC, NULL for none. */
const struct route *pol_route(const struct route_table *table, uint32_t context,
                              const struct cfg_addr *addr);

#endif

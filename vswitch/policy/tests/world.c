/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdio.h>

struct cfg_addr world_vtep(uint8_t n)
{
    char text[48];

    if (n == 0)
        return (struct cfg_addr){0};
    snprintf(text, sizeof text, n == 8 ? "2001:db8::%u" : "192.0.2.%u", n);
    return make_addr(text);
}

void world_open_group(struct cfg *c)
{
    uint32_t g = make_group(c);

    make_rule(c, g, false, true, 100, ANY_PROTO, 0, 65535, "any");
    make_rule(c, g, true, true, 100, ANY_PROTO, 0, 65535, "any");
    for (uint32_t i = 0; i < c->ports; i++)
        if (c->port[i].role == CFG_VNIC)
            make_join(&c->port[i], g);
}

struct cfg *world_cfg(void)
{
    struct cfg *c = make_cfg();

    make_vpc(c, 100, 1);
    make_vpc(c, 200, 2);
    make_subnet(c, 0, "10.0.0.0/24", "fd00:1::/64", "10.0.0.254", 0xF1);
    make_subnet(c, 0, "10.0.1.0/24", NULL, "10.0.1.254", 0xF2);
    make_subnet(c, 1, "10.0.0.0/24", NULL, "10.0.0.254", 0xF3);
    make_uplink(c, UPLINK, "192.0.2.1")->link[CFG_IPV6] = (struct cfg_link){
        .net = {make_addr("2001:db8::1"), 64},
        .gateway = {make_addr("fe80::1")},
        .gateways = 1,
    };
    make_vnic(c, 1, 0, 1, "10.0.0.1", "fd00:1::1");
    make_vnic(c, 2, 0, 2, "10.0.0.2", NULL);
    make_vnic(c, 3, 1, 3, "10.0.1.3", NULL)->anti_spoof = false;
    make_vnic(c, 4, 2, 4, "10.0.0.1", NULL);
    make_vnic(c, 5, 2, 5, "10.0.0.5", NULL);
    make_mapping(c, 0, "10.0.0.9", 9, "192.0.2.9");
    make_mapping(c, 0, "10.0.1.8", 8, "2001:db8::8");
    make_route(c, 0, "10.0.0.128/25", CFG_ROUTE_BLACKHOLE, NULL, 0);
    make_route(c, 0, "172.16.0.0/12", CFG_ROUTE_VTEP, "192.0.2.7", 7);
    make_route(c, 0, "198.51.100.0/24", CFG_ROUTE_GATEWAY, "10.0.1.3", 0);
    make_neighbor(c, "192.0.2.9", 0x99);
    make_neighbor(c, "2001:db8::8", 0x88);
    return c;
}

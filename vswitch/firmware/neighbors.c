/* SPDX-License-Identifier: Apache-2.0 */
/* The underlay's neighbours, for people: what was configured, and what the datapath knows. */
#include "hsring/wire.h"
#include "internal.h"

static json_t *row(const struct cfg_addr *addr, const char *mac, const char *uplink,
                   const char *state)
{
    json_t *o = json_object();
    char text[48];

    json_object_set_new(o, "address", json_string(cfg_addr_text(addr, text)));
    json_object_set_new(o, "mac", mac != NULL ? json_string(mac) : json_null());
    json_object_set_new(o, "uplink", uplink != NULL ? json_string(uplink) : json_null());
    json_object_set_new(o, "state", json_string(state));
    return o;
}

static const char *port_name(const struct cfg *c, uint16_t index)
{
    for (uint32_t i = 0; i < c->ports; i++) {
        if (c->port[i].index == index)
            return c->port[i].name;
    }
    return NULL;
}

json_t *fw_neighbor_list(struct fw *fw)
{
    const struct cfg *c = fw_cfg(fw);
    json_t *rows = json_array();
    struct dp_neighbor_row r;
    char text[18];

    for (uint32_t i = 0; i < c->neighbors; i++) {
        const struct cfg_neighbor *n = &c->neighbor[i];

        json_array_append_new(rows, row(&n->addr, cfg_mac_text(n->mac, text), NULL, "static"));
    }
    for (uint32_t i = 0; i < DP_NEIGHBORS; i++) {
        uint8_t mac[6];

        if (!dp_neighbor_row(&fw->shared.neighbors, i, &r))
            continue;
        hsr_store48(mac, r.known.mac48);
        json_array_append_new(rows,
                              row(&r.hop.addr, r.known.mac48 ? cfg_mac_text(mac, text) : NULL,
                                  port_name(c, r.hop.port), dp_neighbor_state_name(r.known.state)));
    }
    return rows;
}

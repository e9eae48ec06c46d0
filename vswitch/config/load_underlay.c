/* SPDX-License-Identifier: Apache-2.0 */
/* The underlay: uplinks with their links, tunnel end points here and elsewhere, neighbours. */
#include <stdio.h>
#include <string.h>

#include "load.h"

#define IPV6_MTU 1280 /* every link takes that much (RFC 8200, 5) */

/* The keys of one family. */
struct family {
    uint8_t number;
    const char *address, *gateway, *gateways, *vtep;
};
static const struct family family[CFG_FAMILIES] = {
    [CFG_IPV4] = {4, "address", "gateway", "gateways", "vtep"},
    [CFG_IPV6] = {6, "address6", "gateway6", "gateways6", "vtep6"},
};

static bool is_link_local(const struct cfg_addr *a)
{
    return a->family == 6 && a->bytes[0] == 0xFE && (a->bytes[1] & 0xC0) == 0x80;
}

/* One more next hop. IPv6 routers may be named by their link-local address. */
static int add_gateway(const struct cfg_load *load, struct cfg_link *link,
                       const struct cfg_addr *gateway, const struct cfg_at *at)
{
    struct cfg_prefix net = link->net;
    char text[48], known[52];

    cfg_prefix_mask(&net);
    cfg_addr_text(gateway, text);
    if (!cfg_prefix_contains(&net, gateway) && (net.addr.family != 6 || !is_link_local(gateway))) {
        return cfg_fail(load->error, at, "%s is not on the link, %s", text,
                        cfg_prefix_text(&net, known));
    }
    if (cfg_addr_equal(gateway, &link->net.addr)) {
        return cfg_fail(load->error, at, "%s is our own address; expected the router's", text);
    }
    for (uint32_t i = 0; i < link->gateways; i++) {
        if (cfg_addr_equal(gateway, &link->gateway[i])) {
            return cfg_fail(load->error, at, "%s is there twice; name it once", text);
        }
    }
    if (link->gateways == CFG_GATEWAYS) {
        return cfg_fail(load->error, at, "more than %d next hops", CFG_GATEWAYS);
    }
    link->gateway[link->gateways++] = *gateway;
    return 0;
}

static int load_gateways(const struct cfg_obj *obj, const struct family *f, struct cfg_link *link)
{
    const struct cfg_at first = {.up = &obj->at, .key = f->gateway};
    const struct cfg_at list = {.up = &obj->at, .key = f->gateways};
    const json_t *more = json_object_get(obj->json, f->gateways);
    struct cfg_addr gateway;
    int rc = 0;

    if (cfg_addr(obj, f->gateway, &gateway)) {
        rc = add_gateway(obj->load, link, &gateway, &first);
    }
    for (size_t i = 0; i < json_array_size(more) && !rc; i++) {
        const struct cfg_at at = {.up = &list, .index = i};

        cfg_addr_parse(json_string_value(json_array_get(more, i)), &gateway);
        rc = add_gateway(obj->load, link, &gateway, &at);
    }
    return rc;
}

static int load_link(const struct cfg_obj *obj, const struct family *f, struct cfg_port *p,
                     struct cfg_link *link)
{
    const struct cfg_at at = {.up = &obj->at, .key = f->address};
    const char *lone = cfg_has(obj, f->gateway) ? f->gateway : f->gateways;
    char text[48], who[64];

    if (!cfg_prefix(obj, f->address, &link->net)) {
        return cfg_has(obj, lone)
                   ? cfg_fail_at(obj, lone, "a %s needs an %s", f->gateway, f->address)
                   : 0;
    }
    if (link->net.addr.family != f->number) {
        return cfg_fail_at(obj, f->address, "%s is IPv%d; '%s' is IPv%d", cfg_text(obj, f->address),
                           link->net.addr.family, f->address, f->number);
    }
    if (f->number == 6 && p->mtu != 0 && p->mtu < IPV6_MTU) {
        return cfg_fail_at(obj, "mtu", "%u; a link with IPv6 takes at least %d", p->mtu, IPV6_MTU);
    }
    int rc = load_gateways(obj, f, link);

    snprintf(who, sizeof(who), "uplink '%s'", p->name);
    cfg_addr_text(&link->net.addr, text);
    return rc ? rc : cfg_take(obj->load, CFG_NONE, text, who, false, &at);
}

int cfg_load_uplink(const struct cfg_obj *obj, struct cfg_port *p)
{
    uint32_t uplinks = 0;
    int rc = 0;

    for (const struct cfg_port *o = obj->load->c->port; o <= p; o++) {
        uplinks += o->role == CFG_UPLINK;
    }
    if (uplinks > CFG_UPLINKS) {
        return cfg_fail_at(obj, "role", "more than %d uplinks", CFG_UPLINKS);
    }
    p->subnet = CFG_NONE;
    for (unsigned i = 0; i < CFG_FAMILIES && !rc; i++) {
        rc = load_link(obj, &family[i], p, &p->link[i]);
    }
    if (!rc && !cfg_has(obj, "address") && !cfg_has(obj, "address6")) {
        rc = cfg_fail_at(obj, NULL, "an uplink needs 'address', 'address6' or both");
    }
    return rc;
}

void cfg_uplink_mac(const struct cfg_port *uplink, uint8_t mac[6])
{
    static const uint8_t none[6];
    const struct cfg_addr *four = &uplink->link[CFG_IPV4].net.addr;
    const struct cfg_addr *six = &uplink->link[CFG_IPV6].net.addr;

    if (memcmp(uplink->mac, none, sizeof(none)) != 0) {
        memcpy(mac, uplink->mac, 6);
        return;
    }
    mac[0] = 0x02;
    mac[1] = 0xA5;
    memcpy(mac + 2, four->family ? four->bytes : six->bytes + 12, 4); /* one host's only */
}

/* --- tunnel end points -------------------------------------------------------------------------------------------- */

/* The uplink with this address; NULL: none. */
static const struct cfg_port *uplink_with(const struct cfg *c, const struct cfg_addr *addr)
{
    for (uint32_t i = 0; i < c->ports; i++) {
        if (c->port[i].role == CFG_UPLINK &&
            cfg_addr_equal(&c->port[i].link[cfg_family(addr)].net.addr, addr)) {
            return &c->port[i];
        }
    }
    return NULL;
}

/* Is there an uplink at all, and none that speaks the family of this address? */
static bool out_of_reach(const struct cfg *c, const struct cfg_addr *addr)
{
    uint32_t uplinks = 0;

    for (uint32_t i = 0; i < c->ports; i++) {
        uplinks += c->port[i].role == CFG_UPLINK;
        if (c->port[i].link[cfg_family(addr)].net.addr.family) {
            return false;
        }
    }
    return uplinks > 0;
}

static int no_uplink(const struct cfg_obj *obj, const char *field, const struct cfg_addr *addr)
{
    char text[48];

    return cfg_fail_at(obj, field, "%s is IPv%d; no uplink has an '%s'", cfg_addr_text(addr, text),
                       addr->family, family[cfg_family(addr)].address);
}

int cfg_load_vtep(const struct cfg_obj *obj, struct cfg_addr *vtep)
{
    const struct cfg *c = obj->load->c;
    const struct cfg_port *uplink;
    char text[48];

    cfg_addr(obj, "vtep", vtep);
    cfg_addr_text(vtep, text);
    if (cfg_addr_equal(&c->own_vtep[cfg_family(vtep)], vtep)) {
        return cfg_fail_at(obj, "vtep", "%s is our own; expected that of another host", text);
    }
    uplink = uplink_with(c, vtep);
    if (uplink) {
        return cfg_fail_at(obj, "vtep",
                           "%s is our own, of uplink '%s'; expected that of another host", text,
                           uplink->name);
    }
    return out_of_reach(c, vtep) ? no_uplink(obj, "vtep", vtep) : 0;
}

/* Our end of the tunnels of one family. */
static int load_own_vtep(const struct cfg_obj *underlay, const struct family *f,
                         struct cfg_addr *vtep)
{
    const struct cfg *c = underlay->load->c;
    const struct cfg_at at = {.up = &underlay->at, .key = f->vtep};
    char text[48];

    if (!cfg_addr(underlay, f->vtep, vtep)) {
        return 0;
    }
    cfg_addr_text(vtep, text);
    if (vtep->family != f->number) {
        return cfg_fail_at(underlay, f->vtep, "%s is IPv%d; '%s' is IPv%d", text, vtep->family,
                           f->vtep, f->number);
    }
    if (uplink_with(c, vtep)) {
        return 0; /* one uplink's address for all of them */
    }
    if (out_of_reach(c, vtep)) {
        return no_uplink(underlay, f->vtep, vtep);
    }
    return cfg_take(underlay->load, CFG_NONE, text, "our end of the tunnels", false, &at);
}

int cfg_load_underlay(const struct cfg_obj *document)
{
    struct cfg_obj underlay = cfg_child(document, "underlay");
    const char *checksum = cfg_text(&underlay, "udp_checksum");
    struct cfg *c = document->load->c;
    int rc = 0;

    c->udp_checksum[CFG_IPV4] = !strcmp(checksum, "always");
    c->udp_checksum[CFG_IPV6] = strcmp(checksum, "never") != 0;
    for (unsigned i = 0; i < CFG_FAMILIES && !rc; i++) {
        rc = load_own_vtep(&underlay, &family[i], &c->own_vtep[i]);
    }
    return rc;
}

int cfg_load_neighbors(const struct cfg_obj *document)
{
    struct cfg_obj underlay = cfg_child(document, "underlay");
    struct cfg_items items = cfg_items(&underlay, "neighbors");
    struct cfg *c = document->load->c;
    int rc = 0;

    for (uint32_t i = 0; i < items.n && !rc; i++) {
        struct cfg_obj obj = cfg_item(&items, i);
        const struct cfg_at at = {.up = &obj.at, .key = "address"};
        struct cfg_neighbor *n = &c->neighbor[i];
        char text[48];

        c->neighbors = i + 1;
        cfg_mac(&obj, "mac", n->mac);
        cfg_addr(&obj, "address", &n->addr);
        cfg_addr_text(&n->addr, text);
        rc = cfg_take(obj.load, CFG_NONE, text, "another port or neighbour", false, &at);
    }
    return rc;
}

static int add_vtep(struct cfg_load *load, const struct cfg_addr *vtep)
{
    char text[48], key[64];

    snprintf(key, sizeof(key), "vtep %s", cfg_addr_text(vtep, text));
    if (cfg_taken(load, CFG_NONE, key)) {
        return 0;
    }
    load->c->vtep[load->c->vteps++] = *vtep;
    return cfg_take(load, CFG_NONE, key, "", false, NULL);
}

int cfg_load_vteps(struct cfg_load *load)
{
    struct cfg *c = load->c;
    int rc = 0;

    for (uint32_t i = 0; i < c->mappings && !rc; i++) {
        rc = add_vtep(load, &c->mapping[i].vtep);
    }
    for (uint32_t i = 0; i < c->routes && !rc; i++) {
        if (c->route[i].vtep.family != 0) {
            rc = add_vtep(load, &c->route[i].vtep);
        }
    }
    return rc;
}

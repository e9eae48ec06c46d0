/* SPDX-License-Identifier: Apache-2.0 */
/* VPCs, subnets, and what lives elsewhere: mappings and routes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

static int number_vpcs(struct cfg_load *load)
{
    struct cfg *c = load->c;
    uint8_t *used = calloc(2, CFG_CONTEXTS + 1);
    uint8_t *before = used + CFG_CONTEXTS + 1;

    if (!used) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; load->old && i < load->old->vpcs; i++) {
        const struct cfg_vpc *was = &load->old->vpc[i];
        const json_t *now = json_object_get(json_object_get(load->names, "vpcs"), was->name);

        before[was->context] = 1;
        if (now) {
            c->vpc[json_integer_value(now)].context = was->context;
            used[was->context] = 1;
        }
    }
    for (uint32_t i = 0; i < c->vpcs; i++) {
        if (c->vpc[i].context == 0) {
            c->vpc[i].context = cfg_number(used, before, 1, CFG_CONTEXTS);
            used[c->vpc[i].context] = 1;
        }
    }
    free(used);
    return 0;
}

int cfg_load_vpcs(const struct cfg_obj *document)
{
    struct cfg_items items = cfg_items(document, "vpcs");
    struct cfg *c = document->load->c;

    for (uint32_t i = 0; i < items.n; i++) {
        struct cfg_obj obj = cfg_item(&items, i);
        const struct cfg_at at = {.up = &obj.at, .key = "vni"};
        struct cfg_vpc *vpc = &c->vpc[i];
        char what[24], who[64];
        int rc;

        cfg_copy(vpc->name, sizeof(vpc->name), cfg_text(&obj, "name"));
        vpc->vni = cfg_int(&obj, "vni");
        vpc->mss_clamp = cfg_bool(&obj, "mss_clamp");
        c->vpcs = i + 1;
        snprintf(what, sizeof(what), "VNI %u", vpc->vni);
        snprintf(who, sizeof(who), "VPC '%s'", vpc->name);
        rc = cfg_define(&obj, vpc->name, i);
        rc = rc ? rc : cfg_take(obj.load, CFG_NONE, what, who, false, &at);
        rc = rc ? rc : cfg_load_tunnel(&obj, &vpc->tunnel);
        if (rc) {
            return rc;
        }
    }
    return number_vpcs(document->load);
}

/* Prefix and gateway of one family. */
static int subnet_family(const struct cfg_obj *obj, struct cfg_subnet *s, uint8_t family)
{
    bool six = family == 6;
    const char *prefix_field = six ? "prefix6" : "prefix4";
    const char *gateway_field = six ? "gateway6" : "gateway4";
    struct cfg_prefix *prefix = six ? &s->prefix6 : &s->prefix4;
    struct cfg_addr *gateway = six ? &s->gateway6 : &s->gateway4;
    const struct cfg_at at = {.up = &obj->at,
                              .key = cfg_has(obj, gateway_field) ? gateway_field : prefix_field};
    char text[52], addr[48], who[64];
    int most = six ? 126 : 30;

    if (!cfg_prefix(obj, prefix_field, prefix)) {
        return cfg_has(obj, gateway_field)
                   ? cfg_fail_at(obj, gateway_field, "a %s needs a %s", gateway_field, prefix_field)
                   : 0;
    }
    if (prefix->addr.family != family) {
        return cfg_fail_at(obj, prefix_field, "%s is IPv%d; '%s' is IPv%d",
                           cfg_prefix_text(prefix, text), six ? 4 : 6, prefix_field, family);
    }
    if (prefix->len == 0 || prefix->len > most) {
        return cfg_fail_at(obj, prefix_field, "length %d; a subnet is /1 to /%d", prefix->len,
                           most);
    }
    if (!cfg_addr(obj, gateway_field, gateway)) {
        *gateway = prefix->addr;
        gateway->bytes[six ? 15 : 3] |= 1;
    }
    if (!cfg_addr_unicast(gateway)) {
        return cfg_fail_at(obj, prefix_field, "%s holds no addresses of hosts",
                           cfg_prefix_text(prefix, text));
    }
    if (!cfg_prefix_contains(prefix, gateway)) {
        return cfg_fail_at(obj, gateway_field, "%s is not in %s", cfg_addr_text(gateway, addr),
                           cfg_prefix_text(prefix, text));
    }
    snprintf(who, sizeof(who), "the gateway of subnet '%s'", s->name);
    return cfg_take(obj->load, s->vpc, cfg_addr_text(gateway, addr), who, false, &at);
}

static bool overlap(const struct cfg_prefix *a, const struct cfg_prefix *b)
{
    return a->addr.family && a->addr.family == b->addr.family &&
           (cfg_prefix_contains(a, &b->addr) || cfg_prefix_contains(b, &a->addr));
}

static int subnet_overlap(const struct cfg_obj *obj, const struct cfg *c,
                          const struct cfg_subnet *s)
{
    char text[52];

    for (const struct cfg_subnet *o = c->subnet; o < s; o++) {
        bool four = overlap(&o->prefix4, &s->prefix4);

        if (o->vpc == s->vpc && (four || overlap(&o->prefix6, &s->prefix6))) {
            return cfg_fail_at(obj, four ? "prefix4" : "prefix6",
                               "overlaps %s of subnet '%s' of the same VPC",
                               cfg_prefix_text(four ? &o->prefix4 : &o->prefix6, text), o->name);
        }
    }
    return 0;
}

int cfg_load_subnets(const struct cfg_obj *document)
{
    struct cfg_items items = cfg_items(document, "subnets");
    struct cfg *c = document->load->c;
    int rc = 0;

    for (uint32_t i = 0; i < items.n && !rc; i++) {
        struct cfg_obj obj = cfg_item(&items, i);
        const struct cfg_at at = {.up = &obj.at, .key = "gateway_mac"};
        struct cfg_subnet *s = &c->subnet[i];
        char mac[18];

        cfg_copy(s->name, sizeof(s->name), cfg_text(&obj, "name"));
        cfg_mac(&obj, "gateway_mac", s->gateway_mac);
        c->subnets = i + 1;
        rc = cfg_define(&obj, s->name, i);
        rc = rc ? rc : cfg_ref(&obj, "vpc", &s->vpc);
        if (!rc && !cfg_has(&obj, "prefix4") && !cfg_has(&obj, "prefix6")) {
            rc = cfg_fail_at(&obj, NULL, "a subnet needs prefix4, prefix6 or both");
        }
        rc = rc ? rc : subnet_family(&obj, s, 4);
        rc = rc ? rc : subnet_family(&obj, s, 6);
        rc = rc ? rc : subnet_overlap(&obj, c, s);
        rc = rc ? rc
                : cfg_take(obj.load, s->vpc, cfg_mac_text(s->gateway_mac, mac), "the gateway", true,
                           &at);
    }
    return rc;
}

/* The limit of a path; over IPv6 every link takes 1,280 bytes (RFC 8200, 5). */
static int load_mtu(const struct cfg_obj *obj, uint8_t family, uint16_t *mtu)
{
    *mtu = (uint16_t)cfg_int(obj, "mtu");
    if (*mtu != 0 && family == 6 && *mtu < 1280) {
        return cfg_fail_at(obj, "mtu", "%u; over IPv6 at least 1280", *mtu);
    }
    return 0;
}

int cfg_load_mappings(const struct cfg_obj *document)
{
    struct cfg_items items = cfg_items(document, "mappings");
    struct cfg *c = document->load->c;
    int rc = 0;

    for (uint32_t i = 0; i < items.n && !rc; i++) {
        struct cfg_obj obj = cfg_item(&items, i);
        const struct cfg_at address = {.up = &obj.at, .key = "address"};
        const struct cfg_at at = {.up = &obj.at, .key = "mac"};
        struct cfg_mapping *m = &c->mapping[i];
        char text[48], mac[18], who[80];

        c->mappings = i + 1;
        cfg_addr(&obj, "address", &m->addr);
        cfg_mac(&obj, "mac", m->mac);
        rc = cfg_ref(&obj, "vpc", &m->vpc);
        rc = rc ? rc : cfg_load_vtep(&obj, &m->vtep);
        rc = rc ? rc : load_mtu(&obj, m->addr.family, &m->mtu);
        snprintf(who, sizeof(who), "a mapping to %s", cfg_addr_text(&m->vtep, text));
        rc = rc ? rc
                : cfg_take(obj.load, m->vpc, cfg_addr_text(&m->addr, text), who, false, &address);
        /* One guest may have several addresses, all on its host. */
        rc = rc ? rc : cfg_take(obj.load, m->vpc, cfg_mac_text(m->mac, mac), who, true, &at);
    }
    return rc;
}

/* A way through a tunnel: to another host, or out by one that is a gateway. */
static int route_tunnel(const struct cfg_obj *obj, struct cfg_route *r)
{
    bool vtep = cfg_has(obj, "vtep"), mac = cfg_has(obj, "mac");

    if (r->kind == CFG_ROUTE_EXTERNAL && !vtep && !mac) {
        return 0;
    }
    if (!vtep || !mac) {
        return cfg_fail_at(obj, NULL, "'%s' is missing", vtep ? "mac" : "vtep");
    }
    cfg_mac(obj, "mac", r->mac);
    return cfg_load_vtep(obj, &r->vtep);
}

static int route_target(const struct cfg_obj *obj, struct cfg_route *r)
{
    char text[48];
    const char *who;

    if (r->kind == CFG_ROUTE_VTEP || r->kind == CFG_ROUTE_EXTERNAL) {
        return route_tunnel(obj, r);
    }
    if (r->kind != CFG_ROUTE_GATEWAY) {
        return 0;
    }
    cfg_addr(obj, "via", &r->via);
    if (r->via.family != r->prefix.addr.family) {
        return cfg_fail_at(obj, "via", "an IPv%d prefix needs an IPv%d gateway",
                           r->prefix.addr.family, r->prefix.addr.family);
    }
    who = cfg_taken(obj->load, r->vpc, cfg_addr_text(&r->via, text));
    if (!who || !strncmp(who, "the gateway", 11)) {
        return cfg_fail_at(obj, "via", "%s is %s; expected the address of a vNIC or mapping", text,
                           who ? who : "unknown in the VPC");
    }
    return 0;
}

int cfg_load_routes(const struct cfg_obj *document)
{
    static const char *const kind[] = {"local", "vtep", "gateway", "blackhole", "external"};
    struct cfg_items items = cfg_items(document, "routes");
    struct cfg *c = document->load->c;
    int rc = 0;

    for (uint32_t i = 0; i < items.n && !rc; i++) {
        struct cfg_obj obj = cfg_item(&items, i);
        const struct cfg_at at = {.up = &obj.at, .key = "prefix"};
        struct cfg_route *r = &c->route[i];
        char text[52], what[64];

        c->routes = i + 1;
        while (strcmp(kind[r->kind], cfg_text(&obj, "type")) != 0) {
            r->kind++;
        }
        cfg_prefix(&obj, "prefix", &r->prefix);
        r->reply_source = !strcmp(cfg_text(&obj, "reply"), "source");
        snprintf(what, sizeof(what), "%s", cfg_prefix_text(&r->prefix, text));
        rc = cfg_ref(&obj, "vpc", &r->vpc);
        rc = rc ? rc : cfg_take(obj.load, r->vpc, what, "another route", false, &at);
        rc = rc ? rc : route_target(&obj, r);
        rc = rc ? rc : load_mtu(&obj, r->prefix.addr.family, &r->mtu);
    }
    return rc;
}

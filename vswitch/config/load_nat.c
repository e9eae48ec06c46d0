/* SPDX-License-Identifier: Apache-2.0 */
/* Public addresses: EIPs, shared ones, forwarded ports. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

/* Who has an address that several may share: pools of different VPCs, and forwarded ports. */
#define SHARED "a snat pool or a forward"

/* A public address is no router's on the link. */
static int check_public(const struct cfg_obj *obj, const struct cfg_addr *addr,
                        const struct cfg_at *at)
{
    const struct cfg *c = obj->load->c;
    char text[48];

    for (uint32_t i = 0; i < c->ports; i++) {
        const struct cfg_link *link = &c->port[i].link[cfg_family(addr)];

        for (uint32_t g = 0; g < link->gateways; g++) {
            if (cfg_addr_equal(&link->gateway[g], addr)) {
                return cfg_fail(obj->load->error, at,
                                "%s is the gateway of uplink '%s'; expected an address of our own",
                                cfg_addr_text(addr, text), c->port[i].name);
            }
        }
    }
    return 0;
}

/* The public address of an EIP or a forward. */
static int load_public(const struct cfg_obj *obj, const char *who, bool share,
                       struct cfg_addr *addr)
{
    const struct cfg_at at = {.up = &obj->at, .key = "address"};
    char text[48];
    int rc;

    cfg_addr(obj, "address", addr);
    rc = check_public(obj, addr, &at);
    return rc ? rc : cfg_take(obj->load, CFG_NONE, cfg_addr_text(addr, text), who, share, &at);
}

/* Guest and address behind a public one of family `family`. */
static int load_inside(const struct cfg_obj *obj, uint8_t family, uint32_t *port,
                       struct cfg_addr *inside)
{
    const struct cfg *c = obj->load->c;
    const struct cfg_port *p;
    char text[48];
    int rc = cfg_ref(obj, "vnic", port);

    if (rc) {
        return rc;
    }
    p = &c->port[*port];
    if (p->role != CFG_VNIC) {
        return cfg_fail_at(obj, "vnic", "'%s' is an uplink; expected the port of a guest", p->name);
    }
    bool given = cfg_addr(obj, "inside", inside);

    if (given && inside->family != family) {
        return cfg_fail_at(obj, "inside", "%s is IPv%d; the public address is IPv%d",
                           cfg_addr_text(inside, text), inside->family, family);
    }
    for (uint32_t i = 0; i < p->addrs; i++) {
        if (given ? cfg_addr_equal(&p->addr[i], inside) : p->addr[i].family == family) {
            *inside = p->addr[i];
            return 0;
        }
    }
    if (given) {
        return cfg_fail_at(obj, "inside", "%s is not an address of port '%s'",
                           cfg_addr_text(inside, text), p->name);
    }
    return cfg_fail_at(obj, "vnic", "port '%s' has no IPv%d address", p->name, family);
}

int cfg_load_eips(const struct cfg_obj *document)
{
    struct cfg_items items = cfg_items(document, "eips");
    struct cfg *c = document->load->c;
    int rc = 0;

    for (uint32_t i = 0; i < items.n && !rc; i++) {
        struct cfg_obj obj = cfg_item(&items, i);
        const struct cfg_at at = {.up = &obj.at,
                                  .key = cfg_has(&obj, "inside") ? "inside" : "vnic"};
        struct cfg_eip *e = &c->eip[i];
        char who[64], what[80], text[48];

        c->eips = i + 1;
        cfg_copy(e->name, sizeof(e->name), cfg_text(&obj, "name"));
        snprintf(who, sizeof(who), "EIP '%s'", e->name);
        rc = cfg_define(&obj, e->name, i);
        rc = rc ? rc : load_public(&obj, who, false, &e->addr);
        rc = rc ? rc : load_inside(&obj, e->addr.family, &e->port, &e->inside);
        if (!rc) {
            snprintf(what, sizeof(what), "the EIP of %s", cfg_addr_text(&e->inside, text));
            rc = cfg_take(obj.load, c->subnet[c->port[e->port].subnet].vpc, what, who, false, &at);
        }
    }
    return rc;
}

static int snat_addresses(const struct cfg_obj *obj, struct cfg_snat *s)
{
    const struct cfg_at list = {.up = &obj->at, .key = "addresses"};
    const json_t *addresses = json_object_get(obj->json, "addresses");
    char text[48];
    int rc = 0;

    for (size_t i = 0; i < json_array_size(addresses) && !rc; i++) {
        const struct cfg_at at = {.up = &list, .index = i};
        struct cfg_addr *addr = &s->addr[s->addrs];

        cfg_addr_parse(json_string_value(json_array_get(addresses, i)), addr);
        rc = check_public(obj, addr, &at);
        for (uint32_t j = 0; j < s->addrs && !rc; j++) {
            if (cfg_addr_equal(&s->addr[j], addr)) {
                rc = cfg_fail(obj->load->error, &at, "%s is there twice; name it once",
                              cfg_addr_text(addr, text));
            }
        }
        rc = rc ? rc : cfg_take(obj->load, CFG_NONE, cfg_addr_text(addr, text), SHARED, true, &at);
        s->addrs++;
    }
    return rc;
}

/* Whom the pool is for; nobody has two. */
static int snat_subnets(const struct cfg_obj *obj, struct cfg_snat *s)
{
    const struct cfg_at list = {.up = &obj->at, .key = "subnets"};
    const struct cfg_at vpc_at = {.up = &obj->at, .key = "vpc"};
    const json_t *names = json_object_get(obj->json, "subnets");
    const struct cfg *c = obj->load->c;
    char who[64], what[80];
    int rc = 0;

    snprintf(who, sizeof(who), "snat '%s'", s->name);
    if (!names) {
        return cfg_take(obj->load, s->vpc, "the snat pool of all subnets", who, false, &vpc_at);
    }
    for (size_t i = 0; i < json_array_size(names) && !rc; i++) {
        const struct cfg_at at = {.up = &list, .index = i};
        const char *name = json_string_value(json_array_get(names, i));
        uint32_t *subnet = &s->subnet[s->subnets++];

        rc = cfg_lookup(obj->load, "subnets", name, &at, subnet);
        if (!rc && c->subnet[*subnet].vpc != s->vpc) {
            rc = cfg_fail(obj->load->error, &at, "subnet '%s' is of another VPC, '%s'", name,
                          c->vpc[c->subnet[*subnet].vpc].name);
        }
        snprintf(what, sizeof(what), "the snat pool of subnet '%s'", name);
        rc = rc ? rc : cfg_take(obj->load, s->vpc, what, who, false, &at);
    }
    return rc;
}

static int snat_ports(const struct cfg_obj *obj, struct cfg_snat *s)
{
    const json_t *value = json_object_get(obj->json, "ports");

    if (json_is_integer(value)) {
        s->port_lo = s->port_hi = (uint16_t)json_integer_value(value);
    } else {
        cfg_ports_parse(cfg_text(obj, "ports"), &s->port_lo, &s->port_hi);
    }
    return s->port_lo == 0 ? cfg_fail_at(obj, "ports", "port 0 is nobody's; expected 1 to 65535")
                           : 0;
}

static int number_snats(struct cfg_load *load)
{
    struct cfg *c = load->c;
    uint8_t used[2 * CFG_SNATS] = {0}, before[2 * CFG_SNATS] = {0}, kept[CFG_SNATS] = {0};

    for (uint32_t i = 0; load->old && i < load->old->snats; i++) {
        const struct cfg_snat *was = &load->old->snat[i];
        const json_t *now = json_object_get(json_object_get(load->names, "snat"), was->name);

        before[was->id] = 1;
        if (now) {
            c->snat[json_integer_value(now)].id = was->id;
            kept[json_integer_value(now)] = 1;
            used[was->id] = 1;
        }
    }
    for (uint32_t i = 0; i < c->snats; i++) {
        if (!kept[i]) {
            c->snat[i].id = cfg_number(used, before, 0, 2 * CFG_SNATS - 1);
            used[c->snat[i].id] = 1;
        }
    }
    return 0;
}

int cfg_load_snats(const struct cfg_obj *document)
{
    struct cfg_items items = cfg_items(document, "snat");
    struct cfg *c = document->load->c;
    int rc = 0;

    for (uint32_t i = 0; i < items.n && !rc; i++) {
        struct cfg_obj obj = cfg_item(&items, i);
        const struct cfg_obj rx_limit = cfg_child(&obj, "rx_limit");
        struct cfg_snat *s = &c->snat[i];

        s->rx_pps = cfg_int(&rx_limit, "pps");
        s->rx_kbps = cfg_int(&rx_limit, "kbps");
        c->snats = i + 1;
        cfg_copy(s->name, sizeof(s->name), cfg_text(&obj, "name"));
        rc = cfg_define(&obj, s->name, i);
        rc = rc ? rc : cfg_ref(&obj, "vpc", &s->vpc);
        rc = rc ? rc : snat_subnets(&obj, s);
        rc = rc ? rc : snat_addresses(&obj, s);
        rc = rc ? rc : snat_ports(&obj, s);
    }
    return rc ? rc : number_snats(document->load);
}

int cfg_load_forwards(const struct cfg_obj *document)
{
    struct cfg_items items = cfg_items(document, "forwards");
    struct cfg *c = document->load->c;
    int rc = 0;

    for (uint32_t i = 0; i < items.n && !rc; i++) {
        struct cfg_obj obj = cfg_item(&items, i);
        const struct cfg_at at = {.up = &obj.at, .key = "port"};
        struct cfg_forward *f = &c->forward[i];
        char who[64], what[80], text[48];

        c->forwards = i + 1;
        cfg_copy(f->name, sizeof(f->name), cfg_text(&obj, "name"));
        f->proto = strcmp(cfg_text(&obj, "protocol"), "tcp") == 0 ? IPPROTO_TCP : IPPROTO_UDP;
        f->l4_port = (uint16_t)cfg_int(&obj, "port");
        f->inside_port =
            cfg_has(&obj, "inside_port") ? (uint16_t)cfg_int(&obj, "inside_port") : f->l4_port;
        snprintf(who, sizeof(who), "forward '%s'", f->name);
        rc = cfg_define(&obj, f->name, i);
        rc = rc ? rc : load_public(&obj, SHARED, true, &f->addr);
        rc = rc ? rc : load_inside(&obj, f->addr.family, &f->port, &f->inside);
        if (!rc) {
            snprintf(what, sizeof(what), "%s port %u of %s", cfg_text(&obj, "protocol"), f->l4_port,
                     cfg_addr_text(&f->addr, text));
            rc = cfg_take(obj.load, CFG_NONE, what, who, false, &at);
        }
    }
    return rc;
}

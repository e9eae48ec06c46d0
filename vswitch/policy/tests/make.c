/* SPDX-License-Identifier: Apache-2.0 */
#include "make.h"

#include <arpa/inet.h>
#include <rte_eal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The array with room for one more zeroed element at `*n`, which then counts. */
static void *grow(void *array, uint32_t *n, size_t size)
{
    if (!(*n & (*n - 1)))
        array = realloc(array, (*n ? 2 * (size_t)*n : 1) * size);
    assert_non_null(array);
    memset((char *)array + *n * size, 0, size);
    ++*n;
    return array;
}

#define GROW(array, n) (&((array) = grow((array), &(n), sizeof *(array)))[(n)-1])

struct cfg *make_cfg(void)
{
    struct cfg *c = calloc(1, sizeof *c);

    assert_non_null(c);
    return c;
}

struct cfg_addr make_addr(const char *text)
{
    struct cfg_addr a = {0};

    a.family = strchr(text, ':') ? 6 : 4;
    assert_int_equal(inet_pton(a.family == 4 ? AF_INET : AF_INET6, text, a.bytes), 1);
    return a;
}

struct cfg_prefix make_prefix(const char *text)
{
    char addr[64];
    unsigned len;

    assert_int_equal(sscanf(text, "%63[^/]/%u", addr, &len), 2);
    return (struct cfg_prefix){make_addr(addr), (uint8_t)len};
}

uint64_t make_mac(uint8_t last)
{
    return UINT64_C(0x020000000000) | last;
}

static void mac_fill(uint8_t mac[6], uint8_t last)
{
    memcpy(mac, (const uint8_t[]){2, 0, 0, 0, 0, last}, 6);
}

uint32_t make_vpc(struct cfg *c, uint32_t vni, uint32_t context)
{
    struct cfg_vpc *v = GROW(c->vpc, c->vpcs);

    v->vni = vni;
    v->context = context;
    return c->vpcs - 1;
}

uint32_t make_subnet(struct cfg *c, uint32_t vpc, const char *prefix4, const char *prefix6,
                     const char *gateway4, uint8_t gateway_mac)
{
    struct cfg_subnet *s = GROW(c->subnet, c->subnets);

    s->vpc = vpc;
    if (prefix4)
        s->prefix4 = make_prefix(prefix4);
    if (prefix6)
        s->prefix6 = make_prefix(prefix6);
    if (gateway4)
        s->gateway4 = make_addr(gateway4);
    mac_fill(s->gateway_mac, gateway_mac);
    return c->subnets - 1;
}

struct cfg_port *make_vnic(struct cfg *c, uint16_t index, uint32_t subnet, uint8_t mac,
                           const char *addr, const char *addr_too)
{
    struct cfg_port *p = GROW(c->port, c->ports);

    snprintf(p->name, sizeof p->name, "vnic%u", index);
    p->index = index;
    p->role = CFG_VNIC;
    p->kind = HSR_PORT_KIND_TAP;
    p->subnet = subnet;
    p->anti_spoof = true;
    mac_fill(p->mac, mac);
    if (addr)
        p->addr[p->addrs++] = make_addr(addr);
    if (addr_too)
        p->addr[p->addrs++] = make_addr(addr_too);
    return p;
}

struct cfg_port *make_uplink(struct cfg *c, uint16_t index, const char *underlay)
{
    struct cfg_port *p = GROW(c->port, c->ports);

    snprintf(p->name, sizeof p->name, "uplink%u", index);
    p->index = index;
    p->role = CFG_UPLINK;
    p->kind = HSR_PORT_KIND_KERNEL;
    p->link[CFG_IPV4].net = (struct cfg_prefix){.addr = make_addr(underlay), .len = 24};
    mac_fill(p->mac, 0xFE);
    return p;
}

void make_join(struct cfg_port *port, uint32_t group)
{
    port->group[port->groups++] = group;
}

static void vtep_add(struct cfg *c, struct cfg_addr vtep)
{
    for (uint32_t i = 0; i < c->vteps; i++)
        if (!memcmp(&c->vtep[i], &vtep, sizeof vtep))
            return;
    *GROW(c->vtep, c->vteps) = vtep;
}

void make_mapping(struct cfg *c, uint32_t vpc, const char *addr, uint8_t mac, const char *vtep)
{
    struct cfg_mapping *m = GROW(c->mapping, c->mappings);

    m->vpc = vpc;
    m->addr = make_addr(addr);
    mac_fill(m->mac, mac);
    m->vtep = make_addr(vtep);
    vtep_add(c, m->vtep);
}

struct cfg_route *make_route(struct cfg *c, uint32_t vpc, const char *prefix,
                             enum cfg_route_kind kind, const char *to, uint8_t mac)
{
    struct cfg_route *r = GROW(c->route, c->routes);

    r->vpc = vpc;
    r->prefix = make_prefix(prefix);
    r->kind = kind;
    if (kind == CFG_ROUTE_VTEP) {
        r->vtep = make_addr(to);
        mac_fill(r->mac, mac);
        vtep_add(c, r->vtep);
    } else if (kind == CFG_ROUTE_GATEWAY) {
        r->via = make_addr(to);
    }
    return r;
}

uint32_t make_group(struct cfg *c)
{
    struct cfg_group *g = GROW(c->group, c->groups);

    snprintf(g->name, sizeof g->name, "group%u", c->groups - 1);
    return c->groups - 1;
}

struct cfg_rule *make_rule(struct cfg *c, uint32_t group, bool ingress, bool allow,
                           uint16_t priority, uint8_t proto, uint16_t lo, uint16_t hi,
                           const char *remote)
{
    struct cfg_group *g = &c->group[group];
    struct cfg_rule *r = GROW(g->rule, g->rules);

    *r = (struct cfg_rule){.ingress = ingress,
                           .allow = allow,
                           .priority = priority,
                           .proto = proto,
                           .port_lo = lo,
                           .port_hi = hi};
    if (remote[0] == '@') {
        r->remote = CFG_GROUP;
        r->group = (uint32_t)atoi(remote + 1);
    } else if (strcmp(remote, "any") != 0) {
        r->remote = CFG_PREFIX;
        r->prefix = make_prefix(remote);
    }
    return r;
}

void make_neighbor(struct cfg *c, const char *addr, uint8_t mac)
{
    struct cfg_neighbor *n = GROW(c->neighbor, c->neighbors);

    n->addr = make_addr(addr);
    mac_fill(n->mac, mac);
}

struct cfg_eip *make_eip(struct cfg *c, uint32_t port, const char *addr, const char *inside)
{
    struct cfg_eip *e = GROW(c->eip, c->eips);

    *e = (struct cfg_eip){.addr = make_addr(addr), .port = port, .inside = make_addr(inside)};
    return e;
}

struct cfg_snat *make_snat(struct cfg *c, uint32_t vpc, const char *addr, uint16_t lo, uint16_t hi)
{
    struct cfg_snat *s = GROW(c->snat, c->snats);

    *s =
        (struct cfg_snat){.id = c->snats - 1, .vpc = vpc, .addrs = 1, .port_lo = lo, .port_hi = hi};
    s->addr[0] = make_addr(addr);
    return s;
}

struct cfg_forward *make_forward(struct cfg *c, uint32_t port, const char *addr, uint8_t proto,
                                 uint16_t l4_port, const char *inside, uint16_t inside_port)
{
    struct cfg_forward *f = GROW(c->forward, c->forwards);

    *f = (struct cfg_forward){.addr = make_addr(addr),
                              .proto = proto,
                              .l4_port = l4_port,
                              .port = port,
                              .inside = make_addr(inside),
                              .inside_port = inside_port};
    return f;
}

int make_eal(void **state)
{
    static char arg[][24] = {"policy",      "--no-huge",      "-m", "128", "--no-pci",
                             "--no-shconf", "--no-telemetry", "-l", "0",   "--log-level=error"};
    char *argv[sizeof arg / sizeof arg[0]];

    (void)state;
    for (size_t i = 0; i < sizeof arg / sizeof arg[0]; i++)
        argv[i] = arg[i];
    return rte_eal_init((int)(sizeof arg / sizeof arg[0]), argv) < 0 ? -1 : 0;
}

int make_eal_end(void **state)
{
    (void)state;
    return rte_eal_cleanup();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Ports: what is common, vNICs, ports of the host, and their indices. */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

enum { UPLINK_SHARE = 16 }; /* what it brings is of many guests, who have their shares of it */

static int number_ports(struct cfg_load *load)
{
    struct cfg *c = load->c;
    uint8_t used[HSR_MAX_PORTS] = {0}, before[HSR_MAX_PORTS] = {0}, kept[HSR_MAX_PORTS] = {0};

    for (uint32_t i = 0; load->old && i < load->old->ports; i++) {
        const struct cfg_port *was = &load->old->port[i];
        const json_t *now = json_object_get(json_object_get(load->names, "ports"), was->name);

        before[was->index] = 1;
        if (now) {
            c->port[json_integer_value(now)].index = was->index;
            kept[json_integer_value(now)] = 1;
            used[was->index] = 1;
        }
    }
    for (uint32_t i = 0; i < c->ports; i++) {
        if (!kept[i]) {
            c->port[i].index = (uint16_t)cfg_number(used, before, 0, HSR_MAX_PORTS - 1);
            used[c->port[i].index] = 1;
        }
    }
    return 0;
}

static bool args_ok(const char *args)
{
    const char *equals = strchr(args, '='), *comma = strchr(args, ',');

    return equals && equals != args && (!comma || (equals < comma && args_ok(comma + 1)));
}

static bool has_socket(const struct cfg_port *p)
{
    return p->kind == HSR_PORT_KIND_VHOST_USER || p->kind == HSR_PORT_KIND_MEMIF;
}

/* A socket stands for the device, and the driver is told our side of it by its arguments. */
static int port_socket(const struct cfg_obj *obj, struct cfg_port *p)
{
    const struct cfg_at at = {.up = &obj->at, .key = "path"};
    const char *path = cfg_text(obj, "path");
    char what[160], who[64];
    size_t len = strlen(p->args);

    if (cfg_has(obj, "device")) {
        return cfg_fail_at(obj, "device", "a port of type %s has none: give 'path'",
                           cfg_text(obj, "type"));
    }
    if (path[0] != '/' || strchr(path, ',') != NULL || strchr(path, ' ') != NULL) {
        return cfg_fail(obj->load->error, &at,
                        "'%.107s'; expected a path that begins with '/', without commas and blanks",
                        path);
    }
    if ((size_t)snprintf(p->args + len, sizeof(p->args) - len, "%srole=%s", len ? "," : "",
                         cfg_text(obj, "side")) >= sizeof(p->args) - len) {
        return cfg_fail_at(obj, "args", "too long for a port of type %s: at most %zu bytes",
                           cfg_text(obj, "type"), sizeof(p->args) - sizeof ",role=server");
    }
    cfg_copy(p->device, sizeof(p->device), path);
    snprintf(what, sizeof(what), "socket %s", path);
    snprintf(who, sizeof(who), "port '%s'", p->name);
    return cfg_take(obj->load, CFG_NONE, what, who, false, &at);
}

static int port_device(const struct cfg_obj *obj, struct cfg_port *p)
{
    const struct cfg_at at = {.up = &obj->at, .key = cfg_has(obj, "device") ? "device" : "name"};
    bool interface = p->kind == HSR_PORT_KIND_TAP || p->kind == HSR_PORT_KIND_KERNEL;
    const char *device = cfg_text(obj, "device");
    char what[224], who[64];

    if (!device && (p->kind == HSR_PORT_KIND_KERNEL || p->kind == HSR_PORT_KIND_PCI)) {
        return cfg_fail_at(obj, NULL, "'device' is missing: %s",
                           p->kind == HSR_PORT_KIND_PCI ? "the address of the DPDK device"
                                                        : "the name of the interface");
    }
    if (!device && p->kind == HSR_PORT_KIND_TAP) {
        device = p->name;
    }
    if (!device) {
        return 0;
    }
    if (interface && (strlen(device) >= IFNAMSIZ || strchr(device, '/') || strchr(device, ' '))) {
        return cfg_fail(obj->load->error, &at,
                        "'%.127s' cannot be the name of an interface: at most %d bytes, without "
                        "'/' and blanks; 'device' can differ from 'name'",
                        device, IFNAMSIZ - 1);
    }
    cfg_copy(p->device, sizeof(p->device), device);
    if (!interface && p->kind != HSR_PORT_KIND_PCI) {
        return 0;
    }
    snprintf(what, sizeof(what), "device %s%s%s", p->device, p->netns[0] ? " of netns " : "",
             p->netns);
    snprintf(who, sizeof(who), "port '%s'", p->name);
    return cfg_take(obj->load, CFG_NONE, what, who, false, &at);
}

static enum cfg_role role_of(const char *text)
{
    if (!strcmp(text, "uplink")) {
        return CFG_UPLINK;
    }
    return strcmp(text, "host") ? CFG_VNIC : CFG_HOST;
}

static int port_common(const struct cfg_obj *obj, struct cfg_port *p)
{
    static const char *const kind[] = {"tap",  "kernel", "pcap",       "null",
                                       "ring", "pci",    "vhost-user", "memif"};
    const char *netns = cfg_text(obj, "netns"), *args = cfg_text(obj, "args");

    p->kind = HSR_PORT_KIND_TAP;
    while (strcmp(kind[p->kind - HSR_PORT_KIND_TAP], cfg_text(obj, "type")) != 0) {
        p->kind++;
    }
    p->role = role_of(cfg_text(obj, "role"));
    p->mtu = (uint16_t)cfg_int(obj, "mtu");
    p->queues = (uint8_t)cfg_int(obj, "queues");
    p->offload = cfg_bool(obj, "offload");
    p->share = (uint8_t)cfg_int(obj, "share");
    if (p->share == 0)
        p->share = p->role == CFG_UPLINK ? UPLINK_SHARE : 1;
    p->min_slots = (uint16_t)cfg_int(obj, "min_slots");
    p->bad_limit = cfg_int(obj, "bad_limit");
    cfg_mac(obj, "mac", p->mac);
    if (netns && strchr(netns, '/')) {
        return cfg_fail_at(obj, "netns", "'%.60s' is a path; expected a name under /run/netns",
                           netns);
    }
    if (args && !args_ok(args)) {
        return cfg_fail_at(obj, "args", "'%.60s'; expected key=value,key=value", args);
    }
    cfg_copy(p->netns, sizeof(p->netns), netns ? netns : "");
    cfg_copy(p->args, sizeof(p->args), args ? args : "");
    return has_socket(p) ? port_socket(obj, p) : port_device(obj, p);
}

/* One address of a vNIC. */
static int vnic_address(const struct cfg_obj *obj, struct cfg_port *p, const char *text,
                        const struct cfg_at *at)
{
    const struct cfg_subnet *s = &obj->load->c->subnet[p->subnet];
    struct cfg_addr *addr = &p->addr[p->addrs++];
    const struct cfg_prefix *prefix;
    struct cfg_prefix rest;
    char known[52], buf[48], who[64];
    unsigned host;

    cfg_addr_parse(text, addr);
    prefix = addr->family == 6 ? &s->prefix6 : &s->prefix4;
    if (prefix->addr.family == 0) {
        return cfg_fail(obj->load->error, at, "%s; subnet '%s' has no IPv%d prefix", text, s->name,
                        addr->family);
    }
    if (!cfg_prefix_contains(prefix, addr)) {
        return cfg_fail(obj->load->error, at, "%s is not in subnet '%s', %s", text, s->name,
                        cfg_prefix_text(prefix, known));
    }
    rest = (struct cfg_prefix){.addr = *addr, .len = prefix->len};
    host = cfg_prefix_mask(&rest);
    if (addr->family == 4) {
        /* RFC 1122, 3.2.1.3: neither all zeros nor all ones */
        uint32_t bits = (uint32_t)addr->bytes[0] << 24 | (uint32_t)addr->bytes[1] << 16 |
                        (uint32_t)addr->bytes[2] << 8 | addr->bytes[3];

        host = host && (~bits << prefix->len) != 0;
    }
    if (!host) {
        return cfg_fail(obj->load->error, at, "%s is no host's: the first or last address of %s",
                        text, cfg_prefix_text(prefix, known));
    }
    snprintf(who, sizeof(who), "port '%s'", p->name);
    return cfg_take(obj->load, s->vpc, cfg_addr_text(addr, buf), who, false, at);
}

static int vnic_groups(const struct cfg_obj *obj, struct cfg_port *p)
{
    const struct cfg_at list = {.up = &obj->at, .key = "security_groups"};
    const json_t *names = json_object_get(obj->json, "security_groups");
    int rc = 0;

    p->groups = names ? 0 : 1; /* without a list: group 0 */
    for (size_t i = 0; i < json_array_size(names) && !rc; i++) {
        const struct cfg_at at = {.up = &list, .index = i};
        const char *name = json_string_value(json_array_get(names, i));

        rc = cfg_lookup(obj->load, "security_groups", name, &at, &p->group[p->groups]);
        for (uint32_t j = 0; j < p->groups && !rc; j++) {
            if (p->group[j] == p->group[p->groups]) {
                rc = cfg_fail(obj->load->error, &at, "'%s' is there twice; name it once", name);
            }
        }
        p->groups++;
    }
    return rc;
}

static int load_vnic(const struct cfg_obj *obj, struct cfg_port *p)
{
    const struct cfg_at mac_at = {.up = &obj->at, .key = "mac"};
    const struct cfg_at list = {.up = &obj->at, .key = "addresses"};
    const json_t *addresses = json_object_get(obj->json, "addresses");
    const struct cfg_obj rx_limit = cfg_child(obj, "rx_limit");
    char mac[18], who[64];
    int rc;

    if (!cfg_has(obj, "mac")) {
        return cfg_fail_at(obj, NULL, "'mac' is missing: the MAC address of the guest");
    }
    p->anti_spoof = cfg_bool(obj, "anti_spoof");
    p->pick_up = !strcmp(cfg_text(obj, "midstream"), "pick-up");
    p->quota = cfg_int(obj, "quota");
    p->rx_pps = cfg_int(&rx_limit, "pps");
    p->rx_kbps = cfg_int(&rx_limit, "kbps");
    rc = cfg_ref(obj, "subnet", &p->subnet);
    for (size_t i = 0; i < json_array_size(addresses) && !rc; i++) {
        const struct cfg_at at = {.up = &list, .index = i};

        rc = vnic_address(obj, p, json_string_value(json_array_get(addresses, i)), &at);
    }
    snprintf(who, sizeof(who), "port '%s'", p->name);
    rc = rc ? rc
            : cfg_take(obj->load, obj->load->c->subnet[p->subnet].vpc, cfg_mac_text(p->mac, mac),
                       who, false, &mac_at);
    return rc ? rc : vnic_groups(obj, p);
}

/* Host ports, when the names of all ports are known. The interface has its uplink's MAC address, so that one host is one neighbour. */
static int load_hosts(const struct cfg_obj *document)
{
    struct cfg_items items = cfg_items(document, "ports");
    struct cfg *c = document->load->c;
    static const uint8_t none[6];
    int rc = 0;

    for (uint32_t i = 0; i < items.n && !rc; i++) {
        struct cfg_obj obj = cfg_item(&items, i);
        const struct cfg_at at = {.up = &obj.at, .key = "uplink"};
        struct cfg_port *p = &c->port[i], *up;
        char what[64], who[64];

        if (p->role != CFG_HOST || (rc = cfg_ref(&obj, "uplink", &p->uplink)) != 0) {
            continue;
        }
        up = &c->port[p->uplink];
        if (up->role != CFG_UPLINK) {
            return cfg_fail_at(&obj, "uplink", "port '%s' is no uplink", up->name);
        }
        if (!memcmp(p->mac, none, 6)) {
            cfg_uplink_mac(up, p->mac);
        }
        snprintf(what, sizeof(what), "the host's traffic on '%s'", up->name);
        snprintf(who, sizeof(who), "port '%s'", p->name);
        rc = cfg_take(obj.load, CFG_NONE, what, who, false, &at);
    }
    return rc;
}

static int load_host(const struct cfg_obj *obj, struct cfg_port *p)
{
    p->subnet = CFG_NONE;
    p->rate = cfg_int(obj, "rate");
    return 0;
}

int cfg_load_ports(const struct cfg_obj *document)
{
    struct cfg_items items = cfg_items(document, "ports");
    struct cfg *c = document->load->c;
    int rc = 0;

    for (uint32_t i = 0; i < items.n && !rc; i++) {
        struct cfg_obj obj = cfg_item(&items, i);
        struct cfg_port *p = &c->port[i];

        c->ports = i + 1;
        cfg_copy(p->name, sizeof(p->name), cfg_text(&obj, "name"));
        rc = cfg_define(&obj, p->name, i);
        rc = rc ? rc : port_common(&obj, p);
        if (rc) {
            break;
        }
        rc = p->role == CFG_UPLINK ? cfg_load_uplink(&obj, p)
             : p->role == CFG_HOST ? load_host(&obj, p)
                                   : load_vnic(&obj, p);
    }
    rc = rc ? rc : load_hosts(document);
    return rc ? rc : number_ports(document->load);
}

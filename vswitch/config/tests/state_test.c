/* SPDX-License-Identifier: Apache-2.0 */
/* What cfg_parse() makes of documents that are right: values, defaults, numbers that stay. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

static void check_addr(const struct cfg_addr *a, const char *text)
{
    char buf[48];

    assert_string_equal(cfg_addr_text(a, buf), text);
}

static void check_mac(const uint8_t mac[6], const char *text)
{
    char buf[18];

    assert_string_equal(cfg_mac_text(mac, buf), text);
}

static struct cfg *parse_example(const char *name)
{
    char *text = read_file(name);
    struct cfg *c = parse_text(text, NULL);

    free(text);
    return c;
}

static void least(void **state)
{
    struct cfg *c = parse_text("version: 1\n", NULL);

    (void)state;
    assert_int_equal(c->ports + c->vpcs + c->subnets + c->mappings + c->routes + c->neighbors, 0);
    assert_int_equal(c->options.workers, 1);
    assert_int_equal(c->options.sessions, 262144);
    assert_int_equal(c->options.quota, 0);
    assert_int_equal(c->options.vector, 16);
    assert_true(c->options.fast_path);
    assert_true(c->options.gro);
    cfg_free(c);
}

/* The schema gives the defaults as text, session/ as numbers: the same ones. */
static void default_timeouts(void **state)
{
    struct ses_timeouts want;
    struct cfg *c = parse_text("version: 1\n", NULL);

    (void)state;
    ses_timeouts_default(&want);
    assert_memory_equal(&c->options.timeouts, &want, sizeof(want));
    cfg_free(c);
}

static void minimal(void **state)
{
    struct cfg *c = parse_example("docs/examples/minimal.yaml");
    const struct cfg_port *p = &c->port[1];
    const struct cfg_subnet *s = &c->subnet[0];

    (void)state;
    assert_int_equal(c->ports, 2);
    assert_string_equal(p->name, "db");
    assert_string_equal(p->device, "db");
    assert_int_equal(p->index, 1);
    assert_int_equal(p->role, CFG_VNIC);
    assert_int_equal(p->kind, HSR_PORT_KIND_TAP);
    assert_int_equal(p->mtu, 0);
    assert_int_equal(p->queues, 1);
    assert_true(p->offload && p->anti_spoof && !p->pick_up);
    check_mac(p->mac, "02:00:00:00:00:02");
    assert_int_equal(p->addrs, 2);
    check_addr(&p->addr[0], "10.1.0.6");
    check_addr(&p->addr[1], "fd00:1::6");
    assert_int_equal(p->groups, 1);
    assert_int_equal(p->group[0], 0);
    assert_int_equal(p->subnet, 0);
    assert_int_equal(s->vpc, 0);
    check_addr(&s->gateway4, "10.1.0.1");
    check_addr(&s->gateway6, "fd00:1::1");
    check_mac(s->gateway_mac, "02:00:5e:00:01:01");
    assert_int_equal(c->vpc[0].vni, 100);
    assert_int_equal(c->vpc[0].context, 1);
    cfg_free(c);
}

static void two_tenants(void **state)
{
    struct cfg *c = parse_example("docs/examples/two-tenants.yaml");
    const struct cfg_port *up = &c->port[0];
    const struct cfg_group *web = &c->group[1];

    (void)state;
    assert_int_equal(c->options.workers, 2);
    assert_int_equal(c->options.quota, 20000);
    assert_int_equal(c->options.timeouts.tcp_established, 1800);
    assert_int_equal(c->options.timeouts.icmp, 10);
    assert_int_equal(up->role, CFG_UPLINK);
    assert_int_equal(up->kind, HSR_PORT_KIND_KERNEL);
    assert_int_equal(up->subnet, CFG_NONE);
    check_addr(&up->link[CFG_IPV4].net.addr, "192.0.2.1");
    assert_int_equal(up->link[CFG_IPV4].net.len, 24);
    assert_int_equal(up->link[CFG_IPV4].gateways, 1);
    check_addr(&up->link[CFG_IPV4].gateway[0], "192.0.2.254");
    assert_int_equal(up->link[CFG_IPV6].net.addr.family, 0);
    assert_int_equal(c->own_vtep[CFG_IPV4].family, 0);
    assert_true(c->udp_checksum[CFG_IPV6] && !c->udp_checksum[CFG_IPV4]);
    assert_int_equal(c->neighbors, 1);
    check_mac(c->neighbor[0].mac, "02:aa:00:00:00:02");
    assert_int_equal(c->mappings, 2);
    assert_int_equal(c->mapping[1].vpc, 1);
    assert_int_equal(c->vteps, 1);
    check_addr(&c->vtep[0], "192.0.2.2");
    assert_int_equal(c->port[1].group[0], 1);
    assert_int_equal(c->groups, 2);
    assert_int_equal(web->rules, 5);
    assert_true(!web->rule[0].ingress && web->rule[0].allow);
    assert_int_equal(web->rule[0].priority, 100);
    assert_int_equal(web->rule[0].proto, 0);
    assert_int_equal(web->rule[0].port_hi, 65535);
    assert_int_equal(web->rule[1].proto, 6);
    assert_int_equal(web->rule[1].port_lo, 80);
    assert_int_equal(web->rule[1].port_hi, 443);
    assert_int_equal(web->rule[2].proto, 1);
    assert_int_equal(web->rule[3].remote, CFG_GROUP);
    assert_int_equal(web->rule[3].group, 1);
    assert_int_equal(web->rule[4].remote, CFG_PREFIX);
    assert_int_equal(web->rule[4].prefix.len, 25);
    assert_true(web->rule[4].ingress && !web->rule[4].allow);
    assert_int_equal(web->rule[4].priority, 10);
    cfg_free(c);
}

static void gateway_routes(void **state)
{
    struct cfg *c = parse_example("docs/examples/gateway-routes.yaml");

    (void)state;
    assert_false(c->port[1].anti_spoof);
    assert_true(c->port[2].pick_up);
    check_addr(&c->subnet[0].gateway4, "10.1.0.254");
    assert_int_equal(c->routes, 5);
    assert_int_equal(c->route[0].kind, CFG_ROUTE_GATEWAY);
    assert_int_equal(c->route[0].prefix.len, 0);
    check_addr(&c->route[0].via, "10.1.0.10");
    check_addr(&c->route[1].via, "fd00:1::10");
    assert_int_equal(c->route[2].kind, CFG_ROUTE_VTEP);
    check_addr(&c->route[2].vtep, "192.0.2.2");
    check_mac(c->route[2].mac, "02:00:00:00:00:20");
    assert_int_equal(c->route[2].mtu, 1400);
    assert_int_equal(c->route[0].mtu, 0);
    assert_int_equal(c->route[3].kind, CFG_ROUTE_BLACKHOLE);
    assert_int_equal(c->route[4].kind, CFG_ROUTE_LOCAL);
    assert_int_equal(c->vteps, 1);
    cfg_free(c);
}

static void default_group(void **state)
{
    struct cfg *c = parse_text("version: 1\nsecurity_groups: [{name: a}]\n", NULL);
    const struct cfg_group *g = &c->group[0];

    (void)state;
    assert_int_equal(c->groups, 2);
    assert_string_equal(g->name, "default");
    assert_int_equal(g->rules, 2);
    assert_true(!g->rule[0].ingress && g->rule[0].allow && g->rule[0].remote == CFG_ANY);
    assert_true(g->rule[1].ingress && g->rule[1].allow && g->rule[1].remote == CFG_GROUP);
    assert_int_equal(g->rule[1].group, 0);
    assert_string_equal(c->group[1].name, "a");
    assert_int_equal(c->group[1].rules, 0);
    cfg_free(c);

    /* The document's own, wherever it stands, is group 0. */
    c = parse_text("version: 1\nsecurity_groups:\n"
                   "  - {name: a, rules: [{direction: ingress, action: allow, "
                   "remote: 'group:b'}]}\n"
                   "  - {name: default}\n  - {name: b}\n",
                   NULL);
    assert_int_equal(c->groups, 3);
    assert_string_equal(c->group[0].name, "default");
    assert_int_equal(c->group[0].rules, 0);
    assert_string_equal(c->group[1].name, "a");
    assert_int_equal(c->group[1].rule[0].group, 2);
    cfg_free(c);
}

static void port_types(void **state)
{
    static const char *const type[] = {"tap", "kernel", "pcap", "null", "\"null\"", "ring", "pci"};
    static const enum hsr_port_kind kind[] = {
        HSR_PORT_KIND_TAP,  HSR_PORT_KIND_KERNEL, HSR_PORT_KIND_PCAP, HSR_PORT_KIND_NULL,
        HSR_PORT_KIND_NULL, HSR_PORT_KIND_RING,   HSR_PORT_KIND_PCI};

    (void)state;
    for (int i = 0; i < 7; i++) {
        char text[160];
        struct cfg *c;

        snprintf(text, sizeof(text),
                 "version: 1\nports: [{name: a, role: uplink, type: %s, device: d, "
                 "address: 192.0.2.1/24}]\n",
                 type[i]);
        c = parse_text(text, NULL);
        assert_int_equal(c->port[0].kind, kind[i]);
        assert_string_equal(c->port[0].device, "d");
        cfg_free(c);
    }
}

/* A document that is refused, with these words. */
static void refused(const char *text, const char *words)
{
    json_t *document = load_text(text);
    struct cfg_error error;
    struct cfg *c;

    assert_int_not_equal(cfg_parse(document, NULL, &c, &error), 0);
    if (!strstr(error.text, words)) {
        fail_msg("'%s' does not say '%s'", error.text, words);
    }
    json_decref(document);
}

/* Ports with a socket: who listens goes to the driver, and no two ports have the same one. */
static void port_sockets(void **state)
{
    static const char head[] = "version: 1\nports: [{name: a, role: uplink, type: ",
                      tail[] = ", address: 192.0.2.1/24}";
    static const struct {
        const char *port, *error;
    } bad[] = {
        {"vhost-user", "'path' is missing"},
        {"memif, path: here", "begins with '/'"},
        {"memif, path: \"/a,role=server\"", "without commas"},
        {"vhost-user, path: /a, device: b", "give 'path'"},
        {"vhost-user, path: /a, side: both", "'both'"},
        {"tap, path: /a", "only for a port with type=vhost-user|memif"},
    };
    char text[400];
    struct cfg *c;

    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        snprintf(text, sizeof(text), "%s%s%s]\n", head, bad[i].port, tail);
        refused(text, bad[i].error);
    }
    snprintf(text, sizeof(text),
             "%svhost-user, path: /run/a%s,\n {name: b, role: uplink, type: memif, path: /run/b, "
             "side: server, args: \"rsize=11\", address: 192.0.3.1/24}]\n",
             head, tail);
    c = parse_text(text, NULL);
    assert_int_equal(c->port[0].kind, HSR_PORT_KIND_VHOST_USER);
    assert_string_equal(c->port[0].device, "/run/a");
    assert_string_equal(c->port[0].args, "role=client");
    assert_int_equal(c->port[1].kind, HSR_PORT_KIND_MEMIF);
    assert_string_equal(c->port[1].args, "rsize=11,role=server");
    cfg_free(c);
    snprintf(text, sizeof(text),
             "%svhost-user, path: /run/a%s,\n {name: b, role: uplink, type: memif, path: /run/a, "
             "address: 192.0.3.1/24}]\n",
             head, tail);
    refused(text, "/run/a");
}

/* A document with a port and a VPC for each letter. */
static struct cfg *letters(const char *names, const struct cfg *old)
{
    json_t *ports = json_array(), *vpcs = json_array(), *document;
    struct cfg_error error;
    struct cfg *c;

    for (const char *p = names; *p; p++) {
        char name[2] = {*p, '\0'}, address[16];

        snprintf(address, sizeof(address), "10.0.%d.1/24", *p);
        json_array_append_new(ports, json_pack("{ssssssss}", "name", name, "role", "uplink", "type",
                                               "ring", "address", address));
        json_array_append_new(vpcs, json_pack("{sssi}", "name", name, "vni", (int)*p));
    }
    document = json_pack("{siso so}", "version", 1, "ports", ports, "vpcs", vpcs);
    assert_int_equal(cfg_parse(document, old, &c, &error), 0);
    json_decref(document);
    return c;
}

static void check_numbers(const struct cfg *c, const unsigned *index)
{
    for (uint32_t i = 0; i < c->ports; i++) {
        assert_int_equal(c->port[i].index, index[i]);
        assert_int_equal(c->vpc[i].context, index[i] + 1);
    }
}

static void numbers_stay(void **state)
{
    struct cfg *one = letters("abc", NULL), *two = letters("cxa", one),
               *three = letters("yxca", two);
    struct cfg *four = letters("abcxy", three);

    (void)state;
    check_numbers(one, (const unsigned[]){0, 1, 2});
    /* x does not get the number of b, which goes at the same time. */
    check_numbers(two, (const unsigned[]){2, 3, 0});
    /* Now it is free. */
    check_numbers(three, (const unsigned[]){1, 3, 2, 0});
    check_numbers(four, (const unsigned[]){0, 4, 2, 3, 1});
    cfg_free(one);
    cfg_free(two);
    cfg_free(three);
    cfg_free(four);
}

/* All 1,024 ports replaced at once: the numbers of those that go are taken after all. */
static void numbers_run_out(void **state)
{
    struct cfg *old = NULL;

    (void)state;
    for (int round = 'a'; round <= 'b'; round++) {
        json_t *ports = json_array(), *document;
        bool used[HSR_MAX_PORTS] = {false};
        struct cfg_error error;
        struct cfg *c;

        for (int i = 0; i < HSR_MAX_PORTS; i++) {
            char name[16], address[24], mac[24];

            snprintf(name, sizeof(name), "%c%d", round, i);
            snprintf(address, sizeof(address), "10.%d.%d.5", i >> 8 & 255, i & 255);
            snprintf(mac, sizeof(mac), "02:00:00:00:%02x:%02x", i >> 8 & 255, i & 255);
            json_array_append_new(ports, json_pack("{ss ss ss ss ss s[s]}", "name", name, "role",
                                                   "vnic", "type", "ring", "subnet", "all", "mac",
                                                   mac, "addresses", address));
        }
        document = json_pack("{si so s[{ss si}] s[{ss ss ss}]}", "version", 1, "ports", ports,
                             "vpcs", "name", "v", "vni", 1, "subnets", "name", "all", "vpc", "v",
                             "prefix4", "10.0.0.0/8");
        assert_int_equal(cfg_parse(document, old, &c, &error), 0);
        for (int i = 0; i < HSR_MAX_PORTS; i++) {
            assert_in_range(c->port[i].index, 0, HSR_MAX_PORTS - 1);
            assert_false(used[c->port[i].index]);
            used[c->port[i].index] = true;
        }
        json_decref(document);
        cfg_free(old);
        old = c;
    }
    cfg_free(old);
}

static void texts(void **state)
{
    static const char *const bad[] = {"",     "10.1.0.0",    "10.1.0.0/",   "10.1.0.0/+8",
                                      "/8",   "10.1.0.0/8 ", "10.1.0.0/-1", "fd00::/129",
                                      "x/24", "10.1/16",     "10.1.0.0/08"};
    struct cfg_prefix p;
    struct cfg_addr a = {.family = 0};
    char buf[52];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(cfg_prefix_parse(bad[i], &p));
    }
    assert_true(cfg_prefix_parse("fd00:0::/128", &p));
    assert_string_equal(cfg_prefix_text(&p, buf), "fd00::/128");
    assert_true(cfg_prefix_parse("0.0.0.0/0", &p) && cfg_addr_parse("255.1.2.3", &a));
    assert_true(cfg_prefix_contains(&p, &a));
    assert_true(cfg_prefix_parse("255.1.2.2/31", &p) && cfg_prefix_contains(&p, &a));
    assert_true(cfg_prefix_parse("255.1.2.2/32", &p) && !cfg_prefix_contains(&p, &a));
    assert_true(cfg_prefix_parse("::/0", &p) && !cfg_prefix_contains(&p, &a));
    assert_false(cfg_addr_parse("10.1.0", &a) || cfg_addr_parse("010.1.0.1", &a));
    assert_string_equal(cfg_addr_text(&a, buf), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(least),          cmocka_unit_test(default_timeouts),
        cmocka_unit_test(minimal),        cmocka_unit_test(two_tenants),
        cmocka_unit_test(gateway_routes), cmocka_unit_test(default_group),
        cmocka_unit_test(port_types),     cmocka_unit_test(port_sockets),
        cmocka_unit_test(numbers_stay),   cmocka_unit_test(numbers_run_out),
        cmocka_unit_test(texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

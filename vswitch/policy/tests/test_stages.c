/* SPDX-License-Identifier: Apache-2.0 */
/* Each stage by table, over one small world. */
#include <netinet/in.h>
#include <string.h>

#include "world.h"

struct world {
    struct cfg *cfg;
    struct pol *pol;
};

static int setup(void **state)
{
    static struct world w;

    w.cfg = world_cfg();
    world_open_group(w.cfg);
    w.pol = pol_build(w.cfg, NULL);
    *state = &w;
    return w.pol ? 0 : -1;
}

static int teardown(void **state)
{
    struct world *w = *state;

    pol_free(w->pol);
    cfg_free(w->cfg);
    return 0;
}

/* One packet and what is to be seen. MACs are last bytes, 0: do not compare; VTEPs are hosts by number. */
struct row {
    const char *what;
    uint16_t ingress;
    uint32_t context;
    uint8_t outer; /* from the tunnel, from this VTEP */
    uint8_t src_mac, dst_mac;
    const char *src, *dst;
    uint8_t proto;
    uint16_t sport, dport;
    bool again;
    /* seen */
    enum hsr_drop drop;
    uint16_t to; /* 0: none */
    uint8_t vtep;
    bool routed;
    uint8_t out_src, out_dst;
    bool back_routed;
    uint8_t back_vtep, back_src, back_dst;
};

static void expect_vtep(const struct cfg_addr *got, uint8_t n)
{
    struct cfg_addr want = world_vtep(n);

    assert_memory_equal(got, &want, sizeof want);
}

static struct pol_walk walk_of(const struct row *r)
{
    return (struct pol_walk){
        .ingress = r->ingress,
        .from_tunnel = r->outer != 0,
        .again = r->again,
        .context = r->context,
        .outer_src = world_vtep(r->again ? 0 : r->outer),
        .src_mac48 = r->again ? 0 : make_mac(r->src_mac),
        .dst_mac48 = r->again ? 0 : make_mac(r->dst_mac),
        .src = make_addr(r->src),
        .dst = make_addr(r->dst),
        .proto = r->proto,
        .sport = r->sport,
        .dport = r->dport,
        .explain = true,
    };
}

static uint64_t mac_or_0(uint8_t last)
{
    return last ? make_mac(last) : 0;
}

static void check_found(const struct row *r, const struct pol_walk *w)
{
    assert_int_equal(w->to ? w->to->index : 0, r->to);
    expect_vtep(&w->vtep, r->vtep);
    assert_int_equal(w->routed, r->routed);
    assert_int_equal(w->back_routed, r->back_routed);
    expect_vtep(&w->back_vtep, r->back_vtep);
    assert_int_equal(w->out_src_mac48, mac_or_0(r->out_src));
    assert_int_equal(w->out_dst_mac48, mac_or_0(r->out_dst));
    assert_int_equal(w->back_src_mac48, mac_or_0(r->back_src));
    assert_int_equal(w->back_dst_mac48, mac_or_0(r->back_dst));
}

static void check(const struct pol *pol, const struct row *r, size_t n, enum pol_stage stage)
{
    for (size_t i = 0; i < n; i++) {
        struct pol_walk w = walk_of(&r[i]);

        pol_walk(pol, &w);
        if (w.drop != r[i].drop)
            print_error("%s: drop %d, not %d (%s)\n", r[i].what, w.drop, r[i].drop, w.why);
        assert_int_equal(w.drop, r[i].drop);
        if (w.drop == HSR_DROP_NONE)
            check_found(&r[i], &w);
        else
            assert_int_equal(w.stage, stage);
    }
}
#define CHECK(pol, rows, stage) check((pol), (rows), sizeof(rows) / sizeof(rows)[0], (stage))

static void vnic(void **state)
{
    static const struct row rows[] = {
        {"no such port", 77, 1, 0, 1, 2, "10.0.0.1", "10.0.0.2", .drop = HSR_DROP_NOT_CONFIGURED},
        {"no port", HSR_NO_PORT, 1, 0, 1, 2, "10.0.0.1", "10.0.0.2",
         .drop = HSR_DROP_NOT_CONFIGURED},
        {"uplink, no tunnel", UPLINK, 1, 0, 1, 2, "10.0.0.1", "10.0.0.2",
         .drop = HSR_DROP_NOT_CONFIGURED},
        {"tunnel on a vNIC", 1, 1, 9, 9, 2, "10.0.0.9", "10.0.0.2",
         .drop = HSR_DROP_NOT_CONFIGURED},
    };
    struct world *w = *state;

    CHECK(w->pol, rows, POL_VNIC);
}

static void vpc(void **state)
{
    static const struct row rows[] = {
        {"unknown VNI", UPLINK, 0, 9, 9, 1, "10.0.0.9", "10.0.0.1", .drop = HSR_DROP_UNKNOWN_VNI},
        {"stale context", UPLINK, 3, 9, 9, 1, "10.0.0.9", "10.0.0.1",
         .drop = HSR_DROP_NOT_CONFIGURED},
        {"vNIC, no context", 1, 0, 0, 1, 2, "10.0.0.1", "10.0.0.2",
         .drop = HSR_DROP_NOT_CONFIGURED},
        {"vNIC, other's context", 1, 2, 0, 1, 5, "10.0.0.1", "10.0.0.5",
         .drop = HSR_DROP_NOT_CONFIGURED},
        {"unknown VTEP", UPLINK, 1, 66, 9, 1, "10.0.0.9", "10.0.0.1",
         .drop = HSR_DROP_UNKNOWN_VTEP},
        {"our own VTEP is no peer", UPLINK, 1, 1, 9, 1, "10.0.0.9", "10.0.0.1",
         .drop = HSR_DROP_UNKNOWN_VTEP},
    };
    struct world *w = *state;
    struct pol_walk ok =
        walk_of(&(struct row){"", 4, 2, 0, 4, 5, "10.0.0.1", "10.0.0.5", .drop = HSR_DROP_NONE});

    CHECK(w->pol, rows, POL_VPC);
    pol_walk(w->pol, &ok);
    assert_int_equal(ok.vni, 200);
}

static void antispoof(void **state)
{
    static const struct row rows[] = {
        {"other's MAC", 1, 1, 0, 2, 9, "10.0.0.1", "10.0.0.9", .drop = HSR_DROP_SPOOF_MAC},
        {"other's address", 1, 1, 0, 1, 9, "10.0.0.2", "10.0.0.9", .drop = HSR_DROP_SPOOF_IP},
        {"other's, again", 1, 1, 0, 1, 9, "10.0.0.2", "10.0.0.9", .again = true,
         .drop = HSR_DROP_SPOOF_IP},
        {"other's IPv6", 1, 1, 0, 1, 9, "fd00:1::2", "fd00:1::9", .drop = HSR_DROP_SPOOF_IP},
        {"other's link-local", 1, 1, 0, 1, 9, "fe80::ff:fe00:2", "fd00:1::9",
         .drop = HSR_DROP_SPOOF_IP},
        {"link-local, other prefix", 1, 1, 0, 1, 9, "fe80:0:0:1:0:ff:fe00:1", "fd00:1::9",
         .drop = HSR_DROP_SPOOF_IP},
        {"0.0.0.0", 3, 1, 0, 3, 8, "0.0.0.0", "10.0.1.8", .drop = HSR_DROP_SPOOF_IP},
        {"this network", 3, 1, 0, 3, 8, "0.1.2.3", "10.0.1.8", .drop = HSR_DROP_SPOOF_IP},
        {"loopback", 3, 1, 0, 3, 8, "127.1.2.3", "10.0.1.8", .drop = HSR_DROP_SPOOF_IP},
        {"multicast", 3, 1, 0, 3, 8, "224.0.0.1", "10.0.1.8", .drop = HSR_DROP_SPOOF_IP},
        {"last multicast", 3, 1, 0, 3, 8, "239.255.255.255", "10.0.1.8", .drop = HSR_DROP_SPOOF_IP},
        {"broadcast", 3, 1, 0, 3, 8, "255.255.255.255", "10.0.1.8", .drop = HSR_DROP_SPOOF_IP},
        {"::", 3, 1, 0, 3, 8, "::", "fd00:1::1", .drop = HSR_DROP_SPOOF_IP},
        {"::1", 3, 1, 0, 3, 8, "::1", "fd00:1::1", .drop = HSR_DROP_SPOOF_IP},
        {"IPv6 multicast", 3, 1, 0, 3, 8, "ff02::1", "fd00:1::1", .drop = HSR_DROP_SPOOF_IP},
        {"multicast from the tunnel", UPLINK, 1, 9, 9, 1, "224.0.0.1", "10.0.0.1",
         .drop = HSR_DROP_SPOOF_IP},
        {"DHCP server", 1, 1, 0, 1, 9, "10.0.0.1", "10.0.0.9", UDP, 67, 68,
         .drop = HSR_DROP_SPOOF_DHCP},
        {"DHCPv6 server", 1, 1, 0, 1, 9, "fd00:1::1", "fd00:1::9", UDP, 547, 546,
         .drop = HSR_DROP_SPOOF_DHCP},
        {"own address comes from outside", UPLINK, 1, 9, 9, 2, "10.0.0.1", "10.0.0.2",
         .drop = HSR_DROP_LOOP},
        /* what passes */
        {"DHCP client", 1, 1, 0, 1, 2, "10.0.0.1", "10.0.0.2", UDP, 68, 67, .to = 2, .out_src = 1,
         .out_dst = 2, .back_src = 2, .back_dst = 1},
        {"TCP 67 to 68", 1, 1, 0, 1, 2, "10.0.0.1", "10.0.0.2", TCP, 67, 68, .to = 2, .out_src = 1,
         .out_dst = 2, .back_src = 2, .back_dst = 1},
        {"unguarded vNIC, any source and MAC", 3, 1, 0, 0x33, 8, "203.0.113.1", "10.0.1.8",
         .vtep = 8, .out_src = 0x33, .out_dst = 8, .back_src = 8, .back_dst = 0x33},
        {"unguarded DHCP server", 3, 1, 0, 3, 8, "10.0.1.3", "10.0.1.8", UDP, 67, 68, .vtep = 8,
         .out_src = 3, .out_dst = 8, .back_src = 8, .back_dst = 3},
    };
    struct world *w = *state;

    CHECK(w->pol, rows, POL_ANTISPOOF);
}

static void own_link_local_is_no_spoof(void **state)
{
    /* 02:00:00:00:00:01 gives fe80::ff:fe00:1; it passes the stage and has no way out of its subnet. */
    static const struct row rows[] = {
        {"own link-local", 1, 1, 0, 1, 0xF1, "fe80::ff:fe00:1", "fd00:1::1", .drop = HSR_DROP_LOOP},
        {"to a link-local", 1, 1, 0, 1, 0xF1, "fd00:1::1", "fe80::ff:fe00:2",
         .drop = HSR_DROP_NO_ROUTE},
    };
    struct world *w = *state;

    CHECK(w->pol, rows, POL_ROUTE);
}

static void route_from_vnic(void **state)
{
    static const struct row rows[] = {
        {"same subnet, here", 1, 1, 0, 1, 2, "10.0.0.1", "10.0.0.2", .to = 2, .out_src = 1,
         .out_dst = 2, .back_src = 2, .back_dst = 1},
        {"same subnet, there", 1, 1, 0, 1, 9, "10.0.0.1", "10.0.0.9", .vtep = 9, .out_src = 1,
         .out_dst = 9, .back_src = 9, .back_dst = 1},
        {"other subnet, here", 1, 1, 0, 1, 0xF1, "10.0.0.1", "10.0.1.3", .to = 3, .routed = true,
         .out_src = 0xF2, .out_dst = 3, .back_routed = true, .back_src = 0xF1, .back_dst = 1},
        {"other subnet, there", 1, 1, 0, 1, 0xF1, "10.0.0.1", "10.0.1.8", .vtep = 8, .routed = true,
         .out_src = 0xF2, .out_dst = 8, .back_src = 0xF1, .back_dst = 1},
        {"VTEP route", 1, 1, 0, 1, 0xF1, "10.0.0.1", "172.16.5.5", .vtep = 7, .routed = true,
         .out_src = 0xF1, .out_dst = 7, .back_src = 0xF1, .back_dst = 1},
        {"route via a vNIC", 1, 1, 0, 1, 0xF1, "10.0.0.1", "198.51.100.9", .to = 3, .routed = true,
         .out_src = 0xF2, .out_dst = 3, .back_routed = true, .back_src = 0xF1, .back_dst = 1},
        {"other subnet, again", 1, 1, 0, 0, 0, "10.0.0.1", "10.0.1.8", .again = true, .vtep = 8,
         .routed = true, .out_src = 0xF2, .out_dst = 8, .back_src = 0xF1, .back_dst = 1},
        {"same subnet, again", 1, 1, 0, 0, 0, "10.0.0.1", "10.0.0.9", .again = true, .vtep = 9,
         .out_src = 1, .out_dst = 9, .back_src = 9, .back_dst = 1},
        {"unguarded, again", 3, 1, 0, 0, 0, "203.0.113.1", "10.0.1.8", .again = true, .vtep = 8,
         .out_src = 3, .out_dst = 8, .back_src = 8, .back_dst = 3},
        {"blackhole inside a subnet", 1, 1, 0, 1, 2, "10.0.0.1", "10.0.0.200",
         .drop = HSR_DROP_BLACKHOLE},
        {"nobody there", 1, 1, 0, 1, 0x77, "10.0.0.1", "10.0.0.77", .drop = HSR_DROP_NO_MAPPING},
        {"nowhere", 1, 1, 0, 1, 0xF1, "10.0.0.1", "8.8.8.8", .drop = HSR_DROP_NO_ROUTE},
        {"nowhere, IPv6", 1, 1, 0, 1, 0xF1, "fd00:1::1", "2001:db8::1", .drop = HSR_DROP_NO_ROUTE},
        {"to itself", 1, 1, 0, 1, 1, "10.0.0.1", "10.0.0.1", .drop = HSR_DROP_LOOP},
        {"router's own route", 3, 1, 0, 3, 0xF2, "10.0.1.3", "198.51.100.9", .drop = HSR_DROP_LOOP},
        {"bridged to the gateway", 1, 1, 0, 1, 0xF1, "10.0.0.1", "10.0.0.2",
         .drop = HSR_DROP_UNKNOWN_MAC},
        {"bridged to another", 1, 1, 0, 1, 9, "10.0.0.1", "10.0.0.2", .drop = HSR_DROP_UNKNOWN_MAC},
        {"routed past the gateway", 1, 1, 0, 1, 3, "10.0.0.1", "10.0.1.3",
         .drop = HSR_DROP_UNKNOWN_MAC},
        {"routed by a foreign gateway", 1, 1, 0, 1, 0xF2, "10.0.0.1", "10.0.1.3",
         .drop = HSR_DROP_UNKNOWN_MAC},
    };
    struct world *w = *state;

    CHECK(w->pol, rows, POL_ROUTE);
}

static void route_from_tunnel(void **state)
{
    static const struct row rows[] = {
        {"same subnet", UPLINK, 1, 9, 9, 1, "10.0.0.9", "10.0.0.1", .to = 1, .out_src = 9,
         .out_dst = 1, .back_vtep = 9, .back_src = 1, .back_dst = 9},
        {"routed by the peer", UPLINK, 1, 8, 0xF1, 1, "10.0.1.8", "10.0.0.1", .to = 1,
         .out_src = 0xF1, .out_dst = 1, .back_routed = true, .back_vtep = 8, .back_src = 0xF2,
         .back_dst = 8},
        {"to be routed here", UPLINK, 1, 8, 8, 0xF2, "10.0.1.8", "10.0.0.1", .to = 1,
         .routed = true, .out_src = 0xF1, .out_dst = 1, .back_routed = true, .back_vtep = 8,
         .back_src = 0xF2, .back_dst = 8},
        {"mapping says where replies go", UPLINK, 1, 7, 9, 1, "10.0.0.9", "10.0.0.1", .to = 1,
         .out_src = 9, .out_dst = 1, .back_vtep = 9, .back_src = 1, .back_dst = 9},
        {"far side of a route", UPLINK, 1, 7, 7, 1, "172.16.5.5", "10.0.0.1", .to = 1, .out_src = 7,
         .out_dst = 1, .back_routed = true, .back_vtep = 7, .back_src = 0xF1, .back_dst = 7},
        {"to the far side of a vNIC", UPLINK, 1, 9, 9, 3, "10.0.0.9", "198.51.100.9", .to = 3,
         .out_src = 9, .out_dst = 3, .back_routed = true, .back_vtep = 9, .back_src = 0xF1,
         .back_dst = 9},
        {"again, mapping", UPLINK, 1, 8, 0, 0, "10.0.1.8", "10.0.0.1", .again = true, .to = 1,
         .out_src = 0xF1, .out_dst = 1, .back_routed = true, .back_vtep = 8, .back_src = 0xF2,
         .back_dst = 8},
        {"again, same subnet", UPLINK, 1, 9, 0, 0, "10.0.0.9", "10.0.0.1", .again = true, .to = 1,
         .out_src = 9, .out_dst = 1, .back_vtep = 9, .back_src = 1, .back_dst = 9},
        {"again, far side", UPLINK, 1, 7, 0, 0, "172.16.5.5", "10.0.0.1", .again = true, .to = 1,
         .out_src = 0xF1, .out_dst = 1, .back_routed = true, .back_vtep = 7, .back_src = 0xF1,
         .back_dst = 7},
        {"other's MAC", UPLINK, 1, 9, 9, 2, "10.0.0.9", "10.0.0.1", .drop = HSR_DROP_UNKNOWN_MAC},
        {"other tenant's gateway", UPLINK, 1, 9, 9, 0xF3, "10.0.0.9", "10.0.0.1",
         .drop = HSR_DROP_UNKNOWN_MAC},
        {"not here", UPLINK, 1, 9, 9, 8, "10.0.0.9", "10.0.1.8", .drop = HSR_DROP_LOOP},
        {"out again by a route", UPLINK, 1, 9, 9, 0xF1, "10.0.0.9", "172.16.5.5",
         .drop = HSR_DROP_LOOP},
        {"nobody", UPLINK, 1, 9, 9, 0x77, "10.0.0.9", "10.0.0.77", .drop = HSR_DROP_NO_MAPPING},
        {"no route", UPLINK, 1, 9, 9, 0xF1, "10.0.0.9", "8.8.8.8", .drop = HSR_DROP_NO_MAPPING},
        {"blackhole", UPLINK, 1, 9, 9, 0xF1, "10.0.0.9", "10.0.0.200", .drop = HSR_DROP_BLACKHOLE},
    };
    struct world *w = *state;

    CHECK(w->pol, rows, POL_ROUTE);
}

static void tenants_never_meet(void **state)
{
    /* The same addresses in both; MACs and ports tell whose they are. */
    static const struct row rows[] = {
        {"2: .1 to .5", 4, 2, 0, 4, 5, "10.0.0.1", "10.0.0.5", .to = 5, .out_src = 4, .out_dst = 5,
         .back_src = 5, .back_dst = 4},
        {"2: to .1", 5, 2, 0, 5, 4, "10.0.0.5", "10.0.0.1", .to = 4, .out_src = 5, .out_dst = 4,
         .back_src = 4, .back_dst = 5},
        {"1: tenant 2's .5", 1, 1, 0, 1, 5, "10.0.0.1", "10.0.0.5", .drop = HSR_DROP_NO_MAPPING},
        {"2: tenant 1's .2", 4, 2, 0, 4, 2, "10.0.0.1", "10.0.0.2", .drop = HSR_DROP_NO_MAPPING},
        {"2: tenant 1's mapping", 4, 2, 0, 4, 9, "10.0.0.1", "10.0.0.9",
         .drop = HSR_DROP_NO_MAPPING},
        {"2: tenant 1's subnet", 4, 2, 0, 4, 0xF3, "10.0.0.1", "10.0.1.3",
         .drop = HSR_DROP_NO_ROUTE},
        {"2: tenant 1's route", 4, 2, 0, 4, 0xF3, "10.0.0.1", "172.16.5.5",
         .drop = HSR_DROP_NO_ROUTE},
    };
    struct world *w = *state;

    CHECK(w->pol, rows, POL_ROUTE);
}

static void explain_names_rule_and_route(void **state)
{
    struct world *world = *state;
    struct pol_walk w =
        walk_of(&(struct row){"", 1, 1, 0, 1, 2, "10.0.0.1", "10.0.0.2", .drop = HSR_DROP_NONE});

    pol_walk(world->pol, &w);
    assert_string_equal(w.why, "egress: rule group0/0 allows; route: 10.0.0.0/24 subnet; "
                               "ingress: rule group0/1 allows");
    w.dst = make_addr("8.8.8.8");
    pol_walk(world->pol, &w);
    assert_string_equal(w.why, "egress: rule group0/0 allows; route: none");
    w.explain = false;
    pol_walk(world->pol, &w);
    assert_string_equal(w.why, "");
}

static void look_ups(void **state)
{
    struct world *w = *state;
    struct cfg_addr one = make_addr("10.0.0.1"), gateway = make_addr("10.0.1.254");

    assert_int_equal(pol_vni(w->pol, pol_port(w->pol, 1)->context), 100);
    assert_int_equal(pol_vni(w->pol, pol_port(w->pol, 4)->context), 200);
    assert_false(pol_port(w->pol, 6)->valid);
    assert_false(pol_port(w->pol, HSR_NO_PORT)->valid);
    assert_int_equal(pol_uplink(w->pol)->index, UPLINK);
    expect_vtep(&pol_link(pol_uplink(w->pol), 4)->net.addr, 1);
    assert_int_equal(pol_link(pol_uplink(w->pol), 4)->net.len, 24);
    assert_int_equal(pol_link(pol_uplink(w->pol), 4)->gateways, 0);
    assert_int_equal(pol_link(pol_uplink(w->pol), 6)->net.len, 64);
    assert_int_equal(pol_link(pol_uplink(w->pol), 6)->gateways, 1);
    assert_int_equal(pol_link(pol_port(w->pol, 1), 4)->net.addr.family, 0);
    assert_int_equal(pol_endpoint(w->pol, 1, &one)->port, 1);
    assert_int_equal(pol_endpoint(w->pol, 2, &one)->port, 4);
    assert_null(pol_endpoint(w->pol, 3, &one));
    assert_int_equal(pol_gateway(w->pol, 1, &gateway), 1);
    assert_int_equal(pol_gateway(w->pol, 2, &gateway), CFG_NONE);
    assert_int_equal(pol_gateway(w->pol, 99, &gateway), CFG_NONE);
    assert_int_equal(pol_subnet_of(w->pol, 2, &one), 2);
    assert_int_equal(pol_subnet_of(w->pol, 99, &one), CFG_NONE);
    assert_null(pol_subnet(w->pol, 3));
    for (uint8_t n = 0; n < 20; n++) {
        struct cfg_addr host = world_vtep(n);
        bool known = n >= 7 && n <= 9;

        assert_int_equal(pol_static_neighbor(w->pol, &host), n == 8   ? make_mac(0x88)
                                                             : n == 9 ? make_mac(0x99)
                                                                      : 0);
        assert_int_equal(pol_is_vtep(w->pol, &host), known);
        assert_int_equal(pol_is_vtep4(w->pol, 0xC0000200u + n), known && n != 8);
    }
    assert_int_equal(pol_vni(w->pol, 99), 0);
}

/* The smaller limit of route and mapping, each way; a port's own is not the walk's. */
static void mtu_of_the_way(void **state)
{
    static const struct {
        const char *src, *dst;
        uint16_t ingress;
        uint8_t vtep, smac, dmac;
        uint16_t mtu, back;
    } rows[] = {
        {"10.0.0.1", "10.0.0.2", 1, 0, 1, 2, 0, 0},
        {"10.0.0.1", "10.0.0.9", 1, 0, 1, 9, 1450, 0},
        {"10.0.0.9", "10.0.0.1", UPLINK, 9, 9, 1, 0, 1450},
        {"10.0.0.1", "172.16.5.5", 1, 0, 1, 0xF1, 1400, 0},
        {"172.16.5.5", "10.0.0.1", UPLINK, 7, 7, 1, 0, 1400},
        {"10.0.0.1", "198.51.100.9", 1, 0, 1, 0xF1, 1300, 0},
        {"10.0.0.1", "10.0.1.8", 1, 0, 1, 0xF1, 1350, 0},
    };
    struct cfg *c = world_cfg();

    (void)state;
    c->mapping[0].mtu = 1450;
    c->mapping[1].mtu = 1420;
    c->route[1].mtu = 1400;
    c->route[2].mtu = 1300;
    c->port[1].mtu = 1000;
    make_route(c, 0, "10.0.1.0/25", CFG_ROUTE_LOCAL, NULL, 0);
    c->route[3].mtu = 1350;
    world_open_group(c);

    struct pol *pol = pol_build(c, NULL);

    assert_non_null(pol);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pol_walk w = {.ingress = rows[i].ingress,
                             .from_tunnel = rows[i].ingress == UPLINK,
                             .context = 1,
                             .outer_src = world_vtep(rows[i].vtep),
                             .src_mac48 = make_mac(rows[i].smac),
                             .dst_mac48 = make_mac(rows[i].dmac),
                             .src = make_addr(rows[i].src),
                             .dst = make_addr(rows[i].dst),
                             .proto = UDP};

        pol_walk(pol, &w);
        assert_int_equal(w.drop, HSR_DROP_NONE);
        assert_int_equal(w.mtu, rows[i].mtu);
        assert_int_equal(w.back_mtu, rows[i].back);
    }
    pol_free(pol);
    cfg_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(vnic, setup, teardown),
        cmocka_unit_test_setup_teardown(vpc, setup, teardown),
        cmocka_unit_test_setup_teardown(antispoof, setup, teardown),
        cmocka_unit_test_setup_teardown(own_link_local_is_no_spoof, setup, teardown),
        cmocka_unit_test_setup_teardown(route_from_vnic, setup, teardown),
        cmocka_unit_test_setup_teardown(route_from_tunnel, setup, teardown),
        cmocka_unit_test_setup_teardown(tenants_never_meet, setup, teardown),
        cmocka_unit_test_setup_teardown(explain_names_rule_and_route, setup, teardown),
        cmocka_unit_test_setup_teardown(look_ups, setup, teardown),
        cmocka_unit_test(mtu_of_the_way),
    };

    return cmocka_run_group_tests(tests, make_eal, make_eal_end);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nat stage: who is known as what.
 *
 *     VPC 1 (context 1), way out by 0.0.0.0/0 and ::/0          VPC 2 (context 2), way out by 0.0.0.0/0
 *       10.0.0.0/24, fd00:1::/64 pool 203.0.113.100               10.0.0.0/24, no pool
 *         port 1: .1, fd00:1::1, EIPs 203.0.113.1, 2001:db8::1      port 4: .1, EIP 203.0.113.4
 *         port 2: .2, tcp 80 of 203.0.113.100 to its 8080           port 5: .5
 *       10.0.1.0/24
 *         port 3: .3
 *       203.0.113.64/27 is a blackhole
 *     port 0: uplink
 */
#include "make.h"

#include <stdio.h>
#include <string.h>

enum { UPLINK, TCP = 6, UDP = 17, ICMP = 1, GRE = 47 };

static struct cfg *world_cfg(void)
{
    struct cfg *c = make_cfg();
    uint32_t g;

    make_vpc(c, 100, 1);
    make_vpc(c, 200, 2);
    make_subnet(c, 0, "10.0.0.0/24", "fd00:1::/64", "10.0.0.254", 0xF1);
    make_subnet(c, 0, "10.0.1.0/24", NULL, "10.0.1.254", 0xF2);
    make_subnet(c, 1, "10.0.0.0/24", NULL, "10.0.0.254", 0xF3);
    make_uplink(c, UPLINK, "192.0.2.1");
    make_vnic(c, 1, 0, 1, "10.0.0.1", "fd00:1::1");
    make_vnic(c, 2, 0, 2, "10.0.0.2", NULL);
    make_vnic(c, 3, 1, 3, "10.0.1.3", NULL);
    make_vnic(c, 4, 2, 4, "10.0.0.1", NULL);
    make_vnic(c, 5, 2, 5, "10.0.0.5", NULL);
    make_route(c, 0, "0.0.0.0/0", CFG_ROUTE_EXTERNAL, NULL, 0);
    make_route(c, 0, "::/0", CFG_ROUTE_EXTERNAL, NULL, 0);
    make_route(c, 0, "203.0.113.64/27", CFG_ROUTE_BLACKHOLE, NULL, 0);
    make_route(c, 1, "0.0.0.0/0", CFG_ROUTE_EXTERNAL, NULL, 0);
    make_eip(c, 1, "203.0.113.1", "10.0.0.1");
    make_eip(c, 1, "2001:db8::1", "fd00:1::1");
    make_eip(c, 4, "203.0.113.4", "10.0.0.1");
    make_snat(c, 0, "203.0.113.100", 2000, 3000);
    make_forward(c, 2, "203.0.113.100", TCP, 80, "10.0.0.2", 8080);
    g = make_group(c);
    make_rule(c, g, false, true, 100, 0, 0, 65535, "any");
    make_rule(c, g, true, true, 100, 0, 0, 65535, "any");
    for (uint32_t i = 1; i < c->ports; i++)
        make_join(&c->port[i], g);
    return c;
}

struct row {
    const char *what;
    uint16_t ingress; /* UPLINK: from outside */
    const char *src, *dst;
    uint8_t proto;
    uint16_t sport, dport;
    enum hsr_drop drop;
    const char *seen_src, *seen_dst; /* NULL: as they were */
    uint16_t seen_dport;             /* 0: as it was */
    uint16_t to;                     /* 0: none */
    bool leaves, pool;
    uint8_t out_src, out_dst;
};

static const struct row rows[] = {
    {"EIP, out", 1, "10.0.0.1", "198.51.100.1", UDP, 5, 6, .seen_src = "203.0.113.1",
     .leaves = true},
    {"EIP, IPv6", 1, "fd00:1::1", "2001:db8:1::1", UDP, 5, 6, .seen_src = "2001:db8::1",
     .leaves = true},
    {"the same address of another VPC", 4, "10.0.0.1", "198.51.100.1", UDP, 5, 6,
     .seen_src = "203.0.113.4", .leaves = true},
    {"pool", 2, "10.0.0.2", "198.51.100.1", UDP, 5, 6, .seen_src = "203.0.113.100", .leaves = true,
     .pool = true},
    {"no pool, no EIP", 5, "10.0.0.5", "198.51.100.1", UDP, 5, 6, .drop = HSR_DROP_NAT_NONE},
    {"inside nothing changes", 1, "10.0.0.1", "10.0.0.2", UDP, 5, 6, .to = 2, .out_src = 1,
     .out_dst = 2},
    {"EIP, in", UPLINK, "198.51.100.1", "203.0.113.1", UDP, 5, 6, .seen_dst = "10.0.0.1", .to = 1,
     .out_src = 0xF1, .out_dst = 1},
    {"EIP, in, any protocol", UPLINK, "198.51.100.1", "203.0.113.4", GRE, 0, 0,
     .seen_dst = "10.0.0.1", .to = 4, .out_src = 0xF3, .out_dst = 4},
    {"forward", UPLINK, "198.51.100.1", "203.0.113.100", TCP, 5, 80, .seen_dst = "10.0.0.2",
     .seen_dport = 8080, .to = 2, .out_src = 0xF1, .out_dst = 2},
    {"forward, other protocol", UPLINK, "198.51.100.1", "203.0.113.100", UDP, 5, 80,
     .drop = HSR_DROP_NAT_NONE},
    {"forward, other port", UPLINK, "198.51.100.1", "203.0.113.100", TCP, 5, 81,
     .drop = HSR_DROP_NAT_NONE},
    {"ping of a pool", UPLINK, "198.51.100.1", "203.0.113.100", ICMP, 80, 80,
     .drop = HSR_DROP_NAT_NONE},
    {"nobody's", UPLINK, "198.51.100.1", "203.0.113.7", UDP, 5, 6, .drop = HSR_DROP_NAT_NONE},
    {"from outside under an address of the VPC", UPLINK, "10.0.1.3", "203.0.113.1", UDP, 5, 6,
     .drop = HSR_DROP_SPOOF_IP},
    {"from outside under a public address", UPLINK, "203.0.113.4", "203.0.113.1", UDP, 5, 6,
     .drop = HSR_DROP_LOOP},
    {"from outside under no address", UPLINK, "0.0.0.0", "203.0.113.1", UDP, 5, 6,
     .drop = HSR_DROP_SPOOF_IP},
    {"from where the VPC sends nothing", UPLINK, "203.0.113.66", "203.0.113.1", UDP, 5, 6,
     .drop = HSR_DROP_SPOOF_IP},
    {"hairpin in the VPC", 2, "10.0.0.2", "203.0.113.1", UDP, 5, 6, .seen_src = "203.0.113.100",
     .seen_dst = "10.0.0.1", .to = 1, .pool = true, .out_src = 0xF1, .out_dst = 1},
    {"hairpin to a forward", 1, "10.0.0.1", "203.0.113.100", TCP, 5, 80, .seen_src = "203.0.113.1",
     .seen_dst = "10.0.0.2", .seen_dport = 8080, .to = 2, .out_src = 0xF1, .out_dst = 2},
    {"hairpin to another VPC, same address", 1, "10.0.0.1", "203.0.113.4", UDP, 5, 6,
     .seen_src = "203.0.113.1", .seen_dst = "10.0.0.1", .to = 4, .out_src = 0xF3, .out_dst = 4},
    {"hairpin to oneself", 1, "10.0.0.1", "203.0.113.1", UDP, 5, 6, .seen_src = "203.0.113.1",
     .seen_dst = "10.0.0.1", .to = 1, .out_src = 0xF1, .out_dst = 1},
    {"hairpin without a public address", 5, "10.0.0.5", "203.0.113.4", UDP, 5, 6,
     .drop = HSR_DROP_NAT_NONE},
    {"hairpin to what is not forwarded", 1, "10.0.0.1", "203.0.113.100", TCP, 5, 81,
     .drop = HSR_DROP_NAT_NONE},
    {"not ours, inside", 1, "10.0.0.1", "203.0.113.66", UDP, 5, 6, .drop = HSR_DROP_BLACKHOLE},
};

static struct cfg_addr addr_or(const char *text, const struct cfg_addr *other)
{
    return text ? make_addr(text) : *other;
}

static void check(const struct pol *pol, const struct row *r)
{
    const struct pol_port *port = pol_port(pol, r->ingress);
    uint8_t gateway = r->ingress == 3 ? 0xF2 : r->ingress > 3 ? 0xF3 : 0xF1;
    bool inside = r->to && !r->seen_src && r->ingress != UPLINK;
    struct pol_walk w = {.ingress = r->ingress,
                         .external = r->ingress == UPLINK,
                         .context = port->context,
                         .src_mac48 = r->ingress == UPLINK ? make_mac(0xEE) : port->mac48,
                         .dst_mac48 = r->ingress == UPLINK ? port->mac48
                                      : inside             ? make_mac(2)
                                                           : make_mac(gateway),
                         .src = make_addr(r->src),
                         .dst = make_addr(r->dst),
                         .proto = r->proto,
                         .sport = r->sport,
                         .dport = r->dport,
                         .explain = true};

    pol_walk(pol, &w);
    if (w.drop != r->drop)
        fail_msg("%s: drop %d, not %d (%s)", r->what, w.drop, r->drop, w.why);
    if (w.drop != HSR_DROP_NONE)
        return;

    struct cfg_addr src = addr_or(r->seen_src, &w.src), dst = addr_or(r->seen_dst, &w.dst);

    if (!cfg_addr_equal(&w.seen.src, &src) || !cfg_addr_equal(&w.seen.dst, &dst) ||
        w.seen.dport != (r->seen_dport ? r->seen_dport : r->dport) || w.seen.sport != r->sport)
        fail_msg("%s: seen otherwise (%s)", r->what, w.why);
    assert_int_equal(w.translated, r->seen_src || r->seen_dst);
    assert_int_equal(w.leaves, r->leaves);
    assert_int_equal(w.snat != NULL, r->pool);
    assert_int_equal(w.to ? w.to->index : 0, r->to);
    if (r->to) {
        assert_int_equal(w.out_src_mac48, make_mac(r->out_src));
        assert_int_equal(w.out_dst_mac48, make_mac(r->out_dst));
        assert_int_equal(w.to_context, w.to->context);
    }
    if (w.translated) {
        assert_true(w.routed && w.back_routed);
        assert_non_null(strstr(w.why, "nat: "));
    }
}

static void who_is_known_as_what(void **state)
{
    struct cfg *c = world_cfg();
    struct pol *pol = pol_build(c, NULL);
    uint32_t size[POL_SIZES];

    (void)state;
    assert_non_null(pol);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check(pol, &rows[i]);
    pol_sizes(pol, size);
    assert_int_equal(size[POL_SIZE_PUBLIC], 4);
    assert_int_equal(size[POL_SIZE_FORWARDS], 1);
    assert_string_equal(pol_size_name(POL_SIZE_PUBLIC), "public_addresses");
    assert_string_equal(pol_size_name(POL_SIZE_FORWARDS), "forwards");
    pol_free(pol);
    cfg_free(c);
}

/* A frame to the uplink's MAC only; a tunnel's packet never by a public address. */
static void how_it_comes(void **state)
{
    struct cfg *c = world_cfg();
    struct pol *pol = pol_build(c, NULL);
    struct pol_walk w = {.ingress = UPLINK,
                         .external = true,
                         .src_mac48 = make_mac(0xEE),
                         .dst_mac48 = make_mac(0xEF),
                         .src = make_addr("198.51.100.1"),
                         .dst = make_addr("203.0.113.1"),
                         .proto = UDP,
                         .sport = 5,
                         .dport = 6};

    (void)state;
    pol_walk(pol, &w);
    assert_int_equal(w.drop, HSR_DROP_NOT_FOR_US);
    w.again = true; /* without a frame there is no MAC to look at */
    pol_walk(pol, &w);
    assert_int_equal(w.drop, HSR_DROP_NONE);
    w.context = 1; /* nobody's packets from outside have a context */
    pol_walk(pol, &w);
    assert_int_equal(w.drop, HSR_DROP_NOT_CONFIGURED);
    w.ingress = 1;
    pol_walk(pol, &w);
    assert_int_equal(w.drop, HSR_DROP_NOT_CONFIGURED);
    pol_free(pol);
    cfg_free(c);
}

/* With `again`, a session keeps what it has, if the pool still has that. */
static void binding(void **state)
{
    static const struct {
        const char *src;
        uint16_t sport;
        uint8_t proto;
        enum hsr_drop drop;
    } bound[] = {
        {"203.0.113.100", 2000, UDP, HSR_DROP_NONE},
        {"203.0.113.100", 3000, UDP, HSR_DROP_NONE},
        {"203.0.113.101", 2500, ICMP, HSR_DROP_NONE},
        {"203.0.113.100", 7, GRE, HSR_DROP_NONE}, /* has no port */
        {"203.0.113.100", 1999, UDP, HSR_DROP_NAT_NONE},
        {"203.0.113.100", 3001, UDP, HSR_DROP_NAT_NONE},
        {"203.0.113.102", 2500, UDP, HSR_DROP_NAT_NONE},
        {"203.0.113.100", 2500, TCP, HSR_DROP_NAT_NONE}, /* is forwarded now */
        {NULL, 0, UDP, HSR_DROP_NAT_NONE},               /* was not translated */
    };
    struct cfg *c = world_cfg();

    (void)state;
    c->snat[0].addr[c->snat[0].addrs++] = make_addr("203.0.113.101");
    make_forward(c, 2, "203.0.113.100", TCP, 2500, "10.0.0.2", 1);

    struct pol *pol = pol_build(c, NULL);

    assert_non_null(pol);
    for (size_t i = 0; i < sizeof bound / sizeof bound[0]; i++) {
        struct pol_walk w = {.ingress = 2,
                             .context = 1,
                             .again = true,
                             .src = make_addr("10.0.0.2"),
                             .dst = make_addr("198.51.100.1"),
                             .proto = bound[i].proto,
                             .sport = 5,
                             .dport = 6};

        if (bound[i].src)
            w.bound = (struct pol_ends){.src = make_addr(bound[i].src), .sport = bound[i].sport};
        pol_walk(pol, &w);
        assert_int_equal(w.drop, bound[i].drop);
        if (w.drop == HSR_DROP_NONE) {
            assert_true(cfg_addr_equal(&w.seen.src, &w.bound.src));
            assert_int_equal(w.seen.sport, bound[i].sport);
        }
    }
    pol_free(pol);
    cfg_free(c);
}

/* A sender keeps one address of a pool, and senders spread over all of them; each family has its own. */
static void pairs(void **state)
{
    struct cfg *c = world_cfg();
    unsigned used[4] = {0};

    (void)state;
    c->snat[0].addrs = 0;
    for (unsigned i = 0; i < 4; i++) {
        char text[32];

        snprintf(text, sizeof text, "203.0.113.%u", 100 + i);
        c->snat[0].addr[c->snat[0].addrs++] = make_addr(text);
    }
    c->snat[0].addr[c->snat[0].addrs++] = make_addr("2001:db8::64");
    c->port[2].anti_spoof = false;

    struct pol *pol = pol_build(c, NULL);

    assert_non_null(pol);
    for (unsigned i = 0; i < 512; i++) {
        char text[32];

        snprintf(text, sizeof text, "10.0.0.%u", 3 + i / 2 % 250);

        struct pol_walk w = {.ingress = 2,
                             .context = 1,
                             .src_mac48 = make_mac(2),
                             .dst_mac48 = make_mac(0xF1),
                             .src = make_addr(text),
                             .dst = make_addr(i % 2 ? "198.51.100.1" : "198.51.100.2"),
                             .proto = UDP,
                             .sport = (uint16_t)i};
        static struct cfg_addr before;

        pol_walk(pol, &w);
        assert_int_equal(w.drop, HSR_DROP_NONE);
        assert_in_range(w.seen.src.bytes[3], 100, 103);
        used[w.seen.src.bytes[3] - 100]++;
        if (i % 2)
            assert_true(cfg_addr_equal(&before, &w.seen.src));
        before = w.seen.src;
    }
    for (unsigned i = 0; i < 4; i++)
        assert_true(used[i] > 50);

    struct pol_walk six = {.ingress = 2,
                           .context = 1,
                           .src_mac48 = make_mac(2),
                           .dst_mac48 = make_mac(0xF1),
                           .src = make_addr("fd00:1::77"),
                           .dst = make_addr("2001:db8:1::1"),
                           .proto = UDP};
    struct cfg_addr want = make_addr("2001:db8::64");

    pol_walk(pol, &six);
    assert_int_equal(six.drop, HSR_DROP_NONE);
    assert_true(cfg_addr_equal(&six.seen.src, &want));
    pol_free(pol);
    cfg_free(c);
}

/* What cfg_parse() would not have given. */
static void not_a_configuration(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        struct cfg *c = world_cfg();

        if (i == 0)
            c->eip[0].port = UPLINK;
        else if (i == 1)
            c->eip[0].port = 99;
        else if (i == 2)
            c->forward[0].port = 99;
        else if (i == 3)
            c->snat[0].vpc = 99;
        else if (i == 4)
            c->snat[0].id = POL_SNAT_IDS;
        else
            c->snat[0].subnet[c->snat[0].subnets++] = 99;
        assert_null(pol_build(c, NULL));
        cfg_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_known_as_what),
        cmocka_unit_test(how_it_comes),
        cmocka_unit_test(binding),
        cmocka_unit_test(pairs),
        cmocka_unit_test(not_a_configuration),
    };

    return cmocka_run_group_tests(tests, make_eal, make_eal_end);
}

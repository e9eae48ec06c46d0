/* SPDX-License-Identifier: Apache-2.0 */
/* What the pattern of a rule matches: every field, tunnels, masks and ranges, and never a byte that was not parsed. */
#include "rule_bench.h"

static void fields_of_plain_packets(void **state)
{
    static const struct {
        const char *items;
        unsigned item;
        const char *field;
        uint64_t value;
    } cases[] = {
        {"eth", 0, "src", 0x020000000001},  {"eth", 0, "dst", 0x020000000002},
        {"eth", 0, "type", 0x0800},         {"eth ipv4", 1, "src", 0x0A000001},
        {"eth ipv4", 1, "dst", 0x0A000002}, {"eth ipv4", 1, "proto", 17},
        {"eth ipv4", 1, "ttl", 64},         {"eth ipv4", 1, "tos", 0xB8},
        {"eth ipv4 udp", 2, "src", 1000},   {"eth ipv4 udp", 2, "dst", 2000},
        {"ipv4", 0, "dst", 0x0A000002},     {"udp", 0, "dst", 2000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pk_start(&k, 4, 18);
        k.tos = 0xB8;
        pk_udp(&k, 1000, 2000);
        pk_ip_eth(&k, 17);
        pattern(cases[i].items);
        assert_true(match());
        is(cases[i].item, cases[i].field, cases[i].value);
        assert_true(match());
        is(cases[i].item, cases[i].field, cases[i].value ^ 1);
        assert_false(match());
    }
    pattern("eth ipv4 tcp");
    assert_false(match());
    pattern("eth ipv6");
    assert_false(match());
    pattern("eth vlan");
    assert_false(match());
    pattern("");
    assert_true(match());
}

static void fields_of_ipv6_and_the_others(void **state)
{
    (void)state;
    pk_start(&k, 6, 18);
    k.tos = 0xA4;
    pk_tcp(&k, 0x12, NULL, 0);
    pk_ext(&k, 6, 16);
    pk_ip_eth(&k, 60); /* destination options before TCP */
    pattern("eth ipv6 tcp");
    is(1, "tc", 0xA4);
    is(1, "hop", 64);
    is(1, "proto", 60);
    with(2, "flags", 0x02, 0, 0x02);
    is(2, "dst", 2000);
    assert_true(match());
    memcpy(rule.item[1].spec + 8, k.src, 16);
    memset(rule.item[1].mask + 8, 0xFF, 16);
    assert_true(match());
    rule.item[1].spec[23]++;
    assert_false(match());
    pattern("tcp");
    with(0, "flags", 0x04, 0, 0x04);
    assert_false(match());

    pk_start(&k, 4, 8);
    pk_icmp(&k, 8, 7);
    pk_ip_eth(&k, 1);
    pattern("eth ipv4 icmp");
    is(2, "type", 8);
    is(2, "code", 0);
    assert_true(match());
    pattern("icmp6");
    assert_false(match());
    pk_start(&k, 6, 8);
    pk_icmp(&k, 128, 7);
    pk_ip_eth(&k, 58);
    pattern("icmp6");
    is(0, "type", 128);
    assert_true(match());
    pk_start(&k, 4, 8);
    pk_sctp(&k);
    pk_ip_eth(&k, 132);
    pattern("sctp");
    is(0, "dst", 2000);
    assert_true(match());
}

static void tags(void **state)
{
    (void)state;
    pk_start(&k, 4, 18);
    pk_udp(&k, 1000, 2000);
    pk_ip(&k, 17);
    pk_vlan(&k, 0x2005, 0x0800);
    pk_vlan(&k, 0x600A, 0x8100);
    pk_eth(&k, 0x88A8);
    pattern("eth ipv4 udp"); /* says nothing of tags: with or without */
    assert_true(match());
    is(0, "type", 0x88A8);
    assert_true(match());
    pattern("eth vlan vlan ipv4");
    is(1, "vid", 10);
    is(1, "pcp", 3);
    is(1, "inner_type", 0x8100);
    is(2, "vid", 5);
    is(2, "tci", 0x2005);
    assert_true(match());
    is(2, "pcp", 3);
    assert_false(match());
    pattern("vlan");
    is(0, "vid", 5); /* the first tag that a pattern names is the outermost */
    assert_false(match());
}

static void tunnels(void **state)
{
    static const uint8_t options[12] = {1, 2, 3, 1, 9, 9, 9, 9, 0, 0, 4, 0};

    (void)state;
    pk_plain(&k, 6, 6);
    pk_vxlan(&k, 5);
    pk_outer(&k, 4, 4789);
    pattern("eth ipv4 udp vxlan eth ipv6 tcp");
    is(1, "dst", 0x0A000002);
    is(2, "dst", 4789);
    is(3, "vni", 5);
    is(6, "dst", 2000);
    assert_true(match_on(&pk_uplink));
    is(3, "vni", 6);
    assert_false(match_on(&pk_uplink));
    pattern("vxlan eth ipv6");
    assert_true(match_on(&pk_uplink));
    pattern("geneve");
    assert_false(match_on(&pk_uplink));
    pattern("tcp"); /* the outermost L4 header is UDP */
    assert_false(match_on(&pk_uplink));
    pattern("udp");
    is(0, "dst", 4789);
    assert_true(match_on(&pk_uplink));
    assert_true(match_on(&pk_vnic)); /* a guest's own is UDP and nothing more */
    pattern("vxlan");
    assert_false(match_on(&pk_vnic));

    pk_plain(&k, 4, 17);
    pk_geneve(&k, 5, options, sizeof options);
    k.tos = 0x10;
    pk_outer(&k, 6, 6081);
    pattern("eth ipv6 udp geneve eth ipv4 udp");
    is(1, "tc", 0x10);
    is(3, "vni", 5);
    is(5, "src", 0x0A000001);
    is(6, "src", 1000);
    assert_true(match_on(&pk_uplink));
    is(6, "src", 50000);
    assert_false(match_on(&pk_uplink));
}

static void tunnel_behind_tags_and_extension_headers(void **state)
{
    (void)state;
    pk_plain(&k, 4, 6);
    pk_vxlan(&k, 5);
    k.family = 6;
    memcpy(k.src, (uint8_t[16]){0x20, 0x01, 0x0d, 0xb8, [15] = 1}, 16);
    memcpy(k.dst, (uint8_t[16]){0x20, 0x01, 0x0d, 0xb8, [15] = 2}, 16);
    pk_udp(&k, 50000, 4789);
    pk_ext(&k, 17, 24);
    pk_ext(&k, 60, 8);
    pk_ip(&k, 0);
    pk_vlan(&k, 7, 0x86DD);
    pk_eth(&k, 0x8100);
    assert_int_equal(pk_reason(&k, &pk_uplink), 0);
    pattern("eth vlan ipv6 udp vxlan eth ipv4 tcp");
    is(1, "vid", 7);
    is(3, "src", 50000);
    is(4, "vni", 5);
    is(7, "src", 1000);
    assert_true(match_on(&pk_uplink));
    is(4, "vni", 4);
    assert_false(match_on(&pk_uplink));
}

/* What the parser did not go past is not there: no L4 header in a fragment, nothing behind a fault. */
static void never_beyond_what_was_parsed(void **state)
{
    (void)state;
    pk_start(&k, 4, 32);
    k.frag = 0x2000;
    pk_udp(&k, 1000, 2000);
    pk_ip_eth(&k, 17);
    pattern("eth ipv4");
    assert_true(match());
    pattern("eth ipv4 udp");
    assert_false(match());

    pk_plain(&k, 4, 17);
    k.p[15 + 9] ^= 1; /* IP_CSUM: the header was read, what follows was not */
    pattern("eth ipv4");
    assert_true(match());
    pattern("eth ipv4 udp");
    assert_false(match());
    pk_plain(&k, 4, 17);
    k.p[14] = 0x55; /* IP_HDR */
    pattern("eth ipv4");
    assert_false(match());
    pattern("eth");
    is(0, "type", 0x0800);
    assert_true(match());
    pk_start(&k, 4, 46);
    pk_eth(&k, 0x88B5);
    pattern("eth");
    assert_true(match());
    pk_start(&k, 4, 0);
    pk_prepend(&k, (uint8_t[15]){2, [12] = 0x81}, 15); /* half a tag */
    assert_false(match());
    pattern("");
    assert_true(match());
}

static void masks_and_ranges(void **state)
{
    (void)state;
    pk_plain(&k, 4, 17); /* 10.0.0.1:1000 > 10.0.0.2:2000 */
    pattern("eth ipv4 udp");
    with(1, "src", 0x0A0000FE, 0, 0xFFFFFF00);
    assert_true(match());
    with(1, "src", 0x0A000100, 0, 0xFFFFFF00);
    assert_false(match());
    with(1, "src", 0x0A000000, 0x0A000001, UINT64_MAX);
    with(2, "dst", 1999, 2000, UINT64_MAX);
    assert_true(match());
    with(2, "dst", 2000, 2001, UINT64_MAX);
    assert_true(match());
    with(2, "dst", 2001, 2100, UINT64_MAX);
    assert_false(match());
    with(2, "dst", 1, 1999, UINT64_MAX);
    assert_false(match());
    with(2, "dst", 0x0700, 0x07FF, 0xFF00); /* the mask is that of both ends: 2000 is 0x07D0 */
    assert_true(match());
    is(2, "src", 1001); /* a range beside a field that differs */
    assert_false(match());

    pk_start(&k, 6, 18);
    pk_udp(&k, 1000, 2000);
    pk_ip_eth(&k, 17);
    pattern("ipv6");
    memcpy(rule.item[0].spec + 8, k.src, 16);
    memcpy(rule.item[0].last + 8, k.src, 16);
    memset(rule.item[0].mask + 8, 0xFF, 16);
    rule.item[0].spec[8]--; /* from 1f01:... to 2001:... with a smaller end */
    rule.item[0].spec[23] = 0xFF;
    assert_true(match());
    rule.item[0].last[23] = 0;
    assert_false(match());

    pk_start(&k, 4, 18);
    pk_udp(&k, 1000, 2000);
    pk_ip(&k, 17);
    pk_vlan(&k, 0x2064, 0x0800);
    pk_eth(&k, 0x8100);
    pattern("vlan");
    with(0, "vid", 90, 110, UINT64_MAX);
    assert_true(match());
    is(0, "pcp", 1);
    assert_true(match());
    is(0, "pcp", 2);
    assert_false(match());
    with(0, "pcp", 1, 3, UINT64_MAX);
    with(0, "vid", 101, 110, UINT64_MAX);
    assert_false(match());
}

/* Random fields of a plain packet, against comparing the numbers one by one. */
static void random_patterns(void **state)
{
    static const struct {
        unsigned item;
        const char *name;
        unsigned at, bytes; /* in the frame */
    } known[] = {
        {0, "dst", 0, 6},  {0, "src", 6, 6},  {1, "tos", 15, 1}, {1, "ttl", 22, 1},
        {1, "src", 26, 4}, {1, "dst", 30, 4}, {2, "src", 34, 2}, {2, "dst", 36, 2},
    };
    uint64_t seed = 5;
    unsigned matched = 0;

    (void)state;
    pk_plain(&k, 4, 17);
    for (unsigned round = 0; round < 20000; round++) {
        bool want = true;

        pattern("eth ipv4 udp");
        for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
            uint64_t r = (seed = seed * 6364136223846793005u + 1442695040888963407u) >> 16;
            uint64_t value = 0, full = (UINT64_C(1) << 8 * known[i].bytes) - 1;

            for (unsigned b = 0; b < known[i].bytes; b++)
                value = value << 8 | k.p[known[i].at + b];
            if (r % 4 != 0)
                continue;
            uint64_t mask = r & 0x100 ? full : full << (r >> 9) % 16 & full;
            uint64_t low = r & 0x40 ? value : (value - (r >> 24) % 3) & full;
            uint64_t high = r & 0x80 ? 0 : low + (r >> 32) % 4;

            if ((high & mask) < (low & mask))
                high = 0;
            with(known[i].item, known[i].name, low, high, mask);
            if ((high & mask) != 0)
                want = want && (value & mask) >= (low & mask) && (value & mask) <= (high & mask);
            else
                want = want && (value & mask) == (low & mask);
        }
        assert_int_equal(match(), want);
        matched += want;
    }
    assert_in_range(matched, 2000, 18000);
}

/* Frames of any kind and shape: the sanitizer sees what is read outside. */
static void random_frames(void **state)
{
    uint64_t seed = 3;

    (void)state;
    pattern("eth vlan ipv4 udp vxlan eth vlan ipv4 tcp");
    add(0);
    pattern("");
    rule.priority = 9;
    add(1);
    for (unsigned round = 0; round < 20000; round++) {
        pk_plain(&k, round % 2 ? 4 : 6, round % 3 ? 6 : 17);
        pk_vxlan(&k, 5);
        pk_outer(&k, round % 4 < 2 ? 4 : 6, 4789);
        for (unsigned i = 0; i < 3; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            k.p[(seed >> 33) % k.n] = (uint8_t)(seed >> 20);
        }
        if (round % 5 == 0)
            k.n = 14 + (uint32_t)(seed >> 40) % (k.n - 14);
        assert_int_equal(judge_at(&pk_uplink, 0), HSR_DROP_RULE);
    }
}

/* The firmware may write into the slot meanwhile: offsets of its own choice lead nowhere else. */
static void hostile_metadata(void **state)
{
    uint64_t seed = 11;

    (void)state;
    pattern("eth ipv4 udp vxlan eth ipv4 tcp");
    add(0);
    for (unsigned round = 0; round < 20000; round++) {
        struct hsr_rx_meta m;

        pk_plain(&k, round % 2 ? 4 : 6, 17);
        for (size_t i = 0; i < sizeof m; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            ((uint8_t *)&m)[i] = (uint8_t)((seed >> 33) & (i % 2 ? 0x0F : 0xFF));
        }
        uint8_t *exact = malloc(k.n);

        assert_non_null(exact);
        memcpy(exact, k.p, k.n);
        pp_rules_apply(table, PORT, &m, exact, k.n, 0, &verdict);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TABLE(fields_of_plain_packets),
        WITH_TABLE(fields_of_ipv6_and_the_others),
        WITH_TABLE(tags),
        WITH_TABLE(tunnels),
        WITH_TABLE(tunnel_behind_tags_and_extension_headers),
        WITH_TABLE(never_beyond_what_was_parsed),
        WITH_TABLE(masks_and_ranges),
        WITH_TABLE(random_patterns),
        WITH_TABLE(random_frames),
        WITH_TABLE(hostile_metadata),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

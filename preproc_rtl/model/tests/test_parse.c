/* SPDX-License-Identifier: Apache-2.0 */
/* What the parser says of good packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "packets.h"

static struct pk k;

static void expect_good(const struct pk_result *r, enum hsr_class class)
{
    assert_int_equal(r->m.reason, HSR_DROP_NONE);
    assert_int_equal(r->m.class, class);
}

static void expect_offsets(const struct pk_result *r, unsigned l2, unsigned l3, unsigned l4,
                           unsigned payload)
{
    assert_int_equal(r->m.l2_off, l2);
    assert_int_equal(r->m.l3_off, l3);
    assert_int_equal(r->m.l4_off, l4);
    assert_int_equal(r->m.payload_off, payload);
}

static void test_udp4(void **state)
{
    (void)state;
    pk_plain(&k, 4, 17);
    pk_pad(&k, 6);
    struct pk_result r = pk_parse(&k, &pk_vnic);
    expect_good(&r, HSR_CLASS_UDP);
    expect_offsets(&r, 0, 14, 34, 42);
    assert_int_equal(r.m.frame_len, 60);
    assert_int_equal(r.m.ingress, 3);
    assert_int_equal(r.m.flags, 0);
    assert_int_equal(r.m.key_addrs, 0x0A0000010A000002u);
    assert_int_equal(r.m.key_ports, hsr_key_ports(1000, 2000, 77, 17));
    assert_int_equal(pk_verdict(&r, 0), HSR_VERDICT_GOOD);
    assert_int_equal(pk_verdict(&r, 1), HSR_VERDICT_GOOD);
    assert_int_equal(r.m.verdicts >> 4, 0);
    hsr_store16(k.p + 40, 0); /* no checksum: allowed over IPv4 */
    r = pk_parse(&k, &pk_vnic);
    expect_good(&r, HSR_CLASS_UDP);
    assert_int_equal(pk_verdict(&r, 1), HSR_VERDICT_UNCHECKED);
}

static void test_tcp_both_families(void **state)
{
    static const uint8_t ts[12] = {1, 1, 8, 10};

    (void)state;
    pk_plain(&k, 4, 6);
    struct pk_result r = pk_parse(&k, &pk_vnic);
    expect_good(&r, HSR_CLASS_TCP);
    expect_offsets(&r, 0, 14, 34, 54);
    assert_int_equal(r.m.tcp_flags, 0x10);
    pk_start(&k, 4, 5);
    pk_tcp(&k, 0x18, ts, sizeof ts);
    pk_ip_eth(&k, 6);
    r = pk_parse(&k, &pk_vnic);
    expect_good(&r, HSR_CLASS_TCP);
    expect_offsets(&r, 0, 14, 34, 66);
    pk_plain(&k, 6, 6);
    r = pk_parse(&k, &pk_vnic);
    expect_good(&r, HSR_CLASS_TCP);
    expect_offsets(&r, 0, 14, 54, 74);
    assert_int_equal(r.m.flags, HSR_RXF_IPV6 | HSR_RXF_LINE1);
    assert_int_equal(r.m.key_addrs, 0);
    assert_int_equal(r.m.key6[0], 0x20010DB800000000u);
    assert_int_equal(r.m.key6[1], 1);
    assert_int_equal(r.m.key6[3], 2);
    assert_int_equal(r.m.key_ports, hsr_key_ports(1000, 2000, 77, 6));
    assert_int_equal(pk_verdict(&r, 0), HSR_VERDICT_UNCHECKED);
}

static void test_swap(void **state)
{
    (void)state;
    pk_plain(&k, 4, 17);
    struct pk_result there = pk_parse(&k, &pk_vnic);
    pk_start(&k, 4, 18);
    k.src[3] = 2;
    k.dst[3] = 1;
    pk_udp(&k, 2000, 1000);
    pk_ip_eth(&k, 17);
    struct pk_result back = pk_parse(&k, &pk_vnic);
    assert_memory_equal(there.flow.key.w, back.flow.key.w, sizeof back.flow.key.w);
    assert_int_equal(back.m.flags ^ there.m.flags, HSR_RXF_SWAP);
    pk_start(&k, 4, 18);
    k.dst[3] = 1;
    pk_udp(&k, 7, 7);
    pk_ip_eth(&k, 17);
    assert_false(pk_parse(&k, &pk_vnic).m.flags & HSR_RXF_SWAP);
    assert_true(pk_parse(&k, &pk_uplink).m.flags & HSR_RXF_SWAP);
}

static void test_vlan(void **state)
{
    (void)state;
    pk_start(&k, 4, 4);
    pk_udp(&k, 1, 2);
    pk_ip(&k, 17);
    pk_vlan(&k, 200, 0x0800);
    pk_vlan(&k, 0x6064, 0x8100);
    pk_eth(&k, 0x88A8);
    struct pk_result r = pk_parse(&k, &pk_vnic);
    expect_good(&r, HSR_CLASS_UDP);
    expect_offsets(&r, 0, 22, 42, 50);
    assert_int_equal(r.m.vlan_tci, 0x6064);
    assert_int_equal(r.m.flags1, HSR_RX1F_VLAN);
    assert_true(r.m.flags & HSR_RXF_LINE1);
    pk_start(&k, 4, 0);
    pk_vlan(&k, 0, 0x88CC);
    pk_eth(&k, 0x9100);
    r = pk_parse(&k, &pk_vnic);
    expect_good(&r, HSR_CLASS_NON_IP);
    assert_int_equal(r.m.flags1, HSR_RX1F_VLAN);
    assert_int_equal(r.m.key_ports, hsr_key_ports(0, 0, 77, 0));
}

static void test_options(void **state)
{
    static const uint8_t rr[8] = {1, 7, 7, 4, 0, 0, 0, 0};

    (void)state;
    pk_start(&k, 4, 4);
    pk_udp(&k, 1, 2);
    pk_ip4_options(&k, 17, rr, sizeof rr);
    pk_eth(&k, 0x0800);
    struct pk_result r = pk_parse(&k, &pk_vnic);
    expect_good(&r, HSR_CLASS_UDP);
    expect_offsets(&r, 0, 14, 42, 50);
    assert_int_equal(r.m.flags, HSR_RXF_OPTIONS);
}

/* A source route: the checksum is over another destination, so nothing can be said of it. */
static void test_source_route(void **state)
{
    static const uint8_t lsrr[8] = {131, 7, 4, 10, 0, 0, 9, 0};

    (void)state;
    pk_start(&k, 4, 4);
    pk_udp(&k, 1, 2);
    k.dst[3] = 99;
    pk_ip4_options(&k, 17, lsrr, sizeof lsrr);
    pk_eth(&k, 0x0800);
    struct pk_result r = pk_parse(&k, &pk_vnic);
    expect_good(&r, HSR_CLASS_UDP);
    assert_int_equal(pk_verdict(&r, 1), HSR_VERDICT_UNCHECKED);
}

static void test_ip6_extensions(void **state)
{
    (void)state;
    pk_start(&k, 6, 4);
    pk_udp(&k, 1, 2);
    pk_ext(&k, 17, 16);
    pk_ext(&k, 60, 8);
    k.p[3] = 0;
    pk_ext(&k, 43, 8);
    pk_ip_eth(&k, 0);
    struct pk_result r = pk_parse(&k, &pk_vnic);
    expect_good(&r, HSR_CLASS_UDP);
    expect_offsets(&r, 0, 14, 86, 94);
    assert_int_equal(r.m.flags, HSR_RXF_OPTIONS | HSR_RXF_IPV6 | HSR_RXF_LINE1);
    assert_int_equal(pk_verdict(&r, 1), HSR_VERDICT_GOOD);
    k.p[14 + 40 + 8 + 3] = 1; /* a segment left: the pseudo header's destination is another */
    r = pk_parse(&k, &pk_vnic);
    assert_int_equal(pk_verdict(&r, 1), HSR_VERDICT_UNCHECKED);
    pk_start(&k, 6, 24);
    pk_ip_eth(&k, 59);
    r = pk_parse(&k, &pk_vnic);
    expect_good(&r, HSR_CLASS_IP_OTHER);
    assert_int_equal(r.m.key_ports, hsr_key_ports(0, 0, 77, 59));
    pk_start(&k, 6, 4);
    pk_udp(&k, 1, 2);
    pk_prepend(&k, (const uint8_t[12]){17, 1}, 12); /* AH counts in words of four bytes */
    pk_ip_eth(&k, 51);
    r = pk_parse(&k, &pk_vnic);
    expect_good(&r, HSR_CLASS_UDP);
    expect_offsets(&r, 0, 14, 66, 74);
}

static void test_fragments4(void **state)
{
    static const struct {
        uint16_t frag;
        uint8_t flags1;
    } cases[] = {{0x2000, HSR_RX1F_FRAG_FIRST | HSR_RX1F_FRAG_MORE},
                 {0x2004, HSR_RX1F_FRAG_MORE},
                 {0x0008, 0}};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        pk_start(&k, 4, 16);
        pk_udp(&k, 1000, 2000);
        k.frag = cases[i].frag;
        pk_ip_eth(&k, 17);
        struct pk_result r = pk_parse(&k, &pk_vnic);
        expect_good(&r, HSR_CLASS_FRAG);
        expect_offsets(&r, 0, 14, 34, 34);
        assert_int_equal(r.m.frag_id, 0x1234);
        assert_int_equal(r.m.flags1, cases[i].flags1);
        assert_int_equal(r.m.key_ports, hsr_key_ports(0, 0, 77, 17));
        assert_int_equal(pk_verdict(&r, 0), HSR_VERDICT_GOOD);
        assert_int_equal(pk_verdict(&r, 1), HSR_VERDICT_UNCHECKED);
    }
    pk_start(&k, 4, 16);
    pk_udp(&k, 1000, 2000);
    k.frag = 0x4000; /* DF alone */
    pk_ip_eth(&k, 17);
    assert_int_equal(pk_parse(&k, &pk_vnic).m.class, HSR_CLASS_UDP);
}

static void test_fragments6(void **state)
{
    uint8_t head[8] = {17, 0, 0, 1, 0xDE, 0xAD, 0xBE, 0xEF};

    (void)state;
    pk_start(&k, 6, 16);
    pk_udp(&k, 1000, 2000);
    pk_prepend(&k, head, sizeof head);
    pk_ip_eth(&k, 44);
    struct pk_result r = pk_parse(&k, &pk_vnic);
    expect_good(&r, HSR_CLASS_FRAG);
    expect_offsets(&r, 0, 14, 62, 62);
    assert_int_equal(r.m.frag_id, 0xDEADBEEF);
    assert_int_equal(r.m.flags1, HSR_RX1F_FRAG_FIRST | HSR_RX1F_FRAG_MORE);
    assert_int_equal(r.m.key_ports, hsr_key_ports(0, 0, 77, 17));
    k.p[14 + 40 + 3] = 0; /* neither offset nor more: atomic */
    r = pk_parse(&k, &pk_vnic);
    expect_good(&r, HSR_CLASS_UDP);
    assert_int_equal(r.m.frag_id, 0);
    assert_int_equal(r.m.flags1, 0);
    k.p[14 + 40 + 3] = 8;
    r = pk_parse(&k, &pk_vnic);
    expect_good(&r, HSR_CLASS_FRAG);
    assert_int_equal(r.m.flags1, 0);
}

static void test_icmp(void **state)
{
    (void)state;
    pk_start(&k, 4, 10);
    pk_icmp(&k, 8, 0xBEEF);
    pk_ip_eth(&k, 1);
    struct pk_result r = pk_parse(&k, &pk_vnic);
    expect_good(&r, HSR_CLASS_ICMP);
    expect_offsets(&r, 0, 14, 34, 42);
    assert_int_equal(r.m.key_ports, hsr_key_ports(0xBEEF, 0xBEEF, 77, 1));
    assert_int_equal(r.m.tcp_flags, 8);
    pk_start(&k, 4, 28);
    pk_icmp(&k, 3, 0xBEEF);
    pk_ip_eth(&k, 1);
    r = pk_parse(&k, &pk_vnic);
    expect_good(&r, HSR_CLASS_ICMP_ERROR);
    assert_int_equal(r.m.key_ports, hsr_key_ports(0, 0, 77, 1));
    pk_start(&k, 4, 8);
    pk_icmp(&k, 9, 0);
    pk_ip_eth(&k, 1);
    assert_int_equal(pk_parse(&k, &pk_vnic).m.class, HSR_CLASS_IP_OTHER);
    pk_start(&k, 4, 8); /* ICMPv6 over IPv4 is just a protocol */
    pk_ip_eth(&k, 58);
    assert_int_equal(pk_parse(&k, &pk_vnic).m.class, HSR_CLASS_IP_OTHER);
}

static void test_icmp6(void **state)
{
    static const struct {
        uint8_t type, class;
    } cases[] = {{128, HSR_CLASS_ICMP},      {129, HSR_CLASS_ICMP},      {1, HSR_CLASS_ICMP_ERROR},
                 {2, HSR_CLASS_ICMP_ERROR},  {133, HSR_CLASS_ND},        {134, HSR_CLASS_ND},
                 {135, HSR_CLASS_ND},        {136, HSR_CLASS_ND},        {137, HSR_CLASS_ND},
                 {130, HSR_CLASS_MULTICAST}, {143, HSR_CLASS_MULTICAST}, {139, HSR_CLASS_IP_OTHER}};

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pk_start(&k, 6, 40);
        if (cases[i].class == HSR_CLASS_ND)
            memset(k.p, 1, 40); /* every option: type 1, 8 bytes */
        k.hop_limit = 255;
        pk_icmp(&k, cases[i].type, 9);
        pk_ip_eth(&k, 58);
        struct pk_result r = pk_parse(&k, &pk_vnic);
        expect_good(&r, cases[i].class);
        assert_int_equal(r.m.tcp_flags, cases[i].type);
        assert_int_equal(hsr_key_port(r.m.key_ports, false),
                         cases[i].class == HSR_CLASS_ICMP ? 9 : 0);
        assert_int_equal(pk_verdict(&r, 1), HSR_VERDICT_GOOD);
    }
    pk_start(&k, 6, 16); /* neighbour solicitation goes to a group, and is ND all the same */
    k.hop_limit = 255;
    k.dst[0] = 0xFF;
    pk_icmp(&k, 135, 0);
    pk_ip_eth(&k, 58);
    assert_int_equal(pk_parse(&k, &pk_vnic).m.class, HSR_CLASS_ND);
}

static void test_sctp(void **state)
{
    (void)state;
    pk_start(&k, 4, 20);
    pk_sctp(&k);
    pk_ip_eth(&k, 132);
    struct pk_result r = pk_parse(&k, &pk_vnic);
    expect_good(&r, HSR_CLASS_SCTP);
    expect_offsets(&r, 0, 14, 34, 46);
    assert_int_equal(r.m.key_ports, hsr_key_ports(1000, 2000, 77, 132));
    assert_int_equal(pk_verdict(&r, 1), HSR_VERDICT_GOOD);
}

static void test_arp(void **state)
{
    static const uint8_t arp[28] = {0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1};

    (void)state;
    pk_start(&k, 4, 0);
    pk_prepend(&k, arp, sizeof arp);
    pk_eth(&k, 0x0806);
    memset(k.p, 0xFF, 6);
    pk_pad(&k, 18);
    struct pk_result r = pk_parse(&k, &pk_vnic);
    expect_good(&r, HSR_CLASS_ARP);
    expect_offsets(&r, 0, 14, 42, 42);
    assert_int_equal(r.m.frame_len, 42);
    assert_int_equal(r.m.flags, HSR_RXF_L2_MCAST);
    assert_int_equal(r.m.key_addrs, 0);
    assert_int_equal(r.m.key_ports, hsr_key_ports(0, 0, 77, 0));
}

static void test_dhcp_and_groups(void **state)
{
    static const uint16_t ports[4][2] = {{4, 67}, {4, 68}, {6, 546}, {6, 547}};

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        pk_start(&k, (uint8_t)ports[i][0], 20);
        memset(k.dst, 0xFF, 16); /* broadcast, or a group */
        pk_udp(&k, 68, ports[i][1]);
        pk_ip_eth(&k, 17);
        assert_int_equal(pk_parse(&k, &pk_vnic).m.class, HSR_CLASS_DHCP);
        pk_start(&k, (uint8_t)ports[i][0], 20);
        pk_udp(&k, 68, ports[i][1]);
        pk_ip_eth(&k, 17);
        assert_int_equal(pk_parse(&k, &pk_vnic).m.class, HSR_CLASS_DHCP);
    }
    pk_start(&k, 4, 20);
    k.dst[0] = 239;
    pk_udp(&k, 1, 2);
    pk_ip_eth(&k, 17);
    struct pk_result r = pk_parse(&k, &pk_vnic);
    expect_good(&r, HSR_CLASS_MULTICAST);
    assert_int_equal(r.m.payload_off, 42);
    pk_start(&k, 4, 20);
    memset(k.dst, 0xFF, 4);
    pk_udp(&k, 1, 2);
    pk_ip_eth(&k, 17);
    assert_int_equal(pk_parse(&k, &pk_vnic).m.class, HSR_CLASS_MULTICAST);
    pk_start(&k, 4, 8);
    pk_ip_eth(&k, 2); /* IGMP to a host */
    assert_int_equal(pk_parse(&k, &pk_vnic).m.class, HSR_CLASS_MULTICAST);
    pk_start(&k, 4, 8);
    pk_ip_eth(&k, 0); /* protocol 0 is one like others, and in the key */
    r = pk_parse(&k, &pk_vnic);
    expect_good(&r, HSR_CLASS_IP_OTHER);
    assert_int_equal(hsr_key_proto(r.m.key_ports), 0);
}

static int setup(void **state)
{
    (void)state;
    pk_tables_fill();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_udp4),
        cmocka_unit_test(test_tcp_both_families),
        cmocka_unit_test(test_swap),
        cmocka_unit_test(test_vlan),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_source_route),
        cmocka_unit_test(test_ip6_extensions),
        cmocka_unit_test(test_fragments4),
        cmocka_unit_test(test_fragments6),
        cmocka_unit_test(test_icmp),
        cmocka_unit_test(test_icmp6),
        cmocka_unit_test(test_sctp),
        cmocka_unit_test(test_arp),
        cmocka_unit_test(test_dhcp_and_groups),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}

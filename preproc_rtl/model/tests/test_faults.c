/* SPDX-License-Identifier: Apache-2.0 */
/* What a parser can meet: every drop reason of stage `pre` that the parser finds, provoked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hsring/csum.h"
#include "packets.h"

static struct pk k;
static bool seen[HSR_DROP_COUNT];

static void expect(const struct pp_ingress *in, unsigned reason)
{
    assert_int_equal(pk_reason(&k, in), reason);
    seen[reason] = true;
}

static void test_length(void **state)
{
    (void)state;
    pk_plain(&k, 4, 17);
    for (uint32_t n = 0; n < 14; n++) {
        k.n = n;
        expect(&pk_vnic, HSR_DROP_PKT_TOO_SMALL);
    }
    pk_start(&k, 4, HSR_MAX_FRAME + 1);
    expect(&pk_vnic, HSR_DROP_PKT_TOO_BIG);
    pk_start(&k, 6, 65500);
    pk_ip_eth(&k, 59);
    hsr_store16(k.p + 18, 65500);
    expect(&pk_vnic, HSR_DROP_PKT_TOO_BIG);
    pk_start(&k, 6, 65495); /* the largest IP packet there is */
    pk_ip_eth(&k, 59);
    expect(&pk_vnic, HSR_DROP_NONE);
}

static void test_vlan_depth(void **state)
{
    (void)state;
    for (unsigned tags = 1; tags <= 8; tags++) {
        pk_start(&k, 4, 4);
        pk_udp(&k, 1, 2);
        pk_ip(&k, 17);
        pk_vlan(&k, 1, 0x0800);
        for (unsigned i = 1; i < tags; i++)
            pk_vlan(&k, 1, 0x8100);
        pk_eth(&k, 0x88A8);
        expect(&pk_vnic, tags <= 2 ? HSR_DROP_NONE : HSR_DROP_VLAN_DEPTH);
    }
    pk_start(&k, 4, 3);
    pk_eth(&k, 0x8100);
    expect(&pk_vnic, HSR_DROP_PKT_TOO_SMALL);
}

static void spoil(uint32_t at, uint8_t value, uint8_t family, uint8_t proto, unsigned reason)
{
    pk_plain(&k, family, proto);
    k.p[at] = value;
    if (family == 4 && at >= 14 && at < 34 && at != 24 && at != 25 && (k.p[14] & 15) >= 5)
        pk_fix_ip4(&k, 14);
    expect(&pk_vnic, reason);
}

static void test_ip4_header(void **state)
{
    (void)state;
    spoil(14, 0x65, 4, 17, HSR_DROP_IP_HDR);
    spoil(14, 0x44, 4, 17, HSR_DROP_IP_HDR);
    pk_plain(&k, 4, 17);
    k.p[14] = 0x4F; /* 60 bytes of header in 46 */
    expect(&pk_vnic, HSR_DROP_IP_HDR);
    spoil(17, 19, 4, 17, HSR_DROP_IP_HDR);
    spoil(17, 0, 4, 17, HSR_DROP_IP_HDR); /* as BIG TCP has it */
    spoil(17, 47, 4, 17, HSR_DROP_IP_HDR);
    spoil(25, 0x77, 4, 17, HSR_DROP_IP_CSUM);
    spoil(24, 0x77, 4, 17, HSR_DROP_IP_CSUM);
    pk_plain(&k, 4, 17);
    k.n = 33;
    expect(&pk_vnic, HSR_DROP_IP_HDR);
}

static void test_ip4_options(void **state)
{
    static const uint8_t bad[][4] = {{7, 0, 0, 0}, {7, 1, 0, 0}, {7, 5, 4, 0}, {1, 1, 1, 7}};
    static const uint8_t good[][4] = {{1, 1, 1, 1}, {0, 7, 0, 0}, {7, 4, 5, 0}, {148, 4, 0, 0}};

    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        pk_start(&k, 4, 4);
        pk_udp(&k, 1, 2);
        pk_ip4_options(&k, 17, i < 4 ? bad[i] : good[i - 4], 4);
        pk_eth(&k, 0x0800);
        expect(&pk_vnic, i < 4 ? HSR_DROP_IP_OPT : HSR_DROP_NONE);
    }
}

static void test_ip6(void **state)
{
    (void)state;
    spoil(14, 0x45, 6, 17, HSR_DROP_IP6_HDR);
    spoil(19, 27, 6, 17, HSR_DROP_IP6_HDR);
    pk_plain(&k, 6, 17);
    k.n = 53;
    expect(&pk_vnic, HSR_DROP_IP6_HDR);
    for (unsigned n = 0; n <= 40; n++) { /* chains of destination options */
        pk_start(&k, 6, 4);
        pk_udp(&k, 1, 2);
        for (unsigned i = 0; i < n; i++)
            pk_ext(&k, i == 0 ? 17 : 60, 8);
        pk_ip_eth(&k, n ? 60 : 17);
        expect(&pk_vnic, n <= 8 ? HSR_DROP_NONE : HSR_DROP_IP6_EXT);
    }
    pk_start(&k, 6, 4);
    pk_udp(&k, 1, 2);
    pk_ext(&k, 17, 8);
    pk_ext(&k, 0, 8); /* hop-by-hop not first */
    pk_ip_eth(&k, 60);
    expect(&pk_vnic, HSR_DROP_IP6_EXT);
    pk_start(&k, 6, 0);
    pk_ext(&k, 17, 8);
    k.p[1] = 200; /* past the end */
    pk_ip_eth(&k, 60);
    expect(&pk_vnic, HSR_DROP_IP6_EXT);
    pk_start(&k, 6, 0);
    pk_ip_eth(&k, 0); /* a jumbogram's length 0: nothing is there */
    expect(&pk_vnic, HSR_DROP_IP6_EXT);
    pk_start(&k, 6, 8);
    pk_ext(&k, 17, 8);
    pk_ext(&k, 44, 8); /* two fragment headers */
    pk_ip_eth(&k, 44);
    expect(&pk_vnic, HSR_DROP_IP6_EXT);
}

static void fragment4(uint8_t proto, uint32_t payload, uint16_t frag, unsigned reason)
{
    pk_start(&k, 4, payload);
    k.frag = frag;
    pk_ip_eth(&k, proto);
    expect(&pk_vnic, reason);
}

static void fragment6(uint8_t proto, uint32_t payload, uint16_t frag, unsigned reason)
{
    uint8_t head[8] = {proto};

    hsr_store16(head + 2, frag);
    pk_start(&k, 6, payload);
    pk_prepend(&k, head, sizeof head);
    pk_ip_eth(&k, 44);
    expect(&pk_vnic, reason);
}

static void test_fragments(void **state)
{
    (void)state;
    fragment4(17, 0, 0x0010, HSR_DROP_FRAG_BAD);
    fragment4(17, 12, 0x2000, HSR_DROP_FRAG_BAD);
    fragment4(17, 12, 0x0010, HSR_DROP_NONE);
    fragment4(17, 24, 0x1FFF, HSR_DROP_FRAG_BAD); /* ping of death */
    fragment4(6, 16, 0x2000, HSR_DROP_FRAG_BAD);  /* half a TCP header */
    fragment4(6, 24, 0x2000, HSR_DROP_NONE);
    fragment4(6, 24, 0x0001, HSR_DROP_FRAG_BAD); /* over the other half */
    fragment4(6, 24, 0x0003, HSR_DROP_NONE);
    fragment4(132, 8, 0x2000, HSR_DROP_FRAG_BAD);
    fragment6(17, 0, 8, HSR_DROP_FRAG_BAD);
    fragment6(17, 12, 1, HSR_DROP_FRAG_BAD);
    fragment6(17, 16, 0xFFF8, HSR_DROP_FRAG_BAD);
    fragment6(6, 16, 1, HSR_DROP_FRAG_BAD);
    pk_start(&k, 6, 0); /* a first fragment that ends before its L4 header */
    pk_ext(&k, 17, 8);
    pk_prepend(&k, (const uint8_t[8]){60, 0, 0, 1}, 8);
    pk_ip_eth(&k, 44);
    expect(&pk_vnic, HSR_DROP_FRAG_BAD);
}

static void tcp_case(uint8_t flags, uint8_t offset, const void *options, uint32_t n,
                     unsigned reason)
{
    pk_start(&k, 4, 0);
    pk_tcp(&k, flags, options, n);
    if (offset)
        k.p[12] = (uint8_t)(offset << 4);
    pk_fix_l4(&k, 0, 16, 6);
    pk_ip_eth(&k, 6);
    expect(&pk_vnic, reason);
}

static void test_tcp(void **state)
{
    static const uint8_t zero[4] = {2, 0, 0, 0}, one[4] = {2, 1, 0, 0}, over[4] = {2, 5, 0, 0};
    static const uint8_t cut[4] = {1, 1, 1, 2}, end[4] = {0, 2, 0, 0}, mss[4] = {2, 4, 5, 180};

    (void)state;
    tcp_case(0x10, 4, NULL, 0, HSR_DROP_TCP_HDR);
    tcp_case(0x10, 6, NULL, 0, HSR_DROP_TCP_HDR);
    tcp_case(0x10, 0, zero, 4, HSR_DROP_TCP_HDR);
    tcp_case(0x10, 0, one, 4, HSR_DROP_TCP_HDR);
    tcp_case(0x10, 0, over, 4, HSR_DROP_TCP_HDR);
    tcp_case(0x10, 0, cut, 4, HSR_DROP_TCP_HDR);
    tcp_case(0x10, 0, end, 4, HSR_DROP_NONE);
    tcp_case(0x02, 0, mss, 4, HSR_DROP_NONE);
    tcp_case(0x00, 0, NULL, 0, HSR_DROP_TCP_FLAGS);
    tcp_case(0xC0, 0, NULL, 0, HSR_DROP_TCP_FLAGS);
    tcp_case(0x03, 0, NULL, 0, HSR_DROP_TCP_FLAGS);
    tcp_case(0x06, 0, NULL, 0, HSR_DROP_TCP_FLAGS);
    tcp_case(0x01, 0, NULL, 0, HSR_DROP_TCP_FLAGS);
    tcp_case(0x29, 0, NULL, 0, HSR_DROP_TCP_FLAGS);
    for (unsigned i = 0; i < 5; i++) { /* what stacks send: SYN, SYN+ACK, RST, RST+ACK, FIN+ACK */
        static const uint8_t flags[5] = {0x02, 0x12, 0x04, 0x14, 0x11};
        tcp_case(flags[i], 0, NULL, 0, HSR_DROP_NONE);
    }
    pk_start(&k, 4, 19);
    pk_ip_eth(&k, 6);
    expect(&pk_vnic, HSR_DROP_TCP_HDR);
    pk_start(&k, 4, 0); /* timestamps, but in the padding behind the packet */
    pk_tcp(&k, 0x10, NULL, 0);
    k.p[12] = 8 << 4;
    pk_fix_l4(&k, 0, 16, 6);
    pk_ip_eth(&k, 6);
    pk_pad(&k, 12);
    hsr_store32(k.p + 54, 0x0101080A);
    expect(&pk_vnic, HSR_DROP_TCP_HDR);
    spoil(60, 0x99, 4, 6, HSR_DROP_TCP_CSUM);
    spoil(80, 0x99, 6, 6, HSR_DROP_TCP_CSUM);
}

static void test_udp(void **state)
{
    (void)state;
    spoil(39, 7, 4, 17, HSR_DROP_UDP_LEN);
    spoil(39, 0, 4, 17, HSR_DROP_UDP_LEN);
    spoil(39, 27, 4, 17, HSR_DROP_UDP_LEN);
    spoil(45, 0x99, 4, 17, HSR_DROP_UDP_CSUM);
    spoil(65, 0x99, 6, 17, HSR_DROP_UDP_CSUM);
    pk_plain(&k, 6, 17);
    hsr_store16(k.p + 60, 0);
    expect(&pk_vnic, HSR_DROP_UDP_CSUM);
    pk_start(&k, 4, 7);
    pk_ip_eth(&k, 17);
    expect(&pk_vnic, HSR_DROP_UDP_LEN);
}

static void test_icmp_sctp(void **state)
{
    (void)state;
    for (uint8_t family = 4; family <= 6; family = (uint8_t)(family + 2)) {
        uint8_t proto = family == 4 ? 1 : 58;
        pk_start(&k, family, 7);
        pk_ip_eth(&k, proto);
        expect(&pk_vnic, HSR_DROP_ICMP_HDR);
        pk_start(&k, family, 4);
        pk_icmp(&k, family == 4 ? 8 : 128, 1);
        k.p[9] ^= 0xFF;
        pk_ip_eth(&k, proto);
        expect(&pk_vnic, HSR_DROP_ICMP_CSUM);
    }
    pk_start(&k, 4, 11);
    pk_ip_eth(&k, 132);
    expect(&pk_vnic, HSR_DROP_SCTP_HDR);
    pk_start(&k, 4, 4);
    pk_sctp(&k);
    k.p[12] ^= 1;
    pk_ip_eth(&k, 132);
    expect(&pk_vnic, HSR_DROP_SCTP_CSUM);
}

static void arp_case(uint32_t at, uint8_t value, uint32_t cut)
{
    static const uint8_t arp[28] = {0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1};

    pk_start(&k, 4, 0);
    pk_prepend(&k, arp, sizeof arp);
    k.p[at] = value;
    pk_eth(&k, 0x0806);
    k.n -= cut;
    expect(&pk_vnic, HSR_DROP_ARP_BAD);
}

static void test_arp(void **state)
{
    (void)state;
    arp_case(1, 6, 0);
    arp_case(2, 0x86, 0);
    arp_case(4, 255, 0);
    arp_case(5, 16, 0);
    arp_case(8, 0x03, 0);
    arp_case(0, 0, 1);
}

static void nd_case(uint8_t type, uint8_t hops, const uint8_t *body, uint32_t n, unsigned reason)
{
    pk_start(&k, 6, 0);
    pk_prepend(&k, body, n);
    k.hop_limit = hops;
    pk_icmp(&k, type, 0);
    pk_ip_eth(&k, 58);
    expect(&pk_vnic, reason);
}

static void test_nd(void **state)
{
    static const uint8_t body[56] = {[16] = 1, [17] = 1, [24] = 14, [25] = 4};
    static const uint8_t zero[24] = {[16] = 1, [17] = 0};
    static const uint8_t odd[17] = {[16] = 1};

    (void)state;
    nd_case(135, 255, body, 16, HSR_DROP_NONE);
    nd_case(135, 255, body, 24, HSR_DROP_NONE);
    nd_case(135, 255, body, 56, HSR_DROP_NONE);
    nd_case(135, 254, body, 24, HSR_DROP_ND_BAD);
    nd_case(135, 255, body, 15, HSR_DROP_ND_BAD);
    nd_case(137, 255, body, 31, HSR_DROP_ND_BAD);
    nd_case(134, 255, body, 7, HSR_DROP_ND_BAD);
    nd_case(136, 255, zero, 24, HSR_DROP_ND_BAD); /* would turn for ever */
    nd_case(136, 255, odd, 17, HSR_DROP_ND_BAD);
    nd_case(135, 255, body, 40, HSR_DROP_ND_BAD); /* the second option is cut short */
}

static void tunnel_case(uint16_t port, uint32_t at, uint8_t value, unsigned reason)
{
    static const uint8_t options[8] = {1, 2, 3, 1, 9, 9, 9, 9};

    pk_plain(&k, 4, 17);
    if (port == 4789)
        pk_vxlan(&k, 5);
    else
        pk_geneve(&k, 5, options, sizeof options);
    k.p[at] = value;
    pk_outer(&k, 4, port);
    expect(&pk_uplink, reason);
}

static void test_tunnels(void **state)
{
    (void)state;
    tunnel_case(4789, 0, 0, HSR_DROP_VXLAN_HDR);
    tunnel_case(4789, 0, 0xF7, HSR_DROP_VXLAN_HDR);
    tunnel_case(4789, 0, 0xFF, HSR_DROP_NONE); /* reserved bits are ignored (RFC 7348, section 5) */
    tunnel_case(6081, 0, 0x42, HSR_DROP_GENEVE_HDR);
    tunnel_case(6081, 1, 0x80, HSR_DROP_GENEVE_HDR);
    tunnel_case(6081, 2, 0x08, HSR_DROP_GENEVE_HDR);
    tunnel_case(6081, 10, 0x83, HSR_DROP_GENEVE_OPT); /* critical and unknown */
    tunnel_case(6081, 11, 2, HSR_DROP_GENEVE_OPT);    /* past the options */
    tunnel_case(6081, 0, 63, HSR_DROP_GENEVE_OPT);    /* options past the packet */
    tunnel_case(6081, 1, 0x40, HSR_DROP_NONE);
    for (uint16_t port = 4789; port != 0; port = port == 4789 ? 6081 : 0) {
        pk_start(&k, 4, 7);
        pk_outer(&k, 4, port);
        expect(&pk_uplink, port == 4789 ? HSR_DROP_VXLAN_HDR : HSR_DROP_GENEVE_HDR);
    }
    pk_start(&k, 4, 13); /* an inner runt */
    pk_vxlan(&k, 5);
    pk_outer(&k, 4, 4789);
    expect(&pk_uplink, HSR_DROP_PKT_TOO_SMALL);
    tunnel_case(4789, 60, 0x99, HSR_DROP_UDP_CSUM); /* the inner one: the outer sum is made last */
    tunnel_case(4789, 0, 8, HSR_DROP_NONE);
    k.p[95] ^= 1;
    expect(&pk_uplink, HSR_DROP_OUTER_CSUM);
}

static void test_outer_fragments(void **state)
{
    (void)state;
    for (uint16_t frag = 0x2000; frag != 0; frag = frag == 0x2000 ? 8 : 0) {
        pk_start(&k, 4, 24);
        k.frag = frag;
        pk_ip_eth(&k, 17);
        expect(&pk_uplink, HSR_DROP_OUTER_FRAG);
        expect(&pk_vnic, HSR_DROP_NONE);
    }
    pk_start(&k, 6, 24);
    pk_prepend(&k, (const uint8_t[8]){17, 0, 0, 9}, 8);
    pk_ip_eth(&k, 44);
    expect(&pk_uplink, HSR_DROP_OUTER_FRAG);
}

/* What is no fault of the parser's to find, but must not disturb it: the firmware judges it. */
static void test_others_judge(void **state)
{
    static const uint16_t types[] = {0x8847, 0x8864, 0x88CC, 0x8035, 0x0100, 0xFFFF};

    (void)state;
    for (unsigned i = 0; i < sizeof types / sizeof types[0]; i++) {
        pk_start(&k, 4, 30);
        pk_eth(&k, types[i]);
        struct pk_result r = pk_parse(&k, &pk_vnic);
        assert_int_equal(r.m.class, HSR_CLASS_NON_IP);
        assert_int_equal(r.m.frame_len, 44);
    }
    for (uint8_t ttl = 0; ttl < 2; ttl++) {
        pk_start(&k, 4, 4);
        k.hop_limit = ttl;
        pk_udp(&k, 1, 2);
        pk_ip_eth(&k, 17);
        expect(&pk_vnic, HSR_DROP_NONE);
    }
    pk_start(&k, 4, 4); /* an ICMP error whose quotation is cut short */
    pk_icmp(&k, 3, 0);
    pk_ip_eth(&k, 1);
    expect(&pk_vnic, HSR_DROP_NONE);
}

static void test_bad_metadata(void **state)
{
    (void)state;
    pk_plain(&k, 4, 17);
    k.p[45] ^= 1;
    struct pk_result r = pk_parse(&k, &pk_vnic);
    assert_int_equal(r.m.class, HSR_CLASS_BAD);
    assert_int_equal(pk_verdict(&r, 0), HSR_VERDICT_GOOD);
    assert_int_equal(pk_verdict(&r, 1), HSR_VERDICT_BAD);
    assert_int_equal(r.m.l4_off, 34);
    assert_int_equal(r.m.key_ports, hsr_key_ports(1000, 2000, 77, 17));
    pk_plain(&k, 4, 17);
    k.p[25] ^= 1;
    r = pk_parse(&k, &pk_vnic);
    assert_int_equal(pk_verdict(&r, 0), HSR_VERDICT_BAD);
    assert_int_equal(r.m.key_ports, hsr_key_ports(0, 0, 77, 0));
}

/* GSO_BAD has its own test beside the offloads; the others must all have been met above. */
static void test_all_reasons_met(void **state)
{
    (void)state;
    for (unsigned reason = HSR_DROP_PKT_TOO_SMALL; reason < HSR_DROP_GSO_BAD; reason++)
        assert_true(seen[reason]);
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
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_vlan_depth),
        cmocka_unit_test(test_ip4_header),
        cmocka_unit_test(test_ip4_options),
        cmocka_unit_test(test_ip6),
        cmocka_unit_test(test_fragments),
        cmocka_unit_test(test_tcp),
        cmocka_unit_test(test_udp),
        cmocka_unit_test(test_icmp_sctp),
        cmocka_unit_test(test_arp),
        cmocka_unit_test(test_nd),
        cmocka_unit_test(test_tunnels),
        cmocka_unit_test(test_outer_fragments),
        cmocka_unit_test(test_others_judge),
        cmocka_unit_test(test_bad_metadata),
        cmocka_unit_test(test_all_reasons_met),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}

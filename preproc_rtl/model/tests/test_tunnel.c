/* SPDX-License-Identifier: Apache-2.0 */
/* Tunnels on uplinks, and what senders claim of offloads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "packets.h"
#include "preproc/usual.h"

static struct pk k;

static void test_vxlan(void **state)
{
    (void)state;
    pk_plain(&k, 6, 6);
    pk_pad(&k, 4); /* padding inside the tunnel */
    pk_vxlan(&k, 5);
    k.tos = 3;
    pk_outer(&k, 4, 4789);
    pk_pad(&k, 8); /* and outside */
    struct pk_result r = pk_parse(&k, &pk_uplink);
    assert_int_equal(r.m.reason, 0);
    assert_int_equal(r.m.class, HSR_CLASS_TCP);
    assert_int_equal(r.m.flags, HSR_RXF_UPLINK | HSR_RXF_DECAP | HSR_RXF_IPV6 | HSR_RXF_LINE1);
    assert_int_equal(r.m.l2_off, 50);
    assert_int_equal(r.m.l3_off, 64);
    assert_int_equal(r.m.frame_len, k.n - 12);
    assert_int_equal(r.m.vni_tunnel, 5 << 8 | HSR_TUNNEL_VXLAN);
    assert_int_equal(r.m.outer_src4, 0x0A000001);
    assert_int_equal(r.m.flags1, HSR_RX1F_OUTER_CE);
    assert_int_equal(hsr_key_context(r.m.key_ports), 500);
    assert_int_equal(pk_verdict(&r, 0), HSR_VERDICT_UNCHECKED);
    assert_int_equal(pk_verdict(&r, 1), HSR_VERDICT_GOOD);
    assert_int_equal(pk_verdict(&r, 2), HSR_VERDICT_GOOD);
    assert_int_equal(pk_verdict(&r, 3), HSR_VERDICT_GOOD);
    hsr_store16(k.p + 40, 0); /* no outer checksum */
    r = pk_parse(&k, &pk_uplink);
    assert_int_equal(r.m.reason, 0);
    assert_int_equal(pk_verdict(&r, 3), HSR_VERDICT_UNCHECKED);
    r = pk_parse(&k, &pk_vnic); /* a guest's own */
    assert_int_equal(r.m.class, HSR_CLASS_UDP);
    assert_int_equal(r.m.flags, 0);
}

static void test_geneve(void **state)
{
    static const uint8_t options[12] = {1, 2, 3, 1, 9, 9, 9, 9, 0, 0, 4, 0};

    (void)state;
    pk_plain(&k, 4, 17);
    pk_geneve(&k, 5, options, sizeof options);
    k.tos = 2;
    pk_outer(&k, 6, 6081);
    struct pk_result r = pk_parse(&k, &pk_uplink);
    assert_int_equal(r.m.reason, 0);
    assert_int_equal(r.m.class, HSR_CLASS_UDP);
    assert_int_equal(r.m.l2_off, 14 + 40 + 8 + 8 + 12);
    assert_int_equal(r.m.vni_tunnel, 5 << 8 | HSR_TUNNEL_GENEVE);
    assert_int_equal(r.m.outer_src4, 0);
    assert_int_equal(r.m.flags1, HSR_RX1F_OUTER_ECT | HSR_RX1F_OUTER_IPV6);
    assert_int_equal(r.flow.outer6[0], 0x20010DB800000000);
    assert_int_equal(r.flow.outer6[1], 1);
    assert_int_equal(r.m.flags, HSR_RXF_UPLINK | HSR_RXF_DECAP | HSR_RXF_LINE1);
    assert_int_equal(r.m.key_ports, hsr_key_ports(1000, 2000, 501, 17));
}

/* What a frame out of a tunnel has to be for the straight path, and one of it spoiled at a time. */
enum straight {
    STRAIGHT,
    STRAIGHT_PADDED,
    ECT_1,
    ECT_0,
    CE,
    OTHER_PROTOCOL,
    NO_NETWORK,
    UNKNOWN_NETWORK,
    FURTHER_THAN_FRAME,
    INNER_FURTHER_THAN_OUTER,
    NO_INNER_HEADERS,
    LARGER_THAN_FRAMES_ARE,
    STRAIGHT_WAYS
};

/* Lengths of the outer IPv4 packet and its UDP. */
static void outer_length(uint16_t total)
{
    hsr_store16(k.p + PP_USUAL_L3 + 2, total);
    hsr_store16(k.p + PP_USUAL_L4 + 4, (uint16_t)(total - 20));
}

static void pad_too_far(void)
{
    k.p = memmove(k.room, k.p, k.n); /* there is room for it behind */
    pk_pad(&k, HSR_MAX_FRAME + 1 - k.n);
}

static void out_of_tunnel(enum straight how)
{
    pk_plain(&k, 4, 17);
    pk_vxlan(&k, how == UNKNOWN_NETWORK ? 6 : 5);
    k.tos = how >= ECT_1 && how <= CE ? (uint8_t)(how - ECT_1 + 1) : 0;
    pk_outer(&k, 4, 4789);
    hsr_store16(k.p + PP_USUAL_L4 + 6, 0);
    uint16_t total = (uint16_t)(k.n - PP_USUAL_L3);

    if (how == STRAIGHT_PADDED)
        pk_pad(&k, 9);
    else if (how == OTHER_PROTOCOL)
        k.p[PP_USUAL_L3 + 9] = 6;
    else if (how == NO_NETWORK)
        k.p[PP_USUAL_VXLAN_AT] = 0;
    else if (how == FURTHER_THAN_FRAME)
        outer_length((uint16_t)(total + 1));
    else if (how == INNER_FURTHER_THAN_OUTER)
        outer_length((uint16_t)(total - 1));
    else if (how == NO_INNER_HEADERS)
        outer_length(PP_USUAL_INNER - PP_USUAL_L3);
    else if (how == LARGER_THAN_FRAMES_ARE)
        pad_too_far();
    pk_fix_ip4(&k, PP_USUAL_L3);
}

/* Both paths agree (pk_parse()), and the straight one took what is for it and nothing else. */
static void test_straight(void **state)
{
    struct hsr_rx_meta meta;

    (void)state;
    for (unsigned how = 0; how < STRAIGHT_WAYS; how++) {
        out_of_tunnel((enum straight)how);
        pk_parse(&k, &pk_uplink);
        assert_int_equal(pp_parse_usual_vxlan(k.p, k.n, &pk_uplink, &pk_tables, &meta),
                         how <= STRAIGHT_PADDED);
        assert_int_equal(pp_parse_straight(k.p, k.n, &pk_uplink, &pk_tables, &meta),
                         how <= STRAIGHT_PADDED);
    }
}

/* Over IPv6: a checksum that is there must be right, and may be missing in a tunnel to us alone (RFC 6935, RFC 6936). */
static void test_outer_checksum6(void **state)
{
    enum { CSUM = 14 + 40 + 6, LOCAL = 14 + 39 };

    (void)state;
    for (unsigned geneve = 0; geneve < 2; geneve++) {
        pk_plain(&k, 4, 6);
        if (geneve)
            pk_geneve(&k, 5, "", 0);
        else
            pk_vxlan(&k, 5);
        pk_outer(&k, 6, geneve ? 6081 : 4789);
        struct pk_result r = pk_parse(&k, &pk_uplink);
        assert_int_equal(r.m.reason, 0);
        assert_true(r.m.flags & HSR_RXF_DECAP);
        assert_int_equal(pk_verdict(&r, 3), HSR_VERDICT_GOOD);
        assert_int_equal(pk_verdict(&r, 1), HSR_VERDICT_GOOD);
        k.p[CSUM] ^= 1;
        assert_int_equal(pk_reason(&k, &pk_uplink), HSR_DROP_OUTER_CSUM);
        hsr_store16(k.p + CSUM, 0);
        r = pk_parse(&k, &pk_uplink);
        assert_int_equal(r.m.reason, 0);
        assert_true(r.m.flags & HSR_RXF_DECAP);
        assert_int_equal(r.m.flags1, HSR_RX1F_OUTER_IPV6);
        assert_int_equal(r.m.l2_off, 14 + 40 + 8 + 8);
        assert_int_equal(pk_verdict(&r, 3), HSR_VERDICT_UNCHECKED);
        assert_int_equal(pk_verdict(&r, 1), HSR_VERDICT_GOOD);
        assert_int_equal(pk_reason(&k, &pk_vnic), HSR_DROP_UDP_CSUM); /* a guest's own */
        k.p[LOCAL] ^= 8;                                              /* not to a VTEP of ours */
        assert_int_equal(pk_reason(&k, &pk_uplink), HSR_DROP_UDP_CSUM);
    }
}

/* Fault 18: networks of nobody's, other hosts' tunnels, a tunnel in a tunnel. */
static void test_not_opened(void **state)
{
    (void)state;
    pk_plain(&k, 4, 17);
    pk_vxlan(&k, 6); /* unknown network: good, context 0 */
    pk_outer(&k, 4, 4789);
    struct pk_result r = pk_parse(&k, &pk_uplink);
    assert_int_equal(r.m.reason, 0);
    assert_true(r.m.flags & HSR_RXF_DECAP);
    assert_int_equal(hsr_key_context(r.m.key_ports), 0);
    pk_plain(&k, 4, 17); /* not to a VTEP of ours */
    pk_vxlan(&k, 5);
    pk_udp(&k, 50000, 4789);
    k.dst[3] = 9;
    pk_fix_l4(&k, 0, 6, 17);
    pk_ip_eth(&k, 17);
    r = pk_parse(&k, &pk_uplink);
    assert_int_equal(r.m.class, HSR_CLASS_UDP);
    assert_false(r.m.flags & HSR_RXF_DECAP);
    assert_false(r.m.flags & HSR_RXF_LINE1);
    pk_plain(&k, 4, 17); /* nested: opened once */
    pk_vxlan(&k, 5);
    pk_outer(&k, 4, 4789);
    pk_vxlan(&k, 5);
    pk_outer(&k, 4, 4789);
    r = pk_parse(&k, &pk_uplink);
    assert_int_equal(r.m.class, HSR_CLASS_UDP);
    assert_int_equal(r.m.l2_off, 50);
    assert_int_equal(hsr_key_port(r.m.key_ports, false), 50000);
}

static struct virtio_net_hdr asked(uint16_t start, uint16_t field, uint8_t gso, uint16_t size)
{
    return (struct virtio_net_hdr){.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                                   .gso_type = gso,
                                   .gso_size = size,
                                   .csum_start = start,
                                   .csum_offset = field};
}

static unsigned with(struct virtio_net_hdr h)
{
    return pk_parse_frame(k.p, k.n, &pk_vnic, &h).m.reason;
}

static void test_partial(void **state)
{
    (void)state;
    pk_plain(&k, 4, 6);
    k.p[50] ^= 0xFF; /* whatever the field holds, it is not a sum */
    struct virtio_net_hdr h =
        asked(34, 16, VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN, 1400);
    struct pk_result r = pk_parse_frame(k.p, k.n, &pk_vnic, &h);
    assert_int_equal(r.m.reason, 0);
    assert_int_equal(pk_verdict(&r, 1), HSR_VERDICT_PARTIAL);
    assert_int_equal(r.m.csum_start, 34);
    assert_int_equal(r.m.csum_offset, 16);
    assert_int_equal(r.m.gso_type, HSR_GSO_TCP4 | HSR_GSO_ECN);
    assert_int_equal(r.m.gso_size, 1400);
    assert_true(r.m.flags & HSR_RXF_LINE1);
    h = (struct virtio_net_hdr){.flags = VIRTIO_NET_HDR_F_DATA_VALID};
    r = pk_parse_frame(k.p, k.n, &pk_vnic, &h);
    assert_int_equal(r.m.reason, 0);
    assert_int_equal(pk_verdict(&r, 1), HSR_VERDICT_GOOD);
    pk_plain(&k, 6, 6);
    h = asked(54, 16, VIRTIO_NET_HDR_GSO_TCPV6, 1400);
    assert_int_equal(pk_parse_frame(k.p, k.n, &pk_vnic, &h).m.gso_type, HSR_GSO_TCP6);
    pk_plain(&k, 4, 17);
    h = asked(34, 6, 5, 1200);
    assert_int_equal(pk_parse_frame(k.p, k.n, &pk_vnic, &h).m.gso_type, HSR_GSO_USO);
    h = asked(34, 6, VIRTIO_NET_HDR_GSO_UDP, 1200);
    r = pk_parse_frame(k.p, k.n, &pk_vnic, &h);
    assert_int_equal(r.m.gso_type, HSR_GSO_UFO);
    assert_int_equal(r.m.class, HSR_CLASS_UDP);
    pk_start(&k, 4, 8);
    pk_sctp(&k);
    pk_ip_eth(&k, 132);
    k.p[42] ^= 1;
    assert_int_equal(with(asked(34, 8, 0, 0)), 0);
}

/* A guest's lies: fault 24 of the catalogue. */
static void test_gso_bad(void **state)
{
    const struct virtio_net_hdr lies[] = {
        asked(34, 6, 0, 0),        /* another protocol's field */
        asked(35, 16, 0, 0),       /* beside the header */
        asked(65535, 65535, 0, 0), /* past the end */
        asked(34, 16, VIRTIO_NET_HDR_GSO_TCPV4, 0),
        asked(34, 16, VIRTIO_NET_HDR_GSO_TCPV6, 1400),
        asked(34, 16, VIRTIO_NET_HDR_GSO_UDP, 1400),
        asked(34, 16, 5, 1400),
        asked(34, 16, 7, 1400), /* no type at all */
        asked(34, 16, VIRTIO_NET_HDR_GSO_ECN, 1400),
        {.gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 1400}, /* without a checksum request */
        {.flags = VIRTIO_NET_HDR_F_DATA_VALID, .gso_type = 1, .gso_size = 1400},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        pk_plain(&k, 4, 6);
        assert_int_equal(with(lies[i]), HSR_DROP_GSO_BAD);
    }
    pk_plain(&k, 4, 17);
    assert_int_equal(with(asked(34, 6, VIRTIO_NET_HDR_GSO_UDP | VIRTIO_NET_HDR_GSO_ECN, 100)),
                     HSR_DROP_GSO_BAD);
    pk_start(&k, 4, 8);
    pk_icmp(&k, 8, 1);
    pk_ip_eth(&k, 1);
    assert_int_equal(with(asked(34, 2, 0, 0)), HSR_DROP_GSO_BAD);
    pk_start(&k, 4, 16);
    pk_udp(&k, 1, 2);
    k.frag = 0x2000;
    pk_ip_eth(&k, 17);
    assert_int_equal(with(asked(34, 6, 0, 0)), HSR_DROP_GSO_BAD);
}

/* The kernel's own tunnels leave the inner sum to us, or the outer one. */
static void test_partial_in_tunnel(void **state)
{
    struct virtio_net_hdr h = asked(84, 16, 0, 0);

    (void)state;
    pk_plain(&k, 4, 6);
    k.p[50] ^= 0xFF;
    pk_vxlan(&k, 5);
    pk_outer(&k, 4, 4789);
    k.p[41] ^= 1; /* it will be right when the inner one is */
    struct pk_result r = pk_parse_frame(k.p, k.n, &pk_uplink, &h);
    assert_int_equal(r.m.reason, 0);
    assert_int_equal(pk_verdict(&r, 1), HSR_VERDICT_PARTIAL);
    assert_int_equal(pk_verdict(&r, 3), HSR_VERDICT_UNCHECKED);
    assert_int_equal(r.m.csum_start, 84);
    pk_plain(&k, 4, 6);
    pk_vxlan(&k, 5);
    pk_outer(&k, 4, 4789);
    h = asked(34, 6, 0, 0);
    r = pk_parse_frame(k.p, k.n, &pk_uplink, &h);
    assert_int_equal(r.m.reason, 0);
    assert_int_equal(pk_verdict(&r, 3), HSR_VERDICT_PARTIAL);
    assert_int_equal(pk_verdict(&r, 1), HSR_VERDICT_GOOD);
    assert_int_equal(r.m.csum_start, 0);
    h = asked(34, 6, VIRTIO_NET_HDR_GSO_TCPV4,
              1400); /* segmentation of what is inside cannot be meant */
    assert_int_equal(pk_parse_frame(k.p, k.n, &pk_uplink, &h).m.reason, HSR_DROP_GSO_BAD);
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
        cmocka_unit_test(test_vxlan),           cmocka_unit_test(test_geneve),
        cmocka_unit_test(test_partial),         cmocka_unit_test(test_not_opened),
        cmocka_unit_test(test_gso_bad),         cmocka_unit_test(test_partial_in_tunnel),
        cmocka_unit_test(test_outer_checksum6), cmocka_unit_test(test_straight),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}

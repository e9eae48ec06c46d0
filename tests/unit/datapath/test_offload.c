/* SPDX-License-Identifier: Apache-2.0 */
/* What a guest leaves to the NIC: checksums and segmentation, to a neighbour here and through the tunnel; big frames. */
#include "topology.h"

static void handshake(struct bench *b, const struct fr_flow *f, const char *from, const char *to)
{
    fr_tcp(&out, f, FR_SYN, 0, 0, 0);
    bench_passes(b, from, &out, to, &in);
}

static void gso_stays_whole_to_a_port_that_takes_it(void **state)
{
    handshake(*state, &a_to_c, "a", "c");
    fr_tcp(&out, &a_to_c, FR_SYN, 0, 0, 20000);
    fr_tcp(&out, &a_to_c, FR_ACK, 1, 0, 0);
    struct fr_flow back = {.smac = MAC_C,
                           .dmac = GW2,
                           .src = "10.2.0.5",
                           .dst = "10.1.0.5",
                           .sport = 80,
                           .dport = 1000};

    fr_tcp(&out, &back, FR_SYN | FR_ACK, 0, 1, 0);
    bench_passes(*state, "c", &out, "a", &in);
    fr_tcp(&out, &a_to_c, FR_ACK | FR_PSH, 1, 1, 20000);
    fr_partial(&out, 1400);
    bench_passes(*state, "a", &out, "c", &in);
    expect_like(&in, &out, MAC_C, GW2, 1);
    assert_int_equal(in.vnet.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
    assert_int_equal(in.vnet.gso_size, 1400);
    assert_int_equal(in.vnet.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
    assert_int_equal(in.vnet.csum_start, 34);
    assert_int_equal(in.vnet.csum_offset, 16);
}

static void gso_is_cut_for_the_tunnel(void **state)
{
    struct fr_flow back = fr_back(&a_to_9);
    uint32_t next = 1, segments = 0;

    handshake(*state, &a_to_9, "a", "up");
    fr_tcp(&out, &back, FR_SYN | FR_ACK, 0, 1, 0);
    from_host2(&out, 100);
    bench_passes(*state, "up", &out, "a", &in);
    fr_tcp(&out, &a_to_9, FR_ACK | FR_PSH, 1, 1, 20000);
    fr_partial(&out, 1400);
    bench_push(*state, "a", &out);
    bench_run(*state);
    while (bench_pop(*state, "up", &in)) {
        assert_int_equal(in.vnet.flags, 0);
        expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
        assert_true(fr_sums_right(in.b, in.len));
        assert_int_equal(fr_get32(in.b + 38), next);
        assert_memory_equal(in.b + 54, out.b + 54 + next - 1, in.len - 54);
        next += in.len - 54;
        segments++;
    }
    assert_int_equal(next, 20001);
    assert_int_equal(segments, 15);
}

/* UDP as datagrams of gso_size (USO), or as one that may be fragmented (UFO). */
static void udp_partial(const struct fr_flow *f, uint32_t len, uint8_t type)
{
    fr_udp(&out, f, len);
    fr_partial(&out, 1200);
    out.vnet.gso_type = type;
    out.vnet.hdr_len = 42;
}

static void udp_gso_stays_whole_to_a_port_that_takes_it(void **state)
{
    static const uint8_t types[] = {VIRTIO_NET_HDR_GSO_UDP, PO_VNET_GSO_UDP_L4};

    for (int i = 0; i < 2; i++) {
        udp_partial(&a_to_c, 20000, types[i]);
        bench_passes(*state, "a", &out, "c", &in);
        expect_like(&in, &out, MAC_C, GW2, 1);
        assert_int_equal(in.vnet.gso_type, types[i]);
        assert_int_equal(in.vnet.gso_size, 1200);
        assert_int_equal(in.vnet.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
        assert_int_equal(in.vnet.csum_start, 34);
        assert_int_equal(in.vnet.csum_offset, 6);
    }
}

static void udp_gso_is_cut_for_the_tunnel(void **state)
{
    uint32_t next = 0, pieces = 0;

    udp_partial(&a_to_9, 20000, PO_VNET_GSO_UDP_L4);
    bench_push(*state, "a", &out);
    bench_run(*state);
    for (; bench_pop(*state, "up", &in); pieces++) {
        expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
        assert_true(fr_sums_right(in.b, in.len));
        assert_memory_equal(in.b + 42, out.b + 42 + next, in.len - 42);
        next += in.len - 42;
    }
    assert_int_equal(next, 20000);
    assert_int_equal(pieces, 17);
    udp_partial(&a_to_9, 20000, VIRTIO_NET_HDR_GSO_UDP);
    bench_push(*state, "a", &out);
    bench_run(*state);
    for (next = pieces = 0; bench_pop(*state, "up", &in); pieces++) {
        expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
        assert_true(fr_sums_right(in.b, in.len));
        assert_int_equal(fr_get16(in.b + 20), next / 8 | (next + 1200 < 20008 ? 0x2000 : 0));
        if (next > 0)
            assert_memory_equal(in.b + 34, out.b + 34 + next, in.len - 34);
        next += in.len - 34;
    }
    assert_int_equal(next, 20008);
    assert_int_equal(pieces, 17);
}

static void partial_checksums(void **state)
{
    struct fr_flow six = {
        .smac = MAC_A, .dmac = GW, .src = "fd00:1::5", .dst = "fd00:2::5", .sport = 7, .dport = 8};

    fr_udp(&out, &a_to_c, 99);
    fr_partial(&out, 0);
    bench_passes(*state, "a", &out, "c", &in);
    expect_like(&in, &out, MAC_C, GW2, 1);
    assert_int_equal(in.vnet.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
    assert_int_equal(in.vnet.csum_offset, 6);
    fr_udp(&out, &six, 99);
    fr_partial(&out, 0);
    bench_passes(*state, "a", &out, "c", &in);
    assert_int_equal(in.vnet.csum_start, 54);
    expect_like(&in, &out, MAC_C, GW2, 1);
    fr_udp(&more, &a_to_9, 99);
    out = more;
    fr_partial(&out, 0);
    bench_passes(*state, "a", &out, "up", &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    expect_like(&in, &more, MAC_9, MAC_A, 0);
    assert_int_equal(in.vnet.flags, 0);
    fr_tcp(&more, &a_to_9, FR_SYN, 0, 0, 0);
    out = more;
    fr_partial(&out, 0);
    bench_passes(*state, "a", &out, "up", &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    expect_like(&in, &more, MAC_9, MAC_A, 0);
}

static void jumbo_frames(void **state)
{
    fr_udp(&out, &a_to_b, 8900);
    bench_passes(*state, "a", &out, "b", &in);
    expect_like(&in, &out, MAC_B, MAC_A, 0);
    /* The uplink takes 1,600 bytes of IP: an inner frame of 1,564. */
    fr_udp(&out, &a_to_9, 1564 - 42);
    bench_passes(*state, "a", &out, "up", &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    expect_like(&in, &out, MAC_9, MAC_A, 0);
    fr_udp(&out, &a_to_9, 1564 - 42 + 1);
    bench_passes(*state, "a", &out, "a", &in); /* is told (test_mtu.c) */
    assert_int_equal(bench_drops(*state, "a", HSR_DROP_PMTU), 1);
}

/* Fault 20: RFC 6040: figure 4 on the way in, the inner mark on the way out. */
static void congestion_marks(void **state)
{
    static const int table[4][4] = {
        /* outer: Not-ECT, ECT(1), ECT(0), CE; rows: inner */
        {0, 0, 0, -1},
        {1, 1, 1, 3},
        {2, 1, 2, 3},
        {3, 3, 3, 3},
    };
    struct bench *b = *state;

    for (unsigned six = 0; six < 2; six++) {
        for (unsigned inner = 0; inner < 4; inner++) {
            for (unsigned outer = 0; outer < 4; outer++) {
                struct fr_flow f = {.smac = MAC_9,
                                    .dmac = MAC_A,
                                    .src = six ? "fd00:1::9" : "10.1.0.9",
                                    .dst = six ? "fd00:1::5" : "10.1.0.5",
                                    .sport = 1,
                                    .dport = 2,
                                    .tos = (uint8_t)(0xB8 | inner)};
                struct fr_flow o = h2_to_1;

                o.tos = (uint8_t)outer;
                fr_udp(&out, &f, 20);
                fr_vxlan(&out, &o, 100);
                if (table[inner][outer] < 0) {
                    bench_refused(b, "up", &out, HSR_DROP_ECN);
                    continue;
                }
                bench_passes(b, "up", &out, "a", &in);
                f.tos = (uint8_t)(0xB8 | table[inner][outer]);
                fr_udp(&more, &f, 20);
                assert_int_equal(in.len, more.len);
                assert_memory_equal(in.b, more.b, more.len);
                f = fr_back(&f);
                f.tos = (uint8_t)(0xB8 | inner);
                fr_udp(&out, &f, 20);
                bench_passes(b, "a", &out, "up", &in);
                assert_int_equal(in.b[FR_L3 + 1], inner);
                expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
            }
        }
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, top_open, top_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gso_stays_whole_to_a_port_that_takes_it),
        TEST(gso_is_cut_for_the_tunnel),
        TEST(udp_gso_stays_whole_to_a_port_that_takes_it),
        TEST(udp_gso_is_cut_for_the_tunnel),
        TEST(partial_checksums),
        TEST(jumbo_frames),
        TEST(congestion_marks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

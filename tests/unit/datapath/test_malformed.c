/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Malformed packets through NIC and firmware: a good packet, one thing wrong with it, and the reason under which it is counted.
 * It is counted once, under no other, and nothing leaves. What the parser says of each is in preproc_faults. And a guest that
 * is none for good packets.
 */
#include "topology.h"

/* Bytes to write, behind each other at one place. */
struct patch {
    uint16_t at;
    uint8_t n;
    uint8_t byte[6];
};

enum base { UDP4, TCP4, UDP6, ICMP4, ICMP6, SCTP, ARP, SOLICIT, VXLAN, GENEVE };

struct row {
    const char *what;
    enum base base;
    enum hsr_drop reason;
    struct patch patch[2];
    uint32_t len;     /* cut to this, 0: not */
    bool leave_wrong; /* the sums are what is wrong */
};

/* A good one of a kind in `out`; the port it comes in by. */
static const char *good(enum base base)
{
    static const uint8_t sctp[16] = {0, 7, 0, 8};
    struct fr_flow six = {.smac = MAC_A,
                          .dmac = GW,
                          .src = "fd00:1::5",
                          .dst = "fd00:2::5",
                          .sport = 7,
                          .dport = 8},
                   all = {.smac = MAC_A,
                          .dmac = 0x3333FF000006,
                          .src = "fd00:1::5",
                          .dst = "ff02::1:ff00:6"},
                   back = fr_back(&a_to_9);

    switch (base) {
    case UDP4:
        fr_udp(&out, &a_to_b, 40);
        break;
    case TCP4:
        fr_tcp(&out, &a_to_b, FR_SYN, 1, 0, 40);
        break;
    case UDP6:
        fr_udp(&out, &six, 40);
        break;
    case ICMP4:
        fr_echo(&out, &a_to_b, 8, 1);
        break;
    case ICMP6:
        fr_echo(&out, &six, 128, 1);
        break;
    case SCTP:
        fr_ip(&out, &a_to_b, 132, sctp, sizeof sctp);
        break;
    case ARP:
        fr_arp(&out, 1, MAC_A, "10.1.0.5", 0, "10.1.0.254");
        break;
    case SOLICIT:
        fr_solicit(&out, &all, "fd00:1::6");
        break;
    case VXLAN:
        fr_udp(&out, &back, 40);
        from_host2(&out, 100);
        return "up";
    default:
        fr_udp(&out, &back, 40);
        fr_geneve(&out, &h2_to_1, 100, "\1\2\3\1abcd", 8);
        return "up";
    }
    return "a";
}

static void refused(struct bench *b, const struct row *row)
{
    const char *port = good(row->base);

    for (unsigned i = 0; i < 2; i++)
        memcpy(out.b + row->patch[i].at, row->patch[i].byte, row->patch[i].n);
    if (row->len > 0)
        out.len = row->len;
    if (!row->leave_wrong)
        fr_mend(out.b, out.len);
    print_message("%s\n", row->what);
    bench_refused(b, port, &out, row->reason);
}

static void all_refused(struct bench *b, const struct row *row, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        refused(b, &row[i]);
}

#define ALL(rows) all_refused(*state, rows, sizeof(rows) / sizeof(*(rows)))

/* Fault 1: frames shorter than their header. */
static void lengths(void **state)
{
    static const struct row rows[] = {
        {.what = "one byte",
         .base = UDP4,
         .reason = HSR_DROP_PKT_TOO_SMALL,
         .len = 1,
         .leave_wrong = true},
        {.what = "13 bytes",
         .base = UDP4,
         .reason = HSR_DROP_PKT_TOO_SMALL,
         .len = 13,
         .leave_wrong = true},
    };

    ALL(rows);
}

/* Fault 3: more tags than two. */
static void tags(void **state)
{
    static const uint16_t types[] = {0x8100, 0x88A8, 0x9100};

    for (unsigned depth = 3; depth <= 8; depth++) {
        fr_udp(&out, &a_to_b, 40);
        for (unsigned i = 0; i < depth; i++) {
            memmove(out.b + 16, out.b + 12, out.len - 12);
            fr_put16(out.b + 12, types[i % 3]);
            fr_put16(out.b + 14, 5);
            out.len += 4;
        }
        bench_refused(*state, "a", &out, HSR_DROP_VLAN_DEPTH);
    }
}

/* Faults 4, 5: an IPv4 header that does not fit its frame, or its sum. */
static void ip4_header(void **state)
{
    static const struct row rows[] = {
        {.what = "version 5", .base = UDP4, .reason = HSR_DROP_IP_HDR, .patch = {{14, 1, {0x55}}}},
        {.what = "IHL 4", .base = UDP4, .reason = HSR_DROP_IP_HDR, .patch = {{14, 1, {0x44}}}},
        {.what = "IHL past the end",
         .base = UDP4,
         .reason = HSR_DROP_IP_HDR,
         .patch = {{14, 1, {0x4F}}},
         .len = 60},
        {.what = "length below the header",
         .base = UDP4,
         .reason = HSR_DROP_IP_HDR,
         .patch = {{16, 2, {0, 19}}}},
        {.what = "length past the frame",
         .base = UDP4,
         .reason = HSR_DROP_IP_HDR,
         .patch = {{16, 2, {0, 69}}}},
        {.what = "sum",
         .base = UDP4,
         .reason = HSR_DROP_IP_CSUM,
         .patch = {{24, 2, {1, 2}}},
         .leave_wrong = true},
    };

    ALL(rows);
}

/* Fault 4: what pads a frame behind its IP packet is cut off and reaches nobody. */
static void padding(void **state)
{
    fr_udp(&out, &a_to_b, 1);
    memset(out.b + out.len, 0xEE, 60 - out.len);
    out.len = 60;
    bench_passes(*state, "a", &out, "b", &in);
    assert_int_equal(in.len, 43);
    fr_udp(&out, &a_to_b, 1);
    expect_like(&in, &out, MAC_B, MAC_A, 0);
}

/* Fault 7: IPv4 options of length 0, of length 1, past the header. */
static void ip4_options(void **state)
{
    static const struct row rows[] = {
        {.what = "length 0",
         .base = UDP4,
         .reason = HSR_DROP_IP_OPT,
         .patch = {{14, 1, {0x46}}, {34, 4, {7, 0, 4, 0}}}},
        {.what = "length 1",
         .base = UDP4,
         .reason = HSR_DROP_IP_OPT,
         .patch = {{14, 1, {0x46}}, {34, 4, {131, 1, 4, 0}}}},
        {.what = "overrun",
         .base = UDP4,
         .reason = HSR_DROP_IP_OPT,
         .patch = {{14, 1, {0x46}}, {34, 4, {137, 9, 4, 0}}}},
        {.what = "no room for a length",
         .base = UDP4,
         .reason = HSR_DROP_IP_OPT,
         .patch = {{14, 1, {0x46}}, {34, 4, {1, 1, 1, 7}}}},
    };

    ALL(rows);
}

/* Fault 9: IPv6 headers that do not fit, and extension headers: overrunning, out of place, more than eight. */
static void ip6(void **state)
{
    static const struct row rows[] = {
        {.what = "version 4", .base = UDP6, .reason = HSR_DROP_IP6_HDR, .patch = {{14, 1, {0x45}}}},
        {.what = "length past the frame",
         .base = UDP6,
         .reason = HSR_DROP_IP6_HDR,
         .patch = {{18, 2, {1, 0}}}},
        {.what = "overrun",
         .base = UDP6,
         .reason = HSR_DROP_IP6_EXT,
         .patch = {{20, 1, {60}}, {54, 2, {17, 255}}}},
        {.what = "hop-by-hop not first",
         .base = UDP6,
         .reason = HSR_DROP_IP6_EXT,
         .patch = {{20, 1, {60}}, {54, 2, {0, 0}}}},
    };

    ALL(rows);
    good(UDP6);
    fr_put16(out.b + 18, 48 + 72);
    memmove(out.b + 54 + 72, out.b + 54, 48);
    out.len += 72;
    memset(out.b + 54, 0, 72);
    out.b[20] = 60;
    for (unsigned i = 0; i < 9; i++)
        out.b[54 + 8 * i] = i < 8 ? 60 : 17;
    bench_refused(*state, "a", &out, HSR_DROP_IP6_EXT);
}

/* Fault 10: fragments that cannot be: past 65,535 bytes, no multiple of eight, of no length. */
static void fragments(void **state)
{
    static const struct row rows[] = {
        {.what = "ping of death",
         .base = UDP4,
         .reason = HSR_DROP_FRAG_BAD,
         .patch = {{20, 2, {0x1F, 0xFF}}}},
        {.what = "not a multiple of eight",
         .base = UDP4,
         .reason = HSR_DROP_FRAG_BAD,
         .patch = {{16, 2, {0, 67}}, {20, 2, {0x20, 0}}}},
        {.what = "of no length",
         .base = UDP4,
         .reason = HSR_DROP_FRAG_BAD,
         .patch = {{16, 2, {0, 20}}, {20, 2, {0x20, 0}}},
         .len = 34},
    };

    ALL(rows);
}

/* Faults 11, 12: TCP headers and options past their end, and flags that no stack sends. */
static void tcp(void **state)
{
    static const struct row rows[] = {
        {.what = "offset 4", .base = TCP4, .reason = HSR_DROP_TCP_HDR, .patch = {{46, 1, {0x40}}}},
        {.what = "offset past the end",
         .base = TCP4,
         .reason = HSR_DROP_TCP_HDR,
         .patch = {{16, 2, {0, 50}}, {46, 1, {0xF0}}}},
        {.what = "option of length 0",
         .base = TCP4,
         .reason = HSR_DROP_TCP_HDR,
         .patch = {{46, 1, {0x60}}, {54, 4, {2, 0, 5, 0}}}},
        {.what = "option of length 1",
         .base = TCP4,
         .reason = HSR_DROP_TCP_HDR,
         .patch = {{46, 1, {0x60}}, {54, 4, {3, 1, 5, 0}}}},
        {.what = "no flags", .base = TCP4, .reason = HSR_DROP_TCP_FLAGS, .patch = {{47, 1, {0}}}},
        {.what = "all of them",
         .base = TCP4,
         .reason = HSR_DROP_TCP_FLAGS,
         .patch = {{47, 1, {0x3F}}}},
        {.what = "SYN and FIN",
         .base = TCP4,
         .reason = HSR_DROP_TCP_FLAGS,
         .patch = {{47, 1, {0x03}}}},
        {.what = "SYN and RST",
         .base = TCP4,
         .reason = HSR_DROP_TCP_FLAGS,
         .patch = {{47, 1, {0x06}}}},
        {.what = "FIN alone",
         .base = TCP4,
         .reason = HSR_DROP_TCP_FLAGS,
         .patch = {{47, 1, {0x01}}}},
        {.what = "sum",
         .base = TCP4,
         .reason = HSR_DROP_TCP_CSUM,
         .patch = {{50, 2, {1, 2}}},
         .leave_wrong = true},
        {.what = "PSH alone opens nothing",
         .base = TCP4,
         .reason = HSR_DROP_TCP_STATE,
         .patch = {{47, 1, {0x08}}}},
    };

    ALL(rows);
}

/* Fault 15: UDP lengths that do not fit, wrong sums, and none over IPv6. */
static void udp(void **state)
{
    static const struct row rows[] = {
        {.what = "length 7", .base = UDP4, .reason = HSR_DROP_UDP_LEN, .patch = {{38, 2, {0, 7}}}},
        {.what = "length 0", .base = UDP4, .reason = HSR_DROP_UDP_LEN, .patch = {{38, 2, {0, 0}}}},
        {.what = "length past the packet",
         .base = UDP4,
         .reason = HSR_DROP_UDP_LEN,
         .patch = {{38, 2, {0, 49}}}},
        {.what = "sum",
         .base = UDP4,
         .reason = HSR_DROP_UDP_CSUM,
         .patch = {{40, 2, {1, 2}}},
         .leave_wrong = true},
        {.what = "no sum over IPv6",
         .base = UDP6,
         .reason = HSR_DROP_UDP_CSUM,
         .patch = {{60, 2, {0, 0}}}},
    };

    ALL(rows);
}

/* Headers of ICMP and SCTP cut short, and their sums. */
static void icmp_and_sctp(void **state)
{
    static const struct row rows[] = {
        {.what = "ICMP of 4 bytes",
         .base = ICMP4,
         .reason = HSR_DROP_ICMP_HDR,
         .patch = {{16, 2, {0, 24}}}},
        {.what = "ICMP sum",
         .base = ICMP4,
         .reason = HSR_DROP_ICMP_CSUM,
         .patch = {{36, 2, {1, 2}}},
         .leave_wrong = true},
        {.what = "ICMPv6 sum",
         .base = ICMP6,
         .reason = HSR_DROP_ICMP_CSUM,
         .patch = {{56, 2, {1, 2}}},
         .leave_wrong = true},
        {.what = "SCTP of 8 bytes",
         .base = SCTP,
         .reason = HSR_DROP_SCTP_HDR,
         .patch = {{16, 2, {0, 28}}}},
        {.what = "SCTP sum", .base = SCTP, .reason = HSR_DROP_SCTP_CSUM},
    };

    ALL(rows);
}

/* Fault 17: ARP of other hardware, options of neighbour discovery that would never end. */
static void arp_and_nd(void **state)
{
    static const struct row rows[] = {
        {.what = "hardware addresses of 255 bytes",
         .base = ARP,
         .reason = HSR_DROP_ARP_BAD,
         .patch = {{18, 1, {255}}}},
        {.what = "not Ethernet",
         .base = ARP,
         .reason = HSR_DROP_ARP_BAD,
         .patch = {{14, 2, {0, 6}}}},
        {.what = "from a group", .base = ARP, .reason = HSR_DROP_ARP_BAD, .patch = {{22, 1, {1}}}},
        {.what = "cut short", .base = ARP, .reason = HSR_DROP_ARP_BAD, .len = 30},
        {.what = "option of length 0",
         .base = SOLICIT,
         .reason = HSR_DROP_ND_BAD,
         .patch = {{79, 1, {0}}}},
        {.what = "hop limit 254",
         .base = SOLICIT,
         .reason = HSR_DROP_ND_BAD,
         .patch = {{21, 1, {254}}}},
    };

    ALL(rows);
}

/* Faults 18, 19, 20: tunnel headers, options that overrun, sums outside, a tunnel packet in fragments. */
static void tunnels(void **state)
{
    enum { AT = FR_INNER - 8, OUTER_UDP = 34 };
    static const struct row rows[] = {
        {.what = "no I flag", .base = VXLAN, .reason = HSR_DROP_VXLAN_HDR, .patch = {{AT, 1, {0}}}},
        {.what = "cut short",
         .base = VXLAN,
         .reason = HSR_DROP_VXLAN_HDR,
         .patch = {{16, 2, {0, 32}}, {OUTER_UDP + 4, 2, {0, 12}}},
         .len = 46},
        {.what = "a network of nobody's",
         .base = VXLAN,
         .reason = HSR_DROP_UNKNOWN_VNI,
         .patch = {{AT + 4, 3, {0, 9, 9}}}},
        {.what = "no room for a frame",
         .base = VXLAN,
         .reason = HSR_DROP_PKT_TOO_SMALL,
         .patch = {{16, 2, {0, 46}}, {OUTER_UDP + 4, 2, {0, 26}}},
         .len = 60},
        {.what = "version 1",
         .base = GENEVE,
         .reason = HSR_DROP_GENEVE_HDR,
         .patch = {{AT, 1, {0x42}}}},
        {.what = "not Ethernet inside",
         .base = GENEVE,
         .reason = HSR_DROP_GENEVE_HDR,
         .patch = {{AT + 2, 2, {8, 0}}}},
        {.what = "options past the end",
         .base = GENEVE,
         .reason = HSR_DROP_GENEVE_OPT,
         .patch = {{AT, 1, {63}}}},
        {.what = "option past the options",
         .base = GENEVE,
         .reason = HSR_DROP_GENEVE_OPT,
         .patch = {{AT + 11, 1, {9}}}},
        {.what = "unknown, and critical",
         .base = GENEVE,
         .reason = HSR_DROP_GENEVE_OPT,
         .patch = {{AT + 10, 1, {0x83}}}},
        {.what = "sum outside",
         .base = VXLAN,
         .reason = HSR_DROP_OUTER_CSUM,
         .patch = {{OUTER_UDP + 6, 2, {1, 2}}},
         .leave_wrong = true},
        {.what = "in fragments",
         .base = VXLAN,
         .reason = HSR_DROP_OUTER_FRAG,
         .patch = {{20, 2, {0x00, 8}}}},
    };

    ALL(rows);
}

/* Fault 24: offloads that do not fit the frame they are asked for. */
static void offloads(void **state)
{
    static const struct {
        const char *what;
        struct virtio_net_hdr claim;
    } lies[] = {
        {"segments of 0 bytes",
         {.flags = 1, .gso_type = 1, .hdr_len = 54, .csum_start = 34, .csum_offset = 16}},
        {"sum from behind the end", {.flags = 1, .csum_start = 60000, .csum_offset = 16}},
        {"sum into what is behind the end", {.flags = 1, .csum_start = 34, .csum_offset = 60000}},
        {"segments without a sum", {.gso_type = 1, .gso_size = 500, .hdr_len = 54}},
        {"segments of another protocol",
         {.flags = 1,
          .gso_type = 4,
          .gso_size = 500,
          .hdr_len = 54,
          .csum_start = 34,
          .csum_offset = 16}},
    };

    for (unsigned i = 0; i < sizeof lies / sizeof *lies; i++) {
        good(TCP4);
        out.vnet = lies[i].claim;
        print_message("%s\n", lies[i].what);
        bench_refused(*state, "a", &out, HSR_DROP_GSO_BAD);
    }
}

/* Fault 25: Ethernet types that nothing here reads. */
static void other_types(void **state)
{
    static const uint16_t types[] = {0x8847, 0x8863, 0x8864, 0x88CC, 0x0000, 0xFFFF, 1500};

    for (unsigned i = 0; i < sizeof types / sizeof *types; i++) {
        fr_ether(&out, MAC_B, MAC_A, types[i], 60);
        bench_refused(*state, "a", &out, HSR_DROP_ETHERTYPE);
    }
}

/* Fault 35: a guest that takes nothing any more: what is for it is counted when its port is full, and others notice nothing. */
static void a_guest_that_does_not_read(void **state)
{
    enum { FRAMES = 5000 }; /* of 1,000 bytes: more than a port of the bench holds */
    struct bench *b = *state;

    for (unsigned i = 0; i < FRAMES; i++) {
        fr_udp(&out, &a_to_b, 1000);
        bench_push(b, "a", &out);
        bench_run(b);
    }
    assert_true(bench_drops(b, "a", HSR_DROP_PORT_TX_FULL) > 0);
    fr_udp(&out, &a_to_c, 1000);
    bench_passes(b, "a", &out, "c", &in);
    while (bench_pop(b, "b", &in))
        continue;
    fr_udp(&out, &a_to_b, 1000);
    bench_passes(b, "a", &out, "b", &in);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, top_open, top_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lengths),       TEST(tags),        TEST(ip4_header),
        TEST(padding),       TEST(ip4_options), TEST(ip6),
        TEST(fragments),     TEST(tcp),         TEST(udp),
        TEST(icmp_and_sctp), TEST(arp_and_nd),  TEST(tunnels),
        TEST(offloads),      TEST(other_types), TEST(a_guest_that_does_not_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

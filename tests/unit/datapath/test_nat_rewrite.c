/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translated headers by the thousand: each must be the packet that the other end points would have sent, to the last bit of
 * each checksum; both families, what is left to the NIC, fragments, errors with long and short quotes.
 */
#include <stdio.h>

#include "action/nat_plain.h"
#include "actions.h"
#include "nat.h"
#include "topology.h"

#define ROUNDS 4000

enum proto { P_UDP, P_TCP, P_ICMP, P_SCTP, PROTOS };

static uint64_t state64 = 88172645463325252u;

static uint32_t draw(uint32_t below)
{
    state64 ^= state64 << 13;
    state64 ^= state64 >> 7;
    state64 ^= state64 << 17;
    return (uint32_t)(state64 >> 33) % below;
}

/* Two ends, and what each becomes. */
struct ends {
    char addr[4][40]; /* source, destination, new source, new destination */
    uint16_t port[4];
};

static struct ends draw_ends(bool ipv6)
{
    struct ends e;

    for (unsigned i = 0; i < 4; i++) {
        if (ipv6)
            snprintf(e.addr[i], sizeof e.addr[i], "2001:db8:%x::%x", draw(65536), 1 + draw(65535));
        else
            snprintf(e.addr[i], sizeof e.addr[i], "%u.%u.%u.%u", 1 + draw(126), draw(256),
                     draw(256), 1 + draw(254));
        e.port[i] = (uint16_t)draw(65536);
    }
    return e;
}

static struct fr_flow flow(const struct ends *e, bool new_src, bool new_dst, bool icmp)
{
    return (struct fr_flow){.smac = 2,
                            .dmac = 4,
                            .src = e->addr[new_src ? 2 : 0],
                            .dst = e->addr[new_dst ? 3 : 1],
                            .sport = e->port[new_src ? 2 : 0],
                            .dport = icmp ? e->port[new_src ? 2 : 0] : e->port[new_dst ? 3 : 1]};
}

static void build(struct fr *f, const struct fr_flow *w, enum proto proto, bool ipv6,
                  uint32_t payload)
{
    static const uint8_t sctp[40] = {1, 2, 3, 4, 0xCA, 0xFE};

    if (proto == P_UDP)
        fr_udp(f, w, payload);
    else if (proto == P_TCP)
        fr_tcp(f, w, FR_ACK, 7, 9, payload);
    else if (proto == P_ICMP)
        fr_echo(f, w, ipv6 ? 128 : 8, w->sport);
    else
        fr_ip(f, w, 132, sctp, sizeof sctp);
}

static void packed(const char *text, bool ipv6, uint8_t bytes[16])
{
    struct cfg_addr a;

    assert_true(cfg_addr_parse(text, &a));
    assert_int_equal(a.family, ipv6 ? 6 : 4);
    memcpy(bytes, a.bytes, 16);
}

struct translation {
    uint8_t src[16], dst[16];
    struct nat_ends ends;
};

static void translation(struct translation *t, const struct ends *e, bool ipv6, bool new_src,
                        bool new_dst, bool icmp)
{
    packed(e->addr[2], ipv6, t->src);
    packed(e->addr[3], ipv6, t->dst);
    t->ends = (struct nat_ends){.src = new_src ? t->src : NULL,
                                .dst = new_dst ? t->dst : NULL,
                                .sport = e->port[2],
                                .dport = e->port[3],
                                .new_sport = new_src,
                                .new_dport = new_dst && !icmp};
}

static struct nat_headers headers(struct fr *f, bool ipv6)
{
    uint8_t *ip = f->b + FR_L3, *l4 = ip + (ipv6 ? 40 : 20);

    return (struct nat_headers){.ip = ip,
                                .l4 = l4,
                                .l4_len = f->len - (uint32_t)(l4 - f->b),
                                .proto = ipv6 ? ip[6] : ip[9],
                                .ipv6 = ipv6,
                                .has_port = true};
}

static void every_packet(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        enum proto proto = (enum proto)draw(PROTOS);
        bool ipv6 = draw(2), new_src = draw(2), new_dst = draw(2), icmp = proto == P_ICMP;
        bool partial = (proto == P_TCP || proto == P_UDP) && draw(3) == 0;
        uint32_t payload = draw(60);
        struct ends e = draw_ends(ipv6);
        struct translation t;

        if (proto == P_SCTP) /* has no ports that we write */
            memcpy(&e.port[2], &e.port[0], 2 * sizeof e.port[0]);
        struct fr_flow before = flow(&e, false, false, icmp),
                       after = flow(&e, new_src, new_dst, icmp);

        translation(&t, &e, ipv6, new_src, new_dst, icmp);
        build(&out, &before, proto, ipv6, payload);
        build(&in, &after, proto, ipv6, payload);
        if (partial && proto == P_TCP) {
            fr_partial(&out, 0);
            fr_partial(&in, 0);
        }
        struct nat_headers h = headers(&out, ipv6);

        h.partial = partial && proto == P_TCP;
        assert_true(nat_rewrite(&h, &t.ends));
        if (memcmp(out.b, in.b, in.len) != 0)
            fail_msg("round %u: protocol %d, IPv%d, source %d, destination %d, partial %d", i,
                     (int)proto, ipv6 ? 6 : 4, new_src, new_dst, h.partial);
    }
}

/* The short way for TCP and UDP over IPv4 writes the same; of all payloads some make a UDP checksum zero. */
static void plain_packets(void **state)
{
    unsigned ones = 0;

    (void)state;
    for (unsigned i = 0; i < 40 * ROUNDS; i++) {
        bool udp = draw(4) != 0, new_src = draw(2), new_dst = draw(2);
        struct ends e = draw_ends(false);
        struct translation t;
        struct fr_flow before = flow(&e, false, false, false),
                       after = flow(&e, new_src, new_dst, false);

        translation(&t, &e, false, new_src, new_dst, false);
        build(&out, &before, udp ? P_UDP : P_TCP, false, draw(4));
        build(&in, &after, udp ? P_UDP : P_TCP, false, out.len - (udp ? 42 : 54));
        if (udp && draw(10) == 0) {
            fr_put16(out.b + 40, 0);
            fr_put16(in.b + 40, 0);
        }
        struct nat_headers h = headers(&out, false);
        struct act_nat_param to = {.sport = fr_get16(in.b + 34), .dport = fr_get16(in.b + 36)};

        memcpy(to.src, new_src ? t.src : h.ip + 12, 4);
        memcpy(to.dst, new_dst ? t.dst : h.ip + 16, 4);
        nat_plain_grow(&to, hsr_load32(h.ip + 12), hsr_load32(h.ip + 16), hsr_load32(h.l4));
        nat_write_plain((const uint8_t *)&to, h.ip, h.l4, udp, 0);
        assert_memory_equal(out.b, in.b, in.len);
        ones += udp && fr_get16(in.b + 40) == 0xFFFF;
    }
    assert_true(ones > 0);
}

/* A later fragment has addresses alone, whatever lies where its L4 header would be. */
static void fragments(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 500; i++) {
        bool ipv6 = draw(2);
        struct ends e = draw_ends(ipv6);
        struct fr_flow before = flow(&e, false, false, false);
        struct translation t;

        translation(&t, &e, ipv6, true, true, false);
        fr_udp(&out, &before, 40);
        struct nat_headers h = headers(&out, ipv6);

        h.l4_len = 0;
        in = out;
        assert_true(nat_rewrite(&h, &t.ends));
        assert_memory_equal(h.ip + (ipv6 ? 8 : 12), t.src, ipv6 ? 16 : 4);
        assert_memory_equal(h.ip + (ipv6 ? 24 : 16), t.dst, ipv6 ? 16 : 4);
        if (!ipv6)
            assert_int_equal(fr_fold(fr_sum(0, h.ip, 20)), 0xFFFF);
        assert_memory_equal(h.l4, in.b + (h.l4 - out.b), 48);
    }
}

/* An L4 header that is cut off is no reason to write behind the packet: nothing changes. */
static void cut_off(void **state)
{
    static const struct {
        enum proto proto;
        uint32_t least;
    } rows[] = {{P_UDP, 8}, {P_TCP, 18}, {P_ICMP, 8}};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct ends e = draw_ends(false);
        struct fr_flow before = flow(&e, false, false, rows[i].proto == P_ICMP);
        struct translation t;

        translation(&t, &e, false, true, true, false);
        for (uint32_t len = 1; len <= rows[i].least; len++) {
            build(&out, &before, rows[i].proto, false, 30);
            struct nat_headers h = headers(&out, false);

            h.l4_len = len;
            in = out;
            assert_int_equal(nat_rewrite(&h, &t.ends), len == rows[i].least);
            if (len < rows[i].least)
                assert_memory_equal(out.b, in.b, in.len);
        }
    }
}

/* The error comes to what stands in `after`, about a packet from there; it goes on to what that was before. */
static void every_error(void **state)
{
    static struct fr quoted, error, expected;

    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        enum proto proto = (enum proto)draw(3);
        bool ipv6 = draw(2), icmp = proto == P_ICMP, both = draw(2);
        struct ends e = draw_ends(ipv6);
        struct fr_flow sent = flow(&e, false, false, icmp), seen = flow(&e, true, both, icmp);
        struct fr_flow outside = {.smac = 2, .dmac = 4, .src = seen.dst, .dst = seen.src};
        struct fr_flow inside = {.smac = 2, .dmac = 4, .src = sent.dst, .dst = sent.src};
        uint32_t ip = ipv6 ? 40 : 20, all;
        uint8_t src[16], dst[16];
        struct nat_ends ends;

        packed(sent.dst, ipv6, src);
        packed(sent.src, ipv6, dst);
        ends = (struct nat_ends){.src = both ? src : NULL,
                                 .dst = dst,
                                 .sport = icmp ? sent.sport : sent.dport,
                                 .dport = sent.sport,
                                 .new_sport = both && !icmp,
                                 .new_dport = true};
        build(&quoted, &seen, proto, ipv6, 30);
        all = quoted.len - 14;
        uint32_t most = draw(2) ? ip + 8 : draw(2) ? ip + 20 : all; /* eight bytes, or more */

        if (most > all)
            most = all;
        fr_error(&error, &outside, ipv6 ? 1 : 3, 3, &quoted, most);
        build(&quoted, &sent, proto, ipv6, 30);
        fr_error(&expected, &inside, ipv6 ? 1 : 3, 3, &quoted, most);
        assert_true(
            nat_rewrite_error(error.b + 14, error.b + 14 + ip, error.len - 14 - ip, ipv6, &ends));
        if (memcmp(error.b, expected.b, expected.len) != 0)
            fail_msg("round %u: protocol %d, IPv%d, %u bytes quoted, both %d", i, (int)proto,
                     ipv6 ? 6 : 4, most, both);
    }
}

/* Nothing behind what is there is read or written: the bytes end where the memory does. */
static void short_errors(void **state)
{
    struct nat_ends ends = {.dst = (const uint8_t[16]){1}, .new_dport = true, .dport = 5};

    (void)state;
    for (unsigned six = 0; six < 2; six++) {
        for (uint32_t len = 0; len < 80; len++) {
            uint8_t *all = malloc(40 + len), *icmp = all + 40;

            memset(all, 0, 40 + len);
            if (len > 8)
                icmp[8] = six ? 0x60 : (uint8_t)(0x40 | (5 + len % 11));
            if (len > 17)
                icmp[six ? 14 : 17] = (uint8_t)(len % 2 ? 6 : 17);
            bool good = nat_rewrite_error(all, icmp, len, six, &ends);

            if (len < 8u + (six ? 40 : 20))
                assert_false(good);
            free(all);
        }
    }
}

static void in_words(void **state)
{
    static const struct {
        uint8_t what;
        const char *text;
    } rows[] = {
        {ACT_NAT_SRC, "nat src 203.0.113.1"},
        {ACT_NAT_SRC | ACT_NAT_SPORT, "nat src 203.0.113.1 port 4000"},
        {ACT_NAT_DST | ACT_NAT_DPORT, "nat dst 10.1.0.5 port 80"},
        {ACT_NAT_SRC | ACT_NAT_DST | ACT_NAT_DPORT, "nat src 203.0.113.1 dst 10.1.0.5 port 80"},
        {ACT_NAT_SPORT, "nat src port 4000"},
        {ACT_NAT_SRC | ACT_NAT_IPV6, "nat src 2001:db8::1"},
    };
    const struct act_nat_param param = {
        .src = {203, 0, 113, 1}, .dst = {10, 1, 0, 5}, .sport = 4000, .dport = 80};
    union act_record six = {.bytes = {0x20, 0x01, 0x0D, 0xB8, [15] = 1}};
    struct act_store store;
    struct ses_dir dir = {.program = 0};
    char text[160];

    (void)state;
    assert_int_equal(act_store_open(&store, 4, 1, NULL), 0);
    memcpy(dir.param, &param, sizeof param);
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct act_action a = {.op = ACT_NAT, .arg8 = rows[i].what};

        if (rows[i].what & ACT_NAT_IPV6)
            a.arg32 = act_template_get(&store, &six, 32);
        act_nat.describe(&a, &store, &dir, text, sizeof text);
        assert_string_equal(text, rows[i].text);
    }
    act_store_close(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_packet), cmocka_unit_test(plain_packets),
        cmocka_unit_test(fragments),    cmocka_unit_test(cut_off),
        cmocka_unit_test(every_error),  cmocka_unit_test(short_errors),
        cmocka_unit_test(in_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

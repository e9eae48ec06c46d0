/* SPDX-License-Identifier: Apache-2.0 */
/* The MSS clamp: what of a SYN is changed, by path, family and place of the option, and what is left alone. */
#include "topology.h"

static const struct fr_flow b_to_a = {
    .smac = MAC_B, .dmac = MAC_A, .src = "10.1.0.6", .dst = "10.1.0.5", .sport = 80, .dport = 1000};
static const struct fr_flow b_to_9 = {
    .smac = MAC_B, .dmac = MAC_9, .src = "10.1.0.6", .dst = "10.1.0.9", .sport = 80, .dport = 1000};

static int setup(void **state)
{
    static struct bench b;

    bench_open(&b, &(struct bench_config){0},
               TOP_OPTIONS("") "vpcs: [{name: blue, vni: 100, mss_clamp: true}]\n"
                               "subnets:\n"
                               "  - {name: front, vpc: blue, prefix4: 10.1.0.0/24, prefix6: "
                               "'fd00:1::/64', gateway4: 10.1.0.254,\n"
                               "     gateway6: 'fd00:1::fe', gateway_mac: 02:00:5e:00:01:fe}\n"
                               "mappings:\n"
                               "  - {vpc: blue, address: 10.1.0.9, mac: 02:00:00:00:00:09, vtep: "
                               "192.0.2.2, mtu: 1400}\n" TOP_GROUPS TOP_UP TOP_A("") TOP_B(""));
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bench_close(*state);
    return 0;
}

/* A SYN with options, NOPs before the MSS: at an even place and at an odd one. */
static void syn(struct fr *o, const struct fr_flow *f, uint8_t flags, unsigned nops, uint16_t mss)
{
    uint8_t tcp[28] = {0};
    bool ipv6 = f->src[0] == 'f';
    const uint8_t *ip = o->b + FR_L3;
    uint64_t sum;

    fr_put16(tcp, f->sport);
    fr_put16(tcp + 2, f->dport);
    fr_put32(tcp + 4, 77);
    fr_put32(tcp + 8, flags & FR_ACK ? 78 : 0);
    tcp[12] = 7 << 4;
    tcp[13] = flags;
    fr_put16(tcp + 14, 8000);
    memset(tcp + 20, 1, nops);
    tcp[20 + nops] = 2;
    tcp[21 + nops] = 4;
    fr_put16(tcp + 22 + nops, mss);
    fr_ip(o, f, 6, tcp, sizeof tcp);
    sum = fr_sum(6 + sizeof tcp, ip + (ipv6 ? 8 : 12), ipv6 ? 32 : 8);
    fr_put16(o->b + o->len - sizeof tcp + 16, (uint16_t)~fr_fold(fr_sum(sum, tcp, sizeof tcp)));
    assert_true(fr_sums_right(o->b, o->len));
}

static void expect_mss(const struct fr *got, const struct fr *sent, unsigned nops, uint16_t mss)
{
    static struct fr want;
    const uint32_t at = sent->len - 28 + 22 + nops, csum = sent->len - 28 + 16;

    assert_true(fr_sums_right(got->b, got->len));
    assert_int_equal(fr_get16(got->b + at), mss);
    want = *got; /* and nothing else is different */
    fr_put16(want.b + at, fr_get16(sent->b + at));
    fr_put16(want.b + csum, fr_get16(sent->b + csum));
    assert_memory_equal(want.b, sent->b, sent->len);
}

static void mss_is_clamped(void **state)
{
    static const struct fr_flow six = {.smac = MAC_B,
                                       .dmac = MAC_A,
                                       .src = "fd00:1::6",
                                       .dst = "fd00:1::5",
                                       .sport = 5,
                                       .dport = 80};
    struct fr_flow f = b_to_a, back = fr_back(&b_to_a);

    for (unsigned nops = 0; nops < 2; nops++) {
        f.sport = (uint16_t)(f.sport + 1);
        back.dport = f.sport;
        syn(&out, &f, FR_SYN, nops, 8960);
        bench_passes(*state, "b", &out, "a", &in);
        expect_mss(&in, &out, nops, 1460);
        syn(&out, &back, FR_SYN | FR_ACK, nops, 1461);
        bench_passes(*state, "a", &out, "b", &in);
        expect_mss(&in, &out, nops, 1460);
    }
    f.sport = 999;
    syn(&out, &f, FR_SYN, 1, 1200); /* only ever down */
    bench_passes(*state, "b", &out, "a", &in);
    expect_mss(&in, &out, 1, 1200);
    syn(&out, &six, FR_SYN, 2, 8940);
    bench_passes(*state, "b", &out, "a", &in);
    expect_mss(&in, &out, 2, 1440);
    f = b_to_9;
    syn(&out, &f, FR_SYN, 1, 1460); /* the mapping's own */
    bench_passes(*state, "b", &out, "up", &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    expect_mss(&in, &out, 1, 1360);
}

/* A checksum left to us covers no option yet. */
static void mss_under_a_partial_checksum(void **state)
{
    syn(&out, &b_to_9, FR_SYN, 0, 8960);
    fr_partial(&out, 0);
    bench_passes(*state, "b", &out, "up", &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    assert_true(fr_sums_right(in.b, in.len));
    assert_int_equal(fr_get16(in.b + in.len - 28 + 22), 1360);
}

/* Fault 11: Options that end early, overrun or lie are left alone by whoever only looks for one of them. */
static void odd_options(void **state)
{
    static const uint8_t options[][8] = {
        {0, 2, 4, 0x23, 0, 0, 0, 0}, /* behind the end */
        {2, 3, 0x23, 1, 1, 1, 1, 1}, /* an MSS of the wrong length */
        {3, 3, 7, 2, 4, 0x23, 0, 0}, /* behind another */
        {1, 1, 1, 1, 1, 1, 1, 1},    /* none */
    };
    struct fr_flow f = b_to_a;

    for (unsigned i = 0; i < 4; i++) {
        f.sport = (uint16_t)(200 + i);
        syn(&out, &f, FR_SYN, 0, 0);
        memcpy(out.b + out.len - 8, options[i], 8);
        fr_put16(out.b + out.len - 12, 0);
        uint64_t sum = fr_sum(6 + 28, out.b + FR_L3 + 12, 8);

        fr_put16(out.b + out.len - 12, (uint16_t)~fr_fold(fr_sum(sum, out.b + out.len - 28, 28)));
        bench_passes(*state, "b", &out, "a", &in);
        assert_true(fr_sums_right(in.b, in.len));
        if (i != 2)
            assert_memory_equal(in.b, out.b, out.len);
        else
            assert_int_equal(fr_get16(in.b + in.len - 3), 1460);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(mss_is_clamped),
        TEST(mss_under_a_partial_checksum),
        TEST(odd_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

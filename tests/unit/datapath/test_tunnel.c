/* SPDX-License-Identifier: Apache-2.0 */
/* Tunnels between hosts: Geneve with options out and in, what each VPC takes, the entropy of the source port. */
#include "topology.h"

#define OPTIONS                                                                         \
    "geneve_options: [{class: 258, type: 3, data: '0a0b0c0d01020304'}, {class: 65280, " \
    "type: 1, critical: true}]"
#define BLUE(tunnel) "vpcs: [{name: blue, vni: 100, " tunnel "}, {name: red, vni: 200}]\n"

static const uint8_t options[] = {0x01, 0x02, 0x03, 2, 10,   11,   12,   13,
                                  1,    2,    3,    4, 0xFF, 0x00, 0x81, 0};

/* The usual network with another tunnel for blue. */
static const char *with(const char *vpcs)
{
    static char text[8192];
    const char *all = TOP_ALL, *at = strstr(all, "vpcs: ["), *end = strchr(at, '\n') + 1;

    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - all), all, vpcs, end);
    return text;
}

static int setup(void **state)
{
    static struct bench b;

    bench_open(&b, &(struct bench_config){0}, with(BLUE("encap: geneve, " OPTIONS)));
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bench_close(*state);
    return 0;
}

/* Outer header of a Geneve frame to host 2 with these options; `got` becomes the inner frame. */
static void expect_geneve(struct fr *got, const uint8_t *opt, uint32_t len)
{
    const uint8_t *ip = got->b + FR_L3, *udp = ip + 20, *h = udp + 8;
    uint32_t all = 50 + len;

    assert_true(got->len > all);
    assert_int_equal(fr_get_mac(got->b), MAC_H2);
    assert_int_equal(fr_get_mac(got->b + 6), MAC_UP);
    assert_int_equal(fr_fold(fr_sum(0, ip, 20)), 0xFFFF);
    assert_int_equal(fr_get16(ip + 2), got->len - 14);
    assert_int_equal(fr_get32(ip + 16), fr_addr4("192.0.2.2"));
    assert_int_equal(fr_get16(udp) & 0xC000, 0xC000);
    assert_int_equal(fr_get16(udp + 2), 6081);
    assert_int_equal(fr_get16(udp + 4), got->len - 34);
    assert_int_equal(fr_get16(udp + 6), 0);
    assert_int_equal(h[0], len / 4);
    assert_int_equal(h[1], len > 12 ? 0x40 : 0); /* the second option is critical */
    assert_int_equal(fr_get16(h + 2), 0x6558);
    assert_int_equal(fr_get32(h + 4), 100 << 8);
    assert_memory_equal(h + 8, opt, len);
    got->len -= all;
    memmove(got->b, got->b + all, got->len);
    assert_true(fr_sums_right(got->b, got->len));
}

static void there_and_back(void **state)
{
    static const uint8_t known[] = {0, 1, 2, 1, 9, 9, 9, 9}, critical[] = {0, 1, 0x82, 0};
    struct fr_flow back = fr_back(&a_to_9);

    fr_udp(&out, &a_to_9, 30);
    bench_passes(*state, "a", &out, "up", &in);
    expect_geneve(&in, options, sizeof options);
    expect_like(&in, &out, MAC_9, MAC_A, 0);
    /* A peer's options say nothing to us, unless they must be understood. */
    fr_udp(&more, &back, 30);
    out = more;
    fr_geneve(&out, &h2_to_1, 100, known, sizeof known);
    bench_passes(*state, "up", &out, "a", &in);
    expect_like(&in, &more, MAC_A, MAC_9, 0);
    out = more;
    fr_geneve(&out, &h2_to_1, 100, options, 0);
    bench_passes(*state, "up", &out, "a", &in);
    out = more;
    fr_geneve(&out, &h2_to_1, 100, critical, sizeof critical);
    bench_refused(*state, "up", &out, HSR_DROP_GENEVE_OPT);
    assert_int_equal(bench_sessions(*state), 1);
}

/* What a VPC does not speak is no network of it, and the other VPC's tunnel is its own affair. */
static void each_vpc_its_tunnel(void **state)
{
    struct fr_flow back = fr_back(&a_to_9);

    fr_udp(&more, &back, 30);
    out = more;
    from_host2(&out, 100);
    bench_refused(*state, "up", &out, HSR_DROP_UNKNOWN_VNI);
    out = more;
    fr_geneve(&out, &h2_to_1, 200, options, 0);
    bench_refused(*state, "up", &out, HSR_DROP_UNKNOWN_VNI);
    fr_udp(&out, &a_to_9, 30);
    bench_passes(*state, "r", &out, "up", &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 200);
}

/* Fault 18: Sessions follow a change of the tunnel, and the NIC takes the new one and not the old one any more. */
static void another_tunnel(void **state)
{
    struct fr_flow back = fr_back(&a_to_9);
    struct cfg_error error = {0};

    fr_udp(&out, &a_to_9, 30);
    bench_passes(*state, "a", &out, "up", &in);
    expect_geneve(&in, options, sizeof options);
    assert_int_equal(bench_apply(*state, with(BLUE("encap: geneve")), &error), 0);
    bench_passes(*state, "a", &out, "up", &in);
    expect_geneve(&in, options, 0);
    assert_int_equal(bench_apply(*state, TOP_ALL, &error), 0);
    bench_passes(*state, "a", &out, "up", &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    assert_int_equal(bench_sessions(*state), 1);
    fr_udp(&more, &back, 30);
    out = more;
    fr_geneve(&out, &h2_to_1, 100, options, 0);
    bench_refused(*state, "up", &out, HSR_DROP_UNKNOWN_VNI);
    from_host2(&more, 100);
    bench_passes(*state, "up", &more, "a", &in);
}

static void gso_is_cut(void **state)
{
    struct fr_flow back = fr_back(&a_to_9);
    uint32_t next = 1, segments = 0;

    fr_tcp(&out, &a_to_9, FR_SYN, 0, 0, 0);
    bench_passes(*state, "a", &out, "up", &in);
    fr_tcp(&out, &back, FR_SYN | FR_ACK, 0, 1, 0);
    fr_geneve(&out, &h2_to_1, 100, options, 0);
    bench_passes(*state, "up", &out, "a", &in);
    fr_tcp(&out, &a_to_9, FR_ACK | FR_PSH, 1, 1, 20000);
    fr_partial(&out, 1400);
    bench_push(*state, "a", &out);
    bench_run(*state);
    while (bench_pop(*state, "up", &in)) {
        expect_geneve(&in, options, sizeof options);
        assert_int_equal(fr_get32(in.b + 38), next);
        assert_memory_equal(in.b + 54, out.b + 54 + next - 1, in.len - 54);
        next += in.len - 54;
        segments++;
    }
    assert_int_equal(next, 20001);
    assert_int_equal(segments, 15);
}

/* Fault 19: The longest options there may be leave room for a frame in its slot. */
static void longest_options(void **state)
{
    static uint8_t longest[56] = {0xFF, 0x00, 5, 13};
    struct cfg_error error = {0};

    memset(longest + 4, 0x5A, 52);
    assert_int_equal(
        bench_apply(*state,
                    with(BLUE("encap: geneve, geneve_options: [{class: 65280, type: 5, data: "
                              "'5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
                              "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a'}]")),
                    &error),
        0);
    fr_udp(&out, &a_to_9, 1400);
    bench_push(*state, "a", &out);
    bench_run(*state);
    assert_true(bench_pop(*state, "up", &in));
    assert_int_equal(in.b[42], sizeof longest / 4);
    assert_int_equal(in.b[43], 0);
    assert_memory_equal(in.b + 50, longest, sizeof longest);
    assert_memory_equal(in.b + 50 + sizeof longest, out.b, out.len);
}

/* An answer to a host goes back as the question came. */
static void arp_through_geneve(void **state)
{
    fr_arp(&out, 1, MAC_9, "10.1.0.9", 0, "10.1.0.5");
    fr_geneve(&out, &h2_to_1, 100, options, 0);
    bench_passes(*state, "up", &out, "up", &in);
    expect_geneve(&in, options, sizeof options);
    fr_arp(&more, 2, MAC_A, "10.1.0.5", MAC_9, "10.1.0.9");
    assert_int_equal(in.len, more.len);
    assert_memory_equal(in.b, more.b, in.len);
}

/* RFC 7348, 5 and RFC 8926, 3.3: the underlay spreads flows by the source port, and a flow keeps its own. */
static void entropy(void **state)
{
    static const char *const port[] = {"a", "r"};

    for (unsigned k = 0; k < 2; k++) {
        unsigned different = 0, last = 0;

        for (uint16_t i = 0; i < 32; i++) {
            struct fr_flow f = a_to_9;
            unsigned first = 0;

            f.sport = (uint16_t)(3000 + i);
            for (unsigned n = 0; n < 2; n++) {
                fr_udp(&out, &f, 10 + n);
                bench_passes(*state, port[k], &out, "up", &in);
                unsigned source = fr_get16(in.b + 34);

                assert_int_equal(source & 0xC000, 0xC000);
                assert_true(n == 0 || source == first);
                first = source;
            }
            different += first != last;
            last = first;
        }
        assert_true(different > 24);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(there_and_back),  TEST(each_vpc_its_tunnel), TEST(another_tunnel), TEST(gso_is_cut),
        TEST(longest_options), TEST(arp_through_geneve),  TEST(entropy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

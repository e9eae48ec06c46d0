/* SPDX-License-Identifier: Apache-2.0 */
/* Public addresses: EIPs, shared ports, forwards, hairpin, errors, checksums; each way there and back. */
#include "internal.h"
#include "nat_world.h"

static int setup(void **state)
{
    static struct bench b;

    bench_open(&b, &(struct bench_config){0}, NAT_ALL);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bench_close(*state);
    return 0;
}

static void eip_out_and_back(void **state)
{
    passes(*state, &a_out, UDP);
    passes(*state, &a_in, UDP);
    passes(*state, &a_out, UDP);
    assert_int_equal(bench_sessions(*state), 1);
    passes(*state, &a_out, SYN);
    passes(*state, &a_in, SYN_ACK);
    passes(*state, &a_out, TCP);
    assert_int_equal(bench_sessions(*state), 2);

    struct way ping = ports(&a_out, 7, 7, 7, 7), pong = ports(&a_in, 7, 7, 7, 7);

    passes(*state, &ping, ECHO);
    passes(*state, &pong, REPLY);
    assert_int_equal(bench_sessions(*state), 3);
}

static void eip_from_outside(void **state)
{
    passes(*state, &a_in, UDP);
    passes(*state, &a_out, UDP);
    passes(*state, &a_in, SYN);
    passes(*state, &a_out, SYN_ACK);
    passes(*state, &a_in, TCP);
    assert_int_equal(bench_sessions(*state), 2);

    struct way ping = ports(&a_in, 9, 9, 9, 9), pong = ports(&a_out, 9, 9, 9, 9);

    passes(*state, &ping, ECHO);
    passes(*state, &pong, REPLY);
}

/* The next hop of what is on the link is the host itself; another VPC with the same addresses inside is another guest. */
static void neighbor_on_the_link(void **state)
{
    const struct way out_r = {
        "r",
        "up",
        {MAC_A, UINT64_C(0x02005E000101), "10.1.0.5", "192.0.2.7", 5, 6, 0, 0},
        {MAC_UP, MAC_N, "192.0.2.200", "192.0.2.7", 5, 6, 0, 0}};
    const struct way in_r = {
        "up",
        "r",
        {MAC_N, MAC_UP, "192.0.2.7", "192.0.2.200", 6, 5, 0, 0},
        {UINT64_C(0x02005E000101), MAC_A, "192.0.2.7", "10.1.0.5", 6, 5, 0, 0}};

    passes(*state, &out_r, UDP);
    passes(*state, &in_r, UDP);
}

static void who_may_not(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = a_in.is;

    f.dst = "203.0.113.6"; /* nobody's */
    refused(b, "up", &f, UDP, HSR_DROP_NOT_FOR_US);
    f = a_in.is;
    f.src = "203.0.113.100"; /* ours */
    refused(b, "up", &f, UDP, HSR_DROP_LOOP);
    f.src = "10.1.0.6"; /* of the guest's own VPC: it would pass for a neighbour */
    refused(b, "up", &f, UDP, HSR_DROP_SPOOF_IP);
    f.src = "127.0.0.1";
    refused(b, "up", &f, UDP, HSR_DROP_SPOOF_IP);
    f = a_in.is;
    f.dmac = MAC_GW; /* flooded by a switch on its way to another */
    refused(b, "up", &f, UDP, HSR_DROP_NOT_FOR_US);
    f = a_out.is;
    f.src = "203.0.113.5"; /* not even one's own EIP */
    refused(b, "a", &f, UDP, HSR_DROP_SPOOF_IP);
    f.smac = MAC_B;
    refused(b, "b", &f, UDP, HSR_DROP_SPOOF_IP);
    f = a_in.is; /* a public address in a tunnel */
    f.smac = MAC_9;
    f.dmac = GW;
    fr_udp(&out, &f, 10);
    from_host2(&out, 100);
    bench_refused(b, "up", &out, HSR_DROP_LOOP);
    f = a_in.is; /* what a guest has not opened its port for */
    f.dst = "203.0.113.100";
    f.dport = 80;
    refused(b, "up", &f, UDP, HSR_DROP_NAT_NONE);
    refused(b, "up", &f, ECHO, HSR_DROP_NAT_NONE);
    assert_int_equal(bench_sessions(b), 0);
}

static void shared_address(void **state)
{
    struct bench *b = *state;
    struct way second = b_out, echo = ports(&b_out, 3, 3, 0, 0), w;
    uint16_t port;

    assert_int_equal(leaves(b, &b_out, UDP), 20005); /* its own, for it is one of the pool's */
    passes(b, &b_in, UDP);
    second.from = "c";
    second.is.smac = MAC_C;
    second.is.dmac = GW2;
    second.is.src = "10.2.0.5";
    port = leaves(b, &second, SYN);
    assert_int_equal(port, 20005); /* another protocol */
    second.from = "v";
    second.is.smac = MAC_V;
    second.is.dmac = GW;
    second.is.src = "10.1.0.10";
    port = leaves(b, &second, UDP);
    assert_true(port >= 20000 && port <= 20063 && port != 20005);
    w = ports(&b_in, 80, port, 80, 20005);
    w.to = "v";
    w.becomes.dmac = MAC_V;
    w.becomes.dst = "10.1.0.10";
    passes(b, &w, UDP);
    assert_int_equal(leaves(b, &second, UDP), port);
    port = leaves(b, &echo, ECHO);
    assert_true(port >= 20000 && port <= 20063);
    w = ports(&b_in, port, port, 3, 3);
    passes(b, &w, REPLY);
    /* Whom nobody has asked. */
    w = ports(&b_in, 81, 20005, 0, 0);
    refused(b, "up", &w.is, UDP, HSR_DROP_NAT_NONE);
    assert_int_equal(dp_nat(fw_worker(b->fw, 0))[0].bindings, 4);
    bench_age(b);
    assert_int_equal(dp_nat(fw_worker(b->fw, 0))[0].bindings, 0);
    refused(b, "up", &b_in.is, UDP, HSR_DROP_NAT_NONE);
}

/* No two sessions have the same port towards a destination; then none is left; then there are some again. */
static void exhausted(void **state)
{
    struct bench *b = *state;
    struct way w = b_out;
    bool taken[64] = {false};
    const struct dp_nat *pool = dp_nat(fw_worker(b->fw, 0));

    for (uint16_t i = 0; i < 64; i++) {
        w.is.sport = (uint16_t)(3000 + i);
        uint16_t port = leaves(b, &w, UDP);

        assert_in_range(port, 20000, 20063);
        assert_false(taken[port - 20000]);
        taken[port - 20000] = true;
    }
    assert_int_equal(pool->bindings, 64);
    assert_int_equal(pool->failures, 0);
    w.is.sport = 4000;
    refused(b, "b", &w.is, UDP, HSR_DROP_NAT_PORTS);
    assert_int_equal(pool->failures, 1);
    assert_int_equal(bench_sessions(b), 64);
    w.is.dport = w.becomes.dport = 81; /* another destination has all of them */
    leaves(b, &w, UDP);
    bench_age(b);
    w.is.dport = w.becomes.dport = 80;
    leaves(b, &w, UDP);
    assert_int_equal(pool->bindings, 1);
}

static void forwarded(void **state)
{
    struct bench *b = *state;
    struct way dns = {"up",
                      "b",
                      {MAC_GW, MAC_UP, "198.51.100.9", "203.0.113.100", 4000, 53, 0, 0},
                      {GW, MAC_B, "198.51.100.9", "10.1.0.6", 4000, 5353, 0, 0}};
    struct way answer = ports(&b_out, 5353, 4000, 53, 4000);

    passes(b, &to_web, SYN);
    passes(b, &from_web, SYN_ACK);
    passes(b, &to_web, TCP);
    passes(b, &dns, UDP);
    passes(b, &answer, UDP);
    /* The guest's groups speak of its own port. */
    apply(b, NAT_HEAD NAT_EIPS "forwards: [{name: w, address: 203.0.113.100, protocol: tcp, port: "
                               "8080, vnic: c, inside_port: 81}]\n");
    struct fr_flow f = to_web.is;

    f.dport = 8080;
    refused(b, "up", &f, SYN, HSR_DROP_SG_INGRESS);
    apply(b, NAT_HEAD NAT_EIPS "forwards: [{name: w, address: 203.0.113.100, protocol: tcp, port: "
                               "8080, vnic: c, inside_port: 80}]\n");
    struct way w = ports(&to_web, 4000, 8080, 4000, 80);

    passes(b, &w, SYN);
}

/* A port that is forwarded is no port of the pool. */
static void pool_leaves_forwarded_ports_alone(void **state)
{
    struct bench *b = *state;
    struct way w = b_out;

    apply(b, NAT_HEAD NAT_POOL("53-54") NAT_FORWARDS);
    w.is.sport = 53;
    assert_int_equal(leaves(b, &w, UDP), 54);
    w.is.sport = 1;
    refused(b, "b", &w.is, UDP, HSR_DROP_NAT_PORTS);
    assert_int_equal(leaves(b, &w, SYN) - 53, (leaves(b, &w, SYN) - 53) & 1); /* TCP has both */
}

/* Guests reach each other by their public addresses, seen under those: of one VPC, of two, and themselves. */
static void hairpin(void **state)
{
    struct bench *b = *state;
    const struct way b_to_a = {"b",
                               "a",
                               {MAC_B, GW, "10.1.0.6", "203.0.113.5", 20001, 80, 0, 0},
                               {GW, MAC_A, "203.0.113.100", "10.1.0.5", 20001, 80, 0, 0}};
    const struct way a_to_pool = {"a",
                                  "b",
                                  {MAC_A, GW, "10.1.0.5", "203.0.113.100", 80, 20001, 0, 0},
                                  {GW, MAC_B, "203.0.113.5", "10.1.0.6", 80, 20001, 0, 0}};
    const struct way a_to_r = {
        "a",
        "r",
        {MAC_A, GW, "10.1.0.5", "192.0.2.200", 1, 2, 0, 0},
        {UINT64_C(0x02005E000101), MAC_A, "203.0.113.5", "10.1.0.5", 1, 2, 0, 0}};
    const struct way r_to_a = {
        "r",
        "a",
        {MAC_A, UINT64_C(0x02005E000101), "10.1.0.5", "203.0.113.5", 2, 1, 0, 0},
        {GW, MAC_A, "192.0.2.200", "10.1.0.5", 2, 1, 0, 0}};
    const struct way self = {"a",
                             "a",
                             {MAC_A, GW, "10.1.0.5", "203.0.113.5", 11, 12, 0, 0},
                             {GW, MAC_A, "203.0.113.5", "10.1.0.5", 11, 12, 0, 0}};
    const struct way self_back = {"a",
                                  "a",
                                  {MAC_A, GW, "10.1.0.5", "203.0.113.5", 12, 11, 0, 0},
                                  {GW, MAC_A, "203.0.113.5", "10.1.0.5", 12, 11, 0, 0}};
    struct fr_flow f = b_to_a.is;

    passes(b, &b_to_a, UDP);
    passes(b, &a_to_pool, UDP);
    passes(b, &b_to_a, SYN);
    passes(b, &a_to_pool, SYN_ACK);
    passes(b, &a_to_r, UDP);
    passes(b, &r_to_a, UDP);
    passes(b, &self, UDP);
    passes(b, &self_back, UDP);
    assert_int_equal(bench_sessions(b), 4);
    f.dst = "203.0.113.100"; /* the pool's own, where nothing is forwarded */
    refused(b, "b", &f, UDP, HSR_DROP_NAT_NONE);
    apply(b, NAT_HEAD NAT_EIPS); /* who has no public address is nobody there */
    f.dst = "203.0.113.5";
    refused(b, "b", &f, UDP, HSR_DROP_NAT_NONE);
    assert_int_equal(bench_sessions(b), 2);
}

/* The groups of whom a guest reaches by a public address see the public address of the guest. */
static void hairpin_meets_the_groups(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = {MAC_B, GW, "10.1.0.6", "203.0.113.100", 20001, 80, 0, 0};
    const struct way w = {"b", "c", f, {GW2, MAC_C, "203.0.113.100", "10.2.0.5", 20001, 80, 0, 0}};

    passes(b, &w, SYN);
    f.dst = "203.0.113.5";
    f.dport = 81;
    apply(b, NAT_HEAD "eips: [{name: c, address: 203.0.113.5, vnic: c}]\n" NAT_POOL("20000-20063"));
    refused(b, "b", &f, SYN, HSR_DROP_SG_INGRESS);
}

/* Both headers of an error, whoever sends it. */
static void errors(void **state)
{
    struct bench *b = *state;
    static struct fr quoted;
    struct fr_flow router = {MAC_GW, MAC_UP, "198.51.100.1", "203.0.113.100", 0, 0, 0, 0};
    struct fr_flow seen = {GW, MAC_B, "198.51.100.1", "10.1.0.6", 0, 0, 63, 0};
    struct way w = b_out;
    struct fr_flow sent = b_out.is;
    uint16_t port;

    w.is.sport = sent.sport = 999; /* the port changes */
    port = leaves(b, &w, UDP);
    assert_int_not_equal(port, 999);
    quoted = in;
    fr_error(&out, &router, 3, 3, &quoted, 100);
    bench_passes(b, "up", &out, "b", &in);
    sent.ttl = 63;
    build(&quoted, &sent, UDP);
    fr_error(&want, &seen, 3, 3, &quoted, 100);
    assert_int_equal(in.len, want.len);
    assert_memory_equal(in.b, want.b, want.len);
    /* Eight bytes of TCP are no checksum. */
    leaves(b, &w, SYN);
    quoted = in;
    fr_error(&out, &router, 11, 0, &quoted, 28);
    bench_passes(b, "up", &out, "b", &in);
    build(&quoted, &sent, SYN);
    fr_error(&want, &seen, 11, 0, &quoted, 28);
    assert_memory_equal(in.b, want.b, want.len);
    assert_true(fr_sums_right(in.b, in.len));
    /* Out of the guest, about what came in to its EIP. */
    passes(b, &a_in, UDP);
    quoted = in;
    struct fr_flow back = fr_back(&a_in.becomes);

    fr_error(&out, &back, 3, 3, &quoted, 60);
    bench_passes(b, "a", &out, "up", &in);
    struct fr_flow asked = a_in.is, outside = fr_back(&a_in.is);

    asked.ttl = 63;
    outside.ttl = 63;
    build(&quoted, &asked, UDP);
    fr_error(&want, &outside, 3, 3, &quoted, 60);
    assert_int_equal(in.len, want.len);
    assert_memory_equal(in.b, want.b, want.len);
    /* From outside under an address inside. */
    router.src = "10.1.0.7";
    fr_error(&out, &router, 3, 3, &quoted, 60);
    bench_refused(b, "up", &out, HSR_DROP_ICMP_INNER);
    leaves(b, &w, UDP);
    quoted = in;
    fr_error(&out, &router, 3, 3, &quoted, 60);
    bench_refused(b, "up", &out, HSR_DROP_SPOOF_IP);
}

/* Out of hops, from outside: told by the uplink. */
static void out_of_hops(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = a_in.is, back = fr_back(&a_in.is);

    passes(b, &a_in, UDP);
    f.ttl = 1;
    fr_udp(&out, &f, 10);
    bench_push(b, "up", &out);
    bench_run(b);
    assert_int_equal(bench_drops(b, "up", HSR_DROP_TTL), 1);
    assert_true(bench_pop(b, "up", &in));
    back.src = "192.0.2.1";
    back.tos = 0xC0;
    fr_error(&want, &back, 11, 0, &out, 100);
    fr_put16(want.b + FR_L3 + 6, 0); /* no DF */
    fr_put16(want.b + FR_L3 + 10, 0);
    fr_put16(want.b + FR_L3 + 10, (uint16_t)~fr_fold(fr_sum(0, want.b + FR_L3, 20)));
    assert_int_equal(in.len, want.len);
    assert_memory_equal(in.b, want.b, want.len);
    bench_quiet(b);
}

/* Checksums that the guest has left to the NIC, none at all, and one that becomes zero. */
static void checksums(void **state)
{
    struct bench *b = *state;
    struct way w = a_in;

    passes(b, &a_in, SYN);
    passes(b, &a_out, SYN_ACK);
    passes(b, &a_in, TCP);
    fr_tcp(&out, &a_out.is, FR_ACK, 2, 2, 33);
    fr_partial(&out, 0);
    bench_passes(b, "a", &out, "up", &in);
    build(&want, &a_out.becomes, TCP);
    want.b[22] = 63;
    fr_put16(want.b + 24, 0);
    fr_put16(want.b + 24, (uint16_t)~fr_fold(fr_sum(0, want.b + 14, 20)));
    assert_memory_equal(in.b, want.b, want.len);
    /* A GSO frame: every segment. */
    fr_tcp(&out, &a_out.is, FR_ACK, 35, 2, 20000);
    fr_partial(&out, 1400);
    bench_push(b, "a", &out);
    bench_run(b);
    unsigned segments = 0;

    for (; bench_pop(b, "up", &in); segments++) {
        assert_true(fr_sums_right(in.b, in.len));
        assert_int_equal(fr_get32(in.b + 26), fr_addr4("203.0.113.5"));
    }
    assert_int_equal(segments, 15);
    fr_udp(&out, &w.is, 10);
    fr_put16(out.b + 40, 0); /* none */
    bench_passes(b, "up", &out, "a", &in);
    assert_int_equal(fr_get16(in.b + 40), 0);
    /* For each last word of the payload: one of them makes the sum zero, which is written as ones. */
    unsigned ones = 0;

    for (uint32_t i = 0; i < 65536; i += 1) {
        fr_udp(&out, &w.is, 2);
        fr_put16(out.b + 40, 0);
        fr_put16(out.b + 42, i);
        uint64_t sum = fr_sum(fr_sum(17 + 10, out.b + 26, 8), out.b + 34, 10);
        uint16_t right = (uint16_t)~fr_fold(sum);

        fr_put16(out.b + 40, right == 0 ? 0xFFFF : right);
        bench_passes(b, "up", &out, "a", &in);
        assert_true(fr_sums_right(in.b, in.len));
        assert_int_not_equal(fr_get16(in.b + 40), 0);
        ones += fr_get16(in.b + 40) == 0xFFFF;
    }
    assert_true(ones >= 1);
}

/* Too big for its guest, from outside: told by the uplink, quoting the public address; and a guest's, before translation. */
static void too_big(void **state)
{
    struct bench *b = *state;
    static struct fr big, error;
    const uint8_t *ip = error.b + FR_L3;

    passes(b, &a_out, UDP);
    fr_udp(&big, &a_in.is, 1480);
    bench_passes(b, "up", &big, "up", &error);
    assert_true(fr_sums_right(error.b, error.len));
    assert_int_equal(fr_get_mac(error.b), fr_get_mac(big.b + 6));
    assert_int_equal(fr_get32(ip + 12), fr_addr4("192.0.2.1"));
    assert_int_equal(fr_get32(ip + 16), fr_addr4(a_in.is.src));
    assert_int_equal(fr_get32(ip + 20) >> 16, 0x0304);
    assert_int_equal(fr_get16(ip + 26), 1500);
    assert_memory_equal(ip + 28, big.b + FR_L3, 548);
    assert_int_equal(bench_drops(b, "up", HSR_DROP_PMTU), 1);
    leaves(b, &b_out, UDP);
    fr_udp(&big, &b_out.is, 1700);
    bench_passes(b, "b", &big, "b", &error);
    assert_true(fr_sums_right(error.b, error.len));
    assert_int_equal(fr_get16(ip + 26), 1600);
    assert_memory_equal(ip + 28, big.b + FR_L3, 548);
    assert_int_equal(bench_drops(b, "b", HSR_DROP_PMTU), 1);
}

static struct fr whole;

/* The second fragment of so many datagrams that have no first one, and then a whole one in two. */
static void flood_of_fragments(struct bench *b, const struct fr_flow *f, uint32_t n)
{
    fr_udp(&whole, f, 1000);
    for (uint32_t id = 1; id <= n; id++) {
        fr_fragment(&out, &whole, id, 800, 800, false);
        bench_push(b, "up", &out);
        bench_run(b);
    }
}

/* Fragments from outside are at the expense of the guest they are for, where its address says who that is. */
static void fragments_from_outside(void **state)
{
    struct bench *b = *state;
    const struct fr_flow to_r = {MAC_GW, MAC_UP, "198.51.100.9", "192.0.2.200", 80, 6, 0, 0};

    flood_of_fragments(b, &a_in.is, 200);
    assert_true(bench_drops(b, "up", HSR_DROP_FRAG_QUOTA) > 0);
    fr_udp(&whole, &to_r, 1000);
    fr_fragment(&out, &whole, 7, 0, 800, true);
    bench_passes(b, "up", &out, "r", &in);
    fr_fragment(&out, &whole, 7, 800, 800, false);
    bench_passes(b, "up", &out, "r", &in);
    bench_sleep(b, UINT64_C(2000000000));
    assert_int_equal(bench_held(b), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(eip_out_and_back),
        TEST(eip_from_outside),
        TEST(neighbor_on_the_link),
        TEST(who_may_not),
        TEST(shared_address),
        TEST(exhausted),
        TEST(forwarded),
        TEST(pool_leaves_forwarded_ports_alone),
        TEST(hairpin),
        TEST(hairpin_meets_the_groups),
        TEST(errors),
        TEST(out_of_hops),
        TEST(checksums),
        TEST(too_big),
        TEST(fragments_from_outside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Out by a gateway host: under a public address inside the VPC's tunnel, and the answers out of it. */
#include "internal.h"
#include "nat_world.h"

#define MAC_FAR UINT64_C(0x020000000077) /* the gateway host's, inside */

#define NET(way)                                                                                  \
    NAT_OPTIONS("")                                                                               \
    NAT_NEIGHBORS TOP_NET                                                                         \
        "  - {vpc: blue, prefix: 0.0.0.0/0, type: external" way "}\n"                             \
        "  - {vpc: red, prefix: 0.0.0.0/0, type: external}\n" TOP_GROUPS TOP_CLOSED NAT_UP TOP_A( \
            "") TOP_B("") TOP_C("closed") TOP_V TOP_R NAT_EIPS NAT_POOL("20000-20063")
#define BY_HOST2 ", vtep: 192.0.2.2, mac: 02:00:00:00:00:77"

/* a has an EIP, b and c the pool's address; the far host answers to the gateway's MAC address that it got packets from. */
static const struct way out_a = {
    "a",
    "up",
    {MAC_A, GW, "10.1.0.5", "198.51.100.9", 1000, 80, 0, 0},
    {GW, MAC_FAR, "203.0.113.5", "198.51.100.9", 1000, 80, 0, 0},
};
static const struct way back_a = {
    "up",
    "a",
    {MAC_FAR, GW, "198.51.100.9", "203.0.113.5", 80, 1000, 0, 0},
    {GW, MAC_A, "198.51.100.9", "10.1.0.5", 80, 1000, 0, 0},
};
static const struct way out_b = {
    "b",
    "up",
    {MAC_B, GW, "10.1.0.6", "198.51.100.9", 20005, 80, 0, 0},
    {GW, MAC_FAR, "203.0.113.100", "198.51.100.9", 20005, 80, 0, 0},
};
static const struct way back_b = {
    "up",
    "b",
    {MAC_FAR, GW, "198.51.100.9", "203.0.113.100", 80, 20005, 0, 0},
    {GW, MAC_B, "198.51.100.9", "10.1.0.6", 80, 20005, 0, 0},
};

static int setup(void **state)
{
    static struct bench b;

    bench_open(&b, &(struct bench_config){0}, NET(BY_HOST2));
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bench_close(*state);
    return 0;
}

/* Out in the tunnel with one hop less; the port it has outside. */
static uint16_t tunnelled(struct bench *b, const struct way *w, enum kind kind)
{
    struct fr_flow becomes = w->becomes;

    build(&out, &w->is, kind);
    bench_passes(b, w->from, &out, "up", &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    becomes.ttl = 63;
    becomes.sport = fr_get16(in.b + (kind == ECHO ? 38 : 34));
    build(&want, &becomes, kind);
    assert_int_equal(in.len, want.len);
    assert_memory_equal(in.b, want.b, want.len);
    return becomes.sport;
}

/* Out of the tunnel of network `vni`; the gateway host has routed it. */
static void answered(struct bench *b, const struct way *w, enum kind kind)
{
    struct fr_flow becomes = w->becomes;

    build(&out, &w->is, kind);
    from_host2(&out, 100);
    build(&want, &becomes, kind);
    bench_passes(b, "up", &out, w->to, &in);
    assert_int_equal(in.len, want.len);
    assert_memory_equal(in.b, want.b, want.len);
}

static void there_and_back(void **state)
{
    struct bench *b = *state;
    struct way echo = ports(&out_b, 3, 3, 0, 0), reply;
    uint16_t id;

    assert_int_equal(tunnelled(b, &out_a, UDP), 1000);
    answered(b, &back_a, UDP);
    tunnelled(b, &out_a, UDP);
    assert_int_equal(bench_sessions(b), 1);
    assert_int_equal(tunnelled(b, &out_b, SYN), 20005);
    answered(b, &back_b, SYN_ACK);
    tunnelled(b, &out_b, TCP);
    answered(b, &back_b, TCP);
    assert_int_equal(bench_sessions(b), 2);
    id = tunnelled(b, &echo, ECHO);
    assert_in_range(id, 20000, 20063);
    reply = ports(&back_b, id, id, 3, 3);
    answered(b, &reply, REPLY);
}

/* Two guests with the same port share the address, and each gets its own answers. */
static void ports_are_told_apart(void **state)
{
    struct bench *b = *state;
    struct way second = out_b, back;
    uint16_t port;

    assert_int_equal(tunnelled(b, &out_b, UDP), 20005);
    second.from = "v";
    second.is.smac = MAC_V;
    second.is.src = "10.1.0.10";
    port = tunnelled(b, &second, UDP);
    assert_in_range(port, 20000, 20063);
    assert_int_not_equal(port, 20005);
    answered(b, &back_b, UDP);
    back = ports(&back_b, 80, port, 80, 20005);
    back.to = "v";
    back.becomes.dmac = MAC_V;
    back.becomes.dst = "10.1.0.10";
    answered(b, &back, UDP);
}

static void who_may_not(void **state)
{
    struct bench *b = *state;

    /* Nobody here has asked. */
    build(&out, &back_b.is, UDP);
    from_host2(&out, 100);
    bench_refused(b, "up", &out, HSR_DROP_LOOP);
    tunnelled(b, &out_b, UDP);
    /* The same answer from another network, and without a tunnel. */
    build(&out, &back_b.is, UDP);
    from_host2(&out, 200);
    bench_refused(b, "up", &out, HSR_DROP_LOOP);
    struct fr_flow bare = back_b.is;

    bare.smac = MAC_GW;
    bare.dmac = MAC_UP;
    refused(b, "up", &bare, UDP, HSR_DROP_NAT_NONE);
    answered(b, &back_b, UDP);
}

/* A router behind the gateway host speaks of a packet under its public address; the guest hears of its own. */
static void errors(void **state)
{
    struct bench *b = *state;
    static struct fr quoted;
    struct fr_flow router = {MAC_FAR, GW, "198.51.100.1", "203.0.113.100", 0, 0, 0, 0};
    struct fr_flow seen = {GW, MAC_B, "198.51.100.1", "10.1.0.6", 0, 0, 0, 0};
    struct fr_flow sent = out_b.is;

    tunnelled(b, &out_b, UDP);
    quoted = in;
    fr_error(&out, &router, 3, 3, &quoted, 100);
    from_host2(&out, 100);
    bench_passes(b, "up", &out, "b", &in);
    sent.ttl = 63;
    build(&quoted, &sent, UDP);
    fr_error(&want, &seen, 3, 3, &quoted, 100);
    assert_int_equal(in.len, want.len);
    assert_memory_equal(in.b, want.b, want.len);
}

/* Another gateway host, and none: sessions follow, or end where their answers would come another way. */
static void changes(void **state)
{
    struct bench *b = *state;

    tunnelled(b, &out_a, UDP);
    apply(b, NET(", vtep: 192.0.2.2, mac: 02:00:00:00:00:78"));
    build(&out, &out_a.is, UDP);
    bench_passes(b, "a", &out, "up", &in);
    expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    assert_int_equal(fr_get_mac(in.b), MAC_FAR + 1);
    assert_int_equal(bench_sessions(b), 1);
    answered(b, &back_a, UDP);
    apply(b, NET(""));
    passes(b, &a_out, UDP);
    passes(b, &a_in, UDP);
    assert_int_equal(bench_sessions(b), 1);
    build(&out, &back_a.is, UDP);
    from_host2(&out, 100);
    bench_refused(b, "up", &out, HSR_DROP_LOOP);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(there_and_back), TEST(ports_are_told_apart),
                                       TEST(who_may_not), TEST(errors), TEST(changes)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

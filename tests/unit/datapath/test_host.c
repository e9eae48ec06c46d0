/* SPDX-License-Identifier: Apache-2.0 */
/* The exception path: what the host sends and gets on an uplink, and that nobody else has a part in it. */
#include "topology.h"

#define HOST      "  - {name: host0, role: host, type: ring, device: host0, uplink: up, rate: 1000}\n"
#define WITH_HOST TOP_ALL HOST

static const struct fr_flow in_flow = {.smac = MAC_H2,
                                       .dmac = MAC_UP,
                                       .src = "192.0.2.2",
                                       .dst = "192.0.2.1",
                                       .sport = 179,
                                       .dport = 4000};

static int setup(void **state)
{
    static struct bench b;

    bench_open(&b, &(struct bench_config){0}, WITH_HOST);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bench_close(*state);
    return 0;
}

/* Pushed at one, it leaves the other as it is. */
static void unchanged(struct bench *b, const char *from, const char *to)
{
    more = out;
    bench_passes(b, from, &out, to, &in);
    assert_int_equal(in.len, more.len);
    assert_memory_equal(in.b, more.b, more.len);
    assert_int_equal(in.vnet.gso_type, 0);
    bench_quiet(b);
}

static void there_and_back(void **state)
{
    struct bench *b = *state;
    struct fr_flow back = fr_back(&in_flow);

    fr_tcp(&out, &in_flow, FR_ACK, 5, 5,
           100); /* in the middle: there is no session to have seen it begin */
    unchanged(b, "up", "host0");
    fr_tcp(&out, &back, FR_ACK, 5, 5, 100);
    unchanged(b, "host0", "up");
    fr_udp(&out, &in_flow, 60);
    unchanged(b, "up", "host0");
    fr_udp(&out, &back, 60);
    unchanged(b, "host0", "up");
    fr_ether(&out, 0x0180C2000002, MAC_H2, 0x8809, 110); /* LACP */
    unchanged(b, "up", "host0");
    fr_ether(&out, 0x0180C2000002, MAC_UP, 0x8809, 110);
    unchanged(b, "host0", "up");
    fr_ether(&out, 0x0180C200000E, MAC_H2, 0x88CC, 60); /* LLDP */
    unchanged(b, "up", "host0");
    fr_arp(&out, 2, MAC_H2, "192.0.2.2", MAC_UP, "192.0.2.1");
    unchanged(b, "up", "host0");
    fr_arp(&out, 1, MAC_UP, "192.0.2.1", 0, "192.0.2.2");
    unchanged(b, "host0", "up");
    fr_udp(&more, &back, 60);
    fr_error(&out, &in_flow, 3, 3, &more, 28);
    unchanged(b, "up", "host0");
    assert_int_equal(bench_sessions(b), 0);
}

/* Left to the NIC by the host's kernel as by any sender: completed on the way. */
static void partial_checksum(void **state)
{
    struct fr_flow back = fr_back(&in_flow);

    fr_tcp(&more, &back, FR_ACK, 5, 5, 100);
    out = more;
    fr_partial(&out, 0);
    bench_passes(*state, "host0", &out, "up", &in);
    assert_int_equal(in.len, more.len);
    assert_memory_equal(in.b, more.b, more.len);
}

static void not_the_hosts(void **state)
{
    struct bench *b = *state;
    struct fr_flow other = in_flow;

    /* Ours to answer: ARP and echo for the tunnel's address. */
    fr_arp(&out, 1, MAC_H2, "192.0.2.2", 0, "192.0.2.1");
    bench_passes(b, "up", &out, "up", &in);
    fr_echo(&out, &in_flow, 8, 3);
    bench_passes(b, "up", &out, "up", &in);
    /* To somebody else's MAC: promiscuous ports see such. */
    other.dmac = MAC_H3;
    fr_udp(&out, &other, 10);
    bench_refused(b, "up", &out, HSR_DROP_NOT_FOR_US);
    /* Tunnels are not, nor is a guest's, whatever it says. */
    fr_udp(&out, &a_to_9, 10);
    from_host2(&out, 999);
    bench_refused(b, "up", &out, HSR_DROP_UNKNOWN_VNI);
    other = a_to_b;
    other.dmac = MAC_UP;
    other.dst = "192.0.2.1";
    fr_udp(&out, &other, 10);
    bench_push(b, "a", &out);
    fr_ether(&out, 0x0180C2000002, MAC_A, 0x8809, 110);
    bench_push(b, "a", &out);
    bench_run(b);
    bench_quiet(b);
    assert_int_equal(bench_drops(b, "a", HSR_DROP_NONE), 2);
}

/* A rate, both ways together; what is over it is counted, and guests notice nothing. */
static void rate(void **state)
{
    struct bench *b = *state;
    uint32_t got = 0;

    bench_sleep(b, 1000000000);
    for (unsigned i = 0; i < 300; i++) {
        fr_udp(&out, &in_flow, 10);
        bench_push(b, "up", &out);
        bench_run(b);
        got += bench_pop(b, "host0", &in);
    }
    assert_int_equal(got, 100);
    assert_int_equal(bench_drops(b, "up", HSR_DROP_HOST_RATE), 200);
    fr_ether(&out, 0x0180C2000002, MAC_UP, 0x8809, 110);
    bench_refused(b, "host0", &out, HSR_DROP_HOST_RATE);
    fr_udp(&out, &a_to_9, 10);
    bench_passes(b, "a", &out, "up", &in);
    bench_sleep(b, 10000000);
    fr_udp(&out, &in_flow, 10);
    bench_passes(b, "up", &out, "host0", &in);
}

/* Without such a port, or when it has gone, there is no such path. */
static void without(void **state)
{
    struct cfg_error error = {0};

    assert_int_equal(bench_apply(*state, TOP_ALL, &error), 0);
    fr_udp(&out, &in_flow, 10);
    bench_refused(*state, "up", &out, HSR_DROP_NOT_FOR_US);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(there_and_back), TEST(partial_checksum), TEST(not_the_hosts),
        TEST(rate),           TEST(without),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Workers that come and go: every kind of session, fragment and waiting packet goes over, in order, and none is lost. */
#include "datapath/moving.h"
#include "frag.h"
#include "nat_world.h"

#define MOST          4
#define FLOWS         24
#define HEAD(workers) NAT_OPTIONS(", workers_max: 4, workers: " workers)
#define REST          NAT_WORLD NAT_EIPS NAT_POOL("20000-29999") NAT_FORWARDS

static const char *const with[MOST + 1] = {NULL, HEAD("1") REST, HEAD("2") REST, HEAD("3") REST,
                                           HEAD("4") REST};
/* Each to each, growing and shrinking by one and by several. */
static const uint32_t numbers[] = {2, 1, 3, 2, 4, 3, 1, 4, 2, 4, 1};
#define NUMBERS (sizeof numbers / sizeof numbers[0])

static struct fr whole, part, got;
static struct bench *bench;
static void (*meanwhile)(void); /* while the NIC has just begun to steer otherwise */
static int refuse;              /* what the NIC says instead */

static int reta_set(void *nic, const uint8_t *ring)
{
    int rc = refuse != 0 ? refuse : nic_reta_set(nic, ring);

    if (meanwhile != NULL)
        meanwhile();
    return rc;
}

static int open_bench(void **state, const struct bench_config *config)
{
    static struct bench b;
    static struct fw_nic_ops ops;
    struct bench_config c = *config;

    ops = fw_nic_embedded;
    ops.reta_set = reta_set;
    c.nic_ops = &ops;
    meanwhile = NULL;
    refuse = 0;
    bench = &b;
    bench_open(&b, &c, with[1]);
    *state = &b;
    return 0;
}

static int setup(void **state)
{
    return open_bench(state, &(struct bench_config){0});
}

static int setup_without_index(void **state)
{
    return open_bench(state, &(struct bench_config){.no_flow_index = true});
}

static int teardown(void **state)
{
    struct dp_counters c = bench_counters(*state);

    meanwhile = NULL;
    assert_int_equal(c.handed_in, c.handed_out);
    bench_close(*state);
    return 0;
}

static void set_workers(struct bench *b, uint32_t n)
{
    apply(b, with[n]);
}

/* Sessions ever made, by all workers. */
static uint64_t made(struct bench *b)
{
    uint64_t n = 0;

    for (uint32_t w = 0; w < MOST; w++)
        n += ses_stats(dp_sessions(fw_worker(b->fw, w)))->created;
    return n;
}

/* Workers below `n` have something, the others nothing at all. */
static void assert_spread(struct bench *b, uint32_t n)
{
    for (uint32_t w = 0; w < MOST; w++) {
        struct dp_worker *worker = fw_worker(b->fw, w);

        assert_int_equal(dp_running(worker), w < n);
        if (w >= n)
            assert_true(dp_empty(worker));
        else
            assert_true(ses_stats(dp_sessions(worker))->used > 0);
    }
}

/* Both directions of flow i of each kind: plain, EIP, pool, forward. */
static void talk(struct bench *b, uint16_t i, uint16_t chosen)
{
    uint16_t port = (uint16_t)(3000 + i);
    struct way go = ports(&a_out, port, 80, port, 80), come = ports(&a_in, 80, port, 80, port);
    struct way web = ports(&to_web, port, 80, port, 80),
               answer = ports(&from_web, 80, port, 80, port);
    struct way out_b = ports(&b_out, port, 80, chosen, 80),
               in_b = ports(&b_in, 80, chosen, 80, port);
    struct fr_flow plain = {.smac = MAC_A, .dmac = GW, .src = "10.1.0.5", .dst = "10.2.0.5"};
    struct fr_flow back = {.smac = MAC_C, .dmac = GW2, .src = "10.2.0.5", .dst = "10.1.0.5"};

    plain.sport = back.dport = port;
    plain.dport = back.sport = 80;
    passes(b, &go, TCP);
    passes(b, &come, TCP);
    passes(b, &web, TCP);
    passes(b, &answer, TCP);
    passes(b, &in_b, UDP);
    passes(b, &out_b, UDP);
    fr_tcp(&out, &plain, FR_ACK, 2, 2, 10);
    bench_passes(b, "a", &out, "c", &in);
    fr_tcp(&out, &back, FR_ACK, 2, 2, 10);
    bench_passes(b, "c", &out, "a", &in);
}

static uint16_t begin(struct bench *b, uint16_t i)
{
    uint16_t port = (uint16_t)(3000 + i);
    struct way go = ports(&a_out, port, 80, port, 80), come = ports(&a_in, 80, port, 80, port);
    struct way web = ports(&to_web, port, 80, port, 80),
               answer = ports(&from_web, 80, port, 80, port),
               out_b = ports(&b_out, port, 80, 0, 80);
    struct fr_flow plain = {.smac = MAC_A, .dmac = GW, .src = "10.1.0.5", .dst = "10.2.0.5"};
    struct fr_flow back = {.smac = MAC_C, .dmac = GW2, .src = "10.2.0.5", .dst = "10.1.0.5"};

    plain.sport = back.dport = port;
    plain.dport = back.sport = 80;
    passes(b, i % 2 ? &go : &come, SYN);
    passes(b, i % 2 ? &come : &go, SYN_ACK);
    passes(b, &web, SYN);
    passes(b, &answer, SYN_ACK);
    fr_tcp(&out, &plain, FR_SYN, 1, 0, 0);
    bench_passes(b, "a", &out, "c", &in);
    fr_tcp(&out, &back, FR_SYN | FR_ACK, 1, 2, 0);
    bench_passes(b, "c", &out, "a", &in);
    return leaves(b, &out_b, UDP);
}

/* Whatever they went through: no session ends, none is made anew, and what is translated stays as it was. */
static void sessions_go_over(void **state)
{
    struct bench *b = *state;
    uint16_t chosen[FLOWS];
    uint32_t before = 1;

    for (uint16_t i = 0; i < FLOWS; i++)
        chosen[i] = begin(b, i);
    for (uint32_t n = 0; n < NUMBERS; n++) {
        uint64_t sessions = made(b);

        set_workers(b, numbers[n]);
        assert_spread(b, numbers[n]);
        assert_int_equal(bench_sessions(b), 4 * FLOWS);
        for (uint16_t i = 0; i < FLOWS; i++)
            talk(b, i, chosen[i]);
        assert_int_equal(made(b), sessions);
        assert_int_equal(bench_sessions(b), 4 * FLOWS);
        before = numbers[n];
    }
    assert_int_equal(before, 1);
    assert_int_equal(bench_drops(b, "a", HSR_DROP_NONE), 0);
    assert_int_equal(bench_drops(b, "up", HSR_DROP_NONE), 0);
}

/* ---- order ---- */

#define STREAMS 12
#define PLAIN   8 /* and of flows within the VPC */

static uint32_t sent[STREAMS + PLAIN], seen[STREAMS + PLAIN];
static uint16_t first_port;

/* Other flows, whose sessions begin while things move. */
static void begin_streams(uint16_t port)
{
    memset(sent, 0, sizeof sent);
    memset(seen, 0, sizeof seen);
    first_port = port;
}

static void push_numbered(struct bench *b, const char *port, const struct fr_flow *flow, uint32_t i)
{
    fr_udp(&out, flow, 100);
    fr_put32(out.b + 42, sent[i]++);
    fr_put16(out.b + 40, 0); /* no checksum */
    bench_push(b, port, &out);
}

/* One packet more of each flow: half of them a's with a public address, half from outside to it. */
static void send_numbered(struct bench *b)
{
    for (uint16_t i = 0; i < PLAIN; i++) {
        struct fr_flow plain = a_to_b;

        plain.sport = (uint16_t)(first_port + i);
        push_numbered(b, "a", &plain, STREAMS + i);
    }
    for (uint16_t i = 0; i < STREAMS; i++) {
        uint16_t port = (uint16_t)(first_port + i / 2);

        if (i % 2 && seen[i - 1] == 0) /* nobody answers before it is asked */
            continue;
        struct way w = i % 2 ? ports(&a_in, 80, port, 80, port) : ports(&a_out, port, 80, port, 80);

        push_numbered(b, w.from, &w.is, i);
    }
}

static void receive_numbered(struct bench *b)
{
    static const char *const port[] = {"up", "a", "b"};

    for (unsigned side = 0; side < 3; side++) {
        while (bench_pop(b, port[side], &got)) {
            uint32_t n = fr_get16(got.b + (side == 1 ? 36 : 34)) - (uint32_t)first_port;
            uint32_t flow = side == 2 ? STREAMS + n : n * 2 + side;

            assert_true(flow < STREAMS + PLAIN);
            if (fr_get32(got.b + 42) != seen[flow])
                fail_msg("flow %u: %u, expected %u of %u", flow, fr_get32(got.b + 42), seen[flow],
                         sent[flow]);
            seen[flow]++;
        }
    }
}

/* Some come before the NIC steers otherwise, some behind; workers look at a part of them, each in another order. */
static void some_come(void)
{
    static unsigned turn;

    for (unsigned i = 0; i < 1 + turn % 13; i++)
        send_numbered(bench);
    nic_poll(bench->nic, bench->now);
    if (turn % 2)
        dp_poll(fw_worker(bench->fw, turn / 2 % MOST));
    turn++;
}

#define ROUNDS 12

static void order_is_kept(void **state)
{
    struct bench *b = *state;

    for (uint16_t round = 0; round < ROUNDS; round++) {
        begin_streams((uint16_t)(3000 + round * PLAIN));
        meanwhile = some_come;
        for (uint32_t n = 0; n < 4; n++) {
            some_come();
            set_workers(b, numbers[(round * 4 + n) % NUMBERS]);
            some_come();
            receive_numbered(b);
        }
        meanwhile = NULL;
        bench_run(b);
        receive_numbered(b);
        for (unsigned i = 0; i < STREAMS + PLAIN; i++) {
            assert_true(sent[i] > 5);
            assert_int_equal(seen[i], sent[i]);
        }
    }
    assert_int_equal(bench_sessions(b), ROUNDS * (STREAMS / 2 + PLAIN));
    assert_int_equal(made(b), ROUNDS * (STREAMS / 2 + PLAIN));
}

/* ---- fragments ---- */

static void push_part(struct bench *b, const char *port, uint32_t id, uint32_t i)
{
    fr_fragment(&part, &whole, id, i * 1400, 1400, i < 2);
    bench_push(b, port, &part);
}

/* Which fragment leads, and how many have come when the workers change. */
static const uint32_t orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 0, 2}};

static void fragment_of(const struct way *w, struct fr *f)
{
    fr_udp(f, &w->is, 4000);
}

/* A datagram to a host outside, or within the VPC, begun with one number of workers and ended with another. */
static void fragments_go_over(void **state)
{
    struct bench *b = *state;
    uint32_t id = 1;

    for (uint32_t n = 0; n < NUMBERS; n++) {
        for (uint32_t come = 1; come < 3; come++) {
            for (uint16_t i = 0; i < 12; i++) {
                struct way w = ports(&a_out, (uint16_t)(3000 + i), 80, 0, 80);
                const uint32_t *o = orders[i % 3];

                fragment_of(&w, &whole);
                for (uint32_t k = 0; k < come; k++)
                    push_part(b, "a", id + i, o[k]);
            }
            bench_run(b);
            set_workers(b, numbers[n]);
            for (uint16_t i = 0; i < 12; i++) {
                struct way w = ports(&a_out, (uint16_t)(3000 + i), 80, 0, 80);
                const uint32_t *o = orders[i % 3];

                fragment_of(&w, &whole);
                for (uint32_t k = come; k < 3; k++)
                    push_part(b, "a", id + i, o[k]);
            }
            bench_run(b);
            for (uint16_t i = 0; i < 36; i++)
                assert_true(bench_pop(b, "up", &got));
            bench_quiet(b);
            assert_int_equal(bench_held(b), 0);
            id += 12;
        }
    }
    assert_int_equal(bench_drops(b, "a", HSR_DROP_NONE), 0);
    assert_int_equal(bench_sessions(b), 12);
    assert_int_equal(made(b), 12);
}

/* The same within the VPC, where fragments are steered to one home and the flow has another; several datagrams at once. */
static void fragments_of_plain_flows(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = a_to_b;

    for (uint32_t n = 0; n < NUMBERS; n++) {
        for (uint32_t half = 0; half < 2; half++) {
            for (uint16_t i = 0; i < 30; i++) {
                f.sport = (uint16_t)(1000 + i % 10);
                fr_udp(&whole, &f, 4000);
                for (uint32_t k = 2 * half; k < 2 + half; k++)
                    push_part(b, "a", 1000 * n + i, orders[i % 3][k]);
            }
            bench_run(b);
            if (half == 0)
                set_workers(b, numbers[n]);
        }
        for (uint16_t i = 0; i < 90; i++)
            assert_true(bench_pop(b, "b", &got));
        bench_quiet(b);
    }
    assert_int_equal(bench_drops(b, "a", HSR_DROP_NONE), 0);
    assert_int_equal(made(b), 10);
}

/* ---- what waits for a neighbour ---- */

static void far(struct fr *f, uint16_t sport, uint32_t len)
{
    struct fr_flow flow = {.smac = MAC_A,
                           .dmac = GW,
                           .src = "10.1.0.5",
                           .dst = "10.4.0.1",
                           .sport = sport,
                           .dport = 1};

    fr_udp(f, &flow, len);
}

static void parked_go_over(void **state)
{
    struct bench *b = *state;
    uint32_t next[4] = {0};

    for (unsigned i = 0; i < 40; i++) {
        far(&out, (uint16_t)(5 + i % 4), 10 + i / 4);
        bench_push(b, "a", &out);
        bench_run(b);
        if (i % 8 == 7)
            set_workers(b, numbers[i / 8]);
    }
    assert_int_equal(bench_held(b), 40);
    while (bench_pop(b, "up", &got)) /* we ask */
        assert_int_equal(fr_get16(got.b + 12), 0x0806);
    fr_arp(&out, 2, MAC_H3, "192.0.2.3", MAC_UP, "192.0.2.1");
    bench_push(b, "up", &out);
    bench_run(b);
    while (bench_pop(b, "up", &in)) {
        expect_tunnel(&in, "192.0.2.3", MAC_H3, 100);
        uint32_t flow = fr_get16(in.b + 34) - 5u;

        assert_true(flow < 4);
        assert_int_equal(in.len - 42, 10 + next[flow]);
        next[flow]++;
    }
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(next[i], 10);
    assert_int_equal(bench_drops(b, "a", HSR_DROP_NONE), 0);
}

/* ---- what is refused, and what fails ---- */

static void refusals(void **state)
{
    struct bench *b = *state;
    struct cfg_error e = {.line = 0};
    uint16_t chosen = begin(b, 0);

    assert_int_equal(bench_apply(b, NAT_OPTIONS(", workers: 5") REST, &e), -EINVAL);
    assert_string_equal(e.path, "/options/workers");
    assert_non_null(strstr(e.text, "at most 4"));
    assert_int_equal(bench_apply(b, NAT_OPTIONS(", workers: 0") REST, &e), -EINVAL);
    assert_int_equal(bench_apply(b, NAT_OPTIONS(", workers: 2, workers_max: 8") REST, &e), -EINVAL);
    set_workers(b, 2);
    refuse = -EIO;
    assert_int_equal(bench_apply(b, with[3], &e), -EIO);
    assert_string_equal(e.path, "/options/workers");
    talk(b, 0, chosen);
    refuse = 0;
    set_workers(b, 3);
    talk(b, 0, chosen);
    apply(b, NAT_OPTIONS(", workers: 2") REST); /* the most is what it was */
    apply(b, NAT_OPTIONS(", workers: 4") REST);
    assert_int_equal(bench_sessions(b), 4);
    talk(b, 0, chosen);
}

/* A change that fails for another reason leaves the workers as they were. */
static void undone(void **state)
{
    struct bench *b = *state;
    struct cfg_error e = {.line = 0};
    uint16_t chosen[4];

    set_workers(b, 2);
    for (uint16_t i = 0; i < 4; i++)
        chosen[i] = begin(b, i);
    assert_true(
        bench_apply(b,
                    HEAD("4") NAT_WORLD
                    "  - {name: x, role: vnic, type: pcap, device: /nonesuch, subnet: front, "
                    "addresses: [10.1.0.77], mac: 02:00:00:00:00:77}\n" NAT_EIPS,
                    &e) < 0);
    assert_string_equal(e.path, "/ports/6");
    assert_spread(b, 2);
    for (uint16_t i = 0; i < 4; i++)
        talk(b, i, chosen[i]);
}

/* The firmware is killed; the next one has another number, and brings each session home. */
static void adopted(void **state)
{
    static const uint32_t after[] = {3, 1, 4, 2};
    struct bench *b;
    uint16_t chosen[FLOWS];

    open_bench(state, &(struct bench_config){.arena = true});
    b = *state;
    for (uint16_t i = 0; i < FLOWS; i++)
        chosen[i] = begin(b, i);
    for (unsigned k = 0; k < 4; k++) {
        set_workers(b, 1 + k);
        bench_restart(b, with[after[k]]);
        assert_int_equal(fw_adoption(b->fw)->count[SES_ADOPTED], 4 * FLOWS);
        assert_spread(b, after[k]);
        for (uint16_t i = 0; i < FLOWS; i++)
            talk(b, i, chosen[i]);
        assert_int_equal(bench_sessions(b), 4 * FLOWS);
    }
    teardown(state);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define TEST_WITHOUT_INDEX(f)                                            \
    {                                                                    \
#f " without flow index", f, setup_without_index, teardown, NULL \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sessions_go_over),
        TEST_WITHOUT_INDEX(sessions_go_over),
        TEST(order_is_kept),
        TEST_WITHOUT_INDEX(order_is_kept),
        TEST(fragments_go_over),
        TEST(fragments_of_plain_flows),
        TEST(parked_go_over),
        TEST(refusals),
        TEST(undone),
        cmocka_unit_test(adopted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Several workers: packets that come to another one than their session is at, and what would be one session stays one. */
#include "internal.h"
#include "nat_world.h"
#include "nic_internal.h"

#define WORKERS 4
#define FLOWS   40
#define MANY    NAT_OPTIONS(", workers: 16") NAT_WORLD NAT_POOL("20000-65535")
#define FOUR    NAT_OPTIONS(", workers: 4") NAT_WORLD NAT_EIPS NAT_POOL("20000-29999") NAT_FORWARDS

static struct fr whole, part, got;

static int setup(void **state)
{
    static struct bench b;

    bench_open(&b, &(struct bench_config){0}, FOUR);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    struct dp_counters c = bench_counters(*state);

    assert_int_equal(c.handed_in, c.handed_out);
    bench_close(*state);
    return 0;
}

static void assert_handed(struct bench *b)
{
    assert_true(bench_counters(b).handed_out > 0);
}

/* Neither side's packets lead to the other's worker, but for one in four. */
static void public_address(void **state)
{
    struct bench *b = *state;

    for (uint16_t i = 0; i < FLOWS; i++) {
        uint16_t port = (uint16_t)(3000 + i);
        struct way go = ports(&a_out, port, 80, port, 80), come = ports(&a_in, 80, port, 80, port);

        passes(b, i % 2 ? &go : &come, SYN);
        passes(b, i % 2 ? &come : &go, SYN_ACK);
        for (unsigned n = 0; n < 3; n++) {
            passes(b, &go, TCP);
            passes(b, &come, TCP);
        }
    }
    assert_int_equal(bench_sessions(b), FLOWS);
    assert_handed(b);
}

/* The same when the flow index forgets all: home follows from the policy. */
static void without_a_flow_index(void **state)
{
    static struct bench b;

    (void)state;
    bench_open(&b, &(struct bench_config){.no_flow_index = true}, FOUR);
    for (uint16_t i = 0; i < FLOWS; i++) {
        uint16_t port = (uint16_t)(3000 + i);
        struct way go = ports(&a_out, port, 80, port, 80), come = ports(&a_in, 80, port, 80, port);
        struct way web = ports(&to_web, port, 80, port, 80),
                   answer = ports(&from_web, 80, port, 80, port);

        passes(&b, &go, UDP);
        passes(&b, &come, UDP);
        passes(&b, &go, UDP);
        passes(&b, &web, SYN);
        passes(&b, &answer, SYN_ACK);
    }
    assert_int_equal(bench_sessions(&b), 2 * FLOWS);
    assert_handed(&b);
    bench_close(&b);
}

static void forwarded_and_shared(void **state)
{
    struct bench *b = *state;

    for (uint16_t i = 0; i < FLOWS; i++) {
        uint16_t port = (uint16_t)(3000 + i);
        struct way web = ports(&to_web, port, 80, port, 80),
                   answer = ports(&from_web, 80, port, 80, port),
                   out_b = ports(&b_out, port, 80, 0, 80);

        passes(b, &web, SYN);
        passes(b, &answer, SYN_ACK);
        passes(b, &web, TCP);

        uint16_t chosen = leaves(b, &out_b, UDP);
        struct way in_b = ports(&b_in, 80, chosen, 80, port);

        passes(b, &in_b, UDP); /* comes to where the session is */
    }
    assert_int_equal(bench_sessions(b), 2 * FLOWS);
    assert_handed(b);
}

static void cut(struct fr *o, uint32_t i)
{
    fr_fragment(o, &whole, 77, i * 1400, 1400, i < 2);
}

static void push(struct bench *b, const char *port, uint32_t i)
{
    cut(&part, i);
    bench_push(b, port, &part);
    bench_run(b);
}

static void expect(struct bench *b, const char *port, uint64_t dmac, uint64_t smac, uint32_t i)
{
    assert_true(bench_pop(b, port, &got));
    cut(&part, i);
    expect_like(&got, &part, dmac, smac, 1);
}

/* Fragments come to where their addresses lead, the flow's other packets and the answers to where its ports do. */
static void fragments_of_a_session(void **state)
{
    struct bench *b = *state;

    for (uint16_t i = 0; i < FLOWS; i++) {
        struct fr_flow f = {.smac = MAC_A, .dmac = GW, .src = "10.1.0.5", .dst = "10.2.0.5"};
        struct fr_flow back = {.smac = MAC_C, .dmac = GW2, .src = "10.2.0.5", .dst = "10.1.0.5"};
        static const uint32_t order[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 0, 2}};
        const uint32_t *o = order[i % 3];

        f.sport = (uint16_t)(1000 + i);
        f.dport = 80;
        back.sport = f.dport;
        back.dport = f.sport;
        fr_tcp(&out, &f, FR_SYN, 0, 0, 0);
        bench_passes(b, "a", &out, "c", &in);
        fr_tcp(&out, &back, FR_SYN | FR_ACK, 0, 1, 0);
        bench_passes(b, "c", &out, "a", &in);
        fr_tcp(&whole, &f, FR_ACK, 1, 1, 4000);
        for (unsigned n = 0; n < 3; n++)
            push(b, "a", o[n]);
        expect(b, "c", MAC_C, GW2, 0);
        for (unsigned n = 0; n < 3; n++)
            if (o[n] != 0)
                expect(b, "c", MAC_C, GW2, o[n]);
        fr_tcp(&out, &back, FR_ACK, 1, 4001, 0);
        bench_passes(b, "c", &out, "a", &in);
    }
    assert_int_equal(bench_sessions(b), FLOWS);
    assert_handed(b);
}

/* Cut in three, the middle one first, towards `go`; they leave as the whole would, the first one first. */
static void fragments_leave(struct bench *b, const struct way *go)
{
    struct fr_flow becomes = go->becomes;

    becomes.ttl = 63;
    fr_udp(&whole, &go->is, 4000);
    push(b, "a", 1);
    push(b, "a", 0);
    push(b, "a", 2);
    fr_udp(&whole, &becomes, 4000);
    for (uint32_t n = 0; n < 3; n++) {
        assert_true(bench_pop(b, "up", &got));
        cut(&part, n);
        assert_int_equal(got.len, part.len);
        assert_memory_equal(got.b, part.b, part.len);
    }
}

/* To the worker of the ports, and from there to that of the public address. */
static void fragments_of_a_public_address(void **state)
{
    struct bench *b = *state;

    for (uint16_t i = 0; i < FLOWS; i++) {
        struct way go = ports(&a_out, (uint16_t)(3000 + i), 80, (uint16_t)(3000 + i), 80);
        struct way come = ports(&a_in, 80, (uint16_t)(3000 + i), 80, (uint16_t)(3000 + i));

        passes(b, &come, UDP);
        fragments_leave(b, &go);
    }
    assert_int_equal(bench_sessions(b), FLOWS);
    assert_handed(b);
}

/* The session is where its answers come to: with one in four that is where the fragments came to first. */
static void fragments_that_come_back(void **state)
{
    struct bench *b = *state;

    for (uint16_t i = 0; i < FLOWS; i++) {
        struct way go = ports(&a_out, (uint16_t)(3000 + i), 80, (uint16_t)(3000 + i), 80);

        fragments_leave(b, &go);
        fragments_leave(b, &go); /* by the session that is there now */
    }
    assert_int_equal(bench_sessions(b), FLOWS);
    assert_handed(b);
}

/* An error from inside quotes inner addresses: round to all workers until one knows them. */
static void errors(void **state)
{
    struct bench *b = *state;
    static struct fr quoted;

    for (uint16_t i = 0; i < FLOWS; i++) {
        uint16_t port = (uint16_t)(3000 + i);
        struct way come = ports(&a_in, 80, port, 80, port);
        struct fr_flow back = fr_back(&come.becomes);

        struct way go = ports(&a_out, port, 80, port, 80);

        if (i % 2)
            passes(b, &go, UDP);
        passes(b, &come, UDP);
        quoted = in;
        fr_error(&out, &back, 3, 3, &quoted, 100);
        bench_passes(b, "a", &out, "up", &in);
        assert_int_equal(fr_get32(in.b + FR_L3 + 12), fr_addr4("203.0.113.5"));
    }
    fr_udp(&quoted, &a_to_b, 60);
    fr_error(&out,
             &(struct fr_flow){.smac = MAC_B, .dmac = MAC_A, .src = "10.1.0.6", .dst = "10.1.0.5"},
             3, 3, &quoted, 100);
    assert_handed(b);
    bench_refused(b, "b", &out, HSR_DROP_ICMP_INNER); /* nobody's */
}

/* The worker that is to have them does not come: what is too much is dropped and counted, the rest is not lost. */
static void queue_full(void **state)
{
    struct bench *b = *state;
    uint32_t home = WORKERS, sent = 0, arrived = 0;
    struct fr_flow f = a_to_b;

    for (; bench_counters(b).handed_out == 0;
         f.sport++, sent++) { /* one that is at home elsewhere */
        fr_udp(&whole, &f, 4000);
        fr_fragment(&part, &whole, sent, 0, 1400, true);
        bench_push(b, "a", &part);
        bench_run(b);
    }
    while (bench_drops(b, "a", HSR_DROP_HANDOVER_FULL) == 0) {
        for (unsigned i = 0; i < 32; i++, sent++) {
            fr_fragment(&part, &whole, sent, 0, 1400, true);
            bench_push(b, "a", &part);
        }
        b->now += 1000000000; /* no quota of datagrams is used up */
        nic_poll(b->nic, b->now);
        for (uint32_t w = 0; w < WORKERS; w++) {
            struct dp_worker *worker = fw_worker(b->fw, w);

            /* Who was handed something is home, and rests. */
            if (home == WORKERS && dp_handed_waiting(worker) > 0)
                home = w;
            if (w != home)
                dp_poll(worker);
        }
    }
    bench_run(b);
    while (bench_pop(b, "b", &got))
        arrived++;
    assert_int_equal(arrived + bench_drops(b, "a", HSR_DROP_NONE), sent);
    assert_true(arrived >= 100);
}

/* Fault 44: One that fills the queue has its share of it: there is room for what is another's, none of which is lost. */
static void queue_shared(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = a_to_b, from_b;
    uint64_t before;
    uint32_t home = WORKERS;

    for (; bench_counters(b).handed_out == 0; f.sport++) { /* one that is at home elsewhere */
        fr_udp(&whole, &f, 4000);
        fr_fragment(&part, &whole, f.sport, 0, 1400, true);
        bench_push(b, "a", &part);
        bench_run(b);
    }
    f.sport--;
    from_b = fr_back(&f);
    for (unsigned i = 0; i < 640; i++) {
        fr_fragment(&part, &whole, i, 0, 1400, true);
        bench_push(b, "a", &part);
        if (i % 32 != 31)
            continue;
        nic_poll(b->nic, b->now);
        b->now += 1000000000; /* no quota of datagrams is used up */
        for (uint32_t w = 0; w < WORKERS; w++) {
            if (home == WORKERS && dp_handed_waiting(fw_worker(b->fw, w)) > 0)
                home = w;
            if (w != home)
                dp_poll(fw_worker(b->fw, w));
        }
    }
    assert_true(home < WORKERS);
    assert_int_equal(dp_handed_waiting(fw_worker(b->fw, home)), dp_handed_room() / 2);
    assert_true(bench_drops(b, "a", HSR_DROP_HANDOVER_FULL) > 0);
    before = bench_counters(b).handed_out;
    for (unsigned i = 0; i < 64; i++) {
        fr_udp(&whole, &from_b, 4000);
        fr_fragment(&part, &whole, 1000 + i, 0, 1400, true);
        bench_push(b, "b", &part);
        if (i % 32 != 31)
            continue;
        nic_poll(b->nic, b->now);
        for (uint32_t w = 0; w < WORKERS; w++)
            if (w != home)
                dp_poll(fw_worker(b->fw, w));
    }
    assert_int_equal(bench_drops(b, "b", HSR_DROP_NONE), 0);
    assert_true(bench_counters(b).handed_out > before);
    bench_run(b);
    while (bench_pop(b, "b", &got))
        continue;
    while (bench_pop(b, "a", &got))
        continue;
}

/* The worker that a packet is on its way to, once the one it came to has looked at it; WORKERS: it was at home. */
static uint32_t under_way(struct bench *b)
{
    nic_poll(b->nic, b->now);
    for (uint32_t w = 0; w < WORKERS; w++) {
        for (uint32_t to = 0; to < WORKERS; to++)
            if (dp_handed_waiting(fw_worker(b->fw, to)) > 0)
                return to;
        dp_poll(fw_worker(b->fw, w));
    }
    return WORKERS;
}

/* Fault 40: The NIC writes to a slot that it has given away: the packet stays that port's which it was handed over for. */
static void written_to_meanwhile(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = a_out.is;
    uint16_t other = bench_index(b, "b");

    do {
        f.sport++;
        bench_run(b);
        fr_udp(&out, &f, 100);
        bench_push(b, "a", &out);
    } while (under_way(b) == WORKERS);
    for (uint32_t slot = 0; slot < b->nic->region.view.slots; slot++)
        if (b->nic->slots.run[slot].state == NIC_SLOT_FIRMWARE)
            ((struct hsr_rx_meta *)hsr_slot(&b->nic->region.view, slot))->ingress = other;
    bench_run(b);
    for (uint16_t port = 0; port < HSR_MAX_PORTS; port++) {
        uint64_t lost = 0;

        for (uint32_t w = 0; w < WORKERS; w++) {
            const struct dp_ledger *l = &dp_ledger(fw_worker(b->fw, w))[port];

            lost += l->handed_out - l->handed_in;
        }
        assert_int_equal(lost, 0);
    }
    assert_int_equal(bench_drops(b, "a", HSR_DROP_META_BAD), 1);
    while (bench_pop(b, "up", &got)) /* those that were at home */
        continue;
}

/* One flow's packets through the queue stay in order, among those of others. */
static void order_is_kept(void **state)
{
    struct bench *b = *state;
    uint32_t next[8] = {0};

    for (uint32_t n = 0; n < 50; n++) {
        for (uint16_t i = 0; i < 8; i++) {
            struct way go = ports(&a_out, (uint16_t)(3000 + i), 80, 0, 80);

            fr_udp(&out, &go.is, 100);
            fr_put32(out.b + 42, n);
            fr_put16(out.b + 40, 0); /* no checksum */
            bench_push(b, "a", &out);
        }
    }
    bench_run(b);
    while (bench_pop(b, "up", &got)) {
        uint32_t flow = fr_get16(got.b + 34) - 3000u;

        assert_true(flow < 8);
        assert_int_equal(fr_get32(got.b + 42), next[flow]);
        next[flow]++;
    }
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(next[i], 50);
    assert_handed(b);
}

/* A worker has only the ports whose answers come to it: however few those are, in an empty pool there is one. */
static void always_a_port(void **state)
{
    static struct bench b;

    (void)state;
    bench_open(&b, &(struct bench_config){0}, MANY);
    for (unsigned i = 0; i < 800; i++) {
        struct way w = ports(&b_out, (uint16_t)(20000 + i), 80, 0, 80);

        leaves(&b, &w, UDP);
    }
    bench_close(&b);
}

/* Without ports there is nothing to choose: the flow goes where its answers come to. */
static void without_ports(void **state)
{
    static const uint8_t body[40] = {0, 0, 0x08, 0};
    struct bench *b = *state;
    char host[16];

    for (unsigned i = 1; i <= 20; i++) {
        struct fr_flow f = b_out.is, back = b_in.is;

        snprintf(host, sizeof host, "198.51.100.%u", i);
        f.dst = back.src = host;
        fr_ip(&out, &f, 47, body, sizeof body);
        bench_passes(b, "b", &out, "up", &got);
        assert_int_equal(fr_get32(got.b + 26), fr_addr4("203.0.113.100"));
        fr_ip(&out, &back, 47, body, sizeof body);
        bench_passes(b, "up", &out, "b", &got);
    }
    assert_handed(b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(public_address),
        cmocka_unit_test(without_a_flow_index),
        TEST(forwarded_and_shared),
        TEST(fragments_of_a_session),
        TEST(fragments_of_a_public_address),
        TEST(fragments_that_come_back),
        TEST(errors),
        TEST(queue_full),
        TEST(queue_shared),
        TEST(written_to_meanwhile),
        TEST(order_is_kept),
        cmocka_unit_test(always_a_port),
        TEST(without_ports),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

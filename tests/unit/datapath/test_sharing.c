/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What workers share: nothing that one of them writes is in a cache line that another one reads or writes on the way of a packet,
 * so that one more worker takes nothing from those there are. Every access of a worker's polls is seen (touch.h). Slots of packets
 * are left out: each belongs to whoever was given the packet.
 */
#include <inttypes.h>
#include <sys/mman.h>

#include "bench_threads.h"
#include "topology.h"
#include "touch.h"

#define TWO                     \
    TOP_OPTIONS(", workers: 2") \
    TOP_NET TOP_GROUPS TOP_UP TOP_A("") TOP_B("") TOP_V

#define FLOWS   12 /* of each kind; both workers have some */
#define ROUNDS  2
#define STEP_NS 1000000u /* between rounds: all that is done by the clock comes up as well */

static struct bench b;
static struct fr frame;

static int setup(void **state)
{
    bench_open(&b, &(struct bench_config){.start = bench_threads_start}, TWO);
    bench_threads_stop(); /* they were needed while the configuration was applied */
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bench_close(*state);
    return 0;
}

/* Each flow once, both ways: UDP and TCP to the other guest, UDP to another host. */
static void push_all(void)
{
    static const struct fr_flow *const to[] = {&a_to_b, &a_to_9};

    for (uint16_t i = 0; i < FLOWS; i++) {
        for (unsigned kind = 0; kind < 2; kind++) {
            struct fr_flow flow = *to[kind];

            flow.sport = (uint16_t)(1000 + i);
            fr_udp(&frame, &flow, 50);
            bench_push(&b, "a", &frame);
        }
        struct fr_flow flow = a_to_b, back;

        flow.sport = (uint16_t)(5000 + i);
        back = fr_back(&flow);
        fr_tcp(&frame, &flow, FR_ACK, 100, 100, 10);
        bench_push(&b, "a", &frame);
        fr_tcp(&frame, &back, FR_ACK, 100, 100, 10);
        bench_push(&b, "b", &frame);
    }
}

static void pop_all(void)
{
    uint32_t n = 0;

    while (bench_pop(&b, "b", &frame))
        n++;
    while (bench_pop(&b, "a", &frame))
        n++;
    while (bench_pop(&b, "up", &frame))
        n++;
    assert_int_equal(n, 4 * FLOWS);
}

static void open_sessions(void)
{
    for (uint16_t i = 0; i < FLOWS; i++) {
        struct fr_flow flow = a_to_b, back;

        flow.sport = (uint16_t)(5000 + i);
        back = fr_back(&flow);
        fr_tcp(&frame, &flow, FR_SYN, 99, 0, 0);
        bench_passes(&b, "a", &frame, "b", &in);
        fr_tcp(&frame, &back, FR_SYN | FR_ACK, 99, 100, 0);
        bench_passes(&b, "b", &frame, "a", &in);
        fr_tcp(&frame, &flow, FR_ACK, 100, 100, 0);
        bench_passes(&b, "a", &frame, "b", &in);
    }
    for (unsigned i = 0; i < 3; i++) {
        push_all();
        bench_run(&b);
        pop_all();
    }
}

static void poll_worker(void *arg)
{
    while (dp_poll(arg) > 0)
        continue;
}

static void nic_turns(void)
{
    while (nic_poll(b.nic, b.now) > 0)
        continue;
}

static void assert_nothing_shared(const struct touch *t)
{
    struct touch_line shared[16];
    uint32_t n = touch_shared(t, shared, 16);

    for (uint32_t i = 0; i < n && i < 16; i++) {
        print_error("line %#" PRIxPTR
                    ": worker 0 %u reads, %u writes; worker 1 %u reads, %u writes\n",
                    shared[i].address, shared[i].reads[0], shared[i].writes[0], shared[i].reads[1],
                    shared[i].writes[1]);
    }
    assert_int_equal(n, 0);
}

static void packets_of_two_workers(void **state)
{
    const struct hsr_view *view = &nic_region(b.nic)->view;
    struct dp_counters before[2];

    (void)state;
    assert_true(touch_can()); /* else this is not built */
    open_sessions();
    struct touch *t = touch_open(view->slot0, (size_t)view->slots * HSR_SLOT_SIZE);

    assert_non_null(t);
    for (uint32_t w = 0; w < 2; w++)
        before[w] = *dp_counters(fw_worker(b.fw, w));
    for (unsigned i = 0; i < ROUNDS; i++) {
        b.now += STEP_NS;
        push_all();
        nic_turns();
        for (uint32_t w = 0; w < 2; w++)
            assert_true(touch_run(t, w, poll_worker, fw_worker(b.fw, w)));
        bench_run(&b);
        pop_all();
    }
    for (uint32_t w = 0; w < 2; w++) {
        const struct dp_counters *c = dp_counters(fw_worker(b.fw, w));

        assert_true(c->hits_flow_id - before[w].hits_flow_id > ROUNDS * FLOWS);
        assert_int_equal(c->slow, before[w].slow);
        /* A packet's session alone has two. */
        assert_true(touch_lines(t, w) > 2 * FLOWS);
    }
    assert_nothing_shared(t);
    touch_close(t);
}

/* A piece of code that writes one word and reads another one. */
struct piece {
    uint64_t *writes, *reads, seen;
};

static void write_and_read(void *arg)
{
    struct piece *p = arg;

    p->seen = *p->reads;
    *p->writes += 1;
}

static uint32_t shared_between(struct piece *one, struct piece *other, struct touch_line *shared)
{
    struct touch *t = touch_open(NULL, 0);
    uint32_t n;

    assert_non_null(t);
    assert_true(touch_run(t, 0, write_and_read, one));
    assert_true(touch_run(t, 1, write_and_read, other));
    n = touch_shared(t, shared, 1);
    touch_close(t);
    return n;
}

/* The means itself: a line that is written by one and read by the other, or written by both, is seen, and no other. */
static void touches_are_seen(void **state)
{
    static _Alignas(64) struct piece one, other;
    static _Alignas(64) uint64_t line[5][8];
    struct touch_line shared;

    (void)state;
    assert_true(touch_can()); /* else this is not built */
    one = (struct piece){.writes = line[0], .reads = line[4]};
    other = (struct piece){.writes = line[1], .reads = line[4]};
    assert_int_equal(shared_between(&one, &other, &shared), 0);
    other.reads = &line[0][7]; /* another word of the line that the first one writes */
    assert_int_equal(shared_between(&one, &other, &shared), 1);
    assert_ptr_equal(shared.address, line[0]);
    assert_int_equal(shared.writes[0], 1);
    assert_int_equal(shared.writes[1], 0);
    assert_int_equal(shared.reads[1], 1);
    other = (struct piece){.writes = &line[0][7], .reads = line[4]};
    assert_int_equal(shared_between(&one, &other, &shared), 1);
    assert_int_equal(shared.writes[1], 1);
    memset(line[2], 0xFF, sizeof line[2]);
    one.writes =
        (uint64_t *)((uint8_t *)line[2] + 60); /* on the edge, what it changes is beyond it too */
    other = (struct piece){.writes = line[1], .reads = line[3]};
    assert_int_equal(shared_between(&one, &other, &shared), 1);
    assert_ptr_equal(shared.address, line[3]);
    assert_int_equal(line[0][0], 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(touches_are_seen),
        cmocka_unit_test_setup_teardown(packets_of_two_workers, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

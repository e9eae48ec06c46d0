/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions that nobody sends on follow a change of policy, too: bounded a turn, each once, packets first. */
#include "internal.h"
#include "topology.h"

#define N     300 /* sessions of each kind */
#define LOOKS 64  /* of a turn, as sweep.c has them */
#define WALKS 4

#define OPTIONS TOP_OPTIONS(", quota: 1024")
#define OPEN \
    OPTIONS TOP_NET TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("") TOP_B("") TOP_C("open") TOP_V TOP_R
#define CLOSED \
    OPTIONS    \
    TOP_NET TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("") TOP_B("") TOP_C("closed") TOP_V TOP_R

static struct dp_worker *worker(struct bench *b)
{
    return fw_worker(b->fw, 0);
}

static void apply(struct bench *b, const char *yaml)
{
    struct cfg_error e = {.line = 0};

    if (bench_apply(b, yaml, &e) != 0)
        fail_msg("%s: %s", e.path, e.text);
}

/* N sessions from a to b, which the group "closed" does not concern, and then N to c, which it ends. */
static int setup(void **state)
{
    static struct bench b;
    struct fr_flow f;

    bench_open(&b, &(struct bench_config){0}, OPEN);
    for (unsigned i = 0; i < 2 * N; i++) {
        f = i < N ? a_to_b : a_to_c;
        f.sport = (uint16_t)(2000 + i);
        fr_udp(&out, &f, 10);
        bench_passes(&b, "a", &out, i < N ? "b" : "c", &in);
    }
    assert_int_equal(fw_unsettled(b.fw), 0);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bench_close(*state);
    return 0;
}

static uint64_t walked(struct bench *b)
{
    return bench_counters(b).revalidated;
}

/* Turns without packets until all is looked at; asserts that each does its share and no more. */
static unsigned sweep(struct bench *b)
{
    unsigned turns = 0;

    for (uint32_t left = fw_unsettled(b->fw); left > 0; turns++) {
        uint64_t before = walked(b);

        dp_poll(worker(b));
        assert_true(walked(b) - before <= WALKS);
        assert_true(fw_unsettled(b->fw) <= left && left - fw_unsettled(b->fw) <= LOOKS);
        assert_true(turns < 2 * N);
        left = fw_unsettled(b->fw);
    }
    return turns;
}

static void all_follow(void **state)
{
    struct bench *b = *state;

    apply(b, CLOSED);
    assert_int_equal(fw_unsettled(b->fw), 2 * N);
    assert_int_equal(bench_sessions(b), 2 * N);
    unsigned turns = sweep(b);

    /* Those that did not move cost a look, the others a walk. */
    assert_in_range(turns, N / WALKS, N / WALKS + N / LOOKS + 2);
    assert_int_equal(walked(b), N);
    assert_int_equal(bench_sessions(b), N);
    assert_int_equal(ses_stats(dp_sessions(worker(b)))->ended[SES_WHY_POLICY], N);
    /* What is left has its stamp: the next packet asks nobody. */
    struct fr_flow f = a_to_b;
    f.sport = 2000;
    fr_udp(&out, &f, 10);
    bench_passes(b, "a", &out, "b", &in);
    assert_int_equal(walked(b), N);
}

/* A worker that sweeps has work: it does not go to sleep over it. Nothing to sweep is none. */
static void work(void **state)
{
    struct bench *b = *state;

    bench_run(b);
    assert_int_equal(dp_poll(worker(b)), 0);
    apply(b, CLOSED);
    assert_int_equal(dp_poll(worker(b)), 1);
    bench_run(b);
    assert_int_equal(fw_unsettled(b->fw), 0);
    assert_int_equal(dp_poll(worker(b)), 0);
}

/* Packets come first, and their session is not walked a second time. */
static void packets_first(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = a_to_c;

    apply(b, CLOSED);
    f.sport = 2 * N + 1999; /* the last one */
    fr_udp(&out, &f, 10);
    bench_push(b, "a", &out);
    nic_poll(b->nic, b->now);
    dp_poll(worker(b));
    assert_in_range(bench_sessions(b), 2 * N - 1 - WALKS, 2 * N - 1);
    bench_run(b);
    assert_int_equal(bench_drops(b, "a", HSR_DROP_SG_INGRESS), 1);
    assert_int_equal(bench_sessions(b), N);
    assert_int_equal(walked(b), N);
}

/* The next change begins the sweep anew, and what it allows again stays. */
static void change_in_the_middle(void **state)
{
    struct bench *b = *state;

    apply(b, CLOSED);
    for (unsigned turn = 0; turn < 20; turn++)
        dp_poll(worker(b));
    uint32_t left = bench_sessions(b);

    assert_in_range(left, N + 1, 2 * N - 1);
    apply(b, OPEN);
    assert_int_equal(fw_unsettled(b->fw), left);
    sweep(b);
    assert_int_equal(bench_sessions(b), left);
}

/* Places whose sessions are gone cost nothing but the look. */
static void empty_places(void **state)
{
    struct bench *b = *state;
    struct ctl_session_filter to_c = {.port = "c"};

    assert_int_equal(fw_session_flush(b->fw, &to_c), N);
    apply(b, CLOSED);
    assert_int_equal(fw_unsettled(b->fw), N);
    bench_run(b);
    assert_int_equal(walked(b), 0);
    assert_int_equal(bench_sessions(b), N);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        T(all_follow), T(work), T(packets_first), T(change_in_the_middle), T(empty_places),
#undef T
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

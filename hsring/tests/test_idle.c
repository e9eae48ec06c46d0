/* SPDX-License-Identifier: Apache-2.0 */
/* When a thread that polls sleeps, by the clock that it is given. */
#include "hsr_test.h"

#include "hsring/idle.h"

#define TURN 500u /* ns */

struct poller {
    struct hsr_idle idle;
    uint64_t now;
};

/* Turns without work for so long; how long of it it spun before it slept. */
static uint64_t quiet(struct poller *p, uint64_t ns)
{
    uint64_t from = p->now, until = p->now + ns, spun;

    while (p->now < until && hsr_idle_spin(&p->idle, p->now, false))
        p->now += TURN;
    spun = p->now - from;
    p->now = until;
    return spun;
}

/* `n` packets, `gap` apart; before how many it slept. */
static uint32_t sleeps(struct poller *p, uint32_t gap, uint32_t n)
{
    uint32_t slept = 0;

    for (uint32_t i = 0; i < n; i++) {
        assert_true(hsr_idle_spin(&p->idle, p->now, true));
        slept += quiet(p, gap) < gap;
    }
    return slept;
}

static void spins_the_least_at_first(void **state)
{
    struct poller p = {.now = 1000000};

    (void)state;
    assert_true(hsr_idle_spin(&p.idle, p.now, true));
    assert_int_equal(quiet(&p, 1000000), HSR_IDLE_LEAST);
    /* What wakes it without work does not end the quiet. */
    assert_int_equal(quiet(&p, 1000000), 0);
}

static void steady_traffic_is_met_awake(void **state)
{
    struct poller p = {.now = 1000000};

    (void)state;
    /* 10 us doubled until they are over 100: it slept before, and does not again. */
    assert_int_equal(sleeps(&p, 100000, 10), 4);
    assert_int_equal(sleeps(&p, 100000, 100), 0);
    sleeps(&p, HSR_IDLE_MOST - TURN, 2);
    assert_int_equal(sleeps(&p, HSR_IDLE_MOST - TURN, 100), 0);
}

static void seldom_packets_cost_the_least(void **state)
{
    struct poller p = {.now = 1000000};

    (void)state;
    sleeps(&p, 100000, 10);
    assert_int_equal(sleeps(&p, HSR_IDLE_MOST + TURN, 100), 100);
    assert_true(hsr_idle_spin(&p.idle, p.now, true));
    assert_int_equal(quiet(&p, 1000000), HSR_IDLE_LEAST);
}

static void never_spins_more_than_the_most(void **state)
{
    struct poller p = {.now = 1000000};

    (void)state;
    for (uint32_t gap = HSR_IDLE_LEAST; gap < HSR_IDLE_MOST; gap += 1000)
        sleeps(&p, gap, 3);
    assert_true(hsr_idle_spin(&p.idle, p.now, true));
    assert_int_equal(quiet(&p, 1000000), HSR_IDLE_MOST);
}

/* Whoever was not run between two turns has company on the core. */
static void company_ends_spinning(void **state)
{
    struct poller p = {.now = 1000000};

    (void)state;
    sleeps(&p, 150000, 10);
    assert_true(hsr_idle_spin(&p.idle, p.now, true));
    assert_true(hsr_idle_spin(&p.idle, p.now, false));
    assert_false(hsr_idle_spin(&p.idle, p.now + HSR_IDLE_AWAY + 1, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spins_the_least_at_first),
        cmocka_unit_test(steady_traffic_is_met_awake),
        cmocka_unit_test(seldom_packets_cost_the_least),
        cmocka_unit_test(never_spins_more_than_the_most),
        cmocka_unit_test(company_ends_spinning),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

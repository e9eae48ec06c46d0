/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of a load by hand: no path between their arrival and their leaving. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "latency.h"

#define FRAMES  4
#define FOREVER 10000000

/* Arrivals at 10, 20, 30 and 40. */
static struct lat_result load(uint64_t sample[FRAMES])
{
    for (unsigned i = 0; i < FRAMES; i++)
        sample[i] = (i + 1) * UINT64_C(10);
    return (struct lat_result){.offered = FRAMES, .sample = sample};
}

/* Turns in which nothing arrives or leaves, until it is given up. */
static unsigned turns_left(struct lat_result *r, uint64_t sent)
{
    unsigned turns = 0;

    for (; turns < FOREVER && lat_under_way(r); turns++)
        lat_deliver(r, sent, 1000);
    return turns;
}

static void each_takes_its_time(void **state)
{
    uint64_t sample[FRAMES];
    struct lat_result r = load(sample);

    (void)state;
    lat_admit(&r, 0, 64, 25);
    assert_int_equal(r.arrived, 2);
    lat_deliver(&r, 2, 100);
    assert_int_equal(sample[0], 90);
    assert_int_equal(sample[1], 80);
    assert_true(lat_under_way(&r));
    lat_admit(&r, 2, 64, 40);
    lat_deliver(&r, 4, 200);
    assert_int_equal(sample[2], 170);
    assert_int_equal(sample[3], 160);
    assert_int_equal(r.longest, 2);
    assert_false(lat_under_way(&r));
    assert_true(lat_accounted(&r, 4, 4));
}

static void a_full_queue_loses(void **state)
{
    uint64_t sample[FRAMES];
    struct lat_result r = load(sample);

    (void)state;
    lat_admit(&r, 0, 2, 35);
    assert_int_equal(r.lost, 1);
    assert_int_equal(r.longest, 2);
    lat_admit(&r, 2, 2, 40);
    lat_deliver(&r, 3, 100);
    assert_int_equal(sample[2], 60); /* of the fourth: the third was lost */
    assert_false(lat_under_way(&r));
    assert_true(lat_accounted(&r, 3, 3));
}

static void a_dropped_frame_ends_it_and_is_told(void **state)
{
    uint64_t sample[FRAMES];
    struct lat_result r = load(sample);

    (void)state;
    lat_admit(&r, 0, 64, 40);
    assert_in_range(turns_left(&r, 3), 1000, FOREVER - 1);
    assert_int_equal(r.delivered, 3);
    assert_false(lat_accounted(&r, 4, 3));
}

static void one_that_is_yet_to_arrive_is_waited_for(void **state)
{
    uint64_t sample[FRAMES];
    struct lat_result r = load(sample);

    (void)state;
    lat_admit(&r, 0, 64, 30);
    assert_int_equal(turns_left(&r, 3), FOREVER);
    lat_admit(&r, 3, 64, 40);
    assert_true(lat_under_way(&r));
    lat_deliver(&r, 3, 1000);
    assert_true(lat_under_way(&r));
    lat_deliver(&r, 4, 1000);
    assert_false(lat_under_way(&r));
    assert_true(lat_accounted(&r, 4, 4));
}

static void one_that_leaves_twice_is_told(void **state)
{
    uint64_t sample[FRAMES];
    struct lat_result r = load(sample);

    (void)state;
    lat_admit(&r, 0, 64, 40);
    lat_deliver(&r, 5, 100);
    assert_int_equal(r.delivered, 4);
    assert_false(lat_under_way(&r));
    assert_false(lat_accounted(&r, 4, 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_takes_its_time),
        cmocka_unit_test(a_full_queue_loses),
        cmocka_unit_test(a_dropped_frame_ends_it_and_is_told),
        cmocka_unit_test(one_that_is_yet_to_arrive_is_waited_for),
        cmocka_unit_test(one_that_leaves_twice_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

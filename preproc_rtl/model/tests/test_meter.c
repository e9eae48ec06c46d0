/* SPDX-License-Identifier: Apache-2.0 */
/* Meters: what passes is what the rate and the burst are, to the nanosecond and the bit, however long it goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "preproc/meter.h"

#define SECOND UINT64_C(1000000000)

__extension__ typedef unsigned __int128 wide;

static struct pp_meter m;

static void set(enum hsr_meter_unit unit, uint64_t rate, uint32_t burst)
{
    assert_int_equal(pp_meter_set(&m, unit, rate, burst), 0);
}

/* Fault 48: rates and bursts at their bounds. */
static void bounds(void **state)
{
    (void)state;
    assert_int_equal(pp_meter_set(&m, (enum hsr_meter_unit)3, 1, 1), -EINVAL);
    assert_int_equal(pp_meter_set(&m, HSR_METER_PACKETS, 0, 1), -EINVAL);
    assert_int_equal(pp_meter_set(&m, HSR_METER_PACKETS, 1, 0), -EINVAL);
    assert_int_equal(pp_meter_set(&m, HSR_METER_BITS, PP_METER_RATE_MAX + 1, 1), -EINVAL);
    assert_int_equal(pp_meter_set(&m, HSR_METER_BITS, 1, PP_METER_BURST_MAX + 1), -EINVAL);
    set(HSR_METER_BITS, PP_METER_RATE_MAX, PP_METER_BURST_MAX);
    assert_true(pp_meter_pass(&m, 1500, UINT64_MAX));
    assert_int_equal(pp_meter_set(&m, HSR_METER_NONE, 0, 0), 0);
    assert_int_equal(m.unit, HSR_METER_NONE);
}

static void bursts_pass_whole(void **state)
{
    (void)state;
    set(HSR_METER_PACKETS, 10, 4);
    for (unsigned i = 0; i < 4; i++)
        assert_true(pp_meter_pass(&m, 9000, 5));
    assert_false(pp_meter_pass(&m, 60, 5));
    /* A tenth of a second is one packet: not a nanosecond earlier. */
    assert_false(pp_meter_pass(&m, 60, 5 + SECOND / 10 - 1));
    assert_true(pp_meter_pass(&m, 60, 5 + SECOND / 10));
    assert_false(pp_meter_pass(&m, 60, 5 + SECOND / 10));
    /* However long nothing comes, no more than the burst is saved up. */
    for (unsigned i = 0; i < 4; i++)
        assert_true(pp_meter_pass(&m, 60, 1000 * SECOND));
    assert_false(pp_meter_pass(&m, 60, 1000 * SECOND));
    /* A clock that runs backwards brings nothing, and takes nothing away. */
    assert_false(pp_meter_pass(&m, 60, 5));
    assert_false(pp_meter_pass(&m, 60, 1000 * SECOND + SECOND / 10 - 1));
    assert_true(pp_meter_pass(&m, 60, 1000 * SECOND + SECOND / 10));
}

static void bits_are_counted_by_length(void **state)
{
    (void)state;
    set(HSR_METER_BITS, 8000, 1500); /* a byte each millisecond */
    assert_false(pp_meter_pass(&m, 1501, 0));
    assert_true(pp_meter_pass(&m, 1000, 0));
    assert_false(pp_meter_pass(&m, 501, 0));
    assert_true(pp_meter_pass(&m, 500, 0));
    assert_false(pp_meter_pass(&m, 64, 64 * SECOND / 1000 - 1));
    assert_true(pp_meter_pass(&m, 64, 64 * SECOND / 1000));
    assert_false(pp_meter_pass(&m, 1501, 1000000 * SECOND)); /* larger than the bucket: never */
}

/*
 * Fault 48: A sender that always wants to send, at times that do not fit the rate: by time t exactly as many packets have passed as
 * fit into burst + rate * t, rounded down. Bursts leave room for what one step brings, so that none of it is lost.
 */
static void nothing_is_rounded(void **state)
{
    static const struct {
        enum hsr_meter_unit unit;
        uint64_t rate;
        uint32_t burst, bytes;
        uint64_t step;
    } cases[] = {
        {HSR_METER_PACKETS, 3, 2, 60, 7919},
        {HSR_METER_PACKETS, 999983, 5, 1500, 13},
        {HSR_METER_BITS, 7777777, 3000, 61, 101},
        {HSR_METER_BITS, 999999999989, 70000, 1499, 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool bits = cases[i].unit == HSR_METER_BITS;
        wide price = bits ? (wide)cases[i].bytes * 8 * SECOND : SECOND;
        wide saved = (wide)cases[i].burst * (bits ? 8 : 1) * SECOND;
        wide spent = 0;

        set(cases[i].unit, cases[i].rate, cases[i].burst);
        for (uint64_t t = 0; t < 3000000 * cases[i].step; t += cases[i].step) {
            bool pass = saved + (wide)cases[i].rate * t - spent >= price;

            assert_int_equal(pp_meter_pass(&m, cases[i].bytes, 1000 + t), pass);
            spent += pass ? price : 0;
        }
        assert_true(spent > 100 * price || cases[i].rate == 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds),
        cmocka_unit_test(bursts_pass_whole),
        cmocka_unit_test(bits_are_counted_by_length),
        cmocka_unit_test(nothing_is_rounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

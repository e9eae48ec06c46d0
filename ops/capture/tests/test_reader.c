/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/tap.h"
#include "pcapng.h"
#include "reader.h"

static struct cap_area area;
static struct cap_tap *tap[2];
static struct rd *rd;

static int setup(void **state)
{
    static const struct cap_spec spec = {
        .points = (1u << CAP_POINTS) - 1, .port = CAP_ANY, .context = CAP_ANY, .snap = 64};

    (void)state;
    assert_int_equal(cap_area_create(&area, 2, 0), 0);
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(cap_tap_open(&tap[i], &spec, &area, i), 0);
    rd = rd_open(&area);
    return rd == NULL;
}

static int teardown(void **state)
{
    (void)state;
    rd_close(rd);
    cap_tap_close(tap[0]);
    cap_tap_close(tap[1]);
    cap_area_close(&area);
    return 0;
}

static void see(unsigned who, enum cap_point point, uint32_t id, uint64_t time)
{
    const uint8_t byte = (uint8_t)time;
    struct cap_seen s = {
        .point = point, .frame = &byte, .here = 1, .frame_len = 60, .packet_id = id, .time = time};

    assert_non_null(cap_see(tap[who], &s));
    cap_publish(tap[who]);
}

static void in_order(void **state)
{
    static const uint64_t times[] = {10, 20, 30, 40, 50};
    const struct rd_record *r;

    (void)state;
    see(0, CAP_NIC_RX, 1, 10);
    see(0, CAP_NIC_TX, 1, 40);
    see(1, CAP_RING_RX, 1, 20);
    see(1, CAP_RING_TX, 1, 30);
    assert_int_equal(rd_fill(rd), 0);
    see(0, CAP_NIC_RX, 2, 50);
    assert_int_equal(rd_fill(rd), 0);
    for (unsigned i = 0; i < 5; i++) {
        r = rd_next(rd, 51);
        assert_non_null(r);
        assert_int_equal(r->r.time, times[i]);
        assert_int_equal(r->frame[0], times[i]);
        assert_int_equal(r->known, i > 0 && i < 4);
        assert_int_equal(r->first, !r->known);
        if (r->known)
            assert_int_equal(r->since, 10);
    }
    assert_null(rd_next(rd, 51));
}

static void the_young_wait(void **state)
{
    (void)state;
    see(0, CAP_NIC_RX, 1, 10);
    see(0, CAP_NIC_RX, 2, 20);
    assert_int_equal(rd_fill(rd), 0);
    assert_int_equal(rd_next(rd, 20)->r.packet_id, 1);
    assert_null(rd_next(rd, 20));
    see(1, CAP_RING_RX, 1, 15); /* it came late, and yet before the other */
    assert_int_equal(rd_fill(rd), 0);
    assert_int_equal(rd_next(rd, 30)->r.time, 15);
    assert_int_equal(rd_next(rd, 30)->r.time, 20);
}

/* Of one moment, as with a clock that stands still: in the order of the way. */
static void one_moment(void **state)
{
    (void)state;
    see(0, CAP_NIC_RX, 1, 10);
    see(0, CAP_NIC_TX, 1, 10);
    see(1, CAP_SLOW, 1, 10);
    assert_int_equal(rd_fill(rd), 0);
    assert_int_equal(rd_next(rd, 11)->r.point, CAP_NIC_RX);
    assert_int_equal(rd_next(rd, 11)->r.point, CAP_SLOW);
    assert_int_equal(rd_next(rd, 11)->r.point, CAP_NIC_TX);
}

static void the_firmwares_own(void **state)
{
    (void)state;
    see(0, CAP_RING_TX, 0, 10);
    see(0, CAP_RING_TX, 0, 20);
    assert_int_equal(rd_fill(rd), 0);
    assert_false(rd_next(rd, 30)->known);
    assert_false(rd_next(rd, 30)->known);
}

static void one_is_skipped(void **state)
{
    (void)state;
    see(0, CAP_NIC_RX, 1, 10);
    see(0, CAP_NIC_RX, 2, 20);
    see(1, CAP_RING_RX, 1, 30);
    see(1, CAP_RING_RX, 2, 40);
    assert_int_equal(rd_fill(rd), 0);
    assert_int_equal(rd_next(rd, 50)->r.packet_id, 1);
    rd_skip(rd);
    assert_int_equal(rd_next(rd, 50)->r.packet_id, 2);
    assert_int_equal(rd_next(rd, 50)->r.packet_id, 2);
    assert_null(rd_next(rd, 50));
}

static void numbers_of_losses(void **state)
{
    (void)state;
    atomic_store(&cap_area_ring(&area, 0)->missed, 3);
    atomic_store(&cap_area_ring(&area, 1)->missed, 4);
    atomic_store(&cap_area_ring(&area, 1)->limited, 5);
    assert_int_equal(rd_missed(rd), 7);
    assert_int_equal(rd_limited(rd), 5);
}

/* Blocks add up: each length stands at both ends, all are multiples of four. tshark reads such a file in another test. */
static void blocks(void **state)
{
    const uint8_t frame[61] = {1};
    struct png_packet p = {.interface = 1,
                           .time = UINT64_C(1700000000123456789),
                           .frame = frame,
                           .captured = 61,
                           .length = 1500,
                           .id = 9,
                           .direction = 1,
                           .comment = "hello"};
    char *text = NULL;
    size_t size = 0, at = 0;
    unsigned n = 0;
    FILE *f = open_memstream(&text, &size);

    (void)state;
    assert_true(png_begin(f, "test"));
    assert_true(png_interface(f, "a", "first", 64));
    assert_true(png_interface(f, "b", "second", 64));
    assert_true(png_packet(f, &p));
    assert_true(png_statistics(f, 1, p.time, 10, 2));
    fclose(f);
    for (uint32_t length, again; at < size; at += length, n++) {
        assert_true(at + 12 <= size);
        memcpy(&length, text + at + 4, 4);
        assert_true(length >= 12 && length % 4 == 0 && at + length <= size);
        memcpy(&again, text + at + length - 4, 4);
        assert_int_equal(length, again);
    }
    assert_int_equal(at, size);
    assert_int_equal(n, 5);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(the_young_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(one_moment, setup, teardown),
        cmocka_unit_test_setup_teardown(the_firmwares_own, setup, teardown),
        cmocka_unit_test_setup_teardown(one_is_skipped, setup, teardown),
        cmocka_unit_test_setup_teardown(numbers_of_losses, setup, teardown),
        cmocka_unit_test(blocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

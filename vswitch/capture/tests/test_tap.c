/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/filter.h"

#define ALL ((1u << CAP_POINTS) - 1)

/* A UDP packet 10.0.0.1:sport -> 10.0.0.2:53, of 60 bytes. */
static uint8_t frame[60] = {0x02, 0,    0, 0,  0, 2,  0x02, 0, 0,  0,  0, 1, 0x08, 0, /* Ethernet */
                            0x45, 0,    0, 46, 0, 0,  0,    0, 64, 17, 0, 0, 10,   0, 0,
                            1,    10,   0, 0,  2, /* IPv4 */
                            0x30, 0x39, 0, 53, 0, 26, 0,    0};

static uint8_t got[CAP_SNAP_MAX];
static struct cap_area area, theirs;
static struct cap_tap *tap;

/* A tap whose area the producer has mapped for itself. */
static void open_tap(struct cap_spec *spec, const char *filter)
{
    char why[CAP_WHY];

    if (spec->points == 0)
        spec->points = ALL;
    if (spec->snap == 0)
        spec->snap = 128;
    assert_int_equal(cap_filter(spec, filter, why), 0);
    assert_int_equal(cap_area_create(&area, 2, 0), 0);
    assert_int_equal(cap_area_map(&theirs, area.memfd), 0);
    assert_int_equal(cap_tap_open(&tap, spec, &theirs, 1), 0);
}

static int close_tap(void **state)
{
    (void)state;
    cap_tap_close(tap);
    tap = NULL;
    cap_area_close(&theirs);
    cap_area_close(&area);
    return 0;
}

/* Of all ports and tenants. */
#define EVERYWHERE .port = CAP_ANY, .context = CAP_ANY
#define SPEC(...)  (&(struct cap_spec){__VA_ARGS__})

static struct cap_seen seen(enum cap_point point, uint32_t id)
{
    return (struct cap_seen){.point = point,
                             .frame = frame,
                             .here = sizeof frame,
                             .frame_len = sizeof frame,
                             .packet_id = id,
                             .time = 1,
                             .context = 7,
                             .port = 3};
}

static bool see(enum cap_point point, uint32_t id)
{
    struct cap_seen s = seen(point, id);

    return cap_see(tap, &s) != NULL;
}

/* How many records can be read; the last one's is in `r`. */
static uint32_t read_all(struct cap_record *r)
{
    uint32_t n = 0;

    cap_publish(tap);
    while (cap_area_read(&area, 1, r, got) == 1)
        n++;
    return n;
}

static void bytes_and_facts(void **state)
{
    struct cap_seen s = seen(CAP_DROP, 9);
    struct cap_record r;

    (void)state;
    open_tap(SPEC(EVERYWHERE, .snap = 20), "");
    s.reason = 5;
    s.flow_id = 77;
    s.time = 123456789;
    s.flags = CAP_F_SLICED;
    s.worker = 2;
    assert_non_null(cap_see(tap, &s));
    assert_int_equal(cap_area_read(&area, 1, &r, got), 0); /* not published yet */
    assert_int_equal(read_all(&r), 1);
    assert_int_equal(r.captured, 20);
    assert_int_equal(r.frame_len, sizeof frame);
    assert_memory_equal(got, frame, 20);
    assert_int_equal(r.point, CAP_DROP);
    assert_int_equal(r.reason, 5);
    assert_int_equal(r.flow_id, 77);
    assert_int_equal(r.packet_id, 9);
    assert_int_equal(r.time, 123456789);
    assert_int_equal(r.port, 3);
    assert_int_equal(r.context, 7);
    assert_int_equal(r.worker, 2);
    assert_int_equal(r.flags, CAP_F_SLICED);
    assert_int_equal(cap_area_read(&area, 0, &r, got), 0); /* the other ring has nothing */
}

static void filter_follows(void **state)
{
    struct cap_record r;

    (void)state;
    open_tap(SPEC(EVERYWHERE), "host 10.0.0.1");
    assert_true(see(CAP_NIC_RX, 1));
    frame[29] = 9; /* NAT: nothing of it matches any more */
    assert_true(see(CAP_RING_TX, 1));
    assert_false(see(CAP_RING_TX, 2));
    assert_false(see(CAP_RING_TX, 0)); /* the firmware's own are not followed ... */
    frame[29] = 1;
    assert_true(see(CAP_RING_TX, 0)); /* ... each is looked at */
    assert_int_equal(read_all(&r), 3);
}

static void filter_sees_behind_the_tunnel(void **state)
{
    uint8_t tunnelled[50 + sizeof frame] = {[12] = 0x08, [14] = 0x45, [23] = 17};
    struct cap_seen s = seen(CAP_NIC_RX, 4);

    (void)state;
    memcpy(tunnelled + 50, frame, sizeof frame);
    s.frame = tunnelled;
    s.here = s.frame_len = sizeof tunnelled;
    open_tap(SPEC(EVERYWHERE), "udp port 53 and host 10.0.0.2");
    assert_null(cap_see(tap, &s));
    s.inner = 50;
    assert_non_null(cap_see(tap, &s));
}

static void scope(void **state)
{
    (void)state;
    open_tap(SPEC(.port = 4, .context = CAP_ANY), "");
    assert_false(see(CAP_NIC_RX, 1));
    close_tap(NULL);
    open_tap(SPEC(.port = CAP_ANY, .context = 8), "");
    assert_false(see(CAP_NIC_RX, 1));
    close_tap(NULL);
    open_tap(SPEC(.port = 3, .context = 7), "");
    assert_true(see(CAP_NIC_RX, 1));
}

static void drops_alone(void **state)
{
    (void)state;
    open_tap(SPEC(EVERYWHERE, .drop_only = 1), "udp");
    assert_false(see(CAP_NIC_RX, 1));
    assert_true(see(CAP_DROP, 1));
    assert_true(see(CAP_DROP, 2));
}

static void points(void **state)
{
    (void)state;
    open_tap(SPEC(EVERYWHERE, .points = 1u << CAP_NIC_TX), "");
    assert_false(see(CAP_NIC_RX, 1));
    assert_true(see(CAP_NIC_TX, 1));
    assert_true(cap_shows(tap, CAP_NIC_TX));
    assert_false(cap_shows(tap, CAP_SLOW));
}

/* A second's worth at once, then as time goes by; packets that are under way are shown to their end. */
static void rate(void **state)
{
    struct cap_seen s = seen(CAP_NIC_RX, 0);
    struct cap_record r;
    uint32_t n = 0;

    (void)state;
    open_tap(SPEC(EVERYWHERE, .rate = 10), "");
    s.time = 1000000000;
    for (uint32_t id = 1; id <= 25; id++) {
        s.packet_id = id;
        n += cap_see(tap, &s) != NULL;
    }
    assert_int_equal(n, 10);
    assert_true(see(CAP_NIC_TX, 10));
    assert_false(see(CAP_NIC_TX, 11));
    s.time += 300000000;
    for (uint32_t id = 31; id <= 40; id++) {
        s.packet_id = id;
        n += cap_see(tap, &s) != NULL;
    }
    assert_int_equal(n, 13);
    s.time = 5; /* a clock that goes back gives nothing */
    s.packet_id = 50;
    assert_null(cap_see(tap, &s));
    assert_int_equal(read_all(&r), 14);
    assert_int_equal(atomic_load(&cap_area_ring(&area, 1)->limited), 15 + 1 + 7 + 1);
}

/* Fault 54: A full ring loses what is new, counts it, and goes on where there is room; many times around. */
static void full_ring(void **state)
{
    struct cap_record r;
    uint64_t missed = 0;

    (void)state;
    open_tap(SPEC(EVERYWHERE, .snap = 60), "");
    for (unsigned round = 0; round < 50; round++) {
        uint32_t shown = 0, offered = 400 + round * 37;

        for (uint32_t id = 1; id <= offered; id++)
            shown += see(CAP_NIC_RX, id);
        missed += offered - shown;
        assert_int_equal(read_all(&r), shown);
        assert_int_equal(r.packet_id, shown);
        assert_memory_equal(got, frame, sizeof frame);
    }
    assert_true(missed > 0);
    assert_int_equal(atomic_load(&cap_area_ring(&area, 1)->missed), missed);
}

static void taken_back(void **state)
{
    struct cap_seen s = seen(CAP_FAST, 1);
    struct cap_record r;

    (void)state;
    open_tap(SPEC(EVERYWHERE), "");
    cap_see(tap, &s)->point = CAP_POINTS;
    assert_true(see(CAP_SLOW, 1));
    assert_int_equal(read_all(&r), 1);
    assert_int_equal(r.point, CAP_SLOW);
}

/* Fault 54: The consumer is a program of somebody else. */
static void hostile_consumer(void **state)
{
    struct cap_ring *ring;

    (void)state;
    open_tap(SPEC(EVERYWHERE), "");
    ring = cap_area_ring(&area, 1);
    for (uint64_t i = 0; i < 64; i++) {
        atomic_store(&ring->cons, UINT64_C(1) << i);
        atomic_store(&ring->prod, UINT64_MAX - i);
        for (uint32_t id = 1; id < 2000; id++)
            see(CAP_NIC_RX, id);
        cap_publish(tap);
    }
}

/* So is the producer, seen from there. */
static void hostile_producer(void **state)
{
    struct cap_record r;
    uint32_t x = 1;

    (void)state;
    open_tap(SPEC(EVERYWHERE), "");
    uint8_t *data = cap_area_data(&area, 1);

    for (unsigned round = 0; round < 2000; round++) {
        for (unsigned i = 0; i < 4096; i++) {
            x = x * 1103515245u + 12345u;
            data[i] = (uint8_t)(x >> 16 & (round % 2 ? 0xFF : 0x07));
        }
        atomic_store(&cap_area_ring(&area, 1)->cons, (round % 64) * 8);
        atomic_store(&cap_area_ring(&area, 1)->prod,
                     round % 3 ? (round % 64) * 8 + x % 8192 : (uint64_t)x << 20);
        for (unsigned n = 0; cap_area_read(&area, 1, &r, got) == 1 && n < 10000; n++)
            assert_true(r.captured <= CAP_SNAP_MAX);
        assert_int_equal(cap_area_read(&area, 1, &r, got), 0);
    }
}

static void *produce(void *arg)
{
    struct cap_seen s = seen(CAP_NIC_RX, 0);

    (void)arg;
    for (uint32_t id = 1; id <= 20000; id++) {
        s.packet_id = id;
        cap_see(tap, &s);
        cap_publish(tap);
    }
    return NULL;
}

/* Both at once: what is read is whole and in order, and with what was missed it is all. */
static void both_at_once(void **state)
{
    struct cap_record r;
    uint32_t n = 0, last = 0;
    pthread_t thread;

    (void)state;
    open_tap(SPEC(EVERYWHERE), "");
    assert_int_equal(pthread_create(&thread, NULL, produce, NULL), 0);
    while (last < 20000 && n + atomic_load(&cap_area_ring(&area, 1)->missed) < 20000) {
        if (cap_area_read(&area, 1, &r, got) != 1)
            continue;
        assert_true(r.packet_id > last);
        assert_memory_equal(got, frame, sizeof frame);
        last = r.packet_id;
        n++;
    }
    pthread_join(thread, NULL);
    while (cap_area_read(&area, 1, &r, got) == 1)
        n++;
    assert_true(n > 0);
    assert_int_equal(n + atomic_load(&cap_area_ring(&area, 1)->missed), 20000);
}

static void refused(void **state)
{
    struct cap_spec *good = SPEC(EVERYWHERE, .points = ALL, .snap = 64), bad;
    char why[CAP_WHY] = "";
    int fd;

    (void)state;
    open_tap(good, "");
    struct cap_tap *other;

    assert_int_equal(cap_tap_open(&other, good, &theirs, 2), -EINVAL);
    bad = *good;
    bad.snap = CAP_SNAP_MAX + 1;
    assert_int_equal(cap_tap_open(&other, &bad, &theirs, 0), -EINVAL);
    bad = *good;
    bad.points = 1u << CAP_POINTS;
    assert_int_equal(cap_tap_open(&other, &bad, &theirs, 0), -EINVAL);
    bad = *good;
    bad.insns = CAP_PROGRAM + 1;
    assert_int_equal(cap_tap_open(&other, &bad, &theirs, 0), -EINVAL);
    bad = *good;
    bad.insns = 1; /* jumps out of the program */
    bad.insn[0] = (struct cap_insn){.code = 0x05, .k = 100};
    assert_int_equal(cap_tap_open(&other, &bad, &theirs, 0), -EINVAL);
    assert_int_equal(cap_filter(&bad, "hots 10.0.0.1", why), -EINVAL);
    assert_non_null(strstr(why, "syntax error"));

    /* Memory that may shrink under its reader, or has no such layout. */
    struct cap_area none;

    fd = memfd_create("x", 0);
    assert_int_equal(ftruncate(fd, 1 << 20), 0);
    assert_int_equal(cap_area_map(&none, fd), -EINVAL);
    close(fd);
    fd = memfd_create("x", MFD_ALLOW_SEALING);
    assert_int_equal(ftruncate(fd, 1 << 20), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
    assert_int_equal(cap_area_map(&none, fd), -EINVAL);
    close(fd);
    assert_int_equal(cap_area_create(&none, 0, 0), -EINVAL);
    assert_int_equal(cap_area_create(&none, CAP_RINGS + 1, 0), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(bytes_and_facts, close_tap),
        cmocka_unit_test_teardown(filter_follows, close_tap),
        cmocka_unit_test_teardown(filter_sees_behind_the_tunnel, close_tap),
        cmocka_unit_test_teardown(scope, close_tap),
        cmocka_unit_test_teardown(drops_alone, close_tap),
        cmocka_unit_test_teardown(points, close_tap),
        cmocka_unit_test_teardown(rate, close_tap),
        cmocka_unit_test_teardown(full_ring, close_tap),
        cmocka_unit_test_teardown(taken_back, close_tap),
        cmocka_unit_test_teardown(hostile_consumer, close_tap),
        cmocka_unit_test_teardown(hostile_producer, close_tap),
        cmocka_unit_test_teardown(both_at_once, close_tap),
        cmocka_unit_test_teardown(refused, close_tap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

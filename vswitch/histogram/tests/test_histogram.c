/* SPDX-License-Identifier: Apache-2.0 */
#include "histogram/histogram.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define VALUES 20000

static uint64_t seed;

static uint64_t draw(void)
{
    uint64_t z = seed += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* As times are: any order of magnitude, each as often. */
static uint32_t draw_time(void)
{
    return (uint32_t)(draw() >> 32) >> draw() % 32;
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static struct hist_counts read_one(const struct hist *h)
{
    struct hist_counts c = {0};

    hist_read(h, &c);
    return c;
}

/* Each value lies in its bucket, buckets follow one another without a gap, and none is wider than a sixteenth of its values. */
static void buckets(void **state)
{
    (void)state;
    assert_int_equal(hist_least(0), 0);
    for (uint32_t b = 0; b < HIST_BUCKETS; b++) {
        uint32_t least = hist_least(b), most = hist_most(b);

        assert_int_equal(hist_bucket(least), b);
        assert_int_equal(hist_bucket(most), b);
        assert_true(most - least <= least / HIST_SUBS);
        if (b + 1 < HIST_BUCKETS)
            assert_int_equal(hist_least(b + 1), most + 1);
    }
    assert_int_equal(hist_most(HIST_BUCKETS - 1), UINT32_MAX);
}

static void assert_near(uint64_t told, uint32_t exact)
{
    assert_true(told >= exact);
    assert_true(told - exact <= exact / HIST_SUBS);
}

/* The value of a rank, counted in the sorted values. */
static void percentiles(void **state)
{
    static const struct {
        double percent;
        unsigned index;
    } rank[] = {{0, 0},
                {1, VALUES / 100 - 1},
                {50, VALUES / 2 - 1},
                {90, VALUES / 10 * 9 - 1},
                {99, VALUES / 100 * 99 - 1},
                {99.9, VALUES / 1000 * 999 - 1},
                {100, VALUES - 1}};
    static uint32_t value[VALUES];

    (void)state;
    for (seed = 1; seed < 1000;) {
        uint64_t sum = 0, next = seed * 10;
        struct hist h = {0};

        for (unsigned i = 0; i < VALUES; i++) {
            sum += value[i] = draw_time();
            hist_record(&h, value[i], 1);
        }
        qsort(value, VALUES, sizeof value[0], compare);
        struct hist_counts c = read_one(&h);

        for (unsigned i = 0; i < sizeof rank / sizeof rank[0]; i++)
            assert_near(hist_percentile(&c, rank[i].percent), value[rank[i].index]);
        assert_int_equal(hist_count(&c), VALUES);
        assert_int_equal(c.sum, sum);
        assert_int_equal(c.max, value[VALUES - 1]);
        assert_int_equal(hist_percentile(&c, 100), c.max);
        seed = next;
    }
}

static void nothing_and_too_much(void **state)
{
    struct hist h = {0};
    struct hist_counts c = read_one(&h);

    (void)state;
    assert_int_equal(hist_count(&c), 0);
    assert_int_equal(hist_percentile(&c, 50), 0);
    hist_record(&h, 5, 0);
    c = read_one(&h);
    assert_int_equal(hist_count(&c) + c.sum + c.max, 0);
    hist_record(&h, UINT64_C(1) << 40, 1);
    c = read_one(&h);
    assert_int_equal(c.max, UINT32_MAX);
    assert_int_equal(hist_percentile(&c, 50), UINT32_MAX);
    /* The rank is rounded up: half of two is the first. */
    hist_record(&h, 7, 1);
    c = read_one(&h);
    assert_int_equal(hist_percentile(&c, 50), 7);
    assert_int_equal(hist_percentile(&c, 50.1), UINT32_MAX);
}

/* Two merged, and many of one value at once, are what one by one would be. */
static void merged(void **state)
{
    struct hist one = {0}, two = {0}, both = {0};

    (void)state;
    seed = 7;
    for (unsigned i = 0; i < VALUES; i++) {
        uint32_t value = draw_time(), n = 1 + (uint32_t)draw() % 16;

        hist_record(i % 3 ? &one : &two, value, n);
        for (uint32_t k = 0; k < n; k++)
            hist_record(&both, value, 1);
    }
    struct hist_counts a = read_one(&one), b = read_one(&two), all = read_one(&both);

    hist_merge(&a, &b);
    assert_memory_equal(&a, &all, sizeof all);
    /* Reading adds as well. */
    memset(&a, 0, sizeof a);
    hist_read(&one, &a);
    hist_read(&two, &a);
    assert_memory_equal(&a, &all, sizeof all);
}

/* What came behind a reading alone. */
static void subtracted(void **state)
{
    struct hist h = {0}, late = {0};

    (void)state;
    seed = 9;
    for (unsigned i = 0; i < VALUES; i++)
        hist_record(&h, draw_time() / 2, 1);
    hist_record(&h, 4000000000, 1);
    struct hist_counts before = read_one(&h), c;

    for (unsigned i = 0; i < 100; i++) {
        uint32_t value = 1000 + (uint32_t)draw() % 1000;

        hist_record(&h, value, 1);
        hist_record(&late, value, 1);
    }
    c = read_one(&h);
    hist_subtract(&c, &before);
    struct hist_counts expected = read_one(&late);

    assert_memory_equal(c.bucket, expected.bucket, sizeof c.bucket);
    assert_int_equal(c.sum, expected.sum);
    assert_near(c.max, (uint32_t)expected.max);
    hist_record(&h, 4200000001, 1); /* above all there was: known exactly again */
    c = read_one(&h);
    hist_subtract(&c, &before);
    assert_int_equal(c.max, 4200000001);
    hist_subtract(&c, &c);
    assert_int_equal(hist_count(&c) + c.sum + c.max, 0);
    hist_subtract(&c, &before); /* of a NIC whose figures fall */
    assert_int_equal(hist_count(&c) + c.sum + c.max, 0);
}

static struct hist shared;

static void *write_shared(void *arg)
{
    for (unsigned i = 0; i < 200000; i++)
        hist_record(&shared, i % 1000, 2);
    return arg;
}

/* What a reader sees only grows, and is all there in the end. */
static void beside_the_writer(void **state)
{
    pthread_t writer;
    uint64_t seen = 0;

    (void)state;
    assert_int_equal(pthread_create(&writer, NULL, write_shared, NULL), 0);
    for (unsigned i = 0; i < 200; i++) {
        struct hist_counts c = read_one(&shared);
        uint64_t n = hist_count(&c);

        assert_true(n >= seen && n <= 400000 && n % 2 == 0);
        assert_true(hist_percentile(&c, 99) < 1000);
        seen = n;
    }
    pthread_join(writer, NULL);
    struct hist_counts c = read_one(&shared);

    assert_int_equal(hist_count(&c), 400000);
    assert_int_equal(c.sum, UINT64_C(200) * 999 * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets),
        cmocka_unit_test(percentiles),
        cmocka_unit_test(nothing_and_too_much),
        cmocka_unit_test(merged),
        cmocka_unit_test(subtracted),
        cmocka_unit_test(beside_the_writer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <errno.h>

#include "preproc/fit.h"

static struct pp_fit fit;

static uint64_t hash_of(uint32_t bucket, uint32_t tag)
{
    return (uint64_t)tag << HSR_HASH_TAG_SHIFT | (uint64_t)bucket << HSR_HASH_BUCKET_SHIFT;
}

static void apply(enum hsr_fit op, uint64_t hash, uint64_t id, uint64_t named)
{
    struct hsr_tx_meta m = {.fit_op = (uint8_t)op, .hash = hash, .flow_id = id, .fit_named = named};

    pp_fit_apply(&fit, &m);
}

static int setup(void **state)
{
    (void)state;
    return pp_fit_open(&fit, 64);
}

static int teardown(void **state)
{
    (void)state;
    pp_fit_close(&fit);
    return 0;
}

static void test_open(void **state)
{
    struct pp_fit other;

    (void)state;
    assert_int_equal(pp_fit_open(&other, 0), -EINVAL);
    assert_int_equal(pp_fit_open(&other, 48), -EINVAL);
    assert_int_equal(pp_fit_open(&other, 2u << PP_FIT_BUCKET_BITS), -EINVAL);
    assert_int_equal(pp_fit_open(&other, 1u << HSR_HASH_BUCKET_BITS), 0);
    pp_fit_close(&other);
}

/* More buckets than a chip has: what shares one there is spread by the lowest bits of its tag, and found again. */
static void test_external(void **state)
{
    enum { MORE = 2, FLOWS = 5 };

    (void)state;
    assert_int_equal(pp_fit_open(&fit, 1u << (HSR_HASH_BUCKET_BITS + MORE)), 0);
    assert_int_equal(pp_fit_capacity(&fit), PP_FIT_BANKS << (HSR_HASH_BUCKET_BITS + MORE));
    for (uint32_t i = 0; i < FLOWS; i++)
        apply(HSR_FIT_INSERT, hash_of(7, i), 10 + i, 0);
    for (uint32_t i = 0; i < FLOWS; i++) {
        const struct pp_fit_bucket *b =
            &fit.bucket[7 | (i & ((1u << MORE) - 1)) << HSR_HASH_BUCKET_BITS];

        assert_int_equal(b->flow_id[i >> MORE], 10 + i);
        assert_int_equal(pp_fit_lookup(&fit, hash_of(7, i)), 10 + i);
    }
    pp_fit_close(&fit);
}

static void test_placement(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        apply(HSR_FIT_INSERT, hash_of(3, 0x100 + i), 10 + i, 0);
        assert_int_equal(fit.bucket[3].flow_id[i], 10 + i); /* the first empty bank */
    }
    assert_int_equal(fit.stats.replaced, 0);
    apply(HSR_FIT_INSERT, hash_of(3, 0x206), 99, 0); /* full: low bits of the tag name the victim */
    assert_int_equal(fit.bucket[3].flow_id[2], 99);
    assert_int_equal(pp_fit_lookup(&fit, hash_of(3, 0x102)), 0);
    assert_int_equal(pp_fit_lookup(&fit, hash_of(3, 0x206)), 99);
    assert_int_equal(fit.stats.replaced, 1);
    apply(HSR_FIT_INSERT, hash_of(3, 0x103), 50, 0); /* an equal tag stays where it is */
    assert_int_equal(fit.bucket[3].flow_id[3], 50);
    assert_int_equal(fit.stats.replaced, 2);
    assert_int_equal(pp_fit_lookup(&fit, hash_of(3 + 64, 0x103)), 50); /* bucket modulo the size */
    assert_int_equal(pp_fit_lookup(&fit, hash_of(4, 0x103)), 0);
    assert_int_equal(fit.stats.hits, 2);
    assert_int_equal(fit.stats.misses, 2);
    assert_int_equal(fit.stats.inserts, 6);
    assert_int_equal(fit.used, 4);
    pp_fit_clear(&fit);
    assert_int_equal(pp_fit_lookup(&fit, hash_of(3, 0x103)), 0);
    assert_int_equal(fit.used, 0);
    assert_int_equal(fit.high, 4);
    assert_int_equal(pp_fit_capacity(&fit), 256);
}

static void test_conditional(void **state)
{
    uint64_t h = hash_of(1, 0);

    (void)state;
    assert_int_equal(pp_fit_lookup(&fit, h), 0); /* tag 0 does not match an empty bank */
    apply(HSR_FIT_DELETE, h, 0, 0);
    apply(HSR_FIT_UPDATE, h, 5, 0);
    assert_int_equal(pp_fit_lookup(&fit, h), 0);
    apply(HSR_FIT_INSERT, h, 0, 0); /* flow id 0 is none */
    assert_int_equal(fit.stats.refused, 3);
    apply(HSR_FIT_INSERT, h, 7, 0);
    apply(HSR_FIT_DELETE, h, 0, 8);
    apply(HSR_FIT_UPDATE, h, 9, 8);
    apply(HSR_FIT_UPDATE, h, 0, 7);
    assert_int_equal(fit.stats.refused, 6);
    assert_int_equal(pp_fit_lookup(&fit, h), 7);
    apply(HSR_FIT_UPDATE, h, 9, 7);
    assert_int_equal(pp_fit_lookup(&fit, h), 9);
    assert_int_equal(fit.used, 1);
    apply(HSR_FIT_DELETE, h, 0, 9);
    assert_int_equal(pp_fit_lookup(&fit, h), 0);
    assert_int_equal(fit.used, 0);
    apply(HSR_FIT_NONE, h, 1, 1);
    apply((enum hsr_fit)9, h, 1, 1);
    assert_int_equal(fit.stats.refused, 7);
    assert_int_equal(fit.stats.deletes, 1);
    assert_int_equal(fit.stats.updates, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_external),
        cmocka_unit_test_setup_teardown(test_placement, setup, teardown),
        cmocka_unit_test_setup_teardown(test_conditional, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

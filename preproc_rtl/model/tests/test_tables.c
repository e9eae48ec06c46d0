/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "preproc/tables.h"

static struct pp_tables t;

static void test_vteps(void **state)
{
    uint8_t a[16] = {10, 0, 0, 0, 99};

    (void)state;
    pp_tables_clear(&t);
    assert_int_equal(pp_tables_vtep(&t, a, 5, false), -EINVAL);
    assert_int_equal(pp_tables_vtep(&t, a, 4, true), -ENOENT);
    for (uint8_t i = 0; i < PP_MAX_VTEPS; i++) {
        a[3] = i;
        assert_int_equal(pp_tables_vtep(&t, a, i % 2 ? 4 : 6, false), 0);
        assert_int_equal(pp_tables_vtep(&t, a, i % 2 ? 4 : 6, false), 0); /* again: the same one */
    }
    a[3] = 100;
    assert_int_equal(pp_tables_vtep(&t, a, 4, false), -ENOSPC);
    a[3] = 1;
    a[4] = 0; /* beyond an IPv4 address */
    assert_true(pp_tables_is_local(&t, a, 4));
    assert_false(pp_tables_is_local(&t, a, 6));
    assert_int_equal(pp_tables_vtep(&t, a, 4, true), 0);
    assert_false(pp_tables_is_local(&t, a, 4));
    a[3] = 100;
    assert_int_equal(pp_tables_vtep(&t, a, 4, false), 0);
    assert_true(pp_tables_is_local(&t, a, 4));
    memset(a, 0, sizeof a);
    assert_false(pp_tables_is_local(&t, a, 4)); /* a free place is no address */
}

static void test_context_arguments(void **state)
{
    (void)state;
    pp_tables_clear(&t);
    assert_int_equal(pp_tables_context(&t, HSR_TUNNEL_NONE, 1, 1), -EINVAL);
    assert_int_equal(pp_tables_context(&t, HSR_TUNNEL_VXLAN, 1u << 24, 1), -EINVAL);
    assert_int_equal(pp_tables_context(&t, HSR_TUNNEL_VXLAN, 1, 1u << 24), -EINVAL);
    assert_int_equal(pp_tables_context(&t, HSR_TUNNEL_VXLAN, 0, 7), 0);
    assert_int_equal(pp_tables_lookup(&t, HSR_TUNNEL_VXLAN, 0), 7);
    assert_int_equal(pp_tables_lookup(&t, HSR_TUNNEL_GENEVE, 0), 0);
    assert_int_equal(pp_tables_context(&t, HSR_TUNNEL_VXLAN, 0, 0), 0);
    assert_int_equal(pp_tables_lookup(&t, HSR_TUNNEL_VXLAN, 0), 0);
    assert_int_equal(pp_tables_context(&t, HSR_TUNNEL_VXLAN, 0, 0), 0);
    for (uint32_t i = 0; i < PP_CONTEXT_SLOTS / 2; i++)
        assert_int_equal(pp_tables_context(&t, HSR_TUNNEL_VXLAN, i, i + 1), 0);
    assert_int_equal(pp_tables_context(&t, HSR_TUNNEL_GENEVE, 1, 1), -ENOSPC);
    assert_int_equal(pp_tables_context(&t, HSR_TUNNEL_VXLAN, 1, 9), 0); /* a change needs no room */
    assert_int_equal(pp_tables_lookup(&t, HSR_TUNNEL_VXLAN, 1), 9);
}

/* Against a plain array, with removals out of the middle of long chains. */
static void test_context_churn(void **state)
{
    static uint32_t model[8192];
    uint32_t count = 0, seed = 1;

    (void)state;
    pp_tables_clear(&t);
    for (uint32_t i = 0; i < 200000; i++) {
        seed = seed * 1664525u + 1013904223u;
        uint32_t vni = seed >> 19, value = seed & 0x10000 ? 0 : i + 1;
        assert_int_equal(pp_tables_context(&t, HSR_TUNNEL_VXLAN, vni * 2048, value), 0);
        count = count + (model[vni] == 0 && value != 0) - (model[vni] != 0 && value == 0);
        model[vni] = value;
        assert_int_equal(t.contexts, count);
    }
    for (uint32_t vni = 0; vni < 8192; vni++)
        assert_int_equal(pp_tables_lookup(&t, HSR_TUNNEL_VXLAN, vni * 2048), model[vni]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vteps),
        cmocka_unit_test(test_context_arguments),
        cmocka_unit_test(test_context_churn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

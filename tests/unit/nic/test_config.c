/* SPDX-License-Identifier: Apache-2.0 */
/* What the NIC's options may say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nic/nic.h"

static void flow_index(void **state)
{
    static const char *const wrong[] = {"",      "0",        "512",   "1000",
                                        "65537", "33554432", "-1024", "1024 ",
                                        "1e4",   "0x400",    " 1024", "18446744073709551616"};
    struct nic_config config;

    (void)state;
    nic_config_repeatable(&config, 1);
    assert_int_equal(config.fit_buckets * PP_FIT_BANKS, NIC_FLOW_INDEX);
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(nic_config_flow_index(&config, wrong[i]));
        assert_int_equal(config.fit_buckets * PP_FIT_BANKS, NIC_FLOW_INDEX);
    }
    assert_true(nic_config_flow_index(&config, "1024"));
    assert_int_equal(config.fit_buckets, 256);
    assert_true(nic_config_flow_index(&config, "16777216"));
    assert_int_equal(config.fit_buckets, 1u << PP_FIT_BUCKET_BITS);
}

static void slicing(void **state)
{
    static const char *const wrong[] = {"", "yes", "on:", "on:0", "on:x", "on:5x", "on:10000001"};
    struct nic_config config;

    (void)state;
    nic_config_repeatable(&config, 1);
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(nic_config_slice(&config, wrong[i]));
    assert_true(nic_config_slice(&config, "on:250"));
    assert_true(config.slice);
    assert_int_equal(config.slice_timeout_ns, 250000);
    assert_true(nic_config_slice(&config, "off"));
    assert_false(config.slice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flow_index),
        cmocka_unit_test(slicing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

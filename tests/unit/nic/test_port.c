/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

static void arguments(void **state)
{
    static const struct {
        const char *args, *key, *value;
    } table[] = {
        {"a=1", "a", "1"},
        {"a=1,b=22", "b", "22"},
        {"ab=1,b=2", "b", "2"},
        {"b=2,ab=1", "ab", "1"},
        {"a=,b=2", "a", ""},
        {"a=x=y", "a", "x=y"},
        {"a=1234567", "a", "1234567"},
        {"a=12345678", "a", NULL}, /* too long for the buffer */
        {"", "a", NULL},
        {"a", "a", NULL},
        {"b=1", "a", NULL},
        {",,a=1,,", "a", "1"},
        {"a=1,a=2", "a", "1"},
        {"b=a=1", "a", NULL},
    };
    char value[8];

    (void)state;
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        bool found = nic_port_arg(table[i].args, table[i].key, value, sizeof value);

        assert_int_equal(found, table[i].value != NULL);
        if (found)
            assert_string_equal(value, table[i].value);
    }
}

static void kinds(void **state)
{
    (void)state;
    for (int kind = HSR_PORT_KIND_TAP; kind <= HSR_PORT_KIND_MEMIF; kind++) {
        const struct nic_port_ops *ops = nic_port_ops((enum hsr_port_kind)kind);

        assert_non_null(ops);
        assert_int_equal(nic_port_kind(ops->name), kind);
    }
    assert_null(nic_port_ops((enum hsr_port_kind)0));
    assert_null(nic_port_ops((enum hsr_port_kind)(HSR_PORT_KIND_MEMIF + 1)));
    assert_null(nic_port_ops((enum hsr_port_kind)255));
    assert_int_equal(nic_port_kind("tapir"), 0);
    assert_int_equal(nic_port_kind(""), 0);
}

static void null_port(void **state)
{
    struct nic_port port = port_of(HSR_PORT_KIND_NULL, "", "");
    struct nic_rx rx[4];
    struct pool pool;

    (void)state;
    pool_open(&pool, 4, 1, 1);
    port.config.offload = true;
    port.config.mtu = 9000;
    port_open(&port);
    assert_true(port.egress.csum && port.egress.tso);
    assert_int_equal(port.egress.mtu, 9000);
    assert_int_equal(port_rx(&port, &pool, rx, 4), 0);
    assert_true(port_send(&port, "x", 1));
    assert_int_equal(port.ops->rx_fd(&port), -1);
    port.ops->close(&port);
    port = port_of(HSR_PORT_KIND_NULL, "", "");
    port_open_fails(&port, 0, -22, "takes no descriptor");
    pool_close(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments),
        cmocka_unit_test(kinds),
        cmocka_unit_test(null_port),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

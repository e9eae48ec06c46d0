/* SPDX-License-Identifier: Apache-2.0 */
#include "log/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

AVS_LOG_MODULE(log_module, "test")
AVS_LOG_MODULE(log_module_b, "abc")
AVS_LOG_MODULE(log_module_twin, "test")

static int channel[2];
static uint64_t now;

static uint64_t fake_clock(void)
{
    return now;
}

static int setup(void **state)
{
    (void)state;
    assert_int_equal(pipe(channel), 0);
    avs_log_output(channel[1]);
    avs_log_clock(fake_clock);
    avs_log_json(false);
    avs_log_set("*", AVS_LOG_INFO);
    now = UINT64_C(1700000000123000000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    close(channel[0]);
    close(channel[1]);
    return 0;
}

/* Everything written so far. */
static const char *taken(void)
{
    static char text[65536];

    assert_int_equal(write(channel[1], "", 1), 1);
    ssize_t n = read(channel[0], text, sizeof(text) - 1);
    assert_true(n > 0);
    text[n] = 0;
    return text;
}

static void key_value(void **state)
{
    (void)state;
    AVS_LOG(log_module, AVS_LOG_INFO, "a b");
    assert_string_equal(taken(),
                        "ts=2023-11-14T22:13:20.123Z level=info module=test msg=\"a b\"\n");
    AVS_LOG(log_module, AVS_LOG_ERROR, "x", avs_log_i64("i", INT64_MIN),
            avs_log_u64("u", UINT64_MAX), avs_log_str("s", "plain"), avs_log_str("e", NULL));
    assert_string_equal(taken(), "ts=2023-11-14T22:13:20.123Z level=error module=test msg=x "
                                 "i=-9223372036854775808 u=18446744073709551615 s=plain e=\"\"\n");
}

static void as_json(void **state)
{
    (void)state;
    avs_log_json(true);
    AVS_LOG(log_module, AVS_LOG_WARN, "x", avs_log_u64("n", 1), avs_log_str("s", "a\"\\"));
    assert_string_equal(taken(),
                        "{\"ts\":\"2023-11-14T22:13:20.123Z\",\"level\":\"warn\","
                        "\"module\":\"test\",\"msg\":\"x\",\"n\":1,\"s\":\"a\\\"\\\\\"}\n");
}

static void escapes(void **state)
{
    static const struct {
        const char *in, *out;
    } table[] = {
        {"a\nts=forged", "\"a\\u000ats=forged\""},
        {"\x1b[2J\x7f", "\"\\u001b[2J\\u007f\""},
        {"\xc2\x9b", "\"\\u009b\""},
        {"\xff\xc3", "\"\\u00ff\\u00c3\""},
        {"\xc0\xaf\xed\xa0\x80", "\"\\u00c0\\u00af\\u00ed\\u00a0\\u0080\""},
        {"\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {"a=b", "\"a=b\""},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        AVS_LOG(log_module, AVS_LOG_INFO, "x", avs_log_str("v", table[i].in));
        const char *value = strstr(taken(), " v=");
        assert_non_null(value);
        assert_memory_equal(value + 3, table[i].out, strlen(table[i].out));
        assert_string_equal(value + 3 + strlen(table[i].out), "\n");
    }
}

static void levels(void **state)
{
    enum avs_log_level level;

    (void)state;
    AVS_LOG(log_module, AVS_LOG_DEBUG, "no");
    assert_string_equal(taken(), "");
    assert_int_equal(avs_log_set("test", AVS_LOG_DEBUG), 0);
    AVS_LOG(log_module, AVS_LOG_DEBUG, "yes");
    AVS_LOG(log_module_twin, AVS_LOG_DEBUG, "yes");
    AVS_LOG(log_module_b, AVS_LOG_DEBUG, "no");
    const char *text = taken();
    assert_non_null(strstr(text, "msg=yes"));
    assert_null(strstr(text, "msg=no"));
    assert_int_equal(avs_log_set("nothing", AVS_LOG_DEBUG), -1);
    assert_true(avs_log_level_parse("warn", &level));
    assert_int_equal(level, AVS_LOG_WARN);
    assert_false(avs_log_level_parse("loud", &level));
}

#define LISTING 128

static void collect(void *arg, const char *module, enum avs_log_level level)
{
    char *text = arg;
    size_t used = strlen(text);

    snprintf(text + used, LISTING - used, "%s:%s ", module, avs_log_level_name(level));
}

static void listing(void **state)
{
    char text[LISTING] = "";

    (void)state;
    avs_log_set("abc", AVS_LOG_ERROR);
    avs_log_each(collect, text);
    assert_string_equal(text, "abc:error test:info ");
}

static void rate_limit(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        size_t lines = 0;

        for (int i = 0; i < 100; i++) {
            AVS_LOG(log_module, AVS_LOG_INFO, "again");
        }
        const char *text = taken();
        for (const char *p = text; *p; p++) {
            lines += *p == '\n';
        }
        assert_int_equal(lines, AVS_LOG_BURST);
        assert_true((strstr(text, "suppressed=90\n") != NULL) == (round > 0));
        now += 1000000000u;
    }
}

static void long_line(void **state)
{
    char *value = malloc(100000);

    (void)state;
    memset(value, 'x', 99999);
    value[99999] = 0;
    for (int as = 0; as < 2; as++) {
        avs_log_json(as);
        AVS_LOG(log_module, AVS_LOG_INFO, "m", avs_log_u64("a", 1), avs_log_str("v", value));
        const char *text = taken();
        assert_true(strlen(text) <= AVS_LOG_LINE);
        assert_non_null(strstr(text, as ? "\"a\":1,\"cut\":1}\n" : "a=1 cut=1\n"));
    }
    free(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(key_value, setup, teardown),
        cmocka_unit_test_setup_teardown(as_json, setup, teardown),
        cmocka_unit_test_setup_teardown(escapes, setup, teardown),
        cmocka_unit_test_setup_teardown(levels, setup, teardown),
        cmocka_unit_test_setup_teardown(listing, setup, teardown),
        cmocka_unit_test_setup_teardown(rate_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(long_line, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

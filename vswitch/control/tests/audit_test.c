/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>

#include "client.h"
#include "log/log.h"

#define R(method, params) \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" method "\",\"params\":" params "}"
#define BLUE "{\"version\":1,\"vpcs\":[{\"name\":\"blue\",\"vni\":100}]}"

/* What is logged while `text` is asked for; valid until the next call. */
static const char *logged(const char *text)
{
    static char log[4096];
    FILE *file = tmpfile();

    avs_log_set("audit", AVS_LOG_INFO);
    avs_log_output(fileno(file));
    (void)outcome(text);
    avs_log_output(STDERR_FILENO);
    rewind(file);
    log[fread(log, 1, sizeof(log) - 1, file)] = 0;
    fclose(file);
    return log;
}

static void changes_are_audited(void **state)
{
    char me[64];

    (void)state;
    const char *line = logged(R("config.apply", "{\"document\":" BLUE "}"));
    snprintf(me, sizeof(me), " uid=%u pid=%d role=admin", geteuid(), getpid());
    assert_non_null(strstr(line, "module=audit msg=changed method=config.apply"));
    assert_non_null(strstr(line, me));
    assert_non_null(strstr(line, "blue"));
    assert_non_null(strstr(line, " revision=1"));
    line = logged(R("config.apply", "{\"document\":{\"version\":1,\"bogus\":1}}"));
    assert_non_null(strstr(line, "module=audit msg=refused method=config.apply"));
    /* Text of a stranger stays in its line. */
    line = logged(R("flow.flush", "{\"port\":\"x\\ny\\u001b[2J level=error\"}"));
    assert_non_null(strstr(line, "module=audit msg=refused method=flow.flush"));
    assert_null(strchr(line, 0x1b));
    assert_string_equal(strchr(line, '\n'), "\n");
    /* Who only looks, or only tries, is not in it. */
    assert_null(strstr(logged(R("stats.get", "{}")), "module=audit"));
    assert_null(
        strstr(logged(R("config.apply", "{\"document\":" BLUE ",\"dry_run\":true}")), "audit"));
    assert_null(strstr(logged(R("session.list", "{\"limit\":-1}")), "module=audit"));
    assert_non_null(strstr(logged(R("session.flush", "{}")), "module=audit msg=changed"));
}

static uint64_t one_moment(void)
{
    return UINT64_C(1700000000000000000);
}

static void refusals_do_not_flood_the_log(void **state)
{
    unsigned refused = 0, done = 0;

    (void)state;
    avs_log_clock(one_moment);
    for (unsigned i = 0; i < 40; i++) {
        refused += strstr(logged(R("flow.flush", "{\"port\":\"nobody\"}")), "audit") != NULL;
        done += strstr(logged(R("session.flush", "{}")), "audit") != NULL;
    }
    avs_log_clock(NULL);
    assert_int_equal(refused, AVS_LOG_BURST);
    assert_int_equal(done, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(changes_are_audited, setup, teardown),
        cmocka_unit_test_setup_teardown(refusals_do_not_flood_the_log, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

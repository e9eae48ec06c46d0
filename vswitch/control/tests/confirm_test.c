/* SPDX-License-Identifier: Apache-2.0 */
/* Changes that undo themselves, on a clock of the test's. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"

#define R(method, params) \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" method "\",\"params\":" params "}"
#define VPC(name, vni) "{\"version\":1,\"vpcs\":[{\"name\":\"" name "\",\"vni\":" vni "}]}"
#define BLUE           VPC("blue", "100")
#define RED            VPC("red", "200")
#define GREEN          VPC("green", "300")
#define APPLY(doc)     R("config.apply", "{\"document\":" doc "}")
#define TRIAL(doc, s)  R("config.apply", "{\"document\":" doc ",\"confirm_s\":" s "}")
#define CONFIRM        R("config.confirm", "{}")
#define REVERT         R("config.revert", "{}")
#define PORT                                                                           \
    "{\"version\":1,\"ports\":[{\"name\":\"u0\",\"role\":\"uplink\",\"type\":\"tap\"," \
    "\"device\":\"absent\",\"address\":\"192.0.2.1/24\"}]}"

static uint64_t seconds;

static uint64_t clock_of_test(void)
{
    return seconds * UINT64_C(1000000000);
}

static int setup_clock(void **state)
{
    seconds = 1000;
    if (setup(state)) {
        return -1;
    }
    server->clock = clock_of_test;
    return 0;
}

/* Time passes, and the timer, if it runs, looks at it. */
static void pass(uint64_t s)
{
    seconds += s;
    if (event_pending(server->trial.timer, EV_TIMEOUT, NULL)) {
        event_active(server->trial.timer, EV_TIMEOUT, 1);
    }
    turn();
}

static const char *running(void)
{
    return json_string_value(
        json_object_get(json_array_get(json_object_get(fake.document, "vpcs"), 0), "name"));
}

/* The first VPC of the stored document, "" when nothing is stored. */
static const char *stored(void)
{
    static char name[CFG_NAME];
    json_t *document = json_load_file(state_path, 0, NULL);
    const char *text = json_string_value(
        json_object_get(json_array_get(json_object_get(document, "vpcs"), 0), "name"));

    snprintf(name, sizeof(name), "%s", text ? text : "");
    json_decref(document);
    return name;
}

static void assert_stands(const char *runs, const char *is_stored)
{
    assert_string_equal(running(), runs);
    assert_string_equal(stored(), is_stored);
}

/* Seconds until it reverts; -1: nothing is on trial. */
static json_int_t left(void)
{
    int fd = dial();
    json_t *reply = ask(fd, R("config.trial", "{}")), *result = json_object_get(reply, "result");
    json_int_t s = json_is_true(json_object_get(result, "unconfirmed"))
                       ? json_integer_value(json_object_get(result, "reverts_in_s"))
                       : -1;

    json_decref(reply);
    close(fd);
    turn();
    return s;
}

static void reverts_by_itself(void **state)
{
    (void)state;
    assert_string_equal(outcome(APPLY(BLUE)), "ok");
    /* The client is gone as soon as it has its answer. */
    assert_string_equal(outcome(TRIAL(RED, "60")), "ok");
    assert_int_equal(server->client_count, 0);
    assert_stands("red", "blue");
    assert_int_equal(left(), 60);
    pass(59);
    assert_stands("red", "blue");
    assert_int_equal(left(), 1);
    pass(1);
    assert_stands("blue", "blue");
    assert_int_equal(server->revision, 3);
    assert_int_equal(left(), -1);
    pass(1000);
    assert_int_equal(server->revision, 3);
}

static void confirmed(void **state)
{
    (void)state;
    assert_string_equal(outcome(APPLY(BLUE)), "ok");
    assert_string_equal(outcome(TRIAL(RED, "60")), "ok");
    pass(59);
    assert_string_equal(outcome(CONFIRM), "ok");
    assert_stands("red", "red");
    assert_int_equal(left(), -1);
    pass(1000);
    assert_stands("red", "red");
    assert_int_equal(server->revision, 2);
    assert_string_equal(outcome(CONFIRM), "ENOENT");
    assert_string_equal(outcome(REVERT), "ENOENT");
}

static void reverted_at_once(void **state)
{
    (void)state;
    assert_string_equal(outcome(APPLY(BLUE)), "ok");
    assert_string_equal(outcome(TRIAL(RED, "60")), "ok");
    assert_string_equal(outcome(REVERT), "ok");
    assert_stands("blue", "blue");
    pass(1000);
    assert_int_equal(server->revision, 3);
}

/* The first document of all has nothing before it but the empty one. */
static void first_of_all(void **state)
{
    (void)state;
    assert_string_equal(outcome(TRIAL(RED, "60")), "ok");
    assert_stands("red", "");
    pass(60);
    assert_null(json_object_get(fake.document, "vpcs"));
    assert_string_equal(stored(), "");
}

static void other_changes_wait(void **state)
{
    (void)state;
    assert_string_equal(outcome(APPLY(BLUE)), "ok");
    assert_string_equal(outcome(TRIAL(RED, "60")), "ok");
    assert_string_equal(outcome(APPLY(GREEN)), "EBUSY");
    assert_string_equal(
        outcome(R("object.add", "{\"list\":\"vpcs\",\"object\":{\"name\":\"x\",\"vni\":9}}")),
        "EBUSY");
    assert_string_equal(
        outcome(R("object.remove", "{\"list\":\"vpcs\",\"object\":{\"name\":\"red\"}}")), "EBUSY");
    assert_string_equal(outcome(R("config.apply", "{\"document\":" GREEN ",\"dry_run\":true}")),
                        "ok");
    assert_stands("red", "blue");
    assert_string_equal(outcome(CONFIRM), "ok");
    assert_string_equal(outcome(APPLY(GREEN)), "ok");
    assert_stands("green", "green");
}

/* RFC 6241, 8.4.1: the clock begins anew, and the document to return to is still the one confirmed last. */
static void trial_after_trial(void **state)
{
    (void)state;
    assert_string_equal(outcome(APPLY(BLUE)), "ok");
    assert_string_equal(outcome(TRIAL(RED, "60")), "ok");
    pass(50);
    assert_string_equal(outcome(TRIAL(GREEN, "30")), "ok");
    pass(29);
    assert_stands("green", "blue");
    pass(1);
    assert_stands("blue", "blue");
}

/* What cannot be applied leaves the trial before it as it was. */
static void failed_apply(void **state)
{
    (void)state;
    assert_string_equal(outcome(APPLY(BLUE)), "ok");
    assert_string_equal(outcome(TRIAL(PORT, "60")), "ENODEV");
    assert_int_equal(left(), -1);
    assert_string_equal(outcome(TRIAL(RED, "60")), "ok");
    pass(20);
    assert_string_equal(outcome(TRIAL(PORT, "60")), "ENODEV");
    assert_int_equal(left(), 40);
    assert_stands("red", "blue");
}

/* What ran before cannot run any more: said, tried again, and right in the end. */
static void revert_fails(void **state)
{
    (void)state;
    assert_string_equal(outcome(APPLY(BLUE)), "ok");
    assert_string_equal(outcome(TRIAL(RED, "60")), "ok");
    fake.refuse = true;
    assert_string_equal(outcome(REVERT), "ENODEV");
    assert_int_equal(left(), 60);
    pass(60);
    assert_stands("red", "blue");
    assert_int_equal(left(), 5);
    int fd = dial();
    assert_non_null(strstr((send_text(fd, R("config.trial", "{}") "\n"), next_line(fd)), "absent"));
    close(fd);
    fake.refuse = false;
    pass(5);
    assert_stands("blue", "blue");
    assert_int_equal(left(), -1);
}

static void store_fails(void **state)
{
    char blocker[80];

    (void)state;
    snprintf(blocker, sizeof(blocker), "%s.new", state_path);
    assert_string_equal(outcome(APPLY(BLUE)), "ok");
    assert_string_equal(outcome(TRIAL(RED, "60")), "ok");
    assert_int_equal(mkdir(blocker, 0700), 0);
    assert_string_not_equal(outcome(CONFIRM), "ok");
    assert_stands("red", "blue");
    assert_int_equal(left(), 60);
    assert_int_equal(rmdir(blocker), 0);
    assert_string_equal(outcome(CONFIRM), "ok");
    assert_stands("red", "red");
}

/* Fault 56: A new server on the same state begins with what was confirmed. */
static void restart(void **state)
{
    struct cfg_error error;

    (void)state;
    assert_string_equal(outcome(APPLY(BLUE)), "ok");
    assert_string_equal(outcome(TRIAL(RED, "60")), "ok");
    ctl_server_close(server);
    server = ctl_server_open(base, socket_path, state_path, &fake.backend, &error);
    assert_non_null(server);
    assert_string_equal(stored(), "blue");
    assert_int_equal(left(), -1);
}

static void wrong_words(void **state)
{
    (void)state;
    assert_string_equal(outcome(TRIAL(RED, "0")), "EINVAL");
    assert_string_equal(outcome(TRIAL(RED, "-1")), "EINVAL");
    assert_string_equal(outcome(TRIAL(RED, "86401")), "EINVAL");
    assert_string_equal(outcome(TRIAL(RED, "\"60s\"")), "EINVAL");
    assert_string_equal(outcome(TRIAL(RED, "86400")), "ok");
    assert_string_equal(
        outcome(R("config.apply", "{\"document\":" RED ",\"confirm_s\":9,\"if_revision\":0}")),
        "ESTALE");
    assert_int_equal(left(), 86400);
}

static int operator_only(int fd, struct ucred *cred)
{
    (void)fd;
    *cred = (struct ucred){.uid = 4242, .gid = server->socket_stat.st_gid};
    return 0;
}

static void roles(void **state)
{
    (void)state;
    assert_string_equal(outcome(TRIAL(RED, "60")), "ok");
    server->credentials = operator_only;
    assert_string_equal(outcome(TRIAL(RED, "60")), "EACCES");
    assert_string_equal(outcome(CONFIRM), "EACCES");
    assert_string_equal(outcome(REVERT), "EACCES");
    assert_int_equal(left(), 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup_clock, teardown)
        T(reverts_by_itself),  T(confirmed),         T(reverted_at_once), T(first_of_all),
        T(other_changes_wait), T(trial_after_trial), T(failed_apply),     T(revert_fails),
        T(store_fails),        T(restart),           T(wrong_words),      T(roles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

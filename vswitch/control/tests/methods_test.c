/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"

#define R(method, params) \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" method "\",\"params\":" params "}"
#define BLUE "{\"version\":1,\"vpcs\":[{\"name\":\"blue\",\"vni\":100}]}"
#define UPLINK(name, device)                                                           \
    "{\"name\":\"" name "\",\"role\":\"uplink\",\"type\":\"tap\",\"device\":\"" device \
    "\",\"address\":\"192.0.2.1/24\"}"

static json_t *result_of(const char *text)
{
    int fd = dial();
    json_t *reply = ask(fd, text), *result = json_incref(json_object_get(reply, "result"));

    if (!result) {
        print_error("%s\n", json_dumps(reply, 0));
    }
    json_decref(reply);
    close(fd);
    turn();
    assert_non_null(result);
    return result;
}

static json_int_t number(const char *text, const char *member)
{
    json_t *result = result_of(text);
    json_int_t n = json_integer_value(json_object_get(result, member));

    json_decref(result);
    return n;
}

static void apply_and_get(void **state)
{
    (void)state;
    json_t *result = result_of(R("config.apply", "{\"document\":" BLUE ",\"dry_run\":true}"));
    assert_int_equal(json_array_size(json_object_get(result, "changes")), 1);
    json_decref(result);
    assert_int_equal(fake.applied, 0);
    assert_int_equal(access(state_path, F_OK), -1);

    result = result_of(R("config.apply", "{\"document\":" BLUE "}"));
    assert_int_equal(json_array_size(json_object_get(result, "changes")), 1);
    assert_int_equal(json_integer_value(json_object_get(result, "revision")), 1);
    json_decref(result);
    assert_int_equal(fake.applied, 1);

    result = result_of(R("config.get", "{}"));
    json_t *stored = json_load_file(state_path, 0, NULL);
    assert_true(json_equal(stored, json_object_get(result, "document")));
    assert_true(json_equal(stored, fake.document));
    json_decref(stored);
    json_decref(result);
}

static void settles(void **state)
{
    (void)state;
    assert_int_equal(number(R("config.settled", "{}"), "sessions_left"), 0);
    assert_string_equal(outcome(R("config.apply", "{\"document\":" BLUE "}")), "ok");
    assert_int_equal(number(R("config.settled", "{}"), "sessions_left"), FAKE_SESSIONS);
    assert_int_equal(number(R("config.settled", "{}"), "sessions_left"), FAKE_SESSIONS - 100);
}

static void apply_refused(void **state)
{
    (void)state;
    assert_string_equal(outcome(R("config.apply", "{\"document\":{\"version\":1,\"bogus\":1}}")),
                        "EINVAL");
    assert_string_equal(outcome(R("config.apply", "{\"document\":[]}")), "EINVAL");
    assert_string_equal(outcome(R("config.apply", "{}")), "EINVAL");
    assert_string_equal(outcome(R("config.apply", "{\"document\":" BLUE ",\"dry_run\":1}")),
                        "EINVAL");
    assert_string_equal(outcome(R("config.apply", "{\"document\":" BLUE ",\"if_revision\":3}")),
                        "ESTALE");
    assert_string_equal(outcome(R("config.apply", "{\"document\":{\"version\":1,\"ports\":[" UPLINK(
                                                      "u0", "absent") "]}}")),
                        "ENODEV");
    assert_int_equal(fake.applied, 0);
    assert_int_equal(number(R("config.get", "{}"), "revision"), 0);
    assert_int_equal(access(state_path, F_OK), -1);
}

static void workers(void **state)
{
    (void)state;
    assert_string_equal(outcome(R("workers.set", "{}")), "EINVAL");
    assert_string_equal(outcome(R("workers.set", "{\"workers\":0}")), "EINVAL");
    assert_string_equal(outcome(R("workers.set", "{\"workers\":17}")), "EINVAL");
    assert_string_equal(outcome(R("workers.set", "{\"workers\":5,\"dry_run\":true}")), "EINVAL");
    assert_string_equal(outcome(R("workers.set", "{\"workers\":3,\"dry_run\":true}")), "ok");
    assert_int_equal(fake.applied, 0);
    assert_string_equal(outcome(R("workers.set", "{\"workers\":3}")), "ok");
    assert_int_equal(fake.config->options.workers, 3);
    assert_int_equal(fake.config->options.workers_max, FAKE_WORKERS);
    assert_string_equal(outcome(R("config.apply", "{\"document\":" BLUE ",\"confirm_s\":60}")),
                        "ok");
    assert_string_equal(outcome(R("workers.set", "{\"workers\":2}")), "EBUSY");
}

static void error_has_a_place(void **state)
{
    int fd = dial();
    json_t *reply =
        ask(fd, R("config.apply",
                  "{\"document\":{\"version\":1,\"vpcs\":[{\"name\":\"blue\",\"vni\":-1}]}}"));
    json_t *data = json_object_get(json_object_get(reply, "error"), "data");

    (void)state;
    assert_string_equal(json_string_value(json_object_get(data, "path")), "/vpcs/0/vni");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(reply, "error"), "code")),
                     -32602);
    json_decref(reply);
    close(fd);
    turn();
}

/* Faults 46, 56: a change that cannot be stored. */
static void store_fails(void **state)
{
    char blocker[80];

    (void)state;
    /* The temporary name is a directory: nothing can be prepared, so nothing may change. */
    snprintf(blocker, sizeof(blocker), "%s.new", state_path);
    assert_int_equal(mkdir(blocker, 0700), 0);
    assert_string_not_equal(outcome(R("config.apply", "{\"document\":" BLUE "}")), "ok");
    assert_int_equal(fake.applied, 0);
    assert_int_equal(rmdir(blocker), 0);

    /* The final name is a directory: found only after the change; the answer says that it runs. */
    assert_int_equal(mkdir(state_path, 0700), 0);
    int fd = dial();
    json_t *reply = ask(fd, R("config.apply", "{\"document\":" BLUE "}"));
    json_t *data = json_object_get(json_object_get(reply, "error"), "data");
    assert_true(json_is_true(json_object_get(data, "applied")));
    json_decref(reply);
    close(fd);
    turn();
    assert_int_equal(fake.applied, 1);
    assert_int_equal(access(blocker, F_OK), -1);
    assert_int_equal(rmdir(state_path), 0);
}

static void objects(void **state)
{
    (void)state;
    assert_string_equal(
        outcome(R("object.add", "{\"list\":\"vpcs\",\"object\":{\"name\":\"a\",\"vni\":7}}")),
        "ok");
    assert_string_equal(
        outcome(R("object.add", "{\"list\":\"vpc\",\"object\":{\"name\":\"b\",\"vni\":8}}")), "ok");
    assert_string_equal(
        outcome(R("object.add", "{\"list\":\"vpcs\",\"object\":{\"name\":\"a\",\"vni\":9}}")),
        "EEXIST");
    assert_string_equal(outcome(R("object.add", "{\"list\":\"vpcs\",\"object\":{\"name\":\"c\"}}")),
                        "EINVAL");
    assert_string_equal(outcome(R("object.add", "{\"list\":\"cows\",\"object\":{}}")), "EINVAL");
    assert_string_equal(outcome(R("object.add", "{\"list\":\"vpcs\"}")), "EINVAL");
    assert_string_equal(outcome(R("object.add", "{}")), "EINVAL");
    json_t *result = result_of(R("object.list", "{\"list\":\"vpcs\"}"));
    assert_int_equal(json_array_size(json_object_get(result, "objects")), 2);
    json_decref(result);
    assert_string_equal(
        outcome(R("object.remove", "{\"list\":\"vpcs\",\"object\":{\"name\":\"a\"}}")), "ok");
    assert_string_equal(
        outcome(R("object.remove", "{\"list\":\"vpcs\",\"object\":{\"name\":\"a\"}}")), "ENOENT");
    assert_int_equal(number(R("object.list", "{\"list\":\"vpcs\"}"), "revision"), 3);
    result = result_of(R("object.list", "{\"list\":\"neighbors\"}"));
    assert_int_equal(json_array_size(json_object_get(result, "objects")), 0);
    json_decref(result);
}

static void sessions(void **state)
{
    json_int_t seen = 0;
    char text[200] = R("session.list", "{\"limit\":99}");

    (void)state;
    for (int page = 0;; page++) {
        json_t *result = result_of(text);
        const char *cursor = json_string_value(json_object_get(result, "cursor"));

        seen += (json_int_t)json_array_size(json_object_get(result, "sessions"));
        assert_true(page < 3);
        if (cursor) {
            snprintf(text, sizeof(text), R("session.list", "{\"limit\":99,\"cursor\":\"%s\"}"),
                     cursor);
        }
        json_decref(result);
        if (!cursor) {
            break;
        }
    }
    assert_int_equal(seen, FAKE_SESSIONS);
    assert_int_equal(
        number(R("session.flush",
                 "{\"filter\":{\"addr\":\"10.0.0.4\",\"proto\":\"tcp\",\"l4port\":1004,"
                 "\"vpc\":\"blue\",\"port\":\"busy\",\"state\":\"established\"}}"),
               "removed"),
        1);
    assert_int_equal(number(R("session.flush", "{\"filter\":{\"proto\":17}}"), "removed"), 125);
    assert_int_equal(number(R("session.flush", "{}"), "removed"), 124);
}

static void session_errors(void **state)
{
    static const char *const bad[] = {
        R("session.list", "{\"filter\":{\"color\":\"red\"}}"),
        R("session.list", "{\"filter\":3}"),
        R("session.list", "{\"filter\":{\"proto\":\"ipx\"}}"),
        R("session.list", "{\"filter\":{\"proto\":0}}"),
        R("session.list", "{\"filter\":{\"addr\":\"10.0.0\"}}"),
        R("session.list", "{\"filter\":{\"l4port\":65536}}"),
        R("session.list", "{\"filter\":{\"vpc\":\"\"}}"),
        R("session.list", "{\"filter\":{\"vpc\":\"a123456789012345678901234567890123456789\"}}"),
        R("session.list", "{\"limit\":0}"),
        R("session.list", "{\"cursor\":\"x\"}"),
        R("session.list", "{\"cursor\":1}"),
        R("session.show", "{}"),
        R("session.show", "{\"flow_id\":-1}"),
        R("session.show", "{\"flow_id\":\"-1\"}"),
        R("session.show", "{\"flow_id\":\"0x1ffffffffffffffff\"}"),
        R("session.show", "{\"flow_id\":\"12z\"}"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_string_equal(outcome(bad[i]), "EINVAL");
    }
    assert_string_equal(outcome(R("session.show", "{\"flow_id\":\"0x10003\"}")), "ok");
    assert_string_equal(outcome(R("session.show", "{\"flow_id\":65539}")), "ok");
    assert_string_equal(outcome(R("session.show", "{\"flow_id\":\"65539\"}")), "ok");
    assert_string_equal(outcome(R("session.show", "{\"flow_id\":\"0000000000010003\"}")), "ok");
    assert_string_equal(outcome(R("session.show", "{\"flow_id\":\"f000000000010003\"}")), "ENOENT");
    assert_string_equal(outcome(R("session.show", "{\"flow_id\":\"0xffffffffffffffff\"}")),
                        "ENOENT");
}

#define RULE "ingress pattern eth / udp / end actions drop / end"
#define GOOD "ingress pattern udp / end actions count / drop / end"

static void rules(void **state)
{
    (void)state;
    assert_int_equal(number(R("flow.create", "{\"port\":\"idle\",\"rule\":\"" GOOD "\"}"), "rule"),
                     0);
    assert_int_equal(number(R("flow.create", "{\"port\":1,\"rule\":\"" GOOD "\"}"), "rule"), 1);
    json_t *result = result_of(R("flow.validate", "{\"port\":\"busy\",\"rule\":\"" GOOD "\"}"));
    assert_string_equal(json_string_value(json_object_get(result, "home")), "device");
    assert_null(json_object_get(result, "rule"));
    json_decref(result);
    assert_int_equal(number(R("flow.query", "{\"port\":\"idle\",\"rule\":1}"), "hits"), 7);
    assert_int_equal(
        number(R("flow.query", "{\"port\":\"idle\",\"rule\":1,\"action\":\"count\"}"), "bytes"),
        700);
    result = result_of(R("flow.list", "{}"));
    assert_int_equal(json_array_size(json_object_get(result, "rules")), 2);
    json_decref(result);
    result = result_of(R("flow.list", "{\"port\":\"busy\"}"));
    assert_int_equal(json_array_size(json_object_get(result, "rules")), 0);
    json_decref(result);
    assert_string_equal(outcome(R("flow.destroy", "{\"port\":\"idle\",\"rule\":0}")), "ok");
    assert_string_equal(outcome(R("flow.destroy", "{\"port\":\"idle\",\"rule\":0}")), "ENOENT");
    assert_int_equal(number(R("flow.flush", "{\"port\":\"idle\"}"), "removed"), 1);
}

/* An error says what rte_flow would call it, and where it stands in the rule. */
static void rule_error_has_a_place(void **state)
{
    int fd = dial();
    json_t *reply = ask(fd, R("flow.create", "{\"port\":\"idle\",\"rule\":\"" RULE "\"}"));
    json_t *e = json_object_get(reply, "error"), *data = json_object_get(e, "data");

    (void)state;
    assert_string_equal(json_string_value(json_object_get(data, "code")), "EINVAL");
    assert_string_equal(json_string_value(json_object_get(data, "type")), "ITEM");
    assert_int_equal(json_integer_value(json_object_get(data, "position")), 22);
    assert_string_equal(json_string_value(json_object_get(e, "message")),
                        "ITEM: udp cannot stand directly behind eth, at character 23 of the rule");
    json_decref(reply);
    reply = ask(fd, R("flow.query", "{\"port\":\"idle\",\"rule\":9}"));
    data = json_object_get(json_object_get(reply, "error"), "data");
    assert_string_equal(json_string_value(json_object_get(data, "type")), "HANDLE");
    assert_null(json_object_get(data, "position"));
    json_decref(reply);
    close(fd);
    turn();
}

static void rule_errors(void **state)
{
    static const char *const bad[] = {
        R("flow.create", "{}"),
        R("flow.create", "{\"port\":\"idle\"}"),
        R("flow.create", "{\"rule\":\"" GOOD "\"}"),
        R("flow.create", "{\"port\":\"\",\"rule\":\"" GOOD "\"}"),
        R("flow.create", "{\"port\":[],\"rule\":\"" GOOD "\"}"),
        R("flow.create", "{\"port\":\"idle\",\"rule\":[]}"),
        R("flow.create", "{\"port\":\"idle\",\"rule\":\"\"}"),
        R("flow.validate", "{\"port\":\"idle\",\"rule\":\"ingress\"}"),
        R("flow.destroy", "{\"port\":\"idle\"}"),
        R("flow.destroy", "{\"port\":\"idle\",\"rule\":-1}"),
        R("flow.destroy", "{\"port\":\"idle\",\"rule\":4294967296}"),
        R("flow.destroy", "{\"rule\":1}"),
        R("flow.query", "{\"port\":\"idle\",\"rule\":\"1\"}"),
        R("flow.query", "{\"port\":\"idle\",\"rule\":1,\"action\":\"mark\"}"),
        R("flow.list", "{\"port\":{}}"),
        R("flow.flush", "{}"),
        R("meter.create", "{\"unit\":\"pps\",\"rate\":1,\"burst\":1}"),
        R("meter.create", "{\"id\":256,\"unit\":\"pps\",\"rate\":1,\"burst\":1}"),
        R("meter.create", "{\"id\":1,\"unit\":\"Bps\",\"rate\":1,\"burst\":1}"),
        R("meter.create", "{\"id\":1,\"rate\":1,\"burst\":1}"),
        R("meter.create", "{\"id\":1,\"unit\":\"pps\",\"burst\":1}"),
        R("meter.create", "{\"id\":1,\"unit\":\"pps\",\"rate\":1}"),
        R("meter.create", "{\"id\":1,\"unit\":\"pps\",\"rate\":0,\"burst\":1}"),
        R("meter.create", "{\"id\":1,\"unit\":\"pps\",\"rate\":1,\"burst\":4294967296}"),
        R("meter.delete", "{}"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_string_equal(outcome(bad[i]), "EINVAL");
    }
    assert_string_equal(outcome(R("flow.create", "{\"port\":\"cow\",\"rule\":\"" GOOD "\"}")),
                        "ENOENT");
    assert_string_equal(outcome(R("flow.list", "{\"port\":\"cow\"}")), "ENOENT");
    assert_string_equal(outcome(R("flow.flush", "{\"port\":\"cow\"}")), "ENOENT");
}

static void meters(void **state)
{
    (void)state;
    assert_string_equal(
        outcome(R("meter.create", "{\"id\":0,\"unit\":\"pps\",\"rate\":1000,\"burst\":10}")), "ok");
    assert_string_equal(
        outcome(
            R("meter.create", "{\"id\":255,\"unit\":\"bps\",\"rate\":8000000000,\"burst\":9000}")),
        "ok");
    json_t *result = result_of(R("meter.list", "{}"));
    const json_t *second = json_array_get(json_object_get(result, "meters"), 1);
    assert_int_equal(json_array_size(json_object_get(result, "meters")), 2);
    assert_int_equal(json_integer_value(json_object_get(second, "rate")), 8000000000);
    assert_string_equal(json_string_value(json_object_get(second, "unit")), "bps");
    json_decref(result);
    assert_string_equal(outcome(R("meter.delete", "{\"id\":0}")), "ok");
    assert_string_equal(outcome(R("meter.delete", "{\"id\":0}")), "ENOENT");
}

static void plain_methods(void **state)
{
    (void)state;
    json_t *result = result_of(R("version.get", "{}"));
    assert_int_equal(json_array_size(json_object_get(result, "methods")), 35);
    json_decref(result);
    result = result_of(R("stats.get", "{}"));
    assert_int_equal(json_array_size(json_object_get(result, "ports")), 2);
    json_decref(result);
    result = result_of(R("drops.get", "{}"));
    assert_int_equal(json_array_size(json_object_get(result, "drops")), 1);
    json_decref(result);
    result = result_of(R("schema.get", "{}"));
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(result, "schema"), "name")), "document");
    json_decref(result);
    assert_string_equal(outcome(R("log.set", "{\"module\":\"control\",\"level\":\"warn\"}")), "ok");
    result = result_of(R("log.get", "{}"));
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(result, "modules"), "control")), "warn");
    json_decref(result);
    assert_string_equal(outcome(R("log.set", "{\"module\":\"control\",\"level\":\"loud\"}")),
                        "EINVAL");
    assert_string_equal(outcome(R("log.set", "{\"module\":\"cow\",\"level\":\"warn\"}")), "ENOENT");
    assert_string_equal(outcome(R("log.set", "{}")), "EINVAL");
    assert_string_equal(outcome(R("no.such", "{}")), "ENOSYS");
}

static void explained(void **state)
{
    (void)state;
    json_t *result = result_of(R("explain", "{\"port\":\"a\",\"packet\":\"arp\",\"anew\":true}"));
    assert_string_equal(json_string_value(json_object_get(result, "outcome")), "dropped");
    assert_string_equal(json_string_value(json_object_get(result, "port")), "a");
    json_decref(result);
    assert_string_equal(outcome(R("explain", "{\"frame\":\"00\"}")), "ok");
    assert_string_equal(outcome(R("explain", "{}")), "EINVAL");
    assert_string_equal(outcome(R("explain", "{\"frame\":\"00\",\"packet\":\"arp\"}")), "EINVAL");
    assert_string_equal(outcome(R("explain", "{\"packet\":\"arp\",\"bytes\":1}")), "EINVAL");
    assert_string_equal(outcome(R("explain", "{\"packet\":\"nonsense\"}")), "EINVAL");
}

static void latency(void **state)
{
    (void)state;
    assert_string_equal(outcome(R("latency.set", "{}")), "EINVAL");
    assert_string_equal(outcome(R("latency.set", "{\"on\":1}")), "EINVAL");
    json_t *result = result_of(R("latency.get", "{}"));
    assert_true(json_is_false(json_object_get(result, "on")));
    json_decref(result);
    result = result_of(R("latency.set", "{\"on\":true}"));
    assert_true(json_is_true(json_object_get(result, "on")));
    json_decref(result);
    assert_string_equal(outcome(R("latency.reset", "{}")), "ok");
    result = result_of(R("latency.get", "{}"));
    assert_true(json_is_true(json_object_get(result, "on")));
    json_decref(result);
    assert_int_equal(fake.latency_resets, 1);
}

static void descriptors(void **state)
{
    int fd = dial(), passed = open("/dev/null", O_RDONLY);

    (void)state;
    assert_string_equal(outcome(R("port.fd", "{\"port\":\"u0\"}")), "EBADF");
    send_with_fd(fd, R("port.fd", "{\"port\":\"u0\"}") "\n", passed);
    assert_non_null(strstr(next_line(fd), "result"));
    assert_true(fake.fd >= 0 && fake.fd != passed);
    assert_true(fcntl(fake.fd, F_GETFD) & FD_CLOEXEC);
    assert_string_equal(
        outcome(R("object.add", "{\"list\":\"ports\",\"object\":" UPLINK("u0", "t0") "}")), "ok");
    assert_true(fake.used_fd >= 0 && fake.fd < 0);

    /* One that comes with another request is closed: teardown counts. */
    send_with_fd(fd, R("version.get", "{}") "\n", passed);
    assert_non_null(strstr(next_line(fd), "result"));
    json_t *reply = ask(fd, R("port.fd", "{\"port\":\"u0\"}"));
    assert_non_null(json_object_get(reply, "error"));
    json_decref(reply);
    /* Two before one request are one too many. */
    send_with_fd(fd, "{", passed);
    turn();
    send_with_fd(fd, " ", passed);
    assert_non_null(strstr(next_line(fd), "one descriptor"));
    assert_string_equal(next_line(fd), "");
    close(fd);
    close(passed);
}

static void captures(void **state)
{
    static const char *const bad[] = {
        "{\"points\":[\"nic.xx\"]}",
        "{\"points\":[]}",
        "{\"points\":[1]}",
        "{\"snap\":0}",
        "{\"snap\":70000}",
        "{\"rate\":-1}",
        "{\"drop_only\":1}",
        "{\"filter\":\"nonsense\"}",
        "{\"vpc\":\"a-name-that-is-much-longer-than-any-that-an-object-may-have-here\"}"};
    int fd = dial(), passed = open("/dev/null", O_RDONLY);
    char line[200];

    (void)state;
    assert_string_equal(outcome(R("capture.start", "{}")), "EBADF");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(line, sizeof(line), R("capture.start", "%s") "\n", bad[i]);
        send_with_fd(fd, line, passed);
        assert_non_null(strstr(next_line(fd), "EINVAL"));
        assert_int_equal(fake.captures, 0);
    }
    send_with_fd(fd, R("capture.start", "{\"points\":[\"drop\"],\"snap\":64}") "\n", passed);
    assert_non_null(strstr(next_line(fd), "result"));
    assert_int_equal(fake.captures, 1);
    /* One a connection, and it ends with that. */
    send_with_fd(fd, R("capture.start", "{}") "\n", passed);
    assert_non_null(strstr(next_line(fd), "EBUSY"));
    assert_int_equal(fake.captures, 1);
    close(fd);
    turn();
    assert_int_equal(fake.captures, 0);
    close(passed);
}

static void start_document(void **state)
{
    struct cfg_error error;
    json_t *good = json_loads(BLUE, 0, NULL), *bad = json_pack("{s:i}", "version", 99);

    (void)state;
    assert_int_equal(ctl_apply(server, good, &error), 0);
    assert_true(ctl_apply(server, bad, &error) < 0);
    assert_true(error.text[0]);
    assert_true(json_equal(fake.document, good));
    json_decref(good);
    json_decref(bad);
}

/* Fault 56: The power goes while a document is being saved: the one before is there, whole, and the next one can be saved. */
static void cut_while_saving(void **state)
{
    json_t *other = json_loads("{\"version\":1}", 0, NULL), *stored;

    (void)state;
    assert_string_equal(outcome(R("config.apply", "{\"document\":" BLUE "}")), "ok");
    assert_int_equal(ctl_store_prepare(state_path, other), 0);
    stored = json_load_file(state_path, 0, NULL);
    assert_true(json_equal(stored, fake.document));
    json_decref(stored);
    assert_string_equal(outcome(R("config.apply", "{\"document\":{\"version\":1}}")), "ok");
    stored = json_load_file(state_path, 0, NULL);
    assert_true(json_equal(stored, other));
    json_decref(stored);
    json_decref(other);
}

static int operator_only(int fd, struct ucred *cred)
{
    (void)fd;
    *cred = (struct ucred){.uid = 4242, .gid = server->socket_stat.st_gid};
    return 0;
}

static int stranger(int fd, struct ucred *cred)
{
    (void)fd;
    *cred = (struct ucred){.uid = 4242, .gid = 4242};
    return 0;
}

/* Faults 52, 54: what an operator may not do. */
static void roles(void **state)
{
    (void)state;
    server->credentials = operator_only;
    assert_string_equal(outcome(R("config.get", "{}")), "ok");
    assert_string_equal(outcome(R("session.flush", "{}")), "ok");
    assert_string_equal(outcome(R("config.apply", "{\"document\":" BLUE ",\"dry_run\":true}")),
                        "ok");
    assert_string_equal(outcome(R("config.apply", "{\"document\":" BLUE "}")), "EACCES");
    assert_string_equal(
        outcome(R("object.add", "{\"list\":\"vpcs\",\"object\":{\"name\":\"a\",\"vni\":7}}")),
        "EACCES");
    assert_string_equal(
        outcome(R("object.remove", "{\"list\":\"vpcs\",\"object\":{\"name\":\"a\"}}")), "EACCES");
    assert_string_equal(outcome(R("log.set", "{\"module\":\"control\",\"level\":\"warn\"}")),
                        "EACCES");
    assert_string_equal(outcome(R("port.fd", "{\"port\":\"u0\"}")), "EACCES");
    assert_string_equal(outcome(R("capture.start", "{}")), "EACCES");
    assert_string_equal(outcome(R("latency.set", "{\"on\":true}")), "EACCES");
    assert_string_equal(outcome(R("latency.reset", "{}")), "EACCES");
    assert_string_equal(outcome(R("latency.get", "{}")), "ok");
    assert_string_equal(outcome(R("flow.validate", "{\"port\":\"idle\",\"rule\":\"" GOOD "\"}")),
                        "ok");
    assert_string_equal(outcome(R("flow.list", "{}")), "ok");
    assert_string_equal(outcome(R("flow.query", "{\"port\":\"idle\",\"rule\":0}")), "ENOENT");
    assert_string_equal(outcome(R("meter.list", "{}")), "ok");
    assert_string_equal(outcome(R("neighbor.list", "{}")), "ok");
    assert_string_equal(outcome(R("flow.create", "{\"port\":\"idle\",\"rule\":\"" GOOD "\"}")),
                        "EACCES");
    assert_string_equal(outcome(R("flow.destroy", "{\"port\":\"idle\",\"rule\":0}")), "EACCES");
    assert_string_equal(outcome(R("flow.flush", "{\"port\":\"idle\"}")), "EACCES");
    assert_string_equal(
        outcome(R("meter.create", "{\"id\":0,\"unit\":\"pps\",\"rate\":1,\"burst\":1}")), "EACCES");
    assert_string_equal(outcome(R("meter.delete", "{\"id\":0}")), "EACCES");
    assert_int_equal(fake.applied, 0);
    assert_int_equal(json_array_size(fake.rules), 0);
}

static void refused(void **state)
{
    /* The real groups of this process decide, too: it must not be in the socket's group by them. */
    (void)state;
    server->socket_stat.st_gid = 4243;
    server->credentials = stranger;
    server->socket_stat.st_ino++;
    int fd = dial();
    assert_non_null(strstr(next_line(fd), "EACCES"));
    assert_string_equal(next_line(fd), "");
    close(fd);
    server->socket_stat.st_ino--;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        T(apply_and_get),  T(settles),
        T(apply_refused),  T(error_has_a_place),
        T(store_fails),    T(objects),
        T(sessions),       T(session_errors),
        T(rules),          T(rule_error_has_a_place),
        T(rule_errors),    T(meters),
        T(plain_methods),  T(explained),
        T(latency),        T(descriptors),
        T(captures),       T(workers),
        T(start_document), T(cut_while_saving),
        T(roles),          T(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

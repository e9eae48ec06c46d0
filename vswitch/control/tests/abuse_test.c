/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"

#define VERSION "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"version.get\"}"

static void assert_alive(void)
{
    assert_string_equal(outcome(VERSION), "ok");
}

/* Fault 52: a request that never ends. */
static void endless_line(void **state)
{
    static char block[65536];
    size_t sent = 0;
    int fd = dial();

    (void)state;
    memset(block, 'x', sizeof(block));
    while (sent < UINT64_C(1) << 30) {
        ssize_t n = send(fd, block, sizeof(block), MSG_NOSIGNAL);

        if (n < 0 && errno != EAGAIN) {
            break;
        }
        sent += n > 0 ? (size_t)n : 0;
        turn();
    }
    /* The limit, and what the kernel's buffers hold. */
    assert_in_range(sent, 16u << 20, 20u << 20);
    assert_non_null(strstr(next_line(fd), "E2BIG"));
    assert_string_equal(next_line(fd), "");
    close(fd);
    assert_alive();
}

/* Fault 52: no JSON. */
static void garbage(void **state)
{
    static const char *const bad[] = {
        "x",
        "{",
        "[]",
        "[" VERSION "," VERSION "]",
        "3",
        "null",
        "\"\"",
        "{}",
        "{\"jsonrpc\":\"2.0\"}",
        "{\"jsonrpc\":\"1.0\",\"method\":\"version.get\",\"id\":1}",
        "{\"jsonrpc\":\"2.0\",\"method\":5,\"id\":1}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"version.get\",\"id\":[]}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"version.get\",\"id\":1,\"params\":[]}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"version.get\",\"id\":1,\"id\":2}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"\xff\xfe\",\"id\":1}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"a\\u0000b\",\"id\":1}",
        "\xc3\x28",
        "\x1b[2J",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_string_equal(outcome(bad[i]), "EINVAL");
    }
    int fd = dial();
    assert_int_equal(send(fd, "\0{}\0\n", 5, 0), 5);
    assert_non_null(strstr(next_line(fd), "-32700"));
    json_t *reply = ask(fd, VERSION);
    assert_non_null(json_object_get(reply, "result"));
    json_decref(reply);
    close(fd);
}

static void long_method_in_two_byte_letters(void **state)
{
    char letters[601] = "", text[1000];

    (void)state;
    for (int i = 0; i < 300; i++) {
        letters[2 * i] = '\xc3';
        letters[2 * i + 1] = '\xa9';
    }
    snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a%s\"}", letters);
    assert_string_equal(outcome(text), "ENOSYS");
}

/* Fault 52: a hundred thousand brackets. */
static void nesting(void **state)
{
    char *deep = malloc(200001);

    (void)state;
    memset(deep, '[', 100000);
    deep[100000] = 0;
    assert_string_equal(outcome(deep), "E2BIG");
    for (size_t i = 0; i < 100000; i++) {
        memcpy(deep + 2 * i, "[]", 2);
    }
    deep[200000] = 0;
    assert_string_equal(outcome(deep), "EINVAL");
    free(deep);
    /* Brackets in text are no nesting. */
    assert_string_equal(
        outcome("{\"jsonrpc\":\"2.0\",\"id\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[\","
                "\"method\":\"version.get\"}"),
        "ok");
}

static void notification_and_blank_lines(void **state)
{
    int fd = dial();

    (void)state;
    send_text(fd, "\n\r\n{\"jsonrpc\":\"2.0\",\"method\":\"version.get\"}\n" VERSION "\r\n");
    assert_non_null(strstr(next_line(fd), "\"id\":1"));
    close(fd);
}

/* Fault 52: connections without end. */
static void many_connections(void **state)
{
    (void)state;
    for (int i = 0; i < 10000; i++) {
        int fd = dial();

        if (i % 3 == 0) {
            send_text(fd, "{\"jsonrpc\"");
        } else if (i % 3 == 1) {
            send_text(fd, VERSION "\n");
        }
        if (i % 2) {
            turn();
        }
        close(fd);
        turn();
    }
    for (int i = 0; i < 3; i++) {
        turn();
    }
    assert_int_equal(server->client_count, 0);
    assert_alive();
}

static void too_many_clients(void **state)
{
    int fd[65];

    (void)state;
    for (int i = 0; i < 65; i++) {
        fd[i] = dial();
        turn();
    }
    assert_int_equal(server->client_count, 64);
    assert_non_null(strstr(next_line(fd[64]), "EBUSY"));
    assert_string_equal(next_line(fd[64]), "");
    for (int i = 0; i < 65; i++) {
        close(fd[i]);
    }
    turn();
    assert_alive();
}

/* Fault 52: half a request, then nothing. */
static void half_request_then_nothing(void **state)
{
    int fd = dial();

    (void)state;
    server->limits.half = (struct timeval){.tv_usec = 20000};
    send_text(fd, "{\"jsonrpc\":");
    assert_non_null(strstr(next_line(fd), "ETIMEDOUT"));
    assert_string_equal(next_line(fd), "");
    close(fd);
    /* A byte now and then does not help: the clock runs from the first one. */
    fd = dial();
    while (send(fd, "x", 1, MSG_NOSIGNAL) == 1) {
        turn();
        poll(NULL, 0, 1);
    }
    assert_non_null(strstr(next_line(fd), "ETIMEDOUT"));
    close(fd);
    assert_alive();
}

static void half_request_then_close(void **state)
{
    int fd = dial();

    (void)state;
    send_text(fd, VERSION "\n{\"jsonrpc\":\"2.0\",\"method\":\"session.flush\"}");
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    assert_non_null(strstr(next_line(fd), "result"));
    assert_string_equal(next_line(fd), "");
    close(fd);
    assert_false(fake.gone[0]);
    assert_int_equal(server->client_count, 0);
}

static void pipelined(void **state)
{
    char text[100];
    int fd = dial();

    (void)state;
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"version.get\"}\n",
                 i);
        send_text(fd, text);
    }
    shutdown(fd, SHUT_WR);
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof(text), "\"id\":%d,", i);
        assert_non_null(strstr(next_line(fd), text));
    }
    assert_string_equal(next_line(fd), "");
    close(fd);
}

/* Fault 52: Asks for pages and never reads: ends by the number of answers, then by time. */
static void never_reads(void **state)
{
    static const char text[] =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session.list\",\"params\":{\"limit\":250}}\n";
    int fd = dial();
    unsigned blocked = 0;

    (void)state;
    server->limits.stall = (struct timeval){.tv_usec = 50000};
    while (blocked < 1000) {
        ssize_t n = send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL);

        if (n < 0 && errno != EAGAIN) {
            break;
        }
        blocked += n < 0;
        turn();
        poll(NULL, 0, n < 0);
    }
    assert_true(blocked < 1000);
    assert_int_equal(server->client_count, 0);
    close(fd);
    assert_alive();
}

static void answer_over_the_limit(void **state)
{
    int fd = dial();

    (void)state;
    server->limits.output = 1000;
    send_text(
        fd,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session.list\",\"params\":{\"limit\":250}}\n");
    assert_string_equal(next_line(fd), "");
    close(fd);
    assert_int_equal(server->client_count, 0);
}

/* Fault 52: writers at the same time. */
static void concurrent_writers(void **state)
{
    int fd[8];
    char text[200];

    (void)state;
    for (int i = 0; i < 8; i++) {
        fd[i] = dial();
    }
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 8; i++) {
            snprintf(text, sizeof(text),
                     "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"object.add\",\"params\":{\"list\":"
                     "\"vpcs\","
                     "\"object\":{\"name\":\"v%d\",\"vni\":%d}}}\n",
                     round * 8 + i, 100 + round * 8 + i);
            send_text(fd[i], text);
        }
    }
    for (int i = 0; i < 80; i++) {
        assert_non_null(strstr(next_line(fd[i % 8]), "result"));
    }
    for (int i = 0; i < 8; i++) {
        close(fd[i]);
    }
    turn();
    assert_int_equal(json_array_size(json_object_get(fake.document, "vpcs")), 80);
    assert_int_equal(server->revision, 80);
}

/* Fault 52: no descriptor left. */
static void no_descriptor_left(void **state)
{
    struct rlimit saved, low;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), filler[256], n = 0;

    (void)state;
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &saved), 0);
    low = saved;
    low.rlim_cur = 128;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    while (n < 256 && (filler[n] = open("/dev/null", O_RDONLY)) >= 0) {
        n++;
    }
    assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_non_null(strstr(next_line(client), "EMFILE"));
    assert_string_equal(next_line(client), "");
    close(client);
    while (n > 0) {
        close(filler[--n]);
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &saved), 0);
    assert_alive();
}

static struct ctl_server *try_open(const char *path)
{
    struct cfg_error error;
    struct ctl_server *s = ctl_server_open(base, path, NULL, &fake.backend, &error);

    assert_true(s || error.text[0]);
    return s;
}

/* Fault 52: the socket's name taken over. */
static void names(void **state)
{
    char other[80], target[80], longest[200];
    struct stat st;

    (void)state;
    assert_int_equal(stat(socket_path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    /* Served: not taken away. */
    assert_null(try_open(socket_path));
    assert_alive();
    /* A symbolic link, even to nothing, and a file. */
    snprintf(other, sizeof(other), "%s/link", directory);
    snprintf(target, sizeof(target), "%s/target", directory);
    assert_int_equal(symlink(target, other), 0);
    assert_null(try_open(other));
    assert_int_equal(access(target, F_OK), -1);
    assert_int_equal(unlink(other), 0);
    close(open(other, O_CREAT | O_WRONLY, 0600));
    assert_null(try_open(other));
    assert_int_equal(unlink(other), 0);
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = 0;
    assert_null(try_open(longest));
    assert_null(try_open("/nonexistent/socket"));
}

static void stale_name(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)state;
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/old", directory);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
    struct ctl_server *s = try_open(address.sun_path);
    assert_non_null(s);
    /* A successor's name survives our end. */
    assert_int_equal(unlink(address.sun_path), 0);
    struct ctl_server *next = try_open(address.sun_path);
    assert_non_null(next);
    ctl_server_close(s);
    assert_int_equal(access(address.sun_path, F_OK), 0);
    ctl_server_close(next);
    assert_int_equal(access(address.sun_path, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        T(endless_line),
        T(garbage),
        T(long_method_in_two_byte_letters),
        T(nesting),
        T(notification_and_blank_lines),
        T(many_connections),
        T(too_many_clients),
        T(half_request_then_nothing),
        T(half_request_then_close),
        T(pipelined),
        T(never_reads),
        T(answer_over_the_limit),
        T(concurrent_writers),
        T(no_descriptor_left),
        T(names),
        T(stale_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Server and clients in one thread: requests good, bad, late and many; a client's wait turns the server's loop. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "http_internal.h"

#define GET "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"

static struct event_base *base;
static struct tm_http *http;
static char directory[] = "/tmp/telemetry-test-XXXXXX", where[64];
static uint64_t now;

/* The daemon behind it. */
static struct daemon {
    unsigned asked;
    bool absent, corrupt;
    unsigned ports;
} fake;

static uint64_t clock_of_test(void)
{
    return now;
}

static json_t *snapshot(void *arg)
{
    struct daemon *d = arg;
    json_t *ports = json_array();
    char name[16];

    d->asked++;
    if (d->absent) {
        json_decref(ports);
        return NULL;
    }
    for (unsigned i = 0; i < d->ports; i++) {
        snprintf(name, sizeof name, "p%u", i);
        json_array_append_new(ports, json_pack("{s:s, s:i}", "name", name, "rx_packets", 7));
    }
    return json_pack("{s:{s:o, s:[{s:b}]}}", "stats", "ports", ports, "workers", "corrupt_ring",
                     d->corrupt);
}

static int setup(void **state)
{
    const struct tm_source source = {.snapshot = snapshot, .arg = &fake};
    char why[TM_WHY];

    (void)state;
    now = 1000000000;
    fake = (struct daemon){.ports = 2};
    snprintf(directory, sizeof directory, "/tmp/telemetry-test-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(where, sizeof where, "%s/socket", directory);
    base = event_base_new();
    http = tm_http_open(base, where, &source, why);
    assert_non_null(http);
    http->answers.clock = clock_of_test;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tm_http_close(http);
    event_base_free(base);
    assert_int_equal(access(where, F_OK), -1);
    assert_int_equal(rmdir(directory), 0);
    return 0;
}

static void turn(void)
{
    event_base_loop(base, EVLOOP_NONBLOCK);
}

static int dial(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    memcpy(address.sun_path, where, strlen(where) + 1);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* All that comes until the server ends the connection. Malloc'ed. */
static char *hear(int fd)
{
    size_t size = 1 << 16, used = 0;
    char *text = malloc(size);

    for (;;) {
        ssize_t n = recv(fd, text + used, size - used - 1, 0);
        struct pollfd p = {.fd = fd, .events = POLLIN};

        if (n > 0) {
            used += (size_t)n;
            if (used + 1 == size)
                text = realloc(text, size *= 2);
            continue;
        }
        if (n == 0 || errno == ECONNRESET)
            break;
        assert_int_equal(errno, EAGAIN);
        turn();
        poll(&p, 1, 1);
    }
    text[used] = '\0';
    return text;
}

/* The status of the answer to a request, 0: none. The body has to have `has`, and ends in a line. */
static int answer_to(const char *request, const char *has)
{
    int fd = dial(), status = 0;

    say(fd, request);
    char *text = hear(fd), *end = strstr(text, "\r\n\r\n");

    if (sscanf(text, "HTTP/1.1 %d ", &status) == 1) {
        const char *length = strstr(text, "Content-Length: ");

        assert_non_null(end);
        assert_non_null(length);
        assert_int_equal(strtoul(length + 16, NULL, 10), strlen(end + 4));
        assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
        assert_non_null(strstr(end + 4, has));
        assert_int_equal(text[strlen(text) - 1], '\n');
    }
    free(text);
    close(fd);
    turn();
    assert_int_equal(http->client_count, 0);
    return status;
}

static void metrics(void **state)
{
    (void)state;
    assert_int_equal(answer_to(GET, "\navs_port_rx_packets_total{port=\"p1\"} 7\n"), 200);
    assert_int_equal(answer_to("GET /metrics?name=x HTTP/1.0\r\n\r\n", ""), 200);
}

static void health(void **state)
{
    (void)state;
    assert_int_equal(answer_to("GET /healthz HTTP/1.1\r\n\r\n", "ok\n"), 200);
    now += 1000000000;
    fake.corrupt = true;
    assert_int_equal(answer_to("GET /healthz HTTP/1.1\r\n\r\n", "a ring is corrupt"), 503);
    now += 1000000000;
    fake.absent = true;
    assert_int_equal(answer_to("GET /healthz HTTP/1.1\r\n\r\n", "out of memory"), 503);
    assert_int_equal(answer_to(GET, ""), 503);
    fake = (struct daemon){.ports = 1};
    assert_int_equal(answer_to("GET /healthz HTTP/1.1\r\n\r\n", "ok\n"), 200);
}

/* Fault 55: requests that are none, paths that lead elsewhere. */
static void wrong_requests(void **state)
{
    static const struct {
        const char *text;
        int status;
    } wrong[] = {
        {"GET / HTTP/1.1\r\n\r\n", 404},
        {"GET /metrics/ HTTP/1.1\r\n\r\n", 404},
        {"GET http://x/metrics HTTP/1.1\r\n\r\n", 404},
        {"POST /metrics HTTP/1.1\r\nContent-Length: 2\r\n\r\nab", 405},
        {"HEAD /metrics HTTP/1.1\r\n\r\n", 405},
        {"GET /metrics HTTP/2.0\r\n\r\n", 400},
        {"GET /metrics\r\n\r\n", 400},
        {"\r\n\r\n", 400},
        {"\x16\x03\x01\x02\r\n\r\n", 400},
        {"GARBAGEGARBAGE /metrics HTTP/1.1\r\n\r\n", 400},
    };
    static char large[8192];

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(answer_to(wrong[i].text, ""), wrong[i].status);
    snprintf(large, sizeof large, "GET /metrics HTTP/1.1\r\nX: %6000s\r\n\r\n", "x");
    assert_int_equal(answer_to(large, ""), 431);
    memset(large, 'x', sizeof large - 1);
    assert_int_equal(answer_to(large, ""), 431);
    assert_int_equal(fake.asked, 0);
}

/* Byte by byte, with more behind it, with its own side closed, in the middle gone. */
static void manners(void **state)
{
    int fd = dial();
    char *text;

    (void)state;
    for (const char *p = GET; *p != '\0'; p++) {
        assert_int_equal(send(fd, p, 1, 0), 1);
        turn();
    }
    text = hear(fd);
    assert_int_equal(strncmp(text, "HTTP/1.1 200 ", 13), 0);
    free(text);
    close(fd);

    fd = dial();
    say(fd, GET GET GET);
    text = hear(fd);
    assert_null(strstr(text + 1, "HTTP/1.1 "));
    free(text);
    close(fd);

    fd = dial();
    say(fd, GET);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    text = hear(fd);
    assert_int_equal(strncmp(text, "HTTP/1.1 200 ", 13), 0);
    free(text);
    close(fd);

    fd = dial();
    say(fd, "GET /metr");
    turn();
    assert_int_equal(http->client_count, 1);
    close(fd);
    while (http->client_count > 0)
        turn();
}

/* Fault 55: too many requests. */
static void not_too_often(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(answer_to(GET, ""), 200);
    assert_int_equal(fake.asked, 1);
    now += 99999999;
    assert_int_equal(answer_to(GET, ""), 200);
    assert_int_equal(fake.asked, 1);
    now++;
    assert_int_equal(answer_to(GET, ""), 200);
    assert_int_equal(fake.asked, 2);
}

/* Fault 55: Who says nothing has a place for a time, and no more than some have; the next one is served when one of them goes. */
static void silent_clients(void **state)
{
    int fd[TM_CLIENTS], late;

    (void)state;
    for (unsigned i = 0; i < TM_CLIENTS; i++)
        fd[i] = dial();
    while (http->client_count < TM_CLIENTS)
        turn();
    late = dial();
    say(late, GET);
    for (unsigned i = 0; i < 10; i++)
        turn();
    assert_int_equal(http->client_count, TM_CLIENTS);
    assert_int_equal(fake.asked, 0);
    close(fd[3]);
    char *text = hear(late);

    assert_int_equal(strncmp(text, "HTTP/1.1 200 ", 13), 0);
    free(text);
    close(late);
    for (unsigned i = 0; i < TM_CLIENTS; i++)
        if (i != 3)
            close(fd[i]);
}

/* Fault 55: Silent, in the middle of a request, or not reading: the time is over for all of them. */
static void slow_clients(void **state)
{
    int fd[3];
    char *text;

    (void)state;
    fake.ports = 20000; /* more than a socket's buffer holds */
    http->exchange_time = (struct timeval){.tv_usec = 20000};
    for (unsigned i = 0; i < 3; i++)
        fd[i] = dial();
    say(fd[1], "GET /metrics HTTP/1.1\r\nX: ");
    say(fd[2], GET);
    for (unsigned i = 0; i < 2; i++) {
        text = hear(fd[i]);
        assert_string_equal(text, "");
        free(text);
    }
    while (fake.asked == 0 || http->client_count > 0)
        turn();
    text = hear(fd[2]);
    assert_int_equal(strncmp(text, "HTTP/1.1 200 ", 13), 0);
    assert_null(strstr(text, "{port=\"p19999\"} 7"));
    free(text);
    for (unsigned i = 0; i < 3; i++)
        close(fd[i]);
}

/* A large page is read whole by who reads, and it is one page for all who ask at once. */
static void large_page(void **state)
{
    int fd[4];

    (void)state;
    fake.ports = 20000;
    for (unsigned i = 0; i < 4; i++) {
        fd[i] = dial();
        say(fd[i], GET);
    }
    for (unsigned i = 0; i < 4; i++) {
        char *text = hear(fd[i]);

        assert_non_null(strstr(text, "avs_port_rx_packets_total{port=\"p19999\"} 7\n"));
        free(text);
        close(fd[i]);
    }
    assert_int_equal(fake.asked, 1);
}

static void no_descriptor_left(void **state)
{
    struct rlimit saved, low;
    int client = dial(), filler[256], n = 0;

    (void)state;
    say(client, GET);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &saved), 0);
    low = saved;
    low.rlim_cur = 128;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    while (n < 256 && (filler[n] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        n++;
    turn();
    assert_int_equal(http->client_count, 0);
    /* The waiting client does not wake the loop for ever. */
    assert_false(event_pending(http->acceptable, EV_READ, NULL));
    assert_true(event_pending(http->retry, EV_TIMEOUT, NULL));
    while (n > 0)
        close(filler[--n]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &saved), 0);
    event_active(http->retry, EV_TIMEOUT, 1);
    char *text = hear(client);

    assert_int_equal(strncmp(text, "HTTP/1.1 200 ", 13), 0);
    free(text);
    close(client);
}

static struct tm_http *try_open(const char *place)
{
    const struct tm_source source = {.snapshot = snapshot, .arg = &fake};
    char why[TM_WHY] = "";
    struct tm_http *h = tm_http_open(base, place, &source, why);

    assert_int_equal(h == NULL, why[0] != '\0');
    return h;
}

static void wrong_places(void **state)
{
    static const char *const wrong[] = {
        "",
        "x",
        "localhost:9470",
        "65536",
        "0",
        ":9470",
        "127.0.0.1:0",
        "127.0.0.1",
        "9470 ",
        "999.0.0.1:9470",
        "::1",
        "[::1]",
        "-1",
        "1e3",
        "/nonexistent/socket",
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_null(try_open(wrong[i]));
    assert_null(try_open(where)); /* served */
}

/* A port alone is the loopback's, and is not taken twice. */
static void port_alone(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    struct tm_http *h = NULL;
    char place[32];

    (void)state;
    for (unsigned port = 20000; h == NULL && port < 60000; port += 7) {
        snprintf(place, sizeof place, "%u", port);
        h = try_open(place);
    }
    assert_non_null(h);
    assert_int_equal(getsockname(h->fd, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(address.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
    assert_null(try_open(place));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    say(fd, GET);
    char *text = hear(fd);

    assert_int_equal(strncmp(text, "HTTP/1.1 200 ", 13), 0);
    free(text);
    close(fd);
    tm_http_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        T(metrics),      T(health),        T(wrong_requests),
        T(manners),      T(not_too_often), T(silent_clients),
        T(slow_clients), T(large_page),    T(no_descriptor_left),
        T(wrong_places), T(port_alone),
#undef T
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

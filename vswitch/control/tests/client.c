/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdalign.h>
#include <stdio.h>
#include <sys/un.h>
#include <unistd.h>

#include "log/log.h"

struct event_base *base;
struct ctl_server *server;
struct fake fake;
char directory[] = "/tmp/ctl-test-XXXXXX", socket_path[64], state_path[64];
static size_t descriptors;

size_t open_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    size_t n = 0;

    assert_non_null(d);
    while (readdir(d)) {
        n++;
    }
    closedir(d);
    return n;
}

int setup(void **state)
{
    struct cfg_error error;

    (void)state;
    avs_log_set("*", AVS_LOG_ERROR);
    snprintf(directory, sizeof(directory), "/tmp/ctl-test-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(socket_path, sizeof(socket_path), "%s/s", directory);
    snprintf(state_path, sizeof(state_path), "%s/state", directory);
    descriptors = open_descriptors();
    base = event_base_new();
    fake_init(&fake);
    server = ctl_server_open(base, socket_path, state_path, &fake.backend, &error);
    assert_non_null(server);
    return 0;
}

int teardown(void **state)
{
    (void)state;
    ctl_server_close(server);
    event_base_free(base);
    fake_fini(&fake);
    assert_int_equal(access(socket_path, F_OK), -1);
    unlink(state_path);
    assert_int_equal(rmdir(directory), 0);
    assert_int_equal(open_descriptors(), descriptors);
    return 0;
}

int dial(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

void turn(void)
{
    event_base_loop(base, EVLOOP_NONBLOCK);
}

void send_text(int fd, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t n = send(fd, text, left, MSG_NOSIGNAL);

        if (n < 0) {
            assert_int_equal(errno, EAGAIN);
            turn();
            continue;
        }
        text += n;
        left -= (size_t)n;
    }
}

void send_with_fd(int fd, const char *text, int passed)
{
    alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {.iov_base = (char *)(uintptr_t)text, .iov_len = strlen(text)};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof(control)};
    struct cmsghdr *h = CMSG_FIRSTHDR(&message);

    h->cmsg_level = SOL_SOCKET;
    h->cmsg_type = SCM_RIGHTS;
    h->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(h), &passed, sizeof(passed));
    assert_int_equal(sendmsg(fd, &message, 0), strlen(text));
}

const char *next_line(int fd)
{
    static char *line;
    static size_t size;
    size_t used = 0;

    for (;;) {
        if (used + 2 > size) {
            size = size ? size * 2 : 4096;
            line = realloc(line, size);
        }
        /* A byte at a time: what follows belongs to the next call. */
        ssize_t n = recv(fd, line + used, 1, 0);
        if (n == 1 && line[used] != '\n') {
            used++;
            continue;
        }
        if (n >= 0 || errno == ECONNRESET) {
            line[used] = 0;
            return line;
        }
        assert_int_equal(errno, EAGAIN);
        turn();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        poll(&p, 1, 1);
    }
}

json_t *ask(int fd, const char *text)
{
    send_text(fd, text);
    send_text(fd, "\n");
    json_t *reply = json_loads(next_line(fd), 0, NULL);
    assert_non_null(reply);
    assert_string_equal(json_string_value(json_object_get(reply, "jsonrpc")), "2.0");
    return reply;
}

const char *outcome(const char *text)
{
    static char code[32];
    int fd = dial();
    json_t *reply = ask(fd, text);
    const json_t *error = json_object_get(reply, "error");
    const char *name = json_string_value(json_object_get(json_object_get(error, "data"), "code"));

    assert_true((error != NULL) != (json_object_get(reply, "result") != NULL));
    snprintf(code, sizeof(code), "%s", error ? name : "ok");
    json_decref(reply);
    close(fd);
    turn();
    return code;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Requests on the control socket; a connection each, as those of a command are few. */
#include <errno.h>
#include <poll.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"

#define ANSWER_MAX (64u << 20)

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* 0 when `fd` is ready, -ETIMEDOUT. */
static int wait_for(int fd, short events, int64_t deadline)
{
    for (;;) {
        int64_t left = deadline - now_ms();
        struct pollfd p = {.fd = fd, .events = events};
        int n = left > 0 ? poll(&p, 1, (int)left) : 0;

        if (n > 0) {
            return 0;
        }
        if (n == 0) {
            return -ETIMEDOUT;
        }
        if (errno != EINTR) {
            return -errno;
        }
    }
}

static int open_socket(const char *path, int64_t deadline)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(address.sun_path)) {
        return -ENAMETOOLONG;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -errno;
    }
    while (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        int error = -errno;

        /* EAGAIN: others wait to be accepted; there is nothing to poll for. */
        if (error == -EAGAIN && now_ms() < deadline) {
            poll(NULL, 0, 10);
        } else {
            close(fd);
            return error == -EAGAIN ? -ETIMEDOUT : error;
        }
    }
    return fd;
}

static int send_all(int fd, const char *text, size_t size, int passed_fd, int64_t deadline)
{
    alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};

    while (size > 0) {
        struct iovec part = {.iov_base = (char *)(uintptr_t)text, .iov_len = size};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

        if (passed_fd >= 0) {
            message.msg_control = control;
            message.msg_controllen = sizeof(control);
            struct cmsghdr *h = CMSG_FIRSTHDR(&message);
            h->cmsg_level = SOL_SOCKET;
            h->cmsg_type = SCM_RIGHTS;
            h->cmsg_len = CMSG_LEN(sizeof(int));
            memcpy(CMSG_DATA(h), &passed_fd, sizeof(int));
        }
        ssize_t n = sendmsg(fd, &message, MSG_NOSIGNAL);
        if (n > 0) {
            text += n;
            size -= (size_t)n;
            passed_fd = -1;
        } else if (errno == EAGAIN) {
            int error = wait_for(fd, POLLOUT, deadline);

            if (error) {
                return error;
            }
        } else if (errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}

/* A line of any length: malloc'ed. */
static int receive_line(int fd, char **line, int64_t deadline)
{
    size_t used = 0, size = 65536;
    char *text = malloc(size);

    *line = NULL;
    while (text) {
        ssize_t n = recv(fd, text + used, size - used - 1, 0);
        int error = 0;

        if (n > 0) {
            char *newline = memchr(text + used, '\n', (size_t)n);

            used += (size_t)n;
            if (newline) {
                *newline = 0;
                *line = text;
                return 0;
            }
            if (used + 1 == size) {
                char *bigger = size < ANSWER_MAX ? realloc(text, size * 2) : NULL;

                error = bigger ? 0 : -EMSGSIZE;
                text = bigger ? bigger : text;
                size *= 2;
            }
        } else if (n == 0) {
            error = -ECONNRESET;
        } else if (errno == EAGAIN) {
            error = wait_for(fd, POLLIN, deadline);
        } else if (errno != EINTR) {
            error = -errno;
        }
        if (error) {
            free(text);
            return error;
        }
    }
    return -ENOMEM;
}

/* Message for what went wrong below JSON. */
static int transport_error(const struct ctl *ctl, int error)
{
    switch (error) {
    case -ENOENT:
    case -ECONNREFUSED:
        return fail(ctl, EXIT_UNREACHABLE, strerrorname_np(-error),
                    "is avsd running? -s SOCKET or $AVS_SOCKET names another socket",
                    "no daemon at %s", ctl->socket);
    case -EACCES:
    case -EPERM:
        return fail(ctl, EXIT_REFUSED, "EACCES", "be root or a member of the socket's group",
                    "you may not use %s", ctl->socket);
    case -ETIMEDOUT:
        return fail(ctl, EXIT_TIMEOUT, "ETIMEDOUT", "--timeout S gives it more time",
                    "no answer from %s in time", ctl->socket);
    default:
        return fail(ctl, EXIT_UNREACHABLE, strerrorname_np(-error), NULL, "%s: %s", ctl->socket,
                    strerror(-error));
    }
}

/* The connection stays open in *kept, unless that is NULL. */
static int exchange(const char *path, const char *text, int passed_fd, int64_t deadline,
                    char **line, int *kept)
{
    int fd = open_socket(path, deadline);

    if (fd < 0) {
        return fd;
    }
    int error = send_all(fd, text, strlen(text), passed_fd, deadline);
    /* A server that closes on us has said why before. */
    if (!error || error == -EPIPE || error == -ECONNRESET) {
        int second = receive_line(fd, line, deadline);

        error = *line ? 0 : (error ? error : second);
    }
    if (kept && !error) {
        *kept = fd;
    } else {
        close(fd);
    }
    return error;
}

json_t *request(struct ctl *ctl, const char *method, json_t *params, int *code)
{
    return request_kept(ctl, method, params, code, NULL);
}

json_t *request_kept(struct ctl *ctl, const char *method, json_t *params, int *code, int *kept)
{
    json_t *message = json_pack("{s:s, s:i, s:s, s:o*}", "jsonrpc", "2.0", "id", 1, "method",
                                method, "params", params);
    char *dump = message ? json_dumps(message, JSON_COMPACT) : NULL, *line = NULL;
    size_t length = dump ? strlen(dump) : 0;
    char *text = dump ? realloc(dump, length + 2) : NULL;

    json_decref(message);
    if (!text) {
        *code = fail(ctl, EXIT_FAILED, "ENOMEM", NULL, "out of memory");
        return NULL;
    }
    text[length] = '\n';
    text[length + 1] = 0;
    int error =
        exchange(ctl->socket, text, ctl->passed_fd, now_ms() + ctl->timeout_ms, &line, kept);
    ctl->passed_fd = -1;
    free(text);
    if (error) {
        *code = transport_error(ctl, error);
        return NULL;
    }
    json_t *reply = json_loads(line, 0, NULL);
    json_t *result = json_object_get(reply, "result"), *failure = json_object_get(reply, "error");
    free(line);
    if (result) {
        json_incref(result);
    } else if (failure) {
        *code = fail_reply(ctl, failure);
    } else {
        *code =
            fail(ctl, EXIT_FAILED, "EPROTO", NULL, "%s does not speak our protocol", ctl->socket);
    }
    json_decref(reply);
    return result;
}

json_t *rows_of(struct ctl *ctl, const char *method, json_t *params, const char *key, int *code)
{
    json_t *result = request(ctl, method, params, code);
    json_t *rows = json_incref(json_object_get(result, key));

    json_decref(result);
    return rows;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Accept, read the request, write the response, close. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crr.h"

enum { EVENTS = 64, MOST_FD = 65536 };

static uint32_t missing[MOST_FD]; /* of the request, by descriptor */
static char buffer[CRR_MOST_BYTES];

static int fail(const char *doing)
{
    fprintf(stderr, "avs-crr: cannot %s: %s\n", doing, strerror(errno));
    return 1;
}

static int open_listener(const struct crr_options *o)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(fd, (const struct sockaddr *)&o->address, sizeof o->address) < 0 ||
        listen(fd, 4096) < 0)
        return -1;
    return fd;
}

/* What has come of the request. A request that is there whole is answered, and a connection that fails is the client's to count. */
static void serve_one(const struct crr_options *o, int fd)
{
    ssize_t got = recv(fd, buffer, sizeof buffer, 0);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0 && (size_t)got < missing[fd]) {
        missing[fd] -= (uint32_t)got;
        return;
    }
    if (got > 0 && send(fd, buffer, o->response, MSG_NOSIGNAL) != (ssize_t)o->response)
        fprintf(stderr, "avs-crr: a response did not fit the socket's buffer\n");
    close(fd);
}

static void accept_all(const struct crr_options *o, int listener, int epoll)
{
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

        if (fd >= MOST_FD || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
            close(fd);
            continue;
        }
        missing[fd] = o->request;
        serve_one(o, fd);
    }
}

int crr_serve(const struct crr_options *o)
{
    struct epoll_event event[EVENTS] = {{.events = EPOLLIN}};
    int listener = open_listener(o), epoll = epoll_create1(EPOLL_CLOEXEC);

    if (listener < 0)
        return fail("listen");
    event->data.fd = listener;
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, event) < 0)
        return fail("wait");
    for (;;) {
        int n = epoll_wait(epoll, event, EVENTS, -1);

        if (n < 0 && errno != EINTR)
            return fail("wait");
        for (int i = 0; i < n; i++) {
            if (event[i].data.fd == listener)
                accept_all(o, listener, epoll);
            else
                serve_one(o, event[i].data.fd);
        }
    }
}

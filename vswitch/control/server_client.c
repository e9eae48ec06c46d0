/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log/log.h"
#include "server_internal.h"

AVS_LOG_MODULE(log_module, "control")

#define CHUNK 65536 /* bytes a recvmsg() */
#define TURN  16    /* requests of one client before others have their turn */
#define FDS   4 /* descriptors looked at in one recvmsg(); the kernel closes what does not fit */

void ctl_client_close(struct ctl_client *c)
{
    struct event *events[] = {c->readable, c->writable, c->half, c->stall};

    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        if (events[i]) {
            event_free(events[i]);
        }
    }
    if (c->capture >= 0) {
        c->server->backend->capture_stop(c->server->backend->arg, (uint32_t)c->capture);
    }
    LIST_REMOVE(c, link);
    c->server->client_count--;
    if (c->out) {
        evbuffer_free(c->out);
    }
    if (c->passed_fd >= 0) {
        close(c->passed_fd);
    }
    close(c->fd);
    free(c->in);
    free(c);
}

/* Sends what the client takes now. False: the client is gone. */
static bool flush(struct ctl_client *c)
{
    struct evbuffer_iovec part[16];

    while (evbuffer_get_length(c->out) > 0) {
        int parts = evbuffer_peek(c->out, -1, NULL, part, 16);
        struct msghdr message = {
            .msg_iov = (struct iovec *)part,
            .msg_iovlen = (size_t)(parts < 16 ? parts : 16),
        };
        ssize_t n = sendmsg(c->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (!event_pending(c->writable, EV_WRITE, NULL)) {
                event_add(c->writable, NULL);
                event_add(c->stall, &c->server->limits.stall);
            }
            return true;
        }
        if (n < 0) {
            ctl_client_close(c);
            return false;
        }
        evbuffer_drain(c->out, (size_t)n);
        if (event_pending(c->stall, EV_TIMEOUT, NULL)) {
            event_add(c->stall, &c->server->limits.stall);
        }
    }
    c->in_flight = 0;
    event_del(c->writable);
    event_del(c->stall);
    if (c->last_word) {
        ctl_client_close(c);
        return false;
    }
    return true;
}

/* Takes over `text`. */
static bool answer(struct ctl_client *c, char *text, size_t size)
{
    if (!text) {
        return true;
    }
    int error = evbuffer_add(c->out, text, size);
    free(text);
    if (error || evbuffer_get_length(c->out) > c->server->limits.output) {
        AVS_LOG(log_module, AVS_LOG_WARN, "client closed: it does not read its answers",
                avs_log_u64("uid", c->uid),
                avs_log_u64("waiting_bytes", evbuffer_get_length(c->out)));
        ctl_client_close(c);
        return false;
    }
    c->in_flight++;
    return true;
}

/* Says why, and closes as soon as that is sent. */
static bool end_with(struct ctl_client *c, int error, const char *message)
{
    size_t size;
    char *text = ctl_rpc_error(-32600, error, message, &size);

    AVS_LOG(log_module, AVS_LOG_WARN, "client closed", avs_log_u64("uid", c->uid),
            avs_log_str("why", message));
    event_del(c->readable);
    event_del(c->half);
    c->last_word = true;
    c->more = false;
    return answer(c, text, size) && flush(c);
}

/* Answers whole lines, up to the limits of a turn. False: the client is gone. */
static bool answer_lines(struct ctl_client *c)
{
    const struct ctl_limits *limits = &c->server->limits;
    size_t begin = 0;
    bool alive = true;

    c->more = false;
    for (unsigned i = 0;; i++) {
        char *newline = memchr(c->in + c->scanned, '\n', c->in_used - c->scanned);
        if (!newline) {
            c->scanned = c->in_used;
            break;
        }
        if (i == TURN || c->in_flight >= limits->in_flight) {
            c->more = true;
            break;
        }
        size_t length = (size_t)(newline - (c->in + begin)), size = 0;
        if (length > limits->request) {
            return end_with(c, E2BIG, "the request is too long");
        }
        char *text = ctl_rpc(c->server,
                             &(struct ctl_peer){.role = c->role,
                                                .uid = c->uid,
                                                .pid = c->pid,
                                                .passed_fd = &c->passed_fd,
                                                .capture = &c->capture},
                             c->in + begin, length, &size);
        alive = answer(c, text, size);
        if (!alive) {
            return false;
        }
        begin += length + 1;
        c->scanned = begin;
    }
    memmove(c->in, c->in + begin, c->in_used - begin);
    c->in_used -= begin;
    c->scanned -= begin;
    return flush(c);
}

/* What to wait for next. */
static void wait_for_more(struct ctl_client *c)
{
    if (c->more && c->in_flight < c->server->limits.in_flight) {
        event_active(c->readable, EV_READ, 0);
    }
    if (c->more || c->in_used == 0) {
        event_del(c->half);
    } else if (!event_pending(c->half, EV_TIMEOUT, NULL)) {
        event_add(c->half, &c->server->limits.half);
    }
    if (c->in_used == 0 && c->passed_fd >= 0) {
        /* It came with a request that has no use for one. */
        close(c->passed_fd);
        c->passed_fd = -1;
    }
    if (c->in_used == 0 && c->in_size > CHUNK) {
        free(c->in);
        c->in = NULL;
        c->in_size = 0;
    }
}

static bool proceed(struct ctl_client *c)
{
    if (!c->last_word && c->in_used > 0 && !answer_lines(c)) {
        return false;
    }
    if (c->last_word) {
        return true;
    }
    if (!c->more && c->in_used > c->server->limits.request) {
        return end_with(c, E2BIG, "the request is too long");
    }
    if (c->eof && !c->more) {
        if (evbuffer_get_length(c->out) == 0) {
            ctl_client_close(c);
            return false;
        }
        c->last_word = true;
        return true;
    }
    wait_for_more(c);
    return true;
}

/* Keeps the first descriptor; one at a time is all that the protocol has a use for. */
static bool take_descriptors(struct ctl_client *c, struct msghdr *message)
{
    bool fits = true;

    for (struct cmsghdr *h = CMSG_FIRSTHDR(message); h; h = CMSG_NXTHDR(message, h)) {
        if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        size_t count = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(h) + i * sizeof(fd), sizeof(fd));
            if (c->passed_fd < 0) {
                c->passed_fd = fd;
            } else {
                close(fd);
                fits = false;
            }
        }
    }
    return fits;
}

static bool make_space(struct ctl_client *c)
{
    if (c->in_size - c->in_used >= CHUNK) {
        return true;
    }
    size_t size = c->in_size * 2 > CHUNK ? c->in_size * 2 : CHUNK;
    char *bigger = realloc(c->in, size);
    if (!bigger) {
        return false;
    }
    c->in = bigger;
    c->in_size = size;
    return true;
}

/* One recvmsg(). False: the client is gone. */
static bool receive(struct ctl_client *c)
{
    alignas(struct cmsghdr) char control[CMSG_SPACE(FDS * sizeof(int))];

    if (!make_space(c)) {
        ctl_client_close(c);
        return false;
    }
    struct iovec part = {.iov_base = c->in + c->in_used, .iov_len = CHUNK};
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof(control),
    };
    ssize_t n = recvmsg(c->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (n < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
            return true;
        }
        ctl_client_close(c);
        return false;
    }
    if (!take_descriptors(c, &message)) {
        return end_with(c, EINVAL, "one descriptor at a time, with its own request");
    }
    if (n == 0) {
        c->eof = true;
        event_del(c->readable);
    }
    c->in_used += (size_t)n;
    return true;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct ctl_client *c = arg;

    (void)fd;
    (void)what;
    if (c->last_word) {
        return;
    }
    /* Nothing is read while whole lines or too many answers wait: the client's own sends wait then. */
    if (!c->more && !c->eof) {
        if (!receive(c) || c->last_word) {
            return;
        }
    }
    if (!proceed(c)) {
        return;
    }
    if (c->in_flight >= c->server->limits.in_flight && !c->last_word) {
        event_del(c->readable);
    }
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct ctl_client *c = arg;

    (void)fd;
    (void)what;
    if (!flush(c) || evbuffer_get_length(c->out) > 0 || c->last_word) {
        return;
    }
    if (!c->eof) {
        event_add(c->readable, NULL);
    }
    proceed(c);
}

static void on_half(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    end_with(arg, ETIMEDOUT, "the request's end did not come in time");
}

static void on_stall(evutil_socket_t fd, short what, void *arg)
{
    struct ctl_client *c = arg;

    (void)fd;
    (void)what;
    AVS_LOG(log_module, AVS_LOG_WARN, "client closed: it does not read its answers",
            avs_log_u64("uid", c->uid));
    ctl_client_close(c);
}

struct ctl_client *ctl_client_open(struct ctl_server *server, int fd, enum ctl_role role, uid_t uid,
                                   pid_t pid)
{
    struct ctl_client *c = calloc(1, sizeof(*c));

    if (!c) {
        close(fd);
        return NULL;
    }
    c->server = server;
    c->fd = fd;
    c->role = role;
    c->uid = uid;
    c->pid = pid;
    c->passed_fd = -1;
    c->capture = -1;
    LIST_INSERT_HEAD(&server->clients, c, link);
    server->client_count++;
    c->out = evbuffer_new();
    c->readable = event_new(server->base, fd, EV_READ | EV_PERSIST, on_readable, c);
    c->writable = event_new(server->base, fd, EV_WRITE | EV_PERSIST, on_writable, c);
    c->half = evtimer_new(server->base, on_half, c);
    c->stall = evtimer_new(server->base, on_stall, c);
    if (!c->out || !c->readable || !c->writable || !c->half || !c->stall ||
        event_add(c->readable, NULL) != 0) {
        ctl_client_close(c);
        return NULL;
    }
    return c;
}

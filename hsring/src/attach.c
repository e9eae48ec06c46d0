/* SPDX-License-Identifier: Apache-2.0 */
#include "hsring/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "hsring/socket.h"

#define WHY_SIZE  256
#define MAX_ERRNO 4095

static int explain(char *why, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int explain(char *why, int error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(why, WHY_SIZE, format, args);
    va_end(args);
    return error;
}

static int address_of(struct sockaddr_un *address, const char *path)
{
    size_t len = strlen(path);

    if (len == 0)
        return -EINVAL;
    if (len >= sizeof address->sun_path)
        return -ENAMETOOLONG;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, path, len);
    return 0;
}

static int new_socket(void)
{
    int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    return sock < 0 ? -errno : sock;
}

static int connect_to(int sock, const struct sockaddr_un *address)
{
    return connect(sock, (const struct sockaddr *)address, sizeof *address) < 0 ? -errno : 0;
}

static int bind_and_listen(int sock, const struct sockaddr_un *address)
{
    const struct sockaddr *any = (const struct sockaddr *)address;

    /* Before bind(), so that the path never exists with a wider mode. */
    if (fchmod(sock, 0600) < 0)
        return -errno;
    if (bind(sock, any, sizeof *address) < 0) {
        if (errno != EADDRINUSE || hsr_path_look(address, SOCK_SEQPACKET) != HSR_PATH_STALE)
            return -errno;
        if (unlink(address->sun_path) < 0 || bind(sock, any, sizeof *address) < 0)
            return -errno;
    }
    return listen(sock, 4) < 0 ? -errno : 0;
}

int hsr_attach_listen(const char *path)
{
    struct sockaddr_un address;
    int error = address_of(&address, path);
    int sock;

    if (error != 0)
        return error;
    sock = new_socket();
    if (sock < 0)
        return sock;
    error = bind_and_listen(sock, &address);
    if (error != 0) {
        close(sock);
        return error;
    }
    return sock;
}

static int64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* hsr_msg_recv() with a deadline; -ETIMEDOUT. */
static int recv_until(int sock, union hsr_msg *msg, int *fds, unsigned *n, int64_t deadline)
{
    unsigned room = *n;

    for (;;) {
        struct pollfd pfd = {.fd = sock, .events = POLLIN};
        int64_t left = deadline - now_ms();
        int ready = poll(&pfd, 1, left > 0 ? (int)left : 0);

        if (ready < 0 && errno != EINTR)
            return -errno;
        if (ready > 0) {
            *n = room;
            int got = hsr_msg_recv(sock, msg, fds, n);
            if (got != -EAGAIN)
                return got;
        }
        if (left <= 0)
            return -ETIMEDOUT;
    }
}

/* What recv_until() said, when it was not a message, as an error with a text. */
static int no_answer(int got, char *why)
{
    if (got == 0 || got == -ECONNRESET || got == -EPIPE)
        return explain(why, -ECONNRESET, "the NIC closed the connection without an answer");
    if (got == -ETIMEDOUT)
        return explain(why, got, "the NIC does not answer; is it hung or overloaded?");
    if (got == -EPROTO)
        return explain(why, got, "the NIC sent a malformed message; is that its attach socket?");
    return explain(why, got, "receiving from the NIC: %s", strerror(-got));
}

static int refused(const union hsr_msg *msg, char *why)
{
    uint32_t status = msg->hdr.status;

    memcpy(why, msg->reply.text, WHY_SIZE);
    return status == 0 || status > MAX_ERRNO ? -EPROTO : -(int)status;
}

static int say_hello(int sock, uint32_t workers, const char *name, uint64_t features)
{
    union hsr_msg msg;

    hsr_msg_init(&msg, HSR_MSG_HELLO, 1);
    msg.hello.abi_major = HSR_ABI_MAJOR;
    msg.hello.abi_minor = HSR_ABI_MINOR;
    msg.hello.workers = workers;
    msg.hello.features = features;
    snprintf(msg.hello.name, sizeof msg.hello.name, "%s", name);
    return hsr_msg_send(sock, &msg, NULL, 0);
}

/* Map the region and check that it is the one the message tells of. */
static int take_region(struct hsr_attach *at, const struct hsr_msg_welcome *welcome, int memfd,
                       char *why)
{
    int error = hsr_region_map(&at->region, memfd, (size_t)welcome->region_size);
    const struct hsr_view *view = &at->region.view;

    if (error != 0)
        return explain(why, error, "the NIC's region is not one of ABI %d.%d: %s", HSR_ABI_MAJOR,
                       HSR_ABI_MINOR, strerror(-error));
    if (view->workers < welcome->workers || view->instance != welcome->instance ||
        hsr_view_owner(view, 0) != welcome->owner)
        return explain(why, -EPROTO, "the NIC's region does not agree with its WELCOME");
    return 0;
}

static int take_welcome(struct hsr_attach *at, const struct hsr_msg_welcome *welcome, int *fds,
                        uint32_t wanted, char *why)
{
    if (!hsr_abi_matches(welcome->abi_major, welcome->abi_minor))
        return explain(why, -EPROTO, "the NIC speaks ABI %u.%u, this firmware %d.%d",
                       welcome->abi_major, welcome->abi_minor, HSR_ABI_MAJOR, HSR_ABI_MINOR);
    if (welcome->workers < 1 || welcome->workers > wanted)
        return explain(why, -EPROTO, "the NIC granted %u ring sets where %u were wanted",
                       welcome->workers, wanted);
    int error = take_region(at, welcome, fds[0], why);
    if (error != 0)
        return error;
    at->workers = welcome->workers;
    at->features = welcome->features;
    for (uint32_t w = 0; w < at->workers; w++) {
        at->rx_doorbell[w] = fds[1 + 2 * w];
        at->tx_doorbell[w] = fds[2 + 2 * w];
        fds[1 + 2 * w] = -1;
        fds[2 + 2 * w] = -1;
        /* Whatever the NIC sent us: ringing it must not stop a worker. */
        if (fcntl(at->rx_doorbell[w], F_SETFL, O_NONBLOCK) < 0 ||
            fcntl(at->tx_doorbell[w], F_SETFL, O_NONBLOCK) < 0)
            return explain(why, -errno, "doorbell of worker %u: %s", w, strerror(errno));
    }
    return 0;
}

static int greet(struct hsr_attach *at, uint32_t workers, const char *name, uint64_t features,
                 char *why)
{
    int fds[HSR_ATTACH_FDS];
    unsigned n = HSR_ATTACH_FDS;
    int64_t deadline = now_ms() + HSR_ATTACH_TIMEOUT_MS;
    union hsr_msg msg;
    int error = say_hello(at->sock, workers, name, features);

    /* A NIC that is taken says so and hangs up without waiting for HELLO: what it said can still be read, after the
     * kernel has told us once that HELLO was not. */
    if (error != 0 && error != -EPIPE && error != -ECONNRESET)
        return explain(why, error, "sending HELLO to the NIC: %s", strerror(-error));
    int got = recv_until(at->sock, &msg, fds, &n, deadline);
    if (got == -ECONNRESET) {
        n = HSR_ATTACH_FDS;
        got = recv_until(at->sock, &msg, fds, &n, deadline);
    }
    if (got != 1)
        return no_answer(got, why);
    if (msg.hdr.type == HSR_MSG_REPLY)
        error = refused(&msg, why);
    else if (msg.hdr.type != HSR_MSG_WELCOME || msg.hdr.seq != 1) {
        error =
            explain(why, -EPROTO, "the NIC answered HELLO with a message of type %u", msg.hdr.type);
    } else {
        error = take_welcome(at, &msg.welcome, fds, workers, why);
    }
    for (unsigned i = 0; i < n; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    return error;
}

static int open_as(struct hsr_attach *at, const char *path, uint32_t workers, const char *name,
                   uint64_t features, char why[256])
{
    struct sockaddr_un address;
    int error = address_of(&address, path);

    *at = (struct hsr_attach){.sock = -1, .region.memfd = -1, .seq = 1};
    for (unsigned w = 0; w < HSR_MAX_WORKERS; w++)
        at->rx_doorbell[w] = at->tx_doorbell[w] = -1;
    why[0] = '\0';
    if (workers < 1 || workers > HSR_MAX_WORKERS)
        return explain(why, -EINVAL, "%u workers: 1 to %d are possible", workers, HSR_MAX_WORKERS);
    if (error != 0)
        return explain(why, error, "attach socket '%s': %s", path, strerror(-error));
    at->sock = new_socket();
    if (at->sock < 0)
        return explain(why, at->sock, "socket: %s", strerror(-at->sock));
    error = connect_to(at->sock, &address);
    if (error != 0)
        explain(why, error, "no NIC at %s: %s; is it running?", path, strerror(-error));
    else
        error = greet(at, workers, name, features, why);
    if (error != 0)
        hsr_attach_close(at);
    return error;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

int hsr_attach_open(struct hsr_attach *at, const char *path, uint32_t workers, const char *name,
                    char why[256])
{
    return open_as(at, path, workers, name, HSR_FEATURE_BASE, why);
}

int hsr_attach_open_second(struct hsr_attach *at, const char *path, uint32_t workers,
                           const char *name, char why[256])
{
    return open_as(at, path, workers, name, HSR_FEATURE_BASE | HSR_FEATURE_SECOND, why);
}

/* Is a request of this type answered by RULE_STATE? A REPLY then says only why not. */
static bool wants_state(uint16_t type)
{
    return type >= HSR_MSG_RULE_CREATE && type <= HSR_MSG_RULE_FLUSH;
}

/* Type of what answers a request of this type when it is not refused. */
static uint16_t answer_to(uint16_t type)
{
    if (type == HSR_MSG_ARENA_GET)
        return HSR_MSG_ARENA;
    if (type == HSR_MSG_LATENCY_GET)
        return HSR_MSG_LATENCY;
    return wants_state(type) ? HSR_MSG_RULE_STATE : HSR_MSG_REPLY;
}

/* What the answer to a request of this type means. */
static int answered(const union hsr_msg *reply, uint16_t type, union hsr_msg *msg, char *why)
{
    bool refusal = reply->hdr.type == HSR_MSG_REPLY && reply->hdr.status != 0;

    if (refusal)
        return refused(reply, why);
    if (reply->hdr.type != answer_to(type))
        return explain(why, -EPROTO, "the NIC answered with a message of type %u", reply->hdr.type);
    if (reply->hdr.type == HSR_MSG_REPLY)
        return 0;
    *msg = *reply;
    return reply->hdr.status > MAX_ERRNO ? -EPROTO : -(int)reply->hdr.status;
}

/* A request and its answer; `got` gets a descriptor where the answer's type brings one, -1 else. */
static int ask(struct hsr_attach *at, union hsr_msg *msg, uint16_t type, int fd, int timeout_ms,
               int *got, char why[256])
{
    int64_t deadline = now_ms() + timeout_ms;
    union hsr_msg head;
    union hsr_msg reply = {.hdr = {0}};

    why[0] = '\0';
    *got = -1;
    hsr_msg_init(&head, type, ++at->seq);
    msg->hdr = head.hdr;
    int error = hsr_msg_send(at->sock, msg, &fd, fd >= 0);
    if (error != 0)
        return explain(why, error, "sending a request to the NIC: %s", strerror(-error));
    do {
        unsigned n = type == HSR_MSG_ARENA_GET;

        close_fd(got);
        int rc = recv_until(at->sock, &reply, got, &n, deadline);
        if (rc != 1)
            return no_answer(rc, why);
        /* An answer of another number is the late one to a request that we had given up. */
    } while (reply.hdr.seq != at->seq);
    error = answered(&reply, type, msg, why);
    if (error != 0)
        close_fd(got);
    return error;
}

int hsr_attach_request(struct hsr_attach *at, union hsr_msg *msg, uint16_t type, int fd,
                       int timeout_ms, char why[256])
{
    int none;

    return ask(at, msg, type, fd, timeout_ms, &none, why);
}

static void name_arena(union hsr_msg *msg, const char *name, uint64_t size, uint32_t layout)
{
    memset(msg, 0, sizeof *msg);
    msg->arena.size = size;
    msg->arena.layout = layout;
    snprintf(msg->arena.name, sizeof msg->arena.name, "%s", name);
}

int hsr_attach_arena(struct hsr_attach *at, const char *name, uint64_t size, uint32_t layout,
                     int *fd, bool *kept, char why[256])
{
    union hsr_msg msg;

    name_arena(&msg, name, size, layout);
    int error = ask(at, &msg, HSR_MSG_ARENA_GET, -1, HSR_ATTACH_TIMEOUT_MS, fd, why);
    if (error != 0)
        return error;
    if (msg.arena.size != size || msg.arena.layout != layout) {
        close_fd(fd);
        return explain(why, -EPROTO, "the NIC gave other memory than was asked for");
    }
    *kept = msg.arena.kept != 0;
    return 0;
}

int hsr_attach_arena_put(struct hsr_attach *at, const char *name, uint64_t size, uint32_t layout,
                         int fd, char why[256])
{
    union hsr_msg msg;

    name_arena(&msg, name, size, layout);
    return hsr_attach_request(at, &msg, HSR_MSG_ARENA_PUT, fd, HSR_ATTACH_TIMEOUT_MS, why);
}

int hsr_attach_hash(struct hsr_attach *at, const uint8_t secret[48], char why[256])
{
    union hsr_msg msg = {.hdr = {0}};

    memcpy(msg.hash.key, secret, sizeof msg.hash.key);
    int error = hsr_attach_request(at, &msg, HSR_MSG_HASH_SET, -1, HSR_ATTACH_TIMEOUT_MS, why);

    explicit_bzero(&msg, sizeof msg);
    if (error == 0)
        memcpy(at->region.view.hash_secret, secret, sizeof at->region.view.hash_secret);
    return error;
}

void hsr_attach_close(struct hsr_attach *at)
{
    hsr_region_close(&at->region);
    for (unsigned w = 0; w < HSR_MAX_WORKERS; w++) {
        if (at->rx_doorbell[w] >= 0)
            close(at->rx_doorbell[w]);
        if (at->tx_doorbell[w] >= 0)
            close(at->tx_doorbell[w]);
        at->rx_doorbell[w] = at->tx_doorbell[w] = -1;
    }
    if (at->sock >= 0)
        close(at->sock);
    at->sock = -1;
}

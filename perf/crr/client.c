/* SPDX-License-Identifier: Apache-2.0 */
/* So many connections at once, each begun anew when it has ended; how many a second, and how long each took. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../order.h"
#include "crr.h"

enum { EVENTS = 64, MOST_TIMES = 4 << 20 };

struct connection {
    int fd;
    uint32_t got; /* bytes of the response */
    bool asked;
    uint64_t begun;
};

struct client {
    const struct crr_options *o;
    int epoll;
    struct connection *connection;
    uint32_t *ns; /* of those that were measured; beyond 4 s it is 4 s */
    uint32_t times;
    uint64_t done, failed; /* while it was measured */
    bool measured;
};

static char buffer[CRR_MOST_BYTES];

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int begin(struct client *c, struct connection *k)
{
    struct epoll_event event = {.events = EPOLLOUT | EPOLLIN | EPOLLET, .data.ptr = k};

    *k = (struct connection){.begun = now_ns()};
    k->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (k->fd < 0 ||
        (connect(k->fd, (const struct sockaddr *)&c->o->address, sizeof c->o->address) < 0 &&
         errno != EINPROGRESS))
        return -1;
    return epoll_ctl(c->epoll, EPOLL_CTL_ADD, k->fd, &event);
}

static int ended(struct client *c, struct connection *k, bool well)
{
    uint64_t took = now_ns() - k->begun;

    close(k->fd);
    if (c->measured && well) {
        if (c->times < MOST_TIMES)
            c->ns[c->times++] = took < UINT32_MAX ? (uint32_t)took : UINT32_MAX;
        c->done++;
    } else if (!well) {
        c->failed++;
    }
    return begin(c, k);
}

/* A connection that can go on. Negative: no new one can be begun. */
static int go_on(struct client *c, struct connection *k)
{
    if (!k->asked) {
        ssize_t sent = send(k->fd, buffer, c->o->request, MSG_NOSIGNAL);

        if (sent < 0 && (errno == EAGAIN || errno == ENOTCONN))
            return 0;
        if (sent != (ssize_t)c->o->request)
            return ended(c, k, false);
        k->asked = true;
    }
    for (;;) {
        ssize_t got = recv(k->fd, buffer, sizeof buffer, 0);

        if (got < 0 && errno == EAGAIN)
            return 0;
        if (got <= 0)
            return ended(c, k, got == 0 && k->got == c->o->response);
        k->got += (uint32_t)got;
    }
}

static int until(struct client *c, uint64_t end)
{
    struct epoll_event event[EVENTS];

    while (now_ns() < end) {
        int n = epoll_wait(c->epoll, event, EVENTS, 10);

        for (int i = 0; i < n; i++)
            if (go_on(c, event[i].data.ptr) < 0)
                return -1;
    }
    return 0;
}

static double percentile_us(const struct client *c, double p)
{
    uint32_t at = (uint32_t)(p * c->times);

    return c->times == 0 ? 0 : c->ns[at < c->times ? at : c->times - 1] / 1e3;
}

static void report(struct client *c, double seconds)
{
    qsort(c->ns, c->times, sizeof *c->ns, bench_by_u32);
    printf("{\"connections\":%llu,\"seconds\":%.3f,\"cps\":%.1f,\"failed\":%llu,\"p50_us\":%.1f,"
           "\"p90_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"ok\":%s}\n",
           (unsigned long long)c->done, seconds, (double)c->done / seconds,
           (unsigned long long)c->failed, percentile_us(c, 0.5), percentile_us(c, 0.9),
           percentile_us(c, 0.99), percentile_us(c, 0.999),
           c->done > 0 && c->failed == 0 ? "true" : "false");
}

static int measure(struct client *c)
{
    uint64_t start = now_ns();

    for (uint32_t i = 0; i < c->o->at_once; i++)
        if (begin(c, &c->connection[i]) < 0)
            return -1;
    if (until(c, start + (uint64_t)(c->o->warmup * 1e9)) < 0)
        return -1;
    c->measured = true;
    start = now_ns();
    if (until(c, start + (uint64_t)(c->o->seconds * 1e9)) < 0)
        return -1;
    report(c, (double)(now_ns() - start) / 1e9);
    return 0;
}

int crr_ask(const struct crr_options *o)
{
    struct client c = {.o = o, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    int rc = -1;

    c.connection = calloc(o->at_once, sizeof *c.connection);
    c.ns = malloc(MOST_TIMES * sizeof *c.ns);
    if (c.epoll >= 0 && c.connection && c.ns)
        rc = measure(&c);
    if (rc < 0)
        fprintf(stderr, "avs-crr: cannot connect: %s\n", strerror(errno));
    free(c.connection);
    free(c.ns);
    return rc < 0;
}

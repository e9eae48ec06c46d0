/* SPDX-License-Identifier: Apache-2.0 */
/* The memory is ours, avsd and the NIC write to it as long as our connection lasts. */
#include "capturing.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ROUND_MS  20
#define SETTLE_NS UINT64_C(60000000) /* so old a record has to be, that all of before are there */

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

int64_t capturing_clock(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

const char *capturing_name(const struct capturing *c, const char *table, uint32_t index)
{
    char key[16];
    const char *name;

    snprintf(key, sizeof(key), "%" PRIu32, index);
    name = json_string_value(json_object_get(json_object_get(c->names, table), key));
    return name ? name : "";
}

/* Is somebody at the other end? It says nothing on its own: what can be read is the end. */
static bool connected(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

/* False: nobody takes it any more. */
static bool take(struct capturing *c, struct rd *rd, const struct rd_record *record)
{
    if (record->first) {
        if (c->counted) {
            rd_skip(rd);
            return true;
        }
        c->packets++;
        c->counted = c->count && c->packets == (uint64_t)c->count;
    }
    c->records++;
    return c->take(c->arg, record);
}

static int take_until(struct capturing *c, struct rd *rd, uint64_t until)
{
    const struct rd_record *record;

    while ((record = rd_next(rd, until)) != NULL) {
        if (!take(c, rd, record)) {
            return -errno;
        }
    }
    return c->flush(c->arg);
}

/* Until something ends it; 0, or why it cannot go on. */
static int rounds(struct capturing *c, struct rd *rd, const struct cap_area *area, int fd,
                  bool *lost)
{
    int64_t end = c->seconds ? capturing_clock(CLOCK_MONOTONIC) + c->seconds * INT64_C(1000000000)
                             : INT64_MAX;
    bool last = false;
    int rc = 0;

    while (!last && rc == 0) {
        poll(NULL, 0, ROUND_MS);
        *lost = cap_area_ended(area) || !connected(fd);
        last = interrupted || *lost || capturing_clock(CLOCK_MONOTONIC) >= end;
        rc = rd_fill(rd);
        /* All of what is wanted, and what their last points may still bring. */
        if (c->counted && !last) {
            poll(NULL, 0, 2 * ROUND_MS + (int)(SETTLE_NS / 1000000));
            rc = rd_fill(rd);
            last = true;
        }
        if (rc == 0) {
            uint64_t now = (uint64_t)capturing_clock(CLOCK_REALTIME) - (uint64_t)c->offset;

            rc = take_until(c, rd, last ? UINT64_MAX : now - SETTLE_NS);
        }
    }
    return rc;
}

static int run(struct capturing *c, struct cap_area *area, int fd)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct rd *rd = rd_open(area);
    bool lost = false;
    int rc;

    c->offset = capturing_clock(CLOCK_REALTIME) -
                (int64_t)json_integer_value(json_object_get(c->names, "now_ns"));
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (c->began) {
        fprintf(stderr, "%s\n", c->began);
    }
    if (json_is_false(json_object_get(c->names, "nic"))) {
        fputs("avs-ctl: the NIC cannot capture: ring.rx to ring.tx, and avsd's drops, alone\n",
              stderr);
    }
    rc = rd ? rounds(c, rd, area, fd, &lost) : -ENOMEM;
    if (rd && rc != -EPIPE) {
        c->end(c->arg, rd_missed(rd), rd_limited(rd));
    }
    rd_close(rd);
    if (rc == -EPIPE) {
        return EXIT_OK; /* who reads has seen enough */
    }
    if (rc) {
        return fail(c->ctl, EXIT_FAILED, strerrorname_np(-rc), NULL, "the capture ended: %s",
                    strerror(-rc));
    }
    return lost && !interrupted ? fail(c->ctl, EXIT_UNREACHABLE, "ECONNRESET", NULL,
                                       "the capture ended: avsd, or its NIC, is gone")
                                : EXIT_OK;
}

int capturing_run(struct capturing *c, json_t *params)
{
    struct cap_area area = {.memfd = -1};
    int code = EXIT_FAILED, fd = -1;
    int rc = cap_area_create(&area, CAP_RINGS, (uint64_t)c->buffer << 20);

    if (rc < 0) {
        json_decref(params);
        return fail(c->ctl, EXIT_FAILED, strerrorname_np(-rc), NULL,
                    "no memory to capture into: %s", strerror(-rc));
    }
    c->ctl->passed_fd = area.memfd;
    c->names = request_kept(c->ctl, "capture.start", params, &code, &fd);
    if (c->names) {
        code = run(c, &area, fd);
    }
    if (fd >= 0) {
        close(fd);
    }
    cap_area_close(&area);
    return code;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* avs-ctl capture: the memory is ours, avsd and the NIC write to it as long as our connection lasts. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "hsring/check.h"
#include "pcapng.h"
#include "reader.h"

#define ROUND_MS  20
#define SETTLE_NS UINT64_C(60000000) /* so old a record has to be, that all of before are there */
#define NO_PORT   0xFFFFu

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

static const char *const description[CAP_POINTS] = {
    [CAP_NIC_RX] = "received, as the port brought it",
    [CAP_PRE_OUT] = "parsed by the Pre-Processor, on its way to a ring",
    [CAP_RING_RX] = "taken by the firmware",
    [CAP_FAST] = "matched by a session",
    [CAP_SLOW] = "decided by policy",
    [CAP_RING_TX] = "rewritten, handed to the Post-Processor",
    [CAP_POST_IN] = "taken by the Post-Processor",
    [CAP_NIC_TX] = "sent, as the port took it",
    [CAP_DROP] = "dropped",
};

struct capture {
    struct ctl *ctl;
    json_t *names;  /* the answer to capture.start: "ports", "vpcs" */
    int64_t offset; /* from NIC time to the time of day */
    FILE *file;     /* NULL: lines on standard output */
    long count;     /* packets wanted, 0: any number */
    uint64_t packets, records, dropped[2];
    bool counted; /* all that are wanted are there: nothing new */
};

static int64_t clock_ns(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static const char *name_of(const struct capture *c, const char *table, uint32_t index)
{
    char key[16];
    const char *name;

    snprintf(key, sizeof(key), "%" PRIu32, index);
    name = json_string_value(json_object_get(json_object_get(c->names, table), key));
    return name ? name : "";
}

/* ---- what is said of a record ---- */

struct words {
    char text[512];
    size_t used;
};

__attribute__((format(printf, 2, 3))) static void say(struct words *w, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(w->text + w->used, sizeof(w->text) - w->used, format, args);
    va_end(args);
    if (n > 0) {
        w->used += (size_t)n;
    }
    if (w->used >= sizeof(w->text)) {
        w->used = sizeof(w->text) - 1;
    }
}

static void say_flags(struct words *w, const struct cap_record *r, const char *between)
{
    static const struct {
        uint8_t flag;
        const char *text;
    } flags[] = {
        {CAP_F_FIRMWARE, "made by avsd"},
        {CAP_F_SLICED, "payload in the NIC"},
        {CAP_F_RETURNED, "returned to the NIC"},
        {CAP_F_PARTIAL, "checksum left to be done"},
    };

    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (r->flags & flags[i].flag) {
            say(w, "%s%s", between, flags[i].text);
        }
    }
    if (r->gso_size) {
        say(w, "%sgso %u", between, r->gso_size);
    }
}

/* Everything but time, point and bytes. */
static void describe(const struct capture *c, const struct rd_record *record, struct words *w)
{
    const struct cap_record *r = &record->r;
    const char *vpc = r->context ? name_of(c, "vpcs", r->context) : "";

    if (r->packet_id) {
        say(w, "packet %" PRIu32, r->packet_id);
    } else {
        say(w, "packet of avsd");
    }
    if (r->flow_id) {
        say(w, "; session %016" PRIx64, r->flow_id);
    }
    if (*vpc) {
        say(w, "; vpc %s", vpc);
    }
    if (r->port != NO_PORT) {
        say(w, "; port %s", name_of(c, "ports", r->port));
    }
    if (r->worker != 0xFF) {
        say(w, "; worker %u", r->worker);
    }
    say_flags(w, r, "; ");
    if (record->known) {
        say(w, "; +%" PRIu64 " ns since %s", record->since, cap_point_name[record->before]);
    }
    if (r->point == CAP_DROP) {
        say(w, "; %s: %s (by %s)", hsr_drop_name(r->reason), hsr_drop_text(r->reason),
            r->flags & CAP_F_BY_FIRMWARE ? "avsd" : "the NIC");
    }
}

/* ---- where it goes ---- */

static void time_of_day(const struct capture *c, uint64_t time, char text[40])
{
    uint64_t ns = time + (uint64_t)c->offset;
    time_t seconds = (time_t)(ns / 1000000000);
    struct tm tm;

    localtime_r(&seconds, &tm);
    size_t n = strftime(text, 40, "%H:%M:%S", &tm);
    snprintf(text + n, 40 - n, ".%09" PRIu64, ns % 1000000000);
}

static void print_line(const struct capture *c, const struct rd_record *record)
{
    struct words w = {.used = 0};
    char time[40];

    time_of_day(c, record->r.time, time);
    describe(c, record, &w);
    printf("%s %-7s %5" PRIu32 " bytes  ", time, cap_point_name[record->r.point],
           record->r.frame_len);
    print_safe(w.text);
    putchar('\n');
}

static void print_object(const struct capture *c, const struct rd_record *record)
{
    const struct cap_record *r = &record->r;
    json_t *o = json_pack("{s:I, s:s, s:I, s:I, s:s*}", "time_ns", (json_int_t)r->time + c->offset,
                          "point", cap_point_name[r->point], "packet", (json_int_t)r->packet_id,
                          "bytes", (json_int_t)r->frame_len, "vpc",
                          r->context ? name_of(c, "vpcs", r->context) : NULL);

    if (r->flow_id) {
        json_object_set_new(o, "flow_id", json_sprintf("%016" PRIx64, r->flow_id));
    }
    if (r->port != NO_PORT) {
        json_object_set_new(o, "port", json_string(name_of(c, "ports", r->port)));
    }
    if (r->worker != 0xFF) {
        json_object_set_new(o, "worker", json_integer(r->worker));
    }
    if (r->gso_size) {
        json_object_set_new(o, "gso_size", json_integer(r->gso_size));
    }
    if (record->known) {
        json_object_set_new(o, "since_ns", json_integer((json_int_t)record->since));
        json_object_set_new(o, "since", json_string(cap_point_name[record->before]));
    }
    if (r->point == CAP_DROP) {
        json_object_set_new(o, "reason", json_string(hsr_drop_name(r->reason)));
        json_object_set_new(o, "by",
                            json_string(r->flags & CAP_F_BY_FIRMWARE ? "firmware" : "nic"));
    }
    print_json(c->ctl, o);
    json_decref(o);
}

static bool write_packet(const struct capture *c, const struct rd_record *record)
{
    const struct cap_record *r = &record->r;
    struct words w = {.used = 0};
    bool inbound = r->point <= CAP_RING_RX, outbound = r->point >= CAP_RING_TX;

    describe(c, record, &w);
    return png_packet(c->file, &(struct png_packet){.interface = r->point,
                                                    .time = r->time + (uint64_t)c->offset,
                                                    .frame = record->frame,
                                                    .captured = r->captured,
                                                    .length = r->frame_len,
                                                    .id = r->packet_id,
                                                    .direction = r->point == CAP_DROP ? 0u
                                                                 : inbound            ? 1u
                                                                 : outbound           ? 2u
                                                                                      : 0u,
                                                    .comment = w.text});
}

/* False: nobody takes it any more. */
static bool show(struct capture *c, struct rd *rd, const struct rd_record *record)
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
    if (c->file) {
        return write_packet(c, record);
    }
    if (c->ctl->json) {
        print_object(c, record);
    } else {
        print_line(c, record);
    }
    return !ferror(stdout);
}

static bool open_file(struct capture *c, const char *path, uint32_t snap, int *code)
{
    bool good;

    if (!path) {
        return true;
    }
    if (strcmp(path, "-") == 0 && isatty(STDOUT_FILENO)) {
        *code = fail(c->ctl, EXIT_USAGE, "EINVAL", "avs-ctl capture -w - | tshark -r -",
                     "a capture is not for a terminal to read");
        return false;
    }
    c->file = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");
    good = c->file && png_begin(c->file, "avs-ctl " AVS_VERSION);
    for (unsigned p = 0; good && p < CAP_POINTS; p++) {
        good = png_interface(c->file, cap_point_name[p], description[p], snap);
    }
    if (!good || fflush(c->file)) {
        *code = fail(c->ctl, EXIT_FAILED, strerrorname_np(errno), NULL, "%s: %s", path,
                     strerror(errno));
        return false;
    }
    return true;
}

/* ---- the capture ---- */

/* Is somebody at the other end? It says nothing on its own: what can be read is the end. */
static bool connected(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

static int show_until(struct capture *c, struct rd *rd, uint64_t until)
{
    const struct rd_record *record;

    while ((record = rd_next(rd, until)) != NULL) {
        if (!show(c, rd, record)) {
            return -errno;
        }
    }
    return fflush(c->file ? c->file : stdout) ? -errno : 0;
}

/* Until something ends it; 0, or why it cannot go on. */
static int rounds(struct capture *c, struct rd *rd, const struct cap_area *area, int fd,
                  long seconds, bool *lost)
{
    int64_t end = seconds ? clock_ns(CLOCK_MONOTONIC) + seconds * INT64_C(1000000000) : INT64_MAX;
    bool last = false;
    int rc = 0;

    while (!last && rc == 0) {
        poll(NULL, 0, ROUND_MS);
        *lost = cap_area_ended(area) || !connected(fd);
        last = interrupted || *lost || clock_ns(CLOCK_MONOTONIC) >= end;
        rc = rd_fill(rd);
        /* All of what is wanted, and what their last points may still bring. */
        if (c->counted && !last) {
            poll(NULL, 0, 2 * ROUND_MS + (int)(SETTLE_NS / 1000000));
            rc = rd_fill(rd);
            last = true;
        }
        if (rc == 0) {
            uint64_t now = (uint64_t)clock_ns(CLOCK_REALTIME) - (uint64_t)c->offset;

            rc = show_until(c, rd, last ? UINT64_MAX : now - SETTLE_NS);
        }
    }
    return rc;
}

static void sum_up(struct capture *c, const struct rd *rd)
{
    uint64_t missed = rd_missed(rd), limited = rd_limited(rd);

    if (c->file) {
        for (uint32_t p = 0; p < CAP_POINTS; p++) {
            png_statistics(c->file, p, (uint64_t)clock_ns(CLOCK_REALTIME),
                           p == 0 ? c->records + missed : 0, p == 0 ? missed : 0);
        }
        fflush(c->file);
    }
    if (!c->ctl->json || c->file) {
        fprintf(stderr,
                "%" PRIu64 " packets, %" PRIu64 " records; missed: %" PRIu64
                " records for want of room, %" PRIu64 " packets over the rate\n",
                c->packets, c->records, missed, limited);
        return;
    }
    json_t *o = json_pack("{s:I, s:I, s:I, s:I}", "packets", (json_int_t)c->packets, "records",
                          (json_int_t)c->records, "missed", (json_int_t)missed, "over_rate",
                          (json_int_t)limited);

    print_json(c->ctl, o);
    json_decref(o);
}

static json_t *points_of(const char *list)
{
    json_t *points = json_array();

    while (*list) {
        size_t n = strcspn(list, ",");

        json_array_append_new(points, json_stringn(list, n));
        list += n + (list[n] == ',');
    }
    return points;
}

/* Settings of the command. False after a message. */
struct settings {
    long snap, count, seconds, rate, buffer;
};

static bool read_settings(struct ctl *ctl, struct settings *s)
{
    return option_number(ctl, "snap", 1, CAP_SNAP_MAX, CAP_SNAP_MAX, &s->snap) &&
           option_number(ctl, "count", 1, 1000000000, 0, &s->count) &&
           option_number(ctl, "rate", 0, 1000000000, 10000, &s->rate) &&
           option_number(ctl, "buffer", 4, 1024, 32, &s->buffer) &&
           option_seconds(ctl, "duration", 0, &s->seconds);
}

static json_t *params_of(const struct ctl *ctl, const struct settings *s, const char *filter)
{
    const char *points = option_value(ctl, "points");
    json_t *params = json_pack("{s:s, s:s*, s:s*, s:I, s:I, s:b}", "filter", filter, "vpc",
                               option_value(ctl, "vpc"), "port", option_value(ctl, "port"), "snap",
                               (json_int_t)s->snap, "rate", (json_int_t)s->rate, "drop_only",
                               option_value(ctl, "drops") != NULL);

    if (params && points) {
        json_object_set_new(params, "points", points_of(points));
    }
    return params;
}

static int run(struct capture *c, struct cap_area *area, int fd, const struct settings *s)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct rd *rd = rd_open(area);
    bool lost = false;
    int rc;

    c->offset =
        clock_ns(CLOCK_REALTIME) - (int64_t)json_integer_value(json_object_get(c->names, "now_ns"));
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (c->file != stdout && !c->ctl->json) {
        fputs("capturing; ^C ends it\n", stderr);
    }
    if (json_is_false(json_object_get(c->names, "nic"))) {
        fputs("avs-ctl: the NIC cannot capture: ring.rx to ring.tx, and avsd's drops, alone\n",
              stderr);
    }
    rc = rd ? rounds(c, rd, area, fd, s->seconds, &lost) : -ENOMEM;
    if (rd && rc != -EPIPE) {
        sum_up(c, rd);
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

/* Memory, then the request that brings it; what was opened is closed again by the caller. */
static int start(struct capture *c, struct cap_area *area, int *fd, const struct settings *s)
{
    struct ctl *ctl = c->ctl;
    int code = EXIT_FAILED;
    int rc = cap_area_create(area, CAP_RINGS, (uint64_t)s->buffer << 20);

    if (rc < 0) {
        return fail(ctl, EXIT_FAILED, strerrorname_np(-rc), NULL, "no memory to capture into: %s",
                    strerror(-rc));
    }
    if (!open_file(c, option_value(ctl, "write"), (uint32_t)s->snap, &code)) {
        return code;
    }
    char *filter = join_words(ctl, 0);
    json_t *params = filter ? params_of(ctl, s, filter) : NULL;

    free(filter);
    ctl->passed_fd = area->memfd;
    c->names = request_kept(ctl, "capture.start", params, &code, fd);
    return c->names ? EXIT_OK : code;
}

int cmd_capture(struct ctl *ctl)
{
    struct capture c = {.ctl = ctl};
    struct cap_area area = {.memfd = -1};
    struct settings s;
    int fd = -1;

    if (!read_settings(ctl, &s)) {
        return EXIT_USAGE;
    }
    c.count = s.count;
    int code = start(&c, &area, &fd, &s);

    if (code == EXIT_OK) {
        code = run(&c, &area, fd, &s);
    }
    if (fd >= 0) {
        close(fd);
    }
    json_decref(c.names);
    cap_area_close(&area);
    if (c.file && c.file != stdout && fclose(c.file) && code == EXIT_OK) {
        code = fail(ctl, EXIT_FAILED, strerrorname_np(errno), NULL, "%s", strerror(errno));
    }
    return code;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* avs-ctl capture: what is captured, as lines, as JSON, as pcapng. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "capturing.h"
#include "hsring/check.h"
#include "pcapng.h"

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
    struct capturing c;
    FILE *file; /* NULL: lines on standard output */
};

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
    const char *vpc = r->context ? capturing_name(&c->c, "vpcs", r->context) : "";

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
    if (r->port != CAPTURING_NO_PORT) {
        say(w, "; port %s", capturing_name(&c->c, "ports", r->port));
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
    uint64_t ns = time + (uint64_t)c->c.offset;
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
    json_t *o = json_pack("{s:I, s:s, s:I, s:I, s:s*}", "time_ns",
                          (json_int_t)r->time + c->c.offset, "point", cap_point_name[r->point],
                          "packet", (json_int_t)r->packet_id, "bytes", (json_int_t)r->frame_len,
                          "vpc", r->context ? capturing_name(&c->c, "vpcs", r->context) : NULL);

    if (r->flow_id) {
        json_object_set_new(o, "flow_id", json_sprintf("%016" PRIx64, r->flow_id));
    }
    if (r->port != CAPTURING_NO_PORT) {
        json_object_set_new(o, "port", json_string(capturing_name(&c->c, "ports", r->port)));
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
    print_json(c->c.ctl, o);
    json_decref(o);
}

static bool write_packet(const struct capture *c, const struct rd_record *record)
{
    const struct cap_record *r = &record->r;
    struct words w = {.used = 0};
    bool inbound = r->point <= CAP_RING_RX, outbound = r->point >= CAP_RING_TX;

    describe(c, record, &w);
    return png_packet(c->file, &(struct png_packet){.interface = r->point,
                                                    .time = r->time + (uint64_t)c->c.offset,
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

static bool take(void *arg, const struct rd_record *record)
{
    struct capture *c = arg;

    if (c->file) {
        return write_packet(c, record);
    }
    if (c->c.ctl->json) {
        print_object(c, record);
    } else {
        print_line(c, record);
    }
    return !ferror(stdout);
}

static int flush(void *arg)
{
    struct capture *c = arg;

    return fflush(c->file ? c->file : stdout) ? -errno : 0;
}

static void sum_up(void *arg, uint64_t missed, uint64_t limited)
{
    struct capture *c = arg;

    if (c->file) {
        for (uint32_t p = 0; p < CAP_POINTS; p++) {
            png_statistics(c->file, p, (uint64_t)capturing_clock(CLOCK_REALTIME),
                           p == 0 ? c->c.records + missed : 0, p == 0 ? missed : 0);
        }
        fflush(c->file);
    }
    if (!c->c.ctl->json || c->file) {
        fprintf(stderr,
                "%" PRIu64 " packets, %" PRIu64 " records; missed: %" PRIu64
                " records for want of room, %" PRIu64 " packets over the rate\n",
                c->c.packets, c->c.records, missed, limited);
        return;
    }
    json_t *o = json_pack("{s:I, s:I, s:I, s:I}", "packets", (json_int_t)c->c.packets, "records",
                          (json_int_t)c->c.records, "missed", (json_int_t)missed, "over_rate",
                          (json_int_t)limited);

    print_json(c->c.ctl, o);
    json_decref(o);
}

static bool open_file(struct capture *c, const char *path, uint32_t snap, int *code)
{
    bool good;

    if (!path) {
        return true;
    }
    if (strcmp(path, "-") == 0 && isatty(STDOUT_FILENO)) {
        *code = fail(c->c.ctl, EXIT_USAGE, "EINVAL", "avs-ctl capture -w - | tshark -r -",
                     "a capture is not for a terminal to read");
        return false;
    }
    c->file = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");
    good = c->file && png_begin(c->file, "avs-ctl " AVS_VERSION);
    for (unsigned p = 0; good && p < CAP_POINTS; p++) {
        good = png_interface(c->file, cap_point_name[p], description[p], snap);
    }
    if (!good || fflush(c->file)) {
        *code = fail(c->c.ctl, EXIT_FAILED, strerrorname_np(errno), NULL, "%s: %s", path,
                     strerror(errno));
        return false;
    }
    return true;
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

static json_t *params_of(const struct ctl *ctl, const char *filter, long snap, long rate)
{
    const char *points = option_value(ctl, "points");
    json_t *params = json_pack("{s:s, s:s*, s:s*, s:I, s:I, s:b}", "filter", filter, "vpc",
                               option_value(ctl, "vpc"), "port", option_value(ctl, "port"), "snap",
                               (json_int_t)snap, "rate", (json_int_t)rate, "drop_only",
                               option_value(ctl, "drops") != NULL);

    if (params && points) {
        json_object_set_new(params, "points", points_of(points));
    }
    return params;
}

int cmd_capture(struct ctl *ctl)
{
    struct capture c = {.c = {.ctl = ctl, .take = take, .flush = flush, .end = sum_up}};
    long snap, rate;
    int code = EXIT_FAILED;

    c.c.arg = &c;
    if (!option_number(ctl, "snap", 1, CAP_SNAP_MAX, CAP_SNAP_MAX, &snap) ||
        !option_number(ctl, "count", 1, 1000000000, 0, &c.c.count) ||
        !option_number(ctl, "rate", 0, 1000000000, 10000, &rate) ||
        !option_number(ctl, "buffer", 4, 1024, 32, &c.c.buffer) ||
        !option_seconds(ctl, "duration", 0, &c.c.seconds)) {
        return EXIT_USAGE;
    }
    if (open_file(&c, option_value(ctl, "write"), (uint32_t)snap, &code)) {
        char *filter = join_words(ctl, 0);

        c.c.began = c.file != stdout && !ctl->json ? "capturing; ^C ends it" : NULL;
        code = capturing_run(&c.c, params_of(ctl, filter ? filter : "", snap, rate));
        free(filter);
    }
    json_decref(c.c.names);
    if (c.file && c.file != stdout && fclose(c.file) && code == EXIT_OK) {
        code = fail(ctl, EXIT_FAILED, strerrorname_np(errno), NULL, "%s", strerror(errno));
    }
    return code;
}

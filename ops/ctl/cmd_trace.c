/* SPDX-License-Identifier: Apache-2.0 */
/* avs-ctl trace: live packets, grouped by the path they took, with the time from point to point. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capturing.h"
#include "hsring/check.h"
#include "paths.h"

#define MOST    100000
#define DEFAULT 100
#define SNAP    192 /* filters look at headers, nobody at the rest */

struct trace {
    struct capturing c;
    struct pth *paths;
    json_t *rows; /* with --json */
    uint64_t missed, over_rate;
};

static bool take(void *arg, const struct rd_record *record)
{
    const struct trace *t = arg;

    pth_add(t->paths, &record->r);
    return true;
}

static int flush(void *arg)
{
    (void)arg;
    return 0;
}

static void end(void *arg, uint64_t missed, uint64_t over_rate)
{
    struct trace *t = arg;

    t->missed = missed;
    t->over_rate = over_rate;
}

/* "350 ns", "1.2 us", "34 ms" */
static const char *duration(uint64_t ns, char text[24])
{
    static const char *const unit[] = {"ns", "us", "ms", "s"};
    double value = (double)ns;
    unsigned i = 0;

    while (value >= 999.5 && i < 3) {
        value /= 1000;
        i++;
    }
    snprintf(text, 24, "%.*f %s", i > 0 && value < 99.5 ? 1 : 0, value, unit[i]);
    return text;
}

static void print_time(const char *name, const struct pth_time *t)
{
    char a[24], b[24], c[24];

    printf("  %-9s %10s %10s %10s\n", name, duration(t->min, a), duration(t->median, b),
           duration(t->max, c));
}

static const char *port_of(const struct trace *t, const struct pth_step *s)
{
    return s->port != CAPTURING_NO_PORT ? capturing_name(&t->c, "ports", s->port) : "";
}

static void print_path(void *arg, const struct pth_path *p)
{
    const struct trace *t = arg;

    printf("%" PRIu64 " %s: ", p->packets, p->packets == 1 ? "packet" : "packets");
    for (uint32_t i = 0; i < p->steps; i++) {
        const char *port = port_of(t, &p->step[i]);

        printf("%s%s", i > 0 ? " > " : "", cap_point_name[p->step[i].point]);
        if (*port) {
            printf(" (");
            print_safe(port);
            putchar(')');
        }
    }
    putchar('\n');
    if (p->dropped) {
        printf("  dropped by %s: %s (%s)\n", p->by_firmware ? "avsd" : "the NIC",
               hsr_drop_name(p->reason), hsr_drop_text(p->reason));
    }
    printf("  %-9s %10s %10s %10s\n", "", "min", "median", "max");
    for (uint32_t i = 1; i < p->steps; i++) {
        print_time(cap_point_name[p->step[i].point], &p->step[i].since);
    }
    print_time("in all", &p->total);
    putchar('\n');
}

static json_t *time_json(const struct pth_time *t)
{
    return json_pack("{s:I, s:I, s:I}", "min_ns", (json_int_t)t->min, "median_ns",
                     (json_int_t)t->median, "max_ns", (json_int_t)t->max);
}

static void add_path(void *arg, const struct pth_path *p)
{
    const struct trace *t = arg;
    json_t *steps = json_array();

    for (uint32_t i = 0; i < p->steps; i++) {
        const char *port = port_of(t, &p->step[i]);
        json_t *step = json_pack("{s:s, s:s*}", "point", cap_point_name[p->step[i].point], "port",
                                 *port ? port : NULL);

        if (i > 0) {
            json_object_set_new(step, "since", time_json(&p->step[i].since));
        }
        json_array_append_new(steps, step);
    }
    json_t *path = json_pack("{s:I, s:o, s:o}", "packets", (json_int_t)p->packets, "points", steps,
                             "total", time_json(&p->total));

    if (p->dropped) {
        json_object_set_new(path, "reason", json_string(hsr_drop_name(p->reason)));
        json_object_set_new(path, "by", json_string(p->by_firmware ? "firmware" : "nic"));
    }
    json_array_append_new(t->rows, path);
}

static int show(struct trace *t)
{
    struct ctl *ctl = t->c.ctl;
    int rc;

    if (!ctl->json) {
        rc = pth_each(t->paths, print_path, t);
        printf("%" PRIu64 " packets; missed: %" PRIu64 " records for want of room, %" PRIu64
               " packets over the rate\n",
               t->c.packets, t->missed, t->over_rate);
    } else {
        t->rows = json_array();
        rc = pth_each(t->paths, add_path, t);
        json_t *o = json_pack("{s:I, s:I, s:I, s:I, s:o}", "packets", (json_int_t)t->c.packets,
                              "made_by_avsd", (json_int_t)pth_made(t->paths), "missed",
                              (json_int_t)t->missed, "over_rate", (json_int_t)t->over_rate, "paths",
                              t->rows);

        print_json(ctl, o);
        json_decref(o);
    }
    return rc ? fail(ctl, EXIT_FAILED, "ENOMEM", NULL, "out of memory") : EXIT_OK;
}

static json_t *params_of(const struct ctl *ctl, const char *filter, long rate)
{
    return json_pack("{s:s, s:s*, s:s*, s:I, s:I, s:b}", "filter", filter, "vpc",
                     option_value(ctl, "vpc"), "port", option_value(ctl, "port"), "snap",
                     (json_int_t)SNAP, "rate", (json_int_t)rate, "drop_only", 0);
}

int cmd_trace(struct ctl *ctl)
{
    struct trace t = {.c = {.ctl = ctl, .buffer = 32, .take = take, .flush = flush, .end = end}};
    long rate;
    int code;

    t.c.arg = &t;
    if (!option_number(ctl, "count", 1, MOST, DEFAULT, &t.c.count) ||
        !option_number(ctl, "rate", 0, 1000000000, 10000, &rate) ||
        !option_seconds(ctl, "duration", 10, &t.c.seconds)) {
        return EXIT_USAGE;
    }
    if (!option_value(ctl, "duration")) {
        t.c.seconds = 10;
    }
    t.paths = pth_open((uint32_t)t.c.count);
    char *filter = join_words(ctl, 0);

    if (!t.paths || !filter) {
        code = fail(ctl, EXIT_FAILED, "ENOMEM", NULL, "out of memory");
    } else {
        t.c.began = ctl->json ? NULL : "tracing; ^C ends it";
        code = capturing_run(&t.c, params_of(ctl, filter, rate));
        code = t.c.names && show(&t) && code == EXIT_OK ? EXIT_FAILED : code;
    }
    free(filter);
    pth_close(t.paths);
    json_decref(t.c.names);
    return code;
}

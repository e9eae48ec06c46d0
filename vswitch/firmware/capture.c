/* SPDX-License-Identifier: Apache-2.0 */
/* Captures: from what is asked to taps of each worker and of the NIC. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "capture/filter.h"
#include "internal.h"

/* The area's rings: one for each worker there may be, then the NIC's. */
_Static_assert(CAP_RINGS > HSR_MAX_WORKERS, "a ring for each worker, and the NIC's");

static int look_up(const struct fw *fw, const struct ctl_capture *want, struct cap_spec *spec,
                   char why[CAP_WHY])
{
    spec->port = spec->context = CAP_ANY;
    for (uint32_t i = 0; want->port[0] != '\0' && i < HSR_MAX_PORTS; i++)
        if (strcmp(fw_port_name(fw, (uint16_t)i), want->port) == 0)
            spec->port = i;
    for (uint32_t i = 0; want->vpc[0] != '\0' && fw->cfg != NULL && i < fw->cfg->vpcs; i++)
        if (strcmp(fw->cfg->vpc[i].name, want->vpc) == 0)
            spec->context = fw->cfg->vpc[i].context;
    if (want->port[0] != '\0' && spec->port == CAP_ANY) {
        snprintf(why, CAP_WHY, "no port '%s'", want->port);
        return -ENOENT;
    }
    if (want->vpc[0] != '\0' && spec->context == CAP_ANY) {
        snprintf(why, CAP_WHY, "no VPC '%s'", want->vpc);
        return -ENOENT;
    }
    return 0;
}

static int make_spec(const struct fw *fw, const struct ctl_capture *want, struct cap_spec *spec,
                     char why[CAP_WHY])
{
    int rc;

    memset(spec, 0, sizeof *spec);
    rc = look_up(fw, want, spec, why);
    if (rc < 0)
        return rc;
    spec->points = want->points;
    spec->snap = want->snap;
    spec->rate = want->rate;
    spec->drop_only = want->drop_only;
    return cap_filter(spec, want->filter, why);
}

uint64_t (*fw_clock(const struct fw *fw))(void)
{
    uint64_t now = hsr_view_now(fw->view), ours = fw->clock != NULL ? fw->clock() : 0;

    return ours - now + 1000000000 < 2000000000 ? fw->clock : NULL;
}

uint64_t fw_capture_now(const struct fw *fw)
{
    uint64_t (*clock)(void) = fw_clock(fw);

    return clock != NULL ? clock() : hsr_view_now(fw->view);
}

static void install(struct dp_worker *w, void *arg)
{
    dp_worker_show(w, arg);
}

/* Each worker looks at the captures that run now; the list it had before is nobody's behind it. */
static void show_all(struct fw *fw)
{
    for (uint32_t w = 0; w < fw->workers; w++) {
        struct dp_show *show = &fw->show[w][fw->shows % 2];

        *show = (struct dp_show){.clock = fw_clock(fw)};
        for (uint32_t i = 0; i < CAP_TAPS; i++)
            if (fw->capture[i].tap[w] != NULL)
                show->taps.tap[show->taps.n++] = fw->capture[i].tap[w];
        dp_run(fw->worker[w], install, show->taps.n > 0 ? show : NULL);
    }
    fw->shows++;
}

static void release(struct fw_capture *c)
{
    for (uint32_t w = 0; w < HSR_MAX_WORKERS; w++) {
        cap_tap_close(c->tap[w]);
        c->tap[w] = NULL;
    }
    if (c->area.map != NULL)
        cap_area_end(&c->area);
    cap_area_close(&c->area);
    c->id = 0;
}

static int open_taps(struct fw *fw, struct fw_capture *c, const struct cap_spec *spec)
{
    int rc = 0;

    if (c->area.rings < fw->workers + 1)
        return -EINVAL;
    for (uint32_t w = 0; rc == 0 && w < fw->workers; w++)
        rc = cap_tap_open(&c->tap[w], spec, &c->area, w);
    return rc;
}

/* Its number at the NIC. */
static uint32_t place(const struct fw *fw, const struct fw_capture *c)
{
    return (uint32_t)(c - fw->capture);
}

static void stop(struct fw *fw, struct fw_capture *c)
{
    struct cap_tap *tap[HSR_MAX_WORKERS];

    fw->nic_ops->capture_set(fw->nic, place(fw, c), -1);
    memcpy(tap, c->tap, sizeof tap);
    memset(c->tap, 0, sizeof c->tap);
    show_all(fw);
    memcpy(c->tap, tap, sizeof tap);
    release(c);
}

int fw_capture_start(struct fw *fw, const struct ctl_capture *want, int memfd, uint32_t *id,
                     bool *nic, char why[CAP_WHY])
{
    static uint32_t serial; /* of all captures of this process: who stops one, may be late */
    struct cap_spec spec;
    struct fw_capture *c = NULL;
    int rc = make_spec(fw, want, &spec, why);

    if (rc < 0)
        return rc;
    for (uint32_t i = 0; c == NULL && i < CAP_TAPS; i++)
        if (fw->capture[i].id == 0)
            c = &fw->capture[i];
    if (c == NULL) {
        snprintf(why, CAP_WHY, "%d captures run already", CAP_TAPS);
        return -EBUSY;
    }
    rc = cap_area_map(&c->area, memfd);
    if (rc == 0)
        rc = open_taps(fw, c, &spec);
    if (rc < 0) {
        snprintf(why, CAP_WHY, "the descriptor is not memory to capture into");
        release(c);
        return rc;
    }
    *id = c->id = ++serial;
    cap_area_put_spec(&c->area, &spec, sizeof spec);
    rc = fw->nic_ops->capture_set(fw->nic, place(fw, c), memfd);
    *nic = rc == 0;
    if (rc < 0 && rc != -EOPNOTSUPP) {
        snprintf(why, CAP_WHY, "the NIC: %s", strerror(-rc));
        stop(fw, c);
        return rc;
    }
    show_all(fw);
    return 0;
}

void fw_capture_stop(struct fw *fw, uint32_t id)
{
    for (uint32_t i = 0; i < CAP_TAPS; i++)
        if (id != 0 && fw->capture[i].id == id)
            stop(fw, &fw->capture[i]);
}

void fw_captures_close(struct fw *fw)
{
    for (uint32_t i = 0; i < CAP_TAPS; i++)
        if (fw->capture[i].id != 0)
            stop(fw, &fw->capture[i]);
}

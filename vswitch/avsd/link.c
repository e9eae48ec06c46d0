/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attached NIC, and the next one when it goes. Sessions lie in memory that both have a hold of: the NIC keeps it when
 * we go, and we bring it along to the next NIC. A new NIC means new rings, clock and counters, so the firmware is made
 * anew on it and adopts the sessions as after a crash of its own; the old one answers until that is done.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "avsd.h"
#include "log/log.h"

AVS_LOG_MODULE(log_link, "link");

#define ARENA_NAME    "avsd"
#define RETRY_MS      50 /* at first, twice as long each time */
#define RETRY_MOST_MS 1000

/*
 * The memory for sessions that the NIC keeps for us. One that keeps none is no reason not to start: then sessions end with
 * us.
 */
static int open_arena(struct avsd *d, const struct cfg_options *options, char why[NIC_WHY])
{
    const struct hsr_view *view = &d->attach->region.view;
    const struct fw_arena_config config = {.workers = view->workers,
                                           .used = cfg_workers_max(options),
                                           .sessions = options->sessions,
                                           .hash_secret = view->hash_secret};
    bool kept;
    int fd;

    if (hsr_attach_arena(d->attach, ARENA_NAME, fw_arena_size(view->workers, options->sessions),
                         FW_ARENA_LAYOUT, &fd, &kept, why) < 0) {
        AVS_LOG(log_link, AVS_LOG_WARN, "the NIC keeps no sessions for us",
                avs_log_str("why", why));
        return 0;
    }
    int rc = fw_arena_open(&d->arena, fd, &config, why);

    if (rc < 0)
        return rc;
    if (fw_arena_emptied(d->arena)[0] != '\0')
        AVS_LOG(log_link, AVS_LOG_WARN, "sessions of a former avsd are not taken over",
                avs_log_str("why", fw_arena_emptied(d->arena)));
    d->former = fw_arena_names(d->arena);
    return d->former == NULL ? -ENOMEM : 0;
}

static void use(const struct avsd *d, struct hsr_attach *at, struct fw_config *fw)
{
    fw->view = &at->region.view;
    fw->nic_ops = &fw_nic_attached;
    fw->nic = at;
    fw->clock = avsd_clock;
    fw->arena = d->arena;
    memcpy(fw->rx_doorbell, at->rx_doorbell, sizeof fw->rx_doorbell);
    memcpy(fw->tx_doorbell, at->tx_doorbell, sizeof fw->tx_doorbell);
}

/* NULL with a text. */
static struct hsr_attach *attach(const struct avsd *d, uint32_t workers, char why[NIC_WHY])
{
    struct hsr_attach *at = calloc(1, sizeof *at);

    if (at == NULL) {
        snprintf(why, NIC_WHY, "out of memory");
        return NULL;
    }
    hsr_no_dump(at, sizeof *at);
    if (hsr_attach_open(at, d->options->nic, workers, "avsd " AVS_VERSION, why) < 0) {
        free(at);
        at = NULL;
    }
    return at;
}

static void detach(struct hsr_attach *at)
{
    if (at != NULL)
        hsr_attach_close(at);
    free(at);
}

int avsd_attach(struct avsd *d, const struct cfg_options *options, struct fw_config *fw,
                char why[NIC_WHY])
{
    d->attach = attach(d, cfg_workers_max(options), why);
    if (d->attach == NULL)
        return -1;
    int rc = open_arena(d, options, why);

    use(d, d->attach, fw);
    return rc;
}

void avsd_detach(struct avsd *d)
{
    detach(d->attach);
    fw_arena_close(d->arena);
    cfg_free(d->former);
}

/* ---- another NIC ---- */

/* What the next NIC gets from us: the secret that says which worker has a session, and the memory to keep. */
static int bring_along(struct avsd *d, struct hsr_attach *at, char why[NIC_WHY])
{
    char text[NIC_WHY];

    if (d->arena == NULL)
        return 0;
    if (hsr_attach_hash(at, d->attach->region.view.hash_secret, text) < 0)
        AVS_LOG(log_link, AVS_LOG_WARN, "the NIC keeps its own hash", avs_log_str("why", text));
    if (hsr_attach_arena_put(at, ARENA_NAME, fw_arena_bytes(d->arena), FW_ARENA_LAYOUT,
                             fw_arena_fd(d->arena), text) < 0)
        AVS_LOG(log_link, AVS_LOG_WARN, "the NIC keeps no sessions for us",
                avs_log_str("why", text));
    int rc = fw_arena_renew(d->arena, at->region.view.hash_secret, why);

    if (rc == 0 && fw_arena_emptied(d->arena)[0] != '\0')
        AVS_LOG(log_link, AVS_LOG_WARN, "sessions end here",
                avs_log_str("why", fw_arena_emptied(d->arena)));
    return rc;
}

/* A firmware on the new NIC in place of the one on the old; the workers stand still. On failure nothing has changed. */
static int replace(struct avsd *d, struct hsr_attach *at, char why[NIC_WHY])
{
    const struct cfg_options *options = fw_options(d->fw);
    struct fw_config config = {.options = options, .threaded = true};
    struct cfg *former = d->arena != NULL ? fw_arena_names(d->arena) : NULL;
    struct fw *next;

    use(d, at, &config);
    int rc = fw_open(&next, &config, why);

    if (rc < 0) {
        cfg_free(former);
        return rc;
    }
    fw_inherit(next, d->fw);
    fw_close(d->fw);
    d->fw = next;
    detach(d->attach);
    d->attach = at;
    cfg_free(d->former);
    d->former = former;
    return 0;
}

/* The configuration that was running, on the NIC that is here now. */
static int configure(struct avsd *d, char why[NIC_WHY])
{
    struct cfg_error error = {.line = 0};
    struct cfg *cfg;
    int rc = cfg_parse(d->document, d->former, &cfg, &error);

    if (rc == 0 && (rc = fw_apply(d->fw, cfg, &error)) < 0)
        cfg_free(cfg);
    if (rc < 0) {
        snprintf(why, NIC_WHY, "%s", error.text);
        return rc;
    }
    uint32_t lost = fw_restore_rules(d->fw);

    if (lost > 0)
        AVS_LOG(log_link, AVS_LOG_WARN, "rules that the NIC does not take any more",
                avs_log_u64("rules", lost));
    return 0;
}

static int reattach(struct avsd *d, char why[NIC_WHY])
{
    struct hsr_attach *at = attach(d, fw_workers(d->fw), why);

    if (at == NULL)
        return -1;
    avsd_threads_stop(d);
    int rc = bring_along(d, at, why);

    if (rc == 0)
        rc = replace(d, at, why);
    if (rc < 0)
        detach(at);
    int started = avsd_threads_start(d);

    if (started < 0)
        snprintf(why, NIC_WHY, "cannot start the workers: %s", strerror(-started));
    if (rc == 0)
        rc = started;
    return rc < 0 ? rc : configure(d, why);
}

void avsd_tell_adoption(const struct avsd *d)
{
    const struct fw_adoption *a = fw_adoption(d->fw);
    uint64_t discarded = 0;

    if (!a->looked)
        return;
    for (unsigned what = SES_ADOPTED + 1; what < SES_ADOPTIONS; what++)
        discarded += a->count[what];
    AVS_LOG(log_link, AVS_LOG_INFO, "sessions taken over",
            avs_log_u64("adopted", a->count[SES_ADOPTED]), avs_log_u64("discarded", discarded),
            avs_log_u64("us", a->ns / 1000));
}

/* ---- watching ---- */

static void watch(struct avsd *d);

static void wait_for_next(struct avsd *d)
{
    const struct timeval wait = {.tv_sec = d->link.wait_ms / 1000,
                                 .tv_usec = (suseconds_t)(d->link.wait_ms % 1000) * 1000};

    evtimer_add(d->link.retry, &wait);
    d->link.wait_ms = d->link.wait_ms * 2 > RETRY_MOST_MS ? RETRY_MOST_MS : d->link.wait_ms * 2;
}

static void on_retry(evutil_socket_t none, short what, void *arg)
{
    struct avsd *d = arg;
    char why[NIC_WHY] = "";

    (void)none;
    (void)what;
    if (reattach(d, why) == 0) {
        AVS_LOG(log_link, AVS_LOG_INFO, "attached again", avs_log_str("nic", d->options->nic));
        avsd_tell_adoption(d);
        d->link.lost = false;
        watch(d);
        return;
    }
    if (strcmp(why, d->link.said) != 0) /* once, however often it is tried */
        AVS_LOG(log_link, AVS_LOG_WARN, "no NIC yet", avs_log_str("why", why));
    snprintf(d->link.said, sizeof d->link.said, "%s", why);
    wait_for_next(d);
}

/* The attach socket speaks only when spoken to: what comes unasked is the end, or the answer to what we gave up. */
static void on_readable(evutil_socket_t sock, short what, void *arg)
{
    struct avsd *d = arg;
    union hsr_msg late;
    unsigned none = 0;

    (void)what;
    int got = hsr_msg_recv((int)sock, &late, NULL, &none);

    if (got == 1 || got == -EAGAIN)
        return;
    AVS_LOG(log_link, AVS_LOG_ERROR, "the NIC is gone: keeping sessions, waiting for the next",
            avs_log_str("nic", d->options->nic));
    event_free(d->link.readable);
    d->link.readable = NULL;
    d->link.lost = true;
    d->link.wait_ms = RETRY_MS;
    d->link.said[0] = '\0';
    wait_for_next(d);
}

static void watch(struct avsd *d)
{
    d->link.readable =
        event_new(d->link.base, d->attach->sock, EV_READ | EV_PERSIST, on_readable, d);
    if (d->link.readable != NULL)
        event_add(d->link.readable, NULL);
}

int avsd_link_watch(struct avsd *d, struct event_base *base)
{
    d->link.base = base;
    d->link.retry = evtimer_new(base, on_retry, d);
    if (d->link.retry == NULL)
        return -ENOMEM;
    watch(d);
    return d->link.readable != NULL ? 0 : -ENOMEM;
}

void avsd_link_end(struct avsd *d)
{
    if (d->link.readable != NULL)
        event_free(d->link.readable);
    if (d->link.retry != NULL)
        event_free(d->link.retry);
}

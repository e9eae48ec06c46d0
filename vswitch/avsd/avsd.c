/* SPDX-License-Identifier: Apache-2.0 */
/* Start, serve, stop: the parts in order, and back. */
#include "avsd.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/server.h"
#include "log/log.h"
#include "nic/eal.h"

AVS_LOG_MODULE(log_avsd, "avsd");

#define ARENA_NAME "avsd"

static int open_embedded(struct avsd *d, const struct cfg_options *options, struct fw_config *fw,
                         char why[NIC_WHY])
{
    struct nic_config config;

    nic_config_default(&config, options->workers);
    config.max_vector = options->vector;
    int rc = nic_open(&d->nic, &config, why);

    if (rc < 0)
        return rc;
    fw->view = &nic_region(d->nic)->view;
    fw->nic_ops = &fw_nic_embedded;
    fw->nic = d->nic;
    for (uint32_t w = 0; w < options->workers; w++) {
        fw->rx_doorbell[w] = nic_rx_doorbell(d->nic, w);
        fw->tx_doorbell[w] = nic_tx_doorbell(d->nic, w);
    }
    return 0;
}

/*
 * The memory for sessions that the NIC keeps for us. One that keeps none (a DPU's, or one that is short of memory) is no
 * reason not to start: then sessions end with us.
 */
static int open_arena(struct avsd *d, const struct cfg_options *options, struct fw_config *fw,
                      char why[NIC_WHY])
{
    uint32_t workers = d->attach.region.view.workers;
    bool kept;
    int fd;

    if (hsr_attach_arena(&d->attach, ARENA_NAME, fw_arena_size(workers, options->sessions),
                         FW_ARENA_LAYOUT, &fd, &kept, why) < 0) {
        AVS_LOG(log_avsd, AVS_LOG_WARN, "the NIC keeps no sessions for us",
                avs_log_str("why", why));
        return 0;
    }
    int rc = fw_arena_open(&d->arena, fd, workers, options->sessions, options->workers, why);

    if (rc < 0)
        return rc;
    fw->arena = d->arena;
    if (fw_arena_emptied(d->arena)[0] != '\0')
        AVS_LOG(log_avsd, AVS_LOG_WARN, "sessions of a former avsd are not taken over",
                avs_log_str("why", fw_arena_emptied(d->arena)));
    d->former = fw_arena_names(d->arena);
    return d->former == NULL ? -ENOMEM : 0;
}

static int open_attached(struct avsd *d, const struct cfg_options *options, struct fw_config *fw,
                         char why[NIC_WHY])
{
    int rc =
        hsr_attach_open(&d->attach, d->options->nic, options->workers, "avsd " AVS_VERSION, why);

    if (rc < 0)
        return rc;
    d->attached = true;
    fw->view = &d->attach.region.view;
    fw->nic_ops = &fw_nic_attached;
    fw->nic = &d->attach;
    memcpy(fw->rx_doorbell, d->attach.rx_doorbell, sizeof fw->rx_doorbell);
    memcpy(fw->tx_doorbell, d->attach.tx_doorbell, sizeof fw->tx_doorbell);
    return open_arena(d, options, fw, why);
}

static int open_datapath(struct avsd *d, const struct cfg_options *options, char why[NIC_WHY])
{
    struct fw_config fw = {.options = options, .threaded = true};
    int rc = nic_eal_init(NIC_EAL_HUGE | (d->options->telemetry ? NIC_EAL_TELEMETRY : 0), why);

    if (rc == 0)
        rc = d->options->nic == NULL ? open_embedded(d, options, &fw, why)
                                     : open_attached(d, options, &fw, why);
    if (rc == 0)
        rc = fw_open(&d->fw, &fw, why);
    if (rc == 0 && (rc = avsd_threads_start(d)) < 0)
        snprintf(why, NIC_WHY, "cannot start the workers: %s", strerror(-rc));
    return rc;
}

static void on_signal(evutil_socket_t signal, short what, void *base)
{
    (void)signal;
    (void)what;
    event_base_loopexit(base, NULL);
}

struct nic_watch {
    struct event_base *base;
    bool lost;
};

/* The attach socket speaks only when spoken to: readable while nobody asked means that the NIC is gone. */
static void on_nic(evutil_socket_t sock, short what, void *arg)
{
    struct nic_watch *watch = arg;

    (void)sock;
    (void)what;
    AVS_LOG(log_avsd, AVS_LOG_ERROR, "the NIC closed the attach socket: stopping");
    watch->lost = true;
    event_base_loopexit(watch->base, NULL);
}

static int loop(struct avsd *d, struct event_base *base)
{
    struct nic_watch watch = {.base = base};
    struct event *events[3] = {evsignal_new(base, SIGTERM, on_signal, base),
                               evsignal_new(base, SIGINT, on_signal, base), NULL};

    if (d->attached)
        events[2] = event_new(base, d->attach.sock, EV_READ, on_nic, &watch);
    for (unsigned i = 0; i < 3; i++)
        if (events[i] != NULL)
            event_add(events[i], NULL);
    event_base_dispatch(base);
    for (unsigned i = 0; i < 3; i++)
        if (events[i] != NULL)
            event_free(events[i]);
    /* Stopping in order has begun: a second signal must not leave sockets behind. */
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    return watch.lost ? AVSD_FAILED : AVSD_OK;
}

static void tell_adoption(const struct avsd *d)
{
    const struct fw_adoption *a = fw_adoption(d->fw);
    uint64_t discarded = 0;

    if (!a->looked)
        return;
    for (unsigned what = SES_ADOPTED + 1; what < SES_ADOPTIONS; what++)
        discarded += a->count[what];
    AVS_LOG(log_avsd, AVS_LOG_INFO, "sessions of a former avsd taken over",
            avs_log_u64("adopted", a->count[SES_ADOPTED]), avs_log_u64("discarded", discarded),
            avs_log_u64("us", a->ns / 1000));
}

static int serve(struct avsd *d, const json_t *document)
{
    struct cfg_error error = {.line = 0};
    struct ctl_backend backend;
    struct event_base *base = event_base_new();
    struct ctl_server *server;
    int rc = AVSD_FAILED;

    avsd_backend(d, &backend);
    server = base != NULL
                 ? ctl_server_open(base, d->options->socket, d->options->state, &backend, &error)
                 : NULL;
    if (server == NULL) {
        fprintf(stderr, "avsd: %s\n", error.text);
    } else if (ctl_apply(server, document, &error) < 0) {
        cfg_error_print(stderr, "avsd", NULL, NULL, &error);
        rc = AVSD_CONFIG;
    } else if (avsd_observe(d, base) == 0) {
        tell_adoption(d);
        AVS_LOG(log_avsd, AVS_LOG_INFO, "ready", avs_log_str("socket", d->options->socket),
                avs_log_str("nic", d->nic != NULL ? "embedded" : d->options->nic),
                avs_log_u64("start_us", (avsd_clock() - d->started) / 1000));
        rc = loop(d, base);
    }
    avsd_observe_end(d);
    if (server != NULL)
        ctl_server_close(server);
    if (base != NULL)
        event_base_free(base);
    return rc;
}

int avsd_main(const struct avsd_options *options)
{
    struct avsd d = {.options = options, .started = avsd_clock()};
    json_t *document = NULL;
    struct cfg *cfg = NULL;
    char why[NIC_WHY] = "";
    int rc = avsd_load(options, &document, &cfg);

    if (rc != AVSD_OK)
        return rc;
    signal(SIGPIPE, SIG_IGN);
    if (open_datapath(&d, &cfg->options, why) < 0) {
        fprintf(stderr, "avsd: %s\n", why);
        rc = AVSD_FAILED;
    } else {
        rc = serve(&d, document);
    }
    avsd_threads_stop(&d);
    fw_close(d.fw);
    fw_arena_close(d.arena);
    cfg_free(d.former);
    nic_close(d.nic);
    if (d.attached)
        hsr_attach_close(&d.attach);
    json_decref(d.document);
    json_decref(document);
    cfg_free(cfg);
    return rc;
}

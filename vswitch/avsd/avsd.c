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
#include "nic/helper.h"

AVS_LOG_MODULE(log_avsd, "avsd");

static int open_embedded(struct avsd *d, const struct cfg_options *options, struct fw_config *fw,
                         char why[NIC_WHY])
{
    struct nic_config config;

    nic_config_default(&config, cfg_workers_max(options));
    config.max_vector = options->vector;
    config.clock = avsd_clock;
    if (d->options->slice != NULL)
        nic_config_slice(&config, d->options->slice);
    if (d->options->flow_index != NULL)
        nic_config_flow_index(&config, d->options->flow_index);
    int rc = nic_open(&d->nic, &config, why);

    explicit_bzero(config.geometry.hash_secret, sizeof config.geometry.hash_secret);

    if (rc < 0)
        return rc;
    fw->view = &nic_region(d->nic)->view;
    fw->nic_ops = &fw_nic_embedded;
    fw->nic = d->nic;
    fw->clock = avsd_clock;
    for (uint32_t w = 0; w < cfg_workers_max(options); w++) {
        fw->rx_doorbell[w] = nic_rx_doorbell(d->nic, w);
        fw->tx_doorbell[w] = nic_tx_doorbell(d->nic, w);
    }
    return 0;
}

static int open_datapath(struct avsd *d, const struct cfg_options *options, char why[NIC_WHY])
{
    struct fw_config fw = {.options = options, .threaded = true};
    int rc = nic_eal_init(NIC_EAL_HUGE | (d->options->telemetry ? NIC_EAL_TELEMETRY : 0), why);

    if (rc == 0)
        rc = rights_filter(&d->rights, RIGHTS_CONTROL, why);
    if (rc == 0)
        rc = d->options->nic == NULL ? open_embedded(d, options, &fw, why)
                                     : avsd_attach(d, options, &fw, why);
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

static int loop(struct avsd *d, struct event_base *base)
{
    struct event *events[2] = {evsignal_new(base, SIGTERM, on_signal, base),
                               evsignal_new(base, SIGINT, on_signal, base)};
    int rc = d->attach != NULL ? avsd_link_watch(d, base) : 0;

    for (unsigned i = 0; i < 2; i++)
        if (events[i] != NULL)
            event_add(events[i], NULL);
    if (rc == 0)
        event_base_dispatch(base);
    for (unsigned i = 0; i < 2; i++)
        if (events[i] != NULL)
            event_free(events[i]);
    avsd_link_end(d);
    /* Stopping in order has begun: a second signal must not leave sockets behind. */
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    return rc < 0 ? AVSD_FAILED : AVSD_OK;
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
        avsd_tell_adoption(d);
        AVS_LOG(log_avsd, AVS_LOG_INFO, "ready", avs_log_str("socket", d->options->socket),
                avs_log_str("nic", d->nic != NULL ? "embedded" : d->options->nic),
                avs_log_str("user", d->rights.user),
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
    if (avsd_rights(&d, why) < 0 || open_datapath(&d, &cfg->options, why) < 0) {
        fprintf(stderr, "avsd: %s\n", why);
        rc = AVSD_FAILED;
    } else {
        rc = serve(&d, document);
    }
    avsd_threads_stop(&d);
    fw_close(d.fw);
    avsd_detach(&d);
    nic_close(d.nic);
    nic_helper_stop();
    json_decref(d.document);
    json_decref(document);
    cfg_free(cfg);
    return rc;
}

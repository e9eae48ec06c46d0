/* SPDX-License-Identifier: Apache-2.0 */
/* The firmware's life. */
#include "datapath/moving.h"
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_rcu_qsbr.h>

static int open_qsbr(struct fw *fw)
{
    size_t size = rte_rcu_qsbr_get_memsize(fw->workers);

    fw->shared.qsbr = aligned_alloc(HSR_CACHE_LINE, (size + 63) & ~(size_t)63);
    if (fw->shared.qsbr == NULL || rte_rcu_qsbr_init(fw->shared.qsbr, fw->workers) != 0)
        return -ENOMEM;
    for (uint32_t w = 0; w < fw->workers; w++) {
        rte_rcu_qsbr_thread_register(fw->shared.qsbr, w);
        rte_rcu_qsbr_thread_online(fw->shared.qsbr, w);
    }
    return 0;
}

static int open_worker(struct fw *fw, const struct fw_config *config, uint32_t id)
{
    struct dp_worker_config worker = {.view = config->view,
                                      .shared = &fw->shared,
                                      .id = id,
                                      .sessions = fw->options.sessions,
                                      .quota = fw->options.quota,
                                      .timeouts = fw->options.timeouts,
                                      .memory =
                                          fw->arena != NULL ? fw_arena_memory(fw->arena, id) : NULL,
                                      .fast_path = fw->options.fast_path,
                                      .rx_doorbell = config->rx_doorbell[id],
                                      .tx_doorbell = config->tx_doorbell[id]};

    fw->worker[id] = dp_worker_open(&worker);
    return fw->worker[id] == NULL ? -errno : 0;
}

static void copy_worker(struct dp_worker *w, void *arg)
{
    struct fw_worker_stats *to = arg;

    memcpy(to->ledger, dp_ledger(w), sizeof to->ledger);
    to->counters = *dp_counters(w);
    memcpy(to->nat, dp_nat(w), sizeof to->nat);
    to->sessions = *ses_stats(dp_sessions(w));
    dp_levels(w, to->level);
    dp_rings(w, &to->rx_waiting, &to->tx_waiting);
    for (uint16_t port = 0; port < HSR_MAX_PORTS; port++) {
        to->opened[port] = ses_port_count(dp_sessions(w), port);
        to->charged[port] = ses_port_charged(dp_sessions(w), port);
    }
    to->corrupt = dp_corrupt(w);
    to->empty = dp_empty(w);
}

/* The NIC writes its counters and gauges while we read: word by word, each whole. */
static void copy_nic(struct fw *fw)
{
    const uint64_t *from = (const uint64_t *)fw->view->stats;
    uint64_t *to = (uint64_t *)fw->nic_stats;

    for (size_t i = 0; i < HSR_MAX_PORTS * sizeof *fw->nic_stats / sizeof *to; i++)
        to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
    for (unsigned g = 0; g < HSR_GAUGE_COUNT; g++)
        fw->nic_gauges[g] = hsr_view_gauge(fw->view, (enum hsr_gauge)g);
}

void fw_sync(struct fw *fw)
{
    fw->nic_ops->sync(fw->nic);
    copy_nic(fw);
    for (uint32_t w = 0; w < fw->workers; w++)
        dp_run(fw->worker[w], copy_worker, &fw->worker_stats[w]);
}

static void note_base(struct fw *fw)
{
    fw->nic_ops->sync(fw->nic);
    copy_nic(fw);
    for (uint32_t i = 0; i < HSR_MAX_PORTS; i++) {
        const struct hsr_port_stats *s = &fw->nic_stats[i];

        fw->base[i] =
            (struct fw_base){.pre_ring = s->pre_ring, .post_in = s->post_ring + s->post_originated};
    }
}

static int open_stats(struct fw *fw)
{
    fw->nic_stats = aligned_alloc(HSR_CACHE_LINE, HSR_MAX_PORTS * sizeof *fw->nic_stats);
    fw->worker_stats = calloc(fw->workers, sizeof *fw->worker_stats);
    return fw->nic_stats == NULL || fw->worker_stats == NULL ? -ENOMEM : 0;
}

int fw_open(struct fw **out, const struct fw_config *config, char why[NIC_WHY])
{
    struct fw *fw = calloc(1, sizeof *fw);
    int rc = fw == NULL ? -ENOMEM : 0;

    if (fw != NULL) {
        TAILQ_INIT(&fw->rules.list);
        fw->view = config->view;
        fw->nic_ops = config->nic_ops;
        fw->nic = config->nic;
        fw->options = *config->options;
        fw->workers = cfg_workers_max(&fw->options);
        fw->options.workers_max = fw->workers;
        fw->threaded = config->threaded;
        fw->clock = config->clock;
        fw->arena = config->arena;
        fw->opened_at = rte_rdtsc();
        for (uint32_t i = 0; i < FW_OFFERS; i++)
            fw->offer[i].fd = -1;
        rc = open_stats(fw);
        if (rc == 0)
            rc = dp_shared_open(&fw->shared, fw->workers, fw->view);
        if (rc == 0) {
            fw->running = fw->options.workers;
            dp_share_out(&fw->shared, fw->running);
            fw->parcel = dp_parcel_open();
            rc = fw->parcel == NULL ? -ENOMEM : 0;
        }
        if (rc == 0 && fw->threaded)
            rc = open_qsbr(fw);
        for (uint32_t w = 0; rc == 0 && w < fw->workers; w++)
            rc = open_worker(fw, config, w);
    }
    if (rc == 0)
        note_base(fw);
    if (rc < 0) {
        snprintf(why, NIC_WHY, "cannot set up the workers: %s", strerror(-rc));
        fw_close(fw);
        return rc;
    }
    *out = fw;
    return 0;
}

void fw_close(struct fw *fw)
{
    if (fw == NULL)
        return;
    fw_captures_close(fw);
    fw_latency_close(fw);
    for (uint32_t w = 0; w < fw->workers; w++)
        dp_worker_close(fw->worker[w]);
    for (uint32_t i = 0; i < FW_OFFERS; i++)
        if (fw->offer[i].fd >= 0)
            close(fw->offer[i].fd);
    fw_rules_close(fw);
    pol_free(fw->policy);
    cfg_free(fw->cfg);
    free(fw->shared.qsbr);
    dp_shared_close(&fw->shared);
    dp_parcel_close(fw->parcel);
    free(fw->nic_stats);
    free(fw->worker_stats);
    free(fw);
}

void fw_inherit(struct fw *next, struct fw *fw)
{
    fw_rules_inherit(next, fw);
    if (fw_latency_on(fw))
        fw_latency_set(next, true);
    memcpy(&next->shared.neighbors, &fw->shared.neighbors, sizeof next->shared.neighbors);
}

struct dp_worker *fw_worker(struct fw *fw, uint32_t id)
{
    return id < fw->workers ? fw->worker[id] : NULL;
}

const struct cfg_options *fw_options(const struct fw *fw)
{
    return &fw->options;
}

uint32_t fw_workers(const struct fw *fw)
{
    return fw->workers;
}

const struct cfg *fw_cfg(const struct fw *fw)
{
    return fw->cfg;
}

const char *fw_port_name(const struct fw *fw, uint16_t index)
{
    for (uint32_t i = 0; fw->cfg != NULL && i < fw->cfg->ports; i++)
        if (fw->cfg->port[i].index == index)
            return fw->cfg->port[i].name;
    return "";
}

int fw_offer_fd(struct fw *fw, const char *port, int fd)
{
    for (uint32_t i = 0; i < FW_OFFERS; i++) {
        if (fw->offer[i].fd >= 0)
            continue;
        snprintf(fw->offer[i].port, sizeof fw->offer[i].port, "%s", port);
        fw->offer[i].fd = fd;
        return 0;
    }
    close(fd);
    return -ENOSPC;
}

int fw_take_offer(struct fw *fw, const char *port)
{
    for (uint32_t i = 0; i < FW_OFFERS; i++) {
        if (fw->offer[i].fd >= 0 && strcmp(fw->offer[i].port, port) == 0) {
            int fd = fw->offer[i].fd;

            fw->offer[i].fd = -1;
            return fd;
        }
    }
    return -1;
}

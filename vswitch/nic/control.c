/* SPDX-License-Identifier: Apache-2.0 */
/* Control functions of the NIC, and how they reach its poll thread. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hsring/owner.h"
#include "nic_internal.h"

void nic_threaded(struct nic *nic, bool on)
{
    atomic_store(&nic->threaded, on);
}

void nic_run_pending(struct nic *nic)
{
    struct nic_call *call = atomic_exchange(&nic->pending, NULL);

    if (call != NULL) {
        call->result = call->run(nic, call->arg);
        atomic_store_explicit(&call->done, true, memory_order_release);
    }
}

int nic_run(struct nic *nic, int (*run)(struct nic *nic, void *arg), void *arg)
{
    struct nic_call call = {.run = run, .arg = arg};
    struct timespec pause = {.tv_nsec = 20000};
    uint64_t one = 1;

    if (!atomic_load(&nic->threaded))
        return run(nic, arg);
    atomic_store(&nic->pending, &call);
    if (write(nic->wake, &one, sizeof one) < 0)
        return -errno;
    while (!atomic_load_explicit(&call.done, memory_order_acquire))
        nanosleep(&pause, NULL);
    return call.result;
}

/* The poll thread must ask ports it cannot wait for. */
static void note_must_poll(struct nic *nic)
{
    nic->must_poll = false;
    for (uint32_t i = 0; i < nic->actives; i++) {
        uint16_t index = nic->active[i];

        if (!nic_ready_by_fd(&nic->ready, index) &&
            nic->port[index]->port.config.kind != HSR_PORT_KIND_NULL)
            nic->must_poll = true;
    }
}

static int insert_port(struct nic *nic, void *arg)
{
    struct nic_slot_port *p = arg;
    int rc = nic_ready_add(&nic->ready, &p->port);

    if (rc < 0)
        return rc;
    nic->port[p->port.config.index] = p;
    nic->active[nic->actives++] = p->port.config.index;
    if (p->port.config.index >= nic->ledgers)
        nic->ledgers = p->port.config.index + 1u;
    nic_credit_promise(nic);
    hsr_view_set_port_up(&nic->region.view, p->port.config.index, nic_has_link(&p->port));
    note_must_poll(nic);
    return 0;
}

static int remove_port(struct nic *nic, void *arg)
{
    struct nic_slot_port *p = arg;
    uint16_t index = p->port.config.index;

    nic_publish(nic);
    pp_rules_forget_port(nic->pre.rules, index);
    pp_targets_set(nic->pre.targets, index, NULL);
    hsr_view_set_port_up(&nic->region.view, index, false);
    nic_ready_remove(&nic->ready, &p->port);
    nic->port[index] = NULL;
    for (uint32_t i = 0; i < nic->actives; i++)
        if (nic->active[i] == index)
            nic->active[i] = nic->active[--nic->actives];
    nic_credit_promise(nic);
    note_must_poll(nic);
    return 0;
}

int nic_port_add(struct nic *nic, const struct nic_port_config *config, int fd, char why[NIC_WHY])
{
    const struct nic_port_ops *ops = nic_port_ops(config->kind);
    struct nic_slot_port *p = NULL;
    int rc = -EINVAL;

    if (ops == NULL) {
        snprintf(why, NIC_WHY, "port %s: kind %d is not one this NIC has", config->name,
                 (int)config->kind);
    } else if (config->index >= HSR_MAX_PORTS) {
        snprintf(why, NIC_WHY, "port %s: index %u is out of range", config->name, config->index);
    } else if (nic->port[config->index] != NULL) {
        snprintf(why, NIC_WHY, "port %s: index %u is in use", config->name, config->index);
    } else if ((p = calloc(1, sizeof *p)) == NULL) {
        snprintf(why, NIC_WHY, "port %s: out of memory", config->name);
    }
    if (p == NULL) {
        if (fd >= 0)
            close(fd);
        return rc;
    }
    p->port.config = *config;
    p->port.ops = ops;
    rc = ops->open(&p->port, fd, why);
    if (rc < 0) {
        if (fd >= 0)
            close(fd);
        free(p);
        return rc;
    }
    rc = nic_run(nic, insert_port, p);
    if (rc < 0) {
        snprintf(why, NIC_WHY, "port %s: cannot wait for it: %s", config->name, strerror(-rc));
        ops->close(&p->port);
        free(p);
    }
    return rc;
}

int nic_port_del(struct nic *nic, uint16_t index)
{
    struct nic_slot_port *p = index < HSR_MAX_PORTS ? nic->port[index] : NULL;

    if (p == NULL)
        return -ENOENT;
    nic_rules_forget_port(nic, index);
    nic_run(nic, remove_port, p);
    p->port.ops->close(&p->port);
    free(p);
    return 0;
}

static int set_port(struct nic *nic, void *arg)
{
    const struct nic_port_config *config = arg;
    struct nic_slot_port *p = nic->port[config->index];

    p->port.config.share = config->share;
    p->port.config.min_slots = config->min_slots;
    memcpy(p->port.config.mac, config->mac, sizeof config->mac);
    p->port.config.rx_pps = config->rx_pps;
    p->port.config.rx_kbps = config->rx_kbps;
    p->port.config.bad_pps = config->bad_pps;
    nic_credit_promise(nic);
    return 0;
}

int nic_port_set(struct nic *nic, const struct nic_port_config *config)
{
    struct nic_port_config wanted = *config;

    if (config->index >= HSR_MAX_PORTS || nic->port[config->index] == NULL)
        return -ENOENT;
    return nic_run(nic, set_port, &wanted);
}

struct context_call {
    enum hsr_tunnel tunnel;
    uint32_t vni, context;
};

static int set_context(struct nic *nic, void *arg)
{
    const struct context_call *c = arg;

    return pp_tables_context(&nic->pre.tables, c->tunnel, c->vni, c->context);
}

int nic_context_set(struct nic *nic, enum hsr_tunnel tunnel, uint32_t vni, uint32_t context)
{
    struct context_call c = {.tunnel = tunnel, .vni = vni, .context = context};

    return nic_run(nic, set_context, &c);
}

struct vtep_call {
    const uint8_t *addr;
    uint8_t family;
    bool remove;
};

static int set_vtep(struct nic *nic, void *arg)
{
    const struct vtep_call *c = arg;

    return pp_tables_vtep(&nic->pre.tables, c->addr, c->family, c->remove);
}

int nic_vtep_set(struct nic *nic, const uint8_t addr[16], uint8_t family, bool remove)
{
    struct vtep_call c = {.addr = addr, .family = family, .remove = remove};

    return nic_run(nic, set_vtep, &c);
}

_Static_assert(NIC_TARGETS == PP_TARGETS, "slots are charged to each of them");

struct public_call {
    const struct hsr_public *public;
    bool remove;
};

static int set_public(struct nic *nic, void *arg)
{
    const struct public_call *c = arg;

    return pp_targets_public(nic->pre.targets, c->public, c->remove);
}

int nic_public_set(struct nic *nic, const struct hsr_public *public, bool remove)
{
    struct public_call c = {.public = public, .remove = remove};

    return nic_run(nic, set_public, &c);
}

static int start(struct nic *nic, void *arg)
{
    (void)arg;
    nic->started = true;
    return 0;
}

int nic_start(struct nic *nic)
{
    return nic_run(nic, start, NULL);
}

static int stop(struct nic *nic, void *arg)
{
    (void)arg;
    nic->started = false;
    return 0;
}

int nic_stop(struct nic *nic)
{
    return nic_run(nic, stop, NULL);
}

static int sync_stats(struct nic *nic, void *arg)
{
    (void)arg;
    nic_publish(nic);
    return 0;
}

int nic_sync(struct nic *nic)
{
    return nic_run(nic, sync_stats, NULL);
}

/* A packet that was with the firmware when it went away. */
static void count_lost(void *arg, uint16_t ledger)
{
    struct nic *nic = arg;

    nic->stats[ledger].post_ring++;
    nic->stats[ledger].post_lost++;
    nic_post_drop(nic, ledger, HSR_DROP_FW_GONE);
}

static int reset(struct nic *nic, void *arg)
{
    uint32_t instance = *(const uint32_t *)arg;

    nic->started = false;
    nic->faults.corrupt_rings += nic_corrupt_rings(nic);
    while (nic_rx_vectors(nic) > 0)
        continue; /* what Pre still holds goes to the old rings, and so is counted as lost below */
    nic_owned_reset(nic);
    nic_slots_reclaim(&nic->slots, count_lost, nic);
    memset(nic->with_worker, 0, sizeof nic->with_worker);
    nic_cells_clear(&nic->kept.cells);
    pp_fit_clear(&nic->pre.fit);
    pp_tables_clear(&nic->pre.tables);
    pp_rules_clear(nic->pre.rules);
    pp_publics_clear(nic->pre.targets->publics);
    nic->owner = hsr_owner_next_epoch(nic->owner); /* what the old firmware still sends is stale */
    nic->pre.owner = nic->owner;
    hsr_region_reset(&nic->region, instance, nic->owner);
    for (uint32_t w = 0; w < nic->workers; w++) {
        for (int kind = 0; kind < HSR_RING_KINDS; kind++)
            hsr_view_ring(&nic->region.view, w, (enum hsr_ring_kind)kind, &nic->ring[w][kind],
                          nic->ring[w][kind].doorbell);
    }
    return 0;
}

int nic_reset(struct nic *nic, uint32_t instance)
{
    nic_captures_end(nic);
    nic_latency_end(nic);
    nic_rules_forget_devices(nic);
    return nic_run(nic, reset, &instance);
}

static int rehash(struct nic *nic, void *arg)
{
    const uint8_t *secret = arg;

    if (nic->started)
        return -EBUSY;
    hsr_region_rehash(&nic->region, secret);
    hsr_hash_init(&nic->pre.hash, secret);
    pp_fit_clear(&nic->pre.fit);
    return 0;
}

int nic_hash_set(struct nic *nic, const uint8_t secret[HSR_HASH_SECRET])
{
    uint8_t copy[HSR_HASH_SECRET];

    memcpy(copy, secret, sizeof copy);
    int rc = nic_run(nic, rehash, copy);

    explicit_bzero(copy, sizeof copy);
    return rc;
}

#define RETA (1u << HSR_HASH_RETA_BITS)

static int steer(struct nic *nic, void *arg)
{
    const uint8_t *ring = arg;

    while (nic_rx_vectors(nic) > 0)
        continue; /* what Pre holds was steered by the old one */
    nic->steered = 1;
    for (uint32_t i = 0; i < RETA; i++) {
        nic->pre.reta[i] = ring[i];
        if (ring[i] >= nic->steered)
            nic->steered = ring[i] + 1u;
    }
    return 0;
}

int nic_reta_set(struct nic *nic, const uint8_t *ring)
{
    uint8_t copy[RETA];

    memcpy(copy, ring, sizeof copy);
    for (uint32_t i = 0; i < RETA; i++)
        if (copy[i] >= nic->workers)
            return -EINVAL;
    return nic_run(nic, steer, copy);
}

int nic_steer(struct nic *nic, uint32_t workers)
{
    uint8_t ring[RETA];

    if (workers == 0 || workers > nic->workers)
        return -EINVAL;
    for (uint32_t i = 0; i < RETA; i++)
        ring[i] = (uint8_t)(i % workers);
    return nic_reta_set(nic, ring);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second firmware, the same program as the first: it gets a copy of each packet in rings of its own, and what it makes of them is
 * held back until the packets are its to send. Then the first one's is. Whoever owns them, guests must not notice.
 */
#include <string.h>

#include "hsring/owner.h"
#include "internal.h" /* of the datapath: its tx ring */
#include "sim.h"

#define INSTANCE 77

/* ---- what it asks of the NIC: the first one has asked for all of it ---- */

static int port_add(void *nic, const struct nic_port_config *config, int fd, char why[NIC_WHY])
{
    (void)nic, (void)config, (void)fd, (void)why;
    return 0;
}

static int port_set(void *nic, const struct nic_port_config *config)
{
    (void)nic, (void)config;
    return 0;
}

static int port_del(void *nic, uint16_t index)
{
    (void)nic, (void)index;
    return 0;
}

static int context_set(void *nic, enum hsr_tunnel tunnel, uint32_t vni, uint32_t context)
{
    (void)nic, (void)tunnel, (void)vni, (void)context;
    return 0;
}

static int vtep_set(void *nic, const struct cfg_addr *addr, bool remove)
{
    (void)nic, (void)addr, (void)remove;
    return 0;
}

static int public_set(void *nic, const struct hsr_public *public, bool remove)
{
    (void)nic, (void)public, (void)remove;
    return 0;
}

static int start(void *nic)
{
    return nic_second_start(nic);
}

static int sync_counters(void *nic)
{
    return nic_sync(nic);
}

static const struct fw_nic_ops ops = {.name = "second",
                                      .port_add = port_add,
                                      .port_set = port_set,
                                      .port_del = port_del,
                                      .context_set = context_set,
                                      .vtep_set = vtep_set,
                                      .public_set = public_set,
                                      .start = start,
                                      .sync = sync_counters};

/* ---- its life ---- */

void sim_second_apply(struct sim *s, const char *yaml)
{
    struct cfg_error error = {.line = 0};
    struct cfg_lines *lines = NULL;
    json_t *document = NULL;
    struct cfg *cfg = NULL;

    if (s->second.fw == NULL)
        return;
    /* Indices of ports and contexts are those that the first one gave them. */
    if (cfg_yaml_load(yaml, strlen(yaml), &document, &lines, &error) < 0 ||
        cfg_parse(document, fw_cfg(s->bench.fw), &cfg, &error) < 0 ||
        fw_apply(s->second.fw, cfg, &error) < 0)
        sim_finding(s, "the second firmware refuses a configuration: %s", error.text);
    cfg_lines_free(lines);
    json_decref(document);
}

void sim_second_attach(struct sim *s, const char *yaml)
{
    struct fw_config config = {
        .nic_ops = &ops, .options = fw_options(s->bench.fw), .nic = s->bench.nic};
    char why[NIC_WHY] = "";

    if (nic_second_open(s->bench.nic, INSTANCE) < 0)
        sim_finding(s, "there cannot be a second firmware");
    s->second.view = nic_second_region(s->bench.nic)->view;
    s->second.view.fw_slots--; /* the last one is ours: see fence() */
    config.view = &s->second.view;
    config.rx_doorbell[0] = nic_second_rx_doorbell(s->bench.nic, 0);
    config.tx_doorbell[0] = nic_second_tx_doorbell(s->bench.nic, 0);
    if (fw_open(&s->second.fw, &config, why) < 0)
        sim_finding(s, "no second firmware: %s", why);
    sim_second_apply(s, yaml);
    sim_trace(s, "a second firmware");
}

/* Its NIC's end is gone already, or goes now. */
void sim_second_detach(struct sim *s, bool dies)
{
    if (s->second.fw == NULL)
        return;
    if (dies)
        nic_second_close(s->bench.nic);
    fw_close(s->second.fw);
    s->second.fw = NULL;
    sim_trace(s, "no second firmware any more");
}

uint32_t sim_second_poll(struct sim *s)
{
    return s->second.fw != NULL ? dp_poll(fw_worker(s->second.fw, 0)) : 0;
}

/* ---- whose packets are they? ---- */

static void push(struct dp_worker *w, void *arg)
{
    hsr_ring_push(&w->tx, arg, 1);
}

/* Nothing older follows from this firmware: an entry in a slot of its quota that it does not know of. */
static void fence(struct sim *s, unsigned instance, uint32_t stamp)
{
    const struct hsr_view *view = instance == 0 ? &s->bus.view : &s->second.view;
    uint32_t slot = view->fw_first + view->fw_slots;
    struct hsr_tx_meta *meta = (struct hsr_tx_meta *)(void *)hsr_slot(view, slot);

    *meta = (struct hsr_tx_meta){.action = HSR_CTRL_FENCE, .owner = stamp};
    uint32_t entry = hsr_entry(slot, HSR_KIND_CTRL);

    if (instance == 0)
        sim_bus_put(s, HSR_RING_TX, entry);
    else
        dp_run(fw_worker(s->second.fw, 0), push, &entry);
}

static struct nic_owner_state state_of(struct sim *s)
{
    struct nic_owner_state state;

    if (nic_owner_state(s->bench.nic, 0, &state) < 0)
        sim_finding(s, "the NIC does not know who owns what");
    return state;
}

/* All is quiet: what the former owner had to send has been sent. */
void sim_second_fence(struct sim *s)
{
    struct nic_owner_state state = state_of(s);

    if (s->second.fw == NULL || state.fenced)
        return;
    fence(s, state.old & HSR_OWNER_OWNER, state.old);
    bench_run(&s->bench);
    if (!state_of(s).fenced && s->exact)
        sim_finding(s, "a fence is not heard");
}

/* Copies of either one's, by port: each was held back, used up or sent. */
void sim_second_books(struct sim *s)
{
    for (uint16_t port = 0; s->second.fw != NULL && s->exact && port < BENCH_PORTS; port++) {
        for (unsigned instance = 0; instance < 2; instance++) {
            const struct hsr_port_stats l = nic_copy_ledger(s->bench.nic, instance, port);

            if (l.pre_rx != l.pre_ring + l.pre_drops || l.pre_ring != l.post_ring ||
                l.post_ring + l.post_originated != l.post_tx + l.post_consumed + l.post_drops)
                sim_finding(s, "copies of port %u for firmware %u do not add up", port, instance);
        }
    }
}

void sim_second_switch(struct sim *s)
{
    struct nic_owner_state state = state_of(s);
    uint8_t owner = (state.now & HSR_OWNER_OWNER) == 0;

    if (s->second.fw == NULL || !state.fenced)
        return;
    if (nic_owner_set(s->bench.nic, 0, owner, NULL) < 0)
        sim_finding(s, "firmware %u may not own what it should", owner);
    s->switches++;
    sim_trace(s, "firmware %u owns what comes now", owner);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A NIC in the same process. */
#include "firmware/firmware.h"

static int port_add(void *nic, const struct nic_port_config *config, int fd, char why[NIC_WHY])
{
    return nic_port_add(nic, config, fd, why);
}

static int port_set(void *nic, const struct nic_port_config *config)
{
    return nic_port_set(nic, config);
}

static int port_del(void *nic, uint16_t index)
{
    return nic_port_del(nic, index);
}

static int context_set(void *nic, enum hsr_tunnel tunnel, uint32_t vni, uint32_t context)
{
    return nic_context_set(nic, tunnel, vni, context);
}

static int vtep_set(void *nic, const struct cfg_addr *addr, bool remove)
{
    return nic_vtep_set(nic, addr->bytes, addr->family, remove);
}

static int public_set(void *nic, const struct hsr_public *public, bool remove)
{
    return nic_public_set(nic, public, remove);
}

static int reta_set(void *nic, const uint8_t *ring)
{
    return nic_reta_set(nic, ring);
}

static void poll_nic(void *nic, uint64_t now)
{
    nic_poll(nic, now);
}

static int start(void *nic)
{
    return nic_start(nic);
}

static int sync_counters(void *nic)
{
    return nic_sync(nic);
}

static int rule_create(void *nic, const struct hsr_rule *rule, uint32_t id, bool validate,
                       struct hsr_rule_state *state)
{
    return nic_rule_create(nic, rule, id, validate, state);
}

static int rule_destroy(void *nic, uint16_t port, uint32_t id, struct hsr_rule_state *state)
{
    return nic_rule_destroy(nic, port, id, state);
}

static int rule_query(void *nic, uint16_t port, uint32_t id, struct hsr_rule_state *state)
{
    return nic_rule_query(nic, port, id, state);
}

static int rule_flush(void *nic, uint16_t port, struct hsr_rule_state *state)
{
    return nic_rule_flush(nic, port, state);
}

static int meter_set(void *nic, uint16_t id, enum hsr_meter_unit unit, uint64_t rate,
                     uint32_t burst)
{
    return nic_meter_set(nic, id, unit, rate, burst);
}

static int capture_set(void *nic, uint32_t id, int memfd)
{
    return nic_capture_set(nic, id, memfd);
}

static int latency_set(void *nic, bool on)
{
    return nic_latency_set(nic, on);
}

static int latency_get(void *nic, uint32_t worker, uint32_t stage, struct hist_counts *counts)
{
    return nic_latency_get(nic, worker, stage, counts);
}

const struct fw_nic_ops fw_nic_embedded = {.name = "embedded",
                                           .port_add = port_add,
                                           .port_set = port_set,
                                           .port_del = port_del,
                                           .context_set = context_set,
                                           .vtep_set = vtep_set,
                                           .public_set = public_set,
                                           .reta_set = reta_set,
                                           .poll = poll_nic,
                                           .start = start,
                                           .sync = sync_counters,
                                           .rule_create = rule_create,
                                           .rule_destroy = rule_destroy,
                                           .rule_query = rule_query,
                                           .rule_flush = rule_flush,
                                           .meter_set = meter_set,
                                           .capture_set = capture_set,
                                           .latency_set = latency_set,
                                           .latency_get = latency_get};

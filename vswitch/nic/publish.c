/* SPDX-License-Identifier: Apache-2.0 */
/* What the NIC says of itself. The region is the firmware's to read, and it could write there too: it gets copies. */
#include <string.h>

#include "nic_internal.h"

_Static_assert(HSR_GAUGE_VECTORS_16 - HSR_GAUGE_VECTORS_1 + 1 == HSR_MAX_VECTOR,
               "a gauge for each length of a vector");
_Static_assert(HSR_GAUGE_SLOTS_GSO_USED - HSR_GAUGE_SLOTS_SINGLE_USED == 3 * (HSR_SLOT_CLASSES - 1),
               "three gauges for each class of slots");

static void fit_gauges(const struct pp_fit *fit, uint64_t gauge[HSR_GAUGE_COUNT])
{
    gauge[HSR_GAUGE_FIT_USED] = fit->used;
    gauge[HSR_GAUGE_FIT_HIGH] = fit->high;
    gauge[HSR_GAUGE_FIT_CAPACITY] = pp_fit_capacity(fit);
    gauge[HSR_GAUGE_FIT_HITS] = fit->stats.hits;
    gauge[HSR_GAUGE_FIT_MISSES] = fit->stats.misses;
    gauge[HSR_GAUGE_FIT_INSERTS] = fit->stats.inserts;
    gauge[HSR_GAUGE_FIT_REPLACED] = fit->stats.replaced;
    gauge[HSR_GAUGE_FIT_DELETES] = fit->stats.deletes;
    gauge[HSR_GAUGE_FIT_UPDATES] = fit->stats.updates;
    gauge[HSR_GAUGE_FIT_REFUSED] = fit->stats.refused;
}

static void slot_gauges(const struct nic_slots *slots, uint64_t gauge[HSR_GAUGE_COUNT])
{
    for (unsigned class = 0; class < HSR_SLOT_CLASSES; class ++) {
        const struct nic_slot_stack *stack = &slots->stack[class];

        gauge[HSR_GAUGE_SLOTS_SINGLE_USED + 3 * class] = stack->capacity - stack->count;
        gauge[HSR_GAUGE_SLOTS_SINGLE_HIGH + 3 * class] = stack->capacity - stack->low_water;
        gauge[HSR_GAUGE_SLOTS_SINGLE_CAPACITY + 3 * class] = stack->capacity;
    }
}

static void payload_gauges(const struct nic_kept *kept, uint64_t gauge[HSR_GAUGE_COUNT])
{
    gauge[HSR_GAUGE_CELLS_USED] = kept->cells.used;
    gauge[HSR_GAUGE_CELLS_HIGH] = kept->cells.high;
    gauge[HSR_GAUGE_CELLS_CAPACITY] = kept->on ? HSR_CELLS : 0;
    gauge[HSR_GAUGE_SLICED] = kept->sliced;
    gauge[HSR_GAUGE_NOT_SLICED] = kept->not_sliced;
    gauge[HSR_GAUGE_PAYLOADS_TIMED_OUT] = kept->cells.timed_out;
    gauge[HSR_GAUGE_PAYLOADS_STALE] = kept->stale;
}

void nic_gauges(const struct nic *nic, uint64_t gauge[HSR_GAUGE_COUNT])
{
    fit_gauges(&nic->pre.fit, gauge);
    slot_gauges(&nic->slots, gauge);
    payload_gauges(&nic->kept, gauge);
    gauge[HSR_GAUGE_PUBLICS_USED] = nic->pre.targets->publics->used;
    gauge[HSR_GAUGE_PUBLICS_HIGH] = nic->pre.targets->publics->high;
    gauge[HSR_GAUGE_PUBLICS_CAPACITY] = PP_PUBLICS;
    gauge[HSR_GAUGE_POOL_DROPS] = nic->traffic.pool_drops;
    for (unsigned n = 1; n <= HSR_MAX_VECTOR; n++)
        gauge[HSR_GAUGE_VECTORS_1 + n - 1] = nic->pre.agg.vectors[n];
    gauge[HSR_GAUGE_RX_RING_HIGH] = nic->traffic.rx_ring_high;
    gauge[HSR_GAUGE_TX_RING_HIGH] = nic->traffic.tx_ring_high;
    gauge[HSR_GAUGE_BYTES_TO_FW] = nic->traffic.bytes_to_fw;
    gauge[HSR_GAUGE_BYTES_FROM_FW] = nic->traffic.bytes_from_fw;
}

uint32_t nic_cells_out(const struct nic *nic)
{
    return nic->kept.cells.used;
}

uint32_t nic_slots_out(const struct nic *nic)
{
    uint32_t out = 0;

    for (unsigned class = 0; class < HSR_SLOT_CLASSES; class ++)
        out += nic->slots.stack[class].capacity - nic->slots.stack[class].count;
    return out;
}

static void publish_port(struct nic *nic, uint32_t port)
{
    struct hsr_port_stats *stats = &nic->stats[port];
    const uint64_t *from = (const uint64_t *)stats;
    uint64_t *to = (uint64_t *)&nic->region.view.stats[port];

    stats->pre_held = stats->pre_rx + stats->pre_returned - stats->pre_ring - stats->pre_drops;
    stats->mtu = nic->port[port] != NULL ? nic->port[port]->port.egress.mtu : 0;
    stats->queue_stops = nic->port[port] != NULL ? nic->port[port]->port.queue_stops : 0;
    stats->takes_tso = nic->port[port] != NULL && nic->port[port]->port.egress.tso;
    stats->slots_used = nic_slots_used(&nic->slots.use[port]);
    stats->slots_high = nic->slots.use[port].high;
    if (nic->kept.on) {
        stats->cells_used = nic->kept.cells.use[port].used;
        stats->cells_high = nic->kept.cells.use[port].high;
    }
    stats->credit = nic_credit_limit(nic, (uint16_t)port);
    for (size_t k = 0; k < sizeof *stats / sizeof *to; k++)
        __atomic_store_n(&to[k], from[k], __ATOMIC_RELAXED); /* a reader sees whole words */
}

void nic_publish(struct nic *nic)
{
    uint64_t gauge[HSR_GAUGE_COUNT];

    for (uint32_t port = 0; port < nic->ledgers; port++)
        publish_port(nic, port);
    nic_gauges(nic, gauge);
    if (nic->owned != NULL)
        nic_owned_publish(nic);
    for (unsigned g = 0; g < HSR_GAUGE_COUNT; g++)
        hsr_view_set_gauge(&nic->region.view, (enum hsr_gauge)g, gauge[g]);
}

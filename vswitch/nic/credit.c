/* SPDX-License-Identifier: Apache-2.0 */
#include "credit.h"

#include <string.h>

#include "nic_internal.h"

/* Of all that there is of a pool. */
static uint32_t capacity(const struct nic *nic, unsigned pool)
{
    if (pool == NIC_POOL_CELLS)
        return nic->kept.on ? HSR_CELLS : 0;
    return pool == NIC_POOL_RING ? nic->region.view.ring_entries : nic->slots.stack[pool].capacity;
}

/*
 * What a port would like to be sure of: its `min_slots` single slots, and of the rest in proportion, but at least one. An
 * uplink's packets are at the expense of whom they are for, as far as cells go.
 */
static uint64_t wish(const struct nic *nic, const struct nic_port_config *config, unsigned pool)
{
    uint64_t of = capacity(nic, NIC_POOL_SLOTS), want = config->min_slots;

    if (pool == NIC_POOL_CELLS && (config->uplink || !nic->kept.on))
        return 0;
    if (pool == NIC_POOL_RING || pool == NIC_POOL_SLOTS || of == 0 || want == 0)
        return want;
    want = want * capacity(nic, pool) / of;
    return want > 0 ? want : 1;
}

/* The Pre-Processor's part of it. */
static void tell_targets(struct nic *nic)
{
    for (uint32_t i = 0; i < nic->actives; i++) {
        const struct nic_slot_port *p = nic->port[nic->active[i]];
        const struct nic_port_config *config = &p->port.config;
        struct pp_target_config target = {.context = config->context,
                                          .guest = !config->uplink,
                                          .pps = config->rx_pps,
                                          .kbps = config->rx_kbps,
                                          .bad = config->bad_pps,
                                          .least = p->credit.least[NIC_POOL_RING],
                                          .share = p->credit.share};

        memcpy(target.mac, config->mac, sizeof target.mac);
        pp_targets_set(nic->pre.targets, config->index, &target);
    }
}

void nic_credit_promise(struct nic *nic)
{
    for (unsigned pool = 0; pool < NIC_POOLS; pool++) {
        uint64_t half = capacity(nic, pool) / 2, wishes = 0;

        nic->promised[pool] = 0;
        for (uint32_t i = 0; i < nic->actives; i++)
            wishes += wish(nic, &nic->port[nic->active[i]]->port.config, pool);
        for (uint32_t i = 0; i < nic->actives; i++) {
            struct nic_slot_port *p = nic->port[nic->active[i]];
            uint64_t want = wish(nic, &p->port.config, pool);

            p->credit.least[pool] = (uint32_t)(wishes > half ? want * half / wishes : want);
            nic->promised[pool] += p->credit.least[pool];
            p->credit.share = p->port.config.share != 0 ? p->port.config.share : 1;
        }
    }
    tell_targets(nic);
}

uint32_t nic_credit_limit(struct nic *nic, uint16_t port)
{
    const struct nic_slot_port *p = nic->port[port];
    uint32_t best = 0;

    for (uint32_t w = 0; p != NULL && w < nic->steered; w++) {
        uint32_t used = nic->with_worker[port][w];
        uint32_t limit = used + nic_credit_left(&p->credit, NIC_POOL_RING, used,
                                                hsr_ring_room(&nic->ring[w][HSR_RING_RX]),
                                                nic->promised[NIC_POOL_RING]);

        best = limit > best ? limit : best;
    }
    return best;
}

bool nic_credit_cells(const struct nic *nic, uint16_t account, uint32_t len)
{
    static const struct nic_credit nobody = {.share = 1};
    const struct nic_slot_port *p = account < HSR_MAX_PORTS ? nic->port[account] : NULL;
    const struct nic_cells *cells = &nic->kept.cells;

    return nic_cells_of(len) <= nic_credit_left(p != NULL ? &p->credit : &nobody, NIC_POOL_CELLS,
                                                cells->use[account].used, HSR_CELLS - cells->used,
                                                nic->promised[NIC_POOL_CELLS]);
}

uint32_t nic_credit_out(const struct nic *nic)
{
    uint32_t out = 0;

    for (uint32_t port = 0; port < HSR_MAX_PORTS; port++) {
        for (unsigned class = 0; class < HSR_SLOT_CLASSES; class ++)
            out += nic->slots.use[port].runs[class];
        for (uint32_t w = 0; w < nic->workers; w++)
            out += nic->with_worker[port][w];
    }
    for (uint32_t target = 0; target < PP_TARGETS; target++)
        out += nic->slots.in_flight[target] + (nic->kept.on ? nic->kept.cells.use[target].used : 0);
    return out;
}

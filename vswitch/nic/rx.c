/* SPDX-License-Identifier: Apache-2.0 */
/* Ports -> Pre-Processor -> rx rings. */
#include "nic_internal.h"

bool nic_rx_room(struct nic *nic)
{
    for (uint32_t w = 0; w < nic->workers; w++)
        /* One that is out of use holds nobody up: what is for it is dropped. */
        if (hsr_ring_room(&nic->ring[w][HSR_RING_RX]) < NIC_RX_BURST &&
            !nic->ring[w][HSR_RING_RX].corrupt)
            return false;
    return true;
}

uint32_t nic_rx_port(struct nic *nic, struct nic_slot_port *p, uint64_t now)
{
    const struct nic_port_config *config = &p->port.config;
    struct pp_ingress in = {
        .port = config->index, .uplink = config->uplink, .context = config->context};
    struct hsr_port_stats *stats = &nic->stats[config->index];
    struct nic_rx frame[NIC_RX_BURST];
    uint32_t no_slot = 0, too_big = 0;
    uint32_t got = p->port.ops->rx(&p->port, &nic->slots, frame, NIC_RX_BURST, &no_slot, &too_big);

    for (uint32_t i = 0; i < got; i++) {
        uint32_t slot = frame[i].slot;
        struct hsr_rx_meta *meta = (struct hsr_rx_meta *)hsr_slot(&nic->region.view, slot);
        enum hsr_drop drop = pp_pre_frame(&nic->pre, slot, meta, nic_slot_frame(&nic->slots, slot),
                                          frame[i].len, &in, &frame[i].vnet, now);

        nic->slots.port[slot] = config->index;
        stats->rx_bytes += frame[i].len;
        if (drop != HSR_DROP_NONE) {
            nic_pre_drop(nic, config->index, drop);
            nic_slots_put(&nic->slots, slot);
        }
    }
    for (uint32_t i = 0; i < no_slot; i++)
        nic_pre_drop(nic, config->index, HSR_DROP_NO_SLOT);
    for (uint32_t i = 0; i < too_big; i++)
        nic_pre_drop(nic, config->index, HSR_DROP_PKT_TOO_BIG);
    stats->rx_packets += got + no_slot + too_big;
    stats->pre_rx += got + no_slot + too_big;
    return got;
}

/* Hand one vector to its ring, or drop it whole when the ring is full. */
static void deliver(struct nic *nic, const struct pp_agg_item *item, uint32_t n)
{
    uint32_t worker = item[0].ring;
    struct hsr_ring *ring = &nic->ring[worker][HSR_RING_RX];
    uint32_t entry[HSR_MAX_VECTOR];
    bool room = hsr_ring_room(ring) >= n;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t slot = item[i].slot;
        uint16_t ledger = nic->slots.port[slot];

        entry[i] = hsr_entry(slot, HSR_KIND_PACKET);
        if (room) {
            nic_slots_move(&nic->slots, slot, NIC_SLOT_NIC, NIC_SLOT_FIRMWARE);
            nic->slots.worker[slot] = (uint8_t)worker;
            nic->stats[ledger].pre_ring++;
        } else {
            nic_pre_drop(nic, ledger, HSR_DROP_RX_RING_FULL);
            nic_slots_put(&nic->slots, slot);
        }
    }
    if (room)
        hsr_ring_push(ring, entry, n);
}

uint32_t nic_rx_vectors(struct nic *nic)
{
    struct pp_agg_item item[HSR_MAX_VECTOR];
    uint32_t n, total = 0;

    while ((n = pp_pre_vector(&nic->pre, item)) > 0) {
        deliver(nic, item, n);
        total += n;
    }
    if (total > 0)
        for (uint32_t w = 0; w < nic->workers; w++)
            hsr_ring_kick(&nic->ring[w][HSR_RING_RX]);
    return total;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Ports -> Pre-Processor -> rx rings. */
#include "nic_internal.h"

bool nic_rx_room(struct nic *nic)
{
    /* A worker that is slow or out of use holds nobody up: what is for it is dropped. Only when no ring has room do the
     * frames wait where they are, in the guests. */
    for (uint32_t w = 0; w < nic->workers; w++)
        if (hsr_ring_room(&nic->ring[w][HSR_RING_RX]) >= NIC_RX_BURST)
            return true;
    return false;
}

static void charge(struct nic *nic, const struct nic_rx *frame, uint32_t n, uint16_t port)
{
    uint32_t slots = 0;

    for (uint32_t i = 0; i < n; i++)
        slots += nic_slots_assign(&nic->slots, frame[i].slot, port);
    nic_slots_charge(&nic->slots, port, slots);
}

/*
 * What rules leave to be done: the flow id of a packet that the port's device has marked, unless the table gave it one, and
 * copies. They refer to the frame's run until that is free, or the firmware's.
 */
static __attribute__((noinline)) void follow_rules(struct nic *nic, const struct nic_rx *frame,
                                                   struct hsr_rx_meta *meta, uint16_t port,
                                                   enum hsr_drop drop)
{
    if (frame->marked && nic->pre.verdict.flow_id == 0 && drop == HSR_DROP_NONE) {
        uint64_t pinned = nic_rule_pinned(nic, port, frame->mark);

        if (pinned != 0 && meta->reason == HSR_DROP_NONE)
            meta->flow_id = pinned;
    }
    nic_copy(nic, frame, port);
    nic->pre.verdict.copies = 0;
    nic->pre.verdict.flow_id = 0;
    if (drop != HSR_DROP_NONE)
        nic_tx_flush(nic);
}

uint32_t nic_rx_port(struct nic *nic, struct nic_slot_port *p, uint64_t now)
{
    const struct nic_port_config *config = &p->port.config;
    struct pp_ingress in = {.port = config->index,
                            .uplink = config->uplink,
                            .ruled = nic_ruled(nic, config->index),
                            .context = config->context};
    struct hsr_port_stats *stats = &nic->stats[config->index];
    struct nic_rx frame[NIC_RX_BURST];
    uint32_t no_slot = 0, too_big = 0;
    uint32_t got = p->port.ops->rx(&p->port, &nic->slots, frame, NIC_RX_BURST, &no_slot, &too_big);

    charge(nic, frame, got, config->index);
    for (uint32_t i = 0; i < got; i++) {
        uint32_t slot = frame[i].slot;
        struct hsr_rx_meta *meta = (struct hsr_rx_meta *)hsr_slot(&nic->region.view, slot);
        enum hsr_drop drop = pp_pre_frame(&nic->pre, slot, meta, nic_slot_frame(&nic->slots, slot),
                                          frame[i].len, &in, &frame[i].vnet, now);

        stats->rx_bytes += frame[i].len;
        if (__builtin_expect(in.ruled, false))
            follow_rules(nic, &frame[i], meta, config->index, drop);
        if (drop != HSR_DROP_NONE) {
            nic_pre_drop(nic, config->index, drop);
            nic_slots_put(&nic->slots, slot);
        }
    }
    if (in.ruled)
        nic_tx_flush(nic);
    for (uint32_t i = 0; i < no_slot; i++)
        nic_pre_drop(nic, config->index, HSR_DROP_NO_SLOT);
    for (uint32_t i = 0; i < too_big; i++)
        nic_pre_drop(nic, config->index, HSR_DROP_PKT_TOO_BIG);
    stats->rx_packets += got + no_slot + too_big;
    stats->pre_rx += got + no_slot + too_big;
    return got;
}

/* Vectors on their way to one ring, pushed together. */
struct outgoing {
    uint32_t worker;
    uint32_t n;
    uint32_t room; /* of the ring, less n */
    uint32_t entry[NIC_RX_BURST + HSR_MAX_VECTOR];
};

static void push(struct nic *nic, struct outgoing *o)
{
    struct hsr_ring *ring;

    if (o->n == 0)
        return;
    ring = &nic->ring[o->worker][HSR_RING_RX];
    hsr_ring_push(ring, o->entry, o->n);
    if (ring->mask + 1 - o->room > nic->traffic.rx_ring_high)
        nic->traffic.rx_ring_high = ring->mask + 1 - o->room;
    o->n = 0;
}

static void turn_to(struct nic *nic, struct outgoing *o, uint32_t worker)
{
    push(nic, o);
    o->worker = worker;
    o->room = hsr_ring_room(&nic->ring[worker][HSR_RING_RX]);
}

static void refuse(struct nic *nic, const struct pp_agg_item *item, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        nic_pre_drop(nic, nic->slots.port[item[i].slot], HSR_DROP_RX_RING_FULL);
        nic_slots_put(&nic->slots, item[i].slot);
    }
}

/* Hand one vector over, or drop it whole when its ring is full. */
static void deliver(struct nic *nic, struct outgoing *o, const struct pp_agg_item *item, uint32_t n)
{
    if (item[0].ring != o->worker || o->n >= NIC_RX_BURST)
        turn_to(nic, o, item[0].ring);
    if (o->room < n) {
        refuse(nic, item, n);
        return;
    }
    o->room -= n;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t slot = item[i].slot;

        nic_slots_move(&nic->slots, slot, NIC_SLOT_NIC, NIC_SLOT_FIRMWARE);
        nic->slots.worker[slot] = (uint8_t)o->worker;
        nic->stats[nic->slots.port[slot]].pre_ring++;
        nic->traffic.bytes_to_fw += HSR_SLOT_META + item[i].meta->frame_len;
        o->entry[o->n++] = hsr_entry(slot, HSR_KIND_PACKET);
    }
}

uint32_t nic_rx_vectors(struct nic *nic)
{
    struct pp_agg_item item[HSR_MAX_VECTOR];
    struct outgoing o;
    uint32_t n, total = 0;

    o.worker = UINT32_MAX;
    o.n = 0;
    while ((n = pp_pre_vector(&nic->pre, item)) > 0) {
        deliver(nic, &o, item, n);
        total += n;
    }
    push(nic, &o);
    if (total > 0)
        for (uint32_t w = 0; w < nic->workers; w++)
            hsr_ring_kick(&nic->ring[w][HSR_RING_RX]);
    return total;
}

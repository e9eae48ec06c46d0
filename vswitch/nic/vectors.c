/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of the Pre-Processor -> rx rings. */
#include "nic_internal.h"

/* Vectors on their way to one ring, pushed together. */
struct outgoing {
    uint32_t worker;
    uint32_t n;
    uint32_t room;    /* of the ring, less n */
    uint16_t port;    /* whose packets the last ones are */
    uint32_t packets; /* of that port, counted nowhere yet */
    uint32_t entry[NIC_RX_BURST + HSR_MAX_VECTOR];
};

/* One port's packets in a row count as one. */
static void count(struct nic *nic, struct outgoing *o)
{
    if (o->packets == 0)
        return;
    nic->with_worker[o->port][o->worker] += o->packets;
    nic->stats[o->port].pre_ring += o->packets;
    o->packets = 0;
}

static void push(struct nic *nic, struct outgoing *o)
{
    struct hsr_ring *ring;

    if (o->n == 0)
        return;
    if (nic_timed(nic))
        nic_latency_delivered(nic, o->entry, o->n);
    count(nic, o);
    ring = &nic->ring[o->worker][HSR_RING_RX];
    hsr_ring_push(ring, o->entry, o->n);
    if (ring->mask + 1 - o->room > nic->traffic.rx_ring_high)
        nic->traffic.rx_ring_high = ring->mask + 1 - o->room;
    o->n = 0;
}

static __attribute__((noinline)) void turn_to(struct nic *nic, struct outgoing *o, uint32_t worker)
{
    push(nic, o);
    o->worker = worker;
    o->room = hsr_ring_room(&nic->ring[worker][HSR_RING_RX]);
}

static void refuse(struct nic *nic, struct pp_agg_item *const *item, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        nic_pre_drop(nic, nic->slots.run[item[i]->slot].port, HSR_DROP_RX_RING_FULL);
        if (nic_shown(nic))
            nic_show_refused(nic, item[i]->slot, &item[i]->meta, HSR_DROP_RX_RING_FULL);
        nic_payload_forget(nic, item[i]->slot);
        nic_slots_put(&nic->slots, item[i]->slot);
    }
}

/*
 * Has the port more than its part of a ring that others need? A port is fetched while any ring has credit for it; this is for
 * the others. Twice the share, as it may not be told from one that is served in time by a burst more or less.
 */
static __attribute__((noinline)) bool crowds(const struct nic *nic, uint32_t worker, uint32_t room,
                                             uint16_t port)
{
    const struct nic_slot_port *p = nic->port[port];
    uint32_t promised = nic->promised[NIC_POOL_RING];
    uint32_t spare = room > promised ? room - promised : 0;

    return p != NULL && nic->with_worker[port][worker] >=
                            p->credit.least[NIC_POOL_RING] + 2 * p->credit.share * spare;
}

/* What nearly never is so of a vector: another port, several workers, a second firmware. False: its port has its part of the ring. */
static __attribute__((noinline)) bool deliver_more(struct nic *nic, struct outgoing *o,
                                                   struct pp_agg_item *const *item, uint32_t n,
                                                   uint16_t port)
{
    count(nic, o);
    o->port = port;
    if (nic->steered > 1 && crowds(nic, o->worker, o->room, port))
        return false;
    if (nic->owned != NULL)
        nic->stats[port].pre_ring -= nic_owned_deliver(nic, item, n, o->worker);
    return true;
}

/* Hand one vector (of one port) over, or drop it whole when its ring is full. */
static inline void deliver(struct nic *nic, struct outgoing *o, struct pp_agg_item *const *item,
                           uint32_t n)
{
    struct nic_slot_run *const run = nic->slots.run;
    uint16_t port = run[item[0]->slot].port;
    uint64_t bytes = 0;

    if (item[0]->ring != o->worker || o->n >= NIC_RX_BURST)
        turn_to(nic, o, item[0]->ring);
    if (o->room < n || ((port != o->port || nic->steered > 1 || nic->owned != NULL) &&
                        !deliver_more(nic, o, item, n, port))) {
        refuse(nic, item, n);
        return;
    }
    const uint32_t first = o->n;
    const uint8_t worker = (uint8_t)o->worker;

    o->room -= n;
    o->packets += n;
    o->n = first + n;
    uint32_t i = 0;

    do {
        uint32_t slot = item[i]->slot;

        o->entry[first + i] = hsr_entry(slot, HSR_KIND_PACKET);
        bytes += HSR_SLOT_META + item[i]->meta.frame_len;
        nic_write_meta(&nic->region.view, slot, &item[i]->meta);
        run[slot].state = NIC_SLOT_FIRMWARE; /* it was with the aggregator: NIC_SLOT_NIC */
        run[slot].worker = worker;
    } while (++i < n);
    for (i = 0; __builtin_expect(nic->kept.track, false) && i < n; i++)
        bytes -= nic_payload_sent(nic, item[i]->slot, worker);
    nic->traffic.bytes_to_fw += bytes;
}

uint32_t nic_rx_vectors(struct nic *nic)
{
    struct pp_agg_item *item[HSR_MAX_VECTOR];
    struct outgoing o;
    uint32_t n, total = 0;

    o.worker = UINT32_MAX;
    o.n = o.packets = 0;
    o.port = HSR_NO_PORT;
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

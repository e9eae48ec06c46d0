/* SPDX-License-Identifier: Apache-2.0 */
/* Ports -> Pre-Processor. */
#include "nic_internal.h"
#include "preproc/pre_usual.h"

/* Charge a burst to its port; its bytes. */
static uint64_t charge(struct nic *nic, const struct nic_rx *frame, uint32_t n, uint16_t port)
{
    struct nic_slot_use *use = &nic->slots.use[port];
    const struct hsr_slot_class single = nic->region.view.classes[0];
    struct nic_slot_run *run = nic->slots.run;
    uint32_t singles = 0;
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t slot = frame[i].slot;

        bytes += frame[i].len;
        run[slot].port = port;
        if (slot - single.first < single.count)
            singles++;
        else
            use->runs[nic_slots_class(&nic->slots, slot)]++;
    }
    use->runs[0] += singles;
    nic_slots_note_high(use);
    return bytes;
}

/*
 * What rules leave to be done: the flow id of a packet that the port's device has marked, unless the table gave it one, and
 * copies. They refer to the frame's run until that is free, or the firmware's.
 */
static void follow_rules(struct nic *nic, const struct nic_rx *frame, uint16_t port,
                         enum hsr_drop drop)
{
    if (frame->marked && nic->pre.verdict.flow_id == 0 && drop == HSR_DROP_NONE) {
        uint64_t pinned = nic_rule_pinned(nic, port, frame->mark);

        if (pinned != 0 && nic->pre.meta->reason == HSR_DROP_NONE)
            nic->pre.meta->flow_id = pinned;
    }
    nic_copy(nic, frame, port);
    nic->pre.verdict.copies = 0;
    nic->pre.verdict.flow_id = 0;
    if (drop != HSR_DROP_NONE)
        nic_tx_flush(nic);
}

/* A frame of a port with rules, or while somebody looks on. */
static __attribute__((noinline)) void look_at(struct nic *nic, const struct nic_rx *frame,
                                              const struct pp_ingress *in, enum hsr_drop drop)
{
    if (nic_shown(nic))
        nic_show_rx(nic, frame, in->port, drop, false);
    if (in->ruled)
        follow_rules(nic, frame, in->port, drop);
}

/* Room in each rx ring, less what was fetched since and may go there. */
struct rooms {
    uint32_t ring[HSR_MAX_WORKERS];
};

static void look(struct nic *nic, struct rooms *room)
{
    for (uint32_t w = 0; w < nic->steered; w++)
        room->ring[w] = hsr_ring_room(&nic->ring[w][HSR_RING_RX]);
}

static void take_from(struct nic *nic, struct rooms *room, uint32_t n)
{
    for (uint32_t w = 0; w < nic->steered; w++)
        room->ring[w] -= n < room->ring[w] ? n : room->ring[w];
}

/*
 * Frames the port may bring: which worker they are for shows only when they are parsed, so the ring counts where it may bring
 * most. A worker that is slow holds nobody up; what is for it is dropped (deliver()).
 */
static uint32_t ring_credit(const struct nic *nic, const struct nic_slot_port *p,
                            const struct rooms *room)
{
    const uint32_t *used = nic->with_worker[p->port.config.index];
    uint32_t most = 0;

    for (uint32_t w = 0; w < nic->steered && most < NIC_RX_BURST; w++) {
        uint32_t left = nic_credit_left(&p->credit, NIC_POOL_RING, used[w], room->ring[w],
                                        nic->promised[NIC_POOL_RING]);

        most = left > most ? left : most;
    }
    return most < NIC_RX_BURST ? most : NIC_RX_BURST;
}

static void slot_credit(struct nic *nic, const struct nic_slot_port *p)
{
    const struct nic_slot_use *use = &nic->slots.use[p->port.config.index];

    for (unsigned class = 0; class < HSR_SLOT_CLASSES; class ++) {
        struct nic_slot_stack *stack = &nic->slots.stack[class];

        stack->floor =
            stack->count - nic_credit_left(&p->credit, (enum nic_pool)(NIC_POOL_SLOTS + class),
                                           use->runs[class], stack->count,
                                           nic->promised[NIC_POOL_SLOTS + class]);
    }
    nic->slots.waits = false;
}

static void lift_floors(struct nic *nic)
{
    for (unsigned class = 0; class < HSR_SLOT_CLASSES; class ++)
        nic->slots.stack[class].floor = 0;
}

/* Who a frame from the network is for: charged as long as it is here, or told what it missed. */
static void note_target(struct nic *nic, uint32_t slot, enum hsr_drop drop)
{
    uint16_t target = nic->pre.target;

    if (drop == HSR_DROP_NONE) {
        nic_slots_aim(&nic->slots, slot, target);
    } else if ((drop == HSR_DROP_PRE_LIMIT || drop == HSR_DROP_PRE_SHARE) &&
               target != PP_TARGET_NONE) {
        if (target < HSR_MAX_PORTS)
            nic->stats[target].net_drops++;
        else
            nic->traffic.pool_drops++;
    }
}

/* Packets from the network there is room for now, promises apart. */
static uint32_t spare(const struct nic *nic, const struct rooms *room)
{
    uint32_t promised = nic->promised[NIC_POOL_RING], sum = 0;

    for (uint32_t w = 0; w < nic->steered; w++)
        sum += room->ring[w] > promised ? room->ring[w] - promised : 0;
    return sum;
}

/* One frame into the Pre-Processor. */
static inline __attribute__((always_inline)) void rx_frame(struct nic *nic,
                                                           const struct nic_rx *frame,
                                                           const struct pp_ingress *in,
                                                           bool special, uint64_t now)
{
    uint32_t slot = frame->slot;
    enum hsr_drop drop = pp_pre_frame(&nic->pre, slot, nic_slot_frame(&nic->slots, slot),
                                      frame->len, in, &frame->vnet, now);

    if (__builtin_expect(special, false))
        look_at(nic, frame, in, drop);
    if (__builtin_expect(nic->kept.track, false) && drop == HSR_DROP_NONE)
        nic_slice(nic, frame, in);
    if (drop != HSR_DROP_NONE) {
        nic_pre_drop(nic, in->port, drop);
        nic_slots_put(&nic->slots, slot);
    }
    if (in->uplink)
        note_target(nic, slot, drop);
}

static __attribute__((noinline)) void rx_unusual(struct nic *nic, const struct nic_rx *frame,
                                                 const struct pp_ingress *in, uint64_t now)
{
    rx_frame(nic, frame, in, false, now);
}

/* The usual ones of a burst parsed and hashed, NULL for the others. Twice in the program: of a guest no tunnel is looked for. */
static inline __attribute__((always_inline)) void parse_burst(const struct nic *nic,
                                                              const struct nic_rx *frame,
                                                              uint32_t n,
                                                              const struct pp_ingress *in,
                                                              struct pp_agg_item **item)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct virtio_net_hdr *vnet = &frame[i].vnet;

        item[i] = vnet->flags | vnet->gso_type
                      ? NULL
                      : pp_pre_usual(&nic->pre, i, nic_slot_frame(&nic->slots, frame[i].slot),
                                     frame[i].len, in);
    }
}

static __attribute__((noinline)) void parse_usual_guest(const struct nic *nic,
                                                        const struct nic_rx *frame, uint32_t n,
                                                        const struct pp_ingress *in,
                                                        struct pp_agg_item **item)
{
    const struct pp_ingress from = {.port = in->port, .context = in->context};

    parse_burst(nic, frame, n, &from, item);
}

static __attribute__((noinline)) void parse_usual_uplink(const struct nic *nic,
                                                         const struct nic_rx *frame, uint32_t n,
                                                         const struct pp_ingress *in,
                                                         struct pp_agg_item **item)
{
    const struct pp_ingress from = {.port = in->port, .uplink = true, .context = in->context};

    parse_burst(nic, frame, n, &from, item);
}

/* Does the pre-classifier let a usual frame of an uplink pass? Else it is gone. */
static bool admitted(struct nic *nic, const struct nic_rx *frame, const struct pp_agg_item *item,
                     uint16_t port, uint64_t now)
{
    uint32_t slot = frame->slot;
    enum hsr_drop drop =
        pp_pre_usual_admit(&nic->pre, item, nic_slot_frame(&nic->slots, slot), frame->len, now);

    if (drop != HSR_DROP_NONE) {
        nic_pre_drop(nic, port, drop);
        nic_slots_put(&nic->slots, slot);
    }
    note_target(nic, slot, drop);
    return drop == HSR_DROP_NONE;
}

/* Frames of a port that asks for nothing special: the usual ones in two steps, so that what the first asks for is there. */
static void rx_burst(struct nic *nic, const struct nic_rx *frame, uint32_t n,
                     const struct pp_ingress *in, uint64_t now)
{
    struct pp_agg_item *item[NIC_RX_BURST];

    if (in->uplink)
        parse_usual_uplink(nic, frame, n, in, item);
    else
        parse_usual_guest(nic, frame, n, in, item);
    for (uint32_t i = 0; i < n; i++)
        if (__builtin_expect(item[i] != NULL, true))
            pp_pre_usual_prefetch(&nic->pre, item[i]);
    for (uint32_t i = 0; i < n; i++) {
        if (__builtin_expect(item[i] == NULL, false))
            rx_unusual(nic, &frame[i], in, now);
        else if (!in->uplink || admitted(nic, &frame[i], item[i], in->port, now))
            pp_pre_usual_put(&nic->pre, item[i], frame[i].slot, now);
    }
}

/* Frames of one port into the Pre-Processor; how many. */
static uint32_t rx_port(struct nic *nic, struct nic_slot_port *p, uint32_t max, uint64_t now)
{
    const struct nic_port_config *config = &p->port.config;
    struct pp_ingress in = {.port = config->index,
                            .uplink = config->uplink,
                            .ruled = nic_ruled(nic, config->index),
                            .context = config->context};
    struct hsr_port_stats *stats = &nic->stats[config->index];
    struct nic_rx frame[NIC_RX_BURST];
    uint32_t no_slot = 0, too_big = 0;
    uint64_t bad = p->port.rx_bad;
    uint32_t got = p->port.ops->rx(&p->port, &nic->slots, frame, max, &no_slot, &too_big);
    bool special = in.ruled || nic_shown(nic);
    uint64_t bytes;

    if (nic_shown(nic))
        nic_show_fetched(nic);
    bytes = charge(nic, frame, got, config->index);
    if (nic_timed(nic))
        nic_latency_received(nic, frame, got, now);
    if (special || nic->kept.track) {
        for (uint32_t i = 0; i < got; i++)
            rx_frame(nic, &frame[i], &in, special, now);
    } else {
        rx_burst(nic, frame, got, &in, now);
    }
    if (in.ruled)
        nic_tx_flush(nic);
    for (uint32_t i = 0; i < no_slot; i++)
        nic_pre_drop(nic, config->index, HSR_DROP_NO_SLOT);
    for (uint32_t i = 0; i < too_big; i++)
        nic_pre_drop(nic, config->index, HSR_DROP_PKT_TOO_BIG);
    bad = p->port.rx_bad - bad;
    for (uint64_t i = 0; i < bad; i++)
        nic_pre_drop(nic, config->index, HSR_DROP_GUEST_DESC);
    p->ahead = bytes > NIC_RX_BYTES ? (uint32_t)(bytes - NIC_RX_BYTES) : 0;
    stats->rx_bytes += bytes;
    stats->rx_packets += got + no_slot + too_big + bad;
    stats->pre_rx += got + no_slot + too_big + bad;
    return got;
}

/* The turn of one port, within its credit. True: it could have brought more. */
static bool turn_of(struct nic *nic, uint16_t index, struct rooms *room, uint64_t now,
                    uint32_t *total)
{
    struct nic_slot_port *p = nic->port[index];
    uint32_t max = ring_credit(nic, p, room), got = 0;

    if (p->ahead > 0) {
        p->ahead -= p->ahead < NIC_RX_BYTES ? p->ahead : NIC_RX_BYTES;
        *total += 1; /* so that nobody falls asleep over it */
        return false;
    }
    if (max > 0) {
        slot_credit(nic, p);
        if (p->port.config.uplink)
            nic->pre.targets->spare = spare(nic, room);
        got = rx_port(nic, p, max, now);
        take_from(nic, room, got);
        *total += got;
    }
    if (got < max && !nic->slots.waits) {
        nic_ready_done(&nic->ready, index);
        return false;
    }
    if (max == NIC_RX_BURST && !nic->slots.waits)
        return false;
    nic->stats[index].rx_held++;
    return true;
}

/* The ports of one word that are ready; those that are held back, are remembered. */
static uint32_t turn_of_word(struct nic *nic, uint32_t word, uint64_t bits, struct rooms *room,
                             uint64_t now)
{
    uint32_t total = 0;

    for (; bits != 0; bits &= bits - 1) {
        uint16_t index = (uint16_t)(word * 64 + (uint32_t)__builtin_ctzll(bits));

        if (nic->pre.agg.free_count < NIC_RX_BURST) {
            total += nic_rx_vectors(nic);
            look(nic, room);
        }
        if (turn_of(nic, index, room, now, &total) && !nic->held) {
            nic->held = true;
            nic->first = index;
        }
    }
    return total;
}

uint32_t nic_rx_ports(struct nic *nic, uint64_t now)
{
    uint32_t words = (nic->ledgers + 63) / 64, word = nic->first / 64, total = 0;
    uint64_t from = UINT64_MAX << nic->first % 64, which = from;
    struct rooms room = {{0}};

    nic_ready_look(&nic->ready);
    look(nic, &room);
    nic->held = false;
    /* Once around, from the port that was held back: its word's lower ports come last. */
    for (uint32_t i = 0; i <= words; i++) {
        uint64_t bits = (nic->ready.now[word] | nic->ready.polled[word]) & which;

        if (bits != 0)
            total += turn_of_word(nic, word, bits, &room, now);
        word = word + 1 < words ? word + 1 : 0;
        which = i + 1 < words ? UINT64_MAX : ~from;
    }
    lift_floors(nic);
    return total;
}

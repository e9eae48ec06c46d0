/* SPDX-License-Identifier: Apache-2.0 */
/* tx rings -> Post-Processor -> ports. What the firmware writes is copied once, checked, and used from the copy. */
#include <string.h>

#include "hsring/check.h"
#include "nic_internal.h"

static inline void note_sent(struct nic *nic, struct hsr_port_stats *egress,
                             const struct nic_batch *b, uint32_t i)
{
    nic->stats[b->ledger[i]].post_tx++;
    egress->tx_packets++;
    egress->tx_bytes += po_frame_len(&b->frame[i]);
}

/* All of the first `taken`. */
static inline void note_all_sent(struct nic *nic, struct hsr_port_stats *egress,
                                 const struct nic_batch *b, uint32_t taken)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0, n; i < taken; i += n) { /* of one ledger at a time */
        for (n = 0; i + n < taken && b->ledger[i + n] == b->ledger[i]; n++)
            bytes += po_frame_len(&b->frame[i + n]);
        nic->stats[b->ledger[i]].post_tx += n;
    }
    egress->tx_packets += taken;
    egress->tx_bytes += bytes;
}

/* Some of those that it took were refused: each is its own sender's loss. */
static __attribute__((noinline)) void settle_refused(struct nic *nic, struct nic_slot_port *p,
                                                     uint32_t taken)
{
    const struct nic_batch *b = &p->batch;

    for (uint32_t i = 0; i < taken; i++) {
        if (p->port.refused[i] != HSR_DROP_NONE)
            nic_post_drop(nic, b->ledger[i], p->port.refused[i]);
        else
            note_sent(nic, &nic->stats[p->port.config.index], b, i);
    }
    memset(p->port.refused, HSR_DROP_NONE, sizeof p->port.refused);
}

/* Give a port its collected frames; what it does not take is dropped, each under its own ledger. */
static void flush_port(struct nic *nic, struct nic_slot_port *p)
{
    struct nic_batch *b = &p->batch;
    struct hsr_port_stats *egress = &nic->stats[p->port.config.index];
    uint64_t errors = p->port.tx_errors;
    uint32_t taken = b->count > 0 ? p->port.ops->tx(&p->port, b->frame, b->count) : 0;

    if (nic_shown(nic) && b->count > 0)
        nic_show_tx(nic, p, taken);
    if (nic_timed(nic))
        nic_latency_sent(nic, p, taken);
    if (p->port.tx_errors != errors)
        settle_refused(nic, p, taken);
    else
        note_all_sent(nic, egress, b, taken);
    for (uint32_t i = taken; i < b->count; i++)
        nic_post_drop(nic, b->ledger[i], HSR_DROP_PORT_TX_FULL);
    b->count = 0;
    b->tails = 0;
}

/* Where po_process() puts frames: into the port's batch, with the ledger of the packet they come from. */
struct collect {
    struct nic *nic;
    struct nic_slot_port *port;
    const uint8_t *origin; /* where the packet lies */
    uint16_t ledger;
};

/* The spans are the Post-Processor's until it returns: ours go along. */
static inline void keep_tails(struct nic_batch *b, struct po_frame *frame)
{
    if (frame->tails == 0)
        return;
    memcpy(&b->tail[b->tails], frame->tail, frame->tails * sizeof *frame->tail);
    frame->tail = &b->tail[b->tails];
    b->tails += frame->tails;
}

static uint32_t collect_frames(void *arg, const struct po_frame *frames, uint32_t n)
{
    struct collect *c = arg;
    struct nic_batch *b = &c->port->batch;

    for (uint32_t i = 0; i < n; i++) {
        if (b->count == NIC_TX_BATCH || b->tails + frames[i].tails > NIC_TX_TAILS)
            flush_port(c->nic, c->port);
        uint32_t at = b->count++;

        b->frame[at] = frames[i];
        b->ledger[at] = c->ledger;
        keep_tails(b, &b->frame[at]);
        if (frames[i].head_len > 0) {
            memcpy(b->head[at], frames[i].head, frames[i].head_len);
            b->frame[at].head = b->head[at];
            b->origin[at] = c->origin;
        }
    }
    return n;
}

/* What po_process() and the sink would do with a frame that needs no work, in one step. */
static void collect_plain(struct nic *nic, struct nic_slot_port *p, uint16_t ledger,
                          const uint8_t *frame, uint32_t len)
{
    struct nic_batch *b = &p->batch;

    if (b->count == NIC_TX_BATCH)
        flush_port(nic, p);
    b->frame[b->count] = (struct po_frame){.body = frame, .body_len = len};
    b->ledger[b->count++] = ledger;
}

/* The port a frame leaves by, which will be flushed; NULL: there is none. */
static inline struct nic_slot_port *egress(struct nic *nic, uint16_t index)
{
    struct nic_slot_port *p = nic->port[index];

    if (p != NULL && !p->touched) {
        p->touched = true;
        nic->flush[nic->flushes++] = index;
    }
    return p;
}

static void process_frame(struct nic *nic, struct nic_slot_port *p, const struct hsr_tx_meta *meta,
                          const struct po_source *frame, uint16_t ledger)
{
    struct collect c = {.nic = nic, .port = p, .origin = frame->span[0].at, .ledger = ledger};
    struct po_result r = po_process(&nic->work, meta, frame, &p->port.egress, collect_frames, &c);

    if (r.made > 1)
        nic->stats[ledger].post_segments += r.made - 1;
    if (r.made == 0)
        nic_post_drop(nic, ledger, r.drop);
}

/* A frame the Post-Processor may have work with. */
static __attribute__((noinline)) void process(struct nic *nic, struct nic_slot_port *p,
                                              const struct hsr_tx_meta *meta, uint32_t slot,
                                              uint16_t ledger, uint32_t payload)
{
    struct po_span span[1 + NIC_PAYLOAD_MOST];
    struct po_source frame = {.span = span, .spans = 1, .len = meta->frame_len};

    span[0] =
        (struct po_span){hsr_slot(&nic->region.view, slot) + meta->frame_off, meta->frame_len};
    if (payload != NIC_NO_PAYLOAD)
        nic_payload_source(nic, payload, &frame, span + 1);
    process_frame(nic, p, meta, &frame, ledger);
}

void nic_tx_joined(struct nic *nic, const struct hsr_tx_meta *meta, const struct po_source *frame,
                   uint16_t ledger)
{
    struct nic_slot_port *p = egress(nic, meta->egress_port);

    if (p == NULL)
        nic_post_drop(nic, ledger, HSR_DROP_PORT_GONE);
    else
        process_frame(nic, p, meta, frame, ledger);
}

static void transmit(struct nic *nic, const struct hsr_tx_meta *meta, uint32_t slot,
                     uint16_t ledger, uint32_t payload)
{
    struct nic_slot_port *p = egress(nic, meta->egress_port);

    nic->traffic.bytes_from_fw += meta->frame_len;
    if (p == NULL) {
        nic_post_drop(nic, ledger, HSR_DROP_PORT_GONE);
    } else if (payload == NIC_NO_PAYLOAD && po_is_plain(meta, meta->frame_len, &p->port.egress)) {
        collect_plain(nic, p, ledger, hsr_slot(&nic->region.view, slot) + meta->frame_off,
                      meta->frame_len);
    } else {
        process(nic, p, meta, slot, ledger, payload);
    }
}

void nic_tx_copy(struct nic *nic, const struct hsr_tx_meta *meta, uint32_t slot, uint16_t ledger)
{
    struct nic_slot_port *p = egress(nic, meta->egress_port);

    nic->stats[ledger].post_copies++;
    if (p == NULL)
        nic_post_drop(nic, ledger, HSR_DROP_PORT_GONE);
    else if (!hsr_tx_check(meta, hsr_slot_space(&nic->region.view, slot), HSR_KIND_PACKET))
        nic_post_drop(nic, ledger, HSR_DROP_TX_META_BAD);
    else
        process(nic, p, meta, slot, ledger, NIC_NO_PAYLOAD);
}

/* What becomes of the packet itself; `payload` is the one it names, if that is there. */
static void act_on(struct nic *nic, const struct hsr_tx_meta *meta, uint32_t slot, uint16_t ledger,
                   uint32_t payload)
{
    bool gone = meta->payload != 0 && payload == NIC_NO_PAYLOAD;

    if (meta->owner != nic->owner)
        nic_post_drop(nic, ledger, HSR_DROP_STALE_OWNER);
    else if (meta->action == HSR_TXA_CONSUME)
        nic->stats[ledger].post_consumed++;
    else if (meta->action == HSR_TXA_DROP)
        nic_post_drop(nic, ledger, meta->drop_reason);
    else if (gone)
        nic_post_drop(nic, ledger, HSR_DROP_PAYLOAD_GONE);
    else if (meta->action == HSR_TXA_TRANSMIT)
        transmit(nic, meta, slot, ledger, payload);
    else
        nic_return(nic, meta, slot, ledger, payload);
}

/* An entry with a payload's handle: apart, since without slicing there are none. */
static __attribute__((noinline)) void act_with_payload(struct nic *nic,
                                                       const struct hsr_tx_meta *meta,
                                                       uint32_t worker, uint32_t slot,
                                                       uint32_t kind, uint16_t ledger)
{
    uint32_t payload =
        meta->payload != 0 ? nic_payload_of(nic, meta, worker, slot, kind) : NIC_NO_PAYLOAD;

    if (kind != HSR_KIND_CTRL)
        act_on(nic, meta, slot, ledger, payload);
    else if (meta->action != HSR_CTRL_RELEASE)
        return;
    if (payload == NIC_NO_PAYLOAD) {
        if (meta->payload != 0 && kind == HSR_KIND_PACKET)
            nic_payload_forget(nic, slot);
    } else if (meta->payload_op == HSR_PAYLOAD_RELEASE) {
        nic_payload_leave(nic, payload);
    }
}

/* Is the entry part of a chain, or (of what is no frame to be sent) may it look like one? */
static inline bool chains(const struct hsr_tx_meta *meta)
{
    return meta->offload & HSR_TXO_MORE || meta->action == HSR_TXA_MERGE;
}

/* Do what the (checked) metadata of a packet asks. */
static void act(struct nic *nic, const struct hsr_tx_meta *meta, uint32_t worker, uint32_t slot,
                uint32_t kind, uint16_t ledger)
{
    struct hsr_port_stats *stats = &nic->stats[ledger];

    if (meta->fit_op != HSR_FIT_NONE)
        pp_fit_apply(&nic->pre.fit, meta);
    if (__builtin_expect(nic->chain.open || chains(meta), false) &&
        nic_chain_entry(nic, meta, worker, slot, kind, ledger))
        return;
    if (kind == HSR_KIND_CTRL) {
        if (meta->action != HSR_CTRL_FIT)
            act_with_payload(nic, meta, worker, slot, kind, ledger);
        return;
    }
    if (kind == HSR_KIND_ORIGINATE)
        stats->post_originated++;
    else
        stats->post_ring++;
    if (meta->payload != 0)
        act_with_payload(nic, meta, worker, slot, kind, ledger);
    else
        act_on(nic, meta, slot, ledger, NIC_NO_PAYLOAD);
}

void nic_tx_act(struct nic *nic, const struct hsr_tx_meta *meta, uint32_t slot, uint32_t kind,
                uint16_t ledger)
{
    act(nic, meta, 0, slot, kind, ledger);
}

/*
 * Is this the worker's to send? Received runs change hands here, so that none comes back twice; workers hand packets over to
 * one another, so any may bring it. What is of a quota stays with its worker.
 */
static inline bool claim(struct nic *nic, uint32_t worker, uint32_t slot, uint32_t kind)
{
    if (kind == HSR_KIND_PACKET) {
        if (!nic_slots_move(&nic->slots, slot, NIC_SLOT_FIRMWARE, NIC_SLOT_NIC))
            return false;
        nic->with_worker[nic->slots.run[slot].port][nic->slots.run[slot].worker]--;
        return true;
    }
    return slot < nic->region.view.slots && (kind == HSR_KIND_CTRL || kind == HSR_KIND_ORIGINATE) &&
           nic->slots.run[slot].worker == worker && nic->slots.run[slot].state == NIC_SLOT_QUOTA;
}

/* Metadata that is outside its contract. */
static void refuse(struct nic *nic, uint32_t slot, uint32_t kind, uint16_t ledger)
{
    nic_chain_break(nic);
    if (kind == HSR_KIND_CTRL)
        return;
    if (kind == HSR_KIND_ORIGINATE)
        nic->stats[ledger].post_originated++;
    else
        nic->stats[ledger].post_ring++;
    nic_post_drop(nic, ledger, HSR_DROP_TX_META_BAD);
    if (kind == HSR_KIND_PACKET)
        nic_payload_forget(nic, slot);
}

/* What an entry is beside its packet: a group's, a capture's. False: it has been dealt with. */
static __attribute__((noinline)) bool watch(struct nic *nic, struct hsr_tx_meta *meta,
                                            uint32_t slot, uint32_t kind, bool good)
{
    if (nic_shown(nic))
        nic_show_post(nic, meta, slot, kind, good);
    return nic->owned == NULL || nic_owned_entry(nic, meta, slot, kind, good);
}

/* Any entry; what comes of the usual ones, it would find out as well. */
static __attribute__((noinline)) void unusual(struct nic *nic, uint32_t worker, uint32_t slot,
                                              uint32_t kind, bool good)
{
    struct hsr_tx_meta *meta = &nic->tx;
    uint16_t ledger = nic->slots.run[slot].port;

    if (nic->watched && !watch(nic, meta, slot, kind, good))
        return;
    if (kind != HSR_KIND_PACKET)
        ledger = meta->egress_port < nic->ledgers ? meta->egress_port : 0;
    if (good)
        act(nic, meta, worker, slot, kind, ledger);
    else
        refuse(nic, slot, kind, ledger);
}

static __attribute__((noinline)) void process_entry(struct nic *nic, uint32_t worker,
                                                    uint32_t entry)
{
    uint32_t slot = hsr_entry_slot(entry);
    uint32_t kind = hsr_entry_kind(entry);
    struct hsr_tx_meta *meta = &nic->tx;

    if (!claim(nic, worker, slot, kind)) {
        nic->faults.bad_entry++;
        return;
    }
    memcpy(meta, hsr_slot(&nic->region.view, slot), sizeof *meta);
    nic->traffic.bytes_from_fw += sizeof *meta;
    __asm__ volatile("" ::: "memory"); /* from here on the copy is all there is */
    uint32_t space = hsr_slot_space(&nic->region.view, slot);

    nic->done[nic->dones++] = entry;
    unusual(nic, worker, slot, kind, hsr_tx_check(meta, space, kind));
}

#define OFFLOAD_WORK (0xFFFFu & ~(unsigned)(HSR_TXO_IPV6 | HSR_TXO_ENCAP))

_Static_assert(
    offsetof(struct hsr_tx_meta, action) == 3 && offsetof(struct hsr_tx_meta, frame_off) == 4 &&
        offsetof(struct hsr_tx_meta, mtu) == 6 && offsetof(struct hsr_tx_meta, frame_len) == 8 &&
        offsetof(struct hsr_tx_meta, payload) == 12 &&
        offsetof(struct hsr_tx_meta, payload_op) == 16 &&
        offsetof(struct hsr_tx_meta, offload) == 18 && offsetof(struct hsr_tx_meta, l3_off) == 20 &&
        offsetof(struct hsr_tx_meta, l4_off) == 22 &&
        offsetof(struct hsr_tx_meta, outer_l3_off) == 24 &&
        offsetof(struct hsr_tx_meta, outer_l4_off) == 26 &&
        offsetof(struct hsr_tx_meta, gso_size) == 28 && offsetof(struct hsr_tx_meta, owner) == 56,
    "the words below");

/* Usual entries of one ledger that one worker was given, in a row, counted nowhere yet. */
struct tally {
    uint16_t ledger;
    uint8_t worker;
    uint32_t packets;
};

static void count(struct nic *nic, struct tally *t)
{
    nic->with_worker[t->ledger][t->worker] -= t->packets;
    nic->stats[t->ledger].post_ring += t->packets;
    t->packets = 0;
}

/*
 * The usual entry in one straight line: a received packet in a single slot that is to leave whole, as it stands, by a port that
 * is there, with nobody looking on. Of its metadata each word is read once, and checked as hsr_tx_check() does. False, and
 * nothing has changed: process_entry() reads it anew, and finds out what it is.
 */
static inline bool send_usual(struct nic *nic, uint32_t entry, struct tally *tally)
{
    const struct hsr_view *view = &nic->region.view;

    /* An entry of another kind is no slot's number. */
    if (entry - view->classes[0].first >= view->classes[0].count ||
        nic->slots.run[entry].state != NIC_SLOT_FIRMWARE || nic->watched || nic->chain.open)
        return false;
    struct nic_slot_run *run = &nic->slots.run[entry];
    const uint8_t *slot = hsr_slot(view, entry);
    const volatile uint64_t *at = (const volatile uint64_t *)(const volatile void *)slot;
    uint64_t w0 = at[0], w1 = at[1], w2 = at[2], w3 = at[3], w7 = at[7];
    uint32_t off = w0 >> 32 & 0xFFFF, len = (uint32_t)w1;
    uint32_t l3 = w2 >> 32 & 0xFFFF, l4 = (uint32_t)(w2 >> 48);
    uint32_t outer_l3 = w3 & 0xFFFF, outer_l4 = w3 >> 16 & 0xFFFF;
    uint64_t unusual = (w0 & 0xFFFF0000FF000000u) | w1 >> 32 |
                       (w2 & ((uint64_t)OFFLOAD_WORK << 16 | 0xFF)) | w3 >> 32 |
                       ((uint32_t)w7 ^ nic->owner);
    uint32_t port = w0 & 0xFFFF, begin = l3;

    if (w2 >> 16 & HSR_TXO_ENCAP) {
        unusual |= (outer_l3 > outer_l4) | (outer_l4 > l3);
        begin = outer_l3;
    }
    if (__builtin_expect(unusual != 0, 0) || port >= HSR_MAX_PORTS || len < HSR_ETH_HDR ||
        off < HSR_SLOT_META ||
        off - HSR_SLOT_META + (uint64_t)len > HSR_SLOT_SIZE - HSR_SLOT_META || l3 > l4 || l4 > len)
        return false;
    struct nic_slot_port *p = nic->port[port];

    if (p == NULL || len > p->port.egress.mtu + (uint64_t)(begin == 0 ? HSR_ETH_HDR : begin))
        return false;
    uint16_t ledger = run->port;

    run->state = NIC_SLOT_NIC;
    if (ledger != tally->ledger || run->worker != tally->worker) {
        count(nic, tally);
        tally->ledger = ledger;
        tally->worker = run->worker;
    }
    tally->packets++;
    nic->traffic.bytes_from_fw += sizeof(struct hsr_tx_meta) + len;
    nic->done[nic->dones++] = entry;
    if (!p->touched)
        egress(nic, (uint16_t)port);
    collect_plain(nic, p, ledger, slot + off, len);
    return true;
}

/* After the flush no frame refers to the runs any more: free them, or hand them back to the firmware's quota. */
static void release(struct nic *nic, uint32_t worker)
{
    struct hsr_ring *completion = &nic->ring[worker][HSR_RING_COMPLETION];
    const uint32_t n = nic->dones;
    bool completed = false;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t entry = nic->done[i];

        if (__builtin_expect(hsr_entry_kind(entry) == HSR_KIND_PACKET, 1))
            nic_slots_free(&nic->slots, entry); /* claimed: in state NIC */
        else if (!hsr_ring_push(completion, &entry, 1))
            nic->faults.lost_completion++;
        else
            completed = true;
    }
    nic->dones = 0;
    nic_payload_free(nic);
    if (completed)
        hsr_ring_kick(completion);
}

/* Runs the firmware gives back without a word about them count as consumed. */
static uint32_t free_burst(struct nic *nic, uint32_t worker)
{
    uint32_t entry[NIC_TX_BURST];
    uint32_t n = hsr_ring_pop(&nic->ring[worker][HSR_RING_FREE], entry, NIC_TX_BURST);

    for (uint32_t i = 0; i < n; i++) {
        uint32_t slot = hsr_entry_slot(entry[i]);

        if (!claim(nic, worker, slot, HSR_KIND_PACKET)) {
            nic->faults.bad_entry++;
            continue;
        }
        if (nic->owned == NULL || !nic_owned_freed(nic, slot)) {
            nic->stats[nic->slots.run[slot].port].post_ring++;
            nic->stats[nic->slots.run[slot].port].post_consumed++;
        }
        nic_payload_forget(nic, slot);
        nic_slots_put(&nic->slots, slot);
    }
    return n;
}

void nic_tx_flush(struct nic *nic)
{
    for (uint32_t i = 0; i < nic->flushes; i++) {
        struct nic_slot_port *p = nic->port[nic->flush[i]];

        flush_port(nic, p);
        p->touched = false;
    }
    nic->flushes = 0;
}

/* A chain that goes on behind the burst: it is in the ring, or it is none. */
static void finish_chain(struct nic *nic, uint32_t worker)
{
    uint32_t entry;

    for (unsigned i = 0; nic->chain.open && i < HSR_MAX_VECTOR; i++) {
        if (hsr_ring_pop(&nic->ring[worker][HSR_RING_TX], &entry, 1) == 0)
            break;
        if (nic_timed(nic))
            nic_latency_taken(nic, &entry, 1);
        process_entry(nic, worker, entry);
    }
    nic_chain_break(nic);
}

uint32_t nic_tx_burst(struct nic *nic, uint32_t worker)
{
    struct hsr_ring *tx = &nic->ring[worker][HSR_RING_TX];
    uint32_t entry[NIC_TX_BURST];
    uint32_t waiting = hsr_ring_waiting(tx);
    uint32_t n = hsr_ring_pop(tx, entry, NIC_TX_BURST);
    struct tally tally = {0};

    if (nic_timed(nic) && n > 0)
        nic_latency_taken(nic, entry, n);
    if (waiting > nic->traffic.tx_ring_high)
        nic->traffic.tx_ring_high = waiting;
    for (uint32_t i = 0; i < n; i++) /* a hint: whatever the entry names */
        __builtin_prefetch(hsr_slot(&nic->region.view, hsr_entry_slot(entry[i])));
    for (uint32_t i = 0; i < n; i++)
        if (!send_usual(nic, entry[i], &tally))
            process_entry(nic, worker, entry[i]);
    count(nic, &tally);
    finish_chain(nic, worker);
    nic_tx_flush(nic);
    if (nic_timed(nic))
        nic_latency_done(nic);
    release(nic, worker);
    n += free_burst(nic, worker);
    return n;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between NIC and firmware: each ring is two, the NIC's in the region and the firmware's in memory of ours, and entries are
 * carried from one to the other, late or not at all, and the metadata in their slots may be another behind it. Neither side
 * notices, for each ring by itself is right.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hsring/flow_id.h"
#include "sim.h"

#define LOST_BELL (500 * SIM_US)

static struct sim *sim_of(struct bench *b)
{
    return b->config.arg;
}

static bool from_nic(enum hsr_ring_kind kind)
{
    return kind == HSR_RING_RX || kind == HSR_RING_COMPLETION;
}

static void bind(struct sim *s, uint32_t worker, enum hsr_ring_kind kind)
{
    const struct hsr_view *nic = &nic_region(s->bench.nic)->view, *fw = &s->bus.view;
    struct sim_wire *w = &s->bus.wire[worker][kind];

    memset(w, 0, sizeof *w);
    hsr_view_ring(from_nic(kind) ? nic : fw, worker, kind, &w->from, -1);
    hsr_view_ring(from_nic(kind) ? fw : nic, worker, kind, &w->to, -1);
    w->bell = from_nic(kind) ? nic_rx_doorbell(s->bench.nic, worker)
                             : nic_tx_doorbell(s->bench.nic, worker);
}

const struct hsr_view *sim_bus_open(struct bench *b)
{
    struct sim *s = sim_of(b);
    const struct hsr_view *nic = &nic_region(b->nic)->view;

    s->bus.workers = nic->workers;
    s->bus.size = nic->workers * nic->ring_set_size;
    free(s->bus.rings);
    s->bus.rings = aligned_alloc(HSR_CACHE_LINE, s->bus.size);
    if (s->bus.rings == NULL)
        sim_finding(s, "no memory");
    memset(s->bus.rings, 0, s->bus.size);
    s->bus.view = *nic;
    s->bus.view.rings = s->bus.rings;
    s->bus.view.fw_slots -= s->two; /* the last one is ours (second.c) */
    for (uint32_t w = 0; w < s->bus.workers; w++)
        for (int kind = 0; kind < HSR_RING_KINDS; kind++)
            bind(s, w, (enum hsr_ring_kind)kind);
    return &s->bus.view;
}

void sim_bus_close(struct sim *s)
{
    free(s->bus.rings);
    s->bus.rings = NULL;
}

/* ---- what may be written over ---- */

/* Another payload, or none that there is; that there is none at all would be no hint but an order. */
static uint32_t other_handle(struct draw *d, uint32_t handle)
{
    uint32_t other = handle ^ 1u << draw_below(d, 32);

    return other != 0 ? other : ~handle;
}

/* Of what the NIC says of a packet: what names something or helps to find it, and decides nothing. */
static void spoil_rx_hint(struct sim *s, struct hsr_rx_meta *m)
{
    struct draw *d = &s->draw;

    switch (draw_below(d, 6)) {
    case 0:
        m->flow_id ^= UINT64_C(1) << draw_below(d, 64);
        break;
    case 1:
        m->hash = draw_next(d);
        break;
    case 2:
        m->payload = m->payload != 0 ? other_handle(d, m->payload) : 0;
        break;
    case 3:
        m->vec_len = (uint8_t)draw_below(d, 20);
        break;
    case 4:
        m->owner ^= 1u << draw_below(d, 32);
        break;
    default:
        m->rx_seq = (uint32_t)draw_next(d);
    }
}

/* Of what the firmware asks for, likewise. */
static void spoil_tx_hint(struct sim *s, struct hsr_tx_meta *m)
{
    struct draw *d = &s->draw;

    switch (draw_below(d, 6)) {
    case 0:
        m->payload = other_handle(d, m->payload);
        break;
    case 1:
        m->owner ^= 1u << draw_below(d, 32);
        break;
    case 2:
        m->fit_op = (uint8_t)draw_below(d, 5);
        m->hash = draw_next(d);
        m->flow_id = s->bus.flow_id[draw_below(d, 16)];
        break;
    case 3:
        m->fit_named = draw_next(d);
        break;
    case 4:
        m->payload_op = (uint8_t)draw_below(d, 3);
        break;
    default:
        m->rx_seq = (uint32_t)draw_next(d);
    }
}

static void spoil(struct sim *s, enum hsr_ring_kind kind, uint32_t entry)
{
    uint8_t *at = hsr_slot(&s->bus.view, hsr_entry_slot(entry));
    bool rx = kind == HSR_RING_RX;

    if (rx && sim_has(s, SIM_F_STALE) && draw_chance(&s->draw, 15))
        ((struct hsr_rx_meta *)(void *)at)->flow_id = s->bus.flow_id[draw_below(&s->draw, 16)];
    if (sim_has(s, SIM_F_HINTS) && draw_chance(&s->draw, 4)) {
        s->hits++;
        if (rx)
            spoil_rx_hint(s, (struct hsr_rx_meta *)(void *)at);
        else
            spoil_tx_hint(s, (struct hsr_tx_meta *)(void *)at);
    }
    if (sim_has(s, SIM_F_NOISE) && draw_chance(&s->draw, 4)) {
        s->hits++;
        at[draw_below(&s->draw, rx ? 128 : 64)] ^= (uint8_t)(1u << draw_below(&s->draw, 8));
    }
}

/* Flow ids that there are, for those that come with another packet. */
static void note_flow_id(struct sim *s, uint32_t entry)
{
    const struct hsr_rx_meta *m = (const void *)hsr_slot(&s->bus.view, hsr_entry_slot(entry));

    if (m->flow_id != 0)
        s->bus.flow_id[s->bus.flow_ids++ % 16] = m->flow_id;
}

/* ---- carrying ---- */

static void put(struct sim *s, struct sim_wire *w, uint32_t entry)
{
    if (hsr_ring_push(&w->to, &entry, 1))
        s->bus.moved++;
}

void sim_bus_put(struct sim *s, enum hsr_ring_kind kind, uint32_t entry)
{
    put(s, &s->bus.wire[0][kind], entry);
}

/* One entry, with what may happen to it. False: it was put by. */
static void carry(struct sim *s, struct sim_wire *w, enum hsr_ring_kind kind, uint32_t entry)
{
    bool packet = kind == HSR_RING_RX || kind == HSR_RING_TX;
    unsigned slots = s->bus.view.slots;

    if (packet && hsr_entry_slot(entry) < slots)
        spoil(s, kind, entry);
    if (kind == HSR_RING_RX && hsr_entry_slot(entry) < slots)
        note_flow_id(s, entry);
    if (packet && sim_plant_entry(s, kind, &entry))
        return;
    if (sim_has(s, SIM_F_LOSE) && draw_chance(&s->draw, 2)) {
        s->hits++;
        return;
    }
    if (packet && sim_has(s, SIM_F_LATE) && w->lates < 8 && draw_chance(&s->draw, 5)) {
        s->hits++;
        w->late[w->lates++] = entry;
        return;
    }
    put(s, w, entry);
    if (sim_has(s, SIM_F_DOUBLE) && hsr_ring_room(&w->to) > 0 && draw_chance(&s->draw, 3)) {
        s->hits++;
        put(s, w, entry);
    }
}

/* Up to `most` entries of one ring. */
static uint32_t move(struct sim *s, struct sim_wire *w, enum hsr_ring_kind kind, uint32_t most)
{
    uint32_t entry[64], room = hsr_ring_room(&w->to), n;

    while (w->lates > 0 && room > 0 && draw_chance(&s->draw, 50)) {
        put(s, w, w->late[--w->lates]);
        room--;
    }
    n = most < room ? most : room;
    n = hsr_ring_pop(&w->from, entry, n < 64 ? n : 64);
    for (uint32_t i = 0; i < n; i++)
        carry(s, w, kind, entry[i]);
    return n;
}

static bool rung(int bell)
{
    uint64_t count;

    return read(bell, &count, sizeof count) == sizeof count;
}

/*
 * The other side sleeps when there is nothing, as a firmware or a NIC without work does. It must be rung awake when there is
 * something again; with that fault the bell is not heard, and it wakes by itself later.
 */
static bool awake(struct sim *s, struct sim_wire *w, enum hsr_ring_kind kind)
{
    if (!w->asleep)
        return true;
    if (hsr_ring_waiting(&w->from) == 0)
        return false;
    if (w->until > s->bench.now)
        return false;
    if (w->until == 0) {
        bool heard = rung(w->bell);

        if (sim_plant_bell(s)) {
            heard = false;
            *w->from.shared.asleep = 1;
        }

        /* Both rings of a side have one bell: whoever was rung first took it. */
        if (!heard && *w->from.shared.asleep != 0) {
            sim_finding(
                s, "ring %d: entries wait, who takes them sleeps, and the bell has not been rung",
                (int)kind);
        }
        if (sim_has(s, SIM_F_BELL) && draw_chance(&s->draw, 20)) {
            w->until = s->bench.now + LOST_BELL;
            return false;
        }
    }
    w->until = 0;
    w->asleep = false;
    hsr_ring_awake(&w->from);
    return true;
}

/* Who has an entry twice reads a slot that is free by then, which is no fault of his: with ASan those are forbidden. */
void sim_bus_allow_free_slots(const struct sim *s)
{
    const struct hsr_view *view = &nic_region(s->bench.nic)->view;

    for (unsigned class = 0; sim_has(s, SIM_F_DOUBLE) && class < HSR_SLOT_CLASSES; class ++)
        for (uint32_t i = 0; i < view->classes[class].count; i++)
            hsr_slot_poison(view, view->classes[class].first + i * view->classes[class].run, false);
}

uint32_t sim_bus_turn(struct bench *b)
{
    struct sim *s = sim_of(b);
    uint32_t faults = s->faults, work = 0;

    s->faults = 0;
    for (uint32_t worker = 0; worker < s->bus.workers; worker++) {
        for (int kind = 0; kind < HSR_RING_KINDS; kind++) {
            struct sim_wire *w = &s->bus.wire[worker][kind];

            if (w->asleep) {
                w->asleep = false;
                w->until = 0;
                hsr_ring_awake(&w->from);
            }
            while (w->lates > 0 && hsr_ring_room(&w->to) > 0) {
                put(s, w, w->late[--w->lates]);
                work++;
            }
            work += move(s, w, (enum hsr_ring_kind)kind, UINT32_MAX);
        }
    }
    s->faults = faults;
    sim_bus_allow_free_slots(s);
    return work;
}

void sim_bus_step(struct sim *s)
{
    uint32_t worker = draw_below(&s->draw, s->bus.workers);
    int kind = (int)draw_below(&s->draw, HSR_RING_KINDS);
    struct sim_wire *w = &s->bus.wire[worker][kind];

    if (!awake(s, w, (enum hsr_ring_kind)kind))
        return;
    if (sim_has(s, SIM_F_INDEX) && draw_chance(&s->draw, 1)) {
        s->hits++;
        *w->to.shared.prod += draw_chance(&s->draw, 50) ? 0x10000u : 0u - draw_from(&s->draw, 1, 3);
    }
    if (move(s, w, (enum hsr_ring_kind)kind, draw_from(&s->draw, 1, 40)) == 0 &&
        hsr_ring_sleep(&w->from))
        w->asleep = true;
}

/* ---- what the firmware asks of the NIC ---- */

static struct sim *owner;

/* Behind a change of the steering nothing that was sent before it may be in our hands. */
static int reta_set(void *nic, const uint8_t *ring)
{
    int rc = nic_reta_set(nic, ring);

    while (sim_bus_turn(&owner->bench) > 0)
        continue;
    return rc;
}

/* What has left a ring of the firmware's has to be behind the NIC's as well: the firmware goes by that. */
static void poll_both(void *nic, uint64_t now)
{
    uint32_t work;

    do {
        work = sim_bus_turn(&owner->bench);
        work += nic_poll(nic, now);
    } while (work > 0);
}

const struct fw_nic_ops *sim_nic_ops(struct sim *s)
{
    static struct fw_nic_ops ops;

    owner = s;
    ops = fw_nic_embedded;
    ops.reta_set = reta_set;
    ops.poll = poll_both;
    return &ops;
}

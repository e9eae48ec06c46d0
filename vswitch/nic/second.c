/* SPDX-License-Identifier: Apache-2.0 */
/* A second firmware: packets copied to it, what it makes of them held back or sent, by the word of the group. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hsring/check.h"
#include "hsring/owner.h"
#include "nic_internal.h"

enum { FIRST, SECOND };

/* ---- to the second ---- */

/* A slot of the second's with the packet; UINT32_MAX: none is free. */
static uint32_t copy_packet(struct nic *nic, const struct pp_agg_item *item)
{
    struct nic_second *s = nic->owned->second;
    uint32_t len = item->meta.frame_len;
    uint32_t slot = nic_slots_get_for(&s->slots, len);

    if (slot == UINT32_MAX)
        return slot;
    nic_write_meta(&s->region.view, slot, &item->meta);
    memcpy(nic_slot_frame(&s->slots, slot), nic_slot_frame(&nic->slots, item->slot), len);
    return slot;
}

/* False: no room. */
static bool send_copy(struct nic *nic, const struct pp_agg_item *item, uint32_t worker, bool own)
{
    struct nic_second *s = nic->owned->second;
    struct hsr_ring *ring = &s->ring[worker][HSR_RING_RX];
    uint16_t port = nic->slots.run[item->slot].port;
    struct hsr_port_stats *ledger = nic_ledger(nic->owned, SECOND, port);
    uint32_t slot = hsr_ring_room(ring) > 0 ? copy_packet(nic, item) : UINT32_MAX;

    ledger->pre_rx++;
    if (slot == UINT32_MAX) {
        ledger->pre_drops++;
        ledger->drops[HSR_DROP_SECOND_FULL]++;
        return false;
    }
    nic_slots_move(&s->slots, slot, NIC_SLOT_NIC, NIC_SLOT_FIRMWARE);
    s->slots.run[slot].worker = (uint8_t)worker;
    nic_slots_charge(&s->slots, slot, port);
    s->own[slot] = own;
    ledger->pre_ring++;
    uint32_t entry = hsr_entry(slot, HSR_KIND_PACKET);

    hsr_ring_push(ring, &entry, 1);
    return true;
}

/* The first one's copy of what it does not own. */
static void note_foreign(struct nic *nic, uint32_t slot, bool foreign)
{
    struct hsr_port_stats *ledger = nic_ledger(nic->owned, FIRST, nic->slots.run[slot].port);

    nic->owned->foreign[slot] = foreign;
    ledger->pre_rx += foreign;
    ledger->pre_ring += foreign;
}

uint32_t nic_owned_deliver(struct nic *nic, struct pp_agg_item *const *item, uint32_t n,
                           uint32_t worker)
{
    struct nic_owned *o = nic->owned;
    bool copies = o->second != NULL && o->second->started;
    uint32_t lost = 0;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t stamp = nic_owned_stamp(o, &item[i]->meta);
        bool foreign = (stamp & HSR_OWNER_OWNER) == SECOND;

        item[i]->meta.owner = stamp;
        note_foreign(nic, item[i]->slot, foreign);
        if ((!copies || !send_copy(nic, item[i], worker, foreign)) && foreign) {
            nic_pre_drop(nic, nic->slots.run[item[i]->slot].port, HSR_DROP_SECOND_FULL);
            lost++;
        }
    }
    if (copies)
        hsr_ring_kick(&o->second->ring[worker][HSR_RING_RX]);
    return lost;
}

/* ---- from the first ---- */

static void hold_back(struct hsr_port_stats *ledger)
{
    ledger->post_drops++;
    ledger->drops[HSR_DROP_HELD_BACK]++;
}

bool nic_owned_entry(struct nic *nic, struct hsr_tx_meta *meta, uint32_t slot, uint32_t kind,
                     bool good)
{
    struct nic_owned *o = nic->owned;

    if (kind == HSR_KIND_PACKET && o->foreign[slot]) {
        struct hsr_port_stats *ledger = nic_ledger(o, FIRST, nic->slots.run[slot].port);

        o->foreign[slot] = false;
        ledger->post_ring++;
        hold_back(ledger);
        return false;
    }
    if (kind == HSR_KIND_CTRL && good && meta->action == HSR_CTRL_FENCE) {
        nic_owned_fence(o, FIRST, meta->owner);
        return false;
    }
    if (kind != HSR_KIND_CTRL)
        meta->owner = nic_owned_valid(o, FIRST, meta, kind) ? nic->owner : ~nic->owner;
    return true;
}

bool nic_owned_freed(struct nic *nic, uint32_t slot)
{
    struct nic_owned *o = nic->owned;
    struct hsr_port_stats *ledger = nic_ledger(o, FIRST, nic->slots.run[slot].port);

    if (!o->foreign[slot])
        return false;
    o->foreign[slot] = false;
    ledger->post_ring++;
    ledger->post_consumed++;
    return true;
}

/* ---- from the second ---- */

/* Into a slot of the first region, where the Post-Processor takes it from; false: none is free. */
static bool fetch(struct nic *nic, const struct hsr_tx_meta *meta, uint32_t from, uint16_t ledger,
                  uint32_t *to)
{
    const struct hsr_view *view = &nic->owned->second->region.view;
    uint32_t end = meta->frame_off + meta->frame_len;

    *to = nic_slots_get_for(&nic->slots, end > HSR_SLOT_FRAME ? end - HSR_SLOT_FRAME : 1);
    if (*to == UINT32_MAX)
        return false;
    nic_slots_charge(&nic->slots, *to, ledger);
    memcpy(hsr_slot(&nic->region.view, *to) + meta->frame_off,
           hsr_slot(view, from) + meta->frame_off, meta->frame_len);
    return true;
}

/* Packets come to it whole, so it has no payload to join, and nothing to ask for again. */
static bool is_plain(const struct hsr_tx_meta *meta)
{
    return meta->payload == 0 && !(meta->offload & HSR_TXO_MORE) &&
           (meta->action == HSR_TXA_TRANSMIT || meta->action == HSR_TXA_DROP ||
            meta->action == HSR_TXA_CONSUME);
}

/* A packet that is the second's to send, into the NIC's own ledger. */
static void send_own(struct nic *nic, struct hsr_tx_meta *meta, uint32_t from, uint32_t kind,
                     uint16_t ledger, bool good)
{
    bool stale = good && !nic_owned_valid(nic->owned, SECOND, meta, kind);
    enum hsr_drop drop = good && (stale || is_plain(meta)) ? HSR_DROP_NONE : HSR_DROP_TX_META_BAD;
    uint32_t slot = UINT32_MAX;

    if (drop == HSR_DROP_NONE && !stale && meta->action == HSR_TXA_TRANSMIT &&
        !fetch(nic, meta, from, ledger, &slot))
        drop = HSR_DROP_SECOND_FULL;
    if (drop != HSR_DROP_NONE)
        *meta = (struct hsr_tx_meta){.action = HSR_TXA_DROP, .drop_reason = (uint8_t)drop};
    meta->payload = 0;
    meta->owner = stale ? ~nic->owner : nic->owner;
    nic_tx_act(nic, meta, slot, kind, ledger);
    if (slot != UINT32_MAX)
        nic->owned->second->fetched[nic->owned->second->fetches++] = slot;
}

static void one(struct nic *nic, uint32_t worker, uint32_t entry)
{
    struct nic_owned *o = nic->owned;
    struct nic_second *s = o->second;
    uint32_t slot = hsr_entry_slot(entry), kind = hsr_entry_kind(entry);
    struct hsr_tx_meta meta;

    /* As claim() has it: a packet by any worker, what is of a quota by its own. */
    if (slot >= s->region.view.slots ||
        !(kind == HSR_KIND_PACKET ? nic_slots_move(&s->slots, slot, NIC_SLOT_FIRMWARE, NIC_SLOT_NIC)
                                  : (kind == HSR_KIND_CTRL || kind == HSR_KIND_ORIGINATE) &&
                                        s->slots.run[slot].worker == worker &&
                                        s->slots.run[slot].state == NIC_SLOT_QUOTA)) {
        nic->faults.bad_entry++;
        return;
    }
    memcpy(&meta, hsr_slot(&s->region.view, slot), sizeof meta);
    __asm__ volatile("" ::: "memory"); /* from here on the copy is all there is */
    bool good = hsr_tx_check(&meta, hsr_slot_space(&s->region.view, slot), kind);
    uint16_t port = s->slots.run[slot].port;

    if (kind != HSR_KIND_PACKET)
        port = meta.egress_port < nic->ledgers ? meta.egress_port : 0;
    struct hsr_port_stats *ledger = nic_ledger(o, SECOND, port);
    bool own =
        kind == HSR_KIND_PACKET ? s->own[slot] : good && nic_owned_valid(o, SECOND, &meta, kind);

    if (kind == HSR_KIND_CTRL) {
        if (good && meta.action == HSR_CTRL_FENCE)
            nic_owned_fence(o, SECOND, meta.owner);
        else if (own && meta.action == HSR_CTRL_FIT)
            nic_tx_act(nic, &meta, UINT32_MAX, kind, port);
    } else {
        ledger->post_ring += kind == HSR_KIND_PACKET;
        ledger->post_originated += kind == HSR_KIND_ORIGINATE;
        if (own) {
            ledger->post_tx++;
            send_own(nic, &meta, slot, kind, port, good);
        } else {
            hold_back(ledger);
        }
    }
    if (kind == HSR_KIND_PACKET)
        nic_slots_put(&s->slots, slot);
    else if (!hsr_ring_push(&s->ring[worker][HSR_RING_COMPLETION], &entry, 1))
        nic->faults.lost_completion++;
}

/* Runs given back without a word: consumed, by both ledgers if it was the second's. */
static uint32_t free_burst(struct nic *nic, uint32_t worker)
{
    struct nic_second *s = nic->owned->second;
    uint32_t entry[NIC_OWNED_BURST];
    uint32_t n = hsr_ring_pop(&s->ring[worker][HSR_RING_FREE], entry, NIC_OWNED_BURST);

    for (uint32_t i = 0; i < n; i++) {
        uint32_t slot = hsr_entry_slot(entry[i]);

        if (slot >= s->region.view.slots ||
            !nic_slots_move(&s->slots, slot, NIC_SLOT_FIRMWARE, NIC_SLOT_NIC)) {
            nic->faults.bad_entry++;
            continue;
        }
        uint16_t port = s->slots.run[slot].port;
        struct hsr_port_stats *ledger = nic_ledger(nic->owned, SECOND, port);

        ledger->post_ring++;
        ledger->post_consumed++;
        if (s->own[slot]) {
            nic->stats[port].post_ring++;
            nic->stats[port].post_consumed++;
        }
        nic_slots_put(&s->slots, slot);
    }
    return n;
}

static uint32_t burst(struct nic *nic, uint32_t worker)
{
    struct nic_second *s = nic->owned->second;
    uint32_t entry[NIC_OWNED_BURST];
    uint32_t n = hsr_ring_pop(&s->ring[worker][HSR_RING_TX], entry, NIC_OWNED_BURST);

    s->fetches = 0;
    for (uint32_t i = 0; i < n; i++)
        one(nic, worker, entry[i]);
    if (n > 0) {
        nic_tx_flush(nic);
        hsr_ring_kick(&s->ring[worker][HSR_RING_COMPLETION]);
    }
    for (uint32_t i = 0; i < s->fetches; i++)
        nic_slots_put(&nic->slots, s->fetched[i]);
    return n + free_burst(nic, worker);
}

uint32_t nic_owned_poll(struct nic *nic, uint64_t now)
{
    struct nic_second *s = nic->owned->second;
    uint32_t work = 0;

    if (s == NULL)
        return 0;
    hsr_view_set_now(&s->region.view, now);
    for (uint32_t w = 0; w < nic->workers; w++)
        work += burst(nic, w);
    return work;
}

bool nic_owned_sleep(struct nic *nic)
{
    struct nic_second *s = nic->owned->second;
    bool quiet = true;

    for (uint32_t w = 0; s != NULL && w < nic->workers; w++) {
        quiet &= hsr_ring_sleep(&s->ring[w][HSR_RING_TX]);
        quiet &= hsr_ring_sleep(&s->ring[w][HSR_RING_FREE]);
    }
    return quiet;
}

void nic_owned_awake(struct nic *nic)
{
    struct nic_second *s = nic->owned->second;
    uint64_t count;

    for (uint32_t w = 0; s != NULL && w < nic->workers; w++) {
        hsr_ring_awake(&s->ring[w][HSR_RING_TX]);
        hsr_ring_awake(&s->ring[w][HSR_RING_FREE]);
        if (read(s->tx_doorbell[w], &count, sizeof count) < 0)
            continue; /* nobody rang */
    }
}

void nic_owned_publish(struct nic *nic)
{
    struct nic_second *s = nic->owned->second;

    for (uint16_t port = 0; s != NULL && port < nic->ledgers; port++) {
        const struct hsr_port_stats *ledger = nic_ledger(nic->owned, SECOND, port);
        const uint64_t *from = (const uint64_t *)ledger;
        uint64_t *to = (uint64_t *)&s->region.view.stats[port];

        for (size_t k = 0; k < sizeof *ledger / sizeof *to; k++)
            __atomic_store_n(&to[k], from[k], __ATOMIC_RELAXED);
        if (hsr_view_port_up(&s->region.view, port) != hsr_view_port_up(&nic->region.view, port))
            hsr_view_set_port_up(&s->region.view, port, hsr_view_port_up(&nic->region.view, port));
    }
}

/* ---- coming and going ---- */

static void close_doorbells(struct nic_second *s)
{
    for (uint32_t w = 0; w < HSR_MAX_WORKERS; w++) {
        if (s->rx_doorbell[w] >= 0)
            close(s->rx_doorbell[w]);
        if (s->tx_doorbell[w] >= 0)
            close(s->tx_doorbell[w]);
    }
}

static void destroy(struct nic_second *s)
{
    if (s == NULL)
        return;
    nic_slots_close(&s->slots);
    hsr_region_close(&s->region);
    close_doorbells(s);
    free(s->own);
    free(s);
}

static int open_region(struct nic *nic, struct nic_second *s, uint32_t instance)
{
    const struct hsr_view *like = &nic->region.view;
    struct hsr_geometry g = {
        .workers = like->workers, .ring_entries = like->ring_entries, .fw_slots = like->fw_slots};

    for (unsigned class = 0; class < HSR_SLOT_CLASSES; class ++)
        g.runs[class] = like->classes[class].count;
    memcpy(g.hash_secret, like->hash_secret, sizeof g.hash_secret);
    int rc = hsr_region_create(&s->region, &g, nic->region.memfd >= 0);

    if (rc == 0) {
        hsr_region_reset(&s->region, instance, nic->owner);
        rc = nic_slots_open(&s->slots, &s->region.view);
    }
    if (rc == 0 && (s->own = calloc(like->slots, sizeof *s->own)) == NULL)
        rc = -ENOMEM;
    return rc;
}

static int open_rings(struct nic *nic, struct nic_second *s)
{
    for (uint32_t w = 0; w < nic->workers; w++) {
        s->rx_doorbell[w] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        s->tx_doorbell[w] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (s->rx_doorbell[w] < 0 || s->tx_doorbell[w] < 0)
            return -errno;
        for (int kind = 0; kind < HSR_RING_KINDS; kind++) {
            bool ours = kind == HSR_RING_RX || kind == HSR_RING_COMPLETION;

            hsr_view_ring(&s->region.view, w, (enum hsr_ring_kind)kind, &s->ring[w][kind],
                          ours ? s->rx_doorbell[w] : s->tx_doorbell[w]);
        }
    }
    return 0;
}

static int take_in(struct nic *nic, void *arg)
{
    struct nic_second *s = arg;
    struct nic_owned *o = nic_owned(nic);

    if (o == NULL)
        return -ENOMEM;
    if (o->second != NULL)
        return -EBUSY;
    for (uint32_t w = 0; w < nic->workers; w++) {
        int rc = nic_watch(nic, s->tx_doorbell[w]);

        if (rc < 0)
            return rc;
    }
    memset(nic_ledger(o, SECOND, 0), 0, HSR_MAX_PORTS * sizeof *o->ledger);
    o->second = s;
    for (uint32_t g = 0; g < HSR_MAX_GROUPS; g++)
        hsr_view_set_owner(&s->region.view, o->group[g].now);
    nic_owned_publish(nic);
    return 0;
}

int nic_second_open(struct nic *nic, uint32_t instance)
{
    struct nic_second *s = calloc(1, sizeof *s);
    int rc = s == NULL ? -ENOMEM : 0;

    if (rc == 0) {
        hsr_no_dump(s, sizeof *s);
        memset(s->rx_doorbell, 0xFF, sizeof s->rx_doorbell);
        memset(s->tx_doorbell, 0xFF, sizeof s->tx_doorbell);
        s->region.memfd = -1;
        rc = open_region(nic, s, instance);
    }
    if (rc == 0)
        rc = open_rings(nic, s);
    if (rc == 0)
        rc = nic_run(nic, take_in, s);
    if (rc < 0)
        destroy(s);
    return rc;
}

/* A packet that was the second's to send. */
static void lose(struct nic *nic, struct nic_second *s)
{
    for (uint32_t slot = 0; slot < s->region.view.slots; slot++) {
        uint16_t port = s->slots.run[slot].port;

        if (s->slots.run[slot].state != NIC_SLOT_FIRMWARE || !s->own[slot])
            continue;
        nic->stats[port].post_ring++;
        nic->stats[port].post_lost++;
        nic_post_drop(nic, port, HSR_DROP_FW_GONE);
    }
}

static int let_go(struct nic *nic, void *arg)
{
    struct nic_owned *o = nic->owned;

    (void)arg;
    if (o == NULL || o->second == NULL)
        return -ENOENT;
    lose(nic, o->second);
    for (uint32_t w = 0; w < nic->workers; w++)
        epoll_ctl(nic->bells, EPOLL_CTL_DEL, o->second->tx_doorbell[w], NULL);
    destroy(o->second);
    o->second = NULL;
    nic_owned_revert(nic);
    return 0;
}

void nic_second_close(struct nic *nic)
{
    nic_run(nic, let_go, NULL);
}

static int start(struct nic *nic, void *arg)
{
    (void)arg;
    if (nic->owned == NULL || nic->owned->second == NULL)
        return -ENOENT;
    nic->owned->second->started = true;
    return 0;
}

int nic_second_start(struct nic *nic)
{
    return nic_run(nic, start, NULL);
}

void nic_owned_reset(struct nic *nic)
{
    struct nic_owned *o = nic->owned;

    if (o == NULL)
        return;
    let_go(nic, NULL);
    for (uint32_t slot = 0; slot < nic->region.view.slots; slot++)
        if (o->foreign[slot] && nic_slots_move(&nic->slots, slot, NIC_SLOT_FIRMWARE, NIC_SLOT_NIC))
            nic_slots_put(&nic->slots, slot);
    nic_owned_free(nic);
}

struct hsr_region *nic_second_region(struct nic *nic)
{
    return nic->owned != NULL && nic->owned->second != NULL ? &nic->owned->second->region : NULL;
}

int nic_second_rx_doorbell(const struct nic *nic, uint32_t worker)
{
    return nic->owned->second->rx_doorbell[worker];
}

int nic_second_tx_doorbell(const struct nic *nic, uint32_t worker)
{
    return nic->owned->second->tx_doorbell[worker];
}

struct hsr_port_stats nic_copy_ledger(struct nic *nic, unsigned instance, uint16_t port)
{
    return nic->owned != NULL ? *nic_ledger(nic->owned, instance, port)
                              : (struct hsr_port_stats){.pre_rx = 0};
}

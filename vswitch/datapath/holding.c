/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots that the firmware holds: of packets that wait in them beyond their burst, for the first fragment of their datagram (frag.c), a
 * next hop (park.c), sessions on their way here (keep.c).
 *
 * An entry may come twice. Were the second one dealt with as a packet, its slot would go back to the NIC while the first one still waits
 * in it, and what waits would be sent with the bytes of whoever's packet lies there by then. So it is no packet, and nothing is given back.
 *
 * All workers look here, since who holds a packet may have it from another one. In the queues between workers, and in the burst at hand,
 * nothing is held: those read the slot anew, or have just done so. Entries name the first slot of a run, so that one stands for all.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct dp_holding *dp_holding_open(const struct hsr_view *view)
{
    size_t words = view->slots / 64 + 1,
           size = sizeof(struct dp_holding) + words * sizeof(uint64_t);
    struct dp_holding *h = aligned_alloc(HSR_CACHE_LINE, (size + 63) & ~(size_t)63);

    if (h == NULL)
        return NULL;
    atomic_init(&h->n, 0);
    h->slots = view->slots;
    for (size_t i = 0; i < words; i++)
        atomic_init(&h->held[i], 0);
    return h;
}

void dp_holding_close(struct dp_holding *h)
{
    free(h);
}

static uint64_t bit(uint32_t entry)
{
    return UINT64_C(1) << hsr_entry_slot(entry) % 64;
}

static _Atomic uint64_t *word(const struct dp_worker *w, uint32_t entry)
{
    return &w->shared->holding->held[hsr_entry_slot(entry) / 64];
}

bool dp_slot_hold(struct dp_worker *w, uint32_t entry)
{
    uint64_t one = bit(entry);

    if (atomic_fetch_or_explicit(word(w, entry), one, memory_order_relaxed) & one)
        return false;
    atomic_fetch_add_explicit(&w->shared->holding->n, 1, memory_order_relaxed);
    return true;
}

void dp_slot_let_go(struct dp_worker *w, uint32_t entry)
{
    uint64_t one = bit(entry);

    if (atomic_fetch_and_explicit(word(w, entry), ~one, memory_order_relaxed) & one)
        atomic_fetch_sub_explicit(&w->shared->holding->n, 1, memory_order_relaxed);
}

bool dp_slot_held(const struct dp_worker *w, uint32_t entry)
{
    return dp_slots_held(w) && hsr_entry_slot(entry) < w->shared->holding->slots &&
           atomic_load_explicit(word(w, entry), memory_order_relaxed) & bit(entry);
}

uint32_t dp_not_held(struct dp_worker *w, uint32_t *entry, uint32_t n)
{
    uint32_t left = 0;

    for (uint32_t i = 0; i < n; i++) {
        if (dp_slot_held(w, entry[i]))
            w->counters.bad_entry++;
        else
            entry[left++] = entry[i];
    }
    return left;
}

bool dp_as_it_came(const struct act_packet *p)
{
    struct hsr_rx_meta m;

    memcpy(&m, p->slot, HSR_CACHE_LINE);
    return m.hash == p->meta.hash && m.key_addrs == p->meta.key_addrs &&
           m.key_ports == p->meta.key_ports && m.frame_len == p->meta.frame_len &&
           m.ingress == p->meta.ingress && m.class == p->meta.class && m.flags == p->meta.flags &&
           m.l3_off == p->meta.l3_off && m.l4_off == p->meta.l4_off && m.rx_seq == p->meta.rx_seq;
}

void dp_came_twice(struct dp_worker *w, struct act_packet *p)
{
    p->drop = HSR_DROP_META_BAD;
    w->ledger[p->meta.ingress].drops++;
    w->counters.bad_entry++;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "datapath/neighbor.h"

#include <stddef.h>

#define PROBES 16
#define ASK_NS 1000000000u

static uint32_t first(uint32_t addr)
{
    return (uint32_t)(addr * UINT32_C(0x9E3779B1)) >> 22;
}

_Static_assert(DP_NEIGHBORS == 1u << 10, "first() gives ten bits");

/* Entry of an address, or the free one where it would go, or NULL: neither among the probes. */
static struct dp_neighbor *locate(const struct dp_neighbors *n, uint32_t addr, bool or_free)
{
    for (uint32_t i = 0; i < PROBES; i++) {
        const struct dp_neighbor *e = &n->entry[(first(addr) + i) % DP_NEIGHBORS];
        uint32_t there = atomic_load_explicit(&e->addr, memory_order_acquire);

        if (there == addr || (there == 0 && or_free))
            return (struct dp_neighbor *)e;
        if (there == 0)
            return NULL;
    }
    return NULL;
}

uint64_t dp_neighbor_find(const struct dp_neighbors *n, uint32_t addr)
{
    const struct dp_neighbor *e = addr != 0 ? locate(n, addr, false) : NULL;

    return e != NULL ? atomic_load_explicit(&e->mac48, memory_order_relaxed) : 0;
}

/* The entry of an address, made if there is room. Writers only. */
static struct dp_neighbor *enter(struct dp_neighbors *n, uint32_t addr)
{
    struct dp_neighbor *e = locate(n, addr, true);

    if (e == NULL)
        atomic_fetch_add_explicit(&n->full, 1, memory_order_relaxed);
    else if (atomic_load_explicit(&e->addr, memory_order_relaxed) == 0) {
        atomic_store_explicit(&e->mac48, 0, memory_order_relaxed);
        atomic_store_explicit(&e->asked, 0, memory_order_relaxed);
        atomic_store_explicit(&e->changed, 0, memory_order_relaxed);
        atomic_store_explicit(&e->addr, addr, memory_order_release);
    }
    return e;
}

/* One writer at a time; a worker that finds another at it lets its own news go, the next ARP brings them again. */
static bool begin(struct dp_neighbors *n)
{
    return !atomic_exchange_explicit(&n->writing, true, memory_order_acquire);
}

static void end(struct dp_neighbors *n)
{
    atomic_store_explicit(&n->writing, false, memory_order_release);
}

static bool is_unicast(uint64_t mac48)
{
    return mac48 != 0 && !(mac48 >> 40 & 1);
}

/* May this entry get another MAC now? The first to answer wins, as in Linux (its locktime). */
static bool may_change(const struct dp_neighbor *e, uint64_t now)
{
    return atomic_load_explicit(&e->mac48, memory_order_relaxed) == 0 ||
           now - atomic_load_explicit(&e->changed, memory_order_relaxed) >= DP_NEIGHBOR_HOLD_NS;
}

void dp_neighbor_learn(struct dp_neighbors *n, uint32_t addr, uint64_t mac48, uint64_t now)
{
    if (addr == 0 || !is_unicast(mac48) || dp_neighbor_find(n, addr) == mac48 || !begin(n))
        return;
    struct dp_neighbor *e = locate(n, addr, false);

    if (e != NULL && may_change(e, now)) {
        atomic_store_explicit(&e->changed, now, memory_order_relaxed);
        atomic_store_explicit(&e->mac48, mac48, memory_order_relaxed);
        atomic_fetch_add_explicit(&n->changes, 1, memory_order_release);
    }
    end(n);
}

bool dp_neighbor_ask(struct dp_neighbors *n, uint32_t addr, uint64_t now)
{
    bool ask = false;

    if (addr == 0 || !begin(n))
        return false;
    struct dp_neighbor *e = enter(n, addr);

    if (e != NULL) {
        uint64_t asked = atomic_load_explicit(&e->asked, memory_order_relaxed);

        ask = asked == 0 || now - asked >= ASK_NS;
        if (ask)
            atomic_store_explicit(&e->asked, now != 0 ? now : 1, memory_order_relaxed);
    }
    end(n);
    return ask;
}

void dp_neighbor_count(const struct dp_neighbors *n, uint32_t *used, uint32_t *known)
{
    *used = *known = 0;
    for (uint32_t i = 0; i < DP_NEIGHBORS; i++) {
        const struct dp_neighbor *e = &n->entry[i];

        *used += atomic_load_explicit(&e->addr, memory_order_relaxed) != 0;
        *known += atomic_load_explicit(&e->mac48, memory_order_relaxed) != 0;
    }
}

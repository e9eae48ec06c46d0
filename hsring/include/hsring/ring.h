/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One ring of the region: single producer, single consumer, u32 entries, free-running indices.
 *
 * Each side keeps its own index in private memory (struct hsr_ring) and only publishes it; of the shared words it
 * reads the peer's index alone, once an operation, and refuses an index that no honest peer can have written: the
 * ring is then marked corrupt and moves nothing more until it is reset. Entries are copied out before use.
 *
 * Usage: hsr_ring_attach() on each side, then hsr_ring_push()/hsr_ring_pop() from one thread a side.
 */
#ifndef HSRING_RING_H
#define HSRING_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "hsring/abi.h"

/* A side's private handle on a ring. */
struct hsr_ring {
    struct hsr_ring_shared {
        _Atomic uint32_t *prod;
        _Atomic uint32_t *cons;
        _Atomic uint32_t *asleep;
        uint32_t *entries;
    } shared;
    uint32_t mask; /* entries - 1 */
    uint32_t own;  /* our index: prod of a producer, cons of a consumer */
    uint32_t peer; /* last index of the other side that passed the check */
    bool corrupt;  /* the other side wrote an impossible index */
    int doorbell;  /* eventfd to wake the consumer, or -1 */
};

static inline uint32_t hsr_entry(uint32_t slot, enum hsr_kind kind)
{
    return slot | (uint32_t)kind << HSR_ENTRY_SLOT_BITS;
}

static inline uint32_t hsr_entry_slot(uint32_t entry)
{
    return entry & ((1u << HSR_ENTRY_SLOT_BITS) - 1);
}

static inline uint32_t hsr_entry_kind(uint32_t entry)
{
    return entry >> HSR_ENTRY_SLOT_BITS;
}

/*
 * Bind a handle to the ring head at `head`, `entries` (a power of two) entries behind it. Both indices start at the
 * consumer's: a producer binds to an empty ring, and a consumer before it first takes from it.
 */
void hsr_ring_attach(struct hsr_ring *ring, void *head, uint32_t entries, int doorbell);

/* Producer: wake the consumer if it sleeps. Call after a burst of pushes; a system call only when it is asleep. */
void hsr_ring_kick(struct hsr_ring *ring);

/*
 * Consumer: announce sleep; false when entries arrived meanwhile, and then do not sleep. When true, wait for the
 * doorbell and then call hsr_ring_awake().
 */
bool hsr_ring_sleep(struct hsr_ring *ring);

/* Consumer: awake again. */
void hsr_ring_awake(struct hsr_ring *ring);

/* Producer: room for how many entries, by the consumer's index as it stands now. */
static inline uint32_t hsr_ring_room(struct hsr_ring *ring)
{
    uint32_t cons = atomic_load_explicit(ring->shared.cons, memory_order_acquire);
    uint32_t used = ring->own - cons;

    /* A consumer never goes back, and never past what was pushed. */
    if (used > ring->own - ring->peer || ring->corrupt) {
        ring->corrupt = true;
        return 0;
    }
    ring->peer = cons;
    return ring->mask + 1 - used;
}

/* Entries up to the end of the ring from an index on, of `n`. */
static inline uint32_t hsr_ring_straight(const struct hsr_ring *ring, uint32_t at, uint32_t n)
{
    uint32_t left = ring->mask + 1 - (at & ring->mask);

    return n < left ? n : left;
}

/*
 * Producer: append `n` entries, all or none; true when they fit. The consumer's cache line is touched only when the
 * room seen last does not do.
 */
static inline bool hsr_ring_push(struct hsr_ring *ring, const uint32_t *entries, uint32_t n)
{
    uint32_t room = ring->mask + 1 - (ring->own - ring->peer);

    if (ring->corrupt || (room < n && hsr_ring_room(ring) < n))
        return false;
    uint32_t straight = hsr_ring_straight(ring, ring->own, n);

    memcpy(&ring->shared.entries[ring->own & ring->mask], entries, straight * sizeof *entries);
    if (straight < n)
        memcpy(ring->shared.entries, entries + straight, (n - straight) * sizeof *entries);
    ring->own += n;
    atomic_store_explicit(ring->shared.prod, ring->own, memory_order_release);
    return true;
}

/* Consumer: how many entries wait. */
static inline uint32_t hsr_ring_waiting(struct hsr_ring *ring)
{
    uint32_t prod = atomic_load_explicit(ring->shared.prod, memory_order_acquire);
    uint32_t used = prod - ring->own;

    /* A producer never goes back, and never laps its consumer. */
    if (used > ring->mask + 1 || used < ring->peer - ring->own || ring->corrupt) {
        ring->corrupt = true;
        return 0;
    }
    ring->peer = prod;
    return used;
}

/* Consumer: how many were left by the last hsr_ring_pop(). */
static inline uint32_t hsr_ring_left(const struct hsr_ring *ring)
{
    return ring->peer - ring->own;
}

/* Consumer: take up to `n` entries; how many were taken. */
static inline uint32_t hsr_ring_pop(struct hsr_ring *ring, uint32_t *entries, uint32_t n)
{
    uint32_t got = hsr_ring_waiting(ring);

    if (got > n)
        got = n;
    uint32_t straight = hsr_ring_straight(ring, ring->own, got);

    memcpy(entries, &ring->shared.entries[ring->own & ring->mask], straight * sizeof *entries);
    if (straight < got)
        memcpy(entries + straight, ring->shared.entries, (got - straight) * sizeof *entries);
    /* Read once each: from here on the copies are all there is. */
    __asm__ volatile("" ::: "memory");
    ring->own += got;
    atomic_store_explicit(ring->shared.cons, ring->own, memory_order_release);
    return got;
}

#endif

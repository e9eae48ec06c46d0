/* SPDX-License-Identifier: Apache-2.0 */
#include "hsring/ring.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

void hsr_ring_attach(struct hsr_ring *ring, void *head, uint32_t entries, int doorbell)
{
    uint8_t *base = head;

    ring->shared.prod = (_Atomic uint32_t *)(void *)(base + offsetof(struct hsr_ring_head, prod));
    ring->shared.cons = (_Atomic uint32_t *)(void *)(base + offsetof(struct hsr_ring_head, cons));
    ring->shared.asleep =
        (_Atomic uint32_t *)(void *)(base + offsetof(struct hsr_ring_head, asleep));
    ring->shared.entries = (uint32_t *)(void *)(base + sizeof(struct hsr_ring_head));
    ring->mask = entries - 1;
    /* For both sides: a producer may have pushed before its consumer binds, but never the reverse. */
    ring->own = atomic_load_explicit(ring->shared.cons, memory_order_acquire);
    ring->peer = ring->own;
    ring->corrupt = false;
    ring->doorbell = doorbell;
}

/*
 * Sleep and kick are Dekker's pattern: each side writes its word (asleep, prod), then reads the other's, and at least
 * one of the two must see the other's write. Both touch `asleep` by read-modify-write only, and those stand in one
 * order: a kick after the sleep sees 1, a kick before it makes its push visible to the sleeper's second look. That is
 * as cheap as a fence while the line stays with the producer, and thread sanitizers understand it.
 */
void hsr_ring_kick(struct hsr_ring *ring)
{
    uint64_t one = 1;

    if (ring->doorbell < 0 ||
        atomic_exchange_explicit(ring->shared.asleep, 0, memory_order_acq_rel) == 0)
        return;
    /* A full eventfd (EAGAIN) is readable already; nothing else can be done about an error here. */
    while (write(ring->doorbell, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

bool hsr_ring_sleep(struct hsr_ring *ring)
{
    atomic_exchange_explicit(ring->shared.asleep, 1, memory_order_acq_rel);
    if (hsr_ring_waiting(ring) == 0)
        return true;
    hsr_ring_awake(ring);
    return false;
}

void hsr_ring_awake(struct hsr_ring *ring)
{
    atomic_exchange_explicit(ring->shared.asleep, 0, memory_order_acq_rel);
}

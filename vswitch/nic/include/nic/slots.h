/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The NIC's slot pool: which run is free, which is where. Its truth is private memory; the shared region holds frames
 * only, so nothing the firmware writes can make a run free twice or be lost.
 *
 * Runs of a class are handed out last in, first out, to stay warm in the cache. Each run is in one state; every
 * transition names the state it expects and fails (counted by the caller) when that is not so. One thread.
 */
#ifndef NIC_SLOTS_H
#define NIC_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "hsring/region.h"

enum nic_slot_state {
    NIC_SLOT_NONE, /* not the start of a run */
    NIC_SLOT_FREE,
    NIC_SLOT_NIC,      /* taken by a port or held by the Pre- or Post-Processor */
    NIC_SLOT_FIRMWARE, /* delivered, not come back yet */
    NIC_SLOT_QUOTA,    /* firmware's own */
};

#define NIC_TARGETS (HSR_MAX_PORTS + 1 + HSR_MAX_POOLS) /* preproc/targets.h */

struct nic_slots {
    const struct hsr_view *view;
    struct nic_slot_run {
        uint8_t state;  /* enum nic_slot_state */
        uint8_t worker; /* ring set it was delivered to, or whose quota it is */
        uint16_t port;  /* ledger it is charged to; HSR_NO_PORT: none (yet) */
        uint16_t
            target; /* who a packet from the network is for; HSR_NO_PORT: it is not from there */
        uint16_t spare;
    } * run;             /* by slot index: eight in a cache line */
    uint32_t *in_flight; /* packets from the network, by target */
    struct nic_slot_use {
        uint32_t runs[HSR_SLOT_CLASSES]; /* charged to it */
        uint32_t high;                   /* most slots of such runs ever */
    } * use;                             /* by ledger */
    bool waits; /* a run was wanted that there was not, or not for this port */
    struct nic_slot_stack {
        uint32_t *slot;
        uint32_t count;
        uint32_t capacity;
        uint32_t low_water;
        uint32_t
            floor; /* runs not to be handed out, of the free ones; whoever serves one port says (credit.h) */
    } stack[HSR_SLOT_CLASSES];
};

/* 0 or -ENOMEM. `view` must outlive it. */
int nic_slots_open(struct nic_slots *slots, const struct hsr_view *view);
void nic_slots_close(struct nic_slots *slots);

/* A free run of this class (0 single, 1 jumbo, 2 GSO) into state NIC; UINT32_MAX when there is none above the floor. */
uint32_t nic_slots_get(struct nic_slots *slots, unsigned class);

/*
 * A free run with at least `frame_len` bytes behind HSR_SLOT_FRAME; a larger class serves when the fitting is empty, not when
 * it is at its floor.
 */
static inline uint32_t nic_slots_get_for(struct nic_slots *slots, uint32_t frame_len);
uint32_t nic_slots_get_any(struct nic_slots *slots, uint32_t frame_len);

/* The uppermost of a stack that is above its floor. */
static inline uint32_t nic_slots_take(struct nic_slots *slots, struct nic_slot_stack *stack)
{
    uint32_t slot = stack->slot[--stack->count];

    if (stack->count < stack->low_water)
        stack->low_water = stack->count;
    slots->run[slot].state = NIC_SLOT_NIC;
    hsr_slot_poison(slots->view, slot, false);
    return slot;
}

static inline uint32_t nic_slots_get_for(struct nic_slots *slots, uint32_t frame_len)
{
    struct nic_slot_stack *single = &slots->stack[0];

    if (frame_len <= HSR_SLOT_SIZE - HSR_SLOT_FRAME && single->count > single->floor)
        return nic_slots_take(slots, single);
    return nic_slots_get_any(slots, frame_len);
}

_Static_assert(HSR_RUN_SINGLE == 1, "a run of the first class is a slot");

/* Class of a run. */
static inline unsigned nic_slots_class(const struct nic_slots *slots, uint32_t slot)
{
    const struct hsr_slot_class *classes = slots->view->classes;
    unsigned class = 0;

    if (slot - classes[0].first < classes[0].count) /* of single slots, and nearly always it */
        return 0;
    while (class + 1 < HSR_SLOT_CLASSES &&
           slot - classes[class].first >= classes[class].run * classes[class].count)
        class ++;
    return class;
}

/* What is charged for a run is so no more, and it is free. */
static inline void nic_slots_free(struct nic_slots *slots, uint32_t slot)
{
    struct nic_slot_run *run = &slots->run[slot];
    unsigned class = nic_slots_class(slots, slot);
    struct nic_slot_stack *stack = &slots->stack[class];

    if (run->port != HSR_NO_PORT)
        slots->use[run->port].runs[class]--;
    if (run->target != HSR_NO_PORT)
        slots->in_flight[run->target]--;
    run->port = run->target = HSR_NO_PORT;
    run->state = NIC_SLOT_FREE;
    hsr_slot_poison(slots->view, slot, true);
    stack->slot[stack->count++] = slot;
}

/* Back to the pool from state NIC; false (and no change) when the run is in another state or no run starts there. */
static inline bool nic_slots_put(struct nic_slots *slots, uint32_t slot)
{
    if (slot >= slots->view->slots || slots->run[slot].state != NIC_SLOT_NIC)
        return false;
    nic_slots_free(slots, slot);
    return true;
}

/* A run in state NIC holds a packet of this port from now on, and is charged to it, until it is free again. Once a run. */
static inline void nic_slots_charge(struct nic_slots *slots, uint32_t slot, uint16_t port)
{
    slots->run[slot].port = port;
    slots->use[port].runs[nic_slots_class(slots, slot)]++;
}

/* It is for this target, too, HSR_NO_PORT: for none. Once a run. */
static inline void nic_slots_aim(struct nic_slots *slots, uint32_t slot, uint16_t target)
{
    slots->run[slot].target = target;
    if (target != HSR_NO_PORT)
        slots->in_flight[target]++;
}

/* Slots of the runs charged to a port. */
static inline uint32_t nic_slots_used(const struct nic_slot_use *use)
{
    return HSR_RUN_SINGLE * use->runs[0] + HSR_RUN_JUMBO * use->runs[1] +
           HSR_RUN_GSO * use->runs[2];
}

/* After a burst was charged. */
static inline void nic_slots_note_high(struct nic_slot_use *use)
{
    uint32_t used = nic_slots_used(use);

    if (used > use->high)
        use->high = used;
}

/*
 * Move from `from` to `to`; false (and no change) when the run is in another state or no run starts there. Neither is
 * FREE or NONE: into and out of the pool lead nic_slots_get() and nic_slots_put() alone.
 */
static inline bool nic_slots_move(struct nic_slots *slots, uint32_t slot, enum nic_slot_state from,
                                  enum nic_slot_state to)
{
    if (slot >= slots->view->slots || from == NIC_SLOT_FREE || to == NIC_SLOT_FREE ||
        from == NIC_SLOT_NONE || to == NIC_SLOT_NONE || slots->run[slot].state != from)
        return false;
    slots->run[slot].state = (uint8_t)to;
    return true;
}

/* The firmware went away: every run in state FIRMWARE goes free, `lost(arg, port)` is called for each; how many. */
uint32_t nic_slots_reclaim(struct nic_slots *slots, void (*lost)(void *arg, uint16_t port),
                           void *arg);

/* First byte of the frame of a run, and the bytes that may stand there. */
static inline uint8_t *nic_slot_frame(const struct nic_slots *slots, uint32_t slot)
{
    return hsr_slot(slots->view, slot) + HSR_SLOT_FRAME;
}

static inline uint32_t nic_slot_room(const struct nic_slots *slots, uint32_t slot)
{
    return hsr_slot_space(slots->view, slot) - HSR_SLOT_HEADROOM;
}

#endif

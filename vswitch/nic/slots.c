/* SPDX-License-Identifier: Apache-2.0 */
#include "nic/slots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void fill(struct nic_slots *slots)
{
    const struct hsr_view *view = slots->view;

    for (uint32_t slot = 0; slot < view->slots; slot++)
        slots->run[slot].port = slots->run[slot].target = HSR_NO_PORT;
    for (unsigned class = 0; class < HSR_SLOT_CLASSES; class ++) {
        const struct hsr_slot_class *c = &view->classes[class];

        /* Backwards, so that the first runs of memory are the first handed out. */
        for (uint32_t i = c->count; i > 0; i--)
            nic_slots_free(slots, c->first + (i - 1) * c->run);
        slots->stack[class].low_water = c->count;
    }
    /* The firmware's quota is never the NIC's to hand out. */
    for (uint32_t i = 0; i < view->workers * view->fw_slots; i++) {
        slots->run[view->fw_first + i].state = NIC_SLOT_QUOTA;
        slots->run[view->fw_first + i].worker = (uint8_t)(i / view->fw_slots);
    }
}

int nic_slots_open(struct nic_slots *slots, const struct hsr_view *view)
{
    bool complete;

    memset(slots, 0, sizeof *slots);
    slots->view = view;
    slots->run = calloc(view->slots, sizeof *slots->run);
    slots->in_flight = calloc(NIC_TARGETS, sizeof *slots->in_flight);
    slots->use = calloc(HSR_MAX_PORTS, sizeof *slots->use);
    complete = slots->run && slots->in_flight && slots->use;
    for (unsigned class = 0; class < HSR_SLOT_CLASSES; class ++) {
        struct nic_slot_stack *stack = &slots->stack[class];

        stack->capacity = view->classes[class].count;
        stack->slot = calloc(stack->capacity ? stack->capacity : 1, sizeof *stack->slot);
        complete = complete && stack->slot;
    }
    if (!complete) {
        nic_slots_close(slots);
        return -ENOMEM;
    }
    fill(slots);
    return 0;
}

void nic_slots_close(struct nic_slots *slots)
{
    /* The region outlives us and may be given to another pool. */
    for (unsigned class = 0; class < HSR_SLOT_CLASSES; class ++) {
        for (uint32_t i = 0; i < slots->stack[class].count; i++)
            hsr_slot_poison(slots->view, slots->stack[class].slot[i], false);
        free(slots->stack[class].slot);
    }
    free(slots->run);
    free(slots->in_flight);
    free(slots->use);
    memset(slots, 0, sizeof *slots);
}

uint32_t nic_slots_get(struct nic_slots *slots, unsigned class)
{
    struct nic_slot_stack *stack = &slots->stack[class];

    if (stack->count > stack->floor)
        return nic_slots_take(slots, stack);
    slots->waits = true;
    return UINT32_MAX;
}

uint32_t nic_slots_get_any(struct nic_slots *slots, uint32_t frame_len)
{
    for (unsigned class = 0; class < HSR_SLOT_CLASSES; class ++) {
        struct nic_slot_stack *stack = &slots->stack[class];

        if (slots->view->classes[class].run * HSR_SLOT_SIZE < HSR_SLOT_FRAME + frame_len)
            continue;
        if (stack->count > stack->floor)
            return nic_slots_take(slots, stack);
        if (stack->count > 0)
            break;
    }
    slots->waits = true;
    return UINT32_MAX;
}

uint32_t nic_slots_reclaim(struct nic_slots *slots, void (*lost)(void *arg, uint16_t port),
                           void *arg)
{
    uint32_t reclaimed = 0;

    for (uint32_t slot = 0; slot < slots->view->slots; slot++) {
        if (slots->run[slot].state != NIC_SLOT_FIRMWARE)
            continue;
        lost(arg, slots->run[slot].port);
        nic_slots_free(slots, slot);
        reclaimed++;
    }
    return reclaimed;
}

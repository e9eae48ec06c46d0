/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/vnet_io.h"

#include <string.h>

_Static_assert(sizeof(struct virtio_net_hdr) == NIC_VNET_HDR, "virtio header");

/* The run for frames longer than the front: of the class asked for, or the next smaller one the region has at all. */
static uint32_t get_back(struct nic_slots *slots, enum nic_back back)
{
    for (unsigned class = back; class > 0; class --)
        if (slots->stack[class].capacity)
            return nic_slots_get(slots, class);
    return UINT32_MAX;
}

static void set_iov(struct nic_landing *l, const struct nic_slots *slots)
{
    uint32_t back_room = 0;

    l->front_room = nic_slot_room(slots, l->front) - NIC_VLAN_TAG;
    l->iov[0] = (struct iovec){&l->vnet, NIC_VNET_HDR};
    l->iov[1] = (struct iovec){nic_slot_frame(slots, l->front), l->front_room};
    l->iovs = 2;
    if (l->back != UINT32_MAX)
        back_room = nic_slot_room(slots, l->back) - NIC_VLAN_TAG;
    l->room = l->front_room;
    if (back_room > l->front_room) {
        l->iov[2] = (struct iovec){nic_slot_frame(slots, l->back) + l->front_room,
                                   back_room - l->front_room};
        l->iovs = 3;
        l->room = back_room;
    }
}

bool nic_landing_prepare(struct nic_landing *l, struct nic_slots *slots, enum nic_back back)
{
    if (l->front == UINT32_MAX)
        l->front = nic_slots_get_for(slots, 1);
    if (l->front == UINT32_MAX)
        return false;
    if (l->back == UINT32_MAX && back != NIC_BACK_NONE) {
        l->back = get_back(slots, back);
        if (l->back == UINT32_MAX)
            return false;
    }
    set_iov(l, slots);
    return true;
}

bool nic_landing_take(struct nic_landing *l, const struct nic_slots *slots, size_t bytes,
                      struct nic_rx *out)
{
    size_t len = bytes - NIC_VNET_HDR;

    if (bytes < NIC_VNET_HDR || len >= l->room || len > HSR_MAX_FRAME)
        return false;
    *out = (struct nic_rx){.len = (uint32_t)len, .vnet = l->vnet};
    if (len <= l->front_room) {
        out->slot = l->front;
        l->front = UINT32_MAX;
    } else {
        memcpy(nic_slot_frame(slots, l->back), nic_slot_frame(slots, l->front), l->front_room);
        out->slot = l->back;
        l->back = UINT32_MAX;
    }
    return true;
}

void nic_landing_release(struct nic_landing *l, struct nic_slots *slots)
{
    if (l->front != UINT32_MAX)
        nic_slots_put(slots, l->front);
    if (l->back != UINT32_MAX)
        nic_slots_put(slots, l->back);
    nic_landing_init(l);
}

unsigned nic_vnet_iov(const struct po_frame *frame, struct iovec iov[NIC_VNET_IOV])
{
    unsigned n = 1;

    /* An iovec has no const; the kernel only reads. */
    iov[0] = (struct iovec){(void *)(uintptr_t)&frame->vnet, NIC_VNET_HDR};
    if (frame->head_len)
        iov[n++] = (struct iovec){(void *)(uintptr_t)frame->head, frame->head_len};
    if (frame->body_len)
        iov[n++] = (struct iovec){(void *)(uintptr_t)frame->body, frame->body_len};
    for (uint32_t i = 0; i < frame->tails; i++)
        iov[n++] = (struct iovec){(void *)(uintptr_t)frame->tail[i].at, frame->tail[i].len};
    return n;
}

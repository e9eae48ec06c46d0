/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Header-payload slicing between the two processors: cut off in front of the ring, joined behind it.
 *
 * Which payload was cut off which packet is noted here, by slot, in private memory. A received packet leaves with the payload
 * it came with or with none; a packet of the firmware's own may refer to any payload that its worker holds.
 */
#include <string.h>

#include "nic_internal.h"
#include "preproc/slice.h"

/* Of a build with sanitizers: what stays in the slot behind the headers is not there for the firmware. */
static void scribble(uint8_t *at, uint32_t len)
{
#ifdef AVS_LIBC_POOLS
    memset(at, 0xDB, len);
#else
    (void)at, (void)len;
#endif
}

/* Into payload memory, if its account has credit; the handle, or 0. */
static uint32_t keep(struct nic *nic, uint16_t account, const uint8_t *bytes, uint32_t len,
                     bool sum)
{
    uint32_t handle = nic_credit_cells(nic, account, len)
                          ? nic_cells_put(&nic->kept.cells, bytes, len, sum, account, nic->now)
                          : 0;

    nic->kept.sliced += handle != 0;
    nic->kept.not_sliced += handle == 0;
    if (account < HSR_MAX_PORTS)
        nic->stats[account].not_sliced += handle == 0;
    return handle;
}

void nic_slice(struct nic *nic, const struct nic_rx *frame, const struct pp_ingress *in)
{
    struct nic_kept *k = &nic->kept;
    struct hsr_rx_meta *meta = nic->pre.meta;
    uint8_t *at = nic_slot_frame(&nic->slots, frame->slot);
    uint32_t cut, handle;
    bool line1;

    k->by_slot[frame->slot] = 0;
    if (!k->on || nic->owned != NULL) /* a second firmware's copies are whole */
        return;
    cut = pp_slice(meta, frame->len);
    if (cut == 0)
        return;
    line1 = meta->flags & (HSR_RXF_LINE1 | HSR_RXF_IPV6);
    handle = keep(nic, in->uplink ? nic->pre.target : in->port, at + cut, frame->len - cut, line1);
    if (handle == 0)
        return;
    k->by_slot[frame->slot] = handle;
    meta->payload = handle;
    if (line1) { /* the sum is for those who read that line: of them are all whose checksum is unfinished */
        meta->flags1 |= HSR_RX1F_PARTIAL_SUM;
        meta->partial_sum = k->cells.payload[nic_cells_find(&k->cells, handle)].sum;
    }
    if (!in->ruled) /* else copies of it wait to be sent */
        scribble(at + cut, frame->len - cut);
}

/* The payload cut off the packet in this slot, as long as it is there. */
static uint32_t own(const struct nic *nic, uint32_t slot)
{
    return nic_cells_find(&nic->kept.cells, nic->kept.by_slot[slot]);
}

uint32_t nic_payload_sent(struct nic *nic, uint32_t slot, uint32_t worker)
{
    uint32_t index = own(nic, slot);

    if (index == NIC_NO_PAYLOAD)
        return 0;
    nic->kept.cells.payload[index].worker = (uint8_t)worker;
    return nic->kept.cells.payload[index].len;
}

uint32_t nic_payload_of(struct nic *nic, const struct hsr_tx_meta *meta, uint32_t worker,
                        uint32_t slot, uint32_t kind)
{
    struct nic_kept *k = &nic->kept;
    uint32_t index = nic_cells_find(&k->cells, meta->payload);

    if (index != NIC_NO_PAYLOAD &&
        (kind == HSR_KIND_PACKET ? k->by_slot[slot] != meta->payload
                                 : k->cells.payload[index].worker != worker))
        index = NIC_NO_PAYLOAD;
    k->stale += index == NIC_NO_PAYLOAD;
    return index;
}

void nic_payload_leave(struct nic *nic, uint32_t index)
{
    nic_cells_retire(&nic->kept.cells, index);
    nic->kept.leaving[nic->kept.leavings++] = (uint16_t)index;
}

void nic_payload_forget(struct nic *nic, uint32_t slot)
{
    uint32_t index = own(nic, slot);

    if (index == NIC_NO_PAYLOAD)
        return;
    nic_cells_retire(&nic->kept.cells, index);
    nic_cells_free(&nic->kept.cells, index);
}

void nic_payload_free(struct nic *nic)
{
    for (uint32_t i = 0; i < nic->kept.leavings; i++)
        nic_cells_free(&nic->kept.cells, nic->kept.leaving[i]);
    nic->kept.leavings = 0;
}

void nic_payload_source(const struct nic *nic, uint32_t index, struct po_source *source,
                        struct po_span *behind)
{
    const struct nic_payload *p = &nic->kept.cells.payload[index];

    source->spans += nic_cells_spans(&nic->kept.cells, index, behind);
    source->summed = p->summed;
    source->sum = p->sum;
    source->sum_from = source->len;
    source->len += p->len;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MERGE: packets of one flow leave as one (GRO). The first is a TRANSMIT with MORE, whose headers are those of the whole;
 * each MERGE behind it in the ring adds its payload bytes by reference, the last one without MORE.
 *
 * A chain is written to the ring in one piece. One that ends otherwise, or has a packet that does not belong to it, is
 * lost as a whole: each of its packets is a drop under TX_META_BAD, and every payload is released as its entry says.
 */
#include "nic_internal.h"

static void begin(struct nic_chain *c, const struct hsr_tx_meta *meta, uint16_t ledger)
{
    c->open = true;
    c->meta = *meta;
    c->ledger = ledger;
    c->merged = 0;
    c->frame = (struct po_source){.span = c->span};
}

/* The entry's bytes behind those that are there; false: too many, of bytes or places. */
static bool append(struct nic *nic, const struct hsr_tx_meta *meta, uint32_t slot, uint32_t payload)
{
    struct nic_chain *c = &nic->chain;
    struct po_source *f = &c->frame;
    uint32_t len = payload != NIC_NO_PAYLOAD ? nic->kept.cells.payload[payload].len : 0;
    uint32_t cells = (len + HSR_CELL_SIZE - 1) / HSR_CELL_SIZE;

    if (f->len + meta->frame_len + len > HSR_MAX_FRAME || f->spans + 1 + cells > PO_MAX_SPANS)
        return false;
    nic->traffic.bytes_from_fw += meta->frame_len;
    c->span[f->spans++] =
        (struct po_span){hsr_slot(&nic->region.view, slot) + meta->frame_off, meta->frame_len};
    f->len += meta->frame_len;
    if (payload != NIC_NO_PAYLOAD)
        nic_payload_source(nic, payload, f, c->span + f->spans);
    f->summed = false; /* of one part, if of any */
    return true;
}

/* The entry's payload, which goes when the frame has left; NIC_NO_PAYLOAD: it has none, or not any more (*gone). */
static uint32_t payload_of(struct nic *nic, const struct hsr_tx_meta *meta, uint32_t worker,
                           uint32_t slot, uint32_t kind, bool *gone)
{
    uint32_t payload = NIC_NO_PAYLOAD;

    if (meta->payload != 0)
        payload = nic_payload_of(nic, meta, worker, slot, kind);
    *gone = meta->payload != 0 && payload == NIC_NO_PAYLOAD;
    if (payload != NIC_NO_PAYLOAD && meta->payload_op == HSR_PAYLOAD_RELEASE)
        nic_payload_leave(nic, payload);
    return payload;
}

void nic_chain_break(struct nic *nic)
{
    struct nic_chain *c = &nic->chain;

    if (!c->open)
        return;
    c->open = false;
    for (uint32_t i = 0; i <= c->merged; i++)
        nic_post_drop(nic, c->ledger, HSR_DROP_TX_META_BAD);
}

/* The last one is there. */
static void leave(struct nic *nic)
{
    struct nic_chain *c = &nic->chain;

    c->open = false;
    nic->stats[c->ledger].post_merged += c->merged;
    nic_tx_joined(nic, &c->meta, &c->frame, c->ledger);
}

static void merge(struct nic *nic, const struct hsr_tx_meta *meta, uint32_t worker, uint32_t slot,
                  uint16_t ledger)
{
    struct nic_chain *c = &nic->chain;
    bool gone;
    uint32_t payload = payload_of(nic, meta, worker, slot, HSR_KIND_PACKET, &gone);

    if (c->open && !gone && meta->owner == nic->owner && ledger == c->ledger &&
        c->merged + 1 < HSR_MAX_VECTOR && append(nic, meta, slot, payload)) {
        c->merged++;
        if (!(meta->offload & HSR_TXO_MORE))
            leave(nic);
        return;
    }
    nic_post_drop(nic, ledger, gone ? HSR_DROP_PAYLOAD_GONE : HSR_DROP_TX_META_BAD);
    nic_chain_break(nic);
}

bool nic_chain_entry(struct nic *nic, const struct hsr_tx_meta *meta, uint32_t worker,
                     uint32_t slot, uint32_t kind, uint16_t ledger)
{
    uint32_t payload;
    bool gone;

    if (kind != HSR_KIND_CTRL && meta->action == HSR_TXA_MERGE) {
        nic->stats[ledger].post_ring++;
        merge(nic, meta, worker, slot, ledger);
        return true;
    }
    nic_chain_break(nic);
    if (kind == HSR_KIND_CTRL || meta->action != HSR_TXA_TRANSMIT ||
        !(meta->offload & HSR_TXO_MORE) || meta->owner != nic->owner)
        return false;
    if (kind == HSR_KIND_ORIGINATE)
        nic->stats[ledger].post_originated++;
    else
        nic->stats[ledger].post_ring++;
    begin(&nic->chain, meta, ledger);
    payload = payload_of(nic, meta, worker, slot, kind, &gone);
    if (gone || !append(nic, meta, slot, payload)) {
        nic->chain.open = false;
        nic_post_drop(nic, ledger, gone ? HSR_DROP_PAYLOAD_GONE : HSR_DROP_TX_META_BAD);
    }
    return true;
}

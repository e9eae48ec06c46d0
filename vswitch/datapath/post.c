/* SPDX-License-Identifier: Apache-2.0 */
/* From the firmware back to the ring: the tx metadata, written over the rx metadata that has been used. */
#include <string.h>

#include "internal.h"

static void push(struct dp_worker *w, uint32_t entry)
{
    w->out[w->outs++] = entry;
}

static struct hsr_tx_meta stamp(const struct act_packet *p)
{
    return (struct hsr_tx_meta){.owner = p->meta.owner, .rx_seq = p->meta.rx_seq};
}

static void write_meta(struct act_packet *p, const struct hsr_tx_meta *meta)
{
    memcpy(p->slot, meta, sizeof *meta);
}

/* What the sender left to us, in the words of the Post-Processor; the bits of `offload`. */
static unsigned partial(const struct act_packet *p, struct hsr_tx_meta *meta)
{
    meta->gso_size = p->meta.gso_size;
    meta->gso_type = p->meta.gso_type;
    if (p->meta.csum_offset == 6)
        return HSR_TXO_L4_PARTIAL | HSR_TXO_L4_UDP;
    if (p->meta.csum_offset == 8)
        return HSR_TXO_L4_PARTIAL | HSR_TXO_L4_SCTP;
    return HSR_TXO_L4_PARTIAL;
}

/* A packet that is larger than its path: the MTU in the terms of the outermost header; bits of `offload`. */
static DP_APART unsigned shrink(const struct act_packet *p, struct hsr_tx_meta *meta)
{
    meta->mtu = (uint16_t)(p->mtu + (p->encap ? p->l3 - p->outer_l3 : 0));
    return p->fragment ? HSR_TXO_FRAGMENT : 0;
}

static unsigned offload(const struct act_packet *p, struct hsr_tx_meta *meta)
{
    unsigned l4 = p->meta.verdicts >> 2 & 3;
    unsigned bits = p->meta.flags & HSR_RXF_IPV6 ? HSR_TXO_IPV6 : 0;

    if (p->encap) {
        bits |= p->encap;
        meta->outer_l3_off = p->outer_l3;
        meta->outer_l4_off = p->outer_l4;
    }
    meta->l3_off = p->l3;
    meta->l4_off = p->l4;
    if (l4 == HSR_VERDICT_PARTIAL && p->meta.flags & HSR_RXF_LINE1)
        bits |= partial(p, meta);
    if (p->mtu != 0)
        bits |= shrink(p, meta);
    return bits;
}

void dp_again(struct dp_worker *w, struct act_packet *p, enum hsr_return why)
{
    struct hsr_tx_meta meta = stamp(p);
    bool left = (p->meta.verdicts >> 2 & 3) == HSR_VERDICT_PARTIAL;

    meta.action = HSR_TXA_RETURN;
    meta.drop_reason = (uint8_t)why;
    meta.frame_off = HSR_SLOT_FRAME;
    meta.frame_len = p->meta.payload_off;
    meta.payload = p->meta.payload;
    meta.l3_off = p->meta.l3_off;
    meta.l4_off = p->meta.l4_off;
    meta.offload = p->meta.flags & HSR_RXF_IPV6 ? HSR_TXO_IPV6 : 0;
    if (left && p->meta.flags & HSR_RXF_LINE1)
        meta.offload = (uint16_t)(meta.offload | partial(p, &meta));
    write_meta(p, &meta);
    w->ledger[p->meta.ingress].tx++;
    push(w, p->entry);
}

/* A packet with a reason against it, or without a way out. */
static DP_APART void refuse(struct dp_worker *w, struct act_packet *p)
{
    enum hsr_drop why = p->drop != HSR_DROP_NONE ? (enum hsr_drop)p->drop : HSR_DROP_NO_ROUTE;
    struct dp_error error = {.why = why, .mtu = why == HSR_DROP_PMTU ? p->mtu : 0};

    if ((why == HSR_DROP_PMTU || why == HSR_DROP_TTL) && !dp_tell_sender(w, p, &error))
        dp_again(w, p, HSR_RETURN_WHOLE);
    else
        dp_drop(w, p, why);
}

/* TRANSMIT, as the packet stands. */
static inline __attribute__((always_inline)) void transmit(const struct act_packet *p,
                                                           const struct dp_fit *fit,
                                                           struct hsr_tx_meta *meta)
{
    *meta = stamp(p);
    meta->egress_port = p->egress;
    meta->action = HSR_TXA_TRANSMIT;
    meta->frame_off = (uint16_t)p->frame_off;
    meta->frame_len = act_seen(p);
    meta->payload = p->meta.payload;
    meta->offload = (uint16_t)offload(p, meta);
    if (fit != NULL) {
        meta->fit_op = fit->op;
        meta->hash = fit->hash;
        meta->flow_id = fit->flow_id;
        meta->fit_named = fit->named;
    }
}

/* Written in place and never read back: the slot is the NIC's as well. */
void dp_send_fit(struct dp_worker *w, struct act_packet *p, const struct dp_fit *fit)
{
    struct hsr_tx_meta *meta = (struct hsr_tx_meta *)(void *)p->slot;

    if (p->drop != HSR_DROP_NONE || p->egress == HSR_NO_PORT) {
        refuse(w, p);
        return;
    }
    transmit(p, fit, meta);
    w->ledger[p->meta.ingress].tx++;
    push(w, p->entry);
}

void dp_send_chain(struct dp_worker *w, struct act_packet *p, uint32_t n, const struct dp_fit *fit)
{
    struct hsr_tx_meta meta;

    transmit(p, fit, &meta);
    for (uint32_t i = 0; i < n; i++, p++) {
        if (i > 0) {
            uint32_t headers = p->frame_len - dp_tcp_payload(p);

            meta = stamp(p);
            meta.action = HSR_TXA_MERGE;
            meta.frame_off = (uint16_t)(p->frame_off + headers);
            meta.frame_len = act_seen(p) - headers;
            meta.payload = p->meta.payload;
        }
        if (i + 1 < n)
            meta.offload |= HSR_TXO_MORE;
        write_meta(p, &meta);
        w->ledger[p->meta.ingress].tx++;
        push(w, p->entry);
    }
}

void dp_send(struct dp_worker *w, struct act_packet *p)
{
    dp_send_fit(w, p, NULL);
}

static void finish(struct dp_worker *w, struct act_packet *p, enum hsr_txa action,
                   enum hsr_drop reason)
{
    struct hsr_tx_meta meta = stamp(p);

    meta.action = (uint8_t)action;
    meta.drop_reason = (uint8_t)reason;
    meta.frame_off = HSR_SLOT_FRAME;
    meta.frame_len = p->meta.payload != 0 ? p->meta.payload_off : p->meta.frame_len;
    meta.payload = p->meta.payload;
    write_meta(p, &meta);
    push(w, p->entry);
}

void dp_drop(struct dp_worker *w, struct act_packet *p, enum hsr_drop reason)
{
    p->drop = (uint8_t)reason;
    w->ledger[p->meta.ingress].drops++;
    finish(w, p, HSR_TXA_DROP, reason);
}

void dp_consume(struct dp_worker *w, struct act_packet *p)
{
    w->ledger[p->meta.ingress].consumed++;
    finish(w, p, HSR_TXA_CONSUME, HSR_DROP_NONE);
}

bool dp_post_fit(struct dp_worker *w, const struct dp_fit *fit)
{
    struct hsr_tx_meta meta = {.owner = hsr_view_owner(w->view, 0),
                               .frame_off = HSR_SLOT_FRAME,
                               .fit_op = fit->op,
                               .hash = fit->hash,
                               .flow_id = fit->flow_id,
                               .fit_named = fit->named};

    if (!dp_room(w))
        return false;
    uint32_t slot = dp_take_slot(w);

    memcpy(hsr_slot(w->view, slot), &meta, sizeof meta);
    push(w, hsr_entry(slot, HSR_KIND_CTRL));
    return true;
}

/* Each packet of a burst had its room before it was taken, and what is ours asks dp_room(); only a ring the other side broke takes nothing, and that is out of use. */
void dp_flush(struct dp_worker *w)
{
    if (w->outs == 0)
        return;
    hsr_ring_push(&w->tx, w->out, w->outs);
    w->outs = 0;
    hsr_ring_kick(&w->tx);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies of received frames, as rules ask for them: sent from the slot they lie in, before anybody else gets that (rx.c
 * flushes). Each is one more packet of the ingress port for the Post-Processor, which owes it what the sender left to
 * others: checksums, segmentation.
 */
#include "hsring/wire.h"
#include "nic_internal.h"

enum { VERDICT_L4 = 2, VERDICT_OUTER_L4 = 6 }; /* bits of rx_meta.verdicts */

static bool is_partial(const struct hsr_rx_meta *rx, unsigned shift)
{
    return (rx->verdicts >> shift & 3) == HSR_VERDICT_PARTIAL;
}

static unsigned l4_work(const struct hsr_rx_meta *rx)
{
    if (!is_partial(rx, VERDICT_L4))
        return 0;
    return HSR_TXO_L4_PARTIAL | (rx->csum_offset == HSR_UDP_CSUM    ? HSR_TXO_L4_UDP
                                 : rx->csum_offset == HSR_SCTP_CSUM ? HSR_TXO_L4_SCTP
                                                                    : 0u);
}

/* The packet stands at frame->len as it came; where there is work to do, padding behind it is no part of it. */
static void describe(const struct hsr_rx_meta *rx, const struct pp_verdict *v,
                     const struct nic_rx *frame, struct hsr_tx_meta *tx)
{
    bool good = rx->reason == HSR_DROP_NONE;
    unsigned work = good ? l4_work(rx) : 0;

    *tx = (struct hsr_tx_meta){
        .action = HSR_TXA_TRANSMIT, .frame_off = HSR_SLOT_FRAME, .frame_len = frame->len};
    if (good && v->outer_l3 != 0) {
        work |= HSR_TXO_ENCAP | (is_partial(rx, VERDICT_OUTER_L4) ? HSR_TXO_OUTER_L4_CSUM : 0u);
        tx->outer_l3_off = v->outer_l3;
        tx->outer_l4_off = v->outer_l4;
    }
    if (good) {
        tx->l3_off = rx->l3_off;
        tx->l4_off = rx->l4_off;
        work |= rx->flags & HSR_RXF_IPV6 ? HSR_TXO_IPV6 : 0u;
    }
    if (work & (HSR_TXO_L4_PARTIAL | HSR_TXO_OUTER_L4_CSUM)) {
        tx->frame_len = rx->frame_len;
        tx->gso_type = rx->gso_type;
        tx->gso_size = rx->gso_size;
    }
    tx->offload = (uint16_t)work;
}

void nic_copy(struct nic *nic, const struct nic_rx *frame, uint16_t ledger)
{
    const struct pp_verdict *v = &nic->pre.verdict;
    struct hsr_tx_meta tx;

    if (v->copies == 0)
        return;
    describe(nic->pre.meta, v, frame, &tx);
    for (uint32_t i = 0; i < v->copies; i++) {
        tx.egress_port = v->copy_to[i];
        nic_tx_copy(nic, &tx, frame->slot, ledger);
    }
}

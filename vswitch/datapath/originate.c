/* SPDX-License-Identifier: Apache-2.0 */
/* Frames the firmware makes itself, in slots of its quota. */
#include <string.h>

#include "internal.h"

uint8_t *dp_originate_begin(struct dp_worker *w, uint32_t len, uint32_t *slot)
{
    if (len > HSR_SLOT_SIZE - HSR_SLOT_FRAME || !dp_room(w))
        return NULL;
    *slot = dp_take_slot(w);
    return hsr_slot(w->view, *slot) + HSR_SLOT_FRAME;
}

void dp_originate(struct dp_worker *w, uint32_t slot, uint16_t port, uint32_t len)
{
    struct hsr_tx_meta meta = {.egress_port = port,
                               .action = HSR_TXA_TRANSMIT,
                               .frame_off = HSR_SLOT_FRAME,
                               .frame_len = len,
                               .owner = hsr_view_owner(w->view, 0)};

    memcpy(hsr_slot(w->view, slot), &meta, sizeof meta);
    w->ledger[port].originated++;
    w->ledger[port].tx++;
    w->out[w->outs++] = hsr_entry(slot, HSR_KIND_ORIGINATE);
}

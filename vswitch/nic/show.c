/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Captures: what frames look like where they come in, leave the Pre-Processor, reach the Post-Processor, and go out. While nobody
 * looks, rx.c and tx.c come here never.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hsring/wire.h"
#include "nic_internal.h"

#define OURS 0xFF /* who saw it */

static uint64_t clock_of(const struct nic *nic)
{
    return nic->show.clock != NULL ? nic->show.clock() : nic->now;
}

static void see(struct nic *nic, const struct cap_seen *seen)
{
    cap_see_all(&nic->show.taps, seen);
    cap_publish_all(&nic->show.taps);
}

/* Refused before it was parsed: the metadata says nothing of it. */
static bool parsed(enum hsr_drop drop)
{
    return drop != HSR_DROP_PKT_TOO_SMALL && drop != HSR_DROP_PKT_TOO_BIG &&
           drop != HSR_DROP_RX_RING_FULL;
}

static void add_metadata(struct cap_seen *seen, const struct hsr_rx_meta *m)
{
    seen->flow_id = m->flow_id;
    if (m->flags & HSR_RXF_LINE1) {
        seen->gso_size = m->gso_size;
        if ((m->verdicts >> 2 & 3) == HSR_VERDICT_PARTIAL)
            seen->flags |= CAP_F_PARTIAL;
    }
}

void nic_show_fetched(struct nic *nic)
{
    nic->show.fetched = clock_of(nic);
}

void nic_show_rx(struct nic *nic, const struct nic_rx *frame, uint16_t port, enum hsr_drop drop,
                 bool returned)
{
    const struct hsr_rx_meta *meta = nic->pre.meta;
    struct cap_seen *seen = &nic->show.now;
    bool known = parsed(drop);

    *seen = (struct cap_seen){.point = CAP_NIC_RX,
                              .frame = nic_slot_frame(&nic->slots, frame->slot),
                              .here = frame->len,
                              .frame_len = frame->len,
                              .time = nic->show.fetched,
                              .port = port,
                              .worker = OURS};
    if (known) {
        seen->inner = meta->flags & HSR_RXF_DECAP ? meta->l2_off : 0;
        seen->context = hsr_key_context(meta->key_ports);
        seen->packet_id = drop == HSR_DROP_NONE ? meta->packet_id : 0;
    }
    if (returned)
        seen->flags |= CAP_F_RETURNED;
    else
        see(nic, seen);
    seen->time = clock_of(nic);
    seen->point = drop == HSR_DROP_NONE ? CAP_PRE_OUT : CAP_DROP;
    seen->reason = (uint8_t)drop;
    if (drop == HSR_DROP_NONE)
        add_metadata(seen, meta);
    see(nic, seen);
}

void nic_show_refused(struct nic *nic, uint32_t slot, const struct hsr_rx_meta *meta,
                      enum hsr_drop drop)
{
    struct cap_seen seen = {.point = CAP_DROP,
                            .frame = nic_slot_frame(&nic->slots, slot),
                            .here = meta->frame_len,
                            .frame_len = meta->frame_len,
                            .inner = meta->flags & HSR_RXF_DECAP ? meta->l2_off : 0,
                            .packet_id = meta->packet_id,
                            .time = clock_of(nic),
                            .context = hsr_key_context(meta->key_ports),
                            .port = nic->slots.run[slot].port,
                            .reason = (uint8_t)drop,
                            .worker = OURS};

    see(nic, &seen);
}

/* Where its frame is; none when the metadata is not to be believed. */
static void add_frame(const struct nic *nic, struct cap_seen *seen, const struct hsr_tx_meta *m,
                      uint32_t slot)
{
    uint32_t space = hsr_slot_space(&nic->region.view, slot);

    if (m->frame_off > space || m->frame_len > space - m->frame_off)
        return;
    seen->frame = hsr_slot(&nic->region.view, slot) + m->frame_off;
    seen->here = seen->frame_len = m->frame_len;
    seen->gso_size = m->gso_size;
    if (m->offload & HSR_TXO_ENCAP && m->l3_off >= HSR_ETH_HDR)
        seen->inner = (uint32_t)m->l3_off - HSR_ETH_HDR;
    if (m->offload & HSR_TXO_L4_PARTIAL)
        seen->flags |= CAP_F_PARTIAL;
    if (m->payload != 0)
        seen->flags |= CAP_F_SLICED;
}

void nic_show_post(struct nic *nic, const struct hsr_tx_meta *meta, uint32_t slot, uint32_t kind,
                   bool good)
{
    static const uint8_t nothing[1];
    struct cap_seen *seen = &nic->show.now;
    const uint8_t *line1 =
        hsr_slot(&nic->region.view, slot) + offsetof(struct hsr_rx_meta, packet_id);

    nic_tx_flush(nic); /* frames of the entry before: they are that one's */
    nic->show.told = !good || kind == HSR_KIND_CTRL;
    if (nic->show.told)
        return;
    *seen = (struct cap_seen){.point = CAP_POST_IN,
                              .frame = nothing,
                              .time = clock_of(nic),
                              .port = meta->action == HSR_TXA_TRANSMIT ? meta->egress_port
                                                                       : nic->slots.run[slot].port,
                              .worker = OURS};
    if (kind == HSR_KIND_PACKET)
        memcpy(&seen->packet_id, line1, sizeof seen->packet_id);
    else
        seen->flags |= CAP_F_FIRMWARE;
    if (meta->action == HSR_TXA_RETURN)
        seen->flags |= CAP_F_RETURNED;
    add_frame(nic, seen, meta, slot);
    nic->show.told = meta->action == HSR_TXA_DROP; /* by the firmware, which has shown it */
    see(nic, seen);
}

void nic_show_drop(struct nic *nic, unsigned reason)
{
    struct cap_seen seen = nic->show.now;

    if (nic->show.told)
        return;
    seen.point = CAP_DROP;
    seen.time = clock_of(nic);
    seen.reason = (uint8_t)reason;
    see(nic, &seen);
}

void nic_show_tx(struct nic *nic, const struct nic_slot_port *p, uint32_t taken)
{
    const struct nic_batch *b = &p->batch;
    struct cap_seen seen = nic->show.now;

    seen.point = CAP_NIC_TX;
    seen.port = p->port.config.index;
    seen.frame = nic->show.scratch;
    seen.flags &= CAP_F_FIRMWARE;
    seen.flow_id = 0;
    seen.time = clock_of(nic);
    for (uint32_t i = 0; i < b->count && i < taken; i++) {
        const struct po_frame *f = &b->frame[i];

        if (p->port.refused[i] != HSR_DROP_NONE || po_frame_len(f) > HSR_MAX_FRAME + PO_MAX_HEADERS)
            continue;
        po_frame_copy(f, nic->show.scratch);
        seen.here = seen.frame_len = po_frame_len(f);
        seen.gso_size = f->vnet.gso_size;
        seen.flags = (uint8_t)((seen.flags & CAP_F_FIRMWARE) |
                               (f->vnet.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM ? CAP_F_PARTIAL : 0));
        see(nic, &seen);
    }
}

/* ---- control ---- */

struct change {
    uint32_t id;
    struct cap_tap *tap;
};

static int install(struct nic *nic, void *arg)
{
    const struct change *change = arg;
    struct cap_taps *taps = &nic->show.taps;

    nic->show.tap[change->id] = change->tap;
    taps->n = 0;
    for (uint32_t i = 0; i < CAP_TAPS; i++)
        if (nic->show.tap[i] != NULL)
            taps->tap[taps->n++] = nic->show.tap[i];
    nic_note_watched(nic);
    return 0;
}

void nic_note_watched(struct nic *nic)
{
    nic->watched = nic->owned != NULL || nic->show.taps.n > 0;
}

static int open_scratch(struct nic *nic)
{
    if (nic->show.scratch == NULL)
        nic->show.scratch = malloc(HSR_MAX_FRAME + PO_MAX_HEADERS);
    return nic->show.scratch == NULL ? -ENOMEM : 0;
}

static int open_tap(struct cap_area *area, int memfd, struct cap_tap **tap)
{
    struct cap_spec spec;
    int rc = cap_area_map(area, memfd);

    if (rc < 0)
        return rc;
    cap_area_get_spec(area, &spec, sizeof spec);
    rc = cap_tap_open(tap, &spec, area, area->rings - 1);
    if (rc < 0)
        cap_area_close(area);
    return rc;
}

int nic_capture_set(struct nic *nic, uint32_t id, int memfd)
{
    struct cap_area area = {.memfd = -1};
    struct change change = {.id = id, .tap = NULL};
    struct cap_tap *former;
    int rc;

    if (id >= CAP_TAPS)
        return -EINVAL;
    rc = memfd >= 0 ? open_scratch(nic) : 0;
    if (rc == 0 && memfd >= 0)
        rc = open_tap(&area, memfd, &change.tap);
    if (rc < 0)
        return rc;
    former = nic->show.tap[id];
    nic_run(nic, install, &change);
    cap_tap_close(former);
    cap_area_close(&nic->show.area[id]);
    nic->show.area[id] = area;
    return 0;
}

void nic_captures_end(struct nic *nic)
{
    for (uint32_t i = 0; i < CAP_TAPS; i++)
        if (nic->show.tap[i] != NULL)
            nic_capture_set(nic, i, -1);
}

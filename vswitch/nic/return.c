/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RETURN: the firmware wants a packet again and whole. Post joins its payload, Pre takes it in as if it had been received
 * on its port once more, but for the port's rules and the pre-classifier, which have had their say. Once: what has been returned is not again.
 */
#include <string.h>

#include "hsring/wire.h"
#include "nic_internal.h"

enum { RETURNED = UINT32_MAX }; /* in kept.by_slot: no handle is that */

/* What the sender had asked for, in the words it used: the firmware hands it back in those of the tx metadata. */
static struct virtio_net_hdr asked(const struct hsr_tx_meta *meta)
{
    static const uint8_t types[] = {[HSR_GSO_NONE] = VIRTIO_NET_HDR_GSO_NONE,
                                    [HSR_GSO_TCP4] = VIRTIO_NET_HDR_GSO_TCPV4,
                                    [HSR_GSO_TCP6] = VIRTIO_NET_HDR_GSO_TCPV6,
                                    [HSR_GSO_UFO] = VIRTIO_NET_HDR_GSO_UDP,
                                    [HSR_GSO_USO] = PO_VNET_GSO_UDP_L4};
    struct virtio_net_hdr vnet = {0};

    if (!(meta->offload & HSR_TXO_L4_PARTIAL))
        return vnet;
    vnet.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
    vnet.csum_start = meta->l4_off;
    vnet.csum_offset = meta->offload & HSR_TXO_L4_UDP    ? HSR_UDP_CSUM
                       : meta->offload & HSR_TXO_L4_SCTP ? HSR_SCTP_CSUM
                                                         : HSR_TCP_CSUM;
    vnet.gso_type = types[meta->gso_type & ~HSR_GSO_ECN];
    if (meta->gso_type & HSR_GSO_ECN)
        vnet.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
    vnet.gso_size = meta->gso_size;
    return vnet;
}

/* The whole frame into a run of its own, at the expense of whom it was for before; UINT32_MAX: there is none free. */
static uint32_t join(struct nic *nic, const struct po_source *frame, uint32_t former,
                     uint16_t ledger)
{
    uint32_t slot = nic_slots_get_for(&nic->slots, frame->len);

    if (slot == UINT32_MAX)
        return slot;
    nic_slots_charge(&nic->slots, slot, ledger);
    nic_slots_aim(&nic->slots, slot, nic->slots.run[former].target);
    nic_slots_note_high(&nic->slots.use[ledger]);
    po_source_copy(frame, 0, frame->len, nic_slot_frame(&nic->slots, slot));
    return slot;
}

/* The id a packet had, which it keeps. It is the firmware's to spoil, and nobody but who looks at captures reads it. */
static uint32_t former_id(const struct nic *nic, uint32_t slot)
{
    const uint8_t *at = hsr_slot(&nic->region.view, slot) + offsetof(struct hsr_rx_meta, packet_id);
    uint32_t id;

    memcpy(&id, at, sizeof id);
    return id;
}

static void deliver_again(struct nic *nic, const struct hsr_tx_meta *tx, uint32_t id,
                          const struct nic_rx *again, const struct nic_port_config *port)
{
    uint32_t slot = again->slot;
    struct pp_ingress in = {
        .port = port->index, .uplink = port->uplink, .returned = true, .context = port->context};
    struct virtio_net_hdr vnet = asked(tx);
    enum hsr_drop drop = pp_pre_frame(&nic->pre, slot, nic_slot_frame(&nic->slots, slot),
                                      again->len, &in, &vnet, nic->now);
    struct hsr_rx_meta *rx = nic->pre.meta;

    nic->stats[port->index].post_returned++;
    nic->stats[port->index].pre_returned++;
    if (drop == HSR_DROP_NONE)
        rx->packet_id = id;
    if (nic_shown(nic))
        nic_show_rx(nic, again, port->index, drop, true);
    if (drop != HSR_DROP_NONE) {
        nic_pre_drop(nic, port->index, drop);
        nic_slots_put(&nic->slots, slot);
        return;
    }
    if (!(rx->flags & HSR_RXF_LINE1)) /* else the parser has written it */
        memset((uint8_t *)rx + HSR_CACHE_LINE, 0,
               offsetof(struct hsr_rx_meta, timestamp) - HSR_CACHE_LINE);
    rx->flags |= HSR_RXF_LINE1;
    rx->flags1 |= HSR_RX1F_RETURNED;
    rx->partial_sum = tx->drop_reason;
    nic->kept.by_slot[slot] = RETURNED;
    nic->kept.track = true;
}

void nic_return(struct nic *nic, const struct hsr_tx_meta *meta, uint32_t slot, uint16_t ledger,
                uint32_t payload)
{
    struct po_span span[1 + NIC_PAYLOAD_MOST] = {
        {hsr_slot(&nic->region.view, slot) + meta->frame_off, meta->frame_len}};
    struct po_source frame = {.span = span, .spans = 1, .len = meta->frame_len};
    const struct nic_slot_port *p = nic->port[ledger];
    struct nic_rx again = {.slot = UINT32_MAX};

    if (payload != NIC_NO_PAYLOAD)
        nic_payload_source(nic, payload, &frame, span + 1);
    again.len = frame.len;
    if ((nic->kept.track && nic->kept.by_slot[slot] == RETURNED) || frame.len > HSR_MAX_FRAME) {
        nic_post_drop(nic, ledger, HSR_DROP_TX_META_BAD);
    } else if (p == NULL) {
        nic_post_drop(nic, ledger, HSR_DROP_PORT_GONE);
    } else if ((again.slot = join(nic, &frame, slot, ledger)) == UINT32_MAX) {
        nic_post_drop(nic, ledger, HSR_DROP_NO_SLOT);
    } else {
        if (nic_timed(nic))
            nic_latency_again(nic, slot, again.slot);
        deliver_again(nic, meta, former_id(nic, slot), &again, &p->port.config);
    }
}

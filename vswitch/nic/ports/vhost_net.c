/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/vhost_net.h"

#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <string.h>

#define BIT(n) (UINT64_C(1) << (n))

uint64_t vh_net_features(bool offload)
{
    uint64_t always = BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_ANY_LAYOUT) |
                      BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_RING_F_INDIRECT_DESC) |
                      BIT(VIRTIO_RING_F_EVENT_IDX) | BIT(VIRTIO_NET_F_MRG_RXBUF) |
                      BIT(VIRTIO_NET_F_MQ) | BIT(VIRTIO_NET_F_CTRL_VQ) | BIT(VIRTIO_NET_F_CTRL_RX) |
                      BIT(VIRTIO_NET_F_GUEST_ANNOUNCE) | BIT(VIRTIO_NET_F_MTU);
    uint64_t more = BIT(VIRTIO_NET_F_CSUM) | BIT(VIRTIO_NET_F_GUEST_CSUM) |
                    BIT(VIRTIO_NET_F_GUEST_TSO4) | BIT(VIRTIO_NET_F_GUEST_TSO6) |
                    BIT(VIRTIO_NET_F_GUEST_ECN) | BIT(VIRTIO_NET_F_HOST_TSO4) |
                    BIT(VIRTIO_NET_F_HOST_TSO6) | BIT(VIRTIO_NET_F_HOST_ECN);

    return offload ? always | more : always;
}

void vh_net_set(struct vh_net *net, uint64_t features)
{
    const uint64_t tso =
        BIT(VIRTIO_NET_F_GUEST_TSO4) | BIT(VIRTIO_NET_F_GUEST_TSO6) | BIT(VIRTIO_NET_F_GUEST_ECN);

    net->merged = features & BIT(VIRTIO_NET_F_MRG_RXBUF);
    net->header = features & (BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(VIRTIO_F_VERSION_1))
                      ? sizeof(struct virtio_net_hdr_mrg_rxbuf)
                      : sizeof(struct virtio_net_hdr);
    net->csum = features & BIT(VIRTIO_NET_F_GUEST_CSUM);
    net->tso = net->csum && (features & tso) == tso;
}

/* The frame of a chain into a slot; false when the chain does not hold it. */
static bool land(const struct vh_mem *mem, const struct vh_net *net, const struct vh_chain *c,
                 const struct nic_slots *slots, struct nic_rx *out)
{
    struct virtio_net_hdr_mrg_rxbuf header;
    struct vh_cursor at = {0, 0};

    if (!vh_read(mem, c, &at, &header, net->header) ||
        !vh_read(mem, c, &at, nic_slot_frame(slots, out->slot), out->len))
        return false;
    out->vnet = header.hdr;
    return true;
}

/* One chain; false: it stays, since no slot is free for it. */
static bool rx_chain(struct vh_queue *q, const struct vh_mem *mem, const struct vh_net *net,
                     struct nic_slots *slots, struct vh_chain *c, struct vh_turn *turn)
{
    struct nic_rx rx = {.slot = UINT32_MAX};

    if (!c->bad && c->bytes >= net->header) {
        if (c->bytes - net->header > HSR_MAX_FRAME) {
            turn->too_big++;
            vh_done(q, c, 0);
            return true;
        }
        rx.len = (uint32_t)c->bytes - net->header;
        rx.slot = nic_slots_get_for(slots, rx.len);
        if (rx.slot == UINT32_MAX) {
            vh_untake(q, c);
            return false;
        }
        c->bad = !land(mem, net, c, slots, &rx);
    } else {
        c->bad = true;
    }
    vh_done(q, c, 0);
    if (!c->bad) {
        turn->out[turn->got++] = rx;
        return true;
    }
    turn->bad++;
    if (rx.slot != UINT32_MAX)
        nic_slots_put(slots, rx.slot);
    return true;
}

bool vh_net_rx(struct vh_queue *q, const struct vh_mem *mem, const struct vh_net *net,
               struct nic_slots *slots, struct vh_turn *turn)
{
    struct vh_chain c;

    while (!vh_turn_over(turn)) {
        vh_chain_init(&c);
        if (vh_take(q, mem, false, &c) <= 0)
            return true;
        if (!rx_chain(q, mem, net, slots, &c, turn))
            return false;
    }
    return false;
}

/* Has the guest agreed to what the frame asks of it? */
static bool agreed(const struct vh_net *net, const struct virtio_net_hdr *vnet)
{
    return (net->csum || !(vnet->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)) &&
           (net->tso || vnet->gso_type == VIRTIO_NET_HDR_GSO_NONE);
}

/* Buffers for so many bytes; VH_SENT: they are there. */
static enum vh_sent gather(struct vh_queue *q, const struct vh_mem *mem, const struct vh_net *net,
                           uint64_t need, struct vh_chain *c)
{
    vh_chain_init(c);
    while (c->bytes < need || c->heads == 0) {
        int rc = c->heads > 0 && !net->merged ? 0 : vh_take(q, mem, true, c);

        if (rc > 0 && c->bad) {
            vh_done(q, c, 0);
            return VH_BAD;
        }
        if (rc <= 0) {
            bool none = (c->heads < VH_HEADS && net->merged) || c->heads == 0;

            vh_untake(q, c);
            if (rc < 0)
                return VH_BAD;
            return none ? VH_FULL : VH_REFUSED;
        }
    }
    return VH_SENT;
}

static bool write_frame(const struct vh_mem *mem, const struct vh_net *net,
                        const struct vh_chain *c, const struct po_frame *f)
{
    struct virtio_net_hdr_mrg_rxbuf header = {.hdr = f->vnet, .num_buffers = (uint16_t)c->heads};
    struct vh_cursor at = {0, 0};

    if (!vh_write(mem, c, &at, &header, net->header) ||
        !vh_write(mem, c, &at, f->head, f->head_len) ||
        !vh_write(mem, c, &at, f->body, f->body_len))
        return false;
    for (uint32_t i = 0; i < f->tails; i++)
        if (!vh_write(mem, c, &at, f->tail[i].at, f->tail[i].len))
            return false;
    return true;
}

enum vh_sent vh_net_tx(struct vh_queue *q, const struct vh_mem *mem, const struct vh_net *net,
                       const struct po_frame *frame)
{
    uint32_t need = net->header + po_frame_len(frame);
    struct vh_chain c;
    enum vh_sent rc;

    if (!agreed(net, &frame->vnet))
        return VH_REFUSED;
    rc = gather(q, mem, net, need, &c);
    if (rc != VH_SENT)
        return rc;
    c.bad = !write_frame(mem, net, &c, frame);
    vh_done(q, &c, c.bad ? 0 : need);
    return c.bad ? VH_BAD : VH_SENT;
}

/* The frame's first bytes, wherever they stand. */
static uint32_t beginning(const struct po_frame *f, uint8_t *to, uint32_t size)
{
    uint32_t head = f->head_len < size ? f->head_len : size;
    uint32_t body = f->body_len < size - head ? f->body_len : size - head;

    if (head > 0)
        memcpy(to, f->head, head);
    if (body > 0)
        memcpy(to + head, f->body, body);
    return head + body;
}

/* Addresses, and ports where they follow the header at once: of a fragment those of the packet are not all there. */
uint32_t vh_net_spread(const struct po_frame *frame, uint32_t n)
{
    uint8_t at[14 + 40 + 4] = {0};
    uint64_t sum = 0;
    uint32_t from = 0, to = 0;

    if (n <= 1)
        return 0;
    beginning(frame, at, sizeof at);
    if (at[12] == 0x08 && at[13] == 0x00) {
        from = 14 + 12;
        to = (at[14] & 0x0F) == 5 && ((at[20] & 0x3F) | at[21]) == 0 ? 14 + 24 : 14 + 20;
    } else if (at[12] == 0x86 && at[13] == 0xDD) {
        from = 14 + 8;
        to = at[20] == 6 || at[20] == 17 ? 14 + 44 : 14 + 40;
    }
    for (; from < to; from++)
        sum = (sum ^ at[from]) * UINT64_C(0x100000001B3); /* FNV-1a */
    return (uint32_t)((sum ^ sum >> 32) % n);
}

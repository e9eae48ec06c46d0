/* SPDX-License-Identifier: Apache-2.0 */
/* Frames in the queues of a virtio network device (virtio 1.2, section 5.1): no threads, no descriptors of files. */
#ifndef PORTS_VHOST_NET_H
#define PORTS_VHOST_NET_H

#include "nic/port.h"
#include "ports/vhost_queue.h"

/* What driver and device have agreed on. */
struct vh_net {
    bool merged;     /* a frame may take several buffers: VIRTIO_NET_F_MRG_RXBUF */
    uint32_t header; /* bytes in front of a frame */
    bool csum;       /* the guest takes unfinished checksums, and ... */
    bool tso;        /* TCP GSO frames of both families, with CWR as well */
};
void vh_net_set(struct vh_net *net, uint64_t features);

/* What is offered; without `offload` no checksums and no segmentation. */
uint64_t vh_net_features(bool offload);

/* The guest's turn, over all of its queues. Each of its chains is charged to it, whether it holds a frame or not. */
struct vh_turn {
    struct nic_rx *out;
    uint32_t max;     /* chains */
    uint32_t got;     /* frames */
    uint32_t too_big; /* over HSR_MAX_FRAME */
    uint32_t bad;     /* with descriptors outside of the contract */
};
static inline bool vh_turn_over(const struct vh_turn *t)
{
    return t->got + t->too_big + t->bad >= t->max;
}

/*
 * Frames that the guest sends, into slots; those that are none are given back and counted. False: it may have more, for another turn or
 * when there are slots.
 */
bool vh_net_rx(struct vh_queue *q, const struct vh_mem *mem, const struct vh_net *net,
               struct nic_slots *slots, struct vh_turn *turn);

enum vh_sent { VH_SENT, VH_FULL, VH_REFUSED, VH_BAD };

/*
 * A frame to the guest. VH_FULL: it has no buffers for it. VH_REFUSED: it has not agreed to such a frame, or its buffers are too small. VH_BAD:
 * those it has are outside of the contract (they are given back), or the queue is stopped.
 */
enum vh_sent vh_net_tx(struct vh_queue *q, const struct vh_mem *mem, const struct vh_net *net,
                       const struct po_frame *frame);

/* Which of `n` queues the packets of this flow go to: always the same. */
uint32_t vh_net_spread(const struct po_frame *frame, uint32_t n);

#endif

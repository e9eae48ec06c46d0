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

/*
 * Frames that the guest sends, at most `max`, into slots. Those with descriptors outside of the contract are given back and counted in
 * *bad, those over HSR_MAX_FRAME in *too_big. False: it may have more that `max` has room for, or that no slot is free for.
 */
bool vh_net_rx(struct vh_queue *q, const struct vh_mem *mem, const struct vh_net *net,
               struct nic_slots *slots, struct nic_rx *out, uint32_t max, uint32_t *got,
               uint64_t *bad, uint32_t *too_big);

enum vh_sent { VH_SENT, VH_FULL, VH_REFUSED };

/*
 * A frame to the guest. VH_FULL: it has no buffers for it. VH_REFUSED: those it has are outside of the contract (they are given back), or it
 * has not agreed to such a frame.
 */
enum vh_sent vh_net_tx(struct vh_queue *q, const struct vh_mem *mem, const struct vh_net *net,
                       const struct po_frame *frame);

/* Which of `n` queues the packets of this flow go to: always the same. */
uint32_t vh_net_spread(const struct po_frame *frame, uint32_t n);

#endif

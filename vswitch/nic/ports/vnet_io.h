/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing frames with a virtio header in front, for tap devices and packet sockets.
 *
 * How long the next frame is shows only once it is read, and a run for the longest is forty times one that fits nearly
 * all. So a read scatters over two runs: the front (a single slot) takes the frame's beginning, the back what does not
 * fit there, at the place where it belongs in a frame that began in the back run. Then a small frame is in the front
 * run and nothing was copied; of a large one only the beginning is copied to the back run.
 *
 * Runs taken by nic_landing_prepare() go out with a frame (nic_landing_take()) or back to the pool
 * (nic_landing_release()), which every rx() ends with: no port sits on runs between polls.
 */
#ifndef PORTS_VNET_IO_H
#define PORTS_VNET_IO_H

#include <stdbool.h>
#include <sys/uio.h>

#include "nic/port.h"

#define NIC_VNET_HDR   10 /* bytes of a virtio header without the merged-buffer field */
#define NIC_VNET_BATCH 16 /* frames a system call at most */
#define NIC_VLAN_TAG   4  /* bytes */

/* Which runs a frame may need; HSR_RUN_* by class. */
enum nic_back { NIC_BACK_NONE = 0, NIC_BACK_JUMBO = 1, NIC_BACK_GSO = 2 };

struct nic_landing {
    uint32_t front; /* run, UINT32_MAX: none */
    uint32_t back;
    uint32_t front_room; /* bytes of a frame that land in the front run */
    uint32_t room;       /* of both; a read that fills it may have been cut short */
    struct virtio_net_hdr vnet;
    struct iovec iov[3]; /* virtio header, front, back */
    unsigned iovs;
};

static inline void nic_landing_init(struct nic_landing *l)
{
    l->front = UINT32_MAX;
    l->back = UINT32_MAX;
}

/*
 * Take the runs it lacks from the pool; false when the pool cannot: then leave the frames where they wait. Keeps
 * NIC_VLAN_TAG bytes of room free for a tag to be put back.
 */
bool nic_landing_prepare(struct nic_landing *l, struct nic_slots *slots, enum nic_back back);

/*
 * A read of `bytes`, virtio header included, has landed. True: it is a frame and `out` has it. False: it was longer
 * than the room, or shorter than the header, and the landing is as before the read.
 */
bool nic_landing_take(struct nic_landing *l, const struct nic_slots *slots, size_t bytes,
                      struct nic_rx *out);

void nic_landing_release(struct nic_landing *l, struct nic_slots *slots);

/* Scatter list of a frame to send; how many elements. */
#define NIC_VNET_IOV (3 + PO_MAX_SPANS)
unsigned nic_vnet_iov(const struct po_frame *frame, struct iovec iov[NIC_VNET_IOV]);

#endif

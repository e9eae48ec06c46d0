/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports of kind ring: frames of the same process, in memory. The user side of one is this interface; the NIC opens the
 * other side as a port with device "ring:NAME".
 *
 *     ring = nic_ring_new("a", 1 << 20);
 *     ... a port with device "ring:a" is opened and polled ...
 *     nic_ring_push(ring, frame, len, NULL);      frames into the NIC
 *     nic_ring_pop(ring, frame, sizeof frame, NULL);  frames that the NIC sent
 *     ... the port is closed ...
 *     nic_ring_free(ring);
 *
 * For benchmarks nic_ring_load() makes an endless source of a set of frames, which are copied to slots as DMA would,
 * and a ring of 0 bytes counts what the NIC sends and forgets it.
 *
 * Ownership: the ring owns copies of what is pushed and loaded. Threads: one user thread for each of push and pop, the
 * poll thread on the other side; new, load and free on the control thread, while the port is not polled.
 */
#ifndef NIC_PORTS_RING_H
#define NIC_PORTS_RING_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stdint.h>

#define NIC_RINGS 1024 /* at a time in a process */

struct nic_ring;

/* A frame of a set; the bytes stay the caller's. */
struct nic_ring_frame {
    const uint8_t *data;
    uint32_t len; /* at most HSR_MAX_FRAME */
    struct virtio_net_hdr vnet;
};

struct nic_ring_sent {
    uint64_t frames;
    uint64_t bytes;
};

/*
 * A ring under a name nobody else has. `bytes` of memory a direction, a power of two of at least 256 KiB, or 0 for none.
 * NULL with errno: EINVAL, EEXIST, ENOMEM, ENOSPC (NIC_RINGS).
 */
struct nic_ring *nic_ring_new(const char *name, uint32_t bytes);

/* 0, or -EBUSY while a port has it open. */
int nic_ring_free(struct nic_ring *ring);

/* A frame for the NIC to receive, `vnet` may be NULL; false when there is no room now, or never (ring of 0 bytes). */
bool nic_ring_push(struct nic_ring *ring, const uint8_t *frame, uint32_t len,
                   const struct virtio_net_hdr *vnet);

/* The oldest frame that the NIC sent: its length, of which at most `size` bytes were copied; -1 when none waits. */
int64_t nic_ring_pop(struct nic_ring *ring, uint8_t *frame, uint32_t size,
                     struct virtio_net_hdr *vnet);

/*
 * Have the NIC receive these frames, before those pushed: once, or for ever. Replaces an
 * earlier set. 0, -EINVAL (no frame, or one too long), -ENOMEM.
 */
int nic_ring_load(struct nic_ring *ring, const struct nic_ring_frame *frames, uint32_t n,
                  bool loop);

/*
 * A set at a pace: the NIC may have taken so many of its frames since it was loaded, no fewer than it has; UINT64_MAX, as at first,
 * is no limit. And how many it has taken. Both on the poll thread.
 */
void nic_ring_grant(struct nic_ring *ring, uint64_t frames);
uint64_t nic_ring_taken(const struct nic_ring *ring);

/* What the NIC has sent so far; any thread. */
struct nic_ring_sent nic_ring_sent(const struct nic_ring *ring);

#endif

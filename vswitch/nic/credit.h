/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of the NIC's memory one port may have in flight: of each class of slots, of the rx rings' entries, and of the cells
 * of payload memory.
 *
 * A port has a guaranteed minimum and a dynamic threshold on top (Choudhury and Hahne, "Dynamic Queue Length Thresholds for
 * Shared-Memory Packet Switches", 1998): share x what is free now, where free leaves out what is promised to all. So a port
 * alone may have share / (1 + share) of what is not promised, two like it get on with a third each, and something is always
 * left for one that wakes up. Nothing is reserved for a port that sends nothing but its minimum. A port whose credit is used
 * up is not fetched: its frames wait in the guest. With cells it is only that its packets are not sliced, and the guest is the
 * one a packet is from, or (it came by an uplink) for.
 *
 * What is promised is at most half of everything; when the ports' wishes are more, each gets its part of the half.
 */
#ifndef NIC_CREDIT_H
#define NIC_CREDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "hsring/abi.h"

struct nic;

/* What is divided: runs of each class of slots, entries of each rx ring, cells. */
enum nic_pool {
    NIC_POOL_SLOTS,
    NIC_POOL_RING = NIC_POOL_SLOTS + HSR_SLOT_CLASSES,
    NIC_POOL_CELLS,
    NIC_POOLS
};

/* A port's claims. */
struct nic_credit {
    uint32_t least[NIC_POOLS]; /* guaranteed */
    uint32_t share;            /* of what is free, from 1 */
};

/* How many more a port may take that has `used`, when `free` are free and `promised` are all ports' minima together. */
static inline uint32_t nic_credit_left(const struct nic_credit *c, enum nic_pool pool,
                                       uint32_t used, uint32_t free, uint32_t promised)
{
    uint32_t spare = free > promised ? free - promised : 0;
    uint32_t limit = c->least[pool] + c->share * spare;
    uint32_t least = c->least[pool] > used ? c->least[pool] - used : 0;
    uint32_t left = limit > used ? limit - used : 0;

    left /= 1 + c->share; /* what it takes lowers the limit */
    left = left > least ? left : least;
    return left < free ? left : free;
}

/* Packets the port may have with one worker now: the emptiest. */
uint32_t nic_credit_limit(struct nic *nic, uint16_t port);

/* May so many bytes more stay in payload memory at the expense of this port, or of PP_TARGET_NONE? */
bool nic_credit_cells(const struct nic *nic, uint16_t account, uint32_t len);

/* The promises anew: a port came, went, or wants something else (poll thread). */
void nic_credit_promise(struct nic *nic);

#endif

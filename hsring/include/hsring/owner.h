/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owner stamp: group (16) | epoch (8) | owner (8), from the most significant bit on. The NIC stamps every packet with its group's
 * current one, and sends nothing that comes back with another.
 */
#ifndef HSRING_OWNER_H
#define HSRING_OWNER_H

#include <stdint.h>

#define HSR_OWNER_EPOCH 0x0000FF00u
#define HSR_OWNER_OWNER 0x000000FFu

static inline uint16_t hsr_owner_group(uint32_t stamp)
{
    return (uint16_t)(stamp >> 16);
}

/* The same group and owner in the next epoch, of which there are 256. */
static inline uint32_t hsr_owner_next_epoch(uint32_t stamp)
{
    return (stamp & ~HSR_OWNER_EPOCH) | ((stamp + 0x100) & HSR_OWNER_EPOCH);
}

#endif

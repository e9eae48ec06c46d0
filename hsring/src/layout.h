/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes of the region's parts, for the side that lays a region out and the one that checks it. */
#ifndef HSRING_LAYOUT_H
#define HSRING_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "hsring/region.h"

#define HSR_STATS_SIZE       (sizeof(struct hsr_port_stats) * HSR_MAX_PORTS)
#define HSR_SLOTS_MAX        (1u << HSR_ENTRY_SLOT_BITS)
#define HSR_RING_ENTRIES_MIN 64u
#define HSR_RING_ENTRIES_MAX 65536u

/* Slots a run, by class. */
static const uint32_t hsr_class_run[HSR_SLOT_CLASSES] = {HSR_RUN_SINGLE, HSR_RUN_JUMBO,
                                                         HSR_RUN_GSO};

static inline bool hsr_ring_entries_ok(uint32_t entries)
{
    return entries >= HSR_RING_ENTRIES_MIN && entries <= HSR_RING_ENTRIES_MAX &&
           (entries & (entries - 1)) == 0;
}

/* Bytes of one ring with its head; a multiple of the cache line, since `entries` is one of 64. */
static inline uint64_t hsr_ring_size(uint32_t entries)
{
    return sizeof(struct hsr_ring_head) + (uint64_t)entries * sizeof(uint32_t);
}

/* Bytes of the rings of one worker. */
static inline uint64_t hsr_ring_set_size(uint32_t entries)
{
    return HSR_RING_KINDS * hsr_ring_size(entries);
}

#endif

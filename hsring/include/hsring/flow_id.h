/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flow id: instance | worker | generation | index | flags (HSR_FLOW_*). The NIC stores and returns it and reads
 * nothing in it but NO_SLICE; the other flags are the firmware's own, and it checks every part before it believes one. Id 0
 * is no flow.
 */
#ifndef HSRING_FLOW_ID_H
#define HSRING_FLOW_ID_H

#include <stdint.h>

#include "hsring/abi.h"

#define HSR_FLOW_INDEX_SHIFT    HSR_FLOW_FLAGS_BITS
#define HSR_FLOW_GEN_SHIFT      (HSR_FLOW_INDEX_SHIFT + HSR_FLOW_INDEX_BITS)
#define HSR_FLOW_WORKER_SHIFT   (HSR_FLOW_GEN_SHIFT + HSR_FLOW_GEN_BITS)
#define HSR_FLOW_INSTANCE_SHIFT (HSR_FLOW_WORKER_SHIFT + HSR_FLOW_WORKER_BITS)

#define HSR_FLOW_HOME_SHIFT 3
#define HSR_FLOW_HOMES      32

_Static_assert(HSR_FLOW_HOME >> HSR_FLOW_HOME_SHIFT == HSR_FLOW_HOMES - 1,
               "as many as the flag holds");
_Static_assert(HSR_FLOW_INSTANCE_SHIFT + HSR_FLOW_INSTANCE_BITS == 64, "flow id fills 64 bits");
_Static_assert(HSR_FLOW_GEN_BITS >= 12, "stale ids must stay rare");
_Static_assert(HSR_MAX_WORKERS <= 1u << (32 - HSR_FLOW_INDEX_BITS), "a mark has 32 bits");

static inline uint64_t hsr_flow_id(uint8_t instance, uint8_t worker, uint32_t gen, uint32_t index,
                                   uint8_t flags)
{
    return (uint64_t)instance << HSR_FLOW_INSTANCE_SHIFT |
           (uint64_t)worker << HSR_FLOW_WORKER_SHIFT |
           (uint64_t)(gen & ((1u << HSR_FLOW_GEN_BITS) - 1)) << HSR_FLOW_GEN_SHIFT |
           (uint64_t)(index & ((1u << HSR_FLOW_INDEX_BITS) - 1)) << HSR_FLOW_INDEX_SHIFT | flags;
}

static inline uint8_t hsr_flow_instance(uint64_t id)
{
    return (uint8_t)(id >> HSR_FLOW_INSTANCE_SHIFT);
}

static inline uint8_t hsr_flow_worker(uint64_t id)
{
    return (uint8_t)(id >> HSR_FLOW_WORKER_SHIFT);
}

static inline uint32_t hsr_flow_gen(uint64_t id)
{
    return (uint32_t)(id >> HSR_FLOW_GEN_SHIFT) & ((1u << HSR_FLOW_GEN_BITS) - 1);
}

static inline uint32_t hsr_flow_index(uint64_t id)
{
    return (uint32_t)(id >> HSR_FLOW_INDEX_SHIFT) & ((1u << HSR_FLOW_INDEX_BITS) - 1);
}

/* Of which part of the RETA the firmware says that it leads to the session: 0 .. HSR_FLOW_HOMES - 1. */
static inline uint32_t hsr_flow_home(uint64_t id)
{
    return (uint32_t)(id & HSR_FLOW_HOME) >> HSR_FLOW_HOME_SHIFT;
}

/* What a rule's MARK calls a session: all of its flow id that people have to tell apart, in the 32 bits of rte_flow. */
static inline uint32_t hsr_flow_mark(uint64_t id)
{
    return (uint32_t)hsr_flow_worker(id) << HSR_FLOW_INDEX_BITS | hsr_flow_index(id);
}

static inline uint32_t hsr_mark_worker(uint32_t mark)
{
    return mark >> HSR_FLOW_INDEX_BITS;
}

static inline uint32_t hsr_mark_index(uint32_t mark)
{
    return mark & ((1u << HSR_FLOW_INDEX_BITS) - 1);
}

#endif

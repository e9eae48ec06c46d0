/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the head that change while a firmware is attached. */
#include <stdatomic.h>

#include "hsring/owner.h"
#include "hsring/region.h"

enum {
    NOW = offsetof(struct hsr_region_head, now),
    LINK_EPOCH = offsetof(struct hsr_region_head, link_epoch),
    PORTS_UP = offsetof(struct hsr_region_head, ports_up),
    OWNERS = offsetof(struct hsr_region_head, owners),
    GAUGES = offsetof(struct hsr_region_head, gauges),
};

/* A field of the shared head as the atomic word it is; of an array the first. */
static _Atomic uint32_t *word32(const struct hsr_view *view, size_t field)
{
    return (_Atomic uint32_t *)(void *)(view->base + field);
}

static _Atomic uint64_t *word64(const struct hsr_view *view, size_t field)
{
    return (_Atomic uint64_t *)(void *)(view->base + field);
}

uint64_t hsr_view_now(const struct hsr_view *view)
{
    return atomic_load_explicit(word64(view, NOW), memory_order_relaxed);
}

void hsr_view_set_now(const struct hsr_view *view, uint64_t now)
{
    atomic_store_explicit(word64(view, NOW), now, memory_order_relaxed);
}

uint32_t hsr_view_link_epoch(const struct hsr_view *view)
{
    return atomic_load_explicit(word32(view, LINK_EPOCH), memory_order_acquire);
}

bool hsr_view_port_up(const struct hsr_view *view, uint16_t port)
{
    if (port >= HSR_MAX_PORTS)
        return false;
    return atomic_load_explicit(&word64(view, PORTS_UP)[port / 64], memory_order_relaxed) >>
               port % 64 &
           1;
}

void hsr_view_set_port_up(const struct hsr_view *view, uint16_t port, bool up)
{
    _Atomic uint64_t *word = &word64(view, PORTS_UP)[port / 64];
    uint64_t bit = UINT64_C(1) << port % 64;
    uint64_t before = up ? atomic_fetch_or_explicit(word, bit, memory_order_relaxed)
                         : atomic_fetch_and_explicit(word, ~bit, memory_order_relaxed);

    if (((before & bit) != 0) != up)
        atomic_fetch_add_explicit(word32(view, LINK_EPOCH), 1, memory_order_release);
}

uint32_t hsr_view_owner(const struct hsr_view *view, uint16_t group)
{
    if (group >= HSR_MAX_GROUPS)
        return 0;
    return atomic_load_explicit(&word32(view, OWNERS)[group], memory_order_relaxed);
}

void hsr_view_set_owner(const struct hsr_view *view, uint32_t stamp)
{
    uint16_t group = hsr_owner_group(stamp);

    if (group < HSR_MAX_GROUPS)
        atomic_store_explicit(&word32(view, OWNERS)[group], stamp, memory_order_relaxed);
}

uint64_t hsr_view_gauge(const struct hsr_view *view, enum hsr_gauge gauge)
{
    return atomic_load_explicit(&word64(view, GAUGES)[gauge], memory_order_relaxed);
}

void hsr_view_set_gauge(const struct hsr_view *view, enum hsr_gauge gauge, uint64_t value)
{
    atomic_store_explicit(&word64(view, GAUGES)[gauge], value, memory_order_relaxed);
}

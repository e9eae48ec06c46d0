/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "hsring/region.h"
#include "layout.h"

#define FEATURES_KNOWN ((uint64_t)HSR_FEATURE_BASE)
/* An unknown feature in this half changes what we know; one in the other half only adds to it. */
#define FEATURES_BINDING UINT64_C(0xFFFFFFFF)

/* A half-open range, of bytes or of slots. */
struct extent {
    uint64_t from;
    uint64_t count;
};

/* Inside [0, limit), in a way that cannot overflow. */
static bool inside(struct extent e, uint64_t limit)
{
    return e.from <= limit && e.count <= limit - e.from;
}

/* All inside [0, limit) and no two of them overlapping. */
static bool disjoint(const struct extent *e, unsigned n, uint64_t limit)
{
    for (unsigned i = 0; i < n; i++) {
        if (!inside(e[i], limit))
            return false;
        for (unsigned j = 0; j < i; j++)
            if (e[i].from < e[j].from + e[j].count && e[j].from < e[i].from + e[i].count)
                return false;
    }
    return true;
}

static bool aligned(uint64_t offset)
{
    return offset % HSR_CACHE_LINE == 0;
}

static int check_identity(const struct hsr_region_head *h)
{
    if (h->magic != HSR_MAGIC || !hsr_abi_matches(h->abi_major, h->abi_minor))
        return -EPROTO;
    if (!(h->features & HSR_FEATURE_BASE) || h->features & FEATURES_BINDING & ~FEATURES_KNOWN)
        return -EPROTO;
    return 0;
}

static bool counts_ok(const struct hsr_region_head *h)
{
    return h->workers >= 1 && h->workers <= HSR_MAX_WORKERS && h->instance >= 1 &&
           h->instance <= 255 && hsr_ring_entries_ok(h->ring_entries) && h->slots >= 1 &&
           h->slots <= HSR_SLOTS_MAX;
}

static bool bytes_ok(const struct hsr_region_head *h)
{
    struct extent parts[] = {
        {0, h->header_size},
        {h->stats_off, HSR_STATS_SIZE},
        {h->rings_off, 0},
        {h->slots_off, (uint64_t)h->slots * HSR_SLOT_SIZE},
    };

    if (h->header_size < sizeof(struct hsr_region_head) || !aligned(h->header_size) ||
        !aligned(h->stats_off) || !aligned(h->rings_off) || !aligned(h->slots_off) ||
        !aligned(h->ring_set_size))
        return false;
    if (h->ring_set_size < hsr_ring_set_size(h->ring_entries) || h->ring_set_size > h->size)
        return false;
    /* At most 16 times the size of the region: no overflow. */
    parts[2].count = h->ring_set_size * h->workers;
    return h->size <= SIZE_MAX / 32 && disjoint(parts, 4, h->size);
}

static bool slots_ok(const struct hsr_region_head *h)
{
    struct extent parts[HSR_SLOT_CLASSES + 1];

    for (unsigned i = 0; i < HSR_SLOT_CLASSES; i++) {
        if (h->classes[i].run != hsr_class_run[i])
            return false;
        parts[i].from = h->classes[i].first;
        parts[i].count = (uint64_t)h->classes[i].run * h->classes[i].count;
    }
    parts[HSR_SLOT_CLASSES].from = h->fw_first;
    parts[HSR_SLOT_CLASSES].count = (uint64_t)h->fw_slots * h->workers;
    return disjoint(parts, HSR_SLOT_CLASSES + 1, h->slots);
}

static void fill(struct hsr_view *view, uint8_t *base, const struct hsr_region_head *h)
{
    view->base = base;
    view->size = (size_t)h->size;
    view->workers = h->workers;
    view->ring_entries = h->ring_entries;
    view->slots = h->slots;
    view->fw_slots = h->fw_slots;
    view->fw_first = h->fw_first;
    memcpy(view->classes, h->classes, sizeof view->classes);
    view->instance = h->instance;
    view->rings = base + h->rings_off;
    view->ring_set_size = (size_t)h->ring_set_size;
    view->slot0 = base + h->slots_off;
    view->stats = (struct hsr_port_stats *)(void *)(base + h->stats_off);
    memcpy(view->hash_secret, h->hash_key, sizeof view->hash_secret);
}

int hsr_view_open(struct hsr_view *view, void *base, size_t size)
{
    struct hsr_region_head head;
    int error;

    if (size < sizeof head)
        return -EPROTO;
    if ((uintptr_t)base % HSR_CACHE_LINE != 0)
        return -EINVAL;
    memcpy(&head, base, sizeof head);
    /* From here on the compiler may not look at the shared head again instead of the copy. */
    atomic_signal_fence(memory_order_seq_cst);
    error = check_identity(&head);
    if (error == 0 &&
        (head.size != size || !counts_ok(&head) || !bytes_ok(&head) || !slots_ok(&head)))
        error = -EINVAL;
    if (error == 0)
        fill(view, base, &head);
    explicit_bzero(head.hash_key, sizeof head.hash_key);
    return error;
}

void hsr_view_ring(const struct hsr_view *view, uint32_t worker, enum hsr_ring_kind kind,
                   struct hsr_ring *ring, int doorbell)
{
    uint8_t *set = view->rings + worker * view->ring_set_size;

    hsr_ring_attach(ring, set + (size_t)kind * hsr_ring_size(view->ring_entries),
                    view->ring_entries, doorbell);
}

uint32_t hsr_slot_space_any(const struct hsr_view *view, uint32_t slot)
{
    if (slot - view->fw_first < view->fw_slots * view->workers)
        return HSR_SLOT_SIZE - HSR_SLOT_META;
    for (unsigned i = 0; i < HSR_SLOT_CLASSES; i++) {
        const struct hsr_slot_class *class = &view->classes[i];
        uint32_t from_first = slot - class->first;

        if (from_first < class->run * class->count)
            return from_first % class->run == 0 ? class->run * HSR_SLOT_SIZE - HSR_SLOT_META : 0;
    }
    return 0;
}

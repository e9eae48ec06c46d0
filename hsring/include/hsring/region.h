/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shared region: geometry, creation (NIC side) and validated view (either side).
 *
 * The NIC creates a region in a sealed memfd (it can neither shrink nor grow, so that no access faults), or in
 * private memory when NIC and firmware share a process. Either side then opens a view: every offset and count of the
 * head is copied once, checked, and used from the copy alone ever after.
 *
 * Ownership: hsr_region_create()/hsr_region_map() own their mapping until hsr_region_close(). Built with
 * AVS_LIBC_POOLS the private region comes from libc, so that sanitizers see its ends, and free slots are poisoned by
 * hsr_slot_poison(). Threads: open and close from one; a view is read-only afterwards and may be shared.
 */
#ifndef HSRING_REGION_H
#define HSRING_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hsring/abi.h"
#include "hsring/ring.h"

/*
 * May a peer of this ABI be talked to? While the major is 0 a minor may change anything, so both must be equal; from 1 on
 * the major alone decides.
 */
static inline bool hsr_abi_matches(uint16_t major, uint16_t minor)
{
    return major == HSR_ABI_MAJOR && (major > 0 || minor == HSR_ABI_MINOR);
}

/* What a region is made for. */
struct hsr_geometry {
    uint32_t workers;                /* 1..HSR_MAX_WORKERS */
    uint32_t ring_entries;           /* a power of two, 64..65,536 */
    uint32_t runs[HSR_SLOT_CLASSES]; /* runs of each slot class for received packets */
    uint32_t fw_slots;               /* slots of the firmware's quota, per worker */
    uint8_t hash_secret[48];         /* random */
};

/* Defaults: 4,096 entries; 8,192 single, 512 jumbo, 128 GSO runs; 512 firmware slots. The secret is left zero. */
void hsr_geometry_default(struct hsr_geometry *g, uint32_t workers);

enum hsr_ring_kind { HSR_RING_RX, HSR_RING_TX, HSR_RING_COMPLETION, HSR_RING_FREE, HSR_RING_KINDS };

/* A checked copy of the region's head. */
struct hsr_view {
    uint8_t *base;
    size_t size;
    uint32_t workers;
    uint32_t ring_entries;
    uint32_t slots;
    uint32_t fw_slots;
    uint32_t fw_first;
    struct hsr_slot_class classes[HSR_SLOT_CLASSES];
    uint32_t instance;
    uint8_t *rings;
    size_t ring_set_size;
    uint8_t *slot0;
    struct hsr_port_stats *stats;
    uint8_t hash_secret[48];
};

struct hsr_region {
    struct hsr_view view;
    int memfd; /* -1 for private memory */
    void *map; /* what hsr_region_close() gives back */
    size_t map_size;
};

/*
 * Leaves memory out of core dumps, as the region is: what holds the hash secret, or packets. In whole pages, so that what stands beside it is
 * left out as well; a hint, of which a failure is no error.
 */
void hsr_no_dump(const void *memory, size_t size);

/*
 * Create a region of this geometry and open it. `shared`: in a sealed memfd (region->memfd), else private.
 * 0, or a negative errno: -EINVAL (geometry), -ENOMEM, or what the system said.
 */
int hsr_region_create(struct hsr_region *region, const struct hsr_geometry *g, bool shared);

/*
 * Map a memfd of `size` bytes got from the other side and open it. 0, or -EPROTO (not a region, wrong ABI, features
 * we lack), -EINVAL (head inconsistent with its size, or not sealed), or what the system said. The region does not
 * take over the descriptor.
 */
int hsr_region_map(struct hsr_region *region, int memfd, size_t size);

/* Check a head against `size` bytes and fill the view; the errors of hsr_region_map(). `base` is not kept on error. */
int hsr_view_open(struct hsr_view *view, void *base, size_t size);

/*
 * Put rings and `now` back to their first state for a new firmware with this instance number (NIC side), and make
 * `owner` the current stamp of its group. Links and gauges are the NIC's own and stay.
 */
void hsr_region_reset(struct hsr_region *region, uint32_t instance, uint32_t owner);

/* Another secret of the hash (NIC side), while nobody hashes. */
void hsr_region_rehash(struct hsr_region *region, const uint8_t secret[48]);

void hsr_region_close(struct hsr_region *region);

/* Bind the handle of one ring of one worker. */
void hsr_view_ring(const struct hsr_view *view, uint32_t worker, enum hsr_ring_kind kind,
                   struct hsr_ring *ring, int doorbell);

/*
 * Words that change under an attached firmware: the NIC's poll thread sets them, any thread may read them, and sees each of
 * them whole. NIC time, ns:
 */
uint64_t hsr_view_now(const struct hsr_view *view);
void hsr_view_set_now(const struct hsr_view *view, uint64_t now);

/* Which ports are there and have a link. Read the epoch, which counts the changes, first: the bits are at least as new. `port` below HSR_MAX_PORTS
 * where it is set; no other is ever up. */
uint32_t hsr_view_link_epoch(const struct hsr_view *view);
bool hsr_view_port_up(const struct hsr_view *view, uint16_t port);
void hsr_view_set_port_up(const struct hsr_view *view, uint16_t port, bool up);

/* Current owner stamp (owner.h) of a group, 0 for a group there is not; set under the group that it names. */
uint32_t hsr_view_owner(const struct hsr_view *view, uint16_t group);
void hsr_view_set_owner(const struct hsr_view *view, uint32_t stamp);

/* A gauge, as of its last publication. */
uint64_t hsr_view_gauge(const struct hsr_view *view, enum hsr_gauge gauge);
void hsr_view_set_gauge(const struct hsr_view *view, enum hsr_gauge gauge, uint64_t value);

static inline uint8_t *hsr_slot(const struct hsr_view *view, uint32_t slot)
{
    return view->slot0 + (size_t)slot * HSR_SLOT_SIZE;
}

/* hsr_slot_space() for runs of every class. */
uint32_t hsr_slot_space_any(const struct hsr_view *view, uint32_t slot);

/* Bytes that may follow HSR_SLOT_META in the run that starts at `slot`; 0 when no run starts there. */
static inline uint32_t hsr_slot_space(const struct hsr_view *view, uint32_t slot)
{
    /* Most runs are single slots, and those leave no remainder to check. */
    if (HSR_RUN_SINGLE == 1 && slot - view->classes[0].first < view->classes[0].count)
        return HSR_SLOT_SIZE - HSR_SLOT_META;
    return hsr_slot_space_any(view, slot);
}

/* With AVS_LIBC_POOLS under ASan: mark the frame space of a free run; else nothing. */
#ifdef AVS_LIBC_POOLS
void hsr_slot_poison(const struct hsr_view *view, uint32_t slot, bool poison);
#else
static inline void hsr_slot_poison(const struct hsr_view *view, uint32_t slot, bool poison)
{
    (void)view;
    (void)slot;
    (void)poison;
}
#endif

#endif

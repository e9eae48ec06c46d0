/* SPDX-License-Identifier: Apache-2.0 */
#include "hsring/region.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layout.h"

#if defined(__SANITIZE_ADDRESS__)
#define HSR_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HSR_ASAN 1
#endif
#endif
#if defined(AVS_LIBC_POOLS) && defined(HSR_ASAN)
#include <sanitizer/asan_interface.h>
#endif

#define PAGE UINT64_C(4096)
/* Shrinking would turn an access into SIGBUS; SEAL_SEAL is for the peer's peace of mind. */
#define SEALS_NEEDED (F_SEAL_SHRINK | F_SEAL_GROW)

void hsr_geometry_default(struct hsr_geometry *g, uint32_t workers)
{
    *g = (struct hsr_geometry){
        .workers = workers,
        .ring_entries = 4096,
        .runs = {8192, 512, 128},
        .fw_slots = 512,
    };
}

static uint64_t page_up(uint64_t v)
{
    return (v + PAGE - 1) / PAGE * PAGE;
}

/* Lay the region out: head, statistics, rings, slots. False when the geometry is out of its limits. */
static bool lay_out(struct hsr_region_head *h, const struct hsr_geometry *g)
{
    uint64_t slots = 0;

    if (g->workers < 1 || g->workers > HSR_MAX_WORKERS || !hsr_ring_entries_ok(g->ring_entries))
        return false;
    for (unsigned i = 0; i < HSR_SLOT_CLASSES; i++) {
        h->classes[i] = (struct hsr_slot_class){
            .first = (uint32_t)slots, .run = hsr_class_run[i], .count = g->runs[i]};
        slots += (uint64_t)hsr_class_run[i] * g->runs[i];
        if (slots > HSR_SLOTS_MAX)
            return false;
    }
    h->fw_first = (uint32_t)slots;
    h->fw_slots = g->fw_slots;
    slots += (uint64_t)g->fw_slots * g->workers;
    if (slots < 1 || slots > HSR_SLOTS_MAX)
        return false;
    h->slots = (uint32_t)slots;
    h->workers = g->workers;
    h->ring_entries = g->ring_entries;
    h->stats_off = page_up(sizeof *h);
    h->rings_off = page_up(h->stats_off + HSR_STATS_SIZE);
    h->ring_set_size = page_up(hsr_ring_set_size(g->ring_entries));
    h->slots_off = h->rings_off + g->workers * h->ring_set_size;
    h->size = page_up(h->slots_off + slots * HSR_SLOT_SIZE);
    return true;
}

static int allocate_shared(struct hsr_region *region)
{
    region->memfd = memfd_create("hsring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (region->memfd < 0)
        return -errno;
    if (ftruncate(region->memfd, (off_t)region->map_size) < 0 ||
        fcntl(region->memfd, F_ADD_SEALS, SEALS_NEEDED | F_SEAL_SEAL) < 0)
        return -errno;
    region->map =
        mmap(NULL, region->map_size, PROT_READ | PROT_WRITE, MAP_SHARED, region->memfd, 0);
    if (region->map == MAP_FAILED) {
        region->map = NULL;
        return -errno;
    }
    return 0;
}

static int allocate_private(struct hsr_region *region)
{
#ifdef AVS_LIBC_POOLS
    region->map = aligned_alloc(PAGE, region->map_size);
    if (region->map == NULL)
        return -ENOMEM;
    memset(region->map, 0, region->map_size);
#else
    region->map =
        mmap(NULL, region->map_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (region->map == MAP_FAILED) {
        region->map = NULL;
        return -errno;
    }
    /* A hint: without huge pages the region works all the same. */
    (void)madvise(region->map, region->map_size, MADV_HUGEPAGE);
#endif
    return 0;
}

void hsr_no_dump(const void *memory, size_t size)
{
    uintptr_t first = (uintptr_t)memory & ~(uintptr_t)(PAGE - 1);
    uintptr_t end = (uintptr_t)page_up((uint64_t)((uintptr_t)memory + size));

    (void)madvise((void *)first, end - first, MADV_DONTDUMP); // NOLINT(performance-no-int-to-ptr)
}

int hsr_region_create(struct hsr_region *region, const struct hsr_geometry *g, bool shared)
{
    struct hsr_region_head head = {
        .magic = HSR_MAGIC,
        .abi_major = HSR_ABI_MAJOR,
        .abi_minor = HSR_ABI_MINOR,
        .header_size = sizeof head,
        .features = HSR_FEATURE_BASE,
        .instance = 1,
    };
    int error;

    *region = (struct hsr_region){.memfd = -1};
    if (!lay_out(&head, g))
        return -EINVAL;
    memcpy(head.hash_key, g->hash_secret, sizeof head.hash_key);
    region->map_size = (size_t)head.size;
    error = shared ? allocate_shared(region) : allocate_private(region);
    if (error == 0) {
        assert(region->map != NULL);
        hsr_no_dump(region->map, region->map_size);
        memcpy(region->map, &head, sizeof head);
        error = hsr_view_open(&region->view, region->map, region->map_size);
    }
    explicit_bzero(head.hash_key, sizeof head.hash_key);
    if (error != 0)
        hsr_region_close(region);
    return error;
}

int hsr_region_map(struct hsr_region *region, int memfd, size_t size)
{
    struct stat st;
    int seals = fcntl(memfd, F_GET_SEALS);
    int error;

    *region = (struct hsr_region){.memfd = -1};
    if (seals < 0 || (seals & SEALS_NEEDED) != SEALS_NEEDED)
        return -EINVAL;
    if (fstat(memfd, &st) < 0)
        return -errno;
    if (st.st_size < 0 || (uint64_t)st.st_size != size)
        return -EINVAL;
    if (size < sizeof(struct hsr_region_head))
        return -EPROTO;
    region->map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
    if (region->map == MAP_FAILED) {
        region->map = NULL;
        return -errno;
    }
    hsr_no_dump(region->map, size);
    region->map_size = size;
    region->memfd = fcntl(memfd, F_DUPFD_CLOEXEC, 0);
    error = region->memfd < 0 ? -errno : hsr_view_open(&region->view, region->map, size);
    if (error != 0)
        hsr_region_close(region);
    return error;
}

void hsr_region_reset(struct hsr_region *region, uint32_t instance, uint32_t owner)
{
    struct hsr_region_head *head = region->map;
    struct hsr_view *view = &region->view;

    assert(instance >= 1 && instance <= 255);
    for (uint32_t w = 0; w < view->workers; w++)
        memset(view->rings + w * view->ring_set_size, 0, view->ring_set_size);
    head->instance = instance;
    view->instance = instance;
    hsr_view_set_owner(view, owner);
    hsr_view_set_now(view, 0);
}

void hsr_region_rehash(struct hsr_region *region, const uint8_t secret[48])
{
    struct hsr_region_head *head = region->map;

    memcpy(head->hash_key, secret, sizeof head->hash_key);
    memcpy(region->view.hash_secret, secret, sizeof region->view.hash_secret);
}

void hsr_region_close(struct hsr_region *region)
{
    if (region->map != NULL) {
#ifdef AVS_LIBC_POOLS
        bool from_libc = region->memfd < 0;
#else
        bool from_libc = false;
#endif
        if (from_libc) {
#if defined(AVS_LIBC_POOLS) && defined(HSR_ASAN)
            ASAN_UNPOISON_MEMORY_REGION(region->map, region->map_size);
#endif
            free(region->map);
        } else {
            munmap(region->map, region->map_size);
        }
    }
    if (region->memfd >= 0)
        close(region->memfd);
    *region = (struct hsr_region){.memfd = -1};
}

#ifdef AVS_LIBC_POOLS
void hsr_slot_poison(const struct hsr_view *view, uint32_t slot, bool poison)
{
#ifdef HSR_ASAN
    uint8_t *frame = hsr_slot(view, slot) + HSR_SLOT_META;

    if (poison)
        ASAN_POISON_MEMORY_REGION(frame, hsr_slot_space(view, slot));
    else
        ASAN_UNPOISON_MEMORY_REGION(frame, hsr_slot_space(view, slot));
#else
    (void)view;
    (void)slot;
    (void)poison;
#endif
}
#endif

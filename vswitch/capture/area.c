/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/area.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD      8192u /* of the area; then the rings' heads, a page each, then their bytes */
#define RING_HEAD 4096u
#define RING_MIN  65536u
#define RING_MAX  (1u << 30)
#define SEALS     (F_SEAL_SHRINK | F_SEAL_GROW)

const char *const cap_point_name[CAP_POINTS] = {
    [CAP_NIC_RX] = "nic.rx",   [CAP_PRE_OUT] = "pre.out", [CAP_RING_RX] = "ring.rx",
    [CAP_FAST] = "fast",       [CAP_SLOW] = "slow",       [CAP_RING_TX] = "ring.tx",
    [CAP_POST_IN] = "post.in", [CAP_NIC_TX] = "nic.tx",   [CAP_DROP] = "drop",
};

struct head {
    uint64_t magic;
    uint32_t record_size;
    uint32_t rings;
    uint64_t ring_bytes;
    _Atomic uint32_t ended;
    uint8_t spec[CAP_SPEC_ROOM];
};
_Static_assert(sizeof(struct head) <= HEAD, "room");

static size_t area_size(uint32_t rings, uint64_t ring_bytes)
{
    return HEAD + rings * (RING_HEAD + (size_t)ring_bytes);
}

static int map(struct cap_area *area)
{
    area->map = mmap(NULL, area->size, PROT_READ | PROT_WRITE, MAP_SHARED, area->memfd, 0);
    if (area->map == MAP_FAILED) {
        area->map = NULL;
        return -errno;
    }
    return 0;
}

int cap_area_create(struct cap_area *area, uint32_t rings, uint64_t bytes)
{
    uint64_t ring_bytes = RING_MIN;
    int rc;

    *area = (struct cap_area){.memfd = -1};
    if (rings == 0 || rings > CAP_RINGS)
        return -EINVAL;
    while (ring_bytes < RING_MAX && 2 * ring_bytes * rings <= bytes)
        ring_bytes *= 2;
    area->rings = rings;
    area->ring_bytes = ring_bytes;
    area->size = area_size(rings, ring_bytes);
    area->memfd = memfd_create("avs-capture", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (area->memfd < 0 || ftruncate(area->memfd, (off_t)area->size) < 0 ||
        fcntl(area->memfd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) < 0)
        rc = -errno;
    else
        rc = map(area);
    struct head *head = area->map;

    if (head == NULL) {
        cap_area_close(area);
        return rc;
    }
    head->magic = CAP_MAGIC;
    head->record_size = sizeof(struct cap_record);
    head->rings = rings;
    head->ring_bytes = ring_bytes;
    return 0;
}

int cap_area_map(struct cap_area *area, int memfd)
{
    int seals = fcntl(memfd, F_GET_SEALS);
    struct {
        uint64_t magic;
        uint32_t record_size, rings;
        uint64_t ring_bytes;
    } head; /* the constant part */
    struct stat st;
    int rc;

    *area = (struct cap_area){.memfd = -1};
    if (seals < 0 || (seals & SEALS) != SEALS || fstat(memfd, &st) < 0)
        return -EINVAL;
    if (pread(memfd, &head, sizeof head, 0) != sizeof head || head.magic != CAP_MAGIC ||
        head.record_size != sizeof(struct cap_record) || head.rings == 0 ||
        head.rings > CAP_RINGS || head.ring_bytes < RING_MIN || head.ring_bytes > RING_MAX ||
        (head.ring_bytes & (head.ring_bytes - 1)) != 0 ||
        (uint64_t)st.st_size != area_size(head.rings, head.ring_bytes))
        return -EINVAL;
    area->memfd = fcntl(memfd, F_DUPFD_CLOEXEC, 0);
    if (area->memfd < 0)
        return -errno;
    area->rings = head.rings;
    area->ring_bytes = head.ring_bytes;
    area->size = (size_t)st.st_size;
    rc = map(area);
    if (rc < 0)
        cap_area_close(area);
    return rc;
}

void cap_area_close(struct cap_area *area)
{
    if (area->map != NULL)
        munmap(area->map, area->size);
    if (area->memfd >= 0)
        close(area->memfd);
    *area = (struct cap_area){.memfd = -1};
}

void cap_area_end(const struct cap_area *area)
{
    atomic_store_explicit(&((struct head *)area->map)->ended, 1, memory_order_release);
}

bool cap_area_ended(const struct cap_area *area)
{
    return atomic_load_explicit(&((struct head *)area->map)->ended, memory_order_acquire) != 0;
}

void cap_area_put_spec(const struct cap_area *area, const void *spec, size_t size)
{
    memcpy(((struct head *)area->map)->spec, spec, size);
}

void cap_area_get_spec(const struct cap_area *area, void *spec, size_t size)
{
    memcpy(spec, ((struct head *)area->map)->spec, size);
}

struct cap_ring *cap_area_ring(const struct cap_area *area, uint32_t ring)
{
    return (void *)((uint8_t *)area->map + HEAD + ring * (size_t)RING_HEAD);
}

uint8_t *cap_area_data(const struct cap_area *area, uint32_t ring)
{
    return (uint8_t *)area->map + HEAD + area->rings * (size_t)RING_HEAD +
           ring * (size_t)area->ring_bytes;
}

static bool is_record(const struct cap_record *r, uint64_t left)
{
    uint64_t need = (sizeof *r + (uint64_t)r->captured + 7) & ~UINT64_C(7);

    return r->size >= need && r->size <= left && r->point < CAP_POINTS &&
           r->captured <= CAP_SNAP_MAX && r->captured <= r->frame_len;
}

int cap_area_read(struct cap_area *area, uint32_t ring, struct cap_record *record, uint8_t *frame)
{
    struct cap_ring *r = cap_area_ring(area, ring);
    const uint8_t *data = cap_area_data(area, ring);
    uint64_t cons = atomic_load_explicit(&r->cons, memory_order_relaxed);
    uint64_t prod = atomic_load_explicit(&r->prod, memory_order_acquire);

    while (cons != prod) {
        uint64_t at = cons & (area->ring_bytes - 1), left = area->ring_bytes - at;

        if (prod - cons > area->ring_bytes || cons % 8 != 0)
            break;
        if (left > prod - cons)
            left = prod - cons;
        memset(record, 0, sizeof *record);
        memcpy(record, data + at, left < sizeof *record ? left : sizeof *record);
        if (record->point == CAP_POINTS && record->size <= left && record->size >= 8) {
            cons += record->size;
            continue;
        }
        if (left < sizeof *record || !is_record(record, left))
            break;
        memcpy(frame, data + at + sizeof *record, record->captured);
        atomic_store_explicit(&r->cons, cons + record->size, memory_order_release);
        return 1;
    }
    atomic_store_explicit(&r->cons, prod, memory_order_release);
    return cons == prod ? 0 : -EPROTO;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "nic/ports/ring.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/drivers.h"
#include "ports/ring_queue.h"

enum { RING_MIN_BYTES = 256 << 10, RING_MAX_BYTES = 1 << 30 };

/* A set of frames: the bytes of all in one block. */
struct frame_set {
    struct nic_ring_frame *frame;
    uint8_t *data;
    uint32_t count;
    uint32_t next;
    uint64_t taken;           /* by the NIC so far */
    _Atomic uint64_t granted; /* it may have taken so many */
    bool loop;
};

struct nic_ring {
    struct ring_queue to_nic;
    struct ring_queue from_nic;
    struct frame_set set;
    _Atomic uint64_t sent_frames;
    _Atomic uint64_t sent_bytes;
    struct nic_ring *next; /* in the registry, as the three below under its lock */
    uint32_t number;       /* its bit in `busy` */
    bool attached;
    char name[32];
};

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct nic_ring *registry;
static uint64_t numbers[NIC_RINGS / 64]; /* taken */

/*
 * A bit for each ring that frames have been put into since it was taken out: a NIC with hundreds of rings looks into those of which
 * it is set. Of the process, not of a ring or a NIC, so that either may go.
 */
static _Atomic uint64_t busy[NIC_RINGS / 64];

static struct nic_ring **find(const char *name)
{
    struct nic_ring **link = &registry;

    while (*link && strcmp((*link)->name, name) != 0)
        link = &(*link)->next;
    return link;
}

static void ring_destroy(struct nic_ring *ring)
{
    free(ring->to_nic.data);
    free(ring->from_nic.data);
    free(ring->set.frame);
    free(ring->set.data);
    free(ring);
}

/* The first number that is free, or NIC_RINGS. */
static uint32_t free_number(void)
{
    uint32_t n = 0;

    while (n < NIC_RINGS && numbers[n / 64] >> n % 64 & 1)
        n++;
    return n;
}

static int ring_register(struct nic_ring *ring)
{
    struct nic_ring **link;
    int rc = 0;

    pthread_mutex_lock(&registry_lock);
    link = find(ring->name);
    ring->number = free_number();
    if (*link) {
        rc = EEXIST;
    } else if (ring->number == NIC_RINGS) {
        rc = ENOSPC;
    } else {
        numbers[ring->number / 64] |= UINT64_C(1) << ring->number % 64;
        *link = ring;
    }
    pthread_mutex_unlock(&registry_lock);
    return rc;
}

static void mark_busy(const struct nic_ring *ring)
{
    atomic_fetch_or(&busy[ring->number / 64], UINT64_C(1) << ring->number % 64);
}

struct nic_ring *nic_ring_new(const char *name, uint32_t bytes)
{
    struct nic_ring *ring;
    int rc;

    if (!*name || strlen(name) >= sizeof ring->name || (bytes & (bytes - 1)) ||
        (bytes && bytes < RING_MIN_BYTES) || bytes > RING_MAX_BYTES) {
        errno = EINVAL;
        return NULL;
    }
    ring = aligned_alloc(64, sizeof *ring);
    if (!ring)
        return NULL;
    memset(ring, 0, sizeof *ring);
    memcpy(ring->name, name, strlen(name) + 1);
    ring->to_nic.size = ring->from_nic.size = bytes;
    if (bytes) {
        ring->to_nic.data = malloc(bytes);
        ring->from_nic.data = malloc(bytes);
    }
    rc = bytes && (!ring->to_nic.data || !ring->from_nic.data) ? ENOMEM : ring_register(ring);
    if (rc) {
        ring_destroy(ring);
        errno = rc;
        return NULL;
    }
    return ring;
}

int nic_ring_free(struct nic_ring *ring)
{
    bool attached;

    pthread_mutex_lock(&registry_lock);
    attached = ring->attached;
    if (!attached) {
        *find(ring->name) = ring->next;
        numbers[ring->number / 64] &= ~(UINT64_C(1) << ring->number % 64);
    }
    pthread_mutex_unlock(&registry_lock);
    if (attached)
        return -EBUSY;
    ring_destroy(ring);
    return 0;
}

bool nic_ring_push(struct nic_ring *ring, const uint8_t *frame, uint32_t len,
                   const struct virtio_net_hdr *vnet)
{
    struct ring_record *record = len > HSR_MAX_FRAME ? NULL : ring_reserve(&ring->to_nic, len);

    if (!record)
        return false;
    record->len = len;
    record->vnet = vnet ? *vnet : (struct virtio_net_hdr){0};
    memcpy(record + 1, frame, len);
    ring_commit(&ring->to_nic, len);
    mark_busy(ring);
    return true;
}

int64_t nic_ring_pop(struct nic_ring *ring, uint8_t *frame, uint32_t size,
                     struct virtio_net_hdr *vnet)
{
    const struct ring_record *record = ring_peek(&ring->from_nic);
    int64_t len;

    if (!record)
        return -1;
    len = record->len;
    memcpy(frame, record + 1, record->len < size ? record->len : size);
    if (vnet)
        *vnet = record->vnet;
    ring_release(&ring->from_nic, record);
    return len;
}

static int copy_set(struct frame_set *set, const struct nic_ring_frame *frames, uint32_t n)
{
    size_t bytes = 0;
    size_t at = 0;

    for (uint32_t i = 0; i < n; i++) {
        if (frames[i].len > HSR_MAX_FRAME)
            return -EINVAL;
        bytes += frames[i].len;
    }
    set->frame = calloc(n, sizeof *set->frame);
    set->data = malloc(bytes ? bytes : 1);
    if (!set->frame || !set->data) {
        free(set->frame);
        free(set->data);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < n; i++) {
        set->frame[i] = frames[i];
        set->frame[i].data = set->data + at;
        if (frames[i].len)
            memcpy(set->data + at, frames[i].data, frames[i].len);
        at += frames[i].len;
    }
    set->count = n;
    return 0;
}

int nic_ring_load(struct nic_ring *ring, const struct nic_ring_frame *frames, uint32_t n, bool loop)
{
    struct frame_set set = {.loop = loop, .granted = UINT64_MAX};
    int rc = n ? copy_set(&set, frames, n) : -EINVAL;

    if (rc)
        return rc;
    free(ring->set.frame);
    free(ring->set.data);
    ring->set = set;
    mark_busy(ring);
    return 0;
}

void nic_ring_grant(struct nic_ring *ring, uint64_t frames)
{
    atomic_store_explicit(&ring->set.granted, frames, memory_order_relaxed);
    mark_busy(ring);
}

uint64_t nic_ring_taken(const struct nic_ring *ring)
{
    return ring->set.taken;
}

struct nic_ring_sent nic_ring_sent(const struct nic_ring *ring)
{
    return (struct nic_ring_sent){
        .frames = atomic_load_explicit(&ring->sent_frames, memory_order_relaxed),
        .bytes = atomic_load_explicit(&ring->sent_bytes, memory_order_relaxed),
    };
}

static int ring_open(struct nic_port *port, int fd, char why[NIC_WHY])
{
    static const char prefix[] = "ring:";
    const char *name = port->config.device;
    int rc = nic_port_refuse_fd(port, fd, why);

    if (rc)
        return rc;
    if (!strncmp(name, prefix, sizeof prefix - 1))
        name += sizeof prefix - 1;
    pthread_mutex_lock(&registry_lock);
    struct nic_ring *ring = *find(name);
    if (!ring)
        rc = -ENOENT;
    else if (ring->attached)
        rc = -EBUSY;
    else
        ring->attached = true;
    pthread_mutex_unlock(&registry_lock);
    if (rc) {
        snprintf(why, NIC_WHY, "ring %s %s", name,
                 rc == -EBUSY ? "is open as another port" : "does not exist in this process");
        return rc;
    }
    port->egress.csum = port->config.offload;
    port->egress.tso = port->config.offload;
    port->egress.ufo = port->config.offload;
    port->egress.uso = port->config.offload;
    port->egress.mtu = nic_port_mtu(port);
    port->priv = ring;
    return 0;
}

static void ring_close(struct nic_port *port)
{
    struct nic_ring *ring = port->priv;

    pthread_mutex_lock(&registry_lock);
    ring->attached = false;
    pthread_mutex_unlock(&registry_lock);
    port->priv = NULL;
}

/* The shortest frames by two halves that overlap: the bench sends little else, and a copy of unknown length is a call. */
static inline void copy(uint8_t *to, const uint8_t *from, uint32_t len)
{
    if (len >= 32 && len <= 64) {
        memcpy(to, from, 32);
        memcpy(to + len - 32, from + len - 32, 32);
    } else {
        memcpy(to, from, len);
    }
}

/* A frame to a slot; false when there is none. */
static bool land(struct nic_slots *slots, const uint8_t *data, uint32_t len,
                 const struct virtio_net_hdr *vnet, struct nic_rx *out)
{
    uint32_t slot = nic_slots_get_for(slots, len);

    if (slot == UINT32_MAX)
        return false;
    copy(nic_slot_frame(slots, slot), data, len);
    *out = (struct nic_rx){.slot = slot, .len = len, .vnet = *vnet};
    return true;
}

static uint32_t rx_set(struct frame_set *set, struct nic_slots *slots, struct nic_rx *out,
                       uint32_t max)
{
    uint64_t left = atomic_load_explicit(&set->granted, memory_order_relaxed) - set->taken;
    uint32_t got = 0;

    if (left < max)
        max = (uint32_t)left;
    while (got < max && set->next < set->count) {
        const struct nic_ring_frame *frame = &set->frame[set->next];

        if (!land(slots, frame->data, frame->len, &frame->vnet, &out[got]))
            break;
        got++;
        if (++set->next == set->count && set->loop)
            set->next = 0;
    }
    set->taken += got;
    return got;
}

static uint32_t ring_rx(struct nic_port *port, struct nic_slots *slots, struct nic_rx *out,
                        uint32_t max, uint32_t *no_slot, uint32_t *too_big)
{
    struct nic_ring *ring = port->priv;
    uint32_t got = rx_set(&ring->set, slots, out, max);
    const struct ring_record *record;

    (void)no_slot, (void)too_big;
    while (got < max && (record = ring_peek(&ring->to_nic))) {
        if (!land(slots, (const uint8_t *)(record + 1), record->len, &record->vnet, &out[got]))
            break;
        got++;
        ring_release(&ring->to_nic, record);
    }
    return got;
}

/* One frame to the user's queue; false when it is full. */
static bool ring_keep(struct nic_ring *ring, const struct po_frame *frame)
{
    uint32_t len = po_frame_len(frame);
    struct ring_record *record = ring_reserve(&ring->from_nic, len);

    if (!record)
        return false;
    record->len = len;
    record->vnet = frame->vnet;
    po_frame_copy(frame, (uint8_t *)(record + 1));
    ring_commit(&ring->from_nic, len);
    return true;
}

static uint32_t ring_tx(struct nic_port *port, const struct po_frame *frames, uint32_t n)
{
    struct nic_ring *ring = port->priv;
    uint64_t bytes = 0;
    uint32_t sent;

    for (sent = 0; sent < n; sent++) {
        if (ring->from_nic.size && !ring_keep(ring, &frames[sent]))
            break;
        bytes += po_frame_len(&frames[sent]);
    }
    atomic_fetch_add_explicit(&ring->sent_frames, sent, memory_order_relaxed);
    atomic_fetch_add_explicit(&ring->sent_bytes, bytes, memory_order_relaxed);
    return sent;
}

static int ring_rx_fd(const struct nic_port *port)
{
    (void)port;
    return -1;
}

static _Atomic uint64_t *ring_busy(const struct nic_port *port, unsigned *bit)
{
    const struct nic_ring *ring = port->priv;

    *bit = ring->number % 64;
    return &busy[ring->number / 64];
}

const struct nic_port_ops nic_ring_ops = {
    .name = "ring",
    .open = ring_open,
    .close = ring_close,
    .rx = ring_rx,
    .tx = ring_tx,
    .rx_fd = ring_rx_fd,
    .busy = ring_busy,
};

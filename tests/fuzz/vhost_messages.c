/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vhost-user messages: a port before an rte_vhost of ours that does what a front-end, which the input is, makes the library do: memory
 * tables that are mapped, replaced or fail half way, rings anywhere, queues on and off at any moment, connections that come and go.
 * Guest memory is from the heap, so that ASan sees a look beside it or at what has been unmapped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_vhost.h"
#include "fuzz.h"
#include "log/log.h"
#include "support.h"

enum { RECEIVED, SENT, STOPPED, MOVED, UNMAPPED };
const char *const fuzz_depths[] = {"a frame of the guest",
                                   "a frame to the guest",
                                   "a queue that lies is stopped",
                                   "memory replaced while a queue is on",
                                   "memory unmapped while a queue is on",
                                   NULL};

#define STEPS   64
#define QUEUES  4
#define REGIONS 3
#define SLOTS   64
#define VID     1
#define SIZE    4096 /* of a region at most */

enum { SET_MEM_TABLE = 5 };

static struct {
    bool connected, mapped;
    uint64_t features;
    uint32_t regions;
    struct {
        uint8_t *at;
        uint64_t gpa;
        uint32_t size;
    } region[REGIONS];
    struct {
        uint16_t place[3]; /* of its three parts: region and offset */
        uint16_t size, base;
        bool on;
    } ring[QUEUES];
} fake;
static struct nic_port port;
static struct pool pool;

/* ---- rte_vhost ---- */

int rte_vhost_get_negotiated_features(int vid, uint64_t *features)
{
    (void)vid;
    *features = fake.features;
    return 0;
}

int rte_vhost_get_mem_table(int vid, struct rte_vhost_memory **mem)
{
    (void)vid;
    FUZZ_MUST(fake.mapped); /* else it would end the process */
    *mem = calloc(1, sizeof **mem + REGIONS * sizeof(*mem)->regions[0]);
    FUZZ_MUST(*mem != NULL);
    (*mem)->nregions = fake.regions;
    for (uint32_t i = 0; i < fake.regions; i++) {
        (*mem)->regions[i] = (struct rte_vhost_mem_region){
            .guest_phys_addr = fake.region[i].gpa,
            .host_user_addr = (uintptr_t)fake.region[i].at,
            .size = fake.region[i].size,
            .mmap_addr = fake.region[i].at,
            .mmap_size = fake.region[i].size,
        };
    }
    return 0;
}

static void *place(uint16_t where)
{
    uint32_t region = where >> 14;

    return region < fake.regions ? fake.region[region].at + (where & 0x3FFF) : NULL;
}

int rte_vhost_get_vhost_vring(int vid, uint16_t vring_idx, struct rte_vhost_vring *vring)
{
    (void)vid;
    FUZZ_MUST(vring_idx < QUEUES);
    *vring = (struct rte_vhost_vring){.desc = place(fake.ring[vring_idx].place[0]),
                                      .avail = place(fake.ring[vring_idx].place[1]),
                                      .used = place(fake.ring[vring_idx].place[2]),
                                      .kickfd = -1,
                                      .callfd = -1,
                                      .size = fake.ring[vring_idx].size};
    return 0;
}

int rte_vhost_get_vring_base(int vid, uint16_t queue_id, uint16_t *last_avail_idx,
                             uint16_t *last_used_idx)
{
    (void)vid;
    *last_avail_idx = *last_used_idx = fake.ring[queue_id].base;
    return 0;
}

int rte_vhost_set_vring_base(int vid, uint16_t queue_id, uint16_t last_avail_idx,
                             uint16_t last_used_idx)
{
    (void)vid, (void)last_used_idx;
    fake.ring[queue_id].base = last_avail_idx;
    return 0;
}

/* ---- the front-end ---- */

static void switch_queue(struct fuzz_input *in)
{
    uint8_t what = fuzz_8(in);
    uint16_t i = what & (QUEUES - 1);

    fake.ring[i].on = what & 0x80;
    fake_vhost.ops->vring_state_changed(VID, i, what >> 7);
}

static bool any_on(void)
{
    bool on = false;

    for (uint32_t i = 0; i < QUEUES; i++)
        on |= fake.ring[i].on;
    return on;
}

static void unmap(void)
{
    if (fake.mapped && any_on())
        fuzz_reached(UNMAPPED);
    for (uint32_t i = 0; i < fake.regions; i++)
        free(fake.region[i].at);
    fake.regions = 0;
    fake.mapped = false;
}

static void map(struct fuzz_input *in)
{
    fake.regions = fuzz_8(in) % (REGIONS + 1);
    for (uint32_t i = 0; i < fake.regions; i++) {
        uint8_t where = fuzz_8(in);

        fake.region[i].size = 64 + fuzz_16(in) % (SIZE - 63);
        fake.region[i].gpa = where < 0xF0 ? where * UINT64_C(0x1000) : UINT64_MAX - where;
        fake.region[i].at = calloc(1, fake.region[i].size);
        FUZZ_MUST(fake.region[i].at != NULL);
    }
    fake.mapped = true;
}

/* The library works on a message between our two words; the second is not asked for when the first, or the library, says no. */
static void message(struct fuzz_input *in)
{
    uint8_t request = fuzz_8(in), how = fuzz_8(in);
    uint32_t text[64] = {request};
    bool was_on = any_on();

    if (fake_vhost.messages->pre_msg_handle(VID, text) != RTE_VHOST_MSG_RESULT_NOT_HANDLED)
        return;
    if (request == SET_MEM_TABLE) {
        unmap();
        if (how & 1)
            return;
        map(in);
        if (was_on)
            fuzz_reached(MOVED);
    }
    if (how & 2)
        switch_queue(in);
    if (how & 4)
        return;
    (void)fake_vhost.messages->post_msg_handle(VID, text);
}

static void set_ring(struct fuzz_input *in)
{
    uint16_t i = fuzz_8(in) & (QUEUES - 1);

    if (fake.ring[i].on) /* the library keeps what it told us */
        return;
    for (unsigned part = 0; part < 3; part++)
        fake.ring[i].place[part] = fuzz_16(in);
    fake.ring[i].size = fuzz_16(in);
    fake.ring[i].base = fuzz_16(in);
}

/* Guest memory, by the guest. */
static void poke(struct fuzz_input *in)
{
    uint16_t where = fuzz_16(in);
    uint32_t region = where >> 14, at = where & 0x3FFF;
    uint8_t bytes[64];
    uint32_t n = fuzz_bytes(in, bytes, fuzz_8(in) % sizeof bytes);

    if (region < fake.regions && at < fake.region[region].size) {
        uint32_t room = fake.region[region].size - at;

        memcpy(fake.region[region].at + at, bytes, n < room ? n : room);
    }
}

static void packets(void)
{
    static const uint8_t frame[300];
    struct nic_rx out[8];
    uint64_t errors = port.tx_errors, stops = port.queue_stops;
    uint32_t got = port_rx(&port, &pool, out, 8);

    for (uint32_t i = 0; i < got; i++)
        FUZZ_MUST(nic_slots_put(&pool.slots, out[i].slot));
    if (got > 0)
        fuzz_reached(RECEIVED);
    if (port_send(&port, frame, sizeof frame) && port.ops->link(&port) && port.tx_errors == errors)
        fuzz_reached(SENT);
    if (port.queue_stops > stops)
        fuzz_reached(STOPPED);
}

static void disconnect(void)
{
    if (!fake.connected)
        return;
    fake_vhost.ops->destroy_connection(VID);
    unmap();
    memset(fake.ring, 0, sizeof fake.ring);
    fake.connected = false;
}

static void connect(struct fuzz_input *in)
{
    disconnect();
    fake.features = UINT64_C(1) << 32 | (uint64_t)fuzz_8(in) << 28 | fuzz_32(in);
    FUZZ_MUST(fake_vhost.ops->new_connection(VID) == 0);
    fake.connected = true;
}

static void step(struct fuzz_input *in)
{
    uint8_t what = fuzz_8(in) % 8;

    if (what == 0 || !fake.connected) {
        connect(in);
        return;
    }
    switch (what) {
    case 1:
        message(in);
        break;
    case 2:
        set_ring(in);
        break;
    case 3:
        switch_queue(in);
        break;
    case 4:
    case 5:
        poke(in);
        break;
    default:
        packets();
    }
}

static void open_once(void)
{
    char folder[] = "/tmp/fuzz_vhost.XXXXXX", path[64];

    if (port.ops != NULL)
        return;
    avs_log_set("*", AVS_LOG_ERROR);
    FUZZ_MUST(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/s", folder);
    pool_open(&pool, SLOTS, 1, 1);
    port = port_of(HSR_PORT_KIND_VHOST_USER, path, "role=client");
    port.config.queues = QUEUES / 2;
    port_open(&port);
    rmdir(folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};

    open_once();
    for (unsigned i = 0; i < STEPS && in.n > 0; i++)
        step(&in);
    packets();
    disconnect();
    FUZZ_MUST(pool.slots.stack[0].count == pool.slots.stack[0].capacity);
    return 0;
}

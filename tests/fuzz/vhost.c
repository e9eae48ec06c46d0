/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtqueues of a hostile guest, split and packed: the input writes to guest memory, rings, descriptors and tables included, and takes
 * turns with the device, which takes chains, reads and writes them, gives them back or does not. Guest memory is two pieces of the
 * heap of exact size, so that each byte beside it is seen; a chain stays within its bounds, a queue that has stopped stays stopped,
 * and what is given back is what was taken.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "ports/vhost_queue.h"

enum { SPLIT, PACKED, TABLE, MERGED, BAD, STOPPED, READ, WRITTEN, GIVEN_BACK, LAPPED };
const char *const fuzz_depths[] = {"a chain of a split ring",
                                   "a chain of a packed ring",
                                   "with tables",
                                   "several chains for one frame",
                                   "a bad chain",
                                   "a queue stopped",
                                   "bytes read",
                                   "bytes written",
                                   "given back unused",
                                   "the ring's end passed",
                                   NULL};

#define RINGS   4096u
#define BUFFERS 8192u
#define AT      0x10000u  /* of the rings, in guest memory; a gap behind them */
#define BESIDE  0x100000u /* of the buffers */
#define STEPS   64

static struct {
    struct vh_mem mem;
    struct vh_queue q;
    struct vh_chain chain;
    uint32_t taken; /* since the guest wrote last */
} g;

static void open_queue(struct fuzz_input *in)
{
    uint8_t how = fuzz_8(in);
    uint8_t *rings = aligned_alloc(4096, RINGS), *buffers = malloc(BUFFERS);

    FUZZ_MUST(rings != NULL && buffers != NULL);
    memset(rings, 0, RINGS);
    memset(buffers, 0, BUFFERS);
    memset(&g, 0, sizeof g);
    g.mem =
        (struct vh_mem){.regions = 2, .region = {{AT, RINGS, rings}, {BESIDE, BUFFERS, buffers}}};
    g.q = (struct vh_queue){.on = true,
                            .packed = how & 1,
                            .events = how & 2,
                            .tables = how & 4,
                            .size = (uint16_t)(2u << (how >> 3 & 3)),
                            .next_wrap = true,
                            .done_wrap = true};
    if (g.q.packed) {
        g.q.packed_desc = (struct vring_packed_desc *)(void *)rings;
        g.q.driver_event = (struct vring_packed_desc_event *)(void *)(rings + 2048);
        g.q.device_event = (struct vring_packed_desc_event *)(void *)(rings + 3072);
    } else {
        g.q.desc = (struct vring_desc *)(void *)rings;
        g.q.avail = (struct vring_avail *)(void *)(rings + 2048);
        g.q.used = (struct vring_used *)(void *)(rings + 3072);
        g.q.next = g.q.done = (uint16_t)(how & 0x80 ? UINT16_MAX - 1 : 0);
        g.q.avail->idx = g.q.used->idx = g.q.next;
    }
    FUZZ_MUST(vh_queue_fits(&g.q, &g.mem));
    vh_chain_init(&g.chain);
}

/* Somewhere in guest memory, what the input says. */
static void guest_writes(struct fuzz_input *in)
{
    uint32_t at = fuzz_16(in), n = fuzz_8(in) % 64;
    uint8_t *to = at & 0x8000 ? g.mem.region[1].at : g.mem.region[0].at;
    uint32_t size = at & 0x8000 ? BUFFERS : RINGS;

    at %= size;
    fuzz_bytes(in, to + at, n < size - at ? n : size - at);
    g.taken = 0;
}

/* An honest guest's descriptor, and its index: without help the input would rarely get that far. */
static void guest_adds(struct fuzz_input *in)
{
    uint16_t i = (uint16_t)(fuzz_8(in) % g.q.size), flags = fuzz_8(in) & 7;
    uint64_t addr = fuzz_8(in) & 1 ? AT + fuzz_16(in) : BESIDE + fuzz_16(in);
    uint32_t len = fuzz_16(in);

    if (g.q.packed) {
        bool wrap = g.q.next_wrap != (i < g.q.next);

        g.q.packed_desc[i] =
            (struct vring_packed_desc){.addr = addr,
                                       .len = len,
                                       .id = fuzz_8(in),
                                       .flags = (uint16_t)(flags | (wrap ? 0x80 : 0x8000))};
    } else {
        g.q.desc[i] = (struct vring_desc){.addr = addr,
                                          .len = len,
                                          .flags = flags,
                                          .next = (uint16_t)(fuzz_8(in) % (g.q.size + 1))};
        if (!(flags & VRING_DESC_F_NEXT)) {
            uint16_t at = g.q.avail->idx++;

            g.q.avail->ring[at & (g.q.size - 1)] = i;
        }
    }
    g.taken = 0;
}

static void take(bool writable)
{
    uint16_t next = g.q.next;
    int rc = vh_take(&g.q, &g.mem, writable, &g.chain);
    uint64_t bytes = 0;

    FUZZ_MUST((rc < 0) == (g.q.stop != VH_RUNS));
    FUZZ_MUST(g.chain.heads <= VH_HEADS && g.chain.pieces <= VH_PIECES);
    for (uint32_t i = 0; i < g.chain.pieces; i++)
        bytes += g.chain.piece[i].len;
    FUZZ_MUST(bytes == g.chain.bytes);
    if (rc < 0)
        fuzz_reached(STOPPED);
    if (rc <= 0)
        return;
    /* What nobody made available comes only once around, and then no more. */
    FUZZ_MUST(++g.taken <= g.q.size);
    FUZZ_MUST(g.q.packed || g.chain.head[g.chain.heads - 1].id < g.q.size);
    fuzz_reached(g.q.packed ? PACKED : SPLIT);
    if (g.q.tables)
        fuzz_reached(TABLE);
    if (g.chain.heads > 1)
        fuzz_reached(MERGED);
    if (g.chain.bad)
        fuzz_reached(BAD);
    if (g.q.next < next)
        fuzz_reached(LAPPED);
}

static void copy(bool writable, uint32_t len)
{
    static uint8_t bytes[70000];
    struct vh_cursor at = {0};
    bool done;

    len %= sizeof bytes;
    if (writable)
        done = vh_write(&g.mem, &g.chain, &at, bytes, len);
    else
        done = vh_read(&g.mem, &g.chain, &at, bytes, len);
    FUZZ_MUST(done == (len <= g.chain.bytes));
    FUZZ_MUST(at.piece <= g.chain.pieces);
    if (done && len > 0)
        fuzz_reached(writable ? WRITTEN : READ);
    g.taken = 0; /* it may have written to the rings themselves */
}

static void give_back(uint32_t bytes)
{
    uint64_t bad = g.q.bad;

    vh_done(&g.q, &g.chain, bytes);
    FUZZ_MUST(g.q.bad == bad + g.chain.bad);
    vh_publish(&g.q);
    vh_wants_call(&g.q);
    if (g.chain.heads > 0 && g.chain.bad)
        fuzz_reached(GIVEN_BACK);
    vh_chain_init(&g.chain);
}

static void step(struct fuzz_input *in)
{
    switch (fuzz_8(in) % 10) {
    case 0:
        guest_writes(in);
        break;
    case 1:
    case 2:
        guest_adds(in);
        break;
    case 3:
        take(false);
        break;
    case 4:
        take(true);
        break;
    case 5:
        copy(false, fuzz_16(in));
        break;
    case 6:
        copy(true, fuzz_16(in));
        break;
    case 7:
        vh_untake(&g.q, &g.chain);
        vh_chain_init(&g.chain);
        g.taken = 0;
        break;
    case 8:
        vh_kicks(&g.q, fuzz_8(in) & 1);
        break;
    default:
        give_back(fuzz_16(in));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};

    open_queue(&in);
    vh_quiet(&g.q);
    for (unsigned i = 0; i < STEPS && in.n > 0; i++)
        step(&in);
    free(g.mem.region[0].at);
    free(g.mem.region[1].at);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of avs-ctl capture: rings whose producers write any bytes at any place. What it gives out fits its record, comes in
 * order of time, and makes a pcapng file whose blocks add up; it ends when there is nothing more.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "pcapng.h"
#include "reader.h"

enum { RECORDS, NO_RECORD, KNOWN, WRAPPED, PADDED };
const char *const fuzz_depths[] = {"records",      "what is none", "a packet seen twice",
                                   "past the end", "padding",      NULL};

#define RINGS 2

/* A length at both ends of each block (draft-ietf-opsawg-pcapng, 3.1), to the end of the file. */
static void adds_up(const char *file, size_t size)
{
    size_t at = 0;

    while (at < size) {
        uint32_t length, again;

        FUZZ_MUST(size - at >= 12);
        memcpy(&length, file + at + 4, 4);
        FUZZ_MUST(length % 4 == 0 && length >= 12 && length <= size - at);
        memcpy(&again, file + at + length - 4, 4);
        FUZZ_MUST(again == length);
        at += length;
    }
}

/* Everything up to a moment; the last time given out. */
static void give_out(struct rd *rd, uint64_t until, FILE *f)
{
    const struct rd_record *r;
    uint64_t last = 0;

    while ((r = rd_next(rd, until)) != NULL) {
        struct png_packet p = {.interface = r->r.point,
                               .time = r->r.time,
                               .frame = r->frame,
                               .captured = r->r.captured,
                               .length = r->r.frame_len,
                               .id = r->r.packet_id,
                               .direction = r->r.worker % 3u,
                               .comment = r->known ? "again" : NULL};

        FUZZ_MUST(r->r.time < until && r->r.time >= last && r->r.point < CAP_POINTS);
        FUZZ_MUST(r->r.captured <= r->r.frame_len && r->r.captured <= CAP_SNAP_MAX);
        FUZZ_MUST(png_packet(f, &p));
        last = r->r.time;
        fuzz_reached(RECORDS);
        if (r->known)
            fuzz_reached(KNOWN);
        if (r->r.frame_len % 7 == 3)
            rd_skip(rd);
    }
}

/* Bytes at the producer's place, wherever it says that is. */
static void produce(struct fuzz_input *in, struct cap_area *area)
{
    uint8_t how = fuzz_8(in);
    struct cap_ring *ring = cap_area_ring(area, how % RINGS);
    uint8_t *data = cap_area_data(area, how % RINGS), bytes[512];
    uint64_t prod = atomic_load(&ring->prod);
    uint32_t n = fuzz_bytes(in, bytes, fuzz_16(in) % sizeof bytes);

    if (how & 0x10) { /* near the end, with what goes before read */
        prod = area->ring_bytes - 64;
        atomic_store(&ring->cons, prod);
        fuzz_reached(WRAPPED);
    }
    for (uint32_t i = 0; i < n; i++)
        data[(prod + i) & (area->ring_bytes - 1)] = bytes[i];
    if (n > 4 && bytes[4] == CAP_POINTS)
        fuzz_reached(PADDED);
    atomic_store(&ring->prod, how & 0x20 ? prod + fuzz_32(in) : prod + n);
    if (how & 0x40)
        atomic_store(&ring->cons, fuzz_32(in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct cap_area area;
    struct rd *rd;
    char *file = NULL;
    size_t file_size = 0;
    FILE *f = open_memstream(&file, &file_size);

    FUZZ_MUST(f != NULL && cap_area_create(&area, RINGS, 0) == 0);
    rd = rd_open(&area);
    FUZZ_MUST(rd != NULL && png_begin(f, "fuzz"));
    for (unsigned i = 0; i < CAP_POINTS; i++)
        FUZZ_MUST(png_interface(f, cap_point_name[i], "", 256));
    for (unsigned i = 0; i < 8 && in.n > 0; i++) {
        produce(&in, &area);
        if (rd_fill(rd) < 0)
            fuzz_reached(NO_RECORD);
        for (unsigned k = 0; k < RINGS; k++)
            FUZZ_MUST(atomic_load(&cap_area_ring(&area, k)->cons) ==
                      atomic_load(&cap_area_ring(&area, k)->prod));
        if (in.n % 2)
            give_out(rd, fuzz_32(&in), f);
    }
    give_out(rd, UINT64_MAX, f);
    rd_close(rd);
    cap_area_close(&area);
    fclose(f);
    adds_up(file, file_size);
    free(file);
    return 0;
}

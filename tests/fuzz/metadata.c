/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metadata that lie: packets of every kind go through NIC and firmware, and in between the input writes to what either side
 * told the other of them. Neither crashes, gives a slot out twice or loses count; what the NIC sends is a frame of a port.
 */
#include <string.h>

#include "hsring/ring.h"
#include "internal.h"
#include "world.h"

enum { RX_SPOILED, TX_SPOILED, DISBELIEVED, TX_REFUSED, STILL_SENT };
const char *const fuzz_depths[] = {
    "written to what the NIC said",    "written to what the firmware said",
    "the firmware did not believe it", "the NIC did not believe it",
    "a packet left all the same",      NULL};

#define PACKETS 6
#define WRITES  4

static struct fr frame;

/* Packets of all classes, so that every way through the firmware is taken with something wrong. */
static const char *make(unsigned shape)
{
    static struct fr quoted;
    struct fr_flow f = {MAC_A, MAC_B, "10.1.0.5", "10.1.0.6", 1000, 80, 0, 0}, back = fr_back(&f),
                   six = {MAC_A, MAC_GW, "fd00:1::5", "fd00:2::5", 7, 8, 0, 0},
                   far = {MAC_9, MAC_A, "10.1.0.9", "10.1.0.5", 9, 10, 0, 0};

    switch (shape % 10) {
    case 0:
        fr_udp(&frame, &f, 60);
        return "a";
    case 1:
        fr_tcp(&frame, &f, FR_SYN, 1, 0, 0);
        return "a";
    case 2:
        fr_udp(&frame, &far, 60);
        fr_vxlan(&frame, &outer_of[0], 100);
        return "up";
    case 3:
        fr_udp(&frame, &far, 60);
        fr_geneve(&frame, &outer_of[1], 200, "", 0);
        return "up";
    case 4:
        fr_udp(&frame, &six, 60);
        return "a";
    case 5:
        fr_arp(&frame, 1, MAC_A, "10.1.0.5", 0, "10.1.0.254");
        return "a";
    case 6:
        six.dst = "ff02::1:ff00:6";
        six.dmac = 0x3333FF000006;
        fr_solicit(&frame, &six, "fd00:1::6");
        return "a";
    case 7:
        fr_udp(&quoted, &f, 60);
        fr_error(&frame, &back, 3, 3, &quoted, 100);
        return "b";
    case 8:
        fr_tcp(&frame, &f, FR_ACK, 1, 1, 3000);
        fr_partial(&frame, 1000);
        return "a";
    default:
        fr_udp(&quoted, &f, 1200);
        fr_fragment(&frame, &quoted, 7, 0, 800, true);
        return "a";
    }
}

/* Offsets and values, one after the other, onto `size` bytes. */
static void scribble(struct fuzz_input *in, uint8_t *meta, uint32_t size)
{
    for (unsigned n = 1 + fuzz_8(in) % WRITES; n > 0; n--) {
        uint32_t at = fuzz_8(in) % size;

        meta[at] = fuzz_8(in);
    }
}

/* The newest entry of a ring that the other side has not taken; NULL: there is none. */
static uint8_t *newest(const struct hsr_view *view, const struct hsr_ring *r)
{
    uint32_t prod = atomic_load(r->shared.prod);

    if (prod == atomic_load(r->shared.cons))
        return NULL;
    return hsr_slot(view, hsr_entry_slot(r->shared.entries[(prod - 1) & r->mask]) % view->slots);
}

static void packet(struct bench *b, struct fuzz_input *in)
{
    const struct hsr_view *view = &nic_region(b->nic)->view;
    struct dp_worker *w = fw_worker(b->fw, 0);
    uint8_t how = fuzz_8(in), *meta;

    bench_push(b, make(how & 15u), &frame);
    nic_poll(b->nic, b->now);
    meta = newest(view, &w->rx);
    if (how & 0x10 && meta != NULL) {
        scribble(in, meta, sizeof(struct hsr_rx_meta));
        fuzz_reached(RX_SPOILED);
    }
    dp_poll(w);
    meta = newest(view, &w->tx);
    if (how & 0x20 && meta != NULL) {
        scribble(in, meta, sizeof(struct hsr_tx_meta));
        fuzz_reached(TX_SPOILED);
    }
    bench_run(b);
}

/* Each side's books, whatever the other side wrote. */
static void books_are_right(struct bench *b)
{
    const struct dp_ledger *l = dp_ledger(fw_worker(b->fw, 0));

    for (unsigned p = 0; p < HSR_MAX_PORTS; p++)
        FUZZ_MUST(l[p].rx + l[p].originated == l[p].tx + l[p].consumed + l[p].drops + l[p].held);
    FUZZ_MUST(!dp_corrupt(fw_worker(b->fw, 0)));
    FUZZ_MUST(nic_faults(b->nic).bad_entry == 0);
    FUZZ_MUST(nic_slots_out(b->nic) == 0);
}

static void reached(struct bench *b)
{
    const struct hsr_port_stats *s = nic_region(b->nic)->view.stats;

    for (uint32_t i = 0; i < b->names; i++) {
        if (s[b->port[i].index].drops[HSR_DROP_META_BAD] > 0)
            fuzz_reached(DISBELIEVED);
        if (s[b->port[i].index].drops[HSR_DROP_TX_META_BAD] > 0)
            fuzz_reached(TX_REFUSED);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct bench *b = world();

    for (unsigned i = 0; i < PACKETS && in.n > 0; i++) {
        packet(b, &in);
        for (uint32_t p = 0; p < b->names; p++) {
            while (bench_pop(b, b->port[p].name, &frame)) {
                FUZZ_MUST(frame.len >= 14);
                fuzz_reached(STILL_SENT);
            }
        }
    }
    bench_age(b);
    books_are_right(b);
    reached(b);
    return 0;
}

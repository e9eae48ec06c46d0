/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers and payloads apart: the firmware's side of both workers is played by hand. What is honest is joined to the byte;
 * what lies about a handle loses its packet under PAYLOAD_GONE, and no cell is lost whatever it does.
 */
#include "hsring/check.h"
#include "hsring/ring.h"
#include "topology.h"

#define TIMEOUT NIC_SLICE_TIMEOUT_VIRTUAL_NS

struct hand {
    struct bench b;
    const struct hsr_view *view;
    struct hsr_ring ring[2][HSR_RING_KINDS]; /* the firmware's side */
    uint16_t sport;
};

/* A packet in the firmware's hands. */
struct held {
    uint32_t worker, entry;
    struct hsr_rx_meta meta;
};

static int setup(void **state)
{
    static struct hand h;

    memset(&h, 0, sizeof h);
    bench_open(
        &h.b,
        &(struct bench_config){.may_be_broken = true, .may_leave_frames = true, .slice = true},
        TOP_OPTIONS(", workers: 2") TOP_NET TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("") TOP_B("")
            TOP_C("open") TOP_V TOP_R);
    h.view = &nic_region(h.b.nic)->view;
    for (uint32_t w = 0; w < 2; w++)
        for (int k = 0; k < HSR_RING_KINDS; k++)
            hsr_view_ring(h.view, w, (enum hsr_ring_kind)k, &h.ring[w][k], -1);
    *state = &h;
    return 0;
}

static uint64_t gauge(struct hand *h, enum hsr_gauge which)
{
    uint64_t all[HSR_GAUGE_COUNT];

    nic_gauges(h->b.nic, all);
    return all[which];
}

/* The NIC's stages add up, and nothing is lost once the time-out has passed. */
static int teardown(void **state)
{
    struct hand *h = *state;

    h->b.now += TIMEOUT + 1;
    nic_poll(h->b.nic, h->b.now);
    assert_int_equal(nic_cells_out(h->b.nic), 0);
    assert_int_equal(nic_faults(h->b.nic).bad_entry, 0);
    fw_sync(h->b.fw);
    for (uint16_t p = 0; p < HSR_MAX_PORTS; p++) {
        struct fw_balance b = fw_balance(h->b.fw, p);

        assert_int_equal(b.pre, 0);
        assert_int_equal(b.post, 0);
        assert_int_equal(b.returned, 0);
    }
    assert_int_equal(nic_slots_out(h->b.nic), 0);
    bench_close(&h->b);
    return 0;
}

/* The next packet that waits in a ring of either worker. */
static bool take(struct hand *h, struct held *held)
{
    *held = (struct held){0};
    for (; held->worker < 2; held->worker++) {
        if (hsr_ring_pop(&h->ring[held->worker][HSR_RING_RX], &held->entry, 1) == 1) {
            uint32_t slot = hsr_entry_slot(held->entry);

            memcpy(&held->meta, hsr_slot(h->view, slot), sizeof held->meta);
            assert_true(hsr_rx_check(&held->meta, hsr_slot_space(h->view, slot)));
            return true;
        }
    }
    return false;
}

static struct held receive(struct hand *h)
{
    struct held held;

    bench_push(&h->b, "a", &out);
    nic_poll(h->b.nic, h->b.now);
    assert_true(take(h, &held));
    return held;
}

/* A packet of 1,000 bytes of payload, which is left in `out`; of worker `worker`, 2: whichever. */
static struct held victim(struct hand *h, uint32_t worker)
{
    struct fr_flow f = a_to_b;
    struct hsr_tx_meta drop = {.action = HSR_TXA_CONSUME,
                               .owner = hsr_view_owner(h->view, 0),
                               .frame_off = HSR_SLOT_FRAME};

    for (;;) {
        struct held held;

        f.sport = ++h->sport;
        fr_udp(&out, &f, 1000);
        held = receive(h);
        assert_int_not_equal(held.meta.payload, 0);
        if (worker == 2 || held.worker == worker)
            return held;
        drop.payload = held.meta.payload;
        memcpy(hsr_slot(h->view, hsr_entry_slot(held.entry)), &drop, sizeof drop);
        assert_true(hsr_ring_push(&h->ring[held.worker][HSR_RING_TX], &held.entry, 1));
        nic_poll(h->b.nic, h->b.now);
    }
}

/* To port b, as it came, with the payload it came with. */
static struct hsr_tx_meta honest(const struct hand *h, const struct held *held)
{
    return (struct hsr_tx_meta){
        .egress_port = bench_index(&h->b, "b"),
        .action = HSR_TXA_TRANSMIT,
        .frame_off = HSR_SLOT_FRAME,
        .frame_len = held->meta.payload != 0 ? held->meta.payload_off : held->meta.frame_len,
        .payload = held->meta.payload,
        .l3_off = 14,
        .l4_off = held->meta.l4_off,
        .owner = hsr_view_owner(h->view, 0),
    };
}

static void post(struct hand *h, uint32_t worker, uint32_t entry, const struct hsr_tx_meta *meta)
{
    memcpy(hsr_slot(h->view, hsr_entry_slot(entry)), meta, sizeof *meta);
    assert_true(hsr_ring_push(&h->ring[worker][HSR_RING_TX], &entry, 1));
    nic_poll(h->b.nic, h->b.now);
}

static void post_own(struct hand *h, uint32_t worker, enum hsr_kind kind,
                     const struct hsr_tx_meta *meta)
{
    uint32_t entry = hsr_entry(h->view->fw_first + worker * h->view->fw_slots, kind);

    post(h, worker, entry, meta);
    assert_int_equal(hsr_ring_pop(&h->ring[worker][HSR_RING_COMPLETION], &entry, 1), 1);
}

static void release(struct hand *h, uint32_t worker, uint32_t payload)
{
    struct hsr_tx_meta meta = {
        .action = HSR_CTRL_RELEASE, .payload = payload, .owner = hsr_view_owner(h->view, 0)};

    post_own(h, worker, HSR_KIND_CTRL, &meta);
}

static void arrives(struct hand *h, const struct fr *want)
{
    assert_true(bench_pop(&h->b, "b", &in));
    assert_int_equal(in.len, want->len);
    assert_memory_equal(in.b, want->b, want->len);
    bench_quiet(&h->b);
}

static void is_gone(struct hand *h, const char *ledger, uint64_t drops)
{
    bench_quiet(&h->b);
    assert_int_equal(bench_drops(&h->b, ledger, HSR_DROP_PAYLOAD_GONE), drops);
}

/* Any length, of one cell and of many: the frame leaves as it came, and fewer bytes cross the ring. */
static void joined(void **state)
{
    static const uint32_t lengths[] = {256, 257, 1400, 2047, 2048, 2049, 4096, 8900, 60000};
    struct hand *h = *state;

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        uint64_t crossed = gauge(h, HSR_GAUGE_BYTES_TO_FW);
        struct hsr_tx_meta meta;
        struct held held;

        fr_udp(&out, &a_to_b, lengths[i]);
        held = receive(h);
        assert_int_not_equal(held.meta.payload, 0);
        assert_int_equal(held.meta.frame_len, out.len);
        assert_int_equal(held.meta.payload_off, 42);
        assert_int_equal(gauge(h, HSR_GAUGE_BYTES_TO_FW) - crossed, HSR_SLOT_META + 42);
        assert_int_equal(gauge(h, HSR_GAUGE_CELLS_USED), (lengths[i] + 2047) / 2048);
        meta = honest(h, &held);
        if (lengths[i] > 9000) { /* port b takes it as one for the cut */
            meta.offload = HSR_TXO_L4_PARTIAL | HSR_TXO_L4_UDP;
            meta.gso_type = HSR_GSO_USO;
            meta.gso_size = 8000;
        }
        post(h, held.worker, held.entry, &meta);
        assert_int_equal(gauge(h, HSR_GAUGE_CELLS_USED), 0);
        if (lengths[i] > 9000) {
            assert_true(bench_pop(&h->b, "b", &in));
            assert_int_equal(in.vnet.gso_size, 8000);
            assert_int_equal(in.len, out.len);
            assert_memory_equal(in.b + 42, out.b + 42, lengths[i]);
            bench_quiet(&h->b);
        } else {
            arrives(h, &out);
        }
    }
    assert_int_equal(gauge(h, HSR_GAUGE_SLICED), sizeof lengths / sizeof *lengths);
    assert_int_equal(gauge(h, HSR_GAUGE_PAYLOADS_STALE), 0);
}

/* The sum comes with what has a line 1; unfinished checksums are completed with it. */
static void partial_sum(void **state)
{
    struct hand *h = *state;
    struct fr_flow f = a_to_b;
    struct hsr_tx_meta meta;
    struct held held;

    fr_udp(&more, &f, 999);
    out = more;
    fr_partial(&out, 0);
    held = receive(h);
    assert_true(held.meta.flags & HSR_RXF_LINE1);
    assert_true(held.meta.flags1 & HSR_RX1F_PARTIAL_SUM);
    assert_int_equal(held.meta.partial_sum, fr_fold(fr_sum(0, out.b + 42, 999)));
    meta = honest(h, &held);
    meta.egress_port = bench_index(&h->b, "up"); /* takes no partial checksum */
    meta.offload = HSR_TXO_L4_PARTIAL | HSR_TXO_L4_UDP;
    post(h, held.worker, held.entry, &meta);
    assert_true(bench_pop(&h->b, "up", &in));
    assert_int_equal(in.len, more.len);
    assert_memory_equal(in.b, more.b, more.len);
}

/* Too late is too late, and is no other packet's payload by then. */
static void late(void **state)
{
    struct hand *h = *state;
    struct held first = victim(h, 2), second;
    struct hsr_tx_meta meta = honest(h, &first);

    h->b.now += TIMEOUT;
    nic_poll(h->b.nic, h->b.now);
    assert_int_equal(gauge(h, HSR_GAUGE_CELLS_USED), 1);
    h->b.now++;
    nic_poll(h->b.nic, h->b.now);
    assert_int_equal(gauge(h, HSR_GAUGE_CELLS_USED), 0);
    assert_int_equal(gauge(h, HSR_GAUGE_PAYLOADS_TIMED_OUT), 1);
    second = victim(h, 2); /* has the same cell */
    assert_int_not_equal(second.meta.payload, first.meta.payload);
    post(h, first.worker, first.entry, &meta);
    is_gone(h, "a", 1);
    meta = honest(h, &second);
    post(h, second.worker, second.entry, &meta);
    arrives(h, &out);
}

/* A drop or consumption of what is gone is just that. */
static void late_and_dropped(void **state)
{
    struct hand *h = *state;
    struct held held = victim(h, 2);
    struct hsr_tx_meta meta = honest(h, &held);

    h->b.now += TIMEOUT + 1;
    meta.action = HSR_TXA_DROP;
    meta.drop_reason = HSR_DROP_TTL;
    post(h, held.worker, held.entry, &meta);
    is_gone(h, "a", 0);
    assert_int_equal(bench_drops(&h->b, "a", HSR_DROP_TTL), 1);
    assert_int_equal(gauge(h, HSR_GAUGE_PAYLOADS_STALE), 1);
}

/* Another version, another packet's, another worker's, nobody's. */
static void foreign_handles(void **state)
{
    struct hand *h = *state;
    struct held other = victim(h, 0);
    const uint32_t lies[] = {other.meta.payload, UINT32_MAX, 1, 1u << 11, HSR_CELLS - 1};
    struct hsr_tx_meta meta;
    uint64_t gone = 0;
    struct fr kept = out;

    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct held held = victim(h, 1);

        meta = honest(h, &held);
        meta.payload = lies[i];
        post(h, held.worker, held.entry, &meta);
        is_gone(h, "a", ++gone);
        meta.payload = lies[i];
        meta.egress_port = bench_index(&h->b, "b");
        post_own(h, 1, HSR_KIND_ORIGINATE, &meta);
        is_gone(h, "b", gone);
        release(h, 1, lies[i]);
    }
    for (uint32_t version = 1; version < 64; version++) {
        struct held held = victim(h, 1);

        meta = honest(h, &held);
        meta.payload += version << 11;
        post(h, held.worker, held.entry, &meta);
        is_gone(h, "a", ++gone);
    }
    /* The other's own is untouched by all that. */
    meta = honest(h, &other);
    post(h, other.worker, other.entry, &meta);
    arrives(h, &kept);
    assert_int_equal(gauge(h, HSR_GAUGE_CELLS_USED), 0);
}

/* KEEP, and references after it: copies of the payload until it is released, in order. */
static void references(void **state)
{
    struct hand *h = *state;
    struct held held = victim(h, 1);
    struct hsr_tx_meta meta = honest(h, &held);
    uint8_t *copy = hsr_slot(h->view, h->view->fw_first + h->view->fw_slots) + HSR_SLOT_FRAME;

    meta.payload_op = HSR_PAYLOAD_KEEP;
    memcpy(copy, out.b, 42);
    for (int i = 0; i < 3; i++) {
        post_own(h, 1, HSR_KIND_ORIGINATE, &meta);
        arrives(h, &out);
    }
    post(h, held.worker, held.entry, &meta);
    arrives(h, &out);
    meta.payload_op = HSR_PAYLOAD_RELEASE;
    post_own(h, 1, HSR_KIND_ORIGINATE, &meta);
    arrives(h, &out);
    assert_int_equal(gauge(h, HSR_GAUGE_CELLS_USED), 0);
    /* Once more than there was. */
    post_own(h, 1, HSR_KIND_ORIGINATE, &meta);
    is_gone(h, "b", 1);
    release(h, 1, meta.payload);
    assert_int_equal(gauge(h, HSR_GAUGE_PAYLOADS_STALE), 2);
}

static void released_before(void **state)
{
    struct hand *h = *state;
    struct held held = victim(h, 1);
    struct hsr_tx_meta meta = honest(h, &held);

    release(h, 1, meta.payload);
    assert_int_equal(gauge(h, HSR_GAUGE_CELLS_USED), 0);
    post(h, held.worker, held.entry, &meta);
    is_gone(h, "a", 1);
}

/* Both in one burst: what is released is not freed under the frames that refer to it. */
static void released_in_one_burst(void **state)
{
    struct hand *h = *state;
    struct held held = victim(h, 1);
    struct hsr_tx_meta meta = honest(h, &held);
    uint32_t own = h->view->fw_first + h->view->fw_slots;
    uint32_t entry[2] = {held.entry, hsr_entry(own, HSR_KIND_ORIGINATE)};

    memcpy(hsr_slot(h->view, hsr_entry_slot(held.entry)), &meta, sizeof meta);
    memcpy(hsr_slot(h->view, own), &meta, sizeof meta);
    assert_true(hsr_ring_push(&h->ring[1][HSR_RING_TX], entry, 2));
    nic_poll(h->b.nic, h->b.now);
    arrives(h, &out);
    is_gone(h, "b", 1);
    assert_int_equal(hsr_ring_pop(&h->ring[1][HSR_RING_COMPLETION], entry, 1), 1);
}

/* Every way a header can go without a word about its payload. */
static void forgotten(void **state)
{
    struct hand *h = *state;
    struct held held = victim(h, 2);
    struct hsr_tx_meta meta = honest(h, &held);

    assert_true(hsr_ring_push(&h->ring[held.worker][HSR_RING_FREE], &held.entry, 1));
    nic_poll(h->b.nic, h->b.now);
    assert_int_equal(gauge(h, HSR_GAUGE_CELLS_USED), 0);
    held = victim(h, 2);
    meta = honest(h, &held);
    meta.offload = 0x8000;
    post(h, held.worker, held.entry, &meta);
    assert_int_equal(bench_drops(&h->b, "a", HSR_DROP_TX_META_BAD), 1);
    assert_int_equal(gauge(h, HSR_GAUGE_CELLS_USED), 0);
    held = victim(h, 2);
    meta = honest(h, &held);
    meta.owner++;
    post(h, held.worker, held.entry, &meta);
    assert_int_equal(bench_drops(&h->b, "a", HSR_DROP_STALE_OWNER), 1);
    assert_int_equal(gauge(h, HSR_GAUGE_CELLS_USED), 0);
    /* The headers alone: a packet of its own, and the payload goes with time. */
    held = victim(h, 2);
    meta = honest(h, &held);
    meta.payload = 0;
    post(h, held.worker, held.entry, &meta);
    assert_true(bench_pop(&h->b, "b", &in));
    assert_int_equal(in.len, 42);
    assert_int_equal(gauge(h, HSR_GAUGE_CELLS_USED), 1);
    /* Kept, and then nothing. */
    held = victim(h, 2);
    meta = honest(h, &held);
    meta.payload_op = HSR_PAYLOAD_KEEP;
    post(h, held.worker, held.entry, &meta);
    arrives(h, &out);
    assert_int_equal(gauge(h, HSR_GAUGE_CELLS_USED), 2);
}

/* Whole, once, with the reason, past the rules, and with what the sender had asked for. */
static void returned(void **state)
{
    struct hand *h = *state;
    struct hsr_rule drop = {.port = bench_index(&h->b, "a"), .actions = HSR_RULE_ACT_DROP};
    struct hsr_rule_state rule;
    struct held held, again;
    struct hsr_tx_meta meta;

    fr_tcp(&out, &a_to_b, FR_ACK, 1, 1, 5000);
    fr_partial(&out, 1400);
    held = receive(h);
    assert_int_not_equal(held.meta.payload, 0);
    assert_int_equal(nic_rule_create(h->b.nic, &drop, 1, false, &rule), 0);
    meta = honest(h, &held);
    meta.action = HSR_TXA_RETURN;
    meta.drop_reason = HSR_RETURN_NEIGHBOR;
    meta.offload = HSR_TXO_L4_PARTIAL;
    meta.gso_type = held.meta.gso_type;
    meta.gso_size = held.meta.gso_size;
    post(h, held.worker, held.entry, &meta);
    assert_int_equal(gauge(h, HSR_GAUGE_CELLS_USED), 0);
    assert_true(take(h, &again));
    assert_int_equal(again.worker, held.worker);
    assert_int_equal(again.meta.payload, 0);
    assert_true(again.meta.flags & HSR_RXF_LINE1);
    assert_true(again.meta.flags1 & HSR_RX1F_RETURNED);
    assert_int_equal(again.meta.partial_sum, HSR_RETURN_NEIGHBOR);
    assert_int_equal(again.meta.frame_len, out.len);
    assert_int_equal(again.meta.gso_type, HSR_GSO_TCP4);
    assert_int_equal(again.meta.gso_size, 1400);
    assert_int_equal(again.meta.csum_start, 34);
    assert_memory_equal(hsr_slot(h->view, hsr_entry_slot(again.entry)) + HSR_SLOT_FRAME, out.b,
                        out.len);
    /* And not once more. */
    meta.frame_len = again.meta.frame_len;
    meta.payload = 0;
    post(h, again.worker, again.entry, &meta);
    assert_int_equal(bench_drops(&h->b, "a", HSR_DROP_TX_META_BAD), 1);
    assert_false(take(h, &again));
}

/* A whole packet may be asked for again as well; its slot's next packet is none that was returned. */
static void returned_whole(void **state)
{
    struct hand *h = *state;
    struct hsr_tx_meta meta;
    struct held held;

    for (int i = 0; i < 3; i++) {
        fr_udp(&out, &a_to_b, 20);
        held = receive(h);
        assert_int_equal(held.meta.payload, 0);
        meta = honest(h, &held);
        meta.action = HSR_TXA_RETURN;
        meta.drop_reason = HSR_RETURN_L7;
        post(h, held.worker, held.entry, &meta);
        assert_true(take(h, &held));
        assert_int_equal(held.meta.partial_sum, HSR_RETURN_L7);
        meta = honest(h, &held);
        post(h, held.worker, held.entry, &meta);
        arrives(h, &out);
    }
}

/* No free cell: the packet is handed over whole. */
static void no_cell(void **state)
{
    struct hand *h = *state;
    uint32_t kept = 0;
    struct hsr_tx_meta meta;
    struct held held;

    for (;;) {
        fr_udp(&out, &a_to_b, 8900);
        held = receive(h);
        meta = honest(h, &held);
        if (held.meta.payload == 0)
            break;
        kept += 5;
        meta.action = HSR_TXA_CONSUME;
        meta.payload_op = HSR_PAYLOAD_KEEP;
        post(h, held.worker, held.entry, &meta);
    }
    assert_int_equal(kept, HSR_CELLS / 5 * 5);
    assert_int_equal(gauge(h, HSR_GAUGE_CELLS_HIGH), kept);
    assert_int_equal(gauge(h, HSR_GAUGE_NOT_SLICED), 1);
    post(h, held.worker, held.entry, &meta);
    arrives(h, &out);
}

#define CHAIN 16
#define PART  1000u

/* Segments of one connection with worker `held[0].worker`, each with `len` bytes; the whole is left in `more`. */
static void segments(struct hand *h, uint32_t n, uint32_t len, struct held held[])
{
    static uint8_t data[CHAIN * 4100];

    for (uint32_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + i / 256);
    for (uint32_t i = 0; i < n; i++) {
        fr_tcp_with(&out, &a_to_b, FR_ACK, 1 + i * len, 1, data + i * len, len);
        held[i] = receive(h);
    }
    fr_tcp_with(&more, &a_to_b, FR_ACK, 1, 1, data, n * len);
    fr_partial(&more, (uint16_t)len);
}

/* The chain as an honest firmware writes it: headers of the whole in front of the first, bytes of the others behind. */
static void write_chain(struct hand *h, uint32_t n, const struct held held[],
                        struct hsr_tx_meta meta[])
{
    for (uint32_t i = 0; i < n; i++) {
        meta[i] = honest(h, &held[i]);
        meta[i].offload = i + 1 < n ? HSR_TXO_MORE : 0;
        if (i > 0) {
            meta[i].action = HSR_TXA_MERGE;
            meta[i].frame_off = HSR_SLOT_FRAME + 54;
            meta[i].frame_len -= 54;
            continue;
        }
        memcpy(hsr_slot(h->view, hsr_entry_slot(held[0].entry)) + HSR_SLOT_FRAME, more.b, 54);
        meta[0].offload |= HSR_TXO_L4_PARTIAL;
        meta[0].gso_type = HSR_GSO_TCP4;
        meta[0].gso_size = more.vnet.gso_size;
    }
}

static void post_chain(struct hand *h, uint32_t n, const struct held held[],
                       const struct hsr_tx_meta meta[])
{
    uint32_t entry[CHAIN + 1];

    for (uint32_t i = 0; i < n; i++) {
        entry[i] = held[i].entry;
        memcpy(hsr_slot(h->view, hsr_entry_slot(entry[i])), &meta[i], sizeof meta[i]);
    }
    assert_true(hsr_ring_push(&h->ring[held[0].worker][HSR_RING_TX], entry, n));
    nic_poll(h->b.nic, h->b.now);
}

static uint64_t merged(struct hand *h)
{
    nic_sync(h->b.nic);
    return h->view->stats[bench_index(&h->b, "a")].post_merged;
}

/* As one frame to who takes that, with payloads apart and whole; in its segments to who does not. */
static void merge(void **state)
{
    static const uint32_t lengths[] = {20, PART, 3000};
    struct hand *h = *state;
    struct hsr_tx_meta meta[CHAIN];
    struct held held[CHAIN];
    uint64_t before = 0;

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        segments(h, CHAIN, lengths[i], held);
        write_chain(h, CHAIN, held, meta);
        post_chain(h, CHAIN, held, meta);
        assert_true(bench_pop(&h->b, "b", &in));
        assert_int_equal(in.len, more.len);
        assert_memory_equal(in.b, more.b, more.len);
        assert_int_equal(in.vnet.gso_size, lengths[i]);
        bench_quiet(&h->b);
        assert_int_equal(merged(h) - before, CHAIN - 1);
        before = merged(h);
        assert_int_equal(gauge(h, HSR_GAUGE_CELLS_USED), 0);
    }
    segments(h, CHAIN, PART, held);
    write_chain(h, CHAIN, held, meta);
    meta[0].egress_port = bench_index(&h->b, "up");
    meta[0].offload |= HSR_TXO_L3_CSUM;
    post_chain(h, CHAIN, held, meta);
    for (uint32_t i = 0; i < CHAIN; i++) {
        assert_true(bench_pop(&h->b, "up", &in));
        assert_int_equal(in.len, 54 + PART);
        assert_true(fr_sums_right(in.b, in.len));
        assert_memory_equal(in.b + 54, more.b + 54 + i * PART, PART);
    }
    bench_quiet(&h->b);
}

/* A chain with something wrong in it: all its packets are dropped, each once, and what does not belong to it goes on. */
static void broken_chains(void **state)
{
    struct hand *h = *state;
    struct hsr_tx_meta meta[CHAIN + 1];
    struct held held[CHAIN + 1];
    uint64_t bad = 0;

    for (unsigned what = 0; what < 8; what++) {
        uint32_t n = 4;

        if (what == 6)
            n = CHAIN;
        segments(h, n, what == 6 ? 4100 : PART, held);
        write_chain(h, n, held, meta);
        switch (what) {
        case 0: /* no beginning */
            meta[0].action = HSR_TXA_MERGE;
            meta[0].offload = HSR_TXO_MORE;
            meta[0].gso_type = 0;
            meta[0].gso_size = 0;
            bad += 4;
            break;
        case 1: /* no end */
            meta[3].offload |= HSR_TXO_MORE;
            bad += 4;
            break;
        case 2: /* another packet in between, which leaves; what comes behind it belongs to nothing */
            meta[2] = honest(h, &held[2]);
            bad += 3;
            break;
        case 3: /* one that is refused */
            meta[2].offload |= 0x8000;
            bad += 4;
            break;
        case 4: /* another owner's */
            meta[2].owner++;
            bad += 4;
            break;
        case 5: /* somebody else's payload: two before, one behind */
            meta[2].payload = meta[1].payload;
            bad += 3;
            break;
        case 6: /* more than an IP packet can be: at the last one */
            bad += CHAIN;
            break;
        default: /* the head is of another time */
            meta[0].owner++;
            bad += 3;
        }
        post_chain(h, n, held, meta);
        assert_int_equal(bench_drops(&h->b, "a", HSR_DROP_TX_META_BAD), bad);
        while (bench_pop(&h->b, "b", &in))
            assert_int_equal(what, 2);
        assert_int_equal(merged(h), 0);
    }
    assert_int_equal(bench_drops(&h->b, "a", HSR_DROP_PAYLOAD_GONE), 1);
    assert_int_equal(bench_drops(&h->b, "a", HSR_DROP_STALE_OWNER), 1);
}

/* Longer than a burst of the ring, and longer than a vector. */
static void long_chains(void **state)
{
    struct hand *h = *state;
    struct hsr_tx_meta meta[CHAIN + 1];
    struct held held[CHAIN + 1], lead[60];
    uint32_t entry[60 + CHAIN];
    struct hsr_tx_meta drop = {.action = HSR_TXA_CONSUME, .owner = hsr_view_owner(h->view, 0)};

    /* A chain from entry 60 on, of which the NIC takes 64 at a time. */
    for (uint32_t i = 0; i < 60; i++) {
        fr_tcp(&out, &a_to_b, FR_ACK, 1, 1, 10);
        lead[i] = receive(h);
        memcpy(hsr_slot(h->view, hsr_entry_slot(lead[i].entry)), &drop, sizeof drop);
        entry[i] = lead[i].entry;
    }
    segments(h, CHAIN, PART, held);
    write_chain(h, CHAIN, held, meta);
    for (uint32_t i = 0; i < CHAIN; i++) {
        memcpy(hsr_slot(h->view, hsr_entry_slot(held[i].entry)), &meta[i], sizeof meta[i]);
        entry[60 + i] = held[i].entry;
    }
    assert_true(hsr_ring_push(&h->ring[held[0].worker][HSR_RING_TX], entry, 60 + CHAIN));
    nic_poll(h->b.nic, h->b.now);
    arrives(h, &more);
    /* One packet too many. */
    segments(h, CHAIN, PART, held);
    fr_tcp(&out, &a_to_b, FR_ACK, 1 + CHAIN * PART, 1, PART);
    held[CHAIN] = receive(h);
    write_chain(h, CHAIN + 1, held, meta);
    post_chain(h, CHAIN + 1, held, meta);
    bench_quiet(&h->b);
    assert_int_equal(bench_drops(&h->b, "a", HSR_DROP_TX_META_BAD), CHAIN + 1);
}

/* The firmware dies with payloads in all states. */
static void firmware_gone(void **state)
{
    struct hand *h = *state;
    struct held held = victim(h, 2);
    struct hsr_tx_meta meta = honest(h, &held);

    meta.payload_op = HSR_PAYLOAD_KEEP;
    post(h, held.worker, held.entry, &meta);
    arrives(h, &out);
    victim(h, 2);
    bench_push(&h->b, "a", &out);
    nic_poll(h->b.nic, h->b.now);
    assert_int_equal(gauge(h, HSR_GAUGE_CELLS_USED), 3);
    assert_int_equal(nic_reset(h->b.nic, 2), 0);
    assert_int_equal(gauge(h, HSR_GAUGE_CELLS_USED), 0);
    assert_int_equal(nic_slots_out(h->b.nic), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(joined),
        TEST(partial_sum),
        TEST(late),
        TEST(late_and_dropped),
        TEST(foreign_handles),
        TEST(references),
        TEST(released_before),
        TEST(released_in_one_burst),
        TEST(forgotten),
        TEST(returned),
        TEST(returned_whole),
        TEST(no_cell),
        TEST(merge),
        TEST(broken_chains),
        TEST(long_chains),
        TEST(firmware_gone),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}

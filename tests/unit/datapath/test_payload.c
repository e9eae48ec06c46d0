/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers and payloads apart, the firmware played by hand. What is honest is joined to the byte; what lies about a handle
 * loses its packet under PAYLOAD_GONE, and no cell is lost whatever it does.
 */
#include "hand.h"

#define TIMEOUT HAND_TIMEOUT

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
        held = hand_receive(h);
        assert_int_not_equal(held.meta.payload, 0);
        if (worker == 2 || held.worker == worker)
            return held;
        drop.payload = held.meta.payload;
        memcpy(hsr_slot(h->view, hsr_entry_slot(held.entry)), &drop, sizeof drop);
        assert_true(hsr_ring_push(&h->ring[held.worker][HSR_RING_TX], &held.entry, 1));
        nic_poll(h->b.nic, h->b.now);
    }
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
        uint64_t crossed = hand_gauge(h, HSR_GAUGE_BYTES_TO_FW);
        struct hsr_tx_meta meta;
        struct held held;

        fr_udp(&out, &a_to_b, lengths[i]);
        held = hand_receive(h);
        assert_int_not_equal(held.meta.payload, 0);
        assert_int_equal(held.meta.frame_len, out.len);
        assert_int_equal(held.meta.payload_off, 42);
        assert_int_equal(hand_gauge(h, HSR_GAUGE_BYTES_TO_FW) - crossed, HSR_SLOT_META + 42);
        assert_int_equal(hand_gauge(h, HSR_GAUGE_CELLS_USED), (lengths[i] + 2047) / 2048);
        meta = hand_honest(h, &held);
        if (lengths[i] > 9000) { /* port b takes it as one for the cut */
            meta.offload = HSR_TXO_L4_PARTIAL | HSR_TXO_L4_UDP;
            meta.gso_type = HSR_GSO_USO;
            meta.gso_size = 8000;
        }
        post(h, held.worker, held.entry, &meta);
        assert_int_equal(hand_gauge(h, HSR_GAUGE_CELLS_USED), 0);
        if (lengths[i] > 9000) {
            assert_true(bench_pop(&h->b, "b", &in));
            assert_int_equal(in.vnet.gso_size, 8000);
            assert_int_equal(in.len, out.len);
            assert_memory_equal(in.b + 42, out.b + 42, lengths[i]);
            bench_quiet(&h->b);
        } else {
            hand_arrives(h, &out);
        }
    }
    assert_int_equal(hand_gauge(h, HSR_GAUGE_SLICED), sizeof lengths / sizeof *lengths);
    assert_int_equal(hand_gauge(h, HSR_GAUGE_PAYLOADS_STALE), 0);
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
    held = hand_receive(h);
    assert_true(held.meta.flags & HSR_RXF_LINE1);
    assert_true(held.meta.flags1 & HSR_RX1F_PARTIAL_SUM);
    assert_int_equal(held.meta.partial_sum, fr_fold(fr_sum(0, out.b + 42, 999)));
    meta = hand_honest(h, &held);
    meta.egress_port = bench_index(&h->b, "up"); /* takes no partial checksum */
    meta.offload = HSR_TXO_L4_PARTIAL | HSR_TXO_L4_UDP;
    post(h, held.worker, held.entry, &meta);
    assert_true(bench_pop(&h->b, "up", &in));
    assert_int_equal(in.len, more.len);
    assert_memory_equal(in.b, more.b, more.len);
}

/* Fault 30: Too late is too late, and is no other packet's payload by then. */
static void late(void **state)
{
    struct hand *h = *state;
    struct held first = victim(h, 2), second;
    struct hsr_tx_meta meta = hand_honest(h, &first);

    h->b.now += TIMEOUT;
    nic_poll(h->b.nic, h->b.now);
    assert_int_equal(hand_gauge(h, HSR_GAUGE_CELLS_USED), 1);
    h->b.now++;
    nic_poll(h->b.nic, h->b.now);
    assert_int_equal(hand_gauge(h, HSR_GAUGE_CELLS_USED), 0);
    assert_int_equal(hand_gauge(h, HSR_GAUGE_PAYLOADS_TIMED_OUT), 1);
    second = victim(h, 2); /* has the same cell */
    assert_int_not_equal(second.meta.payload, first.meta.payload);
    post(h, first.worker, first.entry, &meta);
    is_gone(h, "a", 1);
    meta = hand_honest(h, &second);
    post(h, second.worker, second.entry, &meta);
    hand_arrives(h, &out);
}

/* A drop or consumption of what is gone is just that. */
static void late_and_dropped(void **state)
{
    struct hand *h = *state;
    struct held held = victim(h, 2);
    struct hsr_tx_meta meta = hand_honest(h, &held);

    h->b.now += TIMEOUT + 1;
    meta.action = HSR_TXA_DROP;
    meta.drop_reason = HSR_DROP_TTL;
    post(h, held.worker, held.entry, &meta);
    is_gone(h, "a", 0);
    assert_int_equal(bench_drops(&h->b, "a", HSR_DROP_TTL), 1);
    assert_int_equal(hand_gauge(h, HSR_GAUGE_PAYLOADS_STALE), 1);
}

/* Fault 30: Another version, another packet's, another worker's, nobody's. */
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

        meta = hand_honest(h, &held);
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

        meta = hand_honest(h, &held);
        meta.payload += version << 11;
        post(h, held.worker, held.entry, &meta);
        is_gone(h, "a", ++gone);
    }
    /* The other's own is untouched by all that. */
    meta = hand_honest(h, &other);
    post(h, other.worker, other.entry, &meta);
    hand_arrives(h, &kept);
    assert_int_equal(hand_gauge(h, HSR_GAUGE_CELLS_USED), 0);
}

/* KEEP, and references after it: copies of the payload until it is released, in order. */
static void references(void **state)
{
    struct hand *h = *state;
    struct held held = victim(h, 1);
    struct hsr_tx_meta meta = hand_honest(h, &held);
    uint8_t *copy = hsr_slot(h->view, h->view->fw_first + h->view->fw_slots) + HSR_SLOT_FRAME;

    meta.payload_op = HSR_PAYLOAD_KEEP;
    memcpy(copy, out.b, 42);
    for (int i = 0; i < 3; i++) {
        post_own(h, 1, HSR_KIND_ORIGINATE, &meta);
        hand_arrives(h, &out);
    }
    post(h, held.worker, held.entry, &meta);
    hand_arrives(h, &out);
    meta.payload_op = HSR_PAYLOAD_RELEASE;
    post_own(h, 1, HSR_KIND_ORIGINATE, &meta);
    hand_arrives(h, &out);
    assert_int_equal(hand_gauge(h, HSR_GAUGE_CELLS_USED), 0);
    /* Once more than there was. */
    post_own(h, 1, HSR_KIND_ORIGINATE, &meta);
    is_gone(h, "b", 1);
    release(h, 1, meta.payload);
    assert_int_equal(hand_gauge(h, HSR_GAUGE_PAYLOADS_STALE), 2);
}

/* Fault 30: a payload that was let go before. */
static void released_before(void **state)
{
    struct hand *h = *state;
    struct held held = victim(h, 1);
    struct hsr_tx_meta meta = hand_honest(h, &held);

    release(h, 1, meta.payload);
    assert_int_equal(hand_gauge(h, HSR_GAUGE_CELLS_USED), 0);
    post(h, held.worker, held.entry, &meta);
    is_gone(h, "a", 1);
}

/* Both in one burst: what is released is not freed under the frames that refer to it. */
static void released_in_one_burst(void **state)
{
    struct hand *h = *state;
    struct held held = victim(h, 1);
    struct hsr_tx_meta meta = hand_honest(h, &held);
    uint32_t own = h->view->fw_first + h->view->fw_slots;
    uint32_t entry[2] = {held.entry, hsr_entry(own, HSR_KIND_ORIGINATE)};

    memcpy(hsr_slot(h->view, hsr_entry_slot(held.entry)), &meta, sizeof meta);
    memcpy(hsr_slot(h->view, own), &meta, sizeof meta);
    assert_true(hsr_ring_push(&h->ring[1][HSR_RING_TX], entry, 2));
    nic_poll(h->b.nic, h->b.now);
    hand_arrives(h, &out);
    is_gone(h, "b", 1);
    assert_int_equal(hsr_ring_pop(&h->ring[1][HSR_RING_COMPLETION], entry, 1), 1);
}

/* Every way a header can go without a word about its payload. */
static void forgotten(void **state)
{
    struct hand *h = *state;
    struct held held = victim(h, 2);
    struct hsr_tx_meta meta = hand_honest(h, &held);

    assert_true(hsr_ring_push(&h->ring[held.worker][HSR_RING_FREE], &held.entry, 1));
    nic_poll(h->b.nic, h->b.now);
    assert_int_equal(hand_gauge(h, HSR_GAUGE_CELLS_USED), 0);
    held = victim(h, 2);
    meta = hand_honest(h, &held);
    meta.offload = 0x8000;
    post(h, held.worker, held.entry, &meta);
    assert_int_equal(bench_drops(&h->b, "a", HSR_DROP_TX_META_BAD), 1);
    assert_int_equal(hand_gauge(h, HSR_GAUGE_CELLS_USED), 0);
    held = victim(h, 2);
    meta = hand_honest(h, &held);
    meta.owner++;
    post(h, held.worker, held.entry, &meta);
    assert_int_equal(bench_drops(&h->b, "a", HSR_DROP_STALE_OWNER), 1);
    assert_int_equal(hand_gauge(h, HSR_GAUGE_CELLS_USED), 0);
    /* The headers alone: a packet of its own, and the payload goes with time. */
    held = victim(h, 2);
    meta = hand_honest(h, &held);
    meta.payload = 0;
    post(h, held.worker, held.entry, &meta);
    assert_true(bench_pop(&h->b, "b", &in));
    assert_int_equal(in.len, 42);
    assert_int_equal(hand_gauge(h, HSR_GAUGE_CELLS_USED), 1);
    /* Kept, and then nothing. */
    held = victim(h, 2);
    meta = hand_honest(h, &held);
    meta.payload_op = HSR_PAYLOAD_KEEP;
    post(h, held.worker, held.entry, &meta);
    hand_arrives(h, &out);
    assert_int_equal(hand_gauge(h, HSR_GAUGE_CELLS_USED), 2);
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
    held = hand_receive(h);
    assert_int_not_equal(held.meta.payload, 0);
    assert_int_equal(nic_rule_create(h->b.nic, &drop, 1, false, &rule), 0);
    meta = hand_honest(h, &held);
    meta.action = HSR_TXA_RETURN;
    meta.drop_reason = HSR_RETURN_NEIGHBOR;
    meta.offload = HSR_TXO_L4_PARTIAL;
    meta.gso_type = held.meta.gso_type;
    meta.gso_size = held.meta.gso_size;
    post(h, held.worker, held.entry, &meta);
    assert_int_equal(hand_gauge(h, HSR_GAUGE_CELLS_USED), 0);
    assert_true(hand_take(h, &again));
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
    assert_false(hand_take(h, &again));
}

/* A whole packet may be asked for again as well; its slot's next packet is none that was returned. */
static void returned_whole(void **state)
{
    struct hand *h = *state;
    struct hsr_tx_meta meta;
    struct held held;

    for (int i = 0; i < 3; i++) {
        fr_udp(&out, &a_to_b, 20);
        held = hand_receive(h);
        assert_int_equal(held.meta.payload, 0);
        meta = hand_honest(h, &held);
        meta.action = HSR_TXA_RETURN;
        meta.drop_reason = HSR_RETURN_L7;
        post(h, held.worker, held.entry, &meta);
        assert_true(hand_take(h, &held));
        assert_int_equal(held.meta.partial_sum, HSR_RETURN_L7);
        meta = hand_honest(h, &held);
        post(h, held.worker, held.entry, &meta);
        hand_arrives(h, &out);
    }
}

/* No credit for cells, all of which one port does not get: the packet is handed over whole. */
static void no_cell(void **state)
{
    struct hand *h = *state;
    uint32_t kept = 0;
    struct hsr_tx_meta meta;
    struct held held;

    for (;;) {
        fr_udp(&out, &a_to_b, 8900);
        held = hand_receive(h);
        meta = hand_honest(h, &held);
        if (held.meta.payload == 0)
            break;
        kept += 5;
        meta.action = HSR_TXA_CONSUME;
        meta.payload_op = HSR_PAYLOAD_KEEP;
        post(h, held.worker, held.entry, &meta);
    }
    assert_in_range(kept, HSR_CELLS / 3, HSR_CELLS / 2);
    assert_int_equal(hand_gauge(h, HSR_GAUGE_CELLS_HIGH), kept);
    assert_int_equal(hand_gauge(h, HSR_GAUGE_NOT_SLICED), 1);
    post(h, held.worker, held.entry, &meta);
    hand_arrives(h, &out);
}

/* The firmware dies with payloads in all states. */
static void firmware_gone(void **state)
{
    struct hand *h = *state;
    struct held held = victim(h, 2);
    struct hsr_tx_meta meta = hand_honest(h, &held);

    meta.payload_op = HSR_PAYLOAD_KEEP;
    post(h, held.worker, held.entry, &meta);
    hand_arrives(h, &out);
    victim(h, 2);
    bench_push(&h->b, "a", &out);
    nic_poll(h->b.nic, h->b.now);
    assert_int_equal(hand_gauge(h, HSR_GAUGE_CELLS_USED), 3);
    assert_int_equal(nic_reset(h->b.nic, 2), 0);
    assert_int_equal(hand_gauge(h, HSR_GAUGE_CELLS_USED), 0);
    assert_int_equal(nic_slots_out(h->b.nic), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, hand_setup, hand_teardown)
    const struct CMUnitTest tests[] = {
        TEST(joined),           TEST(partial_sum),           TEST(late),
        TEST(late_and_dropped), TEST(foreign_handles),       TEST(references),
        TEST(released_before),  TEST(released_in_one_burst), TEST(forgotten),
        TEST(returned),         TEST(returned_whole),        TEST(no_cell),
        TEST(firmware_gone),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}

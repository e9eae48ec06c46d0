/* SPDX-License-Identifier: Apache-2.0 */
/* Chains of packets that leave as one, the firmware played by hand: honest ones to the byte, and what is wrong with others. */
#include "hand.h"

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
        held[i] = hand_receive(h);
    }
    fr_tcp_with(&more, &a_to_b, FR_ACK, 1, 1, data, n * len);
    fr_partial(&more, (uint16_t)len);
}

/* The chain as an honest firmware writes it: headers of the whole in front of the first, bytes of the others behind. */
static void write_chain(struct hand *h, uint32_t n, const struct held held[],
                        struct hsr_tx_meta meta[])
{
    for (uint32_t i = 0; i < n; i++) {
        meta[i] = hand_honest(h, &held[i]);
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
        assert_int_equal(hand_gauge(h, HSR_GAUGE_CELLS_USED), 0);
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
            meta[2] = hand_honest(h, &held[2]);
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
        lead[i] = hand_receive(h);
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
    hand_arrives(h, &more);
    /* One packet too many. */
    segments(h, CHAIN, PART, held);
    fr_tcp(&out, &a_to_b, FR_ACK, 1 + CHAIN * PART, 1, PART);
    held[CHAIN] = hand_receive(h);
    write_chain(h, CHAIN + 1, held, meta);
    post_chain(h, CHAIN + 1, held, meta);
    bench_quiet(&h->b);
    assert_int_equal(bench_drops(&h->b, "a", HSR_DROP_TX_META_BAD), CHAIN + 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, hand_setup, hand_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(merge),
        TEST(broken_chains),
        TEST(long_chains),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

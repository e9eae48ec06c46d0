/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A firmware that means harm: worker 1 is played by hand and writes what it likes into its slots and rings. The NIC
 * counts and drops, keeps its own books, and worker 0 goes on.
 */
#include "hsring/ring.h"
#include "seen.h"
#include "topology.h"

#define TWO_WORKERS             \
    TOP_OPTIONS(", workers: 2") \
    TOP_NET TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("") TOP_B("") TOP_C("open") TOP_V TOP_R

struct hostile {
    struct bench b;
    const struct hsr_view *view;
    struct hsr_ring ring[HSR_RING_KINDS]; /* worker 1's, the firmware's side */
};

static int setup(void **state)
{
    static struct hostile h;

    memset(&h, 0, sizeof h);
    bench_open(&h.b, &(struct bench_config){.may_be_broken = true, .may_leave_frames = true},
               TWO_WORKERS);
    h.view = &nic_region(h.b.nic)->view;
    for (int k = 0; k < HSR_RING_KINDS; k++)
        hsr_view_ring(h.view, 1, (enum hsr_ring_kind)k, &h.ring[k], -1);
    *state = &h;
    return 0;
}

static int teardown(void **state)
{
    struct hostile *h = *state;

    bench_close(&h->b);
    return 0;
}

static void turn(struct hostile *h)
{
    nic_poll(h->b.nic, h->b.now);
    dp_poll(fw_worker(h->b.fw, 0));
    nic_poll(h->b.nic, h->b.now);
}

/* Until one packet is with worker 1; its entry. Others go their honest way. */
static uint32_t victim(struct hostile *h, const char *port, uint16_t *sport)
{
    struct fr_flow f = a_to_b;
    uint32_t entry;

    for (;;) {
        f.sport = ++*sport;
        fr_udp(&out, &f, 60);
        bench_push(&h->b, port, &out);
        turn(h);
        if (hsr_ring_pop(&h->ring[HSR_RING_RX], &entry, 1) == 1)
            return entry;
    }
}

/* A flow of worker 0 still passes, from port to port. */
static void others_go_on(struct hostile *h, uint16_t *sport)
{
    struct fr_flow f = a_to_b;

    for (unsigned i = 0; i < 64; i++) {
        f.sport = ++*sport;
        fr_udp(&out, &f, 60);
        bench_push(&h->b, "a", &out);
        turn(h);
        while (bench_pop(&h->b, "b", &in))
            if (fr_get16(in.b + 34) == f.sport)
                return;
    }
    fail_msg("worker 0 sends no more");
}

/* The NIC's two stages must add up whatever the firmware does. */
static void books_are_right(struct hostile *h)
{
    fw_sync(h->b.fw);
    for (uint16_t p = 0; p < HSR_MAX_PORTS; p++) {
        struct fw_balance b = fw_balance(h->b.fw, p);

        if (b.pre != 0 || b.post != 0)
            fail_msg("port %u: pre %d post %d", p, (int)b.pre, (int)b.post);
    }
}

static const struct field {
    unsigned at, size;
} field[] = {
#define F(name)                                                                   \
    {                                                                             \
        offsetof(struct hsr_tx_meta, name), sizeof((struct hsr_tx_meta *)0)->name \
    }
    F(egress_port),  F(egress_queue), F(action),      F(frame_off), F(mtu),    F(frame_len),
    F(payload),      F(payload_op),   F(drop_reason), F(offload),   F(l3_off), F(l4_off),
    F(outer_l3_off), F(outer_l4_off), F(gso_size),    F(gso_type),  F(fit_op), F(hash),
    F(flow_id),      F(fit_named),    F(owner),       F(rx_seq),
#undef F
};

static uint64_t random64(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    return *seed ^= *seed << 17;
}

static uint64_t value(unsigned which, uint64_t *seed)
{
    switch (which) {
    case 0:
        return 0;
    case 1:
        return 1;
    case 2:
        return UINT64_MAX;
    case 3:
        return UINT64_MAX - 1;
    default:
        return random64(seed);
    }
}

#define VALUES 8

static struct hsr_tx_meta honest_meta(const struct hostile *h)
{
    return (struct hsr_tx_meta){.egress_port = bench_index(&h->b, "b"),
                                .action = HSR_TXA_TRANSMIT,
                                .frame_off = HSR_SLOT_FRAME,
                                .frame_len = 102,
                                .l3_off = 14,
                                .l4_off = 34,
                                .owner = hsr_view_owner(h->view, 0)};
}

static void post(struct hostile *h, uint32_t entry, const struct hsr_tx_meta *meta)
{
    if (meta != NULL)
        memcpy(hsr_slot(h->view, hsr_entry_slot(entry)), meta, sizeof *meta);
    assert_true(hsr_ring_push(&h->ring[HSR_RING_TX], &entry, 1));
    nic_poll(h->b.nic, h->b.now);
}

/* Every field of the metadata, with and without work asked of the Post-Processor, from every kind of slot. */
static void fields(void **state)
{
    static const uint16_t offload[] = {0,
                                       HSR_TXO_L4_PARTIAL | HSR_TXO_L4_UDP,
                                       HSR_TXO_ENCAP | HSR_TXO_OUTER_L3_CSUM |
                                           HSR_TXO_OUTER_L4_CSUM,
                                       HSR_TXO_L3_CSUM | HSR_TXO_L4_PARTIAL,
                                       HSR_TXO_FRAGMENT,
                                       HSR_TXO_L4_PARTIAL | HSR_TXO_L4_UDP};
    static const uint8_t gso[] = {0, 0, 0, HSR_GSO_TCP4, 0, HSR_GSO_UFO};
    struct hostile *h = *state;
    uint16_t sport = 1;
    uint64_t seed = 88172645463325252u;
    uint32_t quota = h->view->fw_first + h->view->fw_slots;

    for (unsigned f = 0; f < sizeof field / sizeof field[0]; f++) {
        for (unsigned v = 0; v < VALUES; v++) {
            for (unsigned o = 0; o < sizeof offload / sizeof offload[0]; o++) {
                for (uint32_t kind = 0; kind < 3; kind++) {
                    struct hsr_tx_meta meta = honest_meta(h);
                    uint64_t bits = value(v, &seed);
                    uint32_t entry;

                    meta.offload = offload[o];
                    meta.mtu = offload[o] & HSR_TXO_FRAGMENT ? 68 : 0;
                    meta.gso_type = gso[o];
                    meta.gso_size = gso[o] == 0 ? 0 : gso[o] == HSR_GSO_UFO ? 32 : 500;
                    meta.outer_l4_off = 14;
                    memcpy((uint8_t *)&meta + field[f].at, &bits, field[f].size);
                    if (kind == HSR_KIND_PACKET)
                        entry = victim(h, "a", &sport);
                    else
                        entry = hsr_entry(quota + (f + v) % h->view->fw_slots, (enum hsr_kind)kind);
                    post(h, entry, &meta);
                    while (hsr_ring_pop(&h->ring[HSR_RING_COMPLETION], &entry, 1) == 1)
                        continue;
                    while (bench_pop(&h->b, "b", &in))
                        continue;
                }
            }
        }
    }
    books_are_right(h);
    assert_int_equal(nic_faults(h->b.nic).bad_entry, 0);
    assert_int_equal(nic_slots_out(h->b.nic), 0);
    others_go_on(h, &sport);
}

/* Fault 33: Entries that are not the worker's to give. */
static void entries(void **state)
{
    struct hostile *h = *state;
    uint16_t sport = 1;
    uint32_t mine = victim(h, "a", &sport), slots = h->view->slots, bad = 0;
    uint32_t quota0 = h->view->fw_first, quota1 = quota0 + h->view->fw_slots;
    struct hsr_tx_meta drop = {.action = HSR_TXA_DROP,
                               .drop_reason = HSR_DROP_NO_ROUTE,
                               .owner = hsr_view_owner(h->view, 0)};
    const uint32_t entry[] = {
        hsr_entry(slots, HSR_KIND_PACKET),
        hsr_entry(slots - 1, HSR_KIND_PACKET),
        hsr_entry((1u << HSR_ENTRY_SLOT_BITS) - 1, HSR_KIND_PACKET),
        hsr_entry((1u << HSR_ENTRY_SLOT_BITS) - 1, HSR_KIND_ORIGINATE),
        0xFFFFFFFF,
        hsr_entry(hsr_entry_slot(mine), (enum hsr_kind)3),
        hsr_entry(hsr_entry_slot(mine), HSR_KIND_CTRL),
        hsr_entry(hsr_entry_slot(mine), HSR_KIND_ORIGINATE),
        hsr_entry(quota1, HSR_KIND_PACKET), /* own quota as a packet */
        hsr_entry(quota0, HSR_KIND_CTRL),   /* the other worker's quota */
        hsr_entry(quota0, HSR_KIND_ORIGINATE),
        hsr_entry(h->view->classes[1].first, HSR_KIND_PACKET),     /* free */
        hsr_entry(h->view->classes[1].first + 1, HSR_KIND_PACKET), /* inside a run */
    };

    for (unsigned i = 0; i < sizeof entry / sizeof entry[0]; i++) {
        post(h, entry[i], NULL);
        assert_int_equal(nic_faults(h->b.nic).bad_entry, ++bad);
        if (hsr_entry_slot(entry[i]) == hsr_entry_slot(mine))
            continue; /* the ring of free slots goes by the slot alone */
        assert_true(hsr_ring_push(&h->ring[HSR_RING_FREE], &entry[i], 1));
        nic_poll(h->b.nic, h->b.now);
        assert_int_equal(nic_faults(h->b.nic).bad_entry, ++bad);
    }
    /* Twice, by either ring. */
    post(h, mine, &drop);
    assert_int_equal(nic_faults(h->b.nic).bad_entry, bad);
    assert_int_equal(bench_drops(&h->b, "a", HSR_DROP_NO_ROUTE), 1);
    post(h, mine, &drop);
    assert_true(hsr_ring_push(&h->ring[HSR_RING_FREE], &mine, 1));
    nic_poll(h->b.nic, h->b.now);
    assert_int_equal(nic_faults(h->b.nic).bad_entry, bad + 2);
    /* Given back without a word: consumed. */
    mine = victim(h, "a", &sport);
    assert_true(hsr_ring_push(&h->ring[HSR_RING_FREE], &mine, 1));
    nic_poll(h->b.nic, h->b.now);
    assert_int_equal(nic_faults(h->b.nic).bad_entry, bad + 2);
    books_are_right(h);
    assert_int_equal(nic_slots_out(h->b.nic), 0);
    others_go_on(h, &sport);
}

/* A stamp of another epoch is not sent. */
static void stale_owner(void **state)
{
    struct hostile *h = *state;
    struct hsr_tx_meta meta = honest_meta(h);
    uint16_t sport = 1;

    meta.owner++;
    post(h, victim(h, "a", &sport), &meta);
    assert_int_equal(bench_drops(&h->b, "a", HSR_DROP_STALE_OWNER), 1);
    books_are_right(h);
    seen_note_of_nic(h->view->stats);
}

/* Fault 29: Metadata outside their contract lose their packet, and that alone. */
static void outside_the_contract(void **state)
{
    struct hostile *h = *state;
    struct hsr_tx_meta meta = honest_meta(h);
    uint16_t sport = 1;

    meta.frame_len = HSR_SLOT_SIZE;
    post(h, victim(h, "a", &sport), &meta);
    meta = honest_meta(h);
    meta.egress_port = HSR_MAX_PORTS;
    post(h, victim(h, "a", &sport), &meta);
    assert_int_equal(bench_drops(&h->b, "a", HSR_DROP_TX_META_BAD), 2);
    books_are_right(h);
    seen_note_of_nic(h->view->stats);
}

/* Fault 32: Indices that no honest side can have written put the ring out of use, and nothing else. */
static void indices(void **state)
{
    static const uint32_t jump[] = {1u << 31, 0xFFFFFF00, 4097 * 3, 0x7FFFFFFF};
    struct hostile *h = *state;

    for (int kind = 0; kind < HSR_RING_KINDS; kind++) {
        for (unsigned j = 0; j < sizeof jump / sizeof jump[0]; j++) {
            bool consumer = kind == HSR_RING_RX || kind == HSR_RING_COMPLETION;
            struct hsr_ring *r = &h->ring[kind];
            uint64_t before = nic_faults(h->b.nic).corrupt_rings;
            uint16_t sport = (uint16_t)(1000 * (j + 1));
            struct fr_flow f = a_to_b;

            atomic_store(consumer ? r->shared.cons : r->shared.prod, r->own + jump[j]);
            for (unsigned i = 0; i < 64;
                 i++) { /* something for either worker, and for the completion ring */
                struct hsr_tx_meta ctrl = {.owner = hsr_view_owner(h->view, 0)};
                uint32_t slot = h->view->fw_first + h->view->fw_slots + i;
                uint32_t entry = hsr_entry(slot, HSR_KIND_CTRL);

                f.sport = ++sport;
                fr_udp(&out, &f, 20);
                bench_push(&h->b, "a", &out);
                if (kind == HSR_RING_COMPLETION) {
                    memcpy(hsr_slot(h->view, slot), &ctrl, sizeof ctrl);
                    assert_true(hsr_ring_push(&h->ring[HSR_RING_TX], &entry, 1));
                }
                turn(h);
            }
            others_go_on(h, &sport);
            books_are_right(h);
            /* The NIC asks a ring for room only when what it saw last does not do. */
            if (kind != HSR_RING_COMPLETION)
                assert_int_equal(nic_faults(h->b.nic).corrupt_rings, before + 1);
            assert_false(dp_corrupt(fw_worker(h->b.fw, 0)));
            /* Another firmware comes: all is as new. */
            void *again = h;

            teardown(&again);
            setup(state);
            h = *state;
        }
    }
}

/* Fault 50: A worker that takes nothing: its packets are dropped once its ring is full, or wait; the slots come home at a reset. */
static void gone_without_a_word(void **state)
{
    struct hostile *h = *state;
    uint16_t sport = 1;

    for (unsigned i = 0; i < 40; i++)
        victim(h, "a", &sport);
    assert_true(nic_slots_out(h->b.nic) >= 40);
    assert_int_equal(nic_reset(h->b.nic, 2), 0);
    assert_int_equal(nic_slots_out(h->b.nic), 0);
    assert_int_equal(bench_drops(&h->b, "a", HSR_DROP_FW_GONE), 40);
    books_are_right(h);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fields),      TEST(entries),
        TEST(stale_owner), TEST(outside_the_contract),
        TEST(indices),     TEST(gone_without_a_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

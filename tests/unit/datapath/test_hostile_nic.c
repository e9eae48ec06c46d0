/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A NIC that means harm: the test writes metadata, entries and indices between NIC and firmware. The firmware drops and
 * counts; it neither crashes, nor gives a slot out twice, nor loses count of what it was given.
 */
#include "hsring/ring.h"
#include "internal.h"
#include "nic_internal.h"
#include "topology.h"

struct hostile {
    struct bench b;
    const struct hsr_view *view;
};

static int setup(void **state)
{
    static struct hostile h;

    memset(&h, 0, sizeof h);
    bench_open(&h.b, &(struct bench_config){.may_be_broken = true, .may_leave_frames = true},
               TOP_ALL);
    h.view = &nic_region(h.b.nic)->view;
    *state = &h;
    return 0;
}

static int teardown(void **state)
{
    struct hostile *h = *state;

    bench_close(&h->b);
    return 0;
}

static struct dp_worker *worker(struct hostile *h)
{
    return fw_worker(h->b.fw, 0);
}

/* What came in and what went out of the firmware, over all ports. */
static void books_are_right(struct hostile *h)
{
    const struct dp_ledger *l = dp_ledger(worker(h));
    uint64_t in_sum = 0, out_sum = 0;

    for (unsigned p = 0; p < HSR_MAX_PORTS; p++) {
        assert_int_equal(l[p].rx + l[p].originated,
                         l[p].tx + l[p].consumed + l[p].drops + l[p].held);
        in_sum += l[p].rx;
        out_sum += l[p].tx;
    }
    assert_true(in_sum > 0 && out_sum > 0);
}

static const struct field {
    unsigned at, size;
} field[] = {
#define F(name)                                                                   \
    {                                                                             \
        offsetof(struct hsr_rx_meta, name), sizeof((struct hsr_rx_meta *)0)->name \
    }
    F(flow_id),  F(hash),        F(key_addrs),  F(key_ports),  F(frame_len),  F(ingress),
    F(class),    F(flags),       F(l2_off),     F(l3_off),     F(l4_off),     F(payload_off),
    F(verdicts), F(reason),      F(vec_len),    F(tcp_flags),  F(rx_seq),     F(owner),
    F(payload),  F(key6),        F(vni_tunnel), F(outer_src4), F(csum_start), F(csum_offset),
    F(gso_size), F(gso_type),    F(flags1),     F(frag_id),    F(timestamp),  F(packet_id),
    F(vlan_tci), F(partial_sum),
#undef F
};

static uint64_t random64(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    return *seed ^= *seed << 17;
}

/* One packet of each shape. */
static const char *shape(unsigned which)
{
    struct fr_flow back = fr_back(&a_to_9), six = {.smac = MAC_A,
                                                   .dmac = GW,
                                                   .src = "fd00:1::5",
                                                   .dst = "fd00:2::5",
                                                   .sport = 7,
                                                   .dport = 8};
    static struct fr quoted;

    switch (which) {
    case 0:
        fr_udp(&out, &a_to_b, 60);
        return "a";
    case 1:
        fr_tcp(&out, &a_to_c, FR_SYN, 1, 0, 0);
        return "a";
    case 2:
        fr_udp(&out, &back, 60);
        from_host2(&out, 100);
        return "up";
    case 3:
        fr_udp(&out, &six, 60);
        return "a";
    case 4:
        fr_arp(&out, 1, MAC_A, "10.1.0.5", 0, "10.1.0.254");
        return "a";
    case 5:
        six.dst = "ff02::1:ff00:6";
        six.dmac = 0x3333FF000006;
        fr_solicit(&out, &six, "fd00:1::6");
        return "a";
    case 6:
        fr_echo(
            &out,
            &(struct fr_flow){.smac = MAC_A, .dmac = GW, .src = "10.1.0.5", .dst = "10.1.0.254"}, 8,
            1);
        return "a";
    case 7:
        fr_udp(&quoted, &a_to_b, 60);
        back = fr_back(&a_to_b);
        fr_error(&out, &back, 3, 3, &quoted, 100);
        return "b";
    default:
        fr_udp(&out, &a_to_9, 600);
        fr_partial(&out, 0);
        return "a";
    }
}

#define SHAPES 9
#define VALUES 10

static uint64_t value(unsigned which, uint64_t *seed)
{
    static const uint64_t fixed[] = {0, 1, UINT64_MAX, UINT64_MAX - 1, 1856, 1855, 1844};

    return which < 7 ? fixed[which] : random64(seed);
}

static void drain(struct hostile *h)
{
    for (uint32_t i = 0; i < h->b.names; i++)
        while (bench_pop(&h->b, h->b.port[i].name, &in))
            continue;
}

/* Faults 27, 29, 31: Spoil one field (or `two` of them) of a packet that waits in the firmware's ring. */
static void fields(void **state)
{
    struct hostile *h = *state;
    const unsigned n = sizeof field / sizeof field[0];
    uint64_t seed = 88172645463325252u;

    for (unsigned s = 0; s < SHAPES; s++) {
        for (unsigned f = 0; f < n; f++) {
            for (unsigned v = 0; v < VALUES; v++) {
                uint64_t bits = value(v, &seed),
                         more_bits = value((unsigned)(random64(&seed) % VALUES), &seed);
                unsigned second = v < 7 ? f : (unsigned)(random64(&seed) % n);
                uint32_t entry;

                bench_push(&h->b, shape(s), &out);
                nic_poll(h->b.nic, h->b.now);
                entry = worker(h)->rx.shared.entries[worker(h)->rx.own & worker(h)->rx.mask];
                uint8_t *meta = hsr_slot(h->view, hsr_entry_slot(entry));

                for (unsigned i = 0; i < field[f].size; i++)
                    meta[field[f].at + i] = (uint8_t)(bits >> (8 * (i % 8)));
                if (second != f)
                    for (unsigned i = 0; i < field[second].size; i++)
                        meta[field[second].at + i] = (uint8_t)(more_bits >> (8 * (i % 8)));
                bench_run(&h->b);
                drain(h);
            }
        }
    }
    books_are_right(h);
    assert_int_equal(nic_faults(h->b.nic).bad_entry, 0);
    assert_int_equal(nic_slots_out(h->b.nic), 0);
    assert_false(dp_corrupt(worker(h)));
}

/* Faults 29, 34: Whole lines of noise, and offsets that are plausible one by one. */
static void noise(void **state)
{
    struct hostile *h = *state;
    uint64_t seed = 362436069;

    for (unsigned round = 0; round < 20000; round++) {
        uint32_t entry;

        bench_push(&h->b, shape(round % SHAPES), &out);
        nic_poll(h->b.nic, h->b.now);
        entry = worker(h)->rx.shared.entries[worker(h)->rx.own & worker(h)->rx.mask];
        struct hsr_rx_meta *m =
            (struct hsr_rx_meta *)(void *)hsr_slot(h->view, hsr_entry_slot(entry));

        m->frame_len = (uint32_t)(random64(&seed) % (HSR_SLOT_SIZE - HSR_SLOT_FRAME + 1));
        m->payload_off = (uint16_t)(random64(&seed) % (m->frame_len + 1));
        m->l4_off = (uint16_t)(random64(&seed) % (m->payload_off + 1u));
        m->l3_off = (uint16_t)(random64(&seed) % (m->l4_off + 1u));
        m->l2_off = 0;
        if (m->flags & HSR_RXF_DECAP)
            m->l2_off = (uint16_t)(random64(&seed) % (m->l3_off + 1u));
        m->class = (uint8_t)(random64(&seed) % (HSR_CLASS_NON_IP + 1));
        bench_run(&h->b);
        drain(h);
    }
    books_are_right(h);
    assert_int_equal(nic_slots_out(h->b.nic), 0);
}

/* Headers that do not fit between the offsets are not written to, of a known session out of a tunnel either. */
static void offsets_out_of_a_tunnel(void **state)
{
    enum { L2 = 50 };
    static const struct {
        uint16_t l2, l3, l4;
        bool good;
    } at[] = {{L2, L2 + 14, L2 + 34, true},      {L2, L2 + 13, L2 + 34, false},
              {L2 + 1, L2 + 14, L2 + 34, false}, {L2, L2 + 15, L2 + 34, false},
              {L2, L2 + 14, L2 + 33, false},     {L2, L2 + 14, L2 + 43, false}};
    struct hostile *h = *state;
    struct fr_flow back = fr_back(&a_to_9);
    uint64_t bad = 0;

    fr_udp(&out, &a_to_9, 60);
    bench_passes(&h->b, "a", &out, "up", &in);
    for (unsigned i = 0; i < 2 * sizeof at / sizeof at[0];
         i++) { /* the second time by its flow id */
        unsigned which = i % (sizeof at / sizeof at[0]);

        fr_udp(&out, &back, 60);
        from_host2(&out, 100);
        bench_push(&h->b, "up", &out);
        nic_poll(h->b.nic, h->b.now);
        uint32_t entry = worker(h)->rx.shared.entries[worker(h)->rx.own & worker(h)->rx.mask];
        struct hsr_rx_meta *m =
            (struct hsr_rx_meta *)(void *)hsr_slot(h->view, hsr_entry_slot(entry));

        assert_int_equal(m->l2_off, L2);
        m->l2_off = at[which].l2;
        m->l3_off = at[which].l3;
        m->l4_off = at[which].l4;
        bench_run(&h->b);
        assert_int_equal(bench_pop(&h->b, "a", &in), at[which].good);
        bad += !at[which].good;
        assert_int_equal(bench_drops(&h->b, "up", HSR_DROP_META_BAD), bad);
    }
    books_are_right(h);
}

/* An advertisement is longer than its solicitation: one that ends where its slot does is not answered. */
static void solicited_at_the_end_of_a_slot(void **state)
{
    enum { SPACE = HSR_SLOT_SIZE - HSR_SLOT_FRAME, PACKET = 40 + 24, AT = SPACE - PACKET };
    struct hostile *h = *state;

    bench_push(&h->b, shape(5), &out);
    nic_poll(h->b.nic, h->b.now);
    uint32_t entry = worker(h)->rx.shared.entries[worker(h)->rx.own & worker(h)->rx.mask];
    uint8_t *slot = hsr_slot(h->view, hsr_entry_slot(entry));
    struct hsr_rx_meta *m = (struct hsr_rx_meta *)(void *)slot;

    memmove(slot + HSR_SLOT_FRAME + AT, slot + HSR_SLOT_FRAME + m->l3_off, PACKET);
    m->frame_len = SPACE;
    m->l3_off = AT;
    m->l4_off = AT + 40;
    m->payload_off = SPACE - 16;
    bench_run(&h->b);
    bench_quiet(&h->b);
    assert_int_equal(bench_drops(&h->b, "a", HSR_DROP_ND_BAD), 1);
}

/* Fault 33: Entries that name nothing of ours are counted, and the rest is done. */
static void entries(void **state)
{
    struct hostile *h = *state;
    struct hsr_ring *rx = &worker(h)->rx, *completion = &worker(h)->completion;
    const uint32_t bad[] = {h->view->slots,
                            0xFFFFFF,
                            0xFFFFFFFF,
                            hsr_entry(0, HSR_KIND_CTRL),
                            hsr_entry(0, HSR_KIND_ORIGINATE),
                            h->view->classes[1].first + 1};
    uint32_t free_slots = worker(h)->fw_slots;

    fr_udp(&out, &a_to_b, 10);
    bench_passes(&h->b, "a", &out, "b", &in);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint32_t prod = atomic_load(rx->shared.prod);

        rx->shared.entries[prod & rx->mask] = bad[i];
        atomic_store(rx->shared.prod, prod + 1);
        dp_poll(worker(h));
        assert_int_equal(bench_counters(&h->b).bad_entry, i + 1);
    }
    /* Completions of slots that are not out, of others, of none. */
    for (unsigned i = 0; i < 3; i++) {
        uint32_t prod = atomic_load(completion->shared.prod);
        const uint32_t slot[] = {h->view->fw_first, 0, 0xFFFFFF};

        completion->shared.entries[prod & completion->mask] = hsr_entry(slot[i], HSR_KIND_CTRL);
        atomic_store(completion->shared.prod, prod + 1);
        dp_poll(worker(h));
        assert_int_equal(bench_counters(&h->b).bad_entry, 7 + i);
    }
    assert_int_equal(worker(h)->fw_slots, free_slots);
}

/* Fault 34: A slot that is out and is completed twice comes back once. */
static void completed_twice(void **state)
{
    struct hostile *h = *state;
    struct hsr_ring *completion = &worker(h)->completion;
    struct fr_flow f = {
        .smac = MAC_A, .dmac = GW, .src = "10.1.0.5", .dst = "10.4.0.1", .sport = 5, .dport = 6};
    uint32_t free_slots = worker(h)->fw_slots, slot = worker(h)->fw_slot[free_slots - 1];

    fr_udp(&out, &f, 10); /* has the neighbour asked for */
    bench_push(&h->b, "a", &out);
    nic_poll(h->b.nic, h->b.now);
    dp_poll(worker(h));
    assert_int_equal(worker(h)->fw_slots, free_slots - 1);
    for (unsigned i = 0; i < 2; i++) {
        uint32_t prod = atomic_load(completion->shared.prod);

        completion->shared.entries[prod & completion->mask] = hsr_entry(slot, HSR_KIND_ORIGINATE);
        atomic_store(completion->shared.prod, prod + 1);
        dp_poll(worker(h));
        assert_int_equal(worker(h)->fw_slots, free_slots);
    }
    assert_int_equal(bench_counters(&h->b).bad_entry, 1);
}

/* ---- entries that come twice ---- */

/* The newest entry that the NIC has written. */
static uint32_t newest(struct hostile *h)
{
    struct hsr_ring *rx = &worker(h)->rx;

    return rx->shared.entries[(atomic_load(rx->shared.prod) - 1) & rx->mask];
}

/* As the NIC does, which goes on behind it. */
static void put_entry(struct hostile *h, uint32_t entry)
{
    assert_true(hsr_ring_push(&h->b.nic->ring[0][HSR_RING_RX], &entry, 1));
}

/* `out` from a, whose entry comes twice in a burst, and again behind it. It waits, once, and its slot is not given back. */
static void waits_once(struct hostile *h)
{
    uint64_t bad = bench_counters(&h->b).bad_entry;
    uint32_t entry;

    bench_push(&h->b, "a", &out);
    nic_poll(h->b.nic, h->b.now);
    entry = newest(h);
    put_entry(h, entry);
    for (unsigned i = 0; i < 3; i++) {
        bench_run(&h->b);
        assert_int_equal(bench_counters(&h->b).bad_entry, bad + i + 1);
        assert_int_equal(nic_faults(h->b.nic).bad_entry, 0);
        assert_int_equal(bench_held(&h->b), 1);
        assert_int_equal(nic_slots_out(h->b.nic), 1);
        if (i < 2)
            put_entry(h, entry);
    }
}

static void nothing_is_left(struct hostile *h)
{
    assert_int_equal(bench_held(&h->b), 0);
    assert_int_equal(nic_slots_out(h->b.nic), 0);
    assert_int_equal(worker(h)->shared->holding->n, 0);
    assert_int_equal(nic_faults(h->b.nic).bad_entry, 0);
    books_are_right(h);
}

static void cut(struct fr *o, uint32_t size, uint32_t i)
{
    static struct fr whole;

    fr_udp(&whole, &a_to_c, 2 * size - 8);
    fr_fragment(o, &whole, 7, i * size, size, i == 0);
}

/* Fault 34: A fragment that waits for the first one, and is sent as it came. */
static void waiting_fragment_doubled(void **state)
{
    struct hostile *h = *state;

    cut(&out, 400, 1);
    waits_once(h);
    cut(&out, 400, 0);
    bench_push(&h->b, "a", &out);
    bench_run(&h->b);
    for (uint32_t i = 0; i < 2; i++) {
        assert_true(bench_pop(&h->b, "c", &in));
        cut(&more, 400, i);
        expect_like(&in, &more, MAC_C, GW2, 1);
    }
    assert_false(bench_pop(&h->b, "c", &in));
    nothing_is_left(h);
}

/* Fault 34: One in a run of slots, until its time is up. */
static void waiting_large_fragment_doubled(void **state)
{
    struct hostile *h = *state;

    fr_udp(&out, &a_to_b, 10); /* for the books */
    bench_passes(&h->b, "a", &out, "b", &in);
    cut(&out, 4000, 1);
    waits_once(h);
    bench_sleep(&h->b, UINT64_C(1100000000));
    assert_int_equal(bench_drops(&h->b, "a", HSR_DROP_FRAGMENT), 1);
    nothing_is_left(h);
}

/* Fault 34: The last one of a datagram, of which nothing is known any more when its entry comes again: it begins no other one. */
static void last_fragment_doubled(void **state)
{
    struct hostile *h = *state;

    cut(&out, 400, 0);
    bench_push(&h->b, "a", &out);
    bench_run(&h->b);
    cut(&out, 400, 1);
    bench_push(&h->b, "a", &out);
    nic_poll(h->b.nic, h->b.now);
    put_entry(h, newest(h));
    bench_run(&h->b);
    assert_int_equal(bench_counters(&h->b).bad_entry, 1);
    assert_true(bench_pop(&h->b, "c", &in) && bench_pop(&h->b, "c", &in));
    assert_false(bench_pop(&h->b, "c", &in));
    nothing_is_left(h);
}

/* Fault 34: Another packet's metadata in the slot of one that waits: it is not sent as the one that came. */
static void waiting_fragment_replaced(void **state)
{
    struct hostile *h = *state;
    struct hsr_rx_meta *m;

    cut(&out, 400, 1);
    bench_push(&h->b, "a", &out);
    nic_poll(h->b.nic, h->b.now);
    m = (struct hsr_rx_meta *)(void *)hsr_slot(h->view, hsr_entry_slot(newest(h)));
    bench_run(&h->b);
    assert_int_equal(bench_held(&h->b), 1);
    m->rx_seq++;
    cut(&out, 400, 0);
    bench_push(&h->b, "a", &out);
    bench_run(&h->b);
    assert_true(bench_pop(&h->b, "c", &in));
    assert_false(bench_pop(&h->b, "c", &in));
    assert_int_equal(bench_drops(&h->b, "a", HSR_DROP_META_BAD), 1);
    nothing_is_left(h);
}

/* Fault 34: A packet that waits for a next hop. */
static void parked_doubled(void **state)
{
    struct hostile *h = *state;
    struct fr_flow f = {
        .smac = MAC_A, .dmac = GW, .src = "10.1.0.5", .dst = "10.4.0.1", .sport = 5, .dport = 6};

    fr_udp(&out, &f, 10);
    waits_once(h);
    assert_true(bench_pop(&h->b, "up", &in)); /* who has 192.0.2.3 */
    fr_arp(&more, 2, MAC_H3, "192.0.2.3", MAC_UP, "192.0.2.1");
    bench_push(&h->b, "up", &more);
    bench_run(&h->b);
    assert_true(bench_pop(&h->b, "up", &in));
    expect_tunnel(&in, "192.0.2.3", MAC_H3, 100);
    assert_false(bench_pop(&h->b, "up", &in));
    nothing_is_left(h);
}

/* Fault 32: rings whose index jumps. */
static void indices(void **state)
{
    struct hostile *h = *state;

    for (unsigned kind = 0; kind < 3; kind++) {
        struct hsr_ring *r = kind == 0   ? &worker(h)->rx
                             : kind == 1 ? &worker(h)->tx
                                         : &worker(h)->completion;
        _Atomic uint32_t *word = kind == 1 ? r->shared.cons : r->shared.prod;

        fr_udp(&out, &a_to_b, 10);
        bench_passes(&h->b, "a", &out, "b", &in);
        bench_push(&h->b, "a", &out);
        nic_poll(h->b.nic, h->b.now);
        atomic_store(word, atomic_load(word) + (1u << 31));
        for (unsigned i = 0; i < 10; i++)
            dp_poll(worker(h));
        assert_true(dp_corrupt(worker(h)));
        void *again = h;

        teardown(&again);
        setup(state);
        h = *state;
    }
}

/* Fault 36: The clock jumps ahead, stands still and runs backwards: sessions age once, nothing hangs. */
static void clocks(void **state)
{
    struct hostile *h = *state;
    static const uint64_t at[] = {0, 1,           BENCH_START,    UINT64_MAX, UINT64_MAX / 2,
                                  0, BENCH_START, UINT64_MAX - 1, 5};

    for (unsigned i = 0; i < sizeof at / sizeof at[0]; i++) {
        h->b.now = at[i];
        fr_udp(&out, &a_to_b, 10);
        bench_push(&h->b, "a", &out);
        bench_push(&h->b, shape(8), &out);
        for (unsigned turns = 0; turns < 20; turns++) {
            nic_poll(h->b.nic, at[i]);
            dp_poll(worker(h));
        }
        assert_true(bench_pop(&h->b, "b", &in));
        drain(h);
    }
    h->b.now = UINT64_MAX;
    books_are_right(h);
    assert_int_equal(nic_slots_out(h->b.nic), 0);
}

/* Fault 36: Senders are told of errors as before when the clock has gone back. */
static void told_after_the_clock_went_back(void **state)
{
    struct hostile *h = *state;
    struct fr_flow dies = a_to_c;
    uint64_t later = h->b.now + UINT64_C(3600000000000);

    dies.ttl = 1;
    fr_udp(&out, &dies, 10);
    for (unsigned i = 0; i < 2; i++) {
        h->b.now = i == 0 ? later : later / 2;
        bench_push(&h->b, "a", &out);
        bench_run(&h->b);
        assert_true(bench_pop(&h->b, "a", &in));
    }
    assert_int_equal(bench_counters(&h->b).icmp_errors, 2);
    assert_int_equal(bench_counters(&h->b).icmp_limited, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fields),
        TEST(noise),
        TEST(offsets_out_of_a_tunnel),
        TEST(entries),
        TEST(solicited_at_the_end_of_a_slot),
        TEST(completed_twice),
        TEST(waiting_fragment_doubled),
        TEST(waiting_large_fragment_doubled),
        TEST(last_fragment_doubled),
        TEST(waiting_fragment_replaced),
        TEST(parked_doubled),
        TEST(indices),
        TEST(clocks),
        TEST(told_after_the_clock_went_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

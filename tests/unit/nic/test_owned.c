/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two firmwares on one NIC, both played by the test: who gets what, whose output leaves, and whose ledger says so. Frames bear
 * the mark of the firmware that sent them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frames.h"
#include "hsring/owner.h"
#include "hsring/ring.h"
#include "nic/nic.h"
#include "nic/ports/ring.h"
#include "seen.h"

enum { A, B, C, PORTS }; /* frames come in by A and C, and leave by B */

#define WORKERS 2
#define MARK_AT 50 /* a byte of the payload */

struct firmware {
    char mark;
    const struct hsr_view *view;
    struct hsr_ring ring[WORKERS][HSR_RING_KINDS];
    bool early_fence; /* says FENCE before the output, not behind it */
};

static struct {
    struct nic *nic;
    struct nic_ring *ring[PORTS];
    struct firmware first, second;
    uint64_t now;
    struct fr frame;
    uint16_t sport;
    unsigned left[256]; /* frames that left by B, by mark; and in this order */
    char order[256];
    unsigned orders;
} t;

static void play(struct firmware *f, char mark, const struct hsr_view *view, bool second)
{
    f->mark = mark;
    f->view = view;
    f->early_fence = false;
    for (uint32_t w = 0; w < WORKERS; w++) {
        int rx = second ? nic_second_rx_doorbell(t.nic, w) : nic_rx_doorbell(t.nic, w);
        int tx = second ? nic_second_tx_doorbell(t.nic, w) : nic_tx_doorbell(t.nic, w);

        for (int kind = 0; kind < HSR_RING_KINDS; kind++)
            hsr_view_ring(view, w, (enum hsr_ring_kind)kind, &f->ring[w][kind],
                          kind == HSR_RING_RX || kind == HSR_RING_COMPLETION ? rx : tx);
    }
}

static int setup(void **state)
{
    static const char *const name[PORTS] = {"a", "b", "c"};
    struct nic_config config;
    char why[NIC_WHY];

    (void)state;
    memset(&t, 0, sizeof t);
    t.now = 1000000000;
    nic_config_repeatable(&config, WORKERS);
    config.geometry.runs[0] = 256;
    config.geometry.runs[1] = config.geometry.runs[2] = 4;
    config.geometry.ring_entries = 64;
    config.geometry.fw_slots = 16;
    assert_int_equal(nic_open(&t.nic, &config, why), 0);
    for (unsigned p = 0; p < PORTS; p++) {
        struct nic_port_config port = {
            .index = (uint16_t)p, .kind = HSR_PORT_KIND_RING, .context = 1, .mtu = 1500};

        snprintf(port.name, sizeof port.name, "%s", name[p]);
        snprintf(port.device, sizeof port.device, "%s", name[p]);
        t.ring[p] = nic_ring_new(name[p], 1u << 20);
        assert_non_null(t.ring[p]);
        assert_int_equal(nic_port_add(t.nic, &port, -1, why), 0);
    }
    assert_int_equal(nic_reset(t.nic, 1), 0); /* so that no stamp is 0 */
    play(&t.first, '1', &nic_region(t.nic)->view, false);
    assert_int_equal(nic_start(t.nic), 0);
    return 0;
}

static void attach_second(void)
{
    assert_int_equal(nic_second_open(t.nic, 2), 0);
    play(&t.second, '2', &nic_second_region(t.nic)->view, true);
    assert_int_equal(nic_second_start(t.nic), 0);
}

/* Frames that have left. */
static void look(void)
{
    uint8_t frame[2048];

    while (nic_ring_pop(t.ring[B], frame, sizeof frame, NULL) > 0) {
        t.left[frame[MARK_AT]]++;
        t.order[t.orders++] = (char)frame[MARK_AT];
    }
}

static void poll_nic(void)
{
    while (nic_poll(t.nic, t.now += 1000) > 0)
        continue;
    nic_sync(t.nic);
    look();
}

static void receive(unsigned port, unsigned n)
{
    struct fr_flow f = {.smac = 1, .dmac = 2, .src = "10.0.0.1", .dst = "10.0.0.2", .dport = 9};

    for (unsigned i = 0; i < n; i++) {
        f.sport = (uint16_t)(1000 + t.sport++);
        fr_udp(&t.frame, &f, 100);
        assert_true(nic_ring_push(t.ring[port], t.frame.b, t.frame.len, NULL));
    }
    poll_nic();
}

static void put(struct firmware *f, uint32_t worker, uint32_t entry)
{
    assert_true(hsr_ring_push(&f->ring[worker][HSR_RING_TX], &entry, 1));
    hsr_ring_kick(&f->ring[worker][HSR_RING_TX]);
}

static void fence(struct firmware *f, uint32_t worker, uint32_t quota, uint32_t stamp)
{
    uint32_t slot = f->view->fw_first + worker * f->view->fw_slots + quota;
    struct hsr_tx_meta *meta = (struct hsr_tx_meta *)hsr_slot(f->view, slot);

    *meta = (struct hsr_tx_meta){.action = HSR_CTRL_FENCE, .owner = stamp};
    put(f, worker, hsr_entry(slot, HSR_KIND_CTRL));
}

/* What a firmware does with a packet; `stamp`: instead of the packet's, 0: that. */
static void answer(struct firmware *f, uint32_t worker, uint32_t entry, uint8_t action,
                   uint32_t stamp)
{
    uint32_t slot = hsr_entry_slot(entry);
    struct hsr_rx_meta rx;

    memcpy(&rx, hsr_slot(f->view, slot), sizeof rx);
    assert_int_equal(hsr_entry_kind(entry), HSR_KIND_PACKET);
    assert_true(rx.ingress == A || rx.ingress == C);
    hsr_slot(f->view, slot)[HSR_SLOT_FRAME + MARK_AT] = (uint8_t)f->mark;
    struct hsr_tx_meta tx = {.egress_port = B,
                             .action = action,
                             .frame_off = HSR_SLOT_FRAME,
                             .frame_len = rx.frame_len,
                             .drop_reason = action == HSR_TXA_DROP ? HSR_DROP_TTL : 0,
                             .owner = stamp != 0 ? stamp : rx.owner,
                             .rx_seq = rx.rx_seq};

    memcpy(hsr_slot(f->view, slot), &tx, sizeof tx);
    put(f, worker, hsr_entry(slot, HSR_KIND_PACKET));
}

/* All that waits for a firmware; how many. */
static unsigned turn_as(struct firmware *f, uint8_t action, uint32_t stamp)
{
    unsigned n = 0;
    uint32_t entry;

    for (uint32_t w = 0; w < WORKERS; w++) {
        while (hsr_ring_pop(&f->ring[w][HSR_RING_COMPLETION], &entry, 1) == 1)
            continue;
        while (hsr_ring_pop(&f->ring[w][HSR_RING_RX], &entry, 1) == 1) {
            answer(f, w, entry, action, stamp);
            n++;
        }
    }
    poll_nic();
    return n;
}

static unsigned turn(struct firmware *f)
{
    return turn_as(f, HSR_TXA_TRANSMIT, 0);
}

static const struct hsr_port_stats *stats(unsigned port)
{
    return &nic_region(t.nic)->view.stats[port];
}

static uint64_t drops(unsigned port, enum hsr_drop reason)
{
    return stats(port)->drops[reason];
}

/* A ledger of copies adds up, and nothing of it is under way. */
static void expect_copies(unsigned instance, unsigned port, uint64_t copies, uint64_t held_back,
                          uint64_t sent)
{
    struct hsr_port_stats s = nic_copy_ledger(t.nic, instance, (uint16_t)port);

    assert_int_equal(s.pre_rx, copies);
    assert_int_equal(s.pre_rx, s.pre_ring + s.pre_drops);
    assert_int_equal(s.pre_ring, s.post_ring);
    assert_int_equal(s.post_ring + s.post_originated, s.post_tx + s.post_consumed + s.post_drops);
    assert_int_equal(s.drops[HSR_DROP_HELD_BACK], held_back);
    assert_int_equal(s.post_tx, sent);
}

static int teardown(void **state)
{
    uint32_t out;
    struct nic_faults faults;
    bool balanced = true;

    (void)state;
    poll_nic();
    out = nic_slots_out(t.nic);
    faults = nic_faults(t.nic);
    seen_note_of_nic(nic_region(t.nic)->view.stats);
    if (nic_second_region(t.nic) != NULL)
        seen_note_of_nic(nic_second_region(t.nic)->view.stats);
    for (unsigned p = 0; p < PORTS; p++) {
        const struct hsr_port_stats *s = stats(p);

        balanced =
            balanced && s->pre_rx == s->pre_ring + s->pre_drops && s->pre_ring == s->post_ring &&
            s->post_ring + s->post_originated == s->post_tx + s->post_consumed + s->post_drops;
    }
    nic_close(t.nic);
    for (unsigned p = 0; p < PORTS; p++)
        nic_ring_free(t.ring[p]);
    assert_true(balanced);
    assert_int_equal(out, 0);
    assert_int_equal(faults.bad_entry, 0);
    assert_int_equal(faults.lost_completion, 0);
    return 0;
}

/* Every packet goes to both, one of them sends it. */
static void copies_are_held_back(void **state)
{
    (void)state;
    receive(A, 3);
    attach_second();
    receive(A, 5);
    assert_int_equal(turn(&t.second), 5);
    assert_int_equal(t.orders, 0);
    expect_copies(1, A, 5, 5, 0);
    assert_int_equal(turn(&t.first), 8);
    assert_int_equal(t.left['1'], 8);
    assert_int_equal(t.left['2'], 0);
    assert_int_equal(stats(A)->post_tx, 8);
    assert_int_equal(drops(A, HSR_DROP_HELD_BACK), 0);
    /* Its own region says what it got. */
    assert_int_equal(t.second.view->stats[A].pre_ring, 5);
    assert_int_equal(t.second.view->stats[A].drops[HSR_DROP_HELD_BACK], 5);
    assert_int_equal(t.second.view->instance, 2);
    assert_true(hsr_view_port_up(t.second.view, C));
    assert_int_equal(hsr_view_now(t.second.view), t.now);
    hsr_view_set_port_up(&nic_region(t.nic)->view, C, false); /* as where there is no link */
    nic_sync(t.nic);
    assert_false(hsr_view_port_up(t.second.view, C));
    hsr_view_set_port_up(&nic_region(t.nic)->view, C, true);
    nic_sync(t.nic);
    assert_true(hsr_view_port_up(t.second.view, C));
}

/* Whatever it does with a copy, and whatever it makes itself. */
static void nothing_of_the_second_counts(void **state)
{
    static const uint8_t action[] = {HSR_TXA_DROP, HSR_TXA_CONSUME, HSR_TXA_RETURN, 99};
    uint32_t entry = 0, slot;

    (void)state;
    attach_second();
    for (unsigned i = 0; i < sizeof action; i++) {
        receive(A, 2);
        assert_int_equal(turn_as(&t.second, action[i], 0), 2);
        assert_int_equal(turn(&t.first), 2);
    }
    expect_copies(1, A, 8, 8, 0);
    /* A frame of its own making, with the stamp of now. */
    slot = t.second.view->fw_first;
    struct hsr_tx_meta *meta = (struct hsr_tx_meta *)hsr_slot(t.second.view, slot);

    *meta = (struct hsr_tx_meta){.egress_port = B,
                                 .frame_off = HSR_SLOT_FRAME,
                                 .frame_len = 60,
                                 .owner = hsr_view_owner(t.second.view, 0)};
    put(&t.second, 0, hsr_entry(slot, HSR_KIND_ORIGINATE));
    poll_nic();
    assert_int_equal(hsr_ring_pop(&t.second.ring[0][HSR_RING_COMPLETION], &entry, 1), 1);
    assert_int_equal(hsr_entry_slot(entry), slot);
    expect_copies(1, B, 0, 1, 0);
    assert_int_equal(stats(B)->post_originated, 0);
    /* The flow index does not hear of it. */
    *meta = (struct hsr_tx_meta){.action = HSR_CTRL_FIT,
                                 .fit_op = HSR_FIT_INSERT,
                                 .hash = 5,
                                 .flow_id = 7,
                                 .owner = hsr_view_owner(t.second.view, 0)};
    put(&t.second, 0, hsr_entry(slot, HSR_KIND_CTRL));
    poll_nic();
    assert_int_equal(hsr_view_gauge(t.first.view, HSR_GAUGE_FIT_USED), 0);
    /* Given back without a word. */
    receive(A, 1);
    for (uint32_t w = 0; w < WORKERS; w++)
        if (hsr_ring_pop(&t.second.ring[w][HSR_RING_RX], &entry, 1) == 1)
            assert_true(hsr_ring_push(&t.second.ring[w][HSR_RING_FREE], &entry, 1));
    turn(&t.first);
    expect_copies(1, A, 9, 8, 0);
    assert_int_equal(t.left['1'], 9);
}

/* The switch: those under way are the old owner's, the next ones the new one's; each leaves exactly once. */
static void ownership_moves(void **state)
{
    struct nic_owner_state word;

    (void)state;
    attach_second();
    for (unsigned round = 0; round < 4; round++) {
        struct firmware *old = round & 1 ? &t.second : &t.first;
        struct firmware *new = round & 1 ? &t.first : &t.second;
        uint32_t before = hsr_view_owner(t.first.view, 0);

        memset(t.left, 0, sizeof t.left);
        receive(A, 5);
        assert_int_equal(nic_owner_set(t.nic, 0, !(round & 1), NULL), 0);
        receive(A, 7);
        assert_int_equal(nic_owner_set(t.nic, 0, round & 1, NULL), -EBUSY);
        nic_owner_state(t.nic, 0, &word);
        assert_int_equal(word.old, before);
        assert_int_equal(word.now, hsr_view_owner(t.second.view, 0));
        assert_int_equal(word.now & HSR_OWNER_OWNER, !(round & 1));
        assert_int_equal(word.from_seq, word.next_seq - 7);
        assert_int_equal(word.now & HSR_OWNER_EPOCH,
                         hsr_owner_next_epoch(before) & HSR_OWNER_EPOCH);
        /* In whatever order they get to it. */
        if (round < 2) {
            assert_int_equal(turn(new), 12);
            assert_int_equal(turn(old), 12);
        } else {
            assert_int_equal(turn(old), 12);
            assert_int_equal(turn(new), 12);
        }
        assert_int_equal(t.left[(uint8_t)old->mark], 5);
        assert_int_equal(t.left[(uint8_t) new->mark], 7);
        fence(old, 1, round, before);
        poll_nic();
        nic_owner_state(t.nic, 0, &word);
        assert_true(word.fenced);
        turn(old);
    }
    assert_int_equal(stats(A)->post_tx, 48);
    expect_copies(0, A, 24, 24, 0);
    expect_copies(1, A, 48, 24, 24);
    assert_int_equal(drops(A, HSR_DROP_STALE_OWNER), 0);
}

/* From a sequence that is still to come. */
static void from_a_sequence_on(void **state)
{
    struct nic_owner_state word;
    uint32_t from;

    (void)state;
    attach_second();
    nic_owner_state(t.nic, 0, &word);
    from = word.next_seq + 4;
    assert_int_equal(nic_owner_set(t.nic, 0, 1, &from), 0);
    receive(A, 10);
    turn(&t.first);
    turn(&t.second);
    assert_int_equal(t.left['1'], 4);
    assert_int_equal(t.left['2'], 6);
    assert_memory_equal(t.order, "1111222222", 10);
}

/* What the old owner sends behind its fence does not leave, and a fence of anybody else fences nothing. */
static void fenced(void **state)
{
    struct nic_owner_state word;
    uint32_t before;

    (void)state;
    attach_second();
    before = hsr_view_owner(t.first.view, 0);
    receive(A, 3);
    assert_int_equal(nic_owner_set(t.nic, 0, 1, NULL), 0);
    fence(&t.second, 0, 0, before);
    fence(&t.first, 0, 0, hsr_view_owner(t.first.view, 0));
    fence(&t.first, 0, 1, before ^ 0x10000);
    poll_nic();
    nic_owner_state(t.nic, 0, &word);
    assert_false(word.fenced);
    fence(&t.first, 0, 2, before);
    poll_nic();
    turn(&t.first);
    turn(&t.second);
    assert_int_equal(t.orders, 0);
    assert_int_equal(drops(A, HSR_DROP_STALE_OWNER), 3);
}

/* Neither sends under the other's stamp, nor under one that is long gone. */
static void borrowed_stamps(void **state)
{
    uint32_t first, second;

    (void)state;
    attach_second();
    first = hsr_view_owner(t.first.view, 0);
    assert_int_equal(nic_owner_set(t.nic, 0, 1, NULL), 0);
    fence(&t.first, 0, 0, first);
    poll_nic();
    second = hsr_view_owner(t.first.view, 0);
    receive(A, 2);
    turn_as(&t.first, HSR_TXA_TRANSMIT, second);
    assert_int_equal(t.orders, 0);
    turn_as(&t.second, HSR_TXA_TRANSMIT, first);
    assert_int_equal(t.orders, 0);
    assert_int_equal(drops(A, HSR_DROP_STALE_OWNER), 2);
    receive(A, 2);
    turn_as(&t.second, HSR_TXA_TRANSMIT, 0x00630000u); /* a group there is not */
    turn(&t.first);
    assert_int_equal(drops(A, HSR_DROP_STALE_OWNER), 4);
    receive(A, 2);
    turn(&t.second);
    turn(&t.first);
    assert_int_equal(t.left['2'], 2);
}

/* One group moves, the other stays. */
static void groups(void **state)
{
    (void)state;
    attach_second();
    assert_int_equal(nic_group_set(t.nic, A, 0, 1), 0);
    assert_int_equal(nic_group_set(t.nic, C, 0, 2), 0);
    assert_int_equal(nic_owner_set(t.nic, 1, 1, NULL), 0);
    receive(A, 3);
    receive(C, 4);
    turn(&t.first);
    assert_int_equal(t.left['1'], 4);
    turn(&t.second);
    assert_int_equal(t.left['2'], 3);
    assert_int_equal(stats(A)->post_tx, 3);
    assert_int_equal(stats(C)->post_tx, 4);
    expect_copies(0, A, 3, 3, 0);
    expect_copies(0, C, 0, 0, 0);
}

static void refusals(void **state)
{
    (void)state;
    assert_int_equal(nic_owner_set(t.nic, 0, 1, NULL), -ENOTCONN);
    assert_int_equal(nic_second_start(t.nic), -ENOENT);
    assert_int_equal(nic_second_open(t.nic, 2), 0);
    assert_int_equal(nic_second_open(t.nic, 3), -EBUSY);
    assert_int_equal(nic_owner_set(t.nic, 0, 1, NULL), -ENOTCONN);
    assert_int_equal(nic_second_start(t.nic), 0);
    assert_int_equal(nic_owner_set(t.nic, 0, 0, NULL), -EALREADY);
    assert_int_equal(nic_owner_set(t.nic, 0, 2, NULL), -EINVAL);
    assert_int_equal(nic_owner_set(t.nic, HSR_MAX_GROUPS, 1, NULL), -EINVAL);
    assert_int_equal(nic_group_set(t.nic, HSR_MAX_PORTS, 0, 1), -EINVAL);
    assert_int_equal(nic_group_set(t.nic, A, 0, HSR_MAX_GROUPS), -EINVAL);
    for (uint32_t context = 0; context < HSR_MAX_GROUPS; context++)
        assert_int_equal(nic_group_set(t.nic, HSR_NO_PORT, context, 3), 0);
    assert_int_equal(nic_group_set(t.nic, HSR_NO_PORT, HSR_MAX_GROUPS, 3), -ENOSPC);
    assert_int_equal(nic_group_set(t.nic, HSR_NO_PORT, 5, 4), 0);
}

/* The second ends with packets that are its to send: lost and counted, and the first goes on. */
static void the_second_goes(void **state)
{
    (void)state;
    attach_second();
    assert_int_equal(nic_owner_set(t.nic, 0, 1, NULL), 0);
    receive(A, 6);
    nic_second_close(t.nic);
    assert_null(nic_second_region(t.nic));
    assert_int_equal(turn(&t.first), 6);
    assert_int_equal(t.orders, 0);
    nic_sync(t.nic);
    assert_int_equal(drops(A, HSR_DROP_FW_GONE), 6);
    assert_int_equal(stats(A)->post_lost, 6);
    receive(A, 4);
    assert_int_equal(turn(&t.first), 4);
    assert_int_equal(t.left['1'], 4);
    attach_second();
    receive(A, 2);
    turn(&t.first);
    turn(&t.second);
    assert_int_equal(t.left['1'], 6);
}

/* And the first: with it everything. */
static void the_first_goes(void **state)
{
    (void)state;
    attach_second();
    receive(A, 2);
    assert_int_equal(nic_owner_set(t.nic, 0, 1, NULL), 0);
    receive(A, 6);
    assert_int_equal(nic_reset(t.nic, 3), 0);
    assert_null(nic_second_region(t.nic));
    nic_sync(t.nic);
    assert_int_equal(drops(A, HSR_DROP_FW_GONE), 8);
    play(&t.first, '1', &nic_region(t.nic)->view, false);
    assert_int_equal(nic_start(t.nic), 0);
    receive(A, 2);
    turn(&t.first);
    assert_int_equal(t.left['1'], 2);
}

/* A second that does not take its packets loses them, and nobody else does. */
static void no_room(void **state)
{
    struct hsr_port_stats s;

    (void)state;
    attach_second();
    for (unsigned i = 0; i < 20; i++) {
        receive(A, 10);
        assert_int_equal(turn(&t.first), 10);
    }
    assert_int_equal(t.left['1'], 200);
    s = nic_copy_ledger(t.nic, 1, A);
    assert_int_equal(s.pre_rx, 200);
    assert_true(s.drops[HSR_DROP_SECOND_FULL] >= 200 - 2 * 64);
    assert_int_equal(drops(A, HSR_DROP_SECOND_FULL), 0);
    /* If they are its to send, they are lost for all. */
    memset(t.left, 0, sizeof t.left);
    t.orders = 0;
    assert_int_equal(nic_owner_set(t.nic, 0, 1, NULL), 0);
    receive(A, 10);
    turn(&t.first);
    turn(&t.second);
    assert_int_equal(t.left['2'] + drops(A, HSR_DROP_SECOND_FULL), 10);
    assert_true(drops(A, HSR_DROP_SECOND_FULL) > 0);
}

/* A second that writes what it likes: the first and its packets do not notice. */
static void hostile(void **state)
{
    uint64_t random = 88172645463325252u;

    (void)state;
    attach_second();
    for (unsigned i = 0; i < 2000; i++) {
        uint32_t entry[2], w = i % WORKERS;

        receive(i & 1 ? A : C, 1);
        for (uint32_t other = 0; other < WORKERS; other++)
            while (hsr_ring_pop(&t.second.ring[other][HSR_RING_COMPLETION], entry, 1) == 1)
                continue;
        for (unsigned k = 0; k < 2; k++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            entry[k] = hsr_entry((uint32_t)random % (t.second.view->slots + 2), random >> 40 & 3);
            if (hsr_entry_slot(entry[k]) >= t.second.view->slots ||
                hsr_slot_space(t.second.view, hsr_entry_slot(entry[k])) == 0)
                continue; /* no run begins there */
            uint8_t *meta = hsr_slot(t.second.view, hsr_entry_slot(entry[k]));

            for (unsigned byte = 0; byte < 64; byte++)
                if (random >> (byte % 60) & 1)
                    meta[byte] = (uint8_t)(random >> (byte % 50));
        }
        if (hsr_ring_room(&t.second.ring[w][HSR_RING_TX]) >= 2)
            hsr_ring_push(&t.second.ring[w][HSR_RING_TX], entry, 2);
        if (i % 100 == 50)
            nic_owner_set(t.nic, 0, i % 200 == 50, NULL);
        if (i % 100 == 70)
            fence(&t.first, 0, i % 8, hsr_view_owner(t.first.view, 0) - 0x100);
        turn(&t.first);
        if (i % 500 == 499) {
            nic_second_close(t.nic);
            attach_second();
        }
        t.orders = 0;
    }
    nic_second_close(t.nic);
    receive(A, 5);
    t.left['1'] = 0;
    assert_int_equal(turn(&t.first), 5);
    assert_int_equal(t.left['1'], 5);
}

/* Its faults are counted as a firmware's are. */
static int teardown_hostile(void **state)
{
    uint32_t out;

    (void)state;
    poll_nic();
    out = nic_slots_out(t.nic);
    nic_close(t.nic);
    for (unsigned p = 0; p < PORTS; p++)
        nic_ring_free(t.ring[p]);
    assert_int_equal(out, 0);
    return 0;
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(copies_are_held_back),
        CASE(nothing_of_the_second_counts),
        CASE(ownership_moves),
        CASE(from_a_sequence_on),
        CASE(fenced),
        CASE(borrowed_stamps),
        CASE(groups),
        CASE(refusals),
        CASE(the_second_goes),
        CASE(the_first_goes),
        CASE(no_room),
        cmocka_unit_test_setup_teardown(hostile, setup, teardown_hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

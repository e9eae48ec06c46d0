/* SPDX-License-Identifier: Apache-2.0 */
/* Two firmwares on one NIC: who gets what, whose output leaves, and whose ledger says so. */
#include <errno.h>
#include <string.h>

#include "hsring/owner.h"
#include "two_firmwares.h"

/* Every packet goes to both, one of them sends it. */
static void copies_are_held_back(void **state)
{
    (void)state;
    two_receive(A, 3);
    two_attach_second();
    two_receive(A, 5);
    assert_int_equal(two_turn(&two.second), 5);
    assert_int_equal(two.orders, 0);
    two_expect_copies(1, A, 5, 5, 0);
    assert_int_equal(two_turn(&two.first), 8);
    assert_int_equal(two.left['1'], 8);
    assert_int_equal(two.left['2'], 0);
    assert_int_equal(two_stats(A)->post_tx, 8);
    assert_int_equal(two_drops(A, HSR_DROP_HELD_BACK), 0);
    /* Its own region says what it got. */
    assert_int_equal(two.second.view->stats[A].pre_ring, 5);
    assert_int_equal(two.second.view->stats[A].drops[HSR_DROP_HELD_BACK], 5);
    assert_int_equal(two.second.view->instance, 2);
    assert_true(hsr_view_port_up(two.second.view, C));
    assert_int_equal(hsr_view_now(two.second.view), two.now);
    hsr_view_set_port_up(&nic_region(two.nic)->view, C, false); /* as where there is no link */
    nic_sync(two.nic);
    assert_false(hsr_view_port_up(two.second.view, C));
    hsr_view_set_port_up(&nic_region(two.nic)->view, C, true);
    nic_sync(two.nic);
    assert_true(hsr_view_port_up(two.second.view, C));
}

/* Whatever it does with a copy, and whatever it makes itself. */
static void nothing_of_the_second_counts(void **state)
{
    static const uint8_t action[] = {HSR_TXA_DROP, HSR_TXA_CONSUME, HSR_TXA_RETURN, 99};
    uint32_t entry = 0, slot;

    (void)state;
    two_attach_second();
    for (unsigned i = 0; i < sizeof action; i++) {
        two_receive(A, 2);
        assert_int_equal(two_turn_as(&two.second, action[i], 0), 2);
        assert_int_equal(two_turn(&two.first), 2);
    }
    two_expect_copies(1, A, 8, 8, 0);
    /* A frame of its own making, with the stamp of now. */
    slot = two.second.view->fw_first;
    struct hsr_tx_meta *meta = (struct hsr_tx_meta *)hsr_slot(two.second.view, slot);

    *meta = (struct hsr_tx_meta){.egress_port = B,
                                 .frame_off = HSR_SLOT_FRAME,
                                 .frame_len = 60,
                                 .owner = hsr_view_owner(two.second.view, 0)};
    two_put(&two.second, 0, hsr_entry(slot, HSR_KIND_ORIGINATE));
    two_poll();
    assert_int_equal(hsr_ring_pop(&two.second.ring[0][HSR_RING_COMPLETION], &entry, 1), 1);
    assert_int_equal(hsr_entry_slot(entry), slot);
    two_expect_copies(1, B, 0, 1, 0);
    assert_int_equal(two_stats(B)->post_originated, 0);
    /* The flow index does not hear of it. */
    *meta = (struct hsr_tx_meta){.action = HSR_CTRL_FIT,
                                 .fit_op = HSR_FIT_INSERT,
                                 .hash = 5,
                                 .flow_id = 7,
                                 .owner = hsr_view_owner(two.second.view, 0)};
    two_put(&two.second, 0, hsr_entry(slot, HSR_KIND_CTRL));
    two_poll();
    assert_int_equal(hsr_view_gauge(two.first.view, HSR_GAUGE_FIT_USED), 0);
    /* Given back without a word. */
    two_receive(A, 1);
    for (uint32_t w = 0; w < WORKERS; w++)
        if (hsr_ring_pop(&two.second.ring[w][HSR_RING_RX], &entry, 1) == 1)
            assert_true(hsr_ring_push(&two.second.ring[w][HSR_RING_FREE], &entry, 1));
    two_turn(&two.first);
    two_expect_copies(1, A, 9, 8, 0);
    assert_int_equal(two.left['1'], 9);
}

/* The switch: those under way are the old owner's, the next ones the new one's; each leaves exactly once. */
static void ownership_moves(void **state)
{
    struct nic_owner_state word;

    (void)state;
    two_attach_second();
    for (unsigned round = 0; round < 4; round++) {
        struct firmware *old = round & 1 ? &two.second : &two.first;
        struct firmware *new = round & 1 ? &two.first : &two.second;
        uint32_t before = hsr_view_owner(two.first.view, 0);

        memset(two.left, 0, sizeof two.left);
        two_receive(A, 5);
        assert_int_equal(nic_owner_set(two.nic, 0, !(round & 1), NULL), 0);
        two_receive(A, 7);
        assert_int_equal(nic_owner_set(two.nic, 0, round & 1, NULL), -EBUSY);
        nic_owner_state(two.nic, 0, &word);
        assert_int_equal(word.old, before);
        assert_int_equal(word.now, hsr_view_owner(two.second.view, 0));
        assert_int_equal(word.now & HSR_OWNER_OWNER, !(round & 1));
        assert_int_equal(word.from_seq, word.next_seq - 7);
        assert_int_equal(word.now & HSR_OWNER_EPOCH,
                         hsr_owner_next_epoch(before) & HSR_OWNER_EPOCH);
        /* In whatever order they get to it. */
        if (round < 2) {
            assert_int_equal(two_turn(new), 12);
            assert_int_equal(two_turn(old), 12);
        } else {
            assert_int_equal(two_turn(old), 12);
            assert_int_equal(two_turn(new), 12);
        }
        assert_int_equal(two.left[(uint8_t)old->mark], 5);
        assert_int_equal(two.left[(uint8_t) new->mark], 7);
        two_fence(old, 1, round, before);
        two_poll();
        nic_owner_state(two.nic, 0, &word);
        assert_true(word.fenced);
        two_turn(old);
    }
    assert_int_equal(two_stats(A)->post_tx, 48);
    two_expect_copies(0, A, 24, 24, 0);
    two_expect_copies(1, A, 48, 24, 24);
    assert_int_equal(two_drops(A, HSR_DROP_STALE_OWNER), 0);
}

/* From a sequence that is still to come. */
static void from_a_sequence_on(void **state)
{
    struct nic_owner_state word;
    uint32_t from;

    (void)state;
    two_attach_second();
    nic_owner_state(two.nic, 0, &word);
    from = word.next_seq + 4;
    assert_int_equal(nic_owner_set(two.nic, 0, 1, &from), 0);
    two_receive(A, 10);
    two_turn(&two.first);
    two_turn(&two.second);
    assert_int_equal(two.left['1'], 4);
    assert_int_equal(two.left['2'], 6);
    assert_memory_equal(two.order, "1111222222", 10);
}

/* What the old owner sends behind its fence does not leave, and a fence of anybody else fences nothing. */
static void fenced(void **state)
{
    struct nic_owner_state word;
    uint32_t before;

    (void)state;
    two_attach_second();
    before = hsr_view_owner(two.first.view, 0);
    two_receive(A, 3);
    assert_int_equal(nic_owner_set(two.nic, 0, 1, NULL), 0);
    two_fence(&two.second, 0, 0, before);
    two_fence(&two.first, 0, 0, hsr_view_owner(two.first.view, 0));
    two_fence(&two.first, 0, 1, before ^ 0x10000);
    two_poll();
    nic_owner_state(two.nic, 0, &word);
    assert_false(word.fenced);
    two_fence(&two.first, 0, 2, before);
    two_poll();
    two_turn(&two.first);
    two_turn(&two.second);
    assert_int_equal(two.orders, 0);
    assert_int_equal(two_drops(A, HSR_DROP_STALE_OWNER), 3);
}

/* Neither sends under the other's stamp, nor under one that is long gone. */
static void borrowed_stamps(void **state)
{
    uint32_t first, second;

    (void)state;
    two_attach_second();
    first = hsr_view_owner(two.first.view, 0);
    assert_int_equal(nic_owner_set(two.nic, 0, 1, NULL), 0);
    two_fence(&two.first, 0, 0, first);
    two_poll();
    second = hsr_view_owner(two.first.view, 0);
    two_receive(A, 2);
    two_turn_as(&two.first, HSR_TXA_TRANSMIT, second);
    assert_int_equal(two.orders, 0);
    two_turn_as(&two.second, HSR_TXA_TRANSMIT, first);
    assert_int_equal(two.orders, 0);
    assert_int_equal(two_drops(A, HSR_DROP_STALE_OWNER), 2);
    two_receive(A, 2);
    two_turn_as(&two.second, HSR_TXA_TRANSMIT, 0x00630000u); /* a group there is not */
    two_turn(&two.first);
    assert_int_equal(two_drops(A, HSR_DROP_STALE_OWNER), 4);
    two_receive(A, 2);
    two_turn(&two.second);
    two_turn(&two.first);
    assert_int_equal(two.left['2'], 2);
}

/* One group moves, the other stays. */
static void groups(void **state)
{
    (void)state;
    two_attach_second();
    assert_int_equal(nic_group_set(two.nic, A, 0, 1), 0);
    assert_int_equal(nic_group_set(two.nic, C, 0, 2), 0);
    assert_int_equal(nic_owner_set(two.nic, 1, 1, NULL), 0);
    two_receive(A, 3);
    two_receive(C, 4);
    two_turn(&two.first);
    assert_int_equal(two.left['1'], 4);
    two_turn(&two.second);
    assert_int_equal(two.left['2'], 3);
    assert_int_equal(two_stats(A)->post_tx, 3);
    assert_int_equal(two_stats(C)->post_tx, 4);
    two_expect_copies(0, A, 3, 3, 0);
    two_expect_copies(0, C, 0, 0, 0);
}

static void refusals(void **state)
{
    (void)state;
    assert_int_equal(nic_owner_set(two.nic, 0, 1, NULL), -ENOTCONN);
    assert_int_equal(nic_second_start(two.nic), -ENOENT);
    assert_int_equal(nic_second_open(two.nic, 2), 0);
    assert_int_equal(nic_second_open(two.nic, 3), -EBUSY);
    assert_int_equal(nic_owner_set(two.nic, 0, 1, NULL), -ENOTCONN);
    assert_int_equal(nic_second_start(two.nic), 0);
    assert_int_equal(nic_owner_set(two.nic, 0, 0, NULL), -EALREADY);
    assert_int_equal(nic_owner_set(two.nic, 0, 2, NULL), -EINVAL);
    assert_int_equal(nic_owner_set(two.nic, HSR_MAX_GROUPS, 1, NULL), -EINVAL);
    assert_int_equal(nic_group_set(two.nic, HSR_MAX_PORTS, 0, 1), -EINVAL);
    assert_int_equal(nic_group_set(two.nic, A, 0, HSR_MAX_GROUPS), -EINVAL);
    for (uint32_t context = 0; context < HSR_MAX_GROUPS; context++)
        assert_int_equal(nic_group_set(two.nic, HSR_NO_PORT, context, 3), 0);
    assert_int_equal(nic_group_set(two.nic, HSR_NO_PORT, HSR_MAX_GROUPS, 3), -ENOSPC);
    assert_int_equal(nic_group_set(two.nic, HSR_NO_PORT, 5, 4), 0);
}

/* The second ends with packets that are its to send: lost and counted, and the first goes on. */
static void the_second_goes(void **state)
{
    (void)state;
    two_attach_second();
    assert_int_equal(nic_owner_set(two.nic, 0, 1, NULL), 0);
    two_receive(A, 6);
    nic_second_close(two.nic);
    assert_null(nic_second_region(two.nic));
    assert_int_equal(two_turn(&two.first), 6);
    assert_int_equal(two.orders, 0);
    nic_sync(two.nic);
    assert_int_equal(two_drops(A, HSR_DROP_FW_GONE), 6);
    assert_int_equal(two_stats(A)->post_lost, 6);
    two_receive(A, 4);
    assert_int_equal(two_turn(&two.first), 4);
    assert_int_equal(two.left['1'], 4);
    two_attach_second();
    two_receive(A, 2);
    two_turn(&two.first);
    two_turn(&two.second);
    assert_int_equal(two.left['1'], 6);
}

/* And the first: with it everything. */
static void the_first_goes(void **state)
{
    (void)state;
    two_attach_second();
    two_receive(A, 2);
    assert_int_equal(nic_owner_set(two.nic, 0, 1, NULL), 0);
    two_receive(A, 6);
    assert_int_equal(nic_reset(two.nic, 3), 0);
    assert_null(nic_second_region(two.nic));
    nic_sync(two.nic);
    assert_int_equal(two_drops(A, HSR_DROP_FW_GONE), 8);
    two_play(&two.first, '1', &nic_region(two.nic)->view, false);
    assert_int_equal(nic_start(two.nic), 0);
    two_receive(A, 2);
    two_turn(&two.first);
    assert_int_equal(two.left['1'], 2);
}

/* A second that does not take its packets loses them, and nobody else does. */
static void no_room(void **state)
{
    struct hsr_port_stats s;

    (void)state;
    two_attach_second();
    for (unsigned i = 0; i < 20; i++) {
        two_receive(A, 10);
        assert_int_equal(two_turn(&two.first), 10);
    }
    assert_int_equal(two.left['1'], 200);
    s = nic_copy_ledger(two.nic, 1, A);
    assert_int_equal(s.pre_rx, 200);
    assert_true(s.drops[HSR_DROP_SECOND_FULL] >= 200 - 2 * 64);
    assert_int_equal(two_drops(A, HSR_DROP_SECOND_FULL), 0);
    /* If they are its to send, they are lost for all. */
    memset(two.left, 0, sizeof two.left);
    two.orders = 0;
    assert_int_equal(nic_owner_set(two.nic, 0, 1, NULL), 0);
    two_receive(A, 10);
    two_turn(&two.first);
    two_turn(&two.second);
    assert_int_equal(two.left['2'] + two_drops(A, HSR_DROP_SECOND_FULL), 10);
    assert_true(two_drops(A, HSR_DROP_SECOND_FULL) > 0);
}

/* A second that writes what it likes: the first and its packets do not notice. */
static void hostile(void **state)
{
    uint64_t random = 88172645463325252u;

    (void)state;
    two_attach_second();
    for (unsigned i = 0; i < 2000; i++) {
        uint32_t entry[2], w = i % WORKERS;

        two_receive(i & 1 ? A : C, 1);
        for (uint32_t other = 0; other < WORKERS; other++)
            while (hsr_ring_pop(&two.second.ring[other][HSR_RING_COMPLETION], entry, 1) == 1)
                continue;
        for (unsigned k = 0; k < 2; k++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            entry[k] = hsr_entry((uint32_t)random % (two.second.view->slots + 2), random >> 40 & 3);
            if (hsr_entry_slot(entry[k]) >= two.second.view->slots ||
                hsr_slot_space(two.second.view, hsr_entry_slot(entry[k])) == 0)
                continue; /* no run begins there */
            uint8_t *meta = hsr_slot(two.second.view, hsr_entry_slot(entry[k]));

            for (unsigned byte = 0; byte < 64; byte++)
                if (random >> (byte % 60) & 1)
                    meta[byte] = (uint8_t)(random >> (byte % 50));
        }
        if (hsr_ring_room(&two.second.ring[w][HSR_RING_TX]) >= 2)
            hsr_ring_push(&two.second.ring[w][HSR_RING_TX], entry, 2);
        if (i % 100 == 50)
            nic_owner_set(two.nic, 0, i % 200 == 50, NULL);
        if (i % 100 == 70)
            two_fence(&two.first, 0, i % 8, hsr_view_owner(two.first.view, 0) - 0x100);
        two_turn(&two.first);
        if (i % 500 == 499) {
            nic_second_close(two.nic);
            two_attach_second();
        }
        two.orders = 0;
    }
    nic_second_close(two.nic);
    two_receive(A, 5);
    two.left['1'] = 0;
    assert_int_equal(two_turn(&two.first), 5);
    assert_int_equal(two.left['1'], 5);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, two_setup, two_teardown)
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
        cmocka_unit_test_setup_teardown(hostile, two_setup, two_teardown_hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "hand.h"

#include "seen.h"

int hand_setup(void **state)
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

uint64_t hand_gauge(struct hand *h, enum hsr_gauge which)
{
    uint64_t all[HSR_GAUGE_COUNT];

    nic_gauges(h->b.nic, all);
    return all[which];
}

int hand_teardown(void **state)
{
    struct hand *h = *state;

    h->b.now += HAND_TIMEOUT + 1;
    nic_poll(h->b.nic, h->b.now);
    assert_int_equal(nic_cells_out(h->b.nic), 0);
    assert_int_equal(nic_faults(h->b.nic).bad_entry, 0);
    fw_sync(h->b.fw);
    seen_note_of_nic(h->view->stats);
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

bool hand_take(struct hand *h, struct held *held)
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

struct held hand_receive(struct hand *h)
{
    struct held held;

    bench_push(&h->b, "a", &out);
    nic_poll(h->b.nic, h->b.now);
    assert_true(hand_take(h, &held));
    return held;
}

struct hsr_tx_meta hand_honest(const struct hand *h, const struct held *held)
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

void hand_arrives(struct hand *h, const struct fr *want)
{
    assert_true(bench_pop(&h->b, "b", &in));
    assert_int_equal(in.len, want->len);
    assert_memory_equal(in.b, want->b, want->len);
    bench_quiet(&h->b);
}

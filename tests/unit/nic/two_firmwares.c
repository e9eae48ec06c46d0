/* SPDX-License-Identifier: Apache-2.0 */
#include "two_firmwares.h"

#include <stdio.h>
#include <string.h>

#include "hsring/owner.h"
#include "nic/ports/ring.h"
#include "seen.h"

#define MARK_AT 50 /* a byte of the payload */

struct two two;

void two_play(struct firmware *f, char mark, const struct hsr_view *view, bool second)
{
    f->mark = mark;
    f->view = view;
    for (uint32_t w = 0; w < WORKERS; w++) {
        int rx = second ? nic_second_rx_doorbell(two.nic, w) : nic_rx_doorbell(two.nic, w);
        int tx = second ? nic_second_tx_doorbell(two.nic, w) : nic_tx_doorbell(two.nic, w);

        for (int kind = 0; kind < HSR_RING_KINDS; kind++)
            hsr_view_ring(view, w, (enum hsr_ring_kind)kind, &f->ring[w][kind],
                          kind == HSR_RING_RX || kind == HSR_RING_COMPLETION ? rx : tx);
    }
}

int two_setup(void **state)
{
    static const char *const name[PORTS] = {"a", "b", "c"};
    struct nic_config config;
    char why[NIC_WHY];

    (void)state;
    memset(&two, 0, sizeof two);
    two.now = 1000000000;
    nic_config_repeatable(&config, WORKERS);
    config.geometry.runs[0] = 256;
    config.geometry.runs[1] = config.geometry.runs[2] = 4;
    config.geometry.ring_entries = 64;
    config.geometry.fw_slots = 16;
    assert_int_equal(nic_open(&two.nic, &config, why), 0);
    for (unsigned p = 0; p < PORTS; p++) {
        struct nic_port_config port = {
            .index = (uint16_t)p, .kind = HSR_PORT_KIND_RING, .context = 1, .mtu = 1500};

        snprintf(port.name, sizeof port.name, "%s", name[p]);
        snprintf(port.device, sizeof port.device, "%s", name[p]);
        two.ring[p] = nic_ring_new(name[p], 1u << 20);
        assert_non_null(two.ring[p]);
        assert_int_equal(nic_port_add(two.nic, &port, -1, why), 0);
    }
    assert_int_equal(nic_reset(two.nic, 1), 0); /* so that no stamp is 0 */
    two_play(&two.first, '1', &nic_region(two.nic)->view, false);
    assert_int_equal(nic_start(two.nic), 0);
    return 0;
}

void two_attach_second(void)
{
    assert_int_equal(nic_second_open(two.nic, 2), 0);
    two_play(&two.second, '2', &nic_second_region(two.nic)->view, true);
    assert_int_equal(nic_second_start(two.nic), 0);
}

/* Frames that have left. */
static void look(void)
{
    uint8_t frame[2048];

    while (nic_ring_pop(two.ring[B], frame, sizeof frame, NULL) > 0) {
        two.left[frame[MARK_AT]]++;
        two.order[two.orders++] = (char)frame[MARK_AT];
    }
}

void two_poll(void)
{
    while (nic_poll(two.nic, two.now += 1000) > 0)
        continue;
    nic_sync(two.nic);
    look();
}

void two_receive(unsigned port, unsigned n)
{
    struct fr_flow f = {.smac = 1, .dmac = 2, .src = "10.0.0.1", .dst = "10.0.0.2", .dport = 9};

    for (unsigned i = 0; i < n; i++) {
        f.sport = (uint16_t)(1000 + two.sport++);
        fr_udp(&two.frame, &f, 100);
        assert_true(nic_ring_push(two.ring[port], two.frame.b, two.frame.len, NULL));
    }
    two_poll();
}

void two_put(struct firmware *f, uint32_t worker, uint32_t entry)
{
    assert_true(hsr_ring_push(&f->ring[worker][HSR_RING_TX], &entry, 1));
    hsr_ring_kick(&f->ring[worker][HSR_RING_TX]);
}

void two_fence(struct firmware *f, uint32_t worker, uint32_t quota, uint32_t stamp)
{
    uint32_t slot = f->view->fw_first + worker * f->view->fw_slots + quota;
    struct hsr_tx_meta *meta = (struct hsr_tx_meta *)hsr_slot(f->view, slot);

    *meta = (struct hsr_tx_meta){.action = HSR_CTRL_FENCE, .owner = stamp};
    two_put(f, worker, hsr_entry(slot, HSR_KIND_CTRL));
}

/* What a firmware does with a packet. */
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
    two_put(f, worker, hsr_entry(slot, HSR_KIND_PACKET));
}

unsigned two_turn_as(struct firmware *f, uint8_t action, uint32_t stamp)
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
    two_poll();
    return n;
}

unsigned two_turn(struct firmware *f)
{
    return two_turn_as(f, HSR_TXA_TRANSMIT, 0);
}

const struct hsr_port_stats *two_stats(unsigned port)
{
    return &nic_region(two.nic)->view.stats[port];
}

uint64_t two_drops(unsigned port, enum hsr_drop reason)
{
    return two_stats(port)->drops[reason];
}

void two_expect_copies(unsigned instance, unsigned port, uint64_t copies, uint64_t held_back,
                       uint64_t sent)
{
    struct hsr_port_stats s = nic_copy_ledger(two.nic, instance, (uint16_t)port);

    assert_int_equal(s.pre_rx, copies);
    assert_int_equal(s.pre_rx, s.pre_ring + s.pre_drops);
    assert_int_equal(s.pre_ring, s.post_ring);
    assert_int_equal(s.post_ring + s.post_originated, s.post_tx + s.post_consumed + s.post_drops);
    assert_int_equal(s.drops[HSR_DROP_HELD_BACK], held_back);
    assert_int_equal(s.post_tx, sent);
}

int two_teardown(void **state)
{
    uint32_t out;
    struct nic_faults faults;
    bool balanced = true;

    (void)state;
    two_poll();
    out = nic_slots_out(two.nic);
    faults = nic_faults(two.nic);
    seen_note_of_nic(nic_region(two.nic)->view.stats);
    if (nic_second_region(two.nic) != NULL)
        seen_note_of_nic(nic_second_region(two.nic)->view.stats);
    for (unsigned p = 0; p < PORTS; p++) {
        const struct hsr_port_stats *s = two_stats(p);

        balanced =
            balanced && s->pre_rx == s->pre_ring + s->pre_drops && s->pre_ring == s->post_ring &&
            s->post_ring + s->post_originated == s->post_tx + s->post_consumed + s->post_drops;
    }
    nic_close(two.nic);
    for (unsigned p = 0; p < PORTS; p++)
        nic_ring_free(two.ring[p]);
    assert_true(balanced);
    assert_int_equal(out, 0);
    assert_int_equal(faults.bad_entry, 0);
    assert_int_equal(faults.lost_completion, 0);
    return 0;
}

int two_teardown_hostile(void **state)
{
    uint32_t out;

    (void)state;
    two_poll();
    out = nic_slots_out(two.nic);
    nic_close(two.nic);
    for (unsigned p = 0; p < PORTS; p++)
        nic_ring_free(two.ring[p]);
    assert_int_equal(out, 0);
    return 0;
}

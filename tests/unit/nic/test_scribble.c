/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A firmware that writes into slots between the moment the Pre-Processor has taken a packet in and the moment that packet is
 * handed over, and while what it sends is with the Post-Processor: all is as if it had not. The moments are exact: a port
 * does it, when it is asked for frames behind all others, and when it is given frames.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "frames.h"
#include "nic/ports/ring.h"
#include "nic_internal.h"

enum { VNIC, OTHER, UPLINK, LAST, PORTS }; /* in the order in which they are served */
enum { WORKERS = 2, MOST = 64, CONTEXT = 5, VNI = 100, GROUP = 3, GUEST = 7 };

/* What came of the frames: all that the NIC says to anybody. */
struct outcome {
    uint32_t packets[2][WORKERS];
    uint32_t entry[2][WORKERS][MOST]; /* of the first and the second firmware */
    struct hsr_rx_meta meta[2][WORKERS][MOST];
    struct hsr_port_stats stats[PORTS], copies[2][PORTS];
    uint32_t with_worker[PORTS][WORKERS];
    uint64_t vectors[HSR_MAX_VECTOR + 1], bytes_to_fw, bytes_from_fw, sliced;
    uint32_t left, left_len[2 * MOST];
    uint64_t left_sum[2 * MOST];
};

static struct nic *nic;
static struct nic_ring *ring[PORTS];
static struct nic_port_ops scribbling;
static int with = -1; /* the byte it writes, -1: none */
static unsigned scribbled;
static struct fr frame;

/* Of the packets that are inside; what is free is out of bounds for sanitizers. */
static void scribble(void)
{
    for (uint32_t slot = 0; slot < nic->region.view.slots; slot++) {
        if (nic->slots.run[slot].state == NIC_SLOT_NIC) {
            memset(hsr_slot(&nic->region.view, slot), with, HSR_SLOT_META);
            scribbled++;
        }
    }
}

static uint32_t scribble_rx(struct nic_port *port, struct nic_slots *slots, struct nic_rx *out,
                            uint32_t max, uint32_t *no_slot, uint32_t *too_big)
{
    if (with >= 0)
        scribble();
    return nic_port_ops(HSR_PORT_KIND_RING)->rx(port, slots, out, max, no_slot, too_big);
}

static uint32_t scribble_tx(struct nic_port *port, const struct po_frame *frames, uint32_t n)
{
    if (with >= 0)
        scribble();
    return nic_port_ops(HSR_PORT_KIND_RING)->tx(port, frames, n);
}

static void add(uint16_t index)
{
    struct nic_port_config config = {.index = index,
                                     .kind = HSR_PORT_KIND_RING,
                                     .uplink = index == UPLINK,
                                     .context = index == UPLINK ? 0 : CONTEXT,
                                     .mtu = 9000,
                                     .share = 1,
                                     .min_slots = 64};
    char why[NIC_WHY];

    snprintf(config.name, sizeof config.name, "s%u", index);
    snprintf(config.device, sizeof config.device, "s%u", index);
    ring[index] = nic_ring_new(config.device, 1u << 20);
    assert_non_null(ring[index]);
    assert_int_equal(nic_port_add(nic, &config, -1, why), 0);
}

static void open_nic(bool slice, bool second)
{
    static const uint8_t vtep[16] = {192, 0, 2, 1};
    struct nic_config config;
    char why[NIC_WHY];

    nic_config_repeatable(&config, WORKERS);
    config.slice = slice;
    assert_int_equal(nic_open(&nic, &config, why), 0);
    for (unsigned i = 0; i < PORTS; i++)
        add((uint16_t)i);
    scribbling = *nic_port_ops(HSR_PORT_KIND_RING);
    scribbling.rx = scribble_rx;
    scribbling.tx = scribble_tx;
    nic->port[LAST]->port.ops = &scribbling;
    assert_int_equal(nic_vtep_set(nic, vtep, 4, false), 0);
    assert_int_equal(nic_context_set(nic, HSR_TUNNEL_VXLAN, VNI, CONTEXT), 0);
    assert_int_equal(nic_start(nic), 0);
    if (second) {
        assert_int_equal(nic_second_open(nic, 2), 0);
        assert_int_equal(nic_second_start(nic), 0);
        assert_int_equal(nic_group_set(nic, OTHER, 0, GROUP), 0);
        assert_int_equal(nic_group_set(nic, HSR_NO_PORT, CONTEXT, GROUP), 0);
        assert_int_equal(nic_owner_set(nic, GROUP, 1, NULL), 0);
    }
}

static void push(unsigned port)
{
    assert_true(nic_ring_push(ring[port], frame.b, frame.len, &frame.vnet));
}

/* Flows of one packet and of several, of both families, large ones, an ICMP error, a bad one, and some out of a tunnel. */
static void push_all(void)
{
    struct fr_flow f = {.smac = 1, .dmac = GUEST, .src = "10.0.0.1", .dst = "10.0.0.2", .dport = 9};
    struct fr_flow f6 = {.smac = 1, .dmac = 2, .src = "fd00::1", .dst = "fd00::2", .dport = 9};
    struct fr_flow outer = {
        .smac = 3, .dmac = 4, .src = "192.0.2.9", .dst = "192.0.2.1", .sport = 5, .dport = 4789};

    for (unsigned i = 0; i < 12; i++) {
        f.sport = f6.sport = (uint16_t)(1000 + i / 3);
        fr_udp(&frame, &f, i % 2 ? 20 : 1000);
        push(i % 4 == 3 ? OTHER : VNIC);
        fr_tcp(&frame, &f6, FR_ACK, i, 1, i % 2 ? 20 : 1000);
        push(VNIC);
        fr_udp(&frame, &f, 30);
        fr_vxlan(&frame, &outer, VNI);
        push(UPLINK);
    }
    fr_udp(&frame, &f, 20);
    static struct fr quoted;

    quoted = frame;
    fr_error(&frame, &f, 3, 1, &quoted, 64);
    push(VNIC);
    frame.b[24] ^= 1; /* the header's checksum */
    push(VNIC);
    push(LAST);
}

/* As it came, to the port that scribbles. */
static void send(uint8_t *slot, const struct hsr_rx_meta *m)
{
    struct hsr_tx_meta tx = {.egress_port = LAST,
                             .action = HSR_TXA_TRANSMIT,
                             .frame_off = HSR_SLOT_FRAME,
                             .frame_len = m->payload != 0 ? m->payload_off : m->frame_len,
                             .payload = m->payload,
                             .payload_op = HSR_PAYLOAD_RELEASE,
                             .owner = m->owner,
                             .rx_seq = m->rx_seq};

    memcpy(slot, &tx, sizeof tx);
}

/* What a firmware finds in its rings; all of it is sent. */
static void take(const struct hsr_view *view, unsigned instance, struct outcome *o)
{
    for (uint32_t w = 0; w < WORKERS; w++) {
        struct hsr_ring rx, tx;

        hsr_view_ring(view, w, HSR_RING_RX, &rx, -1);
        hsr_view_ring(view, w, HSR_RING_TX, &tx, -1);
        o->packets[instance][w] = hsr_ring_pop(&rx, o->entry[instance][w], MOST);
        for (uint32_t i = 0; i < o->packets[instance][w]; i++) {
            uint32_t slot = hsr_entry_slot(o->entry[instance][w][i]);
            const struct hsr_rx_meta *m = (const struct hsr_rx_meta *)hsr_slot(view, slot);
            bool line1 = m->flags & (HSR_RXF_LINE1 | HSR_RXF_IPV6);

            memcpy(&o->meta[instance][w][i], m, line1 ? sizeof *m : HSR_CACHE_LINE);
            o->meta[instance][w][i].timestamp = m->timestamp;
            o->meta[instance][w][i].packet_id = m->packet_id;
            send(hsr_slot(view, slot), &o->meta[instance][w][i]);
        }
        assert_true(hsr_ring_push(&tx, o->entry[instance][w], o->packets[instance][w]));
    }
}

static void look_at_what_left(struct outcome *o)
{
    int64_t len;

    while ((len = nic_ring_pop(ring[LAST], frame.b, sizeof frame.b, NULL)) >= 0) {
        o->left_len[o->left] = (uint32_t)len;
        o->left_sum[o->left++] = fr_sum(0, frame.b, (uint32_t)len);
    }
}

static void run(bool slice, bool second, int byte, struct outcome *o)
{
    memset(o, 0, sizeof *o);
    with = byte;
    scribbled = 0;
    open_nic(slice, second);
    push_all();
    nic_poll(nic, 1000000000);
    assert_int_equal(scribbled, byte >= 0 ? 38 : 0);
    for (unsigned p = 0; p < PORTS; p++)
        memcpy(o->with_worker[p], nic->with_worker[p], sizeof o->with_worker[p]);
    memcpy(o->vectors, nic->pre.agg.vectors, sizeof o->vectors);
    take(&nic->region.view, 0, o);
    if (second)
        take(&nic_second_region(nic)->view, 1, o);
    nic_poll(nic, 1000001000);
    look_at_what_left(o);
    o->bytes_to_fw = nic->traffic.bytes_to_fw;
    o->bytes_from_fw = nic->traffic.bytes_from_fw;
    o->sliced = nic->kept.sliced;
    for (unsigned p = 0; p < PORTS; p++) {
        o->stats[p] = nic->stats[p];
        for (unsigned i = 0; i < 2; i++)
            o->copies[i][p] = nic_copy_ledger(nic, i, (uint16_t)p);
    }
    assert_int_equal(nic_slots_out(nic), 0);
    assert_int_equal(nic_cells_out(nic), 0);
    assert_int_equal(nic_credit_out(nic), 0);
    nic_close(nic);
    for (unsigned p = 0; p < PORTS; p++)
        assert_int_equal(nic_ring_free(ring[p]), 0);
}

static void same(bool slice, bool second)
{
    static const int bytes[] = {0xFF, 0x00, 0x02, 0x55};
    static struct outcome honest, hostile;

    run(slice, second, -1, &honest);
    assert_int_equal(honest.packets[0][0] + honest.packets[0][1], 39);
    assert_true(honest.packets[0][0] > 0 && honest.packets[0][1] > 0);
    assert_true(honest.vectors[3] > 0);
    for (unsigned i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
        run(slice, second, bytes[i], &hostile);
        assert_memory_equal(&hostile, &honest, sizeof honest);
    }
    assert_int_equal(honest.left, 39);
    assert_int_equal(honest.sliced > 0, slice);
    assert_int_equal(honest.copies[1][OTHER].pre_rx, second ? 3 : 0);
}

/* Fault 40: slots that are written to while they are read. */
static void test_whole(void **state)
{
    (void)state;
    same(false, false);
}

static void test_sliced(void **state)
{
    (void)state;
    same(true, false);
}

/* Groups, stamps and the second's copies too: it has nothing that the first one could have made up. */
static void test_second(void **state)
{
    (void)state;
    same(false, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_sliced),
        cmocka_unit_test(test_second),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "vhost_guest.h"

#include <linux/virtio_config.h>
#include <stdlib.h>
#include <string.h>

#include "ports/vhost_net.h"

#define BIT(n) (UINT64_C(1) << (n))

static struct vh_net net_of(bool merged)
{
    uint64_t features = vh_net_features(true);
    struct vh_net net;

    vh_net_set(&net, merged ? features : features & ~BIT(VIRTIO_NET_F_MRG_RXBUF));
    return net;
}

static uint8_t pattern[HSR_MAX_FRAME];

/* One turn with room for `max` frames. */
struct rx {
    struct nic_rx out[64];
    uint32_t got, too_big, bad;
    bool all;
};
static struct rx receive(struct guest *g, const struct vh_net *net, struct pool *pool, uint32_t max)
{
    struct rx r = {.got = 0};
    struct vh_turn turn = {.out = r.out, .max = max};

    r.all = vh_net_rx(&g->q, &g->mem, net, &pool->slots, &turn);
    vh_publish(&g->q);
    r.got = turn.got;
    r.bad = turn.bad;
    r.too_big = turn.too_big;
    return r;
}

static void give_back(struct pool *pool, const struct rx *r)
{
    for (uint32_t i = 0; i < r->got; i++)
        assert_true(nic_slots_put(&pool->slots, r->out[i].slot));
}

static void features_are_what_was_agreed(void **state)
{
    struct vh_net net;

    (void)state;
    assert_true(vh_net_features(true) & BIT(VIRTIO_NET_F_HOST_TSO4));
    assert_false(vh_net_features(false) & (BIT(VIRTIO_NET_F_CSUM) | BIT(VIRTIO_NET_F_GUEST_TSO4)));
    vh_net_set(&net, 0);
    assert_int_equal(net.header, 10);
    assert_false(net.merged || net.csum || net.tso);
    vh_net_set(&net, BIT(VIRTIO_F_VERSION_1));
    assert_int_equal(net.header, 12);
    vh_net_set(&net, vh_net_features(true) & ~BIT(VIRTIO_NET_F_GUEST_TSO6));
    assert_true(net.csum && !net.tso);
    vh_net_set(&net, vh_net_features(true) & ~BIT(VIRTIO_NET_F_GUEST_CSUM));
    assert_false(net.csum || net.tso);
    vh_net_set(&net, vh_net_features(true));
    assert_true(net.merged && net.csum && net.tso);
}

/* Header and frame wherever the guest cuts them, over the border of its regions, in tables and not. */
static void frames_from_the_guest(void **state)
{
    const struct vh_net net = net_of(true);
    struct pool pool;

    (void)state;
    pool_open(&pool, 8, 2, 2);
    for (unsigned k = 0; k < 4; k++) {
        struct guest_kind kind = {k & 1, k & 1, k & 2};
        struct guest g;

        guest_open(&g, kind, 16);
        for (uint32_t len = 1; len <= HSR_MAX_FRAME; len = len * 3 + 1) {
            uint64_t at = GUEST_BORDER - (12 + len) / 2;
            uint32_t cut = len < 9 ? len : 9;
            struct buffer b[3] = {{at, cut}, {at + cut, 0}, {at + cut, 12 + len - cut}};
            static const uint8_t header[12] = {[4] = 77}; /* gso_size */

            for (uint32_t i = 0; i < 12; i++)
                *guest_at(&g, at + i) = header[i];
            for (uint32_t i = 12; i < 12 + len; i++)
                *guest_at(&g, at + i) = (uint8_t)(i * 7);
            guest_add(&g, b, 3, false, kind.tables);
            struct rx r = receive(&g, &net, &pool, 4);

            assert_true(r.all);
            assert_int_equal(r.got, 1);
            assert_int_equal(r.bad + r.too_big, 0);
            assert_int_equal(r.out[0].len, len);
            assert_int_equal(r.out[0].vnet.gso_size, 77);
            const uint8_t *frame = nic_slot_frame(&pool.slots, r.out[0].slot);

            for (uint32_t i = 0; i < len; i++)
                assert_int_equal(frame[i], (uint8_t)((i + 12) * 7));
            give_back(&pool, &r);
            uint16_t id;
            uint32_t used;

            assert_true(guest_get(&g, &id, &used));
            assert_int_equal(used, 0);
        }
        guest_close(&g);
    }
    pool_close(&pool);
}

static void frames_that_are_none(void **state)
{
    static const struct {
        const char *what;
        struct buffer b;
        bool too_big;
    } table[] = {
        {"no bytes", {GUEST_DATA, 0}, false},
        {"a piece of a header", {GUEST_DATA, 11}, false},
        {"longer than a frame may be", {GUEST_DATA, 12 + HSR_MAX_FRAME + 1}, true},
        {"as long as can be said", {GUEST_DATA, UINT32_MAX}, false},
        {"header outside", {GUEST_END, 60}, false},
        {"begins inside", {GUEST_END - 30, 60}, false},
    };
    const struct buffer good = {GUEST_DATA, 72};
    const struct vh_net net = net_of(true);
    struct pool pool;

    (void)state;
    pool_open(&pool, 4, 1, 1);
    for (unsigned packed = 0; packed < 2; packed++) {
        for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
            struct guest g;
            uint16_t id;
            uint32_t len;

            guest_open(&g, (struct guest_kind){packed, false, true}, 4);
            guest_add(&g, &table[i].b, 1, false, false);
            guest_add(&g, &good, 1, false, false);
            struct rx r = receive(&g, &net, &pool, 4);

            if (r.got != 1 || r.bad != !table[i].too_big || r.too_big != table[i].too_big)
                fail_msg("%s: %u got", table[i].what, r.got);
            give_back(&pool, &r);
            assert_true(guest_get(&g, &id, &len));
            assert_true(guest_get(&g, &id, &len));
            guest_close(&g);
        }
    }
    pool_close(&pool);
}

/* Without a slot a frame waits in the guest. */
static void frames_wait_in_the_guest(void **state)
{
    const struct buffer good = {GUEST_DATA, 72};
    const struct vh_net net = net_of(true);
    struct pool pool;
    struct guest g;
    struct rx r, more;

    (void)state;
    pool_open(&pool, 2, 0, 0);
    guest_open(&g, (struct guest_kind){false, false, false}, 256);
    for (unsigned i = 0; i < 3; i++)
        guest_add(&g, &good, 1, false, false);
    r = receive(&g, &net, &pool, 8);
    assert_int_equal(r.got, 2);
    assert_false(r.all);
    assert_true(pool.slots.waits);
    more = receive(&g, &net, &pool, 8);
    assert_int_equal(more.got, 0);
    give_back(&pool, &r);
    r = receive(&g, &net, &pool, 8);
    assert_int_equal(r.got, 1);
    assert_true(r.all);
    give_back(&pool, &r);
    guest_close(&g);
    pool_close(&pool);
}

/* Chains that hold no frame use up the guest's turn as frames do, over all of its queues. */
static void a_turn_is_used_up_by_bad_chains(void **state)
{
    const struct buffer good = {GUEST_DATA, 72}, none = {GUEST_DATA, 1},
                        outside = {GUEST_END - 8, 72},
                        long_one = {GUEST_DATA, 12 + HSR_MAX_FRAME + 1};
    const struct vh_net net = net_of(true);
    struct nic_rx out[16];
    struct vh_turn turn = {.out = out, .max = 16};
    struct guest g[2];
    struct pool pool;

    (void)state;
    pool_open(&pool, 16, 0, 0);
    for (unsigned i = 0; i < 2; i++) {
        guest_open(&g[i], (struct guest_kind){i > 0, false, false}, 64);
        guest_add(&g[i], &good, 1, false, false);
        guest_add(&g[i], &long_one, 1, false, false);
        for (unsigned k = 0; k < 5; k++) {
            guest_add(&g[i], &none, 1, false, false);
            guest_add(&g[i], &outside, 1, false, false);
        }
    }
    assert_true(vh_net_rx(&g[0].q, &g[0].mem, &net, &pool.slots, &turn));
    assert_int_equal(turn.got + turn.too_big + turn.bad, 12);
    assert_false(vh_net_rx(&g[1].q, &g[1].mem, &net, &pool.slots, &turn));
    assert_int_equal(turn.got, 2);
    assert_int_equal(turn.too_big, 2);
    assert_int_equal(turn.bad, 12);
    assert_int_equal(g[1].q.bad, 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_true(nic_slots_put(&pool.slots, out[i].slot));
        guest_close(&g[i]);
    }
    pool_close(&pool);
}

/* Nothing is copied of a chain whose end lies outside, into either direction. */
static void bad_chains_are_not_copied(void **state)
{
    const struct buffer b[2] = {{GUEST_DATA, 1000}, {GUEST_END - 8, 72}};
    const struct po_frame f = {.body = pattern, .body_len = 1040};
    const struct vh_net net = net_of(true);
    struct pool pool;

    (void)state;
    pool_open(&pool, 1, 0, 0);
    for (unsigned packed = 0; packed < 2; packed++) {
        struct guest g;
        uint32_t slot = nic_slots_get_for(&pool.slots, 1000);
        uint8_t *frame = nic_slot_frame(&pool.slots, slot);
        struct rx r;

        memset(frame, 0x11, 1000);
        nic_slots_put(&pool.slots, slot);
        guest_open(&g, (struct guest_kind){packed, false, false}, 8);
        memset(guest_at(&g, GUEST_DATA), 0x22, 1000);
        guest_add(&g, b, 2, false, false);
        r = receive(&g, &net, &pool, 4);
        assert_int_equal(r.bad, 1);
        assert_int_equal(nic_slots_get_for(&pool.slots, 1000), slot);
        for (unsigned i = 0; i < 1000; i++)
            assert_int_equal(frame[i], 0x11);
        nic_slots_put(&pool.slots, slot);
        guest_add(&g, b, 2, true, false);
        assert_int_equal(vh_net_tx(&g.q, &g.mem, &net, &f), VH_BAD);
        for (unsigned i = 0; i < 1000; i++)
            assert_int_equal(*guest_at(&g, GUEST_DATA + i), 0x22);
        guest_close(&g);
    }
    pool_close(&pool);
}

/* Read back what the device wrote into the buffers, in order; the header apart. */
static void check_written(struct guest *g, const struct buffer *b, unsigned n, uint32_t len,
                          struct virtio_net_hdr_mrg_rxbuf *h)
{
    uint32_t at = 0;

    for (unsigned i = 0; i < n; i++) {
        for (uint32_t k = 0; k < b[i].len && at < 12 + len; k++, at++) {
            uint8_t byte = *guest_at(g, b[i].gpa + k);

            if (at < 12)
                ((uint8_t *)h)[at] = byte;
            else
                assert_int_equal(byte, pattern[at - 12]);
        }
    }
    assert_int_equal(at, 12 + len);
}

/* Frames of all lengths into buffers of 500 bytes: merged ones as many as it takes, in either kind of ring. */
static void frames_to_the_guest_in_merged_buffers(void **state)
{
    const struct vh_net net = net_of(true);

    (void)state;
    for (unsigned packed = 0; packed < 2; packed++) {
        struct guest g;

        guest_open(&g, (struct guest_kind){packed, false, false}, 64);
        for (uint32_t len = 14; len <= 31000; len += 1 + len / 5) {
            struct buffer b[64];
            struct po_span tail[PARTS];
            struct po_frame f = frame_in_parts(pattern, len, tail);
            struct virtio_net_hdr_mrg_rxbuf h;
            unsigned need = (12 + len + 499) / 500;
            uint32_t sum = 0, got;
            uint16_t id;

            f.vnet.csum_start = 34;
            for (unsigned i = 0; i < need; i++) {
                b[i] = (struct buffer){GUEST_BORDER - 700 + 500 * i, 500};
                guest_add(&g, &b[i], 1, true, false);
            }
            assert_int_equal(vh_net_tx(&g.q, &g.mem, &net, &f), VH_SENT);
            assert_int_equal(vh_net_tx(&g.q, &g.mem, &net, &f), VH_FULL);
            vh_publish(&g.q);
            check_written(&g, b, need, len, &h);
            assert_int_equal(h.num_buffers, need);
            assert_int_equal(h.hdr.csum_start, 34);
            for (unsigned i = 0; i < need; i++) {
                assert_true(guest_get(&g, &id, &got));
                sum += got;
            }
            assert_int_equal(sum, 12 + len);
            assert_false(guest_get(&g, &id, &got));
        }
        guest_close(&g);
    }
}

static void buffers_that_are_not_merged(void **state)
{
    const struct buffer small = {GUEST_DATA, 100},
                        large[2] = {{GUEST_DATA, 12}, {GUEST_BORDER - 50, 200}};
    const struct vh_net net = net_of(false);

    (void)state;
    for (unsigned packed = 0; packed < 2; packed++) {
        struct po_frame f = {.body = pattern, .body_len = 150};
        struct virtio_net_hdr_mrg_rxbuf h;
        struct guest g;
        uint16_t id;
        uint32_t len;

        guest_open(&g, (struct guest_kind){packed, false, false}, 8);
        assert_int_equal(vh_net_tx(&g.q, &g.mem, &net, &f), VH_FULL);
        guest_add(&g, &small, 1, true, false);
        /* Too small for this one, which is lost, and not for the next. */
        assert_int_equal(vh_net_tx(&g.q, &g.mem, &net, &f), VH_REFUSED);
        f.body_len = 88;
        assert_int_equal(vh_net_tx(&g.q, &g.mem, &net, &f), VH_SENT);
        guest_add(&g, large, 2, true, false);
        f.body_len = 150;
        assert_int_equal(vh_net_tx(&g.q, &g.mem, &net, &f), VH_SENT);
        vh_publish(&g.q);
        check_written(&g, large, 2, 150, &h);
        assert_int_equal(h.num_buffers, 1);
        assert_true(guest_get(&g, &id, &len));
        assert_int_equal(len, 100);
        assert_true(guest_get(&g, &id, &len));
        assert_int_equal(len, 162);
        guest_close(&g);
    }
}

/* What it has not agreed to it does not get; bad buffers cost the frame, come back, and the next frame goes. */
static void frames_that_are_refused(void **state)
{
    const struct buffer outside = {GUEST_END - 20, 200}, good = {GUEST_DATA, 2000};
    struct po_frame f = {.body = pattern, .body_len = 100};
    struct vh_net plain, net = net_of(true);

    (void)state;
    for (unsigned packed = 0; packed < 2; packed++) {
        struct guest g;
        uint16_t id;
        uint32_t len;

        guest_open(&g, (struct guest_kind){packed, false, false}, 8);
        vh_net_set(&plain, vh_net_features(false));
        guest_add(&g, &good, 1, true, false);
        f.vnet.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        assert_int_equal(vh_net_tx(&g.q, &g.mem, &plain, &f), VH_REFUSED);
        f.vnet.flags = 0;
        f.vnet.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
        assert_int_equal(vh_net_tx(&g.q, &g.mem, &plain, &f), VH_REFUSED);
        assert_int_equal(vh_net_tx(&g.q, &g.mem, &net, &f), VH_SENT);
        f.vnet.gso_type = 0;
        guest_add(&g, &outside, 1, true, false);
        guest_add(&g, &good, 1, false, false); /* not to be written to */
        guest_add(&g, &good, 1, true, false);
        assert_int_equal(vh_net_tx(&g.q, &g.mem, &net, &f), VH_BAD);
        assert_int_equal(vh_net_tx(&g.q, &g.mem, &net, &f), VH_BAD);
        assert_int_equal(vh_net_tx(&g.q, &g.mem, &net, &f), VH_SENT);
        vh_publish(&g.q);
        for (unsigned i = 0; i < 4; i++) {
            assert_true(guest_get(&g, &id, &len));
            assert_int_equal(len, i % 3 == 0 ? 112 : 0);
        }
        /* A ring that lies stops the queue: that is no want of buffers. */
        g.q.stop = VH_STOP_CHAIN;
        assert_int_equal(vh_net_tx(&g.q, &g.mem, &net, &f), VH_BAD);
        guest_close(&g);
    }
}

/* The same flow, the same queue, whatever the frame's length and where its bytes stand; flows are spread. */
static void flows_keep_their_queue(void **state)
{
    uint8_t frame[100] = {[12] = 0x08, [14] = 0x45, [23] = 6};
    struct po_span tail[PARTS];
    uint32_t seen = 0;

    (void)state;
    for (unsigned port = 0; port < 64; port++) {
        frame[35] = (uint8_t)port;
        struct po_frame whole = {.body = frame, .body_len = 100};
        struct po_frame parts = frame_in_parts(frame, 90, tail);
        uint32_t queue = vh_net_spread(&whole, 4);

        assert_true(queue < 4);
        assert_int_equal(vh_net_spread(&parts, 4), queue);
        assert_int_equal(vh_net_spread(&whole, 1), 0);
        seen |= 1u << queue;
    }
    assert_int_equal(seen, 0xF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_are_what_was_agreed),
        cmocka_unit_test(frames_from_the_guest),
        cmocka_unit_test(frames_that_are_none),
        cmocka_unit_test(frames_wait_in_the_guest),
        cmocka_unit_test(a_turn_is_used_up_by_bad_chains),
        cmocka_unit_test(bad_chains_are_not_copied),
        cmocka_unit_test(frames_to_the_guest_in_merged_buffers),
        cmocka_unit_test(buffers_that_are_not_merged),
        cmocka_unit_test(frames_that_are_refused),
        cmocka_unit_test(flows_keep_their_queue),
    };

    for (unsigned i = 0; i < sizeof pattern; i++)
        pattern[i] = (uint8_t)(i * 11 + i / 256);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

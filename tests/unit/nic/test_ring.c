/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <errno.h>
#include <string.h>

#include "nic/ports/ring.h"

static const struct virtio_net_hdr vnet = {
    .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34, .csum_offset = 16};

static void there_and_back(void **state)
{
    struct nic_ring *ring = nic_ring_new("a", 1 << 18);
    struct nic_port port = port_of(HSR_PORT_KIND_RING, "ring:a", "");
    static uint8_t frame[HSR_MAX_FRAME], back[HSR_MAX_FRAME];
    struct virtio_net_hdr got_vnet;
    struct nic_rx rx[2];
    struct pool pool;

    (void)state;
    assert_non_null(ring);
    pool_open(&pool, 2, 2, 2);
    port_open(&port);
    /* Lengths that make the queue wrap at every kind of place. */
    for (uint32_t i = 0; i < 2000; i++) {
        uint32_t len = i * 7919 % HSR_MAX_FRAME + 1;
        struct po_span tail[PARTS];
        struct po_frame f;

        memset(frame, (int)(i & 0xff), len);
        assert_true(nic_ring_push(ring, frame, len, i & 1 ? &vnet : NULL));
        assert_int_equal(port_rx(&port, &pool, rx, 2), 1);
        assert_int_equal(rx[0].len, len);
        assert_memory_equal(nic_slot_frame(&pool.slots, rx[0].slot), frame, len);
        assert_int_equal(rx[0].vnet.csum_start, i & 1 ? 34 : 0);
        f = frame_in_parts(nic_slot_frame(&pool.slots, rx[0].slot), len, tail);
        f.vnet = vnet;
        assert_int_equal(port.ops->tx(&port, &f, 1), 1);
        assert_true(nic_slots_put(&pool.slots, rx[0].slot));
        assert_int_equal(nic_ring_pop(ring, back, sizeof back, &got_vnet), len);
        assert_memory_equal(back, frame, len);
        assert_int_equal(got_vnet.csum_start, 34);
        assert_int_equal(nic_ring_pop(ring, back, sizeof back, NULL), -1);
    }
    assert_int_equal(nic_ring_sent(ring).frames, 2000);
    assert_int_equal(nic_ring_free(ring), -EBUSY);
    port.ops->close(&port);
    assert_int_equal(nic_ring_free(ring), 0);
    pool_close(&pool);
}

static void full_is_told(void **state)
{
    struct nic_ring *ring = nic_ring_new("a", 1 << 18);
    struct nic_port port = port_of(HSR_PORT_KIND_RING, "a", "");
    static uint8_t frame[HSR_MAX_FRAME + 1];
    uint32_t pushed = 0;
    struct nic_rx rx[64];
    struct pool pool;

    (void)state;
    pool_open(&pool, 1, 0, 0);
    port_open(&port);
    assert_false(nic_ring_push(ring, frame, HSR_MAX_FRAME + 1, NULL));
    while (nic_ring_push(ring, frame, 1500, NULL))
        pushed++;
    assert_true(pushed > 100);
    for (uint32_t sent = 0; sent < pushed; sent++)
        assert_true(port_send(&port, frame, 1500));
    assert_false(port_send(&port, frame, 1500));
    /* One slot: the rest stays in the queue. */
    for (uint32_t i = 0; i < pushed; i++) {
        assert_int_equal(port_rx(&port, &pool, rx, 64), 1);
        assert_true(nic_slots_put(&pool.slots, rx[0].slot));
    }
    assert_int_equal(port_rx(&port, &pool, rx, 64), 0);
    port.ops->close(&port);
    assert_int_equal(nic_ring_free(ring), 0);
    pool_close(&pool);
}

static void loaded_set(void **state)
{
    struct nic_ring *ring = nic_ring_new("gen", 0);
    struct nic_port port = port_of(HSR_PORT_KIND_RING, "ring:gen", "");
    struct nic_ring_frame set[3] = {{.data = (const uint8_t *)"one", .len = 3},
                                    {.data = (const uint8_t *)"three", .len = 5, .vnet = vnet},
                                    {.data = NULL, .len = 0}};
    struct nic_rx rx[8];
    struct pool pool;

    (void)state;
    pool_open(&pool, 8, 0, 0);
    port_open(&port);
    assert_int_equal(nic_ring_load(ring, set, 0, true), -EINVAL);
    assert_int_equal(nic_ring_load(ring, set, 2, true), 0);
    assert_int_equal(port_rx(&port, &pool, rx, 7), 7);
    for (unsigned i = 0; i < 7; i++) {
        assert_int_equal(rx[i].len, i % 2 ? 5 : 3);
        assert_memory_equal(nic_slot_frame(&pool.slots, rx[i].slot), i % 2 ? "three" : "one",
                            rx[i].len);
        assert_int_equal(rx[i].vnet.csum_start, i % 2 ? 34 : 0);
        assert_true(nic_slots_put(&pool.slots, rx[i].slot));
    }
    assert_int_equal(nic_ring_load(ring, set, 3, false), 0);
    assert_int_equal(port_rx(&port, &pool, rx, 8), 3);
    for (unsigned i = 0; i < 3; i++)
        assert_true(nic_slots_put(&pool.slots, rx[i].slot));
    assert_int_equal(port_rx(&port, &pool, rx, 8), 0);
    assert_false(nic_ring_push(ring, (const uint8_t *)"x", 1, NULL));
    assert_true(port_send(&port, "xyz", 3));
    assert_int_equal(nic_ring_sent(ring).bytes, 3);
    port.ops->close(&port);
    assert_int_equal(nic_ring_free(ring), 0);
    pool_close(&pool);
}

static void paced_set(void **state)
{
    struct nic_ring *ring = nic_ring_new("gen", 0);
    struct nic_port port = port_of(HSR_PORT_KIND_RING, "ring:gen", "");
    struct nic_ring_frame set[2] = {{.data = (const uint8_t *)"one", .len = 3},
                                    {.data = (const uint8_t *)"three", .len = 5}};
    static const struct {
        uint64_t granted;
        uint32_t got;
    } turn[] = {{0, 0}, {1, 1}, {1, 0}, {4, 3}, {UINT64_MAX, 8}, {12, 0}, {13, 1}};
    struct nic_rx rx[8];
    struct pool pool;
    uint64_t taken = 0;

    (void)state;
    pool_open(&pool, 8, 0, 0);
    port_open(&port);
    assert_int_equal(nic_ring_load(ring, set, 2, true), 0);
    for (unsigned t = 0; t < sizeof turn / sizeof turn[0]; t++) {
        nic_ring_grant(ring, turn[t].granted);
        assert_int_equal(port_rx(&port, &pool, rx, 8), turn[t].got);
        for (uint32_t i = 0; i < turn[t].got; i++, taken++) {
            assert_int_equal(rx[i].len, taken % 2 ? 5 : 3);
            assert_true(nic_slots_put(&pool.slots, rx[i].slot));
        }
        assert_int_equal(nic_ring_taken(ring), taken);
    }
    port.ops->close(&port);
    assert_int_equal(nic_ring_free(ring), 0);
    pool_close(&pool);
}

static void names(void **state)
{
    struct nic_ring *a = nic_ring_new("a", 0);
    struct nic_ring *b = nic_ring_new("b", 0);
    struct nic_port port = port_of(HSR_PORT_KIND_RING, "ring:a", "");
    struct nic_port again = port;
    struct nic_port none = port_of(HSR_PORT_KIND_RING, "ring:c", "");

    (void)state;
    assert_null(nic_ring_new("a", 0));
    assert_int_equal(errno, EEXIST);
    assert_null(nic_ring_new("", 0));
    assert_null(nic_ring_new("c", 1000000));
    assert_int_equal(errno, EINVAL);
    port_open(&port);
    port_open_fails(&again, -1, -EBUSY, "another port");
    port_open_fails(&none, -1, -ENOENT, "does not exist");
    port.ops->close(&port);
    assert_int_equal(nic_ring_free(a), 0);
    port_open_fails(&again, -1, -ENOENT, "does not exist");
    assert_int_equal(nic_ring_free(b), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back), cmocka_unit_test(full_is_told),
        cmocka_unit_test(loaded_set),     cmocka_unit_test(paced_set),
        cmocka_unit_test(names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

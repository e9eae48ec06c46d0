/* SPDX-License-Identifier: Apache-2.0 */
/* A user thread pushes, the poll thread sends back what it receives, a second user thread pops. */
#include "support.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "nic/ports/ring.h"

enum { FRAMES = 20000 };

static uint32_t length_of(uint32_t i)
{
    return 4 + i * 977 % 3000;
}

static void *pusher(void *arg)
{
    uint8_t frame[3004];

    for (uint32_t i = 0; i < FRAMES; i++) {
        memset(frame, (int)(i & 0xff), sizeof frame);
        memcpy(frame, &i, sizeof i);
        while (!nic_ring_push(arg, frame, length_of(i), NULL))
            sched_yield();
    }
    return NULL;
}

/* How many frames came back in order, with their length and last byte right. */
static void *popper(void *arg)
{
    static uint32_t good;
    uint8_t frame[3004];

    for (uint32_t i = 0; i < FRAMES; i++) {
        uint32_t number;
        int64_t len;

        while ((len = nic_ring_pop(arg, frame, sizeof frame, NULL)) < 0)
            sched_yield();
        memcpy(&number, frame, sizeof number);
        if (number == i && len == length_of(i) && (len == 4 || frame[len - 1] == (i & 0xff)))
            good++;
    }
    return &good;
}

static void all_frames_in_order(void **state)
{
    struct nic_ring *ring = nic_ring_new("t", 1 << 18);
    struct nic_port port = port_of(HSR_PORT_KIND_RING, "ring:t", "");
    pthread_t push, pop;
    uint32_t done = 0;
    struct pool pool;
    void *good;

    (void)state;
    assert_non_null(ring);
    pool_open(&pool, 32, 32, 0);
    port_open(&port);
    assert_int_equal(pthread_create(&push, NULL, pusher, ring), 0);
    assert_int_equal(pthread_create(&pop, NULL, popper, ring), 0);
    while (done < FRAMES) {
        struct nic_rx rx[16];
        uint32_t got = port_rx(&port, &pool, rx, 16);

        for (uint32_t i = 0; i < got; i++) {
            while (!port_send(&port, nic_slot_frame(&pool.slots, rx[i].slot), rx[i].len))
                sched_yield();
            assert_true(nic_slots_put(&pool.slots, rx[i].slot));
        }
        done += got;
        if (!got)
            sched_yield();
    }
    pthread_join(push, NULL);
    pthread_join(pop, &good);
    assert_int_equal(*(uint32_t *)good, FRAMES);
    assert_int_equal(nic_ring_sent(ring).frames, FRAMES);
    port.ops->close(&port);
    assert_int_equal(nic_ring_free(ring), 0);
    pool_close(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_frames_in_order)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

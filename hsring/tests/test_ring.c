/* SPDX-License-Identifier: Apache-2.0 */
#include "hsr_test.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hsring/ring.h"

enum { ENTRIES = 64 };

struct fixture {
    struct {
        struct hsr_ring_head head;
        uint32_t entries[ENTRIES];
    } memory;
    struct hsr_ring producer;
    struct hsr_ring consumer;
};

static void start_at(struct fixture *f, uint32_t index)
{
    memset(f, 0, sizeof *f);
    f->memory.head.prod = index;
    f->memory.head.cons = index;
    hsr_ring_attach(&f->producer, &f->memory, ENTRIES, -1);
    hsr_ring_attach(&f->consumer, &f->memory, ENTRIES, -1);
}

static void entry_parts(void **state)
{
    uint32_t entry = hsr_entry(0xABCDEF, HSR_KIND_ORIGINATE);

    (void)state;
    assert_int_equal(entry, 0x02ABCDEF);
    assert_int_equal(hsr_entry_slot(entry), 0xABCDEF);
    assert_int_equal(hsr_entry_kind(entry), HSR_KIND_ORIGINATE);
}

static void empty_and_full(void **state)
{
    uint32_t in[ENTRIES + 1];
    uint32_t out[ENTRIES + 1];
    struct fixture f;

    (void)state;
    start_at(&f, 0);
    for (uint32_t i = 0; i <= ENTRIES; i++)
        in[i] = 1000 + i;
    assert_int_equal(hsr_ring_waiting(&f.consumer), 0);
    assert_int_equal(hsr_ring_pop(&f.consumer, out, ENTRIES), 0);
    assert_false(hsr_ring_push(&f.producer, in, ENTRIES + 1));
    assert_int_equal(hsr_ring_waiting(&f.consumer), 0);
    assert_true(hsr_ring_push(&f.producer, in, ENTRIES));
    assert_int_equal(hsr_ring_room(&f.producer), 0);
    assert_false(hsr_ring_push(&f.producer, in, 1));
    assert_int_equal(hsr_ring_waiting(&f.consumer), ENTRIES);
    assert_int_equal(hsr_ring_pop(&f.consumer, out, 10), 10);
    assert_int_equal(hsr_ring_pop(&f.consumer, out + 10, ENTRIES), ENTRIES - 10);
    assert_memory_equal(in, out, ENTRIES * sizeof in[0]);
    assert_int_equal(hsr_ring_room(&f.producer), ENTRIES);
}

/* A burst larger than the room seen last fits as soon as the consumer made room. */
static void room_is_looked_up_again(void **state)
{
    uint32_t in[ENTRIES] = {0};
    uint32_t out[ENTRIES];
    struct fixture f;

    (void)state;
    start_at(&f, 0);
    assert_true(hsr_ring_push(&f.producer, in, 10));
    assert_int_equal(hsr_ring_pop(&f.consumer, out, 10), 10);
    assert_true(hsr_ring_push(&f.producer, in, ENTRIES));
}

/* Fault 32: indices that wrap. */
static void wraps_at_2_to_the_32(void **state)
{
    uint64_t seed = 8;
    uint32_t sent = 0;
    uint32_t taken = 0;
    struct fixture f;

    (void)state;
    start_at(&f, UINT32_MAX - 500);
    while (taken < 5000) {
        uint32_t burst[ENTRIES];
        uint32_t n = (uint32_t)(test_random(&seed) % (ENTRIES + 1));

        for (uint32_t i = 0; i < n; i++)
            burst[i] = sent + i;
        if (hsr_ring_push(&f.producer, burst, n))
            sent += n;
        n = hsr_ring_pop(&f.consumer, burst, (uint32_t)(test_random(&seed) % (ENTRIES + 1)));
        for (uint32_t i = 0; i < n; i++)
            assert_int_equal(burst[i], taken + i);
        taken += n;
        assert_int_equal(hsr_ring_room(&f.producer), ENTRIES - (sent - taken));
    }
    assert_int_equal(f.memory.head.cons, UINT32_MAX - 500 + taken);
    assert_false(f.producer.corrupt || f.consumer.corrupt);
}

/* Fault 32: Indices that no honest peer writes, with 20 entries pushed and 10 taken: ahead, behind, far away. */
static void impossible_producer_index(void **state)
{
    static const int32_t off[] = {-1,      -10,       -11,      -21, ENTRIES - 10 + 1,
                                  1000000, INT32_MAX, INT32_MIN};
    uint32_t entries[ENTRIES] = {0};

    (void)state;
    for (unsigned i = 0; i < sizeof off / sizeof off[0]; i++) {
        struct fixture f;

        start_at(&f, UINT32_MAX - 15);
        assert_true(hsr_ring_push(&f.producer, entries, 20));
        assert_int_equal(hsr_ring_pop(&f.consumer, entries, 10), 10);
        f.memory.head.prod = f.producer.own + (uint32_t)off[i];
        assert_int_equal(hsr_ring_pop(&f.consumer, entries, ENTRIES), 0);
        assert_true(f.consumer.corrupt);
        /* For good: the right index again does not mend it. */
        f.memory.head.prod = f.producer.own;
        assert_int_equal(hsr_ring_pop(&f.consumer, entries, ENTRIES), 0);
        assert_int_equal(hsr_ring_waiting(&f.consumer), 0);
    }
}

/* Fault 32: and no honest consumer. */
static void impossible_consumer_index(void **state)
{
    static const int32_t off[] = {1, 2, ENTRIES, -11, -ENTRIES - 1, 1000000, INT32_MAX, INT32_MIN};
    uint32_t entries[ENTRIES] = {0};

    (void)state;
    for (unsigned i = 0; i < sizeof off / sizeof off[0]; i++) {
        struct fixture f;

        start_at(&f, UINT32_MAX - 15);
        assert_true(hsr_ring_push(&f.producer, entries, 20));
        assert_int_equal(hsr_ring_pop(&f.consumer, entries, 10), 10);
        assert_int_equal(hsr_ring_room(&f.producer), ENTRIES - 10);
        f.memory.head.cons = f.producer.own + (uint32_t)off[i];
        assert_int_equal(hsr_ring_room(&f.producer), 0);
        assert_true(f.producer.corrupt);
        f.memory.head.cons = f.consumer.own;
        assert_int_equal(hsr_ring_room(&f.producer), 0);
        assert_false(hsr_ring_push(&f.producer, entries, 1));
        assert_int_equal(f.memory.head.prod, f.producer.own);
    }
}

static uint64_t rings_of(int doorbell)
{
    uint64_t count = 0;

    return read(doorbell, &count, sizeof count) == sizeof count ? count : 0;
}

static void sleep_and_kick(void **state)
{
    uint32_t entry = 7;
    struct fixture f;
    int doorbell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    (void)state;
    assert_true(doorbell >= 0);
    start_at(&f, 0);
    f.producer.doorbell = doorbell;
    /* Awake: no bell. */
    assert_true(hsr_ring_push(&f.producer, &entry, 1));
    hsr_ring_kick(&f.producer);
    assert_int_equal(rings_of(doorbell), 0);
    /* Something waits: no sleep, and no bell afterwards. */
    assert_false(hsr_ring_sleep(&f.consumer));
    assert_int_equal(f.memory.head.asleep, 0);
    assert_int_equal(hsr_ring_pop(&f.consumer, &entry, 1), 1);
    /* Asleep: one bell, however many bursts. */
    assert_true(hsr_ring_sleep(&f.consumer));
    assert_int_equal(f.memory.head.asleep, 1);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(hsr_ring_push(&f.producer, &entry, 1));
        hsr_ring_kick(&f.producer);
    }
    assert_int_equal(rings_of(doorbell), 1);
    hsr_ring_awake(&f.consumer);
    assert_int_equal(f.memory.head.asleep, 0);
    assert_int_equal(hsr_ring_waiting(&f.consumer), 3);
    /* A ring without a bell. */
    f.producer.doorbell = -1;
    f.memory.head.asleep = 1;
    hsr_ring_kick(&f.producer);
    assert_int_equal(rings_of(doorbell), 0);
    close(doorbell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entry_parts),
        cmocka_unit_test(empty_and_full),
        cmocka_unit_test(room_is_looked_up_again),
        cmocka_unit_test(wraps_at_2_to_the_32),
        cmocka_unit_test(impossible_producer_index),
        cmocka_unit_test(impossible_consumer_index),
        cmocka_unit_test(sleep_and_kick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

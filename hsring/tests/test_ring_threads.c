/* SPDX-License-Identifier: Apache-2.0 */
/* Two threads on one ring: every entry arrives once and in order, and a sleeper is always woken. */
#include "hsr_test.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hsring/ring.h"

enum { ENTRIES = 256, TOTAL = 1000000, BURST = 32, WAIT_MS = 20000 };

static struct {
    struct hsr_ring_head head;
    uint32_t entries[ENTRIES];
} memory;
static int doorbell;

static void *produce(void *argument)
{
    struct hsr_ring ring;
    uint64_t seed = 9;
    uint32_t sent = 0;

    hsr_ring_attach(&ring, &memory, ENTRIES, doorbell);
    while (sent < TOTAL && !ring.corrupt) {
        uint32_t burst[BURST];
        uint32_t n = 1 + (uint32_t)(test_random(&seed) % BURST);

        if (n > TOTAL - sent)
            n = TOTAL - sent;
        for (uint32_t i = 0; i < n; i++)
            burst[i] = sent + i;
        while (!hsr_ring_push(&ring, burst, n) && !ring.corrupt)
            sched_yield();
        hsr_ring_kick(&ring);
        sent += n;
    }
    *(bool *)argument = !ring.corrupt;
    return NULL;
}

/* Block until the bell rings; false when it does not. */
static bool wait_for_bell(void)
{
    struct pollfd pfd = {.fd = doorbell, .events = POLLIN};
    uint64_t count;

    return poll(&pfd, 1, WAIT_MS) == 1 && read(doorbell, &count, sizeof count) == sizeof count;
}

static void in_order_and_never_asleep_for_good(void **state)
{
    pthread_t thread;
    struct hsr_ring ring;
    bool producer_ok = false;
    uint32_t taken = 0;

    (void)state;
    doorbell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    assert_true(doorbell >= 0);
    hsr_ring_attach(&ring, &memory, ENTRIES, -1);
    assert_int_equal(pthread_create(&thread, NULL, produce, &producer_ok), 0);
    while (taken < TOTAL) {
        uint32_t burst[BURST];
        uint32_t n = hsr_ring_pop(&ring, burst, BURST);

        for (uint32_t i = 0; i < n; i++)
            assert_int_equal(burst[i], taken + i);
        taken += n;
        if (n == 0 && hsr_ring_sleep(&ring)) {
            assert_true(wait_for_bell());
            hsr_ring_awake(&ring);
        }
    }
    pthread_join(thread, NULL);
    assert_true(producer_ok);
    assert_int_equal(hsr_ring_waiting(&ring), 0);
    close(doorbell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(in_order_and_never_asleep_for_good)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Hundreds of ports: each is served, and one that has nothing is not asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "nic/ports/ring.h"
#include "nic_internal.h"

enum { PORTS = 512, EACH = 4, NOW = 1000000000 };

static struct nic *nic;
static struct nic_ring *ring[PORTS];
static struct nic_port_ops counting; /* the ring's, with an rx() that counts */
static uint64_t asked;
static uint64_t now;

static uint32_t count_rx(struct nic_port *port, struct nic_slots *slots, struct nic_rx *out,
                         uint32_t max, uint32_t *no_slot, uint32_t *too_big)
{
    asked++;
    return nic_port_ops(HSR_PORT_KIND_RING)->rx(port, slots, out, max, no_slot, too_big);
}

static int add(uint16_t index)
{
    struct nic_port_config config = {.index = index,
                                     .kind = HSR_PORT_KIND_RING,
                                     .context = index + 1u,
                                     .share = 1,
                                     .min_slots = 64};
    char why[NIC_WHY];

    snprintf(config.name, sizeof config.name, "p%u", index);
    snprintf(config.device, sizeof config.device, "p%u", index);
    int rc = nic_port_add(nic, &config, -1, why);

    if (rc == 0)
        nic->port[index]->port.ops = &counting;
    return rc;
}

static int setup(void **state)
{
    struct nic_config config;
    char why[NIC_WHY], name[16];

    (void)state;
    counting = *nic_port_ops(HSR_PORT_KIND_RING);
    counting.rx = count_rx;
    now = NOW;
    asked = 0;
    nic_config_repeatable(&config, 1);
    if (nic_open(&nic, &config, why) < 0)
        return -1;
    for (unsigned i = 0; i < PORTS; i++) {
        snprintf(name, sizeof name, "p%u", i);
        ring[i] = nic_ring_new(name, 256 << 10);
        if (ring[i] == NULL || add((uint16_t)i) < 0)
            return -1;
    }
    return nic_start(nic);
}

static int teardown(void **state)
{
    (void)state;
    nic_reset(nic, 2);
    uint32_t slots = nic_slots_out(nic), credit = nic_credit_out(nic);

    nic_close(nic);
    for (unsigned i = 0; i < PORTS; i++)
        nic_ring_free(ring[i]);
    assert_int_equal(slots, 0);
    assert_int_equal(credit, 0);
    return 0;
}

static void push(unsigned port, unsigned n)
{
    uint8_t frame[60] = {0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0x08, 0};

    frame[20] = (uint8_t)port;
    for (unsigned i = 0; i < n; i++)
        assert_true(nic_ring_push(ring[port], frame, sizeof frame, NULL));
}

static void turns(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        nic_poll(nic, now += 1000);
}

/* The firmware takes what it finds, and gives it back. */
static void take_all(void)
{
    struct hsr_ring rx, back;
    uint32_t entry[64], n;

    hsr_view_ring(&nic->region.view, 0, HSR_RING_RX, &rx, -1);
    hsr_view_ring(&nic->region.view, 0, HSR_RING_FREE, &back, -1);
    rx.own = rx.peer = atomic_load(rx.shared.cons);
    back.own = back.peer = atomic_load(back.shared.prod);
    while ((n = hsr_ring_pop(&rx, entry, 64)) > 0) {
        while (!hsr_ring_push(&back, entry, n))
            turns(1);
        turns(2);
    }
}

/* Everybody's frames come in, within a few turns, from ports with the first and with the last index. */
static void all_are_served(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PORTS; i++)
        push(i, EACH);
    turns(4);
    for (unsigned i = 0; i < PORTS; i++)
        assert_int_equal(nic->stats[i].rx_packets, EACH);
    take_all();
}

/* A quiet port is asked when it comes, and then when there is something to fetch. */
static void idle_ones_are_not_asked(void **state)
{
    (void)state;
    turns(1);
    assert_int_equal(asked, PORTS);
    turns(100);
    assert_int_equal(asked, PORTS);
    push(77, 1);
    push(511, 3);
    turns(100);
    assert_int_equal(asked, PORTS + 2);
    assert_int_equal(nic->stats[77].rx_packets, 1);
    assert_int_equal(nic->stats[511].rx_packets, 3);
    take_all();
}

/* More than fits: everybody gets its part, as the ring gets free; nobody is forgotten. */
static void all_at_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PORTS; i++)
        push(i, 100);
    turns(20);
    for (unsigned i = 0; i < PORTS; i++)
        assert_in_range(nic->stats[i].rx_packets, 1, 32);
    for (unsigned i = 0; i < 100; i++) {
        take_all();
        turns(4);
    }
    for (unsigned i = 0; i < PORTS; i++)
        assert_int_equal(nic->stats[i].rx_packets, 100);
    take_all();
}

/* A port goes with frames waiting, and another comes under its index; the others' words stay right. */
static void come_and_go(void **state)
{
    (void)state;
    turns(1);
    for (unsigned i = 0; i < PORTS; i += 3) {
        push(i, 1);
        assert_int_equal(nic_port_del(nic, (uint16_t)i), 0);
    }
    turns(2);
    for (unsigned i = 1; i < PORTS; i += 3)
        push(i, 2);
    turns(4);
    for (unsigned i = 0; i < PORTS; i++)
        assert_int_equal(nic->stats[i].rx_packets, i % 3 == 1 ? 2 : 0);
    for (unsigned i = 0; i < PORTS; i += 3)
        assert_int_equal(add((uint16_t)i), 0);
    turns(4);
    for (unsigned i = 0; i < PORTS; i += 3)
        assert_int_equal(nic->stats[i].rx_packets, 1);
    take_all();
}

static void *pusher(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < 100; i++) {
        for (unsigned p = 0; p < PORTS; p += 8)
            push(p, 1);
        sched_yield();
    }
    return NULL;
}

/* Frames that come while their word is being looked at are seen in the end. */
static void from_another_thread(void **state)
{
    pthread_t thread;
    uint64_t sum = 0;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, pusher, NULL), 0);
    for (unsigned i = 0; i < 200; i++) {
        turns(10);
        take_all();
        sched_yield();
    }
    pthread_join(thread, NULL);
    for (unsigned i = 0; i < 10; i++) {
        turns(4);
        take_all();
    }
    for (unsigned p = 0; p < PORTS; p++)
        sum += nic->stats[p].rx_packets;
    assert_int_equal(sum, PORTS / 8 * 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_are_served, setup, teardown),
        cmocka_unit_test_setup_teardown(idle_ones_are_not_asked, setup, teardown),
        cmocka_unit_test_setup_teardown(all_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(come_and_go, setup, teardown),
        cmocka_unit_test_setup_teardown(from_another_thread, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

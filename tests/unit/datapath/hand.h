/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware's side of both workers, played by hand, while payloads stay in the NIC.
 *
 *     #define TEST(f) cmocka_unit_test_setup_teardown(f, hand_setup, hand_teardown)
 *
 * A test's state is a struct hand. The teardown asserts that the NIC's stages add up, and that no slot and no cell is lost
 * once the time-out has passed.
 */
#ifndef TEST_HAND_H
#define TEST_HAND_H

#include "hsring/check.h"
#include "hsring/ring.h"
#include "topology.h"

#define HAND_TIMEOUT NIC_SLICE_TIMEOUT_VIRTUAL_NS

struct hand {
    struct bench b;
    const struct hsr_view *view;
    struct hsr_ring ring[2][HSR_RING_KINDS]; /* the firmware's side */
    uint16_t sport;
};

/* A packet in the firmware's hands. */
struct held {
    uint32_t worker, entry;
    struct hsr_rx_meta meta;
};

int hand_setup(void **state);
int hand_teardown(void **state);

uint64_t hand_gauge(struct hand *h, enum hsr_gauge which);
/* The next packet that waits in a ring of either worker. */
bool hand_take(struct hand *h, struct held *held);
/* `out` sent by port a, in our hands. */
struct held hand_receive(struct hand *h);
/* To port b, as it came, with the payload it came with. */
struct hsr_tx_meta hand_honest(const struct hand *h, const struct held *held);
/* This leaves by port b, and nothing else leaves. */
void hand_arrives(struct hand *h, const struct fr *want);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two firmwares on one NIC, both played by the test. Frames bear the mark of the firmware that sent them, '1' or '2'.
 */
#ifndef TEST_NIC_TWO_FIRMWARES_H
#define TEST_NIC_TWO_FIRMWARES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "frames.h"
#include "hsring/ring.h"
#include "nic/nic.h"

enum { A, B, C, PORTS }; /* frames come in by A and C, and leave by B */
enum { WORKERS = 2 };

struct firmware {
    char mark;
    const struct hsr_view *view;
    struct hsr_ring ring[WORKERS][HSR_RING_KINDS];
};

extern struct two {
    struct nic *nic;
    struct nic_ring *ring[PORTS];
    struct firmware first, second;
    uint64_t now;
    struct fr frame;
    uint16_t sport;
    unsigned left[256]; /* frames that left by B, by mark; and in this order */
    char order[256];
    unsigned orders;
} two;

/* Of cmocka: the first firmware is attached. Ledgers have to add up at the end, and all slots to be back. */
int two_setup(void **state);
int two_teardown(void **state);
/* Where one has been hostile, whose faults are counted: slots alone. */
int two_teardown_hostile(void **state);

/* The firmware of a region, from now on. */
void two_play(struct firmware *f, char mark, const struct hsr_view *view, bool second);
void two_attach_second(void);

/* The NIC's turn, and what has left. */
void two_poll(void);
/* `n` packets come in, each of a flow of its own. */
void two_receive(unsigned port, unsigned n);

/* One entry, or a FENCE in the slot `quota` of the firmware's own. */
void two_put(struct firmware *f, uint32_t worker, uint32_t entry);
void two_fence(struct firmware *f, uint32_t worker, uint32_t quota, uint32_t stamp);

/* All that waits for a firmware is sent, or done with as `action` says; under the packet's stamp, or `stamp` unless it is 0. How many. */
unsigned two_turn(struct firmware *f);
unsigned two_turn_as(struct firmware *f, uint8_t action, uint32_t stamp);

/* The first one's ledger. */
const struct hsr_port_stats *two_stats(unsigned port);
uint64_t two_drops(unsigned port, enum hsr_drop reason);
/* A ledger of copies adds up, and nothing of it is under way. */
void two_expect_copies(unsigned instance, unsigned port, uint64_t copies, uint64_t held_back,
                       uint64_t sent);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver's side of a virtqueue on plain memory: rings, and what a guest that keeps to the rules does with them. What does not,
 * writes into the rings itself. Guest memory is two regions that follow each other in the guest and not here, so that a step over the
 * border, or out of either, is one into nowhere.
 */
#ifndef TEST_NIC_VHOST_GUEST_H
#define TEST_NIC_VHOST_GUEST_H

#include "support.h"

#include "ports/vhost_queue.h"

#define GUEST_REGION 0x100000u
#define GUEST_BASE   0x40000000u                 /* first address */
#define GUEST_BORDER (GUEST_BASE + GUEST_REGION) /* of the second region */
#define GUEST_END    (GUEST_BORDER + GUEST_REGION)
#define GUEST_DATA   (GUEST_BASE + 0x20000u) /* behind rings and tables */

struct guest {
    struct vh_mem mem;
    struct vh_queue q; /* the device's view, which the tests walk */
    bool packed;
    uint16_t size;
    uint16_t next_desc; /* the next free descriptor, or place in a packed ring */
    bool next_wrap;
    uint16_t used; /* the next used one */
    bool used_wrap;
    uint64_t next_table; /* address of the next indirect table */
    uint16_t slots[64];  /* by id, of packed chains */
    uint16_t next_id;
};

struct buffer {
    uint64_t gpa;
    uint32_t len;
};

struct guest_kind {
    bool packed, events, tables;
};

void guest_open(struct guest *g, struct guest_kind kind, uint16_t size);
void guest_close(struct guest *g);

/* Bytes at an address, which must be there. */
uint8_t *guest_at(const struct guest *g, uint64_t gpa);

/* Make a chain available; what the guest calls it. With `table` its descriptors stand in an indirect table. */
uint16_t guest_add(struct guest *g, const struct buffer *b, uint16_t n, bool writable, bool table);

/* The next chain that the device has given back; false: there is none. */
bool guest_get(struct guest *g, uint16_t *id, uint32_t *len);

#endif

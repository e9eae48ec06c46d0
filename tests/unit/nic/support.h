/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the NIC's ports share: a slot pool over private memory, and opening a port in one line. */
#ifndef TEST_NIC_SUPPORT_H
#define TEST_NIC_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hsring/region.h"
#include "nic/port.h"
#include "nic/slots.h"

struct pool {
    struct hsr_region region;
    struct nic_slots slots;
};

void pool_open(struct pool *pool, uint32_t singles, uint32_t jumbos, uint32_t gsos);
/* Asserts that every run is back. */
void pool_close(struct pool *pool);

/* Configuration of a port; the rest is zero. */
struct nic_port port_of(enum hsr_port_kind kind, const char *device, const char *args);
/* Open it, and show the reason when that fails. */
void port_open(struct nic_port *port);
/* Opening must fail with `rc` (negative errno), for a reason that contains `text`. */
void port_open_fails(struct nic_port *port, int fd, int rc, const char *text);

/* One rx() with no loss; how many frames. */
uint32_t port_rx(struct nic_port *port, struct pool *pool, struct nic_rx *out, uint32_t max);
/* Send one plain frame; true when it was taken. */
bool port_send(struct nic_port *port, const void *frame, uint32_t len);

/* The frame as the Post-Processor may hand it over: a head, a body, and a tail of up to PARTS spans. */
#define PARTS 5
struct po_frame frame_in_parts(const uint8_t *frame, uint32_t len, struct po_span tail[PARTS]);

#endif

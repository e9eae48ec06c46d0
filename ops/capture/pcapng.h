/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pcapng file (draft-ietf-opsawg-pcapng), written block by block: Ethernet, nanoseconds, one section, interfaces first.
 *
 *     png_begin(f, "avs-ctl 1.0") ; png_interface(f, "nic.rx", "as the port brought it", snap) ... ; png_packet(f, &p) ... ; png_end(f, ...)
 *
 * All return false when the file takes no more (errno says why).
 */
#ifndef CAPTURE_PCAPNG_H
#define CAPTURE_PCAPNG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

bool png_begin(FILE *f, const char *program);
/* Interfaces are numbered from 0 on, in this order. */
bool png_interface(FILE *f, const char *name, const char *description, uint32_t snap);

struct png_packet {
    uint32_t interface;
    uint64_t time; /* ns since 1970 */
    const uint8_t *frame;
    uint32_t captured, length;
    uint64_t id;         /* epb_packetid, 0: none */
    uint32_t direction;  /* epb_flags: 0 unknown, 1 inbound, 2 outbound */
    const char *comment; /* or NULL */
};
bool png_packet(FILE *f, const struct png_packet *p);

/* Statistics of an interface, at the end: packets that were seen, and those of them that are not in the file. */
bool png_statistics(FILE *f, uint32_t interface, uint64_t time, uint64_t received, uint64_t missed);

#endif

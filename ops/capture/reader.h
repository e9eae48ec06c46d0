/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of several rings in the order of their time, each with how long its packet took since the point before.
 *
 *     rd_open(&rd, area) ; loop: rd_fill(rd) ; while ((r = rd_next(rd, until)) != NULL) ... ; rd_close(rd)
 *
 * Threads publish their records a burst at a time: what is younger than a few bursts waits, so that it comes in order.
 */
#ifndef CAPTURE_READER_H
#define CAPTURE_READER_H

#include "capture/area.h"

struct rd_record {
    struct cap_record r;
    const uint8_t *frame;
    uint64_t since;        /* ns since the packet was seen before, with `known` */
    enum cap_point before; /* there */
    bool known;
    bool first; /* of its packet */
};

struct rd;

/* NULL: out of memory. The area stays the caller's. */
struct rd *rd_open(struct cap_area *area);
void rd_close(struct rd *rd);
/* Take in what is there. 0, -ENOMEM, or -EPROTO: a ring held what no producer writes. */
int rd_fill(struct rd *rd);
/* The next one of before `until`, valid until the next call; NULL: there is none. */
const struct rd_record *rd_next(struct rd *rd, uint64_t until);
/* Of the packet of the last one nothing more is wanted: rd_next() passes over it. */
void rd_skip(struct rd *rd);
/* Records that found no room, and packets beyond the rate, of all rings. */
uint64_t rd_missed(const struct rd *rd);
uint64_t rd_limited(const struct rd *rd);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of a capture as paths: packets that passed the same points, came by the same port, left by the same, or were dropped for
 * the same reason, are one path, with the time that they took from point to point.
 *
 *     p = pth_open(most) ; pth_add(p, &record) ... ; pth_each(p, each, arg) ; pth_close(p)
 *
 * What a packet is cut into at the end counts once. Frames that the firmware makes have no id, and are counted alone.
 */
#ifndef CAPTURE_PATHS_H
#define CAPTURE_PATHS_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/area.h"

#define PTH_STEPS 12 /* points of one packet; what comes behind them is not told apart */

/* ns, of the packets of a path. */
struct pth_time {
    uint64_t min, median, max;
};

struct pth_path {
    uint64_t packets;
    uint32_t steps;
    struct pth_step {
        uint8_t point;
        uint16_t port;         /* of the first and the last step; 0xFFFF: of none */
        struct pth_time since; /* since the step before; the first one: zero */
    } step[PTH_STEPS];
    struct pth_time total;
    bool dropped;
    uint8_t reason;
    bool by_firmware;
};

struct pth;

/* For at most so many packets; NULL: out of memory. */
struct pth *pth_open(uint32_t most);
void pth_close(struct pth *p);
/* False: there is no room for one more packet. */
bool pth_add(struct pth *p, const struct cap_record *r);
/* Each path, the one of most packets first. 0 or -ENOMEM. */
int pth_each(struct pth *p, void (*each)(void *arg, const struct pth_path *path), void *arg);
/* Frames of the firmware's own. */
uint64_t pth_made(const struct pth *p);

#endif

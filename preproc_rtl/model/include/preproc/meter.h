/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pp_meter: a token bucket in NIC time, of packets or of bits. Exact: credit is kept in billionths of a packet or bit, so
 * that a nanosecond at any whole rate is a whole number; nothing is rounded, ever.
 *
 * A meter begins full. A packet larger than the whole burst never passes. One thread; no allocation, no clock of its own.
 */
#ifndef PREPROC_METER_H
#define PREPROC_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "hsring/abi.h"

#define PP_METER_RATE_MAX  UINT64_C(1000000000000) /* a second */
#define PP_METER_BURST_MAX (1u << 30)              /* with it, credit stays below 2^63 */

struct pp_meter {
    uint8_t unit;    /* enum hsr_meter_unit; HSR_METER_NONE: there is no such meter */
    uint64_t rate;   /* credit a nanosecond */
    uint64_t depth;  /* credit of a full bucket */
    uint64_t credit; /* now */
    uint64_t at;     /* NIC time of `credit`; what came before does not matter to a full one */
};

/*
 * Make it a full bucket: packets a second with a burst in packets, or bits a second with a burst in bytes; HSR_METER_NONE
 * clears it. 0, or -EINVAL for a unit unknown, a rate or burst of 0 or above the limits.
 */
int pp_meter_set(struct pp_meter *meter, enum hsr_meter_unit unit, uint64_t rate, uint32_t burst);

/* May a packet of `bytes` pass at `now`? If so it is paid for. A clock that runs backwards stands still here. */
bool pp_meter_pass(struct pp_meter *meter, uint32_t bytes, uint64_t now);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "preproc/meter.h"

#include <errno.h>

#define NANO UINT64_C(1000000000)

/* What a packet costs; `depth` of a burst is the cost of so many packets, or of one packet of so many bytes. */
static uint64_t cost(enum hsr_meter_unit unit, uint64_t bytes)
{
    return unit == HSR_METER_PACKETS ? NANO : bytes * 8 * NANO;
}

int pp_meter_set(struct pp_meter *meter, enum hsr_meter_unit unit, uint64_t rate, uint32_t burst)
{
    uint64_t depth = unit == HSR_METER_PACKETS ? burst * NANO : cost(unit, burst);

    if (unit == HSR_METER_NONE) {
        *meter = (struct pp_meter){.unit = HSR_METER_NONE};
        return 0;
    }
    if (unit > HSR_METER_BITS || rate == 0 || rate > PP_METER_RATE_MAX || burst == 0 ||
        burst > PP_METER_BURST_MAX)
        return -EINVAL;
    *meter =
        (struct pp_meter){.unit = (uint8_t)unit, .rate = rate, .depth = depth, .credit = depth};
    return 0;
}

static void refill(struct pp_meter *meter, uint64_t now)
{
    uint64_t room = meter->depth - meter->credit;
    uint64_t gain;

    if (now <= meter->at)
        return;
    if (__builtin_mul_overflow(now - meter->at, meter->rate, &gain) || gain > room)
        gain = room;
    meter->credit += gain;
    meter->at = now;
}

bool pp_meter_pass(struct pp_meter *meter, uint32_t bytes, uint64_t now)
{
    uint64_t price = cost((enum hsr_meter_unit)meter->unit, bytes);

    refill(meter, now);
    if (price > meter->credit)
        return false;
    meter->credit -= price;
    return true;
}

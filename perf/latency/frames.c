/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of the frames of one load: they arrive, wait or are lost, and leave. */
#include "latency.h"

#define IDLE_TURNS 100000 /* after the last one arrived: who has not left by then was dropped */

void lat_admit(struct lat_result *r, uint64_t taken, uint32_t queue, uint64_t when)
{
    for (; r->arrived < r->offered && r->sample[r->arrived] <= when; r->arrived++) {
        uint64_t accepted = r->arrived - r->lost;
        uint64_t waiting = accepted - taken;

        r->idle = 0;
        if (waiting >= queue) {
            r->lost++;
            continue;
        }
        r->sample[accepted] = r->sample[r->arrived];
        if (waiting + 1 > r->longest)
            r->longest = waiting + 1;
    }
}

void lat_deliver(struct lat_result *r, uint64_t sent, uint64_t when)
{
    r->idle++;
    for (; r->delivered < sent && r->delivered < r->arrived - r->lost; r->delivered++) {
        r->sample[r->delivered] = when - r->sample[r->delivered];
        r->idle = 0;
    }
}

bool lat_under_way(const struct lat_result *r)
{
    return r->delivered + r->lost < r->offered && (r->arrived < r->offered || r->idle < IDLE_TURNS);
}

bool lat_accounted(const struct lat_result *r, uint64_t taken, uint64_t sent)
{
    return r->delivered + r->lost == r->offered && taken == r->delivered && sent == r->delivered;
}

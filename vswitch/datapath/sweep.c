/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Behind a change of policy: sessions are looked at again with their next packet, and those that get none here, a few a
 * turn. So a session that is not allowed any more ends soon, whether its ends speak or not, and it can be said when all
 * follow the new policy.
 */
#include "internal.h"

/* What a turn pays for it at most, behind its packets: a look is a cache miss, a walk is that of a first packet. */
#define LOOKS 64u
#define WALKS 4u

/* The session at this place, if it has not been looked at since; how many walks that took, 0 or 1. */
static uint64_t look(struct dp_worker *w, uint32_t place)
{
    struct session *s = ses_at(w->sessions, place);
    uint64_t walked = w->counters.revalidated;

    if (s != NULL && s->policy != w->policy_stamp)
        dp_revalidate(w, s);
    return w->counters.revalidated - walked;
}

void dp_sweep(struct dp_worker *w)
{
    struct dp_sweep_place *at = &w->sweep;
    uint32_t extent = ses_extent(w->sessions);
    uint64_t walks = 0;

    if (at->generation != w->generation)
        *at = (struct dp_sweep_place){.generation = w->generation};
    for (uint32_t i = 0; i < LOOKS && walks < WALKS && at->next < extent; i++)
        walks += look(w, at->next++);
    if (at->next >= extent)
        w->swept = w->generation;
}

uint32_t dp_unswept(const struct dp_worker *w)
{
    uint32_t places = ses_extent(w->sessions), used = ses_stats(w->sessions)->used;

    if (w->swept == w->generation)
        return 0;
    if (w->sweep.generation == w->generation)
        places -= w->sweep.next;
    return places < used ? places : used;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets that wait in their slots for the sessions of their home, which are on their way from another worker, in the order in which
 * they came. One home at a time. When the sessions are there they come again as if they came now, before anything else, so that
 * nothing of theirs is turned around. And packets that go to a home of this worker's own: a fragment does, whose datagram began when
 * that home was another's.
 */
#include <stdlib.h>

#include "internal.h"

#define OWN 512u /* to its own homes, a power of two: as many as from another worker */

/* Entry: as in the queues between workers. */
struct queue {
    uint32_t first, n, mask;
    uint64_t *entry;
};

struct dp_kept {
    struct queue waits; /* for sessions: room for every packet that the firmware can have */
    struct queue own;
    uint64_t own_entry[OWN];
    uint64_t entry[];
};

struct dp_kept *dp_kept_open(const struct hsr_view *view)
{
    uint32_t room = 1, runs = 0;

    for (unsigned class = 0; class < HSR_SLOT_CLASSES; class ++)
        runs += view->classes[class].count;
    while (view->workers > 1 && room < runs)
        room *= 2;
    struct dp_kept *k = calloc(1, sizeof *k + room * sizeof k->entry[0]);

    if (k != NULL) {
        k->waits = (struct queue){.mask = room - 1, .entry = k->entry};
        k->own = (struct queue){.mask = OWN - 1, .entry = k->own_entry};
    }
    return k;
}

void dp_kept_close(struct dp_kept *kept)
{
    free(kept);
}

uint32_t dp_kept_count(const struct dp_worker *w)
{
    return w->kept->waits.n + w->kept->own.n;
}

uint32_t dp_kept_room(const struct dp_worker *w)
{
    return w->kept->waits.mask + 1;
}

bool dp_arrives(const struct dp_worker *w, const struct session *s)
{
    return w->holds != DP_NO_HOME && dp_session_home(w, s) == w->holds;
}

/* False: dropped. */
static bool put(struct dp_worker *w, struct queue *q, struct act_packet *p, uint32_t home,
                uint32_t hops)
{
    if (!dp_slot_hold(w, p->entry)) {
        dp_came_twice(w, p);
        return false;
    }
    if (q->n > q->mask) {
        dp_slot_let_go(w, p->entry);
        dp_drop(w, p, HSR_DROP_HANDOVER_FULL);
        return false;
    }
    q->entry[(q->first + q->n++) & q->mask] =
        (uint64_t)p->meta.ingress << 48 | (uint64_t)home << 40 | (uint64_t)hops << 32 | p->entry;
    if (w->kept->waits.n > w->kept_high)
        w->kept_high = w->kept->waits.n;
    w->ledger[p->meta.ingress].held++;
    return true;
}

void dp_keep_for(struct dp_worker *w, struct act_packet *p, uint32_t home)
{
    bool waits = dp_holds(w, home);

    if (put(w, waits ? &w->kept->waits : &w->kept->own, p, home, p->hops + 1u))
        p->moved = (uint8_t)(home + 1);
    w->kept_due |= !waits;
}

uint32_t dp_keep(struct dp_worker *w, uint32_t n)
{
    uint32_t left = 0;

    for (uint32_t i = 0; i < n; i++) {
        struct act_packet *p = &w->packet[i];

        if (p->meta.reason == HSR_DROP_NONE && dp_under(w, p) == w->holds)
            put(w, &w->kept->waits, p, w->holds, p->hops);
        else if (left++ != i)
            w->packet[left - 1] = *p;
    }
    return left;
}

static uint32_t take(struct dp_worker *w, struct queue *q, struct act_packet *packet, uint32_t max)
{
    uint32_t n = 0;

    for (; q->n > 0 && n < max; q->n--, q->first++) {
        uint64_t entry = q->entry[q->first & q->mask];
        uint16_t ingress = (uint16_t)(entry >> 48);
        struct act_packet *p = &packet[n];

        w->ledger[ingress].held--;
        dp_slot_let_go(w, (uint32_t)entry);
        if (!dp_load_again(w, (uint32_t)entry, ingress, p))
            continue; /* it could be loaded when it came */
        p->hops = (uint8_t)(entry >> 32);
        p->under = (uint8_t)(entry >> 40);
        n++;
    }
    return n;
}

uint32_t dp_unkeep(struct dp_worker *w)
{
    struct dp_kept *k = w->kept;
    bool holds = w->holds != DP_NO_HOME;
    uint32_t n = holds ? 0 : take(w, &k->waits, w->packet, DP_BURST);

    if (holds || k->waits.n == 0)
        n += take(w, &k->own, w->packet + n, DP_BURST - n);
    w->kept_due = k->own.n > 0 || (!holds && k->waits.n > 0);
    return n;
}

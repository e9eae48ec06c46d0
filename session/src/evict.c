/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who goes to make room: the oldest embryonic session, else the one that has been closing for longest; established ones never. They
 * wait in queues, in order of arrival, one for each port at whose expense they are. When the table is full who has most waiting gives
 * its oldest, so that a flood evicts itself; a port at its share gives its own.
 */
#include "internal.h"

#define NOBODY HSR_MAX_PORTS

/* The kind of a state; KINDS for established ones, and none. */
static unsigned kind_of(uint8_t state)
{
    if (state == SES_EMBRYONIC)
        return KIND_EMBRYONIC;
    return state == SES_CLOSING ? KIND_CLOSING : KINDS;
}

/* Who opened it, or of what comes from an uplink whom it is for. */
static uint16_t payer_of(const struct ses_table *t, const struct session *s)
{
    if (s->origin < HSR_MAX_PORTS && t->quota[s->origin] != SES_QUOTA_NONE)
        return s->origin;
    return s->flags & SES_F_CHARGED && s->target < HSR_MAX_PORTS ? s->target : NOBODY;
}

static void queue_remove(struct ses_table *t, struct queue *q, uint32_t index)
{
    struct links *l = &t->links[index];

    if (l->queue_prev == SES_NONE)
        q->head = l->queue_next;
    else
        t->links[l->queue_prev].queue_next = l->queue_next;
    if (l->queue_next == SES_NONE)
        q->tail = l->queue_prev;
    else
        t->links[l->queue_next].queue_prev = l->queue_prev;
    q->count--;
}

static void queue_append(struct ses_table *t, struct queue *q, uint32_t index)
{
    struct links *l = &t->links[index];

    l->queue_next = SES_NONE;
    l->queue_prev = q->tail;
    if (q->count == 0)
        q->head = index;
    else
        t->links[q->tail].queue_next = index;
    q->tail = index;
    q->count++;
}

static void wait(struct ses_table *t, const struct session *s, struct waiting *w)
{
    uint32_t index = index_of(t, s);
    uint16_t payer = payer_of(t, s);

    t->links[index].payer = payer;
    queue_append(t, &w->of[payer], index);
    w->count++;
    if (w->of[payer].count > w->of[w->most].count)
        w->most = payer;
}

static void leave(struct ses_table *t, const struct session *s, struct waiting *w)
{
    uint32_t index = index_of(t, s);

    queue_remove(t, &w->of[t->links[index].payer], index);
    w->count--;
}

void evict_open(struct ses_table *t)
{
    for (unsigned kind = 0; kind < KINDS; kind++)
        for (unsigned port = 0; port <= NOBODY; port++)
            t->waiting[kind].of[port] = (struct queue){.head = SES_NONE, .tail = SES_NONE};
}

void evict_moved(struct ses_table *t, const struct session *s, uint8_t before)
{
    unsigned from = kind_of(before), to = kind_of(s->state);

    if (from < KINDS)
        leave(t, s, &t->waiting[from]);
    if (to < KINDS)
        wait(t, s, &t->waiting[to]);
    t->stats.embryonic = t->waiting[KIND_EMBRYONIC].count;
}

void evict_retarget(struct ses_table *t, const struct session *s)
{
    unsigned kind = kind_of(s->state);

    if (kind == KINDS || t->links[index_of(t, s)].payer == payer_of(t, s))
        return;
    leave(t, s, &t->waiting[kind]);
    wait(t, s, &t->waiting[kind]);
}

bool evict_possible(const struct ses_table *t, uint16_t port)
{
    return t->waiting[KIND_EMBRYONIC].of[port].count + t->waiting[KIND_CLOSING].of[port].count > 0;
}

static void evict_oldest(struct ses_table *t, const struct queue *q)
{
    ses_remove(t, &t->sessions[q->head], SES_WHY_EVICTED);
}

bool evict_of(struct ses_table *t, uint16_t port)
{
    for (unsigned kind = 0; kind < KINDS; kind++) {
        if (t->waiting[kind].of[port].count > 0) {
            evict_oldest(t, &t->waiting[kind].of[port]);
            return true;
        }
    }
    return false;
}

/* Who had most when one was added last; when it has none left, who has most now. */
static const struct queue *most_waiting(struct waiting *w)
{
    const struct queue *most = &w->of[w->most];

    if (most->count > 0)
        return most;
    for (uint16_t port = 0; port <= NOBODY; port++) {
        if (w->of[port].count > w->of[w->most].count)
            w->most = port;
    }
    return &w->of[w->most];
}

bool evict_one(struct ses_table *t)
{
    for (unsigned kind = 0; kind < KINDS; kind++) {
        if (t->waiting[kind].count > 0) {
            evict_oldest(t, most_waiting(&t->waiting[kind]));
            return true;
        }
    }
    return false;
}

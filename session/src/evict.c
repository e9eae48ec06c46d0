/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who goes to make room: the oldest embryonic session, else the one that has been closing for longest; established ones never. They
 * wait in queues, in order of arrival, by the account they are on and by who opened them, the guest or the network to it. In a full
 * table the account with most of them gives, so that a flood evicts itself.
 */
#include "internal.h"

/* The kind of a state; KINDS for established ones, and none. */
static unsigned kind_of(uint8_t state)
{
    if (state == SES_EMBRYONIC)
        return KIND_EMBRYONIC;
    return state == SES_CLOSING ? KIND_CLOSING : KINDS;
}

static uint16_t account_of_port(uint16_t port)
{
    return port + 1;
}

/* Whoever opened it, or of what comes from an uplink whom it is for. */
static struct place place_of(const struct ses_table *t, const struct session *s)
{
    if (s->origin < HSR_MAX_PORTS && t->quota[s->origin] != SES_QUOTA_NONE)
        return (struct place){account_of_port(s->origin), LIST_ORIGIN};
    if (s->flags & SES_F_CHARGED && s->target < HSR_MAX_PORTS)
        return (struct place){account_of_port(s->target), LIST_TARGET};
    return (struct place){NOBODYS, LIST_ORIGIN};
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
    l->queue_prev = q->count == 0 ? SES_NONE : q->tail;
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
    struct place p = place_of(t, s);

    t->links[index].place = p;
    queue_append(t, &w->queue[p.account][p.list], index);
    w->on[p.account]++;
    w->count++;
    if (p.account >= w->top)
        w->top = p.account + 1;
}

/* From where it was put, whatever has become of quotas meanwhile. */
static void leave(struct ses_table *t, const struct session *s, struct waiting *w)
{
    uint32_t index = index_of(t, s);
    struct place p = t->links[index].place;

    queue_remove(t, &w->queue[p.account][p.list], index);
    w->on[p.account]--;
    w->count--;
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

    if (kind == KINDS || place_of(t, s).account == t->links[index_of(t, s)].place.account)
        return;
    leave(t, s, &t->waiting[kind]);
    wait(t, s, &t->waiting[kind]);
}

/* ---- who ---- */

static uint16_t account_with_most(const struct waiting *w)
{
    uint16_t most = 0;

    for (uint16_t account = 1; account < w->top; account++) {
        if (w->on[account] > w->on[most])
            most = account;
    }
    return most;
}

/* What the network opened goes before what the guest did; and for what the network opens only the former. */
static uint32_t oldest_on(const struct waiting *w, uint16_t account, unsigned for_list)
{
    const struct queue *q = w->queue[account];

    if (q[LIST_TARGET].count > 0)
        return q[LIST_TARGET].head;
    return for_list == LIST_ORIGIN && q[LIST_ORIGIN].count > 0 ? q[LIST_ORIGIN].head : SES_NONE;
}

static bool is_richer(const struct ses_table *t, uint16_t account, uint16_t port)
{
    return account == NOBODYS || lists_held(t, account - 1) > lists_held(t, port) + 1;
}

uint32_t evict_choose_for(const struct ses_table *t, unsigned list, uint16_t port)
{
    for (unsigned kind = 0; kind < KINDS; kind++) {
        const struct waiting *w = &t->waiting[kind];
        uint16_t own = account_of_port(port), most = account_with_most(w);
        uint32_t index;

        if (w->count == 0)
            continue;
        if (most != own && is_richer(t, most, port))
            return oldest_on(w, most, LIST_ORIGIN);
        index = oldest_on(w, own, list);
        if (index != SES_NONE)
            return index;
    }
    return SES_NONE;
}

uint32_t evict_choose(const struct ses_table *t)
{
    for (unsigned kind = 0; kind < KINDS; kind++) {
        const struct waiting *w = &t->waiting[kind];

        if (w->count > 0)
            return oldest_on(w, account_with_most(w), LIST_ORIGIN);
    }
    return SES_NONE;
}

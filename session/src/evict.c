/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who goes when the table is full: the oldest embryonic session, else the one that has been closing for longest. Two
 * queues in order of arrival, so that the choice is the head of a list; established sessions stand in neither.
 */
#include "internal.h"

/* The queue of a state; QUEUES for none. */
static unsigned queue_of(uint8_t state)
{
    if (state == SES_EMBRYONIC)
        return QUEUE_EMBRYONIC;
    return state == SES_CLOSING ? QUEUE_CLOSING : QUEUES;
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
    if (q->tail == SES_NONE)
        q->head = index;
    else
        t->links[q->tail].queue_next = index;
    q->tail = index;
    q->count++;
}

void evict_open(struct ses_table *t)
{
    for (unsigned i = 0; i < QUEUES; i++)
        t->queue[i] = (struct queue){.head = SES_NONE, .tail = SES_NONE};
}

void evict_moved(struct ses_table *t, const struct session *s, uint8_t before)
{
    unsigned from = queue_of(before), to = queue_of(s->state);

    if (from < QUEUES)
        queue_remove(t, &t->queue[from], index_of(t, s));
    if (to < QUEUES)
        queue_append(t, &t->queue[to], index_of(t, s));
    t->stats.embryonic = t->queue[QUEUE_EMBRYONIC].count;
}

bool evict_one(struct ses_table *t)
{
    for (unsigned i = 0; i < QUEUES; i++) {
        if (t->queue[i].head != SES_NONE) {
            ses_remove(t, &t->sessions[t->queue[i].head], SES_WHY_EVICTED);
            return true;
        }
    }
    return false;
}

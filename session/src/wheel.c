/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ageing: a hierarchical timer wheel, three levels of 256 slots (34 s, 2.4 h, 26 days), lazily re-armed. A packet
 * writes the session's deadline and nothing else; the entry in the wheel fires at the deadline it was placed for or
 * earlier, and is then placed again for the present one. Only a deadline before the tick that it is looked at moves it at once.
 *
 * `cur` is the next tick to be processed. An entry whose deadline is less than 256 ticks away stands in level 0, in
 * the slot of that tick; less than 65,536 in level 1, in the slot of its 256 ticks, which is emptied into lower levels
 * when `cur` gets there; and so on. Bits of busy slots let the clock jump over what is empty.
 */
#include <string.h>

#include "internal.h"

#define IN_SLOT  0x80000000u         /* wheel_prev of a slot's first entry: this bit and the slot */
#define MAX_WAIT (UINT64_C(1) << 30) /* ticks, four years: deadlines are compared modulo 2^32 */

_Static_assert(HSR_FLOW_INDEX_BITS < 31, "an index never looks like IN_SLOT");

void wheel_open(struct wheel *w)
{
    memset(w->head, 0xFF, sizeof w->head);
    memset(w->busy, 0, sizeof w->busy);
    w->cur = 0;
    w->count = 0;
}

static bool level_empty(const struct wheel *w, unsigned level)
{
    const uint64_t *busy = w->busy[level];

    return (busy[0] | busy[1] | busy[2] | busy[3]) == 0;
}

/* First busy slot at or behind `from`, or WHEEL_SLOTS. */
static uint32_t next_busy(const struct wheel *w, unsigned level, uint32_t from)
{
    while (from < WHEEL_SLOTS) {
        uint64_t word = w->busy[level][from / 64] >> (from % 64);

        if (word)
            return from + (uint32_t)__builtin_ctzll(word);
        from = (from / 64 + 1) * 64;
    }
    return WHEEL_SLOTS;
}

/* Link the session into the slot of its deadline. */
static void wheel_link(struct ses_table *t, uint32_t index)
{
    struct wheel *w = &t->wheel;
    uint32_t deadline = t->sessions[index].deadline;
    uint32_t wait = deadline - w->cur;
    unsigned level = 0;
    uint32_t slot;

    if ((int32_t)wait < 0) { /* due already */
        wait = 0;
        deadline = w->cur;
    } else if (wait >>
               (WHEEL_LEVELS * WHEEL_BITS)) { /* behind the horizon: fires early, is placed again */
        wait = (1u << (WHEEL_LEVELS * WHEEL_BITS)) - 1;
        deadline = w->cur + wait;
    }
    while (wait >> ((level + 1) * WHEEL_BITS))
        level++;
    slot = deadline >> (level * WHEEL_BITS) & (WHEEL_SLOTS - 1);

    t->links[index].wheel_at = deadline >> (level * WHEEL_BITS) << (level * WHEEL_BITS);
    t->links[index].wheel_next = w->head[level][slot];
    t->links[index].wheel_prev = IN_SLOT | level << WHEEL_BITS | slot;
    if (w->head[level][slot] != SES_NONE)
        t->links[w->head[level][slot]].wheel_prev = index;
    w->head[level][slot] = index;
    w->busy[level][slot / 64] |= UINT64_C(1) << (slot % 64);
}

static void wheel_unlink(struct ses_table *t, uint32_t index)
{
    struct links *l = &t->links[index];

    if (l->wheel_next != SES_NONE)
        t->links[l->wheel_next].wheel_prev = l->wheel_prev;
    if (l->wheel_prev & IN_SLOT) {
        unsigned level = l->wheel_prev >> WHEEL_BITS & 3;
        uint32_t slot = l->wheel_prev & (WHEEL_SLOTS - 1);

        t->wheel.head[level][slot] = l->wheel_next;
        if (l->wheel_next == SES_NONE)
            t->wheel.busy[level][slot / 64] &= ~(UINT64_C(1) << (slot % 64));
    } else {
        t->links[l->wheel_prev].wheel_next = l->wheel_next;
    }
}

static void wheel_add(struct ses_table *t, uint32_t index)
{
    if (t->wheel.count++ == 0) /* nothing to catch up with, however long ago the last call was */
        t->wheel.cur = (uint32_t)(t->now >> TICK_SHIFT);
    wheel_link(t, index);
}

void wheel_remove(struct ses_table *t, uint32_t index)
{
    t->wheel.count--;
    wheel_unlink(t, index);
}

static uint64_t clamp_now(struct ses_table *t, uint64_t now)
{
    if (now > t->now)
        t->now = now;
    return t->now;
}

/* The deadline is earlier than it was, or the first one. Off the way of ordinary packets. */
static __attribute__((noinline)) void rearm(struct ses_table *t, const struct session *s,
                                            bool armed)
{
    uint32_t index = index_of(t, s);

    if (armed && (int32_t)(s->deadline - t->links[index].wheel_at) >= 0)
        return; /* it is looked at in time where it stands */
    if (armed)
        wheel_remove(t, index);
    wheel_add(t, index);
}

uint32_t wheel_deadline(struct ses_table *t, uint64_t now, uint64_t ns)
{
    uint32_t deadline;

    now = clamp_now(t, now);
    if (ns > MAX_WAIT << TICK_SHIFT)
        ns = MAX_WAIT << TICK_SHIFT;
    deadline = (uint32_t)((now >> TICK_SHIFT) +
                          (((now & ((1u << TICK_SHIFT) - 1)) + ns + (1u << TICK_SHIFT) - 1) >>
                           TICK_SHIFT));
    return deadline ? deadline : 1; /* 0 means unarmed; once in 18 years a tick late */
}

void ses_arm(struct ses_table *t, struct session *s, uint64_t now, uint64_t ns)
{
    uint32_t before = s->deadline;

    s->deadline = wheel_deadline(t, now, ns);
    if (before == 0 || (int32_t)(s->deadline - before) < 0)
        rearm(t, s, before != 0);
}

/* Empty one slot: what is due goes, the rest is placed anew. False when the budget ran out first. */
static bool wheel_drain(struct ses_table *t, unsigned level, uint32_t now, uint32_t *budget,
                        uint32_t *gone)
{
    uint32_t *head =
        &t->wheel.head[level][t->wheel.cur >> (level * WHEEL_BITS) & (WHEEL_SLOTS - 1)];

    while (*head != SES_NONE) {
        uint32_t index = *head;
        struct session *s = &t->sessions[index];

        if (*budget == 0)
            return false;
        --*budget;
        if ((int32_t)(s->deadline - now) <= 0) {
            ses_remove(t, s, s->state == SES_CLOSING ? SES_WHY_CLOSED : SES_WHY_EXPIRED);
            ++*gone;
        } else {
            wheel_unlink(t, index);
            wheel_link(t, index);
        }
    }
    return true;
}

/* The next tick behind `cur` at which there may be work, `now` + 1 at most. */
static uint32_t wheel_next_stop(const struct wheel *w, uint32_t now)
{
    uint32_t limit = now + 1 - w->cur;
    uint32_t step = limit;

    for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
        unsigned shift = level * WHEEL_BITS;
        uint32_t here = w->cur >> shift & (WHEEL_SLOTS - 1);

        if (!level_empty(w, level)) {
            /* A busy slot at or before `here` belongs to the next turn: stop where the turn ends. */
            uint32_t busy = next_busy(w, level, here + 1);
            uint32_t turn = w->cur >> shift >> WHEEL_BITS << WHEEL_BITS << shift;

            step = turn + (busy << shift) - w->cur;
            break;
        }
    }
    return w->cur + (step < limit ? step : limit);
}

uint32_t ses_expire(struct ses_table *t, uint64_t now_ns, uint32_t budget)
{
    struct wheel *w = &t->wheel;
    uint32_t now = (uint32_t)(clamp_now(t, now_ns) >> TICK_SHIFT);
    uint32_t gone = 0;

    while ((int32_t)(now - w->cur) >= 0) {
        if ((w->cur & 0xFFFF) == 0 && !wheel_drain(t, 2, now, &budget, &gone))
            break;
        if ((w->cur & 0xFF) == 0 && !wheel_drain(t, 1, now, &budget, &gone))
            break;
        if (!wheel_drain(t, 0, now, &budget, &gone))
            break;
        w->cur = wheel_next_stop(w, now);
    }
    return gone;
}

bool ses_due(const struct ses_table *t, uint64_t now)
{
    return t->wheel.count > 0 && (int32_t)((uint32_t)(now >> TICK_SHIFT) - t->wheel.cur) >= 0;
}

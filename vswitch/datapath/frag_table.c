/* SPDX-License-Identifier: Apache-2.0 */
/* The books of virtual reassembly: datagrams by key and by age, what has come of each, what is held, quotas. */
#include "frag.h"

#include <stdlib.h>
#include <string.h>

/* Of each class of runs this part may be held, all workers together: reception must not starve. */
#define HELD_SHARE 4u

struct dp_frags *frag_open(const struct hsr_view *view)
{
    struct dp_frags *f = calloc(1, sizeof *f);

    if (f == NULL)
        return NULL;
    f->datagram = calloc(FRAG_DATAGRAMS, sizeof *f->datagram);
    f->held = calloc(FRAG_HELD, sizeof *f->held);
    if (f->datagram == NULL || f->held == NULL) {
        frag_close(f);
        return NULL;
    }
    TAILQ_INIT(&f->ages);
    STAILQ_INIT(&f->ready);
    STAILQ_INIT(&f->free_held);
    for (unsigned class = 0; class < HSR_SLOT_CLASSES; class ++)
        f->most_runs[class] = view->classes[class].count / HELD_SHARE / view->workers;
    return f;
}

void frag_close(struct dp_frags *f)
{
    if (f == NULL)
        return;
    free(f->datagram);
    free(f->held);
    free(f);
}

/* The hash is that of the addresses, so datagrams of one pair differ by the identification alone: spread it (Fibonacci). */
static struct frag_chain *chain_of(struct dp_frags *f, const struct frag_key *key, uint64_t hash)
{
    return &f->bucket[((hash + key->id) * UINT64_C(0x9E3779B97F4A7C15) >> 32) % FRAG_DATAGRAMS];
}

struct frag_datagram *frag_find(struct dp_frags *f, const struct frag_key *key, uint64_t hash)
{
    struct frag_datagram *d;

    LIST_FOREACH (d, chain_of(f, key, hash), chain)
        if (memcmp(&d->key, key, sizeof *key) == 0)
            return d;
    return NULL;
}

/* Room for one more: a former one, else one that was never used. */
static struct frag_datagram *take_free(struct dp_frags *f)
{
    struct frag_datagram *d = LIST_FIRST(&f->free);

    if (d != NULL)
        LIST_REMOVE(d, chain);
    else if (f->used < FRAG_DATAGRAMS)
        d = &f->datagram[f->used]; /* none is free, so all before it are in use */
    return d;
}

struct frag_datagram *frag_new(struct dp_frags *f, const struct frag_key *key, uint64_t hash,
                               uint16_t charged, uint64_t now)
{
    struct frag_datagram *d;

    if (f->use[charged].datagrams >= FRAG_QUOTA_DATAGRAMS || (d = take_free(f)) == NULL)
        return NULL;
    memset(d, 0, offsetof(struct frag_datagram, seen));
    STAILQ_INIT(&d->held);
    d->key = *key;
    d->steer = hash;
    d->born = now;
    d->charged = charged;
    f->use[charged].datagrams++;
    LIST_INSERT_HEAD(chain_of(f, key, hash), d, chain);
    TAILQ_INSERT_TAIL(&f->ages, d, age);
    if (++f->used > f->high)
        f->high = f->used;
    return d;
}

void frag_forget(struct dp_frags *f, struct frag_datagram *d)
{
    memset(d->seen, 0, (d->top + 63u) / 64 * sizeof d->seen[0]);
    f->use[d->charged].datagrams--;
    LIST_REMOVE(d, chain);
    TAILQ_REMOVE(&f->ages, d, age);
    LIST_INSERT_HEAD(&f->free, d, chain);
    f->used--;
}

/* Bits `at` to 63, or to `end` if that is in this word. */
static uint64_t mask(uint32_t at, uint32_t end)
{
    uint64_t from = ~UINT64_C(0) << (at & 63);

    return end - (at & ~63u) >= 64 ? from : from & ~(~UINT64_C(0) << (end & 63));
}

static uint32_t units_seen(const struct frag_datagram *d, uint32_t at, uint32_t end)
{
    uint32_t n = 0;

    for (; at < end; at = (at | 63) + 1)
        n += (uint32_t)__builtin_popcountll(d->seen[at / 64] & mask(at, end));
    return n;
}

/*
 * As Linux does it: a fragment whose bytes have all come already is a duplicate, of no consequence; one that overlaps what
 * has come ends the datagram (RFC 5722, and the same for IPv4).
 */
enum hsr_drop frag_note(struct frag_datagram *d, const struct frag_span *span)
{
    uint32_t at = span->at / FRAG_UNIT, end = (span->end + FRAG_UNIT - 1) / FRAG_UNIT;
    uint32_t seen = units_seen(d, at, end);

    if (d->total != 0 && (end > d->total || (span->last && end != d->total)))
        return HSR_DROP_FRAG_OVERLAP;
    if (seen != 0)
        return seen == end - at ? HSR_DROP_FRAG_DUP : HSR_DROP_FRAG_OVERLAP;
    if (span->last && end < d->top)
        return HSR_DROP_FRAG_OVERLAP;
    for (uint32_t i = at; i < end; i = (i | 63) + 1)
        d->seen[i / 64] |= mask(i, end);
    d->units = (uint16_t)(d->units + end - at);
    if (end > d->top)
        d->top = (uint16_t)end;
    if (span->last)
        d->total = (uint16_t)end;
    return HSR_DROP_NONE;
}

bool frag_complete(const struct frag_datagram *d)
{
    return d->total != 0 && d->units == d->total;
}

static unsigned class_of(uint32_t run)
{
    return run <= HSR_RUN_SINGLE ? 0 : run <= HSR_RUN_JUMBO ? 1 : 2;
}

bool frag_hold(struct dp_frags *f, struct frag_datagram *d, const struct act_packet *p,
               const struct hsr_view *view)
{
    uint32_t space = hsr_slot_space(view, hsr_entry_slot(p->entry));
    uint32_t run = (space + HSR_SLOT_META) / HSR_SLOT_SIZE;
    unsigned class = class_of(run);
    struct frag_held *h = STAILQ_FIRST(&f->free_held);

    if (f->use[d->charged].slots + run > FRAG_QUOTA_SLOTS ||
        f->runs[class] >= f->most_runs[class] || f->holds == FRAG_HELD)
        return false;
    if (h != NULL)
        STAILQ_REMOVE_HEAD(&f->free_held, link);
    else
        h = &f->held[f->holds]; /* none is free, so all before it are in use */
    h->packet = *p;
    h->slots = (uint16_t)run;
    h->class = (uint8_t) class;
    f->use[d->charged].slots = (uint16_t)(f->use[d->charged].slots + run);
    f->runs[class]++;
    STAILQ_INSERT_TAIL(&d->held, h, link);
    if (++f->holds > f->holds_high)
        f->holds_high = f->holds;
    return true;
}

bool frag_take(struct dp_frags *f, struct frag_datagram *d, struct act_packet *p)
{
    struct frag_held *h = STAILQ_FIRST(&d->held);

    if (h == NULL)
        return false;
    STAILQ_REMOVE_HEAD(&d->held, link);
    *p = h->packet;
    f->use[d->charged].slots = (uint16_t)(f->use[d->charged].slots - h->slots);
    f->runs[h->class]--;
    f->holds--;
    STAILQ_INSERT_HEAD(&f->free_held, h, link);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "datapath/pmtu.h"

#include <stddef.h>

#include "words.h"

#define GET(word)    atomic_load_explicit(&(word), memory_order_relaxed)
#define SET(word, v) atomic_store_explicit(&(word), (v), memory_order_relaxed)

static bool begin(struct dp_pmtus *t)
{
    return !atomic_exchange_explicit(&t->writing, true, memory_order_acquire);
}

static void end(struct dp_pmtus *t)
{
    atomic_store_explicit(&t->writing, false, memory_order_release);
}

static void changed(struct dp_pmtus *t)
{
    atomic_fetch_add_explicit(&t->changes, 1, memory_order_release);
}

/* Entry of a VTEP, or a free one (zero), or NULL. Few are ever used, by the slow path alone: a scan is enough. */
static struct dp_pmtu *locate(const struct dp_pmtus *t, struct dp_words vtep)
{
    for (uint32_t i = 0; i < DP_PMTUS; i++) {
        const struct dp_pmtu *e = &t->entry[i];

        if (atomic_load_explicit(&e->low, memory_order_acquire) == vtep.low &&
            GET(e->high) == vtep.high)
            return (struct dp_pmtu *)e;
    }
    return NULL;
}

static bool is_free(const struct dp_pmtu *e)
{
    return GET(e->high) == 0 && GET(e->low) == 0;
}

static uint16_t find(const struct dp_pmtus *t, struct dp_words vtep)
{
    const struct dp_pmtu *e = locate(t, vtep);

    return e != NULL ? (uint16_t)GET(e->mtu) : 0;
}

uint16_t dp_pmtu_find(const struct dp_pmtus *t, const struct cfg_addr *vtep)
{
    return GET(t->used) == 0 || vtep->family == 0 ? 0 : find(t, dp_words_of(vtep));
}

static void enter(struct dp_pmtus *t, struct dp_pmtu *e, struct dp_words vtep)
{
    uint32_t used = GET(t->used) + 1;

    SET(t->used, used);
    if (used > GET(t->high))
        SET(t->high, used);
    SET(e->high, vtep.high);
    atomic_store_explicit(&e->low, vtep.low, memory_order_release);
}

static void leave(struct dp_pmtus *t, struct dp_pmtu *e)
{
    SET(e->low, 0);
    SET(e->high, 0);
    SET(t->used, GET(t->used) - 1);
}

void dp_pmtu_learn(struct dp_pmtus *t, const struct cfg_addr *vtep, uint16_t mtu, uint64_t now)
{
    const uint16_t least = vtep->family == 6 ? DP_PMTU_LO6 : DP_PMTU_LO4;
    uint16_t known = dp_pmtu_find(t, vtep);
    struct dp_words words = dp_words_of(vtep);
    struct dp_pmtu *e;

    if (mtu < least)
        mtu = least;
    if (vtep->family == 0 || (known != 0 && known <= mtu) || !begin(t))
        return;
    e = locate(t, words);
    if (e == NULL)
        e = locate(t, (struct dp_words){0, 0});
    if (e == NULL) {
        atomic_fetch_add_explicit(&t->full, 1, memory_order_relaxed);
        end(t);
        return;
    }
    SET(e->mtu, mtu);
    SET(e->until, now + DP_PMTU_NS);
    if (is_free(e))
        enter(t, e, words);
    if (GET(t->next) == 0)
        SET(t->next, now + DP_PMTU_NS);
    changed(t);
    end(t);
}

void dp_pmtu_age(struct dp_pmtus *t, uint64_t now)
{
    uint64_t next = GET(t->next);
    bool any = false;

    if (next == 0 || now < next || !begin(t))
        return;
    next = 0;
    for (uint32_t i = 0; i < DP_PMTUS; i++) {
        struct dp_pmtu *e = &t->entry[i];
        uint64_t until = GET(e->until);

        if (is_free(e))
            continue;
        if (until <= now) {
            leave(t, e);
            any = true;
        } else if (next == 0 || until < next) {
            next = until;
        }
    }
    SET(t->next, next);
    if (any)
        changed(t);
    end(t);
}

void dp_pmtus_copy(struct dp_pmtus *to, const struct dp_pmtus *from)
{
    SET(to->changes, atomic_load_explicit(&from->changes, memory_order_acquire));
    SET(to->used, GET(from->used));
    SET(to->next, GET(from->next));
    for (uint32_t i = 0; i < DP_PMTUS; i++) {
        SET(to->entry[i].high, GET(from->entry[i].high));
        SET(to->entry[i].low, GET(from->entry[i].low));
        SET(to->entry[i].until, GET(from->entry[i].until));
        SET(to->entry[i].mtu, GET(from->entry[i].mtu));
    }
}

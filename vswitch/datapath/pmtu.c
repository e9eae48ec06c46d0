/* SPDX-License-Identifier: Apache-2.0 */
#include "datapath/pmtu.h"

#include <stddef.h>

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

/* Entry of a VTEP, or a free one (vtep 0), or NULL. Few are ever used, by the slow path alone: a scan is enough. */
static struct dp_pmtu *locate(const struct dp_pmtus *t, uint32_t vtep)
{
    for (uint32_t i = 0; i < DP_PMTUS; i++)
        if (atomic_load_explicit(&t->entry[i].vtep, memory_order_acquire) == vtep)
            return (struct dp_pmtu *)&t->entry[i];
    return NULL;
}

uint16_t dp_pmtu_find(const struct dp_pmtus *t, uint32_t vtep)
{
    const struct dp_pmtu *e;

    if (GET(t->used) == 0 || vtep == 0 || (e = locate(t, vtep)) == NULL)
        return 0;
    return (uint16_t)GET(e->mtu);
}

static void enter(struct dp_pmtus *t, struct dp_pmtu *e, uint32_t vtep)
{
    uint32_t used = GET(t->used) + 1;

    SET(t->used, used);
    if (used > GET(t->high))
        SET(t->high, used);
    atomic_store_explicit(&e->vtep, vtep, memory_order_release);
}

void dp_pmtu_learn(struct dp_pmtus *t, uint32_t vtep, uint16_t mtu, uint64_t now)
{
    uint16_t known = dp_pmtu_find(t, vtep);
    struct dp_pmtu *e;

    if (mtu < DP_PMTU_LO)
        mtu = DP_PMTU_LO;
    if (vtep == 0 || (known != 0 && known <= mtu) || !begin(t))
        return;
    e = locate(t, vtep);
    if (e == NULL)
        e = locate(t, 0);
    if (e == NULL) {
        atomic_fetch_add_explicit(&t->full, 1, memory_order_relaxed);
        end(t);
        return;
    }
    SET(e->mtu, mtu);
    SET(e->until, now + DP_PMTU_NS);
    if (GET(e->vtep) == 0)
        enter(t, e, vtep);
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

        if (GET(e->vtep) == 0)
            continue;
        if (until <= now) {
            SET(e->vtep, 0);
            SET(t->used, GET(t->used) - 1);
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

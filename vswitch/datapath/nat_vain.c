/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker remembers of searches for a port that found none, so that new flows towards a destination that has all of a
 * pool's ports cost no search each.
 *
 * A search that looked at all ports is believed until one of the pool's goes free here, the policy changes, or VAIN_NS have
 * passed. One that gave up may have missed some: several in a row are believed, and for a moment only. Who is not believed
 * searches; what falls out of the table is searched again. A port that is taken elsewhere is none of ours (nat.c).
 */
#include <stdlib.h>
#include <string.h>

#include "hsring/wire.h"
#include "internal.h"

#define PLACES   512u
#define FAILURES 4 /* in a row, of searches that gave up */
#define VAIN_NS  UINT64_C(100000000)
#define MAYBE_NS UINT64_C(1000000)

struct key {
    struct cfg_addr src, dst; /* `src` where no other address of the pool may be tried */
    uint32_t context;
    uint16_t dport, pool;
    uint8_t proto;
};

struct dp_vain {
    struct entry {
        struct key key;
        uint8_t failures; /* 0: free */
        uint32_t freed, generation;
        uint64_t until;
    } entry[PLACES];
    uint32_t freed[POL_SNAT_IDS]; /* ports that have gone free, by pool */
};

struct dp_vain *dp_vain_open(void)
{
    return calloc(1, sizeof(struct dp_vain));
}

void dp_vain_close(struct dp_vain *vain)
{
    free(vain);
}

void dp_vain_copy(struct dp_vain *to, const struct dp_vain *from)
{
    memcpy(to, from, sizeof *to);
}

static struct key key_of(const struct pol_walk *walk)
{
    bool icmp = walk->proto == HSR_PROTO_ICMP || walk->proto == HSR_PROTO_ICMP6;
    struct key k;

    memset(&k, 0, sizeof k); /* it is hashed whole */
    k.dst = walk->seen.dst;
    k.pool = (uint16_t)walk->snat->id;
    k.proto = walk->proto;
    k.dport = icmp ? 0 : walk->seen.dport;
    if (walk->to != NULL) {
        k.src = walk->seen.src;
        k.context = walk->to_context;
    } else {
        k.src.family = walk->seen.src.family;
    }
    return k;
}

static struct entry *place(const struct dp_worker *w, const struct key *k)
{
    const uint8_t *b = (const uint8_t *)k;
    uint64_t h = 0;

    for (size_t i = 0; i < sizeof *k; i++)
        h = (h ^ b[i]) * UINT64_C(0x100000001B3);
    return &w->vain->entry[h % PLACES];
}

static bool is_same(const struct key *a, const struct key *b)
{
    return a->context == b->context && a->dport == b->dport && a->pool == b->pool &&
           a->proto == b->proto && cfg_addr_equal(&a->src, &b->src) &&
           cfg_addr_equal(&a->dst, &b->dst);
}

bool dp_nat_in_vain(const struct dp_worker *w, const struct pol_walk *walk)
{
    const struct key k = key_of(walk);
    const struct entry *e = place(w, &k);

    return e->failures >= FAILURES && w->now < e->until && e->freed == w->vain->freed[k.pool] &&
           e->generation == w->generation && is_same(&e->key, &k);
}

void dp_nat_searched(struct dp_worker *w, const struct pol_walk *walk, bool found, bool all)
{
    const struct key k = key_of(walk);
    struct entry *e = place(w, &k);
    bool same = is_same(&e->key, &k);

    if (found) {
        e->failures = same ? 0 : e->failures;
        return;
    }
    if (!same)
        *e = (struct entry){.key = k};
    if (all)
        e->failures = FAILURES;
    else if (e->failures < FAILURES)
        e->failures++;
    e->until = w->now + (all ? VAIN_NS : MAYBE_NS);
    e->freed = w->vain->freed[k.pool];
    e->generation = w->generation;
}

void dp_nat_freed(struct dp_worker *w, uint16_t pool)
{
    w->vain->freed[pool]++;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "datapath/neighbor.h"

#include <stddef.h>

#include "words.h"

#define PROBES 16

/* Words are read and written one by one; their order is the version's and the spin bit's to keep. */
#define GET(field)        atomic_load_explicit(&(field), memory_order_relaxed)
#define SET(field, value) atomic_store_explicit(&(field), (value), memory_order_relaxed)

struct words {
    uint64_t high, low;
    uint16_t port;
};

static struct words words_of(const struct dp_hop *hop)
{
    struct dp_words addr = dp_words_of(&hop->addr);

    return (struct words){.high = addr.high, .low = addr.low, .port = hop->port};
}

static struct dp_hop hop_of(const struct words *w)
{
    return (struct dp_hop){.addr = dp_words_addr((struct dp_words){w->high, w->low}),
                           .port = w->port};
}

static uint32_t first(const struct words *w)
{
    uint64_t h =
        (w->high ^ w->low * UINT64_C(0x9E3779B97F4A7C15) ^ w->port) * UINT64_C(0xBF58476D1CE4E5B9);

    return (uint32_t)(h >> 54);
}

_Static_assert(DP_NEIGHBORS == 1u << 10, "first() gives ten bits");

static bool is_of(const struct dp_neighbor *e, const struct words *w)
{
    return GET(e->state) != DP_NEIGHBOR_FREE && GET(e->low) == w->low && GET(e->high) == w->high &&
           GET(e->port) == w->port;
}

struct dp_known dp_neighbor_find(const struct dp_neighbors *n, const struct dp_hop *hop)
{
    struct words w = words_of(hop);

    for (uint32_t i = 0; i < PROBES; i++) {
        const struct dp_neighbor *e = &n->entry[(first(&w) + i) % DP_NEIGHBORS];
        uint32_t version = atomic_load_explicit(&e->version, memory_order_acquire);

        if (version & 1 || !is_of(e, &w))
            continue;
        struct dp_known known = {.mac48 = GET(e->mac48),
                                 .state = (enum dp_neighbor_state)GET(e->state)};

        atomic_thread_fence(memory_order_acquire);
        if (GET(e->version) == version)
            return known;
    }
    return (struct dp_known){.state = DP_NEIGHBOR_FREE};
}

/* One writer at a time; a worker that finds another at it lets its own news go, the next ARP brings them again. */
static bool begin(struct dp_neighbors *n)
{
    return !atomic_exchange_explicit(&n->writing, true, memory_order_acquire);
}

static void end(struct dp_neighbors *n)
{
    atomic_store_explicit(&n->writing, false, memory_order_release);
}

/* `known`: by its former MAC or as one that does not answer, so that sessions have gone by that. */
static void changed(struct dp_neighbors *n, bool known)
{
    atomic_fetch_add_explicit(&n->moves, known, memory_order_release);
    atomic_fetch_add_explicit(&n->changes, 1, memory_order_release);
}

/* Writers only, as all below. */
static struct dp_neighbor *locate(struct dp_neighbors *n, const struct words *w)
{
    for (uint32_t i = 0; i < PROBES; i++) {
        struct dp_neighbor *e = &n->entry[(first(w) + i) % DP_NEIGHBORS];

        if (is_of(e, w))
            return e;
    }
    return NULL;
}

/* The first question is open no more, one way or the other. */
static void settle(struct dp_neighbors *n, const struct dp_neighbor *e)
{
    uint16_t asker = GET(e->asker);

    if (GET(e->state) == DP_NEIGHBOR_INCOMPLETE)
        SET(n->open[asker], (uint16_t)(GET(n->open[asker]) - 1));
}

/* Another neighbour's, or nobody's, from now on. */
static void become(struct dp_neighbors *n, struct dp_neighbor *e, const struct words *w,
                   enum dp_neighbor_state state)
{
    uint32_t version = GET(e->version);

    settle(n, e);
    SET(e->version, version + 1);
    atomic_thread_fence(memory_order_release);
    SET(e->high, w->high);
    SET(e->low, w->low);
    SET(e->port, w->port);
    SET(e->state, (uint8_t)state);
    SET(e->tries, 0);
    SET(e->mac48, 0);
    SET(e->asked, 0);
    SET(e->changed, 0);
    SET(e->confirmed, 0);
    atomic_store_explicit(&e->version, version + 2, memory_order_release);
}

/* A place for a new neighbour: a free one, or that of one which does not answer. */
static struct dp_neighbor *place(struct dp_neighbors *n, const struct words *w)
{
    struct dp_neighbor *failed = NULL;

    for (uint32_t i = 0; i < PROBES; i++) {
        struct dp_neighbor *e = &n->entry[(first(w) + i) % DP_NEIGHBORS];
        uint8_t state = GET(e->state);

        if (state == DP_NEIGHBOR_FREE)
            return e;
        if (state == DP_NEIGHBOR_FAILED)
            failed = e;
    }
    return failed;
}

static bool is_unicast(uint64_t mac48)
{
    return mac48 != 0 && !(mac48 >> 40 & 1);
}

/* May this entry get another MAC now? The first to answer wins, as in Linux (its locktime). */
static bool may_change(const struct dp_neighbor *e, uint64_t now)
{
    return GET(e->mac48) == 0 || now - GET(e->changed) >= DP_NEIGHBOR_HOLD_NS;
}

/* What it said is believed. Another MAC that nobody asked for is used, and asked about. */
static void heard(struct dp_neighbors *n, struct dp_neighbor *e, uint64_t mac48, uint64_t now)
{
    bool same = GET(e->mac48) == mac48, asked = GET(e->state) != DP_NEIGHBOR_REACHABLE;
    bool known = GET(e->mac48) != 0 || GET(e->state) == DP_NEIGHBOR_FAILED;

    if (!same && !may_change(e, now))
        return;
    settle(n, e);
    SET(e->state, same || asked ? DP_NEIGHBOR_REACHABLE : DP_NEIGHBOR_STALE);
    SET(e->tries, 0);
    SET(e->confirmed, now);
    if (same)
        return;
    SET(e->changed, now);
    SET(e->mac48, mac48);
    changed(n, known);
}

void dp_neighbor_learn(struct dp_neighbors *n, const struct dp_hop *hop, uint64_t mac48,
                       uint64_t now)
{
    struct words w = words_of(hop);

    if (!is_unicast(mac48) || !begin(n))
        return;
    struct dp_neighbor *e = locate(n, &w);

    if (e != NULL)
        heard(n, e, mac48, now);
    end(n);
}

/*
 * RFC 4861, 7.2.5, narrowed: another MAC counts while a question is open, and as an answer to it that may override. Anything
 * else that does not agree with what is known is a reason to ask, no more.
 */
static void advertised(struct dp_neighbors *n, struct dp_neighbor *e, const struct dp_advert *a,
                       uint64_t now)
{
    uint64_t known = GET(e->mac48), mac48 = a->mac48 != 0 ? a->mac48 : known;
    bool reachable = GET(e->state) == DP_NEIGHBOR_REACHABLE;
    bool another = known != 0 && mac48 != known;

    if (another && (reachable || !a->solicited || !a->override)) {
        if (reachable)
            SET(e->state, DP_NEIGHBOR_STALE);
    } else if (a->solicited && mac48 != 0) {
        heard(n, e, mac48, now);
    }
}

void dp_neighbor_advertised(struct dp_neighbors *n, const struct dp_hop *hop,
                            const struct dp_advert *advert, uint64_t now)
{
    struct words w = words_of(hop);

    if ((advert->mac48 != 0 && !is_unicast(advert->mac48)) || !begin(n))
        return;
    struct dp_neighbor *e = locate(n, &w);

    if (e != NULL)
        advertised(n, e, advert, now);
    end(n);
}

/* A new one. */
static enum dp_asked ask(struct dp_neighbors *n, const struct words *w, uint16_t asker,
                         uint64_t now)
{
    struct dp_neighbor *e;

    if (GET(n->open[asker]) >= DP_NEIGHBOR_OPEN)
        return DP_ASKED_QUOTA;
    e = place(n, w);
    if (e == NULL) {
        atomic_fetch_add_explicit(&n->full, 1, memory_order_relaxed);
        return DP_ASKED;
    }
    become(n, e, w, DP_NEIGHBOR_INCOMPLETE);
    SET(e->asker, asker);
    SET(n->open[asker], (uint16_t)(GET(n->open[asker]) + 1));
    SET(e->asked, now);
    SET(e->tries, 1);
    return DP_ASKED_ASK;
}

enum dp_asked dp_neighbor_ask(struct dp_neighbors *n, const struct dp_hop *hop, uint16_t asker,
                              uint64_t now)
{
    struct words w = words_of(hop);
    enum dp_asked what = DP_ASKED;

    if (!begin(n))
        return what;
    if (locate(n, &w) == NULL)
        what = ask(n, &w, asker, now);
    end(n);
    return what;
}

/* One question more; false, and FAILED, when it has had enough of them. */
static bool again(struct dp_neighbors *n, struct dp_neighbor *e, uint64_t now)
{
    SET(e->asked, now);
    if (GET(e->tries) < DP_NEIGHBOR_TRIES) {
        SET(e->tries, (uint8_t)(GET(e->tries) + 1));
        return true;
    }
    bool known = GET(e->mac48) != 0;

    settle(n, e);
    SET(e->state, DP_NEIGHBOR_FAILED);
    SET(e->mac48, 0);
    changed(n, known);
    return false;
}

static bool due(struct dp_neighbors *n, struct dp_neighbor *e, uint64_t now)
{
    uint64_t since = now - GET(e->asked);

    switch ((enum dp_neighbor_state)GET(e->state)) {
    case DP_NEIGHBOR_FREE:
        return false;
    case DP_NEIGHBOR_REACHABLE:
        if (now - GET(e->confirmed) < DP_NEIGHBOR_REACHABLE_NS)
            return false;
        /* fall through */
    case DP_NEIGHBOR_STALE:
        SET(e->state, DP_NEIGHBOR_PROBE);
        SET(e->tries, 0);
        return again(n, e, now);
    case DP_NEIGHBOR_INCOMPLETE:
    case DP_NEIGHBOR_PROBE:
        return since >= DP_NEIGHBOR_ASK_NS && again(n, e, now);
    case DP_NEIGHBOR_FAILED:
        if (since < DP_NEIGHBOR_RETRY_NS)
            return false;
        SET(e->asked, now);
        return true;
    }
    return false;
}

bool dp_neighbor_due(struct dp_neighbors *n, uint32_t i, uint64_t now, struct dp_hop *hop,
                     uint64_t *mac48)
{
    struct dp_neighbor *e = &n->entry[i % DP_NEIGHBORS];

    if (GET(e->state) == DP_NEIGHBOR_FREE || !begin(n))
        return false;
    struct words w = {.high = GET(e->high), .low = GET(e->low), .port = GET(e->port)};
    bool ask = due(n, e, now);

    *hop = hop_of(&w);
    *mac48 = GET(e->mac48);
    end(n);
    return ask;
}

void dp_neighbor_forget(struct dp_neighbors *n, uint32_t i)
{
    static const struct words nobody;

    if (!begin(n))
        return;
    become(n, &n->entry[i % DP_NEIGHBORS], &nobody, DP_NEIGHBOR_FREE);
    end(n);
}

void dp_neighbor_count(const struct dp_neighbors *n, uint32_t *used, uint32_t *known)
{
    *used = *known = 0;
    for (uint32_t i = 0; i < DP_NEIGHBORS; i++) {
        *used += GET(n->entry[i].state) != DP_NEIGHBOR_FREE;
        *known += GET(n->entry[i].mac48) != 0;
    }
}

bool dp_neighbor_row(const struct dp_neighbors *n, uint32_t i, struct dp_neighbor_row *row)
{
    const struct dp_neighbor *e = &n->entry[i % DP_NEIGHBORS];
    uint32_t version = atomic_load_explicit(&e->version, memory_order_acquire);
    struct words w = {.high = GET(e->high), .low = GET(e->low), .port = GET(e->port)};

    *row = (struct dp_neighbor_row){.hop = hop_of(&w), .confirmed = GET(e->confirmed)};
    row->known =
        (struct dp_known){.mac48 = GET(e->mac48), .state = (enum dp_neighbor_state)GET(e->state)};
    atomic_thread_fence(memory_order_acquire);
    return row->known.state != DP_NEIGHBOR_FREE && !(version & 1) && GET(e->version) == version;
}

/* One that becomes another's meanwhile is left out: it has just been asked for. */
static void copy(struct dp_neighbor *to, const struct dp_neighbor *from)
{
    uint32_t version = atomic_load_explicit(&from->version, memory_order_acquire);

    SET(to->port, GET(from->port));
    SET(to->asker, GET(from->asker));
    SET(to->state, GET(from->state));
    SET(to->tries, GET(from->tries));
    SET(to->high, GET(from->high));
    SET(to->low, GET(from->low));
    SET(to->mac48, GET(from->mac48));
    SET(to->asked, GET(from->asked));
    SET(to->changed, GET(from->changed));
    SET(to->confirmed, GET(from->confirmed));
    atomic_thread_fence(memory_order_acquire);
    if (version & 1 || GET(from->version) != version)
        SET(to->state, DP_NEIGHBOR_FREE);
}

void dp_neighbors_copy(struct dp_neighbors *to, const struct dp_neighbors *from)
{
    SET(to->moves, atomic_load_explicit(&from->moves, memory_order_acquire));
    SET(to->changes, atomic_load_explicit(&from->changes, memory_order_acquire));
    for (uint32_t i = 0; i < DP_NEIGHBORS; i++)
        copy(&to->entry[i], &from->entry[i]);
    for (uint32_t i = 0; i < HSR_MAX_PORTS; i++)
        SET(to->open[i], GET(from->open[i]));
}

const char *dp_neighbor_state_name(enum dp_neighbor_state state)
{
    static const char *const name[] = {"free",  "incomplete", "reachable",
                                       "stale", "probe",      "failed"};

    return name[state];
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define GENERATIONS (1u << HSR_FLOW_GEN_BITS)

static bool open_records(struct ses_table *t)
{
    t->sessions_size = sizeof *t->sessions * (size_t)t->capacity;
    t->keys6_size = sizeof *t->keys6 * (size_t)t->capacity;
    t->sessions = ses_memory_get(t->memory, "sessions", t->sessions_size);
    t->keys6 = ses_memory_get(t->memory, "keys6", t->keys6_size);
    return t->sessions && t->keys6;
}

static bool open_private(struct ses_table *t, uint32_t quota)
{
    wheel_open(&t->wheel);
    lists_open(t, quota);
    t->free = SES_NONE;
    t->links_size = sizeof *t->links * (size_t)t->capacity;
    t->links = ses_memory_get(NULL, "links", t->links_size);
    return t->links && hash_open(&t->hash, t->capacity) == 0;
}

struct ses_table *ses_table_open(const struct ses_table_config *config)
{
    struct ses_table *t;

    if (config->capacity == 0 || config->capacity > 1u << HSR_FLOW_INDEX_BITS ||
        config->instance == 0) {
        errno = EINVAL;
        return NULL;
    }
    t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->capacity = config->capacity;
    t->id_base = hsr_flow_id(config->instance, config->worker, 0, 0, 0);
    t->timeouts = config->timeouts;
    t->memory = config->memory;
    t->gone = config->gone;
    t->arg = config->arg;
    if (!open_records(t) || !open_private(t, config->quota)) {
        ses_table_close(t);
        errno = ENOMEM;
        return NULL;
    }
    return t;
}

void ses_table_close(struct ses_table *t)
{
    if (!t)
        return;
    hash_close(&t->hash);
    ses_memory_put(NULL, t->links, t->links_size);
    ses_memory_put(t->memory, t->keys6, t->keys6_size);
    ses_memory_put(t->memory, t->sessions, t->sessions_size);
    free(t);
}

/* ---- match ---- */

static bool matches6(const struct ses_table *t, const struct session *s, unsigned dir,
                     const struct hsr_key *key)
{
    const uint64_t *addrs = ses_is_second(s, dir) ? t->keys6[index_of(t, s)].w : s->key6;

    return (s->flags & SES_F_IPV6) && s->dir[dir].key_ports == key->w[4] &&
           memcmp(addrs, key->w, sizeof s->key6) == 0;
}

/* Does a packet with this swap bit travel in direction `dir`? */
static bool is_oriented(const struct session *s, unsigned dir, bool swap)
{
    unsigned high = ses_is_second(s, dir) ? (s->flags & SES_F_SWAPPED2) != 0 : dir;

    return high == swap;
}

bool ses_matches(const struct ses_table *t, const struct session *s, unsigned dir, bool swap,
                 const struct hsr_key *key)
{
    const struct ses_dir *d = &s->dir[dir];

    if (key->ipv6)
        return matches6(t, s, dir, key) && is_oriented(s, dir, swap);
    if (d->key_addrs != key->w[0] || d->key_ports != key->w[1])
        return false;
    if (!(s->flags & (SES_F_IPV6 | SES_F_KEY2))) /* most */
        return dir == swap;
    return !(s->flags & SES_F_IPV6) && is_oriented(s, dir, swap);
}

static bool flow_is_ours(const struct ses_table *t, uint64_t flow_id)
{
    return (flow_id ^ t->id_base) >> HSR_FLOW_WORKER_SHIFT == 0 &&
           hsr_flow_index(flow_id) < t->fresh;
}

struct session *ses_by_flow(struct ses_table *t, uint64_t flow_id)
{
    struct session *s;

    if (flow_id == 0)
        return NULL;
    if (flow_is_ours(t, flow_id)) {
        s = &t->sessions[hsr_flow_index(flow_id)];
        if (s->generation == hsr_flow_gen(flow_id) && s->state != SES_FREE)
            return s;
    }
    t->stats.stale_ids++;
    return NULL;
}

struct session *ses_usual(const struct ses_table *t, uint64_t flow_id, bool swap, uint64_t addrs,
                          uint64_t ports, unsigned *dir)
{
    struct session *s;

    if (!flow_is_ours(t, flow_id))
        return NULL;
    s = &t->sessions[hsr_flow_index(flow_id)];
    *dir = ses_flow_dir(flow_id, swap);
    const struct ses_dir *d = &s->dir[*dir];

    if (s->generation != hsr_flow_gen(flow_id) || s->state == SES_FREE || d->key_addrs != addrs ||
        d->key_ports != ports || (s->flags & SES_F_IPV6) || !is_oriented(s, *dir, swap))
        return NULL;
    return s;
}

static void prefetch_session(const struct ses_table *t, uint32_t index, unsigned dir)
{
    __builtin_prefetch(&t->sessions[index]);
    __builtin_prefetch(&t->sessions[index].dir[dir], 1);
}

bool ses_prefetch(const struct ses_table *t, uint64_t hash, uint64_t flow_id, bool swap)
{
    bool known = flow_is_ours(t, flow_id);

    if (known)
        prefetch_session(t, hsr_flow_index(flow_id), ses_flow_dir(flow_id, swap));
    else
        hash_prefetch(&t->hash, hash);
    return known;
}

void ses_prefetch_more(const struct ses_table *t, uint64_t hash, bool swap)
{
    uint32_t entry = hash_suggest(&t->hash, hash);

    if (entry)
        prefetch_session(t, entry_index(entry), entry_dir(entry, swap));
}

/* ---- create and remove ---- */

/* From 1 to the largest and round again: 0 is a session that never was. */
static uint16_t generation_after(uint16_t generation)
{
    return (uint16_t)(generation + 1u >= GENERATIONS ? 1 : generation + 1u);
}

/* Whatever a former process left there is nobody's. */
static void forget_former(struct session *s)
{
    ses_unseal(s);
    s->state = SES_FREE;
    s->generation = generation_after(s->generation);
}

static uint32_t index_fresh(struct ses_table *t)
{
    forget_former(&t->sessions[t->fresh]);
    return t->fresh++;
}

uint32_t index_get(struct ses_table *t)
{
    uint32_t index;

    if (t->free == SES_NONE && t->fresh < t->capacity)
        return index_fresh(t);
    if (t->free == SES_NONE) {
        index = evict_choose(t);
        if (index == SES_NONE)
            return SES_NONE;
        ses_remove(t, &t->sessions[index], SES_WHY_EVICTED);
    }
    index = t->free;
    t->free = t->links[index].wheel_next;
    return index;
}

void index_put(struct ses_table *t, uint32_t index)
{
    t->links[index].wheel_next = t->free;
    t->free = index;
}

void index_discard(struct ses_table *t, uint32_t index)
{
    forget_former(&t->sessions[index]);
    index_put(t, index);
}

static void session_init(struct session *s, const struct hsr_key *key, bool swap, uint16_t origin,
                         uint64_t now)
{
    uint16_t generation = s->generation;

    memset(s, 0, sizeof *s);
    s->generation = generation;
    s->state = SES_EMBRYONIC;
    s->proto = hsr_key_proto(hsr_key_tail(key));
    s->flags = (uint16_t)((key->ipv6 ? SES_F_IPV6 : 0) | (swap ? SES_F_SWAPPED : 0));
    s->origin = origin;
    s->target = HSR_NO_PORT;
    s->created = now;
    for (unsigned dir = 0; dir < 2; dir++) {
        s->dir[dir].key_ports = hsr_key_tail(key);
        s->dir[dir].key_addrs = key->ipv6 ? 0 : key->w[0];
    }
    if (key->ipv6)
        memcpy(s->key6, key->w, sizeof s->key6);
}

struct session *ses_create(struct ses_table *t, uint64_t hash, const struct hsr_key *key, bool swap,
                           uint16_t origin, uint64_t now, enum hsr_drop *drop)
{
    uint32_t index;
    struct session *s;

    if (!lists_make_way(t, LIST_ORIGIN, origin)) {
        *drop = HSR_DROP_SESSION_QUOTA;
        return NULL;
    }
    *drop = HSR_DROP_SESSION_FULL;
    index = index_get(t);
    if (index == SES_NONE) {
        t->stats.refused_full++;
        return NULL;
    }
    if (!hash_insert(&t->hash, hash, entry_of(index))) {
        index_put(t, index);
        t->stats.refused_collision++;
        return NULL;
    }
    s = &t->sessions[index];
    session_init(s, key, swap, origin, now);
    t->links[index].hash[0] = hash;
    lists_add(t, s, LIST_ORIGIN, origin);
    evict_moved(t, s, SES_FREE);
    t->stats.created++;
    if (++t->stats.used > t->stats.high_water)
        t->stats.high_water = t->stats.used;
    *drop = HSR_DROP_NONE;
    return s;
}

bool ses_add_key(struct ses_table *t, struct session *s, uint64_t hash, const struct hsr_key *key,
                 bool swap)
{
    uint32_t index = index_of(t, s);
    unsigned dir = !ses_initiator(s), there;

    if (ses_find(t, hash, key, swap, &there) ||
        !hash_insert(&t->hash, hash, entry_of_second(index, dir))) {
        t->stats.refused_collision++;
        return false;
    }
    s->flags |= (uint16_t)(SES_F_KEY2 | (swap ? SES_F_SWAPPED2 : 0));
    s->dir[dir].key_ports = hsr_key_tail(key);
    if (key->ipv6)
        memcpy(t->keys6[index].w, key->w, sizeof t->keys6[index].w);
    else
        s->dir[dir].key_addrs = key->w[0];
    t->links[index].hash[1] = hash;
    return true;
}

void ses_leave(struct ses_table *t, struct session *s)
{
    uint32_t index = index_of(t, s);
    const struct links *links = &t->links[index];
    uint8_t before = s->state;

    ses_unseal(s);
    if (s->deadline)
        wheel_remove(t, index);
    s->state = SES_FREE;
    evict_moved(t, s, before);
    lists_remove(t, s);
    hash_remove(&t->hash, links->hash[0], entry_of(index));
    if (s->flags & SES_F_KEY2)
        hash_remove(&t->hash, links->hash[1], entry_of_second(index, !ses_initiator(s)));
    s->generation = generation_after(s->generation);
    index_put(t, index);
    t->stats.used--;
}

void ses_remove(struct ses_table *t, struct session *s, enum ses_why why)
{
    ses_unseal(s);
    if (t->gone)
        t->gone(t->arg, s, why);
    ses_leave(t, s);
    t->stats.ended[why]++;
}

/* ---- keys ---- */

void ses_key(const struct ses_table *t, const struct session *s, bool second, struct hsr_key *key)
{
    const struct ses_dir *d = &s->dir[second ? !ses_initiator(s) : ses_initiator(s)];

    key->ipv6 = s->flags & SES_F_IPV6;
    if (key->ipv6) {
        memcpy(key->w, second ? t->keys6[index_of(t, s)].w : s->key6, sizeof s->key6);
        key->w[HSR_KEY6_WORDS - 1] = d->key_ports;
    } else {
        key->w[0] = d->key_addrs;
        key->w[1] = d->key_ports;
    }
}

uint64_t ses_flow_id(const struct ses_table *t, const struct session *s, bool second)
{
    uint64_t id = t->id_base | hsr_flow_id(0, 0, s->generation, index_of(t, s), 0);

    if (second)
        id |= HSR_FLOW_KEY2 | (ses_initiator(s) ? 0 : HSR_FLOW_DIR);
    return id;
}

uint64_t ses_hash(const struct ses_table *t, const struct session *s, bool second)
{
    return t->links[index_of(t, s)].hash[second];
}

const struct ses_table_stats *ses_stats(const struct ses_table *t)
{
    return &t->stats;
}

uint32_t ses_capacity(const struct ses_table *t)
{
    return t->capacity;
}

const char *ses_why_name(enum ses_why why)
{
    static const char *const names[SES_WHYS] = {
        [SES_WHY_EXPIRED] = "expired", [SES_WHY_CLOSED] = "closed", [SES_WHY_EVICTED] = "evicted",
        [SES_WHY_PORT] = "port",       [SES_WHY_FLUSH] = "flush",   [SES_WHY_POLICY] = "policy"};

    return names[why];
}

struct ses_overflow ses_overflow(const struct ses_table *t)
{
    const struct hash_table *h = &t->hash;

    /* Released ones are used before fresh ones: as many were once in use as were ever used. */
    return (struct ses_overflow){
        .used = h->spare_count, .high = h->spare_used, .capacity = h->spare};
}

uint32_t ses_extent(const struct ses_table *t)
{
    return t->fresh;
}

struct session *ses_at(struct ses_table *t, uint32_t index)
{
    struct session *s = &t->sessions[index];

    return index < t->fresh && s->state != SES_FREE ? s : NULL;
}

struct session *ses_walk(struct ses_table *t, uint32_t *cursor)
{
    while (*cursor < t->fresh) {
        struct session *s = &t->sessions[(*cursor)++];

        if (s->state != SES_FREE)
            return s;
    }
    return NULL;
}

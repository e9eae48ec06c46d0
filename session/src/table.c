/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hsring/flow_id.h"
#include "internal.h"

#define GENERATIONS (1u << HSR_FLOW_GEN_BITS)

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
    t->instance = config->instance;
    t->worker = config->worker;
    t->timeouts = config->timeouts;
    t->gone = config->gone;
    t->arg = config->arg;
    t->free = SES_NONE;
    wheel_open(&t->wheel);
    evict_open(t);
    lists_open(t, config->quota);
    t->sessions_size = sizeof *t->sessions * (size_t)t->capacity;
    t->links_size = sizeof *t->links * (size_t)t->capacity;
    t->sessions = memory_get(t->sessions_size);
    t->links = memory_get(t->links_size);
    if (!t->sessions || !t->links || hash_open(&t->hash, t->capacity) != 0) {
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
    memory_put(t->links, t->links_size);
    memory_put(t->sessions, t->sessions_size);
    free(t);
}

bool ses_matches(const struct session *s, const struct hsr_key *key)
{
    if (!key->ipv6)
        return s->key_addrs == key->w[0] && s->key_ports == key->w[1] && !(s->flags & SES_F_IPV6);
    return (s->flags & SES_F_IPV6) && s->key_ports == key->w[4] &&
           memcmp(s->key6, key->w, sizeof s->key6) == 0;
}

static bool flow_is_ours(const struct ses_table *t, uint64_t flow_id)
{
    return hsr_flow_instance(flow_id) == t->instance && hsr_flow_worker(flow_id) == t->worker &&
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

struct session *ses_find(struct ses_table *t, uint64_t hash, const struct hsr_key *key)
{
    return hash_find(t, hash, key);
}

void ses_prefetch(const struct ses_table *t, uint64_t hash, uint64_t flow_id)
{
    if (flow_is_ours(t, flow_id))
        __builtin_prefetch(&t->sessions[hsr_flow_index(flow_id)]);
    else
        hash_prefetch(&t->hash, hash);
}

void ses_prefetch_more(const struct ses_table *t, uint64_t hash, uint64_t flow_id, unsigned dir)
{
    uint32_t index =
        flow_is_ours(t, flow_id) ? hsr_flow_index(flow_id) : hash_suggest(&t->hash, hash);

    if (index == SES_NONE)
        return;
    __builtin_prefetch(&t->sessions[index]);
    __builtin_prefetch(&t->sessions[index].dir[dir], 1);
}

/* An unused index, evicting if there is none; SES_NONE when nothing may go. */
static uint32_t index_get(struct ses_table *t)
{
    uint32_t index;

    if (t->free == SES_NONE && t->fresh < t->capacity) {
        t->sessions[t->fresh].generation = 1;
        return t->fresh++;
    }
    if (t->free == SES_NONE && !evict_one(t))
        return SES_NONE;
    index = t->free;
    t->free = t->links[index].wheel_next;
    return index;
}

static void index_put(struct ses_table *t, uint32_t index)
{
    t->links[index].wheel_next = t->free;
    t->free = index;
}

static void session_init(struct session *s, const struct hsr_key *key, uint16_t origin,
                         uint64_t now)
{
    uint16_t generation = s->generation;

    memset(s, 0, sizeof *s);
    s->generation = generation;
    s->state = SES_EMBRYONIC;
    s->origin = origin;
    s->target = HSR_NO_PORT;
    s->created = now;
    s->key_ports = hsr_key_tail(key);
    if (key->ipv6) {
        s->flags = SES_F_IPV6;
        memcpy(s->key6, key->w, sizeof s->key6);
    } else {
        s->key_addrs = key->w[0];
    }
}

struct session *ses_create(struct ses_table *t, uint64_t hash, const struct hsr_key *key,
                           uint16_t origin, uint64_t now, enum hsr_drop *drop)
{
    uint32_t index;
    struct session *s;

    if (!lists_within_quota(t, origin)) {
        t->stats.refused_quota++;
        *drop = HSR_DROP_SESSION_QUOTA;
        return NULL;
    }
    *drop = HSR_DROP_SESSION_FULL;
    index = index_get(t);
    if (index == SES_NONE) {
        t->stats.refused_full++;
        return NULL;
    }
    if (!hash_insert(&t->hash, hash, index)) {
        index_put(t, index);
        t->stats.refused_collision++;
        return NULL;
    }
    s = &t->sessions[index];
    session_init(s, key, origin, now);
    t->links[index].hash = hash;
    lists_add(t, s, LIST_ORIGIN, origin);
    evict_moved(t, s, SES_FREE);
    t->stats.created++;
    if (++t->stats.used > t->stats.high_water)
        t->stats.high_water = t->stats.used;
    *drop = HSR_DROP_NONE;
    return s;
}

static void count_gone(struct ses_table_stats *stats, enum ses_why why)
{
    stats->used--;
    switch (why) {
    case SES_WHY_EXPIRED:
        stats->expired++;
        break;
    case SES_WHY_CLOSED:
        stats->closed++;
        break;
    case SES_WHY_EVICTED:
        stats->evicted++;
        break;
    case SES_WHY_PORT:
    case SES_WHY_FLUSH:
    case SES_WHY_POLICY:
        stats->removed++;
        break;
    }
}

void ses_remove(struct ses_table *t, struct session *s, enum ses_why why)
{
    uint32_t index = index_of(t, s);
    uint8_t before = s->state;

    if (t->gone)
        t->gone(t->arg, s, ses_flow_id(t, s), why);
    if (s->deadline)
        wheel_remove(t, index);
    s->state = SES_FREE;
    evict_moved(t, s, before);
    lists_remove(t, s);
    hash_remove(&t->hash, t->links[index].hash, index);
    s->generation = (uint16_t)(s->generation + 1u == GENERATIONS ? 1 : s->generation + 1u);
    index_put(t, index);
    count_gone(&t->stats, why);
}

uint64_t ses_flow_id(const struct ses_table *t, const struct session *s)
{
    return hsr_flow_id(t->instance, t->worker, s->generation, index_of(t, s), 0);
}

uint64_t ses_hash(const struct ses_table *t, const struct session *s)
{
    return t->links[index_of(t, s)].hash;
}

const struct ses_table_stats *ses_stats(const struct ses_table *t)
{
    return &t->stats;
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "session/move.h"

#include <string.h>

#include "internal.h"

/* A share as a quota, and what a port has of it that may have more; one that may not has all, until one of its sessions goes. */
#define ALIKE      (1u << 30)
#define ALIKE_USED (1u << 29)

static uint64_t time_left(const struct session *s, uint64_t now)
{
    int32_t wait = (int32_t)(s->deadline - (uint32_t)(now >> TICK_SHIFT));

    if (s->deadline == 0)
        return 0;
    return wait > 0 ? (uint64_t)wait << TICK_SHIFT : 1;
}

void ses_copy_out(const struct ses_table *t, const struct session *s, uint64_t now,
                  struct ses_moved *m)
{
    uint32_t index = index_of(t, s);
    const struct links *links = &t->links[index];

    m->session = *s;
    memcpy(m->key6, t->keys6[index].w, sizeof m->key6);
    memcpy(m->hash, links->hash, sizeof m->hash);
    m->left = time_left(s, now);
}

void ses_take_out(struct ses_table *t, struct session *s, uint64_t now, struct ses_moved *m)
{
    ses_copy_out(t, s, now, m);
    ses_leave(t, s);
}

void ses_resemble(struct ses_table *t, const struct ses_table *of)
{
    bool full = of->free == SES_NONE && of->fresh == of->capacity;

    for (uint16_t port = 0; port < HSR_MAX_PORTS; port++) {
        if (of->quota[port] != 0) {
            t->quota[port] = of->quota[port];
            t->charged[port] = of->charged[port];
            t->ports[LIST_ORIGIN][port].count = of->ports[LIST_ORIGIN][port].count;
            continue;
        }
        t->quota[port] = ALIKE;
        t->charged[port] = lists_admits(of, LIST_TARGET, port) ? ALIKE_USED : ALIKE;
        t->ports[LIST_ORIGIN][port].count =
            lists_admits(of, LIST_ORIGIN, port) ? ALIKE_USED : ALIKE;
    }
    if (full && of->waiting[KIND_EMBRYONIC].count + of->waiting[KIND_CLOSING].count == 0)
        t->capacity = t->fresh;
}

/* Do its packets belong to another session here? */
static bool is_taken(const struct ses_table *t, const struct ses_moved *m)
{
    const struct session *s = &m->session;
    unsigned initiator = ses_initiator(s), found;
    struct hsr_key key = {.ipv6 = s->flags & SES_F_IPV6};

    memcpy(key.w, s->key6, sizeof s->key6);
    key.w[key.ipv6 ? HSR_KEY6_WORDS - 1 : 1] = s->dir[initiator].key_ports;
    if (!key.ipv6)
        key.w[0] = s->dir[initiator].key_addrs;
    if (ses_find(t, m->hash[0], &key, initiator, &found))
        return true;
    if (!(s->flags & SES_F_KEY2))
        return ses_find(t, m->hash[0], &key, !initiator, &found);
    memcpy(key.w, m->key6, sizeof m->key6);
    key.w[key.ipv6 ? HSR_KEY6_WORDS - 1 : 1] = s->dir[!initiator].key_ports;
    if (!key.ipv6)
        key.w[0] = s->dir[!initiator].key_addrs;
    return ses_find(t, m->hash[1], &key, s->flags & SES_F_SWAPPED2, &found);
}

/* Both keys, or none. */
static bool enter_keys(struct ses_table *t, const struct ses_moved *m, uint32_t index)
{
    const struct session *s = &m->session;

    if (!hash_insert(&t->hash, m->hash[0], entry_of(index)))
        return false;
    if (!(s->flags & SES_F_KEY2) ||
        hash_insert(&t->hash, m->hash[1], entry_of_second(index, !ses_initiator(s))))
        return true;
    hash_remove(&t->hash, m->hash[0], entry_of(index));
    return false;
}

struct session *ses_put_in(struct ses_table *t, const struct ses_moved *m, uint64_t now)
{
    uint32_t index = is_taken(t, m) ? SES_NONE : index_get(t);

    if (index != SES_NONE && !enter_keys(t, m, index)) {
        index_put(t, index);
        index = SES_NONE;
    }
    if (index == SES_NONE) {
        t->stats.ended[SES_WHY_EVICTED]++;
        return NULL;
    }
    struct session *s = &t->sessions[index];
    uint16_t generation = s->generation;

    *s = m->session;
    s->generation = generation;
    s->seal = 0;
    s->flags &= (uint16_t) ~(SES_F_FIT | SES_F_FIT2);
    s->policy = s->compiled = s->neighbor = 0;
    s->deadline = 0;
    s->dir[0].program = s->dir[1].program = 0;
    memcpy(t->keys6[index].w, m->key6, sizeof m->key6);
    memcpy(t->links[index].hash, m->hash, sizeof m->hash);
    lists_add(t, s, LIST_ORIGIN, s->origin);
    if (s->target != s->origin)
        lists_add(t, s, LIST_TARGET, s->target);
    evict_moved(t, s, SES_FREE);
    if (m->left != 0)
        ses_arm(t, s, now, m->left);
    if (++t->stats.used > t->stats.high_water)
        t->stats.high_water = t->stats.used;
    return s;
}

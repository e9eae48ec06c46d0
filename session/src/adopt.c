/* SPDX-License-Identifier: Apache-2.0 */
#include "session/adopt.h"

#include "internal.h"
#include "proto.h"

#define FLAGS_KNOWN                                                                          \
    (SES_F_IPV6 | SES_F_SWAPPED | SES_F_PICKED_UP | SES_F_FIT | SES_F_KEY2 | SES_F_CHARGED | \
     SES_F_SWAPPED2 | SES_F_FIT2)

/* Do both directions hold keys that ses_create() and ses_add_key() could have written? */
static bool keys_make_sense(const struct session *s)
{
    const struct ses_dir *a = &s->dir[0], *b = &s->dir[1];
    bool second = s->flags & SES_F_KEY2;

    if (hsr_key_proto(a->key_ports) != s->proto || hsr_key_proto(b->key_ports) != s->proto)
        return false;
    if ((s->flags & SES_F_IPV6) && (a->key_addrs | b->key_addrs) != 0)
        return false;
    return second || (a->key_ports == b->key_ports && a->key_addrs == b->key_addrs &&
                      !(s->flags & SES_F_SWAPPED2));
}

static bool makes_sense(const struct session *s)
{
    const struct ses_proto *proto = ses_proto(s->proto);

    return s->generation >= 1 && s->generation < 1u << HSR_FLOW_GEN_BITS && s->state > SES_FREE &&
           s->state <= SES_CLOSING && !(s->flags & ~(unsigned)FLAGS_KNOWN) &&
           s->origin < HSR_MAX_PORTS && (s->target < HSR_MAX_PORTS || s->target == HSR_NO_PORT) &&
           keys_make_sense(s) && (proto->valid == NULL || proto->valid(s));
}

static bool context_known(const struct session *s, const struct ses_adopt *how)
{
    for (unsigned dir = 0; dir < 2; dir++)
        if (!how->context(how->arg, hsr_key_context(s->dir[dir].key_ports)))
            return false;
    return true;
}

/* One of its keys, with its hash. False: its packets are another session's, or the bucket is full. */
static enum ses_adoption enter_key(struct ses_table *t, const struct session *s, bool second,
                                   const struct ses_adopt *how)
{
    uint32_t index = index_of(t, s);
    unsigned initiator = ses_initiator(s), found;
    bool swap = second ? (s->flags & SES_F_SWAPPED2) != 0 : initiator != 0;
    bool both = !(s->flags & SES_F_KEY2);
    struct hsr_key key;

    ses_key(t, s, second, &key);
    uint64_t hash = how->hash(how->arg, &key);

    if (ses_find(t, hash, &key, swap, &found) || (both && ses_find(t, hash, &key, !swap, &found)))
        return SES_ADOPT_TWICE;
    if (!hash_insert(&t->hash, hash, second ? entry_of_second(index, !initiator) : entry_of(index)))
        return SES_ADOPT_FULL;
    t->links[index].hash[second] = hash;
    return SES_ADOPTED;
}

static void leave_key(struct ses_table *t, const struct session *s, bool second)
{
    uint32_t index = index_of(t, s);

    hash_remove(&t->hash, t->links[index].hash[second],
                second ? entry_of_second(index, !ses_initiator(s)) : entry_of(index));
}

/* The last step, and the only one that others take part in, undone by nobody. */
static enum ses_adoption enter(struct ses_table *t, struct session *s, const struct ses_adopt *how)
{
    bool second = s->flags & SES_F_KEY2;
    enum ses_adoption what = enter_key(t, s, false, how);

    if (what != SES_ADOPTED)
        return what;
    if (second)
        what = enter_key(t, s, true, how);
    if (what == SES_ADOPTED && !how->take(how->arg, s)) {
        what = SES_ADOPT_PROGRAM;
        if (second)
            leave_key(t, s, true);
    }
    if (what != SES_ADOPTED)
        leave_key(t, s, false);
    return what;
}

/* What remains until its deadline, at most what its state is given. */
static uint64_t time_left(const struct ses_table *t, const struct session *s, uint64_t now)
{
    uint64_t idle = ses_proto(s->proto)->idle(s, &t->timeouts) * NS_PER_S;
    int32_t wait = (int32_t)(s->deadline - (uint32_t)(now >> TICK_SHIFT));
    uint64_t left = wait > 0 ? (uint64_t)wait << TICK_SHIFT : 0;

    return s->deadline == 0 || left > idle ? idle : left;
}

static void settle(struct ses_table *t, struct session *s, const struct ses_adopt *how)
{
    uint64_t left = time_left(t, s, how->now);

    s->flags &= (uint16_t) ~(SES_F_FIT | SES_F_FIT2);
    s->policy = s->compiled = s->neighbor = 0;
    s->deadline = 0;
    lists_add(t, s, LIST_ORIGIN, s->origin);
    if (s->target != s->origin)
        lists_add(t, s, LIST_TARGET, s->target);
    evict_moved(t, s, SES_FREE);
    ses_arm(t, s, how->now, left);
    t->stats.created++;
    if (++t->stats.used > t->stats.high_water)
        t->stats.high_water = t->stats.used;
}

static enum ses_adoption judge(struct ses_table *t, struct session *s, const struct ses_adopt *how)
{
    if (!ses_sealed(t, s))
        return SES_ADOPT_TORN;
    if (!makes_sense(s))
        return SES_ADOPT_BAD;
    if (!how->port(how->arg, s->origin) ||
        (s->target != HSR_NO_PORT && !how->port(how->arg, s->target)))
        return SES_ADOPT_PORT;
    if (!context_known(s, how))
        return SES_ADOPT_CONTEXT;
    return enter(t, s, how);
}

void ses_adopt(struct ses_table *t, const struct ses_adopt *how, uint64_t count[SES_ADOPTIONS])
{
    for (uint32_t index = 0; index < t->capacity && t->sessions[index].generation != 0; index++) {
        struct session *s = &t->sessions[index];
        bool there = s->state != SES_FREE || s->seal != 0;
        enum ses_adoption what = there ? judge(t, s, how) : SES_ADOPT_TORN;

        t->fresh++;
        if (there)
            count[what]++;
        if (there && what == SES_ADOPTED)
            settle(t, s, how);
        else
            index_discard(t, index);
    }
}

const char *ses_adoption_name(enum ses_adoption what)
{
    static const char *const names[SES_ADOPTIONS] = {
        [SES_ADOPTED] = "adopted",       [SES_ADOPT_TORN] = "torn",
        [SES_ADOPT_BAD] = "bad",         [SES_ADOPT_PORT] = "port",
        [SES_ADOPT_CONTEXT] = "context", [SES_ADOPT_TWICE] = "twice",
        [SES_ADOPT_PROGRAM] = "program", [SES_ADOPT_FULL] = "full"};

    return names[what];
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The sessions that a former process of ours left behind. */
#include "internal.h"

struct adopting {
    struct dp_worker *w;
    const struct dp_adopt *known;
};

static uint64_t hash(void *arg, const struct hsr_key *key)
{
    const struct adopting *a = arg;

    return hsr_hash_key(&a->w->hash, key);
}

static bool port(void *arg, uint16_t port)
{
    const struct adopting *a = arg;

    return a->known->port(a->known->arg, port);
}

static bool context(void *arg, uint32_t context)
{
    const struct adopting *a = arg;

    return a->known->context(a->known->arg, context);
}

static bool take(void *arg, const struct session *s)
{
    struct dp_worker *w = ((struct adopting *)arg)->w;
    struct act_store *actions = &w->actions;

    if (!act_store_adopt(actions, s->dir[0].program))
        return false;
    if (act_store_adopt(actions, s->dir[1].program)) {
        dp_nat_adopted(w, s);
        return true;
    }
    act_program_put(actions, s->dir[0].program);
    return false;
}

void dp_adopt(struct dp_worker *w, const struct dp_adopt *known, uint64_t count[SES_ADOPTIONS])
{
    struct adopting a = {.w = w, .known = known};
    const struct ses_adopt how = {
        .now = w->now, .hash = hash, .port = port, .context = context, .take = take, .arg = &a};

    ses_adopt(w->sessions, &how, count);
    act_store_adopted(&w->actions);
    w->swept = 0; /* of a policy that is there the sweep may be through already */
    w->sweep = (struct dp_sweep_place){.generation = 0};
}

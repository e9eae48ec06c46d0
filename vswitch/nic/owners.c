/* SPDX-License-Identifier: Apache-2.0 */
/* Words of ownership: groups, epochs, the switch from one firmware to the other. */
#include <errno.h>
#include <stdlib.h>

#include "hsring/key.h"
#include "hsring/owner.h"
#include "nic_internal.h"

/* Of group 0 as it was before there were words; others have its epoch. */
static void first_words(struct nic *nic, struct nic_owned *o)
{
    for (uint32_t g = 0; g < HSR_MAX_GROUPS; g++) {
        uint32_t stamp = g << 16 | (nic->owner & 0xFFFFu);

        o->group[g] = (struct nic_group){.now = stamp, .old = stamp, .fenced = true};
        hsr_view_set_owner(&nic->region.view, stamp);
    }
}

struct nic_owned *nic_owned(struct nic *nic)
{
    struct nic_owned *o = nic->owned;

    if (o != NULL)
        return o;
    o = calloc(1, sizeof *o);
    if (o == NULL)
        return NULL;
    o->foreign = calloc(nic->region.view.slots, sizeof *o->foreign);
    o->ledger = calloc(2 * (size_t)HSR_MAX_PORTS, sizeof *o->ledger);
    if (o->foreign == NULL || o->ledger == NULL) {
        free(o->foreign);
        free(o->ledger);
        free(o);
        return NULL;
    }
    first_words(nic, o);
    nic->owned = o;
    nic_note_watched(nic);
    return o;
}

void nic_owned_free(struct nic *nic)
{
    struct nic_owned *o = nic->owned;

    if (o == NULL)
        return;
    free(o->foreign);
    free(o->ledger);
    free(o);
    nic->owned = NULL;
    nic_note_watched(nic);
    for (uint32_t g = 1; g < HSR_MAX_GROUPS; g++) /* as if there were none */
        hsr_view_set_owner(&nic->region.view, g << 16);
}

static uint32_t group_of(const struct nic_owned *o, const struct hsr_rx_meta *meta)
{
    uint32_t context = hsr_key_context(meta->key_ports);

    if (!(meta->flags & HSR_RXF_UPLINK))
        return o->of_port[meta->ingress];
    for (uint32_t i = 0; (meta->flags & HSR_RXF_DECAP) && i < o->contexts; i++)
        if (o->of_context[i].context == context)
            return o->of_context[i].group;
    return 0;
}

static bool below(uint32_t seq, uint32_t from)
{
    return (int32_t)(seq - from) < 0;
}

uint32_t nic_owned_stamp(const struct nic_owned *o, const struct hsr_rx_meta *meta)
{
    const struct nic_group *g = &o->group[group_of(o, meta)];

    return !g->fenced && below(meta->rx_seq, g->from_seq) ? g->old : g->now;
}

bool nic_owned_valid(const struct nic_owned *o, unsigned instance, const struct hsr_tx_meta *meta,
                     uint32_t kind)
{
    uint32_t stamp = meta->owner;

    if (hsr_owner_group(stamp) >= HSR_MAX_GROUPS || (stamp & HSR_OWNER_OWNER) != instance)
        return false;
    const struct nic_group *g = &o->group[hsr_owner_group(stamp)];
    bool early = kind == HSR_KIND_PACKET && !g->fenced && below(meta->rx_seq, g->from_seq);

    if (stamp == g->now)
        return !early;
    return stamp == g->old && !g->fenced && (kind != HSR_KIND_PACKET || early);
}

void nic_owned_fence(struct nic_owned *o, unsigned instance, uint32_t stamp)
{
    struct nic_group *g = &o->group[hsr_owner_group(stamp) % HSR_MAX_GROUPS];

    if (stamp == g->old && stamp != g->now && (stamp & HSR_OWNER_OWNER) == instance)
        g->fenced = true;
}

static void set_word(struct nic *nic, uint32_t group, uint32_t owner, uint32_t from_seq,
                     bool fenced)
{
    struct nic_owned *o = nic->owned;
    struct nic_group *g = &o->group[group];
    uint32_t stamp = (hsr_owner_next_epoch(g->now) & ~HSR_OWNER_OWNER) | owner;

    *g = (struct nic_group){.now = stamp, .old = g->now, .from_seq = from_seq, .fenced = fenced};
    hsr_view_set_owner(&nic->region.view, stamp);
    if (o->second != NULL)
        hsr_view_set_owner(&o->second->region.view, stamp);
}

void nic_owned_revert(struct nic *nic)
{
    for (uint32_t group = 0; group < HSR_MAX_GROUPS; group++) {
        const struct nic_group *g = &nic->owned->group[group];

        if ((g->now & HSR_OWNER_OWNER) != 0 || (!g->fenced && (g->old & HSR_OWNER_OWNER) != 0))
            set_word(nic, group, 0, 0, true);
    }
}

/* ---- control ---- */

struct group_call {
    uint16_t port; /* HSR_NO_PORT: the context */
    uint32_t context;
    uint16_t group;
};

static int set_context_group(struct nic_owned *o, uint32_t context, uint16_t group)
{
    uint32_t i = 0;

    while (i < o->contexts && o->of_context[i].context != context)
        i++;
    if (i == HSR_MAX_GROUPS)
        return -ENOSPC;
    o->of_context[i] = (struct nic_group_context){.context = context, .group = (uint8_t)group};
    o->contexts += i == o->contexts;
    return 0;
}

static int set_group(struct nic *nic, void *arg)
{
    const struct group_call *c = arg;
    struct nic_owned *o = nic_owned(nic);

    if (o == NULL)
        return -ENOMEM;
    if (c->port == HSR_NO_PORT)
        return set_context_group(o, c->context, c->group);
    o->of_port[c->port] = (uint8_t)c->group;
    return 0;
}

int nic_group_set(struct nic *nic, uint16_t port, uint32_t context, uint16_t group)
{
    struct group_call c = {.port = port, .context = context, .group = group};

    if (group >= HSR_MAX_GROUPS || (port >= HSR_MAX_PORTS && port != HSR_NO_PORT))
        return -EINVAL;
    return nic_run(nic, set_group, &c);
}

struct owner_call {
    uint16_t group;
    uint8_t owner;
    const uint32_t *from_seq;
};

static int set_owner(struct nic *nic, void *arg)
{
    const struct owner_call *c = arg;
    struct nic_owned *o = nic->owned;

    if (o == NULL || o->second == NULL || !o->second->started)
        return -ENOTCONN;
    if (!o->group[c->group].fenced)
        return -EBUSY;
    if ((o->group[c->group].now & HSR_OWNER_OWNER) == c->owner)
        return -EALREADY;
    set_word(nic, c->group, c->owner, c->from_seq != NULL ? *c->from_seq : nic->pre.rx_seq, false);
    return 0;
}

int nic_owner_set(struct nic *nic, uint16_t group, uint8_t owner, const uint32_t *from_seq)
{
    struct owner_call c = {.group = group, .owner = owner, .from_seq = from_seq};

    if (group >= HSR_MAX_GROUPS || owner > 1)
        return -EINVAL;
    return nic_run(nic, set_owner, &c);
}

struct state_call {
    uint16_t group;
    struct nic_owner_state *state;
};

static int get_state(struct nic *nic, void *arg)
{
    const struct state_call *c = arg;
    const struct nic_group only = {.now = (uint32_t)c->group << 16 | (nic->owner & 0xFFFFu),
                                   .old = (uint32_t)c->group << 16 | (nic->owner & 0xFFFFu),
                                   .fenced = true};
    const struct nic_group *g = nic->owned != NULL ? &nic->owned->group[c->group] : &only;

    *c->state = (struct nic_owner_state){.now = g->now,
                                         .old = g->old,
                                         .from_seq = g->from_seq,
                                         .fenced = g->fenced,
                                         .next_seq = nic->pre.rx_seq};
    return 0;
}

int nic_owner_state(struct nic *nic, uint16_t group, struct nic_owner_state *state)
{
    struct state_call c = {.group = group, .state = state};

    return group >= HSR_MAX_GROUPS ? -EINVAL : nic_run(nic, get_state, &c);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sessions of each port, so that deleting one costs its own sessions and no scan, and the quotas of ports.
 * A session whose target is its origin stands in the origin's list alone.
 */
#include "internal.h"

void lists_open(struct ses_table *t, uint32_t quota)
{
    for (unsigned port = 0; port < HSR_MAX_PORTS; port++) {
        for (unsigned list = 0; list < LISTS; list++)
            t->ports[list][port] = (struct port_list){.head = SES_NONE};
        t->quota[port] = quota;
    }
}

void ses_quota(struct ses_table *t, uint16_t port, uint32_t sessions)
{
    if (port < HSR_MAX_PORTS)
        t->quota[port] = sessions;
}

static bool is_within_quota(const struct ses_table *t, unsigned list, uint16_t port)
{
    uint32_t count = list == LIST_ORIGIN ? t->ports[LIST_ORIGIN][port].count : t->charged[port];

    return count < t->quota[port];
}

static bool is_within_share(const struct ses_table *t, uint16_t port)
{
    return lists_held(t, port) < t->capacity - t->stats.used;
}

bool lists_admits(const struct ses_table *t, unsigned list, uint16_t port)
{
    if (t->quota[port] != 0)
        return is_within_quota(t, list, port);
    return is_within_share(t, port) || evict_choose_for(t, list, port) != SES_NONE;
}

bool lists_make_way(struct ses_table *t, unsigned list, uint16_t port)
{
    uint32_t victim;

    if (port >= HSR_MAX_PORTS)
        return true;
    if (t->quota[port] != 0 ? is_within_quota(t, list, port) : is_within_share(t, port))
        return true;
    victim = t->quota[port] != 0 ? SES_NONE : evict_choose_for(t, list, port);
    if (victim == SES_NONE) {
        t->stats.refused_quota++;
        return false;
    }
    ses_remove(t, &t->sessions[victim], SES_WHY_EVICTED);
    return true;
}

bool ses_make_way(struct ses_table *t, uint16_t port)
{
    return lists_make_way(t, LIST_TARGET, port);
}

uint32_t ses_port_charged(const struct ses_table *t, uint16_t port)
{
    return port < HSR_MAX_PORTS ? t->charged[port] : 0;
}

uint32_t ses_port_count(const struct ses_table *t, uint16_t port)
{
    return port < HSR_MAX_PORTS ? t->ports[LIST_ORIGIN][port].count : 0;
}

void lists_add(struct ses_table *t, struct session *s, unsigned list, uint16_t port)
{
    uint32_t index = index_of(t, s);
    struct port_list *l;

    if (port >= HSR_MAX_PORTS)
        return;
    l = &t->ports[list][port];
    t->links[index].list_prev[list] = SES_NONE;
    t->links[index].list_next[list] = l->head;
    if (l->head != SES_NONE)
        t->links[l->head].list_prev[list] = index;
    l->head = index;
    l->count++;
    t->charged[port] += list == LIST_TARGET && (s->flags & SES_F_CHARGED);
}

static void list_remove(struct ses_table *t, struct session *s, unsigned list, uint16_t port)
{
    const struct links *links = &t->links[index_of(t, s)];
    uint32_t next = links->list_next[list], prev = links->list_prev[list];

    if (port >= HSR_MAX_PORTS)
        return;
    if (next != SES_NONE)
        t->links[next].list_prev[list] = prev;
    if (prev != SES_NONE)
        t->links[prev].list_next[list] = next;
    else
        t->ports[list][port].head = next;
    t->ports[list][port].count--;
    t->charged[port] -= list == LIST_TARGET && (s->flags & SES_F_CHARGED);
}

void ses_set_target(struct ses_table *t, struct session *s, uint16_t port)
{
    if (port == s->target)
        return;
    if (s->target != s->origin)
        list_remove(t, s, LIST_TARGET, s->target);
    s->target = port;
    if (port != s->origin)
        lists_add(t, s, LIST_TARGET, port);
    evict_retarget(t, s);
}

void lists_remove(struct ses_table *t, struct session *s)
{
    if (s->target != s->origin)
        list_remove(t, s, LIST_TARGET, s->target);
    list_remove(t, s, LIST_ORIGIN, s->origin);
}

uint32_t ses_remove_port(struct ses_table *t, uint16_t port, uint32_t budget)
{
    uint32_t left = 0;

    if (port >= HSR_MAX_PORTS)
        return 0;
    for (unsigned list = 0; list < LISTS; list++) {
        struct port_list *l = &t->ports[list][port];

        for (; budget && l->head != SES_NONE; budget--)
            ses_remove(t, &t->sessions[l->head], SES_WHY_PORT);
        left += l->count;
    }
    return left;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage nat: public addresses. Before the route it finds whom a public destination stands for, behind it what the sender
 * is to be known as outside.
 *
 * A guest whose VPC sends a public address of ours out of the uplink reaches its owner here (hairpin), and is known to it
 * as it would be outside: else the answer would not come back this way. A VPC that has the address in a network of its
 * own keeps it. Which port of a shared address a session gets is chosen where sessions are (datapath/nat.c).
 */
#include <netinet/in.h>

#include "nat.h"

static bool has_port(uint8_t proto)
{
    return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_ICMP ||
           proto == IPPROTO_ICMPV6;
}

static void say(struct pol_walk *w, const char *what, const struct cfg_addr *addr)
{
    char text[48];

    if (w->explain)
        pol_say(w, "nat: %s %s", what, cfg_addr_text(addr, text));
}

static enum hsr_drop destination_walk(const struct pol *pol, const void *table, struct pol_walk *w)
{
    const struct nat_end *inside;

    if (!w->external &&
        (!w->from || !pol_is_public(pol, &w->dst) || !pol_leaves(pol, w->context, &w->dst)))
        return HSR_DROP_NONE;
    inside = pol_nat_inside(table, &w->dst, w->proto, w->dport);
    if (!inside)
        return HSR_DROP_NAT_NONE;
    w->translated = true;
    w->to_context = inside->context;
    if (w->external)
        w->mss_clamp = pol->vpc[inside->context].mss_clamp;
    w->seen.dst = inside->addr;
    if (inside->proto)
        w->seen.dport = inside->l4_port;
    say(w, "to", &inside->addr);
    return HSR_DROP_NONE;
}

/* Does the session's binding belong to the pool? One that was not translated has none. */
static bool holds(const struct pol *pol, const struct pol_snat *pool, const struct pol_walk *w)
{
    const struct pol_ends *b = &w->bound;

    if (!b->src.family)
        return false;
    if (has_port(w->proto) && (b->sport < pool->port_lo || b->sport > pool->port_hi ||
                               pol_is_forwarded(pol, &b->src, w->proto, b->sport)))
        return false;
    for (uint32_t i = 0; i < pool->addrs; i++)
        if (cfg_addr_equal(&pool->addr[i], &b->src))
            return true;
    return false;
}

/* The pool's address of this sender: always the same one, as long as the pool is (RFC 4787, REQ-2). */
static const struct cfg_addr *paired(const struct pol_snat *pool, const struct pol_walk *w)
{
    uint32_t n = 0, wanted;

    for (uint32_t i = 0; i < pool->addrs; i++)
        n += pool->addr[i].family == w->src.family;
    if (n == 0)
        return NULL;
    wanted = (uint32_t)(pol_mix_addr(w->context, &w->src) % n);
    for (uint32_t i = 0;; i++)
        if (pool->addr[i].family == w->src.family && wanted-- == 0)
            return &pool->addr[i];
}

static enum hsr_drop shared(const struct pol *pol, const struct nat_table *t, struct pol_walk *w)
{
    const struct pol_snat *pool = pol_nat_pool(t, w->context, w->from->subnet);
    const struct cfg_addr *addr = pool ? paired(pool, w) : NULL;

    if (!addr)
        return HSR_DROP_NAT_NONE;
    w->snat = pool;
    w->seen.src = *addr;
    if (w->again) {
        w->seen.src = w->bound.src;
        w->seen.sport = w->bound.sport;
        return holds(pol, pool, w) ? HSR_DROP_NONE : HSR_DROP_NAT_NONE;
    }
    return HSR_DROP_NONE;
}

static enum hsr_drop source_walk(const struct pol *pol, const void *table, struct pol_walk *w)
{
    const struct cfg_addr *eip;
    enum hsr_drop drop = HSR_DROP_NONE;

    if (!w->from || !(w->leaves || w->translated))
        return HSR_DROP_NONE;
    eip = pol_nat_outside(table, w->context, &w->src);
    if (eip)
        w->seen.src = *eip;
    else
        drop = shared(pol, table, w);
    w->translated = true;
    if (drop == HSR_DROP_NONE)
        say(w, "as", &w->seen.src);
    return drop;
}

const struct pol_stage_ops pol_stage_nat = {
    .name = "nat",
    .stage = POL_NAT,
    .build = pol_nat_build,
    .free = pol_nat_free,
    .walk = destination_walk,
    .digest_vpc = pol_nat_digest,
    .sizes = pol_nat_sizes,
};

const struct pol_stage_ops pol_stage_nat_source = {
    .name = "nat-source",
    .stage = POL_NAT,
    .walk = source_walk,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What should happen: rules as lists, sessions as the set of states that each may be in, packets as what may come of them.
 * Small worlds, so everything is looked through from the first to the last.
 */
#include <string.h>

#include "sim.h"

#define NEAR_IDLE (2 * SIM_SECOND) /* of a time-out nobody says on which side of it a packet is */

/* ---- may they? ---- */

static bool in_group(const struct sim_guest *guest, unsigned group)
{
    for (unsigned i = 0; i < guest->groups; i++)
        if (guest->group[i] == group)
            return true;
    return false;
}

/* Guests on other hosts are members of no group, nor is who is outside. */
static bool is_remote(const struct sim *s, const struct sim_rule *r, unsigned tenant,
                      unsigned other)
{
    if (r->remote == SIM_ANY)
        return true;
    if (other >= SIM_GUESTS)
        return false;
    const struct sim_guest *guest = &s->config.guest[tenant][other];

    if (r->remote == SIM_GROUP)
        return guest->here && in_group(guest, r->which);
    return strcmp(guest->ip4, s->config.guest[0][r->which].ip4) == 0;
}

/* The smallest priority decides, between equals deny, and without a rule it is denied. */
bool sim_allows(const struct sim *s, unsigned tenant, unsigned guest, bool ingress, unsigned other,
                uint8_t proto, uint16_t port)
{
    const struct sim_guest *self = &s->config.guest[tenant][guest];
    const struct sim_rule *best = NULL;

    for (unsigned g = 0; g < SIM_GROUPS; g++) {
        for (unsigned i = 0; in_group(self, g) && i < s->config.group[g].rules; i++) {
            const struct sim_rule *r = &s->config.group[g].rule[i];

            if (r->ingress != ingress || (r->proto != 0 && r->proto != proto) || port < r->lo ||
                port > r->hi || !is_remote(s, r, tenant, other))
                continue;
            if (best == NULL || r->priority < best->priority ||
                (r->priority == best->priority && !r->allow))
                best = r;
        }
    }
    return best != NULL && best->allow;
}

static bool is_here(const struct sim *s, unsigned tenant, unsigned guest)
{
    return guest < SIM_GUESTS && s->config.guest[tenant][guest].here;
}

/* What comes from outside without a session: does the address that it knows lead to this guest? */
static bool leads_to(const struct sim *s, const struct sim_flow *f, unsigned guest)
{
    return f->seen_as.pub != SIM_UNKNOWN && sim_eip(s, f->six, f->tenant, guest) == f->seen_as.pub;
}

static bool is_nobodys(const struct sim *s, const struct sim_flow *f)
{
    return f->seen_as.pub != SIM_UNKNOWN &&
           s->config.pub[f->six][f->seen_as.pub].role == SIM_UNUSED;
}

static enum hsr_drop policy(const struct sim *s, const struct sim_flow *f, unsigned dir)
{
    unsigned from = f->end[dir], to = f->end[!dir];
    uint8_t icmp = f->six ? 58 : 1, proto = f->kind == SIM_UDP ? 17 : f->kind == SIM_TCP ? 6 : icmp;
    uint16_t port = f->kind == SIM_ICMP ? 0 : f->port[!dir];

    if (from == SIM_OUTSIDE && !leads_to(s, f, to))
        return is_nobodys(s, f) ? HSR_DROP_NOT_FOR_US : HSR_DROP_NAT_NONE;
    if (is_here(s, f->tenant, from) && !sim_allows(s, f->tenant, from, false, to, proto, port))
        return HSR_DROP_SG_EGRESS;
    if (to == SIM_OUTSIDE && !sim_gets_out(s, f->six, f->tenant, from))
        return HSR_DROP_NAT_NONE;
    if (is_here(s, f->tenant, to) && !sim_allows(s, f->tenant, to, true, from, proto, port))
        return HSR_DROP_SG_INGRESS;
    return HSR_DROP_NONE;
}

/* ---- what comes of a packet ---- */

static void may_drop(struct sim_packet *p, enum hsr_drop reason)
{
    p->reason[reason / 64] |= UINT64_C(1) << reason % 64;
}

/* In this state of its flow. */
static enum hsr_drop verdict(const struct sim *s, const struct sim_flow *f, unsigned state,
                             unsigned dir, bool opens)
{
    enum hsr_drop drop = policy(s, f, state == SIM_BY(0) ? 0 : state == SIM_BY(1) ? 1 : dir);

    if (drop != HSR_DROP_NONE || state != SIM_NONE || opens)
        return drop;
    return f->kind == SIM_TCP ? HSR_DROP_NO_SESSION : HSR_DROP_ICMP_STATE;
}

/* Public ends: one may be missing, be another, or somebody else's. What becomes possible by it. */
static unsigned judge_outside(const struct sim *s, struct sim_packet *p, const struct sim_flow *f)
{
    bool opener = p->dir == 0 && f->end[1] == SIM_OUTSIDE,
         shared = sim_shares(s, f->six, f->tenant, f->end[0]);

    p->bound = opener && !(f->states & SIM_NONE);
    p->astray = p->dir == 1 && f->end[1] == SIM_OUTSIDE && f->states & SIM_NONE;
    p->may_arrive |= p->astray;
    if (p->astray && f->kind == SIM_TCP) { /* in the middle of somebody else's connection */
        may_drop(p, HSR_DROP_TCP_STATE);
        may_drop(p, HSR_DROP_TCP_WINDOW);
    }
    if (f->moved)
        may_drop(p, HSR_DROP_NAT_NONE);
    if (!opener || !shared || !(f->states & SIM_NONE) || !sim_may_run_out(s, f->tenant))
        return f->moved ? SIM_NONE : 0;
    may_drop(p, HSR_DROP_NAT_PORTS);
    return SIM_NONE;
}

void sim_judge(struct sim *s, struct sim_packet *p, bool opens)
{
    struct sim_flow *f = &s->flow[p->flow];
    unsigned next = s->exact ? 0 : f->states; /* else it may vanish on its way */

    if (!(f->states & SIM_NONE) && s->bench.now - f->last + NEAR_IDLE > SIM_IDLE)
        f->states |= SIM_NONE;
    for (unsigned state = SIM_NONE; state <= SIM_BY(1); state <<= 1) {
        if (!(f->states & state))
            continue;
        enum hsr_drop drop = verdict(s, f, state, p->dir, opens);

        if (drop != HSR_DROP_NONE) {
            may_drop(p, drop);
            next |= SIM_NONE;
        } else {
            p->may_arrive = true;
            next |= state == SIM_NONE ? SIM_BY(p->dir) : state;
        }
    }
    if (sim_is_outside(f))
        next |= judge_outside(s, p, f);
    if (f->parted && f->kind == SIM_TCP) {
        may_drop(p, HSR_DROP_TCP_STATE);
        may_drop(p, HSR_DROP_TCP_WINDOW);
    }
    if (next == SIM_NONE)
        f->sure = false;
    if (next & ~SIM_NONE)
        f->last = s->bench.now;
    f->states = (uint8_t)next;
}

void sim_judge_odd(struct sim *s, struct sim_packet *p, enum hsr_drop reason)
{
    (void)s;
    may_drop(p, reason);
}

/* ---- what makes it less certain ---- */

/* Is a packet of it before one of the firmwares? What the owner has sent, the other one may not have seen yet. */
static bool under_way(const struct sim *s, const struct sim_flow *f)
{
    return f->out[0] + f->out[1] > 0 || (s->second.fw != NULL && f->recent);
}

void sim_unsure(struct sim *s, bool any_reason)
{
    static const enum hsr_drop policies[] = {
        HSR_DROP_SG_EGRESS, HSR_DROP_SG_INGRESS, HSR_DROP_NO_SESSION,  HSR_DROP_ICMP_STATE,
        HSR_DROP_NO_ROUTE,  HSR_DROP_NO_MAPPING, HSR_DROP_UNKNOWN_MAC, HSR_DROP_UNKNOWN_VTEP,
        HSR_DROP_NAT_NONE,  HSR_DROP_NAT_PORTS,  HSR_DROP_NOT_FOR_US};

    for (uint32_t i = s->exact ? s->first : 0; i < s->packets; i++) {
        struct sim_packet *p = &s->packet[i];

        if (p->arrived > 0) /* what has not may still be in a ring that is out of use */
            continue;
        p->unsure = true;
        p->may_arrive |= p->flow < SIM_FLOWS || p->from == SIM_OUTSIDE;
        for (unsigned r = 0; r < sizeof policies / sizeof policies[0]; r++)
            may_drop(p, policies[r]);
        /* A fragment waits in vain for its first one, if that comes later and is refused as it comes. */
        if (p->parts > 0)
            may_drop(p, HSR_DROP_FRAGMENT);
        if (any_reason)
            memset(p->reason, 0xFF, sizeof p->reason);
    }
    for (unsigned i = 0; i < SIM_FLOWS; i++) {
        struct sim_flow *f = &s->flow[i];

        if (f->used && under_way(s, f)) {
            f->states = SIM_NONE | SIM_BY(0) | SIM_BY(1);
            f->sure = false;
            f->parted |= s->second.fw != NULL;
        }
    }
}

/* Sessions that may be no more: each goes by itself, some time. */
void sim_policy_changed(struct sim *s)
{
    sim_publics_changed(s);
    for (unsigned i = 0; i < SIM_FLOWS; i++) {
        struct sim_flow *f = &s->flow[i];

        for (unsigned dir = 0; f->used && dir < 2; dir++) {
            if (f->states & SIM_BY(dir) && policy(s, f, dir) != HSR_DROP_NONE) {
                f->states |= SIM_NONE;
                f->sure = false;
            }
        }
    }
}

void sim_forget_sessions(struct sim *s)
{
    for (unsigned i = 0; i < SIM_FLOWS; i++) {
        struct sim_flow *f = &s->flow[i];

        f->sure = false;
        /* Where not every packet's fate is known, one may have been kept by a ring out of use. */
        if (under_way(s, f) || !s->exact)
            f->states |= SIM_NONE;
        else
            f->states = SIM_NONE;
    }
}

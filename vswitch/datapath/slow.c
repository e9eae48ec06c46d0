/* SPDX-License-Identifier: Apache-2.0 */
/* The slow path: the first packet of a session walks the policy, and what it finds is compiled into programs. */
#include <string.h>

#include "internal.h"

#define ETH_SRC 6

void dp_addresses(const struct hsr_key *key, bool swap, struct cfg_addr *src, struct cfg_addr *dst)
{
    struct cfg_addr *low = swap ? dst : src, *high = swap ? src : dst;
    const uint64_t *w = key->w;

    memset(low, 0, sizeof *low);
    memset(high, 0, sizeof *high);
    low->family = high->family = key->ipv6 ? 6 : 4;
    if (key->ipv6) {
        hsr_store64(low->bytes, w[0]);
        hsr_store64(low->bytes + 8, w[1]);
        hsr_store64(high->bytes, w[2]);
        hsr_store64(high->bytes + 8, w[3]);
    } else {
        hsr_store32(low->bytes, (uint32_t)(w[0] >> 32));
        hsr_store32(high->bytes, (uint32_t)w[0]);
    }
}

static void walk_of_key(const struct hsr_key *key, bool swap, struct pol_walk *walk)
{
    uint64_t tail = hsr_key_tail(key);

    dp_addresses(key, swap, &walk->src, &walk->dst);
    walk->context = hsr_key_context(tail);
    walk->proto = hsr_key_proto(tail);
    walk->sport = hsr_key_port(tail, swap);
    walk->dport = hsr_key_port(tail, !swap);
}

static void walk_of_packet(const struct act_packet *p, const struct hsr_key *key,
                           struct pol_walk *walk)
{
    const uint8_t *eth = act_frame(p) + p->l2;

    memset(walk, 0, sizeof *walk);
    walk_of_key(key, dp_swap(p), walk);
    walk->ingress = p->meta.ingress;
    walk->from_tunnel = dp_from_tunnel(p);
    walk->external = dp_from_uplink(p) && !dp_from_tunnel(p);
    walk->outer_src = dp_tunnel_source(p);
    walk->dst_mac48 = hsr_load48(eth);
    walk->src_mac48 = hsr_load48(eth + ETH_SRC);
}

/*
 * What stands in the way of a new session with this key. The flow's own former session goes (its end points moved to
 * other ports, or a re-evaluation is due for each packet). Packets of the other end may be those of a session that
 * translates addresses: that one keeps them, and this one cannot be had, unless its own answers come under another key.
 */
static enum hsr_drop make_way(struct dp_worker *w, uint64_t hash, const struct hsr_key *key,
                              bool swap, bool translated)
{
    unsigned dir;
    struct session *old = ses_find(w->sessions, hash, key, swap, &dir);

    if (old != NULL)
        ses_remove(w->sessions, old, SES_WHY_POLICY);
    return !translated && ses_find(w->sessions, hash, key, !swap, &dir) != NULL
               ? HSR_DROP_SESSION_FULL
               : HSR_DROP_NONE;
}

/* Under the key of its answers too, with both directions compiled. */
static enum hsr_drop complete(struct dp_worker *w, struct session *s, const struct pol_walk *walk,
                              const struct dp_binding *b)
{
    if (walk->translated && !ses_add_key(w->sessions, s, b->hash, &b->key, b->swap))
        return HSR_DROP_SESSION_FULL;
    return dp_compile(w, walk, ses_initiator(s), s);
}

/* What the policy's answer means for the flow: a session with both directions compiled, or a reason. */
static enum hsr_drop open_session(struct dp_worker *w, struct act_packet *p,
                                  const struct hsr_key *key, struct pol_walk *walk,
                                  struct session **out)
{
    struct ses_packet sp;
    struct dp_binding b;
    const struct pol_port *from = pol_port(w->policy, p->meta.ingress);
    uint64_t hash = hsr_hash_key(&w->hash, key);
    enum hsr_drop drop;

    dp_describe(p, &sp);
    drop = ses_opens(&sp, from->pick_up ? SES_PICK_UP : SES_STRICT);
    if (drop == HSR_DROP_NONE)
        drop = make_way(w, hash, key, dp_swap(p), walk->translated);
    if (drop == HSR_DROP_NONE && walk->translated)
        drop = dp_nat_bind(w, walk, hash, &b);
    if (drop != HSR_DROP_NONE)
        return drop;
    /* The uplink has no quota, for it is everybody's: what comes from there is at the expense of whom it is for. */
    bool charged = (walk->from_tunnel || walk->external) && walk->to != NULL;

    if (charged && !ses_make_way(w->sessions, walk->to->index))
        return HSR_DROP_SESSION_QUOTA;
    struct session *s =
        ses_create(w->sessions, hash, key, dp_swap(p), p->meta.ingress, w->now, &drop);

    if (s == NULL)
        return drop;
    if (charged)
        s->flags |= SES_F_CHARGED;
    drop = complete(w, s, walk, &b);
    if (drop != HSR_DROP_NONE) {
        ses_remove(w->sessions, s, SES_WHY_POLICY);
        return drop;
    }
    dp_nat_count(w, s, walk->snat);
    ses_begin(w->sessions, s, &sp, w->now);
    dp_fit_second(w, s);
    *out = s;
    return HSR_DROP_NONE;
}

struct session *dp_first(struct dp_worker *w, struct act_packet *p, const struct hsr_key *key)
{
    struct pol_walk walk;
    struct session *s = NULL;
    enum hsr_drop drop;

    w->counters.slow++;
    dp_note_slow(w, p);
    if (dp_from_host(w, p))
        return NULL;
    if (dp_icmp_echo(w, p))
        return NULL;
    walk_of_packet(p, key, &walk);
    if (walk.external && !pol_is_public(w->policy, &walk.dst)) {
        if (!dp_to_host(w, p))
            dp_drop(w, p, HSR_DROP_NOT_FOR_US);
        return NULL;
    }
    pol_walk(w->policy, &walk);
    drop = walk.drop;
    if (drop == HSR_DROP_NONE &&
        dp_hand_home(w, p, dp_nat_home(w, &walk, hsr_hash_key(&w->hash, key))))
        return NULL;
    if (drop == HSR_DROP_NONE)
        drop = open_session(w, p, key, &walk, &s);
    if (s == NULL)
        dp_refuse(w, p, drop);
    return s;
}

/* Addresses that no table gave: as an action writes them. */
static void recall_macs(const struct dp_worker *w, const struct act_action *a, uint64_t *dst,
                        uint64_t *src)
{
    const uint8_t *macs = act_template(&w->actions, a->arg32);

    if (*dst == 0)
        *dst = hsr_load48(macs);
    if (*src == 0)
        *src = hsr_load48(macs + 6);
}

static void recall_forward(const struct dp_worker *w, const struct act_action *a,
                           struct pol_walk *walk)
{
    for (; a->op != ACT_END; a++) {
        if (a->op == ACT_ETH)
            recall_macs(w, a, &walk->out_dst_mac48, &walk->out_src_mac48);
        else if (a->op == ACT_TTL && walk->from_tunnel)
            walk->routed = true;
    }
}

static void recall_backward(const struct dp_worker *w, const struct act_action *a,
                            struct pol_walk *walk)
{
    for (; a->op != ACT_END; a++) {
        if (a->op == ACT_ETH)
            recall_macs(w, a, &walk->back_dst_mac48, &walk->back_src_mac48);
        else if (a->op == ACT_ENCAP && walk->from_tunnel && walk->back_vtep.family == 0)
            walk->back_vtep = dp_outer_vtep(act_template(&w->actions, a->arg32));
    }
}

/* A walk without a packet leaves open what only the first one could tell: that is in the programs made from it. */
static void recall(const struct dp_worker *w, const struct session *s, unsigned dir,
                   struct pol_walk *walk)
{
    /* A free guest's packet under an address that is nobody's: whose MAC it had, no table says. */
    if (!walk->from_tunnel && walk->source == NULL) {
        walk->back_dst_mac48 = 0;
        walk->out_src_mac48 = walk->routed ? walk->out_src_mac48 : 0;
    }
    recall_forward(w, act_program(&w->actions, s->dir[dir].program)->action, walk);
    recall_backward(w, act_program(&w->actions, s->dir[!dir].program)->action, walk);
}

/* The way back to a far side that is nobody's may have gone with its VTEP. */
static bool way_back(const struct dp_worker *w, const struct pol_walk *walk)
{
    return !walk->from_tunnel || pol_is_vtep(w->policy, &walk->back_vtep);
}

/* New programs in place of the old ones; those stay when the next hop has to be asked for first. */
static enum hsr_drop recompile(struct dp_worker *w, struct session *s, unsigned dir,
                               const struct pol_walk *walk)
{
    enum hsr_drop drop = dp_compile(w, walk, dir, s);

    if (drop != HSR_DROP_NONE)
        s->policy = 0; /* no stamp: the next packet tries again */
    else
        dp_nat_count(w, s, walk->snat);
    return drop;
}

/* Has anything that the session was decided by changed? Where it is translated, its ends may be in two VPCs. */
static bool moved(const struct dp_worker *w, const struct session *s, uint32_t context)
{
    struct hsr_key key;

    if (!w->fast_path || s->neighbor != w->neighbor ||
        pol_moved(w->policy, s->origin, s->target, context, s->compiled) != 0)
        return true;
    if (!(s->flags & SES_F_KEY2))
        return false;
    ses_key(w->sessions, s, true, &key);
    return pol_moved(w->policy, s->origin, s->target, hsr_key_context(hsr_key_tail(&key)),
                     s->compiled) != 0;
}

/* A walk of the session's first packet, as far as that is still known: what goes into it. */
static void begin_again(const struct dp_worker *w, const struct session *s,
                        const struct hsr_key *key, struct pol_walk *walk)
{
    bool uplink = pol_port(w->policy, s->origin)->role == CFG_UPLINK;
    struct hsr_key answers;

    walk_of_key(key, ses_initiator(s), walk);
    walk->external = uplink && walk->context == 0;
    walk->from_tunnel = uplink && !walk->external;
    if (s->flags & SES_F_KEY2) {
        ses_key(w->sessions, s, true, &answers);
        dp_nat_bound(&answers, s->flags & SES_F_SWAPPED2, &walk->bound);
    }
}

enum hsr_drop dp_revalidate(struct dp_worker *w, struct session *s)
{
    struct pol_walk walk = {.again = true, .ingress = s->origin};
    unsigned dir = ses_initiator(s);
    enum hsr_drop drop = HSR_DROP_NO_SESSION;
    struct hsr_key key;

    if (dp_arrives(w, s)) {
        w->hop.port = HSR_NO_PORT;
        return HSR_DROP_NEIGH_PENDING;
    }
    ses_key(w->sessions, s, false, &key);
    if (!moved(w, s, hsr_key_context(hsr_key_tail(&key)))) {
        s->policy = w->policy_stamp;
        return HSR_DROP_NONE;
    }
    w->counters.revalidated++;
    begin_again(w, s, &key, &walk);
    pol_walk(w->policy, &walk);
    recall(w, s, dir, &walk);
    if (walk.drop == HSR_DROP_NONE && way_back(w, &walk) && dp_nat_same(w, s, &walk))
        drop = recompile(w, s, dir, &walk);
    if (drop != HSR_DROP_NONE && !dp_for_now(drop))
        ses_remove(w->sessions, s, SES_WHY_POLICY);
    return drop;
}

void dp_explain_first(const struct dp_worker *w, const struct act_packet *p,
                      const struct hsr_key *key, pol_each each, void *arg)
{
    struct pol_walk walk;

    walk_of_packet(p, key, &walk);
    pol_walk_each(w->policy, &walk, each, arg);
}

void dp_explain_again(const struct dp_worker *w, const struct session *s, pol_each each, void *arg)
{
    struct pol_walk walk = {.again = true, .ingress = s->origin};
    struct hsr_key key;

    ses_key(w->sessions, s, false, &key);
    begin_again(w, s, &key, &walk);
    pol_walk_each(w->policy, &walk, each, arg);
}

void dp_session_gone(void *arg, struct session *s, enum ses_why why)
{
    struct dp_worker *w = arg;

    (void)why;
    dp_nat_gone(w, s);
    for (unsigned dir = 0; dir < 2; dir++) {
        act_program_put(&w->actions, s->dir[dir].program);
        s->dir[dir].program = ACT_NONE;
    }
    dp_fit_gone(w, s);
}

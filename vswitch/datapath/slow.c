/* SPDX-License-Identifier: Apache-2.0 */
/* The slow path: the first packet of a session walks the policy, and what it finds is compiled into programs. */
#include <string.h>

#include "internal.h"
#include "kin.h"

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

/* A first packet, and what is known of it before the policy has been asked. */
struct opening {
    struct act_packet *p;
    const struct hsr_key *key;
    uint64_t hash;
    struct ses_packet seen;
};

/* May the packet open a session here, whatever the policy says? */
static enum hsr_drop admit(struct dp_worker *w, struct opening *o, bool translated)
{
    const struct pol_port *from = pol_port(w->policy, o->p->meta.ingress);
    enum hsr_drop drop;

    dp_describe(o->p, &o->seen);
    drop = ses_opens(&o->seen, from->pick_up ? SES_PICK_UP : SES_STRICT);
    return drop == HSR_DROP_NONE ? make_way(w, o->hash, o->key, dp_swap(o->p), translated) : drop;
}

/*
 * A session without programs. The uplink has no quota, for it is everybody's: what comes from there is at the expense of whom it is
 * for, `charged`, if that is a guest here; else HSR_NO_PORT.
 */
static enum hsr_drop create(struct dp_worker *w, const struct opening *o, uint16_t charged,
                            struct session **out)
{
    enum hsr_drop drop;

    if (charged != HSR_NO_PORT && !ses_make_way(w->sessions, charged))
        return HSR_DROP_SESSION_QUOTA;
    *out =
        ses_create(w->sessions, o->hash, o->key, dp_swap(o->p), o->p->meta.ingress, w->now, &drop);
    if (*out != NULL && charged != HSR_NO_PORT)
        (*out)->flags |= SES_F_CHARGED;
    return drop;
}

/* What the policy's answer means for the flow: a session with both directions compiled, or a reason. */
static enum hsr_drop open_session(struct dp_worker *w, struct opening *o, struct pol_walk *walk,
                                  struct session **out)
{
    bool charged = (walk->from_tunnel || walk->external) && walk->to != NULL;
    struct dp_binding b;
    struct session *s;
    enum hsr_drop drop = admit(w, o, walk->translated);

    if (drop == HSR_DROP_NONE && walk->translated)
        drop = dp_nat_bind(w, walk, o->hash, &b);
    if (drop == HSR_DROP_NONE)
        drop = create(w, o, charged ? walk->to->index : HSR_NO_PORT, &s);
    if (drop != HSR_DROP_NONE)
        return drop;
    drop = complete(w, s, walk, &b);
    if (drop != HSR_DROP_NONE) {
        ses_remove(w->sessions, s, SES_WHY_POLICY);
        return drop;
    }
    dp_nat_count(w, s, walk->snat);
    ses_begin(w->sessions, s, &o->seen, w->now);
    dp_fit_second(w, s);
    *out = s;
    return HSR_DROP_NONE;
}

/* The same where the policy has said it of its kin. Held before the new one is made, which may evict that one. */
static enum hsr_drop open_alike(struct dp_worker *w, struct opening *o, const struct session *like,
                                struct session **out)
{
    struct dp_found found;
    enum hsr_drop drop;

    dp_kin_hold(w, like, &found);
    drop = admit(w, o, false);
    if (drop == HSR_DROP_NONE)
        drop = create(w, o, found.charged ? found.target : HSR_NO_PORT, out);
    if (drop != HSR_DROP_NONE) {
        dp_kin_let_go(w, &found);
        return drop;
    }
    dp_compile_alike(w, *out, &found);
    ses_begin(w->sessions, *out, &o->seen, w->now);
    return HSR_DROP_NONE;
}

/* Asks the policy. False: the packet has been dealt with. */
static bool ask(struct dp_worker *w, struct opening *o, struct pol_walk *walk, enum hsr_drop *drop)
{
    walk_of_packet(o->p, o->key, walk);
    if (walk->external && !pol_is_public(w->policy, &walk->dst)) {
        if (!dp_to_host(w, o->p))
            dp_drop(w, o->p, HSR_DROP_NOT_FOR_US);
        return false;
    }
    pol_walk(w->policy, walk);
    *drop = walk->drop;
    return *drop != HSR_DROP_NONE || !dp_hand_home(w, o->p, dp_nat_home(w, walk, o->hash));
}

struct session *dp_first(struct dp_worker *w, struct act_packet *p, const struct hsr_key *key)
{
    struct opening o = {.p = p, .key = key, .hash = hsr_hash_key(&w->hash, key)};
    struct session *s = NULL, *like = NULL;
    struct pol_walk walk;
    struct dp_kin kin;
    enum hsr_drop drop;

    w->counters.slow++;
    dp_note_slow(w, p);
    if (dp_from_host(w, p))
        return NULL;
    if (dp_icmp_echo(w, p))
        return NULL;
    bool has_kin = dp_kin_of_packet(w, p, key, &kin);

    if (has_kin)
        like = dp_kin_find(w, &kin);
    if (like != NULL) {
        if (dp_hand_home(w, p, dp_home(w, o.hash)))
            return NULL;
        drop = open_alike(w, &o, like, &s);
    } else {
        if (!ask(w, &o, &walk, &drop))
            return NULL;
        if (drop == HSR_DROP_NONE)
            drop = open_session(w, &o, &walk, &s);
        if (s != NULL && has_kin)
            dp_kin_note(w, &kin, s);
    }
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

/* As one of its kin was found. */
static void follow(struct dp_worker *w, struct session *s, const struct session *like)
{
    struct dp_found found;

    dp_kin_hold(w, like, &found);
    dp_compile_alike(w, s, &found);
}

static enum hsr_drop walk_again(struct dp_worker *w, struct session *s, const struct hsr_key *key)
{
    struct pol_walk walk = {.again = true, .ingress = s->origin};
    unsigned dir = ses_initiator(s);
    enum hsr_drop drop = HSR_DROP_NO_SESSION;

    begin_again(w, s, key, &walk);
    pol_walk(w->policy, &walk);
    recall(w, s, dir, &walk);
    if (walk.drop == HSR_DROP_NONE && way_back(w, &walk) && dp_nat_same(w, s, &walk))
        drop = recompile(w, s, dir, &walk);
    return drop;
}

enum hsr_drop dp_revalidate(struct dp_worker *w, struct session *s)
{
    enum hsr_drop drop;
    struct session *like;
    struct hsr_key key;
    struct dp_kin kin;

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
    bool has_kin = dp_kin_of_session(w, s, &key, &kin);

    if (has_kin && (like = dp_kin_find(w, &kin)) != NULL) {
        follow(w, s, like);
        return HSR_DROP_NONE;
    }
    drop = walk_again(w, s, &key);
    if (drop == HSR_DROP_NONE && has_kin)
        dp_kin_note(w, &kin, s);
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

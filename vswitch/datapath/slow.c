/* SPDX-License-Identifier: Apache-2.0 */
/* The slow path: the first packet of a session walks the policy, and what it finds is compiled into action lists. */
#include <string.h>

#include "internal.h"

#define ETH_SRC 6

/* The key's end points in packet order. */
static void addresses(const uint64_t *w, bool ipv6, bool swap, struct cfg_addr *src,
                      struct cfg_addr *dst)
{
    struct cfg_addr *low = swap ? dst : src, *high = swap ? src : dst;

    memset(low, 0, sizeof *low);
    memset(high, 0, sizeof *high);
    low->family = high->family = ipv6 ? 6 : 4;
    if (ipv6) {
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

    addresses(key->w, key->ipv6, swap, &walk->src, &walk->dst);
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
    walk_of_key(key, p->meta.flags & HSR_RXF_SWAP, walk);
    walk->ingress = p->meta.ingress;
    walk->from_tunnel = dp_from_tunnel(p);
    walk->outer_src4 = p->meta.flags & HSR_RXF_LINE1 ? p->meta.outer_src4 : 0;
    walk->dst_mac48 = hsr_load48(eth);
    walk->src_mac48 = hsr_load48(eth + ETH_SRC);
}

/* What the policy's answer means for the flow: a session with both directions compiled, or a reason. */
static enum hsr_drop open_session(struct dp_worker *w, struct act_packet *p,
                                  const struct hsr_key *key, const struct pol_walk *walk,
                                  struct session **out)
{
    struct ses_packet sp;
    const struct pol_port *from = pol_port(w->policy, p->meta.ingress);
    uint64_t hash = hsr_hash_key(&w->hash, key);
    unsigned dir = p->meta.flags & HSR_RXF_SWAP ? 1 : 0;
    enum hsr_drop drop;

    dp_describe(p, &sp);
    drop = ses_opens(&sp, from->pick_up ? SES_PICK_UP : SES_STRICT);
    if (drop != HSR_DROP_NONE)
        return drop;
    struct session *old = ses_find(w->sessions, hash, key);

    if (old !=
        NULL) /* the flow's end points moved to other ports, or a re-evaluation is due for each packet */
        ses_remove(w->sessions, old, SES_WHY_POLICY);
    /* The uplink has no quota, for it is everybody's: what comes from there is at the expense of whom it is for. */
    bool charged = walk->from_tunnel && walk->to != NULL;

    if (charged && !ses_admits(w->sessions, walk->to->index))
        return HSR_DROP_SESSION_QUOTA;
    struct session *s = ses_create(w->sessions, hash, key, p->meta.ingress, w->now, &drop);

    if (s == NULL)
        return drop;
    if (charged)
        s->flags |= SES_F_CHARGED;
    if (dir != 0)
        s->flags |= SES_F_SWAPPED;
    drop = dp_compile(w, walk, dir, s);
    if (drop != HSR_DROP_NONE) {
        ses_remove(w->sessions, s, SES_WHY_POLICY);
        return drop;
    }
    ses_begin(w->sessions, s, dir, &sp, w->now);
    *out = s;
    return HSR_DROP_NONE;
}

struct session *dp_first(struct dp_worker *w, struct act_packet *p, const struct hsr_key *key)
{
    struct pol_walk walk;
    struct session *s = NULL;
    enum hsr_drop drop;

    w->counters.slow++;
    if (dp_icmp_echo(w, p))
        return NULL;
    if (dp_from_uplink(p) && !dp_from_tunnel(p)) {
        dp_drop(w, p, HSR_DROP_NOT_FOR_US);
        return NULL;
    }
    walk_of_packet(p, key, &walk);
    pol_walk(w->policy, &walk);
    drop = walk.drop;
    if (drop == HSR_DROP_NONE)
        drop = open_session(w, p, key, &walk, &s);
    if (s == NULL)
        dp_drop(w, p, drop);
    return s;
}

static void release(struct dp_worker *w, struct session *s)
{
    for (unsigned d = 0; d < 2; d++) {
        act_release(&w->templates, s->dir[d].action);
        memset(s->dir[d].action, 0, sizeof s->dir[d].action);
    }
}

static void recall_macs(const uint8_t *macs, uint64_t *dst, uint64_t *src)
{
    if (*dst == 0)
        *dst = hsr_load48(macs);
    if (*src == 0)
        *src = hsr_load48(macs + 6);
}

/* A walk without a packet leaves open what only the first one could tell: that is in the lists made from it. */
static void recall(const struct dp_worker *w, const struct session *s, unsigned dir,
                   struct pol_walk *walk)
{
    const struct ses_action *to = s->dir[dir].action, *back = s->dir[1 - dir].action;
    const struct act_template *t = w->templates.template;

    /* A free guest's packet under an address that is nobody's: whose MAC it had, no table says. */
    if (!walk->from_tunnel && walk->source == NULL) {
        walk->back_dst_mac48 = 0;
        walk->out_src_mac48 = walk->routed ? walk->out_src_mac48 : 0;
    }
    for (unsigned i = 0; i < SES_ACTIONS; i++) {
        if (to[i].op == ACT_ETH)
            recall_macs(t[to[i].arg32].bytes, &walk->out_dst_mac48, &walk->out_src_mac48);
        if (back[i].op == ACT_ETH)
            recall_macs(t[back[i].arg32].bytes, &walk->back_dst_mac48, &walk->back_src_mac48);
        if (to[i].op == ACT_TTL && walk->from_tunnel)
            walk->routed = true;
        if (back[i].op == ACT_ENCAP && walk->from_tunnel && walk->back_vtep4 == 0)
            walk->back_vtep4 = hsr_load32(t[back[i].arg32].bytes + DP_OUTER_DST);
    }
}

/* The way back to a far side that is nobody's may have gone with its VTEP. */
static bool way_back(const struct dp_worker *w, const struct pol_walk *walk)
{
    return !walk->from_tunnel || pol_is_vtep(w->policy, walk->back_vtep4);
}

/* New lists in place of the old ones; those stay when the next hop has to be asked for first. */
static enum hsr_drop recompile(struct dp_worker *w, struct session *s, unsigned dir,
                               const struct pol_walk *walk)
{
    struct ses_action old[2][SES_ACTIONS];
    enum hsr_drop drop;

    for (unsigned d = 0; d < 2; d++) {
        memcpy(old[d], s->dir[d].action, sizeof old[d]);
        memset(s->dir[d].action, 0, sizeof old[d]);
    }
    drop = dp_compile(w, walk, dir, s);
    if (drop != HSR_DROP_NONE) {
        release(w, s);
        for (unsigned d = 0; d < 2; d++)
            memcpy(s->dir[d].action, old[d], sizeof old[d]);
        s->policy = 0; /* no stamp: the next packet tries again */
    } else {
        act_release(&w->templates, old[0]);
        act_release(&w->templates, old[1]);
    }
    return drop;
}

bool dp_revalidate(struct dp_worker *w, struct session *s)
{
    struct pol_walk walk = {.again = true, .ingress = s->origin};
    unsigned dir = ses_initiator(s);
    enum hsr_drop drop = HSR_DROP_NO_SESSION;
    struct hsr_key key;

    ses_key(s, &key);
    if (w->fast_path && s->neighbor == w->neighbor &&
        pol_moved(w->policy, s->origin, s->target, hsr_key_context(hsr_key_tail(&key)),
                  s->compiled) == 0) {
        s->policy = w->policy_stamp;
        return true;
    }
    w->counters.revalidated++;
    walk_of_key(&key, dir, &walk);
    walk.from_tunnel = pol_port(w->policy, s->origin)->role == CFG_UPLINK;
    pol_walk(w->policy, &walk);
    recall(w, s, dir, &walk);
    if (walk.drop == HSR_DROP_NONE && way_back(w, &walk))
        drop = recompile(w, s, dir, &walk);
    if (drop != HSR_DROP_NONE && drop != HSR_DROP_NEIGH_PENDING)
        ses_remove(w->sessions, s, SES_WHY_POLICY);
    return drop == HSR_DROP_NONE;
}

void dp_session_gone(void *arg, struct session *s, uint64_t flow_id, enum ses_why why)
{
    struct dp_worker *w = arg;
    struct hsr_key key;

    (void)why;
    release(w, s);
    if (!(s->flags & SES_F_FIT))
        return;
    ses_key(s, &key);
    struct dp_fit fit = {
        .op = HSR_FIT_DELETE, .hash = hsr_hash_key(&w->hash, &key), .named = flow_id};

    w->counters.fit_deletes += dp_post_fit(w, &fit);
}

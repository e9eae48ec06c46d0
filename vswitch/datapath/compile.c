/* SPDX-License-Identifier: Apache-2.0 */
/* From what a policy walk found to the programs of both directions. */
#include <string.h>

#include "hsring/wire.h"
#include "internal.h"
#include "kin.h"

/* A program under construction, always ended. What it has no room for, or could not be had, makes the whole of it fail. */
struct list {
    struct dp_worker *w;
    union act_record record;      /* behind the end: anything */
    uint8_t param[DP_PARAM_POOL]; /* arguments, the session's own */
    unsigned n;
    unsigned mss; /* behind the place of ACT_MSS, 0: there is none */
    uint16_t mtu; /* of the way it takes, SES_MTU_NONE: not known */
    bool failed;
};

static void begin(struct list *l, struct dp_worker *w)
{
    l->w = w;
    l->mtu = SES_MTU_NONE;
    l->record.program.action[0] = (struct act_action){.op = ACT_END};
    memset(l->param, 0, sizeof l->param);
    l->n = l->mss = 0;
    l->failed = false;
}

static void add(struct list *l, enum act_op op, uint16_t arg16, uint32_t arg32)
{
    if (l->n == ACT_ACTIONS) {
        l->failed = true;
        return;
    }
    struct act_action *a = &l->record.program.action[l->n++];

    *a = (struct act_action){.op = (uint8_t)op, .arg16 = arg16, .arg32 = arg32};
    a[1] = (struct act_action){.op = ACT_END};
}

/* Room for the MSS of TCP, which is known when both ways are. */
static void add_mss(struct list *l, const struct pol_walk *walk)
{
    if (!walk->mss_clamp || walk->proto != HSR_PROTO_TCP)
        return;
    add(l, ACT_MSS, 0, 0);
    l->mss = l->n;
}

/* Whoever sends the SYN: no segment of either end shall be larger than the narrower way takes. */
static void set_mss(struct list *to, struct list *fro, const struct pol_walk *walk)
{
    uint32_t ip = walk->src.family == 6 ? HSR_IP6_HDR : HSR_IP4_HDR;
    uint16_t mtu = to->mtu < fro->mtu ? to->mtu : fro->mtu;

    if (to->mss != 0)
        to->record.program.action[to->mss - 1].arg16 = (uint16_t)(mtu - ip - HSR_TCP_HDR);
    if (fro->mss != 0)
        fro->record.program.action[fro->mss - 1].arg16 = (uint16_t)(mtu - ip - HSR_TCP_HDR);
}

static void add_template(struct list *l, enum act_op op, const union act_record *template,
                         uint32_t len)
{
    uint32_t index = ACT_NONE;

    if (l->n < ACT_ACTIONS)
        index = act_template_get(&l->w->actions, template, len);
    if (index == ACT_NONE)
        l->failed = true;
    else
        add(l, op, (uint16_t)len, index);
}

/* The way takes no larger IP packets than these; 0: that is not known. */
static void limit(struct list *l, uint16_t mtu)
{
    if (mtu != 0 && mtu < l->mtu)
        l->mtu = mtu;
}

static void add_macs(struct list *l, uint64_t dst, uint64_t src)
{
    union act_record macs;

    macs.word[1] = 0; /* behind the second address */
    hsr_store48(macs.bytes, dst);
    hsr_store48(macs.bytes + 6, src);
    add_template(l, ACT_ETH, &macs, 12);
}

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0xBF58476D1CE4E5B9);
    return h ^ h >> 32;
}

/* What chooses among uplinks: the same for all packets of a session, and whenever it is compiled. */
static uint64_t flow_of(const struct pol_walk *walk)
{
    uint64_t h =
        mix(walk->context, (uint64_t)walk->proto << 32 | (uint32_t)walk->sport << 16 | walk->dport);

    for (unsigned i = 0; i < 16; i += 8)
        h = mix(mix(h, hsr_load64(walk->src.bytes + i)), hsr_load64(walk->dst.bytes + i));
    return h;
}

/*
 * Through an uplink to `vtep`, with `overhead` bytes in front of the IP packet. Outer Ethernet is not of the uplink's IP
 * packet, but the inner is: the same number of bytes.
 */
static void limit_tunnel(struct list *l, const struct pol_port *uplink, const struct cfg_addr *vtep,
                         uint16_t overhead)
{
    uint16_t learned = dp_pmtu_find(&l->w->shared->pmtus, vtep);

    if (uplink->mtu > overhead)
        limit(l, (uint16_t)(uplink->mtu - overhead));
    if (learned > overhead)
        limit(l, (uint16_t)(learned - overhead));
}

/* The way out: through the tunnel to `vtep`, or (family 0) to the local port. */
static enum hsr_drop add_way(struct list *l, const struct cfg_addr *vtep,
                             const struct pol_walk *walk, const struct pol_port *local)
{
    struct dp_outer outer;
    enum hsr_drop drop;

    if (vtep->family == 0) {
        if (local == NULL)
            return HSR_DROP_NO_MAPPING;
        limit(l, local->mtu);
        add(l, ACT_OUTPUT, local->index, 0);
        return HSR_DROP_NONE;
    }
    drop = dp_outer(l->w, vtep, walk->context, flow_of(walk), &outer);
    if (drop != HSR_DROP_NONE)
        return drop;
    add_template(l, ACT_ENCAP, &outer.template, outer.len);
    if (!l->failed)
        l->record.program.action[l->n - 1].arg8 = outer.offload;
    limit_tunnel(l, pol_port(l->w->policy, outer.port), vtep, outer.len);
    add(l, ACT_OUTPUT, outer.port, 0);
    return HSR_DROP_NONE;
}

/* One direction of the translation, if there is one. */
static void add_nat(struct list *l, const struct pol_walk *walk, bool back)
{
    struct dp_translation t;

    if (!walk->translated)
        return;
    dp_nat_translation(walk, back, &t);
    memcpy(l->param, &t.param, sizeof t.param);
    if (t.what & ACT_NAT_IPV6)
        add_template(l, ACT_NAT, &t.six, 32);
    else
        add(l, ACT_NAT, 0, ACT_NONE);
    if (!l->failed)
        l->record.program.action[l->n - 1].arg8 = t.what;
}

/* The way out of the uplink, without a tunnel, to an address outside. */
static enum hsr_drop leave(struct list *l, const struct pol_walk *walk, bool back)
{
    const struct cfg_addr *to = back ? &walk->src : &walk->seen.dst;
    struct dp_next next;
    enum hsr_drop drop;

    drop = dp_next(l->w, to, flow_of(walk), &next);
    if (drop != HSR_DROP_NONE)
        return drop;
    add(l, ACT_TTL, 0, 0);
    add_mss(l, walk);
    add_macs(l, next.mac, next.uplink->mac48);
    add_nat(l, walk, back);
    limit(l, back ? walk->back_mtu : walk->mtu);
    limit(l, next.uplink->mtu);
    add(l, ACT_OUTPUT, next.uplink->index, 0);
    return HSR_DROP_NONE;
}

/* Packets of the initiator. */
static enum hsr_drop forward(struct list *l, const struct pol_walk *walk)
{
    if (walk->leaves && walk->vtep.family == 0)
        return leave(l, walk, false);
    if (walk->from_tunnel)
        add(l, ACT_DECAP, 0, 0);
    if (walk->routed)
        add(l, ACT_TTL, 0, 0);
    add_mss(l, walk);
    add_macs(l, walk->out_dst_mac48, walk->out_src_mac48);
    limit(l, walk->mtu);
    add_nat(l, walk, false);
    return add_way(l, &walk->vtep, walk, walk->to);
}

/* Replies. Those of a local vNIC pass our gateway when the first packet's end points are in different subnets; those
 * out of the tunnel have passed their own. */
static enum hsr_drop backward(struct list *l, const struct pol_walk *walk)
{
    static const struct cfg_addr here;

    if (walk->external)
        return leave(l, walk, true);
    if (walk->vtep.family != 0)
        add(l, ACT_DECAP, 0, 0);
    if (walk->vtep.family == 0 && walk->back_routed)
        add(l, ACT_TTL, 0, 0);
    add_mss(l, walk);
    add_macs(l, walk->back_dst_mac48, walk->back_src_mac48);
    limit(l, walk->back_mtu);
    add_nat(l, walk, true);
    return add_way(l, walk->from_tunnel ? &walk->back_vtep : &here, walk, walk->from);
}

/* Port of the other side: where its packets leave, the last thing that is done to them. */
static uint16_t target_of(const struct list *to)
{
    return to->record.program.action[to->n - 1].arg16;
}

/* Index of the program in place of `present`: that one if they are the same, as mostly when a session is looked at again. */
static uint32_t share(struct act_store *actions, const struct list *l, uint32_t present)
{
    size_t size = (l->n + 1) * sizeof *l->record.program.action; /* with the end */

    if (present == ACT_NONE || memcmp(act_program(actions, present), &l->record, size) != 0)
        return act_program_get(actions, &l->record);
    act_program_drop(actions, &l->record.program);
    return present;
}

static bool same_params(const struct session *s, const struct list *const by[2])
{
    return memcmp(s->dir[0].param, by[0]->param, DP_PARAM_POOL) == 0 &&
           memcmp(s->dir[1].param, by[1]->param, DP_PARAM_POOL) == 0;
}

/* Under what it was found. */
static void stamp(const struct dp_worker *w, struct session *s)
{
    s->compiled = pol_generation(w->policy);
    s->neighbor = w->neighbor;
    s->policy = w->policy_stamp;
}

/* Both programs, their arguments and the target in place of what the session has; its seal is as it was. */
static void install(struct dp_worker *w, struct session *s, const uint32_t program[2],
                    const struct list *const by[2], uint16_t target)
{
    if (program[0] == s->dir[0].program && program[1] == s->dir[1].program && target == s->target &&
        same_params(s, by))
        return;
    bool sealed = s->seal != 0;

    ses_unseal(s);
    for (unsigned dir = 0; dir < 2; dir++) {
        memcpy(s->dir[dir].param, by[dir]->param, DP_PARAM_POOL);
        if (s->dir[dir].program == program[dir])
            continue;
        act_program_put(&w->actions, s->dir[dir].program);
        s->dir[dir].program = program[dir];
    }
    ses_set_target(w->sessions, s, target);
    if (sealed)
        ses_seal(w->sessions, s);
}

enum hsr_drop dp_compile(struct dp_worker *w, const struct pol_walk *walk, unsigned dir,
                         struct session *s)
{
    struct list to, fro;
    const struct list *const by[2] = {dir == 0 ? &to : &fro, dir == 0 ? &fro : &to};
    uint32_t program[2];
    enum hsr_drop drop;

    w->asker = walk->from != NULL ? walk->from->index
               : walk->to != NULL ? walk->to->index
                                  : walk->ingress;
    begin(&to, w);
    begin(&fro, w);
    drop = forward(&to, walk);
    if (drop == HSR_DROP_NONE)
        drop = backward(&fro, walk);
    if (drop == HSR_DROP_NONE && (to.failed || fro.failed))
        drop = HSR_DROP_SESSION_FULL;
    if (drop != HSR_DROP_NONE) {
        act_program_drop(&w->actions, &to.record.program);
        act_program_drop(&w->actions, &fro.record.program);
        return drop;
    }
    set_mss(&to, &fro, walk);
    program[dir] = share(&w->actions, &to, s->dir[dir].program);
    program[!dir] = share(&w->actions, &fro, s->dir[!dir].program);
    if (program[0] == ACT_NONE || program[1] == ACT_NONE) {
        for (unsigned d = 0; d < 2; d++)
            if (program[d] != s->dir[d].program)
                act_program_put(&w->actions, program[d]);
        return HSR_DROP_SESSION_FULL;
    }
    install(w, s, program, by, target_of(&to));
    s->mtu[dir] = to.mtu;
    s->mtu[!dir] = fro.mtu;
    stamp(w, s);
    return HSR_DROP_NONE;
}

void dp_compile_alike(struct dp_worker *w, struct session *s, const struct dp_found *found)
{
    bool sealed = s->seal != 0;

    ses_unseal(s);
    for (unsigned dir = 0; dir < 2; dir++) {
        act_program_put(&w->actions, s->dir[dir].program);
        s->dir[dir].program = found->program[dir];
        s->mtu[dir] = found->mtu[dir];
    }
    ses_set_target(w->sessions, s, found->target);
    stamp(w, s);
    if (sealed)
        ses_seal(w->sessions, s);
}

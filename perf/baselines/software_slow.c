/* SPDX-License-Identifier: Apache-2.0 */
/* The slow path of the software baseline: the product's policy walk, and programs of at most decap, MACs, encap, output. */
#include <string.h>

#include "hsring/csum.h"
#include "hsring/wire.h"
#include "session/track.h"
#include "software_internal.h"

#define HOPS 64

static bool swapped(const struct sw_packet *packet)
{
    return packet->p.meta.flags & HSR_RXF_SWAP;
}

static void walk_of(const struct sw_packet *packet, struct pol_walk *walk)
{
    const struct hsr_key *key = &packet->flow.key;
    const uint8_t *eth = act_frame(&packet->p) + packet->p.l2;
    bool swap = swapped(packet);
    uint64_t tail = hsr_key_tail(key);

    memset(walk, 0, sizeof *walk);
    walk->src.family = walk->dst.family = 4;
    hsr_store32((swap ? &walk->dst : &walk->src)->bytes, (uint32_t)(key->w[0] >> 32));
    hsr_store32((swap ? &walk->src : &walk->dst)->bytes, (uint32_t)key->w[0]);
    walk->context = hsr_key_context(tail);
    walk->proto = hsr_key_proto(tail);
    walk->sport = hsr_key_port(tail, swap);
    walk->dport = hsr_key_port(tail, !swap);
    walk->ingress = packet->p.meta.ingress;
    walk->from_tunnel = packet->p.meta.flags & HSR_RXF_DECAP;
    if (walk->from_tunnel) {
        walk->outer_src.family = 4;
        hsr_store32(walk->outer_src.bytes, packet->p.meta.outer_src4);
    }
    walk->dst_mac48 = hsr_load48(eth);
    walk->src_mac48 = hsr_load48(eth + 6);
}

static void add(union act_record *program, enum act_op op, uint16_t arg16, uint32_t arg32)
{
    struct act_action *a = program->program.action;

    while (a->op != ACT_END)
        a++;
    *a = (struct act_action){.op = (uint8_t)op, .arg16 = arg16, .arg32 = arg32};
}

static void add_macs(struct sw_avs *avs, union act_record *program, uint64_t dst, uint64_t src)
{
    union act_record macs = {.word = {0}};

    hsr_store48(macs.bytes, dst);
    hsr_store48(macs.bytes + 6, src);
    add(program, ACT_ETH, 12, act_template_get(&avs->actions, &macs, 12));
}

/* Outer Ethernet, IPv4, UDP and VXLAN (RFC 7348), without a UDP checksum. */
static enum hsr_drop add_tunnel(struct sw_avs *avs, union act_record *program,
                                const struct cfg_addr *vtep, uint32_t vni)
{
    const struct pol_port *uplink = pol_uplink(avs->policy);
    const struct cfg_addr *own = pol_own_vtep(avs->policy, 4);
    uint64_t mac = pol_static_neighbor(avs->policy, vtep);
    union act_record o = {.word = {0}};
    uint8_t *ip = o.bytes + HSR_ETH_HDR, *udp = ip + HSR_IP4_HDR;

    if (uplink == NULL || vtep->family != 4 || mac == 0)
        return HSR_DROP_NO_MAPPING;
    if (own->family != 4)
        own = &pol_link(uplink, 4)->net.addr;
    hsr_store48(o.bytes, mac);
    hsr_store48(o.bytes + 6, uplink->mac48);
    hsr_store16(o.bytes + 12, 0x0800);
    ip[0] = 0x45;
    hsr_store16(ip + 6, 0x4000);
    ip[8] = HOPS;
    ip[9] = HSR_PROTO_UDP;
    memcpy(ip + 12, own->bytes, 4);
    memcpy(ip + 16, vtep->bytes, 4);
    hsr_store16(ip + 10, (uint16_t)~hsr_csum_fold(hsr_csum_add(0, ip, HSR_IP4_HDR)));
    hsr_store16(udp + 2, HSR_PORT_VXLAN);
    udp[HSR_UDP_HDR] = 0x08;
    hsr_store32(udp + HSR_UDP_HDR + 4, vni << 8);
    add(program, ACT_ENCAP, 50, act_template_get(&avs->actions, &o, 50));
    for (struct act_action *a = program->program.action; a->op != ACT_END; a++)
        if (a->op == ACT_ENCAP)
            a->arg8 = HSR_TXO_ENCAP;
    add(program, ACT_OUTPUT, uplink->index, 0);
    return HSR_DROP_NONE;
}

static enum hsr_drop add_way(struct sw_avs *avs, union act_record *program,
                             const struct cfg_addr *vtep, const struct pol_port *local,
                             uint32_t context)
{
    if (vtep->family != 0)
        return add_tunnel(avs, program, vtep, pol_vni(avs->policy, context));
    if (local == NULL)
        return HSR_DROP_NO_MAPPING;
    add(program, ACT_OUTPUT, local->index, 0);
    return HSR_DROP_NONE;
}

static enum hsr_drop compile(struct sw_avs *avs, const struct pol_walk *walk, struct session *s,
                             unsigned dir)
{
    static const struct cfg_addr here;
    union act_record to = {.word = {0}}, fro = {.word = {0}};
    enum hsr_drop drop;

    if (walk->translated || walk->leaves || walk->routed)
        return HSR_DROP_NO_MAPPING;
    if (walk->from_tunnel)
        add(&to, ACT_DECAP, 0, 0);
    add_macs(avs, &to, walk->out_dst_mac48, walk->out_src_mac48);
    drop = add_way(avs, &to, &walk->vtep, walk->to, walk->context);
    if (walk->vtep.family != 0)
        add(&fro, ACT_DECAP, 0, 0);
    add_macs(avs, &fro, walk->back_dst_mac48, walk->back_src_mac48);
    if (drop == HSR_DROP_NONE)
        drop = add_way(avs, &fro, walk->from_tunnel ? &walk->back_vtep : &here, walk->from,
                       walk->context);
    if (drop != HSR_DROP_NONE) {
        act_program_drop(&avs->actions, &to.program);
        act_program_drop(&avs->actions, &fro.program);
        return drop;
    }
    s->dir[dir].program = act_program_get(&avs->actions, &to);
    s->dir[!dir].program = act_program_get(&avs->actions, &fro);
    s->mtu[0] = s->mtu[1] = SES_MTU_NONE;
    s->compiled = pol_generation(avs->policy);
    return HSR_DROP_NONE;
}

static uint16_t last_port(const struct sw_avs *avs, uint32_t program)
{
    const struct act_action *a = act_program(&avs->actions, program)->action;

    while (a->op != ACT_OUTPUT)
        a++;
    return a->arg16;
}

struct session *sw_first(struct sw_avs *avs, struct sw_packet *packet)
{
    struct act_packet *p = &packet->p;
    struct pol_walk walk;
    struct ses_packet sp;
    struct session *s = NULL;

    avs->counters.slow++;
    sw_describe(p, &sp);
    enum hsr_drop drop = ses_opens(&sp, SES_STRICT);
    if (drop == HSR_DROP_NONE) {
        walk_of(packet, &walk);
        pol_walk(avs->policy, &walk);
        drop = walk.drop;
    }
    if (drop == HSR_DROP_NONE)
        s = ses_create(avs->sessions, p->meta.hash, &packet->flow.key, swapped(packet),
                       p->meta.ingress, avs->now, &drop);
    if (s != NULL && (drop = compile(avs, &walk, s, swapped(packet))) != HSR_DROP_NONE) {
        ses_remove(avs->sessions, s, SES_WHY_POLICY);
        s = NULL;
    }
    if (s == NULL) {
        p->drop = (uint8_t)drop;
        return NULL;
    }
    ses_set_target(avs->sessions, s, last_port(avs, s->dir[swapped(packet)].program));
    ses_begin(avs->sessions, s, &sp, avs->now);
    return s;
}

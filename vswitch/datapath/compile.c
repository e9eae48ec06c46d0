/* SPDX-License-Identifier: Apache-2.0 */
/* From what a policy walk found to the action lists of both directions. */
#include <string.h>

#include "hsring/csum.h"
#include "hsring/wire.h"
#include "internal.h"

/* A list under construction. A template that could not be had makes the whole list fail. */
struct list {
    struct dp_worker *w;
    struct ses_action *action;
    unsigned n;
    bool failed;
};

static void add(struct list *l, enum act_op op, uint8_t arg8, uint16_t arg16, uint32_t arg32)
{
    l->action[l->n++] =
        (struct ses_action){.op = (uint8_t)op, .arg8 = arg8, .arg16 = arg16, .arg32 = arg32};
}

static void add_template(struct list *l, enum act_op op, const uint8_t *bytes, uint32_t len)
{
    uint32_t index = act_template_get(&l->w->templates, bytes, len);

    if (index == ACT_TEMPLATE_NONE)
        l->failed = true;
    else
        add(l, op, 0, (uint16_t)len, index);
}

static void add_macs(struct list *l, uint64_t dst, uint64_t src)
{
    uint8_t macs[12];

    hsr_store48(macs, dst);
    hsr_store48(macs + 6, src);
    add_template(l, ACT_ETH, macs, sizeof macs);
}

bool dp_outer(struct dp_worker *w, uint32_t vtep, uint32_t vni, uint8_t outer[ACT_TEMPLATE_BYTES],
              uint16_t *port)
{
    const struct pol_port *uplink = pol_uplink(w->policy);

    if (uplink == NULL)
        return false;
    bool on_link = ((vtep ^ uplink->underlay4) & uplink->underlay_mask) == 0;
    uint32_t hop = on_link ? vtep : uplink->gateway4;
    uint64_t mac = pol_static_neighbor(w->policy, hop);

    if (mac == 0)
        mac = dp_neighbor_find(&w->shared->neighbors, hop);
    if (mac == 0) {
        if (hop != 0)
            dp_arp_request(w, uplink, hop);
        return false;
    }
    memset(outer, 0, ACT_TEMPLATE_BYTES);
    hsr_store48(outer, mac);
    hsr_store48(outer + 6, uplink->mac48);
    hsr_store16(outer + 12, 0x0800);
    outer[14] = 0x45;
    hsr_store16(outer + 20, 0x4000); /* DF: the path MTU is ours to know (RFC 7348, 4.3) */
    outer[22] = 64;
    outer[23] = 17;
    hsr_store32(outer + 26, uplink->underlay4);
    hsr_store32(outer + 30, vtep);
    hsr_store16(outer + 24, (uint16_t)~hsr_csum_fold(hsr_csum_add(0, outer + 14, 20)));
    hsr_store16(outer + 36, HSR_PORT_VXLAN);
    outer[42] = 0x08;
    hsr_store32(outer + 46, vni << 8);
    *port = uplink->index;
    return true;
}

/* The way out: through the tunnel to `vtep`, or to the local port. */
static enum hsr_drop add_way(struct list *l, uint32_t vtep, uint32_t vni,
                             const struct pol_port *local)
{
    uint8_t outer[ACT_TEMPLATE_BYTES];
    uint16_t port;

    if (vtep == 0) {
        if (local == NULL)
            return HSR_DROP_NO_MAPPING;
        add(l, ACT_OUTPUT, 0, local->index, 0);
        return HSR_DROP_NONE;
    }
    if (!dp_outer(l->w, vtep, vni, outer, &port))
        return HSR_DROP_NEIGH_PENDING;
    add_template(l, ACT_ENCAP, outer, DP_OUTER_LEN);
    add(l, ACT_OUTPUT, 0, port, 0);
    return HSR_DROP_NONE;
}

/* Packets of the initiator. */
static enum hsr_drop forward(struct list *l, const struct pol_walk *walk)
{
    if (walk->from_tunnel)
        add(l, ACT_DECAP, 0, 0, 0);
    add_macs(l, walk->out_dst_mac48, walk->out_src_mac48);
    if (walk->routed)
        add(l, ACT_TTL, 0, 0, 0);
    return add_way(l, walk->vtep4, walk->vni, walk->to);
}

/* Replies. Those of a local vNIC pass our gateway when the first packet's end points are in different subnets; those
 * out of the tunnel have passed their own. */
static enum hsr_drop backward(struct list *l, const struct pol_walk *walk)
{
    if (walk->vtep4 != 0)
        add(l, ACT_DECAP, 0, 0, 0);
    add_macs(l, walk->back_dst_mac48, walk->back_src_mac48);
    if (walk->vtep4 == 0 && walk->back_routed)
        add(l, ACT_TTL, 0, 0, 0);
    return add_way(l, walk->from_tunnel ? walk->back_vtep4 : 0, walk->vni, walk->from);
}

enum hsr_drop dp_compile(struct dp_worker *w, const struct pol_walk *walk, unsigned dir,
                         struct session *s)
{
    struct list to = {.w = w, .action = s->dir[dir].action};
    struct list fro = {.w = w, .action = s->dir[1 - dir].action};
    const struct pol_port *uplink = pol_uplink(w->policy);
    uint16_t target = HSR_NO_PORT;
    enum hsr_drop drop = forward(&to, walk);

    if (drop == HSR_DROP_NONE)
        drop = backward(&fro, walk);
    if (drop == HSR_DROP_NONE && (to.failed || fro.failed))
        drop = HSR_DROP_SESSION_FULL;
    if (drop != HSR_DROP_NONE)
        return drop; /* what was taken is given back when the session goes */
    if (walk->to != NULL)
        target = walk->to->index;
    else if (uplink != NULL)
        target = uplink->index;
    if (s->target != target)
        ses_set_target(w->sessions, s, target);
    s->compiled = pol_generation(w->policy);
    s->neighbor = w->neighbor;
    s->policy = w->policy_stamp;
    return HSR_DROP_NONE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage vpc: whose network it is. Nothing after it can leave this context but by a public address (stage nat), which also
 * says whose a packet from outside is.
 */
#include "pol.h"

static enum hsr_drop vpc_walk(const struct pol *pol, const void *table, struct pol_walk *w)
{
    (void)table;
    if (w->from_tunnel && !w->context)
        return HSR_DROP_UNKNOWN_VNI;
    if (w->external)
        return w->context == 0 ? HSR_DROP_NONE : HSR_DROP_NOT_CONFIGURED;
    w->vni = pol_vni(pol, w->context);
    /* A vNIC may have been given to another VPC since the packet was stamped. */
    if (!w->vni || (w->from && w->from->context != w->context))
        return HSR_DROP_NOT_CONFIGURED;
    if (w->from_tunnel && !w->again && !pol_is_vtep(pol, &w->outer_src))
        return HSR_DROP_UNKNOWN_VTEP;
    w->mss_clamp = pol->vpc[w->context].mss_clamp;
    w->source = pol_endpoint(pol, w->context, &w->src);
    return HSR_DROP_NONE;
}

static uint64_t vpc_digest(const struct pol *pol, const void *table, uint32_t context)
{
    (void)table;
    const struct cfg_tunnel *t = pol_tunnel(pol, context);
    uint64_t h = pol_mix(t->encap, pol_vni(pol, context));

    for (unsigned i = 0; i < t->options_len; i++)
        h = pol_mix(h, t->options[i]);
    return pol_mix(h, pol->vpc[context].mss_clamp);
}

const struct pol_stage_ops pol_stage_vpc = {
    .name = "vpc",
    .stage = POL_VPC,
    .walk = vpc_walk,
    .digest_vpc = vpc_digest,
};

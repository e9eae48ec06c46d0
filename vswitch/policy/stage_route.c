/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage route: where the packet goes, and how its replies come back. Longest prefix over the routes and subnets of the
 * VPC, then the end point (a vNIC here or a VTEP there) and the MACs of the frame that leaves. Addresses are those behind
 * the translation of the destination (stage nat).
 *
 * Inside a subnet frames are bridged: MACs stay. Between subnets, and by routes that are not local, the gateway's MAC
 * is addressed and the frame is routed. A peer routes before it puts a frame into the tunnel, so that one from there
 * addressed to the vNIC itself is delivered as it is; one addressed to a gateway is routed here.
 */
#include "routes.h"

/* What the destination turned out to be. */
struct destination {
    const struct route *route;
    const struct pol_endpoint *endpoint; /* NULL for a VTEP route, and out of the uplink */
};

static uint64_t gateway_mac(const struct pol *pol, uint32_t subnet)
{
    return subnet < pol->subnets ? pol->subnet[subnet].gateway_mac48 : 0;
}

static bool is_gateway_mac(const struct pol *pol, uint32_t context, uint64_t mac48)
{
    const struct pol_vpc *vpc = &pol->vpc[context];

    for (uint32_t i = 0; i < vpc->subnets; i++)
        if (gateway_mac(pol, pol->subnet_order[vpc->first + i]) == mac48)
            return true;
    return false;
}

/* The segment the packet is from: the vNIC's own, whatever source it has. */
static uint32_t source_subnet(const struct pol_walk *w)
{
    if (w->from)
        return w->from->subnet;
    return w->source ? w->source->subnet : CFG_NONE;
}

static void explain(struct pol_walk *w, const struct route *r)
{
    static const char *const kind[] = {"local", "vtep", "gateway", "blackhole", "external"};
    char prefix[52];

    if (r) {
        pol_say(w, "route: %s %s", cfg_prefix_text(&r->prefix, prefix),
                r->implicit ? "subnet" : kind[r->kind]);
    } else {
        pol_say(w, "route: none");
    }
}

static enum hsr_drop destination_find(const struct pol *pol, const struct route_table *table,
                                      struct pol_walk *w, struct destination *d)
{
    const struct route *r = pol_route(table, w->to_context, &w->seen.dst);

    d->route = r;
    if (w->explain)
        explain(w, r);
    if (!r)
        return w->from ? HSR_DROP_NO_ROUTE : HSR_DROP_NO_MAPPING;
    switch (r->kind) {
    case CFG_ROUTE_LOCAL:
        d->endpoint = pol_endpoint(pol, w->to_context, &w->seen.dst);
        break;
    case CFG_ROUTE_GATEWAY:
        d->endpoint = pol_endpoint(pol, w->to_context, &r->via);
        break;
    case CFG_ROUTE_EXTERNAL: /* from a vNIC of ours; what came in from there does not go out again */
        w->leaves = w->from && !w->translated;
        return w->leaves ? HSR_DROP_NONE : HSR_DROP_LOOP;
    case CFG_ROUTE_VTEP:
        return HSR_DROP_NONE;
    case CFG_ROUTE_BLACKHOLE:
        return HSR_DROP_BLACKHOLE;
    }
    return d->endpoint ? HSR_DROP_NONE : HSR_DROP_NO_MAPPING;
}

/* The source MAC of a frame that is bridged and not at hand: the sender's, or the gateway's where the peer routed it. */
static uint64_t likely_source_mac(const struct pol *pol, const struct pol_walk *w)
{
    if (w->source && (w->from || w->source->subnet == w->to->subnet))
        return w->source->mac48;
    return w->from ? w->from->mac48 : gateway_mac(pol, w->to->subnet);
}

/* What leaves, in MACs; a route to a VTEP keeps the source's gateway, for it has no subnet of its own. */
static void out_fill(const struct pol *pol, struct pol_walk *w, const struct destination *d)
{
    uint32_t subnet = d->endpoint ? d->endpoint->subnet : CFG_NONE;

    w->out_dst_mac48 = d->endpoint ? d->endpoint->mac48 : d->route->mac48;
    if (w->routed) {
        if (subnet == CFG_NONE)
            subnet = source_subnet(w);
        if (subnet == CFG_NONE && w->to)
            subnet = w->to->subnet;
        w->out_src_mac48 = gateway_mac(pol, subnet);
    } else {
        w->out_src_mac48 = w->again ? likely_source_mac(pol, w) : w->src_mac48;
    }
}

/* From a vNIC of ours. */
static enum hsr_drop leave(const struct pol *pol, struct pol_walk *w, const struct destination *d)
{
    uint32_t subnet = source_subnet(w);

    if (w->translated && !w->to) /* a public address is one of a guest here */
        return HSR_DROP_NO_MAPPING;
    if (w->to == w->from && !w->translated) /* by its public address a guest reaches itself */
        return HSR_DROP_LOOP;

    bool routed = w->translated || !d->endpoint || d->route->kind != CFG_ROUTE_LOCAL ||
                  d->endpoint->subnet != subnet;

    /* RFC 4291, 2.5.6: a router does not forward what has a link-local source. */
    if (routed && pol_is_link_local(&w->src))
        return HSR_DROP_NO_ROUTE;

    uint64_t asked = routed ? gateway_mac(pol, subnet) : d->endpoint->mac48;

    w->routed = routed;
    if (!w->again && w->dst_mac48 != asked)
        return HSR_DROP_UNKNOWN_MAC;
    if (!w->leaves || d->route->vtep.family) /* else the next hop on the uplink says */
        out_fill(pol, w, d);
    w->back_routed = w->routed && (w->to || (w->leaves && !d->route->vtep.family));
    w->back_src_mac48 = asked;
    w->back_dst_mac48 = w->again ? w->from->mac48 : w->src_mac48;
    return HSR_DROP_NONE;
}

/*
 * Replies to the network: to the host that has the source, or the one that a route to it names; where a route says so, and
 * where nothing is known of the source, to the one the first packet came from.
 */
static void back_fill(const struct pol *pol, const struct route_table *table, struct pol_walk *w)
{
    const struct pol_endpoint *s = w->source;
    const struct route *r = pol_route(table, w->context, &w->src);
    bool to_source = r && r->reply_source;

    w->back_routed = !s || s->subnet != w->to->subnet;
    w->back_src_mac48 = w->to->mac48;
    if (w->back_routed)
        w->back_src_mac48 =
            gateway_mac(pol, s && s->subnet != CFG_NONE ? s->subnet : w->to->subnet);
    if (s && !to_source) {
        w->back_vtep = s->vtep;
        w->back_dst_mac48 = s->mac48;
    } else if (!s && r && r->kind == CFG_ROUTE_VTEP && !to_source) {
        w->back_vtep = r->vtep;
        w->back_dst_mac48 = r->mac48;
    } else if (!w->again) {
        w->back_vtep = w->outer_src;
        w->back_dst_mac48 = w->src_mac48;
    }
}

/*
 * From outside: to a vNIC here, and from where this VPC would send an answer. A sender under an address of the VPC would be
 * taken for a member of its groups.
 */
static enum hsr_drop enter(const struct pol *pol, struct pol_walk *w, const struct destination *d)
{
    if (!w->to)
        return HSR_DROP_NO_MAPPING;
    if (!pol_leaves(pol, w->to_context, &w->src))
        return HSR_DROP_SPOOF_IP;
    w->routed = w->back_routed = true;
    out_fill(pol, w, d);
    return HSR_DROP_NONE;
}

/* From a tunnel: only to a vNIC here, and never out again. */
static enum hsr_drop arrive(const struct pol *pol, const struct route_table *table,
                            struct pol_walk *w, const struct destination *d)
{
    if (!w->to)
        return HSR_DROP_LOOP;
    if (!w->again && w->dst_mac48 != w->to->mac48) {
        if (!is_gateway_mac(pol, w->context, w->dst_mac48))
            return HSR_DROP_UNKNOWN_MAC;
        if (pol_is_link_local(&w->src))
            return HSR_DROP_NO_ROUTE;
        w->routed = true;
    }
    out_fill(pol, w, d);
    back_fill(pol, table, w);
    return HSR_DROP_NONE;
}

/* The smaller of two limits, 0 being none. */
static uint16_t tighter(uint16_t a, uint16_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* What the way itself lets pass, both ways; the ports at its ends are the datapath's to look at. */
static void mtu_fill(const struct route_table *table, struct pol_walk *w,
                     const struct destination *d)
{
    const struct route *back = pol_route(table, w->external ? w->to_context : w->context, &w->src);

    w->mtu = tighter(d->route->mtu, d->endpoint ? d->endpoint->mtu : 0);
    w->back_mtu = tighter(back ? back->mtu : 0, w->source ? w->source->mtu : 0);
}

static enum hsr_drop route_walk(const struct pol *pol, const void *table, struct pol_walk *w)
{
    struct destination d = {0};
    enum hsr_drop drop = destination_find(pol, table, w, &d);

    if (drop != HSR_DROP_NONE)
        return drop;
    if (!d.endpoint)
        w->vtep = d.route->vtep; /* none: out of the uplink without a tunnel */
    else if (d.endpoint->port == HSR_NO_PORT)
        w->vtep = d.endpoint->vtep;
    else
        w->to = pol_port(pol, d.endpoint->port);
    mtu_fill(table, w, &d);
    if (w->external)
        return enter(pol, w, &d);
    return w->from ? leave(pol, w, &d) : arrive(pol, table, w, &d);
}

const struct pol_stage_ops pol_stage_route = {
    .name = "route",
    .stage = POL_ROUTE,
    .build = pol_routes_build,
    .free = pol_routes_free,
    .walk = route_walk,
    .digest_vpc = pol_routes_digest,
    .sizes = pol_routes_sizes,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exception path: the host's own traffic on an uplink. A port with the role `host` is an interface of the host's
 * kernel (ssh, BGP, BFD, LACP, LLDP ...): what comes from there leaves by its uplink as it is, and what comes in by the uplink
 * and is neither a tunnel's nor answered by us goes there, if it is for the host's MAC address or a group. No session, no
 * policy: nothing of a guest's ever comes here, for a guest's packets have a context and leave in tunnels.
 *
 * Metered in both directions together, so that the host's share of a worker stays a share.
 */
#include <string.h>

#include "internal.h"

#define SECOND UINT64_C(1000000000)

/* One packet of the rate, which fills a bucket of a tenth of a second. */
static bool within_rate(struct dp_worker *w, const struct pol_port *host)
{
    struct dp_bucket *b = &w->host[host->ordinal];
    uint64_t rate = host->host_rate, most = rate / 10 * SECOND;
    uint64_t passed = w->now - b->at < SECOND ? w->now - b->at : SECOND;

    b->at = w->now;
    b->credit = b->credit + passed * rate < most ? b->credit + passed * rate : most;
    if (b->credit < SECOND)
        return false;
    b->credit -= SECOND;
    return true;
}

static void pass(struct dp_worker *w, struct act_packet *p, const struct pol_port *host,
                 uint16_t egress)
{
    if (!within_rate(w, host)) {
        dp_drop(w, p, HSR_DROP_HOST_RATE);
        return;
    }
    p->egress = egress;
    dp_send(w, p);
}

bool dp_from_host(struct dp_worker *w, struct act_packet *p)
{
    const struct pol_port *port = pol_port(w->policy, p->meta.ingress);

    if (port->role != CFG_HOST)
        return false;
    pass(w, p, port, port->partner);
    return true;
}

/* A fragment to a public address of a guest is that one's; other packets to one have not come here. */
static bool is_guests(const struct dp_worker *w, const struct act_packet *p)
{
    bool ipv6 = p->meta.flags & HSR_RXF_IPV6;
    struct cfg_addr to = {.family = ipv6 ? 6 : 4};

    if (p->meta.class != HSR_CLASS_FRAG)
        return false;
    memcpy(to.bytes, act_frame(p) + p->l3 + (ipv6 ? 24 : 16), ipv6 ? 16 : 4);
    return pol_is_public(w->policy, &to);
}

bool dp_to_host(struct dp_worker *w, struct act_packet *p)
{
    const struct pol_port *uplink = pol_port(w->policy, p->meta.ingress);
    const struct pol_port *host = pol_port(w->policy, uplink->partner);
    uint64_t to = hsr_load48(act_frame(p));

    if (!dp_from_uplink(p) || dp_from_tunnel(p) || !uplink->valid || uplink->role != CFG_UPLINK ||
        !host->valid || host->role != CFG_HOST)
        return false;
    if ((!(to >> 40 & 1) && to != uplink->mac48 && to != host->mac48) || is_guests(w, p))
        return false;
    pass(w, p, host, host->index);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "routes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lpm.h"

enum { V4, V6, FAMILIES };

struct route_table {
    struct route *route; /* those of one VPC together, explicit ones before the subnets */
    uint32_t routes;
    uint32_t contexts;
    struct pol_lpm *(*lpm)[FAMILIES]; /* by context */
    uint64_t *digest;                 /* by context */
};

static void routes_add_explicit(struct route_table *t, const struct cfg *cfg)
{
    for (uint32_t i = 0; i < cfg->routes; i++) {
        const struct cfg_route *r = &cfg->route[i];

        t->route[t->routes++] = (struct route){
            .prefix = r->prefix,
            .kind = r->kind,
            .context = cfg->vpc[r->vpc].context,
            .vtep = r->vtep,
            .mac48 = hsr_load48(r->mac),
            .reply_source = r->reply_source,
            .via = r->via,
            .mtu = r->mtu,
        };
    }
}

static void routes_add_subnets(struct route_table *t, const struct pol *pol)
{
    for (uint32_t i = 0; i < pol->subnets; i++) {
        const struct pol_subnet *s = &pol->subnet[i];
        const struct cfg_prefix *prefix[] = {&s->prefix4, &s->prefix6};

        for (unsigned f = 0; f < FAMILIES; f++) {
            if (prefix[f]->addr.family) {
                t->route[t->routes++] = (struct route){.prefix = *prefix[f],
                                                       .kind = CFG_ROUTE_LOCAL,
                                                       .implicit = true,
                                                       .context = s->context};
            }
        }
    }
}

/* Explicit ones first: of equal prefixes the first counts. */
static int compare(const void *a, const void *b)
{
    const struct route *x = a, *y = b;

    if (x->context != y->context)
        return x->context < y->context ? -1 : 1;
    return (int)x->implicit - (int)y->implicit;
}

static int lpm_build(struct route_table *t, const struct pol *pol, struct pol_lpm_entry *scratch,
                     uint32_t first, uint32_t end, unsigned f)
{
    uint32_t context = t->route[first].context, n = 0;
    uint8_t family = f == V4 ? 4 : 6;
    char name[24];

    for (uint32_t i = first; i < end; i++)
        if (t->route[i].prefix.addr.family == family)
            scratch[n++] = (struct pol_lpm_entry){t->route[i].prefix, i};
    snprintf(name, sizeof name, "p%x.%x", pol->serial, context * FAMILIES + f);
    return pol_lpm_build(&t->lpm[context][f], name, family, scratch, n);
}

static int lpms_build(struct route_table *t, const struct pol *pol)
{
    struct pol_lpm_entry *scratch = pol_array(t->routes, sizeof *scratch);
    int rc = scratch ? 0 : -ENOMEM;

    for (uint32_t first = 0, end; first < t->routes && !rc; first = end) {
        for (end = first; end < t->routes && t->route[end].context == t->route[first].context;)
            end++;
        for (unsigned f = 0; f < FAMILIES && !rc; f++)
            rc = lpm_build(t, pol, scratch, first, end, f);
    }
    free(scratch);
    return rc;
}

static uint64_t route_digest(const struct route *r)
{
    uint64_t h = pol_mix_prefix((uint64_t)r->kind << 1 | r->implicit, &r->prefix);

    h = pol_mix(pol_mix(pol_mix_addr(h, &r->vtep), r->mac48 << 1 | r->reply_source), r->mtu);
    return pol_mix_addr(h, &r->via);
}

static uint64_t endpoint_digest(const struct pol_endpoint *e)
{
    uint64_t h = pol_mix_addr(0x100, &e->addr);

    h = pol_mix(pol_mix_addr(pol_mix(h, e->mac48), &e->vtep), e->port);
    return pol_mix(h, e->mtu);
}

static uint64_t subnet_digest(const struct pol_subnet *s)
{
    uint64_t h = pol_mix_prefix(pol_mix_prefix(0x200, &s->prefix4), &s->prefix6);

    h = pol_mix_addr(pol_mix_addr(h, &s->gateway4), &s->gateway6);
    return pol_mix(h, s->gateway_mac48);
}

/* Sums, so that the order in the document does not count. */
static void digests_build(struct route_table *t, const struct pol *pol)
{
    for (uint32_t i = 0; i < t->routes; i++)
        t->digest[t->route[i].context] += route_digest(&t->route[i]);
    for (uint32_t i = 0; i < pol->endpoints; i++)
        t->digest[pol->endpoint[i].context] += endpoint_digest(&pol->endpoint[i]);
    for (uint32_t i = 0; i < pol->subnets; i++)
        t->digest[pol->subnet[i].context] += subnet_digest(&pol->subnet[i]);
}

static int table_fill(struct route_table *t, const struct pol *pol, const struct cfg *cfg)
{
    for (uint32_t i = 0; i < cfg->routes; i++)
        if (cfg->route[i].vpc >= cfg->vpcs)
            return -EINVAL;
    t->route = pol_array((size_t)cfg->routes + 2 * (size_t)pol->subnets, sizeof *t->route);
    t->lpm = pol_array(pol->contexts, sizeof *t->lpm);
    t->digest = pol_array(pol->contexts, sizeof *t->digest);
    if (!t->route || !t->lpm || !t->digest)
        return -ENOMEM;
    t->contexts = pol->contexts;
    routes_add_explicit(t, cfg);
    routes_add_subnets(t, pol);
    qsort(t->route, t->routes, sizeof *t->route, compare);
    digests_build(t, pol);
    return lpms_build(t, pol);
}

int pol_routes_build(struct pol *pol, const struct cfg *cfg, const void *old, void **table)
{
    (void)old; /* building all is a matter of milliseconds */
    struct route_table *t = calloc(1, sizeof *t);

    if (!t)
        return -ENOMEM;

    int rc = table_fill(t, pol, cfg);

    if (rc)
        pol_routes_free(t);
    else
        *table = t;
    return rc;
}

void pol_routes_free(void *table)
{
    struct route_table *t = table;

    for (uint32_t c = 0; t->lpm && c < t->contexts; c++)
        for (unsigned f = 0; f < FAMILIES; f++)
            pol_lpm_free(t->lpm[c][f]);
    free(t->lpm);
    free(t->route);
    free(t->digest);
    free(t);
}

uint64_t pol_routes_digest(const struct pol *pol, const void *table, uint32_t context)
{
    const struct route_table *t = table;

    (void)pol;
    return t->digest[context];
}

void pol_routes_sizes(const void *table, uint32_t size[POL_SIZES])
{
    const struct route_table *t = table;

    size[POL_SIZE_ROUTES] = t->routes;
}

const struct route *pol_route(const struct route_table *t, uint32_t context,
                              const struct cfg_addr *addr)
{
    if (context >= t->contexts || !addr->family)
        return NULL;

    uint32_t i = pol_lpm_match(t->lpm[context][addr->family == 4 ? V4 : V6], addr);

    return i < t->routes ? &t->route[i] : NULL;
}

bool pol_leaves(const struct pol *pol, uint32_t context, const struct cfg_addr *addr)
{
    const struct route *r = pol_route(pol->table[POL_ROUTE], context, addr);

    return r && r->kind == CFG_ROUTE_EXTERNAL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Putting a snapshot together, and finding out what in it moved. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "pol.h"

static atomic_uint serials;

void *pol_array(size_t n, size_t size)
{
    return calloc(n ? n : 1, size);
}

static uint32_t max_context(const struct cfg *cfg)
{
    uint32_t max = 0;

    for (uint32_t i = 0; i < cfg->vpcs; i++)
        if (cfg->vpc[i].context > max)
            max = cfg->vpc[i].context;
    return max;
}

static int vpcs_build(struct pol *pol, const struct cfg *cfg, const struct pol *old)
{
    uint32_t max = max_context(cfg);

    if (max >> HSR_KEY_CONTEXT_BITS)
        return -EINVAL;
    /* Never fewer than before: a context that comes back must not come back with its old epochs. */
    pol->contexts = max + 1;
    if (old && old->contexts > pol->contexts)
        pol->contexts = old->contexts;
    pol->vpc = pol_array(pol->contexts, sizeof *pol->vpc);
    pol->vpc_scope = pol_array(pol->contexts, sizeof *pol->vpc_scope);
    pol->port_scope = pol_array(HSR_MAX_PORTS, sizeof *pol->port_scope);
    if (!pol->vpc || !pol->vpc_scope || !pol->port_scope)
        return -ENOMEM;
    for (uint32_t i = 0; i < cfg->vpcs; i++) {
        struct pol_vpc *vpc = &pol->vpc[cfg->vpc[i].context];

        vpc->vni = cfg->vpc[i].vni;
        vpc->tunnel = cfg->vpc[i].tunnel;
        vpc->mss_clamp = cfg->vpc[i].mss_clamp;
    }
    return 0;
}

static int tables_build(struct pol *pol, const struct cfg *cfg, const struct pol *old)
{
    for (const struct pol_stage_ops *const *ops = pol_stages; *ops; ops++) {
        enum pol_stage s = (*ops)->stage;
        int rc = 0;

        if ((*ops)->build)
            rc = (*ops)->build(pol, cfg, old ? old->table[s] : NULL, &pol->table[s]);
        if (rc)
            return rc;
    }
    return 0;
}

/* `now` has this snapshot's digests; what differs from `then` moved in this generation. */
static void scope_move(struct pol_scope *now, const struct pol_scope *then, uint32_t generation)
{
    for (unsigned s = 0; s < POL_STAGES; s++)
        now->moved[s] = then && then->digest[s] == now->digest[s] ? then->moved[s] : generation;
}

static void digests(struct pol *pol, const struct pol_stage_ops *ops)
{
    const void *table = pol->table[ops->stage];

    for (uint32_t i = 0; ops->digest_port && i < HSR_MAX_PORTS; i++)
        if (pol->port[i].valid)
            pol->port_scope[i].digest[ops->stage] = ops->digest_port(pol, table, &pol->port[i]);
    for (uint32_t i = 0; ops->digest_vpc && i < pol->contexts; i++)
        if (pol->vpc[i].vni)
            pol->vpc_scope[i].digest[ops->stage] = ops->digest_vpc(pol, table, i);
}

/* Digests of what is not there stay 0: going and coming back are moves, and an unused place never moves. */
static void epochs_build(struct pol *pol, const struct pol *old)
{
    for (const struct pol_stage_ops *const *ops = pol_stages; *ops; ops++)
        digests(pol, *ops);
    for (uint32_t i = 0; i < HSR_MAX_PORTS; i++)
        scope_move(&pol->port_scope[i], old ? &old->port_scope[i] : NULL, pol->generation);
    for (uint32_t i = 0; i < pol->contexts; i++)
        scope_move(&pol->vpc_scope[i], old && i < old->contexts ? &old->vpc_scope[i] : NULL,
                   pol->generation);
}

static int build(struct pol *pol, const struct cfg *cfg, const struct pol *old)
{
    int rc = vpcs_build(pol, cfg, old);

    rc = rc ? rc : pol_subnets_build(pol, cfg);
    rc = rc ? rc : pol_ports_build(pol, cfg);
    rc = rc ? rc : pol_underlay_build(pol, cfg);
    rc = rc ? rc : pol_endpoints_build(pol, cfg);
    rc = rc ? rc : tables_build(pol, cfg, old);
    if (!rc)
        epochs_build(pol, old);
    return rc;
}

struct pol *pol_build(const struct cfg *cfg, const struct pol *old)
{
    struct pol *pol = calloc(1, sizeof *pol);

    if (!pol)
        return NULL;
    pol->generation = old ? old->generation + 1 : 1;
    pol->serial = atomic_fetch_add(&serials, 1);

    int rc = build(pol, cfg, old);

    if (rc) {
        pol_free(pol);
        errno = -rc;
        return NULL;
    }
    return pol;
}

void pol_free(struct pol *pol)
{
    if (!pol)
        return;
    for (const struct pol_stage_ops *const *ops = pol_stages; *ops; ops++)
        if ((*ops)->free && pol->table[(*ops)->stage])
            (*ops)->free(pol->table[(*ops)->stage]);
    free(pol->port);
    free(pol->addr);
    free(pol->vpc);
    free(pol->subnet);
    free(pol->subnet_order);
    free(pol->endpoint);
    free(pol->slot);
    free(pol->vtep4);
    free(pol->vtep6);
    free(pol->neighbor);
    free(pol->port_scope);
    free(pol->vpc_scope);
    free(pol);
}

uint32_t pol_generation(const struct pol *pol)
{
    return pol->generation;
}

uint32_t pol_vni(const struct pol *pol, uint32_t context)
{
    return context < pol->contexts ? pol->vpc[context].vni : 0;
}

const struct cfg_tunnel *pol_tunnel(const struct pol *pol, uint32_t context)
{
    return context < pol->contexts ? &pol->vpc[context].tunnel : &pol->vpc[0].tunnel;
}

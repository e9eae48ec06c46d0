/* SPDX-License-Identifier: Apache-2.0 */
#include "nat.h"

#include <errno.h>
#include <stdlib.h>

struct translation {
    struct nat_end from, to;
};

struct nat_table {
    struct translation *in; /* EIPs and forwards, by public end */
    uint32_t ins;
    struct translation *out; /* EIPs, by inner end */
    uint32_t outs;
    struct cfg_addr *address; /* all public ones, sorted */
    uint32_t addresses;
    struct pol_snat *pool;
    uint32_t pools;
    uint32_t *of_subnet;  /* pool of a subnet, or CFG_NONE */
    uint32_t *of_context; /* pool of a VPC's other subnets */
    uint32_t contexts;
    uint32_t forwards;
    uint64_t *digest; /* by context */
};

static int compare_translation(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct nat_end)); /* `from` is first */
}

static int compare_addr(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct cfg_addr));
}

static uint64_t end_digest(uint64_t h, const struct nat_end *e)
{
    h = pol_mix(h, (uint64_t)e->l4_port << 8 | e->proto);
    return pol_mix_addr(h, &e->addr);
}

static uint64_t pool_digest(const struct pol_snat *s, uint32_t subnets, const uint32_t *subnet)
{
    uint64_t h = pol_mix((uint64_t)s->id << 32 | (uint32_t)s->port_lo << 16 | s->port_hi, subnets);

    for (uint32_t i = 0; i < s->addrs; i++)
        h = pol_mix_addr(h, &s->addr[i]);
    for (uint32_t i = 0; i < subnets; i++)
        h = pol_mix(h, subnet[i]);
    return h;
}

/* Of a public end and the inner one. */
static void add_in(struct nat_table *t, const struct nat_end *outer, const struct nat_end *inner)
{
    t->in[t->ins++] = (struct translation){.from = *outer, .to = *inner};
    t->address[t->addresses++] = outer->addr;
    t->digest[inner->context] += end_digest(end_digest(1, outer), inner);
}

/* Context of a configured vNIC, 0 for a configuration that is wrong. */
static uint32_t context_of(const struct pol *pol, const struct cfg *cfg, uint32_t port)
{
    if (port >= cfg->ports || cfg->port[port].role != CFG_VNIC)
        return 0;
    return pol->port[cfg->port[port].index].context;
}

static int eips_build(struct nat_table *t, const struct pol *pol, const struct cfg *cfg)
{
    for (uint32_t i = 0; i < cfg->eips; i++) {
        const struct cfg_eip *e = &cfg->eip[i];
        struct nat_end outer = {.addr = e->addr};
        struct nat_end inner = {.context = context_of(pol, cfg, e->port), .addr = e->inside};

        if (inner.context == 0)
            return -EINVAL;
        add_in(t, &outer, &inner);
        t->out[t->outs++] = (struct translation){.from = inner, .to = outer};
    }
    return 0;
}

static int forwards_build(struct nat_table *t, const struct pol *pol, const struct cfg *cfg)
{
    for (uint32_t i = 0; i < cfg->forwards; i++) {
        const struct cfg_forward *f = &cfg->forward[i];
        struct nat_end outer = {.l4_port = f->l4_port, .proto = f->proto, .addr = f->addr};
        struct nat_end inner = {.context = context_of(pol, cfg, f->port),
                                .l4_port = f->inside_port,
                                .proto = f->proto,
                                .addr = f->inside};

        if (inner.context == 0)
            return -EINVAL;
        add_in(t, &outer, &inner);
    }
    t->forwards = cfg->forwards;
    return 0;
}

static int pool_add(struct nat_table *t, const struct pol *pol, const struct cfg *cfg,
                    const struct cfg_snat *from)
{
    struct pol_snat *s = &t->pool[t->pools];

    if (from->vpc >= cfg->vpcs || from->id >= POL_SNAT_IDS || from->addrs > CFG_SNAT_ADDRS ||
        from->subnets > CFG_SNAT_NETS || from->port_lo > from->port_hi)
        return -EINVAL;

    uint32_t context = cfg->vpc[from->vpc].context;

    *s = (struct pol_snat){
        .id = from->id, .port_lo = from->port_lo, .port_hi = from->port_hi, .addrs = from->addrs};
    memcpy(s->addr, from->addr, from->addrs * sizeof s->addr[0]);
    memcpy(t->address + t->addresses, from->addr, from->addrs * sizeof s->addr[0]);
    t->addresses += from->addrs;
    t->digest[context] += pool_digest(s, from->subnets, from->subnet);
    if (from->subnets == 0)
        t->of_context[context] = t->pools;
    for (uint32_t i = 0; i < from->subnets; i++) {
        if (from->subnet[i] >= pol->subnets)
            return -EINVAL;
        t->of_subnet[from->subnet[i]] = t->pools;
    }
    t->pools++;
    return 0;
}

static int pools_build(struct nat_table *t, const struct pol *pol, const struct cfg *cfg)
{
    int rc = 0;

    for (uint32_t i = 0; i < pol->subnets; i++)
        t->of_subnet[i] = CFG_NONE;
    for (uint32_t i = 0; i < pol->contexts; i++)
        t->of_context[i] = CFG_NONE;
    for (uint32_t i = 0; i < cfg->snats && !rc; i++)
        rc = pool_add(t, pol, cfg, &cfg->snat[i]);
    return rc;
}

/* Sorted, each once. */
static void addresses_sort(struct nat_table *t)
{
    uint32_t n = 0;

    qsort(t->address, t->addresses, sizeof *t->address, compare_addr);
    for (uint32_t i = 0; i < t->addresses; i++)
        if (n == 0 || compare_addr(&t->address[n - 1], &t->address[i]) != 0)
            t->address[n++] = t->address[i];
    t->addresses = n;
}

/*
 * Whoever talks to the outside may have talked to an address that has become ours, or is not any more: a VPC with a way
 * out sees all of them.
 */
static void addresses_digest(struct nat_table *t, const struct cfg *cfg)
{
    uint64_t h = 3;

    for (uint32_t i = 0; i < t->addresses; i++)
        h = pol_mix_addr(h, &t->address[i]);
    for (uint32_t i = 0; i < cfg->routes; i++)
        if (cfg->route[i].kind == CFG_ROUTE_EXTERNAL)
            t->digest[cfg->vpc[cfg->route[i].vpc].context] += h | 1;
}

static int table_fill(struct nat_table *t, const struct pol *pol, const struct cfg *cfg)
{
    size_t ins = (size_t)cfg->eips + cfg->forwards;
    size_t addresses = ins + (size_t)cfg->snats * CFG_SNAT_ADDRS;

    t->in = pol_array(ins, sizeof *t->in);
    t->out = pol_array(cfg->eips, sizeof *t->out);
    t->address = pol_array(addresses, sizeof *t->address);
    t->pool = pol_array(cfg->snats, sizeof *t->pool);
    t->of_subnet = pol_array(pol->subnets, sizeof *t->of_subnet);
    t->of_context = pol_array(pol->contexts, sizeof *t->of_context);
    t->digest = pol_array(pol->contexts, sizeof *t->digest);
    t->contexts = pol->contexts;
    if (!t->in || !t->out || !t->address || !t->pool || !t->of_subnet || !t->of_context ||
        !t->digest)
        return -ENOMEM;

    int rc = eips_build(t, pol, cfg);

    rc = rc ? rc : forwards_build(t, pol, cfg);
    rc = rc ? rc : pools_build(t, pol, cfg);
    if (rc)
        return rc;
    qsort(t->in, t->ins, sizeof *t->in, compare_translation);
    qsort(t->out, t->outs, sizeof *t->out, compare_translation);
    addresses_sort(t);
    addresses_digest(t, cfg);
    return 0;
}

int pol_nat_build(struct pol *pol, const struct cfg *cfg, const void *old, void **table)
{
    (void)old; /* building all is a matter of milliseconds */
    struct nat_table *t = calloc(1, sizeof *t);

    if (!t)
        return -ENOMEM;

    int rc = table_fill(t, pol, cfg);

    if (rc)
        pol_nat_free(t);
    else
        *table = t;
    return rc;
}

void pol_nat_free(void *table)
{
    struct nat_table *t = table;

    free(t->in);
    free(t->out);
    free(t->address);
    free(t->pool);
    free(t->of_subnet);
    free(t->of_context);
    free(t->digest);
    free(t);
}

uint64_t pol_nat_digest(const struct pol *pol, const void *table, uint32_t context)
{
    const struct nat_table *t = table;

    (void)pol;
    return t->digest[context];
}

void pol_nat_sizes(const void *table, uint32_t size[POL_SIZES])
{
    const struct nat_table *t = table;

    size[POL_SIZE_PUBLIC] = t->addresses;
    size[POL_SIZE_FORWARDS] = t->forwards;
}

static const struct nat_end *find(const struct translation *list, uint32_t n,
                                  const struct nat_end *from)
{
    struct translation want = {.from = *from};
    const struct translation *found =
        n ? bsearch(&want, list, n, sizeof *list, compare_translation) : NULL;

    return found ? &found->to : NULL;
}

const struct nat_end *pol_nat_inside(const struct nat_table *t, const struct cfg_addr *addr,
                                     uint8_t proto, uint16_t l4_port)
{
    struct nat_end all = {.addr = *addr};
    struct nat_end one = {.l4_port = l4_port, .proto = proto, .addr = *addr};
    const struct nat_end *found = find(t->in, t->ins, &all);

    return found ? found : find(t->in, t->ins, &one);
}

const struct cfg_addr *pol_nat_outside(const struct nat_table *t, uint32_t context,
                                       const struct cfg_addr *addr)
{
    struct nat_end inner = {.context = context, .addr = *addr};
    const struct nat_end *found = find(t->out, t->outs, &inner);

    return found ? &found->addr : NULL;
}

const struct pol_snat *pol_nat_pool(const struct nat_table *t, uint32_t context, uint32_t subnet)
{
    uint32_t i = t->of_subnet[subnet];

    if (i == CFG_NONE)
        i = t->of_context[context];
    return i == CFG_NONE ? NULL : &t->pool[i];
}

bool pol_is_public(const struct pol *pol, const struct cfg_addr *addr)
{
    const struct nat_table *t = pol->table[POL_NAT];

    return t->addresses &&
           bsearch(addr, t->address, t->addresses, sizeof *addr, compare_addr) != NULL;
}

bool pol_is_forwarded(const struct pol *pol, const struct cfg_addr *addr, uint8_t proto,
                      uint16_t l4_port)
{
    return pol_nat_inside(pol->table[POL_NAT], addr, proto, l4_port) != NULL;
}

const struct pol_endpoint *pol_public_endpoint(const struct pol *pol, const struct cfg_addr *addr,
                                               uint8_t proto, uint16_t l4_port)
{
    const struct nat_end *inside = pol_nat_inside(pol->table[POL_NAT], addr, proto, l4_port);

    return inside ? pol_endpoint(pol, inside->context, &inside->addr) : NULL;
}

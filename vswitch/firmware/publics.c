/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public addresses, as the NIC's pre-classifier wants to know them: EIPs and forwarded ports lead to a vNIC, addresses of a
 * pool to all who share it. Only what differs from the configuration before is said.
 *
 * Whatever the NIC does not take (its table is full, or it knows no such thing) it treats as addresses of nobody: packets
 * still arrive, but at the expense of all such together. So nothing here makes a configuration fail.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define KEY offsetof(struct hsr_public, port) /* what comes before it names the entry */

struct publics {
    struct hsr_public *entry; /* sorted */
    uint32_t n;
};

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, KEY);
}

/* The whole of it, so that of two pools with one address it is always the same one's. */
static int compare_all(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct hsr_public));
}

static struct hsr_public *add(struct publics *p, const struct cfg_addr *addr)
{
    struct hsr_public *e = &p->entry[p->n++];

    *e = (struct hsr_public){.family = addr->family, .port = HSR_NO_PORT};
    memcpy(e->addr, addr->bytes, addr->family == 6 ? 16 : 4);
    return e;
}

static void add_pool(struct publics *p, const struct cfg_snat *snat)
{
    for (uint32_t i = 0; i < snat->addrs; i++) {
        struct hsr_public *e = add(p, &snat->addr[i]);

        e->pool = (uint16_t)snat->id;
        e->pps = snat->rx_pps;
        e->kbps = snat->rx_kbps;
    }
}

/* An address that pools of several VPCs share is the first one's; each entry stands once. */
static void unique(struct publics *p)
{
    uint32_t n = 0;

    qsort(p->entry, p->n, sizeof *p->entry, compare_all);
    for (uint32_t i = 0; i < p->n; i++)
        if (n == 0 || compare(&p->entry[n - 1], &p->entry[i]) != 0)
            p->entry[n++] = p->entry[i];
    p->n = n;
}

/* All of a configuration's; NULL entries without memory. */
static struct publics of(const struct cfg *cfg)
{
    struct publics p = {0};

    if (cfg == NULL)
        return p;
    p.entry = calloc((size_t)cfg->eips + cfg->forwards + (size_t)cfg->snats * CFG_SNAT_ADDRS + 1,
                     sizeof *p.entry);
    if (p.entry == NULL)
        return p;
    for (uint32_t i = 0; i < cfg->eips; i++)
        add(&p, &cfg->eip[i].addr)->port = cfg->port[cfg->eip[i].port].index;
    for (uint32_t i = 0; i < cfg->forwards; i++) {
        struct hsr_public *e = add(&p, &cfg->forward[i].addr);

        e->proto = cfg->forward[i].proto;
        e->l4_port = cfg->forward[i].l4_port;
        e->port = cfg->port[cfg->forward[i].port].index;
    }
    for (uint32_t i = 0; i < cfg->snats; i++)
        add_pool(&p, &cfg->snat[i]);
    unique(&p);
    return p;
}

void fw_publics(struct fw *fw, const struct cfg *old, const struct cfg *new)
{
    struct publics was = of(old), is = of(new);
    uint32_t i = 0, k = 0;

    /* What goes first makes room for what comes. */
    for (uint32_t n = 0; n < was.n; n++)
        if (is.n == 0 || bsearch(&was.entry[n], is.entry, is.n, sizeof *is.entry, compare) == NULL)
            fw->nic_ops->public_set(fw->nic, &was.entry[n], true);
    for (; i < is.n; i++) {
        while (k < was.n && compare(&was.entry[k], &is.entry[i]) < 0)
            k++;
        if (k == was.n || memcmp(&was.entry[k], &is.entry[i], sizeof *is.entry) != 0)
            fw->nic_ops->public_set(fw->nic, &is.entry[i], false);
    }
    free(was.entry);
    free(is.entry);
}

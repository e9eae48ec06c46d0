/* SPDX-License-Identifier: Apache-2.0 */
#include "lpm.h"

#include <errno.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_memory.h>
#include <rte_rib.h>
#include <rte_rib6.h>
#include <stdlib.h>

#include "pol.h"

struct pol_lpm {
    struct rte_rib *rib4;
    struct rte_rib6 *rib6; /* neither: scan the entries */
    uint32_t entries;
    struct pol_lpm_entry entry[];
};

/* Longest first, equal prefixes together; a stable order comes from `value` order kept by the caller's index. */
struct ordered {
    struct pol_lpm_entry entry;
    uint32_t place;
};

static int compare(const void *a, const void *b)
{
    const struct ordered *x = a, *y = b;

    if (x->entry.prefix.len != y->entry.prefix.len)
        return x->entry.prefix.len > y->entry.prefix.len ? -1 : 1;

    int order = memcmp(x->entry.prefix.addr.bytes, y->entry.prefix.addr.bytes, 16);

    return order ? order : (x->place > y->place) - (x->place < y->place);
}

static bool same_prefix(const struct cfg_prefix *a, const struct cfg_prefix *b)
{
    return a->len == b->len && !memcmp(a->addr.bytes, b->addr.bytes, 16);
}

/* Sort, and drop what an equal prefix before it hides. Number of entries left, 0: no memory. */
static uint32_t entries_sort(struct pol_lpm_entry *entry, uint32_t entries)
{
    struct ordered *o = calloc(entries, sizeof *o);
    uint32_t n = 0;

    if (!o)
        return 0;
    for (uint32_t i = 0; i < entries; i++)
        o[i] = (struct ordered){entry[i], i};
    qsort(o, entries, sizeof *o, compare);
    for (uint32_t i = 0; i < entries; i++)
        if (!i || !same_prefix(&o[i].entry.prefix, &o[i - 1].entry.prefix))
            entry[n++] = o[i].entry;
    free(o);
    return n;
}

static int rib4_build(struct pol_lpm *lpm, const char *name, const struct pol_lpm_entry *entry,
                      uint32_t entries)
{
    /* A branching node for each prefix at worst. */
    struct rte_rib_conf conf = {.max_nodes = (int)(2 * entries)};

    lpm->rib4 = rte_rib_create(name, SOCKET_ID_ANY, &conf);
    if (!lpm->rib4)
        return -ENOMEM;
    for (uint32_t i = 0; i < entries; i++) {
        struct rte_rib_node *node =
            rte_rib_insert(lpm->rib4, hsr_load32(entry[i].prefix.addr.bytes), entry[i].prefix.len);

        if (!node)
            return -rte_errno;
        rte_rib_set_nh(node, entry[i].value);
    }
    return 0;
}

static int rib6_build(struct pol_lpm *lpm, const char *name, const struct pol_lpm_entry *entry,
                      uint32_t entries)
{
    struct rte_rib6_conf conf = {.max_nodes = (int)(2 * entries)};

    lpm->rib6 = rte_rib6_create(name, SOCKET_ID_ANY, &conf);
    if (!lpm->rib6)
        return -ENOMEM;
    for (uint32_t i = 0; i < entries; i++) {
        struct rte_rib6_node *node =
            rte_rib6_insert(lpm->rib6, entry[i].prefix.addr.bytes, entry[i].prefix.len);

        if (!node)
            return -rte_errno;
        rte_rib6_set_nh(node, entry[i].value);
    }
    return 0;
}

int pol_lpm_build(struct pol_lpm **lpm_out, const char *name, uint8_t family,
                  struct pol_lpm_entry *entry, uint32_t entries)
{
    *lpm_out = NULL;
    if (!entries)
        return 0;
    if (entries > INT32_MAX / 2)
        return -E2BIG;
    entries = entries_sort(entry, entries);
    if (!entries)
        return -ENOMEM;

    size_t kept = entries <= POL_LPM_SCAN ? entries : 0;
    struct pol_lpm *lpm = calloc(1, sizeof *lpm + kept * sizeof *entry);
    int rc = 0;

    if (!lpm)
        return -ENOMEM;
    lpm->entries = (uint32_t)kept;
    memcpy(lpm->entry, entry, kept * sizeof *entry);
    if (!kept)
        rc = family == 4 ? rib4_build(lpm, name, entry, entries)
                         : rib6_build(lpm, name, entry, entries);
    if (rc) {
        pol_lpm_free(lpm);
        return rc;
    }
    *lpm_out = lpm;
    return 0;
}

void pol_lpm_free(struct pol_lpm *lpm)
{
    if (!lpm)
        return;
    rte_rib_free(lpm->rib4);
    rte_rib6_free(lpm->rib6);
    free(lpm);
}

static uint32_t rib_match(const struct pol_lpm *lpm, const struct cfg_addr *addr)
{
    uint64_t value = CFG_NONE;

    if (lpm->rib4) {
        struct rte_rib_node *node = rte_rib_lookup(lpm->rib4, hsr_load32(addr->bytes));

        if (node)
            rte_rib_get_nh(node, &value);
    } else {
        struct rte_rib6_node *node = rte_rib6_lookup(lpm->rib6, addr->bytes);

        if (node)
            rte_rib6_get_nh(node, &value);
    }
    return (uint32_t)value;
}

uint32_t pol_lpm_match(const struct pol_lpm *lpm, const struct cfg_addr *addr)
{
    if (!lpm)
        return CFG_NONE;
    if (lpm->rib4 || lpm->rib6)
        return rib_match(lpm, addr);
    for (uint32_t i = 0; i < lpm->entries; i++)
        if (cfg_prefix_contains(&lpm->entry[i].prefix, addr))
            return lpm->entry[i].value;
    return CFG_NONE;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "preproc/tables.h"

#include <errno.h>
#include <string.h>

#define SLOT_MASK (PP_CONTEXT_SLOTS - 1)
_Static_assert((PP_CONTEXT_SLOTS & SLOT_MASK) == 0, "a power of two");

static uint32_t home(uint32_t vni_tunnel)
{
    return (vni_tunnel * 0x9E3779B1u) >> 18 & SLOT_MASK; /* Fibonacci hashing, upper bits */
}

static uint32_t network(enum hsr_tunnel tunnel, uint32_t vni)
{
    return vni << 8 | (uint32_t)tunnel;
}

/* The slot of a network, or the free one where it would go; there always is one. */
static uint32_t find(const struct pp_tables *tables, uint32_t vni_tunnel)
{
    uint32_t i = home(vni_tunnel);

    while (tables->context[i].vni_tunnel != 0 && tables->context[i].vni_tunnel != vni_tunnel)
        i = (i + 1) & SLOT_MASK;
    return i;
}

/* Close the gap at `hole`: move up what stands there only because its own place was taken. */
static void close_gap(struct pp_tables *tables, uint32_t hole)
{
    uint32_t i = hole;

    for (;;) {
        tables->context[hole].vni_tunnel = 0;
        do {
            i = (i + 1) & SLOT_MASK;
            if (tables->context[i].vni_tunnel == 0)
                return;
        } while (((i - home(tables->context[i].vni_tunnel)) & SLOT_MASK) <
                 ((i - hole) & SLOT_MASK));
        tables->context[hole] = tables->context[i];
        hole = i;
    }
}

void pp_tables_clear(struct pp_tables *tables)
{
    memset(tables, 0, sizeof *tables);
}

static bool same_vtep(const struct pp_vtep *vtep, const uint8_t *addr, uint8_t family)
{
    return vtep->family == family && memcmp(vtep->addr, addr, family == 4 ? 4 : 16) == 0;
}

int pp_tables_vtep(struct pp_tables *tables, const uint8_t addr[16], uint8_t family, bool remove)
{
    struct pp_vtep *place = NULL;

    if (family != 4 && family != 6)
        return -EINVAL;
    for (unsigned i = 0; i < PP_MAX_VTEPS; i++) {
        struct pp_vtep *vtep = &tables->vtep[i];

        if (same_vtep(vtep, addr, family)) {
            if (remove)
                memset(vtep, 0, sizeof *vtep);
            return 0;
        }
        if (vtep->family == 0 && !place)
            place = vtep;
    }
    if (remove)
        return -ENOENT;
    if (!place)
        return -ENOSPC;
    place->family = family;
    memcpy(place->addr, addr, family == 4 ? 4 : 16);
    return 0;
}

int pp_tables_context(struct pp_tables *tables, enum hsr_tunnel tunnel, uint32_t vni,
                      uint32_t context)
{
    if ((tunnel != HSR_TUNNEL_VXLAN && tunnel != HSR_TUNNEL_GENEVE) || vni >> 24 ||
        context >> HSR_KEY_CONTEXT_BITS)
        return -EINVAL;
    uint32_t i = find(tables, network(tunnel, vni));
    bool known = tables->context[i].vni_tunnel != 0;
    if (context == 0) {
        if (known) {
            close_gap(tables, i);
            tables->contexts--;
        }
        return 0;
    }
    if (!known) {
        if (tables->contexts == PP_CONTEXT_SLOTS / 2)
            return -ENOSPC;
        tables->contexts++;
    }
    tables->context[i].vni_tunnel = network(tunnel, vni);
    tables->context[i].context = context;
    return 0;
}

bool pp_tables_is_local(const struct pp_tables *tables, const uint8_t *addr, uint8_t family)
{
    for (unsigned i = 0; i < PP_MAX_VTEPS; i++) {
        if (tables->vtep[i].family != 0 && same_vtep(&tables->vtep[i], addr, family))
            return true;
    }
    return false;
}

uint32_t pp_tables_lookup(const struct pp_tables *tables, enum hsr_tunnel tunnel, uint32_t vni)
{
    const struct pp_context *slot = &tables->context[find(tables, network(tunnel, vni))];

    return slot->vni_tunnel ? slot->context : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small tables the parser consults on uplinks: local tunnel end points, and (tunnel, VNI) -> tenant context.
 *
 * Written by the NIC's control path between polls, read by the parser in the poll: one thread at a time, or an
 * external hand-over. pp_tables_clear() starts an empty one; no allocation.
 */
#ifndef PREPROC_TABLES_H
#define PREPROC_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "hsring/abi.h"

#define PP_MAX_VTEPS     32
#define PP_CONTEXT_SLOTS 16384 /* open addressing, at most half full: 8,192 networks */

struct pp_tables {
    struct pp_vtep {
        uint8_t family; /* 4, 6, 0: free */
        uint8_t addr[16];
    } vtep[PP_MAX_VTEPS];
    struct pp_context {
        uint32_t vni_tunnel; /* VNI << 8 | enum hsr_tunnel, 0: free */
        uint32_t context;
    } context[PP_CONTEXT_SLOTS];
    uint32_t contexts;
};

void pp_tables_clear(struct pp_tables *tables);

/* Add or remove a local VTEP. 0, -ENOSPC, -EINVAL (family), -ENOENT (remove). */
int pp_tables_vtep(struct pp_tables *tables, const uint8_t addr[16], uint8_t family, bool remove);

/* Set the context of a network; 0 removes it. 0, -ENOSPC, -EINVAL (VNI or context over 24 bits, tunnel). */
int pp_tables_context(struct pp_tables *tables, enum hsr_tunnel tunnel, uint32_t vni,
                      uint32_t context);

/* Is this (packet bytes, family 4 or 6) a local VTEP? */
bool pp_tables_is_local(const struct pp_tables *tables, const uint8_t *addr, uint8_t family);

/* Context of a network, 0 when unknown. */
uint32_t pp_tables_lookup(const struct pp_tables *tables, enum hsr_tunnel tunnel, uint32_t vni);

#endif

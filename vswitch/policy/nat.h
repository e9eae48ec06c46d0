/* SPDX-License-Identifier: Apache-2.0 */
/* The nat stage's table: which public address stands for whom. Its walk is stage_nat.c. */
#ifndef POL_NAT_H
#define POL_NAT_H

#include "pol.h"

/* One end of a translation, compared byte by byte: nothing of it may be padding. */
struct nat_end {
    uint32_t context; /* 0: outside */
    uint16_t l4_port; /* 0 with protocol 0: all of them */
    uint8_t proto;
    struct cfg_addr addr;
};
_Static_assert(sizeof(struct nat_end) == 24, "no padding");

struct nat_table;

int pol_nat_build(struct pol *pol, const struct cfg *cfg, const void *old, void **table);
void pol_nat_free(void *table);
void pol_nat_sizes(const void *table, uint32_t size[POL_SIZES]);
uint64_t pol_nat_digest(const struct pol *pol, const void *table, uint32_t context);

/* Where a public address and port lead, NULL: nowhere. */
const struct nat_end *pol_nat_inside(const struct nat_table *t, const struct cfg_addr *addr,
                                     uint8_t proto, uint16_t l4_port);
/* The EIP of an address of a VPC, NULL: it has none. */
const struct cfg_addr *pol_nat_outside(const struct nat_table *t, uint32_t context,
                                       const struct cfg_addr *addr);
/* The pool of a subnet, or of its VPC; NULL: none. */
const struct pol_snat *pol_nat_pool(const struct nat_table *t, uint32_t context, uint32_t subnet);

#endif

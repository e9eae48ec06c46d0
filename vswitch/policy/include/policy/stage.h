/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy stage: one table, built off the workers, walked by the slow path. A new stage is one file with one of
 * these, one line in stages.c, its tests and its page.
 *
 * A stage that must look twice (security groups and NAT: before and after the route) is two objects of one `stage`;
 * the first has the table.
 */
#ifndef POLICY_STAGE_H
#define POLICY_STAGE_H

#include "policy/policy.h"

struct pol_stage_ops {
    const char *name;
    enum pol_stage stage; /* whose table and epoch */
    /*
     * Table of this stage for `cfg`; *table may stay NULL when there is nothing to hold. 0 or a negative errno, then
     * *table is NULL. Ports, subnets and end points of `pol` are there already. `old` is the table of the snapshot
     * before, or NULL: what is costly and did not change may be shared with it. NULL: no table.
     */
    int (*build)(struct pol *pol, const struct cfg *cfg, const void *old, void **table);
    void (*free)(void *table);
    /* Look at the walk, fill in what this stage finds; HSR_DROP_NONE goes on to the next stage. */
    enum hsr_drop (*walk)(const struct pol *pol, const void *table, struct pol_walk *w);
    /* Digest of all that the table says about a vNIC or a VPC; NULL: nothing that sessions see. */
    uint64_t (*digest_port)(const struct pol *pol, const void *table, const struct pol_port *port);
    uint64_t (*digest_vpc)(const struct pol *pol, const void *table, uint32_t context);
    /* Fill in what the table holds; NULL: nothing that pol_sizes() tells. */
    void (*sizes)(const void *table, uint32_t size[POL_SIZES]);
};

extern const struct pol_stage_ops pol_stage_vnic, pol_stage_vpc, pol_stage_antispoof,
    pol_stage_group, pol_stage_nat, pol_stage_route, pol_stage_nat_source, pol_stage_group_in;

#endif

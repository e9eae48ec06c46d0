/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy stage: one table, built off the workers, walked by the slow path. A new stage is one file with one of
 * these, one line in stages.c, its tests and its page.
 */
#ifndef POLICY_STAGE_H
#define POLICY_STAGE_H

#include "policy/policy.h"

struct pol_stage_ops {
    const char *name;
    /* Table of this stage for `cfg`; *table may be NULL when there is nothing to hold. 0 or a negative errno. */
    int (*build)(struct pol *pol, const struct cfg *cfg, void **table);
    void (*free)(void *table);
    /* Look at the walk, fill in what this stage finds; HSR_DROP_NONE goes on to the next stage. */
    enum hsr_drop (*walk)(const struct pol *pol, const void *table, struct pol_walk *w);
    /* Digest of all that the table says about a vNIC (`port`) or a VPC (`context`); NULL: nothing that sessions see. */
    uint64_t (*digest_port)(const struct cfg *cfg, const struct cfg_port *port);
    uint64_t (*digest_vpc)(const struct cfg *cfg, uint32_t vpc);
};

extern const struct pol_stage_ops pol_stage_vnic, pol_stage_vpc, pol_stage_antispoof,
    pol_stage_group, pol_stage_route;

#endif

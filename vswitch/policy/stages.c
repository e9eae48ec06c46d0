/* SPDX-License-Identifier: Apache-2.0 */
#include "pol.h"

/* Egress rules before the route, so that what a sender may not do is reported before where it would have gone. */
const struct pol_stage_ops *const pol_stages[] = {
    &pol_stage_vnic,       &pol_stage_vpc,      &pol_stage_antispoof,
    &pol_stage_group,      &pol_stage_nat,      &pol_stage_route,
    &pol_stage_nat_source, &pol_stage_group_in, NULL,
};

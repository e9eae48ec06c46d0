/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "pol.h"

void pol_sizes(const struct pol *pol, uint32_t size[POL_SIZES])
{
    memset(size, 0, POL_SIZES * sizeof *size);
    size[POL_SIZE_SUBNETS] = pol->subnets;
    size[POL_SIZE_ENDPOINTS] = pol->endpoints;
    size[POL_SIZE_VTEPS] = pol->vteps4 + pol->vteps6;
    size[POL_SIZE_NEIGHBORS] = pol->neighbors;
    for (const struct pol_stage_ops *const *ops = pol_stages; *ops; ops++)
        if ((*ops)->sizes && pol->table[(*ops)->stage])
            (*ops)->sizes(pol->table[(*ops)->stage], size);
}

const char *pol_size_name(enum pol_size size)
{
    static const char *const names[POL_SIZES] = {
        [POL_SIZE_SUBNETS] = "subnets",   [POL_SIZE_ENDPOINTS] = "endpoints",
        [POL_SIZE_VTEPS] = "vteps",       [POL_SIZE_NEIGHBORS] = "static_neighbors",
        [POL_SIZE_ROUTES] = "routes",     [POL_SIZE_RULE_SETS] = "rule_sets",
        [POL_SIZE_RULES] = "rules",       [POL_SIZE_PUBLIC] = "public_addresses",
        [POL_SIZE_FORWARDS] = "forwards",
    };

    return names[size];
}

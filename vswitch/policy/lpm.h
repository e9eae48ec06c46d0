/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One immutable longest-prefix match of one address family. A short list is scanned from the longest prefix down, a
 * long one is an rte_rib or rte_rib6.
 */
#ifndef POL_LPM_H
#define POL_LPM_H

#include "config/config.h"

/*
 * Up to here a list is scanned: a RIB takes three of the 2,560 memory zones that EAL has in all, and two snapshots
 * exist at a time.
 */
#define POL_LPM_SCAN 16

struct pol_lpm_entry {
    struct cfg_prefix prefix;
    uint32_t value;
};

struct pol_lpm;

/*
 * All entries are of `family`; of equal prefixes the first counts. Sorts `entry`. `name` is unique in the process and
 * at most 20 characters. 0 and *lpm_out (NULL for no entries), or a negative errno.
 */
int pol_lpm_build(struct pol_lpm **lpm_out, const char *name, uint8_t family,
                  struct pol_lpm_entry *entry, uint32_t entries);
void pol_lpm_free(struct pol_lpm *lpm);

/* Value of the longest prefix that holds `addr` (of the LPM's family), CFG_NONE for none. */
uint32_t pol_lpm_match(const struct pol_lpm *lpm, const struct cfg_addr *addr);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One immutable classifier: (protocol, remote address, destination port) -> the first rule of an ordered list that
 * matches. One address family each. A short list is scanned, a long one is an rte_acl context. Built, shared and freed
 * by the control thread, matched by any.
 */
#ifndef POL_ACL_H
#define POL_ACL_H

#include "config/config.h"

/*
 * Up to here a list is scanned. A scan of so few is as quick as a trie walk, and a context costs at least 9 KiB of
 * EAL's memory while most vNICs have the default group or a handful of rules.
 */
#define POL_ACL_SCAN 16

struct pol_acl_entry {
    struct cfg_prefix remote; /* of the classifier's family; length 0: any */
    uint8_t proto;            /* 0: any */
    uint16_t port_lo, port_hi;
    uint32_t rule; /* the smaller decides; several entries may belong to one rule */
};

struct pol_acl;

/*
 * `entry` is ordered by rule; all rule numbers are below `rules`. `name` is unique in the process and at most 20
 * characters. 0 and *acl_out (NULL for no entries), or a negative errno.
 */
int pol_acl_build(struct pol_acl **acl_out, const char *name, uint8_t family,
                  const struct pol_acl_entry *entry, uint32_t entries, uint32_t rules);

/* The same classifier once more, for a snapshot in which it did not change; each is freed on its own. */
struct pol_acl *pol_acl_share(struct pol_acl *acl);
void pol_acl_free(struct pol_acl *acl);

/* The rule that decides, CFG_NONE when none matches. `remote` is of the classifier's family. */
uint32_t pol_acl_match(const struct pol_acl *acl, uint8_t proto, const struct cfg_addr *remote,
                       uint16_t port);

#endif

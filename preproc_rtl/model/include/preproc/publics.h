/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public addresses of the pre-classifier: (address, or address, protocol and port) -> who a packet from outside is for.
 *
 * Exact match in a table of open addressing, at most half full. What a packet holds can make a look-up no longer than the
 * table's own clusters are. Written by the NIC's control path between polls, read in the poll: one thread at a time.
 */
#ifndef PREPROC_PUBLICS_H
#define PREPROC_PUBLICS_H

#include <stdbool.h>
#include <stdint.h>

#include "hsring/key.h"

#define PP_PUBLICS       16384 /* addresses and ports */
#define PP_PUBLIC_PLACES (2 * PP_PUBLICS)
#define PP_PUBLIC_NOBODY UINT16_MAX

struct pp_public {
    uint64_t addr[2]; /* network order read as big-endian; IPv4: 0 and the address */
    uint32_t what;    /* family << 24 | protocol << 16 | port; protocol and port 0: all of them */
    uint16_t target;  /* PP_PUBLIC_NOBODY never stands in the table */
};

struct pp_publics {
    uint32_t used, high;
    struct pp_public place[PP_PUBLIC_PLACES]; /* what 0: free */
};

/* NULL without memory. */
struct pp_publics *pp_publics_open(void);
void pp_publics_close(struct pp_publics *publics);
void pp_publics_clear(struct pp_publics *publics);

/*
 * The key of an address: `addr` as in a packet, family 4 or 6 (else what is 0). With a protocol and a port of it alone, with
 * 0 and 0 of all that has no entry of its own.
 */
struct pp_public pp_public_of(const uint8_t addr[16], uint8_t family, uint8_t proto, uint16_t port);

/* Set who an address is for, PP_PUBLIC_NOBODY takes it away. 0, -ENOSPC, -ENOENT (taken away before), -EINVAL (what 0). */
int pp_publics_set(struct pp_publics *table, const struct pp_public *entry);

/* Who a packet with this key is for, `swap`: its source is the high end point. PP_PUBLIC_NOBODY: nobody that is known. */
uint16_t pp_publics_find(const struct pp_publics *table, const struct hsr_key *key, bool swap);

#endif

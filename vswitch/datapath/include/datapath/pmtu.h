/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path MTUs of the underlay that its routers told us (RFC 1191, RFC 8201): VTEP -> largest IP packet that reaches it, shared by all
 * workers. What is not in here is the uplink's own MTU.
 *
 * Readers never wait. Writers take a flag for the few stores; who finds it taken lets its news go, the next packet that
 * is too big brings them again. `changes` counts what became different: sessions compiled under another count are looked
 * at again. An entry is forgotten DP_PMTU_NS after it was last lowered, and the path is tried anew (RFC 1191, 6.3).
 *
 * Who reads an entry while it becomes another VTEP's may take that one's MTU for it: `changes` counts when that is done, and
 * the session is looked at again.
 */
#ifndef DATAPATH_PMTU_H
#define DATAPATH_PMTU_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

#define DP_PMTUS    256
#define DP_PMTU_NS  UINT64_C(600000000000)
#define DP_PMTU_LO4 576  /* no router makes it less: RFC 791 asks for that much of every host */
#define DP_PMTU_LO6 1280 /* nor that: every link takes as much (RFC 8200, 5; RFC 8201, 4) */

struct dp_pmtus {
    struct dp_pmtu {
        _Atomic uint64_t high, low; /* the VTEP, as words.h has it; zero: free */
        _Atomic uint64_t until;     /* NIC time, ns */
        _Atomic uint32_t mtu;
    } entry[DP_PMTUS];
    _Atomic uint32_t used, high;
    _Atomic uint64_t next; /* when the first one may have to be forgotten; 0: there is none */
    _Atomic bool writing;
    _Atomic uint32_t changes;
    _Atomic uint64_t full; /* news that found no place */
};

/* Largest IP packet that reaches the VTEP, 0: nobody said anything. */
uint16_t dp_pmtu_find(const struct dp_pmtus *t, const struct cfg_addr *vtep);

/* A router says so; what is not less than what is known is no news. */
void dp_pmtu_learn(struct dp_pmtus *t, const struct cfg_addr *vtep, uint16_t mtu, uint64_t now);

/* For a twin (twin.h): all that is known, as of a moment. `to` is nobody else's yet. */
void dp_pmtus_copy(struct dp_pmtus *to, const struct dp_pmtus *from);

/* Forget what is old enough. */
void dp_pmtu_age(struct dp_pmtus *t, uint64_t now);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network for fuzzers, on the bench of the unit tests: tenant blue (VXLAN 100; a and b on one subnet, c on another) and tenant
 * red (Geneve 200; r and s) with the same addresses, an uplink with both families, and a host on the other side of it. It is
 * opened once; after each input all sessions expire, and everything must be accounted for.
 */
#ifndef FUZZ_WORLD_H
#define FUZZ_WORLD_H

#include "bench_fw.h"
#include "fuzz.h"

#define MAC_A  UINT64_C(0x020000000001) /* and r */
#define MAC_B  UINT64_C(0x020000000002) /* and s */
#define MAC_C  UINT64_C(0x020000000003)
#define MAC_9  UINT64_C(0x020000000009) /* 10.1.0.9 of both tenants, on the other host */
#define MAC_GW UINT64_C(0x02005E0001FE)
#define MAC_UP UINT64_C(0x02AA00000001)
#define MAC_H2 UINT64_C(0x02AA00000002)

/* The packet is sent by tunnel: who it comes from, and what the world knows. */
extern const struct fr_flow outer_of[2]; /* from the other host to us, over IPv4 and IPv6 */

struct bench *world(void);
/* Nothing is left of the input: no session, slot, credit or packet. */
void world_settle(struct bench *b);

/* Network and tunnel of the tenant whose port this is; 0: the uplink. */
uint32_t world_vni(const char *port);
uint64_t world_mac(const char *port);

#endif

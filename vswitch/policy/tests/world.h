/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small world: two tenants with the same addresses.
 *
 *     tenant 1 (context 1, VNI 100)                       tenant 2 (context 2, VNI 200)
 *       red 10.0.0.0/24, fd00:1::/64, gateway MAC F1        10.0.0.0/24, gateway MAC F3
 *         port 1: .1 (MAC 1), fd00:1::1                       port 4: .1 (MAC 4)
 *         port 2: .2 (MAC 2)                                  port 5: .5 (MAC 5)
 *         mapping .9 (MAC 9) at 192.0.2.9
 *       blue 10.0.1.0/24, gateway MAC F2
 *         port 3: .3 (MAC 3), router without anti-spoofing
 *         mapping .8 (MAC 8) at 2001:db8::8, which is a neighbour
 *       routes: 10.0.0.128/25 blackhole, 172.16.0.0/12 VTEP 192.0.2.7 (MAC 7), 198.51.100.0/24 via 10.0.1.3
 *     port 0: uplink
 */
#ifndef POL_TEST_WORLD_H
#define POL_TEST_WORLD_H

#include "make.h"

enum { UPLINK = 0, ANY_PROTO = 0, TCP = 6, UDP = 17, ICMP = 1 };

/* Host n of the underlay, 0: none. Number 8 speaks IPv6, the others IPv4. */
struct cfg_addr world_vtep(uint8_t n);

/* Its configuration, in which the vNICs have no security group yet. */
struct cfg *world_cfg(void);
/* A group that allows everything, with all vNICs in it. */
void world_open_group(struct cfg *c);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network of the tests of an IPv6 underlay: VPC blue with guests a and b here, and hosts on one link with us: host 2 with
 * both families, host 3, a router that is known by its link-local address.
 */
#ifndef UNDERLAY6_WORLD_H
#define UNDERLAY6_WORLD_H

#include "topology.h"

#define MAC_19 UINT64_C(0x020000000019) /* on host 3 */
#define MAC_29 UINT64_C(0x020000000029) /* on host 2, its IPv4 side */
#define MAC_39 UINT64_C(0x020000000039) /* behind the router */
#define MAC_GW UINT64_C(0x02AA000000FE)

#define US   "2001:db8::1"
#define H2   "2001:db8::2"
#define H3   "2001:db8::3"
#define FAR  "2001:db8:9::1"
#define MTU  1600
#define PATH (MTU - FR_INNER6)

#define NET6(more, uplink, blue)                                                                  \
    "version: 1\n"                                                                                \
    "options: {sessions: 1024, timeouts: {tcp_established: 60}}\n"                                \
    "underlay:\n" more "  neighbors: [{address: '2001:db8::2', mac: 02:aa:00:00:00:02},\n"        \
    "              {address: 192.0.2.2, mac: 02:aa:00:00:00:02}]\n"                               \
    "vpcs: [{name: blue, vni: 100" blue "}]\n"                                                    \
    "subnets: [{name: front, vpc: blue, prefix4: 10.1.0.0/24, prefix6: 'fd00:1::/64',\n"          \
    "           gateway4: 10.1.0.254, gateway6: 'fd00:1::fe', gateway_mac: 02:00:5e:00:01:fe}]\n" \
    "mappings:\n"                                                                                 \
    "  - {vpc: blue, address: 10.1.0.9, mac: 02:00:00:00:00:09, vtep: '2001:db8::2'}\n"           \
    "  - {vpc: blue, address: 'fd00:1::9', mac: 02:00:00:00:00:09, vtep: '2001:db8::2'}\n"        \
    "  - {vpc: blue, address: 10.1.0.19, mac: 02:00:00:00:00:19, vtep: '2001:db8::3'}\n"          \
    "  - {vpc: blue, address: 10.1.0.29, mac: 02:00:00:00:00:29, vtep: 192.0.2.2}\n"              \
    "  - {vpc: blue, address: 10.1.0.39, mac: 02:00:00:00:00:39, vtep: '2001:db8:9::1'}\n"        \
    "routes: [{vpc: blue, prefix: 10.5.0.0/16, type: local, reply: source}]\n" TOP_GROUPS         \
    "ports:\n"                                                                                    \
    "  - {name: up, role: uplink, type: ring, device: up, mac: 02:aa:00:00:00:01, mtu: 1600,\n"   \
    "     offload: false, address: 192.0.2.1/24, address6: '2001:db8::1/64'" uplink               \
    "}\n" TOP_A("") TOP_B("")
#define UPLINK ", gateway6: 'fe80::fe'"
#define UNDER6 NET6("", UPLINK, "")

extern const struct fr_flow h2_to_us;

/* Is this IPv6 address there? */
void is_address(const uint8_t *at, const char *text);

/* Outer header as RFC 8200 and RFC 7348 have it, flow label and port from the same flow; `got` becomes the inner frame. */
void expect6(struct fr *got, const char *vtep, uint64_t mac, bool checksum);

/* Around `f`: VXLAN from host 2 to us. */
void from_host2_six(struct fr *f);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network of the datapath's tests: VPC blue with subnets front (a, b, v) and back (c), VPC red with the same
 * addresses (r), an uplink with two remote hosts of which one's MAC is known.
 */
#ifndef TOPOLOGY_H
#define TOPOLOGY_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench_fw.h"

#define MAC_A  UINT64_C(0x020000000001) /* r has it too */
#define MAC_B  UINT64_C(0x020000000002)
#define MAC_C  UINT64_C(0x020000000003)
#define MAC_V  UINT64_C(0x020000000010)
#define MAC_9  UINT64_C(0x020000000009) /* 10.1.0.9 of either VPC, on host 192.0.2.2 */
#define MAC_29 UINT64_C(0x020000000029) /* 10.2.0.9, there too */
#define GW     UINT64_C(0x02005E0001FE) /* gateway of front */
#define GW2    UINT64_C(0x02005E0002FE) /* gateway of back */
#define MAC_UP UINT64_C(0x02AA00000001)
#define MAC_H2 UINT64_C(0x02AA00000002) /* 192.0.2.2 */
#define MAC_H3 UINT64_C(0x02AA00000003) /* 192.0.2.3, to be found by ARP */

#define TOP_OPTIONS(extra)                                                  \
    "version: 1\n"                                                          \
    "options: {sessions: 1024, timeouts: {tcp_established: 60}" extra "}\n" \
    "underlay: {neighbors: [{address: 192.0.2.2, mac: 02:aa:00:00:00:02}]}\n"
#define TOP_NET                                                                                   \
    "vpcs: [{name: blue, vni: 100}, {name: red, vni: 200}]\n"                                     \
    "subnets:\n"                                                                                  \
    "  - {name: front, vpc: blue, prefix4: 10.1.0.0/24, prefix6: 'fd00:1::/64',\n"                \
    "     gateway4: 10.1.0.254, gateway6: 'fd00:1::fe', gateway_mac: 02:00:5e:00:01:fe}\n"        \
    "  - {name: back, vpc: blue, prefix4: 10.2.0.0/24, prefix6: 'fd00:2::/64',\n"                 \
    "     gateway4: 10.2.0.254, gateway6: 'fd00:2::fe', gateway_mac: 02:00:5e:00:02:fe}\n"        \
    "  - {name: red-front, vpc: red, prefix4: 10.1.0.0/24}\n"                                     \
    "mappings:\n"                                                                                 \
    "  - {vpc: blue, address: 10.1.0.9, mac: 02:00:00:00:00:09, vtep: 192.0.2.2}\n"               \
    "  - {vpc: blue, address: 'fd00:1::9', mac: 02:00:00:00:00:09, vtep: 192.0.2.2}\n"            \
    "  - {vpc: blue, address: 10.2.0.9, mac: 02:00:00:00:00:29, vtep: 192.0.2.2}\n"               \
    "  - {vpc: red, address: 10.1.0.9, mac: 02:00:00:00:00:09, vtep: 192.0.2.2}\n"                \
    "routes:\n"                                                                                   \
    "  - {vpc: blue, prefix: 10.9.0.0/16, type: gateway, via: 10.1.0.10}\n"                       \
    "  - {vpc: blue, prefix: 10.3.0.0/16, type: blackhole}\n"                                     \
    "  - {vpc: blue, prefix: 10.4.0.0/16, type: vtep, vtep: 192.0.2.3, mac: 02:00:00:00:00:44}\n" \
    "  - {vpc: blue, prefix: 10.5.0.0/16, type: vtep, vtep: 192.0.2.2, mac: 02:00:00:00:00:55}\n"
#define TOP_GROUPS       \
    "security_groups:\n" \
    "  - name: open\n"   \
    "    rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]\n"
#define TOP_CLOSED                                                \
    "  - name: closed\n"                                          \
    "    rules:\n"                                                \
    "      - {direction: egress, action: allow, protocol: tcp}\n" \
    "      - {direction: ingress, action: allow, protocol: tcp, ports: 80-80}\n"
#define TOP_UP                                                                                  \
    "ports:\n"                                                                                  \
    "  - {name: up, role: uplink, type: ring, device: up, mac: 02:aa:00:00:00:01, mtu: 1600,\n" \
    "     offload: false, address: 192.0.2.1/24, gateway: 192.0.2.254}\n"
#define TOP_A(more)                                                                             \
    "  - {name: a, role: vnic, type: ring, device: a, mac: 02:00:00:00:00:01, subnet: front,\n" \
    "     addresses: [10.1.0.5, 'fd00:1::5'], security_groups: [open]" more "}\n"
#define TOP_B(more)                                                                                \
    "  - {name: b, role: vnic, type: ring, device: b, mac: 02:00:00:00:00:02, mtu: 9000, subnet: " \
    "front,\n"                                                                                     \
    "     addresses: [10.1.0.6, 'fd00:1::6'], security_groups: [open]" more "}\n"
#define TOP_C(group)                                                                           \
    "  - {name: c, role: vnic, type: ring, device: c, mac: 02:00:00:00:00:03, subnet: back,\n" \
    "     addresses: [10.2.0.5, 'fd00:2::5'], security_groups: [" group "]}\n"
#define TOP_V                                                                                   \
    "  - {name: v, role: vnic, type: ring, device: v, mac: 02:00:00:00:00:10, subnet: front,\n" \
    "     addresses: [10.1.0.10], security_groups: [open], anti_spoof: false, midstream: "      \
    "pick-up}\n"
#define TOP_R                                                                           \
    "  - {name: r, role: vnic, type: ring, device: r, mac: 02:00:00:00:00:01, subnet: " \
    "red-front,\n"                                                                      \
    "     addresses: [10.1.0.5], security_groups: [open]}\n"

#define TOP_ALL     \
    TOP_OPTIONS("") \
    TOP_NET TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("") TOP_B("") TOP_C("open") TOP_V TOP_R

extern const struct fr_flow a_to_b, a_to_c, a_to_9, h2_to_1;

/* Frames big enough for anything, of this test program alone. */
extern struct fr out, in, more;

/* Fixtures: a bench under TOP_ALL, and its end. */
int top_open(void **state);
int top_close(void **state);

/* Around `f`: VXLAN from host 192.0.2.2 to us. */
void from_host2(struct fr *f, uint32_t vni);

/* The frame is what `f` says, with these MACs, TTL less by `hops`, checksums right. */
void expect_like(const struct fr *got, const struct fr *sent, uint64_t dmac, uint64_t smac,
                 unsigned hops);

/* Outer header of the frame: to this VTEP and MAC, of this network; `got` becomes the inner frame. */
void expect_tunnel(struct fr *got, const char *vtep, uint64_t mac, uint32_t vni);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The datapath's network (topology.h) with a way out: EIPs of a and, in VPC red, of r; a pool of one address for VPC blue,
 * on which a port of c and one of b are forwarded.
 */
#ifndef NAT_WORLD_H
#define NAT_WORLD_H

#include "topology.h"

#define MAC_GW UINT64_C(0x02AA000000FE) /* 192.0.2.254, the way to 198.51.100.0/24 */
#define MAC_N  UINT64_C(0x02AA00000007) /* 192.0.2.7, on the link */

#define NAT_OPTIONS(extra) \
    "version: 1\n"         \
    "options: {sessions: 1024, timeouts: {tcp_established: 60}" extra "}\n"
#define NAT_UP                                                                                  \
    "ports:\n"                                                                                  \
    "  - {name: up, role: uplink, type: ring, device: up, mac: 02:aa:00:00:00:01, mtu: 1600,\n" \
    "     offload: false, address: 192.0.2.1/24, gateway: 192.0.2.254, address6: "              \
    "'fd00:99::1/64',\n"                                                                        \
    "     gateway6: 'fd00:99::fe'}\n"
#define NAT_NEIGHBORS                                                          \
    "underlay: {neighbors: [{address: 192.0.2.254, mac: 02:aa:00:00:00:fe},\n" \
    "  {address: 192.0.2.2, mac: 02:aa:00:00:00:02},\n"                        \
    "  {address: 192.0.2.7, mac: 02:aa:00:00:00:07},\n"                        \
    "  {address: 'fd00:99::fe', mac: 02:aa:00:00:00:fe},\n"                    \
    "  {address: 'fd00:99::7', mac: 02:aa:00:00:00:07}]}\n"
#define NAT_NET                                                                                  \
    TOP_NET                                                                                      \
    "  - {vpc: blue, prefix: 0.0.0.0/0, type: external}\n"                                       \
    "  - {vpc: blue, prefix: '::/0', type: external}\n"                                          \
    "  - {vpc: red, prefix: 0.0.0.0/0, type: external}\n" TOP_GROUPS TOP_CLOSED NAT_UP TOP_A("") \
        TOP_B("") TOP_C("closed") TOP_V TOP_R
#define NAT_WORLD NAT_NEIGHBORS NAT_NET
#define NAT_HEAD  NAT_OPTIONS("") NAT_WORLD
#define NAT_EIPS                                     \
    "eips:\n"                                        \
    "  - {name: a, address: 203.0.113.5, vnic: a}\n" \
    "  - {name: r, address: 192.0.2.200, vnic: r, inside: 10.1.0.5}\n"
#define NAT_POOL(ports) \
    "snat: [{name: out, vpc: blue, addresses: [203.0.113.100], ports: " ports "}]\n"
#define NAT_FORWARDS                                                                          \
    "forwards:\n"                                                                             \
    "  - {name: web, address: 203.0.113.100, protocol: tcp, port: 80, vnic: c}\n"             \
    "  - {name: dns, address: 203.0.113.100, protocol: udp, port: 53, vnic: b, inside_port: " \
    "5353}\n"
#define NAT_ALL NAT_HEAD NAT_EIPS NAT_POOL("20000-20063") NAT_FORWARDS

/* A packet and how it must leave. */
struct way {
    const char *from, *to;
    struct fr_flow is, becomes;
};

enum kind { UDP, TCP, ECHO, REPLY, SYN, SYN_ACK };

/* a and b talk to 198.51.100.9:80; c is a web server for it. */
extern const struct way a_out, a_in, b_out, b_in, to_web, from_web;

/* A frame that this test program compares with. */
extern struct fr want;

void build(struct fr *f, const struct fr_flow *flow, enum kind kind);
/* It leaves as `w` says, byte for byte, with one hop less. */
void passes(struct bench *b, const struct way *w, enum kind kind);
void refused(struct bench *b, const char *port, const struct fr_flow *f, enum kind kind,
             enum hsr_drop reason);
/* Likewise out of a pool; the port it got. */
uint16_t leaves(struct bench *b, const struct way *w, enum kind kind);
/* The same way with other ports. */
struct way ports(const struct way *w, uint16_t is_sport, uint16_t is_dport, uint16_t sport,
                 uint16_t dport);
void apply(struct bench *b, const char *yaml);

#endif

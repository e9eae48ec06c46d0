/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers of the protocols as they stand on the wire: header sizes in bytes, offsets of checksum fields, protocol
 * numbers, types and ports. One place for all rooms; what only one file needs stays there. No code, no state.
 */
#ifndef HSRING_WIRE_H
#define HSRING_WIRE_H

/* Headers without tags, options and extensions. */
enum {
    HSR_ETH_HDR = 14,
    HSR_IP4_HDR = 20, /* RFC 791 */
    HSR_IP6_HDR = 40, /* RFC 8200 */
    HSR_TCP_HDR = 20, /* RFC 9293 */
    HSR_UDP_HDR = 8,
    HSR_SCTP_HDR = 12, /* RFC 9260 */
};

/* The checksum field, from the L4 header on. */
enum { HSR_TCP_CSUM = 16, HSR_UDP_CSUM = 6, HSR_SCTP_CSUM = 8 };

/* IANA protocol numbers. */
enum {
    HSR_PROTO_ICMP = 1,
    HSR_PROTO_IGMP = 2,
    HSR_PROTO_TCP = 6,
    HSR_PROTO_UDP = 17,
    HSR_PROTO_ICMP6 = 58,
    HSR_PROTO_SCTP = 132,
};

enum { HSR_PORT_VXLAN = 4789 /* RFC 7348 */, HSR_PORT_GENEVE = 6081 /* RFC 8926 */ };

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other end points in the headers of a packet: the work of ACT_NAT, without vectors and programs.
 *
 * Checksums follow by what changed (RFC 1624); what a sender has left to the NIC holds the pseudo header's sum alone. Pure
 * functions on the bytes given.
 */
#ifndef ACTION_NAT_H
#define ACTION_NAT_H

#include <stdbool.h>
#include <stdint.h>

/* What is written; NULL and false: stays. Ports in host order; of ICMP the identifier is the one that is given. */
struct nat_ends {
    const uint8_t *src, *dst; /* as many bytes as the family has */
    uint16_t sport, dport;
    bool new_sport, new_dport;
};

/* A packet's headers from the IP header on. */
struct nat_headers {
    uint8_t *ip, *l4;
    uint32_t l4_len; /* bytes that are there; 0: no L4 header (a later fragment) */
    uint8_t proto;
    bool ipv6;
    bool partial;  /* the L4 checksum is left to the NIC */
    bool has_port; /* ports or identifier are there to be written */
};

/* False, and nothing changed: the L4 header is not whole. */
bool nat_rewrite(const struct nat_headers *h, const struct nat_ends *ends);

/*
 * An ICMP or ICMPv6 error that travels as the packets do which `ends` is for: its own header likewise, and the packet it
 * quotes, which came the other way, as that was before. `icmp` has `len` bytes. False: no whole header is quoted.
 */
bool nat_rewrite_error(uint8_t *ip, uint8_t *icmp, uint32_t len, bool ipv6,
                       const struct nat_ends *ends);

#endif

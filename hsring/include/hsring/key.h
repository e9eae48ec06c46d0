/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key of a flow: sorted five-tuple and tenant context, the same for both directions.
 *
 * Word 0 and 1 of an IPv4 key are what stands in rx_meta.key_addrs and .key_ports; an IPv6 key is five words, the
 * last one as for IPv4. The low end point is the smaller of (address, port) as numbers; `swap` says that the
 * packet's source is the high one. For equal end points the caller decides by ingress port.
 */
#ifndef HSRING_KEY_H
#define HSRING_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "hsring/abi.h"
#include "hsring/bytes.h"

#define HSR_KEY4_WORDS 2
#define HSR_KEY6_WORDS 5

/* Words 0..1 for IPv4, 0..4 for IPv6 (low address, high address, ports). */
struct hsr_key {
    uint64_t w[HSR_KEY6_WORDS];
    bool ipv6;
};

static inline uint64_t hsr_key_ports(uint16_t lo, uint16_t hi, uint32_t context, uint8_t proto)
{
    return (uint64_t)lo << 48 | (uint64_t)hi << 32 | (context & 0xFFFFFFu) << 8 | proto;
}

static inline uint8_t hsr_key_proto(uint64_t ports)
{
    return (uint8_t)ports;
}

static inline uint32_t hsr_key_context(uint64_t ports)
{
    return (uint32_t)ports >> 8;
}

/* Port of the low (`high` false) or high end point, host order. */
static inline uint16_t hsr_key_port(uint64_t ports, bool high)
{
    return (uint16_t)(ports >> (high ? 32 : 48));
}

/*
 * Sort an IPv4 tuple (host order) into `key`; true when the source became the high end point.
 * `swap_if_equal` is the answer for equal end points.
 */
static inline bool hsr_key4(struct hsr_key *key, uint32_t src, uint32_t dst, uint16_t sport,
                            uint16_t dport, uint8_t proto, uint32_t context, bool swap_if_equal)
{
    uint64_t from = (uint64_t)src << 16 | sport;
    uint64_t to = (uint64_t)dst << 16 | dport;
    bool swap = from == to ? swap_if_equal : from > to;

    key->ipv6 = false;
    if (swap) {
        key->w[0] = (uint64_t)dst << 32 | src;
        key->w[1] = hsr_key_ports(dport, sport, context, proto);
    } else {
        key->w[0] = (uint64_t)src << 32 | dst;
        key->w[1] = hsr_key_ports(sport, dport, context, proto);
    }
    return swap;
}

/* The same for IPv6; `src`, `dst` are the sixteen bytes of the packet. */
static inline bool hsr_key6(struct hsr_key *key, const uint8_t *src, const uint8_t *dst,
                            uint16_t sport, uint16_t dport, uint8_t proto, uint32_t context,
                            bool swap_if_equal)
{
    uint64_t s[2] = {hsr_load64(src), hsr_load64(src + 8)};
    uint64_t d[2] = {hsr_load64(dst), hsr_load64(dst + 8)};
    bool equal = s[0] == d[0] && s[1] == d[1] && sport == dport;
    bool swap = swap_if_equal;

    if (!equal)
        swap = s[0] != d[0] ? s[0] > d[0] : s[1] != d[1] ? s[1] > d[1] : sport > dport;
    key->ipv6 = true;
    key->w[0] = swap ? d[0] : s[0];
    key->w[1] = swap ? d[1] : s[1];
    key->w[2] = swap ? s[0] : d[0];
    key->w[3] = swap ? s[1] : d[1];
    key->w[4] = swap ? hsr_key_ports(dport, sport, context, proto)
                     : hsr_key_ports(sport, dport, context, proto);
    return swap;
}

/* The word with ports, context and protocol. */
static inline uint64_t hsr_key_tail(const struct hsr_key *key)
{
    return key->ipv6 ? key->w[4] : key->w[1];
}

#endif

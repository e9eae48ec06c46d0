/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The translation of most packets in one straight line: TCP or UDP over IPv4, all of the L4 header there, its checksum whole.
 * What it writes is what nat_rewrite() would.
 */
#ifndef ACTION_NAT_PLAIN_H
#define ACTION_NAT_PLAIN_H

#include <stddef.h>
#include <string.h>

#include "action/action.h"
#include "hsring/csum.h"
#include "hsring/wire.h"

/* What stands in packets, in host order: by how much the sums of their words grow when they are translated. */
static inline void nat_plain_grow(struct act_nat_param *to, uint32_t src, uint32_t dst,
                                  uint32_t ports)
{
    const uint64_t none = UINT32_MAX; /* a multiple of 65,535: keeps differences positive */
    uint64_t more = (none - src + hsr_load32(to->src)) + (none - dst + hsr_load32(to->dst));

    to->addrs_grow = hsr_csum_fold(more);
    to->all_grow = hsr_csum_fold(more + (none - ports + ((uint32_t)to->sport << 16 | to->dport)));
}

/* A checksum field after its words have grown by `more`, counted modulo 65,535 (RFC 1624): a sum that has been folded, or two. */
static inline uint16_t nat_plain_csum(uint16_t old, uint32_t more)
{
    uint32_t sum = (uint16_t)~old + more;

    sum = (sum & 0xFFFF) + (sum >> 16);
    return (uint16_t) ~(sum + (sum >> 16));
}

/*
 * What nat_rewrite() would write, on a packet that has just the end points that `param` was made for, as all of a session have:
 * nothing of it is read but the sums. `param`: struct act_nat_param where it stands in the session, read field by field, since a copy would be an array
 * on the stack, which is guarded. `hop`: what the IP header's sum grows by besides.
 */
static inline void nat_write_plain(const uint8_t *param, uint8_t *ip, uint8_t *l4, bool udp,
                                   uint32_t hop)
{
    uint8_t *at = l4 + (udp ? HSR_UDP_CSUM : HSR_TCP_CSUM);
    uint16_t old = hsr_load16(at);
    uint32_t ports, grow;

    memcpy(&ports, param + offsetof(struct act_nat_param, sport), sizeof ports);
    memcpy(&grow, param + offsetof(struct act_nat_param, addrs_grow), sizeof grow);
    memcpy(ip + 12, param + offsetof(struct act_nat_param, src), 8);
    hsr_store16(ip + 10, nat_plain_csum(hsr_load16(ip + 10), (grow & 0xFFFF) + hop));
    hsr_store32(l4, ports << 16 | ports >> 16);
    if (udp && old == 0) /* none: RFC 768 */
        return;
    old = nat_plain_csum(old, grow >> 16);
    hsr_store16(at, udp && old == 0 ? 0xFFFF : old);
}

_Static_assert(offsetof(struct act_nat_param, dst) == offsetof(struct act_nat_param, src) + 4,
               "as in a packet");
_Static_assert(offsetof(struct act_nat_param, dport) == offsetof(struct act_nat_param, sport) + 2 &&
                   offsetof(struct act_nat_param, all_grow) ==
                       offsetof(struct act_nat_param, addrs_grow) + 2,
               "a word each");

#endif

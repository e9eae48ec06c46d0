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

/* What of a packet stays, and what is put in the place of the rest, in host order. */
struct nat_plain {
    uint32_t keep_src, src;
    uint32_t keep_dst, dst;
    uint32_t keep_ports, ports; /* source port first */
};

/*
 * Read field by field where it stands in the session: a copy would be an array on the stack, which is guarded. `what`: enum
 * act_nat.
 */
static inline struct nat_plain nat_plain_of(unsigned what, const uint8_t *param)
{
    static const struct {
        uint32_t src, dst, ports;
    } keep[16] = {
#define NAT_KEEP(w)                                                            \
    [w] = {(w)&ACT_NAT_SRC ? 0 : UINT32_MAX, (w)&ACT_NAT_DST ? 0 : UINT32_MAX, \
           ((w)&ACT_NAT_SPORT ? 0 : 0xFFFF0000u) | ((w)&ACT_NAT_DPORT ? 0 : 0xFFFFu)}
        NAT_KEEP(0),  NAT_KEEP(1),  NAT_KEEP(2),  NAT_KEEP(3),  NAT_KEEP(4),  NAT_KEEP(5),
        NAT_KEEP(6),  NAT_KEEP(7),  NAT_KEEP(8),  NAT_KEEP(9),  NAT_KEEP(10), NAT_KEEP(11),
        NAT_KEEP(12), NAT_KEEP(13), NAT_KEEP(14), NAT_KEEP(15),
#undef NAT_KEEP
    };
    uint16_t sport, dport;

    what &= ACT_NAT_SRC | ACT_NAT_DST | ACT_NAT_SPORT | ACT_NAT_DPORT;
    memcpy(&sport, param + offsetof(struct act_nat_param, sport), sizeof sport);
    memcpy(&dport, param + offsetof(struct act_nat_param, dport), sizeof dport);
    return (struct nat_plain){
        .keep_src = keep[what].src,
        .src = hsr_load32(param + offsetof(struct act_nat_param, src)) & ~keep[what].src,
        .keep_dst = keep[what].dst,
        .dst = hsr_load32(param + offsetof(struct act_nat_param, dst)) & ~keep[what].dst,
        .keep_ports = keep[what].ports,
        .ports = ((uint32_t)sport << 16 | dport) & ~keep[what].ports,
    };
}

_Static_assert((ACT_NAT_SRC | ACT_NAT_DST | ACT_NAT_SPORT | ACT_NAT_DPORT) == 15, "16 sets");

/* A checksum field after its words have grown by `more`, counted modulo 65,535 (RFC 1624). */
static inline uint16_t nat_plain_csum(uint16_t old, uint64_t more)
{
    return (uint16_t)~hsr_csum_fold((uint16_t)~old + more);
}

/* `hop`: what the IP header's sum has grown by besides. */
static inline void nat_rewrite_plain(const struct nat_plain *n, uint8_t *ip, uint8_t *l4, bool udp,
                                     uint64_t hop)
{
    const uint64_t none = UINT32_MAX; /* a multiple of 65,535: keeps differences positive */
    uint32_t src = hsr_load32(ip + 12), dst = hsr_load32(ip + 16), ports = hsr_load32(l4);
    uint32_t to_src = (src & n->keep_src) | n->src, to_dst = (dst & n->keep_dst) | n->dst;
    uint32_t to_ports = (ports & n->keep_ports) | n->ports;
    uint64_t more = (none - src + to_src) + (none - dst + to_dst);
    uint8_t *at = l4 + (udp ? HSR_UDP_CSUM : HSR_TCP_CSUM);
    uint16_t old = hsr_load16(at);

    hsr_store32(ip + 12, to_src);
    hsr_store32(ip + 16, to_dst);
    hsr_store16(ip + 10, nat_plain_csum(hsr_load16(ip + 10), more + hop));
    hsr_store32(l4, to_ports);
    if (udp && old == 0) /* none: RFC 768 */
        return;
    old = nat_plain_csum(old, more + (none - ports + to_ports));
    hsr_store16(at, udp && old == 0 ? 0xFFFF : old);
}

#endif

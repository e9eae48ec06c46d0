/* SPDX-License-Identifier: Apache-2.0 */
#include "nat.h"

#include <string.h>

#include "hsring/csum.h"
#include "hsring/wire.h"

#define ICMP_CSUM   2
#define ICMP_ID     4
#define ICMP_HDR    8
#define QUOTED_MORE 20 /* of a quoted L4 header at most this can change */

/* What left the checksums and what joined them, as sums of 16-bit words. */
struct change {
    uint64_t removed, added;
};

static inline void put_addr(uint8_t *at, const uint8_t *to, bool ipv6, struct change *c)
{
    if (to == NULL)
        return;
    if (!ipv6) {
        c->removed += hsr_load32(at);
        c->added += hsr_load32(to);
        memcpy(at, to, 4);
        return;
    }
    c->removed = hsr_csum_add(c->removed, at, 16);
    c->added = hsr_csum_add(c->added, to, 16);
    memcpy(at, to, 16);
}

static inline void put_port(uint8_t *at, uint16_t to, struct change *c)
{
    c->removed += hsr_load16(at);
    c->added += to;
    hsr_store16(at, to);
}

/* Offset of the checksum, and of what else is to be there; 0: nothing of L4 changes (SCTP's CRC has no addresses in it). */
static uint32_t csum_offset(uint8_t proto)
{
    switch (proto) {
    case HSR_PROTO_TCP:
        return HSR_TCP_CSUM;
    case HSR_PROTO_UDP:
        return HSR_UDP_CSUM;
    case HSR_PROTO_ICMP:
    case HSR_PROTO_ICMP6:
        return ICMP_CSUM;
    default:
        return 0;
    }
}

static bool is_icmp(uint8_t proto)
{
    return proto == HSR_PROTO_ICMP || proto == HSR_PROTO_ICMP6;
}

static struct change put_addrs(uint8_t *ip, bool ipv6, const struct nat_ends *ends)
{
    struct change c = {0};

    put_addr(ip + (ipv6 ? 8 : 12), ends->src, ipv6, &c);
    put_addr(ip + (ipv6 ? 24 : 16), ends->dst, ipv6, &c);
    if (!ipv6)
        hsr_store16(ip + 10, hsr_csum_update(hsr_load16(ip + 10), c.removed, c.added));
    return c;
}

static struct change put_ports(uint8_t *l4, uint8_t proto, const struct nat_ends *ends)
{
    struct change c = {0};

    if (is_icmp(proto)) {
        if (ends->new_sport || ends->new_dport)
            put_port(l4 + ICMP_ID, ends->new_sport ? ends->sport : ends->dport, &c);
        return c;
    }
    if (ends->new_sport)
        put_port(l4, ends->sport, &c);
    if (ends->new_dport)
        put_port(l4 + 2, ends->dport, &c);
    return c;
}

/* The L4 checksum field after addresses and ports changed. */
static void fix_csum(uint8_t *at, const struct nat_headers *h, struct change addrs,
                     struct change ports)
{
    uint16_t old = hsr_load16(at), new;

    if (h->proto == HSR_PROTO_ICMP) /* no pseudo header */
        addrs = (struct change){0};
    if (h->partial) {
        uint64_t sum = (uint64_t)old + (uint16_t)~hsr_csum_fold(addrs.removed) + addrs.added;

        hsr_store16(at, hsr_csum_fold(sum));
        return;
    }
    if (h->proto == HSR_PROTO_UDP && old == 0) /* none: RFC 768 */
        return;
    new = hsr_csum_update(old, addrs.removed + ports.removed, addrs.added + ports.added);
    hsr_store16(at, h->proto == HSR_PROTO_UDP && new == 0 ? 0xFFFF : new);
}

bool nat_rewrite(const struct nat_headers *h, const struct nat_ends *ends)
{
    uint32_t at = h->l4_len > 0 ? csum_offset(h->proto) : 0;
    struct change addrs, ports = {0};

    if (at != 0 && h->l4_len < (is_icmp(h->proto) ? ICMP_HDR : at + 2))
        return false;
    addrs = put_addrs(h->ip, h->ipv6, ends);
    if (at == 0)
        return true;
    if (h->has_port)
        ports = put_ports(h->l4, h->proto, ends);
    fix_csum(h->l4 + at, h, addrs, ports);
    return true;
}

/* The quoted packet as it was before: what became its source is the address that `ends` writes as the destination. */
static void restore(uint8_t *ip, uint32_t header, uint32_t len, bool ipv6,
                    const struct nat_ends *ends)
{
    struct nat_ends before = {.src = ends->dst,
                              .dst = ends->src,
                              .sport = ends->dport,
                              .dport = ends->sport,
                              .new_sport = ends->new_dport,
                              .new_dport = ends->new_sport};
    uint8_t proto = ipv6 ? ip[6] : ip[9], *l4 = ip + header;
    struct nat_headers h = {
        .ip = ip, .l4 = l4, .l4_len = len - header, .proto = proto, .ipv6 = ipv6, .has_port = true};

    if (nat_rewrite(&h, &before))
        return;
    /* Its checksum is not quoted (TCP, eight bytes): ports alone. */
    put_addrs(ip, ipv6, &before);
    if (h.l4_len >= 4)
        put_ports(l4, proto, &before);
}

bool nat_rewrite_error(uint8_t *ip, uint8_t *icmp, uint32_t len, bool ipv6,
                       const struct nat_ends *ends)
{
    uint8_t *quoted = icmp + ICMP_HDR;
    uint32_t there = len - ICMP_HDR, header, span;
    struct change inner, addrs;

    if (len < ICMP_HDR + (ipv6 ? HSR_IP6_HDR : HSR_IP4_HDR))
        return false;
    header = ipv6 ? HSR_IP6_HDR : (quoted[0] & 15u) * 4;
    if (header < HSR_IP4_HDR || header > there)
        return false;
    span = there - header < QUOTED_MORE ? there : header + QUOTED_MORE;
    inner.removed = hsr_csum_add(0, quoted, span);
    restore(quoted, header, there, ipv6, ends);
    inner.added = hsr_csum_add(0, quoted, span);
    addrs = put_addrs(ip, ipv6, ends);
    if (ipv6) {
        inner.removed += addrs.removed;
        inner.added += addrs.added;
    }
    hsr_store16(icmp + ICMP_CSUM,
                hsr_csum_update(hsr_load16(icmp + ICMP_CSUM), inner.removed, inner.added));
    return true;
}

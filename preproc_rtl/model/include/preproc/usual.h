/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The usual packet in one straight line, inlined where bursts come in: good, untagged, IPv4 without options, TCP or UDP,
 * unicast, nothing asked of us; from an uplink also such a packet inside VXLAN over IPv4. A test holds it equal to the staged
 * parser, which takes all others.
 */
#ifndef PREPROC_USUAL_H
#define PREPROC_USUAL_H

#include <string.h>

#include "hsring/csum.h"
#include "hsring/wire.h"
#include "preproc/parse.h"

/* Offsets in an untagged frame with an IPv4 header without options. */
enum { PP_USUAL_L3 = 14, PP_USUAL_L4 = 34, PP_USUAL_UDP_END = 42 };

/* Places of the verdicts in rx_meta. */
enum { PP_USUAL_GOOD = HSR_VERDICT_GOOD << 0 | HSR_VERDICT_GOOD << 2 };

#define PP_USUAL static inline __attribute__((always_inline))

/* Of what is hardly ever so: without the word, gcc takes the end of so long a chain for cold. */
#define PP_SELDOM(what) __builtin_expect((what) != 0, 0)

PP_USUAL uint32_t pp_word32(const uint8_t *p)
{
    uint32_t w;

    memcpy(&w, p, sizeof w);
    return w;
}

/* Of TCP: `n` bytes of options that end where the header does; flags that a segment may have (parse_l4.c). */
bool pp_tcp_options_fit(const uint8_t *p, uint32_t n);
bool pp_tcp_flags_sane(uint8_t flags);

/*
 * End of the L4 header of a TCP or UDP segment that is as usual, else 0. `n`: bytes of the segment,
 * at least 8. Most TCP is without options or with aligned timestamps alone (RFC 7323, appendix A).
 */
PP_USUAL uint32_t pp_usual_l4(const uint8_t *frame, uint8_t proto, uint32_t n, uint8_t *flags)
{
    const uint8_t *p = frame + PP_USUAL_L4;

    *flags = 0;
    if (proto == HSR_PROTO_UDP)
        return hsr_load16(p + 4) == n && hsr_load16(p + 6) != 0 ? PP_USUAL_UDP_END : 0;
    if (proto != HSR_PROTO_TCP || n < 20)
        return 0;
    *flags = p[13];
    if ((*flags & 0x17) != 0x10 &&
        !pp_tcp_flags_sane(*flags)) /* else: the middle of a connection */
        return 0;
    uint32_t header = (p[12] >> 4) * 4u;

    if (header == 20 || (header == 32 && n >= 32 && hsr_load32(p + 20) == 0x0101080A))
        return PP_USUAL_L4 + header;
    return header > 20 && header <= n && pp_tcp_options_fit(p + 20, header - 20)
               ? PP_USUAL_L4 + header
               : 0;
}

/* Is UDP to this port not usual: DHCP, or from the network a tunnel? */
PP_USUAL bool pp_usual_special(uint16_t dport, bool uplink)
{
    return dport == 67 || dport == 68 ||
           (uplink && (dport == HSR_PORT_VXLAN || dport == HSR_PORT_GENEVE));
}

/* Is the sum over an IPv4 header without options right? */
PP_USUAL bool pp_usual_ip4_sum(const uint8_t *frame)
{
    const uint8_t *ip = frame + PP_USUAL_L3;

    return hsr_csum_is_right(
        hsr_sum(hsr_sum(hsr_sum_word(ip), hsr_sum_word(ip + 8)), pp_word32(ip + 16)));
}

#define PP_USUAL_HEAD  0x450008u /* type IPv4, version and header length, from byte 12 on */
#define PP_USUAL_WHOLE 0xFF3Fu   /* no fragment, no more of them, from byte 20 on */

/* What pp_parse() makes of it; false, and nothing written: it is not usual. */
PP_USUAL bool pp_parse_usual(const uint8_t *f, uint32_t len, const struct pp_ingress *in,
                             struct hsr_rx_meta *meta)
{
    uint8_t flags;

    if (PP_SELDOM(len < PP_USUAL_UDP_END) || PP_SELDOM(len > HSR_MAX_FRAME) ||
        PP_SELDOM((pp_word32(f + 12) & 0xFFFFFFu) != PP_USUAL_HEAD) ||
        PP_SELDOM((pp_word32(f + 20) & PP_USUAL_WHOLE) != 0))
        return false;
    uint32_t total = hsr_load16(f + 16);
    uint64_t addrs = hsr_load64(f + 26); /* source, destination */
    uint32_t dst = (uint32_t)addrs;

    if (PP_SELDOM(total < 28) || PP_SELDOM(total > len - PP_USUAL_L3) ||
        PP_SELDOM(dst >> 28 == 0xE) || PP_SELDOM(dst == UINT32_MAX) ||
        PP_SELDOM(!pp_usual_ip4_sum(f)))
        return false;
    uint32_t ports = hsr_load32(f + PP_USUAL_L4), n = total - 20;
    uint8_t proto = f[23];
    uint32_t end = pp_usual_l4(f, proto, n, &flags);

    if (PP_SELDOM(end == 0) ||
        PP_SELDOM(proto == HSR_PROTO_UDP && pp_usual_special((uint16_t)ports, in->uplink)))
        return false;
    /* Pseudo header: protocol and length in the packet's order of bytes, which both begin with a zero here. */
    uint64_t pseudo = (uint64_t)proto << 8 | (uint64_t)__builtin_bswap16((uint16_t)n) << 16;

    if (PP_SELDOM(!hsr_csum_is_right(
            hsr_sum_bytes(hsr_sum(pseudo, hsr_sum_word(f + 26)), f + PP_USUAL_L4, n))))
        return false;

    /* hsr_key4() without a branch: which end is the high one changes from packet to packet. */
    uint64_t from = (addrs >> 32) << 16 | ports >> 16, to = (uint64_t)dst << 16 | (uint16_t)ports;
    bool swap = from > to || (from == to && in->uplink);

    meta->key_addrs = swap ? addrs << 32 | addrs >> 32 : addrs;
    meta->key_ports = (uint64_t)(swap ? ports << 16 | ports >> 16 : ports) << 32 |
                      (in->context & 0xFFFFFFu) << 8 | proto;
    unsigned rxf = (swap ? HSR_RXF_SWAP : 0u) | (in->uplink ? HSR_RXF_UPLINK : 0u) |
                   ((f[0] & 1) ? HSR_RXF_L2_MCAST : 0u);
    unsigned class = proto == HSR_PROTO_TCP ? HSR_CLASS_TCP : HSR_CLASS_UDP;
    uint64_t what = (PP_USUAL_L3 + total) | (uint64_t)in->port << 32 | (uint64_t) class << 48 |
                    (uint64_t)rxf << 56;
    uint64_t where =
        (uint64_t)PP_USUAL_L3 << 16 | (uint64_t)PP_USUAL_L4 << 32 | (uint64_t)end << 48;
    uint32_t tail = PP_USUAL_GOOD | (uint32_t)flags << 24;

    memcpy(&meta->frame_len, &what, sizeof what);
    memcpy(&meta->l2_off, &where, sizeof where);
    memcpy(&meta->verdicts, &tail, sizeof tail);
    return true;
}

enum { PP_USUAL_VXLAN_AT = 42, PP_USUAL_INNER = 50 };

_Static_assert(
    offsetof(struct hsr_rx_meta, vni_tunnel) == offsetof(struct hsr_rx_meta, key6) + 32 &&
        offsetof(struct hsr_rx_meta, timestamp) == offsetof(struct hsr_rx_meta, vni_tunnel) + 20 &&
        offsetof(struct hsr_rx_meta, partial_sum) == offsetof(struct hsr_rx_meta, vlan_tci) + 2,
    "line 1 below");

/* The parser's part of line 1, of a packet that came through a tunnel over IPv4 and has nothing else to say there. */
PP_USUAL void pp_usual_line1(struct hsr_rx_meta *meta, uint32_t vni_tunnel, uint32_t outer_src4)
{
    memset(meta->key6, 0,
           offsetof(struct hsr_rx_meta, timestamp) - offsetof(struct hsr_rx_meta, key6));
    meta->vni_tunnel = vni_tunnel;
    meta->outer_src4 = outer_src4;
    meta->vlan_tci = 0;
    meta->partial_sum = 0;
}

/* Metadata of the inner frame as if it had come alone, made that of the whole one. Words as they were written, so that no load waits. */
PP_USUAL void pp_usual_enter(struct hsr_rx_meta *meta)
{
    const uint64_t further = PP_USUAL_INNER * UINT64_C(0x0001000100010001); /* four offsets */
    uint64_t what, where;
    uint32_t tail;

    memcpy(&what, &meta->frame_len, sizeof what);
    memcpy(&where, &meta->l2_off, sizeof where);
    memcpy(&tail, &meta->verdicts, sizeof tail);
    what += PP_USUAL_INNER | (uint64_t)(HSR_RXF_DECAP | HSR_RXF_LINE1) << 56;
    where += further;
    tail |= HSR_VERDICT_GOOD << 4; /* of the outer IPv4 header; its UDP has no checksum */
    memcpy(&meta->frame_len, &what, sizeof what);
    memcpy(&meta->l2_off, &where, sizeof where);
    memcpy(&meta->verdicts, &tail, sizeof tail);
}

/*
 * What pp_parse() makes of a usual packet inside VXLAN (RFC 7348) from an uplink to a VTEP of ours: IPv4 without options, UDP without
 * a checksum, no congestion mark, a network that somebody here is in. False, and nothing written: it is something else.
 */
PP_USUAL bool pp_parse_usual_vxlan(const uint8_t *f, uint32_t len, const struct pp_ingress *in,
                                   const struct pp_tables *tables, struct hsr_rx_meta *meta)
{
    if (PP_SELDOM(len < PP_USUAL_INNER + PP_USUAL_UDP_END) || PP_SELDOM(len > HSR_MAX_FRAME) ||
        PP_SELDOM((pp_word32(f + 12) & 0x3FFFFFFu) != PP_USUAL_HEAD) || /* ECN too is zero */
        PP_SELDOM((pp_word32(f + 20) & PP_USUAL_WHOLE) != 0) || PP_SELDOM(f[23] != HSR_PROTO_UDP))
        return false;
    uint32_t total = hsr_load16(f + 16), head = hsr_load32(f + PP_USUAL_L4 + 2);

    if (PP_SELDOM(total > len - PP_USUAL_L3) ||
        PP_SELDOM(total < PP_USUAL_INNER - PP_USUAL_L3 + PP_USUAL_UDP_END) ||
        PP_SELDOM(head != (HSR_PORT_VXLAN << 16 | (total - 20))) ||
        PP_SELDOM(hsr_load16(f + PP_USUAL_L4 + 6) != 0) ||
        PP_SELDOM((f[PP_USUAL_VXLAN_AT] & 8) == 0) || PP_SELDOM(!pp_usual_ip4_sum(f)) ||
        PP_SELDOM(!pp_tables_is_local(tables, f + 30, 4)))
        return false;
    uint32_t vni = hsr_load32(f + PP_USUAL_VXLAN_AT + 4) >> 8;
    struct pp_ingress inner = {.port = in->port,
                               .uplink = true,
                               .context = pp_tables_lookup(tables, HSR_TUNNEL_VXLAN, vni)};

    if (PP_SELDOM(inner.context == 0) ||
        PP_SELDOM(!pp_parse_usual(f + PP_USUAL_INNER, total + PP_USUAL_L3 - PP_USUAL_INNER, &inner,
                                  meta)))
        return false;
    pp_usual_enter(meta);
    pp_usual_line1(meta, vni << 8 | HSR_TUNNEL_VXLAN, hsr_load32(f + 26));
    return true;
}

/* From an uplink inside VXLAN first: the other one leaves that alone. */
PP_USUAL bool pp_parse_straight(const uint8_t *f, uint32_t len, const struct pp_ingress *in,
                                const struct pp_tables *tables, struct hsr_rx_meta *meta)
{
    return (in->uplink && pp_parse_usual_vxlan(f, len, in, tables, meta)) ||
           pp_parse_usual(f, len, in, meta);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets larger than their path. What the sender leaves to us to cut is cut by the Post-Processor: TCP frames with
 * segmentation offload into smaller segments, IPv4 without DF into fragments. Who forbids fragments (DF; all of IPv6,
 * RFC 8200, 5) is told the path's MTU (RFC 1191, RFC 8201).
 */
#include <string.h>

#include "hsring/quoted.h"
#include "hsring/wire.h"
#include "internal.h"

#define IP4_DF         0x4000
#define UNREACHABLE4   3
#define NEEDS_FRAGMENT 4
#define TOO_BIG6       2

/* The segmentation that the sender asks for, HSR_GSO_NONE for none. */
static unsigned gso_of(const struct act_packet *p)
{
    bool partial = (p->meta.verdicts >> 2 & 3) == HSR_VERDICT_PARTIAL;

    return partial && p->meta.flags & HSR_RXF_LINE1 ? p->meta.gso_type & ~(unsigned)HSR_GSO_ECN
                                                    : HSR_GSO_NONE;
}

static bool may_fragment(const struct act_packet *p)
{
    return !(p->meta.flags & HSR_RXF_IPV6) && !(hsr_load16(act_frame(p) + p->l3 + 6) & IP4_DF);
}

/* UDP that is to be cut anyway: does each piece fit? A datagram's, with its header; a fragment's, with the IP header. */
static bool pieces_fit(const struct act_packet *p, unsigned gso, uint16_t mtu)
{
    uint32_t headers = gso == HSR_GSO_USO ? (uint32_t)p->meta.payload_off - p->meta.l3_off
                                          : (uint32_t)p->meta.l4_off - p->meta.l3_off;

    return headers + p->meta.gso_size <= mtu;
}

enum hsr_drop dp_over_mtu(struct act_packet *p, uint16_t mtu)
{
    unsigned gso = gso_of(p);
    bool tcp = gso == HSR_GSO_TCP4 || gso == HSR_GSO_TCP6;

    if (mtu == SES_MTU_NONE)
        return HSR_DROP_NONE;
    if ((gso == HSR_GSO_UFO || gso == HSR_GSO_USO) && pieces_fit(p, gso, mtu))
        return HSR_DROP_NONE;
    p->mtu = mtu;
    p->fragment = !tcp && may_fragment(p);
    return tcp || p->fragment ? HSR_DROP_NONE : HSR_DROP_PMTU;
}

/* --- told by the underlay ----------------------------------------------------------------------------------------- */

/* Routers older than RFC 1191 do not say what would pass: the next plateau below what did not (its section 7). */
static uint16_t plateau(uint16_t too_big)
{
    static const uint16_t plateaus[] = {32000, 17914, 8166, 4352, 2002, 1492, 1006, DP_PMTU_LO4};
    unsigned i = 0;

    while (plateaus[i] >= too_big && plateaus[i] > DP_PMTU_LO4)
        i++;
    return plateaus[i];
}

/* What a router says of a packet. */
struct told {
    uint32_t mtu;     /* of its next link */
    uint32_t too_big; /* bytes of the packet */
    struct cfg_addr from, to;
    const uint8_t *udp;
};

/* RFC 1191, 4. Of a packet that may not be fragmented, as none of ours may. */
static bool read4(const uint8_t *icmp, const uint8_t *ip, struct told *t)
{
    t->too_big = hsr_load16(ip + 2);
    t->mtu = hsr_load16(icmp + 6) != 0 ? hsr_load16(icmp + 6) : plateau((uint16_t)t->too_big);
    t->udp = ip + (ip[0] & 15u) * 4;
    return icmp[1] == NEEDS_FRAGMENT && ip[9] == HSR_PROTO_UDP && hsr_load16(ip + 6) & IP4_DF;
}

/* RFC 4443, 3.2. */
static bool read6(const uint8_t *icmp, const uint8_t *ip, struct told *t)
{
    t->too_big = hsr_load16(ip + 4) + (uint32_t)HSR_IP6_HDR;
    t->mtu = hsr_load32(icmp + 4);
    t->udp = ip + HSR_IP6_HDR;
    return ip[6] == HSR_PROTO_UDP;
}

/* One of our tunnel packets, as far as the quote can say: who made it up has to know both hosts and guess the port. */
static bool is_ours(struct dp_worker *w, const struct act_packet *p, const struct told *t)
{
    struct cfg_addr us = dp_ip_addr(act_frame(p) + p->l3, p->meta.flags & HSR_RXF_IPV6, false);
    uint16_t to = hsr_load16(t->udp + 2);

    return dp_is_ours(w, pol_port(w->policy, p->meta.ingress), &t->from) &&
           cfg_addr_equal(&us, &t->from) && (to == HSR_PORT_VXLAN || to == HSR_PORT_GENEVE) &&
           (hsr_load16(t->udp) & 0xC000) == 0xC000 && pol_is_vtep(w->policy, &t->to);
}

bool dp_pmtu_told(struct dp_worker *w, const struct act_packet *p)
{
    bool six = p->meta.flags & HSR_RXF_IPV6;
    const uint8_t *icmp = act_frame(p) + p->l4;
    struct hsr_quoted quoted;
    struct told t;

    if (p->meta.tcp_flags != (six ? TOO_BIG6 : UNREACHABLE4) || p->frame_len < p->l4 + 8u ||
        !hsr_quoted_key(&quoted, icmp, p->frame_len - p->l4, six, 0, true) ||
        !(six ? read6 : read4)(icmp, quoted.ip, &t))
        return false;
    t.from = dp_ip_addr(quoted.ip, six, true);
    t.to = dp_ip_addr(quoted.ip, six, false);
    if (!is_ours(w, p, &t))
        return false;
    if (t.mtu < t.too_big && t.mtu <= UINT16_MAX)
        dp_pmtu_learn(&w->shared->pmtus, &t.to, (uint16_t)t.mtu, w->now);
    return true;
}

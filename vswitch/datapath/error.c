/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ICMP errors of our own: a packet cannot go on, and its sender should know (RFC 792, RFC 1812, RFC 4443). They come
 * from the gateway of the sender's subnet and go back the way the packet came, quoting it as it was.
 *
 * Never about an ICMP error, a fragment but the first, or what was or seems to be sent to or by many (RFC 1122, 3.2.2;
 * RFC 4443, 2.4). Each vNIC has an allowance: a flood of packets that are too large costs nobody's time but its own.
 */
#include <string.h>

#include "hsring/csum.h"
#include "hsring/wire.h"
#include "internal.h"

#define EVERY_NS 10000000u /* allowance of a vNIC, at each worker: 100 a second ... */
#define SAVED    50u       /* ... and so many at once */

#define ETH_SRC    6
#define HOPS       64
#define QUOTE_HDR  8     /* ICMP in front of the quote */
#define ICMP4_MOST 576u  /* the whole datagram (RFC 1812, 4.3.2.3) */
#define ICMP6_MOST 1280u /* (RFC 4443, 2.4 c) */
#define TOS_KEPT   0x1E
#define TOS_ERROR  0xC0 /* internetwork control (RFC 1812, 4.3.2.5) */

#define UNREACHABLE4   3
#define NEEDS_FRAGMENT 4 /* its code */
#define EXCEEDED4      11
#define TOO_BIG6       2
#define EXCEEDED6      3

static struct cfg_addr address(const struct act_packet *p, bool source)
{
    return dp_ip_addr(act_frame(p) + p->l3, p->meta.flags & HSR_RXF_IPV6, source);
}

static bool may_be_answered(const struct act_packet *p, const struct cfg_addr *src)
{
    uint64_t mac = hsr_load48(act_frame(p) + p->l2 + ETH_SRC);
    bool later = p->meta.class == HSR_CLASS_FRAG && !(p->meta.flags1 & HSR_RX1F_FRAG_FIRST);

    return p->meta.class != HSR_CLASS_ICMP_ERROR && !later && !(p->meta.flags & HSR_RXF_L2_MCAST) &&
           mac != 0 && !(mac >> 40 & 1) && !pol_never_a_source(src);
}

/* Who the packet is from and for, and who of us speaks to the sender. */
struct ends {
    struct cfg_addr src;
    uint16_t
        charged; /* port whose allowance it is: the vNIC's, also where its packets come from elsewhere */
    struct cfg_addr gateway; /* family 0: nobody does */
    uint64_t gateway_mac;
};

/* The gateway of a subnet, CFG_NONE: there is none. */
static void speaks(const struct dp_worker *w, uint32_t subnet, struct ends *e)
{
    const struct pol_subnet *s;

    if (subnet == CFG_NONE)
        return;
    s = pol_subnet(w->policy, subnet);
    e->gateway = e->src.family == 6 ? s->gateway6 : s->gateway4;
    e->gateway_mac = s->gateway_mac48;
}

/* Out of a tunnel: the gateway of the sender's subnet; behind a route, where it is in none, of the receiver's. */
static void find_far_ends(const struct dp_worker *w, const struct act_packet *p, struct ends *e)
{
    uint32_t context = hsr_key_context(p->meta.key_ports);
    struct cfg_addr dst = address(p, false);
    const struct pol_endpoint *to = pol_endpoint(w->policy, context, &dst);
    const struct pol_endpoint *from = pol_endpoint(w->policy, context, &e->src);

    if (to != NULL && to->port != HSR_NO_PORT)
        e->charged = to->port;
    speaks(w,
           from != NULL && from->subnet != CFG_NONE ? from->subnet
                                                    : pol_subnet_of(w->policy, context, &dst),
           e);
}

/* From outside: at the expense of the guest that the public address leads to, if there is one. */
static void charge_owner(const struct dp_worker *w, const struct act_packet *p, struct ends *e)
{
    struct cfg_addr dst = address(p, false);
    const struct pol_endpoint *to =
        pol_public_endpoint(w->policy, &dst, hsr_key_proto(p->meta.key_ports),
                            hsr_key_port(p->meta.key_ports, !dp_swap(p)));

    if (to != NULL && to->port != HSR_NO_PORT)
        e->charged = to->port;
}

static void find_ends(const struct dp_worker *w, const struct act_packet *p, struct ends *e)
{
    const struct pol_port *port = pol_port(w->policy, p->meta.ingress);

    *e = (struct ends){.src = address(p, true), .charged = p->meta.ingress};
    if (dp_from_tunnel(p)) {
        find_far_ends(w, p, e);
    } else if (!dp_from_uplink(p)) {
        speaks(w, port->subnet, e);
    } else { /* to a public address: we are its router */
        charge_owner(w, p, e);
        e->gateway = pol_link(port, e->src.family)->net.addr;
        e->gateway_mac = port->mac48;
    }
}

/* A leaky bucket in one word: the time at which the allowance would be whole again. */
static bool allowed(struct dp_worker *w, uint16_t port)
{
    uint64_t *until = &w->told[port];

    /* So far ahead it is never: the clock has gone back. */
    if (*until < w->now || *until - w->now > (uint64_t)EVERY_NS * SAVED)
        *until = w->now;
    if (*until - w->now <= (uint64_t)EVERY_NS * (SAVED - 1))
        return true;
    w->counters.icmp_limited++;
    return false;
}

/* Has it been fetched whole for this, so that its allowance is spent? Once: what was returned has no payload elsewhere. */
static bool was_fetched(const struct act_packet *p)
{
    return p->meta.flags & HSR_RXF_LINE1 && p->meta.flags1 & HSR_RX1F_RETURNED &&
           p->meta.partial_sum == HSR_RETURN_WHOLE;
}

/* ICMP behind the IPv4 header at `ip`, `quote` bytes of the packet behind that; all lengths are known to fit. */
static void write4(uint8_t *ip, const struct act_packet *p, const struct cfg_addr *from,
                   const struct dp_error *error, uint32_t quote)
{
    const uint8_t *packet = act_frame(p) + p->l3;
    uint8_t *icmp = ip + HSR_IP4_HDR;
    bool exceeded = error->why == HSR_DROP_TTL;

    memset(ip, 0, HSR_IP4_HDR + QUOTE_HDR);
    ip[0] = 0x45;
    ip[1] = (packet[1] & TOS_KEPT) | TOS_ERROR;
    hsr_store16(ip + 2, (uint16_t)(HSR_IP4_HDR + QUOTE_HDR + quote));
    ip[8] = HOPS;
    ip[9] = HSR_PROTO_ICMP;
    memcpy(ip + 12, from->bytes, 4);
    memcpy(ip + 16, packet + 12, 4);
    icmp[0] = exceeded ? EXCEEDED4 : UNREACHABLE4;
    icmp[1] = exceeded ? 0 : NEEDS_FRAGMENT;
    hsr_store16(icmp + 6, error->mtu);
    memcpy(icmp + QUOTE_HDR, packet, quote);
    hsr_store16(icmp + 2, (uint16_t)~hsr_csum_fold(hsr_csum_add(0, icmp, QUOTE_HDR + quote)));
    hsr_store16(ip + 10, (uint16_t)~hsr_csum_fold(hsr_csum_add(0, ip, HSR_IP4_HDR)));
}

static void write6(uint8_t *ip, const struct act_packet *p, const struct cfg_addr *from,
                   const struct dp_error *error, uint32_t quote)
{
    const uint8_t *packet = act_frame(p) + p->l3;
    uint8_t *icmp = ip + HSR_IP6_HDR;
    uint32_t len = QUOTE_HDR + quote;
    uint64_t sum;

    memset(ip, 0, HSR_IP6_HDR + QUOTE_HDR);
    ip[0] = 0x60;
    hsr_store16(ip + 4, (uint16_t)len);
    ip[6] = HSR_PROTO_ICMP6;
    ip[7] = HOPS;
    memcpy(ip + 8, from->bytes, 16);
    memcpy(ip + 24, packet + 8, 16);
    icmp[0] = error->why == HSR_DROP_TTL ? EXCEEDED6 : TOO_BIG6;
    hsr_store32(icmp + 4, error->mtu);
    memcpy(icmp + QUOTE_HDR, packet, quote);
    sum = hsr_csum_add(hsr_pseudo6(ip + 8, ip + 24, HSR_PROTO_ICMP6, len), icmp, len);
    hsr_store16(icmp + 2, (uint16_t)~hsr_csum_fold(sum));
}

/* The error as if it had come in where the packet did, so that it leaves as an answer does. Its length. */
static uint32_t compose(uint8_t *frame, const struct act_packet *p, const struct ends *e,
                        const struct dp_error *error)
{
    bool ipv6 = p->meta.flags & HSR_RXF_IPV6;
    uint32_t l4 = ipv6 ? HSR_IP6_HDR : HSR_IP4_HDR;
    uint32_t most = (ipv6 ? ICMP6_MOST : ICMP4_MOST) - l4 - QUOTE_HDR;
    uint32_t at_hand = act_seen(p) - p->l3;
    uint32_t quote = at_hand < most ? at_hand : most;
    uint8_t *eth = frame + p->meta.l2_off, *ip = frame + p->meta.l3_off;

    memcpy(frame, p->slot + HSR_SLOT_FRAME, p->meta.l3_off); /* a tunnel's headers, tags */
    hsr_store48(eth, hsr_load48(act_frame(p) + p->l2 + ETH_SRC));
    hsr_store48(eth + ETH_SRC, e->gateway_mac);
    (ipv6 ? write6 : write4)(ip, p, &e->gateway, error, quote);
    return (uint32_t)p->meta.l3_off + l4 + QUOTE_HDR + quote;
}

/* A packet in our hands that came in where `p` did. */
static void like(const struct dp_worker *w, struct act_packet *q, const struct act_packet *p,
                 uint32_t slot, uint32_t len)
{
    *q = (struct act_packet){.meta = p->meta,
                             .slot = hsr_slot(w->view, slot),
                             .entry = hsr_entry(slot, HSR_KIND_ORIGINATE),
                             .frame_off = HSR_SLOT_FRAME,
                             .frame_len = len,
                             .l2 = p->meta.l2_off,
                             .l3 = p->meta.l3_off,
                             .egress = HSR_NO_PORT};
    q->l4 = (uint16_t)(q->l3 + (p->meta.flags & HSR_RXF_IPV6 ? HSR_IP6_HDR : HSR_IP4_HDR));
    q->meta.class = HSR_CLASS_ICMP_ERROR;
    q->meta.verdicts = 0;
    q->meta.payload = 0; /* is not ours to send */
    q->meta.flags1 &= (uint8_t) ~(HSR_RX1F_OUTER_CE | HSR_RX1F_OUTER_ECT);
    q->meta.owner = hsr_view_owner(w->view, 0);
    q->meta.rx_seq = 0;
}

bool dp_tell_sender(struct dp_worker *w, const struct act_packet *p, const struct dp_error *error)
{
    uint32_t slot, headers = p->meta.l3_off + ICMP6_MOST;
    struct act_packet q;
    struct ends e;
    uint8_t *frame;

    find_ends(w, p, &e);
    if (e.gateway.family == 0 || !may_be_answered(p, &e.src) ||
        (!was_fetched(p) && !allowed(w, e.charged)))
        return true;
    if (p->payload_len != 0) { /* "as much as possible" is to be quoted, and it is not here */
        w->told[e.charged] += EVERY_NS;
        return false;
    }
    if ((frame = dp_originate_begin(w, headers, &slot)) == NULL)
        return true;
    like(w, &q, p, slot, compose(frame, p, &e, error));
    if (dp_way_back(w, &q) != HSR_DROP_NONE) {
        dp_untake_slot(w, slot);
        return true;
    }
    if (!was_fetched(p))
        w->told[e.charged] += EVERY_NS;
    q.meta.ingress = q.egress; /* whose ledger what we make is in */
    w->ledger[q.egress].originated++;
    w->counters.icmp_errors++;
    dp_send(w, &q);
    return true;
}

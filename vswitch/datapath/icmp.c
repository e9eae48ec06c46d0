/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ICMP that is not an ordinary flow: echo requests to a gateway or to our underlay address are answered here; errors
 * belong to the session of the packet they quote (RFC 792, RFC 4443, RFC 5508) and take its way back.
 */
#include <string.h>

#include "hsring/csum.h"
#include "hsring/quoted.h"
#include "internal.h"

#define QUENCH4     4
#define REDIRECT4   5
#define ECHO4       8
#define ECHO4_REPLY 0
#define ECHO6       128
#define ECHO6_REPLY 129
#define HOPS        64

static bool is_echo_request(const struct act_packet *p)
{
    return p->meta.class == HSR_CLASS_ICMP &&
           p->meta.tcp_flags == (p->meta.flags & HSR_RXF_IPV6 ? ECHO6 : ECHO4);
}

/* Is the sender of this packet its port's guest, as far as that has to be? */
static bool honest(const struct pol_port *port, const struct act_packet *p,
                   const struct cfg_addr *src)
{
    if (!port->anti_spoof)
        return true;
    return hsr_load48(act_frame(p) + p->l2 + 6) == port->mac48 && pol_port_has(port, src);
}

/* The link's own number or its broadcast address, where it has them (RFC 3021). */
static bool is_whole_link(const struct cfg_prefix *net, const struct cfg_addr *addr)
{
    uint32_t host = net->len < 31 ? UINT32_MAX >> net->len : 0,
             part = hsr_load32(addr->bytes) & host;

    return addr->family == 4 && host != 0 && cfg_prefix_contains(net, addr) &&
           (part == 0 || part == host);
}

/* Would an answer reach one host, and another one than us? A reply to anybody else is a weapon in a third one's hand. */
static bool is_one_host(const struct pol_port *uplink, const struct act_packet *p,
                        const struct cfg_addr *src)
{
    const struct cfg_prefix *net = &pol_link(uplink, src->family)->net;
    uint64_t mac = hsr_load48(act_frame(p) + p->l2 + 6);

    return !(p->meta.flags & HSR_RXF_L2_MCAST) && mac != 0 && !(mac >> 40 & 1) &&
           !cfg_addr_equal(src, &net->addr) && !is_whole_link(net, src);
}

/* Is the destination ours to answer for, and may this sender ask? */
static bool for_us(struct dp_worker *w, const struct act_packet *p)
{
    const uint8_t *ip = act_frame(p) + p->l3;
    bool ipv6 = p->meta.flags & HSR_RXF_IPV6;
    const struct pol_port *port = pol_port(w->policy, p->meta.ingress);
    struct cfg_addr dst = dp_ip_addr(ip, ipv6, false), src = dp_ip_addr(ip, ipv6, true);

    if (!port->valid || pol_never_a_source(&src))
        return false;
    if (dp_from_uplink(p))
        return !dp_from_tunnel(p) && dp_is_ours(w, port, &dst) && is_one_host(port, p, &src);
    if (pol_gateway(w->policy, port->context, &dst) == CFG_NONE)
        return false;
    return honest(port, p, &src);
}

static void swap(uint8_t *a, uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t t = a[i];
        a[i] = b[i];
        b[i] = t;
    }
}

/* An answer is a datagram of its own (RFC 1122, 3.2.1.7): what is left of the question's hops may not do. */
static void fresh_hops(uint8_t *ip, bool ipv6)
{
    if (ipv6) {
        ip[7] = HOPS;
        return;
    }
    uint16_t before = hsr_load16(ip + 8);

    ip[8] = HOPS;
    hsr_store16(ip + 10, hsr_csum_update(hsr_load16(ip + 10), before, hsr_load16(ip + 8)));
}

/* Back to its sender; swapping addresses leaves the pseudo-header sum as it is. */
static void turn_round(struct act_packet *p)
{
    bool ipv6 = p->meta.flags & HSR_RXF_IPV6;
    uint8_t *frame = act_frame(p) + p->l2, *ip = act_frame(p) + p->l3;

    swap(frame, frame + 6, 6);
    if (ipv6)
        swap(ip + 8, ip + 24, 16);
    else
        swap(ip + 12, ip + 16, 4);
    fresh_hops(ip, ipv6);
}

bool dp_icmp_echo(struct dp_worker *w, struct act_packet *p)
{
    if (!is_echo_request(p) || !for_us(w, p))
        return false;
    uint8_t *icmp = act_frame(p) + p->l4;
    uint16_t before = hsr_load16(icmp);

    turn_round(p);
    icmp[0] = p->meta.flags & HSR_RXF_IPV6 ? ECHO6_REPLY : ECHO4_REPLY;
    hsr_store16(icmp + 2, hsr_csum_update(hsr_load16(icmp + 2), before, hsr_load16(icmp)));
    dp_answer(w, p);
    return true;
}

void dp_icmp_echo_rest(struct dp_worker *w, struct act_packet *p)
{
    turn_round(p);
    dp_answer(w, p);
}

/* Is the error addressed to the sender of the packet it quotes? It goes there, whatever it says. */
static bool is_for_sender(const struct act_packet *p, const uint8_t *quoted)
{
    const uint8_t *ip = act_frame(p) + p->l3;

    return p->meta.flags & HSR_RXF_IPV6 ? memcmp(ip + 24, quoted + 8, 16) == 0
                                        : memcmp(ip + 16, quoted + 12, 4) == 0;
}

/* A guest's error comes from its own addresses; a host's from a VTEP we know, and under no address that lives here. */
static enum hsr_drop spoofed(struct dp_worker *w, const struct act_packet *p)
{
    const struct pol_port *port = pol_port(w->policy, p->meta.ingress);
    struct cfg_addr src = dp_ip_addr(act_frame(p) + p->l3, p->meta.flags & HSR_RXF_IPV6, true);
    const struct pol_endpoint *e;

    if (pol_never_a_source(&src))
        return HSR_DROP_SPOOF_IP;
    if (dp_from_tunnel(p)) {
        if (!dp_from_vtep(w, p))
            return HSR_DROP_UNKNOWN_VTEP;
        e = pol_endpoint(w->policy, hsr_key_context(p->meta.key_ports), &src);
        return e != NULL && e->port != HSR_NO_PORT ? HSR_DROP_LOOP : HSR_DROP_NONE;
    }
    if (dp_from_uplink(p) || honest(port, p, &src))
        return HSR_DROP_NONE;
    return hsr_load48(act_frame(p) + 6) != port->mac48 ? HSR_DROP_SPOOF_MAC : HSR_DROP_SPOOF_IP;
}

/* Errors nobody but a router of this network may send, and that is us; quench is sent no more (RFC 6633). */
static bool never_passes(const struct act_packet *p)
{
    return !(p->meta.flags & HSR_RXF_IPV6) &&
           (p->meta.tcp_flags == QUENCH4 || p->meta.tcp_flags == REDIRECT4);
}

/*
 * The session of the packet the error quotes, and the error's direction. It travels against that packet, so it is found
 * as an answer to it would be: by the same key, out of the other end.
 */
static struct session *quoted_session(struct dp_worker *w, const struct act_packet *p,
                                      unsigned *dir)
{
    struct hsr_quoted quoted;

    if (act_seen(p) < p->l4 + 8u ||
        !hsr_quoted_key(&quoted, act_frame(p) + p->l4, act_seen(p) - p->l4,
                        p->meta.flags & HSR_RXF_IPV6, hsr_key_context(p->meta.key_ports),
                        dp_from_uplink(p)) ||
        !is_for_sender(p, quoted.ip))
        return NULL;
    return ses_find(w->sessions, hsr_hash_key(&w->hash, &quoted.key), &quoted.key, !quoted.swap,
                    dir);
}

/* From outside, under an address that the guest's VPC does not have there: it would be taken for a neighbour's. */
static bool is_insider(const struct dp_worker *w, const struct act_packet *p,
                       const struct session *s, unsigned dir)
{
    uint16_t port = dir == ses_initiator(s) ? s->target : s->origin;
    struct cfg_addr src = dp_ip_addr(act_frame(p) + p->l3, p->meta.flags & HSR_RXF_IPV6, true);

    return dp_from_uplink(p) && !dp_from_tunnel(p) &&
           !pol_leaves(w->policy, pol_port(w->policy, port)->context, &src);
}

void dp_icmp_error(struct dp_worker *w, struct act_packet *p)
{
    if (dp_from_uplink(p) && !dp_from_tunnel(p) && dp_pmtu_told(w, p)) {
        dp_consume(w, p);
        return;
    }
    enum hsr_drop drop = never_passes(p) ? HSR_DROP_ICMP_STATE : spoofed(w, p);

    if (drop != HSR_DROP_NONE) {
        dp_drop(w, p, drop);
        return;
    }
    unsigned dir;
    struct session *s = quoted_session(w, p, &dir);

    /* The session of a public address may live elsewhere than its inner side's packets come to. */
    if (s == NULL && dp_hand_on(w, p))
        return;
    if (s == NULL || !dp_right_port(w, s, dir, p)) {
        if (!dp_to_host(w, p))
            dp_drop(w, p, HSR_DROP_ICMP_INNER);
        return;
    }
    if (is_insider(w, p, s, dir)) {
        dp_drop(w, p, HSR_DROP_SPOOF_IP);
        return;
    }
    if (s->policy != w->policy_stamp && (drop = dp_revalidate(w, s)) != HSR_DROP_NONE) {
        dp_refuse(w, p, dp_for_now(drop) ? drop : HSR_DROP_ICMP_INNER);
        return;
    }
    struct act_vector v = {.packet = p, .end = p + 1, .store = &w->actions, .dir = &s->dir[dir]};

    act_run(&v, act_program(&w->actions, s->dir[dir].program));
    dp_send(w, p);
}

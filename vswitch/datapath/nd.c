/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IPv6 neighbour discovery (RFC 4861): solicitations are answered from the configuration like ARP requests, and next hops
 * behind the uplinks are asked for. Guests may neither advertise for others nor play router.
 */
#include <string.h>

#include "hsring/csum.h"
#include "hsring/wire.h"
#include "internal.h"

#define ROUTER_SOLICIT   133
#define ROUTER_ADVERT    134
#define NEIGHBOR_SOLICIT 135
#define NEIGHBOR_ADVERT  136
#define REDIRECT         137
#define NS_LEN           24u /* type, code, checksum, reserved, target */
#define ND_LEN           32u /* with one link-layer address option, as we send them */
#define ND_PACKET        (HSR_IP6_HDR + ND_LEN)
#define OPTION_SOURCE    1
#define OPTION_TARGET    2
#define ADVERT_ROUTER    0x80
#define ADVERT_SOLICITED 0x40
#define ADVERT_OVERRIDE  0x20

static bool unspecified(const struct cfg_addr *a)
{
    static const uint8_t zero[16];

    return memcmp(a->bytes, zero, sizeof zero) == 0;
}

struct answer {
    uint64_t mac; /* 0: nobody has it */
    bool router;
};

static struct answer owner_of(struct dp_worker *w, uint32_t context, const struct cfg_addr *target,
                              bool local_only)
{
    uint32_t subnet = pol_gateway(w->policy, context, target);
    const struct pol_endpoint *e = pol_endpoint(w->policy, context, target);

    if (subnet != CFG_NONE)
        return (struct answer){.mac = pol_subnet(w->policy, subnet)->gateway_mac48, .router = true};
    if (e == NULL || (local_only && e->port == HSR_NO_PORT))
        return (struct answer){0};
    return (struct answer){.mac = e->mac48};
}

/* Behind an IPv6 header with both addresses: a solicitation or an advertisement for `target`, of who has `mac`. */
static void build(uint8_t *ip, uint8_t type, uint8_t flags, const uint8_t *target, uint64_t mac)
{
    uint8_t *nd = ip + HSR_IP6_HDR;

    hsr_store16(ip + 4, ND_LEN);
    ip[6] = HSR_PROTO_ICMP6;
    ip[7] = 255;
    memset(nd, 0, 8);
    nd[0] = type;
    nd[4] = flags;
    memcpy(nd + 8, target, 16);
    nd[24] = type == NEIGHBOR_SOLICIT ? OPTION_SOURCE : OPTION_TARGET;
    nd[25] = 1;
    hsr_store48(nd + 26, mac);
    hsr_store16(nd + 2, (uint16_t)~hsr_csum_fold(hsr_csum_add(
                            hsr_pseudo6(ip + 8, ip + 24, HSR_PROTO_ICMP6, ND_LEN), nd, ND_LEN)));
}

/* Solicited-node address of a target (RFC 4291, 2.7.1), and its MAC (RFC 2464, 7). */
static uint64_t group_of(const uint8_t *target, uint8_t *group)
{
    static const uint8_t prefix[13] = {0xFF, 2, [11] = 1, [12] = 0xFF};

    memcpy(group, prefix, sizeof prefix);
    memcpy(group + 13, target + 13, 3);
    return UINT64_C(0x333300000000) | hsr_load32(group + 12);
}

void dp_nd_solicit(struct dp_worker *w, const struct pol_port *uplink,
                   const struct cfg_addr *target, uint64_t mac)
{
    uint32_t slot, len = HSR_ETH_HDR + ND_PACKET;
    uint8_t *frame = dp_originate_begin(w, len, &slot);

    if (frame == NULL)
        return;
    uint8_t *ip = frame + HSR_ETH_HDR;

    hsr_store32(ip, UINT32_C(6) << 28);
    memcpy(ip + 8, pol_link(uplink, 6)->net.addr.bytes, 16);
    if (mac != 0)
        memcpy(ip + 24, target->bytes, 16);
    else
        mac = group_of(target->bytes, ip + 24);
    hsr_store48(frame, mac);
    hsr_store48(frame + 6, uplink->mac48);
    hsr_store16(frame + 12, 0x86DD);
    build(ip, NEIGHBOR_SOLICIT, 0, target->bytes, uplink->mac48);
    dp_originate(w, slot, uplink->index, len);
}

/* Turn the solicitation in the packet into the advertisement that answers it. */
static void advertise(struct dp_worker *w, struct act_packet *p, const struct answer *by)
{
    uint8_t *frame = act_frame(p) + p->l2, *ip = act_frame(p) + p->l3;
    uint8_t target[16], asker[16];

    memcpy(target, ip + HSR_IP6_HDR + 8, sizeof target);
    memcpy(asker, ip + 8, sizeof asker);
    memcpy(frame, frame + 6, 6);
    hsr_store48(frame + 6, by->mac);
    memcpy(ip + 8, target, sizeof target);
    memcpy(ip + 24, asker, sizeof asker);
    build(ip, NEIGHBOR_ADVERT,
          (uint8_t)(ADVERT_SOLICITED | ADVERT_OVERRIDE | (by->router ? ADVERT_ROUTER : 0)), target,
          by->mac);
    p->frame_len = p->l3 + ND_PACKET;
    dp_answer(w, p);
}

/* Does the answer fit where the question lies? It is the longer one, and the NIC said where that lies. */
static bool has_room(const struct dp_worker *w, const struct act_packet *p)
{
    uint32_t space = hsr_slot_space(w->view, hsr_entry_slot(p->entry));

    return HSR_SLOT_FRAME - HSR_SLOT_META + p->l3 + ND_PACKET <= space;
}

/* The answer goes to the asker's address and MAC, so those have to be one host's. */
static bool is_one_host(const struct act_packet *p, const struct cfg_addr *source)
{
    uint64_t mac = hsr_load48(act_frame(p) + p->l2 + 6);

    return mac != 0 && !(mac >> 40 & 1) && !pol_never_a_source(source);
}

static void solicited(struct dp_worker *w, struct act_packet *p, const struct pol_port *port,
                      uint32_t context)
{
    struct cfg_addr source = dp_addr(act_frame(p) + p->l3 + 8, true);
    struct cfg_addr target = dp_addr(act_frame(p) + p->l4 + 8, true);
    struct answer by = owner_of(w, context, &target, port == NULL);

    if (!unspecified(&source) && !is_one_host(p, &source))
        dp_drop(w, p, HSR_DROP_ND_BAD);
    else if (unspecified(&source) || (port != NULL && pol_port_owns(port, &target)))
        dp_consume(w, p); /* duplicate address detection: silence means that the address is free */
    else if (by.mac == 0)
        dp_drop(w, p, HSR_DROP_ARP_UNKNOWN);
    else if (!has_room(w, p))
        dp_drop(w, p, HSR_DROP_ND_BAD);
    else
        advertise(w, p, &by);
}

static void from_vnic(struct dp_worker *w, struct act_packet *p, uint8_t type)
{
    const struct pol_port *port = pol_port(w->policy, p->meta.ingress);
    const uint8_t *frame = act_frame(p) + p->l2;
    struct cfg_addr source = dp_addr(act_frame(p) + p->l3 + 8, true);
    struct cfg_addr target = {.family = 6};

    if (type == NEIGHBOR_ADVERT)
        target = dp_addr(act_frame(p) + p->l4 + 8, true);
    if (!port->valid) {
        dp_drop(w, p, HSR_DROP_NOT_CONFIGURED);
        return;
    }
    bool mine = hsr_load48(frame + 6) == port->mac48 &&
                (pol_port_owns(port, &source) || unspecified(&source));
    bool allowed = type == NEIGHBOR_SOLICIT || type == ROUTER_SOLICIT ||
                   (type == NEIGHBOR_ADVERT && pol_port_owns(port, &target));

    if (port->anti_spoof && !(mine && allowed))
        dp_drop(w, p, HSR_DROP_SPOOF_ND);
    else if (type == NEIGHBOR_SOLICIT)
        solicited(w, p, port, port->context);
    else if (type == ROUTER_SOLICIT) {
        dp_drop(
            w, p,
            HSR_DROP_BUM); /* no router is advertised: guests are configured statically or by their image */
    } else {
        dp_consume(w, p);
    }
}

static void from_tunnel(struct dp_worker *w, struct act_packet *p, uint8_t type)
{
    uint32_t context = hsr_key_context(p->meta.key_ports);

    if (context == 0)
        dp_drop(w, p, HSR_DROP_UNKNOWN_VNI);
    else if (!dp_from_vtep(w, p))
        dp_drop(w, p, HSR_DROP_UNKNOWN_VTEP);
    else if (type == NEIGHBOR_SOLICIT)
        solicited(w, p, NULL, context);
    else if (type == NEIGHBOR_ADVERT)
        dp_consume(w, p);
    else
        dp_drop(w, p, HSR_DROP_BUM);
}

/* Target link-layer address of an advertisement, 0: it has none. Pre has seen to it that options end where the packet does. */
static uint64_t told_mac(const struct act_packet *p)
{
    const uint8_t *nd = act_frame(p) + p->l4;
    uint32_t seen = act_seen(p) - p->l4, len = hsr_load16(act_frame(p) + p->l3 + 4);

    len = len < seen ? len : seen;
    for (uint32_t at = NS_LEN; at + 8 <= len && nd[at + 1] != 0; at += nd[at + 1] * 8u) {
        if (nd[at] == OPTION_TARGET && nd[at + 1] == 1)
            return hsr_load48(nd + at + 2);
    }
    return 0;
}

/* Our own on this link: the uplink's, our end of the tunnels, and the public addresses of guests. */
static bool is_ours(const struct dp_worker *w, const struct pol_port *uplink,
                    const struct cfg_addr *addr)
{
    return dp_is_ours(w, uplink, addr) || pol_is_public(w->policy, addr);
}

/* What a host of the link says of itself. An answer to a question of ours comes to us alone (RFC 4861, 7.2.4). */
static void advertised(struct dp_worker *w, const struct act_packet *p,
                       const struct pol_port *uplink)
{
    const uint8_t *nd = act_frame(p) + p->l4;
    struct cfg_addr to = dp_addr(act_frame(p) + p->l3 + 24, true);
    struct dp_hop hop = {.addr = dp_addr(nd + 8, true), .port = uplink->index};
    struct dp_advert advert = {
        .mac48 = told_mac(p),
        .solicited =
            nd[4] & ADVERT_SOLICITED && cfg_addr_equal(&to, &pol_link(uplink, 6)->net.addr),
        .override = nd[4] & ADVERT_OVERRIDE,
    };

    if (nd[1] == 0 && (p->meta.verdicts >> 2 & 3) != HSR_VERDICT_BAD &&
        !is_ours(w, uplink, &hop.addr) && advert.mac48 != uplink->mac48)
        dp_neighbor_advertised(&w->shared->neighbors, &hop, &advert, w->now);
}

/* What the link tells nobody of us may be for the host. */
static void pass_on(struct dp_worker *w, struct act_packet *p)
{
    if (!dp_to_host(w, p))
        dp_consume(w, p);
}

/* The link asks for our own address and for public ones, and answers what we asked it. */
static void from_underlay(struct dp_worker *w, struct act_packet *p, uint8_t type)
{
    const struct pol_port *uplink = pol_port(w->policy, p->meta.ingress);
    struct answer by = {.mac = uplink->mac48, .router = true};
    struct cfg_addr source = dp_addr(act_frame(p) + p->l3 + 8, true);
    struct cfg_addr target = {.family = 6};

    if (!uplink->valid) {
        dp_drop(w, p, HSR_DROP_NOT_CONFIGURED);
        return;
    }
    if (pol_link(uplink, 6)->net.addr.family == 0) {
        if (!dp_to_host(w, p))
            dp_drop(w, p, HSR_DROP_NOT_FOR_US);
        return;
    }
    if (type == NEIGHBOR_ADVERT)
        advertised(w, p, uplink);
    if (type == NEIGHBOR_SOLICIT)
        target = dp_addr(act_frame(p) + p->l4 + 8, true);
    if (!is_ours(w, uplink, &target) || unspecified(&source))
        pass_on(w, p);
    else if (!is_one_host(p, &source) || !has_room(w, p))
        dp_drop(w, p, HSR_DROP_ND_BAD);
    else
        advertise(w, p, &by);
}

void dp_nd(struct dp_worker *w, struct act_packet *p)
{
    bool router = p->meta.tcp_flags == ROUTER_SOLICIT || p->meta.tcp_flags == ROUTER_ADVERT;
    uint32_t need = router ? 8 : NS_LEN;

    /* Built in place, so right behind the fixed header: a solicitation behind extension headers is not answered. */
    if (p->l4 != p->l3 + HSR_IP6_HDR || act_seen(p) < p->l4 + need) {
        if (!dp_to_host(w, p))
            dp_drop(w, p, HSR_DROP_ND_BAD);
    } else if (dp_from_tunnel(p)) {
        from_tunnel(w, p, p->meta.tcp_flags);
    } else if (dp_from_uplink(p)) {
        from_underlay(w, p, p->meta.tcp_flags);
    } else {
        from_vnic(w, p, p->meta.tcp_flags);
    }
}

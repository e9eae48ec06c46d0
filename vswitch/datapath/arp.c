/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ARP (RFC 826). Guests ask for their gateway and their neighbours and get the answer from the configuration; hosts
 * behind a tunnel ask for our guests; the underlay asks for our tunnel address and for public ones. Nothing is ever flooded.
 */
#include <string.h>

#include "internal.h"

#define ETHERTYPE_ARP 0x0806
#define REQUEST       1
#define REPLY         2
#define ARP_LEN       28
#define FRAME_LEN     (14 + ARP_LEN)
/* offsets from the ARP header */
#define OPERATION  6
#define SENDER_MAC 8
#define SENDER_IP  14
#define TARGET_MAC 18
#define TARGET_IP  24

static struct cfg_addr addr4(uint32_t addr)
{
    struct cfg_addr a = {.family = 4};

    hsr_store32(a.bytes, addr);
    return a;
}

/* Write a whole ARP frame. */
static void build(uint8_t *frame, uint16_t op, uint64_t from_mac, uint32_t from_ip, uint64_t to_mac,
                  uint32_t to_ip)
{
    static const uint8_t ethernet_ipv4[6] = {0, 1, 8, 0, 6, 4};
    uint8_t *arp = frame + 14;

    hsr_store48(frame, to_mac != 0 ? to_mac : UINT64_C(0xFFFFFFFFFFFF));
    hsr_store48(frame + 6, from_mac);
    hsr_store16(frame + 12, ETHERTYPE_ARP);
    memcpy(arp, ethernet_ipv4, sizeof ethernet_ipv4);
    hsr_store16(arp + OPERATION, op);
    hsr_store48(arp + SENDER_MAC, from_mac);
    hsr_store32(arp + SENDER_IP, from_ip);
    hsr_store48(arp + TARGET_MAC, op == REQUEST ? 0 : to_mac);
    hsr_store32(arp + TARGET_IP, to_ip);
}

void dp_arp_request(struct dp_worker *w, const struct pol_port *uplink, uint32_t target,
                    uint64_t mac)
{
    uint32_t slot;
    uint8_t *frame = dp_originate_begin(w, FRAME_LEN, &slot);

    if (frame == NULL)
        return;
    build(frame, REQUEST, uplink->mac48, hsr_load32(pol_link(uplink, 4)->net.addr.bytes), mac,
          target);
    dp_originate(w, slot, uplink->index, FRAME_LEN);
}

/* MAC to answer with for an address of this context, 0: nobody's. */
static uint64_t owner_of(struct dp_worker *w, uint32_t context, uint32_t target, bool local_only)
{
    struct cfg_addr a = addr4(target);
    uint32_t subnet = pol_gateway(w->policy, context, &a);
    const struct pol_endpoint *e;

    if (subnet != CFG_NONE)
        return pol_subnet(w->policy, subnet)->gateway_mac48;
    e = pol_endpoint(w->policy, context, &a);
    return e != NULL && !(local_only && e->port == HSR_NO_PORT) ? e->mac48 : 0;
}

/* Turn the request in the packet into its reply. */
static void reply(struct dp_worker *w, struct act_packet *p, uint64_t mac)
{
    uint8_t *frame = act_frame(p) + p->l2, *arp = act_frame(p) + p->l3;
    uint64_t asker = hsr_load48(arp + SENDER_MAC);
    uint32_t asker_ip = hsr_load32(arp + SENDER_IP), target = hsr_load32(arp + TARGET_IP);

    hsr_store48(frame, asker);
    hsr_store48(frame + 6, mac);
    hsr_store16(arp + OPERATION, REPLY);
    hsr_store48(arp + SENDER_MAC, mac);
    hsr_store32(arp + SENDER_IP, target);
    hsr_store48(arp + TARGET_MAC, asker);
    hsr_store32(arp + TARGET_IP, asker_ip);
    dp_answer(w, p);
}

/* Is the sender who it says, as far as we configured it? 0.0.0.0 is a probe (RFC 5227). */
static bool honest(const struct pol_port *port, const struct act_packet *p)
{
    const uint8_t *frame = act_frame(p) + p->l2, *arp = act_frame(p) + p->l3;
    struct cfg_addr ip = addr4(hsr_load32(arp + SENDER_IP));

    if (!port->anti_spoof)
        return true;
    if (hsr_load48(frame + 6) != port->mac48 || hsr_load48(arp + SENDER_MAC) != port->mac48)
        return false;
    return pol_port_has(port, &ip) || hsr_load32(arp + SENDER_IP) == 0;
}

static void from_vnic(struct dp_worker *w, struct act_packet *p)
{
    const struct pol_port *port = pol_port(w->policy, p->meta.ingress);
    const uint8_t *arp = act_frame(p) + p->l3;
    uint32_t target = hsr_load32(arp + TARGET_IP);

    if (!port->valid) {
        dp_drop(w, p, HSR_DROP_NOT_CONFIGURED);
    } else if (!honest(port, p)) {
        dp_drop(w, p, HSR_DROP_SPOOF_ARP);
    } else if (hsr_load16(arp + OPERATION) != REQUEST || target == hsr_load32(arp + SENDER_IP)) {
        dp_consume(
            w, p); /* replies and announcements tell us nothing the configuration does not say */
    } else {
        uint64_t mac = owner_of(w, port->context, target, false);

        /* A probe for an address of one's own must stay unanswered. */
        if (mac == port->mac48)
            dp_consume(w, p);
        else if (mac == 0)
            dp_drop(w, p, HSR_DROP_ARP_UNKNOWN);
        else
            reply(w, p, mac);
    }
}

static void from_tunnel(struct dp_worker *w, struct act_packet *p)
{
    const uint8_t *arp = act_frame(p) + p->l3;
    uint32_t context = hsr_key_context(p->meta.key_ports);

    if (context == 0) {
        dp_drop(w, p, HSR_DROP_UNKNOWN_VNI);
    } else if (!dp_from_vtep(w, p)) {
        dp_drop(w, p, HSR_DROP_UNKNOWN_VTEP);
    } else if (hsr_load16(arp + OPERATION) != REQUEST) {
        dp_consume(w, p);
    } else {
        uint64_t mac = owner_of(w, context, hsr_load32(arp + TARGET_IP), true);

        if (mac == 0)
            dp_drop(w, p, HSR_DROP_ARP_UNKNOWN);
        else
            reply(w, p, mac);
    }
}

/* Our own on this link: the uplink's, our end of the tunnels, and the public addresses of guests. */
static bool is_ours(const struct dp_worker *w, const struct pol_port *uplink, uint32_t ip)
{
    struct cfg_addr a = addr4(ip);

    return dp_is_ours(w, uplink, &a) || pol_is_public(w->policy, &a);
}

/* Can the sender be a neighbour of ours: on our link, and not under our own name? */
static bool is_neighbor(const struct dp_worker *w, const struct pol_port *uplink,
                        const uint8_t *arp)
{
    uint32_t ip = hsr_load32(arp + SENDER_IP);
    struct cfg_addr a = addr4(ip);

    return cfg_prefix_contains(&pol_link(uplink, 4)->net, &a) && !is_ours(w, uplink, ip) &&
           hsr_load48(arp + SENDER_MAC) != uplink->mac48;
}

static void from_underlay(struct dp_worker *w, struct act_packet *p)
{
    const struct pol_port *uplink = pol_port(w->policy, p->meta.ingress);
    const uint8_t *arp = act_frame(p) + p->l3;
    uint32_t sender = hsr_load32(arp + SENDER_IP);

    if (!uplink->valid) {
        dp_drop(w, p, HSR_DROP_NOT_CONFIGURED);
        return;
    }
    if (is_neighbor(w, uplink, arp)) {
        struct dp_hop hop = {.addr = addr4(sender), .port = uplink->index};

        dp_neighbor_learn(&w->shared->neighbors, &hop, hsr_load48(arp + SENDER_MAC), w->now);
    }
    /* A host that says it has our address is told nothing: an announcement asks nobody (RFC 5227). */
    if (hsr_load16(arp + OPERATION) == REQUEST && !is_ours(w, uplink, sender) &&
        is_ours(w, uplink, hsr_load32(arp + TARGET_IP)))
        reply(w, p, uplink->mac48);
    else if (!dp_to_host(w, p))
        dp_consume(w, p);
}

/* An answer goes to the sender's MAC, so that has to be one host's. */
static bool has_sender(const struct act_packet *p)
{
    uint64_t mac = hsr_load48(act_frame(p) + p->l3 + SENDER_MAC);

    return mac != 0 && !(mac >> 40 & 1);
}

void dp_arp(struct dp_worker *w, struct act_packet *p)
{
    if (act_seen(p) < p->l3 + (uint32_t)ARP_LEN || !has_sender(p))
        dp_drop(w, p, HSR_DROP_ARP_BAD);
    else if (dp_from_tunnel(p))
        from_tunnel(w, p);
    else if (dp_from_uplink(p))
        from_underlay(w, p);
    else
        from_vnic(w, p);
}

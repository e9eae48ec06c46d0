/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IPv6 neighbour discovery (RFC 4861): solicitations are answered from the configuration like ARP requests. Guests may
 * neither advertise for others nor play router.
 */
#include <string.h>

#include "hsring/csum.h"
#include "internal.h"

#define ROUTER_SOLICIT   133
#define ROUTER_ADVERT    134
#define NEIGHBOR_SOLICIT 135
#define NEIGHBOR_ADVERT  136
#define REDIRECT         137
#define NS_LEN           24u /* type, code, checksum, reserved, target */
#define NA_LEN           32u /* with the target link-layer address option */
#define ADVERT_ROUTER    0x80
#define ADVERT_SOLICITED 0x40
#define ADVERT_OVERRIDE  0x20

static struct cfg_addr addr6(const uint8_t *bytes)
{
    struct cfg_addr a = {.family = 6};

    memcpy(a.bytes, bytes, 16);
    return a;
}

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

/* Turn the solicitation in the packet into the advertisement that answers it. */
static void advertise(struct dp_worker *w, struct act_packet *p, const struct answer *by)
{
    uint8_t *frame = act_frame(p) + p->l2, *ip = act_frame(p) + p->l3;
    uint8_t *na = ip + 40;
    uint8_t target[16], asker[16];

    memcpy(target, na + 8, sizeof target);
    memcpy(asker, ip + 8, sizeof asker);
    memcpy(frame, frame + 6, 6);
    hsr_store48(frame + 6, by->mac);
    memcpy(ip + 8, target, sizeof target);
    memcpy(ip + 24, asker, sizeof asker);
    hsr_store16(ip + 4, NA_LEN);
    ip[7] = 255;
    memset(na, 0, 8);
    na[0] = NEIGHBOR_ADVERT;
    na[4] = (uint8_t)(ADVERT_SOLICITED | ADVERT_OVERRIDE | (by->router ? ADVERT_ROUTER : 0));
    memcpy(na + 8, target, sizeof target);
    na[24] = 2;
    na[25] = 1;
    hsr_store48(na + 26, by->mac);
    hsr_store16(na + 2, (uint16_t)~hsr_csum_fold(
                            hsr_csum_add(hsr_pseudo6(ip + 8, ip + 24, 58, NA_LEN), na, NA_LEN)));
    p->frame_len = p->l3 + 40u + NA_LEN;
    dp_answer(w, p);
}

/* Does the answer fit where the question lies? It is the longer one, and the NIC said where that lies. */
static bool has_room(const struct dp_worker *w, const struct act_packet *p)
{
    uint32_t space = hsr_slot_space(w->view, hsr_entry_slot(p->entry));

    return HSR_SLOT_FRAME - HSR_SLOT_META + p->l3 + 40u + NA_LEN <= space;
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
    struct cfg_addr source = addr6(act_frame(p) + p->l3 + 8);
    struct cfg_addr target = addr6(act_frame(p) + p->l4 + 8);
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
    struct cfg_addr source = addr6(act_frame(p) + p->l3 + 8);
    struct cfg_addr target = {.family = 6};

    if (type == NEIGHBOR_ADVERT)
        target = addr6(act_frame(p) + p->l4 + 8);
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
    else if (!pol_is_vtep(w->policy, p->meta.outer_src4))
        dp_drop(w, p, HSR_DROP_UNKNOWN_VTEP);
    else if (type == NEIGHBOR_SOLICIT)
        solicited(w, p, NULL, context);
    else if (type == NEIGHBOR_ADVERT)
        dp_consume(w, p);
    else
        dp_drop(w, p, HSR_DROP_BUM);
}

/* The link asks for our own address and for public ones. What it says of itself is not learned: see the configuration. */
static void from_underlay(struct dp_worker *w, struct act_packet *p, uint8_t type)
{
    const struct pol_port *uplink = pol_port(w->policy, p->meta.ingress);
    struct answer by = {.mac = uplink->mac48, .router = true};
    struct cfg_addr source = addr6(act_frame(p) + p->l3 + 8);
    struct cfg_addr target = {.family = 6};

    if (!uplink->valid) {
        dp_drop(w, p, HSR_DROP_NOT_CONFIGURED);
        return;
    }
    if (pol_link6(w->policy, uplink)->link.addr.family == 0) {
        dp_drop(w, p, HSR_DROP_NOT_FOR_US);
        return;
    }
    if (type == NEIGHBOR_SOLICIT)
        target = addr6(act_frame(p) + p->l4 + 8);
    bool ours = cfg_addr_equal(&target, &pol_link6(w->policy, uplink)->link.addr) ||
                pol_is_public(w->policy, &target);

    if (!ours || unspecified(&source))
        dp_consume(w, p);
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
    if (p->l4 != p->l3 + 40 || act_seen(p) < p->l4 + need)
        dp_drop(w, p, HSR_DROP_ND_BAD);
    else if (dp_from_tunnel(p))
        from_tunnel(w, p, p->meta.tcp_flags);
    else if (dp_from_uplink(p))
        from_underlay(w, p, p->meta.tcp_flags);
    else
        from_vnic(w, p, p->meta.tcp_flags);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of a described packet: what was not said comes from the configuration. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hsring/csum.h"
#include "hsring/wire.h"
#include "packet.h"

#define SOMEBODY UINT64_C(0x02AA0000FFFE) /* a host of the underlay */

struct making {
    const struct fw *fw;
    const struct pol_port *port;
    const struct packet *p;
    struct fw_frame *f;
    struct packet_error *error;
};

__attribute__((format(printf, 2, 3))) static bool fail(const struct making *m, const char *format,
                                                       ...)
{
    va_list args;

    m->error->at = -1;
    va_start(args, format);
    vsnprintf(m->error->text, sizeof m->error->text, format, args);
    va_end(args);
    return false;
}

static uint8_t *add(struct making *m, uint32_t n)
{
    uint8_t *at = m->f->bytes + m->f->len;

    memset(at, 0, n);
    m->f->len += n;
    return at;
}

/* ---- layer 2 ---- */

static uint64_t gateway_mac(const struct making *m, uint32_t subnet)
{
    return subnet != CFG_NONE ? pol_subnet(m->fw->policy, subnet)->gateway_mac48 : 0;
}

/* Of a guest's packet: the neighbour itself inside of its subnet, else the gateway. */
static uint64_t mac_to(const struct making *m, uint32_t context, uint32_t subnet,
                       const struct cfg_addr *dst)
{
    const struct pol_endpoint *e = pol_endpoint(m->fw->policy, context, dst);

    return e != NULL && e->subnet == subnet ? e->mac48 : gateway_mac(m, subnet);
}

static void inner_macs(const struct making *m, uint32_t context, uint64_t *dst, uint64_t *src)
{
    const struct pol_endpoint *from = pol_endpoint(m->fw->policy, context, &m->p->src);
    const struct pol_endpoint *to = pol_endpoint(m->fw->policy, context, &m->p->dst);

    *dst = to != NULL ? to->mac48 : SOMEBODY;
    *src = from != NULL ? from->mac48 : SOMEBODY;
    if (to != NULL && (from == NULL || from->subnet != to->subnet))
        *src = gateway_mac(m, to->subnet);
}

static void plain_macs(const struct making *m, uint64_t *dst, uint64_t *src)
{
    if (m->port->role == CFG_VNIC) {
        *src = m->port->mac48;
        *dst = mac_to(m, m->port->context, m->port->subnet, &m->p->dst);
    } else {
        *src = SOMEBODY;
        *dst = m->port->mac48;
    }
}

static void add_ethernet(struct making *m, uint64_t dst, uint64_t src, uint16_t type, int vlan)
{
    uint8_t *eth = add(m, HSR_ETH_HDR + (vlan >= 0 ? 4u : 0));

    hsr_store48(eth, dst);
    hsr_store48(eth + 6, src);
    if (vlan >= 0) {
        hsr_store16(eth + 12, 0x8100);
        hsr_store16(eth + 14, (uint16_t)vlan);
    }
    hsr_store16(eth + (vlan >= 0 ? 16 : 12), type);
}

/* ---- layers 3 and 4 ---- */

static uint32_t l4_header(const struct packet *p)
{
    switch (p->kind) {
    case PACKET_TCP:
        return HSR_TCP_HDR;
    case PACKET_SCTP:
        return HSR_SCTP_HDR;
    case PACKET_IP:
    case PACKET_ARP:
        return 0;
    default:
        return HSR_UDP_HDR;
    }
}

static void fill_l4(const struct packet *p, uint8_t *l4, uint32_t len)
{
    bool six = p->src.family == 6;

    if (p->kind == PACKET_ICMP) {
        l4[0] = (uint8_t)(p->type >= 0 ? p->type : six ? 128 : 8);
        l4[1] = (uint8_t)(p->code >= 0 ? p->code : 0);
        hsr_store16(l4 + 4, p->ident);
        return;
    }
    if (p->kind == PACKET_IP)
        return;
    hsr_store16(l4, p->sport);
    hsr_store16(l4 + 2, p->dport);
    if (p->kind == PACKET_UDP)
        hsr_store16(l4 + 4, (uint16_t)len);
    if (p->kind != PACKET_TCP)
        return;
    hsr_store32(l4 + 4, p->seq);
    hsr_store32(l4 + 8, p->flags & 16 && p->ack == 0 ? 1 : p->ack);
    l4[12] = HSR_TCP_HDR / 4 << 4;
    l4[13] = p->flags;
    hsr_store16(l4 + 14, p->window);
}

static void sum_l4(const struct packet *p, uint8_t *l4, uint32_t len)
{
    uint64_t pseudo = p->src.family == 6 ? hsr_pseudo6(p->src.bytes, p->dst.bytes, p->proto, len)
                                         : hsr_pseudo4(p->src.bytes, p->dst.bytes, p->proto, len);
    uint16_t sum;

    if (p->kind == PACKET_SCTP) {
        uint32_t crc = ~hsr_crc32c(~0u, l4, len);

        for (unsigned i = 0; i < 4; i++)
            l4[8 + i] = (uint8_t)(crc >> 8 * i);
        return;
    }
    if (p->kind == PACKET_IP)
        return;
    if (p->gso != 0) {
        hsr_store16(l4 + HSR_TCP_CSUM, hsr_csum_fold(pseudo));
        return;
    }
    if (p->kind == PACKET_ICMP && p->src.family == 4)
        pseudo = 0;
    sum = (uint16_t)~hsr_csum_fold(hsr_csum_add(pseudo, l4, len));
    if (p->kind == PACKET_UDP && sum == 0)
        sum = 0xFFFF;
    hsr_store16(l4 + (p->kind == PACKET_TCP   ? HSR_TCP_CSUM
                      : p->kind == PACKET_UDP ? HSR_UDP_CSUM
                                              : 2),
                sum);
}

static void fill_ip4(const struct packet *p, uint8_t *ip, uint32_t header, uint32_t len)
{
    ip[0] = (uint8_t)(0x40 | header / 4);
    ip[1] = p->tos;
    hsr_store16(ip + 2, (uint16_t)len);
    hsr_store16(ip + 4, p->id);
    hsr_store16(ip + 6, (uint16_t)((p->df ? 0x4000 : 0) | (p->more ? 0x2000 : 0) | p->offset / 8));
    ip[8] = p->ttl;
    ip[9] = p->proto;
    memcpy(ip + 12, p->src.bytes, 4);
    memcpy(ip + 16, p->dst.bytes, 4);
    memset(ip + HSR_IP4_HDR, 1, header - HSR_IP4_HDR); /* no operation */
    hsr_store16(ip + 10, (uint16_t)~hsr_csum_fold(hsr_csum_add(0, ip, header)));
}

static void fill_ip6(const struct packet *p, uint8_t *ip, uint32_t header, uint32_t len)
{
    hsr_store32(ip, 0x60000000u | (uint32_t)p->tos << 20);
    hsr_store16(ip + 4, (uint16_t)(len - HSR_IP6_HDR));
    ip[6] = p->proto;
    ip[7] = p->ttl;
    memcpy(ip + 8, p->src.bytes, 16);
    memcpy(ip + 24, p->dst.bytes, 16);
    if (header == HSR_IP6_HDR)
        return;
    ip[6] = 44;
    ip[HSR_IP6_HDR] = p->proto;
    hsr_store16(ip + HSR_IP6_HDR + 2, (uint16_t)(p->offset | (p->more ? 1 : 0)));
    hsr_store32(ip + HSR_IP6_HDR + 4, p->id);
}

static bool add_ip(struct making *m)
{
    const struct packet *p = m->p;
    bool six = p->src.family == 6;
    uint32_t header = six ? HSR_IP6_HDR + (p->fragment ? 8u : 0)
                          : HSR_IP4_HDR + (((uint32_t)p->options + 3) & ~3u);
    uint32_t l4 = p->offset == 0 ? l4_header(p) : 0;
    uint32_t least = header + l4 + (p->fragment && l4 == 0 ? 8u : 0);
    uint32_t len = p->len != 0 ? p->len : least;
    uint8_t *ip;

    if (len < least)
        return fail(m, "len %u is too short: the headers alone have %u bytes", len, least);
    if (p->fragment && p->more && (len - header) % 8 != 0)
        len = header + ((len - header) & ~7u);
    if (p->fragment && p->more && len < least)
        len = header + ((least - header + 7) & ~7u);
    if (m->f->len + len > HSR_MAX_FRAME)
        return fail(m, "len %u is too much: a frame has at most %d bytes", len, HSR_MAX_FRAME);
    ip = add(m, len);
    if (six)
        fill_ip6(p, ip, header, len);
    else
        fill_ip4(p, ip, header, len);
    if (p->offset != 0)
        return true;
    fill_l4(p, ip + header, len - header);
    sum_l4(p, ip + header, len - header);
    if (p->gso != 0) {
        m->f->vnet = (struct virtio_net_hdr){.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                                             .gso_type = six ? VIRTIO_NET_HDR_GSO_TCPV6
                                                             : VIRTIO_NET_HDR_GSO_TCPV4,
                                             .gso_size = p->gso,
                                             .hdr_len = (uint16_t)(m->f->len - len + header + l4),
                                             .csum_start = (uint16_t)(m->f->len - len + header),
                                             .csum_offset = HSR_TCP_CSUM};
    }
    return true;
}

static bool add_arp(struct making *m, uint64_t smac)
{
    uint8_t *arp = add(m, 28);

    hsr_store16(arp, 1);
    hsr_store16(arp + 2, 0x0800);
    arp[4] = 6;
    arp[5] = 4;
    hsr_store16(arp + 6, 1);
    hsr_store48(arp + 8, smac);
    memcpy(arp + 14, m->p->src.bytes, 4);
    memcpy(arp + 24, m->p->dst.bytes, 4);
    return true;
}

static bool add_packet(struct making *m, uint64_t dst, uint64_t src)
{
    const struct packet *p = m->p;
    uint16_t type = p->kind == PACKET_ARP ? 0x0806 : p->src.family == 6 ? 0x86DD : 0x0800;

    if (p->kind == PACKET_ARP)
        dst = UINT64_C(0xFFFFFFFFFFFF);
    src = p->smac != 0 ? p->smac : src;
    dst = p->dmac != 0 ? p->dmac : dst;
    add_ethernet(m, dst, src, type, p->vlan);
    return p->kind == PACKET_ARP ? add_arp(m, src) : add_ip(m);
}

/* ---- through a tunnel ---- */

static uint32_t context_of(const struct making *m, const struct cfg_vpc **vpc)
{
    const struct cfg *cfg = m->fw->cfg;

    for (uint32_t i = 0; i < cfg->vpcs; i++) {
        if (cfg->vpc[i].vni != m->p->vni)
            continue;
        *vpc = &cfg->vpc[i];
        return cfg->vpc[i].context;
    }
    return 0;
}

/* UDP and the tunnel's header, in front of the `inner` bytes to come. */
static void add_outer(struct making *m, const struct cfg_vpc *vpc, const struct cfg_addr *to,
                      uint32_t inner)
{
    bool geneve = vpc != NULL && vpc->tunnel.encap == CFG_GENEVE;
    uint32_t udp = HSR_UDP_HDR + 8 + inner;
    struct packet outer = {.proto = HSR_PROTO_UDP, .src = m->p->via, .dst = *to, .ttl = 64};
    bool six = outer.src.family == 6;
    uint8_t *ip = add(m, (six ? HSR_IP6_HDR : HSR_IP4_HDR) + (uint32_t)HSR_UDP_HDR + 8), *at;

    if (six)
        fill_ip6(&outer, ip, HSR_IP6_HDR, HSR_IP6_HDR + udp);
    else
        fill_ip4(&outer, ip, HSR_IP4_HDR, HSR_IP4_HDR + udp);
    at = ip + (six ? HSR_IP6_HDR : HSR_IP4_HDR);
    hsr_store16(at, 50000);
    hsr_store16(at + 2, geneve ? HSR_PORT_GENEVE : HSR_PORT_VXLAN);
    hsr_store16(at + 4, (uint16_t)udp);
    at += HSR_UDP_HDR;
    if (geneve)
        hsr_store16(at + 2, 0x6558);
    else
        at[0] = 0x08;
    hsr_store32(at + 4, m->p->vni << 8);
}

static const struct cfg_addr *our_end(const struct making *m)
{
    uint8_t family = m->p->via.family;
    const struct cfg_addr *own = pol_own_vtep(m->fw->policy, family);

    return own->family != 0 ? own : &pol_link(m->port, family)->net.addr;
}

static bool tunnel(struct making *m)
{
    const struct cfg_addr *to = our_end(m);
    const struct cfg_vpc *vpc = NULL;
    uint32_t context = context_of(m, &vpc), begin, outer;
    uint64_t dst, src, next = pol_static_neighbor(m->fw->policy, &m->p->via);

    if (m->port->role != CFG_UPLINK)
        return fail(m, "'from' and 'vni' are for uplinks, and port %s is none", m->port->name);
    if (m->p->via.family == 0)
        return fail(m, "'vni' needs 'from HOST', the tunnel's other end");
    if (to->family == 0)
        return fail(m, "this host has no address of that family for tunnels");
    /* The inner packet is made twice: its length is known behind the first time. */
    inner_macs(m, context, &dst, &src);
    if (!add_packet(m, dst, src))
        return false;
    begin = m->f->len;
    m->f->len = 0;
    add_ethernet(m, m->port->mac48, next != 0 ? next : SOMEBODY, to->family == 6 ? 0x86DD : 0x0800,
                 -1);
    add_outer(m, vpc, to, begin);
    outer = m->f->len;
    if (outer + begin > HSR_MAX_FRAME)
        return fail(m, "a frame has at most %d bytes", HSR_MAX_FRAME);
    if (!add_packet(m, dst, src))
        return false;
    if (to->family == 6) {
        uint8_t *udp = m->f->bytes + HSR_ETH_HDR + HSR_IP6_HDR;
        uint32_t len = m->f->len - HSR_ETH_HDR - HSR_IP6_HDR;
        uint64_t sum =
            hsr_csum_add(hsr_pseudo6(m->p->via.bytes, to->bytes, HSR_PROTO_UDP, len), udp, len);

        hsr_store16(udp + HSR_UDP_CSUM, (uint16_t)~hsr_csum_fold(sum));
    }
    return true;
}

bool packet_make(const struct fw *fw, const struct cfg_port *port, const struct packet *p,
                 struct fw_frame *frame, struct packet_error *error)
{
    struct making m = {
        .fw = fw, .port = pol_port(fw->policy, port->index), .p = p, .f = frame, .error = error};
    uint64_t dst, src;

    frame->len = 0;
    frame->vnet = (struct virtio_net_hdr){0};
    if (p->vni != 0 || p->via.family != 0)
        return tunnel(&m);
    plain_macs(&m, &dst, &src);
    return add_packet(&m, dst, src);
}

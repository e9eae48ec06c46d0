/* SPDX-License-Identifier: Apache-2.0 */
#include "frames.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { TCP = 6, UDP = 17, ICMP = 1, ICMP6 = 58 };

uint16_t fr_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t fr_get32(const uint8_t *p)
{
    return (uint32_t)fr_get16(p) << 16 | fr_get16(p + 2);
}

void fr_put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

void fr_put32(uint8_t *p, uint32_t v)
{
    fr_put16(p, v >> 16);
    fr_put16(p + 2, v & 0xFFFF);
}

void fr_mac(uint8_t *p, uint64_t mac)
{
    fr_put16(p, (uint32_t)(mac >> 32));
    fr_put32(p + 2, (uint32_t)mac);
}

uint64_t fr_get_mac(const uint8_t *p)
{
    return (uint64_t)fr_get16(p) << 32 | fr_get32(p + 2);
}

uint64_t fr_sum(uint64_t sum, const uint8_t *p, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        sum += i % 2 ? p[i] : (uint64_t)p[i] << 8;
    return sum;
}

uint16_t fr_fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xFFFF) + (sum >> 16);
    return (uint16_t)sum;
}

static bool is6(const char *text)
{
    return strchr(text, ':') != NULL;
}

static void address(uint8_t *to, const char *text)
{
    if (inet_pton(is6(text) ? AF_INET6 : AF_INET, text, to) != 1)
        abort();
}

uint32_t fr_addr4(const char *text)
{
    uint8_t b[4];

    address(b, text);
    return fr_get32(b);
}

struct fr_flow fr_back(const struct fr_flow *f)
{
    struct fr_flow r = *f;

    r.smac = f->dmac;
    r.dmac = f->smac;
    r.src = f->dst;
    r.dst = f->src;
    r.sport = f->dport;
    r.dport = f->sport;
    return r;
}

void fr_ether(struct fr *o, uint64_t dmac, uint64_t smac, uint16_t type, uint32_t payload)
{
    memset(&o->vnet, 0, sizeof o->vnet);
    fr_mac(o->b, dmac);
    fr_mac(o->b + 6, smac);
    fr_put16(o->b + 12, type);
    memset(o->b + 14, 0, payload);
    o->len = 14 + payload;
}

/* Ethernet and IP headers around `len` bytes; where those begin. */
static uint8_t *ip_header(struct fr *o, const struct fr_flow *f, uint8_t proto, uint32_t len)
{
    bool v6 = is6(f->src);
    uint8_t *ip = o->b + FR_L3;
    uint8_t ttl = f->ttl ? f->ttl : 64;

    fr_ether(o, f->dmac, f->smac, v6 ? 0x86DD : 0x0800, (v6 ? 40 : 20) + len);
    if (v6) {
        fr_put32(ip, 6u << 28 | (uint32_t)f->tos << 20);
        fr_put16(ip + 4, len);
        ip[6] = proto;
        ip[7] = ttl;
        address(ip + 8, f->src);
        address(ip + 24, f->dst);
        return ip + 40;
    }
    ip[0] = 0x45;
    ip[1] = f->tos;
    fr_put16(ip + 2, 20 + len);
    fr_put16(ip + 6, 0x4000);
    ip[8] = ttl;
    ip[9] = proto;
    address(ip + 12, f->src);
    address(ip + 16, f->dst);
    fr_put16(ip + 10, (uint16_t)~fr_fold(fr_sum(0, ip, 20)));
    return ip + 20;
}

/* Sum of the pseudo header of the IP packet at `ip`. */
static uint64_t pseudo(const uint8_t *ip, uint8_t proto, uint32_t len)
{
    if (ip[0] >> 4 == 6)
        return fr_sum(0, ip + 8, 32) + proto + len;
    return fr_sum(0, ip + 12, 8) + proto + len;
}

static void pattern(uint8_t *p, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        p[i] = (uint8_t)(i * 7 + 1);
}

void fr_ip(struct fr *o, const struct fr_flow *f, uint8_t proto, const void *body, uint32_t len)
{
    memcpy(ip_header(o, f, proto, len), body, len);
}

void fr_udp_with(struct fr *o, const struct fr_flow *f, const void *data, uint32_t payload)
{
    uint8_t *udp = ip_header(o, f, UDP, 8 + payload);
    uint16_t sum;

    fr_put16(udp, f->sport);
    fr_put16(udp + 2, f->dport);
    fr_put16(udp + 4, 8 + payload);
    memcpy(udp + 8, data, payload);
    sum = (uint16_t)~fr_fold(fr_sum(pseudo(o->b + FR_L3, UDP, 8 + payload), udp, 8 + payload));
    fr_put16(udp + 6, sum ? sum : 0xFFFF);
}

void fr_udp(struct fr *o, const struct fr_flow *f, uint32_t payload)
{
    static _Thread_local uint8_t data[FR_ROOM];

    pattern(data, payload);
    fr_udp_with(o, f, data, payload);
}

void fr_tcp_with(struct fr *o, const struct fr_flow *f, uint8_t flags, uint32_t seq, uint32_t ack,
                 const void *data, uint32_t payload)
{
    uint8_t *tcp = ip_header(o, f, TCP, 20 + payload);

    fr_put16(tcp, f->sport);
    fr_put16(tcp + 2, f->dport);
    fr_put32(tcp + 4, seq);
    fr_put32(tcp + 8, ack);
    tcp[12] = 5 << 4;
    tcp[13] = flags;
    fr_put16(tcp + 14, 0xFFFF);
    memcpy(tcp + 20, data, payload);
    fr_put16(tcp + 16, (uint16_t)~fr_fold(
                           fr_sum(pseudo(o->b + FR_L3, TCP, 20 + payload), tcp, 20 + payload)));
}

void fr_tcp(struct fr *o, const struct fr_flow *f, uint8_t flags, uint32_t seq, uint32_t ack,
            uint32_t payload)
{
    static _Thread_local uint8_t data[FR_ROOM];

    pattern(data, payload);
    fr_tcp_with(o, f, flags, seq, ack, data, payload);
}

void fr_icmp(struct fr *o, const struct fr_flow *f, uint8_t type, uint8_t code, const void *body,
             uint32_t len)
{
    bool v6 = is6(f->src);
    uint8_t *icmp = ip_header(o, f, v6 ? ICMP6 : ICMP, 4 + len);
    uint64_t sum = v6 ? pseudo(o->b + FR_L3, ICMP6, 4 + len) : 0;

    icmp[0] = type;
    icmp[1] = code;
    memcpy(icmp + 4, body, len);
    fr_put16(icmp + 2, (uint16_t)~fr_fold(fr_sum(sum, icmp, 4 + len)));
}

void fr_echo(struct fr *o, const struct fr_flow *f, uint8_t type, uint16_t id)
{
    uint8_t body[36] = {0};

    fr_put16(body, id);
    fr_put16(body + 2, 1);
    pattern(body + 4, 32);
    fr_icmp(o, f, type, 0, body, sizeof body);
}

void fr_error(struct fr *o, const struct fr_flow *f, uint8_t type, uint8_t code,
              const struct fr *quoted, uint32_t most)
{
    uint8_t body[1300] = {0};
    uint32_t n = quoted->len - FR_L3;

    if (n > most)
        n = most;
    memcpy(body + 4, quoted->b + FR_L3, n);
    fr_icmp(o, f, type, code, body, n + 4);
}

void fr_arp(struct fr *o, uint16_t op, uint64_t smac, const char *sip, uint64_t tmac,
            const char *tip)
{
    uint8_t *a = o->b + 14;

    fr_ether(o, op == 1 ? UINT64_C(0xFFFFFFFFFFFF) : tmac, smac, 0x0806, 28);
    fr_put16(a, 1);
    fr_put16(a + 2, 0x0800);
    a[4] = 6;
    a[5] = 4;
    fr_put16(a + 6, op);
    fr_mac(a + 8, smac);
    address(a + 14, sip);
    fr_mac(a + 18, op == 1 ? 0 : tmac);
    address(a + 24, tip);
}

void fr_solicit(struct fr *o, const struct fr_flow *f, const char *target)
{
    uint8_t body[28] = {0};
    struct fr_flow nd = *f;

    address(body + 4, target);
    body[20] = 1;
    body[21] = 1;
    fr_mac(body + 22, f->smac);
    nd.ttl = 255;
    fr_icmp(o, &nd, 135, 0, body, sizeof body);
}

void fr_advertise(struct fr *o, const struct fr_flow *f, const char *target, uint64_t mac,
                  uint8_t flags)
{
    uint8_t body[28] = {flags};
    struct fr_flow nd = *f;

    address(body + 4, target);
    body[20] = 2;
    body[21] = 1;
    fr_mac(body + 22, mac);
    nd.ttl = f->ttl != 0 ? f->ttl : 255;
    fr_icmp(o, &nd, 136, 0, body, mac != 0 ? sizeof body : 20);
}

void fr_fragment(struct fr *o, const struct fr *whole, uint32_t id, uint32_t at, uint32_t len,
                 bool more)
{
    bool v6 = fr_get16(whole->b + 12) == 0x86DD;
    uint32_t data = FR_L3 + (v6 ? 40 : 20), header = data + (v6 ? 8 : 0);
    uint8_t *ip = o->b + FR_L3;

    if (len > whole->len - data - at)
        len = whole->len - data - at;
    memset(&o->vnet, 0, sizeof o->vnet);
    memcpy(o->b, whole->b, data);
    memcpy(o->b + header, whole->b + data + at, len);
    o->len = header + len;
    if (v6) {
        fr_put16(ip + 4, 8 + len);
        fr_put16(ip + 40, (uint32_t)ip[6] << 8);
        ip[6] = 44;
        fr_put16(ip + 42, at | more);
        fr_put32(ip + 44, id);
        return;
    }
    fr_put16(ip + 2, 20 + len);
    fr_put16(ip + 4, id);
    fr_put16(ip + 6, at / 8 | (more ? 0x2000 : 0));
    fr_put16(ip + 10, 0);
    fr_put16(ip + 10, (uint16_t)~fr_fold(fr_sum(0, ip, 20)));
}

/* IP and UDP around a frame, with `room` bytes for the tunnel's header, which is returned. */
static uint8_t *tunnel(struct fr *o, const struct fr_flow *outer, uint16_t port, uint32_t room)
{
    bool v6 = is6(outer->src);
    struct virtio_net_hdr vnet = o->vnet;
    uint32_t inner = o->len + room, headers = FR_L3 + (v6 ? 40 : 20) + 8;
    uint8_t *ip = o->b + FR_L3, *udp;

    memmove(o->b + headers + room, o->b, o->len);
    udp = ip_header(o, outer, UDP, 16);
    if (v6) {
        fr_put16(ip + 4, 8 + inner);
    } else {
        fr_put16(ip + 2, 28 + inner);
        fr_put16(ip + 10, 0);
        fr_put16(ip + 10, (uint16_t)~fr_fold(fr_sum(0, ip, 20)));
    }
    fr_put16(udp, outer->sport);
    fr_put16(udp + 2, port);
    fr_put16(udp + 4, 8 + inner);
    fr_put16(udp + 6, 0);
    o->len = headers + inner;
    o->vnet = vnet;
    return udp + 8;
}

/* The UDP checksum of a tunnel over IPv6. */
static void tunnel_sum(struct fr *o)
{
    uint8_t *ip = o->b + FR_L3, *udp = ip + 40;
    uint32_t len = o->len - FR_L3 - 40;
    uint16_t sum;

    if (ip[0] >> 4 != 6)
        return;
    sum = (uint16_t)~fr_fold(fr_sum(pseudo(ip, UDP, len), udp, len));
    fr_put16(udp + 6, sum ? sum : 0xFFFF);
}

void fr_vxlan(struct fr *o, const struct fr_flow *outer, uint32_t vni)
{
    uint8_t *h = tunnel(o, outer, 4789, 8);

    fr_put32(h, 8u << 24);
    fr_put32(h + 4, vni << 8);
    tunnel_sum(o);
}

void fr_geneve(struct fr *o, const struct fr_flow *outer, uint32_t vni, const void *options,
               uint32_t len)
{
    uint8_t *h = tunnel(o, outer, 6081, 8 + len);

    fr_put32(h, len / 4 << 24 | 0x6558);
    fr_put32(h + 4, vni << 8);
    memcpy(h + 8, options, len);
    tunnel_sum(o);
}

void fr_partial(struct fr *o, uint16_t gso)
{
    uint8_t *ip = o->b + FR_L3;
    bool v6 = ip[0] >> 4 == 6;
    uint32_t l4 = FR_L3 + (v6 ? 40 : 20);
    uint8_t proto = v6 ? ip[6] : ip[9];
    uint16_t field = proto == TCP ? 16 : 6;

    fr_put16(o->b + l4 + field, fr_fold(pseudo(ip, proto, o->len - l4)));
    o->vnet.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
    o->vnet.csum_start = (uint16_t)l4;
    o->vnet.csum_offset = field;
    if (gso == 0)
        return;
    o->vnet.gso_type = v6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
    o->vnet.gso_size = gso;
    o->vnet.hdr_len = (uint16_t)(l4 + 20);
}

/* L4 behind an IP header. */
static bool l4_right(const uint8_t *ip, const uint8_t *l4, uint8_t proto, uint32_t len)
{
    uint64_t sum;

    if (proto == UDP && len >= 8 && fr_get16(l4 + 4) < len)
        len = fr_get16(l4 + 4); /* what is behind it is nobody's */
    sum = pseudo(ip, proto, len);
    switch (proto) {
    case TCP:
    case ICMP6:
        break;
    case UDP:
        /* A guest's own packet may be for that port as well. */
        if (len >= 16 && fr_get16(l4 + 2) == 4789 && fr_get32(l4 + 8) == 8u << 24) {
            bool none = fr_get16(l4 + 6) == 0 && ip[0] >> 4 == 4;

            return (none || fr_fold(fr_sum(sum, l4, len)) == 0xFFFF) &&
                   fr_sums_right(l4 + 16, len - 16);
        }
        if (fr_get16(l4 + 6) == 0)
            return ip[0] >> 4 == 4;
        break;
    case ICMP:
        sum = 0;
        break;
    default:
        return true;
    }
    return fr_fold(fr_sum(sum, l4, len)) == 0xFFFF;
}

bool fr_sums_right(const uint8_t *frame, uint32_t len)
{
    const uint8_t *ip = frame + FR_L3;
    uint16_t type = len >= 14 ? fr_get16(frame + 12) : 0;

    if (type == 0x86DD)
        return len >= 54 && len - 54 >= fr_get16(ip + 4) &&
               l4_right(ip, ip + 40, ip[6], fr_get16(ip + 4));
    if (type != 0x0800)
        return len >= 14;
    if (len < 34 || fr_fold(fr_sum(0, ip, 20)) != 0xFFFF || len - 14 < fr_get16(ip + 2))
        return false;
    return (fr_get16(ip + 6) & 0x3FFF) != 0 || /* a fragment's L4 checksum is of all of them */
           l4_right(ip, ip + 20, ip[9], fr_get16(ip + 2) - 20u);
}

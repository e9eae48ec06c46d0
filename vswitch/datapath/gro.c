/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GRO: packets of one TCP flow that come together leave as one by a vNIC that takes segmentation offload: the guest gets
 * what a sender with TSO would have sent, and the Post-Processor can make the same packets of it again.
 *
 * Only what says the same is merged (as in the Linux kernel, tcp_gro_receive()): all headers as they will leave, but for
 * sequence number, length, identification and checksums; each payload where the last one ended, and as long as the
 * first, the last one may be shorter; no flag but ACK, and PSH at the last one. The sender's checksum must have been found
 * right or left to us, for the merged packet has one of our own making. Packets stay in order: what fits in nowhere leaves by
 * itself, in its place.
 */
#include <string.h>

#include "hsring/csum.h"
#include "hsring/wire.h"
#include "internal.h"

enum { TCP_PSH = 0x08, TCP_ACK = 0x10, IP_DF = 0x4000, IP_MAX = 65535 };

/* A segment that may be a part: its headers in the slot, and what was read of them once. */
struct part {
    uint8_t *frame, *ip, *tcp;
    uint32_t tcp_len; /* header with its options */
    uint32_t payload;
    uint32_t seq;
    uint32_t ident; /* IPv4 */
    uint8_t flags;
};

static bool sum_known(const struct act_packet *p)
{
    bool more = p->meta.flags & HSR_RXF_LINE1;

    if (more && p->meta.gso_size != 0)
        return false;
    switch (p->meta.verdicts >> 2 & 3) {
    case HSR_VERDICT_GOOD:
        return true;
    case HSR_VERDICT_PARTIAL:
        return more && p->meta.csum_offset == HSR_TCP_CSUM;
    default:
        return false;
    }
}

/* IP is as long as the frame says, without options or extension headers, nor fragments. */
static bool plain_ip(const struct act_packet *p, const uint8_t *ip)
{
    uint32_t len = p->frame_len - p->l3;

    if (p->meta.flags & HSR_RXF_IPV6)
        return p->l4 - p->l3 == HSR_IP6_HDR && hsr_load16(ip + 4) + (uint32_t)HSR_IP6_HDR == len;
    return p->l4 - p->l3 == HSR_IP4_HDR && hsr_load16(ip + 2) == len &&
           (hsr_load16(ip + 6) & ~(unsigned)IP_DF) == 0;
}

/* Can this be a part? All of it lies where the checked metadata says, whatever the slot says by now. */
static bool look(const struct act_packet *p, struct part *part)
{
    if (p->drop != HSR_DROP_NONE || p->mtu != 0 || p->l3 != HSR_ETH_HDR || !sum_known(p))
        return false;
    part->frame = act_frame(p);
    part->ip = part->frame + p->l3;
    part->tcp = part->frame + p->l4;
    part->tcp_len = p->meta.payload_off - (uint32_t)p->meta.l4_off;
    part->payload = dp_tcp_payload(p);
    part->seq = hsr_load32(part->tcp + 4);
    part->ident = hsr_load16(part->ip + 4);
    part->flags = part->tcp[13];
    return part->payload > 0 && part->payload <= UINT16_MAX && plain_ip(p, part->ip) &&
           (part->flags & ~(unsigned)TCP_PSH) == TCP_ACK;
}

static bool same(const uint8_t *a, const uint8_t *b, uint32_t from, uint32_t to)
{
    return memcmp(a + from, b + from, to - from) == 0;
}

/* Ethernet and IP headers; without DF identifications must go on, or the packets could not be made again. */
static bool same_ip(const struct part *a, const struct part *b, bool ipv6, uint32_t n)
{
    if (!same(a->frame, b->frame, 0, HSR_ETH_HDR))
        return false;
    if (ipv6)
        return same(a->ip, b->ip, 0, 4) && same(a->ip, b->ip, 6, HSR_IP6_HDR);
    return same(a->ip, b->ip, 0, 2) && same(a->ip, b->ip, 6, 10) &&
           same(a->ip, b->ip, 12, HSR_IP4_HDR) &&
           (hsr_load16(a->ip + 6) & IP_DF || (uint16_t)(a->ident + n) == b->ident);
}

/* Ports, acknowledgment, header length, window, urgent pointer, options. */
static bool same_tcp(const struct part *a, const struct part *b)
{
    return a->tcp_len == b->tcp_len && same(a->tcp, b->tcp, 0, 4) && same(a->tcp, b->tcp, 8, 13) &&
           same(a->tcp, b->tcp, 14, 16) && same(a->tcp, b->tcp, 18, a->tcp_len);
}

/* Does `b` go on where `a`, with `n` packets and `bytes` of payload, ends? */
static bool goes_on(const struct part *a, const struct part *b, bool ipv6, uint32_t n,
                    uint32_t bytes)
{
    uint32_t ip = ipv6 ? HSR_IP6_HDR : HSR_IP4_HDR;

    return b->seq == a->seq + bytes && b->payload <= a->payload &&
           ip + a->tcp_len + bytes + b->payload <= IP_MAX && same_ip(a, b, ipv6, n) &&
           same_tcp(a, b);
}

/* The headers of the first become those of the whole; its metadata says what a sender would have that left the cutting to us. */
static void make_whole(struct act_packet *p, const struct part *a, uint32_t bytes, uint8_t push)
{
    bool ipv6 = p->meta.flags & HSR_RXF_IPV6;
    uint32_t tcp_len = a->tcp_len + bytes;
    uint64_t sum;

    if (ipv6) {
        hsr_store16(a->ip + 4, (uint16_t)tcp_len);
        sum = hsr_pseudo6(a->ip + 8, a->ip + 24, HSR_PROTO_TCP, tcp_len);
    } else {
        uint32_t was = HSR_IP4_HDR + a->tcp_len + a->payload, is = HSR_IP4_HDR + tcp_len;

        hsr_store16(a->ip + 2, (uint16_t)is);
        hsr_store16(a->ip + 10, hsr_csum_update(hsr_load16(a->ip + 10), was, is));
        sum = hsr_pseudo4(a->ip + 12, a->ip + 16, HSR_PROTO_TCP, tcp_len);
    }
    a->tcp[13] = (uint8_t)(a->flags | push);
    hsr_store16(a->tcp + HSR_TCP_CSUM, hsr_csum_fold(sum));
    p->meta.flags |= HSR_RXF_LINE1;
    p->meta.verdicts = (uint8_t)((p->meta.verdicts & ~(3u << 2)) | HSR_VERDICT_PARTIAL << 2);
    p->meta.csum_offset = HSR_TCP_CSUM;
    p->meta.gso_type = ipv6 ? HSR_GSO_TCP6 : HSR_GSO_TCP4;
    p->meta.gso_size = (uint16_t)a->payload;
}

/* How many of the packets from this one on make one; then the first is that. */
static uint32_t chain(struct act_packet *p, const struct act_packet *end)
{
    bool ipv6 = p->meta.flags & HSR_RXF_IPV6, last;
    uint32_t n = 1, bytes;
    struct part a;
    uint8_t push = 0;

    if (!look(p, &a) || a.flags & TCP_PSH)
        return 1;
    bytes = a.payload;
    for (last = false; !last && p + n < end && n < HSR_MAX_VECTOR; n++) {
        struct part next;

        if (p[n].egress != p->egress || !look(&p[n], &next) || !goes_on(&a, &next, ipv6, n, bytes))
            break;
        bytes += next.payload;
        push = next.flags & TCP_PSH;
        last = next.payload < a.payload || push != 0;
    }
    if (n > 1)
        make_whole(p, &a, bytes, push);
    return n;
}

void dp_send_merged(struct dp_worker *w, struct act_packet *packet, struct act_packet *end,
                    const struct dp_fit *fit)
{
    for (struct act_packet *p = packet; p < end;) {
        uint32_t n = chain(p, end);

        if (n > 1)
            dp_send_chain(w, p, n, fit);
        else
            dp_send_fit(w, p, fit);
        if (p->drop == HSR_DROP_NONE)
            fit = NULL;
        p += n;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to the parser and to what walks over parsed headers once more: the state of one scan and the layers that
 * advance it.
 *
 * Each layer takes its header off the cursor, notes what it found in `m`, and calls the next one;
 * it returns the drop reason it found, 0 for none. Fields of packets are fetched once and checked
 * as the copies they then are.
 */
#ifndef PARSE_SCAN_H
#define PARSE_SCAN_H

#include "hsring/bytes.h"
#include "hsring/wire.h"
#include "preproc/parse.h"

/* EtherTypes, and bytes of a tag from its TCI on. */
enum { PP_TYPE_IP4 = 0x0800, PP_TYPE_IP6 = 0x86DD, PP_TAG = 4 };

static inline bool pp_is_tag(uint16_t type)
{
    return type == 0x8100 || type == 0x88A8 || type == 0x9100;
}

/* Position of a two-bit verdict in rx_meta.verdicts. */
enum { PP_VERDICT_L3 = 0, PP_VERDICT_L4 = 2, PP_VERDICT_OUTER = 4 };

struct pp_scan {
    struct hsr_rx_meta m; /* built here, written out once */
    struct hsr_cursor c;  /* what is left of the innermost layer entered */
    const uint8_t *frame;
    const struct pp_ingress *in;
    const struct pp_tables *tables;
    struct virtio_net_hdr vnet; /* a copy; zero when nothing was said */
    uint32_t context;
    uint16_t sport, dport; /* for the key */
    uint8_t addr[32];      /* source and destination, as in the packet */
    uint64_t outer6[2];    /* of struct pp_flow */
    uint8_t family;        /* of addr: 4, 6, or 0: none found */
    uint8_t proto;         /* for the key */
    uint8_t hop_limit;     /* TTL or hop limit */
    uint8_t tos;           /* TOS or traffic class */
    uint8_t tunnel;        /* enum hsr_tunnel, set when the tunnel is to be opened */
    bool inner;            /* a tunnel has been opened */
    bool routed;           /* the pseudo header's destination is not the one in the packet */
    bool partial;          /* vnet's checksum request belongs to a header we saw */
    bool fragment;
};

enum hsr_drop pp_scan_l2(struct pp_scan *s);   /* Ethernet, VLAN, ARP; then IP */
enum hsr_drop pp_scan_ip4(struct pp_scan *s);  /* IPv4; then L4 */
enum hsr_drop pp_scan_ip6(struct pp_scan *s);  /* IPv6 and extension headers; then L4 */
enum hsr_drop pp_scan_l4(struct pp_scan *s);   /* s->proto, from the cursor on */
enum hsr_drop pp_scan_icmp(struct pp_scan *s); /* ICMP and ICMPv6 */
enum hsr_drop pp_scan_tunnel(
    struct pp_scan *s); /* VXLAN or Geneve header, up to the inner Ethernet */

/* Length of an extension header of `type`, of which at least two bytes are at `p`; 0: no extension
 * header. */
uint32_t pp_ext_length(uint8_t type, const uint8_t *p);

/* The staged path alone, of which pp_parse() has a shorter version for plain packets. */
void pp_parse_staged(const uint8_t *frame, uint32_t len, const struct pp_ingress *in,
                     const struct pp_tables *tables, const struct virtio_net_hdr *vnet,
                     struct hsr_rx_meta *meta, struct pp_flow *flow);

static inline uint32_t pp_scan_offset(const struct pp_scan *s)
{
    return (uint32_t)(s->c.at - s->frame);
}

/* Cut the layer, and with it the frame, to `n` bytes from the cursor on; `n` is at most what is
 * left. */
static inline void pp_scan_trim(struct pp_scan *s, uint32_t n)
{
    s->c.left = n;
    s->m.frame_len = pp_scan_offset(s) + n;
}

/*
 * Offsets not reached yet stand where the last one found does, so that they ascend whenever the
 * scan ends. All fit 16 bits: the longest chain of headers, with two tunnels' worth of extension
 * headers, is below 36 KiB.
 */
static inline void pp_scan_mark_l2(struct pp_scan *s)
{
    s->m.l2_off = s->m.l3_off = s->m.l4_off = s->m.payload_off = (uint16_t)pp_scan_offset(s);
}

static inline void pp_scan_mark_l3(struct pp_scan *s)
{
    s->m.l3_off = s->m.l4_off = s->m.payload_off = (uint16_t)pp_scan_offset(s);
}

static inline void pp_scan_mark_l4(struct pp_scan *s)
{
    s->m.l4_off = s->m.payload_off = (uint16_t)pp_scan_offset(s);
}

static inline void pp_scan_verdict(struct pp_scan *s, unsigned position, enum hsr_verdict verdict)
{
    s->m.verdicts = (uint8_t)(s->m.verdicts | (unsigned)verdict << position);
}

static inline bool pp_scan_is_group(const struct pp_scan *s)
{
    const uint8_t *dst = s->addr + (s->family == 4 ? 4 : 16);

    if (s->family == 6)
        return dst[0] == 0xFF;
    return dst[0] >> 4 == 0xE || hsr_load32(dst) == 0xFFFFFFFFu;
}

static inline void pp_scan_class(struct pp_scan *s, enum hsr_class class)
{
    s->m.class = (uint8_t) class;
}

#endif

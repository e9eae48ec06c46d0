/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames for tests, built from the inside out: start, payload, L4, L3, L2; each call prepends a
 * header and fills in lengths and checksums. Between the calls a test may spoil what it likes.
 * pk_parse() parses a copy of exact size.
 */
#ifndef PACKETS_H
#define PACKETS_H

#include "preproc/parse.h"

#define PK_ROOM 70000

struct pk {
    uint8_t room[PK_ROOM];
    uint8_t *p; /* first byte so far */
    uint32_t n;
    uint8_t family;
    uint8_t src[16], dst[16];
    uint8_t hop_limit, tos;
    uint16_t ip_id, frag; /* IPv4 flags and offset */
};

/* What a parse gave. */
struct pk_result {
    struct hsr_rx_meta m;
    struct pp_flow flow;
};

extern const struct pp_ingress pk_vnic;   /* port 3, context 77 */
extern const struct pp_ingress pk_uplink; /* port 1 */
extern struct pp_tables pk_tables;

/* pk_tables with VTEPs 10.0.0.2 and 2001:db8::2 and VXLAN 5 -> context 500, Geneve 5 -> 501. */
void pk_tables_fill(void);

/* Begin with `payload` bytes; 10.0.0.1 -> 10.0.0.2 or 2001:db8::1 -> 2001:db8::2. */
void pk_start(struct pk *k, uint8_t family, uint32_t payload);
void pk_prepend(struct pk *k, const void *bytes, uint32_t n);
void pk_tcp(struct pk *k, uint8_t flags, const void *options, uint32_t n);
void pk_udp(struct pk *k, uint16_t sport, uint16_t dport);
void pk_icmp(struct pk *k, uint8_t type, uint16_t id);
void pk_sctp(struct pk *k);
void pk_ip(struct pk *k, uint8_t proto);
void pk_ip4_options(struct pk *k, uint8_t proto, const void *options, uint32_t n);
void pk_ext(struct pk *k, uint8_t next,
            uint32_t n); /* an extension header of n bytes, zero but for its head */
void pk_vlan(struct pk *k, uint16_t tci, uint16_t type);
void pk_eth(struct pk *k, uint16_t type);
void pk_ip_eth(struct pk *k, uint8_t proto);
void pk_vxlan(struct pk *k, uint32_t vni);
void pk_geneve(struct pk *k, uint32_t vni, const void *options, uint32_t n);
/* Around a finished frame: UDP, IP and Ethernet of `family` from 10.0.0.1 to the VTEP. */
void pk_outer(struct pk *k, uint8_t family, uint16_t dport);
void pk_pad(struct pk *k, uint32_t n);
/* Make the IPv4 header at `off` right again, and the L4 checksum of the segment at `l4`, `field` in
 * it. */
void pk_fix_ip4(struct pk *k, uint32_t off);
void pk_fix_l4(struct pk *k, uint32_t l4, uint32_t field, uint8_t proto);

/* The common plain packet: Ethernet, IP, TCP ACK or UDP 1000 -> 2000, some payload. */
void pk_plain(struct pk *k, uint8_t family, uint8_t proto);

/* Parse by both paths, which must agree, and check what holds for every frame. */
struct pk_result pk_parse_frame(const uint8_t *frame, uint32_t len, const struct pp_ingress *in,
                                const struct virtio_net_hdr *vnet);
struct pk_result pk_parse(const struct pk *k, const struct pp_ingress *in);
/* The reason alone. */
unsigned pk_reason(const struct pk *k, const struct pp_ingress *in);

static inline unsigned pk_verdict(const struct pk_result *r, unsigned which)
{
    return r->m.verdicts >> (2 * which) & 3u;
}

#endif

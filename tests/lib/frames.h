/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames for tests, built byte by byte with a checksum of its own, so that what the datapath computes is held against
 * something else. A struct fr_flow says who talks to whom; each builder fills a struct fr with a complete frame.
 */
#ifndef FRAMES_H
#define FRAMES_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stdint.h>

#define FR_ROOM 66000

struct fr {
    uint32_t len;
    struct virtio_net_hdr vnet; /* all zero: nothing claimed */
    uint8_t b[FR_ROOM];
};

/* Addresses in text; `ttl` 0 stands for 64. */
struct fr_flow {
    uint64_t smac, dmac;
    const char *src, *dst;
    uint16_t sport, dport;
    uint8_t ttl, tos;
};

enum { FR_FIN = 1, FR_SYN = 2, FR_RST = 4, FR_PSH = 8, FR_ACK = 16 };

/* The other direction: a reply of the receiver. */
struct fr_flow fr_back(const struct fr_flow *f);

void fr_udp(struct fr *o, const struct fr_flow *f, uint32_t payload);
void fr_tcp(struct fr *o, const struct fr_flow *f, uint8_t flags, uint32_t seq, uint32_t ack,
            uint32_t payload);
/* The same with a payload of the caller's. */
void fr_udp_with(struct fr *o, const struct fr_flow *f, const void *data, uint32_t payload);
void fr_tcp_with(struct fr *o, const struct fr_flow *f, uint8_t flags, uint32_t seq, uint32_t ack,
                 const void *data, uint32_t payload);
/* ICMP or ICMPv6 by the family of the addresses; `body` follows the first four bytes. */
void fr_icmp(struct fr *o, const struct fr_flow *f, uint8_t type, uint8_t code, const void *body,
             uint32_t len);
void fr_echo(struct fr *o, const struct fr_flow *f, uint8_t type, uint16_t id);
/* An error that quotes the IP packet of `quoted` (as much as stands there, at most `most` bytes of it). */
void fr_error(struct fr *o, const struct fr_flow *f, uint8_t type, uint8_t code,
              const struct fr *quoted, uint32_t most);
/* Any IP protocol. */
void fr_ip(struct fr *o, const struct fr_flow *f, uint8_t proto, const void *body, uint32_t len);
void fr_arp(struct fr *o, uint16_t op, uint64_t smac, const char *sip, uint64_t tmac,
            const char *tip);
void fr_solicit(struct fr *o, const struct fr_flow *f, const char *target);
/* Neighbour advertisement: flags of its fifth byte; `mac` 0: without the option. */
void fr_advertise(struct fr *o, const struct fr_flow *f, const char *target, uint64_t mac,
                  uint8_t flags);
void fr_ether(struct fr *o, uint64_t dmac, uint64_t smac, uint16_t type, uint32_t payload);

/*
 * The fragment of an IP frame that has `len` bytes of its data (what is behind the IP header) from `at` on, or what there is;
 * `more` may claim that there is more, or not.
 */
void fr_fragment(struct fr *o, const struct fr *whole, uint32_t id, uint32_t at, uint32_t len,
                 bool more);

/* Put VXLAN around a frame: over IPv4 without a UDP checksum, over IPv6 with one. */
void fr_vxlan(struct fr *o, const struct fr_flow *outer, uint32_t vni);

/* The same with Geneve and these options. */
void fr_geneve(struct fr *o, const struct fr_flow *outer, uint32_t vni, const void *options,
               uint32_t len);

/* Turn a TCP frame's checksum into one left to the NIC, with segmentation at `gso` bytes (0: none). */
void fr_partial(struct fr *o, uint16_t gso);

/* Is every checksum of this IP-over-Ethernet frame right, within a tunnel too? */
bool fr_sums_right(const uint8_t *frame, uint32_t len);

/*
 * Make the sums of a frame right, whatever else it is: IPv4 header, UDP, TCP, ICMP and ICMPv6, within a tunnel first. What
 * makes no sense is left alone, and so is a UDP checksum of 0.
 */
void fr_mend(uint8_t *frame, uint32_t len);

/* Offset of the IP header of a frame (behind Ethernet), of the inner frame of a VXLAN frame. */
#define FR_L3     14
#define FR_INNER  50
#define FR_INNER6 70 /* over IPv6 */

uint16_t fr_get16(const uint8_t *p);
uint32_t fr_get32(const uint8_t *p);
void fr_put16(uint8_t *p, uint32_t v);
void fr_put32(uint8_t *p, uint32_t v);
void fr_mac(uint8_t *p, uint64_t mac);
uint64_t fr_get_mac(const uint8_t *p);
uint32_t fr_addr4(const char *text);
/* RFC 1071 over `len` bytes, added to `sum`; not folded. */
uint64_t fr_sum(uint64_t sum, const uint8_t *p, uint32_t len);
uint16_t fr_fold(uint64_t sum);

#endif

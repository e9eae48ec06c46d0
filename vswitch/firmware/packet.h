/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A packet in a line of text, as people say it, and the frame it stands for.
 *
 *     tcp 10.0.0.1:1234 > 10.0.1.2:80 syn ttl 1
 *     udp [fd00::1]:5 > [fd00::2]:53 len 1400
 *     icmp 10.0.0.1 > 10.0.1.2
 *     arp 10.0.0.1 > 10.0.0.254
 *     tcp 10.0.0.9:5 > 10.0.0.1:80 ack from 192.0.2.2 vni 100
 *
 * packet_read() knows the words alone, packet_make() what the configuration adds: addresses of layer 2, tunnels.
 */
#ifndef FIRMWARE_PACKET_H
#define FIRMWARE_PACKET_H

#include "explain.h"

enum packet_kind { PACKET_TCP, PACKET_UDP, PACKET_ICMP, PACKET_SCTP, PACKET_IP, PACKET_ARP };

struct packet {
    enum packet_kind kind;
    uint8_t proto;
    struct cfg_addr src, dst;
    uint16_t sport, dport;
    uint8_t flags; /* TCP */
    uint32_t seq, ack;
    uint16_t window;
    uint8_t ttl, tos;
    bool df, more;
    bool
        fragment; /* `offset` bytes of its datagram come before it, and more behind it with `more` */
    uint16_t offset, id;
    int type, code; /* ICMP; -1: echo request */
    uint16_t ident;
    uint32_t len;        /* of the IP packet; 0: as short as it can be */
    uint16_t gso;        /* segment size, 0: none */
    int vlan;            /* -1: no tag */
    int options;         /* bytes of IPv4 options */
    uint64_t smac, dmac; /* 0: by the configuration */
    struct cfg_addr via; /* family 0: through no tunnel */
    uint32_t vni;        /* 0: none */
};

struct packet_error {
    int at; /* character of the text, from 0 on; -1: of none */
    char text[200];
};

/* False with an error. */
bool packet_read(const char *text, struct packet *p, struct packet_error *error);

/* The frame as it comes in by the port; false with an error. */
bool packet_make(const struct fw *fw, const struct cfg_port *port, const struct packet *p,
                 struct fw_frame *frame, struct packet_error *error);

#endif

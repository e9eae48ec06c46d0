/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Actions: what a session does to the packets of one direction. Small, data-driven, each runs over a whole vector.
 *
 * The slow path compiles policy into a program (store.h): a list of actions that sessions with the same way share. What is
 * a session's own, stands in its direction as arguments (struct ses_dir, `param`), which the action finds by the vector.
 * The fast path gives program and vector to act_run(). One file an action, one table of functions each, one line in
 * actions.h and actions.c.
 *
 * Order in a program: decap, ttl, mss, eth, nat, encap, output. What may drop a packet and have its sender told (ttl) comes before
 * what rewrites it, so that the sender is quoted what it sent.
 *
 * Threads: the worker's own. Nothing here allocates, logs or waits.
 */
#ifndef ACTION_ACTION_H
#define ACTION_ACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "action/store.h"
#include "hsring/abi.h"
#include "session/session.h"

enum act_op {
    ACT_END = 0,
    ACT_DECAP, /* strip everything before the keyed Ethernet header (RFC 7348; ECN by RFC 6040) */
    ACT_ETH,   /* arg32: template of 12 bytes, destination and source MAC */
    ACT_TTL,   /* TTL or hop limit down by one; drops at the end, the packet as it was */
    ACT_NAT,   /* arg8: enum act_nat; param: struct act_nat_param; arg32: IPv6 template */
    ACT_ENCAP, /* arg32: template of the outer headers, Ethernet to VXLAN or Geneve; arg16: bytes of it; arg8: act_packet.encap */
    ACT_OUTPUT, /* arg16: port; the packet is done */
    ACT_MSS,    /* arg16: most that a TCP SYN may offer */
    ACT_OPS
};

/* What ACT_NAT writes. */
enum act_nat {
    ACT_NAT_SRC = 0x01,
    ACT_NAT_DST = 0x02,
    ACT_NAT_SPORT = 0x04, /* ICMP: the identifier, as with DPORT */
    ACT_NAT_DPORT = 0x08,
    ACT_NAT_IPV6 = 0x10, /* addresses are in a template of 32 bytes, source and destination */
};

/* And whereto, for one session; IPv4 addresses as in packets, ports in host order. What stays is there as it is. */
struct act_nat_param {
    uint8_t src[4], dst[4];
    uint16_t sport, dport;
    /* By what sums of 16-bit words grow then, 1 to 65,535: addresses alone, and with the ports. IPv4, for plans. */
    uint16_t addrs_grow, all_grow;
};

/* A packet in the firmware's hands: a checked copy of its rx metadata, and where its frame is now. */
/* Just loaded, and nothing but the metadata, slot and entry is set: for datapath/usual.c, through no tunnel or through one. */
enum act_usual { ACT_UNUSUAL, ACT_USUAL, ACT_USUAL_INSIDE };

struct act_packet {
    struct hsr_rx_meta meta; /* line 1 only with RXF_LINE1 or RXF_IPV6 */
    uint8_t *slot;           /* base of the run */
    uint32_t entry;          /* ring entry */
    uint32_t frame_off;      /* of the frame as it will be sent, from the slot's base */
    uint32_t frame_len;      /* with the payload */
    uint32_t
        payload_len; /* of it: bytes that stayed in the NIC and are not to be seen here (header-payload slicing) */
    uint16_t l2, l3, l4;         /* of the keyed packet, from frame_off */
    uint16_t outer_l3, outer_l4; /* after ACT_ENCAP */
    /* Together, so that they begin by one store. */
    uint16_t egress; /* set by ACT_OUTPUT, HSR_NO_PORT before */
    uint16_t mtu; /* of the path, when the packet is larger: for the Post-Processor; 0: it is not */
    uint8_t
        encap; /* after ACT_ENCAP: HSR_TXO_ENCAP, and HSR_TXO_OUTER_L4_CSUM where one is wanted; else 0 */
    bool fragment; /* with mtu: the packet may be fragmented */
    uint8_t drop;  /* reason, 0: alive */
    uint8_t hops;  /* from worker to worker */
    uint8_t under; /* handed over: for which home (datapath/moving.h); else not set */
    uint8_t moved; /* to that home's worker now, + 1; 0: it is here */
    uint8_t usual; /* enum act_usual */
};

/* Packets under one program, in a row. Those with a reason to be dropped are nobody's business any more. */
struct act_vector {
    struct act_packet *packet, *end;
    const struct act_store *store;
    const struct ses_dir *dir; /* the session's; NULL for packets of none */
};

struct act_ops {
    const char *name;
    void (*run)(struct act_vector *v, const struct act_action *a);
    /* The action in words: "encap vxlan vni 100 to 192.0.2.2". */
    void (*describe)(const struct act_action *a, const struct act_store *s,
                     const struct ses_dir *dir, char *text, uint32_t size);
    bool holds_template;       /* arg32 is one: the program refers to it */
    bool template_may_be_none; /* or there is none, ACT_NONE */
};

extern const struct act_ops *const act_table[ACT_OPS];

/* Run a program over a vector. */
void act_run(struct act_vector *v, const struct act_program *program);

/* Bytes of the frame that are in the slot, from act_frame() on. */
static inline uint32_t act_seen(const struct act_packet *p)
{
    return p->frame_len - p->payload_len;
}

/*
 * Outer IP header of a packet that came by a tunnel, as it came; at least `len` bytes of it lie in front of what was inside.
 * NULL: there is none. Not behind ACT_ENCAP, which writes there.
 */
const uint8_t *act_outer_ip(const struct act_packet *p, uint32_t len);

/* First byte of the frame as it will be sent. */
static inline uint8_t *act_frame(const struct act_packet *p)
{
    return p->slot + p->frame_off;
}

#endif

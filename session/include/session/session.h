/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session: one object for both directions of a flow, found by one lookup (architecture, section 4).
 *
 * Keys. The primary key is that of the initiator's packets. If nothing rewrites addresses or ports, the responder's
 * packets have the same one, and the swap bit tells the directions apart: the session owns the tuple in both
 * orientations. If something does (NAT, load balancing), they have another one, perhaps of another context: the
 * secondary key (SES_F_KEY2). Then the primary key holds in the initiator's orientation alone and the secondary in the
 * responder's alone, and what is left of either tuple may be another session's.
 *
 * Layout. Four cache lines: line 0 is match and state, lines 1 and 2 are the two directions, each with the key its
 * packets come under, line 3 is cold. A packet of an IPv4 session touches line 0 and the line of its direction, whether
 * there is a secondary key or not; IPv6 reads its addresses in line 3, or, under the secondary key, in an array of the
 * table that nothing else touches.
 *
 * What is done to packets is one word a direction (`program`) and its arguments (`param`): the datapath's, opaque here.
 * The session knows no policy and no action.
 *
 * Crashes. A session records indices, never pointers; what a later process needs stands in these 256 bytes (and the
 * array of secondary IPv6 addresses), so that they can lie in memory which outlives the process. `seal` says that a
 * record is whole: see ses_seal(). All of it belongs to one worker; no locks.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hsring/abi.h"

#define SES_NONE        UINT32_MAX
#define SES_PARAM_BYTES 28
#define SES_MTU_NONE    UINT16_MAX

/* Half of a session: packets of one direction. */
struct ses_dir {
    _Alignas(HSR_CACHE_LINE) uint64_t key_addrs; /* as in rx_meta; IPv6: 0 */
    uint64_t key_ports;                          /* both families */
    uint64_t packets;
    uint64_t bytes;
    uint32_t program;               /* what is done to them; 0: nothing */
    uint8_t param[SES_PARAM_BYTES]; /* arguments of that, for this session alone */
};

/* TCP tracking of one end point (RFC 9293; window check after van Rooij, "Real stateful TCP packet filtering"). */
struct ses_tcp {
    uint32_t seq_lo;  /* highest acknowledged byte + 1 of this end's data: the peer's RCV.NXT */
    uint32_t seq_end; /* highest byte this end has sent + 1 */
    uint32_t seq_hi;  /* highest byte this end may send + 1 (peer's ack + window) */
    uint16_t max_win; /* largest window this end offered, as in the header (to be shifted) */
    uint8_t wscale;   /* its shift; SES_WSCALE_NONE before its SYN was seen */
    uint8_t state;    /* enum ses_tcp_state */
};
#define SES_WSCALE_NONE 0xFF

enum ses_state {
    SES_FREE = 0,
    SES_EMBRYONIC, /* one packet, or a handshake under way: first to be evicted */
    SES_ESTABLISHED,
    SES_CLOSING, /* both directions end, or TIME_WAIT */
};

enum ses_flag {
    SES_F_IPV6 = 0x01,
    SES_F_SWAPPED = 0x02,   /* the initiator is the primary key's high end point */
    SES_F_PICKED_UP = 0x04, /* began in the middle of the connection: window check is loose */
    SES_F_FIT = 0x08,       /* the flow index was told of the primary key */
    SES_F_KEY2 = 0x10,      /* has a secondary key */
    SES_F_CHARGED =
        0x20, /* counts against its target's quota; set before the target, and for good */
    SES_F_SWAPPED2 = 0x40, /* the responder is the secondary key's high end point */
    SES_F_FIT2 = 0x80,     /* the flow index was told of the secondary key */
};

struct session {
    /* line 0: match and state */
    _Alignas(HSR_CACHE_LINE) uint32_t deadline; /* session ticks, lazily re-armed; 0: no timer */
    uint16_t generation;
    uint16_t flags; /* enum ses_flag */
    union {
        struct ses_tcp tcp[2]; /* by direction */
        uint8_t icmp_asked;    /* ICMP: kinds of request the initiator has sent (icmp.c) */
    };
    uint32_t policy;   /* stamp of policy and neighbours under which it was last found right */
    uint16_t origin;   /* port of the initiator's packet: quota and deletion */
    uint16_t target;   /* port of the other side, HSR_NO_PORT when unknown */
    uint32_t compiled; /* policy generation its programs come from */
    uint32_t neighbor; /* state of the tables of neighbours and path MTUs they come from */
    uint8_t state;     /* enum ses_state */
    uint8_t proto;     /* IP protocol */
    uint16_t mtu[2];   /* by direction: largest IP packet of the path, bytes; SES_MTU_NONE: any */
    uint8_t spare[2];
    /* lines 1 and 2: by direction, see ses_initiator() */
    struct ses_dir dir[2];
    /* line 3: cold */
    uint64_t key6[4]; /* IPv6: low address, high address of the primary key, as in struct hsr_key */
    uint64_t created; /* NIC time, ns */
    uint32_t seal;    /* 0: not whole, or free */
    uint8_t spare3[20];
};

_Static_assert(sizeof(struct session) == 256, "a session is four cache lines");
_Static_assert(sizeof(struct ses_dir) == HSR_CACHE_LINE, "a direction is one of them");
_Static_assert(offsetof(struct session, generation) == 4, "line 0");
_Static_assert(offsetof(struct session, flags) == 6, "line 0");
_Static_assert(offsetof(struct session, tcp) == 8, "line 0");
_Static_assert(offsetof(struct session, policy) == 40, "line 0");
_Static_assert(offsetof(struct session, origin) == 44, "line 0");
_Static_assert(offsetof(struct session, target) == 46, "line 0");
_Static_assert(offsetof(struct session, compiled) == 48, "line 0");
_Static_assert(offsetof(struct session, neighbor) == 52, "line 0");
_Static_assert(offsetof(struct session, state) == 56, "line 0");
_Static_assert(offsetof(struct session, proto) == 57, "line 0");
_Static_assert(offsetof(struct session, mtu) == 58, "line 0");
_Static_assert(offsetof(struct session, dir) == HSR_CACHE_LINE, "lines 1 and 2");
_Static_assert(offsetof(struct ses_dir, key_ports) == 8, "a direction");
_Static_assert(offsetof(struct ses_dir, packets) == 16, "a direction");
_Static_assert(offsetof(struct ses_dir, bytes) == 24, "a direction");
_Static_assert(offsetof(struct ses_dir, program) == 32, "a direction");
_Static_assert(offsetof(struct ses_dir, param) == 36, "a direction");
_Static_assert(offsetof(struct session, key6) == 3 * HSR_CACHE_LINE, "line 3 is cold");
_Static_assert(offsetof(struct session, created) == 224, "line 3");
_Static_assert(offsetof(struct session, seal) == 232, "line 3");

/*
 * Direction of the initiator's packets, 0 or 1: that of the primary key. The responder's is the other one, whatever the
 * orientation of the secondary key.
 */
static inline unsigned ses_initiator(const struct session *s)
{
    return s->flags & SES_F_SWAPPED ? 1 : 0;
}

/* Do packets of this direction come under the secondary key? */
static inline bool ses_is_second(const struct session *s, unsigned dir)
{
    return (s->flags & SES_F_KEY2) && dir != ses_initiator(s);
}

/* What a protocol needs to know of a packet. Host order. */
struct ses_packet {
    uint8_t proto;
    uint8_t tcp_flags; /* TCP */
    uint8_t icmp_type; /* ICMP, ICMPv6 query */
    uint8_t wscale;    /* TCP SYN: shift offered, 0xFF for none */
    uint16_t window;   /* TCP, unscaled */
    uint32_t seq, ack; /* TCP */
    uint32_t payload;  /* TCP payload bytes */
};

#endif

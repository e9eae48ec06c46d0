/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session: one object for both directions of a flow, found by one lookup (architecture, section 4).
 *
 * It knows protocols, time and action lists; it knows no policy. Policy stages meet in the action list: opaque
 * operations the datapath interprets. 256 bytes, four cache lines: line 0 is match and state, line 1 and 2 are the
 * two directions, line 3 is cold. A packet of an IPv4 session touches line 0 and one of line 1 and 2.
 *
 * A session records indices, never pointers. All of it belongs to one worker; no locks.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "hsring/abi.h"
#include "hsring/key.h"

#define SES_ACTIONS 6 /* operations of one direction */
#define SES_NONE    UINT32_MAX

/* One operation; what `op` and its arguments mean is the datapath's. op 0 ends the list. */
struct ses_action {
    uint8_t op;
    uint8_t arg8;
    uint16_t arg16;
    uint32_t arg32;
};

/* Half of a session: packets whose source is the key's low (dir 0) or high (dir 1) end point. */
struct ses_dir {
    _Alignas(HSR_CACHE_LINE) uint64_t packets;
    uint64_t bytes;
    struct ses_action action[SES_ACTIONS];
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
    SES_F_SWAPPED = 0x02,   /* the initiator is the key's high end point */
    SES_F_PICKED_UP = 0x04, /* began in the middle of the connection: window check is loose */
    SES_F_FIT = 0x08,       /* the flow index was told of it */
    SES_F_CHARGED =
        0x20, /* counts against its target's quota; set before the target, and for good */
};

struct session {
    /* line 0: match and state */
    _Alignas(HSR_CACHE_LINE) uint64_t key_addrs; /* as in rx_meta; IPv6: 0 */
    uint64_t key_ports;                          /* both families */
    uint32_t deadline;                           /* session ticks, lazily re-armed; 0: no timer */
    uint16_t generation;
    uint8_t flags; /* enum ses_flag */
    uint8_t state; /* enum ses_state */
    union {
        struct ses_tcp tcp[2]; /* by direction */
        uint8_t icmp_asked;    /* ICMP: kinds of request the initiator has sent (icmp.c) */
    };
    uint32_t
        policy; /* stamp of policy and neighbours under which the actions were last found right */
    uint16_t origin; /* port of the initiator's packet: quota and deletion */
    uint16_t target; /* port of the other side, HSR_NO_PORT when unknown */
    /* line 1 and 2 */
    struct ses_dir dir[2];
    /* line 3: cold */
    uint64_t key6[4];      /* IPv6: low address, high address, as in struct hsr_key */
    uint64_t created;      /* NIC time, ns */
    uint32_t list_next[2]; /* sessions of the same origin (0) and of the same target (1) */
    uint32_t list_prev[2];
    uint32_t compiled; /* policy generation its actions come from */
    uint32_t neighbor; /* state of the neighbour table they come from */
};

_Static_assert(sizeof(struct session) == 256, "a session is four cache lines");
_Static_assert(offsetof(struct session, dir) == 64, "both directions behind line 0");
_Static_assert(offsetof(struct session, key6) == 192, "line 3 is cold");

/* Direction of the initiator, 0 or 1. */
static inline unsigned ses_initiator(const struct session *s)
{
    return s->flags & SES_F_SWAPPED ? 1 : 0;
}

/* The key it is found by; see struct hsr_key. */
static inline void ses_key(const struct session *s, struct hsr_key *key)
{
    key->ipv6 = s->flags & SES_F_IPV6;
    if (key->ipv6) {
        memcpy(key->w, s->key6, sizeof s->key6);
        key->w[HSR_KEY6_WORDS - 1] = s->key_ports;
    } else {
        key->w[0] = s->key_addrs;
        key->w[1] = s->key_ports;
    }
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protocol state: each protocol is one small file with one table of functions (tcp.c, udp.c, icmp.c, other.c).
 *
 * A packet is first asked whether it may open a session (ses_opens), then, in a session, ses_track() moves the state
 * and the deadline or says why the packet is not part of the connection; a refused packet changes nothing and does
 * not refresh the idle time.
 */
#ifndef SESSION_TRACK_H
#define SESSION_TRACK_H

#include "session/session.h"
#include "session/table.h"

/* What becomes of a packet that begins in the middle of a TCP connection. */
enum ses_midstream { SES_STRICT, SES_PICK_UP };

enum ses_outcome {
    SES_CONTINUES, /* part of the session */
    SES_REFUSED,   /* not: see *drop; nothing changed */
    SES_REOPENS, /* a new connection on the tuple of a dead one (TIME_WAIT reuse, RFC 6191): remove it and open anew */
};

struct ses_proto {
    const char *name;
    /* May this packet open a session? HSR_DROP_NONE or the reason against it. */
    enum hsr_drop (*opens)(const struct ses_packet *p, enum ses_midstream policy);
    /* First packet of a new session. */
    void (*begin)(struct session *s, unsigned dir, const struct ses_packet *p);
    /*
     * Another packet. SES_CONTINUES with *idle set to the new idle time in seconds, or left 0: the packet passes and
     * changes nothing, the deadline stays. SES_REFUSED: *drop says why.
     */
    enum ses_outcome (*update)(struct session *s, unsigned dir, const struct ses_packet *p,
                               const struct ses_timeouts *t, uint32_t *idle, enum hsr_drop *drop);
    /* Idle time of the state a session is in, seconds. */
    uint32_t (*idle)(const struct session *s, const struct ses_timeouts *t);
    /* State for people: "established". */
    const char *(*state_name)(const struct session *s);
    /* Can a session be in the state this record says (adopt.h)? NULL: in any. */
    bool (*valid)(const struct session *s);
};

/* The table for an IP protocol number; never NULL. */
const struct ses_proto *ses_proto(uint8_t proto);

/* State for people: "established", "syn_sent". */
const char *ses_state_name(const struct session *s);

/* May this packet open a session? HSR_DROP_NONE, or NO_SESSION, TCP_STATE, ICMP_STATE. */
enum hsr_drop ses_opens(const struct ses_packet *p, enum ses_midstream policy);

/* First packet: the protocol's state begins, the timer is armed, the record is sealed. */
void ses_begin(struct ses_table *t, struct session *s, const struct ses_packet *p, uint64_t now);

/* Packet of an existing session. When the state does not change: no table access but the session's line 0. */
enum ses_outcome ses_track(struct ses_table *t, struct session *s, unsigned dir,
                           const struct ses_packet *p, uint64_t now, enum hsr_drop *drop);

/* A burst begins: what ses_keep_udp() needs to know of `now`. */
void ses_burst(struct ses_table *t, uint64_t now);

/* ses_track() of a UDP packet, if nothing comes of it but a later deadline; false, and nothing changed: ask that. */
bool ses_keep_udp(const struct ses_table *t, struct session *s, unsigned dir);

/*
 * Has this direction's key had its last packet, but for those that come again? Of a session that is closing (SES_CLOSING): behind
 * a reset, and when the end that sends it has closed and acknowledged the other's FIN; if the key is both directions', both.
 */
bool ses_is_over(const struct session *s, unsigned dir);

/* TCP: a segment that began as ses_track() was told has turned out to end before `end` (a FIN counts): it came in pieces. */
void ses_tcp_longer(struct session *s, unsigned dir, uint32_t end);

enum ses_tcp_state {
    SES_TCP_NONE,
    SES_TCP_SYN,         /* SYN sent by this end, not acknowledged */
    SES_TCP_ESTABLISHED, /* its SYN is acknowledged */
    SES_TCP_FIN,         /* FIN sent, not acknowledged */
    SES_TCP_FIN_ACKED,   /* FIN acknowledged */
    SES_TCP_RESET,
};

#endif

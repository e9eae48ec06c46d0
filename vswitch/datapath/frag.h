/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual reassembly: datagrams of which not all fragments have come, and fragments that wait for the first of theirs.
 *
 * Nothing is put together. The first fragment has the L4 header, so it is judged like any packet; what comes of that, a
 * session or a reason against it, holds for the others. A fragment that comes before the first is held, in the slot it
 * came in, and follows it. All of it is bounded, per vNIC and in all, and ends FRAG_NS after it began (NIC time).
 *
 * frag_table.c keeps the books, frag.c knows packets. Memory is the worker's own and is asked for at once.
 */
#ifndef DATAPATH_FRAG_H
#define DATAPATH_FRAG_H

#include <sys/queue.h>

#include "internal.h"

#define FRAG_NS        UINT64_C(1000000000) /* fragments of one datagram are sent back to back */
#define FRAG_DATAGRAMS 1024u
#define FRAG_HELD      512u
/* Of one vNIC. In reverse order 64 KB hold 45 slots at an MTU of 1,500, and 40 (eight runs) at 9,000. */
#define FRAG_QUOTA_DATAGRAMS 128u
#define FRAG_QUOTA_SLOTS     128u

#define FRAG_UNIT  8u /* bytes: offsets are in these (RFC 791) */
#define FRAG_UNITS (65536u / FRAG_UNIT)

enum frag_state {
    FRAG_WAITING, /* for the first one */
    FRAG_PASSED,  /* the others go by its session */
    FRAG_ECHOED,  /* it was an echo request to us: the others are answered too */
    FRAG_MOVED,   /* to another home: the others follow */
    FRAG_DROPPED, /* so are the others */
};

/*
 * What makes fragments one datagram (RFC 791; RFC 8200, 4.5): and they must have come by the same way. A datagram may come back to a
 * worker that has handed it over; how many hops that took differs between its fragments, when a home moves meanwhile.
 */
struct frag_key {
    uint64_t addrs[4];
    uint64_t ports;   /* context and protocol */
    uint64_t from[2]; /* host whose tunnel it came by, as words.h has it */
    uint32_t id;
    uint16_t ingress;
    uint16_t way; /* of rx_meta.flags */
    uint64_t
        handed; /* 0: where they are steered to; else the home for which they were handed over, + 1 */
};

/* Bytes `at` to `end` of a datagram's data. */
struct frag_span {
    uint32_t at, end;
    bool last; /* nothing follows */
};

struct frag_held {
    STAILQ_ENTRY(frag_held) link;
    struct act_packet packet;
    uint16_t slots;
    uint8_t class;
};

struct frag_datagram {
    LIST_ENTRY(frag_datagram) chain;    /* of its hash; or free */
    TAILQ_ENTRY(frag_datagram) age;     /* oldest first */
    STAILQ_ENTRY(frag_datagram) leaves; /* if ready */
    STAILQ_HEAD(, frag_held) held;      /* in order of arrival */
    struct frag_key key;
    uint64_t steer; /* hash of its fragments */
    uint64_t born;
    uint64_t flow_id, hash; /* FRAG_PASSED: of the session */
    uint16_t charged;       /* port whose quota it counts against */
    uint8_t state;          /* enum frag_state */
    uint8_t drop;           /* FRAG_DROPPED: why */
    uint8_t dir;            /* FRAG_PASSED */
    uint8_t home;           /* FRAG_MOVED */
    uint8_t under;          /* home by which its fragments come here */
    bool ready, expired;
    uint16_t units; /* that have come */
    uint16_t top;   /* behind the last of them */
    uint16_t total; /* of the whole datagram, 0: not known yet */
    uint32_t seq;   /* TCP: of the byte at offset 0, less its header */
    uint64_t seen[FRAG_UNITS / 64];
};

struct dp_frags {
    struct frag_datagram *datagram;
    struct frag_held *held;
    LIST_HEAD(frag_chain, frag_datagram) bucket[FRAG_DATAGRAMS], free;
    TAILQ_HEAD(, frag_datagram) ages;
    STAILQ_HEAD(, frag_datagram) ready; /* those whose held fragments may leave */
    STAILQ_HEAD(, frag_held) free_held;
    uint32_t used, high;
    uint32_t holds, holds_high;
    uint32_t runs[HSR_SLOT_CLASSES], most_runs[HSR_SLOT_CLASSES]; /* held, of each class */
    struct frag_use {
        uint16_t datagrams, slots;
    } use[HSR_MAX_PORTS];
};

/* The datagram of a fragment; and of one that comes at this worker, by how it came. */
void dp_frag_key(const struct act_packet *p, struct frag_key *key);

/* NULL: out of memory. Pages are touched as fragments come. */
struct dp_frags *frag_open(const struct hsr_view *view);
void frag_close(struct dp_frags *f);

struct frag_datagram *frag_find(struct dp_frags *f, const struct frag_key *key, uint64_t hash);
/* A new one, FRAG_WAITING; NULL: the quota of `charged` is used up, or there is no room. */
struct frag_datagram *frag_new(struct dp_frags *f, const struct frag_key *key, uint64_t hash,
                               uint16_t charged, uint64_t now);
/* Forget it: it holds nothing and is not ready. */
void frag_forget(struct dp_frags *f, struct frag_datagram *d);

/*
 * Note that these bytes have come. HSR_DROP_FRAG_DUP: all of them had. HSR_DROP_FRAG_OVERLAP: some had, or they contradict
 * what is known of the length.
 */
enum hsr_drop frag_note(struct frag_datagram *d, const struct frag_span *span);
bool frag_complete(const struct frag_datagram *d);

/* Keep a copy of the packet behind those that are held already; false: no room, or the quota is used up. */
bool frag_hold(struct dp_frags *f, struct frag_datagram *d, const struct act_packet *p,
               const struct hsr_view *view);
/* The one that is held longest into `p`; false: none. */
bool frag_take(struct dp_frags *f, struct frag_datagram *d, struct act_packet *p);

#endif

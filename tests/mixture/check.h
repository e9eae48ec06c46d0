/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the check share: the frame that is looked at, and what has been seen before it. */
#ifndef MIXTURE_CHECK_H
#define MIXTURE_CHECK_H

#include "mixture.h"

/* Who has been seen under a public end, towards one other end, from when on (ends.c). */
struct mix_event {
    uint64_t key, ns;
    uint32_t stream;
    uint32_t before; /* the one before of the same key, 0: none */
};

struct mix_ends {
    struct mix_event *event; /* from 1 on */
    uint32_t events, room;
    uint32_t *bucket;
    uint32_t mask;
};

struct check {
    const struct mix_world *world;
    struct mix_stream *stream;
    uint32_t streams;
    uint32_t *next[2]; /* by direction and stream: what comes next */
    uint8_t *at[2];    /* where it came last */
    bool *moved;       /* by stream: it is not seen under the end that its answers go to */
    uint64_t frame;    /* number in the capture */
    unsigned port;
    uint64_t now;   /* time of the frame */
    unsigned state; /* configuration that was in force */
    uint64_t begin; /* time of the first frame of all */
    uint64_t change[MIX_STATES];
    bool collecting;       /* public ends alone */
    struct mix_end *found; /* by stream, the first one; NULL: nobody wants them */
    struct mix_ends ends;
    uint64_t stamped; /* frames whose payload said whose they are */
    uint64_t seen[MIX_HAIRPIN + 1][2],
        errors; /* those of public addresses by path and direction; ICMP errors about them */
    unsigned findings;
};

__attribute__((format(printf, 2, 3))) void mix_finding(struct check *c, const char *format, ...);

/* The inner frame, the tenant it is for, and of its IP packet what the checks need. */
struct seen {
    const uint8_t *ip, *l4;
    uint32_t l4_len;
    unsigned tenant; /* MIX_PUBLIC: it left untunnelled */
    uint8_t proto;
    bool six, fragment;
    uint32_t frag_off;
};

/* IP header of a frame without VLAN; false: no IP. */
bool mix_read_ip(const uint8_t *frame, uint32_t len, struct seen *f);
uint64_t mix_stamp_at(const uint8_t *p);

/* check_nat.c: a packet with a public stamp is where it may be, and says what it should of its ends. */
void mix_check_public(struct check *c, const struct seen *f, uint64_t stamp);
/* What left untunnelled, whatever is in it: under a public address of that tenant (MIX_PUBLIC: of anybody). */
void mix_check_outside(struct check *c, const struct seen *f, unsigned tenant);
/* An ICMP error: what it quotes of a stream by public addresses is what the receiver knows. */
void mix_check_error(struct check *c, const struct seen *f);

bool mix_ends_open(struct mix_ends *e, uint32_t room);
void mix_ends_close(struct mix_ends *e);
/* Towards `far` (of a public address or a host outside) this stream is seen under `end`. */
uint64_t mix_ends_key(const struct seen *f, struct mix_end end, bool far_public,
                      struct mix_end far);
void mix_ends_add(struct mix_ends *e, uint64_t key, uint64_t ns, uint32_t stream);
/* Has the guest of a stream that `may` accepts the end at that time? The stream, UINT32_MAX: none. */
uint32_t mix_ends_find(const struct mix_ends *e, const struct mix_stream *streams, uint64_t key,
                       uint64_t ns, unsigned tenant, unsigned guest);
/* Has anybody had it until then? */
bool mix_ends_any(const struct mix_ends *e, uint64_t key, uint64_t ns);

#endif

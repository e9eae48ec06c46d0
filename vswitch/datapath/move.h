/* SPDX-License-Identifier: Apache-2.0 */
/* What a parcel (datapath/moving.h) holds besides sessions. */
#ifndef DATAPATH_MOVE_H
#define DATAPATH_MOVE_H

#include "frag.h"
#include "session/move.h"

/* A session, and what its programs do. */
struct moved_session {
    struct ses_moved session;
    struct act_moved program[2];
};
void dp_session_copy(const struct dp_worker *w, const struct session *s, struct moved_session *m);
/* NULL: there is no room for it, or its packets are another session's. */
struct session *dp_session_take_in(struct dp_worker *w, const struct moved_session *m);

/* A datagram of which not all fragments have come. */
struct moved_frags {
    uint32_t n;
    struct moved_datagram {
        struct frag_key key;
        uint64_t steer, born;
        uint16_t charged;
        uint8_t state, drop, dir, home, under;
        uint16_t units, top, total;
        uint32_t seq;
        uint64_t hash;
        uint64_t seen[FRAG_UNITS / 64];
        struct { /* FRAG_PASSED: of the session, which has another flow id now */
            struct hsr_key key;
            uint64_t hash;
            bool swap;
        } session;
    } datagram[FRAG_DATAGRAMS];
    uint32_t held;
    struct moved_fragment {
        uint32_t datagram; /* place above */
        uint32_t entry;
        uint16_t ingress;
        uint8_t hops;
    } fragment[FRAG_HELD];
    /* of a copy alone */
    struct frag_use use[HSR_MAX_PORTS];
    uint32_t runs[HSR_SLOT_CLASSES], most_runs[HSR_SLOT_CLASSES];
    bool full;
};
/* For a twin (datapath/twin.h). */
void dp_frag_copy(struct dp_worker *w, const struct act_packet *p, struct moved_frags *m);
void dp_frag_resemble(struct dp_worker *w, const struct moved_frags *m);
/* `homes`: a bit each. */
void dp_frag_send_off(struct dp_worker *w, uint32_t homes, struct moved_frags *m);
void dp_frag_take_in(struct dp_worker *w, const struct moved_frags *m);

/* Packets that wait for a next hop. */
struct moved_parked {
    uint32_t n;
    struct dp_parked packet[DP_PARK];
};
void dp_park_send_off(struct dp_worker *w, uint32_t homes, struct moved_parked *m);
void dp_park_take_in(struct dp_worker *w, const struct moved_parked *m);

#endif

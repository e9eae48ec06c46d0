/* SPDX-License-Identifier: Apache-2.0 */
/* What a parcel (datapath/moving.h) holds besides sessions. */
#ifndef DATAPATH_MOVE_H
#define DATAPATH_MOVE_H

#include "frag.h"

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
};
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

/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of the software baseline share: the fast path, and the first packet of a session. */
#ifndef BASELINES_SOFTWARE_INTERNAL_H
#define BASELINES_SOFTWARE_INTERNAL_H

#include "action/action.h"
#include "config/config.h"
#include "hsring/hash.h"
#include "policy/policy.h"
#include "preproc/parse.h"
#include "software_avs.h"

#define SW_PORTS 16

/* A packet buffer: room in front for a tunnel's headers, an odd number of cache lines so that buffers share no sets. */
#define SW_HEADROOM 128u
#define SW_BUFFER   (SW_HEADROOM + 143u * 64u)
_Static_assert(SW_BUFFER >= SW_HEADROOM + SW_FRAME_MAX && SW_BUFFER / 64 % 2 == 1, "buffers");

struct sw_packet {
    struct act_packet p;
    struct pp_flow flow;
    struct session *session;
    unsigned dir;
};

struct sw_avs {
    struct sw_port port[SW_PORTS]; /* by index of the configuration */
    struct pp_ingress ingress[SW_PORTS];
    struct sw_packet packet[SW_BATCH_MAX];
    struct hsr_hash hash;
    struct pp_tables *tables;
    struct ses_table *sessions;
    struct act_store actions;
    struct cfg *cfg;
    struct pol *policy;
    uint8_t *buffers;
    struct sw_counters counters;
    uint64_t classes[HSR_CLASS_NON_IP + 1]; /* packets by what they are */
    uint64_t sizes[8];                      /* and by length: 64, 128, ... */
    const void *tap;                        /* a capture, of which there is none */
    uint64_t now;
    uint32_t batch;
    uint32_t n; /* packets in hand */
    enum hsr_drop last_drop;
};

/* What the protocol's state machine is told of a packet. */
void sw_describe(const struct act_packet *p, struct ses_packet *sp);

/* First packet of a flow: walk the policy, compile both programs, open the session. NULL: dropped, with p->drop set. */
struct session *sw_first(struct sw_avs *avs, struct sw_packet *packet);

#endif

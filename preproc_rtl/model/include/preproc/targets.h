/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pre-classifier: what of a port's packets goes on, before anything is spent on them.
 *
 * Packets from the network cannot be told to wait, and those of all guests come through the same uplink. So each is charged to
 * the guest it is for, by (tenant context, inner destination MAC address), or, untunnelled, by its public address (publics.h); a
 * public address that several share is a target of its own, that of their pool. What is for none of them is one more. A target
 * has token buckets of its own (packets, bits) and a part of the room: of what is free now, its share (credit.h of the NIC has
 * the threshold). What is beyond either is dropped here, and nobody else's packets are.
 *
 * Bad packets are looked at by software, to be counted, shown and explained: of each port as many as its meter lets pass.
 *
 * The owner of the slots counts `in_flight`, and says what is `spare` before a burst. One thread.
 */
#ifndef PREPROC_TARGETS_H
#define PREPROC_TARGETS_H

#include <stdbool.h>
#include <stdint.h>

#include "hsring/abi.h"
#include "preproc/flow.h"
#include "preproc/meter.h"
#include "preproc/publics.h"

#define PP_TARGET_NONE   HSR_MAX_PORTS        /* the target of what is for no guest of ours */
#define PP_TARGET_POOL   (PP_TARGET_NONE + 1) /* the first pool's */
#define PP_TARGETS       (PP_TARGET_POOL + HSR_MAX_POOLS)
#define PP_TARGET_PLACES 4096 /* open addressing, a quarter full at most */

/* What is set for a port. Rates of 0: no limit. */
struct pp_target_config {
    uint32_t context;
    uint8_t mac[6];
    bool guest;     /* a target: else only its bad packets are limited */
    uint32_t pps;   /* packets a second from the network */
    uint32_t kbps;  /* thousand bits a second from the network */
    uint32_t least; /* packets it may have in flight whatever the others do */
    uint32_t share; /* of what is spare */
    uint32_t bad;   /* bad packets a second that go on to software */
};

struct pp_targets {
    struct pp_target {
        struct pp_meter packets, bits, bad;
        uint32_t least, share;
    } target[PP_TARGETS];
    struct pp_target_config config[HSR_MAX_PORTS];
    struct pp_pool_rate {
        uint32_t pps, kbps;
    } pool[HSR_MAX_POOLS];
    struct pp_publics *publics;
    struct pp_target_place {
        uint64_t mac48;
        uint32_t context; /* 0: free */
        uint16_t port;
    } place[PP_TARGET_PLACES];
    const uint32_t *in_flight; /* packets by target, of the slots' owner */
    uint32_t spare;            /* packets there is room for */
};

/* NULL without memory. `in_flight` NULL: nothing ever is. */
struct pp_targets *pp_targets_open(const uint32_t *in_flight);
void pp_targets_close(struct pp_targets *targets);

/* Set what goes for a port, whose buckets are full then when their rate changes; NULL: the port is gone. */
void pp_targets_set(struct pp_targets *targets, uint16_t port,
                    const struct pp_target_config *config);

/* Who packets from outside to a public address are for. 0, -EINVAL, -ENOSPC, -ENOENT (`remove`: it was not there). */
int pp_targets_public(struct pp_targets *targets, const struct hsr_public *public, bool remove);

/*
 * Who a parsed packet of `len` bytes from an uplink is for.
 */
uint16_t pp_targets_find(const struct pp_targets *targets, const struct hsr_rx_meta *meta,
                         const struct pp_flow *flow, const uint8_t *frame, uint32_t len);

/* May a packet from an uplink to this target go on? NONE, PRE_LIMIT, or PRE_SHARE. */
enum hsr_drop pp_targets_admit(struct pp_targets *targets, uint16_t target, uint32_t bytes,
                               uint64_t now);

/* May a bad packet of this port go on? */
bool pp_targets_bad(struct pp_targets *targets, uint16_t port, uint64_t now);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Pre-Processor model: the stages in order over one frame, then vectors out.
 *
 *     pp_pre_frame:  parse -> rules -> pre-classifier -> hash -> flow-index lookup -> steer (RETA) -> aggregate
 *     pp_pre_vector: next vector, for the caller to write to the ring `ring` of its items
 *
 * The model owns its tables and what it finds of the packets inside, never the slots: it reads frames there, and writes
 * nothing. Schedule and clock are inputs: the caller decides when frames come and vectors leave, and gives `now`. One thread.
 */
#ifndef PREPROC_PRE_H
#define PREPROC_PRE_H

#include "hsring/hash.h"
#include "preproc/agg.h"
#include "preproc/fit.h"
#include "preproc/parse.h"
#include "preproc/rules.h"
#include "preproc/tables.h"
#include "preproc/targets.h"

struct pp_pre {
    struct hsr_hash hash;
    struct pp_tables tables;
    struct pp_fit fit;
    struct pp_agg agg;
    struct pp_rules *rules;
    struct pp_targets *targets;
    struct hsr_rx_meta *meta;  /* of the last frame that was parsed: the model's own memory */
    struct pp_flow flow;       /* of that frame */
    uint16_t target;           /* who the last frame of an uplink is for */
    struct pp_verdict verdict; /* on the last frame of a port with rules */
    uint16_t reta[1u << HSR_HASH_RETA_BITS]; /* hash slice -> ring */
    uint32_t owner;                          /* stamp for every packet: there is one group */
    uint32_t rx_seq;                         /* next sequence of that group */
    uint32_t packet_id;                      /* last one given */
    bool use_fit; /* look up flow ids (off: every packet arrives without) */
};

struct pp_pre_config {
    uint8_t hash_secret[HSR_HASH_SECRET];
    uint32_t rings;       /* 1..HSR_MAX_WORKERS; the RETA spreads over them evenly */
    uint32_t fit_buckets; /* power of two */
    uint32_t held;        /* packets the aggregator may hold */
    uint32_t max_vector;  /* 1..16 */
    uint32_t owner;
    const uint32_t *in_flight; /* see preproc/targets.h */
};

/* 0, -EINVAL or -ENOMEM. */
int pp_pre_open(struct pp_pre *pre, const struct pp_pre_config *config);
void pp_pre_close(struct pp_pre *pre);

/*
 * Take in one frame that lies in the slot run `slot`; pre->meta says what was found of it, until the next frame is taken in.
 * Of a frame that is held it goes with it, and may be added to.
 * 0: held for a vector; else the reason it could not be: HSR_DROP_PKT_TOO_SMALL, HSR_DROP_PKT_TOO_BIG or
 * HSR_DROP_RX_RING_FULL (aggregator full), what a rule says (HSR_DROP_RULE, HSR_DROP_METER), or the pre-classifier
 * (HSR_DROP_PRE_LIMIT, HSR_DROP_PRE_SHARE, HSR_DROP_BAD_LIMIT); the caller counts it and keeps the slot. Of an uplink's
 * frames pre->target says who they are for, unless refused before they are parsed or by a rule. When `in` is ruled,
 * pre->verdict says which copies are to be made of the frame, dropped or not. The caller empties it then: a frame refused
 * before it is parsed leaves it as it is.
 */
enum hsr_drop pp_pre_frame(struct pp_pre *pre, uint32_t slot, const uint8_t *frame, uint32_t len,
                           const struct pp_ingress *in, const struct virtio_net_hdr *vnet,
                           uint64_t now);

/*
 * Next vector or 0. vec_len (its length in the first, 0 in the others) and rx_seq are stamped here: the caller writes vectors to
 * their rings in the order in which it takes them, and their metadata into the slots. One that it drops instead leaves a gap.
 * The items are valid until the next frame is taken in.
 */
uint32_t pp_pre_vector(struct pp_pre *pre, struct pp_agg_item *out[HSR_MAX_VECTOR]);

#endif

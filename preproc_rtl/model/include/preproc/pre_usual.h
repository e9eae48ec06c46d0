/* SPDX-License-Identifier: Apache-2.0 */
/* The Pre-Processor's stages over bursts of usual packets (usual.h): the same as pp_pre_frame() frame by frame, in two steps. */
#ifndef PREPROC_PRE_USUAL_H
#define PREPROC_PRE_USUAL_H

#include "preproc/pre.h"
#include "preproc/usual.h"

/*
 * Frames of a burst that are usual, of a port without rules: in two steps, so that what the first asks for has
 * come when the second wants it. First the item of the frame that comes `ahead` others later, parsed and hashed, or NULL: that
 * one is for pp_pre_frame(). Then, frame by frame in order, that or pp_pre_usual_put(), of an uplink's if pp_pre_usual_admit() has
 * nothing against it. No more frames than there are free items.
 */
PP_USUAL struct pp_agg_item *pp_pre_usual(const struct pp_pre *pre, uint32_t ahead,
                                          const uint8_t *frame, uint32_t len,
                                          const struct pp_ingress *in)
{
    struct pp_agg_item *item = pp_agg_ahead(&pre->agg, ahead);

    if (!pp_parse_straight(frame, len, in, &pre->tables, &item->meta))
        return NULL;
    item->meta.hash = pre->hash.words(&pre->hash, &item->meta.key_addrs, HSR_KEY4_WORDS);
    return item;
}

/* Between the two steps, for all items in a row: what pp_pre_usual_put() will look up. */
static inline void pp_pre_usual_prefetch(const struct pp_pre *pre, const struct pp_agg_item *item)
{
    pp_fit_prefetch(&pre->fit, item->meta.hash);
}

_Static_assert(offsetof(struct hsr_rx_meta, key_ports) ==
                   offsetof(struct hsr_rx_meta, key_addrs) + 8,
               "the words of the key");

/* What is neither parsed nor hashed, and off it goes. */
static inline void pp_pre_finish(struct pp_pre *pre, struct pp_agg_item *item, uint32_t slot,
                                 uint64_t flow_id, uint64_t steer, uint64_t now)
{
    struct hsr_rx_meta *meta = &item->meta;

    meta->flow_id = flow_id;
    meta->owner = pre->owner;
    meta->payload = 0;
    meta->timestamp = (uint32_t)now;
    meta->packet_id = ++pre->packet_id;
    pp_agg_put(&pre->agg, item, slot, pre->reta[hsr_hash_reta(steer)]);
}

static inline void pp_pre_usual_put(struct pp_pre *pre, struct pp_agg_item *item, uint32_t slot,
                                    uint64_t now)
{
    uint64_t hash = item->meta.hash;

    pp_agg_choose(&pre->agg, item);
    pp_pre_finish(pre, item, slot, pre->use_fit ? pp_fit_lookup(&pre->fit, hash) : 0, hash, now);
}

/*
 * The pre-classifier on an uplink's frame that is usual: who it is for (pre->target), and HSR_DROP_NONE, or why it may not pass
 * (HSR_DROP_PRE_LIMIT, HSR_DROP_PRE_SHARE).
 */
enum hsr_drop pp_pre_usual_admit(struct pp_pre *pre, const struct pp_agg_item *item,
                                 const uint8_t *frame, uint32_t len, uint64_t now);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "preproc/pre.h"

#include <errno.h>
#include <string.h>

#include "hsring/quoted.h"
#include "preproc/pre_usual.h"

#define ETHER_HDR 14

int pp_pre_open(struct pp_pre *pre, const struct pp_pre_config *config)
{
    int err;

    memset(pre, 0, sizeof *pre);
    if (config->rings == 0 || config->rings > HSR_MAX_WORKERS)
        return -EINVAL;
    err = pp_fit_open(&pre->fit, config->fit_buckets);
    if (err)
        return err;
    err = pp_agg_open(&pre->agg, config->held, config->max_vector);
    if (err) {
        pp_fit_close(&pre->fit);
        return err;
    }
    pre->rules = pp_rules_open();
    pre->targets = pp_targets_open(config->in_flight);
    if (pre->rules == NULL || pre->targets == NULL) {
        pp_pre_close(pre);
        return -ENOMEM;
    }
    hsr_hash_init(&pre->hash, config->hash_secret);
    pp_tables_clear(&pre->tables);
    for (uint32_t i = 0; i < 1u << HSR_HASH_RETA_BITS; i++)
        pre->reta[i] = (uint16_t)(i % config->rings);
    pre->owner = config->owner;
    pre->use_fit = true;
    return 0;
}

void pp_pre_close(struct pp_pre *pre)
{
    pp_rules_close(pre->rules);
    pp_targets_close(pre->targets);
    pp_agg_close(&pre->agg);
    pp_fit_close(&pre->fit);
}

/* Of an ICMP error: the packet it quotes is in the session. */
static __attribute__((noinline)) uint64_t quoted_hash(const struct pp_pre *pre,
                                                      const struct hsr_rx_meta *meta,
                                                      const uint8_t *frame,
                                                      const struct hsr_key *key,
                                                      const struct pp_ingress *in)
{
    struct hsr_quoted quoted;

    if (!hsr_quoted_key(&quoted, frame + meta->l4_off, meta->frame_len - meta->l4_off, key->ipv6,
                        hsr_key_context(hsr_key_tail(key)), in->uplink))
        return meta->hash;
    return hsr_hash_key(&pre->hash, &quoted.key);
}

/* What the port's rules make of a frame; apart, so that frames of other ports pay for one branch. */
static __attribute__((noinline)) enum hsr_drop ruled(struct pp_pre *pre,
                                                     const struct hsr_rx_meta *meta,
                                                     const uint8_t *frame, uint32_t len,
                                                     const struct pp_ingress *in, uint64_t now)
{
    pp_rules_apply(pre->rules, in->port, meta, frame, len, now, &pre->verdict);
    return pre->verdict.drop;
}

/* Who a frame of an uplink is for, and may it pass? */
static enum hsr_drop admit(struct pp_pre *pre, const struct hsr_rx_meta *meta,
                           const struct pp_flow *flow, const uint8_t *frame, uint32_t len,
                           uint64_t now)
{
    pre->target = pp_targets_find(pre->targets, meta, flow, frame, len);
    return pp_targets_admit(pre->targets, pre->target, meta->frame_len, now);
}

enum hsr_drop pp_pre_usual_admit(struct pp_pre *pre, const struct pp_agg_item *item,
                                 const uint8_t *frame, uint32_t len, uint64_t now)
{
    struct hsr_key *key = &pre->flow.key;

    key->ipv6 = false;
    key->w[0] = item->meta.key_addrs;
    key->w[1] = item->meta.key_ports;
    return admit(pre, &item->meta, &pre->flow, frame, len, now);
}

/* The pre-classifier; apart, as good packets of guests do not come here. */
static __attribute__((noinline)) enum hsr_drop classify(struct pp_pre *pre,
                                                        const struct hsr_rx_meta *meta,
                                                        const struct pp_flow *flow,
                                                        const uint8_t *frame, uint32_t len,
                                                        const struct pp_ingress *in, uint64_t now)
{
    enum hsr_drop drop = HSR_DROP_NONE;

    if (in->uplink)
        drop = admit(pre, meta, flow, frame, len, now);
    if (drop == HSR_DROP_NONE && meta->reason != 0 && !pp_targets_bad(pre->targets, in->port, now))
        drop = HSR_DROP_BAD_LIMIT;
    return drop;
}

enum hsr_drop pp_pre_frame(struct pp_pre *pre, uint32_t slot, const uint8_t *frame, uint32_t len,
                           const struct pp_ingress *in, const struct virtio_net_hdr *vnet,
                           uint64_t now)
{
    struct pp_agg_item *item = pp_agg_next(&pre->agg);
    struct pp_flow *flow = &pre->flow; /* not on the stack: that would be guarded, frame by frame */
    uint64_t flow_id = 0;

    if (len < ETHER_HDR)
        return HSR_DROP_PKT_TOO_SMALL;
    if (len > HSR_MAX_FRAME)
        return HSR_DROP_PKT_TOO_BIG;
    if (item == NULL)
        return HSR_DROP_RX_RING_FULL;
    struct hsr_rx_meta *meta = pre->meta = &item->meta;
    pp_parse(frame, len, in, &pre->tables, vnet, meta, flow);
    if (__builtin_expect(in->ruled, false)) {
        enum hsr_drop drop = ruled(pre, meta, frame, len, in, now);

        if (drop != HSR_DROP_NONE)
            return drop;
        flow_id = pre->verdict.flow_id;
    }
    if ((in->uplink || meta->reason != 0) && !in->returned) {
        enum hsr_drop drop = classify(pre, meta, flow, frame, len, in, now);

        if (drop != HSR_DROP_NONE)
            return drop;
        if (meta->flags & HSR_RXF_DECAP && meta->flags1 & HSR_RX1F_OUTER_IPV6)
            memcpy(item->outer6, flow->outer6, sizeof item->outer6);
    }
    uint64_t hash = hsr_hash_key(&pre->hash, &flow->key);
    meta->hash = hash;
    /* A bad packet's key is a guess at best: it must not hit somebody's flow. */
    if (flow_id == 0 && pre->use_fit && meta->reason == 0)
        flow_id = pp_fit_lookup(&pre->fit, hash);
    /* An ICMP error goes where the session of the packet it quotes is, everything else by its own key. */
    uint64_t steer =
        meta->class == HSR_CLASS_ICMP_ERROR ? quoted_hash(pre, meta, frame, &flow->key, in) : hash;

    pp_pre_finish(pre, item, slot, flow_id, steer, now);
    return HSR_DROP_NONE;
}

/* vec_len and rx_seq, as one word: whoever reads it next, reads words, and would wait for a part of one to arrive in the cache. */
static inline void stamp(struct hsr_rx_meta *meta, uint32_t vec_len, uint32_t seq)
{
    uint32_t word;
    uint64_t both;

    memcpy(&word, &meta->verdicts, sizeof word);
    both = (word & ~UINT32_C(0xFF0000)) | vec_len << 16 | (uint64_t)seq << 32;
    memcpy(&meta->verdicts, &both, sizeof both);
}

_Static_assert(offsetof(struct hsr_rx_meta, vec_len) ==
                       offsetof(struct hsr_rx_meta, verdicts) + 2 &&
                   offsetof(struct hsr_rx_meta, rx_seq) ==
                       offsetof(struct hsr_rx_meta, verdicts) + 4,
               "the word above");

uint32_t pp_pre_vector(struct pp_pre *pre, struct pp_agg_item *out[HSR_MAX_VECTOR])
{
    uint32_t n = pp_agg_take(&pre->agg, out), seq = pre->rx_seq;

    for (uint32_t i = 0; i < n; i++)
        stamp(&out[i]->meta, i == 0 ? n : 0, seq++);
    pre->rx_seq = seq;
    return n;
}

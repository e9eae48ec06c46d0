/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The usual packet in one straight line, inlined where bursts come in: good, untagged, IPv4 without options, TCP or UDP,
 * unicast, nothing asked of us, no tunnel. A test holds it equal to the staged parser, which takes all others.
 */
#ifndef PREPROC_USUAL_H
#define PREPROC_USUAL_H

#include <string.h>

#include "hsring/csum.h"
#include "hsring/wire.h"
#include "preproc/pre.h"

/* Offsets in an untagged frame with an IPv4 header without options. */
enum { PP_USUAL_L3 = 14, PP_USUAL_L4 = 34, PP_USUAL_UDP_END = 42 };

/* Places of the verdicts in rx_meta. */
enum { PP_USUAL_GOOD = HSR_VERDICT_GOOD << 0 | HSR_VERDICT_GOOD << 2 };

#define PP_USUAL static inline __attribute__((always_inline))

/* Of what is hardly ever so: without the word, gcc takes the end of so long a chain for cold. */
#define PP_SELDOM(what) __builtin_expect((what) != 0, 0)

PP_USUAL uint32_t pp_word32(const uint8_t *p)
{
    uint32_t w;

    memcpy(&w, p, sizeof w);
    return w;
}

/* Of TCP: `n` bytes of options that end where the header does; flags that a segment may have (parse_l4.c). */
bool pp_tcp_options_fit(const uint8_t *p, uint32_t n);
bool pp_tcp_flags_sane(uint8_t flags);

/*
 * End of the L4 header of a TCP or UDP segment that is as usual, else 0. `n`: bytes of the segment,
 * at least 8. Most TCP is without options or with aligned timestamps alone (RFC 7323, appendix A).
 */
PP_USUAL uint32_t pp_usual_l4(const uint8_t *frame, uint8_t proto, uint32_t n, uint8_t *flags)
{
    const uint8_t *p = frame + PP_USUAL_L4;

    *flags = 0;
    if (proto == HSR_PROTO_UDP)
        return hsr_load16(p + 4) == n && hsr_load16(p + 6) != 0 ? PP_USUAL_UDP_END : 0;
    if (proto != HSR_PROTO_TCP || n < 20)
        return 0;
    *flags = p[13];
    if ((*flags & 0x17) != 0x10 &&
        !pp_tcp_flags_sane(*flags)) /* else: the middle of a connection */
        return 0;
    uint32_t header = (p[12] >> 4) * 4u;

    if (header == 20 || (header == 32 && n >= 32 && hsr_load32(p + 20) == 0x0101080A))
        return PP_USUAL_L4 + header;
    return header > 20 && header <= n && pp_tcp_options_fit(p + 20, header - 20)
               ? PP_USUAL_L4 + header
               : 0;
}

/* UDP that may be a tunnel's, or DHCP's: by destination. */
PP_USUAL bool pp_usual_special(uint16_t dport, bool uplink)
{
    return dport == 67 || dport == 68 ||
           (uplink && (dport == HSR_PORT_VXLAN || dport == HSR_PORT_GENEVE));
}

#define PP_USUAL_HEAD  0x450008u /* type IPv4, version and header length, from byte 12 on */
#define PP_USUAL_WHOLE 0xFF3Fu   /* no fragment, no more of them, from byte 20 on */

/* What pp_parse() makes of it; false, and nothing written: it is not usual. */
PP_USUAL bool pp_parse_usual(const uint8_t *f, uint32_t len, const struct pp_ingress *in,
                             struct hsr_rx_meta *meta)
{
    uint8_t flags;

    if (PP_SELDOM(len < PP_USUAL_UDP_END) || PP_SELDOM(len > HSR_MAX_FRAME) ||
        PP_SELDOM((pp_word32(f + 12) & 0xFFFFFFu) != PP_USUAL_HEAD) ||
        PP_SELDOM((pp_word32(f + 20) & PP_USUAL_WHOLE) != 0))
        return false;
    uint32_t total = hsr_load16(f + 16);
    uint64_t addrs = hsr_load64(f + 26); /* source, destination */
    uint32_t dst = (uint32_t)addrs;

    if (PP_SELDOM(total < 28) || PP_SELDOM(total > len - PP_USUAL_L3) ||
        PP_SELDOM(dst >> 28 == 0xE) || PP_SELDOM(dst == UINT32_MAX) ||
        PP_SELDOM(!hsr_csum_is_right(
            hsr_sum(hsr_sum(hsr_sum_word(f + 14), hsr_sum_word(f + 22)), pp_word32(f + 30)))))
        return false;
    uint32_t ports = hsr_load32(f + PP_USUAL_L4), n = total - 20;
    uint8_t proto = f[23];
    uint32_t end = pp_usual_l4(f, proto, n, &flags);

    if (PP_SELDOM(end == 0) ||
        PP_SELDOM(proto == HSR_PROTO_UDP && pp_usual_special((uint16_t)ports, in->uplink)))
        return false;
    /* Pseudo header: protocol and length in the packet's order of bytes, which both begin with a zero here. */
    uint64_t pseudo = (uint64_t)proto << 8 | (uint64_t)__builtin_bswap16((uint16_t)n) << 16;

    if (PP_SELDOM(!hsr_csum_is_right(
            hsr_sum_bytes(hsr_sum(pseudo, hsr_sum_word(f + 26)), f + PP_USUAL_L4, n))))
        return false;

    /* hsr_key4() without a branch: which end is the high one changes from packet to packet. */
    uint64_t from = (addrs >> 32) << 16 | ports >> 16, to = (uint64_t)dst << 16 | (uint16_t)ports;
    bool swap = from > to || (from == to && in->uplink);

    meta->key_addrs = swap ? addrs << 32 | addrs >> 32 : addrs;
    meta->key_ports = (uint64_t)(swap ? ports << 16 | ports >> 16 : ports) << 32 |
                      (in->context & 0xFFFFFFu) << 8 | proto;
    unsigned rxf = (swap ? HSR_RXF_SWAP : 0u) | (in->uplink ? HSR_RXF_UPLINK : 0u) |
                   ((f[0] & 1) ? HSR_RXF_L2_MCAST : 0u);
    unsigned class = proto == HSR_PROTO_TCP ? HSR_CLASS_TCP : HSR_CLASS_UDP;
    uint64_t what = (PP_USUAL_L3 + total) | (uint64_t)in->port << 32 | (uint64_t) class << 48 |
                    (uint64_t)rxf << 56;
    uint64_t where =
        (uint64_t)PP_USUAL_L3 << 16 | (uint64_t)PP_USUAL_L4 << 32 | (uint64_t)end << 48;
    uint32_t tail = PP_USUAL_GOOD | (uint32_t)flags << 24;

    memcpy(&meta->frame_len, &what, sizeof what);
    memcpy(&meta->l2_off, &where, sizeof where);
    memcpy(&meta->verdicts, &tail, sizeof tail);
    return true;
}

/*
 * Frames of a burst that are usual, of a port without rules that is no uplink: in two steps, so that what the first asks for has
 * come when the second wants it. First the item of the frame that comes `ahead` others later, parsed and hashed, or NULL: that
 * one is for pp_pre_frame(). Then, frame by frame in order, that or pp_pre_usual_put(). No more frames than there are free items.
 */
static inline struct pp_agg_item *pp_pre_usual(const struct pp_pre *pre, uint32_t ahead,
                                               const uint8_t *frame, uint32_t len,
                                               const struct pp_ingress *in)
{
    struct pp_agg_item *item = pp_agg_ahead(&pre->agg, ahead);

    if (!pp_parse_usual(frame, len, in, &item->meta))
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

#endif

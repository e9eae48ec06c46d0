/* SPDX-License-Identifier: Apache-2.0 */
#include "postproc/pieces.h"

#include "hsring/bytes.h"
#include "hsring/wire.h"
#include "postproc/csum.h"

/* May the packet at the layout's l3 leave in fragments that nobody but us asked for? */
static bool may_fragment(const struct hsr_tx_meta *meta, const struct po_layout *at,
                         const uint8_t *head)
{
    return meta->offload & HSR_TXO_FRAGMENT && !at->ipv6 &&
           !(hsr_load16(head + at->l3 + 6) & PO_IP4_DONT);
}

static enum hsr_drop open_segments(struct po_pieces *it, const struct hsr_tx_meta *meta,
                                   uint32_t copied)
{
    struct po_gso *gso = &it->gso;
    enum hsr_drop bad = po_gso_plan(gso, meta, it->head, copied, it->frame->len);
    uint32_t largest;

    if (bad != HSR_DROP_NONE)
        return bad;
    if (!po_gso_limit(gso, meta->gso_size, it->limit))
        return HSR_DROP_TSO_BAD;
    largest = po_gso_packet(gso, gso->payload < gso->mss ? gso->payload : gso->mss);
    if (largest <= it->limit)
        return HSR_DROP_NONE;
    /* A datagram over the limit; what is cut first shows whether fragments fit at all. */
    if (!may_fragment(meta, &gso->at, it->head) ||
        !po_frag_plan(&it->frag, &gso->at, it->head, gso->head_len, 0, 8, 0, it->limit))
        return HSR_DROP_TX_TOO_BIG;
    it->frag = (struct po_frag){0};
    return HSR_DROP_NONE;
}

/* Bytes of L4 header that the checksum stage writes to, so that they have to be private. */
static uint32_t written(const struct hsr_tx_meta *meta)
{
    if (!(meta->offload & HSR_TXO_L4_PARTIAL))
        return 0;
    return meta->offload & HSR_TXO_L4_SCTP  ? HSR_SCTP_CSUM + 4u
           : meta->offload & HSR_TXO_L4_UDP ? HSR_UDP_CSUM + 2u
                                            : HSR_TCP_CSUM + 2u;
}

/* The checksum covers the packet as a whole, so that it comes before the cut. */
static enum hsr_drop complete(struct po_pieces *it, const struct hsr_tx_meta *meta, uint32_t copied)
{
    struct po_view view = {.head = it->head, .head_len = copied, .frame = it->frame};

    return po_csum(meta, meta->offload & HSR_TXO_L4_PARTIAL, &view);
}

static enum hsr_drop open_fragments(struct po_pieces *it, const struct hsr_tx_meta *meta,
                                    uint32_t copied, uint32_t ident)
{
    bool ufo = meta->gso_type == HSR_GSO_UFO;
    enum hsr_drop bad = ufo ? HSR_DROP_TSO_BAD : HSR_DROP_TX_META_BAD;
    struct po_layout at;
    const uint8_t *ip;
    uint32_t head_len = meta->l4_off + written(meta);
    uint32_t end;

    if (!po_layout_of(&at, meta, it->head, copied) || head_len + PO_FRAG_HEADER > PO_MAX_HEADERS ||
        head_len > copied)
        return bad;
    ip = it->head + at.l3;
    if (ufo)
        end = meta->offload & HSR_TXO_L4_UDP ? po_packet_end(&at, it->head, HSR_PROTO_UDP) : 0;
    else if (!may_fragment(meta, &at, it->head))
        return HSR_DROP_TX_TOO_BIG;
    else
        end = at.l3 + hsr_load16(ip + 2);
    if (end < head_len || end > it->frame->len)
        return bad;
    if (meta->offload & HSR_TXO_L4_PARTIAL &&
        (!at.ipv6 && hsr_load16(ip + 6) & (PO_IP4_MORE | PO_IP4_OFFSET)))
        return bad; /* of a fragment's packet the sum cannot be known */
    if (complete(it, meta, copied) != HSR_DROP_NONE)
        return bad;
    if (!po_frag_plan(&it->frag, &at, it->head, head_len, head_len, end - head_len,
                      ufo ? meta->gso_size : 0, it->limit))
        return HSR_DROP_TX_TOO_BIG;
    it->frag.ident = ident;
    return HSR_DROP_NONE;
}

enum hsr_drop po_pieces_open(struct po_pieces *it, const struct hsr_tx_meta *meta,
                             const struct po_source *frame, uint32_t limit, uint32_t ident)
{
    uint32_t copied;

    it->frame = frame;
    it->limit = limit;
    it->segment = it->made = 0;
    it->gso.segments = 0;
    it->frag = (struct po_frag){0};
    copied = po_copy_headers(frame, it->head);
    if (meta->gso_type == HSR_GSO_NONE || meta->gso_type == HSR_GSO_UFO)
        return open_fragments(it, meta, copied, ident);
    return open_segments(it, meta, copied);
}

static void fragment(struct po_pieces *it, uint8_t *head, struct po_span *tail,
                     struct po_piece *piece)
{
    struct po_frag_piece f = po_frag_next(&it->frag, it->frame, head, it->made);

    piece->head_len = f.head_len;
    piece->payload = po_source_range(it->frame, f.from, f.len, tail);
}

/* The next segment; one that is a datagram over the limit becomes the packet to cut. */
static void segment(struct po_pieces *it, uint8_t *head, struct po_span *tail,
                    struct po_piece *piece)
{
    const struct po_gso *gso = &it->gso;
    uint32_t index = it->segment++;
    uint32_t left = gso->payload - index * gso->mss;
    uint32_t len = left < gso->mss ? left : gso->mss;
    uint32_t from;

    if (po_gso_packet(gso, len) > it->limit) {
        from = po_gso_segment(gso, index, 0, it->frame, it->cut, &len);
        po_frag_plan(&it->frag, &gso->at, it->cut, gso->head_len, from, len, 0, it->limit);
        fragment(it, head, tail, piece);
        return;
    }
    from = po_gso_segment(gso, index, it->made, it->frame, head, &len);
    piece->head_len = gso->head_len;
    piece->payload = po_source_range(it->frame, from, len, tail);
}

bool po_pieces_next(struct po_pieces *it, uint8_t *head, struct po_span *tail,
                    struct po_piece *piece)
{
    if (po_frag_more(&it->frag))
        fragment(it, head, tail, piece);
    else if (it->segment < it->gso.segments)
        segment(it, head, tail, piece);
    else
        return false;
    it->made++;
    return true;
}

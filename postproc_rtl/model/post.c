/* SPDX-License-Identifier: Apache-2.0 */
#include "postproc/post.h"

#include <string.h>

#include "hsring/csum.h"
#include "hsring/wire.h"
#include "postproc/csum.h"

enum {
    /* What keeps a partial checksum from being handed on: virtio knows neither tunnels nor CRC32c. */
    NOT_FOR_PORT = HSR_TXO_ENCAP | HSR_TXO_L4_SCTP | HSR_TXO_OUTER_L3_CSUM | HSR_TXO_OUTER_L4_CSUM,
};

/* What travels through the stages of one call. */
struct job {
    struct po_work *work;
    const struct hsr_tx_meta *meta;
    const struct po_source *frame;
    const struct po_port *port;
    uint32_t limit; /* largest IP packet */
    po_sink sink;
    void *arg;
};

static struct po_result dropped(enum hsr_drop why)
{
    return (struct po_result){.drop = why};
}

/* Hand work->frame[0..n) to the sink and add to the result. */
static void give(const struct job *job, struct po_result *result, uint32_t n)
{
    const struct po_frame *frames = job->work->frame;
    uint32_t taken = job->sink(job->arg, frames, n);

    result->made += n;
    result->sent += taken;
    for (uint32_t i = 0; i < taken; i++)
        result->bytes += po_frame_len(&frames[i]);
    if (taken < n)
        result->drop = HSR_DROP_PORT_TX_FULL;
}

static struct po_result give_one(const struct job *job)
{
    struct po_result result = {.drop = HSR_DROP_NONE};

    give(job, &result, 1);
    return result;
}

static void set_body(struct po_frame *out, const struct po_range *range)
{
    out->body = range->body;
    out->body_len = range->body_len;
    out->tail = range->tail;
    out->tails = range->tails;
    out->tail_len = range->tail_len;
}

/* The frame from byte `head_len` on as the body of the first frame; what is in front stands in the first buffer. */
static struct po_frame *behind_head(const struct job *job, uint32_t head_len, uint32_t end)
{
    struct po_frame *out = job->work->frame;
    struct po_range rest = po_source_range(job->frame, head_len, end - head_len, job->work->tail);

    *out = (struct po_frame){.head_len = head_len};
    if (head_len > 0)
        out->head = job->work->head[0];
    set_body(out, &rest);
    return out;
}

/* A whole frame, its checksums completed or the L4 one left to the port. */
static struct po_result completed(const struct job *job)
{
    const struct hsr_tx_meta *meta = job->meta;
    struct po_view view = {.head = job->work->head[0], .frame = job->frame};
    uint16_t offload = meta->offload;
    struct virtio_net_hdr vnet = {0};

    if (offload & HSR_TXO_L4_PARTIAL && job->port->csum && !(offload & NOT_FOR_PORT)) {
        uint16_t field = offload & HSR_TXO_L4_UDP ? HSR_UDP_CSUM : HSR_TCP_CSUM;

        if (meta->l4_off + field + 2u > job->frame->len)
            return dropped(HSR_DROP_TX_META_BAD);
        vnet.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        vnet.csum_start = meta->l4_off;
        vnet.csum_offset = field;
        offload = (uint16_t)(offload & ~HSR_TXO_L4_PARTIAL);
    }
    if (offload & PO_CSUM_WORK) {
        enum hsr_drop bad;

        view.head_len = po_copy_headers(view.frame, view.head);
        bad = po_csum(meta, offload, &view);
        if (bad != HSR_DROP_NONE)
            return dropped(bad);
    }
    behind_head(job, view.head_len, job->frame->len)->vnet = vnet;
    return give_one(job);
}

/* Segmentation as virtio says it: the type of a GSO frame that the port takes, or NONE. */
static uint8_t vnet_gso(const struct job *job, uint8_t type)
{
    const struct po_port *port = job->port;

    switch (type) {
    case HSR_GSO_TCP4:
        return port->tso ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_NONE;
    case HSR_GSO_TCP6:
        return port->tso ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_NONE;
    case HSR_GSO_USO:
        return port->uso ? PO_VNET_GSO_UDP_L4 : VIRTIO_NET_HDR_GSO_NONE;
    case HSR_GSO_UFO:
        return port->ufo ? VIRTIO_NET_HDR_GSO_UDP : VIRTIO_NET_HDR_GSO_NONE;
    default:
        return VIRTIO_NET_HDR_GSO_NONE;
    }
}

/* The virtio header of a GSO frame, and the pseudo-header sum that it asks for, in the headers in the first buffer. */
static void set_vnet(const struct job *job, const struct po_gso *plan, uint8_t type,
                     struct po_frame *out)
{
    const struct po_layout *at = &plan->at;
    uint8_t *head = job->work->head[0];
    uint32_t l4_len = plan->head_len - at->l4 + plan->payload;
    uint16_t field = plan->udp ? HSR_UDP_CSUM : HSR_TCP_CSUM;
    uint8_t proto = plan->udp ? HSR_PROTO_UDP : HSR_PROTO_TCP;

    hsr_store16(head + at->l4 + field, hsr_csum_fold(po_pseudo(head + at->l3, proto) + l4_len));
    if (!at->ipv6 && job->meta->offload & HSR_TXO_L3_CSUM)
        po_csum_ip4(head + at->l3, at->l4 - at->l3);
    out->vnet = (struct virtio_net_hdr){
        .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
        .gso_type = (uint8_t)(plan->ecn ? type | VIRTIO_NET_HDR_GSO_ECN : type),
        .hdr_len = (uint16_t)plan->head_len,
        .gso_size = job->meta->gso_size,
        .csum_start = (uint16_t)at->l4,
        .csum_offset = field,
    };
}

/*
 * A GSO frame for a port that takes its kind: true, and the result of handing it over. UFO's gso_size counts the UDP
 * header, which is data of the first fragment.
 */
static bool whole(const struct job *job, struct po_result *result)
{
    const struct hsr_tx_meta *meta = job->meta;
    uint8_t *head = job->work->head[0];
    struct hsr_tx_meta as = *meta;
    uint8_t type = vnet_gso(job, (uint8_t)(meta->gso_type & ~HSR_GSO_ECN));
    uint32_t behind = meta->gso_size;
    struct po_gso plan;

    if (type == VIRTIO_NET_HDR_GSO_NONE || meta->offload & HSR_TXO_ENCAP)
        return false;
    if (meta->gso_type == HSR_GSO_UFO) {
        if (!(meta->offload & HSR_TXO_L4_PARTIAL) || meta->gso_size < HSR_UDP_HDR)
            return false;
        as.gso_type = HSR_GSO_USO;
        behind -= HSR_UDP_HDR;
    }
    if (po_gso_plan(&plan, &as, head, po_copy_headers(job->frame, head), job->frame->len) !=
            HSR_DROP_NONE ||
        po_gso_packet(&plan, behind) > job->limit)
        return false;
    set_vnet(job, &plan, type, behind_head(job, plan.head_len, plan.head_len + plan.payload));
    *result = give_one(job);
    return true;
}

/* IPv6 identification: every packet another one, and no sequence to be guessed (RFC 7739; murmur3's finisher). */
static uint32_t next_ident(struct po_work *work)
{
    uint32_t x = ++work->ident;

    x = (x ^ x >> 16) * 0x85EBCA6B;
    x = (x ^ x >> 13) * 0xC2B2AE35;
    return x ^ x >> 16;
}

/* All pieces, a work area full at a time; a port that took less than it was given is not tried again. */
static struct po_result pieces(const struct job *job)
{
    struct po_work *work = job->work;
    struct po_result result = {.drop = HSR_DROP_NONE};
    struct po_pieces it;
    struct po_piece piece;
    enum hsr_drop bad = po_pieces_open(&it, job->meta, job->frame, job->limit, next_ident(work));
    uint32_t n;

    if (bad != HSR_DROP_NONE)
        return dropped(bad);
    do {
        struct po_span *tail = work->tail;

        for (n = 0; n < PO_MAX_SEGMENTS && po_pieces_next(&it, work->head[n], tail, &piece); n++) {
            struct po_frame *out = &work->frame[n];

            *out = (struct po_frame){.head = work->head[n], .head_len = piece.head_len};
            set_body(out, &piece.payload);
            tail += piece.payload.tails;
        }
        if (n > 0)
            give(job, &result, n);
    } while (n == PO_MAX_SEGMENTS && result.drop == HSR_DROP_NONE);
    return result;
}

/* Does a UFO packet need no fragments at all? */
static bool ufo_is_small(const struct job *job)
{
    const struct hsr_tx_meta *meta = job->meta;

    return meta->gso_type == HSR_GSO_UFO && po_fits(meta, job->frame->len, job->limit) &&
           job->frame->len <= (uint32_t)meta->l4_off + meta->gso_size;
}

/* Apart from po_process(), so that its buffers and registers are not set up for packets that need no work. */
static __attribute__((noinline)) struct po_result worked(struct job *job)
{
    const struct hsr_tx_meta *meta = job->meta;
    struct po_result result;

    job->limit = po_packet_limit(meta, job->port);
    if (meta->gso_type == HSR_GSO_NONE) {
        if (po_fits(meta, job->frame->len, job->limit))
            return completed(job);
        return meta->offload & HSR_TXO_FRAGMENT ? pieces(job) : dropped(HSR_DROP_TX_TOO_BIG);
    }
    if (whole(job, &result))
        return result;
    return ufo_is_small(job) ? completed(job) : pieces(job);
}

struct po_result po_process(struct po_work *work, const struct hsr_tx_meta *meta,
                            const struct po_source *frame, const struct po_port *port, po_sink sink,
                            void *arg)
{
    uint32_t taken;

    if (!po_is_plain(meta, frame->len, port))
        return worked(&(struct job){work, meta, frame, port, 0, sink, arg});
    work->frame[0] = (struct po_frame){.body = frame->span[0].at,
                                       .body_len = frame->span[0].len,
                                       .tail = frame->span + 1,
                                       .tails = frame->spans - 1,
                                       .tail_len = frame->len - frame->span[0].len};
    taken = sink(arg, work->frame, 1);
    return (struct po_result){
        .drop = taken != 0 ? HSR_DROP_NONE : HSR_DROP_PORT_TX_FULL,
        .made = 1,
        .sent = taken,
        .bytes = taken != 0 ? frame->len : 0,
    };
}

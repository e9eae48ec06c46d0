/* SPDX-License-Identifier: Apache-2.0 */
#include "postproc/post.h"

#include <string.h>

#include "hsring/csum.h"
#include "hsring/wire.h"
#include "postproc/csum.h"
#include "postproc/tso.h"

enum { PROTO_TCP = 6 };
enum {
    /* What keeps a partial checksum from being handed on: virtio knows neither tunnels nor CRC32c. */
    NOT_FOR_PORT = HSR_TXO_ENCAP | HSR_TXO_L4_SCTP | HSR_TXO_OUTER_L3_CSUM | HSR_TXO_OUTER_L4_CSUM,
};

/* What travels through the stages of one call. */
struct job {
    struct po_work *work;
    const struct hsr_tx_meta *meta;
    const uint8_t *frame;
    const struct po_port *port;
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
        result->bytes += frames[i].head_len + frames[i].body_len;
    if (taken < n)
        result->drop = HSR_DROP_PORT_TX_FULL;
}

static struct po_result give_one(const struct job *job)
{
    struct po_result result = {.drop = HSR_DROP_NONE};

    give(job, &result, 1);
    return result;
}

/* The one fetch of header bytes; how many there are in the copy. */
static uint32_t copy_headers(uint8_t *head, const struct job *job)
{
    uint32_t len = job->meta->frame_len < PO_MAX_HEADERS ? job->meta->frame_len : PO_MAX_HEADERS;

    memcpy(head, job->frame, len);
    return len;
}

/* A whole frame, its checksums completed or the L4 one left to the port. */
static struct po_result completed(const struct job *job)
{
    const struct hsr_tx_meta *meta = job->meta;
    uint16_t offload = meta->offload;
    struct po_frame *out = job->work->frame;
    struct po_view view = {
        .head = job->work->head[0], .frame = job->frame, .frame_len = meta->frame_len};

    *out = (struct po_frame){.body = job->frame, .body_len = meta->frame_len};
    if (offload & HSR_TXO_L4_PARTIAL && job->port->csum && !(offload & NOT_FOR_PORT)) {
        uint16_t field = offload & HSR_TXO_L4_UDP ? HSR_UDP_CSUM : HSR_TCP_CSUM;

        if (meta->l4_off + field + 2u > meta->frame_len)
            return dropped(HSR_DROP_TX_META_BAD);
        out->vnet.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        out->vnet.csum_start = meta->l4_off;
        out->vnet.csum_offset = field;
        offload = (uint16_t)(offload & ~HSR_TXO_L4_PARTIAL);
    }
    if (offload & PO_CSUM_WORK) {
        enum hsr_drop bad;

        view.head_len = copy_headers(view.head, job);
        bad = po_csum(meta, offload, &view);
        if (bad != HSR_DROP_NONE)
            return dropped(bad);
        out->head = view.head;
        out->head_len = view.head_len;
        out->body = job->frame + view.head_len;
        out->body_len = meta->frame_len - view.head_len;
    }
    return give_one(job);
}

/* A GSO frame for a port that takes it; its headers stand in the first buffer of the work area. */
static struct po_result whole(const struct job *job, const struct po_tso *plan)
{
    uint8_t *head = job->work->head[0];
    uint32_t tcp_len = plan->head_len - plan->l4 + plan->payload;
    uint16_t pseudo = hsr_csum_fold(po_pseudo(head + plan->l3, PROTO_TCP) + tcp_len);
    uint8_t type = plan->ipv6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;

    hsr_store16(head + plan->l4 + HSR_TCP_CSUM, pseudo);
    if (!plan->ipv6 && job->meta->offload & HSR_TXO_L3_CSUM)
        po_csum_ip4(head + plan->l3, plan->l4 - plan->l3);
    job->work->frame[0] = (struct po_frame){
        .head = head,
        .head_len = plan->head_len,
        .body = job->frame + plan->head_len,
        .body_len = plan->payload,
        .vnet =
            {
                .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                .gso_type = (uint8_t)(plan->ecn ? type | VIRTIO_NET_HDR_GSO_ECN : type),
                .hdr_len = (uint16_t)plan->head_len,
                .gso_size = job->meta->gso_size,
                .csum_start = (uint16_t)plan->l4,
                .csum_offset = HSR_TCP_CSUM,
            },
    };
    return give_one(job);
}

/* All segments, a work area full at a time; a port that took less than it was given is not tried again. */
static struct po_result segments(const struct job *job, const struct po_tso *plan)
{
    struct po_result result = {.drop = HSR_DROP_NONE};
    uint32_t next = 0;

    while (next < plan->segments && result.drop == HSR_DROP_NONE) {
        uint32_t n = 0;

        for (; n < PO_MAX_SEGMENTS && next < plan->segments; n++, next++) {
            struct po_frame *out = &job->work->frame[n];
            uint8_t *head = job->work->head[n];
            uint32_t at = po_tso_segment(plan, next, job->frame, head, &out->body_len);

            out->head = head;
            out->head_len = plan->head_len;
            out->body = job->frame + at;
            out->vnet = (struct virtio_net_hdr){0};
        }
        give(job, &result, n);
    }
    return result;
}

static struct po_result gso(const struct job *job, uint32_t limit)
{
    const struct hsr_tx_meta *meta = job->meta;
    uint8_t head[PO_MAX_HEADERS];
    uint32_t copied = copy_headers(head, job);
    struct po_tso plan;
    enum hsr_drop bad = po_tso_plan(&plan, meta, head, copied, meta->frame_len);

    if (bad != HSR_DROP_NONE)
        return dropped(bad);
    if (job->port->tso && !plan.encap && po_tso_packet(&plan, meta->gso_size) <= limit) {
        memcpy(job->work->head[0], head, plan.head_len);
        return whole(job, &plan);
    }
    if (!po_tso_limit(&plan, meta->gso_size, limit))
        return dropped(HSR_DROP_TSO_BAD);
    return segments(job, &plan);
}

/* Apart from po_process(), so that its buffers and registers are not set up for packets that need no work. */
static __attribute__((noinline)) struct po_result worked(const struct job *job)
{
    uint32_t limit = po_packet_limit(job->meta, job->port);

    if (job->meta->gso_type != HSR_GSO_NONE)
        return gso(job, limit);
    return po_fits(job->meta, limit) ? completed(job) : dropped(HSR_DROP_TX_TOO_BIG);
}

struct po_result po_process(struct po_work *work, const struct hsr_tx_meta *meta,
                            const uint8_t *frame, const struct po_port *port, po_sink sink,
                            void *arg)
{
    uint32_t taken;

    if (!po_is_plain(meta, port))
        return worked(&(struct job){work, meta, frame, port, sink, arg});
    work->frame[0] = (struct po_frame){.body = frame, .body_len = meta->frame_len};
    taken = sink(arg, work->frame, 1);
    return (struct po_result){
        .drop = taken != 0 ? HSR_DROP_NONE : HSR_DROP_PORT_TX_FULL,
        .made = 1,
        .sent = taken,
        .bytes = taken != 0 ? meta->frame_len : 0,
    };
}

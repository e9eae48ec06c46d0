/* SPDX-License-Identifier: Apache-2.0 */
/* Segmentation against the reference, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "build.h"

static uint8_t built[MAX_BUILT], payload[MAX_BUILT];

/* A GSO frame in memory of exactly its size, and what was asked of it. */
struct gso {
    struct packet p;
    struct layout at;
    struct hsr_tx_meta meta;
    struct po_port port;
    uint8_t *frame;
    uint32_t payload_len;
    uint32_t mss; /* what the segments have to carry */
};

static struct gso gso_make(struct packet p, uint32_t payload_len, uint32_t gso_size)
{
    struct gso g = {.p = p, .payload_len = payload_len, .mss = gso_size, .port = {.mtu = 9000}};
    size_t len;

    for (uint32_t i = 0; i < payload_len; i++)
        payload[i] = (uint8_t)rnd(256);
    len = build(&p, payload, payload_len, built, &g.at);
    g.frame = malloc(len);
    assert_non_null(g.frame);
    memcpy(g.frame, built, len);
    g.meta = meta_of(&p, &g.at, len);
    g.meta.gso_size = (uint16_t)gso_size;
    g.meta.gso_type = p.proto == PROTO_UDP ? HSR_GSO_USO : p.ipv6 ? HSR_GSO_TCP6 : HSR_GSO_TCP4;
    g.meta.offload |= HSR_TXO_L4_PARTIAL | (p.outer_csum ? HSR_TXO_OUTER_L4_CSUM : 0) |
                      (p.proto == PROTO_UDP ? HSR_TXO_L4_UDP : 0);
    /* What Post has to write anyway must not matter. */
    memset(g.frame + g.at.l4 + (p.proto == PROTO_UDP ? 6 : 16), (int)rnd(256), 2);
    if (!p.ipv6)
        memset(g.frame + g.at.l3 + 10, (int)rnd(256), 2);
    if (p.outer_csum)
        memset(g.frame + g.at.outer_l4 + 6, (int)rnd(256), 2);
    return g;
}

static uint32_t headers(const struct gso *g)
{
    return (uint32_t)g->at.payload - (g->p.outer ? g->at.outer_l3 : g->at.l3);
}

/* Segment `i` of `n` as the reference builds it. */
static size_t expected(const struct gso *g, uint32_t i, uint32_t n, uint8_t *out)
{
    struct packet p = g->p;
    uint32_t from = i * g->mss;
    uint32_t len = i + 1 < n ? g->mss : g->payload_len - from;

    p.seq += from;
    p.id = (uint16_t)(p.id + i);
    p.outer_id = (uint16_t)(p.outer_id + i);
    if (i + 1 < n)
        p.flags &= (uint8_t) ~(FIN | PSH);
    if (i > 0 && g->meta.gso_type & HSR_GSO_ECN)
        p.flags &= (uint8_t)~CWR;
    return build(&p, payload + from, len, out, NULL);
}

static void check_segments(const struct gso *g, const struct taken *t, struct po_result r)
{
    uint32_t n = g->payload_len == 0 ? 1 : (g->payload_len + g->mss - 1) / g->mss;
    size_t sent = 0;

    assert_int_equal(r.drop, HSR_DROP_NONE);
    assert_int_equal(r.made, n);
    assert_int_equal(r.sent, n);
    assert_int_equal(t->frames, n);
    assert_true(t->largest_call <= PO_MAX_SEGMENTS);
    for (uint32_t i = 0; i < n; i++) {
        size_t len, want = expected(g, i, n, built);
        const uint8_t *got = taken_frame(t, i, &len);

        assert_int_equal(len, want);
        assert_memory_equal(got, built, want);
        sent += len;
    }
    assert_int_equal(r.bytes, sent);
}

static struct po_result run(const struct gso *g, struct taken *t)
{
    struct po_work *work = malloc(sizeof *work);
    uint8_t *before = malloc(g->meta.frame_len);
    struct po_result r;

    assert_non_null(work);
    assert_non_null(before);
    memset(work, 0xEE, sizeof *work);
    memcpy(before, g->frame, g->meta.frame_len);
    if (t->scribble == NULL && rnd(2)) { /* sliced somewhere behind the headers */
        struct hsr_tx_meta meta = g->meta;

        meta.frame_len = g->at.payload + rnd(g->payload_len < 300 ? g->payload_len + 1 : 300);
        r = process_split(work, &meta, g->frame, g->meta.frame_len, &g->port, taken_sink, t);
    } else {
        r = process(work, &g->meta, g->frame, &g->port, taken_sink, t);
    }
    if (t->scribble == NULL)
        assert_memory_equal(before, g->frame, g->meta.frame_len);
    free(before);
    free(work);
    return r;
}

static void random_shapes(void **unused)
{
    (void)unused;
    for (uint32_t round = 0; round < 1500; round++) {
        uint32_t size, len, room;
        struct taken *t = taken_new();
        struct gso g;

        rnd_seed(round);
        size = rnd(8) == 0 ? 1 + rnd(20) : 500 + rnd(8500);
        len = size < 500 ? rnd(2000) : rnd(4) == 0 ? 65535 - 40 - 80 - 130 : rnd(30000);
        g = gso_make(random_tcp(), len, size);
        g.port.csum = g.port.tso = g.p.outer != 0; /* of no use in a tunnel */
        g.port.mtu = rnd(4) == 0 ? UINT32_MAX : 600 + rnd(9000);
        g.meta.mtu = (uint16_t)(rnd(2) ? 0 : 600 + rnd(3000));
        if (rnd(2))
            g.meta.gso_type |= HSR_GSO_ECN;
        room = g.port.mtu > 65535 ? 65535 : g.port.mtu;
        if (g.meta.mtu != 0 && g.meta.mtu < room)
            room = g.meta.mtu;
        room -= headers(&g);
        if (room < g.mss)
            g.mss = room;
        check_segments(&g, t, run(&g, t));
        free(g.frame);
        taken_free(t);
    }
}

/* UDP datagrams are the sender's: their size is kept, whatever else there is room for. */
static void random_datagrams(void **unused)
{
    (void)unused;
    for (uint32_t round = 0; round < 500; round++) {
        struct taken *t = taken_new();
        struct packet p;
        struct gso g;

        rnd_seed(round);
        p = random_tcp();
        p.proto = PROTO_UDP;
        p.tcp_options = 0;
        g = gso_make(p, rnd(4) == 0 ? 65535 - 40 - 80 - 130 : rnd(30000), 100 + rnd(9000));
        g.port.uso = g.p.outer != 0; /* of no use in a tunnel */
        g.port.mtu = UINT32_MAX;
        check_segments(&g, t, run(&g, t));
        if (g.payload_len > g.mss) { /* nor may they be cut */
            g.port.mtu = g.mss + headers(&g) - 1;
            g.meta.offload |= g.p.ipv6 ? 0 : HSR_TXO_FRAGMENT; /* DF is set */
            assert_int_equal(run(&g, t).drop, HSR_DROP_TX_TOO_BIG);
        }
        free(g.frame);
        taken_free(t);
    }
}

/* The firmware overwrites the whole frame's headers while the first segments leave: later ones are still right. */
static void scribbling_firmware(void **unused)
{
    struct packet p = {.proto = PROTO_TCP, .outer = 4, .outer_csum = true, .flags = ACK, .seq = 5};
    struct taken *t = taken_new();
    struct gso g = gso_make(p, 200 * 100, 100);

    (void)unused;
    t->scribble = g.frame;
    t->scribble_len = g.at.payload;
    check_segments(&g, t, run(&g, t));
    assert_int_equal(t->calls, 4);
    free(g.frame);
    taken_free(t);
}

/* Fault 24: segments that cannot be made. */
static void refused_segments(void **unused)
{
    struct packet p = {.proto = PROTO_TCP, .flags = ACK};
    struct taken *t = taken_new();
    struct gso g = gso_make(p, 150 * 100, 100);
    struct po_result r;

    (void)unused;
    t->refuse_after = 70;
    r = run(&g, t);
    assert_int_equal(r.drop, HSR_DROP_PORT_TX_FULL);
    assert_int_equal(r.made, 128);
    assert_int_equal(r.sent, 70);
    assert_int_equal(r.bytes, 70 * (54 + 100));
    free(g.frame);
    taken_free(t);
}

/* A port that takes GSO gets the frame as one, with the pseudo-header sum in the checksum field. */
static void whole_to_port(void **unused)
{
    (void)unused;
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        struct packet p = {.proto = PROTO_TCP, .ipv6 = ipv6, .tcp_options = 12, .flags = ACK | CWR};
        struct taken *t = taken_new();
        struct gso g = gso_make(p, 20001, 1448 - 20 * (uint32_t)ipv6);
        uint16_t segment = 32 + 20001;
        struct po_result r;
        uint32_t sum = PROTO_TCP + segment;
        const uint8_t *got;
        size_t len;

        g.port = (struct po_port){.csum = true, .tso = true, .mtu = 1500};
        g.meta.offload |= ipv6 ? 0 : HSR_TXO_L3_CSUM;
        g.meta.gso_type |= HSR_GSO_ECN;
        r = run(&g, t);
        assert_int_equal(r.drop, HSR_DROP_NONE);
        assert_int_equal(r.made, 1);
        assert_int_equal(r.sent, 1);
        got = taken_frame(t, 0, &len);
        assert_int_equal(len, g.meta.frame_len);
        build(&p, payload, 20001, built, NULL);
        for (size_t i = ipv6 ? 8 : 12; i < (ipv6 ? 40u : 20u); i += 2)
            sum += (uint32_t)(got[g.at.l3 + i] << 8 | got[g.at.l3 + i + 1]);
        sum = (sum >> 16) + (sum & 0xFFFF);
        sum = (sum >> 16) + (sum & 0xFFFF);
        built[g.at.l4 + 16] = (uint8_t)(sum >> 8);
        built[g.at.l4 + 17] = (uint8_t)sum;
        assert_memory_equal(got, built, len);
        assert_int_equal(t->vnet[0].flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
        assert_int_equal(t->vnet[0].gso_type,
                         VIRTIO_NET_HDR_GSO_ECN |
                             (ipv6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4));
        assert_int_equal(t->vnet[0].gso_size, g.meta.gso_size);
        assert_int_equal(t->vnet[0].hdr_len, g.at.payload);
        assert_int_equal(t->vnet[0].csum_start, g.at.l4);
        assert_int_equal(t->vnet[0].csum_offset, 16);
        free(g.frame);
        taken_free(t);
    }
}

/* UDP, both kinds: the same, by a port that takes that kind, and cut for one that takes the others. */
static void whole_udp_to_port(void **unused)
{
    (void)unused;
    for (int round = 0; round < 8; round++) {
        bool ipv6 = round & 1, ufo = round & 2, takes = round & 4;
        struct packet p = {.proto = PROTO_UDP, .ipv6 = ipv6};
        struct taken *t = taken_new();
        struct gso g = gso_make(p, 20001, 1400);
        const uint8_t *got;
        size_t len;

        g.port = (struct po_port){
            .csum = true, .tso = true, .uso = ufo != takes, .ufo = ufo == takes, .mtu = 1500};
        g.meta.offload |= ipv6 ? 0 : HSR_TXO_L3_CSUM;
        if (ufo)
            g.meta.gso_type = HSR_GSO_UFO;
        assert_int_equal(run(&g, t).drop, HSR_DROP_NONE);
        if (takes) {
            assert_int_equal(t->frames, 1);
            got = taken_frame(t, 0, &len);
            assert_int_equal(len, g.meta.frame_len);
            build(&p, payload, 20001, built, NULL);
            assert_memory_equal(got, built, g.at.l4 + 6);
            assert_memory_equal(got + g.at.payload, payload, 20001);
            assert_int_equal(t->vnet[0].flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
            assert_int_equal(t->vnet[0].gso_type,
                             ufo ? VIRTIO_NET_HDR_GSO_UDP : PO_VNET_GSO_UDP_L4);
            assert_int_equal(t->vnet[0].csum_offset, 6);
            assert_int_equal(t->vnet[0].gso_size, 1400);
        } else {
            assert_int_equal(t->frames, ufo ? (8 + 20001 + 1399) / 1400 : (20001 + 1399) / 1400);
            assert_int_equal(t->vnet[0].flags, 0);
        }
        free(g.frame);
        taken_free(t);
    }
}

/* The same port, but the path or the port takes less than the guest's segments: cut here, complete. */
static void too_large_for_port(void **unused)
{
    (void)unused;
    for (int by_path = 0; by_path < 2; by_path++) {
        struct packet p = {.proto = PROTO_TCP, .flags = ACK};
        struct taken *t = taken_new();
        struct gso g = gso_make(p, 20001, 1460);

        g.port = (struct po_port){.csum = true, .tso = true, .mtu = by_path ? 1500 : 1499};
        g.meta.mtu = by_path ? 1499 : 0;
        g.mss = 1459;
        check_segments(&g, t, run(&g, t));
        assert_int_equal(t->vnet[0].flags, 0);
        free(g.frame);
        taken_free(t);
    }
}

/* The largest inner packet does not fit the largest outer one. */
static void tunnel_past_64k(void **unused)
{
    struct packet p = {.proto = PROTO_TCP, .flags = ACK, .outer = 4, .outer_csum = true};
    struct taken *t = taken_new();
    struct gso g = gso_make(p, 65535 - 40, 65535);

    (void)unused;
    g.port.mtu = UINT32_MAX;
    g.mss = 65535 - 90;
    check_segments(&g, t, run(&g, t));
    free(g.frame);
    taken_free(t);
}

/* RFC 768: an outer UDP checksum that comes out as zero is sent as all ones. */
static void zero_outer_checksum(void **unused)
{
    struct packet p = {.proto = PROTO_TCP, .flags = ACK, .outer = 4, .outer_csum = true};
    struct taken *t = taken_new();
    struct gso g = gso_make(p, 100, 100);
    uint8_t *udp = g.frame + g.at.outer_l4;
    uint32_t port;
    size_t len;

    (void)unused;
    build(&p, payload, 100, built, NULL);
    port = (uint32_t)(udp[0] << 8 | udp[1]);
    port += (uint32_t)(built[g.at.outer_l4 + 6] << 8 | built[g.at.outer_l4 + 7]);
    port = (port & 0xFFFF) + (port >> 16);
    udp[0] = (uint8_t)(port >> 8);
    udp[1] = (uint8_t)port;
    assert_int_equal(run(&g, t).sent, 1);
    udp = t->bytes + g.at.outer_l4;
    assert_int_equal(udp[6] << 8 | udp[7], 0xFFFF);

    /* The same frame as a whole one. */
    g.meta.gso_type = HSR_GSO_NONE;
    g.meta.gso_size = 0;
    g.meta.offload |= HSR_TXO_L3_CSUM;
    g.meta.offload &= (uint16_t)~HSR_TXO_L4_PARTIAL;
    memcpy(g.frame + g.at.l4 + 16, built + g.at.l4 + 16, 2);
    assert_int_equal(run(&g, t).sent, 1);
    udp = t->bytes + t->end[0] + g.at.outer_l4;
    assert_int_equal(udp[6] << 8 | udp[7], 0xFFFF);
    taken_frame(t, 1, &len);
    assert_int_equal(len, g.meta.frame_len);
    free(g.frame);
    taken_free(t);
}

static void no_room(void **unused)
{
    (void)unused;
    for (uint32_t mtu = 39; mtu <= 41; mtu++) {
        struct packet p = {.proto = PROTO_TCP, .flags = ACK};
        struct taken *t = taken_new();
        struct gso g = gso_make(p, 300, 100);
        struct po_result r;

        g.port.mtu = mtu;
        g.mss = 1;
        r = run(&g, t);
        if (mtu == 41) {
            check_segments(&g, t, r);
        } else {
            assert_int_equal(r.drop, HSR_DROP_TSO_BAD);
            assert_int_equal(r.made, 0);
            assert_int_equal(t->calls, 0);
        }
        free(g.frame);
        taken_free(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_shapes),       cmocka_unit_test(random_datagrams),
        cmocka_unit_test(scribbling_firmware), cmocka_unit_test(refused_segments),
        cmocka_unit_test(whole_to_port),       cmocka_unit_test(whole_udp_to_port),
        cmocka_unit_test(too_large_for_port),  cmocka_unit_test(no_room),
        cmocka_unit_test(tunnel_past_64k),     cmocka_unit_test(zero_outer_checksum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

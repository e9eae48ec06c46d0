/* SPDX-License-Identifier: Apache-2.0 */
/* Whole frames: the fast path, MTU, checksums completed or left to the port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "build.h"

static uint8_t good[MAX_BUILT], payload[MAX_BUILT];
static struct po_work work;

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* The sum that a sender leaves in the field of a partial checksum: the pseudo header's, not inverted. */
static uint32_t pseudo(const uint8_t *ip, uint8_t proto, uint32_t len)
{
    size_t from = ip[0] >> 4 == 4 ? 12 : 8, to = ip[0] >> 4 == 4 ? 20 : 40;
    uint32_t sum = proto + len;

    for (size_t i = from; i < to; i += 2)
        sum += ip[i] * 256u + ip[i + 1];
    sum = (sum >> 16) + (sum & 0xFFFF);
    return (sum >> 16) + (sum & 0xFFFF);
}

static uint32_t field_of(uint8_t proto)
{
    return proto == PROTO_TCP ? 16 : proto == PROTO_UDP ? 6 : 8;
}

static struct packet random_packet(void)
{
    static const uint8_t protos[] = {PROTO_TCP, PROTO_UDP, PROTO_SCTP};
    struct packet p = random_tcp();

    p.proto = protos[rnd(3)];
    return p;
}

/* Undo in `frame` what the offload bits ask Post to do, and set the bits. */
static void ask(const struct packet *p, const struct layout *at, struct hsr_tx_meta *meta,
                uint8_t *frame)
{
    uint32_t l4_len = meta->frame_len - at->l4;

    meta->offload |= HSR_TXO_L4_PARTIAL;
    if (p->proto == PROTO_UDP)
        meta->offload |= HSR_TXO_L4_UDP;
    if (p->proto == PROTO_SCTP) {
        meta->offload |= HSR_TXO_L4_SCTP;
        memset(frame + at->l4 + 8, 0x5A, 4);
    } else {
        put16(frame + at->l4 + field_of(p->proto), pseudo(frame + at->l3, p->proto, l4_len));
    }
    if (!p->ipv6 && rnd(2)) {
        meta->offload |= HSR_TXO_L3_CSUM;
        put16(frame + at->l3 + 10, rnd(65536));
    }
    if (p->outer == 4 && rnd(2)) {
        meta->offload |= HSR_TXO_OUTER_L3_CSUM;
        put16(frame + at->outer_l3 + 10, rnd(65536));
    }
    if (p->outer_csum) {
        meta->offload |= HSR_TXO_OUTER_L4_CSUM;
        put16(frame + at->outer_l4 + 6, rnd(65536));
    }
}

/* Every checksum of every kind of packet, odd lengths and trailing Ethernet padding included. */
static void completed_checksums(void **unused)
{
    const struct po_port port = {.mtu = 9000};

    (void)unused;
    for (uint32_t round = 0; round < 3000; round++) {
        struct taken *t = taken_new();
        struct packet p;
        struct layout at;
        struct hsr_tx_meta meta;
        struct po_result r;
        size_t len, pad, got_len;
        uint32_t payload_len;
        uint8_t *frame, *before;

        rnd_seed(round);
        p = random_packet();
        payload_len = rnd(2) ? rnd(1400) : rnd(64);
        for (uint32_t i = 0; i < payload_len; i++)
            payload[i] = (uint8_t)rnd(256);
        len = build(&p, payload, payload_len, good, &at);
        pad = rnd(3) == 0 ? rnd(20) : 0;
        memset(good + len, 0x77, pad);
        frame = malloc(len + pad);
        before = malloc(len + pad);
        assert_non_null(frame);
        assert_non_null(before);
        memcpy(frame, good, len + pad);
        meta = meta_of(&p, &at, len);
        ask(&p, &at, &meta, frame);
        meta.frame_len = (uint32_t)(len + pad);
        memcpy(before, frame, len + pad);
        r = process(&work, &meta, frame, &port, taken_sink, t);
        assert_int_equal(r.drop, HSR_DROP_NONE);
        assert_int_equal(r.made, 1);
        assert_int_equal(r.sent, 1);
        assert_int_equal(r.bytes, len + pad);
        assert_memory_equal(taken_frame(t, 0, &got_len), good, len + pad);
        assert_int_equal(got_len, len + pad);
        assert_int_equal(t->vnet[0].flags, 0);
        assert_memory_equal(frame, before, len + pad);
        free(frame);
        free(before);
        taken_free(t);
    }
}

/* RFC 768: a UDP checksum that comes out as zero is sent as all ones; for TCP zero stays. */
static void zero_checksum(void **unused)
{
    const struct po_port port = {.mtu = 9000};

    (void)unused;
    for (int udp = 0; udp < 2; udp++) {
        struct packet p = {.proto = udp ? PROTO_UDP : PROTO_TCP, .flags = ACK};
        struct taken *t = taken_new();
        struct layout at;
        struct hsr_tx_meta meta;
        size_t len = build(&p, (const uint8_t[2]){0, 0}, 2, good, &at);
        uint8_t *field = good + at.l4 + field_of(p.proto);
        const uint8_t *got;

        /* With the complement's complement as payload the sum becomes all ones. */
        memcpy(good + at.payload, field, 2);
        put16(field, pseudo(good + at.l3, p.proto, (uint32_t)len - at.l4));
        meta = meta_of(&p, &at, len);
        meta.offload |= HSR_TXO_L4_PARTIAL | (udp ? HSR_TXO_L4_UDP : 0);
        assert_int_equal(process(&work, &meta, good, &port, taken_sink, t).sent, 1);
        got = taken_frame(t, 0, &len) + at.l4 + field_of(p.proto);
        assert_int_equal(got[0] << 8 | got[1], udp ? 0xFFFF : 0);
        taken_free(t);
    }
}

/* A port that takes partial checksums gets the frame as it stands; only what virtio cannot say is completed. */
static void partial_to_port(void **unused)
{
    const struct po_port port = {.csum = true, .mtu = 9000};

    (void)unused;
    for (uint32_t round = 0; round < 300; round++) {
        struct taken *t = taken_new();
        struct packet p;
        struct layout at;
        struct hsr_tx_meta meta;
        size_t len;
        bool handed;

        rnd_seed(round);
        p = random_packet();
        len = build(&p, payload, 101, good, &at);
        meta = meta_of(&p, &at, len);
        uint8_t *frame = malloc(len);
        assert_non_null(frame);
        memcpy(frame, good, len);
        ask(&p, &at, &meta, frame);
        handed = p.outer == 0 && p.proto != PROTO_SCTP;
        if (handed)
            memcpy(good + at.l4 + field_of(p.proto), frame + at.l4 + field_of(p.proto), 2);
        assert_int_equal(process(&work, &meta, frame, &port, taken_sink, t).sent, 1);
        assert_memory_equal(taken_frame(t, 0, &len), good, len);
        assert_int_equal(t->vnet[0].flags, handed ? VIRTIO_NET_HDR_F_NEEDS_CSUM : 0);
        assert_int_equal(t->vnet[0].csum_start, handed ? at.l4 : 0);
        assert_int_equal(t->vnet[0].csum_offset, handed ? field_of(p.proto) : 0);
        assert_int_equal(t->vnet[0].gso_type, VIRTIO_NET_HDR_GSO_NONE);
        free(frame);
        taken_free(t);
    }
}

/* What is handed on must at least point into the frame. */
static void partial_past_end(void **unused)
{
    const struct po_port port = {.csum = true, .mtu = 1500};
    struct hsr_tx_meta meta = {
        .frame_len = 60, .l3_off = 14, .l4_off = 42, .offload = HSR_TXO_L4_PARTIAL};
    struct taken *t = taken_new();
    struct po_result r = process(&work, &meta, good, &port, taken_sink, t);

    (void)unused;
    assert_int_equal(r.sent, 1);
    meta.l4_off++;
    r = process(&work, &meta, good, &port, taken_sink, t);
    assert_int_equal(r.drop, HSR_DROP_TX_META_BAD);
    assert_int_equal(r.made, 0);
    assert_int_equal(t->frames, 1);
    taken_free(t);
}

static uint32_t by_reference(void *arg, const struct po_frame *frames, uint32_t n)
{
    const struct virtio_net_hdr plain = {0};

    assert_int_equal(n, 1);
    assert_int_equal(frames[0].head_len, 0);
    assert_ptr_equal(frames[0].body, arg);
    assert_memory_equal(&frames[0].vnet, &plain, sizeof plain);
    return 1;
}

/* Nothing to do: the frame is passed on without a look at it, even at memory nobody may read. */
static void untouched(void **unused)
{
    const struct po_port port = {.csum = true, .tso = true, .mtu = 1500};
    struct hsr_tx_meta meta = {.frame_len = 1514};
    uint8_t *frame = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct po_result r;

    (void)unused;
    assert_ptr_not_equal(frame, MAP_FAILED);
    r = process(&work, &meta, frame, &port, by_reference, frame);
    assert_int_equal(r.sent, 1);
    assert_int_equal(r.bytes, 1514);
    munmap(frame, 4096);
}

/* The checksum of a TCP header behind plain IPv4. */
static uint32_t looked_at(void *arg, const struct po_frame *frames, uint32_t n)
{
    assert_int_equal(n, 1);
    assert_true(frames[0].head_len >= 54);
    assert_memory_equal(frames[0].head + 50, arg, 2);
    return 1;
}

/* A sum that was taken on the way in is not taken again: memory that nobody may read shows it. */
static void summed(void **unused)
{
    const struct po_port port = {.mtu = 1500};
    struct packet p = {.proto = PROTO_TCP, .flags = ACK};
    uint8_t *hidden = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct layout at;
    size_t len = build(&p, payload, 1001, good, &at);
    struct hsr_tx_meta meta = meta_of(&p, &at, at.payload);
    struct po_span span[2] = {{good, at.payload}, {hidden, 1001}};
    struct po_source source = {.span = span,
                               .spans = 2,
                               .len = (uint32_t)len,
                               .summed = true,
                               .sum_from = at.payload,
                               .sum = sum_bytes(0, payload, 1001)};
    uint8_t want[2];

    (void)unused;
    assert_ptr_not_equal(hidden, MAP_FAILED);
    memcpy(want, good + at.l4 + 16, 2);
    put16(good + at.l4 + 16, pseudo(good + at.l3, p.proto, (uint32_t)len - at.l4));
    meta.offload |= HSR_TXO_L4_PARTIAL;
    assert_int_equal(po_process(&work, &meta, &source, &port, looked_at, want).sent, 1);
    munmap(hidden, 4096);
}

/* The MTU counts from the outermost IP header; from byte 14 when nobody said where that is. */
static void mtu(void **unused)
{
    static const struct {
        uint16_t l3, outer_l3, offload, meta_mtu;
        uint32_t port_mtu, largest;
    } row[] = {
        {0, 0, 0, 0, 1500, 1514},
        {14, 0, 0, 0, 1500, 1514},
        {18, 0, 0, 0, 1500, 1518},
        {64, 14, HSR_TXO_ENCAP, 0, 1500, 1514},
        {14, 0, 0, 1400, 1500, 1414},
        {14, 0, 0, 1600, 1500, 1514},
        {14, 0, HSR_TXO_L3_CSUM, 0, 600, 614},
    };
    struct packet p = {.proto = PROTO_UDP};

    (void)unused;
    build(&p, payload, 1600, good, NULL);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        const struct po_port port = {.mtu = row[i].port_mtu};
        struct hsr_tx_meta meta = {
            .l3_off = row[i].l3,
            .outer_l3_off = row[i].outer_l3,
            .offload = row[i].offload,
            .mtu = row[i].meta_mtu,
            .frame_len = row[i].largest,
        };
        struct taken *t = taken_new();
        struct po_result r = process(&work, &meta, good, &port, taken_sink, t);

        assert_int_equal(r.drop, HSR_DROP_NONE);
        assert_int_equal(r.sent, 1);
        meta.frame_len++;
        r = process(&work, &meta, good, &port, taken_sink, t);
        assert_int_equal(r.drop, HSR_DROP_TX_TOO_BIG);
        assert_int_equal(r.made, 0);
        assert_int_equal(t->frames, 1);
        taken_free(t);
    }
}

static void refused(void **unused)
{
    const struct po_port port = {.mtu = 1500};
    struct hsr_tx_meta meta = {.frame_len = 60};
    struct taken *t = taken_new();
    struct po_result r;

    (void)unused;
    t->refuse_after = 0;
    r = process(&work, &meta, good, &port, taken_sink, t);
    assert_int_equal(r.drop, HSR_DROP_PORT_TX_FULL);
    assert_int_equal(r.made, 1);
    assert_int_equal(r.sent, 0);
    assert_int_equal(r.bytes, 0);
    taken_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(completed_checksums),
        cmocka_unit_test(zero_checksum),
        cmocka_unit_test(partial_to_port),
        cmocka_unit_test(partial_past_end),
        cmocka_unit_test(untouched),
        cmocka_unit_test(summed),
        cmocka_unit_test(mtu),
        cmocka_unit_test(refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

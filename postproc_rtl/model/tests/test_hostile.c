/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata and headers that lie. Frames lie in memory of exactly their size, so that ASan sees a byte too much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "build.h"

static uint8_t good[MAX_BUILT], payload[MAX_BUILT];
static struct po_work work;

/* What a lie is about: changes the metadata or the frame. */
typedef void (*lie)(struct hsr_tx_meta *meta, uint8_t *frame, const struct layout *at);

/* What becomes of the packet in `good`, after the lie. */
static enum hsr_drop result(struct hsr_tx_meta meta, const struct layout *at, lie tell)
{
    const struct po_port port = {.mtu = 9000};
    struct taken *t = taken_new();
    struct po_result r;
    uint8_t *frame;

    tell(&meta, good, at);
    frame = malloc(meta.frame_len);
    assert_non_null(frame);
    memcpy(frame, good, meta.frame_len);
    r = process(&work, &meta, frame, &port, taken_sink, t);
    if (r.drop != HSR_DROP_NONE) {
        assert_int_equal(r.made, 0);
        assert_int_equal(t->calls, 0);
    }
    free(frame);
    taken_free(t);
    return r.drop;
}

static enum hsr_drop told(struct packet p, bool gso, lie tell)
{
    struct layout at;
    size_t len = build(&p, payload, 1000, good, &at);
    struct hsr_tx_meta meta = meta_of(&p, &at, len);

    meta.offload |= HSR_TXO_L4_PARTIAL | (p.outer_csum ? HSR_TXO_OUTER_L4_CSUM : 0);
    if (gso) {
        meta.gso_type = p.ipv6 ? HSR_GSO_TCP6 : HSR_GSO_TCP4;
        meta.gso_size = 100;
    }
    return result(meta, &at, tell);
}

static enum hsr_drop told_of_fragments(struct packet p, bool ufo, lie tell)
{
    struct layout at;
    size_t len = build(&p, payload, 1000, good, &at);
    struct hsr_tx_meta meta = meta_of(&p, &at, len);

    meta.mtu = 500;
    meta.offload |= HSR_TXO_L4_PARTIAL | HSR_TXO_L4_UDP | HSR_TXO_FRAGMENT |
                    (p.outer_csum ? HSR_TXO_OUTER_L4_CSUM : 0);
    if (ufo) {
        meta.gso_type = HSR_GSO_UFO;
        meta.gso_size = 400;
    }
    return result(meta, &at, tell);
}

#define LIE(name, what)                                                                 \
    static void name(struct hsr_tx_meta *meta, uint8_t *frame, const struct layout *at) \
    {                                                                                   \
        (void)meta, (void)frame, (void)at;                                              \
        what;                                                                           \
    }
LIE(truth, (void)0)
LIE(l4_past_end, meta->l4_off = (uint16_t)(meta->frame_len - 1))
LIE(l4_past_copy, meta->l4_off = 600)
LIE(l4_far_past_frame, meta->l4_off = 65535)
LIE(l3_far_past_frame, meta->l3_off = 65530)
LIE(l3_zero, meta->l3_off = 0)
LIE(ihl_small, frame[at->l3] = 0x44)
LIE(ihl_large, frame[at->l3] = 0x4F)
LIE(total_past_frame, frame[at->l3 + 2] = 0xFF)
LIE(total_too_short, memset(frame + at->l3 + 2, 0, 2))
LIE(flag_ipv6, meta->offload ^= HSR_TXO_IPV6)
LIE(version, frame[at->l3] ^= 0x20)
LIE(data_offset_small, frame[at->l4 + 12] = 0x40)
LIE(cut_in_headers, meta->frame_len = at->l4 + 10u)
LIE(not_udp, frame[at->l3 + 9] = PROTO_TCP)
LIE(not_tcp, frame[at->l3 + 9] = PROTO_UDP)
LIE(fragment, frame[at->l3 + 6] = 0x20)
LIE(syn, frame[at->l4 + 13] |= 2)
LIE(type_other, meta->gso_type = HSR_GSO_TCP6)
LIE(type_ufo, meta->gso_type = HSR_GSO_UFO)
LIE(type_uso, meta->gso_type = HSR_GSO_USO)
LIE(type_unknown, meta->gso_type = 0x7F)
LIE(type_ecn_alone, meta->gso_type = HSR_GSO_ECN)
LIE(size_zero, meta->gso_size = 0)
LIE(flag_udp, meta->offload |= HSR_TXO_L4_UDP)
LIE(next_header, frame[at->l3 + 6] = 44)
LIE(outer_behind_inner, meta->outer_l3_off = at->l3)
LIE(outer_zero, meta->outer_l3_off = 0)
LIE(outer_l4_past, meta->outer_l4_off = 65535)
LIE(outer_not_udp, frame[at->outer_l3 + 9] = PROTO_TCP)
LIE(outer_version, frame[at->outer_l3] = 0x05)
LIE(outer_udp_length, frame[at->outer_l4 + 4] = 0xFF)
LIE(outer_udp_empty, memset(frame + at->outer_l4 + 4, 0, 2))
LIE(outer_without_encap, meta->offload |= HSR_TXO_OUTER_L3_CSUM)
LIE(ihl_past_copy, frame[at->l3] = 0x4F; meta->frame_len = at->l3 + 30u;
    meta->offload = HSR_TXO_L3_CSUM)
LIE(cut_in_long_headers, meta->frame_len = at->payload - 4u)

static const struct packet plain4 = {.proto = PROTO_TCP, .flags = ACK};
static const struct packet plain6 = {.proto = PROTO_TCP, .flags = ACK, .ipv6 = true};
static const struct packet tunnel4 = {
    .proto = PROTO_TCP, .flags = ACK, .outer = 4, .outer_csum = true};
static const struct packet extended6 = {
    .proto = PROTO_TCP, .flags = ACK, .ipv6 = true, .ip_options = 16};
/* Headers of more than the copy takes: 18 + 40 + 16 + 14 + 40 + 80 + 60 bytes. */
static const struct packet too_long = {.proto = PROTO_TCP,
                                       .flags = ACK,
                                       .ipv6 = true,
                                       .ip_options = 80,
                                       .tcp_options = 40,
                                       .outer = 6,
                                       .vlan = true};

static const struct {
    const struct packet *p;
    lie tell;
    enum hsr_drop gso, whole; /* expected with and without GSO */
} lies[] = {
    {&plain4, truth, HSR_DROP_NONE, HSR_DROP_NONE},
    {&plain6, truth, HSR_DROP_NONE, HSR_DROP_NONE},
    {&tunnel4, truth, HSR_DROP_NONE, HSR_DROP_NONE},
    {&extended6, truth, HSR_DROP_NONE, HSR_DROP_NONE},
    {&plain4, l4_past_end, HSR_DROP_TX_META_BAD, HSR_DROP_TX_META_BAD},
    {&plain4, l4_past_copy, HSR_DROP_TX_META_BAD, HSR_DROP_TX_META_BAD},
    {&plain6, l4_past_copy, HSR_DROP_TX_META_BAD, HSR_DROP_TX_META_BAD},
    {&plain4, l4_far_past_frame, HSR_DROP_TX_META_BAD, HSR_DROP_TX_META_BAD},
    {&plain4, l3_zero, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
    {&plain4, l3_far_past_frame, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
    {&plain4, ihl_small, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
    {&plain4, ihl_large, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
    {&plain4, ihl_past_copy, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
    {&plain4, total_past_frame, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
    {&plain4, total_too_short, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
    {&plain6, total_too_short, HSR_DROP_NONE, HSR_DROP_NONE}, /* bytes 2, 3 are the flow label */
    {&plain4, flag_ipv6, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
    {&plain6, flag_ipv6, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
    {&plain4, version, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
    {&plain6, version, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
    {&plain4, data_offset_small, HSR_DROP_TSO_BAD, HSR_DROP_NONE},
    {&plain4, cut_in_headers, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
    {&plain4, not_tcp, HSR_DROP_TSO_BAD, HSR_DROP_NONE},
    {&plain4, fragment, HSR_DROP_TSO_BAD, HSR_DROP_NONE},
    {&plain4, syn, HSR_DROP_TSO_BAD, HSR_DROP_NONE},
    {&extended6, next_header, HSR_DROP_TSO_BAD, HSR_DROP_NONE},
    {&tunnel4, outer_behind_inner, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
    {&tunnel4, outer_zero, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
    {&tunnel4, outer_l4_past, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
    {&tunnel4, outer_not_udp, HSR_DROP_TSO_BAD, HSR_DROP_NONE},
    {&tunnel4, outer_version, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
    {&tunnel4, outer_udp_length, HSR_DROP_NONE, HSR_DROP_TX_META_BAD},
    {&tunnel4, outer_udp_empty, HSR_DROP_NONE, HSR_DROP_TX_META_BAD},
    {&plain4, outer_without_encap, HSR_DROP_NONE, HSR_DROP_TX_META_BAD},
    {&too_long, truth, HSR_DROP_TX_META_BAD, HSR_DROP_NONE},
    {&too_long, cut_in_long_headers, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
};

/* The same of packets to be cut into fragments. */
static void each_lie_about_fragments(void **unused)
{
    static const struct packet udp4 = {.proto = PROTO_UDP, .may_fragment = true};
    static const struct packet udp6 = {.proto = PROTO_UDP, .ipv6 = true};
    static const struct packet inner4 = {
        .proto = PROTO_UDP, .may_fragment = true, .outer = 4, .outer_csum = true};
    static const struct {
        const struct packet *p;
        lie tell;
        enum hsr_drop ufo, fragment;
    } rows[] = {
        {&udp4, truth, HSR_DROP_NONE, HSR_DROP_NONE},
        {&udp6, truth, HSR_DROP_NONE, HSR_DROP_TX_TOO_BIG},
        {&inner4, truth, HSR_DROP_NONE, HSR_DROP_NONE},
        {&udp4, l4_past_copy, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
        {&udp4, l4_far_past_frame, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
        {&udp4, l3_zero, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
        {&udp4, l3_far_past_frame, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
        {&udp4, ihl_small, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
        {&udp4, ihl_large, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
        {&udp4, total_past_frame, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
        {&udp4, total_too_short, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
        {&udp4, version, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
        {&udp4, flag_ipv6, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
        {&udp6, flag_ipv6, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
        {&udp4, fragment, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
        {&udp4, not_udp, HSR_DROP_TSO_BAD, HSR_DROP_NONE},
        {&udp6, next_header, HSR_DROP_TSO_BAD, HSR_DROP_TX_TOO_BIG},
        {&inner4, outer_behind_inner, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
        {&inner4, outer_not_udp, HSR_DROP_TSO_BAD, HSR_DROP_TX_META_BAD},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum hsr_drop ufo = told_of_fragments(*rows[i].p, true, rows[i].tell);
        enum hsr_drop fragment = told_of_fragments(*rows[i].p, false, rows[i].tell);

        if (ufo != rows[i].ufo || fragment != rows[i].fragment)
            fail_msg("lie %zu: ufo %d, fragment %d", i, (int)ufo, (int)fragment);
    }
}

/* Fault 24: work that lies about its frame. */
static void each_lie(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        enum hsr_drop gso = told(*lies[i].p, true, lies[i].tell);
        enum hsr_drop whole = told(*lies[i].p, false, lies[i].tell);

        if (gso != lies[i].gso || whole != lies[i].whole)
            fail_msg("lie %zu: gso %d, whole %d", i, (int)gso, (int)whole);
    }
}

/* Requests that make no sense by themselves. */
static void bad_requests(void **unused)
{
    static const lie asked[] = {type_other,     type_ufo,  type_uso, type_unknown,
                                type_ecn_alone, size_zero, flag_udp};

    (void)unused;
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
        assert_int_equal(told(plain4, true, asked[i]), HSR_DROP_TSO_BAD);
}

/* Everything lies at once: nothing is read or passed on but what belongs to the frame, and the books balance. */
static uint32_t in_bounds(void *arg, const struct po_frame *frames, uint32_t n)
{
    const struct hsr_tx_meta *meta = arg;
    uint32_t sum = 0;

    for (uint32_t i = 0; i < n; i++) {
        assert_true(frames[i].head_len <= PO_MAX_HEADERS);
        assert_true(frames[i].body_len <= meta->frame_len);
        assert_true(frames[i].tail_len <= meta->frame_len);
        for (uint32_t k = 0; k < frames[i].tails; k++)
            for (uint32_t b = 0; b < frames[i].tail[k].len; b++)
                sum += frames[i].tail[k].at[b];
        for (uint32_t b = 0; b < frames[i].head_len; b++)
            sum += frames[i].head[b];
        for (uint32_t b = 0; b < frames[i].body_len; b += 61)
            sum += frames[i].body[b];
        if (frames[i].body_len > 0)
            sum += frames[i].body[frames[i].body_len - 1];
    }
    return n - (sum & 1 & (n > 1));
}

static uint16_t near(uint16_t value)
{
    return rnd(10) ? value : rnd(2) ? (uint16_t)(value + rnd(5) - 2) : (uint16_t)rnd(65536);
}

static void random_lies(void **unused)
{
    uint32_t dropped = 0, made = 0;

    (void)unused;
    for (uint32_t round = 0; round < 20000; round++) {
        struct po_port port;
        struct packet p;
        struct layout at;
        struct hsr_tx_meta meta;
        struct po_result r;
        size_t len;
        uint8_t *frame;

        rnd_seed(round);
        p = random_tcp();
        p.proto = rnd(3) ? PROTO_TCP : PROTO_UDP;
        p.may_fragment = rnd(2);
        len = build(&p, payload, rnd(600), good, &at);
        meta = meta_of(&p, &at, len);
        meta.offload = (uint16_t)(rnd(4) ? meta.offload | HSR_TXO_L4_PARTIAL : rnd(1024));
        if (p.proto == PROTO_UDP && rnd(8))
            meta.offload |= HSR_TXO_L4_UDP;
        if (rnd(2))
            meta.offload |= HSR_TXO_FRAGMENT;
        meta.l3_off = near(meta.l3_off);
        meta.l4_off = near(meta.l4_off);
        meta.outer_l3_off = near(meta.outer_l3_off);
        meta.outer_l4_off = near(meta.outer_l4_off);
        meta.gso_type = (uint8_t)(rnd(3) == 0            ? rnd(6)
                                  : rnd(20) == 0         ? rnd(256)
                                  : p.proto == PROTO_UDP ? 3 + rnd(2)
                                                         : 1u + p.ipv6);
        meta.gso_size = (uint16_t)(rnd(4) ? 20 + rnd(600) : rnd(3));
        meta.mtu = (uint16_t)(rnd(6) ? 0 : rnd(300));
        for (uint32_t flips = rnd(6) ? 0 : 3; flips > 0; flips--)
            good[rnd(at.payload)] = (uint8_t)rnd(256);
        meta.frame_len = (uint32_t)(rnd(8) ? len : rnd((uint32_t)len + 1));
        port = (struct po_port){.csum = rnd(2),
                                .tso = rnd(2),
                                .uso = rnd(2),
                                .ufo = rnd(2),
                                .mtu = rnd(4) ? 1500 : rnd(300)};
        frame = malloc(meta.frame_len);
        assert_true(frame != NULL || meta.frame_len == 0);
        memcpy(frame, good, meta.frame_len);
        if (rnd(2)) {
            r = process(&work, &meta, frame, &port, in_bounds, &meta);
        } else {
            struct hsr_tx_meta first = meta;

            first.frame_len = rnd(meta.frame_len + 1);
            r = process_split(&work, &first, frame, meta.frame_len, &port, in_bounds, &meta);
        }
        assert_true(r.sent <= r.made);
        assert_int_equal(r.made == 0 || r.sent < r.made, r.drop != HSR_DROP_NONE);
        assert_true(r.made > 0 || r.bytes == 0);
        assert_memory_equal(frame, good, meta.frame_len);
        dropped += r.made == 0;
        made += r.made > 0;
        free(frame);
    }
    /* Both ends of the range have to be exercised for this to mean anything. */
    assert_true(dropped > 2000);
    assert_true(made > 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_lie),
        cmocka_unit_test(each_lie_about_fragments),
        cmocka_unit_test(bad_requests),
        cmocka_unit_test(random_lies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Fragments put together again are the packet; each of them is as large as may be, and right by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "build.h"

enum { OPTION_RECORD = 7, OPTION_ALERT = 148, OPTION_NOP = 1, IP_MORE = 0x2000 };

static uint8_t built[MAX_BUILT], payload[MAX_BUILT], again[MAX_BUILT];
static struct po_work work;

/* A packet to be cut; `limit` is what its IP packets may have. */
struct job {
    struct packet p;
    struct layout at;
    struct hsr_tx_meta meta;
    size_t len;
    uint32_t limit;
    uint16_t offset; /* the packet is a fragment itself: its field of flags and offset */
};

static uint32_t get16(const uint8_t *p)
{
    return p[0] * 256u + p[1];
}

static void put16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static uint16_t pseudo(const uint8_t *ip, uint8_t proto, uint32_t len)
{
    uint8_t tail[4] = {0, proto, (uint8_t)(len >> 8), (uint8_t)len};
    bool v4 = ip[0] >> 4 == 4;

    return sum_bytes(sum_bytes(0, tail, 4), ip + (v4 ? 12 : 8), v4 ? 8 : 32);
}

/* Sum over the pseudo header and the L4 packet, which is 0xFFFF for a right one. */
static uint16_t l4_check(const uint8_t *ip, uint8_t proto, const uint8_t *l4, uint32_t len)
{
    return sum_bytes(pseudo(ip, proto, len), l4, len);
}

/* Ask for the cut, with the L4 checksum left to Post or right in the packet already. */
static struct job job_make(struct packet p, uint32_t payload_len, uint32_t limit, bool partial)
{
    struct job j = {.p = p, .limit = limit};
    uint32_t field = p.proto == PROTO_UDP ? 6 : p.proto == PROTO_TCP ? 16 : 8;

    for (uint32_t i = 0; i < payload_len; i++)
        payload[i] = (uint8_t)rnd(256);
    j.len = build(&p, payload, payload_len, built, &j.at);
    j.meta = meta_of(&p, &j.at, j.len);
    j.meta.mtu = (uint16_t)limit;
    j.meta.offload |= p.outer_csum ? HSR_TXO_OUTER_L4_CSUM : 0;
    if (!partial)
        return j;
    j.meta.offload |= HSR_TXO_L4_PARTIAL;
    if (p.proto == PROTO_SCTP) {
        j.meta.offload |= HSR_TXO_L4_SCTP;
        memset(built + j.at.l4 + field, 0x33, 4);
    } else {
        j.meta.offload |= p.proto == PROTO_UDP ? HSR_TXO_L4_UDP : 0;
        put16(built + j.at.l4 + field, pseudo(built + j.at.l3, p.proto, (uint32_t)j.len - j.at.l4));
    }
    return j;
}

static struct po_result run(const struct job *j, struct taken *t)
{
    const struct po_port port = {.mtu = 9000};
    struct hsr_tx_meta meta = j->meta;

    meta.frame_len = rnd(2) ? (uint32_t)j->len : j->at.payload;
    return process_split(&work, &meta, built, (uint32_t)j->len, &port, taken_sink, t);
}

static void check_outer(const struct job *j, const uint8_t *f, size_t len, uint32_t i)
{
    const uint8_t *ip = f + j->at.outer_l3, *udp = f + j->at.outer_l4;
    uint32_t udp_len = (uint32_t)(len - j->at.outer_l4);

    assert_int_equal(get16(udp + 4), udp_len);
    if (j->p.outer == 4) {
        assert_int_equal(get16(ip + 2), len - j->at.outer_l3);
        assert_int_equal(get16(ip + 4), (j->p.outer_id + i) & 0xFFFF);
        assert_int_equal(sum_bytes(0, ip, j->at.outer_l4 - j->at.outer_l3), 0xFFFF);
    } else {
        assert_int_equal(get16(ip + 4), udp_len);
    }
    if (j->p.outer_csum)
        assert_int_equal(l4_check(ip, PROTO_UDP, udp, udp_len), 0xFFFF);
    else
        assert_int_equal(get16(udp + 6), 0);
}

/* Header of a fragment; bytes of data behind it begin at the offset returned. */
static uint32_t check_ip4(const struct job *j, const uint8_t *f, size_t len, uint32_t done,
                          bool last)
{
    const uint8_t *ip = f + j->at.l3;
    uint32_t more = last ? j->offset & IP_MORE : IP_MORE;

    assert_int_equal(get16(ip + 2), len - j->at.l3);
    assert_int_equal(get16(ip + 4), j->p.id);
    assert_int_equal(get16(ip + 6), more | ((j->offset & 0x1FFF) + done / 8));
    assert_int_equal(sum_bytes(0, ip, j->at.l4 - j->at.l3), 0xFFFF);
    assert_memory_equal(ip + 12, built + j->at.l3 + 12, 8);
    return j->at.l4;
}

static uint32_t check_ip6(const struct job *j, const uint8_t *f, size_t len, uint32_t done,
                          bool last, uint32_t *ident)
{
    const uint8_t *ip = f + j->at.l3, *frag = ip + 40;
    uint32_t id = get16(frag + 4) << 16 | get16(frag + 6);

    assert_int_equal(get16(ip + 4), len - j->at.l3 - 40);
    assert_int_equal(ip[6], 44);
    assert_int_equal(frag[0], built[j->at.l3 + 6]);
    assert_int_equal(get16(frag + 2), done | (last ? 0 : 1));
    assert_true(done == 0 || id == *ident);
    *ident = id;
    assert_memory_equal(ip + 8, built + j->at.l3 + 8, 32);
    return j->at.l3 + 48u;
}

/* Everything that left, against the packet as it was. `most`: data that a fragment may have, 0: what fits. */
static void check(const struct job *j, const struct taken *t, struct po_result r, uint32_t most)
{
    uint32_t l3 = j->p.outer ? j->at.outer_l3 : j->at.l3, done = 0, ident = 0;
    size_t sent = 0;

    assert_int_equal(r.drop, HSR_DROP_NONE);
    assert_true(t->frames > 1);
    assert_int_equal(r.made, t->frames);
    assert_int_equal(r.sent, t->frames);
    for (uint32_t i = 0; i < t->frames; i++) {
        bool last = i + 1 == t->frames;
        size_t len;
        const uint8_t *f = taken_frame(t, i, &len);
        uint32_t data;

        sent += len;
        if (j->p.outer)
            check_outer(j, f, len, i);
        data =
            j->p.ipv6 ? check_ip6(j, f, len, done, last, &ident) : check_ip4(j, f, len, done, last);
        assert_true(len - l3 <= j->limit);
        if (!last)
            assert_true(most != 0 ? len - data == (most & ~7u) : len - l3 + 8 > j->limit);
        assert_true(last || (len - data) % 8 == 0);
        memcpy(again + done, f + data, len - data);
        done += (uint32_t)(len - data);
    }
    assert_int_equal(r.bytes, sent);
    /* Whoever puts them together finds the packet as the sender would have sent it, checksum and all. */
    if (j->offset == 0)
        build(&j->p, payload, j->len - j->at.payload, built, NULL);
    uint32_t from = j->p.ipv6 ? j->at.l3 + 40u : j->at.l4;
    assert_int_equal(done, j->len - from);
    assert_memory_equal(again, built + from, done);
}

static struct packet random_packet(void)
{
    static const uint8_t protos[] = {PROTO_TCP, PROTO_UDP, PROTO_SCTP};
    struct packet p = random_tcp();

    p.proto = protos[rnd(3)];
    p.may_fragment = true;
    if (p.proto != PROTO_TCP)
        p.tcp_options = 0;
    return p;
}

/* IPv4 with FRAGMENT: options, VLAN, tunnels, sizes from where one UDP header does not fit on. */
static void over_the_path(void **unused)
{
    (void)unused;
    for (uint32_t round = 0; round < 2000; round++) {
        struct taken *t = taken_new();
        struct packet p;
        struct job j;

        rnd_seed(round);
        p = random_packet();
        p.ipv6 = false;
        p.ip_options = (uint8_t)(p.ip_options & ~3u);
        j = job_make(p, 1200 + rnd(rnd(8) ? 9000 : 60000), 68 + 60 + 130 + rnd(900), rnd(2));
        j.meta.offload |= HSR_TXO_FRAGMENT;
        check(&j, t, run(&j, t), 0);
        taken_free(t);
    }
}

/* UFO: gso_size is data of a fragment, rounded down to eight; less when the path takes less; DF has no say. */
static void ufo(void **unused)
{
    (void)unused;
    for (uint32_t round = 0; round < 1000; round++) {
        struct taken *t = taken_new();
        struct packet p;
        struct job j;
        uint32_t headers;

        rnd_seed(round);
        p = random_packet();
        p.proto = PROTO_UDP;
        p.tcp_options = 0;
        p.may_fragment = rnd(2);
        p.ip_options = (uint8_t)(p.ipv6 ? 0 : p.ip_options & ~3u);
        j = job_make(p, 3000 + rnd(50000), 0, true);
        headers = (p.ipv6 ? j.at.l4 + 8u : j.at.l4) - (p.outer ? j.at.outer_l3 : j.at.l3);
        j.meta.gso_type = HSR_GSO_UFO;
        j.meta.gso_size = (uint16_t)(32 + rnd(2900));
        j.limit = 1500;
        j.meta.mtu = 1500;
        check(&j, t, run(&j, t), headers + j.meta.gso_size > 1500 ? 0 : j.meta.gso_size);
        taken_free(t);
    }
}

/* A packet that is a fragment already: its offset goes on, and its own MF stays on the last. */
static void fragment_of_fragment(void **unused)
{
    (void)unused;
    for (int more = 0; more < 2; more++) {
        struct packet p = {.proto = PROTO_UDP, .may_fragment = true, .id = 77};
        struct taken *t = taken_new();
        struct job j = job_make(p, 3000, 700, false);

        j.offset = (uint16_t)(100 | (more ? IP_MORE : 0));
        put16(built + j.at.l3 + 6, j.offset);
        j.meta.offload |= HSR_TXO_FRAGMENT;
        check(&j, t, run(&j, t), 0);
        j.meta.offload |= HSR_TXO_L4_PARTIAL | HSR_TXO_L4_UDP; /* over what packet? */
        assert_int_equal(run(&j, t).drop, HSR_DROP_TX_META_BAD);
        j.meta.offload &= (uint16_t) ~(HSR_TXO_L4_PARTIAL | HSR_TXO_L4_UDP);
        put16(built + j.at.l3 + 6, 0x1F00); /* and past the largest offset */
        assert_int_equal(run(&j, t).drop, HSR_DROP_TX_TOO_BIG);
        taken_free(t);
    }
}

/* RFC 791: options without the copied bit stand in the first fragment only. */
static void options(void **unused)
{
    static const uint8_t here[12] = {OPTION_RECORD, 3, 4, OPTION_ALERT, 4, 0, 0, 68, 4, 5, 0, 0};
    static const uint8_t behind[12] = {OPTION_NOP, OPTION_NOP, OPTION_NOP, OPTION_ALERT, 4, 0, 0,
                                       OPTION_NOP, OPTION_NOP, OPTION_NOP, OPTION_NOP,   0};
    struct packet p = {.proto = PROTO_UDP, .may_fragment = true, .ip_options = 12};
    struct taken *t = taken_new();
    struct job j = job_make(p, 3000, 700, false);
    size_t len;

    (void)unused;
    memcpy(built + j.at.l3 + 20, here, 12);
    j.meta.offload |= HSR_TXO_FRAGMENT;
    assert_int_equal(run(&j, t).sent, 5);
    for (uint32_t i = 0; i < 5; i++)
        assert_memory_equal(taken_frame(t, i, &len) + j.at.l3 + 20, i == 0 ? here : behind, 12);
    /* Options that lie about their length are left alone. */
    built[j.at.l3 + 21] = 0;
    assert_int_equal(run(&j, t).sent, 5);
    built[j.at.l3 + 21] = 13;
    assert_int_equal(run(&j, t).sent, 5);
    assert_int_equal(taken_frame(t, 14, &len)[j.at.l3 + 20], OPTION_RECORD);
    taken_free(t);
}

/* Datagrams of USO that are over the path's MTU: each is cut by itself, and the tunnel counts all pieces. */
static void datagrams_in_fragments(void **unused)
{
    (void)unused;
    for (uint32_t outer = 0; outer <= 4; outer += 4) {
        struct packet p = {
            .proto = PROTO_UDP, .may_fragment = true, .id = 9, .outer = (uint8_t)outer};
        struct taken *t = taken_new();
        struct job j = job_make(p, 3 * 2000 + 300, 1500, true);
        uint32_t ids[] = {9, 9, 10, 10, 11, 11, 12};
        struct po_result r;

        j.meta.gso_type = HSR_GSO_USO;
        j.meta.gso_size = 2000;
        assert_int_equal(run(&j, t).drop, HSR_DROP_TX_TOO_BIG);
        j.meta.offload |= HSR_TXO_FRAGMENT;
        r = run(&j, t);
        assert_int_equal(r.drop, HSR_DROP_NONE);
        assert_int_equal(r.sent, 7);
        for (uint32_t i = 0; i < 7; i++) {
            size_t len;
            const uint8_t *f = taken_frame(t, i, &len), *ip = f + j.at.l3;

            assert_int_equal(get16(ip + 4), ids[i]);
            assert_int_equal(get16(ip + 6) & IP_MORE, i < 6 && i % 2 == 0 ? IP_MORE : 0);
            assert_int_equal(sum_bytes(0, ip, 20), 0xFFFF);
            if (outer)
                check_outer(&j, f, len, i);
            if (get16(ip + 6) == 0)
                assert_int_equal(l4_check(ip, PROTO_UDP, ip + 20, (uint32_t)len - j.at.l4), 0xFFFF);
        }
        taken_free(t);
    }
}

/* Not fitting, and not allowed or not possible. */
static void refused(void **unused)
{
    static const struct {
        bool ipv6, may_fragment;
        uint16_t offload;
        uint32_t limit;
        enum hsr_drop drop;
    } rows[] = {
        {false, true, 0, 700, HSR_DROP_TX_TOO_BIG},
        {false, false, HSR_TXO_FRAGMENT, 700, HSR_DROP_TX_TOO_BIG},
        {true, false, HSR_TXO_FRAGMENT, 700, HSR_DROP_TX_TOO_BIG},
        {false, true, HSR_TXO_FRAGMENT, 27, HSR_DROP_TX_TOO_BIG},
        {false, true, HSR_TXO_FRAGMENT, 28, HSR_DROP_NONE},
        {false, false, HSR_TXO_FRAGMENT, 1028, HSR_DROP_NONE}, /* it fits */
    };

    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct packet p = {
            .proto = PROTO_UDP, .ipv6 = rows[i].ipv6, .may_fragment = rows[i].may_fragment};
        struct taken *t = taken_new();
        struct job j = job_make(p, 1000, rows[i].limit, false);
        struct po_result r;

        j.meta.offload |= rows[i].offload;
        r = run(&j, t);
        assert_int_equal(r.drop, rows[i].drop);
        assert_int_equal(r.made > 0, rows[i].drop == HSR_DROP_NONE);
        taken_free(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(over_the_path),          cmocka_unit_test(ufo),
        cmocka_unit_test(fragment_of_fragment),   cmocka_unit_test(options),
        cmocka_unit_test(datagrams_in_fragments), cmocka_unit_test(refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

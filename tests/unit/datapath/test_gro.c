/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GRO: what leaves as one, to the byte what a sender with segmentation offload would have sent; and all that ends a chain,
 * after which each packet is as it was sent.
 */
#include "topology.h"

#define PART  1000
#define PARTS 16
#define LARGE 4095 /* 16 of them are within the window, and with headers more than IP can say */
#define UP_GSO                                                                                  \
    "ports:\n"                                                                                  \
    "  - {name: up, role: uplink, type: ring, device: up, mac: 02:aa:00:00:00:01, mtu: 1600,\n" \
    "     address: 192.0.2.1/24, gateway: 192.0.2.254}\n"
#define WITH(options, up, more) \
    TOP_OPTIONS(options)        \
    TOP_NET TOP_GROUPS TOP_CLOSED up TOP_A("") TOP_B("") TOP_C("open") TOP_V more
#define BLUNT                                                                            \
    "  - {name: blunt, role: vnic, type: ring, device: blunt, mac: 02:00:00:00:00:07,\n" \
    "     offload: false, subnet: front, addresses: [10.1.0.7], security_groups: [open]}\n"

static const struct fr_flow a_to_b6 = {.smac = MAC_A,
                                       .dmac = MAC_B,
                                       .src = "fd00:1::5",
                                       .dst = "fd00:1::6",
                                       .sport = 1000,
                                       .dport = 80};

struct world {
    struct bench b;
    uint8_t data[PARTS * 4100];
    uint16_t sport;
};

static int open_with(void **state, const char *yaml)
{
    static struct world w;

    w.sport = 1000;
    for (uint32_t i = 0; i < sizeof w.data; i++)
        w.data[i] = (uint8_t)(i * 7 + i / 256);
    bench_open(&w.b, &(struct bench_config){0}, yaml);
    *state = &w;
    return 0;
}

static int setup(void **state)
{
    return open_with(state, WITH("", UP_GSO, BLUNT));
}

static int setup_off(void **state)
{
    return open_with(state, WITH(", gro: false", UP_GSO, BLUNT));
}

static int teardown(void **state)
{
    struct world *w = *state;

    bench_close(&w->b);
    return 0;
}

static uint64_t merged(struct world *w, const char *port)
{
    fw_sync(w->b.fw);
    return fw_balance(w->b.fw, bench_index(&w->b, port)).merged;
}

/* A new connection of this flow from port `from` to port `to`; numbers of both sides go on from 1. */
static struct fr_flow opened(struct world *w, const struct fr_flow *like, const char *from,
                             const char *to)
{
    struct fr_flow f = *like, back;

    f.sport = ++w->sport;
    back = fr_back(&f);
    if (f.dmac == GW) {
        back.smac = MAC_C;
        back.dmac = GW2;
    }
    fr_tcp(&out, &f, FR_SYN, 0, 0, 0);
    bench_passes(&w->b, from, &out, to, &in);
    fr_tcp(&out, &back, FR_SYN | FR_ACK, 0, 1, 0);
    if (strcmp(to, "up") == 0)
        from_host2(&out, 100);
    bench_passes(&w->b, to, &out, from, &in);
    fr_tcp(&out, &f, FR_ACK, 1, 1, 0);
    bench_passes(&w->b, from, &out, to, &in);
    return f;
}

/* Part `i` of the data, as a segment. */
static void part(struct world *w, struct fr *o, const struct fr_flow *f, uint32_t i, uint32_t len)
{
    fr_tcp_with(o, f, FR_ACK, 1 + i * len, 1, w->data + i * len, len);
}

/* What is next at `port` is the first `len` bytes of data as one, or (`gso` 0) a packet of its own. */
static void arrives(struct world *w, const char *port, const struct fr_flow *f, uint32_t from,
                    uint32_t len, uint16_t gso)
{
    assert_true(bench_pop(&w->b, port, &in));
    fr_tcp_with(&more, f, FR_ACK, 1 + from, 1, w->data + from, len);
    if (gso != 0)
        fr_partial(&more, gso);
    assert_int_equal(in.len, more.len);
    assert_memory_equal(in.b, more.b, more.len);
    assert_int_equal(in.vnet.gso_size, gso);
    assert_int_equal(in.vnet.gso_type, more.vnet.gso_type);
    assert_int_equal(in.vnet.csum_start, more.vnet.csum_start);
}

/* Local and from the tunnel, both families, any length, sums right or left to us; 17 are one too many. */
static void as_one(void **state)
{
    static const uint32_t lengths[] = {20, PART, 1400, 3000};
    struct world *w = *state;

    for (unsigned v6 = 0; v6 < 2; v6++) {
        for (unsigned i = 0; i < 2 * sizeof lengths / sizeof *lengths; i++) {
            struct fr_flow f = opened(w, v6 ? &a_to_b6 : &a_to_b, "a", "b");
            uint32_t len = lengths[i / 2];
            uint64_t before = merged(w, "a");

            for (uint32_t k = 0; k <= PARTS; k++) {
                part(w, &out, &f, k, len);
                if (i & 1)
                    fr_partial(&out, 0);
                bench_push(&w->b, "a", &out);
            }
            bench_run(&w->b);
            arrives(w, "b", &f, 0, PARTS * len, (uint16_t)len);
            assert_true(bench_pop(&w->b, "b", &in));
            assert_memory_equal(in.b, out.b, out.len);
            bench_quiet(&w->b);
            assert_int_equal(merged(w, "a") - before, PARTS - 1);
        }
    }
}

/* Hops and Ethernet addresses are those of the way. */
static void routed(void **state)
{
    struct world *w = *state;
    struct fr_flow f = opened(w, &a_to_c, "a", "c");

    for (uint32_t k = 0; k < 3; k++) {
        part(w, &out, &f, k, PART);
        bench_push(&w->b, "a", &out);
    }
    bench_run(&w->b);
    fr_tcp_with(&out, &f, FR_ACK, 1, 1, w->data, 3 * PART);
    fr_partial(&out, PART);
    assert_true(bench_pop(&w->b, "c", &in));
    expect_like(&in, &out, MAC_C, GW2, 1);
    assert_int_equal(in.vnet.gso_size, PART);
}

static void from_the_tunnel(void **state)
{
    struct world *w = *state;
    struct fr_flow f = opened(w, &a_to_9, "a", "up"), back = fr_back(&f);

    for (uint32_t k = 0; k < 5; k++) {
        part(w, &out, &back, k, PART);
        from_host2(&out, 100);
        bench_push(&w->b, "up", &out);
    }
    bench_run(&w->b);
    arrives(w, "a", &back, 0, 5 * PART, PART);
    assert_int_equal(merged(w, "up"), 4);
}

/* To the tunnel, to a guest that takes no segmentation, and where it is switched off. */
static void not_there(void **state)
{
    struct world *w = *state;
    struct fr_flow to7 = {.smac = MAC_A,
                          .dmac = UINT64_C(0x020000000007),
                          .src = "10.1.0.5",
                          .dst = "10.1.0.7",
                          .dport = 80};
    struct fr_flow f = opened(w, &to7, "a", "blunt");

    for (uint32_t k = 0; k < 3; k++) {
        part(w, &out, &f, k, PART);
        bench_push(&w->b, "a", &out);
    }
    bench_run(&w->b);
    for (uint32_t k = 0; k < 3; k++)
        arrives(w, "blunt", &f, k * PART, PART, 0);
    f = opened(w, &a_to_9, "a", "up");
    for (uint32_t k = 0; k < 3; k++) {
        part(w, &out, &f, k, PART);
        bench_push(&w->b, "a", &out);
    }
    bench_run(&w->b);
    for (uint32_t k = 0; k < 3; k++) {
        assert_true(bench_pop(&w->b, "up", &in));
        expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
    }
    assert_int_equal(merged(w, "a"), 0);
}

static void off(void **state)
{
    struct world *w = *state;
    struct fr_flow f = opened(w, &a_to_b, "a", "b");

    for (uint32_t k = 0; k < 3; k++) {
        part(w, &out, &f, k, PART);
        bench_push(&w->b, "a", &out);
    }
    bench_run(&w->b);
    for (uint32_t k = 0; k < 3; k++)
        arrives(w, "b", &f, k * PART, PART, 0);
    assert_int_equal(merged(w, "a"), 0);
    assert_int_equal(bench_apply(&w->b, WITH(", gro: true", UP_GSO, BLUNT), NULL), 0);
    for (uint32_t k = 3; k < 6; k++) {
        part(w, &out, &f, k, PART);
        bench_push(&w->b, "a", &out);
    }
    bench_run(&w->b);
    arrives(w, "b", &f, 3 * PART, 3 * PART, PART);
}

#define IP  FR_L3
#define TCP (FR_L3 + 20)

/* Checksums of a frame somebody has changed. */
static void sums(struct fr *f)
{
    uint32_t ihl = (f->b[IP] & 15u) * 4, l4 = IP + ihl, len = fr_get16(f->b + IP + 2) - ihl;

    fr_put16(f->b + IP + 10, 0);
    fr_put16(f->b + IP + 10, (uint16_t)~fr_fold(fr_sum(0, f->b + IP, ihl)));
    fr_put16(f->b + l4 + 16, 0);
    fr_put16(f->b + l4 + 16,
             (uint16_t)~fr_fold(fr_sum(fr_sum(6u + len, f->b + IP + 12, 8), f->b + l4, len)));
}

/* Room for `n` bytes at `at`. */
static void insert(struct fr *f, uint32_t at, const char *bytes, uint32_t n)
{
    memmove(f->b + at + n, f->b + at, f->len - at);
    memcpy(f->b + at, bytes, n);
    f->len += n;
    fr_put16(f->b + IP + 2, f->len - IP);
}

static void stamps(struct fr *f, uint8_t value)
{
    char option[12] = "\1\1\10\12\0\0\0\0\0\0\0";

    option[7] = (char)value;
    insert(f, TCP + 20, option, sizeof option);
    f->b[TCP + 12] = 8 << 4;
}

static void nothing(struct fr *f, uint32_t i)
{
    (void)f;
    (void)i;
}
static void same_stamps(struct fr *f, uint32_t i)
{
    (void)i;
    stamps(f, 7);
}
static void idents(struct fr *f, uint32_t i)
{
    fr_put16(f->b + IP + 4, 0xFFFE + i);
    fr_put16(f->b + IP + 6, 0);
}
static void df_idents(struct fr *f, uint32_t i)
{
    fr_put16(f->b + IP + 4, i * 77);
}
static void one_ident(struct fr *f, uint32_t i)
{
    if (i == 0)
        fr_put16(f->b + IP + 4, 1);
}
static void other_stamps(struct fr *f, uint32_t i)
{
    stamps(f, i == 2 ? 8 : 7);
}
static void odd_ident(struct fr *f, uint32_t i)
{
    idents(f, i == 2 ? 7 : i);
}
static void df(struct fr *f, uint32_t i)
{
    if (i == 2)
        fr_put16(f->b + IP + 6, 0);
}
static void tos(struct fr *f, uint32_t i)
{
    f->b[IP + 1] = i == 2 ? 0x20 : 0;
}
static void marked(struct fr *f, uint32_t i)
{
    f->b[IP + 1] = i == 2 ? 3 : 2;
}
static void ttl(struct fr *f, uint32_t i)
{
    f->b[IP + 8] = i == 2 ? 63 : 64;
}
static void ip_options(struct fr *f, uint32_t i)
{
    if (i == 2) {
        insert(f, IP + 20, "\1\1\1", 4);
        f->b[IP] = 0x46;
    }
}
static void push(struct fr *f, uint32_t i)
{
    if (i == 2)
        f->b[TCP + 13] |= FR_PSH;
}
static void push_first(struct fr *f, uint32_t i)
{
    if (i == 0)
        f->b[TCP + 13] |= FR_PSH;
}
static void urgent(struct fr *f, uint32_t i)
{
    if (i == 2)
        f->b[TCP + 13] |= 0x20;
}
static void urgent_pointer(struct fr *f, uint32_t i)
{
    if (i == 2)
        f->b[TCP + 19] = 1;
}
static void reduced(struct fr *f, uint32_t i)
{
    if (i == 2)
        f->b[TCP + 13] |= 0x80;
}
static void echoed(struct fr *f, uint32_t i)
{
    if (i == 2)
        f->b[TCP + 13] |= 0x40;
}
static void fin(struct fr *f, uint32_t i)
{
    if (i == 3)
        f->b[TCP + 13] |= FR_FIN;
}
static void ack(struct fr *f, uint32_t i)
{
    if (i >= 2)
        fr_put32(f->b + TCP + 8, 0);
}
static void window(struct fr *f, uint32_t i)
{
    if (i >= 2)
        fr_put16(f->b + TCP + 14, 0xFFFE);
}
static void gap(struct fr *f, uint32_t i)
{
    if (i >= 2)
        fr_put32(f->b + TCP + 4, fr_get32(f->b + TCP + 4) + 1);
}
static void again(struct fr *f, uint32_t i)
{
    if (i == 2)
        fr_put32(f->b + TCP + 4, fr_get32(f->b + TCP + 4) - PART);
}
static void shorter(struct fr *f, uint32_t i)
{
    if (i == 2)
        fr_put16(f->b + IP + 2, (f->len -= 1) - IP);
    if (i == 3)
        fr_put32(f->b + TCP + 4, fr_get32(f->b + TCP + 4) - 1);
}
static void longer(struct fr *f, uint32_t i)
{
    if (i == 2)
        insert(f, f->len, "x", 1);
    if (i == 3)
        fr_put32(f->b + TCP + 4, fr_get32(f->b + TCP + 4) + 1);
}
static void empty(struct fr *f, uint32_t i)
{
    if (i == 2)
        fr_put16(f->b + IP + 2, (f->len -= PART) - IP);
    if (i == 3)
        fr_put32(f->b + TCP + 4, fr_get32(f->b + TCP + 4) - PART);
}

/* Four segments (0 to 3) are given something; what leaves then. */
static const struct ending {
    const char *what;
    void (*change)(struct fr *f, uint32_t i);
    const char *frames; /* packets in each */
} ending[] = {
    {"nothing", nothing, "4"},
    {"timestamps, all the same", same_stamps, "4"},
    {"identifications that go on", idents, "4"},
    {"any identification with DF", df_idents, "4"},
    {"one identification with DF", one_ident, "4"},
    {"another timestamp", other_stamps, "211"},
    {"another identification", odd_ident, "211"},
    {"no DF", df, "211"},
    {"TOS", tos, "211"},
    {"congestion experienced", marked, "211"},
    {"TTL", ttl, "211"},
    {"IP options", ip_options, "211"},
    {"PSH", push, "31"},
    {"PSH at once", push_first, "13"},
    {"URG", urgent, "211"},
    {"urgent pointer", urgent_pointer, "211"},
    {"CWR", reduced, "211"},
    {"ECE", echoed, "211"},
    {"FIN", fin, "31"},
    {"acknowledgment", ack, "22"},
    {"window", window, "22"},
    {"a byte is missing", gap, "22"},
    {"sent again", again, "211"},
    {"shorter", shorter, "31"},
    {"longer", longer, "22"},
    {"empty", empty, "211"},
};

/* One frame of `n` packets, of which `sent` is the first and more[] have the payloads. */
static void frame_of(struct world *w, const struct fr *sent, uint32_t n)
{
    uint32_t headers = IP + 20 + (sent->b[TCP + 12] >> 4) * 4u, at = headers;
    bool options = sent->b[IP] != 0x45;

    assert_true(bench_pop(&w->b, "b", &in));
    if (n == 1) {
        assert_int_equal(in.len, sent->len);
        assert_memory_equal(in.b, sent->b, sent->len);
        assert_int_equal(in.vnet.gso_size, 0);
        return;
    }
    assert_false(options);
    assert_int_equal(in.vnet.gso_size, sent->len - headers);
    more = *sent;
    for (uint32_t i = 0; i < n; i++) {
        memcpy(more.b + at, sent[i].b + headers, sent[i].len - headers);
        at += sent[i].len - headers;
        more.b[TCP + 13] |= sent[i].b[TCP + 13] & FR_PSH;
    }
    more.len = at;
    fr_put16(more.b + IP + 2, at - IP);
    sums(&more);
    fr_partial(&more, (uint16_t)(sent->len - headers));
    assert_int_equal(in.len, more.len);
    assert_memory_equal(in.b, more.b, more.len);
}

static void ends(void **state)
{
    static struct fr sent[4];
    struct world *w = *state;

    for (size_t k = 0; k < sizeof ending / sizeof *ending; k++) {
        struct fr_flow f = opened(w, &a_to_b, "a", "b");
        const struct fr *next = sent;

        print_message("%s\n", ending[k].what);
        for (uint32_t i = 0; i < 4; i++) {
            part(w, &sent[i], &f, i, PART);
            ending[k].change(&sent[i], i);
            sums(&sent[i]);
            bench_push(&w->b, "a", &sent[i]);
        }
        bench_run(&w->b);
        for (const char *n = ending[k].frames; *n; n++) {
            frame_of(w, next, (uint32_t)(*n - '0'));
            next += *n - '0';
        }
        bench_quiet(&w->b);
    }
}

/* One that has been dropped, one that is segmented already, more than IP can say. */
static void ends_otherwise(void **state)
{
    struct world *w = *state;
    struct fr_flow f = opened(w, &a_to_b, "a", "b");
    struct fr first;

    for (uint32_t k = 0; k < 4; k++) {
        part(w, &out, &f, k, PART);
        if (k == 1)
            fr_mac(out.b + 6, MAC_C);
        bench_push(&w->b, "a", &out);
    }
    bench_run(&w->b);
    arrives(w, "b", &f, 0, PART, 0);
    arrives(w, "b", &f, 2 * PART, 2 * PART, PART);
    assert_int_equal(bench_drops(&w->b, "a", HSR_DROP_SPOOF_MAC), 1);
    f = opened(w, &a_to_b, "a", "b");
    fr_tcp_with(&first, &f, FR_ACK, 1, 1, w->data, 2 * PART);
    fr_partial(&first, PART);
    bench_push(&w->b, "a", &first);
    for (uint32_t k = 2; k < 4; k++) {
        part(w, &out, &f, k, PART);
        bench_push(&w->b, "a", &out);
    }
    bench_run(&w->b);
    arrives(w, "b", &f, 0, 2 * PART, PART);
    arrives(w, "b", &f, 2 * PART, 2 * PART, PART);
    f = opened(w, &a_to_b, "a", "b");
    for (uint32_t k = 0; k < 3; k++) {
        part(w, &out, &f, k, PART);
        out.len += k == 1 ? 2 : 0; /* behind the IP packet: not there any more */
        bench_push(&w->b, "a", &out);
    }
    bench_run(&w->b);
    arrives(w, "b", &f, 0, 3 * PART, PART);
    f = opened(w, &a_to_b, "a", "b");
    for (uint32_t k = 0; k < PARTS; k++) {
        part(w, &out, &f, k, LARGE);
        bench_push(&w->b, "a", &out);
    }
    bench_run(&w->b);
    arrives(w, "b", &f, 0, (PARTS - 1) * LARGE, LARGE);
    arrives(w, "b", &f, (PARTS - 1) * LARGE, LARGE, 0);
    bench_quiet(&w->b);
}

/* The first packets of a session: as one, and the flow index learns of it all the same. */
static void at_once(void **state)
{
    struct world *w = *state;
    struct fr_flow f = {.smac = MAC_V,
                        .dmac = MAC_B,
                        .src = "10.1.0.10",
                        .dst = "10.1.0.6",
                        .sport = 1000,
                        .dport = 80};
    const struct dp_counters *c = dp_counters(fw_worker(w->b.fw, 0));
    uint64_t hits = 0;

    for (uint32_t k = 0; k < 8; k++) {
        part(w, &out, &f, k, PART);
        bench_push(&w->b, "v", &out);
        if (k == 3 || k == 7)
            bench_run(&w->b);
        if (k == 3) {
            arrives(w, "b", &f, 0, 4 * PART, PART);
            hits = c->hits_flow_id;
        }
    }
    arrives(w, "b", &f, 4 * PART, 4 * PART, PART);
    assert_int_equal(c->hits_flow_id, hits + 1);
    assert_int_equal(merged(w, "v"), 6);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(as_one),
        TEST(routed),
        TEST(from_the_tunnel),
        TEST(not_there),
        cmocka_unit_test_setup_teardown(off, setup_off, teardown),
        TEST(ends),
        TEST(ends_otherwise),
        TEST(at_once),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}

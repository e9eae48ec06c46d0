/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hsring/flow_id.h"
#include "session/record.h"
#include "session/track.h"

#define NS       UINT64_C(1000000000)
#define TICK     (UINT64_C(1) << 27)
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

#if defined(__SANITIZE_ADDRESS__)
#define POISONING 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISONING 1
#endif
#endif
#ifdef POISONING
#include <sanitizer/asan_interface.h>
#endif

static struct ses_table *open_table(struct ses_timeouts *timeouts)
{
    struct ses_table_config config = {.capacity = 16, .instance = 1, .worker = 2};
    struct ses_table *t;

    ses_timeouts_default(&config.timeouts);
    *timeouts = config.timeouts;
    t = ses_table_open(&config);
    assert_non_null(t);
    return t;
}

static struct session *add(struct ses_table *t, uint8_t proto, unsigned from,
                           const struct ses_packet *p, uint64_t now)
{
    struct hsr_key key = {.w = {0x0A0000010A000002, hsr_key_ports(1000, 80, 7, proto)}};
    enum hsr_drop drop;
    struct session *s = ses_create(t, proto, &key, from, 3, now, &drop);

    assert_non_null(s);
    ses_begin(t, s, p, now);
    return s;
}

static bool expires_in(const struct session *s, uint64_t now, uint32_t idle)
{
    uint64_t deadline = s->deadline * TICK;

    return deadline >= now + idle * NS && deadline < now + idle * NS + TICK;
}

/* Protocols known by direction alone: embryonic and `single` seconds until the responder answers, then `stream`. */
static void check_two_way(uint8_t proto, uint32_t single, uint32_t stream)
{
    for (unsigned from = 0; from < 2; from++) {
        struct ses_packet p = {.proto = proto};
        struct ses_timeouts timeouts;
        struct ses_table *t = open_table(&timeouts);
        enum hsr_drop drop;
        struct session *s;
        uint64_t now = NS;

        assert_int_equal(ses_opens(&p, SES_STRICT), HSR_DROP_NONE);
        s = add(t, proto, from, &p, now);
        assert_true(expires_in(s, now, single));
        assert_string_equal(ses_state_name(s), "single");
        now += NS;
        assert_int_equal(ses_track(t, s, from, &p, now, &drop), SES_CONTINUES);
        assert_int_equal(s->state, SES_EMBRYONIC);
        assert_true(expires_in(s, now, single));
        now += NS;
        assert_int_equal(ses_track(t, s, !from, &p, now, &drop), SES_CONTINUES);
        assert_int_equal(s->state, SES_ESTABLISHED);
        assert_string_equal(ses_state_name(s), "stream");
        assert_true(expires_in(s, now, stream));
        now += NS;
        assert_int_equal(ses_track(t, s, from, &p, now, &drop), SES_CONTINUES);
        assert_true(expires_in(s, now, stream));
        assert_int_equal(ses_stats(t)->embryonic, 0);
        ses_table_close(t);
    }
}

/* ses_keep_udp() says yes where ses_track() would only make the deadline later, and does just that; else it does nothing. */
static void test_keep_udp(void **unused)
{
    struct ses_packet p = {.proto = 17};
    struct ses_timeouts timeouts;
    struct ses_table *t = open_table(&timeouts);
    uint64_t now = NS, seed = 1;
    uint32_t kept = 0, left = 0;

    (void)unused;
    for (unsigned i = 0; i < 400; i++) {
        unsigned from = i & 1;
        struct session *s = add(t, 17, from, &p, now);

        for (unsigned k = 0; k < 10; k++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
            unsigned dir = k > 3 && seed >> 60 == 0 ? !from : from;
            struct session before = *s, after;
            enum hsr_drop drop;

            now += (seed >> 40) % (5 * NS);
            ses_burst(t, now);
            bool keeps = ses_keep_udp(t, s, dir);

            after = *s;
            if (!keeps)
                assert_memory_equal(&after, &before, sizeof after);
            *s = before;
            assert_int_equal(ses_track(t, s, dir, &p, now, &drop), SES_CONTINUES);
            assert_int_equal(keeps, s->state == before.state);
            if (keeps)
                assert_memory_equal(s, &after, sizeof after);
            kept += keeps;
            left += !keeps;
        }
        ses_remove(t, s, SES_WHY_FLUSH);
    }
    assert_true(kept > 1000 && left > 50);
    ses_table_close(t);
}

static void test_two_way(void **unused)
{
    (void)unused;
    check_two_way(17, 30, 120);
    check_two_way(132, 60, 60);
    check_two_way(47, 60, 60);
    assert_string_equal(ses_proto(6)->name, "tcp");
    assert_string_equal(ses_proto(17)->name, "udp");
    assert_string_equal(ses_proto(1)->name, "icmp");
    assert_string_equal(ses_proto(58)->name, "icmp");
    assert_string_equal(ses_proto(132)->name, "sctp");
    assert_string_equal(ses_proto(47)->name, "other");
}

static void test_icmp_opens(void **unused)
{
    static const uint8_t requests[] = {8, 13, 15, 17};

    (void)unused;
    for (unsigned type = 0; type < 256; type++) {
        struct ses_packet v4 = {.proto = 1, .icmp_type = (uint8_t)type};
        struct ses_packet v6 = {.proto = 58, .icmp_type = (uint8_t)type};
        bool request = memchr(requests, (int)type, sizeof requests) != NULL;

        for (int policy = SES_STRICT; policy <= SES_PICK_UP; policy++) {
            assert_int_equal(ses_opens(&v4, (enum ses_midstream)policy),
                             request ? HSR_DROP_NONE : HSR_DROP_ICMP_STATE);
            assert_int_equal(ses_opens(&v6, (enum ses_midstream)policy),
                             type == 128 ? HSR_DROP_NONE : HSR_DROP_ICMP_STATE);
        }
    }
}

static void test_icmp(void **unused)
{
    /* Packets of one session in turn: from the responder?, type, passes? */
    static const struct {
        bool back;
        uint8_t type;
        bool passes;
        const char *state;
    } step[] = {
        {false, 8, true, "asked"},     {false, 0, false, "asked"},     {true, 8, false, "asked"},
        {true, 14, false, "asked"},    {true, 0, true, "answered"},    {true, 0, true, "answered"},
        {true, 14, false, "answered"}, {false, 13, true, "answered"},  {true, 14, true, "answered"},
        {true, 0, true, "answered"},   {true, 129, false, "answered"},
    };

    (void)unused;
    for (unsigned from = 0; from < 2; from++) {
        struct ses_packet p = {.proto = 1, .icmp_type = 8};
        struct ses_timeouts timeouts;
        struct ses_table *t = open_table(&timeouts);
        struct session *s = add(t, 1, from, &p, 0);
        uint64_t now = 0;

        for (unsigned i = 0; i < COUNT(step); i++) {
            struct session was = *s;
            enum hsr_drop drop;

            now += NS;
            p.icmp_type = step[i].type;
            assert_int_equal(ses_track(t, s, step[i].back ? !from : from, &p, now, &drop),
                             step[i].passes ? SES_CONTINUES : SES_REFUSED);
            assert_int_equal(drop, step[i].passes ? HSR_DROP_NONE : HSR_DROP_ICMP_STATE);
            assert_string_equal(ses_state_name(s), step[i].state);
            if (step[i].passes)
                assert_true(expires_in(s, now, timeouts.icmp));
            else
                assert_memory_equal(s, &was, sizeof was);
        }
        ses_table_close(t);
    }
}

static void test_icmpv6(void **unused)
{
    struct ses_packet p = {.proto = 58, .icmp_type = 128};
    struct ses_timeouts timeouts;
    struct ses_table *t = open_table(&timeouts);
    struct session *s = add(t, 58, 0, &p, 0);
    enum hsr_drop drop;

    (void)unused;
    p.icmp_type = 129;
    assert_int_equal(ses_track(t, s, 0, &p, 1, &drop), SES_REFUSED);
    assert_int_equal(ses_track(t, s, 1, &p, 1, &drop), SES_CONTINUES);
    p.icmp_type = 0;
    assert_int_equal(ses_track(t, s, 1, &p, 1, &drop), SES_REFUSED);
    ses_table_close(t);
}

#define LINE        HSR_CACHE_LINE
#define FIRST_HASH  (UINT64_C(1) << 48) /* of another tag */
#define SECOND_HASH (UINT64_C(2) << 48)

/* The key of the responder's packets: translated, and of the other orientation. */
static struct hsr_key translated(uint8_t proto)
{
    return (struct hsr_key){.w = {0x0A000002C0000201, hsr_key_ports(80, 4000, 0, proto)}};
}

static struct session *add_two_keys(struct ses_table *t, uint8_t proto, unsigned from, bool second,
                                    const struct ses_packet *p, uint64_t now)
{
    struct hsr_key key = {.w = {0x0A0000010A000002, hsr_key_ports(1000, 80, 7, proto)}};
    struct hsr_key other = translated(proto);
    enum hsr_drop drop;
    struct session *s = ses_create(t, FIRST_HASH, &key, from, 3, now, &drop);

    assert_non_null(s);
    if (second)
        assert_true(ses_add_key(t, s, SECOND_HASH, &other, from));
    ses_begin(t, s, p, now);
    return s;
}

/* Everything that a packet of this direction has no business with: its neighbour's line and the cold one. */
static void forbid(struct session *s, unsigned dir, bool forbidden)
{
#ifdef POISONING
    void *line[] = {&s->dir[!dir], s->key6};

    for (unsigned i = 0; i < COUNT(line); i++) {
        if (forbidden)
            ASAN_POISON_MEMORY_REGION(line[i], LINE);
        else
            ASAN_UNPOISON_MEMORY_REGION(line[i], LINE);
    }
#else
    (void)s;
    (void)dir;
    (void)forbidden;
#endif
}

/*
 * A packet of an IPv4 session reads and writes line 0 and the line of its direction, NAT or not: found by its flow id,
 * found in the table, and through the protocol's state machine. `pattern` fills what it must not depend on.
 */
static void check_lines(uint8_t proto, uint8_t pattern, bool second, struct session *result)
{
    static const uint8_t flags[][2] = {{0, 0x12}, {1, 0x10}, {0, 0x10}, {1, 0x11}, {0, 0x11}};
    enum { FROM = 1 };
    struct ses_packet p = {
        .proto = proto, .tcp_flags = 2, .icmp_type = 8, .window = 1000, .wscale = SES_WSCALE_NONE};
    struct ses_timeouts timeouts;
    struct ses_table *t = open_table(&timeouts);
    struct session *s = add_two_keys(t, proto, FROM, second, &p, NS);
    struct session before = *s;

    for (unsigned i = 0; i < COUNT(flags); i++) {
        unsigned dir = flags[i][0], found = 9;
        bool by_second = second && dir != FROM;
        bool swap = by_second ? FROM : dir;
        uint64_t id = ses_flow_id(t, s, by_second);
        struct hsr_key key;
        enum hsr_drop drop;

        ses_key(t, s, by_second, &key);
        p.tcp_flags = flags[i][1];
        p.seq = i > 2 ? 1 : dir; /* both ends begin at 0 */
        p.ack = 1;
        p.icmp_type = dir ? 8 : 0;
        memset(&s->dir[!dir], pattern, LINE);
        memset(s->key6, pattern, LINE);
        forbid(s, dir, true);
        assert_int_equal(ses_flow_dir(id, swap), dir);
        assert_ptr_equal(ses_by_flow(t, id), s);
        assert_true(ses_matches(t, s, dir, swap, &key));
        assert_ptr_equal(ses_find(t, by_second ? SECOND_HASH : FIRST_HASH, &key, swap, &found), s);
        assert_int_equal(found, dir);
        assert_int_equal(ses_track(t, s, dir, &p, NS * (i + 2), &drop), SES_CONTINUES);
        forbid(s, dir, false);
        s->dir[!dir] = before.dir[!dir];
        memcpy(s->key6, before.key6, LINE);
        assert_memory_equal(&s->dir[dir], &before.dir[dir], LINE); /* the caller's to count in */
    }
    assert_int_equal(s->state, proto == 6 ? SES_CLOSING : SES_ESTABLISHED);
    *result = *s;
    ses_table_close(t);
}

static void test_lines(void **unused)
{
    static const uint8_t protos[] = {1, 6, 17, 47};

    (void)unused;
    for (unsigned i = 0; i < 2 * COUNT(protos); i++) {
        struct session a, b;

        check_lines(protos[i / 2], 0x55, i % 2, &a);
        check_lines(protos[i / 2], 0xAA, i % 2, &b);
        assert_memory_equal(&a, &b, sizeof a);
    }
}

static void test_record4(void **unused)
{
    struct ses_packet p = {.proto = 6, .tcp_flags = 2, .seq = 500, .window = 9, .wscale = 4};
    struct ses_timeouts timeouts;
    struct ses_table *t = open_table(&timeouts);
    struct session *s = add(t, 6, 1, &p, 3 * NS); /* the initiator is 10.0.0.2:80 */
    struct ses_record r;

    (void)unused;
    ses_set_target(t, s, 9);
    s->dir[0].packets = 1;
    s->dir[1].packets = 2;
    s->dir[0].bytes = 30;
    s->dir[1].bytes = 40;
    s->policy = 77;
    ses_export(t, s, 4 * NS, &r);
    assert_int_equal(r.version, SES_RECORD_VERSION);
    assert_int_equal(r.size, sizeof r);
    assert_int_equal(r.family, 4);
    assert_int_equal(r.proto, 6);
    assert_int_equal(r.state, SES_EMBRYONIC);
    assert_int_equal(r.flags, SES_F_SWAPPED);
    for (unsigned side = 0; side < 2; side++) {
        assert_memory_equal(side ? r.tuple[1].dst : r.tuple[0].src, ((uint8_t[16]){10, 0, 0, 2}),
                            16);
        assert_memory_equal(side ? r.tuple[1].src : r.tuple[0].dst, ((uint8_t[16]){10, 0, 0, 1}),
                            16);
        assert_int_equal(side ? r.tuple[1].dport : r.tuple[0].sport, 80);
        assert_int_equal(side ? r.tuple[1].sport : r.tuple[0].dport, 1000);
        assert_int_equal(r.tuple[side].context, 7);
    }
    assert_int_equal(r.origin, 3);
    assert_int_equal(r.target, 9);
    assert_int_equal(r.policy, 77);
    assert_true(r.flow_id == ses_flow_id(t, s, false));
    assert_true(r.created == 3 * NS);
    assert_true(r.deadline >= 23 * NS && r.deadline < 23 * NS + TICK);
    assert_int_equal(r.packets[0], 2);
    assert_int_equal(r.packets[1], 1);
    assert_int_equal(r.bytes[0], 40);
    assert_int_equal(r.bytes[1], 30);
    assert_int_equal(r.tcp[0].seq_lo, 500);
    assert_int_equal(r.tcp[0].wscale, 4);
    assert_int_equal(r.tcp[1].state, SES_TCP_NONE);
    ses_table_close(t);
}

static void test_record6(void **unused)
{
    static const uint8_t src[16] = {0x20, 1, [15] = 1}, dst[16] = {0x20, 1, [8] = 5, [15] = 2};
    struct ses_packet p = {.proto = 17};
    struct ses_timeouts timeouts;
    struct ses_table *t = open_table(&timeouts);
    struct hsr_key key = {0};
    bool swap = hsr_key6(&key, src, dst, 5353, 53, 17, 0x123456, false);
    uint64_t before_wrap = (UINT64_C(0xFFFFFFFF) << 27) - NS; /* ticks wrap under its deadline */
    struct ses_record r;
    enum hsr_drop drop;
    struct session *s = ses_create(t, 1, &key, swap, 3, before_wrap, &drop);

    (void)unused;
    ses_begin(t, s, &p, before_wrap);
    ses_export(t, s, before_wrap, &r);
    assert_int_equal(r.family, 6);
    assert_int_equal(r.flags, SES_F_IPV6);
    assert_memory_equal(r.tuple[0].src, src, 16);
    assert_memory_equal(r.tuple[0].dst, dst, 16);
    assert_int_equal(r.tuple[0].sport, 5353);
    assert_int_equal(r.tuple[0].dport, 53);
    assert_int_equal(r.tuple[0].context, 0x123456);
    assert_true(r.deadline >= before_wrap + 30 * NS &&
                r.deadline < before_wrap + 30 * NS + 2 * TICK);
    assert_memory_equal(r.tcp, ((struct ses_tcp[2]){0}), sizeof r.tcp);
    ses_table_close(t);
}

/* Source NAT of either family, each key in either orientation: what the initiator is outside stands in tuple[1]. */
static void test_record_of_two_keys(void **unused)
{
    static const uint8_t inside[] = {10, [15] = 5}, outside[] = {192, [15] = 77},
                         server[][16] = {{9, [15] = 1}, {100}, {200, [15] = 9}};

    (void)unused;
    for (unsigned i = 0; i < 2 * COUNT(server); i++) {
        bool six = i & 1;
        const uint8_t *to = server[i / 2];
        struct ses_packet p = {.proto = 17};
        struct ses_timeouts timeouts;
        struct ses_table *t = open_table(&timeouts);
        struct hsr_key key = {0}, back = {0};
        bool swap =
            six ? hsr_key6(&key, inside, to, 1000, 53, 17, 5, false)
                : hsr_key4(&key, hsr_load32(inside), hsr_load32(to), 1000, 53, 17, 5, false);
        bool swap2 =
            six ? hsr_key6(&back, to, outside, 53, 40000, 17, 0, false)
                : hsr_key4(&back, hsr_load32(to), hsr_load32(outside), 53, 40000, 17, 0, false);
        size_t len = six ? 16 : 4;
        struct ses_record r;
        enum hsr_drop drop;
        struct session *s = ses_create(t, 1, &key, swap, 3, NS, &drop);

        assert_true(ses_add_key(t, s, 2, &back, swap2));
        ses_begin(t, s, &p, NS);
        ses_export(t, s, NS, &r);
        assert_true(r.flags & SES_F_KEY2);
        assert_memory_equal(r.tuple[0].src, inside, len);
        assert_memory_equal(r.tuple[0].dst, to, len);
        assert_int_equal(r.tuple[0].sport, 1000);
        assert_int_equal(r.tuple[0].dport, 53);
        assert_int_equal(r.tuple[0].context, 5);
        assert_memory_equal(r.tuple[1].src, to, len);
        assert_memory_equal(r.tuple[1].dst, outside, len);
        assert_int_equal(r.tuple[1].sport, 53);
        assert_int_equal(r.tuple[1].dport, 40000);
        assert_int_equal(r.tuple[1].context, 0);
        assert_true(r.flow_id == ses_flow_id(t, s, false));
        ses_table_close(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_way),
        cmocka_unit_test(test_keep_udp),
        cmocka_unit_test(test_icmp_opens),
        cmocka_unit_test(test_icmp),
        cmocka_unit_test(test_icmpv6),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_record4),
        cmocka_unit_test(test_record6),
        cmocka_unit_test(test_record_of_two_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

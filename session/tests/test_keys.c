/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions with two keys, the seal of a record, and the memory that records lie in. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "session/track.h"

#define NS       UINT64_C(1000000000)
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* Spreads numbers over 64 bits as the hash spreads keys (splitmix64). */
static uint64_t hash_of(uint64_t n)
{
    n = (n + 1) * UINT64_C(0x9E3779B97F4A7C15);
    n = (n ^ n >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    n = (n ^ n >> 27) * UINT64_C(0x94D049BB133111EB);
    return n ^ n >> 31;
}

static struct hsr_key key_of(uint32_t n, bool ipv6)
{
    uint64_t tail = hsr_key_ports(7, 9, n % 16, 17);

    if (ipv6)
        return (struct hsr_key){.w = {1, n, 2, n, tail}, .ipv6 = true};
    return (struct hsr_key){.w = {n, tail}};
}

static void on_gone(void *arg, struct session *s, enum ses_why why)
{
    unsigned *gone = arg;

    (void)why;
    assert_int_not_equal(s->state, SES_FREE);
    assert_int_equal(s->seal, 0);
    ++*gone;
}

static struct ses_table *open_in(uint32_t capacity, const struct ses_memory *memory, unsigned *gone)
{
    struct ses_table_config config = {.capacity = capacity,
                                      .quota = SES_QUOTA_NONE,
                                      .instance = 3,
                                      .worker = 4,
                                      .memory = memory,
                                      .gone = on_gone,
                                      .arg = gone};

    ses_timeouts_default(&config.timeouts);
    *gone = 0;
    return ses_table_open(&config);
}

static struct ses_table *open_table(uint32_t capacity)
{
    static unsigned gone;
    struct ses_table *t = open_in(capacity, NULL, &gone);

    assert_non_null(t);
    return t;
}

/* One end's packets. */
struct side {
    uint32_t n; /* of key and hash */
    bool ipv6;
    bool swap;
};

static struct session *add(struct ses_table *t, struct side from)
{
    struct hsr_key key = key_of(from.n, from.ipv6);
    enum hsr_drop drop;

    return ses_create(t, hash_of(from.n), &key, from.swap, 1, NS, &drop);
}

static bool add_second(struct ses_table *t, struct session *s, struct side back)
{
    struct hsr_key key = key_of(back.n, back.ipv6);

    return ses_add_key(t, s, hash_of(back.n), &key, back.swap);
}

static void begin(struct ses_table *t, struct session *s)
{
    ses_begin(t, s, &(struct ses_packet){.proto = 17}, NS);
}

static struct session *add_both(struct ses_table *t, struct side from, struct side back)
{
    struct session *s = add(t, from);

    assert_non_null(s);
    assert_true(add_second(t, s, back));
    begin(t, s);
    return s;
}

/* Whose are these packets? By the table; direction 9: nobody's. */
static struct session *owner(struct ses_table *t, struct side of, unsigned *dir)
{
    struct hsr_key key = key_of(of.n, of.ipv6);
    struct session *s = ses_find(t, hash_of(of.n), &key, of.swap, dir);

    if (!s)
        *dir = 9;
    return s;
}

static void expect_owner(struct ses_table *t, struct side of, const struct session *s, unsigned dir)
{
    unsigned found;

    assert_ptr_equal(owner(t, of, &found), s);
    assert_int_equal(found, s ? dir : 9);
}

static struct side turned(struct side of)
{
    of.swap = !of.swap;
    return of;
}

/* By flow id: only the id of this key and only packets of this orientation. */
static void check_id(struct ses_table *t, struct session *s, bool second, struct side of)
{
    struct hsr_key key = key_of(of.n, of.ipv6);
    uint64_t id = ses_flow_id(t, s, second);
    unsigned dir = second ? !ses_initiator(s) : ses_initiator(s);

    assert_ptr_equal(ses_by_flow(t, id), s);
    assert_ptr_equal(ses_by_flow(t, id | HSR_FLOW_NO_SLICE), s);
    assert_int_equal(id & HSR_FLOW_KEY2, second ? HSR_FLOW_KEY2 : 0);
    assert_int_equal(ses_flow_dir(id, of.swap), dir);
    assert_true(ses_matches(t, s, dir, of.swap, &key));
    assert_false(ses_matches(t, s, dir, !of.swap, &key));
    assert_false(ses_matches(t, s, !dir, of.swap, &key));
    assert_false(ses_matches(t, s, !dir, !of.swap, &key));
    /* The short way finds the same, of IPv4. */
    unsigned found = 9;

    assert_ptr_equal(ses_usual(t, id, of.swap, key.w[0], key.w[1], &found), of.ipv6 ? NULL : s);
    assert_true(of.ipv6 || found == dir);
    assert_null(ses_usual(t, id, !of.swap, key.w[0], key.w[1], &found));
    assert_null(ses_usual(t, id, of.swap, key.w[0] + 1, key.w[1], &found));
    assert_null(ses_usual(t, id, of.swap, key.w[0], key.w[1] + (1u << 8), &found)); /* context */
    assert_null(ses_usual(t, id + (UINT64_C(1) << 33), of.swap, key.w[0], key.w[1], &found));
    assert_true(ses_prefetch(t, hash_of(of.n), id, of.swap));
    assert_false(ses_prefetch(t, hash_of(of.n), 0, of.swap));
    ses_prefetch_more(t, hash_of(of.n), of.swap);
}

static void check_keys(struct ses_table *t, struct side from, struct side back)
{
    struct session *s = add_both(t, from, back);
    unsigned first = from.swap;
    uint64_t ids[2] = {ses_flow_id(t, s, false), ses_flow_id(t, s, true)};

    assert_int_equal(ses_initiator(s), first);
    assert_true(ses_is_second(s, !first) && !ses_is_second(s, first));
    expect_owner(t, from, s, first);
    expect_owner(t, turned(from), NULL, 9);
    expect_owner(t, back, s, !first);
    expect_owner(t, turned(back), NULL, 9);
    check_id(t, s, false, from);
    check_id(t, s, true, back);
    for (unsigned second = 0; second < 2; second++) {
        struct hsr_key key, want = key_of(second ? back.n : from.n, from.ipv6);

        ses_key(t, s, second, &key);
        assert_int_equal(key.ipv6, want.ipv6);
        assert_memory_equal(key.w, want.w, 8 * (want.ipv6 ? HSR_KEY6_WORDS : HSR_KEY4_WORDS));
        assert_true(ses_hash(t, s, second) == hash_of(second ? back.n : from.n));
    }
    assert_true(ses_sealed(t, s));
    ses_remove(t, s, SES_WHY_FLUSH);
    expect_owner(t, from, NULL, 9);
    expect_owner(t, back, NULL, 9);
    assert_null(ses_by_flow(t, ids[0]));
    assert_null(ses_by_flow(t, ids[1]));
}

static void test_orientations(void **unused)
{
    struct ses_table *t = open_table(4);

    (void)unused;
    for (unsigned bits = 0; bits < 8; bits++)
        check_keys(t, (struct side){1, bits & 1, bits & 2}, (struct side){2, bits & 1, bits & 4});
    assert_int_equal(ses_stats(t)->used, 0);
    ses_table_close(t);
}

/* One tuple, with one hash: a session for each of its two ends. */
static void test_one_tuple_two_sessions(void **unused)
{
    (void)unused;
    for (unsigned bits = 0; bits < 8; bits++) {
        struct ses_table *t = open_table(4);
        struct side a = {1, bits & 1, bits & 2}, b = {2, bits & 1, bits & 4}, k = {3, bits & 1, 0};
        struct session *one = add_both(t, a, k), *two = add_both(t, b, turned(k));
        struct session *three = add_both(t, turned(a), turned(b)); /* both tuples once more */

        expect_owner(t, k, one, !a.swap);
        expect_owner(t, turned(k), two, !b.swap);
        expect_owner(t, a, one, a.swap);
        expect_owner(t, turned(a), three, !a.swap);
        expect_owner(t, b, two, b.swap);
        expect_owner(t, turned(b), three, a.swap);
        ses_remove(t, one, SES_WHY_FLUSH);
        expect_owner(t, k, NULL, 9);
        expect_owner(t, a, NULL, 9);
        expect_owner(t, turned(k), two, !b.swap);
        expect_owner(t, turned(a), three, !a.swap);
        ses_remove(t, three, SES_WHY_FLUSH);
        expect_owner(t, b, two, b.swap);
        expect_owner(t, turned(b), NULL, 9);
        ses_table_close(t);
    }
}

static void expect_refused(struct ses_table *t, struct session *s, struct side back)
{
    uint64_t refused = ses_stats(t)->refused_collision;
    struct session was = *s;

    assert_false(add_second(t, s, back));
    assert_int_equal(ses_stats(t)->refused_collision, refused + 1);
    assert_memory_equal(s, &was, sizeof was);
}

static void test_refused(void **unused)
{
    struct ses_table *t = open_table(8);
    struct side plain = {.n = 1}, from = {.n = 2}, back = {.n = 3}, mine = {.n = 4, .swap = true};
    struct session *s;

    (void)unused;
    begin(t, add(t, plain));
    add_both(t, from, back);
    s = add(t, mine);
    expect_refused(t, s, plain); /* one key: both ends' packets are that session's */
    expect_refused(t, s, turned(plain));
    expect_refused(t, s, from);
    expect_refused(t, s, back);
    expect_refused(t, s, mine); /* its own */
    expect_refused(t, s, turned(mine));
    expect_owner(t, mine, s, 1);
    expect_owner(t, turned(mine), s, 0);
    assert_true(add_second(t, s, turned(back)));
    expect_owner(t, turned(back), s, false);
    ses_remove(t, s, SES_WHY_FLUSH);
    expect_owner(t, turned(back), NULL, 9);
    ses_table_close(t);
}

/* A bucket that is full of keys takes no second one; the session goes on with its first. */
static void test_no_room_in_the_bucket(void **unused)
{
    enum { CHAIN = 40 };
    struct ses_table *t = open_table(100);
    struct side mine = {.n = 77};
    struct hsr_key key;
    struct session *s = add(t, mine);
    enum hsr_drop drop;

    (void)unused;
    for (uint32_t i = 0; i < CHAIN; i++) {
        key = key_of(i, false);
        assert_non_null(ses_create(t, hash_of(1000), &key, false, 1, NS, &drop));
    }
    key = key_of(99, false);
    assert_false(ses_add_key(t, s, hash_of(1000), &key, false));
    assert_int_equal(ses_stats(t)->refused_collision, 1);
    assert_int_equal(s->flags & SES_F_KEY2, 0);
    begin(t, s);
    expect_owner(t, mine, s, 0);
    expect_owner(t, turned(mine), s, 1);
    ses_remove(t, s, SES_WHY_FLUSH);
    assert_int_equal(ses_stats(t)->used, CHAIN);
    ses_table_close(t);
}

/* A table may be full of sessions with two keys each, again and again. */
static void test_full(void **unused)
{
    enum { N = 8192 };
    struct ses_table *t = open_table(N);
    uint32_t cursor;

    (void)unused;
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < N; i++)
            add_both(t, (struct side){2 * i, i % 3 == 0, i & 1},
                     (struct side){2 * i + 1, i % 3 == 0, i & 2});
        for (uint32_t i = 0; i < N; i++) {
            struct side from = {2 * i, i % 3 == 0, i & 1}, back = {2 * i + 1, i % 3 == 0, i & 2};
            unsigned dir;
            struct session *s = owner(t, from, &dir);

            assert_non_null(s);
            assert_int_equal(dir, from.swap);
            expect_owner(t, back, s, !from.swap);
        }
        cursor = 0;
        for (struct session *s; (s = ses_walk(t, &cursor)) != NULL;)
            ses_remove(t, s, SES_WHY_FLUSH);
        assert_int_equal(ses_stats(t)->used, 0);
        for (uint32_t i = 0; i < 2 * N; i++)
            expect_owner(t, (struct side){i, i / 2 % 3 == 0, i & 1}, NULL, 9);
    }
    assert_int_equal(ses_stats(t)->refused_collision, 0);
    ses_table_close(t);
}

/* Every way a session can go takes both keys with it. */
static void test_every_way_out(void **unused)
{
    struct side from = {.n = 1}, back = {.n = 2}, next = {.n = 3};

    (void)unused;
    for (unsigned way = 0; way < 4; way++) {
        unsigned gone;
        struct ses_table *t = open_in(1, NULL, &gone);
        struct session *s = add_both(t, from, back);

        if (way == 0)
            ses_expire(t, 100 * NS, 10);
        else if (way == 1)
            assert_ptr_equal(add(t, next), s); /* evicts */
        else if (way == 2)
            assert_int_equal(ses_remove_port(t, 1, 10), 0);
        else
            ses_remove(t, s, SES_WHY_POLICY);
        assert_int_equal(gone, 1);
        expect_owner(t, from, NULL, 9);
        expect_owner(t, back, NULL, 9);
        ses_table_close(t);
    }
}

/* ---- seal ---- */

/* Is this byte of a record one that packets change, or the seal's own place? */
static bool changes(size_t at)
{
    static const struct {
        size_t from, to;
    } free_to_change[] = {
        {offsetof(struct session, deadline), offsetof(struct session, generation)},
        {offsetof(struct session, tcp), offsetof(struct session, origin)},
        {offsetof(struct session, compiled), offsetof(struct session, proto)},
        {offsetof(struct session, mtu),
         offsetof(struct session, dir)}, /* found anew by whoever adopts it */
        {offsetof(struct session, dir[0].packets), offsetof(struct session, dir[0].program)},
        {offsetof(struct session, dir[1].packets), offsetof(struct session, dir[1].program)},
        {offsetof(struct session, spare3), sizeof(struct session)},
    };

    for (unsigned i = 0; i < COUNT(free_to_change); i++) {
        if (at >= free_to_change[i].from && at < free_to_change[i].to)
            return true;
    }
    return false;
}

static void test_seal(void **unused)
{
    struct ses_table *t = open_table(4);

    (void)unused;
    for (unsigned ipv6 = 0; ipv6 < 2; ipv6++) {
        struct session *s = add(t, (struct side){.n = 1 + ipv6, .ipv6 = ipv6});

        assert_false(ses_sealed(t, s));
        assert_true(add_second(t, s, (struct side){.n = 3 + ipv6, .ipv6 = ipv6}));
        begin(t, s);
        for (size_t at = 0; at < sizeof *s; at++) {
            uint8_t *byte = (uint8_t *)s + at;
            /* IPv4 has no addresses there. */
            bool unused_here = !ipv6 && at >= offsetof(struct session, key6) &&
                               at < offsetof(struct session, created);

            *byte ^= 0x10;
            assert_int_equal(ses_sealed(t, s), changes(at) || unused_here);
            *byte ^= 0x10;
        }
        assert_true(ses_sealed(t, s));
        s->flags |= SES_F_FIT | SES_F_FIT2; /* told the flow index: a packet's doing */
        assert_true(ses_sealed(t, s));
        ses_unseal(s);
        assert_false(ses_sealed(t, s));
        s->dir[0].program = 5;
        ses_seal(t, s);
        assert_true(ses_sealed(t, s));
    }
    ses_table_close(t);
}

/* ---- memory ---- */

struct arena {
    void *memory[2];
    size_t size[2];
    unsigned gets, puts, fail_at; /* 1: the first get() fails ... */
};

static void *arena_get(void *arg, const char *name, size_t size)
{
    struct arena *a = arg;
    unsigned which = strcmp(name, "keys6") == 0;

    if (!which)
        assert_string_equal(name, "sessions");
    if (++a->gets == a->fail_at) {
        errno = ENOMEM;
        return NULL;
    }
    if (!a->memory[which]) {
        a->memory[which] = aligned_alloc(HSR_CACHE_LINE, size);
        assert_non_null(a->memory[which]);
        memset(a->memory[which], 0, size);
    }
    a->size[which] = size;
    return a->memory[which];
}

/* The memory outlives the table. */
static void arena_put(void *arg, void *memory, size_t size)
{
    struct arena *a = arg;

    if (memory)
        assert_int_equal(size, memory == a->memory[0] ? a->size[0] : a->size[1]);
    a->puts += memory != NULL;
}

static void test_memory_of_records(void **unused)
{
    enum { N = 8 };
    struct arena arena = {.fail_at = 0};
    struct ses_memory memory = {.get = arena_get, .put = arena_put, .arg = &arena};
    struct side from = {.n = 1, .ipv6 = true}, back = {.n = 2, .ipv6 = true};
    uint64_t old[N];
    unsigned gone;
    uint32_t cursor = 0;
    struct ses_table *t = open_in(N, &memory, &gone);
    const struct session *record = arena.memory[0];
    uint64_t *addrs = arena.memory[1];

    (void)unused;
    assert_non_null(t);
    assert_int_equal(arena.size[0], N * sizeof(struct session));
    assert_int_equal(arena.size[1], N * 32);
    for (uint32_t i = 0; i < N; i++, from.n += 2, back.n += 2)
        old[i] = ses_flow_id(t, add_both(t, from, back), false);
    for (uint32_t i = 0; i < N; i++) {
        struct hsr_key key = key_of(2 * i + 1, true), second = key_of(2 * i + 2, true);

        assert_true(ses_sealed(t, &record[i]));
        assert_memory_equal(record[i].key6, key.w, 32);
        assert_memory_equal(addrs + 4 * (size_t)i, second.w, 32);
    }
    for (unsigned byte = 0; byte < 32; byte++) {
        ((uint8_t *)addrs)[byte] ^= 1;
        assert_false(ses_sealed(t, &record[0]));
        ((uint8_t *)addrs)[byte] ^= 1;
    }
    ses_table_close(t);
    assert_int_equal(arena.puts, 2);

    /* The next table on the same memory is empty, and what comes next has none of the old flow ids. */
    t = open_in(N, &memory, &gone);
    assert_null(ses_walk(t, &cursor));
    expect_owner(t, (struct side){1, true, 0}, NULL, 9);
    for (uint32_t i = 0; i < N; i++) {
        assert_null(ses_by_flow(t, old[i]));
        add_both(t, from, back);
        assert_null(ses_by_flow(t, old[i]));
        from.n += 2;
        back.n += 2;
    }
    cursor = 0;
    for (uint32_t i = 0; i < N; i++)
        assert_non_null(ses_walk(t, &cursor));
    assert_int_equal(gone, 0);
    ses_table_close(t);
    free(arena.memory[0]);
    free(arena.memory[1]);
}

/* What a former process left is not seen when its place is taken out of the pool and put back at once. */
static void test_memory_of_a_refused_session(void **unused)
{
    enum { CHAIN = 40, N = CHAIN + 2 };
    struct arena arena = {.fail_at = 0};
    struct ses_memory memory = {.get = arena_get, .put = arena_put, .arg = &arena};
    struct hsr_key key;
    enum hsr_drop drop;
    uint32_t cursor = 0;
    unsigned gone;
    struct ses_table *t = open_in(N, &memory, &gone);

    (void)unused;
    for (uint32_t i = 0; i < N; i++)
        begin(t, add(t, (struct side){.n = i}));
    ses_table_close(t);
    t = open_in(N, &memory, &gone);
    for (uint32_t i = 0; i < N; i++) {
        key = key_of(i, false);
        assert_int_equal(ses_create(t, 5, &key, false, 1, NS, &drop) != NULL, i < CHAIN);
    }
    while (ses_walk(t, &cursor))
        continue;
    assert_int_equal(cursor, CHAIN + 1);
    const struct session *left = (const struct session *)arena.memory[0] + CHAIN;

    assert_null(ses_by_flow(t, ses_flow_id(t, left, false)));
    assert_int_equal(left->seal, 0);
    ses_table_close(t);
    free(arena.memory[0]);
    free(arena.memory[1]);
}

static void test_no_memory(void **unused)
{
    (void)unused;
    for (unsigned at = 1; at <= 2; at++) {
        struct arena arena = {.fail_at = at};
        struct ses_memory memory = {.get = arena_get, .put = arena_put, .arg = &arena};
        unsigned gone;

        assert_null(open_in(4, &memory, &gone));
        assert_int_equal(errno, ENOMEM);
        assert_int_equal(arena.gets, 2);
        assert_int_equal(arena.puts, 1);
        free(arena.memory[0]);
        free(arena.memory[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orientations),
        cmocka_unit_test(test_one_tuple_two_sessions),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_room_in_the_bucket),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_every_way_out),
        cmocka_unit_test(test_seal),
        cmocka_unit_test(test_memory_of_records),
        cmocka_unit_test(test_memory_of_a_refused_session),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

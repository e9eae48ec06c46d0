/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "table_world.h"

#include "hsring/flow_id.h"

#define TICK (UINT64_C(1) << 27)
#define HOUR (3600 * NS)

static void test_open(void **unused)
{
    struct ses_table_config config = {.capacity = 0, .instance = 1};

    (void)unused;
    assert_null(ses_table_open(&config));
    assert_int_equal(errno, EINVAL);
    config.capacity = (1u << HSR_FLOW_INDEX_BITS) + 1;
    assert_null(ses_table_open(&config));
    config.capacity = 1;
    config.instance = 0;
    assert_null(ses_table_open(&config));
    ses_table_close(NULL);
}

/* Faults 27, 28: flow ids out of range, of another generation, of nobody. */
static void test_flow_ids(void **unused)
{
    struct seen seen;
    struct ses_table *t = open_table(8, 0, &seen);
    struct session *s = add(t, 1, 0, 0), *again;
    uint64_t id = ses_flow_id(t, s, false);
    uint32_t index = hsr_flow_index(id), gen = hsr_flow_gen(id);

    (void)unused;
    assert_int_equal(hsr_flow_instance(id), 5);
    assert_int_equal(hsr_flow_worker(id), 6);
    assert_int_not_equal(gen, 0);
    assert_true(ses_hash(t, s, false) == hash_of(1));
    assert_ptr_equal(ses_by_flow(t, id), s);
    assert_ptr_equal(ses_by_flow(t, id | HSR_FLOW_NO_SLICE), s);
    assert_null(ses_by_flow(t, 0));
    assert_int_equal(ses_stats(t)->stale_ids, 0);
    assert_null(ses_by_flow(t, hsr_flow_id(4, 6, gen, index, 0)));
    assert_null(ses_by_flow(t, hsr_flow_id(5, 7, gen, index, 0)));
    assert_null(ses_by_flow(t, hsr_flow_id(5, 6, gen + 1, index, 0)));
    assert_null(ses_by_flow(t, hsr_flow_id(5, 6, 0, index, 0)));
    assert_null(ses_by_flow(t, hsr_flow_id(5, 6, 0, index + 1, 0))); /* never used */
    assert_null(ses_by_flow(t, hsr_flow_id(5, 6, 1, index + 1, 0)));
    assert_null(ses_by_flow(t, hsr_flow_id(5, 6, gen, 8, 0))); /* out of range */
    assert_null(ses_by_flow(t, hsr_flow_id(5, 6, gen, (1u << HSR_FLOW_INDEX_BITS) - 1, 0)));
    assert_int_equal(ses_stats(t)->stale_ids, 8);

    ses_remove(t, s, SES_WHY_FLUSH);
    assert_true(seen.count == 1 && seen.why == SES_WHY_FLUSH && seen.flow_id == id);
    assert_null(ses_by_flow(t, id));
    assert_null(ses_by_flow(t, hsr_flow_id(5, 6, gen + 1, index, 0))); /* right, but free */
    again = add(t, 2, 0, 0);
    assert_ptr_equal(again, s); /* last in, first out */
    assert_null(ses_by_flow(t, id));
    assert_ptr_equal(ses_by_flow(t, ses_flow_id(t, again, false)), again);
    ses_table_close(t);
}

static void test_generation_wraps(void **unused)
{
    struct seen seen;
    struct ses_table *t = open_table(1, 0, &seen);

    (void)unused;
    for (uint32_t i = 0; i < 2u << HSR_FLOW_GEN_BITS; i++) {
        struct session *s = add(t, 1, 0, 0);

        assert_in_range(s->generation, 1, (1u << HSR_FLOW_GEN_BITS) - 1);
        assert_ptr_equal(ses_by_flow(t, ses_flow_id(t, s, false)), s);
        ses_remove(t, s, SES_WHY_FLUSH);
    }
    ses_table_close(t);
}

/* Keys that differ in one respect are different sessions, even with one hash. */
static void test_keys(void **unused)
{
    static const uint64_t words[][HSR_KEY6_WORDS] = {
        {1, 2}, {1, 3}, {2, 2}, {1, 0, 0, 0, 2}, {0, 0, 0, 0, 2}, {1, 0, 0, 7, 2}, {0, 2}};
    enum { N = sizeof words / sizeof words[0] };
    struct seen seen;
    struct ses_table *t = open_table(N, 0, &seen);
    struct session *s[N];
    enum hsr_drop drop;

    (void)unused;
    for (unsigned i = 0; i < N; i++) {
        struct hsr_key key = {.ipv6 = i >= 3 && i < 6};

        memcpy(key.w, words[i], sizeof key.w);
        assert_null(find_key(t, 99, &key));
        s[i] = ses_create(t, 99, &key, false, 0, 0, &drop);
        assert_non_null(s[i]);
    }
    for (unsigned i = 0; i < N; i++) {
        struct hsr_key key = {.ipv6 = i >= 3 && i < 6};

        memcpy(key.w, words[i], sizeof key.w);
        assert_ptr_equal(find_key(t, 99, &key), s[i]);
    }
    ses_table_close(t);
}

/* Fault 43: One hash for all: up to 40 live side by side, the rest is refused, and what goes makes room. */
static void test_collisions(void **unused)
{
    enum { N = 10000, CHAIN = 40, ROUNDS = 600 };
    struct seen seen;
    struct ses_table *t = open_table(N, 0, &seen);
    struct hsr_key key;
    enum hsr_drop drop;

    (void)unused;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t n = round ? CHAIN : N;
        uint64_t hash = hash_of(round);

        for (uint32_t i = 0; i < n; i++) {
            key = key_of(i);
            assert_int_equal(ses_create(t, hash, &key, false, 0, 0, &drop) != NULL, i < CHAIN);
            assert_int_equal(drop, i < CHAIN ? HSR_DROP_NONE : HSR_DROP_SESSION_FULL);
        }
        assert_int_equal(ses_stats(t)->refused_collision, N - CHAIN);
        assert_int_equal(ses_stats(t)->used, CHAIN);
        assert_int_equal(ses_overflow(t).used, 3);
        for (uint32_t i = 0; i < CHAIN; i++) {
            struct session *s;

            key = key_of((i * 7) % CHAIN);
            s = find_key(t, hash, &key);
            assert_non_null(s);
            assert_true(ses_matches(t, s, i % 2, i % 2, &key));
            assert_false(ses_matches(t, s, i % 2, !(i % 2), &key));
            ses_remove(t, s, SES_WHY_FLUSH);
            assert_null(find_key(t, hash, &key));
        }
    }
    /* The overflow buckets, fewer than all rounds took, came back; a table of ordinary keys can be filled. */
    assert_int_equal(ses_overflow(t).used, 0);
    assert_int_equal(ses_overflow(t).high, 3);
    assert_in_range(ses_overflow(t).capacity, 4, ROUNDS * 3 - 1);
    for (uint32_t i = 0; i < N; i++)
        assert_non_null(add(t, i, 0, 0));
    for (uint32_t i = 0; i < N; i++)
        assert_int_equal(find(t, i)->dir[0].key_addrs, i);
    ses_table_close(t);
}

static void test_ports(void **unused)
{
    struct seen seen;
    struct ses_table *t = open_table(100, 0, &seen);

    (void)unused;
    for (uint32_t i = 0; i < 10; i++)
        ses_set_target(t, add(t, i, 1, 0), 2);
    for (uint32_t i = 10; i < 20; i++)
        ses_set_target(t, add(t, i, 2, 0), 1);
    for (uint32_t i = 20; i < 30; i++)
        ses_set_target(t, add(t, i, 1, 0), 1);
    for (uint32_t i = 30; i < 40; i++)
        ses_set_target(t, add(t, i, 3, 0), 2);
    ses_set_target(t, find(t, 30), 4); /* moves */
    ses_set_target(t, find(t, 31), HSR_NO_PORT);
    ses_set_target(t, find(t, 32), 3);
    ses_set_target(t, find(t, 32), 4);
    assert_int_equal(ses_port_count(t, 1), 20);
    assert_int_equal(ses_remove_port(t, 1, 7), 23);
    assert_int_equal(ses_remove_port(t, 1, 23), 0);
    assert_int_equal(seen.count, 30);
    assert_int_equal(seen.why, SES_WHY_PORT);
    assert_int_equal(ses_stats(t)->used, 10);
    assert_int_equal(ses_remove_port(t, 4, 100), 0);
    assert_int_equal(ses_stats(t)->used, 8);
    assert_int_equal(ses_remove_port(t, 2, 0), 7);
    assert_int_equal(ses_remove_port(t, 2, 100), 0);
    assert_non_null(find(t, 31));
    assert_int_equal(ses_remove_port(t, HSR_NO_PORT, 100), 0);
    assert_int_equal(ses_remove_port(t, 3, 100), 0);
    assert_int_equal(ses_stats(t)->used, 0);
    assert_int_equal(ses_stats(t)->ended[SES_WHY_PORT], 40);
    ses_table_close(t);
}

/* Why they ended, by name: what people are shown. */
static void test_why(void **unused)
{
    static const char *const names[SES_WHYS] = {"expired", "closed", "evicted",
                                                "port",    "flush",  "policy"};
    struct seen seen;
    struct ses_table *t = open_table(100, 0, &seen);

    (void)unused;
    for (uint32_t why = 0; why < SES_WHYS; why++) {
        assert_string_equal(ses_why_name(why), names[why]);
        for (uint32_t i = 0; i <= why; i++)
            ses_remove(t, add(t, i, 0, 0), why);
        assert_int_equal(ses_stats(t)->ended[why], why + 1);
    }
    assert_int_equal(ses_stats(t)->created, 1 + 2 + 3 + 4 + 5 + 6);
    ses_table_close(t);
}

static void test_walk(void **unused)
{
    struct seen seen;
    struct ses_table *t = open_table(100, 0, &seen);
    uint32_t cursor = 0, n = 0;

    (void)unused;
    for (uint32_t i = 0; i < 50; i++)
        assert_non_null(add(t, i, 0, 0));
    for (uint32_t i = 0; i < 50; i += 2)
        ses_remove(t, find(t, i), SES_WHY_FLUSH);
    for (struct session *s; (s = ses_walk(t, &cursor)) != NULL; n++)
        assert_int_equal(s->dir[0].key_addrs % 2, 1);
    assert_int_equal(n, 25);
    assert_null(ses_walk(t, &cursor));
    assert_int_equal(ses_extent(t), 50);
    for (uint32_t i = 0; i < 60; i++)
        assert_int_equal(ses_at(t, i) != NULL, i < 50 && i % 2 == 1);
    ses_table_close(t);
}

/* Deadlines of every magnitude fire neither early nor more than a tick late, wherever the clock stands. */
static void test_ageing(void **unused)
{
    static const uint64_t waits[] = {0,    NS,       2 * NS,    34 * NS,    35 * NS,    120 * NS,
                                     HOUR, 3 * HOUR, 60 * HOUR, 700 * HOUR, 9000 * HOUR};
    static const uint64_t starts[] = {0, 1, 77 * HOUR, (UINT64_C(1) << 59) - NS,
                                      (UINT64_C(1) << 59) - 40 * HOUR};
    enum { N = sizeof waits / sizeof waits[0] };

    (void)unused;
    for (unsigned n = 0; n < sizeof starts / sizeof starts[0]; n++) {
        struct seen seen;
        struct ses_table *t = open_table(N, 0, &seen);

        for (uint32_t i = 0; i < N; i++)
            ses_arm(t, add(t, i, 0, starts[n]), starts[n], waits[i]);
        for (uint32_t i = 0; i < N; i++) {
            if (waits[i] > TICK)
                ses_expire(t, starts[n] + waits[i] - 1, 1000);
            assert_non_null(find(t, i));
            ses_expire(t, starts[n] + waits[i] + 2 * TICK, 1000);
            assert_null(find(t, i));
        }
        assert_int_equal(ses_stats(t)->used, 0);
        assert_int_equal(ses_stats(t)->ended[SES_WHY_EXPIRED], N);
        ses_table_close(t);
    }
}

static void test_rearming(void **unused)
{
    struct seen seen;
    struct ses_table *t = open_table(4, 0, &seen);
    struct session *later = add(t, 0, 0, 0), *sooner = add(t, 1, 0, 0);

    (void)unused;
    assert_int_equal(later->deadline, 0);
    ses_arm(t, later, 0, 10 * NS);
    ses_arm(t, sooner, 0, HOUR);
    ses_arm(t, sooner, NS, 2 * NS); /* closing: must not wait for the hour */
    for (uint64_t now = NS; now < 30 * NS; now += NS) {
        ses_arm(t, later, now, 10 * NS);
        ses_expire(t, now, 100);
        assert_int_equal(find(t, 1) == NULL, now >= 4 * NS);
        assert_non_null(find(t, 0));
    }
    ses_arm(t, later, 5 * NS, 10 * NS); /* the clock never runs backwards */
    assert_int_equal(ses_expire(t, 38 * NS, 100), 0);
    assert_int_equal(ses_expire(t, 2 * NS, 100), 0);
    assert_int_equal(ses_expire(t, 40 * NS, 100), 1);
    ses_table_close(t);
}

static void test_expiry_budget(void **unused)
{
    enum { N = 3000 };
    struct seen seen;
    struct ses_table *t = open_table(N, 0, &seen);
    uint32_t gone = 0, calls = 0;

    (void)unused;
    for (uint32_t i = 0; i < N; i++)
        ses_arm(t, add(t, i, 0, 0), 0, HOUR + (i % 3) * NS);
    while (gone < N) {
        uint32_t n = ses_expire(t, 5000 * HOUR, 16);

        assert_true(n <= 16);
        gone += n;
        assert_true(++calls < 10 * N / 16);
    }
    assert_int_equal(seen.count, N);
    /* An idle wheel does not lag: a jump of the clock costs nothing afterwards. */
    ses_arm(t, add(t, 1, 0, 9000 * HOUR), 9000 * HOUR, NS);
    assert_int_equal(ses_expire(t, 9000 * HOUR + 2 * NS, 1), 1);
    ses_table_close(t);
}

#if !defined(AVS_LIBC_POOLS) && !defined(__SANITIZE_ADDRESS__) && !defined(AVS_EMULATED)
static long resident_pages(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long size, resident;

    assert_non_null(f);
    assert_int_equal(fscanf(f, "%ld %ld", &size, &resident), 2);
    fclose(f);
    return resident;
}

/* Memory is reserved, not used: the largest table there is costs nothing, the default one what its sessions need. */
static void test_memory(void **unused)
{
    static const uint32_t capacity[] = {131072, 1u << HSR_FLOW_INDEX_BITS};
    struct seen seen;

    (void)unused;
    for (unsigned i = 0; i < 2; i++) {
        long before = resident_pages();
        struct ses_table *t = open_table(capacity[i], 0, &seen);

        assert_true((resident_pages() - before) * sysconf(_SC_PAGESIZE) < 1 << 20);
        assert_non_null(add(t, 1, 0, 0));
        ses_table_close(t);
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_flow_ids),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_generation_wraps),
        cmocka_unit_test(test_collisions),
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_why),
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_ageing),
        cmocka_unit_test(test_rearming),
        cmocka_unit_test(test_expiry_budget),
#if !defined(AVS_LIBC_POOLS) && !defined(__SANITIZE_ADDRESS__) && !defined(AVS_EMULATED)
        cmocka_unit_test(test_memory),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

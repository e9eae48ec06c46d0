/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "hsring/flow_id.h"
#include "session/track.h"

#define NS   UINT64_C(1000000000)
#define TICK (UINT64_C(1) << 27)
#define HOUR (3600 * NS)
#define SECRET \
    UINT64_C(0x9E3779B97F4A7C15) /* spreads numbers over 64 bits, as the hash spreads keys */

struct seen {
    const struct ses_table *t;
    unsigned count;
    enum ses_why why;
    uint64_t flow_id;
    uint64_t addrs;
};

static void on_gone(void *arg, struct session *s, enum ses_why why)
{
    struct seen *seen = arg;

    assert_int_not_equal(s->state, SES_FREE);
    assert_int_equal(s->seal, 0);
    seen->count++;
    seen->why = why;
    seen->flow_id = ses_flow_id(seen->t, s, false);
    seen->addrs = s->dir[0].key_addrs;
}

/* A quota of 0 is none here: most tests have one port. */
static struct ses_table *open_table(uint32_t capacity, uint32_t quota, struct seen *seen)
{
    struct ses_table_config config = {.capacity = capacity,
                                      .quota = quota ? quota : SES_QUOTA_NONE,
                                      .instance = 5,
                                      .worker = 6,
                                      .gone = on_gone,
                                      .arg = seen};
    struct ses_table *t = ses_table_open(&config);

    assert_non_null(t);
    *seen = (struct seen){.t = t};
    return t;
}

static struct hsr_key key_of(uint32_t n)
{
    return (struct hsr_key){.w = {n, hsr_key_ports(1, 2, 3, 17)}};
}

static uint64_t hash_of(uint32_t n)
{
    return (n + 1) * SECRET;
}

static struct session *add(struct ses_table *t, uint32_t n, uint16_t origin, uint64_t now)
{
    struct hsr_key key = key_of(n);
    enum hsr_drop drop;
    struct session *s = ses_create(t, hash_of(n), &key, false, origin, now, &drop);

    assert_int_equal(drop == HSR_DROP_NONE, s != NULL);
    return s;
}

/* By either end's packets. */
static struct session *find_key(struct ses_table *t, uint64_t hash, const struct hsr_key *key)
{
    unsigned low = 9, high = 9;
    struct session *s = ses_find(t, hash, key, false, &low);

    assert_ptr_equal(ses_find(t, hash, key, true, &high), s);
    if (s)
        assert_true(low == 0 && high == 1);
    return s;
}

static struct session *find(struct ses_table *t, uint32_t n)
{
    struct hsr_key key = key_of(n);

    return find_key(t, hash_of(n), &key);
}

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

/* What comes from a port without a quota counts where it goes, apart from what that port opens itself. */
static void test_quota_of_targets(void **unused)
{
    struct seen seen;
    struct ses_table *t = open_table(100, 2, &seen);
    struct session *s[3];

    (void)unused;
    ses_quota(t, 1, 0);
    for (uint32_t i = 0; i < 2; i++)
        ses_set_target(t, add(t, i, 7, 0), 8); /* not charged */
    for (uint32_t i = 0; i < 3; i++) {
        s[i] = add(t, 10 + i, 1, 0);
        s[i]->flags |= SES_F_CHARGED;
        assert_int_equal(ses_make_way(t, 8), i < 2);
        ses_set_target(t, s[i], 8);
    }
    assert_int_equal(ses_stats(t)->refused_quota, 1);
    assert_true(ses_make_way(t, 9));
    assert_true(ses_make_way(t, HSR_NO_PORT));
    assert_non_null(add(t, 20, 8, 0));
    assert_int_equal(ses_port_charged(t, 8), 3);
    assert_int_equal(ses_port_charged(t, HSR_NO_PORT), 0);
    ses_set_target(t, s[0], 9);
    assert_int_equal(ses_port_charged(t, 8), 2);
    assert_int_equal(ses_port_charged(t, 9), 1);
    ses_remove(t, s[1], SES_WHY_FLUSH);
    assert_true(ses_make_way(t, 8));
    ses_quota(t, 9, 1);
    assert_false(ses_make_way(t, 9));
    assert_int_equal(ses_remove_port(t, 1, 100), 0);
    assert_true(ses_make_way(t, 9));
    ses_table_close(t);
}

static void test_quota(void **unused)
{
    struct seen seen;
    struct ses_table *t = open_table(100, 3, &seen);
    struct hsr_key key = key_of(90);
    enum hsr_drop drop;

    (void)unused;
    for (uint32_t i = 0; i < 3; i++)
        assert_non_null(add(t, i, 7, 0));
    assert_null(ses_create(t, 1, &key, false, 7, 0, &drop));
    assert_int_equal(drop, HSR_DROP_SESSION_QUOTA);
    assert_int_equal(ses_stats(t)->refused_quota, 1);
    assert_non_null(add(t, 10, 8, 0)); /* another port's */
    ses_remove(t, find(t, 1), SES_WHY_FLUSH);
    assert_int_equal(ses_port_count(t, 7), 2);
    assert_non_null(add(t, 11, 7, 0));
    ses_quota(t, 7, 4);
    assert_non_null(add(t, 12, 7, 0));
    assert_null(add(t, 13, 7, 0));
    ses_quota(t, 7, 0);
    for (uint32_t i = 20; i < 40; i++)
        assert_non_null(add(t, i, 7, 0));
    for (uint32_t i = 40; i < 50; i++)
        assert_non_null(add(t, i, HSR_NO_PORT, 0));
    assert_int_equal(ses_port_count(t, HSR_NO_PORT), 0);
    ses_table_close(t);
}

static void establish(struct ses_table *t, struct session *s)
{
    const struct ses_packet udp = {.proto = 17};
    enum hsr_drop drop;

    ses_begin(t, s, &udp, 0);
    ses_track(t, s, !ses_initiator(s), &udp, 0, &drop);
    assert_int_equal(s->state, SES_ESTABLISHED);
}

static unsigned fill(struct ses_table *t, uint32_t from, unsigned n, uint16_t port)
{
    unsigned added = 0;

    for (uint32_t i = 0; i < n; i++) {
        struct session *s = add(t, from + i, port, 0);

        if (s == NULL)
            continue;
        establish(t, s);
        added++;
    }
    return added;
}

/* From an uplink, to this port, at whose expense it is. */
static struct session *add_to(struct ses_table *t, uint32_t n, uint16_t port)
{
    struct session *s = add(t, n, 9, 0);

    assert_non_null(s);
    s->flags |= SES_F_CHARGED;
    ses_set_target(t, s, port);
    return s;
}

/* Faults 41, 42: In a full table who has most waiting gives its oldest, and when it has none left, who comes next. */
static void test_flood_evicts_itself(void **unused)
{
    struct seen seen;
    struct ses_table *t = open_table(10, 100, &seen);

    (void)unused;
    assert_non_null(add(t, 0, 1, 0)); /* the oldest of all */
    for (uint32_t i = 1; i < 7; i++)
        assert_non_null(add(t, i, 2, 0));
    for (uint32_t i = 7; i < 10; i++)
        assert_non_null(add(t, i, 3, 0));
    for (uint32_t i = 0; i < 8; i++) {
        assert_non_null(add(t, 100 + i, 2, 0));
        assert_int_equal(seen.addrs, i < 6 ? i + 1 : 100 + i - 6);
    }
    assert_int_equal(ses_remove_port(t, 2, 100), 0);
    assert_int_equal(fill(t, 200, 6, 4), 6);
    assert_non_null(add(t, 300, 4, 0));
    assert_int_equal(seen.addrs, 7);
    assert_int_equal(seen.why, SES_WHY_EVICTED);
    assert_non_null(find(t, 0));
    ses_table_close(t);
}

/* Fault 42: Without a quota each port leaves as many as it has, and makes room among its own. */
static void test_share(void **unused)
{
    struct seen seen;
    struct ses_table *t = open_table(64, 0, &seen);
    struct hsr_key key = key_of(200);
    enum hsr_drop drop;

    (void)unused;
    for (uint16_t port = 1; port < 7; port++)
        ses_quota(t, port, 0);
    assert_int_equal(fill(t, 0, 40, 1), 32);
    assert_null(ses_create(t, 1, &key, false, 1, 0, &drop));
    assert_int_equal(drop, HSR_DROP_SESSION_QUOTA);
    assert_int_equal(fill(t, 100, 40, 2), 16);
    assert_non_null(
        add(t, 300, 4, 0)); /* older than all others that are not established, and another's */
    assert_non_null(add(t, 301, 3, 0));
    assert_int_equal(fill(t, 310, 7, 3), 7); /* and with its first one half of what was left */
    assert_int_equal(seen.count, 0);
    assert_non_null(add(t, 302, 3, 0)); /* its own first one goes */
    assert_true(seen.count == 1 && seen.why == SES_WHY_EVICTED && seen.addrs == 301);
    assert_non_null(find(t, 300));
    /* What the network opens, in the same way; the fifth at the expense of port 3, which has more, and not of port 4, which has less. */
    ses_quota(t, 9, SES_QUOTA_NONE);
    for (uint32_t i = 400; i < 405; i++) {
        assert_true(ses_make_way(t, 5));
        establish(t, add_to(t, i, 5));
    }
    assert_true(seen.count == 2 && seen.addrs == 302);
    assert_false(ses_make_way(t, 5));
    assert_non_null(find(t, 300));
    ses_table_close(t);
}

/* Both count together, and what the network opens takes nothing from what the guest does. */
static void test_share_of_both(void **unused)
{
    struct seen seen;
    struct ses_table *t = open_table(90, 0, &seen);
    uint32_t opened = 0;

    (void)unused;
    ses_quota(t, 1, 0);
    for (uint32_t i = 0; i < 200; i++) { /* those that are opened to it are never answered */
        struct session *s;

        if (ses_make_way(t, 1))
            add_to(t, i, 1);
        s = add(t, 1000 + i, 1, 0);
        if (s == NULL)
            continue;
        establish(t, s);
        opened++;
    }
    assert_true(opened == 45 && ses_stats(t)->used == 45);
    assert_int_equal(ses_port_charged(t, 1), 0);
    ses_remove(t, find(t, 1000), SES_WHY_FLUSH);
    assert_non_null(add(t, 2000, 1, 0));
    assert_false(ses_make_way(t, 1));
    assert_non_null(find(t, 2000));
    ses_table_close(t);
}

/* Who has less is let in at the expense of who has more; those that come and go are not each other's victims. */
static void test_full_of_a_flood(void **unused)
{
    struct seen seen;
    struct ses_table *t = open_table(64, 0, &seen);

    (void)unused;
    for (uint16_t port = 1; port < 40; port++)
        ses_quota(t, port, port < 3 ? 64 : 0);
    for (uint32_t i = 0; i < 30; i++) {
        assert_non_null(add(t, i, 1, 0));
        assert_non_null(add(t, 100 + i, 2, 0));
    }
    assert_non_null(add(t, 30, 1, 0));
    for (uint32_t i = 0; i < 3; i++)
        assert_non_null(add(t, 200 + i, 2, 0)); /* who had most when the last one came */
    for (uint32_t i = 0; i < 20; i++)
        ses_remove(t, find(t, 100 + i), SES_WHY_FLUSH);
    assert_int_equal(fill(t, 300, 20, 1), 20);
    assert_int_equal(ses_stats(t)->used, 64);
    seen.count = 0;
    for (uint16_t port = 3; port < 33; port++) {
        assert_non_null(add(t, 400 + port, port, 0));
        assert_true(seen.addrs < 31 || (seen.addrs > 119 && seen.addrs < 203));
    }
    assert_int_equal(seen.count, 30);
    ses_table_close(t);
}

static void test_full(void **unused)
{
    struct seen seen;
    struct ses_table *t = open_table(4, 0, &seen);

    (void)unused;
    for (uint32_t i = 0; i < 4; i++)
        assert_non_null(add(t, i, 0, 0));
    assert_non_null(add(t, 4, 0, 0)); /* the oldest goes */
    assert_true(seen.count == 1 && seen.why == SES_WHY_EVICTED && seen.addrs == 0);
    assert_null(find(t, 0));
    ses_remove(t, find(t, 1), SES_WHY_FLUSH);
    assert_non_null(add(t, 5, 0, 0));
    assert_non_null(add(t, 6, 0, 0));
    assert_true(seen.count == 3 && seen.addrs == 2);
    ses_table_close(t);
}

/* Fault 42: Established sessions never go; closing ones do when nothing is embryonic, the first to close first. */
static void test_full_of_established(void **unused)
{
    struct ses_packet udp = {.proto = 17}, syn = {.proto = 6, .tcp_flags = 0x02},
                      refusal = {.proto = 6, .tcp_flags = 0x14, .ack = 1};
    struct seen seen;
    struct ses_table *t = open_table(3, 0, &seen);
    enum hsr_drop drop;
    struct hsr_key tcp = {.w = {50, hsr_key_ports(1, 2, 3, 6)}}, more = key_of(9);
    struct session *s;

    (void)unused;
    for (uint32_t i = 0; i < 2; i++) {
        s = add(t, i, 0, 0);
        ses_begin(t, s, &udp, 0);
        assert_int_equal(ses_track(t, s, 1, &udp, 0, &drop), SES_CONTINUES);
    }
    s = ses_create(t, 50, &tcp, false, 0, 0, &drop);
    ses_begin(t, s, &syn, 0);
    assert_int_equal(ses_track(t, s, 1, &refusal, 0, &drop), SES_CONTINUES);
    assert_int_equal(s->state, SES_CLOSING);
    s = add(t, 2, 0, 0);
    assert_true(seen.count == 1 && seen.addrs == 50 && seen.why == SES_WHY_EVICTED);
    ses_begin(t, s, &udp, 0);
    assert_int_equal(ses_track(t, s, 1, &udp, 0, &drop), SES_CONTINUES);
    assert_null(ses_create(t, hash_of(9), &more, false, 0, 0, &drop));
    assert_int_equal(drop, HSR_DROP_SESSION_FULL);
    assert_int_equal(ses_stats(t)->refused_full, 1);
    assert_int_equal(seen.count, 1);
    for (uint32_t i = 0; i < 3; i++)
        assert_non_null(find(t, i));
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
        cmocka_unit_test(test_quota),
        cmocka_unit_test(test_flood_evicts_itself),
        cmocka_unit_test(test_share),
        cmocka_unit_test(test_share_of_both),
        cmocka_unit_test(test_full_of_a_flood),
        cmocka_unit_test(test_quota_of_targets),
        cmocka_unit_test(test_collisions),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_full_of_established),
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random operations on a small table under a virtual clock, and the same on a model: an unordered array that is
 * scanned for everything. The model learns of departures from `gone`, and there decides whether that session was the
 * right one to go. Few keys, few ports and few hashes, so that all of it collides all the time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hsring/flow_id.h"
#include "session/track.h"

#define NS         UINT64_C(1000000000)
#define TICK       (UINT64_C(1) << 27)
#define SECRET     UINT64_C(0x9E3779B97F4A7C15)
#define OPERATIONS 100000
#define NO_WHY     99

enum { CAPACITY = 150, KEYS = 600, HASHES = 60, PORTS = 5, QUOTA = 32 };

struct item {
    struct session *s; /* NULL: not in the table */
    uint64_t flow_id;
    uint64_t last_id; /* of its former life */
    uint64_t order;   /* when it came into its state */
    uint64_t deadline;
    uint16_t origin, target;
    uint8_t state;
};

struct model {
    struct ses_table *t;
    struct ses_timeouts timeouts;
    struct item item[KEYS];
    uint64_t now, order, random;
    uint64_t gone[SES_WHY_POLICY + 1];
    unsigned why;  /* of the operation under way */
    uint32_t only; /* FLUSH: the key, PORT: the port */
};

static uint32_t random_below(struct model *m, uint32_t n)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return (uint32_t)(m->random >> 20) % n;
}

static struct hsr_key key_of(uint32_t k)
{
    struct hsr_key key = {.w = {k, hsr_key_ports(1, 2, 3, k % 2 ? 6 : 17)}};

    if (k % 3 == 0)
        key = (struct hsr_key){.w = {k, k, 7, k, hsr_key_ports(1, 2, 3, k % 2 ? 6 : 17)},
                               .ipv6 = true};
    return key;
}

static uint32_t key_number(const struct session *s)
{
    return (uint32_t)(s->flags & SES_F_IPV6 ? s->key6[0] : s->key_addrs);
}

static uint64_t hash_of(uint32_t k)
{
    return (k % HASHES + 1) * SECRET;
}

static uint32_t count(const struct model *m, uint8_t state)
{
    uint32_t n = 0;

    for (uint32_t k = 0; k < KEYS; k++)
        n += m->item[k].s && (!state || m->item[k].state == state);
    return n;
}

static uint32_t count_origin(const struct model *m, uint16_t port)
{
    uint32_t n = 0;

    for (uint32_t k = 0; k < KEYS; k++)
        n += m->item[k].s && m->item[k].origin == port;
    return n;
}

static bool may_be_evicted(const struct model *m, const struct item *victim)
{
    uint8_t class = count(m, SES_EMBRYONIC) ? SES_EMBRYONIC : SES_CLOSING;

    if (count(m, 0) != CAPACITY || victim->state != class)
        return false;
    for (uint32_t k = 0; k < KEYS; k++) {
        const struct item *i = &m->item[k];

        if (i->s && i->state == class && i->order < victim->order)
            return false;
    }
    return true;
}

static void on_gone(void *arg, struct session *s, uint64_t flow_id, enum ses_why why)
{
    struct model *m = arg;
    struct item *i = &m->item[key_number(s)];

    assert_ptr_equal(i->s, s);
    assert_true(i->flow_id == flow_id);
    assert_int_equal(i->state, s->state);
    m->gone[why]++;
    switch (why) {
    case SES_WHY_EVICTED:
        assert_int_equal(m->why, SES_WHY_EVICTED);
        assert_true(may_be_evicted(m, i));
        break;
    case SES_WHY_EXPIRED:
    case SES_WHY_CLOSED:
        assert_int_equal(m->why, SES_WHY_EXPIRED);
        assert_true(i->deadline <= m->now / TICK);
        assert_int_equal(why == SES_WHY_CLOSED, i->state == SES_CLOSING);
        break;
    case SES_WHY_PORT:
        assert_int_equal(m->why, SES_WHY_PORT);
        assert_true(i->origin == m->only || i->target == m->only);
        break;
    default:
        assert_int_equal(m->why, why);
        assert_int_equal(key_number(s), m->only);
    }
    i->s = NULL;
    i->last_id = flow_id;
}

static void set_state(struct model *m, struct item *i, uint8_t state, uint32_t idle)
{
    if (i->state != state)
        i->order = ++m->order;
    i->state = state;
    i->deadline = (m->now + idle * NS + TICK - 1) / TICK;
}

static void do_create(struct model *m, uint32_t k)
{
    struct item *i = &m->item[k];
    struct hsr_key key = key_of(k);
    uint16_t origin = (uint16_t)random_below(m, PORTS);
    uint64_t collisions = ses_stats(m->t)->refused_collision;
    struct ses_packet p = {.proto = k % 2 ? 6 : 17, .tcp_flags = 2, .wscale = SES_WSCALE_NONE};
    bool quota = count_origin(m, origin) >= QUOTA;
    bool full = count(m, SES_ESTABLISHED) == CAPACITY;
    enum hsr_drop drop;
    struct session *s;

    m->why = SES_WHY_EVICTED;
    s = ses_create(m->t, hash_of(k), &key, origin, m->now, &drop);
    if (!s) {
        if (ses_stats(m->t)->refused_collision == collisions) {
            assert_true(quota || full);
            assert_int_equal(drop, quota ? HSR_DROP_SESSION_QUOTA : HSR_DROP_SESSION_FULL);
        }
        return;
    }
    assert_false(quota || full);
    *i = (struct item){.s = s,
                       .flow_id = ses_flow_id(m->t, s),
                       .last_id = i->last_id,
                       .origin = origin,
                       .target = HSR_NO_PORT};
    ses_begin(m->t, s, 0, &p, m->now);
    set_state(m, i, SES_EMBRYONIC, k % 2 ? m->timeouts.tcp_embryonic : m->timeouts.udp_single);
}

/* UDP: a packet of either side; TCP: the responder refuses, and what follows passes without effect. */
static void do_packet(struct model *m, uint32_t k)
{
    struct item *i = &m->item[k];
    unsigned dir = random_below(m, 2);
    struct ses_packet p = {.proto = 17};
    enum hsr_drop drop;

    if (k % 2) {
        p = (struct ses_packet){.proto = 6, .tcp_flags = 0x14, .ack = 1};
        assert_int_equal(ses_track(m->t, i->s, 1, &p, m->now, &drop), SES_CONTINUES);
        if (i->state != SES_CLOSING)
            set_state(m, i, SES_CLOSING, m->timeouts.tcp_reset);
    } else {
        assert_int_equal(ses_track(m->t, i->s, dir, &p, m->now, &drop), SES_CONTINUES);
        if (dir || i->state == SES_ESTABLISHED)
            set_state(m, i, SES_ESTABLISHED, m->timeouts.udp_stream);
        else
            set_state(m, i, SES_EMBRYONIC, m->timeouts.udp_single);
    }
    assert_int_equal(i->s->state, i->state);
}

static void do_known(struct model *m, uint32_t k)
{
    struct item *i = &m->item[k];

    switch (random_below(m, 8)) {
    case 0:
        m->why = SES_WHY_FLUSH;
        m->only = k;
        ses_remove(m->t, i->s, SES_WHY_FLUSH);
        assert_null(i->s);
        break;
    case 1:
        i->target = random_below(m, 3) ? (uint16_t)random_below(m, PORTS) : HSR_NO_PORT;
        ses_set_target(m->t, i->s, i->target);
        break;
    default:
        do_packet(m, k);
    }
}

static void do_key(struct model *m, uint32_t k)
{
    struct item *i = &m->item[k];
    struct hsr_key key = key_of(k);

    assert_ptr_equal(ses_find(m->t, hash_of(k), &key), i->s);
    if (i->last_id)
        assert_null(ses_by_flow(m->t, i->last_id));
    if (i->s) {
        assert_ptr_equal(ses_by_flow(m->t, i->flow_id), i->s);
        do_known(m, k);
    } else {
        do_create(m, k);
    }
}

static void do_time(struct model *m)
{
    uint64_t step = random_below(m, 100) ? random_below(m, 1500) * (NS / 1000) : 40000 * NS;
    uint32_t gone = 0, budget = random_below(m, 2) ? UINT32_MAX : random_below(m, 10);

    m->now += step;
    m->why = SES_WHY_EXPIRED;
    gone = ses_expire(m->t, m->now, budget);
    assert_true(gone <= budget);
    if (budget != UINT32_MAX)
        return;
    for (uint32_t k = 0; k < KEYS; k++)
        assert_true(!m->item[k].s || m->item[k].deadline > m->now / TICK);
}

static void do_port(struct model *m)
{
    uint32_t left = 0, budget = random_below(m, 60);

    m->why = SES_WHY_PORT;
    m->only = random_below(m, PORTS);
    left = ses_remove_port(m->t, (uint16_t)m->only, budget);
    for (uint32_t k = 0; k < KEYS; k++) {
        const struct item *i = &m->item[k];

        left -= i->s && (i->origin == m->only || i->target == m->only);
    }
    assert_int_equal(left, 0);
}

static void check_all(struct model *m)
{
    const struct ses_table_stats *stats = ses_stats(m->t);
    uint32_t cursor = 0, walked = 0;

    for (struct session *s; (s = ses_walk(m->t, &cursor)) != NULL; walked++)
        assert_ptr_equal(m->item[key_number(s)].s, s);
    assert_int_equal(walked, count(m, 0));
    assert_int_equal(stats->used, walked);
    assert_int_equal(stats->embryonic, count(m, SES_EMBRYONIC));
    for (unsigned port = 0; port < PORTS; port++)
        assert_int_equal(ses_port_count(m->t, (uint16_t)port), count_origin(m, (uint16_t)port));
    assert_true(stats->evicted == m->gone[SES_WHY_EVICTED]);
    assert_true(stats->expired == m->gone[SES_WHY_EXPIRED]);
    assert_true(stats->closed == m->gone[SES_WHY_CLOSED]);
    assert_true(stats->removed == m->gone[SES_WHY_PORT] + m->gone[SES_WHY_FLUSH]);
    assert_true(stats->created ==
                stats->used + stats->evicted + stats->expired + stats->closed + stats->removed);
}

static void run(uint64_t seed, uint64_t start)
{
    static struct model m;
    struct ses_table_config config = {
        .capacity = CAPACITY, .quota = QUOTA, .instance = 1, .gone = on_gone, .arg = &m};

    m = (struct model){.now = start, .random = seed};
    ses_timeouts_default(&m.timeouts);
    config.timeouts = m.timeouts;
    m.t = ses_table_open(&config);
    assert_non_null(m.t);
    for (uint32_t n = 0; n < OPERATIONS; n++) {
        uint32_t what = random_below(&m, 1000);

        m.why = NO_WHY;
        if (what == 0)
            do_port(&m);
        else if (what < 30)
            do_time(&m);
        else
            do_key(&m, random_below(&m, KEYS));
        if (n % 100 == 0)
            check_all(&m);
    }
    /* Every way out was taken, and at the end all have gone. */
    for (unsigned why = 0; why < SES_WHY_POLICY; why++)
        assert_true(m.gone[why] > 0);
    assert_true(ses_stats(m.t)->refused_quota > 0);
    m.why = SES_WHY_EXPIRED;
    m.now += 100000 * NS;
    ses_expire(m.t, m.now, UINT32_MAX);
    assert_int_equal(ses_stats(m.t)->used, 0);
    check_all(&m);
    ses_table_close(m.t);
}

static void test_from_zero(void **unused)
{
    (void)unused;
    run(1, 0);
}

/* The 32-bit ticks wrap in the middle of the run. */
static void test_wrap(void **unused)
{
    (void)unused;
    run(0xABCDEF, (UINT64_C(1) << 59) - 2000 * NS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_zero),
        cmocka_unit_test(test_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random operations on a small table under a virtual clock, and the same on a model: an unordered array that is
 * scanned for everything. The model learns of departures from `gone`, and there decides whether that session was the
 * right one to go. Few tuples, few ports and few hashes, so that all of it collides all the time; half of the sessions
 * have a secondary key, out of the same tuples.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "session/track.h"

#define NS         UINT64_C(1000000000)
#define TICK       (UINT64_C(1) << 27)
#define SECRET     UINT64_C(0x9E3779B97F4A7C15)
#define OPERATIONS 100000
#define NO_WHY     99

enum { CAPACITY = 150, TUPLES = 600, HASHES = 60, PORTS = 5, DEAD = 64 };

/* An uplink, two that have a share, two that have a number. */
static const uint32_t quotas[PORTS] = {SES_QUOTA_NONE, 0, 0, 32, 60};
#define UPLINK 0

/* Who opened it: the guest, or the network to it. */
enum { OPENED, CHARGED };

/* Packets of one end: a tuple, and which end sends. */
struct side {
    uint32_t k;
    bool swap;
};

struct item {
    struct session *s; /* NULL: no item */
    struct side side[2];
    bool two_keys; /* else the second side is the first one turned round */
    uint64_t flow_id[2];
    uint64_t order; /* when it came into its state */
    uint64_t deadline;
    uint16_t origin, target;
    bool charged;
    uint8_t state;
};

struct model {
    struct ses_table *t;
    struct ses_timeouts timeouts;
    struct item item[CAPACITY];
    uint64_t dead[DEAD]; /* flow ids that are no more */
    uint32_t deaths;
    uint64_t now, order, random;
    uint64_t gone[SES_WHYS];
    uint64_t turned_away;      /* second keys that another session had */
    const struct item *victim; /* who has to be evicted next */
    uint64_t own, others;      /* victims at a share: of the port itself, and of another */
    unsigned why;              /* of the operation under way */
    const struct item *only;   /* FLUSH: the session */
    uint16_t port;             /* PORT: the port */
};

static uint32_t random_below(struct model *m, uint32_t n)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return (uint32_t)(m->random >> 20) % n;
}

/* A third is IPv6, half of each is TCP: tuples of one kind are six apart. */
static bool is_tcp(uint32_t k)
{
    return k % 2;
}

static struct hsr_key key_of(uint32_t k)
{
    struct hsr_key key = {.w = {k, hsr_key_ports(1, 2, 3, is_tcp(k) ? 6 : 17)}};

    if (k % 3 == 0)
        key = (struct hsr_key){.w = {k, k, 7, k, key.w[1]}, .ipv6 = true};
    return key;
}

static uint64_t hash_of(uint32_t k)
{
    return (k % HASHES + 1) * SECRET;
}

static struct side random_side(struct model *m)
{
    return (struct side){random_below(m, TUPLES), random_below(m, 2)};
}

static struct item *item_of(struct model *m, const struct session *s)
{
    for (uint32_t i = 0; i < CAPACITY; i++) {
        if (m->item[i].s == s)
            return &m->item[i];
    }
    return NULL;
}

/* Whose packets are these, and is it the responder's side of it? */
static struct item *owner(struct model *m, struct side of, unsigned *which)
{
    for (uint32_t i = 0; i < 2 * CAPACITY; i++) {
        struct item *at = &m->item[i / 2];

        *which = i % 2;
        if (at->s && at->side[*which].k == of.k && at->side[*which].swap == of.swap)
            return at;
    }
    return NULL;
}

static unsigned dir_of(const struct item *i, unsigned which)
{
    return i->side[0].swap ^ which;
}

static uint32_t count(const struct model *m, uint8_t state)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < CAPACITY; i++)
        n += m->item[i].s && (!state || m->item[i].state == state);
    return n;
}

/* ---- who has to make room ---- */

static int account_of(const struct item *i)
{
    if (i->origin != UPLINK)
        return i->origin;
    return i->charged && i->target != HSR_NO_PORT ? i->target : -1;
}

/* Sessions that the port opened, or that were opened to it and count. */
static uint32_t held(const struct model *m, uint16_t port, int list)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < CAPACITY; i++) {
        const struct item *at = &m->item[i];

        n += at->s && (list == OPENED ? at->origin == port
                                      : at->charged && at->target == port && at->origin != port);
    }
    return n;
}

static uint32_t held_in_all(const struct model *m, int account)
{
    if (account < 0)
        return UINT32_MAX;
    return held(m, (uint16_t)account, OPENED) + held(m, (uint16_t)account, CHARGED);
}

static int account_with_most(const struct model *m, uint8_t state)
{
    uint32_t n[PORTS + 1] = {0}, most = 0;

    for (uint32_t i = 0; i < CAPACITY; i++)
        if (m->item[i].s && m->item[i].state == state)
            n[account_of(&m->item[i]) + 1]++;
    for (uint32_t i = 1; i <= PORTS; i++)
        if (n[i] > n[most])
            most = i;
    return (int)most - 1;
}

static const struct item *oldest(const struct model *m, uint8_t state, int account, bool charged)
{
    const struct item *found = NULL;

    for (uint32_t i = 0; i < CAPACITY; i++) {
        const struct item *at = &m->item[i];

        if (at->s && at->state == state && account_of(at) == account &&
            (at->origin == UPLINK && account >= 0) == charged &&
            (found == NULL || at->order < found->order))
            found = at;
    }
    return found;
}

static const struct item *oldest_on(const struct model *m, uint8_t state, int account, int list)
{
    const struct item *charged = oldest(m, state, account, true);

    if (charged != NULL || list == CHARGED)
        return charged;
    return oldest(m, state, account, false);
}

static const uint8_t kinds[] = {SES_EMBRYONIC, SES_CLOSING};

static const struct item *victim_of_full(const struct model *m)
{
    for (unsigned k = 0; k < 2; k++)
        if (count(m, kinds[k]) > 0)
            return oldest_on(m, kinds[k], account_with_most(m, kinds[k]), OPENED);
    return NULL;
}

static const struct item *victim_for(const struct model *m, uint16_t port, int list)
{
    for (unsigned k = 0; k < 2; k++) {
        int most = account_with_most(m, kinds[k]);
        const struct item *own = oldest_on(m, kinds[k], port, list);

        if (count(m, kinds[k]) == 0)
            continue;
        if (most != port && (most < 0 || held_in_all(m, most) > held_in_all(m, port) + 1))
            return oldest_on(m, kinds[k], most, OPENED);
        if (own != NULL)
            return own;
    }
    return NULL;
}

/* May the port have one more? At whose expense goes to `victim`. */
static bool may_have(struct model *m, uint16_t port, int list)
{
    m->victim = NULL;
    if (quotas[port] != 0)
        return held(m, port, list) < quotas[port];
    if (held_in_all(m, port) < CAPACITY - count(m, 0))
        return true;
    m->victim = victim_for(m, port, list);
    if (m->victim != NULL && account_of(m->victim) == port)
        m->own++;
    else if (m->victim != NULL)
        m->others++;
    return m->victim != NULL;
}

/* ---- */

static void on_gone(void *arg, struct session *s, enum ses_why why)
{
    struct model *m = arg;
    struct item *i = item_of(m, s);

    assert_non_null(i);
    for (unsigned which = 0; which < 1u + i->two_keys; which++)
        assert_true(i->flow_id[which] == ses_flow_id(m->t, s, which));
    assert_int_equal(i->state, s->state);
    m->gone[why]++;
    switch (why) {
    case SES_WHY_EVICTED:
        assert_int_equal(m->why, SES_WHY_EVICTED);
        assert_ptr_equal(i, m->victim);
        m->victim = NULL;
        break;
    case SES_WHY_EXPIRED:
    case SES_WHY_CLOSED:
        assert_int_equal(m->why, SES_WHY_EXPIRED);
        assert_true(i->deadline <= m->now / TICK);
        assert_int_equal(why == SES_WHY_CLOSED, i->state == SES_CLOSING);
        break;
    case SES_WHY_PORT:
        assert_int_equal(m->why, SES_WHY_PORT);
        assert_true(i->origin == m->port || i->target == m->port);
        break;
    default:
        assert_int_equal(m->why, why);
        assert_ptr_equal(i, m->only);
    }
    i->s = NULL;
    m->dead[m->deaths % DEAD] = i->flow_id[m->deaths % 2 && i->two_keys];
    m->deaths++;
}

static void set_state(struct model *m, struct item *i, uint8_t state, uint32_t idle)
{
    if (i->state != state)
        i->order = ++m->order;
    i->state = state;
    i->deadline = (m->now + idle * NS + TICK - 1) / TICK;
}

static void flush(struct model *m, struct item *i)
{
    m->why = SES_WHY_FLUSH;
    m->only = i;
    ses_remove(m->t, i->s, SES_WHY_FLUSH);
    assert_null(i->s);
}

/* A secondary key of the primary's kind; false: it could not be had. */
static bool give_second(struct model *m, struct item *i)
{
    struct side back = {i->side[0].k % 6 + 6 * random_below(m, TUPLES / 6), random_below(m, 2)};
    struct hsr_key key = key_of(back.k);
    uint64_t collisions = ses_stats(m->t)->refused_collision;
    unsigned which;
    const struct item *has = owner(m, back, &which);
    bool added = ses_add_key(m->t, i->s, hash_of(back.k), &key, back.swap);

    assert_int_equal(ses_stats(m->t)->refused_collision, collisions + !added);
    m->turned_away += has != NULL;
    assert_true(!added || !has);
    if (added) {
        i->side[1] = back;
        i->two_keys = true;
    }
    return added;
}

static void enter(struct model *m, struct session *s, struct side from, uint16_t origin,
                  uint16_t target)
{
    struct item *i = item_of(m, NULL);
    struct ses_packet p = {
        .proto = is_tcp(from.k) ? 6 : 17, .tcp_flags = 2, .wscale = SES_WSCALE_NONE};
    unsigned which;
    bool alone = !owner(m, (struct side){from.k, !from.swap}, &which);

    assert_non_null(i);
    *i = (struct item){.s = s,
                       .side = {from, {from.k, !from.swap}},
                       .origin = origin,
                       .target = target,
                       .charged = target != HSR_NO_PORT,
                       .state = SES_FREE};
    set_state(m, i, SES_EMBRYONIC, 0);
    i->flow_id[0] = ses_flow_id(m->t, s, false);
    if (random_below(m, 2) && give_second(m, i))
        i->flow_id[1] = ses_flow_id(m->t, s, true);
    /* With one key it has both ends' packets: not if somebody has the other end's. */
    if (!i->two_keys && !alone) {
        flush(m, i);
        return;
    }
    ses_begin(m->t, s, &p, m->now);
    set_state(m, i, SES_EMBRYONIC,
              is_tcp(from.k) ? m->timeouts.tcp_embryonic : m->timeouts.udp_single);
}

static void do_create(struct model *m, struct side from)
{
    struct hsr_key key = key_of(from.k);
    uint16_t origin = (uint16_t)random_below(m, PORTS), target = HSR_NO_PORT;
    uint64_t collisions = ses_stats(m->t)->refused_collision;
    bool may, full;
    enum hsr_drop drop;
    struct session *s;

    m->why = SES_WHY_EVICTED;
    if (origin == UPLINK && random_below(m, 4)) {
        target = (uint16_t)(1 + random_below(m, PORTS - 1));
        may = may_have(m, target, CHARGED);
        assert_int_equal(ses_make_way(m->t, target), may);
        assert_null(m->victim);
        if (!may)
            return;
    }
    may = may_have(m, origin, OPENED);
    if (may && m->victim == NULL && count(m, 0) == CAPACITY)
        m->victim = victim_of_full(m);
    full = m->victim == NULL && count(m, 0) == CAPACITY;
    s = ses_create(m->t, hash_of(from.k), &key, from.swap, origin, m->now, &drop);
    assert_null(m->victim);
    if (!s) {
        if (ses_stats(m->t)->refused_collision == collisions) {
            assert_true(!may || full);
            assert_int_equal(drop, may ? HSR_DROP_SESSION_FULL : HSR_DROP_SESSION_QUOTA);
        }
        return;
    }
    assert_true(may && !full);
    if (target != HSR_NO_PORT) {
        s->flags |= SES_F_CHARGED;
        ses_set_target(m->t, s, target);
    }
    enter(m, s, from, origin, target);
}

/* UDP: a packet of either side; TCP: the responder refuses, and what follows passes without effect. */
static void do_packet(struct model *m, struct item *i, unsigned which)
{
    struct ses_packet p = {.proto = 17};
    enum hsr_drop drop;

    if (is_tcp(i->side[0].k)) {
        p = (struct ses_packet){.proto = 6, .tcp_flags = 0x14, .ack = 1};
        assert_int_equal(ses_track(m->t, i->s, dir_of(i, 1), &p, m->now, &drop), SES_CONTINUES);
        if (i->state != SES_CLOSING)
            set_state(m, i, SES_CLOSING, m->timeouts.tcp_reset);
    } else {
        assert_int_equal(ses_track(m->t, i->s, dir_of(i, which), &p, m->now, &drop), SES_CONTINUES);
        if (which || i->state == SES_ESTABLISHED)
            set_state(m, i, SES_ESTABLISHED, m->timeouts.udp_stream);
        else
            set_state(m, i, SES_EMBRYONIC, m->timeouts.udp_single);
    }
    assert_int_equal(i->s->state, i->state);
}

static void do_known(struct model *m, struct item *i, unsigned which)
{
    int account;

    switch (random_below(m, 8)) {
    case 0:
        flush(m, i);
        break;
    case 1:
        account = account_of(i);
        i->target = random_below(m, 3) ? (uint16_t)random_below(m, PORTS) : HSR_NO_PORT;
        if (account_of(i) != account)
            i->order = ++m->order;
        ses_unseal(i->s);
        ses_set_target(m->t, i->s, i->target);
        ses_seal(m->t, i->s);
        break;
    default:
        do_packet(m, i, which);
    }
}

/* What both ways of finding a session say of one end's packets. */
static void check_found(struct model *m, const struct item *i, unsigned which, struct side of)
{
    struct hsr_key key = key_of(of.k);
    uint64_t id = i->flow_id[which && i->two_keys];
    unsigned dir = 9;

    assert_ptr_equal(ses_find(m->t, hash_of(of.k), &key, of.swap, &dir), i->s);
    assert_int_equal(dir, dir_of(i, which));
    assert_ptr_equal(ses_by_flow(m->t, id), i->s);
    assert_int_equal(ses_flow_dir(id, of.swap), dir);
    assert_true(ses_matches(m->t, i->s, dir, of.swap, &key));
    assert_false(ses_matches(m->t, i->s, !dir, of.swap, &key));
}

static void do_side(struct model *m, struct side of)
{
    struct hsr_key key = key_of(of.k);
    unsigned which, dir;
    struct item *i = owner(m, of, &which);
    uint64_t dead = m->dead[random_below(m, DEAD)];

    if (dead)
        assert_null(ses_by_flow(m->t, dead));
    if (i) {
        check_found(m, i, which, of);
        do_known(m, i, which);
    } else {
        assert_null(ses_find(m->t, hash_of(of.k), &key, of.swap, &dir));
        do_create(m, of);
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
    for (uint32_t i = 0; i < CAPACITY; i++)
        assert_true(!m->item[i].s || m->item[i].deadline > m->now / TICK);
}

static void do_port(struct model *m)
{
    uint32_t left = 0, budget = random_below(m, 60);

    m->why = SES_WHY_PORT;
    m->port = (uint16_t)random_below(m, PORTS);
    left = ses_remove_port(m->t, m->port, budget);
    for (uint32_t n = 0; n < CAPACITY; n++) {
        const struct item *i = &m->item[n];

        left -= i->s && (i->origin == m->port || i->target == m->port);
    }
    assert_int_equal(left, 0);
}

static void check_all(struct model *m)
{
    const struct ses_table_stats *stats = ses_stats(m->t);
    uint32_t cursor = 0, walked = 0;
    uint64_t ended = 0;

    for (struct session *s; (s = ses_walk(m->t, &cursor)) != NULL; walked++) {
        const struct item *i = item_of(m, s);

        assert_non_null(i);
        assert_true(ses_sealed(m->t, s));
        for (unsigned which = 0; which < 2; which++)
            check_found(m, i, which, i->side[which]);
    }
    assert_int_equal(walked, count(m, 0));
    assert_int_equal(stats->used, walked);
    assert_int_equal(stats->embryonic, count(m, SES_EMBRYONIC));
    for (unsigned port = 0; port < PORTS; port++) {
        assert_int_equal(ses_port_count(m->t, (uint16_t)port), held(m, (uint16_t)port, OPENED));
        assert_int_equal(ses_port_charged(m->t, (uint16_t)port), held(m, (uint16_t)port, CHARGED));
    }
    for (unsigned why = 0; why < SES_WHYS; why++) {
        assert_true(stats->ended[why] == m->gone[why]);
        ended += stats->ended[why];
    }
    assert_true(stats->created == stats->used + ended);
}

static void run(uint64_t seed, uint64_t start)
{
    static struct model m;
    struct ses_table_config config = {
        .capacity = CAPACITY, .instance = 1, .gone = on_gone, .arg = &m};

    m = (struct model){.now = start, .random = seed};
    ses_timeouts_default(&m.timeouts);
    config.timeouts = m.timeouts;
    m.t = ses_table_open(&config);
    assert_non_null(m.t);
    for (unsigned port = 0; port < PORTS; port++)
        ses_quota(m.t, (uint16_t)port, quotas[port]);
    for (uint32_t n = 0; n < OPERATIONS; n++) {
        uint32_t what = random_below(&m, 1000);

        m.why = NO_WHY;
        if (what == 0)
            do_port(&m);
        else if (what < 30)
            do_time(&m);
        else
            do_side(&m, random_side(&m));
        if (n % 100 == 0)
            check_all(&m);
    }
    /* Every way out was taken, and at the end all have gone. */
    for (unsigned why = 0; why < SES_WHY_POLICY; why++)
        assert_true(m.gone[why] > 0);
    assert_true(ses_stats(m.t)->refused_quota > 0);
    assert_true(m.turned_away > 0);
    assert_true(m.own > 100 && m.others > 100);
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

/* Fault 36: The 32-bit ticks wrap in the middle of the run. */
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

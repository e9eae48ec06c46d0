/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions of a former process: taken over as they were, and whatever else stands in the memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "session/adopt.h"
#include "session/record.h"
#include "session/track.h"

#define NS       UINT64_C(1000000000)
#define CAPACITY 64
#define GONE     99 /* a port, or context, that is not there any more */

/* Memory that outlives the table, and what the callbacks were asked. */
static struct {
    struct session *sessions;
    uint8_t *keys6;
    unsigned taken;
    uint32_t no_program; /* the only one there is not */
    unsigned gone;
} world;

static void *get(void *arg, const char *name, size_t size)
{
    void **memory =
        strcmp(name, "sessions") == 0 ? (void **)&world.sessions : (void **)&world.keys6;

    (void)arg;
    if (*memory == NULL) {
        *memory = aligned_alloc(64, size);
        assert_non_null(*memory);
        memset(*memory, 0, size);
    }
    return *memory;
}

static void put(void *arg, void *memory, size_t size)
{
    (void)arg;
    (void)memory;
    (void)size;
}

static const struct ses_memory memory = {.get = get, .put = put};

static uint64_t hash(void *arg, const struct hsr_key *key)
{
    uint64_t sum = 7;

    (void)arg;
    for (unsigned i = 0; i < (key->ipv6 ? HSR_KEY6_WORDS : HSR_KEY4_WORDS); i++) {
        sum = (sum ^ key->w[i]) * UINT64_C(0x9E3779B97F4A7C15);
        sum ^= sum >> 29;
    }
    return sum * UINT64_C(0xBF58476D1CE4E5B9);
}

static bool port(void *arg, uint16_t index)
{
    (void)arg;
    return index != GONE;
}

static bool context(void *arg, uint32_t number)
{
    (void)arg;
    return number != GONE;
}

static bool take(void *arg, const struct session *s)
{
    (void)arg;
    if (s->dir[0].program == world.no_program || s->dir[1].program == world.no_program)
        return false;
    world.taken++;
    return true;
}

static void on_gone(void *arg, struct session *s, enum ses_why why)
{
    (void)arg;
    (void)s;
    (void)why;
    world.gone++;
}

static struct ses_table *open_table(uint8_t instance)
{
    struct ses_table_config config = {.capacity = CAPACITY,
                                      .quota = 1000,
                                      .instance = instance,
                                      .worker = 1,
                                      .memory = &memory,
                                      .gone = on_gone};

    ses_timeouts_default(&config.timeouts);
    struct ses_table *t = ses_table_open(&config);

    assert_non_null(t);
    return t;
}

static int set_up(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    world.no_program = 4711;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(world.sessions);
    free(world.keys6);
    return 0;
}

/* Keys of session `n`: primary, and secondary where it has one. */
static struct hsr_key key_of(uint32_t n, bool second, bool ipv6, uint8_t proto, uint32_t of)
{
    uint64_t tail = hsr_key_ports((uint16_t)(1000 + n), second ? 81 : 80, of, proto);

    if (ipv6)
        return (struct hsr_key){.w = {1, n, 2, second, tail}, .ipv6 = true};
    return (struct hsr_key){.w = {(uint64_t)n << 32 | 0x0A000000u | second, tail}};
}

struct kind {
    uint8_t proto;
    bool ipv6, second, charged;
    uint16_t origin, target;
    uint32_t context;
};

static struct session *add(struct ses_table *t, uint32_t n, const struct kind *k, uint64_t now)
{
    struct hsr_key key = key_of(n, false, k->ipv6, k->proto, k->context);
    struct hsr_key key2 = key_of(n, true, k->ipv6, k->proto, k->context);
    struct ses_packet p = {.proto = k->proto,
                           .icmp_type = k->ipv6 ? 128 : 8,
                           .tcp_flags = 2,
                           .window = 100,
                           .seq = n,
                           .wscale = 7};
    enum hsr_drop drop;
    struct session *s = ses_create(t, hash(NULL, &key), &key, n & 1, k->origin, now, &drop);

    assert_non_null(s);
    if (k->second)
        assert_true(ses_add_key(t, s, hash(NULL, &key2), &key2, n & 2));
    if (k->charged)
        s->flags |= SES_F_CHARGED;
    ses_set_target(t, s, k->target);
    for (unsigned dir = 0; dir < 2; dir++) {
        s->dir[dir].program = 2 * n + dir;
        s->dir[dir].packets = n;
        s->dir[dir].bytes = 100 * n;
    }
    s->policy = s->compiled = s->neighbor = 9;
    s->flags |= SES_F_FIT;
    ses_begin(t, s, &p, now);
    return s;
}

static uint64_t adopt(struct ses_table *t, uint64_t now, uint64_t count[SES_ADOPTIONS])
{
    const struct ses_adopt how = {
        .now = now, .hash = hash, .port = port, .context = context, .take = take};

    memset(count, 0, SES_ADOPTIONS * sizeof *count);
    ses_adopt(t, &how, count);
    return count[SES_ADOPTED];
}

static const struct kind kinds[] = {
    {6, false, false, false, 1, 2, 5}, {17, false, false, true, 2, 1, 5},
    {1, false, false, false, 1, 1, 5}, {6, true, false, false, 1, 2, 5},
    {58, true, false, true, 3, 2, 6},  {6, false, true, false, 1, 2, 5},
    {17, true, true, true, 1, 2, 6},   {47, false, false, false, 1, HSR_NO_PORT, 0},
};
#define KINDS (sizeof kinds / sizeof kinds[0])

/* Of every kind, as the first process leaves them; *t is closed. */
static void leave(uint32_t n, uint64_t now)
{
    struct ses_table *t = open_table(1);

    for (uint32_t i = 0; i < n; i++)
        add(t, i, &kinds[i % KINDS], now);
    ses_table_close(t);
}

/* Each is found by what it was known by, its record says what it said, and it ages on. */
static void test_goes_on(void **state)
{
    struct ses_table *t = open_table(1);
    struct ses_record before[KINDS], after;
    uint64_t count[SES_ADOPTIONS], old[KINDS];
    unsigned dir;

    (void)state;
    for (uint32_t i = 0; i < KINDS; i++) {
        struct session *s = add(t, i, &kinds[i], 10 * NS);

        ses_export(t, s, 10 * NS, &before[i]);
        old[i] = ses_flow_id(t, s, false);
    }
    ses_table_close(t);
    t = open_table(2);
    assert_int_equal(adopt(t, 12 * NS, count), KINDS);
    assert_int_equal(world.taken, KINDS);
    assert_int_equal(ses_stats(t)->used, KINDS);
    assert_int_equal(ses_stats(t)->created, KINDS);
    assert_int_equal(ses_stats(t)->embryonic, KINDS);
    assert_int_equal(ses_port_count(t, 1), 6);
    assert_int_equal(ses_port_count(t, 3), 1);
    assert_int_equal(ses_port_charged(t, 2), 2);
    for (uint32_t i = 0; i < KINDS; i++) {
        const struct kind *k = &kinds[i];
        struct hsr_key key = key_of(i, false, k->ipv6, k->proto, k->context);
        struct session *s = ses_find(t, hash(NULL, &key), &key, i & 1, &dir);

        assert_non_null(s);
        assert_int_equal(dir, ses_initiator(s));
        assert_true(ses_sealed(t, s));
        assert_int_equal(s->policy | s->compiled | s->neighbor, 0);
        assert_int_equal(s->flags & (SES_F_FIT | SES_F_FIT2), 0);
        ses_export(t, s, 12 * NS, &after);
        assert_int_equal(after.flow_id ^ before[i].flow_id, UINT64_C(3) << 56);
        after.flow_id = before[i].flow_id;
        after.policy = before[i].policy;
        after.flags = before[i].flags;
        assert_true(after.deadline >= before[i].deadline &&
                    after.deadline <= before[i].deadline + NS);
        after.deadline = before[i].deadline;
        assert_memory_equal(&after, &before[i], sizeof after);
        assert_null(ses_by_flow(t, old[i]));
        if (!k->second)
            continue;
        key = key_of(i, true, k->ipv6, k->proto, k->context);
        assert_ptr_equal(ses_find(t, hash(NULL, &key), &key, i & 2, &dir), s);
        assert_int_equal(dir, !ses_initiator(s));
    }
    for (unsigned s = 0; s < 4000 && ses_stats(t)->used > 0; s++)
        ses_expire(t, (12 + s) * NS, 100);
    assert_int_equal(ses_stats(t)->used, 0);
    assert_int_equal(world.gone, KINDS);
    ses_table_close(t);
}

/* Time went on while nobody was there; and no deadline is later than the state allows. */
static void test_deadlines(void **state)
{
    const struct kind udp = {17, false, false, false, 1, 2, 5};
    struct ses_table *t = open_table(1);
    struct ses_timeouts timeouts;
    uint64_t count[SES_ADOPTIONS];

    (void)state;
    ses_timeouts_default(&timeouts);
    for (uint32_t i = 0; i < 3; i++)
        add(t, i, &udp, 10 * NS);
    ses_table_close(t);
    world.sessions[1].deadline += 1u << 29;
    world.sessions[2].deadline = 0;
    t = open_table(2);
    assert_int_equal(adopt(t, 10 * NS + timeouts.udp_single * NS - NS, count), 3);
    ses_expire(t, (10 + timeouts.udp_single + 1) * NS, 100);
    assert_int_equal(ses_stats(t)->used, 2);
    ses_expire(t, (10 + 2 * timeouts.udp_single + 1) * NS, 100);
    assert_int_equal(ses_stats(t)->used, 0);
    ses_table_close(t);
}

/* Each reason, provoked at one record among good ones; the index is free and used again under another generation. */
static void test_reasons(void **state)
{
    enum { N = 5, AT = 2 };
    static const enum ses_adoption all[] = {SES_ADOPT_TORN,    SES_ADOPT_BAD,   SES_ADOPT_PORT,
                                            SES_ADOPT_CONTEXT, SES_ADOPT_TWICE, SES_ADOPT_PROGRAM};

    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
        const struct kind udp = {17, false, false, false, 1, 2, 5};
        uint64_t count[SES_ADOPTIONS];
        struct session *s;
        uint16_t generation;

        set_up(state);
        struct ses_table *t = open_table(1);

        for (uint32_t n = 0; n < N; n++)
            add(t, n, &udp, NS);
        s = &world.sessions[AT];
        if (all[i] == SES_ADOPT_TORN)
            ses_unseal(s);
        else if (all[i] == SES_ADOPT_BAD)
            s->proto = 6;
        else if (all[i] == SES_ADOPT_PORT)
            s->target = GONE;
        else if (all[i] == SES_ADOPT_CONTEXT)
            s->dir[0].key_ports = s->dir[1].key_ports = hsr_key_ports(1, 2, GONE, 17);
        else if (all[i] == SES_ADOPT_TWICE)
            memcpy(s->dir, world.sessions[0].dir, sizeof s->dir);
        else
            s->dir[1].program = world.no_program;
        if (all[i] != SES_ADOPT_TORN)
            ses_seal(t, s);
        generation = s->generation;
        ses_table_close(t);
        t = open_table(2);
        assert_int_equal(adopt(t, NS, count), N - 1);
        assert_int_equal(count[all[i]], 1);
        assert_int_equal(world.taken, N - 1);
        assert_int_equal(ses_stats(t)->used, N - 1);
        assert_int_equal(s->state, SES_FREE);
        assert_int_equal(s->seal, 0);
        assert_ptr_equal(add(t, 40, &udp, NS), s);
        assert_int_equal(s->generation, generation + 1);
        assert_string_not_equal(ses_adoption_name(all[i]), "");
        ses_table_close(t);
        tear_down(state);
    }
    set_up(state);
}

/* More keys of one hash than a bucket's chain holds: those behind are let go. */
static uint64_t one_hash(void *arg, const struct hsr_key *key)
{
    (void)arg;
    (void)key;
    return 5;
}

static void test_full(void **state)
{
    enum { CHAIN = 40 };
    const struct ses_adopt how = {
        .now = NS, .hash = one_hash, .port = port, .context = context, .take = take};
    uint64_t count[SES_ADOPTIONS] = {0};

    (void)state;
    struct ses_table *t = open_table(1);
    const struct kind udp = {17, false, false, false, 1, 2, 5};

    for (uint32_t n = 0; n < CHAIN + 3; n++)
        add(t, n, &udp, NS);
    ses_table_close(t);
    t = open_table(2);
    ses_adopt(t, &how, count);
    assert_int_equal(count[SES_ADOPTED], CHAIN);
    assert_int_equal(count[SES_ADOPT_FULL], 3);
    ses_table_close(t);
}

/* Adopted again and again, as by processes that are killed as soon as they have begun. */
static void test_again(void **state)
{
    uint64_t count[SES_ADOPTIONS];

    (void)state;
    leave(CAPACITY, NS);
    for (uint8_t instance = 2; instance < 20; instance++) {
        struct ses_table *t = open_table(instance);

        assert_int_equal(adopt(t, 2 * NS, count), CAPACITY);
        ses_table_close(t);
    }
}

/* What a session can be said to be, and every list, queue and count, holds for whatever was adopted. */
static void expect_sound(struct ses_table *t, uint64_t adopted)
{
    uint32_t cursor = 0, used = 0, opened = 0;
    struct session *s;

    while ((s = ses_walk(t, &cursor)) != NULL) {
        struct hsr_key key;
        unsigned dir;

        used++;
        assert_true(ses_sealed(t, s));
        assert_true(s->origin < HSR_MAX_PORTS && s->origin != GONE);
        ses_key(t, s, false, &key);
        assert_ptr_equal(ses_find(t, ses_hash(t, s, false), &key, ses_initiator(s) != 0, &dir), s);
        assert_int_equal(dir, ses_initiator(s));
        assert_non_null(ses_state_name(s));
    }
    assert_int_equal(used, adopted);
    assert_int_equal(used, ses_stats(t)->used);
    for (uint16_t p = 0; p < HSR_MAX_PORTS; p++)
        opened += ses_port_count(t, p);
    assert_int_equal(opened, used);
}

static uint64_t random_state;

static uint64_t draw(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

/* One change of the memory: a bit, a byte, a record over another, a stretch of noise; perhaps with a seal that fits. */
static void doctor(struct ses_table *t)
{
    uint32_t at = (uint32_t)draw(CAPACITY);
    uint8_t *record = (uint8_t *)&world.sessions[at];

    switch (draw(5)) {
    case 0:
        record[draw(sizeof(struct session))] ^= (uint8_t)(1u << draw(8));
        break;
    case 1:
        record[draw(sizeof(struct session))] = (uint8_t)draw(256);
        break;
    case 2:
        memcpy(record, &world.sessions[draw(CAPACITY)], sizeof(struct session));
        break;
    case 3:
        for (size_t i = draw(sizeof(struct session)); i < sizeof(struct session); i++)
            record[i] = (uint8_t)draw(256);
        break;
    default:
        world.keys6[draw(CAPACITY * SES_KEY6_BYTES)] ^= (uint8_t)(1u << draw(8));
    }
    if (draw(2) == 0)
        ses_seal(t, (struct session *)record);
}

static void test_doctored(void **state)
{
    const struct kind udp = {17, false, false, false, 1, 2, 5};
    uint64_t count[SES_ADOPTIONS];
    uint64_t adopted = 0, others = 0;

    (void)state;
    for (unsigned round = 0; round < 400; round++) {
        random_state = round + 1;
        leave(CAPACITY - 4, NS);
        struct ses_table *t = open_table(1);

        for (uint64_t n = draw(40) + 1; n > 0; n--)
            doctor(t);
        ses_table_close(t);
        t = open_table(2);
        adopt(t, draw(100) * NS, count);
        expect_sound(t, count[SES_ADOPTED]);
        adopted += count[SES_ADOPTED];
        for (unsigned what = 1; what < SES_ADOPTIONS; what++)
            others += count[what];
        /* They live with others, and end. */
        for (uint32_t n = 200; n < 210 && ses_stats(t)->used < CAPACITY; n++)
            add(t, n, &udp, 100 * NS);
        for (unsigned s = 0; s < 4000 && ses_stats(t)->used > 0; s++)
            ses_expire(t, (100 + 10 * s) * NS, 100);
        assert_int_equal(ses_stats(t)->used, 0);
        ses_table_close(t);
        memset(world.sessions, 0, CAPACITY * sizeof(struct session));
        memset(world.keys6, 0, CAPACITY * SES_KEY6_BYTES);
    }
    assert_true(adopted > 10000);
    assert_true(others > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_deadlines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reasons, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_doctored, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

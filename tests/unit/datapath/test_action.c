/* SPDX-License-Identifier: Apache-2.0 */
/* Pools, programs and templates by themselves, actions in words and on vectors, and the neighbour table. */
#include "actions.h"
#include "datapath/neighbor.h"
#include "topology.h"

static void records_are_shared_and_counted(void **state)
{
    struct act_pool p;
    union act_record r = {.bytes = {1, 2, 3}};

    (void)state;
    assert_int_equal(act_pool_open(&p, "records", 8, 1, NULL), 0);
    uint32_t first = act_pool_get(&p, &r, 2);

    assert_int_not_equal(first, ACT_NONE);
    assert_int_equal(act_pool_get(&p, &r, 2), first);
    assert_int_equal(p.used, 1);
    assert_int_equal(act_pool_refs(&p, first), 2);
    /* What is not given is zero: a longer record that ends in zeroes is the same one. */
    assert_int_equal(act_pool_get(&p, &r, ACT_RECORD_WORDS), first);
    r.bytes[ACT_RECORD_BYTES - 1] = 1; /* the last byte tells records apart */
    uint32_t other = act_pool_get(&p, &r, ACT_RECORD_WORDS);

    assert_true(other != first && other != ACT_NONE);
    assert_memory_equal(&p.record[other], &r, sizeof r);
    assert_int_equal(act_pool_get(&p, &r, ACT_RECORD_WORDS - 1), first); /* if it is looked at */
    assert_false(act_pool_put(&p, first));
    assert_true(act_pool_put(&p, other));
    assert_memory_equal(&p.record[other], &r, sizeof r);
    assert_false(act_pool_put(&p, first));
    assert_false(act_pool_put(&p, first));
    assert_int_equal(p.used, 1);
    assert_true(act_pool_put(&p, first));
    assert_int_equal(p.used, 0);
    assert_false(act_pool_put(&p, first)); /* one too many changes nothing */
    assert_false(act_pool_put(&p, ACT_NONE));
    assert_false(act_pool_put(&p, 9));
    assert_false(act_pool_put(&p, UINT32_MAX));
    assert_int_equal(p.used, 0);
    /* The place of a long record does not show behind a short one. */
    r = (union act_record){.bytes = {7}};
    first = act_pool_get(&p, &r, 1);
    other = act_pool_get(&p, &(union act_record){.bytes = {8}}, 1);
    assert_memory_equal(&p.record[first], &r, sizeof r);
    assert_int_equal(p.record[other].bytes[ACT_RECORD_BYTES - 1], 0);
    act_pool_close(&p);
    act_pool_close(&p);
}

/* Chains of several, full, and freed in any order. */
static void records_run_out_and_come_back(void **state)
{
    enum { N = 60 };
    struct act_pool p;
    uint32_t index[N];
    union act_record r = {.word = {0}};

    (void)state;
    assert_int_equal(act_pool_open(&p, "records", N, 1, NULL), 0);
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < N; i++) {
            r.word[0] = i * 7919 + round + 1;
            index[i] = act_pool_get(&p, &r, 1);
            assert_true(index[i] != ACT_NONE && index[i] <= N);
        }
        r.word[0] = UINT64_MAX;
        assert_int_equal(act_pool_get(&p, &r, 1), ACT_NONE);
        r.word[0] = 7919 + round + 1; /* one that is there can still be had */
        assert_int_equal(act_pool_get(&p, &r, 1), index[1]);
        act_pool_put(&p, index[1]);
        for (uint32_t i = 0; i < N; i++)
            assert_true(act_pool_put(&p, index[(i * 37 + round) % N]));
        assert_int_equal(p.used, 0);
    }
    act_pool_close(&p);
}

static uint32_t longest_chain(const struct act_pool *p)
{
    uint32_t longest = 0;

    for (uint32_t b = 0; b <= p->mask; b++) {
        uint32_t n = 0;

        for (uint32_t i = p->bucket[b]; i != ACT_NONE; i = p->link[i].next)
            n++;
        longest = n > longest ? n : longest;
    }
    return longest;
}

/* Fault 43: MACs chosen for one chain share none under another seed. */
static void pools_have_a_secret(void **state)
{
    enum { CAPACITY = 1000, WANTED = 100 };
    struct act_pool known, secret;
    union act_record macs = {.word = {0}};
    uint32_t found = 0;

    (void)state;
    assert_int_equal(act_pool_open(&known, "records", CAPACITY, 1, NULL), 0);
    assert_int_equal(act_pool_open(&secret, "records", CAPACITY, 0x123456789ABCDEF, NULL), 0);
    for (uint32_t i = 1; found < WANTED; i++) {
        fr_put32(macs.bytes + 8, i);
        uint32_t at = act_pool_get(&known, &macs, 2);

        if (known.bucket[7] != at) {
            act_pool_put(&known, at);
            continue;
        }
        assert_int_not_equal(act_pool_get(&secret, &macs, 2), ACT_NONE);
        found++;
    }
    assert_int_equal(longest_chain(&known), WANTED);
    assert_true(longest_chain(&secret) < 10);
    act_pool_close(&known);
    act_pool_close(&secret);
}

/* ---- programs ---- */

static uint32_t template(struct act_store *s, uint8_t number)
{
    union act_record r = {.bytes = {number, [ACT_RECORD_BYTES - 1] = number}};
    uint32_t index = act_template_get(s, &r, sizeof r);

    assert_int_not_equal(index, ACT_NONE);
    assert_memory_equal(act_template(s, index), &r, sizeof r);
    return index;
}

/* Eth, encap, output, with templates of these numbers. */
static union act_record build(struct act_store *s, uint8_t eth, uint8_t outer, uint16_t port)
{
    return (union act_record){
        .program = {.action = {{.op = ACT_ETH, .arg32 = template(s, eth)},
                               {.op = ACT_ENCAP, .arg16 = 50, .arg32 = template(s, outer)},
                               {.op = ACT_OUTPUT, .arg16 = port}}}};
}

static uint32_t share(struct act_store *s, uint8_t eth, uint8_t outer, uint16_t port)
{
    union act_record program = build(s, eth, outer, port);

    return act_program_get(s, &program);
}

static void programs_hold_their_templates(void **state)
{
    struct act_store s;

    (void)state;
    assert_int_equal(act_store_open(&s, 4, 1, NULL), 0);
    uint32_t one = share(&s, 1, 2, 7), again = share(&s, 1, 2, 7), other = share(&s, 1, 3, 7);
    uint32_t eth = template(&s, 1);

    assert_true(one == again && one != other && one != ACT_NONE && other != ACT_NONE);
    assert_int_equal(s.programs.used, 2);
    assert_int_equal(s.templates.used, 3);
    /* Two programs and this test, however many sessions share the programs. */
    assert_int_equal(act_pool_refs(&s.templates, eth), 3);
    act_template_put(&s, eth);
    act_program_put(&s, one);
    assert_int_equal(s.templates.used, 3);
    act_program_put(&s, one);
    assert_int_equal(s.programs.used, 1);
    assert_int_equal(s.templates.used, 2);
    act_program_put(&s, one); /* one too many */
    act_program_put(&s, ACT_NONE);
    assert_int_equal(s.templates.used, 2);
    act_program_put(&s, other);
    assert_int_equal(s.programs.used + s.templates.used, 0);

    union act_record unshared = build(&s, 4, 5, 6), empty = {.word = {0}};

    act_program_drop(&s, &unshared.program);
    assert_int_equal(s.templates.used, 0);
    assert_int_equal(act_program_get(&s, &empty), ACT_NONE);
    act_store_close(&s);
}

/* What the capacity is for: as many sessions as were asked for, no two alike, and more for what is made anew. */
static void store_has_room_for_all_sessions(void **state)
{
    enum { SESSIONS = 20 };
    struct act_store s;
    uint32_t program[2 * SESSIONS + 2], full, turned_away = 0;

    (void)state;
    assert_int_equal(act_store_open(&s, SESSIONS, 1, NULL), 0);
    for (unsigned i = 0; i < 2 * SESSIONS + 2; i++) {
        program[i] = share(&s, (uint8_t)(2 * i + 1), (uint8_t)(2 * i + 2), (uint16_t)i);
        assert_int_not_equal(program[i], ACT_NONE);
    }
    full = s.templates.used;
    assert_int_equal(full, 2 * s.programs.used);
    /* Until it is full: then the references to templates come back. */
    for (uint16_t port = 1000; turned_away == 0; port++)
        turned_away += share(&s, 1, 2, port) == ACT_NONE;
    assert_int_equal(s.templates.used, full);
    for (uint32_t i = 0; i < 2 * SESSIONS + 2; i++)
        act_program_put(&s, program[i]);
    assert_int_equal(s.templates.used, 2); /* the port programs' */
    act_store_close(&s);
}

/* As many actions as there is room for. */
static void longest_program(void **state)
{
    struct act_store s;
    union act_record r = {.word = {0}};
    struct ses_dir dir = {0};
    char text[96];
    unsigned n = 0;

    (void)state;
    assert_int_equal(act_store_open(&s, 4, 1, NULL), 0);
    for (unsigned i = 0; i < ACT_ACTIONS; i++)
        r.program.action[i] = (struct act_action){.op = ACT_ETH, .arg32 = template(&s, 1)};
    dir.program = act_program_get(&s, &r);
    assert_int_equal(act_pool_refs(&s.templates, r.program.action[0].arg32), ACT_ACTIONS);

    static uint8_t slot[HSR_SLOT_SIZE];
    struct act_packet packet = {.slot = slot};
    struct act_vector v = {.packet = &packet, .end = &packet + 1, .store = &s, .dir = &dir};

    act_run(&v, act_program(&s, dir.program));
    assert_int_equal(slot[0], 1);
    while (act_describe(&s, &dir, n, text, sizeof text))
        n++;
    assert_int_equal(n, ACT_ACTIONS);
    act_program_put(&s, dir.program);
    assert_int_equal(s.programs.used + s.templates.used, 0);
    act_store_close(&s);
}

/* ---- memory ---- */

struct arena {
    void *memory[2]; /* programs, templates */
    unsigned gets, puts, fail_at;
};

static void *arena_get(void *arg, const char *name, size_t size)
{
    struct arena *a = arg;
    unsigned which = strcmp(name, "templates") == 0;

    if (!which)
        assert_string_equal(name, "programs");
    if (++a->gets == a->fail_at) {
        errno = ENOMEM;
        return NULL;
    }
    a->memory[which] = aligned_alloc(HSR_CACHE_LINE, size);
    assert_non_null(a->memory[which]);
    memset(a->memory[which], 0, size);
    return a->memory[which];
}

static void arena_put(void *arg, void *memory, size_t size)
{
    struct arena *a = arg;

    (void)size;
    a->puts += memory != NULL;
    free(memory);
}

/* Records lie in the memory they were given, and nothing else does. */
static void store_in_memory_of_others(void **state)
{
    struct arena arena = {.fail_at = 0};
    struct ses_memory memory = {.get = arena_get, .put = arena_put, .arg = &arena};
    struct act_store s;

    (void)state;
    assert_int_equal(act_store_open(&s, 4, 1, &memory), 0);
    assert_int_equal(arena.gets, 2);
    const union act_record *programs = arena.memory[0], *templates = arena.memory[1];
    uint32_t index = share(&s, 1, 2, 3);

    assert_ptr_equal(act_program(&s, index), &programs[index].program);
    assert_int_equal(programs[index].program.action[2].arg16, 3);
    assert_int_equal(templates[programs[index].program.action[1].arg32].bytes[0], 2);
    act_program_put(&s, index);
    act_store_close(&s);
    assert_int_equal(arena.puts, 2);
    for (unsigned at = 1; at <= 2; at++) {
        arena = (struct arena){.fail_at = at};
        assert_int_equal(act_store_open(&s, 4, 1, &memory), -ENOMEM);
        assert_int_equal(arena.puts, at - 1);
        act_store_close(&s);
        assert_int_equal(arena.puts, at - 1);
    }
}

/* ---- vectors ---- */

/* A packet that an earlier action dropped is left as it was; no program does nothing. */
static void dropped_packets_are_left_alone(void **state)
{
    enum { N = 3, DEAD = 1 };
    static uint8_t slot[N][HSR_SLOT_SIZE];
    struct act_store s;
    struct act_packet packet[N];

    (void)state;
    assert_int_equal(act_store_open(&s, 4, 1, NULL), 0);
    for (unsigned i = 0; i < N; i++) {
        memset(slot[i], 0xEE, sizeof slot[i]);
        packet[i] = (struct act_packet){.slot = slot[i],
                                        .frame_off = HSR_SLOT_FRAME,
                                        .frame_len = 100,
                                        .l3 = 14,
                                        .l4 = 34,
                                        .egress = HSR_NO_PORT};
        packet[i].meta.class = HSR_CLASS_UDP;
    }
    packet[DEAD].drop = HSR_DROP_TCP_STATE;

    struct act_packet was[N];
    struct act_vector v = {.packet = packet, .end = packet + N, .store = &s};
    struct act_program all = {.action = {{.op = ACT_DECAP},
                                         {.op = ACT_ETH, .arg32 = template(&s, 1)},
                                         {.op = ACT_TTL},
                                         {.op = ACT_ENCAP, .arg16 = 50, .arg32 = template(&s, 2)},
                                         {.op = ACT_OUTPUT, .arg16 = 4}}};

    memcpy(was, packet, sizeof was);
    act_run(&v, act_program(&s, ACT_NONE));
    assert_memory_equal(packet, was, sizeof was);
    act_run(&v, &all);
    for (unsigned i = 0; i < N; i++) {
        if (i == DEAD) {
            for (unsigned b = 0; b < sizeof slot[i]; b++)
                assert_int_equal(slot[i][b], 0xEE);
            assert_int_equal(packet[i].frame_off, HSR_SLOT_FRAME);
            assert_int_equal(packet[i].drop, HSR_DROP_TCP_STATE);
            continue;
        }
        assert_int_equal(packet[i].egress, 4);
        assert_int_equal(packet[i].frame_len, 150);
        assert_int_equal(act_frame(&packet[i])[50], 1); /* the inner destination's first byte */
        assert_int_equal(slot[i][HSR_SLOT_FRAME + 14 + 8], 0xED);
    }
    act_program_drop(&s, &all);
    act_store_close(&s);
}

/* ---- words ---- */

static void describe(const struct act_store *s, struct act_action a, const char *want)
{
    char text[96];

    act_table[a.op]->describe(&a, s, &(struct ses_dir){0}, text, sizeof text);
    assert_string_equal(text, want);
}

static void actions_in_words(void **state)
{
    struct act_store s;
    struct ses_dir dir = {0};
    char text[96];

    (void)state;
    assert_int_equal(act_store_open(&s, 8, 1, NULL), 0);
    describe(&s, (struct act_action){.op = ACT_DECAP}, "decap");
    describe(&s, (struct act_action){.op = ACT_TTL}, "ttl -1");
    describe(&s, (struct act_action){.op = ACT_OUTPUT, .arg16 = 7}, "output port 7");
    assert_false(act_describe(&s, &dir, 0, text, sizeof text));
    dir.program = share(&s, 9, 8, 7);
    assert_true(act_describe(&s, &dir, 0, text, sizeof text));
    assert_string_equal(text, "eth dst 09:00:00:00:00:00 src 00:00:00:00:00:00");
    assert_true(act_describe(&s, &dir, 2, text, sizeof text));
    assert_string_equal(text, "output port 7");
    assert_false(act_describe(&s, &dir, 3, text, sizeof text));
    act_program_put(&s, dir.program);
    act_store_close(&s);
}

/* Each member of the enum has its table under its own number. */
static void every_action_is_listed(void **state)
{
    (void)state;
    for (unsigned op = ACT_END + 1; op < ACT_OPS; op++) {
        assert_non_null(act_table[op]);
        assert_non_null(act_table[op]->run);
        assert_non_null(act_table[op]->describe);
    }
    assert_string_equal(act_table[ACT_DECAP]->name, "decap");
    assert_string_equal(act_table[ACT_OUTPUT]->name, "output");
}

/* ---- neighbours ---- */

static struct dp_hop hop(uint32_t addr)
{
    struct dp_hop h = {.addr.family = 4, .port = 3};

    hsr_store32(h.addr.bytes, addr);
    return h;
}

static uint64_t mac_of(const struct dp_neighbors *n, const struct dp_hop *h)
{
    return dp_neighbor_find(n, h).mac48;
}

static void neighbours(void **state)
{
    static struct dp_neighbors n;
    struct dp_hop five = hop(5), elsewhere = five;
    uint64_t second = DP_NEIGHBOR_HOLD_NS;

    (void)state;
    dp_neighbor_learn(&n, &five, 0x020000000001, 0); /* nobody asked */
    assert_int_equal(dp_neighbor_find(&n, &five).state, DP_NEIGHBOR_FREE);
    assert_int_equal(n.changes, 0);
    assert_int_equal(dp_neighbor_ask(&n, &five, 1, 0), DP_ASKED_ASK);
    assert_int_equal(dp_neighbor_ask(&n, &five, 1, 999999999), DP_ASKED);
    assert_int_equal(dp_neighbor_find(&n, &five).state, DP_NEIGHBOR_INCOMPLETE);
    dp_neighbor_learn(&n, &five, 0x030000000001, 7); /* a group's */
    dp_neighbor_learn(&n, &five, 0, 7);
    elsewhere.port = 4;
    dp_neighbor_learn(&n, &elsewhere, 0x020000000001, 7); /* on another link */
    assert_int_equal(n.changes, 0);
    dp_neighbor_learn(&n, &five, 0x020000000001, 7);
    assert_int_equal(mac_of(&n, &five), 0x020000000001);
    assert_int_equal(n.changes, 1);
    assert_int_equal(n.moves, 0); /* it had none */
    dp_neighbor_learn(&n, &five, 0x020000000001, 8);
    assert_int_equal(n.changes, 1);
    dp_neighbor_learn(&n, &five, 0x020000000002, 6 + second);
    assert_int_equal(mac_of(&n, &five), 0x020000000001);
    dp_neighbor_learn(&n, &five, 0, 7 + second);
    assert_int_equal(mac_of(&n, &five), 0x020000000001);
    dp_neighbor_learn(&n, &five, 0x020000000002, 7 + second);
    assert_int_equal(mac_of(&n, &five), 0x020000000002);
    assert_int_equal(dp_neighbor_find(&n, &five).state, DP_NEIGHBOR_STALE);
    assert_int_equal(n.changes, 2);
    assert_int_equal(n.moves, 1);
}

/* The entry that is due, if there is one; it is asked at `*mac`. */
static bool due(struct dp_neighbors *n, uint64_t now, uint64_t *mac)
{
    struct dp_hop asked, five = hop(5);
    unsigned times = 0;

    for (uint32_t i = 0; i < DP_NEIGHBORS; i++) {
        if (!dp_neighbor_due(n, i, now, &asked, mac))
            continue;
        assert_true(cfg_addr_equal(&asked.addr, &five.addr));
        assert_int_equal(asked.port, five.port);
        times++;
    }
    assert_true(times <= 1);
    return times == 1;
}

/* RFC 4861, 7.3: not heard of for long, asked at its own address, given up, asked now and then, found again. */
static void neighbours_age(void **state)
{
    static struct dp_neighbors n;
    struct dp_hop five = hop(5);
    uint64_t now = 1, mac, second = DP_NEIGHBOR_ASK_NS;

    (void)state;
    dp_neighbor_ask(&n, &five, 1, now);
    assert_false(due(&n, now, &mac));
    for (unsigned i = 1; i < DP_NEIGHBOR_TRIES; i++) {
        assert_true(due(&n, now += second, &mac));
        assert_int_equal(mac, 0);
    }
    assert_false(due(&n, now += second, &mac));
    assert_int_equal(dp_neighbor_find(&n, &five).state, DP_NEIGHBOR_FAILED);
    assert_int_equal(n.changes, 1);
    assert_int_equal(n.moves, 0);
    assert_false(due(&n, now + DP_NEIGHBOR_RETRY_NS - 1, &mac));
    assert_true(due(&n, now += DP_NEIGHBOR_RETRY_NS, &mac));
    dp_neighbor_learn(&n, &five, 0x020000000001, now);
    assert_int_equal(dp_neighbor_find(&n, &five).state, DP_NEIGHBOR_REACHABLE);
    assert_int_equal(n.changes, 2);
    assert_false(due(&n, now + DP_NEIGHBOR_REACHABLE_NS - 1, &mac));
    assert_true(due(&n, now += DP_NEIGHBOR_REACHABLE_NS, &mac));
    assert_int_equal(mac, 0x020000000001);
    assert_int_equal(dp_neighbor_find(&n, &five).state, DP_NEIGHBOR_PROBE);
    assert_int_equal(mac_of(&n, &five), 0x020000000001);
    dp_neighbor_learn(&n, &five, 0x020000000001, now);
    assert_int_equal(dp_neighbor_find(&n, &five).state, DP_NEIGHBOR_REACHABLE);
    assert_int_equal(n.changes, 2);
    now += DP_NEIGHBOR_REACHABLE_NS;
    for (unsigned i = 0; i < DP_NEIGHBOR_TRIES; i++)
        assert_true(due(&n, now += second, &mac));
    assert_false(due(&n, now += second, &mac));
    assert_int_equal(mac_of(&n, &five), 0);
    assert_int_equal(n.changes, 3);
    assert_int_equal(n.moves, 2); /* found again, and lost */
}

static void neighbours_full(void **state)
{
    static struct dp_neighbors n;
    uint32_t kept = 0;

    (void)state;
    for (uint32_t a = 1; a <= 2 * DP_NEIGHBORS; a++) {
        struct dp_hop h = hop(a);

        dp_neighbor_ask(&n, &h, 1, 1);
        dp_neighbor_learn(&n, &h, 0x020000000000 + a, 1);
    }
    for (uint32_t a = 1; a <= 2 * DP_NEIGHBORS; a++) {
        struct dp_hop h = hop(a);
        uint64_t mac = mac_of(&n, &h);

        assert_true(mac == 0 || mac == UINT64_C(0x020000000000) + a);
        kept += mac != 0;
    }
    assert_int_equal(kept + n.full, 2 * DP_NEIGHBORS);
    assert_true(kept > DP_NEIGHBORS * 3 / 4 && kept <= DP_NEIGHBORS);
}

/* One that asks for many leaves others room; what is answered, given up or forgotten is no question any more. */
static void neighbours_by_port(void **state)
{
    static struct dp_neighbors n;
    uint64_t mac, now = 1;
    struct dp_hop h;

    (void)state;
    for (uint32_t a = 1; a <= 2 * DP_NEIGHBOR_OPEN; a++) {
        h = hop(a);
        assert_int_equal(dp_neighbor_ask(&n, &h, 1, now),
                         a <= DP_NEIGHBOR_OPEN ? DP_ASKED_ASK : DP_ASKED_QUOTA);
    }
    assert_int_equal(dp_neighbor_ask(&n, &h, 2, now), DP_ASKED_ASK);
    h = hop(1);
    dp_neighbor_learn(&n, &h, 0x020000000001, now);
    assert_int_equal(n.open[1], DP_NEIGHBOR_OPEN - 1);
    dp_neighbor_learn(&n, &h, 0x020000000001, now);
    assert_int_equal(n.open[1], DP_NEIGHBOR_OPEN - 1);
    for (unsigned i = 0; i < DP_NEIGHBOR_TRIES; i++) {
        now += DP_NEIGHBOR_ASK_NS;
        for (uint32_t at = 0; at < DP_NEIGHBORS; at++)
            dp_neighbor_due(&n, at, now, &h, &mac);
    }
    assert_int_equal(n.open[1], 0);
    assert_int_equal(n.open[2], 0);
    h = hop(1000);
    assert_int_equal(dp_neighbor_ask(&n, &h, 1, now), DP_ASKED_ASK);
    for (uint32_t at = 0; at < DP_NEIGHBORS; at++)
        dp_neighbor_forget(&n, at);
    assert_int_equal(n.open[1], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_shared_and_counted),
        cmocka_unit_test(records_run_out_and_come_back),
        cmocka_unit_test(pools_have_a_secret),
        cmocka_unit_test(programs_hold_their_templates),
        cmocka_unit_test(store_has_room_for_all_sessions),
        cmocka_unit_test(longest_program),
        cmocka_unit_test(store_in_memory_of_others),
        cmocka_unit_test(dropped_packets_are_left_alone),
        cmocka_unit_test(actions_in_words),
        cmocka_unit_test(every_action_is_listed),
        cmocka_unit_test(neighbours),
        cmocka_unit_test(neighbours_age),
        cmocka_unit_test(neighbours_full),
        cmocka_unit_test(neighbours_by_port),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Templates and the neighbour table by themselves, and actions in words. */
#include "action/action.h"
#include "datapath/neighbor.h"
#include "topology.h"

static void templates_are_shared_and_counted(void **state)
{
    struct act_templates t;
    uint8_t bytes[64] = {1, 2, 3};

    (void)state;
    assert_int_equal(act_templates_open(&t, 8, 1), 0);
    uint32_t first = act_template_get(&t, bytes, 12);

    assert_int_equal(act_template_get(&t, bytes, 12), first);
    assert_int_equal(t.used, 1);
    /* Unused bytes are zero: a longer template that ends in zeroes is the same one. */
    assert_int_equal(act_template_get(&t, bytes, 64), first);
    act_template_put(&t, first);
    act_template_put(&t, first);
    assert_int_equal(t.used, 1);
    act_template_put(&t, first);
    assert_int_equal(t.used, 0);
    act_template_put(&t, first); /* one too many changes nothing */
    act_template_put(&t, 8);
    act_template_put(&t, ACT_TEMPLATE_NONE);
    assert_int_equal(t.used, 0);
    act_templates_close(&t);
}

/* Chains of several, full, and freed in any order. */
static void templates_run_out_and_come_back(void **state)
{
    enum { N = 64 };
    struct act_templates t;
    uint32_t index[N];
    uint8_t bytes[4] = {0};

    (void)state;
    assert_int_equal(act_templates_open(&t, N, 1), 0);
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < N; i++) {
            fr_put32(bytes, i * 7919 + round);
            index[i] = act_template_get(&t, bytes, 4);
            assert_true(index[i] < N);
        }
        fr_put32(bytes, 0xFFFFFFFF);
        assert_int_equal(act_template_get(&t, bytes, 4), ACT_TEMPLATE_NONE);
        fr_put32(bytes, 7919 + round); /* one that is there can still be had */
        assert_int_equal(act_template_get(&t, bytes, 4), index[1]);
        act_template_put(&t, index[1]);
        for (uint32_t i = 0; i < N; i++)
            act_template_put(&t, index[(i * 37 + round) % N]);
        assert_int_equal(t.used, 0);
    }
    act_templates_close(&t);
}

static void describe(const struct act_templates *t, struct ses_action a, const char *want)
{
    char text[96];

    act_table[a.op]->describe(&a, t, text, sizeof text);
    assert_string_equal(text, want);
}

static void actions_in_words(void **state)
{
    struct act_templates t;

    (void)state;
    assert_int_equal(act_templates_open(&t, 8, 1), 0);
    describe(&t, (struct ses_action){.op = ACT_DECAP}, "decap");
    describe(&t, (struct ses_action){.op = ACT_TTL}, "ttl -1");
    describe(&t, (struct ses_action){.op = ACT_OUTPUT, .arg16 = 7}, "output port 7");
    act_templates_close(&t);
}

static uint32_t longest_chain(const struct act_templates *t)
{
    uint32_t longest = 0;

    for (uint32_t b = 0; b < t->capacity; b++) {
        uint32_t n = 0;

        for (uint32_t i = t->bucket[b]; i != ACT_TEMPLATE_NONE; i = t->next[i])
            n++;
        longest = n > longest ? n : longest;
    }
    return longest;
}

/* MACs chosen for one chain share none under another seed. */
static void templates_have_a_secret(void **state)
{
    enum { CAPACITY = 1024, WANTED = 100 };
    struct act_templates known, secret;
    uint8_t macs[12] = {0};
    uint32_t found = 0;

    (void)state;
    assert_int_equal(act_templates_open(&known, CAPACITY, 1), 0);
    assert_int_equal(act_templates_open(&secret, CAPACITY, 0x123456789ABCDEF), 0);
    for (uint32_t i = 0; found < WANTED; i++) {
        fr_put32(macs + 8, i);
        uint32_t at = act_template_get(&known, macs, sizeof macs);

        if (known.bucket[7] != at) {
            act_template_put(&known, at);
            continue;
        }
        assert_int_not_equal(act_template_get(&secret, macs, sizeof macs), ACT_TEMPLATE_NONE);
        found++;
    }
    assert_int_equal(longest_chain(&known), WANTED);
    assert_true(longest_chain(&secret) < 10);
    act_templates_close(&known);
    act_templates_close(&secret);
}

static void neighbours(void **state)
{
    static struct dp_neighbors n;

    (void)state;
    assert_int_equal(dp_neighbor_find(&n, 5), 0);
    dp_neighbor_learn(&n, 5, 0x020000000001, 0); /* nobody asked */
    assert_int_equal(dp_neighbor_find(&n, 5), 0);
    assert_int_equal(n.changes, 0);
    assert_true(dp_neighbor_ask(&n, 5, 0));
    assert_false(dp_neighbor_ask(&n, 5, 999999999));
    assert_true(dp_neighbor_ask(&n, 5, 1000000001));
    assert_int_equal(dp_neighbor_find(&n, 5), 0);
    dp_neighbor_learn(&n, 5, 0x030000000001, 7); /* a group's */
    dp_neighbor_learn(&n, 5, 0, 7);
    assert_int_equal(n.changes, 0);
    dp_neighbor_learn(&n, 5, 0x020000000001, 7);
    assert_int_equal(dp_neighbor_find(&n, 5), 0x020000000001);
    assert_int_equal(n.changes, 1);
    dp_neighbor_learn(&n, 5, 0x020000000001, 8);
    assert_int_equal(n.changes, 1);
    dp_neighbor_learn(&n, 5, 0x020000000002, 6 + DP_NEIGHBOR_HOLD_NS);
    assert_int_equal(dp_neighbor_find(&n, 5), 0x020000000001);
    dp_neighbor_learn(&n, 5, 0, 7 + DP_NEIGHBOR_HOLD_NS);
    assert_int_equal(dp_neighbor_find(&n, 5), 0x020000000001);
    dp_neighbor_learn(&n, 5, 0x020000000002, 7 + DP_NEIGHBOR_HOLD_NS);
    assert_int_equal(dp_neighbor_find(&n, 5), 0x020000000002);
    assert_int_equal(n.changes, 2);
    dp_neighbor_learn(&n, 0, 0x020000000002, 0);
    assert_false(dp_neighbor_ask(&n, 0, 5));
    assert_int_equal(dp_neighbor_find(&n, 0), 0);
    assert_int_equal(n.changes, 2);
}

static void neighbours_full(void **state)
{
    static struct dp_neighbors n;
    uint32_t kept = 0;

    (void)state;
    for (uint32_t a = 1; a <= 2 * DP_NEIGHBORS; a++) {
        dp_neighbor_ask(&n, a, 1);
        dp_neighbor_learn(&n, a, 0x020000000000 + a, 1);
    }
    for (uint32_t a = 1; a <= 2 * DP_NEIGHBORS; a++) {
        uint64_t mac = dp_neighbor_find(&n, a);

        assert_true(mac == 0 || mac == UINT64_C(0x020000000000) + a);
        kept += mac != 0;
    }
    assert_int_equal(kept + n.full, 2 * DP_NEIGHBORS);
    assert_true(kept > DP_NEIGHBORS * 3 / 4 && kept <= DP_NEIGHBORS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates_are_shared_and_counted),
        cmocka_unit_test(templates_run_out_and_come_back),
        cmocka_unit_test(templates_have_a_secret),
        cmocka_unit_test(actions_in_words),
        cmocka_unit_test(neighbours),
        cmocka_unit_test(neighbours_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

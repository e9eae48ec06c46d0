/* SPDX-License-Identifier: Apache-2.0 */
#include "hsr_test.h"

#include <string.h>

#include "hsring/flow_id.h"
#include "hsring/key.h"

enum { ROUNDS = 10000 };

static void v4_words_and_order(void **state)
{
    struct hsr_key key;

    (void)state;
    assert_false(hsr_key4(&key, 0x0A000001, 0x0A000002, 1000, 80, 6, 0x123456, true));
    assert_int_equal(key.w[0], UINT64_C(0x0A0000010A000002));
    assert_int_equal(key.w[1], UINT64_C(0x03E8005012345606));
    assert_true(hsr_key4(&key, 0x0A000002, 0x0A000001, 80, 1000, 6, 0x123456, false));
    assert_int_equal(key.w[0], UINT64_C(0x0A0000010A000002));
    assert_int_equal(key.w[1], UINT64_C(0x03E8005012345606));
    assert_false(key.ipv6);
    /* The same address: the port decides. */
    assert_true(hsr_key4(&key, 7, 7, 9, 8, 17, 0, false));
    assert_int_equal(hsr_key_port(key.w[1], false), 8);
    assert_int_equal(hsr_key_port(key.w[1], true), 9);
}

static void parts_of_the_tail(void **state)
{
    struct hsr_key key;

    (void)state;
    hsr_key4(&key, 1, 2, 3, 4, 132, 0xFFABCDEF, false);
    assert_int_equal(hsr_key_proto(hsr_key_tail(&key)), 132);
    assert_int_equal(hsr_key_context(hsr_key_tail(&key)), 0xABCDEF);
}

static void equal_end_points(void **state)
{
    uint8_t a[16] = {0x20, 1};
    struct hsr_key k0;
    struct hsr_key k1;

    (void)state;
    assert_false(hsr_key4(&k0, 5, 5, 6, 6, 6, 0, false));
    assert_true(hsr_key4(&k1, 5, 5, 6, 6, 6, 0, true));
    assert_memory_equal(k0.w, k1.w, HSR_KEY4_WORDS * sizeof k0.w[0]);
    assert_false(hsr_key6(&k0, a, a, 6, 6, 6, 0, false));
    assert_true(hsr_key6(&k1, a, a, 6, 6, 6, 0, true));
    assert_memory_equal(k0.w, k1.w, sizeof k0.w);
}

static void v6_order_by_each_part(void **state)
{
    static const struct {
        unsigned byte;
        uint16_t sport, dport;
    } cases[] = {{0, 1, 2}, {7, 1, 2}, {8, 1, 2}, {15, 1, 2}, {16, 2, 1}};

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t high[17] = {0};
        uint8_t low[17] = {0};
        struct hsr_key key;

        high[cases[i].byte] = 1;
        assert_true(hsr_key6(&key, high, low, cases[i].sport, cases[i].dport, 6, 9, false));
        assert_true(key.ipv6);
        assert_int_equal(key.w[0], hsr_load64(low));
        assert_int_equal(key.w[2], hsr_load64(high));
        assert_int_equal(key.w[3], hsr_load64(high + 8));
        assert_int_equal(hsr_key_port(key.w[4], true), cases[i].sport);
        assert_false(hsr_key6(&key, low, high, cases[i].dport, cases[i].sport, 6, 9, false));
    }
}

/* Both directions of a flow make one key, and exactly one of them is swapped. */
static void directions_meet(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint8_t a[36];
        struct hsr_key there = {0};
        struct hsr_key back = {0};

        test_random_bytes(&seed, a, sizeof a);
        if (i % 4 == 0)
            memcpy(a + 16, a, 16);
        uint16_t sp = hsr_load16(a + 32);
        uint16_t dp = hsr_load16(a + 34);
        bool s0 = hsr_key6(&there, a, a + 16, sp, dp, 6, i, false);
        bool s1 = hsr_key6(&back, a + 16, a, dp, sp, 6, i, true);
        assert_int_not_equal(s0, s1);
        assert_memory_equal(there.w, back.w, sizeof there.w);
        s0 = hsr_key4(&there, hsr_load32(a), hsr_load32(a + 16), sp, dp, 17, i, false);
        s1 = hsr_key4(&back, hsr_load32(a + 16), hsr_load32(a), dp, sp, 17, i, true);
        assert_int_not_equal(s0, s1);
        assert_memory_equal(there.w, back.w, HSR_KEY4_WORDS * sizeof there.w[0]);
    }
}

static void flow_id_parts(void **state)
{
    uint64_t id = hsr_flow_id(0xA5, 0x0F, 0x7ABC, 0x1FEDCBA, HSR_FLOW_NO_SLICE);

    (void)state;
    assert_int_equal(hsr_flow_instance(id), 0xA5);
    assert_int_equal(hsr_flow_worker(id), 0x0F);
    assert_int_equal(hsr_flow_gen(id), 0x7ABC);
    assert_int_equal(hsr_flow_index(id), 0x1FEDCBA);
    assert_int_equal(id & 0xFF, HSR_FLOW_NO_SLICE);
    assert_int_equal(hsr_flow_home(id), 0);
    assert_int_equal(hsr_flow_home(id | HSR_FLOW_HOME), HSR_FLOW_HOMES - 1);
    /* Parts that are too large must not leak into their neighbours. */
    assert_int_equal(hsr_flow_id(0, 0, UINT32_MAX, 0, 0), UINT64_C(0x0000FFFE00000000));
    assert_int_equal(hsr_flow_id(0, 0, 0, UINT32_MAX, 0), UINT64_C(0x00000001FFFFFF00));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v4_words_and_order), cmocka_unit_test(parts_of_the_tail),
        cmocka_unit_test(equal_end_points),   cmocka_unit_test(v6_order_by_each_part),
        cmocka_unit_test(directions_meet),    cmocka_unit_test(flow_id_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "preproc/agg.h"

#define HELD 256

static struct pp_agg agg;
static struct hsr_rx_meta meta[HELD];
static uint64_t outer6[2];
static struct pp_agg_item *out[HSR_MAX_VECTOR];

static int setup(void **state)
{
    (void)state;
    memset(meta, 0, sizeof meta);
    memset(outer6, 0, sizeof outer6);
    for (unsigned i = 0; i < HELD; i++)
        meta[i].class = HSR_CLASS_UDP;
    return pp_agg_open(&agg, HELD, HSR_MAX_VECTOR);
}

static int teardown(void **state)
{
    (void)state;
    pp_agg_close(&agg);
    return 0;
}

static void test_open(void **state)
{
    struct pp_agg other;

    (void)state;
    assert_int_equal(pp_agg_open(&other, 0, 1), -EINVAL);
    assert_int_equal(pp_agg_open(&other, 65536, 1), -EINVAL);
    assert_int_equal(pp_agg_open(&other, 1, 0), -EINVAL);
    assert_int_equal(pp_agg_open(&other, 1, 17), -EINVAL);
    assert_int_equal(pp_agg_open(&other, 65535, 16), 0);
    assert_int_equal(pp_agg_take(&other, out), 0);
    pp_agg_close(&other);
}

/* A packet of this metadata; false: there is no room. */
static bool put(uint32_t slot, uint16_t ring, const struct hsr_rx_meta *m)
{
    struct pp_agg_item *item = pp_agg_next(&agg);

    if (item == NULL)
        return false;
    item->meta = *m;
    memcpy(item->outer6, outer6, sizeof outer6);
    pp_agg_put(&agg, item, slot, ring);
    return true;
}

/* Packets 0 and 1, the second a little different: do they share a vector? */
static bool share(void)
{
    assert_true(put(0, 0, &meta[0]));
    assert_true(put(1, 0, &meta[1]));
    uint32_t n = pp_agg_take(&agg, out);
    if (n == 1)
        assert_int_equal(pp_agg_take(&agg, out), 1);
    assert_int_equal(pp_agg_take(&agg, out), 0);
    return n == 2;
}

static void test_rules(void **state)
{
    (void)state;
    assert_true(share());
    meta[1].ingress = 1;
    assert_false(share());
    meta[1].ingress = 0;
    meta[1].flags = HSR_RXF_SWAP;
    assert_false(share());
    meta[1].flags = HSR_RXF_OPTIONS; /* of one flow all the same */
    assert_true(share());
    meta[1].flags = 0;
    meta[1].class = HSR_CLASS_FRAG;
    assert_false(share());
    meta[0].class = HSR_CLASS_FRAG;
    meta[0].frag_id = 1;
    assert_true(share());
    static const uint8_t alone[] = {HSR_CLASS_ARP, HSR_CLASS_NON_IP, HSR_CLASS_BAD};
    for (unsigned i = 0; i < sizeof alone; i++) {
        meta[0].class = meta[1].class = alone[i];
        assert_false(share());
    }
    meta[0].class = meta[1].class = HSR_CLASS_UDP;
    meta[1].reason = HSR_DROP_UDP_CSUM;
    assert_false(share());
    meta[1].reason = 0;
    meta[0].flags = meta[1].flags = HSR_RXF_DECAP;
    assert_true(share());
    meta[1].outer_src4 = 9;
    assert_false(share());
    meta[1].outer_src4 = 0;
    meta[1].vni_tunnel = 9;
    assert_false(share());
    meta[1].vni_tunnel = 0;
    meta[1].key_addrs = 1; /* same queue, other key */
    assert_false(share());
    meta[1].key_addrs = 0;
    meta[1].key_ports = 1;
    assert_false(share());
    meta[1].key_ports = 0;
    assert_true(share());
    assert_true(put(0, 0, &meta[0]));
    assert_true(put(1, 1, &meta[1])); /* other ring */
    assert_int_equal(pp_agg_take(&agg, out), 1);
    assert_int_equal(pp_agg_take(&agg, out), 1);
}

/* Do two tunnelled packets share a vector, the second with this outer source and these flags? */
static bool share_outer(uint64_t high, uint64_t low, uint8_t flags1)
{
    uint64_t first[2] = {outer6[0], outer6[1]};

    meta[1].flags1 = flags1;
    assert_true(put(0, 0, &meta[0]));
    outer6[0] = high;
    outer6[1] = low;
    assert_true(put(1, 0, &meta[1]));
    memcpy(outer6, first, sizeof outer6);
    uint32_t n = pp_agg_take(&agg, out);
    if (n == 1)
        assert_int_equal(pp_agg_take(&agg, out), 1);
    return n == 2;
}

/* Two hosts of an IPv6 underlay whose inner packets look alike. */
static void test_outer6(void **state)
{
    (void)state;
    outer6[0] = 0x20010DB800000000;
    outer6[1] = 1;
    meta[0].flags = meta[1].flags = HSR_RXF_DECAP | HSR_RXF_LINE1;
    meta[0].flags1 = HSR_RX1F_OUTER_IPV6;
    assert_true(share_outer(outer6[0], 1, HSR_RX1F_OUTER_IPV6));
    assert_true(share_outer(outer6[0], 1, HSR_RX1F_OUTER_IPV6 | HSR_RX1F_OUTER_CE));
    assert_false(share_outer(outer6[0], 2, HSR_RX1F_OUTER_IPV6));
    assert_false(share_outer(0, 1, HSR_RX1F_OUTER_IPV6));
    assert_false(share_outer(outer6[0], 1, 0)); /* over IPv4, from 0.0.0.0 */
    meta[0].flags1 = 0;
    assert_true(share_outer(0, 9, 0));             /* what stands there says nothing over IPv4 */
    meta[0].flags = meta[1].flags = HSR_RXF_LINE1; /* no tunnel */
    meta[0].flags1 = HSR_RX1F_OUTER_IPV6;
    assert_true(share_outer(0, 9, HSR_RX1F_OUTER_IPV6));
}

static void test_key6(void **state)
{
    (void)state;
    meta[0].flags = meta[1].flags = HSR_RXF_IPV6 | HSR_RXF_LINE1;
    assert_true(share());
    for (unsigned word = 0; word < 4; word++) {
        meta[1].key6[word] = 1;
        assert_false(share());
        meta[1].key6[word] = 0;
    }
    meta[1].flags = HSR_RXF_LINE1; /* other family, same bits */
    assert_false(share());
    meta[0].flags = meta[1].flags; /* what stands there says nothing of IPv4 */
    meta[1].key6[3] = 1;
    assert_true(share());
}

static void test_cap_and_full(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < HELD; i++) {
        assert_true(put(i, 0, &meta[i]));
    }
    assert_false(put(0, 0, &meta[0]));
    for (uint32_t i = 0; i < HELD; i += 16) {
        assert_int_equal(pp_agg_take(&agg, out), 16);
        for (uint32_t j = 0; j < 16; j++)
            assert_int_equal(out[j]->slot, i + j);
    }
    assert_int_equal(pp_agg_held(&agg), 0);
    assert_int_equal(agg.vectors[16], HELD / 16);
    agg.max_vector = 1;
    assert_false(share());
}

/* Queues take turns in the order in which they became busy, and go to the end of the line when more
 * waits. */
static void test_turns(void **state)
{
    (void)state;
    meta[1].hash = 5;
    meta[2].key_addrs = 1;
    for (uint32_t i = 0; i < 3; i++)
        assert_true(put(i, 0, &meta[i]));
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(pp_agg_take(&agg, out), 1);
        assert_int_equal(out[0]->slot, i);
    }
}

/* Random interleaving: nothing lost, order kept in each flow, a vector is of one flow. */
static void test_interleaved(void **state)
{
    uint32_t sent[40] = {0}, got[40] = {0}, puts = 0, taken = 0, seed = 7;

    (void)state;
    for (uint32_t round = 0; round < 200000; round++) {
        seed = seed * 1664525u + 1013904223u;
        if (pp_agg_next(&agg) != NULL && seed >> 31) {
            uint32_t of = (seed >> 8) % 40;
            struct hsr_rx_meta m = {.class = HSR_CLASS_UDP,
                                    .hash = of % 7, /* flows share queues */
                                    .key_addrs = of,
                                    .rx_seq = sent[of]++};

            assert_true(put(of, (uint16_t)(of % 3), &m));
            puts++;
        } else {
            uint32_t n = pp_agg_take(&agg, out);
            for (uint32_t i = 0; i < n; i++) {
                assert_int_equal(out[i]->slot, out[0]->slot);
                assert_int_equal(out[i]->meta.rx_seq, got[out[i]->slot]++);
            }
            taken += n;
        }
        assert_int_equal(pp_agg_held(&agg), puts - taken);
    }
    uint64_t in_vectors = 0;
    for (uint32_t i = 1; i <= HSR_MAX_VECTOR; i++)
        in_vectors += agg.vectors[i] * i;
    assert_int_equal(in_vectors, taken);
    assert_true(agg.vectors[2] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),
        cmocka_unit_test_setup_teardown(test_rules, setup, teardown),
        cmocka_unit_test_setup_teardown(test_outer6, setup, teardown),
        cmocka_unit_test_setup_teardown(test_key6, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cap_and_full, setup, teardown),
        cmocka_unit_test_setup_teardown(test_turns, setup, teardown),
        cmocka_unit_test_setup_teardown(test_interleaved, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "hsr_test.h"

#include <rte_thash.h>

#include "hsring/hash.h"
#include "variants/hash_variants.h"

enum { ROUNDS = 10000 };

static uint32_t reverse32(uint32_t v)
{
    uint32_t out = 0;

    for (unsigned i = 0; i < 32; i++)
        out |= (v >> i & 1) << (31 - i);
    return out;
}

/* The hash as its header defines it: two runs of DPDK's Toeplitz, the second four bytes further in the secret. */
static uint64_t oracle(const uint8_t *secret, const uint64_t *w, unsigned n)
{
    uint32_t half[2 * HSR_KEY6_WORDS];

    for (unsigned i = 0; i < n; i++) {
        half[2 * i] = (uint32_t)(w[i] >> 32);
        half[2 * i + 1] = (uint32_t)w[i];
    }
    return (uint64_t)reverse32(rte_softrss(half, 2 * n, secret + 4)) << 32 |
           reverse32(rte_softrss(half, 2 * n, secret));
}

static void against_dpdk(void **state)
{
    uint64_t seed = 2;

    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        /* rte_softrss() reads the secret as 32-bit words. */
        _Alignas(8) uint8_t secret[HSR_HASH_SECRET];
        struct hsr_hash hash;
        struct hsr_key key = {.ipv6 = i % 2};

        test_random_bytes(&seed, secret, sizeof secret);
        hsr_hash_init(&hash, secret);
        for (unsigned j = 0; j < HSR_KEY6_WORDS; j++)
            key.w[j] = test_random(&seed);
        unsigned n = key.ipv6 ? HSR_KEY6_WORDS : HSR_KEY4_WORDS;
        uint64_t want = oracle(secret, key.w, n);
        assert_int_equal(hsr_hash_key(&hash, &key), want);
        assert_int_equal(hsr_hash_words_portable(&hash, key.w, n), want);
    }
}

/* Each key bit alone, all bits and none: where a shift by one too many would show. */
static void variants_are_equal(void **state)
{
    uint64_t seed = 3;
    uint8_t secret[HSR_HASH_SECRET];
    struct hsr_hash hash;

    (void)state;
    test_random_bytes(&seed, secret, sizeof secret);
    hsr_hash_init(&hash, secret);
    for (unsigned bit = 0; bit < 64 * HSR_KEY6_WORDS + 2; bit++) {
        uint64_t w[HSR_KEY6_WORDS] = {0};

        for (unsigned i = 0; i < HSR_KEY6_WORDS; i++)
            w[i] = bit == 64 * HSR_KEY6_WORDS ? UINT64_MAX : 0;
        if (bit < 64 * HSR_KEY6_WORDS)
            w[bit / 64] = UINT64_C(1) << bit % 64;
        for (unsigned n = 0; n <= HSR_KEY6_WORDS; n++)
            assert_int_equal(hash.words(&hash, w, n), hsr_hash_words_portable(&hash, w, n));
    }
}

static void fast_variant_is_chosen(void **state)
{
    static const uint8_t secret[HSR_HASH_SECRET];
    struct hsr_hash hash;

    (void)state;
    hsr_hash_init(&hash, secret);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("pclmul")) {
        assert_ptr_equal(hash.words, hsr_hash_words_clmul);
        return;
    }
#endif
    assert_non_null(hash.words);
}

/* Microsoft, "Verifying the RSS Hash Calculation": destination, source and the two hashes it prints. */
static void published_vectors(void **state)
{
    static const uint8_t secret[HSR_HASH_SECRET] = {
        0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
        0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
        0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};
    static const struct {
        uint32_t src, dst;
        uint16_t sport, dport;
        uint32_t ip, tcp;
    } v4[] = {
        {0x420995bb, 0xa18e6450, 2794, 1766, 0x323e8fc2, 0x51ccc178},
        {0xc75c6f02, 0x41458c53, 14230, 4739, 0xd718262a, 0xc626b0ea},
        {0x1813c65f, 0x0c16cfb8, 12898, 38024, 0xd2d0a5de, 0x5c2b394a},
        {0x261bcd1e, 0xd18ea306, 48228, 2217, 0x82989176, 0xafc7327f},
        {0x9927a3bf, 0xcabc7f02, 44251, 1303, 0x5d1809c5, 0x10e828a2},
    };
    struct hsr_hash hash;

    (void)state;
    hsr_hash_init(&hash, secret);
    for (unsigned i = 0; i < sizeof v4 / sizeof v4[0]; i++) {
        uint64_t w[2] = {(uint64_t)v4[i].src << 32 | v4[i].dst,
                         (uint64_t)v4[i].sport << 48 | (uint64_t)v4[i].dport << 32};
        assert_int_equal(reverse32((uint32_t)hash.words(&hash, w, 1)), v4[i].ip);
        assert_int_equal(reverse32((uint32_t)hash.words(&hash, w, 2)), v4[i].tcp);
    }
    /* 3ffe:2501:200:1fff::7 port 2794 to 3ffe:2501:200:3::1 port 1766. */
    const uint64_t v6[5] = {UINT64_C(0x3ffe250102001fff), 7, UINT64_C(0x3ffe250102000003), 1,
                            (uint64_t)2794 << 48 | (uint64_t)1766 << 32};
    assert_int_equal(reverse32((uint32_t)hash.words(&hash, v6, 4)), 0x2cc18cd5);
    assert_int_equal(reverse32((uint32_t)hash.words(&hash, v6, 5)), 0x40207d3d);
}

#define CHIP ((1u << HSR_HASH_BUCKET_BITS) - 1) /* buckets of a chip, - 1 */

static void slices_are_disjoint_and_whole(void **state)
{
    (void)state;
    assert_int_equal(hsr_hash_queue(UINT64_C(0x3FF)), 0x3FF);
    assert_int_equal(hsr_hash_reta(UINT64_C(0x3FC00)), 0xFF);
    assert_int_equal(hsr_hash_bucket(UINT64_C(0xFFFC0000), CHIP), 0x3FFF);
    assert_int_equal(hsr_hash_tag(UINT64_C(0xFFFFFFFF00000000)), UINT32_MAX);
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t h = UINT64_C(1) << bit;
        int slices = (hsr_hash_queue(h) != 0) + (hsr_hash_reta(h) != 0) +
                     (hsr_hash_bucket(h, CHIP) != 0) + (hsr_hash_tag(h) != 0);
        assert_int_equal(slices, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(against_dpdk),
        cmocka_unit_test(variants_are_equal),
        cmocka_unit_test(fast_variant_is_chosen),
        cmocka_unit_test(published_vectors),
        cmocka_unit_test(slices_are_disjoint_and_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

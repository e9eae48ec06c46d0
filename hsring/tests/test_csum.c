/* SPDX-License-Identifier: Apache-2.0 */
#include "hsr_test.h"

#include <string.h>

#include "hsring/csum.h"
#include "variants/hash_variants.h"

enum { ROUNDS = 20000, MAX = 200 };

static uint16_t reference(const uint8_t *p, uint32_t len, uint32_t sum)
{
    for (uint32_t i = 0; i < len; i++) {
        sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    return (uint16_t)sum;
}

static void against_bytewise(void **state)
{
    uint64_t seed = 4;
    uint8_t data[MAX + 8];

    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint32_t at = (uint32_t)(test_random(&seed) % 8);
        uint32_t len = (uint32_t)(test_random(&seed) % (MAX + 1));

        test_random_bytes(&seed, data, sizeof data);
        if (i % 8 == 0)
            memset(data, i % 16 ? 0xFF : 0, sizeof data);
        assert_int_equal(hsr_csum_fold(hsr_csum_add(0, data + at, len)),
                         reference(data + at, len, 0));
        assert_int_equal(hsr_csum_fold(hsr_csum_add(0x1234, data + at, len)),
                         reference(data + at, len, 0x1234));
        assert_in_range(hsr_csum_add(0, data + at, len), 0, UINT64_C(0x1FFFFFFFE));
    }
}

static void large_sums_do_not_overflow(void **state)
{
    static uint8_t data[65535];

    (void)state;
    memset(data, 0xFF, sizeof data);
    assert_int_equal(hsr_csum_fold(hsr_csum_add(0, data, sizeof data)),
                     reference(data, sizeof data, 0));
    assert_int_equal(hsr_csum_fold(UINT64_MAX), 0xFFFF);
    assert_int_equal(hsr_csum_fold(UINT64_C(0x1FFFFFFFE)), 0xFFFF);
    assert_int_equal(hsr_csum_fold(0), 0);
}

static void right_is_folds_to_all_ones(void **state)
{
    uint64_t seed = 9;

    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t sum = test_random(&seed) >> test_random(&seed) % 64;
        uint64_t near = sum - sum % 0xFFFF;

        assert_int_equal(hsr_csum_is_right(sum), hsr_csum_fold(sum) == 0xFFFF);
        assert_int_equal(hsr_csum_is_right(near), near != 0);
        assert_int_equal(hsr_csum_fold(near), near != 0 ? 0xFFFF : 0);
    }
    assert_true(hsr_csum_is_right(UINT64_MAX));
    assert_false(hsr_csum_is_right(UINT64_MAX - 1));
}

/* The header of RFC 1071's age in every textbook: checksum 0xB861. */
static void known_header(void **state)
{
    uint8_t header[20] = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
                          0x00, 0x00, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};

    (void)state;
    assert_int_equal((uint16_t)~hsr_csum_fold(hsr_csum_add(0, header, 20)), 0xB861);
    hsr_store16(header + 10, 0xB861);
    assert_int_equal(hsr_csum_fold(hsr_csum_add(0, header, 20)), 0xFFFF);
}

static void pseudo_headers(void **state)
{
    uint64_t seed = 5;
    uint8_t p6[40];
    uint8_t p4[12];

    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint32_t len = (uint32_t)test_random(&seed) % 65536;

        test_random_bytes(&seed, p6, 32);
        hsr_store32(p6 + 32, len);
        hsr_store32(p6 + 36, 58);
        assert_int_equal(hsr_csum_fold(hsr_pseudo6(p6, p6 + 16, 58, len)), reference(p6, 40, 0));
        memcpy(p4, p6, 8);
        hsr_store16(p4 + 8, 6);
        hsr_store16(p4 + 10, (uint16_t)len);
        assert_int_equal(hsr_csum_fold(hsr_pseudo4(p4, p4 + 4, 6, len)), reference(p4, 12, 0));
    }
}

/* Change any even-aligned part of a packet: the updated field is the recomputed one. */
static void update_equals_recomputation(void **state)
{
    uint64_t seed = 6;
    uint8_t data[64];

    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint32_t at = (uint32_t)(test_random(&seed) % 20) * 2;
        uint32_t len = (uint32_t)(test_random(&seed) % 9) * 2;

        test_random_bytes(&seed, data, sizeof data);
        data[63] = 1; /* all-zero data has no other representation of zero to compare with */
        uint16_t old = (uint16_t)~hsr_csum_fold(hsr_csum_add(0, data, sizeof data));
        uint64_t removed = hsr_csum_add(0, data + at, len);
        test_random_bytes(&seed, data + at, len);
        if (i % 4 == 0)
            memset(data + at, i % 8 ? 0 : 0xFF, len);
        uint16_t now = (uint16_t)~hsr_csum_fold(hsr_csum_add(0, data, sizeof data));
        assert_int_equal(hsr_csum_update(old, removed, hsr_csum_add(0, data + at, len)), now);
    }
}

/* RFC 1624, section 4: the case that equation 2 gets wrong. */
static void update_of_rfc1624(void **state)
{
    (void)state;
    assert_int_equal(hsr_csum_update(0xDD2F, 0x5555, 0x3285), 0x0000);
}

static uint32_t crc_bitwise(uint32_t crc, const uint8_t *p, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        crc ^= p[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78 : 0);
    }
    return crc;
}

/* RFC 3720, B.4, and the check value of every CRC catalogue. */
static void crc32c_known_vectors(void **state)
{
    uint8_t data[32];

    (void)state;
    assert_int_equal(~hsr_crc32c(~0u, "123456789", 9), 0xE3069283);
    memset(data, 0, sizeof data);
    assert_int_equal(~hsr_crc32c(~0u, data, 32), 0x8A9136AA);
    memset(data, 0xFF, sizeof data);
    assert_int_equal(~hsr_crc32c(~0u, data, 32), 0x62A8AB43);
    for (uint8_t i = 0; i < 32; i++)
        data[i] = i;
    assert_int_equal(~hsr_crc32c(~0u, data, 32), 0x46DD794E);
}

static void crc32c_variants_are_equal(void **state)
{
    uint64_t seed = 7;
    uint8_t data[MAX + 8];

    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint32_t at = (uint32_t)(test_random(&seed) % 8);
        uint32_t len = (uint32_t)(test_random(&seed) % 64);
        uint32_t crc = (uint32_t)test_random(&seed);

        test_random_bytes(&seed, data + at, len);
        uint32_t want = crc_bitwise(crc, data + at, len);
        assert_int_equal(hsr_crc32c(crc, data + at, len), want);
        assert_int_equal(hsr_crc32c_portable(crc, data + at, len), want);
        /* In two parts. */
        assert_int_equal(
            hsr_crc32c(hsr_crc32c(crc, data + at, len / 3), data + at + len / 3, len - len / 3),
            want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(against_bytewise),
        cmocka_unit_test(large_sums_do_not_overflow),
        cmocka_unit_test(right_is_folds_to_all_ones),
        cmocka_unit_test(known_header),
        cmocka_unit_test(pseudo_headers),
        cmocka_unit_test(update_equals_recomputation),
        cmocka_unit_test(update_of_rfc1624),
        cmocka_unit_test(crc32c_known_vectors),
        cmocka_unit_test(crc32c_variants_are_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

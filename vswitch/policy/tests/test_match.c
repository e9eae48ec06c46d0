/* SPDX-License-Identifier: Apache-2.0 */
/* The classifier and the longest-prefix match against a linear reading of the same lists, on random input. */
#include "make.h"

#include <stdlib.h>
#include <string.h>

#include "acl.h"
#include "lpm.h"

static uint64_t seed;

static uint32_t draw(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((seed >> 33) % below);
}

/* Few different bytes, so that random prefixes nest and random addresses hit. */
static struct cfg_addr random_addr(uint8_t family)
{
    struct cfg_addr a = {.family = family};

    for (unsigned i = 0; i < (family == 4 ? 4u : 16u); i++)
        a.bytes[i] = (uint8_t)(draw(8) ? (draw(2) ? 0x0A : 0x80) : draw(256));
    return a;
}

static bool bit(const struct cfg_addr *a, unsigned i)
{
    return a->bytes[i / 8] >> (7 - i % 8) & 1;
}

static struct cfg_prefix random_prefix(uint8_t family)
{
    struct cfg_prefix p = {random_addr(family), (uint8_t)draw(family == 4 ? 33 : 129)};

    for (unsigned i = p.len; i < (family == 4 ? 32u : 128u); i++)
        p.addr.bytes[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
    return p;
}

/* Bit by bit: shares nothing with what is tested. */
static bool holds(const struct cfg_prefix *p, const struct cfg_addr *a)
{
    for (unsigned i = 0; i < p->len; i++)
        if (bit(&p->addr, i) != bit(a, i))
            return false;
    return true;
}

/* An address inside the prefix, or one that leaves it at some bit. */
static struct cfg_addr near_addr(const struct cfg_prefix *p)
{
    struct cfg_addr a = random_addr(p->addr.family);
    unsigned same = draw(4) ? p->len : draw(p->len + 1u);

    for (unsigned i = 0; i < same; i++)
        a.bytes[i / 8] = (uint8_t)((a.bytes[i / 8] & ~(0x80 >> i % 8)) |
                                   (p->addr.bytes[i / 8] & (0x80 >> i % 8)));
    return a;
}

static const uint8_t protocols[] = {0, 1, 6, 17, 58, 132};

static struct pol_acl_entry random_entry(uint8_t family, uint32_t rule)
{
    struct pol_acl_entry e = {.remote = random_prefix(family),
                              .proto = protocols[draw(6)],
                              .port_hi = UINT16_MAX,
                              .rule = rule};

    if (draw(2)) {
        e.port_lo = (uint16_t)draw(65536);
        e.port_hi = (uint16_t)(e.port_lo + draw(65536u - e.port_lo));
    }
    return e;
}

static uint32_t linear_acl(const struct pol_acl_entry *e, uint32_t n, uint8_t proto,
                           const struct cfg_addr *a, uint16_t port)
{
    uint32_t best = CFG_NONE;

    for (uint32_t i = 0; i < n; i++) {
        if ((!e[i].proto || e[i].proto == proto) && port >= e[i].port_lo && port <= e[i].port_hi &&
            holds(&e[i].remote, a) && e[i].rule < best)
            best = e[i].rule;
    }
    return best;
}

static void check_acl(uint8_t family, uint32_t entries, uint32_t packets)
{
    struct pol_acl_entry *e = calloc(entries, sizeof *e);
    struct pol_acl *acl;
    uint32_t hits = 0, rule = 0;

    assert_non_null(e);
    for (uint32_t i = 0; i < entries; i++) {
        rule += i && draw(4); /* some rules have several entries */
        e[i] = random_entry(family, rule);
    }
    assert_int_equal(pol_acl_build(&acl, "differential", family, e, entries, rule + 1), 0);
    for (uint32_t i = 0; i < packets; i++) {
        const struct pol_acl_entry *aim = &e[draw(entries)];
        struct cfg_addr a = near_addr(&aim->remote);
        uint8_t proto = draw(4) && aim->proto ? aim->proto : protocols[1 + draw(5)];
        uint16_t port = draw(4) ? draw(2) ? aim->port_lo : aim->port_hi : (uint16_t)draw(65536);
        uint32_t want = linear_acl(e, entries, proto, &a, port);

        assert_int_equal(pol_acl_match(acl, proto, &a, port), want);
        hits += want != CFG_NONE;
    }
    assert_true(hits > packets / 8);
    pol_acl_free(acl);
    free(e);
}

/* Fault 43: rules of every shape, against a linear scan. */
static void acl_agrees_with_linear_scan(void **state)
{
    static const uint32_t sizes[] = {1, POL_ACL_SCAN, POL_ACL_SCAN + 1, 60, 300, 1000};

    (void)state;
    for (unsigned round = 0; round < 8; round++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            seed = 100 * round + i;
            check_acl(4, sizes[i], 2000);
            check_acl(6, sizes[i], 2000);
        }
    }
}

static uint32_t linear_lpm(const struct pol_lpm_entry *e, uint32_t n, const struct cfg_addr *a)
{
    uint32_t best = CFG_NONE;

    for (uint32_t i = 0; i < n; i++)
        if (holds(&e[i].prefix, a) && (best == CFG_NONE || e[i].prefix.len > e[best].prefix.len))
            best = i;
    return best;
}

static void check_lpm(uint8_t family, uint32_t entries, uint32_t packets)
{
    struct pol_lpm_entry *e = calloc(entries, sizeof *e), *given = calloc(entries, sizeof *e);
    struct pol_lpm *lpm;
    uint32_t hits = 0;

    assert_true(e && given);
    for (uint32_t i = 0; i < entries; i++) {
        /* Some prefixes twice: the first counts. */
        e[i].prefix = i && !draw(8) ? e[draw(i)].prefix : random_prefix(family);
        e[i].value = i;
    }
    memcpy(given, e, entries * sizeof *e);
    assert_int_equal(pol_lpm_build(&lpm, "differential", family, given, entries), 0);
    for (uint32_t i = 0; i < packets; i++) {
        struct cfg_addr a = near_addr(&e[draw(entries)].prefix);
        uint32_t want = linear_lpm(e, entries, &a);

        assert_int_equal(pol_lpm_match(lpm, &a), want);
        hits += want != CFG_NONE;
    }
    assert_true(hits > packets / 8);
    pol_lpm_free(lpm);
    free(e);
    free(given);
}

static void lpm_agrees_with_linear_scan(void **state)
{
    static const uint32_t sizes[] = {1, POL_LPM_SCAN, POL_LPM_SCAN + 8, 100, 2000};

    (void)state;
    for (unsigned round = 0; round < 8; round++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            seed = 1000 + 100 * round + i;
            check_lpm(4, sizes[i], 2000);
            check_lpm(6, sizes[i], 2000);
        }
    }
}

static void nothing_matches_nothing(void **state)
{
    struct cfg_addr a = make_addr("10.0.0.1");
    struct pol_acl *acl;
    struct pol_lpm *lpm;

    (void)state;
    assert_int_equal(pol_acl_build(&acl, "none", 4, NULL, 0, 0), 0);
    assert_int_equal(pol_acl_match(acl, 6, &a, 80), CFG_NONE);
    assert_int_equal(pol_lpm_build(&lpm, "none", 4, NULL, 0), 0);
    assert_int_equal(pol_lpm_match(lpm, &a), CFG_NONE);
    pol_acl_free(acl);
    pol_lpm_free(lpm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acl_agrees_with_linear_scan),
        cmocka_unit_test(lpm_agrees_with_linear_scan),
        cmocka_unit_test(nothing_matches_nothing),
    };

    return cmocka_run_group_tests(tests, make_eal, make_eal_end);
}

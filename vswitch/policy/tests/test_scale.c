/* SPDX-License-Identifier: Apache-2.0 */
/* Large configurations, and the memory they take and give back. Time is printed, not asserted. */
#include "make.h"

#include <errno.h>
#include <malloc.h>
#include <rte_malloc.h>
#include <stdio.h>
#include <time.h>

enum { MAPPINGS = 10000, RULES = 1000, ROUTES = 1000, VNICS = 64 };

/* Bytes in use of EAL's memory. */
static size_t eal_bytes(void)
{
    struct rte_malloc_socket_stats stats;

    assert_int_equal(rte_malloc_get_socket_stats(0, &stats), 0);
    return stats.heap_allocsz_bytes;
}

static void add_rules(struct cfg *c, uint32_t group, bool ingress, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        char remote[64];
        uint16_t port = (uint16_t)(i * 37 % 60000);

        if (i % 2)
            snprintf(remote, sizeof remote, "fd00:%x::/32", i);
        else
            snprintf(remote, sizeof remote, "10.%u.%u.0/24", i % 7, i % 251);
        make_rule(c, group, ingress, i % 3, (uint16_t)(1 + i % 999), i % 5 ? 6 : 17, port,
                  (uint16_t)(port + i % 100), remote);
    }
}

static struct cfg *large(uint32_t mappings, uint32_t rules, uint32_t routes)
{
    struct cfg *c = make_cfg();
    char text[64];

    make_vpc(c, 100, 1);
    make_subnet(c, 0, "10.0.0.0/8", "fd00::/16", "10.255.255.254", 0xF1);
    make_uplink(c, 0, "192.0.2.1");
    make_group(c);
    add_rules(c, 0, true, rules / 2);
    add_rules(c, 0, false, rules - rules / 2);
    make_rule(c, 0, true, true, 1000, 6, 0, 65535, "@0");
    for (uint32_t i = 0; i < VNICS; i++) {
        char v6[64];

        snprintf(text, sizeof text, "10.0.0.%u", i + 1);
        snprintf(v6, sizeof v6, "fd00::%x", i + 1);
        make_join(make_vnic(c, (uint16_t)(i + 1), 0, (uint8_t)i, text, v6), 0);
    }
    for (uint32_t i = 0; i < mappings; i++) {
        snprintf(text, sizeof text, "10.1.%u.%u", i / 250, i % 250 + 1);
        make_mapping(c, 0, text, 9, "192.0.2.9");
    }
    for (uint32_t i = 0; i < routes; i++) {
        snprintf(text, sizeof text, i % 2 ? "fd01:%x::/32" : "172.%u.%u.0/24", i / 2 % 256,
                 i / 512);
        if (i % 2)
            snprintf(text, sizeof text, "fd01:%x::/32", i);
        make_route(c, 0, text, CFG_ROUTE_VTEP, "192.0.2.9", 9);
    }
    return c;
}

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Fault 47: a configuration of a million entries. */
static void large_configuration_builds(void **state)
{
    struct cfg *c = large(MAPPINGS, RULES, ROUTES);
    size_t eal = eal_bytes(), heap = mallinfo2().uordblks + mallinfo2().hblkhd;
    double start = seconds();
    struct pol *pol = pol_build(c, NULL);
    struct cfg_addr last = make_addr("10.1.39.250"), past = make_addr("10.1.40.1");

    (void)state;
    assert_non_null(pol);
    print_message("%d mappings, %d rules, %d routes: %.0f ms, %zu KiB of EAL, %zu KiB of heap\n",
                  MAPPINGS, RULES, ROUTES, (seconds() - start) * 1e3, (eal_bytes() - eal) / 1024,
                  (mallinfo2().uordblks + mallinfo2().hblkhd - heap) / 1024);
    assert_non_null(pol_endpoint(pol, 1, &last));
    assert_null(pol_endpoint(pol, 1, &past));
    assert_true(eal_bytes() > eal); /* this size is beyond a scan */
    pol_free(pol);
    assert_int_equal(eal_bytes(), eal);
    cfg_free(c);
}

/* However many there are; and no address between two of them. */
static void every_host_is_known(void **state)
{
    (void)state;
    for (uint32_t hosts = 0; hosts <= 20; hosts++) {
        struct cfg *c = make_cfg();

        make_vpc(c, 100, 1);
        make_subnet(c, 0, "10.0.0.0/8", NULL, "10.255.255.254", 0xF1);
        make_uplink(c, 0, "192.0.2.1");
        for (uint32_t i = 0; i < hosts; i++) {
            char address[32], vtep[32];

            snprintf(address, sizeof address, "10.1.0.%u", i + 1);
            snprintf(vtep, sizeof vtep, "192.0.3.%u", 2 * i + 1);
            make_mapping(c, 0, address, 9, vtep);
        }
        struct pol *pol = pol_build(c, NULL);

        assert_non_null(pol);
        for (uint32_t i = 0; i <= 2 * hosts; i++)
            assert_int_equal(pol_is_vtep4(pol, 0xC0000300u + i), i % 2);
        assert_false(pol_is_vtep4(pol, UINT32_MAX));
        pol_free(pol);
        cfg_free(c);
    }
}

static void rebuilding_leaks_nothing(void **state)
{
    struct cfg *even = large(100, 100, 100), *odd = large(100, 100, 100);
    size_t none = eal_bytes(), one[2] = {0};
    struct pol *pol = pol_build(even, NULL);

    (void)state;
    assert_non_null(pol);
    odd->group[0].rule[0].proto = 132; /* another classifier each time */
    one[0] = eal_bytes();
    for (unsigned i = 1; i <= 100; i++) {
        struct pol *next = pol_build(i % 2 ? odd : even, pol);

        assert_non_null(next);
        pol_free(pol);
        pol = next;
        one[1] = i == 1 ? eal_bytes() : one[1];
        assert_int_equal(eal_bytes(), one[i % 2]);
    }
    pol_free(pol);
    assert_int_equal(eal_bytes(), none);
    cfg_free(even);
    cfg_free(odd);
}

/* Classifiers are shared with the old snapshot until a rule, or a member of a group in a rule, changes. */
static void unchanged_classifiers_are_shared(void **state)
{
    struct cfg *c = large(100, 100, 0);
    struct pol *first = pol_build(c, NULL);
    size_t one = eal_bytes();

    (void)state;
    make_mapping(c, 0, "10.2.0.1", 9, "192.0.2.9");

    struct pol *second = pol_build(c, first);

    assert_true(first && second);
    assert_int_equal(eal_bytes(), one);
    pol_free(first); /* the one that built them goes first */
    assert_int_equal(eal_bytes(), one);
    c->port[1].addr[0] = make_addr("10.0.9.9");

    struct pol *third = pol_build(c, second);

    assert_non_null(third);
    assert_true(eal_bytes() > one);

    struct pol_walk w = {.ingress = 2,
                         .context = 1,
                         .src = make_addr("10.0.0.2"),
                         .dst = make_addr("10.0.0.3"),
                         .proto = 17,
                         .again = true};

    pol_walk(second, &w);
    assert_int_equal(w.drop, HSR_DROP_SG_EGRESS);
    pol_free(second);
    pol_walk(third, &w);
    assert_int_equal(w.drop, HSR_DROP_SG_EGRESS);
    pol_free(third);
    cfg_free(c);
}

/* Fault 46: EAL's memory used up in the middle of a build: an error, and all is given back. */
static void no_memory_is_an_error(void **state)
{
    struct cfg *c = large(100, RULES, ROUTES);
    size_t before = eal_bytes();
    void *hog[64];
    unsigned hogs = 0;

    (void)state;
    for (size_t size = 64u << 20; size >= 64u << 10; size /= 2)
        while (hogs < 64 && (hog[hogs] = rte_malloc(NULL, size, 0)))
            hogs++;
    errno = 0;
    assert_null(pol_build(c, NULL));
    assert_int_equal(errno, ENOMEM);
    while (hogs)
        rte_free(hog[--hogs]);
    assert_int_equal(eal_bytes(), before);
    cfg_free(c);
}

static void wrong_references_are_refused(void **state)
{
    struct cfg *c = large(1, 1, 1);

    (void)state;
    c->mapping[0].vpc = 1;
    assert_null(pol_build(c, NULL));
    assert_int_equal(errno, EINVAL);
    c->mapping[0].vpc = 0;
    c->route[0].vpc = 1;
    assert_null(pol_build(c, NULL));
    c->route[0].vpc = 0;
    c->subnet[0].vpc = 1;
    assert_null(pol_build(c, NULL));
    c->subnet[0].vpc = 0;
    c->port[1].subnet = 1;
    assert_null(pol_build(c, NULL));
    c->port[1].subnet = 0;
    c->port[1].group[0] = 1;
    assert_null(pol_build(c, NULL));
    c->port[1].group[0] = 0;
    c->port[1].index = HSR_MAX_PORTS;
    assert_null(pol_build(c, NULL));
    c->port[1].index = 2; /* port 2 has it */
    assert_null(pol_build(c, NULL));
    c->port[1].index = 1;
    c->vpc[0].context = 1u << HSR_KEY_CONTEXT_BITS;
    assert_null(pol_build(c, NULL));
    assert_int_equal(errno, EINVAL);
    cfg_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_configuration_builds),
        cmocka_unit_test(every_host_is_known),
        cmocka_unit_test(rebuilding_leaks_nothing),
        cmocka_unit_test(unchanged_classifiers_are_shared),
        cmocka_unit_test(no_memory_is_an_error),
        cmocka_unit_test(wrong_references_are_refused),
    };

    return cmocka_run_group_tests(tests, make_eal, make_eal_end);
}

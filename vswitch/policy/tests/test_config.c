/* SPDX-License-Identifier: Apache-2.0 */
/* From a document as users write it to verdicts: the example of two tenants with the same addresses. */
#include "make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cfg *example(const char *name)
{
    static char text[16384];
    char path[4096];
    struct cfg_error error;
    struct cfg *c = NULL;
    json_t *document;
    struct cfg_lines *lines;

    assert_non_null(getenv("AVS_SOURCE_DIR"));
    snprintf(path, sizeof path, "%s/docs/examples/%s", getenv("AVS_SOURCE_DIR"), name);

    FILE *f = fopen(path, "r");

    assert_non_null(f);

    size_t size = fread(text, 1, sizeof text, f);

    fclose(f);
    assert_int_equal(cfg_yaml_load(text, size, &document, &lines, &error), 0);
    assert_int_equal(cfg_parse(document, NULL, &c, &error), 0);
    cfg_lines_free(lines);
    json_decref(document);
    return c;
}

/* TCP between 10.1.0.5 here, behind the port of that name, and 10.1.0.6 at 192.0.2.2; `in`: towards here. */
static struct pol_walk walk(const struct cfg *c, const struct pol *pol, const char *name, bool in,
                            uint16_t dport)
{
    struct pol_walk w = {
        .proto = 6, .sport = 1000, .dport = dport, .outer_src = make_addr("192.0.2.2")};
    const struct cfg_addr here = make_addr("10.1.0.5"), there = make_addr("10.1.0.6");

    for (uint32_t i = 0; i < c->ports; i++)
        if (strcmp(c->port[i].name, name) == 0)
            w.ingress = c->port[i].index;
    w.context = pol_port(pol, w.ingress)->context;
    if (in)
        w.ingress = pol_uplink(pol)->index;
    w.from_tunnel = in;
    w.src = in ? there : here;
    w.dst = in ? here : there;
    w.src_mac48 = make_mac(in ? 2 : 1);
    w.dst_mac48 = make_mac(in ? 1 : 2);
    pol_walk(pol, &w);
    return w;
}

static void two_tenants(void **state)
{
    struct cfg *c = example("two-tenants.yaml");
    struct pol *pol = pol_build(c, NULL);

    (void)state;
    assert_non_null(pol);

    struct pol_walk blue = walk(c, pol, "blue-web", false, 80),
                    red = walk(c, pol, "red-web", false, 80);

    assert_int_equal(blue.drop, HSR_DROP_NONE);
    assert_int_equal(red.drop, HSR_DROP_NONE);
    assert_int_equal(blue.vni, 100);
    assert_int_equal(red.vni, 200);
    assert_int_equal(blue.vtep.family, 4);
    assert_int_equal(hsr_load32(blue.vtep.bytes), 0xC0000202);
    /* Its uplink has no `mac`. */
    assert_int_equal(pol_uplink(pol)->mac48, UINT64_C(0x02A5C0000201));
    /* Blue's group takes 80 from everybody; red has the default group, which takes from its own members. */
    blue = walk(c, pol, "blue-web", true, 80);
    assert_int_equal(blue.drop, HSR_DROP_NONE);
    assert_string_equal(blue.to->name, "blue-web");
    assert_int_equal(walk(c, pol, "blue-web", true, 22).drop, HSR_DROP_SG_INGRESS);
    assert_int_equal(walk(c, pol, "red-web", true, 80).drop, HSR_DROP_SG_INGRESS);
    pol_free(pol);
    cfg_free(c);
}

static void sizes(void **state)
{
    static const char *const names[POL_SIZES] = {
        "subnets", "endpoints",        "vteps",   "static_neighbors", "routes", "rule_sets",
        "rules",   "public_addresses", "forwards"};
    struct cfg *c = example("two-tenants.yaml");
    struct pol *pol = pol_build(c, NULL);
    uint32_t size[POL_SIZES], addresses = c->mappings;

    (void)state;
    assert_non_null(pol);
    pol_sizes(pol, size);
    for (uint32_t i = 0; i < c->ports; i++)
        addresses += c->port[i].addrs;
    assert_int_equal(size[POL_SIZE_SUBNETS], c->subnets);
    assert_int_equal(size[POL_SIZE_ENDPOINTS], addresses);
    assert_int_equal(size[POL_SIZE_VTEPS], 1);
    assert_int_equal(size[POL_SIZE_NEIGHBORS], c->neighbors);
    assert_true(size[POL_SIZE_ROUTES] >= c->routes + c->subnets);
    assert_in_range(size[POL_SIZE_RULE_SETS], 1, c->ports);
    assert_true(size[POL_SIZE_RULES] > 0);
    for (unsigned i = 0; i < POL_SIZES; i++)
        assert_string_equal(pol_size_name(i), names[i]);
    pol_free(pol);
    cfg_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_tenants),
        cmocka_unit_test(sizes),
    };

    return cmocka_run_group_tests(tests, make_eal, make_eal_end);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Difference of two documents; adding to one and removing from it. */
#include <stdlib.h>
#include <string.h>

#include "common.h"

#define ONE                                                                   \
    "version: 1\n"                                                            \
    "options: {workers: 1, timeouts: {icmp: 5}}\n"                            \
    "underlay: {neighbors: [{address: 192.0.2.2, mac: 02:00:00:00:00:02}]}\n" \
    "vpcs: [{name: a, vni: 1}, {name: b, vni: 2}]\n"                          \
    "routes: [{vpc: a, prefix: 'fd00:0::/8', type: local}]\n"
#define TWO                                          \
    "version: 1\n"                                   \
    "options: {vector: 4, timeouts: {icmp: 6}}\n"    \
    "vpcs: [{name: c, vni: 3}, {name: b, vni: 5}]\n" \
    "routes: [{vpc: a, prefix: 'fd00::/8', type: blackhole}]\n"

static void expect(const char *from, const char *to, const char *want)
{
    json_t *a = load_text(from), *b = load_text(to), *w = load_text(want), *got = cfg_diff(a, b);

    if (!json_equal(got, w)) {
        char *text = json_dumps(got, 0);

        print_error("%s\n", text);
        free(text);
        fail();
    }
    json_decref(a);
    json_decref(b);
    json_decref(w);
    json_decref(got);
}

static void differences(void **state)
{
    (void)state;
    expect(ONE, ONE, "[]");
    expect(ONE, TWO,
           "- {op: remove, kind: options, name: workers, from: 1}\n"
           "- {op: add, kind: options, name: vector, to: 4}\n"
           "- {op: change, kind: timeouts, name: icmp, from: 5, to: 6}\n"
           "- {op: remove, kind: neighbor, name: 192.0.2.2,"
           " from: {address: 192.0.2.2, mac: 02:00:00:00:00:02}}\n"
           "- {op: remove, kind: vpc, name: a, from: {name: a, vni: 1}}\n"
           "- {op: add, kind: vpc, name: c, to: {name: c, vni: 3}}\n"
           "- {op: change, kind: vpc, name: b, from: {name: b, vni: 2}, to: {name: b, vni: 5}}\n"
           "- {op: change, kind: route, name: 'a fd00::/8',"
           " from: {vpc: a, prefix: 'fd00:0::/8', type: local},"
           " to: {vpc: a, prefix: 'fd00::/8', type: blackhole}}\n");
    expect("{}", "vpcs: [{name: a, vni: 1}]",
           "- {op: add, kind: vpc, name: a, to: {name: a, vni: 1}}\n");
}

/* The order of a list is no difference; that of keys neither. */
static void order(void **state)
{
    (void)state;
    expect("vpcs: [{name: a, vni: 1}, {name: b, vni: 2}]",
           "vpcs: [{vni: 2, name: b}, {name: a, vni: 1}]", "[]");
}

static json_t *edit(const char *text, const char *list, const char *object, bool add,
                    struct cfg_error *error)
{
    json_t *document = load_text(text), *copy = json_deep_copy(document), *o = load_text(object);
    json_t *out = (add ? cfg_add : cfg_remove)(document, list, o, error);

    assert_true(json_equal(document, copy)); /* the original is left alone */
    json_decref(document);
    json_decref(copy);
    json_decref(o);
    return out;
}

static void edit_gives(const char *text, const char *list, const char *object, bool add,
                       const char *want)
{
    struct cfg_error error;
    json_t *got = edit(text, list, object, add, &error), *w = load_text(want);

    if (!got) {
        fail_msg("%s: %s", error.path, error.text);
    }
    assert_true(json_equal(got, w));
    json_decref(got);
    json_decref(w);
}

static void edit_fails(const char *text, const char *list, const char *object, bool add,
                       const char *path, const char *fragment)
{
    struct cfg_error error;
    json_t *got = edit(text, list, object, add, &error);

    assert_null(got);
    assert_string_equal(error.path, path);
    if (!strstr(error.text, fragment)) {
        fail_msg("%s", error.text);
    }
}

static void edits(void **state)
{
    (void)state;
    edit_gives("version: 1", "vpcs", "{name: a, vni: 1}", true,
               "{version: 1, vpcs: [{name: a, vni: 1}]}");
    edit_gives("version: 1", "neighbors", "{address: 192.0.2.2, mac: x}", true,
               "{version: 1, underlay: {neighbors: [{address: 192.0.2.2, mac: x}]}}");
    edit_gives("vpcs: [{name: a}, {name: b}, {name: c}]", "vpcs", "{name: b}", false,
               "vpcs: [{name: a}, {name: c}]");
    edit_gives("routes: [{vpc: a, prefix: 'fd00:0::/8'}, {vpc: b, prefix: 'fd00::/8'}]", "routes",
               "{vpc: a, prefix: 'fd00::/8'}", false, "routes: [{vpc: b, prefix: 'fd00::/8'}]");
    edit_gives("mappings: [{vpc: a, address: 10.0.0.1}]", "mappings", "{vpc: b, address: 10.0.0.1}",
               true, "mappings: [{vpc: a, address: 10.0.0.1}, {vpc: b, address: 10.0.0.1}]");
    edit_fails("vpcs: [{name: a}]", "vpcs", "{name: a, vni: 2}", true, "/vpcs", "already");
    edit_fails("vpcs: [{name: a}]", "vpcs", "{name: b}", false, "/vpcs", "no vpc 'b'");
    edit_fails("vpcs: []", "vpcs", "{vni: 2}", true, "/vpcs", "'name' is missing");
    edit_fails("vpcs: []", "vpcs", "{name: 5}", true, "/vpcs/name", "quotes");
    edit_fails("vpcs: []", "vpcs", "[a]", true, "/vpcs", "is an object");
    edit_fails("vpcs: []", "vpc", "{name: a}", true, "", "no list 'vpc'");
    edit_fails("vpcs: []", "rules", "{name: a}", true, "", "no list 'rules'");
    edit_fails("vpcs: 5", "vpcs", "{name: a}", true, "/vpcs", "no such list");
    edit_fails("version: 1", "mappings", "{vpc: a, address: 10.0.0.0/8}", false,
               "/mappings/address", "no address");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences),
        cmocka_unit_test(order),
        cmocka_unit_test(edits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* How long the lists of a document may be, and that the longest ones are read. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common.h"

/* One more than each list may have. */
static void limits(void **state)
{
    static const struct {
        const char *list;
        size_t most;
    } limit[] = {{"ports", 1024},     {"vpcs", 4096},    {"subnets", 4096},
                 {"mappings", 65536}, {"routes", 65536}, {"security_groups", 1024},
                 {"eips", 4096},      {"snat", 1024},    {"forwards", 16384}};

    (void)state;
    for (size_t i = 0; i < sizeof(limit) / sizeof(limit[0]); i++) {
        json_t *list = json_array(), *document = json_pack("{s:i}", "version", 1);
        struct cfg_error error;
        char most[32], path[48];
        struct cfg *c;

        for (size_t n = 0; n <= limit[i].most; n++) {
            json_array_append_new(list, json_object());
        }
        json_object_set_new(document, limit[i].list, list);
        assert_int_equal(cfg_parse(document, NULL, &c, &error), -EINVAL);
        snprintf(most, sizeof(most), "at most %zu", limit[i].most);
        snprintf(path, sizeof(path), "/%s", limit[i].list);
        assert_string_equal(error.path, path);
        assert_non_null(strstr(error.text, most));
        json_decref(document);
    }
}

/* The largest document there can be is read, and its vectors of names do not cost a search each. */
static void many_mappings(void **state)
{
    json_t *list = json_array(), *document;
    struct cfg_error error;
    struct cfg *c;

    (void)state;
    for (int i = 0; i < 65536; i++) {
        char address[32], mac[32];

        snprintf(address, sizeof(address), "10.%d.%d.9", i >> 8, i & 255);
        snprintf(mac, sizeof(mac), "02:00:00:00:%02x:%02x", (unsigned)i >> 8, (unsigned)i & 255);
        json_array_append_new(list, json_pack("{ssssssss}", "vpc", "v", "address", address, "mac",
                                              mac, "vtep", i & 1 ? "192.0.2.1" : "192.0.2.2"));
    }
    document = json_pack("{s:i,s:[{s:s,s:i}],s:o}", "version", 1, "vpcs", "name", "v", "vni", 7,
                         "mappings", list);
    assert_int_equal(cfg_parse(document, NULL, &c, &error), 0);
    assert_int_equal(c->mappings, 65536);
    assert_int_equal(c->vteps, 2);
    cfg_free(c);
    json_decref(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits),
        cmocka_unit_test(many_mappings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

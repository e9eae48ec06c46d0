/* SPDX-License-Identifier: Apache-2.0 */
/* YAML in and out: types, refusals, hostile input, and that what is written reads back. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

static int load(const char *text, size_t size, struct cfg_error *error)
{
    struct cfg_lines *lines;
    json_t *document;
    int rc = cfg_yaml_load(text, size, &document, &lines, error);

    assert_int_equal(rc != 0, document == NULL);
    assert_int_equal(rc != 0, lines == NULL);
    cfg_lines_free(lines);
    json_decref(document);
    return rc;
}

/* YAML 1.2, 10.3.2, examples 10.8 and 10.9, and what YAML 1.1 reads otherwise. */
static void plain_scalars(void **state)
{
    static const struct {
        const char *yaml, *json;
    } scalar[] = {
        {"null", "null"},
        {"~", "null"},
        {"Null", "null"},
        {"nULL", "\"nULL\""},
        {"true", "true"},
        {"True", "true"},
        {"FALSE", "false"},
        {"yes", "\"yes\""},
        {"No", "\"No\""},
        {"on", "\"on\""},
        {"0", "0"},
        {"-19", "-19"},
        {"+12", "12"},
        {"010", "10"},
        {"0o14", "12"},
        {"0o8", "\"0o8\""},
        {"0x1F", "31"},
        {"0x", "\"0x\""},
        {"-0x1", "\"-0x1\""},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"1.5", "1.5"},
        {".5", "0.5"},
        {"12e03", "12000.0"},
        {"-2E+05", "-200000.0"},
        {"1e", "\"1e\""},
        {".", "\".\""},
        {"+", "\"+\""},
        {"1_000", "\"1_000\""},
        {"02:00:00:00:00:01", "\"02:00:00:00:00:01\""},
        {"12:34:56:12:34:56", "\"12:34:56:12:34:56\""},
        {"190:20:30", "\"190:20:30\""},
        {"10.1.0.5", "\"10.1.0.5\""},
        {"10.1.0.0/16", "\"10.1.0.0/16\""},
        {"80-90", "\"80-90\""},
        {"2001-12-14", "\"2001-12-14\""},
        {"\"5\"", "\"5\""},
        {"'true'", "\"true\""},
        {"\"\\u00e4\\t\"", "\"\xc3\xa4\\t\""},
        {"a b", "\"a b\""},
        {"{\"a\": [1, \"b\"]}", "{\"a\": [1, \"b\"]}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(scalar) / sizeof(scalar[0]); i++) {
        json_t *want = json_loads(scalar[i].json, JSON_DECODE_ANY, NULL);
        json_t *got = load_text(scalar[i].yaml);

        assert_non_null(want);
        if (!json_equal(want, got)) {
            fail_msg("%s", scalar[i].yaml);
        }
        json_decref(want);
        json_decref(got);
    }
}

static void refusals(void **state)
{
    static const struct {
        const char *yaml;
        int line;
        const char *fragment;
    } bad[] = {
        {"", 1, "empty"},
        {"# only a comment\n", 1, "empty"},
        {"a: 1\nb: 2\na: 3\n", 3, "key 'a' is there twice"},
        {"a: {x: 1, 'x': 2}\n", 1, "key 'x' is there twice"},
        {"a: &x 1\n", 1, "anchors"},
        {"\na: &x [1]\n", 2, "anchors"},
        {"a: &x {b: 1}\n", 1, "anchors"},
        {"&x a: 1\n", 1, "anchors"},
        {"a: 1\nb: *a\n", 2, "aliases"},
        {"*a : 1\n", 1, "aliases"},
        {"a: !!str 5\n", 1, "tags"},
        {"a: !x [5]\n", 1, "tags"},
        {"a: ! 5\n", 1, "tags"},
        {"!!str a: 5\n", 1, "tags"},
        {"? [a]\n: 1\n", 1, "a key must be a text"},
        {"a: 1\n---\nb: 2\n", 2, "a second document"},
        {"a: [1, 2\n", 2, "not YAML"},
        {"a: \"b\n", 2, "not YAML"},
        {"a: 1\n\tb: 2\n", 2, "not YAML"},
        {"a: \xff\n", 1, "not YAML"},
        {"a: \x01\n", 1, "not YAML"},
        {"a: \"\\0\"\n", 1, "NUL"},
        {"\"a\\0b\": 1\n", 1, "NUL"},
        {"a: \"\\ud800\"\n", 1, "not YAML"},
        {"a: 9223372036854775808\n", 1, "cannot be represented"},
        {"a: 1e999\n", 1, "cannot be represented"},
        {"a: .inf\n", 1, "cannot be represented"},
        {"a: -.INF\n", 1, "cannot be represented"},
        {"a: .nan\n", 1, "cannot be represented"},
        {"[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", 1, "16 deep"},
        {"a:\n  - <<: *x\n", 2, "aliases"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct cfg_error error;
        int rc = load(bad[i].yaml, strlen(bad[i].yaml), &error);

        if (rc != -EINVAL || error.line != bad[i].line || !strstr(error.text, bad[i].fragment)) {
            fail_msg("%s: rc %d, line %d: %s", bad[i].yaml, rc, error.line, error.text);
        }
    }
    json_decref(load_text("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]"));
}

static void raw_bytes(void **state)
{
    static const char nul[] = "a: 1\nb: \0c\n", utf16[] = "\xff\xfe"
                                                          "a\0:\0 \0001\0";
    static const char bom[] = "\xef\xbb\xbfversion: 1\n";
    struct cfg_error error;
    json_t *document;

    (void)state;
    assert_int_equal(load(nul, sizeof(nul) - 1, &error), -EINVAL);
    assert_int_equal(error.line, 2);
    assert_non_null(strstr(error.text, "NUL"));
    assert_int_equal(load(utf16, sizeof(utf16) - 1, &error), -EINVAL);
    document = load_text(bom);
    assert_int_equal(json_integer_value(json_object_get(document, "version")), 1);
    json_decref(document);
}

/* A buffer of `n` times `unit` behind `head`. */
static char *repeat(const char *head, const char *unit, size_t n, size_t *size)
{
    size_t before = strlen(head), each = strlen(unit);
    char *text = malloc(before + n * each + 1);

    assert_non_null(text);
    memcpy(text, head, before + 1);
    for (size_t i = 0; i < n; i++) {
        memcpy(text + before + i * each, unit, each + 1);
    }
    *size = before + n * each;
    return text;
}

static void huge(void **state)
{
    static const struct {
        const char *head, *unit;
        size_t n;
        const char *fragment;
    } big[] = {
        {"", "[", 1000000, "16 deep"},     {"", "{a: ", 1000000, "16 deep"},
        {"", "- ", 100000, "16 deep"},     {"[", "1,", 1100000, "1048576 values"},
        {"a: ", "x", 16u << 20, "16 MiB"}, {"", "k", 300, "version"},
        {"? ", "k", 300, "256 bytes"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(big) / sizeof(big[0]); i++) {
        struct cfg_error error;
        size_t size;
        char *text = repeat(big[i].head, big[i].unit, big[i].n, &size);
        int rc = load(text, size, &error);

        if (i == 5) {
            assert_int_equal(rc, 0); /* a long text is no long key */
        } else if (rc != -EINVAL || !strstr(error.text, big[i].fragment)) {
            fail_msg("%zu: rc %d, %s", i, rc, error.text);
        }
        free(text);
    }
}

static uint64_t seed = 0x9e3779b97f4a7c15;

/* xorshift64 (Marsaglia, 2003): the same on every machine */
static uint32_t rnd(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32) % n;
}

/* Bytes, and pieces of YAML, in any order: refused or loaded, nothing else. */
static void garbage(void **state)
{
    static const char *const piece[] = {
        "a: ",         "- ",     "\n",  "  ",   "[",    "]",   "{",   "}",   ",",   "&a ",
        "*a ",         "!!str ", "\"",  "'",    "? ",   ": ",  "---", "...", "|\n", ">-\n",
        "%YAML 1.1\n", "\xc3",   "\\u", "\xf0", "null", "1e5", "#",   "\t"};
    char text[400];

    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct cfg_error error;
        size_t size = 0;

        while (size < 300 && rnd(40)) {
            const char *p = piece[rnd(sizeof(piece) / sizeof(piece[0]))];

            if (rnd(8) == 0) {
                text[size++] = (char)rnd(256);
            } else {
                size += (size_t)snprintf(text + size, sizeof(text) - size, "%s", p);
            }
        }
        if (load(text, size, &error)) {
            assert_true(error.text[0] != '\0' && error.line > 0);
        }
    }
}

static json_t *random_text(void)
{
    static const char *const piece[] = {"a",
                                        "yes",
                                        "null",
                                        "0x1",
                                        "1.5",
                                        ": ",
                                        " ",
                                        "#",
                                        "\n",
                                        "\"",
                                        "\\",
                                        "-",
                                        "'",
                                        ":",
                                        "\xc3\xa4",
                                        "\x7f",
                                        "\xe2\x80\xa8",
                                        "1:2",
                                        "[",
                                        "\xf0\x9f\x98\x80",
                                        "~",
                                        "\xef\xbb\xbf",
                                        "1e3",
                                        "\t",
                                        "\xc2\x85",
                                        "0",
                                        ".inf",
                                        "...",
                                        "---",
                                        "\x01"};
    char text[64] = "";
    size_t used = 0;

    for (uint32_t n = rnd(4); n > 0; n--) {
        const char *p = piece[rnd(sizeof(piece) / sizeof(piece[0]))];

        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", p);
    }
    return json_string(text);
}

static json_t *random_value(int depth)
{
    static const double real[] = {0.0, -1.5, 1e300, 5e-324, 0.1, 100.0, 1e22};
    json_t *value, *key;

    switch (rnd(depth ? 8 : 6)) {
    case 0:
        return json_null();
    case 1:
        return json_boolean(rnd(2));
    case 2:
        return json_integer(rnd(2) ? (json_int_t)rnd(1000) - 500 : (json_int_t)seed);
    case 3:
        return json_real(real[rnd(7)]);
    case 6:
        value = json_array();
        for (uint32_t n = rnd(4); n > 0; n--) {
            json_array_append_new(value, random_value(depth - 1));
        }
        return value;
    case 7:
        value = json_object();
        for (uint32_t n = rnd(4); n > 0; n--) {
            key = random_text();
            json_object_set_new(value, rnd(3) ? json_string_value(key) : "ports",
                                random_value(depth - 1));
            json_decref(key);
        }
        return value;
    default:
        return random_text();
    }
}

static void back_again(const json_t *document)
{
    char *text = cfg_yaml_dump(document), *twice;
    json_t *again;

    assert_non_null(text);
    again = load_text(text);
    if (!json_equal(again, document)) {
        fail_msg("reads back differently:\n%s", text);
    }
    twice = cfg_yaml_dump(again);
    assert_string_equal(text, twice);
    json_decref(again);
    free(text);
    free(twice);
}

static void round_trip(void **state)
{
    static const char *const example[] = {
        "docs/examples/minimal.yaml",        "docs/examples/two-tenants.yaml",
        "docs/examples/gateway-routes.yaml", "docs/examples/geneve.yaml",
        "docs/examples/two-uplinks.yaml",    "docs/examples/host.yaml",
        "docs/examples/underlay6.yaml"};

    (void)state;
    for (size_t i = 0; i < sizeof example / sizeof example[0]; i++) {
        char *text = read_file(example[i]);
        json_t *document = load_text(text);

        back_again(document);
        json_decref(document);
        free(text);
    }
    for (int i = 0; i < 5000; i++) {
        json_t *document = random_value(5);

        back_again(document);
        json_decref(document);
    }
}

/* A container anywhere in the document. */
static json_t *random_place(json_t *document)
{
    json_t *place = document;

    for (;;) {
        size_t n = json_is_array(place) ? json_array_size(place) : json_object_size(place);
        json_t *inner = NULL;

        if (n && json_is_array(place)) {
            inner = json_array_get(place, rnd((uint32_t)n));
        } else if (n) {
            void *iter = json_object_iter(place);

            for (uint32_t skip = rnd((uint32_t)n); skip > 0; skip--) {
                iter = json_object_iter_next(place, iter);
            }
            inner = json_object_iter_value(iter);
        }
        if ((!json_is_array(inner) && !json_is_object(inner)) || rnd(5) == 0) {
            return place;
        }
        place = inner;
    }
}

/* One value of a good document replaced, taken away or added. */
static void mutate(json_t *document)
{
    json_t *place = random_place(document), *key = random_text();
    uint32_t n = (uint32_t)json_array_size(place);

    if (json_is_array(place) && n) {
        json_array_set_new(place, rnd(n),
                           rnd(2) ? random_value(2)
                                  : json_deep_copy(json_array_get(place, rnd(n))));
    } else if (json_object_size(place)) {
        void *iter = json_object_iter(place);

        for (uint32_t skip = rnd((uint32_t)json_object_size(place)); skip > 0; skip--) {
            iter = json_object_iter_next(place, iter);
        }
        if (rnd(3) == 0) {
            json_object_del(place, json_object_iter_key(iter));
        } else if (rnd(3) == 0) {
            json_object_set_new(place, json_string_value(key), random_value(2));
        } else {
            json_object_iter_set_new(place, iter, random_value(2));
        }
    }
    json_decref(key);
}

/* Accepted or refused with a place and words that fit into JSON; nothing else. */
static void mutants(void **state)
{
    char *text = read_file("docs/examples/two-tenants.yaml");
    uint32_t accepted = 0;

    (void)state;
    for (int i = 0; i < 3000; i++) {
        json_t *document = load_text(text);
        struct cfg_error error;
        struct cfg *c;

        mutate(document);
        if (cfg_parse(document, NULL, &c, &error)) {
            json_t *reply = json_pack("{ss ss}", "path", error.path, "text", error.text);

            assert_null(c);
            assert_non_null(reply);
            assert_true(error.text[0] != '\0');
            json_decref(reply);
        } else {
            accepted++;
        }
        cfg_free(c);
        json_decref(document);
    }
    /* Some changes do no harm; most do. */
    assert_in_range(accepted, 1, 1500);
    free(text);
}

/* A long key of many bytes a character is cut between two of them. */
static void long_keys(void **state)
{
    (void)state;
    for (size_t pad = 0; pad < 4; pad++) {
        json_t *document = json_pack("{s:i}", "version", 1), *reply;
        char key[256] = "";
        struct cfg_error error;
        struct cfg *c;

        memset(key, 'a', pad);
        for (size_t used = pad; used + 5 < sizeof(key); used += 4) {
            memcpy(key + used, "\xf0\x9f\x98\x80", 5);
        }
        json_object_set_new(document, key, json_null());
        assert_int_equal(cfg_parse(document, NULL, &c, &error), -EINVAL);
        assert_in_range(strlen(error.path), sizeof(error.path) - 5, sizeof(error.path) - 1);
        reply = json_pack("{ss ss}", "path", error.path, "text", error.text);
        assert_non_null(reply);
        json_decref(reply);
        json_decref(document);
    }
}

/* What is written is what a person would write: schema order, quotes only where needed. */
static void dump_style(void **state)
{
    json_t *document =
        json_pack("{s:[{s:s,s:i}],s:i,s:{s:s,s:s,s:s,s:s,s:s},s:[],s:{}}", "vpcs", "name", "blue",
                  "vni", 7, "version", 1, "more", "mac", "02:00:00:00:00:01", "six", "fd00::1",
                  "sixty", "12:34:56", "word", "yes", "any", "::/0", "ports", "options");
    char *text = cfg_yaml_dump(document);
    json_t *nul = json_stringn("a\0b", 3);

    (void)state;
    assert_string_equal(text, "version: 1\n"
                              "options: {}\n"
                              "ports: []\n"
                              "vpcs:\n"
                              "  - name: blue\n"
                              "    vni: 7\n"
                              "more:\n"
                              "  mac: \"02:00:00:00:00:01\"\n"
                              "  six: fd00::1\n"
                              "  sixty: \"12:34:56\"\n"
                              "  word: \"yes\"\n"
                              "  any: \"::/0\"\n");
    assert_null(cfg_yaml_dump(nul));
    json_decref(nul);
    json_decref(document);
    free(text);
}

static void lines_of_values(void **state)
{
    static const char text[] = "version: 1\n\nports:\n  - name: a\n    mac: x\n  -\n    name: b\n"
                               "    \"o/p~q\":\n      - 1\n      - 2\n";
    struct cfg_lines *lines;
    struct cfg_error error;
    json_t *document;

    (void)state;
    assert_int_equal(cfg_yaml_load(text, sizeof(text) - 1, &document, &lines, &error), 0);
    assert_int_equal(cfg_line(lines, ""), 1);
    assert_int_equal(cfg_line(lines, "/ports"), 3);
    assert_int_equal(cfg_line(lines, "/ports/0"), 4);
    assert_int_equal(cfg_line(lines, "/ports/0/mac"), 5);
    assert_int_equal(cfg_line(lines, "/ports/1"), 7);
    assert_int_equal(cfg_line(lines, "/ports/1/o~1p~0q/1"), 10);
    assert_int_equal(cfg_line(lines, "/ports/0/none"), 4);
    assert_int_equal(cfg_line(lines, "/ports/7"), 3);
    assert_int_equal(cfg_line(NULL, "/ports"), 0);
    cfg_lines_free(lines);
    json_decref(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_scalars), cmocka_unit_test(refusals),
        cmocka_unit_test(raw_bytes),     cmocka_unit_test(huge),
        cmocka_unit_test(garbage),       cmocka_unit_test(round_trip),
        cmocka_unit_test(dump_style),    cmocka_unit_test(lines_of_values),
        cmocka_unit_test(mutants),       cmocka_unit_test(long_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

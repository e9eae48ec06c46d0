/* SPDX-License-Identifier: Apache-2.0 */
/* Rules as text: what every word means, every error with its name and place, what may follow, and the way back. */
#include "rules.h"

#include <errno.h>

static struct hsr_rule rule;
static struct rule_error error;

static void parse(const char *text)
{
    if (rule_parse(text, 3, &test_names, &rule, &error) != 0)
        fail_msg("%s\nat %u: %s: %s", text, error.at, hsr_rule_error_name(error.type), error.text);
}

/* The rule parses, and is printed as `want`, which parses to the same. */
static void prints(const char *text, const char *want)
{
    struct hsr_rule first;
    char *printed;

    parse(text);
    first = rule;
    printed = rule_text(&rule, &test_names);
    assert_non_null(printed);
    assert_string_equal(printed, want);
    parse(printed);
    assert_memory_equal(&rule, &first, sizeof rule);
    free(printed);
}

/* A pattern, as it is printed. */
static void pattern(const char *text, const char *want)
{
    char rule_in[400], rule_out[400];

    snprintf(rule_in, sizeof rule_in, "ingress pattern %s end actions drop / end", text);
    snprintf(rule_out, sizeof rule_out, "ingress pattern %s end actions drop / end", want);
    prints(rule_in, rule_out);
}

/* Where `part` stands in the text for the last time; its end for "". */
static uint32_t place_of(const char *text, const char *part)
{
    const char *found = NULL;

    for (const char *at = strstr(text, part); at != NULL && *at != '\0'; at = strstr(at + 1, part))
        found = at;
    return (uint32_t)(*part == '\0' || found == NULL ? strlen(text) : (size_t)(found - text));
}

static void refused(const char *text, const char *name, const char *at, const char *says)
{
    assert_int_equal(rule_parse(text, 3, &test_names, &rule, &error), -EINVAL);
    if (strcmp(hsr_rule_error_name(error.type), name) != 0 || strstr(error.text, says) == NULL)
        fail_msg("%s: %s: %s", text, hsr_rule_error_name(error.type), error.text);
    if (error.at != place_of(text, at))
        fail_msg("%s: error at %u, not %u: %s", text, error.at, place_of(text, at), error.text);
}

static void bytes_are_those_of_headers(void **state)
{
    (void)state;
    parse("ingress priority 7 pattern eth dst is 02:00:00:00:00:01 type is 0x800 / vlan vid is 5 "
          "pcp is 3 / ipv4 src is 192.0.2.7 dst spec 10.1.2.3 dst prefix 12 / udp dst is 53 "
          "dst last 60 / end actions count / mirror port p4 / meter mtr_id 9 / passthru / end");
    assert_int_equal(rule.priority, 7);
    assert_int_equal(rule.port, 3);
    assert_int_equal(rule.items, 4);
    assert_int_equal(rule.actions, HSR_RULE_ACT_COUNT | HSR_RULE_ACT_MIRROR | HSR_RULE_ACT_METER |
                                       HSR_RULE_ACT_PASSTHRU);
    assert_int_equal(rule.mirror, 4);
    assert_int_equal(rule.meter, 9);
    assert_memory_equal(rule.item[0].spec, "\x02\0\0\0\0\x01\0\0\0\0\0\0\x08\0", 14);
    assert_memory_equal(rule.item[0].mask, "\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\xff\xff", 14);
    assert_memory_equal(rule.item[1].spec, "\x60\x05\0\0", 4);
    assert_memory_equal(rule.item[1].mask, "\xef\xff\0\0", 4);
    assert_memory_equal(rule.item[2].spec + 12, "\xc0\0\x02\x07\x0a\0\0\0", 8);
    assert_memory_equal(rule.item[2].mask + 12, "\xff\xff\xff\xff\xff\xf0\0\0", 8);
    assert_memory_equal(rule.item[3].spec, "\0\0\0\x35", 4);
    assert_memory_equal(rule.item[3].last, "\0\0\0\x3c", 4);
    parse("ingress pattern end actions mark id 9 / end");
    assert_int_equal(rule.mark, 9);
    assert_int_equal(rule.flow_id, 1009);
    assert_int_equal(rule.items, 0);
}

static void every_field_there_and_back(void **state)
{
    static const char *const same[] = {
        "eth dst is 02:00:00:00:00:01 src is ff:ff:ff:ff:ff:fe type is 0x88a8 /",
        "eth / vlan pcp is 7 dei is 1 vid is 4095 inner_type is 0x0800 / vlan vid is 0 / ipv4 /",
        "ipv4 tos is 0xb8 ttl is 1 proto is 89 src is 0.0.0.0 dst is 255.255.255.255 /",
        "ipv6 tc is 0x2e proto is 6 hop is 255 src is 2001:db8::1 dst is ::ffff:192.0.2.1 /",
        "tcp src is 1 dst is 65535 flags is 0x02 /",
        "sctp src is 0 dst is 3868 /",
        "eth / ipv4 / icmp type is 8 code is 0 /",
        "eth / ipv6 / icmp6 type is 135 code is 0 /",
        "vxlan vni is 16777215 / eth / ipv4 / udp /",
        "eth / ipv6 / udp dst is 6081 / geneve vni is 77 / eth / vlan vid is 9 / ipv6 / tcp /",
        "ipv4 src spec 10.0.0.0 src prefix 8 src last 11.0.0.0 /",
        "ipv4 src spec 10.0.0.1 src mask 255.0.0.255 /",
        "ipv6 dst spec 2001:db8:: dst prefix 33 /",
        "eth dst spec 01:00:00:00:00:00 dst mask 01:00:00:00:00:00 /",
        "tcp flags spec 0x02 flags mask 0x12 /",
        "udp dst is 1000 dst last 2000 /",
        "vlan vid is 5 vid last 9 /",
    };

    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        pattern(same[i], same[i]);
    prints("ingress priority 4294967295 pattern end actions passthru / end",
           "ingress priority 4294967295 pattern end actions passthru / end");
    prints(
        " ingress\tpattern\nend actions meter mtr_id 255 / mirror port p9 / mark id 7 / count / "
        "end ",
        "ingress pattern end actions mark id 7 / count / meter mtr_id 255 / mirror port p9 / end");
}

static void spellings_of_the_same(void **state)
{
    static const char *const ways[] = {
        "ipv4 src is 10.1.1.1 /",
        "ipv4 src spec 10.1.1.1 src mask 255.255.255.255 /",
        "ipv4 src spec 10.1.1.1 src prefix 32 /",
        "ipv4 src prefix 32 src spec 10.1.1.1 /",
        "ipv4 src spec 10.1.1.1 /",
        "ipv4 src is 10.1.1.1 src last 10.1.1.1 /",
        "ipv4 src is 10.1.1.1 src last 0 /",
        "ipv4 src is 10.9.9.9 src last 10.9.9.10 src last 0.0.0.0 src is 10.1.1.1 /",
    };

    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        pattern(ways[i], ways[0]);
    pattern("ipv4 src is 10.1.1.1 src last 10.2.3.4 src mask 255.255.0.0 /",
            "ipv4 src spec 10.1.0.0 src prefix 16 src last 10.2.0.0 /");
    pattern("ipv4 src is 10.1.1.1 src prefix 24 src prefix 16 /",
            "ipv4 src spec 10.1.0.0 src prefix 16 /");
    pattern("ipv4 src is 10.1.1.1 src prefix 0 /", "ipv4 /");
    pattern("vlan tci is 0xB005 /", "vlan pcp is 5 dei is 1 vid is 5 /");
    pattern("udp dst is 0x35 /", "udp dst is 53 /");
    prints("ingress ingress group 0 priority 1 priority 2 pattern end actions drop / end",
           "ingress priority 2 pattern end actions drop / end");
}

static void errors_have_names_and_places(void **state)
{
    static const struct {
        const char *text, *name, *at, *says;
    } cases[] = {
        {"", "ATTR", "", "pattern"},
        {"ingress prio 1", "ATTR", "prio", "priority"},
        {"ingress group 1 pattern", "ATTR_GROUP", "1", "group 0"},
        {"ingress priority -1", "ATTR_PRIORITY", "-1", "4294967295"},
        {"ingress priority 4294967296", "ATTR_PRIORITY", "4294967296", "4294967295"},
        {"ingress priority", "ATTR_PRIORITY", "", "missing"},
        {"pattern end actions drop / end", "ATTR_INGRESS", "pattern", "ingress"},
        {"ingress egress pattern", "ATTR_EGRESS", "egress", "ingress"},
        {"transfer pattern", "ATTR_TRANSFER", "transfer", "ingress"},
        {"ingress pattern nvgre / end", "ITEM", "nvgre", "vxlan"},
        {"ingress pattern eth / udp / end", "ITEM", "udp", "directly behind eth"},
        {"ingress pattern ipv4 / icmp6 / end", "ITEM", "icmp6", "behind ipv4"},
        {"ingress pattern eth end", "ITEM_SPEC", "end", "dst, src, type, /"},
        {"ingress pattern eth / ipv4", "ITEM_NUM", "", "/"},
        {"ingress pattern eth /", "ITEM_NUM", "", "end"},
        {"ingress pattern ipv4 port is 5 / end", "ITEM_SPEC", "port", "tos, ttl, proto, src, dst"},
        {"ingress pattern ipv4 src 10.0.0.1", "ITEM_SPEC", "10.0.0.1",
         "is, spec, last, mask, prefix"},
        {"ingress pattern ipv4 src is 10.0.0", "ITEM_SPEC", "10.0.0", "IPv4 address"},
        {"ingress pattern ipv4 src is ::1", "ITEM_SPEC", "::1", "IPv4 address"},
        {"ingress pattern ipv6 src is 10.0.0.1", "ITEM_SPEC", "10.0.0.1", "IPv6 address"},
        {"ingress pattern ipv4 src is", "ITEM_SPEC", "", "missing"},
        {"ingress pattern eth dst is 02:00", "ITEM_SPEC", "02:00", "MAC"},
        {"ingress pattern udp dst is 65536", "ITEM_SPEC", "65536", "16 bits"},
        {"ingress pattern udp dst is -1", "ITEM_SPEC", "-1", "16 bits"},
        {"ingress pattern udp dst is 99999999999999999999", "ITEM_SPEC", "99999999999999999999",
         "16 bits"},
        {"ingress pattern vlan vid is 4096", "ITEM_SPEC", "4096", "12 bits"},
        {"ingress pattern vxlan vni is 16777216", "ITEM_SPEC", "16777216", "24 bits"},
        {"ingress pattern udp dst is 5 dst last 65536", "ITEM_LAST", "65536", "16 bits"},
        {"ingress pattern udp dst is 5 dst mask x", "ITEM_MASK", "x", "16 bits"},
        {"ingress pattern ipv4 src is 10.0.0.1 src prefix 33", "ITEM_MASK", "33", "0 to 32"},
        {"ingress pattern eth / udp", "ITEM", "udp", "behind"},
        {"ingress pattern udp dst is 9 dst last 8 / end", "ITEM_LAST", "udp", "before it begins"},
        {"ingress pattern udp src mask 7 / end", "ITEM_MASK", "udp", "no value"},
        {"ingress pattern udp src last 7 / end", "ITEM_LAST", "udp", "no beginning"},
        {"ingress pattern vlan tci last 7", "ITEM_LAST", "last", "parts"},
        {"ingress pattern end", "ACTION_NUM", "", "actions"},
        {"ingress pattern end drop", "ACTION", "drop", "actions"},
        {"ingress pattern end actions end", "ACTION_NUM", "end", "does nothing"},
        {"ingress pattern end actions queue index 1 / end", "ACTION", "queue", "drop, mark"},
        {"ingress pattern end actions drop end", "ACTION", "end", "/"},
        {"ingress pattern end actions drop /", "ACTION_NUM", "", "end"},
        {"ingress pattern end actions count / count / end", "ACTION", "count", "already"},
        {"ingress pattern end actions drop / passthru / end", "ACTION", "passthru", "neither"},
        {"ingress pattern end actions mark id 1 / drop / end", "ACTION", "drop", "neither"},
        {"ingress pattern end actions mark 5 / end", "ACTION_CONF", "5", "id"},
        {"ingress pattern end actions mark id 100 / end", "ACTION_CONF", "100", "no session"},
        {"ingress pattern end actions mark id 4294967296 / end", "ACTION_CONF", "4294967296",
         "32 bits"},
        {"ingress pattern end actions mark id", "ACTION_CONF", "", "missing"},
        {"ingress pattern end actions meter mtr_id 256 / end", "ACTION_CONF", "256", "0 to 255"},
        {"ingress pattern end actions mirror port nobody / end", "ACTION_CONF", "nobody",
         "no port"},
        {"ingress pattern end actions mirror port p3 / end", "ACTION_CONF", "p3", "itself"},
        {"ingress pattern end actions drop / end more", "UNSPECIFIED", "more", "behind the end"},
        {"ingress pattern \xff\x01\xc3 / end", "ITEM", "\xff", "'\?\?\?'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        refused(cases[i].text, cases[i].name, cases[i].at, cases[i].says);
}

static void long_words_mean_nothing(void **state)
{
    char text[400] = "ingress pattern ";

    (void)state;
    memset(text + strlen(text), 'e', 300);
    assert_int_equal(rule_parse(text, 3, &test_names, &rule, &error), -EINVAL);
    assert_int_equal(error.at, strlen("ingress pattern "));
    /* Cut it would be a good one. */
    snprintf(text, sizeof text, "ingress pattern udp dst is %0100d / end actions drop / end", 53);
    assert_int_equal(rule_parse(text, 3, &test_names, &rule, &error), -EINVAL);
    assert_int_equal(error.type, HSR_RULE_ERROR_ITEM_SPEC);
    assert_int_equal(error.at, strlen("ingress pattern udp dst is "));
}

static void follows(const char *text, const char *want)
{
    const char *words[RULE_WORDS];
    enum rule_place place = rule_next(text, words);
    char got[400] = "";

    switch (place) {
    case RULE_PLACE_VALUE:
        strcpy(got, "(value)");
        break;
    case RULE_PLACE_PORT:
        strcpy(got, "(port)");
        break;
    case RULE_PLACE_END:
        strcpy(got, "(end)");
        break;
    default:
        for (size_t i = 0; words[i] != NULL; i++)
            snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", i > 0 ? " " : "",
                     words[i]);
    }
    assert_string_equal(got, want);
}

static void completion(void **state)
{
    (void)state;
    follows("", "ingress priority group pattern");
    follows("ingress priority", "(value)");
    follows("ingress pattern", "eth vlan ipv4 ipv6 tcp udp sctp icmp icmp6 vxlan geneve end");
    follows("ingress pattern eth", "dst src type /");
    follows("ingress pattern eth /", "vlan ipv4 ipv6 end");
    follows("ingress pattern eth / ipv4 / udp /", "vxlan geneve end");
    follows("ingress pattern udp / vxlan /", "eth end");
    follows("ingress pattern udp dst", "is spec last mask prefix");
    follows("ingress pattern udp dst is", "(value)");
    follows("ingress pattern udp dst is 5", "src dst /");
    follows("ingress pattern end", "actions");
    follows("ingress pattern end actions", "drop mark count meter mirror passthru end");
    follows("ingress pattern end actions mark", "id");
    follows("ingress pattern end actions mark id", "(value)");
    follows("ingress pattern end actions mark id 77777", "/");
    follows("ingress pattern end actions mirror port", "(port)");
    follows("ingress pattern end actions mirror port anything", "/");
    follows("ingress pattern end actions drop / end", "(end)");
    follows("ingress nonsense", "(end)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_those_of_headers),
        cmocka_unit_test(every_field_there_and_back),
        cmocka_unit_test(spellings_of_the_same),
        cmocka_unit_test(errors_have_names_and_places),
        cmocka_unit_test(long_words_mean_nothing),
        cmocka_unit_test(completion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

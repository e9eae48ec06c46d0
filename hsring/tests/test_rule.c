/* SPDX-License-Identifier: Apache-2.0 */
/* Rules: the table of fields, which items may follow which, and every way in which a rule can be wrong. */
#include "hsr_test.h"

#include <stdio.h>
#include <string.h>

#include "hsring/rule.h"

static struct hsr_rule_item item(uint8_t type)
{
    return (struct hsr_rule_item){.type = type};
}

/* Value of up to eight bytes into a field of one of the item's headers. */
static void put(struct hsr_rule_item *i, uint8_t *header, const char *name, uint64_t value)
{
    uint8_t bytes[HSR_RULE_VALUE] = {0};
    uint32_t n;
    const struct hsr_rule_field *field = hsr_rule_fields_of(i->type, &n);

    for (unsigned b = 0; b < 8; b++)
        bytes[HSR_RULE_VALUE - 1 - b] = (uint8_t)(value >> 8 * b);
    while (n > 0 && strcmp(field->name, name) != 0)
        field++, n--;
    assert_true(n > 0);
    hsr_rule_put(field, header, bytes);
}

/* eth / ipv4 / udp dst 53, drop. */
static struct hsr_rule good(void)
{
    struct hsr_rule r = {.port = 3, .items = 3, .actions = HSR_RULE_ACT_DROP};

    r.item[0] = item(HSR_RULE_ITEM_ETH);
    r.item[1] = item(HSR_RULE_ITEM_IPV4);
    r.item[2] = item(HSR_RULE_ITEM_UDP);
    put(&r.item[2], r.item[2].spec, "dst", 53);
    put(&r.item[2], r.item[2].mask, "dst", 0xFFFF);
    return r;
}

static unsigned check(const struct hsr_rule *r)
{
    uint32_t which;

    return hsr_rule_check(r, &which);
}

static void fields_stand_where_they_should(void **state)
{
    static const struct {
        const char *item, *field;
        unsigned byte, bytes; /* the header bytes that a value of all ones sets */
        uint8_t first;        /* of them */
    } want[] = {
        {"eth", "type", 12, 2, 0xFF},  {"vlan", "pcp", 0, 1, 0xE0},  {"vlan", "vid", 0, 2, 0x0F},
        {"ipv4", "src", 12, 4, 0xFF},  {"ipv6", "tc", 0, 2, 0x0F},   {"ipv6", "dst", 24, 16, 0xFF},
        {"tcp", "flags", 13, 1, 0xFF}, {"vxlan", "vni", 4, 3, 0xFF}, {"geneve", "vni", 4, 3, 0xFF},
    };
    uint8_t ones[HSR_RULE_VALUE];

    (void)state;
    memset(ones, 0xFF, sizeof ones);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        uint8_t header[HSR_RULE_HEADER] = {0}, rest[HSR_RULE_HEADER] = {0};
        uint32_t n;
        const struct hsr_rule_field *f = hsr_rule_fields_of(hsr_rule_item_type(want[i].item), &n);

        while (n > 0 && strcmp(f->name, want[i].field) != 0)
            f++, n--;
        assert_true(n > 0);
        hsr_rule_put(f, header, ones);
        assert_int_equal(header[want[i].byte], want[i].first);
        assert_int_not_equal(header[want[i].byte + want[i].bytes - 1], 0);
        memset(header + want[i].byte, 0, want[i].bytes);
        assert_memory_equal(header, rest, sizeof header);
    }
}

static void values_come_back(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (const struct hsr_rule_field *f = hsr_rule_fields; f->name != NULL; f++) {
        uint32_t bytes = hsr_rule_item_bytes(f->item);

        assert_true(f->at + f->bits <= bytes * 8);
        assert_true(bytes <= HSR_RULE_HEADER && f->bits <= HSR_RULE_VALUE * 8);
        assert_int_equal(hsr_rule_item_type(hsr_rule_item_name(f->item)), f->item);
        for (unsigned round = 0; round < 20; round++) {
            uint8_t before[HSR_RULE_HEADER], header[HSR_RULE_HEADER];
            uint8_t value[HSR_RULE_VALUE], old[HSR_RULE_VALUE], got[HSR_RULE_VALUE];

            test_random_bytes(&seed, before, sizeof before);
            memcpy(header, before, sizeof before);
            hsr_rule_get(f, header, old);
            test_random_bytes(&seed, value, sizeof value);
            hsr_rule_put(f, header, value);
            hsr_rule_get(f, header, got);
            /* The field's bits are the last of the value. */
            assert_memory_equal(got + HSR_RULE_VALUE - f->bits / 8,
                                value + HSR_RULE_VALUE - f->bits / 8, f->bits / 8);
            hsr_rule_put(f, header, old);
            assert_memory_equal(header, before, sizeof header);
        }
    }
    assert_null(hsr_rule_item_name(0));
    assert_null(hsr_rule_item_name(255));
    assert_int_equal(hsr_rule_item_type("nvgre"), 0);
    assert_int_equal(hsr_rule_item_bytes(HSR_RULE_ITEM_GENEVE + 1), 0);
    assert_string_equal(hsr_rule_error_name(HSR_RULE_ERROR_STATE), "STATE");
    assert_string_equal(hsr_rule_error_name(255), "UNSPECIFIED");
}

/* Names of items, their rule's verdict. */
static void order(const char *items, unsigned want)
{
    struct hsr_rule r = {.actions = HSR_RULE_ACT_COUNT};
    char text[128], *save = NULL;

    assert_true((size_t)snprintf(text, sizeof text, "%s", items) < sizeof text);
    for (char *name = strtok_r(text, " ", &save); name != NULL; name = strtok_r(NULL, " ", &save))
        r.item[r.items++].type = hsr_rule_item_type(name);
    if (check(&r) != want)
        fail_msg("%s: %s", items, hsr_rule_error_name(check(&r)));
}

static void items_stand_in_order(void **state)
{
    static const char *const good_orders[] = {
        "",
        "eth",
        "eth vlan",
        "eth vlan vlan ipv6 udp",
        "ipv4",
        "udp",
        "vlan ipv4",
        "icmp",
        "eth ipv4 icmp",
        "eth ipv6 icmp6",
        "eth ipv4 sctp",
        "vxlan",
        "vxlan eth ipv4 tcp",
        "eth vlan vlan ipv6 udp geneve eth vlan vlan ipv4 tcp",
        "udp vxlan eth",
    };
    static const char *const bad_orders[] = {
        "eth udp",          "eth eth",
        "ipv4 eth",         "eth vlan vlan vlan",
        "ipv4 ipv6",        "udp tcp",
        "nothing",          "ipv4 icmp6",
        "ipv6 icmp",        "tcp vxlan",
        "eth vxlan",        "vxlan ipv4",
        "vxlan vlan",       "vxlan eth ipv4 udp vxlan",
        "udp vxlan geneve", "vxlan eth udp",
        "eth ipv4 vlan",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good_orders / sizeof good_orders[0]; i++)
        order(good_orders[i], HSR_RULE_ERROR_NONE);
    for (size_t i = 0; i < sizeof bad_orders / sizeof bad_orders[0]; i++)
        order(bad_orders[i], HSR_RULE_ERROR_ITEM);
}

static void layers(void **state)
{
    static const uint8_t items[] = {HSR_RULE_ITEM_ETH,   HSR_RULE_ITEM_IPV6, HSR_RULE_ITEM_UDP,
                                    HSR_RULE_ITEM_VXLAN, HSR_RULE_ITEM_ETH,  HSR_RULE_ITEM_VLAN,
                                    HSR_RULE_ITEM_IPV4,  HSR_RULE_ITEM_TCP};
    static const int want[] = {HSR_LAYER_ETH,      HSR_LAYER_IP,        HSR_LAYER_L4,
                               HSR_LAYER_TUNNEL,   HSR_LAYER_INNER_ETH, HSR_LAYER_INNER_VLAN,
                               HSR_LAYER_INNER_IP, HSR_LAYER_INNER_L4};
    uint8_t before = 0;
    int layer = -1;

    (void)state;
    for (size_t i = 0; i < sizeof items; i++) {
        layer = hsr_rule_layer(items[i], before, layer);
        assert_int_equal(layer, want[i]);
        before = items[i];
    }
}

static void patterns_are_checked(void **state)
{
    struct hsr_rule r = good();
    uint32_t which;

    (void)state;
    assert_int_equal(check(&r), HSR_RULE_ERROR_NONE);
    r.items = HSR_RULE_ITEMS + 1;
    assert_int_equal(check(&r), HSR_RULE_ERROR_ITEM_NUM);
    r = good();
    r.port = HSR_MAX_PORTS;
    assert_int_equal(check(&r), HSR_RULE_ERROR_UNSPECIFIED);
    r = good();
    r.item[2].mask[4] = 1; /* the length of UDP, which is no field */
    assert_int_equal(hsr_rule_check(&r, &which), HSR_RULE_ERROR_ITEM_MASK);
    assert_int_equal(which, 2);
    r = good();
    r.item[1].spec[0] = 0x45;
    assert_int_equal(hsr_rule_check(&r, &which), HSR_RULE_ERROR_ITEM_SPEC);
    assert_int_equal(which, 1);
    r = good();
    r.item[0].last[14] = 1; /* behind the header */
    assert_int_equal(check(&r), HSR_RULE_ERROR_ITEM_LAST);
}

static void ranges_are_checked(void **state)
{
    struct hsr_rule r = good();
    uint32_t n;
    const struct hsr_rule_field *dst = hsr_rule_fields_of(HSR_RULE_ITEM_UDP, &n) + 1;

    (void)state;
    assert_false(hsr_rule_is_range(&r.item[2], dst));
    put(&r.item[2], r.item[2].last, "dst", 60);
    assert_true(hsr_rule_is_range(&r.item[2], dst));
    assert_int_equal(check(&r), HSR_RULE_ERROR_NONE);
    put(&r.item[2], r.item[2].last, "dst", 52);
    assert_int_equal(check(&r), HSR_RULE_ERROR_ITEM_LAST);
    /* Under this mask 52 is 0: no range at all. */
    put(&r.item[2], r.item[2].mask, "dst", 0xFF00);
    assert_false(hsr_rule_is_range(&r.item[2], dst));
    assert_int_equal(check(&r), HSR_RULE_ERROR_NONE);
    /* A tag is compared by its parts: 1..2 of the priority, 5..9 of the network. */
    r.item[1] = item(HSR_RULE_ITEM_VLAN);
    r.items = 2;
    put(&r.item[1], r.item[1].spec, "pcp", 1);
    put(&r.item[1], r.item[1].spec, "vid", 9);
    put(&r.item[1], r.item[1].last, "pcp", 2);
    put(&r.item[1], r.item[1].last, "vid", 5);
    put(&r.item[1], r.item[1].mask, "tci", 0xFFFF);
    assert_int_equal(check(&r), HSR_RULE_ERROR_ITEM_LAST);
    put(&r.item[1], r.item[1].spec, "vid", 2);
    assert_int_equal(check(&r), HSR_RULE_ERROR_NONE);
}

static void actions_are_checked(void **state)
{
    static const struct {
        unsigned actions;
        uint64_t flow_id;
        uint32_t meter;
        uint16_t mirror;
        unsigned want;
    } cases[] = {
        {0, 0, 0, 0, HSR_RULE_ERROR_ACTION_NUM},
        {HSR_RULE_ACT_COUNT | HSR_RULE_ACT_DROP, 0, 0, 0, HSR_RULE_ERROR_NONE},
        {0x40, 0, 0, 0, HSR_RULE_ERROR_ACTION},
        {HSR_RULE_ACT_DROP | HSR_RULE_ACT_PASSTHRU, 0, 0, 0, HSR_RULE_ERROR_ACTION},
        {HSR_RULE_ACT_DROP | HSR_RULE_ACT_MARK, 1, 0, 0, HSR_RULE_ERROR_ACTION},
        {HSR_RULE_ACT_MARK, 0, 0, 0, HSR_RULE_ERROR_ACTION_CONF},
        {HSR_RULE_ACT_MARK, 1, 0, 0, HSR_RULE_ERROR_NONE},
        {HSR_RULE_ACT_METER, 0, HSR_MAX_METERS, 0, HSR_RULE_ERROR_ACTION_CONF},
        {HSR_RULE_ACT_METER, 0, HSR_MAX_METERS - 1, 0, HSR_RULE_ERROR_NONE},
        {HSR_RULE_ACT_MIRROR, 0, 0, HSR_MAX_PORTS, HSR_RULE_ERROR_ACTION_CONF},
        {HSR_RULE_ACT_MIRROR, 0, 0, 3, HSR_RULE_ERROR_ACTION_CONF}, /* its own port */
        {HSR_RULE_ACT_MIRROR | HSR_RULE_ACT_DROP, 0, 0, 4, HSR_RULE_ERROR_NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hsr_rule r = good();

        r.actions = (uint8_t)cases[i].actions;
        r.flow_id = cases[i].flow_id;
        r.meter = cases[i].meter;
        r.mirror = cases[i].mirror;
        if (check(&r) != cases[i].want)
            fail_msg("case %zu: %s", i, hsr_rule_error_name(check(&r)));
    }
}

/* Whatever comes over the socket: a verdict, and no access outside of the rule. */
static void random_rules(void **state)
{
    uint64_t seed = 7;
    unsigned passed = 0;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        struct hsr_rule r = good();

        for (unsigned n = 0; n < 1 + test_random(&seed) % 4; n++)
            ((uint8_t *)&r)[test_random(&seed) % sizeof r] = (uint8_t)test_random(&seed);
        if (round % 4 == 0)
            test_random_bytes(&seed, (uint8_t *)&r, sizeof r);
        passed += check(&r) == HSR_RULE_ERROR_NONE;
    }
    assert_in_range(passed, 1000, 19000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_stand_where_they_should),
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(items_stand_in_order),
        cmocka_unit_test(layers),
        cmocka_unit_test(patterns_are_checked),
        cmocka_unit_test(ranges_are_checked),
        cmocka_unit_test(actions_are_checked),
        cmocka_unit_test(random_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

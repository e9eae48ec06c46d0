/* SPDX-License-Identifier: Apache-2.0 */
/* Rules made of good ones by random changes: refused with a place inside of the text, or a rule that means what it says. */
#include "rules.h"

static const char *const good[] = {
    "ingress priority 1 pattern eth dst is 02:00:00:00:00:01 / ipv4 src is 192.0.2.7 dst spec "
    "10.0.0.0 "
    "dst prefix 8 / udp dst is 53 dst last 60 / end actions count / drop / end",
    "ingress pattern eth / vlan vid is 5 pcp is 3 / ipv6 src is 2001:db8::1 tc is 0x2e hop is 64 / "
    "tcp "
    "flags spec 0x02 flags mask 0x12 / end actions mark id 7 / mirror port p1 / passthru / end",
    "ingress group 0 priority 9 pattern eth / ipv4 / udp / vxlan vni is 5 / eth type is 0x800 / "
    "ipv4 ttl "
    "is 1 ttl last 5 / icmp type is 8 code is 0 / end actions meter mtr_id 3 / count / end",
    "ingress pattern geneve vni spec 256 vni mask 0xffff00 / eth / end actions drop / end",
    "ingress pattern end actions passthru / end",
};

static uint64_t seed;

static uint32_t rnd(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % below;
}

static void swap_bytes(char *text)
{
    static const char bytes[] = " /0123456789abcdefxis.:-\t\x80\xff";
    size_t n = strlen(text);

    for (uint32_t i = 0; i < 1 + rnd(3) && n > 0; i++)
        text[rnd((uint32_t)n)] = bytes[rnd(sizeof bytes - 1)];
}

/* Of the text's words one is left out, doubled, or replaced by a word of another rule. */
static void swap_words(char *text, size_t size)
{
    char other[600], out[1600] = "", *save = NULL, *save2 = NULL;
    uint32_t words = 0, victim, how = rnd(3), pick = rnd(20);
    const char *borrowed = "end";

    for (const char *at = text; *at != '\0'; at++)
        words += *at == ' ';
    victim = rnd(words + 1);
    snprintf(other, sizeof other, "%s", good[rnd(sizeof good / sizeof good[0])]);
    for (char *w = strtok_r(other, " ", &save2); w != NULL && pick-- > 0;
         w = strtok_r(NULL, " ", &save2))
        borrowed = w;
    uint32_t i = 0;
    for (char *w = strtok_r(text, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save), i++) {
        size_t used = strlen(out);

        if (i != victim)
            snprintf(out + used, sizeof out - used, "%s ", w);
        else if (how == 1)
            snprintf(out + used, sizeof out - used, "%s %s ", w, w);
        else if (how == 2)
            snprintf(out + used, sizeof out - used, "%s ", borrowed);
    }
    snprintf(text, size, "%s", out);
}

static bool check(const char *text)
{
    struct hsr_rule rule, again;
    struct rule_error error;
    const char *words[RULE_WORDS];
    char *exact = strdup(text), *printed;
    uint32_t which;
    int rc;

    assert_non_null(exact);
    rc = rule_parse(exact, 3, &test_names, &rule, &error);
    rule_next(exact, words);
    free(exact);
    if (rc != 0) {
        assert_in_range(error.at, 0, strlen(text));
        assert_int_not_equal(error.type, HSR_RULE_ERROR_NONE);
        assert_int_not_equal(error.text[0], '\0');
        for (const char *c = error.text; *c != '\0'; c++)
            assert_in_range(*c, 0x20, 0x7E);
        return false;
    }
    assert_int_equal(hsr_rule_check(&rule, &which), HSR_RULE_ERROR_NONE);
    printed = rule_text(&rule, &test_names);
    assert_non_null(printed);
    assert_int_equal(rule_parse(printed, 3, &test_names, &again, &error), 0);
    assert_memory_equal(&rule, &again, sizeof rule);
    free(printed);
    return true;
}

static void mutations(void **state)
{
    unsigned passed = 0;

    (void)state;
    for (seed = 1; seed < 60001; seed++) {
        uint64_t round = seed;
        char text[1600];

        snprintf(text, sizeof text, "%s", good[rnd(sizeof good / sizeof good[0])]);
        if (rnd(2))
            swap_words(text, sizeof text);
        if (rnd(2))
            swap_bytes(text);
        if (rnd(16) == 0)
            text[rnd((uint32_t)strlen(text) + 1)] = '\0';
        passed += check(text);
        seed = round;
    }
    assert_in_range(passed, 3000, 57000);
}

static void random_bytes(void **state)
{
    (void)state;
    seed = 99;
    for (unsigned round = 0; round < 5000; round++) {
        char text[64];
        uint32_t n = rnd(sizeof text);

        for (uint32_t i = 0; i < n; i++)
            text[i] = (char)(1 + rnd(255));
        text[n] = '\0';
        assert_false(check(text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mutations),
        cmocka_unit_test(random_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

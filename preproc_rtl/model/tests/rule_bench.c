/* SPDX-License-Identifier: Apache-2.0 */
#include "rule_bench.h"

#include <stdio.h>

struct pk k;
struct pp_rules *table;
struct hsr_rule rule;
struct pp_verdict verdict;

int rule_setup(void **state)
{
    (void)state;
    table = pp_rules_open();
    pk_tables_fill();
    return table == NULL;
}

int rule_teardown(void **state)
{
    (void)state;
    pp_rules_close(table);
    return 0;
}

void pattern(const char *items)
{
    char text[128], *save = NULL;

    rule = (struct hsr_rule){.port = PORT, .actions = HSR_RULE_ACT_DROP};
    assert_true((size_t)snprintf(text, sizeof text, "%s", items) < sizeof text);
    for (char *name = strtok_r(text, " ", &save); name != NULL; name = strtok_r(NULL, " ", &save))
        rule.item[rule.items++].type = hsr_rule_item_type(name);
}

static const struct hsr_rule_field *field(const struct hsr_rule_item *item, const char *name)
{
    uint32_t n;
    const struct hsr_rule_field *f = hsr_rule_fields_of(item->type, &n);

    while (n > 0 && strcmp(f->name, name) != 0)
        f++, n--;
    assert_true(n > 0);
    return f;
}

static void put(uint8_t *header, const struct hsr_rule_field *f, uint64_t value)
{
    uint8_t bytes[HSR_RULE_VALUE] = {0};

    hsr_store64(bytes + 8, value);
    hsr_rule_put(f, header, bytes);
}

/* Item `i` of the pattern: its field from `spec` to `last` (0: just `spec`) under `mask`. */
void with(unsigned i, const char *name, uint64_t spec, uint64_t last, uint64_t mask)
{
    struct hsr_rule_item *item = &rule.item[i];
    const struct hsr_rule_field *f = field(item, name);

    put(item->spec, f, spec);
    put(item->last, f, last);
    put(item->mask, f, mask);
}

void is(unsigned i, const char *name, uint64_t value)
{
    with(i, name, value, 0, UINT64_MAX);
}

void add(uint32_t id)
{
    uint32_t which;

    assert_int_equal(hsr_rule_check(&rule, &which), HSR_RULE_ERROR_NONE);
    assert_int_equal(pp_rules_add(table, &rule, id), 0);
}

/* All rules of the port on a frame of exact size. */
enum hsr_drop judge_at(const struct pp_ingress *in, uint64_t now)
{
    struct pk_result r = pk_parse(&k, in);
    uint8_t *exact = malloc(k.n);

    assert_non_null(exact);
    memcpy(exact, k.p, k.n);
    memset(&verdict, 0xA5, sizeof verdict);
    pp_rules_apply(table, PORT, &r.m, exact, k.n, now, &verdict);
    free(exact);
    return verdict.drop;
}

/* Does the rule that was written match the frame? */
bool match_on(const struct pp_ingress *in)
{
    pp_rules_clear(table);
    add(0);
    return judge_at(in, 0) == HSR_DROP_RULE;
}

bool match(void)
{
    return match_on(&pk_vnic);
}

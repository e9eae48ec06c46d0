/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of rules on a bench: one rule is written field by field, one frame is built, and the table is asked.
 *
 *     pattern("eth ipv4 udp");  is(2, "dst", 53);  add(0);
 *     pk_plain(&k, 4, 17);  judge_at(&pk_vnic, now)
 */
#ifndef RULE_BENCH_H
#define RULE_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "hsring/rule.h"
#include "packets.h"
#include "preproc/rules.h"

#define PORT 3

extern struct pk k;
extern struct pp_rules *table;
extern struct hsr_rule rule; /* the one being written */
extern struct pp_verdict verdict;

int rule_setup(void **state);
int rule_teardown(void **state);
#define WITH_TABLE(test) cmocka_unit_test_setup_teardown(test, rule_setup, rule_teardown)

/* A rule of these items, by name, with any value of their fields; it drops. */
void pattern(const char *items);
/* Item `i`: its field from `spec` to `last` (0: just `spec`) under `mask`; and exactly that value. */
void with(unsigned i, const char *name, uint64_t spec, uint64_t last, uint64_t mask);
void is(unsigned i, const char *name, uint64_t value);
/* The rule into the table, under this number. */
void add(uint32_t id);

/* All rules of the port on the frame, which is copied to memory of exact size. */
enum hsr_drop judge_at(const struct pp_ingress *in, uint64_t now);
/* Does the rule that was written match the frame, if it is the only one? Of a guest, and of any port. */
bool match(void);
bool match_on(const struct pp_ingress *in);

#endif

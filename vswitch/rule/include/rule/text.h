/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules as people write them, in the syntax of testpmd's flow command from its attributes on:
 *
 *     ingress priority 1 pattern eth / ipv4 src is 192.0.2.7 / udp dst is 53 / end actions count / drop / end
 *
 * A field is followed by `is VALUE`, or by `spec VALUE`, `last VALUE`, and `mask VALUE` or `prefix BITS`, in any order and
 * number; the later word replaces the earlier. Differences from testpmd: a field with `spec` and no mask is compared
 * whole; the mask is applied to what is kept; `mark id` names a session, `mirror port NAME` is a sample of ratio 1 with a
 * port to go to; an action may stand once.
 *
 * Ownership: rule_text() returns memory of malloc(). Threads: any, no state.
 */
#ifndef RULE_TEXT_H
#define RULE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "hsring/rule.h"

/* What names in a rule stand for. */
struct rule_names {
    void *arg;
    int (*port)(void *arg, const char *name);            /* index, or negative */
    const char *(*port_name)(void *arg, uint16_t index); /* "" when there is none */
    uint64_t (*flow_id)(void *arg, uint32_t mark);       /* of the session, 0 when there is none */
};

struct rule_error {
    enum hsr_rule_error type;
    uint32_t at; /* byte of the text where it was found */
    char text[200];
};

/*
 * Text to a rule for the packets of `port`, one that hsr_rule_check() accepts. 0, or -EINVAL with the error: what rte_flow
 * would call it, where, and what would be right.
 */
int rule_parse(const char *text, uint16_t port, const struct rule_names *names,
               struct hsr_rule *rule, struct rule_error *error);

/* A rule to text that parses to the same rule; NULL when out of memory. */
char *rule_text(const struct hsr_rule *rule, const struct rule_names *names);

#define RULE_WORDS 24

/* Where the next word of an unfinished rule stands. */
enum rule_place {
    RULE_PLACE_WORD,  /* one of a few words */
    RULE_PLACE_VALUE, /* a number or an address */
    RULE_PLACE_PORT,  /* a port's name */
    RULE_PLACE_END,   /* the rule is complete, or wrong already */
};

/* What may follow `text`: with RULE_PLACE_WORD words[] gets the words, ended by NULL. */
enum rule_place rule_next(const char *text, const char *words[RULE_WORDS]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pp_rules: the NIC's own table of rules, and its meters.
 *
 *     pp_rules_add(t, &rule, id)                    a rule that passed hsr_rule_check()
 *     pp_rules_apply(t, port, meta, frame, len, now, &verdict)
 *
 * The rules of a frame's port are looked at by priority, then age. The first that matches decides; with PASSTHRU those
 * behind it are looked at as well. A rule does its actions in the order of enum hsr_rule_act. What is compared are the
 * headers the parser went past (preproc/headers.h); a pattern without items matches every frame. A bad packet is never
 * given a flow id.
 *
 * One thread at a time: the NIC's control path writes between polls. pp_rules_open() is the only allocation.
 */
#ifndef PREPROC_RULES_H
#define PREPROC_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "hsring/abi.h"

#define PP_RULE_RANGES 16 /* fields of one rule that are compared as ranges */

struct pp_rules;

/* What becomes of a frame. */
struct pp_verdict {
    enum hsr_drop drop;              /* HSR_DROP_RULE, HSR_DROP_METER or none */
    uint64_t flow_id;                /* pinned, 0: none */
    uint32_t copies;                 /* to be made of it: */
    uint16_t copy_to[HSR_MAX_RULES]; /* their ports */
    uint16_t outer_l3, outer_l4;     /* with copies: headers outside of a tunnel, 0: not there */
};

/* NULL: out of memory. Pages are touched as rules come. */
struct pp_rules *pp_rules_open(void);
void pp_rules_close(struct pp_rules *t);

/* Forget all rules and meters (a firmware went away). */
void pp_rules_clear(struct pp_rules *t);

/*
 * Could pp_rules_add() take it? 0, -EEXIST (the port has a rule of this id), -ENOSPC (HSR_MAX_RULES), -E2BIG (more than
 * PP_RULE_RANGES ranges), -ENOENT (no such meter).
 */
int pp_rules_check(const struct pp_rules *t, const struct hsr_rule *rule, uint32_t id);

/* Behind all rules of its port and priority. 0, or what pp_rules_check() says. */
int pp_rules_add(struct pp_rules *t, const struct hsr_rule *rule, uint32_t id);

/* 0 or -ENOENT. */
int pp_rules_del(struct pp_rules *t, uint16_t port, uint32_t id);

/* All rules of a port; how many. */
uint32_t pp_rules_flush(struct pp_rules *t, uint16_t port);

/* A port goes: its rules, and the rules of others whose copies would leave by it. */
void pp_rules_forget_port(struct pp_rules *t, uint16_t port);

/* What a rule's COUNT has counted; 0, -ENOENT, or -ENOTSUP for a rule without COUNT. */
int pp_rules_query(const struct pp_rules *t, uint16_t port, uint32_t id, uint64_t *packets,
                   uint64_t *bytes);

/* pp_meter_set() of a meter by id; removing: -ENOENT (there is none), -EBUSY (a rule uses it). */
int pp_rules_meter(struct pp_rules *t, uint32_t id, enum hsr_meter_unit unit, uint64_t rate,
                   uint32_t burst);

/* Has this port any rule here? */
bool pp_rules_on(const struct pp_rules *t, uint16_t port);

/* The rules of `port` on one parsed frame of `len` bytes. */
void pp_rules_apply(struct pp_rules *t, uint16_t port, const struct hsr_rx_meta *meta,
                    const uint8_t *frame, uint32_t len, uint64_t now, struct pp_verdict *verdict);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "action/plan.h"

#include "action/action.h"
#include "action/encap4.h"

/* One action's part of it; false: there is no place for that. */
static bool take(struct act_plan *plan, const struct act_store *s, const struct act_action *a)
{
    switch (a->op) {
    case ACT_DECAP:
        plan->flags |= ACT_PLAN_DECAP;
        return true;
    case ACT_TTL:
        plan->flags |= ACT_PLAN_HOP;
        return true;
    case ACT_MSS: /* of SYNs alone */
        return true;
    case ACT_ETH:
        plan->macs = a->arg32;
        return true;
    case ACT_NAT:
        plan->flags |= ACT_PLAN_NAT;
        return !(a->arg8 & ACT_NAT_IPV6);
    case ACT_ENCAP:
        plan->outer = a->arg32;
        plan->outer_len = (uint8_t)a->arg16;
        plan->offload = a->arg8;
        return a->arg16 <= ACT_RECORD_BYTES && act_template(s, a->arg32)[ENCAP_L3] >> 4 == 4;
    case ACT_OUTPUT: /* the end of each program that sends */
        plan->port = a->arg16;
        return (a + 1)->op == ACT_END;
    default:
        return false;
    }
}

/* Out of the tunnel, TTL before what rewrites, and that from the inside out: in this order alone is a plan the program. */
static unsigned rank(uint8_t op)
{
    static const uint8_t ranks[ACT_OPS] = {
        [ACT_DECAP] = 1, [ACT_TTL] = 2,   [ACT_MSS] = 3,   [ACT_ETH] = 4,
        [ACT_NAT] = 5,   [ACT_ENCAP] = 6, [ACT_OUTPUT] = 7};

    return ranks[op];
}

struct act_plan act_plan_of(const struct act_store *s, const struct act_program *program)
{
    struct act_plan plan = {.port = HSR_NO_PORT};
    unsigned before = 0;

    for (const struct act_action *a = program->action; a->op != ACT_END; a++) {
        if (rank(a->op) <= before || !take(&plan, s, a))
            return plan; /* not whole: nobody runs it */
        before = rank(a->op);
    }
    if (plan.port != HSR_NO_PORT)
        plan.flags |= ACT_PLAN_WHOLE;
    return plan;
}

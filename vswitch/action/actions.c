/* SPDX-License-Identifier: Apache-2.0 */
/* The list of actions, and how a program runs. */
#include "actions.h"

const struct act_ops *const act_table[ACT_OPS] = {
    [ACT_DECAP] = &act_decap, [ACT_ETH] = &act_eth,     [ACT_TTL] = &act_ttl,
    [ACT_NAT] = &act_nat,     [ACT_ENCAP] = &act_encap, [ACT_OUTPUT] = &act_output,
    [ACT_MSS] = &act_mss,
};

void act_run(struct act_vector *v, const struct act_program *program)
{
    for (const struct act_action *a = program->action; a->op != ACT_END; a++)
        act_table[a->op]->run(v, a);
}

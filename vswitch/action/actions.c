/* SPDX-License-Identifier: Apache-2.0 */
/* The list of actions, and how a list runs. */
#include "actions.h"

const struct act_ops *const act_table[ACT_OPS] = {
    [ACT_DECAP] = &act_decap, [ACT_ETH] = &act_eth,       [ACT_TTL] = &act_ttl,
    [ACT_ENCAP] = &act_encap, [ACT_OUTPUT] = &act_output,
};

void act_run(struct act_vector *v, const struct ses_action list[SES_ACTIONS])
{
    for (unsigned i = 0; i < SES_ACTIONS && list[i].op != ACT_END; i++)
        act_table[list[i].op]->run(v, &list[i]);
}

void act_release(struct act_templates *t, const struct ses_action list[SES_ACTIONS])
{
    for (unsigned i = 0; i < SES_ACTIONS && list[i].op != ACT_END; i++)
        if (list[i].op == ACT_ETH || list[i].op == ACT_ENCAP)
            act_template_put(t, list[i].arg32);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The end of most lists: the egress port is known. */
#include <stdio.h>

#include "actions.h"

static void run(struct act_vector *v, const struct ses_action *a)
{
    for (uint32_t i = 0; i < v->n; i++)
        v->packet[i]->egress = a->arg16;
}

static void describe(const struct ses_action *a, const struct act_templates *t, char *text,
                     uint32_t size)
{
    (void)t;
    snprintf(text, size, "output port %u", a->arg16);
}

const struct act_ops act_output = {"output", run, describe};

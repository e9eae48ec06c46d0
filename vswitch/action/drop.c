/* SPDX-License-Identifier: Apache-2.0 */
/* Drop under the reason the policy gave. */
#include <stdio.h>

#include "actions.h"
#include "hsring/check.h"

static void run(struct act_vector *v, const struct ses_action *a)
{
    for (uint32_t i = 0; i < v->n; i++)
        v->packet[i]->drop = a->arg8;
}

static void describe(const struct ses_action *a, const struct act_templates *t, char *text,
                     uint32_t size)
{
    (void)t;
    snprintf(text, size, "drop %s", hsr_drop_name(a->arg8));
}

const struct act_ops act_drop = {"drop", run, describe};

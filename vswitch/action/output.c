/* SPDX-License-Identifier: Apache-2.0 */
/* The end of most programs: the egress port is known. */
#include <stdio.h>

#include "actions.h"

static void run(struct act_vector *v, const struct act_action *a)
{
    for (struct act_packet *p = v->packet, *end = v->end; p < end; p++)
        p->egress = a->arg16;
}

static void describe(const struct act_action *a, const struct act_store *s,
                     const struct ses_dir *dir, char *text, uint32_t size)
{
    (void)s;
    (void)dir;
    snprintf(text, size, "output port %u", a->arg16);
}

const struct act_ops act_output = {.name = "output", .run = run, .describe = describe};

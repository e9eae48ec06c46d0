/* SPDX-License-Identifier: Apache-2.0 */
/* Write both MAC addresses; also where nothing is routed, so that no frame leaves with addresses of a guest's making. */
#include <stdio.h>
#include <string.h>

#include "actions.h"

static void run(struct act_vector *v, const struct act_action *a)
{
    const uint8_t *macs = act_template(v->store, a->arg32);

    for (struct act_packet *p = v->packet, *end = v->end; p < end; p++)
        if (p->drop == HSR_DROP_NONE)
            memcpy(act_frame(p) + p->l2, macs, 12);
}

static void describe(const struct act_action *a, const struct act_store *s,
                     const struct ses_dir *dir, char *text, uint32_t size)
{
    const uint8_t *m = act_template(s, a->arg32);

    (void)dir;
    snprintf(text, size, "eth dst %02x:%02x:%02x:%02x:%02x:%02x src %02x:%02x:%02x:%02x:%02x:%02x",
             m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8], m[9], m[10], m[11]);
}

const struct act_ops act_eth = {
    .name = "eth", .run = run, .describe = describe, .holds_template = true};

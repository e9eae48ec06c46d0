/* SPDX-License-Identifier: Apache-2.0 */
/* Write both MAC addresses; also where nothing is routed, so that no frame leaves with addresses of a guest's making. */
#include <stdio.h>
#include <string.h>

#include "actions.h"

static void run(struct act_vector *v, const struct ses_action *a)
{
    const uint8_t *macs = v->templates->template[a->arg32].bytes;

    for (uint32_t i = 0; i < v->n; i++) {
        struct act_packet *p = v->packet[i];

        memcpy(act_frame(p) + p->l2, macs, 12);
    }
}

static void describe(const struct ses_action *a, const struct act_templates *t, char *text,
                     uint32_t size)
{
    const uint8_t *m = t->template[a->arg32].bytes;

    snprintf(text, size, "eth dst %02x:%02x:%02x:%02x:%02x:%02x src %02x:%02x:%02x:%02x:%02x:%02x",
             m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8], m[9], m[10], m[11]);
}

const struct act_ops act_eth = {"eth", run, describe};

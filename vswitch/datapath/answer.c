/* SPDX-License-Identifier: Apache-2.0 */
/* An answer goes where the question came from: out of the same port, through the same tunnel. */
#include "hsring/csum.h"
#include "internal.h"

void dp_answer(struct dp_worker *w, struct act_packet *p)
{
    if (dp_from_tunnel(p)) {
        struct ses_action list[SES_ACTIONS] = {
            {.op = ACT_DECAP}, {.op = ACT_ENCAP}, {.op = ACT_OUTPUT}};
        struct act_vector v = {.packet = {p}, .n = 1, .templates = &w->templates};
        uint8_t outer[ACT_TEMPLATE_BYTES];
        uint16_t port;

        if (!dp_outer(w, p->meta.outer_src4, p->meta.vni_tunnel >> 8, outer, &port)) {
            dp_drop(w, p, HSR_DROP_NEIGH_PENDING);
            return;
        }
        list[1].arg32 = act_template_get(&w->templates, outer, DP_OUTER_LEN);
        list[2].arg16 = port;
        if (list[1].arg32 == ACT_TEMPLATE_NONE) {
            dp_drop(w, p, HSR_DROP_SESSION_FULL);
            return;
        }
        act_run(&v, list);
        act_template_put(&w->templates, list[1].arg32);
    } else {
        p->egress = p->meta.ingress;
    }
    /* The checksum was completed here, whatever the question left to us. */
    p->meta.verdicts = 0;
    dp_send(w, p);
}

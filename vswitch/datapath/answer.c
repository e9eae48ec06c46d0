/* SPDX-License-Identifier: Apache-2.0 */
/* An answer goes where the question came from: out of the same port, through the same tunnel. */
#include "hsring/csum.h"
#include "internal.h"

static enum hsr_drop through_tunnel(struct dp_worker *w, struct act_packet *p)
{
    struct act_program way = {.action = {{.op = ACT_DECAP}, {.op = ACT_ENCAP}, {.op = ACT_OUTPUT}}};
    struct dp_outer outer;
    struct act_vector v = {.packet = p, .end = p + 1, .store = &w->actions};
    struct cfg_addr to = dp_tunnel_source(p);

    if (to.family == 0)
        return HSR_DROP_UNKNOWN_VTEP;
    w->asker = p->meta.ingress;
    enum hsr_drop drop = dp_outer(w, &to, hsr_key_context(p->meta.key_ports), p->meta.hash, &outer);

    if (drop != HSR_DROP_NONE)
        return drop;
    way.action[1].arg8 = outer.offload;
    way.action[1].arg16 = outer.len;
    way.action[1].arg32 = act_template_get(&w->actions, &outer.template, outer.len);
    way.action[2].arg16 = outer.port;
    if (way.action[1].arg32 == ACT_NONE)
        return HSR_DROP_SESSION_FULL;
    act_run(&v, &way);
    act_program_drop(&w->actions, &way);
    return HSR_DROP_NONE;
}

enum hsr_drop dp_way_back(struct dp_worker *w, struct act_packet *p)
{
    if (dp_from_tunnel(p))
        return through_tunnel(w, p);
    p->egress = p->meta.ingress;
    return HSR_DROP_NONE;
}

void dp_answer(struct dp_worker *w, struct act_packet *p)
{
    enum hsr_drop drop = dp_way_back(w, p);

    if (drop != HSR_DROP_NONE) {
        dp_drop(w, p, drop);
        return;
    }
    /* The checksum was completed here, whatever the question left to us. */
    p->meta.verdicts = 0;
    dp_send(w, p);
}

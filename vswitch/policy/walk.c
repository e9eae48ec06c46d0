/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>

#include "pol.h"

void pol_say(struct pol_walk *w, const char *format, ...)
{
    size_t at = strlen(w->why);
    va_list args;

    if (at && at + 3 < sizeof w->why) {
        memcpy(w->why + at, "; ", 3);
        at += 2;
    }
    va_start(args, format);
    vsnprintf(w->why + at, sizeof w->why - at, format, args);
    va_end(args);
}

static void forget_findings(struct pol_walk *w)
{
    w->from = w->to = NULL;
    w->source = NULL;
    w->vni = 0;
    w->vtep = w->back_vtep = (struct cfg_addr){0};
    w->out_src_mac48 = w->out_dst_mac48 = w->back_src_mac48 = w->back_dst_mac48 = 0;
    w->routed = w->back_routed = w->leaves = w->translated = false;
    w->seen = (struct pol_ends){.src = w->src, .dst = w->dst, .sport = w->sport, .dport = w->dport};
    w->mtu = w->back_mtu = 0;
    w->snat = NULL;
    w->to_context = w->context;
    w->mss_clamp = false;
    w->why[0] = 0;
}

static enum hsr_drop step(const struct pol *pol, const struct pol_stage_ops *ops,
                          struct pol_walk *w)
{
    w->stage = ops->stage;
    w->drop = ops->walk(pol, pol->table[w->stage], w);
    return w->drop;
}

void pol_walk(const struct pol *pol, struct pol_walk *w)
{
    forget_findings(w);
    for (const struct pol_stage_ops *const *ops = pol_stages; *ops; ops++)
        if (step(pol, *ops, w) != HSR_DROP_NONE)
            return;
}

void pol_walk_each(const struct pol *pol, struct pol_walk *w, pol_each each, void *arg)
{
    forget_findings(w);
    w->explain = true;
    for (const struct pol_stage_ops *const *ops = pol_stages; *ops; ops++) {
        w->why[0] = 0;
        enum hsr_drop drop = step(pol, *ops, w);

        each(arg, &(struct pol_step){.stage = (*ops)->name, .why = w->why, .drop = drop});
        if (drop != HSR_DROP_NONE)
            return;
    }
}

static uint32_t later(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* The generation that last changed what this stage says about any of the three. */
static uint32_t last_move(const struct pol *pol, uint16_t origin, uint16_t target, uint32_t context,
                          unsigned stage)
{
    uint32_t moved = 0;

    if (origin < HSR_MAX_PORTS)
        moved = pol->port_scope[origin].moved[stage];
    if (target < HSR_MAX_PORTS)
        moved = later(moved, pol->port_scope[target].moved[stage]);
    /* A context this snapshot never heard of: nothing it was found under can still hold. */
    return context < pol->contexts ? later(moved, pol->vpc_scope[context].moved[stage])
                                   : pol->generation;
}

uint32_t pol_moved(const struct pol *pol, uint16_t origin, uint16_t target, uint32_t context,
                   uint32_t since)
{
    uint32_t stages = 0;

    for (unsigned s = 0; s < POL_STAGES; s++)
        if (last_move(pol, origin, target, context, s) > since)
            stages |= 1u << s;
    return stages;
}

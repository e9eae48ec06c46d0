/* SPDX-License-Identifier: Apache-2.0 */
/* What is no conversation: packets that nobody lets pass, each for a reason of its own. */
#include "sim.h"

struct pair {
    unsigned tenant, from, to;
    bool six;
};

static bool draw_pair(struct sim *s, struct pair *p, bool here)
{
    p->tenant = draw_below(&s->draw, s->tenants);
    p->from = draw_below(&s->draw, s->guests);
    p->to = draw_below(&s->draw, s->guests);
    p->six = draw_chance(&s->draw, 40);
    return p->from != p->to && s->config.guest[p->tenant][p->from].here == here &&
           s->config.guest[p->tenant][p->to].here;
}

/* From a guest here, what no policy lets pass. */
static void odd_guest(struct sim *s, const struct pair *pair, unsigned what)
{
    struct sim_packet *p = sim_new_packet(s, pair->tenant, pair->from, SIM_NOBODY);
    struct fr_flow w = sim_way(s, pair->tenant, pair->from, pair->to, pair->six, false);
    enum hsr_drop reason = HSR_DROP_NONE;
    bool policed = true; /* behind the rules of the sender: where the packet would go */
    unsigned to = pair->to;

    w.sport = s->next_port++;
    w.dport = 80;
    switch (what) {
    case 0:
        w.smac ^= 0x400;
        reason = HSR_DROP_SPOOF_MAC;
        policed = false;
        break;
    case 1:
        w.src = pair->six ? "fd00:1::77" : "10.1.0.77";
        reason = HSR_DROP_SPOOF_IP;
        policed = false;
        break;
    case 2:
        w.dmac ^= 0x400;
        reason = HSR_DROP_UNKNOWN_MAC;
        break;
    case 3:
        w.dst = pair->six ? "fd00:2::77" : "10.2.0.77";
        w.dmac = SIM_GATEWAY_MAC(s->config.guest[pair->tenant][pair->from].subnet);
        reason = HSR_DROP_NO_MAPPING;
        to = SIM_NOBODY;
        break;
    case 4:
        w.dst = pair->six ? "fd99::1" : "10.99.0.1";
        w.dmac = SIM_GATEWAY_MAC(s->config.guest[pair->tenant][pair->from].subnet);
        reason = HSR_DROP_NO_ROUTE;
        to = SIM_NOBODY;
        break;
    default:
        reason = HSR_DROP_UDP_CSUM;
        policed = false;
    }
    fr_udp_with(&sim_out, &w, sim_data(s, p, 40), 40);
    sim_number(s, p);
    if (reason == HSR_DROP_UDP_CSUM)
        sim_out.b[sim_out.len - 1] ^= 1;
    if (policed && !sim_allows(s, pair->tenant, pair->from, false, to, 17, 80))
        reason = HSR_DROP_SG_EGRESS;
    sim_judge_odd(s, p, reason);
    sim_emit(s, p, 0, 0);
}

/* From the network. */
static void odd_network(struct sim *s, const struct pair *pair, unsigned what)
{
    struct sim_packet *p = sim_new_packet(s, pair->tenant, pair->from, SIM_NOBODY);
    struct fr_flow w = sim_way(s, pair->tenant, pair->from, pair->to, pair->six, false);
    unsigned vtep = s->config.guest[pair->tenant][pair->from].vtep;
    uint32_t vni = SIM_VNI + pair->tenant;
    enum hsr_drop reason;

    w.sport = s->next_port++;
    w.dport = 80;
    switch (what) {
    case 0:
        vni = 999;
        reason = HSR_DROP_UNKNOWN_VNI;
        break;
    case 1:
        vtep = 60;
        reason = HSR_DROP_UNKNOWN_VTEP;
        break;
    case 2: /* a host that says it has one of ours */
        w = sim_way(s, pair->tenant, pair->to, pair->to, pair->six, false);
        reason = HSR_DROP_LOOP;
        break;
    case 3:
        w.dst = pair->six ? "fd00:2::77" : "10.2.0.77";
        reason = HSR_DROP_NO_MAPPING;
        break;
    default:
        w.dmac ^= 0x400;
        reason = HSR_DROP_UNKNOWN_MAC;
    }
    fr_udp_with(&sim_out, &w, sim_data(s, p, 40), 40);
    sim_number(s, p);
    sim_judge_odd(s, p, reason);
    sim_emit(s, p, vni, vtep);
}

void sim_odd(struct sim *s)
{
    bool here = draw_chance(&s->draw, 60);
    struct pair pair;

    if (s->publics && draw_chance(&s->draw, 30)) {
        sim_stray(s);
        return;
    }
    for (unsigned tries = 0; tries < 16; tries++) {
        if (!draw_pair(s, &pair, here))
            continue;
        if (here)
            odd_guest(s, &pair, draw_below(&s->draw, 6));
        else
            odd_network(s, &pair, draw_below(&s->draw, 5));
        return;
    }
}

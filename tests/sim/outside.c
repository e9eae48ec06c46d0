/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between guests and hosts outside: what either sends, and how it must look to the other. Outside a guest is seen under a public
 * end that is its own, by nobody else at the same time, and the same one as long as its session lives; what is sent to a public
 * end comes to whom it is of.
 */
#include <string.h>

#include "sim.h"

bool sim_is_outside(const struct sim_flow *f)
{
    return f->end[0] == SIM_OUTSIDE || f->end[1] == SIM_OUTSIDE;
}

/* A guest addresses the host, the host the end that the guest is known under. Ports are those that stand in the packet. */
struct fr_flow sim_way_outside(const struct sim *s, const struct sim_flow *f, unsigned dir)
{
    bool six = f->six;

    if (f->end[dir] == SIM_OUTSIDE) {
        return (struct fr_flow){.smac = SIM_ROUTER_MAC,
                                .dmac = SIM_UPLINK_MAC,
                                .src = sim_host_ip(six, f->host),
                                .dst = sim_public_ip(six, f->seen_as.pub),
                                .sport = f->port[dir],
                                .dport = f->seen_as.port};
    }
    const struct sim_guest *guest = &s->config.guest[f->tenant][f->end[dir]];

    return (struct fr_flow){.smac = guest->mac,
                            .dmac = SIM_GATEWAY_MAC(guest->subnet),
                            .src = six ? guest->ip6 : guest->ip4,
                            .dst = sim_host_ip(six, f->host),
                            .sport = f->port[dir],
                            .dport = f->port[!dir]};
}

/* ---- in a frame ---- */

static bool is_six(const uint8_t *frame)
{
    return frame[FR_L3] >> 4 == 6;
}

static uint8_t *l4(uint8_t *frame)
{
    return frame + FR_L3 + (is_six(frame) ? 40 : 20);
}

static bool is_icmp(const uint8_t *frame)
{
    uint8_t proto = is_six(frame) ? frame[FR_L3 + 6] : frame[FR_L3 + 9];

    return proto == 1 || proto == 58;
}

/* Where an address stands, and a port or the identifier. */
static uint8_t *address_at(uint8_t *frame, bool source)
{
    uint32_t size = is_six(frame) ? 16 : 4;

    return frame + FR_L3 + (is_six(frame) ? 8 : 12) + (source ? 0 : size);
}

static uint8_t *port_at(uint8_t *frame, bool source)
{
    return l4(frame) + (is_icmp(frame) ? 4 : source ? 0 : 2);
}

static void put_end(uint8_t *frame, bool source, const char *address, uint16_t port)
{
    static struct fr built;
    const struct fr_flow f = {.src = address, .dst = address};

    fr_ip(&built, &f, 0, "", 0);
    memcpy(address_at(frame, source), address_at(built.b, true), is_six(frame) ? 16 : 4);
    fr_put16(port_at(frame, source), port);
}

/* SIM_UNKNOWN: it is no public address. */
static struct sim_end source_of(const struct fr *frame)
{
    static uint8_t copy[FR_ROOM], want[FR_ROOM];

    memcpy(copy, frame->b, frame->len);
    struct sim_end end = {.pub = SIM_UNKNOWN, .port = fr_get16(port_at(copy, true))};

    for (unsigned i = 0; i < SIM_PUBLICS; i++) {
        memcpy(want, copy, FR_L3 + 80);
        put_end(want, true, sim_public_ip(is_six(copy), i), end.port);
        if (memcmp(want, copy, FR_L3 + 80) == 0)
            end.pub = (uint8_t)i;
    }
    return end;
}

static void hop(uint8_t *frame, uint64_t to, uint64_t from)
{
    fr_mac(frame, to);
    fr_mac(frame + 6, from);
    frame[FR_L3 + (is_six(frame) ? 7 : 8)]--;
}

void sim_expect_outside(const struct sim *s, const struct sim_packet *p, unsigned tenant,
                        unsigned guest, struct sim_end seen, uint8_t *frame)
{
    const struct sim_guest *to = &s->config.guest[tenant][guest < SIM_GUESTS ? guest : 0];

    memcpy(frame, p->frame, p->len);
    if (p->to == SIM_OUTSIDE) {
        hop(frame, SIM_ROUTER_MAC, SIM_UPLINK_MAC);
        put_end(frame, true, sim_public_ip(is_six(frame), seen.pub), seen.port);
    } else {
        hop(frame, to->mac, SIM_GATEWAY_MAC(to->subnet));
        put_end(frame, false, is_six(frame) ? to->ip6 : to->ip4, seen.port);
    }
    fr_mend(frame, p->len);
}

/* ---- what has come out ---- */

static struct sim_seen seen_of(const struct sim_flow *f, struct sim_end end)
{
    unsigned in = f->end[0] == SIM_OUTSIDE;

    return (struct sim_seen){.six = f->six,
                             .kind = f->kind,
                             .host = f->host,
                             .port = f->kind == SIM_ICMP ? 0 : f->port[!in],
                             .end = end,
                             .tenant = f->tenant,
                             .guest = f->end[in],
                             .own = f->port[in]};
}

/* Is another conversation under this end towards the same host and port, for certain? */
static const struct sim_flow *also_seen(const struct sim *s, const struct sim_flow *f,
                                        struct sim_end end)
{
    for (unsigned i = 0; i < SIM_FLOWS; i++) {
        const struct sim_flow *o = &s->flow[i];

        if (o != f && o->used && sim_is_outside(o) && o->sure && !(o->states & SIM_NONE) &&
            o->six == f->six && o->kind == f->kind && o->host == f->host &&
            o->seen_as.pub == end.pub && o->seen_as.port == end.port &&
            (f->kind == SIM_ICMP ||
             o->port[o->end[1] == SIM_OUTSIDE] == f->port[f->end[1] == SIM_OUTSIDE]))
            return o;
    }
    return NULL;
}

static void note_end(struct sim *s, const struct sim_packet *p, uint32_t n, struct sim_end end)
{
    struct sim_flow *f = &s->flow[p->flow];
    const struct sim_flow *other;

    if (p->flow >= SIM_FLOWS || f->birth != p->flow_birth || f->end[0] == SIM_OUTSIDE)
        return;
    if (p->bound && !p->unsure && !f->moved && !f->was_eip && f->seen_as.pub != SIM_UNKNOWN &&
        (end.pub != f->seen_as.pub || end.port != f->seen_as.port)) {
        sim_finding(s, "packet %u: under %s port %u, and its session has %s port %u", n,
                    sim_public_ip(f->six, end.pub), end.port, sim_public_ip(f->six, f->seen_as.pub),
                    f->seen_as.port);
    }
    if (!p->unsure && (other = also_seen(s, f, end)) != NULL) {
        sim_finding(s, "packet %u: under %s port %u, as guest %u of tenant %u towards the same", n,
                    sim_public_ip(f->six, end.pub), end.port, other->end[0], other->tenant);
    }
    struct sim_seen seen = seen_of(f, end);

    if (end.pub != f->seen_as.pub || end.port != f->seen_as.port)
        sim_seen_add(s, &seen);
    if (!sim_is_its(s, f->six, f->tenant, f->end[0], end, p->own))
        return; /* of before a change */
    f->seen_as = end;
    f->seen_by = s->config.pub[f->six][end.pub].role;
    f->moved &= p->unsure;
}

struct sim_end sim_arrive_outside(struct sim *s, const struct sim_packet *p, const struct fr *frame)
{
    uint32_t n = (uint32_t)(p - s->packet);
    struct sim_end end = source_of(frame);
    bool six = is_six(frame->b);

    if (p->to != SIM_OUTSIDE)
        sim_finding(s, "packet %u: for guest %u of tenant %u, left without a tunnel", n, p->to,
                    p->tenant);
    if (end.pub == SIM_UNKNOWN)
        sim_finding(s, "packet %u: left under no public address", n);
    if (p->unsure ? !sim_ever_had(s, six, p->tenant, p->from, end.pub)
                  : !sim_is_its(s, six, p->tenant, p->from, end, p->own))
        sim_finding(s, "packet %u: left under %s port %u, which is not guest %u's of tenant %u", n,
                    sim_public_ip(six, end.pub), end.port, p->from, p->tenant);
    note_end(s, p, n, end);
    return end;
}

/* ---- what has come in ---- */

/* That it is addressed to, or the identifier. */
static uint16_t port_of(const struct fr *frame)
{
    static uint8_t copy[FR_ROOM];

    memcpy(copy, frame->b, frame->len);
    return fr_get16(port_at(copy, false));
}

bool sim_may_enter(const struct sim *s, const struct sim_packet *p, unsigned tenant, unsigned guest,
                   const struct fr *frame, uint16_t *own)
{
    /* With an EIP the port is the one that was addressed. */
    bool was_eip = p->unsure && port_of(frame) == p->way.end.port &&
                   sim_ever_had(s, p->way.six, tenant, guest, p->way.end.pub);
    bool others = p->astray && port_of(frame) != p->own; /* of the same guest, perhaps */
    struct sim_seen like = p->way;

    *own = was_eip ? p->way.end.port : p->own;
    if (was_eip || (p->tenant == tenant && p->to == guest && !others))
        return true;
    like.tenant = (uint8_t)tenant;
    like.guest = (uint8_t)guest;
    like.own = port_of(frame); /* one of those it was seen under that end with */
    *own = like.own;
    return p->astray && sim_seen_find(s, &like) != NULL;
}

static const struct sim_public *owner(const struct sim *s, const struct sim_packet *p)
{
    return &s->config.pub[p->way.six][p->way.end.pub];
}

/*
 * From a host outside to a public end, as if it knew it from before: that of a guest now, or one that somebody had, or nobody's.
 */
static void draw_way(struct sim *s, struct sim_packet *p)
{
    struct draw *d = &s->draw;
    const struct sim_seen *known = draw_chance(d, 60) ? sim_seen_draw(s) : NULL;

    p->way = (struct sim_seen){
        .six = draw_chance(d, 40),
        .kind = SIM_UDP,
        .host = (uint8_t)draw_below(d, SIM_HOSTS),
        .end = {(uint8_t)draw_below(d, SIM_PUBLICS), (uint16_t)draw_from(d, 80, 84)}};
    if (known != NULL && known->kind == SIM_UDP)
        p->way = *known;
    p->astray = p->way.port != 0 && owner(s, p)->role != SIM_EIP;
    if (!p->astray) /* a session of nobody's yet: with an EIP it opens one, if it may */
        p->way.port = s->next_port++;
}

void sim_stray(struct sim *s)
{
    struct sim_packet *p = sim_new_packet(s, SIM_NOBODY, SIM_OUTSIDE, SIM_NOBODY);

    draw_way(s, p);
    const struct sim_public *now = owner(s, p);
    const struct fr_flow w = {.smac = SIM_ROUTER_MAC,
                              .dmac = SIM_UPLINK_MAC,
                              .src = sim_host_ip(p->way.six, p->way.host),
                              .dst = sim_public_ip(p->way.six, p->way.end.pub),
                              .sport = p->way.port,
                              .dport = p->way.end.port};

    p->own = p->way.end.port;
    p->may_arrive = p->astray;
    if (now->role != SIM_EIP)
        sim_judge_odd(s, p, now->role == SIM_UNUSED ? HSR_DROP_NOT_FOR_US : HSR_DROP_NAT_NONE);
    if (now->role == SIM_EIP) {
        p->tenant = now->tenant;
        p->to = now->guest;
        if (sim_allows(s, p->tenant, p->to, true, SIM_NOBODY, 17, p->own))
            p->may_arrive = true;
        else
            sim_judge_odd(s, p, HSR_DROP_SG_INGRESS);
    }
    fr_udp_with(&sim_out, &w, sim_data(s, p, 40), 40);
    sim_number(s, p);
    sim_emit_from_outside(s, p);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Streams over public addresses: out of a guest, in from outside, and from guest to guest. */
#include <string.h>

#include "mixture.h"

#define ROOMY 30000 /* ports of a pool that no run uses up */

const char *mix_public_ip(bool six, unsigned pub)
{
    static char text[2][MIX_PUBLICS][40];
    char *at = text[six][pub];

    snprintf(at, sizeof text[0][0], six ? "2001:db8:203::%x" : "203.0.113.%u", 1 + pub);
    return at;
}

const char *mix_host_ip(bool six, unsigned host)
{
    static char text[2][MIX_HOSTS][40];
    char *at = text[six][host];

    snprintf(at, sizeof text[0][0], six ? "2001:db8:198::%x" : "198.51.100.%u", 9 + host);
    return at;
}

uint8_t mix_proto(const struct mix_stream *s)
{
    return s->kind == MIX_TCP ? 6 : s->kind == MIX_UDP ? 17 : s->six ? 58 : 1;
}

static bool same_pool(const struct mix_nat *a, const struct mix_nat *b, bool six, unsigned tenant)
{
    for (unsigned i = 0; i < MIX_PUBLICS; i++)
        if ((a->owner[six][i].tenants ^ b->owner[six][i].tenants) >> tenant & 1)
            return false;
    return a->lo[tenant] == b->lo[tenant] && a->hi[tenant] == b->hi[tenant] &&
           a->forwards == b->forwards && memcmp(a->forward, b->forward, sizeof a->forward) == 0;
}

/* Do both configurations mean the same to the stream? */
static bool same_to(const struct mix_nat *a, const struct mix_nat *b, const struct mix_stream *s)
{
    unsigned own = mix_eip_of(a, s->six, s->tenant, s->from);
    bool same = true;

    if (s->path != MIX_IN) {
        same = own == mix_eip_of(b, s->six, s->tenant, s->from) &&
               (own != MIX_UNBOUND || same_pool(a, b, s->six, s->tenant));
    }
    if (s->path != MIX_OUT) {
        const struct mix_forward *f = mix_forward_of(a, s->six, s->pub, mix_proto(s), s->dport);
        const struct mix_forward *g = mix_forward_of(b, s->six, s->pub, mix_proto(s), s->dport);

        same &= (f == NULL) == (g == NULL) && (f == NULL || memcmp(f, g, sizeof *f) == 0) &&
                memcmp(&a->owner[s->six][s->pub], &b->owner[s->six][s->pub],
                       sizeof a->owner[0][0]) == 0;
    }
    return same;
}

/* Will it be heard, all of it? */
static enum mix_grade grade_of(const struct mix_world *w, const struct mix_nat *n,
                               const struct mix_stream *s)
{
    const struct mix_guest *from = &w->guest[s->tenant][s->from];
    const struct mix_guest *to = &w->guest[s->to_tenant][s->to];

    if (s->path != MIX_OUT && to->guarded)
        return MIX_DENIED;
    if (s->path != MIX_IN && mix_eip_of(n, s->six, s->tenant, s->from) == MIX_UNBOUND) {
        if (!mix_has_pool(n, s->six, s->tenant))
            return MIX_DENIED;
        if (n->hi[s->tenant] - n->lo[s->tenant] < ROOMY)
            return MIX_LARGE;
    }
    if (s->path == MIX_HAIRPIN && from->mtu != to->mtu)
        return MIX_LARGE;
    for (unsigned i = 0; i < w->states; i++)
        if (!same_to(n, &w->nat[i], s))
            return MIX_LARGE;
    return MIX_CLEAN;
}

static void draw_guest(struct mix_world *w, struct mix_stream *s)
{
    do
        s->from = (uint8_t)draw_below(&w->draw, w->guests);
    while (w->guest[s->tenant][s->from].remote);
}

/* A public end that leads to a guest; false: this one does not. */
static bool draw_target(struct mix_world *w, const struct mix_nat *n, struct mix_stream *s)
{
    if (n->forwards > 0 && draw_chance(&w->draw, 40)) {
        const struct mix_forward *f = &n->forward[draw_below(&w->draw, n->forwards)];

        s->six = f->six;
        s->pub = f->pub;
        s->kind = f->proto == 6 ? MIX_TCP : MIX_UDP;
        s->to_tenant = f->tenant;
        s->to = f->guest;
        s->dport = f->port;
        s->inside = MIX_INSIDE_PORT;
        return true;
    }
    s->pub = (uint8_t)draw_below(&w->draw, MIX_PUBLICS);
    const struct mix_owner *o = &n->owner[s->six][s->pub];

    s->to_tenant = o->tenant;
    s->to = o->guest;
    s->inside = s->dport;
    return o->role == MIX_EIP;
}

bool mix_draw_path(struct mix_traffic *t, struct mix_stream *s)
{
    struct mix_world *w = t->world;
    const struct mix_nat *n = &w->nat[t->state];
    struct mix_stream p = *s;

    p.path = (uint8_t)draw_from(&w->draw, MIX_OUT, MIX_HAIRPIN);
    p.host = (uint8_t)draw_below(&w->draw, MIX_HOSTS);
    draw_guest(w, &p);
    if (p.path != MIX_OUT && !draw_target(w, n, &p))
        return false;
    if (p.path == MIX_HAIRPIN && p.to_tenant == p.tenant && p.to == p.from)
        return false;
    if (p.kind == MIX_UDP && mix_tunnel_port(p.sport))
        return false;
    if (p.path == MIX_IN) {
        p.tenant = p.to_tenant;
        p.from = p.to;
    }
    p.grade = (uint8_t)grade_of(w, n, &p);
    if (p.grade == MIX_DENIED) {
        if (!draw_chance(&w->draw, 25) || (p.inside != p.dport && p.kind != MIX_UDP))
            return false;
        p.kind = MIX_UDP;
    }
    *s = p;
    return true;
}

/* Does a guest send it, and which? */
static const struct mix_guest *sender(const struct mix_world *w, const struct mix_stream *s,
                                      unsigned dir)
{
    if (dir == 0)
        return s->path == MIX_IN ? NULL : &w->guest[s->tenant][s->from];
    return s->path == MIX_OUT ? NULL : &w->guest[s->to_tenant][s->to];
}

unsigned mix_public_mtu(const struct mix_world *w, const struct mix_stream *s, unsigned dir)
{
    const struct mix_guest *guest = sender(w, s, dir);

    return guest != NULL ? guest->mtu : 1500;
}

struct fr_flow mix_public_flow(const struct mix_world *w, const struct mix_stream *s, unsigned dir)
{
    const struct mix_guest *guest = sender(w, s, dir);
    struct fr_flow f = {.smac = MIX_ROUTER_MAC, .dmac = MIX_UPLINK_MAC};

    f.src = mix_host_ip(s->six, s->host);
    if (guest != NULL) {
        f.smac = guest->mac;
        f.dmac = MIX_GATEWAY_MAC;
        f.src = s->six ? guest->ip6 : guest->ip4;
    }
    if (dir == 0) {
        f.dst = s->path == MIX_OUT ? mix_host_ip(s->six, s->host) : mix_public_ip(s->six, s->pub);
        f.sport = s->sport;
        f.dport = s->dport;
        return f;
    }
    f.sport = s->path == MIX_OUT ? s->dport : s->inside;
    f.dst = mix_host_ip(s->six, s->host);
    f.dport = s->sport;
    if (s->path != MIX_IN) {
        f.dst = mix_public_ip(s->six, s->bound.pub % MIX_PUBLICS);
        f.dport = s->bound.port;
    }
    return f;
}

void mix_emit_public(struct mix_traffic *t, const struct mix_stream *s, unsigned dir)
{
    if (dir == 1 && s->path != MIX_IN && s->bound.pub == MIX_UNBOUND)
        t->packets++;
    else if (sender(t->world, s, dir) == NULL)
        mix_emit(t, MIX_UPLINK);
    else if (dir == 0)
        mix_emit(t, mix_port(s->tenant, s->from));
    else
        mix_emit(t, mix_port(s->to_tenant, s->to));
}

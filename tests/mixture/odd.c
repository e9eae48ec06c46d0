/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is no conversation. Where something must not arrive, it belongs to nobody; what might is the sender's tenant's.
 * Ports from 0x8000 on, which no conversation has.
 */
#include <string.h>

#include "mixture.h"

struct pair {
    unsigned tenant, from, to;
    bool six;
};

/* Two guests of whom the first may send to the second; with `here`, the first is on this host. */
static struct pair draw_pair(struct mix_world *w, bool here)
{
    struct pair p = {.tenant = draw_below(&w->draw, w->tenants), .six = draw_chance(&w->draw, 40)};
    const struct mix_guest *from, *to;

    do {
        p.from = draw_below(&w->draw, w->guests);
        p.to = draw_below(&w->draw, w->guests);
        from = &w->guest[p.tenant][p.from];
        to = &w->guest[p.tenant][p.to];
    } while (p.from == p.to || (from->remote && (to->remote || here)) ||
             (to->guarded && p.from != 0));
    return p;
}

static struct fr_flow flow(struct mix_world *w, const struct pair *p, uint16_t ports)
{
    struct fr_flow f = mix_flow(w, p->tenant, p->from, p->to, p->six);

    f.sport = (uint16_t)(ports + draw_below(&w->draw, 64));
    f.dport = (uint16_t)(ports + draw_below(&w->draw, 64));
    return f;
}

static void udp(struct mix_traffic *t, const struct fr_flow *f, unsigned tenant, uint32_t len)
{
    static uint8_t data[FR_ROOM];

    mix_fill(data, len, mix_stamp((uint8_t)tenant, MIX_NO_STREAM, 0, (uint32_t)t->packets));
    fr_udp_with(&t->frame, f, data, len);
}

static uint32_t size(struct mix_world *w)
{
    return draw_from(&w->draw, 8, 1400);
}

static void flip(struct draw *d, uint8_t *p, uint32_t len)
{
    p[draw_below(d, len)] ^= (uint8_t)(1u << draw_below(d, 8));
}

/* Bits of the headers, the ports apart. What may still be right, as a changed hop limit, may arrive. */
static void damaged_header(struct mix_traffic *t)
{
    struct mix_world *w = t->world;
    struct pair p = draw_pair(w, false);
    struct fr_flow f = flow(w, &p, 0xC000);
    uint32_t l4 = FR_L3 + (p.six ? 40 : 20);

    udp(t, &f, p.tenant, size(w));
    for (uint32_t n = draw_from(&w->draw, 1, 3); n > 0; n--) {
        if (draw_chance(&w->draw, 80))
            flip(&w->draw, t->frame.b, l4);
        else
            flip(&w->draw, t->frame.b + l4 + 4, 4);
    }
    mix_emit_from(t, p.tenant, p.from);
}

/* One bit of the payload: the checksum says so. */
static void damaged_payload(struct mix_traffic *t)
{
    struct pair p = draw_pair(t->world, false);
    struct fr_flow f = flow(t->world, &p, 0xC000);
    uint32_t len = size(t->world);

    udp(t, &f, MIX_NOBODY, len);
    flip(&t->world->draw, t->frame.b + t->frame.len - len, len);
    mix_emit_from(t, p.tenant, p.from);
}

static void forged_source(struct mix_traffic *t)
{
    struct mix_world *w = t->world;
    struct pair p = draw_pair(w, true);
    struct fr_flow f = flow(w, &p, 0xC000);
    unsigned other = (p.from + 1 + draw_below(&w->draw, w->guests - 1)) % w->guests;

    if (draw_chance(&w->draw, 50))
        f.src = p.six ? w->guest[p.tenant][other].ip6 : w->guest[p.tenant][other].ip4;
    else
        f.smac ^= UINT64_C(1) << draw_below(&w->draw, 40);
    udp(t, &f, MIX_NOBODY, size(w));
    mix_emit_from(t, p.tenant, p.from);
}

/* A network that is nobody's, or a host that is none of ours. */
static void strange_tunnel(struct mix_traffic *t)
{
    struct mix_world *w = t->world;
    struct pair p = draw_pair(w, true);
    struct fr_flow f = flow(w, &p, 0xC000);
    bool network = draw_chance(&w->draw, 50);

    udp(t, &f, MIX_NOBODY, size(w));
    mix_tunnel(t, network ? 0 : MIX_VTEPS + 7, network ? MIX_VNI + MIX_TENANTS : MIX_VNI + p.tenant,
               w->geneve[p.tenant]);
    mix_emit(t, MIX_UPLINK);
}

/* TCP of which nobody has seen the beginning. */
static void midstream(struct mix_traffic *t)
{
    static uint8_t data[1400];
    struct pair p = draw_pair(t->world, false);
    struct fr_flow f = flow(t->world, &p, 0xC000);
    uint32_t len = draw_from(&t->world->draw, 16, sizeof data);

    mix_fill(data, len, mix_stamp(MIX_NOBODY, MIX_NO_STREAM, 0, 0));
    fr_tcp_with(&t->frame, &f, FR_ACK, (uint32_t)draw_next(&t->world->draw) & ~7u, 1, data, len);
    mix_emit_from(t, p.tenant, p.from);
}

static void cut_short(struct mix_traffic *t)
{
    struct pair p = draw_pair(t->world, true);
    struct fr_flow f = flow(t->world, &p, 0xC000);

    udp(t, &f, MIX_NOBODY, size(t->world));
    t->frame.len = draw_from(&t->world->draw, 1, t->frame.len - 1);
    mix_emit_from(t, p.tenant, p.from);
}

static void noise(struct mix_traffic *t)
{
    struct draw *d = &t->world->draw;
    struct pair p = draw_pair(t->world, true);

    t->frame.len = draw_from(d, 1, 1500);
    for (uint32_t i = 0; i < t->frame.len; i++)
        t->frame.b[i] = (uint8_t)draw_next(d);
    mix_emit(t, draw_chance(d, 50) ? MIX_UPLINK : mix_port(p.tenant, p.from));
}

static void neighbor(struct mix_traffic *t)
{
    struct pair p = draw_pair(t->world, true);
    const struct mix_guest *g = &t->world->guest[p.tenant][p.from];
    char gateway[24];

    snprintf(gateway, sizeof gateway, p.six ? "fd00:%u::1" : "10.%u.0.1", 1 + g->subnet);
    if (p.six) {
        const struct fr_flow f = {.smac = g->mac,
                                  .dmac = UINT64_C(0x3333FF000001),
                                  .src = g->ip6,
                                  .dst = "ff02::1:ff00:1"};

        fr_solicit(&t->frame, &f, gateway);
    } else {
        fr_arp(&t->frame, 1, g->mac, g->ip4, 0, gateway);
    }
    mix_emit_from(t, p.tenant, p.from);
}

static void gateway_echo(struct mix_traffic *t)
{
    struct mix_world *w = t->world;
    struct pair p = draw_pair(w, true);
    const struct mix_guest *g = &w->guest[p.tenant][p.from];
    char gateway[24];
    uint8_t body[60] = {0x80};
    const struct fr_flow f = {g->mac, MIX_GATEWAY_MAC, p.six ? g->ip6 : g->ip4, gateway, 0, 0, 0,
                              0};

    snprintf(gateway, sizeof gateway, p.six ? "fd00:%u::1" : "10.%u.0.1", 1 + g->subnet);
    mix_fill(body + 4, sizeof body - 4, mix_stamp((uint8_t)p.tenant, MIX_NO_STREAM, 0, 0));
    fr_icmp(&t->frame, &f, p.six ? 128 : 8, 0, body, sizeof body);
    mix_emit_from(t, p.tenant, p.from);
}

/* The receiver of a stream complains. */
static void complaint(struct mix_traffic *t)
{
    struct mix_world *w = t->world;
    const struct mix_stream *s = &t->stream[t->active[draw_below(&w->draw, w->streams)]];
    static struct fr quoted;
    uint8_t data[32];

    if (s->path != MIX_INSIDE || s->grade != MIX_CLEAN || s->kind != MIX_UDP || s->sent[0] == 0 ||
        t->now <= s->last[0] + w->quantum)
        return;
    const struct fr_flow f = mix_stream_flow(w, s, 0), back = mix_stream_flow(w, s, 1);

    mix_fill(data, sizeof data, mix_stamp(s->tenant, s->id, 0, s->sent[0] - 1));
    fr_udp_with(&quoted, &f, data, sizeof data);
    fr_error(&t->frame, &back, s->six ? 1 : 3, s->six ? 4 : 3, &quoted, 1200);
    mix_emit_from(t, s->tenant, s->to);
}

#define PIECES 64

struct piece {
    uint32_t off, len;
    bool last;
};

/* Pieces in disorder, one missing, one doubled, or one that overlaps. */
static uint32_t disturb(struct draw *d, struct piece *piece, uint32_t n)
{
    struct piece *any = &piece[draw_below(d, n)];

    switch (draw_below(d, 8)) {
    case 0:
        *any = piece[--n];
        break;
    case 1:
        piece[n++] = *any;
        break;
    case 2:
        if (any->off > 0) {
            any->off -= 8;
            any->len += 8;
        }
        break;
    default:
        break;
    }
    for (uint32_t i = n; draw_chance(d, 60) && i > 1; i--) {
        uint32_t j = draw_below(d, i);
        struct piece swapped = piece[i - 1];

        piece[i - 1] = piece[j];
        piece[j] = swapped;
    }
    return n;
}

static void fragments(struct mix_traffic *t)
{
    static struct fr whole;
    struct mix_world *w = t->world;
    struct pair p = draw_pair(w, false);
    struct fr_flow f = flow(w, &p, 0x8000);
    struct piece piece[PIECES + 1];
    uint32_t total = 8 + draw_from(&w->draw, 100, 4000), step, n = 0;
    uint32_t id = (uint32_t)draw_next(&w->draw);

    udp(t, &f, p.tenant, total - 8);
    whole = t->frame;
    step = draw_from(&w->draw, total / PIECES / 8 + 1, 180) * 8;
    for (uint32_t off = 0; off < total; off += step)
        piece[n++] =
            (struct piece){off, total - off < step ? total - off : step, off + step >= total};
    n = disturb(&w->draw, piece, n);
    for (uint32_t i = 0; i < n; i++) {
        fr_fragment(&t->frame, &whole, id, piece[i].off, piece[i].len, !piece[i].last);
        mix_emit_from(t, p.tenant, p.from);
    }
}

void mix_odd(struct mix_traffic *t)
{
    if (t->world->states > 0 && draw_chance(&t->world->draw, 30)) {
        mix_odd_public(t);
        return;
    }
    static void (*const kind[])(struct mix_traffic *) = {
        damaged_header, damaged_payload, forged_source, strange_tunnel, midstream, cut_short,
        noise,          neighbor,        gateway_echo,  complaint,      fragments,
    };

    kind[draw_below(&t->world->draw, sizeof kind / sizeof kind[0])](t);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * About public addresses, and no conversation: nobody asked for it, it is forged, it is an error, it comes in pieces. Other
 * ports than those of streams; what nobody asked for says in its stamp which public end it is for.
 */
#include "mixture.h"

static void udp(struct mix_traffic *t, const struct fr_flow *f, uint64_t stamp, uint32_t len)
{
    static uint8_t data[FR_ROOM];

    mix_fill(data, len, stamp);
    fr_udp_with(&t->frame, f, data, len);
}

static struct fr_flow from_outside(struct mix_world *w, bool six, unsigned pub, uint16_t dport)
{
    return (struct fr_flow){.smac = MIX_ROUTER_MAC,
                            .dmac = MIX_UPLINK_MAC,
                            .src = mix_host_ip(six, draw_below(&w->draw, MIX_HOSTS)),
                            .dst = mix_public_ip(six, pub),
                            .sport = (uint16_t)(0x9000 + draw_below(&w->draw, 64)),
                            .dport = dport};
}

static void unasked(struct mix_traffic *t)
{
    struct mix_world *w = t->world;
    bool six = draw_chance(&w->draw, 40);
    unsigned pub = draw_below(&w->draw, MIX_PUBLICS);
    uint16_t port = (uint16_t)draw_from(&w->draw, 1024, 4000);
    struct fr_flow f = from_outside(w, six, pub, port);

    udp(t, &f, mix_stamp(MIX_PUBLIC, MIX_NO_STREAM, six, pub << 16 | port),
        draw_from(&w->draw, 8, 1400));
    mix_emit(t, MIX_UPLINK);
}

/* From outside, under an address of a tenant's network or one that is ours; or to a guest's own. */
static void forged(struct mix_traffic *t)
{
    struct mix_world *w = t->world;
    bool six = draw_chance(&w->draw, 40);
    unsigned tenant = draw_below(&w->draw, w->tenants);
    const struct mix_guest *guest = &w->guest[tenant][draw_below(&w->draw, w->guests)];
    const char *inner = six ? guest->ip6 : guest->ip4;
    struct fr_flow f = from_outside(w, six, draw_below(&w->draw, MIX_PUBLICS), 80);

    switch (draw_below(&w->draw, 3)) {
    case 0:
        f.src = inner;
        break;
    case 1: {
        unsigned ours = draw_below(&w->draw, MIX_PUBLICS);

        if (w->nat[t->state].owner[six][ours].role == MIX_UNUSED)
            return;
        f.src = mix_public_ip(six, ours);
        break;
    }
    default:
        f.dst = inner;
    }
    udp(t, &f, mix_stamp(MIX_NOBODY, MIX_NO_STREAM, 0, 0), draw_from(&w->draw, 8, 1400));
    mix_emit(t, MIX_UPLINK);
}

/* It does not get there, by its hops or its size, and its sender is told. */
static void told(struct mix_traffic *t)
{
    struct mix_world *w = t->world;
    struct fr_flow f =
        from_outside(w, draw_chance(&w->draw, 40), draw_below(&w->draw, MIX_PUBLICS), 80);
    uint32_t len = 8600; /* more than any guest takes */

    if (draw_chance(&w->draw, 50)) {
        f.ttl = 1;
        len = draw_from(&w->draw, 8, 1400);
    }
    udp(t, &f, mix_stamp(MIX_NOBODY, MIX_NO_STREAM, 0, 0), len);
    mix_emit(t, MIX_UPLINK);
}

/* Out of a guest, in pieces: they leave under an address of its tenant. */
static void pieces(struct mix_traffic *t)
{
    static struct fr whole;
    struct mix_world *w = t->world;
    bool six = draw_chance(&w->draw, 40);
    unsigned tenant = draw_below(&w->draw, w->tenants);
    const struct mix_guest *guest = &w->guest[tenant][0]; /* always here */
    struct fr_flow f = {.smac = guest->mac,
                        .dmac = MIX_GATEWAY_MAC,
                        .src = six ? guest->ip6 : guest->ip4,
                        .dst = mix_host_ip(six, draw_below(&w->draw, MIX_HOSTS)),
                        .sport = (uint16_t)(0x9000 + draw_below(&w->draw, 64)),
                        .dport = 9}; /* of no stream: nobody answers */
    uint32_t len = draw_from(&w->draw, 1000, 3000), id = (uint32_t)draw_next(&w->draw);

    udp(t, &f, mix_stamp((uint8_t)tenant, MIX_NO_STREAM, 0, (uint32_t)t->packets), len);
    whole = t->frame;
    for (uint32_t at = 0; at < len + 8; at += 800) {
        fr_fragment(&t->frame, &whole, id, at, 800, at + 800 < len + 8);
        mix_emit(t, mix_port(tenant, 0));
    }
}

/* About the latest packet of a stream: by who has it, as it came to him, or by a router on its way. */
static void complaint(struct mix_traffic *t)
{
    struct mix_world *w = t->world;
    const struct mix_stream *s = &t->stream[t->active[draw_below(&w->draw, w->streams)]];
    static struct fr quoted;
    uint8_t data[32];

    if (s->path == MIX_INSIDE || s->grade == MIX_DENIED || s->kind != MIX_UDP || s->sent[0] == 0 ||
        t->now <= s->last[0] + w->quantum)
        return;
    struct fr_flow seen, back = mix_public_flow(w, s, 1);

    seen = fr_back(&back);
    mix_fill(data, sizeof data, mix_stamp(MIX_PUBLIC, s->id, 0, s->sent[0] - 1));
    fr_udp_with(&quoted, &seen, data, sizeof data);
    if (s->path == MIX_OUT && draw_chance(&w->draw, 50))
        back.src = s->six ? "2001:db8:199::1" : "198.51.99.1";
    fr_error(&t->frame, &back, s->six ? 1 : 3, s->six ? 4 : 3, &quoted, 1200);
    mix_emit_public(t, s, 1);
}

void mix_odd_public(struct mix_traffic *t)
{
    static void (*const kind[])(struct mix_traffic *) = {unasked, forged,    told,
                                                         pieces,  complaint, complaint};

    kind[draw_below(&t->world->draw, sizeof kind / sizeof kind[0])](t);
}

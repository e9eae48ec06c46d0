/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conversations of many streams, mixed. Within the quantum of a replay the ports are read one after the other, whatever
 * the times of the frames; so a stream's two ends never speak within one.
 */
#include <stdlib.h>
#include <string.h>

#include "mixture.h"

#define PACKETS_MAX 60    /* of a stream */
#define UNACKED_MAX 30000 /* bytes; a window is 65,535 */
#define ID_SPAN     14000 /* client ports of conversations; those of odd.c are others */

void mix_emit(struct mix_traffic *t, unsigned port)
{
    t->packets++;
    mix_pcap_put(t->capture[port], t->now, t->frame.b, t->frame.len);
}

void mix_tunnel(struct mix_traffic *t, unsigned vtep, uint32_t vni, bool geneve)
{
    static const uint8_t option[8] = {0x01, 0x02, 0x07, 1, 0xC0, 0xFF, 0xEE};
    struct draw *d = &t->world->draw;
    bool six = vtep < MIX_VTEPS ? t->world->six[vtep] : draw_chance(d, 50);
    char src[24];
    const struct fr_flow outer = {
        MIX_VTEP_MAC(vtep), MIX_UPLINK_MAC, src, six ? "fd00:99::1" : "192.0.2.1", 50000, 0, 0, 0};

    mix_vtep_name(vtep, six, src);
    if (geneve) {
        fr_geneve(&t->frame, &outer, vni, option, draw_chance(d, 50) ? sizeof option : 0);
    } else {
        fr_vxlan(&t->frame, &outer, vni);
    }
    if (six && draw_chance(d, 30)) /* as RFC 6935 lets a tunnel */
        fr_put16(t->frame.b + FR_L3 + 46, 0);
}

void mix_emit_from(struct mix_traffic *t, unsigned tenant, unsigned guest)
{
    const struct mix_guest *g = &t->world->guest[tenant][guest];

    if (g->remote)
        mix_tunnel(t, g->vtep, MIX_VNI + tenant, t->world->geneve[tenant]);
    mix_emit(t, g->remote ? MIX_UPLINK : mix_port(tenant, guest));
}

struct fr_flow mix_flow(const struct mix_world *w, unsigned tenant, unsigned from, unsigned to,
                        bool six)
{
    const struct mix_guest *a = &w->guest[tenant][from], *b = &w->guest[tenant][to];
    bool routed = a->subnet != b->subnet;

    /* What comes through a tunnel has been routed by its own host. */
    return (struct fr_flow){
        .smac = routed && a->remote ? MIX_GATEWAY_MAC : a->mac,
        .dmac = routed && !a->remote ? MIX_GATEWAY_MAC : b->mac,
        .src = six ? a->ip6 : a->ip4,
        .dst = six ? b->ip6 : b->ip4,
    };
}

/* Two guests who may or may not talk, one of them here. */
static void draw_ends(struct mix_world *w, struct mix_stream *s)
{
    const struct mix_guest *from, *to;

    do {
        s->from = (uint8_t)draw_below(&w->draw, w->guests);
        s->to = (uint8_t)draw_below(&w->draw, w->guests);
        from = &w->guest[s->tenant][s->from];
        to = &w->guest[s->tenant][s->to];
    } while (s->from == s->to || (from->remote && to->remote) ||
             (to->guarded && s->from != 0 && !draw_chance(&w->draw, 25)));
    bool waits = w->learned && (from->remote || to->remote);

    if (to->guarded && s->from != 0)
        s->grade = MIX_DENIED;
    else
        s->grade = from->mtu == to->mtu && !waits ? MIX_CLEAN : MIX_LARGE;
}

static uint32_t new_stream(struct mix_traffic *t)
{
    struct mix_world *w = t->world;
    uint32_t id = t->streams++;
    struct mix_stream *s = &t->stream[id];

    memset(s, 0, sizeof *s);
    s->id = id;
    s->tenant = (uint8_t)draw_below(&w->draw, w->tenants);
    draw_ends(w, s);
    s->kind = s->grade == MIX_DENIED ? MIX_UDP : (uint8_t)draw_below(&w->draw, 3);
    s->six = draw_chance(&w->draw, 40);
    s->left = draw_from(&w->draw, 1, PACKETS_MAX);
    s->sport = (uint16_t)(1024 + id % ID_SPAN); /* no two streams have the same */
    s->dport = (uint16_t)(80 + id / ID_SPAN);
    if (s->kind == MIX_UDP && s->grade != MIX_DENIED && mix_tunnel_port(s->sport))
        s->kind = MIX_TCP; /* its answers would look like tunnels */
    /* Data begins at a multiple of eight. A SYN has no payload to say whose it is; its number does. */
    for (unsigned dir = 0; dir < 2; dir++)
        s->isn[dir] = draw_below(&w->draw, 64) << 26 | id << 3 | 7;
    s->bound.pub = MIX_UNBOUND;
    if (w->states > 0 && draw_chance(&w->draw, 60) && mix_draw_path(t, s) && id < t->bounds)
        s->bound = t->bound[id];
    return id;
}

static uint32_t draw_size(struct mix_world *w, uint32_t least, uint32_t most)
{
    switch (draw_below(&w->draw, 3)) {
    case 0:
        return draw_from(&w->draw, least, least + 60);
    case 1:
        return most;
    default:
        return draw_from(&w->draw, least, most);
    }
}

static uint32_t room(const struct mix_traffic *t, const struct mix_stream *s, unsigned dir,
                     uint32_t l4)
{
    const struct mix_guest *sender = &t->world->guest[s->tenant][dir ? s->to : s->from];
    unsigned mtu = s->path == MIX_INSIDE ? sender->mtu : mix_public_mtu(t->world, s, dir);

    return mtu - (s->six ? 40 : 20) - l4;
}

struct fr_flow mix_stream_flow(const struct mix_world *w, const struct mix_stream *s, unsigned dir)
{
    if (s->path != MIX_INSIDE)
        return mix_public_flow(w, s, dir);
    struct fr_flow f = mix_flow(w, s->tenant, dir ? s->to : s->from, dir ? s->from : s->to, s->six);

    f.sport = dir ? s->dport : s->sport;
    f.dport = dir ? s->sport : s->dport;
    return f;
}

static uint8_t owner(const struct mix_stream *s)
{
    if (s->path != MIX_INSIDE)
        return MIX_PUBLIC;
    return s->grade == MIX_DENIED ? MIX_NOBODY : s->tenant;
}

static void udp(struct mix_traffic *t, struct mix_stream *s, unsigned dir)
{
    static uint8_t data[FR_ROOM];
    const struct fr_flow f = mix_stream_flow(t->world, s, dir);
    uint32_t len = draw_size(t->world, 8, room(t, s, dir, 8));

    mix_fill(data, len, mix_stamp(owner(s), s->id, dir, s->sent[dir]++));
    fr_udp_with(&t->frame, &f, data, len);
}

static void icmp(struct mix_traffic *t, struct mix_stream *s, unsigned dir)
{
    static uint8_t body[FR_ROOM];
    const struct fr_flow f = mix_stream_flow(t->world, s, dir);
    uint32_t len = draw_size(t->world, 8, room(t, s, dir, 8));
    unsigned request = s->six ? 128 : 8, reply = s->six ? 129 : 0;

    fr_put16(body, dir ? f.dport : f.sport);
    fr_put16(body + 2, s->sent[dir] & 0xFFFF);
    mix_fill(body + 4, len, mix_stamp(owner(s), s->id, dir, s->sent[dir]++));
    fr_icmp(&t->frame, &f, (uint8_t)(dir ? reply : request), 0, body, 4 + len);
}

enum {
    PHASE_SYN,
    PHASE_SYN_ACK,
    PHASE_ACK,
    PHASE_DATA,
    PHASE_FIN,
    PHASE_FIN_ACK,
    PHASE_LAST,
    PHASES
};

static void tcp(struct mix_traffic *t, struct mix_stream *s, unsigned dir)
{
    static uint8_t data[FR_ROOM];
    static const uint8_t flags[PHASES] = {
        FR_SYN, FR_SYN | FR_ACK, FR_ACK, FR_ACK, FR_FIN | FR_ACK, FR_FIN | FR_ACK, FR_ACK,
    };
    const struct fr_flow f = mix_stream_flow(t->world, s, dir);
    uint32_t seq = s->isn[dir] + s->sent[dir], ack = 0, len = 0;

    if (s->phase != PHASE_SYN) /* SYN and FIN count as a byte each */
        ack = s->isn[!dir] + 1 + s->sent[!dir] +
              (s->phase == PHASE_FIN_ACK || s->phase == PHASE_LAST);
    if (s->phase > PHASE_SYN_ACK)
        seq++;
    if (s->phase == PHASE_LAST)
        seq++;
    if (s->phase == PHASE_DATA) {
        len = draw_size(t->world, 16, room(t, s, dir, 20));
        mix_fill_tcp(data, len, owner(s), s->id, dir, seq);
        s->sent[dir] += len;
        s->unacked[dir] += len;
        s->unacked[!dir] = 0;
    }
    fr_tcp_with(&t->frame, &f, flags[s->phase], seq, ack, data, len);
}

/* Whose turn is it? */
static unsigned turn(struct mix_world *w, const struct mix_stream *s)
{
    bool other = draw_chance(&w->draw, 40);

    if (s->kind == MIX_ICMP)
        return other && s->sent[1] < s->sent[0];
    if (s->kind == MIX_UDP)
        return other && s->grade != MIX_DENIED && s->sent[0] > 0;
    if (s->phase == PHASE_DATA)
        return s->unacked[other] > UNACKED_MAX ? !other : other;
    return s->phase == PHASE_SYN_ACK || s->phase == PHASE_FIN_ACK;
}

/* One packet; false when the stream has come to its end. */
static bool speak(struct mix_traffic *t, struct mix_stream *s, unsigned dir)
{
    static void (*const build[])(struct mix_traffic *, struct mix_stream *,
                                 unsigned) = {[MIX_UDP] = udp, [MIX_TCP] = tcp, [MIX_ICMP] = icmp};

    build[s->kind](t, s, dir);
    if (s->path != MIX_INSIDE)
        mix_emit_public(t, s, dir);
    else
        mix_emit_from(t, s->tenant, dir ? s->to : s->from);
    s->last[dir] = t->now;
    if (s->kind != MIX_TCP)
        return --s->left > 0;
    if (s->phase != PHASE_DATA || --s->left == 0)
        s->phase++;
    return s->phase < PHASES;
}

static bool may_burst(const struct mix_stream *s, unsigned dir)
{
    if (s->kind == MIX_TCP)
        return s->phase == PHASE_DATA && s->unacked[dir] < UNACKED_MAX;
    return s->kind == MIX_UDP || dir == 0;
}

/* A stream sends, once or several times. False: its other end has just spoken. */
static bool converse(struct mix_traffic *t)
{
    struct mix_world *w = t->world;
    uint32_t *slot = &t->active[draw_below(&w->draw, w->streams)];
    struct mix_stream *s = &t->stream[*slot];
    unsigned dir = turn(w, s);
    uint32_t n = draw_chance(&w->draw, 30) ? draw_from(&w->draw, 2, 20) : 1;

    if (s->last[!dir] != 0 && t->now <= s->last[!dir] + w->quantum)
        return false;
    do {
        if (!speak(t, s, dir)) {
            *slot = new_stream(t);
            break;
        }
    } while (--n > 0 && may_burst(s, dir));
    return true;
}

/* What an earlier run has found of public ends, if there was one. */
static void load_bounds(struct mix_traffic *t, const char *dir)
{
    char path[512];
    FILE *f;

    snprintf(path, sizeof path, "%s/bounds", dir);
    f = fopen(path, "r");
    if (f == NULL)
        return;
    t->bound = calloc(t->room, sizeof *t->bound);
    if (t->bound != NULL)
        t->bounds = (uint32_t)fread(t->bound, sizeof *t->bound, t->room, f);
    fclose(f);
}

/* After so many packets each configuration comes, and not one with the next. */
static void draw_changes(struct mix_traffic *t, uint64_t packets)
{
    struct mix_world *w = t->world;
    uint64_t span = packets / (w->states + 1);

    for (unsigned i = 1; i < w->states; i++)
        t->change[i] = i * span + draw_below(&w->draw, (uint32_t)span);
}

/* A time of its own; the file says when, in ns after the first frame. */
static int change(struct mix_traffic *t, const char *dir)
{
    char path[512];
    FILE *f;

    snprintf(path, sizeof path, "%s/changes", dir);
    f = fopen(path, t->state == 0 ? "w" : "a");
    if (f == NULL)
        return -1;
    t->now += 2 * (uint64_t)t->world->quantum + 1;
    fprintf(f, "%llu\n", (unsigned long long)(t->now - MIX_BEGIN));
    t->state++;
    return fclose(f);
}

/* Frames of one run alone must not be the first. */
static void first_frame(struct mix_traffic *t)
{
    t->frame.len = 60;
    memset(t->frame.b, 0, t->frame.len);
    mix_emit(t, MIX_UPLINK);
    t->now += 2 * (uint64_t)t->world->quantum + 1;
}

static int begin(struct mix_traffic *t, uint64_t packets, const char *dir)
{
    struct mix_world *w = t->world;

    t->now = MIX_BEGIN;
    t->room = (uint32_t)packets + w->streams + 1; /* a stream has at least one packet */
    t->stream = calloc(t->room, sizeof *t->stream);
    t->active = calloc(w->streams, sizeof *t->active);
    if (t->stream == NULL || t->active == NULL)
        return -1;
    load_bounds(t, dir);
    draw_changes(t, packets);
    for (uint32_t i = 0; i < w->streams; i++)
        t->active[i] = new_stream(t);
    for (unsigned port = 0; port < MIX_PORTS; port++) {
        unsigned tenant = port / MIX_GUESTS, guest = port % MIX_GUESTS;

        if (port != MIX_UPLINK &&
            (tenant >= w->tenants || guest >= w->guests || w->guest[tenant][guest].remote))
            continue;
        t->capture[port] = mix_pcap_create(dir, port);
        if (t->capture[port] == NULL)
            return -1;
    }
    return 0;
}

static int end(struct mix_traffic *t, const char *dir)
{
    char path[512];
    FILE *f;
    int rc = 0;

    for (unsigned port = 0; port < MIX_PORTS; port++)
        if (t->capture[port] != NULL)
            rc |= fclose(t->capture[port]);
    snprintf(path, sizeof path, "%s/streams", dir);
    f = fopen(path, "w");
    if (f == NULL || fwrite(t->stream, sizeof *t->stream, t->streams, f) != t->streams)
        rc = -1;
    if (f != NULL)
        rc |= fclose(f);
    free(t->stream);
    free(t->active);
    free(t->bound);
    return rc;
}

/* Of a VTEP to a question of ours, if there was one. */
static void answer(struct mix_traffic *t)
{
    unsigned vtep = draw_below(&t->world->draw, MIX_VTEPS);
    char address[16];

    snprintf(address, sizeof address, "192.0.2.%u", 2 + vtep);
    fr_arp(&t->frame, 2, MIX_VTEP_MAC(vtep), address, MIX_UPLINK_MAC, "192.0.2.1");
    mix_emit(t, MIX_UPLINK);
}

int mix_traffic(struct mix_world *w, uint64_t packets, const char *dir)
{
    static struct mix_traffic t;

    t.world = w;
    if (begin(&t, packets, dir) < 0)
        return -1;
    first_frame(&t);
    while (t.packets < packets) {
        if (t.state + 1 < w->states && t.packets >= t.change[t.state + 1] && change(&t, dir) != 0)
            return -1;
        t.now += draw_below(&w->draw, 4000);
        if (w->learned && draw_chance(&w->draw, 1))
            answer(&t);
        if (draw_chance(&w->draw, w->odd_percent))
            mix_odd(&t);
        else if (!converse(&t))
            t.now += w->quantum / 8 + 1;
    }
    return end(&t, dir);
}

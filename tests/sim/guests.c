/* SPDX-License-Identifier: Apache-2.0 */
/* Conversations. Guests answer what they have got, so that one packet follows from another whatever waits on the way. */
#include <string.h>

#include "sim.h"

#define UNACKED 8000 /* bytes */

enum { SYN, SYN_ACK, ESTABLISHED, FIN, FIN_ACK, LAST, CLOSED };

static const struct sim_guest *end_of(const struct sim *s, const struct sim_flow *f, unsigned dir)
{
    return &s->config.guest[f->tenant][f->end[dir]];
}

static uint32_t draw_size(struct sim *s, uint32_t most)
{
    switch (draw_below(&s->draw, 4)) {
    case 0:
        return most;
    case 1:
        return draw_from(&s->draw, 8, most);
    default:
        return draw_from(&s->draw, 8, 120);
    }
}

static void udp(struct sim *s, struct sim_flow *f, struct sim_packet *p, struct fr_flow *w)
{
    (void)f;
    uint32_t len = draw_size(s, 1400);

    fr_udp_with(&sim_out, w, sim_data(s, p, len), len);
}

static void icmp(struct sim *s, struct sim_flow *f, struct sim_packet *p, struct fr_flow *w)
{
    static uint8_t body[2048];
    uint32_t len = draw_size(s, 1400);
    unsigned request = f->six ? 128 : 8, reply = f->six ? 129 : 0;

    fr_put16(body, w->dport); /* one identifier both ways */
    fr_put16(body + 2, p->dir ? f->answered : f->asked);
    memcpy(body + 4, sim_data(s, p, len), len);
    fr_icmp(&sim_out, w, (uint8_t)(p->dir ? reply : request), 0, body, 4 + len);
    *(p->dir ? &f->answered : &f->asked) += 1;
}

static void tcp(struct sim *s, struct sim_flow *f, struct sim_packet *p, struct fr_flow *w)
{
    static const uint8_t flags[] = {
        [SYN] = FR_SYN,          [SYN_ACK] = FR_SYN | FR_ACK, [ESTABLISHED] = FR_ACK | FR_PSH,
        [FIN] = FR_FIN | FR_ACK, [FIN_ACK] = FR_FIN | FR_ACK, [LAST] = FR_ACK};
    unsigned dir = p->dir, phase = f->phase;
    uint32_t seq = f->isn[dir] + (phase > SYN_ACK) + f->sent[dir] + (phase == LAST);
    uint32_t ack =
        phase == SYN ? 0 : f->isn[!dir] + 1 + f->got[!dir] + (phase == FIN_ACK || phase == LAST);
    uint32_t len = phase == ESTABLISHED ? draw_size(s, 1400) : 0;

    fr_tcp_with(&sim_out, w, flags[phase], seq, ack, sim_data(s, p, len), len);
    f->sent[dir] += len;
}

/* Between a guest and a host outside: who knows whom as what. */
static void address(const struct sim_flow *f, struct sim_packet *p)
{
    unsigned in = f->end[0] == SIM_OUTSIDE;

    p->own = f->port[in];
    p->way = (struct sim_seen){.six = f->six,
                               .kind = f->kind,
                               .host = f->host,
                               .port = f->kind == SIM_ICMP ? 0 : f->port[!in],
                               .end = f->seen_as};
}

/* A packet of this direction. */
static void send(struct sim *s, struct sim_flow *f, unsigned dir)
{
    static void (*const build[])(struct sim *, struct sim_flow *, struct sim_packet *,
                                 struct fr_flow *) = {
        [SIM_UDP] = udp, [SIM_TCP] = tcp, [SIM_ICMP] = icmp};
    struct sim_packet *p = sim_new_packet(s, f->tenant, f->end[dir], f->end[!dir]);
    struct fr_flow w;

    if (sim_is_outside(f)) {
        w = sim_way_outside(s, f, dir);
        address(f, p);
    } else {
        w = sim_way(s, f->tenant, f->end[dir], f->end[!dir], f->six, f->ours);
        w.sport = f->port[dir];
        w.dport = f->port[!dir];
    }
    p->flow = (uint32_t)(f - s->flow);
    p->flow_birth = f->birth;
    p->dir = (uint8_t)dir;
    p->place = f->next++;
    build[f->kind](s, f, p, &w);
    p->data = f->kind == SIM_TCP && f->phase == ESTABLISHED
                  ? sim_out.len - FR_L3 - (f->six ? 60 : 40)
                  : 0;
    p->phase = f->phase;
    if (f->kind != SIM_TCP && !sim_is_outside(f))
        sim_cut(s, p, &sim_out);
    f->out[dir]++;
    f->recent = true;
    sim_judge(s, p, f->kind != SIM_TCP ? !(f->kind == SIM_ICMP && dir) : f->phase == SYN);
    sim_emit_usual(s, p);
}

/* One end is a host outside, if there is a guest who may talk to one; false: it is not. */
static bool begin_outside(struct sim *s, struct sim_flow *f)
{
    struct draw *d = &s->draw;
    unsigned in = draw_chance(d, 40), guest = draw_below(d, s->guests), eip;

    if (!s->publics || !draw_chance(d, 40))
        return false;
    eip = sim_eip(s, f->six, f->tenant, guest);
    if (!s->config.guest[f->tenant][guest].here || (in && eip == SIM_UNKNOWN))
        return false;
    f->end[in] = (uint8_t)guest;
    f->end[!in] = SIM_OUTSIDE;
    f->host = (uint8_t)draw_below(d, SIM_HOSTS);
    f->seen_as.pub = (uint8_t)(in ? eip : SIM_UNKNOWN);
    f->seen_by = SIM_EIP;
    return true;
}

static void begin_inside(struct sim *s, struct sim_flow *f)
{
    do {
        f->end[0] = (uint8_t)draw_below(&s->draw, s->guests);
        f->end[1] = (uint8_t)draw_below(&s->draw, s->guests);
    } while (f->end[0] == f->end[1] || (!end_of(s, f, 0)->here && !end_of(s, f, 1)->here));
}

static void begin(struct sim *s, struct sim_flow *f)
{
    struct draw *d = &s->draw;

    memset(f, 0, sizeof *f);
    f->used = true;
    f->birth = s->births++;
    f->tenant = (uint8_t)draw_below(d, s->tenants);
    f->kind = (uint8_t)draw_below(d, 3);
    f->six = draw_chance(d, 40);
    if (!begin_outside(s, f))
        begin_inside(s, f);
    f->ours = draw_chance(d, 50);
    f->port[0] = s->next_port++;
    f->port[1] = f->kind == SIM_ICMP ? f->port[0] : (uint16_t)draw_from(d, 80, 84);
    f->seen_as.port = f->port[1];
    f->states = SIM_NONE;
    f->left = draw_from(d, 2, 60);
    f->isn[0] = (uint32_t)draw_next(d);
    f->isn[1] = (uint32_t)draw_next(d);
    f->phase = f->kind == SIM_TCP && draw_chance(d, 10)
                   ? ESTABLISHED
                   : SYN; /* a connection nobody has seen begin */
}

/* Whose turn is it, and may they speak now? */
static bool turn(struct sim *s, struct sim_flow *f, unsigned *dir)
{
    bool other = draw_chance(&s->draw, 40);

    *dir = 0;
    switch (f->kind) {
    case SIM_UDP:
        *dir = other && f->seen[0] > 0;
        break;
    case SIM_ICMP:
        *dir = other && f->answered < f->got[0];
        break;
    default:
        if (f->phase == ESTABLISHED)
            *dir = other;
        else
            *dir = f->phase == SYN_ACK || f->phase == FIN_ACK;
        if (f->phase != ESTABLISHED && f->out[*dir] > 0)
            return false; /* it waits for what comes of it */
        if (f->phase == ESTABLISHED && f->sent[*dir] - f->got[*dir] - f->lost[*dir] > UNACKED)
            return false;
    }
    /* A host outside knows the guest when it has seen it; it does not answer who is gone. */
    if (f->end[*dir] == SIM_OUTSIDE &&
        (f->seen_as.pub == SIM_UNKNOWN || (*dir == 1 && f->states == SIM_NONE)))
        return false;
    /* What both ends begin at once is either's: nobody can say whose session it becomes. */
    return f->sure || f->out[!*dir] == 0;
}

static void converse(struct sim *s)
{
    struct sim_flow *f = &s->flow[draw_below(&s->draw, SIM_FLOWS)];
    unsigned dir;

    if (!f->used)
        begin(s, f);
    for (uint32_t n = draw_chance(&s->draw, 30) ? draw_from(&s->draw, 2, 20) : 1; n > 0; n--) {
        if (s->packets + 1 >= SIM_PACKETS || !turn(s, f, &dir))
            return;
        if (f->left == 0 && (f->kind != SIM_TCP || f->phase < ESTABLISHED || f->phase == CLOSED)) {
            if (f->out[0] + f->out[1] == 0)
                f->used = false;
            return;
        }
        if (f->left == 0 && f->phase == ESTABLISHED) {
            if (f->out[0] + f->out[1] > 0)
                return;
            f->phase = f->states & SIM_NONE ? CLOSED : FIN;
            return;
        }
        if (f->phase > ESTABLISHED && f->states & SIM_NONE) {
            f->phase = CLOSED;
            return;
        }
        send(s, f, dir);
        f->left -= f->left > 0;
    }
}

void sim_flow_heard(struct sim *s, struct sim_flow *f, const struct sim_packet *p)
{
    (void)s;
    if (f->kind == SIM_ICMP)
        f->got[p->dir]++;
    if (f->kind != SIM_TCP)
        return;
    f->got[p->dir] += p->data;
    if (p->phase == f->phase && f->phase != ESTABLISHED && f->phase < CLOSED)
        f->phase++;
}

void sim_flow_close(struct sim_flow *f)
{
    f->left = 0;
    f->phase = CLOSED;
}

void sim_flow_moved(const struct sim *s, struct sim_flow *f)
{
    if (sim_is_outside(f) || (!end_of(s, f, 0)->here && !end_of(s, f, 1)->here)) {
        f->used = false;
        return;
    }
    f->states |= SIM_NONE;
    f->sure = false;
}

void sim_speak(struct sim *s)
{
    if (s->packets + 1 >= SIM_PACKETS)
        return;
    if (draw_chance(&s->draw, 10))
        sim_odd(s);
    else
        converse(s);
}

void sim_listen(struct sim *s)
{
    static struct fr in;
    char name[16];

    for (unsigned t = 0; t < s->tenants; t++) {
        for (unsigned g = 0; g < s->guests; g++) {
            if (!s->config.guest[t][g].here)
                continue;
            sim_port_name(t, g, name);
            while (bench_pop(&s->bench, name, &in)) {
                sim_arrive(s, t, g, &in);
                if (sim_plant_twice(s))
                    sim_arrive(s, t, g, &in);
            }
        }
    }
    while (bench_pop(&s->bench, "uplink", &in))
        sim_arrive(s, 0, SIM_UPLINK, &in);
}

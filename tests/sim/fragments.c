/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Datagrams in fragments, sent in any order: each fragment that arrives is one that was sent, byte for byte, and of a datagram all
 * do or none.
 */
#include <string.h>

#include "sim.h"

#define UNIT 8 /* bytes that an offset counts */

static uint32_t headers(const uint8_t *frame)
{
    return FR_L3 + (frame[FR_L3] >> 4 == 6 ? 40u : 20u);
}

void sim_cut(struct sim *s, struct sim_packet *p, const struct fr *whole)
{
    struct draw *d = &s->draw;
    uint32_t data = whole->len - headers(whole->b), units = (data - 1) / UNIT;

    if (units < SIM_PARTS || !draw_chance(d, 8))
        return;
    p->parts = (uint8_t)draw_from(d, 2, SIM_PARTS);
    for (unsigned i = 1; i < p->parts; i++) /* an equal share, or less */
        p->cut[i] = (uint16_t)(UNIT * (units * i / p->parts - draw_below(d, units / p->parts)));
    p->cut[p->parts] = (uint16_t)data;
}

void sim_part(const struct sim_packet *p, uint32_t n, const struct fr *whole, unsigned part,
              struct fr *o)
{
    fr_fragment(o, whole, n, p->cut[part], p->cut[part + 1] - p->cut[part], part + 1u < p->parts);
}

void sim_part_order(struct sim *s, const struct sim_packet *p, unsigned order[SIM_PARTS])
{
    for (unsigned i = 0; i < p->parts; i++) {
        unsigned k = draw_below(&s->draw, i + 1);

        order[i] = order[k];
        order[k] = i;
    }
}

static bool offset_of(const uint8_t *frame, uint32_t *at)
{
    const uint8_t *ip = frame + FR_L3;

    if (ip[0] >> 4 == 6) {
        *at = fr_get16(ip + 42) & ~7u;
        return ip[6] == 44;
    }
    *at = (fr_get16(ip + 6) & 0x1FFFu) * UNIT;
    return (fr_get16(ip + 6) & 0x3FFF) != 0;
}

bool sim_part_arrived(const struct sim *s, struct sim_packet *p, const uint8_t *frame)
{
    uint32_t n = (uint32_t)(p - s->packet), at = 0;
    unsigned part = 0;

    if (!offset_of(frame, &at))
        sim_finding(s, "packet %u: a whole one, and it was sent in %u fragments", n, p->parts);
    while (part < p->parts && p->cut[part] != at)
        part++;
    if (part == p->parts)
        sim_finding(s, "packet %u: a fragment from byte %u on, which nobody sent", n, at);
    if (p->got >> part & 1)
        sim_finding(s, "packet %u: its fragment %u arrived twice", n, part);
    p->got |= (uint8_t)(1u << part);
    p->part = (uint8_t)part;
    return p->got == (1u << p->parts) - 1;
}

unsigned sim_frames_missing(const struct sim_packet *p)
{
    return (p->parts > 0 ? p->parts : 1u) - (unsigned)__builtin_popcount(p->got);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of guests, here and on other hosts. Each has a number of its own, in the identification (IPv4) or the flow label (IPv6)
 * and all over its payload.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

struct fr sim_out;

/* What one sends to the other: bridged inside a subnet; between two routed, by us if the sender is here or leaves it to us. */
struct fr_flow sim_way(const struct sim *s, unsigned tenant, unsigned from, unsigned to, bool six,
                       bool ours)
{
    const struct sim_guest *a = &s->config.guest[tenant][from], *b = &s->config.guest[tenant][to];
    bool routed = a->subnet != b->subnet;

    return (struct fr_flow){
        .smac = routed && !a->here && !ours ? SIM_GATEWAY_MAC(b->subnet) : a->mac,
        .dmac = routed && (a->here || ours) ? SIM_GATEWAY_MAC(a->subnet) : b->mac,
        .src = six ? a->ip6 : a->ip4,
        .dst = six ? b->ip6 : b->ip4,
    };
}

struct sim_packet *sim_new_packet(struct sim *s, unsigned tenant, unsigned from, unsigned to)
{
    struct sim_packet *p = &s->packet[s->packets++];

    memset(p, 0, sizeof *p);
    p->tenant = (uint8_t)tenant;
    p->from = (uint8_t)from;
    p->to = (uint8_t)to;
    p->flow = SIM_FLOWS;
    return p;
}

static uint32_t number(const struct sim *s, const struct sim_packet *p)
{
    return (uint32_t)(p - s->packet);
}

/* Its number and its tenant's, over and over. */
const uint8_t *sim_data(const struct sim *s, const struct sim_packet *p, uint32_t len)
{
    static uint8_t bytes[2048];
    uint64_t stamp = htobe64((uint64_t)p->tenant << 56 | (uint64_t)0x51A << 32 | number(s, p));

    for (uint32_t i = 0; i < len; i += 8)
        memcpy(bytes + i, &stamp, 8);
    return bytes;
}

/* The number into the header. */
void sim_number(const struct sim *s, const struct sim_packet *p)
{
    uint8_t *ip = sim_out.b + FR_L3;
    uint32_t n = number(s, p);

    if (ip[0] >> 4 == 6) {
        fr_put32(ip, (fr_get32(ip) & ~0xFFFFFu) | n);
        return;
    }
    fr_put16(ip + 4, n);
    fr_put16(ip + 10, 0);
    fr_put16(ip + 10, (uint16_t)~fr_fold(fr_sum(0, ip, 20)));
}

/* As its sender has it. */
static void remember(struct sim *s, struct sim_packet *p)
{
    p->frame = malloc(sim_out.len);
    if (p->frame == NULL)
        sim_finding(s, "no memory");
    memcpy(p->frame, sim_out.b, sim_out.len);
    p->len = sim_out.len;
}

static void push(struct sim *s, struct sim_packet *p, const char *name)
{
    p->port = bench_index(&s->bench, name);
    bench_push(&s->bench, name, &sim_out);
    s->sent++;
    sim_trace(s, "sent %u: tenant %u, %u to %u, flow %u, number %u, %u bytes", number(s, p),
              p->tenant, p->from, p->to, p->flow, p->place, p->len);
}

/* From its sender's port, or through the tunnel of its host. */
static void launch(struct sim *s, struct sim_packet *p, uint32_t vni, unsigned vtep)
{
    const struct sim_guest *from = &s->config.guest[p->tenant][p->from];
    char name[16], source[24];

    if (!from->here) {
        const struct fr_flow outer = {.smac = SIM_VTEP_MAC(vtep),
                                      .dmac = SIM_UPLINK_MAC,
                                      .src = source,
                                      .dst = "192.0.2.1",
                                      .sport = 50000};

        snprintf(source, sizeof source, "192.0.2.%u", 2 + vtep);
        fr_vxlan(&sim_out, &outer, vni);
    }
    sim_port_name(p->tenant, from->here ? p->from : SIM_UPLINK, name);
    push(s, p, name);
}

/* The frame is its sender's: remembered, and on its way, in fragments if it is cut. */
void sim_emit(struct sim *s, struct sim_packet *p, uint32_t vni, unsigned vtep)
{
    static struct fr whole;
    unsigned order[SIM_PARTS];

    remember(s, p);
    if (p->parts == 0) {
        launch(s, p, vni, vtep);
        return;
    }
    whole.len = p->len;
    memcpy(whole.b, p->frame, p->len);
    sim_part_order(s, p, order);
    for (unsigned i = 0; i < p->parts; i++) {
        sim_part(p, number(s, p), &whole, order[i], &sim_out);
        launch(s, p, vni, vtep);
    }
}

void sim_emit_from_outside(struct sim *s, struct sim_packet *p)
{
    remember(s, p);
    push(s, p, "uplink");
}

void sim_emit_usual(struct sim *s, struct sim_packet *p)
{
    sim_number(s, p);
    if (p->from == SIM_OUTSIDE)
        sim_emit_from_outside(s, p);
    else
        sim_emit(s, p, SIM_VNI + p->tenant, s->config.guest[p->tenant][p->from].vtep);
}

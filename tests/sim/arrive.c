/* SPDX-License-Identifier: Apache-2.0 */
/* What has arrived and what has not, held against what the oracle said of it. */
#include <stdlib.h>
#include <string.h>

#include "hsring/check.h"
#include "sim.h"

static bool is_reason(const struct sim_packet *p, unsigned reason)
{
    return p->reason[reason / 64] >> reason % 64 & 1;
}

static unsigned reasons(const struct sim_packet *p)
{
    unsigned n = 0;

    for (unsigned i = 0; i < SIM_REASONS; i++)
        n += (unsigned)__builtin_popcountll(p->reason[i]);
    return n;
}

static uint32_t number_of(const uint8_t *frame, uint32_t len)
{
    const uint8_t *ip = frame + FR_L3;

    if (len < FR_L3 + 20 || (fr_get16(frame + 12) != 0x0800 && fr_get16(frame + 12) != 0x86DD))
        return UINT32_MAX;
    return ip[0] >> 4 == 6 ? fr_get32(ip) & 0xFFFFF : fr_get16(ip + 4);
}

/* Where a packet has arrived. */
struct who {
    unsigned tenant, guest;
    struct sim_end end; /* that is seen outside; port of the guest, from there */
};

/* The frame as it should be at its receiver's, if routed then with so many hops less. */
static void expected(const struct sim *s, const struct sim_packet *p, unsigned hops, uint8_t *frame)
{
    const struct sim_guest *to = &s->config.guest[p->tenant][p->to];

    memcpy(frame, p->frame, p->len);
    if (fr_get_mac(frame) == to->mac)
        return;
    fr_mac(frame, to->mac);
    fr_mac(frame + 6, SIM_GATEWAY_MAC(to->subnet));
    if (frame[FR_L3] >> 4 == 6) {
        frame[FR_L3 + 7] = (uint8_t)(frame[FR_L3 + 7] - hops);
        return;
    }
    frame[FR_L3 + 8] = (uint8_t)(frame[FR_L3 + 8] - hops);
    fr_put16(frame + FR_L3 + 10, 0);
    fr_put16(frame + FR_L3 + 10, (uint16_t)~fr_fold(fr_sum(0, frame + FR_L3, 20)));
}

/* What should be there: the packet, or that fragment of it. */
static const struct fr *wanted(const struct sim *s, const struct sim_packet *p,
                               const struct who *who, unsigned hops)
{
    static struct fr whole, part;

    if (p->from == SIM_OUTSIDE || p->to == SIM_OUTSIDE)
        sim_expect_outside(s, p, who->tenant, who->guest, who->end, whole.b);
    else
        expected(s, p, hops, whole.b);
    whole.len = p->len;
    if (p->parts == 0)
        return &whole;
    sim_part(p, (uint32_t)(p - s->packet), &whole, p->part, &part);
    return &part;
}

static void compare(const struct sim *s, uint32_t n, const struct who *who, const uint8_t *frame,
                    uint32_t len)
{
    const struct sim_packet *p = &s->packet[n];
    const struct fr *want = wanted(s, p, who, 1);
    uint32_t from = 0;

    /* Answers to what was begun here count as routed by their host, also where that leaves it to us. */
    if (p->from < SIM_GUESTS && (p->unsure || !s->config.guest[p->tenant][p->from].here) &&
        memcmp(frame, want->b, len < want->len ? len : want->len) != 0)
        want = wanted(s, p, who, 0);
    if (sim_has(s, SIM_F_DOUBLE)) /* headers may have been written twice */
        from = FR_L3 + (want->b[FR_L3] >> 4 == 6 ? 40u : 20u) + (who->end.port != 0 ? 20u : 0u);
    if (len != want->len)
        sim_finding(s, "packet %u: %u bytes arrived of %u", n, len, want->len);
    for (uint32_t i = from; i < len; i++) {
        if (frame[i] != want->b[i])
            sim_finding(s, "packet %u: byte %u of %u is %02x and should be %02x", n, i, len,
                        frame[i], want->b[i]);
    }
}

static void note(struct sim *s, unsigned tenant, unsigned guest, const struct fr *frame)
{
    uint64_t h = s->digest ^ (s->bench.now * 31 + tenant * 7 + guest);

    for (uint32_t i = 0; i < frame->len; i++)
        h = (h ^ frame->b[i]) * UINT64_C(0x100000001B3);
    s->digest = h;
}

/* Behind the tunnel's header, which must be right: the frame, its length and its tenant. NULL: it is not for a guest. */
static const uint8_t *open_tunnel(const struct sim *s, const struct fr *frame, uint32_t *len,
                                  unsigned *tenant, unsigned *vtep)
{
    const uint8_t *ip = frame->b + FR_L3;

    if (frame->len < FR_INNER + 34 || fr_get16(frame->b + 12) != 0x0800 || ip[9] != 17 ||
        fr_get16(ip + 22) != 4789)
        return NULL;
    if (!fr_sums_right(frame->b, frame->len))
        sim_finding(s, "a checksum is wrong behind the uplink");
    *vtep = (fr_get32(ip + 16) & 0xFF) - 2;
    *tenant = (fr_get32(ip + 32) >> 8) - SIM_VNI;
    *len = frame->len - FR_INNER;
    if (*tenant >= s->tenants || *vtep >= SIM_VTEPS || fr_get_mac(frame->b) != SIM_VTEP_MAC(*vtep))
        sim_finding(s, "a tunnel packet to VTEP %u of network %u", *vtep, *tenant + SIM_VNI);
    return frame->b + FR_INNER;
}

/* Has its public end become another while it was under way? Outside those are two flows, with no order between them. */
static bool changes_its_end(struct sim_flow *f, const struct sim_packet *p, struct sim_end end)
{
    struct sim_end *last = &f->under[p->dir];
    bool other = last->pub != end.pub || last->port != end.port;

    *last = end;
    return other && p->unsure;
}

static void follow_flow(struct sim *s, struct sim_packet *p, uint32_t n, struct sim_end end)
{
    struct sim_flow *f = &s->flow[p->flow];

    if (f->birth != p->flow_birth)
        return;
    if (!changes_its_end(f, p, end) && s->in_order && !s->turned && p->parts == 0 &&
        p->place < f->seen[p->dir])
        sim_finding(s, "packet %u: number %u of its flow, behind number %u", n, p->place,
                    f->seen[p->dir] - 1);
    /* Fragments may come to another worker first. */
    if (p->parts == 0)
        f->seen[p->dir] = p->place + 1;
    f->out[p->dir] -= f->out[p->dir] > 0; /* a broken ring may have kept it through a silence */
    f->sure = !p->unsure && f->states != SIM_NONE;
    sim_flow_heard(s, f, p);
}

/* Of a packet from guest to guest. */
static void check_receiver(const struct sim *s, const struct sim_packet *p, const struct who *who)
{
    uint32_t n = (uint32_t)(p - s->packet);

    if (p->tenant != who->tenant)
        sim_finding(s, "packet %u: of tenant %u, arrived at guest %u of tenant %u", n, p->tenant,
                    who->guest, who->tenant);
    bool roamed = p->unsure && p->to < SIM_GUESTS && s->roamed[p->tenant] >> p->to & 1;

    if (roamed && (who->guest == SIM_UPLINK || who->guest == p->to))
        return;
    if (p->to >= SIM_GUESTS ||
        (who->guest == SIM_UPLINK ? s->config.guest[p->tenant][p->to].here : p->to != who->guest))
        sim_finding(s, "packet %u: for guest %u of tenant %u, arrived at guest %u", n, p->to,
                    p->tenant, who->guest);
}

/* Of one from outside. */
static void check_entry(const struct sim *s, const struct sim_packet *p, const struct fr *frame,
                        struct who *who)
{
    if (who->guest == SIM_UPLINK ||
        !sim_may_enter(s, p, who->tenant, who->guest, frame, &who->end.port)) {
        sim_finding(s,
                    "packet %u: to %s port %u, of guest %u of tenant %u, arrived at guest %u of "
                    "tenant %u",
                    (unsigned)(p - s->packet), sim_public_ip(p->way.six, p->way.end.pub),
                    p->way.end.port, p->to, p->tenant, who->guest, who->tenant);
    }
}

void sim_arrive(struct sim *s, unsigned tenant, unsigned guest, const struct fr *frame)
{
    const uint8_t *inner = frame->b;
    uint32_t len = frame->len;
    unsigned vtep = SIM_VTEPS;
    bool outside = guest == SIM_UPLINK && fr_get_mac(frame->b) == SIM_ROUTER_MAC;

    note(s, tenant, guest, frame);
    s->arrived++;
    if (s->loose)
        return;
    if (guest == SIM_UPLINK && !outside &&
        (inner = open_tunnel(s, frame, &len, &tenant, &vtep)) == NULL)
        sim_finding(s, "%u bytes left by the uplink that nobody sent", frame->len);
    uint32_t n = number_of(inner, len);

    if (n >= s->packets)
        sim_finding(s, "%u bytes arrived at guest %u of tenant %u that nobody sent", len, guest,
                    tenant);
    struct sim_packet *p = &s->packet[n];

    sim_trace(s, "arrived %u: tenant %u, guest %u, flow %u, number %u", n, tenant, guest, p->flow,
              p->place);
    struct who who = {tenant, guest, {SIM_UNKNOWN, 0}};

    if (outside)
        who.end = sim_arrive_outside(s, p, frame);
    else if (p->from == SIM_OUTSIDE)
        check_entry(s, p, frame, &who);
    else
        check_receiver(s, p, &who);
    if (guest == SIM_UPLINK && !outside && !p->unsure &&
        vtep != s->config.guest[tenant][p->to].vtep)
        sim_finding(s, "packet %u: sent to VTEP %u", n, vtep);
    if (p->arrived > 0)
        sim_finding(s, "packet %u: arrived twice", n);
    bool all = p->parts == 0 || sim_part_arrived(s, p, inner);

    if (p->done && s->exact)
        sim_finding(s, "packet %u: arrived when it had been lost", n);
    if (!p->may_arrive)
        sim_finding(s, "packet %u: arrived, and should not (%s)", n, sim_reason(p));
    compare(s, n, &who, inner, len);
    if (!all)
        return;
    p->arrived++;
    p->done = true;
    if (p->flow < SIM_FLOWS && (guest == SIM_UPLINK || (p->to == guest && p->tenant == tenant)))
        follow_flow(s, p, n, who.end);
}

const char *sim_reason(const struct sim_packet *p)
{
    for (unsigned r = 1; r < HSR_DROP_COUNT; r++)
        if (is_reason(p, r))
            return hsr_drop_name(r);
    return "none";
}

/* ---- what has not ---- */

struct count {
    uint64_t least, most;
};

static void dropped(struct sim *s, struct sim_packet *p, struct count (*count)[HSR_DROP_COUNT])
{
    bool alone = reasons(p) == 1;
    unsigned frames = sim_frames_missing(p);

    if (s->exact && p->got != 0 && !p->unsure)
        sim_finding(s, "packet %u: arrived in part, without %u of its %u fragments",
                    (unsigned)(p - s->packet), frames, p->parts);
    if (s->exact && reasons(p) == 0)
        sim_finding(s, "packet %u: lost", (unsigned)(p - s->packet));
    for (unsigned r = 1; r < HSR_DROP_COUNT; r++) {
        if (is_reason(p, r)) {
            count[p->port][r].most += frames;
            count[p->port][r].least += alone ? frames : 0;
        }
    }
    p->done = true;
    s->sure_drops += alone;
    if (p->flow < SIM_FLOWS && s->flow[p->flow].birth == p->flow_birth)
        s->flow[p->flow].lost[p->dir] += p->data;
}

void sim_ports_changed(struct sim *s)
{
    fw_sync(s->bench.fw);
    for (uint16_t port = 0; port < BENCH_PORTS; port++) {
        memcpy(s->drops[port], nic_region(s->bench.nic)->view.stats[port].drops,
               sizeof s->drops[port]);
    }
}

static void compare_drops(struct sim *s, uint16_t port, const struct count *count, uint64_t missing)
{
    const struct hsr_port_stats *stats = &nic_region(s->bench.nic)->view.stats[port];
    uint64_t all = 0;

    for (unsigned r = 1; r < HSR_DROP_COUNT; r++) {
        uint64_t n = stats->drops[r] - s->drops[port][r];

        s->drops[port][r] = stats->drops[r];
        all += n;
        if (s->exact && (n < count[r].least || n > count[r].most)) {
            sim_finding(s, "port %u: %llu packets dropped as %s, and should be %llu to %llu", port,
                        (unsigned long long)n, hsr_drop_name(r), (unsigned long long)count[r].least,
                        (unsigned long long)count[r].most);
        }
    }
    if (s->exact && all != missing)
        sim_finding(s, "port %u: %llu packets dropped, and %llu did not arrive", port,
                    (unsigned long long)all, (unsigned long long)missing);
}

void sim_settle(struct sim *s)
{
    static struct count count[BENCH_PORTS][HSR_DROP_COUNT];
    uint64_t missing[BENCH_PORTS] = {0};

    memset(count, 0, sizeof count);
    for (uint32_t i = s->first; i < s->packets; i++) {
        struct sim_packet *p = &s->packet[i];

        if (!p->done) {
            missing[p->port] += sim_frames_missing(p);
            dropped(s, p, count);
        }
        if (s->exact) {
            free(p->frame);
            p->frame = NULL;
        }
    }
    s->first = s->packets;
    for (unsigned i = 0; i < SIM_FLOWS; i++) {
        s->flow[i].out[0] = s->flow[i].out[1] = 0;
        s->flow[i].recent = false;
    }
    fw_sync(s->bench.fw);
    for (uint16_t port = 0; port < BENCH_PORTS; port++)
        compare_drops(s, port, count[port], missing[port]);
}

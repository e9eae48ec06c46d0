/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The datapath on a virtual clock. Frames of one port through one worker leave in the order they came in, or in the same burst: so the
 * k-th that arrived is taken for the k-th that left, which changes no latency of the burst.
 */
#include "latency.h"
#include "nic_internal.h"

/* One load on its way. */
struct sim {
    struct lat_path *path;
    const struct lat_costs *costs;
    const struct lat_options *o;
    struct lat_result *r;
    uint64_t random;
    uint64_t at;          /* ps */
    uint64_t taken, sent; /* by NIC and sink, before the first one */
    uint64_t published;   /* NIC time */
};

static uint64_t cost(struct sim *s, const struct lat_cost *c)
{
    return lat_cost_draw(c, &s->random);
}

static uint64_t taken(const struct sim *s)
{
    return nic_ring_taken(s->path->bench.source) - s->taken;
}

static uint64_t sent(const struct sim *s)
{
    return nic_ring_sent(s->path->bench.sink).frames - s->sent;
}

static uint64_t nic_time(const struct sim *s)
{
    return s->path->base_ns + s->at / LAT_PS_PER_NS;
}

static void begin(struct sim *s)
{
    struct bench *b = &s->path->bench;

    s->random = s->o->seed ^ UINT64_C(0x6C61746E);
    s->taken = nic_ring_taken(b->source);
    s->sent = nic_ring_sent(b->sink).frames;
    nic_ring_grant(b->source, s->taken);
    s->path->base_ns += LAT_PUBLISHED_NS; /* counters are published now, and then every so often */
    nic_poll(b->nic, nic_time(s));
    dp_poll(s->path->worker);
    s->published = b->nic->published;
    s->r->right = true;
}

static bool under_way(const struct sim *s)
{
    return s->r->right && lat_under_way(s->r);
}

static void end(struct sim *s)
{
    nic_poll(s->path->bench.nic, nic_time(s));
    s->r->right = s->r->right && lat_accounted(s->r, taken(s), sent(s));
    s->r->ps = s->at;
    s->path->base_ns = nic_time(s) + 1;
}

/* Frames that arrived until the port was looked at; the packets of the last turn, `before`, have left then. */
static uint32_t nic_turn(struct sim *s, uint32_t before)
{
    struct bench *b = &s->path->bench;
    uint64_t had = taken(s);
    uint32_t n;

    s->at += cost(s, &s->costs->post[before]);
    lat_admit(s->r, taken(s), s->o->bench.queue, s->at);
    nic_ring_grant(b->source, s->taken + s->r->arrived - s->r->lost);
    nic_poll(b->nic, nic_time(s));
    if (sent(s) != had)
        s->r->right = false; /* else the whole burst has left, and nothing of the next one */
    lat_deliver(s->r, sent(s), s->at);
    n = (uint32_t)(taken(s) - had);
    s->at += cost(s, &s->costs->pre[n]) + cost(s, &s->costs->ring[n]);
    if (b->nic->published != s->published) {
        s->published = b->nic->published;
        s->at += cost(s, &s->costs->publish);
    }
    return n;
}

void lat_embedded(struct lat_path *p, const struct lat_costs *c, const struct lat_options *o,
                  struct lat_result *result)
{
    struct sim s = {.path = p, .costs = c, .o = o, .r = result};
    uint32_t n = 0;

    begin(&s);
    while (under_way(&s)) {
        s.at += cost(&s, &c->clock);
        n = nic_turn(&s, n);
        dp_poll(p->worker);
        s.at += cost(&s, &c->firmware[n]);
        result->turns++;
        result->busy_turns += n > 0;
    }
    end(&s);
}

/* The hardware takes frames one by one as they come, as long as the rx ring has room. */
static void hardware_rx(struct sim *s)
{
    struct bench *b = &s->path->bench;
    uint64_t pipeline = s->o->pipeline.in_ps, had;

    if (s->at < pipeline)
        return;
    lat_admit(s->r, taken(s), s->o->bench.queue, s->at - pipeline);
    do {
        had = taken(s);
        if (had == s->r->arrived - s->r->lost)
            return;
        nic_ring_grant(b->source, s->taken + had + 1);
        nic_poll(b->nic, nic_time(s));
    } while (taken(s) > had);
}

void lat_hardware(struct lat_path *p, const struct lat_costs *c, const struct lat_options *o,
                  struct lat_result *result)
{
    struct sim s = {.path = p, .costs = c, .o = o, .r = result};

    begin(&s);
    while (under_way(&s)) {
        uint64_t had = dp_counters(p->worker)->packets;
        uint32_t n;

        s.at += cost(&s, &c->clock);
        hardware_rx(&s);
        dp_poll(p->worker);
        n = (uint32_t)(dp_counters(p->worker)->packets - had);
        if (n > LAT_FW_BURST) {
            result->right = false;
            break;
        }
        s.at += cost(&s, &c->firmware[n]);
        nic_poll(p->bench.nic, nic_time(&s));
        lat_deliver(result, sent(&s), s.at + o->pipeline.out_ps);
        result->turns++;
        result->busy_turns += n > 0;
    }
    end(&s);
}

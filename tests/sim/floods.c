/* SPDX-License-Identifier: Apache-2.0 */
/* What the loud one does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crowd.h"
#include "hsring/hash.h"
#include "hsring/key.h"

static struct fr frame;

static struct fr_flow to_peer(uint16_t sport, uint16_t dport)
{
    return (struct fr_flow){.smac = UINT64_C(0x02000000000a),
                            .dmac = UINT64_C(0x020000000014),
                            .src = "10.1.0.10",
                            .dst = "10.1.0.20",
                            .sport = sport,
                            .dport = dport};
}

static uint64_t drops(struct crowd *c, enum hsr_drop reason)
{
    return bench_drops(&c->b, "loud", reason);
}

static const struct ses_table_stats *sessions(struct crowd *c)
{
    return ses_stats(dp_sessions(fw_worker(c->b.fw, 0)));
}

static const char *held_back(struct crowd *c)
{
    const struct hsr_port_stats *s = &nic_region(c->b.nic)->view.stats[bench_index(&c->b, "loud")];

    return s->rx_held == 0 ? "the loud one was never held back" : "";
}

/* ---- SYNs of connections that never come to be, a million a second ---- */

static void syns(struct crowd *c)
{
    for (unsigned i = 0; i < 20; i++) {
        struct fr_flow f = to_peer((uint16_t)(1024 + c->n % 60000), (uint16_t)(1 + c->n / 60000));

        fr_tcp(&frame, &f, FR_SYN, 1, 0, 0);
        crowd_push(c, "loud", &frame);
        c->n++;
    }
}

static void push_from_network(struct crowd *c, unsigned n)
{
    static const struct fr_flow outer = {.smac = UINT64_C(0x02aa00000002),
                                         .dmac = UINT64_C(0x02aa00000001),
                                         .src = "192.0.2.2",
                                         .dst = "192.0.2.1",
                                         .sport = 50000};

    for (unsigned i = 0; i < n; i++) {
        struct fr_flow f = {.smac = UINT64_C(0x020000000099),
                            .dmac = UINT64_C(0x02000000000a),
                            .src = "10.1.0.99",
                            .dst = "10.1.0.10",
                            .sport = (uint16_t)(1024 + c->n % 60000),
                            .dport = (uint16_t)(1 + c->n / 60000)};

        fr_tcp(&frame, &f, FR_SYN, 1, 0, 0);
        fr_vxlan(&frame, &outer, 200);
        crowd_push(c, "up", &frame);
        c->n++;
    }
}

/* The same out of a tunnel, to the loud one. */
static void syns_from_network(struct crowd *c)
{
    push_from_network(c, 20);
}

static const char *shared(struct crowd *c)
{
    const struct hsr_port_stats *s = &nic_region(c->b.nic)->view.stats[bench_index(&c->b, "loud")];

    if (sessions(c)->ended[SES_WHY_EVICTED] == 0)
        return "nothing was evicted";
    return s->net_drops == 0 ? "nothing was dropped before the worker" : "";
}

static const char *evicted(struct crowd *c)
{
    return sessions(c)->ended[SES_WHY_EVICTED] == 0 ? "nothing was evicted" : held_back(c);
}

/* ---- connections that do, until the table or the quota is full ---- */

static void connections(struct crowd *c)
{
    for (unsigned i = 0; i < 4; i++) {
        struct fr_flow f = to_peer((uint16_t)(1024 + c->n % 60000), 80), back = fr_back(&f);

        fr_udp(&frame, &f, 20);
        crowd_push(c, "loud", &frame);
        fr_udp(&frame, &back, 20);
        bench_push(&c->b, "lpeer", &frame);
        c->n++;
    }
}

/* And the network opens as many to it, so that room made for the one might be used for the other. */
static void connections_both_ways(struct crowd *c)
{
    connections(c);
    push_from_network(c, 2);
}

static const char *quota(struct crowd *c)
{
    return sessions(c)->refused_quota == 0 ? "no quota or share was used up" : "";
}

/* ---- tuples of the same buckets as the connections of others: as if the secret of the hash were known ---- */

static uint32_t bucket(const struct hsr_hash *hash, const char *src, const char *dst,
                       uint16_t sport, uint16_t dport, uint8_t proto, uint32_t context,
                       uint32_t mask)
{
    struct hsr_key key;

    hsr_key4(&key, fr_addr4(src), fr_addr4(dst), sport, dport, proto, context, false);
    return (uint32_t)(hsr_hash_key(hash, &key) >> HSR_HASH_BUCKET_SHIFT) & mask;
}

static uint32_t context_of(const struct crowd *c, const char *vpc)
{
    const struct cfg *cfg = fw_cfg(c->b.fw);

    for (uint32_t i = 0; i < cfg->vpcs; i++)
        if (strcmp(cfg->vpc[i].name, vpc) == 0)
            return cfg->vpc[i].context;
    return 0;
}

#define BUCKETS 1023 /* of a table of 4,096 sessions, less one */

static void find_tuples(struct crowd *c)
{
    uint32_t blue = context_of(c, "blue"), red = context_of(c, "red");
    bool wanted[BUCKETS + 1] = {false};
    struct hsr_hash hash;

    hsr_hash_init(&hash, nic_region(c->b.nic)->view.hash_secret);
    for (unsigned i = 0; i < CROWD_OLD; i++) /* those of q0 */
        wanted[bucket(&hash, "10.1.0.10", "10.1.0.20", (uint16_t)(2000 + i * CROWD_QUIET), 80, 6,
                      blue, BUCKETS)] = true;
    for (uint32_t n = 0; c->tuples < 4096 && n < 60000 * 60; n++) {
        uint16_t sport = (uint16_t)(1024 + n % 60000), dport = (uint16_t)(1 + n / 60000);

        if (wanted[bucket(&hash, "10.1.0.10", "10.1.0.20", sport, dport, 17, red, BUCKETS)]) {
            c->tuple[c->tuples][0] = sport;
            c->tuple[c->tuples++][1] = dport;
        }
    }
    assert_int_equal(c->tuples, 4096);
}

static void collisions(struct crowd *c)
{
    for (unsigned i = 0; i < 20; i++) {
        const uint16_t *tuple = c->tuple[c->n++ % c->tuples];
        struct fr_flow f = to_peer(tuple[0], tuple[1]);

        fr_udp(&frame, &f, 20);
        crowd_push(c, "loud", &frame);
    }
}

static const char *collided(struct crowd *c)
{
    return sessions(c)->refused_collision == 0 ? "no bucket was full" : held_back(c);
}

/* ---- packets that each walk the policy, to be refused ---- */

static void close_group(struct crowd *c)
{
    crowd_apply(c, "  - name: loud\n    rules: [{direction: egress, action: deny}]\n", "");
}

static const char *denied(struct crowd *c)
{
    return drops(c, HSR_DROP_SG_EGRESS) < 1000 ? "few packets were refused" : held_back(c);
}

/* ---- slots and cells: fragments without a first one, packets to a host that does not answer, large ones ---- */

static void hoard(struct crowd *c)
{
    static struct fr whole;
    struct fr_flow f = to_peer((uint16_t)(1024 + c->n % 60000), 80), far = f;

    for (unsigned i = 0; i < 6; i++) {
        fr_udp(&whole, &f, 1400);
        fr_fragment(&frame, &whole, (uint32_t)c->n++, 704, 600, true);
        crowd_push(c, "loud", &frame);
        far.dmac = UINT64_C(0x020000000098);
        far.dst = "10.1.0.98";
        far.sport = (uint16_t)(1024 + c->n % 60000);
        fr_udp(&frame, &far, 1300);
        crowd_push(c, "loud", &frame);
        f.sport = (uint16_t)(1024 + c->n % 500);
        fr_udp(&frame, &f, 1400);
        crowd_push(c, "loud", &frame);
    }
}

static const char *hoarded(struct crowd *c)
{
    if (drops(c, HSR_DROP_FRAG_QUOTA) == 0)
        return "no quota of fragments was used up";
    return drops(c, HSR_DROP_NEIGH_PENDING) + drops(c, HSR_DROP_NEIGH_QUOTA) == 0
               ? "nobody waits for a neighbour"
               : held_back(c);
}

/* ---- changes of the configuration, one a millisecond, of what the quiet ones have nothing to do with and of what they have ---- */

static void churn(struct crowd *c)
{
    static const char *const groups[] = {
        CROWD_LOUD_OPEN,
        "  - name: loud\n    rules: [{direction: egress, action: allow, protocol: udp}, "
        "{direction: ingress, action: allow}]\n",
        "  - name: loud\n    rules: [{direction: egress, action: deny}]\n",
        "  - name: loud\n    rules: [{direction: egress, action: allow, remote: "
        "\"group:open\"}]\n"};
    static const char *const more[] = {
        "", "routes: [{vpc: blue, prefix: 10.7.0.0/16, type: blackhole}]\n",
        "routes: [{vpc: blue, prefix: 10.8.0.0/16, type: vtep, vtep: 192.0.2.2, mac: "
        "02:00:00:00:00:88}, "
        "{vpc: red, prefix: 10.7.0.0/16, type: blackhole}]\n"};

    syns(c);
    if (c->ticks % 50 == 0)
        crowd_apply(c, groups[c->ticks / 50 % 4], more[c->ticks / 50 % 3]);
}

static const char *changed(struct crowd *c)
{
    return bench_counters(&c->b).revalidated == 0 ? "no session was looked at again" : "";
}

static const struct crowd_scenario all[] = {
    {"syn_flood", "sessions: 4096", 300000, .flood = syns, .felt = evicted},
    {"syn_flood_network", "sessions: 4096", 300000, .flood = syns_from_network, .felt = shared},
    {"table_full", "sessions: 4096, quota: 1500", 1000000, .flood = connections, .felt = quota},
    {"table_full_without_quota", "sessions: 4096", 1000000, .flood = connections, .felt = quota},
    {"table_full_both_ways", "sessions: 4096", 1000000, .flood = connections_both_ways,
     .felt = quota},
    {"collisions", "sessions: 4096", 300000, .open = find_tuples, .flood = collisions,
     .felt = collided},
    {"slow_path", "sessions: 4096", 300000, .open = close_group, .flood = syns, .felt = denied},
    {"hoarding", "sessions: 4096", 200000, .slice = true, .flood = hoard, .felt = hoarded},
    {"churn", "sessions: 4096", 1000000, .flood = churn, .felt = changed},
};

const struct crowd_scenario *crowd_scenario(const char *name)
{
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strcmp(all[i].name, name) == 0)
            return &all[i];
    return NULL;
}

void crowd_list(FILE *f)
{
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++)
        fprintf(f, "%s\n", all[i].name);
}

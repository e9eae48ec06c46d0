/* SPDX-License-Identifier: Apache-2.0 */
/* All stages together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "hsring/check.h"
#include "packets.h"
#include "preproc/pre.h"
#include "preproc/pre_usual.h"

static struct pk k;
static struct pp_pre pre;
static struct hsr_rx_meta meta[32]; /* what was found of a frame, by slot */
static struct pp_agg_item *out[HSR_MAX_VECTOR];

static struct pp_pre_config config(void)
{
    struct pp_pre_config c = {
        .rings = 3, .fit_buckets = 256, .held = 32, .max_vector = 16, .owner = 0x00010203};

    for (unsigned i = 0; i < HSR_HASH_SECRET; i++)
        c.hash_secret[i] = (uint8_t)(i * 37 + 11);
    return c;
}

static int setup(void **state)
{
    struct pp_pre_config c = config();

    (void)state;
    memset(meta, 0xA5, sizeof meta);
    return pp_pre_open(&pre, &c);
}

static int teardown(void **state)
{
    (void)state;
    pp_pre_close(&pre);
    return 0;
}

static enum hsr_drop frame(uint32_t slot, uint64_t now)
{
    enum hsr_drop drop = pp_pre_frame(&pre, slot, k.p, k.n, &pk_vnic, NULL, now);

    if (drop == HSR_DROP_NONE)
        meta[slot] = *pre.meta;
    return drop;
}

static void test_open(void **state)
{
    struct pp_pre other;
    struct pp_pre_config c = config();

    (void)state;
    c.rings = 0;
    assert_int_equal(pp_pre_open(&other, &c), -EINVAL);
    c.rings = HSR_MAX_WORKERS + 1;
    assert_int_equal(pp_pre_open(&other, &c), -EINVAL);
    c = config();
    c.fit_buckets = 3;
    assert_int_equal(pp_pre_open(&other, &c), -EINVAL);
    c = config();
    c.max_vector = 17;
    assert_int_equal(pp_pre_open(&other, &c), -EINVAL);
}

static void test_reta(void **state)
{
    unsigned uses[3] = {0};

    (void)state;
    for (unsigned i = 0; i < 256; i++)
        uses[pre.reta[i]]++;
    assert_in_range(uses[0], 85, 86);
    assert_in_range(uses[1], 85, 86);
    assert_in_range(uses[2], 85, 86);
}

static void test_vector(void **state)
{
    static const uint32_t stamps[] = {0, 7, 9};
    struct hsr_key key = {.w = {0x0A0000010A000002u, hsr_key_ports(1000, 2000, 77, 17)}};

    (void)state;
    uint64_t hash = hsr_hash_key(&pre.hash, &key);
    struct hsr_tx_meta op = {.fit_op = HSR_FIT_INSERT, .hash = hash, .flow_id = 42};
    pk_plain(&k, 4, 17);
    assert_int_equal(frame(0, 0), 0);
    pp_fit_apply(&pre.fit, &op);
    assert_int_equal(frame(1, 0x500000007u), 0);
    assert_int_equal(frame(2, 9), 0);
    assert_int_equal(pp_pre_vector(&pre, out), 3);
    for (uint32_t i = 0; i < 3; i++) {
        const struct hsr_rx_meta *m = &out[i]->meta;

        assert_int_equal(out[i]->slot, i);
        assert_int_equal(out[i]->ring, pre.reta[hsr_hash_reta(hash)]);
        assert_int_equal(m->hash, hash);
        assert_int_equal(m->flow_id, i == 0 ? 0 : 42);
        assert_int_equal(m->rx_seq, i);
        assert_int_equal(m->packet_id, i + 1);
        assert_int_equal(m->timestamp, stamps[i]);
        assert_int_equal(m->owner, 0x00010203);
        assert_int_equal(m->payload, 0);
        assert_int_equal(m->vec_len, i == 0 ? 3 : 0);
    }
    assert_int_equal(pp_pre_vector(&pre, out), 0);
    pre.use_fit = false;
    assert_int_equal(frame(0, 0), 0);
    assert_int_equal(pp_pre_vector(&pre, out), 1);
    assert_int_equal(meta[0].flow_id, 0);
    assert_int_equal(out[0]->meta.rx_seq, 3);
}

/* One sequence for all rings, in the order in which vectors leave. */
static void test_sequence(void **state)
{
    bool seen[3] = {false};
    uint32_t next = 0;

    (void)state;
    for (uint32_t i = 0; i < 32; i++) {
        pk_start(&k, 4, 18);
        pk_udp(&k, (uint16_t)(1000 + i / 2), 2000);
        pk_ip_eth(&k, 17);
        assert_int_equal(frame(i, 0), 0);
    }
    for (uint32_t n; (n = pp_pre_vector(&pre, out)) > 0;) {
        assert_int_equal(n, 2);
        seen[out[0]->ring] = true;
        for (uint32_t i = 0; i < n; i++)
            assert_int_equal(out[i]->meta.rx_seq, next++);
    }
    assert_int_equal(next, 32);
    assert_true(seen[0] && seen[1] && seen[2]);
}

/* A bad packet has the key of a flow and yet no flow id. */
static void test_bad_has_no_flow(void **state)
{
    (void)state;
    pk_plain(&k, 4, 17);
    assert_int_equal(frame(0, 0), 0);
    struct hsr_tx_meta op = {.fit_op = HSR_FIT_INSERT, .hash = meta[0].hash, .flow_id = 42};
    pp_fit_apply(&pre.fit, &op);
    k.p[45] ^= 1;
    assert_int_equal(frame(1, 0), 0);
    assert_int_equal(meta[1].hash, meta[0].hash);
    assert_int_equal(meta[1].reason, HSR_DROP_UDP_CSUM);
    assert_int_equal(meta[1].flow_id, 0);
    assert_int_equal(pp_pre_vector(&pre, out), 1);
    assert_int_equal(pp_pre_vector(&pre, out), 1);
}

static enum hsr_drop ruled(uint32_t slot, uint32_t len)
{
    struct pp_ingress in = pk_vnic;

    in.ruled = true;
    pre.verdict = (struct pp_verdict){.copies = 0};
    enum hsr_drop drop = pp_pre_frame(&pre, slot, k.p, len, &in, NULL, 0);

    if (drop == HSR_DROP_NONE)
        meta[slot] = *pre.meta;
    return drop;
}

/* The rules come between parsing and the flow index. */
static void test_rules(void **state)
{
    struct hsr_rule udp = {.port = 3, .items = 1, .item[0].type = HSR_RULE_ITEM_UDP};

    (void)state;
    pk_plain(&k, 4, 17);
    assert_int_equal(frame(0, 0), 0);
    struct hsr_tx_meta op = {.fit_op = HSR_FIT_INSERT, .hash = meta[0].hash, .flow_id = 42};
    pp_fit_apply(&pre.fit, &op);
    udp.actions = HSR_RULE_ACT_MARK | HSR_RULE_ACT_MIRROR;
    udp.flow_id = 43;
    udp.mirror = 9;
    assert_int_equal(pp_rules_add(pre.rules, &udp, 0), 0);
    assert_int_equal(frame(1, 0), 0); /* nobody asked for rules */
    assert_int_equal(meta[1].flow_id, 42);
    assert_int_equal(ruled(2, k.n), 0);
    assert_int_equal(meta[2].flow_id, 43);
    assert_int_equal(pre.verdict.copies, 1);
    pre.use_fit = false; /* the index is off, not the rules */
    assert_int_equal(ruled(3, k.n), 0);
    assert_int_equal(meta[3].flow_id, 43);
    pre.use_fit = true;
    pp_rules_clear(pre.rules);
    assert_int_equal(ruled(4, k.n), 0);
    assert_int_equal(meta[4].flow_id, 42);
    assert_int_equal(pre.verdict.copies, 0);
    assert_int_equal(pp_rules_add(pre.rules, &udp, 0), 0);
    k.p[45] ^= 1; /* a bad packet is copied, and has no flow */
    assert_int_equal(ruled(5, k.n), 0);
    assert_int_equal(meta[5].flow_id, 0);
    assert_int_equal(pre.verdict.copies, 1);
    assert_int_equal(pre.packet_id, 6);
    udp.actions = HSR_RULE_ACT_DROP | HSR_RULE_ACT_MIRROR;
    pp_rules_clear(pre.rules);
    assert_int_equal(pp_rules_add(pre.rules, &udp, 0), 0);
    assert_int_equal(ruled(6, k.n), HSR_DROP_RULE);
    assert_int_equal(pre.verdict.copies, 1);
    /* What is refused before it is parsed has no verdict. */
    assert_int_equal(ruled(6, 13), HSR_DROP_PKT_TOO_SMALL);
    assert_int_equal(pre.verdict.copies, 0);
    assert_int_equal(pre.packet_id, 6);
}

static void test_refused(void **state)
{
    (void)state;
    pk_plain(&k, 4, 17);
    k.n = 13;
    assert_int_equal(frame(0, 0), HSR_DROP_PKT_TOO_SMALL);
    pk_start(&k, 4, HSR_MAX_FRAME + 1);
    assert_int_equal(frame(0, 0), HSR_DROP_PKT_TOO_BIG);
    assert_int_equal(pre.packet_id, 0);
    pk_plain(&k, 4, 17);
    for (uint32_t i = 0; i < 32; i++)
        assert_int_equal(frame(i, 0), 0);
    assert_int_equal(pp_pre_frame(&pre, 99, k.p, k.n, &pk_vnic, NULL, 0), HSR_DROP_RX_RING_FULL);
    assert_int_equal(pp_pre_vector(&pre, out), 16);
    assert_int_equal(pp_pre_frame(&pre, 99, k.p, k.n, &pk_vnic, NULL, 0), 0);
}

/* What is held comes out as it does of `single`, in all so many packets. */
static void same_vectors(struct pp_pre *single, uint32_t packets)
{
    struct pp_agg_item *other[HSR_MAX_VECTOR];

    for (uint32_t n = 1, total = 0; n > 0; total += n) {
        n = pp_pre_vector(single, other);
        assert_int_equal(pp_pre_vector(&pre, out), n);
        for (uint32_t i = 0; i < n; i++) {
            assert_int_equal(out[i]->slot, other[i]->slot);
            assert_int_equal(out[i]->ring, other[i]->ring);
            assert_memory_equal(&out[i]->meta, &other[i]->meta,
                                out[i]->meta.flags & HSR_RXF_LINE1 ? sizeof out[i]->meta
                                                                   : HSR_CACHE_LINE);
        }
        if (n == 0)
            assert_int_equal(total, packets);
    }
}

/*
 * A burst in two steps comes to what frame by frame does, whatever is between the usual ones: what is dropped, and what only the
 * staged parser takes.
 */
static void test_usual_burst(void **state)
{
    enum { N = 12 };
    static struct pk burst[N];
    struct pp_pre_config c = config();
    struct pp_agg_item *item[N];
    struct pp_pre single;
    uint32_t usual = 0, dropped = 0;

    (void)state;
    assert_int_equal(pp_pre_open(&single, &c), 0);
    for (unsigned i = 0; i < N; i++) {
        bool staged = i % 4 == 2;

        pk_plain(&burst[i], staged ? 6 : 4, i % 2 ? 17 : 6);
        if (i % 5 == 1)
            burst[i].n = 13; /* refused */
        enum hsr_drop drop = pp_pre_frame(&single, i, burst[i].p, burst[i].n, &pk_vnic, NULL, 7);

        dropped += drop != HSR_DROP_NONE;
    }
    for (unsigned i = 0; i < N; i++) {
        item[i] = pp_pre_usual(&pre, i, burst[i].p, burst[i].n, &pk_vnic);
        usual += item[i] != NULL;
    }
    for (unsigned i = 0; i < N; i++) {
        if (item[i] != NULL)
            pp_pre_usual_put(&pre, item[i], i, 7);
        else
            pp_pre_frame(&pre, i, burst[i].p, burst[i].n, &pk_vnic, NULL, 7);
    }
    assert_true(usual >= 3 && dropped >= 2 && usual + dropped < N);
    same_vectors(&single, N - dropped);
    pp_pre_close(&single);
}

/* The next frame of a burst from the network: in a tunnel with or without a checksum outside, to a guest or to nobody, or plain. */
static void from_network(struct pk *to, unsigned i)
{
    pk_plain(to, 4, i % 2 ? 17 : 6);
    if (i % 5 == 4)
        return;
    if (i % 4 == 3)
        to->p[5] = 9; /* a MAC address that nobody has */
    pk_vxlan(to, 5);
    pk_outer(to, 4, 4789);
    if (i % 3)
        hsr_store16(to->p + PP_USUAL_L4 + 6, 0);
}

/* The guest of the inner frames has more under way than it may, as soon as little is spare. */
static void limit_guest(struct pp_pre *to)
{
    const struct pp_target_config guest = {
        .guest = true, .context = 500, .mac = {2, 0, 0, 0, 0, 2}, .least = 2, .share = 1};

    to->tables = pk_tables;
    pp_targets_set(to->targets, 3, &guest);
    to->targets->spare = 9;
}

/* The same from an uplink, where tunnels are opened and the pre-classifier has a say. */
static void test_usual_uplink_burst(void **state)
{
    enum { N = 24 };
    static struct pk burst[N];
    static uint32_t in_flight[PP_TARGETS] = {[3] = 5};
    struct pp_pre_config c = config();
    struct pp_agg_item *item[N];
    struct pp_pre single;
    uint32_t inside = 0, refused = 0;
    enum hsr_drop drop[N];

    (void)state;
    c.in_flight = in_flight;
    pp_pre_close(&pre);
    assert_int_equal(pp_pre_open(&pre, &c), 0);
    assert_int_equal(pp_pre_open(&single, &c), 0);
    pk_tables_fill();
    limit_guest(&pre);
    limit_guest(&single);
    for (unsigned i = 0; i < N; i++) {
        from_network(&burst[i], i);
        drop[i] = pp_pre_frame(&single, i, burst[i].p, burst[i].n, &pk_uplink, NULL, 7);
        refused += drop[i] == HSR_DROP_PRE_SHARE;
    }
    for (unsigned i = 0; i < N; i++) {
        item[i] = pp_pre_usual(&pre, i, burst[i].p, burst[i].n, &pk_uplink);
        inside += item[i] != NULL && item[i]->meta.flags & HSR_RXF_DECAP;
    }
    for (unsigned i = 0; i < N; i++) {
        if (item[i] == NULL) {
            assert_int_equal(pp_pre_frame(&pre, i, burst[i].p, burst[i].n, &pk_uplink, NULL, 7),
                             drop[i]);
            continue;
        }
        assert_int_equal(pp_pre_usual_admit(&pre, item[i], burst[i].p, burst[i].n, 7), drop[i]);
        if (drop[i] == HSR_DROP_NONE)
            pp_pre_usual_put(&pre, item[i], i, 7);
    }
    assert_true(inside >= 8 && inside < N && refused >= 3 && refused < N - 3);
    same_vectors(&single, N - refused);
    pp_pre_close(&single);
}

/* Both directions of a flow meet on one ring, whichever port they came by. */
static void test_both_ways(void **state)
{
    (void)state;
    for (uint8_t family = 4; family <= 6; family = (uint8_t)(family + 2)) {
        pk_plain(&k, family, 6);
        assert_int_equal(frame(0, 0), 0);
        pk_start(&k, family, 3);
        k.src[family == 4 ? 3 : 15] = 2;
        k.dst[family == 4 ? 3 : 15] = 1;
        pk_tcp(&k, 0x10, NULL, 0);
        hsr_store16(k.p, 2000);
        hsr_store16(k.p + 2, 1000);
        pk_fix_l4(&k, 0, 16, 6);
        pk_ip_eth(&k, 6);
        assert_int_equal(frame(1, 0), 0);
        assert_int_equal(meta[0].hash, meta[1].hash);
        assert_int_equal(pp_pre_vector(&pre, out), 1);
        uint16_t ring = out[0]->ring;
        assert_int_equal(pp_pre_vector(&pre, out), 1);
        assert_int_equal(out[0]->ring, ring);
    }
}

/*
 * A firmware that writes to the frame while it is taken in: lengths and types change between two looks. Whatever is made of it,
 * nothing behind the frame is read, and what is said of it leads nowhere else.
 */
static atomic_bool scribbling, stop;
static uint8_t *exact;

static void *scribble(void *arg)
{
    uint32_t seed = 1;

    (void)arg;
    while (!atomic_load(&stop)) {
        seed = seed * 1664525u + 1013904223u;
        uint32_t at = (seed >> 8) % k.n;

        __atomic_store_n(&exact[at], (uint8_t)(seed >> 24), __ATOMIC_RELAXED);
        __atomic_store_n(&exact[at], k.p[at], __ATOMIC_RELAXED);
        atomic_store(&scribbling, true);
    }
    return NULL;
}

static void take_scribbled(void)
{
    const struct hsr_rx_meta *m;

    assert_int_equal(pp_pre_frame(&pre, 0, exact, k.n, &pk_vnic, NULL, 0), 0);
    assert_int_equal(pp_pre_vector(&pre, out), 1);
    assert_in_range(out[0]->ring, 0, 2);
    m = &out[0]->meta;
    assert_in_range(m->frame_len, 0, k.n);
    assert_true(hsr_rx_check(m, HSR_RUN_GSO * HSR_SLOT_SIZE - HSR_SLOT_META));
}

static void scribbled(void)
{
    pthread_t thread;

    exact = malloc(k.n);
    assert_non_null(exact);
    memcpy(exact, k.p, k.n);
    atomic_store(&scribbling, false);
    atomic_store(&stop, false);
    assert_int_equal(pthread_create(&thread, NULL, scribble, NULL), 0);
    while (!atomic_load(&scribbling))
        sched_yield();
    for (unsigned i = 0; i < 100000; i++)
        take_scribbled();
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    free(exact);
}

/* Fault 40: metadata in the slot that are written to before they are used. */
static void test_scribbled(void **state)
{
    (void)state;
    pk_start(&k, 4, 60);
    k.p[0] = 0x45; /* an ICMP error: it quotes a packet */
    pk_icmp(&k, 3, 0);
    pk_ip_eth(&k, 1);
    scribbled();
    pk_plain(&k, 4, 6);
    scribbled();
    pk_plain(&k, 6, 17);
    scribbled();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),
        cmocka_unit_test_setup_teardown(test_reta, setup, teardown),
        cmocka_unit_test_setup_teardown(test_vector, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sequence, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_has_no_flow, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rules, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_usual_burst, setup, teardown),
        cmocka_unit_test_setup_teardown(test_usual_uplink_burst, setup, teardown),
        cmocka_unit_test_setup_teardown(test_both_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(test_scribbled, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

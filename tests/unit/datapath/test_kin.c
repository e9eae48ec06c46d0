/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions between the same ends share what the policy said of the first of them, and nothing that it did not say of them. */
#include "internal.h"
#include "topology.h"

static void apply(struct bench *b, const char *yaml)
{
    struct cfg_error e = {.line = 0};

    if (bench_apply(b, yaml, &e) != 0)
        fail_msg("%s: %s", e.path, e.text);
}

/* A mark that only a session's kin can have from it. */
#define MARK 1234

/* The session that this packet is of; NULL: none. */
static struct session *session_of(struct bench *b, const struct fr_flow *f, uint8_t proto)
{
    struct dp_worker *w = fw_worker(b->fw, 0);
    uint32_t cursor = 0;
    struct session *s;

    while ((s = ses_walk(w->sessions, &cursor)) != NULL) {
        unsigned dir = ses_initiator(s);
        struct hsr_key key;

        ses_key(w->sessions, s, false, &key);
        if (s->proto == proto && hsr_key_port(key.w[1], dir) == f->sport &&
            hsr_key_port(key.w[1], !dir) == f->dport && w->policy != NULL)
            return s;
    }
    return NULL;
}

/* The first of a kind, marked. */
static struct session *first_of(struct bench *b, const struct fr_flow *f, const char *from,
                                const char *to)
{
    struct session *s;

    fr_udp(&out, f, 10);
    bench_passes(b, from, &out, to, &in);
    s = session_of(b, f, 17);
    assert_non_null(s);
    s->mtu[0] = s->mtu[1] = MARK;
    return s;
}

static bool is_kin(struct bench *b, const struct fr_flow *f)
{
    const struct session *s = session_of(b, f, 17);

    assert_non_null(s);
    return s->mtu[0] == MARK && s->mtu[1] == MARK;
}

static void same_ends(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = a_to_b, back;
    struct session *s = first_of(b, &a_to_b, "a", "b");
    uint32_t actions = bench_actions(b);

    for (unsigned i = 1; i < 20; i++) {
        f.sport = (uint16_t)(a_to_b.sport + i);
        fr_udp(&out, &f, 10);
        bench_passes(b, "a", &out, "b", &in);
        expect_like(&in, &out, MAC_B, MAC_A, 0);
        assert_true(is_kin(b, &f));
        back = fr_back(&f);
        fr_udp(&out, &back, 10);
        bench_passes(b, "b", &out, "a", &in);
        assert_int_equal(session_of(b, &f, 17)->target, s->target);
        assert_true(ses_sealed(fw_worker(b->fw, 0)->sessions, session_of(b, &f, 17)));
    }
    assert_int_equal(bench_actions(b), actions);
    assert_int_equal(bench_sessions(b), 20);
    assert_int_equal(ses_port_count(fw_worker(b->fw, 0)->sessions, bench_index(b, "a")), 20);
    assert_int_equal(fw_session_flush(b->fw, &(struct ctl_session_filter){.proto = 0}), 20);
    assert_int_equal(bench_actions(b), 0);
}

/* Another port of the server's, another guest, another MAC address: the policy is asked. */
static void other_ends(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = a_to_b;

    first_of(b, &a_to_b, "a", "b");
    f.dport++;
    fr_udp(&out, &f, 10);
    bench_passes(b, "a", &out, "b", &in);
    assert_false(is_kin(b, &f));
    f = a_to_b;
    f.sport++;
    f.smac = MAC_C;
    fr_udp(&out, &f, 10);
    bench_refused(b, "a", &out, HSR_DROP_SPOOF_MAC);
    f.smac = MAC_A;
    f.dmac = MAC_C;
    fr_udp(&out, &f, 10);
    bench_refused(b, "a", &out, HSR_DROP_UNKNOWN_MAC);
    f.dmac = MAC_B;
    bench_refused(b, "b", (fr_udp(&out, &f, 10), &out), HSR_DROP_SPOOF_MAC);
    assert_int_equal(bench_sessions(b), 2);
}

/* Both directions of a pair are two kinds: who begins, is asked about. */
static void other_way_round(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = fr_back(&a_to_b);

    first_of(b, &a_to_b, "a", "b");
    f.sport = a_to_b.sport + 1;
    f.dport = a_to_b.dport;
    fr_udp(&out, &f, 10);
    bench_passes(b, "b", &out, "a", &in);
    assert_false(is_kin(b, &f));
}

/* What a group says of a port holds for that port. */
static void groups(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = a_to_c;

    apply(b, TOP_OPTIONS("") TOP_NET TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("") TOP_B("")
                 TOP_C("closed") TOP_V);
    for (unsigned i = 0; i < 3; i++, f.sport++) {
        f.dport = 80;
        fr_tcp(&out, &f, FR_SYN, 1, 0, 0);
        bench_passes(b, "a", &out, "c", &in);
        f.dport = 81;
        fr_tcp(&out, &f, FR_SYN, 1, 0, 0);
        bench_refused(b, "a", &out, HSR_DROP_SG_INGRESS);
        f.dport = 80;
        fr_udp(&out, &f, 10);
        bench_refused(b, "a", &out, HSR_DROP_SG_INGRESS);
        fr_tcp(&out, &f, FR_ACK, 1, 1, 0);
        f.sport += 100;
        fr_tcp(&out, &f, FR_ACK, 1, 1, 0); /* of no connection: that is asked of each */
        bench_refused(b, "a", &out, HSR_DROP_NO_SESSION);
    }
    assert_int_equal(bench_sessions(b), 3);
}

/* A kin that is gone, and its place another session's; one that is from before the policy changed. */
static void gone_and_stale(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = a_to_b;

    first_of(b, &a_to_b, "a", "b");
    assert_int_equal(fw_session_flush(b->fw, &(struct ctl_session_filter){.proto = 0}), 1);
    first_of(b, &a_to_9, "a", "up"); /* in its place */
    f.sport++;
    fr_udp(&out, &f, 10);
    bench_passes(b, "a", &out, "b", &in);
    expect_like(&in, &out, MAC_B, MAC_A, 0);
    assert_false(is_kin(b, &f));
    first_of(b, &a_to_c, "a", "c");
    apply(b, TOP_OPTIONS("") TOP_NET TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("") TOP_B("")
                 TOP_C("closed") TOP_V);
    f = a_to_c;
    f.sport++;
    fr_udp(&out, &f, 10);
    bench_refused(b, "a", &out, HSR_DROP_SG_INGRESS);
}

/* A generation has fifteen bits: when it is the same again, another session stands there, and says nothing of the first one's kin. */
static void generation_comes_round(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = a_to_b;
    uint32_t cursor = 0;

    first_of(b, &a_to_b, "a", "b");
    struct session *s = ses_walk(fw_worker(b->fw, 0)->sessions, &cursor);
    uint16_t generation = s->generation;

    assert_int_equal(fw_session_flush(b->fw, &(struct ctl_session_filter){.proto = 0}), 1);
    s->generation = generation;
    first_of(b, &a_to_9, "a", "up"); /* in its place */
    cursor = 0;
    assert_ptr_equal(ses_walk(fw_worker(b->fw, 0)->sessions, &cursor), s);
    assert_int_equal(s->generation, generation);
    f.sport++;
    fr_udp(&out, &f, 10);
    bench_passes(b, "a", &out, "b", &in);
    expect_like(&in, &out, MAC_B, MAC_A, 0);
}

/* From a tunnel: at the expense of whom it is for, each of them. */
static void charged(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = {.smac = MAC_9,
                        .dmac = MAC_A,
                        .src = "10.1.0.9",
                        .dst = "10.1.0.5",
                        .sport = 9,
                        .dport = 80};

    for (unsigned i = 0; i < 5; i++, f.sport++) {
        fr_udp(&out, &f, 10);
        from_host2(&out, 100);
        bench_passes(b, "up", &out, "a", &in);
    }
    assert_int_equal(ses_port_charged(fw_worker(b->fw, 0)->sessions, bench_index(b, "a")), 5);
}

/* A mapping moves under many: each follows, most as the first one did. */
static void looked_at_again(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = a_to_9;
    uint64_t before;

    for (unsigned i = 0; i < 10; i++, f.sport++) {
        fr_udp(&out, &f, 10);
        bench_passes(b, "a", &out, "up", &in);
    }
    before = bench_counters(b).revalidated;
    apply(b, TOP_OPTIONS("") "vpcs: [{name: blue, vni: 100}, {name: red, vni: 200}]\n"
                             "subnets: [{name: front, vpc: blue, prefix4: 10.1.0.0/24, gateway4: "
                             "10.1.0.254, gateway_mac: 02:00:5e:00:01:fe}]\n"
                             "mappings: [{vpc: blue, address: 10.1.0.9, mac: 02:00:00:00:00:99, "
                             "vtep: 192.0.2.2}]\n" TOP_GROUPS TOP_UP
                             "  - {name: a, role: vnic, type: ring, device: a, mac: "
                             "02:00:00:00:00:01, subnet: front,\n"
                             "     addresses: [10.1.0.5], security_groups: [open]}\n");
    f = a_to_9;
    for (unsigned i = 0; i < 10; i++, f.sport++) {
        fr_udp(&out, &f, 10);
        bench_passes(b, "a", &out, "up", &in);
        expect_tunnel(&in, "192.0.2.2", MAC_H2, 100);
        assert_int_equal(fr_get_mac(in.b), UINT64_C(0x020000000099));
        assert_true(ses_sealed(fw_worker(b->fw, 0)->sessions, session_of(b, &f, 17)));
    }
    assert_int_equal(bench_sessions(b), 10);
    assert_int_equal(bench_counters(b).revalidated - before, 10);
    assert_int_equal(bench_actions(b),
                     5); /* both programs, the addresses of each, the outer header */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, top_open, top_close)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(same_ends),       TEST(other_ends),
                                       TEST(other_way_round), TEST(groups),
                                       TEST(gone_and_stale),  TEST(generation_comes_round),
                                       TEST(charged),         TEST(looked_at_again)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

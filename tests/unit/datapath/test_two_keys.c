/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions whose two directions come under different keys. No action translates addresses here: the test opens such a
 * session itself, as the service or NAT stage would, and sees that every packet finds it in the right direction.
 */
#include <arpa/inet.h>

#include "hsring/hash.h"
#include "hsring/ring.h"
#include "internal.h"
#include "topology.h"

/* A client talks to an address that stands for a server; the server answers under its own. */
struct service {
    const char *client_port, *server_port;
    uint64_t client_mac, server_mac;
    const char *client, *address, *server;
    bool ipv6;
};

/* Each key in each orientation. */
static const struct service services[] = {
    {"a", "b", MAC_A, MAC_B, "10.1.0.5", "10.1.0.99", "10.1.0.6", false},
    {"a", "b", MAC_A, MAC_B, "10.1.0.5", "10.1.0.1", "10.1.0.6", false},
    {"b", "a", MAC_B, MAC_A, "10.1.0.6", "10.1.0.99", "10.1.0.5", false},
    {"b", "a", MAC_B, MAC_A, "10.1.0.6", "10.1.0.1", "10.1.0.5", false},
    {"a", "b", MAC_A, MAC_B, "fd00:1::5", "fd00:1::99", "fd00:1::6", true},
    {"b", "a", MAC_B, MAC_A, "fd00:1::6", "fd00:1::1", "fd00:1::5", true},
};

#define SERVICES (sizeof services / sizeof services[0])
#define CLIENT   1000
#define ADDRESS  80
#define SERVER   8080

static struct fr_flow to_address(const struct service *s)
{
    return (struct fr_flow){.smac = s->client_mac,
                            .dmac = s->server_mac,
                            .src = s->client,
                            .dst = s->address,
                            .sport = CLIENT,
                            .dport = ADDRESS};
}

static struct fr_flow to_client(const struct service *s)
{
    return (struct fr_flow){.smac = s->server_mac,
                            .dmac = s->client_mac,
                            .src = s->server,
                            .dst = s->client,
                            .sport = SERVER,
                            .dport = CLIENT};
}

/* Key and swap bit of a flow's packets in the context of VPC blue. */
static bool key_of(const struct dp_worker *w, const struct bench *b, const struct fr_flow *f,
                   bool ipv6, struct hsr_key *key)
{
    uint32_t context = pol_port(w->policy, bench_index(b, "a"))->context;
    uint8_t src[16] = {0}, dst[16] = {0};

    memset(key, 0, sizeof *key);
    if (!ipv6)
        return hsr_key4(key, fr_addr4(f->src), fr_addr4(f->dst), f->sport, f->dport, 17, context,
                        false);
    assert_int_equal(inet_pton(AF_INET6, f->src, src), 1);
    assert_int_equal(inet_pton(AF_INET6, f->dst, dst), 1);
    return hsr_key6(key, src, dst, f->sport, f->dport, 17, context, false);
}

static struct cfg_addr address(const char *text, bool ipv6)
{
    struct cfg_addr a = {.family = ipv6 ? 6 : 4};

    assert_int_equal(inet_pton(ipv6 ? AF_INET6 : AF_INET, text, a.bytes), 1);
    return a;
}

struct opening {
    struct bench *b;
    const struct service *service;
    bool no_slot; /* for an operation of the firmware's own */
    struct session *session;
};

/* What policy says of the client talking to the server itself, under the keys of both. */
static void open_service(struct dp_worker *w, void *arg)
{
    struct opening *o = arg;
    const struct service *sv = o->service;
    struct fr_flow there = to_address(sv), back = to_client(sv);
    struct hsr_key key, key2;
    bool swap = key_of(w, o->b, &there, sv->ipv6, &key);
    bool swap2 = key_of(w, o->b, &back, sv->ipv6, &key2);
    uint16_t ingress = bench_index(o->b, sv->client_port);
    struct pol_walk walk = {.ingress = ingress,
                            .context = hsr_key_context(hsr_key_tail(&key)),
                            .src_mac48 = sv->client_mac,
                            .dst_mac48 = sv->server_mac,
                            .src = address(sv->client, sv->ipv6),
                            .dst = address(sv->server, sv->ipv6),
                            .proto = 17,
                            .sport = CLIENT,
                            .dport = SERVER};
    enum hsr_drop drop;

    pol_walk(w->policy, &walk);
    assert_int_equal(walk.drop, HSR_DROP_NONE);
    struct session *s =
        ses_create(w->sessions, hsr_hash_key(&w->hash, &key), &key, swap, ingress, w->now, &drop);

    assert_non_null(s);
    assert_true(ses_add_key(w->sessions, s, hsr_hash_key(&w->hash, &key2), &key2, swap2));
    assert_int_equal(dp_compile(w, &walk, swap, s), HSR_DROP_NONE);
    ses_begin(w->sessions, s, &(struct ses_packet){.proto = 17}, w->now);
    o->session = s;

    uint32_t slots = w->fw_slots;

    assert_int_equal(w->outs, 0);
    if (o->no_slot)
        w->fw_slots = 0;
    dp_fit_second(w, s);
    if (o->no_slot) {
        w->fw_slots = slots;
        assert_int_equal(w->outs, 0);
        return;
    }
    assert_int_equal(w->outs, 1); /* leaves before anything of the session */
    assert_int_equal(hsr_entry_kind(w->out[0]), HSR_KIND_CTRL);
}

static struct session *open_session(struct bench *b, const struct service *service)
{
    struct opening o = {.b = b, .service = service};

    dp_run(fw_worker(b->fw, 0), open_service, &o);
    bench_run(b);
    return o.session;
}

static void passes(struct bench *b, const struct service *s, bool back)
{
    struct fr_flow f = back ? to_client(s) : to_address(s);

    fr_udp(&out, &f, 10);
    bench_passes(b, back ? s->server_port : s->client_port, &out,
                 back ? s->client_port : s->server_port, &in);
    expect_like(&in, &out, f.dmac, f.smac, 0);
    bench_quiet(b);
}

/* The server's first packet already comes with a flow id; the client's second one does. */
static void both_directions(void **state)
{
    struct bench *b = *state;

    for (unsigned i = 0; i < SERVICES; i++) {
        struct dp_counters before = bench_counters(b), c;
        const struct session *s = open_session(b, &services[i]);
        unsigned client = ses_initiator(s);

        passes(b, &services[i], true);
        passes(b, &services[i], false);
        passes(b, &services[i], false);
        passes(b, &services[i], true);
        c = bench_counters(b);
        assert_int_equal(c.hits_flow_id - before.hits_flow_id, 3);
        assert_int_equal(c.hits_table - before.hits_table, 1);
        assert_int_equal(c.slow, 0);
        assert_int_equal(c.stale_flow_id, 0);
        assert_int_equal(c.fit_inserts - before.fit_inserts, 2);
        assert_int_equal(s->state, SES_ESTABLISHED);
        assert_int_equal(s->dir[client].packets, 2);
        assert_int_equal(s->dir[!client].packets, 2);
        assert_int_equal(fw_session_flush(b->fw, &(struct ctl_session_filter){.proto = 0}), 1);
        bench_run(b);
        assert_int_equal(bench_counters(b).fit_deletes - before.fit_deletes, 2);
    }
}

/* What is left of either tuple is no packet of the session, and may be no session of one key: that would have both ends'. */
static void other_end_of_a_key(void **state)
{
    struct bench *b = *state;

    for (unsigned i = 0; i < SERVICES; i++) {
        const struct service *s = &services[i];
        struct fr_flow back = to_client(s), direct = fr_back(&back);

        open_session(b, s);
        fr_udp(&out, &direct, 10);
        bench_refused(b, s->client_port, &out, HSR_DROP_SESSION_FULL);
        passes(b, s, true);
        passes(b, s, false);
        assert_int_equal(bench_sessions(b), 1);
        /* On other ports they may talk as before. */
        direct.sport++;
        fr_udp(&out, &direct, 10);
        bench_passes(b, s->client_port, &out, s->server_port, &in);
        assert_int_equal(fw_session_flush(b->fw, &(struct ctl_session_filter){.proto = 0}), 2);
        bench_run(b);
    }
}

/* v may send under any address and so takes the server's flow over: the session goes, with both keys. */
static void taken_over(void **state)
{
    struct bench *b = *state;
    const struct service *s = &services[0];
    struct fr_flow f = to_client(s);

    open_session(b, s);
    passes(b, s, false);
    fr_udp(&out, &f, 10);
    bench_refused(b, "up", &out, HSR_DROP_NOT_FOR_US); /* whoever may not, changes nothing */
    passes(b, s, true);
    fr_udp(&out, &f, 10);
    bench_passes(b, "v", &out, "a", &in);
    assert_int_equal(bench_sessions(b), 1);
    assert_int_equal(bench_counters(b).fit_deletes, 2);
    f = to_address(s);
    fr_udp(&out, &f, 10);
    bench_refused(b, "a", &out, HSR_DROP_NO_MAPPING);
}

/* Fault 28: A flow id of the right session with every other meaning of its flags: the packet is found by its key. */
static void flags_of_a_hostile_nic(void **state)
{
    static const uint8_t flags[] = {0, HSR_FLOW_KEY2, HSR_FLOW_DIR, HSR_FLOW_KEY2 | HSR_FLOW_DIR,
                                    0xFF};
    struct bench *b = *state;
    struct dp_worker *w = fw_worker(b->fw, 0);
    const struct hsr_view *view = &nic_region(b->nic)->view;

    for (unsigned i = 0; i < SERVICES; i++) {
        const struct service *sv = &services[i];
        const struct session *s = open_session(b, sv);

        for (unsigned n = 0; n < 2 * sizeof flags; n++) {
            bool back = n % 2;
            struct fr_flow f = back ? to_client(sv) : to_address(sv);
            uint64_t packets = s->dir[ses_initiator(s) ^ back].packets;

            fr_udp(&out, &f, 10);
            bench_push(b, back ? sv->server_port : sv->client_port, &out);
            nic_poll(b->nic, b->now);
            uint32_t entry = w->rx.shared.entries[w->rx.own & w->rx.mask];
            struct hsr_rx_meta *m =
                (struct hsr_rx_meta *)(void *)hsr_slot(view, hsr_entry_slot(entry));

            m->flow_id = ses_flow_id(w->sessions, s, false) | flags[n / 2];
            bench_run(b);
            assert_true(bench_pop(b, back ? sv->client_port : sv->server_port, &in));
            expect_like(&in, &out, f.dmac, f.smac, 0);
            assert_int_equal(s->dir[ses_initiator(s) ^ back].packets, packets + 1);
        }
        assert_int_equal(fw_session_flush(b->fw, &(struct ctl_session_filter){.proto = 0}), 1);
        bench_run(b);
    }
    assert_int_equal(bench_counters(b).slow, 0);
}

/* An error goes the way of an answer to what it quotes, whichever key that was under. */
static void errors(void **state)
{
    static struct fr quoted;
    struct bench *b = *state;

    for (unsigned i = 0; i < SERVICES; i++) {
        const struct service *s = &services[i];
        struct fr_flow back = to_client(s), there = fr_back(&back), answer = to_address(s);
        uint8_t type = s->ipv6 ? 1 : 3, code = s->ipv6 ? 4 : 3;

        open_session(b, s);
        passes(b, s, false);
        fr_udp(&quoted, &there, 10); /* as the server got it */
        fr_error(&out, &back, type, code, &quoted, 100);
        bench_passes(b, s->server_port, &out, s->client_port, &in);
        expect_like(&in, &out, s->client_mac, s->server_mac, 0);
        back = fr_back(&answer); /* as the client got an answer */
        fr_udp(&quoted, &back, 10);
        fr_error(&out, &answer, type, code, &quoted, 100);
        bench_passes(b, s->client_port, &out, s->server_port, &in);
        expect_like(&in, &out, s->server_mac, s->client_mac, 0);
        /* Nothing of the session: either key's other end. */
        fr_udp(&quoted, &answer, 10);
        back = fr_back(&answer);
        fr_error(&out, &answer, type, code, &quoted, 100);
        bench_refused(b, s->client_port, &out, HSR_DROP_ICMP_INNER);
        assert_int_equal(fw_session_flush(b->fw, &(struct ctl_session_filter){.proto = 0}), 1);
        bench_run(b);
    }
}

/* Listed with what the server sends; found by either key's addresses. */
static void shown(void **state)
{
    struct bench *b = *state;
    const struct service *sv = &services[0];
    const struct session *s = open_session(b, sv);
    struct ctl_session_filter by[] = {{.addr = address("10.1.0.99", false)},
                                      {.addr = address("10.1.0.6", false)},
                                      {.l4_port = ADDRESS},
                                      {.l4_port = SERVER}};
    json_t *row = fw_session_show(b->fw, ses_flow_id(dp_sessions(fw_worker(b->fw, 0)), s, true));

    assert_non_null(row);
    assert_string_equal(json_string_value(json_object_get(row, "dst")), "10.1.0.99");
    assert_string_equal(json_string_value(json_object_get(row, "reply_src")), "10.1.0.6");
    assert_string_equal(json_string_value(json_object_get(row, "reply_dst")), "10.1.0.5");
    assert_string_equal(json_string_value(json_object_get(row, "reply_vpc")), "blue");
    assert_int_equal(json_integer_value(json_object_get(row, "reply_sport")), SERVER);
    assert_int_equal(json_integer_value(json_object_get(row, "reply_dport")), CLIENT);
    assert_string_equal(json_string_value(json_array_get(json_object_get(row, "actions"), 1)),
                        "output port 2");
    json_decref(row);
    for (unsigned i = 0; i < sizeof by / sizeof by[0]; i++) {
        json_t *rows = fw_session_list(b->fw, &by[i], NULL, 10);

        assert_int_equal(json_array_size(json_object_get(rows, "sessions")), 1);
        json_decref(rows);
    }
    by[0].addr = address("10.1.0.7", false);
    assert_int_equal(fw_session_flush(b->fw, &by[0]), 0);
}

/* No room to tell the flow index beforehand: the server's first packet does it. */
static void no_slot_for_an_operation(void **state)
{
    struct bench *b = *state;
    struct opening o = {.b = b, .service = &services[0], .no_slot = true};

    dp_run(fw_worker(b->fw, 0), open_service, &o);
    passes(b, &services[0], true);
    assert_int_equal(bench_counters(b).hits_table, 1);
    assert_int_equal(bench_counters(b).fit_inserts, 1);
    passes(b, &services[0], true);
    assert_int_equal(bench_counters(b).hits_flow_id, 1);
    assert_int_equal(fw_session_flush(b->fw, &(struct ctl_session_filter){.proto = 0}), 1);
    bench_run(b);
    assert_int_equal(bench_counters(b).fit_deletes, 1); /* of the one it was told */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, top_open, top_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_directions),
        TEST(other_end_of_a_key),
        TEST(taken_over),
        TEST(flags_of_a_hostile_nic),
        TEST(errors),
        TEST(shown),
        TEST(no_slot_for_an_operation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

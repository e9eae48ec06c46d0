/* SPDX-License-Identifier: Apache-2.0 */
/* The software baseline does the same to packets as the product: byte for byte, or it is no baseline. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench_fw.h"
#include "software_avs.h"

#define MAC_A  UINT64_C(0x020000000001)
#define MAC_B  UINT64_C(0x020000000002)
#define MAC_9  UINT64_C(0x020000000009)
#define MAC_UP UINT64_C(0x02bb00000001)
#define MAC_H2 UINT64_C(0x02aa00000002)

static const char world[] =
    "version: 1\n"
    "vpcs: [{name: blue, vni: 100}]\n"
    "subnets: [{name: front, vpc: blue, prefix4: 10.1.0.0/24}]\n"
    "security_groups:\n"
    "  - name: web\n"
    "    rules:\n"
    "      - {direction: egress, action: allow}\n"
    "      - {direction: ingress, action: allow, protocol: tcp, ports: 80}\n"
    "      - {direction: ingress, action: allow, protocol: udp, ports: 5000-5999}\n"
    "ports:\n"
    "  - {name: a, role: vnic, type: ring, device: 'ring:a', mac: '02:00:00:00:00:01',\n"
    "     subnet: front, addresses: [10.1.0.5], security_groups: [web]}\n"
    "  - {name: b, role: vnic, type: ring, device: 'ring:b', mac: '02:00:00:00:00:02',\n"
    "     subnet: front, addresses: [10.1.0.6], security_groups: [web]}\n"
    "  - {name: up, role: uplink, type: ring, device: 'ring:up', mac: '02:bb:00:00:00:01',\n"
    "     address: 192.0.2.1/24, gateway: 192.0.2.2}\n"
    "underlay: {neighbors: [{address: 192.0.2.2, mac: '02:aa:00:00:00:02'}]}\n"
    "mappings: [{vpc: blue, address: 10.1.0.9, mac: '02:00:00:00:00:09', vtep: 192.0.2.2}]\n";

enum { ENTRIES = 256, EACH = 4096, PORTS = 3 };
static const char *const names[PORTS] = {"a", "b", "up"};

/* The same world twice: the product's, and the baseline's with queues that are read by hand. */
struct worlds {
    struct bench bench;
    struct sw_avs *avs;
    struct sw_port *port[PORTS];
    uint64_t read[PORTS];
    bool staged;
    uint64_t cycles[SW_STAGES];
};

static struct worlds w;
static struct fr frame, ours, theirs;

static void open_queue(struct sw_queue *q, uint64_t ready)
{
    uint8_t *memory = test_malloc((size_t)ENTRIES * EACH);

    q->desc = test_calloc(ENTRIES, sizeof *q->desc);
    q->avail = test_calloc(ENTRIES, sizeof *q->avail);
    q->used = test_calloc(256, sizeof *q->used);
    for (uint32_t i = 0; i < ENTRIES; i++) {
        q->desc[i] = (struct sw_desc){.addr = memory + (size_t)i * EACH, .len = EACH};
        q->avail[i] = i;
    }
    q->entries = ENTRIES;
    q->ready = ready;
}

static void close_queue(struct sw_queue *q)
{
    test_free(q->desc[0].addr);
    test_free(q->desc);
    test_free(q->avail);
    test_free(q->used);
}

static int setup(void **state)
{
    const struct sw_config config = {.yaml = world, .sessions = 4096, .batch = 32};

    (void)state;
    memset(&w, 0, sizeof w);
    bench_open(&w.bench, &(struct bench_config){.may_leave_frames = true}, world);
    w.avs = sw_open(&config);
    assert_non_null(w.avs);
    for (unsigned i = 0; i < PORTS; i++) {
        w.port[i] = sw_port(w.avs, names[i]);
        assert_non_null(w.port[i]);
        open_queue(&w.port[i]->from, 0);
        open_queue(&w.port[i]->to, UINT64_MAX);
    }
    assert_null(sw_port(w.avs, "nobody"));
    return 0;
}

static int teardown(void **state)
{
    struct sw_counters c = sw_counters(w.avs);

    (void)state;
    assert_int_equal(c.packets, c.tx + c.drops);
    for (unsigned i = 0; i < PORTS; i++) {
        close_queue(&w.port[i]->from);
        close_queue(&w.port[i]->to);
    }
    sw_close(w.avs);
    bench_close(&w.bench);
    return 0;
}

static unsigned number(const char *name)
{
    unsigned i = 0;

    while (strcmp(names[i], name) != 0)
        i++;
    return i;
}

static void push(const char *name, const struct fr *f)
{
    struct sw_queue *q = &w.port[number(name)]->from;
    struct sw_desc *d = &q->desc[(q->at + q->ready) % ENTRIES];

    assert_true(f->len + SW_HEADER <= EACH && q->ready < ENTRIES);
    memcpy(d->addr + SW_HEADER, f->b, f->len);
    d->len = f->len + SW_HEADER;
    q->ready++;
}

static uint32_t poll(const char *name)
{
    struct sw_port *port = w.port[number(name)];

    return w.staged ? sw_poll_staged(w.avs, port, BENCH_START, w.cycles)
                    : sw_poll(w.avs, port, BENCH_START);
}

static bool pop(const char *name, struct fr *f)
{
    unsigned i = number(name);
    struct sw_queue *q = &w.port[i]->to;

    if (w.read[i] == q->done)
        return false;
    const struct sw_used *used = &q->used[w.read[i]++ & 255];

    f->len = used->len - SW_HEADER;
    memcpy(f->b, q->desc[used->id].addr + SW_HEADER, f->len);
    return true;
}

/* The entropy of a tunnel's source port comes from a hash with a secret: each has its own. */
static void without_entropy(struct fr *f)
{
    if (f->len > FR_INNER && fr_get16(f->b + FR_L3 + 22) == 4789)
        fr_put16(f->b + FR_L3 + 20, 0);
}

/* In by one port, out by the other, and the same bytes from both. */
static void same(const char *from, const char *to)
{
    bench_passes(&w.bench, from, &frame, to, &ours);
    push(from, &frame);
    assert_int_equal(poll(from), 1);
    assert_true(pop(to, &theirs));
    without_entropy(&ours);
    without_entropy(&theirs);
    assert_int_equal(theirs.len, ours.len);
    assert_memory_equal(theirs.b, ours.b, ours.len);
}

static void refused(const char *from, enum hsr_drop reason)
{
    struct sw_counters before = sw_counters(w.avs);

    bench_refused(&w.bench, from, &frame, reason);
    push(from, &frame);
    assert_int_equal(poll(from), 1);
    assert_int_equal(sw_counters(w.avs).drops, before.drops + 1);
    assert_int_equal(sw_last_drop(w.avs), reason);
    for (unsigned i = 0; i < PORTS; i++)
        assert_int_equal(w.read[i], w.port[i]->to.done);
}

static const struct fr_flow a_to_b = {.smac = MAC_A,
                                      .dmac = MAC_B,
                                      .src = "10.1.0.5",
                                      .dst = "10.1.0.6",
                                      .sport = 1000,
                                      .dport = 5001};
static const struct fr_flow a_to_9 = {
    .smac = MAC_A, .dmac = MAC_9, .src = "10.1.0.5", .dst = "10.1.0.9", .sport = 1000, .dport = 80};
static const struct fr_flow h2_to_1 = {.smac = MAC_H2,
                                       .dmac = MAC_UP,
                                       .src = "192.0.2.2",
                                       .dst = "192.0.2.1",
                                       .sport = 50000,
                                       .dport = 4789};

static void local(void **state)
{
    struct fr_flow back = fr_back(&a_to_b);

    (void)state;
    for (uint32_t payload = 0; payload < 1400; payload += 199) {
        fr_udp(&frame, &a_to_b, payload);
        same("a", "b");
        fr_udp(&frame, &back, payload);
        same("b", "a");
    }
    assert_int_equal(sw_counters(w.avs).slow, 1);
}

static void a_connection(void **state)
{
    struct fr_flow to = a_to_b, fro;

    (void)state;
    to.dport = 80;
    fro = fr_back(&to);
    fr_tcp(&frame, &to, FR_SYN, 100, 0, 0);
    same("a", "b");
    fr_tcp(&frame, &fro, FR_SYN | FR_ACK, 500, 101, 0);
    same("b", "a");
    fr_tcp(&frame, &to, FR_ACK, 101, 501, 0);
    same("a", "b");
    fr_tcp(&frame, &to, FR_ACK | FR_PSH, 101, 501, 60);
    same("a", "b");
    fr_tcp(&frame, &fro, FR_ACK | FR_PSH, 501, 161, 600);
    same("b", "a");
    fr_tcp(&frame, &to, FR_ACK | FR_FIN, 161, 1101, 0);
    same("a", "b");
    assert_int_equal(ses_stats(sw_sessions(w.avs))->used, 1);
    fr_tcp(&frame, &to, FR_ACK, 90000000, 1101, 0);
    refused("a", HSR_DROP_TCP_WINDOW);
}

static void a_window_is_scaled(void **state)
{
    struct fr_flow to = a_to_b;
    uint32_t cursor = 0;

    (void)state;
    to.dport = 80;
    fr_tcp_with(&frame, &to, FR_SYN, 100, 0, "\1\3\3\7", 4);
    frame.b[FR_L3 + 20 + 12] = 6 << 4; /* what was payload is an option */
    fr_mend(frame.b, frame.len);
    same("a", "b");
    struct session *s = ses_walk(sw_sessions(w.avs), &cursor);

    assert_non_null(s);
    assert_int_equal(s->tcp[ses_initiator(s)].wscale, 7);
}

static void through_the_tunnel(void **state)
{
    struct fr_flow back = fr_back(&a_to_9);

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        fr_udp(&frame, &a_to_9, 100 + i);
        same("a", "up");
        fr_udp(&frame, &back, 200 + i);
        fr_vxlan(&frame, &h2_to_1, 100);
        same("up", "a");
    }
}

static void from_the_tunnel(void **state)
{
    struct fr_flow in = fr_back(&a_to_9);

    (void)state;
    in.dport = 5500;
    fr_udp(&frame, &in, 33);
    fr_vxlan(&frame, &h2_to_1, 100);
    same("up", "a");
    in = fr_back(&in);
    fr_udp(&frame, &in, 44);
    same("a", "up");
}

static void what_is_refused(void **state)
{
    struct fr_flow f = a_to_b;

    (void)state;
    f.src = "10.1.0.77";
    fr_udp(&frame, &f, 10);
    refused("a", HSR_DROP_SPOOF_IP);
    f = a_to_b;
    f.dport = 99;
    fr_udp(&frame, &f, 10);
    refused("a", HSR_DROP_SG_INGRESS);
    f = a_to_b;
    f.smac = MAC_9;
    fr_udp(&frame, &f, 10);
    refused("a", HSR_DROP_SPOOF_MAC);
    fr_udp(&frame, &a_to_b, 10);
    frame.b[50] ^= 1;
    refused("a", HSR_DROP_UDP_CSUM);
    f = a_to_b;
    f.dport = 80;
    fr_tcp(&frame, &f, FR_ACK, 1, 1, 0);
    refused("a", HSR_DROP_NO_SESSION);
}

/* Batches of every length, many flows; no packet is lost, none of a flow overtakes another. */
static void a_batch_keeps_order(void **state)
{
    struct fr_flow f = a_to_b;
    uint32_t sent = 0, got = 0;

    (void)state;
    for (unsigned round = 1; round <= 64; round++) {
        for (unsigned i = 0; i < round; i++) {
            f.sport = (uint16_t)(2000 + (i * 7 + round) % 23);
            fr_udp(&frame, &f, 20);
            fr_put32(frame.b + 42, sent++);
            fr_put16(frame.b + 40, 0); /* no checksum: it is of another payload */
            push("a", &frame);
        }
        while (poll("a") != 0)
            ;
        while (pop("b", &theirs))
            assert_int_equal(fr_get32(theirs.b + 42), got++);
    }
    assert_int_equal(got, sent);
    assert_int_equal(sw_counters(w.avs).slow, 23);
}

static void by_stages(void **state)
{
    w.staged = true;
    local(state);
    through_the_tunnel(state);
    what_is_refused(state);
    for (unsigned s = 0; s < SW_STAGES; s++)
        assert_true(w.cycles[s] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(local, setup, teardown),
        cmocka_unit_test_setup_teardown(a_connection, setup, teardown),
        cmocka_unit_test_setup_teardown(a_window_is_scaled, setup, teardown),
        cmocka_unit_test_setup_teardown(through_the_tunnel, setup, teardown),
        cmocka_unit_test_setup_teardown(from_the_tunnel, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_batch_keeps_order, setup, teardown),
        cmocka_unit_test_setup_teardown(by_stages, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

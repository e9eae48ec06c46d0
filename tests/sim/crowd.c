/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crowd.h"

#define TICK   UINT64_C(20000) /* ns */
#define MS     50              /* ticks */
#define SECOND UINT64_C(1000000000)
#define FLOOD  (200 * MS)
#define DRAIN  (50 * MS)
#define FIRST  4   /* units that a first packet costs, others one */
#define KEEP   95  /* percent */
#define DATA   100 /* bytes */
#define DOCUMENT                                                                                   \
    "version: 1\noptions: {%s}\n"                                                                  \
    "underlay: {neighbors: [{address: 192.0.2.2, mac: 02:aa:00:00:00:02}]}\n"                      \
    "vpcs: [{name: blue, vni: 100}, {name: red, vni: 200}]\n"                                      \
    "subnets: [{name: blue-1, vpc: blue, prefix4: 10.1.0.0/24}, {name: red-1, vpc: red, prefix4: " \
    "10.1.0.0/24}]\n"                                                                              \
    "mappings:\n"                                                                                  \
    "  - {vpc: blue, address: 10.1.0.99, mac: 02:00:00:00:00:99, vtep: 192.0.2.2}\n"               \
    "  - {vpc: red, address: 10.1.0.99, mac: 02:00:00:00:00:99, vtep: 192.0.2.2}\n"                \
    "  - {vpc: red, address: 10.1.0.98, mac: 02:00:00:00:00:98, vtep: 192.0.2.3}\n"                \
    "ports:\n"                                                                                     \
    "  - {name: up, role: uplink, type: ring, device: up, mac: 02:aa:00:00:00:01, offload: "       \
    "false,\n"                                                                                     \
    "     address: 192.0.2.1/24}\n"                                                                \
    "%s"                                                                                           \
    "security_groups:\n"                                                                           \
    "  - name: open\n"                                                                             \
    "    rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]\n"       \
    "%s%s"
#define PORT                                                                                       \
    "  - {name: %s, role: vnic, type: ring, device: %s, mac: 02:00:00:00:00:%02x, subnet: %s-1,\n" \
    "     addresses: [10.1.0.%u], offload: false, security_groups: [%s]}\n"

static const struct {
    const char *name, *vpc, *group;
    unsigned host;
} guest[] = {{"q0", "blue", "open", 10},  {"q1", "blue", "open", 11},   {"q2", "blue", "open", 12},
             {"q3", "blue", "open", 13},  {"peer", "blue", "open", 20}, {"loud", "red", "loud", 10},
             {"lpeer", "red", "open", 20}};
#define GUESTS (sizeof guest / sizeof guest[0])
#define PEER   4

static struct fr out, in;

void crowd_apply(struct crowd *c, const char *groups, const char *more)
{
    static char ports[4096], text[16384];
    const struct bench_config config = {
        .slice = c->scenario->slice, .ring_entries = 1024, .may_leave_frames = true};
    struct cfg_error error = {.line = 0};
    size_t at = 0;

    for (unsigned i = 0; i < GUESTS; i++)
        at += (size_t)snprintf(ports + at, sizeof ports - at, PORT, guest[i].name, guest[i].name,
                               guest[i].host, guest[i].vpc, guest[i].host, guest[i].group);
    snprintf(text, sizeof text, DOCUMENT, c->scenario->options, ports, groups, more);
    if (c->b.nic == NULL)
        bench_open(&c->b, &config, text);
    else if (bench_apply(&c->b, text, &error) < 0)
        fail_msg("%s: %s", error.path, error.text);
}

/* ---- quiet ones ---- */

static struct fr_flow way(const struct crowd_conn *conn, unsigned dir)
{
    static char address[2][16];
    unsigned from = dir ? PEER : conn->guest, to = dir ? conn->guest : PEER;

    snprintf(address[0], sizeof address[0], "10.1.0.%u", guest[from].host);
    snprintf(address[1], sizeof address[1], "10.1.0.%u", guest[to].host);
    return (struct fr_flow){.smac = UINT64_C(0x020000000000) + guest[from].host,
                            .dmac = UINT64_C(0x020000000000) + guest[to].host,
                            .src = address[0],
                            .dst = address[1],
                            .sport = dir ? 80 : conn->port,
                            .dport = dir ? conn->port : 80};
}

/* Its number stands in the identification. */
static void emit(struct crowd *c, unsigned conn, unsigned dir)
{
    uint8_t *ip = out.b + FR_L3;

    assert_true(c->frames < CROWD_FRAME);
    c->frame[c->frames].conn = (uint16_t)conn;
    c->frame[c->frames].way = (uint8_t)dir;
    c->frame[c->frames].arrived = false;
    c->frame[c->frames].seq = c->conn[conn].seq[dir];
    fr_put16(ip + 4, c->frames++);
    fr_put16(ip + 10, 0);
    fr_put16(ip + 10, (uint16_t)~fr_fold(fr_sum(0, ip, 20)));
    bench_push(&c->b, guest[dir ? PEER : c->conn[conn].guest].name, &out);
    c->sent++;
    c->old_sent += c->conn[conn].old;
}

static void send_tcp(struct crowd *c, unsigned n, unsigned dir, uint8_t flags, uint32_t payload)
{
    struct crowd_conn *conn = &c->conn[n];
    const struct fr_flow w = way(conn, dir);

    fr_tcp(&out, &w, flags, conn->seq[dir], flags & FR_ACK ? conn->ack[!dir] : 0, payload);
    conn->seq[dir] += payload + ((flags & FR_SYN) != 0);
    emit(c, n, dir);
}

static void connect(struct crowd *c, unsigned which, bool old)
{
    unsigned n = c->conns++;

    assert_true(n < CROWD_CONNS);
    c->conn[n] = (struct crowd_conn){
        .guest = (uint16_t)which, .port = (uint16_t)(2000 + n), .seq = {1000, 5000}, .old = old};
    send_tcp(c, n, 0, FR_SYN, 0);
}

static void datagram(struct crowd *c, unsigned which)
{
    unsigned n = c->conns++;

    assert_true(n < CROWD_CONNS);
    c->conn[n] =
        (struct crowd_conn){.guest = (uint16_t)which, .port = (uint16_t)(2000 + n), .phase = 9};
    const struct fr_flow w = way(&c->conn[n], 0);

    fr_udp(&out, &w, DATA);
    emit(c, n, 0);
}

/* The second half of a datagram first. */
static void fragments(struct crowd *c, unsigned which)
{
    static struct fr whole;
    unsigned n = c->conns++;

    assert_true(n < CROWD_CONNS);
    c->conn[n] =
        (struct crowd_conn){.guest = (uint16_t)which, .port = (uint16_t)(2000 + n), .phase = 9};
    const struct fr_flow w = way(&c->conn[n], 0);

    fr_udp(&whole, &w, 600);
    fr_fragment(&out, &whole, c->frames, 304, 1000, false);
    bench_push(&c->b, guest[which].name, &out);
    fr_fragment(&out, &whole, c->frames, 0, 304, true);
    emit(c, n, 0);
    c->sent++; /* both have that number */
}

/* The next packet of a connection, when one has arrived. */
static void answer(struct crowd *c, unsigned n, unsigned dir)
{
    struct crowd_conn *conn = &c->conn[n];

    if (conn->phase == 0 && dir == 0) {
        conn->phase = 1;
        send_tcp(c, n, 1, FR_SYN | FR_ACK, 0);
    } else if (conn->phase == 1 && dir == 1) {
        conn->phase = 2;
        send_tcp(c, n, 0, FR_ACK, DATA);
    } else if (conn->phase == 2) {
        conn->phase = 3;
    }
}

static void listen(struct crowd *c, unsigned which)
{
    while (bench_pop(&c->b, guest[which].name, &in)) {
        uint32_t n = fr_get16(in.b + FR_L3 + 4);
        bool fragment = (fr_get16(in.b + FR_L3 + 6) & 0x3FFF) != 0;

        if (which > PEER)
            continue;
        if (n >= c->frames || c->conn[c->frame[n].conn].guest >= CROWD_QUIET ||
            (c->frame[n].way ? c->conn[c->frame[n].conn].guest != which : which != PEER))
            fail_msg("a frame at %s that nobody sent there", guest[which].name);
        if (c->frame[n].arrived && !fragment)
            fail_msg("a frame has come twice to %s", guest[which].name);
        c->frame[n].arrived = true;
        c->conn[c->frame[n].conn].ack[c->frame[n].way] = c->frame[n].seq;
        c->arrived++;
        c->old_arrived += c->conn[c->frame[n].conn].old;
        answer(c, c->frame[n].conn, c->frame[n].way);
    }
}

static void all_listen(struct crowd *c)
{
    for (unsigned i = 0; i < GUESTS; i++)
        listen(c, i);
    while (bench_pop(&c->b, "up", &in))
        continue;
}

/* ---- the loud one ---- */

void crowd_push(struct crowd *c, const char *port, const struct fr *frame)
{
    struct nic_ring *ring = NULL;

    for (uint32_t i = 0; ring == NULL && i < c->b.names; i++)
        if (strcmp(c->b.port[i].name, port) == 0)
            ring = c->b.port[i].ring;
    c->loud++;
    c->waited += !nic_ring_push(ring, frame->b, frame->len, NULL);
}

/* ---- time ---- */

static int64_t cost(const struct crowd *c)
{
    const struct dp_counters *n = dp_counters(fw_worker(c->b.fw, 0));

    return (int64_t)(n->packets + (FIRST - 1) * n->slow);
}

/* The worker does what it can in this time; what it does not use is lost. */
static void tick(struct crowd *c)
{
    int64_t most = (int64_t)(2 * c->scenario->rate * TICK);

    c->b.now += TICK;
    c->ticks++;
    c->budget += (int64_t)(c->scenario->rate * TICK);
    c->budget = c->budget < most ? c->budget : most;
    nic_poll(c->b.nic, c->b.now);
    while (c->budget > 0) {
        int64_t before = cost(c);
        uint32_t work = dp_poll(fw_worker(c->b.fw, 0));

        c->budget -= (cost(c) - before) * (int64_t)SECOND;
        if (nic_poll(c->b.nic, c->b.now) + work == 0)
            break;
    }
    all_listen(c);
}

static void quiet_traffic(struct crowd *c)
{
    unsigned turn = (unsigned)(c->ticks % MS);

    if (turn < CROWD_QUIET * CROWD_OLD)
        send_tcp(c, turn, c->ticks / MS % 2, FR_ACK | FR_PSH, DATA);
    else if (turn < CROWD_QUIET * (CROWD_OLD + 1))
        connect(c, turn % CROWD_QUIET, false);
    else if (turn < CROWD_QUIET * (CROWD_OLD + 2))
        datagram(c, turn % CROWD_QUIET);
    else if (turn == CROWD_QUIET * (CROWD_OLD + 2))
        fragments(c, 1);
}

static void run_for(struct crowd *c, unsigned ticks, bool quiet, bool flood)
{
    for (unsigned i = 0; i < ticks; i++) {
        if (quiet)
            quiet_traffic(c);
        if (flood)
            c->scenario->flood(c);
        tick(c);
    }
}

static void establish(struct crowd *c)
{
    for (unsigned i = 0; i < CROWD_QUIET * CROWD_OLD; i++)
        connect(c, i % CROWD_QUIET, true);
    run_for(c, DRAIN, false, false);
    for (unsigned i = 0; i < c->conns; i++)
        assert_int_equal(c->conn[i].phase, 3);
}

/* Data each way on each old connection: how many still pass it. */
static unsigned alive(struct crowd *c)
{
    uint32_t first = c->frames;
    unsigned n = 0;

    for (unsigned i = 0; i < CROWD_QUIET * CROWD_OLD; i++) {
        send_tcp(c, i, 0, FR_ACK | FR_PSH, DATA);
        send_tcp(c, i, 1, FR_ACK | FR_PSH, DATA);
    }
    run_for(c, DRAIN, false, false);
    for (uint32_t i = 0; i < CROWD_QUIET * CROWD_OLD; i++)
        n += c->frame[first + 2 * i].arrived && c->frame[first + 2 * i + 1].arrived;
    return n;
}

static int judge(struct crowd *c, unsigned living)
{
    const char *felt = c->scenario->felt(c);
    int rc = 0;

    fprintf(
        stderr,
        "sim: %s: of the quiet ones' %llu packets %llu arrived, on old connections %llu of %llu; "
        "%u of %u "
        "old connections live; of the loud one's %llu packets %llu waited in vain to be fetched\n",
        c->scenario->name, (unsigned long long)c->sent, (unsigned long long)c->arrived,
        (unsigned long long)c->old_arrived, (unsigned long long)c->old_sent, living,
        CROWD_QUIET * CROWD_OLD, (unsigned long long)c->loud, (unsigned long long)c->waited);
    bool kept = c->arrived * 100 >= c->sent * KEEP;

    if (!kept || living < CROWD_QUIET * CROWD_OLD) {
        fprintf(stderr, "sim: %s: that is too few\n", c->scenario->name);
        rc = 1;
    }
    if (felt[0] != '\0') {
        fprintf(stderr, "sim: %s: this proves nothing: %s\n", c->scenario->name, felt);
        rc = 1;
    }
    return rc;
}

int crowd_run(const struct crowd_scenario *s)
{
    static struct crowd c;
    unsigned living;

    c.scenario = s;
    crowd_apply(&c, CROWD_LOUD_OPEN, "");
    establish(&c);
    if (s->open != NULL)
        s->open(&c);
    run_for(&c, FLOOD, true, true);
    run_for(&c, DRAIN, false, false);
    living = alive(&c);
    fw_sync(c.b.fw);
    int rc = judge(&c, living);

    bench_close(&c.b);
    return rc;
}

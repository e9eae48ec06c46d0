/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A script is a list of packets with what must become of each:
 *
 *     "> S 0 0 0 ws=7 w=500 | ok syn_sent"
 *
 * direction (> from the initiator), flags, sequence, acknowledgement, payload bytes, options; outcome, then the state.
 * Numbers are relative to the two ends' bases; every script runs with bases that wrap in different places and with
 * either end as the key's low one. Outcomes: ok (moves, refreshes the idle time), pass (goes through, the session is
 * not written to), win and state (refused, not written to), reopen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "session/track.h"

#define NS UINT64_C(1000000000)
#define PAIR                     \
    {                            \
        0xFFFFFFF0u, 0x7FFFFFF0u \
    }
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const uint32_t bases[][2] = {
    {0, 0}, {1000, 77}, {0xFFFFFFFF, 0xFFFFFF00}, {0xFFFFFFF0, 0x7FFFFFF0}};

struct script {
    const char *name;
    enum ses_midstream policy;
    const char *step[32];
};

#define HANDSHAKE \
    "> S 0 0 0 | ok syn_sent", "< SA 0 1 0 | ok syn_received", "> A 1 1 0 | ok established"
#define CLOSED                                                                                   \
    HANDSHAKE, "> FA 1 1 0 | ok fin_wait", "< A 1 2 0 | ok fin_wait", "< FA 1 2 0 | ok closing", \
        "> A 2 2 0 | ok time_wait"

static const struct script scripts[] = {
    {"handshake and data",
     SES_STRICT,
     {HANDSHAKE, "> A 1 1 100 | ok established", "< A 1 101 900 | ok established",
      "> A 101 901 0 | ok established"}},
    {"ECN handshake",
     SES_STRICT,
     {"> SEC 0 0 0 | ok syn_sent", "< SAE 0 1 0 | ok syn_received", "> A 1 1 0 | ok established"}},
    {"data in the SYN (RFC 7413)",
     SES_STRICT,
     {"> S 0 0 50 | ok syn_sent", "< SA 0 51 0 | ok syn_received", "> A 51 1 0 | ok established"}},
    {"data in the SYN not taken",
     SES_STRICT,
     {"> S 0 0 50 | ok syn_sent", "< SA 0 1 0 | ok syn_received", "> A 1 1 50 | ok established"}},
    {"handshake retransmissions",
     SES_STRICT,
     {"> S 0 0 0 | ok syn_sent", "> S 0 0 0 | ok syn_sent", "< SA 0 1 0 | ok syn_received",
      "> S 0 0 0 | ok syn_received", "< SA 0 1 0 | ok syn_received", "> A 1 1 0 | ok established",
      "< SA 0 1 0 | pass established"}},
    {"a new attempt before the answer",
     SES_STRICT,
     {"> S 0 0 0 | ok syn_sent", "> S 5000 0 0 | ok syn_sent", "< SA 0 1 0 | win syn_sent",
      "< SA 0 5001 0 | ok syn_received", "> A 5001 1 0 | ok established"}},
    {"another SYN after the answer",
     SES_STRICT,
     {"> S 0 0 0 | ok syn_sent", "< SA 0 1 0 | ok syn_received", "> S 900 0 0 | pass syn_received",
      "> A 1 1 0 | ok established"}},
    {"SYN+ACK of the wrong number",
     SES_STRICT,
     {"> S 0 0 0 | ok syn_sent", "< SA 0 0 0 | win syn_sent", "< SA 0 2 0 | win syn_sent",
      "< SA 0 1 0 | ok syn_received"}},
    {"initiator ahead of the answer",
     SES_STRICT,
     {"> S 0 0 0 | ok syn_sent", "> A 1 0 10 | state syn_sent", "> SA 0 1 0 | state syn_sent"}},
    {"data before the SYN+ACK",
     SES_STRICT,
     {"> S 0 0 0 | ok syn_sent", "< A 1 1 10 | state syn_sent", "< FA 1 1 0 | state syn_sent"}},
    {"simultaneous open",
     SES_STRICT,
     {"> S 0 0 0 | ok syn_sent", "< S 0 0 0 | ok syn_received", "> SA 0 1 0 | ok syn_received",
      "< SA 0 1 0 | ok established", "> A 1 1 10 | ok established"}},
    {"simultaneous open, wrong acknowledgement",
     SES_STRICT,
     {"> S 0 0 0 | ok syn_sent", "< S 0 0 0 | ok syn_received", "> SA 0 7 0 | win syn_received"}},
    {"half-open host answers with an ACK",
     SES_STRICT,
     {"> S 0 0 0 | ok syn_sent", "< A 9000 700 0 | pass syn_sent", "> R 700 0 0 | pass syn_sent",
      "> S 0 0 0 | ok syn_sent", "< SA 0 1 0 | ok syn_received"}},
    {"refused connection",
     SES_STRICT,
     {"> S 0 0 0 | ok syn_sent", "< R 0 0 0 | win syn_sent", "< RA 0 2 0 | win syn_sent",
      "< RA 0 1 0 | ok reset", "> S 0 0 0 | reopen reset"}},
    {"nothing goes over a connection that was refused",
     SES_STRICT,
     {"> S 0 0 0 | ok syn_sent", "< RA 0 1 0 | ok reset", "< RA 0 1 0 | pass reset",
      "< A 0 1 0 | pass reset", "< A 0 1 1 | state reset", "< FA 0 1 0 | state reset",
      "> A 1 0 1 | state reset", "< SA 0 1 0 | pass reset", "> S 0 0 0 | reopen reset"}},
    {"initiator gives up", SES_STRICT, {"> S 0 0 0 | ok syn_sent", "> R 1 0 0 | ok reset"}},
    {"responder resets in the handshake",
     SES_STRICT,
     {"> S 0 0 0 | ok syn_sent", "< SA 0 1 0 | ok syn_received", "< R 1 0 0 | ok reset"}},
    {"close by the initiator", SES_STRICT, {CLOSED}},
    {"close by the responder",
     SES_STRICT,
     {HANDSHAKE, "< FA 1 1 0 | ok close_wait", "> A 1 2 0 | ok close_wait",
      "> A 1 2 500 | ok close_wait", "< A 2 501 0 | ok close_wait", "> FA 501 2 0 | ok closing",
      "< A 2 502 0 | ok time_wait"}},
    {"simultaneous close",
     SES_STRICT,
     {HANDSHAKE, "> FA 1 1 0 | ok fin_wait", "< FA 1 1 0 | ok closing", "> A 2 2 0 | ok closing",
      "< A 2 2 0 | ok time_wait"}},
    {"FIN and ACK in one",
     SES_STRICT,
     {HANDSHAKE, "> FA 1 1 10 | ok fin_wait", "< FA 1 12 0 | ok closing",
      "> A 12 2 0 | ok time_wait"}},
    {"half-close: the other side goes on",
     SES_STRICT,
     {HANDSHAKE, "> FA 1 1 0 | ok fin_wait", "< A 1 2 900 | ok fin_wait",
      "> A 2 901 0 | ok fin_wait", "< A 901 2 900 | ok fin_wait"}},
    {"bytes behind the FIN",
     SES_STRICT,
     {HANDSHAKE, "> FA 1 1 0 | ok fin_wait", "> A 2 1 10 | state fin_wait"}},
    {"FIN ahead of the data it follows",
     SES_STRICT,
     {HANDSHAKE, "> FA 101 1 0 | ok fin_wait", "> A 1 1 100 | ok fin_wait",
      "< A 1 101 0 | ok fin_wait", "< A 1 102 0 | ok fin_wait", "< FA 1 102 0 | ok closing"}},
    {"FIN below what was sent",
     SES_STRICT,
     {HANDSHAKE, "> A 1 1 100 | ok established", "> FA 11 1 0 | ok established"}},
    {"FIN in the handshake's last packet",
     SES_STRICT,
     {"> S 0 0 0 | ok syn_sent", "< SA 0 1 0 | ok syn_received", "> FA 1 1 0 | ok fin_wait",
      "< FA 1 2 0 | ok closing", "> A 2 2 0 | ok time_wait"}},
    {"FIN retransmitted",
     SES_STRICT,
     {CLOSED, "< FA 1 2 0 | ok time_wait", "> A 2 2 0 | ok time_wait"}},
    {"TIME_WAIT: SYN with a higher number", SES_STRICT, {CLOSED, "> S 2 0 0 | reopen time_wait"}},
    {"TIME_WAIT: SYN from the other end", SES_STRICT, {CLOSED, "< S 90 0 0 | reopen time_wait"}},
    {"TIME_WAIT: SYN with an old number",
     SES_STRICT,
     {CLOSED, "> S 1 0 0 | pass time_wait", "< A 2 2 0 | ok time_wait"}},
    {"TIME_WAIT is not assassinated (RFC 1337)",
     SES_STRICT,
     {CLOSED, "> R 2 0 0 | pass time_wait"}},
    {"exact RST",
     SES_STRICT,
     {HANDSHAKE, "> A 1 1 100 | ok established", "> R 101 0 0 | ok reset",
      "> S 0 0 0 | reopen reset"}},
    {"RST at the acknowledged byte",
     SES_STRICT,
     {HANDSHAKE, "> A 1 1 100 | ok established", "> R 1 0 0 | ok reset",
      "< S 0 0 0 | reopen reset"}},
    {"inexact RST (RFC 5961)",
     SES_STRICT,
     {HANDSHAKE, "> R 2 0 0 | pass established", "> R 1000 0 0 | pass established",
      "< R 500 0 0 | pass established"}},
    {"RST outside the window",
     SES_STRICT,
     {HANDSHAKE, "> R 1001 0 0 | win established", "> R 0 0 0 | win established",
      "< R 40000 0 0 | win established"}},
    {"after a RST",
     SES_STRICT,
     {HANDSHAKE, "< RA 1 1 0 | ok reset", "> A 1 1 100 | pass reset", "> A 5000 1 100 | win reset",
      "< RA 1 1 0 | pass reset", "< SA 1 1 0 | pass reset"}},
    {"SYN in a live connection, rebooted host",
     SES_STRICT,
     {HANDSHAKE, "> S 777777 0 0 | pass established", "< A 1 1 0 | ok established",
      "> R 1 0 0 | ok reset", "> S 777777 0 0 | reopen reset"}},
    {"data outside the window",
     SES_STRICT,
     {HANDSHAKE, "> A 1 1 1000 | ok established", "> A 1001 1 1 | win established",
      "> A 900000 1 10 | win established", "> A -2000 1 10 | win established"}},
    {"acknowledgement outside the window",
     SES_STRICT,
     {HANDSHAKE, "> A 1 2 0 | win established", "> A 1 90000 0 | win established",
      "> A 1 -1000 0 | win established", "> A 1 -999 0 | ok established"}},
    {"retransmission and reordering",
     SES_STRICT,
     {HANDSHAKE, "> A 501 1 500 | ok established", "> A 1 1 500 | ok established",
      "> A 1 1 500 | ok established", "< A 1 1001 0 | ok established",
      "< A 1 501 0 | ok established", "> A 1001 1 1000 | ok established",
      "> A 501 1 500 | ok established"}},
    {"keep-alive",
     SES_STRICT,
     {HANDSHAKE, "> A 0 1 0 | ok established", "< A 1 1 0 | ok established",
      "> A 0 1 1 | ok established"}},
    {"zero window and its probe",
     SES_STRICT,
     {HANDSHAKE, "> A 1 1 1000 | ok established", "< A 1 1001 0 w=0 | ok established",
      "> A 1001 1 1 | ok established", "> A 1001 1 2 | win established",
      "< A 1 1001 0 w=0 | ok established", "< A 1 1001 0 w=2 | ok established",
      "> A 1001 1 2 | ok established"}},
    {"window scale by both",
     SES_STRICT,
     {"> S 0 0 0 ws=7 | ok syn_sent", "< SA 0 1 0 ws=3 | ok syn_received",
      "> A 1 1 0 w=100 | ok established", "< A 1 1 12800 w=100 | ok established",
      "< A 12801 1 1 | win established", "> A 1 1 1000 | ok established",
      "> A 1001 1 1 | win established", "< A 1 1001 0 w=100 | ok established",
      "> A 1001 1 800 | ok established", "> A 1801 1 1 | win established"}},
    {"window scale by one",
     SES_STRICT,
     {"> S 0 0 0 ws=7 | ok syn_sent", "< SA 0 1 0 | ok syn_received", "> A 1 1 0 | ok established",
      "< A 1 1 1000 | ok established", "< A 1001 1 1 | win established"}},
    {"window scale above 14 counts as 14",
     SES_STRICT,
     {"> S 0 0 0 ws=200 | ok syn_sent", "< SA 0 1 0 ws=0 | ok syn_received",
      "> A 1 1 0 w=1 | ok established", "< A 1 1 16384 | ok established",
      "< A 16385 1 1 | win established"}},
    {"the window of a SYN is not scaled",
     SES_STRICT,
     {"> S 0 0 0 ws=7 | ok syn_sent", "< SA 0 1 0 ws=7 | ok syn_received",
      "> A 1 1 0 w=8 | ok established", "> A -1023 1 0 w=8 | ok established",
      "> A -1024 1 0 w=8 | win established"}},
    {"windows that never open",
     SES_STRICT,
     {"> S 0 0 0 w=0 | ok syn_sent", "< SA 0 1 0 w=0 | ok syn_received",
      "> A 1 1 0 w=0 | ok established", "> A 0 1 0 w=0 | ok established",
      "> A 1 1 1 w=0 | ok established", "> A 2 1 1 w=0 | win established"}},
    {"GSO frames",
     SES_STRICT,
     {"> S 0 0 0 ws=7 w=65535 | ok syn_sent", "< SA 0 1 0 ws=7 w=65535 | ok syn_received",
      "> A 1 1 0 w=512 | ok established", "< A 1 1 65000 w=512 | ok established",
      "> A 1 65001 65000 w=512 | ok established", "< A 1 1 65000 w=512 | ok established"}},
    {"flags no segment has",
     SES_STRICT,
     {HANDSHAKE, "> - 1 1 0 | state established", "> P 1 1 10 | state established",
      "> SR 1 1 0 | state established", "> SF 1 1 0 | state established"}},
    {"pick-up",
     SES_PICK_UP,
     {"> A 0 0 100 | ok picked_up", "> A 100 5000 100 | ok picked_up",
      "< A 5000 200 1000 | ok established", "> A 200 6000 0 | ok established",
      "> FA 200 6000 0 | ok fin_wait", "< FA 6000 201 0 | ok closing",
      "> A 201 6001 0 | ok time_wait"}},
    {"pick-up, reset by the unseen end",
     SES_PICK_UP,
     {"> A 0 0 100 | ok picked_up", "< R 5 0 0 | pass picked_up", "< R 0 0 0 | ok reset"}},
    {"pick-up of nothing",
     SES_PICK_UP,
     {"> A 0 0 0 | ok picked_up", "> S 70000 0 0 | reopen picked_up"}},
    {"pick-up at the FIN",
     SES_PICK_UP,
     {"> FA 0 0 0 | ok fin_wait", "< FA 0 1 0 | ok closing", "> A 1 1 0 | ok time_wait"}},
};

static struct ses_packet parse(const char *step, const uint32_t base[2], bool *back, char *outcome,
                               char *state)
{
    static const struct {
        char letter;
        uint8_t bit;
    } flags[] = {{'F', 1},  {'S', 2},  {'R', 4},    {'P', 8},
                 {'A', 16}, {'U', 32}, {'E', 0x40}, {'C', 0x80}};
    struct ses_packet p = {.proto = 6, .window = 1000, .wscale = SES_WSCALE_NONE};
    const char *option;
    char dir, word[9];
    int seq, ack;

    if (sscanf(step, "%c %8s %d %d %u", &dir, word, &seq, &ack, &p.payload) != 5 ||
        sscanf(strchr(step, '|'), "| %15s %15s", outcome, state) != 2)
        fail_msg("bad step: %s", step);
    for (const char *c = word; *c && *c != '-'; c++) {
        for (unsigned i = 0; i < COUNT(flags); i++)
            p.tcp_flags |= (uint8_t)(flags[i].letter == *c ? flags[i].bit : 0);
    }
    *back = dir == '<';
    p.seq = base[*back] + (uint32_t)seq;
    p.ack = base[!*back] + (uint32_t)ack;
    option = strstr(step, " w=");
    if (option)
        p.window = (uint16_t)strtoul(option + 3, NULL, 10);
    option = strstr(step, " ws=");
    if (option)
        p.wscale = (uint8_t)strtoul(option + 4, NULL, 10);
    return p;
}

static const char *outcome_name(enum ses_outcome outcome, enum hsr_drop drop)
{
    if (outcome == SES_REOPENS)
        return "reopen";
    if (outcome == SES_CONTINUES)
        return drop == HSR_DROP_NONE ? "ok" : "?";
    return drop == HSR_DROP_TCP_WINDOW ? "win" : drop == HSR_DROP_TCP_STATE ? "state" : "?";
}

/* Is the session aged as `idle` wants it, within the tick of 134 ms it is rounded up to? */
static bool expires_in(const struct session *s, uint64_t now, uint32_t idle)
{
    uint64_t deadline = (uint64_t)s->deadline << 27;

    return deadline >= now + idle * NS && deadline < now + idle * NS + (1u << 27);
}

/* What eviction and ageing take a state for. */
static uint8_t class_of(const char *state)
{
    if (strncmp(state, "syn_", 4) == 0 || strcmp(state, "picked_up") == 0)
        return SES_EMBRYONIC;
    if (strcmp(state, "closing") == 0 || strcmp(state, "time_wait") == 0 ||
        strcmp(state, "reset") == 0)
        return SES_CLOSING;
    return SES_ESTABLISHED;
}

static void check_step(struct ses_table *t, struct session *s, unsigned from, const char *step,
                       const uint32_t base[2], uint64_t now)
{
    struct ses_timeouts timeouts;
    struct session was = *s;
    char outcome[16], state[16];
    enum ses_outcome got;
    enum hsr_drop drop;
    bool back;
    struct ses_packet p = parse(step, base, &back, outcome, state);

    ses_timeouts_default(&timeouts);
    got = ses_track(t, s, back ? !from : from, &p, now, &drop);
    if (strcmp(outcome, "ok") == 0) {
        assert_string_equal(outcome_name(got, drop), "ok");
        assert_true(expires_in(s, now, ses_proto(6)->idle(s, &timeouts)));
    } else {
        assert_string_equal(outcome_name(got, drop), strcmp(outcome, "pass") == 0 ? "ok" : outcome);
        assert_memory_equal(s, &was, sizeof was);
    }
    assert_string_equal(ses_state_name(s), state);
    assert_int_equal(s->state, class_of(state));
}

static void run_script(const struct script *script, const uint32_t base[2], unsigned from)
{
    struct ses_table_config config = {.capacity = 4, .instance = 1};
    struct hsr_key key = {.w = {1, hsr_key_ports(1, 2, 3, 6)}};
    uint64_t now = 5 * NS;
    char outcome[16], state[16];
    struct ses_table *t;
    struct session *s;
    struct ses_packet p;
    enum hsr_drop drop;
    bool back;

    ses_timeouts_default(&config.timeouts);
    t = ses_table_open(&config);
    assert_non_null(t);
    p = parse(script->step[0], base, &back, outcome, state);
    assert_int_equal(ses_opens(&p, script->policy), HSR_DROP_NONE);
    s = ses_create(t, 1, &key, from, 0, now, &drop);
    assert_non_null(s);
    ses_begin(t, s, &p, now);
    assert_string_equal(ses_state_name(s), state);
    assert_true(expires_in(s, now, config.timeouts.tcp_embryonic) ||
                s->tcp[from].state == SES_TCP_FIN);
    for (unsigned i = 1; i < COUNT(script->step) && script->step[i]; i++)
        check_step(t, s, from, script->step[i], base, now += NS);
    ses_table_close(t);
}

/* Fault 13: blind RST and SYN, wrap, half-close, simultaneous open, reuse: a script each. */
static void test_scripts(void **unused)
{
    (void)unused;
    for (unsigned i = 0; i < COUNT(scripts); i++) {
        print_message("  %s\n", scripts[i].name);
        for (unsigned n = 0; n < 2 * COUNT(bases); n++)
            run_script(&scripts[i], bases[n / 2], n % 2);
    }
}

/* Faults 12, 14: which segments may open a connection, and which not. */
static void test_opens(void **unused)
{
    (void)unused;
    for (unsigned flags = 0; flags < 256; flags++) {
        struct ses_packet p = {.proto = 6, .tcp_flags = (uint8_t)flags};
        bool syn = (flags & 0x17) == 0x02;
        bool middle = (flags & 0x16) == 0x10; /* ACK, no SYN, no RST */

        assert_int_equal(ses_opens(&p, SES_STRICT) == HSR_DROP_NONE, syn);
        assert_int_equal(ses_opens(&p, SES_PICK_UP) == HSR_DROP_NONE, syn || middle);
        if (middle)
            assert_int_equal(ses_opens(&p, SES_STRICT), HSR_DROP_NO_SESSION);
    }
    assert_int_equal(ses_opens(&(struct ses_packet){.proto = 6}, SES_PICK_UP), HSR_DROP_TCP_STATE);
}

/* Idle time of each pair of ends' states. */
static void test_idle_times(void **unused)
{
    static const struct {
        uint8_t a, b;
        uint32_t idle;
    } want[] = {
        {SES_TCP_SYN, SES_TCP_NONE, 1},
        {SES_TCP_ESTABLISHED, SES_TCP_SYN, 1},
        {SES_TCP_ESTABLISHED, SES_TCP_ESTABLISHED, 2},
        {SES_TCP_FIN, SES_TCP_ESTABLISHED, 3},
        {SES_TCP_ESTABLISHED, SES_TCP_FIN_ACKED, 3},
        {SES_TCP_FIN, SES_TCP_FIN_ACKED, 4},
        {SES_TCP_FIN_ACKED, SES_TCP_FIN_ACKED, 5},
        {SES_TCP_RESET, SES_TCP_NONE, 6},
    };
    struct ses_timeouts timeouts = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

    (void)unused;
    for (unsigned i = 0; i < COUNT(want); i++) {
        struct session s = {.tcp = {{.state = want[i].a}, {.state = want[i].b}}};

        assert_int_equal(ses_proto(6)->idle(&s, &timeouts), want[i].idle);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_opens),
        cmocka_unit_test(test_idle_times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

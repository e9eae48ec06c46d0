/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions: the input is a sequence of TCP, UDP and ICMP packets of a few tuples, with time passing, before a small table. The
 * oracle (oracle.h) remembers all that was let through and says what may be. A packet that is refused changes nothing; a session
 * that both ends have spoken in never makes room for one that is half open; what the table finds is what was put in.
 */
#include <string.h>

#include "fuzz.h"
#include "oracle.h"

enum {
    ESTABLISHED,
    CLOSING,
    RESET,
    REOPENED,
    REFUSED_WINDOW,
    REFUSED_STATE,
    EVICTED,
    EXPIRED,
    ICMP_ANSWERED,
    PICKED_UP,
    ONE_WINDOW
};
const char *const fuzz_depths[] = {
    "TCP established",       "TCP closed by both",      "TCP reset",     "a tuple used again",
    "outside of the window", "against the state",       "evicted",       "expired",
    "an ICMP reply",         "picked up in the middle", "a full window", NULL};

#define TUPLES   16
#define CAPACITY 8
#define STEPS    80
#define NS       UINT64_C(1000000000)
#define SECRET   UINT64_C(0x9E3779B97F4A7C15)

static const uint8_t proto_of[TUPLES] = {6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 17, 17, 1, 58, 132, 47};

static struct world {
    struct ses_table *t;
    uint64_t now;
    bool opening; /* an eviction would be for this one */
    struct oracle oracle[TUPLES];
    struct session *session[TUPLES];
    uint32_t next[TUPLES][2]; /* sequence number where each end goes on */
} w;

static struct hsr_key key_of(unsigned tuple)
{
    return (struct hsr_key){.w = {tuple + 1, hsr_key_ports(1, 2, 3, proto_of[tuple])}};
}

static uint64_t hash_of(unsigned tuple)
{
    return (tuple % 3 + 1) * SECRET; /* they collide */
}

static void on_gone(void *arg, struct session *s, enum ses_why why)
{
    (void)arg;
    for (unsigned i = 0; i < TUPLES; i++) {
        if (w.session[i] != s)
            continue;
        FUZZ_MUST(why != SES_WHY_EVICTED || (w.opening && s->state != SES_ESTABLISHED));
        if (why == SES_WHY_EVICTED)
            fuzz_reached(EVICTED);
        if (why == SES_WHY_EXPIRED || why == SES_WHY_CLOSED)
            fuzz_reached(EXPIRED);
        w.session[i] = NULL;
        w.oracle[i].there = false;
        return;
    }
    FUZZ_MUST(false); /* a session that nobody made */
}

/* Near where the sender is, or anywhere. */
static struct ses_packet read_packet(struct fuzz_input *in, unsigned tuple, bool answer)
{
    struct ses_packet p = {.proto = proto_of[tuple], .wscale = SES_WSCALE_NONE};
    uint8_t odd;

    if (p.proto != HSR_PROTO_TCP) {
        p.icmp_type = fuzz_8(in);
        return p;
    }
    p.tcp_flags = fuzz_8(in) & 0x3F;
    odd = fuzz_8(in);
    p.window = odd & 1 ? fuzz_16(in) : 8192;
    p.payload = odd & 2 ? fuzz_16(in) : 0;
    p.seq = w.next[tuple][answer] + (odd & 4 ? fuzz_32(in) : 0);
    p.ack = p.tcp_flags & 0x10 ? w.next[tuple][!answer] + (odd & 8 ? fuzz_32(in) : 0) : 0;
    if (p.tcp_flags & 2)
        p.wscale = odd & 16 ? fuzz_8(in) % 16 : SES_WSCALE_NONE;
    return p;
}

static void move_on(unsigned tuple, bool answer, const struct ses_packet *p)
{
    if (p->proto == HSR_PROTO_TCP && !(p->tcp_flags & 4))
        w.next[tuple][answer] = p->seq + p->payload + !!(p->tcp_flags & 2) + !!(p->tcp_flags & 1);
}

static void open_one(unsigned tuple, const struct ses_packet *p)
{
    enum ses_midstream policy = tuple % 4 == 3 ? SES_PICK_UP : SES_STRICT;
    enum hsr_drop drop = ses_opens(p, policy);
    struct hsr_key key = key_of(tuple);
    struct session *s;

    if (p->proto == HSR_PROTO_TCP && policy == SES_STRICT)
        FUZZ_MUST((drop == HSR_DROP_NONE) == ((p->tcp_flags & 0x17) == 2));
    if (drop != HSR_DROP_NONE)
        return;
    w.opening = true;
    s = ses_create(w.t, hash_of(tuple), &key, false, 1 + tuple % 2, w.now, &drop);
    w.opening = false;
    if (s == NULL)
        return;
    ses_begin(w.t, s, p, w.now);
    w.session[tuple] = s;
    oracle_begin(&w.oracle[tuple], p);
    if (w.oracle[tuple].picked_up)
        fuzz_reached(PICKED_UP);
    move_on(tuple, false, p);
}

/* Byte by byte. */
static bool is_as_before(const void *before, const void *s)
{
    return memcmp(before, s, sizeof(struct session)) == 0;
}

static void refused(const struct session *before, const struct session *s, enum hsr_drop drop)
{
    FUZZ_MUST(is_as_before(before, s));
    FUZZ_MUST(drop == HSR_DROP_TCP_WINDOW || drop == HSR_DROP_TCP_STATE ||
              drop == HSR_DROP_ICMP_STATE);
    fuzz_reached(drop == HSR_DROP_TCP_WINDOW ? REFUSED_WINDOW : REFUSED_STATE);
}

static void passed(unsigned tuple, bool answer, const struct ses_packet *p,
                   const struct session *before)
{
    struct session *s = w.session[tuple];
    struct oracle *o = &w.oracle[tuple];
    bool is_reset = p->proto == HSR_PROTO_TCP && p->tcp_flags & 4;

    FUZZ_MUST(oracle_may_pass(o, answer, p));
    /* A reset that does not hit is for its receiver to judge. */
    if (is_reset && s->state == SES_CLOSING && before->state != SES_CLOSING) {
        FUZZ_MUST(oracle_may_reset(o, answer, p));
        fuzz_reached(RESET);
    } else if (is_reset) {
        FUZZ_MUST(s->state == before->state);
    }
    oracle_note(o, answer, p);
    FUZZ_MUST(oracle_may_be(o, s->state));
    if (p->proto == HSR_PROTO_TCP && s->state == SES_ESTABLISHED) {
        fuzz_reached(ESTABLISHED);
        if (p->payload == 8192)
            fuzz_reached(ONE_WINDOW);
    }
    if (s->state == SES_CLOSING && !is_reset)
        fuzz_reached(CLOSING);
    if (answer && p->proto == HSR_PROTO_ICMP)
        fuzz_reached(ICMP_ANSWERED);
    move_on(tuple, answer, p);
}

static void packet(unsigned tuple, bool answer, const struct ses_packet *p)
{
    struct session *s = w.session[tuple], before;
    enum hsr_drop drop = HSR_DROP_NONE;

    if (s == NULL) {
        if (!answer)
            open_one(tuple, p);
        return;
    }
    before = *s;
    switch (ses_track(w.t, s, ses_initiator(s) ^ answer, p, w.now, &drop)) {
    case SES_CONTINUES:
        passed(tuple, answer, p, &before);
        break;
    case SES_REFUSED:
        refused(&before, s, drop);
        break;
    default:
        FUZZ_MUST(is_as_before(&before, s));
        FUZZ_MUST(oracle_may_reopen(&w.oracle[tuple]));
        fuzz_reached(REOPENED);
        ses_remove(w.t, s, SES_WHY_CLOSED);
        if (!answer)
            open_one(tuple, p);
    }
}

/* The table finds what is there, from both sides, and nothing else. */
static void check(void)
{
    uint32_t n = 0;

    for (unsigned i = 0; i < TUPLES; i++) {
        struct hsr_key key = key_of(i);
        unsigned dir;

        FUZZ_MUST(ses_find(w.t, hash_of(i), &key, true, &dir) == w.session[i]);
        FUZZ_MUST(ses_find(w.t, hash_of(i), &key, false, &dir) == w.session[i]);
        if (w.session[i] == NULL)
            continue;
        n++;
        FUZZ_MUST(dir == ses_initiator(w.session[i]));
        FUZZ_MUST(ses_sealed(w.t, w.session[i]));
        FUZZ_MUST(ses_by_flow(w.t, ses_flow_id(w.t, w.session[i], false)) == w.session[i]);
    }
    FUZZ_MUST(ses_stats(w.t)->used == n);
}

static void step(struct fuzz_input *in)
{
    uint8_t what = fuzz_8(in);
    unsigned tuple = what & 15;
    bool answer = what >> 4 & 1;

    if (what < 0xE0) {
        struct ses_packet p = read_packet(in, tuple, answer);

        packet(tuple, answer, &p);
    } else if (what < 0xF8) {
        w.now += fuzz_8(in) * NS;
        ses_expire(w.t, w.now, UINT32_MAX);
    } else if (w.session[tuple] != NULL) {
        ses_remove(w.t, w.session[tuple], SES_WHY_FLUSH);
    }
    check();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct ses_table_config config = {.capacity = CAPACITY, .instance = 1, .gone = on_gone};

    ses_timeouts_default(&config.timeouts);
    memset(&w, 0, sizeof w);
    w.now = NS;
    w.t = ses_table_open(&config);
    FUZZ_MUST(w.t != NULL);
    ses_quota(w.t, 1, size % 2 ? SES_QUOTA_NONE : 0);
    for (unsigned i = 0; i < TUPLES; i++)
        w.next[i][0] = w.next[i][1] = i % 2 ? UINT32_MAX - 3000 : 100000; /* one wraps */
    for (unsigned i = 0; i < STEPS && in.n > 0; i++)
        step(&in);
    w.now += 100000 * NS;
    ses_expire(w.t, w.now, UINT32_MAX);
    check();
    FUZZ_MUST(ses_stats(w.t)->used == 0);
    ses_table_close(w.t);
    return 0;
}

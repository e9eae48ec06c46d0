/* SPDX-License-Identifier: Apache-2.0 */
#include "nat_world.h"

struct fr want;

const struct way a_out = {
    "a",
    "up",
    {MAC_A, GW, "10.1.0.5", "198.51.100.9", 1000, 80, 0, 0},
    {MAC_UP, MAC_GW, "203.0.113.5", "198.51.100.9", 1000, 80, 0, 0},
};
const struct way a_in = {
    "up",
    "a",
    {MAC_GW, MAC_UP, "198.51.100.9", "203.0.113.5", 80, 1000, 0, 0},
    {GW, MAC_A, "198.51.100.9", "10.1.0.5", 80, 1000, 0, 0},
};

const struct way b_out = {
    "b",
    "up",
    {MAC_B, GW, "10.1.0.6", "198.51.100.9", 20005, 80, 0, 0},
    {MAC_UP, MAC_GW, "203.0.113.100", "198.51.100.9", 20005, 80, 0, 0},
};
const struct way b_in = {
    "up",
    "b",
    {MAC_GW, MAC_UP, "198.51.100.9", "203.0.113.100", 80, 20005, 0, 0},
    {GW, MAC_B, "198.51.100.9", "10.1.0.6", 80, 20005, 0, 0},
};

const struct way to_web = {
    "up",
    "c",
    {MAC_GW, MAC_UP, "198.51.100.9", "203.0.113.100", 4000, 80, 0, 0},
    {GW2, MAC_C, "198.51.100.9", "10.2.0.5", 4000, 80, 0, 0},
};
const struct way from_web = {
    "c",
    "up",
    {MAC_C, GW2, "10.2.0.5", "198.51.100.9", 80, 4000, 0, 0},
    {MAC_UP, MAC_GW, "203.0.113.100", "198.51.100.9", 80, 4000, 0, 0},
};

void build(struct fr *f, const struct fr_flow *flow, enum kind kind)
{
    if (kind == UDP)
        fr_udp(f, flow, 100);
    else if (kind == ECHO || kind == REPLY)
        fr_echo(f, flow, kind == ECHO ? 8 : 0, flow->sport);
    else if (kind == SYN)
        fr_tcp(f, flow, FR_SYN, 1, 0, 0);
    else if (kind == SYN_ACK)
        fr_tcp(f, flow, FR_SYN | FR_ACK, 1, 2, 0);
    else
        fr_tcp(f, flow, FR_ACK, 2, 2, 33);
}

void passes(struct bench *b, const struct way *w, enum kind kind)
{
    struct fr_flow becomes = w->becomes;

    becomes.ttl = 63;
    build(&out, &w->is, kind);
    build(&want, &becomes, kind);
    bench_passes(b, w->from, &out, w->to, &in);
    assert_int_equal(in.len, want.len);
    assert_memory_equal(in.b, want.b, want.len);
}

void refused(struct bench *b, const char *port, const struct fr_flow *f, enum kind kind,
             enum hsr_drop reason)
{
    build(&out, f, kind);
    bench_refused(b, port, &out, reason);
}

uint16_t leaves(struct bench *b, const struct way *w, enum kind kind)
{
    struct fr_flow becomes = w->becomes;
    bool echo = kind == ECHO;

    build(&out, &w->is, kind);
    bench_passes(b, w->from, &out, w->to, &in);
    becomes.ttl = 63;
    becomes.sport = fr_get16(in.b + (echo ? 38 : 34));
    build(&want, &becomes, kind);
    assert_int_equal(in.len, want.len);
    assert_memory_equal(in.b, want.b, want.len);
    return becomes.sport;
}

struct way ports(const struct way *w, uint16_t is_sport, uint16_t is_dport, uint16_t sport,
                 uint16_t dport)
{
    struct way p = *w;

    p.is.sport = is_sport;
    p.is.dport = is_dport;
    p.becomes.sport = sport;
    p.becomes.dport = dport;
    return p;
}

void apply(struct bench *b, const char *yaml)
{
    struct cfg_error error;

    if (bench_apply(b, yaml, &error) != 0)
        fail_msg("%s: %s", error.path, error.text);
}

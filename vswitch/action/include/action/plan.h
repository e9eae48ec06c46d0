/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What most programs do, in a few words beside them: out of a tunnel, TTL, Ethernet addresses, translation over IPv4, a tunnel over
 * IPv4, output.
 * It is made when the program is, so that a packet finds at once what it would else find action by action.
 */
#ifndef ACTION_PLAN_H
#define ACTION_PLAN_H

#include <stdbool.h>
#include <stdint.h>

enum act_plan_flag {
    ACT_PLAN_WHOLE =
        0x01, /* it says all that the program does: act_plan_run() (plain.h) is act_run() */
    ACT_PLAN_HOP = 0x02,
    ACT_PLAN_NAT = 0x04,
    ACT_PLAN_DECAP =
        0x08, /* of packets that came through a tunnel alone; without it, of those that came through none */
};

struct act_plan {
    uint32_t macs;     /* template of ACT_ETH, ACT_NONE: they stay */
    uint32_t outer;    /* template of ACT_ENCAP, ACT_NONE: no tunnel */
    uint16_t port;     /* of ACT_OUTPUT */
    uint8_t outer_len; /* 0: no tunnel */
    uint8_t offload;   /* arg8 of ACT_ENCAP */
    uint8_t flags;     /* enum act_plan_flag */
    uint8_t spare[3];
};

_Static_assert(sizeof(struct act_plan) == 16, "four in a cache line");

struct act_store;
struct act_program;

/* Of a program whose templates are there. */
struct act_plan act_plan_of(const struct act_store *s, const struct act_program *program);

#endif

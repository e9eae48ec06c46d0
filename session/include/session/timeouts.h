/* SPDX-License-Identifier: Apache-2.0 */
/* Idle time-outs by protocol and state, seconds, at least 1. Defaults after Linux conntrack, shortened where a cloud host must. */
#ifndef SESSION_TIMEOUTS_H
#define SESSION_TIMEOUTS_H

#include <stdint.h>

struct ses_timeouts {
    uint32_t tcp_embryonic;   /* 20: SYN seen, or SYN and SYN+ACK */
    uint32_t tcp_established; /* 3,600 */
    uint32_t tcp_half_closed; /* 120: one FIN seen */
    uint32_t tcp_closing;     /* 30: both FINs seen, not both acknowledged */
    uint32_t tcp_time_wait;   /* 30 */
    uint32_t tcp_reset;       /* 2: about one round trip, for what is still under way */
    uint32_t udp_single;      /* 30: one direction only */
    uint32_t udp_stream;      /* 120: both directions */
    uint32_t icmp;            /* 10 */
    uint32_t other;           /* 60 */
};

void ses_timeouts_default(struct ses_timeouts *t);

#endif

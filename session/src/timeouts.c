/* SPDX-License-Identifier: Apache-2.0 */
#include "session/timeouts.h"

void ses_timeouts_default(struct ses_timeouts *t)
{
    *t = (struct ses_timeouts){
        .tcp_embryonic = 20,
        .tcp_established = 3600,
        .tcp_half_closed = 120,
        .tcp_closing = 30,
        .tcp_time_wait = 30,
        .tcp_reset = 2,
        .udp_single = 30,
        .udp_stream = 120,
        .icmp = 10,
        .other = 60,
    };
}

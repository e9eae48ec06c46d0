/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan (plan.h) run on one packet, in one straight line. What it does is what act_run() would do with the program, and a test
 * holds them equal.
 *
 * For packets that came whole, are IPv4 without anything left to the NIC, and are UDP or TCP without SYN; all of their L4 header is
 * there. Through a tunnel, without a congestion mark on its outside, if the plan leaves one, else through none: l2_off is 0 then.
 * Everything is inlined into the one place that uses it.
 */
#ifndef ACTION_PLAIN_H
#define ACTION_PLAIN_H

#include "action/action.h"
#include "action/encap4.h"

#define ACT_PLAIN static inline __attribute__((always_inline))

/* May it run on a packet whose IP header is this? False: the packet dies of its TTL. */
ACT_PLAIN bool act_plan_may(const struct act_plan *plan, const uint8_t *ip)
{
    return !(plan->flags & ACT_PLAN_HOP) || ip[8] > 1;
}

#define ACT_PLAIN_HOP 0xFEFFu /* by which the sum grows when the TTL's byte falls by one */

/*
 * On the frame that came in here; the first byte of what leaves. `param`: of the session's direction. `l2`: that of the metadata, where
 * the caller knows it.
 */
ACT_PLAIN uint8_t *act_plan_run(const struct act_plan *plan, const struct act_store *s,
                                const uint8_t *param, uint8_t *frame,
                                const struct hsr_rx_meta *meta, uint32_t l2)
{
    uint8_t *ip = frame + meta->l3_off;
    uint32_t hop = plan->flags & ACT_PLAN_HOP ? ACT_PLAIN_HOP : 0;

    if (hop != 0)
        ip[8] = (uint8_t)(ip[8] - 1);
    if (plan->macs != ACT_NONE)
        memcpy(frame + l2, act_template(s, plan->macs), 12);
    if (plan->flags & ACT_PLAN_NAT) {
        nat_write_plain(param, ip, frame + meta->l4_off, meta->class == HSR_CLASS_UDP, hop);
    } else if (hop != 0) {
        hsr_store16(ip + 10, nat_plain_csum(hsr_load16(ip + 10), hop));
    }
    frame += l2;
    if (plan->outer == ACT_NONE)
        return frame;
    frame -= plan->outer_len;
    encap4(frame, act_template(s, plan->outer), plan->outer_len,
           meta->frame_len - l2 + plan->outer_len, ip[1] & 3, meta->hash);
    return frame;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MSS clamp: a SYN offers no larger segments than the path takes (RFC 9293, 3.7.1), for hosts that hear no ICMP. Only ever
 * down, and only an option that is there: who offers none gets 536 bytes (IPv6: 1,220) anyway.
 */
#include <stdio.h>

#include "actions.h"
#include "hsring/csum.h"
#include "hsring/wire.h"

enum { SYN = 0x02, END = 0, NOP = 1, MSS = 2, MSS_LEN = 4 };

/* The sum of a field that begins at an odd distance has its bytes the other way round. */
static uint16_t as_summed(uint16_t value, bool odd)
{
    return odd ? __builtin_bswap16(value) : value;
}

static void lower(const struct act_packet *p, uint8_t *tcp, uint32_t at, uint16_t most)
{
    uint16_t offered = hsr_load16(tcp + at);
    bool odd = at & 1, partial = (p->meta.verdicts >> 2 & 3) == HSR_VERDICT_PARTIAL;

    if (offered <= most)
        return;
    hsr_store16(tcp + at, most);
    if (partial) /* the field holds the pseudo header's sum alone */
        return;
    hsr_store16(tcp + HSR_TCP_CSUM, hsr_csum_update(hsr_load16(tcp + HSR_TCP_CSUM),
                                                    as_summed(offered, odd), as_summed(most, odd)));
}

static void clamp(const struct act_packet *p, uint16_t most)
{
    uint32_t len = (uint32_t)p->meta.payload_off - p->meta.l4_off, at = HSR_TCP_HDR;
    uint8_t *tcp = act_frame(p) + p->l4;

    while (at + 2 <= len && tcp[at] != END) {
        if (tcp[at] == NOP) {
            at++;
            continue;
        }
        uint32_t option = tcp[at + 1];

        if (option < 2 || at + option > len)
            return;
        if (tcp[at] == MSS && option == MSS_LEN)
            lower(p, tcp, at + 2, most);
        at += option;
    }
}

static void run(struct act_vector *v, const struct act_action *a)
{
    for (struct act_packet *p = v->packet, *end = v->end; p < end; p++)
        if (p->drop == HSR_DROP_NONE && p->meta.class == HSR_CLASS_TCP && p->meta.tcp_flags & SYN)
            clamp(p, a->arg16);
}

static void describe(const struct act_action *a, const struct act_store *s,
                     const struct ses_dir *dir, char *text, uint32_t size)
{
    (void)s;
    (void)dir;
    snprintf(text, size, "mss at most %u", a->arg16);
}

const struct act_ops act_mss = {.name = "mss", .run = run, .describe = describe};

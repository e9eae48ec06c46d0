/* SPDX-License-Identifier: Apache-2.0 */
/*
 * po-segment: what the Post-Processor model makes of one frame.
 *
 * stdin: a line "l3_off l4_off gso_size ipv6 mtu", then the frame in hexadecimal on one line.
 * stdout: one line of hexadecimal a frame. Exit status 1: dropped (the reason is on stderr), 2: cannot read the input.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postproc/post.h"

static void print_hex(const uint8_t *p, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        printf("%02x", p[i]);
}

static uint32_t print_frames(void *arg, const struct po_frame *frames, uint32_t n)
{
    (void)arg;
    for (uint32_t i = 0; i < n; i++) {
        print_hex(frames[i].head, frames[i].head_len);
        print_hex(frames[i].body, frames[i].body_len);
        putchar('\n');
    }
    return n;
}

/* The frame, from one line of hexadecimal; 0 when there is none or it does not fit. */
static uint32_t read_frame(uint8_t *frame, uint32_t room)
{
    uint32_t len = 0;
    unsigned byte;

    while (scanf("%2x", &byte) == 1) {
        if (len == room)
            return 0;
        frame[len++] = (uint8_t)byte;
    }
    return len;
}

int main(void)
{
    static uint8_t frame[HSR_MAX_FRAME];
    static struct po_work work;
    struct hsr_tx_meta meta = {.offload = HSR_TXO_L4_PARTIAL};
    struct po_port port = {0};
    struct po_result result;
    uint16_t ipv6;

    if (scanf("%" SCNu16 " %" SCNu16 " %" SCNu16 " %" SCNu16 " %" SCNu32, &meta.l3_off,
              &meta.l4_off, &meta.gso_size, &ipv6, &port.mtu) != 5) {
        fputs("po-segment: want: l3_off l4_off gso_size ipv6 mtu\n", stderr);
        return 2;
    }
    meta.gso_type = ipv6 ? HSR_GSO_TCP6 : HSR_GSO_TCP4;
    meta.offload |= ipv6 ? HSR_TXO_IPV6 : HSR_TXO_L3_CSUM;
    meta.frame_len = read_frame(frame, sizeof frame);
    if (meta.frame_len == 0) {
        fputs("po-segment: no frame, or one longer than a slot run\n", stderr);
        return 2;
    }
    result = po_process(&work, &meta, frame, &port, print_frames, NULL);
    if (result.drop != HSR_DROP_NONE) {
        fprintf(stderr, "po-segment: dropped, reason %d\n", (int)result.drop);
        return 1;
    }
    return 0;
}

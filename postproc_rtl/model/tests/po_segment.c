/* SPDX-License-Identifier: Apache-2.0 */
/*
 * po-segment [SPAN]: what the Post-Processor model makes of one frame, which lies in spans of SPAN bytes (default: one).
 *
 * stdin: a line "work l3_off l4_off gso_size ipv6 mtu", work being tso, uso, ufo (with a partial checksum) or frag, then
 * the frame in hexadecimal on one line.
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
        for (uint32_t k = 0; k < frames[i].tails; k++)
            print_hex(frames[i].tail[k].at, frames[i].tail[k].len);
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

static uint32_t split(const uint8_t *frame, uint32_t len, uint32_t size, struct po_span *span)
{
    uint32_t n = 0;

    for (uint32_t at = 0; at < len; n++) {
        span[n] = (struct po_span){frame + at, len - at < size ? len - at : size};
        at += span[n].len;
    }
    return n;
}

/* The words of the metadata for this work; false: there is no such work. */
static bool ask(const char *work, bool ipv6, struct hsr_tx_meta *meta)
{
    meta->offload = ipv6 ? HSR_TXO_IPV6 : HSR_TXO_L3_CSUM;
    if (strcmp(work, "frag") == 0) {
        meta->offload |= HSR_TXO_FRAGMENT;
        return true;
    }
    meta->offload |= HSR_TXO_L4_PARTIAL;
    if (strcmp(work, "tso") == 0) {
        meta->gso_type = ipv6 ? HSR_GSO_TCP6 : HSR_GSO_TCP4;
        return true;
    }
    meta->offload |= HSR_TXO_L4_UDP;
    meta->gso_type = strcmp(work, "uso") == 0 ? HSR_GSO_USO : HSR_GSO_UFO;
    return meta->gso_type == HSR_GSO_USO || strcmp(work, "ufo") == 0;
}

int main(int argc, char **argv)
{
    static uint8_t frame[HSR_MAX_FRAME];
    static struct po_work work;
    uint32_t size = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : HSR_MAX_FRAME;
    struct po_span span[PO_MAX_SPANS];
    struct po_source source = {.span = span};
    struct hsr_tx_meta meta = {0};
    struct po_port port = {0};
    struct po_result result;
    char asked[5];
    uint16_t ipv6;

    if (scanf("%4s %" SCNu16 " %" SCNu16 " %" SCNu16 " %" SCNu16 " %" SCNu32, asked, &meta.l3_off,
              &meta.l4_off, &meta.gso_size, &ipv6, &port.mtu) != 6 ||
        !ask(asked, ipv6 != 0, &meta)) {
        fputs("po-segment: want: tso|uso|ufo|frag l3_off l4_off gso_size ipv6 mtu\n", stderr);
        return 2;
    }
    source.len = read_frame(frame, sizeof frame);
    if (source.len == 0 || size < HSR_MAX_FRAME / PO_MAX_SPANS + 1) {
        fputs("po-segment: no frame, one longer than a slot run, or too many spans\n", stderr);
        return 2;
    }
    source.spans = split(frame, source.len, size, span);
    meta.frame_len = span[0].len;
    result = po_process(&work, &meta, &source, &port, print_frames, NULL);
    if (result.drop != HSR_DROP_NONE) {
        fprintf(stderr, "po-segment: dropped, reason %d\n", (int)result.drop);
        return 1;
    }
    return 0;
}

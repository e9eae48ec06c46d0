/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One packet of a pcap or pcapng file, by its number. Of a pcapng file also what avs-ctl capture has written beside it: the
 * point where it was seen, and the comment. Nothing in the file is believed: lengths are held against what is there.
 */
#ifndef CAPTURE_PCAPFILE_H
#define CAPTURE_PCAPFILE_H

#include <stdint.h>

#define PCF_FRAME 66000 /* larger ones are refused */
#define PCF_TEXT  512

struct pcf_packet {
    uint8_t frame[PCF_FRAME];
    uint32_t captured, length; /* bytes that are there, and of the packet */
    char point[64];            /* interface's name, "" */
    char comment[PCF_TEXT];    /* "" */
};

/* Number 1 is the first. 0; or -1 with a text in `why`: no such file, packet, or not such a file. */
int pcf_read(const char *path, uint64_t number, struct pcf_packet *p, char why[PCF_TEXT]);

#endif

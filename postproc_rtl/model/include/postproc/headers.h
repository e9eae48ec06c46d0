/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers of a piece, in the private copy: where they are, and what each piece of a packet has to have in its own.
 *
 *     po_layout_of(&at, &meta, head, copied)   checks the offsets of the metadata against the headers
 *     po_ip_header(), po_outer_headers()       lengths, identification and checksums of one piece
 *
 * Pure functions of their arguments, safe in any thread.
 */
#ifndef POSTPROC_HEADERS_H
#define POSTPROC_HEADERS_H

#include <stdbool.h>
#include <stdint.h>

#include "hsring/abi.h"

enum { PO_IP4_MORE = 0x2000, PO_IP4_DONT = 0x4000, PO_IP4_OFFSET = 0x1FFF };

struct po_layout {
    uint32_t outer_l3; /* outermost IP header: l3 itself without a tunnel */
    uint32_t outer_l4;
    uint32_t l3;
    uint32_t l4;
    bool ipv6;
    bool encap;
    bool outer_ipv6;
    bool outer_csum; /* compute the outer UDP checksum */
};

/*
 * Offsets out of checked metadata. False when the headers in `head` (the first `copied` bytes of the frame) are not
 * where it says: an IP header of the version asked for at l3 with L4 behind it, and IP and UDP around it with ENCAP.
 */
bool po_layout_of(struct po_layout *at, const struct hsr_tx_meta *meta, const uint8_t *head,
                  uint32_t copied);

/*
 * Offset of the end of the IP packet at l3, when `proto` begins at l4; 0 when it does not, or when the IPv4 packet is a
 * fragment.
 */
uint32_t po_packet_end(const struct po_layout *at, const uint8_t *head, uint8_t proto);

/* Length, identification (`index` behind the one written there) and header checksum of an IP packet of `len` bytes. */
void po_ip_header(uint8_t *ip, bool ipv6, uint32_t len, uint32_t index);

/*
 * Outer IP and UDP of piece `index`: `head_len` bytes of finished headers in `out`, then `len` bytes of payload that sum
 * to `sum` (looked at only with outer_csum). Nothing without a tunnel.
 */
void po_outer_headers(const struct po_layout *at, uint8_t *out, uint32_t head_len, uint32_t len,
                      uint16_t sum, uint32_t index);

#endif

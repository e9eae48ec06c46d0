/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outer headers of a tunnel over IPv4, from their template (encap.c): what changes from packet to packet is written behind
 * the copy, and read from the template, which does not have to wait for it.
 */
#ifndef ACTION_ENCAP4_H
#define ACTION_ENCAP4_H

#include <string.h>

#include "action/nat_plain.h"

#define ENCAP_L3 HSR_ETH_HDR
#define ENCAP_L4 (ENCAP_L3 + HSR_IP4_HDR)
#define ENCAP_VXLAN4 \
    (ENCAP_L4 + HSR_UDP_HDR + 8u) /* and of Geneve without options: all there are */

/* Only a GSO frame is longer than lengths can say: the Post-Processor writes each segment's own. */
static inline uint32_t encap_length(uint32_t len)
{
    return len < UINT16_MAX ? len : UINT16_MAX;
}

static inline uint16_t encap_entropy(uint64_t hash)
{
    return (uint16_t)(0xC000 | (hash >> HSR_HASH_TAG_SHIFT & 0x3FFF));
}

/* `n` bytes of headers to `to`; `frame_len` with them, `ecn` and `hash` of the packet inside. */
static inline void encap4(uint8_t *to, const uint8_t *outer, uint32_t n, uint32_t frame_len,
                          unsigned ecn, uint64_t hash)
{
    uint32_t len = encap_length(frame_len - ENCAP_L3);

    if (n == ENCAP_VXLAN4)
        memcpy(to, outer, ENCAP_VXLAN4);
    else
        memcpy(to, outer, n);
    to[ENCAP_L3 + 1] = (uint8_t)(outer[ENCAP_L3 + 1] | ecn);
    hsr_store16(to + ENCAP_L3 + 2, (uint16_t)len);
    hsr_store16(to + ENCAP_L3 + 10, nat_plain_csum(hsr_load16(outer + ENCAP_L3 + 10), len + ecn));
    hsr_store16(to + ENCAP_L4, encap_entropy(hash));
    hsr_store16(to + ENCAP_L4 + 4, (uint16_t)(len - HSR_IP4_HDR));
}

#endif

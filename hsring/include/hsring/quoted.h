/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packet an ICMP or ICMPv6 error quotes (RFC 792, RFC 4443): the flow the error belongs to.
 *
 * The Pre-Processor steers an error by this key, so that it meets the worker that has the session; the firmware finds
 * the session by it. Pure function, no access outside the bytes given.
 */
#ifndef HSRING_QUOTED_H
#define HSRING_QUOTED_H

#include "hsring/key.h"

struct hsr_quoted {
    struct hsr_key key; /* as for the quoted packet itself */
    bool swap;          /* its source is the key's high end point */
    const uint8_t *ip;  /* its IP header, whole but for options, in the bytes given */
};

/*
 * Read the quote of the error at `icmp`, `len` bytes from its ICMP header on. `swap_if_equal` as for hsr_key4(). False
 * when the quote is too short, of the other family, or a later fragment: then it names no flow.
 */
bool hsr_quoted_key(struct hsr_quoted *quoted, const uint8_t *icmp, uint32_t len, bool ipv6,
                    uint32_t context, bool swap_if_equal);

#endif

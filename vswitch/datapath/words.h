/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An address of either family as two words, for what keeps addresses to be compared, or read while they are written. IPv4
 * stands behind a half of ones, which no IPv6 address of a host begins with (ff00::/8 are groups). All zero: none.
 */
#ifndef DP_WORDS_H
#define DP_WORDS_H

#include "config/config.h"
#include "hsring/bytes.h"

#define DP_WORDS_IPV4 UINT64_MAX

struct dp_words {
    uint64_t high, low;
};

static inline struct dp_words dp_words_of(const struct cfg_addr *addr)
{
    if (addr->family == 4)
        return (struct dp_words){DP_WORDS_IPV4, hsr_load32(addr->bytes)};
    if (addr->family == 6)
        return (struct dp_words){hsr_load64(addr->bytes), hsr_load64(addr->bytes + 8)};
    return (struct dp_words){0, 0};
}

static inline struct cfg_addr dp_words_addr(struct dp_words w)
{
    struct cfg_addr addr = {.family = w.high == DP_WORDS_IPV4 ? 4 : 6};

    if (addr.family == 4) {
        hsr_store32(addr.bytes, (uint32_t)w.low);
    } else {
        hsr_store64(addr.bytes, w.high);
        hsr_store64(addr.bytes + 8, w.low);
    }
    return addr;
}

#endif

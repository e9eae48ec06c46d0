/* SPDX-License-Identifier: Apache-2.0 */
/* Where a received packet came from and what it is, as one word to be compared. */
#ifndef HSRING_ORIGIN_H
#define HSRING_ORIGIN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "hsring/abi.h"

/* Ingress, class and flags. */
static inline uint32_t hsr_rx_origin(const struct hsr_rx_meta *meta)
{
    uint32_t word;

    memcpy(&word, &meta->ingress, sizeof word);
    return word;
}

_Static_assert(offsetof(struct hsr_rx_meta, class) == offsetof(struct hsr_rx_meta, ingress) + 2 &&
                   offsetof(struct hsr_rx_meta, flags) == offsetof(struct hsr_rx_meta, ingress) + 3,
               "one word");

#endif

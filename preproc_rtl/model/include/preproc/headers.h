/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pp_headers: the headers of a parsed frame side by side, each in a lane of its own padded with zeroes: what rules are
 * compared with. A lane holds bytes the parser went past, never others; a fragment has no L4 lane, a bad packet those
 * lanes that were parsed before the fault. Headers outside of a tunnel that was opened come first.
 *
 * The lanes are copies: what happens to the slot afterwards changes no comparison. No state; any thread.
 */
#ifndef PREPROC_HEADERS_H
#define PREPROC_HEADERS_H

#include "hsring/abi.h"
#include "hsring/rule.h"

#define PP_LANE_WORDS (HSR_RULE_HEADER / 8)

struct pp_headers {
    uint8_t type[HSR_RULE_LAYERS]; /* enum hsr_rule_item_type, 0: no such header */
    uint16_t at[HSR_RULE_LAYERS];  /* where it begins in the frame, of those that are there */
    uint64_t lane[HSR_RULE_LAYERS][PP_LANE_WORDS];
};

/* Take the headers of a frame of `len` bytes and the metadata that pp_parse() made of it. */
void pp_headers_take(struct pp_headers *h, const struct hsr_rx_meta *meta, const uint8_t *frame,
                     uint32_t len);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks that both sides make of what they read from a slot. Neither side trusts the other: the NIC copies the
 * tx metadata and checks the copy, the firmware copies what it needs of the rx metadata and checks that.
 * Pure functions, safe in any thread, no access beyond the copies.
 */
#ifndef HSRING_CHECK_H
#define HSRING_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "hsring/abi.h"

/*
 * Is rx metadata of a run with `space` bytes behind HSR_SLOT_META inside its contract? Known class, flags, verdict
 * and reason; offsets ascending and inside frame_len; frame_len inside the space behind SLOT_FRAME; vec_len at most
 * HSR_MAX_VECTOR; ingress below HSR_MAX_PORTS; no payload handle (header-payload slicing is not offered yet). Offsets
 * of headers the parser did not reach repeat the last one it did. Line 1 is looked at only when RXF_LINE1 or RXF_IPV6
 * says so: OUTER_IPV6 with DECAP and without outer_src4, PARTIAL_SUM with a payload, RETURNED with its reason.
 */
bool hsr_rx_check(const struct hsr_rx_meta *meta, uint32_t space);

/*
 * Is tx metadata inside its contract? Known kind, action and fit operation; no payload handle, no MERGE (not offered
 * yet); drop reason known with DROP; egress port below HSR_MAX_PORTS and at least an Ethernet header with TRANSMIT;
 * RETURN of received packets only, with its reason. With TRANSMIT and RETURN, which alone read them: offload bits known
 * and neither FRAGMENT nor MORE (not offered yet); frame_off at least SLOT_META and the frame inside the space; offsets
 * ascending, and every header to be written to inside the frame; gso_size 0 iff gso type NONE. Of a CTRL entry only the
 * action, which must be FIT (the others are not offered yet), and the flow-index operation are looked at. `kind` is the
 * ring entry's.
 */
bool hsr_tx_check(const struct hsr_tx_meta *meta, uint32_t space, uint32_t kind);

/* Name ("sg_ingress"), stage ("fw") and text of a drop reason; "unknown" outside the list. */
const char *hsr_drop_name(unsigned reason);
const char *hsr_drop_stage(unsigned reason);
const char *hsr_drop_text(unsigned reason);

#endif

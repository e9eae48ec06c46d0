/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a test has provoked: each drop reason that was counted in it, noted in a file of its own, $AVS_BUILD_DIR/seen/$AVS_TEST.
 * It begins anew with each run. drop_reasons.py reads all of them. Without these in the environment nothing is noted.
 */
#ifndef SEEN_H
#define SEEN_H

#include "hsring/abi.h"

/* Of these ports, HSR_MAX_PORTS of them. */
void seen_note(const struct hsr_port_stats *stats);

/* The same, of a test that plays the firmware by hand, and may have written any reason: those that the NIC alone finds. */
void seen_note_of_nic(const struct hsr_port_stats *stats);

#endif

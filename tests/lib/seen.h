/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a test has provoked: each drop reason that was counted in it, noted in a file of its own, $AVS_BUILD_DIR/seen/$AVS_TEST.
 * drop_reasons.py reads all of them. Without these in the environment nothing is noted.
 */
#ifndef SEEN_H
#define SEEN_H

#include "hsring/abi.h"

/* Of these ports, HSR_MAX_PORTS of them. The first call of a process begins the file anew. */
void seen_note(const struct hsr_port_stats *stats);

#endif

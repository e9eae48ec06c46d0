/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slicing stage of the Pre-Processor: which packets leave their payload behind (Triton, section 5.2). Pure.
 */
#ifndef PREPROC_SLICE_H
#define PREPROC_SLICE_H

#include <stdint.h>

#include "hsring/abi.h"

/* Bytes of payload below which the cell, its handle and its release cost more than what the ring is spared. */
#define PP_SLICE_LEAST 256

/*
 * Where to cut a frame of `len` bytes with this metadata: the header slice's length; 0: the packet stays whole. Whole stay
 * bad packets and what is no flow (fragments, ICMP errors, ARP, neighbour discovery, DHCP, multicast), IPv6 with extension
 * headers, frames with padding, flows that say NO_SLICE, headers longer than HSR_SLICE_MAX, and small packets.
 */
uint32_t pp_slice(const struct hsr_rx_meta *meta, uint32_t len);

#endif

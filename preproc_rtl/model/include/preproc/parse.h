/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pp_parse: the parser of the Pre-Processor, a pure function from a frame to its metadata and flow.
 *
 * It understands Ethernet, at most two VLAN tags (0x8100, 0x88A8, 0x9100), ARP, IPv4 with options, IPv6 with at most
 * eight extension headers, fragments, TCP, UDP, ICMP, ICMPv6, SCTP; on uplinks also VXLAN (UDP 4789) and Geneve with
 * options (UDP 6081), and then the inner frame once, if the outer destination is a local VTEP. Every length and every
 * checksum is checked. A bad packet is not thrown away: it is delivered with its reason in rx_meta.reason.
 *
 * Trailing padding behind the IP packet is cut off frame_len (outer packet first, then inner). What guests claim of
 * offloads (struct virtio_net_hdr) is checked against the frame before it is believed: HSR_DROP_GSO_BAD else.
 *
 * No state, no allocation, no access outside frame[0..len). Threads: any.
 */
#ifndef PREPROC_PARSE_H
#define PREPROC_PARSE_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stdint.h>

#include "hsring/abi.h"
#include "preproc/flow.h"
#include "preproc/tables.h"

/* Where a frame came in. */
struct pp_ingress {
    uint16_t port;    /* port index */
    bool uplink;      /* tunnels may be opened here */
    bool ruled;       /* the port has rules in the NIC's table */
    bool returned;    /* it came before, and the pre-classifier has let it pass */
    uint32_t context; /* tenant context of a vNIC; 0 on uplinks */
};

/*
 * Parse `len` bytes at `frame`. `vnet` is what the sender said about offloads, or NULL (all zero: nothing).
 * Fills line 0 of `meta` but for flow_id, hash, vec_len, rx_seq, owner and payload, fills line 1 but for timestamp and
 * packet_id, and makes `flow`: of an IPv4 key the words that such a key has. meta->reason is 0 for a good packet. In a bad one the offsets are those found before
 * the fault, the class is HSR_CLASS_BAD and the key holds what was known (often only the context).
 * The TCP header's PARTIAL checksum and GSO come from `vnet`. L3 and L4 verdicts of a fragment: L4 UNCHECKED.
 */
void pp_parse(const uint8_t *frame, uint32_t len, const struct pp_ingress *in,
              const struct pp_tables *tables, const struct virtio_net_hdr *vnet,
              struct hsr_rx_meta *meta, struct pp_flow *flow);

#endif
